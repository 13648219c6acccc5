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
from benchfmt.limits import LIMITS, Limits
from benchfmt.oserrors import is_of_machine
from benchfmt.processes import pool, result_of
from benchfmt.validation.condensing import condensed
from benchfmt.validation.forms.annotated import AnnotatedTable
from benchfmt.validation.loop import Loop
from benchfmt.validation.opening import forms_at
from benchfmt.validation.report import Report
from benchfmt.validation.reporting import Reporter
from benchfmt.validation.running import run_checks

__all__ = ["Report", "run_checks", "validate"]


def validate(
    path: str | Path | Iterable[str | Path],
    rules: str | RuleSet = "core",
    *,
    remote: bool = False,
    limits: Limits = LIMITS,
    jobs: int = 1,
) -> Report:
    """Check packages, annotated tables or records (JSON, JSON Lines) against a rule set.

    `jobs` processes judge several paths, each one of them; the report is the same. Raises BenchfmtError for a rule set
    that does not exist and for a path at which there is nothing to check; what is wrong with the data itself is in the
    report.
    """
    asked = rules
    if isinstance(asked, str):
        asked = rule_set(asked)
    paths = [path] if isinstance(path, str | Path) else list(path)
    judge = partial(_judged, rules=asked, remote=remote, limits=limits)
    report = Report(asked)
    for judged in _all_judged(judge, paths, min(jobs, len(paths))):
        report.add(judged)
    report.findings.sort()
    return report


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


def _judged(place: str | Path, *, rules: RuleSet, remote: bool, limits: Limits) -> Report:
    """Return the report of one path."""
    report = Report(rules)
    reporter = Reporter(report, limits)
    loop = Loop(reporter)
    described = set()
    try:
        for form in forms_at(place, reporter, remote=remote):
            loop.judge(form)
            if isinstance(form, AnnotatedTable):
                described.add(form.name)
                form.name_cells(report)
    except OSError as error:
        if is_of_machine(error):
            raise
        reporter.report_unreadable(place, error)
    loop.finish()
    report.findings[:] = condensed(report.findings, described)
    return report
