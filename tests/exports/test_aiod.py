"""Bodies for the AI-on-demand platform: its own published schema takes them, and what it would lose or refuse is never sent.

The judge is the OpenAPI document that the platform's server gives out (an excerpt is among the samples), by jsonschema, with
what the schema does not say and the server does: terms of its taxonomies, times without an offset, no unknown field.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from benchfmt import Record
from benchfmt.exports import Exported, export
from benchfmt.exports.aiod import rules
from benchfmt.finding import BenchfmtError
from benchfmt.package import write_package
from benchfmt.readers.files import file_sha256
from benchfmt.tables import to_batch

MODELS = {
    "datasets": "DatasetCreate",
    "computational_assets": "ComputationalAssetCreate",
    "experiments": "ExperimentCreate",
}
TAXONOMIES = {
    "license": "Licence",
    "research_area": "Research Area",
    "scientific_domain": "Scientific Domain",
    "industrial_sector": "Business Sector",
}
RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "id": "a",
    "benchmark": {"suite": "lpdnn"},
    "task": "image-classification",
    "system": {"id": "rpi4", "kind": "board", "memory_bytes": 4096},
    "measurements": [{"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"}],
    "status": "ok",
    "provenance": {"measured_at": "2026-01-31T23:30:00+02:00"},
}
PROFILE: dict[str, Any] = {
    **RECORD,
    "benchmark": {"suite": "benchfmt-profiler", "name": "net"},
    "model": {"name": "net"},
    "software": {"engine": "onnxruntime", "engine_version": "1.20"},
    "configuration": {"precision": "fp32", "input_shape": [3, 8, 8]},
}


class Judge:
    """The platform's own description of what it takes."""

    def __init__(self, samples: Path) -> None:
        folder = samples / "aiod"
        document = json.loads((folder / "aiod-openapi-v3-excerpt.json").read_text("utf-8"))
        self.components = document["components"]
        taxonomies = json.loads((folder / "taxonomies-default.json").read_text("utf-8"))
        self.terms = {
            item["taxonomy_name"]: {term.lower() for term in _labels(item["elements"])}
            for item in taxonomies["aiod_taxonomies"]
        }

    def faults(self, path: str, body: dict[str, Any]) -> list[str]:
        """Return what the platform would refuse, or lose."""
        model = f"#/components/schemas/{MODELS[path]}"
        validator = Draft202012Validator({"$ref": model, "components": self.components})
        found = [error.message for error in validator.iter_errors(body)]
        found += self._unknown(MODELS[path], body)
        for field, taxonomy in TAXONOMIES.items():
            value = body.get(field, [])
            for word in [value] if isinstance(value, str) else value:
                if word.lower() not in self.terms[taxonomy]:
                    found.append(f"{word!r} is no term of {field}")
        when = body.get("date_published", "2026-01-01T00:00:00")
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", when):
            found.append(f"{when!r} has an offset or is no time")
        return found

    def _unknown(self, model: str, body: dict[str, Any]) -> Iterator[str]:
        known = self.components["schemas"][model]["properties"]
        for field, value in body.items():
            if field not in known:
                yield f"{field} is not known and would be lost"
                continue
            inner = re.search(r"schemas/(\w+)", json.dumps(known[field]))
            for item in value if isinstance(value, list) else [value]:
                if inner and isinstance(item, dict):
                    yield from self._unknown(inner[1], item)


def _labels(elements: list[dict[str, Any]]) -> Iterator[str]:
    for element in elements:
        yield element["label"]["value"]
        yield from _labels(element["elements"])


@pytest.fixture(scope="module")
def judge(samples: Path) -> Judge:
    return Judge(samples)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return written(tmp_path / "package", RECORD, {**PROFILE, "id": "b"}, {**PROFILE, "id": "c"})


def written(path: Path, *records: dict[str, Any], **extra: Any) -> Path:
    write_package(path, [to_batch(map(Record.from_dict, records))], extra=extra)
    return path


def exported(package: Path, target: Path, **options: str) -> tuple[Exported, dict[str, Any]]:
    """Export, and return the account and the bodies by their files."""
    done = export(package, "aiod", target, **options)
    return done, {name: json.loads((target / name).read_text("utf-8")) for name in done.files}


def check(judge: Judge, bodies: dict[str, Any]) -> int:
    """Hold every body to the judge, and return how many there are."""
    requests = bodies["requests.json"]["requests"]
    assert {request["file"] for request in requests} == set(bodies) - {"requests.json"}
    for request in requests:
        assert judge.faults(request["path"], bodies[request["file"]]) == [], request["file"]
    return len(requests)


def test_the_platform_takes_a_package_of_some_families(
    judge: Judge, few_samples_package: Path, tmp_path: Path
) -> None:
    done, bodies = exported(few_samples_package, tmp_path / "out", license="CC-BY-4.0")
    systems = pq.read_table(few_samples_package / "systems.parquet")
    assert check(judge, bodies) == systems.num_rows + 1
    assert done.records == pq.read_table(few_samples_package / "records.parquet").num_rows


@pytest.mark.slow
def test_the_platform_takes_the_package_of_all_families(
    judge: Judge, all_samples_package: Path, tmp_path: Path
) -> None:
    done, bodies = exported(all_samples_package, tmp_path / "out", title="All samples")
    systems = pq.read_table(all_samples_package / "systems.parquet").num_rows
    counted = check(judge, bodies)
    left_out = sum(note.startswith("left out: the system") for note in done.notes)
    experiments = sum(name.startswith("experiments/") for name in bodies)
    assert counted == systems - left_out + experiments + 1
    body = bodies["dataset.json"]
    assert body["size"]["value"] == pq.read_table(all_samples_package / "records.parquet").num_rows
    assert any("takes 100 of a user in an hour" in note for note in done.notes)


def test_a_package_is_one_data_set_with_what_its_files_are(judge: Judge, package: Path) -> None:
    done, bodies = exported(
        package,
        package.parent / "out",
        title="Results of January",
        license="cc-BY-4.0",
        date="2026-02-01",
        files="https://example.org/my data/",
        research_area="machine learning; Computer Vision",
        doi="https://doi.org/10.5281/zenodo.1",
    )
    assert check(judge, bodies) == 4
    body = bodies["dataset.json"]
    assert body["name"] == "Results of January"
    assert body["license"] == "cc-by-4.0"
    assert body["date_published"] == "2026-02-01T00:00:00"
    assert body["research_area"] == ["Machine Learning", "Computer Vision"]
    assert body["same_as"] == "https://doi.org/10.5281/zenodo.1"
    assert body["size"] == {"unit": "records", "value": 3}
    assert body["temporal_coverage"] == "2026-01-31"
    assert body["keyword"] == ["benchmark", "benchfmt-profiler", "lpdnn", "image-classification"]
    assert [file["name"] for file in body["distribution"]] == [
        "datapackage.json",
        "systems.parquet",
        "records.parquet",
        "measurements.parquet",
    ]
    for file in body["distribution"]:
        assert file["checksum"] == file_sha256(package / file["name"])
        size = (package / file["name"]).stat().st_size
        assert file["content_size_kb"] == -(-size // 1024) > 0
        assert file["content_url"] == f"https://example.org/my data/{file['name']}"
    assert "platform" not in body
    assert done.records == 3


def test_a_package_that_is_a_zip_is_one_file_of_the_data_set(
    judge: Judge, package: Path, tmp_path: Path
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "results"), "zip", package))
    _, bodies = exported(archive, tmp_path / "out", files="https://example.org/files")
    assert check(judge, bodies) == 4
    (file,) = bodies["dataset.json"]["distribution"]
    assert (file["name"], file["encoding_format"]) == ("results.zip", "application/zip")
    assert file["checksum"] == file_sha256(archive)
    assert file["content_url"] == "https://example.org/files/results.zip"


def test_systems_are_assets_and_profiles_are_experiments_that_the_data_set_holds(
    package: Path,
) -> None:
    _, bodies = exported(package, package.parent / "out")
    asset, experiment = "computational_assets/rpi4.json", "experiments/b.json"
    assert bodies["requests.json"]["requests"] == [
        {"file": asset, "path": "computational_assets"},
        {"file": experiment, "path": "experiments", "relevant_resource": [asset]},
        {"file": "experiments/c.json", "path": "experiments", "relevant_resource": [asset]},
        {
            "file": "dataset.json",
            "path": "datasets",
            "has_part": [asset, experiment, "experiments/c.json"],
        },
    ]
    assert bodies[asset] == {
        "name": "rpi4",
        "description": {"plain": "kind: board\nmemory_bytes: 4096"},
        "keyword": ["board"],
    }
    assert bodies[experiment]["name"] == "net with onnxruntime 1.20"
    assert "input_shape: 3, 8, 8" in bodies[experiment]["execution_settings"]


def test_records_of_one_profile_are_one_experiment_with_what_they_share(tmp_path: Path) -> None:
    runs = []
    for number, precision in enumerate(["fp32", "fp32", "int8"]):
        run = copy.deepcopy(PROFILE)
        run["id"] = f"r{number}"
        run["provenance"]["execution"] = "profile-1"
        run["configuration"]["precision"] = precision
        runs.append(run)
    _, bodies = exported(written(tmp_path / "package", *runs), tmp_path / "out")
    body = bodies["experiments/profile-1.json"]
    assert "Records: 3." in body["description"]["plain"]
    assert "model: net" in body["execution_settings"]
    assert "precision" not in body["execution_settings"]


def test_nothing_is_cut_off_and_nothing_is_made_up(tmp_path: Path) -> None:
    package = written(tmp_path / "package", RECORD)
    with pytest.raises(BenchfmtError, match="name has 257 characters, and the platform takes 256"):
        export(package, "aiod", tmp_path / "a", title="x" * 257)
    assert not (tmp_path / "a").exists()
    _, bodies = exported(package, tmp_path / "b", title="x" * 256)
    assert set(bodies["dataset.json"]) == {
        "name",
        "description",
        "size",
        "keyword",
        "distribution",
        "temporal_coverage",
    }


def test_a_system_with_too_long_a_name_is_left_out_and_told(tmp_path: Path) -> None:
    record = copy.deepcopy(RECORD)
    record["system"]["name"] = "y" * 257
    done, bodies = exported(written(tmp_path / "package", record), tmp_path / "out")
    assert list(bodies) == ["dataset.json", "requests.json"]
    assert "left out: the system 'rpi4': name has 257 characters" in "\n".join(done.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"license": "Apache-2"}, "there is no licence of the platform 'Apache-2'; did you mean"),
        ({"research_area": "Green AI"}, "research_area: there is no term 'Green AI'"),
        ({"platform": "zenodo"}, "are given together or not at all"),
        ({"parts": "some"}, "parts: 'some' is neither `all` nor `none`"),
        ({"date": "yesterday"}, "date: 'yesterday' is not a day"),
        ({"doi": "1234"}, "doi: '1234' is not a DOI"),
        ({"authors": "Doe, Jane <0000-0002-1825-0098>"}, "is not an ORCID"),
    ],
)
def test_an_option_that_the_platform_would_refuse_is_refused(
    package: Path, options: dict[str, str], words: str
) -> None:
    with pytest.raises(BenchfmtError, match=re.escape(words)):
        export(package, "aiod", package.parent / "out", **options)


def test_a_licence_of_the_package_that_is_no_term_is_left_out_and_told(tmp_path: Path) -> None:
    package = written(tmp_path / "package", RECORD, licenses=[{"name": "ODC-PDDL-1.0"}])
    done, bodies = exported(package, tmp_path / "out")
    assert "license" not in bodies["dataset.json"]
    assert any("'ODC-PDDL-1.0' is no term of the platform" in note for note in done.notes)


def test_terms_are_those_of_the_platform(judge: Judge) -> None:
    for field, taxonomy in TAXONOMIES.items():
        ours = {term.lower() for term in rules.terms(field)}
        assert ours == judge.terms[taxonomy] - {"unknown"}


def test_lengths_are_those_of_the_platform(judge: Judge) -> None:
    schemas = judge.components["schemas"]
    models = {"": schemas["DatasetCreate"], "distribution": schemas["Distribution"]}
    models |= {"description": schemas["Text"], "size": schemas["DatasetSize"]}
    models |= {"note": schemas["Note"]}
    for path, most in rules.LENGTHS.items():
        model, _, field = path.rpartition(".")
        properties = models[model]["properties"]
        if field not in properties:
            properties = schemas["ExperimentCreate"]["properties"]
        assert properties[field]["maxLength"] == most, path


def test_times_lose_their_offset_and_keep_their_moment() -> None:
    assert rules.naive("2024-01-02T03:04:05+02:00") == "2024-01-02T01:04:05"
    assert rules.naive("2024-01-02T03:04:05Z") == "2024-01-02T03:04:05"
    assert [rules.kilobytes(size) for size in (0, 1, 1024, 1025)] == [0, 1, 1, 2]


BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "a long name": lambda body: body.update(name="x" * 257),
    "a description that is a text": lambda body: body.update(description="text"),
    "a fraction of a kilobyte": lambda body: body["distribution"][0].update(content_size_kb=1.7),
    "a licence that is an address": lambda body: body.update(license="https://example.org/by"),
    "a time with an offset": lambda body: body.update(date_published="2026-01-01T00:00:00+02:00"),
    "an unknown field": lambda body: body.update(benchmark="mlperf"),
    "an unknown field of a file": lambda body: body["distribution"][0].update(sha256="ab"),
    "no name": lambda body: body.pop("name"),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_the_judge_refuses_a_broken_body(judge: Judge, package: Path, fault: str) -> None:
    _, bodies = exported(package, package.parent / "out")
    body = bodies["dataset.json"]
    BREAKS[fault](body)
    assert judge.faults("datasets", body)
