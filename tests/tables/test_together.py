"""Long tables that are sorted on disk give what they give from memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.sparing import some
from tests.tables.test_annotated import LONG_FIELDS, lay, read

from benchfmt import convert, validate
from benchfmt.annotated import together

METRICS = ("latency", "throughput", "power")


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Sort tables of more than a few rows on disk, in a folder that must be empty in the end."""
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spill))
    for name, rows in (("MOST_ROWS", 7), ("DIVISIONS", 3), ("RUN_ROWS", 2), ("FRAME_ROWS", 5)):
        monkeypatch.setattr(together, name, rows)
    yield spill
    assert list(spill.iterdir()) == []


def long_table(seed: int, rows: int) -> str:
    """Return a long table whose records stand in any order, some without a key, some of one row."""
    chance = np.random.default_rng(seed)
    keys = ["", *(f"r{number}" for number in range(rows // 3))]
    lines = []
    for number in range(rows):
        key = str(chance.choice(keys))
        lines.append(f"{key},{key or 'none'},{METRICS[number % 3]},{chance.integers(1, 99)}")
    return "run,net,name,v\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", some(range(8)))
def test_the_records_are_those_of_the_whole_table_in_the_same_order(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    lay(folder, long_table(seed, 60), LONG_FIELDS, annotation={"key": ["run"]})
    records, account = read(folder)
    convert(folder).write(tmp_path / "whole")
    report = validate(folder)
    request.getfixturevalue("on_disk")
    frames = []

    def counted(
        runs: list[together._Run], own: together._Own, room: together.Room
    ) -> together.Frames:
        for frame in merged(runs, own, room):
            frames.append(frame)
            yield frame

    merged = together._merged
    monkeypatch.setattr(together, "_merged", counted)
    on_disk, of_disk = read(folder)
    assert len(frames) > 1
    assert on_disk == records
    for what in ("rows", "converted", "skipped", "failed", "records", "measurements"):
        assert of_disk.total(what) == account.total(what)
    assert sorted(map(str, of_disk.files[-1].details)) == sorted(
        map(str, account.files[-1].details)
    )
    convert(folder).write(tmp_path / "sorted")
    for table in ("records", "measurements"):
        one, other = (
            pq.read_table(tmp_path / name / f"{table}.parquet") for name in ("whole", "sorted")
        )
        assert one.equals(other)
    assert sorted(validate(folder).findings) == sorted(report.findings)


def test_a_run_with_steps_is_read_as_one_table(tmp_path: Path, on_disk: Path) -> None:
    steps = "".join(f"r{number % 5},{9 - number // 5},0.{number:02}\n" for number in range(30))
    fields = {"map": {"metric": "map", "statistic": "final"}}
    annotation = {"key": ["run"], "history": {"step": "epoch"}}
    records, _ = read(lay(tmp_path, "run,epoch,map\n" + steps, fields, annotation=annotation))
    assert [record["measurements"][0]["value"] for record in records] == [
        0,
        0.01,
        0.02,
        0.03,
        0.04,
    ]


def test_a_table_that_is_left_in_the_middle_leaves_no_file(tmp_path: Path, on_disk: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    lay(folder, long_table(1, 60), LONG_FIELDS, annotation={"key": ["run"]})
    records = iter(convert(folder))
    next(records)
    del records


def test_columns_that_are_called_as_those_of_the_sort_are_kept(
    tmp_path: Path, on_disk: Path
) -> None:
    names = ("row", "first", "division", "row_")
    rows = "".join(f"r{number},net,latency,{number},a,b,c,d\n" for number in range(30))
    folder = lay(
        tmp_path,
        f"run,net,name,v,{','.join(names)}\n{rows}",
        LONG_FIELDS,
        annotation={"key": ["run"]},
    )
    records, _ = read(folder)
    assert len(records) == 30
    for record in records:
        kept = record["extensions"]["lpdnn"]
        assert {name: kept[name] for name in names} == dict(zip(names, "abcd", strict=True))
