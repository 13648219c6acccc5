"""Rows that are looked up by their numbers are those that a reader of CSV gives, wherever blocks end."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import examples

from benchfmt.limits import LIMITS, Limits
from benchfmt.validation import table_rows
from benchfmt.validation.table_rows import rows_at

_PIECES = ["a", "b,", '"', '""', "\n", "\r\n", "\r", "\n\n", '"x\ny"', "é", ',"q",', "a,b", "c\n"]


def _as_csv(path: Path) -> list[tuple[str, int]]:
    """Return the text and the line of each row, as Python's reader of CSV has them."""
    read: list[str] = []
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(read.append(line) or line for line in file)
        before = 0
        for cells in reader:
            if cells:
                rows.append(("".join(read).rstrip("\r\n"), before + 1))
            read.clear()
            before = reader.line_num
    return rows


@examples(100)
@given(st.lists(st.sampled_from(_PIECES), max_size=30), st.sampled_from([1, 7, 20, 64]))
def test_rows_have_the_texts_and_lines_that_a_reader_of_csv_gives(
    pieces: list[str], size: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_rows, "_BLOCK", size)
        path = Path(folder, "t.csv")
        path.write_text("".join(pieces), "utf-8", newline="")
        expected = _as_csv(path)
        found = list(rows_at(path, range(len(expected)), LIMITS))
    assert [row.number for row in found] == list(range(len(expected)))
    assert [(row.text.rstrip("\r\n"), row.line) for row in found] == expected


def test_a_line_that_is_too_long_is_not_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_rows, "_BLOCK", 100)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "x" * 5_000 + "\n", "utf-8")
    with pytest.raises(ValueError, match="too long"):
        list(rows_at(path, [0, 1, 2], Limits(row_bytes=100)))
