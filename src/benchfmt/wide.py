"""The flat view: one row a record, one column a measurement key, and the group within which rows may be compared."""

from __future__ import annotations

import hashlib
import re
from itertools import chain, count
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
"""The context that two results share to be answers to one question; hardware and software are what differs."""
_PRIMARY = ("metric", "statistic", "stage", "per", "scope", "value", "unit")
_TARGETS = ("target_min", "target_max")
_FIELD, _ITEM = "\x1f", "\x1e"
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
) -> pl.DataFrame:
    """Return one row a record, in the order of `records`.

    The columns: context of the record and its system, `comparability_group`, `primary_metric` and the other parts of the
    primary measurement's key, `primary_value`, `primary_unit`, then one column a measurement key. A key's column that
    would have the name of one of the columns before it is prefixed with `metric__`. Qualified scopes (`class:…`, `run:…`)
    are parts of a result and left out unless asked for.
    """
    kept = measurements
    if not qualified:
        kept = kept.filter(~pl.col("scope").fill_null("").str.contains(_QUALIFIER))
    # The groups are of whole records: they do not depend on what is shown of them.
    context = _context(records, measurements, systems)
    primary = _primary(kept).select(
        "id", *(pl.col(name).alias(f"primary_{name}") for name in _PRIMARY)
    )
    values = _values(kept, {*context.columns, *primary.columns})
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
    grouped = records.with_columns(_group(records, measurements).alias("comparability_group"))
    return grouped.select(*shown, "comparability_group").join(
        described, on="system_id", how="left", maintain_order="left"
    )


def _group(records: pl.DataFrame, measurements: pl.DataFrame) -> pl.Series:
    """Return a short hash of what decides comparability, for each record that may be compared.

    It covers the context, what the headline number is (without a value, there is none) and the targets. Null are: a
    result that is not `ok`; the precision `mixed`; and a record that names neither benchmark nor model, as what is
    unknown equals nothing.
    """
    question = _primary(measurements.filter(pl.col("value").is_not_null())).select(
        "id",
        pl.concat_str(*(_part(name) for name in (*KEY_FIELDS, "unit")), separator=_FIELD).alias(
            "question"
        ),
    )
    aimed = measurements.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in _TARGETS))
    order = [pl.col(name).fill_null("") for name in KEY_FIELDS]
    targets = (
        # -0.0 equals 0.0, so it has the same text.
        aimed.sort(*order, *_TARGETS)
        .with_columns(
            pl.when(pl.col(name) == 0).then(0.0).otherwise(pl.col(name)).alias(name)
            for name in _TARGETS
        )
        .select(
            pl.col("record_id").alias("id"),
            pl.concat_str(
                *(_part(name) for name in (*KEY_FIELDS, *_TARGETS)), separator=_FIELD
            ).alias("targets"),
        )
        .group_by("id", maintain_order=True)
        .agg(pl.col("targets").str.join(_ITEM))
    )
    comparable = (
        (pl.col("status") == "ok")
        & (pl.col("precision").fill_null("") != "mixed")
        & (pl.col("benchmark").is_not_null() | pl.col("model").is_not_null())
    )
    covered = (*GROUP_FIELDS, "question", "targets")
    keys = (
        records.join(question, on="id", how="left", maintain_order="left")
        .join(targets, on="id", how="left", maintain_order="left")
        .select(
            pl.when(comparable)
            .then(pl.concat_str(*(_part(name) for name in covered), separator=_FIELD))
            .alias("key")
        )["key"]
    )
    distinct = keys.drop_nulls().unique()
    hashes = [hashlib.sha256(key.encode()).hexdigest()[:16] for key in distinct]
    return keys.replace_strict(
        distinct, pl.Series(hashes, dtype=pl.String), default=None, return_dtype=pl.String
    )


def _part(name: str) -> pl.Expr:
    # Absent differs from every value: it starts with another character.
    return (
        pl.when(pl.col(name).is_null())
        .then(pl.lit("-"))
        .otherwise(pl.lit("=") + pl.col(name).cast(pl.String))
    )


def _values(measurements: pl.DataFrame, taken: set[str]) -> pl.DataFrame:
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
            "record_id", "value", *(pl.col(field).fill_null("") for field in KEY_FIELDS)
        )
        .join(named, on=KEY_FIELDS)
        .select(pl.col("record_id").alias("id"), "name", "value")
    )
    if not long.height:
        return long.select("id")
    wide: Any = long.pivot(on="name", index="id", values="value", aggregate_function="first")
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
