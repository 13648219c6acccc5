"""Runs the checks of a rule set over frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from benchfmt.checks import consistency, integrity, plausibility, suites, terms
from benchfmt.checks.frames import ROW, ColumnCheck, Frames, faults
from benchfmt.descriptor import Descriptor, Heading
from benchfmt.vocabulary import Metric, vocabulary

TOPICS = (terms, plausibility, consistency, integrity, suites)
_VALUE_CODES = ("BF203", "BF204", "BF301", "BF302", "BF303")
"""The codes of a value that is wrong by itself."""
_METRIC_CODES = ("BF401", "BF402", "BF403", "BF404", "BF405", "BF408")
"""The codes of values of one metric that cannot all be right, or not as reported."""


def known(descriptor: Descriptor | Heading | None) -> tuple[dict[str, Metric], frozenset[str]]:
    """Return the metrics and prefixes that hold for a package: the vocabulary's and its own."""
    own = descriptor.metrics() if descriptor else {}
    declared = set(descriptor.benchfmt.prefixes) if descriptor else set()
    return {**vocabulary().metrics, **own}, frozenset(declared | set(vocabulary().terms("prefix")))


def run_checks(
    frames: Frames,
    codes: frozenset[str],
    skip: tuple[str, ...] = (),
    across: Callable[[Frames], None] | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield what the checks of a rule set find in sound frames.

    A value that is at fault itself is not compared with others afterwards: what follows from a fault has no finding.
    `across` is given the frames at the end, without the values at fault, for what spans batches.
    """
    for topic in TOPICS:
        wrong: list[pl.Series] = []
        doubtful: list[pl.Series] = []
        for found in _topic_faults(frames, topic, codes):
            wanted = found.filter(
                pl.col("code").is_in(list(codes)) & ~pl.col("code").is_in(list(skip))
            )
            if wanted.height:
                yield wanted
                wrong.append(wanted.filter(pl.col("code").is_in(_VALUE_CODES))["row"])
                doubtful.append(wanted.filter(pl.col("code").is_in(_METRIC_CODES))["row"])
        if any(rows.len() for rows in wrong):
            frames = _without_values(frames, pl.concat(wrong))
        if any(rows.len() for rows in doubtful):
            told = frames.measurements.filter(pl.col(ROW).is_in(pl.concat(doubtful).implode()))
            alike = frames.measurements.join(told, on=["record_id", "metric"], how="semi")
            frames = _without_values(frames, alike[ROW])
    if across:
        across(frames)


def _without_values(frames: Frames, rows: pl.Series) -> Frames:
    """Return the frames without the values of some measurements."""
    value = pl.when(~pl.col(ROW).is_in(rows.implode())).then(pl.col("value")).alias("value")
    return replace(frames, measurements=frames.measurements.with_columns(value))


def _topic_faults(frames: Frames, topic: Any, codes: frozenset[str]) -> Iterator[pl.DataFrame]:
    yield from column_checks(
        frames, [check for check in topic.COLUMN_CHECKS if check.code in codes]
    )
    for check in topic.CHECKS:
        yield check(frames)


def without_echo(found: pl.DataFrame, doubtful: pl.Series) -> pl.DataFrame:
    """Drop that a record has no primary measurement where one of its measurements, at fault itself, may be it."""
    return found.filter(~((pl.col("code") == "BF519") & pl.col("record").is_in(doubtful.implode())))


def column_checks(frames: Frames, checks: Iterable[ColumnCheck]) -> Iterator[pl.DataFrame]:
    """Yield the faults of column expressions; each table is scanned once for all of them."""
    by_table: dict[str, list[ColumnCheck]] = {}
    for check in checks:
        by_table.setdefault(check.table, []).append(check)
    for table, group in by_table.items():
        frame: pl.DataFrame = getattr(frames, table)
        if not frame.height:
            continue
        verdicts = frame.select(
            *(check.fault.fill_null(value=False).alias(str(i)) for i, check in enumerate(group))
        )
        for index, check in enumerate(group):
            mask = verdicts[str(index)]
            if mask.any():
                wrong = frame.filter(mask)
                value = pl.col(check.column) if check.value is None else check.value
                yield faults(
                    wrong, check.code, table, check.column, check.message, value, check.hint
                )
