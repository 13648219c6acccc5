"""CodeCarbon's files of every version: `emissions.csv`, its backups, and the files of tasks.

Rows of one run are running totals: each counts from the run's start, so the last one is the run. They may stand among rows
of other runs, and a backup may hold the first of them. Whether a row is one can only be told from all files together.
What the columns mean in which version is told in docs/converters/energy.md.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchfmt.annotated import AnnotationError, Notes, Origin, Outcome, compile_resource, run
from benchfmt.annotation import TableAnnotation
from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Part, Source, Unit
from benchfmt.converters.energy import layouts
from benchfmt.converters.energy.codecarbon import columns
from benchfmt.converters.energy.codecarbon.rows import (
    LAST_SURE,
    Row,
    is_like_tracker,
    is_tracker,
    rows,
)
from benchfmt.converters.energy.codecarbon.runs import Entry, RowRoles, entry, roles_by_file
from benchfmt.converters.flat import guessed_encoding, more_findings, part_of
from benchfmt.descriptor import Resource, TableSchema
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.readers.files import file_sha256
from benchfmt.readers.tables import SNIFFED, TableError, TextTable, first_row
from benchfmt.tables import to_batch

SUITE = "codecarbon"
BACKUP = ".bak"
"""How the name of a file ends that CodeCarbon put aside when its columns changed: its rows are in no other file."""
_ROWS = 20_000
_GRAMS = 1000
_NEAR_RATE = 0.1
"""How far, as a share, a rate may lie from emissions by duration."""
_LACKING = "it looks like CodeCarbon's emissions.csv, but its header has neither a column 'emissions' nor 'energy_consumed'"
_SHIFTED = f"the row has fewer cells than the header: what stands after {LAST_SURE} is not read"
_HINT = "CodeCarbon 3.3.0 leaves out empty columns; later releases do not"


def files(source: Source) -> tuple[list[Path], dict[Path, str]]:
    """Return the files of a source that CodeCarbon wrote, or somebody from its rows, and what others of them lack."""
    paths: list[Path] = []
    lacking: dict[Path, str] = {}
    for path in source.with_suffix(".csv", BACKUP):
        header = first_row(path)
        if is_tracker(header):
            paths.append(path)
        elif is_like_tracker(header):
            lacking[path] = _LACKING
    return paths, lacking


def units(
    paths: Sequence[Path], options: Mapping[str, str], source: Source
) -> Iterator[Unit | Failed]:
    """Yield a unit for each file, with what all of them say of its rows."""
    entries: list[Entry] = []
    faults: dict[Path, str] = {}
    for path in paths:
        try:
            entries += [entry(path, row) for row in rows(path) if _is_data(row)]
        except (TableError, csv.Error, OSError) as error:
            faults[path] = _unreadable(error)
    roles = roles_by_file(entries)
    for path in paths:
        if path in faults:
            yield Failed(path, faults[path])
        else:
            yield Unit(path, (), options, roles.get(path, RowRoles()), source.limits)


def _is_data(row: Row) -> bool:
    return not row.fault and not row.repeats_header


def _unreadable(error: Exception) -> str:
    if isinstance(error, BenchfmtError):
        return str(error)
    return f"cannot be read as a table: {error}"


def read(unit: Unit, name: str, version: str) -> Iterator[Item]:
    """Yield the records of one file, in parts."""
    roles: RowRoles = unit.extra
    origin = Origin(unit.path.name, file_sha256(unit.path), unit.path.name, name, version)
    notes = Notes(unit.path.name, unit.limits)
    try:
        rate = _rate_of(unit.path)
        yield from guessed_encoding(TextTable(unit.path, encoding=SNIFFED))
        yield from _findings(unit.path, roles, rate)
        reading = _Reading(unit, roles, rate, origin, notes)
        for batch in _batches(unit.path):
            yield from reading.items(batch)
    except (AnnotationError, TableError, csv.Error) as error:
        yield Failed(unit.path, _unreadable(error))
    yield from more_findings(notes)


def _batches(path: Path) -> Iterator[list[Row]]:
    """Yield rows under one header, some thousand at a time."""
    batch: list[Row] = []
    for row in rows(path):
        if batch and (row.header != batch[0].header or len(batch) == _ROWS):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


# --- the unit of the rate ---


@dataclass(frozen=True)
class _Rate:
    """The unit of `emissions_rate` in files without a version, and how many rows of the file prove either."""

    unit: str
    grams: int = 0
    kilograms: int = 0

    def contradicts(self, row: Row) -> bool:
        """Say whether the rate of a row is in the other unit."""
        factor = _factor(row)
        if factor is None:
            return False
        return (factor == _GRAMS) != (self.unit == "g/s")


def _rate_of(path: Path) -> _Rate:
    """Return the unit of the rate: g/s before 2.2.0, when `codecarbon_version` came, unless every row proves another."""
    grams = kilograms = 0
    unit = "g/s"
    for row in filter(_is_data, rows(path)):
        if "codecarbon_version" in row.header:
            unit = "kg/s"
        factor = _factor(row)
        grams += factor == _GRAMS
        kilograms += factor == 1
    if kilograms and not grams:
        unit = "kg/s"
    if grams and not kilograms:
        unit = "g/s"
    return _Rate(unit, grams, kilograms)


def _factor(row: Row) -> int | None:
    """Return how many times too large a row's rate is for kilograms and seconds: 1, 1000, or None where it is neither."""
    rate = row.number_of("emissions_rate")
    emissions = row.number_of("emissions")
    duration = row.number_of("duration")
    if not rate or not emissions or not duration:
        return None
    times = rate * duration / emissions
    for factor in (1, _GRAMS):
        if abs(times - factor) <= _NEAR_RATE * factor:
            return factor
    return None


# --- findings ---


def _findings(path: Path, roles: RowRoles, rate: _Rate) -> Iterator[Finding]:
    if roles.doubtful:
        count = len(roles.doubtful)
        message = f"{count} rows have no run_id and began when a later row did: of one run, or of several at once"
        hint = "tell them apart; the energy of one run counts once"
        yield texts.finding("BF102", path.name, message, hint, column="run_id")
    if rate.grams and rate.kilograms:
        odd = rate.kilograms
        if rate.unit == "kg/s":
            odd = rate.grams
        message = f"in {odd} rows emissions by duration are not the rate in {rate.unit}, as which it is read: it has no value there"
        hint = "do not join the files of several versions"
        yield texts.finding("BF102", path.name, message, hint, column="emissions_rate")


# --- records ---


@dataclass(frozen=True)
class _Reading:
    """How the rows of one file are read."""

    unit: Unit
    roles: RowRoles
    rate: _Rate
    origin: Origin
    notes: Notes

    def items(self, batch: list[Row]) -> Iterator[Item]:
        """Yield the records of some rows under one header, and the account of all of them."""
        path = self.unit.path
        failed: list[tuple[int, str]] = []
        skipped: list[tuple[int, str]] = []
        taken: list[Row] = []
        for row in batch:
            if row.fault:
                failed.append((row.number, row.fault))
            elif row.repeats_header:
                skipped.append((row.number, "the header is repeated"))
            elif row.number in self.roles.running:
                skipped.append((row.number, self.roles.running[row.number]))
            else:
                taken.append(row)
                if row.shifted:
                    yield texts.finding("BF102", path.name, _SHIFTED, _HINT, row=row.number)
        if not taken:
            yield Part(path, to_batch([]), len(batch), 0, tuple(skipped), tuple(failed))
            return
        yield part_of(
            path,
            self._outcome(taken),
            rows=len(batch),
            taken=len(taken),
            skipped=skipped,
            failed=failed,
        )

    def _outcome(self, taken: list[Row]) -> Outcome:
        header = taken[0].header
        names = [*header, *columns.Marks.beside(header).names]
        constants = layouts.constants_of(SUITE, self.unit.options)
        resource = Resource(
            path=self.unit.path.name,
            table=TableSchema(fields=columns.fields_of(header, self.rate.unit)),
            benchfmt=TableAnnotation(constant=constants, rules=columns.rules_of(header)),
        )
        program = compile_resource(resource, names, {})
        cells = [(*row.cells, *self._marks(row)) for row in taken]
        frame = pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String), orient="row")
        numbers = np.array([row.number for row in taken], dtype=np.int64)
        return run(program, frame, numbers, self.origin, self.notes)

    def _marks(self, row: Row) -> tuple[str, str, str]:
        """Return what the worked-out columns say of a row: of its rate, of tasks, and of a run."""
        odd = is_sum = maybe = ""
        if self.rate.contradicts(row):
            odd = columns.ODD
        if row.number in self.roles.sums:
            is_sum = columns.IS_SUM
        if row.number in self.roles.doubtful:
            maybe = columns.MAYBE
        return odd, is_sum, maybe
