"""Validation: runs the checks over anything that can be opened and gives findings.

Packages are read batch by batch. The records of a batch are judged together with all of their measurements, which stand
in the same order; what does not is told, and left out of the checks that need it.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import ValidationError

from benchfmt.annotated import AnnotationError, Notes, Origin, compile_resource
from benchfmt.annotated import run as run_annotated
from benchfmt.checks import consistency, integrity, plausibility, structure, terms
from benchfmt.checks.catalogue import CODES, RULE_SETS
from benchfmt.checks.frames import OWNER, ROW, ColumnCheck, Frames, empty, faults, no_faults, with_facts
from benchfmt.descriptor import FILE_NAME, Descriptor, Resource, read_descriptor
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.identity import identified
from benchfmt.limits import LIMITS, Limits
from benchfmt.migrate import VersionError, readable, to_current
from benchfmt.package import PackageError, open_folder, parquet_batches
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError, file_sha256, safe_path
from benchfmt.readers.tables import TableError, TextTable
from benchfmt.record import SCHEMA_VERSION, Record, System
from benchfmt.tables import COLUMNS, TABLES, Batch, column, to_batch
from benchfmt.vocabulary import Metric, vocabulary

TOPICS = (terms, plausibility, consistency, integrity)
_FORMULA = "^[=+@\t-]."
_VALUE_CODES = ("BF203", "BF204", "BF301", "BF302", "BF303")
"""The codes of a value that is wrong by itself."""
_DOCUMENTS = 2_000
_RECORDS = 8_192
_ROWS = 32_768
_SEED = 0


@dataclass
class Report:
    """What validation found."""

    rules: str
    findings: list[Finding] = field(default_factory=list)
    records: int = 0
    measurements: int = 0
    more: Counter[str] = field(default_factory=Counter)

    @property
    def errors(self) -> int:
        """How many findings are errors, those beyond the listed ones included."""
        return self._count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return self._count(Severity.WARNING)

    @property
    def ok(self) -> bool:
        """Whether the data conforms to the rules: no error."""
        return self.errors == 0

    def _count(self, severity: Severity) -> int:
        listed = sum(finding.severity == severity for finding in self.findings)
        return listed + sum(count for code, count in self.more.items() if CODES[code].severity == severity)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data (documented in docs/validation.md)."""
        return {
            "rules": self.rules,
            "ok": self.ok,
            "records": self.records,
            "measurements": self.measurements,
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [finding.to_dict() for finding in self.findings],
            "not_listed": dict(sorted(self.more.items())),
        }


def validate(
    path: str | Path | Iterable[str | Path],
    rules: str = "core",
    *,
    remote: bool = False,
    limits: Limits = LIMITS,
) -> Report:
    """Check packages, annotated tables or records (JSON, JSON Lines) against a rule set.

    Raises BenchfmtError for a rule set that does not exist and for a path at which there is nothing to check; what is
    wrong with the data itself is in the report.
    """
    if rules not in RULE_SETS:
        raise BenchfmtError(f"there is no rule set {rules!r}; there are: {', '.join(RULE_SETS)}")
    paths = [path] if isinstance(path, str | Path) else list(path)
    report = Report(rules)
    for place in paths:
        _Judge(report, RULE_SETS[rules], limits).judge(place, remote=remote)
    report.findings.sort()
    return report


class _Judge:
    """Gathers the findings on one path into the report."""

    def __init__(self, report: Report, codes: frozenset[str], limits: Limits) -> None:
        self.report = report
        self.codes = codes
        self.limits = limits
        self.counts: Counter[tuple[str, str | None]] = Counter()

    def judge(self, place: str | Path, *, remote: bool) -> None:
        path = Path(place)
        if "://" not in str(place):
            if not path.exists():
                raise BenchfmtError(f"{place} is not there")
            if path.is_dir() and not (path / FILE_NAME).is_file():
                raise BenchfmtError(f"{place} holds no {FILE_NAME}: name a package, a descriptor, or files of records")
            if path.suffix in (".jsonl", ".ndjson") or (path.suffix == ".json" and not _is_descriptor(path)):
                self._documents(path)
                return
            if path.is_file() and path.suffix not in (".json", ".zip"):
                raise BenchfmtError(
                    f"{place} is no package and no record; `benchfmt describe {place}` drafts its descriptor"
                )
        try:
            with open_folder(place, remote=remote, limits=self.limits) as folder:
                self._package(folder.root, folder.file)
        except UnsafeError as error:
            self.say(error.code, str(place), str(error))
        except PackageError as error:
            if "://" in str(place):
                raise
            self.say("BF119", str(place), str(error))

    # --- packages ---

    def _package(self, root: Path, file: Path) -> None:
        descriptor = self._descriptor(file)
        if descriptor is None:
            return
        self._vouch(root, descriptor, file.name)
        resources = {resource.name: resource for resource in descriptor.resources if resource.name in TABLES}
        annotated = [resource for resource in descriptor.resources if resource.annotated]
        for resource in annotated:
            self._annotated(root, resource, descriptor)
        if annotated and not resources:
            return
        for table in ("records", "measurements"):
            if table not in resources:
                self.say(
                    "BF119",
                    file.name,
                    f"the descriptor names no table {table!r}",
                    hint="a package has records and measurements",
                )
        if {"records", "measurements"} <= set(resources):
            _Walk(self, root, resources, descriptor).run()

    def _descriptor(self, file: Path) -> Descriptor | None:
        if file.stat().st_size > self.limits.descriptor_bytes:
            self.say("BF907", file.name, f"the descriptor has more than {self.limits.descriptor_bytes} bytes")
            return None
        try:
            data = jsons.read(file, self.limits)
        except UnsafeError as error:
            self.say(error.code, file.name, str(error))
            return None
        except jsons.JsonError as error:
            self.say("BF116" if "twice" in str(error) else "BF115", file.name, str(error), row=error.line)
            return None
        descriptor, wrong = read_descriptor(data)
        for pointer, message in wrong:
            self.say("BF118", file.name, f"{pointer}: {message}", field=pointer)
        if descriptor and not readable(descriptor.benchfmt.version):
            self.say(
                "BF117",
                file.name,
                f"version {descriptor.benchfmt.version!r} is none of 1.x",
                field="/benchfmt/version",
            )
            return None
        return descriptor

    def _vouch(self, root: Path, descriptor: Descriptor, name: str) -> None:
        """Check size and hash of every file that the descriptor names."""
        for resource in descriptor.resources:
            try:
                path = safe_path(root, resource.path)
            except UnsafeError as error:
                self.say(error.code, name, str(error), value=resource.path)
                continue
            if not path.is_file():
                self.say("BF119", name, f"{resource.path} is not there", value=resource.path)
                continue
            size = path.stat().st_size
            if resource.bytes is not None and size != resource.bytes:
                self.say(
                    "BF501",
                    resource.path,
                    f"the file has {size} bytes; the descriptor says {resource.bytes}",
                    hint=_AGAIN,
                )
            elif resource.hash is not None and f"sha256:{file_sha256(path)}" != resource.hash:
                self.say("BF501", resource.path, "the file's SHA-256 is not the one in the descriptor", hint=_AGAIN)

    def _annotated(self, root: Path, resource: Resource, descriptor: Descriptor) -> None:
        """Check a table through its annotation: findings stand at its own rows and columns."""
        try:
            path = safe_path(root, resource.path)
            if not path.is_file():
                return
            text = TextTable(
                path,
                (resource.dialect or {}).get("delimiter", ","),
                resource.encoding or "utf-8",
                self.limits,
            )
            program = compile_resource(resource, text.header(), descriptor.metrics())
            for name in program.absent:
                self.say(
                    "BF101",
                    resource.path,
                    f"the table has no column {name!r}, which its descriptor describes",
                    column=name,
                )
            origin = Origin(resource.path, file_sha256(path), resource.path, "annotated", "1.0")
            parts = list(text.batches()) if program.annotation.key else text.batches()
            if program.annotation.key and parts:
                parts = iter([(pl.concat([f for f, _ in parts]), np.concatenate([r for _, r in parts]))])
            told = 0
            notes = Notes(resource.path)
            for frame, rows in parts:
                outcome = run_annotated(program, frame, rows, origin, notes)
                for finding in outcome.findings:
                    self.add(finding)
                for row, words in outcome.failed:
                    self.say("BF410", resource.path, words, row=row)
                self._table_rows(text, resource.path, told)
                told = len(text.bad_rows)
                self._batch(outcome.batch, _Shown(resource.path, outcome), descriptor)
            self.report.more.update({code: count for code, count in notes.beyond().items() if code in self.codes})
            self._table_rows(text, resource.path, told)
        except AnnotationError as error:
            self.say("BF118", FILE_NAME, str(error))
        except (TableError, UnsafeError) as error:
            self.say(error.code, resource.path, str(error))

    def _table_rows(self, text: TextTable, shown: str, told: int) -> None:
        for bad in text.bad_rows[told:]:
            words = f"the row has {bad.actual} cells where the table has {bad.expected} columns"
            self.say("BF121", shown, words, row=bad.row, hint="quote cells that hold a comma or a line break")

    # --- records as JSON ---

    def _documents(self, path: Path) -> None:
        waiting: list[_Document] = []
        seen: dict[str, int] = {}
        systems: dict[str, System] = {}
        for row, data in self._read_documents(path):
            document = self._document(path, row, data)
            if document is None:
                continue
            record = document.record
            system = record.system
            if system and system.id and systems.setdefault(system.id, system) != system:
                words = f"the system {system.id} is described twice"
                self.say(
                    "BF508", path.name, words,
                    row=row, field="system.id", value=system.id, hint=_ONE_SYSTEM, record=record.id,
                )  # fmt: skip
            if record.id and seen.setdefault(record.id, row) != row:
                words = f"record {record.id} stands in row {seen[record.id]} already"
                self.say(
                    "BF507", path.name, words,
                    row=row, field="id", value=record.id, hint=_ONE_RECORD, record=record.id,
                )  # fmt: skip
            waiting.append(document)
            if len(waiting) >= _DOCUMENTS:
                self._judge_records(path, waiting)
                waiting = []
        self._judge_records(path, waiting)

    def _read_documents(self, path: Path) -> Iterator[tuple[int, Any]]:
        if path.suffix == ".json":
            try:
                data = jsons.read(path, self.limits)
            except UnsafeError as error:
                self.say(error.code, path.name, str(error))
                return
            except jsons.JsonError as error:
                self.say("BF116" if "twice" in str(error) else "BF115", path.name, str(error), row=error.line)
                return
            yield from enumerate(data if isinstance(data, list) else [data], start=1)
            return
        with path.open("rb") as file:
            for row, line in enumerate(iter(lambda: file.readline(self.limits.row_bytes + 1), b""), start=1):
                if len(line) > self.limits.row_bytes:
                    self.say("BF907", path.name, f"the line is longer than {self.limits.row_bytes} bytes", row=row)
                    return
                if line.strip():
                    try:
                        yield row, jsons.parse(line, self.limits)
                    except UnsafeError as error:
                        self.say(error.code, path.name, str(error), row=row)
                    except jsons.JsonError as error:
                        self.say("BF116" if "twice" in str(error) else "BF115", path.name, str(error), row=row)

    def _document(self, path: Path, row: int, data: Any) -> _Document | None:
        """Return what can be checked of a document after telling the faults of its structure."""
        name = data.get("id") if isinstance(data, dict) and isinstance(data.get("id"), str) else None
        try:
            current = to_current(data) if isinstance(data, dict) else data
            record = Record.from_dict(current)
            return _Document(row, record, list(range(len(record.measurements or ()))), sound=True)
        except VersionError as error:
            version = data.get("benchfmt")
            self.say("BF117", path.name, str(error), row=row, field="benchfmt", value=version, record=name)
        except ValidationError as error:
            for code, place, message, value in structure.document_faults(list(error.errors(include_url=False))):
                self.say(
                    code,
                    path.name,
                    f"{place}: {message}" if place else message,
                    row=row,
                    field=place,
                    value=value,
                    record=name,
                )
            return _rest(row, current, error) if isinstance(current, dict) else None
        return None

    def _judge_records(self, path: Path, documents: list[_Document]) -> None:
        if not documents:
            return
        # Rows tell the records apart, whatever their ids are.
        named = [identified(document.record) for document in documents]
        rows = [document.row for document in documents]
        unique = [
            record.model_copy(update={"id": f"{row}\x1f{record.id}"}) for row, record in zip(rows, named, strict=True)
        ]
        batch = to_batch(unique)
        self._batch(batch, _Lines(path.name, documents, named, batch.systems["id"].to_pylist()), None)

    # --- the checks ---

    def _batch(self, batch: Batch, shown: _Place, descriptor: Descriptor | None) -> None:
        """Check tables that are sound by construction."""
        # The column path gives its repeating texts as dictionaries, which polars takes for categories.
        frames = {
            name: pl.DataFrame(pl.from_arrow(table)).with_columns(pl.col(pl.Categorical).cast(pl.String))
            for name, table in batch.tables()
        }
        numbered = {name: frame.with_row_index(ROW, offset=1).cast({ROW: pl.Int64}) for name, frame in frames.items()}
        records = numbered["records"].with_columns(pl.int_range(pl.len()).alias(OWNER))
        if isinstance(shown, _Lines):
            records = records.with_columns(pl.col("id").str.split("\x1f").list.last())
        self.report.records += records.height
        self.report.measurements += numbered["measurements"].height
        measurements = numbered["measurements"]
        if isinstance(shown, _Lines):
            # Ids of the sources, under which BF506 is judged; the join by row keeps measurements apart.
            self._check_documents(records, measurements, numbered["systems"], descriptor, shown)
            return
        metrics, prefixes = known(descriptor)
        checked = Frames(records, with_facts(measurements, records, metrics), numbered["systems"], metrics, prefixes)
        for found in run_checks(checked, self.codes):
            self.tell(found, shown)

    def _check_documents(
        self,
        records: pl.DataFrame,
        measurements: pl.DataFrame,
        systems: pl.DataFrame,
        descriptor: Descriptor | None,
        shown: _Lines,
    ) -> None:
        keyed = [f"{row}\x1f{name}" for row, name in zip(shown.rows, records["id"], strict=True)]
        sound = pl.Series(shown.sound, dtype=pl.Boolean)
        metrics, prefixes = known(descriptor)
        # The checks join by id: here the row is part of it, so that two documents with one id stay two.
        tagged = records.with_columns(pl.Series("id", keyed, dtype=pl.String))
        described = systems.unique("id", keep="first", maintain_order=True)
        frames = Frames(tagged.filter(sound), with_facts(measurements, tagged, metrics), described, metrics, prefixes)
        doubtful = tagged.filter(pl.Series(shown.partial, dtype=pl.Boolean))["id"]
        for found in run_checks(frames, self.codes, skip=("BF506",)):
            self.tell(_without_echo(found, doubtful), shown)
        if "BF506" in self.codes:
            alone = Frames(records.filter(sound), measurements, systems, metrics, prefixes)
            self.tell(integrity.ids_follow(alone), shown)

    # --- telling ---

    def tell(self, found: pl.DataFrame, shown: _Place) -> None:
        """Add a frame of faults; beyond the limit a code's faults are counted only."""
        for (code, table, name), part in found.group_by("code", "table", "column", maintain_order=True):
            room = max(self.limits.findings_per_code - self.counts[(str(code), str(table))], 0)
            self.counts[(str(code), str(table))] += part.height
            if part.height > room:
                self.report.more[str(code)] += part.height - room
            for fault in part.head(room).iter_rows(named=True):
                path, row, shown_column, record = shown.of(str(table), fault)
                where = shown.field(str(table), str(name), fault) if name is not None else None
                self.report.findings.append(
                    Finding(
                        str(code), CODES[str(code)].severity, path, row, shown_column, where,
                        fault["message"], fault["value"], fault["hint"] or None, record,
                    )
                )  # fmt: skip

    def say(
        self,
        code: str,
        path: str,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        field: str | None = None,
        value: Any = None,
        hint: str | None = None,
        record: str | None = None,
    ) -> None:
        """Add one finding."""
        text = value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        # Half a character cannot be printed: it is shown as its escape.
        shown = None if text is None else text[:200].encode("utf-8", "backslashreplace").decode()
        self.add(Finding(code, CODES[code].severity, path, row, column, field or None, message, shown, hint, record))

    def add(self, finding: Finding) -> None:
        """Add one finding, if its code is in the rule set."""
        if finding.code not in self.codes:
            return
        self.counts[(finding.code, finding.path)] += 1
        if self.counts[(finding.code, finding.path)] > self.limits.findings_per_code:
            self.report.more[finding.code] += 1
        else:
            self.report.findings.append(finding)


_ONE_SYSTEM = "keep one description, or give the other an id of its own"
_ONE_RECORD = "give each record an id of its own"
_AGAIN = "the file was changed after the package was written; write the package again"


@dataclass(frozen=True)
class _Document:
    """What can be checked of one document: its record, and the places of the measurements in it.

    `sound` is false where the record has a fault outside of its measurements; then only these are checked. `partial` is
    true where measurements are at fault.
    """

    row: int
    record: Record
    places: list[int]
    sound: bool
    partial: bool = False


def _rest(row: int, data: Mapping[str, Any], error: ValidationError) -> _Document | None:
    """Return what is left of a faulty document: its sound measurements, and the record if nothing else is at fault."""
    places = [tuple(item["loc"]) for item in error.errors(include_url=False, include_input=False)]
    faulty = {place[1] for place in places if place[:1] == ("measurements",) and len(place) > 1}
    sound = all(place == () or (place[0] == "measurements" and len(place) > 1) for place in places)
    listed = data.get("measurements")
    kept = [i for i in range(len(listed)) if i not in faulty] if isinstance(listed, list) else []
    measurements = [listed[i] for i in kept] if isinstance(listed, list) else []
    rest = dict(data) if sound else _context(data, places)
    rest.pop("measurements", None)
    if measurements:
        rest["measurements"] = measurements
    if not measurements and not (sound and data):
        return None
    if rest["status"] == "ok" and not any(item.get("value") is not None for item in measurements):
        rest["status"] = "incomplete"  # that an `ok` has no value is told already, or follows from what is
    return _Document(row, Record.from_dict(rest), kept, sound, partial=bool(faulty))


def _context(data: Mapping[str, Any], faulty: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Return a record that says only what checks of measurements ask for, as far as it is sound."""
    rest: dict[str, Any] = {"benchfmt": SCHEMA_VERSION, "benchmark": {"suite": "faulty"}, "status": "incomplete"}
    for path in (("id",), ("status",), ("benchmark", "scenario"), ("configuration", "batch_size")):
        value: Any = data
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None and not any(path[: len(place)] == place for place in faulty):
            rest[path[0]] = value if len(path) == 1 else {**rest.get(path[0], {}), path[1]: value}
    return rest


class _Place:
    """Where the rows of checked frames stand in somebody's files."""

    def of(self, table: str, fault: Mapping[str, Any]) -> tuple[str, int | None, str | None, str | None]:
        """Return path, row, column and record id of a fault."""
        raise NotImplementedError

    def field(self, table: str, name: str, fault: Mapping[str, Any]) -> str | None:
        """Return the place in the record that a column holds; `fault` tells which of several."""
        del fault
        return _field(table, name)


class _Tables(_Place):
    """The tables of a package."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        self.paths = paths

    def of(self, table: str, fault: Mapping[str, Any]) -> tuple[str, int | None, str | None, str | None]:
        return self.paths[table], fault["row"], fault["column"], fault["record"]


class _Lines(_Place):
    """A file of records: a row is a line, or a place in the list."""

    def __init__(self, path: str, documents: list[_Document], records: list[Record], systems: list[Any]) -> None:
        self.path = path
        self.rows = [document.row for document in documents]
        self.sound = [document.sound for document in documents]
        self.partial = [document.partial for document in documents]
        self.places = [document.places for document in documents]
        self.ids = [record.id for record in records]
        counts = [len(record.measurements or ()) for record in records]
        self.starts = list(accumulate(counts, initial=0))
        named = [record.system.id if record.system else None for record in records]
        self.users = [named.index(system) for system in systems]

    def of(self, table: str, fault: Mapping[str, Any]) -> tuple[str, int | None, str | None, str | None]:
        at = self._record(table, fault["row"])
        return self.path, self.rows[at], None, self.ids[at]

    def field(self, table: str, name: str, fault: Mapping[str, Any]) -> str | None:
        place = _field(table, name)
        if table != "measurements" or place is None:
            return place
        at = self._record(table, fault["row"])
        index = self.places[at][fault["row"] - 1 - self.starts[at]]
        return place.replace("measurements.", f"measurements.{index}.", 1)

    def _record(self, table: str, row: int) -> int:
        """Return the place among the records of the one that a row of a table belongs to."""
        if table == "measurements":
            return bisect_right(self.starts, row - 1) - 1
        return self.users[row - 1] if table == "systems" else row - 1


class _Shown(_Place):
    """An annotated table: rows and columns are those of its own file."""

    def __init__(self, path: str, outcome: Any) -> None:
        self.path = path
        self.outcome = outcome

    def of(self, table: str, fault: Mapping[str, Any]) -> tuple[str, int | None, str | None, str | None]:
        if fault["row"] is None or table == "systems":
            return self.path, None, None, None
        at = fault["row"] - 1
        if table == "records":
            return self.path, int(self.outcome.record_rows[at]), None, fault["record"]
        return (
            self.path,
            int(self.outcome.measurement_rows[at]),
            self.outcome.measurement_columns[at],
            fault["record"],
        )


def known(descriptor: Descriptor | None) -> tuple[dict[str, Metric], frozenset[str]]:
    """Return the metrics and prefixes that hold for a package: the vocabulary's and its own."""
    own = descriptor.metrics() if descriptor else {}
    declared = set(descriptor.benchfmt.prefixes) if descriptor else set()
    return {**vocabulary().metrics, **own}, frozenset(declared | set(vocabulary().terms("prefix")))


def run_checks(frames: Frames, codes: frozenset[str], skip: tuple[str, ...] = ()) -> Iterator[pl.DataFrame]:
    """Yield what the checks of a rule set find in sound frames.

    A value that is at fault itself is not compared with others afterwards: what follows from a fault has no finding.
    """
    for topic in TOPICS:
        wrong: list[pl.Series] = []
        for found in _topic_faults(frames, topic, codes):
            wanted = found.filter(pl.col("code").is_in(list(codes)) & ~pl.col("code").is_in(list(skip)))
            if wanted.height:
                yield wanted
                wrong.append(wanted.filter(pl.col("code").is_in(_VALUE_CODES))["row"])
        if wrong and any(rows.len() for rows in wrong):
            at_fault = pl.col(ROW).is_in(pl.concat(wrong).implode())
            value = pl.when(~at_fault).then(pl.col("value")).alias("value")
            frames = replace(frames, measurements=frames.measurements.with_columns(value))


def _topic_faults(frames: Frames, topic: Any, codes: frozenset[str]) -> Iterator[pl.DataFrame]:
    yield from _column_checks(frames, [check for check in topic.COLUMN_CHECKS if check.code in codes])
    for check in topic.CHECKS:
        yield check(frames)


def _without_echo(found: pl.DataFrame, doubtful: pl.Series) -> pl.DataFrame:
    """Drop that a record has no primary measurement where one of its measurements, at fault itself, may be it."""
    return found.filter(~((pl.col("code") == "BF519") & pl.col("record").is_in(doubtful.implode())))


def _column_checks(frames: Frames, checks: Iterable[ColumnCheck]) -> Iterator[pl.DataFrame]:
    """Yield the faults of column expressions; each table is scanned once for all of them."""
    by_table: dict[str, list[ColumnCheck]] = {}
    for check in checks:
        by_table.setdefault(check.table, []).append(check)
    for table, group in by_table.items():
        frame: pl.DataFrame = getattr(frames, table)
        if not frame.height:
            continue
        verdicts = frame.select(*(check.fault.fill_null(value=False).alias(str(i)) for i, check in enumerate(group)))
        for index, check in enumerate(group):
            mask = verdicts[str(index)]
            if mask.any():
                wrong = frame.filter(mask)
                value = pl.col(check.column) if check.value is None else check.value
                yield faults(wrong, check.code, table, check.column, check.message, value, check.hint)


class _Walk:
    """Goes through the tables of a package once, the measurements beside their records."""

    def __init__(self, judge: _Judge, root: Path, resources: Mapping[str, Resource], descriptor: Descriptor) -> None:
        self.judge = judge
        self.root = root
        self.resources = resources
        self.descriptor = descriptor
        self.newer = descriptor.benchfmt.version != "1.0"
        self.shown = _Tables({name: resource.path for name, resource in resources.items()})
        self.metrics, self.prefixes = known(descriptor)
        self.partial: set[str] = set()
        """Tables of which rows could not be read: what seems to lack elsewhere may stand there."""
        self.late: list[pl.Series] = []
        self.bare: list[pl.DataFrame] = []

    def run(self) -> None:
        try:
            systems = self._systems()
            hashes, order = self._ids()
            self._records(systems, hashes, order)
        except (TableError, UnsafeError) as error:
            self.judge.say(error.code, self._at(error), str(error))
        except PackageError as error:
            self.judge.say("BF119", self._at(error), str(error))

    def _at(self, error: Exception) -> str:
        named = [resource.path for resource in self.resources.values() if resource.path in str(error)]
        return named[0] if named else FILE_NAME

    def _is_parquet(self, table: str) -> bool:
        resource = self.resources[table]
        return resource.path.endswith(".parquet") or resource.format == "parquet"

    def _raw(self, table: str, *, tell: bool = True) -> Iterator[pl.DataFrame]:
        """Yield a table as it stands, with row numbers; rows of the wrong width are told."""
        resource = self.resources[table]
        path = safe_path(self.root, resource.path)
        if not path.is_file():
            self.partial.add(table)
            return
        if self._is_parquet(table):
            done = 0
            for part in parquet_batches(path, _ROWS):
                frame = pl.DataFrame(pl.from_arrow(part))
                yield frame.with_columns(pl.int_range(done + 1, done + frame.height + 1, dtype=pl.Int64).alias(ROW))
                done += frame.height
            return
        text = TextTable(
            path,
            (resource.dialect or {}).get("delimiter", ","),
            resource.encoding or "utf-8",
            self.judge.limits,
        )
        told = 0
        for frame, rows in text.batches():
            if tell:
                self.judge._table_rows(text, resource.path, told)
                told = len(text.bad_rows)
                self._formulas(table, frame, rows)
            yield frame.with_columns(pl.all().replace("", None)).with_columns(pl.Series(ROW, rows))
        if tell:
            self.judge._table_rows(text, resource.path, told)
        if text.bad_rows:
            self.partial.add(table)

    def _formulas(self, table: str, frame: pl.DataFrame, rows: Any) -> None:
        """Tell cells that a spreadsheet would run."""
        for name in frame.columns:
            kinds = {item.name: item.kind for item in COLUMNS[table]}
            if kinds.get(name) != "text":
                continue
            cells = frame[name]
            hits = cells.str.contains(_FORMULA) & cells.cast(pl.Float64, strict=False).is_null()
            if hits.any():
                wrong = frame.with_columns(pl.Series(ROW, rows)).filter(hits)
                message = pl.format("a spreadsheet would take {} for a formula", pl.col(name).str.head(40))
                hint = "nothing is wrong for benchfmt; open the file in a spreadsheet with care"
                self.judge.tell(
                    faults(wrong, "BF908", table, name, message, pl.col(name).str.head(200), hint), self.shown
                )

    def _typed(self, table: str, raw: pl.DataFrame) -> structure.Typed:
        typed = structure.type_table(table, raw, newer=self.newer, typed=self._is_parquet(table))
        found = typed.faults
        if raw[ROW].len() and raw[ROW][0] != 1:
            # What is wrong with the columns themselves is told once, with the first rows.
            found = found.filter(pl.col("row").is_not_null())
        self.judge.tell(found.filter(pl.col("code").is_in(list(self.judge.codes))), self.shown)
        return typed

    def _systems(self) -> pl.DataFrame:
        if "systems" not in self.resources:
            return empty("systems")
        parts = []
        for raw in self._raw("systems"):
            typed = self._typed("systems", raw)
            if typed.frame["id"].null_count():
                self.partial.add("systems")
            parts.append(typed.frame.filter(pl.col("id").is_not_null()))
        systems = pl.concat([empty("systems"), *parts])
        double = systems.filter(~pl.col("id").is_first_distinct())
        words = pl.format("the system {} is described twice", pl.col("id"))
        self.judge.tell(
            faults(
                double,
                "BF508",
                "systems",
                "id",
                words,
                pl.col("id"),
                _ONE_SYSTEM,
            ),
            self.shown,
        )
        return systems.unique("id", keep="first", maintain_order=True)

    def _ids(self) -> tuple[Any, Any]:
        """Return the sorted hashes of all record ids and the place of each; tells ids that stand twice."""
        parts, rows = [], []
        for raw in self._raw("records", tell=False):
            if "id" not in raw.columns:
                self.partial.add("records")
            else:
                parts.append(raw["id"].cast(pl.String).fill_null("").hash(_SEED).to_numpy())
                rows.append(raw[ROW].to_numpy())
        hashes = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)
        order = np.argsort(hashes, kind="stable")
        ranked = hashes[order]
        self.double = set(ranked[1:][ranked[1:] == ranked[:-1]].tolist())
        return ranked, order

    def _records(self, systems: pl.DataFrame, hashes: Any, order: Any) -> None:
        feeder = _Feeder(self, hashes, order)
        seen: dict[str, int] = {}
        start = 0
        any_rows = False
        # A record may have many measurements: small parts bound the memory.
        for raw in (part for whole in self._raw("records") for part in whole.iter_slices(_RECORDS)):
            any_rows = True
            typed = self._typed("records", raw)
            self.judge.report.records += raw.height
            self._doubled(typed.frame, seen)
            self._unknown_systems(typed.frame, systems)
            measurements, sound = feeder.until(start + raw.height)
            numbered = typed.frame.with_columns(pl.int_range(start, start + raw.height, dtype=pl.Int64).alias(OWNER))
            self._check(numbered, typed.sound, measurements, sound, systems)
            start += raw.height
        if not any_rows and "records" in self.resources:
            self._check(
                empty("records").with_columns(pl.lit(0, dtype=pl.Int64).alias(OWNER)),
                pl.Series([], dtype=pl.Boolean),
                *feeder.until(0),
                systems,
            )
        feeder.finish()
        if "measurements" not in self.partial:
            late = pl.concat([pl.Series([], dtype=pl.String), *self.late])
            for found in self.bare:
                self.judge.tell(found.filter(~pl.col("record").is_in(late.implode())), self.shown)

    def _doubled(self, records: pl.DataFrame, seen: dict[str, int]) -> None:
        """Tell record ids that stand twice; only texts whose hashes meet are compared."""
        if not self.double:
            return
        doubtful = records.filter(pl.col("id").hash(_SEED).is_in(list(self.double)) & pl.col("id").is_not_null())
        first = [seen.setdefault(name, row) for name, row in zip(doubtful["id"], doubtful[ROW], strict=True)]
        told = doubtful.with_columns(pl.Series("first", first, dtype=pl.Int64)).filter(pl.col("first") != pl.col(ROW))
        words = pl.format("record {} stands in row {} already", pl.col("id"), pl.col("first"))
        self.judge.tell(
            faults(told, "BF507", "records", "id", words, pl.col("id"), _ONE_RECORD),
            self.shown,
        )

    def _unknown_systems(self, records: pl.DataFrame, systems: pl.DataFrame) -> None:
        if "systems" in self.partial:
            return
        named = pl.col("system_id")
        lost = records.filter(named.is_not_null() & ~named.is_in(systems["id"].implode()))
        words = pl.format("the system {} is not among the systems", named)
        self.judge.tell(
            faults(lost, "BF503", "records", "system_id", words, named, "add it to the systems table"),
            self.shown,
        )

    def _check(
        self,
        records: pl.DataFrame,
        sound: pl.Series,
        measurements: pl.DataFrame,
        sound_m: pl.Series,
        systems: pl.DataFrame,
    ) -> None:
        """Check some records with their measurements; what is at fault already is left out."""
        judge = self.judge
        alone = Frames(records.filter(sound), measurements.filter(sound_m), systems, self.metrics, self.prefixes)
        own = [check for check in structure.CHECKS if check.code in judge.codes]
        broken = [no_faults()]
        for found in _column_checks(alone, own):
            judge.tell(found, self.shown)
            broken.append(found)
        bad_rows = pl.concat(broken)["row"]
        good = alone.measurements.filter(~pl.col(ROW).is_in(bad_rows.implode()))
        doubtful = pl.concat([measurements.filter(~sound_m)["record_id"], pl.concat(broken)["record"]])
        with_value = good.filter(pl.col("value").is_not_null())["record_id"]
        self.bare.append(structure.no_value(alone.records, with_value, doubtful))
        judge.tell(structure.source_without_path(alone.records), self.shown)
        ready = Frames(alone.records, with_facts(good, records, self.metrics), systems, self.metrics, self.prefixes)
        for found in run_checks(ready, judge.codes):
            # The systems come with every batch; they are told once.
            told = found if not records.height or records[OWNER][0] == 0 else found.filter(pl.col("table") != "systems")
            judge.tell(_without_echo(told, doubtful), self.shown)


class _Feeder:
    """Gives the measurements of the next records; tells those of no record, and those out of order."""

    def __init__(self, walk: _Walk, hashes: Any, order: Any) -> None:
        self.walk = walk
        self.hashes = hashes
        self.order = order
        self.parts = self._typed()
        self.waiting: list[tuple[pl.DataFrame, pl.Series]] = []
        self.last = -1
        self.ended = False

    def until(self, end: int) -> tuple[pl.DataFrame, pl.Series]:
        """Return the measurements of records before `end` that were not given yet, and which rows are sound."""
        while not self.ended and not (self.waiting and self.waiting[-1][0][OWNER][-1] >= end):
            part = next(self.parts, None)
            if part is None:
                self.ended = True
            elif part[0].height:
                self.waiting.append(part)
        ready, rest = [], []
        for frame, sound in self.waiting:
            cut = int(frame[OWNER].search_sorted(end, side="left"))
            ready.append((frame.head(cut), sound.head(cut)))
            if cut < frame.height:
                rest.append((frame.slice(cut), sound.slice(cut)))
        self.waiting = rest
        blank = empty("measurements").with_columns(pl.lit(0, dtype=pl.Int64).alias(OWNER))
        return (
            pl.concat([blank, *(frame for frame, _ in ready)]),
            pl.concat([pl.Series([], dtype=pl.Boolean), *(sound for _, sound in ready)]),
        )

    def finish(self) -> None:
        """Read to the end, so that every row is judged."""
        for _ in self.parts:
            pass

    def _typed(self) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
        walk = self.walk
        for raw in walk._raw("measurements"):
            typed = walk._typed("measurements", raw)
            walk.judge.report.measurements += raw.height
            owners = self._owners(typed.frame["record_id"])
            frame = typed.frame.with_columns(pl.Series(OWNER, owners))
            named = frame["record_id"].is_not_null()
            orphans = frame.filter(named & (frame[OWNER] < 0) & ("records" not in walk.partial))
            words = pl.format("there is no record {}", pl.col("record_id"))
            walk.judge.tell(
                faults(
                    orphans,
                    "BF502",
                    "measurements",
                    "record_id",
                    words,
                    pl.col("record_id"),
                    "add the record, or take the row out",
                ),
                walk.shown,
            )
            highest = np.maximum.accumulate(np.concatenate([[self.last], owners]))[:-1] if len(owners) else owners
            late = pl.Series((owners >= 0) & (owners < highest))
            words = pl.format("a measurement of {} stands after those of later records", pl.col("record_id"))
            first_late = frame.filter(late).unique("record_id", keep="first", maintain_order=True)
            walk.late.append(first_late["record_id"])
            walk.judge.tell(
                faults(
                    first_late,
                    "BF504",
                    "measurements",
                    "record_id",
                    words,
                    pl.col("record_id"),
                    "order the measurements as the records",
                ),
                walk.shown,
            )
            self.last = max(self.last, int(owners.max(initial=-1)))
            keep = (frame[OWNER] >= 0) & ~late
            yield frame.filter(keep), typed.sound.filter(keep)

    def _owners(self, ids: pl.Series) -> Any:
        """Return the place of each measurement's record among all records, -1 for none."""
        if not len(self.hashes):
            return np.full(ids.len(), -1, dtype=np.int64)
        wanted = ids.fill_null("").hash(_SEED).to_numpy()
        at = np.minimum(np.searchsorted(self.hashes, wanted), len(self.hashes) - 1)
        return np.where((self.hashes[at] == wanted) & ids.is_not_null().to_numpy(), self.order[at], -1).astype(np.int64)


def _field(table: str, name: str) -> str | None:
    """Return the record field that a column holds."""
    try:
        path = column(table, name).path
    except KeyError:
        return None
    if path == "-":
        return "id"
    return {"records": path, "systems": f"system.{path}", "measurements": f"measurements.{path}"}[table]


def _is_descriptor(path: Path) -> bool:
    """Say whether a JSON file is a descriptor: it lists resources."""
    if path.name == FILE_NAME:
        return True
    with path.open("rb") as file:
        start = file.read(4096)
    return b'"resources"' in start


__all__ = ["Report", "run_checks", "validate"]
