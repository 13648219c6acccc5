"""The regular expressions of an annotation: what they may cost together, and the groups in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import polars as pl

from benchfmt.annotated.faults import AnnotationError
from benchfmt.descriptor import Resource

_CHARACTERS = 500_000
"""So many characters the patterns of one table may have: each is read again for every part of its rows."""
_GROUPS = 1_000
"""So many groups: polars ends the whole process over a structure of some 20,000 members."""
_TOGETHER = 100
"""So many patterns share the room that the engine gives to one; a usual one takes a hundredth of it at most."""
_TOLD = 50
"""Of so many patterns each is told that is no regular expression; of more one of them."""
_GROUP = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(\(\?P?<(?![=!])[^>]*>|[()])", re.DOTALL)
"""Where groups begin and end, those with names with their mark; what is escaped or one of several characters is none."""
_TOO_LARGE = "size limit"


def whole(pattern: str) -> str:
    """Return a regular expression that matches whole texts only."""
    return f"^(?:{pattern})$"


def groups(pattern: str) -> list[str]:
    """Return the names of a pattern's groups."""
    return re.findall(r"\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>", pattern)


def depth(pattern: str) -> int:
    """Return how many groups with names stand within each other at the most."""
    now = deepest = 0
    opened: list[bool] = []
    for mark in _marks(pattern):
        if mark != ")":
            opened.append(mark != "(")
            now += opened[-1]
            deepest = max(deepest, now)
        elif opened:
            now -= opened.pop()
    return deepest


def family_patterns(resource: Resource) -> Iterator[str]:
    """Yield the patterns of the names of columns."""
    for family in resource.benchfmt.families if resource.benchfmt else ():
        yield family.pattern


def patterns_of(resource: Resource) -> Iterator[str]:
    """Yield the patterns of texts and of cells."""
    for extract in resource.benchfmt.extract if resource.benchfmt else ():
        yield extract.pattern
    for item in resource.table.fields if resource.table else ():
        if item.benchfmt is not None:
            yield from item.benchfmt.missing_patterns


def check_cost(patterns: Iterable[str]) -> None:
    """Check that the patterns of one table are compiled in little time and memory; raises AnnotationError.

    Each of them may still be no regular expression.
    """
    _check_cost(tuple(dict.fromkeys(patterns)))


@lru_cache(maxsize=256)
def _check_cost(patterns: tuple[str, ...]) -> None:
    """Those of one family of files are the same for every table."""
    characters = sum(map(len, patterns))
    if characters > _CHARACTERS:
        raise AnnotationError(
            f"the patterns of its annotation have {characters:,} characters; at most {_CHARACTERS:,} are read"
        )
    count = sum(mark != ")" for pattern in patterns for mark in _marks(pattern))
    if count > _GROUPS:
        raise AnnotationError(
            f"the patterns of its annotation have {count:,} groups; at most {_GROUPS:,} are read"
        )
    for start in range(0, len(patterns), _TOGETHER):
        _check_together(patterns[start : start + _TOGETHER])


def _check_together(patterns: Sequence[str]) -> None:
    fault = _fault_of(patterns)
    if fault is not None and _TOO_LARGE in fault:
        raise AnnotationError(_too_large(patterns))
    if fault is not None and len(patterns) > _TOLD:
        raise AnnotationError(f"{_first_faulty(patterns)!r} is no regular expression")


def _fault_of(patterns: Sequence[str]) -> str | None:
    """Return what the engine says of some patterns together: it has a limit for what one takes when it is compiled."""
    try:
        pl.Series(["x"]).str.contains("|".join(map(_alternative, patterns)))
    except pl.exceptions.ComputeError as error:
        return str(error)
    return None


def _first_faulty(patterns: Sequence[str]) -> str:
    """Return a pattern that is no regular expression, of some with one; what is too large is one, and is not looked at closer."""
    while len(patterns) > 1:
        first, second = patterns[: len(patterns) // 2], patterns[len(patterns) // 2 :]
        fault = _fault_of(first)
        patterns = first if fault is not None and _TOO_LARGE not in fault else second
    return patterns[0]


def _marks(pattern: str) -> Iterator[str]:
    """Yield the marks of groups in their order."""
    return filter(None, _GROUP.findall(pattern))


def _alternative(pattern: str) -> str:
    """Return a pattern as one of many, of which the groups may have the same names."""
    without_names = _GROUP.sub(
        lambda found: "(" if found[1] and found[1] != ")" else found[0], pattern
    )
    # a pattern may end with a remark, which ends with its line
    return f"(?:{without_names}\n)"


def _too_large(patterns: Sequence[str]) -> str:
    longest = max(patterns, key=len)
    which = (
        f"the pattern {longest!r} takes"
        if len(patterns) == 1
        else f"its {len(patterns):,} patterns take together"
    )
    return f"{which} more room than is given to regular expressions (10 MiB); repeat less, as in [a-z]* in place of \\w{{0,500}}"
