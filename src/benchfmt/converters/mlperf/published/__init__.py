"""MLPerf Inference and Automotive: the published result tables, as CSV and JSON, and the copies of cm4mlperf.

A record says what the table says. Where the rules of the round say otherwise, it has the caveat `source-disagrees`, so
that it can be compared with what `mlperf-inference` computes from the logs of the same result (`provenance.execution`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from benchfmt.converters.base import Failed, Item, Match, Part, Pattern, Skipped, Source, Unit
from benchfmt.converters.mlperf import model_mapping
from benchfmt.converters.mlperf.published.records import NAME, VERSION, Maker
from benchfmt.converters.mlperf.published.rounds import round_of
from benchfmt.converters.mlperf.published.rows import (
    FAULTY,
    Table,
    Told,
    candidates,
    copies,
    earlier_copies,
    identity_of,
    joined,
    kind_of,
    rows_of,
    without_copies,
)
from benchfmt.finding import BenchfmtError
from benchfmt.readers.files import file_sha256
from benchfmt.suites import mlperf_inference as rules
from benchfmt.tables import to_batch

__all__ = ["NAME", "VERSION", "detect", "plan", "read"]
OPTIONS = ("round",)
_PART_ROWS = 2_000
PATTERNS = (
    Pattern(("*.csv",), words=("Organization", "MlperfModel", "perf_metric")),
    Pattern(("*.json",), words=('"UsedModel"', '"MlperfModel"')),
)


def detect(source: Source) -> Match | None:
    """Say how many published tables of MLPerf Inference or Automotive a source holds, or None."""
    kinds = _kinds(source)
    if not kinds:
        return None
    tables = [path for path, kind in kinds if not kind.startswith(FAULTY)]
    if not tables:
        first = kinds[0][0].name
        return Match(0.4, f"{len(kinds)} tables that look like MLPerf's, first {first}")
    first = source.relative(tables[0])
    return Match(0.9, f"{len(tables)} result tables of MLPerf Inference, first {first}")


def _kinds(source: Source) -> list[tuple[Path, str]]:
    """Return the tables of a source, each with its kind."""
    kinds = []
    for path in candidates(source):
        kind = kind_of(path)
        if kind:
            kinds.append((path, kind))
    return kinds


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rules.ROUNDS:
        raise BenchfmtError(
            f"there is no round {wanted!r} of MLPerf Inference; there are: {', '.join(rules.ROUNDS)}"
        )
    kinds = _kinds(source)
    earlier = earlier_copies([path for path, kind in kinds if kind == "rows"])
    files = set(source.files)
    for path, kind in kinds:
        if kind.startswith(FAULTY):
            yield Failed(path, kind.removeprefix(FAULTY))
            continue
        beside = [*earlier.get(path, ())]
        if kind == "rows":
            beside += _about(path, files)
        beside += model_mapping.beside(path, files)
        round_id = round_of(path, rules.ROUNDS, ("inference", "mlperf"))
        table = Table(kind, identity_of(path), round_id)
        yield Unit(path, tuple(beside), options, table, source.limits)


def _about(path: Path, files: Collection[Path]) -> list[Path]:
    """Return the file that describes the experiment of a table of cm4mlperf, the nearest one."""
    for described in (path.with_name("_cm.json"), path.parent.parent / "_cm.json"):
        if described in files:
            return [described]
    return []


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one table in parts, and what is wrong with it."""
    table: Table = unit.extra
    try:
        rows, failed = rows_of(unit.path, table.kind, unit)
    except BenchfmtError as error:
        yield Failed(
            unit.path, f"{error}; get the file again as it was published, or give only whole files"
        )
        return
    told = Told(table.path)
    seen = copies(unit, table.kind)
    rows, skipped = without_copies(rows, seen)
    results, more_skipped, more_failed = joined(rows, told)
    maker = Maker(unit, table, file_sha256(unit.path), told)
    for start in range(0, len(results), _PART_ROWS):
        yield maker.part(results[start : start + _PART_ROWS])
    yield _lost(unit.path, [*skipped, *more_skipped], [*failed, *more_failed])
    yield from told.findings()
    yield from maker.broken


def _lost(path: Path, skipped: list[tuple[int, str]], failed: list[tuple[int, str]]) -> Part:
    """Return the part without records that accounts for the rows that give none."""
    return Part(
        path,
        to_batch([]),
        len(skipped) + len(failed),
        0,
        tuple(sorted(skipped)),
        tuple(sorted(failed)),
    )
