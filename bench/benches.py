"""The benches: each lines up what is measured, runs it interleaved and says whether the target was met."""

from __future__ import annotations

import math
import shutil
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.comparing import compare, compare_memory
from bench.files import files
from bench.linked import rdf
from bench.openml import openml
from bench.pages import pages
from bench.process import ROOT, run_command, run_task
from bench.profiler import profiler
from bench.querying import query
from bench.scaling import scaling
from bench.table import Bench, Role, Row, Verdict, interleaved, ratios
from bench.validating import validate_csv, validate_lines, validate_parquet

ANNOTATED_TARGET = 3.0
FLAT = 1.3
STARTUP_TARGET = 1.3
STARTUP_RUNS = 11
MLPERF_MS = 3
MLPERF_JOBS = 2
MLPERF_FASTER = 1.7


@dataclass(frozen=True)
class Setting:
    """How much is run, and where the generated files go."""

    folder: Path
    quick: bool
    repeat: int
    tell: Callable[[str], None]
    times: int = 1

    def size(self, full: int) -> int:
        """Return a size: a tenth of it with --quick, some times as much with --times."""
        return full // 10 if self.quick else full * self.times

    def out(self, name: str) -> str:
        """Return an empty place for output."""
        place = self.folder / "out" / name
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        return str(place)


def annotated(setting: Setting) -> Bench:
    """An annotated CSV as three Parquet tables: benchfmt, polars by hand, and pyarrow only reading it."""
    rows = setting.size(1_000_000)
    where: dict[str, Any] = {"folder": str(setting.folder), "rows": rows}
    run_task("prepare_annotated", **where)
    outs = {name: setting.out(name) for name in ("ours", "polars", "ordered")}
    bench = Bench("annotated", f"{rows:,} rows of 16 columns, 10 measured, to Parquet", [
        Row("benchfmt convert", "us", lambda: run_task("convert_annotated", **where, out=outs["ours"]), rows, "rows"),
        Row("polars by hand", "peer", lambda: run_task("convert_by_polars", **where, out=outs["polars"]),
            rows, "rows", "benchfmt convert"),
        Row("polars, rows in the standard's order", "other",
            lambda: run_task("convert_by_polars", **where, out=outs["ordered"], ordered=True),
            rows, "rows", "benchfmt convert"),
        Row("pyarrow reads the CSV", "floor", lambda: run_task("read_csv", **where), rows, "rows", "benchfmt convert"),
    ])  # fmt: skip
    interleaved(bench.rows, setting.repeat, setting.tell)
    ours, peer = bench.rows[0], bench.rows[1]
    factor = median(ratios(ours, peer))
    # The verdict is on the median of the rounds; the other two tell how far a busy machine is to blame.
    best = min(ours.seconds) / min(peer.seconds)
    cpu = median(t.cpu_seconds for t in ours.runs) / median(t.cpu_seconds for t in peer.runs)
    bench.verdicts.append(
        Verdict(
            f"{factor:.2f} times polars by hand, median of the rounds (at most {ANNOTATED_TARGET}); "
            f"best against best {best:.2f}, CPU seconds {cpu:.2f}",
            factor <= ANNOTATED_TARGET,
        )
    )
    found = {name: run_task("sums", out=out).facts for name, out in outs.items()}
    for name in ("polars", "ordered"):
        differences = _differences(found["ours"], found[name])
        same = "equal counts, sums per metric and reported characters"
        bench.verdicts.append(Verdict(f"{name}: {differences or same}", not differences))
    shutil.rmtree(setting.folder / "out")
    return bench


def _differences(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Return what differs between two packages' counts and sums, or nothing."""
    wrong = [
        name for name in ("counts", "columns", "batches", "words") if ours[name] != theirs[name]
    ]
    pairs = list(zip(ours["groups"], theirs["groups"], strict=False))
    if len(ours["groups"]) != len(theirs["groups"]):
        wrong.append("kinds of measurement")
    # key, rows, values, sum, characters; the peer multiplies where we convert exactly, so sums may differ in rounding.
    wrong += [
        str(a[:6])
        for a, b in pairs
        if [*a[:8], a[9]] != [*b[:8], b[9]] or not math.isclose(a[8], b[8], rel_tol=1e-9)
    ]
    return f"differ in {', '.join(wrong)}" if wrong else ""


def memory(setting: Setting) -> Bench:
    """The peak of our conversion at a size and at four times the size."""
    sizes = [setting.size(1_000_000), setting.size(4_000_000)]
    rows = []
    for size in sizes:
        where: dict[str, Any] = {"folder": str(setting.folder), "rows": size}
        run_task("prepare_annotated", **where)
        out = setting.out(f"memory-{size}")
        go = partial(run_task, "convert_annotated", **where, out=out)
        rows.append(Row(f"benchfmt convert, {size:,} rows", "us", go, size, "rows"))
    bench = Bench("memory", "peak of the annotated conversion", rows)
    interleaved(rows, setting.repeat, setting.tell)
    small, large = (median(taken.over_mib for taken in row.runs) for row in rows)
    bench.verdicts.append(
        Verdict(
            f"{large / small:.2f} times the memory for four times the rows (flat: at most {FLAT})",
            large / small <= FLAT,
        )
    )
    shutil.rmtree(setting.folder / "out")
    return bench


def lpdnn(setting: Setting) -> Bench:
    """The real LPDNN tables where they are (`../shared/samples`), else the examples."""
    choices = [ROOT.parent / "shared/samples/lpdnn", ROOT / "examples/lpdnn"]
    source = next((place for place in choices if place.is_dir()), None)
    if source is None:
        return Bench(
            "lpdnn",
            "no samples here",
            [],
            [Verdict("neither ../shared/samples/lpdnn nor examples/lpdnn is there")],
        )
    out, peer_out = setting.out("lpdnn"), setting.out("lpdnn-peer")
    facts = run_task("convert_lpdnn", source=str(source), out=out).facts
    rows = facts["rows"]
    bench = Bench("lpdnn", f"{source.name}: {facts['files']} files, {rows:,} rows, {facts['records']:,} records", [
        Row("benchfmt convert", "us", lambda: run_task("convert_lpdnn", source=str(source), out=out), rows, "rows"),
        Row("benchfmt validate", "us", lambda: run_task("validate_package", path=out, warm=out), facts["records"], "records"),
        Row("pandas: read, concat, one Parquet", "peer",
            lambda: run_task("concat_by_pandas", source=str(source), out=peer_out), rows, "rows", "benchfmt convert"),
        Row("reading the bytes", "floor", lambda: run_task("read_bytes", source=str(source)), rows, "rows", "benchfmt convert"),
    ])  # fmt: skip
    interleaved(bench.rows, setting.repeat, setting.tell)
    speeds = ", ".join(
        f"{row.name} {facts['files'] / median(row.seconds):,.0f} files/s" for row in bench.rows[:3]
    )
    bench.verdicts.append(Verdict(speeds))
    bench.verdicts.append(
        Verdict(f"pandas read {bench.rows[2].runs[0].facts['rows']:,} rows of the {rows:,}")
    )
    shutil.rmtree(setting.folder / "out")
    return bench


def mlperf(setting: Setting) -> Bench:
    """A generated MLPerf Inference submission at two sizes, by one process and two; and the real samples where they are."""
    sizes = [setting.size(2_000), setting.size(20_000)]
    warm, small, large = (
        run_task("prepare_submission", folder=str(setting.folder), results=size).facts["path"]
        for size in (18, *sizes)
    )

    def row(name: str, source: str, size: int, jobs: int = 1, role: Role = "us") -> Row:
        out = setting.out(f"mlperf-{len(name)}-{jobs}")
        go = partial(run_task, "convert_mlperf", source=source, warm=warm, out=out, jobs=jobs)
        return Row(name, role, go, size, "result folders")

    one = f"benchfmt convert, {sizes[1]:,} folders"
    rows = [
        row(one, large, sizes[1]),
        row(f"the same, --jobs {MLPERF_JOBS}", large, sizes[1], MLPERF_JOBS),
        row(f"benchfmt convert, {sizes[0]:,} folders", small, sizes[0]),
        Row("opening and reading every file", "floor", lambda: run_task("read_files", source=large),
            sizes[1], "result folders", one),
    ]  # fmt: skip
    samples = ROOT.parent / "shared/samples/mlperf_inference"
    if samples.is_dir():
        found = len([*samples.glob("v*/*/*/results/*/*/*/performance")])
        rows.append(row("benchfmt convert, the real samples", str(samples), found))
    bench = Bench("mlperf", f"submissions of {sizes[0]:,} and {sizes[1]:,} result folders", rows)
    interleaved(rows, setting.repeat, setting.tell)
    bench.verdicts += _mlperf_verdicts(rows, setting)
    shutil.rmtree(setting.folder / "out")
    return bench


def training(setting: Setting) -> Bench:
    """A generated repository of MLPerf Training at two sizes, and the real samples where they are."""
    sizes = [setting.size(2_000), setting.size(20_000)]
    warm, small, large = (
        run_task("prepare_training", folder=str(setting.folder), groups=size).facts["path"]
        for size in (20, *sizes)
    )

    def row(name: str, source: str, size: int) -> Row:
        where = {"source": source, "warm": warm, "out": setting.out(f"training-{len(name)}")}
        return Row(
            name,
            "us",
            partial(run_task, "convert_mlperf", **where, jobs=1, family="mlperf-training"),
            size,
            "groups",
        )

    one = f"benchfmt convert, {sizes[1]:,} groups"
    rows = [
        row(one, large, sizes[1]),
        row(f"benchfmt convert, {sizes[0]:,} groups", small, sizes[0]),
        Row("opening and reading every file", "floor", lambda: run_task("read_files", source=large), sizes[1], "groups", one),
    ]  # fmt: skip
    samples = ROOT.parent / "shared/samples/mlperf_training"
    if samples.is_dir():
        rows.append(row("benchfmt convert, the real samples", str(samples), 32))
    bench = Bench(
        "training", f"repositories of {sizes[0]:,} and {sizes[1]:,} groups of five runs", rows
    )
    interleaved(rows, setting.repeat, setting.tell)
    low, high = (median(taken.peak_mib for taken in row.runs) for row in (rows[1], rows[0]))
    words = f"peak of the whole process {low:.0f} and {high:.0f} MiB: {high / low:.2f} times (at most {FLAT})"
    bench.verdicts.append(Verdict(words, None if setting.quick else high / low <= FLAT))
    for row in (rows[0], *rows[3:]):
        facts, seconds = row.runs[0].facts, median(row.seconds)
        rate = f"{facts['files'] / seconds:,.0f} files/s, {facts['read_bytes'] / 2**20 / seconds:.1f} MiB/s"
        bench.verdicts.append(
            Verdict(f"{row.name}: {facts['files']:,} files, {facts['records']:,} records; {rate}")
        )
    shutil.rmtree(setting.folder / "out")
    return bench


def _mlperf_verdicts(rows: list[Row], setting: Setting) -> list[Verdict]:
    whole, several, small, floor, *samples = rows
    cpu = median(taken.cpu_seconds for taken in whole.runs)
    most = MLPERF_MS * whole.size / 1_000
    faster = median(ratios(whole, several))
    low, high = (median(taken.peak_mib for taken in row.runs) for row in (small, whole))
    child = max(taken.facts["child_mib"] for taken in several.runs)
    told = [
        Verdict(f"{cpu:.1f} CPU seconds (at most {most:.0f}: {MLPERF_MS} ms a folder)", cpu <= most),
        Verdict(f"peak of the whole process {low:.0f} and {high:.0f} MiB: {high / low:.2f} times (at most {FLAT}); "
                f"of a child of --jobs {MLPERF_JOBS} {child:.0f} MiB", None if setting.quick else high / low <= FLAT),
        Verdict(f"--jobs {MLPERF_JOBS} is {faster:.2f} times as fast (at least {MLPERF_FASTER})",
                None if setting.quick else faster >= MLPERF_FASTER),
        Verdict(f"the floor reads {floor.runs[0].facts['bytes'] / 2**20:,.0f} MiB"),
    ]  # fmt: skip
    for row in (whole, *samples):
        facts, seconds = row.runs[0].facts, median(row.seconds)
        speed = f"{facts['read_bytes'] / 2**20 / seconds:.1f} MiB/s of the {facts['read_bytes'] / 2**20:,.0f} MiB that it reads"
        told.append(
            Verdict(f"{row.name}: {facts['files']:,} files, {facts['records']:,} records; {speed}")
        )
    return told


def startup(setting: Setting) -> Bench:
    """Starting the program, against a typer program of two commands that does nothing."""
    script = Path(sysconfig.get_path("scripts")) / "benchfmt"
    ours = [str(script)] if script.exists() else [sys.executable, "-m", "benchfmt"]
    bare = [sys.executable, str(ROOT / "bench/bare_typer.py")]
    bench = Bench("startup", "from start to end of the process", [
        Row("benchfmt --help", "us", lambda: run_command([*ours, "--help"])),
        Row("benchfmt --version", "us", lambda: run_command([*ours, "--version"])),
        Row("bare typer --help", "peer", lambda: run_command([*bare, "--help"]), against="benchfmt --help"),
        Row("python -c pass", "floor", lambda: run_command([sys.executable, "-c", "pass"]), against="benchfmt --version"),
    ])  # fmt: skip
    for row in bench.rows:
        row.run()
    interleaved(bench.rows, STARTUP_RUNS, setting.tell)
    factor = median(ratios(bench.rows[0], bench.rows[2]))
    bench.verdicts.append(
        Verdict(
            f"--help takes {factor:.2f} times the bare program (at most {STARTUP_TARGET})",
            factor <= STARTUP_TARGET,
        )
    )
    return bench


BENCHES = {
    "annotated": annotated,
    "files": files,
    "memory": memory,
    "lpdnn": lpdnn,
    "mlperf": mlperf,
    "training": training,
    "openml": openml,
    "validate-csv": validate_csv,
    "validate-parquet": validate_parquet,
    "validate-lines": validate_lines,
    "compare": compare,
    "compare-memory": compare_memory,
    "query": query,
    "scaling": scaling,
    "rdf": rdf,
    "startup": startup,
    "profiler": profiler,
    "pages": pages,
}
