"""Rows of published result tables of MLPerf as records that say what the table says, in terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pydantic import JsonValue, ValidationError

from benchfmt.converters.base import Failed, Part, Unit
from benchfmt.converters.draft import Draft, DraftError, first_fault, record_of
from benchfmt.converters.mlperf import model_mapping
from benchfmt.converters.mlperf.attribution import Filled
from benchfmt.converters.mlperf.inference.run import NAMESPACE, SUITE
from benchfmt.converters.mlperf.model_mapping import ModelMapping
from benchfmt.converters.mlperf.published.cells import SYSTEM_COLUMNS, engine_of, kept, system_of
from benchfmt.converters.mlperf.published.performance import performance, power
from benchfmt.converters.mlperf.published.rows import Result, Row, Table, Told
from benchfmt.converters.mlperf.published.scores import scores
from benchfmt.converters.mlperf.published.terms import Terms, terms_of
from benchfmt.identity import record_ids, submitted_system_id, system_id
from benchfmt.record import Record, System
from benchfmt.suites import mlperf_automotive as rules_of_cars
from benchfmt.tables import to_batch

NAME = "mlperf-published"
VERSION = "1.1"

_DIVISIONS = ("closed", "open", "network")
_BARE_ROUND = re.compile(r"[0-9]+\.[0-9]+")
_FIRST_RUN = "/performance/run_1"


class Maker:
    """Makes the records of one table; the systems that rows share are made once."""

    def __init__(self, unit: Unit, table: Table, sha256: str, told: Told) -> None:
        """Take the unit, its table with the hash of the file, and where faults are told."""
        self.unit = unit
        self.table = table
        self.sha256 = sha256
        self.told = told
        self.mappings: list[ModelMapping] = []
        self.broken: list[Failed] = []
        """The files that map models and cannot be read."""
        self._systems: dict[tuple[str | None, ...], System | None] = {}
        for path in unit.supporting:
            if path.name != model_mapping.NAME:
                continue
            mapping = model_mapping.read(path, unit.limits)
            if isinstance(mapping, Failed):
                self.broken.append(mapping)
            else:
                self.mappings.append(mapping)

    def part(self, results: Iterable[Result]) -> Part:
        """Return some results as a part of the table."""
        records: list[Record] = []
        failed: list[tuple[int, str]] = []
        rows = 0
        for result in results:
            numbers = {result.row.number}
            if result.power:
                numbers.add(result.power.number)
            rows += len(numbers)
            try:
                records.append(self.record(result))
            except DraftError as error:
                failed += [(number, f"not a result: {error}") for number in sorted(numbers)]
        batch = to_batch(list(self._identified(records)))
        return Part(self.unit.path, batch, rows, rows - len(failed), (), tuple(failed))

    def _identified(self, records: list[Record]) -> Iterator[Record]:
        """Yield records with their ids."""
        places: dict[str, list[str]] = {}
        for record in records:
            places.setdefault(record.benchmark.suite, []).append(str(_place(record)))
        ids: dict[tuple[str, str], str] = {}
        for suite, places_of_suite in places.items():
            ids_of_suite = record_ids(suite, self.table.path, self.sha256, places_of_suite)
            for place, record_id in zip(places_of_suite, ids_of_suite, strict=True):
                ids[suite, place] = record_id
        for record in records:
            record_id = ids[record.benchmark.suite, str(_place(record))]
            yield record.model_copy(update={"id": record_id})

    def terms(self, row: Row) -> Terms:
        """Return what a row says, in terms."""
        automotive = rules_of_cars.is_system(row.text("SystemType"))
        round_id = row.text("version")
        if not round_id and not automotive:
            round_id = self.unit.options.get("round") or self.table.round
        if round_id and _BARE_ROUND.fullmatch(round_id):
            round_id = f"v{round_id}"
        return terms_of(
            row,
            self.table,
            round_id,
            automotive=automotive,
            folder=self._division(),
            mapped=self._mapped(row),
        )

    def record(self, result: Result) -> Record:
        """Return the record of a result; raises DraftError where it is none."""
        row = result.row
        terms = self.terms(row)
        self._report_doubts(terms)
        suite = SUITE
        if terms.automotive:
            suite = rules_of_cars.SUITE
        draft = Draft(NAME, VERSION, suite, phase="inference")
        draft.source(self.table.path, self.sha256, row.locator)
        draft.benchmark(
            suite_version=terms.round_id,
            name=terms.benchmark or row.text("Model") or row.text("MlperfModel"),
            division=terms.division,
            category=terms.category,
            system_type=terms.system_type,
            scenario=terms.scenario,
        )
        terms.attribution.fill(draft)
        engine = engine_of(row.text("framework") or "")
        draft.software(engine=engine.name, engine_version=engine.version)
        execution = self._execution(terms)
        draft.provenance(
            submitter=row.text("Organization") or self._submitter(),
            url=row.text("url"),
            execution=execution,
        )
        self._add_numbers(draft, result, terms)
        data = draft.to_dict()
        system = self._system(row, suite, execution)
        if system:
            data["system"] = system
        return record_of(data)

    def _report_doubts(self, terms: Terms) -> None:
        """Report a benchmark that the model's name contradicts, and a round that nothing says."""
        row = terms.row
        if terms.disputed:
            message = (
                f"the table calls {terms.name!r} a {row.text('MlperfModel')}, "
                f"but its name is one for {terms.disputed}"
            )
            self.told.report(row.number, "BF705", message, "MlperfModel")
        if terms.round_id is None:
            message = (
                "the table does not name its round, so that no log can be found for its results; "
                "name it (--option round=v0.7)"
            )
            self.told.report(row.number, "BF705", message, None)

    def _add_numbers(self, draft: Draft, result: Result, terms: Terms) -> None:
        quality, scored = scores(terms, self.told)
        draft.add(performance(result, terms, self.told))
        watts = power(result, terms)
        if watts:
            draft.add(watts)
        draft.numbers += quality
        draft.keep_all(kept(result, terms, scored=scored), NAMESPACE)

    def _submitter(self) -> str | None:
        """Return the folder of the submitter, for a table that names none."""
        if not self._division():
            return None
        return self.table.path.split("/")[1]

    def _division(self) -> str | None:
        """Return the folder of the division, where the table stands in a submission."""
        folders = self.table.path.split("/")[:-1]
        if len(folders) < 2 or folders[0] not in _DIVISIONS:
            return None
        return folders[0]

    def _execution(self, terms: Terms) -> str | None:
        """Return the folder of a result with its round, as the records of the logs name it."""
        where = _location(terms.row) or self._folder(terms.row)
        if not where:
            return None
        if not terms.round_id:
            return where
        return f"{terms.round_id}/{where}"

    def _folder(self, row: Row) -> str | None:
        """Return the folder of a result of a table that lies in a submission and does not name it."""
        if self.table.kind != "short" or not self._division():
            return None
        submission = self.table.path.split("/")[:2]
        result = [row.text(column) or "" for column in ("Platform", "Model", "Scenario")]
        return "/".join([*submission, "results", *result])

    def _mapped(self, row: Row) -> Filled | None:
        """Return the benchmark that the nearest model_mapping.json of a row's submission gives to its model."""
        if not self.mappings:
            return None
        named = row.text("Model") or row.text("MlperfModel") or ""
        for mapping in self.mappings:
            benchmark = model_mapping.benchmark(mapping.models, named)
            if benchmark and mapping.is_about(self.unit.path, _submission(row)):
                return Filled.said(benchmark, mapping.path.name)
        return None

    def _system(self, row: Row, suite: str, execution: str | None) -> System | None:
        submitted = submitted_system_id(suite, execution)
        key = (submitted, *row.key(SYSTEM_COLUMNS))
        if key not in self._systems:
            data = system_of(row)
            system = None
            if data:
                source = {"path": self.table.path, "sha256": self.sha256}
                known = submitted or system_id(data, source)
                system = _valid_system({"id": known, **data})
            self._systems[key] = system
        return self._systems[key]


def _valid_system(data: dict[str, JsonValue]) -> System:
    """Return the system of plain data; raises DraftError where it is none."""
    try:
        return System.model_validate(data)
    except ValidationError as error:
        raise DraftError(first_fault(error)) from error


def _place(record: Record) -> str | None:
    if not record.provenance or not record.provenance.sources:
        return None
    return record.provenance.sources[0].locator


def _location(row: Row) -> str | None:
    """Return the folder of a result as the logs' records name it: `closed/X/results/<system>/<benchmark>/<scenario>`."""
    where = row.text("Location")
    if not where:
        return None
    return where.removeprefix("./").rstrip("/").removesuffix(_FIRST_RUN) or None


def _submission(row: Row) -> Iterator[str]:
    """Yield the folders of a row's submission, as far as the row names them."""
    folders = (_location(row) or "").split("/")
    for end in range(len(folders), 1, -1):
        yield "/".join(folders[:end])
    division = row.text("Division")
    organization = row.text("Organization")
    if division and organization:
        yield f"{division.lower()}/{organization}"
