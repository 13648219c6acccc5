"""LPDNN (Bonseyes): the benchmark tables of deliverable D6.3 in their three spellings, and the Huawei extension."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.ai4europe import describes
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.companions import pair
from benchfmt.converters.flat import read_table
from benchfmt.converters.lpdnn.columns import FIELDS, HUAWEI, HUAWEI_FIELDS, QUALITY, is_huawei
from benchfmt.converters.lpdnn.tables import NAME_PATTERN, Table, described
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.readers import jsons
from benchfmt.readers.objects import Fields
from benchfmt.readers.tables import SNIFFED, TableError, TextTable, first_row

NAME = "lpdnn"
VERSION = "1.0"

COMMON = ("ENGINE", "PROCESSOR", "PRECISION", "INFERENCE_TIME")
LOOKS_LIKE = 6
"""How many of the columns a table needs before its faulty header is reported as a fault of an LPDNN table."""
_NAMES = {"MODEL", *FIELDS, *HUAWEI_FIELDS}
PATTERNS = (Pattern(("*.csv",), words=tuple(_NAMES)),)
_LISTS = ("hyperparams", "targets", "inputs")


def detect(source: Source) -> Match | None:
    """Say how many LPDNN tables a source holds, or None."""
    faults = _faults(source)
    tables = [path for path, fault in faults.items() if not fault]
    if tables:
        return Match(0.9, f"{len(tables)} tables with the columns of LPDNN, first {tables[0].name}")
    for path in faults:
        return Match(0.4, f"{len(faults)} tables that look like LPDNN's, first {path.name}")
    return None


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table with its JSON companion."""
    faults = _faults(source)
    tables = [path for path, fault in faults.items() if not fault]
    pairing = pair(source, tables, _is_companion, describes)
    for path, fault in faults.items():
        if fault:
            yield Failed(path, fault)
            continue
        supporting = tuple(filter(None, [pairing.companions.get(path)]))
        yield Unit(path, supporting, options, pairing.doubts.get(path), source.limits)
    for path in source.with_suffix(".json"):
        named = re.match(r"^.+_[^_]+\.json$", path.name)
        if named and pairing.table_of(path) is None and _is_descriptor(path):
            yield Skipped(path, pairing.why_alone(path))


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one table."""
    text = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    table = Table(unit.path, text, text.header())
    quality: str | None = None
    for companion in unit.supporting:
        try:
            entries = _companion_entries(companion)
        except (BenchfmtError, OSError) as error:
            yield Failed(companion, str(error))
            continue
        quality = _quality_of(entries)
        yield from _contradictions(companion, entries, table)
    yield from _absent_columns(table)
    if not unit.supporting and _needs_quality(table):
        yield _unknown_quality(unit)
    yield from _odd_name(table)
    yield from read_table(
        unit.path,
        described(table, quality),
        converter=NAME,
        version=VERSION,
        limits=unit.limits,
        encoding=SNIFFED,
    )


# --- which tables are LPDNN's ---


def _faults(source: Source) -> dict[Path, str]:
    """Return the tables that are LPDNN's or look so, each with what is wrong with its header: "" where nothing is."""
    faults: dict[Path, str] = {}
    for path in source.with_suffix(".csv"):
        fault = _fault(path, source)
        if fault is not None:
            faults[path] = fault
    return faults


def _fault(path: Path, source: Source) -> str | None:
    """Say what is wrong with the header of an LPDNN table: nothing (""), or None where it is no such table."""
    names = first_row(path)
    lacking = _lacking(set(names))
    if lacking:
        if len(_known_names(names)) < LOOKS_LIKE:
            return None
        return (
            f"{path.name} looks like an LPDNN table, but its header has no column {lacking[0]!r}; names separated by "
            "commas, without blanks, are expected"
        )
    try:
        TextTable(path, encoding=SNIFFED, limits=source.limits).header()
    except TableError as error:
        return str(error)
    return ""


def _lacking(columns: set[str]) -> list[str]:
    """Return the columns that every LPDNN table has, and these do not."""
    lacking = [name for name in COMMON if name not in columns]
    if columns.isdisjoint({"MODEL", "MODEL_VERSION"}):
        lacking.append("MODEL")
    if not columns >= HUAWEI and columns.isdisjoint({"LATENCY", "DMIPS"}):
        lacking.append("LATENCY")
    return lacking


def _known_names(names: list[str]) -> set[str]:
    """Return the names of LPDNN's columns in a header, whatever separates them."""
    parts = {part.strip(' "') for name in names for part in re.split("[;\t|]", name)}
    return parts & _NAMES


def _is_companion(path: Path) -> bool:
    """Say whether a JSON file of a table's name is its companion: beside the table it is, whatever it holds."""
    return path.with_suffix(".csv").is_file() or _is_descriptor(path)


def _is_descriptor(path: Path) -> bool:
    try:
        data = jsons.read(path)
    except (BenchfmtError, OSError):
        return False
    return isinstance(data, dict) and "HW_ID" in data and "targets" in data


# --- what its companion says ---


def _companion_entries(companion: Path) -> list[Fields]:
    """Return what a companion says of the columns; raises BenchfmtError or OSError."""
    data = jsons.read(companion)
    if not isinstance(data, dict) or not all(
        isinstance(data.get(name, []), list) for name in _LISTS
    ):
        raise BenchfmtError(
            f"{companion.name}: not a descriptor: lists `hyperparams` and `targets` are expected"
        )
    entries: list[Fields] = []
    for name in _LISTS:
        entries += Fields(data).parts(name)
    return entries


def _quality_of(entries: list[Fields]) -> str | None:
    for entry in entries:
        if entry.text("ID") == "QUALITY_VALUE":
            return entry.text("description")
    return None


def _needs_quality(table: Table) -> bool:
    """Say whether a table leaves it to its companion which quality it has."""
    return "QUALITY_VALUE" in table.columns and "QUALITY_METRIC" not in table.columns


def _contradictions(companion: Path, entries: list[Fields], table: Table) -> Iterator[Finding]:
    """Yield where a companion does not fit its table."""
    columns = set(table.columns)
    names = {str(entry.data.get("ID")) for entry in entries}
    hint = "make both say the same"
    for name in sorted(names - columns):
        message = f"describes column {name!r}, which {table.path.name} does not have"
        yield texts.finding("BF102", companion.name, message, hint, column=name)
    for name in sorted(columns - names):
        message = f"does not describe column {name!r} of {table.path.name}"
        yield texts.finding("BF102", companion.name, message, hint, column=name)
    if _needs_quality(table) and _quality_of(entries) not in QUALITY:
        said = [e.data.get("description") for e in entries if e.text("ID") == "QUALITY_VALUE"]
        quality = said[0] if said else None
        message = f"{quality!r} names no known quality; the numbers are kept as text"
        yield texts.finding("BF102", companion.name, message, column="QUALITY_VALUE")


def _unknown_quality(unit: Unit) -> Finding:
    why = "which is not here"
    if unit.extra:
        why = f"of which {unit.extra}"
    message = (
        f"which quality this is stands in the JSON companion, {why}; the numbers are kept as text"
    )
    hint = f"put {unit.path.stem}.json beside the table"
    return texts.finding("BF102", unit.path.name, message, hint, column="QUALITY_VALUE")


# --- what it lacks ---


def _absent_columns(table: Table) -> Iterator[Finding]:
    """Yield a finding for each column that every LPDNN table has and this one does not."""
    if is_huawei(table.columns):
        return
    present = set(table.columns)
    if "MODEL_VERSION" in present:
        present.add("VERSION")
    for name in FIELDS:
        if name not in present:
            message = (
                f"the table has no column {name!r}, which LPDNN tables have; its values are missing"
            )
            hint = "restore the column"
            yield texts.finding("BF101", table.path.name, message, hint, column=name)


def _odd_name(table: Table) -> Iterator[Finding]:
    if {"AI_TASK", "PLATFORM"} <= set(table.columns) or re.match(NAME_PATTERN, table.path.name):
        return
    message = (
        "the name is not <task>_<platform>.csv and the table has no AI_TASK and PLATFORM columns: "
        "task and platform are not known"
    )
    hint = "rename the file, as in imagenet_rpi4.csv"
    yield texts.finding("BF102", table.path.name, message, hint)
