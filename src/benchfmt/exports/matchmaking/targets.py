"""The columns of an asset that are measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import polars as pl
from pydantic import JsonValue

from benchfmt.exports.matchmaking.columns import HYPERPARAMETERS, TARGETS, Cell, Column
from benchfmt.finding import BenchfmtError
from benchfmt.json_cells import cell_data
from benchfmt.record import KEY_FIELDS
from benchfmt.units import is_unit
from benchfmt.vocabulary import vocabulary
from benchfmt.wide import check_kinds, column_name

ENGINE_NAMES = {("emissions", "kg"): "CO2e(kg)"}
"""Targets that the engine knows by name: it scales these by the carbon intensity of the country that is asked for."""
_MOST_CELLS = 10_000_000
"""So many numbers and empty cells may the table of an asset have: each is in memory while it is written."""
_QUALIFIED = "^(class|subset|node|accelerator|run):"
"""Scopes of parts of a result."""


class Key(NamedTuple):
    """What a number is, and its unit; '' where a part of the key is absent."""

    metric: str
    statistic: str
    stage: str
    per: str
    scope: str
    unit: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The key without the unit."""
        return self[:-1]


Frames = Mapping[Key, pl.DataFrame]
"""The numbers of a package, each with the place of its record."""


class Asked(NamedTuple):
    """What the user asks for, by the options."""

    keep: tuple[str, ...] = ()
    feature: tuple[str, ...] = ()
    engine_names: bool = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that every record has to have."""
        return self.keep + self.feature


def by_key(measurements: pl.DataFrame, ids: pl.Series) -> Frames:
    """Return the numbers of a package by key and unit, each with the place of its record.

    The measurements have the `group` and the `obstacle` of `comparison.results`.
    """
    keys = [pl.col(part).fill_null("") for part in KEY_FIELDS]
    places = pl.DataFrame(
        {"record_id": ids, "place": range(len(ids))},
        schema={"record_id": pl.String, "place": pl.Int64},
    )
    used = measurements.filter(pl.col("value").is_not_null())
    used = used.filter(~used["scope"].fill_null("").str.contains(_QUALIFIED))
    told = ("unit", "value", "basis", "caveats", "primary", "group", "obstacle")
    used = used.select("record_id", *keys, *told)
    used = used.join(places, on="record_id")
    check_kinds(used.select(*KEY_FIELDS, "unit").n_unique())
    parts = used.partition_by(*KEY_FIELDS, "unit", as_dict=True, maintain_order=False)
    frames = {Key(*map(str, key)): frame for key, frame in parts.items()}
    return {key: frames[key] for key in sorted(frames)}


def measured(rows: list[int], frames: Frames, asked: Asked) -> Iterator[Column]:
    """Yield a column for each key of which any of these records has a number."""
    places = {row: place for place, row in enumerate(rows)}
    wanted = pl.Series(rows, dtype=pl.Int64)
    cells_in_all = 0
    for key, frame in frames.items():
        own = frame.filter(pl.col("place").is_in(wanted.implode()))
        if not own.height:
            continue
        cells_in_all += len(rows)
        if cells_in_all > _MOST_CELLS:
            raise BenchfmtError(
                f"a table of {len(rows):,} records would have more than {_MOST_CELLS:,} numbers and empty cells; "
                "export some of the records (benchfmt select)"
            )
        cells: list[Cell] = [None] * len(rows)
        groups: list[str | None] = [None] * len(rows)
        obstacles: list[str | None] = [None] * len(rows)
        for row, value, group, obstacle in own.select(
            "place", "value", "group", "obstacle"
        ).iter_rows():
            cells[places[row]] = value
            groups[places[row]] = group
            obstacles[places[row]] = obstacle
        yield Column(
            _name(key, engine_names=asked.engine_names),
            HYPERPARAMETERS if key.metric in asked.feature else TARGETS,
            _note(key, own),
            cells,
            _description(key),
            headlines=int(own["primary"].fill_null(value=False).sum()),
            groups=groups,
            obstacles=obstacles,
        )


def _name(key: Key, *, engine_names: bool) -> str:
    if engine_names and (key.metric, key.unit) in ENGINE_NAMES:
        return ENGINE_NAMES[key.metric, key.unit]
    name = column_name(key.parts)
    if key.unit != "1" and is_unit(key.unit):
        return f"{name}({key.unit})"
    return name


def _note(key: Key, own: pl.DataFrame) -> dict[str, JsonValue]:
    """Return what a column is, how its numbers arose, and the caveats that any of them has."""
    key_parts = zip(KEY_FIELDS, key.parts, strict=True)
    note: dict[str, JsonValue] = {part: word for part, word in key_parts if word}
    # A number without a documented unit has a word in its place, which is none.
    if is_unit(key.unit):
        note["unit"] = key.unit
    bases = set(own["basis"].drop_nulls())
    # Several origins in one column are none that could be said of all.
    note["basis"] = bases.pop() if len(bases) == 1 else "published"
    caveats: set[str] = set()
    for text in set(own["caveats"].drop_nulls()):
        caveats.update(cell_data("caveats", text))
    if caveats:
        note["caveats"] = [*sorted(caveats)]
    return note


def _description(key: Key) -> str:
    """Return a target in words: its metric's label, what else its key says, and its unit."""
    label = key.metric
    if label in vocabulary().metrics:
        label = str(vocabulary().terms("metric").get(label, {}).get("label", label))
    words = [label]
    for name, word in zip(KEY_FIELDS[1:], key.parts[1:], strict=True):
        if word:
            words.append(f"{name} {word}")
    if key.unit != "1":
        words.append(f"unit {key.unit}")
    return "; ".join(words)
