"""Tables with a companion of the AI4Europe benchmarking guide: `<asset>_<HW>.csv` with `<asset>_<HW>.json`.

The guide: https://ai4europe-benchmark-guide.readthedocs.io. The companion lists inputs, hyper-parameters and targets, in
the spelling of the guide (`hp#1_ID`, `properties`) or of the vertical matchmaking service (`ID`, `LB`, `UB`). What a
target means and its unit are read from its name, as `benchfmt describe` does; a companion that benchfmt exported says it
under the key `benchfmt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.companions import Pairing, pair
from benchfmt.converters.flat import parse_resource, read_table
from benchfmt.drafting import companion_resource, is_companion
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
_ID = re.compile(r"^(?:.*[_#])?ID$")
_MOST_BYTES = 2**20
"""What no companion reaches: a folder may hold large JSON files of others, which are not read for nothing."""
_TYPES = {"bin": "int"}
"""A companion's `bin` is a column of 0 and 1."""
PATTERNS = (Pattern(("*_*.json",), words=('"HW_ID"', '"targets"', '"metrics"')),)


def detect(source: Source) -> Match | None:
    """Say how many tables with companions a source holds, or None; a suite's own converter is surer."""
    found = sorted(_pairing(source).companions.values())
    return (
        Match(0.5, f"{len(found)} AI4Europe companions, first {found[0].name}") if found else None
    )


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
        data, findings = _resource(unit)
        resource = parse_resource(data)
        declared = {
            f"{prefix}:{name}": read_metric(f"{prefix}:{name}", metric)
            for prefix, said in _declarations(data).items()
            for name, metric in said["metrics"].items()
        }
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        yield Failed(
            unit.path,
            f"{unit.supporting[0].name}: what it says under {OWN!r} is unsound: {where}: {first['msg']}",
        )
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


def prefixes(unit: Unit) -> Mapping[str, Any]:
    """Return the prefixes under which a companion's own metrics are declared."""
    try:
        return _declarations(_resource(unit)[0])
    except (BenchfmtError, OSError):  # told when the unit is read
        return {}


def read_companion(path: Path, limits: Limits = LIMITS) -> dict[str, Any]:
    """Return a companion in the spelling of the matchmaking service; raises BenchfmtError where a file is none."""
    found = _normal(jsons.read(path, limits))
    if found is None:
        raise BenchfmtError(
            f"{path.name}: no companion: `name`, `HW_ID` and a list `targets` are expected"
        )
    return found


def is_companion_file(path: Path) -> bool:
    """Say whether a file is a companion, by its name and what it holds."""
    try:
        return _may_be(path) and _normal(jsons.read(path)) is not None
    except (BenchfmtError, OSError):
        return False


def describes(table: Path, companion: Path) -> bool:
    """Say whether a companion describes columns, and none that a table does not have."""
    try:
        data = read_companion(companion)
        columns = TextTable(table, encoding=SNIFFED).names()
    except (BenchfmtError, TableError, OSError):
        return False
    described = {str(item.get("ID")) for role in ROLES for item in data[role]}
    return bool(described) and described <= set(columns)


def misfits(
    data: Mapping[str, Any], columns: list[str], companion: str, table: str
) -> list[Finding]:
    """Return where a companion and the columns of its table do not say the same."""
    described = [str(item.get("ID")) for role in ROLES for item in data.get(role) or []]
    more = [name for name in dict.fromkeys(described) if name not in columns]
    less = [name for name in columns if name not in described]
    return [
        *(
            _finding(companion, name, f"describes column {name!r}, which {table} does not have")
            for name in more
        ),
        *(
            _finding(companion, name, f"does not describe column {name!r} of {table}")
            for name in less
        ),
        *_unsound(data, companion),
    ]


def _unsound(data: Mapping[str, Any], companion: str) -> Iterator[Finding]:
    """Yield what the matchmaking service refuses in a companion alone."""
    seen: dict[str, str] = {}
    for role in ROLES:
        for item in data.get(role) or []:
            name = str(item.get("ID"))
            if name in seen:
                words = f"column {name!r} stands under {seen[name]!r} and under {role!r}: it has one role"
                yield _finding(companion, name, words)
            seen.setdefault(name, role)
            if item.get("type") == "str" and {"LB", "UB"} & set(item):
                yield _finding(companion, name, f"column {name!r} is a text, which has no bounds")


def _resource(unit: Unit) -> tuple[dict[str, Any], list[Finding]]:
    columns = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits).header()
    data = read_companion(unit.supporting[0], unit.limits)
    own = data.get(OWN)
    notes, constants = _own(own, "fields"), _own(own, "constant")
    resource, findings = companion_resource(_guessed(data, notes), unit.path.name, columns)
    for field in resource["schema"]["fields"]:
        if field["name"] in notes:
            field["benchfmt"] = notes[field["name"]]
    resource["benchfmt"]["constant"] |= constants
    if data.get("HW_price") is not None:
        resource["benchfmt"]["constant"][f"extensions.{NAME}.HW_price"] = data["HW_price"]
    return resource, [*findings, *_unsound(data, unit.supporting[0].name)]


def _own(said: Any, member: str) -> dict[str, Any]:
    """Return what an exported companion says of itself; nothing where another one has the key."""
    found = said.get(member) if isinstance(said, dict) else None
    return found if isinstance(found, dict) else {}


def _guessed(data: Mapping[str, Any], notes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a companion for the reading of names: a column that says what it is is none of its targets."""
    items = {role: [_plain(item) for item in data[role]] for role in ROLES}
    told = [item for role in ROLES for item in items[role] if item["ID"] in notes]
    rest = {role: [item for item in items[role] if item["ID"] not in notes] for role in ROLES}
    return {**data, **rest, "hyperparams": [*rest["hyperparams"], *told]}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, "type": _TYPES.get(str(item.get("type")), item.get("type"))}


def _declarations(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prefixes of metrics that only this table knows, with what can be said of them."""
    found: dict[str, Any] = {}
    suite = str(resource["benchfmt"]["constant"].get("benchmark.suite"))
    if ":" in suite:
        found[suite.partition(":")[0]] = {"title": f"A suite of an {NAME} companion", "metrics": {}}
    for field in resource["schema"]["fields"]:
        note = field.get("benchfmt")
        metric = note.get("metric") if isinstance(note, dict) else None
        if not isinstance(metric, str) or ":" not in metric or metric in vocabulary().metrics:
            continue
        prefix, _, name = metric.partition(":")
        known = find_unit(str(note.get("unit"))) if note.get("unit") else None
        said = found.setdefault(prefix, {"title": f"Targets of {NAME} companions", "metrics": {}})
        said["metrics"][name] = {
            "label": field["name"],
            "definition": f"The target {field['name']!r} of an AI4Europe companion.",
            "unit": note["unit"] if known else "[undocumented]",
            "direction": "target",
        }
    return found


def _normal(data: Any) -> dict[str, Any] | None:
    """Return plain data as a companion in the service's spelling, or None where it is none."""
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        return None
    given = {**data, "inputs": data.get("inputs", _guide_inputs(data.get("input")))}
    given["targets"] = data.get("targets", data.get("metrics"))
    if not is_companion(given):
        return None
    return {**given, **{role: _items(given.get(role), role) for role in ROLES}}


def _items(items: Any, role: str) -> list[dict[str, Any]]:
    if items is None:
        return []
    if not isinstance(items, list):
        raise BenchfmtError(f"a companion's {role} is to be a list of columns")
    return [_item(item) for item in items]


def _item(item: Any) -> dict[str, Any]:
    """Return a column's entry in the service's spelling: `hp#1_ID` is `ID`, `properties` hold the bounds."""
    if not isinstance(item, dict):
        return {"ID": str(item)}
    name = next((str(value) for key, value in item.items() if _ID.match(key)), "")
    rest = {key: value for key, value in item.items() if not _ID.match(key) and key != "properties"}
    bounds = item.get("properties")
    upper = (
        {key.upper(): value for key, value in bounds.items()} if isinstance(bounds, dict) else {}
    )
    return {"ID": name, **rest, **{key: upper[key] for key in ("LB", "UB") if key in upper}}


def _guide_inputs(said: Any) -> list[dict[str, Any]]:
    """Return the inputs that the guide's `input` names under its `properties`."""
    named = said.get("properties") if isinstance(said, dict) else None
    if not isinstance(named, dict):
        return []
    return [
        {"ID": name, **(about if isinstance(about, dict) else {})} for name, about in named.items()
    ]


def _may_be(path: Path) -> bool:
    return bool(_NAMED.match(path.stem)) and path.stat().st_size <= _MOST_BYTES


def _is_there(path: Path) -> bool:
    """Say whether a companion can be planned: one of a faulty shape is told when it is read."""
    try:
        data = jsons.read(path) if _may_be(path) else None
    except (BenchfmtError, OSError):
        return False
    try:
        return _normal(data) is not None
    except BenchfmtError:
        return True


def _finding(path: str, column: str, message: str) -> Finding:
    return Finding(
        "BF102", Severity.WARNING, path, None, column, None, message, None, "make both say the same"
    )
