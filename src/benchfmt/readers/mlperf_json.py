"""JSON that people write by hand for MLPerf: read in spite of small faults, each of which is told."""

from __future__ import annotations

import codecs
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from benchfmt import numbers
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import _deeper, _finite, _integer, no_json

_BY_HAND = 2**24
"""What has more characters nobody wrote by hand: no comma is looked for in it, which takes many times its memory."""
TWICE = "appears twice"
"""What the sentence on a doubled key says; some files have one that means more than a slip."""


def read(path: Path, limits: Limits = LIMITS) -> tuple[Any, list[str]]:
    """Return the data of a JSON file, and a sentence on each thing that had to be mended or was lost.

    Raises JsonError for what cannot be mended, UnsafeError or OSError.
    """
    return parse(jsons.whole(path, limits, "JSON text"), limits)


def parse(data: bytes, limits: Limits = LIMITS) -> tuple[Any, list[str]]:
    """Return the data of a JSON text as `read` does."""
    jsons.refuse_heavy_document(data, limits)
    is_large = jsons.is_large(data)
    text, mended = _decoded(data)
    in_encoding = list(mended)
    # Of a large text there are enough copies.
    del data
    try:
        value = _loads(text, mended, limits)
    except json.JSONDecodeError as error:
        without, count = text, 0
        if len(text) <= _BY_HAND:
            without, count = _without_trailing_commas(text)
        if not count:
            raise no_json(error) from error
        mended = [
            *in_encoding,
            f"{count} trailing comma(s) before a closing bracket left out",
        ]
        try:
            value = _loads(without, mended, limits)
        except json.JSONDecodeError as other:
            raise no_json(other) from other
    if is_large:
        jsons.refuse_wide(value, limits)
    if _deeper(value, limits.json_depth):
        raise UnsafeError("BF906", f"JSON is nested deeper than {limits.json_depth} levels")
    return value, mended


def _decoded(data: bytes) -> tuple[str, list[str]]:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            text = data.removeprefix(mark).decode(encoding, "replace")
            return text, ["read as UTF-16, not UTF-8"]
    mended = []
    if data.startswith(codecs.BOM_UTF8):
        mended.append("a byte order mark left out")
        data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode(), mended
    except UnicodeDecodeError as error:
        mended.append(f"not UTF-8 at byte {error.start}; read as Latin-1")
        return data.decode("latin-1"), mended


def _loads(text: str, mended: list[str], limits: Limits) -> Any:
    def last_wins(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        if len(pairs) > limits.json_members:
            raise UnsafeError("BF907", jsons.too_wide(pairs, limits))
        value = dict(pairs)
        if len(value) != len(pairs):
            seen: dict[str, JsonValue] = {}
            for name, item in pairs:
                if name in seen and seen[name] != item:
                    mended.append(
                        f"the key {name!r} {TWICE}; {_short(seen[name])} is lost, the last one is kept"
                    )
                elif name in seen:
                    mended.append(f"the key {name!r} {TWICE} with the same value")
                seen[name] = item
        return value

    def no_constant(word: str) -> None:
        mended.append(f"{word} is neither JSON nor a number; read as null")

    try:
        return json.loads(
            text,
            object_pairs_hook=last_wins,
            parse_constant=no_constant,
            parse_float=_finite,
            parse_int=_integer,
        )
    except RecursionError as error:
        raise UnsafeError("BF906", "JSON is nested too deep") from error


def _short(value: JsonValue) -> str:
    # Of a list or an object no text is made: it may be as large as the file.
    if isinstance(value, dict | list):
        return {dict: "an object", list: "a list"}[type(value)]
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= 80:
        return text
    return f"{text[:80]}..."


# A string is passed over whole (to the end of the text where it is never closed, which keeps this linear).
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\(?:.|\Z))*+(?:"|\Z)|,(?=[ \t\r\n]*[}\]])', re.DOTALL)


def _without_trailing_commas(text: str) -> tuple[str, int]:
    count = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal count
        if match[0] == ",":
            count += 1
            return ""
        return match[0]

    return _STRING_OR_COMMA.sub(keep, text), count


_NOTHING = frozenset({"", "n/a", "na", "none", "-", "unset"})
_MEMORY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*([KMGTP])i?(?:B|Bytes?)?", re.IGNORECASE)
_FREQUENCY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*([kMG])Hz", re.IGNORECASE)
_LEAST_BYTES = 4096
_LEAST_HERTZ, _MOST_HERTZ = 10**5, 10**11
"""Bounds of what a machine has: beyond them a unit is wrong, such as in `2520000 MHz`."""
_BINARY = {"K": 10, "M": 20, "G": 30, "T": 40, "P": 50}
_DECIMAL = {"K": 3, "M": 6, "G": 9}


def count(value: JsonValue) -> int | None:
    """Return a positive count (2, "2", 2.0), or None: "2 (big); 4 (LITTLE)" and "N/A" are no counts."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        clean = value.strip()
        number = numbers.whole(clean) or 0
    elif isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        number = int(value)
    else:
        return None
    if 0 < number <= numbers.MAX_SAFE_INTEGER:
        return number
    return None


def text(value: JsonValue) -> str | None:
    """Return a text without the blanks around it, or None where it says nothing ("", "N/A", "-", "UNSET")."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        return None
    clean = str(value).strip()
    if clean.casefold() in _NOTHING:
        return None
    return clean


def _matched(pattern: re.Pattern[str], value: JsonValue) -> re.Match[str] | None:
    if isinstance(value, str):
        return pattern.fullmatch(value.strip())
    return None


def memory_bytes(value: JsonValue) -> int | None:
    """Return a memory's size in bytes ("80 GB", "2.2TiB", "96Gi"), or None where it is not one number with a unit.

    K, M, G and T are powers of 1024, as memory is made. A number alone has no unit and gives None, as do several numbers:
    whether "8x32GB" counts modules, sockets or nodes is not said.
    """
    match = _matched(_MEMORY, value)
    if match is None:
        return None
    size: int = round(Decimal(match[1]) * 2 ** _BINARY[match[2].upper()])
    if _LEAST_BYTES <= size <= numbers.MAX_SAFE_INTEGER:
        return size
    return None


def frequency_hz(value: JsonValue) -> float | None:
    """Return a frequency in hertz ("2.25 GHz", "2250 MHz"), or None where it is not one number with a unit."""
    match = _matched(_FREQUENCY, value)
    if match is None:
        return None
    clock = float(Decimal(match[1]).scaleb(_DECIMAL[match[2].upper()]))
    if _LEAST_HERTZ <= clock <= _MOST_HERTZ:
        return clock
    return None
