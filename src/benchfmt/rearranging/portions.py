"""Records with their measurements, some at a time."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pyarrow as pa

from benchfmt.finding import BenchfmtError
from benchfmt.migrate import is_newer
from benchfmt.package import Package
from benchfmt.sinks import Format
from benchfmt.tables import table_of


def refuse_newer(package: Package) -> None:
    """Raise BenchfmtError for a package of a newer version, of which something would be lost."""
    version = package.descriptor.benchfmt.version
    if is_newer(version):
        raise BenchfmtError(f"the package is of the newer version {version}: update benchfmt first")


def form_of(package: Package) -> Format:
    """Return the form of a package's tables."""
    if package.parts("records")[0].is_parquet:
        return "parquet"
    return "csv"


def whole_records(package: Package) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield the records of a package, some at a time, each time with all of their measurements; raises BenchfmtError.

    Measurements stand in the order of their records, as the standard asks.
    """
    stream = map(_frame, package.batches("measurements"))
    waiting = _frame(table_of("measurements", []))
    for rows in package.batches("records"):
        records = _frame(rows)
        ids = records["id"].implode()
        own = []
        while True:
            belongs = waiting["record_id"].is_in(ids)
            count = int(belongs.sum())
            if not belongs.head(count).all():
                raise BenchfmtError(
                    f"{package.root}: measurements stand in another order than their records (BF504): run benchfmt validate"
                )
            own.append(waiting.head(count))
            rest = waiting.slice(count)
            if rest.height:
                waiting = rest
                break
            following = next(stream, None)
            waiting = rest if following is None else following
            if following is None:
                break
        yield records, pl.concat(own)
    if waiting.height or next(stream, None) is not None:
        raise BenchfmtError(
            f"{package.root}: measurements are of no record, or stand in another order (BF504): run benchfmt validate"
        )


def _frame(table: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table))


def as_arrow(table: str, frame: pl.DataFrame) -> pa.Table:
    """Return rows of a table as the standard's types."""
    return frame.to_arrow().cast(table_of(table, []).schema)
