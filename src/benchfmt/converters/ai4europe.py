"""Tables with a companion of the AI4Europe benchmarking guide: `<asset>_<HW>.csv` with `<asset>_<HW>.json`.

The guide: https://ai4europe-benchmark-guide.readthedocs.io. The companion lists inputs, hyper-parameters and targets, in
the spelling of the guide (`hp#1_ID`, `properties`) or of the vertical matchmaking service (`ID`, `LB`, `UB`). What a
target means and its unit are read from its name, as `benchfmt describe` does; a companion that benchfmt exported says it
under the key `benchfmt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue, ValidationError

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.companions import Pairing, pair
from benchfmt.converters.draft import first_fault
from benchfmt.converters.flat import parse_resource, read_table
from benchfmt.drafting import Companion, CompanionColumn, DraftedTable, companion_table
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import jsons
from benchfmt.readers.tables import SNIFFED, TableError, TextTable
from benchfmt.units import find_unit
from benchfmt.vocabulary import read_metric, vocabulary

NAME = "ai4europe"
VERSION = "1.1"
ROLES = ("inputs", "hyperparams", "targets")
OWN = "benchfmt"
"""The key under which an exported companion says what its columns are, as the fields of an annotated table do."""
_NAMED = re.compile(r"^.+_[^_]+$")
_BOUNDS = {"LB", "UB"}
_ID = re.compile(r"^(?:.*[_#])?ID$")
_MOST_BYTES = 2**23
"""What no companion reaches: a folder may hold large JSON files of others, which are not read for nothing."""
_TYPES = {"bin": "int"}
"""A companion's `bin` is a column of 0 and 1."""
PATTERNS = (Pattern(("*_*.json",), words=('"HW_ID"', '"targets"', '"metrics"')),)


@dataclass(frozen=True)
class Entry:
    """A column as a companion describes it."""

    role: str
    name: str
    type: str | None = None
    has_bounds: bool = False


@dataclass(frozen=True)
class CompanionFile:
    """A companion as it is written, in either spelling."""

    name: str
    hw_id: JsonValue
    entries: list[Entry]
    price: JsonValue = None
    own: JsonValue = None
    """What an exported companion says under the key `benchfmt`."""

    def own_member(self, member: str) -> dict[str, JsonValue]:
        """Return what an exported companion says of itself; nothing where another one has the key."""
        if not isinstance(self.own, dict):
            return {}
        value = self.own.get(member)
        if not isinstance(value, dict):
            return {}
        return value

    def columns(self, annotated: Mapping[str, JsonValue]) -> list[CompanionColumn]:
        """Return the columns by role, those whose meaning is read from their names last."""
        named = [entry for entry in self.entries if entry.name not in annotated]
        told = [entry for entry in self.entries if entry.name in annotated]
        roles = {role: [entry for entry in named if entry.role == role] for role in ROLES}
        # A column that says what it is is none of the targets.
        roles["hyperparams"] += told
        return [
            CompanionColumn(role, entry.name, _TYPES.get(entry.type or "", entry.type))
            for role, entries in roles.items()
            for entry in entries
        ]


def detect(source: Source) -> Match | None:
    """Say how many tables with companions a source holds, or None; a suite's own converter is surer."""
    companions = sorted(_pairing(source).companions.values())
    if not companions:
        return None
    return Match(0.5, f"{len(companions)} AI4Europe companions, first {companions[0].name}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table that has a companion."""
    pairing = _pairing(source)
    for path in source.with_suffix(".json"):
        table = pairing.table_of(path)
        if table:
            yield Unit(table, (path,), options, limits=source.limits)
        elif is_companion_file(path):
            yield Skipped(path, pairing.why_alone(path))


def _pairing(source: Source) -> Pairing:
    tables = (path for path in source.with_suffix(".csv") if _NAMED.match(path.stem))
    return pair(source, tables, _is_there, describes)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one table."""
    try:
        table, findings = _table(unit)
        resource = parse_resource(table.to_dict())
        declared = {
            f"{prefix}:{name}": read_metric(f"{prefix}:{name}", metric)
            for prefix, metrics in _own_metrics(table).items()
            for name, metric in metrics.items()
        }
    except ValidationError as error:
        reason = f"what it says under {OWN!r} is unsound: {first_fault(error)}"
        yield Failed(unit.path, f"{unit.supporting[0].name}: {reason}")
        return
    yield from findings
    yield from read_table(
        unit.path,
        resource,
        converter=NAME,
        version=VERSION,
        declared=declared,
        limits=unit.limits,
        encoding=SNIFFED,
    )


def prefixes(unit: Unit) -> Mapping[str, Mapping[str, JsonValue]]:
    """Return the prefixes under which a companion's own metrics are declared."""
    try:
        table, _ = _table(unit)
    except (BenchfmtError, OSError):  # told when the unit is read
        return {}
    declared: dict[str, Mapping[str, JsonValue]] = {}
    for prefix, metrics in _own_metrics(table).items():
        title = f"Targets of {NAME} companions"
        if prefix == _prefix_of_suite(table):
            title = f"A suite of an {NAME} companion"
        declared[prefix] = {"title": title, "metrics": {**metrics}}
    return declared


def read_companion(path: Path, limits: Limits = LIMITS) -> CompanionFile:
    """Return a companion; raises BenchfmtError where a file is none."""
    companion = _companion(jsons.read_whole_characters(path, limits))
    if companion is None:
        raise BenchfmtError(
            f"{path.name}: no companion: `name`, `HW_ID` and a list `targets` are expected"
        )
    return companion


def is_companion_file(path: Path) -> bool:
    """Say whether a file is a companion, by its name and what it holds."""
    try:
        return _may_be(path) and _companion(jsons.read_whole_characters(path)) is not None
    except (BenchfmtError, OSError):
        return False


def describes(table: Path, companion: Path) -> bool:
    """Say whether a companion describes columns, and none that a table does not have."""
    try:
        entries = read_companion(companion).entries
        columns = TextTable(table, encoding=SNIFFED).names()
    except (BenchfmtError, TableError, OSError):
        return False
    described = {entry.name for entry in entries}
    return bool(described) and described <= set(columns)


def misfits(
    companion: CompanionFile, columns: list[str], shown: str, table: str
) -> Iterator[Finding]:
    """Yield where a companion, `shown` in findings under its name, and the columns of its table do not say the same."""
    described = dict.fromkeys(entry.name for entry in companion.entries)
    for name in described:
        if name not in columns:
            yield _finding(shown, name, f"describes column {name!r}, which {table} does not have")
    for name in columns:
        if name not in described:
            yield _finding(shown, name, f"does not describe column {name!r} of {table}")
    yield from _unsound(companion, shown)


def _unsound(companion: CompanionFile, shown: str) -> Iterator[Finding]:
    """Yield what the matchmaking service refuses in a companion alone."""
    roles: dict[str, str] = {}
    for entry in companion.entries:
        name, role = entry.name, entry.role
        if name in roles:
            message = (
                f"column {name!r} stands under {roles[name]!r} and under {role!r}: it has one role"
            )
            yield _finding(shown, name, message)
        roles.setdefault(name, role)
        if entry.type == "str" and entry.has_bounds:
            yield _finding(shown, name, f"column {name!r} is a text, which has no bounds")


def _table(unit: Unit) -> tuple[DraftedTable, list[Finding]]:
    """Return what a companion says of its table, and what is wrong with it; raises BenchfmtError."""
    names = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits).header()
    path = unit.supporting[0]
    written = read_companion(path, unit.limits)
    notes = written.own_member("fields")
    companion = Companion(written.name, str(written.hw_id), written.columns(notes))
    table, findings = companion_table(companion, unit.path.name, names)
    # A column that stands under two roles, which is a finding, has the last.
    table.columns = list({column.name: column for column in table.columns}.values())
    for column in table.columns:
        if column.name in notes:
            column.annotation = notes[column.name]
    table.constant |= written.own_member("constant")
    if written.price is not None:
        table.constant[f"extensions.{NAME}.HW_price"] = written.price
    return table, [*findings, *_unsound(written, path.name)]


def _prefix_of_suite(table: DraftedTable) -> str | None:
    prefix, colon, _ = str(table.constant.get("benchmark.suite")).partition(":")
    if not colon:
        return None
    return prefix


def _own_metrics(table: DraftedTable) -> dict[str, dict[str, dict[str, JsonValue]]]:
    """Return the metrics that only this table knows by prefix and name, with what can be said of them."""
    metrics: dict[str, dict[str, dict[str, JsonValue]]] = {}
    suite = _prefix_of_suite(table)
    if suite is not None:
        metrics[suite] = {}
    for column in table.columns:
        if not isinstance(column.annotation, dict):
            continue
        metric = column.annotation.get("metric")
        if not isinstance(metric, str) or ":" not in metric or metric in vocabulary().metrics:
            continue
        prefix, _, name = metric.partition(":")
        metrics.setdefault(prefix, {})[name] = {
            "label": column.name,
            "definition": f"The target {column.name!r} of an AI4Europe companion.",
            "unit": _known_unit(column.annotation.get("unit")),
            "direction": "target",
        }
    return metrics


def _known_unit(unit: JsonValue) -> JsonValue:
    if unit and find_unit(str(unit)):
        return unit
    return "[undocumented]"


def _companion(data: JsonValue) -> CompanionFile | None:
    """Return plain data as a companion, or None where it is none; raises BenchfmtError where a role is not a list."""
    if not isinstance(data, dict):
        return None
    name = data.get("name")
    targets = data.get("targets", data.get("metrics"))
    if not isinstance(name, str) or "HW_ID" not in data or not isinstance(targets, list):
        return None
    roles: dict[str, JsonValue] = {
        "inputs": data.get("inputs", _guide_inputs(data.get("input"))),
        "hyperparams": data.get("hyperparams"),
        "targets": targets,
    }
    entries = [entry for role, items in roles.items() for entry in _entries(role, items)]
    return CompanionFile(name, data["HW_ID"], entries, data.get("HW_price"), data.get(OWN))


def _entries(role: str, items: JsonValue) -> list[Entry]:
    if items is None:
        return []
    if not isinstance(items, list):
        raise BenchfmtError(f"a companion's {role} must be a list of columns")
    return [_entry(role, item) for item in items]


def _entry(role: str, item: JsonValue) -> Entry:
    """Return a column's entry, in the service's spelling or the guide's: `hp#1_ID`, and bounds in `properties`."""
    if not isinstance(item, dict):
        return Entry(role, str(item))
    name = next((str(value) for key, value in item.items() if _ID.match(key)), "")
    bounds = set(item)
    properties = item.get("properties")
    if isinstance(properties, dict):
        bounds |= {key.upper() for key in properties}
    return Entry(role, name, str(item.get("type")), bool(bounds & _BOUNDS))


def _guide_inputs(given: JsonValue) -> JsonValue:
    """Return the inputs that the guide's `input` names under its `properties`."""
    if not isinstance(given, dict):
        return []
    named = given.get("properties")
    if not isinstance(named, dict):
        return []
    inputs: list[JsonValue] = []
    for name, described in named.items():
        entry: dict[str, JsonValue] = {"ID": name}
        if isinstance(described, dict):
            entry |= described
        inputs.append(entry)
    return inputs


def _may_be(path: Path) -> bool:
    return bool(_NAMED.match(path.stem)) and path.stat().st_size <= _MOST_BYTES


def _is_there(path: Path) -> bool:
    """Say whether a companion can be planned: one of a faulty shape is told when it is read."""
    try:
        if not _may_be(path):
            return False
        data = jsons.read_whole_characters(path)
    except (BenchfmtError, OSError):
        return False
    try:
        return _companion(data) is not None
    except BenchfmtError:
        return True


def _finding(path: str, column: str, message: str) -> Finding:
    hint = "make both say the same"
    return Finding("BF102", Severity.WARNING, path, None, column, None, message, None, hint)
