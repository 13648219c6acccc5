"""The flat view: one row a record, one column a measurement key, and the group within which rows may be compared."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any, TypedDict, Unpack

import polars as pl
import pyarrow as pa

from benchfmt.comparison.questions import Question
from benchfmt.comparison.questions import question as question_named
from benchfmt.comparison.results import contexts, grouped, with_facts
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS
from benchfmt.record import KEY_FIELDS
from benchfmt.registry import facts_of_models, facts_of_systems, units_of_facts
from benchfmt.tables import COLUMNS
from benchfmt.wide.meanings import (
    directions,
    meaning_of_extra,
    meaning_of_key,
    meanings_of_columns,
    meanings_of_headlines,
    units_of_columns,
)
from benchfmt.wide.members import members
from benchfmt.wide.rows import with_others, without_echoes

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
SOURCES = ("source_path", "source_locator")
"""Where a record is from, shown when asked for."""
CONTEXT = tuple(item.name for item in COLUMNS["records"] if item.name not in HIDDEN)
"""The columns of records that the view shows."""
USUAL_QUESTION = "hardware"
"""What the groups of a view compare unless it is asked for others."""
PRIMARY = ("metric", "statistic", "stage", "per", "scope", "value", "unit")
QUALIFIED = "^(class|subset|node|accelerator|run):"
_SYSTEM_NAMES = {
    "name": "system_name",
    "kind": "system_kind",
    "vendor": "system_vendor",
    "memory_bytes": "system_memory_bytes",
}
SYSTEM = {
    item.name: _SYSTEM_NAMES.get(item.name, item.name)
    for item in COLUMNS["systems"]
    if item.name not in ("id", "extensions")
}
"""The columns of systems that the view shows, each with its name there."""
USUAL = frozenset(
    [
        *CONTEXT,
        "comparability_group",
        *SYSTEM.values(),
        *(f"primary_{part}" for part in PRIMARY),
        "primary_better",
    ]
)
"""The columns that every view has, whatever was measured."""
_SAID_ANYWAY = ("registry_system", "registry_processor", "registry_accelerator", "registry_device")
"""Facts of systems that have a column even where nothing is known; others have one where some row has a value."""


class Options(TypedDict, total=False):
    """What a flat view shows beside the usual, and which rows it has; see `widen`."""

    qualified: bool
    groups: bool
    comparable: bool
    facts: bool
    inputs: bool | Collection[str]
    one_per_execution: bool
    question: str
    sources: bool


@dataclass
class _Flat:
    """A flat view in the making: its columns from left to right, with the units and meanings of those that have one."""

    frame: pl.DataFrame
    units: dict[str, str] = field(default_factory=dict)
    meanings: dict[str, str] = field(default_factory=dict)
    left_out: int = 0
    """How many values are not shown, because they are of a part of a result."""

    def append(self, columns: pl.DataFrame, units: Mapping[str, str]) -> None:
        """Add columns, in the order of the rows."""
        self.frame = pl.concat([self.frame, columns], how="horizontal")
        self.units |= {name: unit for name, unit in units.items() if name in columns.columns}
        for name in columns.columns:
            meaning = meaning_of_extra(name)
            if meaning is not None:
                self.meanings[name] = meaning


def widen(
    records: pl.DataFrame,
    measurements: pl.DataFrame,
    systems: pl.DataFrame,
    **options: Unpack[Options],
) -> pl.DataFrame:
    """Return one row a record, in the order of `records`.

    The columns: context of the record and its system, `comparability_group`, `primary_metric` and the other parts of the
    primary measurement's key, `primary_value`, `primary_unit`, then one column a measurement key. A key's column that
    would have the name of one of the columns before it is prefixed with `metric__`. `comparability_group` is that of the
    primary measurement. The options, each off unless asked for:

    - `qualified`: also qualified scopes (`class:…`, `run:…`), which are parts of a result;
    - `groups`: for each value its own group, in a column `<name>__group`;
    - `comparable`: only rows whose group holds another result, of another execution;
    - `one_per_execution`: no row whose result another row of the same execution gives: recomputed before published;
    - `facts`: what the registry knows of the system and the model, in columns `registry_…`, which no record says;
    - `inputs`: hyperparameters and single inputs as columns `hyperparameters__NAME` and `inputs__NAME`: all, or those named.
    - `sources`: where each record is from, in columns `source_path` and `source_locator`;
    - `question`: what all groups compare: `hardware` unless another of `benchfmt.comparison.questions` is named.
    """
    return _flat(records, measurements, systems, **options).frame


def flat_table(
    records: pl.DataFrame,
    measurements: pl.DataFrame,
    systems: pl.DataFrame,
    **options: Unpack[Options],
) -> pa.Table:
    """Return `widen` as an Arrow table.

    The metadata of a field say its `unit` and its `description`, where it has them; those of the table say how many
    values are `left_out`, because they are of a part of a result (see `qualified`).
    """
    flat = _flat(records, measurements, systems, **options)
    table = flat.frame.to_arrow()
    fields = []
    for item in table.schema:
        said = {"unit": flat.units.get(item.name), "description": flat.meanings.get(item.name)}
        known: dict[bytes | str, bytes | str] = {
            name: text for name, text in said.items() if text is not None
        }
        fields.append(item.with_metadata(known) if known else item)
    about: dict[bytes | str, bytes | str] = {"left_out": str(flat.left_out)}
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields, about))


def _flat(
    records: pl.DataFrame,
    measurements: pl.DataFrame,
    systems: pl.DataFrame,
    *,
    qualified: bool = False,
    groups: bool = False,
    comparable: bool = False,
    facts: bool = False,
    inputs: bool | Collection[str] = False,
    one_per_execution: bool = False,
    question: str = USUAL_QUESTION,
    sources: bool = False,
) -> _Flat:
    _refuse_doubled(systems)
    # The groups do not depend on what is shown of the records.
    asked = question_named(question)
    headlines = _headlines(records, measurements, asked)
    rows = records
    if one_per_execution:
        rows = without_echoes(rows, headlines)
    if comparable:
        rows = with_others(rows, headlines)
    shown = measurements.join(rows.select("id"), left_on="record_id", right_on="id", how="semi")
    every = shown
    if not qualified:
        shown = shown.filter(~pl.col("scope").fill_null("").str.contains(QUALIFIED))
    context = CONTEXT
    if sources:
        context += SOURCES
    flat = _Flat(_context(rows, headlines, systems, context))
    flat.left_out = _values(every) - _values(shown)
    _explain(flat, context)
    if facts:
        flat.append(_facts(rows, systems), units_of_facts())
    if inputs:
        columns, units = members(rows, inputs)
        flat.append(pl.DataFrame(columns), units)
    primary = _primary(shown)
    flat.append(_beside(rows, primary), {})
    own_groups = None
    if groups:
        own_groups = _groups(records, measurements, shown, asked)
    _append_values(flat, rows, shown, own_groups)
    return flat


def _refuse_doubled(systems: pl.DataFrame) -> None:
    """Raise BenchfmtError for two systems of one id, of which a record would have two rows."""
    doubled = systems["id"].filter(systems["id"].is_duplicated())
    if doubled.len():
        raise BenchfmtError(f"two systems have the id {doubled[0]!r}; run benchfmt validate")


def _values(measurements: pl.DataFrame) -> int:
    """Return how many measurements have a value."""
    return measurements.height - measurements["value"].null_count()


def _explain(flat: _Flat, context: Collection[str]) -> None:
    """Say what the columns mean that do not depend on what was measured."""
    shown = {name: name for name in context}
    flat.units |= units_of_columns("records", shown) | units_of_columns("systems", SYSTEM)
    flat.meanings |= meanings_of_columns("systems", SYSTEM)
    flat.meanings |= meanings_of_columns("records", shown)
    flat.meanings |= meanings_of_headlines()


def column_name(key: tuple[str, ...]) -> str:
    """Return the name of a key's column: `latency__p90__inference__sample`."""
    return "__".join(re.sub("[^A-Za-z0-9]", "_", part) for part in key if part)


def check_kinds(count: int) -> None:
    """Raise BenchfmtError where measurements are of more kinds than a table may have columns."""
    if count > LIMITS.columns:
        raise BenchfmtError(
            f"the flat view would have a column for each of {count:,} kinds of numbers, and a table has at most "
            f"{LIMITS.columns:,} columns; ask the table `measurements`, or select some records first"
        )


def key_names(keys: pl.DataFrame, taken: Collection[str] = USUAL) -> pl.DataFrame:
    """Return distinct keys, an absent part as "", in order, each with the `name` of its column.

    Raises BenchfmtError for more than a table may have: each takes a cell of every record, whether it has a value or none.
    """
    check_kinds(keys.height)
    in_order = keys.sort(KEY_FIELDS)
    names = _distinct([column_name(key) for key in in_order.rows()], taken)
    return in_order.with_columns(pl.Series("name", names, dtype=pl.String))


def groups_of_primaries(records: pl.DataFrame, measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the `id` of each record whose primary measurement has a value, and its `comparability_group`."""
    found = _headlines(records, measurements, question_named(USUAL_QUESTION))
    return found.select(
        pl.col("record_id").alias("id"), pl.col("group").alias("comparability_group")
    )


def _headlines(records: pl.DataFrame, measurements: pl.DataFrame, asked: Question) -> pl.DataFrame:
    """Return the primary measurement of each record that has one with a value, and the group within which it compares."""
    primary = measurements.filter(pl.col("primary").fill_null(value=False))
    found = _groups(records, measurements, primary, asked)
    return found.unique("record_id", keep="first", maintain_order=True)


def _primary(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the key, value and unit of the primary measurement of each record that has one."""
    primary = measurements.filter(pl.col("primary").fill_null(value=False))
    first = primary.unique("record_id", keep="first", maintain_order=True)
    known = directions(first["metric"].cast(pl.String).drop_nulls())
    own = first.with_columns(pl.col("metric").cast(pl.String))
    return own.join(known, on="metric", how="left", maintain_order="left").select(
        pl.col("record_id").alias("id"),
        *(pl.col(name).alias(f"primary_{name}") for name in PRIMARY),
        pl.col("better").alias("primary_better"),
    )


def _context(
    records: pl.DataFrame, headlines: pl.DataFrame, systems: pl.DataFrame, shown: Collection[str]
) -> pl.DataFrame:
    described = systems.select(
        pl.col("id").alias("system_id"),
        *(pl.col(name).alias(shown) for name, shown in SYSTEM.items()),
    )
    own = headlines.select(
        pl.col("record_id").alias("id"), pl.col("group").alias("comparability_group")
    )
    with_groups = records.join(own, on="id", how="left", maintain_order="left")
    return with_groups.select(*shown, "comparability_group").join(
        described, on="system_id", how="left", maintain_order="left"
    )


def _facts(records: pl.DataFrame, systems: pl.DataFrame) -> pl.DataFrame:
    """Return what the registry knows of the systems and models of records, in their order."""
    of_systems = facts_of_systems(systems).rename({"id": "system_id"})
    found = records.select("system_id").join(
        of_systems, on="system_id", how="left", maintain_order="left"
    )
    known = [
        column
        for column in found.drop("system_id")
        if column.name in _SAID_ANYWAY or column.null_count() < len(column)
    ]
    return pl.DataFrame([*known, *facts_of_models(records)])


def _groups(
    records: pl.DataFrame, measurements: pl.DataFrame, some: pl.DataFrame, asked: Question
) -> pl.DataFrame:
    """Return some measurements, each with the group within which it compares (see `benchfmt.comparison`)."""
    known = contexts(with_facts(records, measurements), asked)
    return grouped(some, known, asked)


def _beside(records: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """Return columns that have an `id` in the order of the records, without it."""
    ids = records.select("id")
    return ids.join(columns, on="id", how="left", maintain_order="left").drop("id")


def _append_values(
    flat: _Flat, records: pl.DataFrame, measurements: pl.DataFrame, groups: pl.DataFrame | None
) -> None:
    """Add a column for each key, in the order of their names: its values, and their groups if there are any."""
    names = _names(measurements, set(flat.frame.columns))
    values = _pivoted(measurements, names, "value")
    if groups is not None:
        own = _pivoted(groups, names, "group")
        named = own.rename(lambda name: name if name == "id" else f"{name}__group")
        values = values.join(named, on="id", how="left")
    in_order = _beside(records, values)
    for *parts, name in names.select(*KEY_FIELDS, "name").iter_rows():
        meaning = meaning_of_key(dict(zip(KEY_FIELDS, parts, strict=True)))
        if meaning is not None:
            flat.meanings[name] = meaning
    flat.append(in_order.select(sorted(in_order.columns)), _units(measurements, names))


def _names(measurements: pl.DataFrame, taken: Collection[str]) -> pl.DataFrame:
    """Return the keys that have a value, each with the `name` of its column."""
    with_value = measurements.filter(pl.col("value").is_not_null())
    return key_names(with_value.select(KEY_FIELDS).fill_null("").unique(), taken)


def _named(measurements: pl.DataFrame, names: pl.DataFrame, *columns: str) -> pl.DataFrame:
    key = (pl.col(name).fill_null("") for name in KEY_FIELDS)
    return measurements.select(*columns, *key).join(names, on=KEY_FIELDS)


def _pivoted(measurements: pl.DataFrame, names: pl.DataFrame, cell: str) -> pl.DataFrame:
    """Return one row a record with a column for each key, of one cell of its measurements."""
    long = _named(measurements, names, "record_id", cell).select(
        pl.col("record_id").alias("id"), "name", cell
    )
    if not long.height:
        return long.select("id")
    wide: Any = long.pivot(on="name", index="id", values=cell, aggregate_function="first")
    return pl.DataFrame(wide)


def _units(measurements: pl.DataFrame, names: pl.DataFrame) -> dict[str, str]:
    """Return the unit of each key's column; a column whose values have several units has none."""
    with_value = measurements.filter(pl.col("value").is_not_null())
    units = _named(with_value, names, "unit").group_by("name").agg(pl.col("unit").unique())
    found = {}
    for name, several in units.iter_rows():
        if len(several) == 1 and several[0] is not None:
            found[name] = several[0]
    return found


def _distinct(names: list[str], taken: Collection[str]) -> list[str]:
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
