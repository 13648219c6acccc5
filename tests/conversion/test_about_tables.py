"""What a descriptor says of its tables as a whole is said of the package that is made of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchfmt import convert, open_package
from benchfmt.package import PackageError

ROOT = Path(__file__).parents[2]
SAID: dict[str, Any] = {
    "title": "Boards",
    "description": "Boards of a laboratory.",
    "version": "1.2",
    "licenses": [{"name": "CC-BY-4.0"}],
    "contributors": [{"title": "Jane Doe", "email": "jane@partner.example"}],
    "keywords": ["boards"],
}


def table(place: Path, said: dict[str, Any]) -> Path:
    shutil.copytree(ROOT / "examples" / "annotated", place)
    descriptor = place / "datapackage.json"
    data = json.loads(descriptor.read_text("utf-8"))
    for name in SAID:
        data.pop(name, None)
    descriptor.write_text(json.dumps({**data, **said, "id": "one-table"}), "utf-8")
    return place


def written(package: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((package / "datapackage.json").read_text("utf-8"))
    return data


def test_what_a_descriptor_says_stays(tmp_path: Path) -> None:
    account = convert(table(tmp_path / "bench", SAID)).write(tmp_path / "package")
    made = written(tmp_path / "package")
    assert {name: made.get(name) for name in SAID} == SAID
    assert "id" not in made
    assert account.findings == []


def test_what_descriptors_say_differently_is_left_out_and_told(tmp_path: Path) -> None:
    first = table(tmp_path / "first", SAID)
    second = table(tmp_path / "second", {**SAID, "title": "Other boards", "version": "1.3"})
    for path in second.glob("*.csv"):
        path.write_text(path.read_text("utf-8").replace("1", "2"), "utf-8")
    account = convert([first, second]).write(tmp_path / "package")
    made = written(tmp_path / "package")
    assert {"title", "version"} & made.keys() == set()
    assert made["contributors"] == SAID["contributors"]
    told = [(finding.code, finding.message) for finding in account.findings]
    assert ("BF520", "the package has no title: its sources say different ones") in told
    assert ("BF524", "the package has no version: its sources say different ones") in told
    named = convert([first, second]).write(tmp_path / "named", extra={"title": "Both"})
    assert "BF520" not in {finding.code for finding in named.findings}


def test_an_annotated_table_is_no_package(tmp_path: Path) -> None:
    place = table(tmp_path / "bench", SAID)
    with open_package(place) as package, pytest.raises(PackageError) as error:
        list(package.records())
    assert str(error.value) == (
        f"{place}: it is an annotated table and no package; benchfmt convert makes one of it"
    )
