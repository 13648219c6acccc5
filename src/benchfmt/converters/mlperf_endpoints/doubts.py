"""What limits the numbers of a point of MLPerf Endpoints: drift, a short window, a run that was not finished."""

from __future__ import annotations

from benchfmt.converters.draft import Draft, Number
from benchfmt.converters.mlperf_endpoints.files import Files
from benchfmt.readers.objects import Fields

_DRIFTING = "drifting"
_SHORTEST = ((32, 600), (None, 1200))
"""The least seconds of a window, by concurrency."""
_SHORTEST_AGENTIC = 2400


def add_doubts(draft: Draft, files: Files) -> None:
    """Add caveats: a time that drifts, a window that is too short, a run that was not finished."""
    steady = files.point.part("steady_state")
    drifting = _drifting(steady.part("state"))
    of_all = []
    if _is_short(files, steady):
        of_all.append("short-run")
    if draft.status == "incomplete":
        of_all.append("partial-run")
    for number in draft.numbers:
        if number.value is None or number.basis == "nominal" or number.source_path:
            continue
        caveats = list(number.caveats or ())
        if _series_of(number) in drifting:
            caveats.append("unstable")
        number.caveats = [*caveats, *of_all] or None


def _series_of(number: Number) -> tuple[str, str | None]:
    """Return metric and statistic of the times that a number is one of, or is calculated from."""
    if number.metric == "mlperf:tps-per-user":
        return "tpot", "p90"
    return number.metric, number.statistic


def _drifting(states: Fields) -> set[tuple[str, str | None]]:
    """Return metric and statistic of the times that drift."""
    drifting: set[tuple[str, str | None]] = set()
    for name in states.data:
        metric, _, statistic = name.partition("_")
        if _DRIFTING not in (states.text(name) or "").lower():
            continue
        if statistic == "p50":
            statistic = "median"
        drifting.add((metric, statistic))
    return drifting


def _is_short(files: Files, steady: Fields) -> bool:
    """Say whether the window is shorter than the rules ask for at this concurrency."""
    seconds = steady.part("window").exact("duration_s")
    concurrency = files.point.count("concurrency")
    if seconds is None or concurrency is None:
        return False
    if files.is_agentic:
        return seconds < _SHORTEST_AGENTIC
    for limit, shortest in _SHORTEST:
        if limit is None or concurrency <= limit:
            return seconds < shortest
    return False
