"""Redaction: what is personal in a package gets a placeholder, and everything else stays as it is.

A placeholder is the kind and a number in the order of first appearance (`<home-1>`), so that equal texts stay equal and
nothing can be turned back. An id that follows from a text which is replaced is made anew from what stands there now: by
the old one a guess could be confirmed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl
import pyarrow as pa
from pydantic import JsonValue

from benchfmt.arrays import Chunked
from benchfmt.identity import (
    GENERATED_ID,
    PLACED_PREFIX,
    SYSTEM_PREFIX,
    canonical,
    global_id,
    record_id,
    system_id,
)
from benchfmt.personal.columns import free_columns, suspects
from benchfmt.personal.kinds import KINDS, Kind
from benchfmt.personal.mentions import is_public, mentions
from benchfmt.tables import Batch, Column, system_from_row

Row = Mapping[str, str | None]
_SOURCE = ("source_path", "source_sha256")
_OF_IDS = ("suite", *_SOURCE, "source_locator", "execution")
"""The columns from which the id of a record follows."""


class Redactor:
    """Replaces what is personal; the same text has the same placeholder wherever one redactor meets it."""

    def __init__(self) -> None:
        """Begin with no placeholder."""
        self._placeholders: dict[tuple[Kind, str], str] = {}
        self.replaced: Counter[Kind] = Counter()
        """How many texts and cells of each kind were replaced, each as often as it stands there."""
        self.new_ids = 0
        """How many records and systems have another id than without redaction."""

    def different(self, kind: Kind) -> int:
        """Return how many different texts of a kind were replaced."""
        return sum(1 for known, _ in self._placeholders if known is kind)

    def summary(self) -> list[str]:
        """Return what was replaced, a line for each kind."""
        lines = []
        for kind in KINDS:
            count = self.different(kind)
            if count:
                name = kind.one if count == 1 else kind.many
                lines.append(f"{count:,} {name} in {_places(self.replaced[kind])}")
        if self.new_ids:
            lines.append(f"{self.new_ids:,} ids follow from what was replaced and are new")
        return lines

    def text(self, text: str, member: str | None = None, *, times: int = 1) -> str:
        """Return a text with placeholders; `member` is the name under which it stands, `times` how often it does."""
        pieces = []
        end = 0
        for mention in mentions(text, member):
            pieces += [text[end : mention.start], self._placeholder(mention.kind, mention.text)]
            end = mention.end
            self.replaced[mention.kind] += times
        return "".join([*pieces, text[end:]])

    def document(self, members: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the members of a document with placeholders, the addresses of its contributors left as they are."""
        redacted = {}
        for name, value in members.items():
            redacted[name] = self._data(value, f"/{name}", name, 1)
        return redacted

    def batch(self, batch: Batch) -> Batch:
        """Return tables with placeholders in their free texts; joins hold."""
        systems, system_ids = self._systems(batch)
        records, record_ids = self._records(batch)
        records = _renamed(records, "system_id", system_ids)
        measurements = self._table("measurements", batch.measurements)
        measurements = _renamed(measurements, "record_id", record_ids)
        return replace(batch, systems=systems, records=records, measurements=measurements)

    def _placeholder(self, kind: Kind, text: str) -> str:
        key = (kind, text)
        if key not in self._placeholders:
            self._placeholders[key] = f"<{kind.name}-{self.different(kind) + 1}>"
        return self._placeholders[key]

    def _data(self, data: JsonValue, pointer: str, member: str | None, times: int) -> JsonValue:
        if isinstance(data, str):
            if is_public(pointer):
                return data
            return self.text(data, member, times=times)
        if isinstance(data, list):
            items = enumerate(data)
            return [
                self._data(item, f"{pointer}/{number}", member, times) for number, item in items
            ]
        if isinstance(data, dict):
            redacted = {}
            for name, value in data.items():
                inside = self._data(value, f"{pointer}/{name}", name, times)
                redacted[self.text(name, times=times)] = inside
            return redacted
        return data

    def _table(self, name: str, table: pa.Table) -> pa.Table:
        """Return a table with placeholders in its columns of free text."""
        for column in free_columns(name):
            place = table.schema.get_field_index(column.name)
            cells = table.column(place)
            if cells.null_count < len(cells):
                table = self._column(table, place, column)
        return table

    def _column(self, table: pa.Table, place: int, column: Column) -> pa.Table:
        """Return a table with placeholders in one column."""
        cells = _texts(table.column(place))
        old = suspects(cells, is_json=column.kind == "json")
        if not old:
            return table
        # In the order of the rows, so that the numbers of placeholders do not depend on anything else.
        counts = dict(cells.filter(cells.is_in(old)).value_counts().rows())
        new = [self._cell(cell, column, counts[cell]) for cell in old]
        if new == old:
            return table
        return _with_column(table, place, cells.replace(old, new))

    def _cell(self, cell: str, column: Column, times: int) -> str:
        if column.kind != "json":
            return self.text(cell, times=times)
        data = json.loads(cell)
        redacted = self._data(data, "", None, times)
        if redacted == data:
            return cell
        return canonical(redacted)

    def _systems(self, batch: Batch) -> tuple[pa.Table, dict[str, str]]:
        """Return the systems with placeholders, and the new ids of those that are named by a hash of what changed."""
        old = batch.systems
        new = self._table("systems", old)
        if new is old:
            return new, {}
        ids = _own_ids(old, new)
        for before, after in zip(old.to_pylist(), new.to_pylist(), strict=True):
            name = str(before["id"])
            is_hash = name.startswith(SYSTEM_PREFIX) and not name.startswith(PLACED_PREFIX)
            if is_hash and before != after:
                description = system_from_row({**after, "id": None})
                ids[name] = system_id(description, self._source_of(batch, name))
                self.new_ids += 1
        return _renamed(new, "id", ids), ids

    def _source_of(self, batch: Batch, system: str) -> dict[str, JsonValue]:
        """Return path and hash of the first source that names a system."""
        records = batch.records.select(["system_id", *_SOURCE])
        frame = pl.DataFrame(pl.from_arrow(records)).cast(pl.String)
        first = frame.filter(pl.col("system_id") == system).head(1).rows(named=True)
        if not first or first[0]["source_path"] is None:
            return {}
        source: dict[str, JsonValue] = {"path": self.text(first[0]["source_path"], times=0)}
        if first[0]["source_sha256"] is not None:
            source["sha256"] = first[0]["source_sha256"]
        return source

    def _records(self, batch: Batch) -> tuple[pa.Table, dict[str, str]]:
        """Return the records with placeholders, and the new ids of those that are named by a hash of what changed."""
        old = batch.records
        new = self._table("records", old)
        if new is old:
            return new, {}
        ids = _own_ids(old, new)
        for name, before, after in _changed(old, new):
            fresh = _fresh_id(name, before, after)
            if fresh is not None:
                ids[name] = fresh
                self.new_ids += 1
        return _renamed(new, "id", ids), ids


def _places(count: int) -> str:
    if count == 1:
        return "1 place"
    return f"{count:,} places"


def _texts(cells: Chunked) -> pl.Series:
    return pl.Series(pl.from_arrow(cells.cast(pa.string())))


def _with_column(table: pa.Table, place: int, cells: pl.Series) -> pa.Table:
    column = cells.to_arrow().cast(pa.string())
    return table.set_column(place, table.schema.names[place], column)


def _renamed(table: pa.Table, column: str, ids: Mapping[str, str]) -> pa.Table:
    """Return a table with other ids in a column."""
    if not ids:
        return table
    place = table.schema.get_field_index(column)
    return _with_column(table, place, _texts(table.column(place)).replace(ids))


def _own_ids(old: pa.Table, new: pa.Table) -> dict[str, str]:
    """Return the ids that got a placeholder, by what they were."""
    before, after = _texts(old["id"]), _texts(new["id"])
    is_other = before != after
    return dict(zip(before.filter(is_other), after.filter(is_other), strict=True))


def _changed(old: pa.Table, new: pa.Table) -> Iterator[tuple[str, Row, Row]]:
    """Yield the id of each record of which something changed that ids follow from, with that before and after."""
    names = ["id", *_OF_IDS]
    before = pl.DataFrame(pl.from_arrow(old.select(names))).cast(pl.String)
    after = pl.DataFrame(pl.from_arrow(new.select(names))).cast(pl.String)
    different = pl.Series([False]).new_from_index(0, before.height)
    for name in _OF_IDS:
        different |= before[name].ne_missing(after[name])
    rows = zip(
        before.filter(different).rows(named=True),
        after.filter(different).rows(named=True),
        strict=True,
    )
    for row, redacted in rows:
        yield row["id"], row, redacted


def _fresh_id(name: str, before: Row, after: Row) -> str | None:
    """Return the id that follows from what stands in a record now; None where the old one did not follow."""
    if not re.fullmatch(GENERATED_ID, name):
        return None
    if before["source_path"] is not None and name == _id_by_source(before):
        return _id_by_source(after)
    if before["execution"] is not None and name == _id_by_execution(before):
        return _id_by_execution(after)
    return None


def _id_by_source(row: Row) -> str:
    path = str(row["source_path"])
    return record_id(str(row["suite"]), path, row["source_sha256"], row["source_locator"])


def _id_by_execution(row: Row) -> str:
    return global_id(str(row["suite"]), str(row["execution"]))
