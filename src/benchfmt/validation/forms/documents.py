"""Records as JSON: a list of them, or one on each line."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import JsonValue
from pydantic_core import from_json

from benchfmt.descriptor import MISPLACED_HEADING, Heading, is_heading, read_heading
from benchfmt.migrate import advice, readable, refusal, to_current
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError
from benchfmt.record import SCHEMA_VERSION
from benchfmt.rowhash import Hashes, no_hashes
from benchfmt.validation.forms.json_cells import LEVELS, JsonColumns, extent_of
from benchfmt.validation.forms.json_columns import Object, RecordGathering
from benchfmt.validation.forms.json_portion import Gathered, PortionMaker, id_of
from benchfmt.validation.forms.json_texts import (
    Text,
    json_code,
    texts_of_file,
    texts_of_lines,
)
from benchfmt.validation.forms.measurements import TOO_MANY_HINT
from benchfmt.validation.personal import report_personal
from benchfmt.validation.places import Place
from benchfmt.validation.portion import Portion, Terms
from benchfmt.validation.reporting import Reporter

LINES = (".jsonl", ".ndjson")
"""What the names of files with one record on each line end with."""
_MANY_FAULTS_HINT = (
    "correct what is reported first; `--limit faulty_records=NUMBER` has more of them judged"
)
_AT_ONCE = 32
"""How many records are taken apart at once: few enough for the processor's own memory."""


class JsonRecords:
    """A file of records as JSON: columns judge those that fit into them, and pydantic the others."""

    without_records = "the file holds no record"

    def __init__(self, path: Path, reporter: Reporter) -> None:
        """Take the file and who reports."""
        self.name = path.name
        self._path = path
        self._reporter = reporter
        self._has_lines = path.suffix in LINES
        self._long = min(reporter.limits.row_bytes, jsons.LARGE)
        """How many bytes a text has of which it is asked whether it is too long."""
        self._heading: Heading | None = None
        self._is_broken = False
        """Whether the rest of the file cannot be read."""
        self._unread = 0
        """How many texts hold nothing that can be read."""
        self._json_columns = JsonColumns(reporter.limits.json_depth)
        self._gathered = self._empty()
        self._maker = PortionMaker(self.name, reporter)

    def portions(self) -> Iterator[Portion]:
        """Yield the records in portions."""
        for texts in self._texts():
            with _without_search_for_cycles():
                self._gather(texts)
            # What waits keeps its texts as long as it needs them.
            texts.clear()
            if self._gathered.is_full:
                yield self._portion()
            if self._is_broken or self._has_too_many_faults():
                break
        if len(self._gathered):
            yield self._portion()

    def _has_too_many_faults(self) -> bool:
        """Whether so many records are at fault that the others are not judged, after reporting it."""
        faulty = self._maker.faulty + self._unread
        if faulty < self._reporter.limits.faulty_records:
            return False
        message = f"{faulty:,} records are at fault; the rest of the file is not judged"
        self._reporter.report("BF907", Place(self.name), message, hint=_MANY_FAULTS_HINT)
        return True

    def unsettled(self) -> Hashes:
        """Return no id: a record stands with all of its measurements."""
        return no_hashes()

    def _portion(self) -> Portion:
        """Return what is gathered as a portion; nothing is kept of it."""
        gathered, self._gathered = self._gathered, self._empty()
        # To look for cycles among ten thousands of faults takes longer than to tell them.
        with _without_search_for_cycles():
            return self._maker.portion(gathered, Terms.of(self._heading))

    def _empty(self) -> Gathered:
        return Gathered(RecordGathering(self._json_columns))

    def _texts(self) -> Iterator[list[Text]]:
        """Yield the texts of the file, a few at once, until one cannot be told from the next."""
        read = texts_of_file
        if self._has_lines:
            read = texts_of_lines
        try:
            for texts in read(self._path, self._reporter.limits):
                texts.reverse()
                while texts:
                    yield _taken(texts)
        except (UnsafeError, jsons.JsonError) as error:
            line = getattr(error, "line", None)
            place = Place(self.name, line, line=line)
            self._reporter.report(json_code(error), place, str(error))

    def _gather(self, texts: Sequence[Text]) -> None:
        """Add the records of some texts after reporting texts that hold none."""
        records = []
        for text in texts:
            try:
                record = self._record(text)
            except (UnsafeError, jsons.JsonError) as error:
                self._is_broken = text.ends_with(error)
                self._unread += 1
                place = text.place_of(self.name, error)
                self._reporter.report(json_code(error), place, str(error))
            else:
                if record is not None:
                    records.append(record)
            if self._is_broken:
                break
        self._gathered.columns.add(records)

    def _record(self, text: Text) -> Object | None:
        """Return the record of a text, entered in what is gathered; None for a text that holds none, which is reported.

        Raises JsonError or UnsafeError.
        """
        is_long = len(text.data) >= self._long
        if is_long and self._is_too_long(text):
            return None
        data, members = self._parsed(text)
        if is_long and jsons.is_large(text.data):
            jsons.refuse_wide(data, self._reporter.limits)
        if not isinstance(data, dict) or data.get("benchfmt") != SCHEMA_VERSION:
            return self._of_another_kind(text, data, members)
        if self._has_too_many_measurements(text.row, data):
            return None
        self._gathered.enter(text, members)
        return data

    def _of_another_kind(self, text: Text, data: JsonValue, members: int) -> Object | None:
        """Return the record of a text that is none of this version, None for a heading and for one that is too long."""
        if is_heading(data):
            self._take_heading(text.row, data)
            return None
        if not isinstance(data, dict):
            self._gathered.enter(text, members, is_doubtful=True)
            return {}
        if self._has_too_many_measurements(text.row, data):
            return None
        if members not in (-1, extent_of(data).members):
            # A member stands twice, or a text looks like one that does.
            text.parsed(self._reporter.limits)
        return self._of_other_version(text, data)

    def _of_other_version(self, text: Text, data: Object) -> Object:
        """Return a record as one of this version, an empty one where it has no version that can be read."""
        current: Object = {}
        if readable(data.get("benchfmt", SCHEMA_VERSION)):
            current = to_current(data)
        self._gathered.enter(text, -1, is_doubtful="benchfmt" not in current)
        return current

    def _is_too_long(self, text: Text) -> bool:
        """Whether a line is too long, after reporting it; what comes after it is not read. Raises UnsafeError."""
        longest = self._reporter.limits.row_bytes
        if not self._has_lines:
            jsons.refuse_heavy(text.data, self._reporter.limits)
        elif len(text.data) >= longest:
            self._report("BF907", text.row, f"the line is longer than {longest} bytes")
            self._is_broken = True
        return self._is_broken

    def _parsed(self, text: Text) -> tuple[JsonValue, int]:
        """Return the data of a text, and how many members are written there; -1 where none can stand twice.

        Raises JsonError or UnsafeError.
        """
        limits = self._reporter.limits
        if text.members >= 0 and limits.json_depth > LEVELS:
            try:
                return from_json(text.data), text.members
            except ValueError:
                # The slower parser takes half a character, and says what is wrong with others.
                pass
        return text.parsed(limits), -1

    def _take_heading(self, row: int, data: JsonValue) -> None:
        """Take the heading of the records after reporting its faults, or report one that stands elsewhere."""
        if not self._has_lines or row != 1:
            self._report("BF117", row, MISPLACED_HEADING, field="benchfmt")
            return
        report_personal(data, Place(self.name, 1), self._reporter)
        heading, faults = read_heading(data)
        for fault in faults:
            self._report("BF118", 1, fault.message, field=fault.pointer)
        if heading and not readable(heading.benchfmt.version):
            version = heading.benchfmt.version
            place = Place(self.name, 1, field="/benchfmt/version")
            self._reporter.report("BF117", place, refusal(version), hint=advice(version))
        if heading:
            self._reporter.acknowledge(heading.benchfmt.acknowledged, self.name, 1)
        self._heading = heading

    def _has_too_many_measurements(self, row: int, data: Object) -> bool:
        """Whether a record has too many measurements, after reporting it."""
        measurements = data.get("measurements")
        limit = self._reporter.limits.record_measurements
        if not isinstance(measurements, list) or len(measurements) <= limit:
            return False
        message = f"the record has more than {limit:,} measurements; it is not judged"
        place = Place(self.name, row, field="measurements", record=id_of(data))
        self._reporter.report("BF907", place, message, hint=TOO_MANY_HINT)
        return True

    def _report(
        self, code: str, row: int | None, message: str, *, field: str | None = None
    ) -> None:
        self._reporter.report(code, Place(self.name, row, field=field), message)


def _taken(texts: list[Text]) -> list[Text]:
    """Return the last texts of a list, turned round, and take them out: a large one is not kept longer than needed."""
    some = texts[: -_AT_ONCE - 1 : -1]
    del texts[-_AT_ONCE:]
    return some


@contextmanager
def _without_search_for_cycles() -> Iterator[None]:
    """Leave out Python's search for cycles, of which data from JSON has none, while it is taken apart."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
