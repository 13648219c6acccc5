"""The peer of the annotated conversion: what a polars user would write by hand for this one table.

It writes the same three tables as `benchfmt convert`: the same rows, all columns of the standard, the words of the
source mapped and kept, the units converted. It knows the table, checks nothing and numbers its records `r1`, `r2`, ...
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import polars as pl

from bench.data import CONSTANTS, ENGINES, MEASURED, PRECISIONS, PRIMARY, TABLE

TEXT, INTEGER, NUMBER = pl.String, pl.Int64, pl.Float64
SYSTEMS: dict[str, Any] = dict.fromkeys(
    ["id", "name", "kind", "vendor", "processor_name", "processor_architecture", "accelerator_kind", "accelerator_name", "accelerators", "operating_system", "extensions"], TEXT,
) | dict.fromkeys(
    ["nodes", "processor_count", "processor_cores", "memory_bytes", "accelerator_count", "accelerator_memory_bytes"], INTEGER
) | {"processor_clock_hz": NUMBER}  # fmt: skip
RECORDS: dict[str, Any] = dict.fromkeys(
    ["id", "suite", "suite_version", "benchmark", "division", "category", "system_type", "scenario", "phase", "verification", "task", "dataset", "dataset_split", "dataset_sha256", "model", "model_version", "system_id", "engine", "engine_version", "software", "precision", "input_shape", "placement", "hyperparameters", "inputs", "status", "status_detail", "submitter", "measured_at", "license", "url", "execution", "source_path", "source_sha256", "source_locator", "sources", "converter", "converter_version", "extensions"], TEXT,
) | dict.fromkeys(["dataset_samples", "model_parameters", "model_size_bytes", "batch_size", "threads"], INTEGER) | {
    "model_flop": NUMBER
}  # fmt: skip
MEASUREMENTS: dict[str, Any] = dict.fromkeys(
    ["record_id", "metric", "statistic", "stage", "per", "scope", "unit", "basis", "missing", "caveats", "ci", "samples", "reported_value", "reported_unit", "source_path", "source_locator"], TEXT,
) | dict.fromkeys(["value", "stddev", "target_min", "target_max"], NUMBER) | {"n": INTEGER, "primary": pl.Boolean}  # fmt: skip
BASE = {"ms": "s", "MBy": "By", "%": "1", "mJ": "J"}


def convert(source: Path, target: Path, *, ordered: bool = False) -> None:
    """Write the three tables; `ordered` puts measurements in the order of their records, as the standard demands."""
    target.mkdir(parents=True, exist_ok=True)
    table = source / TABLE
    with table.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    lines = pl.scan_csv(table, infer_schema=False).with_row_index("row", offset=1)
    lines = lines.with_columns(pl.format("r{}", "row").alias("record_id"))
    outputs = {
        "systems": lines.select(pl.col("platform").unique().alias("id")).select(
            _all(SYSTEMS, "id")
        ),
        "records": _records(lines, digest),
        "measurements": _measurements(lines, ordered=ordered),
    }
    pl.collect_all(
        [
            frame.sink_parquet(target / f"{name}.parquet", compression="zstd", lazy=True)
            for name, frame in outputs.items()
        ],
        engine="streaming",
    )


def _all(columns: dict[str, Any], *present: str) -> list[pl.Expr]:
    return [pl.col(n) if n in present else pl.lit(None, t).alias(n) for n, t in columns.items()]


def _records(lines: pl.LazyFrame, digest: str) -> pl.LazyFrame:
    said = {
        "id": pl.col("record_id"),
        "suite": pl.lit(CONSTANTS["benchmark.suite"]),
        "task": pl.lit(CONSTANTS["task"]),
        "license": pl.lit(CONSTANTS["provenance.license"]),
        "model": pl.col("model"),
        "model_version": pl.col("version"),
        "system_id": pl.col("platform"),
        "engine": pl.col("engine").replace_strict(ENGINES),
        "precision": pl.col("precision").replace_strict(PRECISIONS),
        "batch_size": pl.col("batch").cast(INTEGER),
        "status": pl.lit("ok"),
        "source_path": pl.lit(TABLE),
        "source_sha256": pl.lit(digest),
        "source_locator": pl.format("row={}", "row"),
        "converter": pl.lit("by-hand"),
        "converter_version": pl.lit("1.0"),
        "extensions": pl.concat_str(
            pl.lit('{"ai4europe":{"engine":"'),
            "engine",
            pl.lit('","precision":"'),
            "precision",
            pl.lit('"}}'),
        ),
    }
    return lines.select(
        said.get(name, pl.lit(None, dtype)).alias(name) for name, dtype in RECORDS.items()
    )


def _meanings() -> pl.LazyFrame:
    """Return a row for each measured column: what it means."""
    rows = [
        {
            "column": column, "metric": metric, "statistic": statistic, "stage": stage, "per": per, "scope": scope,
            "factor": factor, "value_unit": BASE.get(unit, unit), "written_unit": unit, "primary": True if column == PRIMARY else None,
        }
        for column, (metric, statistic, stage, per, scope, unit, factor) in MEASURED.items()
    ]  # fmt: skip
    # The order of keys in a record: the primary first.
    rows.sort(
        key=lambda r: (
            not r["primary"],
            [r[k] or "" for k in ("metric", "statistic", "stage", "per", "scope")],
        )
    )
    return pl.LazyFrame(
        [{**row, "place": place} for place, row in enumerate(rows)], infer_schema_length=None
    )


def _measurements(lines: pl.LazyFrame, *, ordered: bool) -> pl.LazyFrame:
    long = lines.unpivot(
        index=["row", "record_id"],
        on=list(MEASURED),
        variable_name="column",
        value_name="reported_value",
    ).join(_meanings(), on="column", how="left")
    if ordered:
        long = long.sort("row", "place")
    told = pl.col("reported_value").is_not_null()
    long = long.with_columns(
        value=pl.col("reported_value").cast(NUMBER) * pl.col("factor"),
        unit=pl.when(told).then("value_unit"),
        reported_unit=pl.when(told).then("written_unit"),
        basis=pl.when(told).then(pl.lit("measured")),
        missing=pl.when(~told).then(pl.lit("not-reported")),
    )
    present = (
        "record_id", "metric", "statistic", "stage", "per", "scope", "value", "unit", "basis", "primary", "missing",
        "reported_value", "reported_unit",
    )  # fmt: skip
    return long.select(_all(MEASUREMENTS, *present))
