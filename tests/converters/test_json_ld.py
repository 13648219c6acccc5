"""JSON-LD that is read without a graph, and what only a graph tells: both hold what pyoxigraph says that they hold."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from tests.linked_records import corpus, odd, package_of

from benchfmt.converters import graph_store, json_ld
from benchfmt.converters.base import Failed
from benchfmt.converters.graphs import read_graph
from benchfmt.exports import export
from benchfmt.limits import LIMITS
from benchfmt.record import Record

BASE = "https://results.example/"
FIRST = f"{BASE}record/first"
TERMS = "https://w3id.org/benchfmt/terms/"
Document = dict[str, Any]
PLAIN: dict[str, Any] = {
    "benchfmt": "1.0",
    "benchmark": {"suite": "lpdnn", "name": "faces"},
    "model": {"name": "net"},
    "system": {"id": "box", "name": "Box", "accelerator": [{"kind": "gpu"}]},
    "configuration": {"batch_size": 32, "placement": ["gpu"]},
    "measurements": [
        {"metric": "latency", "value": 1.5, "unit": "s", "basis": "measured", "primary": True, "caveats": ["cached"]},
        {"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"},
    ],
    "status": "ok",
    "provenance": {"submitter": "me", "sources": [{"path": "a.csv"}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Two records as benchfmt writes them."""
    folder = tmp_path_factory.mktemp("json-ld")
    two = [Record.from_dict({**PLAIN, "id": name}) for name in ("second", "first")]
    export(package_of(two, folder / "package"), "json-ld", folder / "two.jsonld", base=BASE)
    document: Document = json.loads((folder / "two.jsonld").read_text("utf-8"))
    return document


@pytest.fixture
def document(exported: Document) -> Document:
    """The same, to be changed."""
    changed: Document = json.loads(json.dumps(exported))
    return changed


def written(document: Any, folder: Path) -> Path:
    path = folder / "graph.jsonld"
    path.write_text(json.dumps(document, indent=1), "utf-8")
    return path


def first_of(document: Document) -> dict[str, Any]:
    node: dict[str, Any] = next(n for n in document["@graph"] if n["@id"] == FIRST)
    return node


def by_name(items: list[Record | Failed]) -> dict[str, Any]:
    """Return records by their ids, and the names of those that failed."""
    found: dict[str, Any] = {}
    for item in items:
        if isinstance(item, Record):
            found[str(item.id)] = item.to_dict()
        else:
            found[item.error.partition(":")[0]] = "failed"
    assert len(found) == len(items)
    return found


def told_by_the_graph(path: Path) -> dict[str, Any]:
    """Return the records of the graph that pyoxigraph makes of the whole document."""
    lines = path.with_suffix(".nt")
    quads = ox.parse(
        path=str(path), format=ox.RdfFormat.JSON_LD, base_iri="https://w3id.org/benchfmt/relative/"
    )
    ox.serialize((quad.triple for quad in quads), str(lines), format=ox.RdfFormat.N_TRIPLES)
    return by_name(list(graph_store.read_stored(lines, None, LIMITS)))


# --- as benchfmt writes it ---


def test_it_is_read_in_its_order_without_a_graph(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "benchfmt.converters.graph_store", None)
    got = list(read_graph(written(document, tmp_path)))
    assert got == [Record.from_dict({**PLAIN, "id": name}) for name in ("second", "first")]


def test_corpus_and_odd_records_are_read_so(tmp_path: Path) -> None:
    records = [*corpus(), *odd()]
    path = tmp_path / "all.jsonld"
    export(package_of(records, tmp_path / "package"), "json-ld", path, base=BASE)
    assert json_ld.outline(path).systems is not None
    got = by_name(list(read_graph(path)))
    assert got == by_name(list(graph_store.read_stored(path, json_ld.outline(path), LIMITS)))
    assert len(got) == len(records)


def systems_last(document: Document) -> None:
    document["@graph"].sort(key=lambda node: node.get("@type") == "System")


def without_links(document: Document) -> None:
    document["@context"] = document["@context"][0]


def another_value(document: Document) -> None:
    first_of(document)["measurements"][1]["value"] = 1


def no_such_field(document: Document) -> None:
    first_of(document)["speed"] = 3


def a_term_by_its_iri(document: Document) -> None:
    iri = "https://w3id.org/benchfmt/vocabulary/precision/int8"
    first_of(document)["configuration"]["precision"] = {"@id": iri}


@pytest.mark.parametrize(
    "edit", [systems_last, without_links, another_value, no_such_field, a_term_by_its_iri]
)
def test_what_stands_so_still_needs_no_graph(
    edit: Callable[[Document], None], document: Document, tmp_path: Path
) -> None:
    edit(document)
    path = written(document, tmp_path)
    outline = json_ld.outline(path)
    assert outline.systems is not None
    assert by_name(list(read_graph(path))) == told_by_the_graph(path)


# --- not as benchfmt writes it ---


def says(**more: Any) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        first_of(document).update(more)

    return edit


def measurement(**more: Any) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        first_of(document)["measurements"][0].update(more)

    return edit


def node(**more: Any) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        document["@graph"].append({key.replace("at_", "@"): value for key, value in more.items()})

    return edit


def context_behind(document: Document) -> None:
    document["@context"] = document.pop("@context")


def one_that_stands_apart(document: Document) -> None:
    measurements = first_of(document)["measurements"]
    document["@graph"].append(measurements[1])
    measurements[1] = {"@id": measurements[1]["@id"]}


def no_system(document: Document) -> None:
    document["@graph"] = [n for n in document["@graph"] if n["@type"] != "System"]


def one_accelerator(document: Document) -> None:
    for item in document["@graph"]:
        if item["@type"] == "System":
            [item["accelerator"]] = item["accelerator"]


def parts_without_names(document: Document) -> None:
    for item in first_of(document)["measurements"]:
        del item["@id"]
    del first_of(document)["model"]["@id"]


def other_context(document: Document) -> None:
    document["@context"][0]["speed"] = f"{TERMS}task"
    first_of(document)["speed"] = "face-detection"


def in_full(document: Document) -> None:
    first_of(document)[f"{TERMS}task"] = "face-detection"


def a_record_that_says_so_in_full(document: Document) -> None:
    node(at_id="urn:other", at_type="Other", **{f"{TERMS}benchmark": "x"})(document)


def a_record_in_pieces(document: Document) -> None:
    first = first_of(document)
    document["@graph"].append({"@id": FIRST, "@type": "Record", "task": first.pop("task", "x:y")})


def a_part_that_is_told_more(document: Document) -> None:
    node(at_id=f"{FIRST}#model", at_type="Model", version="2")(document)


def a_link_that_tells_more(document: Document) -> None:
    more = {"@id": f"{FIRST}#model", "version": "2"}
    first_of(document)["prov:wasGeneratedBy"]["prov:used"] = [more]


UNLIKE: dict[str, Callable[[Document], None]] = {
    "the context stands behind the nodes": context_behind,
    "something stands behind the nodes": lambda document: document.update({"task": "x:y"}),
    "a measurement stands apart": one_that_stands_apart,
    "the system of a record is missing": no_system,
    "one accelerator that is in no list": one_accelerator,
    "parts have no names": parts_without_names,
    "the context has more": other_context,
    "a field is written in full": in_full,
    "another node is a record": a_record_that_says_so_in_full,
    "a record is told in pieces": a_record_in_pieces,
    "a part is told more": a_part_that_is_told_more,
    "a link tells more of a part": a_link_that_tells_more,
    "a number is a text": measurement(value="0.25"),
    "a caveat is in no list": measurement(caveats="cached"),
    "a unit says its type": measurement(unit={"@value": "s"}),
    "a measurement has another type": measurement(**{"@type": "System"}),
    "nothing is said": says(task=None),
    "a count is written as a fraction": says(configuration={"@id": f"{FIRST}#configuration", "batch_size": 32.0}),
    "a task in a list": says(task=["face-detection"]),
    "a key of JSON-LD": says(**{"@reverse": {"model": {"@id": "urn:x"}}}),
    "nodes within a node": says(**{"@included": [{"@id": f"{FIRST}#model", "version": "2"}]}),
    "a list that is empty": says(inputs=[]),
    "a word with a prefix that nobody declares": says(task="nobody:knows"),
    "an IRI that is relative": node(at_id="x", at_type="Agent"),
    "a node with the name of another": node(at_id=f"{BASE}system/box", at_type="Agent", description="big"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNLIKE)
def test_what_only_a_graph_tells_is_seen(name: str, document: Document, tmp_path: Path) -> None:
    UNLIKE[name](document)
    assert json_ld.outline(written(document, tmp_path)).systems is None


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if place % 5 == 0 else (pytest.mark.slow,))
        for place, name in enumerate(UNLIKE)
    ],
)
def test_what_only_a_graph_tells_is_read_from_one(
    name: str, document: Document, tmp_path: Path
) -> None:
    UNLIKE[name](document)
    path = written(document, tmp_path)
    assert by_name(list(read_graph(path))) == told_by_the_graph(path)


def test_a_list_of_documents_is_read(document: Document, tmp_path: Path) -> None:
    context = document["@context"]
    path = written([{"@context": context, **node} for node in document["@graph"]], tmp_path)
    assert json_ld.outline(path).systems is None
    got = by_name(list(read_graph(path)))
    assert got.keys() == {"first", "second"}
    assert got == told_by_the_graph(path)


def test_pieces_of_a_document_say_what_it_says(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_ld, "_PIECE", 1)
    UNLIKE["a measurement stands apart"](document)
    first = first_of(document)
    first["model"] = {"@id": "_:of-this-file"}
    document["@graph"].append({"@id": "_:of-this-file", "name": "far"})
    path = written(document, tmp_path)
    assert len(list(json_ld.pieces(path, json_ld.outline(path)))) > len(document["@graph"])
    got = by_name(list(read_graph(path)))
    assert got["first"]["model"] == {"name": "far"}
    assert got == told_by_the_graph(path)


def test_more_systems_than_are_kept_are_read_from_a_graph(
    document: Document, tmp_path: Path
) -> None:
    path = written(document, tmp_path)
    limits = replace(LIMITS, systems_bytes=10)
    assert json_ld.outline(path, limits).systems is None
    assert by_name(list(read_graph(path, limits))) == by_name(list(read_graph(path)))


def test_what_is_too_large_for_a_piece_is_told(document: Document, tmp_path: Path) -> None:
    whole = {"@context": document["@context"][0], **first_of(document)}
    whole["extensions"] = {"acme": list(range(500_000))}
    path = written(whole, tmp_path)
    [failed] = read_graph(path, replace(LIMITS, json_data_bytes=1_000_000))
    assert isinstance(failed, Failed)
    assert failed.error.startswith("not a graph that can be read: the data of one JSON text takes")


# --- anything else ---

VALUES: list[Any] = [
    0, 1, 1.5, 2.0, -0.0, True, None, "", "x", "lpdnn", "lpdnn:x", "a:b", "scenario", "@type", [], [1], ["gpu"], {},
    {"@id": "urn:q"}, {"@value": 1}, {"@list": [1]}, {"@id": "https://w3id.org/benchfmt/vocabulary/precision/int8"},
]  # fmt: skip
KEYS = [
    "@id", "@type", "@reverse", "@graph", "@list", "value", "suite", "kind", "metric", "caveats", "task", "inputs", "samples", "scope",
    "System", "benchmark", "stack", "ci", "url", "extensions", "precision", "dcat", "dcterms:x", "prov:used", f"{TERMS}task",
]  # fmt: skip


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each object or list of some data with each of its keys or places."""
    keys: list[Any] = []
    if isinstance(data, dict):
        keys = list(data)
    elif isinstance(data, list):
        keys = list(range(len(data)))
    for key in keys:
        yield data, key
        yield from places(data[key])


def change(nodes: list[Any], chance: random.Random) -> None:
    """Change some nodes in one place."""
    holder, key = chance.choice(list(places(nodes)))
    other, of_other = chance.choice(list(places(nodes)))
    step = chance.randrange(5)
    if step == 0:
        holder[key] = chance.choice(VALUES)
    elif step == 1:
        del holder[key]
    elif step == 2:
        holder[key] = json.loads(json.dumps(other[of_other]))
    elif isinstance(holder, list):
        holder.append(json.loads(json.dumps(holder[key])))
    elif step == 3:
        holder[chance.choice(KEYS)] = holder.pop(key)
    else:
        holder[chance.choice(KEYS)] = chance.choice(VALUES)


@pytest.mark.slow
def test_whatever_is_changed_it_is_what_the_graph_tells(exported: Document, tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret, and the same each time
    standing = 0
    for _ in range(200):
        document = json.loads(json.dumps(exported))
        change(document["@graph"], chance)
        path = written(document, tmp_path)
        outline = json_ld.outline(path)
        if outline.systems is not None:
            standing += 1
            got = json_ld.records(path, outline.context, outline.systems)
            assert by_name(list(got)) == by_name(
                list(graph_store.read_stored(path, outline, LIMITS))
            )
    assert 20 < standing < 180
