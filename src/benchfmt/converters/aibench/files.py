"""AIBench (BenchCouncil), Edge AIBench and DAIBench: component logs with what a user says of them, tables, reports.

There is no result format: every component prints as its authors liked. What no file says (component, framework,
processor, target) may stand in a sidecar `<file>.aibench.json` or be given as an option. What is no result is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.aibench import components, daibench, logs, tables
from benchfmt.converters.aibench.about import NAME, OPTIONS, SIDECAR, VERSION, beside
from benchfmt.converters.base import (
    Failed,
    Item,
    Match,
    Pattern,
    Skipped,
    Source,
    Unit,
    with_endings,
)
from benchfmt.finding import BenchfmtError
from benchfmt.readers.lines import ENDINGS

__all__ = ["NAME", "OPTIONS", "PREFIXES", "VERSION", "detect", "plan", "read"]
PREFIXES = {"aibench": {"title": "AIBench (BenchCouncil)"}}

LOGS = (*ENDINGS, ".csvlog")
_NUMBERS = re.compile(r"(\s*[0-9.eE+-]+\s*,)+\s*$")
_YOLO = re.compile(r"^[ \t]*\d+/\d+\s+[0-9.]+G(\s+[0-9.eE+-]+){13}\s*$", re.MULTILINE)
_BASELINE = re.compile(
    r'^\s*(?:<{7}[^\n]*\n)?\s*\{\s*"(?:train|val)\.(?:total_ips|compute_ips|compute_latency)"\s*:\s*\{'
)
_REPORT = re.compile(
    r'^\s*\{[\s\S]*"metrics"\s*:\s*\{[\s\S]*"(?:train|val)\.(?:total_ips|compute_ips|loss|top1)"'
)
_SUMMARY = re.compile(r"\AModel,Batch,FP32,TF32,FP32\*,TF32\*")
_DAIBENCH = re.compile(r"daibench([-_. ].*)?", re.IGNORECASE)
_UNSAID = (
    "a log of NVIDIA's DLLogger, which many programs write: nothing says that it is of DAIBench; where it is, say so with "
    f'--option suite=daibench, or in <file>{SIDECAR} {{"suite": "daibench"}}'
)
READERS: dict[str, Callable[[Unit], Iterator[Item]]] = {
    "log": components.read,
    "ssim": tables.compression,
    "scenario": tables.scenario,
    "yolo": tables.yolo,
    "summary": tables.inference_summary,
    "published": tables.published,
    "dllogger": daibench.logger,
    "report": daibench.report,
    "baseline": daibench.baseline,
}
_UNSURE = 0.1
_CONFIDENCE = {
    "published": 0.9,
    "summary": 0.9,
    "scenario": 0.9,
    "baseline": 0.8,
    "dllogger": 0.7,
    "ssim": 0.7,
    "yolo": 0.5,
}
PATTERNS = (
    Pattern(
        with_endings(*LOGS),
        words=("DLLL {", *logs.WORDS),
        expression=re.compile(rb"G\s+[0-9.eE+-]"),
    ),
    Pattern(("*.json",), words=('"train.', '"val.', "DLLL {")),
    Pattern(("*.csv",), words=("DLLL {", "lane,detection", "Model,Batch", "component_code")),
    Pattern(("*ssim*.csv",)),
)


def detect(source: Source) -> Match | None:
    """Say how many files of AIBench or a relative a source holds, or None."""
    found = [(path, kind) for path, kind in _kinds(source) if not kind.startswith("!")]
    if not found:
        return None
    confidence = max(_confidence(path, kind) for path, kind in found)
    first = source.relative(found[0][0])
    return Match(confidence, f"{len(found)} files of AIBench or DAIBench, first {first}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each result, and say why other files of the family are none."""
    for path, kind in _kinds(source):
        if kind.startswith("!"):
            yield Skipped(path, kind[1:])
        elif kind == "dllogger" and "suite" not in options and not _is_daibench(path):
            yield Skipped(path, _UNSAID)
        else:
            yield Unit(path, beside(path), options, kind, source.limits)
    for path in source.with_suffix(SIDECAR):
        if not path.with_name(path.name.removesuffix(SIDECAR)).is_file():
            yield Skipped(path, "it describes a file that is not here")


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one file."""
    try:
        yield from READERS[unit.extra](unit)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))


def _is_daibench(path: Path) -> bool:
    """Say whether a log of DLLogger is said to be of DAIBench: by somebody beside it, by a name above it, or by itself."""
    if beside(path) or any(map(_DAIBENCH.fullmatch, path.absolute().parts)):
        return True
    return "daibench" in texts.head(path).casefold()


def _confidence(path: Path, kind: str) -> float:
    if kind == "dllogger" and not _is_daibench(path):
        return _UNSURE
    if kind != "log":
        return _CONFIDENCE.get(kind, 0.5)
    form = logs.form_of(texts.head(path, own=logs.OWN))
    if beside(path) or (form and not form.generic):
        return 0.7
    return 0.3


def _kinds(source: Source) -> Iterator[tuple[Path, str]]:
    for path, head in texts.readable(source, *LOGS, ".csv", ".json", own=logs.OWN):
        kind = kind_of(path, head)
        if kind:
            yield path, kind


def kind_of(path: Path, head: str) -> str | None:
    """Say by its beginning what a file is: a kind of result, `!` and why it is none, or None where it is of others."""
    if head.startswith("DLLL {"):
        return "dllogger"
    if path.name.endswith(".json"):
        return _json_kind(head)
    if path.name.endswith(".csv"):
        return _table_kind(path, head)
    if _YOLO.search(head):
        return "yolo"
    if logs.form_of(head):
        return "log"
    return _no_result(head)


def _json_kind(head: str) -> str | None:
    if _BASELINE.match(head):
        return "baseline"
    if '"metrics"' in head and _REPORT.match(head):
        return "report"
    return None


def _table_kind(path: Path, head: str) -> str | None:
    first = head.split("\n", 1)[0].strip("\r\n\ufeff ")
    if first == "lane,detection,light,sign":
        return "scenario"
    if _SUMMARY.match(head):
        if "_over_" in path.name:
            return "!ratios of two results, which are not results"
        return "summary"
    if set(first.split(",")) >= tables.NEEDED:
        return "published"
    if "ssim" in path.name.lower() and _NUMBERS.fullmatch(first):
        return "ssim"
    return _no_result(head)


def _no_result(head: str) -> str | None:
    why = logs.why_no_result(head)
    if why is None:
        return None
    return f"!{why}"
