"""What converters of logs and small files share: reading the text of any console, and saying what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchfmt.converters.base import Source, Unit
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import encodings, heads, lines
from benchfmt.readers.lines import Own

HEAD = 2**16
"""So many bytes of a log are looked at to tell what it is; noise may stand before it."""
START = 2**13
"""So many of what has a structure from its first character."""
STRUCTURED = (".json", ".csv", ".tsv", ".yaml", ".yml")
NEVER = "mlperf_log_"
"""Names of LoadGen's files begin so: a submission has tens of thousands, and no converter that uses this reads them."""
OF_OTHERS = (NEVER, "._")
"""Files of which thousands lie in trees that others read."""
_AS_WRITTEN = "give the file as the program wrote it; several programs may have written into one line, or the line was cut"
LONGEST = 64 * 2**20
"""A log larger than this is no log of one run."""


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
    if own:
        return lines.text(data, own)
    return decoded(data)


def _first_text(path: Path, size: int) -> bytes:
    """Return the first block of a file that holds more than NULs, the last one that is looked at where none does."""
    with heads.opened(path) as file:
        data = file.read(size)
        while data and not data.strip(b"\0") and file.tell() < LONGEST:
            data = file.read(size)
    return data


def text_of(path: Path, own: Own | None = None) -> str:
    """Return a file as text without colours and control characters; raises BenchfmtError for one that is too large.

    With the line starts of a family (`readers.lines`) it is the text that the program printed, without prefixes.
    """
    _check_size(path)
    if own:
        return lines.text(path, own)
    return plain(decoded(encodings.from_first_text(heads.whole(path))))


def lines_of(path: Path, own: Own, limits: Limits) -> list[lines.Line]:
    """Return the lines that a file's program printed; raises BenchfmtError for a file that is too large."""
    _check_size(path)
    return lines.read(path, own, limits)


def lines_with(path: Path, word: str, own: Own) -> str:
    """Return the lines of a file in which a word stands, as one text; raises BenchfmtError for a file that is too large."""
    _check_size(path)
    printed = lines.bounded(lines.lines(path, own), LIMITS)
    return "\n".join(line.text for line in printed if word in line.text)


def whole_lines_of(path: Path, own: Own, limits: Limits) -> list[lines.Line]:
    """Return the lines that a file's program printed, without a last one that a cut may have left half a number of."""
    printed = lines_of(path, own, limits)
    if printed and printed[-1].text[-1:].isdigit() and not is_ended(path):
        return printed[:-1]
    return printed


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > LONGEST:
        raise BenchfmtError(f"{path.name} has {size} bytes; a log of one run has at most {LONGEST}")


def is_ended(path: Path) -> bool:
    """Say whether a file ends its last line; digits of one that does not may be cut off."""
    with heads.opened(path) as file:
        file.seek(max(path.stat().st_size - 4, 0))
        last = file.read().replace(b"\0", b"")
    return not last or last.endswith((b"\n", b"\r"))


def plain(text: str) -> str:
    """Return text without escape sequences, control characters and half characters; every line ends with `\\n`."""
    return encodings.plain(text)


def one_line(text: str) -> str:
    """Return text on one line."""
    return " ".join(plain(text).split())


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


def not_understood(unit: Unit, lines: Sequence[tuple[int, str]]) -> Iterator[Finding]:
    """Yield that lines say numbers of a result and are written in another way than their program does.

    They are listed as far as findings of one code are, and the others counted.
    """
    listed = lines
    if len(lines) > unit.limits.findings_per_code:
        listed = lines[: unit.limits.findings_per_code - 1]
    for line, text in listed:
        yield finding(
            "BF103",
            unit.path.name,
            f"line {line} says a number in another way than the program writes it; what is not understood is left out: {one_line(text)[:120]}",
            _AS_WRITTEN,
        )
    more = len(lines) - len(listed)
    if more:
        message = f"{more:,} more lines say a number in another way than the program writes it"
        yield finding("BF103", unit.path.name, message, _AS_WRITTEN)


def candidates(source: Source, *endings: str) -> Iterator[tuple[Path, str]]:
    """Yield the files of these endings, each with its own in lower case; a file that was given by itself may have any.

    An ending of "" means names without any. Links are left out, and so is what others read.
    """
    alone = str(source.root)
    for name in source.files.texts():
        last = name.replace("\\", "/").rpartition("/")[2].lower()
        ending = last[last.rfind(".") :] if "." in last else ""
        if last.startswith(OF_OTHERS) or (ending not in endings and name != alone):
            continue
        path = Path(name)
        if heads.is_regular(path):
            yield path, ending


def readable(source: Source, *suffixes: str, own: Own | None = None) -> Iterator[tuple[Path, str]]:
    """Yield the files of these endings with their beginnings as text; binary and empty ones are left out.

    Of logs it is the text without prefixes, where the line starts of a family are given (`readers.lines`).
    An ending of "" means names without any; a file that was given by itself may end as it likes.
    """
    endings = tuple(filter(None, suffixes))
    for name in source.files.texts():
        path = Path(name)
        last = name.replace("\\", "/").rpartition("/")[2].lower()
        is_wanted = last.endswith(endings) or ("" in suffixes and "." not in last)
        if (not is_wanted or last.startswith(NEVER)) and source.root != path:
            continue
        if not heads.is_regular(path):
            continue
        text = _start(path, last, own)
        if text:
            yield path, text


def _start(path: Path, name: str, own: Own | None) -> str:
    if name.endswith(STRUCTURED):
        return head(path, START)
    return head(path, HEAD, own)
