"""Validation: runs the checks over anything that can be opened and gives findings.

Every form of results has an adapter (`forms/`), which gives portions: some records with all of their measurements as
typed frames, and where these stand in somebody's files. One loop (`loop.py`) judges them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from benchfmt.checks.catalogue import rule_set
from benchfmt.checks.rule_sets import RuleSet
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.oserrors import is_of_machine
from benchfmt.processes import pool, result_of
from benchfmt.validation.condensing import condensed
from benchfmt.validation.forms.annotated import AnnotatedTable
from benchfmt.validation.loop import Loop
from benchfmt.validation.opening import forms_at
from benchfmt.validation.places import Place
from benchfmt.validation.report import Report, Reports
from benchfmt.validation.reporting import Reporter
from benchfmt.validation.running import run_checks

__all__ = ["Report", "Reports", "run_checks", "validate", "validate_all"]


def validate(
    path: str | Path,
    rules: str | RuleSet = "core",
    *,
    remote: bool = False,
    limits: Limits = LIMITS,
) -> Report:
    """Check one package, annotated table or file of records (JSON, JSON Lines) against a rule set.

    Raises BenchfmtError for a rule set that does not exist and for a path at which there is nothing to check; what is
    wrong with the data itself is in the report.
    """
    report = Report(_asked(rules), str(path))
    _judge(path, report, remote=remote, limits=limits)
    return report


def validate_all(
    paths: Iterable[str | Path],
    rules: str | RuleSet = "core",
    *,
    remote: bool = False,
    limits: Limits = LIMITS,
    jobs: int = 1,
) -> Reports:
    """Check several packages against a rule set; `jobs` processes judge them, each one of them.

    They are judged while the reports are asked for. A package that cannot be opened has a finding and stops no other.
    Raises BenchfmtError for a rule set that does not exist, and where none of the paths leads anywhere.
    """
    asked = _asked(rules)
    places = list(paths)
    _refuse_nowhere(places, remote=remote)
    judge = partial(_judged, rules=asked, remote=remote, limits=limits)
    return Reports(asked, _all_judged(judge, places, min(jobs, len(places))), len(places))


def _asked(rules: str | RuleSet) -> RuleSet:
    """Return the rule set that is asked for; raises BenchfmtError for a name that no rule set has."""
    if isinstance(rules, str):
        return rule_set(rules)
    return rules


def _refuse_nowhere(places: Sequence[str | Path], *, remote: bool) -> None:
    """Raise BenchfmtError for a call that names nothing: no path, none that exists, or a remote one unasked."""
    if not places:
        raise BenchfmtError("no path is named")
    remote_places = [place for place in places if "://" in str(place)]
    if remote_places and not remote:
        raise BenchfmtError(
            f"{remote_places[0]} is remote; pass remote=True (--remote) to fetch it"
        )
    if not remote_places and not any(Path(place).exists() for place in places):
        raise BenchfmtError("; ".join(f"{place} does not exist" for place in places))


def _all_judged(
    judge: Callable[[str | Path], Report], paths: Sequence[str | Path], jobs: int
) -> Iterator[Report]:
    """Yield the reports of paths, in their order."""
    if jobs < 2:
        yield from map(judge, paths)
        return
    with pool(jobs) as workers:
        for future in [workers.submit(judge, path) for path in paths]:
            yield result_of(future, "judged a package")


def _judged(path: str | Path, *, rules: RuleSet, remote: bool, limits: Limits) -> Report:
    """Return the report of one of several paths; one that cannot be opened has a finding."""
    report = Report(rules, str(path))
    try:
        _judge(path, report, remote=remote, limits=limits)
    except BenchfmtError as error:
        reporter = Reporter(report, limits)
        reporter.report("BF123", Place(str(path)), str(error))
    return report


def _judge(path: str | Path, report: Report, *, remote: bool, limits: Limits) -> None:
    """Fill the report of one path; raises BenchfmtError where there is nothing to judge."""
    reporter = Reporter(report, limits)
    loop = Loop(reporter)
    described = set()
    try:
        for form in forms_at(path, reporter, remote=remote):
            loop.judge(form)
            if isinstance(form, AnnotatedTable):
                described.add(form.name)
                form.name_cells(report)
    except OSError as error:
        if is_of_machine(error):
            raise
        reporter.report_unreadable(path, error)
    loop.finish()
    report.findings[:] = sorted(condensed(report.findings, described))
