"""The bench of scaling: one source of many tables, read by one process and by two in three ways, then judged and queried."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import data
from bench.process import ROOT, Taken, children, measured, run_task
from bench.querying import MOST_MIB, TIMES_PEER, sql_over
from bench.table import Bench, Row, Verdict, interleaved, ratios

if TYPE_CHECKING:
    from bench.benches import Setting

TABLES = 20
JOBS = 2
JOBS_FASTER = 1.6
"""Than one process. That one keeps some one and a half cores busy by its threads, so two cores cannot give as much."""
OF_JOBS = 0.85
_PARTS = 10
_SHARE = 4
"""The slope is that between all and one part in so many."""


def prepare_scaling(taken: Taken, folder: str, records: int) -> None:
    """Make a folder of tables, in two halves, and one of a part of them; `path` is where."""
    place = Path(folder) / f"scaling-{records}"
    source = data.annotated(Path(folder), records // TABLES)
    for number in range(TABLES):
        for half in _halves(place, number):
            _copy(source, half / f"table-{number:02}", number)
    taken.facts = {"path": str(place)}


def _halves(place: Path, number: int) -> Iterator[Path]:
    """Yield the folders that a table belongs into."""
    yield place / "all" / f"half-{number * JOBS // TABLES}"
    if number < TABLES // _SHARE:
        yield place / "share"


def _copy(source: Path, target: Path, number: int) -> None:
    """Copy a table, whose models get a name of their own: equal tables would be one."""
    if (target / "datapackage.json").exists():
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with (source / data.TABLE).open("rb") as old, (target / data.TABLE).open("wb") as new:
        new.write(next(old))
        for line in old:
            new.write(b"t%d-%s" % (number, line))
    shutil.copy(source / "datapackage.json", target)


def converted(sources: Sequence[str], outs: Sequence[str], *options: str, part_rows: int) -> Taken:
    """Return what the command takes for each source, all at the same time, into parts of so many measurements."""
    for out in outs:
        shutil.rmtree(out, ignore_errors=True)
    commands = [
        ["convert", source, "-o", out, "--part-rows", str(part_rows), *options]
        for source, out in zip(sources, outs, strict=True)
    ]
    return _commands(commands)


def on_one_core(work: Callable[[], Taken]) -> Taken:
    """Return what some work takes whose processes share one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return work()
    finally:
        os.sched_setaffinity(0, cores)


def _commands(commands: Sequence[Sequence[str]]) -> Taken:
    """Return what some commands of benchfmt take that run at the same time; raises RuntimeError where one fails."""
    start = time.perf_counter()
    with children() as kids:
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "benchfmt", *command],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for command in commands
        ]
        for process in running:
            _, errors = process.communicate()
            if process.returncode:
                raise RuntimeError(f"{process.args} failed:\n{errors[-3000:]}")
    kids.seconds = time.perf_counter() - start
    return kids


def query_of_place(taken: Taken, place: str) -> None:
    """Ask as `benchfmt query` does."""
    from benchfmt import query

    query(place, "SELECT count(*) FROM records")
    with measured(taken):
        query(place, sql_over("measurements", "records", "systems"))


def query_of_place_by_duckdb(taken: Taken, place: str) -> None:
    """Ask DuckDB for the same, of the files."""
    import duckdb

    files = {
        resource["name"]: resource["path"]
        for resource in json.loads((Path(place) / "datapackage.json").read_text("utf-8"))[
            "resources"
        ]
    }

    def listed(table: str) -> str:
        paths = files[table]
        several = [paths] if isinstance(paths, str) else paths
        return f"read_parquet({[f'{place}/{path}' for path in several]})"

    duckdb.sql("SET enable_progress_bar = false")
    duckdb.sql(f"FROM {listed('records')} LIMIT 1").fetchall()
    with measured(taken):
        duckdb.sql(sql_over(*map(listed, ("measurements", "records", "systems")))).fetchall()


def scaling(setting: Setting) -> Bench:
    """Conversion by one process and by two, then validation and a query, of one package in parts."""
    records = setting.size(2_000_000)
    setting.tell("making the tables")
    where = run_task("prepare_scaling", folder=str(setting.folder), records=records).facts["path"]
    whole, share = f"{where}/all", f"{where}/share"
    halves = [f"{whole}/half-{number}" for number in range(JOBS)]
    outs = {name: setting.out(f"scaling-{name}") for name in ("one", "share", "jobs", "dask")}
    parts = [setting.out(f"scaling-half-{number}") for number in range(JOBS)]
    size = records * len(data.MEASURED)
    into_parts = partial(converted, part_rows=size // _PARTS)

    def row(name: str, go: Any, count: int = size, role: Any = "us") -> Row:
        return Row(name, role, go, count, "measurements")

    def one_process() -> Taken:
        return into_parts([whole], [outs["one"]])

    conversions = [
        row("convert, one process", one_process),
        row("convert, one process on one core", lambda: on_one_core(one_process)),
        row(f"convert --jobs {JOBS}", lambda: into_parts([whole], [outs["jobs"]], "--jobs", str(JOBS))),
        row(f"{JOBS} commands, half each", lambda: into_parts(halves, parts), role="floor"),
        row(
            f"convert --executor dask:{JOBS}",
            lambda: into_parts([whole], [outs["dask"]], "--executor", f"dask:{JOBS}"),
        ),
        row("convert, a quarter", lambda: into_parts([share], [outs["share"]]), size // _SHARE),
    ]  # fmt: skip
    judged = [
        row("validate", lambda: _commands([["validate", outs["one"]]])),
        row("validate, a quarter", lambda: _commands([["validate", outs["share"]]]), size // _SHARE),
        row("query", partial(run_task, "query_of_place", place=outs["one"])),
        row("query, a quarter", partial(run_task, "query_of_place", place=outs["share"]), size // _SHARE),
        row("DuckDB by hand", partial(run_task, "query_of_place_by_duckdb", place=outs["one"]), role="peer"),
    ]  # fmt: skip
    bench = Bench("scaling", f"{TABLES} tables, {size:,} measurements", [*conversions, *judged])
    # One round: most take so long that a busy second counts little.
    interleaved(bench.rows, 1, setting.tell)
    interleaved([bench.row("query"), bench.row("DuckDB by hand")], 2, setting.tell)
    bench.verdicts += [*_speed_ups(conversions, setting), *_equal(outs), *_slopes(bench)]
    bench.verdicts += _of_the_package(judged, setting)
    shutil.rmtree(setting.folder / "out")
    return bench


def _speed_ups(conversions: Sequence[Row], setting: Setting) -> Iterator[Verdict]:
    one, alone, jobs, bare, dask = (row.seconds[0] for row in conversions[:5])
    busy = conversions[0].runs[0].cpu_seconds / one
    words = (
        f"--jobs {JOBS} is {one / jobs:.2f} times as fast as one process (at least {JOBS_FASTER}), which keeps "
        f"{busy:.1f} of {os.cpu_count()} cores busy by itself, and {alone / jobs:.2f} times as one on one core"
    )
    yield Verdict(words, None if setting.quick else one / jobs >= JOBS_FASTER)
    words = (
        f"dask:{JOBS} has {jobs / dask:.2f} of the speed of --jobs {JOBS} (at least {OF_JOBS}); "
        f"{JOBS} commands of half each have {jobs / bare:.2f}"
    )
    yield Verdict(words, None if setting.quick else jobs / dask >= OF_JOBS)
    yield from _processor(conversions)


def _processor(conversions: Sequence[Row]) -> Iterator[Verdict]:
    """Yield what of a processor each way takes, and what of it cannot be spread."""
    one, _, jobs, _, dask = (row.runs[0] for row in conversions[:5])
    for name, taken in ((f"--jobs {JOBS}", jobs), (f"dask:{JOBS}", dask)):
        more = taken.cpu_seconds / one.cpu_seconds
        own = float(taken.facts["own_cpu_seconds"])
        words = (
            f"{name} takes {taken.cpu_seconds:.1f} CPU seconds, {more:.2f} times those of one process "
            f"({one.cpu_seconds:.1f}); {own:.1f} of them in the process that asked, "
            f"{own / taken.cpu_seconds:.0%} of the work however many read and write"
        )
        yield Verdict(words, None)


def _equal(outs: dict[str, str]) -> Iterator[Verdict]:
    tables = {name: _hashes(Path(outs[name])) for name in ("one", "jobs", "dask")}
    is_same = tables["one"] == tables["jobs"] == tables["dask"]
    words = (
        f"the {len(tables['one'])} files of one process, --jobs {JOBS} and dask:{JOBS} are equal"
    )
    yield Verdict(words, is_same)


def _hashes(package: Path) -> list[tuple[str, str]]:
    """Return the paths of the tables of a package with their SHA-256, as its descriptor says."""
    found = []
    for resource in json.loads((package / "datapackage.json").read_text("utf-8"))["resources"]:
        for part in resource.get("parts", [resource]):
            found.append((part["path"], part["hash"]))
    return found


def _slopes(bench: Bench) -> Iterator[Verdict]:
    """Yield what each more measurement takes, from a quarter to all."""
    for name, quarter in (
        ("convert, one process", "convert, a quarter"),
        ("validate", "validate, a quarter"),
        ("query", "query, a quarter"),
    ):
        large, small = bench.row(name), bench.row(quarter)
        more = large.size - small.size
        seconds = (large.seconds[0] - small.seconds[0]) / more * 1e9
        mib = large.runs[0].peak_mib - small.runs[0].peak_mib
        yield Verdict(
            f"{name}: each more measurement takes {seconds:,.0f} ns and {mib * 2**20 / more:,.1f} bytes of memory"
        )


def _of_the_package(judged: Sequence[Row], setting: Setting) -> Iterator[Verdict]:
    validate, _, query, _, peer = judged
    for row in (validate, query):
        peak = row.runs[0].peak_mib
        yield Verdict(
            f"{row.name}: {peak:,.0f} MiB, imports included (at most {MOST_MIB:,})",
            peak <= MOST_MIB,
        )
    factor = median(ratios(query, peer))
    words = f"the query takes {factor:.2f} times DuckDB by hand (at most {TIMES_PEER})"
    yield Verdict(words, None if setting.quick else factor <= TIMES_PEER)


TASKS = {
    task.__name__: task for task in (prepare_scaling, query_of_place, query_of_place_by_duckdb)
}
