"""The results of a package as columns, some records at a time, with what it takes to match and to judge them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from benchfmt.comparing.portions import (
    CLASHES,
    OutOfOrderError,
    by_portions,
    clashing,
    one_of_each_id,
    parts_alone,
    repeats,
    values_of,
)
from benchfmt.comparing.told import (
    CONTEXT,
    VARYING,
    columns_of_measurements,
    columns_of_records,
)
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import first_of_executions, results
from benchfmt.limits import Limits
from benchfmt.package import Package, open_package
from benchfmt.package.columns import held_bytes
from benchfmt.readers.files import UnsafeError
from benchfmt.record import KEY_FIELDS

_APART = ("system_id", "engine", "placement")
"""What keeps two results apart even where the rules leave it free, as they do for the quality of answers."""
_APART_NAMES = {"system_id": "system"}
_VERSIONS = ("suite_version", "engine", "engine_version", "model_version", "software")
"""The fields that may differ and that reports tell of both sides."""
_OF_RECORDS = columns_of_records("dataset_samples", *CONTEXT, *_VERSIONS)
_OF_MEASUREMENTS = columns_of_measurements("n", "stddev", "ci", "samples")
_RUN = ("suite", "execution")
OBSERVED = (
    "record_id",
    "value",
    "basis",
    "n",
    "stddev",
    "ci",
    "samples",
    "caveats",
    "dataset_samples",
)
"""What is said of a number, beside what it is."""
TOLD = tuple(dict.fromkeys(("group", *KEY_FIELDS, "unit", "system_id", *CONTEXT)))
"""What a result is: its group, its measure, and the context that tells it from others."""
_KEPT = [*TOLD, *OBSERVED]


def key_of(question: Question) -> list[str]:
    """Return the columns that two results have in common which match."""
    apart = [name for name in _APART if not question.may_differ(_APART_NAMES.get(name, name))]
    return ["group", *KEY_FIELDS, "unit", *apart]


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a package or a part of it that have a key, in order; and how many others there are."""

    found: pl.DataFrame
    """What results are (`TOLD`) and what is observed of them (`OBSERVED`)."""
    without_key: Counter[tuple[str, str]]
    """By metric and reason."""
    metrics: frozenset[str]
    """The metrics of all results."""
    varied: Mapping[str, tuple[str, ...]]
    """The distinct values of the fields that may differ."""


@dataclass(frozen=True, slots=True)
class Read:
    """The results of some records, and those of executions that other records name too."""

    results: Results
    held: pl.DataFrame


def joined(reads: Sequence[Read]) -> Results:
    """Return the results of all, in order, one of each execution."""
    every = [read.results for read in reads]
    found = [some.found for some in every]
    held = pl.concat([read.held for read in reads])
    if held.height:
        found.append(first_of_executions(held).select(_KEPT))
    counts: Counter[tuple[str, str]] = Counter()
    varied: dict[str, dict[str, None]] = {}
    for some in every:
        counts.update(some.without_key)
        for name, values in some.varied.items():
            varied.setdefault(name, {}).update(dict.fromkeys(values))
    return Results(
        found=pl.concat(found, how="vertical_relaxed"),
        without_key=counts,
        metrics=frozenset().union(*(some.metrics for some in every)),
        varied={name: tuple(values) for name, values in varied.items()},
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads the results of a package, or of one of its parts; any process that sees it can."""

    package: str
    question: Question
    limits: Limits
    metrics: frozenset[str]
    """The only ones whose results are wanted; none where all are."""
    part: int | None = None
    shared: pl.DataFrame | None = None
    """The executions that several records of the whole package name, for a part."""
    is_short: bool = False

    def __call__(self) -> Read | None:
        """Return the results; None where those of a part cannot be told from the part alone."""
        with open_package(self.package, limits=self.limits, is_short=self.is_short) as package:
            try:
                return read_results(package, self.question, self.metrics, self.part, self.shared)
            except OutOfOrderError:
                return None


def readings(
    package: Package, question: Question, limits: Limits, metrics: frozenset[str]
) -> list[Reading]:
    """Return what reads a package, part by part where that can be."""
    parts = parts_alone(package)
    shared = None
    if len(parts) > 1:
        shared = _shared_executions(package)
    place, is_short = str(package.root), package.is_short
    return [Reading(place, question, limits, metrics, part, shared, is_short) for part in parts]


def read_results(
    package: Package,
    question: Question,
    metrics: frozenset[str] = frozenset(),
    part: int | None = None,
    shared: pl.DataFrame | None = None,
) -> Read:
    """Return the results of a package, or of one of its parts, as columns; raises OutOfOrderError.

    Some records are in memory at a time, and of each result what is told of it; raises UnsafeError where there are more
    results than may be in memory.
    """
    repeated: Mapping[int, bool] = {}
    if part is None:
        repeated = repeats(package)
    if shared is None:
        shared = _shared_executions(package)
    reading = _Reading(question, shared, metrics)
    columns = (_OF_RECORDS, _OF_MEASUREMENTS)
    parts = by_portions(
        package,
        columns,
        lambda rows: rows,
        reading.portion,
        repeated,
        part,
        taken=lambda portions: within(package, portions),
    )
    counts = _clashes(package, clashing(repeated))
    measured = {metric for metric, _ in counts}
    varied: dict[str, dict[str, None]] = {name: {} for name in reading.varying}
    for found in parts:
        counts.update(found.without_key)
        measured |= found.metrics
        for name, values in found.varied.items():
            varied[name].update(dict.fromkeys(values))
    return Read(
        Results(
            pl.concat([found.results for found in parts], how="vertical_relaxed"),
            counts,
            frozenset(measured),
            {name: tuple(values) for name, values in varied.items()},
        ),
        pl.concat([found.held for found in parts]),
    )


_Some = TypeVar("_Some", "Read", "_Portion")


def within(package: Package, found: Iterable[_Some]) -> Iterator[_Some]:
    """Yield the results of a package; raises UnsafeError where they take more memory than they may."""
    most = package.limits.compared_bytes
    room = most
    for some in found:
        results = some.results.found if isinstance(some, Read) else some.results
        room -= held_bytes(results) + held_bytes(some.held)
        if room < 0:
            told = f"the results take more than {most:,} bytes of memory (limit compared_bytes)"
            hint = "compare some metrics (--metric) or records (benchfmt split), or allow more"
            raise UnsafeError("BF907", f"{package.root}: {told}; {hint}")
        yield some


def _clashes(package: Package, numbers: Sequence[int]) -> Counter[tuple[str, str]]:
    """Return how many results are of records that say other things under one id, by metric and reason."""
    if not numbers:
        return Counter()
    counts = values_of(package, numbers)["metric"].cast(pl.String).value_counts()
    return Counter({(str(metric), CLASHES): count for metric, count in counts.iter_rows()})


@dataclass(frozen=True, slots=True)
class _Portion:
    """The results of some records."""

    results: pl.DataFrame
    held: pl.DataFrame
    """Results of executions that other records name too."""
    without_key: Counter[tuple[str, str]]
    metrics: set[str]
    varied: dict[str, list[str]]


class _Reading:
    """What is needed to tell the results of a package apart, and the work on some of its records."""

    def __init__(self, question: Question, shared: pl.DataFrame, metrics: frozenset[str]) -> None:
        self.varying = [name for name in _VERSIONS if question.may_differ(VARYING.get(name, name))]
        self._question = question
        self._shared = shared
        self._is_wanted = pl.lit(value=True)
        if metrics:
            self._is_wanted = pl.col("metric").cast(pl.String).is_in(list(metrics))

    def portion(self, records: pl.DataFrame, measurements: pl.DataFrame) -> _Portion:
        """Return the results of some records."""
        own = one_of_each_id(records)
        # The suite stands with the results already.
        context = [name for name in CONTEXT if name != "suite"]
        joined = results(own, measurements, self._question).join(
            own.select("id", "dataset_samples", *context),
            left_on="record_id",
            right_on="id",
            how="left",
            maintain_order="left",
        )
        in_groups = pl.col("group").is_not_null()
        held = joined.join(self._shared, on=_RUN, how="semi", maintain_order="left")
        others = joined.join(self._shared, on=_RUN, how="anti", maintain_order="left")
        refused = joined.filter(~in_groups)
        reasons = refused.group_by("metric", "obstacle", maintain_order=True).len()
        return _Portion(
            results=_without_room(
                first_of_executions(others).filter(in_groups, self._is_wanted).select(_KEPT)
            ),
            held=held.filter(in_groups).select(*_KEPT, "execution"),
            without_key=Counter(
                {(str(metric), str(reason)): count for metric, reason, count in reasons.rows()}
            ),
            metrics=set(map(str, joined["metric"].unique())),
            varied={
                name: [*map(str, records[name].drop_nulls().unique(maintain_order=True))]
                for name in self.varying
            },
        )


def _without_room(found: pl.DataFrame) -> pl.DataFrame:
    """Return results whose columns without any cell take no memory: most of what may be said of a result is not."""
    empty = [cells.name for cells in found.iter_columns() if cells.null_count() == len(cells)]
    return found.with_columns(pl.lit(None).alias(name) for name in empty)


def _shared_executions(package: Package) -> pl.DataFrame:
    """Return the executions that several records name."""
    seen = [pl.DataFrame(schema=dict.fromkeys(_RUN, pl.String))]
    for batch in package.frames("records", _RUN):
        named = batch.select(pl.col(name).cast(pl.String) for name in _RUN)
        seen.append(named.filter(pl.col("execution").is_not_null()))
    return pl.concat(seen).group_by(_RUN).len().filter(pl.col("len") > 1).select(_RUN)
