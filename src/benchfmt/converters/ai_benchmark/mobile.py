"""AI Benchmark mobile (ETH Zurich): the ranking of processors, as a table of points.

A page is overwritten as results come in, and scores of different versions of the app do not compare: give the version
and the day of retrieval (`--option version=6 --option date=2026-04-14`). A processor may stand in several rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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

ZERO = {"0": "not-reported"}
"""A 0 is less than one point or a test that failed; the ranking does not tell which."""
_POINTS = {"unit": "1", "basis": "published", "missing": ZERO}
_UNKNOWN = {"basis": "published", "missing": ZERO}
FIELDS: dict[str, dict[str, Any]] = {
    "Processor": {"field": "system.name"},
    "CPU Cores": {"field": "system.processor.name"},
    "AI Accelerator": {"field": "system.accelerator.name", "missing": {"none": "not-applicable"}},
    "Year": {"field": f"extensions.{SUITE}.year"},
    "Lib": {"field": "software.stack.lib"},
    "CPU-Q Score": {"metric": "ai-benchmark:cpu-q-score", **_POINTS},
    "CPU-F Score": {"metric": "ai-benchmark:cpu-f-score", **_POINTS},
    "INT8 CNNs": {"metric": "ai-benchmark:int8-cnns", **_POINTS},
    "INT8 Transformer": {"metric": "ai-benchmark:int8-transformer", **_POINTS},
    "INT8 Accuracy": {"metric": "ai-benchmark:int8-accuracy", **_UNKNOWN},
    "FP16 CNNs": {"metric": "ai-benchmark:fp16-cnns", **_POINTS},
    "FP16 Transformer": {"metric": "ai-benchmark:fp16-transformer", **_POINTS},
    "FP16 Accuracy": {"metric": "ai-benchmark:fp16-accuracy", **_UNKNOWN},
    "INT16 CNNs": {"metric": "ai-benchmark:int16-cnns", **_POINTS},
    "INT8 Parallel": {"metric": "ai-benchmark:int8-parallel", **_POINTS},
    "FP16 Parallel": {"metric": "ai-benchmark:fp16-parallel", **_POINTS},
    "AI Score": {"metric": "ai-benchmark:mobile-ai-score", **_POINTS, "primary": True},
}
"""The columns of the page, by its own headings."""
SCRAPED = {
    "processor": "Processor",
    "cpu_cores": "CPU Cores",
    "npu_type": "AI Accelerator",
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
COMMON = {"Processor", "AI Score", "CPU-Q Score", "CPU-F Score"}
PATTERNS = (Pattern(("*.csv", "*.tsv"), words=("CPU-Q Score", "cpu_q_score")),)


def detect(source: Source) -> Match | None:
    """Say how many rankings of processors a source holds, or None."""
    found = [path for path, _ in _tables(source)]
    return (
        Match(0.9, f"{len(found)} rankings of AI Benchmark, first {found[0].name}")
        if found
        else None
    )


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


def describe_table(unit: Unit, columns: list[str]) -> dict[str, Any]:
    """Return the descriptor of a ranking."""
    fields = [
        {"name": name, "benchfmt": FIELDS[SCRAPED.get(name, name)]}
        for name in columns
        if SCRAPED.get(name, name) in FIELDS
    ]
    accelerator = next(
        (name for name in columns if SCRAPED.get(name, name) == "AI Accelerator"), None
    )
    version = unit.options.get("version") or rules.mobile_version(columns)
    said = {
        "benchmark.suite": SUITE,
        "benchmark.suite_version": version,
        "benchmark.name": "ranking-processors",
        "task": "mixed",
        "provenance.measured_at": unit.options.get("date"),
        "provenance.url": unit.options.get("url"),
    }
    kinds = [
        {
            "from": accelerator,
            "pattern": f"(?P<unit>{pattern})[^+]*$",
            "set": {"system.accelerator.kind": "unit"},
        }
        for pattern, _ in rules.mobile_units()
        if accelerator
    ]
    for item, (_, kind) in zip(kinds, rules.mobile_units(), strict=False):
        words = dict.fromkeys(("GPU", "DSP", "Hex", "NPU", "APU", "Neural Engine"), kind)
        item["terms"] = {"system.accelerator.kind": words}
    return {
        "path": unit.path.name,
        "dialect": {"delimiter": unit.extra},
        "schema": {"fields": fields, "missingValues": [""]},
        "benchfmt": {
            "constant": {path: text for path, text in said.items() if text},
            "extract": kinds,
        },
    }


def _unsaid(unit: Unit, columns: list[str]) -> Iterator[Finding]:
    where = unit.path.name
    if "version" not in unit.options:
        known = rules.mobile_version(columns)
        words = (
            f"its columns are those of version {known}"
            if known
            else "no score of it compares with another"
        )
        yield texts.finding(
            "BF101",
            where,
            f"the ranking does not say of which version of the app it is; {words}",
            "say it: --option version=6",
        )
    if "date" not in unit.options:
        yield texts.finding(
            "BF513",
            where,
            "the ranking does not say when it was retrieved; the page is overwritten as results come in",
            "say it: --option date=2026-04-14",
        )


def _tables(source: Source) -> Iterator[tuple[Path, str]]:
    for path, head in texts.readable(source, ".csv", ".tsv"):
        first = head.split("\n", 1)[0].strip("\r\n\ufeff")
        delimiter = max(",;\t", key=first.count)
        names = {re.sub(r'^"|"$', "", name.strip()) for name in first.split(delimiter)}
        if {SCRAPED.get(name, name) for name in names} >= COMMON:
            yield path, delimiter
