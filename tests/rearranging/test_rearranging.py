"""Packages made of packages: merged, chosen from, split, and appended to."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchfmt import Record, open_package, validate
from benchfmt.cli.commands import app
from benchfmt.finding import BenchfmtError
from benchfmt.package import put_package, write_package
from benchfmt.rearranging import append, select, split
from benchfmt.tables import to_batch

pytestmark = pytest.mark.usefixtures("tools_on_path")


def record(number: int, suite: str = "lpdnn", **more: Any) -> Record:
    plain: dict[str, Any] = {
        "benchfmt": "1.0",
        "id": f"r{number}",
        "benchmark": {"suite": suite, "name": "imagenet"},
        "system": {"id": f"box{number % 2}", "name": f"Box {number % 2}", "kind": "server"},
        "measurements": [
            {
                "metric": "latency",
                "value": 0.5 + number,
                "unit": "s",
                "basis": "measured",
                "primary": True,
            },
            {"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"},
        ],
        "status": "ok",
        **more,
    }
    return Record.from_dict({key: value for key, value in plain.items() if value is not None})


def package(
    path: Path, *numbers: int, form: Any = "parquet", rows: int | None = None, **more: Any
) -> Path:
    write_package(
        path,
        [to_batch([record(number, **more) for number in numbers])],
        format=form,
        part_rows=rows,
    )
    return path


def ids(path: Path) -> list[str]:
    with open_package(path) as opened:
        return [item.id for item in opened.records()]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["benchfmt", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def files(path: Path) -> dict[str, bytes]:
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_records_that_meet_a_condition_are_a_package(tmp_path: Path) -> None:
    source = package(tmp_path / "p", 1, 2, 3, 4)
    done = select(source, "latency > 2 AND system_name = 'Box 1'", tmp_path / "q")
    assert (done.records, done.left) == (1, 3)
    assert validate(tmp_path / "q").ok
    with open_package(tmp_path / "q") as chosen, open_package(source) as whole:
        by_id = {item.id: item for item in whole.records()}
        assert list(chosen.records()) == [by_id["r3"]]
        assert list(chosen.systems) == ["box1"]
        assert chosen.descriptor.model_extra is not None
        assert chosen.descriptor.model_extra["sources"] == [
            {"title": "p: records where latency > 2 AND system_name = 'Box 1'"}
        ]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("latency > 100", "no record of .* meets: latency > 100"),
        ("latncy > 1", "latncy"),
        ("true LIMIT 1", "LIMIT"),
        ("true; COPY (SELECT 1) TO 'x'", "syntax error"),
    ],
)
def test_a_condition_that_chooses_nothing_is_told(tmp_path: Path, where: str, words: str) -> None:
    with pytest.raises(BenchfmtError, match=words):
        select(package(tmp_path / "p", 1), where, tmp_path / "q")
    assert not (tmp_path / "q").exists()


def test_what_is_acknowledged_of_records_stays_with_them(tmp_path: Path) -> None:
    source = package(tmp_path / "p", 1, 2)
    path = source / "datapackage.json"
    descriptor = json.loads(path.read_text())
    descriptor["title"] = "Boxes"
    descriptor["benchfmt"]["acknowledged"] = [
        {"code": "BF405", "reason": "a", "records": ["r1", "r2"]},
        {"code": "BF406", "reason": "b", "records": ["r1"]},
        {"code": "BF407", "reason": "c"},
    ]
    path.write_text(json.dumps(descriptor))
    select(source, "id = 'r2'", tmp_path / "q")
    left = json.loads((tmp_path / "q" / "datapackage.json").read_text())
    assert left["title"] == "Boxes"
    assert left["benchfmt"]["acknowledged"] == [
        {"code": "BF405", "reason": "a", "records": ["r2"]},
        {"code": "BF407", "reason": "c"},
    ]


def test_each_value_of_a_column_is_a_package(tmp_path: Path) -> None:
    records = [record(1), record(2, "mlperf-tiny"), record(3), record(4, system=None)]
    write_package(tmp_path / "p", [to_batch(records)])
    made = {
        item.path.name: item.records for item in split(tmp_path / "p", "suite", tmp_path / "by")
    }
    assert made == {"lpdnn": 3, "mlperf-tiny": 1}
    by_system = {
        item.path.name: ids(item.path)
        for item in split(tmp_path / "p", "system_name", tmp_path / "s")
    }
    assert by_system == {"none": ["r4"], "box-0": ["r2"], "box-1": ["r1", "r3"]}
    zips = [record(1, configuration={"hyperparameters": {}}, status_detail="a.zip"), record(2)]
    write_package(tmp_path / "z", [to_batch(zips)])
    folders = [item.path for item in split(tmp_path / "z", "status_detail", tmp_path / "zs")]
    assert [(path.name, path.is_dir()) for path in folders] == [("none", True), ("a-zip", True)]
    with pytest.raises(BenchfmtError, match="no_such"):
        split(tmp_path / "p", "no_such", tmp_path / "x")


def test_packages_merge_to_one_and_twins_are_counted(tmp_path: Path) -> None:
    one, two = package(tmp_path / "one", 1, 2), package(tmp_path / "two", 2, 3, rows=2, form="csv")
    done = run("merge", one, two, "-o", tmp_path / "both", "--part-rows", "4")
    assert done.returncode == 0, done.stderr
    assert ids(tmp_path / "both") == ["r1", "r2", "r3"]
    assert "1 duplicate left out" in done.stderr
    assert "not recognised" not in done.stderr
    assert "files: 10 seen = 2 primary + 8 supporting" in done.stderr


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("rows", [None, 4])
def test_new_records_are_parts_of_their_own(tmp_path: Path, form: str, rows: int | None) -> None:
    grown = package(tmp_path / "p", 2, 4, 6, form=form, rows=rows)
    before = files(grown)
    done = append(grown, [package(tmp_path / "q", 4, 5, 7), package(tmp_path / "r", 8, form="csv")])
    assert (done.records, done.measurements, done.known) == (3, 6, 1)
    assert ids(grown) == ["r2", "r4", "r6", "r5", "r7", "r8"]
    assert validate(grown).ok
    assert not validate(grown).findings
    after = files(grown)
    assert all(
        after[name] == content
        for name, content in before.items()
        if name.startswith(("records", "measurements"))
    )
    again = append(grown, [tmp_path / "q"])
    assert (again.records, again.known) == (0, 3)
    assert files(grown) == after
    append(grown, [package(tmp_path / "s", 10)])
    assert ids(grown)[-1] == "r10"
    assert validate(grown).ok


def test_a_contradiction_ends_it_and_nothing_is_added(tmp_path: Path) -> None:
    grown = package(tmp_path / "p", 1, 2)
    before = files(grown)
    other = package(tmp_path / "q", 2, 3, status="failed", measurements=None)
    with pytest.raises(BenchfmtError, match="something else of records that the package has: r2"):
        append(grown, [package(tmp_path / "n", 5), other])
    box = {"id": "box1", "name": "Another box", "kind": "server"}
    with pytest.raises(BenchfmtError, match="describes the system 'box1' otherwise"):
        append(grown, [package(tmp_path / "r", 9, system=box)])
    assert files(grown) == before


def test_what_a_stopped_run_left_is_removed(tmp_path: Path) -> None:
    grown = package(tmp_path / "p", 1, rows=4)
    (grown / "records" / "part-00001.parquet").write_bytes(b"half")
    append(grown, [package(tmp_path / "q", 2)])
    assert ids(grown) == ["r1", "r2"]
    assert validate(grown).ok


def test_it_is_appended_to_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="is not a folder"):
        append(package(tmp_path / "p.zip", 1), [package(tmp_path / "q", 2)])


def test_it_is_appended_to_a_table_without_rows(tmp_path: Path) -> None:
    old = package(tmp_path / "p", 1, form="csv")
    measurements = old / "measurements.csv"
    measurements.write_text(measurements.read_text("utf-8").split("\n")[0] + "\n", "utf-8")
    with pytest.raises(BenchfmtError):
        append(old, [package(tmp_path / "q", 1, form="csv")])


@pytest.mark.slow
def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    source = package(tmp_path / "p", 1, 2, 3)
    done = run("select", source, "id <> 'r1'", "-o", tmp_path / "q")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"{tmp_path / 'q'}\n",
        "2 of 3 records\n",
    )
    done = run("split", source, "--by", "system_id", "-o", tmp_path / "s")
    assert done.stderr == "1 record: box0\n2 records: box1\n"
    done = run("append", tmp_path / "q", source)
    assert done.stderr == "1 record, 2 measurements appended, 2 were there already\n"
    done = run("append", source)
    assert (done.returncode, "then those whose records it gets" in done.stderr) == (2, True)


def test_no_package_is_written_into_the_one_it_is_made_of(tmp_path: Path) -> None:
    source = package(tmp_path / "p", 1, 2, 3)
    before = files(source)
    with pytest.raises(BenchfmtError, match="lies within the package"):
        split(source, "system_id", source)
    with pytest.raises(BenchfmtError, match="lies within the package"):
        select(source, "id = 'r1'", source / "few")
    assert files(source) == before
    # Beside it, and behind it, is another place.
    assert [done.records for done in split(source, "system_id", tmp_path / "p-split")] == [1, 2]
    assert select(source, "id = 'r1'", source, replace=True).records == 1
    assert ids(source) == ["r1"]


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_packages_at_addresses_are_rearranged_too(tmp_path: Path, suffix: str) -> None:
    """In memory: any file system that fsspec knows is one."""
    pytest.importorskip("fsspec")
    runner, here = CliRunner(), package(tmp_path / f"p{suffix}", 1, 2, 3)
    url = f"memory://{tmp_path.name}/p{suffix}"
    put_package(here, url)

    def run(*words: str) -> str:
        done = runner.invoke(app, list(words), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    for words in (["merge", url, "-o", "out"], ["explain", "r1", "--package", url]):
        with pytest.raises(BenchfmtError, match="is remote"):
            runner.invoke(app, words, catch_exceptions=False)
    out = {name: str(tmp_path / name) for name in ("merged", "chosen", "by", "grown")}
    run("merge", url, str(package(tmp_path / "q", 3, 4)), "-o", out["merged"], "--remote")
    assert ids(tmp_path / "merged") == ["r1", "r2", "r3", "r4"]
    run("select", url, "id > 'r1'", "-o", out["chosen"], "--remote")
    assert ids(tmp_path / "chosen") == ["r2", "r3"]
    run("split", url, "--by", "id", "-o", out["by"], "--remote")
    assert sorted(path.name for path in (tmp_path / "by").iterdir()) == ["r1", "r2", "r3"]
    package(tmp_path / "grown", 3, 9)
    assert "2 records" in run("append", out["grown"], url, "--remote")
    assert ids(tmp_path / "grown") == ["r3", "r9", "r1", "r2"]
    assert "  record: r1\n" in run("explain", "r1", "--package", url, "--remote")


def test_no_file_of_the_package_is_overwritten_however_its_parts_are_called(tmp_path: Path) -> None:
    grown = package(tmp_path / "p", 1, 2, 3, rows=2)
    # Records and systems are one file each, called as new ones would be; measurements are three.
    whole = package(tmp_path / "whole", 1, 2, 3)
    names = {"records": "records/part-00001.parquet", "systems": "systems-00001.parquet"}
    descriptor, one = (
        json.loads((folder / "datapackage.json").read_text()) for folder in (grown, whole)
    )
    for place, resource in enumerate(one["resources"]):
        if resource["name"] in names:
            name = names[resource["name"]]
            (grown / name).write_bytes((whole / resource["path"]).read_bytes())
            descriptor["resources"][place] = {**resource, "path": name}
    (grown / "datapackage.json").write_text(json.dumps(descriptor))
    before = {name: data for name, data in files(grown).items() if "measurements" in name}
    systems = {"id": "other", "name": "Other", "kind": "board"}
    append(grown, [package(tmp_path / "q", 4, system=systems)])
    assert ids(grown) == ["r1", "r2", "r3", "r4"]
    assert before.items() <= files(grown).items()
    assert validate(grown).ok


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_package_without_systems_gets_them(tmp_path: Path, form: str) -> None:
    grown = package(tmp_path / "p", 1, form=form, system=None)
    descriptor = json.loads((grown / "datapackage.json").read_text())
    named = [item for item in descriptor["resources"] if item["name"] != "systems"]
    (grown / "datapackage.json").write_text(json.dumps({**descriptor, "resources": named}))
    (grown / f"systems.{form}").unlink()
    append(grown, [package(tmp_path / "q", 2)])
    report = validate(grown)
    assert (report.ok, report.records, report.findings) == (True, 2, [])
    with open_package(grown) as opened:
        assert list(opened.systems) == ["box0"]


def test_long_words_that_begin_alike_are_packages_of_their_own(tmp_path: Path) -> None:
    words = ["m" * 400 + end for end in ("a", "b")]
    records = [record(place, model={"name": word}) for place, word in enumerate(words)]
    write_package(tmp_path / "p", [to_batch(records)])
    made = split(tmp_path / "p", "model", tmp_path / "by")
    assert [item.path.name for item in made] == ["m" * 100, "m" * 100 + "-2"]
    assert [ids(item.path) for item in made] == [["r0"], ["r1"]]
