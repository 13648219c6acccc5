"""Opens what is to be judged, and judges it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import ValidationError

from benchfmt.annotated import AnnotationError, Notes, Origin, compile_resource
from benchfmt.annotated import run as run_annotated
from benchfmt.checks import integrity, structure
from benchfmt.checks.frames import OWNER, ROW, Frames, with_facts
from benchfmt.described import contradictions
from benchfmt.descriptor import (
    FILE_NAME,
    MISPLACED_HEADING,
    Descriptor,
    Heading,
    Resource,
    is_heading,
    read_descriptor,
    read_heading,
)
from benchfmt.finding import BenchfmtError
from benchfmt.identity import PLACED_PREFIX, identified
from benchfmt.migrate import VersionError, readable, to_current
from benchfmt.package import PackageError, open_folder
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError, file_sha256, safe_path
from benchfmt.readers.tables import TableError
from benchfmt.record import Record, System
from benchfmt.tables import TABLES, Batch, to_batch
from benchfmt.validation.places import AnnotatedPlace, Document, DocumentPlace, Place, rest_of
from benchfmt.validation.running import guarded, known, run_checks, without_echo
from benchfmt.validation.telling import Teller
from benchfmt.validation.walk import Walk

_DOCUMENTS = 2_000
_ONE_SYSTEM = "keep one description, or give the other an id of its own"
_ONE_RECORD = "give each record an id of its own"
_NOTHING = "see what the conversion, or the table's annotation, left out; leave the file out if there is nothing to say"
_AGAIN = "the file was changed after the package was written; write the package again"


class Judge(Teller):
    """Judges one path: a package, an annotated table, or records as JSON."""

    def judge(self, place: str | Path, *, remote: bool) -> None:
        """Judge what stands at a path; raises BenchfmtError where there is nothing to judge."""
        path = Path(place)
        if "://" not in str(place):
            if not path.exists():
                raise BenchfmtError(f"{place} is not there")
            if not path.is_dir() and not path.is_file():
                raise BenchfmtError(f"{place} is not a regular file")
            if path.is_dir() and not (path / FILE_NAME).is_file():
                raise BenchfmtError(
                    f"{place} holds no {FILE_NAME}: name a package, a descriptor, or files of records"
                )
            if path.suffix in (".jsonl", ".ndjson") or (
                path.suffix == ".json" and not _is_descriptor(path)
            ):
                with self._holds_a_record(path.name, "the file holds no record"):
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
        resources = {
            resource.name: resource for resource in descriptor.resources if resource.name in TABLES
        }
        annotated = [resource for resource in descriptor.resources if resource.annotated]
        for resource in annotated:
            with self._holds_a_record(resource.path, "no row of the table gives a record"):
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
            with self._holds_a_record(resources["records"].path, "the package holds no record"):
                Walk(self, root, resources, descriptor).run()

    @contextmanager
    def _holds_a_record(self, name: str, words: str) -> Iterator[None]:
        """Tell where what is judged meanwhile gives no record, unless a fault of its own says why."""
        records, errors = self.report.records, self.report.errors
        is_absent = any(code == "BF119" for code, _ in self.counts)
        yield
        if self.report.records == records and self.report.errors == errors and not is_absent:
            self.say("BF122", name, words, hint=_NOTHING)

    def _descriptor(self, file: Path) -> Descriptor | None:
        if file.stat().st_size > self.limits.descriptor_bytes:
            self.say(
                "BF907",
                file.name,
                f"the descriptor has more than {self.limits.descriptor_bytes} bytes",
            )
            return None
        try:
            data = jsons.read(file, self.limits)
        except UnsafeError as error:
            self.say(error.code, file.name, str(error))
            return None
        except jsons.JsonError as error:
            self.say(_json_code(error), file.name, str(error), row=error.line)
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
                self.say(
                    "BF501",
                    resource.path,
                    "the file's SHA-256 is not the one in the descriptor",
                    hint=_AGAIN,
                )

    def _annotated(self, root: Path, resource: Resource, descriptor: Descriptor) -> None:
        """Check a table through its annotation: findings stand at its own rows and columns."""
        try:
            path = safe_path(root, resource.path)
            if not path.is_file():
                return
            text = resource.text_table(path, self.limits)
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
                parts = iter(
                    [(pl.concat([f for f, _ in parts]), np.concatenate([r for _, r in parts]))]
                )
            told = 0
            notes = Notes(resource.path)
            for frame, rows in parts:
                outcome = run_annotated(program, frame, rows, origin, notes)
                for finding in outcome.findings:
                    # A conversion goes on with what it could read; here the fault weighs what its code says.
                    self.add(replace(finding, severity=self.checks[finding.code].severity))
                for row, words in outcome.doubled:
                    self.say("BF410", resource.path, words, row=row)
                self.table_rows(text, resource.path, told)
                told = len(text.bad_rows)
                self._batch(outcome.batch, AnnotatedPlace(resource.path, outcome), descriptor)
            self.report.more.update(
                {code: count for code, count in notes.beyond().items() if code in self.codes}
            )
            self.table_rows(text, resource.path, told)
        except AnnotationError as error:
            self.say("BF118", FILE_NAME, str(error))
        except (TableError, UnsafeError) as error:
            self.say(error.code, resource.path, str(error))

    # --- records as JSON ---

    def _documents(self, path: Path) -> None:
        waiting: list[Document] = []
        seen: dict[str, int] = {}
        systems: dict[str, System] = {}
        said: Heading | None = None
        for row, data in self._read_documents(path):
            if row == 1 and path.suffix != ".json" and is_heading(data):
                said = self._heading(path, data)
                continue
            if is_heading(data):
                self.say("BF117", path.name, MISPLACED_HEADING, row=row, field="benchfmt")
                continue
            document = self._document(path, row, data)
            if document is None:
                continue
            record = document.record
            system = record.system
            if system and system.id and _is_another(systems.setdefault(system.id, system), system):
                words = f"the system {system.id} is described twice"
                self.say(
                    "BF508",
                    path.name,
                    words,
                    row=row,
                    field="system.id",
                    value=system.id,
                    hint=_ONE_SYSTEM,
                    record=record.id,
                )
            if record.id and seen.setdefault(record.id, row) != row:
                words = f"record {record.id} stands in row {seen[record.id]} already"
                self.say(
                    "BF507",
                    path.name,
                    words,
                    row=row,
                    field="id",
                    value=record.id,
                    hint=_ONE_RECORD,
                    record=record.id,
                )
            waiting.append(document)
            if len(waiting) >= _DOCUMENTS:
                self._judge_records(path, waiting, said)
                waiting = []
        self._judge_records(path, waiting, said)

    def _heading(self, path: Path, data: Any) -> Heading | None:
        """Return the heading of records as JSON Lines after telling its faults."""
        said, wrong = read_heading(data)
        for pointer, message in wrong:
            self.say("BF118", path.name, f"{pointer}: {message}", row=1, field=pointer)
        if said and not readable(said.benchfmt.version):
            words = f"version {said.benchfmt.version!r} is none of 1.x"
            self.say("BF117", path.name, words, row=1, field="/benchfmt/version")
        return said

    def _read_documents(self, path: Path) -> Iterator[tuple[int, Any]]:
        if path.suffix == ".json":
            try:
                data = jsons.read(path, self.limits)
            except UnsafeError as error:
                self.say(error.code, path.name, str(error))
                return
            except jsons.JsonError as error:
                self.say(_json_code(error), path.name, str(error), row=error.line)
                return
            if not isinstance(data, list):
                data = [data]
            yield from enumerate(data, start=1)
            return
        with path.open("rb") as file:
            for row, line in enumerate(
                iter(lambda: file.readline(self.limits.row_bytes + 1), b""), start=1
            ):
                if len(line) > self.limits.row_bytes:
                    self.say(
                        "BF907",
                        path.name,
                        f"the line is longer than {self.limits.row_bytes} bytes",
                        row=row,
                    )
                    return
                if line.strip():
                    try:
                        yield row, jsons.parse(line, self.limits)
                    except UnsafeError as error:
                        self.say(error.code, path.name, str(error), row=row)
                    except jsons.JsonError as error:
                        self.say(_json_code(error), path.name, str(error), row=row)

    def _document(self, path: Path, row: int, data: Any) -> Document | None:
        """Return what can be checked of a document after telling the faults of its structure."""
        name = (
            data.get("id") if isinstance(data, dict) and isinstance(data.get("id"), str) else None
        )
        try:
            current = to_current(data) if isinstance(data, dict) else data
            record = Record.from_dict(current)
            return Document(row, record, list(range(len(record.measurements or ()))), sound=True)
        except VersionError as error:
            version = data.get("benchfmt")
            self.say(
                "BF117",
                path.name,
                str(error),
                row=row,
                field="benchfmt",
                value=version,
                record=name,
            )
        except ValidationError as error:
            for code, place, message, value in structure.document_faults(
                list(error.errors(include_url=False))
            ):
                self.say(
                    code,
                    path.name,
                    f"{place}: {message}" if place else message,
                    row=row,
                    field=place,
                    value=value,
                    record=name,
                )
            return rest_of(row, current, error) if isinstance(current, dict) else None
        return None

    def _judge_records(self, path: Path, documents: list[Document], said: Heading | None) -> None:
        if not documents:
            return
        # Rows tell the records apart, whatever their ids are.
        named = [identified(document.record) for document in documents]
        rows = [document.row for document in documents]
        unique = [
            record.model_copy(update={"id": f"{row}\x1f{record.id}"})
            for row, record in zip(rows, named, strict=True)
        ]
        batch = to_batch(unique)
        self._batch(
            batch, DocumentPlace(path.name, documents, named, batch.systems["id"].to_pylist()), said
        )

    # --- the checks ---

    def _batch(self, batch: Batch, shown: Place, descriptor: Descriptor | Heading | None) -> None:
        """Check tables that are sound by construction."""
        # The column path gives its repeating texts as dictionaries, which polars takes for categories.
        frames = {
            name: pl.DataFrame(pl.from_arrow(table)).with_columns(
                pl.col(pl.Categorical).cast(pl.String)
            )
            for name, table in batch.tables()
        }
        numbered = {
            name: frame.with_row_index(ROW, offset=1).cast({ROW: pl.Int64})
            for name, frame in frames.items()
        }
        records = numbered["records"].with_columns(pl.int_range(pl.len()).alias(OWNER))
        if isinstance(shown, DocumentPlace):
            records = records.with_columns(pl.col("id").str.split("\x1f").list.last())
        self.report.records += records.height
        self.report.measurements += numbered["measurements"].height
        measurements = numbered["measurements"]
        if isinstance(shown, DocumentPlace):
            # Ids of the sources, under which BF506 is judged; the join by row keeps measurements apart.
            self._check_documents(records, measurements, numbered["systems"], descriptor, shown)
            return
        metrics, prefixes = known(descriptor)
        checked = Frames(
            records,
            with_facts(measurements, records, metrics),
            numbered["systems"],
            metrics,
            prefixes,
        )
        for found in run_checks(checked, self.codes, across=partial(self.gather, shown=shown)):
            self.tell(found, shown)

    def _check_documents(
        self,
        records: pl.DataFrame,
        measurements: pl.DataFrame,
        systems: pl.DataFrame,
        descriptor: Descriptor | Heading | None,
        shown: DocumentPlace,
    ) -> None:
        keyed = [f"{row}\x1f{name}" for row, name in zip(shown.rows, records["id"], strict=True)]
        sound = pl.Series(shown.sound, dtype=pl.Boolean)
        metrics, prefixes = known(descriptor)
        # The checks join by id: here the row is part of it, so that two documents with one id stay two.
        tagged = records.with_columns(pl.Series("id", keyed, dtype=pl.String))
        described = systems.unique("id", keep="first", maintain_order=True)
        frames = Frames(
            tagged.filter(sound),
            with_facts(measurements, tagged, metrics),
            described,
            metrics,
            prefixes,
        )
        doubtful = tagged.filter(pl.Series(shown.partial, dtype=pl.Boolean))["id"]
        for found in run_checks(
            frames, self.codes, skip=("BF506",), across=partial(self.gather, shown=shown)
        ):
            self.tell(without_echo(found, doubtful), shown)
        if "BF506" in self.codes:
            alone = Frames(records.filter(sound), measurements, systems, metrics, prefixes)
            check = self.checks["BF506"]
            self.tell(guarded(check, partial(integrity.ids_follow, alone)), shown)


def _json_code(error: jsons.JsonError) -> str:
    """Return the code of a text that is not JSON, or that names a key twice."""
    if "twice" in str(error):
        return "BF116"
    return "BF115"


def _is_another(one: System, other: System) -> bool:
    """Say whether two descriptions under one id are of two systems; of a system of a submission one may say less."""
    if str(one.id).startswith(PLACED_PREFIX):
        return any(contradictions(one.to_dict(), other.to_dict()))
    return one != other


def _is_descriptor(path: Path) -> bool:
    """Say whether a JSON file is a descriptor: it lists resources."""
    if path.name == FILE_NAME:
        return True
    with path.open("rb") as file:
        start = file.read(4096)
    return b'"resources"' in start
