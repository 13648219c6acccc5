"""Whether a performance run of the MLPerf Mobile app is valid, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchfmt.converters.mlperf.mobile.files import number
from benchfmt.converters.mlperf.mobile.log import RunLog
from benchfmt.converters.mlperf.mobile.run import Run
from benchfmt.converters.mlperf.mobile.system import mapping


def status_of(
    run: Run,
    performance: Mapping[str, Any] | None,
    log: RunLog | None,
    speeds: list[dict[str, Any]],
    *,
    legacy: bool,
    entry: Mapping[str, Any],
) -> tuple[str, str | None]:
    """Return the status by LoadGen's judgement, in the file or in the log, and why it is not ok."""
    detail = log.errors if log else None
    if performance is None:
        return "incomplete", detail or "an accuracy run without its performance run"
    if not any(item.get("primary") and "value" in item for item in speeds):
        return "incomplete", detail or "the performance run has no throughput"
    loadgen_block = mapping(performance, "loadgen")
    stated = [
        performance.get("loadgen_validity"),
        mapping(performance, "loadgen_info").get("validity"),
        loadgen_block.get("is_result_valid"),
    ]
    valid = next((value for value in stated if isinstance(value, bool)), None)
    word = log.values.get("result_validity", "") if log else ""
    logged = {"VALID": True, "INVALID": False}.get(word)
    if valid is not None and logged is not None and valid != logged:
        run.find(
            "BF701",
            run.path,
            f"the result file says valid: {str(valid).lower()}, the log {word}",
            "keep the result file and the logs of one run together",
        )
    if legacy:
        valid, detail = _enough(entry, performance)
    if False in (valid, logged):
        unmet = [
            key for key, value in loadgen_block.items() if key.endswith("_met") and value is False
        ]
        return "invalid", detail or (
            "LoadGen: " + ", ".join(f"{key} is false" for key in unmet) if unmet else None
        )
    if valid is None and logged is None:
        return "incomplete", detail or "nothing says whether the run is valid"
    return "ok", detail


def _enough(
    entry: Mapping[str, Any], performance: Mapping[str, Any]
) -> tuple[bool | None, str | None]:
    """Say whether a run of an app before 2.0, which does not say that it is valid, did what it had to do, and what not.

    None where the file states neither samples nor times.
    """
    pairs = (
        ("min_samples", "measured_samples", "samples"),
        ("min_duration_ms", "measured_duration_ms", "ms"),
    )
    numbers = [
        (number(entry.get(least)), number(performance.get(done)), word)
        for least, done, word in pairs
    ]
    known = [
        (least, done, word)
        for least, done, word in numbers
        if least is not None and done is not None
    ]
    short = [
        f"{done} of at least {least} {word}"
        for least, done, word in known
        if float(done) < float(least)
    ]
    return (not short if known else None), "; ".join(short) or None
