"""BF7xx: rules of one suite. `SUITES` says what they need to know of each."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.check import Check
from benchfmt.checks.frames import Frames, Verdict, faults, no_faults, number
from benchfmt.checks.published import Runs
from benchfmt.checks.suite_facts import Suite, own_value, records_of_suites, values_of
from benchfmt.checks.suite_logs import result_follows
from benchfmt.finding import Severity
from benchfmt.vocabulary import vocabulary

_EXACT = 1e-9
_WINDOW_SLACK = 1e-3
"""The window is the difference of two readings of a clock that a time server may set meanwhile."""
_SEEDS = "look the seeds up in the log of the run; another run or round?"
_OWN_QUALITIES = [
    "mlperf:vbench-score",
    "mlperf:f1-hierarchical",
    "mlperf:mean-average-precision-3d",
]


def targets_are_reached(frames: Frames) -> pl.DataFrame:
    """BF702: a valid result of a division that has targets reaches them."""
    found = [no_faults()]
    for suite, records in records_of_suites(frames):
        held = records.filter(
            (pl.col("status") == "ok") & pl.col("division").is_in(suite.held_divisions)
        )
        # BF409 reports targets that are reversed.
        is_reversed = (pl.col("target_min") > pl.col("target_max")).fill_null(value=False)
        values = values_of(frames, held, "division").filter(~is_reversed)
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
    for suite, records in records_of_suites(frames):
        if not suite.seeds:
            continue
        found.append(_wrong_seeds(records, suite))
    return pl.concat(found)


def _wrong_seeds(records: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """Return the records of a suite whose seeds are not those of their version; each set is asked about once."""
    given = records.filter(
        pl.col("suite_version").is_not_null() & pl.col("extensions").is_not_null()
    )
    seeds = given.with_columns(own_value(suite, "seeds", name).alias(name) for name in suite.seeds)
    columns = ["suite_version", *suite.seeds]
    sets = seeds.select(columns).unique(maintain_order=True)
    messages: list[str | None] = []
    hints: list[str | None] = []
    for version, *own_seeds in sets.rows():
        verdict = _verdict_on_seeds(suite, version, dict(zip(suite.seeds, own_seeds, strict=True)))
        if verdict is None:
            messages.append(None)
            hints.append(None)
        else:
            messages.append(verdict.message)
            hints.append(verdict.hint)
    verdicts = sets.with_columns(
        pl.Series("message", messages, dtype=pl.String),
        pl.Series("hint", hints, dtype=pl.String),
    ).filter(pl.col("message").is_not_null())
    wrong = seeds.join(verdicts, on=columns, how="inner", nulls_equal=True, maintain_order="left")
    version = pl.col("suite_version")
    return faults(wrong, "records", "suite_version", pl.col("message"), version, pl.col("hint"))


def _verdict_on_seeds(suite: Suite, version: str, seeds: dict[str, str | None]) -> Verdict | None:
    """Return what is wrong with a set of seeds, and the cure, None where nothing is."""
    known = suite.seeds_of(version)
    given = {name: seed for name, seed in seeds.items() if seed is not None}
    wrong = [name for name in given if name in known and given[name] != known[name]]
    if not wrong:
        return None
    name = wrong[0]
    message = f"{name} {given[name][:40]} is not that of {version}, {known[name]}"
    owner = suite.version_of(given)
    if owner is None:
        return Verdict(f"{message}; no version that is known has these seeds", _SEEDS)
    hint = f"write suite_version {owner}, if the seeds are those of the run"
    return Verdict(f"{message}; {owner} has these seeds", hint)


def power_took_long_enough(frames: Frames) -> pl.DataFrame:
    """BF704: power at the wall was measured over the time that a run takes at least."""
    found = [no_faults()]
    for suite, records in records_of_suites(frames):
        if suite.power_seconds is None:
            continue
        values = values_of(frames, records.filter(pl.col("status") == "ok"), pl.col("suite"))
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
        hint = "is the time in another unit, or the window that of another run? else measure again"
        found.append(faults(wrong, "measurements", "value", message, number("value"), hint))
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
    for suite, records in records_of_suites(frames):
        valid = records.filter((pl.col("status") == "ok") & suite.quality)
        good = frames.measured(
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
    for suite, records in records_of_suites(frames):
        required = own_value(suite, "runs_required").cast(pl.Int64, strict=False).alias("required")
        values = values_of(frames, records.filter(pl.col("status") == "ok"), required)
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
    for _, records in records_of_suites(frames):
        wrong = records.filter((pl.col("status") == "invalid") & pl.col("division").is_not_null())
        why = pl.col("status_detail").str.split("\n").list.first().str.slice(0, 200)
        message = pl.format("an invalid run stands in the division {}", pl.col("division"))
        message += pl.when(why.is_not_null()).then(pl.format(": {}", why)).otherwise(pl.lit(""))
        hint = "submit a valid run; an invalid one may be kept, but is not compared with others"
        found.append(faults(wrong, "records", "status", message, pl.col("status"), hint))
    return pl.concat(found)


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
        rules=("submission",),
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
        rules=("submission",),
        run=runs_are_valid,
    ),
)
