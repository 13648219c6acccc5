"""A table that a thread reads ahead gives the same frames, bad rows and errors as one that is read when it is asked for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchfmt.limits import Limits
from benchfmt.readers.bad_rows import BadRow
from benchfmt.readers.tables import TableError, TextTable
from benchfmt.turns import made_ahead

_LIMITS = Limits(row_bytes=4_096)


def _read(path: Path, *, ahead: bool) -> tuple[list[tuple[int, str]], list[BadRow], str]:
    table = TextTable(path, limits=_LIMITS, frame_rows=100, reads_ahead=ahead)
    rows: list[tuple[int, str]] = []
    error = ""
    try:
        for frame, numbers in table.batches():
            rows += zip(numbers.tolist(), frame["a"].to_list(), strict=True)
    except TableError as raised:
        error = f"{raised.code} {raised}"
    return rows, list(table.bad_rows), error


@pytest.mark.parametrize("end", ["", "x" * 9_000 + ",1\n", '"never closed,1\n' + "a,1\n" * 5_000])
def test_what_is_read_ahead_is_what_is_read(tmp_path: Path, end: str) -> None:
    path = tmp_path / "t.csv"
    rows = [f"row {number},{number}" for number in range(5_000)]
    for place in (0, 7, 2_500, 4_999):
        rows[place] += ",too,many"
    path.write_text("a,b\n" + "\n".join(rows) + "\n" + end, "utf-8")
    read = _read(path, ahead=False)
    assert _read(path, ahead=True) == read
    assert len(read[0]) >= 4_000
    assert len(read[1]) >= 3
    assert bool(read[2]) == bool(end)


def test_no_thread_is_left_where_the_reading_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 20_000, "utf-8")
    batches = TextTable(path, limits=_LIMITS, frame_rows=100, reads_ahead=True).batches()
    next(batches)
    assert any(thread.name.startswith("benchfmt-read") for thread in threading.enumerate())
    batches.close()  # type: ignore[attr-defined]  # it is a generator
    assert not any(thread.name.startswith("benchfmt-read") for thread in threading.enumerate())


def test_one_item_is_made_ahead_and_no_further_one() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    for number in made_ahead(items()):
        assert len(made) <= number + 2
    assert made == list(range(5))


def test_what_making_an_item_raises_is_raised_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise TableError("BF103", "no more")

    ahead = made_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(TableError, match="no more"):
        next(ahead)


def test_the_hook_of_the_program_is_there_again_after_tables_were_read_side_by_side(
    tmp_path: Path,
) -> None:
    before = sys.unraisablehook
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 20_000, "utf-8")
    one = TextTable(path, limits=_LIMITS, reads_ahead=True).batches()
    other = TextTable(path, limits=_LIMITS, reads_ahead=True).batches()
    for _ in zip(one, other, strict=True):
        pass
    assert sys.unraisablehook is before
