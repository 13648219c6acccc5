"""The files of an asset: a table for each platform, and the companion that the engine reads with it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import JsonValue

from benchfmt.exports.matchmaking.columns import (
    HYPERPARAMETERS,
    INPUTS,
    TARGETS,
    Asset,
    Column,
)

DEPENDENT, INDEPENDENT = "input-dependent", "input-independent"
"""The folders of assets with inputs and of those without; the engine serves them apart."""


def tables(asset: Asset, platforms: Mapping[int, str]) -> Iterator[tuple[str, list[int]]]:
    """Yield the path of each table, without its ending, and the rows of its records."""
    by_platform: dict[str, list[int]] = {}
    for row in asset.rows:
        by_platform.setdefault(platforms[row], []).append(row)
    dependent = any(column.role == INPUTS for column in asset.columns)
    folder = DEPENDENT if dependent else INDEPENDENT
    for platform in sorted(by_platform):
        yield f"{folder}/{asset.name}_{platform}", by_platform[platform]


def write(folder: Path, path: str, asset: Asset, rows: list[int], platform: str) -> list[str]:
    """Write a table and its companion, and return their paths."""
    places = {row: place for place, row in enumerate(asset.rows)}
    texts = [_texts(column) for column in asset.columns]
    table = folder / f"{path}.csv"
    table.parent.mkdir(exist_ok=True)
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in asset.columns])
        for row in rows:
            writer.writerow([cells[places[row]] for cells in texts])
    content = json.dumps(companion(asset, platform), indent=2, ensure_ascii=False)
    (folder / f"{path}.json").write_text(content + "\n", "utf-8")
    return [f"{path}.csv", f"{path}.json"]


def _texts(column: Column) -> list[str]:
    if column.kind == "float":
        return list(map(repr, column.cells))
    return list(map(str, column.cells))


def companion(asset: Asset, platform: str) -> dict[str, JsonValue]:
    """Return the descriptor that the engine reads, with what benchfmt needs to read the table back."""
    content: dict[str, JsonValue] = {
        "name": asset.name,
        "HW_ID": platform,
        "HW_price": None,
        HYPERPARAMETERS: _entries(asset, HYPERPARAMETERS),
        TARGETS: _entries(asset, TARGETS),
    }
    inputs = _entries(asset, INPUTS)
    if inputs:  # an asset without inputs is one that takes none
        content[INPUTS] = inputs
    notes: dict[str, JsonValue] = {}
    for column in asset.columns:
        if column.note:
            notes[column.name] = column.note
    content["benchfmt"] = {"constant": dict(asset.constants), "fields": notes}
    return content


def _entries(asset: Asset, role: str) -> list[JsonValue]:
    return [_entry(column) for column in asset.columns if column.role == role]


def _entry(column: Column) -> JsonValue:
    entry = {"ID": column.name, "description": column.description, "type": column.kind}
    if column.kind == "str":
        return dict(entry)
    # The bounds are those of what is allowed, which no result says.
    return {**entry, "LB": None, "UB": None}
