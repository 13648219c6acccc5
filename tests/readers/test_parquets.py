"""Parquet files that would end the process, or let a reader take any memory, end with a fault of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.thrift import signed

from benchfmt.limits import LIMITS
from benchfmt.package.errors import ParquetError
from benchfmt.package.parquet import bounded_frames
from benchfmt.readers import parquets
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.parquet_footers import row_groups
from benchfmt.readers.parquet_opening import open_parquet
from benchfmt.readers.parquets import bounded_batches, groups_of
from benchfmt.readers.row_sizes import CELL, cell_sizes
from benchfmt.readers.sheets.parquet import ParquetTable
from benchfmt.readers.tables import TableError

TABLE = pa.table({"model": ["a", "b", None], "latency": [1.5, 2.5, None]})
STATISTICS = b"\x3c\x29\x06\x19\x26\x02\x04\x00\x00"
"""The end of the metadata of `latency`: statistics without repetition levels, and with two definition levels."""


def written(path: Path, table: pa.Table = TABLE, **options: object) -> Path:
    """Return a table as a file."""
    pq.write_table(table, path, **options)
    return path


def with_footer(path: Path, old: bytes, new: bytes) -> Path:
    """Write something else into a footer, once."""
    data = path.read_bytes()
    size = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - size : -8]
    assert old in footer
    changed = footer.replace(old, new, 1)
    path.write_bytes(data[: -8 - size] + changed + len(changed).to_bytes(4, "little") + b"PAR1")
    return path


def _frames(path: Path) -> object:
    return [frame.rows() for frame in bounded_frames(path)]


def _table(path: Path) -> object:
    return [frame.rows() for frame, _ in ParquetTable(path).batches()]


READERS = pytest.mark.parametrize("read", [_frames, _table])
Read = Callable[[Path], object]

WRONG = {
    "a histogram of repetition levels that is too long": (
        b"\x3c\x29\x26\x02\x04\x19\x26\x02\x04\x00\x00",
        "a histogram of column 'latency' has 2 levels",
    ),
    "a histogram of definition levels that is too short": (
        b"\x3c\x29\x06\x19\x16\x04\x00\x00",
        "a histogram of column 'latency' has 1 levels",
    ),
    "bytes of texts in a column of numbers": (
        b"\x3c\x16\x04\x19\x06\x19\x26\x02\x04\x00\x00",
        "column 'latency' counts the bytes of its texts",
    ),
    "a field that stands twice": (
        b"\x3c\x29\x06\x19\x26\x02\x04\x06\x06\x02\x00\x00",
        "field 3 stands after field 3",
    ),
    "an encrypted column": (
        STATISTICS + b"\x5c\x2c\x19\x18\x01\x61\x00\x00",
        "a column of it is encrypted",
    ),
}


@READERS
@pytest.mark.parametrize("wrong", WRONG)
def test_a_footer_that_ends_the_process_is_refused(tmp_path: Path, wrong: str, read: Read) -> None:
    new, reason = WRONG[wrong]
    path = with_footer(written(tmp_path / "t.parquet"), STATISTICS, new)
    with pytest.raises((ParquetError, TableError), match=reason) as raised:
        read(path)
    assert raised.value.code == "BF119"


def test_a_sound_footer_says_what_arrow_says(tmp_path: Path) -> None:
    rows = {"model": ["a", "b"] * 50, "n": range(100), "in": [{"x": 1.5, "y": "z"}, None] * 50}
    path = written(tmp_path / "t.parquet", pa.table(rows), row_group_size=7)
    metadata = pq.read_metadata(path)
    expected = []
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunks = []
        for place in range(metadata.num_columns):
            column = group.column(place)
            start = min(column.data_page_offset, column.dictionary_page_offset or 2**62)
            size = column.total_compressed_size
            chunks.append((start, start + size, column.num_values))
        expected.append((group.num_rows, chunks))
    groups = row_groups(path)
    assert [
        (group.rows, [(chunk.start, chunk.end, chunk.values) for chunk in group.chunks])
        for group in groups
    ] == expected


@READERS
def test_pages_that_say_more_values_than_there_are_are_not_read(tmp_path: Path, read: Read) -> None:
    path = written(tmp_path / "t.parquet", use_dictionary=False)
    data = path.read_bytes()
    header = b"\x2c\x15\x06\x15"  # of a page of data: 3 values
    assert data.count(header) == 2
    path.write_bytes(data.replace(header, b"\x2c\x15\x05\x15"))  # -3
    with pytest.raises((ParquetError, TableError), match="-3 of its 3 values"):
        read(path)


def test_columns_that_share_their_pages_are_not_walked_through_again_and_again(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "t.parquet", pa.table({"n": np.arange(1000)}), row_group_size=500)
    second = row_groups(path)[1].chunks[0]
    first = row_groups(path)[0].chunks[0]
    size = second.end - second.start
    assert size > 512
    with_footer(path, signed(size), signed(size * 2))
    with open_parquet(path) as file, pytest.raises(ValueError, match="larger than the file"):
        groups_of(path, file, ["n"], LIMITS)
    assert first.end <= second.start


def test_notes_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    table = TABLE.replace_schema_metadata({b"\xff\xfe": b"\xff"})
    path = written(tmp_path / "t.parquet", table)
    assert [batch.schema.metadata for batch in bounded_batches(path, ["model"], 10)] == [None]
    assert _table(path) == [[("a", "1.5"), ("b", "2.5"), ("", "")]]


def test_a_time_zone_that_is_none_is_a_fault_of_the_file(tmp_path: Path) -> None:
    at = pa.array([0], pa.timestamp("us", "U\x14C"))
    path = written(tmp_path / "t.parquet", pa.table({"measured_at": at}))
    with pytest.raises(ParquetError, match="time zone") as raised:
        _frames(path)
    assert raised.value.code == "BF119"


def test_a_table_with_lists_and_structures_is_read(tmp_path: Path) -> None:
    table = pa.table({"l": [["a"], None], "s": [{"x": "y"}, {"x": "z"}], "a.b": ["c", "d"]})
    path = written(tmp_path / "t.parquet", table)
    assert _table(path) == [[('["a"]', "y", "c"), ("", "z", "d")]]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [(b"\x16\x05", "a row group has -3 rows"), (b"\x16\x08", "3 rows, and its groups 4")],
)
def test_a_row_group_of_rows_that_cannot_be_is_refused(
    tmp_path: Path, rows: bytes, reason: str
) -> None:
    path = written(tmp_path / "t.parquet", TABLE.select([]).append_column("n", [[1, 2, 3]]))
    size = row_groups(path)[0].chunks[0]
    end = b"\x26\x08"  # file_offset of the group, which stands after its number of rows
    assert size.start == 4
    with_footer(path, b"\x16\x06" + end, rows + end)
    with open_parquet(path) as file, pytest.raises(ValueError, match=reason):
        groups_of(path, file, [], LIMITS)


def test_rows_without_columns_are_bounded(tmp_path: Path) -> None:
    path = written(tmp_path / "t.parquet")
    groups = b"\x19\x1c\x19"  # which stand after the number of rows
    with_footer(path, b"\x16\x06" + groups, b"\x16" + signed(2**61) + groups)
    with open_parquet(path) as file, pytest.raises(UnsafeError) as raised:
        groups_of(path, file, [], LIMITS)
    assert raised.value.code == "BF904"


def test_a_word_that_is_much_too_long_costs_the_file_before_it_is_unpacked(tmp_path: Path) -> None:
    word = "m" * (9 * LIMITS.row_bytes)
    path = written(tmp_path / "t.parquet", pa.table({"unit": [word]}), compression="zstd")
    with open_parquet(path) as file, pytest.raises(UnsafeError, match="a cell of 9,437,1"):
        groups_of(path, file, ["unit"], LIMITS)


def test_many_words_that_are_long_together_cost_nothing(tmp_path: Path) -> None:
    words = [f"{number:03}" + "m" * 2**16 for number in range(200)]
    table = pa.table({"unit": words * 2})
    path = written(tmp_path / "t.parquet", table, dictionary_pagesize_limit=2**30)
    with open_parquet(path) as file:
        groups = groups_of(path, file, ["unit"], LIMITS)
    assert [group.rows for group in groups] == [400]
    assert _frames(path) == [[(word,) for word in words * 2]]


def test_long_texts_beside_words_are_read_in_the_order_of_their_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquets, "_MOST_KEPT", 2**10)
    monkeypatch.setattr(parquets, "_TOGETHER", 2**14)
    monkeypatch.setattr(parquets, "AT_ONCE", 2**16)
    rows = 1_000
    table = pa.table(
        {
            "id": [f"r{number}" for number in range(rows)],
            "note": [f"{number:0300}" for number in range(rows)],
            "suite": ["a", "b"] * (rows // 2),
            "in": [{"x": number, "y": f"{number:0200}"} for number in range(rows)],
        }
    )
    limits = {"dictionary_pagesize_limit": 500, "write_batch_size": 50}
    path = written(tmp_path / "t.parquet", table, row_group_size=350, **limits)
    with open_parquet(path) as file:
        groups = groups_of(path, file, table.column_names)
    assert {"note", "in.y"} <= groups[0].written_out
    assert "suite" not in groups[0].written_out
    batches = list(bounded_batches(path, table.column_names, 100))
    assert max(batch.num_rows for batch in batches) <= 100
    assert [row for batch in batches for row in batch.to_pylist()] == table.to_pylist()


def test_row_groups_of_a_few_rows_are_read_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = range(90)
    notes = [None if row % 7 == 0 else f"note {row % 5}" for row in rows]
    lists = [["a"] * (row % 4) for row in rows]
    table = pa.table({"id": [f"r{row}" for row in rows], "note": notes, "list": lists})
    path = written(tmp_path / "t.parquet", table, row_group_size=2)
    [whole] = bounded_batches(path, table.column_names, 1_000)
    assert whole.to_pylist() == table.to_pylist()
    few = list(bounded_batches(path, table.column_names, 7))
    assert {batch.num_rows for batch in few} == {6}
    assert [row for batch in few for row in batch.to_pylist()] == table.to_pylist()
    monkeypatch.setattr(parquets, "_TOGETHER", 2**12)
    assert 1 < len(list(bounded_batches(path, table.column_names, 1_000))) < 45


WORD = "m" * 1_000
NESTED = {
    "lists": pa.array([[WORD] * 50] * 2_000),
    "structures": pa.array([{"x": WORD * 50, "y": 1}] * 2_000),
    "maps": pa.array([[(WORD, WORD)] * 25] * 2_000, pa.map_(pa.string(), pa.string())),
    "lists in structures": pa.array([{"x": [[WORD] * 25] * 2}] * 2_000),
}


@pytest.mark.parametrize("column", NESTED.values(), ids=NESTED)
def test_a_word_of_lists_and_structures_is_not_written_out_for_each_row(
    tmp_path: Path, column: pa.Array
) -> None:
    path = written(tmp_path / "t.parquet", pa.table({"c": column}))
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(UnsafeError) as raised:
        list(bounded_batches(path, ["c"], 2_000))
    assert raised.value.code == "BF904"
    assert pa.default_memory_pool().max_memory() - before < 2**23
    few = written(tmp_path / "few.parquet", pa.table({"c": column.slice(0, 5)}))
    rows = [row for batch in bounded_batches(few, ["c"], 2) for row in batch.to_pylist()]
    assert rows == pa.table({"c": column.slice(0, 5)}).to_pylist()


def test_cells_are_as_long_as_what_they_hold() -> None:
    lists = pa.array([["ab", None], None, [], ["abc"], ["a"] * 4]).slice(1)
    assert list(cell_sizes(lists)) == [0, 0, 3 + CELL, 4 + 4 * CELL]
    assert list(cell_sizes(pa.array([[1, 2], [3]]))) == [2 * CELL, CELL]
    words = pa.array(["ab", "ab", None, "c"]).dictionary_encode()
    assert list(cell_sizes(words)) == [2, 2, 0, 1]
    assert list(cell_sizes(pa.array([{"a": "xy", "b": [1]}, None]))) == [2 + 3 * CELL, 2 * CELL]


def test_lists_that_are_too_much_for_a_row_group_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquets, "_MOST_IN_LISTS", 2**10)
    table = pa.table({"c": [[float(number) for number in range(100)]] * 10})
    path = written(tmp_path / "t.parquet", table, use_dictionary=False)
    with pytest.raises(UnsafeError, match=r"'c\.list\.element' has lists of .* smaller row groups"):
        list(bounded_batches(path, ["c"], 100))


@pytest.mark.parametrize("name", ["note.long", "a.b.c", ".", "note"])
def test_a_long_cell_is_not_unpacked_whatever_its_column_is_called(
    tmp_path: Path, name: str
) -> None:
    long = "m" * (9 * LIMITS.row_bytes)
    path = written(tmp_path / "t.parquet", pa.table({"id": ["r1"], name: [long]}))
    with pytest.raises(UnsafeError, match="a cell of"):
        list(bounded_batches(path, ["id", name], 100))


@pytest.mark.parametrize("change", ["shorter", "longer"])
def test_columns_of_different_lengths_are_a_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(parquets, "_MOST_KEPT", 2**10)
    rows = 100
    texts = [f"{number:0300}" for number in range(rows)]
    table = pa.table({"id": list(range(rows)), "note": texts})
    limits = {"dictionary_pagesize_limit": 500, "write_batch_size": 10}
    path = written(tmp_path / "t.parquet", table, **limits)
    read = parquets._few_rows_together

    def uneven(*arguments: Any) -> list[pa.RecordBatch]:
        batches = list(read(*arguments))
        if change == "shorter":
            return [batches[0].slice(1), *batches[1:]]
        return [*batches, batches[-1].slice(0, 1)]

    monkeypatch.setattr(parquets, "_few_rows_together", uneven)
    with pytest.raises(pa.ArrowInvalid, match="same number of rows"):
        list(bounded_batches(path, ["id", "note"], 10))


def test_a_column_name_with_a_nul_is_a_fault_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "t.parquet", TABLE.append_column("un\0it", [["s", "s", "s"]]))
    with pytest.raises(ParquetError, match="a column name holds a NUL") as caught:
        list(bounded_frames(path))
    assert caught.value.code == "BF105"
