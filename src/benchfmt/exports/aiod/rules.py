"""What the AI-on-demand platform asks of the bodies of requests (its version 3 of March 2026).

The platform itself takes much that it then loses without a word: unknown fields, a description that is a text, a time zone,
the fraction of a number. So bodies are held to its published schema and to what was observed of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from pydantic import JsonValue

from benchfmt.finding import BenchfmtError
from benchfmt.spelling import no_such

SHORT, NORMAL, LONG, VERY_LONG, TEXT = 64, 256, 1800, 8000, 65535
MOST_AN_HOUR = 100
"""So many uploads does the platform take of a user in an hour."""
KILOBYTE = 1024
LENGTHS: Mapping[str, int] = {
    "name": NORMAL,
    "same_as": NORMAL,
    "version": NORMAL,
    "measurement_technique": NORMAL,
    "temporal_coverage": SHORT,
    "platform": SHORT,
    "platform_resource_identifier": NORMAL,
    "execution_settings": LONG,
    "experimental_workflow": LONG,
    "description.plain": TEXT,
    "note.value": VERY_LONG,
    "size.unit": SHORT,
    "distribution.name": NORMAL,
    "distribution.content_url": LONG,
    "distribution.encoding_format": NORMAL,
    "distribution.checksum": LONG,
    "distribution.checksum_algorithm": SHORT,
    "distribution.description": LONG,
}
"""How many characters a field takes, by its path without the places in lists."""
Body = dict[str, JsonValue]


def too_long(body: Body) -> list[str]:
    """Return which texts of a body the platform refuses for their length, each in words."""
    found = []
    for path, text in _texts("", body):
        most = LENGTHS.get(path)
        if most is not None and len(text) > most:
            found.append(f"{path} has {len(text):,} characters, and the platform takes {most:,}")
    return found


def _texts(path: str, value: JsonValue) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(path, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(f"{path}.{key}" if path else key, item)


@cache
def terms(field: str) -> tuple[str, ...]:
    """Return the terms that a field takes."""
    text = files("benchfmt.exports.aiod").joinpath("terms.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)[field])


def term_of(field: str, word: str) -> str | None:
    """Return the term of a field that a word is, whatever its case; None where it is none."""
    for term in terms(field):
        if term.lower() == word.lower():
            return term
    return None


def asked_terms(field: str, text: str) -> list[str]:
    """Return the terms of an option, separated by semicolons; raises BenchfmtError for one that the platform has not."""
    found = []
    for word in filter(None, (part.strip() for part in text.split(";"))):
        term = term_of(field, word)
        if term is None:
            raise BenchfmtError(f"{field}: {no_such('term', word, terms(field))}")
        found.append(term)
    return found


def naive(text: str) -> str:
    """Return a day or a time as the platform stores it: in UTC, without saying so; raises BenchfmtError.

    It drops an offset and keeps the hour, so an offset is reckoned in before.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        message = "is not a day or a time, such as 2026-01-31 or 2026-01-31T12:00:00Z"
        raise BenchfmtError(f"date: {text!r} {message}") from None
    if when.tzinfo is not None:
        when = when.astimezone(UTC).replace(tzinfo=None)
    return when.isoformat(timespec="seconds")


def kilobytes(size: int) -> int:
    """Return a size as the whole number that the platform stores, rounded up: a file of a few bytes is no file of 0."""
    return -(-size // KILOBYTE)


def keywords(words: Iterable[str]) -> list[JsonValue]:
    """Return keywords as the platform stores them: in lower case (and "ß" as "ss"), each once, in order."""
    found: dict[str, None] = {}
    for word in words:
        plain = word.strip().casefold()
        if plain and len(plain) <= NORMAL:
            found[plain] = None
    return list(found)
