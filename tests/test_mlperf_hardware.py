"""What MLPerf's descriptions of systems say: hardware, for which use, and that one machine is one system."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from benchfmt import Record, convert, open_package
from mlperf_trees import SYSTEM, Submission, offline, put

ROW = {
    "Organization": "Acme", "Availability": "available", "Division": "closed", "SystemType": "edge",
    "SystemName": "Acme Box 9", "Platform": "box9", "Model": "resnet50", "MlperfModel": "resnet", "Scenario": "Offline",
    "Result": "1000", "Accuracy": "76.5", "number_of_nodes": "2", "host_processor_model_name": "Acme Core 7",
    "host_processors_per_node": "2", "host_processor_core_count": "16", "accelerator_model_name": "NVIDIA A2",
    "accelerators_per_node": "4", "Location": "closed/Acme/results/box9/resnet50/Offline",
    "framework": "TensorRT 8.6.1, CUDA 12.2", "operating_system": "Ubuntu 22.04", "notes": "", "compliance": "1",
    "errors": "0", "version": "v4.1", "inferred": "0", "has_power": "False", "Units": "Samples/s",
}  # fmt: skip
"""What the checker's summary says of the result of `submission`."""


def published(place: Path, **changes: str) -> Path:
    """Write a published table of one row."""
    row = {**ROW, **changes}
    text = io.StringIO()
    writer = csv.DictWriter(text, list(row))
    writer.writeheader()
    writer.writerow(row)
    return put(place, text.getvalue())


def submission(root: Path, **changes: object) -> Submission:
    """Return a submission with one result."""
    tree = Submission(root, described={**SYSTEM, **changes})
    tree.add("resnet50", "Offline", offline())
    return tree


def one(place: Path) -> Record:
    """Return the only record of a source."""
    (record,) = convert(place)
    return record


# --- for which use ---


@pytest.mark.parametrize(
    ("words", "term"),
    [("edge", "edge"), ("Datacenter", "datacenter"), ("data center", "datacenter"), ("datacenter,edge", None), ("edge, datacenter", None), ("", None)],
)  # fmt: skip
def test_the_use_of_a_system_is_a_field_where_it_is_one(tmp_path: Path, words: str, term: str | None) -> None:
    record = one(submission(tmp_path / "tree", system_type=words).root)
    assert record.benchmark.system_type == term
    kept = ((record.system and record.system.extensions) or {})["mlperf"]
    assert kept.get("system_type") == (None if term else " ".join(words.split()) or None)


@pytest.mark.parametrize(("words", "term"), [("edge", "edge"), ("datacenter", "datacenter"), ("datacenter,edge", None)])
def test_a_published_row_says_its_use(tmp_path: Path, words: str, term: str | None) -> None:
    record = one(published(tmp_path / "summary.csv", SystemType=words))
    assert record.benchmark.system_type == term
    assert record.extensions is not None
    assert record.extensions["mlperf"].get("SystemType") == (None if term else words)


def test_the_use_does_not_divide_what_may_be_compared(tmp_path: Path) -> None:
    for use in ("edge", "datacenter", "datacenter,edge"):
        published(tmp_path / f"{use}.csv", SystemType=use, Location=f"closed/Acme/results/{use}/resnet50/Offline")
    convert(tmp_path).write(tmp_path / "package")
    wide = open_package(tmp_path / "package").wide()
    assert len(set(wide["comparability_group"].to_pylist())) == 1
    assert set(wide["system_type"].to_pylist()) == {"edge", "datacenter", None}
