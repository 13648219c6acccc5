"""BF401 to BF405: whether the numbers of a record agree with each other, and with what was reported."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from benchfmt.annotated.cells import numbers
from benchfmt.checks.frames import ROW, Frames, faults, no_faults, number
from benchfmt.checks.kinds import GROUP, KEY, KIND, RECORD, Question
from benchfmt.checks.rounding import reported_conversion, with_half
from benchfmt.checks.screens import Integers

_GROUP = ["metric", "stage", "per", "scope"]
_STAGES = ("end-to-end", "preprocess", "inference", "postprocess")
_MIDDLE = pl.col("statistic").fill_null("mean")
_ORDINARY = pl.col("statistic").is_null() | pl.col("statistic").is_in(["mean", "single"])
_SUM_SLACK = 1e-3
_RATE_SLACK = 0.02
_EXACT = 1e-12
Numbers = npt.NDArray[np.float64]
_AT_ONCE = 2**14
"""So many rows are computed with at once: their numbers stay in the processor's cache."""
_PERCENTILE = "^p([0-9]{1,2}(?:[.][0-9]+)?)$"
_EARLY = "^p([0-9]{1,2}(?:[.][0-9]+)?)-es$"


def _all_stages() -> Question:
    """Ask for latencies of stages whose record may have those of all stages."""
    is_stage = (pl.col("metric") == "latency") & _ORDINARY & pl.col("stage").is_in(_STAGES)
    has_all = pl.col("stage").filter(is_stage).n_unique().over(_OF_STAGES) == len(_STAGES)
    return Question(is_stage & has_all)


def _ranges() -> Question:
    """Ask for means, minima and maxima that stand beside a minimum or a maximum."""
    statistic = pl.col("statistic")
    is_part = _MIDDLE.is_in(["mean", "median", "min", "max"])
    has_end = (_IS_END.any() & _HAS_SEVERAL).over([*_GROUP, is_part])
    return Question(is_part & has_end, {"is_min": statistic == "min", "is_max": statistic == "max"})


def _percentiles() -> Question:
    """Ask for percentiles that stand beside others, with their `rank` and whether they are `early` estimates."""
    statistic = pl.col("statistic")
    digits = pl.coalesce(statistic.str.extract(_PERCENTILE), statistic.str.extract(_EARLY))
    of_digits = digits.cast(pl.Float64, strict=False)
    rank = pl.when(statistic == "median").then(50.0).otherwise(of_digits)
    early = statistic.str.ends_with("-es")
    is_several = _HAS_SEVERAL | (pl.col("missing").is_null().sum() > 1)
    has_several = is_several.over([*_GROUP, early, rank.is_not_null()])
    return Question(rank.is_not_null() & has_several, {"rank": rank, "early": early})


_CONVERT = "write the value that follows, or correct the reported number or its unit"
_OF_ENDS = "are they exchanged, in different units, or of different runs?"
_OF_STAGES = ["statistic", "per", "scope"]
_IS_END = pl.col("statistic").is_in(["min", "max"])
_HAS_SEVERAL = pl.col(KEY).n_unique() > 1
"""Kinds of one key differ in their units, or in why there is no value."""
_SIDES = {"max": ("above", "below"), "min": ("below", "above")}
"""On which side of an end a value is that is beyond it, and on which side of this value the end is."""
_NAME_OF_VALUE = pl.col("statistic").fill_null("value")
_LISTED = pl.format("the {} {}", "name", number("value")).str.join(" and ")
_OF_END = pl.format(
    "{}: the {} {} is {} {}", "metric", "end", number("end_value"), "side", "listed"
)
_ALL_STAGES = _all_stages()
_RANGES = _ranges()
_PERCENTILES = _percentiles()
_RATES = Question((pl.col("metric") == "throughput") & _ORDINARY)
_TIMES = Question((pl.col("metric") == "latency") & _ORDINARY)


def latency_is_sum(frames: Frames) -> pl.DataFrame:
    """BF401: end-to-end = preprocess + inference + postprocess, where all four are given."""
    stages = frames.of_kinds(_ALL_STAGES).filter(pl.col("value").is_not_null())
    if not stages.height:
        return no_faults()
    frame = with_half(stages, _SUM_SLACK)
    wide = frame.group_by(RECORD, *_OF_STAGES, maintain_order=True).agg(
        *(
            pl.col(name).filter(pl.col("stage") == stage).first().alias(f"{name}:{stage}")
            for stage in _STAGES
            for name in ("value", "half")
        ),
        pl.col("record_id").first(),
        pl.col("__row").filter(pl.col("stage") == "end-to-end").first(),
    )
    total = pl.sum_horizontal(*(pl.col(f"value:{s}") for s in _STAGES[1:]))
    known = pl.all_horizontal(*(pl.col(f"value:{s}").is_not_null() for s in _STAGES))
    slack = pl.sum_horizontal(*(pl.col(f"half:{s}") for s in _STAGES)) + 1e-9 * total
    wrong = wide.filter(known & ((pl.col("value:end-to-end") - total).abs() > slack))
    message = pl.format(
        "end-to-end latency {} s is not the sum of its stages, {} s",
        number("value:end-to-end"),
        total.round(9),
    )
    hint = "is one of them in another unit, or is the whole another stage?"
    return faults(wrong, "measurements", "value", message, number("value:end-to-end"), hint)


def throughput_follows(frames: Frames) -> pl.DataFrame:
    """BF402: with one sample at a time, throughput is one over latency (of the same stage, per and scope)."""
    single = (pl.col("scenario") == "single-stream") & (pl.col("batch_size").fill_null(1) == 1)
    has_value = pl.col("value").is_not_null()
    rates = frames.of_kinds(_RATES).filter(single & has_value)
    times = frames.of_kinds(_TIMES).filter(single & (pl.col("value") > 0))
    if not times.height or not rates.height:
        return no_faults()
    latencies = with_half(times, _RATE_SLACK)
    rates = rates.with_columns(pl.col("stage").fill_null("end-to-end"))
    joined = with_half(rates, _RATE_SLACK).join(
        latencies.select(
            "record_id",
            "stage",
            "per",
            "scope",
            pl.col("value").alias("latency"),
            pl.col("half").alias("slack"),
        ),
        on=["record_id", "stage", "per", "scope"],
        nulls_equal=True,
        how="inner",
    )
    expected = 1 / pl.col("latency")
    slack = pl.col("half") + pl.col("slack") * expected**2 + 1e-9 * expected
    wrong = joined.filter((pl.col("value") - expected).abs() > slack)
    message = pl.format(
        "throughput {} /s does not follow from the latency of {} s, which makes {} /s",
        number("value"),
        number("latency"),
        expected.round(6),
    )
    hint = "is one of them in another unit, or of another batch size or scenario?"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def peak_is_highest(frames: Frames) -> pl.DataFrame:
    """BF403: min <= mean or median <= max; an unnamed statistic counts as a mean where a minimum or maximum stands by it."""
    value = pl.col("value")
    parts = frames.of_kinds(_RANGES, [GROUP, "value"])
    if not parts.height:
        return no_faults()
    ranges = parts.group_by(GROUP).agg(
        value.min().alias("lowest"),
        value.max().alias("highest"),
        pl.when("is_min").then(value).max().alias("least"),
        pl.when("is_max").then(value).min().alias("greatest"),
    )
    is_beyond = (pl.col("highest") > pl.col("greatest")) | (pl.col("lowest") < pl.col("least"))
    frame = _of_groups(frames, _RANGES, ranges.filter(is_beyond))
    if not frame.height:
        return no_faults()
    ends = with_half(frame.filter(_IS_END), _EXACT)
    bounds = ends.group_by(GROUP).agg(
        *(
            pl.col(name).filter(pl.col("statistic") == end).first().alias(f"{end}:{name}")
            for end in ("min", "max")
            for name in ("value", "half", ROW)
        )
    )
    inside = with_half(frame, _EXACT).join(bounds, on=GROUP, how="inner")
    above = pl.col("value") - pl.col("max:value")
    below = pl.col("min:value") - pl.col("value")
    beyond = pl.concat([_beyond_end(inside, "max", above), _beyond_end(inside, "min", below)]).sort(
        ROW, maintain_order=True
    )
    # Where several values are beyond one end, it is the end that is wrong: it is reported, once.
    of_end = beyond.group_by(GROUP, "end", maintain_order=True)
    counted = of_end.agg(pl.all().first(), pl.len().alias("count"), _LISTED.alias("listed"))
    counted = counted.sort("count", descending=True, maintain_order=True)
    wrong = counted.unique(GROUP, keep="first", maintain_order=True)
    is_alone = pl.col("count") == 1
    return faults(
        wrong.with_columns(pl.when(is_alone).then(ROW).otherwise("end_row").alias(ROW)).sort(ROW),
        "measurements",
        "value",
        pl.when(is_alone).then("of_value").otherwise(_OF_END),
        pl.when(is_alone).then(number("value")).otherwise(number("end_value")),
        _OF_ENDS,
    )


def _of_groups(frames: Frames, question: Question, suspects: pl.DataFrame) -> pl.DataFrame:
    """Return the measurements with a value that share a group with a suspect, of the kinds that meet a question."""
    if not suspects.height:
        return frames.no_measurements()
    frame = frames.of_kinds(question).filter(pl.col("value").is_not_null())
    return frame.filter(pl.col(GROUP).is_in(suspects[GROUP].unique().implode()))


def _beyond_end(inside: pl.DataFrame, end: str, gap: pl.Expr) -> pl.DataFrame:
    """Return values that are beyond the minimum or the maximum by more than both were rounded."""
    is_other = pl.col("statistic").fill_null("mean") != end
    wrong = inside.filter(is_other & (gap > pl.col("half") + pl.col(f"{end}:half")))
    beyond, before = _SIDES[end]
    message = pl.format(
        f"{{}}: the {{}} {{}} is {beyond} the {end}imum {{}}",
        pl.col("metric"),
        _NAME_OF_VALUE,
        number("value"),
        number(f"{end}:value"),
    )
    return wrong.select(
        GROUP,
        ROW,
        "record_id",
        "metric",
        "value",
        _NAME_OF_VALUE.alias("name"),
        message.alias("of_value"),
        pl.lit(f"{end}imum").alias("end"),
        pl.lit(before).alias("side"),
        pl.col(f"{end}:value").alias("end_value"),
        pl.col(f"{end}:{ROW}").alias("end_row"),
    )


def percentiles_in_order(frames: Frames) -> pl.DataFrame:
    """BF404: a higher percentile is not below a lower one; early-stopping bounds are ordered among themselves."""
    ranked = frames.of_kinds(_PERCENTILES, [GROUP, "value"])
    if not ranked.height:
        return no_faults()
    series = [GROUP, "early"]
    ascending = ranked.filter(pl.col("value").is_not_null()).sort(
        *series, "rank", maintain_order=True
    )
    is_same_series = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in series)
    falls = ascending.filter(is_same_series & (pl.col("value") < pl.col("value").shift(1)))
    frame = _of_groups(frames, _PERCENTILES, falls)
    if not frame.height:
        return no_faults()
    group = ["record_id", "metric", "stage", "per", "scope", "early"]
    ordered = with_half(frame, _EXACT).sort(*group, "rank", maintain_order=True, nulls_last=False)
    before = ordered.with_columns(
        *(
            pl.col(name).shift(1).over(group).alias(f"lower:{name}")
            for name in ("value", "half", "statistic")
        )
    )
    wrong = before.filter(
        pl.col("lower:value") - pl.col("value") > pl.col("half") + pl.col("lower:half")
    )
    message = pl.format(
        "{}: {} is {}, below {} with {}",
        pl.col("metric"),
        pl.col("statistic"),
        number("value"),
        pl.col("lower:statistic"),
        number("lower:value"),
    )
    hint = "are they exchanged, or in different units?"
    return faults(wrong, "measurements", "value", message, number("value"), hint)


def value_is_reported(frames: Frames) -> pl.DataFrame:
    """BF405: the value is the reported number converted; a reported text that is not a number says nothing."""
    frame = _doubtful_conversions(frames)
    if not frame.height:
        return no_faults()
    found = []
    for (word, code), part in frame.group_by("reported_unit", "unit", maintain_order=True):
        how = reported_conversion(str(word), str(code))
        if how is None:
            continue
        expected = numbers(part["reported_value"].str.strip_chars(), how).values
        compared = part.with_columns(expected.alias("expected"))
        off = (pl.col("value") - pl.col("expected")).abs() > _EXACT * pl.col("expected").abs()
        wrong = compared.filter(off)
        message = pl.format(
            "the value {} is not the reported {}{}, which is {}{}",
            number("value"),
            pl.col("reported_value"),
            _shown_unit("reported_unit"),
            number("expected"),
            _shown_unit("unit"),
        )
        found.append(faults(wrong, "measurements", "value", message, number("value"), _CONVERT))
    return pl.concat([no_faults(), *found])


def _doubtful_conversions(frames: Frames) -> pl.DataFrame:
    """Return measurements whose value is not plainly the reported one; the others are right but for rounding."""
    lines = frames.answers.made(_lines_of)
    kind = frames.bare[KIND].to_numpy()
    value = frames.bare["value"].to_numpy()
    reported = frames.bare["reported_value"]
    # What is absent, or is no number, is NaN here, which is never plain.
    number_reported = reported.cast(pl.Float64, strict=False).to_numpy()
    doubtful = []
    for start in range(0, len(kind), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        doubtful.append(
            start + _off_their_line(lines, kind[rows], value[rows], number_reported[rows])
        )
    others = np.concatenate([np.zeros(0, dtype=np.int64), *doubtful])
    if not len(others):
        return frames.no_measurements()
    is_off = np.zeros(len(kind), dtype=np.bool_)
    is_off[others] = True
    return frames.measured(pl.Series(is_off) & reported.is_not_null())


def _off_their_line(
    lines: Numbers, kind: npt.NDArray[np.uint32], value: Numbers, reported: Numbers
) -> Integers:
    """Return the places of the values that are not what was reported, converted as `lines` says for their kind."""
    with np.errstate(invalid="ignore", over="ignore"):
        expected = lines[:, 1][kind] * reported + lines[:, 2][kind]
        is_plain = np.abs(value - expected) <= np.abs(expected) * (_EXACT / 2)
    others = np.flatnonzero(~is_plain)
    is_converted = lines[:, 0][kind[others]] != 0
    off: Integers = others[is_converted & ~np.isnan(value[others])]
    return off


def _lines_of(kinds: pl.DataFrame) -> Numbers:
    """Return what `_line_of` says of the units of each kind."""
    rows = kinds.select("reported_unit", "unit").rows()
    return np.array([_line_of(word, code) for word, code in rows]).reshape(len(rows), 3)


@lru_cache(maxsize=4096)
def _line_of(word: str | None, code: str | None) -> tuple[float, float, float]:
    """Return whether a reported unit is converted to another, as 1 or 0, by which factor, and what is added."""
    if word is None or code is None:
        return (0.0, 0.0, 0.0)
    how = reported_conversion(word, code)
    if how is None:
        return (0.0, 0.0, 0.0)
    return (1.0, float(how.factor), float(how.offset))


def _shown_unit(column: str) -> pl.Expr:
    """Return a unit as it stands behind a number: nothing for a plain number."""
    return pl.when(pl.col(column) == "1").then(pl.lit("")).otherwise(" " + pl.col(column))
