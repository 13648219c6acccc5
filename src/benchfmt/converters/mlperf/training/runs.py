"""The runs of one scored group of MLPerf Training or HPC, and the scores that follow from them.

Times are exact decimals until the last step. Rules: mlcommons/logging, mlperf_logging/result_summarizer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchfmt.limits import Limits
from benchfmt.readers import mllog
from benchfmt.readers.mllog import Event, Log, number
from benchfmt.suites.mlperf_training import Benchmark, Quality
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

_KEPT = frozenset(
    {
        "run_start",
        "run_stop",
        "eval_accuracy",
        "eval_error",
        "eval_result",
        "global_batch_size",
        "seed",
        "run_set_random_seed",
        "train_samples",
        "eval_samples",
        "gradient_accumulation_steps",
        "number_of_nodes",
        "accelerators_per_node",
        "number_of_ranks",
        "cache_clear",
        "run_clear_caches",
        "instance",
        "instance_id",
        "staging_start",
        "staging_stop",
        "init_start",
        "init_stop",
        "max_sequence_length",
        "precision",
        "precision_mode",
        "max_steps",
        "opt_name",
        "micro_batch_size",
        "tensor_parallelism",
        "pipeline_parallelism",
        "context_parallelism",
        "expert_parallelism",
        "power_measurement_start",
        "power_measurement_stop",
        "power_reading",
        "interconnect_power_est",
        "conversion_eff",
    }
)
_PREFIXES = (
    "opt_",
    "lars_opt_",
    "sgd_opt_",
    "lora_",
    "submission_",
    "lowest_numerical_precision_in_",
)
_SUCCESS = "success"

UNSCORABLE, UNFINISHED, ABORTED = "unscorable", "unfinished", "aborted"
"""Why a run does not count: its log gives no time, has no end, or says that the target was not reached."""


def kept(key: str) -> bool:
    """Say whether an event's key tells about a result."""
    return key in _KEPT or key.startswith(_PREFIXES)


@dataclass(frozen=True, slots=True)
class Reached:
    """A quality at the end of a run: as a fraction where the metric is one, and the characters of the log."""

    value: float
    text: str
    unit: str
    inferred: bool
    """Whether the unit is concluded from the size of the number."""


@dataclass
class Run:
    """One log, and what it says of its run."""

    path: Path
    log: Log
    start: Event | None = None
    stop: Event | None = None
    seconds: Decimal | None = None
    """The time of a run that counts."""
    why: str | None = None
    """Why the run does not count."""
    kind: str | None = None
    several: bool = False
    """Whether the log is of more than one run; nothing of it is taken then."""
    repaired: bool = False
    evaluations: list[Event] = field(default_factory=list)

    def fail(self, kind: str, why: str) -> Run:
        """Note why the run does not count."""
        self.kind, self.why = kind, why
        return self


def read_run(path: Path, benchmark: Benchmark | None, limits: Limits) -> Run:
    """Return a run from its log."""
    run = Run(path, mllog.read(path, limits, kept))
    log = run.log
    if (line := _second_run(log)) is not None:
        run.several, run.log = True, replace(log, events=())
        return run.fail(
            UNSCORABLE, f"the log is of more than one run: another begins by line {line}"
        )
    run.start, run.stop = _ends(log)
    later = benchmark is not None and benchmark.later
    end = None if run.stop is None or later else run.stop.line
    run.evaluations = [
        event
        for event in log.all("eval_accuracy", "eval_error", "eval_result")
        if end is None or event.line < end
    ]
    if log.syntax is None:
        return run.fail(UNSCORABLE, "no event of a training log")
    if log.syntax == mllog.FREE:
        return run.fail(UNSCORABLE, "free text, whose lines are no events of a training log")
    if run.stop is None and benchmark and benchmark.name == "minigo" and log.syntax == mllog.V06:
        return _self_play(run)
    if run.start is None:
        return run.fail(UNSCORABLE, "no run_start")
    if run.stop is None:
        return run.fail(UNFINISHED, "no run_stop")
    status = _status(log, run.stop)
    if status != _SUCCESS:
        return run.fail(ABORTED, f"run_stop: status {status}" if status else "run_stop: no status")
    if not run.start.milliseconds or not run.stop.milliseconds:  # lines of a header have the time 0
        return run.fail(UNSCORABLE, "run_start or run_stop has no time")
    if run.stop.milliseconds <= run.start.milliseconds:
        return run.fail(UNSCORABLE, "run_stop is not after run_start")
    run.seconds = (run.stop.milliseconds - run.start.milliseconds) / 1000
    run.repaired = bool(log.repaired)
    return run


def _ends(log: Log) -> tuple[Event | None, Event | None]:
    """Return the last run_start that comes before there are both, and the first run_stop, as the summarizer does."""
    start = stop = None
    for event in log.all("run_start", "run_stop"):
        if event.key == "run_start":
            start = event
        elif stop is None:
            stop = event
        if start and stop:
            break
    return start, stop


def _second_run(log: Log) -> int | None:
    """Return the line by which a log tells that another run began in it, or None for a log of one run.

    Ranks write copies of one run, at about one time and in any order of lines, and who logs twice writes each line twice:
    only a run whose time lies apart is another one. Programs may say the benchmark again, but never another one.
    """
    named = [event for event in log.all("submission_benchmark") if isinstance(event.value, str)]
    if other := next((event for event in named if event.value != named[0].value), None):
        return other.line
    start, stop = _ends(log)
    for event in log.all("run_start"):
        if start is None or event.milliseconds is None or event.line <= start.line:
            continue
        if _is_apart(log, event, start, stop):
            return event.line
    begins = [event for event in log.all("run_start") if stop is None or event.line <= stop.line]
    return next(
        (after.line for before, after in pairwise(begins) if _prepared_between(log, before, after)),
        None,
    )


def _is_apart(log: Log, begin: Event, start: Event | None, stop: Event | None) -> bool:
    """Say whether a run that begins below the end of another lies before or after it in time too."""
    if not (start and stop and start.milliseconds and stop.milliseconds and begin.milliseconds):
        return False
    if begin.line < stop.line:
        return False
    ends = [
        event.milliseconds
        for event in log.all("run_stop")
        if event.line > begin.line and event.milliseconds
    ]
    return begin.milliseconds >= stop.milliseconds or (bool(ends) and ends[0] <= start.milliseconds)


def _prepared_between(log: Log, before: Event, after: Event) -> bool:
    """Say whether a run was prepared anew between two starts, by the order of the lines and by their times."""
    if before.milliseconds is None or after.milliseconds is None:
        return False
    return any(
        before.line < event.line < after.line
        and before.milliseconds < event.milliseconds <= after.milliseconds
        for event in log.all("init_start", "cache_clear", "run_clear_caches")
        if event.milliseconds is not None
    )


def _status(log: Log, stop: Event) -> str | None:
    """Return what the end of a run says of it; in v0.5 a run without a word was a success."""
    said = stop.metadata.get("status")
    if isinstance(said, str):
        return (mllog.clean(said) or "")[:40].casefold() or None
    if log.syntax != mllog.V05:
        return None
    success = stop.metadata.get(_SUCCESS, stop.value)
    return "aborted" if success is False or str(success).casefold() == "false" else _SUCCESS


def _self_play(run: Run) -> Run:
    """Return the run of a minigo log of v0.6 without run_stop: the score is the time stamp of its last evaluation.

    So does the tool of that round: the stamp counts seconds from the start of the run.
    """
    last = next((event for event in reversed(run.evaluations) if event.key == "eval_result"), None)
    stamp = exact(str(last.metadata.get("timestamp", ""))) if last else None
    if stamp is None or stamp <= 0:
        return run.fail(UNFINISHED, "no run_stop")
    run.seconds = Decimal(str(last.metadata["timestamp"])) if last else None
    return run


def evaluations(run: Run, quality: Quality) -> list[Event]:
    """Return the events of a run that give a quality."""
    keys = (quality.event, "eval_result") if quality.event == "eval_accuracy" else (quality.event,)
    return [
        event
        for event in run.evaluations
        if event.key in keys and _text(event, quality) is not None
    ]


def reached(run: Run, quality: Quality) -> Reached | None:
    """Return a quality at the end of a run, or None where the log has none."""
    events = evaluations(run, quality)
    if not events:
        return None
    # Evaluated afterwards, the lines stand in any order.
    last = max(enumerate(events), key=lambda item: (_progress(item[1]), item[0]))[1]
    text = _text(last, quality) or ""
    known = vocabulary().metrics.get(quality.metric)
    share = known is not None and known.maximum == 1
    value = float(text.removesuffix("%"))
    percent = text.endswith("%")
    inferred = share and not percent and 1 < value <= 100
    unit = "%" if percent or inferred else "1"
    clean = text.removesuffix("%").strip()
    converted = convert(clean, unit, "1")
    return Reached(converted, clean, unit, inferred) if converted is not None else None


def _progress(event: Event) -> float:
    return (
        number(event.metadata.get("samples_count")) or number(event.metadata.get("step_num")) or 0.0
    )


def _text(event: Event, quality: Quality) -> str | None:
    """Return the characters of an event's number that is the quality, or None."""
    value: Any = event.value
    if quality.member is not None:
        named = event.metadata.get("metric")
        if isinstance(value, dict):
            value = next(
                (
                    item
                    for key, item in value.items()
                    if key.casefold() == quality.member.casefold()
                ),
                None,
            )
        elif not isinstance(named, str) or named.casefold() != quality.member.casefold():
            return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return (
        text
        if number(text.removesuffix("%")) is not None and exact(text.removesuffix("%")) is not None
        else None
    )


def convergence(run: Run, benchmark: Benchmark | None) -> tuple[str, str] | None:
    """Return how long a run took to converge, as metric and number, or None where its last evaluation does not say."""
    last = max(
        enumerate(run.evaluations),
        key=lambda item: (_progress(item[1]), item[0]),
        default=(0, None),
    )[1]
    if last is None:
        return None
    if _is_count(last.metadata.get("samples_count")):
        return "training-samples", str(last.metadata["samples_count"])
    epoch = last.metadata.get("epoch_num")
    if benchmark is None or benchmark.counts is None or not _is_count(epoch):
        return None
    return benchmark.counts, str(epoch)


def _is_count(value: Any) -> bool:
    found = number(value)
    return found is not None and found >= 0 and exact(str(value)) is not None


@dataclass(frozen=True, slots=True)
class Olympic:
    """An olympic mean and the runs that it is of, by their place among all."""

    mean: Decimal
    of: tuple[int, ...]


def olympic(values: Sequence[Decimal | None], dropped: int) -> Olympic | None:
    """Return the mean without the `dropped` least and greatest values, or None where more runs failed than may.

    A run that did not count (None) is the slowest: it goes first at the slow end.
    """
    good = sorted((value, index) for index, value in enumerate(values) if value is not None)
    failed = len(values) - len(good)
    taken = good[dropped : len(good) - (dropped - failed)] if failed <= dropped else []
    if not taken:
        return None
    return Olympic(
        sum((value for value, _ in taken), Decimal(0)) / len(taken),
        tuple(index for _, index in taken),
    )


def average(values: list[float]) -> float:
    """Return the plain mean of numbers, without an error of summing."""
    return math.fsum(values) / len(values)
