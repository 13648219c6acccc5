"""The bench of queries: a join and a group-by over packages in parts, beside DuckDB by hand over the same files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench import data
from bench.process import Taken, measured, run_task
from bench.table import Bench, Row, Verdict, interleaved, ratios

if TYPE_CHECKING:
    from bench.benches import Setting

TIMES_PEER = 1.3
MOST_MIB = 1_536
_PARTS = 10
_WARM = 1_000
_SQL = """
    SELECT r.suite, r.task, m.metric, s.kind, count(*) AS n, avg(m.value) AS mean, quantile_cont(m.value, 0.9) AS p90
    FROM {measurements} m
    JOIN {records} r ON r.id = m.record_id
    LEFT JOIN {systems} s ON s.id = r.system_id
    WHERE m.value IS NOT NULL GROUP BY ALL ORDER BY ALL"""


def sql_over(measurements: str, records: str, systems: str) -> str:
    """Return the query over three tables."""
    return _SQL.format(measurements=measurements, records=records, systems=systems)


def _package(folder: Path, records: int) -> Path:
    """Return a package in parts, made unless it is there."""
    from benchfmt import open_package
    from benchfmt.package import write_package
    from benchfmt.package.portions import whole_records
    from benchfmt.rearranging.portions import as_arrow
    from benchfmt.tables import Batch, table_of

    place = folder / f"parts-{records}"
    if (place / "datapackage.json").exists():
        return place
    with open_package(data.package(folder, records, "parquet")) as source:
        systems = source.table("systems")

        def batches() -> Iterator[Batch]:
            yield Batch(systems, table_of("records", []), table_of("measurements", []))
            for rows, measurements in whole_records(source):
                yield Batch(
                    table_of("systems", []),
                    as_arrow("records", rows),
                    as_arrow("measurements", measurements),
                )

        write_package(place, batches(), part_rows=max(records * 10 // _PARTS, 1))
    return place


def prepare_parts(_: Taken, folder: str, records: int) -> None:
    """Make what is asked."""
    for size in (_WARM, records):
        _package(Path(folder), size)


def query_of_package(taken: Taken, folder: str, records: int) -> None:
    """Ask as `benchfmt query` does."""
    from benchfmt import query

    sql = _SQL.format(measurements="measurements", records="records", systems="systems")

    def go(size: int) -> int:
        return query(_package(Path(folder), size), sql).num_rows

    go(_WARM)
    with measured(taken):
        found = go(records)
    taken.facts = {"rows": found}


def query_by_duckdb(taken: Taken, folder: str, records: int) -> None:
    """Ask DuckDB for the same, of the files."""
    import duckdb

    def go(size: int) -> int:
        place = _package(Path(folder), size)
        sql = _SQL.format(
            measurements=f"'{place}/measurements/*.parquet'",
            records=f"'{place}/records/*.parquet'",
            systems=f"'{place}/systems.parquet'",
        )
        return len(duckdb.sql(sql).fetchall())

    go(_WARM)
    with measured(taken):
        found = go(records)
    taken.facts = {"rows": found}


def query(setting: Setting) -> Bench:
    """A join of three tables and a group-by over a package in ten parts."""
    records = setting.size(2_000_000)
    where = {"folder": str(setting.folder), "records": records}
    run_task("prepare_parts", **where)
    bench = Bench("query", f"{records * 10:,} measurements in {_PARTS} parts", [])
    for name, role, task in (
        ("benchfmt query", "us", "query_of_package"),
        ("DuckDB by hand", "peer", "query_by_duckdb"),
    ):
        go = partial(run_task, task, **where)
        bench.rows.append(Row(name, role, go, records * 10, "measurements"))
    interleaved(bench.rows, setting.repeat, setting.tell)
    ours, peer = bench.rows
    factor = median(ratios(ours, peer))
    bench.verdicts.append(
        Verdict(f"{factor:.2f} times DuckDB by hand (at most {TIMES_PEER})", factor <= TIMES_PEER)
    )
    peak = max(run.over_mib for run in ours.runs)
    bench.verdicts.append(
        Verdict(f"{peak:,.0f} MiB over imports (at most {MOST_MIB:,})", peak <= MOST_MIB)
    )
    return bench


TASKS = {task.__name__: task for task in (prepare_parts, query_of_package, query_by_duckdb)}
