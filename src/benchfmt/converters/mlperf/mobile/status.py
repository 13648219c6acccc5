"""Whether a performance run of the MLPerf Mobile app is valid, and why not."""

from __future__ import annotations

from benchfmt.converters.draft import numbers_with_value
from benchfmt.converters.mlperf.mobile.log import RunLog
from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.converters.mlperf.mobile.values import Block

_VALIDITY = {"VALID": True, "INVALID": False}
"""What LoadGen's judgement of a run means."""
_LEAST = (
    ("min_samples", "measured_samples", "samples"),
    ("min_duration_ms", "measured_duration_ms", "ms"),
)
"""What a result of an app before 2.0 says was to be done, what it says was done, and the unit of both."""


def add_status(result: Result, log: RunLog | None) -> None:
    """Add the status by LoadGen's judgement, in the file or in the log, and why it is not ok."""
    draft = result.draft
    performance = result.entry.performance
    validity = ""
    if log:
        draft.status_detail = log.errors
        validity = log.validity
    logged = _VALIDITY.get(validity)
    if not result.entry.has_performance_run:
        _fail(result, "incomplete", "an accuracy run without its performance run")
        return
    if not any(number.primary for number in numbers_with_value(draft.numbers)):
        _fail(result, "incomplete", "the performance run has no throughput")
        return
    valid = _stated_validity(performance)
    if {valid, logged} == {True, False}:
        draft.report(
            "BF701",
            f"the result file says valid: {str(valid).lower()}, the log {validity}",
            hint="keep the result file and the logs of one run together",
        )
    if result.app.legacy:
        valid = _add_what_was_done(result)
    if False in (valid, logged):
        _fail(result, "invalid", _unmet(performance))
    elif valid is None and logged is None:
        _fail(result, "incomplete", "nothing says whether the run is valid")


def add_status_of_log(result: Result, log: RunLog) -> None:
    """Add the status of a log that stands alone."""
    result.draft.fail("incomplete", log.errors)
    if numbers_with_value(result.draft.numbers):
        valid = _VALIDITY.get(log.validity)
        result.draft.status = {True: "ok", False: "invalid", None: "incomplete"}[valid]


def _fail(result: Result, status: str, reason: str | None) -> None:
    """Say that a run was not a success; the errors of its log say more than a reason."""
    result.draft.fail(status, result.draft.status_detail or reason)


def _stated_validity(performance: Block) -> bool | None:
    """Return what the result file says, in one of three places."""
    stated = (
        performance.get("loadgen_validity"),
        performance.block("loadgen_info").get("validity"),
        performance.block("loadgen").get("is_result_valid"),
    )
    for valid in stated:
        if isinstance(valid, bool):
            return valid
    return None


def _unmet(performance: Block) -> str | None:
    """Return which of LoadGen's constraints a result file says are not met."""
    block = performance.block("loadgen")
    unmet = [key for key, met in block.fields.items() if key.endswith("_met") and met is False]
    if not unmet:
        return None
    return "LoadGen: " + ", ".join(f"{key} is false" for key in unmet)


def _add_what_was_done(result: Result) -> bool | None:
    """Say whether a run of an app before 2.0, which does not say that it is valid, did what it had to do, and what not.

    None where the file states neither samples nor times.
    """
    entry = result.entry
    known = False
    short = []
    for least_key, done_key, unit in _LEAST:
        least = entry.block.number(least_key)
        done = entry.performance.number(done_key)
        if least is None or done is None:
            continue
        known = True
        if float(done) < float(least):
            short.append(f"{done} of at least {least} {unit}")
    result.draft.status_detail = "; ".join(short) or None
    if not known:
        return None
    return not short
