"""The files of an asset: a table for each platform, and the companion that the engine reads with it."""

from __future__ import annotations

import csv
import json
from collections import Counter
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


def write(
    folder: Path, path: str, asset: Asset, rows: list[int], platform_of: Mapping[int, str]
) -> list[str]:
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
    told = companion(asset, platform_of[rows[0]], groups_of(asset, rows, platform_of))
    content = json.dumps(told, indent=2, ensure_ascii=False)
    (folder / f"{path}.json").write_text(content + "\n", "utf-8")
    return [f"{path}.csv", f"{path}.json"]


def _texts(column: Column) -> list[str]:
    if column.kind == "float":
        return list(map(repr, column.cells))
    return list(map(str, column.cells))


def companion(asset: Asset, platform: str, groups: dict[str, JsonValue]) -> dict[str, JsonValue]:
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
    content["benchfmt"] = {"constant": dict(asset.constants), "fields": notes, "groups": groups}
    return content


def groups_of(
    asset: Asset, rows: list[int], platform_of: Mapping[int, str]
) -> dict[str, JsonValue]:
    """Return for each measurement of a table which of its numbers compare with those of another platform."""
    places = {row: place for place, row in enumerate(asset.rows)}
    own = [places[row] for row in rows]
    platforms = [platform_of[row] for row in asset.rows]
    return {
        column.name: _of_column(column, own, platforms) for column in asset.columns if column.groups
    }


def _of_column(column: Column, own: list[int], platforms: list[str]) -> JsonValue:
    seen: dict[str, set[str]] = {}
    for group, platform in zip(column.groups, platforms, strict=True):
        if group is not None:
            seen.setdefault(group, set()).add(platform)
    groups = [column.groups[place] for place in own]
    shared = [group for group in groups if group is not None and len(seen[group]) > 1]
    numbers = {group: number for number, group in enumerate(dict.fromkeys(shared))}
    told: dict[str, JsonValue] = {"rows": len(shared)}
    if shared:
        told["groups"] = [*numbers]
        told["group_of_row"] = [numbers.get(group or "") for group in groups]
    reasons = Counter(filter(None, (column.obstacles[place] for place in own)))
    if reasons:
        told["in_no_group"] = dict(reasons.most_common())
    return told


def _entries(asset: Asset, role: str) -> list[JsonValue]:
    return [_entry(column) for column in asset.columns if column.role == role]


def _entry(column: Column) -> JsonValue:
    entry = {"ID": column.name, "description": column.description, "type": column.kind}
    if column.kind == "str":
        return dict(entry)
    # The bounds are those of what is allowed, which no result says.
    return {**entry, "LB": None, "UB": None}
