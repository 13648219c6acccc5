"""benchfmt's own forms: records as JSON, JSON Lines or linked data, and packages, rewritten as one package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from pydantic import JsonValue, ValidationError

from benchfmt.converters import graphs
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import first_fault
from benchfmt.descriptor import (
    FILE_NAME,
    MISPLACED_HEADING,
    Descriptor,
    Heading,
    declared,
    is_heading,
    read_heading,
)
from benchfmt.descriptor import about as about_package
from benchfmt.descriptor import acknowledged as acknowledged_of
from benchfmt.finding import BenchfmtError
from benchfmt.linked import TERMS
from benchfmt.migrate import to_current
from benchfmt.package import open_package
from benchfmt.readers import heads, jsons
from benchfmt.record import Record
from benchfmt.schema import BASE

NAME = "records"
VERSION = "1.0"
HAS_MANY_RESULTS = True
READS_PACKAGES = True
"""Its sources are files of earlier conversions, so that what it gives may replace their packages."""
# A record says its version as text; in a descriptor, complete or a draft, `benchfmt` is an object.
_HEADING = re.compile(rb'(\xef\xbb\xbf)?\s*\{\s*"benchfmt"\s*:\s*\{')
_RECORD = re.compile(rb'(\xef\xbb\xbf)?\s*(\[\s*)?\{.*?"benchfmt"\s*:\s*[^\s{]', re.DOTALL)
PATTERNS = (
    Pattern((FILE_NAME, "*.zip")),
    Pattern(("*.json", "*.jsonl", "*.ndjson"), words=('"benchfmt"',)),
    Pattern(("*.nt", "*.nq", "*.ttl", "*.trig", "*.jsonld"), words=(TERMS,)),
)
_GRAPH_HEAD = 262_144
"""The first bytes of a graph, in which a property of the standard stands; of JSON-LD many are the context."""
_NO_RECORDS = (f"{BASE}shapes/".encode(), b"inScheme")
"""What stands in the shapes and in the vocabulary, which are graphs of the standard too."""
_GRAPHS = (".nt", ".nq", ".ttl", ".trig", ".jsonld")


def detect(source: Source) -> Match | None:
    """Say whether a source holds records or packages, or None."""
    files = [path for path in source.files if _kind(path)]
    if not files:
        return None
    return Match(0.95, f"{len(files)} files of benchfmt records")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each package and each file of records."""
    for path in source.files:
        kind = _kind(path)
        if kind is None:
            continue
        beside: tuple[Path, ...] = ()
        if kind == "package" and path.suffix != ".zip":
            beside = tuple(_tables_beside(path, source))
        yield Unit(path, beside, options, kind, source.limits)


def _tables_beside(path: Path, source: Source) -> Iterator[Path]:
    """Yield the files of the source that a descriptor names, or that lie beside it as tables."""
    with open_package(path, limits=source.limits) as package:
        files = [file for item in package.descriptor.resources for file in item.files]
    named = {path.parent.joinpath(*PurePosixPath(file.path).parts) for file in files}
    for other in source.files:
        is_beside = other.parent == path.parent and other.suffix in (".csv", ".parquet")
        if is_beside or other in named:
            yield other


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one file or package."""
    if unit.extra == "package":
        with open_package(unit.path, limits=unit.limits) as package:
            yield from package.records()
    elif unit.extra == "lines":
        yield from _lines(unit)
    elif unit.extra == "graph":
        yield from graphs.read_graph(unit.path, unit.limits)
        heading = graphs.heading(unit.path, unit.limits)
        if is_heading(heading):
            yield from _faulty(unit.path, heading)
    else:
        data = jsons.read(unit.path, unit.limits)
        if not isinstance(data, list):
            data = [data]
        for index, item in enumerate(data, start=1):
            yield _record(unit.path, item, index)


def prefixes(unit: Unit) -> Mapping[str, JsonValue]:
    """Return the prefixes that a package, or the heading of JSON Lines or a graph, declares."""
    said = _said(unit)
    if said is None:
        return {}
    return declared(said)


def about(unit: Unit) -> Mapping[str, JsonValue]:
    """Return what a package, or a heading, says of itself beside: its title, its licences, ..."""
    said = _said(unit)
    if said is None:
        return {}
    return about_package(said)


def acknowledged(unit: Unit) -> Sequence[Mapping[str, JsonValue]]:
    """Return the findings that a package, or a heading, acknowledges."""
    said = _said(unit)
    if said is None:
        return []
    return acknowledged_of(said)


def _said(unit: Unit) -> Descriptor | Heading | None:
    """Return the descriptor of a unit's package, or the heading of its lines or graph; None where there is none that is sound."""
    try:
        if unit.extra == "package":
            with open_package(unit.path, limits=unit.limits) as package:
                return package.descriptor
        data: JsonValue = None
        if unit.extra == "lines":
            with heads.opened(unit.path) as file:
                data = jsons.parse(file.readline(unit.limits.row_bytes + 1), unit.limits)
        elif unit.extra == "graph":
            data = graphs.heading(unit.path, unit.limits)
        if is_heading(data):
            return read_heading(data)[0]
    except (BenchfmtError, OSError):  # told when the unit is read
        return None
    return None


def lacks(path: Path) -> str | None:
    """Say what a file that looks like records of ours lacks, or None."""
    if path.suffix not in (".json", ".jsonl", ".ndjson"):
        return None
    start = _head(path)
    if path.name != FILE_NAME and b'"measurements"' in start and b'"metric"' in start:
        return 'looks like records, but none says `"benchfmt": "1.0"`'
    if path.name == FILE_NAME and b'"resources"' in start:
        return "is a descriptor, but annotates no column, and names no tables `records` and `measurements`"
    return None


def _lines(unit: Unit) -> Iterator[Item]:
    with heads.opened(unit.path) as file:
        for number, line in enumerate(
            iter(lambda: file.readline(unit.limits.row_bytes + 1), b""), start=1
        ):
            if len(line) > unit.limits.row_bytes:
                yield Failed(
                    unit.path, f"line {number} is longer than {unit.limits.row_bytes} bytes"
                )
                return
            if line.strip():
                try:
                    data = jsons.parse(line, unit.limits)
                    if number > 1 or not is_heading(data):
                        yield _record(unit.path, data, number)
                    else:
                        yield from _faulty(unit.path, data)
                except BenchfmtError as error:
                    yield Failed(unit.path, str(error), number)


def _faulty(path: Path, data: JsonValue) -> Iterator[Failed]:
    """Yield a failure for a heading that is not taken, for what it says would be lost without a word."""
    _, faults = read_heading(data)
    if faults:
        reason = f"the heading is not taken: {faults[0].pointer}: {faults[0].message}"
        yield Failed(path, f"{reason} (run benchfmt validate)", 1)


def _record(path: Path, data: JsonValue, row: int) -> Record | Failed:
    if not isinstance(data, dict):
        kind = "no JSON object"
        if isinstance(data, list):
            kind = "a list"
        return Failed(
            path, f"{kind} where a record is expected; JSON Lines are one record a line", row
        )
    if is_heading(data):
        return Failed(path, MISPLACED_HEADING, row)
    try:
        return Record.from_dict(to_current(data))
    except ValidationError as error:
        advice = f"({error.error_count()} faults; run benchfmt validate)"
        return Failed(path, f"{first_fault(error)} {advice}", row)
    except (BenchfmtError, TypeError, ValueError) as error:
        return Failed(path, str(error), row)


def _kind(path: Path) -> str | None:
    """Say what a file is: a package, records in one JSON text, one a line, or a graph of them."""
    if not heads.is_regular(path):
        return None
    if path.name.endswith(f".{FILE_NAME}"):
        return None  # a draft of a descriptor
    if path.name == FILE_NAME or path.suffix == ".zip":
        kind, is_kind = "package", _is_package
    elif path.suffix in (".jsonl", ".ndjson"):
        kind, is_kind = "lines", _are_lines
    elif path.suffix == ".json":
        kind, is_kind = "json", _starts_like_record
    elif path.suffix in _GRAPHS:
        kind, is_kind = "graph", _is_graph
    else:
        return None
    if not is_kind(path):
        return None
    return kind


def _are_lines(path: Path) -> bool:
    return _starts_like_record(path) or _HEADING.match(_head(path)) is not None


def _is_graph(path: Path) -> bool:
    try:
        head = heads.head(path, _GRAPH_HEAD)
    except OSError:
        return False
    if TERMS.encode() not in head or any(word in head for word in _NO_RECORDS):
        return False
    return path.suffix != ".jsonld" or b'"@graph"' in head or b'"benchfmt"' in head


def _is_package(path: Path) -> bool:
    try:
        with open_package(path) as package:
            return {resource.name for resource in package.descriptor.resources} >= {
                "records",
                "measurements",
            }
    except (BenchfmtError, OSError):
        return False


def _starts_like_record(path: Path) -> bool:
    return _RECORD.match(_head(path)) is not None


def _head(path: Path) -> bytes:
    """Return the beginning of a file, empty where it cannot be read."""
    try:
        return heads.head(path, 4096)
    except OSError:
        return b""
