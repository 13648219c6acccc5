"""The registry in columns: ids of many names, and facts of the systems and models of a package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import starmap

import polars as pl

from benchfmt.json_cells import cell_data
from benchfmt.registry.costs import core_peaks, flop_of, parameters_of
from benchfmt.registry.entries import Entry, Fact, find_model, find_system, parts, system, systems


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
    """Return the facts of a system by column; what a board or computer does not say is what its chips can do."""
    entry = system(system_id)
    known = _said([*entry.facts, *core_peaks(entry)])
    if entry.kind == "node":
        return known  # it has several of each
    for chip in parts(entry):
        for column, value in _said([*chip.facts, *core_peaks(chip)]).items():
            if not column.startswith(_OF_THE_CHIP_ALONE):
                known.setdefault(column, value)
    return known


_OF_THE_CHIP_ALONE = ("power", "memory_max", "memory_usable", "released")
"""What a chip draws is not what its board draws."""


def _said(facts: Sequence[Fact]) -> dict[str, int]:
    has_matrix_units = any(fact.fact == "units" and fact.device == "matrix" for fact in facts)
    columns: dict[str, int] = {}
    for fact in facts:
        column = _column(fact)
        if column is None or not isinstance(fact.value, int):
            continue
        if has_matrix_units and _is_slower(fact):
            continue
        columns[column] = max(fact.value, columns.get(column, fact.value))
    return columns


_OF_MATRIX_UNITS = ("fp16", "bf16", "fp8", "int8")


def _is_slower(fact: Fact) -> bool:
    """Say whether a peak is one of vector units at a precision that matrix units do faster, so that it is no peak of the chip."""
    return fact.fact.startswith("peak_") and fact.device == "vector" and fact.precision in _OF_MATRIX_UNITS  # fmt: skip


def _column(fact: Fact) -> str | None:
    """Return in which column a fact stands; None for a peak whose precision nobody says."""
    if fact.fact.startswith("peak_"):
        return f"{fact.fact}_{fact.precision}" if fact.precision else None
    if fact.device.startswith(("cpu", "npu", "matrix")):
        return f"{fact.device.replace('-', '_')}_{fact.fact}"
    return fact.fact


def units_of_facts() -> dict[str, str]:
    """Return the unit of each column of facts that holds numbers with one."""
    units = {"registry_parameters": "1", "registry_flop": "1"}
    for entry in systems().by_id.values():
        for fact in (*entry.facts, *core_peaks(entry)):
            column = _column(fact)
            if column is not None and fact.unit:
                units[f"registry_{column}"] = fact.unit
    return units


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
    sides = tuple(cell_data("input_shape", input_shape))
    if len(sides) == 3 and 3 in (sides[0], sides[2]):
        return sides[1:] if sides[0] == 3 else sides[:2]
    return sides


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
