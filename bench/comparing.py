"""The bench of comparison: the groups of a package, beside the same group-by in polars by hand."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import data, packages
from bench.process import Taken, measured, run_task
from bench.table import Bench, Row, Verdict, interleaved, ratios

if TYPE_CHECKING:
    from bench.benches import Setting

TIMES_PEER = 3.0
MOST_BYTES = 600
"""A record has some 1,400 bytes in memory, with its ten measurements."""
MOST_BYTES_TOLD = 3_000
"""A result of two packages is told with its context, both sides and the verdict."""
_WARM = 1_000
_KNOWN = ["model", "precision", "input_shape"]
_CONTEXT = [
    "suite",
    "benchmark",
    "scenario",
    "phase",
    "task",
    "dataset",
    "model_version",
    "batch_size",
    "threads",
]
_KEY = ["metric", "statistic", "stage", "per", "scope", "unit"]


def _package(folder: Path, records: int) -> Path:
    """Return a package whose results compare as those of LPDNN do, made unless it is there."""
    import polars as pl

    place = folder / f"compared-{records}"
    if (place / "datapackage.json").exists():
        return place
    source = data.package(folder, records, "parquet")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for table in ("systems", "measurements"):
        shutil.copy(source / f"{table}.parquet", place)
    rows = pl.scan_parquet(source / "records.parquet").with_columns(
        suite=pl.lit("lpdnn"), input_shape=pl.lit("[224,224]")
    )
    rows.sink_parquet(place / "records.parquet", row_group_size=32_768)
    packages.describe(source, place, "parquet")
    return place


def prepare_compared(_: Taken, folder: str, records: int) -> None:
    """Make what is compared."""
    for size in (_WARM, records):
        _package(Path(folder), size)


def compare_groups(taken: Taken, folder: str, records: int) -> None:
    """Find the groups that compare, and fill the three largest."""
    from benchfmt import open_package
    from benchfmt.comparing.groups import groups
    from benchfmt.comparison import question

    def go(size: int) -> int:
        with open_package(_package(Path(folder), size)) as package:
            return groups(package, question()).compared

    go(_WARM)
    with measured(taken):
        found = go(records)
    taken.facts = {"groups": found}


def groups_by_polars(taken: Taken, folder: str, records: int) -> None:
    """Find the same groups with one group-by of the columns that bind."""
    import polars as pl

    def go(size: int) -> int:
        place = _package(Path(folder), size)
        rows = pl.scan_parquet(place / "records.parquet").filter(
            pl.col("status") == "ok", *(pl.col(name).is_not_null() for name in _KNOWN)
        )
        primary = pl.scan_parquet(place / "measurements.parquet").filter(
            pl.col("primary").fill_null(value=False), pl.col("value").is_not_null()
        )
        found = (
            primary.select("record_id", "value", *_KEY)
            .join(
                rows.select("id", "system_id", *_KNOWN, *_CONTEXT),
                left_on="record_id",
                right_on="id",
            )
            .group_by(*_KNOWN, *_CONTEXT, *_KEY)
            .agg(pl.len(), pl.col("system_id").n_unique().alias("systems"), pl.col("value").min())
            .filter(pl.col("len") > 1)
            .sort("systems", "len", descending=True)
            .collect()
        )
        return int(found.height)

    go(_WARM)
    with measured(taken):
        found = go(records)
    taken.facts = {"groups": found}


def coverage_of(taken: Taken, folder: str, records: int) -> None:
    """Count what a package covers."""
    from benchfmt import open_package
    from benchfmt.comparing.coverage import coverage

    def go(size: int) -> int:
        with open_package(_package(Path(folder), size)) as package:
            return coverage(package).records

    go(_WARM)
    with measured(taken):
        found = go(records)
    taken.facts = {"records": found}


def recommended(taken: Taken, folder: str, records: int) -> None:
    """Choose the results of a package that keep two limits."""
    from benchfmt import open_package
    from benchfmt.comparing.recommending import recommend
    from benchfmt.comparing.wishes import limit

    limits = [limit("latency__mean__inference__batch=5ms", "max"), limit("accuracy=70%", "min")]

    def go(size: int) -> int:
        with open_package(_package(Path(folder), size)) as package:
            return recommend(package, "image-classification", limits).fitting

    go(_WARM)
    with measured(taken):
        found = go(records)
    taken.facts = {"fitting": found}


def compared_versions(taken: Taken, folder: str, records: int) -> None:
    """Compare a package with itself, result by result, of which there are more than are compared by default."""
    from benchfmt.comparing.versions import compare_versions
    from benchfmt.limits import LIMITS

    limits = replace(LIMITS, compared_bytes=4 * LIMITS.compared_bytes)

    def go(size: int) -> int:
        place = _package(Path(folder), size)
        return len(compare_versions(place, place, limits=limits).changes)

    go(_WARM)
    with measured(taken):
        found = go(records)
    taken.facts = {"results": found}


def _versions(setting: Setting, bench: Bench) -> None:
    """Add the rows of the comparison of two packages, which tells of each result; so it is measured on fewer."""
    sizes = (setting.size(20_000) // 10, setting.size(20_000))
    rows = []
    for size in sizes:
        where = {"folder": str(setting.folder), "records": size}
        run_task("prepare_compared", **where)
        go = partial(run_task, "compared_versions", **where)
        rows.append(Row(f"compare OLD NEW, {size:,}", "us", go, size, "records"))
    interleaved(rows, setting.repeat, setting.tell)
    small, large = (median(run.over_mib for run in row.runs) for row in rows)
    results = [int(row.runs[-1].facts["results"]) for row in rows]
    more = (large - small) * 2**20 / (results[1] - results[0])
    words = f"compare OLD NEW: {more:,.0f} bytes for each more result (at most {MOST_BYTES_TOLD:,})"
    bench.rows += rows
    bench.verdicts.append(Verdict(words, more <= MOST_BYTES_TOLD))


def compare_memory(setting: Setting) -> Bench:
    """The memory of what looks at a whole package, of a tenth of the records and of all."""
    records = setting.size(1_000_000)
    sizes = (records // 10, records)
    for size in sizes:
        run_task("prepare_compared", folder=str(setting.folder), records=size)
    tasks = {
        "compare": "compare_groups",
        "coverage": "coverage_of",
        "recommend": "recommended",
    }
    bench = Bench("compare-memory", f"{sizes[0]:,} and {sizes[1]:,} records in memory", [])
    for name, task in tasks.items():
        for size in sizes:
            where = {"folder": str(setting.folder), "records": size}
            bench.rows.append(
                Row(f"{name}, {size:,}", "us", partial(run_task, task, **where), size, "records")
            )
    interleaved(bench.rows, setting.repeat, setting.tell)
    for place, name in enumerate(tasks):
        small, large = (
            median(run.over_mib for run in row.runs)
            for row in bench.rows[2 * place : 2 * place + 2]
        )
        more = (large - small) * 2**20 / (sizes[1] - sizes[0])
        words = f"{name}: {more:,.0f} bytes for each more record (at most {MOST_BYTES})"
        bench.verdicts.append(Verdict(words, more <= MOST_BYTES))
    _versions(setting, bench)
    return bench


def compare(setting: Setting) -> Bench:
    """The groups of a package: benchfmt, and polars by hand."""
    records = setting.size(1_000_000)
    where: dict[str, Any] = {"folder": str(setting.folder), "records": records}
    run_task("prepare_compared", **where)
    bench = Bench(
        "compare",
        f"the groups of {records:,} records that compare",
        [
            Row(
                "benchfmt compare",
                "us",
                lambda: run_task("compare_groups", **where),
                records,
                "records",
            ),
            Row(
                "polars by hand",
                "peer",
                lambda: run_task("groups_by_polars", **where),
                records,
                "records",
                "benchfmt compare",
            ),
        ],
    )
    interleaved(bench.rows, setting.repeat, setting.tell)
    ours, peer = bench.rows
    factor = median(ratios(ours, peer))
    found, expected = ours.runs[-1].facts["groups"], peer.runs[-1].facts["groups"]
    rate = found / median(ours.seconds)
    bench.verdicts += [
        Verdict(f"{factor:.2f} times polars by hand (at most {TIMES_PEER})", factor <= TIMES_PEER),
        Verdict(f"{found:,} groups, as many as by hand ({expected:,})", found == expected),
        Verdict(f"{rate:,.0f} groups a second"),
    ]
    return bench


TASKS = {
    task.__name__: task
    for task in (
        prepare_compared,
        compare_groups,
        groups_by_polars,
        coverage_of,
        recommended,
        compared_versions,
    )
}
