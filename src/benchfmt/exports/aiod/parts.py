"""The bodies of what belongs to a package in the catalogue: a computational asset for a system, an experiment for a profile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from benchfmt.exports.aiod import rules
from benchfmt.exports.aiod.rules import Body
from benchfmt.exports.base import Account
from benchfmt.package import Package

PROFILES = "benchfmt-profiler"
"""The suite of what `benchfmt profile` measures."""
_NOT_IN_FILES = re.compile("[^a-z0-9.]+")
_LONGEST_FILE = 80
_OF_EXPERIMENT = (
    "suite_version",
    "benchmark",
    "scenario",
    "phase",
    "task",
    "dataset",
    "model",
    "model_version",
    "engine",
    "engine_version",
    "precision",
    "input_shape",
    "batch_size",
    "threads",
    "placement",
)
"""The columns that say what an experiment was, in the order in which its settings are told."""


@dataclass
class FileNames:
    """Gives files names of their own, made from ids."""

    taken: set[str] = field(default_factory=set)

    def new(self, folder: str, text: str) -> str:
        """Return a path in a folder that no other file has."""
        plain = _NOT_IN_FILES.sub("-", text.lower()).strip("-.")[:_LONGEST_FILE] or "unnamed"
        path, count = f"{folder}/{plain}.json", 1
        while path in self.taken:
            count += 1
            path = f"{folder}/{plain}-{count}.json"
        self.taken.add(path)
        return path


def asset(system: Mapping[str, JsonValue]) -> Body:
    """Return the body of the computational asset of a system."""
    name = str(system.get("name") or system["id"])
    body: Body = {"name": name}
    if name != system["id"]:
        body["alternate_name"] = [system["id"]]
    lines = [_line(key, value) for key, value in system.items() if key in _OF_SYSTEM]
    if lines:
        body["description"] = {"plain": "\n".join(lines)}
    body["keyword"] = rules.keywords(
        str(system[key]) for key in ("kind", "vendor") if key in system
    )
    if not body["keyword"]:
        del body["keyword"]
    return body


_OF_SYSTEM = (
    "kind",
    "vendor",
    "nodes",
    "processor",
    "accelerator",
    "memory_bytes",
    "operating_system",
)


def _line(name: str, value: JsonValue) -> str:
    return f"{name}: {_text(value)}"


def _text(value: JsonValue) -> str:
    """Return a value as a person reads it: members with their names, items with commas."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@dataclass
class Experiment:
    """The records of one profile: those of its processes, and their summary."""

    facts: dict[str, str]
    system_id: str | None
    records: int = 0

    def add(self, row: Mapping[str, JsonValue]) -> None:
        """Add a record: what it says otherwise than those before is no fact of the experiment."""
        self.records += 1
        said = said_of(row)
        for name, value in list(self.facts.items()):
            if said.get(name) != value:
                del self.facts[name]
        if row["system_id"] != self.system_id:
            self.system_id = None

    def body(self) -> Body:
        """Return the body of its request."""
        settings = "\n".join(f"{name}: {value}" for name, value in self.facts.items())
        name = self.facts.get("model") or self.facts.get("benchmark") or PROFILES
        engine = " ".join(
            self.facts[key] for key in ("engine", "engine_version") if key in self.facts
        )
        if engine:
            name = f"{name} with {engine}"
        words = [self.facts[key] for key in ("task", "engine") if key in self.facts]
        return {
            "name": name,
            "description": {
                "plain": f"Measured by benchfmt's profiler. Records: {self.records:,}."
            },
            "execution_settings": settings,
            "keyword": rules.keywords(["benchmark", *words]),
        }


def said_of(row: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return what a record says of its experiment."""
    said = {}
    for name in _OF_EXPERIMENT:
        value = row[name]
        if value is not None:
            said[name] = _text(json.loads(str(value)) if name in _JSON else value)
    return said


_JSON = ("input_shape", "placement")


def experiments(package: Package) -> Iterator[tuple[str, Experiment]]:
    """Yield the profiles of a package, each with its id."""
    found: dict[str, Experiment] = {}
    columns = ("id", "suite", "execution", "system_id", *_OF_EXPERIMENT)
    for frame in package.frames("records", only=columns):
        for row in frame.filter(frame["suite"] == PROFILES).iter_rows(named=True):
            key = row["execution"] or row["id"]
            if key not in found:
                found[key] = Experiment(said_of(row), row["system_id"])
            found[key].add(row)
    yield from found.items()


def fits(what: str, body: Body, account: Account) -> bool:
    """Whether the platform takes a body; where a text is too long, the body is left out and the account says so."""
    wrong = rules.too_long(body)
    if wrong:
        account.note(f"left out: {what}: {'; '.join(wrong)}")
    return not wrong
