"""Packages opened for reading: their tables, systems, records and flat view."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self, Unpack

import polars as pl
import pyarrow as pa
from pydantic import JsonValue, ValidationError

from benchfmt.comparison.questions import question as question_named
from benchfmt.descriptor import Descriptor, Resource, heading
from benchfmt.limits import LIMITS, Limits
from benchfmt.migrate import is_newer, is_older, rows_to_current
from benchfmt.package.columns import conform, csv_batches, own_types
from benchfmt.package.errors import PackageError
from benchfmt.package.opening import load_descriptor, open_folder
from benchfmt.package.parquet import bounded_frames, parquet_batches, rows_of
from benchfmt.package.parts import Part, parts_of
from benchfmt.package.plotting import chart
from benchfmt.package.shortening import short_texts
from benchfmt.package.showing import html_of, line_of
from benchfmt.package.sql import answer
from benchfmt.package.systems import SystemsById, bounded
from benchfmt.readers.files import UnsafeError, refuse_hollow
from benchfmt.record import Record
from benchfmt.tables import Row, from_rows, system_from_row, table_of
from benchfmt.wide import USUAL_QUESTION, Options, attributes, flat_table, listing

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

Prepare = Callable[[pl.DataFrame], pl.DataFrame]
"""What makes rows ready of rows as they stand."""


class Package:
    """A package opened for reading; a zip or a remote one lies in a temporary folder until it is closed."""

    def __init__(
        self,
        root: Path,
        descriptor: Descriptor,
        holder: TemporaryDirectory[str] | None = None,
        limits: Limits = LIMITS,
        *,
        is_short: bool = False,
    ) -> None:
        """Take the folder that holds the tables, its descriptor, already read, and the limits in force."""
        self.root = root
        self.descriptor = descriptor
        self.origin: str | Path | None = None
        """What was opened: a folder, an archive, a descriptor or an address."""
        self._holder = holder
        self.limits = limits
        """The limits in force."""
        self.is_short = is_short
        """Whether long texts of its tables are shortened, as `short_text` does: for what is read by people."""

    def __enter__(self) -> Self:
        """Return the package."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the temporary folder, if there is one."""
        self.close()

    def close(self) -> None:
        """Let go of the temporary folder, if there is one."""
        if self._holder is not None:
            self._holder.cleanup()
            self._holder = None

    def resource(self, table: str) -> Resource:
        """Return what the descriptor says of a table; raises PackageError where it has none."""
        for resource in self.descriptor.resources:
            if resource.name == table:
                return resource
        if any(resource.annotated for resource in self.descriptor.resources):
            raise PackageError(
                f"{self.root}: it is an annotated table and no package; benchfmt convert makes one of it"
            )
        raise PackageError(f"{self.root}: the descriptor has no resource named {table!r}")

    def parts(self, table: str) -> list[Part]:
        """Return the files of a table, in order; raises PackageError or UnsafeError."""
        parts = parts_of(self.root, self.resource(table))
        seen: set[Path] = set()
        for part in parts:
            if part.path in seen:
                message = f"the table {table!r} names this file twice; run benchfmt validate"
                raise PackageError(f"{part.path}: {message}")
            seen.add(part.path)
            if not part.path.is_file():
                raise PackageError(f"{part.path}: the table {table!r} does not exist")
            refuse_hollow(part.path, self.limits)
        return parts

    def batches(self, table: str, only: Collection[str] = ()) -> Iterator[pa.Table]:
        """Yield a table in parts, in order, with all columns of the standard; raises PackageError for a faulty cell.

        With `only`, it has only those columns, and of Parquet no others are read. Raises UnsafeError for more systems
        than fit into memory.
        """
        rows: Iterator[pa.Table] = (
            batch for _, batches in self.by_part(table, only) for batch in batches
        )
        if table == "systems":
            rows = bounded(rows, self.root, self.limits)
        yield from rows

    def by_part(
        self, table: str, only: Collection[str] = ()
    ) -> Iterator[tuple[Part, Iterator[pa.Table]]]:
        """Yield each file of a table, in order, with its rows, as `batches` gives those of all."""
        names = [resource.name for resource in self.descriptor.resources]
        if table == "systems" and table not in names:
            return  # records need not name systems
        for part in self.parts(table):
            yield part, self._batches_of(part, table, only)

    def _batches_of(self, part: Part, table: str, only: Collection[str]) -> Iterator[pa.Table]:
        version = self.descriptor.benchfmt.version
        newer = None
        if is_newer(version):
            newer = version
        shorten: Prepare | None = None
        if self.is_short:
            shorten = partial(short_texts, table)
        for rows in _rows_of(part, version, table, self.limits, only, shorten):
            try:
                yield conform(table, rows, part.path, newer, only)
            except (ValueError, TypeError, RecursionError) as error:
                # Such as extensions that are no JSON object.
                raise PackageError(f"{part.path}: {error}; run benchfmt validate") from error

    def frames(self, table: str, only: Collection[str]) -> Iterator[pl.DataFrame]:
        """Yield some columns of a table as frames of polars, else as `batches`.

        Parquet of the standard's own types is not copied on the way.
        """
        for number in range(len(self.parts(table))):
            yield from self.part_frames(table, number, only)

    def part_frames(self, table: str, number: int, only: Collection[str]) -> Iterator[pl.DataFrame]:
        """Yield some columns of one file of a table, as `frames` yields those of all."""
        version = self.descriptor.benchfmt.version
        parts = self.parts(table)
        part = parts[number]
        is_plain = not (is_newer(version) or is_older(version))
        if not (is_plain and all(part.is_parquet for part in parts)):
            yield from map(_as_frame, self._batches_of(part, table, only))
            return
        for frame in bounded_frames(part.path, self.limits, only):
            plain = own_types(table, frame, only)
            if plain is None:
                plain = _as_frame(conform(table, frame.to_arrow(), part.path, None, only))
            yield short_texts(table, plain) if self.is_short else plain

    def rows_of_parts(self, table: str) -> list[int]:
        """Return how many rows each file of a table says to have, all of them Parquet; raises PackageError."""
        return [rows_of(part.path, self.limits) for part in self.parts(table)]

    def table(self, name: str) -> pa.Table:
        """Return a whole table."""
        return pa.concat_tables([table_of(name, []), *self.batches(name)])

    @property
    def systems(self) -> dict[str, dict[str, JsonValue]]:
        """The systems by id, as plain data; raises PackageError."""
        systems = {}
        for row in self.table("systems").to_pylist():
            try:
                systems[row["id"]] = system_from_row(row)
            except (ValueError, TypeError, RecursionError) as error:
                raise self._error(f"system {row['id']!r}: {error}") from error
        return systems

    def records(self, *, part: int | None = None) -> Iterator[Record]:
        """Yield the records in order, one batch of rows in memory at a time; raises PackageError.

        Of a package in parts, `part` is the number of one whose measurements are in the part of the same number.
        """
        systems = SystemsById(self.table("systems"))
        grouped = groupby(self._rows("measurements", part), key=lambda row: row["record_id"])
        waiting = next(grouped, None)
        for row in self._rows("records", part):
            rows: list[Row] = []
            if waiting and waiting[0] == row["id"]:
                rows = self._bounded(waiting[1], str(row["id"]))
                waiting = next(grouped, None)
            yield self._record(row, systems.get(row["system_id"] or ""), rows)
        if waiting:
            raise self._error(
                f"measurements of {waiting[0]!r} do not stand in the order of the records"
            )

    def lines(self) -> Iterator[dict[str, JsonValue]]:
        """Yield the records as plain data for JSON Lines, before them the heading, where the package declares anything."""
        declared = heading(self.descriptor)
        if declared:
            yield declared
        for record in self.records():
            yield record.to_dict()

    def _bounded(self, rows: Iterator[Row], record: str) -> list[Row]:
        """Return the measurements of a record; raises UnsafeError for more than a record may have."""
        most = self.limits.record_measurements
        some = list(islice(rows, most + 1))
        if len(some) > most:
            message = f"the record {record!r} has more than {most:,} measurements"
            raise UnsafeError("BF907", f"{self.root}: {message}; no more are read")
        return some

    def _record(self, row: Row, system: Row | None, rows: list[Row]) -> Record:
        try:
            return Record.from_dict(from_rows(row, system, rows))
        except ValidationError as error:
            raise self._error(f"record {row['id']!r}: {_first_of(error)}") from error
        except (ValueError, TypeError, RecursionError) as error:
            raise self._error(f"record {row['id']!r}: {error}") from error

    def _error(self, reason: str) -> PackageError:
        return PackageError(f"{self.root}: {reason}; run benchfmt validate")

    def _rows(self, table: str, part: int | None) -> Iterator[Row]:
        for number, (_, batches) in enumerate(self.by_part(table)):
            if part in (None, number):
                for batch in batches:
                    yield from batch.to_pylist()

    def wide(self, **options: Unpack[Options]) -> pa.Table:
        """Return one row a record with one column a measurement key; for the options see `benchfmt.wide.widen`."""
        frames = [
            pl.DataFrame(pl.from_arrow(self.table(name)))
            for name in ("records", "measurements", "systems")
        ]
        return flat_table(*frames, **options)

    def columns(self, **options: Unpack[Options]) -> pa.Table:
        """Return what the columns of `wide()` are, a row each: `column`, `type`, `unit`, `description`, and its `values`.

        `values` is how many rows have one. What no source of words says is null.
        """
        return listing(self.wide(**options))

    def sql(self, query: str) -> pa.Table:
        """Answer a query over the tables of this package by DuckDB (needs the `query` extra); raises QueryError.

        The tables are `records`, `measurements`, `systems`, and `wide`, the flat view; see `benchfmt.package.sql`.
        """
        with answer({str(self.root): self}, query) as batches:
            return batches.read_all()

    def to_pandas(self, **options: Unpack[Options]) -> pd.DataFrame:
        """Return `wide()`, with the same options, as a pandas frame (needs the `pandas` extra).

        Its `attrs` have the `units` and `descriptions` of columns, by name, and how many values are `left_out`.
        """
        table = self.wide(**options)
        try:
            frame = table.to_pandas()
        except ModuleNotFoundError as error:
            raise PackageError(
                "a frame of pandas needs pandas; install benchfmt[pandas]"
            ) from error
        frame.attrs.update(attributes(table))
        return frame

    def plot(
        self,
        y: str = "primary_value",
        x: str = "system_id",
        *,
        color: str = "engine",
        panels: int = 12,
        **options: Unpack[Options],
    ) -> alt.FacetChart:
        """Return a figure of columns of `wide()` for a notebook (needs the `plot` extra); raises BenchfmtError.

        Each panel is a group of results whose `y` compares and that have an `x`, the largest groups first; what is in
        no group is not drawn. `y` is a measurement; `x` and `color` may be any columns. An axis has its unit in its
        title. What differs within a panel is up to `question`: systems, or models with `question="model"`.
        """
        options["groups"] = True
        asked = question_named(options.get("question", USUAL_QUESTION))
        return chart(self.wide(**options), y, x, color, panels, asked)

    def __repr__(self) -> str:
        """Return what a prompt shows: its name, where it is, and how much it holds where that is known without reading."""
        return line_of(self)

    def _repr_html_(self) -> str:
        """Return what Jupyter shows: what the package holds, and its first results."""
        return html_of(self)


def _as_frame(table: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table))


def _first_of(error: ValidationError) -> str:
    """Return where the first fault of a record stands, and what it is."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if not field:
        return first["msg"]
    return f"{field}: {first['msg']}"


def _rows_of(
    part: Part,
    version: str,
    table: str,
    limits: Limits,
    only: Collection[str],
    shorten: Prepare | None,
) -> Iterator[pa.Table]:
    """Return the rows of a file of a table as rows of this version, a batch at a time."""
    is_own = not (is_newer(version) or is_older(version))
    prepare = partial(rows_to_current, version, table)
    if shorten is not None:
        prepare = partial(_both, prepare, shorten)
    if not part.is_parquet:
        return csv_batches(part.path, part.resource, prepare, limits, only if is_own else ())
    if not is_older(version) and shorten is None:
        return parquet_batches(part.path, limits, only)
    frames = bounded_frames(part.path, limits, () if is_older(version) else only)
    return (prepare(frame).to_arrow(compat_level=pl.CompatLevel.oldest()) for frame in frames)


def _both(first: Prepare, second: Prepare, frame: pl.DataFrame) -> pl.DataFrame:
    return second(first(frame))


def open_package(
    path: str | Path, *, remote: bool = False, limits: Limits = LIMITS, is_short: bool = False
) -> Package:
    """Open a package: its folder, its zip or its `datapackage.json`; a URL only with `remote=True`.

    With `is_short`, texts of more than 1,000 characters are shortened, as in a report; what is JSON is not.
    Raises PackageError where there is none or its descriptor is faulty, UnsafeError where it breaks a safety limit.
    """
    folder = open_folder(path, remote=remote, limits=limits)
    try:
        descriptor = load_descriptor(folder.file, limits)
        package = Package(folder.root, descriptor, folder.holder, limits, is_short=is_short)
    except BaseException:
        folder.__exit__()
        raise
    package.origin = path
    return package
