"""Gathered records as a portion: columns say which of them are sound, and the record model what is wrong with the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from pydantic import JsonValue
from pydantic_core import from_json

from benchfmt.checks.frames import OWNER, in_row
from benchfmt.checks.repeating_texts import RepeatingTexts
from benchfmt.migrate import advice, readable, refusal, to_current
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError
from benchfmt.record import SCHEMA_VERSION
from benchfmt.validation.forms.document import (
    DocumentPlaces,
    Verdict,
    verdict_on_measurements,
    verdicts_on,
)
from benchfmt.validation.forms.json_columns import Mask, RecordColumns, RecordGathering
from benchfmt.validation.forms.json_ids import Doubles, complete_ids, systems_of
from benchfmt.validation.forms.json_screen import Screen, breaks_rules, screen, some
from benchfmt.validation.forms.json_texts import Integers, Text, json_code
from benchfmt.validation.places import Place
from benchfmt.validation.portion import Pieces, Portion, Rows, Terms
from benchfmt.validation.reporting import Reporter

_RECORDS = 10_000
"""How many records are judged at once."""
_MEASUREMENTS = 100_000
"""How many measurements are judged at once, and those of one record more."""
_BYTES = 16 * 2**20
"""How long the texts are that are judged at once, and one more."""
_LONG, _ITEM = 2**16, 24
"""A longer text counts so many bytes more for each comma: in memory an item of a list takes more than as text."""
_ANY_ID = "-"
"""What stands in the column of ids, which a table needs, for a record that gives none."""


@dataclass
class Gathered:
    """Records that wait to be judged: their columns, and their texts, which say what columns do not."""

    columns: RecordGathering
    texts: list[Text] = field(default_factory=list)
    members: list[int] = field(default_factory=list)
    """How many members are written in each text; -1 where none stands twice."""
    doubtful: list[int] = field(default_factory=list)
    """The places of records that are doubtful whatever their columns say."""
    size: int = 0
    """The size of all texts, and more for each item of the lists of long ones."""

    def __len__(self) -> int:
        """Return how many records wait."""
        return len(self.texts)

    @property
    def is_full(self) -> bool:
        """Whether there are enough records for a portion."""
        return (
            len(self) >= _RECORDS
            or self.columns.measurements >= _MEASUREMENTS
            or self.size >= _BYTES
        )

    def enter(self, text: Text, members: int, *, is_doubtful: bool = False) -> None:
        """Enter the text of a record whose columns are added next."""
        if is_doubtful:
            self.doubtful.append(len(self.texts))
        self.texts.append(text)
        self.members.append(members)
        self.size += len(text.data)
        if len(text.data) > _LONG:
            self.size += _ITEM * text.data.count(b",")


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of each record, and of each of their measurements, whether it is at fault."""

    is_kept: Mask
    """Which records have something that can be checked."""
    is_sound: Mask
    """Which records have no fault outside of their measurements."""
    is_partial: Mask
    """Which records have measurements at fault."""
    is_doubtful: Mask
    """Which records had to be read again: their columns do not say all of them."""
    is_faulty_measurement: Mask


class PortionMaker:
    """Makes portions of the records of one file."""

    def __init__(self, name: str, reporter: Reporter) -> None:
        """Take the name of the file, and who reports."""
        self._name = name
        self._reporter = reporter
        self._repeating_records = RepeatingTexts("records")
        self._repeating_measurements = RepeatingTexts("measurements")
        self._doubles = Doubles(name, reporter)
        self.faulty = 0
        """How many records were at fault up to now."""

    def portion(self, gathered: Gathered, terms: Terms) -> Portion:
        """Return what can be checked of records after reporting the faults of their structure."""
        columns = gathered.columns.finished()
        texts = gathered.texts
        records, measurements = self._screens(columns, gathered)
        judged = self._judged(gathered, columns.sizes, records, measurements)
        record_cells = records.cells(judged.is_doubtful & judged.is_sound)
        is_mended = measurements.is_doubtful & ~judged.is_faulty_measurement
        measurement_cells = measurements.cells(is_mended)

        given = record_cells["id"].set(columns.records["id"].is_null(), None)
        described = judged.is_kept & judged.is_sound
        systems = systems_of(columns.systems, described, record_cells)
        self._doubles.report(texts, given, columns.systems, judged.is_kept, described)
        is_faulty = ~judged.is_kept | ~judged.is_sound | judged.is_partial
        ids = complete_ids(given, record_cells, texts, is_faulty)
        rows = [text.row for text in texts]
        keys = pl.Series(
            "id", [in_row(row, name or "") for row, name in zip(rows, ids, strict=True)], pl.String
        )
        owners = np.repeat(np.arange(len(texts)), columns.sizes)
        has_value = measurement_cells["value"].is_not_null().to_numpy()
        has_result = some(has_value & ~judged.is_faulty_measurement, columns.sizes)
        status = _status(record_cells["status"], has_result, judged.is_doubtful)
        # Rows that are not kept have the place of the one before, which nobody asks for.
        places = pl.Series(OWNER, np.cumsum(judged.is_kept) - 1, pl.Int64)
        kept = Rows(
            record_cells.with_columns(keys, systems.ids, status, places),
            pl.Series(judged.is_sound),
        ).filter(pl.Series(judged.is_kept))
        is_kept = judged.is_kept[owners] & ~judged.is_faulty_measurement
        kept_measurements = measurement_cells.with_columns(
            keys.gather(owners).alias("record_id"), places.gather(owners)
        ).filter(pl.Series(is_kept))
        self._reporter.count(kept.frame.height, kept_measurements.height)
        return Portion(
            records=kept,
            measurements=Pieces([Rows.all_sound(kept_measurements)]),
            systems=systems.frame,
            places=DocumentPlaces(self._name, rows, ids, columns.sizes, systems.users),
            terms=terms,
            doubtful=keys.filter(pl.Series(judged.is_partial & judged.is_kept)),
        )

    def _screens(self, columns: RecordColumns, gathered: Gathered) -> tuple[Screen, Screen]:
        """Return the table of the records and that of their measurements."""
        measurements = screen("measurements", columns.measurements, self._repeating_measurements)
        measurements.is_doubtful[:] |= columns.is_doubtful_measurement
        measurements.is_doubtful[:] |= breaks_rules(measurements.typed)
        with_ids = columns.records.with_columns(pl.col("id").fill_null(_ANY_ID))
        records = screen("records", with_ids, self._repeating_records)
        records.is_doubtful[:] |= columns.is_doubtful
        records.is_doubtful[gathered.doubtful] = True
        # A member that stands twice is written once more than there are members.
        written = np.array(gathered.members)
        records.is_doubtful[(written >= 0) & (written != columns.members)] = True
        has_value = some(measurements.typed["value"].is_not_null().to_numpy(), columns.sizes)
        is_ok = (records.typed["status"] == "ok").fill_null(value=False).to_numpy()
        records.is_doubtful[is_ok & ~has_value] = True
        return records, measurements

    def _judged(
        self, gathered: Gathered, sizes: Integers, records: Screen, measurements: Screen
    ) -> Judged:
        """Return which records are at fault, after reporting the faults of these."""
        count = len(gathered)
        is_doubtful = records.is_doubtful | some(measurements.is_doubtful, sizes)
        judged = Judged(
            is_kept=np.ones(count, np.bool_),
            is_sound=np.ones(count, np.bool_),
            is_partial=np.zeros(count, np.bool_),
            is_doubtful=is_doubtful,
            is_faulty_measurement=np.zeros(len(measurements.is_doubtful), np.bool_),
        )
        starts = np.cumsum(sizes) - sizes
        for place in np.flatnonzero(is_doubtful).tolist():
            start = int(starts[place])
            of_record = measurements.is_doubtful[start : start + sizes[place]]
            doubtful = np.flatnonzero(of_record).tolist()
            text = gathered.texts[place]
            verdict = None
            if not records.is_doubtful[place] and gathered.members[place] >= 0:
                verdict = self._verdict_on_measurements(text, doubtful)
            if verdict is None:
                verdict = self._verdict(text, doubtful)
            if verdict is None:
                self.faulty += 1
                judged.is_kept[place] = False
                continue
            self.faulty += bool(verdict.faulty) or not verdict.is_sound
            has_sound_measurements = len(verdict.faulty) < sizes[place]
            judged.is_kept[place] = has_sound_measurements or verdict.is_sound
            judged.is_sound[place] = verdict.is_sound
            judged.is_partial[place] = bool(verdict.faulty)
            judged.is_faulty_measurement[[start + int(index) for index in verdict.faulty]] = True
        return judged

    def _verdict_on_measurements(self, text: Text, doubtful: Sequence[int]) -> Verdict | None:
        """Return what is wrong with measurements of a sound record, after reporting it; None where more is to be asked."""
        data = from_json(text.data)
        verdict = verdict_on_measurements(data, doubtful)
        if verdict is not None:
            self._report_faults(verdict, text.row, id_of(data))
        return verdict

    def _verdict(self, text: Text, doubtful: Sequence[int]) -> Verdict | None:
        """Return what is wrong with a record, after reporting it; None where there is no record to be checked."""
        try:
            data = text.parsed(self._reporter.limits)
        except (UnsafeError, jsons.JsonError) as error:
            place = text.place_of(self._name, error)
            self._reporter.report(json_code(error), place, str(error))
            return None
        record_id = id_of(data)
        if isinstance(data, dict):
            version = data.get("benchfmt", SCHEMA_VERSION)
            if not readable(version):
                place = Place(self._name, text.row, field="benchfmt", record=record_id)
                self._reporter.report(
                    "BF117", place, refusal(version), value=version, hint=advice(version)
                )
                return None
            if version != SCHEMA_VERSION:
                data = to_current(data)
        is_sound = True
        faulty: set[int | str] = set()
        for verdict in verdicts_on(data, doubtful):
            is_sound &= verdict.is_sound
            faulty |= verdict.faulty
            self._report_faults(verdict, text.row, record_id)
        if not isinstance(data, dict) or not data:
            return None
        return Verdict(faulty=frozenset(faulty), is_sound=is_sound)

    def _report_faults(self, verdict: Verdict, row: int, record_id: str | None) -> None:
        left_out: Counter[str] = Counter()
        for fault in verdict.faults():
            # What has no room has none for those after it.
            if fault.code in left_out or self._reporter.is_full(fault.code, self._name):
                left_out[fault.code] += 1
                continue
            place = Place(self._name, row, field=fault.field, record=record_id)
            self._reporter.report(
                fault.code, place, fault.message, value=fault.value, hint=fault.hint
            )
        if left_out:
            self._reporter.leave_out(left_out, record_id)


def id_of(data: JsonValue) -> str | None:
    """Return the id that a record gives."""
    if isinstance(data, dict) and isinstance(data.get("id"), str):
        return str(data["id"])
    return None


def _status(status: pl.Series, has_result: Mask, is_doubtful: Mask) -> pl.Series:
    """Return the status of each record; that a faulty one has no value, or no status, is reported already."""
    is_without = (status == "ok").fill_null(value=False) & pl.Series(is_doubtful & ~has_result)
    return status.set(is_without, None).fill_null("incomplete")
