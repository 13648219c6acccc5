"""Whether a run may be believed: verdicts as values. Their wording is in `wording.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from benchfmt.profiler import figures
from benchfmt.profiler.document import Document, Measured
from benchfmt.profiler.job import Protocol

NANO = 1e9
PASSES = 0.9
"""A block passes if the process had a processor for this share of its time."""
FAILED_BLOCKS = 0.2
OTHERS = 0.10
STEAL = 0.02
PRESSURE = 0.10
THROTTLED = 0.01
KEEPS_UP = 0.9
"""A server that does less than this share of what it is asked for is overloaded."""
OBSERVER = 0.02
"""Above this share of a core, the observer may have disturbed the run."""
MLPERF_SECONDS = 600
_CPU = "CPUExecutionProvider"


class GateOff(Enum):
    """Why the gate says nothing of a run."""

    ARRIVALS = auto()
    OTHER_DEVICE = auto()
    THREADS_UNKNOWN = auto()
    SPINNING = auto()


class Cause(Enum):
    """Why a run, or a profile, is not to be believed without more."""

    BLOCKS = auto()
    OTHERS = auto()
    STEAL = auto()
    PRESSURE = auto()
    THROTTLED = auto()
    NOT_STEADY = auto()
    OVERLOADED = auto()
    BLOCK_MEANS = auto()
    PROCESS_MEDIANS = auto()
    TOO_FEW_PROCESSES = auto()


@dataclass(frozen=True)
class Doubt:
    """A cause with the value that was seen and the limit it goes beyond; `process` is the number of one of several."""

    cause: Cause
    value: float = 0.0
    limit: float = 0.0
    process: int | None = None


@dataclass
class Gate:
    """Which blocks passed; None where the gate says nothing for this kind of run, with the reason in `off`."""

    passed: list[bool] | None
    off: GateOff | None = None
    reference: float = 1.0
    ratios: list[float] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """The share of blocks that passed."""
        if not self.passed:
            return None
        return sum(self.passed) / len(self.passed)


def gate(document: Measured) -> Gate:
    """Return which blocks of a run had their processors: CPU time against wall time of each."""
    off = _gate_off(document)
    threads = document.job.threads
    if off is not None or not threads:
        return Gate(None, off or GateOff.THREADS_UNKNOWN)
    ratios = [block.cpu / (block.wall * threads) for block in document.observed.blocks]
    # Several threads never all work all the time: then the best block is what the others are compared with.
    reference = 1.0
    if threads > 1:
        reference = max(ratios)
    passed = [ratio >= PASSES * reference for ratio in ratios]
    return Gate(passed, None, reference, ratios)


def _gate_off(document: Measured) -> GateOff | None:
    job = document.job
    if job.scenario == "server" or not document.observed.blocks:
        return GateOff.ARRIVALS
    if document.placement is not None and document.placement.used[:1] != [_CPU]:
        return GateOff.OTHER_DEVICE
    if not job.threads:
        return GateOff.THREADS_UNKNOWN
    if job.spinning and job.threads > 1:
        return GateOff.SPINNING
    return None


def gated(values: Sequence[int], document: Measured, judged: Gate) -> list[int]:
    """Return the observations in blocks that passed."""
    kept: list[int] = []
    start = 0
    sizes = document.observed.block_sizes
    for size, passed in zip(sizes, judged.passed or (), strict=True):
        if passed:
            kept += values[start : start + size]
        start += size
    return kept


def contaminations(document: Measured, judged: Gate) -> list[Doubt]:
    """Return the evidence that something else used the machine; none is good."""
    doubts = []
    if judged.share is not None and 1 - judged.share > FAILED_BLOCKS:
        doubts.append(Doubt(Cause.BLOCKS, 1 - judged.share, PASSES))
    evidence = document.evidence
    for cause, value, limit in (
        (Cause.OTHERS, evidence.others, OTHERS),
        (Cause.STEAL, evidence.steal, STEAL),
        (Cause.PRESSURE, evidence.pressure_cpu, PRESSURE),
        (Cause.THROTTLED, evidence.throttled, THROTTLED),
    ):
        if value is not None and value > limit:
            doubts.append(Doubt(cause, value, limit))
    return doubts


def instabilities(document: Measured, half_width: float) -> list[Doubt]:
    """Return the evidence that the run had not settled."""
    doubts = []
    if not document.warm_up.steady:
        doubts.append(Doubt(Cause.NOT_STEADY))
    handled, asked = _server_rates(document)
    if asked and handled < KEEPS_UP * asked:
        doubts.append(Doubt(Cause.OVERLOADED, handled, asked))
    observed = document.observed
    if len(observed.blocks) >= 2:
        means = figures.block_means(observed.inference, observed.block_sizes)
        between = figures.interval(means)
        if between and between.half_width > half_width:
            doubts.append(Doubt(Cause.BLOCK_MEANS, between.half_width, half_width))
    return doubts


def _server_rates(document: Measured) -> tuple[float, float | None]:
    """Return the queries a second that a server did and that it was asked for; None for any other scenario."""
    observed = document.observed
    if document.job.scenario != "server" or not observed.wall:
        return 0.0, None
    asked = document.rate
    if document.loadgen and document.loadgen.scheduled_per_second:
        asked = document.loadgen.scheduled_per_second
    return observed.queries / observed.wall * NANO, asked


def between_processes(medians: Sequence[float], protocol: Protocol) -> list[Doubt]:
    """Return what the medians of the processes that finished leave open."""
    between = figures.interval(medians)
    if between is not None and between.half_width > protocol.half_width:
        return [Doubt(Cause.PROCESS_MEDIANS, between.half_width, protocol.half_width)]
    if between is None and not protocol.quick:
        return [Doubt(Cause.TOO_FEW_PROCESSES, len(medians))]
    return []


def stability(contaminated: Sequence[Doubt], unstable: Sequence[Doubt]) -> str:
    """Return the verdict: contaminated, unstable or ok."""
    if contaminated:
        return "contaminated"
    if unstable:
        return "unstable"
    return "ok"


def is_short(document: Measured, protocol: Protocol) -> bool:
    """Say whether a run is shorter than the protocol of a full profile asks for (`--quick` always is)."""
    full = Protocol()
    observed = document.observed
    too_short = observed.wall / NANO < full.seconds * 0.99
    return protocol.quick or too_short or observed.queries < full.queries


def mlperf_conformant(document: Measured) -> bool:
    """Say whether LoadGen calls a run valid that lasted as long as MLPerf asks."""
    loadgen = document.loadgen
    if loadgen is None or loadgen.result != "VALID":
        return False
    return (loadgen.min_duration_seconds or 0.0) >= MLPERF_SECONDS


def observer_share(document: Document) -> float | None:
    """Return the share of a core that the observer took; None where none was running."""
    if document.sampler is None:
        return None
    return document.sampler.observer_share


def within_bound(share: float | None) -> bool:
    """Say whether the observer was cheap enough not to disturb the run."""
    return share is None or share <= OBSERVER
