"""What every form of results becomes: portions of typed rows, and where these stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

import polars as pl

from benchfmt.checks.frames import OWNER
from benchfmt.descriptor import Descriptor, Heading
from benchfmt.validation.places import Places
from benchfmt.vocabulary import Metric, vocabulary


@dataclass(frozen=True)
class Terms:
    """The metrics and prefixes that hold: the vocabulary's, and those that a package declares."""

    metrics: Mapping[str, Metric]
    prefixes: frozenset[str]

    @classmethod
    def of(cls, declared: Descriptor | Heading | None) -> Self:
        """Return the terms that hold beside a descriptor or a heading."""
        metrics = dict(vocabulary().metrics)
        prefixes = set(vocabulary().terms("prefix"))
        if declared is not None:
            metrics |= declared.metrics()
            prefixes |= set(declared.benchfmt.prefixes)
        return cls(metrics, frozenset(prefixes))


@dataclass(frozen=True)
class Rows:
    """Typed rows of a table with their numbers, and which of them have no fault of structure."""

    frame: pl.DataFrame
    sound: pl.Series

    @classmethod
    def all_sound(cls, frame: pl.DataFrame) -> Self:
        """Return rows that have no fault of structure."""
        return cls(frame, pl.repeat(value=True, n=frame.height, dtype=pl.Boolean, eager=True))

    def filter(self, kept: pl.Series) -> Self:
        """Return some of the rows."""
        if kept.all():
            return self
        return type(self)(self.frame.filter(kept), self.sound.filter(kept))

    def slice(self, start: int, length: int) -> Self:
        """Return rows that stand together."""
        return type(self)(self.frame.slice(start, length), self.sound.slice(start, length))

    def placed(self, first: int) -> Self:
        """Return records with their places among all, from the place of the first one on."""
        places = pl.int_range(first, first + self.frame.height, dtype=pl.Int64, eager=True)
        return type(self)(self.frame.with_columns(places.alias(OWNER)), self.sound)

    def sound_rows(self) -> pl.DataFrame:
        """Return the rows without a fault of structure."""
        if self.sound.all():
            return self.frame
        return self.frame.filter(self.sound)


def no_ids() -> pl.Series:
    """Return an empty column of record ids."""
    return pl.Series([], dtype=pl.String)


@dataclass(frozen=True)
class Portion:
    """Some records with all of their measurements, and their systems; its size bounds the memory."""

    records: Rows
    measurements: Rows
    systems: pl.DataFrame
    places: Places
    terms: Terms
    doubtful: pl.Series = field(default_factory=no_ids)
    """The ids of records of which some measurements could not be read."""
    told: frozenset[str] = frozenset()
    """The codes of faults that the form reports where it has a better place for them."""
    has_new_systems: bool = True
    """Whether the systems were not judged with an earlier portion."""


class Form(Protocol):
    """A form in which results are kept: the adapter that reads it.

    It reports what keeps cells from being typed; all that follows from typed cells is judged by the loop.
    """

    name: str
    """The file that a finding shows where the form holds no record."""
    without_records: str
    """What that finding says."""

    def portions(self) -> Iterator[Portion]:
        """Yield the results in portions, in their order."""

    def unsettled(self) -> pl.Series | None:
        """Return the ids of records to which a measurement may belong that was not given; None for all of them.

        It is asked after the last portion.
        """
