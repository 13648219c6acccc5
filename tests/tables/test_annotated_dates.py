"""Annotated tables: dates and times, written as people and their programs write them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.tables.test_annotated import LATENCY, lay, read

from benchfmt import validate
from benchfmt.readers.sheets.dates import ANY, dates_of, iso_time

WRITTEN = [
    ("date", "%d.%m.%Y", "11.03.2024", "2024-03-11"),
    ("date", "%d.%m.%Y", "1.3.2024", "2024-03-01"),
    ("date", "%m/%d/%Y", "03/11/2024", "2024-03-11"),
    ("datetime", "%d.%m.%Y %H:%M", "11.03.2024 14:05", "2024-03-11T14:05"),
    ("datetime", "%Y-%m-%d %H:%M:%S", "2024-03-11 14:05:00", "2024-03-11T14:05:00"),
    ("datetime", "%Y-%m-%d %H:%M:%S%z", "2024-03-11 14:05:00+01:00", "2024-03-11T14:05:00+01:00"),
    ("date", "any", "2024/03/11", "2024-03-11"),
    ("date", "any", "11 Mar 2024", "2024-03-11"),
    ("datetime", "any", "2024-03-11 14:05:00.5", "2024-03-11T14:05:00.500000"),
    ("date", "default", "2024-03-11", "2024-03-11"),
]


def dated(folder: Path, kind: str, pattern: str, text: str) -> Path:
    """Write a table with one date."""
    fields = {"d": {"field": "provenance.measured_at"}, "t": LATENCY}
    lay(folder, f'd,t\n"{text}",1\n', fields, types={"d": kind})
    path = folder / "datapackage.json"
    words = path.read_text().replace('"name": "d"', f'"name": "d", "format": "{pattern}"')
    path.write_text(words)
    return folder


@pytest.mark.parametrize(("kind", "pattern", "text", "time"), WRITTEN)
def test_a_date_is_read_as_its_format_says(
    kind: str, pattern: str, text: str, time: str, tmp_path: Path
) -> None:
    from benchfmt import convert

    [record] = [r.to_dict() for r in convert(dated(tmp_path, kind, pattern, text))]
    assert record["provenance"]["measured_at"] == time
    if text != time:
        assert record["extensions"] == {"lpdnn": {"d": text}}
    assert not [f for f in validate(tmp_path).findings if f.severity == "error"]


@pytest.mark.parametrize("text", ["03/11/2024", "31.02.2024", "yesterday", "11.03.24"])
def test_a_date_that_is_written_otherwise_is_told_and_kept(text: str, tmp_path: Path) -> None:
    records, account = read(dated(tmp_path, "date", "%d.%m.%Y", text))
    assert records[0]["extensions"] == {"lpdnn": {"d": text}}
    assert [(f.code, f.row, f.column) for f in account.findings] == [("BF105", 1, "d")]


def test_a_date_of_which_nothing_says_how_it_is_written_has_a_hint(tmp_path: Path) -> None:
    fields = {"d": {"field": "provenance.measured_at"}, "t": LATENCY}
    _, account = read(lay(tmp_path, "d,t\n11.03.2024,1\n", fields))
    assert account.findings[0].hint == (
        'if it is a date, say how it is written: "type": "date", "format": "%d.%m.%Y" of the field'
    )


FOUND = [
    (["2024-03-11", "2024-03-12T14:05:00Z"], ("default",)),
    (["11.03.2024", "12.03.2024"], ("%d.%m.%Y", "%m.%d.%Y")),
    (["11.03.2024", "13.03.2024"], ("%d.%m.%Y",)),
    (["03/14/2024 2:05 PM"], ("%m/%d/%Y %I:%M %p",)),
    (["2024-03-11 14:05:00"], ("%Y-%m-%d %H:%M:%S",)),
    (["2024-03-11 14:05:00", "2024-03-11 14:05:00.5"], ("any",)),
    (["24.03.13"], ("%d.%m.%y", "%y.%m.%d")),
    (["1710158400"], ()),
    (["soon"], ()),
    ([], ()),
]


@pytest.mark.parametrize(("cells", "patterns"), FOUND)
def test_the_order_of_a_date_is_known_only_where_one_order_fits(
    cells: list[str], patterns: tuple[str, ...]
) -> None:
    assert dates_of(cells).patterns == patterns


def test_many_cells_that_are_no_dates_are_soon_known() -> None:
    begin = time.process_time()
    for number in range(2_000):
        assert iso_time(f"{number} of 2", ANY) is None
    assert iso_time("3 Feb 2026  04:05", ANY) == "2026-02-03T04:05"
    assert time.process_time() - begin < 4
