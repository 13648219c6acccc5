"""Rows that a table cannot take, many of them: they are counted, and cost about what others do."""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from benchfmt.readers import tables
from benchfmt.readers.bad_rows import BadRow, BadRows
from benchfmt.readers.sheets import Dialect, open_table
from benchfmt.readers.sheets.storage import Storage
from benchfmt.readers.tables import TableError, TextTable

ROWS = 50_000
HEADER = "record_id,metric,value\n"


def seconds(path: Path) -> tuple[float, int, int]:
    """Return the processor time of reading a table, and how many of its rows are good and bad."""
    table = TextTable(path)
    begin = time.process_time()
    good = sum(frame.height for frame, _ in table.batches())
    return time.process_time() - begin, good, len(table.bad_rows)


def test_a_bad_row_costs_about_what_a_good_one_does(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(HEADER + "r1,latency,0.0089\n" * 10 * ROWS)
    bad.write_text(HEADER + "r1,latency,0.0089,x\n" * ROWS)
    assert seconds(good)[1:] == (10 * ROWS, 0)
    assert seconds(bad)[1:] == (0, ROWS)
    of_good = min(seconds(good)[0] for _ in range(3))
    of_bad = min(seconds(bad)[0] for _ in range(3))
    # Where Python begins anew for each row that a thread of Arrow's hands over, it is some 30 times as much.
    assert of_bad < 7 * of_good


def test_a_thread_of_pythons_keeps_its_state_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    monkeypatch.setattr(tables.ctypes.pythonapi, "PyGILState_Ensure", lambda: kept.append(1))
    tables._keep_state(threading.get_ident())
    assert kept == []
    tables._keep_state(-1)
    assert kept == [1]


BY_ROWS = Dialect(skip_initial_space=True)
CLOSED = ['"b\nc"', '"b\nc"\n', '"b\n"\n', '"\n"\r\n', '"b""\n"""\n', '"b\nc" \n', 'b"c\n', "b\n"]
OPEN = ['"b\n', '"b\nc,d', '"b\n3,c\n', '"b\n3,""\n']


@pytest.mark.parametrize("dialect", [Dialect(), BY_ROWS])
@pytest.mark.parametrize("end", CLOSED)
def test_a_last_cell_of_several_lines_is_read(tmp_path: Path, end: str, dialect: Dialect) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f"a,b\n1,x\n2,{end}".encode())
    frames = [frame for frame, _ in open_table(path, Storage(), dialect).batches()]
    assert sum(frame.height for frame in frames) == 2


@pytest.mark.parametrize("dialect", [Dialect(), BY_ROWS])
@pytest.mark.parametrize("end", ["3\n", "3,c,d\n", '"3"', '3,"c",d'])
def test_a_bad_row_behind_a_cell_of_several_lines_is_one_bad_row(
    tmp_path: Path, end: str, dialect: Dialect
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f'a,b\n1,x\n2,"b\nc"\n{end}'.encode())
    table = open_table(path, Storage(), dialect)
    assert sum(frame.height for frame, _ in table.batches()) == 2
    assert [bad.row for bad in table.bad_rows] == [3]


@pytest.mark.parametrize("dialect", [Dialect(), BY_ROWS])
@pytest.mark.parametrize("end", OPEN)
def test_rows_lost_in_an_open_quote_are_told(tmp_path: Path, end: str, dialect: Dialect) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f"a,b\n1,x\n2,{end}".encode())
    with pytest.raises(TableError, match="a quote in the last row is never closed"):
        list(open_table(path, Storage(), dialect).batches())


def test_rows_lost_in_an_open_quote_of_a_packed_table_are_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(f"a,b\n1,x\n2,{OPEN[0]}".encode()))
    with pytest.raises(TableError, match="never closed"):
        list(open_table(path, Storage(compression="gz"), Dialect()).batches())


def test_bad_rows_are_given_as_they_were_met() -> None:
    met = [BadRow(3, 2, 1), BadRow(5, 2, 9, open_quote=True), BadRow(4, 2, 0, reason="no object")]
    rows = BadRows()
    for row in met:
        rows.append(row)
    assert list(rows) == met
    assert list(rows[1:]) == met[1:]
    assert rows[-1] == met[-1]
    assert rows.numbers().tolist() == [3, 5, 4]
    rows.clear()
    assert not rows


def test_a_bad_row_takes_few_bytes() -> None:
    rows = BadRows()
    tracemalloc.start()
    for row in range(10_000):
        rows.append(BadRow(row, 2, 1))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 40 * len(rows)
