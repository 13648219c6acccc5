"""The detail log of LoadGen, read at its two ends."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchfmt.readers import encodings, lines, mllog_lines
from benchfmt.readers.loadgen.ends import HEAD_BYTES, TAIL_BYTES, ends, joined
from benchfmt.readers.loadgen.log import Log
from benchfmt.surrogates import without_surrogates

_ERROR_KEY = re.compile(rb'"is_error": true')
_LEGACY = re.compile(rb'^"pid": \d+, "tid": \d+, "ts": -?\d+ns : (\w+) : (.*)$', re.MULTILINE)
_ONCE = (
    "loadgen_version",
    "test_datetime",
    "requested_scenario",
    "effective_scenario",
    "result_validity",
)
"""What the detail log of one run says once."""
_OWN_DETAIL = re.compile(r':::(?:MLLOG|ENDPTS) |"pid": ')
_PID = re.compile(rb'"pid": ?([0-9]+)')
_AUDITED = (b"Found Audit Config file", b"Test05 flag detected")
"""What a detail log says where an audit.config gave the settings."""


def read_detail(path: Path, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> Log:
    """Return what a detail log says, reading only its first and its last bytes."""
    start, end = ends(path, head, tail)
    data = _standing(start, end)
    values, twice = _values(data)
    digest = None
    if end is None:
        digest = hashlib.sha256(start).hexdigest()
    errors = None
    count = len(_ERROR_KEY.findall(data))
    if count:
        errors = f"{count} errors in the detail log"
    return Log(
        path,
        values,
        digest,
        len(start) + len(end or b""),
        errors,
        several=_several(data, twice),
        audited=any(words in data for words in _AUDITED),
    )


def _values(data: bytes) -> tuple[dict[str, str], str | None]:
    """Return the values of a log, and what it says twice where results or settings of two runs differ."""
    values: dict[str, str] = {}
    twice: str | None = None
    differ = False
    for name, characters in _entries(data):
        text = without_surrogates(characters)
        once = name in _ONCE
        if once and name in values:
            twice = twice or name
        if values.setdefault(name, text) != text:
            differ |= once or name.startswith("result_")
    if differ:
        return values, twice
    return values, None


def _standing(start: bytes, end: bytes | None) -> bytes:
    """Return the ends of a detail log as bytes in which its lines are found by their token."""
    if lines.can_stand(start) and b":::MLLOG {&quot;" not in start:
        return joined(start, end)
    encoding = encodings.encoding_of(start)
    text = start.decode(encoding, "replace")
    if end is not None:
        last = end.decode(_encoding_of_end(encoding, start), "replace")
        text = text[: text.rfind("\n") + 1] + last[last.find("\n") + 1 :]
    return lines.text(text, _OWN_DETAIL).encode("utf-8", "replace")


def _encoding_of_end(encoding: str, start: bytes) -> str:
    """Return the encoding of the rest of a text, which has no mark at its beginning."""
    if encoding != "utf-16":
        return encoding.removesuffix("-sig")
    if start.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    return "utf-16-be"


def _several(data: bytes, twice: str | None) -> str | None:
    """Say why a detail log is of more than one run, or None; one that was copied behind itself is of one."""
    if twice:
        return f"{twice} stands there twice"
    first = _PID.search(data)
    last = data.rfind(b'"pid":')
    if not first or last < 0:
        return None
    at_end = _PID.match(data, last)
    if not at_end or first[1] == at_end[1]:
        return None
    return f"process {first[1].decode()} wrote its start, process {at_end[1].decode()} its end"


def _entries(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the keys with the characters of their values, in the order of the log; a line that was cut off says nothing."""
    token = _token(data)
    if token is None:
        for match in _LEGACY.finditer(data):
            yield match[1].decode(), match[2].decode("utf-8", "replace").strip()
        return
    for _, start, stop in mllog_lines.found(data, token):
        raw = mllog_lines.last(data, token, start, stop)
        with suppress(ValueError, RecursionError):
            yield mllog_lines.entry(raw or b"")


def _token(data: bytes) -> bytes | None:
    """Return the token that begins each line; the oldest logs have none."""
    for token in (mllog_lines.MLLOG, mllog_lines.ENDPTS):
        if token in data:
            return token
    return None
