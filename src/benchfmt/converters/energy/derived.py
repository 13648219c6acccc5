"""Columns that are worked out beside those of the file: the identity of instances, carbon intensity, doubtful peaks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from benchfmt.annotated import Notes
from benchfmt.annotated.cells import vector
from benchfmt.converters.energy.layouts import split, vectors
from benchfmt.converters.energy.surveys import KILO, Survey
from benchfmt.suites import energy as rules

INSTANCE, STATISTICS, INTENSITY = "instance", "instance_statistics", "carbon_intensity_kg_per_kwh"
PEAK = "__peak"
UNREAD = "_as_written"
"""What is added to `PV` and `Load` for the text of a vector that is none."""
BELOW = "below"


@dataclass(frozen=True)
class Derived:
    """The columns that a table gets, and how they are made, frame by frame."""

    names: tuple[str, ...]
    make: Callable[[pl.DataFrame, Any, Notes], pl.DataFrame]


def derived_of(columns: list[str], found: Survey) -> Derived:
    """Return what is worked out of a table with these columns."""
    of_vectors = vectors(columns)
    reduced = {base: name for name in columns if (base := split(name)[0]) in _REDUCED}
    names: list[str] = []
    if set(of_vectors) == {"PV", "Load"}:
        names += [INSTANCE, STATISTICS, f"PV{UNREAD}", f"Load{UNREAD}"]
    elif {"pv_mean", "load_mean"} <= set(reduced):
        names.append(STATISTICS)
    if found.columns.emissions and found.columns.energy:
        names.append(INTENSITY)
    if found.peak_is_kilo:
        names.append(PEAK)
    taken = tuple(name for name in names if name not in columns)

    def make(frame: pl.DataFrame, rows: Any, notes: Notes) -> pl.DataFrame:
        made = frame
        if INSTANCE in names:
            made = _with_vectors(made, of_vectors, rows, notes)
        elif STATISTICS in names:
            made = made.with_columns(_reduced_ids(made, reduced))
        if INTENSITY in names:
            made = made.with_columns(
                _intensity(made, str(found.columns.emissions), str(found.columns.energy))
            )
        if PEAK in names:
            made = made.with_columns(
                _peak(made, str(found.columns.average), str(found.columns.peak))
            )
        return made.select(*columns, *taken)

    return Derived(taken, make)


_REDUCED = ("pv_mean", "pv_std", "pv_var", "load_mean", "load_std", "load_var")


def _with_vectors(
    frame: pl.DataFrame, columns: dict[str, str], rows: Any, notes: Notes
) -> pl.DataFrame:
    """Return a frame with the ids of its instances; a cell that is no vector of 96 numbers is set aside."""
    read: dict[str, list[list[float] | None]] = {}
    for name, column in columns.items():
        cells = frame[column].str.strip_chars()
        known = {text: _vector(text) for text in cells.unique()}
        read[name] = [known[text] for text in cells]
        good = pl.Series([item is not None for item in read[name]], dtype=pl.Boolean)
        bad = ~good & (cells != "")
        notes.cells(
            "BF103",
            column,
            cells,
            bad,
            rows,
            f"is no vector of {rules.SLOTS} numbers, and is left out",
        )
        frame = frame.with_columns(
            cells.set(~bad, "").alias(f"{name}{UNREAD}"), frame[column].set(bad, "").alias(column)
        )
    ids: dict[tuple[int, int], tuple[str, str]] = {}
    made = [_ids(ids, pv, load) for pv, load in zip(read["PV"], read["Load"], strict=True)]
    return frame.with_columns(
        pl.Series(INSTANCE, [item[0] for item in made], dtype=pl.String),
        pl.Series(STATISTICS, [item[1] for item in made], dtype=pl.String),
    )


def _vector(text: str) -> list[float] | None:
    """Return the numbers of a cell as numpy prints an array; None for one of another length, or abbreviated."""
    numbers = vector(text, None) if text else None
    return numbers if numbers is not None and len(numbers) == rules.SLOTS else None


def _ids(
    known: dict[tuple[int, int], tuple[str, str]],
    pv: Sequence[float] | None,
    load: Sequence[float] | None,
) -> tuple[str, str]:
    if pv is None or load is None:
        return "", ""
    # The same text gives the same list (see `_with_vectors`), so each pair is hashed once.
    key = (id(pv), id(load))
    if key not in known:
        statistics = rules.statistics_id(
            *rules.mean_and_deviation(pv), *rules.mean_and_deviation(load)
        )
        known[key] = (rules.instance_id(pv, load), statistics)
    return known[key]


def _reduced_ids(frame: pl.DataFrame, columns: dict[str, str]) -> pl.Series:
    """Return the ids of instances of which mean and deviation (or variance) are known; empty where they are not."""
    numbers = {
        base: frame[name].str.strip_chars().cast(pl.Float64, strict=False)
        for base, name in columns.items()
    }
    for part in ("pv", "load"):
        if f"{part}_std" not in numbers and f"{part}_var" in numbers:
            numbers[f"{part}_std"] = numbers[f"{part}_var"].sqrt()
    wanted = ("pv_mean", "pv_std", "load_mean", "load_std")
    if not set(wanted) <= set(numbers):
        return pl.Series(STATISTICS, [""] * frame.height, dtype=pl.String)
    known: dict[tuple[Any, ...], str] = {}
    ids = []
    for row in zip(*(numbers[name] for name in wanted), strict=True):
        if row not in known:
            known[row] = (
                rules.statistics_id(*row)
                if all(n is not None and math.isfinite(n) for n in row)
                else ""
            )
        ids.append(known[row])
    return pl.Series(STATISTICS, ids, dtype=pl.String)


def _intensity(frame: pl.DataFrame, emissions: str, energy: str) -> pl.Series:
    """Return emissions per energy, six digits of them: the carbon intensity that was assumed."""
    numbers = [
        frame[name].str.strip_chars().cast(pl.Float64, strict=False) for name in (emissions, energy)
    ]
    each = numbers[0] / numbers[1]
    texts = [f"{value:.6g}" if value is not None and math.isfinite(value) else "" for value in each]
    return pl.Series(INTENSITY, texts, dtype=pl.String)


def _peak(frame: pl.DataFrame, average: str, peak: str) -> pl.Series:
    """Say in which rows the peak stays below the average even in the larger unit."""
    numbers = [
        frame[name].str.strip_chars().cast(pl.Float64, strict=False) for name in (average, peak)
    ]
    below = (numbers[1] * KILO < numbers[0]).fill_null(value=False)
    return pl.Series(PEAK, [BELOW if item else "" for item in below], dtype=pl.String)
