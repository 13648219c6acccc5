"""MLPerf Inference and Automotive: the published result tables, as CSV and JSON, and the copies of cm4mlperf.

A record says what the table says. Where the rules of the round say otherwise, it has the caveat `source-disagrees`, so
that it can be compared with what `mlperf-inference` computes from the logs of the same result (`provenance.execution`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters.base import Failed, Item, Match, Part, Skipped, Source, Unit
from benchfmt.converters.mlperf import model_mapping
from benchfmt.converters.mlperf.published.records import NAME, VERSION, Maker
from benchfmt.converters.mlperf.published.rounds import round_of
from benchfmt.converters.mlperf.published.rows import (
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


def detect(source: Source) -> Match | None:
    """Say how many published tables of MLPerf Inference or Automotive a source holds, or None."""
    kinds = [(path, kind) for path in candidates(source) if (kind := kind_of(path))]
    found = [path for path, kind in kinds if not kind.startswith("!")]
    if found:
        return Match(
            0.9,
            f"{len(found)} result tables of MLPerf Inference, first {source.relative(found[0])}",
        )
    return (
        Match(0.4, f"{len(kinds)} tables that look like MLPerf's, first {kinds[0][0].name}")
        if kinds
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rules.ROUNDS:
        raise BenchfmtError(
            f"there is no round {wanted!r} of MLPerf Inference; there are: {', '.join(rules.ROUNDS)}"
        )
    kinds = [(path, kind) for path in candidates(source) if (kind := kind_of(path))]
    earlier = earlier_copies([path for path, kind in kinds if kind == "rows"])
    files = set(source.files)
    for path, kind in kinds:
        if kind.startswith("!"):
            yield Failed(path, kind[1:])
            continue
        about = [
            p for p in (path.with_name("_cm.json"), path.parent.parent / "_cm.json") if p in files
        ]
        mappings = model_mapping.beside(path, files)
        beside = (*earlier.get(path, ()), *(about[:1] if kind == "rows" else ()), *mappings)
        said = round_of(path, rules.ROUNDS, ("inference", "mlperf"))
        yield Unit(path, beside, options, Table(kind, identity_of(path), said), source.limits)


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
