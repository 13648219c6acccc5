"""The document that a process of a profile leaves: the process writes it as JSON, its parent reads and judges it.

The types are plain dataclasses, for the measured process imports this module, and what it imports lies in its memory.
pydantic, which checks a document that is read, is imported by the reader alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from benchfmt.profiler.evidence import Evidence
from benchfmt.profiler.job import Settings
from benchfmt.profiler.plain import hyphenated
from benchfmt.profiler.proc import CgroupLimits
from benchfmt.profiler.sampled import Sampled

if TYPE_CHECKING:
    from pydantic import JsonValue

VERSION = 1
OK, FAILED = "ok", "failed"
Kind = TypeVar("Kind")


class Block(NamedTuple):
    """Consecutive runs: how many, how long (nanoseconds), and how much of that the process had a processor."""

    runs: int
    wall: int
    cpu: int


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Resident bytes at a moment, and their peak since it was last reset; `reset` says whether it could be."""

    reset: bool | None = None
    resident: int | None = None
    peak: int | None = None


@dataclass(frozen=True, kw_only=True)
class Base:
    """What importing the engine took, and the memory before a model is loaded."""

    import_seconds: float
    import_cpu: float
    resident: int | None = None
    peak: int | None = None


@dataclass(frozen=True, kw_only=True)
class Load:
    """Loading the model, without the building of an engine; bytes as they were afterwards."""

    seconds: float
    window: list[float] | None = None
    resident: int | None = None
    peak: int | None = None


@dataclass(frozen=True, kw_only=True)
class Build:
    """Building an engine for this machine."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class FirstRun:
    """The first query, in seconds, and its inference alone."""

    seconds: float
    inference: float | None = None


@dataclass(frozen=True, kw_only=True)
class WarmUp:
    """The warm-up: whether it became steady, and the median of its last runs in seconds."""

    runs: int | None = None
    seconds: float | None = None
    steady: bool
    median: float | None = None
    window: list[float] | None = None
    memory: Memory | None = None


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What was timed, in nanoseconds: the length of each stage of each query, and the blocks of the gate."""

    __pydantic_config__: ClassVar[dict[str, Callable[[str], str]]] = {"alias_generator": hyphenated}

    inference: list[int]
    queries: int = 0
    wall: int = 0
    cpu: int | None = None
    unfinished: int = 0
    blocks: list[Block] = field(default_factory=list)
    preprocess: list[int] | None = None
    postprocess: list[int] | None = None
    end_to_end: list[int] | None = None
    request: list[int] | None = None
    queue: list[int] | None = None
    compute: list[int] | None = None
    transfer_in: list[int] | None = None
    transfer_out: list[int] | None = None

    def stage(self, name: str) -> list[int] | None:
        """Return the times of a stage by its name in the standard, or None where it was not timed."""
        times: list[int] | None = getattr(self, name.replace("-", "_"))
        return times

    @property
    def block_sizes(self) -> list[int]:
        """How many runs each block has."""
        return [block.runs for block in self.blocks]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """The execution providers asked for, there, in use, and those asked for and not in use."""

    asked: list[str] | None = None
    available: list[str] | None = None
    used: list[str]
    lost: list[str] = field(default_factory=list)
    options: dict[str, dict[str, str | bool]] | None = None


@dataclass(frozen=True, kw_only=True)
class EngineVersion:
    """Which version of what ran the model."""

    version: str
    build: str | None = None


@dataclass(frozen=True, kw_only=True)
class Input:
    """An input of the model as it was fed; `batched` where the first dimension counts samples."""

    name: str
    type: str | None = None
    shape: list[int]
    batched: bool


@dataclass(frozen=True, kw_only=True)
class LoadGen:
    """What was asked of LoadGen, and what its summary says: latencies in nanoseconds, rates in samples a second."""

    min_duration_seconds: float | None = None
    min_query_count: int | None = None
    samples_each: float = 1.0
    result: str | None = None
    latencies: dict[str, int] = field(default_factory=dict)
    estimates: dict[str, int] = field(default_factory=dict)
    samples_per_second: float | None = None
    scheduled_per_second: float | None = None
    early_stopping: str | None = None


@dataclass(frozen=True, slots=True)
class TrtexecSettings:
    """How trtexec runs the engine; each becomes a switch, whatever the version would do without it."""

    warm_up_ms: int = 500
    duration_s: int = 3
    iterations: int = 100
    average_runs: int = 10
    streams: int = 1
    percentiles: tuple[str, ...] = ("90", "95", "99")
    data_transfers: bool = True
    cuda_graph: bool = True
    spin_wait: bool = True


@dataclass(frozen=True, kw_only=True)
class Trtexec:
    """How trtexec was called, without the folders of this machine."""

    switches: list[str]
    settings: TrtexecSettings


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """How many nodes of the graph a provider ran, and for how long."""

    nodes: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Metrics by name, and what is known of the data; what an evaluator adds is kept as it came."""

    by: str
    metrics: dict[str, float]
    n: int | None = None
    dataset: Any = None
    unit: dict[str, str] | None = None
    answers: Any = None
    detail: Any = None
    labels_sha256: str | None = None
    predictions_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """What any process leaves, one that failed too."""

    version: int = VERSION
    kind: str = "measure"
    status: str = FAILED
    detail: str | None = None
    job: Settings = field(default_factory=Settings)
    pid: int | None = None
    began: str | None = None
    harness: str | None = None
    placement: Placement | None = None
    engine: EngineVersion | None = None
    inputs: list[Input] | None = None
    batch: int | None = None
    samples_per_query: int | None = None
    affinity: int | None = None
    build: Build | None = None
    trtexec: Trtexec | None = None
    rate: float | None = None
    sampler: Sampled | None = None

    @property
    def lost(self) -> list[str]:
        """The providers that were asked for and are not in use."""
        if self.placement is None:
            return []
        return self.placement.lost


@dataclass(frozen=True, kw_only=True)
class Measured(Document):
    """What a process leaves that has measured; times are in seconds unless a field says otherwise."""

    status: str = OK
    batch: int = 1
    samples_per_query: int = 1
    observed: Observed
    warm_up: WarmUp
    window: list[float] = field(default_factory=lambda: [0.0, 0.0])
    evidence: Evidence = field(default_factory=Evidence)
    memory: Memory = field(default_factory=Memory)
    base: Base | None = None
    load: Load | None = None
    first_run: FirstRun | None = None
    items: int | None = None
    loadgen: LoadGen | None = None
    schedule_seed: int | None = None
    scheduled: int | None = None
    cgroup: CgroupLimits | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluated(Document):
    """What a process leaves that has determined the quality, or where nodes ran."""

    kind: str = "evaluate"
    status: str = OK
    quality: Quality | None = None
    quality_failed: str | None = None
    inputs_sha256: str | None = None
    nodes: dict[str, Nodes] | None = None


@dataclass(frozen=True, kw_only=True)
class ProcessOfOverview:
    """A process as the overview names it: its file, and its median in seconds unless it has failed."""

    path: str
    sha256: str
    median_seconds: float | None = None
    failed: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What a summary is derived from: the files of its processes and their medians; it becomes a file itself."""

    version: int = VERSION
    execution: str
    runs: list[ProcessOfOverview]
    idle_watts: dict[str, float | None] | None = None


def read(data: JsonValue) -> Document:
    """Return the document that was read as JSON; raises ValueError where it is not one."""
    return parsed(_kind_of(data), data)


def _kind_of(data: JsonValue) -> type[Document]:
    if not isinstance(data, dict) or data.get("status") != OK:
        return Document
    if data.get("kind") == "evaluate":
        return Evaluated
    return Measured


def parsed(kind: type[Kind], data: JsonValue) -> Kind:
    """Return a value of one of these types from what was read as JSON; raises ValueError where it is not one."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(data)
