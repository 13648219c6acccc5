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

from pydantic import JsonValue

from benchfmt import numbers
from benchfmt.limits import Limits
from benchfmt.readers import mllog
from benchfmt.readers.mllog import Event, Log, number, plain
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

    @property
    def counts(self) -> bool:
        """Whether the run has a time that counts."""
        return self.seconds is not None

    @property
    def sample(self) -> float | None:
        """The seconds of a run that counts, as the nearest double."""
        if self.seconds is None:
            return None
        return float(self.seconds)

    def logged(self, key: str) -> JsonValue:
        """Return the value of the first event with a key as plain JSON data, or None."""
        event = self.log.first(key)
        if event is None:
            return None
        value: JsonValue = plain(event.value)
        return value

    def fail(self, kind: str, why: str) -> Run:
        """Note why the run does not count."""
        self.kind, self.why = kind, why
        return self


def read_run(path: Path, benchmark: Benchmark | None, limits: Limits) -> Run:
    """Return a run from its log."""
    log = mllog.read(path, limits, kept)
    run = Run(path, log)
    line = _second_run(log)
    if line is not None:
        run.several = True
        run.log = replace(log, events=())
        return run.fail(
            UNSCORABLE, f"the log is of more than one run: another begins by line {line}"
        )
    run.start, run.stop = _ends(log)
    run.evaluations = _evaluations_of(run, benchmark)
    if log.syntax is None:
        return run.fail(UNSCORABLE, "no event of a training log")
    if log.syntax == mllog.FREE:
        return run.fail(UNSCORABLE, "free text, whose lines are not events of a training log")
    if _is_self_play(run, benchmark):
        return _self_play(run)
    return _timed(run)


def _evaluations_of(run: Run, benchmark: Benchmark | None) -> list[Event]:
    """Return the evaluations of a run; what stands behind its end is none, but where quality is evaluated later."""
    events = run.log.all("eval_accuracy", "eval_error", "eval_result")
    if run.stop is None or (benchmark is not None and benchmark.later):
        return events
    return [event for event in events if event.line < run.stop.line]


def _timed(run: Run) -> Run:
    """Return the run with its time, or with the reason for which it does not count."""
    start = run.start
    stop = run.stop
    if start is None:
        return run.fail(UNSCORABLE, "no run_start")
    if stop is None:
        return run.fail(UNFINISHED, "no run_stop")
    status = _status(run.log, stop)
    if status is None:
        return run.fail(ABORTED, "run_stop: no status")
    if status != _SUCCESS:
        return run.fail(ABORTED, f"run_stop: status {status}")
    if not start.milliseconds or not stop.milliseconds:  # lines of a header have the time 0
        return run.fail(UNSCORABLE, "run_start or run_stop has no time")
    if stop.milliseconds <= start.milliseconds:
        return run.fail(UNSCORABLE, "run_stop is not after run_start")
    run.seconds = (stop.milliseconds - start.milliseconds) / 1000
    run.repaired = bool(run.log.repaired)
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
    benchmarks = [
        event for event in log.all("submission_benchmark") if isinstance(event.value, str)
    ]
    for event in benchmarks:
        if event.value != benchmarks[0].value:
            return event.line
    begins = log.all("run_start")
    start, stop = _ends(log)
    if start is not None and stop is not None:
        for event in begins:
            if _is_apart(log, event, start, stop):
                return event.line
        begins = [event for event in begins if event.line <= stop.line]
    for before, after in pairwise(begins):
        if _prepared_between(log, before, after):
            return after.line
    return None


def _is_apart(log: Log, begin: Event, start: Event, stop: Event) -> bool:
    """Say whether a run that begins below the end of another lies before or after it in time too."""
    if begin.line <= max(start.line, stop.line):
        return False
    if not (start.milliseconds and stop.milliseconds and begin.milliseconds):
        return False
    if begin.milliseconds >= stop.milliseconds:
        return True
    for event in log.all("run_stop"):
        if event.line > begin.line and event.milliseconds:
            return event.milliseconds <= start.milliseconds
    return False


def _prepared_between(log: Log, before: Event, after: Event) -> bool:
    """Say whether a run was prepared anew between two starts, by the order of the lines and by their times."""
    if before.milliseconds is None or after.milliseconds is None:
        return False
    for event in log.all("init_start", "cache_clear", "run_clear_caches"):
        if event.milliseconds is None or not before.line < event.line < after.line:
            continue
        if before.milliseconds < event.milliseconds <= after.milliseconds:
            return True
    return False


def _status(log: Log, stop: Event) -> str | None:
    """Return what the end of a run says of it; in v0.5 a run without a word was a success."""
    status = stop.metadata.get("status")
    if isinstance(status, str):
        return (mllog.clean(status) or "")[:40].casefold() or None
    if log.syntax != mllog.V05:
        return None
    success = stop.metadata.get(_SUCCESS, stop.value)
    if success is False or str(success).casefold() == "false":
        return "aborted"
    return _SUCCESS


def _is_self_play(run: Run, benchmark: Benchmark | None) -> bool:
    """Say whether a log is one of minigo in v0.6 that has no run_stop."""
    if benchmark is None or run.stop is not None:
        return False
    return benchmark.name == "minigo" and run.log.syntax == mllog.V06


def _self_play(run: Run) -> Run:
    """Return the run of a minigo log of v0.6 without run_stop: the score is the time stamp of its last evaluation.

    So does the tool of that round: the stamp counts seconds from the start of the run.
    """
    results = [event for event in run.evaluations if event.key == "eval_result"]
    text = ""
    if results:
        text = str(results[-1].metadata.get("timestamp", ""))
    stamp = exact(text)
    if stamp is None or stamp <= 0:
        return run.fail(UNFINISHED, "no run_stop")
    run.seconds = Decimal(text)
    return run


def reached(run: Run, quality: Quality) -> Reached | None:
    """Return a quality at the end of a run, or None where the log has none."""
    # Evaluated afterwards, the lines stand in any order.
    text = None
    furthest = -math.inf
    for event in run.evaluations:
        own = _text(event, quality)
        if own is not None and _progress(event) >= furthest:
            text = own
            furthest = _progress(event)
    if text is None:
        return None
    clean = text.removesuffix("%").strip()
    is_percent = text.endswith("%")
    inferred = not is_percent and 1 < float(clean) <= 100 and _is_share(quality.metric)
    unit = "1"
    if is_percent or inferred:
        unit = "%"
    value = convert(clean, unit, "1")
    if value is None:
        return None
    return Reached(value, clean, unit, inferred)


def _is_share(metric_id: str) -> bool:
    """Say whether a metric goes from 0 to 1."""
    metric = vocabulary().metrics.get(metric_id)
    return metric is not None and metric.maximum == 1


def _progress(event: Event) -> float:
    """Return how far the training was at an evaluation."""
    samples = number(event.metadata.get("samples_count"))
    return samples or number(event.metadata.get("step_num")) or 0.0


def _text(event: Event, quality: Quality) -> str | None:
    """Return the characters of an event's number that is the quality, or None."""
    keys = [quality.event]
    if quality.event == "eval_accuracy":
        keys.append("eval_result")
    if event.key not in keys:
        return None
    value = event.value
    if quality.member is not None:
        value = _member(event, quality.member)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    if numbers.double(text.removesuffix("%")) is None:
        return None
    return text


def _member(event: Event, member: str) -> JsonValue:
    """Return the part of a value that has a name, or the value of an event whose metric is named so; else None."""
    wanted = member.casefold()
    if isinstance(event.value, dict):
        for key, value in event.value.items():
            if key.casefold() == wanted:
                return value
        return None
    metric = event.metadata.get("metric")
    if isinstance(metric, str) and metric.casefold() == wanted:
        return event.value
    return None


@dataclass(frozen=True, slots=True)
class Convergence:
    """How long a run took to converge: epochs or samples, in the characters of the log."""

    metric: str
    text: str


def convergence(run: Run, benchmark: Benchmark | None) -> Convergence | None:
    """Return how long a run took to converge, or None where its last evaluation does not say."""
    if not run.evaluations:
        return None
    furthest = max(map(_progress, run.evaluations))
    last = [event for event in run.evaluations if _progress(event) == furthest][-1]
    samples = last.metadata.get("samples_count")
    if _is_count(samples):
        return Convergence("training-samples", str(samples))
    epoch = last.metadata.get("epoch_num")
    if benchmark is None or benchmark.counts is None or not _is_count(epoch):
        return None
    return Convergence(benchmark.counts, str(epoch))


def _is_count(value: JsonValue) -> bool:
    count = number(value)
    return count is not None and count >= 0


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
    if failed > dropped:
        return None
    taken = good[dropped : len(values) - dropped]
    if not taken:
        return None
    total = sum((value for value, _ in taken), Decimal(0))
    return Olympic(total / len(taken), tuple(index for _, index in taken))


def average(values: list[float]) -> float:
    """Return the plain mean of numbers, without an error of summing."""
    return math.fsum(values) / len(values)
