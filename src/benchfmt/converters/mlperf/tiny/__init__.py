"""MLPerf Tiny v0.5 to v1.3: submission trees, or any part of one, from the EnergyRunner's files to records.

One record per system and benchmark. The rate is that of the performance run; the energy run's own has the scope
`run:energy`. Where the files stand is in `tiny_layout`; the rules of the suite are data: `benchfmt.suites.mlperf_tiny`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.mlperf.places import Places
from benchfmt.converters.mlperf.results_tree import check_round, set_aside
from benchfmt.converters.mlperf.tiny import layout
from benchfmt.converters.mlperf.tiny import record as tiny_record
from benchfmt.readers import energyrunner
from benchfmt.suites import mlperf_tiny as rules

NAME = "mlperf-tiny"
VERSION = "1.0"
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}
PATTERNS = (Pattern(("*results.txt", "*log.txt", "*postproc.txt"), words=energyrunner.MARKS),)


def detect(source: Source) -> Match | None:
    """Say how many files of the EnergyRunner a source holds, or None."""
    found = [
        path
        for group in layout.groups(source).values()
        for path in group.values()
        if path.suffix == ".txt"
    ]
    return (
        Match(0.85, f"{len(found)} files of the EnergyRunner, first {source.relative(found[0])}")
        if found
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each benchmark of a system, then what the other files are."""
    check_round(options, "MLPerf Tiny", rules.ROUNDS)
    described = layout.system_files(source)
    roots = set()
    places = Places.of(source)
    for folder, files in layout.groups(source).items():
        if places.why(folder):
            continue
        where = layout.place(folder)
        roots.add(where.prefix or folder)
        roles = [role for role in layout.PRIMARY if role in files]
        found = [files[role] for role in roles]
        system = layout.system_of(where, described)
        if system:
            roles.append(layout.SYSTEM)
            found.append(system)
        yield Unit(
            found[0], tuple(found[1:]), options, layout.Task(where, tuple(roles)), source.limits
        )
    yield from set_aside(source, roots, layout.WHY)
    yield from places.skipped(source)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one result, and what is wrong with its files."""
    return tiny_record.items(unit, NAME, VERSION)
