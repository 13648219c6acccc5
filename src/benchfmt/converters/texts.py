"""What converters of logs and small files share: reading text of any console, and numbers with the source's characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Source
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import Limits
from benchfmt.numbers import kept
from benchfmt.readers import encodings, heads, lines
from benchfmt.readers.lines import Own
from benchfmt.record import Record
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

HEAD = 2**16
"""So many bytes of a log are looked at to tell what it is; noise may stand before it."""
START = 2**13
"""So many of what has a structure from its first character."""
STRUCTURED = (".json", ".csv", ".tsv", ".yaml", ".yml")
NEVER = "mlperf_log_"
"""Names of LoadGen's files begin so: a submission has tens of thousands, and no converter that uses this reads them."""
LONGEST = 64 * 2**20
"""A log larger than this is no log of one run."""


_TIMES = ("latency", "duration")
"""Nothing takes no time: a 0 is what the digits of a printed time leave."""
_OF_A_VALUE = (
    "value",
    "unit",
    "basis",
    "n",
    "samples",
    "stddev",
    "ci",
    "caveats",
    "primary",
    "target_min",
    "target_max",
)


def decoded(data: bytes) -> str:
    """Return the text of a console's bytes, in whatever encoding; a character that is cut off is left away."""
    return encodings.decoded(data)


def head(path: Path, size: int = HEAD, own: Own | None = None) -> str:
    """Return the beginning of a file as text, empty where it cannot be read or is binary.

    With the line starts of a family (`readers.lines`) it is the text that the program printed, without prefixes.
    """
    try:
        data = heads.head(path, size)
        if data and not data.strip(b"\0"):  # a log that was emptied while it was written
            data = _first_text(path, size)
    except OSError:
        return ""
    data = encodings.from_first_text(data)
    if encodings.is_binary(data):
        return ""
    return lines.text(data, own) if own else decoded(data)


def _first_text(path: Path, size: int) -> bytes:
    """Return the first block of a file that holds more than NULs, the last one that is looked at where none does."""
    with path.open("rb") as file:
        data = file.read(size)
        while data and not data.strip(b"\0") and file.tell() < LONGEST:
            data = file.read(size)
    return data


def text_of(path: Path, own: Own | None = None) -> str:
    """Return a file as text without colours and control characters; raises BenchfmtError for one that is too large.

    With the line starts of a family (`readers.lines`) it is the text that the program printed, without prefixes.
    """
    _check_size(path)
    return (
        lines.text(path, own)
        if own
        else plain(decoded(encodings.from_first_text(path.read_bytes())))
    )


def lines_of(path: Path, own: Own, limits: Limits) -> list[lines.Line]:
    """Return the lines that a file's program printed; raises BenchfmtError for a file that is too large."""
    _check_size(path)
    return lines.read(path, own, limits)


def whole_lines_of(path: Path, own: Own, limits: Limits) -> list[lines.Line]:
    """Return the lines that a file's program printed, without a last one that a cut may have left half a number of."""
    found = lines_of(path, own, limits)
    cut = found and found[-1].text[-1:].isdigit() and not is_ended(path)
    return found[:-1] if cut else found


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > LONGEST:
        raise BenchfmtError(f"{path.name} has {size} bytes; a log of one run has at most {LONGEST}")


def is_ended(path: Path) -> bool:
    """Say whether a file ends its last line; digits of one that does not may be cut off."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 4, 0))
        last = file.read().replace(b"\0", b"")
    return not last or last.endswith((b"\n", b"\r"))


def plain(text: str) -> str:
    """Return text without escape sequences, control characters and half characters; every line ends with `\\n`."""
    return encodings.plain(text)


def one_line(text: str) -> str:
    """Return text on one line."""
    return " ".join(plain(text).split())


def number(metric: str, text: str, unit: str, **key: Any) -> dict[str, Any]:
    """Return a measurement of a printed number; one that is 0 was rounded away, one that is no number says nothing."""
    value = convert(text, unit, own_unit(metric, unit))
    if value:
        return measurement(metric, text, unit, **key)
    reason = "invalid-in-source" if value is None or exact(text) else "below-resolution"
    left = {name: value for name, value in key.items() if name not in ("n", "primary", "samples")}
    return {**missing(metric, reason, **left), "reported_value": text, "reported_unit": unit}


def measurement(metric: str, text: str, unit: str | None = None, **key: Any) -> dict[str, Any]:
    """Return a measurement of a number as the source writes it, in `unit` (else the metric's own).

    Raises ValueError where the text is no number.
    """
    own = own_unit(metric, unit)
    value = convert(text, unit or own, own)
    if value is None:
        raise ValueError(f"{metric} {text!r} is no number")
    said = {"reported_unit": unit} if unit and unit != own else {}
    return {
        "metric": metric,
        "value": value,
        "unit": own,
        "basis": "measured",
        **key,
        "reported_value": text,
        **said,
    }


def possible(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a measurement, one whose value nothing that ran can have as missing: a zero that its digits made, or worse."""
    metric = vocabulary().metrics.get(item["metric"])
    value = item.get("value")
    if metric is None or value is None or item.get("unit") != metric.unit:
        return dict(item)
    impossible = metric.zero_impossible or item["metric"] in _TIMES
    zero = value == 0 and impossible
    too_low = metric.minimum is not None and value < metric.minimum
    too_high = metric.maximum is not None and value > metric.maximum
    if not (zero or too_low or too_high):
        return dict(item)
    left = {name: said for name, said in item.items() if name not in _OF_A_VALUE}
    return {**left, "missing": "below-resolution" if zero else "invalid-in-source"}


def derived(metric: str, value: Fraction | float, **key: Any) -> dict[str, Any]:
    """Return a measurement that was calculated from the source, in the metric's unit."""
    return {
        "metric": metric,
        "value": float(value),
        "unit": own_unit(metric),
        "basis": "derived",
        **key,
    }


def missing(metric: str, reason: str, **key: Any) -> dict[str, Any]:
    """Return a measurement that the source or its suite names and that has no value."""
    return {"metric": metric, "missing": reason, **key}


def said_only(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data without what is None."""
    return {name: value for name, value in data.items() if value is not None}


def own_unit(metric: str, otherwise: str | None = None) -> str:
    """Return the unit in which a metric is stored, or another where the metric does not fix it."""
    name = metric.partition("@")[0]
    known = vocabulary().metrics.get(metric) or vocabulary().metrics.get(name)
    unit = known.unit if known else None
    return unit if unit and unit not in ("target", "currency") else otherwise or "1"


def record(data: Mapping[str, Any]) -> Record:
    """Return the record of plain data, what is empty left out; raises ValueError with one line of words."""
    try:
        return Record.from_dict(_filled(data)).ordered()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "record"
        raise ValueError(f"{where}: {first['msg']}") from error


def finding(
    code: str,
    path: str,
    message: str,
    hint: str | None = None,
    value: str | None = None,
    *,
    row: int | None = None,
    column: str | None = None,
) -> Finding:
    """Return what is wrong with a source."""
    return Finding(code, Severity.WARNING, path, row, column, None, message, value, hint)


def not_understood(path: str, line: int, text: str) -> Finding:
    """Return that a line says a number of a result and is written in another way than its program does."""
    return finding(
        "BF103",
        path,
        f"line {line} says a number in another way than the program writes it; what is not understood is left out: {one_line(text)[:120]}",
        "give the file as the program wrote it; several programs may have written into one line, or the line was cut",
    )


def readable(source: Source, *suffixes: str, own: Own | None = None) -> Iterator[tuple[Path, str]]:
    """Yield the files of these endings with their beginnings as text; binary and empty ones are left out.

    Of logs it is the text without prefixes, where the line starts of a family are given (`readers.lines`).
    An ending of "" means names without any; a file that was given by itself may end as it likes.
    """
    for name in source.files.texts():
        last = name.replace("\\", "/").rpartition("/")[2].lower()
        wanted = last.endswith(tuple(s for s in suffixes if s)) or (
            "" in suffixes and "." not in last
        )
        path = Path(name)
        wanted = (wanted and not last.startswith(NEVER)) or source.root == path
        if wanted and path.is_file() and not path.is_symlink():
            text = head(path, START) if last.endswith(STRUCTURED) else head(path, HEAD, own)
            if text:
                yield path, text


native = kept
"""JSON data that was read with its digits, as data that every reader keeps, nulls left out."""


def _filled(data: Any) -> Any:
    """Return data without what says nothing: None, and empty objects outside of lists."""
    if isinstance(data, Mapping):
        pairs = ((key, _filled(value)) for key, value in data.items())
        return {
            key: value for key, value in pairs if value is not None and value != {} and value != []
        }
    return data
