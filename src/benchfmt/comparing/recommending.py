"""Which measured results meet limits, the best first among those that compare; what is unknown never counts as met."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from benchfmt.comparing.answering import FAILS, FITS, UNKNOWN, answered
from benchfmt.comparing.choices import Apart, Ranking, Recommendation, Row, pareto
from benchfmt.comparing.portions import Once, by_portions, clashing, repeats
from benchfmt.comparing.predicting import NETWORK, RUNNER, SIZES, predict
from benchfmt.comparing.told import (
    ABOUT,
    CHOSEN,
    columns_of_measurements,
    columns_of_records,
    of_context,
)
from benchfmt.comparing.wishes import Asked, Wish, asked
from benchfmt.finding import BenchfmtError
from benchfmt.json_cells import cell_data
from benchfmt.package import Package
from benchfmt.record import KEY_FIELDS
from benchfmt.registry import facts_of_models, model_ids
from benchfmt.rowhash import row_hashes, text_hashes
from benchfmt.spelling import no_such
from benchfmt.wide.rows import echoes

QUALIFIED = "^(class|subset|node|accelerator|run):"
"""Scopes of parts of a result."""
_LISTS = ("input_shape", "placement")
_RECORDS = columns_of_records("task")
_MEASUREMENTS = columns_of_measurements("primary", "missing")
_BY_MODEL = ("id", "status", "suite", "task", "model", "model_version")


@dataclass(frozen=True)
class _Subject:
    """The records that a call asks about: those of a task, of a model and of a suite where they are named."""

    task: str
    model: str | None
    suite: str | None

    def of_suite(self, records: pl.DataFrame) -> pl.DataFrame:
        """Return the records of the suite."""
        if self.suite is None:
            return records
        return records.filter(_text("suite") == self.suite)

    def of_model(self, records: pl.DataFrame) -> pl.DataFrame:
        """Return the records of the model, by its name or by the registry's id."""
        if self.model is None:
            return records
        known = model_ids(records["model"], records["suite"], records["model_version"])
        return records.filter((_text("model") == self.model) | (known == self.model))

    def of(self, records: pl.DataFrame) -> pl.DataFrame:
        """Return the records that are asked about and came to a result."""
        some = self.of_suite(records).filter(_text("task") == self.task)
        return self.of_model(some).filter(_text("status") == "ok")


@dataclass(frozen=True)
class _Table:
    """What the records of a task say to the questions; of those that miss a limit little is kept."""

    kept: pl.DataFrame
    """The records that miss no limit, as `answered` gives them."""
    runs: pl.DataFrame
    """Of every record its own number, the `state`, and the number of its configuration."""
    learned: pl.DataFrame
    """What a prediction learns from, where one is asked for."""


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String)


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
    subject = _Subject(task, model, suite)
    repeated = repeats(package)
    counts = _counted(package, subject, repeated)
    every = [*wishes, *(Wish(name) for name in (*front, *([by] if by else [])))]
    metrics = {wish.name.partition("__")[0] for wish in every}
    questions = asked(every, _keys(package, subject, metrics, repeated))
    named = {wish.name: item for item in questions for wish in item.wishes}
    ranked_by = named[by] if by else questions[0]
    table = _table(package, subject, metrics, questions, ranked_by, repeated, is_learned=predicted)
    answer = _recommendation(
        package,
        table,
        (task, model),
        questions,
        ranked_by,
        tuple(named[name] for name in front),
    )
    answer = replace(
        answer,
        not_ok=counts.not_ok,
        without_task=counts.without_task,
        clashing=counts.clashing,
        copies=counts.copies,
    )
    if not predicted:
        return answer
    rows = _largest_group(table.learned, questions, ranked_by)
    return replace(answer, predictions=predict(rows, questions, ranked_by))


def _largest_group(
    table: pl.DataFrame, questions: Sequence[Asked], by: Asked
) -> list[dict[str, Any]]:
    """Return the results that compare by the number that ranks, of the group of most systems."""
    group = f"group_{questions.index(by)}"
    sizes = table.drop_nulls(group).group_by(group).agg(pl.col("system_id").n_unique(), pl.len())
    largest = sizes.sort("system_id", "len", group, descending=[True, True, False]).head(1)
    some = table.join(largest, on=group, how="semi", maintain_order="left")
    known = some.hstack(facts_of_models(some).select(SIZES)) if some.height else some
    names = (*RUNNER, *NETWORK, "precision", *SIZES)
    return [
        {name: _plain(row[name], name) for name in names}
        | {item.name: row[f"value_{place}"] for place, item in enumerate(questions)}
        for row in known.iter_rows(named=True)
    ]


@dataclass
class _Counts:
    """How many records of a subject are no results, and how many results are left out as records."""

    not_ok: Counter[str]
    without_task: int = 0
    clashing: int = 0
    copies: int = 0


def _counted(package: Package, subject: _Subject, repeated: Mapping[int, bool]) -> _Counts:
    """Return how many records of a subject have another status than ok, state no task, or are left out.

    Raises BenchfmtError where there is nothing to recommend.
    """
    counts = _Counts(Counter())
    count = 0
    once = Once(repeated)
    clashes = pl.Series(clashing(repeated), dtype=pl.UInt64)
    seen: dict[str, set[str]] = defaultdict(set)
    for every in package.frames("records", _BY_MODEL):
        batch = once.of(every)
        of_suite = subject.of_suite(every)
        of_task = of_suite.filter(_text("task") == subject.task)
        for name, some in (("suite", every), ("task", of_suite), ("model", of_task)):
            seen[name].update(_distinct(some, name))
        results = subject.of(every)
        clash = int(text_hashes(results["id"]).is_in(clashes.implode()).sum())
        own = subject.of_model(subject.of_suite(batch).filter(_text("task") == subject.task))
        statuses = dict(own["status"].cast(pl.String).value_counts().iter_rows())
        are_ok = statuses.pop("ok", 0)
        count += are_ok
        counts.clashing += clash
        counts.copies += results.height - are_ok - clash
        counts.without_task += batch["task"].null_count()
        counts.not_ok.update(statuses)
    _check_known(seen, suite=subject.suite)
    if not seen["task"]:
        raise BenchfmtError(f"no record of {subject.suite or package.root} states its task")
    _check_known(seen, task=subject.task)
    if not count:
        if counts.clashing:
            raise BenchfmtError(
                f"no result of {subject.task} is left: {counts.clashing} share ids with records of other content"
            )
        if subject.model is not None and not counts.not_ok:
            raise BenchfmtError(no_such("model of this task", subject.model, sorted(seen["model"])))
        raise BenchfmtError(f"no result of {subject.task} has the status ok")
    return counts


def _distinct(records: pl.DataFrame, name: str) -> pl.Series:
    return records[name].cast(pl.String).drop_nulls().unique()


def _check_known(seen: dict[str, set[str]], **wanted: str | None) -> None:
    for name, word in wanted.items():
        if word is not None and word not in seen[name]:
            raise BenchfmtError(no_such(name, word, sorted(seen[name])))


_METRIC = pl.col("metric").cast(pl.String)
_WRITTEN = _METRIC.str.replace_all("[^A-Za-z0-9]", "_")
"""How the names of columns write a metric."""
_IS_WHOLE = ~pl.col("scope").cast(pl.String).fill_null("").str.contains(QUALIFIED)


def _is_named(metrics: set[str]) -> pl.Expr:
    return _METRIC.is_in(metrics) | _WRITTEN.is_in(metrics)


def _keys(
    package: Package, subject: _Subject, metrics: set[str], repeated: Mapping[int, bool]
) -> pl.DataFrame:
    """Return the keys of the metrics that are asked for, as `asked` takes them."""
    found = _counted_keys(package, subject, _is_named(metrics), repeated)
    measured = {*found["metric"], *found.select(_WRITTEN).to_series()}
    if not metrics <= measured:
        # So that a wrong name can be told what there is.
        others = _counted_keys(package, subject, ~_is_named(metrics), repeated)
        found = pl.concat([found, others.unique("metric", keep="first", maintain_order=True)])
    # Several units are such as of costs, which may be in several currencies.
    by_unit = found.sort("values", "unit", descending=[True, False], nulls_last=True)
    return by_unit.group_by(KEY_FIELDS, maintain_order=True).agg(
        pl.when(pl.col("values") > 0).then("unit").first(), pl.col("values", "primary").sum()
    )


def _counted_keys(
    package: Package, subject: _Subject, named: pl.Expr, repeated: Mapping[int, bool]
) -> pl.DataFrame:
    """Return how many values, and how many primary ones, each key and unit has."""
    has_value = pl.col("value").is_not_null()

    def portion(records: pl.DataFrame, measurements: pl.DataFrame) -> pl.DataFrame:
        own = _of(subject.of(records), measurements)
        return own.group_by(*KEY_FIELDS, "unit").agg(
            values=has_value.sum().cast(pl.Int64),
            primary=(has_value & pl.col("primary").fill_null(value=False)).sum().cast(pl.Int64),
        )

    columns = ("record_id", *KEY_FIELDS, "unit", "value", "primary")
    parts = by_portions(
        package,
        (_BY_MODEL, columns),
        lambda batch: batch.filter(named & _IS_WHOLE),
        portion,
        repeated,
    )
    every = pl.concat(parts).group_by(*KEY_FIELDS, "unit").agg(pl.col("values", "primary").sum())
    return every.sort(*KEY_FIELDS, "unit")


def _of(records: pl.DataFrame, measurements: pl.DataFrame) -> pl.DataFrame:
    return measurements.join(
        records.select(record_id="id"), on="record_id", how="semi", maintain_order="left"
    )


def _table(
    package: Package,
    subject: _Subject,
    metrics: set[str],
    questions: Sequence[Asked],
    by: Asked,
    repeated: Mapping[int, bool],
    *,
    is_learned: bool,
) -> _Table:
    """Return what the records of a subject say to the questions, but for those that echo another."""
    is_fact = of_context()
    is_asked = _is_named(metrics) & _IS_WHOLE
    ranking = questions.index(by)

    def portion(records: pl.DataFrame, measurements: pl.DataFrame) -> dict[str, pl.DataFrame]:
        chosen = subject.of(records)
        own = _of(chosen, measurements)
        table, ranked = answered(chosen, own.filter(is_asked), own.filter(is_fact), questions, by)
        table = table.with_columns(record=text_hashes(table["id"]), run=_runs(table))
        runs = ranked.filter(pl.col("execution").is_not_null())
        parts = {
            "kept": table.filter(pl.col("state") != FAILS),
            "runs": table.select("record", "run", "state"),
            "headlines": runs.select("record_id", "suite", "execution", "basis", "group"),
            "named": table.filter(pl.col("execution").is_not_null()).select(*_OF_RUNS),
        }
        if is_learned:
            learned = table.filter(pl.col(f"group_{ranking}").is_not_null())
            values = [f"value_{place}" for place in range(len(questions))]
            names = ("record", "suite", *RUNNER, *NETWORK, "precision", f"group_{ranking}", *values)
            parts["learned"] = learned.select(names)
        return parts

    parts = by_portions(
        package,
        (_RECORDS, _MEASUREMENTS),
        lambda batch: batch.filter(is_asked | is_fact),
        portion,
        repeated,
    )
    whole = {name: pl.concat([part[name] for part in parts]) for name in parts[0]}
    echoing = text_hashes(echoes(whole["named"], whole["headlines"])).implode()
    kept, runs = (whole[name].filter(~pl.col("record").is_in(echoing)) for name in ("kept", "runs"))
    learned = whole.get("learned", pl.DataFrame({"record": []}, schema={"record": pl.UInt64}))
    return _Table(kept, runs, learned.filter(~pl.col("record").is_in(echoing)))


_OF_RUNS = ("id", "status", "benchmark", "scenario", "phase")
"""What `echoes` needs of records."""


def _runs(table: pl.DataFrame) -> pl.Series:
    """Return a number for each record, which runs of one configuration on one system share."""
    # Two unknown systems are not one.
    own = pl.when(pl.col("system_id").is_null()).then("id")
    return row_hashes(table.select("configuration", own=own), ["configuration", "own"])


def _recommendation(
    package: Package,
    table: _Table,
    about: tuple[str, str | None],
    questions: list[Asked],
    by: Asked,
    front: tuple[Asked, ...],
) -> Recommendation:
    worst = table.runs.group_by("run").agg(
        worst=pl.col("state").min(), some_fit=(pl.col("state") == FITS).any()
    )
    failing = worst.filter(pl.col("worst") == FAILS)
    ordered = table.kept.join(failing, on="run", how="anti", maintain_order="left").sort(
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
    return Recommendation(
        *about,
        asked=questions,
        by=by,
        front=front,
        results=table.runs.height,
        rankings=_rankings(fitting, front),
        apart=_apart((row["obstacle"], shown) for row, shown in fitting if row["group"] is None),
        unknown=_apart(unknown),
        failing=failing.height,
        wavering=int(failing["some_fit"].sum()),
        not_ok=Counter(),
        without_task=0,
        systems=systems,
    )


def _of_configurations(table: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each configuration on a system, of those of which no run fails.

    The middle one of the runs in its state stands for it. Rows must be in the order of the ranking.
    """
    # A run that leaves something unknown says nothing against one that fits.
    kept = table.filter(pl.col("state") == pl.col("state").max().over("run"))
    numbered = kept.with_columns(
        runs=pl.len().over("run"), number=pl.int_range(pl.len()).over("run")
    )
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
        for doubt in cell_data("caveats", row[f"caveats_{place}"] or "[]")
    ]
    system = row["system_id"]
    return Row(
        row["id"],
        system,
        "system unknown" if system is None else systems.get(system, system),
        {name: _plain(row[name], name) for name in (*CHOSEN, *ABOUT)},
        values,
        tuple(dict.fromkeys(doubts)),
        row["runs"],
    )


def _plain(cell: Any, name: str) -> Any:
    if name in _LISTS and cell is not None:
        return cell_data(name, cell)
    return cell


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
        for name in ABOUT
        if first[name] is not None and all(row.fields[name] == first[name] for row in rows)
    }
