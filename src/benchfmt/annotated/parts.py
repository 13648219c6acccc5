"""What columns say of the numbers in others: standard deviations, intervals, counts, samples, targets and doubts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import polars as pl

from benchfmt.annotated import cells as c
from benchfmt.annotated.columns import Measure, PartColumn
from benchfmt.annotated.fields import Fields
from benchfmt.annotated.masks import settled
from benchfmt.annotated.notes import Integers
from benchfmt.identity import canonical
from benchfmt.units import Conversion
from benchfmt.vocabulary import vocabulary

_PAIR = "\x1f"
_BETWEEN_CAVEATS = re.compile(r"[;,|\s]+")
_TYPES: dict[str, type[pl.DataType]] = {
    "n": pl.Int64,
    "stddev": pl.Float64,
    "ci": pl.String,
    "samples": pl.String,
    "target_min": pl.Float64,
    "target_max": pl.Float64,
}
"""The columns of `measurements` that parts fill."""


@dataclass
class Parts:
    """The parts of all measurements of a frame: for each column of `measurements` a series for each measure."""

    fields: Fields
    columns: dict[str, dict[int, pl.Series]] = field(default_factory=dict)
    used: dict[str, pl.Series] = field(default_factory=dict)
    """For each column that says a part, the rows in which some measurement has it."""
    has_value: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.Boolean))
    """The rows in which the measure that is read has a number."""

    def read(self, index: int, measure: Measure, has_value: pl.Series) -> None:
        """Read the parts of one measure; `has_value` says in which rows it has a number."""
        said: dict[str, PartColumn] = {part.part: part for part in measure.parts}
        self.has_value = has_value
        for name in ("n", "stddev", "samples", "target_min", "target_max"):
            part = said.get(name)
            if part is not None:
                self._put(name, index, part, self._of(name, part))
        if "sample_stddev" in said:
            part = said["sample_stddev"]
            deviations = self._numbers(part, "is not a number of 0 or more", least=0)
            self._put("stddev", index, part, self._of_population(index, deviations))
        if "ci" in said:
            part = said["ci"]
            half = self.fields.written(part.column).numbers
            self._put("ci", index, part, self._around(measure, half, part.level))
        if "ci_low" in said:
            low, high = said["ci_low"], said["ci_high"]
            bounds = [self._numbers(part, "is not a number") for part in (low, high)]
            level = pl.Series([canonical(low.level)] * len(bounds[0]))
            both = c.json_list([*map(c.json_numbers, bounds), level], len(level))
            both = both.set(bounds[0].is_null() | bounds[1].is_null(), None)
            self._put("ci", index, low, both)
            self._put("ci", index, high, both)
        self._spread(index, measure)

    def _spread(self, index: int, measure: Measure) -> None:
        note = self.fields.program.note(measure.column)
        spread = self.fields.written(measure.column).spread
        if spread is None:
            return
        if note.spread == "ci":
            values = self._around(measure, spread, note.level)
        else:
            values = c.numbers(spread, Conversion(measure.conversion.factor, Fraction(0))).values
        if note.spread == "sample_stddev":
            values = self._of_population(index, values)
        column = "ci" if note.spread == "ci" else "stddev"
        self.columns.setdefault(column, {})[index] = values.set(~self.has_value, None)

    def _of_population(self, index: int, of_sample: pl.Series) -> pl.Series:
        """Return standard deviations over n - 1 as those over n; null where nothing says how many there are."""
        nothing = pl.Series([None] * len(of_sample), dtype=pl.Int64)
        counts = self.columns.get("n", {}).get(index, nothing)
        samples = self.columns.get("samples", {}).get(index)
        if samples is not None:
            counts = counts.fill_null((samples.str.count_matches(",") + 1).cast(pl.Int64))
            self.columns.setdefault("n", {})[index] = counts.set(~self.has_value, None)
        return of_sample * ((counts - 1) / counts).sqrt()

    def _put(self, name: str, index: int, part: PartColumn, values: pl.Series) -> None:
        """Keep the values of a part; a target stands also where there is no number."""
        if not name.startswith("target"):
            values = values.set(~self.has_value, None)
        self.columns.setdefault(name, {})[index] = values
        before = self.used.get(part.column, pl.Series([False] * len(values)))
        self.used[part.column] = before | values.is_not_null()

    def _of(self, name: str, part: PartColumn) -> pl.Series:
        if name == "n":
            return self._count(part)
        if name == "samples":
            return self._samples(part)
        if name == "stddev":
            return self._numbers(part, "is not a number of 0 or more", least=0)
        return self._numbers(part, "is not a number")

    def _numbers(self, part: PartColumn, wanted: str, least: float = -math.inf) -> pl.Series:
        read = c.numbers(self.fields.written(part.column).numbers, part.conversion)
        bad = read.bad | settled(read.values < least)
        self._tell(part, bad, wanted)
        return read.values.set(bad, None)

    def _count(self, part: PartColumn) -> pl.Series:
        read = c.integers(c.numbers(self.fields.written(part.column).numbers, part.conversion))
        bad = read.bad | settled(read.values < 1)
        self._tell(part, bad, "is not a whole number above 0")
        return read.values.set(bad, None)

    def _samples(self, part: PartColumn) -> pl.Series:
        note = self.fields.program.note(part.column)
        cells = self.fields.clean[part.column]

        def read(text: str) -> str | None:
            return _converted_vector(text, note.separator, part.conversion)

        vectors = c.map_distinct(cells, read, pl.String)
        self._tell(part, vectors.is_null() & cells.is_not_null(), "is not a list of numbers")
        return vectors

    def _around(self, measure: Measure, half: pl.Series, level: float | None) -> pl.Series:
        """Return the intervals of a half width around the numbers of a measure."""
        mains = self.fields.written(measure.column).numbers

        def interval(text: str) -> str | None:
            main, _, width = text.partition(_PAIR)
            middle, distance = c.exact_number(main), c.exact_number(width)
            if middle is None or distance is None or distance < 0:
                return None
            ends = [measure.conversion.apply(end) for end in (middle - distance, middle + distance)]
            return canonical([*ends, level]) if all(map(math.isfinite, ends)) else None

        return c.map_distinct(mains + _PAIR + half, interval, pl.String)

    def _tell(self, part: PartColumn, bad: pl.Series, wanted: str) -> None:
        cells, rows = self.fields.clean[part.column], self.fields.rows
        message = f"{wanted}; {part.part} is left out"
        self.fields.notes.cells("BF103", part.column, cells, bad & self.has_value, rows, message)

    def keep_unused(self) -> None:
        """Keep the text of the cells that no measurement has as a part."""
        for column, used in self.used.items():
            cells = self.fields.clean[column]
            self.fields.keep(column, cells, cells.is_not_null() & ~used)

    def column(self, name: str, rows: Integers, kinds: Integers, measures: int) -> pl.Series:
        """Return a column of `measurements` for the cells of the matrix that stand in some rows and columns."""
        height = self.fields.height
        nothing = pl.Series([None] * height, dtype=_TYPES[name])
        known = self.columns[name]
        order = sorted(known)
        stacked = pl.concat(
            [nothing, *(known[index].rename("").cast(_TYPES[name]) for index in order)]
        )
        starts = np.zeros(measures, dtype=np.int64)
        starts[order] = np.arange(1, len(order) + 1) * height
        return stacked.gather(pl.Series(starts[kinds] + rows))


def _converted_vector(text: str, separator: str | None, how: Conversion) -> str | None:
    """Return the numbers of a cell, each converted, as JSON text; None where one of them is no number."""
    numbers = [c.exact_number(part) for part in c.vector_parts(text, separator)]
    values = [how.apply(number) for number in numbers if number is not None]
    if not values or len(values) < len(numbers) or not all(map(math.isfinite, values)):
        return None
    return canonical(values)


def caveats_by_word(
    fields: Fields, part: PartColumn, add: Callable[[pl.Series, tuple[str, ...]], None]
) -> None:
    """Call `add` with the rows and the caveats of each word of a column of doubts."""
    cells = fields.clean[part.column]
    words = fields.program.note(part.column).terms
    known = vocabulary().terms("caveat")
    for text in cells.drop_nulls().unique().sort():
        said = words.get(text, text)
        names = [said] if isinstance(said, str) else list(said)
        if text not in words:
            names = [name for name in _BETWEEN_CAVEATS.split(text) if name]
        rows = cells == text
        if all(name in known for name in names):
            add(rows, tuple(names))
            continue
        at = int(fields.rows[rows.arg_max() or 0])
        message = f"{text!r} is not a caveat of the standard; it is kept as text"
        hint = "say under `terms` which caveats it stands for"
        fields.notes.once("BF104", at, part.column, message, text, hint)
        fields.keep(part.column, cells, rows)
