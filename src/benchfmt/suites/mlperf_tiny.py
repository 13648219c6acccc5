"""The rules of MLPerf Tiny v0.5 to v1.3: rounds, benchmarks, targets, and what the name of a chip says.

The data stand in `data/mlperf_tiny.toml`, every block with its source. Nothing here reads a submission.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, partial

from benchfmt.suites import tables

_data = partial(tables.read, "mlperf_tiny")


@dataclass(frozen=True, slots=True)
class Target:
    """A quality that the closed division must reach; the bounds are decimal text in `unit`."""

    metric: str
    unit: str
    minimum: str | None = None
    maximum: str | None = None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a benchmark asks for; vocabulary ids, None where no source states them."""

    name: str
    task: str
    scenario: str
    batch_size: int
    dataset: str | None
    model: str | None
    targets: tuple[Target, ...]

    @property
    def is_streaming(self) -> bool:
        """Whether it hears one long stream in place of single inputs."""
        return self.scenario == "streaming"


ROUNDS: tuple[str, ...] = tuple(_data()["rounds"]["names"])
"""The rounds, oldest first."""

BENCHMARKS: tuple[str, ...] = tuple(_data()["benchmarks"])
"""The names of the benchmarks, which are those of the folders."""


@cache
def benchmark(name: str) -> Benchmark | None:
    """What is known of a benchmark by its short name or that of a folder, in any case of letters, or None."""
    word = name.lower()
    short = _data()["aliases"]["names"].get(word, word)
    entry = _data()["benchmarks"].get(short)
    if entry is None:
        return None
    protocol = _data()["protocol"]
    targets = tuple(
        Target(t["metric"], t["unit"], t.get("min"), t.get("max")) for t in entry["targets"]
    )
    return Benchmark(
        short,
        entry["task"],
        entry.get("scenario", protocol["scenario"]),
        protocol["batch_size"],
        entry.get("dataset"),
        entry.get("model"),
        targets,
    )


@cache
def system_kind(chip: str) -> str | None:
    """The kind of computer that the name of a chip says, or None."""
    return _first("chips", "kind", chip)


@cache
def architecture(core: str) -> str | None:
    """The instruction set that the name of a processor says, or None."""
    return _first("cores", "architecture", core)


def _first(table: str, key: str, text: str) -> str | None:
    for entry in _data()[table]:
        if re.search(entry["pattern"], text, re.IGNORECASE):
            return str(entry[key])
    return None
