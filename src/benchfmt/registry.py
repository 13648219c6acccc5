"""Known hardware and models: the names that suites give them, how they are related, and facts with their sources.

A fact of the registry is no statement of a record's source: it is joined to a record on request, under names that
begin with `registry_`, and never fills or overwrites what the record says. What the registry does not know stays
unknown: names are found by spelling, never by likeness.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import starmap
from pathlib import Path
from typing import Generic, TypeVar

import polars as pl

from benchfmt.finding import BenchfmtError
from benchfmt.networks import cost
from benchfmt.spelling import no_such

ANYWHERE = "*"
"""Stands for a suite where a name means the same in all of them."""
SAME, NEAR, PART = "same-as", "near", "part-of"
"""Relations: the same thing; alike, but not to be taken for each other; a chip and the board that it is on."""
COMPUTED = "benchfmt.networks"
"""The source of what is computed from the layers of a network."""


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


_Kind = TypeVar("_Kind", bound=Entry)


class Entries(Generic[_Kind]):
    """All systems or all models, by id and by name."""

    def __init__(self, what: str, entries: Iterable[_Kind]) -> None:
        """Index entries; `what` says in messages what they are."""
        self.what = what
        self.by_id = {entry.id: entry for entry in entries}
        self._by_name = _index(self.by_id.values())

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
        meant: set[str] = set()
        for key in _keys(name, version):
            by_suite = self._by_name.get(key, {})
            if suite is None:
                meant = set[str]().union(*by_suite.values())
            else:
                meant = by_suite.get(suite) or by_suite.get(ANYWHERE) or set()
            if meant:
                break
        if len(meant) != 1:
            return None
        return self.by_id[next(iter(meant))]


def _keys(name: str, version: str | None) -> Iterator[tuple[str, str]]:
    """Yield under what a name is looked up: with its version, and as a name that any version has."""
    plain = spelled(name)
    if version:
        yield plain, version.lower()
    yield plain, ""


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
_CORES = re.compile(" [0-9]+-core processor$")
_JOINTS = re.compile(r"[\s_/-]+")


@cache
def spelled(name: str) -> str:
    """Return a name without what is often written otherwise: case, joints, trade marks, and what `/proc/cpuinfo` adds."""
    plain = _MARKS.sub("", name.lower()).strip()
    for added in (_CLOCK, _GENERATION, _CORES):
        plain = added.sub("", plain)
    return _JOINTS.sub("-", plain).strip("-")


def system(system_id: str) -> System:
    """Return a system by its id; raises BenchfmtError, with the id that may be meant, for an unknown one."""
    return systems().get(system_id)


def model(model_id: str) -> Model:
    """Return a model by its id; raises BenchfmtError, with the id that may be meant, for an unknown one."""
    return models().get(model_id)


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


def same(one: str, other: str) -> bool:
    """Say whether two ids, both of systems or both of models, stand for the same thing."""
    return other in _linked(one, SAME)


def near(one: str, other: str) -> bool:
    """Say whether two ids stand for things that are alike, but not the same."""
    if same(one, other):
        return False
    others = _linked(other, SAME)
    return any(others & _neighbours(each, NEAR) for each in _linked(one, SAME))


def _linked(entry_id: str, relation: str) -> set[str]:
    """Return what is linked to an id, however many steps it takes, and the id itself."""
    found, new = {entry_id}, {entry_id}
    while new:
        new = set[str]().union(*(_neighbours(each, relation) for each in new)) - found
        found |= new
    return found


def _neighbours(entry_id: str, relation: str) -> set[str]:
    if entry_id not in systems().by_id and entry_id not in models().by_id:
        names = [*systems().by_id, *models().by_id]
        raise BenchfmtError(no_such("entry of the registry", entry_id, names))
    return _both_ways().get((relation, entry_id), set())


@cache
def _both_ways() -> dict[tuple[str, str], set[str]]:
    """Return the relations that hold both ways, by relation and id."""
    links: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in (*systems().by_id.values(), *models().by_id.values()):
        for link in entry.relations:
            links[link.relation, entry.id].add(link.other)
            links[link.relation, link.other].add(entry.id)
    return dict(links)


def parts(board: System) -> list[System]:
    """Return the chips that are on a board."""
    return [chip for chip in systems().by_id.values() if board.id in chip.related(PART)]


def model_costs(known: Model, size: Sequence[int]) -> list[Fact]:
    """Return what the layers of a model say of an input: parameters, MACs and FLOP; nothing without a rule."""
    computed = cost(known.rule, size) if known.rule else None
    if computed is None:
        return []
    condition = f"computed from its layers: {known.rule}"
    written = "x".join(map(str, size))
    return [
        Fact("parameters", computed.parameters, "1", COMPUTED, "", condition=condition),
        Fact("macs", computed.macs, "1", COMPUTED, "", condition=condition, input=written),
        Fact("flop", computed.flop, "1", COMPUTED, "", condition=condition, input=written),
    ]


def size_of(written: str) -> tuple[int, ...]:
    """Return the sides of an input such as `224x224`; nothing for an empty text."""
    return tuple(map(int, written.split("x"))) if written else ()


@cache
def systems() -> Entries[System]:
    """Return the systems of the registry."""
    tables = _Tables("system")
    found = []
    for row in tables.rows("systems"):
        key = row["id"]
        found.append(
            System(
                id=key,
                name=row["name"],
                # The name of a system is that of a product, which means the same to all.
                names=(Name(row["name"], "", (ANYWHERE,)), *tables.names[key]),
                relations=tuple(tables.relations[key]),
                facts=tuple(tables.facts[key]),
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
                names=tuple(tables.names[key]),
                relations=tuple(tables.relations[key]),
                facts=tuple(tables.facts[key]),
                family=row["family"],
                rule=row["rule"],
                input=row["input"],
            )
        )
    return Entries("model in the registry", found)


def system_ids(names: pl.Series, suite: pl.Series | str | None = None) -> pl.Series:
    """Return the id of the system that each name means, in one suite or in that beside it; null for unknown ones."""
    return _looked_up(find_system, names, suite)


def model_ids(
    names: pl.Series,
    suite: pl.Series | str | None = None,
    versions: pl.Series | str | None = None,
) -> pl.Series:
    """Return the id of the model that each name and version mean in a suite; null for unknown ones."""
    return _looked_up(find_model, names, suite, versions)


def facts_of_systems(table: pl.DataFrame) -> pl.DataFrame:
    """Return what the registry knows of the systems of a package, a row for each row of its table `systems`.

    `registry_system`, `registry_processor` and `registry_accelerator` are the ids of what the table names;
    `registry_device` is the one of them that computes: the accelerator, else the board, else, where no
    accelerator is named, the processor. The other columns are facts, one each: those of the device, and, as `registry_cpu_…`,
    those of the processor. Peaks are those of the fastest units (`registry_peak_flops_fp16`).
    """
    named = table.select(
        "id",
        registry_system=system_ids(table["name"]),
        registry_processor=system_ids(table["processor_name"]),
        registry_accelerator=system_ids(table["accelerator_name"]),
        unknown=table["accelerator_name"].is_not_null(),
    )
    facts = [_facts_of(*parts) for parts in named.drop("id").iter_rows()]
    columns = ("registry_device", *(f"registry_{column}" for column in _columns()))
    schema = {column: pl.String if column == columns[0] else pl.Int64 for column in columns}
    return pl.concat([named.drop("unknown"), pl.DataFrame(facts, schema)], how="horizontal")


def _facts_of(
    board: str | None, processor: str | None, accelerator: str | None, named: bool
) -> dict[str, int | str]:
    device = accelerator or board or (None if named else processor)
    known: dict[str, int] = {}
    for part in (processor, board):
        if part is not None:
            of_cpu = {
                key: value for key, value in _columns_of(part).items() if key.startswith("cpu_")
            }
            known = of_cpu | known
    if device is not None:
        known |= _columns_of(device)
    found: dict[str, int | str] = {f"registry_{column}": value for column, value in known.items()}
    if device is not None:
        found["registry_device"] = device
    return found


@cache
def _columns() -> tuple[str, ...]:
    """Return the columns that facts of systems have, in the order of the files."""
    every = (column for entry_id in systems().by_id for column in _columns_of(entry_id))
    return tuple(dict.fromkeys(sorted(every)))


@cache
def _columns_of(system_id: str) -> dict[str, int]:
    """Return the facts of a system by column; what a board does not say is that of its chips."""
    entry = system(system_id)
    known: dict[str, int] = {}
    for one in (entry, *parts(entry)):
        said = _said(one.facts)
        known = said | known
    return known


def _said(facts: Iterable[Fact]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for fact in facts:
        column = _column(fact)
        if column is not None and isinstance(fact.value, int):
            columns[column] = max(fact.value, columns.get(column, fact.value))
    return columns


def _column(fact: Fact) -> str | None:
    """Return in which column a fact stands; None for a peak whose precision nobody says."""
    if fact.fact.startswith("peak_"):
        return f"{fact.fact}_{fact.precision}" if fact.precision else None
    if fact.device.startswith(("cpu", "npu")):
        return f"{fact.device.replace('-', '_')}_{fact.fact}"
    return fact.fact


def facts_of_models(table: pl.DataFrame) -> pl.DataFrame:
    """Return what the registry knows of the models of records, a row for each row of a table `records`.

    `registry_flop` is for the input that the record states, or, where it states none, for the model's usual one;
    `registry_flop_input` says for which, and `registry_flop_source` says who says so.
    """
    keys = table.select("suite", "model", "model_version", "input_shape")
    each = keys.unique(maintain_order=True)
    facts = [_facts_of_model(*row) for row in each.iter_rows()]
    schema = {
        "registry_model": pl.String,
        "registry_parameters": pl.Int64,
        "registry_flop": pl.Int64,
        "registry_flop_input": pl.String,
        "registry_flop_source": pl.String,
    }
    answers = pl.concat([each, pl.DataFrame(facts, schema)], how="horizontal")
    joined = keys.join(answers, keys.columns, "left", nulls_equal=True, maintain_order="left")
    return joined.select(list(schema))


def _facts_of_model(
    suite: str, name: str | None, version: str | None, input_shape: str | None
) -> dict[str, int | str]:
    known = find_model(name, suite, version)
    if known is None:
        return {}
    found: dict[str, int | str] = {"registry_model": known.id}
    parameters = parameters_of(known)
    if parameters is not None:
        found["registry_parameters"] = parameters
    flop = flop_of(known, _sides(input_shape))
    if flop is not None:
        found["registry_flop"] = flop.value
        found["registry_flop_input"] = flop.input
        found["registry_flop_source"] = flop.source
    return found


def _sides(input_shape: str | None) -> tuple[int, ...] | None:
    """Return the sides of an image that a record states; of three dimensions, not the one of its colours."""
    if input_shape is None:
        return None
    sides = tuple(json.loads(input_shape))
    if len(sides) == 3 and 3 in (sides[0], sides[2]):
        return sides[1:] if sides[0] == 3 else sides[:2]
    return sides


def parameters_of(known: Model) -> int | None:
    """Return how many parameters a model has: computed, or else as the most exact document says; None if unknown."""
    said = model_costs(known, size_of(known.input)) or known.facts
    counts = [fact.value for fact in said if fact.fact == "parameters"]
    return max((count for count in counts if isinstance(count, int)), key=_digits, default=None)


def _digits(count: int) -> int:
    return len(str(count).rstrip("0"))


def flop_of(known: Model, size: Sequence[int] | None = None) -> Fact | None:
    """Return what one sample costs, of a given size or of the model's usual one; None where nobody says it.

    The layers of a network decide; without a rule, a document does that says FLOP, or MACs, of this very size.
    """
    sides = size or size_of(known.input)
    computed = [fact for fact in model_costs(known, sides) if fact.fact == "flop"]
    if computed:
        return computed[0]
    said = list(map(_doubled, known.facts))
    fitting = [fact for fact in said if fact.fact == "flop" and fact.input]
    if size is not None:
        fitting = [fact for fact in fitting if size_of(fact.input) == tuple(size)]
    elif len({fact.input for fact in fitting}) > 1:
        return None
    return max(fitting, key=lambda fact: _digits(int(fact.value)), default=None)


def _doubled(fact: Fact) -> Fact:
    """Return a count of multiply-accumulates as FLOP, of which each is two; another fact as it is."""
    if fact.fact != "macs" or not isinstance(fact.value, int):
        return fact
    return replace(fact, fact="flop", value=2 * fact.value, step=f"2*{fact.step}")


def _looked_up(find: Callable[..., Entry | None], *keys: pl.Series | str | None) -> pl.Series:
    """Return the ids of what is found for each row of some keys; rows that are alike are looked up once."""
    length = max(len(key) for key in keys if isinstance(key, pl.Series))
    columns = []
    for number, key in enumerate(keys):
        if isinstance(key, pl.Series):
            columns.append(key.cast(pl.String).alias(str(number)))
        else:
            columns.append(pl.repeat(key, length, dtype=pl.String, eager=True).alias(str(number)))
    asked = pl.DataFrame(columns)
    each = asked.unique(maintain_order=True)
    found = [entry.id if entry else None for entry in starmap(find, each.iter_rows())]
    answers = each.with_columns(pl.Series("found", found, pl.String))
    joined = asked.join(answers, asked.columns, "left", nulls_equal=True, maintain_order="left")
    return joined["found"]


class _Tables:
    """The files of systems or of models: what is said of each id."""

    def __init__(self, what: str) -> None:
        self.names: dict[str, list[Name]] = defaultdict(list)
        self.relations: dict[str, list[Relation]] = defaultdict(list)
        self.facts: dict[str, list[Fact]] = defaultdict(list)
        for row in self.rows(f"{what}_names"):
            suites = tuple(row["suites"].split())
            self.names[row.pop("id")].append(Name(row["name"], row["version"], suites))
        for row in self.rows(f"{what}_relations"):
            self.relations[row.pop("id")].append(Relation(**row))
        for row in self.rows(f"{what}_facts"):
            key, value = row.pop("id"), _value(row.pop("value"))
            self.facts[key].append(Fact(value=value, **row))

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
    return installed if installed.is_dir() else Path(__file__).parents[2] / "schema" / "registry"
