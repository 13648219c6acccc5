"""The flat view: one row a record, one column a measurement key, and the group within which rows may be compared."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import polars as pl

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
GROUP_FIELDS = (
    "suite",
    "suite_version",
    "benchmark",
    "division",
    "category",
    "scenario",
    "phase",
    "verification",
    "task",
    "dataset",
    "dataset_split",
    "dataset_samples",
    "model",
    "model_version",
    "precision",
    "input_shape",
    "batch_size",
    "hyperparameters",
    "inputs",
)
"""What two results must share to be answers to one question; hardware and software are what differs between them."""
_QUALIFIER = "^(class|subset|node|accelerator|run):"
_SYSTEM_NAMES = {
    "name": "system_name",
    "kind": "system_kind",
    "vendor": "system_vendor",
    "memory_bytes": "system_memory_bytes",
}


def widen(
    records: pl.DataFrame, measurements: pl.DataFrame, systems: pl.DataFrame, *, qualified: bool = False
) -> pl.DataFrame:
    """Return one row a record, in the order of `records`.

    The columns: context of the record and its system, `comparability_group` (null for a result that is not `ok` or whose
    precision is `mixed`, which compares with nothing), `primary_metric`, `primary_value`, `primary_unit`, then one column
    a measurement key. Qualified scopes (`class:…`, `run:…`) are parts of a result and left out unless asked for.
    """
    kept = measurements if qualified else measurements.filter(~pl.col("scope").fill_null("").str.contains(_QUALIFIER))
    context = _context(records, systems)
    primary = kept.filter(pl.col("primary").fill_null(value=False)).select(
        pl.col("record_id").alias("id"),
        pl.col("metric").alias("primary_metric"),
        pl.col("value").alias("primary_value"),
        pl.col("unit").alias("primary_unit"),
    )
    values = _values(kept)
    return (
        context.join(primary, on="id", how="left", maintain_order="left")
        .join(values, on="id", how="left", maintain_order="left")
        .select(*context.columns, *primary.columns[1:], *sorted(values.columns[1:]))
    )


def column_name(key: tuple[str, ...]) -> str:
    """Return the name of a key's column: `latency__p90__inference__sample`."""
    return "__".join(re.sub("[^A-Za-z0-9]", "_", part) for part in key if part)


def _context(records: pl.DataFrame, systems: pl.DataFrame) -> pl.DataFrame:
    names = [c.name for c in COLUMNS["systems"] if c.name not in ("id", "extensions")]
    described = systems.select(
        pl.col("id").alias("system_id"), *(pl.col(n).alias(_SYSTEM_NAMES.get(n, n)) for n in names)
    )
    shown = [c.name for c in COLUMNS["records"] if c.name not in HIDDEN]
    grouped = records.with_columns(_group(records).alias("comparability_group"))
    return grouped.select(*shown, "comparability_group").join(
        described, on="system_id", how="left", maintain_order="left"
    )


def _group(records: pl.DataFrame) -> pl.Series:
    """Return a short hash of what decides comparability, for each record that may be compared."""
    keys = records.select(
        pl.when((pl.col("status") == "ok") & (pl.col("precision").fill_null("") != "mixed"))
        .then(pl.concat_str(*(_part(name) for name in GROUP_FIELDS), separator="\x1f"))
        .alias("key")
    )["key"]
    distinct = keys.drop_nulls().unique()
    hashes = [hashlib.sha256(key.encode()).hexdigest()[:16] for key in distinct]
    return keys.replace_strict(distinct, pl.Series(hashes, dtype=pl.String), default=None, return_dtype=pl.String)


def _part(name: str) -> pl.Expr:
    # Absent differs from every value: it starts with another character.
    return pl.when(pl.col(name).is_null()).then(pl.lit("-")).otherwise(pl.lit("=") + pl.col(name).cast(pl.String))


def _values(measurements: pl.DataFrame) -> pl.DataFrame:
    keys = measurements.filter(pl.col("value").is_not_null()).select(KEY_FIELDS).fill_null("").unique().sort(KEY_FIELDS)
    named = keys.with_columns(pl.Series("name", _distinct([column_name(key) for key in keys.rows()]), dtype=pl.String))
    long = (
        measurements.select("record_id", "value", *(pl.col(field).fill_null("") for field in KEY_FIELDS))
        .join(named, on=KEY_FIELDS)
        .select(pl.col("record_id").alias("id"), "name", "value")
    )
    if not long.height:
        return long.select("id")
    wide: Any = long.pivot(on="name", index="id", values="value", aggregate_function="first")
    return pl.DataFrame(wide)


def _distinct(names: list[str]) -> list[str]:
    """Return the names, numbered where two keys would share one."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}__{seen[name]}")
    return distinct
