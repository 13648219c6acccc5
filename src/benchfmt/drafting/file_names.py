"""What the names of equal tables differ in: perhaps the system, the model or the batch size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from benchfmt.drafting.heads import Head
from benchfmt.drafting.review import Note, Question, State
from benchfmt.vocabulary import vocabulary

_SEPARATORS = ("/_", "/_-", "/_-. ", "/")
"""What stands between the parts of a name, the likeliest first."""
_SUFFIX = re.compile(r"(?:\.[A-Za-z][A-Za-z0-9]{0,8}){1,2}$")
_NUMBERED = re.compile(r"(?P<word>[A-Za-z]+)(?P<number>[0-9]+)")
_KINDS = {
    "precision": "configuration.precision",
    "model": "model.name",
    "engine": "software.engine",
    "task": "task",
    "dataset": "dataset.name",
}
"""The kinds of terms that stand in file names, each with its place in the record."""
_BATCH = ("b", "bs", "batch", "batchsize")
_RUN = ("run", "rep", "repeat", "trial", "iter")
USUAL = ("system.name", "model.name", "configuration.batch_size", "configuration.precision")
"""What file names usually say."""
_SHOWN = 4


@dataclass(frozen=True)
class NamePart:
    """A part in which the names differ: its number, and what stands there in each name.

    The parts of all tables of a draft are numbered together, from 1.
    """

    number: int
    words: tuple[str, ...]
    prefix: str = ""
    """What stands before a number in each of them, as `bs` in bs8."""

    @property
    def group(self) -> str:
        """The name of its group in the pattern."""
        return f"part{self.number}"

    def likely(self) -> tuple[str, ...]:
        """Return the record paths that it may be, the likeliest first."""
        first = []
        if self.prefix.lower() in _BATCH:
            first.append("configuration.batch_size")
        if self.prefix.lower() in _RUN:
            first.append("provenance.execution")
        if self.prefix and not first:
            first.append(f"configuration.hyperparameters.{self.prefix.lower()}")
        for kind, path in _KINDS.items():
            if all(vocabulary().match(kind, word) for word in self.words):
                first.append(path)
        return tuple(dict.fromkeys([*first, *USUAL]))


@dataclass(frozen=True)
class FileNames:
    """The names of tables of one group: the parts in which they differ, and a pattern that finds these."""

    parts: tuple[NamePart, ...] = ()
    pattern: str = ""

    @classmethod
    def of(cls, group: Sequence[Head], first: int) -> FileNames:
        """Return what the names of the tables of a group differ in, numbered from `first`; nothing for one table."""
        names = [head.name for head in group]
        if len(names) < 2:
            return cls()
        stems = [_SUFFIX.sub("", name) for name in names]
        ends = {name[len(stem) :] for name, stem in zip(names, stems, strict=True)}
        for separators in _SEPARATORS:
            cut = [re.split(f"([{re.escape(separators)}])", stem) for stem in stems]
            shapes = {tuple(tokens[1::2]) for tokens in cut}
            if len(shapes) == 1:
                return _compared(cut, separators, ends, first)
        part = NamePart(first, tuple(stems))
        return cls((part,), f"(?P<{part.group}>.+){_end(ends)}")

    def extract(self, paths: Mapping[int, str]) -> list[JsonValue]:
        """Return the annotation that reads the parts of which a person says what they are."""
        chosen: dict[str, JsonValue] = {}
        for part in self.parts:
            path = paths.get(part.number)
            if path is not None:
                chosen[path] = part.group
        if not chosen:
            return []
        return [{"from": "$path", "pattern": self.pattern, "set": chosen}]

    def notes(self, paths: Mapping[int, str]) -> list[Note]:
        """Return a line for each part of which nobody says what it is."""
        return [_note(part) for part in self.parts if part.number not in paths]


def _note(part: NamePart) -> Note:
    words = list(dict.fromkeys(part.words))
    shown = ", ".join(words[:_SHOWN])
    if len(words) > _SHOWN:
        shown = f"{shown}, ..."
    text = f"part {part.number} of the names of the files is {shown}, and nothing says what it is"
    likely = part.likely()[:_SHOWN]
    return Note(
        State.OPEN, text, None, likely, Question.PART, part=part.number, cells=tuple(words[:_SHOWN])
    )


def _compared(
    cut: Sequence[Sequence[str]], separators: str, ends: set[str], first: int
) -> FileNames:
    """Return the parts in which names differ that are cut into equally many."""
    parts: list[NamePart] = []
    pattern = "(?:^|/)"
    for words in zip(*cut, strict=True):
        if len(set(words)) == 1:
            pattern += re.escape(words[0])
            continue
        part = _numbered(first + len(parts), words)
        inside = f"[^{re.escape(separators)}]+"
        if part.prefix:
            inside = "[0-9]+"
        pattern += f"{re.escape(part.prefix)}(?P<{part.group}>{inside})"
        parts.append(part)
    return FileNames(tuple(parts), pattern + _end(ends))


def _numbered(number: int, words: Sequence[str]) -> NamePart:
    """Return a part, without the word that stands before a number in all names."""
    matches = [_NUMBERED.fullmatch(word) for word in words]
    before = {match["word"] for match in matches if match}
    if all(matches) and len(before) == 1:
        digits = tuple(match["number"] for match in matches if match)
        return NamePart(number, digits, before.pop())
    return NamePart(number, tuple(words))


def _end(ends: set[str]) -> str:
    """Return the pattern of what all names end with."""
    if len(ends) == 1:
        return f"{re.escape(ends.pop())}$"
    return r"[.][^/]+$"
