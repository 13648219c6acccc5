"""Described tables whose Table Schema says much of each cell: words without number, and numbers without end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.hostile.specimens import add, annotated, specimen

_LATENCY = {"metric": "latency", "per": "sample", "unit": "ms"}
_MODEL = {"name": "k", "benchfmt": {"field": "model.name"}}


def _table(folder: Path, text: str, fields: list[dict[str, Any]], **schema: Any) -> list[str]:
    """Describe a table of text."""
    annotated(folder, "t.csv", schema={"fields": fields, **schema})
    (folder / "t.csv").write_text(text, "utf-8")
    return ["validate", "."]


def _of_column(folder: Path, text: str, column: dict[str, Any], **schema: Any) -> list[str]:
    """Describe a table with a column `ms`, of which a field says more."""
    return _table(folder, text, [{"name": "ms", "benchfmt": _LATENCY, **column}, _MODEL], **schema)


@specimen("a number of 900,000 digits, grouped or in other units", "is not a number")
def table_of_a_long_number(folder: Path) -> list[str]:
    minutes = {**_LATENCY, "unit": "min"}
    column = {"type": "number", "groupChar": ",", "benchfmt": minutes}
    return _of_column(folder, f"ms,k\n{'1' * 900_000},a\n", column)


@specimen(
    "60 numbers of 900,000 digits after the point, in minutes",
    "conformant",
    statuses=(0,),
    is_large=True,
)
def table_of_long_fractions(folder: Path) -> list[str]:
    rows = "".join(f"0.{'3' * 900_000},k{row}\n" for row in range(60))
    return _of_column(folder, f"ms,k\n{rows}", {"benchfmt": {**_LATENCY, "unit": "min"}})


@specimen("100,000 labelled words for a missing value", "conformant", statuses=(0,), is_large=True)
def table_of_many_labelled_words(folder: Path) -> list[str]:
    words = [{"value": f"x{word}", "label": "not-measured"} for word in range(100_000)]
    rows = "".join(f"1.5,k{row}\n" for row in range(100_000))
    return _of_column(folder, f"ms,k\n{rows}", {}, missingValues=words)


@specimen(
    "100,000 words of a column for a missing value", "conformant", statuses=(0,), is_large=True
)
def table_of_many_named_words(folder: Path) -> list[str]:
    words = {f"x{word}": "not-measured" for word in range(100_000)}
    rows = "".join(f"1.5,k{row}\n" for row in range(100_000))
    return _of_column(folder, f"ms,k\n{rows}", {"benchfmt": {**_LATENCY, "missing": words}})


@specimen("100,000 words for a missing value in 2,000 columns of numbers", "BF202", is_large=True)
def table_of_many_words_and_columns(folder: Path) -> list[str]:
    columns = range(2_000)
    fields = [
        {"name": f"c{column}", "benchfmt": {**_LATENCY, "scope": f"layer:{column}"}}
        for column in columns
    ]
    words = [f"x{word}" for word in range(100_000)]
    header = ",".join(field["name"] for field in fields)
    rows = ",".join("2" for _ in columns) + "\n"
    return _table(folder, f"{header}\n{rows * 100}", fields, missingValues=words)


@specimen("3,000,000 rows of blanks, which have a cell too few", "BF121", is_large=True)
def table_of_blank_rows(folder: Path) -> list[str]:
    return _of_column(folder, "ms,k\n1.5,a\n" + "   \n" * 3_000_000, {})


_OPEN_END = 'ms,k\n1.5,a\n2.5,"b\n3.5,c\n4.5,d\n'
_TABLE = "ms,k\n1.5,a\n"
_DIALECTS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any], str]] = {
    "open_end": ("whose last quote is never closed", _OPEN_END, {}, {}, "never closed"),
    "open_end_by_rows": (
        "whose last quote is never closed, read row by row",
        _OPEN_END,
        {"dialect": {"skipInitialSpace": True}},
        {},
        "never closed",
    ),
    "one_mark": (
        "whose cells are quoted by their separator",
        _TABLE,
        {"dialect": {"quoteChar": ","}},
        {},
        "`quoteChar` and `delimiter` are both",
    ),
    "quoting_line_end": (
        "whose cells are quoted by line ends",
        _TABLE,
        {"dialect": {"quoteChar": "\n"}},
        {},
        "BF118",
    ),
    "nul_in_encoding": ("in an encoding with a NUL", _TABLE, {"encoding": "utf\0"}, {}, "BF118"),
    "program_text": (
        "in an encoding for programs, without an end",
        "ms,k\n1.5,\\N{" + "A" * 500_000,
        {"encoding": "unicode_escape", "dialect": {"skipInitialSpace": True}},
        {},
        "BF118",
    ),
    "digit_as_point": ("with 5 as its point", _TABLE, {}, {"decimalChar": "5"}, "`decimalChar`"),
    "one_mark_in_numbers": (
        "of numbers whose point groups digits too",
        _TABLE,
        {},
        {"groupChar": "."},
        "`decimalChar` and `groupChar` are both",
    ),
    "rows_of_one_name": (
        "of 9,000 named rows of one name",
        "x,avg\n" + "Lat,1\n" * 9_000,
        {"dialect": {"rowNames": True}},
        {},
        "BF907",
    ),
}


def _of_dialect(folder: Path, text: str, more: dict[str, Any], column: dict[str, Any]) -> list[str]:
    fields = [{"name": "ms", "benchfmt": _LATENCY, **column}, _MODEL]
    annotated(folder, "t.csv", schema={"fields": fields}, **more)
    (folder / "t.csv").write_text(text, "utf-8")
    return ["validate", "."]


for _name, (_what, _text, _more, _column, _says) in _DIALECTS.items():
    add(
        f"table_of_{_name}",
        f"a described table {_what}",
        _says,
        lambda folder, text=_text, more=_more, column=_column: _of_dialect(
            folder, text, more, column
        ),
    )


@specimen("two fields of one name, which say different things", "BF118")
def table_of_doubled_fields(folder: Path) -> list[str]:
    other = {"name": "k", "benchfmt": {"field": "task"}}
    return _table(folder, _TABLE, [{"name": "ms", "benchfmt": _LATENCY}, _MODEL, other])


@specimen("a pattern of dates that says the day twice", "BF105")
def table_of_doubled_directives(folder: Path) -> list[str]:
    day = {"name": "k", "type": "date", "format": "%d %d %m"}
    fields = [
        {"name": "ms", "benchfmt": _LATENCY},
        {**day, "benchfmt": {"field": "provenance.measured_at"}},
    ]
    return _table(folder, "ms,k\n1.5,01 02 03\n", fields)


def _of_parquet(folder: Path, spoil: Callable[[Path], None]) -> list[str]:
    fields = [{"name": "ms", "benchfmt": _LATENCY}, _MODEL]
    annotated(folder, "t.parquet", format="parquet", schema={"fields": fields})
    pq.write_table(pa.table({"ms": [1.5, 2.5], "k": ["a", "b"]}), folder / "t.parquet")
    spoil(folder / "t.parquet")
    return ["validate", "."]


@specimen("two Parquet files with some bytes between them", "BF119")
def table_of_parquet_files_apart(folder: Path) -> list[str]:
    def join(file: Path) -> None:
        file.write_bytes(file.read_bytes() + b"\n\n" + file.read_bytes())

    return _of_parquet(folder, join)


@specimen("Parquet whose columns are said to be in another file", "BF119")
def table_of_parquet_elsewhere(folder: Path) -> list[str]:
    def say_other_file(file: Path) -> None:
        metadata = pq.read_metadata(file)
        metadata.set_file_path("other.parquet")
        alone = file.with_suffix(".metadata")
        metadata.write_metadata_file(alone)
        footer = alone.read_bytes().removeprefix(b"PAR1")
        alone.unlink()
        whole = file.read_bytes()
        length = int.from_bytes(whole[-8:-4], "little")
        file.write_bytes(whole[: -8 - length] + footer)

    return _of_parquet(folder, say_other_file)
