"""What authors of converters rely on: `check_converter`, and being found by entry point."""

from __future__ import annotations

import csv
import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest
from tests.installed import install

from benchfmt import Record, convert, validate
from benchfmt.converters import base
from benchfmt.converters.base import Converter, Failed, Match, Skipped, Source, Unit
from benchfmt.descriptor import SCHEMA_URL
from benchfmt.identity import identified
from benchfmt.readers.files import file_sha256
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lpdnn"
SOUND = ["cleaned", "d63", "huawei", "raw", "split", "unknown-platform"]


def test_the_lpdnn_converter_keeps_its_promises(two_processes: Executor) -> None:
    accounts = check_converter("lpdnn", [FIXTURES / name for name in SOUND], executor=two_processes)
    assert [account.total("records") for account in accounts] == [3, 3, 4, 9, 3, 2]


def test_the_annotated_converter_keeps_its_promises(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("net,t\na,1\nb,2\n")
    latency = {"metric": "latency", "per": "sample", "unit": "ms", "primary": True}
    fields = [
        {"name": "net", "benchfmt": {"field": "model.name"}},
        {"name": "t", "benchfmt": latency},
    ]
    resource = {
        "path": "t.csv",
        "schema": {"fields": fields},
        "benchfmt": {"constant": {"benchmark.suite": "lpdnn"}},
    }
    (tmp_path / "datapackage.json").write_text(
        json.dumps({"$schema": SCHEMA_URL, "resources": [resource]})
    )
    assert check_converter("annotated", [tmp_path])[0].total("records") == 2


def test_the_ai4europe_converter_keeps_its_promises(
    tmp_path: Path, two_processes: Executor
) -> None:
    (tmp_path / "flow_leonardo.csv").write_text("nodes,time(s)\n3,1.5\n")
    companion = {
        "name": "flow",
        "HW_ID": "leonardo",
        "inputs": [{"ID": "nodes"}],
        "targets": [{"ID": "time(s)"}],
    }
    (tmp_path / "flow_leonardo.json").write_text(json.dumps(companion))
    assert check_converter("ai4europe", [tmp_path], executor=two_processes)[0].total("records") == 1


def test_the_records_converter_keeps_its_promises(tmp_path: Path, two_processes: Executor) -> None:
    convert(FIXTURES / "split").write(tmp_path / "package")
    records = [json.dumps(record.to_dict()) for record in convert(FIXTURES / "huawei")]
    (tmp_path / "records.jsonl").write_text("\n".join(records) + "\n")
    accounts = check_converter(
        "records", [tmp_path / "package", tmp_path / "records.jsonl"], executor=two_processes
    )
    assert [account.total("records") for account in accounts] == [3, 4]


# --- broken converters are found ---


class Toy:
    """A sound converter of `*.toy` files (`name,milliseconds` a line), whose parts can be replaced."""

    NAME = "toy"
    VERSION = "1.0"

    def detect(self, source: Source) -> Match | None:
        return Match(0.9, "a .toy file") if source.with_suffix(".toy") else None

    def plan(self, source: Source, options: Any) -> Iterator[Unit | Skipped | Failed]:
        for path in source.with_suffix(".toy"):
            yield Unit(path, (), options)

    def read(self, unit: Unit) -> Iterator[Record | Skipped | Failed]:
        with unit.path.open(newline="") as file:
            for row, (name, milliseconds) in enumerate(csv.reader(file), start=1):
                yield self.record(unit, row, name, milliseconds)

    def record(self, unit: Unit, row: int, name: str, milliseconds: str) -> Record:
        source = {"path": unit.path.name, "sha256": file_sha256(unit.path), "locator": f"row={row}"}
        latency = {
            "metric": "latency", "per": "sample", "value": float(milliseconds) / 1000, "unit": "s",
            "basis": "measured", "reported_value": milliseconds, "reported_unit": "ms",
        }  # fmt: skip
        data = {
            "benchfmt": "1.0",
            "benchmark": {"suite": "lpdnn"},
            "model": {"name": name},
            "measurements": [latency],
            "status": "ok",
            "provenance": {
                "sources": [source],
                "converter": self.NAME,
                "converter_version": self.VERSION,
            },
        }
        return Record.from_dict(data)


class Nameless(Toy):
    VERSION = ""


class Blind(Toy):
    def detect(self, source: Source) -> Match | None:
        return None


class Boastful(Toy):
    def detect(self, source: Source) -> Match | None:
        return Match(2.0, "surely")


class Idle(Toy):
    def plan(self, source: Source, options: Any) -> Iterator[Unit | Skipped | Failed]:
        for path in source.files:
            yield Skipped(path, "no time")


class Forgetful(Toy):
    """Its plan depends on how often it was asked."""

    asked = 0

    def plan(self, source: Source, options: Any) -> Iterator[Unit | Skipped | Failed]:
        Forgetful.asked += 1
        for unit in super().plan(source, options):
            assert isinstance(unit, Unit)
            yield Unit(unit.path, extra=Forgetful.asked)


class Clinging(Toy):
    """Its units hold something that no other process can be given."""

    lock = threading.Lock()

    def plan(self, source: Source, options: Any) -> Iterator[Unit | Skipped | Failed]:
        for path in source.with_suffix(".toy"):
            yield Unit(path, extra=self.lock)


class Empty(Toy):
    def read(self, unit: Unit) -> Iterator[Record | Skipped | Failed]:
        yield Failed(unit.path, "no idea")


class Misspelt(Toy):
    """It writes a metric that nobody knows."""

    def record(self, unit: Unit, row: int, name: str, milliseconds: str) -> Record:
        data = super().record(unit, row, name, milliseconds).to_dict()
        data["measurements"] = [
            {"metric": "acuracy", "value": 0.5, "unit": "1", "basis": "measured"}
        ]
        return Record.from_dict(data)


class Whereabouts(Toy):
    """Its ids depend on the folder that the file stands in."""

    def record(self, unit: Unit, row: int, name: str, milliseconds: str) -> Record:
        data = super().record(unit, row, name, milliseconds).to_dict()
        data["provenance"]["sources"][0]["path"] = str(unit.path).lstrip("/")
        return identified(Record.from_dict(data))


class Counting(Toy):
    """Its values depend on how often it has read: no two conversions are alike."""

    calls = 0

    def record(self, unit: Unit, row: int, name: str, milliseconds: str) -> Record:
        Counting.calls += 1
        return super().record(unit, row, name, str(Counting.calls))


BROKEN: dict[str, tuple[type[Toy], str]] = {
    "no version": (Nameless, "no NAME or VERSION"),
    "not detected": (Blind, "it is not detected"),
    "sureness above 1": (Boastful, "it is not detected"),
    "nothing planned": (Idle, "there is nothing to read"),
    "another plan each time": (Forgetful, "planning twice gives different units"),
    "units that cannot travel": (Clinging, "does not survive pickling"),
    "no record": (Empty, "no record was converted"),
    "a word of no list": (Misspelt, "the package is not conformant"),
    "ids of the folder": (
        Whereabouts,
        "given by another path, or read by two processes, it gives another table records",
    ),
    "other values each time": (Counting, "it gives another table measurements"),
}


@pytest.fixture
def toy_folder(tmp_path: Path) -> Path:
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "a.toy").write_text("alexnet,100.0\nvgg-16,250.5\n")
    return tmp_path / "toys"


def test_a_sound_converter_object_passes(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, {"toy": Toy()}, ["lpdnn"])
    toy: Converter = Toy()
    assert isinstance(toy, Converter)
    assert check_converter(toy, [toy_folder])[0].total("records") == 2


def test_a_converter_that_is_not_installed_is_told_so(toy_folder: Path) -> None:
    with pytest.raises(AssertionError, match="'toy' is not installed: it has no entry point"):
        check_converter(Toy(), [toy_folder])


@pytest.mark.parametrize(("broken", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_converter_fails_with_the_sample_and_the_reason(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch, broken: type[Toy], words: str
) -> None:
    install(monkeypatch, {"toy": broken()}, ["lpdnn"])
    with pytest.raises(AssertionError) as failure:
        check_converter(broken(), [toy_folder])
    assert words in str(failure.value)
    assert str(failure.value).startswith(str(toy_folder))


# --- a converter of another package ---


OUTSIDE = '''"""Toys: a format made up for a test."""
from benchfmt.converters.base import Match, Unit
from benchfmt.record import Record

NAME = "outside-toy"
VERSION = "0.3"


def detect(source):
    found = source.with_suffix(".toy")
    return Match(0.9, f"{len(found)} toys") if found else None


def plan(source, options):
    for path in source.with_suffix(".toy"):
        yield Unit(path, (), options)


def read(unit):
    for row, line in enumerate(unit.path.read_text().splitlines(), start=1):
        name, milliseconds = line.split(",")
        yield Record.from_dict({
            "benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "model": {"name": name}, "status": "ok",
            "measurements": [{"metric": "latency", "per": "sample", "value": float(milliseconds) / 1000, "unit": "s",
                              "basis": "measured"}],
            "provenance": {"sources": [{"path": unit.path.name, "locator": f"row={row}"}]},
        })
'''


def test_a_converter_of_another_package_is_found_by_its_entry_point(
    toy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "toybench-0.3.dist-info").mkdir(parents=True)
    (site / "toybench.py").write_text(OUTSIDE)
    (site / "toybench-0.3.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: toybench\nVersion: 0.3\n"
    )
    (site / "toybench-0.3.dist-info" / "entry_points.txt").write_text(
        "[benchfmt.converters]\noutside-toy = toybench\n"
    )
    monkeypatch.syspath_prepend(site)
    # The processes that `jobs=2` starts find it the same way.
    monkeypatch.setenv("PYTHONPATH", str(site))
    assert "outside-toy" in base.names()
    assert base.load("outside-toy").VERSION == "0.3"
    conversion = convert(toy_folder)
    assert {entry.converter for entry in conversion.account.files} == {"outside-toy"}
    assert check_converter("outside-toy", [toy_folder])[0].total("records") == 2
    account = convert(toy_folder).write(tmp_path / "package")
    assert account.total("measurements") == 2
    assert validate(tmp_path / "package").findings == []
    sys.modules.pop("toybench")
