"""CodeCarbon's files of every version: `emissions.csv`, its backups, and the files of tasks.

Rows of one run are running totals: each counts from the run's start, so the last one is the run. They may stand among rows
of other runs, and a backup may hold the first of them. Whether a row is one can only be told from all files together.
What the columns mean in which version was read in all releases of mlco2/codecarbon up to 3.3.2; see
docs/converters/energy.md.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchfmt.annotated import AnnotationError, Notes, Origin, Outcome, compile_resource, run
from benchfmt.converters.base import Failed, Item, Part, Source, Unit
from benchfmt.converters.energy import layouts
from benchfmt.converters.flat import guessed_encoding, more_findings, parse_resource
from benchfmt.finding import Finding, Severity
from benchfmt.readers.files import file_sha256
from benchfmt.readers.tables import SNIFFED, TableError, TextTable, encoding_of, first_row
from benchfmt.tables import to_batch
from benchfmt.units import exact

SUITE = "codecarbon"
BACKUP = ".bak"
"""How the name of a file ends that CodeCarbon put aside when its columns changed: its rows are in no other file."""
_ROWS = 20_000
_COUNTRY = re.compile(r"[A-Z]{3}")
_LAST_SURE = "country_iso_code"
"""Release 3.3.0 appends rows without their empty columns: what stands after this one may be shifted."""
_GRAMS = 1000
_NEAR = 0.01
"""How far numbers of one run may lie apart that are the same but for rounding and the moment at which they were taken."""
_SAME_START = 2.0
"""Seconds between the starts of rows that may be of one run: their times are of whole seconds."""
_PARTS = ("cpu_energy", "gpu_energy", "ram_energy")
_POWERS = ("cpu_power", "gpu_power", "ram_power")
_UTILIZATION = {
    "cpu_utilization_percent": {"metric": "utilization", "scope": "cpu"},
    "gpu_utilization_percent": {"metric": "utilization", "scope": "gpu"},
    "ram_utilization_percent": {"metric": "memory-utilization", "scope": "node"},
}
_MEANS = "cpu_utilization_percent"
"""A column of 3.2.1 and later, since when the powers are means; before they are the last that was read."""
RATE, SUM, DOUBT = "#rate", "#sum", "#doubt"
"""Columns that are worked out: rows whose rate is in another unit, that sum up tasks, and that may be a part of a run."""


@dataclass(frozen=True)
class Told:
    """What all files together say of the rows of one file, by their numbers."""

    running: Mapping[int, str] = field(default_factory=dict)
    """Rows that are no results, and why."""
    sums: frozenset[int] = frozenset()
    """Rows that hold the energy of all tasks and the duration of the last."""
    doubtful: Mapping[int, int] = field(default_factory=dict)
    """Rows without run_id that may be a running total, with the row that would be the run's last."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands: its number, the header above it, and its cells; `fault` where it cannot be read."""

    number: int
    header: tuple[str, ...]
    cells: tuple[str, ...]
    fault: str | None = None
    repeats_header: bool = False
    shifted: bool = False

    def cell(self, name: str) -> str:
        """Return a cell by its column, empty where there is none."""
        return self.cells[self.header.index(name)].strip() if name in self.header else ""

    def number_of(self, name: str) -> float | None:
        """Return a cell as a number, or None where it is none."""
        found = exact(self.cell(name))
        return None if found is None else float(found)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is kept of a row to tell what it is."""

    path: Path
    number: int
    run: str
    task: str
    project: str
    time: datetime | None
    duration: float | None
    total: float | None
    cells: int


def files(source: Source) -> tuple[list[Path], dict[Path, str]]:
    """Return the files of a source that CodeCarbon wrote, or somebody from its rows, and what others of them lack."""
    headers = {path: first_row(path) for path in source.with_suffix(".csv", BACKUP)}
    found = [path for path, header in headers.items() if layouts.is_tracker(header)]
    lacking = {
        path: _LACKING for path, header in headers.items() if layouts.is_like_tracker(header)
    }
    return found, lacking


_LACKING = "it looks like CodeCarbon's emissions.csv, but its header has neither a column 'emissions' nor 'energy_consumed'"


def units(
    paths: Sequence[Path], options: Mapping[str, str], source: Source
) -> Iterator[Unit | Failed]:
    """Yield a unit for each file, with what all of them say of its rows."""
    readable: list[_Entry] = []
    faults: dict[Path, str] = {}
    for path in paths:
        try:
            readable += [
                _entry(path, row) for row in rows(path) if not row.fault and not row.repeats_header
            ]
        except (TableError, csv.Error, OSError) as error:
            faults[path] = _unreadable(error)
    told = _told(readable)
    for path in paths:
        if path in faults:
            yield Failed(path, faults[path])
        else:
            yield Unit(path, (), options, told.get(path, Told()), source.limits)


def _unreadable(error: Exception) -> str:
    return str(error) if isinstance(error, TableError) else f"cannot be read as a table: {error}"


# --- rows ---


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file under the header that stands above them: files are joined, each with its own."""
    with path.open(encoding=encoding_of(path), newline="") as file:
        lines = csv.reader(file)
        header = tuple(name.removeprefix("\ufeff") for name in next(lines, ()))
        number = 0
        for cells in lines:
            if not any(cells):
                continue
            number += 1
            if layouts.is_tracker(cells):
                header = tuple(cells)
                yield Row(number, header, (), repeats_header=True)
            elif len(cells) == len(header):
                yield Row(number, header, tuple(cells))
            else:
                yield _of_another_length(number, header, cells)


def _of_another_length(number: int, header: tuple[str, ...], cells: list[str]) -> Row:
    """Return a row with too few cells as far as its columns are proven, one of another kind with its fault."""
    sure = header.index(_LAST_SURE) + 1 if _LAST_SURE in header else 0
    if 0 < sure <= len(cells) < len(header):
        row = Row(number, header, (*cells[:sure], *[""] * (len(header) - sure)), shifted=True)
        if _adds_up(row) and _COUNTRY.fullmatch(row.cell(_LAST_SURE)):
            return row
    words = f"the row has {len(cells)} cells where the table has {len(header)} columns"
    return Row(number, header, (), words)


def _adds_up(row: Row) -> bool:
    """Say whether the energies of a row are where their columns say: the parts make up the whole."""
    parts = [row.number_of(name) for name in _PARTS]
    whole = row.number_of("energy_consumed")
    if whole is None or None in parts:
        return False
    return abs(sum(part for part in parts if part is not None) - whole) <= _NEAR * abs(whole)


def _entry(path: Path, row: Row) -> _Entry:
    totals = (row.number_of("energy_consumed"), row.number_of("emissions"))
    return _Entry(
        path=path,
        number=row.number,
        run=row.cell("run_id"),
        task=row.cell("task_name"),
        project=row.cell("project_name"),
        time=_time(row.cell("timestamp")),
        duration=row.number_of("duration"),
        total=next((total for total in totals if total is not None), None),
        cells=hash(row.cells),
    )


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


# --- which rows are results ---


def _told(entries: Iterable[_Entry]) -> dict[Path, Told]:
    """Return what all rows together say of each file's."""
    runs: dict[tuple[str, str], list[_Entry]] = {}
    tasks: dict[str, list[_Entry]] = {}
    nameless: dict[tuple[Path, str], list[_Entry]] = {}
    for entry in entries:
        if not entry.run:
            nameless.setdefault((entry.path, entry.project), []).append(entry)
        elif entry.task:
            tasks.setdefault(entry.run, []).append(entry)
        else:
            runs.setdefault((entry.run, entry.project), []).append(entry)
    running: dict[Path, dict[int, str]] = {}
    sums: dict[Path, set[int]] = {}
    doubtful: dict[Path, dict[int, int]] = {}
    for found in tasks.values():
        _note(running, _repeated(found))
    for (run_id, _), found in runs.items():
        finals, reasons = _finals(found)
        _note(running, reasons)
        for final in finals if run_id in tasks else ():
            if _is_sum(final, tasks[run_id]):
                words = f"the sum of the run's tasks, which stand one by one in {tasks[run_id][0].path.name}"
                _note(running, {final: f"{words}; its duration is that of the last task"})
            else:
                sums.setdefault(final.path, set()).add(final.number)
    for (path, _), found in nameless.items():
        doubtful.setdefault(path, {}).update(_maybe_running(found))
    paths = {*running, *sums, *doubtful}
    return {
        path: Told(running.get(path, {}), frozenset(sums.get(path, ())), doubtful.get(path, {}))
        for path in paths
    }


def _note(running: dict[Path, dict[int, str]], reasons: Mapping[_Entry, str]) -> None:
    for entry, words in reasons.items():
        running.setdefault(entry.path, {})[entry.number] = words


def _finals(entries: list[_Entry]) -> tuple[list[_Entry], dict[_Entry, str]]:
    """Return the rows of a run that are its result, and why the others are none.

    It is one row, the last. Where the total is smaller than before, the counter began anew: the last row of each count is
    a result.
    """
    timed = all(entry.time is not None for entry in entries)
    with_total = [entry for entry in entries if entry.total is not None]
    # Without times the order of the rows proves nothing; a total only grows.
    ordered = sorted(
        with_total or entries, key=lambda e: (e.time if timed else datetime.min, e.total or 0.0)
    )
    counts: list[list[_Entry]] = [[ordered[0]]]
    for before, after in pairwise(ordered):
        if timed and (after.total or 0.0) < (before.total or 0.0) * (1 - 1e-9):
            counts.append([])
        counts[-1].append(after)
    reasons: dict[_Entry, str] = {}
    finals = [count[-1] for count in counts]
    for count in counts:
        for entry in count[:-1]:
            reasons[entry] = f"a running total of the run that {_place(entry, count[-1])} ends"
    for entry in entries if with_total else ():
        if entry.total is None:
            words = f"neither energy nor emissions of the run, whose last total is {_place(entry, finals[-1])}"
            reasons[entry] = words
    return finals, reasons


def _repeated(entries: list[_Entry]) -> dict[_Entry, str]:
    """Return the rows of a run's tasks that stand again, each with where; those of one task that differ all count."""
    last = {(entry.task, entry.cells): entry for entry in entries}
    again = ((entry, last[entry.task, entry.cells]) for entry in entries)
    return {
        entry: f"the task stands again: {_place(entry, other)}"
        for entry, other in again
        if other is not entry
    }


def _place(entry: _Entry, other: _Entry) -> str:
    return (
        f"row {other.number}"
        if other.path == entry.path
        else f"row {other.number} of {other.path.name}"
    )


def _is_sum(entry: _Entry, tasks: list[_Entry]) -> bool:
    """Say whether a row is the sum of tasks."""
    distinct = {(task.task, task.cells): task.total or 0.0 for task in tasks}
    return entry.total is not None and abs(sum(distinct.values()) - entry.total) <= _NEAR * abs(
        entry.total
    )


def _maybe_running(entries: list[_Entry]) -> dict[int, int]:
    """Return the rows that began when a later one of the same project did, with that one: of one run, or at its side."""
    started = [
        (entry.time.timestamp() - entry.duration, entry)
        for entry in entries
        if entry.time is not None and entry.duration is not None
    ]
    started.sort(key=lambda item: (item[0], item[1].number))
    found: dict[int, int] = {}
    cluster = 0
    clusters = []
    for index, (start, entry) in enumerate(started):
        cluster += index > 0 and start - started[index - 1][0] > _SAME_START
        clusters.append((cluster, entry))
    for _, group in groupby(clusters, key=lambda item: item[0]):
        # The last with a total: later rows of some releases have neither energy nor emissions.
        together = sorted(
            (e for _, e in group), key=lambda e: (e.total is not None, e.duration or 0.0, e.number)
        )
        for entry in together[:-1]:
            found[entry.number] = together[-1].number
    return found


# --- reading ---


def read(unit: Unit, name: str, version: str) -> Iterator[Item]:
    """Yield the records of one file, in parts."""
    told: Told = unit.extra
    origin = Origin(unit.path.name, file_sha256(unit.path), unit.path.name, name, version)
    notes = Notes(unit.path.name)
    try:
        rate = _rate_of(unit.path)
        yield from guessed_encoding(TextTable(unit.path, encoding=SNIFFED))
        yield from _findings(unit.path, told, rate)
        for header, part in _batches(unit.path):
            yield _Reader(unit, header, told, rate).part(part, origin, notes)
    except (AnnotationError, TableError, csv.Error) as error:
        yield Failed(
            unit.path, str(error) if isinstance(error, AnnotationError) else _unreadable(error)
        )
    yield from more_findings(notes)


def _batches(path: Path) -> Iterator[tuple[tuple[str, ...], list[Row]]]:
    """Yield rows under one header, some thousand at a time."""
    batch: list[Row] = []
    for row in rows(path):
        if batch and (row.header != batch[0].header or len(batch) == _ROWS):
            yield batch[0].header, batch
            batch = []
        batch.append(row)
    if batch:
        yield batch[0].header, batch


@dataclass(frozen=True)
class _Rate:
    """The unit of `emissions_rate` in files without a version, and how many rows of the file prove either."""

    unit: str
    grams: int = 0
    kilograms: int = 0


def _rate_of(path: Path) -> _Rate:
    """Return the unit of the rate: g/s before 2.2.0, when `codecarbon_version` came, unless every row proves another."""
    grams = kilograms = 0
    versioned = False
    for row in rows(path):
        if row.fault or row.repeats_header:
            continue
        versioned |= "codecarbon_version" in row.header
        factor = _factor(row)
        grams += factor == _GRAMS
        kilograms += factor == 1
    usual = "kg/s" if versioned else "g/s"
    if usual == "g/s" and kilograms and not grams:
        usual = "kg/s"
    if usual == "kg/s" and grams and not kilograms:
        usual = "g/s"
    return _Rate(usual, grams, kilograms)


def _factor(row: Row) -> int | None:
    """Return how many times too large a row's rate is for kilograms and seconds: 1, 1000, or None where it is neither."""
    rate, emissions, duration = (
        row.number_of(name) for name in ("emissions_rate", "emissions", "duration")
    )
    if not rate or not emissions or not duration:
        return None
    found = rate * duration / emissions
    return next((factor for factor in (1, _GRAMS) if abs(found - factor) <= 0.1 * factor), None)


def _findings(path: Path, told: Told, rate: _Rate) -> Iterator[Finding]:
    if told.doubtful:
        words = f"{len(told.doubtful)} rows have no run_id and began when a later row did: of one run, or of several at once"
        yield _finding(path, "run_id", words, "tell them apart; the energy of one run counts once")
    if rate.grams and rate.kilograms:
        odd = rate.grams if rate.unit == "kg/s" else rate.kilograms
        words = f"in {odd} rows emissions by duration are not the rate in {rate.unit}, as which it is read: it has no value there"
        yield _finding(path, "emissions_rate", words, "do not join the files of several versions")


def _finding(path: Path, column: str | None, words: str, hint: str | None = None) -> Finding:
    return Finding("BF102", Severity.WARNING, path.name, None, column, None, words, None, hint)


class _Reader:
    """How the rows under one header are read."""

    def __init__(self, unit: Unit, header: tuple[str, ...], told: Told, rate: _Rate) -> None:
        self.unit, self.header, self.told, self.rate = unit, header, told, rate
        self.columns = [*header, RATE, SUM, DOUBT]
        options = dict(unit.options)
        constants = layouts.constants_of(
            layouts.TRACKER, list(header), layouts.name_of(unit.path), options
        )
        fields = [_field(name, header, rate.unit) for name in header if name in _KNOWN]
        fields += [{"name": name, "benchfmt": {"ignore": True}} for name in (RATE, SUM, DOUBT)]
        resource = {
            "path": unit.path.name,
            "schema": {"fields": fields},
            "benchfmt": {"constant": constants, "rules": _rules(fields, header)},
        }
        self.program = compile_resource(parse_resource(resource), self.columns, {})

    def part(self, batch: list[Row], origin: Origin, notes: Notes) -> Part:
        """Return the records of some rows, and the account of all of them."""
        failed = tuple((row.number, row.fault) for row in batch if row.fault)
        skipped = {row.number: "the header stands again" for row in batch if row.repeats_header}
        skipped |= {
            row.number: self.told.running[row.number]
            for row in batch
            if row.number in self.told.running
        }
        taken = [row for row in batch if not row.fault and row.number not in skipped]
        if not taken:
            told = tuple(skipped.items())
            return Part(self.unit.path, to_batch([]), len(batch), 0, told, failed)
        outcome = self._run(taken, origin, notes)
        lost = len({row for row, _ in outcome.skipped} | {row for row, _ in outcome.failed})
        return Part(
            path=self.unit.path,
            batch=outcome.batch,
            rows=len(batch),
            converted=len(taken) - lost,
            skipped=(*skipped.items(), *outcome.skipped),
            failed=(*failed, *outcome.failed),
            findings=(*outcome.findings, *(self._shifted(row) for row in taken if row.shifted)),
        )

    def _run(self, taken: list[Row], origin: Origin, notes: Notes) -> Outcome:
        cells = [(*row.cells, *self._worked_out(row)) for row in taken]
        frame = pl.DataFrame(cells, schema=dict.fromkeys(self.columns, pl.String), orient="row")
        return run(
            self.program,
            frame,
            np.array([row.number for row in taken], dtype=np.int64),
            origin,
            notes,
        )

    def _worked_out(self, row: Row) -> tuple[str, str, str]:
        factor = _factor(row)
        wanted = _GRAMS if self.rate.unit == "g/s" else 1
        odd = "odd" if factor is not None and factor != wanted else ""
        last = self.told.doubtful.get(row.number)
        return odd, "sum" if row.number in self.told.sums else "", "" if last is None else "maybe"

    def _shifted(self, row: Row) -> Finding:
        words = (
            f"the row has fewer cells than the header: what stands after {_LAST_SURE} is not read"
        )
        hint = "CodeCarbon 3.3.0 leaves out empty columns; later releases do not"
        return Finding(
            "BF102",
            Severity.WARNING,
            self.unit.path.name,
            row.number,
            None,
            None,
            words,
            None,
            hint,
        )


_KNOWN: dict[str, dict[str, Any]] = {
    **layouts.TRACKED,
    "task_name": {"field": "configuration.hyperparameters.task_name"},
    **{name: {**note, "stage": "whole-run", "unit": "%"} for name, note in _UTILIZATION.items()},
}
# The first reading of a processor is 0, and files of tasks say 0 of everything: a program that runs uses some of both.
for _name in ("cpu_utilization_percent", "ram_utilization_percent"):
    _KNOWN[_name]["missing"] = {"0": "not-measured"}


def _field(name: str, header: Sequence[str], rate: str) -> dict[str, Any]:
    note = dict(_KNOWN[name])
    if name in _POWERS:
        note["statistic"] = "mean" if _MEANS in header else "single"
    if name in _UTILIZATION:
        note["statistic"] = "mean"
    if name == "emissions_rate":
        note["unit"] = rate
    if name == "emissions" or (name == "energy_consumed" and "emissions" not in header):
        note["primary"] = True
    return {"name": name, "type": "string", "benchfmt": note}


def _rules(fields: Sequence[Mapping[str, Any]], header: Sequence[str]) -> list[dict[str, Any]]:
    measured = [item["name"] for item in fields if "metric" in item["benchfmt"]]
    wrong = [name for name in ("duration", "emissions_rate", *_POWERS) if name in header]
    found: list[dict[str, Any]] = [
        {"when": {SUM: "sum"}, "missing": dict.fromkeys(wrong, "invalid-in-source")},
        {
            "when": {DOUBT: "maybe"},
            "set": {
                "status": "incomplete",
                "status_detail": "no run_id: it may be a running total of a later row",
            },
            "caveats": {name: ["partial-run"] for name in measured},
        },
    ]
    if "emissions_rate" in header:
        found.append({"when": {RATE: "odd"}, "missing": {"emissions_rate": "invalid-in-source"}})
    if {"gpu_count", "gpu_utilization_percent"} <= set(header):
        none = {"gpu_count": ["", "0", "0.0"], "gpu_utilization_percent": 0}
        found.append({"when": none, "missing": {"gpu_utilization_percent": "not-measured"}})
    return found
