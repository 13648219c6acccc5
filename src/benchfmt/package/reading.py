"""Packages opened for reading: their tables, systems, records and flat view."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl
import pyarrow as pa
from pydantic import ValidationError

from benchfmt.descriptor import Descriptor, Resource, heading
from benchfmt.limits import LIMITS, Limits
from benchfmt.package.columns import conform, csv_batches, parquet_batches
from benchfmt.package.errors import PackageError
from benchfmt.package.opening import load_descriptor, open_folder
from benchfmt.readers.files import safe_path
from benchfmt.record import SCHEMA_VERSION, Record
from benchfmt.tables import Row, from_rows, system_from_row, table_of
from benchfmt.wide import widen

if TYPE_CHECKING:
    import pandas as pd


class Package:
    """A package opened for reading; a zip or a remote one lies in a temporary folder until it is closed."""

    def __init__(
        self, root: Path, descriptor: Descriptor, holder: AbstractContextManager[Any] | None = None
    ) -> None:
        """Take the folder that holds the tables and its descriptor, already read."""
        self.root = root
        self.descriptor = descriptor
        self._holder = holder

    def __enter__(self) -> Self:
        """Return the package."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the temporary folder, if there is one."""
        self.close()

    def close(self) -> None:
        """Let go of the temporary folder, if there is one."""
        if self._holder is not None:
            self._holder.__exit__(None, None, None)
            self._holder = None

    def resource(self, table: str) -> Resource:
        """Return what the descriptor says of a table; raises PackageError where it has none."""
        for resource in self.descriptor.resources:
            if resource.name == table:
                return resource
        raise PackageError(f"{self.root}: the descriptor has no resource named {table!r}")

    def path(self, table: str) -> Path:
        """Return the file of a table; raises PackageError or UnsafeError."""
        path = safe_path(self.root, self.resource(table).path)
        if not path.is_file():
            raise PackageError(f"{path}: the table {table!r} is not there")
        return path

    def batches(self, table: str) -> Iterator[pa.Table]:
        """Yield a table in parts, in order, with all columns of the standard; raises PackageError for a faulty cell."""
        if table == "systems" and all(
            resource.name != table for resource in self.descriptor.resources
        ):
            return  # records need not name systems
        path = self.path(table)
        resource = self.resource(table)
        parquet = path.suffix == ".parquet" or resource.format == "parquet"
        newer = (
            self.descriptor.benchfmt.version
            if self.descriptor.benchfmt.version != SCHEMA_VERSION
            else None
        )
        for part in parquet_batches(path) if parquet else csv_batches(path, resource):
            try:
                yield conform(table, part, path, newer)
            except (
                ValueError,
                TypeError,
                RecursionError,
            ) as error:  # such as extensions that are no JSON object
                raise PackageError(f"{path}: {error}; run benchfmt validate") from error

    def table(self, name: str) -> pa.Table:
        """Return a whole table."""
        return pa.concat_tables([table_of(name, []), *self.batches(name)])

    @property
    def systems(self) -> dict[str, dict[str, Any]]:
        """The systems by id, as plain data."""
        found = {}
        for row in self.table("systems").to_pylist():
            try:
                found[row["id"]] = system_from_row(row)
            except (ValueError, TypeError, RecursionError) as error:
                words = f"system {row['id']!r}: {error}; run benchfmt validate"
                raise PackageError(f"{self.root}: {words}") from error
        return found

    def records(self) -> Iterator[Record]:
        """Yield the records in order, one batch of rows in memory at a time; raises PackageError."""
        systems = {row["id"]: row for row in self.table("systems").to_pylist()}
        grouped = groupby(self._rows("measurements"), key=lambda row: row["record_id"])
        waiting = next(grouped, None)
        for row in self._rows("records"):
            rows: list[Row] = []
            if waiting and waiting[0] == row["id"]:
                rows = list(waiting[1])
                waiting = next(grouped, None)
            yield self._record(row, systems.get(row["system_id"] or ""), rows)
        if waiting:
            raise PackageError(
                f"{self.root}: measurements of {waiting[0]!r} do not stand in the order of the records; run benchfmt validate"
            )

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the records as plain data for JSON Lines, before them the heading, where the package declares anything."""
        said = heading(self.descriptor)
        if said:
            yield said
        for record in self.records():
            yield record.to_dict()

    def _record(self, row: Row, system: Row | None, rows: list[Row]) -> Record:
        try:
            return Record.from_dict(from_rows(row, system, rows))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            words = f"record {row['id']!r}: {where}{': ' if where else ''}{first['msg']}; run benchfmt validate"
            raise PackageError(f"{self.root}: {words}") from error
        except (ValueError, TypeError, RecursionError) as error:
            words = f"record {row['id']!r}: {error}; run benchfmt validate"
            raise PackageError(f"{self.root}: {words}") from error

    def _rows(self, table: str) -> Iterator[Row]:
        for batch in self.batches(table):
            yield from batch.to_pylist()

    def wide(self, *, qualified: bool = False) -> pa.Table:
        """Return one row a record with one column a measurement key (see `benchfmt.wide.widen`)."""
        frames = [
            pl.DataFrame(pl.from_arrow(self.table(name)))
            for name in ("records", "measurements", "systems")
        ]
        return widen(*frames, qualified=qualified).to_arrow()

    def to_pandas(self, *, qualified: bool = False) -> pd.DataFrame:
        """Return `wide()` as a pandas frame (needs the `pandas` extra)."""
        return self.wide(qualified=qualified).to_pandas()


def open_package(path: str | Path, *, remote: bool = False, limits: Limits = LIMITS) -> Package:
    """Open a package: its folder, its zip or its `datapackage.json`; a URL only with `remote=True`.

    Raises PackageError where there is none or its descriptor is faulty, UnsafeError where it breaks a safety limit.
    """
    folder = open_folder(path, remote=remote, limits=limits)
    try:
        return Package(folder.root, load_descriptor(folder.file, limits), folder.holder)
    except BaseException:
        folder.__exit__()
        raise
