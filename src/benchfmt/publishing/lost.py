"""What a server lost or changed of what it was sent: each field, by comparing what was sent with what is read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

_LONGEST = 80


@dataclass(frozen=True)
class Loss:
    """A field that the server has not as it was sent."""

    file: str
    field: str
    sent: JsonValue
    kept: JsonValue = None
    """What it has instead; None where it has nothing."""

    @property
    def line(self) -> str:
        """What happened to the field, in one line."""
        if self.sent is None:
            return (
                f"{self.file}: {self.field}: was taken out, and {_shown(self.kept)} is still there"
            )
        if self.kept is None:
            return f"{self.file}: {self.field}: {_shown(self.sent)} was lost"
        return f"{self.file}: {self.field}: {_shown(self.sent)} became {_shown(self.kept)}"


def losses(file: str, sent: JsonValue, kept: JsonValue) -> list[Loss]:
    """Return what was lost or changed of a body; what the server adds is no loss."""
    return [Loss(file, field, old, new) for field, old, new in _compared("", sent, kept)]


def _compared(
    field: str, sent: JsonValue, kept: JsonValue
) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    if isinstance(sent, dict) and isinstance(kept, dict):
        for name, value in sent.items():
            yield from _compared(f"{field}.{name}" if field else name, value, kept.get(name))
    elif isinstance(sent, list) and isinstance(kept, list):
        yield from _compared_lists(field, sent, kept)
    elif not _is_same(sent, kept):
        yield field, sent, kept


def _compared_lists(
    field: str, sent: list[JsonValue], kept: list[JsonValue]
) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    """Compare lists whose order the server is free to change; an item that has changed is told beside what it became."""
    rest = list(kept)
    unmatched = []
    for place, item in enumerate(sent):
        partner = _partner(item, rest)
        if partner is None:
            unmatched.append((place, item))
            continue
        rest.remove(partner)
        yield from _compared(f"{field}[{place}]", item, partner)
    for place, item in unmatched:
        became = _likeness(item, rest)
        if became is not None:
            rest.remove(became)
        yield f"{field}[{place}]", item, became


def _partner(item: JsonValue, candidates: list[JsonValue]) -> JsonValue:
    """Return the item of a list that is the same thing: an equal one, else an object with the same first member."""
    for candidate in candidates:
        if _is_same(item, candidate):
            return candidate
    if isinstance(item, dict):
        for candidate in candidates:
            if isinstance(candidate, dict) and any(
                candidate.get(name) == value for name, value in item.items() if name in _NAMING
            ):
                return candidate
    return None


_NAMING = ("name", "checksum", "content_url", "value")
"""The members by which an object in a list is known."""


def _likeness(item: JsonValue, rest: list[JsonValue]) -> JsonValue:
    """Return what a text became where only its case or the space around it was changed."""
    if not isinstance(item, str):
        return None
    for candidate in rest:
        if isinstance(candidate, str) and item.strip().lower() == candidate.strip().lower():
            return candidate
    return None


def _is_same(sent: JsonValue, kept: JsonValue) -> bool:
    """Whether two values are equal; a number is no boolean, and 1.0 is 1."""
    if isinstance(sent, bool) or isinstance(kept, bool):
        return sent is kept
    return sent == kept


def _shown(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > _LONGEST:
        return f"{text[:_LONGEST]}... ({len(text):,} characters)"
    return text
