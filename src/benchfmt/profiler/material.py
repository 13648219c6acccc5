"""What records of a profile are made of: what the user declares, the machine, and what the processes have left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import JsonValue

from benchfmt.profiler import judging
from benchfmt.profiler.document import Evaluated, Measured
from benchfmt.profiler.environment import State
from benchfmt.profiler.facts import ModelFacts
from benchfmt.profiler.job import Protocol
from benchfmt.profiler.judging import Doubt, Gate
from benchfmt.profiler.measuring import Facts, Numbers, measured
from benchfmt.profiler.running import ProfileError, Run
from benchfmt.profiler.sensed import Sensed

_CPU = "CPUExecutionProvider"


@dataclass(frozen=True)
class About:
    """What only the user can say of a profile: names, licence, who measured it, on which data."""

    name: str
    model: str
    model_version: str | None = None
    task: str | None = None
    dataset: str | None = None
    split: str | None = None
    submitter: str | None = None
    license: str | None = None
    url: str | None = None
    system: Mapping[str, JsonValue] = field(default_factory=dict)
    engine: str | None = "onnxruntime"


Declared = Mapping[str, str | Mapping[str, JsonValue] | None]
"""What the user declares, by the names of `About`."""


def about_of(known: About, declared: Declared) -> About:
    """Return what is known of a profile with what the user declares; raises ProfileError for a name that it does not take."""
    changes: dict[str, Any] = {name: value for name, value in declared.items() if value is not None}
    names = list(About.__dataclass_fields__)
    unknown = sorted(set(changes) - set(names))
    if unknown:
        raise ProfileError(f"about has {', '.join(unknown)}; it takes {', '.join(names)}")
    return replace(known, **changes)


@dataclass(frozen=True)
class Material:
    """Everything that records are made of."""

    about: About
    runs: Sequence[Run]
    execution: str
    protocol: Protocol
    system: Mapping[str, JsonValue]
    state: State
    stack: Mapping[str, str]
    facts: ModelFacts = field(default_factory=ModelFacts)
    summary: Run | None = None
    quality: Run | None = None
    dataset_sha256: str | None = None
    idle: Mapping[str, Sensed] = field(default_factory=dict)

    @property
    def evaluated(self) -> Evaluated:
        """What the process has left that determined the quality; an empty document where none has."""
        if self.quality is not None and isinstance(self.quality.document, Evaluated):
            return self.quality.document
        return Evaluated()

    @property
    def memory_bytes(self) -> int | None:
        """The memory of the machine."""
        memory = self.system.get("memory_bytes")
        if isinstance(memory, int):
            return memory
        return None


@dataclass(frozen=True)
class Part:
    """One process that has finished: its numbers, and what was judged of it."""

    run: Run
    document: Measured
    gate: Gate
    numbers: Numbers
    caveats: list[str]
    contaminated: list[Doubt]
    unstable: list[Doubt]

    def of_summary(self, doubts: Sequence[Doubt]) -> list[Doubt]:
        """Return doubts with the number of this process."""
        return [replace(doubt, process=self.document.job.run) for doubt in doubts]


def part_of(run: Run, document: Measured, material: Material, also: Sequence[str] = ()) -> Part:
    """Return the numbers of a process, each of the timing with the caveats in `also` too."""
    gate = judging.gate(document)
    contaminated = judging.contaminations(document, gate)
    unstable = judging.instabilities(document, material.protocol.half_width)
    holds = {
        "contaminated": contaminated,
        "unstable": unstable,
        "short-run": judging.is_short(document, material.protocol),
        "placement-fallback": _fell_back(document, material),
        **dict.fromkeys(also, True),
        "partial-run": document.observed.unfinished,
    }
    caveats = [caveat for caveat, does in holds.items() if does]
    facts = Facts(material.facts, material.memory_bytes, material.idle)
    numbers = measured(document, facts, gate, caveats)
    return Part(run, document, gate, numbers, caveats, contaminated, unstable)


def _fell_back(document: Measured, material: Material) -> bool:
    """Say whether work ran elsewhere than asked: a provider that is not in use, or nodes that it did not take."""
    if document.placement is None:
        return False
    if document.lost:
        return True
    nodes = material.evaluated.nodes or {}
    wanted = (document.job.providers or [_CPU])[0]
    return wanted != _CPU and any(name != wanted for name in nodes)
