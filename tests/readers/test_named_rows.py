"""Texts of several blocks: one of them as a table, or all of them as one row of named values."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchfmt.readers.sheets import Dialect, Storage, open_table
from benchfmt.readers.tables import TableError

REPORT = "Metric,avg,p99\nTime,1.5,\nRate,2,3\n\n\nMetric,Value\nRate,7\nCount,8\nCount,9\n"


def rows(folder: Path, text: str, dialect: Dialect) -> list[dict[str, str]]:
    path = folder / "report.csv"
    path.write_text(text, "utf-8")
    table = open_table(path, Storage("csv"), dialect)
    return [row for frame, _ in table.batches() for row in frame.to_dicts()]


def test_named_rows_are_one_row(tmp_path: Path) -> None:
    assert rows(tmp_path, REPORT, Dialect(row_names=True)) == [
        {
            "Time/avg": "1.5",
            "Rate/avg": "2",
            "Rate/p99": "3",
            "Rate/Value": "7",
            "Count/Value": "8",
            "Count (2)/Value": "9",
        }
    ]


def test_a_named_row_is_no_longer_than_its_names(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="'Time' has 3 cells below 2 names"):
        rows(tmp_path, "Metric,avg\nTime,1,2\n", Dialect(row_names=True))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (
            1,
            [
                {"Metric": "Time", "avg": "1.5", "p99": ""},
                {"Metric": "Rate", "avg": "2", "p99": "3"},
            ],
        ),
        (
            2,
            [
                {"Metric": "Rate", "Value": "7"},
                {"Metric": "Count", "Value": "8"},
                {"Metric": "Count", "Value": "9"},
            ],
        ),
    ],
)
def test_a_block_of_lines_is_a_table(
    number: int, expected: list[dict[str, str]], tmp_path: Path
) -> None:
    assert rows(tmp_path, REPORT, Dialect(sheet_number=number)) == expected


def test_a_block_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="is empty"):
        rows(tmp_path, REPORT, Dialect(sheet_number=3))
