"""Judges packages: one, or all of a call, of which none ends the judging of the others."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from benchfmt.checks.rule_sets import RuleSet
from benchfmt.checks.safety import UNFINISHED
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.limits import Limits
from benchfmt.oserrors import NO_ROOM, is_of_machine
from benchfmt.processes import Crew, Lost, LostError, result_of
from benchfmt.processes.clusters import Cluster
from benchfmt.processes.spreading import LostTwiceError, Spread, Who
from benchfmt.validation.condensing import condensed
from benchfmt.validation.forms.annotated import AnnotatedTable
from benchfmt.validation.forms.package import PackageTables
from benchfmt.validation.loop import Loop
from benchfmt.validation.opening import forms_at, without_place
from benchfmt.validation.places import Place
from benchfmt.validation.portion import Form
from benchfmt.validation.report import Report
from benchfmt.validation.reporting import Reporter
from benchfmt.validation.sharing import FEW, EntangledError, judge_in_shares
from benchfmt.validation.sources import Source, standing_in_files

_REPORT_IT = (
    "report it to the authors of benchfmt, with the package if you may; the others are judged"
)
_KEEP_ONE = "hand in one of the two; where one corrects the other, leave out the older"
_MORE_ROOM = "give it more time or memory, or fewer --jobs at once; the others are judged"


@dataclass(frozen=True, slots=True)
class Others:
    """Who judges shares of a package, and who hears where that is not done."""

    spread: Spread
    tell: Callable[[str], None]


@contextmanager
def others_of(who: Who | None) -> Iterator[Others | None]:
    """Give those who judge shares, if any are named, until the block ends."""
    if who is None:
        yield None
        return
    with who.spreading() as spread:
        yield Others(spread, who.tell)


@dataclass(frozen=True, slots=True)
class Call:
    """What a call asks of every package."""

    rules: RuleSet
    remote: bool
    limits: Limits
    processes: int
    """How many packages are judged at once, each by a process; 1 for this one."""
    threads: int
    """How many threads judge a package."""
    seconds: float | None
    who: Who | None = None
    """Who judges shares of each package."""


def reports_of(
    sources: Sequence[Source], call: Call, cluster: AbstractContextManager[Cluster] | None = None
) -> Iterator[Report]:
    """Yield the reports of packages, in their order, each as soon as it is there; a package that stands twice has a finding.

    A `cluster`, if any is given, judges them.
    """
    sources_by_fingerprint: dict[int, str] = {}
    for report in _each_judged(sources, call, cluster):
        if report.records and report.fingerprint is not None:
            first = sources_by_fingerprint.setdefault(report.fingerprint, report.source)
            if first != report.source:
                report_double(report, first, call.limits)
        yield report


def report_double(report: Report, first: str, limits: Limits) -> None:
    """Report that another package of the call holds the same records."""
    number = "record"
    if report.records > 1:
        number = f"{report.records:,} records"
    message = f"it holds the same {number} as {first}"
    reporter = Reporter(report, limits)
    reporter.report("BF124", Place(report.source), message, hint=_KEEP_ONE)
    report.findings.sort()


def _each_judged(
    sources: Sequence[Source], call: Call, cluster: AbstractContextManager[Cluster] | None
) -> Iterator[Report]:
    """Yield the report of each package, in their order."""
    with standing_in_files(sources, call.limits) as packages:
        if cluster is not None:
            with cluster as there:
                yield from _judged_by_cluster(packages, call, there)
            return
        if call.processes < 2 and call.seconds is None:
            with others_of(call.who) as others:
                for source in packages:
                    yield _judged(source, call, others)
            return
        with TemporaryDirectory(prefix="benchfmt-") as folder:
            crew = Crew[Report](call.processes, call.seconds, folder, _be_ready)
            works = [partial(_judged, source, call) for source in packages]
            with closing(crew.results(works)) as results:
                for source, result in zip(packages, results, strict=True):
                    if isinstance(result, Lost):
                        yield _unfinished(source, call, result.reason, _MORE_ROOM)
                    else:
                        yield result


def _judged_by_cluster(packages: Sequence[Source], call: Call, there: Cluster) -> Iterator[Report]:
    """Yield the report of each package, in their order; one whose process is lost is judged by another once."""
    waiting: deque[tuple[Source, Future[Report]]] = deque()
    for source in packages:
        waiting.append((source, there.executor.submit(_judged, source, call)))
        if len(waiting) >= there.waiting:
            yield _report_of(*waiting.popleft(), there, call)
    while waiting:
        yield _report_of(*waiting.popleft(), there, call)


def _report_of(source: Source, future: Future[Report], there: Cluster, call: Call) -> Report:
    try:
        return result_of(future, "judged a package")
    except LostError:
        again = there.executor.submit(_judged, source, call)
    try:
        return result_of(again, "judged a package")
    except LostError as error:
        return _unfinished(source, call, str(error), _MORE_ROOM)


def _be_ready() -> None:
    """Do nothing: a process that runs this has loaded what judging needs."""


def judge(
    path: str | Path,
    report: Report,
    *,
    remote: bool,
    limits: Limits,
    jobs: int,
    others: Others | None = None,
) -> None:
    """Fill the report of one package by `jobs` threads, or by others; raises BenchfmtError where there is nothing to judge."""
    reporter = Reporter(report, limits)
    loop = Loop(reporter, jobs)
    described = set()
    try:
        for form in forms_at(path, reporter, remote=remote, jobs=jobs):
            if others is None or not _is_judged_by(others, form, loop):
                loop.judge(form)
            if isinstance(form, AnnotatedTable):
                described.add(form.name)
                form.name_cells(report)
    except OSError as error:
        if is_of_machine(error):
            raise
        reporter.report_unreadable(path, error)
    loop.finish()
    reporter.report_unmet()
    report.findings[:] = sorted(condensed(report.findings, described), key=Finding.sort_key)


def _is_judged_by(others: Others, form: Form, loop: Loop) -> bool:
    """Have a package judged in shares; returns whether that was done, after saying why not."""
    reason = FEW
    if isinstance(form, PackageTables):
        spans = form.spans()
        if len(spans) > 1:
            try:
                judge_in_shares(form, loop, spans, others.spread)
            except EntangledError as error:
                reason = str(error)
            else:
                return True
    others.tell(f"{loop.reporter.results.source}: one process judges it: {reason}")
    return False


def _judged(source: Source, call: Call, others: Others | None = None) -> Report:
    """Return the report of one of several packages; one that cannot be judged has a finding."""
    report = Report(call.rules, source.name)
    if source.fault is not None:
        Reporter(report, call.limits).report(source.code, Place(source.name), source.fault)
        return report
    try:
        judge(
            source.path,
            report,
            remote=call.remote,
            limits=call.limits,
            jobs=call.threads,
            others=others,
        )
    except LostTwiceError as error:
        return _unfinished(source, call, str(error), _MORE_ROOM)
    except BenchfmtError as error:
        reason = without_place(str(error), source.path, source.name)
        Reporter(report, call.limits).report("BF123", Place(source.name), reason)
    except OSError:
        # It says that the machine lacks something: no package can be judged.
        raise
    except MemoryError:
        return _unfinished(source, call, NO_ROOM, _MORE_ROOM)
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - it stops no other package
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{Path(where.filename).name} line {where.lineno}: {type(error).__name__}: {error}"
        return _unfinished(source, call, f"benchfmt failed in {reason}", _REPORT_IT)
    return report


def _unfinished(source: Source, call: Call, reason: str, hint: str) -> Report:
    """Return the report of a package whose judging has not come to its end."""
    report = Report(call.rules, source.name)
    Reporter(report, call.limits).report(UNFINISHED, Place(source.name), reason, hint=hint)
    return report
