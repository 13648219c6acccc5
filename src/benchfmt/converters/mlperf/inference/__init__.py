"""MLPerf Inference: submission trees of every round, or any part of one, from LoadGen's logs to records.

One record per performance run. Numbers come from the detail log (six significant digits, what the published tables
show), else from the summary log. The rules of the rounds are data: `benchfmt.suites.mlperf_inference`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

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
from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.inference import endpoints, loadgen_record, loose_logs, skipping
from benchfmt.converters.mlperf.inference.description import describe, names_of
from benchfmt.converters.mlperf.inference.quality import add_quality
from benchfmt.converters.mlperf.inference.run import NAME, VERSION, Run, Task
from benchfmt.converters.mlperf.layout import Beside, Folders, Place
from benchfmt.converters.mlperf.places import Places
from benchfmt.finding import BenchfmtError
from benchfmt.readers import lines, loadgen
from benchfmt.readers.files import file_sha256
from benchfmt.suites import mlperf_inference as rules

__all__ = ["NAME", "VERSION", "detect", "lacks", "plan", "read"]
OPTIONS = ("round",)
SHARES_LOGS = True
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}
PATTERNS = (
    Pattern((layout.SUMMARY, layout.DETAIL, layout.ENDPOINTS.lower())),
    Pattern(with_endings(*lines.ENDINGS), words=("MLPerf Results Summary", "Result is")),
)


def detect(source: Source) -> Match | None:
    """Say whether a source holds LoadGen logs of a submission, or None."""
    logs = list(_logs(source))
    if logs:
        return Match(0.85, f"{len(logs)} LoadGen logs, first {source.relative(Path(logs[0]))}")
    loose = next(loose_logs.summaries(source), None)
    if loose:
        return Match(0.85, f"{source.relative(loose)} holds a summary of LoadGen")
    return None


def _logs(source: Source) -> Iterator[str]:
    """Yield the paths of the files that are named as LoadGen names its logs."""
    for folder, names in source.files.folders():
        for name in names:
            if name in layout.LOGS:
                yield folder + name


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
    tree = _Tree(source, options)
    yield from tree.runs()
    yield from tree.loose()
    yield from tree.others()


class _Tree:
    """The files of a source: its runs, the summaries that belong to none of its submissions, and the rest."""

    def __init__(self, source: Source, options: Mapping[str, str]) -> None:
        """Take a source, and the options of each unit."""
        self.source = source
        self.options = options
        self.is_file = source.root.is_file()
        self.folders = Folders.of(source)
        self.places = Places.of(source)
        self.homes = layout.Homes()
        """The folders of all results."""
        self.submissions = layout.Homes()
        """The folders of the results of which the root of the submission is known."""
        self.summaries: list[Path] = []

    def runs(self) -> Iterator[Unit | Skipped]:
        """Yield a unit for each performance run with the files that tell about it."""
        for folder, name in self.folders.runs():
            reason = self.places.why(folder)
            if reason:
                yield from self._not_read(folder, reason)
                continue
            place = layout.place(folder)
            self.homes.add(folder, place)
            if place.prefix:
                self.submissions.add(folder, place)
            beside = layout.supporting(folder, place, self.folders)
            roles = {file.role for file in beside}
            beside += loose_logs.described(folder, roles, self.folders)
            beside = [file for file in beside if file.name != name]
            path = self._as_given(folder, name)
            if name == layout.SUMMARY:
                self.summaries.append(path)
            yield self._unit(path, beside, place)

    def _not_read(self, folder: str, reason: str) -> Iterator[Skipped]:
        for log in layout.LOGS:
            if self.folders.has(folder, log):
                yield Skipped(self._as_given(folder, log), reason)

    def _unit(self, path: Path, beside: Sequence[Beside], place: Place) -> Unit:
        files = tuple(self._as_given(file.folder, file.name) for file in beside)
        task = Task(place, tuple(file.role for file in beside))
        return Unit(path, files, self.options, task, self.source.limits)

    def _as_given(self, folder: str, name: str) -> Path:
        """Return a file's path as the source spells it."""
        root = self.source.root
        if root.is_absolute():
            return Path(folder, name)
        if self.is_file:
            return root
        return root / folder[len(self.folders.top) + 1 :] / name

    def loose(self) -> Iterator[Unit | Skipped]:
        """Yield the summaries that are not named as LoadGen names one, outside of submissions."""
        for path in loose_logs.outside(self.source, self.submissions, self.summaries):
            if isinstance(path, Skipped):
                yield path
                continue
            folder = layout.absolute(path).rpartition("/")[0]
            reason = self.places.why(folder)
            if reason:
                yield Skipped(path, reason)
            else:
                beside = list(loose_logs.described(folder, (), self.folders))
                yield self._unit(path, beside, Place(""))

    def others(self) -> Iterator[Skipped]:
        """Yield the files of submissions that are no results, with the reason."""
        for path in self.folders.links:
            yield Skipped(path, "a link, which is not followed")
        files = self.source.files
        for prefix, names in files.folders():
            inside = files.within(prefix)
            is_home = self.homes.hold(self.folders.absolute(inside))
            folder = skipping.Folder.of(inside)
            elsewhere = self.places.why_within(inside)
            parent = Path(prefix)
            for name in names:
                reason = folder.why_skipped(name) if is_home else None
                reason = reason or elsewhere
                if reason:
                    yield Skipped(parent / name, reason)


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
