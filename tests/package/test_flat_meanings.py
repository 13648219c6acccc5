"""What the flat table and its counts say of columns, and of values that it leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchfmt import Record, open_package
from benchfmt.cli.commands import app
from benchfmt.package import write_package
from benchfmt.tables import to_batch


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """One record whose quality is that of subsets alone, with a hyperparameter."""
    number: dict[str, Any] = {"unit": "1", "basis": "measured"}
    measurements = [
        {"metric": "latency", "value": 0.5, "unit": "s", "basis": "measured"},
        *(
            {"metric": "average-precision", "scope": f"subset:{part}", "value": 0.4, **number}
            for part in ("small", "medium")
        ),
    ]
    record = {
        "benchfmt": "1.0",
        "id": "a",
        "benchmark": {"suite": "lpdnn"},
        "system": {"id": "rpi4", "name": "Raspberry Pi 4"},
        "configuration": {"hyperparameters": {"depth": 3}},
        "status": "ok",
        "provenance": {"converter": "lpdnn", "converter_version": "1.0"},
        "measurements": measurements,
    }
    write_package(tmp_path / "package", [to_batch([Record.from_dict(record)])])
    return tmp_path / "package"


def test_show_counts_the_numbers_that_the_flat_table_leaves_out(package: Path) -> None:
    shown = CliRunner().invoke(app, ["show", str(package)]).output
    [line] = [line for line in shown.splitlines() if "qualified" in line]
    assert line.endswith(": average-precision 2")
    with open_package(package) as opened:
        assert opened.wide().schema.metadata[b"left_out"] == b"2"


def test_a_frame_of_pandas_keeps_units_and_meanings(package: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    with open_package(package) as opened:
        frame = opened.to_pandas(inputs=True, facts=True)
        listed = opened.columns(inputs=True, facts=True).to_pylist()
    assert frame.attrs["units"]["latency"] == "s"
    assert frame.attrs["descriptions"]["latency"].startswith("Latency: ")
    assert frame.attrs["left_out"] == 2
    for row in listed:
        assert frame.attrs["units"].get(row["column"]) == row["unit"]
    said = {row["column"]: row["description"] for row in listed}
    assert (
        said["hyperparameters__depth"]
        == "Hyperparameter 'depth' of the run, as the record says it."
    )
    assert said["registry_device"].endswith("and no record: device.")
    assert [
        name for name, words in said.items() if words is None and name.startswith("registry_")
    ] == []
