"""Somebody's own table, which its descriptor describes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchfmt.annotated import AnnotationError, Notes, Origin, Outcome, Program, compile_resource
from benchfmt.annotated import run as run_annotated
from benchfmt.annotated.amounts import frames_of_records
from benchfmt.annotated.assumptions import assumptions
from benchfmt.descriptor import FILE_NAME, Descriptor, Resource
from benchfmt.package.parts import Part, parts_of
from benchfmt.readers.files import UnsafeError, file_sha256
from benchfmt.readers.tables import TableError
from benchfmt.rowhash import Hashes, no_hashes
from benchfmt.validation.forms.delimited import BadRows
from benchfmt.validation.forms.frames import frames_of
from benchfmt.validation.places import Place, field_of
from benchfmt.validation.portion import Pieces, Portion, Rows, Terms
from benchfmt.validation.report import Report
from benchfmt.validation.reporting import Reporter

_CONVERTER = "annotated"
_CONVERTER_VERSION = "1.0"
_RECORDS_AT_ONCE = 32_768
"""So many records are judged at once: as plain columns they take several times what they do as they are made."""
_TOLD_OF_COLUMNS = frozenset({"BF208"})
"""What an annotation assumes stands in the descriptor, once for each column."""


class AnnotatedTable:
    """A table with an annotation; findings stand at its own rows and columns."""

    without_records = "no row of the table gives a record"

    def __init__(
        self, root: Path, resource: Resource, descriptor: Descriptor, reporter: Reporter
    ) -> None:
        """Take the table, what its package declares, and who reports."""
        self.name = resource.file
        self._root = root
        self._resource = resource
        self._descriptor = descriptor
        self._reporter = reporter

    def portions(self) -> Iterator[Portion]:
        """Yield the records of the table in portions."""
        try:
            for part in parts_of(self._root, self._resource):
                if part.path.is_file():
                    yield from self._portions_of(part)
        except AnnotationError as error:
            for fault in error.faults:
                self._reporter.report("BF118", Place(FILE_NAME), fault)
        except (TableError, UnsafeError) as error:
            self._reporter.report(error.code, Place(self.name), str(error))

    def name_cells(self, report: Report) -> None:
        """Add to the findings on the table how a spreadsheet names their cells."""
        places = []
        for place, finding in enumerate(report.findings):
            if finding.path != self.name or finding.row is None:
                continue
            if finding.cell is None:
                places.append(place)
        if not places:
            return
        rows = {report.findings[place].row or 0 for place in places}
        for part in parts_of(self._root, self._resource):
            cells = self._resource.cells(part.path, rows, self._reporter.limits)
            for place in places:
                finding = report.findings[place]
                cell = cells.name(finding.row or 0, finding.column)
                report.findings[place] = replace(finding, cell=cell)

    def unsettled(self) -> Hashes:
        """Return no id: a record is made with all of its measurements."""
        return no_hashes()

    def _portions_of(self, part: Part) -> Iterator[Portion]:
        text = self._resource.text_table(part.path, self._reporter.limits)
        program = compile_resource(self._resource, text.header(), self._descriptor.metrics())
        for column in program.absent:
            message = f"the table has no column {column!r}, which its descriptor describes"
            self._reporter.report("BF101", Place(part.name, column=column), message)
        self._report_assumptions(part, program)
        table = self._descriptor.table_in_file(self._resource)
        digest = file_sha256(part.path)
        origin = Origin(part.name, digest, part.name, _CONVERTER, _CONVERTER_VERSION, table)
        bad_rows = BadRows(text, part.name, self._reporter)
        notes = Notes(part.name, self._reporter.limits)
        terms = Terms.of(self._descriptor)
        most = self._reporter.limits.measurements_at_once // 4
        for frame, rows in frames_of_records(text, program, self._reporter.limits):
            outcome = run_annotated(program, frame, rows, origin, notes)
            self._report_cells(part, outcome)
            bad_rows.report()
            parts = outcome.in_parts(_RECORDS_AT_ONCE, most)
            # What was made of these rows is let go of before the next ones are read.
            del frame, outcome
            yield from (self._portion(part, records, terms) for records in parts)
            del parts
        self._reporter.leave_out(notes.beyond())
        bad_rows.report()

    def _report_assumptions(self, part: Part, program: Program) -> None:
        """Report what the annotation assumes and nobody confirms."""
        for item in assumptions(program):
            place = Place(part.name, column=item.column)
            self._reporter.report(item.code, place, item.message, hint=item.hint)

    def _report_cells(self, part: Part, outcome: Outcome) -> None:
        """Report what could not be read: a conversion goes on without it, here the fault weighs what its code says."""
        for finding in outcome.findings:
            self._reporter.adopt(finding)
        for row, message in outcome.doubled:
            self._reporter.report("BF410", Place(part.name, row), message)

    def _portion(self, part: Part, outcome: Outcome, terms: Terms) -> Portion:
        frames = frames_of(outcome.batch)
        self._reporter.count(frames["records"].height, frames["measurements"].height)
        return Portion(
            records=Rows.all_sound(frames["records"]),
            measurements=Pieces([Rows.all_sound(frames["measurements"])]),
            systems=frames["systems"],
            places=AnnotatedPlaces(part.name, outcome),
            terms=terms,
            told=_TOLD_OF_COLUMNS,
        )


class AnnotatedPlaces:
    """An annotated table: rows and columns are those of its own file."""

    def __init__(self, name: str, outcome: Outcome) -> None:
        """Take the file, and where in it the rows of the frames stand; what they hold may be let go of."""
        self._name = name
        self._record_rows = outcome.record_rows
        self._measurement_rows = outcome.measurement_rows
        self._kinds = outcome.measurement_kinds
        self._columns = outcome.columns

    def now(self) -> AnnotatedPlaces:
        """Return these places, which are those of one portion."""
        return self

    def in_files(self, cell: Place) -> Place:
        """Return where a cell of a table stands."""
        field = field_of(cell)
        if cell.row is None or cell.file == "systems":
            return Place(self._name, field=field)
        at = cell.row - 1
        if cell.file == "records":
            row = int(self._record_rows[at])
            return Place(self._name, row, None, field, cell.record)
        row = int(self._measurement_rows[at])
        column = self._columns[int(self._kinds[at])]
        return Place(self._name, row, column, field, cell.record)
