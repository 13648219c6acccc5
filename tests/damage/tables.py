"""Damage to the tables of a package: the text of CSV, and the columns of either form."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

from tests.damage.damaging import Damage, Package, Spot

Rows = list[list[str]]
NOTHING_TO_DAMAGE = object()
csv.field_size_limit(2**24)


def _read(package: Package, table: str) -> Rows:
    return list(csv.reader(io.StringIO(package.file(table).read_text("utf-8"), newline="")))


def _write(package: Package, table: str, rows: Rows, **dialect: Any) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows(rows)
    package.file(table).write_text(text.getvalue(), "utf-8", newline="")


def rows_of(
    table: str,
    change: Callable[[Rows], Any],
    row: int | str | None = None,
    column: str | None = None,
    **dialect: Any,
) -> Callable[[Package], Spot | None]:
    """Return what changes the rows of a table as texts, of which the first is the header."""

    def do(package: Package) -> Spot | None:
        rows = _read(package, table)
        if len(rows) < 2:
            return None
        place = change(rows)
        if place is NOTHING_TO_DAMAGE:
            return None
        _write(package, table, rows, **dialect)
        if isinstance(place, tuple):
            return Spot(package.name(table), *place)
        return Spot(package.name(table), row, column)

    return do


def bytes_of(
    table: str,
    change: Callable[[bytes], bytes | None],
    row: int | str | None = None,
    column: str | None = None,
) -> Callable[[Package], Spot | None]:
    """Return what changes the bytes of a table."""

    def do(package: Package) -> Spot | None:
        file = package.file(table)
        changed = change(file.read_bytes())
        if changed is None:
            return None
        file.write_bytes(changed)
        return Spot(package.name(table), row, column)

    return do


def name_changed(data: bytes, new: bytes) -> bytes | None:
    """Return the table of systems with its first name changed at its second letter; None where it has no such name."""
    for row in csv.DictReader(io.StringIO(data.decode(), newline="")):
        name = row["name"].encode()
        if len(name) > 2 and data.count(name) == 1 and name.isascii():
            return data.replace(name, name[:1] + new + name[2:])
    return None


def without_column(name: str) -> Callable[[Rows], None]:
    """Return what takes a column out."""

    def change(rows: Rows) -> None:
        place = rows[0].index(name)
        for row in rows:
            del row[place]

    return change


def renamed(name: str, new: str) -> Callable[[Rows], None]:
    """Return what gives a column another name."""

    def change(rows: Rows) -> None:
        rows[0][rows[0].index(name)] = new

    return change


def cell(name: str, text: str, row: int = 1) -> Callable[[Rows], tuple[int, str]]:
    """Return what writes a text into a cell of a column that is always there."""

    def change(rows: Rows) -> tuple[int, str]:
        rows[row][rows[0].index(name)] = text
        return row, name

    return change


def of_value(text: str) -> Callable[[Rows], tuple[int, str]]:
    """Return what writes a text in place of the first value."""

    def change(rows: Rows) -> tuple[int, str]:
        place = rows[0].index("value")
        number = next(number for number, row in enumerate(rows) if number and row[place])
        rows[number][place] = text
        return number, "value"

    return change


def _short(rows: Rows) -> tuple[int, None]:
    del rows[2][-1]
    return 2, None


def _long(rows: Rows) -> tuple[int, None]:
    rows[2].append("x")
    return 2, None


def _swapped_records(rows: Rows) -> object:
    first = rows[1][0]
    last = rows[-1][0]
    if first == last or rows[2][0] != first:
        return NOTHING_TO_DAMAGE
    rows.append(rows.pop(1))
    return len(rows) - 1, "record_id"


def _doubled_column(rows: Rows) -> None:
    for row in rows:
        row.append(row[1])


def _unknown_column(rows: Rows) -> None:
    rows[0].append("colour")
    for row in rows[1:]:
        row.append("red")


def _unnamed_column(rows: Rows) -> None:
    rows[0].append("")
    for row in rows[1:]:
        row.append("x")


def _header_twice(rows: Rows) -> tuple[int, None]:
    rows.insert(2, list(rows[0]))
    return 2, None


def _without_header(rows: Rows) -> None:
    del rows[0]


def _nul_within(data: bytes) -> bytes | None:
    if b",measured," not in data:
        return None
    return data.replace(b",measured,", b",meas\0ured,", 1)


def _half_of_last_line(data: bytes) -> bytes:
    return data[: data.rstrip().rfind(b"\n") + 12]


def of_table(name: str, code: str, do: Any, **options: Any) -> Damage:
    """Return damage to tables."""
    return Damage(name, "tables", code, "tables", do, **options)


def _tables() -> Iterator[Damage]:

    yield of_table(
        "column-metric-missing",
        "BF101",
        rows_of("measurements", without_column("metric"), column="metric"),
    )
    yield of_table(
        "column-status-missing",
        "BF101",
        rows_of("records", without_column("status"), column="status"),
    )
    yield of_table(
        "column-id-missing", "BF101", rows_of("records", without_column("id"), column="id")
    )
    yield of_table(
        "column-record-id-missing",
        "BF101",
        rows_of("measurements", without_column("record_id"), column="record_id"),
    )
    yield of_table(
        "column-misspelt",
        "BF102",
        rows_of("measurements", renamed("statistic", "statistik"), column="statistik"),
    )
    yield of_table(
        "column-capital",
        "BF102",
        rows_of("measurements", renamed("metric", "Metric"), column="Metric"),
    )
    yield of_table(
        "column-with-blank",
        "BF102",
        rows_of("measurements", renamed("metric", " metric"), column=" metric"),
    )
    yield of_table(
        "required-column-misspelt",
        "BF102",
        rows_of("records", renamed("status", "statuss"), column="statuss"),
    )
    yield of_table(
        "value-column-misspelt",
        "BF102",
        rows_of("measurements", renamed("value", "valeu"), column="valeu"),
    )
    yield of_table("column-unknown", "BF102", rows_of("records", _unknown_column, column="colour"))
    yield of_table("column-without-name", "BF102", rows_of("records", _unnamed_column, column="*"))
    yield of_table(
        "column-twice",
        "BF116",
        rows_of("measurements", lambda rows: (_doubled_column(rows), None)[1]),
    )
    yield of_table("header-missing", "BF101", rows_of("measurements", _without_header, column="*"))
    yield of_table("header-twice", "BF121", rows_of("measurements", _header_twice))
    yield of_table("row-too-short", "BF121", rows_of("measurements", _short))
    yield of_table("row-too-long", "BF121", rows_of("measurements", _long))
    yield of_table("last-row-cut", "BF121", bytes_of("measurements", _half_of_last_line, row="*"))
    yield of_table(
        "semicolons",
        "BF101",
        rows_of("measurements", lambda rows: None, row="*", column="*", delimiter=";"),
    )
    yield of_table(
        "tabs", "BF101", rows_of("records", lambda rows: None, row="*", column="*", delimiter="\t")
    )
    yield of_table(
        "quote-open", "BF121", bytes_of("measurements", lambda data: data + b'"open', row="*")
    )
    yield of_table(
        "nul-in-table",
        "BF104",
        bytes_of(
            "measurements",
            _nul_within,
            row="*",
            column="*",
        ),
    )
    yield of_table(
        "not-utf-8",
        "BF105",
        bytes_of("systems", lambda data: name_changed(data, b"\xe9"), row="*", column="*"),
    )
    yield of_table(
        "utf-16",
        "BF105",
        bytes_of("measurements", lambda data: data.decode().encode("utf-16"), row="*", column="*"),
    )
    yield of_table("empty-file", "BF101", bytes_of("records", lambda data: b"", column="*"))
    yield of_table(
        "header-only", "BF122", rows_of("records", lambda rows: rows.__delitem__(slice(1, None)))
    )
    yield of_table(
        "html-instead",
        "BF101",
        bytes_of("records", lambda data: b"<html><body>404</body></html>\n", column="*"),
    )
    yield of_table(
        "json-instead", "BF101", bytes_of("records", lambda data: b'[{"id": "a"}]\n', column="*")
    )
    for name, text in {
        "nan": "NaN",
        "infinity": "inf",
        "minus-infinity": "-Infinity",
        "1e400": "1e400",
        "dash": "-",
        "n-a": "n/a",
        "with-percent": "76 %",
        "with-thousands": "1,000",
        "decimal-comma": "0,5",
        "hexadecimal": "0x1A",
        "underscore": "1_000",
        "true": "true",
        "blank-before": " 1",
        "null": "null",
    }.items():
        yield of_table(f"value-cell-{name}", "BF103", rows_of("measurements", of_value(text)))
    yield of_table(
        "primary-cell-capital", "BF103", rows_of("measurements", cell("primary", "True"))
    )
    yield of_table("primary-cell-one", "BF103", rows_of("measurements", cell("primary", "1")))
    yield of_table(
        "record-id-unknown", "BF502", rows_of("measurements", cell("record_id", "nobody"))
    )
    yield of_table("record-id-empty", "BF101", rows_of("measurements", cell("record_id", "")))
    yield of_table(
        "record-id-with-blank", "BF502", rows_of("measurements", cell("record_id", "nobody "))
    )
    yield of_table("system-id-unknown", "BF503", rows_of("records", cell("system_id", "nobody")))
    yield of_table("measurements-out-of-order", "BF504", rows_of("measurements", _swapped_records))
    yield of_table("id-cell-empty", "BF101", rows_of("records", cell("id", "")))
    yield of_table("system-id-cell-empty", "BF101", rows_of("systems", cell("id", "")))
    yield of_table("status-cell-empty", "BF101", rows_of("records", cell("status", "")))
    yield of_table("json-cell-cut", "BF115", rows_of("records", cell("extensions", '{"a": 1')))
    yield of_table(
        "json-cell-single-quotes", "BF115", rows_of("records", cell("extensions", "{'a': 1}"))
    )
    yield of_table(
        "json-cell-nan", "BF115", rows_of("records", cell("extensions", '{"a": {"b": NaN}}'))
    )
    yield of_table(
        "json-cell-key-twice", "BF116", rows_of("records", cell("extensions", '{"a": {}, "a": {}}'))
    )
    yield of_table(
        "json-cell-text", "BF115", rows_of("records", cell("hyperparameters", "batch=8"))
    )
    yield of_table(
        "json-cell-list-for-object", "BF103", rows_of("records", cell("extensions", "[1]"))
    )
    yield of_table(
        "json-cell-deep",
        "BF906",
        rows_of("records", cell("extensions", '{"a":' * 200 + "1" + "}" * 200)),
    )
    yield of_table("formula", "BF908", rows_of("records", cell("status_detail", "=1+1")))
    yield of_table("name-with-line-break", "BF105", rows_of("systems", cell("name", "Box\nTwo")))
    yield of_table(
        "row-empty", "BF121", bytes_of("measurements", lambda data: data + b",,,\r\n", row="*")
    )


KINDS = tuple(_tables())
