"""The entries of the registry, how names lead to them, and how they are related."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Any, Generic, TypedDict, TypeVar

from benchfmt.finding import BenchfmtError
from benchfmt.spelling import no_such

ANYWHERE = "*"
"""Stands for a suite where a name means the same in all of them."""
SAME, NEAR, PART = "same-as", "near", "part-of"
"""Relations: the same thing; alike, but not to be taken for each other; a chip and the board that it is on."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement of a document about a system or model."""

    fact: str
    value: int | str
    unit: str
    source: str
    quote: str
    """The words of the source that hold the number; empty for what is computed."""
    step: str = ""
    """How the number in the quote became the value, as arithmetic (`3.1*1e9`)."""
    condition: str = ""
    device: str = ""
    """The part that the fact is about, such as `cpu`, `vector` or `matrix` units; empty for the whole."""
    precision: str = ""
    input: str = ""
    """The size of one sample for which a model costs so much, such as `224x224`; empty for any."""


@dataclass(frozen=True, slots=True)
class Name:
    """How some suites write an entry's name; `version` is what they write in a field of its own."""

    name: str
    version: str
    suites: tuple[str, ...]
    source: str = ""
    """Where a data set or a benchmark is written so."""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """What an entry is to another one, and who says so."""

    relation: str
    other: str
    reason: str
    source: str
    quote: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What systems and models have in common."""

    id: str
    name: str
    names: tuple[Name, ...]
    relations: tuple[Relation, ...]
    facts: tuple[Fact, ...]

    def related(self, relation: str) -> list[str]:
        """Return the ids to which this entry has a relation, as this entry says it."""
        return [link.other for link in self.relations if link.relation == relation]


@dataclass(frozen=True, slots=True)
class System(Entry):
    """A chip, a board or a node."""

    kind: str
    vendor: str


@dataclass(frozen=True, slots=True)
class Model(Entry):
    """A network, or another algorithm that suites run."""

    family: str
    rule: str
    """How its cost follows from its layers (`resnet depth=50`); empty where the registry has no such rule."""
    input: str
    """The size of a sample as its authors have it; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Dataset(Entry):
    """Data that a quality is determined on, or a model trained on; one that the vocabulary has is named by its id there."""


@dataclass(frozen=True, slots=True)
class Benchmark(Entry):
    """What a suite asks for."""

    suite: str
    dataset: str
    """The id of its data set in the registry; empty where it is not known."""
    model: str
    """The id of its model in the registry; empty where it is not known, or where any may be used."""


_Kind = TypeVar("_Kind", bound=Entry)


class Entries(Generic[_Kind]):
    """All entries of one kind, by id and by name."""

    def __init__(self, what: str, entries: Iterable[_Kind]) -> None:
        """Index entries; `what` says in messages what they are."""
        self.what = what
        self.by_id = {entry.id: entry for entry in entries}
        self._by_name = _index(self.by_id.values())
        # Of a name that a suite writes with versions, a version that is not listed is unknown.
        self._versioned = {
            (name, suite)
            for (name, version), by_suite in self._by_name.items()
            if version
            for suite in (*by_suite, None)
        }

    def get(self, entry_id: str) -> _Kind:
        """Return an entry by its id; raises BenchfmtError for an unknown one."""
        found = self.by_id.get(entry_id)
        if found is None:
            raise BenchfmtError(no_such(self.what, entry_id, list(self.by_id)))
        return found

    def find(self, name: str | None, suite: str | None, version: str | None) -> _Kind | None:
        """Return the entry that a name stands for: in a suite, or in all that use it. None if that is nobody's or not clear."""
        if not name:
            return None
        if suite is None and name in self.by_id:
            return self.by_id[name]
        plain = spelled(name)
        meant = self._meant(plain, (version or "").lower(), suite)
        if not meant and version and (plain, suite) not in self._versioned:
            meant = self._meant(plain, "", suite)
        if len(meant) != 1:
            return None
        return self.by_id[next(iter(meant))]

    def _meant(self, plain: str, version: str, suite: str | None) -> set[str]:
        by_suite = self._by_name.get((plain, version), {})
        if suite is None:
            return set[str]().union(*by_suite.values())
        return by_suite.get(suite) or by_suite.get(ANYWHERE) or set()

    def meanings(self, word: str) -> list[_Kind]:
        """Return the entries that have a word as id, or as a name in any suite and version."""
        if word in self.by_id:
            return [self.by_id[word]]
        plain = spelled(word)
        meant = set[str]()
        for (name, _), by_suite in self._by_name.items():
            if name == plain:
                meant = meant.union(*by_suite.values())
        return [self.by_id[one] for one in sorted(meant)]


def _index(entries: Iterable[Entry]) -> dict[tuple[str, str], dict[str, set[str]]]:
    index: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for entry in entries:
        for name in entry.names:
            for suite in name.suites:
                index[spelled(name.name), name.version.lower()][suite].add(entry.id)
    return {key: dict(by_suite) for key, by_suite in index.items()}


_MARKS = re.compile("[(](?:r|tm|c)[)]|[®™©]")
_CLOCK = re.compile("(?: cpu)? *@ *[0-9.]+ *ghz$| cpu$")
_GENERATION = re.compile("^[0-9]+(?:st|nd|rd|th) gen +")
_CORES = re.compile(" [0-9]+-core(?: processor)?$")
_JOINTS = re.compile(r"[\s_/-]+")


@cache
def spelled(name: str) -> str:
    """Return a name without what is often written otherwise: case, joints, trade marks, and what `/proc/cpuinfo` adds."""
    plain = _MARKS.sub(" ", name.lower()).strip()
    for added in (_CLOCK, _GENERATION, _CORES):
        plain = added.sub("", plain)
    return _JOINTS.sub("-", plain).strip("-")


def system(system_id: str) -> System:
    """Return a system by its id; raises BenchfmtError, with the id that may be meant, for an unknown one."""
    return systems().get(system_id)


def model(model_id: str) -> Model:
    """Return a model by its id; raises BenchfmtError, with the id that may be meant, for an unknown one."""
    return models().get(model_id)


def dataset(dataset_id: str) -> Dataset:
    """Return a data set by its id; raises BenchfmtError, with the id that may be meant, for an unknown one."""
    return datasets().get(dataset_id)


def benchmark(benchmark_id: str) -> Benchmark:
    """Return a benchmark by its id; raises BenchfmtError, with the id that may be meant, for an unknown one."""
    return benchmarks().get(benchmark_id)


def find_system(name: str | None, suite: str | None = None) -> System | None:
    """Return the system that a name means in a suite, or, without one, wherever it is used; None for an unknown one.

    The name is an id of the registry, or a name as suites write it but for case and joints.
    """
    known = systems()
    return known.find(name, suite, None) or known.by_id.get(name or "")


def find_model(
    name: str | None, suite: str | None = None, version: str | None = None
) -> Model | None:
    """Return the model that a name, and a version, mean in a suite; None for an unknown or unclear one.

    Names of models mean other things in other suites (`mobilenet-v1` has a quarter of the width in MLPerf Tiny), so
    a name that a suite does not use is unknown in it. Without a suite, an id of the registry is found too.
    """
    return models().find(name, suite, version)


def find_dataset(name: str | None, suite: str | None = None) -> Dataset | None:
    """Return the data set that a name means in a suite, or, without one, wherever it is used; None for an unknown one.

    An id of the registry, which the vocabulary shares, means itself in every suite that does not give it to another.
    """
    known = datasets()
    return known.find(name, suite, None) or known.by_id.get(name or "")


def find_benchmark(name: str | None, suite: str | None = None) -> Benchmark | None:
    """Return the benchmark that a name means in a suite, or, without one, wherever it is used; None for an unknown one."""
    return benchmarks().find(name, suite, None)


def every_kind() -> list[Entries[Any]]:
    """Return the systems, the models, the data sets and the benchmarks; no two of them have one id."""
    return [systems(), models(), datasets(), benchmarks()]


def meanings(word: str) -> list[Entry]:
    """Return all that a word may mean: the entries that have it as id, or as a name in any suite and version."""
    return [entry for known in every_kind() for entry in known.meanings(word)]


def same(one: str, other: str) -> bool:
    """Say whether two ids of one kind stand for the same thing."""
    return other in _linked(one, SAME)


def all_same(entry_id: str) -> frozenset[str]:
    """Return the ids that stand for the same thing as one does, that id among them."""
    return frozenset(_linked(entry_id, SAME))


def near(one: str, other: str) -> bool:
    """Say whether two ids stand for things that are alike, but not the same."""
    if same(one, other):
        return False
    others = _linked(other, SAME)
    return any(others & _neighbours(each, NEAR) for each in _linked(one, SAME))


def one_of(entry_id: str) -> str:
    """Return the one id that stands for an entry and all that are the same as it: the least."""
    return min(_linked(entry_id, SAME))


def _linked(entry_id: str, relation: str) -> set[str]:
    """Return what is linked to an id, however many steps it takes, and the id itself."""
    found, new = {entry_id}, {entry_id}
    while new:
        new = set[str]().union(*(_neighbours(each, relation) for each in new)) - found
        found |= new
    return found


def _neighbours(entry_id: str, relation: str) -> set[str]:
    if not any(entry_id in known.by_id for known in every_kind()):
        names = [one for known in every_kind() for one in known.by_id]
        raise BenchfmtError(no_such("entry of the registry", entry_id, names))
    return _both_ways().get((relation, entry_id), set())


@cache
def _both_ways() -> dict[tuple[str, str], set[str]]:
    """Return the relations that hold both ways, by relation and id."""
    links: dict[tuple[str, str], set[str]] = defaultdict(set)
    entries = chain.from_iterable(known.by_id.values() for known in every_kind())
    for entry in entries:
        for link in entry.relations:
            links[link.relation, entry.id].add(link.other)
            links[link.relation, link.other].add(entry.id)
    return dict(links)


def parts(board: System) -> list[System]:
    """Return the chips that are on a board."""
    return [chip for chip in systems().by_id.values() if board.id in chip.related(PART)]


@cache
def systems() -> Entries[System]:
    """Return the systems of the registry."""
    tables = _Tables("system")
    found = []
    for row in tables.rows("systems"):
        key = row["id"]
        # The name of a system is that of a product, which means the same to all.
        tables.names[key].insert(0, Name(row["name"], "", (ANYWHERE,)))
        found.append(
            System(
                id=key,
                name=row["name"],
                **tables.said_of(key),
                kind=row["kind"],
                vendor=row["vendor"],
            )
        )
    return Entries("system in the registry", found)


@cache
def models() -> Entries[Model]:
    """Return the models of the registry."""
    tables = _Tables("model")
    found = []
    for row in tables.rows("models"):
        key = row["id"]
        found.append(
            Model(
                id=key,
                name=row["name"],
                **tables.said_of(key),
                family=row["family"],
                rule=row["rule"],
                input=row["input"],
            )
        )
    return Entries("model in the registry", found)


@cache
def datasets() -> Entries[Dataset]:
    """Return the data sets of the registry."""
    tables = _Tables("dataset")
    found = []
    for row in tables.rows("datasets"):
        key = row["id"]
        found.append(
            Dataset(
                id=key,
                name=row["name"],
                **tables.said_of(key),
            )
        )
    return Entries("data set in the registry", found)


@cache
def benchmarks() -> Entries[Benchmark]:
    """Return the benchmarks of the registry."""
    tables = _Tables("benchmark")
    found = []
    for row in tables.rows("benchmarks"):
        key = row["id"]
        found.append(
            Benchmark(
                id=key,
                name=row["name"],
                **tables.said_of(key),
                suite=row["suite"],
                dataset=row["dataset"],
                model=row["model"],
            )
        )
    return Entries("benchmark in the registry", found)


class _Said(TypedDict):
    names: tuple[Name, ...]
    relations: tuple[Relation, ...]
    facts: tuple[Fact, ...]


class _Tables:
    """The files of one kind: what is said of each id."""

    def __init__(self, what: str) -> None:
        self.names: dict[str, list[Name]] = defaultdict(list)
        self.relations: dict[str, list[Relation]] = defaultdict(list)
        self.facts: dict[str, list[Fact]] = defaultdict(list)
        for row in self.rows(f"{what}_names"):
            suites = tuple(row.pop("suites").split())
            self.names[row.pop("id")].append(Name(suites=suites, **row))
        for row in self.rows(f"{what}_relations"):
            self.relations[row.pop("id")].append(Relation(**row))
        for row in self.rows(f"{what}_facts"):
            key, value = row.pop("id"), _value(row.pop("value"))
            self.facts[key].append(Fact(value=value, **row))

    def said_of(self, key: str) -> _Said:
        """Return what is said of an id: its names, its relations and its facts."""
        return {
            "names": tuple(self.names[key]),
            "relations": tuple(self.relations[key]),
            "facts": tuple(self.facts[key]),
        }

    @staticmethod
    def rows(name: str) -> Iterator[dict[str, str]]:
        """Yield the rows of a file; they are our own, so nobody checks them."""
        file = registry_folder() / f"{name}.csv"
        return csv.DictReader(io.StringIO(file.read_text("utf-8"), newline=""))


def _value(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def registry_folder() -> Traversable:
    """Return the folder with the tables of the registry."""
    installed = files("benchfmt") / "_registry"
    # In a checkout nothing is copied: the files are read where they are edited.
    return installed if installed.is_dir() else Path(__file__).parents[3] / "schema" / "registry"
