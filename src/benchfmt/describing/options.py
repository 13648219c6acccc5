"""What options of a command line say of tables."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pydantic import JsonValue

from benchfmt.finding import BenchfmtError


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Return the names and values of `NAME=VALUE` options; raises BenchfmtError for one without a sign."""
    values: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name or not value:
            raise BenchfmtError(f"{option} {text!r} is to be NAME=VALUE")
        values[name] = value
    return values


def constant_values(texts: Iterable[str]) -> dict[str, JsonValue]:
    """Return constants by record path: numbers and lists as JSON where they are, everything else as text."""
    return {path: read_value(text) for path, text in pairs(texts, "--constant").items()}


def parts(texts: Iterable[str]) -> dict[int, str]:
    """Return the parts of file names, from 1, each with its record path; raises BenchfmtError for one without a number."""
    paths: dict[int, str] = {}
    for number, path in pairs(texts, "--part").items():
        if not number.isdecimal():
            raise BenchfmtError(f"--part {number}={path}: {number!r} is not the number of a part")
        paths[int(number)] = path
    return paths


def read_value(text: str) -> JsonValue:
    """Return a number, a list, an object or a truth value that is written as JSON; other text as it stands."""
    is_number = text.lstrip("-").replace(".", "", 1).isdigit()
    if text[:1] not in "[{" and text not in ("true", "false") and not is_number:
        return text
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value
