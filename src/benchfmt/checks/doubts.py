"""What a result says against itself: caveats, targets that it misses, and numbers that it calls missing."""

from __future__ import annotations

import json
from importlib.metadata import entry_points

import polars as pl

from benchfmt.checks.check import Cells, Check
from benchfmt.checks.frames import Frames, Verdict, faults, no_faults, number
from benchfmt.checks.once import OncePerKind
from benchfmt.checks.words import Words
from benchfmt.finding import Severity

_CONVERTERS = "benchfmt.converters"
"""The entry points of converters, whose names records bear."""
_NO_NUMBER = ["not-measured", "not-applicable", "no-sensor"]
"""Reasons why nothing was observed."""
_EXACT = 1e-9
_METRIC = pl.col("metric")
_ACKNOWLEDGE = "measure again, or acknowledge it with a reason in the descriptor"


def contaminated(frames: Frames) -> pl.DataFrame:
    """BF211: other work used the machine during the measurement."""
    reason = "other work used the machine meanwhile"
    return _first_of_record(frames, "contaminated", reason)


def unstable(frames: Frames) -> pl.DataFrame:
    """BF212: the repeats scatter more than the tool allows."""
    reason = "the repeats scatter more than the tool allows"
    return _first_of_record(frames, "unstable", reason)


def _first_of_record(frames: Frames, caveat: str, reason: str) -> pl.DataFrame:
    """Return a fault for each record with measurements of a caveat, at the first of them."""
    doubtful = _with_caveat(frames, caveat)
    counted = doubtful.with_columns(pl.len().over("record_id").alias("alike"))
    first = counted.unique("record_id", keep="first", maintain_order=True)
    several = pl.format("{} measurements of the record", pl.col("alike"))
    subject = pl.when(pl.col("alike") > 1).then(several).otherwise(_METRIC)
    message = pl.format("{} {}: {}", subject, pl.lit(f"({caveat})"), pl.lit(reason))
    return faults(first, "measurements", "caveats", message, pl.lit(caveat), _ACKNOWLEDGE)


def _inferred_units(frames: Frames) -> pl.DataFrame:
    """Return measurements whose unit somebody concluded.

    A converter knows the units of its suite from the suite's documents; what the annotation of a table assumes is
    reported by BF208.
    """
    doubtful = _with_caveat(frames, "unit-inferred")
    if not doubtful.height:
        return doubtful
    names = [point.name for point in entry_points(group=_CONVERTERS)]
    is_converted = pl.col("converter").is_in(names).fill_null(value=False)
    written = frames.records.filter(~is_converted)["id"]
    return doubtful.filter(pl.col("record_id").is_in(written.implode()))


def inferred_units() -> OncePerKind:
    """BF213: units that somebody concluded; one fault for each kind of measurement."""
    message = pl.format(
        "the unit {} of {} is inferred: the source does not write it",
        pl.col("unit").fill_null(""),
        _METRIC,
    )
    hint = (
        "look the unit up and remove the caveat, or acknowledge it with a reason in the descriptor"
    )
    return OncePerKind(_inferred_units, "caveats", message, "unit-inferred", hint)


def _with_caveat(frames: Frames, caveat: str) -> pl.DataFrame:
    """Return the measurements that have a caveat; each distinct list is read once."""
    lists = frames.distinct("measurements", "caveats")
    having = [text for text in lists if caveat in json.loads(text)]
    if not having:
        return frames.no_measurements()
    return frames.measured(pl.col("caveats").is_in(having))


def caveats_once(frames: Frames) -> pl.DataFrame:
    """BF139: lists that hold a caveat twice."""
    words = Words("measurements", "caveats")
    for text in frames.distinct("measurements", "caveats"):
        caveats = json.loads(text)
        twice = sorted({caveat for caveat in caveats if caveats.count(caveat) > 1})
        if twice:
            message = f"the caveat {twice[0]!r} stands twice in the list"
            words.add([text], text, Verdict(message, "write each caveat once"))
    return words.faults(frames)


def targets_are_met(frames: Frames) -> pl.DataFrame:
    """BF440: results that count and miss their own target; the suites of MLPerf have rules of their own (BF702)."""
    if not any(_is_given(frames.bare[name]) for name in ("target_min", "target_max")):
        return no_faults()
    value = pl.col("value")
    least, most = pl.col("target_min"), pl.col("target_max")
    # What is wrong with the target itself is reported by BF312 and BF317.
    is_possible = pl.col("m_max").is_null() | ~(least > pl.col("m_max")).fill_null(value=False)
    is_below = (value < least - _EXACT * least.abs()) & ~_has_direction(frames, "lower")
    is_above = (value > most + _EXACT * most.abs()) & ~_has_direction(frames, "higher")
    is_below = is_below.fill_null(value=False)
    is_above = is_above.fill_null(value=False)
    is_reversed = (least > most).fill_null(value=False)
    missed = frames.measured(
        (pl.col("status") == "ok") & ~is_reversed & is_possible & (is_below | is_above)
    )
    others = frames.records.filter(~pl.col("suite").str.starts_with("mlperf-"))["id"]
    wrong = missed.filter(pl.col("record_id").is_in(others.implode()))
    side = pl.when(is_below).then(pl.lit("below")).otherwise(pl.lit("above"))
    target = pl.when(is_below).then(number("target_min")).otherwise(number("target_max"))
    message = pl.format(
        "{} {} is {} its target {}, yet status is ok", _METRIC, number("value"), side, target
    )
    hint = "write status invalid or failed, or correct the target"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def _is_given(cells: pl.Series) -> bool:
    return cells.null_count() < cells.len()


def _has_direction(frames: Frames, direction: str) -> pl.Expr:
    """Return whether the metric of a measurement is better in one direction."""
    names = []
    for name in frames.distinct("measurements", "metric"):
        metric = frames.metrics.get(name)
        if metric is not None and metric.direction == direction:
            names.append(name)
    return _METRIC.is_in(names)


def _observed(column: str, what: str) -> Cells:
    """Return the cells that observe what the measurement calls unobserved."""
    return Cells(
        "measurements",
        column,
        fault=pl.col(column).is_not_null() & pl.col("missing").is_in(_NO_NUMBER),
        message=pl.format(
            f"{{}} is said to be missing ({{}}), yet it has {what}", _METRIC, pl.col("missing")
        ),
        hint=pl.lit("give the value, or remove what belongs to another measurement"),
        needs_cell=True,
    )


CAVEATS_ONCE = Check(
    code="BF139",
    severity=Severity.WARNING,
    title="A caveat is stated once",
    table="measurements",
    needs=("caveats",),
    run=caveats_once,
)
NOT_CONTAMINATED = Check(
    code="BF211",
    severity=Severity.WARNING,
    title="No other work used the machine during a measurement",
    table="measurements",
    needs=("caveats",),
    run=contaminated,
)
STABLE = Check(
    code="BF212",
    severity=Severity.WARNING,
    title="The repeats of a measurement are stable",
    table="measurements",
    needs=("caveats",),
    run=unstable,
)
UNITS_ARE_KNOWN = Check(
    code="BF213",
    severity=Severity.WARNING,
    title="A unit is written in the source or known from the suite",
    table="measurements",
    needs=("caveats",),
    gather=inferred_units,
)
TARGETS_ARE_MET = Check(
    code="BF440",
    severity=Severity.WARNING,
    title="A result with status ok meets its own target",
    table="measurements",
    needs=("value",),
    run=targets_are_met,
)
NOTHING_WAS_OBSERVED = Check(
    code="BF441",
    severity=Severity.WARNING,
    title="What was not measured has no observations",
    table="measurements",
    needs=("missing",),
    cells=(
        _observed("samples", "samples"),
        _observed("stddev", "a standard deviation"),
        _observed("ci", "a confidence interval"),
    ),
)
CHECKS = (
    CAVEATS_ONCE,
    NOT_CONTAMINATED,
    STABLE,
    UNITS_ARE_KNOWN,
    TARGETS_ARE_MET,
    NOTHING_WAS_OBSERVED,
)
