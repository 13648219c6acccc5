"""Packages as linked data: four forms of one graph, judged by tools that are not ours, and read back to the same records."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyoxigraph as ox
import pytest
import shacl
from rdflib import Graph
from tests.forms import ROOT, VALID, load
from tests.linked_records import ODD, corpus, odd, package_of
from tests.shacl_judges import JUDGES, judged

from benchfmt.conversion import convert
from benchfmt.converters.graphs import read_graph
from benchfmt.descriptor import heading
from benchfmt.exports import export
from benchfmt.exports.rdf import ntriples, place_of
from benchfmt.finding import BenchfmtError
from benchfmt.package import PackageWriter, open_package
from benchfmt.record import Record
from benchfmt.tables import to_batch

# rdflib's own reader of JSON-LD uses what rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
SHAPES = ROOT / "schema" / "1.0" / "shapes.ttl"
BASE = "https://results.example/"
TERMS = "https://w3id.org/benchfmt/terms/"
FORMS = {
    "ntriples": (".nt", ox.RdfFormat.N_TRIPLES),
    "turtle": (".ttl", ox.RdfFormat.TURTLE),
    "trig": (".trig", ox.RdfFormat.TRIG),
    "json-ld": (".jsonld", ox.RdfFormat.JSON_LD),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus and the odd records as a package, and in all forms."""
    folder = tmp_path_factory.mktemp("rdf")
    package = package_of([*corpus(), *odd()], folder / "package")
    declared = load(package / "datapackage.json")
    metric = {"definition": "How fast it is.", "unit": "m/s", "direction": "higher"}
    declared["benchfmt"]["prefixes"] = {"acme": {"metrics": {"speed": metric}}}
    (package / "datapackage.json").write_text(json.dumps(declared), "utf-8")
    for form, (ending, _) in FORMS.items():
        done = export(package, form, folder / f"all{ending}", base=BASE)
        assert done.records == len(VALID) + len(ODD)
        assert done.left_out == ()
    return folder


def graph_of(path: Path, form: ox.RdfFormat) -> set[ox.Quad]:
    """Return the triples of a file under canonical blank nodes, with the doubles in one spelling."""
    quads = (_triple(quad) for quad in ox.parse(path=str(path), format=form))
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return set(dataset)


def _triple(quad: ox.Quad) -> ox.Quad:
    thing = quad.object
    if isinstance(thing, ox.Literal) and thing.datatype.value.endswith("#double"):
        thing = ox.Literal(repr(float(thing.value)), datatype=thing.datatype)
    return ox.Quad(quad.subject, quad.predicate, thing)


# --- one graph in four forms ---


def test_all_forms_hold_one_graph(exported: Path) -> None:
    graphs = {form: graph_of(exported / f"all{end}", kind) for form, (end, kind) in FORMS.items()}
    assert len(graphs["ntriples"]) > 8_000
    for form, graph in graphs.items():
        assert graph - graphs["ntriples"] == set(), form
        assert graphs["ntriples"] - graph == set(), form


def test_rdflib_reads_all_forms_alike(exported: Path) -> None:
    sizes = set()
    for ending, name in ((".nt", "nt"), (".ttl", "turtle"), (".jsonld", "json-ld")):
        sizes.add(len(Graph().parse(exported / f"all{ending}", format=name)))
    assert len(sizes) == 1


def test_the_graph_of_trig_has_the_iri_of_the_package(exported: Path) -> None:
    quads = ox.parse(path=str(exported / "all.trig"), format=ox.RdfFormat.TRIG)
    assert {quad.graph_name for quad in quads} == {ox.NamedNode(BASE)}


def test_no_iri_is_relative_and_all_are_of_known_spaces(exported: Path) -> None:
    known = (
        BASE,
        "https://w3id.org/benchfmt/",
        "http://qudt.org/",
        "http://www.w3.org/",
        "http://purl.org/dc/terms/",
    )
    quads = ox.parse(path=str(exported / "all.jsonld"), format=ox.RdfFormat.JSON_LD)
    nodes = {str(node)[1:-1] for quad in quads for node in quad if isinstance(node, ox.NamedNode)}
    assert {node for node in nodes if not node.startswith(known)} == set()


def test_many_batches_make_the_same_bytes(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ntriples, "ROWS", 3)
    export(exported / "package", "ntriples", tmp_path / "small.nt", base=BASE)
    small = (tmp_path / "small.nt").read_bytes().splitlines()
    assert sorted(small) == sorted((exported / "all.nt").read_bytes().splitlines())


# --- back to records ---


@pytest.mark.parametrize("form", FORMS)
def test_records_come_back_as_they_were(exported: Path, form: str) -> None:
    with open_package(exported / "package") as package:
        wanted = {record.id: record for record in package.records()}
    got = list(read_graph(exported / f"all{FORMS[form][0]}"))
    assert [record for record in got if not isinstance(record, Record)] == []
    assert {record.id: record for record in got if isinstance(record, Record)} == wanted
    assert len(got) == len(wanted)


@pytest.mark.parametrize("form", FORMS)
def test_what_the_package_says_of_itself_comes_back(form: str, tmp_path: Path) -> None:
    package = package_of([odd()[0]], tmp_path / "package")
    declared = load(package / "datapackage.json")
    metric = {"definition": "How fast.", "unit": "m/s", "direction": "higher", "min": 0.5}
    prefix = {"title": "Acme", "metrics": {"speed": metric}}
    known = {"code": "BF407", "reason": "measured twice"}
    declared["benchfmt"] |= {"prefixes": {"acme": prefix}, "acknowledged": [known]}
    declared |= {"title": "Ümläute", "licenses": [{"name": "CC-BY-4.0"}]}
    (package / "datapackage.json").write_text(json.dumps(declared), "utf-8")
    path = tmp_path / f"one{FORMS[form][0]}"
    export(package, form, path, base=BASE)
    convert(path).write(tmp_path / "again")
    with open_package(package) as before, open_package(tmp_path / "again") as after:
        assert heading(before.descriptor)["licenses"] == [{"name": "CC-BY-4.0"}]
        assert heading(after.descriptor) == heading(before.descriptor)
        assert list(after.records()) == [record.ordered() for record in before.records()]


def test_a_package_of_csv_gives_the_same_graph(exported: Path, tmp_path: Path) -> None:
    records = [*corpus(), *odd()]
    with PackageWriter(tmp_path / "csv", format="csv") as writer:
        writer.write(to_batch(records))
    export(tmp_path / "csv", "ntriples", tmp_path / "csv.nt", base=BASE)
    ours = graph_of(tmp_path / "csv.nt", ox.RdfFormat.N_TRIPLES)
    theirs = graph_of(exported / "all.nt", ox.RdfFormat.N_TRIPLES)
    # What the packages are called, and the concept that only one of them declares.
    apart = {BASE, "https://w3id.org/benchfmt/vocabulary/prefix/acme%3Aspeed"}
    for quad in ours ^ theirs:
        assert quad.subject.value in apart


# --- judged by the shapes ---


@pytest.mark.parametrize("form", ["ntriples", "turtle", "json-ld"])
def test_one_kind_of_accelerators_in_json_is_what_its_columns_say(
    form: str, tmp_path: Path
) -> None:
    ending, kind = FORMS[form]
    graphs = []
    for name, accelerator in (("json", [{"kind": "gpu"}] * 2), ("columns", {"kind": "gpu"})):
        record = Record.from_dict(
            {
                "benchfmt": "1.0",
                "id": "r",
                "status": "failed",
                "benchmark": {"suite": "lpdnn"},
                "system": {"id": "s", "accelerator": accelerator},
            }
        )
        package = package_of([record], tmp_path / name / "package")
        if name == "json":
            path = package / "systems.parquet"
            one = pl.lit('{"kind":"gpu"}').alias("accelerators")
            pl.read_parquet(path).with_columns(one).write_parquet(path)
        export(package, form, tmp_path / f"{name}{ending}", base=BASE)
        graphs.append(graph_of(tmp_path / f"{name}{ending}", kind))
    assert graphs[0] == graphs[1]


def test_three_judges_accept_it_and_see_every_node(exported: Path) -> None:
    graph = Graph().parse(exported / "all.nt", format="nt")
    assert judged(graph, SHAPES) == {name: [] for name in JUDGES}
    with open_package(exported / "package") as package:
        measurements = package.table("measurements").num_rows
    assert count(graph, "Record") == len(VALID) + len(ODD)
    assert count(graph, "Measurement") == measurements
    with open_package(exported / "package") as package:
        assert count(graph, "System") == package.table("systems").num_rows


def count(graph: Graph, name: str) -> int:
    query = f"SELECT (COUNT(?n) AS ?c) WHERE {{ ?n a <{TERMS}{name}> }}"
    return int(next(iter(graph.query(query)))[0])  # type: ignore[index, arg-type]


BROKEN = {
    "a double that is text": (
        f'#measurements.0> <{TERMS}value> "0.1"^^<http://www.w3.org/2001/XMLSchema#double>',
        f'#measurements.0> <{TERMS}value> "0,1"',
        "measurements[0]",
    ),
    "no metric": (f"#measurements.0> <{TERMS}metric> ", "#elsewhere> <urn:x> ", "measurements[0]"),
    "a field of no standard": (f"<{TERMS}status> ", f"<{TERMS}state> ", ""),
    "a path of a source that is a number": (
        f'#provenance.sources.1> <{TERMS}path> "c"',
        f"#provenance.sources.1> <{TERMS}path> <urn:c>",
        "provenance.sources[1]",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_three_judges_refuse_a_broken_copy_and_lead_back_to_the_record(
    name: str, tmp_path: Path
) -> None:
    record = next(record for record in odd() if record.id == "texts with everything")
    record = record.model_copy(
        update={"measurements": [record.measurements[0].model_copy(update={"value": 0.1})]}  # type: ignore[index]
    )
    package = package_of([record], tmp_path / "package")
    export(package, "ntriples", tmp_path / "one.nt", base=BASE)
    text = (tmp_path / "one.nt").read_text("utf-8")
    old, new, part = BROKEN[name]
    assert old in text
    verdicts = judged(Graph().parse(data=text.replace(old, new), format="nt"), SHAPES)
    faults = verdicts["pyshacl"]
    assert faults
    assert verdicts == dict.fromkeys(JUDGES, faults)
    places = [place_of(fault.node) for fault in faults]
    assert {(place.kind, place.id) for place in places if place} == {("record", record.id)}
    assert part in {place.part for place in places if place}


def test_nodes_lead_back_to_their_places() -> None:
    place = place_of(f"{BASE}record/no.%201%2F%C3%BC#provenance.sources.2")
    assert place is not None
    assert str(place) == "record 'no. 1/ü', provenance.sources[2]"
    assert str(place_of(f"{BASE}system/rpi4")) == "system 'rpi4'"
    assert str(place_of(f"<{BASE}record/a#inputs.1>")) == "record 'a', inputs[1]"
    assert place_of(f"{BASE}agent/x") is None


# --- what else the graph says ---


def asked(path: Path, query: str) -> list[tuple[str, ...]]:
    store = ox.Store()
    store.bulk_load(path=str(path), format=ox.RdfFormat.N_TRIPLES)
    prefixes = (
        f"PREFIX bf: <{TERMS}> PREFIX prov: <http://www.w3.org/ns/prov#> "
        "PREFIX qudt: <http://qudt.org/schema/qudt/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX unit: <http://qudt.org/vocab/unit/> "
    )
    solutions: Any = store.query(prefixes + query)
    return [tuple(str(node.value) for node in row) for row in solutions]


def test_provenance_says_who_and_what_from(exported: Path) -> None:
    query = """
        SELECT ?path ?who WHERE {
          ?record bf:id "texts with everything" ; prov:wasGeneratedBy ?made ; prov:wasAttributedTo/rdfs:label ?who .
          ?made a prov:Activity ; prov:used/bf:path ?path
        } ORDER BY ?path"""
    who = "Jürgen <x> & {y}"
    assert asked(exported / "all.nt", query) == [("a b/ü.csv", who), ("c", who)]
    query = """SELECT (COUNT(DISTINCT ?record) AS ?n) WHERE {
        ?record prov:wasGeneratedBy/prov:wasAssociatedWith/a prov:SoftwareAgent }"""
    with open_package(exported / "package") as package:
        converted = sum(
            bool(record.provenance and record.provenance.converter) for record in package.records()
        )
    assert asked(
        exported / "all.nt",
        query.replace("/a ", "/<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "),
    ) == [(str(converted),)]


def test_units_are_those_of_qudt_or_keep_their_code(exported: Path) -> None:
    query = "SELECT DISTINCT ?unit ?code WHERE { ?m bf:unit ?unit ; qudt:ucumCode ?code } ORDER BY ?unit"
    codes = asked(exported / "all.nt", query)
    assert ("acme-unit", "acme-unit") in codes
    assert all(unit == code for unit, code in codes)
    query = 'SELECT DISTINCT ?qudt WHERE { ?m bf:unit "s" ; qudt:unit ?qudt }'
    assert asked(exported / "all.nt", query) == [("http://qudt.org/vocab/unit/SEC",)]
    query = 'SELECT DISTINCT ?qudt WHERE { ?m bf:unit "EUR" ; qudt:unit ?qudt }'
    assert asked(exported / "all.nt", query) == [("http://qudt.org/vocab/unit/CCY_EUR",)]
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?m a bf:Measurement ; bf:unit ?u . FILTER NOT EXISTS { ?m qudt:unit|qudt:ucumCode ?x } }"
    assert asked(exported / "all.nt", query) == [("0",)]


def test_concepts_of_the_package_are_described(exported: Path) -> None:
    query = 'SELECT ?said WHERE { ?c skos:notation "acme:speed" ; skos:definition ?said ; bf:unit "m/s" . ?m bf:metric ?c }'
    assert asked(exported / "all.nt", query) == [("How fast it is.",)]


# --- names ---


def first_line(path: Path) -> str:
    return path.read_text("utf-8").partition(" ")[0]


def test_the_package_is_named_by_the_option_its_name_or_its_tables(tmp_path: Path) -> None:
    package = package_of(odd(), tmp_path / "package")
    export(package, "ntriples", tmp_path / "named.nt")
    assert first_line(tmp_path / "named.nt") == "<https://w3id.org/benchfmt/data/package/>"
    export(package, "ntriples", tmp_path / "based.nt", base="https://me.example/x")
    assert first_line(tmp_path / "based.nt") == "<https://me.example/x/>"
    plain = load(package / "datapackage.json")
    del plain["name"]
    (package / "datapackage.json").write_text(json.dumps(plain), "utf-8")
    export(package, "ntriples", tmp_path / "hashed.nt")
    hashed = r"<https://w3id\.org/benchfmt/data/sha256-[0-9a-f]{32}/>"
    assert re.fullmatch(hashed, first_line(tmp_path / "hashed.nt"))
    for resource in plain["resources"]:
        del resource["hash"]
    (package / "datapackage.json").write_text(json.dumps(plain), "utf-8")
    with pytest.raises(BenchfmtError, match="neither a name nor hashes"):
        export(package, "ntriples", tmp_path / "none.nt")


@pytest.mark.parametrize("base", ["results", "https://x.example/a b", "https://x.example/#", ""])
def test_a_base_that_is_no_iri_is_refused(base: str, tmp_path: Path) -> None:
    package = package_of(odd()[:1], tmp_path / "package")
    with pytest.raises(BenchfmtError, match="not an absolute IRI"):
        export(package, "turtle", tmp_path / "out.ttl", base=base)


def test_turtle_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = package_of(odd()[:1], tmp_path / "package")
    monkeypatch.setitem(sys.modules, "pyoxigraph", None)
    with pytest.raises(BenchfmtError, match=r"pip install 'benchfmt\[rdf\]'"):
        export(package, "turtle", tmp_path / "out.ttl")
    export(package, "ntriples", tmp_path / "out.nt")
    export(package, "json-ld", tmp_path / "out.jsonld")


# --- real results ---


@pytest.fixture(scope="module")
def few(few_samples_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("few-rdf") / "few.nt"
    export(few_samples_package, "ntriples", place, base=BASE)
    yield place


def test_samples_come_back_as_they_were(few: Path, few_samples_package: Path) -> None:
    assert_same_records(few, few_samples_package)


def test_samples_come_back_from_json_ld(few_samples_package: Path, tmp_path: Path) -> None:
    export(few_samples_package, "json-ld", tmp_path / "few.jsonld", base=BASE)
    assert_same_records(tmp_path / "few.jsonld", few_samples_package)


def test_samples_conform(few: Path, few_samples_package: Path) -> None:
    assert_conforms(few, few_samples_package)
    metric = f"<{TERMS}metric>"
    broken = few.read_text("utf-8").replace(metric, f"<{TERMS}metrics>", 1)
    assert not shacl.Shapes.from_file(str(SHAPES)).validate_text(broken, "nt").conforms


@pytest.mark.slow
def test_all_samples_conform_and_come_back(all_samples_package: Path, tmp_path: Path) -> None:
    export(all_samples_package, "ntriples", tmp_path / "all.nt", base=BASE)
    assert_conforms(tmp_path / "all.nt", all_samples_package)
    assert_same_records(tmp_path / "all.nt", all_samples_package)


@pytest.mark.slow
def test_all_samples_come_back_from_json_ld(all_samples_package: Path, tmp_path: Path) -> None:
    export(all_samples_package, "json-ld", tmp_path / "all.jsonld", base=BASE)
    assert_same_records(tmp_path / "all.jsonld", all_samples_package)


MORE = (
    "ai_benchmark",
    "aibench",
    "every_eval_ever",
    "mlperf_hpc",
    "mlperf_mobile",
    "mlperf_storage",
    "mlperf_tiny",
)
"""Families that the small package does not have, of up to 230 records each."""
LARGE = ("energy", "lpdnn", "mlperf_inference", "mlperf_training", "openml_cc18")


def test_more_families_come_back_from_json_ld(samples: Path, tmp_path: Path) -> None:
    convert([samples / family for family in MORE]).write(tmp_path / "more")
    export(tmp_path / "more", "json-ld", tmp_path / "more.jsonld", base=BASE)
    assert_same_records(tmp_path / "more.jsonld", tmp_path / "more")


@pytest.mark.slow
@pytest.mark.parametrize("family", LARGE)
def test_a_large_family_comes_back_from_json_ld(family: str, samples: Path, tmp_path: Path) -> None:
    account = convert(samples / family).write(tmp_path / "package")
    assert account.total("records") > 100
    export(tmp_path / "package", "json-ld", tmp_path / "all.jsonld", base=BASE)
    assert_same_records(tmp_path / "all.jsonld", tmp_path / "package")


def assert_same_records(graph: Path, package: Path) -> None:
    with open_package(package) as opened:
        wanted = {record.id: record for record in opened.records()}
    count = 0
    for record in read_graph(graph):
        assert isinstance(record, Record), record
        assert record == wanted[record.id]
        count += 1
    assert count == len(wanted)


def assert_conforms(graph: Path, package: Path) -> None:
    """Hold a graph to the shapes by the fast engine, and count its nodes as DuckDB counts the rows."""
    import duckdb

    report = shacl.Shapes.from_file(str(SHAPES)).validate_file(str(graph))
    assert report.conforms, report.results[:5]
    ends = {name: f"#type> <{TERMS}{name}> .\n".encode() for name in TABLES}
    counts = dict.fromkeys(TABLES, 0)
    with graph.open("rb") as lines:
        for line in lines:
            for name, end in ends.items():
                counts[name] += line.endswith(end)
    assert counts == {
        name: duckdb.read_parquet(f"{package}/{table}.parquet").shape[0]
        for name, table in TABLES.items()
    }


TABLES = {"Record": "records", "System": "systems", "Measurement": "measurements"}
"""The classes whose nodes are rows of a table."""
