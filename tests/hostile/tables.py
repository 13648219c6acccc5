"""Delimited text: rows and cells without end, a million columns, and bytes of several encodings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.specimens import (
    MEASUREMENTS,
    RECORDS,
    SYSTEMS,
    add,
    annotated,
    described,
    edited,
    package,
    repeated,
    specimen,
)

_HEADER = b"record_id,metric,stage,per,value,unit,basis\n"
_ROW = b"r1,latency,end-to-end,sample,0.0089,s,measured\n"


def _table(
    folder: Path,
    start: bytes,
    block: bytes,
    times: int,
    end: bytes = b"",
    name: str = "measurements",
) -> list[str]:
    """Write a package of which one table is made of blocks."""
    package(folder)
    repeated(folder / f"{name}.csv", start, block, times, end)
    described(folder, {name: f"{name}.csv" for name in ("systems", "records", "measurements")})
    return ["validate", "."]


def _source(
    folder: Path, start: bytes, block: bytes, times: int, command: str = "validate"
) -> list[str]:
    """Write a described table that is made of blocks."""
    source = folder / "source"
    annotated(source, "t.csv")
    repeated(source / "t.csv", start, block, times)
    if command == "describe":
        (source / "datapackage.json").unlink()
        return ["describe", "source/t.csv"]
    if command == "convert":
        return ["convert", "source", "-o", "out"]
    return ["validate", "source"]


@specimen("one cell of 500 MB", "BF907", is_large=True)
def csv_cell_of_500_megabytes(folder: Path) -> list[str]:
    return _table(folder, b"id,name\ns1,", b"x" * 1_000_000, 500, b"\n", "systems")


@specimen("a row of 200 MB of short cells", "BF907", is_large=True)
def csv_row_of_200_megabytes(folder: Path) -> list[str]:
    return _table(folder, b"id,name\ns1,", b"x," * 500_000, 200, b"\n", "systems")


@specimen("a quote that is not closed for 100 MB", "BF907", is_large=True)
def csv_of_an_unclosed_quote(folder: Path) -> list[str]:
    return _table(folder, _HEADER + b'"', _ROW * 20_000, 100)


@specimen("a header of 100,000 columns", "BF907")
def csv_of_100_thousand_columns(folder: Path) -> list[str]:
    header = ",".join(["id", *(f"c{number}" for number in range(100_000))]).encode()
    return _table(folder, header + b"\n", b"", 0, b"s1" + b"," * 100_000 + b"\n", "systems")


@specimen("a header of a million columns", "BF907")
def csv_of_a_million_columns(folder: Path) -> list[str]:
    return _table(folder, b"id", b",a" * 100_000, 10, b"\n", "systems")


@specimen("a header of 10,000 columns and 2,000 rows", "BF102", is_large=True)
def csv_of_10_thousand_columns(folder: Path) -> list[str]:
    header = ",".join(["id", *(f"c{number}" for number in range(9_999))]).encode()
    row = b"s1" + b",x" * 9_999 + b"\n"
    return _table(folder, header + b"\n", row, 2_000, b"", "systems")


@specimen("a table of 100 MB of line ends", "BF", is_large=True)
def csv_of_line_ends(folder: Path) -> list[str]:
    return _table(folder, _HEADER, b"\n" * 1_000_000, 100)


@specimen("a table of 100 MB of commas", "BF", is_large=True)
def csv_of_commas(folder: Path) -> list[str]:
    return _table(folder, _HEADER, b"," * 1_000_000, 100)


@specimen("1,000,000 rows that all have one cell too many", "BF121", is_large=True)
def csv_of_bad_rows(folder: Path) -> list[str]:
    return _table(folder, _HEADER, (_ROW[:-1] + b",x\n") * 10_000, 100)


@specimen("1,000,000 rows of one record that are all faulty", "BF", is_large=True)
def csv_of_faulty_rows(folder: Path) -> list[str]:
    row = b"r1,Latency!,,,x,furlong,guessed\n"
    return _table(folder, _HEADER, row * 10_000, 100)


@specimen("3,000,000 rows of one record", "BF907", is_large=True)
def csv_of_one_record(folder: Path) -> list[str]:
    return _table(folder, _HEADER, _ROW * 10_000, 300)


@specimen("3,000,000 rows of one record, converted", "more than", statuses=(1, 2), is_large=True)
def csv_of_one_record_converted(folder: Path) -> list[str]:
    csv_of_one_record(folder)
    return ["convert", ".", "-o", "out"]


@specimen("1,000,000 measurements of no record", "BF502", is_large=True)
def csv_of_orphans(folder: Path) -> list[str]:
    return _table(folder, _HEADER, b"r9" + _ROW[2:] * 1 + b"r8" + _ROW[2:], 500_000)


@specimen("1,000,000 systems of one id", "BF508", is_large=True)
def csv_of_one_system(folder: Path) -> list[str]:
    return _table(folder, b"id,name\n", b"s1,Box\n" * 10_000, 100, b"", "systems")


@specimen("1,000,000 records of one id", "BF507", is_large=True)
def csv_of_one_record_id(folder: Path) -> list[str]:
    return _table(folder, b"id,suite,status\n", b"r1,lpdnn,ok\n" * 10_000, 100, b"", "records")


@specimen("100 cells of 900 KB of JSON", "BF", is_large=True)
def csv_of_long_json(folder: Path) -> list[str]:
    keys = ",".join(f'""k{number}"":1' for number in range(60_000)).encode()
    return _table(
        folder, b"id,extensions\n", b's%d,"{""x"":{%s}}"\n' % (2, keys), 30, b"", "systems"
    )


@specimen("a number of a million digits in a cell", "BF")
def csv_of_a_long_number(folder: Path) -> list[str]:
    row = b"r1,latency,end-to-end,sample," + b"9" * 1_000_000 + b",s,measured\n"
    return _table(folder, _HEADER, row, 1)


@specimen("1e999999 and NaN as values", "BF")
def csv_of_numbers_beyond_range(folder: Path) -> list[str]:
    rows = b"".join(
        b"r1,latency,end-to-end,sample,%s,s,measured\n" % value
        for value in (b"1e999999", b"-1e999999", b"nan", b"inf", b"1e-999999999", b"0x10")
    )
    return _table(folder, _HEADER, rows, 1)


_BYTES: dict[str, tuple[str, Callable[[str], bytes], str]] = {
    "utf_16": ("in UTF-16", lambda text: text.encode("utf-16"), "BF105"),
    "utf_16_without_a_mark": (
        "in UTF-16 without a mark",
        lambda text: text.encode("utf-16-le"),
        "BF105",
    ),
    "utf_32": ("in UTF-32", lambda text: text.encode("utf-32"), "BF105"),
    "two_marks": (
        "with a byte order mark twice",
        lambda text: ("\ufeff\ufeff" + text).encode(),
        "BF",
    ),
    "nul": ("with a NUL in a cell", lambda text: text.replace("lpdnn", "lp\0dnn").encode(), "BF"),
    "nul_in_a_name": (
        "with a NUL in a name",
        lambda text: text.replace("suite", "su\0ite").encode(),
        "BF105",
    ),
    "zeros": ("of a million NULs", lambda text: b"\0" * 1_000_000, "BF"),
    "latin_1": (
        "in Latin-1",
        lambda text: text.replace("lpdnn", "lpdn\xfc").encode("latin-1"),
        "BF105",
    ),
    "two_encodings": (
        "in two encodings",
        lambda text: text.encode() + "r2,é,ok\n".encode() + b"r3,\xe9,ok\n",
        "BF105",
    ),
    "surrogates": (
        "with lone surrogates",
        lambda text: text.encode() + b"r2,\xed\xa0\x80,ok\n",
        "BF105",
    ),
    "old_line_ends": (
        "with carriage returns only",
        lambda text: text.replace("\n", "\r").encode(),
        "",
    ),
    "overlong": ("with overlong UTF-8", lambda text: text.encode() + b"r2,\xc0\xaf,ok\n", "BF105"),
    "pickle": (
        "that is a pickle",
        lambda text: b"\x80\x04\x95\x1b\0\0\0\0\0\0\0\x8c\x05posix",
        "BF",
    ),
}


def _spoilt(change: Callable[[str], bytes], folder: Path) -> list[str]:
    package(folder, records=change(RECORDS))
    return ["validate", "."]


def _add_bytes() -> None:
    for name, (what, change, code) in _BYTES.items():
        add(
            f"csv_{name}",
            f"a table {what}",
            code,
            lambda folder, change=change: _spoilt(change, folder),
            statuses=(0, 1) if code == "" else (1,),
        )


_add_bytes()

_SOURCES: dict[str, tuple[str, bytes, bytes, int, str]] = {
    "cell_of_200_megabytes": ("a cell of 200 MB", b"ms,note\n1.5,", b"x" * 1_000_000, 200, "BF907"),
    "unclosed_quote": (
        "a quote not closed for 100 MB",
        b'ms,note\n1.5,"',
        b"x,1\n" * 250_000,
        100,
        "BF907",
    ),
    "million_columns": ("a million columns", b"ms", b",a" * 100_000, 10, "BF907"),
    "10_thousand_columns": (
        "9,999 columns",
        b"ms",
        b"," + b",".join(b"c%d" % n for n in range(9_999)),
        1,
        "BF",
    ),
    "blanks": ("100 MB of blanks", b"ms\n", b" " * 1_000_000, 100, "BF907"),
    "nul": ("100 MB of NULs", b"ms\n", b"\0" * 1_000_000, 100, "BF"),
    "utf_16_nul": (
        "100 MB of zeros after a mark",
        b"\xff\xfem\0s\0\n\0",
        b"\0" * 1_000_000,
        100,
        "BF",
    ),
    "long_words": (
        "100,000 different long words",
        b"ms,note\n",
        b"1.5," + b"w" * 900 + b"\n",
        100_000,
        "",
    ),
    "separators": ("100 MB of separators in turn", b"a,b;c\td|e\n", b",;\t|" * 250_000, 100, "BF"),
}


def _add_sources() -> None:
    for name, (what, start, block, times, code) in _SOURCES.items():
        for command in ("validate", "convert", "describe"):
            add(
                f"source_{name}_{command}",
                f"a table of {what}, `{command}`",
                code if command == "validate" else "",
                lambda folder, s=start, b=block, t=times, c=command: _source(folder, s, b, t, c),
                statuses=(0, 1) if command == "validate" else (0, 1, 2),
                is_large=times > 10,
                writes=True,
            )


_add_sources()
__all__ = ["MEASUREMENTS", "RECORDS", "SYSTEMS"]


@specimen("100,000 different units, each a code of UCUM", "BF907", is_large=True)
def csv_of_different_units(folder: Path) -> list[str]:
    some = ("m", "s", "J", "W", "g", "Hz", "By", "bit", "V", "A")
    codes = (
        f"{some[n % 10]}{n % 9 + 1}.{some[n // 10 % 10]}{n // 100 % 10 + 1}/{some[n // 1_000 % 10]}{n // 10_000 + 2}"
        for n in range(100_000)
    )
    rows = "".join(f"r1,latency,end-to-end,sample,1,{code},measured\n" for code in codes)
    package(folder, measurements=_HEADER.decode() + rows)
    return ["validate", "."]


@specimen("60,000 records whose ids have 5,000 characters, without a value", "BF112", is_large=True)
def csv_of_long_ids(folder: Path) -> list[str]:
    rows = "".join(f"{'r' * 5_000}{n},lpdnn,ok\n" for n in range(60_000))
    package(folder, records=f"id,suite,status\n{rows}")
    return ["validate", "."]


def _units(words: list[str], folder: Path) -> list[str]:
    """Describe a table whose units stand in a column of their own."""

    def name_units(data: dict[str, Any]) -> None:
        column = data["resources"][0]["schema"]["fields"][0]
        column["benchfmt"]["unit"] = {"column": "unit"}

    edited(annotated(folder, "t.csv"), name_units)
    rows = "".join(f"1,{word}\n" for word in words)
    (folder / "t.csv").write_text(f"ms,unit\n{rows}", "utf-8")
    return ["validate", "."]


@specimen("100,000 different units of a described column", "BF907", is_large=True)
def table_of_many_units(folder: Path) -> list[str]:
    return _units([f"{number + 2}.s" for number in range(100_000)], folder)


@specimen("100,000 different words in place of the units of a described column", "BF201")
def table_of_many_words_for_units(folder: Path) -> list[str]:
    return _units([f"ms{number}" for number in range(100_000)], folder)
