"""Where values stand in a JSON text: the place of a member, of a word that is no number, of a key that stands twice."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchfmt.surrogates import SURROGATE

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_TO_BRACKET = re.compile(r'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{}])', re.DOTALL)
_LONGEST = 2**24
"""No place is looked for in a text of more characters: it takes longer than reading it."""

Path = tuple[str | int, ...]


class Position(NamedTuple):
    """A place in a text: line and character, both counted from 1."""

    line: int
    character: int


class Value(NamedTuple):
    """A value of a text, or the key of a member."""

    path: Path
    offset: int
    text: str
    is_key: bool = False


@dataclass(slots=True)
class _Level:
    """An object or a list that is not closed yet."""

    is_object: bool
    path: Path
    place: str | int = 0
    awaits_key: bool = field(default=False)


def position(text: str, offset: int) -> Position:
    """Return line and character of an offset."""
    line = text.count("\n", 0, offset) + 1
    return Position(line, offset - (text.rfind("\n", 0, offset) + 1) + 1)


def values(text: str, within: Container[Path] | None = None) -> Iterator[Value]:
    """Yield the keys and values of a text in their order; of a text that is no JSON what can be told.

    With `within` what stands inside of objects and lists at other paths is left out.
    """
    levels: list[_Level] = []
    end = 0
    while match := _TOKEN.search(text, end):
        word = match[0]
        end = match.end()
        level = levels[-1] if levels else None
        match word:
            case ":":
                continue
            case ",":
                if level is not None:
                    _next(level)
                continue
            case "}" | "]":
                if levels:
                    levels.pop()
                continue
        if level is not None and level.awaits_key:
            level.awaits_key = False
            level.place = _unquoted(word)
            yield Value((*level.path, level.place), match.start(), word, is_key=True)
            continue
        path: Path = ()
        if level is not None:
            path = (*level.path, level.place)
        yield Value(path, match.start(), word)
        if word not in "{[":
            continue
        if within is None or path in within:
            levels.append(_Level(word == "{", path, 0, awaits_key=word == "{"))
        else:
            end = _end_of(text, end)


def _end_of(text: str, place: int) -> int:
    """Return where an object or a list ends in which a place lies; the end of the text where it does not end."""
    depth = 1
    while match := _TO_BRACKET.match(text, place):
        place = match.end()
        depth += 1 if match[1] in "{[" else -1
        if not depth:
            return place
    return len(text)


def _next(level: _Level) -> None:
    """Go on to the next member or item."""
    if level.is_object:
        level.awaits_key = True
    elif isinstance(level.place, int):
        level.place += 1


def _unquoted(word: str) -> str:
    if "\\" not in word:
        return word.strip('"')
    try:
        return str(json.loads(word))
    except ValueError:
        return word


def offsets_of(text: str, paths: Sequence[Sequence[str | int]]) -> list[int | None]:
    """Return where the value at each path begins, or what is nearest around it; None for each in a text that is too long."""
    if len(text) > _LONGEST:
        return [None] * len(paths)
    wanted = [tuple(path) for path in paths]
    around = {path[:length] for path in wanted for length in range(len(path))}
    awaited = set(wanted)
    found: dict[Path, int] = {}
    for value in values(text, around):
        if value.is_key or not (value.path in around or value.path in awaited):
            continue
        if value.path in awaited:
            awaited.remove(value.path)
            found[value.path] = value.offset
            if not awaited:
                break
        else:
            found.setdefault(value.path, value.offset)
    return [_nearest(found, path) for path in wanted]


def _nearest(found: Mapping[Path, int], path: Path) -> int | None:
    lengths = range(len(path), -1, -1)
    return next((found[path[:length]] for length in lengths if path[:length] in found), None)


def offset_of_word(text: str, word: str) -> int | None:
    """Return where a value of these characters stands first; None for none."""
    if len(text) > _LONGEST:
        return None
    for value in values(text):
        if value.text == word and not value.is_key:
            return value.offset
    return None


def offset_of_second(text: str, key: str) -> int | None:
    """Return where a key stands for the second time in one object; None where it does not."""
    if len(text) > _LONGEST:
        return None
    seen = set()
    for value in values(text):
        if not value.is_key or value.path[-1] != key:
            continue
        if value.path in seen:
            return value.offset
        seen.add(value.path)
    return None


def offset_of_half(text: str) -> int | None:
    """Return where a key or text stands that holds half a character; None for none."""
    if len(text) > _LONGEST:
        return None
    for value in values(text):
        if value.text.startswith('"') and SURROGATE.search(_unquoted(value.text)):
            return value.offset
    return None


def offset_of_depth(text: str, depth: int) -> int | None:
    """Return where an object or list begins that lies deeper than allowed; None for none."""
    open_ones = 0
    for match in _TOKEN.finditer(text, 0, _LONGEST):
        match match[0]:
            case "{" | "[":
                open_ones += 1
                if open_ones > depth:
                    return match.start()
            case "}" | "]":
                open_ones -= 1
    return None


def path_of_pointer(pointer: str) -> list[str | int]:
    """Return the members that a JSON Pointer names; digits are taken for places in lists."""
    parts: list[str | int] = []
    for part in pointer.split("/")[1:]:
        plain = part.replace("~1", "/").replace("~0", "~")
        parts.append(int(plain) if plain.isdigit() else plain)
    return parts


def pointer_of(path: Sequence[str | int]) -> str:
    """Return a path as a JSON Pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
