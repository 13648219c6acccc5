"""The speed of a point of MLPerf Endpoints: rates, times and the counts of tokens."""

from __future__ import annotations

from fractions import Fraction

from benchfmt.converters.draft import Draft, Key, measured
from benchfmt.converters.mlperf_endpoints.files import Files
from benchfmt.numbers import exact
from benchfmt.readers.objects import Fields, ObjectError
from benchfmt.vocabulary import vocabulary

_SECOND = 10**9
_SERIES: tuple[tuple[str, str, Key], ...] = (
    ("ttft", "ttft", Key(stage="request", per="query")),
    ("tpot", "tpot", Key(stage="decode", per="token")),
    ("latency", "latency", Key(stage="request", per="query")),
)
_STATISTICS = {"avg": "mean", "median": "median", "min": "min", "max": "max"}
_TOLERANCE = Fraction(1, 100)


def system_tps(summary: Fields) -> Fraction | None:
    """Return the output tokens of all samples over the time until the last one was complete."""
    tokens = summary.part("output_sequence_lengths").exact("total")
    nanoseconds = summary.exact("duration_ns")
    if not tokens or not nanoseconds:
        return None
    return tokens * _SECOND / nanoseconds


def add_rates(draft: Draft, files: Files) -> None:
    """Add the rates of tokens and queries, and how long the run took."""
    summary = files.summary
    rate = system_tps(summary)
    key: Key = {"statistic": "mean", "stage": "whole-run", "per": "token", "primary": True}
    if rate is not None:
        draft.derive("throughput", rate, **key)
    for word in ("system_tps", "tps"):
        _compare(draft, word, summary, files.point, rate)
    stage = "whole-run"
    if summary.digits("legacy_loadgen_window_duration_ns"):
        stage = "issue-window"
    queries = summary.digits("qps")
    if queries is not None:
        draft.measure("throughput", queries, statistic="mean", stage=stage, per="query")
    duration = summary.digits("duration_ns")
    if duration is not None:
        draft.measure("duration", duration, "ns", statistic="single", stage="whole-run")
    if files.is_agentic:
        _add_interactivity(draft, files)


def _compare(
    draft: Draft, name: str, summary: Fields, point: Fields, calculated: Fraction | None
) -> None:
    """Report a stored number that is not within 1 % of what it is calculated from."""
    if name == "tps" and summary.digits("legacy_loadgen_window_duration_ns"):
        return  # that of another window
    stored = summary.exact(name) or point.exact(name)
    if stored is None or calculated is None:
        return
    if abs(stored - calculated) > _TOLERANCE * calculated:
        draft.keep(name, float(stored))
        draft.report(
            "BF405", f"{name} is {float(stored):g}, and {float(calculated):g} by the samples"
        )


def _add_interactivity(draft: Draft, files: Files) -> None:
    summary = files.summary
    tokens = summary.exact("output_tokens_per_turn_total")
    seconds = summary.exact("e2e_turn_time_seconds_total")
    if tokens is None and summary.whole("n_samples_failed") == 0:
        tokens = summary.part("output_sequence_lengths").exact("total")
        seconds = (summary.part("latency").exact("total") or Fraction(0)) / _SECOND
    if tokens and seconds:
        draft.derive("mlperf:end-to-end-interactivity", tokens / seconds, statistic="mean")


def add_series(draft: Draft, files: Files) -> None:
    """Add the times; a run of its own for the offline scenario has none."""
    if files.is_dedicated:
        return
    for name, metric, key in _SERIES:
        series = files.summary.part(name)
        count = None
        if name == "ttft":
            count = files.summary.count("n_samples_completed")
        for statistic, text in _statistics(series, name).items():
            number = draft.add(measured(metric, text, "ns", **key))
            number.statistic = statistic
            number.n = count
            if statistic == "mean" and (deviation := series.exact("std_dev")) is not None:
                number.stddev = float(deviation / _SECOND)
        _add_early_stopping(draft, series, metric, key)
    slow = _statistics(files.summary.part("tpot"), "tpot").get("p90")
    nanoseconds = exact(slow or "")
    if nanoseconds:
        rate = _SECOND / nanoseconds
        draft.derive("mlperf:tps-per-user", rate)
        _compare(draft, "tps_per_user", files.summary, files.point, rate)


def _statistics(series: Fields, name: str) -> dict[str, str]:
    """Return the digits of the statistics; a percentile may stand as `90` or `90.0`, and must be one number."""
    found = {}
    for word, name_of_statistic in _STATISTICS.items():
        digits = series.digits(word)
        if digits is not None:
            found[name_of_statistic] = digits
    percentiles = series.part("percentiles")
    for word in percentiles.data:
        statistic = _percentile(word)
        text = percentiles.digits(word)
        if text is None or statistic is None:
            continue
        other = found.setdefault(statistic, text)
        if statistic != "median" and exact(other) != exact(text):
            raise ObjectError(
                f"{name}: the percentile {word} stands there twice: {other} and {text}"
            )
    return found


def _percentile(word: str) -> str | None:
    """Return the statistic of `90`, `90.0` or `99.9`."""
    plain = word.removesuffix(".0")
    if plain == "50":
        return "median"
    return vocabulary().match("statistic", f"p{plain}")


def _add_early_stopping(draft: Draft, series: Fields, metric: str, key: Key) -> None:
    bounds = series.part("early_stopping_percentiles")
    for word in bounds.data:
        statistic = vocabulary().match("statistic", f"p{word.removesuffix('.0')}-es")
        text = bounds.digits(word)
        if statistic and text is not None:
            draft.add(measured(metric, text, "ns", **key)).statistic = statistic
        elif statistic:
            number = draft.missing(metric, "too-few-samples", statistic=statistic)
            number.stage, number.per = key.get("stage"), key.get("per")


def add_tokens(draft: Draft, files: Files) -> None:
    """Add the output tokens of a sample, and of all."""
    lengths = files.summary.part("output_sequence_lengths")
    for statistic, text in _statistics(lengths, "output_sequence_lengths").items():
        draft.measure("output-tokens", text, statistic=statistic, per="sample")
    total = lengths.digits("total")
    if total is not None:
        draft.measure("output-tokens", total, statistic="sum")
