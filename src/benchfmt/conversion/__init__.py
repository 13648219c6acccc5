"""Conversion: runs converters over sources and accounts for every file and row.

Seen = primary + supporting + skipped + failed, for files; seen = converted + skipped + failed, for rows.
"""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchfmt.accounting import Account, Ledger
from benchfmt.conversion.choices import Choice, Chosen
from benchfmt.conversion.declarations import UsedTerms
from benchfmt.conversion.detection import detect
from benchfmt.conversion.merging import Merge, Progress
from benchfmt.conversion.planning import NOT_RECOGNISED, Plan, Planner, nothing_recognised
from benchfmt.conversion.resuming import facts_of
from benchfmt.converters.base import Source
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.package import (
    Downloads,
    PackageError,
    PackageWriter,
    check_replaceable,
    check_unrelated,
    is_url,
)
from benchfmt.personal.redaction import Redactor
from benchfmt.record import Record
from benchfmt.running import (
    Executor,
    Journal,
    Packet,
    Readers,
    Workers,
    batch_records,
    packets,
    writers,
)
from benchfmt.sinks import Format
from benchfmt.tables import Batch

_NOT_RESUMED = (
    "--resume needs sources of this machine, and what is at an address is fetched anew by each run; "
    "copy it here first"
)
__all__ = ["NOT_RECOGNISED", "Conversion", "Progress", "convert", "detect"]


class Conversion:
    """A conversion ready to run: iterate it for records, or write it as a package."""

    def __init__(
        self, plan: Plan, readers: Readers, asked: Mapping[str, Any] | None = None
    ) -> None:
        """Take the planned work, who does it, and the family, options and limits that were asked for."""
        self._plan = plan
        self._readers = readers
        self._asked = dict(asked or {})
        self._journal: Journal | None = None
        self.account = Account(plan.ledger, sorted(plan.findings))

    def __repr__(self) -> str:
        """Return what a prompt shows: how much there is to read, and how much was read."""
        return f"<Conversion of {len(self._plan.units):,} units: {self.account!r}>"

    def __iter__(self) -> Iterator[Record]:
        """Yield the records, filling the account."""
        for batch in self.batches():
            yield from batch_records(batch)

    def batches(self, progress: Progress | None = None) -> Iterator[Batch]:
        """Yield the converted tables in the order of the sources, filling the account."""
        with self._readers.workers(len(self._plan.units)) as workers:
            for packet, choice in self._choices(workers, progress):
                yield choice.of(packet.tables)

    def _choices(
        self, workers: Workers, progress: Progress | None
    ) -> Iterator[tuple[Packet, Choice]]:
        """Yield what some workers read, each with what of it is new, filling the account."""
        self.account.ledger.reset()
        self.account.findings[:] = self._plan.findings
        units = self._plan.units
        merge = Merge(self.account, units, progress, self._plan.addresses)
        if self._journal is not None:
            workers = self._journal.over(workers)
        for packet in packets(units, workers):
            for choice in merge.choices(packet):
                yield packet, choice
        if not self.account.total("records"):
            merge.tell_barren()
        if progress:
            progress(len(units), len(units), "")
        self.account.findings.sort()

    def write(
        self,
        path: str | Path,
        *,
        format: Format = "parquet",  # noqa: A002 - the word users know
        license: str | None = None,  # noqa: A002 - the word of the standard
        submitter: str | None = None,
        extra: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
        replace: bool = False,
        redactor: Redactor | None = None,
        companions: Sequence[Callable[[Path], None]] = (),
        each_file: Callable[[Path, str], None] | None = None,
        part_rows: int | None = None,
        resume: bool = False,
    ) -> Account:
        """Write everything as one package and return the account; a stop leaves no half package.

        A package that is there already is replaced if all of its sources are read again, or if `replace` says so;
        PackageError says what would be lost.

        Where nothing was converted no package is written, and one that stands there already is left alone: the account
        says why (`account.total("records")` is 0), and `account.ok` whether that is a fault. `license` (an SPDX id) is
        that of the package, and of every record whose source says none; `submitter` is of each such record too. A `redactor` puts placeholders for what is
        personal; it says what it has replaced, and does the same for the account (`redactor.document(account.to_dict())`).
        `companions` are called with the folder in which the whole package stands, before it moves to its place, and
        `each_file` with it and the path of each file of a table as soon as that is whole.
        With `part_rows` records and measurements are in parts of at most so many measurements. With `resume` what is
        read is kept beside the package until that is whole, and what an earlier run has kept is not read again.
        """
        place = Path(path)
        self._spare_sources(place)
        if not replace and not self._plan.holds_packages:
            check_unrelated(place, self._names())
        declarations = self._plan.declarations
        used = UsedTerms()
        said = {"license": license or None, "submitter": submitter or None}
        about = self._about(license, extra)
        with PackageWriter(
            path, format=format, extra=about, replace=replace, part_rows=part_rows
        ) as writer:
            writer.companions = companions
            writer.each_file = each_file
            if resume:
                self._begin_journal(writer.journal)
            with self._readers.workers(len(self._plan.units)) as workers:
                if not redactor:
                    writer.spread(writers(workers))
                for packet, choice in self._choices(workers, progress):
                    batch = choice.of(packet.tables).stated(said)
                    used.add(batch)
                    if redactor:
                        batch = redactor.batch(batch)
                    stored = None
                    if packet.place is not None:
                        stored = Chosen(packet.place, choice, said)
                    writer.write(batch, choice.sizes(packet.tables), stored)
                writer.end()
            writer.prefixes = declarations.of_terms(used.terms)
            writer.acknowledged = declarations.acknowledged
            self.account.findings += declarations.narrower(place.name)
            self.account.findings += declarations.differing(place.name, about)
            self.account.findings.sort()
            if redactor:
                writer.acknowledged = [redactor.document(item) for item in writer.acknowledged]
                writer.extra = redactor.document(writer.extra)
                writer.prefixes = redactor.document(writer.prefixes)
            if "licenses" not in about:
                self._report_mixed_licenses(place.name)
            if not self.account.total("records"):
                writer.drop()
        # Only now is the package at its place, and what was kept for it, by an earlier run too, of no more use.
        if self._journal is not None:
            self._journal.tell_changes()
        shutil.rmtree(writer.journal, ignore_errors=True)
        return self.account

    def _about(self, license_id: str | None, extra: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what the descriptor says of the package as a whole."""
        about = self._plan.declarations.about
        if license_id:
            about["licenses"] = [{"name": license_id}]
        if self._plan.fetched:
            about["sources"] = [{"title": url, "path": url} for url in self._plan.fetched]
        about.update(extra or {})
        return about

    def _begin_journal(self, folder: Path) -> None:
        """Keep what is read in a folder, and take up what was kept there."""
        if self._plan.fetched:
            raise BenchfmtError(_NOT_RESUMED)
        units = self._plan.units
        self._journal = Journal(folder, facts_of(units.converters, self._asked), self._readers.tell)
        self._journal.announce(units.chunks())

    def _report_mixed_licenses(self, package: str) -> None:
        finding = self._plan.declarations.mixed_licenses(package)
        if finding:
            self.account.findings.append(finding)
            self.account.findings.sort()

    def _spare_sources(self, place: Path) -> None:
        """Refuse a target that would replace a source, unless it is a package of our own that is written anew."""
        inside = self._source_inside(place.resolve())
        if inside is None:
            return
        try:
            check_replaceable(place)
        except PackageError as error:
            raise BenchfmtError(
                f"{place} holds a source of this conversion ({inside}); name a folder outside of the sources"
            ) from error

    def _names(self) -> set[str]:
        """Return the names of all files and folders that were seen."""
        ledger = self.account.ledger
        names = {source.root.name for source in self._plan.sources}
        for number in range(len(ledger)):
            names.update(ledger.shown(number).split("/"))
        return names

    def _source_inside(self, target: Path) -> str | None:
        """Return a file to be read that lies at a place or below it, or None."""
        for source in self._plan.sources:
            for path in _inside(target, source):
                return path
        for path in self.account.ledger.alone():
            if _is_within(target, Path(path).resolve()):
                return path
        return None


def convert(
    source: str | Path | Iterable[str | Path],
    converter: str | None = None,
    *,
    jobs: int = 1,
    executor: Executor | str | None = None,
    seconds: float | None = None,
    tell: Callable[[str], None] = lambda _: None,
    limits: Limits = LIMITS,
    remote: bool = False,
    **options: str,
) -> Conversion:
    """Plan the conversion of files or folders; raises BenchfmtError for a source that does not exist or is not recognised.

    With `remote` a source may be a URL: what is there is fetched into a temporary folder, which lasts as long as the
    conversion, and the package says where it was.

    `converter` names the family; without it every installed one is asked, and each file goes to the one that is surest.
    `jobs` processes read it, or whoever an `executor` (of `concurrent.futures`, or like one) gives work to; as text it is
    `local:2`, `dask:2` or `dask:ADDRESS`. A unit of work may take so many `seconds`, if any are given; `tell` hears what
    whoever watches a cluster wants to know, such as the address of its dashboard.
    `limits` say how much of a file is read.
    """
    places = [source] if isinstance(source, str | Path) else list(source)
    readers = Readers(jobs, executor, seconds, tell)
    asked = {"family": converter, "options": options, "limits": asdict(limits)}
    plan = Plan(Ledger())
    conversion = Conversion(plan, readers, asked)
    planner = Planner(plan, converter, options)
    downloads = None
    shown: list[str | Path] = []
    for place in places:
        if is_url(place):
            _check_fetchable(str(place), readers, remote)
            downloads = downloads or _downloads(conversion, limits)
            fetched = downloads.fetch(str(place))
            tell(f"fetched: {fetched.files:,} files, {fetched.size:,} bytes from {fetched.address}")
            planner.add_fetched(fetched, limits, _label(fetched.root, places))
            shown.append(fetched.address)
        else:
            root = Path(place)
            if not root.exists():
                raise BenchfmtError(f"{root} does not exist")
            planner.add(Source(root, limits), _label(root, places))
            shown.append(place)
    if plan.is_empty:
        raise nothing_recognised(shown, converter, plan.ledger)
    conversion.account.findings[:] = sorted(plan.findings)
    return conversion


def _label(root: Path, places: Sequence[str | Path]) -> str:
    """Return what stands before the files of a source where there are several."""
    return f"{root.name}/" if len(places) > 1 and root.is_dir() else ""


def _downloads(conversion: Conversion, limits: Limits) -> Downloads:
    """Return a place for what is fetched, which goes when the conversion does."""
    downloads = Downloads(limits)
    weakref.finalize(conversion, downloads.remove)
    return downloads


def _check_fetchable(url: str, readers: Readers, remote: bool) -> None:
    """Raise BenchfmtError where a source elsewhere is not to be fetched."""
    if not remote:
        raise BenchfmtError(f"{url} is remote; pass remote=True (--remote) to fetch it")
    if not readers.are_here:
        raise BenchfmtError(
            f"{url} would be fetched to this machine, where the workers of the cluster do not see it; "
            "use local:N, or copy it to where they do"
        )


def _inside(target: Path, source: Source) -> Iterator[str]:
    """Yield the files of a source that lie at a place or below it; below its root no link is followed."""
    root = source.root.resolve()
    if _is_within(target, root):
        yield from source.files.texts()
    elif root in target.parents:
        place = str(source.root / target.relative_to(root))
        for path in source.files.texts():
            if path == place or path.startswith(place + os.sep):
                yield path


def _is_within(target: Path, path: Path) -> bool:
    return target == path or target in path.parents
