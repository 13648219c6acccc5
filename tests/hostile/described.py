"""Described tables whose annotation makes much of them: keys, and headers that are dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from tests.hostile.specimens import add, annotated, repeated, specimen

_LATENCY = {"metric": "latency", "per": "sample", "unit": "ms"}


def _long(folder: Path, key_of: Callable[[int], str], rows: int) -> list[str]:
    """Describe a long table with `key`."""
    fields = [
        {"name": "ms", "benchfmt": _LATENCY},
        {"name": "k", "benchfmt": {"field": "model.name"}},
    ]
    annotation = {"key": ["k"], "constant": {"benchmark.suite": "lpdnn"}}
    annotated(folder, "t.csv", schema={"fields": fields}, benchfmt=annotation)
    text = "".join(f"1.5,{key_of(row)}\n" for row in range(rows))
    (folder / "t.csv").write_text(f"ms,k\n{text}", "utf-8")
    return ["validate", "."]


_KEYS: dict[str, tuple[str, Callable[[int], str], int, str]] = {
    "distinct_keys": ("1,000,000 keys", lambda row: f"k{row:07}", 1_000_000, "conformant"),
    "long_keys": (
        "400,000 keys of 500 characters",
        lambda row: f"k{'x' * 500}{row:07}",
        400_000,
        "conformant",
    ),
    "one_key": ("1,000,000 rows of one key", lambda row: "k", 1_000_000, "BF907"),
}


def _add_keys() -> None:
    for name, (what, key_of, rows, says) in _KEYS.items():
        add(
            f"table_of_{name}",
            f"a described table with {what}",
            says,
            lambda folder, key_of=key_of, rows=rows: _long(folder, key_of, rows),
            statuses=(1,) if says == "BF907" else (0,),
            is_large=True,
        )


_add_keys()


def _extracted(folder: Path, fields: int, text: str, rows: int) -> list[str]:
    """Describe a table of which many fields are the same part of one cell."""
    places = {f"extensions.lpdnn.x{field}": "part" for field in range(fields)}
    extract = [{"from": "k", "pattern": "(?P<part>.*)", "set": places}]
    annotation = {"constant": {"benchmark.suite": "lpdnn"}, "extract": extract}
    annotated(folder, "t.csv", benchfmt=annotation)
    repeated(folder / "t.csv", b"ms,k\n", f"1.5,{text}\n".encode(), rows)
    return ["validate", "."]


def _with_patterns(folder: Path, patterns: Iterable[str]) -> list[str]:
    """Describe a table of one row by patterns with a group `part`."""
    extract = [
        {"from": "k", "pattern": pattern, "set": {"model.version": "part"}} for pattern in patterns
    ]
    annotated(
        folder, "t.csv", benchfmt={"constant": {"benchmark.suite": "lpdnn"}, "extract": extract}
    )
    (folder / "t.csv").write_text("ms,k\n1.5,aaa\n", "utf-8")
    return ["validate", "."]


@specimen("a pattern of 20,000 groups", "BF118")
def table_of_a_pattern_of_many_groups(folder: Path) -> list[str]:
    return _with_patterns(folder, ["(?P<part>a)" + "(a?)" * 20_000])


@specimen("500 patterns that each take 60 ms to compile", "BF118")
def table_of_costly_patterns(folder: Path) -> list[str]:
    return _with_patterns(
        folder, [rf"(?P<part>\pL{{0,{300 + times % 100}}})" for times in range(500)]
    )


@specimen("a pattern that is none behind 300 costly ones", "BF118")
def table_of_a_faulty_pattern(folder: Path) -> list[str]:
    costly = [rf"(?P<part>\w{{0,{times}}})" for times in range(300)]
    return _with_patterns(folder, [*costly, "(?P<part>a)("])


@specimen("a pattern of one of a million characters", "BF118")
def table_of_a_long_pattern(folder: Path) -> list[str]:
    letters = "".join(chr(0x4E00 + place % 20_000) for place in range(1_000_000))
    return _with_patterns(folder, [f"(?P<part>[{letters}])"])


@specimen("3,000 fields that are all one short text", "BF907", is_large=True)
def table_of_many_extracts(folder: Path) -> list[str]:
    return _extracted(folder, 3_000, "a" * 50, 10_000)


@specimen("60 fields that are all one text of 900 KB", "BF907", is_large=True)
def table_of_long_extracts(folder: Path) -> list[str]:
    return _extracted(folder, 60, "a" * 900_000, 60)


def _wide(folder: Path, notes: list[dict[str, Any]], row: bytes, rows: int, **more: Any) -> None:
    """Describe a table of one row again and again, whose first column is `k`."""
    first = {"name": "k", "benchfmt": {"field": "model.name"}}
    columns = [{"name": f"c{place}", "benchfmt": note} for place, note in enumerate(notes)]
    annotation = {"constant": {"benchmark.suite": "lpdnn"}, **more}
    annotated(folder, "t.csv", schema={"fields": [first, *columns]}, benchfmt=annotation)
    header = ",".join(["k", *(column["name"] for column in columns)])
    repeated(folder / "t.csv", f"{header}\n".encode(), row, rows)


@specimen("5,000 rows of one key and 9,990 empty columns", "BF907", is_large=True)
def table_of_one_key_and_many_columns(folder: Path) -> list[str]:
    notes = [{**_LATENCY, "scope": f"layer:{place}"} for place in range(9_990)]
    _wide(folder, notes, b"k" + b"," * 9_990 + b"\n", 5_000, key=["k"])
    return ["validate", "."]


@specimen("500 rows of 9,998 columns of numbers", "BF907", is_large=True)
def table_of_ten_thousand_numbers(folder: Path) -> list[str]:
    notes = [{**_LATENCY, "scope": f"layer:{place}"} for place in range(9_998)]
    _wide(folder, notes, b"k" + b",1.5" * 9_998 + b"\n", 500)
    return ["validate", "."]


@specimen("1,000 rows of 3,000 columns of numbers", "BF202", is_large=True)
def table_of_three_thousand_numbers(folder: Path) -> list[str]:
    notes = [{**_LATENCY, "scope": f"layer:{place}"} for place in range(3_000)]
    _wide(folder, notes, b"k" + b",1.5" * 3_000 + b"\n", 1_000)
    return ["validate", "."]


def _dimensions(count: int) -> list[dict[str, Any]]:
    return [{**_LATENCY, "record": {"configuration.batch_size": n + 1}} for n in range(count)]


@specimen("a cell of 900 KB beside 9,900 headers that are dimensions", "BF907", is_large=True)
def table_of_a_long_cell_and_many_dimensions(folder: Path) -> list[str]:
    _wide(folder, _dimensions(9_900), b"x" * 900_000 + b",1.5" * 9_900 + b"\n", 3)
    return ["validate", "."]


@specimen("100 cells of 900 KB beside 100 headers that are dimensions", "BF907", is_large=True)
def table_of_long_cells_and_dimensions(folder: Path) -> list[str]:
    _wide(folder, _dimensions(100), b"x" * 900_000 + b",1.5" * 100 + b"\n", 100)
    return ["validate", "."]


@specimen(
    "1,000,000 records of 2,000 headers that are dimensions",
    "conformant",
    statuses=(0,),
    is_large=True,
)
def table_of_many_dimensions(folder: Path) -> list[str]:
    _wide(folder, _dimensions(2_000), b"k" + b",1.5" * 2_000 + b"\n", 500)
    return ["validate", "."]


@specimen("a history of 1,500,000 steps", "log_bytes", is_large=True)
def table_of_a_long_history(folder: Path) -> list[str]:
    annotation = {"key": ["run"], "history": {"step": "step"}}
    constant = {"constant": {"benchmark.suite": "lpdnn"}}
    annotated(folder, "t.csv", benchfmt={**constant, **annotation})
    rows = (f"{row // 1_000},{row % 1_000},1.5\n" for row in range(1_500_000))
    (folder / "t.csv").write_text(f"run,step,ms\n{''.join(rows)}", "utf-8")
    return ["validate", "."]


@specimen("a million rows whose keys are prepared to have like hashes", "BF410", is_large=True)
def table_of_prepared_keys(folder: Path) -> list[str]:
    keys = pl.select(pl.int_range(4_000_000).cast(pl.String)).to_series()
    alike = keys.filter(keys.hash() % 64 == 0).to_list()
    return _long(folder, lambda row: f"{alike[row % len(alike)]}", 1_000_000)


@specimen(
    "described Parquet of 38,000 row groups of one row",
    "conformant",
    statuses=(0,),
    is_large=True,
)
def described_parquet_of_many_groups(folder: Path) -> list[str]:
    fields = [
        {"name": "ms", "benchfmt": _LATENCY},
        {"name": "k", "benchfmt": {"field": "model.name"}},
    ]
    annotation = {"constant": {"benchmark.suite": "lpdnn"}}
    annotated(folder, "t.parquet", format="parquet", schema={"fields": fields}, benchfmt=annotation)
    rows = range(38_000)
    table = pl.DataFrame({"ms": [1.5] * len(rows), "k": [f"k{row}" for row in rows]})
    pq.write_table(table.to_arrow(), folder / "t.parquet", row_group_size=1)
    return ["validate", "."]


@specimen(
    "a table of 9,999 columns of words with digits, `describe`",
    "is not understood",
    statuses=(0,),
    is_large=True,
)
def table_of_many_words_with_digits(folder: Path) -> list[str]:
    columns = range(9_999)
    header = ",".join(f"c{column}" for column in columns)
    row = ",".join(f"w{column}x7" for column in columns)
    (folder / "t.csv").write_text(f"{header}\n{row}\n{row}\n", "utf-8")
    return ["describe", "t.csv"]


def _of_a_word(word: str) -> dict[str, Any]:
    """Return columns whose cells hold one word again and again, which is in memory once."""
    rows, items = 200, 100

    def words(count: int) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), [word])

    offsets = pa.array(range(0, rows * items + 1, items), pa.int32())
    return {
        "lists": pa.ListArray.from_arrays(offsets, words(rows * items)),
        "structures": pa.StructArray.from_arrays([words(rows), words(rows)], ["a", "b"]),
        "maps": pa.MapArray.from_arrays(offsets, words(rows * items), words(rows * items)),
    }


def _nested(folder: Path, name: str) -> list[str]:
    annotation = {"constant": {"benchmark.suite": "lpdnn"}}
    fields = [{"name": "ms", "benchfmt": _LATENCY}]
    annotated(folder, "t.parquet", format="parquet", schema={"fields": fields}, benchfmt=annotation)
    column = _of_a_word("m" * 700_000)[name]
    table = pa.table({"ms": [1.5] * len(column), "k": column})
    pq.write_table(table, folder / "t.parquet", store_schema=False)
    return ["validate", "."]


for _name in ("lists", "structures", "maps"):
    add(
        f"described_parquet_of_{_name}_of_a_word",
        f"described Parquet of 35 KB: 200 {_name} of one word of 700 KB",
        "BF904",
        lambda folder, name=_name: _nested(folder, name),
        is_large=True,
    )
