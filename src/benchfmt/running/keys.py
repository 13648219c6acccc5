"""What tells the records of a batch apart, as columns: a hash of each id and of each content.

Two records are the same where both hashes are: numbers of 64 bits, which two of four million different records share with
a probability of one in two million. They are polars' own, so all who read for one conversion need the same version of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from benchfmt.arrays import Arrow, Chunked, are_empty, array_of, codes_of, places_in
from benchfmt.tables import TABLES, Batch, Builder, arrow_schema

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_FIRST_NUMBER = {name: 1_000 * place for place, name in enumerate(TABLES)}
_ODD = 0x9E3779B97F4A7C15
"""An odd number whose multiples are far apart: 2**64 over the golden ratio."""
_COMBINATIONS = 2**14
"""So many combinations of the words of several columns are hashed before they are looked up."""


@dataclass(frozen=True, slots=True)
class Tables:
    """A batch, with the columns that finding duplicates needs."""

    batch: Batch
    ids: Hashes
    """Of each record's id."""
    contents: Hashes
    """Of all that each record says; of its system, only the id."""
    sizes: Numbers
    """How many measurements each record has."""
    systems: Numbers
    """The row of each record's system, -1 for none."""
    owners: Numbers
    """The row of the record to which each measurement belongs."""
    system_ids: list[str]
    forms: Hashes
    """Of all that is said of each system."""

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.ids)

    def kept(self, keep: Flags) -> Batch:
        """Return the batch with some of its records only, with their measurements and systems."""
        if keep.all():
            return self.batch
        used = np.zeros(len(self.forms), bool)
        systems = self.systems[keep]
        used[systems[systems >= 0]] = True
        return Batch(
            self.batch.systems.filter(_mask(used)),
            self.batch.records.filter(_mask(keep)),
            self.batch.measurements.filter(_mask(keep[self.owners])),
        )


def of_builder(builder: Builder) -> Tables:
    """Return the tables of records that were gathered one by one."""
    owners = np.repeat(np.arange(len(builder)), builder.sizes)
    return _tables(builder.batch(), owners, np.array(builder.systems, np.int64))


def of_batch(batch: Batch) -> Tables:
    """Return the tables of a batch, whose parts belong together by their ids."""
    ids = _texts(batch.records["id"])
    owners = _owners(batch.measurements["record_id"], ids)
    systems = _rows_of(_texts(batch.records["system_id"]), _texts(batch.systems["id"]))
    return _tables(batch, owners, systems)


def _tables(batch: Batch, owners: Numbers, systems: Numbers) -> Tables:
    return Tables(
        batch=batch,
        ids=_texts(batch.records["id"]).hash().to_numpy(),
        contents=_contents(batch, owners),
        sizes=np.bincount(owners, minlength=batch.records.num_rows),
        systems=systems,
        owners=owners,
        system_ids=_texts(batch.systems["id"]).to_list(),
        forms=hashes("systems", batch.systems),
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """A column to be hashed, and which of its cells are empty."""

    factor: np.uint64
    values: Chunked
    is_empty: Flags | None

    def hashes(self, of_values: Hashes) -> Hashes:
        """Return the hash of each cell, 0 for an empty one, by the hashes of the values."""
        found = of_values * self.factor
        if self.is_empty is not None:
            found[self.is_empty] = 0
        return found


@dataclass(frozen=True, slots=True)
class _Coded:
    """Columns of few different words: the hash of each combination of them, and the place of each row's."""

    hashes: Hashes
    places: npt.NDArray[np.int32]

    def with_column(self, other: _Coded) -> _Coded:
        """Return these columns and another one."""
        size = len(other.hashes)
        combined = np.add.outer(self.hashes, other.hashes).ravel()
        return _Coded(combined, self.places * np.int32(size) + other.places)

    def of_rows(self) -> Hashes:
        """Return the hash of each row."""
        return self.hashes[self.places.astype(np.int64)]


def hashes(name: str, table: pa.Table) -> Hashes:
    """Return a hash of each row of one of the three tables, whatever types its columns have; equal rows have equal ones.

    To which record a measurement belongs is no part of its hash: that of the record says it. An odd factor for each
    column, which loses nothing, keeps equal cells of different columns apart.
    """
    total = np.zeros(table.num_rows, np.uint64)
    groups: dict[pa.DataType, list[_Cells]] = {}
    coded = []
    for number, field in zip(count(_FIRST_NUMBER[name]), arrow_schema(name), strict=False):
        cells = table[field.name]
        if field.name == "record_id" or cells.null_count == len(cells):
            continue
        factor = np.uint64(_ODD * (2 * number + 1) % 2**64)
        if pa.types.is_dictionary(cells.type):
            coded.append(_coded(cells, field.type, factor))
        else:
            groups.setdefault(field.type, []).append(_cells(cells, field.type, factor))
    for part in _combined(coded):
        total += part.of_rows()
    # Columns of one type are hashed together, since a call costs more than the cells of a small table.
    for columns in groups.values():
        chunks = [chunk for column in columns for chunk in column.values.chunks]
        stacked = _hashed(pa.chunked_array(chunks))
        ends = np.cumsum([len(column.values) for column in columns])
        for column, of_values in zip(columns, np.split(stacked, ends[:-1]), strict=True):
            total += column.hashes(of_values)
    return total


def _cells(cells: Chunked, kind: pa.DataType, factor: np.uint64) -> _Cells:
    is_empty = are_empty(cells.chunks) if cells.null_count else None
    return _Cells(factor, cells if cells.type == kind else cells.cast(kind), is_empty)


def _coded(cells: Chunked, kind: pa.DataType, factor: np.uint64) -> _Coded:
    whole: Any = cells.unify_dictionaries().combine_chunks()
    words = pa.chunked_array([whole.dictionary.cast(kind)])
    # An empty cell has the place after the last word, and no hash.
    of_words = np.append(_hashed(words) * factor, np.uint64(0))
    return _Coded(of_words, codes_of(whole))


def _combined(columns: list[_Coded]) -> list[_Coded]:
    """Return columns of words, joined where their words have few combinations: to look up a row's costs more."""
    joined: list[_Coded] = []
    for column in columns:
        if joined and len(joined[-1].hashes) * len(column.hashes) <= _COMBINATIONS:
            joined[-1] = joined[-1].with_column(column)
        else:
            joined.append(column)
    return joined


def _hashed(values: Chunked) -> Hashes:
    of_values: Hashes = pl.Series(pl.from_arrow(values)).hash(0).to_numpy()
    return of_values


def _contents(batch: Batch, owners: Numbers) -> Hashes:
    """Return a hash of each record with its measurements, whose order counts."""
    contents = hashes("records", batch.records)
    measurements = hashes("measurements", batch.measurements)
    # The first measurement of a record counts three times, the next one five times, and so on: odd factors lose nothing.
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    sizes = np.diff(starts, append=len(owners))
    places = np.arange(len(owners)) - np.repeat(starts, sizes)
    np.add.at(contents, owners, measurements * (2 * places + 3).astype(np.uint64))
    return contents


def _texts(cells: Chunked) -> pl.Series:
    return pl.Series(pl.from_arrow(cells.cast(pa.string())))


def _owners(record_ids: Chunked, ids: pl.Series) -> Numbers:
    """Return the row of the record to which each measurement belongs."""
    if pa.types.is_dictionary(record_ids.type) and record_ids.num_chunks == 1:
        chunk: Any = record_ids.chunk(0)
        if pl.Series(pl.from_arrow(chunk.dictionary)).equals(ids):
            owners: Numbers = places_in(chunk.indices).astype(np.int64)
            return owners
    return _rows_of(_texts(record_ids), ids)


def _rows_of(names: pl.Series, ids: pl.Series) -> Numbers:
    """Return the first row of each name among ids, -1 where it is none of them."""
    runs = names.rle()
    if runs.struct.field("value").equals(ids):
        # The usual order: what belongs to a record follows what belongs to the record before.
        return np.repeat(np.arange(len(ids)), runs.struct.field("len").to_numpy())
    rows = pl.DataFrame({"name": ids}).with_row_index("row").unique("name", keep="first")
    found = names.to_frame("name").join(rows, on="name", how="left", maintain_order="left")
    return found["row"].cast(pl.Int64).fill_null(-1).to_numpy()


def _mask(flags: Flags) -> Arrow:
    return array_of(flags.tolist(), pa.bool_())
