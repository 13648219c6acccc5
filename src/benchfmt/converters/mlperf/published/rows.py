"""Published result tables of MLPerf as rows: finding them, reading CSV and JSON alike, telling copies, joining power."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Source, Unit
from benchfmt.converters.mlperf import model_mapping
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.readers import heads, jsons
from benchfmt.readers.bad_rows import BadRow
from benchfmt.readers.bounded_rows import HeldRows
from benchfmt.readers.tables import TextTable
from benchfmt.units import exact

HEAD = 64 * 1024
"""Bytes of a file that detection looks at."""
# The columns of the checker's summary.csv are the names used here; other spellings and tables are renamed to them.
_COLUMNS = (
    "Organization",
    "Availability",
    "Division",
    "SystemType",
    "SystemName",
    "Platform",
    "Model",
    "MlperfModel",
    "Scenario",
    "Result",
    "Accuracy",
    "number_of_nodes",
    "host_processor_model_name",
    "host_processors_per_node",
    "host_processor_core_count",
    "accelerator_model_name",
    "accelerators_per_node",
    "total_accelerators",
    "Location",
    "framework",
    "operating_system",
    "notes",
    "compliance",
    "errors",
    "version",
    "inferred",
    "has_power",
    "Units",
    "weight_data_types",
    "design_power_watts",
    "PrivateID",
    "power",
)
_SHORT = ("system_id", "benchmark", "scenario", "perf_metric", "perf_value")
"""The columns of the tables that submitters made with NVIDIA's tool."""
_RENAMED = {
    "compilance": "compliance",
    "infered": "inferred",
    # summary_results.json
    "Submitter": "Organization",
    "Category": "Division",
    "Suite": "SystemType",
    "System": "SystemName",
    "Nodes": "number_of_nodes",
    "Processor": "host_processor_model_name",
    "Accelerator": "accelerator_model_name",
    "a#": "accelerators_per_node",
    "Software": "framework",
    "Notes": "notes",
    "Performance_Result": "Result",
    "Performance_Units": "Units",
    "Details": "url",
    # cm-result.json
    "Result_Units": "Units",
    "Result_Power": "Power_Result",
    "Result_Power_Units": "Power_Units",
    # results_summary.csv
    "system_id": "Platform",
    "benchmark": "Model",
    "scenario": "Scenario",
    "perf_metric": "Units",
    "perf_value": "Result",
}
_RENAMED_WITH_USED_MODEL = {**_RENAMED, "UsedModel": "Model", "Model": "MlperfModel"}
_NEEDED = {
    "summary": {"Organization", "Division", "Platform", "Model", "Scenario", "Result"},
    "short": set(_SHORT),
    "results": {"Submitter", "UsedModel", "Scenario", "Platform"},
    "rows": {"Organization", "MlperfModel", "Scenario", "Platform", "Result"},
}
"""What a table must have, in the names of its kind."""
_LIKELY = 6
"""How many of the checker's columns a CSV needs before a missing one is told as a fault of it."""
_RESULT_OF = (
    "version",
    "Location",
    "Organization",
    "Division",
    "SystemType",
    "Platform",
    "Model",
    "MlperfModel",
    "Scenario",
)
_SAME = (*_RESULT_OF, "Result", "Units", "Power_Result", "Accuracy")

FAULTY = "!"
"""How the kind of a faulty table begins; what is wrong with it follows."""
POWER = {
    "Watts": ("power", None, "W", "W"),
    "millijoules": ("energy", "query", "J", "mJ"),
}
"""Words of power: metric, per, unit and the unit of the printed number."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a unit is: the kind of table, and its path from the root of the submission."""

    kind: str
    path: str
    round: str | None = None
    """The round that the path says, for rows that say none."""


@dataclass(slots=True)
class Row:
    """One row of a table by the checker's column names; numbers are the characters that stand in the file."""

    number: int
    locator: str
    cells: dict[str, JsonValue]

    def text(self, name: str) -> str | None:
        """Return a cell as one line of text, or None where it says nothing."""
        value = self.cells.get(name)
        if not isinstance(value, str):
            return None
        return " ".join(value.split()) or None

    def key(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return cells to compare rows by."""
        return tuple(str(self.cells.get(name) or "") for name in names)


@dataclass
class Told:
    """Faults that many rows of a table share: each is one finding, with the first row and how many there are."""

    path: str
    faults: dict[tuple[str, str, str | None], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def report(self, row: int, code: str, message: str, column: str | None) -> None:
        """Report a fault of a row."""
        self.faults[code, message, column].append(row)

    def findings(self) -> list[Finding]:
        """Return a finding for each kind of fault."""
        findings = []
        for (code, message, column), rows in self.faults.items():
            text = message + _more(len(rows))
            finding = Finding(code, Severity.WARNING, self.path, rows[0], column, None, text)
            findings.append(finding)
        return findings


def _more(rows: int) -> str:
    if rows == 1:
        return ""
    return f" ({rows} rows, this is the first)"


def candidates(source: Source) -> list[Path]:
    """Return the files of a source that may be tables."""
    return source.with_suffix(".csv", ".json")


def kind_of(path: Path) -> str | None:
    """Return what a file is: a kind of table, `!` and words for a faulty one, or None."""
    try:
        with heads.opened(path) as file:
            start = file.read(512)
            if not _may_be(path, start):
                return None
            rest = file.read(HEAD - len(start))
    except OSError:
        return None
    head = (start + rest).decode("utf-8", "ignore").removeprefix("\ufeff")
    if path.suffix.lower() == ".csv":
        return _csv_kind(head)
    return _json_kind(head)


_FIRST_KEY = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*\{|\{\s*"[0-9]+"\s*:\s*\{)\s*"([^"\\]+)"\s*:'
)


def _may_be(path: Path, start: bytes) -> bool:
    """Say whether the first bytes can be those of a table: a submission has thousands of other JSON files."""
    if path.suffix.lower() == ".csv":
        return b"," in start
    first = _FIRST_KEY.match(start)
    return first is not None and first[1].decode("utf-8", "replace") in _KNOWN


_KNOWN = {
    *_COLUMNS,
    *_RENAMED,
    "ID",
    "UsedModel",
    "Accuracy_div_100",
    "uid",
    "git_url",
    "_reproducibility_report",
}


def _csv_kind(head: str) -> str | None:
    try:
        header = next(csv.reader(io.StringIO(head, newline="")), [])
    except csv.Error:
        return None
    names = {name.strip() for name in header}
    if names >= _NEEDED["short"]:
        return "short"
    if names >= _NEEDED["summary"]:
        return "summary"
    is_likely = names & {"Organization", "MlperfModel"} and len(names & set(_COLUMNS)) >= _LIKELY
    if not is_likely:
        return None
    return f"{FAULTY}{_missing(_NEEDED['summary'] - names)}"


def _missing(names: set[str]) -> str:
    columns = ", ".join(sorted(names))
    return f"this table of MLPerf results has no column {columns}; restore it from the original"


def _json_kind(head: str) -> str | None:
    keys = set(re.findall(r'"([^"\\\n]+)"\s*:', head))
    if keys >= _NEEDED["results"] and ("Performance_Result" in keys or "Power_Result" in keys):
        return "results"
    if keys >= _NEEDED["rows"]:
        return "rows"
    return None


def identity_of(path: Path) -> str:
    """Return the path from the root of the submission: its division, or the experiment's folder, marks it."""
    parts = path.absolute().parts
    for index in range(len(parts) - 2, 0, -1):
        if parts[index].startswith("mlperf-inference--"):
            return "/".join(parts[index:])
        # <division>/<submitter>/..., at most as deep as submitters put their tables
        if parts[index] in ("closed", "open", "network") and 2 <= len(parts) - 1 - index <= 5:
            return "/".join(parts[index:])
    return path.name


def _experiment(path: Path) -> tuple[str, str] | None:
    """Return round and topic of an experiment of cm4mlperf: `mlperf-inference--v4.0--edge--closed--…`, or None."""
    for part in reversed(path.parts[:-1]):
        if part.startswith("mlperf-inference--"):
            _, round_id, topic = (*part.split("--", 2), "")[:3]
            return round_id, topic
    return None


def earlier_copies(paths: list[Path]) -> dict[Path, tuple[Path, ...]]:
    """Return for each table of cm4mlperf those that hold rows of it already: the rounds' own before `all`, new before old."""
    groups: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for path in paths:
        experiment = _experiment(path)
        if experiment:
            round_id, topic = experiment
            groups[topic].append((round_id, path))
    earlier: dict[Path, tuple[Path, ...]] = {}
    for group in groups.values():
        newest = sorted(group, key=lambda item: item[1].as_posix(), reverse=True)
        ordered = sorted(newest, key=lambda item: item[0] == "all")
        for index, (round_id, path) in enumerate(ordered):
            before = [
                other for other_round, other in ordered[:index] if round_id in ("all", other_round)
            ]
            earlier[path] = tuple(before)
    return earlier


def rows_of(path: Path, kind: str, unit: Unit) -> tuple[list[Row], list[tuple[int, str]]]:
    """Return the rows of a table and those that cannot be read; raises BenchfmtError."""
    size = path.stat().st_size
    if size > unit.limits.json_bytes:
        raise BenchfmtError(
            f"{path.name} has {size} bytes; at most {unit.limits.json_bytes} are read as one table"
        )
    if kind in ("results", "rows"):
        return _json_rows(path, unit)
    return _csv_rows(path, unit)


def _csv_rows(path: Path, unit: Unit) -> tuple[list[Row], list[tuple[int, str]]]:
    table = TextTable(path, limits=unit.limits)
    held = HeldRows(unit.limits)
    rows = []
    for frame, numbers in table.batches():
        names = [_RENAMED.get(name.strip(), name.strip()) for name in frame.columns]
        for number, cells in zip(numbers.tolist(), frame.iter_rows(), strict=True):
            named = zip(names, cells, strict=True)
            filled = {name: cell for name, cell in named if cell}
            held.add(filled.values())
            rows.append(Row(number, f"row={number}", filled))
    return rows, [(bad.row, _cells(bad)) for bad in table.bad_rows]


def _cells(bad: BadRow) -> str:
    message = (
        f"the row has {bad.actual} cells where the table has {bad.expected} columns; "
        "put cells with commas in quotes"
    )
    if bad.open_quote:
        return f"{message}; a quote is never closed, so the rows after it are lost in it"
    return message


def _json_rows(path: Path, unit: Unit) -> tuple[list[Row], list[tuple[int, str]]]:
    rows: list[Row] = []
    failed: list[tuple[int, str]] = []
    held = HeldRows(unit.limits)
    for number, (locator, item) in enumerate(_json_items(path, unit), start=1):
        held.add(())  # what the data takes has been counted
        if isinstance(item, dict):
            rows.append(Row(number, locator, _renamed(item)))
        else:
            failed.append((number, f"not an object of column names and values at {locator}"))
    return rows, failed


def _json_items(path: Path, unit: Unit) -> Iterator[tuple[str, JsonValue]]:
    """Yield the entries of a JSON table, each with its pointer."""
    data = jsons.read(path, unit.limits, digits=True)
    if isinstance(data, list):
        for index, value in enumerate(data):
            yield f"/{index}", value
    elif isinstance(data, dict):
        for key, value in data.items():
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield f"/{escaped}", value
    else:
        raise BenchfmtError(f"{path.name} is not a list of results")


def _renamed(item: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the cells of a JSON row that say something, by the checker's names."""
    renamed = _RENAMED
    if "UsedModel" in item:  # its `Model` is the official name
        renamed = _RENAMED_WITH_USED_MODEL
    cells: dict[str, JsonValue] = {}
    for key, value in item.items():
        name = renamed.get(key, key)
        if value is not None and value != "" and name not in cells:
            cells[name] = value
    return cells


def copies(unit: Unit, kind: str) -> dict[tuple[str, ...], str]:
    """Return what stands in the other tables that a unit names, each with the words that say where."""
    seen = {}
    for path in unit.supporting:
        if path.name in ("_cm.json", model_mapping.NAME):
            continue
        try:
            rows, _ = rows_of(path, kind, unit)
        except (BenchfmtError, OSError):  # told when that file is read
            continue
        for row in rows:
            for key in _keys(row):
                seen[key] = f"row {row.number} of {identity_of(path)}"
    return seen


def _keys(row: Row) -> list[tuple[str, ...]]:
    keys = [row.key(_SAME)]
    uid = row.text("uid")
    if uid:
        keys.append(("uid", uid))
    return keys


def without_copies(
    rows: list[Row], seen: dict[tuple[str, ...], str]
) -> tuple[list[Row], list[tuple[int, str]]]:
    """Return the rows that stand nowhere else, and those that do."""
    fresh: list[Row] = []
    skipped: list[tuple[int, str]] = []
    for row in rows:
        keys = _keys(row)
        where = next((seen[key] for key in keys if key in seen), None)
        if where:
            skipped.append((row.number, f"repeats {where}"))
            continue
        fresh.append(row)
        for key in keys:
            seen[key] = f"row {row.number}"
    return fresh, skipped


@dataclass(slots=True)
class Result:
    """The rows of one result: its performance, its power, or both."""

    row: Row
    power: Row | None = None
    alone: bool = False
    """Whether only power is there."""


def joined(
    rows: list[Row], told: Told
) -> tuple[list[Result], list[tuple[int, str]], list[tuple[int, str]]]:
    """Return results, with a power row joined to the performance row of the same result; and the rows that are none."""
    skipped: list[tuple[int, str]] = []
    failed: list[tuple[int, str]] = []
    powers: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    results: list[Result] = []
    for row in rows:
        fault = _fault(row)
        if fault is None:
            if _is_power(row):
                powers[row.key(_RESULT_OF)].append(row)
            else:
                results.append(Result(row))
        elif row.text("Result") or row.text("Power_Result"):
            failed.append((row.number, fault))
        else:
            skipped.append((row.number, fault))
    for result in results:
        waiting = powers.get(result.row.key(_RESULT_OF))
        if waiting and "Power_Result" not in result.row.cells:
            result.power = waiting.pop(0)
    results += _power_alone(powers, told)
    return sorted(results, key=lambda result: result.row.number), skipped, failed


def _is_power(row: Row) -> bool:
    return row.text("Units") in POWER or not row.text("Result")


def _power_alone(powers: Mapping[tuple[str, ...], list[Row]], told: Told) -> list[Result]:
    """Return the results of which only power is there."""
    results = []
    message = "power stands here in place of the performance, which this table does not state"
    for rows in powers.values():
        for row in rows:
            told.report(row.number, "BF705", message, "Result")
            results.append(Result(row, row, alone=True))
    return results


def _fault(row: Row) -> str | None:
    """Say why a row is no result, or None."""
    text = row.text("Result") or row.text("Power_Result")
    if text is None:
        return "no result: the cell is empty"
    number = exact(text)
    if number is None:
        return f"the result {text[:40]!r} is not a number"
    if number <= 0:
        return f"the result {text[:40]} is not above zero, which no run that ended gives"
    if not (row.text("Model") or row.text("MlperfModel")) or not row.text("Scenario"):
        return "the row names no model or no scenario; fill in both columns"
    return None
