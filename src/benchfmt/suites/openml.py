"""What is known of OpenML and of the AutoML Benchmark beyond their files: the tasks of OpenML-CC18, measures and units.

The data stand in `data/openml.toml` and `data/amlb.toml`, each with its source. Nothing here reads a result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from benchfmt.suites import tables

PRODUCTION = "www.openml.org"
TEST = "test.openml.org"
SERVERS = (PRODUCTION, TEST)
"""Ids of the two servers are different number spaces."""
CC18 = "openml-cc18"
OPENML = "openml"
AMLB = "amlb"

_BUDGET = re.compile(r"([0-9]{1,4})([mh])([0-9]{1,3})c(?:_.*)?")


@dataclass(frozen=True, slots=True)
class Task:
    """A task of OpenML-CC18: ids of the production server; `features` counts the target."""

    id: int
    data: int
    name: str
    classes: int
    features: int
    instances: int
    ratio: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A function of the server's table: the first part as it stands there, the second as the vocabulary says.

    `metric` is None where the function gives no number of a run; `in_unit` is the unit of the number in a file, and
    `kind` is `quality`, `time`, `resource`, `count`, `machine` or `text`.
    """

    name: str
    id: int | None = None
    function_type: str = ""
    minimum: str = ""
    maximum: str = ""
    unit: str = ""
    higher_is_better: str = ""
    metric: str | None = None
    in_unit: str | None = None
    direction: str | None = None
    stage: str | None = None
    kind: str = "quality"
    classes: bool = False


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint of the AutoML Benchmark: seconds and cores for one fold, and the number of folds where it is known."""

    name: str
    seconds: int
    cores: int
    folds: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A column of scores of the AutoML Benchmark."""

    metric: str
    unit: str
    of_target: bool = False
    """Whether the number is in the unit of the predicted quantity, which the file does not say."""


@cache
def tasks() -> Mapping[int, Task]:
    """Return the 72 tasks of OpenML-CC18 by task id."""
    found = {
        int(number): Task(int(number), **entry)
        for number, entry in tables.read("openml")["tasks"].items()
    }
    return MappingProxyType(found)


@cache
def measures() -> Mapping[str, Measure]:
    """Return the 74 functions of the server's table by name."""
    return MappingProxyType(
        {name: _measure(name, entry) for name, entry in tables.read("openml")["measures"].items()}
    )


def measure(name: str) -> Measure:
    """Return what is known of a measure; one that users made up is passed through with an unknown unit."""
    return measures().get(name) or Measure(
        name, metric=f"openml:{_kebab(name)}", in_unit=UNKNOWN_UNIT, kind="other"
    )


UNKNOWN_UNIT = "[undocumented]"


def suite(server: str | None, task_id: int | None) -> str:
    """Return the suite of a run: OpenML-CC18 only for its 72 tasks, and only on the production server."""
    if server == PRODUCTION and task_id in tasks():
        return CC18
    return OPENML


def split() -> str:
    """Return the split of all tasks of OpenML-CC18."""
    known = tables.read("openml")["estimation"]
    return f"cv:{known['repeats']}x{known['folds']}"


def folds() -> int:
    """Return how many tests a run on a task of OpenML-CC18 has."""
    known = tables.read("openml")["estimation"]
    return int(known["repeats"] * known["folds"])


def task_of(task_type: str | None) -> str | None:
    """Return the vocabulary's task for a `task_type`, or None."""
    found: str | None = tables.read("openml")["task_types"].get(task_type)
    return found


def scenario(procedure: str | None) -> str | None:
    """Return the scenario that an estimation procedure's type is, or None."""
    found: str | None = tables.read("openml")["scenarios"].get(procedure)
    return found


@cache
def constraint(name: str) -> Constraint | None:
    """Return what a constraint of the AutoML Benchmark says, or None where its name says nothing."""
    known = tables.read("amlb")["constraints"].get(name)
    if known:
        return Constraint(name, **known)
    match = _BUDGET.fullmatch(name)
    if not match:
        return None
    return Constraint(name, int(match[1]) * {"m": 60, "h": 3600}[match[2]], int(match[3]))


def default_instance(cores: int) -> str | None:
    """Return the AWS instance that the benchmark takes for so many cores unless it is told otherwise."""
    found: str | None = tables.read("amlb")["instances"].get(str(cores))
    return found


@cache
def scores() -> Mapping[str, Score]:
    """Return the columns of scores of the AutoML Benchmark by name."""
    return MappingProxyType(
        {name: Score(**entry) for name, entry in tables.read("amlb")["metrics"].items()}
    )


def forecast_scores() -> Mapping[str, str]:
    """Return the scores of forecasts that the vocabulary does not have, each with its definition: fractions, lower is better."""
    found: dict[str, str] = tables.read("amlb")["forecasts"]
    return MappingProxyType(found)


def amlb_tasks() -> Mapping[str, str]:
    """Return the vocabulary's task for each `type` of the AutoML Benchmark."""
    found: dict[str, str] = tables.read("amlb")["types"]
    return MappingProxyType(found)


@cache
def framework_engine(framework: str) -> str | None:
    """Return the engine of a framework of the AutoML Benchmark, or None where its name is not known."""
    known: dict[str, str] = tables.read("amlb")["frameworks"]
    plain = framework.lower()
    return next(
        (known[name] for name in sorted(known, key=len, reverse=True) if plain.startswith(name)),
        None,
    )


def _measure(name: str, entry: Mapping[str, Any]) -> Measure:
    return Measure(
        name=name,
        id=entry["id"],
        function_type=entry["kind"],
        minimum=entry["min"],
        maximum=entry["max"],
        unit=entry["unit"],
        higher_is_better=entry["higher_is_better"],
        metric=entry.get("metric"),
        in_unit=entry.get("in_unit"),
        direction=entry.get("direction"),
        stage=entry.get("stage"),
        kind=entry.get("kind_of", "quality"),
        classes=entry.get("classes", False),
    )


def _kebab(name: str) -> str:
    words = re.sub("[^a-z0-9.@-]+", "-", name.lower()).rstrip("-")
    # A term begins with a letter or a digit.
    return words.lstrip("-.@") or "unnamed"
