"""Texts at fault: each is judged once, and the rows that have one of them are found in one pass over the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from benchfmt.checks.check import Table
from benchfmt.checks.frames import Frames, Verdict, faults, no_faults
from benchfmt.finding import shortened

MOST_HINTED = 100
"""For so many texts of a column what was meant is looked up, which takes long."""
_SPARE = 2
"""So many times as many texts of a column as a report lists have words of their own: some of them are acknowledged."""
_MESSAGE, _VALUE, _HINT = "told:message", "told:value", "told:hint"


@dataclass(slots=True)
class Words:
    """The texts at fault of a column, or of several whose texts are at fault together."""

    table: Table
    column: str
    """At which the fault stands."""
    by: Sequence[str] = ()
    """The columns whose texts are judged, where these are others than `column`."""
    _texts: list[tuple[str, ...]] = field(default_factory=list, init=False)
    _told: list[tuple[str, str, str | None]] = field(default_factory=list, init=False)

    @property
    def has_room_for_hints(self) -> bool:
        """Whether it is still worth looking up what a text was meant to be."""
        return len(self._texts) < MOST_HINTED

    def add(self, texts: Sequence[str], value: str, verdict: Verdict) -> None:
        """Add texts at fault, one of each column, the value that a finding shows, and what is wrong."""
        self._texts.append(tuple(texts))
        self._told.append((shortened(verdict.message), value, verdict.hint))

    def faults(self, frames: Frames) -> pl.DataFrame:
        """Return a fault for each row that has such texts, in the order of the rows."""
        if not self._texts:
            return no_faults()
        names = list(self.by or [self.column])
        schema = dict.fromkeys([*names, _MESSAGE, _VALUE, _HINT], pl.String)
        rows = [(*texts, *told) for texts, told in zip(self._texts, self._told, strict=True)]
        words = pl.DataFrame(rows, schema=schema, orient="row")
        looked_at = frames.columns(self.table, names)[names]
        key = pl.struct(names)
        is_meant = looked_at.select(key.is_in(words.select(key).to_series().implode())).to_series()
        wrong = frames.rows(self.table, is_meant)
        most = _SPARE * frames.listed
        if words.height > most:
            words = self._shortened(words, wrong[names], most)
        told = wrong.join(words, on=names, how="inner", maintain_order="left")
        return faults(
            told, self.table, self.column, pl.col(_MESSAGE), pl.col(_VALUE), pl.col(_HINT)
        )

    def _shortened(self, words: pl.DataFrame, wrong: pl.DataFrame, most: int) -> pl.DataFrame:
        """Return texts of which those that stand last in a table have no words of their own: there are too many."""
        first = wrong.unique(keep="first", maintain_order=True).head(most)
        of_first = words.join(first, on=wrong.columns, how="semi")
        others = words.join(first, on=wrong.columns, how="anti").with_columns(
            pl.lit(f"{self.column} is at fault as in other rows").alias(_MESSAGE),
            pl.lit(None, dtype=pl.String).alias(_HINT),
        )
        return pl.concat([of_first, others])
