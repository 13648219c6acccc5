"""What MLPerf's descriptions of systems say: hardware, for which use, and that one machine is one system."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from tests.mlperf_trees import SYSTEM, Submission, offline, put

from benchfmt import Record, convert, open_package, validate
from benchfmt.comparing.groups import groups
from benchfmt.comparison import question
from benchfmt.converters.mlperf.published.rounds import round_of
from benchfmt.record import Accelerator

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
def test_the_use_of_a_system_is_a_field_where_it_is_one(
    tmp_path: Path, words: str, term: str | None
) -> None:
    record = one(submission(tmp_path / "tree", system_type=words).root)
    assert record.benchmark.system_type == term
    kept = ((record.system and record.system.extensions) or {})["mlperf"]
    assert kept.get("system_type") == (None if term else " ".join(words.split()) or None)


@pytest.mark.parametrize(
    ("words", "term"), [("edge", "edge"), ("datacenter", "datacenter"), ("datacenter,edge", None)]
)
def test_a_published_row_says_its_use(tmp_path: Path, words: str, term: str | None) -> None:
    record = one(published(tmp_path / "summary.csv", SystemType=words))
    assert record.benchmark.system_type == term
    assert record.extensions is not None
    assert record.extensions["mlperf"].get("SystemType") == (None if term else words)


def test_the_use_does_not_divide_what_may_be_compared(tmp_path: Path) -> None:
    for use in ("edge", "datacenter", "datacenter,edge"):
        published(
            tmp_path / f"{use}.csv",
            SystemType=use,
            Location=f"closed/Acme/results/{use}/resnet50/Offline",
        )
    convert(tmp_path).write(tmp_path / "package")
    wide = open_package(tmp_path / "package").wide()
    assert len(set(wide["comparability_group"].to_pylist())) == 1
    assert set(wide["system_type"].to_pylist()) == {"edge", "datacenter", None}


# --- Storage: which file describes the system ---

REPORT = {
    "overall": {
        "model": "unet3d", "accelerator": "h100", "num_benchmark_runs": 1, "train_num_accelerators": "4",
        "num_files_train": 1000, "num_samples_per_file": 1, "train_throughput_mean_samples_per_second": 100.5,
        "train_throughput_stdev_samples_per_second": 0.0,
    },
    "runs": {"run1": {"train_throughput_samples_per_second": 100.5}},
}  # fmt: skip


def array(name: str, memory: int = 65536) -> str:
    """Return the description of a storage system whose client has some memory."""
    client = {
        "node_type_name": "client",
        "DRAM": {"capacity_MiB": memory},
        "CPU": {"vendor_and_model_name": "Acme Core 7"},
    }
    return json.dumps({"storage_system": {"vendor_name": "Acme", "model_name": name}, "nodes": [client]})  # fmt: skip


def stored(root: Path, folder: str, *files: str) -> Path:
    """Write a result of Storage and descriptions, each of a system that has the name of its file."""
    top = root / "storage_results_v1.0" / "Closed" / "Acme"
    put(top / "results" / folder / "mlperf_storage_report.json", json.dumps(REPORT))
    for file in files:
        put(top / file, array(file))
    return root


@pytest.mark.parametrize(
    ("folder", "files", "found"),
    [
        # no folder of a workload
        ("Rig_9_unet3d_h100", ["systems/Rig_9_unet3d_h100.json", "systems/Rig_9_resnet50_h100.json"], 0),
        ("Rig-9", ["systems/Rig-9.json"], 0),
        ("Rig_9/runs", ["systems/Rig_9.json"], 0),
        # the suffix, capitals and separators
        ("Rig_9/unet3d_h100", ["systems/Rig_9.JSON", "systems/Rig_8.JSON"], 0),
        ("Rig_9/unet3d", ["systems/rig-9.Json"], 0),
        ("Rig 9 Large/unet3d", ["systems/rig9-large.json", "systems/rig9-small.json"], 0),
        ("rig_9/unet3d", ["Systems/RIG_9.json"], 0),
        # named with the workload
        ("Rig_9/unet3d/h100", ["systems/Rig_9.json", "systems/Rig_9_Unet3D_H100.json"], 1),
        ("Rig_9/unet3d/h100", ["systems/Rig_9.json", "systems/Rig_9_resnet50_a100.json"], 0),
        ("Rig_9/unet3d-h100", ["systems/unet3d_Rig_9.json", "systems/cosmoflow_Rig_9.json"], 0),
        ("Rig_9_unet3d/h100", ["systems/Rig_9.json", "systems/Rig.json"], 0),
        # nested otherwise
        ("Rig_9/unet3d", ["systems/Rig_9/description.json", "systems/Rig_8/description.json"], 0),
        ("lab/Rig_9/unet3d", ["systems/Rig_9.json"], 0),
        ("Rig_9/2hosts/unet3d", ["systems/Rig_9.json", "systems/Rig_9_2hosts.json", "systems/Rig_9_4hosts.json"], 1),
    ],
)  # fmt: skip
def test_the_description_of_a_storage_system_is_found(
    tmp_path: Path, folder: str, files: list[str], found: int
) -> None:
    conversion = convert(stored(tmp_path, folder, *files))
    (record,) = conversion
    assert record.system
    assert record.system.processor
    assert (record.system.name, record.system.memory_bytes) == (files[found], 65536 * 2**20)
    assert record.provenance
    assert [source.path.partition("Acme/")[2] for source in record.provenance.sources or ()][
        -1
    ] == files[found]
    assert not [finding for finding in conversion.account.findings if finding.code == "BF706"]


@pytest.mark.parametrize(
    ("folder", "files"),
    [
        ("Rig_9/unet3d", ["systems/rig-9.json", "systems/RIG9.json"]),
        ("Rig_9/unet3d/h100", ["systems/Rig_9_unet3d.json", "systems/Rig_9_h100.json"]),
        ("Rig_9", ["systems/a/Rig_9.json", "systems/b/Rig_9.json"]),
    ],
)
def test_of_several_descriptions_none_is_taken(
    tmp_path: Path, folder: str, files: list[str]
) -> None:
    conversion = convert(stored(tmp_path, folder, *files))
    (record,) = conversion
    assert record.system is not None
    assert (record.system.name, record.system.processor) == ("Rig_9", None)
    (finding,) = [finding for finding in conversion.account.findings if finding.code == "BF706"]
    assert all(file.rpartition("/")[2] in finding.message for file in files)


@pytest.mark.parametrize(
    "files", [[], ["systems/Schema.json"], ["systems/Rig_99.json", "systems/Rig_9_cosmoflow.json"]]
)
def test_a_description_that_is_not_there_is_told(tmp_path: Path, files: list[str]) -> None:
    conversion = convert(stored(tmp_path, "Rig_9/unet3d", *files))
    (record,) = conversion
    assert record.system is not None
    assert record.system.processor is None
    (finding,) = [finding for finding in conversion.account.findings if finding.code == "BF706"]
    assert (
        finding.message
        == "no file of those given describes the system Rig_9: the hardware is not known"
    )


@pytest.mark.parametrize(
    ("place", "records"), [("storage_system_not_found", 8), ("storage_json_suffix", 1)]
)
def test_the_hardware_of_storage_that_was_lost_is_found(
    faults: Path, place: str, records: int
) -> None:
    conversion = convert(faults / "mlperf" / place)
    found = list(conversion)
    assert len(found) == records
    assert all(record.system and record.system.kind == "appliance" for record in found)
    assert not [finding for finding in conversion.account.findings if finding.code == "BF706"]


# --- one result twice: one system ---

RESULTS_ROW = {
    "ID": "4.1-0001", "Submitter": "Acme", "Availability": "available", "Category": "closed", "Suite": "edge",
    "System": "Acme Box 9", "Platform": "box9", "UsedModel": "resnet50", "Model": "resnet", "Scenario": "Offline",
    "Accuracy": "acc: 76.5", "Nodes": 2, "Processor": "Acme Core 7", "host_processors_per_node": 2,
    "host_processor_core_count": "16", "Accelerator": "NVIDIA A2", "a#": 4,
    "Location": "closed/Acme/results/box9/resnet50/Offline", "Software": "TensorRT 8.6.1", "version": "v4.1",
    "Performance_Result": 1000, "Performance_Units": "Samples/s",
}  # fmt: skip
EXPERIMENT = "mlperf-inference--v4.1--edge--closed--image-classification--offline/2024-09-01"


def table(root: Path, kind: str) -> Path:
    """Write the published row of the submission's result in one of the forms of tables."""
    if kind == "csv":
        return published(root / "summary.csv")
    if kind == "results":
        return put(root / "summary_results.json", json.dumps([RESULTS_ROW]))
    row = {("Result_Units" if name == "Units" else name): cell for name, cell in ROW.items()}
    return put(root / EXPERIMENT / "cm-result.json", json.dumps([row]))


@pytest.mark.parametrize("kind", ["csv", "results", "cm"])
@pytest.mark.parametrize("first", ["a", "z"])
def test_a_published_row_and_its_log_are_two_records_of_one_system(
    tmp_path: Path, kind: str, first: str
) -> None:
    submission(tmp_path / "sources" / "m")
    table(tmp_path / "sources" / first, kind)
    account = convert(tmp_path / "sources").write(tmp_path / "package")
    assert account.count("failed") == 0
    assert not [finding for finding in account.findings if "described otherwise" in finding.message]
    package = open_package(tmp_path / "package")
    records = list(package.records())
    assert len(records) == 2
    assert len({record.provenance and record.provenance.execution for record in records}) == 1
    assert (
        len({record.system and record.system.id for record in records}) == len(package.systems) == 1
    )
    # The file says more than the row does.
    assert all(record.system and record.system.memory_bytes == 64 * 2**30 for record in records)
    assert validate(tmp_path / "package").ok


@pytest.mark.parametrize("kind", ["csv", "results", "cm"])
def test_the_system_is_one_where_row_and_log_are_converted_apart(tmp_path: Path, kind: str) -> None:
    log = one(submission(tmp_path / "tree").root)
    row = one(table(tmp_path, kind))
    assert log.system
    assert row.system
    assert log.system.id == row.system.id
    assert str(log.system.id).startswith("sys1-place-")
    lines = put(
        tmp_path / "both.jsonl",
        "\n".join(json.dumps(record.to_dict()) for record in (row, log)) + "\n",
    )
    assert not [finding for finding in validate(lines).findings if finding.code == "BF508"]
    account = convert(lines).write(tmp_path / "package")
    assert account.count("failed") == 0
    assert len(list(open_package(tmp_path / "package").records())) == 2
    assert [
        system["memory_bytes"] for system in open_package(tmp_path / "package").systems.values()
    ] == [64 * 2**30]


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"accelerators_per_node": "8"}, "system.accelerator.count"),
        ({"host_processor_model_name": "Acme Core 8"}, "system.processor.name"),
        ({"number_of_nodes": "3"}, "system.nodes"),
    ],
)
def test_a_row_that_contradicts_the_file_is_told_and_stays(
    tmp_path: Path, changes: dict[str, str], member: str
) -> None:
    submission(tmp_path / "sources")
    published(tmp_path / "sources" / "summary.csv", **changes)
    account = convert(tmp_path / "sources").write(tmp_path / "package")
    assert account.count("failed") == 0
    assert len(list(open_package(tmp_path / "package").records())) == 2
    (finding,) = [
        finding for finding in account.findings if "described otherwise" in finding.message
    ]
    assert (finding.code, finding.field) == ("BF705", member)
    (system,) = open_package(tmp_path / "package").systems.values()
    assert system["accelerator"]["count"] == 4


def test_other_rounds_divisions_and_submitters_are_other_systems(tmp_path: Path) -> None:
    where = [
        "closed/Acme/results/box9",
        "open/Acme/results/box9",
        "closed/Bolt/results/box9",
        "closed/Acme/results/box8",
    ]
    for number, folder in enumerate(where):
        published(tmp_path / f"{number}.csv", Location=f"{folder}/resnet50/Offline")
    published(tmp_path / "old.csv", version="v4.0")
    assert len({record.system and record.system.id for record in convert(tmp_path)}) == 5


def test_an_author_s_id_of_two_machines_is_refused_as_before(tmp_path: Path) -> None:
    record = one(submission(tmp_path / "tree").root).to_dict()
    other = {
        **record,
        "id": "second",
        "system": {"id": "pc", "name": "another", "processor": {"cores": 4}},
    }
    first = {**record, "id": "first", "system": {**record["system"], "id": "pc"}}
    lines = put(tmp_path / "both.jsonl", "\n".join(map(json.dumps, (first, other))) + "\n")
    assert [finding.code for finding in validate(lines).findings if finding.code == "BF508"] == [
        "BF508"
    ]
    account = convert(lines).write(tmp_path / "package")
    assert sum(entry.failed or 0 for entry in account.files) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suites", "pairs"),
    [
        (["mlperf_inference"], 37),
        (["mlperf_training", "mlperf_hpc", "mlperf_tiny"], 7),
    ],
)
def test_published_rows_and_logs_of_the_samples_share_their_systems(
    samples: Path, suites: list[str], pairs: int
) -> None:
    conversion = convert([samples / suite for suite in suites])
    made: dict[str, set[bool]] = defaultdict(set)
    systems: dict[str, set[str]] = defaultdict(set)
    for record in conversion:
        if record.provenance and record.provenance.execution and record.system:
            made[record.provenance.execution].add("published" in str(record.provenance.converter))
            systems[record.provenance.execution].add(str(record.system.id))
    both = [execution for execution, kinds in made.items() if len(kinds) == 2]
    assert len(both) == pairs
    assert all(len(systems[execution]) == 1 for execution in both)
    assert not [
        finding
        for finding in conversion.account.findings
        if "described otherwise" in finding.message
    ]


# --- numbers of hardware ---


@pytest.mark.parametrize(
    ("words", "clock"),
    [
        ("2.8GHz", 2.8e9), ("2.80 GHz", 2.8e9), ("3700 MHz", 3.7e9), ("2.9Ghz", 2.9e9), ("2265.5 MHz", 2265.5e6),
        ("2.0-3.5GHz", None), ("5800.0000", None), ("2.90GHz (A), 2.40GHZ (B)", None), ("up to 3.2 GHz", None), ("2520000 MHz", None),
        ("1500 MHz (min); 3700 MHz (boost)", None), ("TODO", None), (3.2, None), ("-", None),
    ],
)  # fmt: skip
def test_a_clock_is_one_number_with_its_unit(
    tmp_path: Path, words: object, clock: float | None
) -> None:
    system = one(submission(tmp_path / "tree", host_processor_frequency=words).root).system
    assert system
    assert system.processor
    assert system.processor.clock_hz == clock
    assert (system.extensions or {})["mlperf"]["host_processor_frequency"] == words


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("96Gi", 96 * 2**30), ("96 GiB", 96 * 2**30), ("1.5TB", 3 * 2**39), ("1.5TiB", 3 * 2**39), ("128G", 2**37), ("64gb", 2**36),
        ("512 GBytes", 2**39), ("81559 MiB", 81559 * 2**20), ("64 GB x2", None), ("8x32GB", None),
        ("24 x 32GB RDIMM, 3200MT/s", None), ("80 GB(A100), 40 GB(A30)", None), ("Shared with host", None), ("512", None), ("1 KB", None),
    ],
)  # fmt: skip
def test_a_memory_is_one_number_with_its_unit(tmp_path: Path, words: str, size: int | None) -> None:
    changes = {"host_memory_capacity": words, "accelerator_memory_capacity": words}
    system = one(submission(tmp_path / "tree", **changes).root).system
    assert system
    assert isinstance(system.accelerator, Accelerator)
    assert (system.memory_bytes, system.accelerator.memory_bytes) == (size, size)
    assert {name: (system.extensions or {})["mlperf"][name] for name in changes} == changes


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("2", 2),
        (2.0, 2),
        (2, 2),
        ("2 (1 per node)", None),
        ("(8,4)", None),
        ("2x", None),
        ("0", None),
    ],
)
def test_a_count_is_one_number(tmp_path: Path, words: object, number: int | None) -> None:
    changes = {"host_processors_per_node": words, "accelerators_per_node": words}
    system = one(submission(tmp_path / "tree", **changes).root).system
    assert system
    assert system.processor
    assert isinstance(system.accelerator, Accelerator)
    assert (system.processor.count, system.accelerator.count) == (number, number)
    kept = (system.extensions or {})["mlperf"]
    assert {name: kept.get(name) for name in changes} == (
        {} if number else changes
    ) | dict.fromkeys(changes if number else ())


def test_the_clock_of_the_samples_is_that_of_their_files(samples: Path) -> None:
    for record in convert(samples / "mlperf_inference", "mlperf-inference"):
        words = (
            ((record.system and record.system.extensions) or {})
            .get("mlperf", {})
            .get("host_processor_frequency", "")
        )
        said = re.fullmatch(r"([0-9.]+) ?([GM])Hz", words, re.IGNORECASE)
        number = float(Decimal(said[1]) * (10**9 if said[2] == "G" else 10**6)) if said else None
        assert record.system
        assert (record.system.processor.clock_hz if record.system.processor else None) == number


# --- the round of a published table ---


@pytest.mark.parametrize(
    ("path", "round_id"),
    [
        ("inference_results_v1.0/closed/Acme/results_summary.csv", "v1.0"),
        ("inference_results_v0.7-master/closed/Acme/results_summary.csv", "v0.7"),
        ("mlcommons-inference_results_v1.1-0a1b2c3/summary.csv", "v1.1"),
        ("v1.0/closed/Acme/results_summary.csv", "v1.0"),
        ("v1.0/published/summary.csv", "v1.0"),
        ("published/v1.0.csv", "v1.0"),
        ("published/mlperf_summary_v0.7_all.csv", "v0.7"),
        ("inference_results_v1.1/closed/Acme/v1.0.csv", "v1.0"),
        ("published/summary.csv", None),
        ("tool-v1.0/tables/summary.csv", None),
        ("v1.0/a/b/c/summary.csv", None),
        ("inference_v0.7_v1.0/summary.csv", None),
        ("inference_results_v9.9/summary.csv", None),
        ("published/v1.0.1.csv", None),
    ],
)
def test_the_round_of_a_table_is_that_of_its_path(
    tmp_path: Path, path: str, round_id: str | None
) -> None:
    record = one(published(tmp_path / path, version="", Units="", Result="1000"))
    assert record.benchmark.suite_version == round_id
    assert record.provenance
    location = "closed/Acme/results/box9/resnet50/Offline"
    assert record.provenance.execution == (f"{round_id}/{location}" if round_id else location)


@pytest.mark.parametrize(
    "where", ["inference_results_v1.0/closed/Acme/t.csv", "published/v1.0.csv", "v0.7/t.csv"]
)
def test_a_row_that_says_its_round_is_of_that(tmp_path: Path, where: str) -> None:
    assert one(published(tmp_path / where, version="v4.1")).benchmark.suite_version == "v4.1"
    (record,) = convert(published(tmp_path / "other" / where, version=""), round="v1.1")
    assert record.benchmark.suite_version == "v1.1"


@pytest.mark.parametrize(
    ("path", "suites", "round_id"),
    [
        ("training_results_v3.0/Acme/summary.json", ("training", "hpc", "mlperf"), "v3.0"),
        ("hpc_results_v2.0-main/Acme/result_summarizer.csv", ("training", "hpc", "mlperf"), "v2.0"),
        ("mlperf-tiny--v1.0--closed--ic/2023-07-01/cm-result.json", ("tiny", "mlperf"), "v1.0"),
        ("tables/v1.1/cm-result.json", ("tiny", "mlperf"), "v1.1"),
        ("v2.1_summary.csv", ("training", "hpc", "mlperf"), "v2.1"),
        ("storage-v1.0/a/b/c/summary.csv", ("tiny",), None),
    ],
)
def test_every_suite_reads_the_round_of_a_path_alike(
    tmp_path: Path, path: str, suites: tuple[str, ...], round_id: str | None
) -> None:
    assert round_of(tmp_path / path, ("v1.0", "v1.1", "v2.0", "v2.1", "v3.0"), suites) == round_id


def test_a_result_that_is_there_twice_is_compared_once(tmp_path: Path) -> None:
    values = {"fast": "1000", "slow": "900"}
    for name, rate in values.items():
        tree = Submission(tmp_path / "sources", system=name)
        tree.add("resnet50", "Offline", offline(result_samples_per_second=rate))
        location = f"closed/Acme/results/{name}/resnet50/Offline"
        published(
            tmp_path / "sources" / f"{name}.csv",
            Location=location,
            Platform=name,
            Result=rate,
            weight_data_types="int8",
        )
    convert(tmp_path / "sources").write(tmp_path / "package")
    package = open_package(tmp_path / "package")
    assert len(package.wide()["comparability_group"].to_pylist()) == 4
    assert len(set(package.wide()["comparability_group"].to_pylist())) == 1
    (group,) = groups(package, question()).groups
    assert [line.value for line in group.lines] == [1000.0, 900.0]
