"""The bench of `validate`: us, other validators, the same constraints by hand in polars, and only reading."""

from __future__ import annotations

import gc
import importlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import packages
from bench.packages import NARROW, WIDE, Contents, planted
from bench.process import Taken, measured, run_task
from bench.table import Bench, Row, Verdict, interleaved, ratios

if TYPE_CHECKING:
    from bench.benches import Setting

CSV, PARQUET, LINES = "csv", "parquet", "jsonl"
FORMS = {CSV: "CSV", PARQUET: "Parquet", LINES: "JSON Lines"}
LARGE = 100_000
"""The records from which targets are judged; the slow peers are given no more."""
FAULTY = (100, 1)
CSV_TIMES_PEER, CSV_TIMES_FRICTIONLESS = 3.0, 20.0
PARQUET_TIMES_FLOOR = 6.0
LINES_TIMES_FLOOR = 4.0
ALL_FAULTY_SHARE = 0.1
FLAT, BYTES_A_ROW, MOST_MIB = 1.3, 16, 500
_WARM = Contents(100)
_MIB = 2**20

# --- tasks, each in a process of its own ---


def prepare_valid(taken: Taken, folder: str, form: str, contents: Sequence[int]) -> None:
    """Make what is validated; `contents` are the members of `Contents`."""
    wanted = Contents(*contents)
    if form == LINES:
        taken.facts["path"] = str(packages.lines(Path(folder), wanted))
    else:
        taken.facts["path"] = str(packages.tables(Path(folder), wanted, form))


def validate_any(taken: Taken, path: str, warm: str) -> None:
    """Validate with the whole catalogue, as the command does; `peak_mib` is that of the whole process."""
    from benchfmt import validate

    validate(warm)
    gc.freeze()
    with measured(taken):
        report = validate(path)
    taken.base_mib = 0.0
    counts = dict(report.more)
    for finding in report.findings:
        counts[finding.code] = counts.get(finding.code, 0) + (finding.count or 1)
    taken.facts = {"counts": counts, "errors": report.errors, "warnings": report.warnings}


def frictionless_csv(taken: Taken, path: str, warm: str) -> None:
    """Validate by frictionless, which would stop at 1,000 errors by itself: all of them are asked for, as of us."""
    from frictionless import validate

    validate(f"{warm}/datapackage.json")
    with measured(taken):
        report = validate(f"{path}/datapackage.json", limit_errors=sys.maxsize)
    taken.facts["errors"] = report.stats["errors"]


def schema_lines(taken: Taken, path: str, warm: str) -> None:
    """Read JSON Lines and ask jsonschema-rs for all errors of each record."""
    import jsonschema_rs

    from benchfmt.schema import record_schema

    loads, _ = json_reader()
    validator = jsonschema_rs.validator_for(record_schema())

    def go(place: str) -> int:
        errors = 0
        with Path(place).open("rb") as file:
            for line in file:
                record = loads(line)
                if not validator.is_valid(record):
                    errors += sum(1 for _ in validator.iter_errors(record))
        return errors

    go(warm)
    with measured(taken):
        taken.facts["errors"] = go(path)


def load_lines(taken: Taken, path: str, warm: str) -> None:
    loads, name = json_reader()

    def go(place: str) -> None:
        with Path(place).open("rb") as file:
            for line in file:
                loads(line)

    go(warm)
    with measured(taken):
        go(path)
    taken.facts["reader"] = name


def polars_validates(taken: Taken, path: str, warm: str, form: str) -> None:
    from bench import by_hand

    by_hand.validate(Path(warm), form)
    with measured(taken):
        taken.facts["errors"] = by_hand.validate(Path(path), form)


def polars_reads(taken: Taken, path: str, warm: str, form: str) -> None:
    from bench import by_hand

    by_hand.read(Path(warm), form)
    with measured(taken):
        taken.facts["rows"] = by_hand.read(Path(path), form)


def json_reader() -> tuple[Callable[[bytes], Any], str]:
    """Return the fastest reader of JSON that is installed, and its name."""
    try:
        return importlib.import_module("orjson").loads, "orjson"
    except ImportError:
        return json.loads, "json"


TASKS: dict[str, Callable[..., None]] = {
    task.__name__: task
    for task in (
        prepare_valid,
        validate_any,
        frictionless_csv,
        schema_lines,
        load_lines,
        polars_validates,
        polars_reads,
    )
}


# --- the bench ---


@dataclass
class _Case:
    """One package or file in one form, and the rows that were run on it."""

    form: str
    contents: Contents
    ours: Row
    others: dict[str, Row] = field(default_factory=dict)

    @property
    def is_large(self) -> bool:
        return self.contents.rows >= LARGE * NARROW

    def rows(self) -> list[Row]:
        return [self.ours, *self.others.values()]


def validate_csv(setting: Setting) -> Bench:
    """Packages as CSV, of several sizes, clean and faulty."""
    return _validate(setting, CSV)


def validate_parquet(setting: Setting) -> Bench:
    """Packages as Parquet, of several sizes, clean and faulty."""
    return _validate(setting, PARQUET)


def validate_lines(setting: Setting) -> Bench:
    """Records as JSON Lines, of several sizes, clean and faulty."""
    return _validate(setting, LINES)


def _validate(setting: Setting, form: str) -> Bench:
    sizes = [setting.size(size) for size in (10_000, 100_000, 1_000_000)]
    clean = [Contents(size) for size in sizes] + [Contents(setting.size(10_000), WIDE)]
    faulty = [Contents(sizes[1], NARROW, every) for every in FAULTY]
    cases = [_case(setting, form, contents) for contents in (*clean, *faulty)]
    rows = [row for case in cases for row in case.rows()]
    title = f"{FORMS[form]}; the slow peers are run once, to {LARGE:,} records"
    bench = Bench(f"validate-{form}", title, rows)
    for case in cases:
        fast = [row for row in case.rows() if row.role != "other"]
        slow = [row for row in case.rows() if row.role == "other"]
        interleaved(fast, setting.repeat, setting.tell)
        interleaved(slow, 1, setting.tell)
        bench.verdicts += _verdicts(case)
    bench.verdicts += _speed_when_faulty(cases)
    bench.verdicts += _memory(cases)
    return bench


def _case(setting: Setting, form: str, contents: Contents) -> _Case:
    folder = str(setting.folder)
    made = partial(run_task, "prepare_valid", folder=folder, form=form)
    warm = made(contents=_members(_WARM)).facts["path"]
    path = made(contents=_members(contents)).facts["path"]
    where = {"path": path, "warm": warm}
    name = f"{FORMS[form]}, {contents.name}"
    rows = contents.rows
    ours = Row(f"benchfmt: {name}", "us", partial(run_task, "validate_any", **where), rows, "rows")
    case = _Case(form, contents, ours)

    def add(key: str, role: Any, text: str, task: str, **more: str) -> None:
        run = partial(run_task, task, **where, **more)
        case.others[key] = Row(f"{text}: {name}", role, run, rows, "rows", ours.name)

    is_small_enough = contents.rows <= LARGE * NARROW
    if form == LINES:
        if is_small_enough:
            add("jsonschema-rs", "other", "jsonschema-rs", "schema_lines")
        add("floor", "floor", "orjson.loads of each line", "load_lines")
        return case
    add("by hand", "peer", "polars by hand", "polars_validates", form=form)
    if form == CSV and is_small_enough and contents.faulty != 1:
        add("frictionless", "other", "frictionless", "frictionless_csv")
    add("floor", "floor", "polars reads", "polars_reads", form=form)
    return case


def _members(contents: Contents) -> list[int]:
    return [contents.records, contents.measurements, contents.faulty]


def _verdicts(case: _Case) -> list[Verdict]:
    """Return what the rows of a case say of the targets; of a small one only notes."""
    verdicts = [_faults_reported(case)]
    if case.contents.faulty == 1:
        return verdicts
    if case.form == CSV:
        verdicts.append(_at_most(case, "by hand", CSV_TIMES_PEER))
        if "frictionless" in case.others:
            verdicts.append(_faster(case))
    elif case.form == PARQUET:
        verdicts.append(_at_most(case, "floor", PARQUET_TIMES_FLOOR))
    else:
        verdicts.append(_at_most(case, "floor", LINES_TIMES_FLOOR))
    return verdicts


def _at_most(case: _Case, key: str, most: float) -> Verdict:
    other = case.others[key]
    factor = median(ratios(case.ours, other))
    cpu = _cpu(case.ours) / _cpu(other)
    text = f"{case.ours.name}: {factor:.2f} times {other.name.partition(':')[0]} (at most {most:g}); CPU {cpu:.2f}"
    return Verdict(text, factor <= most if case.is_large else None)


def _faster(case: _Case) -> Verdict:
    other = case.others["frictionless"]
    factor = median(other.seconds) / median(case.ours.seconds)
    text = (
        f"{case.ours.name}: {factor:.1f} times as fast as frictionless (at least {CSV_TIMES_FRICTIONLESS:g}); "
        f"CPU {_cpu(other) / _cpu(case.ours):.1f}"
    )
    return Verdict(text, factor >= CSV_TIMES_FRICTIONLESS if case.is_large else None)


def _cpu(row: Row) -> float:
    return median(taken.cpu_seconds for taken in row.runs)


def _faults_reported(case: _Case) -> Verdict:
    """Return whether every planted fault is counted, and no error where none is planted."""
    wanted = planted(case.contents)
    facts = case.ours.runs[0].facts
    counts = facts["counts"]
    if not wanted:
        text = f"{case.ours.name}: {facts['errors']} errors, {facts['warnings']} warnings"
        return Verdict(text, not facts["errors"])
    missing = {code: (counts.get(code, 0), count) for code, count in wanted.items()}
    wrong = {code: pair for code, pair in missing.items() if pair[0] < pair[1]}
    total = sum(wanted.values())
    text = f"{case.ours.name}: all {total:,} planted faults are reported"
    if wrong:
        text = f"{case.ours.name}: reported and planted differ: {wrong}"
    return Verdict(text, not wrong)


def _speed_when_faulty(cases: Sequence[_Case]) -> list[Verdict]:
    verdicts = []
    for case in cases:
        if case.contents.faulty != 1:
            continue
        clean = _twin(cases, case)
        share = median(clean.ours.seconds) / median(case.ours.seconds)
        text = f"{case.ours.name}: {share:.2f} of the clean speed (at least {ALL_FAULTY_SHARE:g})"
        verdicts.append(Verdict(text, share >= ALL_FAULTY_SHARE if case.is_large else None))
    return verdicts


def _twin(cases: Sequence[_Case], faulty: _Case) -> _Case:
    contents = Contents(faulty.contents.records, faulty.contents.measurements)
    return next(case for case in cases if case.contents == contents)


def _memory(cases: Sequence[_Case]) -> list[Verdict]:
    """Compare the peaks at ten times the measurements, in as many records or in long ones."""
    verdicts = []
    clean = [case for case in cases if not case.contents.faulty]
    small = clean[1]
    base = _peak(small)
    for large in clean[2:]:
        peak = _peak(large)
        most = min(FLAT * base + BYTES_A_ROW * large.contents.rows / _MIB, MOST_MIB)
        text = f"{large.ours.name}: {peak:.0f} MiB, {base:.0f} for {small.contents.name} (at most {most:.0f})"
        verdicts.append(Verdict(text, peak <= most if large.is_large else None))
    return verdicts


def _peak(case: _Case) -> float:
    return max(taken.peak_mib for taken in case.ours.runs)
