"""A package read, mended and written beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchfmt.checks.kinds import key_order
from benchfmt.descriptor import FILE_NAME, about, acknowledged, declared
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.mending.mends import Mend, mended_percents, mended_terms, mended_units
from benchfmt.migrate import is_newer, is_older, older_names
from benchfmt.package import Package, PackageWriter, open_package
from benchfmt.package.parts import Part
from benchfmt.readers.files import file_sha256
from benchfmt.record import KEY_FIELDS, SCHEMA_VERSION
from benchfmt.sinks import Format
from benchfmt.tables import TABLES, Batch, arrow_schema, table_of

_IDS = {"systems": "id", "records": "id", "measurements": "record_id"}
"""The column of each table that says which record, or system, a row is of."""


@dataclass
class Mended:
    """What was mended; where it is nothing, no package was written."""

    path: Path
    mends: list[Mend] = field(default_factory=list)


def mend(
    package: str | Path, path: str | Path, *, remote: bool = False, limits: Limits = LIMITS
) -> Mended:
    """Write a package anew with all certain mends, and return these; where there are none, nothing is written.

    Raises BenchfmtError for a package that cannot be read, for one whose files are not those that its descriptor says,
    for one that holds what would be lost, and where something stands at `path`.
    """
    new = Path(path)
    if new.exists():
        raise BenchfmtError(f"{new} already exists: name a new place for the mended package")
    mended = Mended(new)
    with open_package(package, remote=remote, limits=limits) as opened:
        _refuse_loss(opened)
        mended.mends += _of_version(opened)
        absent = list(_absent(opened))
        descriptor = opened.descriptor
        extra = about(descriptor)
        if descriptor.name is not None:
            extra = {"name": descriptor.name, **extra}
        writer = PackageWriter(
            new, format=_format(opened), prefixes=declared(descriptor), extra=extra
        )
        writer.acknowledged = acknowledged(descriptor)
        with writer:
            for batch in _batches(opened, mended.mends):
                writer.write(batch)
            if not mended.mends and not absent:
                writer.drop()
    if absent:
        mended.mends += _of_files(new, absent)
    return mended


def _refuse_loss(package: Package) -> None:
    """Raise BenchfmtError where a new package would lack something, or would hide that a file was changed."""
    version = package.descriptor.benchfmt.version
    if is_newer(version):
        raise BenchfmtError(f"the package is of the newer version {version}: update benchfmt first")
    for resource in package.descriptor.resources:
        if resource.name not in TABLES:
            raise BenchfmtError(
                f"the package holds {resource.file} beside its tables, which the mended one would lack"
            )
        for part in package.parts(resource.name):
            _refuse_changed(part)
            _refuse_unknown_columns(part, resource.name, version)


def _refuse_changed(part: Part) -> None:
    size = part.path.stat().st_size
    is_same = part.bytes in (None, size)
    if is_same and part.hash is not None:
        is_same = part.hash == f"sha256:{file_sha256(part.path)}"
    if not is_same:
        raise BenchfmtError(
            f"{part.name} is not the file that the descriptor describes (BF501): find out which of the two is right; "
            "a mended package would hide it"
        )


def _refuse_unknown_columns(part: Part, table: str, version: str) -> None:
    known = {*arrow_schema(table).names, *older_names(version).get(table, {}).values()}
    for name in _columns(part):
        if name not in known:
            raise BenchfmtError(
                f"{part.name} has the column {name!r}, which is not of the standard and would be lost: "
                "move it to extensions, or remove it"
            )


def _columns(part: Part) -> list[str]:
    if part.is_parquet:
        return list(pq.read_schema(part.path).names)
    return part.resource.text_table(part.path).header()


def _of_version(package: Package) -> Iterator[Mend]:
    """Yield that a package is brought to this version, where it is of an older one."""
    version = package.descriptor.benchfmt.version
    if is_older(version):
        yield Mend(FILE_NAME, None, "benchfmt.version", version, SCHEMA_VERSION)


def _absent(package: Package) -> Iterator[tuple[str, str]]:
    """Yield which tables lack their size or hash in the descriptor, each with the name of the member."""
    for resource in package.descriptor.resources:
        for member in ("bytes", "hash"):
            if any(getattr(file, member) is None for file in resource.files):
                yield str(resource.name), member


def _of_files(path: Path, absent: list[tuple[str, str]]) -> Iterator[Mend]:
    """Yield the sizes and hashes that a written package says and that were absent."""
    with open_package(path) as package:
        for table, member in absent:
            value = getattr(package.resource(table), member)
            yield Mend(FILE_NAME, None, f"resources.{table}.{member}", None, str(value))


def _format(package: Package) -> Format:
    """Return the form of a package's tables."""
    if package.parts("records")[0].is_parquet:
        return "parquet"
    return "csv"


def _batches(package: Package, mends: list[Mend]) -> Iterator[Batch]:
    """Yield the tables of a package in parts, mended; what was mended is added to `mends`."""
    empty: Mapping[str, pa.Table] = {table: table_of(table, []) for table in TABLES}
    for table in TABLES:
        for part, batches in package.by_part(table):
            first = 1
            for rows in batches:
                mended = _mended(part, table, rows, first, mends)
                yield Batch(**{**empty, table: mended})
                first += rows.num_rows


def _mended(part: Part, table: str, rows: pa.Table, first: int, mends: list[Mend]) -> pa.Table:
    """Return a part of a table, mended; its rows are counted from `first`."""
    frame = pl.DataFrame(pl.from_arrow(rows))
    ids = frame[_IDS[table]]
    found: list[Mend] = []

    def tell(row: int, column: str, before: str | None, after: str) -> None:
        found.append(Mend(part.name, first + row, column, before, after, ids[row]))

    mended = mended_terms(table, frame, tell)
    if table == "measurements":
        mended = mended_units(mended, tell)
        mended = mended_percents(mended, tell)
    if not found:
        return rows
    if table == "measurements" and any(item.column in KEY_FIELDS for item in found):
        mended = _in_order(mended)
    mends += sorted(found, key=lambda item: item.row or 0)
    return mended.to_arrow().cast(arrow_schema(table))


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Return measurements in the order that they must have in a record: the primary one first, the rest by key."""
    return (
        rows.with_columns(
            pl.col("record_id").rle_id().alias("__record"),
            ~pl.col("primary").fill_null(value=False).alias("__other"),
            key_order().alias("__key"),
        )
        .sort("__record", "__other", "__key", maintain_order=True)
        .drop("__record", "__other", "__key")
    )
