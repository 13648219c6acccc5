"""The flat view: one row a record, one column a measurement key, and the group within which rows may be compared."""

from __future__ import annotations

import re
from itertools import chain, count
from typing import Any

import polars as pl

from benchfmt.comparison.questions import question
from benchfmt.comparison.results import contexts, grouped, with_facts
from benchfmt.record import KEY_FIELDS
from benchfmt.tables import COLUMNS

HIDDEN = (
    "source_path",
    "source_sha256",
    "source_locator",
    "sources",
    "inputs",
    "extensions",
    "converter",
    "converter_version",
)
_PRIMARY = ("metric", "statistic", "stage", "per", "scope", "value", "unit")
_QUALIFIER = "^(class|subset|node|accelerator|run):"
_SYSTEM_NAMES = {
    "name": "system_name",
    "kind": "system_kind",
    "vendor": "system_vendor",
    "memory_bytes": "system_memory_bytes",
}


def widen(
    records: pl.DataFrame,
    measurements: pl.DataFrame,
    systems: pl.DataFrame,
    *,
    qualified: bool = False,
    groups: bool = False,
) -> pl.DataFrame:
    """Return one row a record, in the order of `records`.

    The columns: context of the record and its system, `comparability_group`, `primary_metric` and the other parts of the
    primary measurement's key, `primary_value`, `primary_unit`, then one column a measurement key. A key's column that
    would have the name of one of the columns before it is prefixed with `metric__`. Qualified scopes (`class:…`, `run:…`)
    are parts of a result and left out unless asked for. `comparability_group` is that of the primary measurement; with
    `groups`, each value has its own in a column `<name>__group`.
    """
    kept = measurements
    if not qualified:
        kept = kept.filter(~pl.col("scope").fill_null("").str.contains(_QUALIFIER))
    # The groups do not depend on what is shown of the records.
    context = _context(records, measurements, systems)
    primary = _primary(kept).select(
        "id", *(pl.col(name).alias(f"primary_{name}") for name in _PRIMARY)
    )
    taken = {*context.columns, *primary.columns}
    values = _values(kept, taken)
    if groups:
        own = _groups(records, measurements, kept)
        values = values.join(_values(own, taken, cell="group"), on="id", how="left")
    return (
        context.join(primary, on="id", how="left", maintain_order="left")
        .join(values, on="id", how="left", maintain_order="left")
        .select(*context.columns, *primary.columns[1:], *sorted(values.columns[1:]))
    )


def column_name(key: tuple[str, ...]) -> str:
    """Return the name of a key's column: `latency__p90__inference__sample`."""
    return "__".join(re.sub("[^A-Za-z0-9]", "_", part) for part in key if part)


def _primary(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the primary measurement of each record that has one."""
    primary = measurements.filter(pl.col("primary").fill_null(value=False)).rename(
        {"record_id": "id"}
    )
    return primary.unique("id", keep="first", maintain_order=True)


def _context(
    records: pl.DataFrame, measurements: pl.DataFrame, systems: pl.DataFrame
) -> pl.DataFrame:
    names = [c.name for c in COLUMNS["systems"] if c.name not in ("id", "extensions")]
    described = systems.select(
        pl.col("id").alias("system_id"), *(pl.col(n).alias(_SYSTEM_NAMES.get(n, n)) for n in names)
    )
    shown = [c.name for c in COLUMNS["records"] if c.name not in HIDDEN]
    primary = measurements.filter(pl.col("primary").fill_null(value=False))
    own = (
        _groups(records, measurements, primary)
        .unique("record_id", keep="first")
        .select(pl.col("record_id").alias("id"), pl.col("group").alias("comparability_group"))
    )
    with_groups = records.join(own, on="id", how="left", maintain_order="left")
    return with_groups.select(*shown, "comparability_group").join(
        described, on="system_id", how="left", maintain_order="left"
    )


def _groups(records: pl.DataFrame, measurements: pl.DataFrame, some: pl.DataFrame) -> pl.DataFrame:
    """Return some measurements, each with the group within which it compares (see `benchfmt.comparison`)."""
    asked = question()
    known = contexts(with_facts(records, measurements), asked)
    return grouped(some, known, asked)


def _values(measurements: pl.DataFrame, taken: set[str], *, cell: str = "value") -> pl.DataFrame:
    """Return one row a record with a column for each key: the values, or the groups of the values."""
    keys = (
        measurements.filter(pl.col("value").is_not_null())
        .select(KEY_FIELDS)
        .fill_null("")
        .unique()
        .sort(KEY_FIELDS)
    )
    names = _distinct([column_name(key) for key in keys.rows()], taken)
    named = keys.with_columns(pl.Series("name", names, dtype=pl.String))
    long = (
        measurements.select(
            "record_id", cell, *(pl.col(field).fill_null("") for field in KEY_FIELDS)
        )
        .join(named, on=KEY_FIELDS)
        .select(pl.col("record_id").alias("id"), "name", cell)
    )
    if not long.height:
        return long.select("id")
    wide: Any = long.pivot(on="name", index="id", values=cell, aggregate_function="first")
    if cell == "group":
        return pl.DataFrame(wide).rename(lambda name: name if name == "id" else f"{name}__group")
    return pl.DataFrame(wide)


def _distinct(names: list[str], taken: set[str]) -> list[str]:
    """Return the names, prefixed where one is `taken` and numbered where two keys would share one."""
    used: set[str] = set()
    distinct = []
    for name in names:
        free = name
        if name in taken:
            free = f"metric__{name}"
        numbered = (f"{free}__{number}" for number in count(2))
        unique = next(item for item in chain([free], numbered) if item not in used)
        used.add(unique)
        distinct.append(unique)
    return distinct
