"""Where a text, or plain data, mentions something personal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from benchfmt.personal.kinds import KINDS, MEMBERS, SCREEN, Kind

_SCREEN = re.compile(re.sub(r"\(\?i\)", "", SCREEN), re.IGNORECASE)
_PUBLIC = frozenset({"contributors", "sources", "licenses"})
"""Members of a descriptor whose items give an e-mail address so that people can write there."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Something personal in a text."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place after its last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Text:
    """A text within plain data, and where it stands."""

    value: str
    pointer: str
    """Its JSON Pointer; "" for data that is a text itself."""
    member: str | None = None
    """The name of the member that it is the value of."""


def mentions(text: str, member: str | None = None) -> list[Mention]:
    """Return what a text mentions, in its order; `member` is the name under which it stands.

    What fits several kinds is a mention of the first one.
    """
    named = _of_member(text, member)
    if named is not None:
        return [named]
    if not _SCREEN.search(text):
        return []
    chosen: list[Mention] = []
    taken = bytearray(len(text))
    for kind in KINDS:
        for mention in _of_kind(kind, text):
            if 1 not in taken[mention.start : mention.end]:
                taken[mention.start : mention.end] = bytes([1]) * len(mention.text)
                chosen.append(mention)
    return sorted(chosen, key=lambda mention: mention.start)


def _of_member(text: str, member: str | None) -> Mention | None:
    """Return the mention that a whole text is by the name of its member."""
    if member is None:
        return None
    kind = MEMBERS.get(member.lower())
    if kind is None or kind.value is None:
        return None
    match = kind.value.fullmatch(text)
    if match is None or not kind.is_personal(text):
        return None
    return Mention(kind, text, 0)


def _of_kind(kind: Kind, text: str) -> Iterator[Mention]:
    for pattern in kind.patterns:
        for match in pattern.finditer(text):
            if kind.is_personal(match["it"]):
                yield Mention(kind, match["it"], match.start("it"))


def texts_in(data: JsonValue, pointer: str = "", member: str | None = None) -> Iterator[Text]:
    """Yield the texts of plain data, names of members among them, each with its place."""
    if isinstance(data, str):
        yield Text(data, pointer, member)
    elif isinstance(data, list):
        for number, item in enumerate(data):
            yield from texts_in(item, f"{pointer}/{number}", member)
    elif isinstance(data, dict):
        for name, value in data.items():
            inside = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield Text(name, inside)
            yield from texts_in(value, inside, name)


def is_public(pointer: str) -> bool:
    """Whether what stands in a descriptor at a JSON Pointer is meant to be public: the e-mail address of a contributor."""
    parts = pointer.split("/")
    return len(parts) > 1 and parts[1] in _PUBLIC and parts[-1] in ("email", "path")
