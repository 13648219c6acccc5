"""Numbers as people read them: with the prefix that suits them, and units as they are written on paper.

A prefix moves the decimal point, so no digit is made up; all digits, in the unit of the standard, stand behind the number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

_DIGITS = 6
_WHOLE = 10_000
"""From here on thousands are set apart."""
_PREFIXES = {9: "G", 6: "M", 3: "k", 0: "", -3: "m", -6: "µ", -9: "n"}
_SCALED = {
    "s": (0, -3, -6, -9),
    "By": (9, 6, 3, 0),
    "By/s": (9, 6, 3, 0),
    "Hz": (9, 6, 3, 0),
    "W": (6, 3, 0, -3),
    "J": (6, 3, 0, -3, -6),
}
"""The units that take a prefix, with the powers of ten that people use."""
_WRITTEN = {"By": "B", "By/s": "B/s", "Cel": "°C", "deg": "°", "1": ""}
_SPAN = 1e5
"""Of numbers that are farther apart than this, the small ones do not choose the prefix."""


@dataclass(frozen=True)
class Shown:
    """How numbers of a unit are written: moved by a power of ten."""

    unit: str
    """As people write it; nothing for a plain number."""
    power: int = 0

    def number(self, value: float) -> str:
        """Return a number in six digits, without its unit."""
        exact = Decimal(repr(value)).scaleb(-self.power)
        rounded = Context(prec=_DIGITS, rounding=ROUND_HALF_EVEN).plus(exact)
        if rounded and not -5 <= rounded.adjusted() < 15:
            return f"{float(rounded):.6g}"
        text = f"{rounded.normalize():f}" if rounded else "0"
        return f"{Decimal(text):,f}" if abs(rounded) >= _WHOLE else text

    def words(self, value: float) -> str:
        """Return a number with its unit."""
        return f"{self.number(value)} {self.unit}".rstrip()

    def scaled(self, value: float) -> float:
        """Return a number in this unit, for an axis."""
        return float(Decimal(repr(value)).scaleb(-self.power))


def shown_as(unit: str | None, values: Iterable[float]) -> Shown:
    """Return how numbers of one unit are written so that they keep one column: by the smallest of them."""
    if unit is None:
        return Shown("")
    written = _WRITTEN.get(unit, unit)
    powers = _SCALED.get(unit)
    sizes = sorted(abs(value) for value in values if value)
    if powers is None or not sizes:
        return Shown(written)
    smallest = next(size for size in sizes if size * _SPAN >= sizes[-1])
    power = next((power for power in powers if smallest >= 10.0**power), powers[-1])
    return Shown(f"{_PREFIXES[power]}{written}", power)
