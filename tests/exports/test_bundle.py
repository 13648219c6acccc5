"""Bundles: each consumer's own tool takes its part, the bytes follow from the data, and what nobody says is told."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow.parquet as pq
import pytest
import rdflib
import yaml

from benchfmt import Record, bundling, open_package, validate
from benchfmt.bundling import SUMS, bundle
from benchfmt.exports import FORMATS
from benchfmt.finding import BenchfmtError
from benchfmt.package import write_package
from benchfmt.tables import to_batch

OPTIONS = {
    "title": "Results | of *January*",
    "date": "2026-01-31",
    "license": "CC-BY-4.0",
    "authors": "Doe, Jane <0000-0002-1825-0097>; Acme Lab",
    "version": "1.0",
}
RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "id": "a",
    "benchmark": {"suite": "lpdnn"},
    "task": "image-classification",
    "system": {"id": "rpi4"},
    "measurements": [{"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"}],
    "status": "ok",
    "provenance": {"converter": "lpdnn", "converter_version": "1.0", "submitter": "<b>me</b>"},
}
ROOT = Path(__file__).parents[2]
JUDGE = Path(__file__).with_name("judge_ro_crate.py")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    records = [RECORD, {**RECORD, "id": "b", "task": "object-detection"}, {**RECORD, "id": "c"}]
    write_package(tmp_path / "package", [to_batch(map(Record.from_dict, records))])
    return tmp_path / "package"


@pytest.fixture(scope="module")
def judges() -> Path:
    """The programs of the environment of the judges; skips where there is none."""
    python = os.environ.get("BENCHFMT_JUDGES", ROOT / ".judges" / "bin" / "python")
    if not Path(python).exists():
        pytest.skip("there are no judges; `make judges` installs them")
    return Path(python).parent


def unpacked(archive: Path, target: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(target)
    return target


def bundled(package: Path, name: str = "bundle.zip", **options: str) -> Path:
    target = package.parent / name
    bundle(package, target, remote=False, **options)
    return target


def test_a_bundle_is_a_package_with_what_describes_it(package: Path) -> None:
    done = bundle(package, package.parent / "b.zip", remote=False, **OPTIONS)
    assert (done.records, done.measurements, done.lacking) == (3, 3, ())
    with zipfile.ZipFile(package.parent / "b.zip") as archive:
        names = archive.namelist()
    assert sorted(names) == sorted(done.files)
    assert {"README.md", "CITATION.cff", "coverage.svg", "ro-crate-metadata.json", SUMS} < set(
        names
    )
    if "croissant" in FORMATS.names():
        assert "croissant.json" in names
    report = validate(package.parent / "b.zip")
    assert report.ok
    with open_package(package.parent / "b.zip") as opened, open_package(package) as original:
        assert list(opened.records()) == list(original.records())
        assert opened.descriptor.title == OPTIONS["title"]


def test_the_hashes_are_those_that_sha256sum_counts(package: Path) -> None:
    folder = unpacked(bundled(package, **OPTIONS), package.parent / "out")
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("there is no sha256sum")
    call = [program, "--check", "--strict", SUMS]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": OK") == sum(path.is_file() for path in folder.rglob("*")) - 1
    (folder / "README.md").write_text("changed")
    assert subprocess.run(call, cwd=folder, capture_output=True).returncode == 1


def test_equal_packages_are_equal_bundles(package: Path, tmp_path: Path) -> None:
    first = bundled(package, **OPTIONS)
    other = tmp_path / "elsewhere" / "package"
    shutil.copytree(package, other)
    second = bundled(other, "other.zip", **OPTIONS)
    assert first.read_bytes() == second.read_bytes()
    again = bundled(first, "again.zip", **OPTIONS)
    assert again.read_bytes() == first.read_bytes()
    different = bundled(package, "different.zip", **{**OPTIONS, "version": "1.1"})
    assert different.read_bytes() != first.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_package_stays_as_it_is(package: Path) -> None:
    before = {path.name: path.read_bytes() for path in package.iterdir()}
    bundled(package, **OPTIONS)
    assert {path.name: path.read_bytes() for path in package.iterdir()} == before


def test_the_readme_counts_the_data_and_is_no_markup_of_strangers(package: Path) -> None:
    folder = unpacked(bundled(package, **OPTIONS), package.parent / "out")
    text = (folder / "README.md").read_text("utf-8")
    assert text.startswith("# Results \\| of \\*January\\*\n")
    assert "| image-classification | 2 |\n| object-detection | 1 |" in text
    assert "| \\<b\\>me\\</b\\> | 3 |" in text
    assert "conforms to the standard: 0 errors" in text
    for path in folder.iterdir():
        if path.name != "README.md":
            assert f"`{path.name}`" in text
    assert "Doe, Jane; Acme Lab (2026): Results" in text


def test_what_nobody_says_is_told_and_not_made_up(package: Path) -> None:
    done = bundle(package, package.parent / "b.zip")
    assert done.lacking == ("title", "authors", "version", "license", "date")
    assert "CITATION.cff" not in done.files
    assert "ro-crate-metadata.json" not in done.files
    told = "\n".join(done.notes)
    assert "CITATION.cff is left out" in told
    assert "ro-crate-metadata.json is left out" in told
    folder = unpacked(package.parent / "b.zip", package.parent / "out")
    assert "Nobody says: title, authors, version" in (folder / "README.md").read_text("utf-8")
    data = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert not {"title", "version", "licenses", "contributors", "homepage"} & set(data)


def test_the_exports_in_a_bundle_take_their_own_options(package: Path) -> None:
    if "croissant" not in FORMATS.names():
        pytest.skip("there is no export to Croissant")
    folder = unpacked(bundled(package, cite_as="Doe 2026", **OPTIONS), package.parent / "out")
    assert json.loads((folder / "croissant.json").read_text("utf-8"))["citeAs"] == "Doe 2026"
    with pytest.raises(BenchfmtError, match="there is no option of bundles 'folder'"):
        bundled(package, "other.zip", folder="elsewhere")


def test_mldcat_ap_in_a_bundle_is_a_graph_with_its_data_set(package: Path) -> None:
    if "mldcat-ap" not in FORMATS.names():
        pytest.skip("there is no export to MLDCAT-AP")
    options = {**OPTIONS, "files": "https://example.org/results/"}
    folder = unpacked(bundled(package, **options), package.parent / "out")
    graph = rdflib.Graph().parse(folder / "mldcat-ap.ttl")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    assert len(set(graph.subjects(rdflib.RDF.type, dcat.Dataset))) >= 1
    told = json.loads((folder / "croissant.json").read_text("utf-8"))
    assert "https://example.org/results/" not in json.dumps(told["distribution"])


def test_an_export_that_would_be_too_large_is_left_out_and_told(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "mldcat-ap" not in FORMATS.names():
        pytest.skip("there is no export to MLDCAT-AP")
    small = [replace(item, most=item.most and 2) for item in bundling.COMPANIONS]
    monkeypatch.setattr(bundling, "COMPANIONS", small)
    done = bundle(package, package.parent / "b.zip", remote=False, **OPTIONS)
    assert "mldcat-ap.ttl" not in done.files
    assert "croissant.json" in done.files
    assert any("above 2 measurements it is too large for a bundle" in note for note in done.notes)


def test_a_package_that_does_not_conform_is_told(tmp_path: Path) -> None:
    wrong = {**RECORD, "measurements": [{**RECORD["measurements"][0], "value": 76.0}]}
    write_package(tmp_path / "package", [to_batch([Record.from_dict(wrong)])])
    done = bundle(tmp_path / "package", tmp_path / "b.zip", remote=False, **OPTIONS)
    assert "the package does not conform to the standard: 1 error (benchfmt validate)" in done.notes
    assert [finding.code for finding in done.report.findings] == ["BF301"]
    folder = unpacked(tmp_path / "b.zip", tmp_path / "out")
    assert "does not conform to the standard: 1 error," in (folder / "README.md").read_text("utf-8")


def test_who_can_be_asked_stays_in_the_descriptor(package: Path) -> None:
    said = {
        "contributors": [
            {"title": "Jane Doe", "email": "jane@partner.example", "roles": ["creator"]},
            {"title": "Acme Lab", "path": "https://acme.example"},
        ],
        "licenses": [{"name": "CC-BY-4.0", "title": "Attribution"}],
    }
    descriptor = package / "datapackage.json"
    data = {**json.loads(descriptor.read_text("utf-8")), **said, "title": "Boards"}
    descriptor.write_text(json.dumps(data), "utf-8")
    kept = unpacked(bundled(package), package.parent / "kept")
    written = json.loads((kept / "datapackage.json").read_text("utf-8"))
    assert {name: written[name] for name in said} == said
    before = validate(package, rules="ingestion")
    after = validate(package.parent / "bundle.zip", rules="ingestion")
    assert [finding.code for finding in after.findings] == [
        finding.code for finding in before.findings
    ]
    assert "BF521" not in {finding.code for finding in after.findings}
    other = unpacked(bundled(package, "other.zip", **OPTIONS), package.parent / "other")
    written = json.loads((other / "datapackage.json").read_text("utf-8"))
    assert [item["title"] for item in written["contributors"]] == ["Jane Doe", "Acme Lab"]
    assert written["licenses"] == [{"name": "CC-BY-4.0"}]


def test_the_scripts_of_a_bundle_load_its_tables(package: Path) -> None:
    if "loaders" not in FORMATS.names():
        pytest.skip("there is no export of scripts")
    folder = unpacked(bundled(package, **OPTIONS), package.parent / "out")
    code = "import load_polars as t; print(t.measurements.height, t.records['id'].to_list())"
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "3 ['a', 'b', 'c']\n"), done.stderr


def test_the_descriptor_and_the_citation_say_who_made_it(package: Path) -> None:
    options = {**OPTIONS, "url": "https://example.org/x", "doi": "10.5281/zenodo.1"}
    folder = unpacked(bundled(package, **options), package.parent / "out")
    data = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert data["contributors"] == [
        {
            "title": "Jane Doe",
            "givenName": "Jane",
            "familyName": "Doe",
            "path": "https://orcid.org/0000-0002-1825-0097",
        },
        {"title": "Acme Lab"},
    ]
    assert data["licenses"] == [{"name": "CC-BY-4.0"}]
    assert data["id"] == "https://doi.org/10.5281/zenodo.1"
    cited = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    assert cited["authors"][1] == {"name": "Acme Lab"}
    assert (cited["doi"], cited["date-released"]) == ("10.5281/zenodo.1", "2026-01-31")
    again = unpacked(bundled(folder, "again.zip", date="2026-01-31"), package.parent / "again")
    said = yaml.safe_load((again / "CITATION.cff").read_text("utf-8"))
    assert said == cited


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("b.tar", {}, "a bundle is a zip"),
        ("b.zip", {"titel": "x"}, "there is no option of bundles 'titel'; did you mean 'title'?"),
        ("b.zip", {"date": "2026"}, "is not a day"),
        ("package.zip", {}, "already exists; name a new file"),
    ],
)
def test_a_wrong_call_is_told_and_leaves_nothing(
    package: Path, name: str, options: dict[str, str], words: str
) -> None:
    (package.parent / "package.zip").write_text("mine")
    with pytest.raises(BenchfmtError, match=words):
        bundle(package, package.parent / name, remote=False, **options)
    assert (package.parent / "package.zip").read_text() == "mine"
    assert {path.name for path in package.parent.iterdir()} == {"package", "package.zip"}


@pytest.mark.filterwarnings("ignore")  # the judge and its libraries have some
def test_croissant_in_a_bundle_is_taken_by_its_own_tool(package: Path) -> None:
    if "croissant" not in FORMATS.names():
        pytest.skip("there is no export to Croissant")
    folder = unpacked(bundled(package, **OPTIONS), package.parent / "out")
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    rows = list(dataset.records("records"))
    assert len(rows) == 3


def test_the_command_says_what_is_lacking(package: Path) -> None:
    call = [sys.executable, "-m", "benchfmt", "bundle", str(package), "-o", "out.zip"]
    call += ["--option", "title=T"]
    done = subprocess.run(call, cwd=package.parent, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "out.zip\n")
    assert "nobody says: authors (--option authors=...)" in done.stderr
    assert "nobody says: title" not in done.stderr


@pytest.mark.slow
def test_the_judges_take_the_bundle_of_all_families(
    judges: Path, all_samples_package: Path, tmp_path: Path
) -> None:
    done = bundle(all_samples_package, tmp_path / "all.zip", remote=False, **OPTIONS)
    rows = pq.read_table(all_samples_package / "measurements.parquet", columns=["record_id"])
    assert done.measurements == rows.num_rows
    folder = unpacked(tmp_path / "all.zip", tmp_path / "all")
    cff = subprocess.run(
        [judges / "cffconvert", "--validate"], cwd=folder, capture_output=True, text=True
    )
    assert cff.returncode == 0, cff.stdout
    (folder / "CITATION.cff").write_text("cff-version: 1.2.0\ntitle: T\n")
    broken = subprocess.run([judges / "cffconvert", "--validate"], cwd=folder, capture_output=True)
    assert broken.returncode == 1
    call = [judges / "python", str(JUDGE), "process-run-crate", str(folder)]
    crate = subprocess.run(call, capture_output=True, text=True)
    assert json.loads(crate.stdout) == {"passed": True, "messages": []}


def test_a_bundle_says_whose_results_it_holds(tmp_path: Path) -> None:
    said = {"submitter": "A | lab", "url": "https://example.org/r", "license": "MIT"}
    theirs = {**RECORD, "provenance": {**RECORD["provenance"], **said}}
    records = [{**theirs, "id": "a"}, {**theirs, "id": "b"}, {**RECORD, "id": "c"}]
    write_package(tmp_path / "package", [to_batch(map(Record.from_dict, records))])
    origin = "Results of others <https://example.org/all>; A paper"
    target = tmp_path / "b.zip"
    done = bundle(tmp_path / "package", target, **OPTIONS, origin=origin)
    told = "\n".join(done.notes)
    assert "do not say who measured them" not in told
    assert "1 of 3 results name no licence of their source" in told
    folder = unpacked(target, tmp_path / "out")
    cited = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    assert cited["authors"][0]["family-names"] == "Doe"
    unknown = [{"name": "not stated"}]
    assert cited["references"] == [
        {"type": "generic", "title": "Results of others", "authors": unknown, "url": "https://example.org/all"},
        {"type": "generic", "title": "A paper", "authors": unknown},
        {
            "type": "dataset",
            "title": "Results of A | lab",
            "authors": [{"name": "A | lab"}],
            "license": "MIT",
            "url": "https://example.org/r",
        },
        {"type": "dataset", "title": "Results of <b>me</b>", "authors": [{"name": "<b>me</b>"}]},
    ]  # fmt: skip
    text = (folder / "README.md").read_text("utf-8")
    assert "| A \\| lab | https://example.org/r | MIT | 2 |" in text
    assert "| \\<b\\>me\\</b\\> | not said | not said | 1 |" in text
    assert "Results of others <https://example.org/all>" in text
    # The zip is a package that says it too, and bundled anew it says the same.
    bundle(target, tmp_path / "again.zip")
    again = unpacked(tmp_path / "again.zip", tmp_path / "out-again")
    same = yaml.safe_load((again / "CITATION.cff").read_text("utf-8"))
    assert same["references"] == cited["references"]


def test_results_of_nobody_are_noted(tmp_path: Path) -> None:
    nobody = {**RECORD, "provenance": {"converter": "lpdnn", "converter_version": "1.0"}}
    write_package(tmp_path / "package", [to_batch([Record.from_dict(nobody)])])
    done = bundle(tmp_path / "package", tmp_path / "b.zip", **OPTIONS)
    told = "\n".join(done.notes)
    assert "1 of 1 results do not say who measured them (submitter, url)" in told
    assert "1 of 1 results name no licence of their source" in told
    folder = unpacked(tmp_path / "b.zip", tmp_path / "out")
    assert "references" not in yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    assert "| not said | not said | not said | 1 |" in (folder / "README.md").read_text("utf-8")
    with pytest.raises(BenchfmtError, match="origin: '<x>' is not `Title"):
        bundle(tmp_path / "package", tmp_path / "c.zip", origin="<x>")


_ENTRY = re.compile(r"@(\w+)\{([^,\s{}]+),\n(.*?)\n\}\n", re.DOTALL)
_FIELD = re.compile(r"  (\w+) = (.+),")


def entries_of(text: str) -> dict[str, dict[str, str]]:
    """Return the entries of a file of BibTeX by their keys; it must hold nothing else, and its braces be even."""
    assert _ENTRY.sub("", text).strip() == ""
    entries: dict[str, dict[str, str]] = {}
    for kind, key, body in _ENTRY.findall(text):
        assert kind == "misc"
        assert key not in entries
        fields = [_FIELD.fullmatch(line) for line in body.split("\n")]
        entries[key] = {field[1]: field[2] for field in fields if field is not None}
        assert len(entries[key]) == len(fields)
        # BibTeX counts a brace with a backslash before it too.
        assert body.count("{") == body.count("}")
    return entries


def test_a_bundle_is_cited_by_bibtex_with_its_sources(tmp_path: Path) -> None:
    said = {
        "submitter": "R&D {lab} and sons",
        "url": "https://example.org/a_b?c=50%25{",
        "license": "MIT",
    }
    theirs = {**RECORD, "provenance": {**RECORD["provenance"], **said}}
    records = [{**theirs, "id": "a"}, {**RECORD, "id": "c"}]
    write_package(tmp_path / "package", [to_batch(map(Record.from_dict, records))])
    asked = {
        **OPTIONS,
        "title": "50 % of $x_1$ in C:\\ {a}",
        "authors": "Doe and Roe, Jane; Müller, Jörg; Smith and Sons",
        "doi": "10.5281/zenodo.1",
        "origin": "A paper <https://example.org/p>",
    }
    bundle(tmp_path / "package", tmp_path / "b.zip", **asked)
    folder = unpacked(tmp_path / "b.zip", tmp_path / "out")
    package, paper, me, lab = entries_of((folder / "CITATION.bib").read_text("utf-8")).values()
    assert package == {
        "author": "{{Doe and Roe}, Jane and Müller, Jörg and {Smith and Sons}}",
        "title": r"{{50 \% of \$x\_1\$ in C:\textbackslash{} \textbraceleft{}a\textbraceright{}}}",
        "version": "{1.0}",
        "doi": "{10.5281/zenodo.1}",
        "note": "{Data set, licence CC-BY-4.0}",
        "year": "{2026}",
        "month": "jan",
    }
    assert (paper["title"], paper["url"]) == ("{{A paper}}", "{https://example.org/p}")
    assert "author" not in paper
    assert lab["author"] == r"{{R\&D \textbraceleft{}lab\textbraceright{} and sons}}"
    assert lab["url"] == "{https://example.org/a_b?c=50%25%7B}"
    assert me["author"] == "{{<b>me</b>}}"
