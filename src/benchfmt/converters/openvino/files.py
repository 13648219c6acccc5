"""Which files of a source are outputs of benchmark_app, its reports, or its performance counters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.base import Pattern, Source, with_endings
from benchfmt.converters.openvino.log import LOGS, OWN, is_printed

PATTERNS = (
    Pattern(
        with_endings(*LOGS),
        words=(
            "Throughput:",
            "Duration:",
            "Measuring performance",
            "Loading OpenVINO",
            "Loading the model",
        ),
    ),
    Pattern(("*.csv",), words=("throughput;", "target device;")),
    Pattern(("*.json",), words=('"execution_results"', '"configuration_setup"')),
)
_CSV_HEAD = re.compile(
    r"\s*(?:Command line parameters|Configuration setup|Execution results)\s*$", re.MULTILINE
)
_CSV_ROW = re.compile(r"^(?:throughput|target device);", re.MULTILINE)
_JSON_SECTION = re.compile(r'"(?:execution_results|configuration_setup)"\s*:')
_COUNTERS = re.compile(
    r'\s*layerName;execStatus;layerType|\s*\{\s*"(?:report_type|detailed_performance|avg_performance)"'
)
_HEAD_BYTES = 4096


def classified_files(source: Source) -> Iterator[tuple[Path, str]]:
    """Yield the tool's files with their kind: `log`, `report` or `counters`."""
    for path, ending in texts.candidates(source, *LOGS, ".csv", ".json"):
        kind = _kind(path, ending)
        if kind:
            yield path, kind


def _kind(path: Path, ending: str) -> str | None:
    if ending == ".csv":
        return _kind_of_csv(texts.head(path, _HEAD_BYTES))
    if ending == ".json":
        return _kind_of_json(texts.head(path, _HEAD_BYTES))
    if is_printed(texts.head(path, own=OWN)):
        return "log"
    return None


def _kind_of_csv(head: str) -> str | None:
    if _COUNTERS.match(head):
        return "counters"
    if _CSV_HEAD.match(head) and _CSV_ROW.search(head):
        return "report"
    return None


def _kind_of_json(head: str) -> str | None:
    if _COUNTERS.match(head):
        return "counters" if '"node_type"' in head else None
    if head.lstrip().startswith("{") and _JSON_SECTION.search(head):
        return "report"
    return None
