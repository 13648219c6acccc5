"""Records as JSON: a list of them, or one on each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from pydantic import JsonValue, ValidationError

from benchfmt.checks.frames import in_row
from benchfmt.checks.schema_faults import record_faults
from benchfmt.described import contradictions
from benchfmt.descriptor import MISPLACED_HEADING, Heading, is_heading, read_heading
from benchfmt.identity import PLACED_PREFIX, identified
from benchfmt.migrate import advice, readable, refusal, to_current
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError
from benchfmt.record import SCHEMA_VERSION, Record, System
from benchfmt.tables import to_batch
from benchfmt.validation.forms.document import Document, DocumentPlaces, rest_of
from benchfmt.validation.forms.doubles import ONE_RECORD, ONE_SYSTEM
from benchfmt.validation.forms.frames import frames_of
from benchfmt.validation.forms.measurements import TOO_MANY_HINT
from benchfmt.validation.places import Place
from benchfmt.validation.portion import Portion, Rows, Terms, no_ids
from benchfmt.validation.reporting import Reporter

LINES = (".jsonl", ".ndjson")
"""What the names of files with one record on each line end with."""
_DOCUMENTS = 2_000
"""How many records are judged at once."""
_MEASUREMENTS = 100_000
"""How many measurements are judged at once, and those of one record more."""


class JsonRecords:
    """A file of records as JSON; pydantic judges the structure of each, since no column can hold its shape."""

    without_records = "the file holds no record"

    def __init__(self, path: Path, reporter: Reporter) -> None:
        """Take the file and who reports."""
        self.name = path.name
        self._path = path
        self._reporter = reporter
        self._heading: Heading | None = None
        self._rows_by_id: dict[str, int] = {}
        self._systems: dict[str, System] = {}

    def portions(self) -> Iterator[Portion]:
        """Yield the records in portions."""
        waiting: list[Document] = []
        measurements = 0
        for document in self._documents():
            waiting.append(document)
            measurements += len(document.places)
            if len(waiting) >= _DOCUMENTS or measurements >= _MEASUREMENTS:
                yield self._portion(waiting)
                waiting = []
                measurements = 0
        if waiting:
            yield self._portion(waiting)

    def unsettled(self) -> pl.Series:
        """Return no id: a record stands with all of its measurements."""
        return no_ids()

    def _documents(self) -> Iterator[Document]:
        """Yield what can be checked, after reporting faults of structure and what stands twice."""
        has_lines = self._path.suffix in LINES
        for row, data in self._values():
            if is_heading(data):
                if row == 1 and has_lines:
                    self._read_heading(data)
                else:
                    self._report("BF117", row, MISPLACED_HEADING, field="benchfmt")
                continue
            document = self._document(row, data)
            if document is not None:
                self._report_doubles(document)
                yield document

    def _values(self) -> Iterator[tuple[int, JsonValue]]:
        """Yield the values of the file with their rows, which are lines or places in the list."""
        if self._path.suffix in LINES:
            return self._values_of_lines()
        return enumerate(self._values_of_file(), start=1)

    def _values_of_file(self) -> list[JsonValue]:
        try:
            data = jsons.read(self._path, self._reporter.limits)
        except UnsafeError as error:
            self._report(error.code, None, str(error))
            return []
        except jsons.JsonError as error:
            self._report(json_code(error), error.line, str(error))
            return []
        if isinstance(data, list):
            return data
        return [data]

    def _values_of_lines(self) -> Iterator[tuple[int, JsonValue]]:
        longest = self._reporter.limits.row_bytes
        with self._path.open("rb") as file:
            lines = iter(lambda: file.readline(longest + 1), b"")
            for row, line in enumerate(lines, start=1):
                if len(line) > longest:
                    self._report("BF907", row, f"the line is longer than {longest} bytes")
                    return
                if not line.strip():
                    continue
                try:
                    yield row, jsons.parse(line, self._reporter.limits)
                except UnsafeError as error:
                    self._report(error.code, row, str(error))
                except jsons.JsonError as error:
                    self._report(json_code(error), row, str(error))

    def _read_heading(self, data: JsonValue) -> None:
        """Take the heading of the records after reporting its faults."""
        heading, faults = read_heading(data)
        for fault in faults:
            self._report("BF118", 1, f"{fault.pointer}: {fault.message}", field=fault.pointer)
        if heading and not readable(heading.benchfmt.version):
            version = heading.benchfmt.version
            place = Place(self.name, 1, field="/benchfmt/version")
            self._reporter.report("BF117", place, refusal(version), hint=advice(version))
        self._heading = heading

    def _document(self, row: int, data: JsonValue) -> Document | None:
        """Return what can be checked of a record after reporting the faults of its structure."""
        if not isinstance(data, dict):
            self._report_structure(row, data, None)
            return None
        listed = data.get("measurements")
        limit = self._reporter.limits.record_measurements
        if isinstance(listed, list) and len(listed) > limit:
            message = f"the record has more than {limit:,} measurements; it is not judged"
            place = Place(self.name, row, field="measurements", record=_id_of(data))
            self._reporter.report("BF907", place, message, hint=TOO_MANY_HINT)
            return None
        version = data.get("benchfmt", SCHEMA_VERSION)
        if not readable(version):
            place = Place(self.name, row, field="benchfmt", record=_id_of(data))
            self._reporter.report(
                "BF117", place, refusal(version), value=version, hint=advice(version)
            )
            return None
        return self._report_structure(row, to_current(data), _id_of(data))

    def _report_structure(
        self, row: int, data: JsonValue, record_id: str | None
    ) -> Document | None:
        """Return a record, or what is left of it after reporting its faults."""
        try:
            record = Record.model_validate(data)
        except ValidationError as error:
            for fault in record_faults(error.errors(include_url=False)):
                place = Place(self.name, row, field=fault.field, record=record_id)
                message = fault.message
                if fault.field:
                    message = f"{fault.field}: {fault.message}"
                self._reporter.report(fault.code, place, message, value=fault.value)
            if isinstance(data, dict):
                return rest_of(row, data, error)
            return None
        count = len(record.measurements or ())
        return Document(row, record, list(range(count)), sound=True)

    def _report_doubles(self, document: Document) -> None:
        """Report a system and a record whose id stood before."""
        record, system = document.record, document.record.system
        if system and system.id:
            known = self._systems.setdefault(system.id, system)
            if _is_another(known, system):
                place = Place(self.name, document.row, field="system.id", record=record.id)
                message = f"the system {system.id} is described twice"
                self._reporter.report("BF508", place, message, value=system.id, hint=ONE_SYSTEM)
        if record.id:
            first = self._rows_by_id.setdefault(record.id, document.row)
            if first != document.row:
                place = Place(self.name, document.row, field="id", record=record.id)
                message = f"record {record.id} stands in row {first} too"
                self._reporter.report("BF507", place, message, value=record.id, hint=ONE_RECORD)

    def _portion(self, documents: list[Document]) -> Portion:
        """Return records as typed frames, in which their rows tell them apart, whatever their ids are."""
        records = [identified(document.record) for document in documents]
        in_rows = []
        for document, record in zip(documents, records, strict=True):
            in_rows.append(record.model_copy(update={"id": in_row(document.row, str(record.id))}))
        frames = frames_of(to_batch(in_rows))
        self._reporter.count(frames["records"].height, frames["measurements"].height)
        systems = frames["systems"]
        sound = pl.Series([document.sound for document in documents], dtype=pl.Boolean)
        partial = pl.Series([document.partial for document in documents], dtype=pl.Boolean)
        return Portion(
            records=Rows(frames["records"], sound),
            measurements=Rows.all_sound(frames["measurements"]),
            systems=systems.unique("id", keep="first", maintain_order=True),
            places=DocumentPlaces(self.name, documents, records, systems["id"].to_list()),
            terms=Terms.of(self._heading),
            doubtful=frames["records"].filter(partial)["id"],
        )

    def _report(
        self, code: str, row: int | None, message: str, *, field: str | None = None
    ) -> None:
        self._reporter.report(code, Place(self.name, row, field=field), message)


def json_code(error: jsons.JsonError) -> str:
    """Return the code of a text that is not JSON, or that names a key twice."""
    if "twice" in str(error):
        return "BF116"
    return "BF115"


def _id_of(data: dict[str, JsonValue]) -> str | None:
    record_id = data.get("id")
    if isinstance(record_id, str):
        return record_id
    return None


def _is_another(one: System, other: System) -> bool:
    """Say whether two descriptions under one id are of two systems; of a system of a submission one may say less."""
    if str(one.id).startswith(PLACED_PREFIX):
        return any(contradictions(one.to_dict(), other.to_dict()))
    return one != other
