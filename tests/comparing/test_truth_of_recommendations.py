"""`coverage` and `recommend` on real results, held against the tables that these came from and against the pairwise rules."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

from benchfmt.comparing.answering import CHOICE
from benchfmt.comparing.coverage import coverage
from benchfmt.comparing.recommending import recommend
from benchfmt.comparing.wishes import limit
from benchfmt.comparison.pairs import compared, rows_of
from benchfmt.comparison.verdict import Verdict
from benchfmt.conversion import convert
from benchfmt.package import Package, open_package

LPDNN = Path(__file__).parents[2] / "examples" / "lpdnn"
CLASSES = ("imagenet_jetson-nano2", "imagenet_rpi4", "imagenet_x86-64-nuc")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Package]:
    folder = tmp_path_factory.mktemp("lpdnn") / "package"
    convert(LPDNN).write(folder)
    with open_package(folder) as opened:
        yield opened


def table(name: str) -> list[dict[str, str]]:
    with (LPDNN / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_fits_is_what_a_reader_of_the_tables_finds(package: Package) -> None:
    found = recommend(
        package,
        "image-classification",
        [limit("latency=50ms", "max"), limit("accuracy=70%", "min")],
    )
    expected: Counter[tuple[float, float]] = Counter()
    for name in CLASSES:
        for row in table(name):
            latency, accuracy = float(row["LATENCY"]), float(row["QUALITY_VALUE"])
            if latency <= 50 and accuracy >= 70:
                expected[latency, accuracy] += 1
    rows = [row for ranking in found.rankings for row in ranking.rows]
    shown = Counter(
        (
            round(row.values["latency__end_to_end__sample"] * 1000, 6),
            round(row.values["accuracy"] * 100, 6),
        )
        for row in rows
    )
    assert expected.total() == 8
    assert shown == expected


def test_cells_have_as_many_records_as_the_tables_have_rows(package: Package) -> None:
    found = coverage(package)
    cells = {(cell.system, cell.benchmark): cell.records for cell in found.cells}
    for name in CLASSES:
        benchmark, _, system = name.partition("_")
        assert cells[system, benchmark] == len(table(name))


def test_rows_that_are_ranked_together_are_comparable_two_by_two(package: Package) -> None:
    found = recommend(
        package,
        "image-classification",
        [limit("latency=60ms", "max"), limit("accuracy=55%", "min")],
    )
    (ranking,) = found.rankings
    frames = [
        pl.DataFrame(pl.from_arrow(package.table(name)))
        for name in ("records", "measurements", "systems")
    ]
    by_id = {rows.record["id"]: rows for rows in rows_of(*frames)}
    pairs = list(combinations(ranking.rows[:12], 2))
    assert len(pairs) == 66
    for one, other in pairs:
        verdicts = {
            answer.left["metric"]: answer.verdict
            for answer in compared(by_id[one.record], by_id[other.record], CHOICE)
            if answer.left["stage"] in ("end-to-end", None)
        }
        assert verdicts["latency"] <= Verdict.WITH_CAVEATS
        assert verdicts["accuracy"] <= Verdict.WITH_CAVEATS
