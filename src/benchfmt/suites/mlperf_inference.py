"""The rules of MLPerf Inference v0.5 to v6.1: rounds, names, official numbers, accuracy targets and latency limits.

The data stand in `data/mlperf_inference.toml`, every block with its source. Nothing here reads a submission.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from benchfmt.suites import tables
from benchfmt.units import convert

_data = partial(tables.read, "mlperf_inference")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a benchmark asks for; vocabulary ids and counts, None where no source states them."""

    name: str
    task: str | None = None
    dataset: str | None = None
    split: str | None = None
    samples: int | None = None
    model: str | None = None
    parameters: int | None = None
    flop: int | None = None
    input_shape: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """The benchmark that a name means, and how that is known."""

    benchmark: str
    rule: str
    own: bool
    """Whether it names the benchmark or its own model; a name of another model is only judged as the benchmark."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What a name proves, and by which rule."""

    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class Size:
    """The height and width in pixels that a name proves, and by which rule."""

    shape: tuple[int, int]
    rule: str


OFFICIAL_NAME = "official name"
"""The rule of a name that is the benchmark's own, in any of its spellings."""
LISTED_NAME = "name in the checker's list"
"""The rule of another model that a round's submission checker lists by name."""
GUESSED_NAME = "checker's guess from the name"
"""The rule of another model whose name holds a word from which the submission checker guesses."""


@dataclass(frozen=True, slots=True)
class Official:
    """The key of the number that a round publishes for a result, and the published table's word for its unit."""

    metric: str
    statistic: str
    stage: str | None
    per: str
    unit: str


@dataclass(frozen=True, slots=True)
class Quality:
    """A quality that the checker asks for; targets are decimal text in `unit`, the unit of the number in the file."""

    name: str
    metric: str
    unit: str
    target_min: str | None = None
    target_max: str | None = None
    scope: str | None = None
    """The part of the data that it is for, where a benchmark has several of one metric."""
    per: str | None = None

    @property
    def least(self) -> float | None:
        """The lower target as the standard stores it."""
        return self._in_standard_unit(self.target_min)

    @property
    def most(self) -> float | None:
        """The upper target as the standard stores it."""
        return self._in_standard_unit(self.target_max)

    def _in_standard_unit(self, target: str | None) -> float | None:
        if target is None:
            return None
        return convert(target, self.unit, "1")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a percentile in seconds, as decimal text; None where a round sets none."""

    latency: str | None = None
    ttft: str | None = None
    tpot: str | None = None
    percentile: str = "99"
    """That of the latency; those of the tokens are bound at their 99th."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """How long and how much a run must do; `samples` are those of the one query of an offline run."""

    seconds: int | None = None
    queries: int | None = None
    samples: int | None = None


@cache
def _rounds() -> Mapping[str, Mapping[str, str]]:
    return MappingProxyType(
        {name: MappingProxyType(entry["seeds"]) for name, entry in _data()["rounds"].items()}
    )


ROUNDS: tuple[str, ...] = tuple(_rounds())
"""The rounds, oldest first."""


def round_of(seeds: Mapping[str, str]) -> str | None:
    """The one round whose seeds these are, or None; seeds under other names or missing ones do not count."""
    fits = [name for name, known in _rounds().items() if _agree(seeds, known)]
    if len(fits) == 1:
        return fits[0]
    return None


def _agree(seeds: Mapping[str, str], known: Mapping[str, str]) -> bool:
    shared = [key for key in known if key in seeds]
    return bool(shared) and all(seeds[key].strip() == known[key] for key in shared)


def compliance_test(log: Mapping[str, str], *, audited: bool) -> str | None:
    """Return why a LoadGen run was one of a compliance test, by its settings as the detail log names them, or None.

    TEST01 and its like keep answers of a performance run (a seed for their choice alone keeps none), TEST04 issues one sample again and again or none twice, and
    TEST05 has seeds of its own. `audited` says that LoadGen found an audit.config; one that changes nothing is no test.
    """
    for name, test in _SETTINGS_OF_TESTS.items():
        if log.get(f"effective_{name}", "").strip() not in _OFF:
            return f"a run of {test} ({name} is {log[f'effective_{name}'].strip()})"
    seeds = {name: log[f"effective_{name}"] for name in _SEEDS if f"effective_{name}" in log}
    if any(_agree(seeds, known) for known in _data()["compliance"]["seeds"]):
        return "a run of compliance test TEST05 (its seeds are those of the test)"
    if audited and seeds and round_of(seeds) is None:
        return "a run of a compliance test (an audit.config gave it seeds of no round)"
    return None


_SETTINGS_OF_TESTS = {
    "performance_issue_unique": "compliance test TEST04-A",
    "performance_issue_same": "compliance test TEST04-B",
    "accuracy_log_sampling_target": "a compliance test that keeps answers, such as TEST01",
    "accuracy_log_probability": "a compliance test that keeps answers, such as TEST01",
}
_OFF = frozenset({"", "0", "0.0", "false", "False"})
_SEEDS = ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed")


def seeds_of(round_id: str) -> Mapping[str, str]:
    """The seeds of a round by LoadGen's names, empty for an unknown round."""
    return _rounds().get(round_id, MappingProxyType({}))


@cache
def at_least(round_id: str | None, other: str) -> bool:
    """Whether a round is `other` or newer; an unknown round counts as the newest."""
    return _order(round_id) >= _order(other)


def _order(round_id: str | None) -> int:
    if round_id in ROUNDS:
        return ROUNDS.index(round_id)
    return len(ROUNDS)


def _holds(entry: Mapping[str, str], round_id: str | None) -> bool:
    """Whether an entry with `since` and `until` (both inclusive, both optional) is in force in a round."""
    newest = round_id if round_id in ROUNDS else ROUNDS[-1]
    late = "until" in entry and _order(newest) > _order(entry["until"])
    return not late and ("since" not in entry or _order(newest) >= _order(entry["since"]))


@cache
def canonical(name: str, round_id: str | None) -> str | None:
    """The official name of a benchmark from that of a directory or a table, or None where it is not known."""
    found = named(name, round_id)
    if found is None:
        return None
    return found.benchmark


@cache
def named(name: str, round_id: str | None, *, held: bool = False) -> Named | None:
    """The benchmark that the name of a directory or a table means in a round, or None where it is not known.

    Without a round that is the one that it means in every round that knows it; a name that means several is not known.
    `held` is for the divisions that run the benchmarks' own models, where names of other models mean nothing.
    """
    if round_id in ROUNDS:
        return _named(name, str(round_id))
    found: Named | None = None
    for each in ROUNDS:
        known = _named(name, each)
        if known is None or (held and not known.own):
            continue
        if found and found.benchmark != known.benchmark:
            return None
        found = known
    return found


def _named(name: str, round_id: str) -> Named | None:
    word = name.strip().casefold()
    benchmarks = _data()["benchmarks"]
    for alias in _data()["aliases"]:
        if word not in alias["names"] or not _holds(alias, round_id):
            continue
        if alias.get("other_model", False):
            return Named(alias["benchmark"], LISTED_NAME, own=False)
        return Named(alias["benchmark"], OFFICIAL_NAME, own=True)
    if word in benchmarks:
        return Named(word, OFFICIAL_NAME, own=True)
    proven = task_of_name(name)
    for guess in _data()["patterns"]:
        if not _holds(guess, round_id) or not re.search(guess["pattern"], word):
            continue
        if proven is None or proven.value == benchmarks[guess["benchmark"]].get("task"):
            return Named(guess["benchmark"], GUESSED_NAME, own=False)
    return None


@cache
def task_of_name(name: str) -> Proven | None:
    """The task that the name of a model proves, whoever runs it, or None."""
    word = name.strip().casefold()
    for family in _data()["families"]:
        if re.search(family["pattern"], word):
            return Proven(family["task"], "family of models in the name")
    return None


@cache
def dataset_of_name(name: str) -> Proven | None:
    """The data set that the name of a model names, or None."""
    word = name.strip().casefold()
    for data in _data()["named_data"]:
        if re.search(data["pattern"], word):
            return Proven(data["dataset"], "data set in the name")
    return None


@cache
def size_of_name(name: str) -> Size | None:
    """The input size that the name of a model or of its file of weights proves, or None."""
    word = name.strip().casefold()
    for entry in _data()["sizes"]:
        found = re.search(entry["pattern"], word)
        if found:
            side = int(entry.get("size") or found[1])
            return Size((side, side), str(entry["rule"]))
    return None


@cache
def may_be_one_model(name: str, other: str) -> bool:
    """Whether the names of a model and of a file of weights may be of one model: what both say does not differ."""
    here, there = _architectures(name), _architectures(other.rpartition("/")[2])
    if not here or not there:
        return True
    return here.keys() == there.keys() and all(
        version is None or there[word] in (None, version) for word, version in here.items()
    )


def _architectures(name: str) -> dict[str, str | None]:
    """The architectures that a name names, each with the version that it says."""
    words = "|".join(map(re.escape, _data()["architectures"]["words"]))
    found = re.finditer(rf"({words})(?:[-_]?v([0-9]))?", name.casefold())
    return {match[1]: match[2] for match in found}


@cache
def scenario(word: str) -> str | None:
    """The vocabulary id of a scenario in any of the spellings in use, or None; legacy multi-stream is not told apart."""
    known: dict[str, str] = _data()["scenarios"]["names"]
    return known.get(re.sub(r"[\s_-]+", "", word).casefold())


@cache
def benchmark(canonical_name: str, round_id: str | None = None) -> Benchmark | None:
    """What is known of a benchmark by its official name, as of a round, or None.

    Without a round that is what was the same in every round.
    """
    entry = _data()["benchmarks"].get(canonical_name)
    if entry is None:
        return None
    newest = {key: value for key, value in entry.items() if key not in ("source", "earlier")}
    earlier = entry.get("earlier", ())
    facts = newest.copy()
    if round_id in ROUNDS:
        held = (other["facts"] for other in earlier if _holds(other, round_id))
        facts = dict(next(held, newest))
    else:
        for other in earlier:
            known = other["facts"]
            facts = {key: value for key, value in facts.items() if known.get(key) == value}
    if "input_shape" in facts:
        facts["input_shape"] = tuple(facts["input_shape"])
    return Benchmark(canonical_name, **facts)


@cache
def official(benchmark: str | None, round_id: str | None, scenario: str) -> Official:
    """The key of the official number. An unknown benchmark follows its scenario, an unknown scenario counts samples."""
    rules = [
        rule
        for rule in _data()["official"]
        if scenario in rule["scenarios"] and _holds(rule, round_id)
    ]
    own = (rule for rule in rules if benchmark in rule.get("benchmarks", ()))
    general = (rule for rule in rules if "benchmarks" not in rule)
    rule = next(own, None) or next(general, None)
    if rule is None:
        return Official("throughput", "mean", "whole-run", "sample", "Samples/s")
    return Official(rule["metric"], rule["statistic"], rule.get("stage"), rule["per"], rule["unit"])


def may_run_endpoints(benchmark: str | None) -> bool:
    """Say whether MLPerf Endpoints' client may have run a benchmark in place of LoadGen (from v6.1 on)."""
    return benchmark in _data()["endpoints"]["benchmarks"]


@cache
def qualities(
    benchmark: str, round_id: str | None, scenario: str | None = None
) -> tuple[Quality, ...]:
    """The qualities of a benchmark in the checker's order, the official one first; none for an unknown benchmark.

    Without a round they are those of the last round that had it, with the targets that were the same in every round;
    in a round that does not have the benchmark they have none.
    """
    rules = [rule for rule in _data()["quality"] if benchmark in rule["benchmarks"]]
    if not rules:
        return ()
    asked = scenario or ""
    fitting = [rule for rule in rules if asked in rule.get("scenarios", (asked,))]
    if round_id not in ROUNDS and fitting:
        return _always([_qualities(rule, benchmark) for rule in fitting])
    for rule in fitting:
        if _holds(rule, round_id):
            return _qualities(rule, benchmark)
    return tuple(_without_target(quality) for quality in _qualities(rules[-1], benchmark))


def _qualities(rule: Mapping[str, list[dict[str, str]]], benchmark: str) -> tuple[Quality, ...]:
    return tuple(_quality(metric, benchmark) for metric in rule["metrics"])


def _without_target(quality: Quality) -> Quality:
    return replace(quality, target_min=None, target_max=None)


def _always(rounds: list[tuple[Quality, ...]]) -> tuple[Quality, ...]:
    """The qualities of the last of several rounds, with the targets that all of them have."""
    always = []
    for quality in rounds[-1]:
        same = all(quality in each for each in rounds)
        always.append(quality if same else _without_target(quality))
    return tuple(always)


def _quality(entry: Mapping[str, str], benchmark: str) -> Quality:
    known = _data()["metrics"][entry["name"]]
    return Quality(
        entry["name"],
        known["metric"],
        known["unit"],
        _target(entry.get("min"), benchmark),
        _target(entry.get("max"), benchmark),
        known.get("scope"),
        known.get("per"),
    )


def _target(product: str | None, benchmark: str) -> str | None:
    """The exact value of a product of decimals, as text without superfluous zeros."""
    if product is None:
        return None
    value = Decimal(1)
    for factor in product.split("*"):
        value *= _factor(factor.strip(), benchmark)
    return format(value.normalize(), "f")


def _factor(text: str, benchmark: str) -> Decimal:
    """One factor; `suffix` is the share that the benchmark's name ends with, in percent."""
    if text == "suffix":
        return Decimal(benchmark.rpartition("-")[2]) / 100
    return Decimal(text)


@cache
def latency_limits(benchmark: str, round_id: str | None, scenario: str) -> Limits:
    """The bounds that a result of this benchmark and scenario must keep; all None where there are none."""
    rule = _rule("limits", benchmark, round_id, scenario)
    return Limits(
        rule.get("latency"), rule.get("ttft"), rule.get("tpot"), rule.get("percentile", "99")
    )


@cache
def minimum(benchmark: str | None, round_id: str | None, scenario: str) -> Minimum:
    """The least duration and counts of a run; all None for an unknown scenario."""
    rule = _rule("minimum", benchmark, round_id, scenario)
    return Minimum(rule.get("seconds"), rule.get("queries"), rule.get("samples"))


def _rule(
    table: str, benchmark: str | None, round_id: str | None, scenario: str
) -> Mapping[str, Any]:
    """The first block of a table that fits; blocks without benchmarks fit all."""
    for rule in _data()[table]:
        fits = "benchmarks" not in rule or benchmark in rule["benchmarks"]
        if fits and scenario in rule["scenarios"] and _holds(rule, round_id):
            return dict(rule)
    return {}


MIN_POWER_SECONDS: str = _data()["power"]["min_seconds"]
"""The shortest window over which power is measured: the least duration of a run since v1.0, the first round with it."""

POWER_UNITS: Mapping[str, str] = MappingProxyType(_data()["power"]["units"])
"""The published table's word for the unit of a power result, by scenario."""
