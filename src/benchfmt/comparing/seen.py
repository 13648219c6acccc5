"""The results of a package under one question, in few bytes each: the group of every value, and why others have none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from benchfmt.comparing.hashing import Hashing
from benchfmt.comparing.portions import (
    CLASHES,
    Numbered,
    OutOfOrderError,
    by_portions,
    clashing,
    one_of_each_id,
    parts_alone,
    repeated_ids,
)
from benchfmt.comparing.told import columns_of_measurements, columns_of_records, of_context
from benchfmt.comparison.policies import KINDS, kind_of
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import (
    RANK,
    contexts,
    grouped,
    quick_hash,
    rules_for,
    with_facts,
)
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.package import Package, open_package
from benchfmt.processes.spreading import Spread, in_order
from benchfmt.record import KEY_FIELDS
from benchfmt.rowhash import text_hashes
from benchfmt.spelling import no_such

OF_RECORDS = columns_of_records("suite_version")
MEASURE = (*KEY_FIELDS, "unit", "basis", "caveats")
"""What a number is, and what is said of it."""
FACTS = ("targets", "misses", "power_run")
"""What `with_facts` takes from the measurements of a record."""
_OF_MEASUREMENTS = columns_of_measurements("n", "primary")
_KINDS: dict[str, pl.DataType] = {
    **dict.fromkeys(MEASURE, pl.String()),
    "targets": pl.String(),
    "misses": pl.Boolean(),
    "power_run": pl.String(),
}


@dataclass(frozen=True)
class Seen:
    """The values of a package; everything seen is counted."""

    results: pl.DataFrame
    """Of each value `group` (null where it compares with nothing), `execution`, `system` and `record` as numbers,
    `rank`, `value`, `n`, and the `number` by which `described` knows what it is."""
    obstacles: Counter[str]
    """Why values are in no group, with how many there are."""
    copies: int
    """How many values of records that are there twice count no second time."""
    what: Numbered

    def described(self, some: pl.DataFrame) -> pl.DataFrame:
        """Return results with what they are (`MEASURE`, `FACTS`)."""
        return self.what.named(some)


def seen_results(
    package: Package, question: Question, metric: str | None, spread: Spread = in_order
) -> Seen:
    """Return the values of a package, the primary ones or those of one metric; raises BenchfmtError for an unknown one.

    Some records are in memory at a time; of each value some fifty bytes are kept. `spread` has parts of the package read.
    """
    collected = _all_collected(package, question, metric, spread)
    measured = {name for some in collected for name in some.measured}
    if metric is not None and metric not in measured:
        raise BenchfmtError(no_such("metric", metric, sorted(measured)))
    rows = {
        "measurements": sum(some.measurements for some in collected),
        "records": sum(some.records for some in collected),
    }
    for table, count in rows.items():
        if not count:
            raise BenchfmtError(f"{package.root} has no {table} to compare")
    what = Numbered(_KINDS)
    found = []
    for some in collected:
        numbers = what.taken_over(some.what)
        found.append(some.results.with_columns(number=numbers.gather(some.results["number"])))
    counts: Counter[str] = sum((some.obstacles for some in collected), Counter())
    ids = pl.concat([some.ids for some in collected])
    results, clashes, copies = _once(pl.concat(found), repeated_ids(package, ids))
    counts[CLASHES] = clashes
    ordered = sorted((+counts).items(), key=lambda item: (-item[1], item[0]))
    return Seen(results, Counter(dict(ordered)), copies, what)


def _all_collected(
    package: Package, question: Question, metric: str | None, spread: Spread
) -> list[_Collected]:
    """Return the values of a package; they are read as a whole where its parts do not stand for themselves."""
    with_power = _is_power_asked(package, question)
    parts: list[int | None] = [None]
    if spread is not in_order:
        parts = parts_alone(package)
    if parts == [None]:
        return [_collected(package, _Asking(question, metric, with_power))]
    asking = _Asking(question, metric, with_power, Hashing())
    place = str(package.root)
    works = [_Work(place, package.limits, asking, part, package.is_short) for part in parts]
    found = [some for some in spread(works) if some is not None]
    if len(found) < len(works):
        found = [_collected(package, asking)]
    return found


def _once(results: pl.DataFrame, repeated: dict[int, bool]) -> tuple[pl.DataFrame, int, int]:
    """Return one result of each record that is there several times, and none where these say other things.

    Behind the results stand how many are left out for the latter, and how many copies.
    """
    if not repeated:
        return results, 0, 0
    record = pl.col("record")
    clashes = pl.Series(clashing(repeated), dtype=pl.UInt64)
    sound = results.filter(~record.is_in(clashes.implode()))
    is_copied = record.is_in(pl.Series(list(repeated), dtype=pl.UInt64).implode())
    copied = pl.when(is_copied).then(record).otherwise(None)
    numbered = sound.with_columns(copied=copied).with_row_index("place")
    first = numbered.drop_nulls("copied").unique(
        ["copied", "group", "number", "value", "n"], keep="first"
    )
    others = numbered.filter(pl.col("copied").is_null())
    once = pl.concat([others, first]).sort("place").drop("place", "copied")
    return once, results.height - sound.height, sound.height - once.height


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked of a package."""

    question: Question
    metric: str | None
    with_power: bool
    hashing: Hashing = field(default_factory=Hashing)
    """How texts get their numbers, whoever gives them."""

    @property
    def asked(self) -> pl.Expr:
        """Which values are asked for."""
        if self.metric is not None:
            return pl.col("metric") == self.metric
        return pl.col("primary").fill_null(value=False)


@dataclass(frozen=True, slots=True)
class _Collected:
    """The values of some records; what they are has numbers of its own."""

    results: pl.DataFrame
    what: Numbered
    obstacles: Counter[str]
    ids: pl.Series
    """The numbers of the records."""
    measured: set[str]
    """The metrics met, where one is asked for."""
    measurements: int
    records: int


@dataclass(frozen=True, slots=True)
class _Work:
    """Collects the values of a part of a package; any process that sees it can."""

    package: str
    limits: Limits
    asking: _Asking
    part: int | None
    is_short: bool

    def __call__(self) -> _Collected | None:
        """Return the values; None where those of a part cannot be told from the part alone."""
        self.asking.hashing.check()
        with open_package(self.package, limits=self.limits, is_short=self.is_short) as package:
            try:
                return _collected(package, self.asking, self.part)
            except OutOfOrderError:
                return None


def _collected(package: Package, asking: _Asking, part: int | None = None) -> _Collected:
    """Return the values of a package, or of one of its parts; raises OutOfOrderError."""
    collecting = _Collecting(asking)
    columns = (OF_RECORDS, _OF_MEASUREMENTS)
    wanted, portion = collecting.wanted, collecting.portion
    found, obstacles, ids = zip(
        *by_portions(package, columns, wanted, portion, part=part), strict=True
    )
    return _Collected(
        pl.concat(found),
        collecting.what,
        sum(obstacles, Counter()),
        pl.concat(ids),
        collecting.measured,
        collecting.measurements,
        collecting.records,
    )


class _Collecting:
    """The work on each portion, and what is learned on the way."""

    def __init__(self, asking: _Asking) -> None:
        self.what = Numbered(_KINDS)
        self.measured: set[str] = set()
        self.measurements = 0
        self.records = 0
        self._asking = asking
        self._of_context = of_context(with_power=asking.with_power)

    def wanted(self, measurements: pl.DataFrame) -> pl.DataFrame:
        """Return the values that are asked for, and the measurements of which the contexts depend."""
        self.measurements += measurements.height
        if self._asking.metric is not None:
            self.measured.update(measurements["metric"].unique().drop_nulls())
        return measurements.filter(self._asking.asked | self._of_context)

    def portion(
        self, records: pl.DataFrame, measurements: pl.DataFrame
    ) -> tuple[pl.DataFrame, Counter[str], pl.Series]:
        """Return the values in groups, why others are in none, and the numbers of the records."""
        self.records += records.height
        question, seed = self._asking.question, self._asking.hashing.seed
        values = measurements.filter(self._asking.asked)
        facts = measurements.filter(self._of_context)
        described = with_facts(one_of_each_id(records), facts)
        kinds = {kind_of(name) for name in values["metric"].drop_nulls().unique()}
        known = contexts(described, question, kinds, quick_hash).with_columns(
            described.select(FACTS), record=text_hashes(described["id"], seed)
        )
        found = grouped(values, known, question)
        obstacles = Counter(dict(found["obstacle"].drop_nulls().value_counts().iter_rows()))
        in_groups = found.filter(pl.col("group").is_not_null())
        execution = pl.concat_str("suite", "execution", separator="\x1f")
        few = in_groups.select(
            pl.col("group").hash(),
            pl.when(pl.col("execution").is_not_null()).then(execution.hash()).alias("execution"),
            pl.col("system_id").hash().alias("system"),
            "record",
            RANK,
            "value",
            "n",
        )
        numbered = few.with_columns(number=self.what.of(in_groups))
        return numbered, obstacles, text_hashes(records["id"], seed)


def _is_power_asked(package: Package, question: Question) -> bool:
    """Say whether the rules of one of the suites ask if power was measured in the run."""
    of_suites = set()
    for batch in package.frames("records", ["suite", "division"]):
        of_suites.update(batch.unique().rows())
    return any(
        "power_run" in rules_for(question, str(suite), division, kind).needs
        for suite, division in of_suites
        for kind in KINDS
    )
