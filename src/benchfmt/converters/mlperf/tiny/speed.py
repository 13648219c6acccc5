"""The speed of one result of MLPerf Tiny: the rate of the performance run, and the counts of the streaming benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from statistics import median

from benchfmt.converters.draft import Key, Number
from benchfmt.converters.mlperf.tiny.files import Result
from benchfmt.converters.mlperf.tiny.layout import Role
from benchfmt.numbers import whole
from benchfmt.readers.energyrunner import Results, Timed, Window
from benchfmt.readers.jsons import Digits
from benchfmt.units import convert, exact

RATE: Key = {"statistic": "median", "stage": "inference", "per": "sample"}
_PRINTED: Role = ("performance", "results.txt")
_LOG: Role = ("performance", "log.txt")
_JSON: Role = ("performance", "results.json")
_COUNTS = ("true-positives", "false-negatives", "false-positives")
_DISAGREE = Fraction(2, 1000)
"""How far the log's clock may be from the printed rate besides rounding; the same as between LoadGen's two logs."""


def add_speed(result: Result) -> None:
    """Add the rate of the performance run, or what the streaming benchmark has in its place."""
    texts = [(role, result.texts[role]) for role in (_PRINTED, _LOG) if role in result.texts]
    for role, text in texts:
        if "duty" in text.numbers:
            add_stream(result, text, role, None)
            return
    for role, text in texts:
        if "rate" in text.numbers:
            _add_official_rate(result, text, role)
            return
    log = result.texts.get(_LOG, Results())
    if log.timed:
        _add_timed_rate(result, log.timed)
    else:
        _add_window_rate(result, [text for _, text in texts])


def _add_official_rate(result: Result, text: Results, role: Role) -> None:
    """Add the median that the runner prints, with the rates of its windows."""
    log = result.texts.get(_LOG, Results())
    windows = list(text.performance.values())
    logged = list(log.performance.values())
    printed = text.numbers["rate"]
    number = result.read("throughput", printed, "/s", role, **RATE)
    number.primary = True
    observe(number, rates_of(windows) or _json_rates(result) or rates_of(logged), "/s")
    _keep_inferences(result, windows or logged)
    caveats = []
    if any(window.met is False for window in windows):
        caveats.append("short-run")
    if log.timed:
        clocked = median(timed.rate for timed in log.timed)
        if not _agrees(printed.text, clocked):
            caveats.append("source-disagrees")
            message = (
                f"the median rate is {printed.text} /s; the log's clock gives {float(clocked):g} /s"
            )
            result.report_mixed(result.paths[role], message)
    number.caveats = caveats or None
    withdraw_impossible(number)


def _add_timed_rate(result: Result, timed: Sequence[Timed]) -> None:
    """Add the rate by the log's clock, where nothing prints it."""
    rate = median(each.rate for each in timed)
    number = result.draft.derive("throughput", rate, **RATE)
    number.primary = True
    number.n = len(timed)
    number.samples = [float(each.rate) for each in timed]
    result.locate(number, _LOG, timed[0].line)
    _keep_counts(result, [each.inferences for each in timed])


def _add_window_rate(result: Result, texts: Sequence[Results]) -> None:
    """Add the median of printed windows, where the median itself is not printed."""
    all_windows = [window for text in texts for window in text.performance.values()]
    windows = [window for window in all_windows if window.rate]
    if not windows:
        return
    _keep_inferences(result, windows)
    rates = [float(text) for text in rates_of(windows)]
    number = result.draft.derive("throughput", median(rates), **RATE)
    number.primary = True
    number.n = len(rates)
    number.samples = rates
    withdraw_impossible(number)


def _keep_inferences(result: Result, windows: Sequence[Window]) -> None:
    texts = [window.inferences.text for window in windows if window.inferences]
    counts = [count for count in map(whole, texts) if count is not None]
    if counts:
        _keep_counts(result, counts)


def _keep_counts(result: Result, counts: list[int]) -> None:
    """Keep how many inferences a window has: one number where all are the same."""
    if len(set(counts)) == 1:
        result.draft.keep("inferences_per_window", counts[0])
    else:
        result.draft.keep("inferences_per_window", counts)


def _json_rates(result: Result) -> list[str]:
    """Return the rates that results.json of v1.3 holds."""
    items = [item for item in result.json_items(_JSON) if isinstance(item, dict)]
    inferences = [item.get("infer") for item in items]
    rates = [infer.get("throughput") for infer in inferences if isinstance(infer, dict)]
    if not all(isinstance(rate, Digits) for rate in rates):
        return []
    return [str(rate) for rate in rates]


def _agrees(official: str, clocked: Fraction) -> bool:
    """Say whether a printed rate is that of the log's clock, but for its rounding and the clock's resolution."""
    number = exact(official) or Fraction(0)
    digits = len(official.partition(".")[2])
    rounding = Fraction(1, 2 * 10**digits)
    return abs(number - clocked) <= rounding + _DISAGREE * abs(clocked)


def rates_of(windows: Iterable[Window]) -> list[str]:
    """Return the rates of all windows, nothing where one of them has none."""
    rates = [window.rate for window in windows]
    texts = [rate.text for rate in rates if rate is not None]
    if len(texts) < len(rates):
        return []
    return texts


def observe(number: Number, texts: Sequence[str], unit: str) -> None:
    """Add n and samples of the windows, of which the printed median is rounded."""
    if texts:
        number.n = len(texts)
        number.samples = [convert(text, unit, number.unit or unit) for text in texts]


def withdraw_impossible(number: Number) -> None:
    """Take back a value that cannot be: nothing runs at no rate and on no energy, or on less.

    A zero is below the resolution of the source; less than that is a reading of a meter which cannot be an energy.
    """
    value = number.value
    if value is None or value > 0:
        return
    number.missing = "invalid-in-source"
    if value == 0:
        number.missing = "below-resolution"
    number.value = None
    number.unit = None
    number.basis = None
    number.n = None
    number.samples = None
    number.caveats = None


def add_stream(result: Result, text: Results, role: Role, scope: str | None) -> None:
    """Add duty cycle, estimated rate and counts of a run of the streaming wake word over the whole stream."""
    duty = result.read("mlperf:duty-cycle", text.numbers["duty"], "1", role, scope=scope)
    if scope is None:
        duty.primary = True
    withdraw_impossible(duty)
    rate = text.numbers.get("stream-rate")
    if rate:
        number = result.read("throughput", rate, "/s", role, stage="inference", per="sample")
        number.scope = scope
        number.basis = "derived"
        withdraw_impossible(number)
    period = text.numbers.get("period")
    if period and scope is None:
        result.draft.keep("period_seconds", period.text)
    elif period:
        result.draft.keep("energy_run_period_seconds", period.text)
    for name in _COUNTS:
        count = text.numbers.get(name)
        if count:
            result.read(name, count, "1", role, scope=scope)
