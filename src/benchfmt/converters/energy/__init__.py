"""Energy domain: ANTICIPATE and CONTINGENCY, and their relatives (maximum flow, transprecision kernels, CodeCarbon).

The layouts are annotated-table descriptors; code is for what only the whole table or a vector shows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchfmt.annotated import AnnotationError, Notes, Origin, Outcome, compile_resource, run
from benchfmt.converters.ai4europe import describes, is_companion_file, misfits, read_companion
from benchfmt.converters.base import Failed, Item, Match, Part, Pattern, Skipped, Source, Unit
from benchfmt.converters.companions import pair
from benchfmt.converters.energy import derived, layouts, tracker
from benchfmt.converters.energy.surveys import Survey, survey
from benchfmt.converters.flat import guessed_encoding, more_findings, parse_resource
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.tables import SNIFFED, BadRow, TableError, TextTable, encoding_of, first_row
from benchfmt.suites import energy as rules

NAME = "energy-domain"
VERSION = "1.0"
OPTIONS = ("version", "system", "country")
"""What the files do not say: the version of the data set (commit or DOI), the platform, and the country."""
_COLUMNS = rb"(?i)emissions|energy_consumed|duration|nscenarios|ntraces|nparameter|nodes|pv|load|prezzo|var_[0-9]"
PATTERNS = (
    Pattern(("*.csv", f"*{tracker.BACKUP}"), expression=re.compile(_COLUMNS)),
    Pattern(("*conversion_factors*.json",)),
)


def detect(source: Source) -> Match | None:
    """Say how many tables of the energy domain a source holds, or None."""
    kinds = [(path, layout) for path in source.with_suffix(".csv") if (layout := _layout(path))]
    found = [path for path, layout in kinds if layout in layouts.RESULTS]
    tracked, lacking = tracker.files(source)
    found += tracked
    if found:
        return Match(0.9, f"{len(found)} tables of the energy domain, first {found[0].name}")
    others = list(lacking)
    others += [path for path, _ in kinds] + [
        path for path in source.with_suffix(".json") if _is_intensities(path)
    ]
    return (
        Match(0.3, f"files of the energy domain without results, first {others[0].name}")
        if others
        else None
    )


def lacks(path: Path) -> str | None:
    """Say what a table that looks like one of CodeCarbon's lacks, or None."""
    return layouts.lacking_of_tracker(first_row(path)) if path.suffix.lower() == ".csv" else None


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table with results, with its JSON companion."""
    tracked, lacking = tracker.files(source)
    planned: dict[Path, Unit | Failed] = {
        item.path: item for item in tracker.units(tracked, options, source)
    }
    planned |= {path: Failed(path, words) for path, words in lacking.items()}
    others = [path for path in source.with_suffix(".csv") if path not in planned]
    kinds = {path: layout for path in others if (layout := _layout(path))}
    tables = [path for path, layout in kinds.items() if layout in layouts.RESULTS]
    pairing = pair(source, tables, is_companion_file, describes)
    for path in source.with_suffix(".csv", tracker.BACKUP):
        layout = kinds.get(path)
        if path in planned:
            yield planned[path]
        elif layout in layouts.RESULTS:
            companion = pairing.companions.get(path)
            yield Unit(path, (companion,) if companion else (), options, layout, source.limits)
        elif layout is not None:
            yield Skipped(path, f"{_lines(path)} {layouts.NO_RESULTS[layout]}")
    for path in source.with_suffix(".json"):
        if pairing.table_of(path) is not None:
            continue
        if _is_intensities(path):
            yield Skipped(path, "carbon intensities of countries, no results")
        elif is_companion_file(path):
            yield Skipped(path, pairing.why_alone(path))


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one table, in parts."""
    if isinstance(unit.extra, tracker.Told):
        yield from tracker.read(unit, NAME, VERSION)
        return
    text = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    try:
        columns = text.header()
        yield from guessed_encoding(text)
        name, findings = _name(unit, columns)
        found = survey(text, columns)
        resource, more = _resource(unit, columns, name, found)
        yield from [*findings, *more]
        yield from _parts(unit, text, columns, resource, found)
    except (TableError, AnnotationError) as error:
        yield Failed(unit.path, str(error))


def _parts(
    unit: Unit, text: TextTable, columns: list[str], resource: dict[str, Any], found: Survey
) -> Iterator[Item]:
    worked_out = derived.derived_of(columns, found)
    program = compile_resource(parse_resource(resource), [*columns, *worked_out.names], {})
    origin = Origin(unit.path.name, file_sha256(unit.path), unit.path.name, NAME, VERSION)
    notes = Notes(unit.path.name)
    done = 0
    for frame, rows in text.batches():
        outcome = run(program, worked_out.make(frame, rows, notes), rows, origin, notes)
        bad, done = text.bad_rows[done:], len(text.bad_rows)
        yield _part(unit.path, outcome, frame.height, bad)
    yield from more_findings(notes)
    for late in text.bad_rows[done:]:
        yield Failed(unit.path, _cells(late), late.row)


def _part(path: Path, outcome: Outcome, height: int, bad: list[BadRow]) -> Part:
    lost = len({row for row, _ in outcome.skipped} | {row for row, _ in outcome.failed})
    return Part(
        path=path,
        batch=outcome.batch,
        rows=height + len(bad),
        converted=height - lost,
        skipped=tuple(outcome.skipped),
        failed=(*((row.row, _cells(row)) for row in bad), *outcome.failed),
        findings=tuple(outcome.findings),
    )


def _cells(bad: BadRow) -> str:
    words = f"the row has {bad.actual} cells where the table has {bad.expected} columns"
    return (
        f"{words}; a quote is never closed, so the rows after it are lost in it"
        if bad.open_quote
        else words
    )


def _resource(
    unit: Unit, columns: list[str], name: layouts.Name, found: Survey
) -> tuple[dict[str, Any], list[Finding]]:
    """Return the descriptor of a table and what its reader should know."""
    layout = str(unit.extra)
    fields, odd = layouts.fields_of(layout, columns)
    constants = layouts.constants_of(layout, columns, name, dict(unit.options))
    constants |= layouts.system_of(unit.options.get("system") or name.platform)
    suite = constants["benchmark.suite"]
    findings = [_odd_unit(unit.path, column) for column in odd]
    by_column = {field["name"]: field["benchfmt"] for field in fields}
    corrected = {
        name: "kWh" for name, note in by_column.items() if note.get("caveats") == ["unit-corrected"]
    }
    if corrected:
        findings.append(_kilowatts(unit.path, list(corrected)))
    here: list[dict[str, Any]] = []
    if found.below:
        findings += _peaks(unit.path, found)
    if found.peak_is_kilo and found.columns.peak in by_column:
        peak = str(found.columns.peak)
        by_column[peak] |= {"unit": "GBy", "caveats": ["unit-corrected"]}
        corrected[peak] = "GB"
        fields.append({"name": derived.PEAK, "benchfmt": {"ignore": True}})
        here.append({"when": {derived.PEAK: derived.BELOW}, "missing": {peak: "invalid-in-source"}})
    if rules.SHARED_PROCESS in columns and found.columns.average in by_column:
        by_column[str(found.columns.average)]["caveats"] = ["shared-process"]
    wrong = _wrong_countries(constants.get("system.id"), found, unit.options)
    if wrong:
        carbon = [
            name
            for name, note in by_column.items()
            if str(note.get("metric")).startswith("emissions")
        ]
        when = {str(found.columns.country): wrong} if found.columns.country else {}
        here.append({"when": when, "caveats": {key: ["location-unreliable"] for key in carbon}})
        findings.append(_elsewhere(unit.path, found, str(constants["system.id"]), wrong))
    if found.odd_carbon:
        findings.append(_odd_carbon(unit.path, found))
    if corrected:
        constants[f"extensions.{suite}.corrected_units"] = corrected
    annotation = {"constant": constants, "rules": here}
    return {"path": unit.path.name, "schema": {"fields": fields}, "benchfmt": annotation}, findings


def _wrong_countries(system: Any, found: Survey, options: Mapping[str, str]) -> list[str]:
    """Return the countries that a table names and its machine does not stand in."""
    home = rules.HOME.get(str(system))
    if home is None:
        return []
    said = found.countries or ((options["country"],) if options.get("country") else ())
    return [country for country in said if country != home]


def _name(unit: Unit, columns: list[str]) -> tuple[layouts.Name, list[Finding]]:
    """Return what ran and where, from the companion or else the name of the file, and what is wrong with both."""
    name = layouts.name_of(unit.path)
    findings: list[Finding] = []
    for companion in unit.supporting:
        try:
            data = read_companion(companion, unit.limits)
            findings += misfits(data, columns, companion.name, unit.path.name)
        except (BenchfmtError, OSError) as error:
            findings.append(
                _finding(
                    companion.name,
                    None,
                    f"the companion cannot be read: {error}",
                    "mend or remove it",
                )
            )
            continue
        platform = str(data.hw_id or "")
        if platform and name.platform and platform != name.platform:
            words = f"the companion says HW_ID {platform!r}, the table's name says {name.platform!r}; the name is taken"
            findings.append(_finding(companion.name, "HW_ID", words, "make both say the same"))
        name = layouts.Name(name.asset, name.platform or platform or None)
    if (
        name.platform is None
        and not unit.options.get("system")
        and unit.extra not in _WITHOUT_PLATFORM
    ):
        words = "the name is not <algorithm>_<platform>.csv: the platform is not known"
        findings.append(_finding(unit.path.name, None, words, "say it, as in --option system=pc"))
    return name, findings


_WITHOUT_PLATFORM = (layouts.KERNEL_QUALITY,)
"""Layouts whose numbers do not depend on a platform."""


def _layout(path: Path) -> str | None:
    names = first_row(path)
    return layouts.layout_of(names, path) if any(names) else None


def _lines(path: Path) -> int | str:
    """Return the number of data rows of a small file, whatever ends its lines."""
    try:
        with path.open(encoding=encoding_of(path), newline="") as file:
            return sum(1 for row in csv.reader(file) if row) - 1
    except (csv.Error, TableError):
        return "many"


def _is_intensities(path: Path) -> bool:
    """Say whether a file lists the carbon intensity of countries."""
    try:
        data = jsons.read(path) if "conversion_factors" in path.name else None
    except (BenchfmtError, OSError):
        return False
    return isinstance(data, dict) and all(
        isinstance(item, dict) and "carbon_intensity" in item for item in data.values()
    )


def _kilowatts(path: Path, columns: list[str]) -> Finding:
    words = f"kW is a unit of power; the numbers of {', '.join(columns)} are kWh, as the tracker that made them counts"
    return Finding(
        "BF207",
        Severity.WARNING,
        path.name,
        None,
        columns[0],
        None,
        words,
        None,
        "write kWh in the header",
    )


def _odd_unit(path: Path, column: str) -> Finding:
    words = f"the unit of {column!r} is none of what it measures; the numbers are kept as text"
    return Finding(
        "BF207", Severity.WARNING, path.name, None, column, None, words, None, "correct the header"
    )


def _peaks(path: Path, found: Survey) -> list[Finding]:
    peak = str(found.columns.peak)
    words = f"{peak} is below {found.columns.average} in {found.below} of {found.rows} rows, which no peak can be"
    if not found.peak_is_kilo:
        words += "; another unit is not proven, so the numbers stay as they are"
        return [
            Finding(
                "BF403",
                Severity.WARNING,
                path.name,
                None,
                peak,
                None,
                words,
                None,
                "look at who wrote it",
            )
        ]
    words += "; a thousand times the number is just above it: it is read as GB"
    findings = [
        Finding(
            "BF403",
            Severity.WARNING,
            path.name,
            None,
            peak,
            None,
            words,
            None,
            "write GB in the header",
        )
    ]
    if found.still_below:
        words = f"{peak} stays below {found.columns.average} in {found.still_below} of {found.rows} rows even as GB: it has no value there"
        findings.append(
            Finding("BF403", Severity.WARNING, path.name, None, peak, None, words, None, None)
        )
    return findings


def _elsewhere(path: Path, found: Survey, system: str, wrong: list[str]) -> Finding:
    words = f"{system} stands in {rules.HOME[system]}, not in {', '.join(wrong)}: the emissions rest on a wrong place"
    return _finding(
        path.name, found.columns.country, words, "give the tracker the country", "BF302"
    )


def _odd_carbon(path: Path, found: Survey) -> Finding:
    words = (
        f"{found.columns.emissions} per {found.columns.energy} is in {found.odd_carbon} of {found.rows} rows more than "
        "twice, or less than half, what it usually is"
    )
    return _finding(
        path.name, found.columns.emissions, words, "do not trust the energy of these rows", "BF302"
    )


def _finding(
    path: str, column: str | None, message: str, hint: str | None, code: str = "BF102"
) -> Finding:
    return Finding(code, Severity.WARNING, path, None, column, None, message, None, hint)
