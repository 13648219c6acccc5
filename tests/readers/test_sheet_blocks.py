"""Sheets on which more stands than one table: the table is found by its range, and the rest is a question."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from benchfmt import convert
from benchfmt.drafting import Said
from benchfmt.drafting.draft import draft
from benchfmt.readers.sheets.blocks import layout

TABLE = [["model", "latency (ms)"], ["a", "1.5"], ["b", "2.5"], ["c", "3.5"]]


def grid(*blocks: tuple[int, int, list[list[str]]]) -> list[list[str]]:
    """Return rows with blocks of cells at their rows and columns, counted from 1."""
    height = max(row + len(block) for row, _, block in blocks) - 1
    width = max(column + len(block[0]) for _, column, block in blocks) - 1
    rows = [[""] * width for _ in range(height)]
    for row, column, block in blocks:
        for down, cells in enumerate(block):
            for right, cell in enumerate(cells):
                rows[row - 1 + down][column - 1 + right] = cell
    return rows


def save(path: Path, rows: list[list[str]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append([_typed(cell) for cell in row])
    book.save(path)


def _typed(cell: str) -> str | float | None:
    try:
        return float(cell)
    except ValueError:
        return cell or None


LEGEND = [["GPU", "Orin"], ["runs", "100"]]
CASES: dict[str, tuple[list[list[str]], str | None, str]] = {
    "the table alone": (grid((1, 1, TABLE)), None, ""),
    "a title above": (grid((1, 1, [["Edge results"]]), (3, 1, TABLE)), None, ""),
    "names and values above": (grid((1, 1, LEGEND), (4, 1, TABLE)), "A4:B7", "A1:B2 ('GPU')"),
    "a legend beside it": (grid((1, 1, TABLE), (1, 4, LEGEND)), "A1:B4", "D1:E2 ('GPU')"),
    "a remark below": (
        grid((2, 2, TABLE), (7, 2, [["measured in March, with all of the fans on"]])),
        "B2:C5",
        "B7 ('measured in March, with all of...')",
    ),
    "two tables below each other": (
        grid((1, 1, TABLE), (6, 1, [["model", "power"], ["a", "9"]])),
        "A1:B4",
        "A6:B7 ('model')",
    ),
    "two tables beside each other": (
        grid((1, 1, TABLE), (1, 4, TABLE)),
        "A1:B4",
        "D1:E4 ('model')",
    ),
    "a gap in the rows": (grid((1, 1, TABLE), (6, 1, [["d", "4.5"]])), None, ""),
    "an empty column": (grid((1, 1, TABLE), (1, 4, [["n"], ["1"], ["1"], ["1"]])), None, ""),
}


@pytest.mark.parametrize(("rows", "area", "other"), CASES.values(), ids=CASES)
def test_the_largest_block_is_the_table(
    rows: list[list[str]], area: str | None, other: str
) -> None:
    found = layout(rows)
    assert found is not None
    assert (found.table.range if found.is_range else None) == area
    if area is not None:
        assert other in found.note(rows)


@pytest.mark.parametrize(("rows", "area", "other"), CASES.values(), ids=CASES)
def test_a_sheet_is_described_and_read_by_the_range_of_its_table(
    rows: list[list[str]], area: str | None, other: str, tmp_path: Path
) -> None:
    save(tmp_path / "t.xlsx", rows)
    made = draft(tmp_path / "t.xlsx", "lab:x", Said())
    (tmp_path / "datapackage.json").write_text(json.dumps(made.descriptor))
    dialect = json.loads(json.dumps(made.descriptor))["resources"][0].get("dialect", {})
    assert dialect.get("range") == area
    assert any("is taken for the table (`range`)" in note for note in made.notes) == (
        area is not None
    )
    values = [record.measurements[0].value for record in convert(tmp_path) if record.measurements]
    assert values[:3] == [0.0015, 0.0025, 0.0035]
    assert len(values) == (4 if rows[-1][0] == "d" else 3)
