"""Some records of a package, by id, as rows to compare."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from benchfmt.comparing.told import columns_of_measurements
from benchfmt.comparison.pairs import Rows, rows_of
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.spelling import no_such
from benchfmt.tables import table_of

_OF_MEASUREMENTS = columns_of_measurements("primary", "n", "stddev", "ci", "samples")


def named_rows(package: Package, ids: Sequence[str]) -> list[Rows]:
    """Return records by id, in the order that is asked for; raises BenchfmtError for one that is not there."""
    records = _chosen(package, "records", "id", ids, ())
    found = set(records["id"])
    for record_id in ids:
        if record_id not in found:
            raise BenchfmtError(no_such("record", record_id, _all_ids(package)))
    measurements = _chosen(package, "measurements", "record_id", ids, _OF_MEASUREMENTS)
    systems = pl.DataFrame(pl.from_arrow(package.table("systems")))
    by_id = {rows.record["id"]: rows for rows in rows_of(records, measurements, systems)}
    return [by_id[record_id] for record_id in ids]


def _chosen(
    package: Package, table: str, column: str, ids: Sequence[str], columns: Sequence[str]
) -> pl.DataFrame:
    """Return the rows of a table that belong to some records, a batch in memory at a time; some columns, or all."""
    empty = pl.DataFrame(pl.from_arrow(table_of(table, [])))
    names = [name for name in empty.columns if not columns or name in columns]
    batches = (pl.DataFrame(pl.from_arrow(batch)) for batch in package.batches(table, columns))
    chosen = [batch.filter(pl.col(column).is_in(list(ids))).select(names) for batch in batches]
    return pl.concat([empty.select(names), *chosen])


def _all_ids(package: Package) -> list[str]:
    return [
        str(cell)
        for batch in package.batches("records", ["id"])
        for cell in batch["id"].to_pylist()
        if cell is not None
    ]
