"""MLPerf Mobile: the real samples against the files read here by other means, and small fixtures against expected records.

What is true of the samples stands in their SOURCES.md and in the format notes (TRUTH below, number by number) and in
the result files and logs, which are read here with `json` and regular expressions of their own.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchfmt import Record, convert, validate
from benchfmt.converters.base import Failed, Skipped, Source, Unit
from benchfmt.converters.mlperf import inference, mobile
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.record import Measurement
from benchfmt.suites import mlperf_inference
from benchfmt.suites import mlperf_mobile as rules
from benchfmt.testing import check_converter
from benchfmt.vocabulary import vocabulary

FIXTURES = Path(__file__).parents[2] / "fixtures" / "mlperf_mobile_app"
SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "mlperf_mobile"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the real samples are not here")
CASES = ("android-1.0.json", "app-2.0", "app-3.1", "app-4.1", "logs-only")

Key = tuple[str, str, str, str, str]
RATE = ("throughput", "inverse-p90", "request", "sample", "")
ISSUED = ("throughput", "mean", "whole-run", "issued-sample", "")
LOGGED = ("throughput", "mean", "whole-run", "sample", "")
QUERIES = ("throughput", "mean", "whole-run", "query", "")
P90 = ("latency", "p90", "request", "sample", "")
MEAN = ("latency", "mean", "request", "sample", "")
EARLY = ("latency", "p90-es", "request", "sample", "")
WHOLE = ("completion-time", "mean", "request", "query", "")
SUM = ("duration", "sum", "request", "", "")
ACCURACY = ("accuracy", "pooled", "", "", "")
MAP = ("map", "pooled", "", "", "")
MIOU = ("miou", "pooled", "", "", "")
F1 = ("f1", "pooled", "", "", "")
PSNR = ("psnr", "mean", "", "", "")
CLIP = ("clip-score", "pooled", "", "", "")

# The numbers of SOURCES.md, of the format notes and of the result files: round, benchmark, key, the source's characters
# and unit, the value in the standard's unit.
TRUTH: list[tuple[str, str, Key, str, str | None, float]] = [
    # "1277.104956 = 1/0.000783021": not one over the mean, and not LoadGen's queries per second.
    ("v5.0", "image_classification_v2", RATE, "1277.104956316625", "/s", 1277.104956316625),
    ("v5.0", "image_classification_v2", P90, "0.000783021", "s", 0.000783021),
    ("v5.0", "image_classification_v2", MEAN, "0.000756143", "s", 0.000756143),
    ("v5.0", "image_classification_v2", ACCURACY, "82.14", "%", 0.8214),
    # "1637.92 in JSON vs 1628.38 in the log (24720 vs 24576 samples); 2004.62 vs 1992.95 in v5.0".
    (
        "v4.0",
        "image_classification_offline_v2",
        ISSUED,
        "1637.9186341742964",
        "/s",
        1637.9186341742964,
    ),
    ("v4.0", "image_classification_offline_v2", LOGGED, "1628.38", "/s", 1628.38),
    ("v4.0", "image_classification_offline_v2", WHOLE, "15.092324786", "s", 15.092324786),
    ("v4.0", "image_classification_offline_v2", ACCURACY, "82.18", "%", 0.8218),
    (
        "v5.0",
        "image_classification_offline_v2",
        ISSUED,
        "2004.622639533477",
        "/s",
        2004.622639533477,
    ),
    ("v5.0", "image_classification_offline_v2", LOGGED, "1992.95", "/s", 1992.95),
    ("v5.0", "image_classification_offline_v2", ACCURACY, "82.18", "%", 0.8218),
    # The units of `formatted`: %, mAP, mIoU, nothing (F1), dB, nothing (CLIP).
    ("v5.0", "object_detection", MAP, "0.2741", None, 0.2741),
    ("v4.0", "image_segmentation_v2", MIOU, "0.5841", None, 0.5841),
    ("v4.0", "natural_language_processing", F1, "94.4667", "%", 0.944667),
    ("v5.0", "natural_language_processing", F1, "94.4667", "%", 0.944667),
    ("v4.0", "super_resolution", PSNR, "33.39", "dB", 33.39),
    ("v5.0", "super_resolution", PSNR, "33.39", "dB", 33.39),
    ("v3.1", "super_resolution", PSNR, "33.12", "dB", 33.12),
    ("v5.0", "stable_diffusion", CLIP, "0.2564", None, 0.2564),
    ("v5.0", "stable_diffusion", RATE, "0.26448392862243997", "/s", 0.26448392862243997),
    ("v5.0", "stable_diffusion", P90, "3.780948072", "s", 3.780948072),
    ("v5.0", "stable_diffusion", QUERIES, "0.276719", "/s", 0.276719),
    ("v5.0", "natural_language_processing", QUERIES, "648.427", "/s", 648.427),
    # App 2.0: a bare number, an accuracy with `string`; the 90th percentile stands only in the log.
    ("v2.1", "image_classification", RATE, "1194.326449345286", "/s", 1194.326449345286),
    ("v2.1", "image_classification", P90, "837292", "ns", 0.000837292),
    ("v2.1", "image_classification", EARLY, "837500", "ns", 0.0008375),
    ("v2.1", "image_classification", QUERIES, "1205.02", "/s", 1205.02),
    ("v2.1", "image_classification", ACCURACY, "75.30", "%", 0.753),
    ("v2.1", "object_detection", MAP, "0.2741", None, 0.2741),
    ("v2.1", "image_segmentation_v2", MIOU, "0.5879", None, 0.5879),
    ("v2.1", "natural_language_processing", F1, "94.3744", "%", 0.943744),
    (
        "v2.1",
        "image_classification_offline",
        ISSUED,
        "1793.3060957833532",
        "/s",
        1793.3060957833532,
    ),
    ("v2.1", "image_classification_offline", LOGGED, "1793.31", "/s", 1793.31),
    # App 3.1: the sum of all latencies beside the rate.
    ("v3.1", "super_resolution", RATE, "0.8480889776146762", "/s", 0.8480889776146762),
    ("v3.1", "super_resolution", SUM, "1190.637490176", "s", 1190.637490176),
    ("v3.1", "super_resolution", QUERIES, "0.860042", "/s", 0.860042),
    ("v3.1", "image_classification_offline", ISSUED, "78.52786279431199", "/s", 78.52786279431199),
    ("v3.1", "image_classification", ACCURACY, "75.31", "%", 0.7531),
    ("v3.1", "object_detection", MAP, "0.2743", None, 0.2743),
    ("v3.1", "image_segmentation_v2", MIOU, "0.5831", None, 0.5831),
    ("v3.1", "natural_language_processing", F1, "91.2633", "%", 0.912633),
    # The app's own example, of an iPad.
    ("app", "image_classification", RATE, "615.3217579004238", "/s", 615.3217579004238),
    ("app", "image_classification_offline", ISSUED, "892.0395056683618", "/s", 892.0395056683618),
]


@cache
def records(name: str) -> dict[str, Record]:
    """Return the records of a folder of the samples by their benchmark."""
    found = {}
    for record in convert(SAMPLES / name, mobile.NAME):
        assert record.benchmark.name not in found
        found[record.benchmark.name or ""] = record
    return found


def of(record: Record, key: Key) -> Measurement:
    [found] = [m for m in record.measurements or () if m.key == key]
    return found


def primary(record: Record) -> Measurement:
    [found] = [m for m in record.measurements or () if m.primary]
    return found


def mine(record: Record) -> dict[str, Any]:
    assert record.extensions
    return dict(record.extensions["mlperf"])


def result_files() -> list[Path]:
    if not SAMPLES.exists():
        return []
    return [
        path
        for path in sorted(SAMPLES.rglob("*.json"))
        if re.search(r'"benchmark_id": "', path.read_text("utf-8"))
    ]


def stated(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each result of a file by its JSON Pointer, numbers as their characters."""
    data = json.loads(path.read_text("utf-8"), parse_float=str, parse_int=str)
    for prefix, run in (
        ((f"/{i}", run) for i, run in enumerate(data)) if isinstance(data, list) else (("", data),)
    ):
        for index, result in enumerate(run["results"]):
            yield f"{prefix}/results/{index}", result


# --- the real samples ---


@needs_samples
@pytest.mark.parametrize(("name", "benchmark", "key", "text", "unit", "value"), TRUTH)
def test_a_number_of_the_sources(
    name: str, benchmark: str, key: Key, text: str, unit: str | None, value: float
) -> None:
    found = of(records(name)[benchmark], key)
    assert (found.reported_value, found.reported_unit, found.value) == (text, unit, value)


@needs_samples
def test_every_result_of_every_file_is_a_record() -> None:
    conversion = convert(SAMPLES, mobile.NAME)
    found = Counter()
    for record in conversion:
        assert record.provenance and record.provenance.sources
        found[record.provenance.sources[0].sha256, record.provenance.sources[0].locator] += 1
    counted = {path: len(list(stated(path))) for path in result_files()}
    assert sorted(counted.values()) == [5, 6, 6, 7, 8]
    assert len(found) == sum(counted.values()) == 32
    assert set(found.values()) == {1}
    account = conversion.account.to_dict()
    assert account["files"]["primary"] == 5
    assert account["files"]["failed"] == 0
    assert account["rows"] == {"seen": 32, "converted": 32, "skipped": 0, "failed": 0}


@needs_samples
@pytest.mark.parametrize(
    "path", result_files(), ids=lambda path: path.relative_to(SAMPLES).parts[0]
)
def test_every_number_of_a_result_file_is_kept_to_the_digit(path: Path) -> None:
    by_place = {
        record.provenance.sources[0].locator: record
        for record in records(path.relative_to(SAMPLES).parts[0]).values()
        if record.provenance and record.provenance.sources
    }
    for place, result in stated(path):
        record = by_place[place]
        performance, accuracy = result["performance_run"], result["accuracy_run"]
        throughput = performance["throughput"]
        text = throughput["value"] if isinstance(throughput, dict) else throughput
        rate = primary(record)
        assert rate.reported_value == text
        assert rate.value == float(text)
        assert rate.key == (RATE if result["loadgen_scenario"] == "SingleStream" else ISSUED)
        if rate.key == RATE:  # 1 / the 90th percentile, which app 2.0 kept in single precision
            assert of(record, P90).value == pytest.approx(1 / float(text), rel=1e-7)
        if accuracy:
            score = accuracy["accuracy"]
            [quality] = [
                m
                for m in record.measurements or ()
                if m.reported_value
                == re.match("[0-9.]+", score.get("formatted", score.get("string")))[0]
            ]  # type: ignore[index]
            normalized = float(score.get("normalized", score.get("value")))
            scale = 100 if quality.metric == "psnr" else 1
            assert quality.value == pytest.approx(
                normalized * scale, abs=6e-5 if scale == 1 else 6e-3
            )
        block = performance.get("loadgen")
        if block and rate.key == RATE:
            assert of(record, P90).reported_value == block["latency90"]
            assert of(record, MEAN).reported_value == block["latency_mean"]
            assert of(record, P90).n == int(block["query_count"])
        assert record.status == "ok"
        assert (
            mine(record)["backend_settings"]["accelerator_code"]
            == result["backend_settings"]["accelerator_code"]
        )
        batch = int(result["backend_settings"]["batch_size"])
        assert record.configuration
        assert record.configuration.batch_size == (batch or None)
        assert record.provenance
        assert record.provenance.measured_at == performance["start_datetime"]


@needs_samples
@pytest.mark.parametrize(
    ("name", "benchmark", "folder"),
    [
        ("v2.1", "image_classification", "mobilenetEdgeTPU/SingleStream/log_performance"),
        ("v2.1", "image_classification_offline", "mobilenetEdgeTPU/Offline/log_performance"),
        ("v3.1", "super_resolution", "EDSR/SingleStream/log_performance"),
        ("v4.0", "image_classification_v2", "mobilenetV4/SingleStream/log_performance"),
        ("v4.0", "image_classification_offline_v2", "mobilenetV4/Offline/log_performance"),
        ("v5.0", "image_classification_offline_v2", "image_classification_offline_v2-performance"),
        ("v5.0", "natural_language_processing", "natural_language_processing-performance"),
        ("v5.0", "stable_diffusion", "stable_diffusion-performance"),
    ],
)
def test_the_log_stands_beside_its_result(name: str, benchmark: str, folder: str) -> None:
    record = records(name)[benchmark]
    [log] = (SAMPLES / name).rglob(f"*/{folder}/mlperf_log_detail.txt")
    text = log.read_text("utf-8")
    said = dict(re.findall(r'"key": "(result_(?:\w|\.)+)", "value": "?([^",]+)"?, "time_ms"', text))
    place = log.relative_to(SAMPLES / name).as_posix()
    logged = [m for m in record.measurements or () if m.source_path == place]
    assert len(logged) >= 8
    rate = "result_samples_per_second" if "Offline" in text else "result_qps_with_loadgen_overhead"
    assert said[rate] in {m.reported_value for m in logged}
    assert said["result_max_latency_ns"] in {
        m.reported_value for m in logged if m.statistic == "max"
    }
    sources = [source.path for source in (record.provenance and record.provenance.sources) or ()]
    assert place in sources
    assert place.replace("detail", "summary") in sources
    [seed] = re.findall(r'"key": "effective_qsl_rng_seed", "value": ([0-9]+)', text)
    assert mine(record)["seeds"]["qsl_rng_seed"] == seed
    assert record.benchmark.suite_version == name


@needs_samples
def test_eight_results_have_logs_and_the_others_none() -> None:
    logged = [
        (name, key)
        for name in ("v2.1", "v3.1", "v4.0", "v5.0")
        for key, record in records(name).items()
        if any(m.source_path for m in record.measurements or ())
    ]
    assert len(logged) == len(list(SAMPLES.rglob("*erformance/mlperf_log_summary.txt"))) == 8


@needs_samples
def test_what_the_samples_are_known_for() -> None:
    old = convert(SAMPLES / "v2.1", mobile.NAME)
    list(old)
    words = [f.message for f in old.account.findings]
    assert words == [
        "the key 'CPU_Type_2' appears twice; \"3x Qualcomm Kryo(TM) Gold Cores: 2.36 Ghz\" is lost, the last one is kept"
    ]
    new = convert(SAMPLES / "v5.0", mobile.NAME)
    list(new)
    assert [f.message for f in new.account.findings] == [
        "1 trailing comma(s) before a closing bracket left out"
    ]
    # The description of the measurement is found although its name begins with another system's.
    record = records("v2.1")["image_classification"]
    assert record.configuration
    assert record.configuration.precision == "int8"
    assert record.configuration.batch_size is None
    # The accuracy run of app 2.0 names the data of the performance run; its log has the 50,000 of ImageNet.
    assert record.dataset
    assert (record.dataset.name, record.dataset.samples) == ("imagenet-2012", 50000)
    assert records("v2.1")["object_detection"].dataset is None
    # 20 of the 25 samples, by result file and log alike.
    [quality] = [
        m for m in records("v3.1")["super_resolution"].measurements or () if m.metric == "psnr"
    ]
    assert quality.n == 20
    # A run that ended by its time limit with 85 of 1,024 queries counts as valid.
    diffusion = records("v5.0")["stable_diffusion"]
    assert diffusion.status == "ok"
    assert mine(diffusion)["app_constraints_met"]["min_query"] is False
    assert diffusion.software and diffusion.software.engine == "qnn"
    assert diffusion.software.stack == {
        "snpe": "2.29.0",
        "tflite": "2.14.0",
        "mlperf-mobile-app": "4.1.0",
    }
    phone = diffusion.system
    assert phone and phone.processor
    assert (phone.name, phone.kind, phone.vendor) == ("Oneplus 13", "phone", "OnePlus")
    assert phone.operating_system == "Android PJZ110_15.0.0.502(CN01)"
    tablet = records("app")["image_classification"]
    assert tablet.system
    assert (tablet.system.kind, tablet.benchmark.suite_version) == ("tablet", "3.0.0")
    assert "delegate" not in mine(tablet)["backend_settings"]


@needs_samples
def test_targets_are_those_of_the_rules_and_reached() -> None:
    held = [
        (name, benchmark, m.target_min, m.value)
        for name in ("v2.1", "v3.1", "v4.0", "v5.0", "app")
        for benchmark, record in records(name).items()
        for m in record.measurements or ()
        if m.target_min is not None
    ]
    assert len(held) == 16
    assert all(
        value >= target for *_, target, value in held if value is not None and target is not None
    )
    assert ("v3.1", "image_segmentation_v2", 0.57408, 0.5831) in held
    assert ("v4.0", "super_resolution", 33.0, 33.39) in held
    assert not [
        row
        for row in held
        if row[1] in ("image_classification_v2", "stable_diffusion") or row[0] in ("v2.1", "app")
    ]


@needs_samples
def test_the_package_of_all_samples_validates(tmp_path: Path) -> None:
    convert(SAMPLES).write(tmp_path / "package")
    report = validate(tmp_path / "package")
    # The app calls the accelerator of five results "DSP", the submission calls it "Hexagon(TM) NPU": it is one.
    assert report.findings == []


@needs_samples
@pytest.mark.parametrize("name", ["v2.1", "v3.1", "v4.0", "v5.0"])
def test_a_mobile_tree_is_not_taken_for_inference(name: str) -> None:
    source = Source(SAMPLES / name)
    here, there = mobile.detect(source), inference.detect(source)
    assert here and there
    assert here.sureness > there.sureness
    asked = convert(SAMPLES / name)
    assert {record.benchmark.suite for record in asked} == {"mlperf-mobile"}
    assert "failed" not in {
        role for role, n in asked.account.to_dict()["files"].items() if n and role == "failed"
    }


@needs_samples
def test_inference_and_tiny_samples_are_not_taken_for_mobile() -> None:
    for name in ("mlperf_inference", "mlperf_tiny", "mlperf_storage", "mlperf_training"):
        folder = SAMPLES.parent / name
        if folder.exists():
            assert mobile.detect(Source(folder)) is None


@needs_samples
def test_a_part_of_a_tree_gives_the_same_records(tmp_path: Path) -> None:
    whole = {key: record.to_dict() for key, record in records("v5.0").items()}
    inner = SAMPLES / "v5.0/closed/Qualcomm_Innovation_Center"
    assert {r.benchmark.name or "": r.to_dict() for r in convert(inner, mobile.NAME)} == whole
    alone = {
        r.benchmark.name or "": r
        for r in convert(inner / "results/SD8Elite/result.json", mobile.NAME)
    }
    assert {key: primary(record).value for key, record in alone.items()} == {
        key: next(m["value"] for m in record["measurements"] if m.get("primary"))
        for key, record in whole.items()
    }


# --- fixtures ---


def told(path: Path) -> dict[str, Any]:
    """Return everything that the converter says of a source."""
    found: list[Any] = []
    set_aside: list[str] = []
    for item in mobile.plan(Source(path), {}):
        if isinstance(item, Unit):
            found += mobile.read(item)
        elif isinstance(item, Skipped):
            set_aside.append(f"{item.path.name}: {item.reason}")
    return {
        "records": [item.to_dict() for item in found if isinstance(item, Record)],
        "findings": [f"{f.code} {f.path}: {f.message}" for f in found if isinstance(f, Finding)],
        "failed": [f"row {f.row}: {f.error}" for f in found if isinstance(f, Failed)],
        "skipped": [
            *(f"row {s.row}: {s.reason}" for s in found if isinstance(s, Skipped)),
            *set_aside,
        ],
    }


def converted(path: Path, **options: str) -> list[Record]:
    return list(convert(path, mobile.NAME, **options))


@pytest.mark.parametrize("case", CASES)
def test_a_fixture_gives_its_expected_records(
    case: str, golden: Callable[[str, Any], None]
) -> None:
    golden(f"mlperf_mobile_app/{case.removesuffix('.json')}", told(FIXTURES / case))


def test_keeps_what_the_interface_promises(two_processes: Executor) -> None:
    accounts = check_converter(
        mobile.NAME, [FIXTURES / case for case in CASES], executor=two_processes
    )
    assert [account.to_dict()["rows"] for account in accounts] == [
        {"seen": 5, "converted": 4, "skipped": 0, "failed": 1},
        {"seen": 5, "converted": 4, "skipped": 1, "failed": 0},
        {"seen": 2, "converted": 2, "skipped": 0, "failed": 0},
        {"seen": 8, "converted": 7, "skipped": 0, "failed": 1},
        {"seen": 2, "converted": 2, "skipped": 0, "failed": 0},
    ]
    assert all(account.to_dict()["files"]["failed"] == 0 for account in accounts)


def test_a_log_of_another_run_lends_no_number() -> None:
    by_name = {record.benchmark.name: record for record in converted(FIXTURES / "app-4.1")}
    assert not [m for m in by_name["object_detection"].measurements or () if m.source_path]
    assert "seeds" not in mine(by_name["object_detection"])
    assert of(by_name["image_classification_v2"], QUERIES).source_path


def test_a_log_alone_gives_the_rate_of_the_app() -> None:
    by_name = {record.benchmark.name: record for record in converted(FIXTURES / "logs-only")}
    rate = primary(by_name["image_classification"])
    assert (rate.key, rate.value, rate.basis) == (RATE, 1250.0, "derived")
    assert primary(by_name["image_classification_offline"]).key == LOGGED
    assert by_name["image_classification_offline"].status == "invalid"


def test_padding_is_told_apart() -> None:
    [record] = [r for r in converted(FIXTURES / "app-4.1") if r.benchmark.scenario == "offline"]
    assert (of(record, ISSUED).value, of(record, LOGGED).value) == (60.0, 48.0)
    assert (mine(record)["measured_samples"], mine(record)["sample_count"]) == (30, 24)


def test_a_claimed_round_is_held_against_seeds_and_app() -> None:
    conversion = convert(FIXTURES / "app-4.1", mobile.NAME, round="v4.0")
    assert {record.benchmark.suite_version for record in conversion} == {"v5.0"}
    assert "seeds and app are those of v5.0, not of v4.0" in {
        f.message for f in conversion.account.findings
    }
    assert {
        r.benchmark.suite_version for r in converted(FIXTURES / "android-1.0.json", round="v2.1")
    } == {"v2.1"}
    with pytest.raises(
        BenchfmtError, match=r"there is no round 'v9' of MLPerf Mobile; there are: v2\.1, v3\.0"
    ):
        converted(FIXTURES / "app-4.1", round="v9")


# --- bad input ---


def result(**changes: Any) -> dict[str, Any]:
    data = json.loads(
        (FIXTURES / "app-4.1/closed/Toy_Works/results/Phone9/result.json").read_text("utf-8")
    )
    data["results"] = [{**data["results"][0], **changes}]
    return dict(data)


def written(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "result.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"performance_run": "fast"},
            "row 1: not a result: performance_run: an object was expected",
        ),
        ({"accuracy_run": [1]}, "row 1: not a result: accuracy_run: an object was expected"),
        ({"benchmark_id": "two\x07bells"}, "row 1: not a result: benchmark.name: "),
    ],
)
def test_a_result_that_cannot_be_read_fails_alone(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    data = result(**changes)
    data["results"].append(result()["results"][0])
    said = told(written(tmp_path, data))
    assert len(said["records"]) == 1
    [failed] = said["failed"]
    assert failed.startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '{"results": [{"benchmark_id": "object_detection", "loadgen_scenario": "SingleStr',
            "not JSON: a text is not closed",
        ),
        ('{"results": {"benchmark_id": "x", "score": 1}}', "no list of results"),
        ('[[{"benchmark_id": "x", "score": 1}]]', "no list of results"),
        (f'{{"benchmark_id": "x", "score": {"[" * 90}{"]" * 90}}}', "JSON is nested deeper than"),
    ],
)
def test_a_file_that_cannot_be_read_fails(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path, text)
    assert mobile.detect(Source(path))
    said = told(path)
    assert not said["records"]
    [failed] = said["failed"]
    assert words in failed


def test_a_file_mended_by_hand_is_read_and_told(tmp_path: Path) -> None:
    text = json.dumps(result()).replace('"min_samples": 1024}', '"min_samples": 1024,}')
    said = told(written(tmp_path, text))
    assert (
        said["findings"][0]
        == "BF115 result.json: 1 trailing comma(s) before a closing bracket left out"
    )
    assert said["records"][0]["measurements"][0]["reported_value"] == "1250.0"


@pytest.mark.parametrize(
    ("throughput", "missing"),
    [
        ({"value": 0.0}, "invalid-in-source"),
        ({"value": -3.5}, "invalid-in-source"),
        ({"value": "fast"}, "not-numeric"),
    ],
)
def test_an_impossible_rate_is_missing(tmp_path: Path, throughput: Any, missing: str) -> None:
    run = {**result()["results"][0]["performance_run"], "throughput": throughput}
    [record] = converted(written(tmp_path, result(performance_run=run)))
    assert (primary(record).missing, record.status) == (missing, "incomplete")


@pytest.mark.parametrize(
    ("formatted", "normalized", "expected"),
    [
        ("82.14%", 0.8214, (0.8214, None, None)),
        ("82.14%", None, (0.8214, None, None)),
        ("82.14%", 0.91, (0.8214, None, ["source-disagrees"])),
        ("0.00%", 0.0, (None, "invalid-in-source", None)),
        ("-1.00%", -1.0, (None, "no-dataset", None)),
        ("N/A", -1.0, (None, "no-dataset", None)),
    ],
)
def test_accuracies(
    tmp_path: Path, formatted: str, normalized: float | None, expected: tuple[Any, ...]
) -> None:
    run = result()["results"][0]["accuracy_run"]
    run["accuracy"] = {"normalized": normalized, "formatted": formatted}
    [record] = converted(written(tmp_path, result(accuracy_run=run)))
    found = of(record, ACCURACY)
    assert (found.value, found.missing, found.caveats) == expected


def test_a_missed_target_is_an_error_of_the_source(tmp_path: Path) -> None:
    tree = shutil.copytree(FIXTURES / "app-4.1", tmp_path / "tree")
    path = tree / "closed/Toy_Works/results/Phone9/result.json"
    text = (
        path.read_text("utf-8")
        .replace("0.2741 mAP", "0.2601 mAP")
        .replace("0.2741282284259796", "0.2601282284259796")
    )
    path.write_text(text, "utf-8")
    convert(tree, mobile.NAME).write(tmp_path / "package")
    wrong = [f for f in validate(tmp_path / "package").findings if f.severity.value == "error"]
    assert [(f.code, f.message.partition(",")[0]) for f in wrong] == [
        ("BF702", "map 0.2601 is below the target 0.27075")
    ]


def test_llm_accuracy_of_newer_apps(tmp_path: Path) -> None:
    run = result()["results"][0]["accuracy_run"]
    run["accuracy"] = {"normalized": 0.62, "formatted": "Accuracy: 62.000000%"}
    [record] = converted(written(tmp_path, result(benchmark_id="llm", accuracy_run=run)))
    assert (record.task, of(record, ACCURACY).value) == ("text-generation", 0.62)


def test_strange_values_do_no_harm(tmp_path: Path) -> None:
    data = result()
    entry = data["results"][0]
    entry["backend_settings"] |= {
        "batch_size": "many",
        "extra_settings": {"id": 1},
        "accelerator_desc": None,
        "framework": 7,
    }
    entry["performance_run"]["loadgen"] = {
        "latency90": "NaN",
        "latency_mean": True,
        "query_count": -1,
        "is_result_valid": "yes",
    }
    entry["performance_run"]["measured_duration"] = "1e999"
    entry["accuracy_run"]["dataset"] = ["Imagenet"]
    data["environment_info"] = {"platform": "android", "value": [1]}
    data["build_info"] = {"version": 4, "big": 12345678901234567890123, "far": 1e300}
    data["meta"] = None
    [record] = converted(written(tmp_path, data))
    assert (record.status, record.status_detail) == (
        "incomplete",
        "nothing says whether the run is valid",
    )
    assert record.configuration is None or record.configuration.batch_size is None
    assert mine(record)["build_info"] == {
        "version": 4,
        "big": "12345678901234567890123",
        "far": "1e+300",
    }


def test_the_stricter_of_two_verdicts_counts(tmp_path: Path) -> None:
    tree = shutil.copytree(FIXTURES / "app-4.1", tmp_path / "tree")
    for log in (
        tree / "closed/Toy_Works/results/Phone9/image_classification_v2-performance"
    ).iterdir():
        log.write_text(
            log.read_text("utf-8").replace(": VALID", ": INVALID").replace('"VALID"', '"INVALID"'),
            "utf-8",
        )
    conversion = convert(tree, mobile.NAME)
    assert [r.status for r in conversion if r.benchmark.name == "image_classification_v2"] == [
        "invalid"
    ]
    assert "the result file says valid: true, the log INVALID" in {
        f.message for f in conversion.account.findings
    }


def test_a_broken_description_costs_no_result(tmp_path: Path) -> None:
    tree = shutil.copytree(FIXTURES / "app-4.1", tmp_path / "tree")
    (tree / "closed/Toy_Works/systems/Phone9.json").write_text("{ system: none }", "utf-8")
    said = told(tree)
    assert len(said["records"]) == 7
    assert [words for words in said["failed"] if "not JSON" in words]
    assert {record["system"]["name"] for record in said["records"][:5]} == {"ToyPhone ABC110"}


def test_json_of_others_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(
        '{"properties": {"benchmark_id": {"type": "string"}, "score": {}}}', "utf-8"
    )
    (tmp_path / "other.json").write_text('{"benchmark_id": "x"}', "utf-8")
    assert mobile.detect(Source(tmp_path)) is None


# --- the data of the suite ---


def test_the_words_of_the_data_are_terms_of_the_vocabulary() -> None:
    terms = vocabulary().terms
    for name in rules._data()["benchmarks"]:
        known = rules.benchmark(name)
        assert known
        assert known.task in terms("task")
        assert known.scenario in terms("scenario")
        assert known.model is None or known.model in terms("model")
        assert known.metric is None or known.metric in terms("metric")
        for word, precision in rules._data()["benchmarks"][name].get("ids", {}).items():
            assert rules.canonical(word) == name
            assert precision in terms("precision")
    for names, item in rules._datasets():
        assert names and item.name in terms("dataset")
    assert set(rules._data()["placement"]["names"].values()) <= set(terms("device-kind"))
    assert set(rules._data()["weights"]["sentences"].values()) <= set(terms("precision"))


def test_every_block_of_the_data_has_its_source() -> None:
    def blocks(data: Any) -> Iterator[dict[str, Any]]:
        for value in data.values() if isinstance(data, dict) else data:
            if isinstance(value, list):
                yield from value
            elif "source" in value:
                yield value
            else:
                yield from blocks(value)

    found = list(blocks(rules._data()))
    assert len(found) > 30
    assert all(block.get("source") for block in found)


def test_rounds() -> None:
    assert rules.ROUNDS == ("v2.1", "v3.0", "v3.1", "v4.0", "v5.0")
    # Mobile v5.0 ran with the seeds of Inference v4.1.
    seeds = mlperf_inference.seeds_of("v4.1")
    assert seeds["qsl_rng_seed"] == "3066443479025735752"
    assert rules.round_of(seeds) == "v5.0"
    assert (rules.round_of_app("4.1.0"), rules.round_of_app("3.0.0"), rules.round_of({})) == (
        "v5.0",
        None,
        None,
    )
    assert rules.target_min("object_detection", "v4.0") == ("0.27075", "1")
    assert rules.target_min("object_detection", "v2.1") is None
    assert rules.target_min("object_detection", None) is None
    assert rules.of_folder("deeplabV3+", "single-stream") == "image_segmentation"
