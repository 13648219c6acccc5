"""Certain mends: each is told with its place, written beside, and leaves nothing to mend; what is not certain stays."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.forms import codes, flatten, write
from typer.testing import CliRunner

from benchfmt import BenchfmtError, open_package, validate
from benchfmt.cli.commands import app
from benchfmt.descriptor import acknowledged
from benchfmt.mending import Mend, Mended, mend
from benchfmt.migrate import STEPS, Step
from benchfmt.reports.changes import mended_lines

FORMS = ("csv", "parquet", "zip")


def record(number: int, *measurements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "benchfmt": "1.0",
        "id": f"r{number}",
        "benchmark": {"suite": "lpdnn"},
        "measurements": [{"basis": "measured", **measurement} for measurement in measurements],
        "status": "ok",
        **more,
    }


LATENCY = {"metric": "latency", "value": 0.01, "unit": "s", "per": "sample", "stage": "inference"}
ACCURACY = {"metric": "accuracy", "value": 0.75, "unit": "1", "primary": True}


def package(folder: Path, form: str, *records: dict[str, Any]) -> Path:
    return write(folder, flatten(list(records)), form)


def mended(place: Path, new: Path) -> list[tuple[int | None, str, str | None, str]]:
    result = mend(place, new)
    return [(item.row, item.column, item.before, item.after) for item in result.mends]


def files(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("form", FORMS)
def test_the_case_of_terms_is_mended_in_every_table(form: str, tmp_path: Path) -> None:
    wrong = {**LATENCY, "metric": "Latency", "statistic": "P99", "per": "Sample "}
    old = package(
        tmp_path / "old",
        form,
        record(1, ACCURACY),
        record(2, wrong, benchmark={"suite": "LPDNN"}, system={"id": "s", "kind": "Board"}),
    )
    new = tmp_path / "new"
    assert mend(old, new).mends == [
        Mend(name(old, "systems", form), 1, "kind", "Board", "board", "s"),
        Mend(name(old, "records", form), 2, "suite", "LPDNN", "lpdnn", "r2"),
        Mend(name(old, "measurements", form), 2, "metric", "Latency", "latency", "r2"),
        Mend(name(old, "measurements", form), 2, "statistic", "P99", "p99", "r2"),
        Mend(name(old, "measurements", form), 2, "per", "Sample ", "sample", "r2"),
    ]
    assert not codes(validate(new)) & {"BF105", "BF201", "BF509"}


def name(old: Path, table: str, form: str) -> str:
    kind = "parquet" if form == "parquet" else "csv"
    return f"{table}.{kind}"


def test_the_old_package_stays_as_it_is(tmp_path: Path) -> None:
    old = package(tmp_path / "old", "csv", record(1, {**LATENCY, "unit": "seconds"}))
    before = files(old)
    assert mended(old, tmp_path / "new") == [(1, "unit", "seconds", "s")]
    assert files(old) == before
    assert sorted(files(tmp_path / "new")) == sorted(before)


@pytest.mark.parametrize("form", FORMS)
def test_a_declared_percent_becomes_a_fraction_with_all_that_belongs_to_it(
    form: str, tmp_path: Path
) -> None:
    percent = {
        **ACCURACY,
        "value": 76.064,
        "unit": "percent",
        "stddev": 1.5,
        "ci": [75.0, 77.1, 0.95],
        "samples": [76.0, None, 76.128],
        "target_min": 75.0,
    }
    old = package(tmp_path / "old", form, record(1, percent))
    assert mended(old, tmp_path / "new") == [
        (1, "value", "76.064", "0.76064"),
        (1, "stddev", "1.5", "0.015"),
        (1, "target_min", "75.0", "0.75"),
        (1, "ci", "[75.0, 77.1, 0.95]", "[0.75, 0.771, 0.95]"),
        (1, "samples", "[76.0, null, 76.128]", "[0.76, null, 0.76128]"),
        (1, "unit", "percent", "1"),
        (1, "reported_value", None, "76.064"),
        (1, "reported_unit", None, "%"),
    ]
    assert validate(tmp_path / "new").ok


@pytest.mark.parametrize(
    "measurement",
    [
        {**ACCURACY, "value": 0.76, "unit": "%"},
        {**ACCURACY, "value": 76.0, "unit": "1"},
        {**LATENCY, "unit": "ms"},
        {**LATENCY, "unit": "furlong"},
        {**LATENCY, "metric": "latancy"},
        {**LATENCY, "metric": "acme:Latency"},
    ],
)
def test_what_is_not_certain_is_left(measurement: dict[str, Any], tmp_path: Path) -> None:
    old = package(tmp_path / "old", "csv", record(1, measurement))
    assert mended(old, tmp_path / "new") == []
    assert not (tmp_path / "new").exists()


def test_sizes_and_hashes_that_are_missing_are_added(tmp_path: Path) -> None:
    old = package(tmp_path / "old", "csv", record(1, LATENCY))
    descriptor = json.loads((old / "datapackage.json").read_text())
    descriptor["title"] = "What I measured"
    known = {"code": "BF511", "reason": "it is being asked for"}
    descriptor["benchfmt"]["acknowledged"] = [known]
    for resource in descriptor["resources"]:
        del resource["hash"]
    (old / "datapackage.json").write_text(json.dumps(descriptor))
    tables = [resource["name"] for resource in descriptor["resources"]]
    mends = mended(old, tmp_path / "new")
    assert [item[1] for item in mends] == [f"resources.{table}.hash" for table in tables]
    assert all(item[3].startswith("sha256:") for item in mends)
    with open_package(tmp_path / "new") as new:
        assert new.descriptor.title == "What I measured"
        assert acknowledged(new.descriptor) == [known]
        assert all(resource.hash and resource.bytes for resource in new.descriptor.resources)


def test_an_older_version_is_brought_to_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STEPS, "0.1", Step("1.0", dict, dict))
    old = write(tmp_path / "old", flatten([record(1, LATENCY)]), "csv", version="0.1")
    assert (None, "benchfmt.version", "0.1", "1.0") in mended(old, tmp_path / "new")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("content", "not the file that the descriptor describes"),
        ("column", "has the column 'colour', which is not of the standard and would be lost"),
        ("resource", "holds notes.txt beside its tables"),
        ("place", "already exists"),
    ],
)
def test_what_would_hide_or_lose_something_is_refused(
    damage: str, message: str, tmp_path: Path
) -> None:
    tables = flatten([record(1, {**LATENCY, "unit": "seconds"})])
    if damage == "column":
        tables["records"][0]["colour"] = "red"
    old = write(tmp_path / "old", tables, "csv")
    file = old / "records.csv"
    if damage == "content":
        file.write_text(file.read_text().replace("r1", "r2"))
    if damage == "resource":
        (old / "notes.txt").write_text("x")
        descriptor = json.loads((old / "datapackage.json").read_text())
        descriptor["resources"].append({"name": "notes", "path": "notes.txt"})
        (old / "datapackage.json").write_text(json.dumps(descriptor))
    if damage == "place":
        (tmp_path / "new").mkdir()
    with pytest.raises(BenchfmtError, match=message):
        mend(old, tmp_path / "new")
    assert damage == "place" or not (tmp_path / "new").exists()


def test_the_command_prints_each_mend_and_judges_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    package(Path("old"), "csv", record(1, {**LATENCY, "unit": "seconds"}))
    done = CliRunner().invoke(app, ["validate", "old", "--fix", "new"])
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "measurements.csv row 1, unit (r1): 'seconds' -> 's'",
        "1 mend: new",
    ]
    assert done.stdout.startswith("conformant (core): 1 record")
    again = CliRunner().invoke(app, ["validate", "new", "--fix", "newer"])
    assert again.stderr == "nothing is certain to mend: newer is not written\n"
    assert not Path("newer").exists()


def test_the_same_mend_in_many_rows_is_one_line_and_very_many_lines_are_cut(tmp_path: Path) -> None:
    units = [Mend("m.csv", row, "unit", "seconds", "s", f"r{row}") for row in range(1, 6)]
    values = [
        Mend("m.csv", row, "value", f"{row}", f"{row / 100}", f"r{row}") for row in range(1, 131)
    ]
    lines = list(mended_lines(Mended(tmp_path / "new", [*units, *values])))
    assert lines[:2] == [
        "m.csv, unit: 'seconds' -> 's' in 5 rows: 1, 2, 3, ...",
        "m.csv row 1, value (r1): '1' -> '0.01'",
    ]
    assert lines[-2].startswith("... and 31 more lines: `benchfmt diff`")
    assert lines[-1] == f"135 mends: {tmp_path / 'new'}"
    assert len(lines) == 102


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("r.jsonl", "r.jsonl holds records and is not a package; `benchfmt convert "),
        ("paper.pdf", "paper.pdf is not a package: that is a folder, a zip, a tar.gz or a data"),
    ],
)
def test_a_file_that_is_no_package_is_named_as_what_it_is(
    name: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("x", "utf-8")
    with pytest.raises(BenchfmtError, match=re.escape(words)):
        mend(tmp_path / name, tmp_path / "new")
