r"""The logs of MLPerf Training and HPC, whole: three syntaxes, one reader.

    v0.5   :::MLPv0.5.0 resnet 1541720386.718659639 (file.py:49) run_stop: {"success": true}
    v0.6   :::MLL 1560888652.056 run_stop: {"value": null, "metadata": {"status": "success"}}
    v0.7+  :::MLLOG {"time_ms": 1759734393481, "key": "run_stop", "value": null, "metadata": {"status": "success"}}

Lines are found, and those of the third syntax read, by `mllog_lines`, as in the logs of all other suites. Only those
whose key is asked for are parsed.

Source: https://github.com/mlcommons/logging, mlperf_logging/compliance_checker/mlp_parser
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path

from pydantic import JsonValue

from benchfmt import numbers
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import heads, jsons, lines, mllog_lines
from benchfmt.readers.files import UnsafeError, file_sha256
from benchfmt.readers.jsons import Digits

V05, V06, V07, FREE = "mlp-v0.5", "mll", "mllog", "free-text"
_BLOCK = 4 * 2**20
_TOKEN = b":::ML"
_TOKENS = ((mllog_lines.MLLOG, V07), (b":::MLL ", V06), (b":::MLPv0.5", V05))
_OWN = re.compile(r":::ML(LOG|L|Pv0\.5\S*) |MLPerf: \w+ \[[0-9/]+ [0-9:]+\], ")
"""How a line begins, for logs whose bytes cannot be searched."""
_HEAD = 4096
_V05 = re.compile(
    r"\S* \S+ (?P<time>[0-9.]+) \((?P<file>.*?)\) (?P<key>[A-Za-z0-9_]+)(?:\s*:\s*(?P<rest>.*))?$"
)
_V06 = re.compile(r"(?P<time>[0-9.]+) (?P<key>[A-Za-z0-9_]+) ?:\s+(?P<rest>.+)$")
_FREE = re.compile(
    rb"MLPerf: \w+ \[(?P<time>[0-9/]+ [0-9:]+)\], (?P<key>\w+)(?: *: *(?P<rest>[^\r\n]*))?"
)
_TIME = re.compile(r"[0-9]{1,20}(?:\.[0-9]{0,20})?")
_NO_CHARACTER = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MOST_TEXT = 100_000
"""A line that is no JSON may be a Python dictionary; nobody's is longer."""
_FAULTS = 100
"""So many lines that cannot be read are told one by one."""
_EVENT_BYTES = 300
"""How much memory an event takes beside its value and metadata."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a log; numbers of `value` and `metadata` are the characters that stand there."""

    key: str
    milliseconds: Decimal | None
    value: JsonValue
    metadata: Mapping[str, JsonValue]
    line: int


@dataclass(frozen=True)
class Log:
    """What a log says: its events in order, and the lines that cannot be read."""

    path: Path
    sha256: str
    syntax: str | None
    events: tuple[Event, ...] = ()
    unreadable: tuple[tuple[int, str], ...] = ()
    """The first lines that have a token and cannot be read, with the reason."""
    lost: int = 0
    """How many there are."""
    repaired: tuple[int, ...] = field(default=())
    """Lines whose JSON was a Python dictionary."""

    def first(self, key: str) -> Event | None:
        """Return the first event with a key, or None."""
        return next((event for event in self.events if event.key == key), None)

    def all(self, *keys: str) -> list[Event]:
        """Return the events with one of some keys, in order."""
        return [event for event in self.events if event.key in keys]


def number(value: JsonValue) -> float | None:
    """Return a value of a log as a finite number, also where it is written as text; None for any other."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return numbers.double(str(value))


def whole(value: JsonValue) -> int | None:
    """Return a positive whole number, or None."""
    found = number(value)
    if found is None or not found.is_integer():
        return None
    if 0 < found <= numbers.MAX_SAFE_INTEGER:
        return int(found)
    return None


def plain(value: JsonValue) -> JsonValue:
    """Return a value of a log as plain JSON data, its numbers as numbers; None for nothing and for what is no data."""
    if isinstance(value, Digits):
        return numbers.of_json(value)
    if isinstance(value, list):
        return [item for part in value if (item := plain(part)) is not None]
    if isinstance(value, Mapping):
        return {str(key): item for key, part in value.items() if (item := plain(part)) is not None}
    if isinstance(value, str):
        return clean(value)
    return value


def clean(text: str) -> str | None:
    """Return a text of a log on one line, without what is no character, or None where nothing is left."""
    return " ".join(_NO_CHARACTER.sub(" ", text).split()) or None


def has_events(path: Path, most: int = 2**20) -> bool:
    """Say whether the start of a file has an event of a training log."""
    head = heads.head(path, most)
    if not lines.can_stand(head):
        return any(_OWN.match(line.text) for line in lines.lines(head, _OWN))
    return any(token in head for token, _ in _TOKENS) or _FREE.search(head) is not None


def read(path: Path, limits: Limits = LIMITS, keep: Callable[[str], bool] = lambda _: True) -> Log:
    """Return the events of a log whose key is to be kept, and the SHA-256 of the file; read once, in blocks.

    Raises UnsafeError for more events than are kept at once.
    """
    reading = _Reading(limits, keep)
    digest = None
    with heads.opened(path) as file:
        as_bytes = lines.can_stand(file.read(_HEAD))
    if as_bytes:
        digest = reading.read_bytes(path)
    if reading.lost or not as_bytes:
        # Colours, HTML and lines that a runtime cut in two are put right by the reader of what programs print.
        again = _Reading(limits, keep)
        again.weight = reading.weight
        for line, text in again.printed(path):
            again.see(line, text)
            again.refuse_broken()
        if not as_bytes or again.lost < reading.lost:
            reading = again
    if reading.syntax is None:
        reading.free_text(path)
    return Log(
        path,
        digest or file_sha256(path),
        reading.syntax,
        tuple(reading.events),
        tuple(reading.faults),
        reading.lost,
        tuple(reading.repaired),
    )


class _Reading:
    """What is known while a log is read."""

    def __init__(self, limits: Limits, keep: Callable[[str], bool]) -> None:
        self.limits, self.keep = limits, keep
        self.digest = hashlib.sha256()
        self.syntax: str | None = None
        self.token = b""
        self.events: list[Event] = []
        self.weight = 0
        """About how much memory the events take."""
        self.faults: list[tuple[int, str]] = []
        self.lost = 0
        self.repaired: list[int] = []

    def read_bytes(self, path: Path) -> str | None:
        """Take the lines of a file, and return its SHA-256; None where so few can be read that the rest is left alone."""
        for line, text in self.lines(path):
            self.see(line, text)
            if self._is_broken:
                return None
        return self.digest.hexdigest()

    @property
    def _is_broken(self) -> bool:
        """Whether so many lines cannot be read that the rest is left alone."""
        return self.lost > self.limits.faulty_records

    def refuse_broken(self) -> None:
        """Raise UnsafeError where so many lines cannot be read that the rest is left alone."""
        if self._is_broken:
            message = f"more than {self.limits.faulty_records:,} events cannot be read"
            raise UnsafeError("BF907", f"{message} (limit faulty_records)")

    def lines(self, path: Path) -> Iterator[tuple[int, bytes]]:
        """Yield number and text of each line that has a token, from its last token on."""
        rest, above, skipping = b"", 0, False
        with heads.opened(path) as file:
            for block in iter(partial(file.read, _BLOCK), b""):
                self.digest.update(block)
                data = rest + block
                if skipping:  # the rest of a line that is too long
                    end = data.find(b"\n") + 1
                    above += bool(end)
                    rest, skipping, data = b"", not end, data[end:] if end else b""
                cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
                if not cut and len(data) > self.limits.row_bytes:
                    if _TOKEN in data:
                        self._fault(above + 1, f"longer than {self.limits.row_bytes} bytes")
                    rest, skipping = b"", True
                    continue
                yield from self._of(data, cut, above)
                above += data.count(b"\n", 0, cut)
                rest = data[cut:]
        if rest:
            yield from self._of(rest, len(rest), above)

    def printed(self, path: Path) -> Iterator[tuple[int, bytes]]:
        """Yield the same of a log whose bytes cannot be searched: in UTF-16, in the JSON of a container's log, in colours."""
        for line in lines.lines(path, _OWN, self.limits):
            for _, text in self._of(line.text.encode(), len(line.text.encode()), 0):
                yield line.number, text

    def _of(self, data: bytes, end: int, above: int) -> Iterator[tuple[int, bytes]]:
        """Yield the lines with a token in a block that ends with a line; the first token of a file says its syntax."""
        for line, start, stop in mllog_lines.found(data, _TOKEN, end, above):
            if self.syntax is None:
                known = next(((t, s) for t, s in _TOKENS if data.startswith(t, start)), None)
                if known is None:
                    continue
                self.token, self.syntax = known
            text = mllog_lines.last(data, self.token, start, stop)
            if text is not None:
                yield line, text

    def see(self, line: int, raw: bytes) -> None:
        """Take a line."""
        if len(raw) > self.limits.row_bytes:
            self._fault(line, f"longer than {self.limits.row_bytes} bytes")
            return
        try:
            event = self._event(line, raw)
        except (ValueError, RecursionError) as error:
            self._fault(line, str(error) or type(error).__name__)
            return
        if event is not None:
            self._keep(event)

    def _keep(self, event: Event) -> None:
        """Add an event; raises UnsafeError where all of them take too much memory."""
        self.events.append(event)
        self.weight += _EVENT_BYTES + jsons.memory_of([event.value, dict(event.metadata)])
        lines.refuse_heavy(self.weight, self.limits)

    def _event(self, line: int, raw: bytes) -> Event | None:
        if self.syntax == V07:
            return self._v07(line, raw)
        return self._older(line, raw)

    def _v07(self, line: int, raw: bytes) -> Event | None:
        named = mllog_lines.keys(raw)
        if named and not any(map(self.keep, named)):
            return None
        key, data = mllog_lines.parsed(raw)
        if not self.keep(key):
            return None
        time = _time(data.get("time_s"), 1000)
        if "time_ms" in data:
            time = _time(data["time_ms"])
        return Event(key, time, data.get("value"), _metadata(data), line)

    def _older(self, line: int, raw: bytes) -> Event | None:
        of_v05 = self.syntax == V05
        pattern = _V05 if of_v05 else _V06
        match = pattern.match(mllog_lines.decoded(raw))
        if match is None:
            raise ValueError("not an event of this syntax")
        key, time, rest = match["key"], _time(match["time"], 1000), match["rest"]
        if not self.keep(key):
            return None
        if of_v05:
            value, metadata = self._valued_v05(rest)
        else:
            value, metadata = self._valued_v06(line, rest)
        return Event(key, time, value, metadata, line)

    def _valued_v05(self, rest: str | None) -> tuple[JsonValue, dict[str, JsonValue]]:
        """Return value and metadata: an object with a value (`{"epoch": 62, "value": 0.75}`) is both."""
        if not rest:
            return None, {}
        try:
            data = mllog_lines.loads(rest)
        except ValueError:
            return rest, {}
        if isinstance(data, dict):
            return data.get("value"), {name: item for name, item in data.items() if name != "value"}
        return data, {}

    def _valued_v06(self, line: int, rest: str) -> tuple[JsonValue, dict[str, JsonValue]]:
        try:
            data = mllog_lines.loads(rest)
        except ValueError as error:
            data = _python(rest)
            if data is None:
                raise ValueError(str(error)) from error
            self.repaired.append(line)
        if not isinstance(data, dict):
            raise ValueError("no JSON object")
        return data.get("value"), _metadata(data)

    def free_text(self, path: Path) -> None:
        """Take what Alibaba wrote in v0.6, `MLPerf: resnet [06/13/19 00:55:21], run_stop`: no times to score by."""
        with heads.opened(path) as file:
            read_line = partial(file.readline, self.limits.row_bytes)
            for line, raw in enumerate(iter(read_line, b""), start=1):
                match = _FREE.match(raw.strip())
                key = match["key"].decode("latin-1") if match else ""
                if match is None or not self.keep(key):
                    continue
                self.syntax = FREE
                rest = mllog_lines.decoded(match["rest"] or b"")
                # 75.98000% is no JSON number.
                value, metadata = self._valued_v05(re.sub(r"([0-9.]+)%", r'"\1%"', rest))
                self._keep(Event(key, None, value, metadata, line))

    def _fault(self, line: int, words: str) -> None:
        self.lost += 1
        if len(self.faults) < _FAULTS:
            self.faults.append((line, words))


def _metadata(data: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    metadata = data.get("metadata")
    if isinstance(metadata, dict):
        return metadata
    return {}


def _python(text: str) -> JsonValue:
    """Return the data of a Python dictionary among JSON, or None: Intel's minigo of v0.6 writes its metadata so."""
    words = {"null": "None", "true": "True", "false": "False"}
    return python_data(re.sub(r"\b(null|true|false)\b", lambda match: words[match[0]], text))


def python_data(text: str) -> JsonValue:
    """Return the data that Python's text of it writes, as JSON data with its numbers as text; None for anything else."""
    if len(text) > _MOST_TEXT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _with_digits(ast.literal_eval(text))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _with_digits(data: JsonValue | tuple[JsonValue, ...]) -> JsonValue:
    if isinstance(data, dict):
        return {str(key): _with_digits(item) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [_with_digits(item) for item in data]
    if data is None or isinstance(data, bool | str):
        return data
    if isinstance(data, int | float):
        return Digits(data)
    return str(data)


def _time(value: JsonValue, factor: int = 1) -> Decimal | None:
    """Return a time in milliseconds, exactly as it is written, or None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    if not _TIME.fullmatch(text):
        return None
    return Decimal(text) * factor
