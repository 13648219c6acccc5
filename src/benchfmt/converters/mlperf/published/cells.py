"""The cells of a row that the record keeps as they stand, and those that describe a system and its software."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pydantic import JsonValue

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.inference.run import SUITE
from benchfmt.converters.mlperf.published.rows import Result, Row
from benchfmt.converters.mlperf.published.terms import Terms
from benchfmt.numbers import of_json
from benchfmt.readers.jsons import Digits
from benchfmt.readers.mlperf_json import count
from benchfmt.record import given
from benchfmt.vocabulary import vocabulary

_IN_FIELDS = {
    "Organization",
    "SystemName",
    "Result",
    "Power_Result",
    "host_processor_model_name",
    "accelerator_model_name",
    "operating_system",
    "version",
    "url",
    # Availability and Organization in one word, for the drawing of tables.
    "ColorKey",
}
"""What the record says in fields; all else is kept in the extensions as it stands."""
_COUNTS = (
    "number_of_nodes",
    "host_processors_per_node",
    "host_processor_core_count",
    "accelerators_per_node",
)
SYSTEM_COLUMNS = (
    "SystemName",
    "Platform",
    "host_processor_model_name",
    "accelerator_model_name",
    "operating_system",
    *_COUNTS,
)
_NO_COUNT = (None, 0, "0", "N/A")
_NO_NAME = ("n/a", "-", "none", "na")
_ENGINE_WORDS = 3
"""How many words the name of an engine has at most."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine with its version, as far as a text names them."""

    name: str | None = None
    version: str | None = None


def kept(result: Result, terms: Terms, *, scored: bool) -> dict[str, JsonValue]:
    """Return what the table says and no field holds; `scored` is whether measurements say all of the accuracy."""
    # The counts stand in the system, as a number or as text.
    told = {*_IN_FIELDS, *_COUNTS, *terms.columns()}
    if scored:
        told.add("Accuracy")
    cells: dict[str, JsonValue] = {}
    for column, value in result.row.cells.items():
        if column and column not in told:
            cells[column] = plain(value)
    if result.power:
        cells["power_row"] = result.power.locator
        cells["Power_Units"] = result.power.text("Units") or cells.get("Power_Units")
        if result.power is not result.row:
            cells["power_uid"] = result.power.text("uid")
    return dict(sorted(cells.items()))


def system_of(row: Row) -> dict[str, JsonValue]:
    """Return the system that a row describes; a count that is no clean number stays as text in its extensions."""
    counts = {column: count(row.cells.get(column)) for column in _COUNTS}
    odd: dict[str, JsonValue] = {}
    for column, number in counts.items():
        text = plain(row.cells.get(column))
        if number is None and text not in _NO_COUNT:
            odd[column] = text
    extensions = None
    if odd:
        extensions = {"mlperf": odd}
    processor = given(
        name=_name(row, "host_processor_model_name"),
        count=counts["host_processors_per_node"],
        cores=counts["host_processor_core_count"],
    )
    return given(
        name=row.text("SystemName") or row.text("Platform"),
        nodes=counts["number_of_nodes"],
        processor=processor or None,
        accelerator=_accelerator(row, counts["accelerators_per_node"]),
        operating_system=_name(row, "operating_system"),
        extensions=extensions,
    )


def _accelerator(row: Row, number: int | None) -> dict[str, JsonValue] | None:
    name = _name(row, "accelerator_model_name")
    if not name:
        return None
    return given(kind=systems.accelerator_kind(name), name=name, count=number)


def _name(row: Row, column: str) -> str | None:
    text = row.text(column)
    if text is None or text.lower() in _NO_NAME:
        return None
    return text


@cache
def engine_of(words: str) -> Engine:
    """Return the engine that the first words of a framework's text name, and its version if the next one is one."""
    first = re.split(r"[,;]", words)[0]
    parts = first.replace(":", " ").split()
    for length in range(min(_ENGINE_WORDS, len(parts)), 0, -1):
        engine = vocabulary().match("engine", " ".join(parts[:length]), SUITE)
        if engine:
            after = next(iter(parts[length:]), "")
            return Engine(engine, systems.version_of(after))
    joined = systems.software(first)  # `tflite_vmaster`
    return Engine(joined.get("engine"), joined.get("engine_version"))


def plain(value: JsonValue) -> JsonValue:
    """Return a value of a table as plain JSON, a number as a number where every reader keeps it; None for nothing."""
    if isinstance(value, Digits):
        return of_json(value)
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        entries = {key: plain(item) for key, item in value.items()}
        return {key: item for key, item in entries.items() if item is not None}
    if isinstance(value, list):
        items = [plain(item) for item in value]
        return [item for item in items if item is not None]
    other: JsonValue = value
    return other
