"""One package, judged in shares: spans of its parts, each by whoever is free, and then what only all of them show.

A share is judged as the package would be, and ends with a portion as it does there. It gives back what it found, what each
check that compares portions needs of these, and hashes of the ids that may stand elsewhere too. What one process would
have told otherwise (a measurement of a record in another share, say) has the whole package judged by one.
"""

from __future__ import annotations

import os
import pickle
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchfmt.checks.catalogue import gatherers
from benchfmt.checks.check import Check, Divided
from benchfmt.checks.frames import Frames, no_faults
from benchfmt.checks.rule_sets import RuleSet
from benchfmt.descriptor import Descriptor, Resource
from benchfmt.limits import Limits
from benchfmt.oserrors import naming
from benchfmt.processes.spreading import Spread, folder_of
from benchfmt.rowhash import Hashes, id_hashes, row_hashes
from benchfmt.stored import Column
from benchfmt.validation.acknowledging import Acknowledged
from benchfmt.validation.across import Across
from benchfmt.validation.forms.package import PackageTables, Share
from benchfmt.validation.forms.package_facts import PackageFacts
from benchfmt.validation.forms.record_ids import RecordIds
from benchfmt.validation.forms.spans import Span
from benchfmt.validation.loop import Loop, judge_portions
from benchfmt.validation.places import Places
from benchfmt.validation.report import Report
from benchfmt.validation.reporting import Reporter, Told
from benchfmt.validation.running import guarded

FEW = "it has one share; tables in parts of Parquet, more than a million rows of them, have several (convert --part-rows)"
MIXED = "annotated tables of it are judged together with the others"
ENTANGLED = "what is wrong with it needs all of its parts to be told"
_NOT_DIVIDED = "the check {} cannot be divided"
_OTHER_NUMBERS = (
    "a process makes other hashes of texts than this one: install one version of polars everywhere"
)
_NO_VALUE = "BF112"
Take = Callable[[Frames], Any]


class EntangledError(Exception):
    """A package cannot be judged in shares; the message says why."""


def judge_in_shares(form: PackageTables, loop: Loop, spans: Sequence[Span], spread: Spread) -> None:
    """Judge a package of several spans, as `loop.judge` would; raises EntangledError where one process has to, and nothing is told yet."""
    if loop.has_judged:
        raise EntangledError(MIXED)
    checks = gatherers(loop.reporter.judged)
    for check in checks:
        if check.gather is None or not isinstance(check.gather(), Divided):
            raise EntangledError(_NOT_DIVIDED.format(check.code))
    if loop.reporter.cut_files:
        raise EntangledError(ENTANGLED)
    asked = _Asked(loop.reporter.results.rule_set, loop.reporter.limits, folder_of(spread))
    ids = _record_ids(form, spans, spread, asked)
    merging = _Merging(form, loop.reporter, ids, checks)
    works = [merging.work(span, asked) for span in form.apart(list(spans), ids)]
    for found in spread(works):
        merging.add(found)
    merging.finish()
    loop.reporter.absorb(merging.reporter.told())
    loop.across = merging.across


# --- what others do ---


@dataclass(frozen=True, slots=True)
class _Tables:
    """Tables of a package with some of their parts; any process that sees the folder can read them."""

    root: str
    resources: Mapping[str, Resource]
    descriptor: Descriptor

    @classmethod
    def of(cls, form: PackageTables, parts: range) -> _Tables:
        """Return the tables of a package with these parts of records and measurements."""
        resources = dict(form.resources)
        for name in ("records", "measurements"):
            resources[name] = _with_parts(resources[name], parts)
        descriptor = form.descriptor.model_copy(update={"resources": list(resources.values())})
        return cls(str(form.root), resources, descriptor)

    def form(self, reporter: Reporter, share: Share) -> PackageTables:
        """Return them as a form whose faults are reported."""
        return PackageTables(Path(self.root), self.resources, self.descriptor, reporter, share)


def _with_parts(resource: Resource, parts: range) -> Resource:
    files = resource.files[parts.start : parts.stop]
    return resource.model_copy(update={"path": [file.path for file in files], "parts": files})


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of every share."""

    rules: RuleSet
    limits: Limits
    folder: str | None
    """Where what is much is left for whoever asked; None where it is handed over."""

    def reporter(self) -> Reporter:
        """Return who reports on a share."""
        return Reporter(Report(self.rules), self.limits)


@dataclass(frozen=True, slots=True)
class _Ids:
    """Reads the ids of the records in a span."""

    tables: _Tables
    share: Share
    asked: _Asked

    def __call__(self) -> tuple[Hashes | None, tuple[int, ...]]:
        """Return a hash of each id, None where some cannot be read; and what shows how this process makes hashes."""
        return self.tables.form(self.asked.reporter(), self.share).id_hashes(), _known_hashes()


def _known_hashes() -> tuple[int, ...]:
    """Return the hashes of some texts, which have to be the same wherever a share is judged."""
    texts = pl.Series("text", ["", "a", "a text of more than twenty-four bytes"])
    return (*id_hashes(texts).tolist(), *row_hashes(texts.to_frame(), ["text"], seed=0).to_list())


@dataclass(slots=True)
class _Found:
    """What was found in a share."""

    told: Told
    facts: PackageFacts
    doubled: list[pl.DataFrame]
    places: Places
    stray: Hashes
    taken: Left


@dataclass(slots=True)
class Left:
    """What checks that compare portions need of those of a share: codes, what was taken, and where it stands.

    It may take more memory than the rest together, so it is left in a file where whoever asked sees that.
    """

    folder: str | None
    file: str | None = None
    _items: list[tuple[str, Any, Places]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Choose a file, unless there is no folder here."""
        if self.folder is not None and Path(self.folder).is_dir():
            self.file = str(Path(self.folder, f"share-{secrets.token_hex(8)}"))

    def add(self, item: tuple[str, Any, Places]) -> None:
        """Leave what was taken of a portion."""
        if self.file is None:
            self._items.append(item)
            return
        with naming(self.file), Path(self.file).open("ab") as file:
            pickle.dump(item, file, pickle.HIGHEST_PROTOCOL)

    def each(self) -> Iterator[tuple[str, Any, Places]]:
        """Yield what was left; then it is gone."""
        yield from self._items
        if self.file is None or not Path(self.file).exists():
            return
        with Path(self.file).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            while file.tell() < size:
                # A process that was started for this left it in the folder that was made for it.
                yield pickle.load(file)  # noqa: S301 - as the comment says
        Path(self.file).unlink()


@dataclass(slots=True)
class _Taking:
    """Leaves what a check that compares portions needs of each."""

    check: Check
    take: Take
    left: Left

    def add(self, frames: Frames, places: Places) -> pl.DataFrame:
        """Take a portion; returns a fault if the check fails."""
        return guarded(self.check, partial(self._add, frames, places))

    def _add(self, frames: Frames, places: Places) -> pl.DataFrame:
        taken = self.take(frames)
        if taken is not None:
            self.left.add((self.check.code, taken, places))
        return no_faults()


@dataclass(frozen=True, slots=True)
class _Judging:
    """Judges a share."""

    tables: _Tables
    share: Share
    asked: _Asked
    acknowledged: list[Acknowledged]
    takes: dict[str, Take]
    """What takes of a portion what the check of a code needs of it."""

    def __call__(self) -> _Found | None:
        """Return what was found; None where the share is not to be judged by itself."""
        reporter = self.asked.reporter()
        reporter.know(self.acknowledged)
        form = self.tables.form(reporter, self.share)
        left = Left(self.asked.folder)
        checks = {check.code: check for check in gatherers(reporter.judged)}
        across = [_Taking(checks[code], take, left) for code, take in self.takes.items()]
        judge_portions(form, reporter, 0, across)
        stray = form.stray
        if stray is None or reporter.has_crashes or _needs_others(form, reporter):
            return None
        return _Found(
            reporter.told(), form.facts, form.maybe_doubled, form.places, np.unique(stray), left
        )


def _needs_others(form: PackageTables, reporter: Reporter) -> bool:
    """Whether a record without a value has the id of another one, of which a measurement may stand in another share."""
    if not form.maybe_doubled:
        return False
    told = reporter.results
    ids = {name for records in form.maybe_doubled for name in records["id"]}
    are_listed = not told.more[_NO_VALUE]
    return not are_listed or any(
        finding.code == _NO_VALUE and finding.record in ids for finding in told.findings
    )


# --- what is done with it ---


def _record_ids(
    form: PackageTables, spans: Sequence[Span], spread: Spread, asked: _Asked
) -> RecordIds:
    """Return the ids of all records, which those who work read; raises EntangledError where not all can be read."""
    works = []
    for span in spans:
        share = Share(span, np.empty(0, np.uint64), form.at_once)
        works.append(_Ids(_Tables.of(form, span.parts), share, asked))
    hashes = Column()
    for span, (of_span, known) in zip(spans, spread(works), strict=True):
        if known != _known_hashes():
            raise EntangledError(_OTHER_NUMBERS)
        if of_span is None or len(of_span) != len(span.records):
            raise EntangledError(ENTANGLED)
        hashes.add(of_span)
    return RecordIds(hashes)


@dataclass(slots=True)
class _Merging:
    """Puts together what was found in shares, in their order."""

    form: PackageTables
    of_package: Reporter
    ids: RecordIds
    checks: Sequence[Check]
    reporter: Reporter = field(init=False)
    across: list[Across] = field(init=False)
    _whole: PackageTables = field(init=False)
    _systems: pl.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        """Start without any share, and judge the systems, which none of them reports on."""
        form = self.form
        self.reporter = self.of_package.for_share()
        self.across = [Across(check) for check in self.checks]
        self._whole = PackageTables(form.root, form.resources, form.descriptor, self.reporter)
        self._systems = self._whole.systems()

    def work(self, span: Span, asked: _Asked) -> _Judging:
        """Return the work on the share of a span."""
        doubtful = self.ids.doubtful_among(span.records.start, span.records.stop)
        takes: dict[str, Take] = {}
        for gathered in self.across:
            if isinstance(gathered.gatherer, Divided):
                takes[gathered.check.code] = gathered.gatherer.take
        return _Judging(
            _Tables.of(self.form, span.parts),
            Share(span, doubtful, self.form.at_once),
            asked,
            self.of_package.for_share().results.acknowledged,
            takes,
        )

    def add(self, found: _Found | None) -> None:
        """Take what was found in the next share; raises EntangledError where one process has to judge the package."""
        if found is None or self.ids.know_any(found.stray):
            raise EntangledError(ENTANGLED)
        self.reporter.absorb(found.told)
        self._whole.facts.add_all(found.facts)
        for records in found.doubled:
            doubles = self.ids.doubles(records)
            if doubles is not None:
                self.reporter.report_faults("BF507", doubles, found.places)
        across = {gathered.check.code: gathered for gathered in self.across}
        for code, taken, places in found.taken.each():
            failure = across[code].merge(taken, places)
            if failure.height:
                raise EntangledError(ENTANGLED)

    def finish(self) -> None:
        """Report what only all shares together show, but for what the checks compare."""
        whole = self._whole
        whole.facts.report(self._systems, self.reporter, whole.places, is_whole=True)
