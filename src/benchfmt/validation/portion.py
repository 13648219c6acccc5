"""What every form of results becomes: portions of typed rows, and where these stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import polars as pl

from benchfmt.checks.frames import OWNER
from benchfmt.checks.kinds import TEXTS
from benchfmt.descriptor import Descriptor, Heading
from benchfmt.rowhash import Hashes
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
    named: pl.DataFrame | None = None
    """What measurements lack that are without names (`kinds.Names`), for each of their kinds."""

    @classmethod
    def all_sound(cls, frame: pl.DataFrame) -> Self:
        """Return rows that have no fault of structure."""
        return cls(frame, pl.repeat(value=True, n=frame.height, dtype=pl.Boolean, eager=True))

    def filter(self, kept: pl.Series) -> Self:
        """Return some of the rows."""
        if kept.all():
            return self
        return replace(self, frame=self.frame.filter(kept), sound=self.sound.filter(kept))

    def slice(self, start: int, length: int) -> Self:
        """Return rows that stand together."""
        return replace(
            self, frame=self.frame.slice(start, length), sound=self.sound.slice(start, length)
        )

    def placed(self, first: int) -> Self:
        """Return records with their places among all, from the place of the first one on."""
        places = pl.int_range(first, first + self.frame.height, dtype=pl.Int64, eager=True)
        return replace(self, frame=self.frame.with_columns(places.alias(OWNER)))

    def with_names(self) -> Self:
        """Return measurements with the names that they lack."""
        if self.named is None:
            return self
        named = self.frame.join(self.named, on=TEXTS, how="left", maintain_order="left")
        return replace(self, frame=named, named=None)

    def sound_rows(self) -> pl.DataFrame:
        """Return the rows without a fault of structure."""
        if self.sound.all():
            return self.frame
        return self.frame.filter(self.sound)


class Pieces:
    """Rows that stand one after the other in pieces, which are put together where they are judged."""

    def __init__(self, pieces: Iterable[Rows]) -> None:
        """Take the pieces, one at least."""
        self._pieces = list(pieces)

    def taken(self) -> Rows:
        """Return the rows, once: the pieces are let go of, so that they are not in memory beside the whole."""
        pieces = self._pieces
        self._pieces = []
        if len(pieces) == 1 and pieces[0].frame.n_chunks() == 1:
            return pieces[0]
        named = [rows.named for rows in pieces if rows.named is not None]
        if named and len(named) < len(pieces):
            pieces = [rows.with_names() for rows in pieces]
            named = []
        sound = pl.concat([rows.sound for rows in pieces])
        frames = [rows.frame for rows in pieces]
        pieces.clear()
        if not named:
            return Rows(_joined(frames), sound)
        last = named[-1]
        if any(each is not last for each in named):
            last = pl.concat(named).unique(TEXTS, maintain_order=True)
        return Rows(_joined(frames), sound, last)


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Return frames in one piece, with one cell in place of a column that has none: most have none."""
    filled = []
    without_cell = []
    for name, kind in frames[0].schema.items():
        if all(frame[name].null_count() == frame.height for frame in frames):
            without_cell.append(pl.lit(None, dtype=kind).alias(name))
        else:
            filled.append(name)
    whole = pl.concat([frame[filled] for frame in frames], rechunk=True)
    return whole.with_columns(without_cell)[frames[0].columns]


def no_ids() -> pl.Series:
    """Return an empty column of record ids."""
    return pl.Series([], dtype=pl.String)


@dataclass(frozen=True)
class Portion:
    """Some records with all of their measurements, and their systems; its size bounds the memory."""

    records: Rows
    measurements: Pieces
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

    def unsettled(self) -> Hashes | None:
        """Return the hashes of ids of records to which a measurement may belong that was not given; None for all of them.

        It is asked after the last portion.
        """
