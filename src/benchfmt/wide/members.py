"""Hyperparameters and inputs as columns: `hyperparameters__learning_rate`, `inputs__load`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from benchfmt.finding import BenchfmtError
from benchfmt.json_cells import cell_data
from benchfmt.spelling import no_such

MOST = 500
"""So many names have columns; more are refused, unless the caller names those that are wanted."""
_INTEGERS = range(-(2**63), 2**63)
_EXACT_AS_FLOATS = range(-(2**53), 2**53 + 1)


@dataclass
class _Member:
    """The values of one name: for each distinct text that has it, the text's place and the value."""

    head: str
    name: str
    places: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    units: set[str] = field(default_factory=set)


def members(
    records: pl.DataFrame, wanted: bool | Collection[str]
) -> tuple[list[pl.Series], dict[str, str]]:
    """Return the hyperparameters and single inputs of records as columns, and the units of those that have one.

    A hyperparameter that is a list or an object is a cell of JSON. Of `inputs` those of one value are cells: a longer
    vector is no feature of one row. `wanted` names some; raises BenchfmtError for an unknown one, and for too many.
    """
    columns: list[pl.Series] = []
    units: dict[str, str] = {}
    found = {head: _found(records[head], head) for head in ("hyperparameters", "inputs")}
    names = {name for by_name in found.values() for name in by_name}
    chosen = _chosen(names, wanted, sum(map(len, found.values())))
    for head, by_name in found.items():
        texts = records.select(pl.col(head).cast(pl.String))
        for name in sorted(by_name.keys() & chosen):
            member = by_name[name]
            columns.append(_column(texts, head, member))
            if len(member.units) == 1:
                units[columns[-1].name] = next(iter(member.units))
    return columns, units


def _chosen(names: set[str], wanted: bool | Collection[str], count: int) -> set[str]:
    if not isinstance(wanted, bool):
        for name in wanted:
            if name not in names:
                raise BenchfmtError(no_such("hyperparameter or single input", name, sorted(names)))
        return set(wanted)
    if count > MOST:
        raise BenchfmtError(
            f"{count:,} hyperparameters and inputs would be columns, and {MOST} are the most; "
            "name those that are wanted: wide(inputs=['learning_rate'])"
        )
    return names


def _distinct(texts: pl.DataFrame, head: str) -> pl.Series:
    return texts[head].cast(pl.String).drop_nulls().unique(maintain_order=True)


def _found(cells: pl.Series, head: str) -> dict[str, _Member]:
    """Return the members of a column of JSON, by name."""
    by_name: dict[str, _Member] = {}
    read = _READERS[head]
    for place, text in enumerate(_distinct(cells.to_frame(), head)):
        for name, value, unit in read(cell_data(head, text)):
            member = by_name.setdefault(name, _Member(head, name))
            member.places.append(place)
            member.values.append(value)
            if unit is not None:
                member.units.add(unit)
    return by_name


_Found = Iterator[tuple[str, Any, str | None]]


def _of_hyperparameters(value: Any) -> _Found:
    for name, item in value.items():
        if item is not None:
            yield name, item, None


def _of_inputs(value: Any) -> _Found:
    counts = Counter(item["name"] for item in value)
    for item in value:
        # Of two inputs with one name neither is the one that a column could mean.
        if len(item["values"]) == 1 and counts[item["name"]] == 1:
            yield item["name"], item["values"][0], item.get("unit")


_READERS: dict[str, Callable[[Any], _Found]] = {
    "hyperparameters": _of_hyperparameters,
    "inputs": _of_inputs,
}


def _column(texts: pl.DataFrame, head: str, member: _Member) -> pl.Series:
    distinct = _distinct(texts, head)
    cells: list[Any] = [None] * len(distinct)
    for place, value in zip(member.places, _of_one_type(member.values), strict=True):
        cells[place] = value
    name = f"{head}__{member.name}"
    known = pl.DataFrame({head: distinct, name: pl.Series(cells)})
    return texts.join(known, on=head, how="left", maintain_order="left")[name]


def _of_one_type(values: list[Any]) -> list[Any]:
    """Return values of one type: integers, numbers, truth values, or else texts. No number is rounded."""
    types = {type(value) for value in values}
    if types in ({bool}, {str}):
        return values
    if types == {int} and all(value in _INTEGERS for value in values):
        return values
    if types <= {int, float} and all(v in _EXACT_AS_FLOATS for v in values if isinstance(v, int)):
        return [float(value) for value in values]
    return [value if isinstance(value, str) else json.dumps(value) for value in values]
