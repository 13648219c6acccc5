r"""The lines of MLPerf's logging, `:::MLLOG {"key": …, "value": …, …}`: how every suite finds and reads one.

Training and HPC write `namespace, time_ms, event_type, key, value, metadata`, LoadGen `key, value, time_ms, …`, Endpoints
the same behind the token `:::ENDPTS`. Most of a log may be other output, so lines are found by their token; a line counts
from its last token on, and what stands before it (a rank, a logger's name, a progress bar) does not.

Source: https://github.com/mlcommons/logging, mlperf_logging/compliance_checker/mlp_parser
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pydantic import JsonValue

from benchfmt.readers.jsons import Digits

MLLOG, ENDPTS = b":::MLLOG ", b":::ENDPTS "
_KEY = re.compile(rb'"key" *: *"([^"\\]*)"')
_LOADGEN_ORDER = re.compile(rb'\{"key": "([^"\\]+)", "value": ')


def found(
    data: bytes, mark: bytes, end: int | None = None, above: int = 0
) -> Iterator[tuple[int, int, int]]:
    """Yield each line of a block that has a mark: its number, where its first mark begins, and where it ends.

    The block ends with a line at `end`; `above` lines stand before it in the file.
    """
    stop_at = end
    if stop_at is None:
        stop_at = len(data)
    line, counted, stop = above + 1, 0, -1
    at = data.find(mark, 0, stop_at)
    while at >= 0:
        if at >= stop:
            stop = data.find(b"\n", at, stop_at)
            if stop < 0:
                stop = stop_at
        line += data.count(b"\n", counted, at)
        counted = at
        # A progress bar ends its lines with a carriage return alone.
        turn = data.find(b"\r", at, stop)
        here = turn
        if here < 0:
            here = stop
        yield line, at, here
        at = data.find(mark, here, stop_at)


def last(data: bytes, token: bytes, start: int, stop: int) -> bytes | None:
    """Return what stands behind the last token of a line, or None where it has none."""
    at = data.rfind(token, start, stop)
    if at < 0:
        return None
    return data[at + len(token) : stop].rstrip()


def keys(raw: bytes) -> list[str]:
    """Return everything that could be the key of a line, without parsing it."""
    return [name.decode("latin-1") for name in _KEY.findall(raw)]


def parsed(raw: bytes) -> tuple[str, dict[str, JsonValue]]:
    """Return the key and the object of a line, its numbers as they are written; raises ValueError or RecursionError."""
    data = loads(decoded(raw))
    if not isinstance(data, dict):
        raise ValueError("no JSON object")
    key = data.get("key")
    if not isinstance(key, str):
        raise ValueError("an event without key")
    return key, data


def entry(raw: bytes) -> tuple[str, str]:
    """Return the key of a line and the characters of its value, those of a text without its quotes.

    Raises ValueError or RecursionError. Of a line in LoadGen's order nothing behind the value is parsed.
    """
    ordered = _LOADGEN_ORDER.match(raw)
    if ordered is None:
        key, data = parsed(raw)
        value = data.get("value")
        return key, value if isinstance(value, str) else json.dumps(value)
    text = decoded(raw[ordered.end() :])
    value, end = _DECODER.raw_decode(text)
    if text[end : end + 1] not in (",", "}"):
        raise ValueError("the line is cut off")
    if isinstance(value, str):
        return decoded(ordered[1]), value
    return decoded(ordered[1]), text[:end]


def decoded(raw: bytes) -> str:
    """Return a line as text: UTF-8, or Latin-1 where it is not that."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def loads(text: str) -> JsonValue:
    """Return JSON data with its numbers as they are written; NaN and the like, which is no JSON, is a text."""
    data: JsonValue = _WRITTEN.decode(text)
    return data


_WRITTEN = json.JSONDecoder(parse_float=Digits, parse_int=Digits, parse_constant=str)
_DECODER = json.JSONDecoder()
