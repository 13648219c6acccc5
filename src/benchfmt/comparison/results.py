"""The results of records as columns: each value with the key of its group, or why it has none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import polars as pl

from benchfmt.comparison.fields import OF_RESULT, label, normalised
from benchfmt.comparison.policies import KINDS, Kind, Need, Policy, kind_of, policy
from benchfmt.comparison.questions import Question
from benchfmt.record import KEY_FIELDS
from benchfmt.vocabulary import metric_of, vocabulary

_FIELD, _ITEM, _ABSENT = "\x1f", "\x1e", "\x1d"
"""What parts fields and items in a key, and stands for what is absent: characters that no field may have."""
_TARGETS = ("target_min", "target_max")
NO_TARGETS = "none"
"""The targets of a record that states none."""
_OBSERVED = ("measured", "derived", "published")
"""Bases of numbers that somebody observed; others say what was estimated, predicted or declared."""
_CONTEXT_DIGITS, _MEASURE_DIGITS = 16, 8
_STATED_BY_QUANTITY = {
    "time": ("stage", "per"),
    "rate": ("stage", "per"),
    "data-rate": ("stage",),
    "power": ("scope",),
    "energy": ("scope", "per"),
    "memory": ("scope",),
}
"""What a metric of a quantity must state where the rules want it known; of others it is without meaning."""
_MEASURE = (*KEY_FIELDS, "unit", "basis")


@dataclass(frozen=True)
class Rules:
    """The rules that hold for some records, and what they need to answer the question."""

    policy: Policy
    kind: Kind
    needs: Mapping[str, Need]
    ignored: frozenset[str] = frozenset()
    """Members of hyperparameters and inputs that may differ: on request, or in this suite."""

    def of_records(self) -> dict[str, Need]:
        """Return the fields of records that bind."""
        return {field: need for field, need in self.needs.items() if field not in OF_RESULT}


def rules_for(question: Question, suite: str, division: str | None, kind: Kind) -> Rules:
    """Return the rules for a suite's division; those of no suite in particular where the suite or division may differ."""
    if question.may_differ("suite") or question.may_differ("division"):
        suite, division = "", None
    rules = policy(suite, division, kind)
    ignored = rules.uncounted | question.members()
    return Rules(rules, kind, rules.asked(question, kind), ignored)


def needs_of_metric(rules: Rules, metric: str) -> dict[str, Need]:
    """Return what the rules need of the fields that a measurement states itself.

    A timing boundary must be stated of a time, a scope of a memory or power; where such a field has no meaning, two
    results that do not state it are alike.
    """
    known = vocabulary().terms("metric").get(metric.partition("@")[0], {})
    meaningful = _STATED_BY_QUANTITY.get(known.get("quantity", ""), ())
    described = metric_of(metric, vocabulary().metrics)
    needs = {}
    for field in OF_RESULT:
        need = rules.needs.get(field, Need.FREE)
        has_no_meaning = field not in meaningful or (
            field == "per" and (described is None or not described.per)
        )
        needs[field] = min(need, Need.EQUAL) if has_no_meaning else need
    return needs


def results(records: pl.DataFrame, measurements: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Return one row for each value, in the order of the measurements: `grouped` of the contexts of the records."""
    return grouped(measurements, contexts(with_facts(records, measurements), question), question)


def grouped(measurements: pl.DataFrame, contexts: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Return one row for each value, in the order of the measurements.

    To the columns of the measurements come `suite`, `execution`, `system_id`, `group` (null where the value compares
    with nothing) and `obstacle` (why it does not, in words; null where it does).
    """
    measured = measurements.filter(pl.col("value").is_not_null())
    joined = measured.join(
        contexts, left_on="record_id", right_on="id", how="left", maintain_order="left"
    )
    keys = _measure_keys(joined, question)
    joined = joined.join(
        keys,
        on=[*_MEASURE, "rules_performance"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    is_quality = pl.col("is_quality")
    group = pl.when(is_quality).then("quality").otherwise("performance") + "-" + pl.col("measure")
    obstacle = pl.concat_str(
        pl.when(is_quality).then("obstacle_quality").otherwise("obstacle_performance"),
        "obstacle_measure",
        separator=", ",
        ignore_nulls=True,
    ).replace("", None)
    unlike = [name for name in joined.columns if name not in _INNER]
    return (
        joined.with_columns(
            group=group,
            obstacle=pl.coalesce(_nowhere(), "refusal", "cannot be told: " + obstacle + " unknown"),
        )
        .with_columns(group=pl.when(pl.col("obstacle").is_null()).then("group"))
        .select(*unlike, "group", "obstacle")
    )


def _nowhere() -> pl.Expr:
    """Return why a value is of nothing that could compare: its metric or its record is missing."""
    return (
        pl.when(pl.col("rules_performance").is_null())
        .then(pl.lit("not comparable: the record is not in the package"))
        .when(pl.col("metric").is_null())
        .then(pl.lit("cannot be told: metric unknown"))
    )


_INNER = (
    "performance",
    "quality",
    "obstacle_performance",
    "obstacle_quality",
    "rules_performance",
    "refusal",
    "measure",
    "obstacle_measure",
    "is_quality",
)


def with_facts(records: pl.DataFrame, measurements: pl.DataFrame) -> pl.DataFrame:
    """Return records with what comparison takes from their measurements.

    `targets` (their text), `misses` (whether a value misses one) and `power_run` (whether power or energy was measured
    in the run; a qualified scope, `run:energy`, is another run).
    """
    if not measurements.height:
        return records.with_columns(
            misses=pl.lit(None, pl.Boolean), targets=pl.lit(NO_TARGETS), power_run=pl.lit("no")
        )
    order = [pl.col(name).fill_null("") for name in KEY_FIELDS]
    aimed = measurements.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in _TARGETS))
    targets = (
        aimed.sort(*order, *_TARGETS)
        .with_columns(
            # -0.0 equals 0.0, so it has the same text.
            pl.when(pl.col(name) == 0).then(0.0).otherwise(pl.col(name)).alias(name)
            for name in _TARGETS
        )
        .select(
            pl.col("record_id").alias("id"),
            (
                (pl.col("value") < pl.col("target_min")) | (pl.col("value") > pl.col("target_max"))
            ).alias("misses"),
            pl.concat_str(
                *(_part(name) for name in (*KEY_FIELDS, *_TARGETS)), separator=_FIELD
            ).alias("targets"),
        )
        .group_by("id", maintain_order=True)
        .agg(pl.col("targets").str.join(_ITEM), pl.col("misses").any())
    )
    powered = measurements.filter(
        pl.col("metric").cast(pl.String).is_in(["power", "energy"])
        & pl.col("value").is_not_null()
        & pl.col("basis").cast(pl.String).fill_null("measured").is_in(_OBSERVED)
        & ~pl.col("scope").cast(pl.String).fill_null("").str.starts_with("run:")
    )
    with_power = pl.col("id").is_in(powered["record_id"].unique().implode())
    return records.join(targets, on="id", how="left", maintain_order="left").with_columns(
        pl.col("targets").fill_null(NO_TARGETS),
        # What is not there is known to be not there.
        power_run=pl.when(with_power).then(pl.lit("yes")).otherwise(pl.lit("no")),
    )


def stable_hash(texts: pl.Series) -> pl.Series:
    """Return a short hash of each text that is the same in every version."""
    distinct = texts.drop_nulls().unique()
    hashes = pl.Series([_digest(text, _CONTEXT_DIGITS) for text in distinct], dtype=pl.String)
    return texts.replace_strict(distinct, hashes, default=None, return_dtype=pl.String)


def quick_hash(texts: pl.Series) -> pl.Series:
    """Return a short hash of each text that is the same under one version of polars only."""
    return texts.hash().cast(pl.String)


def contexts(
    records: pl.DataFrame,
    question: Question,
    kinds: Collection[Kind] = KINDS,
    hashed: Callable[[pl.Series], pl.Series] = stable_hash,
) -> pl.DataFrame:
    """Return the key of each record's context for each kind of metric, and what is unknown of it.

    The records are those of `with_facts`, in any order. Keys of kinds that are not asked for are null.
    """
    parts = []
    for (suite, division), some in records.with_row_index("place").group_by("suite", "division"):
        columns = {
            "place": some["place"],
            "id": some["id"],
            "suite": some["suite"].cast(pl.String),
            "execution": some["execution"],
            "system_id": some["system_id"],
            "refusal": _refusals(some),
        }
        for kind in KINDS:
            rules = rules_for(question, str(suite), _text(division), kind)
            key, unknown = _no_texts(some.height), _no_texts(some.height)
            if kind in kinds:
                text, unknown = _key(some, rules, kind)
                key = hashed(text)
            columns[kind] = key
            columns[f"obstacle_{kind}"] = unknown
            if kind == "performance":
                columns["rules_performance"] = pl.repeat(rules.policy.name, len(some), eager=True)
        parts.append(pl.DataFrame(columns))
    if not parts:
        return _NO_CONTEXT
    return pl.concat(parts).sort("place").drop("place")


_NO_CONTEXT = pl.DataFrame(
    schema=dict.fromkeys(
        (
            "id",
            "suite",
            "execution",
            "system_id",
            "refusal",
            "performance",
            "obstacle_performance",
            "rules_performance",
            "quality",
            "obstacle_quality",
        ),
        pl.String,
    )
)


def _no_texts(height: int) -> pl.Series:
    return pl.repeat(None, height, dtype=pl.String, eager=True)


def _text(cell: object) -> str | None:
    return None if cell is None else str(cell)


def _refusals(records: pl.DataFrame) -> pl.Series:
    """Return why the results of a record compare with nothing, whatever they are."""
    status = pl.col("status").cast(pl.String)
    return records.select(
        pl.when(status.is_null())
        .then(pl.lit("cannot be told: status unknown"))
        .when(status != "ok")
        .then("not comparable: the status is " + status)
        .when(pl.col("misses").fill_null(value=False))
        .then(pl.lit("not comparable: a target is missed"))
        .alias("refusal")
    ).to_series()


def _key(records: pl.DataFrame, rules: Rules, kind: Kind) -> tuple[pl.Series, pl.Series]:
    """Return what binds in the context as one text, and the fields that must be known and are not."""
    needs = rules.of_records()
    columns = pl.DataFrame(normalised(records, needs, kind, rules.ignored))
    unknown = pl.concat_str(
        *(
            pl.when(pl.col(field).is_null()).then(pl.lit(label(field)))
            for field, need in needs.items()
            if need is Need.KNOWN
        ),
        separator=", ",
        ignore_nulls=True,
    ).replace("", None)
    key = pl.concat_str(
        *(pl.col(field).fill_null(_ABSENT) for field in sorted(needs)), separator=_FIELD
    )
    found = columns.select(key=key, unknown=unknown)
    return found["key"], found["unknown"]


def _measure_keys(joined: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Return a short hash of each measure (metric, unit, key and how it arose) under each rules, and what is unknown of it."""
    names = [*_MEASURE, "rules_performance"]
    distinct = joined.select(names).unique()
    of_metric = ["metric", "rules_performance"]
    needed = _needed(distinct.select(of_metric).unique(), question)
    told = distinct.join(needed, on=of_metric, how="left", nulls_equal=True, maintain_order="left")
    text = pl.concat_str(
        pl.lit("=") + pl.col("metric").cast(pl.String).fill_null("None"),
        _part("unit"),
        pl.lit("=") + _basis_classes(),
        *(pl.when(f"{field} binds").then(_part(field)) for field in OF_RESULT),
        separator=_FIELD,
        ignore_nulls=True,
    )
    unknown = pl.concat_str(
        *(
            pl.when(pl.col(f"{field} is needed") & pl.col(field).is_null()).then(
                pl.lit(label(field))
            )
            for field in OF_RESULT
        ),
        separator=", ",
        ignore_nulls=True,
    ).replace("", None)
    texts = told.select(text=text).to_series()
    measures = [_digest(item, _MEASURE_DIGITS) for item in texts]
    return told.select(
        *names,
        pl.Series("measure", measures, dtype=pl.String),
        unknown.alias("obstacle_measure"),
        "is_quality",
    )


def _needed(metrics: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Return metrics under rules, with their kind and which fields of a measurement bind, and which must be known."""
    rows = []
    for name, rules_name in metrics.rows():
        metric = str(name)
        kind = kind_of(metric)
        suite, _, division = str(rules_name).partition(".")
        needs = needs_of_metric(rules_for(question, suite, division or None, kind), metric)
        binds = (needs[field] is not Need.FREE for field in OF_RESULT)
        is_needed = (needs[field] is Need.KNOWN for field in OF_RESULT)
        rows.append((kind == "quality", *binds, *is_needed))
    columns = [
        "is_quality",
        *(f"{field} binds" for field in OF_RESULT),
        *(f"{field} is needed" for field in OF_RESULT),
    ]
    schema = dict.fromkeys(columns, pl.Boolean)
    return metrics.hstack(pl.DataFrame(rows, schema=schema, orient="row"))


def _basis_classes() -> pl.Expr:
    basis = pl.col("basis").cast(pl.String)
    is_observed = basis.is_null() | basis.is_in(_OBSERVED)
    return pl.when(is_observed).then(pl.lit("observed")).otherwise(basis)


def basis_class(basis: str | None) -> str:
    """Return what bases compare with each other: whatever was observed; others only with their like."""
    if basis is None or basis in _OBSERVED:
        return "observed"
    return basis


def _part(name: str) -> pl.Expr:
    # Absent differs from every value: it starts with another character.
    return (
        pl.when(pl.col(name).is_null())
        .then(pl.lit("-"))
        .otherwise(pl.lit("=") + pl.col(name).cast(pl.String))
    )


def _digest(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


RANK = (
    pl.col("basis")
    .cast(pl.String)
    .replace_strict({"derived": 0, "measured": 1, "published": 2}, default=3, return_dtype=pl.Int8)
    .alias("rank")
)
"""Which result stands for an execution: the recomputed before the measured, the measured before the published."""


def first_of_executions(found: pl.DataFrame) -> pl.DataFrame:
    """Return one result for each execution in a group: that of the least `RANK`.

    A result that names no execution is one of its own.
    """
    return first_of_ranked(found.with_columns(RANK), "suite", "execution").drop("rank")


def first_of_ranked(found: pl.DataFrame, *execution: str) -> pl.DataFrame:
    """Return the result of the least `rank` for each execution in a group; some columns name the execution together."""
    numbered = found.with_row_index("place")
    named = pl.col("group").is_not_null() & pl.col(execution[-1]).is_not_null()
    one = (
        numbered.filter(named)
        .sort("rank", "place")
        .unique(["group", *execution], keep="first", maintain_order=True)
    )
    return pl.concat([one, numbered.filter(~named)]).sort("place").drop("place")
