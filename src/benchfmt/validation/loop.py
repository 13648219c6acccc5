"""The one loop of validation: the portions of every form meet all checks here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from benchfmt.checks import structure
from benchfmt.checks.catalogue import chosen, gatherers
from benchfmt.checks.frames import ROW, Frames, Shared, no_coded_faults
from benchfmt.checks.kinds import RECORD
from benchfmt.validation.across import Across
from benchfmt.validation.places import Place, Places
from benchfmt.validation.portion import Form, Portion
from benchfmt.validation.reporting import Reporter
from benchfmt.validation.running import run_checks, topic_faults, without_echo

_NOTHING_HINT = (
    "look at what the conversion, or the table's annotation, left out; "
    "remove the file if it has no results"
)


def _with_value(measurements: pl.DataFrame) -> pl.Series:
    """Return the ids of the records that have a value, once for each run of their measurements."""
    rows = measurements["value"].is_not_null().arg_true()
    records = measurements[RECORD].gather(rows).to_numpy()
    heads = np.flatnonzero(np.diff(records, prepend=-1))
    return measurements["record_id"].gather(rows.gather(heads))


class Loop:
    """Judges forms; what compares records of different portions is reported at the end."""

    def __init__(self, reporter: Reporter) -> None:
        """Take who reports."""
        self.reporter = reporter
        self._shared = Shared()
        self.across = [Across(check) for check in gatherers(reporter.judged)]

    def judge(self, form: Form) -> None:
        """Judge all portions of a form; one that gives no record has a finding unless an error says why."""
        # The hashes of texts in one form are not those in another.
        self._shared = Shared()
        results = self.reporter.results
        records, errors = results.records, results.errors
        is_absent = self.reporter.has("BF119")
        without_value = []
        # `map` keeps no portion while the form makes the next one.
        for faults, places in map(self._judge, form.portions()):
            if faults.height:
                without_value.append((faults, places))
        unsettled = form.unsettled()
        if unsettled is not None:
            for faults, places in without_value:
                settled = faults.filter(~pl.col("record").is_in(unsettled.implode()))
                self.reporter.report_coded(settled, places)
        is_unexplained = results.records == records and results.errors == errors
        if is_unexplained and not is_absent:
            self.reporter.report(
                "BF122", Place(form.name), form.without_records, hint=_NOTHING_HINT
            )

    def finish(self) -> None:
        """Report what only all portions together show."""
        for gathered in self.across:
            self.reporter.report_coded(gathered.faults(), gathered.places)

    def _judge(self, portion: Portion) -> tuple[pl.DataFrame, Places]:
        """Judge a portion; returns the records without a value, which a later portion may explain, and the places."""
        self.reporter.mark(portion.records.frame["id"])
        records = portion.records.sound_rows()
        frames = Frames(
            records,
            portion.measurements.sound_rows(),
            portion.systems,
            portion.terms.metrics,
            portion.terms.prefixes,
        )
        broken = self._report_structure(frames, portion.places)
        measurements = frames.measurements
        if broken.height:
            measurements = measurements.filter(~pl.col(ROW).is_in(broken["row"].implode()))
        doubtful = pl.concat(
            [
                portion.doubtful,
                portion.measurements.frame["record_id"].filter(~portion.measurements.sound),
                broken["record"],
            ]
        )
        sound = replace(frames, measurements=measurements)
        whole = self._shared.with_facts(sound, portion.records.frame)
        self._report_content(whole, portion, doubtful)
        return structure.no_value(
            records, _with_value(whole.measurements), doubtful
        ), portion.places

    def _report_structure(self, frames: Frames, places: Places) -> pl.DataFrame:
        """Report rows whose cells do not go together; returns those of the measurements."""
        topic = chosen(structure.CHECKS, self.reporter.judged)
        broken = [no_coded_faults()]
        for _, faults in topic_faults(frames, topic):
            self.reporter.report_coded(faults, places)
            broken.append(faults)
        self.reporter.report_coded(structure.source_without_path(frames.records), places)
        return pl.concat(broken)

    def _report_content(self, frames: Frames, portion: Portion, doubtful: pl.Series) -> None:
        """Report what the checks find in rows of sound structure."""
        across = partial(self._gather, portion=portion)
        for faults in run_checks(frames, self.reporter.judged - portion.told, across=across):
            new = faults
            if not portion.has_new_systems:
                new = faults.filter(pl.col("table") != "systems")
            self.reporter.report_coded(without_echo(new, doubtful), portion.places)

    def _gather(self, frames: Frames, *, portion: Portion) -> Iterator[pl.DataFrame]:
        """Give the frames of a portion to the checks that compare records of different portions."""
        for gathered in self.across:
            if gathered.check.code not in portion.told:
                yield gathered.add(frames, portion.places)
