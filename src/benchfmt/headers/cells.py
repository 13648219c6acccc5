"""What the cells of a column show: numbers, the unit that stands behind them, fractions above 1, words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from benchfmt.headers.meaning import Column

_NUMBER = re.compile(
    r"[<>~]?\s*(?P<number>[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\s*(?P<unit>[^\s0-9+\-,.(±/][^0-9()±]{0,9})?"
    r"(?:\s*(?:±|\+/-|\(±?)\s*[0-9.]+%?\)?)?"
)
_CLOCK = re.compile(r"(?:[0-9]+ days?,? )?[0-9]{1,3}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?")
NOT_NUMBERS = "its cells are text, though its name is that of a number"
"""Why a column with such cells is left open."""
_MARKS = frozenset(
    {
        "",
        "-",
        "--",
        "/",
        "?",
        "n/a",
        "na",
        "nan",
        "null",
        "none",
        "oom",
        "tbd",
        "x",
        "not supported",
        "tensor(nan)",
        "inf",
    }
)


@dataclass(frozen=True)
class Cells:
    """The cells of a column that hold something."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, column: Column) -> Cells:
        """Take the cells of a column, without marks of Markdown and without those that mean nothing."""
        texts = (cell.replace("**", "").strip().strip("`") for cell in column.cells)
        return cls(tuple(text for text in texts if text.lower() not in _MARKS))

    @property
    def are_clock(self) -> bool:
        """Whether all cells are hours, minutes and seconds."""
        return bool(self.texts) and all(_CLOCK.fullmatch(text) for text in self.texts)

    @cached_property
    def _matches(self) -> list[re.Match[str] | None]:
        found = [_NUMBER.fullmatch(text) for text in self.texts]
        return [
            match
            if match and re.search("[0-9]", match["number"].partition("e")[0].partition("E")[0])
            else None
            for match in found
        ]

    @property
    def are_text(self) -> bool:
        """Whether most cells are no numbers; False where there is none."""
        if self.are_clock:
            return False
        return bool(self.texts) and 2 * sum(match is not None for match in self._matches) <= len(
            self.texts
        )

    @cached_property
    def numbers(self) -> list[float]:
        """The numbers of the cells."""
        return [float(match["number"].replace(",", "")) for match in self._matches if match]

    @cached_property
    def units(self) -> frozenset[str]:
        """What stands behind the numbers, an empty text for nothing."""
        return frozenset((match["unit"] or "").strip() for match in self._matches if match)

    @property
    def unit(self) -> str | None:
        """What stands behind all numbers; None where nothing does, or different things."""
        return next(iter(self.units)) or None if len(self.units) == 1 else None

    @property
    def least(self) -> float | None:
        """The least number."""
        return min(self.numbers, default=None)

    @property
    def greatest(self) -> float | None:
        """The greatest number."""
        return max(self.numbers, default=None)

    @property
    def middle(self) -> float | None:
        """The median of the numbers."""
        return median(self.numbers) if self.numbers else None

    @property
    def are_whole(self) -> bool:
        """Whether all numbers are whole."""
        return all(number.is_integer() for number in self.numbers)

    def are_among(self, words: frozenset[str]) -> bool:
        """Say whether every cell is one of some words, whatever its case, a number behind a colon left out."""
        return bool(self.texts) and all(
            text.lower() in words or re.sub(r":?[0-9]+$", "", text.lower()) in words
            for text in self.texts
        )


def first_text(column: Column) -> str | None:
    """Return the first cell of a column that is no number, as it stands there."""
    for cell in column.cells:
        if Cells.of(Column(column.name, (cell,))).are_text:
            return cell
    return None


_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-/.]?(?:0[1-9]|1[0-2])[-/.]?(?:0[1-9]|[12][0-9]|3[01])(?![0-9]).*|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}.*|[A-Z][a-z]{2,8}\.? .*[0-9]{4}.*"
    r"|[0-9]{1,2}\.? [A-Z][a-z]{2,8}\.? [0-9]{4}.*"
)
_EPOCH = 1_000_000_000


def are_dates(cells: Cells) -> bool:
    """Say whether cells may be points in time: written dates, or seconds since 1970."""
    return all(
        _DATE.fullmatch(text) is not None
        or (text.replace(".", "", 1).isdigit() and float(text) > _EPOCH)
        for text in cells.texts
    )
