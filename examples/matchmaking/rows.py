"""The rows of the study: how long one sample takes, one at a time, in LPDNN and in other suites, with their features."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from benchfmt import convert, open_package
from benchfmt.learn import groups

BASE = "lpdnn/vemm"
OTHERS = ("mlperf_inference", "mlperf_tiny", "mlperf_mobile", "ai_benchmark")
"""The folders of samples with results of one sample at a time, on many platforms."""

WORDS = [
    "task", "engine", "placement", "precision", "processor_architecture", "accelerator_kind", "suite",
]  # fmt: skip
OF_RECORDS = [
    "model_flop", "model_parameters", "input_size", "processor_cores", "processor_clock_hz",
    "system_memory_bytes",
]  # fmt: skip
OF_REGISTRY = [
    "registry_flop", "registry_parameters", "registry_memory_bandwidth", "registry_memory",
    "cpu_cycles", "cpu_peak", "device_peak", "used_peak", "ideal_seconds",
]  # fmt: skip
_PEAKS = {"fp32": "peak_flops_fp32", "fp16": "peak_flops_fp16", "int8": "peak_ops_int8"}


def read(samples: Path) -> pl.DataFrame:
    """Return the rows of LPDNN, and after them those of other suites, each with the number of its chip's group."""
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            _flat(samples / name, Path(folder) / str(place))
            for place, name in enumerate((BASE, *OTHERS))
        ]
    table = pl.concat(parts, how="diagonal_relaxed").filter(pl.col("seconds") > 0)
    return table.with_columns(
        chip=pl.Series(groups(table, "chip")), repeat=pl.Series(groups(table, "execution"))
    )


def _flat(source: Path, package: Path) -> pl.DataFrame:
    convert(source).write(package)
    with open_package(package) as opened:
        table = pl.DataFrame(pl.from_arrow(opened.wide(one_per_execution=True, facts=True)))
    named = table.filter(
        (pl.col("status") == "ok")
        & pl.col("system_id").is_not_null()
        & pl.col("model").is_not_null()
        & pl.col("phase").fill_null("inference").eq("inference")
    )
    return with_features(named.with_columns(seconds=_seconds(named.columns)))


def _seconds(columns: Sequence[str]) -> pl.Expr:
    """Return how long one sample takes where samples come one at a time; null where the row does not say it."""
    value, metric = pl.col("primary_value"), pl.col("primary_metric")
    is_alone = pl.col("scenario") == "single-stream"
    latency = (
        pl.when(is_alone & pl.col("primary_per").is_in(["sample", "query"]))
        .then(value)
        .when(pl.col("primary_per") == "batch")
        .then(value / pl.col("batch_size"))
    )
    own = pl.when(metric == "latency").then(latency)
    rate = own.when((metric == "throughput") & is_alone).then(1 / value)
    whole = "latency__end_to_end__sample"
    return pl.coalesce(whole, rate) if whole in columns else rate


def with_features(table: pl.DataFrame) -> pl.DataFrame:
    """Return a flat table with the columns that the study learns from; what is not known stays null."""
    for name in (*_columns_of_facts(), *OF_RECORDS):
        if name not in table.columns and name != "input_size":
            table = table.with_columns(pl.lit(None, pl.Float64).alias(name))
    shape = pl.col("input_shape").str.json_decode(pl.List(pl.Int64))
    accelerated = pl.col("placement").fill_null("").str.contains("gpu|npu") | (
        pl.col("placement").is_null() & pl.col("accelerator_kind").is_not_null()
    )
    clock = pl.coalesce("registry_cpu_clock_base", "registry_cpu_clock_boost")
    cycles = pl.col("registry_cpu_cores").cast(pl.Float64) * clock
    peak = pl.lit(None, pl.Float64)
    for precision, fact in _PEAKS.items():
        known = pl.when(pl.col("precision") == precision).then(pl.col(f"registry_{fact}"))
        peak = pl.coalesce(known.cast(pl.Float64), peak)
    featured = table.with_columns(
        input_size=shape.list.eval(pl.element().cast(pl.Float64)).list.agg(pl.element().product()),
        cpu_cycles=cycles,
        cpu_peak=cycles * pl.col("registry_cpu_flop_per_cycle"),
        device_peak=pl.coalesce(peak, pl.col("registry_peak_flops_fp32").cast(pl.Float64)),
    )
    used = pl.when(accelerated).then("device_peak").otherwise("cpu_peak")
    featured = featured.with_columns(used_peak=used)
    return featured.with_columns(
        ideal_seconds=pl.coalesce("registry_flop", "model_flop") / pl.col("used_peak")
    )


def _columns_of_facts() -> list[str]:
    facts = [f"registry_{fact}" for fact in _PEAKS.values()]
    of_cpu = ("cores", "clock_base", "clock_boost", "flop_per_cycle")
    facts += [f"registry_cpu_{fact}" for fact in of_cpu]
    return [*facts, *(name for name in OF_REGISTRY if name.startswith("registry_"))]
