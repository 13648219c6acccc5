"""Long texts of a package as reports show them: shorter, and as different as they are."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.hostile.specimens import MEASUREMENTS, SYSTEMS, package

from benchfmt.package import open_package
from benchfmt.package.shortening import MOST, short_text, short_texts

LONG = "x" * (MOST + 1)


@pytest.mark.parametrize("text", ["", "resnet50", "x" * MOST, "é" * MOST])
def test_a_text_that_somebody_may_read_stands_as_it_is(text: str) -> None:
    assert short_text(text) == text


def test_a_long_text_is_shortened_and_differs_from_others_that_begin_so() -> None:
    one, other = short_text(LONG), short_text(LONG + "y")
    assert len(one) < MOST
    assert one.startswith("x" * 900 + "… (1,001 characters, sha256 ")
    assert other != one


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum([LONG, "a"])])
def test_long_cells_of_any_text_column_are_shortened(kind: pl.DataType) -> None:
    cells = pl.Series("model", [LONG, None, "a", LONG], dtype=kind)
    frame = short_texts("records", pl.DataFrame([cells]))
    assert frame["model"].to_list() == [short_text(LONG), None, "a", short_text(LONG)]


def test_json_and_columns_of_others_stand_as_they_are() -> None:
    frame = pl.DataFrame({"extensions": [LONG], "^.*$": [LONG], "threads": [1]})
    assert short_texts("records", frame).equals(frame)


def test_a_package_is_shortened_where_it_is_asked_for_alone(tmp_path: Path) -> None:
    records = f"id,suite,status,model\nr1,lpdnn,ok,{LONG}\n"
    place = package(tmp_path / "p", systems=SYSTEMS, records=records, measurements=MEASUREMENTS)
    with open_package(place) as whole, open_package(place, is_short=True) as short:
        for opened, model in ((whole, LONG), (short, short_text(LONG))):
            [frame] = opened.frames("records", ("id", "model"))
            assert frame.rows() == [("r1", model)]
            assert opened.table("records")["model"].to_pylist() == [model]
