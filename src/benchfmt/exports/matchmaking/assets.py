"""The assets of a package: results that answer one question under one set of rules, with their names and columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import polars as pl

from benchfmt.exports.matchmaking import columns as fields
from benchfmt.exports.matchmaking import targets
from benchfmt.exports.matchmaking.columns import TARGETS, Asset, Column
from benchfmt.exports.matchmaking.names import dashed, free
from benchfmt.exports.matchmaking.targets import Asked

ASSET_FIELDS = ("suite", "suite_version", "benchmark", "division", "scenario", "phase")
"""What makes an asset."""
NO_TARGET = "no number that the other records of the asset have"
_SUITE, _BENCHMARK = ASSET_FIELDS.index("suite"), ASSET_FIELDS.index("benchmark")
Fields = tuple[str | None, ...]


def assets(records: pl.DataFrame, usable: list[int]) -> list[Asset]:
    """Return the assets in the order in which they first stand, named by what tells them apart."""
    cells = [records[name].to_list() for name in ASSET_FIELDS]
    groups: dict[Fields, list[int]] = {}
    for row in usable:
        groups.setdefault(tuple(column[row] for column in cells), []).append(row)
    used: set[str] = set()
    named = []
    for key, rows in groups.items():
        name = free(_name(key, groups), used)
        used.add(name)
        named.append(Asset(name, rows))
    return named


def _name(key: Fields, others: Iterable[Fields]) -> str:
    """Return the benchmark's name, with the other fields in which assets of that name differ."""
    alike = [other for other in others if _base(other) == _base(key)]
    parts = [_base(key)]
    for place, part in enumerate(key):
        differs = len({other[place] for other in alike}) > 1
        if part and differs and place != _BENCHMARK:
            parts.append(part)
    return "-".join(dashed(part).strip("-") for part in parts) or "asset"


def _base(key: Fields) -> str:
    return key[_BENCHMARK] or key[_SUITE] or ""


def fill(
    asset: Asset,
    records: pl.DataFrame,
    measured: targets.Frames,
    asked: Asked,
    left: Counter[str],
) -> None:
    """Give an asset its columns, whole ones only, and take out the records that lack what it is for."""
    here = records.select(pl.all().gather(asset.rows))
    asset.constants = fields.constants(here)
    columns = [
        *fields.inputs(here),
        *fields.hyperparameters(here),
        *targets.measured(asset.rows, measured, asked),
    ]
    needed = [column for column in columns if column.note.get("metric") in asked.metrics]
    primary = _primary(columns)
    if primary:
        needed.append(primary)
    _leave_out(asset, columns, needed, left)
    _note_dropped(asset, columns)
    _keep_whole(asset, columns, left)
    _name_columns(asset.columns)
    for column in asset.columns:
        if column is primary:
            column.note["primary"] = True


def _keep_whole(asset: Asset, columns: list[Column], left: Counter[str]) -> None:
    """Give an asset the columns without an empty cell; without a target among them it has nothing."""
    whole = [column for column in columns if asset.rows and None not in column.cells]
    if any(column.role == TARGETS for column in whole):
        asset.columns = whole
        return
    if asset.rows:
        left[NO_TARGET] += len(asset.rows)
    asset.rows = []


def _primary(columns: list[Column]) -> Column | None:
    """Return the target that is the headline number of most records."""
    candidates = [column for column in columns if column.role == TARGETS and column.headlines]
    return max(candidates, key=lambda column: column.headlines, default=None)


def _leave_out(
    asset: Asset, columns: list[Column], needed: list[Column], left: Counter[str]
) -> None:
    """Take out the records that lack a number of a column that is needed."""
    places = []
    for place in range(len(asset.rows)):
        if all(column.cells[place] is not None for column in needed):
            places.append(place)
    lacking = len(asset.rows) - len(places)
    if lacking:
        left[NO_TARGET] += lacking
    asset.rows = [asset.rows[place] for place in places]
    for column in columns:
        column.cells = [column.cells[place] for place in places]
        if column.groups:
            column.groups = [column.groups[place] for place in places]
            column.obstacles = [column.obstacles[place] for place in places]


def _note_dropped(asset: Asset, columns: list[Column]) -> None:
    count = len(asset.rows)
    dropped = []
    for column in columns:
        lacking = sum(cell is None for cell in column.cells)
        if 0 < lacking < count:
            dropped.append(f"{column.name} ({lacking})")
    if dropped:
        asset.notes.append(
            f"{asset.name}: of {count} records some lack these columns, left out: {', '.join(dropped)}"
        )


def _name_columns(columns: list[Column]) -> None:
    """Give each column a name of its own: one of another role gets its role before it."""
    used: set[str] = set()
    for column in columns:
        name = re.sub(r"[\x00-\x1f\x7f]", " ", column.name).strip() or "column"
        if name in used:
            name = free(f"{column.role}__{name}", used, "__")
        column.name = name
        used.add(name)
