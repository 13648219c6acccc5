"""Lists of evaluations as columns: one record for each run of a page, with all its functions that stand there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl
import pyarrow as pa
from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Part, Unit
from benchfmt.converters.draft import Number
from benchfmt.converters.openml import frames, measures, numbers, pages
from benchfmt.converters.openml.columns import CONTROL, HEADER_AGAIN, NUMBER, arrow, named
from benchfmt.converters.openml.runs import LICENSE, PRIMARY
from benchfmt.converters.openml.software import engine_of, flow_and_version, is_mlr, is_test_flow
from benchfmt.finding import Finding, Severity
from benchfmt.identity import canonical, record_ids
from benchfmt.numbers import count, whole
from benchfmt.readers.files import UnsafeError
from benchfmt.suites import openml as rules
from benchfmt.tables import Batch, table_of

GROUP_CONCAT = 1024
"""MySQL cuts a list of fold values at so many characters unless it is told otherwise."""
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}$"
_KEY = ("metric", "statistic", "stage", "per", "scope")
_TEXT = (
    "metric",
    "statistic",
    "stage",
    "per",
    "scope",
    "unit",
    "basis",
    "missing",
    "caveats",
    "reported_value",
    "reported_unit",
    "function",
)
SCHEMA: dict[str, type[pl.DataType]] = {
    "group": pl.UInt32,
    **dict.fromkeys(_TEXT, pl.String),
    "value": pl.Float64,
    "stddev": pl.Float64,
    "n": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a list is from: path and hash, the server as far as it is known, the converter and its version."""

    path: str
    sha256: str
    server: str | None
    converter: str
    version: str


def read(unit: Unit, origin: Origin) -> Iterator[Item]:
    """Yield the records of a list of evaluations, in parts of some thousand rows."""
    framed = unit.path.name.lower().endswith(frames.SUFFIXES)
    if framed:
        read_pages = frames.read(unit.path)
    else:
        read_pages = pages.read(unit.path, unit.limits)
    for page in read_pages:
        frame = _clean(page.to_frame())
        if origin.server is None:  # a file is of one server, which any of its pages may tell
            origin = replace(origin, server=_server(frame))
        if page.rows or page.failed:
            yield _part(unit, page, frame, origin)
        if page.fault is not None:
            yield from refused(unit, page.fault)


def refused(unit: Unit, error: Exception) -> Iterator[Item]:
    """Yield what could not be read, with a finding where it broke a safety limit."""
    if isinstance(error, UnsafeError):
        yield Finding(error.code, Severity.ERROR, unit.path.name, None, None, None, str(error))
    yield Failed(unit.path, str(error))


def _part(unit: Unit, page: pages.Page, frame: pl.DataFrame, origin: Origin) -> Part:
    """Return the tables of a page and the account of its rows."""
    again = frame.filter(pl.col("run_id") == "run_id")["row"].to_list()
    frame = frame.filter(~pl.col("row").is_in(again))
    is_named = pl.col("run_id").is_not_null() & pl.col("function").is_not_null()
    nameless = frame.filter(~is_named)["row"].to_list()
    failed = [*page.failed, *((row, "the row names no run, or no function") for row in nameless)]
    frame = _grouped(frame.filter(is_named))
    known = {name: rules.measure(name) for name in frame["function"].unique().to_list()}
    described = _Records(frame, page, origin, known)
    table = _in_order(_measurements(frame, known, origin.server))
    batch = Batch(
        table_of("systems", []),
        described.table(table),
        _table("measurements", table, described.ids),
    )
    skipped = tuple((row, HEADER_AGAIN) for row in again)
    rows = frame.height + len(failed) + len(skipped)
    return Part(unit.path, batch, rows, frame.height, skipped, tuple(sorted(failed)))


def _clean(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with one line in each cell."""
    dirty = [
        name
        for name in pages.FIELDS
        if name not in ("array_data", "values") and frame[name].str.contains(CONTROL).any()
    ]
    empty = [pl.col(name).str.strip_chars().replace("", None).alias(name) for name in pages.FIELDS]
    return frame.with_columns(
        pl.col(name).str.replace_all(CONTROL, " ") for name in dirty
    ).with_columns(empty)


def _grouped(frame: pl.DataFrame) -> pl.DataFrame:
    """Give each row its record: a run by an engine, once for each function; records stand as their first rows do."""
    keys = ["run_id", "evaluation_engine_id"]
    if frame.select(keys).is_unique().all():
        return frame.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("group"))
    turn = frame.with_columns(pl.col("row").cum_count().over([*keys, "function"]).alias("turn"))
    first = turn.with_columns(pl.col("row").min().over([*keys, "turn"]).alias("first")).sort(
        "first", "row"
    )
    return first.with_columns(pl.col("first").rle_id().alias("group")).drop("turn", "first")


def _server(frame: pl.DataFrame) -> str | None:
    """Return the test server where the name of a flow says so; nothing in a list names the other one."""
    if any(is_test_flow(name) for name in frame["flow_name"].unique().to_list()):
        return rules.TEST
    return None


class _Records:
    """The records of a page as columns."""

    def __init__(
        self,
        frame: pl.DataFrame,
        page: pages.Page,
        origin: Origin,
        known: Mapping[str, rules.Measure],
    ) -> None:
        self._frame, self._page, self._origin, self._known = frame, page, origin, known
        self._server = origin.server
        self._first = frame
        if frame.height:
            self._first = frame.unique("group", keep="first", maintain_order=True)
        self._tasks = _by_word(self._first["task_id"], self._task)
        self._locators = [f"row={row}" for row in self._first["row"].to_list()]
        self.ids = self._identified()

    def _task(self, word: str | None) -> dict[str, JsonValue]:
        """Return what is known of a task: that it is one of OpenML-CC18, only on the server that its number is of."""
        number = count(word or "")
        suite = rules.suite(self._server, number)
        if suite != rules.CC18 or number is None:
            return {"suite": suite}
        task = rules.tasks()[number]
        return {
            "suite": suite,
            "scenario": "cross-validation",
            "task": "tabular-classification",
            "known": task.name,
            "dataset_split": rules.split(),
            "dataset_samples": task.instances,
        }

    def _identified(self) -> list[str]:
        """Return the ids, by suite: a page may hold tasks of OpenML-CC18 and others."""
        suites = self._tasks["suite"].to_list()
        path, digest = self._origin.path, self._origin.sha256
        ids = [""] * len(suites)
        for suite in dict.fromkeys(suites):
            places = [index for index, name in enumerate(suites) if name == suite]
            locators = [self._locators[index] for index in places]
            own_ids = record_ids(suite, path, digest, locators)
            for index, name in zip(places, own_ids, strict=True):
                ids[index] = name
        return ids

    def table(self, measured: pl.DataFrame) -> pa.Table:
        """Return the table of records; one without any value is incomplete."""
        first, flows = self._first, _by_word(self._first["flow_name"], _flow)
        ok = measured.group_by("group").agg(
            pl.col("value").is_not_null().any().alias("ok"), pl.col("primary").any()
        )
        state = first.select("group").join(ok, on="group", how="left", maintain_order="left")
        is_ok = pl.col("ok").fill_null(value=False)
        status = pl.when(is_ok).then(pl.lit("ok")).otherwise(pl.lit("incomplete"))
        address = self._addresses()
        frame = pl.DataFrame(
            [
                pl.Series("id", self.ids, dtype=pl.String),
                self._tasks["suite"],
                first["task_id"].alias("benchmark"),
                self._tasks["scenario"],
                self._tasks["task"],
                self._datasets(),
                self._tasks["dataset_split"],
                self._tasks["dataset_samples"],
                flows["model"],
                flows["model_version"],
                flows["engine"],
                self._hyperparameters(),
                state.select(status.alias("status")).to_series(),
                first["uploader"].alias("submitter"),
                first.select(_time().alias("measured_at")).to_series(),
                address.alias("url"),
                address.alias("execution"),
                pl.Series("source_locator", self._locators, dtype=pl.String),
                self._extensions(state["primary"].fill_null(value=False)),
            ]
        ).with_columns(
            phase=pl.lit("evaluation"),
            license=pl.lit(LICENSE),
            source_path=pl.lit(self._origin.path),
            source_sha256=pl.lit(self._origin.sha256),
            converter=pl.lit(self._origin.converter),
            converter_version=pl.lit(self._origin.version),
        )
        return arrow("records", frame)

    def _addresses(self) -> pl.Series:
        if not self._server:
            return pl.Series("run_id", [None] * self._first.height, dtype=pl.String)
        start = pl.lit(f"https://{self._server}/r/")
        return self._first.select(start + pl.col("run_id")).to_series()

    def _datasets(self) -> pl.Series:
        names = self._first.select(
            pl.coalesce(pl.col("data_name"), pl.lit(self._tasks["known"])).alias("dataset")
        )
        return named("dataset", names.to_series(), rules.OPENML)

    def _hyperparameters(self) -> pl.Series:
        texts = {row: canonical(values) for row, values in self._page.parameters.items()}
        cells = [texts.get(row) for row in self._first["row"].to_list()]
        return pl.Series("hyperparameters", cells, dtype=pl.String)

    def _extensions(self, primary: pl.Series) -> pl.Series:
        """Return the server's own numbers as canonical JSON text, keys in order."""
        chosen = pl.when(pl.lit(primary)).then(
            pl.lit(f'"primary_chosen_by_converter":"{PRIMARY[0]}"')
        )
        server = None
        if self._server:
            server = f'"server":"{self._server}"'
        parts = [
            _member(self._first["data_id"]),
            _member(self._first["evaluation_engine_id"]),
            _member(self._first["flow_id"]),
            chosen,
            _member(self._first["run_id"]),
            pl.lit(server, pl.String),
            _member(self._first["setup_id"]),
            _member(self._first["task_id"]),
        ]
        inside = pl.concat_str(parts, separator=",", ignore_nulls=True)
        cells = self._first.select(
            (pl.lit('{"openml":{') + inside + pl.lit("}}")).alias("extensions")
        ).to_series()
        more = self._texts()
        if not more:
            return cells
        told = cells.to_list()
        for group, said in more.items():
            data = json.loads(told[group])
            data["openml"] |= said
            told[group] = canonical(data)
        return pl.Series("extensions", told, dtype=pl.String)

    def _texts(self) -> dict[int, dict[str, JsonValue]]:
        """Return what rows say that is not a number (a confusion matrix, say), or in a unit that is corrected, by record."""
        texts = [name for name, item in self._known.items() if not item.classes]
        rows = self._frame.filter(
            (pl.col("function").is_in(texts) & pl.col("array_data").is_not_null())
            | _trap(self._known)
        )
        by_record: dict[int, dict[str, JsonValue]] = {}
        columns = ("group", "function", "value", "array_data", "flow_name")
        for number, name, value, array, flow in rows.select(columns).iter_rows():
            group = measures.Group(name, whole=measures.Value(value, array))
            setting = measures.Setting(mlr=is_mlr(flow, ()))
            texts_of_row = measures.texts(measures.Gathered({(name, None): group}), setting)
            by_record.setdefault(number, {}).update(texts_of_row)
        return by_record


def _by_word(
    column: pl.Series, function: Callable[[str | None], dict[str, JsonValue]]
) -> pl.DataFrame:
    """Return what a function says of each word of a column, as columns; each word is asked for once."""
    words = column.unique().to_list()
    schema = {
        "word": pl.String,
        "suite": pl.String,
        "scenario": pl.String,
        "task": pl.String,
        "known": pl.String,
        "dataset_split": pl.String,
        "dataset_samples": pl.Int64,
        "model": pl.String,
        "model_version": pl.String,
        "engine": pl.String,
    }
    table = pl.DataFrame([{"word": word, **function(word)} for word in words], schema=schema)
    asked = pl.DataFrame({"word": column})
    return asked.join(table, on="word", how="left", nulls_equal=True, maintain_order="left")


def _flow(name: str | None) -> dict[str, JsonValue]:
    if not name:
        return {}
    model, version = flow_and_version(name)
    return {"model": model, "model_version": version, "engine": engine_of(name)}


def _time() -> pl.Expr:
    whole = pl.col("upload_time").str.contains(_TIME)
    return pl.when(whole).then(pl.col("upload_time").str.replace(" ", "T", literal=True))


def _member(column: pl.Series) -> pl.Expr:
    """Return a member of a JSON object: a whole number as one, anything else as text."""
    odd = (
        column.filter(~column.str.contains(r"^(?:0|[1-9][0-9]{0,14})$").fill_null(value=True))
        .unique()
        .to_list()
    )
    cell = pl.col(column.name)
    if odd:
        cell = cell.replace({word: canonical(word) for word in odd})
    return pl.lit(f'"{column.name}":') + cell


# --- measurements ---


def _trap(known: Mapping[str, rules.Measure]) -> pl.Expr:
    """Say which rows are times of mlr, in seconds under a name that says milliseconds."""
    names = [
        name for name, item in known.items() if item.metric == "cpu-time" and item.in_unit == "ms"
    ]
    if not names:
        return pl.lit(value=False)
    plain = pl.col("flow_name").str.replace("^TEST[0-9a-f]{10}", "")
    mlr = plain.str.contains(r"^(?:mlr|classif|regr)\.").fill_null(value=False)
    return pl.col("function").is_in(names) & pl.col("value").is_not_null() & mlr


def _measurements(
    frame: pl.DataFrame, known: Mapping[str, rules.Measure], server: str | None
) -> pl.DataFrame:
    """Return the measurements of all rows, in any order."""
    metric = [name for name, item in known.items() if item.metric is not None]
    arrays = [name for name, item in known.items() if item.classes]
    counted = frame.filter(pl.col("function").is_in(metric))
    parts = [_pooled(counted.filter(pl.col("value").is_not_null()), known)]
    by_class = counted.filter(pl.col("function").is_in(arrays) & pl.col("array_data").is_not_null())
    if by_class.height:
        parts.append(_by_class(by_class, known))
    rest = counted.filter(
        pl.col("value").is_null()
        & (pl.col("values").is_not_null() | pl.col("array_data").is_null())
    )
    if rest.height:
        columns = ("group", "function", "values", "task_id")
        lists = [_FoldList(*cells) for cells in rest.select(columns).iter_rows()]
        rows = [_of_folds(item, known[item.function], server) for item in lists]
        parts.append(pl.DataFrame(rows, schema=SCHEMA))
    return pl.concat(parts, how="diagonal")


def _column(
    known: Mapping[str, rules.Measure], of: Callable[[rules.Measure], str | None]
) -> pl.Expr:
    """Return a column that follows from the function."""
    names = list(known)
    return pl.col("function").replace_strict(
        names, [of(known[name]) for name in names], return_dtype=pl.String
    )


def _statistic(known: rules.Measure) -> str | None:
    """Return what the engine made of all predictions."""
    if known.kind == "quality":
        return "pooled"
    return None


def _source_unit(known: rules.Measure) -> str:
    return known.in_unit or measures.unit_of(known)


def _pooled(frame: pl.DataFrame, known: Mapping[str, rules.Measure]) -> pl.DataFrame:
    """Return the values that are pooled over all predictions."""
    trap = _trap(known)
    frame = _with_key(frame, known).with_columns(
        statistic=pl.when(trap).then(pl.lit("sum")).otherwise("statistic"),
        caveats=pl.when(trap).then(pl.lit('["unit-corrected"]')),
        source=pl.when(trap).then(pl.lit("s")).otherwise("source"),
        text=pl.col("value"),
    )
    return _valued(frame)


def _with_key(frame: pl.DataFrame, known: Mapping[str, rules.Measure]) -> pl.DataFrame:
    """Return rows with the key of their measurement, its unit and that of the source, by their function."""
    return frame.with_columns(
        metric=_column(known, lambda m: m.metric),
        statistic=_column(known, _statistic),
        stage=_column(known, lambda m: m.stage),
        source=_column(known, _source_unit),
        unit=_column(known, measures.unit_of),
    )


def _by_class(frame: pl.DataFrame, known: Mapping[str, rules.Measure]) -> pl.DataFrame:
    """Return the values of the classes, in the order of the target's values."""
    cells = frame.select(
        "group",
        "function",
        pl.col("array_data").str.replace_all(r"[\[\]]", "").str.split(",").alias("text"),
    ).with_columns(pl.int_ranges(pl.col("text").list.len()).alias("index"))
    cells = (
        cells.explode("text", "index")
        .with_columns(pl.col("text").str.strip_chars())
        .filter(pl.col("text") != "")
    )
    scope = pl.lit("class:") + pl.col("index").cast(pl.String)
    return _valued(_with_key(cells, known).with_columns(scope=scope))


def _valued(frame: pl.DataFrame) -> pl.DataFrame:
    """Return value, unit and basis of the texts of a column, or why there is none; the characters are kept."""
    whole = pl.col("text").str.contains(NUMBER)
    # A shifted exponent is the exact conversion by a power of ten; a text with an exponent of its own is converted apart.
    shifted = (pl.col("source") == "ms") & ~pl.col("text").str.contains("(?i)e")
    text = pl.when(shifted).then(pl.col("text") + "e-3").otherwise(pl.col("text"))
    frame = frame.with_columns(value=pl.when(whole).then(text).cast(pl.Float64, strict=False))
    odd = (pl.col("source") == "ms") & ~shifted
    if frame.select(odd.any()).item():
        told = [
            numbers.number(t, "ms", "s") if s == "ms" else v
            for t, s, v in frame.select("text", "source", "value").iter_rows()
        ]
        frame = frame.with_columns(value=pl.Series(told, dtype=pl.Float64))
    frame = frame.with_columns(value=pl.when(pl.col("value").is_finite()).then("value"))
    found = pl.col("value").is_not_null()
    undefined = pl.col("text").is_in(list(numbers.UNDEFINED))
    reason = (
        pl.when(undefined)
        .then(pl.lit("undefined"))
        .when(whole)
        .then(pl.lit("invalid-in-source"))
        .otherwise(pl.lit("not-numeric"))
    )
    said = frame.with_columns(
        missing=pl.when(~found).then(reason),
        basis=pl.when(found).then(pl.lit("measured")),
        reported_value=pl.col("text"),
        reported_unit=pl.when(found & (pl.col("unit") != "1")).then("source"),
        unit=pl.when(found).then("unit"),
    )
    return said.select([name for name in SCHEMA if name in said.columns])


@dataclass(frozen=True, slots=True)
class _FoldList:
    """A row that has no value, but may have a list of those of the folds."""

    group: int
    function: str
    values: str | None
    task_id: str | None


def _of_folds(row: _FoldList, known: rules.Measure, server: str | None) -> dict[str, JsonValue]:
    """Return the mean of fold values that nobody has labelled, or why there is none."""
    number = Number(metric=measures.metric_of(known), stage=known.stage)
    if row.values is None:
        number.missing = "not-reported"
        number.statistic = _statistic(known)
    else:
        number.statistic = "mean"
        number.per = "fold"
        _average(number, row.values, row.task_id or "", known, server)
    return {"group": row.group, "function": row.function, **number.to_dict()}


def _average(
    number: Number, array: str, task_id: str, known: rules.Measure, server: str | None
) -> None:
    """Give a number the mean of a list of fold values, or the reason why there is none."""
    cells = numbers.words(array)
    if _is_cut(array, task_id, len(cells), server):
        number.missing = "invalid-in-source"
        return
    unit = measures.unit_of(known)
    source = known.in_unit or unit
    values = [numbers.number(cell, source, unit) for cell in cells]
    for cell, value in zip(cells, values, strict=True):
        if value is None and cell not in numbers.UNDEFINED:
            number.missing = "not-numeric"
            return
    measures.average(number, values, unit)


def _is_cut(array: str, task_id: str, count: int, server: str | None) -> bool:
    """Say whether the server cut the list of fold values, perhaps in the middle of a number."""
    if not array.rstrip().endswith("]") or len(array) >= GROUP_CONCAT:
        return True
    number = whole(task_id)
    curated = number is not None and rules.suite(server, number) == rules.CC18
    return curated and count != rules.folds()


def _in_order(table: pl.DataFrame) -> pl.DataFrame:
    """Return the measurements record by record, the primary one first, the others by key, each key once."""
    chosen = (pl.col("function") == PRIMARY[0]) & pl.col("value").is_not_null()
    for name, kind in SCHEMA.items():
        if name not in table.columns:
            table = table.with_columns(pl.lit(None, kind).alias(name))
    table = table.with_columns(
        primary=pl.when(chosen & pl.col("scope").is_null()).then(pl.lit(value=True))
    )
    keys = pl.struct("group", *_KEY)
    doubled = table.select(keys.is_first_distinct()).to_series()
    if not doubled.all():
        own = pl.col("function").map_elements(
            lambda name: rules.measure(f"{name} ").metric, return_dtype=pl.String
        )
        table = table.with_columns(metric=pl.when(pl.lit(doubled)).then("metric").otherwise(own))
        table = table.filter(keys.is_first_distinct())
    if table["group"].is_sorted() and table["group"].n_unique() == table.height:
        return table
    order = [
        pl.col("group"),
        ~pl.col("primary").fill_null(value=False),
        *(pl.col(part).fill_null("") for part in _KEY),
    ]
    return table.sort(order, maintain_order=True)


def _table(name: str, frame: pl.DataFrame, ids: Sequence[str]) -> pa.Table:
    owners = pl.Series("record_id", ids, dtype=pl.String).gather(frame["group"])
    return arrow(name, frame.with_columns(owners))
