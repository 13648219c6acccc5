"""What the columns of a flat view mean: their units, and a sentence of the standard or the vocabulary for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import polars as pl
import pyarrow as pa

from benchfmt.schema import column_schema
from benchfmt.tables import COLUMNS
from benchfmt.vocabulary import Metric, vocabulary

_PRIMARY = {
    "comparability_group": "Group within which the headline number compares; null where it compares with nothing.",
    "primary_metric": "Metric of the headline number.",
    "primary_statistic": "Statistic of the headline number.",
    "primary_stage": "Stage of the headline number.",
    "primary_per": "What the headline number is a number of: one sample, batch or the like.",
    "primary_scope": "What the headline number covers, such as a process or a device.",
    "primary_value": "The headline number, in the unit that primary_unit says.",
    "primary_unit": "Unit of the headline number, as a UCUM code.",
    "primary_better": "Whether the lower or the higher headline number is better; null where the vocabulary does not say.",
}
_BY_ENDING = {"_bytes": "By", "_hz": "Hz"}


def meanings_of_columns(table: str, shown: Mapping[str, str]) -> dict[str, str]:
    """Return what the standard says of columns of a table, by the names under which a view shows them."""
    found = {}
    for name, other in shown.items():
        description = column_schema(table, name).get("description")
        if description:
            found[other] = str(description)
    return found


def units_of_columns(table: str, shown: Mapping[str, str]) -> dict[str, str]:
    """Return the units of the columns of a table that hold numbers: the standard has them in the names, and counts have 1."""
    found = {}
    for item in COLUMNS[table]:
        if item.name in shown and item.kind in ("integer", "number"):
            units = [unit for ending, unit in _BY_ENDING.items() if item.name.endswith(ending)]
            found[shown[item.name]] = next(iter(units), "1")
    return found


def meanings_of_headlines() -> Mapping[str, str]:
    """Return what the columns of the headline number mean."""
    return _PRIMARY


def meaning_of_key(key: Mapping[str, str]) -> str | None:
    """Return what a measurement of a key is, None for a metric that the vocabulary does not know."""
    known = _metric(key["metric"])
    if known is None:
        return None
    per = key["per"] and f"per {key['per']}"
    parts = [key["statistic"], key["stage"], per, key["scope"]]
    told = ", ".join(filter(None, parts))
    label = f"{known.label} ({told})" if told else known.label
    return f"{label}: {known.definition}"


@cache
def better(metric: str) -> str | None:
    """Return whether a `lower` or a `higher` number of a metric is better, None where the vocabulary does not say."""
    known = _metric(metric)
    if known is None or known.direction not in ("lower", "higher"):
        return None
    return known.direction


def directions(metrics: Iterable[str]) -> pl.DataFrame:
    """Return metrics, each with which end is `better`."""
    names = sorted(set(metrics))
    schema = {"metric": pl.String, "better": pl.String}
    return pl.DataFrame({"metric": names, "better": [better(name) for name in names]}, schema)


def _metric(name: str) -> Metric | None:
    """Return what the vocabulary says of a metric, with a cut-off or without (`ndcg@10`)."""
    known = vocabulary().metrics
    return known.get(name) or known.get(name.partition("@")[0])


_FACTS = "registry_"
_MEMBERS = {
    "hyperparameters__": "Hyperparameter {!r} of the run, as the record says it.",
    "inputs__": "Input {!r} of the run, as the record says it.",
}


def meaning_of_extra(column: str) -> str | None:
    """Return what a column means that stands there where it is asked for; None for others."""
    if column.startswith(_FACTS):
        words = column.removeprefix(_FACTS).replace("_", " ")
        return f"What the registry of known hardware and models says, and no record: {words}."
    for head, words in _MEMBERS.items():
        if column.startswith(head):
            return words.format(column.removeprefix(head))
    return None


def listing(table: pa.Table) -> pa.Table:
    """Return the columns of a flat view, a row each: name, type, unit, meaning, and how many rows have a value."""
    rows = []
    for item, column in zip(table.schema, table.columns, strict=True):
        said = item.metadata or {}
        rows.append(
            {
                "column": item.name,
                "type": str(item.type),
                "unit": said.get(b"unit", b"").decode() or None,
                "description": said.get(b"description", b"").decode() or None,
                "values": len(column) - column.null_count,
            }
        )
    return pa.Table.from_pylist(rows, schema=_LISTING)


def attributes(table: pa.Table) -> dict[str, object]:
    """Return what the metadata of a flat view say, as plain data for a frame that has no place for them."""
    said = {
        kind: {
            item.name: item.metadata[key].decode()
            for item in table.schema
            if item.metadata and key in item.metadata
        }
        for kind, key in (("units", b"unit"), ("descriptions", b"description"))
    }
    return {**said, "left_out": int((table.schema.metadata or {})[b"left_out"])}


_TYPES: dict[str, pa.DataType] = {
    "column": pa.string(),
    "type": pa.string(),
    "unit": pa.string(),
    "description": pa.string(),
    "values": pa.int64(),
}
_LISTING = pa.schema(_TYPES)
