"""Faults that only several portions together show: one system under two ids, and one execution with two outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import polars as pl

from benchfmt.checks.check import Check
from benchfmt.checks.frames import ROW, Frames, faults, no_faults, number
from benchfmt.checks.keeping import MOST_KNOWN, Kept
from benchfmt.checks.kinds import KIND
from benchfmt.finding import Severity
from benchfmt.identity import PLACED_PREFIX, SYSTEM_PREFIX
from benchfmt.rowhash import SEED, row_hashes
from benchfmt.tables import COLUMNS

_NAMES = ("name", "processor_name", "accelerator_name")
_FACTS = [item.name for item in COLUMNS["systems"] if item.name != "id"]
_OF_CHIPS = [name for name in _FACTS if name.startswith(("processor", "accelerator"))]
_OF_PROVENANCE = {
    "id",
    "status_detail",
    "submitter",
    "measured_at",
    "license",
    "url",
    "source_path",
    "source_sha256",
    "source_locator",
    "sources",
    "converter",
    "converter_version",
    "verification",
    "extensions",
}
_CONTEXT = [item.name for item in COLUMNS["records"] if item.name not in _OF_PROVENANCE]
"""What tells records of one execution apart, the execution itself among it."""
_OF_CONTRADICTION = [
    "record_id",
    "metric",
    "value",
    "unit",
    "execution",
    "first",
    "context",
    "key",
]
_NUMBERS_NOTE = (
    f"only the first {MOST_KNOWN:,} numbers of executions are remembered; "
    "later ones were compared with these alone"
)
_OF_MEASUREMENT = ["metric", "statistic", "stage", "per", "scope", "unit"]


class Systems:
    """The systems of all portions: the first id under which each set of facts was seen."""

    def __init__(self) -> None:
        """Start without any system."""
        self.take = _new_systems
        self._ids: dict[int, str] = {}
        self._seen: set[str] = set()
        self._found = Kept(["id", "other"])
        self.more = 0
        self.note: str | None = None

    def add(self, frames: Frames) -> pl.DataFrame:
        """Take the systems of a portion; returns those that are known under another id."""
        return self.merge(self.take(frames))

    def merge(self, systems: pl.DataFrame | None) -> pl.DataFrame:
        """Take the systems of a portion, None for those of an earlier one; returns those that are known under another id."""
        if systems is None:
            return pl.DataFrame()
        new = systems.filter(
            ~pl.col("id").is_in(pl.Series(list(self._seen), dtype=pl.String).implode())
        )
        if not new.height:
            return new
        if len(self._seen) > MOST_KNOWN:
            self.note = f"only the first {MOST_KNOWN:,} systems were compared with each other"
            return new.clear()
        self._seen |= set(new["id"])
        compared = new.filter(_is_compared())
        plain = pl.col("name").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")
        hashes = row_hashes(compared.with_columns(plain), _FACTS).to_list()
        others = []
        for name, facts in zip(compared["id"].to_list(), hashes, strict=True):
            first = self._ids.setdefault(facts, name)
            others.append(first if first != name else None)
        alike = compared.with_columns(pl.Series("other", others, dtype=pl.String))
        alike = alike.filter(pl.col("other").is_not_null())
        kept = self._found.first_of(alike)
        self.more += alike.height - kept.height
        return kept

    def faults(self) -> pl.DataFrame:
        """BF138: systems that are one under two ids."""
        if not self._found.count:
            return no_faults()
        found = self._found.all().with_row_index(ROW)
        message = pl.format("the system {} has all facts of {}", pl.col("id"), pl.col("other"))
        hint = "keep one of the two and use its id everywhere, or say what tells them apart"
        return faults(found, "systems", "id", message, pl.col("id"), hint)


def _new_systems(frames: Frames) -> pl.DataFrame | None:
    """Return the systems of a portion; None where they came with an earlier one."""
    if not frames.has_new_systems:
        return None
    return frames.systems


def _is_compared() -> pl.Expr:
    """Return whether a system is one that others can be equal to."""
    name = pl.col("id")
    is_named = pl.any_horizontal(pl.col(name).is_not_null() for name in _NAMES)
    # A description without chips could be any machine's: its generated id follows from its source (`identity.system_id`).
    is_any = name.str.starts_with(SYSTEM_PREFIX) & pl.all_horizontal(
        pl.col(name).is_null() for name in _OF_CHIPS
    )
    return is_named & ~is_any & ~name.str.starts_with(PLACED_PREFIX)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers of executions in a portion: some thirty bytes each, and once what they have in common."""

    measured: pl.DataFrame
    """Of each `ROW`, `value`, `key`, and where in the other two frames the rest of it stands."""
    derived: pl.Series
    """The keys of numbers that a summary derives."""
    records: pl.DataFrame
    kinds: pl.DataFrame

    def whole(self, measured: pl.DataFrame) -> pl.DataFrame:
        """Return some of the numbers with all that is known of them."""
        of_records = self.records[measured["record"]]
        return measured.hstack(
            [*of_records.iter_columns(), *self.kinds[measured[KIND]].iter_columns()]
        )


def _numbers_of_executions(seed: int, frames: Frames) -> _Numbers | None:
    """Return the numbers of executions in a portion, with hashes of a seed; None where it names no execution."""
    if not frames.has_cell("records", "execution"):
        return None
    is_named = pl.col("execution").is_not_null() & (pl.col("status") == "ok")
    named = frames.records.filter(is_named)
    if not named.height:
        return None
    records = named.select(
        pl.col("id").alias("record_id"),
        "execution",
        row_hashes(named, _CONTEXT, seed).alias("context"),
    ).with_row_index("record")
    with_value = frames.measured(pl.col("value").is_not_null())
    numbers = with_value.join(
        records.select("record_id", "context", "record"),
        on="record_id",
        how="inner",
        maintain_order="left",
    )
    keys = row_hashes(numbers, [*_OF_MEASUREMENT, "context"], seed)
    numbers = numbers.with_columns(keys.alias("key"))
    measured = numbers.filter(pl.col("basis") == "measured")
    return _Numbers(
        measured.select(ROW, "value", "key", "record", KIND),
        numbers.filter(pl.col("basis") == "derived")["key"],
        records.drop("record"),
        frames.of_kind.select("metric", "unit"),
    )


class Executions:
    """The measured numbers of executions: the first value that was seen for each."""

    def __init__(self) -> None:
        """Start without any number."""
        self.take = partial(_numbers_of_executions, SEED)
        self._known = pl.DataFrame(schema={"key": pl.UInt64, "first": pl.Float64})
        self._derived: set[int] = set()
        """The numbers that a summary derives: those of the other records are of repeats, which differ."""
        self._found = Kept(_OF_CONTRADICTION)
        self._others: list[pl.DataFrame] = []
        """Execution and number of what contradicts beyond those: sixteen bytes each."""
        self.more = 0
        self.note: str | None = None

    def add(self, frames: Frames) -> pl.DataFrame:
        """Take the numbers of a portion; returns those for which another value is known."""
        return self.merge(self.take(frames))

    def merge(self, numbers: _Numbers | None) -> pl.DataFrame:
        """Take the numbers that a portion has; returns those for which another value is known."""
        if numbers is None:
            return pl.DataFrame()
        if len(self._derived) < MOST_KNOWN:
            self._derived |= set(numbers.derived)
        elif numbers.derived.len():
            self.note = _NUMBERS_NOTE
        measured = self._with_first(numbers.measured)
        contradictory = numbers.whole(measured.filter(pl.col("first") != pl.col("value")))
        kept = self._found.first_of(contradictory)
        rest = contradictory.slice(kept.height)
        if rest.height:
            self._others.append(rest.select("context", "key"))
        return kept

    def _with_first(self, numbers: pl.DataFrame) -> pl.DataFrame:
        """Return numbers with the value that was seen first for each, and remember those of new ones."""
        joined = numbers.join(self._known, on="key", how="left", maintain_order="left")
        of_portion = pl.col("value").first().over("key")
        joined = joined.with_columns(pl.coalesce("first", of_portion))
        if self._known.height < MOST_KNOWN:
            seen = pl.concat([self._known, joined.select("key", "first")])
            self._known = seen.unique("key", keep="first", maintain_order=True)
        elif numbers.height:
            self.note = _NUMBERS_NOTE
        return joined

    def faults(self) -> pl.DataFrame:
        """BF526: numbers of one execution that contradict each other."""
        if not self._found.count:
            return no_faults()
        kept = self._found.all().with_row_index(ROW)
        derived = pl.Series(list(self._derived), dtype=pl.UInt64)
        both = pl.concat([kept.select("context", "key"), *self._others])
        is_repeated = both.select(
            pl.col("key").is_in(derived.implode()).any().over("context")
        ).to_series()
        found = kept.filter(~is_repeated.head(kept.height))
        self.more = is_repeated.len() - int(is_repeated.sum()) - found.height
        message = pl.format(
            "{} is {}; another record of the execution {} says {}",
            pl.col("metric"),
            number("value"),
            pl.col("execution"),
            number("first"),
        )
        hint = "give each execution an id of its own, or say what tells the two records apart"
        return faults(found, "measurements", "value", message, number("value"), hint)


CHECKS = (
    Check(
        code="BF138",
        severity=Severity.WARNING,
        title="A system is described under one id",
        table="systems",
        gather=Systems,
    ),
    Check(
        code="BF526",
        severity=Severity.WARNING,
        title="Records of one execution do not contradict each other",
        table="measurements",
        gather=Executions,
    ),
)
