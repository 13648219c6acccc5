"""The one loop of validation: the portions of every form meet all checks here."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import Protocol

import polars as pl

from benchfmt.checks.catalogue import gatherers
from benchfmt.checks.check import Check
from benchfmt.checks.frames import Frames, Shared
from benchfmt.turns import Turns
from benchfmt.validation.across import Across
from benchfmt.validation.places import Place, Places
from benchfmt.validation.portion import Form, Portion
from benchfmt.validation.reporting import Held, Reporter
from benchfmt.validation.unvalued import Unvalued
from benchfmt.validation.verdicts import Verdict, kept, verdict_on

_NOTHING_HINT = (
    "look at what the conversion, or the table's annotation, left out; "
    "remove the file if it has no results"
)


class Comparing(Protocol):
    """Is given what a check that compares portions needs of each."""

    @property
    def check(self) -> Check:
        """The check."""

    def add(self, frames: Frames, places: Places) -> pl.DataFrame:
        """Take a portion; returns a fault if the check fails."""


class Loop:
    """Judges forms; what compares records of different portions is reported at the end."""

    def __init__(self, reporter: Reporter, jobs: int = 1) -> None:
        """Take who reports, and how many threads work at once: this one, which reads and reports, and others."""
        self.reporter = reporter
        self._threads = jobs - 1
        self.has_judged = False
        """Whether a form was judged: portions of the next are compared with its own."""
        self.across = [Across(check) for check in gatherers(reporter.judged)]

    def judge(self, form: Form) -> None:
        """Judge all portions of a form; one that gives no record has a finding unless an error says why."""
        self.has_judged = True
        results = self.reporter.results
        records, errors = results.records, results.errors
        # Of a file that is cut off, or that is not there, it was told why it gives nothing.
        is_told = self.reporter.has("BF119") or bool(self.reporter.cut_files)
        judge_portions(form, self.reporter, self._threads, self.across)
        is_unexplained = results.records == records and results.errors == errors
        if is_unexplained and not is_told:
            self.reporter.report(
                "BF122", Place(form.name), form.without_records, hint=_NOTHING_HINT
            )

    def finish(self) -> None:
        """Report what only all portions together show."""
        for gathered in self.across:
            code = gathered.check.code
            self.reporter.report_coded(gathered.faults(), gathered.places)
            if gathered.more:
                self.reporter.leave_out({code: gathered.more})
            if gathered.note is not None:
                self.reporter.note(f"{code}: {gathered.note}")


def judge_portions(
    form: Form, reporter: Reporter, threads: int, across: Sequence[Comparing]
) -> None:
    """Report what the checks find in the portions of a form by so many further threads; `across` is given each portion."""
    with closing(_Portions(reporter, threads, across)) as portions:
        try:
            # `map` keeps no portion while the form makes the next one.
            for _ in map(portions.give, form.portions()):
                pass
        except Exception:
            # What stands before the fault of a file is judged.
            portions.finish()
            raise
        portions.finish()
        without_value = portions.without_value
    unsettled = form.unsettled()
    if unsettled is None:
        return
    without_value.report(unsettled, reporter)


class _Portions:
    """Judges the portions of one form, some at once, and reports in their order, whoever is ready first."""

    def __init__(self, reporter: Reporter, threads: int, across: Sequence[Comparing]) -> None:
        self._reporter = reporter
        self._across = across
        # The hashes of texts in one form are not those in another.
        self._shared = Shared()
        self._turns = Turns[Verdict](threads)
        self._held: deque[list[Held]] = deque()
        """What the form reported before each portion that is judged."""
        self._has_threads = threads > 0
        self.without_value = Unvalued()
        """The records without a value, which a later portion may explain."""

    def give(self, portion: Portion) -> None:
        """Have a portion judged; another one may be reported first."""
        before = None
        if self._turns.is_full:
            before = self._turns.take()
        judge = self._reporter.judge()
        self._turns.give(partial(verdict_on, portion, judge, self._shared))
        if before is not None:
            self._report(before)
        self._held.append(self._reporter.held())
        if self._has_threads:
            self._reporter.hold(self.finish)
        else:
            self._report(self._turns.take())

    def finish(self) -> None:
        """Report what is still to be reported; what is reported from now on need not wait."""
        while len(self._turns):
            self._report(self._turns.take())
        self._reporter.release(self._reporter.held())
        self._reporter.hold_nothing()

    def close(self) -> None:
        """Wait for no further portion."""
        self._turns.close()
        self._reporter.hold_nothing()

    def _report(self, verdict: Verdict) -> None:
        """Report the next verdict, after what the form reported before that portion."""
        self._reporter.release(self._held.popleft())
        self._reporter.mark(verdict.fingerprint)
        self._reporter.add_groups(verdict.groups, verdict.places)
        for gathered in self._across:
            if gathered.check.code in verdict.told:
                continue
            failures = gathered.add(verdict.frames, verdict.places)
            new = kept(failures, verdict.doubtful, has_new_systems=verdict.has_new_systems)
            self._reporter.add_groups(self._reporter.judge().groups(new), verdict.places)
        self.without_value.add(verdict.without_value, verdict.places)
