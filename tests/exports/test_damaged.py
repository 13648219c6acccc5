"""Packages with a fault that nobody has mended: an export writes them or says why not, and never ends otherwise."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from benchfmt import BenchfmtError, Record, open_package
from benchfmt.comparing.coverage import coverage
from benchfmt.exports import export
from benchfmt.exports.base import OWN
from benchfmt.package import write_package
from benchfmt.tables import to_batch

NEEDED = {"every-eval-ever": {"retrieved": "2026-01-31"}, "ro-crate": {"date": "2026-01-31"}}
RECORD = {
    "benchfmt": "1.0",
    "id": "r1",
    "status": "ok",
    "benchmark": {"suite": "ai-benchmark"},
    "task": "image-classification",
    "model": {"name": "DeepLab"},
    "system": {"id": "s1", "name": "Box", "accelerator": [{"kind": "gpu"}, {"kind": "npu"}]},
    "software": {"engine": "onnxruntime", "stack": {"cuda": "12"}},
    "configuration": {
        "input_shape": [1, 3, 224, 224],
        "placement": ["gpu"],
        "hyperparameters": {"rate": 1},
    },
    "inputs": [{"name": "n", "values": [1]}],
    "measurements": [
        {
            "metric": "latency",
            "stage": "inference",
            "per": "sample",
            "value": 0.5,
            "unit": "s",
            "basis": "measured",
            "caveats": ["unstable"],
            "n": 3,
            "ci": [0.4, 0.6, 0.95],
        }
    ],
    "provenance": {"sources": [{"path": "a"}, {"path": "b"}]},
}
Damage = Callable[[str, str, str], Path]


@pytest.fixture
def damaged(tmp_path: Path) -> Damage:
    """Write a package in which one cell of the first row of a table holds something else."""

    def write(table: str, column: str, cell: str) -> Path:
        package = tmp_path / "package"
        write_package(package, [to_batch([Record.from_dict(RECORD)])], format="csv")
        (path,) = package.glob(f"{table}*.csv")
        header, first, *rest = csv.reader(io.StringIO(path.read_text("utf-8")))
        assert first[header.index(column)]
        first[header.index(column)] = cell
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, first, *rest])
        path.write_text(text.getvalue(), "utf-8")
        return package

    return write


@pytest.mark.parametrize(
    ("table", "column", "reader"),
    [
        ("systems", "accelerators", "ntriples"),
        ("records", "software", None),
        ("records", "input_shape", "matchmaking"),
        ("records", "placement", "ntriples"),
        ("records", "hyperparameters", "matchmaking"),
        ("records", "inputs", "ntriples"),
        ("records", "sources", "ntriples"),
        ("measurements", "caveats", "matchmaking"),
        ("measurements", "ci", "ntriples"),
    ],
)
def test_json_that_no_column_holds_is_told(
    damaged: Damage, tmp_path: Path, table: str, column: str, reader: str | None
) -> None:
    package = damaged(table, column, "[[1]")
    for name in OWN:
        with suppress(BenchfmtError):
            export(package, name, tmp_path / name, **NEEDED.get(name, {}))
    if reader is not None:
        with pytest.raises(BenchfmtError, match=f"{column}: .*; run benchfmt validate"):
            export(package, reader, tmp_path / "again")


@pytest.mark.parametrize("name", ["aiod", "json-ld", "matchmaking"])
def test_a_system_without_an_id_is_told(damaged: Damage, tmp_path: Path, name: str) -> None:
    package = damaged("systems", "id", "")
    with pytest.raises(BenchfmtError, match=r"systems\.csv, id: a cell is empty; run benchfmt val"):
        export(package, name, tmp_path / "new")


def test_a_system_that_is_not_described_is_told(damaged: Damage, tmp_path: Path) -> None:
    package = damaged("systems", "id", "s2")
    with pytest.raises(BenchfmtError, match="the system 's1' of a record is not described"):
        export(package, "matchmaking", tmp_path / "new")


def test_the_flat_table_tells_a_shape_that_is_none(damaged: Damage) -> None:
    package = damaged("records", "input_shape", "{")
    with (
        open_package(package) as opened,
        pytest.raises(BenchfmtError, match=r"input_shape: '\{' is not a list of whole numbers"),
    ):
        opened.wide(facts=True)


def test_the_flat_table_tells_two_systems_of_one_id(damaged: Damage) -> None:
    package = damaged("systems", "name", "Other")
    path = package / "systems.csv"
    header, row = path.read_text("utf-8").splitlines()
    path.write_text(f"{header}\n{row}\n{row}\n", "utf-8")
    with (
        open_package(package) as opened,
        pytest.raises(BenchfmtError, match=r"two systems have the id 's1'; run benchfmt validate"),
    ):
        opened.wide()


@pytest.mark.parametrize("column", ["hyperparameters", "inputs"])
def test_the_flat_table_tells_members_that_are_none(damaged: Damage, column: str) -> None:
    with (
        open_package(damaged("records", column, "[1")) as opened,
        pytest.raises(
            BenchfmtError, match=rf"{column}: '\[1' is not an? .*; run benchfmt validate"
        ),
    ):
        opened.wide(inputs=True)


@pytest.mark.parametrize(("table", "column"), [("records", "suite"), ("measurements", "metric")])
def test_what_a_package_covers_is_not_told_of_rows_that_lack_what_each_has(
    damaged: Damage, table: str, column: str
) -> None:
    with (
        open_package(damaged(table, column, "")) as opened,
        pytest.raises(BenchfmtError, match=rf"{table}\.csv, {column}: a cell is empty"),
    ):
        coverage(opened)
