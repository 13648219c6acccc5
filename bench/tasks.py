"""The tasks that are measured; each runs in a process of its own: imports, a warm-up on something small, the task."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import comparing, data, files, linked, openml, querying, scaling, validating
from bench.process import Taken, bytes_read, children, measured
from bench.submission import submission
from bench.training_tree import training_tree

WARM_ROWS = 1_000
MLPERF = "mlperf-inference"


def main(name: str, arguments: str) -> None:
    """Run a task and print what it took as one line of JSON."""
    taken = Taken()
    TASKS[name](taken, **json.loads(arguments))
    print(json.dumps(asdict(taken)))


def prepare_annotated(_: Taken, folder: str, rows: int) -> None:
    for size in (WARM_ROWS, rows):
        data.annotated(Path(folder), size)


# --- annotated ---


def convert_annotated(taken: Taken, folder: str, rows: int, out: str) -> None:
    from benchfmt import convert

    def go(rows: int, out: str) -> Any:
        return convert(data.annotated(Path(folder), rows), "annotated").write(out)

    with tempfile.TemporaryDirectory() as warm:
        go(WARM_ROWS, f"{warm}/package")
    with measured(taken):
        account = go(rows, out)
    assert account.ok
    taken.facts = {
        "records": account.total("records"),
        "measurements": account.total("measurements"),
    }


def convert_by_polars(
    taken: Taken, folder: str, rows: int, out: str, *, ordered: bool = False
) -> None:
    from bench import peer

    with tempfile.TemporaryDirectory() as warm:
        peer.convert(data.annotated(Path(folder), WARM_ROWS), Path(warm), ordered=ordered)
    with measured(taken):
        peer.convert(data.annotated(Path(folder), rows), Path(out), ordered=ordered)


def read_csv(taken: Taken, folder: str, rows: int) -> None:
    import pyarrow.csv as pa_csv

    pa_csv.read_csv(data.annotated(Path(folder), WARM_ROWS) / data.TABLE)
    with measured(taken):
        table = pa_csv.read_csv(data.annotated(Path(folder), rows) / data.TABLE)
    assert table.num_rows == rows


def sums(taken: Taken, out: str) -> None:
    """Count the rows of a package's tables, and the values and their sum for each kind of measurement."""
    import polars as pl

    tables = {
        name: pl.scan_parquet(f"{out}/{name}.parquet")
        for name in ("systems", "records", "measurements")
    }
    key = ["metric", "statistic", "stage", "scope", "unit", "missing"]
    grouped = tables["measurements"].group_by(key).agg(
        pl.len(), pl.col("value").count().alias("values"), pl.col("value").sum().alias("sum"),
        pl.col("reported_value").str.len_bytes().sum().alias("characters"),
    ).sort(key, nulls_last=True)  # fmt: skip
    taken.facts = {
        "counts": {name: table.select(pl.len()).collect().item() for name, table in tables.items()},
        "columns": {name: sorted(table.collect_schema().names()) for name, table in tables.items()},
        "batches": tables["records"].select(pl.col("batch_size").sum()).collect().item(),
        "words": tables["records"].select("engine", "precision", "model", "extensions").unique().sort(pl.all())
        .select(pl.struct(pl.all()).hash().sum().cast(pl.String)).collect().item(),
        "groups": grouped.collect().rows(),
    }  # fmt: skip


# --- lpdnn ---


def convert_lpdnn(taken: Taken, source: str, out: str) -> None:
    from benchfmt import convert

    with tempfile.TemporaryDirectory() as warm:
        convert(source, "lpdnn").write(f"{warm}/package")
    with measured(taken):
        account = convert(source, "lpdnn").write(out).to_dict()
    taken.facts = {
        "files": account["files"]["seen"],
        "rows": account["rows"]["seen"],
        "records": account["records"],
    }


def validate_package(taken: Taken, path: str, warm: str) -> None:
    from benchfmt import validate

    validate(warm)
    with measured(taken):
        report = validate(path)
    taken.facts = {"findings": len(report.findings), "ok": report.ok}


def concat_by_pandas(taken: Taken, source: str, out: str) -> None:
    import pandas as pd

    def go(place: Path) -> dict[str, int]:
        files = sorted(path for path in Path(source).rglob("*") if path.is_file())
        frames = [_frame(pd, path) for path in files if path.suffix == ".csv"]
        for path in files:
            if path.suffix == ".json":
                json.loads(path.read_bytes())
        frame = pd.concat(frames, ignore_index=True)
        frame.to_parquet(place, compression="zstd")
        return {"files": len(files), "rows": len(frame)}

    Path(out).mkdir(parents=True, exist_ok=True)
    go(Path(out) / "warm.parquet")
    with measured(taken):
        taken.facts = go(Path(out) / "all.parquet")


def _frame(pd: Any, path: Path) -> Any:
    return pd.read_csv(path, dtype=str, na_values=["/"], on_bad_lines="skip").assign(path=str(path))


def read_bytes(taken: Taken, source: str) -> None:
    def go() -> int:
        return sum(len(path.read_bytes()) for path in Path(source).rglob("*") if path.is_file())

    go()
    with measured(taken):
        taken.facts = {"bytes": go()}


# --- mlperf ---


def prepare_submission(taken: Taken, folder: str, results: int) -> None:
    taken.facts["path"] = str(submission(Path(folder), results))


def prepare_training(taken: Taken, folder: str, groups: int) -> None:
    taken.facts["path"] = str(training_tree(Path(folder), groups))


def convert_mlperf(
    taken: Taken, source: str, warm: str, out: str, jobs: int, family: str = MLPERF
) -> None:
    """Convert a submission; `peak_mib` is that of the whole process, imports included, as is that of its children."""
    from benchfmt import convert

    with tempfile.TemporaryDirectory() as folder:
        convert(warm, family).write(f"{folder}/package")
    before = bytes_read()
    with measured(taken), children() as kids:
        account = convert(source, family, jobs=jobs).write(out)
    taken.base_mib = 0.0
    taken.cpu_seconds += kids.cpu_seconds
    tables = sum(
        file.stat().st_size for file in Path(out).iterdir()
    )  # read once more, for their checksums
    taken.facts = {
        "records": account.total("records"), "files": len(account.files), "child_mib": kids.peak_mib,
        "read_bytes": bytes_read() - before - tables,
    }  # fmt: skip


def read_files(taken: Taken, source: str) -> None:
    """Open and read every file of a tree: the least that anything costs that looks at all of it."""
    with measured(taken):
        total = 0
        for path, _, names in os.walk(source):
            for name in names:
                with open(f"{path}/{name}", "rb") as file:  # noqa: PTH123 - no path objects in a floor
                    total += len(file.read())
    taken.facts = {"bytes": total}


TASKS: dict[str, Callable[..., None]] = {
    task.__name__: task
    for task in (
        prepare_annotated, convert_annotated, convert_by_polars, read_csv, sums, convert_lpdnn,
        prepare_submission, prepare_training, convert_mlperf, read_files, validate_package, concat_by_pandas, read_bytes,
    )
}  # fmt: skip
TASKS |= openml.TASKS
TASKS |= files.TASKS
TASKS |= linked.TASKS
TASKS |= comparing.TASKS
TASKS |= querying.TASKS
TASKS |= scaling.TASKS
TASKS |= validating.TASKS
