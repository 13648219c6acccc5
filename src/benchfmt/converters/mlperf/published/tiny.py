"""MLPerf Tiny: the published rows, in the copies of cm4mlperf (`mlperf-tiny--<round>--<division>--<benchmark>`).

A record says what the row says, every number with the basis `published`, so that it can be compared with what
`mlperf-tiny` reads from the runner's files of the same result (`provenance.execution`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.mlperf import systems, tiny
from benchfmt.converters.mlperf.published.rounds import round_of
from benchfmt.converters.mlperf.tiny import system as tiny_system
from benchfmt.converters.mlperf.tiny.quality import targets
from benchfmt.converters.mlperf.tiny.speed import RATE, possible
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.record import Record, given
from benchfmt.suites import mlperf_tiny as rules
from benchfmt.units import convert
from benchfmt.vocabulary import vocabulary

NAME = "mlperf-tiny-published"
VERSION = "1.0"
SUITE = tiny_system.SUITE
PREFIXES = tiny.PREFIXES

_HEAD = 16 * 1024
_MARKS = (b'"median_throughput"', b'"Benchmark"', b'"Board Name"')
_NEEDED = ("Benchmark", "median_throughput")
_COLUMNS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("median_throughput", {**RATE, "primary": True}, "/s"),
    (
        "median_energy_cost",
        {
            "metric": "energy",
            "statistic": "median",
            "stage": "inference",
            "per": "sample",
            "scope": "board",
        },
        "J",
    ),
    ("median_energy_median_throughput", {**RATE, "scope": "run:energy"}, "/s"),
    ("accuracy_Top-1", {"metric": "accuracy", "statistic": "pooled"}, "1"),
    ("accuracy_AUC", {"metric": "auroc", "statistic": "pooled"}, "1"),
)
_UNITS = {"inf./sec.": "/s", "uj/inf.": "uJ", "mj/inf.": "mJ", "%": "%"}
"""The words of the columns `…_metric`; an AUC has none."""
_SAID = {
    "Organization",
    "Submitter",
    "Division",
    "Benchmark",
    "version",
    "Status",
    "git_url",
    "Result",
    "Accuracy",
    "_Result",
    "_Accuracy",
    "__Organization",
    "__System",
    "__version",
    *(column for column, _, _ in _COLUMNS),
    *(f"{column}_metric" for column, _, _ in _COLUMNS),
}
"""What the record says in fields, and the doubles of it (`Result` is `median_throughput`)."""


def detect(source: Source) -> Match | None:
    """Say how many tables of MLPerf Tiny's published rows a source holds, or None."""
    found = _tables(source)
    return (
        Match(0.9, f"{len(found)} tables of MLPerf Tiny, first {source.relative(found[0])}")
        if found
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table."""
    for path in _tables(source):
        yield Unit(path, options=options, limits=source.limits)


def _tables(source: Source) -> list[Any]:
    found = []
    for path in source.with_suffix(".json"):
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD)
        except OSError:
            continue
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") and all(
            mark in head for mark in _MARKS
        ):
            found.append(path)
    return found


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each row; a row that cannot be read is a Failed of its own."""
    try:
        rows = jsons.read(unit.path, unit.limits, digits=True)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
        return
    digest = file_sha256(unit.path)
    of_path = round_of(unit.path, rules.ROUNDS, ("tiny", "mlperf"))
    for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
        missing = [name for name in _NEEDED if not isinstance(row, dict) or name not in row]
        if missing:
            yield Failed(unit.path, f"the row has no {' and no '.join(missing)}", number)
            continue
        try:
            yield Record.from_dict(
                _record(row, number, {"path": _path(unit), "sha256": digest}, of_path)
            )
        except (ValidationError, ValueError) as error:
            yield Failed(unit.path, str(error).splitlines()[0], number)


def _path(unit: Unit) -> str:
    """Return the path from the experiment's folder on, or the file's name."""
    parts = unit.path.absolute().parts
    start = next(
        (
            index
            for index in range(len(parts) - 2, 0, -1)
            if parts[index].startswith("mlperf-tiny--")
        ),
        None,
    )
    return "/".join(parts[start:]) if start else unit.path.name


def _record(
    row: Mapping[str, Any], number: int, source: Mapping[str, str], of_path: str | None
) -> dict[str, Any]:
    name = _text(row, "Benchmark") or ""
    benchmark = rules.benchmark(name)
    division = vocabulary().match("division", _text(row, "Division") or "", SUITE)
    closed = division == "closed"
    round_id = _text(row, "version") or _text(row, "__version") or of_path
    measurements = []
    for column, key, unit in _COLUMNS:
        item = _measured(row, column, key, unit)
        if item:
            measurements.append(item | targets(benchmark, item["metric"], closed=closed))
    if not any("value" in item for item in measurements):
        raise ValueError("the row has no number that is one")
    description = {
        key: value
        for key, value in row.items()
        if isinstance(value, str) and not isinstance(value, Digits)
    }
    status = _text(row, "Status")
    kept = {
        key: plain
        for key, value in row.items()
        if key in ("uid", "url") and (plain := systems.said(value))
    }
    record = {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=SUITE,
            suite_version=round_id,
            name=benchmark.name if benchmark else name or None,
            division=division,
            category=vocabulary().match("category", status, SUITE) if status else None,
            scenario=benchmark.scenario if benchmark else None,
            phase="inference",
        ),
        "task": benchmark.task if benchmark else None,
        "dataset": given(name=benchmark.dataset) if benchmark else {},
        "model": given(name=benchmark.model) if benchmark and closed else {},
        "system": _system(description),
        "software": tiny_system.software(description),
        "configuration": given(
            precision=systems.precision(description.get("Quantization Method")),
            batch_size=benchmark.batch_size if benchmark else None,
        ),
        "measurements": measurements,
        "status": "ok",
        "provenance": given(
            submitter=_text(row, "Submitter") or _text(row, "Organization"),
            url=_text(row, "git_url"),
            execution=_execution(row, round_id, division, name),
            sources=[{**source, "locator": f"row={number}"}],
            converter=NAME,
            converter_version=VERSION,
        ),
        "extensions": {"mlperf": {**kept, **tiny_system.software_notes(description)}},
    }
    return {key: value for key, value in record.items() if value not in (None, {}, {"mlperf": {}})}


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return " ".join(value.split()) or None if isinstance(value, str) else None


def _system(description: Mapping[str, str]) -> dict[str, Any]:
    return tiny_system.system(
        {key: value for key, value in description.items() if key not in _SAID | {"uid", "url"}}
    )


def _measured(
    row: Mapping[str, Any], column: str, key: Mapping[str, Any], unit: str
) -> dict[str, Any] | None:
    """Return a number of the row in its unit; None where the row has none."""
    text = row.get(column)
    if not isinstance(text, Digits):
        return None
    word = _text(row, f"{column}_metric")
    code = "1" if word is None and column == "accuracy_AUC" else _UNITS.get((word or "").lower())
    value = convert(text, code, unit) if code else None
    if value is None:
        return {**key, "missing": "invalid-in-source", "reported_value": str(text)}
    found = {
        **key,
        "value": value,
        "unit": unit,
        "basis": "published",
        "reported_value": str(text),
        **({"reported_unit": code} if code and code != "1" else {}),
    }
    return possible(found) if key["metric"] in ("throughput", "energy") else found


def _execution(
    row: Mapping[str, Any], round_id: str | None, division: str | None, name: str
) -> str | None:
    """Return the result's folder as the runner's records name it; the folder's name of the submitter ends the address."""
    url = _text(row, "git_url") or ""
    folder = re.search(r"/(?:closed|open)/([^/]+)/?$", url)
    submitter = folder[1] if folder else _text(row, "__Organization")
    system = _text(row, "__System")
    parts = (round_id, division, submitter, "results", system, name)
    return "/".join(str(part) for part in parts) if all(parts) else None
