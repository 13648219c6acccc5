"""What a page shows of a package: counts, the matrix of coverage, groups that compare, and where each number is from.

Memory is bounded by a batch, by some bytes for each result, and by what is shown of the groups of a portion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from benchfmt.comparing.called import system_names
from benchfmt.comparing.coverage import Coverage, coverage
from benchfmt.comparing.groups import Group, Groups, Line, Ranked, rank
from benchfmt.comparison.questions import question
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.pages.nearest import differences, with_differences
from benchfmt.pages.origins import origins
from benchfmt.pages.provenance import Row
from benchfmt.record import KEY_FIELDS
from benchfmt.rowhash import text_hashes
from benchfmt.validation.report import Report

_LINES = (1_000, 500, 250, 120, 60)
"""So many results of a group are shown, the first for which a page has room; the others are counted."""
RESULTS = 3_000
"""So many results in groups stand on a page: then it is some megabytes at most."""
_OF_RECORD = 2_000
"""So many measurements of a record are in memory beside those that are shown: a page has no room for more."""
_IN_MEMORY = 2**17
"""So many measurements are in memory; once there are, `_LEAST` of each further record."""
_LEAST = 40
LONE = 60
"""So many records that stand in no group are shown."""
_REPRESENTED = "another result of the same execution stands for it"
_OF_RECORDS = (
    "id",
    "suite",
    "suite_version",
    "benchmark",
    "task",
    "model",
    "model_version",
    "system_id",
    "engine",
    "engine_version",
    "precision",
    "batch_size",
    "status",
    "submitter",
    "measured_at",
    "license",
    "url",
    "execution",
    "source_path",
    "source_sha256",
    "source_locator",
    "sources",
    "converter",
    "converter_version",
)
_OF_MEASUREMENTS = (
    "record_id",
    *KEY_FIELDS,
    "primary",
    "value",
    "unit",
    "basis",
    "missing",
    "caveats",
    "n",
    "stddev",
    "ci",
    "samples",
    "reported_value",
    "reported_unit",
    "source_path",
    "source_locator",
)


Number = tuple[object, ...]
_WHAT = (*KEY_FIELDS, "unit", "value")


def number_of(record_id: str, row: Mapping[str, object]) -> Number:
    """Return by what the measurement of a record is found that a line shows."""
    return (record_id, *(row[name] for name in _WHAT))


@dataclass(frozen=True)
class ShownGroup:
    """A group, and those of its results that are shown."""

    group: Group
    lines: list[Line]

    @property
    def left(self) -> int:
        """How many results are counted only."""
        return self.group.results - len(self.lines)


@dataclass(frozen=True)
class Lone:
    """The records that stand in no group, as far as they are shown."""

    ids: list[str]
    left: int
    """How many others there are."""
    names: Mapping[str, str]
    """The names of their systems, by id."""
    reasons: Mapping[str, str]
    """Why each of them is in no group, as far as its primary number has a value."""


@dataclass(frozen=True)
class Portion:
    """Some of the groups, with all that is known of the results that are shown of them."""

    groups: list[ShownGroup]
    lone: Lone | None
    """None where not all groups are known, and on all portions but the first."""
    records: Mapping[str, Row]
    """The records of the results that are shown, by id."""
    measurements: Mapping[str, list[Row]]
    """The measurements of these records, in their order."""
    numbers: Mapping[Number, Row]
    """The measurements that lines show, by what they are (`number_of`)."""
    crowded: frozenset[str] = frozenset()
    """The records of which only the first measurements are there, and those that lines show."""


@dataclass(frozen=True)
class Content:
    """What pages show of a whole package, before it is words; its groups are told portion by portion."""

    package: Package
    about: Mapping[str, str]
    """Title, description, version and licence of the package, as far as it says them."""
    name: str
    origins: list[tuple[str, str]]
    """Who measured, when, and whom to ask."""
    coverage: Coverage
    ranked: Ranked | None
    """None where no measurement has a value."""
    found: Groups | None
    """The counts of all groups; None where no measurement has a value."""
    groups: int
    """How many groups are shown."""
    lines: int
    """So many results of each are shown at most."""
    report: Report | None

    @property
    def shown(self) -> list[int]:
        """How many results are shown of each group that is shown."""
        if self.ranked is None:
            return []
        return [min(size, self.lines) for size in self.ranked.sizes[: self.groups]]

    def portion(self, some: range) -> Portion:
        """Return some groups; what stands in no group goes with the first of them."""
        groups: list[Group] = []
        if self.ranked is not None:
            groups = self.ranked.filled(some, every_result=True)
        shown = [ShownGroup(group, group.lines[: self.lines]) for group in groups]
        lone = None
        if some.start == 0:
            lone = _lone(self.package, self)
        ids = {line.record_id for group in shown for line in group.lines}
        if lone is not None:
            ids.update(lone.ids)
        rows = _rows(self.package, "records", "id", _OF_RECORDS, ids)
        records = {row["id"]: row for row in rows}
        wanted = {number_of(line.record_id, line.row) for group in shown for line in group.lines}
        held = _Held(wanted)
        for row in _rows(self.package, "measurements", "record_id", _OF_MEASUREMENTS, ids):
            held.take(row)
        return Portion(
            shown, lone, records, held.measurements, held.numbers, frozenset(held.crowded)
        )


class _Held:
    """Measurements of records that are shown, as many as memory has room for, and those that lines show."""

    def __init__(self, wanted: Collection[Number]) -> None:
        self.measurements: dict[str, list[Row]] = {}
        self.numbers: dict[Number, Row] = {}
        self.crowded: set[str] = set()
        self._wanted = wanted
        self._met: set[tuple[str, bool | None]] = set()
        self._count = 0

    def take(self, row: Row) -> None:
        """Take the next measurement."""
        record_id = row["record_id"]
        rows = self.measurements.setdefault(record_id, [])
        number = number_of(record_id, row)
        if number in self._wanted:
            self.numbers.setdefault(number, row)
        has_room = len(rows) < (_OF_RECORD if self._count < _IN_MEMORY else _LEAST)
        if has_room or self._is_first(row):
            rows.append(row)
            self._count += 1
        if row["value"] is not None:
            self._met.add((record_id, row["primary"]))
        if not has_room:
            self.crowded.add(record_id)

    def _is_first(self, row: Row) -> bool:
        """Whether a row is the first number of its record, or the first primary one: one in no group is known by it."""
        kind = (row["record_id"], row["primary"])
        return row["value"] is not None and kind not in self._met


def gather(
    package: Package, report: Report | None, most: int | None, results: int = RESULTS
) -> Content:
    """Return what pages show, with at most so many groups; raises BenchfmtError.

    Where there are few, more results of each have room: `results` in all.
    """
    covered = coverage(package)
    ranked = found = None
    number = 0
    if covered.metrics:
        ranked = rank(package, question())
        found = ranked.counted([])
        number = found.compared if most is None else min(most, found.compared)
    return Content(
        package=package,
        about=_about(package),
        name=package.descriptor.title or package.descriptor.name or package.root.name,
        origins=origins(package),
        coverage=covered,
        ranked=ranked,
        found=found,
        groups=number,
        lines=_lines([] if ranked is None else ranked.sizes[:number], results),
        report=report,
    )


def _lines(sizes: Sequence[int], results: int) -> int:
    """Return how many results of each group are shown, so that all have room."""
    for lines in _LINES:
        if sum(min(size, lines) for size in sizes) <= results:
            return lines
    return _LINES[-1]


def _lone(package: Package, content: Content) -> Lone | None:
    """Return the first records of which no result is in a group."""
    found, ranked = content.found, content.ranked
    if found is None or ranked is None or found.compared > content.groups:
        return None
    grouped = ranked.records.implode()
    ids: list[str] = []
    total = 0
    for frame in package.frames("records", ("id",)):
        others = frame["id"].filter(~text_hashes(frame["id"]).is_in(grouped))
        total += others.len()
        ids.extend(others.head(LONE - len(ids)))
    names = system_names(pl.DataFrame(pl.from_arrow(package.table("systems"))))
    reasons = dict(zip(ids, _reasons(ranked, ids), strict=True))
    alone = [record_id for record_id, reason in reasons.items() if reason != _REPRESENTED]
    reasons = with_differences(reasons, differences(package, alone))
    return Lone(ids, total - len(ids), names, reasons)


def _reasons(ranked: Ranked, ids: list[str]) -> Iterator[str]:
    """Yield why records are in no group."""
    for number in text_hashes(pl.Series(ids, dtype=pl.String)):
        if number in ranked.unaccompanied:
            yield "no other result compares"
        elif number in ranked.represented:
            yield _REPRESENTED
        else:
            yield "it does not state all by which it would be compared"


def one_record(package: Package, record_id: str) -> tuple[Row, list[Row]]:
    """Return a record and its measurements; raises BenchfmtError where the package has none of this id."""
    record = next(_rows(package, "records", "id", _OF_RECORDS, {record_id}), None)
    if record is None:
        raise BenchfmtError(f"{package.root} has no record {record_id!r}")
    rows = _rows(package, "measurements", "record_id", _OF_MEASUREMENTS, {record_id})
    return record, list(rows)


def _about(package: Package) -> dict[str, str]:
    descriptor = package.descriptor
    said = {
        "description": getattr(descriptor, "description", None),
        "version": getattr(descriptor, "version", None),
        "licence": _licence(package),
    }
    return {name: str(text) for name, text in said.items() if text}


def _licence(package: Package) -> str | None:
    licences = getattr(package.descriptor, "licenses", None) or []
    names = [licence.get("name") for licence in licences if isinstance(licence, dict)]
    return ", ".join(str(name) for name in names if name) or None


def _rows(
    package: Package, table: str, key: str, columns: Collection[str], ids: Collection[str]
) -> Iterator[Row]:
    """Yield the rows of some records."""
    if not ids:
        return
    wanted = pl.DataFrame({key: list(ids)}, schema={key: pl.String})
    for frame in package.frames(table, columns):
        own = frame.join(wanted, on=key, how="semi", maintain_order="left")
        yield from own.iter_rows(named=True)
