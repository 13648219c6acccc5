"""RO-Crates: roc-validator takes them as Process Run Crates, and refuses broken ones; nothing in them is made up.

The judge needs an environment of its own, since it asks for an older rich: `make judges` sets it up, or the variable
BENCHFMT_JUDGES names its Python. Without it these tests are left out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchfmt import Record
from benchfmt.exports import Exported, export
from benchfmt.exports.ro_crate import FILE_NAME
from benchfmt.finding import BenchfmtError
from benchfmt.package import write_package
from benchfmt.readers.files import file_sha256
from benchfmt.tables import to_batch

ROOT = Path(__file__).parents[2]
OPTIONS = {
    "date": "2026-01-31",
    "license": "CC-BY-4.0",
    "authors": "Doe, Jane <0000-0002-1825-0097>; Acme Lab",
}
READ: dict[str, Any] = {
    "benchfmt": "1.0",
    "id": "a",
    "benchmark": {"suite": "lpdnn"},
    "measurements": [{"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"}],
    "status": "ok",
    "provenance": {"converter": "lpdnn", "converter_version": "1.0"},
}
PROFILE: dict[str, Any] = {
    **READ,
    "id": "b",
    "benchmark": {"suite": "benchfmt-profiler", "name": "net"},
    "software": {"engine": "onnxruntime", "engine_version": "1.20"},
    "provenance": {
        "converter": "profiler",
        "measured_at": "2026-01-30T23:30:00.5Z",
        "execution": "profile 1/a",
    },
}


@pytest.fixture(scope="module")
def roc() -> str:
    """The Python of the environment of the judge; skips where there is none."""
    python = os.environ.get("BENCHFMT_JUDGES", ROOT / ".judges" / "bin" / "python")
    if not Path(python).exists():
        pytest.skip("there is no roc-validator; `make judges` installs it")
    return str(python)


def judged(roc: str, *crates: Path, profile: str = "process-run-crate") -> list[dict[str, Any]]:
    script = Path(__file__).with_name("judge_ro_crate.py")
    call = [roc, str(script), profile, *map(str, crates)]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    records = [READ, {**READ, "id": "a2"}, PROFILE, {**PROFILE, "id": "b2"}]
    write_package(tmp_path / "package", [to_batch(map(Record.from_dict, records))])
    return tmp_path / "package"


def crated(package: Path, target: Path, **options: str) -> tuple[Exported, dict[str, Any]]:
    """Make a crate of a package, and return the account and its entities by their ids."""
    shutil.copytree(package, target)
    done = export(package, "ro-crate", target / FILE_NAME, **options)
    graph = json.loads((target / FILE_NAME).read_text("utf-8"))["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    assert len(entities) == len(graph)
    return done, entities


def test_a_crate_names_its_files_and_who_made_it(package: Path) -> None:
    done, entities = crated(package, package.parent / "crate", title="T", version="2", **OPTIONS)
    root = entities["./"]
    assert (done.records, done.left_out, done.notes) == (4, (), ())
    assert root["datePublished"] == "2026-01-31"
    assert (root["name"], root["version"]) == ("T", "2")
    assert root["license"] == {"@id": "https://spdx.org/licenses/CC-BY-4.0"}
    assert [part["@id"] for part in root["hasPart"]] == [
        "datapackage.json",
        "systems.parquet",
        "records.parquet",
        "measurements.parquet",
    ]
    for part in root["hasPart"]:
        file = entities[part["@id"]]
        assert file["sha256"] == file_sha256(package / file["name"])
        assert file["contentSize"] == str((package / file["name"]).stat().st_size)
    people = [entities[author["@id"]] for author in root["author"]]
    assert [(who["@type"], who["name"]) for who in people] == [
        ("Person", "Jane Doe"),
        ("Organization", "Acme Lab"),
    ]
    assert people[0]["@id"] == "https://orcid.org/0000-0002-1825-0097"


def test_what_produced_the_results_are_its_actions(package: Path) -> None:
    _, entities = crated(package, package.parent / "crate", **OPTIONS)
    actions = [entities[action["@id"]] for action in entities["./"]["mentions"]]
    assert [action["@id"] for action in actions] == [
        "#conversion-lpdnn%201.0",
        "#profile-profile%201%2Fa",
    ]
    conversion, profile = actions
    assert conversion["description"].startswith("2 records were read;")
    assert profile["startTime"] == "2026-01-30T23:30:00+00:00"
    tools = [entities[action["instrument"]["@id"]] for action in actions]
    assert [(tool["name"], tool["softwareVersion"]) for tool in tools] == [
        ("benchfmt's converter lpdnn", "1.0"),
        ("onnxruntime", "1.20"),
    ]
    assert "agent" not in conversion
    assert "endTime" not in profile


def test_a_package_that_does_not_say_what_produced_it_is_a_plain_crate(tmp_path: Path) -> None:
    plain = {key: value for key, value in READ.items() if key != "provenance"}
    write_package(tmp_path / "package", [to_batch([Record.from_dict(plain)])])
    done, entities = crated(tmp_path / "package", tmp_path / "crate", date="2026-01-31")
    assert not {"conformsTo", "mentions", "license", "author"} & set(entities["./"])
    assert "should have one licence" in done.notes[0]


def test_a_crate_without_a_day_of_publication_is_not_made(package: Path) -> None:
    with pytest.raises(BenchfmtError, match="has a day of publication: --option date="):
        export(package, "ro-crate", package.parent / FILE_NAME)
    assert not (package.parent / FILE_NAME).exists()


def test_another_name_of_the_file_is_told(package: Path) -> None:
    done = export(package, "ro-crate", package.parent / "crate.json", **OPTIONS)
    assert done.notes == (f"readers look for a file of the name {FILE_NAME}",)


@pytest.mark.slow
def test_the_judge_takes_crates_of_all_families_and_refuses_broken_ones(
    roc: str, package: Path, all_samples_package: Path
) -> None:
    folder = package.parent
    whole, entities = crated(all_samples_package, folder / "all", **OPTIONS)
    records = pq.read_table(all_samples_package / "records.parquet", columns=["converter"])
    assert whole.records == records.num_rows
    conversions = [name for name in entities if name.startswith("#conversion-")]
    assert len(conversions) == len(set(records["converter"].drop_null().to_pylist()))
    crated(package, folder / "small", **OPTIONS)
    verdicts = judged(roc, folder / "all", folder / "small")
    assert verdicts == [{"passed": True, "messages": []}] * 2
    broken = []
    for number, fault in enumerate(BREAKS):
        place = shutil.copytree(folder / "small", folder / f"broken-{number}")
        data = json.loads((place / FILE_NAME).read_text("utf-8"))
        fault({entity["@id"]: entity for entity in data["@graph"]}, place)
        (place / FILE_NAME).write_text(json.dumps(data))
        broken.append(place)
    for verdict in judged(roc, *broken):
        assert not verdict["passed"]


def without_instrument(entities: dict[str, Any], _: Path) -> None:
    del entities["#conversion-lpdnn%201.0"]["instrument"]


def without_a_day(entities: dict[str, Any], _: Path) -> None:
    del entities["./"]["datePublished"]


def without_a_profile(entities: dict[str, Any], _: Path) -> None:
    del entities["./"]["conformsTo"]


def without_a_file(_: dict[str, Any], place: Path) -> None:
    (place / "records.parquet").unlink()


BREAKS: tuple[Callable[[dict[str, Any], Path], None], ...] = (
    without_instrument,
    without_a_day,
    without_a_profile,
    without_a_file,
)
