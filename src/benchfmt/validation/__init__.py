"""Validation: runs the checks over anything that can be opened and gives findings.

Every form of results has an adapter (`forms/`), which gives portions: some records with all of their measurements as
typed frames, and where these stand in somebody's files. One loop (`loop.py`) judges them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from benchfmt.checks.catalogue import rule_set
from benchfmt.checks.rule_sets import RuleSet
from benchfmt.limits import LIMITS, Limits
from benchfmt.processes.clusters import Named, cluster, named
from benchfmt.processes.spreading import Who
from benchfmt.turns import threads_at_once
from benchfmt.validation.judging import Call, judge, others_of, reports_of
from benchfmt.validation.report import Report, Reports
from benchfmt.validation.running import run_checks
from benchfmt.validation.sources import find_sources

__all__ = ["Report", "Reports", "run_checks", "validate", "validate_all"]


def validate(
    path: str | Path,
    rules: str | RuleSet = "core",
    *,
    remote: bool = False,
    limits: Limits = LIMITS,
    jobs: int | None = None,
    executor: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Check one package, annotated table or file of records (JSON, JSON Lines) against a rule set.

    `jobs` threads judge it, 1 for the calling one alone; without it two, where there are two processors. Their number
    does not change the report, and neither does an `executor`, such as `local:4`, `dask:4` or `dask:ADDRESS`, which judges
    spans of the parts of a package; `tell` hears where its dashboard is, and why one process judges a package all the same.

    Raises BenchfmtError for a rule set that does not exist and for a path at which there is nothing to check; what is
    wrong with the data itself is in the report.
    """
    report = Report(_asked(rules), str(path))
    who = None
    if executor is not None:
        who = _who(named(executor, jobs or 1), tell)
        jobs = None
    jobs = jobs or threads_at_once()
    with others_of(who) as others:
        judge(path, report, remote=remote, limits=limits, jobs=jobs, others=others)
    return report


def validate_all(
    paths: Iterable[str | Path],
    rules: str | RuleSet = "core",
    *,
    remote: bool = False,
    limits: Limits = LIMITS,
    jobs: int | None = None,
    seconds: float | None = None,
    executor: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Reports:
    """Check all packages to which paths lead: packages, folders that hold some, patterns, and `-` for standard input.

    They are judged while the reports are asked for: one after the other, each by some threads; or, where `jobs` is given,
    at most so many at once, each by a process, with what is left of `jobs` as its threads. One that cannot be
    opened, whose process dies, or that takes longer than `seconds` has a finding and stops no other. An `executor` says who
    judges them: `local:2` is two processes, `dask:2` and `dask:ADDRESS` a Dask cluster, each package by one process and one
    thread; a single package without `seconds`, in shares (see `validate`). `tell` hears where its dashboard is. Raises BenchfmtError for a rule set that does not exist, and where none of
    the paths leads anywhere.
    """
    asked = _asked(rules)
    judges, who = None, None
    chosen = None
    if executor is not None:
        chosen = named(executor, jobs or 1)
    sources = find_sources(paths, limits, remote=remote)
    number = len(sources.packages)
    if chosen is not None and number == 1 and seconds is None:
        who, jobs = _who(chosen, tell), None
    elif chosen is not None and chosen.is_dask:
        judges, jobs = cluster(chosen.where, seconds, tell, module=reports_of.__module__), 1
    elif chosen is not None:
        jobs = chosen.number
    processes = min(jobs or 1, max(number, 1))
    threads = threads_at_once()
    if jobs is not None:
        threads = jobs // processes
    call = Call(asked, remote, limits, processes, threads, seconds, who)
    reports = reports_of(sources.packages, call, judges)
    return Reports(asked, reports, number, tuple(sources.notes), limits)


def _who(chosen: Named, tell: Callable[[str], None]) -> Who:
    """Return who judges shares of a package; what they find waits for that of the shares before."""
    kind = "dask" if chosen.is_dask else "local"
    return Who(f"{kind}:{chosen.where}", tell, waiting=2)


def _asked(rules: str | RuleSet) -> RuleSet:
    """Return the rule set that is asked for; raises BenchfmtError for a name that no rule set has."""
    if isinstance(rules, str):
        return rule_set(rules)
    return rules
