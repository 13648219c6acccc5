"""What the checks of BF7xx need to know of each suite; records of other suites are not looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from benchfmt.checks.frames import Frames


@dataclass(frozen=True, slots=True)
class Suite:
    """What the checks need to know of a suite."""

    member: str
    """The member of `extensions` that holds what only this suite has."""
    held_divisions: tuple[str, ...] = ("closed",)
    """The divisions whose valid results reach their targets."""
    seeds: tuple[str, ...] = ()
    seeds_of: Callable[[str], Mapping[str, str]] = lambda _: {}
    """The seeds of a version of the suite; none for a version that is not known."""
    version_of: Callable[[Mapping[str, str]], str | None] = lambda _: None
    power_seconds: Callable[[], float] | None = None
    """The shortest time over which power is measured, where the rules say one."""
    quality: bool = True
    """Whether a valid result says how good its answers were."""


def _inference_seeds(version: str) -> Mapping[str, str]:
    from benchfmt.suites import mlperf_inference  # reads a file: not at start-up

    return mlperf_inference.seeds_of(version)


def _inference_round(seeds: Mapping[str, str]) -> str | None:
    from benchfmt.suites import mlperf_inference

    return mlperf_inference.round_of(seeds)


def _inference_power_seconds() -> float:
    from benchfmt.suites import mlperf_inference

    return float(mlperf_inference.MIN_POWER_SECONDS)


SUITES: dict[str, Suite] = {
    "mlperf-inference": Suite(
        member="mlperf",
        seeds=("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed"),
        seeds_of=_inference_seeds,
        version_of=_inference_round,
        # The checker of the submissions lets only `open` miss a target (accuracy_check.py).
        held_divisions=("closed", "network"),
        power_seconds=_inference_power_seconds,
    ),
    "mlperf-automotive": Suite("mlperf"),
    "mlperf-hpc": Suite("mlperf"),
    "mlperf-mobile": Suite("mlperf"),
    "mlperf-tiny": Suite("mlperf"),
    "mlperf-training": Suite("mlperf"),
    "mlperf-storage": Suite("mlperf", quality=False),
}


def records_of_suites(frames: Frames) -> Iterator[tuple[Suite, pl.DataFrame]]:
    """Yield each suite that occurs, with its records."""
    if has_suites(frames):
        mine = frames.records.filter(pl.col("suite").is_in(list(SUITES)))
        for (name,), part in mine.group_by("suite", maintain_order=True):
            yield SUITES[str(name)], part


def has_suites(frames: Frames) -> bool:
    """Whether a record is of a suite that checks know."""
    return not SUITES.keys().isdisjoint(frames.distinct("records", "suite"))


def values_of(frames: Frames, records: pl.DataFrame, *facts: str | pl.Expr) -> pl.DataFrame:
    """Return the measurements of records that have a value, with facts of their record."""
    context = records.select(pl.col("id").alias("record_id"), *facts).unique(
        "record_id", keep="first"
    )
    values = frames.measured(pl.col("value").is_not_null())
    return values.join(context, on="record_id", how="inner", maintain_order="left")


def own_value(suite: Suite, *path: str) -> pl.Expr:
    """Return a value among the suite's own ones as text."""
    return pl.col("extensions").str.json_path_match(".".join(("$", suite.member, *path)))
