"""BF705: whether what was published for a run is what its files give.

The two records may stand far apart: `Runs` is given batch after batch and keeps some numbers of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from benchfmt.checks.frames import ROW, Frames, faults, no_faults, number, own_id
from benchfmt.checks.keeping import MOST_KNOWN
from benchfmt.checks.kinds import KIND
from benchfmt.checks.rounding import with_half
from benchfmt.checks.suite_facts import SUITES, has_suites, values_of
from benchfmt.record import KEY_FIELDS

_SLACK = 2e-3
"""Logs round to six digits, or to two decimals where a number may be as small as 5."""
_KEY = [*KEY_FIELDS, "unit"]
MOST_PUBLISHED = 2**18
"""So many published numbers are compared: of each its place is kept, some 250 bytes."""
MOST_BYTES = 2**26
"""So many bytes of names of runs are remembered."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """The runs of a batch with their numbers."""

    records: pl.DataFrame
    """Suite, execution and id of each, by its number in the batch, `run`."""
    values: pl.DataFrame
    """Of each number `ROW`, `run`, `value`, `half`, whether it is `primary` and `published`, and its kind."""
    kinds: pl.DataFrame
    """What names each kind."""

    @property
    def published(self) -> int:
        """How many numbers were published."""
        return int(self.values["published"].sum())


def _runs_of(frames: Frames) -> _Taken | None:
    """Return the runs of a batch with their numbers; None where it has none."""
    if not has_suites(frames):
        return None
    named = frames.records.filter(
        pl.col("suite").is_in(list(SUITES)) & pl.col("execution").is_not_null()
    )
    if not named.height:
        return None
    first = named.select("id", "suite", "execution").unique("id", keep="first", maintain_order=True)
    records = first.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("run"))
    values = with_half(values_of(frames, records, "run"), 0).select(
        ROW,
        "run",
        "value",
        "half",
        pl.col("primary").fill_null(value=False),
        (pl.col("basis") == "published").fill_null(value=False).alias("published"),
        KIND,
    )
    return _Taken(records, values, frames.of_kind.select(_KEY))


class Runs:
    """The numbers of runs, gathered batch by batch, of which a published and a recomputed record may both be there.

    A number costs some forty bytes, whatever the length of its record; texts are kept once for each record and key.
    """

    def __init__(self) -> None:
        """Start without any run."""
        self.take = _runs_of
        self.keys: dict[tuple[str | None, ...], int] = {}
        self.records: list[pl.DataFrame] = []
        self.numbers: list[pl.DataFrame] = []
        self.runs = 0
        self.spots = 0
        self.note: str | None = None
        self._known = 0
        self._bytes = 0
        self._is_full = False
        self._has_published = False

    def add(self, frames: Frames) -> pl.DataFrame:
        """Take the runs of a batch; returns its published numbers, each with the `spot` at which a fault will stand."""
        return self.merge(self.take(frames))

    def merge(self, taken: _Taken | None) -> pl.DataFrame:
        """Take the runs that a batch has; returns its published numbers, as `add` does."""
        if taken is None:
            return pl.DataFrame()
        count = taken.published
        self._has_published |= count > 0
        if not self._has_room(taken.records, taken.values.height, count):
            self._is_full = True
            return pl.DataFrame()
        return self._kept(taken)

    def _has_room(self, records: pl.DataFrame, numbers: int, published: int) -> bool:
        """Whether the runs of a batch can be remembered; a batch is remembered as a whole, for a run without its headline
        would be compared with nothing."""
        if self._is_full:
            return False
        self._known += numbers
        self._bytes += int(records.estimated_size())
        return (
            self._known <= MOST_KNOWN
            and self.spots + published <= MOST_PUBLISHED
            and self._bytes <= MOST_BYTES
        )

    def _kept(self, taken: _Taken) -> pl.DataFrame:
        """Remember the runs of a batch; returns the published numbers."""
        before = pl.lit(self.runs, dtype=pl.UInt32)
        self.runs += taken.records.height
        published = pl.col("published")
        spot = pl.when(published).then(published.cast(pl.Int64).cum_sum() + (self.spots - 1))
        values = self._with_key(taken).with_columns(spot.alias("spot"))
        with_spot = values.filter(published)
        self.spots += with_spot.height
        self.records.append(taken.records.with_columns(own_id(), pl.col("run") + before))
        self.numbers.append(
            values.select(pl.col("run") + before, "key", "value", "half", "primary", "spot")
        )
        ids = taken.records["id"][with_spot["run"]].alias("record_id")
        return with_spot.select(ROW, "spot").with_columns(ids)

    def _with_key(self, taken: _Taken) -> pl.DataFrame:
        kinds = taken.values.select(pl.col(KIND).unique())
        names = taken.kinds[kinds[KIND]]
        places = [self.keys.setdefault(row, len(self.keys)) for row in names.rows()]
        keys = kinds.with_columns(pl.Series("key", places, dtype=pl.UInt32))
        return taken.values.join(keys, on=KIND, how="left", maintain_order="left")

    def faults(self) -> pl.DataFrame:
        """BF705: what is published for a run is what its files give; the row of a fault is its spot."""
        if self._is_full and self._has_published:
            self.note = (
                f"only the first {sum(frame.height for frame in self.numbers):,} numbers of runs are remembered; "
                "later ones were not compared"
            )
        if not self.spots:
            return no_faults()
        records, numbers = pl.concat(self.records), pl.concat(self.numbers)
        published = numbers.filter(pl.col("spot").is_not_null())
        others = numbers.join(published, on="run", how="anti")
        named = records.join(others, on="run", how="semi").select(
            "suite", "execution", run_2="run", id_2="id"
        )
        recomputed = named.unique(["suite", "execution"], keep="first", maintain_order=True)
        pairs = (
            published.join(records, on="run", maintain_order="left")
            .join(recomputed, on=["suite", "execution"], maintain_order="left")
            .join(
                _as(others, "same", ["run", "key"]),
                left_on=["run_2", "key"],
                right_on=["run", "key"],
                how="left",
                maintain_order="left",
            )
            .join(
                _as(others.filter("primary"), "head", ["run"]).rename({"key": "head_key"}),
                left_on="run_2",
                right_on="run",
                how="left",
                maintain_order="left",
            )
            .join(self._names(""), on="key")
            .join(self._names("head_"), on="head_key", how="left")
        )
        return _disagreements(pairs)

    def _names(self, prefix: str) -> pl.DataFrame:
        """Return keys with their place, what a message calls them, and their unit as it stands behind a number."""
        names = []
        units = []
        for *parts, unit in self.keys:
            names.append("/".join(part for part in parts if part is not None))
            units.append(f" {unit}")
            if unit in (None, "1"):
                units[-1] = ""
        return pl.DataFrame(
            {
                f"{prefix}key": pl.Series(list(self.keys.values()), dtype=pl.UInt32),
                f"{prefix}name": pl.Series(names, dtype=pl.String),
                f"{prefix}unit": pl.Series(units, dtype=pl.String),
            }
        )


def _as(numbers: pl.DataFrame, name: str, key: list[str]) -> pl.DataFrame:
    """Return the first number of each key under names of their own."""
    first = numbers.unique(key, keep="first", maintain_order=True)
    return first.select(
        "run", "key", pl.col("value").alias(f"{name}_value"), pl.col("half").alias(f"{name}_half")
    )


def _disagreements(pairs: pl.DataFrame) -> pl.DataFrame:
    differs = pl.col("same_value").is_not_null() & ~_agree("same")
    elsewhere = pl.col("primary") & (pl.col("head_name") != pl.col("name"))
    moved = elsewhere & _agree("head")
    wrong = pairs.filter(differs | elsewhere).with_columns(differs=differs, moved=moved)
    value, same, head = (
        number(name) + pl.col(unit)
        for name, unit in (("value", "unit"), ("same_value", "unit"), ("head_value", "head_unit"))
    )
    what = pl.format("the published {} of {} is {}", pl.col("name"), pl.col("id"), value)
    message = (
        pl.when(pl.col("moved"))
        .then(
            pl.format("{}, the {} of {}, {}", what, pl.col("head_name"), pl.col("id_2"), head)
            + pl.when(pl.col("differs"))
            .then(pl.format("; its {} is {}", pl.col("name"), same))
            .otherwise(pl.lit(""))
        )
        .when(pl.col("differs"))
        .then(pl.format("{}; that of {} is {}", what, pl.col("id_2"), same))
        .otherwise(
            pl.format(
                "{}; the headline number of {} is {}, {}",
                what,
                pl.col("id_2"),
                pl.col("head_name"),
                head,
            )
        )
    )
    hint = "keep the number as it was published, and compare by the record of the run's files"
    rows = wrong.sort("spot").with_columns(
        pl.col("spot").alias(ROW), pl.col("id").alias("record_id")
    )
    return faults(rows, "measurements", "value", message, number("value"), hint)


def _agree(name: str) -> pl.Expr:
    """Say whether a value is the published one, as far as either was rounded."""
    other = pl.col(f"{name}_value")
    share = _SLACK * pl.max_horizontal(pl.col("value").abs(), other.abs())
    return (pl.col("value") - other).abs() <= pl.max_horizontal(
        share, pl.col("half") + pl.col(f"{name}_half")
    )
