"""`benchfmt compare` on packages whose cells hold what they must not: it says so, and does not break."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.comparison.making import PROFILE, changed
from tests.forms import flatten, write
from typer.testing import CliRunner

from benchfmt.cli.commands import app
from benchfmt.finding import BenchfmtError


def package(tmp_path: Path, table: str, **cells: Any) -> Path:
    """Return a package of two results that compare, with cells of a table replaced."""
    records = [
        changed(PROFILE, f"r{number}", system={"id": f"board-{number}", "name": f"Board {number}"})
        for number in (1, 2)
    ]
    root = write(tmp_path / "package", flatten(records), "parquet")
    path = root / f"{table}.parquet"
    rows = pl.read_parquet(path)
    if cells:
        rows = rows.with_columns(
            pl.lit(cell, dtype=rows.schema[name]).alias(name) for name, cell in cells.items()
        )
    else:
        rows = rows.clear()
    rows.write_parquet(path)
    return root


def run(*args: str | Path) -> list[str]:
    done = CliRunner().invoke(app, ["compare", *map(str, args)])
    if isinstance(done.exception, BenchfmtError):
        return [str(done.exception)]
    assert done.exit_code == 0, done.exception
    return done.output.splitlines()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"caveats": '"unstable"'}, "caveats of latency in record 'r2': it is not a list"),
        ({"caveats": "5"}, "caveats of latency in record 'r2': it is not a list"),
        ({"caveats": "unstable"}, "caveats of latency in record 'r2': it is not JSON"),
        ({"caveats": "[1]"}, "caveats of latency in record 'r2': 1 is not a caveat"),
        ({"value": float("nan")}, "value of latency in record 'r2': nan is not a finite number"),
        ({"value": float("inf")}, "value of latency in record 'r2': inf is not a finite number"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(
    cells: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    made = package(tmp_path, "measurements", **cells)
    told = f"{reason}; run benchfmt validate"
    assert run(made) in ([told], [told.replace("r2", "r1")])
    assert run(made, "r2", "r1") == [told]


@pytest.mark.parametrize("placement", ["5", "null", '"gpu"', "gpu"])
def test_a_placement_that_is_no_list_is_shown_as_it_stands(placement: str, tmp_path: Path) -> None:
    lines = run(package(tmp_path, "records", placement=placement))
    assert lines[1].endswith(f"onnxruntime 1.20.0  {placement}")


def test_what_stands_nowhere_is_counted(tmp_path: Path) -> None:
    assert run(package(tmp_path, "records", id="other")) == [
        "no two results may be compared",
        "2 results in no group: not comparable: the record is not in the package",
    ]


@pytest.mark.parametrize(
    ("table", "column"),
    [("records", "id"), ("records", "status"), ("measurements", "metric")],
)
@pytest.mark.parametrize("pair", [(), ("r1", "r2")])
def test_an_empty_cell_where_each_row_has_one_is_named(
    table: str, column: str, pair: tuple[str, ...], tmp_path: Path
) -> None:
    made = package(tmp_path, table, **{column: None})
    told = f"{made}/{table}.parquet, {column}: a cell is empty; run benchfmt validate"
    assert run(made, *pair) == [told]


def test_an_empty_table_is_told(tmp_path: Path) -> None:
    for table in ("records", "measurements"):
        made = package(tmp_path / table, table)
        assert run(made) == [f"{made} has no {table} to compare"]


def test_records_without_measurements_have_no_metric_in_common(tmp_path: Path) -> None:
    lines = run(package(tmp_path, "measurements"), "r1", "r2")
    assert lines[-1] == "not comparable: no metric was measured of both"


@pytest.mark.parametrize("pair", [(), ("r1", "r2")])
def test_a_name_steers_no_terminal_and_begins_no_line(
    pair: tuple[str, ...], tmp_path: Path
) -> None:
    made = package(tmp_path, "systems", name="Board\x1b[31m\n0 results in no group")
    text = "\n".join(run(made, *pair))
    assert "Board\\x1b[31m\\n0 results in no group" in text
