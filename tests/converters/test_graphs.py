"""Records in graphs that somebody else made, in any order, and what is wrong with some."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.forms import ROOT, load

from benchfmt.conversion import convert
from benchfmt.converters.base import Failed
from benchfmt.converters.graphs import read_graph
from benchfmt.limits import LIMITS
from benchfmt.package import open_package
from benchfmt.record import Record

LAB = (ROOT / "tests" / "fixtures" / "graphs" / "lab.ttl").read_text("utf-8")
HEAD = "".join(line for line in LAB.splitlines(keepends=True) if line.startswith("PREFIX"))
SOUND = LAB.removeprefix(HEAD)


def read(text: str, folder: Path, name: str = "graph.ttl") -> list[Record | Failed]:
    path = folder / name
    path.write_text(text, "utf-8")
    return list(read_graph(path))


def test_a_graph_by_hand_gives_a_record_in_standard_order(tmp_path: Path) -> None:
    [record] = read(HEAD + SOUND, tmp_path)
    assert isinstance(record, Record)
    assert record.to_dict() == {
        "benchfmt": "1.0",
        "id": "a",
        "benchmark": {"suite": "lpdnn", "name": "x"},
        "measurements": [
            {"metric": "accuracy", "value": 1.0, "unit": "1", "basis": "measured", "primary": True},
            {
                "metric": "latency",
                "value": 1.5,
                "unit": "s",
                "basis": "measured",
                "caveats": ["cached"],
            },
        ],
        "status": "ok",
    }


def test_a_record_under_the_context_is_read(tmp_path: Path) -> None:
    record = load(ROOT / "tests" / "corpus" / "valid" / "lpdnn-headpose-lower-is-better.json")
    context = load(ROOT / "schema" / "1.0" / "context.jsonld")
    [got] = read(json.dumps({**context, **record}), tmp_path, "one.jsonld")
    assert got == Record.from_dict(record).ordered()


def test_the_same_triple_in_two_graphs_is_one(tmp_path: Path) -> None:
    graph = SOUND.partition("<urn:r>")[2]
    text = f"{HEAD} GRAPH <urn:a> {{ <urn:r> {graph} }} GRAPH <urn:b> {{ <urn:r> bf:id 'a' }}"
    [record] = read(text, tmp_path, "two.trig")
    assert isinstance(record, Record)
    assert record.id == "a"


FAULTY = {
    "two statuses": (SOUND.replace("bf:id", "bf:status <https://w3id.org/benchfmt/vocabulary/status/failed> ; bf:id"), "status"),
    "a number that is none": (SOUND.replace("1.5", '"fast"^^xsd:double'), "could not convert"),
    "a whole number without end": (SOUND.replace("value 1 ", f"n {'9' * 5_000} ; bf:value 1 "), "digits"),
    "free-form data that is no JSON": (
        SOUND.replace("bf:id", 'bf:extensions "{"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON> ; bf:id'),
        "Expecting",
    ),
    "a record within itself": (SOUND.replace("bf:id", "bf:model <urn:r> ; bf:id"), "part of itself"),
    "a list without an end": (
        SOUND.replace("bf:id", "bf:configuration [ bf:placement _:l ] ; bf:id")
        + "_:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> 'gpu' ; <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:l .",
        "list of placement has no end",
    ),
    "a field of no standard": (SOUND.replace("bf:id", "bf:speed 3 ; bf:id"), "speed"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_record_fails_in_one_line_and_the_others_are_read(
    name: str, tmp_path: Path
) -> None:
    text, words = FAULTY[name]
    other = SOUND.partition("<urn:r>")[2].replace('bf:id "a"', 'bf:id "b"')
    failed, record = read(f"{HEAD}{text} <urn:s> {other}", tmp_path)
    assert isinstance(failed, Failed)
    assert words in failed.error
    assert "\n" not in failed.error
    assert failed.error.startswith("a: ")
    assert isinstance(record, Record)
    assert record.id == "b"


def test_a_record_of_too_many_measurements_fails_alone(tmp_path: Path) -> None:
    many = ", ".join(f"<urn:m{number}>" for number in range(1_020))
    other = SOUND.partition("<urn:r>")[2].replace('bf:id "a"', 'bf:id "b"')
    path = tmp_path / "graph.ttl"
    path.write_text(f"{HEAD}{SOUND} <urn:r> bf:measurements {many} . <urn:s> {other}", "utf-8")
    failed, record = read_graph(path, replace(LIMITS, record_measurements=10))
    assert isinstance(failed, Failed)
    assert failed.error == "a: more than 10 measurements; no more are read of a record"
    assert isinstance(record, Record)
    assert record.id == "b"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("broken.ttl", "PREFIX bf: <https://w3id.org/benchfmt/terms/>\n<urn:a> bf:id ."),
        ("broken.nt", "<https://w3id.org/benchfmt/terms/x> ."),
        ("broken.jsonld", '{"@graph": [ "https://w3id.org/benchfmt/terms/" '),
        ("far.jsonld", '{"@context": "https://w3id.org/benchfmt/terms/context.jsonld", "@graph": []}'),
    ],
)  # fmt: skip
def test_a_file_that_is_no_graph_is_one_failure(name: str, text: str, tmp_path: Path) -> None:
    [failed] = read(text, tmp_path, name)
    assert isinstance(failed, Failed)
    assert failed.error.startswith("not a graph that can be read: ")


def test_convert_finds_graphs_and_leaves_those_of_the_standard(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "lab.ttl").write_text(HEAD + SOUND, "utf-8")
    for name in ("context.jsonld", "shapes.ttl", "vocabulary.ttl"):
        (source / name).write_bytes((ROOT / "schema" / "1.0" / name).read_bytes())
    account = convert(source).write(tmp_path / "package")
    assert account.total("records") == 1
    assert {file.path for file in account.files if file.role == "primary"} == {"lab.ttl"}
    with open_package(tmp_path / "package") as package:
        assert [record.id for record in package.records()] == ["a"]


def test_without_the_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lab.ttl").write_text(HEAD + SOUND, "utf-8")
    monkeypatch.setitem(sys.modules, "pyoxigraph", None)
    account = convert(tmp_path / "lab.ttl").write(tmp_path / "package")
    assert account.total("records") == 0
    assert "pip install 'benchfmt[rdf]'" in str(account.to_dict())
