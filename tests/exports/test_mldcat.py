"""Packages in MLDCAT-AP, judged by the official shapes of the profile in engines that are not ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import shacl
import shacl_rust
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from tests.forms import ROOT
from tests.shacl_judges import JUDGES, judged

from benchfmt.conversion import convert
from benchfmt.exports import Exported, export
from benchfmt.finding import BenchfmtError

BASE = "https://results.example/"
FILES = "https://files.example/lab/"
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCTERMS = Namespace("http://purl.org/dc/terms/")
DQV = Namespace("http://www.w3.org/ns/dqv#")
IT6 = Namespace("http://data.europa.eu/it6/")
MLS = Namespace("http://www.w3.org/ns/mls#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
FULL = {"base": BASE, "files": FILES, "collected": "2026-01-31"}


@pytest.fixture(scope="session")
def official(samples: Path) -> Path:
    """The shapes of MLDCAT-AP 3.1.0, as SEMIC publishes them."""
    place = samples / "mldcat-ap" / "mldcat-ap-3.1.0-SHACL.ttl"
    if not place.exists():
        pytest.skip("the shapes of MLDCAT-AP are not here")
    return place


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of five results."""
    target = tmp_path_factory.mktemp("mldcat") / "package"
    convert(ROOT / "examples" / "records" / "results.jsonl").write(target)
    return target


def graph_of(package: Path, place: Path, **options: str) -> tuple[Exported, Graph]:
    done = export(package, "mldcat-ap", place, **options)
    return done, Graph().parse(place)


def rows(package: Path, query: str) -> int:
    """Return what DuckDB counts in the tables of a package."""
    found = duckdb.sql(query.format(package=package)).fetchall()
    return int(found[0][0])


RUNS = "SELECT count(*) FROM '{package}/records.parquet'"
VALUES = "SELECT count(*) FROM '{package}/measurements.parquet' WHERE value IS NOT NULL"
SYSTEMS = "SELECT count(*) FROM '{package}/systems.parquet'"
METRICS = "SELECT count(DISTINCT metric) FROM '{package}/measurements.parquet'"


def test_the_official_shapes_hold_and_see_every_node(
    package: Path, official: Path, tmp_path: Path
) -> None:
    done, graph = graph_of(package, tmp_path / "lab.ttl", **FULL)
    assert judged(graph, official) == {name: [] for name in JUDGES}
    counts = {
        name: len(set(graph.subjects(RDF.type, name)))
        for name in set(graph.objects(None, RDF.type))
    }
    wanted = {
        DCAT.Dataset: 1,
        DCAT.Distribution: 4,
        DCAT.Resource: 4,
        SPDX.Checksum: 4,
        DQV.QualityMeasurement: 2,
        IT6.DataQuality: 2,
        IT6.Hardware: rows(package, SYSTEMS),
        MLS.Run: rows(package, RUNS),
        MLS.ModelEvaluation: rows(package, VALUES),
        MLS.EvaluationMeasure: rows(package, METRICS),
    }
    assert {name: counts[name] for name in wanted} == wanted
    assert IT6.Run not in counts
    assert (done.records, done.measurements) == (wanted[MLS.Run], wanted[MLS.ModelEvaluation])


def test_files_have_their_checksums_and_addresses(package: Path, tmp_path: Path) -> None:
    import hashlib

    _, graph = graph_of(package, tmp_path / "lab.ttl", **FULL)
    digests = {}
    for node in graph.subjects(RDF.type, DCAT.Distribution):
        address = str(graph.value(node, DCAT.accessURL))
        assert graph.value(node, DCAT.byteSize) is not None
        checksum = graph.value(node, SPDX.checksum)
        value = graph.value(checksum, SPDX.checksumValue)
        assert isinstance(value, Literal)
        assert str(value.datatype).endswith("#hexBinary")
        digests[address.removeprefix(FILES)] = str(value).lower()
    assert digests == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in package.iterdir()
        if file.name != "croissant.json"
    }


def drop(predicate: URIRef) -> Callable[[Graph], None]:
    def dropping(graph: Graph) -> None:
        graph.remove((None, predicate, None))

    return dropping


def plain_checksums(graph: Graph) -> None:
    for node, _, value in list(graph.triples((None, SPDX.checksumValue, None))):
        graph.set((node, SPDX.checksumValue, Literal(str(value))))


BROKEN: dict[str, Callable[[Graph], None]] = {
    "no date of collection": drop(IT6.collectionDate),
    "no quality": drop(DQV.hasQualityMeasurement),
    "no address": drop(DCAT.accessURL),
    "checksums that are text": plain_checksums,
    "hardware without a name": drop(DCTERMS.title),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_same_judges_refuse_a_broken_copy(
    name: str, package: Path, official: Path, tmp_path: Path
) -> None:
    _, graph = graph_of(package, tmp_path / "lab.ttl", **FULL)
    BROKEN[name](graph)
    verdicts = judged(graph, official)
    for judge, faults in verdicts.items():
        assert faults, judge
        assert {fault.node for fault in faults} == {fault.node for fault in verdicts["pyshacl"]}


def test_what_nobody_says_is_left_out_and_told(
    package: Path, official: Path, tmp_path: Path
) -> None:
    done, graph = graph_of(package, tmp_path / "lab.ttl", base=BASE)
    assert any("dcat:accessURL" in note and "--option files=" in note for note in done.notes)
    assert graph.value(predicate=DCAT.accessURL, object=None) is None
    # The profile asks for it, and its shapes say so.
    assert (
        not shacl.Shapes.from_file(str(official)).validate_file(str(tmp_path / "lab.ttl")).conforms
    )


def test_the_days_of_the_measurements_are_those_of_the_collection(
    package: Path, tmp_path: Path
) -> None:
    done, graph = graph_of(package, tmp_path / "lab.ttl", base=BASE)
    query = "SELECT min(measured_at[:10]), max(measured_at[:10]) FROM '{package}/records.parquet'"
    [(first, last)] = duckdb.sql(query.format(package=package)).fetchall()
    collected = graph.value(URIRef(BASE), IT6.collectionDate)
    if first is None:
        assert collected is None
        assert any("it6:collectionDate" in note for note in done.notes)
    elif first == last:
        assert str(collected) == first
    else:
        assert str(collected) == f"{first}/{last}"


def test_the_quality_is_that_of_validate(package: Path, tmp_path: Path) -> None:
    from benchfmt import validate

    _, graph = graph_of(package, tmp_path / "lab.ttl", **FULL, rules="ingestion")
    report = validate(package, "ingestion")
    said = {
        str(graph.value(graph.value(node, DCTERMS.type), DCTERMS.identifier)).rpartition("-")[
            2
        ]: int(str(graph.value(node, DQV.value)))
        for node in graph.subjects(RDF.type, DQV.QualityMeasurement)
    }
    assert said == {"errors": report.errors, "warnings": report.warnings}


def test_publication_is_said_by_options(package: Path, official: Path, tmp_path: Path) -> None:
    options = {
        "title": "Our lab",
        "authors": "Doe, Jane <0000-0002-1825-0097>; Lab of Ours",
        "version": "2",
        "license": "CC-BY-4.0",
        "date": "2026-02-01",
        "url": "https://lab.example/about us",
    }
    _, graph = graph_of(package, tmp_path / "lab.ttl", **FULL, **options)
    assert judged(graph, official) == {name: [] for name in JUDGES}
    dataset = URIRef(BASE)
    assert str(graph.value(dataset, DCTERMS.title)) == "Our lab"
    creators = {str(node) for node in graph.objects(dataset, DCTERMS.creator)}
    assert creators == {"https://orcid.org/0000-0002-1825-0097", f"{BASE}agent/Lab%20of%20Ours"}
    assert str(graph.value(dataset, DCAT.landingPage)) == "https://lab.example/about%20us"
    assert len(set(graph.objects(None, DCTERMS.license))) == 1


@pytest.mark.parametrize("files", ["here", "files/lab"])
def test_files_at_no_address_are_refused(files: str, package: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="not an address"):
        export(package, "mldcat-ap", tmp_path / "lab.ttl", files=files)


def test_samples_hold_the_official_shapes(
    few_samples_package: Path, official: Path, tmp_path: Path
) -> None:
    assert_accepted(few_samples_package, official, tmp_path / "few.ttl")


@pytest.mark.slow
def test_all_samples_hold_the_official_shapes(
    all_samples_package: Path, official: Path, tmp_path: Path
) -> None:
    assert_accepted(all_samples_package, official, tmp_path / "all.ttl")


def assert_accepted(package: Path, official: Path, place: Path) -> None:
    """Hold a large graph to the shapes by two fast engines, and count its nodes as DuckDB counts the rows."""
    done = export(package, "mldcat-ap", place, **FULL)
    compiled = shacl.Shapes.from_file(str(official))
    assert compiled.validate_file(str(place)).conforms
    assert shacl_rust.validate_file(str(place), str(official))["conforms"]
    text = place.read_text("utf-8")
    assert text.count(" a mls:Run ") == done.records == rows(package, RUNS)
    assert text.count(" a mls:ModelEvaluation ") == done.measurements == rows(package, VALUES)
    assert text.count(" a it6:Hardware ") == rows(package, SYSTEMS)
    broken = text.replace("it6:collectionDate", "it6:collectedOn")
    assert not compiled.validate_text(broken, "turtle").conforms


@pytest.mark.parametrize("address", ["https://example.org/a[1]?x=100%#y#z", "no address at all"])
def test_an_address_of_strange_characters_ends_nothing(
    package: Path, tmp_path: Path, address: str
) -> None:
    done, graph = graph_of(package, tmp_path / "x.ttl", url=address, license=address)
    pages = list(graph.objects(None, DCAT.landingPage))
    is_address = "://" in address
    assert len(pages) == is_address
    assert is_address or any("is no address" in note for note in done.notes)
