"""AI Benchmark desktop (ETH Zurich, `ai-benchmark` on PyPI): posted logs, tables, and `bench.json` of a fork.

A time is that of one batch, and images per second are derived from it. A run gives a record for each sub-test and one
for its scores; they share `provenance.execution`. The table of sub-tests is `benchfmt.suites.ai_benchmark`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.ai_benchmark import log
from benchfmt.converters.ai_benchmark.bench import of_bench
from benchfmt.converters.ai_benchmark.posted import of_post
from benchfmt.converters.ai_benchmark.record import NAME, VERSION, Post
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
from benchfmt.readers.files import file_sha256
from benchfmt.readers.lines import ENDINGS

__all__ = ["NAME", "VERSION", "detect", "plan", "read"]
OPTIONS = ("processor", "accelerator", "system", "date", "submitter", "url")
SHARES_LOGS = True

_WORDS = (
    "AI-Benchmark",
    " batch=",
    "Device Inference Score",
    "Device Training Score",
    "Device AI Score",
    "CPU RAM:",
)
"""One of them stands in every post; looking for them first is quick."""
_DESCRIPTION = {"TF Version", "CPU RAM"}
"""Lines by which the package describes the device before its tests."""
_RETYPED = re.compile(
    r"\|\s*(?:Device (?:Inference|Training|AI) Score|(?:inference|training)\s+batch=\d+,\s*size=\d+x)"
)
_STAGE = re.compile(r"\|\s*stage\s*\|")
_BENCH_HEAD = re.compile(r'^\s*\[\s*\{[^{}]*"public_id"')
PATTERNS = (
    Pattern(
        with_endings(*ENDINGS, ".markdown", ".json"),
        words=("AI-Benchmark", "batch=", "Score", "CPU RAM", '"public_id"'),
    ),
)


def detect(source: Source) -> Match | None:
    """Say how many logs of AI Benchmark a source holds, or None."""
    files = list(_files(source))
    logs = [path for path, kind in files if kind != "scores"]
    if logs:
        return Match(0.9, f"{len(logs)} logs of AI Benchmark, first {source.relative(logs[0])}")
    if not files:
        return None
    first, _ = files[0]
    return Match(0.7, f"{len(files)} posts of AI Benchmark's scores, first {first.name}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each log, table or `bench.json`."""
    for path, kind in _files(source):
        yield Unit(path, options=options, extra=kind, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one file."""
    try:
        post = Post(unit, file_sha256(unit.path))
        if unit.extra == "bench":
            yield from of_bench(post)
        else:
            yield from of_post(post)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))


def _files(source: Source) -> Iterator[tuple[Path, str]]:
    for path, head in texts.readable(source, *ENDINGS, ".markdown", ".json", own=log.OWN):
        kind = kind_of(head)
        if kind:
            yield path, kind


def kind_of(head: str) -> str | None:
    """Say by its beginning what a file is: a log, `bench.json`, scores alone, or nothing of AI Benchmark."""
    if _BENCH_HEAD.match(head) and '"time_mean"' in head:
        return "bench"
    if not any(word in head for word in _WORDS):
        return None
    text = log.plain_letters(head)
    if _is_log(text):
        return "log"
    if log.SCORE.search(text):
        return "scores"
    if _RETYPED.search(text) and _STAGE.search(text):
        return "log"
    return None


def _is_log(text: str) -> bool:
    """Say whether a text has a line of a run, or those by which the package describes the device before its tests."""
    if log.BANNER.search(text) or log.LOOSE.search(text):
        return True
    matches = map(log.INFO.search, text.split("\n"))
    return {match["key"] for match in matches if match} >= _DESCRIPTION
