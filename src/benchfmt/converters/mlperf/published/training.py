"""MLPerf Training and HPC: published tables of scores: cm4mlperf's rows, and the tables of the suite's summarizer.

Each score is a record with basis `published`. `provenance.execution` names the result as the converters of the logs do,
by the file of its system's description, so that a published and a recomputed score can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import Draft, DraftError, Number
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.published.rounds import round_of
from benchfmt.converters.mlperf.published.training_rows import (
    ALL,
    TIME,
    Cells,
    Score,
    Table,
    path_from_root,
    scores,
    tables,
    text_of,
)
from benchfmt.converters.mlperf.training.layout import location
from benchfmt.converters.mlperf.training.system import software
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import of_json
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.readers.mlperf_json import count
from benchfmt.record import given
from benchfmt.suites import mlperf_training as rules
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

NAME = "mlperf-training-published"
VERSION = "1.1"
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}

_DETAILS = re.compile(
    r"/(?P<suite>training|hpc)_results_(?P<round>v[0-9]{1,3}\.[0-9]{1,3})/(?:blob|tree)/[^/]+/(?P<org>[^/]+)/systems/(?P<system>[^/]+)\.json$"
)
"""The link to the description of a system."""
_MODELS = "number_of_models"
_SCALE = "instance_scale"
_BATCH_SIZE = "GBS"
_FACTOR = "rcp_scaling_factor"
_NUMBERS = (TIME, ALL, _MODELS, _SCALE, _BATCH_SIZE, _FACTOR)
"""The cells of a score that fields and measurements hold."""
_IN_FIELDS = {
    "division",
    "submitter",
    "system",
    "details_url",
    "host_processor_model_name",
    "accelerator_model_name",
    "Result",
    "Result_Units",
    "Model_ID",
    "version",
    "number_of_nodes",
    "Organization",
    "Benchmark",
    "Task",
}
_NO_NAME = ("n/a", "-", "none", "na")
_MOST_LETTERS = 40
"""How much of an odd text is repeated in an error."""
PATTERNS = (
    Pattern(("cm-result.json",)),
    Pattern(("*summar*.json",), words=('"details_url"',)),
    Pattern(("*.csv",), words=("division,availability,submitter,system",)),
)


def detect(source: Source) -> Match | None:
    """Say whether a source holds published tables of MLPerf Training or HPC, or None."""
    paths = [path for path, _ in tables(source)]
    if not paths:
        return None
    return Match(0.9, f"{len(paths)} published tables, first {source.relative(paths[0])}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table."""
    wanted = options.get("round")
    names = {name for suite in rules.ROUNDS.values() for name in suite}
    rounds = sorted(names, key=rules.number)
    if wanted is not None and wanted not in rounds:
        raise BenchfmtError(
            f"there is no round {wanted!r} of MLPerf Training or HPC; there are: {', '.join(rounds)}"
        )
    for path, kind in tables(source):
        round_id = wanted or round_of(path, rounds, ("training", "hpc", "mlperf"))
        table = Table(kind, path_from_root(path), round_id)
        yield Unit(path, options=options, extra=table, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each score of a table; a row without one is skipped."""
    table: Table = unit.extra
    sha256 = file_sha256(unit.path)
    for score in scores(unit, table):
        if not isinstance(score, Score):
            yield score
            continue
        try:
            yield draft_of(score, table, sha256).build()
        except DraftError as error:
            yield Failed(unit.path, f"not a result: {error}", score.row)
        except ValueError as error:
            yield Failed(unit.path, f"{score.benchmark}: {error}", score.row)


def draft_of(score: Score, table: Table, sha256: str) -> Draft:
    """Return the record of a score; raises ValueError where a number of it is none."""
    row = score.context
    details = _DETAILS.search(text_of(row.get("details_url")) or "")
    suite = _suite(score, details)
    round_id = _round(row, details) or table.round
    name = rules.canonical(score.benchmark, round_id) or score.benchmark
    scaling = _scaling(score, suite)
    draft = Draft(NAME, VERSION, suite or rules.TRAINING, phase="training")
    draft.source(table.path, sha256, score.locator)
    draft.benchmark(
        suite_version=round_id,
        name=name,
        division=_term("division", row.get("division")),
        category=_term("category", row.get("availability")),
        scenario=scaling,
    )
    _add_facts(draft, row, name)
    draft.system(_system(row))
    draft.software(**software(text_of(row.get("framework"))))
    draft.configuration(batch_size=count(score.cells.get(_BATCH_SIZE)))
    if scaling == "weak":
        _add_weak_scaling(draft, score.cells)
    else:
        _add_time_to_train(draft, score.cells)
    level = scaling
    if suite != rules.HPC or round_id == "v0.7":
        level = None
    draft.provenance(
        submitter=text_of(row.get("submitter")),
        url=text_of(row.get("details_url")),
        execution=_execution(score, details, suite, round_id, level),
    )
    draft.keep_all(_kept(score, name), "mlperf")
    return draft


def _suite(score: Score, details: re.Match[str] | None) -> str | None:
    if details is None:
        return rules.suite_of(score.benchmark)
    if details["suite"] == "hpc":
        return rules.HPC
    return rules.TRAINING


def _round(row: Cells, details: re.Match[str] | None) -> str | None:
    """Return the round that the link or the row says."""
    if details:
        return details["round"]
    version = text_of(row.get("version"))
    if not version:
        return None
    return f"v{version.removeprefix('v')}"


def _scaling(score: Score, suite: str | None) -> str | None:
    """Return the scaling that a result is of; only HPC tells two kinds apart."""
    if ALL in score.cells:
        return "weak"
    if suite == rules.HPC:
        return "strong"
    return None


def _term(field: str, value: JsonValue) -> str | None:
    text = text_of(value)
    if not text:
        return None
    return vocabulary().match(field, text, rules.TRAINING)


def _add_facts(draft: Draft, row: Cells, name: str) -> None:
    """Add what is known of a benchmark; in the open division it may be another model, which the table does not name."""
    facts = rules.benchmark(name)
    if facts is None:
        return
    draft.phase = facts.phase
    draft.task = facts.task
    if facts.dataset:
        draft.dataset(name=facts.dataset, split=facts.split)
    if _term("division", row.get("division")) != "open":
        draft.model(name=facts.model)


def _execution(
    score: Score,
    details: re.Match[str] | None,
    suite: str | None,
    round_id: str | None,
    level: str | None,
) -> str | None:
    """Return the name of a result, as the records of its logs have it."""
    if details is None:
        return None
    organization = details["org"]
    if suite == rules.TRAINING:
        organization = rules.folder(organization, round_id)
    where = location(organization, details["system"], level, score.benchmark)
    if where and round_id:
        return f"{round_id}/{where}"
    return where


def _add_time_to_train(draft: Draft, cells: Mapping[str, str]) -> None:
    """Add the score in seconds, and the factor in it where the table says it."""
    time = _number("time-to-train", cells[TIME], "min", "s")
    time.statistic = "olympic-mean-scaled"
    time.primary = True
    draft.add(time)
    factor = cells.get(_FACTOR)
    if factor:
        draft.add(_number("scaling-factor", factor))


def _add_weak_scaling(draft: Draft, cells: Mapping[str, str]) -> None:
    """Add the models per second that the table's models and time make, with what it says itself."""
    draft.add(_number("makespan", cells[ALL], "min", "s"))
    models = exact(cells.get(_MODELS, ""))
    minutes = exact(cells[ALL])
    if models is not None and minutes:
        draft.add(
            Number(
                metric="throughput",
                stage="whole-run",
                per="model",
                value=_double(models / (minutes * Fraction(60))),
                unit="/s",
                basis="published",
                primary=True,
            )
        )
        draft.add(_number("mlperf:number-of-models", cells[_MODELS]))
    if _SCALE in cells:
        draft.add(_number("mlperf:instance-scale", cells[_SCALE]))


def _double(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        raise ValueError(
            "the score of these models and times is beyond the range of a double"
        ) from None


def _number(metric: str, text: str, printed: str = "1", unit: str = "1") -> Number:
    """Return a printed number in its unit; raises ValueError for what is not a number above zero."""
    number = exact(text)
    value = convert(text, printed, unit)
    if number is None or value is None or number <= 0:
        raise ValueError(f"{text[:_MOST_LETTERS]!r} is not a number above zero")
    published = Number(
        metric=metric,
        value=value,
        unit=unit,
        basis="published",
        reported_value=text,
    )
    if printed != "1":
        published.reported_unit = printed
    return published


# --- the system, and what the standard has no field for ---


def _system(row: Cells) -> dict[str, JsonValue]:
    """Return the system; its counts are those of all nodes, so that they are told where they divide."""
    nodes = count(text_of(row.get("number_of_nodes")))
    processor = None
    accelerator = None
    name = _named(row, "host_processor_model_name")
    if name:
        processor = given(name=name, count=_per_node(row, "host_processors_count", nodes))
    name = _named(row, "accelerator_model_name")
    if name:
        accelerator = given(
            kind=systems.accelerator_kind(name),
            name=name,
            count=_per_node(row, "accelerators_count", nodes),
        )
    return given(
        name=text_of(row.get("system")),
        nodes=nodes,
        processor=processor,
        accelerator=accelerator,
    )


def _named(row: Cells, column: str) -> str | None:
    text = text_of(row.get(column))
    if text is None or text.lower() in _NO_NAME:
        return None
    return text


def _per_node(row: Cells, column: str, nodes: int | None) -> int | None:
    total = count(text_of(row.get(column)))
    if not total or not nodes or total % nodes:
        return None
    return total // nodes


def _kept(score: Score, name: str) -> dict[str, JsonValue]:
    """Return what the fields do not hold; of cm4mlperf's doubled columns (`_Result`) one is enough."""
    kept: dict[str, JsonValue] = {}
    other_scores: dict[str, JsonValue] = {}
    for column, value in sorted(score.context.items()):
        if column in _IN_FIELDS or column.startswith("_"):
            continue
        if not rules.is_name(column):
            kept[column] = _plain(value)
        elif column != score.benchmark:
            # A score of another benchmark on the same system.
            other_scores[column] = text_of(value)
    kept["other_scores"] = other_scores
    kept["also"] = {key: text for key, text in score.cells.items() if key not in _NUMBERS}
    if score.benchmark != name:
        kept["benchmark_directory"] = score.benchmark
    return kept


def _plain(value: JsonValue) -> JsonValue:
    """Return a cell as a whole number where it is one, else as text."""
    if isinstance(value, Digits):
        number = of_json(value)
        if isinstance(number, int):
            return number
    return text_of(value)
