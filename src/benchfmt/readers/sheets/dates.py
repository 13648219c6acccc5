"""How columns write dates and times: read as ISO 8601, and found out from their cells.

No time zone is ever invented: an offset stands in the result only where the cell holds one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from benchfmt.numbers import since_1970

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?\S*)?")
_WITH_HOUR = re.compile(r"%[HIcXT]")
_WITH_SECOND = re.compile(r"%[ScXT]")
_UNDECIDED = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4}(\s.*)?")
_DIRECTIVE = re.compile("%(.)", re.DOTALL)
_BLANKS = re.compile(r"\s+")
_SHAPES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "f": r"\d{1,6}",
    "z": r"\S+",
    **dict.fromkeys("mdHIMS", r"[\d ]\d?"),
    **dict.fromkeys("bBp", r".{1,100}?"),
}
"""What may stand for a directive, and more."""
DEFAULT = "default"
ANY = "any"
EPOCH = "%s"
"""Seconds since 1970, which `strptime` of C reads and that of Python does not."""
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_OFFSETS = (" %H:%M%z", " %H:%M:%S%z", " %H:%M:%S.%f%z", "T%H:%M:%S.%f", "T%H:%M:%S")
_SURE_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")
_NUMBERED_DAYS = (
    *("%d.%m.%Y", "%m.%d.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d.%m.%y", "%m.%d.%y", "%y.%m.%d", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d"),
    *("%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
)
_SURE = tuple(f"{day}{clock}" for day in _SURE_DAYS for clock in (*_CLOCKS, *_OFFSETS))
_NUMBERED = tuple(f"{day}{clock}" for day in _NUMBERED_DAYS for clock in _CLOCKS)


def iso_time(text: str, pattern: str) -> str | None:
    """Return a date or time that is written by a pattern of Table Schema as ISO 8601, None where it is written otherwise.

    `default` is ISO 8601 itself, `any` every way of writing that can be read in one way only.
    """
    if pattern == DEFAULT:
        return text if _ISO.fullmatch(text) else None
    if pattern == ANY:
        return _in_any(text)
    if pattern == EPOCH:
        return _since_1970(text)
    shape = _shape(pattern)
    if shape is not None and shape.fullmatch(text) is None:
        return None
    if _says_twice(pattern):
        return None
    try:
        time = datetime.strptime(text, pattern)
    except ValueError:
        return None
    if not _WITH_HOUR.search(pattern):
        return time.date().isoformat()
    if not _WITH_SECOND.search(pattern):
        return time.isoformat(timespec="minutes")
    return time.isoformat()


@lru_cache(1_000)
def _says_twice(pattern: str) -> bool:
    """Say whether a pattern has a directive twice, for which `strptime` has no expression."""
    try:
        datetime.strptime("", pattern)
    except re.error:
        return True
    except ValueError:
        return False
    return False


@lru_cache(1_000)
def _shape(pattern: str) -> re.Pattern[str] | None:
    """Return what every text looks like that is written by a pattern; None for one that says more than days and clocks.

    `strptime` makes an expression of each pattern anew where more than five are tried in turn, which takes milliseconds.
    """
    parts = []
    for place, part in enumerate(_DIRECTIVE.split(pattern)):
        if place % 2 == 0:
            parts.append(r"\s*".join(map(re.escape, _BLANKS.split(part))))
        elif part in _SHAPES:
            parts.append(_SHAPES[part])
        else:
            return None
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _since_1970(text: str) -> str | None:
    try:
        seconds = int(float(text))
    except (ValueError, OverflowError):
        return None
    time = since_1970(seconds)
    if time is None:
        return None
    return time.isoformat()


def _in_any(text: str) -> str | None:
    if _ISO.fullmatch(text):
        return text
    return next(filter(None, (iso_time(text, pattern) for pattern in _SURE)), None)


def is_date_like(text: str) -> bool:
    """Say whether a text looks like a date in numbers, in whatever order."""
    return _UNDECIDED.fullmatch(text) is not None


@dataclass(frozen=True)
class Dates:
    """The patterns that fit all cells of a column of dates; `default` alone where they are ISO 8601."""

    patterns: tuple[str, ...]

    @property
    def pattern(self) -> str | None:
        """The pattern of the column, None where it cannot be decided."""
        if len(self.patterns) == 1:
            return self.patterns[0]
        return None

    @property
    def type(self) -> str:
        """The type of the column in a Table Schema."""
        if self.pattern == ANY or _WITH_HOUR.search(self.pattern or ""):
            return "datetime"
        return "date"


def dates_of(cells: Sequence[str]) -> Dates:
    """Return how the cells of a column write dates; no pattern where they are none, or not written alike."""
    if not cells:
        return Dates(())
    if all(_ISO.fullmatch(cell) for cell in cells):
        return Dates((DEFAULT,))
    sure = _fitting(cells, _SURE)
    if sure:
        return Dates((sure[0],))
    numbered = _fitting(cells, _NUMBERED)
    if not numbered and all(_in_any(cell) for cell in cells):
        return Dates((ANY,))
    return Dates(tuple(numbered))


def _fitting(cells: Sequence[str], patterns: Iterable[str]) -> list[str]:
    return [pattern for pattern in patterns if all(iso_time(cell, pattern) for cell in cells)]
