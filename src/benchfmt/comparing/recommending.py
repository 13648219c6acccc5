"""Which measured results meet limits, the best first among those that compare; what is unknown never counts as met."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from benchfmt.comparing.choices import Apart, Ranking, Recommendation, Row, pareto
from benchfmt.comparing.predicting import NETWORK, RUNNER, predict
from benchfmt.comparing.tallies import configurations
from benchfmt.comparing.wishes import Asked, Wish, asked
from benchfmt.comparison.fields import COMPARED, FIELDS
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import contexts, grouped, with_facts
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.record import KEY_FIELDS
from benchfmt.registry import model_ids
from benchfmt.spelling import no_such
from benchfmt.tables import COLUMNS
from benchfmt.wide.rows import without_echoes

CHOICE = Question(
    "choice",
    "Which model on which hardware, and how run, serves best?",
    frozenset(
        {
            *COMPARED,
            "work",
            "model",
            "model_version",
            "precision",
            "input_shape",
            "threads",
            "hyperparameters",
        }
    ),
)
"""What somebody chooses may differ; suite, benchmark, data, batch, scenario and targets bind."""
QUALIFIED = "^(class|subset|node|accelerator|run):"
"""Scopes of parts of a result."""
_MEASURED = ("measured", "derived", "published")
_FACTS = ("power", "energy")
_ABOUT = (
    "suite",
    "suite_version",
    "division",
    "benchmark",
    "scenario",
    "phase",
    "dataset",
    "model",
    "model_version",
    "precision",
    "input_shape",
    "batch_size",
    "threads",
    "engine",
    "engine_version",
)
_TOLD = (
    "model",
    "model_version",
    "precision",
    "input_shape",
    "batch_size",
    "threads",
    "placement",
    "engine",
    "engine_version",
)
_LISTS = ("input_shape", "placement")
_RECORDS = tuple(
    dict.fromkeys(
        [
            *(
                column.name
                for column in COLUMNS["records"]
                if column.name in ("id", "status", "execution", "task")
            ),
            *(name for item in FIELDS.values() if not item.of_measurement for name in item.columns),
        ]
    )
)
_MEASUREMENTS = (
    "record_id",
    *KEY_FIELDS,
    "value",
    "unit",
    "basis",
    "primary",
    "missing",
    "caveats",
    "target_min",
    "target_max",
)
FITS, UNKNOWN, FAILS = 2, 1, 0
"""What a result is to the limits."""


@dataclass
class _Chosen:
    """The records that a call asks about."""

    records: list[pl.DataFrame] = field(default_factory=list)
    not_ok: Counter[str] = field(default_factory=Counter)
    without_task: int = 0


def recommend(
    package: Package,
    task: str,
    wishes: Sequence[Wish],
    *,
    model: str | None = None,
    suite: str | None = None,
    by: str | None = None,
    front: Sequence[str] = (),
    predicted: bool = False,
) -> Recommendation:
    """Return the results of a task that keep the limits among the wishes, ranked `by` a metric: else that of the first wish.

    With `predicted`, what the networks of the largest group would do on its systems where nobody measured it is added.
    Raises BenchfmtError where nothing is asked, and for a task, model, suite, metric or unit that is not known.
    """
    if not wishes and not front:
        raise BenchfmtError(
            "nothing is asked: give a limit (--max latency=50ms) or a --front of metrics"
        )
    if front and len(front) != 2:
        raise BenchfmtError("a front is of two metrics: --front latency,power")
    if predicted and model is not None:
        raise BenchfmtError(
            "--predict learns from the other models of the task: leave --model away"
        )
    chosen = _records_of(package, task, model, suite)
    records = pl.concat(chosen.records)
    every = [*wishes, *(Wish(name) for name in (*front, *([by] if by else [])))]
    measurements, facts = _measurements_of(
        package, records, {wish.name.partition("__")[0] for wish in every}
    )
    questions = asked(every, _keys(measurements))
    named = {wish.name: item for item in questions for wish in item.wishes}
    ranked_by = named[by] if by else questions[0]
    table = _table(records, measurements, facts, questions, ranked_by)
    answer = _recommendation(
        package,
        chosen,
        table,
        (task, model),
        questions,
        ranked_by,
        tuple(named[name] for name in front),
    )
    if not predicted:
        return answer
    rows = _largest_group(table, questions, ranked_by)
    return replace(answer, predictions=predict(rows, questions, ranked_by))


def _largest_group(
    table: pl.DataFrame, questions: Sequence[Asked], by: Asked
) -> list[dict[str, Any]]:
    """Return the results that compare by the number that ranks, of the group of most systems."""
    group = f"group_{questions.index(by)}"
    sizes = table.drop_nulls(group).group_by(group).agg(pl.col("system_id").n_unique(), pl.len())
    largest = sizes.sort("system_id", "len", group, descending=[True, True, False]).head(1)
    names = (*RUNNER, *NETWORK, "precision")
    return [
        {name: _plain(row[name], name) for name in names}
        | {item.name: row[f"value_{place}"] for place, item in enumerate(questions)}
        for row in table.join(largest, on=group, how="semi").iter_rows(named=True)
    ]


def _records_of(package: Package, task: str, model: str | None, suite: str | None) -> _Chosen:
    """Return the records of a task, of a model and of a suite where they are named."""
    found = _Chosen()
    seen: dict[str, set[str]] = defaultdict(set)
    for table in package.batches("records", _RECORDS):
        batch = pl.DataFrame(pl.from_arrow(table))
        found.without_task += batch["task"].null_count()
        some = batch
        for name, wanted in (("suite", suite), ("task", task)):
            seen[name].update(some[name].cast(pl.String).drop_nulls().unique())
            if wanted is not None:
                some = some.filter(pl.col(name).cast(pl.String) == wanted)
        seen["model"].update(some["model"].cast(pl.String).drop_nulls().unique())
        if model is not None:
            known = model_ids(some["model"], some["suite"], some["model_version"])
            some = some.filter((pl.col("model").cast(pl.String) == model) | (known == model))
        for status, count in some["status"].cast(pl.String).value_counts().iter_rows():
            if status != "ok":
                found.not_ok[status] += count
        found.records.append(some.filter(pl.col("status").cast(pl.String) == "ok"))
    _check_known(seen, suite=suite)
    if not seen["task"]:
        raise BenchfmtError(f"no record of {suite or package.root} states its task")
    _check_known(seen, task=task)
    if not sum(len(part) for part in found.records):
        if model is not None and not found.not_ok:
            raise BenchfmtError(no_such("model of this task", model, sorted(seen["model"])))
        raise BenchfmtError(f"no result of {task} has the status ok")
    return found


def _check_known(seen: dict[str, set[str]], **wanted: str | None) -> None:
    for name, word in wanted.items():
        if word is not None and word not in seen[name]:
            raise BenchfmtError(no_such(name, word, sorted(seen[name])))


def _measurements_of(
    package: Package, records: pl.DataFrame, metrics: set[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the measurements of records that may be asked for, and those on which their contexts depend."""
    ids = records.select(record_id="id")
    parts: list[pl.DataFrame] = []
    facts: list[pl.DataFrame] = []
    aimed = pl.col("target_min").is_not_null() | pl.col("target_max").is_not_null()
    for table in package.batches("measurements", _MEASUREMENTS):
        batch = pl.DataFrame(pl.from_arrow(table))
        parts.append(batch.filter(_is_named(metrics) & _IS_WHOLE))
        facts.append(batch.filter(aimed | _METRIC.is_in(_FACTS)))
    if not parts:
        raise BenchfmtError(f"{package.root} has no measurements to choose by")
    # Joined once: to hash all ids for each batch takes most of the time.
    found, about = (
        pl.concat(some).join(ids, on="record_id", how="semi") for some in (parts, facts)
    )
    measured = {*found["metric"].cast(pl.String), *found.select(_WRITTEN).to_series()}
    if not metrics <= measured:
        found = pl.concat([found, _others(package, ids, metrics)])
    return found, about


_METRIC = pl.col("metric").cast(pl.String)
_WRITTEN = _METRIC.str.replace_all("[^A-Za-z0-9]", "_")
"""How the names of columns write a metric."""
_IS_WHOLE = ~pl.col("scope").cast(pl.String).fill_null("").str.contains(QUALIFIED)


def _is_named(metrics: set[str]) -> pl.Expr:
    return _METRIC.is_in(metrics) | _WRITTEN.is_in(metrics)


def _others(package: Package, ids: pl.DataFrame, metrics: set[str]) -> pl.DataFrame:
    """Return a measurement of each metric that is not asked for, so that a wrong name can be told what there is."""
    seen = []
    for table in package.batches("measurements", _MEASUREMENTS):
        batch = pl.DataFrame(pl.from_arrow(table)).filter(~_is_named(metrics) & _IS_WHOLE)
        seen.append(batch.join(ids, on="record_id", how="semi").unique("metric"))
    return pl.concat(seen).unique("metric", maintain_order=True)


def _keys(measurements: pl.DataFrame) -> pl.DataFrame:
    has_value = pl.col("value").is_not_null()
    texts = measurements.with_columns(pl.col(*KEY_FIELDS, "unit").cast(pl.String))
    return texts.group_by(KEY_FIELDS).agg(
        # Such as of costs, which may be in several currencies: that of most values.
        unit=pl.col("unit").filter(has_value).mode().sort().first(),
        values=has_value.sum(),
        primary=(has_value & pl.col("primary").fill_null(value=False)).sum(),
    )


def _table(
    records: pl.DataFrame,
    measurements: pl.DataFrame,
    facts: pl.DataFrame,
    questions: Sequence[Asked],
    by: Asked,
) -> pl.DataFrame:
    """Return one row for each record: its fields, what it says to each question, its state and its group."""
    known = contexts(with_facts(records, facts), CHOICE)
    table = records.with_columns(configuration=configurations(records))
    for place, question in enumerate(questions):
        table = table.join(
            _answers(measurements, known, question, place),
            on="id",
            how="left",
            maintain_order="left",
        )
    table = table.with_columns(_state(questions), _group(len(questions)), _obstacle(len(questions)))
    ranked = grouped(_of_key(measurements, by), known, CHOICE)
    return without_echoes(table, ranked)


def _of_key(measurements: pl.DataFrame, question: Asked) -> pl.DataFrame:
    same = [
        pl.col(name).cast(pl.String).fill_null("") == part
        for name, part in zip(KEY_FIELDS, question.key, strict=True)
    ]
    return measurements.filter(pl.all_horizontal(same))


def _answers(
    measurements: pl.DataFrame, known: pl.DataFrame, question: Asked, place: int
) -> pl.DataFrame:
    """Return what records say to a question: `value`, `group`, `obstacle`, `caveats`, and why there is no value."""
    own = _of_key(measurements, question)
    found = grouped(own, known, CHOICE).unique("record_id", keep="first", maintain_order=True)
    basis = pl.col("basis").cast(pl.String)
    is_measured = basis.is_in(_MEASURED).fill_null(value=True)
    unit = pl.col("unit").cast(pl.String)
    is_alike = unit.eq_missing(pl.lit(question.unit))
    told = found.select(
        pl.col("record_id"),
        pl.when(is_measured & is_alike).then("value").alias("value"),
        "group",
        "obstacle",
        "caveats",
        pl.when(~is_measured)
        .then(basis + ", not measured")
        .when(~is_alike)
        .then("in " + unit)
        .alias("not_so"),
    )
    of_metric = measurements.filter(pl.col("metric").cast(pl.String) == question.metric)
    reasons = of_metric.group_by("record_id").agg(
        reason=pl.col("missing").cast(pl.String).drop_nulls().first(),
        elsewhere=pl.col("value").is_not_null().any(),
    )
    joined = reasons.join(told, on="record_id", how="left")
    why = (
        pl.when(pl.col("value").is_null())
        .then(
            pl.coalesce(
                "not_so",
                pl.when(pl.col("elsewhere")).then(pl.lit("measured in another way")),
                "reason",
            )
        )
        .alias("why")
    )
    columns = ("value", "group", "obstacle", "caveats", "why")
    return joined.with_columns(why).select(
        pl.col("record_id").alias("id"),
        *(pl.col(name).alias(f"{name}_{place}") for name in columns),
    )


def _state(questions: Sequence[Asked]) -> pl.Expr:
    """Return whether a record meets all limits, misses one, or leaves something unknown."""
    meets = [_meets(pl.col(f"value_{place}"), item) for place, item in enumerate(questions)]
    misses = pl.any_horizontal(~one for one in meets).fill_null(value=False)
    is_known = pl.all_horizontal(one.is_not_null() for one in meets)
    return pl.when(misses).then(FAILS).when(is_known).then(FITS).otherwise(UNKNOWN).alias("state")


def _meets(value: pl.Expr, question: Asked) -> pl.Expr:
    """Return whether a value keeps the limits; null where it is unknown."""
    kept = value.is_not_null()
    if question.low is not None:
        kept = kept & (value >= question.low)
    if question.high is not None:
        kept = kept & (value <= question.high)
    return pl.when(value.is_not_null()).then(kept)


def _group(count: int) -> pl.Expr:
    """Return what rows share that compare in all that is asked."""
    return pl.concat_str([pl.col(f"group_{place}") for place in range(count)], separator=" ").alias(
        "group"
    )


def _obstacle(count: int) -> pl.Expr:
    return pl.coalesce([pl.col(f"obstacle_{place}") for place in range(count)]).alias("obstacle")


def _recommendation(
    package: Package,
    chosen: _Chosen,
    table: pl.DataFrame,
    about: tuple[str, str | None],
    questions: list[Asked],
    by: Asked,
    front: tuple[Asked, ...],
) -> Recommendation:
    ordered = table.sort(
        f"value_{questions.index(by)}",
        descending=by.higher_is_better,
        nulls_last=True,
        maintain_order=True,
    )
    states = _of_configurations(ordered)
    systems = {key: str(system.get("name") or key) for key, system in package.systems.items()}
    fitting = [
        (row, _row(row, questions, systems))
        for row in states.filter(pl.col("state") == FITS).iter_rows(named=True)
    ]
    unknown = [
        (_unknown(row, questions), _row(row, questions, systems))
        for row in states.filter(pl.col("state") == UNKNOWN).iter_rows(named=True)
    ]
    failing = states.filter(pl.col("state") == FAILS)
    return Recommendation(
        *about,
        asked=questions,
        by=by,
        front=front,
        results=table.height,
        rankings=_rankings(fitting, front),
        apart=_apart((row["obstacle"], shown) for row, shown in fitting if row["group"] is None),
        unknown=_apart(unknown),
        failing=failing.height,
        wavering=int(failing["some_fit"].sum()),
        not_ok=chosen.not_ok,
        without_task=chosen.without_task,
        systems=systems,
    )


def _of_configurations(table: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each configuration on a system; it fails where one of its runs does.

    The middle one of the runs in its state stands for it. Rows must be in the order of the ranking.
    """
    # Two unknown systems are not one.
    own = pl.when(pl.col("system_id").is_null()).then("id").otherwise(pl.lit(""))
    key = ["configuration", "own"]
    marked = table.with_columns(own=own).with_columns(
        worst=pl.col("state").min().over(key),
        best=pl.col("state").max().over(key),
    )
    # A run that leaves something unknown says nothing against one that fits.
    state = pl.when(pl.col("worst") == FAILS).then(FAILS).otherwise("best")
    kept = marked.with_columns(of_all=state, some_fit=pl.col("best") == FITS).filter(
        pl.col("state") == pl.col("of_all")
    )
    numbered = kept.with_columns(runs=pl.len().over(key), number=pl.int_range(pl.len()).over(key))
    return numbered.filter(pl.col("number") == (pl.col("runs") - 1) // 2)


def _row(row: dict[str, Any], questions: Sequence[Asked], systems: dict[str, str]) -> Row:
    values = {
        item.name: row[f"value_{place}"]
        for place, item in enumerate(questions)
        if row[f"value_{place}"] is not None
    }
    doubts = [
        doubt
        for place in range(len(questions))
        for doubt in json.loads(row[f"caveats_{place}"] or "[]")
    ]
    system = row["system_id"]
    return Row(
        row["id"],
        system,
        "system unknown" if system is None else systems.get(system, system),
        {name: _plain(row[name], name) for name in (*_TOLD, *_ABOUT)},
        values,
        tuple(dict.fromkeys(doubts)),
        row["runs"],
    )


def _plain(cell: Any, name: str) -> Any:
    return json.loads(cell) if name in _LISTS and cell is not None else cell


def _unknown(row: dict[str, Any], questions: Sequence[Asked]) -> str:
    """Return what of the questions a row leaves unknown."""
    return "; ".join(
        f"{item.name}: {row[f'why_{place}'] or 'not stated'}"
        for place, item in enumerate(questions)
        if row[f"value_{place}"] is None
    )


def _apart(rows: Iterable[tuple[str, Row]]) -> list[Apart]:
    by_reason: dict[str, list[Row]] = defaultdict(list)
    for reason, row in rows:
        by_reason[reason].append(row)
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    return [Apart(reason, some) for reason, some in ordered]


def _rankings(
    fitting: Sequence[tuple[dict[str, Any], Row]], front: tuple[Asked, ...]
) -> list[Ranking]:
    by_group: dict[str, list[Row]] = defaultdict(list)
    for row, shown in fitting:
        if row["group"] is not None:
            by_group[row["group"]].append(shown)
    found = [
        Ranking(
            _shared(rows),
            rows,
            pareto(rows, front),
            len({row.system_id or row.record for row in rows}),
        )
        for rows in by_group.values()
    ]
    return sorted(found, key=lambda ranking: (-ranking.systems, -len(ranking.rows)))


def _shared(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the fields that all rows state alike."""
    first = rows[0].fields
    return {
        name: first[name]
        for name in _ABOUT
        if first[name] is not None and all(row.fields[name] == first[name] for row in rows)
    }
