"""Parquet that unpacks to far more than it is, or says of itself what is not so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.hostile.specimens import add, annotated, described, edited, package, specimen
from tests.thrift import signed

Cells = Any
_WORDS = {
    "record_id": "r1",
    "metric": "latency",
    "stage": "end-to-end",
    "per": "sample",
    "unit": "s",
    "basis": "measured",
}


def _one_word(word: str, rows: int) -> Cells:
    indices = pa.array(np.zeros(rows, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array([word], pa.large_string()))


def _measurements(rows: int, **cells: Cells) -> pa.Table:
    columns: dict[str, Cells] = {name: _one_word(word, rows) for name, word in _WORDS.items()}
    columns["value"] = pa.array(np.full(rows, 0.5))
    return pa.table({**columns, **cells})


def _package(folder: Path, table: pa.Table, **options: Any) -> Path:
    """Write a package whose measurements are a Parquet file of one row group."""
    package(folder)
    (folder / "measurements.csv").unlink()
    pq.write_table(
        table, folder / "measurements.parquet", row_group_size=2**26, compression="zstd", **options
    )
    paths = {"systems": "systems.csv", "records": "records.csv"}
    return described(folder, {**paths, "measurements": "measurements.parquet"})


def _patched(folder: Path, change: Callable[[bytes], bytes]) -> Path:
    file = folder / "measurements.parquet"
    file.write_bytes(change(file.read_bytes()))
    paths = {"systems": "systems.csv", "records": "records.csv"}
    return described(folder, {**paths, "measurements": "measurements.parquet"})


@specimen("one record of 12,000,000 rows of Parquet", "BF90")
def parquet_of_12_million_rows(folder: Path) -> list[str]:
    _package(folder, _measurements(12_000_000))
    return ["validate", "."]


@specimen("one record of 2,000,000 different rows of Parquet", "BF907", is_large=True)
def parquet_of_different_rows(folder: Path) -> list[str]:
    rows = 2_000_000
    values = np.random.default_rng(1).random(rows)
    _package(folder, _measurements(rows, value=pa.array(values)))
    return ["validate", "."]


@specimen("500,000 rows of Parquet, each with names of its own", "BF202", is_large=True)
def parquet_of_different_names(folder: Path) -> list[str]:
    rows, records = 500_000, 5_000
    names = [f"acme:{number:0100}" for number in range(rows)]
    ids = np.arange(rows) // (rows // records)
    table = _measurements(
        rows,
        record_id=pa.array([f"r{number}" for number in ids]),
        metric=pa.array(names),
        reported_unit=pa.array(names),
    )
    _package(folder, table)
    return _with_records(folder, pa.table({"id": [f"r{number}" for number in range(records)]}))


@specimen("100,000 records of Parquet with 3 KB of text each", "BF", is_large=True)
def parquet_of_long_records(folder: Path) -> list[str]:
    records = 100_000
    ids = pa.array([f"r{number}" for number in range(records)])
    words = pa.array([f"{number:01000}" for number in range(records)])
    _package(folder, _measurements(records, record_id=ids))
    texts = dict.fromkeys(("status_detail", "license", "url"), words)
    return _with_records(folder, pa.table({"id": ids, **texts}))


def _with_records(folder: Path, records: pa.Table) -> list[str]:
    """Give a package records in Parquet, and return how it is judged."""
    for name, word in {"suite": "acme:suite", "status": "ok"}.items():
        records = records.append_column(name, _one_word(word, records.num_rows))
    pq.write_table(records, folder / "records.parquet", compression="zstd")
    (folder / "records.csv").unlink()
    paths = {"systems": "systems.csv", "records": "records.parquet"}
    described(folder, {**paths, "measurements": "measurements.parquet"})
    return ["validate", "."]


@specimen("one cell of 500 MB, packed by zstd", "BF90", is_large=True)
def parquet_cell_of_500_megabytes(folder: Path) -> list[str]:
    _package(folder, _measurements(1, reported_unit=pa.array(["m" * 500_000_000])))
    return ["validate", "."]


@specimen("a cell of 60 MB, just under what is free", "BF907")
def parquet_cell_of_60_megabytes(folder: Path) -> list[str]:
    _package(folder, _measurements(1, reported_unit=pa.array(["m" * 60_000_000])))
    return ["validate", "."]


@specimen("a word of 1 MB that 3,000 rows have", "BF90")
def parquet_word_of_a_megabyte(folder: Path) -> list[str]:
    word = _one_word("m" * 1_000_000, 3_000)
    _package(folder, _measurements(3_000, reported_unit=word))
    return ["validate", "."]


@specimen("a word of 60 KB that 1,000,000 rows have", "BF90")
def parquet_word_of_60_kilobytes(folder: Path) -> list[str]:
    word = _one_word("m" * 60_000, 1_000_000)
    _package(folder, _measurements(1_000_000, reported_unit=word))
    return ["validate", "."]


@specimen("a dictionary of 3,000,000 words of which one is used", "BF", is_large=True)
def parquet_of_a_huge_dictionary(folder: Path) -> list[str]:
    words = pa.array([f"m{number:0100}" for number in range(3_000_000)])
    column = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), words)
    table = _measurements(1, reported_unit=column)
    _package(folder, table, dictionary_pagesize_limit=2**30)
    return ["validate", "."]


@specimen("a dictionary of 300 words of 1 MB", "BF90", is_large=True)
def parquet_of_a_long_dictionary(folder: Path) -> list[str]:
    words = pa.array([f"{number:03}" + "m" * 1_000_000 for number in range(300)])
    column = pa.DictionaryArray.from_arrays(pa.array(range(300), pa.int32()), words)
    _package(folder, _measurements(300, reported_unit=column), dictionary_pagesize_limit=2**30)
    return ["validate", "."]


@specimen("a page of 400 MB of numbers that are all alike", "BF90", is_large=True)
def parquet_page_of_400_megabytes(folder: Path) -> list[str]:
    rows = 50_000_000
    table = pa.table({"value": pa.array(np.zeros(rows))})
    _package(folder, table, use_dictionary=False, data_page_size=2**30)
    return ["validate", "."]


@specimen("50,000,000 rows that are all null", "BF90", is_large=True)
def parquet_of_nulls(folder: Path) -> list[str]:
    _package(folder, pa.table({"record_id": pa.nulls(50_000_000, pa.string())}))
    return ["validate", "."]


@specimen("100,000 row groups of one row", "BF", is_large=True)
def parquet_of_many_groups(folder: Path) -> list[str]:
    package(folder)
    table = _measurements(1)
    with pq.ParquetWriter(folder / "measurements.parquet", table.schema) as writer:
        for _ in range(20_000):
            writer.write_table(table)
    paths = {"systems": "systems.csv", "records": "records.csv"}
    described(folder, {**paths, "measurements": "measurements.parquet"})
    return ["validate", "."]


@specimen("3,000 parts of a row, each a file of Parquet", "BF501", is_large=True)
def parquet_of_many_parts(folder: Path) -> list[str]:
    package(folder)
    pq.write_table(_measurements(1), folder / "part.parquet")
    part = (folder / "part.parquet").read_bytes()
    paths = [f"m{number}.parquet" for number in range(3_000)]
    for path in paths:
        (folder / path).write_bytes(part)

    def divide(data: dict[str, Any]) -> None:
        data["resources"].append({"name": "measurements", "path": paths, "format": "parquet"})

    edited(described(folder, {"systems": "systems.csv", "records": "records.csv"}), divide)
    return ["validate", "."]


@specimen("100,000 columns of Parquet", "BF907", is_large=True)
def parquet_of_many_columns(folder: Path) -> list[str]:
    cells = pa.array([1.5])
    _package(folder, pa.table([cells] * 100_000, [f"c{n}" for n in range(100_000)]))
    return ["validate", "."]


_ROWS = 100_003


def _lying(folder: Path, rows: int) -> list[str]:
    _package(folder, _measurements(_ROWS))
    _patched(folder, lambda data: data.replace(signed(_ROWS), signed(rows)))
    return ["validate", "."]


@specimen("metadata that say 2,000,000 rows where 100,003 are", "BF")
def parquet_that_says_more_rows(folder: Path) -> list[str]:
    return _lying(folder, 1_000_003)


@specimen("metadata that say 20,003 rows where 100,003 are", "BF")
def parquet_that_says_fewer_rows(folder: Path) -> list[str]:
    return _lying(folder, 20_003)


@specimen("a page that says it is 1 KB and unpacks to 100 MB", "BF", is_large=True)
def parquet_page_that_says_it_is_small(folder: Path) -> list[str]:
    size = 104_857_600
    _package(folder, pa.table({"record_id": pa.array(["m" * (size - 4)])}), use_dictionary=False)
    file = folder / "measurements.parquet"
    data = file.read_bytes()
    footer = int.from_bytes(data[-8:-4], "little") + 8
    pages, rest = data[:-footer], data[-footer:]
    rest = rest.replace(signed(size)[:-1], signed(2**20 + 37)[:-1] + b"\x80")
    file.write_bytes(pages + rest)
    return ["validate", "."]


@specimen("metadata that say 1 MB for a column of 300 MB", "BF90", is_large=True)
def parquet_that_says_a_small_size(folder: Path) -> list[str]:
    _package(folder, _measurements(1, reported_unit=pa.array(["m" * 300_000_000])))
    file = folder / "measurements.parquet"
    data = file.read_bytes()
    footer = int.from_bytes(data[-8:-4], "little") + 8
    meta = pq.read_metadata(file)
    sizes = [meta.row_group(0).total_byte_size]
    sizes += [meta.row_group(0).column(n).total_uncompressed_size for n in range(meta.num_columns)]
    pages, rest = data[:-footer], data[-footer:]
    for size in sizes:
        if size > 2**20:
            old = signed(size)
            rest = rest.replace(old, signed(100)[:1] + b"\x80" * 0 + old[1:])
    file.write_bytes(pages + rest)
    _patched(folder, lambda data: data)
    return ["validate", "."]


def _with_a_long_histogram(data: bytes) -> bytes:
    """Give a column two repetition levels, of which it has one: Arrow ends the process where it is asked about it."""
    size = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - size : -8]
    changed = footer.replace(b"\x3c\x29\x06\x19", b"\x3c\x29\x26\x02\x04\x19", 1)
    return data[: -8 - size] + changed + len(changed).to_bytes(4, "little") + b"PAR1"


_DAMAGED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "cut_in_half": ("cut in half", lambda data: data[: len(data) // 2]),
    "without_its_end": ("without its magic at the end", lambda data: data[:-4]),
    "of_another_magic": ("with the magic of an encrypted file", lambda data: data[:-4] + b"PARE"),
    "of_a_huge_footer": ("whose footer is 2 GB", lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1"),
    "of_no_footer": ("whose footer is empty", lambda data: data[:-8] + b"\0\0\0\0PAR1"),
    "with_a_long_histogram": ("with a histogram that is too long", _with_a_long_histogram),
    "of_zeros": ("of zeros", lambda data: b"PAR1" + b"\0" * 1_000_000 + b"PAR1"),
    "twice": ("twice, one behind the other", lambda data: data * 2),
    "empty": ("without a byte", lambda data: b""),
    "that_is_text": ("that is CSV", lambda data: b"record_id,metric\nr1,latency\n"),
}


def _damaged(change: Callable[[bytes], bytes], folder: Path) -> list[str]:
    _package(folder, _measurements(1))
    _patched(folder, change)
    return ["validate", "."]


_HOLLOW = 2**40


def _hollow(file: Path) -> dict[str, Any]:
    """Write a file of which the disk holds nothing, and return what a descriptor says of it."""
    with file.open("wb") as out:
        out.truncate(_HOLLOW)
    return {"path": file.name, "bytes": _HOLLOW, "hash": f"sha256:{'0' * 64}"}


@specimen("Parquet of 1 TB that are holes", "BF904")
def parquet_of_holes(folder: Path) -> list[str]:
    said = _hollow(package(folder) / "measurements.parquet")
    edited(folder, lambda data: data["resources"][2].update(said, format="parquet"))
    return ["validate", "."]


@specimen("a file of 1 TB of holes that is no table", "BF904")
def other_file_of_holes(folder: Path) -> list[str]:
    said = _hollow(package(folder) / "model.bin")
    edited(folder, lambda data: data["resources"].append({"name": "model", **said}))
    return ["validate", "."]


@specimen("a described table of 1 TB of holes, converted", "failed", statuses=(1, 2))
def source_of_holes(folder: Path) -> list[str]:
    source = annotated(folder / "source", "t.csv")
    _hollow(source / "t.csv")
    return ["convert", "source", "-o", "out"]


_TYPES: dict[str, Cells] = {
    "list": pa.array([[["s"]]]),
    "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
    "bytes": pa.array([b"\x80\x04\x95pickle"]),
    "struct": pa.array([{"a": {"b": {"c": 1}}}]),
    "duration": pa.array([3], pa.duration("s")),
}


def _typed(cells: Cells, folder: Path) -> list[str]:
    _package(folder, _measurements(1, reported_unit=cells))
    return ["validate", "."]


def _add_damaged() -> None:
    for name, (what, change) in _DAMAGED.items():
        add(
            f"parquet_{name}",
            f"Parquet {what}",
            "BF119",
            lambda folder, change=change: _damaged(change, folder),
        )
    for name, cells in _TYPES.items():
        add(
            f"parquet_column_of_{name}",
            f"a column of type {cells.type}",
            "BF103",
            lambda folder, cells=cells: _typed(cells, folder),
        )


_add_damaged()


@specimen("Parquet whose nested type is 5,000 levels deep", "BF")
def parquet_of_deep_types(folder: Path) -> list[str]:
    cells: Cells = pa.array([1])
    for _ in range(90):
        cells = pa.StructArray.from_arrays([cells], ["a"])
    _package(folder, _measurements(1, reported_unit=cells))
    return ["validate", "."]


@specimen("a described Parquet table with a cell of 300 MB", "BF90", is_large=True)
def parquet_described_with_a_cell_of_300_megabytes(folder: Path) -> list[str]:
    annotated(folder, "t.parquet", format="parquet")
    pq.write_table(
        pa.table({"ms": [1.5], "note": ["m" * 300_000_000]}),
        folder / "t.parquet",
        compression="zstd",
    )
    return ["validate", "."]


@specimen("a cell of 300 MB in a column whose name has a dot", "BF90", is_large=True)
def parquet_cell_of_a_column_with_a_dot(folder: Path) -> list[str]:
    _package(folder, _measurements(1, **{"note.long": pa.array(["m" * 300_000_000])}))
    return ["validate", "."]


@specimen("a described Parquet table of one word of 1 MB in 50,000 rows", "BF90")
def parquet_described_with_one_word(folder: Path) -> list[str]:
    annotated(folder, "t.parquet", format="parquet")
    table = pa.table({"ms": np.full(50_000, 1.5), "note": _one_word("m" * 1_000_000, 50_000)})
    pq.write_table(table, folder / "t.parquet", compression="zstd")
    return ["validate", "."]


@specimen("a described Parquet table of 20,000,000 rows of one number", "BF90", is_large=True)
def parquet_described_of_20_million_rows(folder: Path) -> list[str]:
    annotated(folder, "t.parquet", format="parquet")
    pq.write_table(pa.table({"ms": np.full(20_000_000, 1.5)}), folder / "t.parquet")
    return ["validate", "."]


@specimen("a described Parquet table of 8,000,000 rows of one number", "BF904", is_large=True)
def parquet_described_of_8_million_rows(folder: Path) -> list[str]:
    annotated(folder, "t.parquet", format="parquet")
    pq.write_table(pa.table({"ms": np.full(8_000_000, 1.5)}), folder / "t.parquet")
    return ["validate", "."]


@specimen(
    "a Parquet table of one word of 1 MB in 50,000 rows, converted", "more than", statuses=(1, 2)
)
def parquet_converted_with_one_word(folder: Path) -> list[str]:
    parquet_described_with_one_word(folder / "source")
    return ["convert", "source", "-o", "out"]


@specimen(
    "a Parquet table of one word of 1 MB in 50,000 rows, described", "bytes", statuses=(0, 1, 2)
)
def parquet_drafted_with_one_word(folder: Path) -> list[str]:
    parquet_described_with_one_word(folder)
    (folder / "datapackage.json").unlink()
    return ["describe", "t.parquet"]


@specimen("one record of 12,000,000 rows of Parquet, shown", "measurements.parquet", statuses=(2,))
def parquet_shown(folder: Path) -> list[str]:
    _package(folder, _measurements(12_000_000))
    return ["show", "."]


@specimen("a word of 1 MB that 3,000 rows have, shown", "measurements.parquet", statuses=(2,))
def parquet_word_shown(folder: Path) -> list[str]:
    parquet_word_of_a_megabyte(folder)
    return ["show", "--records", "."]


@specimen("a cell of 500 MB, converted from a package", "at most", statuses=(1, 2), is_large=True)
def parquet_cell_converted(folder: Path) -> list[str]:
    _package(folder / "source", _measurements(1, reported_unit=pa.array(["m" * 500_000_000])))
    return ["convert", "source", "-o", "out"]


def _with_columns(folder: Path, table: pa.Table, **options: Any) -> list[str]:
    """Write a package whose measurements are a table, and return how it is judged."""
    package(folder)
    (folder / "measurements.csv").unlink()
    pq.write_table(table, folder / "measurements.parquet", use_dictionary=False, **options)
    paths = {"systems": "systems.csv", "records": "records.csv"}
    described(folder, {**paths, "measurements": "measurements.parquet"})
    return ["validate", "."]


def _small_groups(compression: str, folder: Path) -> list[str]:
    rows = 2_000
    table = _measurements(
        rows,
        record_id=pa.array([f"r{number}" for number in range(rows)]),
        reported_unit=pa.array([f"{number}" + "m" * 400_000 for number in range(rows)]),
    )
    return _with_columns(folder, table, compression=compression, row_group_size=100)


for _compression in ("lz4", "zstd"):
    add(
        f"parquet_of_small_groups_of_long_texts_{_compression}",
        f"20 row groups of 40 MB of texts each, packed by {_compression}",
        "BF",
        lambda folder, compression=_compression: _small_groups(compression, folder),
        is_large=True,
    )


@specimen("3,000 texts of 100 KB that each begin as the one before", "BF904", is_large=True)
def parquet_of_chained_texts(folder: Path) -> list[str]:
    rows = 3_000
    texts = pa.array(["m" * 100_000 + f"{number:05}" for number in range(rows)])
    return _with_columns(
        folder,
        _measurements(rows, reported_unit=texts),
        column_encoding={"reported_unit": "DELTA_BYTE_ARRAY"},
        compression="zstd",
        data_page_size=2**30,
    )


_ODD_CELLS: dict[str, tuple[str, Callable[[], Cells]]] = {
    "unknown_zone": ("of a time zone that nobody knows", lambda: _of(pa.timestamp("us", "Mars/X"))),
    "zone_of_escapes": (
        "of a time zone of control characters",
        lambda: _of(pa.timestamp("us", "\x1b[31m\u202e")),
    ),
    "listed_dates": ("of a list of dates after the year 9999", lambda: _listed(pa.date32())),
    "listed_times": ("of a list of times of a year 300,000", lambda: _listed(pa.timestamp("us"))),
    "listed_spans": ("of a list of spans of time without end", lambda: _listed(pa.duration("s"))),
}


def _of(kind: pa.DataType) -> Cells:
    return pa.array([1], kind)


def _listed(kind: pa.DataType) -> Cells:
    width = 32 if pa.types.is_date32(kind) else 64
    most = pa.array([2 ** (width - 1) - 1], pa.int32() if width == 32 else pa.int64())
    return pa.ListArray.from_arrays([0, 1], most.view(kind))


def _drafted(cells: Callable[[], Cells], folder: Path) -> list[str]:
    pq.write_table(pa.table({"ms": [1.5], "x": cells()}), folder / "t.parquet")
    return ["describe", "t.parquet"]


def _add_odd_cells() -> None:
    for name, (what, cells) in _ODD_CELLS.items():
        add(
            f"parquet_of_{name}_described",
            f"a Parquet column {what}, `describe`",
            "'x'",
            lambda folder, cells=cells: _drafted(cells, folder),
            statuses=(2,),
        )


_add_odd_cells()


@specimen("a cell that is a list of 4,000,000 numbers", "32,000,000", statuses=(2,), is_large=True)
def parquet_of_a_long_list(folder: Path) -> list[str]:
    return _drafted(lambda: pa.array([list(range(4_000_000))]), folder)


@specimen("a cell that is a list of 8,000,000 numbers", "lists of", statuses=(2,), is_large=True)
def parquet_of_a_longer_list(folder: Path) -> list[str]:
    return _drafted(lambda: pa.array([list(range(8_000_000))]), folder)
