"""The published files: up to date, accepted by other people's tools, and saying the same in every form."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from rdflib import RDF, SH, SKOS, Graph, Literal, URIRef
from rdflib.term import Identifier
from tests.forms import ROOT, VALID, load
from tests.shacl_judges import JUDGES, judged

from benchfmt import standard
from benchfmt.descriptor import read_descriptor
from benchfmt.package import PackageWriter
from benchfmt.record import Record
from benchfmt.schema import column_schema, table_schema
from benchfmt.standard import drift, shapes_text
from benchfmt.tables import COLUMNS, TABLES, to_batch

# rdflib's own reader of JSON-LD uses what rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
SCHEMA = ROOT / "schema"
CURRENT = SCHEMA / "1.0"
BASE = "https://w3id.org/benchfmt/"
CONTEXT = load(CURRENT / "context.jsonld")["@context"]
KNOWN = (BASE, "http://www.w3.org/", "http://purl.org/dc/terms/", "http://qudt.org/vocab/unit/")


def test_building_twice_gives_the_same_text() -> None:
    assert shapes_text() == shapes_text()


def test_drift_names_what_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        standard, "build", lambda _: {"shapes.ttl": "new", "context.jsonld": "same"}
    )
    monkeypatch.setattr(standard, "build_vocabulary", lambda _: {})
    (tmp_path / "1.0").mkdir()
    for name, text in {
        "shapes.ttl": "old",
        "context.jsonld": "same",
        "vocabulary.json": "{}\n",
    }.items():
        (tmp_path / "1.0" / name).write_text(text, "utf-8")
    assert drift(tmp_path) == ["shapes.ttl"]
    (tmp_path / "1.0" / "vocabulary.json").unlink()
    assert drift(tmp_path) == ["vocabulary.json", "shapes.ttl"]


@pytest.mark.parametrize("name", ["record.schema.json", "package.schema.json"])
def test_the_json_schemas_are_json_schemas(name: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--check-metaschema", str(CURRENT / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schemas_say_who_they_are() -> None:
    for name in ("record.schema.json", "package.schema.json"):
        schema = load(CURRENT / name)
        assert schema["$id"] == f"{BASE}1.0/{name}"
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


# --- fields and columns ---


def leaves(node: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    """Return the paths of the fields that hold a value and no further fields, from the JSON Schema alone."""
    found = []
    for name, child in node["properties"].items():
        options = [resolved(option, definitions) for option in child.get("anyOf", [child])]
        objects = [option for option in options if "properties" in option]
        if objects:
            found += [
                f"{name}.{leaf}" for option in objects for leaf in leaves(option, definitions)
            ]
        if len(options) > len(objects):
            found.append(name)
    return found


def resolved(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def test_every_field_has_a_column_and_the_reverse() -> None:
    schema = load(CURRENT / "record.schema.json")
    definitions = schema["$defs"]
    record = {name for name in leaves(schema, definitions) if not name.startswith("system.")}
    # The version stands in the descriptor, measurements are a table, and the primary source has columns of its own.
    record -= {"benchfmt", "measurements"}
    record |= {"system.id"} | {
        f"provenance.sources.0.{name}" for name in leaves(definitions["Source"], definitions)
    }
    assert {c.path for c in COLUMNS["records"]} == record
    assert {c.path for c in COLUMNS["systems"]} == set(leaves(definitions["System"], definitions))
    assert {c.path for c in COLUMNS["measurements"]} == {
        "-",
        *leaves(definitions["Measurement"], definitions),
    }


def test_a_column_is_required_where_its_field_is() -> None:
    schema = load(CURRENT / "record.schema.json")
    required = {c.path for c in COLUMNS["records"] if c.required}
    assert required == {
        "id",
        "status",
        *(f"benchmark.{n}" for n in schema["$defs"]["Benchmark"]["required"]),
    }
    assert {c.path for c in COLUMNS["measurements"] if c.required} == {
        "-",
        *schema["$defs"]["Measurement"]["required"],
    }


@pytest.mark.parametrize(
    ("table", "name"), [(table, c.name) for table in TABLES for c in COLUMNS[table]]
)
def test_the_type_of_a_column_is_that_of_its_field(table: str, name: str) -> None:
    field = next(field for field in table_schema(table)["fields"] if field["name"] == name)
    schema = column_schema(table, name)
    if "anyOf" in schema:
        assert (name, field["type"]) == ("accelerators", "array")
    else:
        assert field["type"] == schema["type"]
    for keyword in ("enum", "pattern", "minimum", "maximum", "exclusiveMinimum"):
        assert field.get("constraints", {}).get(keyword) == schema.get(keyword)


@pytest.mark.parametrize("table", TABLES)
def test_table_schemas_are_those_of_a_written_package(table: str, tmp_path: Path) -> None:
    record = Record.from_dict(load(VALID[0])).model_copy(update={"id": "r1"})
    record = record.model_copy(update={"system": None})
    with PackageWriter(tmp_path / "package") as writer:
        writer.write(to_batch([record]))
    written = load(tmp_path / "package" / "datapackage.json")
    resource = next(item for item in written["resources"] if item["name"] == table)
    assert resource["schema"] == load(CURRENT / f"{table}.tableschema.json") == table_schema(table)
    assert read_descriptor(written)[1] == []
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--schemafile",
        str(CURRENT / "package.schema.json"),
    ]
    done = subprocess.run(
        [*command, str(tmp_path / "package" / "datapackage.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_schema_and_the_model_agree() -> None:
    import jsonschema

    judge = jsonschema.Draft202012Validator(load(CURRENT / "package.schema.json"))
    resource = {"name": "records", "path": "records.csv"}
    sound = [
        {"resources": [resource]},
        {"resources": [resource | {"hash": "sha256:" + "0" * 64, "custom": 1}], "licenses": []},
        {"resources": [resource], "benchfmt": {"version": "1.0", "prefixes": {"acme": {}}}},
    ]
    faulty: list[Any] = [
        {},
        {"resources": []},
        {"resources": [{"name": "x"}]},
        {"resources": [resource | {"hash": "md5:1"}]},
        {"resources": [resource], "profile": "data-package"},
        {"resources": [resource], "benchfmt": {"versoin": "1.0"}},
        {
            "resources": [resource],
            "benchfmt": {"prefixes": {"acme": {"metrics": {"speed": {"unit": "m"}}}}},
        },
        3,
    ]
    assert [(judge.is_valid(data), read_descriptor(data)[0] is not None) for data in sound] == [
        (True, True)
    ] * 3
    assert [(judge.is_valid(data), read_descriptor(data)[0] is not None) for data in faulty] == [
        (False, False)
    ] * 8


# --- linked data ---


def linked(record: Any) -> Graph:
    text = json.dumps({"@context": CONTEXT, **record}).encode()
    quads = pyoxigraph.parse(
        text, format=pyoxigraph.RdfFormat.JSON_LD, base_iri="http://relative.example/"
    )
    triples = pyoxigraph.serialize(
        (quad.triple for quad in quads), format=pyoxigraph.RdfFormat.N_TRIPLES
    )
    return Graph().parse(data=triples, format="nt")


def strange(graph: Graph) -> set[str]:
    """Return the IRIs of a graph that are relative, or of no known space such as `lpdnn:dmips`."""
    nodes = {str(node) for triple in graph for node in triple if isinstance(node, URIRef)}
    nodes |= {
        str(node.datatype)
        for triple in graph
        for node in triple
        if isinstance(node, Literal) and node.datatype
    }
    return {node for node in nodes if not node.startswith(KNOWN)}


def test_the_vocabulary_is_skos() -> None:
    graph = Graph().parse(CURRENT / "vocabulary.ttl")
    assert strange(graph) == set()
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))
    schemes = set(graph.subjects(RDF.type, SKOS.ConceptScheme))
    kinds = load(CURRENT / "vocabulary.json")["kinds"]
    metrics = sum(len(term.get("metrics", {})) for term in kinds["prefix"]["terms"].values())
    assert len(schemes) == len(kinds)
    assert len(concepts) == sum(len(kind["terms"]) for kind in kinds.values()) + metrics
    for concept in concepts:
        assert len(list(graph.objects(concept, SKOS.prefLabel))) == 1
        assert set(graph.objects(concept, SKOS.inScheme)) <= schemes
        assert set(graph.objects(concept, SKOS.broader)) <= concepts


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    return [linked(load(path)) for path in VALID]


def test_records_are_linked_data_without_relative_iris(graphs: list[Graph]) -> None:
    assert {iri for graph in graphs for iri in strange(graph)} == set()


def test_terms_of_records_are_concepts_of_the_vocabulary(graphs: list[Graph]) -> None:
    concepts = set(Graph().parse(CURRENT / "vocabulary.ttl").subjects(RDF.type, SKOS.Concept))
    used = {
        node
        for graph in graphs
        for node in graph.objects()
        if str(node).startswith(f"{BASE}vocabulary/")
    }
    unknown = {str(node).removeprefix(f"{BASE}vocabulary/") for node in used - concepts}
    assert len(used) > 150
    # Prefixed terms that are no metrics, qualified scopes, percentiles and `metric@k` are made as they are needed.
    assert {
        term
        for term in unknown
        if not term.startswith(("prefix/", "scope/", "statistic/p")) and "@" not in term
    } == set()


def test_a_prefixed_metric_becomes_a_concept_of_the_vocabulary() -> None:
    measurement = {
        "metric": "lpdnn:dmips",
        "value": 1.0,
        "unit": "1",
        "basis": "derived",
        "scope": "class:kidney",
    }
    record = {
        "benchfmt": "1.0",
        "benchmark": {"suite": "lpdnn"},
        "measurements": [measurement],
        "status": "ok",
    }
    graph = linked(record)
    metric = URIRef(f"{BASE}vocabulary/prefix/lpdnn%3Admips")
    assert list(graph.objects(None, URIRef(f"{BASE}terms/metric"))) == [metric]
    assert (metric, RDF.type, SKOS.Concept) in Graph().parse(CURRENT / "vocabulary.ttl")
    assert strange(graph) == set()


def test_no_number_is_lost_on_the_way_to_linked_data(graphs: list[Graph]) -> None:
    value = URIRef(f"{BASE}terms/value")
    for path, graph in zip(VALID, graphs, strict=True):
        wanted = sorted(
            float(m["value"]) for m in load(path).get("measurements", ()) if "value" in m
        )
        assert sorted(float(node) for node in graph.objects(None, value)) == wanted  # type: ignore[arg-type]


def shapes() -> Graph:
    return Graph().parse(CURRENT / "shapes.ttl")


def shapes_of(graph: Graph) -> dict[str, set[Identifier]]:
    """Return the nodes that each shape with a target looks at."""
    focus: dict[str, set[Identifier]] = {}
    for shape, predicate, target in shapes():
        nodes: set[Identifier] = set()
        if predicate == SH.targetSubjectsOf:
            nodes = set(graph.subjects(target))
        elif predicate == SH.targetObjectsOf:
            nodes = set(graph.objects(None, target))
        elif predicate == SH.targetClass:
            nodes = set(graph.subjects(RDF.type, target))
        else:
            continue
        focus.setdefault(str(shape).rpartition("/")[2], set()).update(nodes)
    return focus


def count(records: list[Any], *path: str) -> int:
    """Return how many parts of records stand at a path, lists counted by their members."""
    parts = records
    for name in path:
        inner = [part[name] for part in parts if name in part]
        parts = [item for part in inner for item in (part if isinstance(part, list) else [part])]
    return len(parts)


def test_all_records_conform_to_the_shapes(graphs: list[Graph]) -> None:
    data = Graph()
    for graph in graphs:
        data += graph
    assert judged(data, CURRENT / "shapes.ttl") == {name: [] for name in JUDGES}
    # The shapes look at every part of every record: a target that hits nothing conforms to everything.
    records = [load(path) for path in VALID]
    measurements = count(records, "measurements")
    assert {name: len(nodes) for name, nodes in shapes_of(data).items()} == {
        "Record": len(VALID),
        "RecordResult": len(VALID),
        "Benchmark": len(VALID),
        "Dataset": count(records, "dataset"),
        "Model": count(records, "model"),
        "System": count(records, "system"),
        "Processor": count(records, "system", "processor"),
        "Accelerator": count(records, "system", "accelerator"),
        "Software": count(records, "software"),
        "Configuration": count(records, "configuration"),
        "Input": count(records, "inputs"),
        "Measurement": measurements,
        "MeasurementValue": measurements,
        "Provenance": count(records, "provenance"),
        "Source": 0,  # only exports give a source a class
    }


BROKEN: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no suite": (lambda record: record["benchmark"].pop("suite"), "benchmark.suite"),
    "no status": (lambda record: record.pop("status"), "status"),
    "a status of no list": (lambda record: record.update(status="fine"), "status"),
    "a reason of no list": (
        lambda record: record["measurements"][1].update(missing="forgotten"),
        "measurements[].missing",
    ),
    "no metric": (lambda record: record["measurements"][0].pop("metric"), "measurements[].metric"),
    "two units": (
        lambda record: record["measurements"][0].update(unit=["s", "ms"]),
        "measurements[].unit",
    ),
    "a value that is text": (
        lambda record: record["measurements"][0].update(value="8.9 ms"),
        "measurements[].value",
    ),
    "a value and a reason": (
        lambda record: record["measurements"][1].update(value=1.0, unit="W", basis="measured"),
        "measurements[]",
    ),
    "a value without a basis": (
        lambda record: record["measurements"][0].pop("basis"),
        "measurements[]",
    ),
    "no value in a record that is ok": (lambda record: record["measurements"].pop(0), "status"),
    "two tasks": (
        lambda record: record.update(task=["image-classification", "object-detection"]),
        "task",
    ),
    "a caveat of no list": (
        lambda record: record["measurements"][0].update(caveats=["cached", "odd"]),
        "measurements[].caveats[]",
    ),
    "a size of no count": (
        lambda record: record.update(configuration={"input_shape": [3, 0]}),
        "configuration.input_shape[]",
    ),
    "an unknown field of the record": (lambda record: record.update(speed=3), "the record"),
    "an unknown field of a system": (
        lambda record: record.update(system={"id": "a", "colour": "red"}),
        "system",
    ),
    "an unknown field of a measurement": (
        lambda record: record["measurements"][0].update(valeu=3),
        "measurements[]",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_does_not_conform(name: str) -> None:
    first = {"metric": "latency", "value": 0.1, "unit": "s", "basis": "measured"}
    measurements = [first, {"metric": "power", "missing": "not-measured"}]
    record: dict[str, Any] = {
        "benchfmt": "1.0",
        "benchmark": {"suite": "lpdnn"},
        "task": "image-classification",
    }
    record |= {"measurements": measurements, "status": "ok"}
    assert judged(linked(record), CURRENT / "shapes.ttl") == {name: [] for name in JUDGES}
    breaking, place = BROKEN[name]
    breaking(record)
    verdicts = judged(linked(record), CURRENT / "shapes.ttl")
    faults = verdicts["pyshacl"]
    assert verdicts == dict.fromkeys(JUDGES, faults)
    # What follows from a fault is told too: a status that is no status is not one of those without a value.
    assert place in [fault.message.partition(":")[0] for fault in faults]
