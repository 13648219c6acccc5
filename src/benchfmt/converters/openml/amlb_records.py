"""What AMLB's rows say of their runs besides numbers: records and systems as columns."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
from pydantic import JsonValue

from benchfmt.converters.openml.amlb_columns import Columns
from benchfmt.converters.openml.amlb_measurements import FIRST_METRICS
from benchfmt.converters.openml.columns import named
from benchfmt.identity import canonical, record_ids, system_id
from benchfmt.numbers import kept
from benchfmt.suites import openml as rules
from benchfmt.tables import system_row, table_of

NAME = "amlb"
VERSION = "1.0"
SUITE = rules.AMLB
EXTENSIONS = ("framework", "id", "mode", "result", "metric", "type", "version")
MAX_LITERAL = 10_000
"""`params` is a Python literal; one that is longer is kept as text."""
_WHOLE = re.compile("0|[1-9][0-9]{0,14}")
_UTC = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$"


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that a table is read from, and the constraint that a user says it has."""

    name: str
    digest: str
    constraint: str | None


def records(
    frame: pl.DataFrame, units: pl.DataFrame, columns: Columns, origin: Origin
) -> tuple[pl.DataFrame, pa.Table]:
    """Return the records as columns, and the systems that are known."""
    rows = _described(frame, columns, origin)
    systems = _systems(rows)
    table = units.join(rows, on="#row", how="left", maintain_order="left")
    places = units.select("#row", "#size").iter_rows()
    locators = [_locator(row, size) for row, size in places]
    ids = record_ids(SUITE, origin.name, origin.digest, locators)
    whole = pl.col("#size") == 0
    phase = pl.when(whole).then(pl.lit("evaluation")).otherwise(pl.lit("inference"))
    described = table.with_columns(
        pl.Series("id", ids, dtype=pl.String),
        pl.Series("source_locator", locators, dtype=pl.String),
        pl.when(~whole).then("#size").alias("batch_size"),
        pl.when(whole).then("status").otherwise(pl.lit("ok")).alias("status"),
        pl.when(whole).then("status_detail").alias("status_detail"),
        phase.alias("phase"),
        pl.lit(origin.name).alias("source_path"),
        pl.lit(origin.digest).alias("source_sha256"),
        pl.lit(NAME).alias("converter"),
        pl.lit(VERSION).alias("converter_version"),
    )
    return described, systems


def _locator(row: int, size: int) -> str:
    if size:
        return f"batch_size={size}&row={row}"
    return f"row={row}"


def _described(frame: pl.DataFrame, columns: Columns, origin: Origin) -> pl.DataFrame:
    """Return what each row says of its run."""
    constraint = pl.lit(origin.constraint, pl.String)
    if "constraint" in columns:
        constraint = pl.col("constraint")
    frame = frame.with_columns(constraint.alias("#constraint"))
    budgets = _budgets(frame)
    splits = {name: f"cv:1x{budget.folds}" for name, budget in budgets.items() if budget.folds}
    cores = {name: budget.cores for name, budget in budgets.items()}
    frameworks = frame["framework"].drop_nulls().unique().to_list()
    engines = {name: rules.framework_engine(name) for name in frameworks}
    on_aws = pl.col("mode").str.starts_with("aws")
    unversioned = pl.col("version").is_in(["stable", "latest"])
    in_utc = pl.col("utc").str.contains(_UTC)
    execution = f"{origin.name.rpartition('.')[0]}-{origin.digest[:12]}#row="
    described = frame.select(
        "#row",
        pl.lit(SUITE).alias("suite"),
        _first_of(columns, "app_version", "tag").alias("suite_version"),
        pl.col("task").alias("benchmark"),
        pl.lit("cross-validation").alias("scenario"),
        _task(columns).alias("task"),
        named("dataset", frame["task"], SUITE).alias("dataset"),
        _looked_up("#constraint", splits, pl.String()).alias("dataset_split"),
        named("model", frame["framework"], SUITE).alias("model"),
        _looked_up("framework", engines, pl.String()).alias("engine"),
        pl.when(~unversioned).then("version").alias("engine_version"),
        _hyperparameters(frame, columns, budgets),
        _status().alias("status"),
        pl.col("info").alias("status_detail"),
        pl.when(in_utc).then(pl.col("utc") + "Z").alias("measured_at"),
        (pl.lit(execution) + pl.col("#row").cast(pl.String)).alias("execution"),
        _extensions(frame, columns),
        pl.when(on_aws).then(_looked_up("#constraint", cores, pl.Int64())).alias("#cores"),
    )
    return described.with_columns(_system_of("#cores").alias("system_id"))


def _budgets(frame: pl.DataFrame) -> dict[str, rules.Constraint]:
    """Return what the constraints that rows name say, as far as they are known."""
    budgets = {}
    for name in frame["#constraint"].drop_nulls().unique().to_list():
        budget = rules.constraint(name)
        if budget is not None:
            budgets[name] = budget
    return budgets


def _status() -> pl.Expr:
    """Return how a fold ended: one that failed without a word may never have been run."""
    has_error = pl.col("info").is_not_null()
    failure = pl.when(has_error).then(pl.lit("failed")).otherwise(pl.lit("incomplete"))
    return pl.when("#failed").then(failure).otherwise(pl.lit("ok"))


def _task(columns: Columns) -> pl.Expr:
    """Return the task: as the row says, or by the score that it has."""
    if "type" in columns:
        return _looked_up("type", rules.amlb_tasks(), pl.String())
    return pl.when(pl.col("#score").is_in(FIRST_METRICS)).then(pl.lit("tabular-classification"))


def _hyperparameters(
    frame: pl.DataFrame, columns: Columns, budgets: Mapping[str, rules.Constraint]
) -> pl.Series:
    """Return constraint, fold, seed and the framework's own parameters, as canonical JSON text."""
    params = pl.Series([None] * frame.height, dtype=pl.String)
    if "params" in columns:
        params = frame["params"]
    own = {text: _literal(text) for text in params.drop_nulls().unique().to_list()}
    shared: dict[tuple[str | None, str | None], tuple[str, str]] = {}
    cells = []
    rows = zip(params, frame["#constraint"], frame["fold"], frame["seed"], strict=True)
    for text, name, fold, seed in rows:
        if (text, name) not in shared:
            shared[text, name] = _around(_said(name, budgets.get(name), own.get(text)))
        before, between = shared[text, name]
        cells.append(_object(before, _member("fold", fold), between, _member("seed", seed)))
    return pl.Series("hyperparameters", cells, dtype=pl.String)


def _said(
    name: str | None, budget: rules.Constraint | None, params: JsonValue
) -> dict[str, JsonValue]:
    """Return what the rows of one constraint and one setting share."""
    said: dict[str, JsonValue] = {}
    if name is not None:
        said["constraint"] = name
    if params is not None and params != {}:
        said["params"] = params
    if budget is not None:
        said["cores"] = budget.cores
        said["max_runtime_seconds"] = budget.seconds
    return said


def _member(name: str, cell: str | None) -> str:
    if not cell:
        return ""
    return f'"{name}":{_json(cell)}'


def _object(*members: str) -> str | None:
    present = [member for member in members if member]
    if not present:
        return None
    return "{" + ",".join(present) + "}"


def _extensions(frame: pl.DataFrame, columns: Columns) -> pl.Series:
    """Return the source's own words, as canonical JSON text."""
    names = sorted(name for name in set(EXTENSIONS) if name in columns)
    parts = [pl.lit(f'"{name}":') + _quoted(frame[name]) for name in names]
    inside = pl.concat_str(parts, separator=",", ignore_nulls=True)
    whole = pl.lit('{"amlb":{') + inside + pl.lit("}}")
    return frame.select(whole.alias("extensions")).to_series()


def _quoted(column: pl.Series) -> pl.Expr:
    """Return the cells of a column as JSON; few need more than quotes."""
    escaped = {}
    for cell in column.drop_nulls().unique().to_list():
        if canonical(cell) != f'"{cell}"':
            escaped[cell] = canonical(cell)
    quoted = pl.lit('"') + pl.col(column.name) + pl.lit('"')
    if not escaped:
        return quoted
    odd = pl.col(column.name).is_in(list(escaped))
    return pl.when(odd).then(pl.col(column.name).replace(escaped)).otherwise(quoted)


def _first_of(columns: Columns, *names: str) -> pl.Expr:
    present = [pl.col(name) for name in names if name in columns]
    return pl.coalesce([*present, pl.lit(None, pl.String)])


def _looked_up(
    name: str,
    known: Mapping[str, str] | Mapping[str, str | None] | Mapping[str, int],
    kind: pl.DataType,
) -> pl.Expr:
    if not known:
        return pl.lit(None, kind)
    return pl.col(name).replace_strict(dict(known), default=None, return_dtype=kind)


def _system(cores: int) -> dict[str, JsonValue]:
    """Return the system of a run on AWS: the benchmark asks for an instance of so many cores, and notes no other fact."""
    system: dict[str, JsonValue] = {"name": "aws", "processor": {"cores": cores}}
    instance = rules.default_instance(cores)
    if instance:
        system["extensions"] = {"amlb": {"default_instance": instance}}
    return {"id": system_id(system), **system}


def _system_of(name: str) -> pl.Expr:
    return pl.col(name).map_elements(
        lambda cores: str(_system(cores)["id"]), return_dtype=pl.String
    )


def _systems(rows: pl.DataFrame) -> pa.Table:
    cores = sorted(rows["#cores"].drop_nulls().unique().to_list())
    return table_of("systems", [system_row(_system(number)) for number in cores])


def _literal(text: str) -> JsonValue:
    """Return the parameters of a framework: a Python dict is read as such, never run; else the text is kept."""
    if len(text) > MAX_LITERAL:
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    if not isinstance(value, dict):
        return text
    return _plain(value)


def _plain(value: object) -> JsonValue:
    """Return a Python literal as JSON that every reader keeps; None is left out."""
    match value:
        case dict():
            items = value.items()
            return {_whole(str(key)): _plain(item) for key, item in items if item is not None}
        case list() | tuple():
            return [_plain(item) for item in value if item is not None]
        case str():
            return _whole(value)
        case bool() | int() | float():
            plain: JsonValue = kept(value)
            return plain
    return _whole(str(value))


def _whole(text: str) -> str:
    """Return a text with half a character as its escape: a Python literal may hold one, and no JSON."""
    return text.encode("utf-8", "backslashreplace").decode()


def _around(said: dict[str, JsonValue]) -> tuple[str, str]:
    """Return canonical members that sort before `fold`, and those between it and `seed`."""
    before = {key: value for key, value in said.items() if key < "fold"}
    after = {key: value for key, value in said.items() if key > "fold"}
    return canonical(before)[1:-1], canonical(after)[1:-1]


def _json(cell: str) -> str:
    """Return a cell as JSON: a whole number as one, anything else as text."""
    if _WHOLE.fullmatch(cell):
        return cell
    return canonical(cell)
