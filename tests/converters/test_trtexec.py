"""trtexec: the reader, and the converter on fixtures and on the real samples."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import Executor
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import SAMPLES as ALL_SAMPLES

from benchfmt.conversion import convert
from benchfmt.converters import trtexec as converter
from benchfmt.converters.base import Failed, Skipped, Source, Unit
from benchfmt.readers import jsons
from benchfmt.readers import trtexec as reader
from benchfmt.readers.files import file_sha256
from benchfmt.record import Measurement, Record
from benchfmt.suites import trtexec as rules
from benchfmt.testing import check_converter
from benchfmt.validation import validate

FIXTURES = Path(__file__).parents[1] / "fixtures" / "trtexec"
SAMPLES = ALL_SAMPLES / "trtexec"
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"the real samples are not here ({SAMPLES})"
)
Key = tuple[str, str, str, str, str]
RATE: Key = ("throughput", "mean", "whole-run", "query", "")
SAMPLE_RATE: Key = ("throughput", "mean", "whole-run", "sample", "")
STAGES = {
    "Latency": "inference", "End-to-End Host Latency": "request", "Enqueue Time": "enqueue",
    "H2D Latency": "transfer-in", "GPU Compute Time": "compute", "D2H Latency": "transfer-out",
}  # fmt: skip
NANOSECOND = Decimal("1e-9")

RESULT_01 = "cookbook_trt10.16_h100_result-01.log"
RESULT_03 = "cookbook_trt10.16_h100_result-03.log"
RESULT_04 = "cookbook_trt10.16_h100_result-04.log"
RESULT_05 = "cookbook_trt10.16_h100_result-05.log"
FP16 = "cookbook_trt8.4.1_gtx1070_result-FP16.log"
NANO = "jetson_nano_trt8.0.1_stored59067542034.log"
RESNET50 = "jetson_trt7_resnet50_excerpt_stored16989107738.log"
YOLOX = "yolox_trt7_zero_qps_excerpt_stored25960558771.log"
MODERN = (RESULT_01, RESULT_03, FP16, NANO)
SETS = {
    "trex_a100_resnet_fp32/resnet.onnx.engine": 200,
    "trex_rtx3090_resnet_fp16/resnet.onnx.engine": 200,
    "fuzzylabs_trt10_alexnet_fp16/alexnet_fp16": 5000,
}


@cache
def sampled() -> dict[str, Record]:
    """Every record of the samples by its primary file; the sets of the engine explorer by their folders."""
    found = {}
    for path in sorted(SAMPLES.iterdir()):
        if path.suffix != ".md":
            for record in convert(path, "trtexec"):
                found[path.name] = record
    return found


def of_set(name: str) -> Record:
    return sampled()[name.partition("/")[0]]


def by_key(record: Record) -> dict[Key, Measurement]:
    return {m.key: m for m in record.measurements or ()}


def read_folder(folder: Path, **options: str) -> list[Any]:
    items: list[Any] = []
    for unit in converter.plan(Source(folder), options):
        items += converter.read(unit) if isinstance(unit, Unit) else [unit]
    return items


def records(items: list[Any]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


# --- the real samples ---


@needs_samples
def test_there_is_one_record_for_each_log_set_and_lone_profile() -> None:
    assert len(sampled()) == len(list(convert(SAMPLES, "trtexec"))) == 12
    marks = sum(
        len(re.findall("^&&&& PASSED", p.read_text("utf-8"), re.MULTILINE))
        for p in SAMPLES.glob("*.log")
    )
    metadata = len(list(SAMPLES.rglob("*.profile.metadata.json")))
    assert len(sampled()) == marks + metadata + 1


@needs_samples
@pytest.mark.parametrize("name", MODERN)
def test_every_number_of_a_summary_is_there_with_its_characters(name: str) -> None:
    """An own, simpler reading of the log: lines of level I behind the header, split at commas."""
    record = sampled()[name]
    lines = (SAMPLES / name).read_text("utf-8").split("=== Performance summary ===")[1].splitlines()
    found = by_key(record)
    told = 0
    for line in (part.partition("] [I] ")[2] for part in lines):
        label, _, rest = line.partition(": ")
        for part in rest.split(", ") if label in STAGES else ():
            word, _, number = part.partition(" = ")
            name_of = re.sub(r"percentile\((.+)%\)", r"p\1", word)
            text = number.removesuffix(" ms")
            key: Key = ("latency", name_of, STAGES[label], "query", "")
            if name == RESULT_03 and STAGES[label] in ("inference", "transfer-in", "transfer-out"):
                # --noDataTransfers: nothing was copied, so there is no time of it, and none with it.
                assert key not in found or found[key].missing == "not-measured"
                continue
            assert found[key].reported_value == text
            assert found[key].value == float(Decimal(text).scaleb(-3))
            assert found[key].basis == "measured"
            told += 1
    latencies = [m for m in found.values() if m.metric == "latency" and m.value is not None]
    assert told == len(latencies) == {RESULT_01: 35, RESULT_03: 14, FP16: 25, NANO: 30}[name]


@needs_samples
@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        (RESULT_01, RATE, 15374.3), (RESULT_01, ("duration", "", "whole-run", "", ""), 3.00013),
        (RESULT_01, ("duration", "sum", "compute", "", ""), 1.6586), (RESULT_01, ("duration", "", "build", "", ""), 8.09138),
        (RESULT_01, ("duration", "", "load", "", ""), 0.00676279),
        (RESULT_01, ("coefficient-of-variation", "", "compute", "", ""), 0.0658751),
        (RESULT_03, RATE, 24896.9), (RESULT_03, SAMPLE_RATE, 99587.6),
        (RESULT_04, ("duration", "", "build", "", ""), 8.05109),
        (RESULT_05, ("duration", "sum", "compute", "", "run:profile"), 1.52913),
        (FP16, RATE, 6106.55), (FP16, SAMPLE_RATE, 24426.2), (FP16, ("duration", "", "build", "", ""), 3.05461),
        (NANO, RATE, 24.5583), (NANO, ("duration", "", "load", "", ""), 3.86437),
        (NANO, ("latency", "mean", "request", "query", ""), 0.0406771),
        (RESNET50, RATE, 18.0758), (RESNET50, ("duration", "", "whole-run", "", ""), 3.09807),
        (RESNET50, ("duration", "sum", "compute", "", ""), 3.09382),
        (YOLOX, RATE, 38 / 2.66215), (YOLOX, ("latency", "max", "enqueue", "query", ""), 0.174015),
    ],
)  # fmt: skip
def test_a_number_of_the_samples(name: str, key: Key, value: float) -> None:
    assert by_key(sampled()[name])[key].value == pytest.approx(value, rel=1e-12)


@needs_samples
@pytest.mark.parametrize(("name", "count"), [(RESNET50, 56), (YOLOX, 38)])
def test_every_number_of_a_block_of_tensorrt_7(name: str, count: int) -> None:
    """Three blocks, whose lines say a number for host and, in brackets, one with the waiting."""
    text, found = (SAMPLES / name).read_text("utf-8"), by_key(sampled()[name])
    block, told = "", 0
    stages = {"Host Latency": "inference", "Enqueue Time": "enqueue", "GPU Compute": "compute"}
    for line in (part.partition("] [I] ")[2] for part in text.splitlines()):
        block = line if line in stages else block
        numbers = re.findall(r"([0-9.]+) ms", line)
        word = line.partition(":")[0].replace("percentile", "p99")
        if block and numbers and word in ("min", "max", "mean", "median", "p99"):
            for stage, number in zip((stages[block], "request"), numbers, strict=False):
                item = found["latency", word, stage, "query", ""]
                assert (item.reported_value, item.value) == (
                    number,
                    float(Decimal(number).scaleb(-3)),
                )
                assert item.n == count
                told += 1
    assert told == 18 == sum(m.metric == "latency" for m in found.values())


@needs_samples
def test_what_the_logs_say_besides() -> None:
    said = {name: record.to_dict() for name, record in sampled().items()}
    assert [
        said[n]["software"].get("engine_version") for n in (RESULT_01, FP16, NANO, RESNET50)
    ] == [
        "10.16.1",
        "8.4.1",
        "8.0.1",
        None,
    ]
    assert [said[n]["provenance"]["measured_at"] for n in (RESULT_01, FP16)] == [
        "2026-07-07T02:10:45",
        "2022-08-17T07:50:58",
    ]
    assert said[RESULT_01]["system"]["accelerator"] == {
        "kind": "gpu", "name": "NVIDIA H100 PCIe", "count": 1, "memory_bytes": 81081 * 2**20,
    }  # fmt: skip
    assert said[FP16]["configuration"] | {"hyperparameters": {}} == {
        "precision": "mixed", "input_shape": [1, 28, 28], "batch_size": 4, "placement": ["gpu"], "hyperparameters": {},
    }  # fmt: skip
    assert said[RESULT_03]["configuration"]["hyperparameters"] == {
        "data_transfers": False, "cuda_graph": True, "spin_wait": True, "streams": 1, "iterations": 10, "duration_s": 3,
        "warm_up_ms": 200,
    }  # fmt: skip
    assert (
        said[NANO]["configuration"]["hyperparameters"] | {"iterations": 100, "warm_up_ms": 50}
        == said[NANO]["configuration"]["hyperparameters"]
    )
    # An engine that was loaded may hold any precision, whatever the switches say.
    assert "precision" not in said[NANO]["configuration"]
    assert said[NANO]["model"]["name"] == "best_deepstream.onnx_b1_gpu0_fp16.engine"
    assert said[YOLOX]["extensions"]["trtexec"]["reported_throughput"] == "0 qps"
    assert {
        name: record["status"] for name, record in said.items() if record["status"] != "ok"
    } == {}


@needs_samples
def test_caveats_of_the_samples() -> None:
    caveats = {
        name: {m.key: set(m.caveats or ()) for m in record.measurements or ()}
        for name, record in sampled().items()
    }
    assert caveats[RESULT_01]["latency", "mean", "compute", "query", ""] == {"unstable"}
    assert caveats[RESULT_01]["latency", "mean", "inference", "query", ""] == set()
    # In TensorRT 8.0 --exportProfile keeps the profiler on while the times are taken.
    assert caveats[NANO]["latency", "mean", "compute", "query", ""] == {"profiled"}
    assert caveats[NANO]["latency", "mean", "request", "query", ""] == {
        "profiled",
        "overlapping-requests",
    }
    assert caveats[FP16]["latency", "mean", "compute", "query", ""] == set()


@needs_samples
@pytest.mark.parametrize("name", [RESULT_04, RESULT_05])
def test_a_run_without_a_summary_has_no_time_of_a_query(name: str) -> None:
    found = by_key(sampled()[name])
    assert not [m for m in found.values() if m.metric == "latency"]
    assert found[RATE].missing == {RESULT_04: "not-measured", RESULT_05: "not-reported"}[name]


@needs_samples
@pytest.mark.parametrize("name", SETS)
def test_exported_times_and_summary_agree_to_a_ten_thousandth(name: str) -> None:
    record = of_set(name)
    data = jsons.read(SAMPLES / f"{name}.timing.json", digits=True)
    told = json.loads((SAMPLES / f"{name}.profile.metadata.json").read_text("utf-8"))[
        "performance_summary"
    ]
    kept = [item for item in data if float(item["startComputeMs"]) >= SETS[name]]
    found = by_key(record)
    names = (
        "min",
        "max",
        "mean",
        "median",
        *(("p99",) if len(told["Latency"]) == 5 else ("p90", "p95", "p99")),
    )
    for word, number in zip(names, told["GPU Compute Time"], strict=True):
        item = found["latency", word, "compute", "query", ""]
        assert item.value == pytest.approx(number / 1000, rel=1e-4)
        assert item.n == len(kept)
        assert item.source_path == f"{name.rpartition('/')[2]}.timing.json"
        assert "source-disagrees" not in (item.caveats or ())
    wall = float(kept[-1]["endD2hMs"]) - float(kept[0]["startH2dMs"])
    assert (
        found[RATE].value
        == pytest.approx(len(kept) / wall * 1000, rel=1e-4)
        == pytest.approx(told["Throughput"], rel=1e-4)
    )
    mean = found["latency", "mean", "compute", "query", ""]
    assert mean.samples == [float(Decimal(item["computeMs"]).scaleb(-3)) for item in kept]
    assert (
        found["latency", "mean", "inference", "query", ""].missing == "not-measured"
    )  # no data was copied


@needs_samples
def test_warm_up_is_in_old_exports_and_not_in_new_ones() -> None:
    counts = {}
    for name, warm_up in SETS.items():
        times = reader.times(jsons.read(SAMPLES / f"{name}.timing.json", digits=True))
        counts[name] = (len(times) > len(times.after(warm_up)), len(times.after(warm_up)))
    assert list(counts.values()) == [(True, 1500), (True, 747), (False, 6039)]


@needs_samples
def test_profiles_of_layers_are_no_latency() -> None:
    lone = sampled()["farabimahmud_detr-profile.json"]
    [item] = lone.measurements or ()
    layers = json.loads(
        (SAMPLES / "farabimahmud_detr-profile.json").read_text("utf-8"), parse_float=Decimal
    )[1:]
    assert item.key == ("duration", "sum", "compute", "", "run:profile")
    assert item.caveats == ["profiled"]
    assert item.n == 641
    assert item.value == float(
        sum((Fraction(layer["timeMs"]) for layer in layers), Fraction(0)) / 1000
    )
    kept = (lone.extensions or {})["trtexec"]["profile"]["layers"]
    assert [layer["name"] for layer in kept] == [layer["name"] for layer in layers]
    assert sum(layer["timeMs"] == 0 for layer in kept) > 100
    told = (of_set("fuzzylabs_trt10_alexnet_fp16/alexnet_fp16").extensions or {})["trtexec"][
        "layer_info"
    ]
    assert told["layers"] == sum(told["types"].values())


@needs_samples
def test_the_samples_make_a_package_without_a_fault_and_every_file_has_its_place(
    tmp_path: Path,
) -> None:
    conversion = convert(SAMPLES)
    account = conversion.write(tmp_path / "package")
    report = validate(tmp_path / "package")
    assert report.ok
    # One log is said to be unstable, and some percentiles rest on few observations.
    assert {finding.code for finding in report.findings} <= {"BF212", "BF316"}
    assert account.findings == []
    told = account.to_dict()
    assert told["files"] == {"seen": 24, "primary": 12, "supporting": 11, "skipped": 1, "failed": 0}
    assert {entry["path"] for entry in told["entries"] if entry["role"] == "skipped"} == {
        "SOURCES.md"
    }


@needs_samples
def test_no_other_family_is_claimed() -> None:
    for folder in sorted(ALL_SAMPLES.iterdir()):
        if folder.is_dir() and folder.name != "trtexec":
            assert converter.detect(Source(folder)) is None, folder.name


# --- the fixtures ---


def test_keeps_what_the_interface_promises(two_processes: Executor) -> None:
    check_converter(
        "trtexec",
        [FIXTURES, FIXTURES / "pair", FIXTURES / "pair" / "harbour.log"],
        executor=two_processes,
    )


def test_the_fixtures_give_these_records(golden: Callable[[str, Any], None]) -> None:
    found = [record.to_dict() for record in records(read_folder(FIXTURES))]
    golden("trtexec", found)


def test_log_and_exports_of_one_run_are_one_record() -> None:
    items = read_folder(FIXTURES / "pair")
    [record] = records(items)
    assert [i for i in items if not isinstance(i, Record)] == [
        Skipped(
            FIXTURES / "pair" / "output.json",
            "tensors that the run computed (--exportOutput), not measurements",
        )
    ]
    assert record.provenance is not None
    assert [s.path for s in record.provenance.sources or ()] == [
        "harbour.log",
        "layers.json",
        "profile.json",
        "times.json",
    ]
    extra = (record.extensions or {})["trtexec"]
    assert extra["layer_info"] == {
        "layers": 2,
        "types": {"CaskConvolution": 1, "gemm": 1},
        "weights": {"Float": 1280, "Half": 864},
    }
    assert (
        extra["profile"]["layers"][0]["name"] == 'Conv_0 + Relu_1 "quoted" \\ end'
    )  # trtexec does not escape names


def test_commands_without_any_output_are_no_runs() -> None:
    assert reader.runs("trtexec --onnx=a.onnx\ntrtexec --onnx=b.onnx") == []


def test_statistics_of_exported_times_are_trtexec_s_own() -> None:
    """sampleReporting.cpp: sorted[n - 1 - int((1 - p / 100) * n)] in single precision, no interpolation."""
    # At 100 queries (1 - 0.99) * 100 is a little less than 1 in single precision, so the p99 is the greatest.
    ranks = {1: 0, 50: 49, 99: 98, 100: 99, 101: 99, 200: 198, 46125: 45663}
    assert {n: reader.percentile_rank(n, "99") for n in ranks} == ranks
    # trtexec refuses such a level, a damaged log may have one.
    assert reader.percentile_rank(10, "959") == 9
    assert reader.statistic(["1.5", "2", "2.25", "10"], "median") == (Fraction(17, 8), None)
    assert reader.statistic(["1.5", "2", "2.25"], "median") == (Fraction(2), "2")
    assert reader.statistic(["0.1", "0.2", "0.3"], "mean") == (Fraction(1, 5), None)
    assert reader.statistic(["0.1", "0.2", "0.3"], "max") == (Fraction(3, 10), "0.3")


@pytest.mark.parametrize(
    ("tag", "version"),
    [("7103", "7.1.3"), ("8001", "8.0.1"), ("8401", "8.4.1"), ("8601", "8.6.1"), ("100200", "10.2.0"), ("101601", "10.16.1"),
     ("110000", "11.0.0"), ("8.6.1", "8.6.1"), ("", None), ("x", None), ("12", None)],
)  # fmt: skip
def test_versions(tag: str, version: str | None) -> None:
    assert rules.decoded(tag) == version


def test_defaults_turned_around_in_tensorrt_11() -> None:
    ten, eleven = rules.defaults("10.16.1"), rules.defaults("11.0.0")
    assert (ten.data_transfers, ten.cuda_graph, ten.spin_wait) == (True, False, False)
    assert (eleven.data_transfers, eleven.cuda_graph, eleven.spin_wait) == (False, True, True)
    assert rules.defaults("8.4.1").percentiles == rules.defaults(None).percentiles == ("99",)
    assert rules.defaults("8.6.1").percentiles == ("90", "95", "99")


def test_queries_of_an_implicit_batch_are_samples() -> None:
    [record] = records(read_folder(FIXTURES / "implicit-8.0.log"))
    found = by_key(record)
    primary = next(m for m in record.measurements or () if m.primary)
    assert primary.key == SAMPLE_RATE
    assert primary.basis == "measured"
    assert found[RATE].basis == "derived"
    assert found[RATE].value == pytest.approx((found[SAMPLE_RATE].value or 0) / 8)
    assert found["latency", "mean", "compute", "query", ""].n == 12  # 96 "queries" of a batch of 8
    assert found["latency", "mean", "compute", "query", ""].caveats == [
        "overlapping-requests"
    ]  # two streams
    assert record.configuration is not None
    assert record.configuration.placement == ["dla", "gpu"]
    assert record.configuration.batch_size == 8
    assert (record.extensions or {})["trtexec"]["calibration"] == "net.cache"


def test_runs_of_one_file_are_told_apart() -> None:
    first, second, third = records(read_folder(FIXTURES / "three-runs-7.log"))
    assert [r.provenance.sources[0].locator for r in (first, second, third)] == [
        "run=1",
        "run=2",
        "run=3",
    ]  # type: ignore[union-attr,index]
    assert (second.status, second.status_detail) == (
        "failed",
        "[E] Parsing model failed: no such file\n&&&& FAILED TensorRT.trtexec",
    )
    assert by_key(second)[RATE].missing == "run-failed"
    # Only the third run named the export, and its log counts 0 queries.
    assert [len(r.provenance.sources or ()) for r in (first, second, third)] == [1, 1, 2]  # type: ignore[union-attr]
    assert by_key(third)[RATE].basis == "derived"
    assert by_key(third)["latency", "max", "compute", "query", ""].n == 11
    assert by_key(first)["latency", "max", "compute", "query", ""].caveats == [
        "warm-up-included"
    ]  # --warmUp=0


def test_a_log_that_ends_early_is_incomplete_and_a_damaged_line_is_told() -> None:
    [cut] = records(read_folder(FIXTURES / "cut-8.6.log"))
    assert cut.status == "incomplete"
    items = read_folder(FIXTURES / "damaged-8.6.log")
    [record] = records(items)
    assert by_key(record)["latency", "p90", "compute", "query", ""].missing == "invalid-in-source"
    assert [
        (i.code, i.message.partition(" says")[0]) for i in items if not isinstance(i, Record)
    ] == [("BF103", "line 3")]


def test_times_alone_give_what_they_can(tmp_path: Path) -> None:
    text = (FIXTURES / "seven.json").read_text("utf-8")
    (tmp_path / "times.json").write_text(text)
    [item] = read_folder(tmp_path)
    assert isinstance(item, Failed)  # all 16 queries began within the usual warm-up of 200 ms
    assert "no query began after the warm-up of 200 ms" in item.error
    [record] = records(read_folder(tmp_path, warm_up_ms="10"))
    assert by_key(record)["latency", "max", "compute", "query", ""].n == 11
    assert by_key(record)[RATE].basis == "derived"
    assert ("latency", "p99", "compute", "query", "") not in by_key(
        record
    )  # of 11 queries it would be the greatest


# --- exports that do not belong, and bad input ---


def pair(folder: Path) -> Path:
    for path in (FIXTURES / "pair").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_times_of_another_run_are_not_taken(tmp_path: Path) -> None:
    times = pair(tmp_path) / "times.json"
    lines = times.read_text("utf-8").splitlines()
    times.write_text("\n".join([*lines[:-3], "]"]))
    items = read_folder(tmp_path)
    [record] = records(items)
    assert (
        by_key(record)["latency", "mean", "compute", "query", ""].basis == "measured"
    )  # the log's own
    assert by_key(record)["latency", "mean", "compute", "query", ""].source_path is None
    [finding] = [i for i in items if not isinstance(i, Record | Skipped)]
    assert finding.code == "BF405"
    assert "holds 23 queries after the warm-up, the log counts 25" in finding.message


def test_a_disagreement_of_log_and_times_is_told(tmp_path: Path) -> None:
    log = pair(tmp_path) / "harbour.log"
    log.write_text(
        log.read_text("utf-8").replace(
            "GPU Compute Time: min = 1.90042", "GPU Compute Time: min = 1.90142"
        )
    )
    items = read_folder(tmp_path)
    [record] = records(items)
    item = by_key(record)["latency", "min", "compute", "query", ""]
    assert (item.reported_value, set(item.caveats or ())) == (
        "1.90042",
        {"unstable", "source-disagrees"},
    )
    [finding] = [i for i in items if not isinstance(i, Record | Skipped)]
    assert (
        finding.message
        == "GPU Compute Time, min, is 1.90142 in the log and 1.90042 by the exported times"
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("times.json", b'[\n  { "startEnqMs" : 1, "startComp', "not JSON"),
        ("times.json", b"[\n]\n", "no query in the exported times"),
        ("times.json", b'[{"startEnqMs": 1}]', "no latencyMs and computeMs"),
        ("times.json", b'[{"startComputeMs": NaN, "computeMs": 1, "latencyMs": 1}]', "NaN is not JSON"),
        ("times.json", b'[{"startComputeMs": "1", "computeMs": 1, "latencyMs": 1, "endD2hMs": 1, "startH2dMs": 1}]', "query 0 has no number"),
        ("times.json", b"[" * 100_000, "nested too deep"),
        ("profile.json", b"{}", "no count of iterations"),
        ("profile.json", b"\xff\xfe\x00", "neither JSON nor the lines of a profile"),
        ("layers.json", b'{"Layers": 3}', "no list of Layers"),
    ],
)  # fmt: skip
def test_an_export_that_cannot_be_read_is_a_failure_and_the_log_still_counts(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (pair(tmp_path) / name).write_bytes(content)
    items = read_folder(tmp_path)
    assert len(records(items)) == 1
    [failed] = [item for item in items if isinstance(item, Failed)]
    assert failed.path.name == name
    assert words in failed.error


def test_a_log_cut_anywhere_gives_a_record_or_a_reason(tmp_path: Path) -> None:
    data = (FIXTURES / "pair" / "harbour.log").read_bytes()
    path = tmp_path / "harbour.log"
    for size in range(0, len(data), 37):
        path.write_bytes(data[:size])
        unit = Unit(path, extra=("log", ()))
        for item in converter.read(unit):
            assert isinstance(item, Record | Failed) or item.code.startswith("BF")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "data", [b"", b"\0\1\2" * 100, b"&&&& RUNNING", b"[I] Throughput: many qps", b"{" * 5000]
)
def test_what_is_no_log_is_not_claimed(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.log").write_bytes(data)
    (tmp_path / "a.json").write_bytes(data)
    assert converter.detect(Source(tmp_path)) is None


@pytest.mark.parametrize("number", ["1e9999", "1e400", "9" * 5000, "-1", "0x10", "1e999999999"])
@pytest.mark.parametrize(
    "label",
    [
        "Throughput: 457.364",
        "mean = 2.01361",
        "Total GPU Compute Time: 0.0503402",
        "has 25",
        "Batch: Explicit",
    ],
)
def test_a_hostile_number_in_a_log_stops_nothing(tmp_path: Path, label: str, number: str) -> None:
    log = pair(tmp_path) / "harbour.log"
    text = log.read_text("utf-8")
    assert label in text
    log.write_text(text.replace(label, f"{label.rpartition(' ')[0]} {number}"))
    items = read_folder(tmp_path)
    assert [
        item
        for item in items
        if isinstance(item, Record) or (isinstance(item, Failed) and item.path == log)
    ]


@pytest.mark.parametrize("number", ["1e999999999", "1e400", "9" * 5000, "-1", "1e-999999999"])
def test_a_hostile_number_in_exported_times_stops_nothing(tmp_path: Path, number: str) -> None:
    times = pair(tmp_path) / "times.json"
    times.write_text(
        re.sub(
            '"computeMs" : [0-9.]+', f'"computeMs" : {number}', times.read_text("utf-8"), count=3
        )
    )
    items = read_folder(tmp_path)
    assert len(records(items)) == 1
    assert len(items) > 1  # told as a failure, or as a disagreement


def test_a_log_without_a_run_beside_an_export_is_one_failure(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text("&&&& RUNNING TensorRT.trtexec # \n", "utf-8")
    (tmp_path / "run_times.json").write_bytes((FIXTURES / "pair" / "times.json").read_bytes())
    failed = [item for item in read_folder(tmp_path) if isinstance(item, Failed)]
    assert [item.error for item in failed] == [
        "there is no run of trtexec in it: no command, no options, and no line of a performance summary"
    ]


def test_prose_about_trtexec_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(
        "A run ends with\n&&&& PASSED TensorRT.trtexec [TensorRT v8601] # trtexec\n"
    )
    (tmp_path / "b.txt").write_text("we saw `&&&& PASSED TensorRT.trtexec` in it")
    assert converter.detect(Source(tmp_path)) is None


def test_other_consoles(tmp_path: Path) -> None:
    """PowerShell writes UTF-16, a prefix of another program and colours may stand before a line."""
    text = (FIXTURES / "eleven.log").read_text("utf-8")
    (tmp_path / "power.log").write_bytes(text.replace("\n", "\r\n").encode("utf-16"))
    (tmp_path / "prefix.log").write_text(
        "".join(
            f"\x1b[32m[INFO] \x1b[0m{line}\n" for line in text.splitlines() if "&&&&" not in line
        )
    )
    first, second = records(read_folder(tmp_path))
    assert by_key(first) == by_key(second) | {
        key: item.model_copy(update={"caveats": ["errors-logged"]})
        for key, item in by_key(second).items()
        if item.metric == "throughput"
    }


def test_a_large_log_with_a_marker_only_at_its_end_is_found(tmp_path: Path) -> None:
    filler = "some build system says something\n" * 5000
    (tmp_path / "ci.log").write_text(filler + (FIXTURES / "eleven.log").read_text("utf-8"))
    assert converter.detect(Source(tmp_path)) is not None


def test_a_log_of_many_runs_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []

    def counted(path: Path) -> str:
        hashed.append(path.name)
        return file_sha256(path)

    monkeypatch.setattr(converter, "file_sha256", counted)
    one = (FIXTURES / "implicit-8.0.log").read_bytes()
    (tmp_path / "a.log").write_bytes(one * 20)
    units = list(converter.plan(Source(tmp_path / "a.log"), {}))
    records = [item for item in converter.read(units[0]) if isinstance(item, Record)]
    assert len(records) == 20
    assert hashed == ["a.log"]
