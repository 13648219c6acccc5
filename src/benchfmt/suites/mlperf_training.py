"""The rules of MLPerf Training v0.5 to v6.1 and MLPerf HPC v0.7 to v3.0: names, runs, targets.

The data stand in `data/mlperf_training.toml`, every block with its source. Nothing here reads a submission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from types import MappingProxyType

from benchfmt.suites import tables

_data = partial(tables.read, "mlperf_training")

TRAINING = "mlperf-training"
HPC = "mlperf-hpc"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a benchmark asks for: vocabulary ids, None where no source states them, and how it is scored."""

    name: str
    suite: str
    runs: int
    """How many runs a result has."""
    dropped: int = 1
    """How many go at each end of the olympic mean; so many may have failed."""
    task: str | None = None
    phase: str = "training"
    model: str | None = None
    dataset: str | None = None
    split: str | None = None
    counts: str | None = None
    """The metric that the logs' `epoch_num` counts, None where it is neither epochs nor samples."""
    counts_samples: bool = True
    """Whether `eval_samples` of the logs is a number of samples."""
    scored: bool = True
    """Whether the score follows from the logs."""
    later: bool = False
    """Whether quality is evaluated after the run, so that its lines may stand behind the end of the run."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A quality that a run has to reach; targets are decimal text in the metric's unit."""

    metric: str
    target_min: str | None = None
    target_max: str | None = None
    member: str | None = None
    """The part of a logged value, or the metric that an event names, which it is."""
    event: str = "eval_accuracy"
    """The key of the log's lines."""


@cache
def _rounds() -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({suite: tuple(_data()["rounds"][suite]) for suite in (TRAINING, HPC)})


ROUNDS: Mapping[str, tuple[str, ...]] = _rounds()
"""The rounds of each suite, oldest first."""


@cache
def number(round_id: str) -> tuple[int, ...]:
    """Return the parts of a round's name, to order rounds by: (5, 1) for `v5.1`."""
    return tuple(int(part) for part in round_id.removeprefix("v").split("."))


def _holds(entry: Mapping[str, str], round_id: str) -> bool:
    """Say whether an entry with `since` and `until` (both inclusive, both optional) is in force in a round."""
    late = "until" in entry and number(round_id) > number(entry["until"])
    return not late and ("since" not in entry or number(round_id) >= number(entry["since"]))


@cache
def canonical(name: str, round_id: str | None) -> str | None:
    """Return the benchmark that a folder or column names in a round, or None where it is not known.

    Without a round a name that means different benchmarks in different rounds (`ssd`) is not known.
    """
    word = name.strip().casefold()
    named = [alias for alias in _data()["aliases"] if word in alias["names"]]
    held = [alias for alias in named if round_id is None or _holds(alias, round_id)]
    if len(held) == 1:
        return str(held[0]["benchmark"])
    if word in _data()["benchmarks"] and not named:
        return word
    return None


def is_name(word: str) -> bool:
    """Say whether a word names a benchmark in any round."""
    return word.strip().casefold() in _names()


@cache
def _names() -> frozenset[str]:
    return frozenset(
        [*_data()["benchmarks"], *(name for alias in _data()["aliases"] for name in alias["names"])]
    )


@cache
def suite_of(word: str) -> str | None:
    """Return the suite of the benchmark that a folder or column names, or None for an unknown one."""
    name = word.strip().casefold()
    for alias in _data()["aliases"]:
        if name in alias["names"]:
            name = alias["benchmark"]
            break
    entry = _data()["benchmarks"].get(name, {})
    suite: str | None = entry.get("suite")
    return suite


@cache
def folder(submitter: str, round_id: str | None) -> str:
    """Return the folder of a submitter as published links name it."""
    known = [entry["submitters"] for entry in _data()["folders"] if entry["round"] == round_id]
    if not known:
        return submitter
    return str(known[0].get(submitter, submitter))


@cache
def benchmark(name: str | None) -> Benchmark | None:
    """Return what is known of a benchmark by its canonical name, or None."""
    entry = _data()["benchmarks"].get(name)
    if entry is None:
        return None
    facts = {key: value for key, value in entry.items() if key != "source"}
    return Benchmark(str(name), **facts)


@cache
def qualities(
    name: str, round_id: str | None, batch_size: int | None = None
) -> tuple[Quality, ...]:
    """Return the qualities of a benchmark in a round; none for an unknown benchmark.

    Without a round they have the targets that are the same in every round that has the benchmark; in a round that
    does not have it they have none.
    """
    rules = [rule for rule in _data()["quality"] if name in rule["benchmarks"]]
    if not rules:
        return ()
    always = round_id is None and len(rules) == 1
    for rule in rules:
        held = always or (round_id is not None and _holds(rule, round_id))
        if held and (batch_size or 0) >= rule.get("batch_at_least", 0):
            return tuple(map(_quality, rule["metrics"]))
    qualities = map(_quality, rules[-1]["metrics"])
    return tuple(replace(quality, target_min=None, target_max=None) for quality in qualities)


def _quality(entry: Mapping[str, str]) -> Quality:
    return Quality(
        entry["metric"],
        entry.get("min"),
        entry.get("max"),
        entry.get("member"),
        entry.get("event", "eval_accuracy"),
    )
