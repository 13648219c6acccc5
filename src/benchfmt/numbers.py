"""The one way in which a source's characters become a number.

A number is written with digits 0 to 9, at most one point, a sign and an exponent of at most four digits: `12`, `-0.5`, `.5`, `3.`,
`1e-3`. Nothing else is one: no NaN or infinity, no hexadecimal digits, no `_` or `,` between digits, no digits of other
scripts, and nothing that no double holds (`1e999`). Python's own `float` and `int` take several of these, so no
converter asks them about a text that nobody has looked at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import MAX_EMAX, MIN_EMIN, ROUND_05UP, Context, Decimal
from fractions import Fraction
from typing import Any

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8785, RFC 7493)."""
MINUS = "\u2212"
"""The minus sign of typographers, which tables write in place of the hyphen."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_INTEGER = re.compile(r"[+-]?[0-9]+(?:\.0*)?")
_JSON_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_MOST_DIGITS = 400
"""No double has more digits before the point."""
_EXACT = Context(prec=1_100, rounding=ROUND_05UP, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Keeps more digits than decide between two doubles (770), and the last one such that whatever is cut off still counts.

A fraction takes as long as the square of its digits, and a cell may have a million.
"""
_FAR = 2_000
"""A number with more places is beyond all doubles, and stays so whatever factor of a table (10^1399 at most) it has."""
_LARGE, _SMALL = Decimal((0, (1,), _FAR)), Decimal((0, (1,), -_FAR))


@dataclass(frozen=True, slots=True)
class NumberForm:
    """How a column writes its numbers, in the words of a Table Schema."""

    decimal_char: str = "."
    group_char: str = ""
    bare: bool = True

    def pattern(self) -> str:
        """Return a regular expression of a whole cell: `before`, the `number`, and `after` where it is not bare.

        Digits are grouped in threes (or in twos before the last three, as in India), or not at all.
        """
        digits = "[0-9]*"
        if self.group_char:
            group = re.escape(self.group_char)
            digits = f"(?:[0-9]{{1,3}}(?:{group}[0-9]{{2,3}})*{group}[0-9]{{3}}|[0-9]*)"
        point = re.escape(self.decimal_char)
        number = f"[+{MINUS}-]?{digits}(?:{point}[0-9]*)?(?:[eE][+-]?[0-9]{{1,4}})?"
        if self.bare:
            return f"^(?P<before>)(?P<number>{number})(?P<after>)$"
        return rf"^(?P<before>[^0-9+{MINUS}\-]*)(?P<number>{number})(?P<after>[^0-9]*)$"


PLAIN = NumberForm()
"""A number in digits, with a point."""


class Digits(str):
    """A number of a JSON text as the characters that stand there: no digit is lost."""

    __slots__ = ()


def rational(text: str) -> Fraction | None:
    """Return the exact number that a decimal text writes, one beyond all doubles too, or None where it is none.

    What no double could show of it is left out: digits beyond the 1,100th, and how far it is beyond 10^2000.
    """
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped) is None:
        return None
    return _fraction(stripped)


def exact(text: str) -> Fraction | None:
    """Return the exact number that a decimal text writes (blanks around it are dropped), or None where `double` does."""
    stripped = text.strip()
    if double(stripped) is None:
        return None
    return _fraction(stripped)


def _fraction(number: str) -> Fraction:
    """Return the number that a decimal text writes, as `rational` does."""
    kept = _EXACT.plus(Decimal(number))
    if kept and kept.adjusted() > _FAR:
        kept = _LARGE.copy_sign(kept)
    elif kept and kept.adjusted() < -_FAR:
        kept = _SMALL.copy_sign(kept)
    return Fraction(kept)


def double(text: str) -> float | None:
    """Return the double nearest to what a decimal text writes, or None where it is not a number, or no double holds it."""
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        return None
    number = float(stripped)
    return number if math.isfinite(number) else None


def whole(text: str) -> int | None:
    """Return the whole number that a text writes (`12`, `12.0`) where every reader keeps it, or None."""
    stripped = text.strip()
    if not _INTEGER.fullmatch(stripped):
        return None
    digits = stripped.partition(".")[0]
    if len(digits) > _MOST_DIGITS:
        return None
    number = int(digits)
    return number if is_safe(number) else None


def count(text: str) -> int | None:
    """Return the whole number above 0 that a text writes, or None."""
    return whole(text) or None if not text.strip().startswith("-") else None


def is_safe(number: float) -> bool:
    """Say whether every reader of JSON keeps a number, so that it may stand where there is no field for it."""
    return abs(number) <= MAX_SAFE_INTEGER


def since_1970(seconds: float) -> datetime | None:
    """Return the time in UTC so many seconds after 1970; None for one that no calendar has, such as one counted in nanoseconds."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # which of them depends on the system
        return None


def of_json(text: str) -> int | float | str:
    """Return what a JSON text's digits are as data that every reader keeps.

    An integer within 2^53-1 is one, any other number the nearest double; what is larger, or no number, stays the text.
    """
    if _JSON_INTEGER.fullmatch(text):
        integer = whole(text)
        return str(text) if integer is None else integer
    number = double(text)
    return number if number is not None and is_safe(number) else str(text)


def kept(data: Any) -> Any:
    """Return data of a source as JSON that every reader keeps: digits as numbers, too large ones as text.

    None is left out of objects and lists. It is for `extensions`, where nothing may be lost.
    """
    if isinstance(data, Digits):
        return of_json(data)
    if isinstance(data, Mapping):
        return {key: kept(value) for key, value in data.items() if value is not None}
    if isinstance(data, list):
        return [kept(value) for value in data if value is not None]
    if isinstance(data, bool) or not isinstance(data, int | float):
        return data
    return data if is_safe(data) else str(data)
