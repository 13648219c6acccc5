"""MLPerf Storage v0.5 to v3.0: submission trees, or any part of one, from reports and run summaries to records.

One record per report, or per workload where there is none. The report says the rates of each run and their means; the
summaries of the runs add the accelerator utilisation, and are not counted again. Where the files stand is in
`storage_layout`; the rules of the suite are data: `benchfmt.suites.mlperf_storage`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.mlperf.places import Places
from benchfmt.converters.mlperf.results_tree import check_round, set_aside
from benchfmt.converters.mlperf.storage import descriptions as storage_descriptions
from benchfmt.converters.mlperf.storage import layout
from benchfmt.converters.mlperf.storage import record as storage_record
from benchfmt.suites import mlperf_storage as rules

NAME = "mlperf-storage"
VERSION = "1.0"
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}
PATTERNS = (Pattern((layout.REPORT, layout.SUMMARY)),)


def detect(source: Source) -> Match | None:
    """Say how many reports and run summaries of MLPerf Storage a source holds, or None."""
    reports = [path for path in source.files.named(layout.REPORT) if layout.is_report(path)]
    summaries = [path for path in source.files.named(layout.SUMMARY) if layout.is_summary(path)]
    found = reports or summaries
    if not found:
        return None
    return Match(
        0.9,
        f"{len(reports)} reports and {len(summaries)} run summaries of MLPerf Storage, first {source.relative(found[0])}",
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each result, then what the other files are."""
    check_round(options, "MLPerf Storage", rules.ROUNDS)
    places = Places.of(source)
    groups, copies = layout.without_copies(layout.groups(source, places))
    for copy, first in copies:
        yield Skipped(copy, f"the same report as {source.relative(first)}")
    described = storage_descriptions.descriptions(source)
    roots = set()
    for folder, files in groups.items():
        where = layout.place(folder)
        roots.add(where.prefix or folder)
        phase = next((part for part in where.inner if part in rules.UNREAD_PHASES), None)
        if phase is None:
            yield _unit(source, options, where, files, storage_descriptions.of(where, described))
            continue
        reason = f"what the results of {phase} mean is not known: no description of them was found"
        for _, path in files:
            yield Failed(path, reason)
    yield from set_aside(source, roots, layout.WHY)
    yield from places.skipped(source)


def _unit(
    source: Source,
    options: Mapping[str, str],
    where: layout.Place,
    files: layout.Files,
    fitting: Sequence[Path],
) -> Unit:
    """Return the unit of a result; of several descriptions of its system that fit alike none is taken."""
    unclear: tuple[str, ...] = ()
    if len(fitting) == 1:
        files = [*files, ("system", fitting[0])]
    else:
        unclear = tuple(path.name for path in fitting)
    paths = [path for _, path in files]
    task = layout.Task(where, tuple(role for role, _ in files), unclear)
    return Unit(paths[0], tuple(paths[1:]), options, task, source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one result, and what is wrong with its files."""
    return storage_record.items(unit, NAME, VERSION)
