"""MLPerf Endpoints 1.0: points of a curve, one folder `r<concurrency>` each with `point.yaml` and `result_summary.json`.

The power of a system is declared, never measured. See docs/converters/mlperf-endpoints.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import Draft, DraftError
from benchfmt.converters.mlperf_endpoints.description import SUITE, describe
from benchfmt.converters.mlperf_endpoints.doubts import add_doubts
from benchfmt.converters.mlperf_endpoints.files import (
    ACCURACY,
    CONFIGURATION,
    FOLDER,
    POINT,
    POWER,
    SUMMARY,
    SYSTEM,
    add_place,
    read_files,
)
from benchfmt.converters.mlperf_endpoints.power import add_power
from benchfmt.converters.mlperf_endpoints.quality import add_accuracy
from benchfmt.converters.mlperf_endpoints.speed import add_rates, add_series, add_tokens
from benchfmt.finding import BenchfmtError

NAME = "mlperf-endpoints"
VERSION = "1.0"
PATTERNS = (Pattern((SUMMARY,)),)


def detect(source: Source) -> Match | None:
    """Say how many points of a curve a source holds, or None."""
    paths = list(_points(source))
    if not paths:
        return None
    return Match(
        0.95, f"{len(paths)} points of MLPerf Endpoints, first {source.relative(paths[0])}"
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each point."""
    for path in _points(source):
        beside = [path.with_name(name) for name in (POINT, CONFIGURATION, SYSTEM, ACCURACY)]
        beside.append(path.parent.parent.parent / POWER)
        there = tuple(item for item in beside if item.is_file() and not item.is_symlink())
        yield Unit(path, there, options, None, source.limits)


def lacks(path: Path) -> str | None:
    """Say what a result of an endpoint lacks to be a point of 1.0, or None."""
    if path.name == "results_summary.json" and path.parent.name.startswith("point_"):
        return "is a point of MLPerf Endpoints v0.7, whose tokens per second of a user are another number; 1.0 is read"
    if path.name == SUMMARY and FOLDER.fullmatch(path.parent.name):
        return f"looks like a point of MLPerf Endpoints, but no {POINT} lies beside it"
    return None


def _points(source: Source) -> Iterator[Path]:
    """Yield the summaries with a `point.yaml` beside them: MLPerf Inference has files of the same name."""
    for path in source.with_suffix(".json"):
        if path.name != SUMMARY or not path.with_name(POINT).is_file():
            continue
        if FOLDER.fullmatch(path.absolute().parent.name):
            yield path


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one point."""
    draft = Draft(NAME, VERSION, suite=SUITE, phase="inference", task="text-generation")
    try:
        files = read_files(draft, unit)
        describe(draft, files)
        add_place(draft, unit.path)
        add_rates(draft, files)
        add_series(draft, files)
        add_tokens(draft, files)
        add_accuracy(draft, files)
        add_power(draft, files)
        add_doubts(draft, files)
    except (BenchfmtError, DraftError) as error:
        yield Failed(unit.path, str(error))
        return
    yield from draft.items(unit.path)
