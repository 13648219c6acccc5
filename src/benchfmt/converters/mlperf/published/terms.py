"""What a row of a published table says, in the terms of the standard, and the number that its round publishes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from benchfmt.converters.mlperf import attribution, systems
from benchfmt.converters.mlperf.attribution import Attribution, Filled
from benchfmt.converters.mlperf.inference.run import SUITE
from benchfmt.converters.mlperf.published.rows import Row, Table
from benchfmt.converters.mlperf.published.words import counts_streams, is_of_every_round
from benchfmt.suites import mlperf_automotive as rules_of_cars
from benchfmt.suites import mlperf_inference as rules
from benchfmt.suites.mlperf_inference import Official
from benchfmt.vocabulary import vocabulary

_FIRST_TABLES = "v0.7"
"""The checker of this round wrote tables without a version; their numbers follow its rules."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row says, in terms: benchmark, scenario and division, and the number that its round publishes."""

    row: Row
    table: Table
    round_id: str | None
    automotive: bool
    ruled: bool
    """Whether the rules say which number it is: the round is known, or its table can only be of the first ones."""
    undated: bool
    """Whether what the number is follows from the round, and nothing says that."""
    rules_of: str | None
    """The round by whose rules the row is read: its own, or the first one of a table that can only be of those."""
    division: str | None
    category: str | None
    system_type: str | None
    name: str | None
    """The model's own name."""
    known: Filled | None
    disputed: str | None
    """The task that the model's name proves, where the table's benchmark has another one and so does not count."""
    benchmark: str | None
    scenario: str | None
    official: Official
    word: str | None
    """What the column of units says."""

    def columns(self) -> Iterator[str]:
        """Yield the columns whose word the record says as a term, with nothing lost."""
        if self.scenario:
            yield "Scenario"
        terms = {
            "Division": self.division,
            "Availability": self.category,
            "SystemType": self.system_type,
        }
        for column, term in terms.items():
            if term and term == (self.row.text(column) or "").lower():
                yield column

    @property
    def is_inferred(self) -> bool:
        """Whether the row is flagged as inferred from another scenario."""
        return self.row.text("inferred") == "1"

    @property
    def attribution(self) -> Attribution:
        """What was run, and what the rules add."""
        own = None
        if self.automotive:
            own = rules_of_cars.benchmark(self.benchmark)
        precision = _precision(self.row)
        said = attribution.Said(
            name=self.name,
            division=self.division,
            round_id=self.rules_of,
            benchmark=self.known,
            precision=Filled.said(precision, self.table.path),
            automotive=own,
        )
        return attribution.attribute(said)


def _precision(row: Row) -> str | None:
    """Return the precision that the weights' types state; a table in CSV writes an object as Python does."""
    types = row.cells.get("weight_data_types")
    if not isinstance(types, str | dict):
        return None
    return systems.precision(types)


def terms_of(
    row: Row,
    table: Table,
    round_id: str | None,
    *,
    automotive: bool,
    folder: str | None,
    mapped: Filled | None,
) -> Terms:
    """Return what a row says.

    `folder` is the division by the table's folder, `mapped` the benchmark that the submitter's model_mapping.json gives.
    """
    word = (row.text("Units") or "").replace("\\", "") or None
    is_short = table.kind == "short"
    is_summary = table.kind == "summary"
    rules_of = round_id
    if round_id is None and is_summary:
        rules_of = _FIRST_TABLES
    division = _division(row.text("Division"), folder, is_short=is_short)
    run = _run_of_car(row)
    if not automotive:
        run = _run_of(row, table, rules_of, division, mapped)
    scenario = _scenario(row.text("Scenario") or "", rules_of, word, legacy=not is_short)
    return Terms(
        row=row,
        table=table,
        round_id=round_id,
        automotive=automotive,
        ruled=not is_short,
        undated=round_id is None and (is_summary or not is_of_every_round(word)),
        rules_of=rules_of,
        division=division,
        category=vocabulary().match("category", row.text("Availability") or ""),
        system_type=systems.system_type(row.text("SystemType")),
        name=_model(row),
        known=run.known,
        disputed=run.disputed,
        benchmark=run.benchmark,
        scenario=scenario,
        official=official(run.benchmark, rules_of, scenario, automotive=automotive),
        word=word,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What was run: the benchmark, where the rules or a file say it, and the task that disputes it (`Terms`)."""

    benchmark: str | None
    known: Filled | None = None
    disputed: str | None = None


def _model(row: Row) -> str | None:
    return row.text("Model") or row.text("MlperfModel")


def _run_of_car(row: Row) -> _Run:
    return _Run(row.text("MlperfModel") or row.text("Model"))


def _run_of(
    row: Row, table: Table, rules_of: str | None, division: str | None, mapped: Filled | None
) -> _Run:
    column = rules.canonical(row.text("MlperfModel") or "", rules_of)
    disputed = _disputed_task(_model(row), column, rules_of)
    known = Filled.said(column, table.path)
    if known is None or disputed:
        known = attribution.benchmark_of(_model(row), rules_of, division, mapped)
    if known is None:
        return _Run(None, None, disputed)
    return _Run(known.value, known, disputed)


def _division(column: str | None, folder: str | None, *, is_short: bool) -> str | None:
    division = column
    if not division and is_short:
        division = folder
    if not division:
        return None
    return vocabulary().match("division", division, SUITE)


def _disputed_task(name: str | None, column: str | None, rules_of: str | None) -> str | None:
    """Return the task that the model's name proves where the benchmark of the table's column has another one."""
    if not name or not column:
        return None
    facts = rules.benchmark(column, rules_of)
    proven = rules.task_of_name(name)
    if not proven or not facts or facts.task in (None, proven.value):
        return None
    return proven.value


@cache
def _scenario(word: str, round_id: str | None, unit: str | None, *, legacy: bool) -> str | None:
    scenario = rules.scenario(word)
    if scenario != "multi-stream":
        return scenario
    is_old = legacy and not rules.at_least(round_id, "v2.0")
    if is_old or counts_streams(unit):
        return "multi-stream-legacy"
    return scenario


@cache
def official(
    benchmark: str | None, round_id: str | None, scenario: str | None, *, automotive: bool
) -> Official:
    """Return the key of the number that a round publishes."""
    if not automotive:
        return rules.official(benchmark, round_id, scenario or "")
    if scenario == "single-stream":
        # early_stopping_latency_ss; the percentile that it estimates is set per run (v0.5 states none).
        return Official("latency", "", "request", "query", "Latency (ms)")
    return rules.official(None, None, scenario or "")
