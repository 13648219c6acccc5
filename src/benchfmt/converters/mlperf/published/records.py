"""Rows of published result tables of MLPerf as records that say what the table says, in terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Part, Unit
from benchfmt.converters.draft import Draft, Number
from benchfmt.converters.mlperf import attribution, model_mapping, systems
from benchfmt.converters.mlperf.attribution import HELD, Attribution, Filled
from benchfmt.converters.mlperf.inference.run import SUITE
from benchfmt.converters.mlperf.model_mapping import ModelMapping
from benchfmt.converters.mlperf.published.rows import POWER, Result, Row, Table, Told
from benchfmt.identity import record_ids, submitted_system_id, system_id
from benchfmt.numbers import of_json
from benchfmt.readers.jsons import Digits
from benchfmt.readers.mlperf_json import count
from benchfmt.record import Record, System, given
from benchfmt.suites import mlperf_automotive as rules_of_cars
from benchfmt.suites import mlperf_inference as rules
from benchfmt.suites.mlperf_inference import Official, Quality
from benchfmt.tables import to_batch
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

NAME = "mlperf-published"
VERSION = "1.1"

_FIRST_TABLES = "v0.7"
"""The checker of this round wrote tables without a version; their numbers follow its rules."""

_IN_FIELDS = {
    "Organization",
    "SystemName",
    "Result",
    "Power_Result",
    "host_processor_model_name",
    "accelerator_model_name",
    "operating_system",
    "version",
    "url",
    # Availability and Organization in one word, for the drawing of tables.
    "ColorKey",
}
"""What the record says in fields; all else is kept in the extensions as it stands."""
_COUNTS = {
    "number_of_nodes": "nodes",
    "host_processors_per_node": "count",
    "host_processor_core_count": "cores",
    "accelerators_per_node": "count",
}
_WORDS: dict[str, tuple[str, str | None, str | None, str]] = {
    "Samples/s": ("throughput", "sample", "/s", "Samples/s"),
    "Tokens/s": ("throughput", "token", "/s", "Tokens/s"),
    "Latency (ms)": ("latency", "query", "s", "ms"),
    "Latency (s)": ("latency", "query", "s", "s"),
    "Streams (samples/query)": ("samples-per-query", "query", "1", "1"),
}
"""What a word of the column Units says: metric, per, unit and the unit of the printed number."""
_P90 = ("latency", "p90", "request", "query", "s", "ns")
_RATE = ("throughput", "mean", "whole-run", "sample", "/s", "Samples/s")
_SCHEDULED = ("request-rate", "mean", "whole-run", "query", "/s", "Queries/s")
_STREAMS = ("samples-per-query", "single", None, "query", "1", "1")
_LOG_WORDS: dict[str, tuple[str, str, str | None, str, str, str]] = {
    "Samples per second": _RATE,
    "result_samples_per_second": _RATE,
    "result_completed_samples_per_sec": _RATE,
    "Scheduled samples per second": _SCHEDULED,
    "result_scheduled_samples_per_sec": _SCHEDULED,
    "90th percentile latency (ns)": _P90,
    "result_90.00_percentile_latency_ns": _P90,
    "Samples per query": _STREAMS,
    "effective_samples_per_query": _STREAMS,
    "early_stopping_latency_ss": ("latency", "p90-es", "request", "query", "s", "ns"),
    "early_stopping_latency_ms": ("latency", "p99-es", "request", "query", "s", "ns"),
}
"""LoadGen's words, as submitters' own tables use them: the whole key, the unit and the unit of the printed number."""
_OF_EVERY_ROUND = {*_LOG_WORDS, "Samples/s", "Tokens/s", "Streams (samples/query)"}
"""Words that say what the number is, whatever the round."""
_NAMED_SCORE = re.compile(r"([A-Za-z][A-Za-z0-9_]*)\s*:\s*([-+0-9.eE]+)")
_STATISTICS = {"output-tokens": "mean", "generated-length": "sum"}


class Maker:
    """Makes the records of one table; what rows share (systems, software) is made once."""

    def __init__(self, unit: Unit, table: Table, sha256: str, told: Told) -> None:
        """Take the unit, its table with the hash of the file, and where faults are told."""
        self.unit, self.table, self.sha256, self.told = unit, table, sha256, told
        read = [
            model_mapping.read(p, unit.limits)
            for p in unit.supporting
            if p.name == model_mapping.NAME
        ]
        self.mappings = tuple(item for item in read if isinstance(item, ModelMapping))
        self.broken = [item for item in read if isinstance(item, Failed)]
        self.systems: dict[tuple[Any, ...], System | None] = {}

    def part(self, results: Iterable[Result]) -> Part:
        """Return some results as a part of the table."""
        records, failed, rows = [], [], 0
        for result in results:
            numbers = {result.row.number, *([result.power.number] if result.power else [])}
            rows += len(numbers)
            try:
                records.append(self.record(result))
            except ValidationError as error:
                failed += [(number, _words(error)) for number in sorted(numbers)]
        batch = to_batch(list(self._identified(records)))
        return Part(self.unit.path, batch, rows, rows - len(failed), (), tuple(failed))

    def _identified(self, records: list[Record]) -> Iterator[Record]:
        """Yield records with their ids, and their measurements in standard order."""
        suites = {record.benchmark.suite for record in records}
        ids: dict[tuple[str, str], str] = {}
        for suite in suites:
            places = [str(_place(record)) for record in records if record.benchmark.suite == suite]
            ids |= dict(
                zip(((suite, place) for place in places), self._ids(suite, places), strict=True)
            )
        for record in records:
            yield record.ordered().model_copy(
                update={"id": ids[record.benchmark.suite, str(_place(record))]}
            )

    def _ids(self, suite: str, places: list[str]) -> list[str]:
        return record_ids(suite, self.table.path, self.sha256, places)

    def said(self, row: Row) -> Said:
        """Return what a row says, in terms."""
        automotive = rules_of_cars.is_system(row.text("SystemType"))
        known = None if automotive else self.unit.options.get("round") or self.table.round
        round_id = row.text("version") or known
        if round_id and re.fullmatch(r"[0-9]+\.[0-9]+", round_id):
            round_id = f"v{round_id}"
        return Said(row, self.table, round_id, automotive, self._division(), self._mapped(row))

    def record(self, result: Result) -> Record:
        """Return the record of a result; raises ValidationError where it is none."""
        row = result.row
        said = self.said(row)
        automotive, round_id = said.automotive, said.round_id
        if said.disputed:
            words = f"the table calls {said.name!r} a {row.text('MlperfModel')}, but its name is one for {said.disputed}"
            self.told.see(row.number, "BF705", words, "MlperfModel")
        if round_id is None:
            words = "the table does not say its round, so that no log can be found for its results; name it (--option round=v0.7)"
            self.told.see(row.number, "BF705", words, None)
        scores, scored = self._accuracy(said)
        measurements = [*self._performance(result, said), *_power(result, said), *scores]
        where = _location(row) or self._folder(said)
        suite = rules_of_cars.SUITE if automotive else SUITE
        execution = "/".join(filter(None, (round_id, where))) if where else None
        draft = Draft(NAME, VERSION, suite, phase="inference")
        draft.source(self.table.path, self.sha256, row.locator)
        draft.benchmark(
            suite_version=round_id,
            name=said.benchmark or row.text("Model") or row.text("MlperfModel"),
            division=said.division,
            category=said.category,
            system_type=said.system_type,
            scenario=said.scenario,
        )
        attributed(said).fill(draft)
        software = _software(row.text("framework") or "")
        draft.software(engine=software.get("engine"), engine_version=software.get("engine_version"))
        draft.provenance(
            submitter=row.text("Organization") or self._submitter(),
            url=row.text("url"),
            execution=execution,
        )
        draft.numbers = [Number(**item) for item in measurements]
        draft.keep_all(_kept(result, said, scored=scored), "mlperf")
        data = draft.to_dict()
        data["system"] = self._system(row, suite, execution)
        return Record.from_dict(
            {key: value for key, value in data.items() if value not in (None, {})}
        )

    def _submitter(self) -> str | None:
        """Return the folder of the submitter, for a table that names none."""
        parts = self.table.path.split("/")
        return parts[1] if self._division() else None

    def _division(self) -> str | None:
        """Return the folder of the division, where the table stands in a submission."""
        parts = self.table.path.split("/")
        return parts[0] if parts[0] in ("closed", "open", "network") and len(parts) > 2 else None

    def _folder(self, said: Said) -> str | None:
        """Return the folder of a result of a table that lies in a submission and does not name it."""
        row = said.row
        if not (self.table.kind == "short" and self._division()):
            return None
        return "/".join(
            [
                *self.table.path.split("/")[:2],
                "results",
                *(row.text(n) or "" for n in ("Platform", "Model", "Scenario")),
            ]
        )

    def _mapped(self, row: Row) -> Filled | None:
        """Return the benchmark that the nearest model_mapping.json of a row's submission gives to its model."""
        named = row.text("Model") or row.text("MlperfModel") or ""
        folders = _submission(row)
        for mapping in self.mappings:
            found = model_mapping.benchmark(mapping.models, named)
            if found and mapping.is_about(self.unit.path, folders):
                return Filled.said(found, mapping.path.name)
        return None

    def _performance(self, result: Result, said: Said) -> list[dict[str, Any]]:
        """Return the headline number."""
        row, official = result.row, said.official
        own = {
            "metric": official.metric,
            "statistic": official.statistic,
            "stage": official.stage,
            "per": official.per,
        }
        if result.alone:
            return [{**given(**own), "missing": "not-reported", "primary": True}]
        text, word = row.text("Result") or "", said.word
        caveats: set[str] = set()
        if (
            isinstance(row.cells.get("Result"), str)
            and not isinstance(row.cells["Result"], Digits)
            and self._is_json
        ):
            self.told.see(
                row.number, "BF103", "the result is a text where a number is meant", "Result"
            )
        stated = _stated(word or official.unit, said)
        if not word or stated is None:
            caveats.add("unit-inferred")
        if stated is None:
            stated = (*_as_stated(official), *_units(official))
            words = f"{(word or '')[:60]!r} is no unit of MLPerf's tables; the one of the round is taken"
            self.told.see(row.number, "BF207", words, "Units")
        metric, statistic, stage, per, unit, printed = stated
        if word and said.ruled and (metric, per) != (official.metric, official.per):
            caveats.add("source-disagrees")
            words = f"the unit says {word[:60]}, the rules of the round say {official.metric} per {official.per}"
            self.told.see(row.number, "BF705", words, "Units")
        if said.undated:
            caveats.add("definition-inferred")
        if statistic is None and metric == "latency":
            caveats.add("definition-inferred")
        if (errors := exact(row.text("errors") or "")) and errors > 0:
            caveats.add("errors-logged")
        value = convert(text, _code(printed), unit)
        return [
            {
                **given(
                    metric=metric,
                    statistic=statistic,
                    stage=stage,
                    per=per,
                    value=value,
                    unit=unit,
                    basis="published",
                    primary=True,
                    caveats=sorted(caveats) or None,
                    reported_value=text,
                ),
                **({"reported_unit": printed} if printed != "1" else {}),
            }
        ]

    @property
    def _is_json(self) -> bool:
        return self.table.kind in ("results", "rows")

    def _accuracy(self, said: Said) -> tuple[list[dict[str, Any]], bool]:
        """Return every score of the cell, `ROUGE1: 44.45  ROUGE2: …` or one number, and whether all of it was read."""
        row, found, scored = said.row, {}, True
        text = row.text("Accuracy")
        if text is None:
            return [], False
        named = _NAMED_SCORE.findall(text)
        for name, number in named or [(None, text)]:
            item = _score(name, number, said)
            if item is None:
                scored = False
                self.told.see(
                    row.number,
                    "BF201",
                    f"{text[:60]!r} says no score that is known; it is kept as text",
                    "Accuracy",
                )
            else:
                found[item["metric"], item.get("scope")] = item
                if item["metric"] == "dice" and "Accuracy_div_100" in row.cells:
                    words = (
                        "Accuracy_div_100 divides a DICE score by 100, which is a fraction already"
                    )
                    self.told.see(row.number, "BF301", words, "Accuracy_div_100")
        return list(found.values()), scored and len(found) == max(1, len(named))

    def _system(self, row: Row, suite: str, execution: str | None) -> System | None:
        names = (
            "SystemName",
            "Platform",
            "host_processor_model_name",
            "accelerator_model_name",
            "operating_system",
            *_COUNTS,
        )
        submitted = submitted_system_id(suite, execution)
        key = (submitted, *row.key(names))
        if key not in self.systems:
            data = _system(row)
            source = {"path": self.table.path, "sha256": self.sha256}
            known = submitted or system_id(data, source)
            self.systems[key] = System.model_validate({"id": known, **data}) if data else None
        return self.systems[key]


def _kept(result: Result, said: Said, *, scored: bool) -> dict[str, Any]:
    """Return what the table says and no field holds, as it stands."""
    # The counts stand in the system, as a number or as text.
    told = {*_IN_FIELDS, *_COUNTS, *said.terms(), *(("Accuracy",) if scored else ())}
    kept = {
        key: _plain(value) for key, value in result.row.cells.items() if key and key not in told
    }
    if result.power:
        kept |= {
            "power_row": result.power.locator,
            "Power_Units": result.power.text("Units") or kept.get("Power_Units"),
        }
        if result.power is not result.row:
            kept["power_uid"] = result.power.text("uid")
    return {key: value for key, value in sorted(kept.items()) if value is not None}


def _place(record: Record) -> str | None:
    sources = record.provenance.sources if record.provenance else None
    return sources[0].locator if sources else None


def _words(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"not a result: {'.'.join(map(str, first['loc'])) or 'record'}: {first['msg']}"


@dataclass(slots=True)
class Said:
    """What a row says, in terms: benchmark, scenario and division, and the number that its round publishes."""

    row: Row
    table: Table
    round_id: str | None
    automotive: bool
    folder: str | None
    """The division by the table's folder."""
    mapped: Filled | None = None
    """The benchmark that the submitter's model_mapping.json gives to the model."""
    ruled: bool = field(init=False)
    """Whether the rules say which number it is: the round is known, or its table can only be of the first ones."""
    undated: bool = field(init=False)
    """Whether what the number is follows from the round, and nothing says that."""
    rules_of: str | None = field(init=False)
    """The round by whose rules the row is read: its own, or the first one of a table that can only be of those."""
    division: str | None = field(init=False)
    category: str | None = field(init=False)
    system_type: str | None = field(init=False)
    name: str | None = field(init=False)
    """The model's own name."""
    known: Filled | None = field(init=False)
    disputed: str | None = field(init=False)
    """The task that the model's name proves, where the table's benchmark has another one and so does not count."""
    benchmark: str | None = field(init=False)
    scenario: str | None = field(init=False)
    official: Official = field(init=False)
    word: str | None = field(init=False)

    def __post_init__(self) -> None:
        """Look the row's words up."""
        row = self.row
        self.word = (row.text("Units") or "").replace("\\", "") or None
        kind = self.table.kind
        unsaid = self.round_id is None
        self.undated = unsaid and (kind == "summary" or self.word not in _OF_EVERY_ROUND)
        self.rules_of = _FIRST_TABLES if unsaid and kind == "summary" else self.round_id
        self.ruled = kind != "short"
        division = row.text("Division") or (self.folder if kind == "short" else None)
        self.division = vocabulary().match("division", division, SUITE) if division else None
        self.category = vocabulary().match("category", row.text("Availability") or "")
        self.system_type = systems.system_type(row.text("SystemType"))
        self.name = row.text("Model") or row.text("MlperfModel")
        self.disputed = None if self.automotive else self._dispute()
        self.known = None if self.automotive else self._known()
        if self.automotive:
            self.benchmark = row.text("MlperfModel") or row.text("Model")
        else:
            self.benchmark = self.known.value if self.known else None
        self.scenario = _scenario(
            row.text("Scenario") or "", self.rules_of, self.word, legacy=kind != "short"
        )
        self.official = _official(
            self.benchmark, self.rules_of, self.scenario, automotive=self.automotive
        )

    def _dispute(self) -> str | None:
        """Return the task that the model's name proves where the benchmark of the table's column has another one."""
        official = rules.canonical(self.row.text("MlperfModel") or "", self.rules_of)
        facts = rules.benchmark(official, self.rules_of) if official else None
        proven = rules.task_of_name(self.name) if self.name else None
        return proven.value if proven and facts and facts.task not in (None, proven.value) else None

    def _known(self) -> Filled | None:
        """Return the benchmark: by the table's column, else by a submitter's file, else by a rule of names."""
        column = rules.canonical(self.row.text("MlperfModel") or "", self.rules_of)
        if column and not self.disputed:
            return Filled.said(column, self.table.path)
        return attribution.benchmark_of(self.name, self.rules_of, self.division, self.mapped)

    def terms(self) -> Iterator[str]:
        """Yield the columns whose word the record says as a term, with nothing lost."""
        yield from ("Scenario",) if self.scenario else ()
        for column, term in (
            ("Division", self.division),
            ("Availability", self.category),
            ("SystemType", self.system_type),
        ):
            if term and term == (self.row.text(column) or "").lower():
                yield column


@cache
def _scenario(word: str, round_id: str | None, unit: str | None, *, legacy: bool) -> str | None:
    found = rules.scenario(word)
    old = legacy and not rules.at_least(round_id, "v2.0")
    streams = unit is not None and (_LOG_WORDS.get(unit) is _STREAMS or unit.startswith("Streams"))
    return "multi-stream-legacy" if found == "multi-stream" and (old or streams) else found


def attributed(said: Said) -> Attribution:
    """Return what a row says was run, and what the rules add."""
    return attribution.attribute(
        attribution.Said(
            name=said.name,
            division=said.division,
            round_id=said.rules_of,
            benchmark=said.known,
            precision=Filled.said(
                _precision(said.row.cells.get("weight_data_types")), said.table.path
            ),
            automotive=rules_of_cars.benchmark(said.benchmark) if said.automotive else None,
        )
    )


@cache
def _official(
    benchmark: str | None, round_id: str | None, scenario: str | None, *, automotive: bool
) -> Official:
    if automotive and scenario == "single-stream":
        # early_stopping_latency_ss; the percentile that it estimates is set per run (v0.5 states none).
        return Official("latency", "", "request", "query", "Latency (ms)")
    return rules.official(
        None if automotive else benchmark, None if automotive else round_id, scenario or ""
    )


def _stated(
    word: str | None, said: Said
) -> tuple[str, str | None, str | None, str | None, str, str] | None:
    """Return the whole key that a word of the table states, its unit and the printed one; None for no known word."""
    official = said.official
    if word in _LOG_WORDS:
        return _LOG_WORDS[word]
    if word == official.unit and word not in _WORDS:
        return (*_as_stated(official), *_units(official))
    if word == "Queries/s":  # what a server's number counts changed with v4.1
        general = _official(None, said.rules_of, "server", automotive=False)
        return (*_as_stated(general), "/s", "Queries/s")
    if word not in _WORDS:
        return None
    metric, per, unit, printed = _WORDS[word]
    if metric == "throughput":
        # A rate inferred from a single stream leaves the harness out. Since v6.0 the flag means nothing: it stands at
        # every Interactive row and at every row whose scenario is written in lower case.
        inferred = (
            said.row.text("inferred") == "1"
            and said.scenario == "offline"
            and not rules.at_least(said.rules_of, "v6.0")
        )
        return (
            metric,
            "mean",
            "request" if inferred and per == "sample" else "whole-run",
            per,
            unit or "/s",
            printed,
        )
    if metric == "samples-per-query":
        return metric, "single", None, per, unit or "1", printed
    ruled = official.metric == "latency" and said.rules_of is not None and not _of_endpoints(said)
    statistic = official.statistic if ruled else ""
    return metric, statistic or None, "request", per, unit or "s", printed


def _of_endpoints(said: Said) -> bool:
    """Say whether a latency may be one of MLPerf Endpoints, which is a mean: a single stream is inferred from nothing."""
    row = said.row
    flagged = row.text("inferred") == "1" and row.text("Scenario") == "SingleStream"
    return flagged and rules.at_least(said.rules_of, "v6.1")


def _as_stated(official: Official) -> tuple[str, str | None, str | None, str | None]:
    return official.metric, official.statistic or None, official.stage, official.per


def _units(official: Official) -> tuple[str, str]:
    """Return the standard unit of an official number, and the one in which the tables print it."""
    unit = {"latency": "s", "samples-per-query": "1"}.get(official.metric, "/s")
    printed = {"Latency (ms)": "ms", "Latency (s)": "s"}.get(
        official.unit, "1" if unit == "1" else official.unit
    )
    return unit, printed


def _code(printed: str) -> str:
    return "/s" if printed.endswith("/s") else printed


def _power(result: Result, said: Said) -> list[dict[str, Any]]:
    """Return power or energy: of the row itself, of a row of its own, or of v1.1's column `power`."""
    row, caveats = result.power or result.row, []
    word = (
        row.text("Units")
        if result.power and row.text("Units") in POWER
        else row.text("Power_Units")
    )
    text = row.text("Power_Result") or (row.text("Result") if result.power else None)
    if text is None and (exact(row.text("power") or "") or 0) > 0:
        text, word, caveats = (
            row.text("power"),
            rules.POWER_UNITS.get(said.scenario or ""),
            ["unit-inferred"],
        )
    if text is None:
        return []
    if word not in POWER:
        word, caveats = rules.POWER_UNITS.get(said.scenario or "", "Watts"), ["unit-inferred"]
    metric, per, unit, printed = POWER[word]
    value = convert(text, printed, unit)
    reason = (
        None
        if value is not None and value > 0
        else "invalid-in-source"
        if value is not None
        else "not-numeric"
    )
    number: dict[str, Any] = (
        {"missing": reason} if reason else {"value": value, "unit": unit, "basis": "published"}
    )
    return [
        {
            **given(
                metric=metric,
                statistic="mean",
                stage="issue-window",
                per=per,
                scope="wall",
                **number,
                caveats=caveats or None,
                reported_value=text,
                reported_unit=printed if not reason else None,
                source_locator=row.locator if row is not result.row else None,
            ),
        }
    ]


def _score(name: str | None, text: str, said: Said) -> dict[str, Any] | None:
    """Return one score of a row, or None for a name or a text that says none."""
    quality = _quality(
        name, said.benchmark, said.rules_of, said.scenario, automotive=said.automotive
    )
    number = exact(text)
    if quality is None or number is None:
        return None
    known = vocabulary().metrics.get(quality.metric)
    is_share = known is not None and (known.maximum == 1 or quality.metric == "mlperf:vbench-score")
    unit = quality.unit
    # Tables of MLPerf Endpoints print the score without its name, and some of those as a fraction.
    if (
        name is None
        and unit == "%"
        and is_share
        and number <= 1
        and rules.at_least(said.rules_of, "v6.1")
    ):
        unit = "1"
    value = convert(text, unit, "1")
    counted = quality.metric in _STATISTICS
    caveats = [] if counted else ["unit-inferred"]
    caveats += ["definition-inferred"] if name is None else []
    key = given(
        metric=quality.metric,
        statistic=_STATISTICS.get(quality.metric, "pooled"),
        per=quality.per,
        scope=quality.scope,
    )
    if value is None or (is_share and value > 1):
        return {**key, "missing": "invalid-in-source", "reported_value": text}
    targets = {}
    if said.division in HELD:
        for side, target in (
            ("target_min", quality.target_min),
            ("target_max", quality.target_max),
        ):
            if target is not None:
                targets[side] = convert(target, quality.unit, "1")
    return {
        **key,
        "value": value,
        "unit": "1",
        "basis": "published",
        **targets,
        **given(caveats=sorted(caveats) or None),
        "reported_value": text,
        **({"reported_unit": unit} if unit != "1" else {}),
    }


@cache
def _quality(
    name: str | None,
    benchmark: str | None,
    round_id: str | None,
    scenario: str | None,
    *,
    automotive: bool,
) -> Quality | None:
    """Return what a score is: by its name, and the official one of the benchmark where it has none."""
    if automotive:
        own = next(iter(rules_of_cars.qualities(benchmark or "")), None)
        same = own is not None and (name is None or own.name == name)
        return own if same else next((q for q in rules_of_cars.qualities() if q.name == name), None)
    wanted = rules.qualities(benchmark, round_id, scenario) if benchmark else ()
    if name is None:
        return wanted[0] if wanted else None
    return next((quality for quality in wanted if quality.name == name), None) or _quality_named(
        name
    )


@cache
def _quality_named(name: str) -> Quality | None:
    """Return what a score's name means in any benchmark, without targets."""
    for benchmark in _SCORED:
        for round_id in (None, *rules.ROUNDS):
            for quality in rules.qualities(benchmark, round_id):
                if quality.name == name:
                    return Quality(
                        name, quality.metric, quality.unit, None, None, quality.scope, quality.per
                    )
    return None


_SCORED = (
    "resnet50",
    "ssd-large",
    "bert-99",
    "rnnt",
    "whisper",
    "dlrm-99",
    "3d-unet-99",
    "gptj-99",
    "llama2-70b-99",
    "mixtral-8x7b",
    "llama3.1-405b",
    "llama3.1-8b",
    "stable-diffusion-xl",
    "deepseek-r1",
    "wan-2.2-t2v-a14b",
    "qwen3-vl-235b-a22b",
    "dlrm-v3",
    "e2e-rag-qna",
    "gnmt",
)
"""Benchmarks that together have every score."""


def _location(row: Row) -> str | None:
    """Return the folder of a result as the logs' records name it: `closed/X/results/<system>/<benchmark>/<scenario>`."""
    where = row.text("Location")
    if not where:
        return None
    return where.removeprefix("./").rstrip("/").removesuffix("/performance/run_1") or None


def _submission(row: Row) -> Iterator[str]:
    """Yield the folders of a row's submission, as far as the row names them."""
    where = (_location(row) or "").split("/")
    if len(where) > 1:
        yield from ("/".join(where[:end]) for end in range(len(where), 1, -1))
    if row.text("Division") and row.text("Organization"):
        yield f"{(row.text('Division') or '').lower()}/{row.text('Organization')}"


def _system(row: Row) -> dict[str, Any]:
    """Return the system that a row describes; a count that is no clean number stays as text in its extensions."""
    counts = {column: count(row.cells.get(column)) for column in _COUNTS}
    cores, per_node = counts["host_processor_core_count"], counts["host_processors_per_node"]
    processor = _name(row, "host_processor_model_name")
    accelerator = _name(row, "accelerator_model_name")
    odd = {
        column: plain
        for column, number in counts.items()
        if number is None and (plain := _plain(row.cells.get(column))) not in (None, 0, "0", "N/A")
    }
    return given(
        name=row.text("SystemName") or row.text("Platform"),
        nodes=counts["number_of_nodes"],
        processor=given(name=processor, count=per_node, cores=cores) or None,
        accelerator=given(
            kind=systems.accelerator_kind(accelerator),
            name=accelerator,
            count=counts["accelerators_per_node"],
        )
        if accelerator
        else None,
        operating_system=_name(row, "operating_system"),
        extensions={"mlperf": odd} if odd else None,
    )


def _name(row: Row, column: str) -> str | None:
    text = row.text(column)
    return None if text is None or text.lower() in ("n/a", "-", "none", "na") else text


@cache
def _software(words: str) -> Mapping[str, str]:
    """Return the engine that the first words of a framework's text name, and its version if the next one is one."""
    first = re.split(r"[,;]", words)[0]
    parts = first.replace(":", " ").split()
    for length in range(min(3, len(parts)), 0, -1):
        engine = vocabulary().match("engine", " ".join(parts[:length]), SUITE)
        if engine:
            after = parts[length] if length < len(parts) else ""
            return given(engine=engine, engine_version=systems.version_of(after))
    joined = systems.software(first)  # `tflite_vmaster`
    return given(engine=joined.get("engine"), engine_version=joined.get("engine_version"))


def _precision(words: Any) -> str | None:
    """Return the precision that the weights' types state; a table in CSV writes an object as Python does."""
    return systems.precision(words) if isinstance(words, str | dict) else None


def _plain(value: Any) -> Any:
    """Return a value of a table as plain JSON, a number as a number where every reader keeps it; None for nothing."""
    if isinstance(value, Digits):
        return of_json(value)
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        return {key: plain for key, item in value.items() if (plain := _plain(item)) is not None}
    if isinstance(value, list):
        return [plain for item in value if (plain := _plain(item)) is not None]
    return value
