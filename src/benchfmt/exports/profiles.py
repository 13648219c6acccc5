"""The profiles in a package: what `benchfmt profile` measured, a record of each process and one of all, told as one thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from benchfmt.json_cells import cell_data
from benchfmt.package import Package

SUITE = "benchfmt-profiler"
"""The suite of what `benchfmt profile` measures."""
_SETTINGS = (
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
"""The columns that say what was measured, in the order in which they are told."""
_JSON = ("input_shape", "placement")


@dataclass
class Profile:
    """The records of one profile, and what they share."""

    facts: dict[str, str]
    system_id: str | None
    submitter: str | None
    began: str | None = None
    records: int = 0

    def add(self, row: Mapping[str, JsonValue]) -> None:
        """Add a record: what it says otherwise than those before is no fact of the profile."""
        self.records += 1
        said = _said(row)
        for name, value in list(self.facts.items()):
            if said.get(name) != value:
                del self.facts[name]
        if row["system_id"] != self.system_id:
            self.system_id = None
        if row["submitter"] != self.submitter:
            self.submitter = None
        began = row["measured_at"]
        if began is not None:
            self.began = min(filter(None, (self.began, str(began))))

    @property
    def title(self) -> str:
        """What was measured, in a few words."""
        name = self.facts.get("model") or self.facts.get("benchmark") or SUITE
        if self.engine:
            return f"{name} with {self.engine}"
        return name

    @property
    def engine(self) -> str:
        """What executed the model, with its version; empty where nobody says it."""
        return " ".join(
            self.facts[key] for key in ("engine", "engine_version") if key in self.facts
        )

    @property
    def settings(self) -> str:
        """How it was measured, one line a setting."""
        return "\n".join(f"{name}: {value}" for name, value in self.facts.items())


def profiles(package: Package) -> Iterator[tuple[str, Profile]]:
    """Yield the profiles of a package, each with its id."""
    found: dict[str, Profile] = {}
    columns = ("id", "suite", "execution", "system_id", "submitter", "measured_at", *_SETTINGS)
    for frame in package.frames("records", only=columns):
        for row in frame.filter(frame["suite"] == SUITE).iter_rows(named=True):
            key = row["execution"] or row["id"]
            if key not in found:
                found[key] = Profile(_said(row), row["system_id"], row["submitter"])
            found[key].add(row)
    yield from found.items()


def _said(row: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return what a record says of how it was measured."""
    said = {}
    for name in _SETTINGS:
        value = row[name]
        if value is not None:
            said[name] = in_words(cell_data(name, str(value)) if name in _JSON else value)
    return said


def in_words(value: JsonValue) -> str:
    """Return a value as a person reads it: members with their names, items with commas."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {in_words(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(in_words, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
