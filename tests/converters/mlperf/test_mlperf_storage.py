"""MLPerf Storage: the real samples against numbers read here by other means, and small fixtures against expected records.

What is true of the samples stands in their SOURCES.md (TRUTH below) and in the files, which are read here with the json
module; means and deviations are computed anew.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import pytest

from benchfmt import Record, convert, validate
from benchfmt.converters.base import Failed, Skipped, Source, Unit
from benchfmt.converters.mlperf import inference, published, storage, tiny
from benchfmt.converters.mlperf.published import tiny as published_tiny
from benchfmt.converters.mlperf.storage import files as storage_files
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.record import Measurement
from benchfmt.suites import mlperf_storage as rules
from benchfmt.testing import check_converter
from benchfmt.vocabulary import vocabulary

FIXTURES = Path(__file__).parents[2] / "fixtures" / "mlperf_storage"
SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "mlperf_storage"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the real samples are not here")

Key = tuple[str, str, str, str, str]
RATE = ("throughput", "mean", "data-loading", "sample", "")
BYTES = ("io-throughput", "mean", "data-loading", "", "")
USED = ("utilization", "mean", "data-loading", "", "accelerator")
SUPPORTED = ("mlperf:accelerators-supported", "", "", "", "")

DDN = "v1.0/Closed/DDN/results/AI400X2T_24x14TiB_nvme_8xNDR200"
COSMOFLOW = f"{DDN}_16clients/cosmoflow-h100"
UNET3D = f"{DDN}_18clients/unet3d-h100"
MICRON = "v1.0/Closed/Micron/results/Micron_9550_Gen5_Performance_NVMe/unet3d/h100"
ANL = "v0.5/closed/ANL/results/polaris-lustre-Nacc1-Nhosts1/unet3d"
# The numbers of SOURCES.md; MiB/s are what the files call MB.
TRUTH: list[tuple[str, Key, str]] = [
    (COSMOFLOW, RATE, "12555.490585"),
    (COSMOFLOW, BYTES, "33867.863981"),
    (UNET3D, RATE, "708.234879563363"),
    (UNET3D, BYTES, "99017.78995084"),
    (MICRON, RATE, "71.12287823616677"),
    (MICRON, BYTES, "9943.636526670"),
    (ANL, RATE, "2.918919821728078"),
    (ANL, BYTES, "408.092"),
]
REPORTS = {
    COSMOFLOW: "runs/mlperf_storage_report.json", UNET3D: "runs/mlperf_storage_report.json",
    MICRON: "mlperf_storage_report.json", ANL: "mlperf_storage_report.json",
}  # fmt: skip
SAMPLE_BYTES = {COSMOFLOW: 2828486, UNET3D: 146600628, MICRON: 146600628, ANL: 146600628}


@cache
def sampled() -> dict[str, Record]:
    return {execution(record): record for record in convert(SAMPLES, "mlperf-storage")}


def execution(record: Record) -> str:
    assert record.provenance and record.provenance.execution
    return record.provenance.execution


def by_key(record: Record) -> dict[Key, Measurement]:
    return {m.key: m for m in record.measurements or ()}


def folder_of(place: str) -> Path:
    return SAMPLES / f"storage_results_{place}"


def report_of(place: str) -> dict[str, Any]:
    text = (folder_of(place) / REPORTS[place]).read_text("utf-8")
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)  # type: ignore[no-any-return]


def summaries_of(place: str) -> list[dict[str, Any]]:
    return [
        json.loads(path.read_text("utf-8"), parse_float=Decimal)
        for path in sorted(folder_of(place).rglob("summary.json"))
    ]


# --- the real samples ---


@needs_samples
def test_there_is_one_record_for_each_report() -> None:
    assert set(sampled()) == set(REPORTS)
    assert sum(1 for path in SAMPLES.rglob("mlperf_storage_report.json")) == 4


@needs_samples
@pytest.mark.parametrize(("place", "key", "text"), TRUTH)
def test_a_number_of_the_samples(place: str, key: Key, text: str) -> None:
    found = by_key(sampled()[place])[key]
    scale = 2**20 if key == BYTES else 1
    assert found.value is not None
    assert round(found.value / scale, len(text.partition(".")[2])) == float(text)


@needs_samples
@pytest.mark.parametrize("place", REPORTS)
def test_means_deviations_and_runs_are_those_of_the_report(place: str) -> None:
    overall, runs = report_of(place)["overall"], report_of(place)["runs"]
    found = by_key(sampled()[place])
    for key, word, factor in ((RATE, "samples", 1), (BYTES, "MB", 2**20)):
        item = found[key]
        mean = overall[f"train_throughput_mean_{word}_per_second"]
        each = [run[f"train_throughput_{word}_per_second"] for run in runs.values()]
        assert item.reported_value == str(mean)
        assert item.value == float(Fraction(mean) * factor)
        assert item.stddev == float(
            Fraction(overall[f"train_throughput_stdev_{word}_per_second"]) * factor
        )
        assert item.samples == [float(Fraction(number) * factor) for number in each]
        assert item.n == len(runs) == 5
        # What the suite's tool computed is the plain mean and the deviation of the population.
        assert item.value == pytest.approx(
            fmean(float(number) * factor for number in each), rel=1e-12
        )
        assert item.stddev == pytest.approx(
            pstdev(float(number) * factor for number in each), rel=1e-9
        )
    assert found[SUPPORTED].reported_value == overall["train_num_accelerators"]
    assert found[SUPPORTED].value == float(overall["train_num_accelerators"])


@needs_samples
@pytest.mark.parametrize("place", REPORTS)
def test_megabytes_are_mebibytes_by_the_size_of_a_sample(place: str) -> None:
    found = by_key(sampled()[place])
    rate, data = found[RATE], found[BYTES]
    assert rate.value and data.value
    assert data.value / rate.value == pytest.approx(SAMPLE_BYTES[place], rel=1e-12)
    assert (data.unit, data.reported_unit) == ("By/s", "MiBy/s")
    assert data.caveats == ["emulated-accelerator", "unit-corrected"]
    record = sampled()[place]
    assert record.extensions and record.extensions["mlperf"]["unit_written"] == "MB_per_second"


@needs_samples
@pytest.mark.parametrize("place", REPORTS)
def test_utilisation_is_that_of_the_runs_in_the_reports_order(place: str) -> None:
    by_rate = {
        s["metric"]["train_throughput_mean_samples_per_second"]: s["metric"]
        for s in summaries_of(place)
    }
    order = [
        run["train_throughput_samples_per_second"] for run in report_of(place)["runs"].values()
    ]
    found = by_key(sampled()[place])[USED]
    wanted = [
        float(by_rate[rate]["train_au_mean_percentage"] / 100) for rate in order if rate in by_rate
    ]
    assert found.value == pytest.approx(fmean(wanted), rel=1e-15)
    assert found.n == len(wanted) == len(summaries_of(place))
    assert found.target_min == {COSMOFLOW: 0.7}.get(place, 0.9)
    if place == ANL:  # only the first of its five runs is among the samples
        assert (found.samples, found.basis) == (None, "measured")
        assert found.caveats == ["emulated-accelerator", "single-observation"]
        assert found.reported_value == "99.60683452470256"
    else:
        assert (found.samples, found.basis) == (wanted, "derived")


@needs_samples
def test_the_headline_is_that_of_the_round() -> None:
    primary = {
        place: next(m.key for m in r.measurements or () if m.primary)
        for place, r in sampled().items()
    }
    assert primary == {COSMOFLOW: BYTES, UNET3D: BYTES, MICRON: BYTES, ANL: RATE}


@needs_samples
def test_what_is_known_of_systems_and_settings() -> None:
    ddn = sampled()[COSMOFLOW]
    assert (
        ddn.system
        and ddn.system.processor
        and ddn.configuration
        and ddn.configuration.hyperparameters
    )
    assert (ddn.system.name, ddn.system.vendor, ddn.system.kind) == (
        "DDN AI400X2 Turbo",
        "DDN",
        "appliance",
    )
    assert (ddn.system.processor.cores, ddn.system.memory_bytes) == (20, 94208 * 2**20)
    assert ddn.system.accelerator is None  # emulated
    assert ddn.configuration.hyperparameters["hosts"] == 16
    assert ddn.configuration.hyperparameters["accelerator"] == "h100"
    assert ddn.configuration.batch_size == 1
    micron = sampled()[MICRON]
    assert micron.system and micron.system.name == "Micron_9550_Gen5_Performance_NVMe"
    assert micron.system.memory_bytes is None  # its file says 768 MiB of a server that has 768 GiB
    assert (
        micron.system.extensions
        and micron.system.extensions["mlperf"]["nodes"][0]["DRAM"]["capacity_MiB"] == 768
    )
    assert micron.provenance and micron.provenance.measured_at == "2024-07-18T13:41:36.813459"


@needs_samples
def test_the_samples_make_a_conformant_package_and_every_file_is_accounted_for(
    tmp_path: Path,
) -> None:
    account = convert(SAMPLES).write(tmp_path / "package")
    assert validate(tmp_path / "package").findings == []  # the samples deserve none
    counts = account.to_dict()
    assert counts["records"] == 4
    assert counts["files"]["seen"] == sum(1 for path in SAMPLES.rglob("*") if path.is_file())
    # A report each; 16 summaries, the settings of 3 first runs, 3 systems.
    assert {role: counts["files"][role] for role in ("primary", "supporting", "failed")} == {
        "primary": 4,
        "supporting": 22,
        "failed": 0,
    }
    reasons = Counter(
        entry.reason.partition(" (")[0] for entry in account.files if entry.role == "skipped"
    )
    assert reasons == {
        "settings of a run; those of the first run are read from config.yaml": 42,
        "times of each epoch; the rates stand in summary.json": 15,
        "the log of a run": 15,
        "describes a system of which no result is here": 1,
        "a document for people, or a program": 1,
        "code of the submission": 1,
        "not recognised": 1,  # SOURCES.md
    }
    assert [(finding.code, finding.path) for finding in account.findings] == [
        (
            "BF706",
            "closed/ANL/results/polaris-lustre-Nacc1-Nhosts1/unet3d/mlperf_storage_report.json",
        ),
    ]  # its system is not among the samples


@needs_samples
def test_the_converter_keeps_what_the_interface_promises_on_the_samples(
    two_processes: Executor,
) -> None:
    check_converter(storage, [SAMPLES], executor=two_processes)


@needs_samples
def test_no_other_family_is_claimed() -> None:
    for name in sorted(
        path.name for path in SAMPLES.parent.iterdir() if path.is_dir() and path != SAMPLES
    ):
        assert storage.detect(Source(SAMPLES.parent / name)) is None, name
    for other in (inference, published, published_tiny, tiny):
        assert other.detect(Source(SAMPLES)) is None


# --- fixtures ---


def items(*place: str) -> list[Any]:
    source = Source(FIXTURES.joinpath(*place))
    planned = list(storage.plan(source, {}))
    return [item for unit in planned if isinstance(unit, Unit) for item in storage.read(unit)] + [
        item for item in planned if isinstance(item, Failed)
    ]


def records(*place: str) -> dict[str, Record]:
    return {execution(item): item for item in items(*place) if isinstance(item, Record)}


def test_the_fixtures_give_their_expected_records(golden: Callable[[str, Any], None]) -> None:
    found = items()
    golden("mlperf_storage/all", {
        "records": [item.to_dict() for item in found if isinstance(item, Record)],
        "failed": [[item.path.relative_to(FIXTURES).as_posix(), item.error] for item in found if isinstance(item, Failed)],
        "findings": [[item.code, item.path, item.message] for item in found if isinstance(item, Finding)],
    })  # fmt: skip


def test_the_fixtures_make_a_package_with_the_one_error_that_they_deserve(tmp_path: Path) -> None:
    account = convert(FIXTURES).write(tmp_path / "package")
    told = account.to_dict()["files"]
    assert (
        told["seen"]
        == told["primary"] + told["supporting"] + told["skipped"] + told["failed"]
        == 52
    )
    # A report whose mean, 215, is not that of its runs, 200 and 210.
    assert [finding.code for finding in validate(tmp_path / "package").findings] == ["BF408"]


def test_the_converter_keeps_what_the_interface_promises(two_processes: Executor) -> None:
    cosmoflow = (
        FIXTURES
        / "storage_results_v1.0"
        / "Closed"
        / "Acme"
        / "results"
        / "Acme_Array_9"
        / "cosmoflow-h100"
    )
    check_converter(
        storage,
        [FIXTURES / "storage_results_v3.0", FIXTURES / "storage_results_v0.5", cosmoflow],
        executor=two_processes,
    )


def test_a_report_that_stands_twice_is_one_result_with_its_runs() -> None:
    place = "v1.0/Closed/Acme/results/Acme_Array_9/cosmoflow-h100"
    found = by_key(records("storage_results_v1.0")[place])
    assert found[RATE].samples == [1000.5, 1000.25]
    assert found[USED].samples == [0.725, 0.715]  # in the order of the report, found by the rates
    skipped = [
        i
        for i in storage.plan(Source(FIXTURES), {})
        if isinstance(i, Skipped) and i.path.name == "mlperf_storage_report.json"
    ]
    assert [item.reason for item in skipped] == [
        f"the same report as storage_results_{place}/mlperf_storage_report.json"
    ]


def test_copies_of_macos_are_left_out() -> None:
    reasons = {
        item.path.name: item.reason
        for item in storage.plan(Source(FIXTURES), {})
        if isinstance(item, Skipped)
    }
    assert (
        reasons["._mlperf_storage_report.json"]
        == reasons["._summary.json"]
        == "a copy that macOS made of a file's attributes"
    )


def test_a_run_that_misses_its_utilisation_makes_the_result_invalid() -> None:
    record = records("storage_results_v1.0")["v1.0/Closed/Acme/results/Acme_Array_9/unet3d/a100"]
    assert (record.status, record.status_detail) == (
        "invalid",
        "train_au_meet_expectation: fail (run1)",
    )
    found = by_key(record)
    assert (found[USED].value, found[USED].target_min) == (0.9, 0.9)
    assert found[USED].caveats == ["cached", "emulated-accelerator"]


def test_megabytes_are_decimal_where_the_size_of_a_sample_says_so_or_says_nothing() -> None:
    found = records("storage_results_v1.0")
    proven = by_key(found["v1.0/Closed/Acme/results/Acme_Array_9/unet3d/a100"])[BYTES]
    assert (proven.reported_unit, proven.value) == ("MBy/s", 11.0 * 146600628)
    unproven = by_key(found["v1.0/Closed/Acme/results/Acme_Array_9/resnet50-h100"])[BYTES]
    assert unproven.reported_unit == "MBy/s"
    assert "unit-corrected" not in (unproven.caveats or ())


def test_a_size_of_a_sample_that_is_not_whole_proves_the_unit_too() -> None:
    record = records("storage_results_v1.0")["v1.0/Closed/Acme/results/Acme_Array_9/resnet50-a100"]
    found = by_key(record)[BYTES]
    assert (found.reported_unit, found.value) == ("MiBy/s", pytest.approx(61000.5 * 114660.07))
    assert record.configuration and record.configuration.hyperparameters
    assert record.configuration.hyperparameters["record_length_bytes"] == 114660.07


def test_a_report_that_does_not_follow_from_its_runs_is_told() -> None:
    told = [
        item
        for item in items("storage_results_v1.0")
        if isinstance(item, Finding) and item.code == "BF701"
    ]
    assert [item.message for item in told] == [
        "the report has no run with the rate that the summary of run3 says (299.0 /s)",
        "the mean throughput is 215.0; its runs give 205.0",
    ]


def test_of_six_runs_without_report_the_first_is_the_warm_up() -> None:
    record = records("storage_results_v3.0")["v3.0/closed/Acme/results/rig-a/training/unet3d"]
    found = by_key(record)
    assert found[RATE].samples == [None, 301.0, 302.0, 303.0, 304.0, 305.0]
    assert (found[RATE].value, found[RATE].n, found[RATE].basis) == (303.0, 6, "derived")
    assert found[RATE].stddev == pytest.approx(pstdev([301, 302, 303, 304, 305]))
    assert found[USED].samples == [None, 0.9225, 0.925, 0.9275, 0.93, 0.9325]
    assert record.configuration and record.configuration.hyperparameters
    assert record.configuration.hyperparameters["accelerator"] == "b200"
    assert record.extensions and record.extensions["mlperf"]["warm_up_run"] == "20260704_000040"
    assert record.benchmark.category == "available"


def test_checkpoints_are_saved_and_loaded_in_two_calls_of_one_result() -> None:
    record = records("storage_results_v3.0")[
        "v3.0/closed/Acme/results/rig-a/checkpointing/llama3-8b"
    ]
    found = by_key(record)
    assert found["io-throughput", "mean", "checkpoint-save", "", ""].value == 4.5 * 2**30
    assert found["io-throughput", "mean", "checkpoint-load", "", ""].value == 9.25 * 2**30
    assert found["duration", "mean", "checkpoint-save", "", ""].value == 22.5
    assert (record.task, record.benchmark.phase) == ("checkpointing", "checkpointing")


def test_placeholders_and_unknown_benchmarks_fail_with_their_reason() -> None:
    errors = {
        item.path.parent.parent.parent.name: item.error
        for item in items("storage_results_v3.0")
        if isinstance(item, Failed)
    }
    assert errors == {
        "retinanet": "a placeholder: the file was taken out of the results (PRUNED BY STAFF)",
        "HNSW": "what the results of vector_database mean is not known: no description of them was found",
        "DISKANN": "what the results of vector_database mean is not known: no description of them was found",
    }


def test_the_round_is_that_of_the_folder_or_the_option_and_nothing_else(tmp_path: Path) -> None:
    other = tmp_path / "somewhere"
    shutil.copytree(FIXTURES / "storage_results_v0.5", other)
    assert [r.benchmark.suite_version for r in convert(other, "mlperf-storage")] == [None]
    [record] = convert(other, "mlperf-storage", round="v0.5")
    assert record.benchmark.suite_version == "v0.5"
    with pytest.raises(BenchfmtError, match=r"there is no round 'v9\.9' of MLPerf Storage"):
        list(convert(other, "mlperf-storage", round="v9.9"))


# --- bad input ---


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "not JSON"),
        ('{"overall": [], "x": "train_"}', "without `overall`"),
        ('{"overall": {"train_throughput_mean_samples_per_second": NaN}}', "NaN is not JSON"),
        ('{"overall": {"train_throughput_mean_samples_per_second": 1e999}}', "no rate can be read"),
        ('{"overall": {"train_num_accelerators": "1"}, "runs": {"run1": [], "run2": {"train_throughput_MB_per_second": null}}}', "no rate can be read"),
        ('["overall", "train_"]', "not an object"),
        ("PRUNED BY STAFF\n", "a placeholder"),
        ('{"overall": ' + "[" * 5000 + "]" * 5000 + ', "train_": 1}', "nested"),
    ],
)  # fmt: skip
def test_a_faulty_report_is_told(text: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "mlperf_storage_report.json").write_text(text)
    [unit] = storage.plan(Source(tmp_path), {})
    assert isinstance(unit, Unit)
    [found] = [item for item in storage.read(unit) if not isinstance(item, Finding)]
    assert isinstance(found, Failed)
    assert error in found.error


def test_a_rate_of_zero_is_no_rate(tmp_path: Path) -> None:
    overall = {
        "model": "unet3d",
        "train_throughput_mean_samples_per_second": 0.0,
        "train_throughput_mean_MB_per_second": 2.5,
    }
    (tmp_path / "mlperf_storage_report.json").write_text(
        json.dumps({"overall": overall, "runs": {}})
    )
    [record] = convert(tmp_path, "mlperf-storage")
    assert (by_key(record)[RATE].missing, by_key(record)[RATE].reported_value) == (
        "invalid-in-source",
        "0.0",
    )
    assert by_key(record)[BYTES].value == 2.5e6  # nothing proves more than is written


def test_a_summary_that_cannot_be_read_fails_and_the_report_stays(tmp_path: Path) -> None:
    target = tmp_path / "closed" / "X" / "results" / "s" / "unet3d"
    shutil.copytree(
        FIXTURES / "storage_results_v0.5" / "closed" / "Old" / "results" / "lustre" / "unet3d",
        target,
    )
    summary = target / "run0" / "n0" / "summary.json"
    summary.write_text(summary.read_text()[:-5])
    account = convert(tmp_path, "mlperf-storage").write(tmp_path / "package")
    assert account.to_dict()["records"] == 1
    assert [entry.path for entry in account.files if entry.role == "failed"] == [
        "closed/X/results/s/unet3d/run0/n0/summary.json"
    ]


@pytest.mark.parametrize("text", ["a: &x [1]\nb: *x\n", "a: [", "\x00", "- " * 2000 + "x"])
def test_strange_yaml_is_no_data(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    data, error = storage_files.read_yaml(path)
    assert error is not None or data


def test_another_programs_summary_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text('{"metric": {"accuracy": 1}}')
    (tmp_path / "vector_database").mkdir()
    (tmp_path / "vector_database" / "summary.json").write_text("{}")
    assert storage.detect(Source(tmp_path)) is None
    assert list(storage.plan(Source(tmp_path), {})) == []


def test_damaged_files_end_as_items_and_never_as_exceptions(tmp_path: Path) -> None:
    chance = random.Random(0)  # noqa: S311 - the same damage each time
    for round_of in range(12):
        root = tmp_path / str(round_of)
        shutil.copytree(FIXTURES, root)
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            data = bytearray(path.read_bytes())
            for _ in range(chance.randrange(4)):
                start = chance.randrange(len(data) or 1)
                data[start : start + chance.randrange(9)] = chance.choice(
                    [b"", b"\0", b"9e9", b"-", b'"', b"\\ud800", b"]", b"\xff"]
                )
            path.write_bytes(
                bytes(
                    data[: chance.choice([len(data), len(data), chance.randrange(len(data) + 1)])]
                )
            )
        for unit in storage.plan(Source(root), {}):
            if isinstance(unit, Unit):
                assert list(storage.read(unit))


@pytest.mark.parametrize(
    ("place", "name", "error"),
    [
        ("checkpointing", "save_checkpoint_io_mean_GB_per_second", "'1e\\+308' is not a number"),
        ("training/unet3d", "train_au_mean_percentage", "differ by more than a number"),
    ],
)
def test_a_number_at_the_end_of_what_doubles_hold_fails_its_result_alone(
    place: str, name: str, error: str, tmp_path: Path
) -> None:
    shutil.copytree(FIXTURES, tmp_path / "tree")
    folder = tmp_path / "tree" / "storage_results_v3.0/closed/Acme/results/rig-a" / place
    *_, path = (
        path for path in sorted(folder.rglob("summary.json")) if name in path.read_text("utf-8")
    )
    content = json.loads(path.read_text("utf-8"))
    content["metric"][name] = 1e308
    path.write_text(json.dumps(content))
    found = [
        item
        for unit in storage.plan(Source(tmp_path / "tree"), {})
        if isinstance(unit, Unit)
        for item in storage.read(unit)
    ]
    reasons = [item.error for item in found if isinstance(item, Failed)]
    assert any(re.search(error, reason) for reason in reasons), reasons
    assert any(isinstance(item, Record) for item in found)


# --- the rules ---


def test_the_rules_name_terms_of_the_vocabulary() -> None:
    for name in ("unet3d", "resnet50", "cosmoflow", "bert", "retinanet"):
        found = rules.workload(name)
        assert found is not None
        assert found.task in vocabulary().terms("task")
    assert {rules.headline(name) for name in rules.ROUNDS} <= set(vocabulary().metrics)
    assert (rules.headline("v0.5"), rules.headline(None)) == ("throughput", "io-throughput")
    assert rules.workload("dlrm") is None
