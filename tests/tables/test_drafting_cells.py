"""`describe` finds out which cells hold no number, how dates are written, and what a long table measures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchfmt import BenchfmtError, convert, validate
from benchfmt.describing import describe
from benchfmt.describing.asking import questions_of
from benchfmt.drafting import Said
from benchfmt.drafting.draft import Draft, draft, draft_tables
from benchfmt.drafting.heads import read_head
from benchfmt.readers.sheets.valueless import reason_of, valueless

Field = dict[str, Any]


def drafted(folder: Path, text: str, said: Said | None = None) -> tuple[dict[str, Field], Draft]:
    """Describe a table, write its descriptor beside it, and return its fields by name."""
    (folder / "t.csv").write_text(text, "utf-8")
    made = draft(folder / "t.csv", "lab:x", said)
    (folder / "datapackage.json").write_text(json.dumps(made.descriptor))
    resource: Any = made.descriptor["resources"]
    fields = resource[0]["schema"]["fields"]
    return {field["name"]: field for field in fields}, made


def reasons(folder: Path) -> list[dict[str, str]]:
    """Return the reasons of the measurements without a value, by metric, of each record."""
    return [
        {str(m.metric): str(m.missing) for m in record.measurements or () if m.missing}
        for record in convert(folder)
    ]


TABLE = """model;latency (ms);power [W];throughput (img/s)
resnet50;12,5;6,1;<0,1
vgg;OOM;n. v.;>1000
mobilenet;timeout;k. A.;12,5
efficientnet;N/A (OOM);-;failed
densenet;13,5;—;1.012,0
"""


NOT_NUMBERS = "its cells are text, though its name is that of a number: {}; it is kept as text under extensions"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ('model,latency (ms)\nresnet50,4.21\nvgg,"118,4"\nmobilenet,\n', "'118,4' in B3"),
        ("name,model,model size\n# no row\nx,vgg,fast\n\ny,alexnet,slow\n", "'fast' in C3"),
        (f"model,throughput\nvgg,{'x' * 90}\n", f"'{'x' * 40}…' in B2"),
        ("model,params\nvgg,**unknown**\n", "'**unknown**' in B2"),
    ],
    ids=["measured", "size", "long", "count"],
)
def test_a_column_of_text_is_told_with_its_first_cell_and_where_that_stands(
    text: str, cell: str, tmp_path: Path
) -> None:
    _, made = drafted(tmp_path, text)
    [note] = [note for note in made.notes if "its cells are text" in note]
    assert note.partition(": ")[2] == NOT_NUMBERS.format(cell)


def test_a_cell_of_a_workbook_is_told_as_it_is_named_there(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "All runs"
    for row in ([], ["", "model", "latency (ms)"], ["", "vgg", "fast"], ["", "alexnet", "slow"]):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    notes = draft(tmp_path / "t.xlsx", "lab:x").notes
    assert [NOT_NUMBERS.format("'fast' in 'All runs'!C3") in note for note in notes].count(
        True
    ) == 1


def test_of_a_file_that_no_spreadsheet_opens_and_of_several_tables_the_row_is_told(
    tmp_path: Path,
) -> None:
    rows = [{"model": "vgg", "latency (ms)": "fast"}, {"model": "alexnet", "latency (ms)": "slow"}]
    (tmp_path / "a.json").write_text(json.dumps(rows), "utf-8")
    notes = draft(tmp_path / "a.json", "lab:x").notes
    assert [NOT_NUMBERS.format("'fast' in row 1") in note for note in notes].count(True) == 1
    (tmp_path / "b.csv").write_text("model,latency (ms)\nvgg,4.21\n", "utf-8")
    (tmp_path / "c.csv").write_text("model,latency (ms)\nvgg,fast\n", "utf-8")
    heads = [read_head(tmp_path / "b.csv"), read_head(tmp_path / "c.csv")]
    several = draft_tables([heads], "lab:x", Said(), "t").notes
    assert [NOT_NUMBERS.format("'fast' in B2 of c.csv") in note for note in several].count(
        True
    ) == 1


def test_cells_without_a_number_leave_a_column_of_numbers(tmp_path: Path) -> None:
    fields, made = drafted(tmp_path, TABLE)
    assert [field["type"] for field in fields.values()] == ["string", "number", "number", "number"]
    resource: Any = made.descriptor["resources"]
    assert resource[0]["schema"]["missingValues"] == ["", "-", "k. A.", "n. v.", "—"]
    assert fields["latency (ms)"]["benchfmt"]["missing"] == {
        "OOM": "run-failed",
        "timeout": "run-failed",
        "N/A (OOM)": "run-failed",
    }
    assert fields["throughput (img/s)"]["benchfmt"]["missing_patterns"] == {
        "<.*": "below-resolution",
        ">.*": "above-limit",
    }
    for words in (
        "column 'latency (ms)': 'OOM', 'timeout', 'N/A (OOM)' among its numbers: missing, as run-failed",
        "column 'throughput (img/s)': '<0,1' among its numbers: missing, as below-resolution",
        "'-', 'k. A.', 'n. v.', '—' among numbers: taken for missing values; add the reason under `missing`",
    ):
        assert words in made.notes
    assert reasons(tmp_path) == [
        {"throughput": "below-resolution"},
        {"latency": "run-failed", "power": "not-reported", "throughput": "above-limit"},
        {"latency": "run-failed", "power": "not-reported"},
        {"latency": "run-failed", "power": "not-reported", "throughput": "run-failed"},
        {"power": "not-reported"},
    ]
    assert [r.status for r in convert(tmp_path)] == ["ok", "failed", "ok", "failed", "ok"]
    assert not [f for f in validate(tmp_path).findings if f.severity == "error"]


def test_frictionless_reads_cells_without_a_number_as_missing(tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    drafted(tmp_path, TABLE)
    package = frictionless.Package(str(tmp_path / "datapackage.json"))
    assert package.validate().valid
    rows = [list(row.values())[1:] for row in package.resources[0].read_rows()]
    assert [[cell is None for cell in row] for row in rows] == [
        [False, False, True],
        [True, True, True],
        [True, True, False],
        [True, True, True],
        [False, True, False],
    ]


WORDS = [
    ("OOM", "run-failed"),
    ("CUDA out of memory", "run-failed"),
    ("Fehler", "run-failed"),
    ("timed out", "run-failed"),
    ("#DIV/0!", "undefined"),
    ("not measured", "not-measured"),
    ("not-reached", "not-reached"),
    ("resnet50", None),
    ("ok", None),
]


@pytest.mark.parametrize(("cell", "reason"), WORDS)
def test_words_of_cells_have_a_reason(cell: str, reason: str | None) -> None:
    assert reason_of(cell) == reason


@pytest.mark.parametrize(
    "cells", [("ok", "failed"), ("OOM",), ("n/a", "-"), ("resnet50", "1", "OOM"), ()]
)
def test_a_column_of_other_texts_has_no_cells_without_a_value(cells: tuple[str, ...]) -> None:
    assert valueless(cells).cells == ()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("11.03.2024", "13.03.2024"), {"type": "date", "format": "%d.%m.%Y"}),
        (("2024-03-11 14:05:00",), {"type": "datetime", "format": "%Y-%m-%d %H:%M:%S"}),
        (("03/14/2024", "n/a"), {"type": "date", "format": "%m/%d/%Y"}),
        (("11 Mar 2024",), {"type": "date", "format": "%d %b %Y"}),
        (("2024-03-11",), {"type": "string"}),
    ],
)
def test_the_way_of_writing_dates_is_found_out(
    cells: tuple[str, ...], words: dict[str, str], tmp_path: Path
) -> None:
    rows = "".join(f"{cell},1.5\n" for cell in cells)
    fields, _ = drafted(tmp_path, f"date,latency (ms)\n{rows}")
    assert fields["date"] == {
        "name": "date",
        **words,
        "benchfmt": {"field": "provenance.measured_at"},
    }
    assert not validate(tmp_path).errors


@pytest.mark.parametrize(
    ("cell", "note"),
    [
        (
            "11.03.2024",
            "it is kept as text under extensions: is '11.03.2024' written %d.%m.%Y (or %m.%d.%Y); say --date",
        ),
        (
            "1/2/24",
            "it is kept as text under extensions: is '1/2/24' written %d/%m/%y (or %m/%d/%y); say --date",
        ),
    ],
)
def test_dates_that_may_be_two_are_a_question(cell: str, note: str, tmp_path: Path) -> None:
    fields, made = drafted(tmp_path, f"date,latency (ms)\n{cell},1.5\n")
    assert "benchfmt" not in fields["date"]
    assert any(note in line for line in made.notes), made.notes
    assert not validate(tmp_path).errors


def test_a_person_says_how_dates_are_written(tmp_path: Path) -> None:
    text = "date,latency (ms)\n11.03.2024,1.5\n"
    fields, made = drafted(tmp_path, text, Said(dates={"date": "%d.%m.%Y"}))
    assert (fields["date"]["type"], fields["date"]["format"]) == ("date", "%d.%m.%Y")
    assert not any("'date'" in note for note in made.notes)
    with pytest.raises(BenchfmtError, match=r"'11\.03\.2024' is not written %Y"):
        drafted(tmp_path, text, Said(dates={"date": "%Y"}))
    with pytest.raises(BenchfmtError, match="no time of measurement"):
        drafted(tmp_path, text, Said(dates={"latency (ms)": "%Y"}))


def test_the_order_of_a_date_is_asked(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("date,latency (ms)\n11.03.2024,1.5\n")
    made = describe(tmp_path / "t.csv", "lab:x")
    heads = [read_head(tmp_path / "t.csv")]
    [question] = [item for item in questions_of(made, heads) if item.key == "date date"]
    assert question.answers == ("%d.%m.%Y", "%m.%d.%Y")
    assert question.take(Said(), "%m.%d.%Y").dates == {"date": "%m.%d.%Y"}


LONG = "model,metric,value\na,latency,3.4\na,throughput,290\nb,latency,OOM\nb,throughput,250\n"


def test_a_long_table_has_a_headline_number_and_assumed_units(tmp_path: Path) -> None:
    fields, made = drafted(tmp_path, LONG)
    assert fields["value"]["benchfmt"] == {
        "caveats": ["unit-inferred"],
        "metric": {
            "column": "metric",
            "terms": {
                "latency": {"metric": "latency", "unit": "s", "primary": True},
                "throughput": {"metric": "throughput", "unit": "/s"},
            },
        },
        "missing": {"OOM": "run-failed"},
    }
    assert any("nothing names the unit of 'latency'" in line for line in made.notes)
    codes = {(f.code, f.severity.value) for f in validate(tmp_path, "submission").findings}
    assert ("BF208", "error") in codes
    assert not {code for code, _ in codes} & {"BF411", "BF519"}


def test_the_units_of_a_long_table_can_be_confirmed_and_not_be_one(tmp_path: Path) -> None:
    fields, _ = drafted(tmp_path, LONG, Said(confirmed={"value": "manual"}))
    assert fields["value"]["benchfmt"]["confirmed"] == "manual"
    assert not [f for f in validate(tmp_path, "submission").findings if f.code == "BF208"]
    with pytest.raises(BenchfmtError, match="holds several metrics"):
        drafted(tmp_path, LONG, Said(units={"value": "ms"}))


def test_the_spread_of_cells_is_assumed_aloud(tmp_path: Path) -> None:
    text = "model,latency\na,12.3 ± 0.4\nb,OOM\n"
    fields, _ = drafted(tmp_path, text)
    note = fields["latency"]["benchfmt"]
    assert (note["spread"], note["caveats"]) == (
        "stddev",
        ["definition-inferred", "unit-inferred"],
    )
    assert {f.code for f in validate(tmp_path).findings} == {"BF208", "BF209"}
    fields, _ = drafted(tmp_path, text, Said(units={"latency": "ms"}))
    assert fields["latency"]["benchfmt"]["caveats"] == ["definition-inferred"]
    fields, _ = drafted(tmp_path, text, Said(confirmed={"latency": "manual"}))
    assert fields["latency"]["benchfmt"]["confirmed"] == {"unit-inferred": "manual"}
    assert {f.code for f in validate(tmp_path).findings} == {"BF209"}


def test_a_spread_with_a_decimal_comma_is_found_out(tmp_path: Path) -> None:
    text = "model;latency [ms]\na;12,5 ± 0,4\nb;n. v.\nc;1.013,5 (2,25)\nd;>1000\n"
    fields, _ = drafted(tmp_path, text)
    assert (fields["latency [ms]"]["decimalChar"], fields["latency [ms]"]["groupChar"]) == (
        ",",
        ".",
    )
    first, third = [r.measurements[0] for r in convert(tmp_path) if r.measurements]
    assert (first.value, first.stddev) == (0.0125, 0.0004)
    assert (third.value, third.stddev) == (1.0135, 0.00225)


def test_a_typographic_minus_is_no_name(tmp_path: Path) -> None:
    _, made = drafted(tmp_path, "model,temperature (C)\na,\u22125.2\nb,40\n")
    assert not any("part of the names" in note for note in made.notes)
    assert [r.measurements[0].value for r in convert(tmp_path) if r.measurements] == [-5.2, 40]


def test_columns_without_a_name_that_hold_nothing_are_told_together(tmp_path: Path) -> None:
    fields, made = drafted(tmp_path, ",model,,latency (ms),,,\n0,a,,1.5,,,\n1,b,,2.5,,,\n")
    assert [name for name, field in fields.items() if field["benchfmt"].get("ignore")] == [
        "field1",
        "field3",
        "field5",
        "field6",
        "field7",
    ]
    lines = [line for line in made.review.lines() if "no name" in line or "field" in line]
    assert lines == [
        "review: column 1 has no name and counts the rows: it is left out",
        "review: column 3 has no name and holds nothing in the 2 rows that were looked at: left out",
        "review: columns 5 to 7 have no name and hold nothing in the 2 rows that were looked at: left out",
        "taken: column 'field1': left out",
    ]
