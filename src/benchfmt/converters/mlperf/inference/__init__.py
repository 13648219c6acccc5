"""MLPerf Inference: submission trees of every round, or any part of one, from LoadGen's logs to records.

One record per performance run. Numbers come from the detail log (six significant digits, what the published tables
show), else from the summary log. The rules of the rounds are data: `benchfmt.suites.mlperf_inference`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.inference import endpoints, loadgen_record, loose_logs
from benchfmt.converters.mlperf.inference.description import describe, names_of
from benchfmt.converters.mlperf.inference.quality import add_quality
from benchfmt.converters.mlperf.inference.run import NAME, VERSION, Run, Task
from benchfmt.converters.mlperf.layout import Folders, Place
from benchfmt.converters.mlperf.places import Places
from benchfmt.finding import BenchfmtError
from benchfmt.readers import loadgen
from benchfmt.readers.files import file_sha256
from benchfmt.suites import mlperf_inference as rules

__all__ = ["NAME", "VERSION", "detect", "lacks", "plan", "read"]
OPTIONS = ("round",)
SHARES_LOGS = True
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}


def detect(source: Source) -> Match | None:
    """Say whether a source holds LoadGen logs of a submission, or None."""
    names = [
        path
        for path in source.files
        if path.name in (layout.SUMMARY, layout.DETAIL, layout.ENDPOINTS)
    ]
    if not names:
        loose = next(loose_logs.summaries(source), None)
        return (
            Match(0.85, f"{source.relative(loose)} holds a summary of LoadGen") if loose else None
        )
    return Match(0.85, f"{len(names)} LoadGen logs, first {source.relative(names[0])}")


def lacks(path: Path) -> str | None:
    """Say what a text that looks like a log of LoadGen lacks, or None."""
    if path.name in (layout.SUMMARY, layout.DETAIL) or not loadgen.is_part(path):
        return loose_logs.lacks(path)
    return (
        "it looks like a summary of LoadGen, and the lines from `SUT name` to `Result is` do not stand there as one piece: "
        "they were cut off, or other lines stand between; give the file as LoadGen wrote it"
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each performance run with the files that tell about it, then what the others are."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rules.ROUNDS:
        raise BenchfmtError(
            f"there is no round {wanted!r} of MLPerf Inference; there are: {', '.join(rules.ROUNDS)}"
        )
    folders = Folders.of(source)
    homes, submissions = layout.Homes(), layout.Homes()
    summaries: list[Path] = []
    places = Places.of(source)
    for folder, name in folders.runs():
        if reason := places.why(folder):
            logs = (log for log in layout.LOGS if folders.has(folder, log))
            yield from (Skipped(_as_given(source, folder, log), reason) for log in logs)
            continue
        where = layout.place(folder)
        homes.add(folder, where)
        if where.prefix:
            submissions.add(folder, where)
        found = layout.supporting(folder, where, folders)
        found += loose_logs.described(folder, {role for role, _ in found}, folders)
        files = [(role, path) for role, path in found if path.name != name]
        path = _as_given(source, folder, name)
        if name == layout.SUMMARY:
            summaries.append(path)
        yield Unit(
            path,
            tuple(_as_given(source, *path.as_posix().rsplit("/", 1)) for _, path in files),
            options,
            Task(where, tuple(role for role, _ in files)),
            source.limits,
        )
    for loose in loose_logs.outside(source, submissions, summaries):
        if isinstance(loose, Skipped):
            yield loose
        elif reason := places.why(layout.absolute(loose).rpartition("/")[0]):
            yield Skipped(loose, reason)
        else:
            yield _loose(source, folders, loose, options)
    yield from (Skipped(path, "a link, which is not followed") for path in folders.links)
    for path in source.files:
        why = layout.why_skipped(source.relative(path))
        if why and homes.hold(layout.absolute(path)):
            yield Skipped(path, why)
    yield from places.skipped(source)


def _loose(source: Source, folders: Folders, path: Path, options: Mapping[str, str]) -> Unit:
    """Return the unit of a summary that is not named as LoadGen names one."""
    folder = layout.absolute(path).rpartition("/")[0]
    beside = list(loose_logs.described(folder, (), folders))
    files = tuple(_as_given(source, *file.as_posix().rsplit("/", 1)) for _, file in beside)
    return Unit(
        path, files, options, Task(Place(""), tuple(role for role, _ in beside)), source.limits
    )


def _as_given(source: Source, folder: str, name: str) -> Path:
    """Return a file's path as the source spells it."""
    if source.root.is_absolute():
        return Path(folder, name)
    if source.root.is_file():
        return source.root
    root = source.root.resolve() if ".." in source.root.parts else source.root.absolute()
    return source.root / Path(folder, name).relative_to(root)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one run, and what is wrong with its files."""
    run = run_of(unit)
    for item in records_of(run):
        if isinstance(item, Draft):
            yield from item.items(unit.path)
        else:
            yield item
    # Several runs of one file share what stands beside them.
    yield from dict.fromkeys(run.findings)


def run_of(unit: Unit) -> Run:
    """Return the run of a unit, of which nothing is read yet."""
    task: Task = unit.extra
    files: dict[str, list[Path]] = {}
    for role, path in zip(task.roles, unit.supporting, strict=True):
        files.setdefault(role, []).append(path)
    return Run(unit, task.place, files)


def records_of(run: Run) -> Iterator[Draft | Skipped | Failed]:
    """Yield the records of a run; the run then knows where each value of what was run comes from.

    There is one as a rule, and several where logs of several runs were joined.
    """
    if run.unit.path.name == layout.ENDPOINTS:
        yield endpoints.record(run)
    elif run.unit.path.name == "accuracy.txt":
        yield _accuracy_only(run)
    else:
        yield from loadgen_record.records(run)


def _accuracy_only(run: Run) -> Draft:
    """Return the record of a result whose performance run is not there."""
    run.read(run.unit.path, file_sha256(run.unit.path))
    names = names_of(run, None, run.round, run.round)
    describe(run, names, run.round)
    add_quality(run, names, run.round)
    run.draft.fail("incomplete", "an accuracy run without its performance run")
    return run.draft
