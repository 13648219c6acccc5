"""MLPerf Training and HPC: published tables of scores: cm4mlperf's rows, and the tables of the suite's summarizer.

Each score is a record with basis `published`. `provenance.execution` names the result as the converters of the logs do,
by the file of its system's description, so that a published and a recomputed score can be compared.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.published.rounds import round_of
from benchfmt.converters.mlperf.training.layout import location
from benchfmt.converters.mlperf.training.system import software
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import of_json
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.readers.mllog import clean
from benchfmt.readers.mlperf_json import count
from benchfmt.record import Record, given
from benchfmt.suites import mlperf_training as rules
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

NAME = "mlperf-training-published"
VERSION = "1.1"
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}

HEAD = 64 * 1024
"""Bytes of a file that detection looks at."""
_SCORES, _ROWS, _CSV = "scores", "rows", "csv"
_EXPERIMENT = re.compile(r"mlperf-training--[^/]*")
_DETAILS = re.compile(
    r"/(?P<suite>training|hpc)_results_(?P<round>v[0-9]{1,3}\.[0-9]{1,3})/(?:blob|tree)/[^/]+/(?P<org>[^/]+)/systems/(?P<system>[^/]+)\.json$"
)
_REPOSITORY = re.compile(r"(?:training|hpc)_results_(v[0-9]{1,3}\.[0-9]{1,3})")
_FIRST_COLUMNS = ("division", "availability", "submitter", "system")
_MODELS, _SCALE, _ALL = "number_of_models", "instance_scale", "time_to_train_all"
_TIME = "time_to_train"
_IN_FIELDS = frozenset(
    {
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
)
_MINUTES = "min"


@dataclass(frozen=True, slots=True)
class Table:
    """What a unit is: the kind of table, and its path from the root of the submission."""

    kind: str
    path: str
    round: str | None


@dataclass(frozen=True, slots=True)
class Score:
    """One score of a row: the benchmark as the table names it, its cells by their names, and where it stands."""

    row: int
    locator: str
    benchmark: str
    cells: Mapping[str, Any]
    context: Mapping[str, Any]


def detect(source: Source) -> Match | None:
    """Say whether a source holds published tables of MLPerf Training or HPC, or None."""
    found = [path for path, _ in _tables(source)]
    return (
        Match(0.9, f"{len(found)} published tables, first {source.relative(found[0])}")
        if found
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table."""
    wanted = options.get("round")
    known = sorted({name for suite in rules.ROUNDS.values() for name in suite}, key=rules.number)
    if wanted is not None and wanted not in known:
        raise BenchfmtError(
            f"there is no round {wanted!r} of MLPerf Training or HPC; there are: {', '.join(known)}"
        )
    for path, kind in _tables(source):
        where = path.absolute().as_posix()
        round_id = wanted or round_of(path, known, ("training", "hpc", "mlperf"))
        yield Unit(
            path,
            options=options,
            extra=Table(kind, _from_root(where), round_id),
            limits=source.limits,
        )


def _tables(source: Source) -> Iterator[tuple[Path, str]]:
    for path in source.with_suffix(".json", ".csv"):
        kind = _kind(path)
        if kind:
            yield path, kind


def _kind(path: Path) -> str | None:
    """Return what kind of table a file is, by its name and its first bytes."""
    name = path.name.lower()
    if name == "cm-result.json":
        return _ROWS if _EXPERIMENT.search(path.absolute().as_posix()) else None
    if name.endswith(".json") and "summar" not in name:
        return None
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return None
    if name.endswith(".csv"):
        return _CSV if head.startswith(",".join(_FIRST_COLUMNS).encode()) else None
    words = (b'"division"', b'"submitter"', b'"details_url"', b'"accelerators_count"')
    return (
        _SCORES if head.lstrip().startswith(b"[") and all(word in head for word in words) else None
    )


def _from_root(where: str) -> str:
    """Return a table's path from the root of its repository, or its name."""
    parts = where.split("/")
    for index in range(len(parts) - 2, -1, -1):
        if _EXPERIMENT.fullmatch(parts[index]):
            return "/".join(parts[index:])
        if _REPOSITORY.match(parts[index]):
            return "/".join(parts[index + 1 :])
    return parts[-1]


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each score of a table; a row without one is skipped."""
    table: Table = unit.extra
    digest = file_sha256(unit.path)
    for item in _scores(unit, table):
        if not isinstance(item, Score):
            yield item
            continue
        try:
            yield _record(item, table, digest)
        except ValidationError as error:
            first = error.errors()[0]
            yield Failed(
                unit.path,
                f"not a result: {'.'.join(map(str, first['loc'])) or 'record'}: {first['msg']}",
                item.row,
            )
        except ValueError as error:
            yield Failed(unit.path, f"{item.benchmark}: {error}", item.row)


# --- rows ---


def _scores(unit: Unit, table: Table) -> Iterator[Score | Skipped | Failed]:
    for number, locator, row in _rows(unit, table):
        if isinstance(row, str):
            yield Failed(unit.path, row, number)
            continue
        found = list(_of_row(number, locator, row, table.kind))
        yield from found
        if not found:
            yield Skipped(unit.path, "the row has no score", number)


def _rows(unit: Unit, table: Table) -> Iterator[tuple[int, str, dict[str, Any] | str]]:
    """Yield number, place and cells of each row, or what is wrong with it."""
    size = unit.path.stat().st_size
    if size > unit.limits.json_bytes:
        raise BenchfmtError(
            f"{unit.path.name} has {size} bytes; at most {unit.limits.json_bytes} are read as one table"
        )
    if table.kind == _CSV:
        yield from _csv_rows(unit.path)
        return
    data = jsons.read(unit.path, unit.limits, digits=True)
    if not isinstance(data, list):
        raise BenchfmtError(f"{unit.path.name} is no list of results")
    for number, row in enumerate(data, start=1):
        yield (
            number,
            f"/{number - 1}",
            row if isinstance(row, dict) else "not an object of column names and values",
        )


def _csv_rows(path: Path) -> Iterator[tuple[int, str, dict[str, Any] | str]]:
    """Yield the rows of a CSV file, which may be several tables one behind the other, each with a header of its own."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    header: list[str] = []
    number = 0
    for cells in csv.reader(io.StringIO(text, newline="")):
        if tuple(cells[: len(_FIRST_COLUMNS)]) == _FIRST_COLUMNS:
            header = cells
            continue
        if not any(cells):
            continue
        number += 1
        if len(cells) != len(header):
            yield (
                number,
                f"row={number}",
                f"the row has {len(cells)} cells where the table has {len(header)} columns",
            )
        else:
            yield (
                number,
                f"row={number}",
                {name: cell for name, cell in zip(header, cells, strict=True) if cell},
            )


def _of_row(number: int, locator: str, row: dict[str, Any], kind: str) -> Iterator[Score]:
    """Yield the scores of a row: one of cm4mlperf, one for each benchmark that has a cell elsewhere."""
    if kind == _ROWS:
        text = _text(row.get("Result"))
        name = _text(row.get("Model_ID"))
        if text and name:
            yield Score(number, locator, name, {_TIME: text}, row)
        return
    found: dict[str, dict[str, str]] = {}
    for column, value in row.items():
        name, _, part = column.partition(":")
        text = _text(value)
        if text and rules.is_name(name):
            found.setdefault(name, {})[part or _TIME] = text
    context = {
        column: value
        for column, value in row.items()
        if not rules.is_name(column.partition(":")[0])
    }
    for name, cells in found.items():
        if _TIME in cells or _ALL in cells:
            where = f"benchmark={name}&{locator}" if kind == _CSV else f"{locator}/{name}"
            yield Score(number, where, name, cells, context)


def _text(value: Any) -> str | None:
    """Return a cell as one line of text, or None where it says nothing."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    text = clean(str(value))
    return text if text not in ("None", "null") else None


# --- records ---


def _record(score: Score, table: Table, digest: str) -> Record:
    row = score.context
    details = _DETAILS.search(_text(row.get("details_url")) or "")
    suite = (
        (rules.HPC if details["suite"] == "hpc" else rules.TRAINING)
        if details
        else rules.suite_of(score.benchmark)
    )
    version = _text(row.get("version"))
    round_id = (details["round"] if details else None) or (
        f"v{version.removeprefix('v')}" if version else table.round
    )
    name = rules.canonical(score.benchmark, round_id) or score.benchmark
    facts = rules.benchmark(name)
    level = "weak" if _ALL in score.cells else "strong" if suite == rules.HPC else None
    named = level if suite == rules.HPC and round_id != "v0.7" else None
    org = (
        rules.folder(details["org"], round_id)
        if details and suite == rules.TRAINING
        else details and details["org"]
    )
    where = location(org, details["system"], named, score.benchmark) if details else None
    word = _text(row.get("division"))
    division = vocabulary().match("division", word, rules.TRAINING) if word else None
    opened = division == "open"
    framework = software(_text(row.get("framework")))
    data = {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=suite or rules.TRAINING,
            suite_version=round_id,
            name=name,
            division=division,
            category=_category(row),
            scenario=level,
            phase=facts.phase if facts else "training",
        ),
        "task": facts.task if facts else None,
        "dataset": given(name=facts.dataset, split=facts.split)
        if facts and facts.dataset
        else None,
        # In the open division it may be another model, which the table does not name.
        "model": given(name=facts.model) if facts and facts.model and not opened else None,
        "system": _system(row),
        "software": framework,
        "configuration": given(batch_size=count(score.cells.get("GBS"))),
        "measurements": _weak(score.cells) if level == "weak" else _solution(score.cells),
        "status": "ok",
        "provenance": given(
            submitter=_text(row.get("submitter")),
            url=_text(row.get("details_url")),
            execution=f"{round_id}/{where}" if round_id and where else where,
            sources=[{"path": table.path, "sha256": digest, "locator": score.locator}],
            converter=NAME,
            converter_version=VERSION,
        ),
        "extensions": {"mlperf": _kept(score, name)},
    }
    return Record.from_dict(
        {key: value for key, value in data.items() if value not in (None, {}, {"mlperf": {}})}
    )


def _category(row: Mapping[str, Any]) -> str | None:
    words = _text(row.get("availability"))
    return vocabulary().match("category", words, rules.TRAINING) if words else None


def _solution(cells: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the score in seconds, and the factor in it where the table says it."""
    score = {"metric": "time-to-train", "statistic": "olympic-mean-scaled", "primary": True}
    found = [{**score, **_number(cells[_TIME], _MINUTES, "s")}]
    if factor := cells.get("rcp_scaling_factor"):
        found.append({"metric": "scaling-factor", **_number(factor, "1", "1")})
    return found


def _weak(cells: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the models per second that the table's models and time make, with what it says itself."""
    makespan = {"metric": "makespan", **_number(cells[_ALL], _MINUTES, "s")}
    found = [makespan]
    models, minutes = exact(cells.get(_MODELS, "")), exact(cells[_ALL])
    if models is not None and minutes:
        rate = _double(models / (minutes * Fraction(60)))
        found.append(
            {
                "metric": "throughput",
                "stage": "whole-run",
                "per": "model",
                "value": rate,
                "unit": "/s",
                "basis": "published",
                "primary": True,
            }
        )
        found.append({"metric": "mlperf:number-of-models", **_number(cells[_MODELS], "1", "1")})
    if _SCALE in cells:
        found.append({"metric": "mlperf:instance-scale", **_number(cells[_SCALE], "1", "1")})
    return found


def _double(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        raise ValueError("models and time make no number of a double") from None


def _number(text: str, printed: str, unit: str) -> dict[str, Any]:
    """Return a printed number in its unit; raises ValueError for what is no number above zero."""
    number, value = exact(text), convert(text, printed, unit)
    if number is None or value is None or number <= 0:
        raise ValueError(f"{text[:40]!r} is no number above zero")
    said = given(value=value, unit=unit, basis="published", reported_value=text)
    return said if printed == "1" else {**said, "reported_unit": printed}


def _system(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the system; its counts are those of all nodes, so that they are told where they divide."""
    nodes = count(_text(row.get("number_of_nodes")))
    processor, accelerator = (
        _named(row, f"{part}_model_name") for part in ("host_processor", "accelerator")
    )
    return given(
        name=_text(row.get("system")),
        nodes=nodes,
        processor=given(name=processor, count=_per_node(row, "host_processors_count", nodes))
        if processor
        else None,
        accelerator=given(
            kind=systems.accelerator_kind(accelerator),
            name=accelerator,
            count=_per_node(row, "accelerators_count", nodes),
        )
        if accelerator
        else None,
    )


def _named(row: Mapping[str, Any], column: str) -> str | None:
    text = _text(row.get(column))
    return None if text is None or text.lower() in ("n/a", "-", "none", "na") else text


def _per_node(row: Mapping[str, Any], column: str, nodes: int | None) -> int | None:
    total = count(_text(row.get(column)))
    return total // nodes if total and nodes and total % nodes == 0 else None


def _kept(score: Score, name: str) -> dict[str, Any]:
    """Return what the fields do not hold; of cm4mlperf's doubled columns (`_Result`) one is enough."""
    kept: dict[str, Any] = {}
    for key, value in sorted(score.context.items()):
        if key in _IN_FIELDS or key.startswith("_") or value in (None, "", []):
            continue
        if rules.is_name(key):  # scores of other benchmarks on the same system, and this one again
            if key != score.benchmark and (text := _text(value)):
                kept.setdefault("other_scores", {})[key] = text
        elif text := _text(value):
            kept[key] = (
                found
                if isinstance(value, Digits) and isinstance(found := of_json(value), int)
                else text
            )
    rest = {
        key: text
        for key, text in score.cells.items()
        if key not in (_TIME, _MODELS, _SCALE, _ALL, "GBS", "rcp_scaling_factor")
    }
    if rest:
        kept["also"] = rest
    if score.benchmark != name:
        kept["benchmark_directory"] = score.benchmark
    return kept
