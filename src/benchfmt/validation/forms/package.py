"""The three tables of a package, as Parquet or as delimited text, in a folder or unpacked from a zip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchfmt.allocator import keeps_little
from benchfmt.checks.columns import type_table
from benchfmt.checks.frames import empty, faults
from benchfmt.checks.groups import Group
from benchfmt.checks.kinds import NAMING, Names
from benchfmt.checks.repeating_texts import RepeatingTexts
from benchfmt.descriptor import FILE_NAME, Descriptor, Resource
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.migrate import is_newer, is_older, older_names
from benchfmt.package import PackageError, ParquetError
from benchfmt.package.columns import held_bytes
from benchfmt.package.parts import is_parquet
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.tables import TableError
from benchfmt.rowhash import Hashes, id_hashes
from benchfmt.stored import Column
from benchfmt.tables import TABLES
from benchfmt.validation.forms.doubles import ONE_SYSTEM
from benchfmt.validation.forms.formulas import Formulas
from benchfmt.validation.forms.measurements import (
    Attribution,
    Queue,
    WaitingRecords,
)
from benchfmt.validation.forms.package_facts import PackageFacts
from benchfmt.validation.forms.raw import RawRows, RawTable
from benchfmt.validation.forms.record_ids import RecordIds
from benchfmt.validation.forms.small_parts import together
from benchfmt.validation.forms.spans import RowsInSpans, Span, apart, spans_of
from benchfmt.validation.places import Place, TablePlaces
from benchfmt.validation.portion import Pieces, Portion, Rows, Terms
from benchfmt.validation.reporting import Reporter

_SHARE = 4
"""Into so many parts the limit is divided where measurements take more memory."""


@dataclass(frozen=True, slots=True)
class Share:
    """A span of a package that is judged by itself, and what has to be known of the rest."""

    span: Span
    doubtful: Hashes
    """The hashes of ids that a record of the span and another one have."""
    at_once: int
    """How many measurements are judged at once."""


class PackageTables:
    """The tables of a package: records in portions, the measurements beside their records."""

    without_records = "the package holds no record"

    def __init__(
        self,
        root: Path,
        resources: Mapping[str, Resource],
        descriptor: Descriptor,
        reporter: Reporter,
        share: Share | None = None,
    ) -> None:
        """Take the tables that the descriptor names, records and measurements among them, and who reports.

        For a `share` the two have its parts alone. Whoever judges all shares reports what is wrong with systems, ids
        that stand twice and what only all records show; the rest is reported here.
        """
        self.name = resources["records"].file
        self.root = root
        self.resources = resources
        self.descriptor = descriptor
        self.share = share
        self._reporter = reporter
        version = descriptor.benchfmt.version
        self._places = TablePlaces(older_names(version))
        self._terms = Terms.of(descriptor)
        self._is_newer = is_newer(version)
        self._files = [file.path for item in resources.values() for file in item.files]
        self.at_once = _measurements_at_once(resources["measurements"], reporter.limits)
        self._first_rows = {"records": 0, "measurements": 0}
        """How many rows stand before those that are read."""
        if share is not None:
            self.at_once = share.at_once
            self._first_rows["records"] = share.span.records.start
            self._first_rows["measurements"] = share.span.measurements.start
        self._repeating = {table: RepeatingTexts(table) for table in TABLES}
        self._formulas = {table: Formulas(table) for table in TABLES}
        self._names = Names()
        self._tables: dict[str, RawTable] = {}
        for name, resource in resources.items():
            rows_before = self._first_rows.get(name, 0)
            self._tables[name] = RawTable(
                name, root, resource, self._places, reporter, version, rows_before
            )
        self._late: Hashes | None = None
        self._attribution: Attribution | None = None
        self._is_cut = False
        self.facts = PackageFacts(descriptor)
        self.maybe_doubled: list[pl.DataFrame] = []
        """Id and row of the records of a share whose ids others may have."""

    @property
    def places(self) -> TablePlaces:
        """The places in the parts that were read."""
        return self._places

    def portions(self) -> Iterator[Portion]:
        """Yield the records in portions; reports a table that cannot be read to its end."""
        try:
            yield from self._portions()
        except (TableError, UnsafeError, ParquetError) as error:
            self._is_cut = True
            file = self._file_of(error)
            if file not in self._reporter.cut_files:
                self._reporter.report(error.code, Place(file), str(error))
        except PackageError as error:
            self._is_cut = True
            self._reporter.report("BF119", Place(self._file_of(error)), str(error))

    def unsettled(self) -> Hashes | None:
        """Return the hashes of ids of records of which measurements were out of order; None where rows are not known."""
        return self._late

    @property
    def stray(self) -> Hashes | None:
        """The hashes of ids in the measurements of which there is no record; None where something could not be read.

        A share of which something could not be read, or whose columns are of other types, is not to be judged by itself.
        """
        tables = ("records", "measurements")
        is_odd = any(self._repeating[table].has_mistyped for table in tables)
        is_incomplete = any(self._tables[table].is_incomplete for table in tables)
        if self._attribution is None or self._is_cut or is_odd or is_incomplete:
            return None
        return self._attribution.stray

    def spans(self) -> list[Span]:
        """Return which parts of the tables go together by their numbers of rows; none where there is one span, or where it is not known."""
        if self.share is not None or is_older(self.descriptor.benchfmt.version):
            return []
        return spans_of(
            self.root,
            self.resources["records"],
            self.resources["measurements"],
            self._reporter.limits,
        )

    def apart(self, spans: list[Span], ids: RecordIds) -> list[Span]:
        """Return spans whose measurements are of their own records, as far as is seen; one of everything where there are none."""
        if spans:
            table = self.resources["measurements"]
            return apart(spans, self.root, table, ids, self._reporter.limits)
        parts = max(len(self.resources[name].files) for name in ("records", "measurements"))
        return [Span(range(parts), range(0), range(0))]

    def _file_of(self, error: BenchfmtError) -> str:
        """Return the file that an error is about."""
        for file in self._files:
            if file in str(error):
                return file
        return FILE_NAME

    def _portions(self) -> Iterator[Portion]:
        # Whoever judges all shares reports what is wrong with the systems.
        with nullcontext() if self.share is None else self._reporter.silent():
            systems = self.systems()
        record_ids = self._record_ids()
        attribution = self._attribution = Attribution(
            record_ids,
            self._reporter,
            self._places,
            knows_all=not self._tables["records"].is_incomplete,
        )
        first = self._first_rows["records"]
        measurements = Queue(iter(()), self.at_once)
        waiting = WaitingRecords(first)
        of_records = RowsInSpans(self._tables["records"].rows())
        of_measurements = RowsInSpans(self._tables["measurements"].rows())
        for span in self.apart(self.spans(), record_ids):
            rows = of_measurements.before(span.parts.stop)
            measurements.go_on(self._measurements(rows, attribution))
            for records in self._records(of_records.before(span.parts.stop)):
                self._report_records(records.frame, systems, record_ids)
                waiting.add(records)
                while waiting.height and (
                    not waiting.has_room or measurements.are_enough_before(waiting.end)
                ):
                    yield self._next(waiting, measurements, systems)
            # A portion ends with a span, so that whoever judges the span alone finds the same.
            while waiting.height:
                yield self._next(waiting, measurements, systems)
        if waiting.end == 0:
            none = Rows.all_sound(empty("records"))
            yield self._portion(none, measurements.until(0), systems, is_first=True)
        measurements.read_to_end()
        is_whole = not self._tables["records"].is_incomplete
        if self.share is None:
            self.facts.report(systems, self._reporter, self._places, is_whole=is_whole)
        if not any(self._tables[name].is_incomplete for name in ("records", "measurements")):
            self._late = attribution.late()

    def _next(self, waiting: WaitingRecords, measurements: Queue, systems: pl.DataFrame) -> Portion:
        """Return the next records, as many as may be judged at once."""
        begin = waiting.begin
        end = measurements.end_of_portion(begin, waiting.next_end)
        records = waiting.until(end)
        return self._portion(records, measurements.until(end), systems, is_first=begin == 0)

    def _portion(
        self, records: Rows, measurements: Pieces, systems: pl.DataFrame, *, is_first: bool
    ) -> Portion:
        return Portion(
            records,
            measurements,
            systems,
            self._places.now(),
            self._terms,
            has_new_systems=is_first,
        )

    def systems(self) -> pl.DataFrame:
        """Return all systems, each id once, after reporting what is wrong with them."""
        table = self._tables.get("systems")
        frames = [empty("systems")]
        if table is None:
            return frames[0]
        known = frames[0]["id"]
        room = self._reporter.limits.systems_bytes
        for raw in together(table.rows()):
            frame = self._typed("systems", raw).frame
            table.is_incomplete |= frame["id"].null_count() > 0
            frame = self._of_one_id(frame.filter(pl.col("id").is_not_null()), known)
            room -= held_bytes(frame)
            if room < 0:
                self._report_many_systems()
                table.is_incomplete = True
                break
            frames.append(frame)
            known = pl.concat([known, frame["id"]])
        return pl.concat(frames)

    def _of_one_id(self, systems: pl.DataFrame, known: pl.Series) -> pl.DataFrame:
        """Return systems whose ids stand for the first time after reporting the others."""
        is_first = systems["id"].is_first_distinct() & ~systems["id"].is_in(known.implode())
        if is_first.all():
            return systems
        message = pl.format("the system {} is described twice", pl.col("id"))
        double = systems.filter(~is_first)
        wrong = faults(double, "systems", "id", message, pl.col("id"), ONE_SYSTEM)
        self._reporter.report_faults("BF508", wrong, self._places)
        return systems.filter(is_first)

    def _report_many_systems(self) -> None:
        most = self._reporter.limits.systems_bytes
        message = f"the systems take more than {most:,} bytes of memory; the rest is not read"
        self._reporter.report("BF907", self._places.in_files(Place("systems")), message)

    def _record_ids(self) -> RecordIds:
        """Return the ids of all records, which are read for them alone first."""
        first, doubtful = 0, None
        if self.share is not None:
            first, doubtful = self.share.span.records.start, self.share.doubtful
        hashes = Column()
        for of_some in self._id_hashes():
            hashes.add(of_some)
        if not len(hashes):
            # Where there is no record at all, each measurement would be without one.
            self._tables["records"].is_incomplete = True
        return RecordIds(hashes, first, doubtful)

    def id_hashes(self) -> Hashes | None:
        """Return a hash of the id of each record; None where some cannot be read."""
        hashes = np.concatenate([np.empty(0, np.uint64), *self._id_hashes()])
        if self._tables["records"].is_incomplete:
            return None
        return hashes

    def _id_hashes(self) -> Iterator[Hashes]:
        table = self._tables["records"]
        for ids in table.cells("id"):
            if ids is None or ids.null_count():
                table.is_incomplete = True
            if ids is not None:
                yield id_hashes(ids)

    def _records(self, raws: Iterable[RawRows]) -> Iterator[Rows]:
        for raw in together(raws):
            rows = self._typed("records", raw)
            self._reporter.count(rows.frame.height, 0)
            self.facts.add(rows)
            yield rows

    def _measurements(self, raws: Iterable[RawRows], attribution: Attribution) -> Iterator[Rows]:
        for raw in together(raws):
            rows = self._typed("measurements", raw)
            self._reporter.count(0, rows.frame.height)
            yield attribution.attributed(rows)

    def _typed(self, table: str, raw: RawRows) -> Rows:
        """Return rows in the types of the standard after reporting what keeps cells from having them."""
        typed = type_table(
            table,
            raw.frame,
            self._repeating[table],
            newer=self._is_newer,
            typed=raw.reader.is_typed,
            most=self._reporter.limits.findings_per_code,
        )
        if not raw.reader.is_typed:
            self._report_formulas(table, raw.frame)
        rows = Rows(typed.frame, typed.sound)
        if table == "measurements" and typed.first is not None:
            named = self._names.of(typed.frame, typed.first)
            own = [name for name in typed.frame.columns if name not in NAMING]
            rows = Rows(typed.frame[own], typed.sound, named)
        for group in typed.faults:
            self._report_columns(table, group, raw)
        return rows

    def _report_columns(self, table: str, group: Group, raw: RawRows) -> None:
        """Report what keeps the cells of a column from having its type."""
        if group.code == "BF101" and group.is_of_columns:
            self._tables[table].is_incomplete = True
        if group.code == "BF101" and group.column in raw.reader.odd_columns:
            # A column that was left out is reported already; it is not missing.
            return
        if not group.is_of_columns:
            self._reporter.report_groups([group], self._places)
            return
        # What is wrong with the columns themselves is reported once a part, with its first rows.
        for part in raw.begun:
            self._reporter.report_groups([group], self._places.in_part(table, part))

    def _report_formulas(self, table: str, raw: pl.DataFrame) -> None:
        """Report the cells of delimited text that a spreadsheet would run; asked after the texts were judged."""
        are_known = self._repeating[table].is_known
        for wrong in self._formulas[table].faults(raw, are_known=are_known):
            self._reporter.report_faults("BF908", wrong, self._places)

    def _report_records(
        self, records: pl.DataFrame, systems: pl.DataFrame, record_ids: RecordIds
    ) -> None:
        """Report records whose id stands twice, and those whose system is not described."""
        self._report_doubles(records, record_ids)
        table = self._tables.get("systems")
        if table is not None and table.is_incomplete:
            return
        system_id = pl.col("system_id")
        is_lost = system_id.is_not_null() & ~system_id.is_in(systems["id"].implode())
        message = pl.format("the system '{}' is not described", system_id)
        hint = "add it to the systems table"
        wrong = faults(records.filter(is_lost), "records", "system_id", message, system_id, hint)
        self._reporter.report_faults("BF503", wrong, self._places)

    def _report_doubles(self, records: pl.DataFrame, record_ids: RecordIds) -> None:
        """Report records whose id stands twice, or keep them for whoever judges all shares."""
        if self.share is not None:
            doubtful = record_ids.maybe_doubled(records)
            if doubtful is not None and doubtful.height:
                self.maybe_doubled.append(doubtful)
            return
        doubles = record_ids.doubles(records)
        if doubles is not None:
            self._reporter.report_faults("BF507", doubles, self._places)


def _measurements_at_once(resource: Resource, limits: Limits) -> int:
    """Return how many measurements of a table are judged at once, which bounds the memory; a record of more is judged alone.

    All that the limit allows are of Parquet, where the allocator keeps little: each portion costs some hundred calls,
    however small it is. Cells of delimited text take more memory as they are read: a part of it is for these.
    """
    most = limits.measurements_at_once
    is_typed = all(is_parquet(file.path, resource) for file in resource.files)
    if is_typed and keeps_little():
        return most
    return min(most, max(most, LIMITS.measurements_at_once) // _SHARE)
