"""Comparing: which records of two packages are added, removed or changed, by id, and in which fields.

Each record of both packages becomes its id and one number over all of its cells, and only records whose numbers differ are
read again; so memory grows by a few bytes for each record, and by those that are listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from benchfmt.comparing.fields import Change, Content, changes
from benchfmt.limits import LIMITS, Limits
from benchfmt.package import Package, open_package
from benchfmt.rowhash import row_hashes, text_hashes
from benchfmt.tables import Row, arrow_schema, table_of

__all__ = ["Change", "ChangedRecord", "Difference", "compare"]
_NO_NUMBER = pl.lit(0, pl.UInt64).alias("number")
LISTED = 1_000
"""Of so many changed records the fields are listed where nothing else is asked for."""


@dataclass(frozen=True)
class ChangedRecord:
    """A record that both packages hold, and what of it differs."""

    id: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """The ids of records that only the new or only the old package holds, and those that differ."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[ChangedRecord, ...] = ()
    not_listed: int = 0
    """How many further records differ, whose fields were not asked for."""

    @property
    def is_same(self) -> bool:
        """Whether both packages hold the same records."""
        return not (self.added or self.removed or self.changed or self.not_listed)

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the difference as plain data (documented in docs/data.md)."""
        changed: list[JsonValue] = []
        for record in self.changed:
            fields: list[JsonValue] = [
                {"field": change.field, "before": change.before, "after": change.after}
                for change in record.changes
            ]
            changed.append({"id": record.id, "changes": fields})
        return {
            "same": self.is_same,
            "added": [*self.added],
            "removed": [*self.removed],
            "changed": changed,
            "not_listed": self.not_listed,
        }


def compare(
    old: str | Path,
    new: str | Path,
    *,
    most: int = LISTED,
    remote: bool = False,
    limits: Limits = LIMITS,
) -> Difference:
    """Return how the records of a package differ from those of an older one; raises BenchfmtError.

    The fields of at most so many changed records are listed.
    """
    with (
        open_package(old, remote=remote, limits=limits) as older,
        open_package(new, remote=remote, limits=limits) as newer,
    ):
        before = _numbers(older)
        after = _numbers(newer)
        both = before.join(after, on="id", suffix="_new", maintain_order="left")
        differing = both.filter(pl.col("number") != pl.col("number_new"))["id"]
        listed = differing.head(most)
        return Difference(
            added=_only_in(after, before),
            removed=_only_in(before, after),
            changed=tuple(
                ChangedRecord(str(was.record["id"]), tuple(changes(was, now)))
                for was, now in zip(_contents(older, listed), _contents(newer, listed), strict=True)
            ),
            not_listed=differing.len() - listed.len(),
        )


def _only_in(numbers: pl.DataFrame, others: pl.DataFrame) -> tuple[str, ...]:
    return tuple(numbers.join(others, on="id", how="anti", maintain_order="left")["id"])


def _numbers(package: Package) -> pl.DataFrame:
    """Return for each record, in order, its `id` and a `number` that depends on all of its cells."""
    systems = _gathered(package, "systems", "id", "id")
    sums = _summed(package)
    records = _gathered(package, "records", "id", "id", "system_id").unique(
        "id", keep="first", maintain_order=True
    )
    joined = records.join(
        systems.unique("id", keep="first"),
        left_on="system_id",
        right_on="id",
        how="left",
        suffix="_system",
        maintain_order="left",
    ).join(
        sums, left_on="id", right_on="record_id", how="left", suffix="_sum", maintain_order="left"
    )
    number = row_hashes(joined, ("number", "number_system", "number_sum"))
    return joined.select("id", number.alias("number"))


def _summed(package: Package) -> pl.DataFrame:
    """Return for each record a `number` over its measurements; their order is not what a record says."""
    total = pl.col("number").sum()
    parts = [_empty("measurements").select("record_id", _NO_NUMBER)]
    for rows in _numbered(package, "measurements", "record_id", "record_id"):
        # A batch is summed before the next one is read: there are many measurements of few records.
        parts.append(rows.group_by("record_id").agg(total))
    return pl.concat(parts).group_by("record_id").agg(total)


def _gathered(package: Package, table: str, without: str, *keep: str) -> pl.DataFrame:
    """Return some columns of a table, and for each row a `number` over its cells, but for one column."""
    empty = _empty(table).select(*keep, _NO_NUMBER)
    return pl.concat([empty, *_numbered(package, table, without, *keep)])


def _numbered(package: Package, table: str, without: str, *keep: str) -> Iterator[pl.DataFrame]:
    names = [name for name in arrow_schema(table).names if name != without]
    for rows in _frames(package, table):
        # Hashed twice, so that numbers of rows that exchange a cell have another sum.
        number = text_hashes(row_hashes(rows, names))
        yield rows.select(*keep, number.alias("number"))


def _frames(package: Package, table: str) -> Iterator[pl.DataFrame]:
    for rows in package.batches(table):
        yield pl.DataFrame(pl.from_arrow(rows))


def _empty(table: str) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table_of(table, [])))


def _contents(package: Package, ids: pl.Series) -> list[Content]:
    """Return what some records say, in the order of their ids."""
    records = {row["id"]: row for row in _rows(package, "records", "id", ids)}
    wanted = pl.Series([row["system_id"] for row in records.values()], dtype=pl.String)
    systems = {row["id"]: row for row in _rows(package, "systems", "id", wanted)}
    measurements: dict[str, list[Row]] = {name: [] for name in ids}
    for row in _rows(package, "measurements", "record_id", ids):
        measurements[str(row["record_id"])].append(row)
    return [
        Content(records[name], systems.get(records[name]["system_id"] or ""), measurements[name])
        for name in ids
    ]


def _rows(package: Package, table: str, column: str, values: pl.Series) -> Iterator[Row]:
    """Yield the rows whose cell in a column is one of some."""
    for rows in _frames(package, table):
        yield from rows.filter(pl.col(column).is_in(values.implode())).iter_rows(named=True)
