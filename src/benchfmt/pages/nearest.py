"""Why a result stands alone: in what it differs from the result of its task that is nearest to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from benchfmt.comparing.called import system_names
from benchfmt.comparing.records import named_rows
from benchfmt.comparison.pairs import Rows, compared
from benchfmt.comparison.questions import question
from benchfmt.comparison.verdict import Verdict
from benchfmt.package import Package

_SAME = ("suite", "task", "metric")
"""What the nearest shares in any case."""
_NEAR = (
    "benchmark",
    "suite_version",
    "division",
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
    "placement",
)
"""The more of these it shares, the nearer it is."""
_MOST_RECORDS = 20_000
"""In a package of more records no nearest is looked for: each would be held against too many."""
_MOST_MEASUREMENTS = 2**16
"""So many measurements are held against each other; of further records it is not said in what they differ."""
_NOT_LOOKED_FOR = (
    "in what it differs from its nearest is not looked up: "
    f"the package has more than {_MOST_RECORDS:,} records"
)
_NOT_HELD = (
    "in what it differs from its nearest is not looked up: "
    f"a page holds at most {_MOST_MEASUREMENTS:,} measurements against each other"
)
_REASONS = 2
_APART = (Verdict.NOT_COMPARABLE, Verdict.CANNOT_BE_TOLD)


def differences(package: Package, ids: Sequence[str]) -> dict[str, str]:
    """Return of records, by id, in what each differs from the nearest of its task, or why that is not looked for.

    There is nothing of a record that has no other of its task.
    """
    if not ids:
        return {}
    if _records(package) > _MOST_RECORDS:
        return dict.fromkeys(ids, _NOT_LOOKED_FOR)
    known = _nearest(_described(package), ids)
    nearest = _bounded(package, known)
    found = {record_id: _NOT_HELD for record_id in known if record_id not in nearest}
    wanted = list(dict.fromkeys((*nearest, *nearest.values())))
    if not wanted:
        return found
    rows = dict(zip(wanted, named_rows(package, wanted), strict=True))
    names = system_names(pl.DataFrame(pl.from_arrow(package.table("systems"))))
    for record_id, other_id in nearest.items():
        sentences = list(_apart(rows[record_id], rows[other_id]))
        if sentences:
            system = rows[other_id].record["system_id"]
            name = "a system that is not stated" if system is None else names.get(system, system)
            found[record_id] = f"nearest is {name}: {'; '.join(sentences[:_REASONS])}"
    return found


def _records(package: Package) -> int:
    return sum(frame.height for frame in package.frames("records", ("id",)))


def _bounded(package: Package, nearest: Mapping[str, str]) -> dict[str, str]:
    """Return the first records, each with its nearest, whose measurements memory has room for together."""
    ids = pl.Series([*nearest, *nearest.values()], dtype=pl.String).unique()
    counts = dict.fromkeys(ids, 0)
    for frame in package.frames("measurements", ("record_id",)):
        own = frame.select(pl.col("record_id").cast(pl.String)).filter(
            pl.col("record_id").is_in(ids.implode())
        )
        for record_id, count in own["record_id"].value_counts().iter_rows():
            counts[record_id] += count
    found = {}
    room = _MOST_MEASUREMENTS
    for record_id, other_id in nearest.items():
        # One that is there already counts no second time.
        size = counts[record_id] + counts[other_id]
        if size <= room:
            found[record_id] = other_id
            room -= size
            counts[record_id] = counts[other_id] = 0
    return found


def _described(package: Package) -> pl.DataFrame:
    """Return what is compared of each record that has a primary number."""
    columns = ("id", *(name for name in (*_SAME, *_NEAR) if name != "metric"))
    texts = [
        frame.select(pl.col(columns).cast(pl.String))
        for frame in package.frames("records", columns)
    ]
    primary = [
        frame.filter(pl.col("primary") & pl.col("value").is_not_null()).select(
            pl.col("record_id").cast(pl.String), pl.col("metric").cast(pl.String)
        )
        for frame in package.frames("measurements", ("record_id", "metric", "primary", "value"))
    ]
    metrics = pl.concat(primary).unique("record_id", keep="first", maintain_order=True)
    return pl.concat(texts).join(
        metrics, left_on="id", right_on="record_id", how="inner", maintain_order="left"
    )


def _nearest(records: pl.DataFrame, ids: Sequence[str]) -> dict[str, str]:
    """Return the nearest other record of each, as far as there is one."""
    found = {}
    for record in records.filter(pl.col("id").is_in(list(ids))).iter_rows(named=True):
        same = (pl.col(name).eq_missing(pl.lit(record[name], pl.String)) for name in _SAME)
        near = (
            pl.col(name).eq_missing(pl.lit(record[name], pl.String)).cast(pl.Int32)
            for name in _NEAR
        )
        others = records.filter(pl.col("id") != record["id"], *same)
        ranked = others.select("id", nearness=pl.sum_horizontal(near)).sort(
            "nearness", descending=True, maintain_order=True
        )
        if ranked.height:
            found[record["id"]] = str(ranked["id"][0])
    return found


def _apart(left: Rows, right: Rows) -> Iterator[str]:
    """Yield why the primary numbers of two records do not compare, the gravest first."""
    for answer in compared(left, right, question()):
        if answer.left["primary"]:
            yield from (reason.sentence for reason in answer.reasons if reason.verdict in _APART)


def with_differences(reasons: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Return reasons by record, each with what it differs in where that is known."""
    return {
        record_id: f"{reason}; {found[record_id]}" if record_id in found else reason
        for record_id, reason in reasons.items()
    }
