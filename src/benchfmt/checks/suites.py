"""BF7xx: rules of one suite. `SUITES` says what they need to know of each; records of other suites are not looked at.

BF705 compares records, which may stand far apart: `Runs` is given batch after batch and keeps some numbers of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from benchfmt.checks.check import Check
from benchfmt.checks.consistency import with_half
from benchfmt.checks.frames import ROW, Frames, faults, no_faults, number, own_id
from benchfmt.finding import Severity
from benchfmt.record import KEY_FIELDS
from benchfmt.vocabulary import vocabulary

_SLACK = 2e-3
"""Logs round to six digits, or to two decimals where a number may be as small as 5."""
_EXACT = 1e-9
_WINDOW_SLACK = 1e-3
"""The window is the difference of two readings of a clock that a time server may set meanwhile."""
_OWN_QUALITIES = [
    "mlperf:vbench-score",
    "mlperf:f1-hierarchical",
    "mlperf:mean-average-precision-3d",
]
_EARLY = "-es"
_NAME = list(KEY_FIELDS)
_KEY = [*_NAME, "unit"]


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
    **{
        name: Suite("mlperf")
        for name in (
            "mlperf-automotive",
            "mlperf-hpc",
            "mlperf-mobile",
            "mlperf-tiny",
            "mlperf-training",
        )
    },
    "mlperf-storage": Suite("mlperf", quality=False),
}


def _records(frames: Frames) -> Iterator[tuple[Suite, pl.DataFrame]]:
    """Yield each suite that occurs, with its records."""
    mine = frames.records.filter(pl.col("suite").is_in(list(SUITES)))
    if mine.height:
        for (name,), part in mine.group_by("suite", maintain_order=True):
            yield SUITES[str(name)], part


def _values(frames: Frames, records: pl.DataFrame, *facts: str | pl.Expr) -> pl.DataFrame:
    """Return the measurements of records that have a value, with facts of their record."""
    context = records.select(pl.col("id").alias("record_id"), *facts).unique(
        "record_id", keep="first"
    )
    values = frames.measurements.filter(pl.col("value").is_not_null())
    return values.join(context, on="record_id", how="inner", maintain_order="left")


def _own(suite: Suite, *path: str) -> pl.Expr:
    """Return a value among the suite's own ones as text."""
    return pl.col("extensions").str.json_path_match(".".join(("$", suite.member, *path)))


def result_follows(frames: Frames) -> pl.DataFrame:
    """BF701: an offline rate makes the samples of its time, and an early-stopping estimate is not below its percentile."""
    found = [no_faults()]
    for suite, records in _records(frames):
        scenarios = records.filter(pl.col("scenario").is_in(["offline", "multi-stream"]))
        if scenarios.height:
            values = with_half(_values(frames, scenarios, *_counts(suite)), 0)
            found += [_offline_rate(values, suite), _early_estimate(values)]
    return pl.concat(found)


def _counts(suite: Suite) -> tuple[pl.Expr, pl.Expr]:
    """Return how many samples a run is said to have had, and into whole sets of how many LoadGen padded them, if it did."""
    count = _own(suite, "sample_count").cast(pl.Int64, strict=False).alias("count")
    loaded = _own(suite, "settings", "performance_sample_count").cast(pl.Int64, strict=False)
    padded = _own(suite, "settings", "sample_concatenate_permutation") == "true"
    return count, pl.when(padded & (loaded > 0)).then(loaded).otherwise(1).alias("set")


def _offline_rate(values: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    # Who writes no number of samples may have written of how many the times are.
    observed = pl.when((pl.col("metric") == "completion-time") & (pl.col("n") > 1)).then(
        pl.col("n")
    )
    count = pl.coalesce(pl.col("count"), observed.max().over("record_id"))
    offline = values.filter(pl.col("scenario") == "offline").with_columns(count.alias("count"))
    counted = offline.filter(pl.col("count").is_not_null())
    whole = pl.col("stage").fill_null("whole-run") == "whole-run"
    rates = counted.filter(
        (pl.col("metric") == "throughput")
        & (pl.col("per") == "sample")
        & whole
        & pl.col("statistic").fill_null("mean").is_in(["mean", "single"])
    )
    ends = counted.filter(
        (pl.col("metric") == "completion-time") & pl.col("statistic").is_in(["max", "single"])
    )
    last = ends.group_by("record_id", "scope").agg(pl.col("value").max().alias("seconds"))
    joined = rates.join(
        last, on=["record_id", "scope"], nulls_equal=True, how="inner", maintain_order="left"
    )
    made = pl.col("value") * pl.col("seconds")
    sets = (pl.col("count") / pl.col("set")).ceil()
    padded = (sets * pl.col("set")).cast(pl.Int64)
    slack = _SLACK * pl.col("count") + pl.col("half") * pl.col("seconds")
    wrong = joined.filter(
        ((made - pl.col("count")).abs() > slack) & ((made - padded).abs() > slack)
    )
    message = pl.format(
        "{} /s over {} s makes {} samples; the run had {}",
        number("value"),
        number("seconds"),
        made.round(0).cast(pl.String).str.strip_suffix(".0"),
        padded,
    )
    hint = f"extensions.{suite.member}.sample_count is the number of samples that ran, not the one asked for"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def _early_estimate(values: pl.DataFrame) -> pl.DataFrame:
    # Not single-stream: for an LLM (llama3.1-8b-edge, v5.1) the estimates of a log are of TTFT and TPOT, under one name.
    streams = values.filter(pl.col("scenario") == "multi-stream")
    early = streams.filter(pl.col("statistic").str.ends_with(_EARLY))
    plain = streams.select(
        "record_id", *_NAME, pl.col("value").alias("plain"), pl.col("half").alias("plain_half")
    ).with_columns(pl.col("statistic") + _EARLY)
    joined = early.join(
        plain, on=["record_id", *_NAME], nulls_equal=True, how="inner", maintain_order="left"
    )
    slack = pl.col("half") + pl.col("plain_half") + _EXACT * pl.col("plain").abs()
    wrong = joined.filter(pl.col("plain") - pl.col("value") > slack)
    message = pl.format(
        "{}: the early-stopping estimate {} is {}, below {} with {}",
        pl.col("metric"),
        pl.col("statistic"),
        number("value"),
        pl.col("statistic").str.strip_suffix(_EARLY),
        number("plain"),
    )
    return faults(wrong, "measurements", "value", message, number("value"))


def targets_are_reached(frames: Frames) -> pl.DataFrame:
    """BF702: a valid result of a division that has targets reaches them."""
    found = [no_faults()]
    for suite, records in _records(frames):
        held = records.filter(
            (pl.col("status") == "ok") & pl.col("division").is_in(suite.held_divisions)
        )
        in_order = ~(pl.col("target_min") > pl.col("target_max")).fill_null(
            value=False
        )  # BF409 tells those that are not
        values = _values(frames, held, "division").filter(in_order)
        for side, word, gap in (("target_min", "below", 1), ("target_max", "above", -1)):
            short = (pl.col(side) - pl.col("value")) * gap
            wrong = values.filter(short > _EXACT * pl.col(side).abs())
            message = pl.format(
                f"{{}} {{}} is {word} the target {{}}, which a result of the {{}} division reaches",
                pl.col("metric"),
                number("value"),
                number(side),
                pl.col("division"),
            )
            hint = "write division open or status invalid, if the target and the value are right"
            found.append(faults(wrong, "measurements", "value", message, number("value"), hint))
    return pl.concat(found)


def seeds_belong(frames: Frames) -> pl.DataFrame:
    """BF703: the seeds of a run are those of its version of the suite."""
    found = [no_faults()]
    for suite, records in _records(frames):
        if not suite.seeds:
            continue
        said = records.filter(
            pl.col("suite_version").is_not_null() & pl.col("extensions").is_not_null()
        )
        seeds = said.with_columns(_own(suite, "seeds", name).alias(name) for name in suite.seeds)
        columns = ["suite_version", *suite.seeds]
        sets = seeds.select(columns).unique(maintain_order=True)
        told = [
            _seed_fault(suite, version, dict(zip(suite.seeds, own, strict=True)))
            for version, *own in sets.rows()
        ]
        verdicts = sets.with_columns(
            pl.Series("message", [message for message, _ in told], dtype=pl.String),
            pl.Series("hint", [hint for _, hint in told], dtype=pl.String),
        ).filter(pl.col("message").is_not_null())
        wrong = seeds.join(
            verdicts, on=columns, how="inner", nulls_equal=True, maintain_order="left"
        )
        found.append(
            faults(
                wrong,
                "records",
                "suite_version",
                pl.col("message"),
                pl.col("suite_version"),
                pl.col("hint"),
            )
        )
    return pl.concat(found)


def _seed_fault(
    suite: Suite, version: str, seeds: dict[str, str | None]
) -> tuple[str | None, str | None]:
    """Return what is wrong with a set of seeds, and the cure; None and None if nothing is."""
    known = suite.seeds_of(version)
    said = {name: seed for name, seed in seeds.items() if seed is not None}
    wrong = [name for name in said if name in known and said[name] != known[name]]
    if not wrong:
        return None, None
    words = f"{wrong[0]} {said[wrong[0]][:40]} is not that of {version}, {known[wrong[0]]}"
    owner = suite.version_of(said)
    if owner is None:
        return f"{words}; no version that is known has these seeds", None
    return (
        f"{words}; {owner} has these seeds",
        f"write suite_version {owner}, if the seeds are those of the run",
    )


def power_took_long_enough(frames: Frames) -> pl.DataFrame:
    """BF704: power at the wall was measured over the time that a run takes at least."""
    found = [no_faults()]
    for suite, records in _records(frames):
        if suite.power_seconds is None:
            continue
        values = _values(frames, records.filter(pl.col("status") == "ok"), pl.col("suite"))
        wall = (pl.col("metric") == "power") & (pl.col("scope") == "wall")
        windows = values.filter(
            (pl.col("metric") == "duration") & (pl.col("stage") == "issue-window")
        )
        least = suite.power_seconds()
        short = windows.filter(pl.col("value") < least * (1 - _WINDOW_SLACK))
        wrong = short.join(values.filter(wall), on="record_id", how="semi", maintain_order="left")
        message = pl.format(
            f"power was measured over {{}} s; a run of {{}} takes {least:g} s at least",
            number("value"),
            pl.col("suite"),
        )
        found.append(faults(wrong, "measurements", "value", message, number("value")))
    return pl.concat(found)


def quality_is_said(frames: Frames) -> pl.DataFrame:
    """BF706: a valid result says how good its answers were, or why that is not known."""
    found = [no_faults()]
    qualities = pl.Series(
        [
            metric
            for metric, term in vocabulary().terms("metric").items()
            if term.get("quantity") == "quality"
        ]
    )
    for suite, records in _records(frames):
        valid = records.filter((pl.col("status") == "ok") & suite.quality)
        good = frames.measurements.filter(
            pl.col("metric").is_in(qualities.implode())
            | pl.col("metric").is_in(_OWN_QUALITIES)
            # Time to train is the time until the target was reached, and models count when they have reached it.
            | ((pl.col("metric") == "time-to-train") | (pl.col("per") == "model"))
            & pl.col("value").is_not_null()
        )
        silent = valid.join(
            good, left_on="id", right_on="record_id", how="anti", maintain_order="left"
        )
        message = pl.lit(
            "a valid result says nothing of its quality: speed without accuracy means nothing"
        )
        hint = (
            "add the score of the accuracy run, or a measurement with the reason why there is none"
        )
        found.append(faults(silent, "records", None, message, None, hint))
    return pl.concat(found)


def runs_are_enough(frames: Frames) -> pl.DataFrame:
    """BF707: a score is made from as many runs as its rules ask for."""
    found = [no_faults()]
    for suite, records in _records(frames):
        required = _own(suite, "runs_required").cast(pl.Int64, strict=False).alias("required")
        values = _values(frames, records.filter(pl.col("status") == "ok"), required)
        scores = values.filter(
            (pl.col("metric") == "time-to-train")
            & pl.col("statistic").str.starts_with("olympic-mean")
        )
        few = scores.filter(pl.col("n") < pl.col("required")).unique(
            "record_id", keep="first", maintain_order=True
        )
        message = pl.format(
            "the score is of {} runs; its rules ask for {}", pl.col("n"), pl.col("required")
        )
        hint = "add the missing runs, or write status incomplete"
        found.append(faults(few, "measurements", "n", message, pl.col("n"), hint))
    return pl.concat(found)


def runs_are_valid(frames: Frames) -> pl.DataFrame:
    """BF708: a run that its own log calls invalid is no result of a division."""
    found = [no_faults()]
    for _, records in _records(frames):
        wrong = records.filter((pl.col("status") == "invalid") & pl.col("division").is_not_null())
        why = pl.col("status_detail").str.split("\n").list.first().str.slice(0, 200)
        message = pl.format("an invalid run stands in the division {}", pl.col("division"))
        message += pl.when(why.is_not_null()).then(pl.format(": {}", why)).otherwise(pl.lit(""))
        hint = "hand over a run that is valid; an invalid one may be kept, but not compared with others"
        found.append(faults(wrong, "records", "status", message, pl.col("status"), hint))
    return pl.concat(found)


class Runs:
    """The numbers of runs, gathered batch by batch, of which a published and a recomputed record may both be there.

    A number costs some forty bytes, whatever the length of its record; texts are kept once for each record and key.
    """

    def __init__(self) -> None:
        """Start without any run."""
        self.keys: dict[tuple[str | None, ...], int] = {}
        self.records: list[pl.DataFrame] = []
        self.numbers: list[pl.DataFrame] = []
        self.runs = 0
        self.spots = 0

    def add(self, frames: Frames) -> pl.DataFrame:
        """Take the runs of a batch; returns its published numbers, each with the `spot` at which a fault will stand."""
        said = frames.records.filter(
            pl.col("suite").is_in(list(SUITES)) & pl.col("execution").is_not_null()
        )
        if not said.height:
            return pl.DataFrame()
        first = said.select("id", "suite", "execution").unique(
            "id", keep="first", maintain_order=True
        )
        records = first.with_columns(
            pl.int_range(self.runs, self.runs + pl.len(), dtype=pl.UInt32).alias("run")
        )
        self.runs += records.height
        values = self._with_key(with_half(_values(frames, records, "run"), 0))
        published = pl.col("basis") == "published"
        spot = pl.when(published).then(published.cast(pl.Int64).cum_sum() + (self.spots - 1))
        values = values.with_columns(spot.alias("spot"), pl.col("primary").fill_null(value=False))
        told = values.filter(pl.col("spot").is_not_null())
        self.spots += told.height
        self.records.append(records.with_columns(own_id()))
        self.numbers.append(values.select("run", "key", "value", "half", "primary", "spot"))
        return told

    def _with_key(self, values: pl.DataFrame) -> pl.DataFrame:
        distinct = values.select(_KEY).unique()
        places = [self.keys.setdefault(row, len(self.keys)) for row in distinct.rows()]
        keys = distinct.with_columns(pl.Series("key", places, dtype=pl.UInt32))
        return values.join(keys, on=_KEY, nulls_equal=True, how="left", maintain_order="left")

    def faults(self) -> pl.DataFrame:
        """BF705: what is published for a run is what its files give; the row of a fault is its spot."""
        if not self.spots:
            return no_faults()
        records, numbers = pl.concat(self.records), pl.concat(self.numbers)
        published = numbers.filter(pl.col("spot").is_not_null())
        others = numbers.join(published, on="run", how="anti")
        named = records.join(others, on="run", how="semi").select(
            "suite", "execution", run_2="run", id_2="id"
        )
        recomputed = named.unique(["suite", "execution"], keep="first", maintain_order=True)
        pairs = (
            published.join(records, on="run", maintain_order="left")
            .join(recomputed, on=["suite", "execution"], maintain_order="left")
            .join(
                _as(others, "same"),
                left_on=["run_2", "key"],
                right_on=["run", "key"],
                how="left",
                maintain_order="left",
            )
            .join(
                _as(others.filter("primary"), "head").rename({"key": "head_key"}),
                left_on="run_2",
                right_on="run",
                how="left",
                maintain_order="left",
            )
            .join(self._names(""), on="key")
            .join(self._names("head_"), on="head_key", how="left")
        )
        return _disagreements(pairs)

    def _names(self, prefix: str) -> pl.DataFrame:
        """Return keys with their place, what a message calls them, and their unit as it stands behind a number."""
        return pl.DataFrame(
            {
                f"{prefix}key": list(self.keys.values()),
                f"{prefix}name": [
                    "/".join(part for part in key[:-1] if part is not None) for key in self.keys
                ],
                f"{prefix}unit": [
                    "" if key[-1] in (None, "1") else f" {key[-1]}" for key in self.keys
                ],
            },
            schema_overrides={f"{prefix}key": pl.UInt32},
        )


def _as(numbers: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the first number of each run and key under names of their own."""
    first = numbers.unique(
        ["run", "key"] if name == "same" else "run", keep="first", maintain_order=True
    )
    return first.select(
        "run", "key", pl.col("value").alias(f"{name}_value"), pl.col("half").alias(f"{name}_half")
    )


def _disagreements(pairs: pl.DataFrame) -> pl.DataFrame:
    differs = pl.col("same_value").is_not_null() & ~_agree("same")
    elsewhere = pl.col("primary") & (pl.col("head_name") != pl.col("name"))
    moved = elsewhere & _agree("head")
    told = pairs.filter(differs | elsewhere).with_columns(differs=differs, moved=moved)
    value, same, head = (
        number(name) + pl.col(unit)
        for name, unit in (("value", "unit"), ("same_value", "unit"), ("head_value", "head_unit"))
    )
    what = pl.format("the published {} of {} is {}", pl.col("name"), pl.col("id"), value)
    message = (
        pl.when(pl.col("moved"))
        .then(
            pl.format("{}, the {} of {}, {}", what, pl.col("head_name"), pl.col("id_2"), head)
            + pl.when(pl.col("differs"))
            .then(pl.format("; its {} is {}", pl.col("name"), same))
            .otherwise(pl.lit(""))
        )
        .when(pl.col("differs"))
        .then(pl.format("{}; that of {} is {}", what, pl.col("id_2"), same))
        .otherwise(
            pl.format(
                "{}; the headline number of {} is {}, {}",
                what,
                pl.col("id_2"),
                pl.col("head_name"),
                head,
            )
        )
    )
    hint = "keep the number as it was published, and compare by the record of the run's files"
    rows = told.sort("spot").with_columns(
        pl.col("spot").alias(ROW), pl.col("id").alias("record_id")
    )
    return faults(rows, "measurements", "value", message, number("value"), hint)


def _agree(name: str) -> pl.Expr:
    """Say whether a value is the published one, as far as either was rounded."""
    other = pl.col(f"{name}_value")
    share = _SLACK * pl.max_horizontal(pl.col("value").abs(), other.abs())
    return (pl.col("value") - other).abs() <= pl.max_horizontal(
        share, pl.col("half") + pl.col(f"{name}_half")
    )


CHECKS = (
    Check(
        code="BF701",
        severity=Severity.ERROR,
        title="A result of MLPerf follows from its log",
        table="measurements",
        needs=("value", "scenario"),
        run=result_follows,
    ),
    Check(
        code="BF702",
        severity=Severity.ERROR,
        title="A valid result of MLPerf's closed divisions reaches its targets",
        table="measurements",
        needs=("value",),
        run=targets_are_reached,
    ),
    Check(
        code="BF703",
        severity=Severity.ERROR,
        title="The seeds of an MLPerf run are those of its round",
        table="records",
        needs=("suite_version", "extensions"),
        run=seeds_belong,
    ),
    Check(
        code="BF704",
        severity=Severity.WARNING,
        title="MLPerf power is measured over the least time of a run",
        table="measurements",
        needs=("value",),
        run=power_took_long_enough,
    ),
    Check(
        code="BF705",
        severity=Severity.WARNING,
        title="What MLPerf published for a run is what its files give",
        table="measurements",
        gather=Runs,
    ),
    Check(
        code="BF706",
        severity=Severity.WARNING,
        title="A result of an MLPerf submission is whole",
        table="records",
        rules="submission",
        run=quality_is_said,
    ),
    Check(
        code="BF707",
        severity=Severity.ERROR,
        title="An MLPerf score is made from as many runs as its rules ask for",
        table="measurements",
        needs=("value", "n"),
        run=runs_are_enough,
    ),
    Check(
        code="BF708",
        severity=Severity.WARNING,
        title="A result in a division of MLPerf is valid",
        table="records",
        needs=("division",),
        rules="submission",
        run=runs_are_valid,
    ),
)
