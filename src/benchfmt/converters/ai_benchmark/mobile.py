"""AI Benchmark mobile (ETH Zurich): the ranking of processors, as a table of points.

A page is overwritten as results come in, and scores of different versions of the app do not compare: give the version
and the day of retrieval (`--option version=6 --option date=2026-04-14`). A processor may stand in several rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.flat import parse_resource, read_table
from benchfmt.finding import Finding
from benchfmt.readers.tables import SNIFFED, TableError, TextTable
from benchfmt.suites import ai_benchmark as rules

NAME = "ai-benchmark-mobile"
VERSION = "1.0"
SUITE = "ai-benchmark-mobile"
OPTIONS = ("version", "date", "url")

_ZERO: JsonValue = {"0": "not-reported"}
"""A 0 is less than one point or a test that failed; the ranking does not tell which."""
_ACCELERATOR = "AI Accelerator"
_FIELDS: dict[str, dict[str, JsonValue]] = {
    "Processor": {"field": "system.name"},
    "CPU Cores": {"field": "system.processor.name"},
    _ACCELERATOR: {"field": "system.accelerator.name", "missing": {"none": "not-applicable"}},
    "Year": {"field": f"extensions.{SUITE}.year"},
    "Lib": {"field": "software.stack.lib"},
}
_METRICS = {
    "CPU-Q Score": "cpu-q-score",
    "CPU-F Score": "cpu-f-score",
    "INT8 CNNs": "int8-cnns",
    "INT8 Transformer": "int8-transformer",
    "INT8 Accuracy": "int8-accuracy",
    "FP16 CNNs": "fp16-cnns",
    "FP16 Transformer": "fp16-transformer",
    "FP16 Accuracy": "fp16-accuracy",
    "INT16 CNNs": "int16-cnns",
    "INT8 Parallel": "int8-parallel",
    "FP16 Parallel": "fp16-parallel",
    "AI Score": "mobile-ai-score",
}
"""The columns of the page, by its own headings; the unit of an accuracy is not known, all others are points."""
_SCRAPED = {
    "processor": "Processor",
    "cpu_cores": "CPU Cores",
    "npu_type": _ACCELERATOR,
    "release_year": "Year",
    "lib": "Lib",
    "cpu_q_score": "CPU-Q Score",
    "cpu_f_score": "CPU-F Score",
    "int8_cnns": "INT8 CNNs",
    "ai_score": "AI Score",
    "int8_transformer": "INT8 Transformer",
    "fp16_cnns": "FP16 CNNs",
    "fp16_transformer": "FP16 Transformer",
}
"""The columns of a scraper, by those of the page; its `vendor` is its own and no word of AI Benchmark's."""
_UNITS = ("GPU", "DSP", "Hex", "NPU", "APU", "Neural Engine")
_COMMON = {"Processor", "AI Score", "CPU-Q Score", "CPU-F Score"}
PATTERNS = (Pattern(("*.csv", "*.tsv"), words=("CPU-Q Score", "cpu_q_score")),)


def detect(source: Source) -> Match | None:
    """Say how many rankings of processors a source holds, or None."""
    paths = [path for path, _ in _tables(source)]
    if not paths:
        return None
    return Match(0.9, f"{len(paths)} rankings of AI Benchmark, first {paths[0].name}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each ranking."""
    for path, delimiter in _tables(source):
        yield Unit(path, options=options, extra=delimiter, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one ranking."""
    try:
        columns = TextTable(unit.path, unit.extra, SNIFFED, unit.limits).header()
    except TableError as error:
        yield Failed(unit.path, str(error))
        return
    yield from _unsaid(unit, columns)
    resource = parse_resource(describe_table(unit, columns))
    yield from read_table(
        unit.path, resource, converter=NAME, version=VERSION, limits=unit.limits, encoding=SNIFFED
    )


def describe_table(unit: Unit, columns: list[str]) -> dict[str, JsonValue]:
    """Return the descriptor of a ranking."""
    fields: list[JsonValue] = []
    units: list[JsonValue] = []
    for column in columns:
        heading = _on_the_page(column)
        annotation = _annotation(heading)
        if annotation:
            fields.append({"name": column, "benchfmt": annotation})
        if heading == _ACCELERATOR:
            units += [_unit(column, *known) for known in rules.mobile_units()]
    constants = {
        "benchmark.suite": SUITE,
        "benchmark.suite_version": unit.options.get("version") or rules.mobile_version(columns),
        "benchmark.name": "ranking-processors",
        "task": "mixed",
        "provenance.measured_at": unit.options.get("date"),
        "provenance.url": unit.options.get("url"),
    }
    return {
        "path": unit.path.name,
        "dialect": {"delimiter": unit.extra},
        "schema": {"fields": fields, "missingValues": [""]},
        "benchfmt": {
            "constant": {path: text for path, text in constants.items() if text},
            "extract": units,
        },
    }


def _on_the_page(column: str) -> str:
    """Return the page's heading of a column."""
    return _SCRAPED.get(column, column)


def _annotation(heading: str) -> dict[str, JsonValue] | None:
    """Return what a column holds, None for one that is not known."""
    metric = _METRICS.get(heading)
    if metric is None:
        return _FIELDS.get(heading)
    annotation: dict[str, JsonValue] = {
        "metric": f"ai-benchmark:{metric}",
        "basis": "published",
        "missing": _ZERO,
        "primary": heading == "AI Score",
    }
    if not heading.endswith("Accuracy"):
        annotation["unit"] = "1"
    return annotation


def _unit(column: str, pattern: str, kind: str) -> JsonValue:
    """Return how an accelerator's name says its kind, where it names one unit."""
    return {
        "from": column,
        "pattern": f"(?P<unit>{pattern})[^+]*$",
        "set": {"system.accelerator.kind": "unit"},
        "terms": {"system.accelerator.kind": dict.fromkeys(_UNITS, kind)},
    }


def _unsaid(unit: Unit, columns: list[str]) -> Iterator[Finding]:
    where = unit.path.name
    if "version" not in unit.options:
        known = rules.mobile_version(columns)
        hint = "no score of it compares with another"
        if known:
            hint = f"its columns are those of version {known}"
        yield texts.finding(
            "BF101",
            where,
            f"the ranking does not say of which version of the app it is; {hint}",
            "give it: --option version=6",
        )
    if "date" not in unit.options:
        yield texts.finding(
            "BF513",
            where,
            "the ranking does not say when it was retrieved; the page is overwritten as results come in",
            "give it: --option date=2026-04-14",
        )


def _tables(source: Source) -> Iterator[tuple[Path, str]]:
    for path, head in texts.readable(source, ".csv", ".tsv"):
        first = head.split("\n", 1)[0].strip("\r\n\ufeff")
        delimiter = max(",;\t", key=first.count)
        names = {re.sub(r'^"|"$', "", name.strip()) for name in first.split(delimiter)}
        if {*map(_on_the_page, names)} >= _COMMON:
            yield path, delimiter
