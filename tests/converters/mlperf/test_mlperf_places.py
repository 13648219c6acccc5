"""What in an MLPerf submission is no result by its place: never a record, always accounted for with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.mlperf_trees import detail, offline, put, summary

from benchfmt import convert
from benchfmt.converters.base import Skipped, Source, Unit, load
from benchfmt.converters.mlperf import places
from benchfmt.converters.mlperf.places import Places

LOGS = {"mlperf_log_summary.txt": summary(offline()), "mlperf_log_detail.txt": detail(offline())}
RUN = (
    ':::MLLOG {"time_ms": 1700000000000, "key": "run_start", "value": null, "metadata": {}}\n'
    ':::MLLOG {"time_ms": 1700000600000, "key": "run_stop", "value": null, "metadata": {"status": "success"}}\n'
)
STORAGE = json.dumps({
    "num_accelerators": 2, "hostname": "n0", "start": "2024-01-01T00:00:00", "end": "2024-01-01T00:10:00", "epochs": 2,
    "metric": {"train_au_percentage": [99.0, 98.0], "train_au_mean_percentage": 98.5,
               "train_throughput_samples_per_second": [5.0, 7.0], "train_throughput_mean_samples_per_second": 6.0,
               "train_io_mean_MB_per_second": 1100.0},
})  # fmt: skip
TINY = "00001.000 ulp-mlperf: Median throughput is 3.250 inf./sec.\n"
MOBILE = json.dumps({
    "meta": {"uuid": "1"},
    "results": [{"benchmark_id": "image_classification", "loadgen_scenario": "SingleStream", "backend_settings": {},
                 "performance_run": {"throughput": {"value": 100.0}}}],
})  # fmt: skip


def tree(root: Path, where: str, name: str, content: str) -> Path:
    return put(root / where / name, content)


def loadgen(root: Path, where: str) -> None:
    for name, content in LOGS.items():
        tree(root, where, name, content)


def roles(root: Path, family: str) -> tuple[set[str], dict[str, str]]:
    """Return the files that would give records, and the reasons of those that are left out."""
    source = Source(root)
    units, skipped = set(), {}
    for item in load(family).plan(source, {}):
        if isinstance(item, Unit):
            units.add(source.relative(item.path))
        elif isinstance(item, Skipped):
            skipped.setdefault(source.relative(item.path), item.reason)
    return units, skipped


ORG = "inference_results_v4.1/closed/Acme"
NO_RESULTS = {
    # where a LoadGen run stands, and why it is none
    f"{ORG}/compliance/box9/resnet50/Offline/TEST01/performance/run_1": places.COMPLIANCE,
    f"{ORG}/Compliance/box9/resnet50/Offline/run/performance/run_1": places.COMPLIANCE,
    f"{ORG}/audit/box9/resnet50/Offline/TEST05/performance/run_1": places.COMPLIANCE,
    f"{ORG}/results/box9/resnet50/Offline/test04-a/performance/run_1": places.COMPLIANCE,
    f"{ORG}/results/box9/resnet50/Offline/TEST04/run": places.COMPLIANCE,
    f"{ORG}/measurements/box9/resnet50/Offline/performance/run_1": places.MEASUREMENTS,
    f"{ORG}/Measurements/box9/resnet50/Offline": places.MEASUREMENTS,
    f"{ORG}/code/resnet50/build/logs/Offline/performance/run_1": places.CODE,
    f"{ORG}/code-0a1b2c/resnet50/Offline/performance/run_1": places.CODE,
    f"{ORG}/CODE/resnet50/Offline/performance/run_1": places.CODE,
    f"{ORG}/src/resnet50/Offline/performance/run_1": places.CODE,
    f"{ORG}/scripts/Offline/performance/run_1": places.CODE,
    f"{ORG}/results/box9/code/out/performance/run_1": places.CODE,
    f"{ORG}/calibration/resnet50/Offline/performance/run_1": places.CALIBRATION,
    f"{ORG}/Calibrations/run_1": places.CALIBRATION,
    f"{ORG}/documentation/example/performance/run_1": places.DOCUMENTATION,
    f"{ORG}/docs/example/performance/run_1": places.DOCUMENTATION,
    f"{ORG}/results/box9/tests/fixtures/performance/run_1": places.TEST_DATA,
    "Open/Acme/code/resnet50/Offline/performance/run_1": places.CODE,
    "network/Acme/measurements/box9/resnet50/Offline/performance/run_1": places.MEASUREMENTS,
}


@pytest.mark.parametrize("where", NO_RESULTS)
def test_a_loadgen_log_where_no_results_are(where: str, tmp_path: Path) -> None:
    loadgen(tmp_path, where)
    loadgen(tmp_path, f"{ORG}/results/box9/bert-99/Offline/performance/run_1")
    units, skipped = roles(tmp_path, "mlperf-inference")
    assert units == {f"{ORG}/results/box9/bert-99/Offline/performance/run_1/mlperf_log_summary.txt"}
    assert {skipped[f"{where}/{name}"] for name in LOGS} == {NO_RESULTS[where]}


RESULTS = [
    f"{ORG}/results/box9/resnet50/Offline/performance/run_1",
    # Names above a submission tell nothing, nor do those of systems.
    f"code/measurements/{ORG}/results/box9/resnet50/Offline/performance/run_1",
    f"tests/fixtures/{ORG}/results/box9/resnet50/Offline/performance/run_1",
    f"{ORG}/results/measurements-box/resnet50/Offline/performance/run_1",
    f"{ORG}/results/benchmarks/resnet50/Offline/performance/run_1",
    f"{ORG}/results/src/resnet50/Offline/performance/run_1",
    f"{ORG}/results/calibration/resnet50/Offline/performance/run_1",
    # Without a submission around it a folder's name is its owner's own.
    "code/run_of_monday/performance/run_1",
    "measurements/monday/resnet50/Offline/performance/run_1",
    "documentation/example/performance/run_1",
    "testing/resnet50/Offline/performance/run_1",
]


@pytest.mark.parametrize("where", RESULTS)
def test_a_result_in_an_unusual_folder_is_one(where: str, tmp_path: Path) -> None:
    loadgen(tmp_path, where)
    units, _ = roles(tmp_path, "mlperf-inference")
    assert units == {f"{where}/mlperf_log_summary.txt"}


@pytest.mark.parametrize(
    "inside",
    [
        "",
        ORG,
        f"{ORG}/code",
        f"{ORG}/code/resnet50",
        f"{ORG}/code/resnet50/Offline/performance/run_1",
    ],
)
def test_the_place_is_known_from_inside_too(inside: str, tmp_path: Path) -> None:
    loadgen(tmp_path, f"{ORG}/code/resnet50/Offline/performance/run_1")
    units, skipped = roles(tmp_path / inside, "mlperf-inference")
    assert not units and set(skipped.values()) == {places.CODE} and len(skipped) == 2


def test_a_submission_without_its_division_is_known_by_its_folders(tmp_path: Path) -> None:
    loadgen(tmp_path, "Acme/measurements/box9/resnet50/Offline/performance/run_1")
    loadgen(tmp_path, "Acme/code/resnet50/Offline/performance/run_1")
    loadgen(tmp_path, "Acme/results/box9/resnet50/Offline/performance/run_1")
    put(tmp_path / "Acme/systems/box9.json", "{}")
    units, skipped = roles(tmp_path, "mlperf-inference")
    assert units == {"Acme/results/box9/resnet50/Offline/performance/run_1/mlperf_log_summary.txt"}
    assert {path.split("/")[1] for path in skipped} >= {"measurements", "code"}


def test_relative_sources_and_links_above_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loadgen(tmp_path, f"{ORG}/code/resnet50/Offline/performance/run_1")
    monkeypatch.chdir(tmp_path / "inference_results_v4.1")
    for given in ("closed", "closed/Acme/../Acme", "closed/Acme/code"):
        source = Source(Path(given))
        assert not [
            item for item in load("mlperf-inference").plan(source, {}) if isinstance(item, Unit)
        ]


OTHERS = {
    # family, file, content; where it is a result; where it is none
    "mlperf-storage": (
        "summary.json", STORAGE, "Open/Acme/results/array/unet3d/run1/n0",
        ["Closed/Acme/code/dlio_benchmark/tests/test_data", "Open/Acme/results/array/code/dlio_benchmark/tests/test_data",
         "Open/Acme/Code/dlio/out", "Open/Acme/code-77aa/run1", "Open/Acme/results/array/unet3d/tests/test_data",
         "Open/Acme/documentation/example/run1"],
    ),
    "mlperf-tiny": (
        "results.txt", TINY, "closed/Acme/results/board/ic/performance",
        ["closed/Acme/code/ic/performance", "open/Acme/code/ic/runner/tests/data/ic/performance",
         "closed/Acme/documentation/ic/performance", "closed/Acme/measurements/board/ic/performance"],
    ),
    "mlperf-mobile": (
        "result.json", MOBILE, "closed/Acme/results/phone",
        ["closed/Acme/code/app", "closed/Acme/measurements/phone", "closed/Acme/compliance/phone",
         "closed/Acme/code/app/test/fixtures"],
    ),
    "mlperf-training": (
        "result_0.txt", RUN, "training_results_v4.0/Acme/results/box/resnet",
        ["training_results_v4.0/Acme/benchmarks/resnet/implementations/mxnet", "training_results_v4.0/Acme/code/resnet",
         "training_results_v4.0/Acme/documentation/resnet", "training_results_v4.0/Acme/results/box/resnet/tests/test_data"],
    ),
    "mlperf-hpc": (
        "result_0.txt", RUN, "hpc_results_v3.0/Acme/results/box/strong/oc20",
        ["hpc_results_v3.0/Acme/benchmarks/oc20", "hpc_results_v3.0/Acme/Code/oc20", "hpc_results_v3.0/Acme/documentation/oc20"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("family", OTHERS)
def test_one_rule_for_all_families(family: str, tmp_path: Path) -> None:
    name, content, good, bad = OTHERS[family]
    tree(tmp_path, good, name, content)
    for where in bad:
        tree(tmp_path, where, name, content)
    units, skipped = roles(tmp_path, family)
    assert units == {f"{good}/{name}"}
    assert set(skipped) - units == {f"{where}/{name}" for where in bad}


@pytest.mark.parametrize("family", OTHERS)
def test_nothing_is_a_record_where_all_of_it_counts_for_nothing(
    family: str, tmp_path: Path
) -> None:
    name, content, _, bad = OTHERS[family]
    for where in bad:
        tree(tmp_path, where, name, content)
    units, skipped = roles(tmp_path, family)
    assert not units and len(skipped) == len(bad)


TESTS_OF_A_PROGRAM = [
    "",
    "dlio_benchmark",
    "dlio_benchmark/tests",
    "dlio_benchmark/tests/test_data",
]


@pytest.mark.parametrize("given", TESTS_OF_A_PROGRAM)
def test_the_tests_of_a_suites_own_program_hold_no_results(given: str, tmp_path: Path) -> None:
    put(tmp_path / "dlio_benchmark/tests/test_data/summary.json", STORAGE)
    units, skipped = roles(tmp_path / given, "mlperf-storage")
    assert not units and set(skipped.values()) == {places.TEST_DATA}


def test_whoever_names_a_folder_of_test_data_wants_it(tmp_path: Path) -> None:
    put(tmp_path / "tests/test_data/summary.json", STORAGE)
    assert roles(tmp_path / "tests" / "test_data", "mlperf-storage")[0] == {"summary.json"}


def test_a_place_is_looked_up_once(tmp_path: Path) -> None:
    loadgen(tmp_path, f"{ORG}/code/resnet50")
    known = Places.of(Source(tmp_path))
    folder = (tmp_path / ORG / "code" / "resnet50").as_posix()
    assert known.why(folder) == known.why(folder) == places.CODE


SEEDS = ("effective_qsl_rng_seed", "effective_sample_index_rng_seed", "effective_schedule_rng_seed")
OF_TESTS = {
    "TEST01": {
        "effective_accuracy_log_rng_seed": "720381539243781796",
        "effective_accuracy_log_sampling_target": "128",
    },
    "TEST01 by a share": {"effective_accuracy_log_probability": "0.1"},
    "TEST04-A": {"effective_performance_issue_unique": "true"},
    "TEST04-B": {"effective_performance_issue_same": "true"},
    "TEST05 of v1.0": dict(
        zip(SEEDS, ("313588358309856706", "471397156132239067", "413914573387865862"), strict=True)
    ),
    "TEST05 of v4.1": dict(
        zip(
            SEEDS,
            ("16799458546791641818", "5453809927556429288", "5435552105434836064"),
            strict=True,
        )
    ),
}
FOUND = (
    "warning_generic_message",
    '"Found Audit Config file (audit.config). Overriding TestSettings from audit.config file."',
)
NOT_SET = {
    # The seed by which answers would be chosen; none are kept.
    "effective_accuracy_log_rng_seed": "720381539243781796", "effective_accuracy_log_probability": "0",
    "effective_accuracy_log_sampling_target": "0", "effective_performance_issue_unique": "false",
    "effective_performance_issue_same": "false",
}  # fmt: skip


def said_by(values: dict[str, str], logs: str) -> dict[str, str]:
    """Return the logs of a run with some settings, in both logs or in one of them."""
    shown = [
        f"{name.removeprefix('effective_')} : {text}"
        for name, text in values.items()
        if name not in SEEDS
    ]
    shown += [
        f"{name.removeprefix('effective_')} : {values[name]}" for name in SEEDS if name in values
    ]
    own = offline(**{name: values[name] for name in SEEDS if name in values})
    lines = "\n".join(line.replace("true", "1").replace("false", "0") for line in shown)
    both = {
        "mlperf_log_summary.txt": summary(own).replace(
            "samples_per_query :", f"{lines}\nsamples_per_query :", 1
        ),
        "mlperf_log_detail.txt": detail({**own, **values}),
    }
    return {name: text for name, text in both.items() if logs in ("both", name)}


@pytest.mark.parametrize("logs", ["both", "mlperf_log_summary.txt", "mlperf_log_detail.txt"])
@pytest.mark.parametrize("case", OF_TESTS)
def test_a_run_of_a_compliance_test_is_known_by_its_settings(
    case: str, logs: str, tmp_path: Path
) -> None:
    place = f"{ORG}/results/box9/resnet50/Offline/performance/run_1"
    for name, text in said_by(OF_TESTS[case], logs).items():
        tree(tmp_path, place, name, text)
    conversion = convert(tmp_path, "mlperf-inference")
    assert list(conversion) == [] and conversion.account.ok
    told = {entry.path.rpartition("/")[2]: str(entry.reason) for entry in conversion.account.files}
    assert all(entry.role == "skipped" for entry in conversion.account.files)
    assert all("compliance test" in reason for reason in told.values())


@pytest.mark.parametrize("logs", ["both", "mlperf_log_summary.txt", "mlperf_log_detail.txt"])
def test_settings_that_are_off_are_those_of_a_result(logs: str, tmp_path: Path) -> None:
    for name, text in said_by(NOT_SET, logs).items():
        tree(tmp_path, f"{ORG}/results/box9/resnet50/Offline/performance/run_1", name, text)
    assert len(list(convert(tmp_path, "mlperf-inference"))) == 1


@pytest.mark.parametrize(("own_seeds", "records"), [(True, 0), (False, 1)])
def test_an_audit_config_that_changes_nothing_is_no_test(
    own_seeds: bool, records: int, tmp_path: Path
) -> None:
    values = (
        offline(**dict(zip(SEEDS, ("11", "12", "13"), strict=True))) if own_seeds else offline()
    )
    place = f"{ORG}/results/box9/resnet50/Offline/performance/run_1"
    tree(tmp_path, place, "mlperf_log_detail.txt", detail(values, more=[FOUND]))
    tree(tmp_path, place, "audit.config", "*.*.mode = 2\n")
    conversion = convert(tmp_path, "mlperf-inference")
    assert len(list(conversion)) == records and conversion.account.ok


def test_the_real_ones_by_what_they_say(faults: Path, tmp_path: Path) -> None:
    """The same logs where a result would stand."""
    for number, log in enumerate(
        sorted((faults / "mlperf" / "compliance_as_results").rglob("mlperf_log_summary.txt"))
    ):
        for name in LOGS:
            if (log.parent / name).exists():
                tree(
                    tmp_path,
                    f"open/Lab/results/box/net{number}/SingleStream/performance/run_1",
                    name,
                    (log.parent / name).read_text(),
                )
    conversion = convert(tmp_path, "mlperf-inference")
    assert list(conversion) == [] and conversion.account.ok


def test_the_real_ones(faults: Path) -> None:
    for name in ("compliance_as_results", "storage_test_data"):
        for family in (
            "mlperf-inference",
            "mlperf-storage",
            "mlperf-mobile",
            "mlperf-tiny",
            "mlperf-training",
        ):
            assert not roles(faults / "mlperf" / name, family)[0], (name, family)
    _, skipped = roles(faults / "mlperf" / "compliance_as_results", "mlperf-inference")
    assert set(skipped.values()) == {places.COMPLIANCE} and len(skipped) == 42


def test_no_sample_stands_where_no_results_are(samples: Path) -> None:
    """Of the real submissions only what the rules leave out is left out: runs of compliance tests."""
    found = {}
    for family in ("inference", "mobile", "storage", "tiny", "training", "hpc"):
        source = Source(samples / f"mlperf_{family}")
        known = Places.of(source)
        for item in known.skipped(source):
            found.setdefault((family, item.reason), []).append(source.relative(item.path))
    logs = {
        key: [p for p in paths if "mlperf_log_summary" in p or p.endswith((".txt", ".json"))]
        for key, paths in found.items()
    }
    assert {
        key for key, paths in logs.items() if any("mlperf_log_summary" in path for path in paths)
    } == {("inference", places.COMPLIANCE)}
