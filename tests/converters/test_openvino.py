"""OpenVINO benchmark_app: the fixtures, the real samples, and bad input."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import Executor
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import SAMPLES as ALL_SAMPLES

from benchfmt.conversion import convert
from benchfmt.converters import openvino as converter
from benchfmt.converters.base import Failed, Skipped, Source, Unit
from benchfmt.record import Measurement, Record
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "openvino"
SAMPLES = ALL_SAMPLES / "ort"
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"the real samples are not here ({SAMPLES})"
)
Key = tuple[str, str, str, str, str]
RATE: Key = ("throughput", "mean", "whole-run", "sample", "")

LATENCY = "local_openvino2026.4.1_stdout_latency.txt"
SYNC = "local_openvino2026.4.1_stdout_sync.txt"
REPORTS = {
    LATENCY: "local_openvino2026.4.1_benchmark_report_latency.json", SYNC: "local_openvino2026.4.1_benchmark_report_sync.csv",
}  # fmt: skip
OLD = "openvino2021.2_stdout_excerpt_issue5601.txt"
ASYNC = "openvino_async_cpu_stdout_excerpt_stored11698170815.txt"
GPU = "openvino_gpu_sync_stdout_excerpt_stored69478857247.txt"
LINES: dict[str, tuple[Key, int]] = {
    "Read model took": (("duration", "", "load", "", ""), -3),
    "Compile model took": (("duration", "", "build", "", ""), -3),
    "First inference took": (("duration", "", "first-run", "", ""), -3),
    "Duration": (("duration", "", "whole-run", "", ""), -3),
    "Throughput": (RATE, 0),
    "Median": (("latency", "median", "inference", "query", ""), -3),
    "Latency": (("latency", "median", "inference", "query", ""), -3),
    "Average": (("latency", "mean", "inference", "query", ""), -3),
    "Min": (("latency", "min", "inference", "query", ""), -3),
    "Max": (("latency", "max", "inference", "query", ""), -3),
}


@cache
def sampled() -> dict[str, Record]:
    found = {}
    for record in convert(SAMPLES, "openvino-benchmark-app"):
        assert record.provenance is not None
        found[(record.provenance.sources or ())[0].path] = record
    return found


def by_key(record: Record) -> dict[Key, Measurement]:
    return {m.key: m for m in record.measurements or ()}


def read(path: Path, **options: str) -> list[Any]:
    items: list[Any] = []
    for unit in converter.plan(Source(path), options):
        items += converter.read(unit) if isinstance(unit, Unit) else [unit]
    return items


@needs_samples
@pytest.mark.parametrize("name", [LATENCY, SYNC, OLD, ASYNC, GPU])
def test_every_line_of_an_output_is_there_with_its_characters(name: str) -> None:
    found, seen = by_key(sampled()[name]), set()
    text = (SAMPLES / name).read_text("utf-8")
    stage = "request" if name in (ASYNC, OLD) else "inference"
    for line in text.splitlines():
        match = re.match(
            r"(?:\[ INFO \])?\s*([A-Z][A-Za-z ]*?)(?::\s+| )([0-9.]+) (?:ms|FPS)", line
        )
        if match and match[1] in LINES:
            key, power = LINES[match[1]]
            key = tuple(stage if part == "inference" else part for part in key)  # type: ignore[assignment]
            assert found[key].reported_value == match[2]
            assert found[key].value == float(Decimal(match[2]).scaleb(power))
            seen.add(key)
    assert seen == set(found)
    count = int(re.search(r"Count: +([0-9]+) iterations", text)[1])  # type: ignore[index]
    assert {m.n for m in found.values() if m.metric == "latency"} == {count}


@needs_samples
@pytest.mark.parametrize("name", REPORTS)
def test_an_output_and_its_report_are_one_record_and_say_the_same(name: str) -> None:
    record = sampled()[name]
    assert record.provenance is not None
    assert [s.path for s in record.provenance.sources or ()] == [name, REPORTS[name]]
    [alone] = read(SAMPLES / REPORTS[name])
    assert {key: (m.value, m.n) for key, m in by_key(alone).items()} == {
        key: (m.value, m.n) for key, m in by_key(record).items()
    }


@needs_samples
def test_every_number_of_a_report() -> None:
    [record] = read(SAMPLES / REPORTS[LATENCY])
    told = json.loads((SAMPLES / REPORTS[LATENCY]).read_text("utf-8"))["execution_results"]
    found = by_key(record)
    keys = {
        "read model time (ms)": ("duration", "", "load", "", ""), "compile model time (ms)": ("duration", "", "build", "", ""),
        "first inference time (ms)": ("duration", "", "first-run", "", ""),
        "total execution time (ms)": ("duration", "", "whole-run", "", ""), "throughput": RATE,
        "latency (ms)": LINES["Median"][0], "avg latency": LINES["Average"][0], "min latency": LINES["Min"][0],
        "max latency": LINES["Max"][0],
    }  # fmt: skip
    assert {name: found[key].reported_value for name, key in keys.items()} == {
        name: told[name] for name in keys
    }
    assert set(found) == set(keys.values())
    assert set(told) == {*keys, "total number of iterations"}


@needs_samples
def test_what_the_samples_say_besides() -> None:
    latency, sync, gpu, several = (
        sampled()[name].to_dict() for name in (LATENCY, SYNC, GPU, ASYNC)
    )
    assert latency["software"] == {"engine": "openvino", "engine_version": "2026.4.1"}
    assert sync["configuration"] == {
        "input_shape": [3, 224, 224], "batch_size": 1, "threads": 2, "placement": ["cpu"],
        "hyperparameters": {"api": "sync", "hint": "latency", "requests": 1, "streams": 1},
    }  # fmt: skip
    # Neither `UNSPECIFIED` nor the hint is the precision of the layers.
    assert sync["extensions"]["openvino-benchmark-app"]["reported_precision"] == "UNSPECIFIED"
    assert sync["extensions"]["openvino-benchmark-app"]["inputs"] == {
        "input": "u8 [N,C,H,W] 1x3x224x224"
    }
    assert (sync["benchmark"]["scenario"], several["benchmark"]["scenario"]) == (
        "single-stream",
        "closed-loop",
    )
    assert gpu["configuration"]["placement"] == ["gpu"]
    # detailed_counters slows the run; no_counters does not.
    assert by_key(sampled()[LATENCY])[RATE].caveats == ["profiled"]
    assert by_key(sampled()[SYNC])[RATE].caveats is None


@needs_samples
def test_requests_in_flight_make_a_latency_of_another_stage() -> None:
    found = by_key(sampled()[ASYNC])
    median = found["latency", "median", "request", "query", ""]
    assert median.caveats == ["overlapping-requests"]
    assert (median.value or 0) * (found[RATE].value or 0) == pytest.approx(
        6, rel=0.01
    )  # six requests, not one
    # 181728 medians of 1.25 ms are 227 s within a run of 60 s.
    old = by_key(sampled()[OLD])["latency", "median", "request", "query", ""]
    assert old.caveats == ["overlapping-requests", "definition-inferred"]


def test_microseconds_percentiles_and_a_number_that_was_rounded_away() -> None:
    [record] = read(FIXTURES / "python-async.txt")
    found = by_key(record)
    p99 = found["latency", "p99", "request", "query", ""]
    assert (p99.value, p99.reported_value, p99.reported_unit) == (0.0047505, "4750.50", "us")
    assert found["latency", "min", "request", "query", ""].missing == "below-resolution"
    assert record.configuration.to_dict()["input_shape"] == [64, 64, 3]
    assert record.configuration.batch_size == 8


def test_the_report_of_the_c_plus_plus_tool_names_its_percentile_apart() -> None:
    [record] = read(FIXTURES / "cpp_report.json")
    found = by_key(record)
    assert found["latency", "p90", "inference", "query", ""].reported_value == "2.625"
    assert ("latency", "median", "inference", "query", "") not in found
    assert found[RATE].value == 799.6


def test_a_failed_run_is_a_failed_record() -> None:
    [record] = read(FIXTURES / "failed.txt")
    assert (record.status, record.status_detail) == (
        "failed",
        "Unable to read the model: nothing.xml",
    )


def test_counters_of_layers_are_skipped() -> None:
    skipped = [item for item in read(FIXTURES) if isinstance(item, Skipped)]
    assert [item.path.name for item in skipped] == ["benchmark_average_counters_report.csv"]


def test_runs_of_one_output_are_told_apart(tmp_path: Path) -> None:
    text = (FIXTURES / "python-async.txt").read_text("utf-8") + (FIXTURES / "failed.txt").read_text(
        "utf-8"
    )
    (tmp_path / "all.log").write_text(text)
    assert [(r.status, r.provenance.sources[0].locator) for r in read(tmp_path)] == [
        ("ok", "run=1"),
        ("failed", "run=2"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("r.json", '{"execution_results": {}, "configuration_setup": {}}', "no execution results"),
        ("r.json", '{"execution_results": ', "not JSON"),
        ("r.json", '{"execution_results": ' + "[" * 100_000, "nested too deep"),
        ("r.csv", "Configuration setup\ntarget device;CPU\n", "no execution results"),
    ],
)
def test_a_report_that_cannot_be_read_is_a_failure(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    [item] = read(tmp_path)
    assert isinstance(item, Failed)
    assert words in item.error


def test_an_output_cut_anywhere_gives_a_record_or_nothing(tmp_path: Path) -> None:
    data = (FIXTURES / "python-async.txt").read_bytes()
    path = tmp_path / "a.txt"
    for size in range(0, len(data), 23):
        path.write_bytes(data[:size])
        for item in converter.read(Unit(path, extra="log")):
            if isinstance(item, Record):
                assert item.status == ("ok" if by_key(item).get(RATE) else "incomplete")
            else:
                assert isinstance(item, Failed)  # nothing of the run stands in it yet
                assert size < 200


@pytest.mark.parametrize("step", ["[Step 0/11]", "[Step 02/11]", "[Step 12/11]", "[Step 99/99]"])
def test_a_step_that_the_tool_does_not_have_is_no_fault_of_the_program(
    step: str, tmp_path: Path
) -> None:
    text = (FIXTURES / "python-async.txt").read_text("utf-8")
    path = tmp_path / "a.txt"
    path.write_text(f"{step} Loading OpenVINO\n{text}")
    [record] = [item for item in read(tmp_path) if isinstance(item, Record)]
    assert by_key(record)[RATE].value is not None


@pytest.mark.parametrize(
    "text", ["", "Throughput: 3 FPS", "Count: 3 iterations", "{}", "Latency: 3 ms"]
)
def test_what_is_no_output_is_not_claimed(tmp_path: Path, text: str) -> None:
    for name in ("a.txt", "a.json", "a.csv"):
        (tmp_path / name).write_text(text)
    assert converter.detect(Source(tmp_path)) is None


def test_keeps_what_the_interface_promises(two_processes: Executor) -> None:
    check_converter(
        "openvino-benchmark-app",
        [FIXTURES, FIXTURES / "python-async.txt", FIXTURES / "cpp_report.json"],
        executor=two_processes,
    )


def test_the_fixtures_give_these_records(golden: Callable[[str, Any], None]) -> None:
    golden("openvino", [record.to_dict() for record in convert(FIXTURES)])


@needs_samples
def test_no_other_family_is_claimed() -> None:
    for folder in sorted(ALL_SAMPLES.iterdir()):
        if folder.is_dir() and folder.name != "ort":
            assert converter.detect(Source(folder)) is None, folder.name
