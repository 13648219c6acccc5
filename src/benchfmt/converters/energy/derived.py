"""Columns that are worked out beside those of the file: the identity of instances, carbon intensity, doubtful peaks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import polars as pl

from benchfmt.annotated import Notes
from benchfmt.annotated.cells import vector
from benchfmt.converters.energy.columns import STATISTICS as REDUCED
from benchfmt.converters.energy.columns import by_base, vectors
from benchfmt.converters.energy.surveys import KILO, Survey, numbers
from benchfmt.converters.flat import Added, Integers
from benchfmt.readers.cells import cells_of, free_name
from benchfmt.suites import energy as rules

INSTANCE, STATISTICS, INTENSITY = "instance", "instance_statistics", "carbon_intensity_kg_per_kwh"
PEAK = "__peak"
UNREAD = {"PV": "PV_as_written", "Load": "Load_as_written"}
"""The texts of vectors that are none."""
KEPT = (INSTANCE, STATISTICS, INTENSITY, *UNREAD.values())
"""What a record's extensions hold of all this."""
BELOW = "below"

Ids = dict[tuple[int, int], tuple[str, str]]


def added_columns(columns: list[str], survey: Survey) -> Added:
    """Return what is worked out of a table with these columns."""
    steps = _steps(columns, survey)
    names = [name for step in steps for name in step.names]

    def make(frame: pl.DataFrame, rows: Integers, notes: Notes) -> pl.DataFrame:
        own = frame.columns
        for step in steps:
            frame = step.make(frame, rows, notes)
        # Not by `select`, which takes names such as `*` for patterns.
        return frame[[*own, *names]]

    return Added(tuple(names), make)


def kept_apart(columns: list[str], survey: Survey) -> dict[str, str]:
    """Return the columns of a table whose names are those of what is worked out, which is called otherwise there."""
    added = {name for step in _steps(columns, survey) for name in step.names}
    own = {name: free_name(name, columns) for name in KEPT if name in columns}
    return {name: other for name, other in own.items() if other in added}


def _steps(columns: list[str], survey: Survey) -> list[Added]:
    own = partial(free_name, taken=columns)
    steps: list[Added] = []
    of_vectors = vectors(columns)
    reduced = {base: name for base, name in by_base(columns).items() if base in REDUCED}
    known = survey.columns
    if set(of_vectors) == {"PV", "Load"}:
        names = tuple(map(own, (INSTANCE, STATISTICS, *UNREAD.values())))
        steps.append(Added(names, partial(_with_vectors, names, of_vectors)))
    elif {"pv_mean", "load_mean"} <= set(reduced):
        name = own(STATISTICS)
        steps.append(Added((name,), partial(_with_reduced_ids, name, reduced)))
    if known.emissions and known.energy:
        name = own(INTENSITY)
        steps.append(Added((name,), partial(_with_intensity, name, known.emissions, known.energy)))
    if survey.peaks.are_kilo and known.average and known.peak:
        name = own(PEAK)
        steps.append(Added((name,), partial(_with_peaks, name, known.average, known.peak)))
    return steps


def _with_vectors(
    own: Sequence[str],
    columns: dict[str, str],
    frame: pl.DataFrame,
    rows: Integers,
    notes: Notes,
) -> pl.DataFrame:
    """Return a frame with the ids of its instances; a cell that is not a vector of 96 numbers is set aside."""
    instance, statistics, *unread = own
    unread_of = dict(zip(UNREAD, unread, strict=True))
    read: dict[str, list[list[float] | None]] = {}
    message = f"is not a vector of {rules.SLOTS} numbers, and is left out"
    for name, column in columns.items():
        cells = cells_of(frame, column)
        stripped = cells.str.strip_chars()
        known = {text: _vector(text) for text in stripped.unique()}
        read[name] = [known[text] for text in stripped]
        is_vector = pl.Series([item is not None for item in read[name]], dtype=pl.Boolean)
        bad = ~is_vector & (stripped != "")
        notes.cells("BF103", column, stripped, bad, rows, message)
        frame = frame.with_columns(
            stripped.set(~bad, "").alias(unread_of[name]), cells.set(bad, "").alias(column)
        )
    ids: Ids = {}
    pairs = zip(read["PV"], read["Load"], strict=True)
    schema = {instance: pl.String, statistics: pl.String}
    made = pl.DataFrame([_ids(ids, pv, load) for pv, load in pairs], schema, orient="row")
    return frame.with_columns(made)


def _vector(text: str) -> list[float] | None:
    """Return the numbers of a cell as numpy prints an array; None for one of another length, or abbreviated."""
    read = vector(text, None)
    if read is None or len(read) != rules.SLOTS:
        return None
    return read


def _ids(known: Ids, pv: Sequence[float] | None, load: Sequence[float] | None) -> tuple[str, str]:
    if pv is None or load is None:
        return "", ""
    # The same text gives the same list (see `_with_vectors`), so each pair is hashed once.
    key = (id(pv), id(load))
    if key not in known:
        moments = (*rules.mean_and_deviation(pv), *rules.mean_and_deviation(load))
        known[key] = (rules.instance_id(pv, load), rules.statistics_id(*moments))
    return known[key]


def _with_reduced_ids(
    own: str, columns: dict[str, str], frame: pl.DataFrame, _rows: Integers, _notes: Notes
) -> pl.DataFrame:
    """Return a frame with the ids of instances of which mean and deviation (or variance) are known; empty if not."""
    read = pl.DataFrame({base: numbers(frame, name) for base, name in columns.items()})
    for part in ("pv", "load"):
        if f"{part}_std" not in columns and f"{part}_var" in columns:
            deviation = pl.col(f"{part}_var").sqrt()
            read = read.with_columns(deviation.alias(f"{part}_std"))
    wanted = ("pv_mean", "pv_std", "load_mean", "load_std")
    if not set(wanted) <= set(read.columns):
        return frame.with_columns(pl.lit("").alias(own))
    known: dict[tuple[float | None, ...], str] = {}
    ids = []
    for moments in read.select(wanted).iter_rows():
        if moments not in known:
            known[moments] = _statistics_id(moments)
        ids.append(known[moments])
    return frame.with_columns(pl.Series(own, ids, dtype=pl.String))


def _statistics_id(moments: tuple[float | None, ...]) -> str:
    known = [number for number in moments if number is not None and math.isfinite(number)]
    if len(known) < len(moments):
        return ""
    return rules.statistics_id(*known)


def _with_intensity(
    own: str, emissions: str, energy: str, frame: pl.DataFrame, _rows: Integers, _notes: Notes
) -> pl.DataFrame:
    """Return a frame with emissions per energy, six digits of them: the carbon intensity that was assumed."""
    each = numbers(frame, emissions) / numbers(frame, energy)
    texts = [_six_digits(value) for value in each]
    return frame.with_columns(pl.Series(own, texts, dtype=pl.String))


def _six_digits(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return ""
    return f"{value:.6g}"


def _with_peaks(
    own: str, average: str, peak: str, frame: pl.DataFrame, _rows: Integers, _notes: Notes
) -> pl.DataFrame:
    """Return a frame that says in which rows the peak stays below the average even in the larger unit."""
    is_below = numbers(frame, peak) * KILO < numbers(frame, average)
    said = pl.select(pl.when(is_below).then(pl.lit(BELOW)).otherwise(pl.lit("")))
    return frame.with_columns(said.to_series().alias(own))
