"""The profiler from end to end: records from fresh processes, honest where something is missing, disturbed or not as asked."""

from __future__ import annotations

import json
import math
import os
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from tests.forms import taking_turns
from tests.onnx_models import dense, model, saved, value
from tests.profiler import steps
from tests.profiler.noise import findings_but_noise
from tests.profiler.steps import (
    broken,
    first_output,
    nothing_useful,
    scores,
    slow_input,
    words,
)

import benchfmt
from benchfmt import (
    BenchfmtError,
    Measurement,
    Profile,
    Record,
    open_package,
    profile,
    profiled,
)
from benchfmt.profiler import callables, environment, judging, quality, telling
from benchfmt.profiler.job import QUICK, SUITE, Protocol
from benchfmt.readers import loadgen
from benchfmt.readers.files import file_sha256

EXAMPLE = Path(__file__).parents[2] / "examples" / "profile"
STEPS = Path(steps.__file__).resolve()
FAST = Protocol(2, 2, 0.2, 20, 10, 0.05, 0.3, 0.05, 300.0, 20.0)
ONE = replace(FAST, processes=1, most_processes=1)
"""For what one process shows as well as two: most of the time goes into their start."""
ABOUT = {
    "task": "image-classification",
    "submitter": "test",
    "license": "CC0-1.0",
    "system": {"name": "a machine"},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("profiled")
    saved(dense(), folder / "dense.onnx")
    np.savez(folder / "items.npz", x=np.random.default_rng(0).random((30, 16), np.float32))
    return folder


@pytest.fixture(scope="module")
def staged(place: Path) -> Iterator[Profile]:
    with profile(
        place / "dense.onnx", inputs=words, preprocess=slow_input, postprocess=first_output, evaluate=scores,
        protocol=FAST, threads=1, harness="own", about=ABOUT,
    ) as found:  # fmt: skip
        yield found


def numbers(record: Record) -> dict[tuple[str, str, str, str, str], Measurement]:
    return {item.key: item for item in record.measurements or ()}


def said(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = (record.extensions or {})[SUITE]
    return found


def test_each_process_is_a_record_and_the_summary_is_derived(staged: Profile) -> None:
    *processes, summary = staged.records
    assert len(processes) == 2
    assert len({record.id for record in staged.records}) == 3
    assert len({record.provenance.execution for record in staged.records if record.provenance}) == 1
    key = ("latency", "median", "inference", "sample", "")
    values = [numbers(record)[key].value for record in processes]
    total = numbers(summary)[key]
    assert total.samples == values
    assert (total.n, total.basis, total.primary) == (2, "derived", True)
    assert total.value == pytest.approx(sum(v for v in values if v is not None) / 2)
    assert all(numbers(record)[key].basis == "measured" for record in processes)


def test_raw_files_are_the_sources(staged: Profile) -> None:
    for record in staged.records:
        assert record.provenance is not None
        for source in record.provenance.sources or ():
            assert file_sha256(staged.folder / source.path) == source.sha256


def test_the_package_is_a_submission(staged: Profile, tmp_path: Path) -> None:
    staged.write(tmp_path / "package", extra={"licenses": [{"name": "CC0-1.0"}]})
    assert findings_but_noise(tmp_path / "package") == []
    assert (tmp_path / "package-runs" / "run-1.json").is_file()
    with open_package(tmp_path / "package") as package:
        assert [r.id for r in package.records()] == [r.id for r in staged.records]


def test_stages_are_kept_apart_and_the_whole_is_measured(staged: Profile) -> None:
    for record in staged.records:
        found = numbers(record)
        before = found["latency", "median", "preprocess", "sample", ""].value
        assert before is not None
        assert before >= 0.002
        parts = [
            found["latency", "mean", s, "sample", ""].value
            for s in ("preprocess", "inference", "postprocess")
        ]
        whole = found["latency", "mean", "end-to-end", "sample", ""].value
        assert sum(p for p in parts if p is not None) == pytest.approx(whole)
    data = json.loads((staged.folder / "run-1.json").read_text())["observed"]
    sums = [
        sum(parts)
        for parts in zip(data["preprocess"], data["inference"], data["postprocess"], strict=True)
    ]
    measured = numbers(staged.records[0])["latency", "p90", "end-to-end", "sample", ""].value
    assert measured == sorted(sums)[-(-len(sums) * 9 // 10) - 1] / 1e9


def test_quality_is_the_users_and_names_its_data(staged: Profile) -> None:
    summary = staged.summary
    found = numbers(summary)["accuracy", "pooled", "", "", ""]
    assert found.n == 12
    assert found.value is not None
    assert 0 <= found.value <= 1
    assert summary.dataset is not None
    assert (summary.dataset.name, summary.dataset.split, summary.dataset.samples) == (
        "mine",
        "test",
        12,
    )
    assert ("accuracy", "pooled", "", "", "") not in numbers(staged.records[0])


def test_every_lpdnn_metric_is_there_or_says_why_not(staged: Profile) -> None:
    record = staged.summary
    found = numbers(record)
    assert record.model is not None
    assert (record.model.parameters, record.model.flop) == (68, 128)
    assert record.model.size_bytes
    assert record.configuration is not None
    assert (
        record.configuration.precision,
        record.configuration.input_shape,
        record.configuration.placement,
    ) == (
        "fp32",
        [16],
        ["cpu"],
    )
    asked = {
        ("latency", "mean", "preprocess", "sample", ""), ("latency", "mean", "inference", "sample", ""),
        ("latency", "mean", "postprocess", "sample", ""), ("latency", "mean", "end-to-end", "sample", ""),
        ("throughput", "mean", "whole-run", "sample", ""), ("throughput", "mean", "end-to-end", "sample", ""),
        ("lpdnn:dmips", "", "", "", ""), ("memory", "mean", "", "", "process"), ("memory", "max", "", "", "process"),
        ("memory", "mean", "", "", "gpu"), ("memory", "max", "", "", "gpu"), ("memory-bandwidth", "mean", "", "", "memory"),
        ("memory-bandwidth", "max", "", "", "memory"), ("utilization", "mean", "", "", "cpu"),
        ("utilization", "mean", "", "", "process"), ("utilization", "mean", "", "", "gpu"), ("utilization", "mean", "", "", "npu"),
        ("temperature", "mean", "", "", "cpu"), ("temperature", "mean", "", "", "gpu"), ("power", "mean", "", "", "cpu"),
        ("energy", "mean", "", "sample", "cpu"), ("energy-efficiency", "mean", "", "sample", "cpu"),
        ("flop-rate", "mean", "inference", "", ""), ("accuracy", "pooled", "", "", ""),
    }  # fmt: skip
    assert asked <= set(found)
    for record in staged.records:
        details = said(record)["missing"]
        for key, item in numbers(record).items():
            assert (item.value is None) == (item.missing is not None)
            if item.missing:
                assert details["/".join(key)], key


def test_nothing_is_zero_that_was_not_measured(staged: Profile) -> None:
    may_be_zero = {"accuracy", "utilization"}
    for record in staged.records:
        for item in record.measurements or ():
            assert item.value != 0 or item.metric in may_be_zero, item.key


def test_dmips_and_bandwidth_are_missing_with_a_reason(staged: Profile) -> None:
    found = numbers(staged.summary)
    assert found["lpdnn:dmips", "", "", "", ""].missing == "not-measured"
    assert found["memory-bandwidth", "mean", "", "", "memory"].missing == "no-sensor"


def test_percentiles_wait_for_enough_observations(staged: Profile) -> None:
    found = numbers(staged.records[0])
    queries = found["latency", "median", "inference", "sample", ""].n
    assert queries is not None
    assert 20 <= queries < 1000
    assert found["latency", "p99.9", "inference", "sample", ""].missing == "too-few-samples"


def test_memory_peaks_of_loading_and_running_are_apart(staged: Profile) -> None:
    found = numbers(staged.records[0])
    load, run, mean = (
        found["memory", "max", "load", "", "process"].value, found["memory", "max", "", "", "process"].value,
        found["memory", "mean", "", "", "process"].value,
    )  # fmt: skip
    assert load is not None
    assert run is not None
    assert mean is not None
    assert run > 2**24
    assert mean <= run * 1.001


def test_the_observer_tells_its_cost(staged: Profile) -> None:
    seen = said(staged.summary)["observer"]
    assert 0 < seen["share_of_a_core"] < 0.1
    assert said(staged.records[0])["observer"]["hertz"] == 20


def test_the_record_says_how_it_was_measured(staged: Profile) -> None:
    found = said(staged.records[0])
    assert found["protocol"]["seconds"] == 0.2
    assert found["percentile_estimator"] == "nearest-rank"
    assert found["harness"] == "own"
    assert found["mlperf_conformant"] is False
    assert found["state"]["logical_processors"] == os.cpu_count()
    assert staged.records[0].software is not None
    assert "numpy" in (staged.records[0].software.stack or {})
    assert staged.records[0].configuration is not None
    hyper = staged.records[0].configuration.hyperparameters or {}
    assert (hyper["intra_op_spinning"], hyper["seed"], hyper["providers"]) == (
        False,
        0,
        ["CPUExecutionProvider"],
    )


def test_a_short_run_says_so(staged: Profile) -> None:
    assert "short-run" in (
        numbers(staged.summary)["latency", "median", "inference", "sample", ""].caveats or []
    )
    assert any("instead of at least 5" in text for text in said(staged.summary)["not_conformant"])


def test_without_stages_the_whole_is_missing_not_the_inference(place: Path) -> None:
    with profile(place / "dense.onnx", protocol=ONE, threads=1, harness="own") as found:
        got = numbers(found.summary)
    for stage in ("preprocess", "postprocess", "end-to-end"):
        assert got["latency", "mean", stage, "sample", ""].missing == "not-measured"
    assert got["accuracy", "pooled", "", "", ""].missing == "no-dataset"
    assert ("throughput", "mean", "end-to-end", "sample", "") not in got


def test_batches_are_per_batch(place: Path) -> None:
    with profile(
        place / "dense.onnx",
        inputs=place / "items.npz",
        batch_size=4,
        protocol=FAST,
        threads=1,
        harness="own",
        scenario="offline",
    ) as found:
        *processes, summary = found.records
    assert summary.configuration is not None
    assert summary.configuration.batch_size == 4
    assert numbers(summary)["throughput", "mean", "whole-run", "sample", ""].primary
    # Of each process, whose inferences cannot take longer than its run; a mean of rates may be above the rate of the mean.
    for process in processes:
        got = numbers(process)
        per_batch = got["latency", "mean", "inference", "batch", ""].value
        rate = got["throughput", "mean", "whole-run", "sample", ""].value
        flops = got["flop-rate", "mean", "inference", "", ""].value
        assert per_batch is not None
        assert rate is not None
        assert rate < 4 / per_batch
        assert flops == pytest.approx(4 * 128 / per_batch)


@pytest.mark.parametrize(
    ("scenario", "harness"),
    taking_turns(["single-stream", "multi-stream", "server", "offline"], ["own", "loadgen"]),
)
def test_scenarios_make_conformant_packages(
    place: Path, tmp_path: Path, scenario: str, harness: str
) -> None:
    if harness == "loadgen":
        pytest.importorskip("mlperf_loadgen", reason="MLPerf's load generator is not installed")
    plan = Protocol(1, 1, 0.3, 110, 10, 0.05, 0.3, 0.05, 300.0, 20.0)
    rate = 400.0 if scenario == "server" else None
    with profile(
        place / "dense.onnx",
        protocol=plan,
        threads=1,
        harness=harness,
        scenario=scenario,
        about=ABOUT,
        rate=rate,
    ) as found:
        found.write(tmp_path / "p", extra={"licenses": [{"name": "CC0-1.0"}]})
        got, process = numbers(found.summary), found.records[0]
        data = json.loads((found.folder / "run-1.json").read_text())
        logs = {s.path for s in (process.provenance and process.provenance.sources) or ()}
        log = (
            loadgen.read_summary(found.folder / "run-1" / "mlperf_log_summary.txt")
            if harness == "loadgen"
            else None
        )
    assert findings_but_noise(tmp_path / "p") == []
    primary = next(key for key, item in got.items() if item.primary)
    assert (
        primary
        == {
            "single-stream": ("latency", "median", "inference", "sample", ""),
            "multi-stream": ("latency", "p99", "request", "query", ""),
            "server": ("latency", "p99", "request", "query", ""),
            "offline": ("throughput", "mean", "whole-run", "sample", ""),
        }[scenario]
    )
    assert process.benchmark.scenario == scenario
    if scenario == "server" and harness == "own":
        assert got["request-rate", "mean", "whole-run", "query", ""].value == 400
        assert data["schedule_seed"] == 1
    if log is not None:
        assert {"run-1/mlperf_log_summary.txt", "run-1/mlperf_log_detail.txt"} <= logs
        same_numbers(numbers(process), log, scenario)


def same_numbers(found: dict[Any, Measurement], log: loadgen.Log, scenario: str) -> None:
    """Compare with LoadGen's summary as the MLPerf converter reads it."""
    if scenario == "offline":
        assert found["throughput", "mean", "whole-run", "sample", ""].value == log.number(
            "result_samples_per_second"
        )
        return
    suffix = "_per_query" if scenario == "multi-stream" else ""
    nanoseconds = log.number(f"result_90.00_percentile{suffix}_latency_ns")
    assert nanoseconds is not None
    assert found["latency", "p90", "request", "query", ""].value == nanoseconds / 1e9
    assert log.values["effective_sample_index_rng_seed"] != "0"
    if scenario == "single-stream":
        estimate = loadgen.estimates(log.values["early_stopping_result"])[0]
        assert estimate.nanoseconds is not None
        assert (
            found["latency", "p90-es", "request", "query", ""].value
            == int(estimate.nanoseconds) / 1e9
        )


def test_a_provider_that_is_not_there_is_told(place: Path) -> None:
    with profile(
        place / "dense.onnx", providers=["MIGraphXExecutionProvider", "CPUExecutionProvider"], protocol=ONE, threads=1, harness="own"
    ) as found:  # fmt: skip
        record = found.summary
        shown = list(telling.summary_lines(record))
    assert record.configuration is not None
    assert record.configuration.placement == ["cpu"]
    assert said(record)["placement"]["lost"] == ["MIGraphXExecutionProvider"]
    assert "placement-fallback" in (
        numbers(record)["latency", "median", "inference", "sample", ""].caveats or []
    )
    assert said(record)["nodes_by_provider"]["CPUExecutionProvider"]["nodes"] >= 1
    assert any("asked for MIGraphXExecutionProvider, which was not used" in line for line in shown)


def test_a_free_dimension_must_be_named(tmp_path: Path) -> None:
    from onnx import helper

    made = model(
        [helper.make_node("Relu", ["x"], ["y"])],
        [value("x", ["batch", 3, "height"])],
        [value("y", None)],
    )
    path = saved(made, tmp_path / "m.onnx")
    with pytest.raises(BenchfmtError, match="--dim height=224"):
        profile(path, protocol=ONE, threads=1, harness="own")
    with pytest.raises(
        BenchfmtError, match="no input has the dimension 'hight'; free are: batch, height"
    ):
        profile(path, dimensions={"hight": 5, "height": 5})
    with profile(path, dimensions={"height": 5}, protocol=ONE, threads=1, harness="own") as found:
        assert found.ok
        assert found.summary.configuration is not None
        assert found.summary.configuration.input_shape == [3, 5]


def test_a_failing_function_makes_failed_records_that_are_conformant(
    place: Path, tmp_path: Path
) -> None:
    with profile(
        place / "dense.onnx",
        preprocess=broken,
        protocol=FAST,
        threads=1,
        harness="own",
        about=ABOUT,
    ) as found:
        found.write(tmp_path / "p", extra={"licenses": [{"name": "CC0-1.0"}]})
    assert [r.status for r in found.records] == ["failed"] * 3
    assert "this pre-processing" in (found.summary.status_detail or "")
    assert findings_but_noise(tmp_path / "p") == []


def test_a_failed_evaluation_leaves_the_timing(place: Path) -> None:
    with profile(
        place / "dense.onnx", evaluate=nothing_useful, protocol=ONE, threads=1, harness="own"
    ) as found:
        got = numbers(found.summary)
    assert got["accuracy", "pooled", "", "", ""].missing == "run-failed"
    assert "must return numbers" in said(found.summary)["missing"]["accuracy/pooled///"]
    assert got["latency", "median", "inference", "sample", ""].value


def test_predictions_made_elsewhere(place: Path, tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("1\n2\n3\n4\n")
    (tmp_path / "l.txt").write_text("1\n2.0\n5\n4\n")
    with profile(
        place / "dense.onnx", predictions=tmp_path / "p.txt", labels=tmp_path / "l.txt", protocol=ONE, threads=1, harness="own",
        about={"dataset": "four", "split": "test"},
    ) as found:  # fmt: skip
        got, dataset = (
            numbers(found.summary)["accuracy", "pooled", "", "", ""],
            found.summary.dataset,
        )
    assert (got.value, got.n) == (0.75, 4)
    assert dataset is not None
    assert (dataset.name, dataset.samples, dataset.sha256) == (
        "four",
        4,
        file_sha256(tmp_path / "l.txt"),
    )


def test_an_estimated_bandwidth_is_labelled(place: Path) -> None:
    with profile(
        place / "dense.onnx", protocol=ONE, threads=1, harness="own", estimate_bandwidth=True
    ) as found:
        item = numbers(found.summary)["memory-bandwidth", "mean", "", "", "memory"]
    assert item.basis == "estimated"
    assert item.value
    assert "formula" in said(found.summary)["static"]["bandwidth"]


@pytest.mark.skipif(
    find_spec("mlperf_loadgen") is None, reason="MLPerf's load generator is not installed"
)
@pytest.mark.parametrize("scenario", ["offline", "server"])
def test_a_model_of_fixed_batch_counts_all_its_samples(tmp_path: Path, scenario: str) -> None:
    path = saved(dense(4), tmp_path / "m.onnx")
    with profile(
        path,
        protocol=ONE,
        threads=1,
        harness="loadgen",
        scenario=scenario,
        **({"rate": 50} if scenario == "server" else {}),
    ) as found:
        got = numbers(found.summary)
        data = json.loads((found.folder / "run-1.json").read_text())
    rate = got["throughput", "mean", "whole-run", "sample", ""].value
    assert rate is not None
    if scenario == "server":
        assert rate == pytest.approx(4 * 50, rel=0.9)
        assert rate > 80
    else:
        assert data["samples_per_query"] == 4
        observed = data["observed"]["queries"] * 4 / data["observed"]["wall"] * 1e9
        assert rate == pytest.approx(observed, rel=0.3)


def test_an_observer_that_is_too_dear_says_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "OBSERVER", 1e-9)
    with profile(place / "dense.onnx", protocol=ONE, threads=1, harness="own") as found:
        record = found.summary
    assert said(record)["observer"]["within_bound"] is False
    assert any("the observer used" in text for text in said(record)["not_conformant"])
    assert any(
        "more than 2 %, so it may have disturbed" in line for line in telling.summary_lines(record)
    )


def test_io_binding_leaves_the_copies_out(place: Path) -> None:
    with profile(
        place / "dense.onnx", protocol=ONE, threads=1, harness="own", io_binding=True
    ) as found:
        assert found.ok
        assert found.summary.configuration is not None
        assert (found.summary.configuration.hyperparameters or {})["io_binding"] is True


BUSY = "while True: pass"


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system has no affinity of processes"
)
def test_a_busy_neighbour_turns_the_stability(place: Path) -> None:
    """A neighbour on the same processor takes half of it; the gate says so whatever else the machine does."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    neighbours = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
    try:
        with profile(place / "dense.onnx", protocol=FAST, threads=1, harness="own") as found:
            record = found.summary
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()
        os.sched_setaffinity(0, before)
    assert said(record)["stability"] == "contaminated"
    assert any("processor time" in text for text in said(record)["stability_evidence"])
    assert "contaminated" in (
        numbers(record)["latency", "median", "inference", "sample", ""].caveats or []
    )
    gated = numbers(record)["latency", "gated-median", "inference", "sample", ""]
    assert "contaminated" not in (gated.caveats or [])


# --- callables ---


def test_any_callable_is_profiled_the_same_way(tmp_path: Path) -> None:
    seen = []
    with profiled(
        "adder", threads=1, protocol=FAST, samples=3, folder=tmp_path, about=ABOUT
    ) as run:
        run.measure(seen.append)
    record = run.record
    assert seen[:3] == [0, 0, 1]
    item = numbers(record)["latency", "median", "inference", "batch", ""]
    assert item.value
    assert {"shared-process", "single-observation"} <= set(item.caveats or [])
    assert record.model is not None
    assert record.model.name == "adder"
    assert (tmp_path / "run-1.json").is_file()


def test_a_callable_that_fails_makes_a_failed_record() -> None:
    with pytest.raises(ZeroDivisionError), profiled("nought", protocol=FAST) as run:
        run.measure(lambda index: 1 / 0)
    assert run.record.status == "failed"
    with profiled("idle", protocol=FAST) as run:
        pass
    with pytest.raises(BenchfmtError, match="nothing was measured"):
        _ = run.record


def test_functions_have_names_that_a_fresh_process_finds() -> None:
    assert callables.name_of(scores) == f"{scores.__module__}:scores"
    assert callables.name_of("some/file.py:f") == f"{Path('some/file.py').resolve()}:f"
    assert callables.load(f"{STEPS}:scores")(lambda item: 0, [1])["n"] == 1
    with pytest.raises(callables.CallableError, match="no name that a fresh process could find"):
        callables.name_of(lambda item: item)


@pytest.mark.parametrize(
    ("name", "message"),
    [("nothing", "names no function"), ("no_such_module_at_all:f", "cannot be imported"), ("json:nothing", "has no 'nothing'"),
     ("no/file.py:f", "does not exist")],
)  # fmt: skip
def test_a_name_that_leads_nowhere_is_told(name: str, message: str) -> None:
    if name != "json:nothing":  # what a module has, only its import tells
        with pytest.raises(callables.CallableError, match=message):
            callables.check(name)
    with pytest.raises(callables.CallableError, match=message):
        callables.load(name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"scenario": "stream"}, "no scenario 'stream'"), ({"harness": "x"}, "no harness 'x'"), ({"predictions": "p"}, "need labels"),
     ({"about": {"nane": "x"}}, "about has nane"), ({"inputs": "no.npz"}, "does not exist"),
     ({"engine_options": {"foo": "1"}}, "the CPU provider takes no options"), ({"rate": 5}, "are for --scenario server"),
     ({"scenario": "server", "rate": 0}, "above 0"), ({"scenario": "server", "rate": math.inf}, "above 0"),
     ({"scenario": "server", "rate": 1e9}, "makes more than"), ({"threads": -1}, "threads is -1"), ({"batch_size": 0}, "batch_size is 0"),
     ({"providers": ["CUDA"]}, "'CUDA' is not a provider"), ({"dimensions": {"batch": 0}}, "is 0; it must be at least 1"),
     ({"scenario": "multi-stream", "batch_size": 3}, "which 3 does not divide"), ({"preprocess": f"{STEPS}:nothing_there"}, "has no"),
     ({"io_binding": True, "preprocess": f"{STEPS}:slow_input"}, "neither pre- nor post-processed"), ({"labels": STEPS}, "labels without inputs")],
)  # fmt: skip
def test_a_wrong_call_is_told_before_anything_runs(
    place: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(BenchfmtError, match=message):
        profile(place / "dense.onnx", protocol=ONE, **arguments)


def test_answers_that_do_not_fit_are_told_before_anything_runs(place: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("1\n2\n")
    (tmp_path / "answers.txt").write_text("1\n")
    (tmp_path / "none.txt").write_text("")
    labels = tmp_path / "labels.txt"
    for answers, message in (
        ("answers", "1 answers and 2 labels"),
        ("no", "does not exist"),
        ("none", "0 answers and 2"),
    ):
        with pytest.raises(BenchfmtError, match=message):
            profile(place / "dense.onnx", labels=labels, predictions=tmp_path / f"{answers}.txt")
    (tmp_path / "empty.onnx").touch()
    with pytest.raises(BenchfmtError, match=r"empty\.onnx is empty"):
        profile(tmp_path / "empty.onnx")


def test_a_stage_that_was_not_declared_has_no_time(place: Path) -> None:
    with profile(
        place / "dense.onnx", inputs=words, preprocess=slow_input, protocol=ONE, threads=1, harness="own", scenario="multi-stream", batch_size=1
    ) as found:  # fmt: skip
        got = numbers(found.summary)
    assert got["latency", "mean", "postprocess", "query", ""].missing == "not-measured"
    # Eight samples in eight calls, each prepared for 2 ms.
    assert (got["latency", "median", "preprocess", "query", ""].value or 0) > 0.015
    whole = got["latency", "mean", "end-to-end", "query", ""].value
    assert whole is not None
    assert whole > (got["latency", "mean", "preprocess", "query", ""].value or 1)


def unbatched(folder: Path, *shape: Any) -> Path:
    from onnx import helper

    return saved(
        model(
            [helper.make_node("Relu", ["x"], ["y"])], [value("x", list(shape))], [value("y", None)]
        ),
        folder / "m.onnx",
    )


@pytest.mark.parametrize(
    ("shape", "more", "batch"),
    [
        ((16,), {}, 1),
        pytest.param((24, 24, 3), {}, 1, marks=pytest.mark.slow),
        ((4, 16), {}, 4),
        pytest.param((4, 16), {"batch_size": 1}, 1, marks=pytest.mark.slow),
        (("seq", "batch", 16), {"dimensions": {"seq": 10, "batch": 2}}, 2),
        (("seq", "batch", 16), {"dimensions": {"seq": 10}}, 1),
        (("batch", 16), {"batch_size": 3}, 3),
    ],
)
def test_how_many_samples_a_call_has(
    tmp_path: Path, shape: tuple[Any, ...], more: dict[str, Any], batch: int
) -> None:
    with profile(
        unbatched(tmp_path, *shape),
        protocol=ONE,
        threads=1,
        harness="own",
        **more,
    ) as found:
        assert found.summary.configuration is not None
        assert found.summary.configuration.batch_size == batch


def test_an_evaluation_that_fails_is_told_and_leaves_where_nodes_ran(place: Path) -> None:
    with profile(
        place / "dense.onnx", inputs=words, preprocess=slow_input, evaluate=nothing_useful, providers=["MIGraphXExecutionProvider"],
        protocol=ONE, threads=1, harness="own",
    ) as found:  # fmt: skip
        assert not found.ok
        shown = "\n".join(telling.summary_lines(found.summary))
    assert (
        "accuracy                 - run-failed: QualityError: the evaluator must return numbers"
        in shown
    )
    assert said(found.summary)["nodes_by_provider"]["CPUExecutionProvider"]["nodes"] >= 1


def test_a_score_is_no_label() -> None:
    with pytest.raises(quality.QualityError, match="is a score and no label"):
        quality.label_of([np.array([[0.53]], np.float32)])
    assert quality.label_of([np.array([3.0])]) == "3"
    assert quality.label_of([np.array([7])]) == "7"


def test_a_profile_that_fails_leaves_an_older_ones_files(place: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    quick = {
        "protocol": ONE,
        "threads": 1,
        "harness": "own",
        "folder": runs,
    }
    profile(place / "dense.onnx", **quick)
    kept = {path.name: path.read_bytes() for path in runs.iterdir()}
    (tmp_path / "no.onnx").write_text("no model")
    with pytest.raises(BenchfmtError):
        profile(tmp_path / "no.onnx", **quick)
    assert {path.name: path.read_bytes() for path in runs.iterdir()} == kept
    (runs / "run-9.job").touch()  # of a version that left them
    profile(place / "dense.onnx", **quick)
    assert sorted(path.name for path in runs.iterdir()) == ["run-1.json", "run-summary.json"]


@pytest.mark.skipif(
    find_spec("mlperf_loadgen") is None, reason="MLPerf's load generator is not installed"
)
def test_an_overloaded_server_ends_and_says_so(place: Path) -> None:
    plan = replace(ONE, seconds=0.5, budget=2.0)
    with profile(
        place / "dense.onnx", inputs=words, preprocess=slow_input, scenario="server", harness="loadgen", rate=5000, threads=1, protocol=plan
    ) as found:  # fmt: skip
        assert found.summary.status == "failed" or said(found.summary)["stability"] == "unstable"
        words_of_it = (
            f"{found.summary.status_detail} {said(found.summary).get('stability_evidence')}"
        )
    assert "too many" in words_of_it or "queries a second of the" in words_of_it


@pytest.mark.skipif(
    find_spec("mlperf_loadgen") is None, reason="MLPerf's load generator is not installed"
)
def test_by_loadgen_the_measurement_is_that_of_its_queries(place: Path) -> None:
    with profile(place / "dense.onnx", protocol=ONE, threads=1, harness="loadgen") as found:
        data = json.loads((found.folder / "run-1.json").read_text())
    seen, window = data["observed"], data["window"]
    assert window[1] - window[0] == pytest.approx(seen["wall"] / 1e9, rel=1e-6)
    # What LoadGen writes afterwards is in no block.
    assert sum(wall for _, wall, _ in seen["blocks"]) <= seen["wall"] * 1.01
    assert sum(runs for runs, _, _ in seen["blocks"]) == seen["queries"]


def test_a_name_is_checked_without_running_the_file(tmp_path: Path) -> None:
    path = tmp_path / "steps.py"
    path.write_text(
        "from os.path import *\nimport json as j\nraise SystemExit('run')\ndef f(): pass\n"
    )
    for name in ("f", "j", "join"):  # the last one by the star
        callables.check(f"{path}:{name}")
    path.write_text("def f(): pass\n")
    with pytest.raises(callables.CallableError, match="has no 'g'"):
        callables.check(f"{path}:g")
    path.write_text("def f(:\n")
    with pytest.raises(callables.CallableError, match="is not a Python file"):
        callables.check(f"{path}:f")


def test_a_model_that_is_not_there_is_told() -> None:
    with pytest.raises(BenchfmtError, match="does not exist"):
        profile("nowhere.onnx")


def test_labels_may_be_words_numbers_or_scores(tmp_path: Path) -> None:
    np.save(tmp_path / "scores.npy", np.array([[0.1, 0.9], [0.8, 0.2]]))
    assert quality.read_labels(tmp_path / "scores.npy") == ["1", "0"]
    np.save(tmp_path / "labels.npy", np.array([1, 0]))
    assert quality.read_labels(tmp_path / "labels.npy") == ["1", "0"]
    (tmp_path / "labels.txt").write_text("cat\n1.0\n")
    assert quality.read_labels(tmp_path / "labels.txt") == ["cat", "1"]
    with pytest.raises(quality.QualityError, match="4 answers and 2 labels"):
        quality.by_labels(["1"] * 4, ["1"] * 2)


def test_the_system_is_what_is_installed() -> None:
    found = environment.system()
    assert found["processor"]["cores"] >= 1
    assert found["memory_bytes"] > 2**28
    assert environment.system() == found


def test_a_board_is_known_by_its_device_tree(tmp_path: Path) -> None:
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text("Raspberry Pi 4 Model B Rev 1.4\0")
    (tmp_path / "proc/cpuinfo").write_text(
        "processor : 0\nBogoMIPS : 108\n\nprocessor : 1\nBogoMIPS : 108\n"
    )
    (tmp_path / "proc/meminfo").write_text("MemTotal:  3884400 kB\n")
    found = environment.system(tmp_path)
    assert found["name"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert (found["processor"]["count"], found["processor"]["cores"]) == (1, 2)
    assert found["memory_bytes"] == 3884400 * 1024


# --- the command ---


def test_the_command_writes_a_package_and_a_summary(place: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchfmt", "profile", str(place / "dense.onnx"), "-o", str(tmp_path / "p.zip"), "--quick",
         "--threads", "1", "--harness", "own", "--submitter", "me", "--license", "CC0-1.0", "--task", "image-classification"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'p.zip'}\n"
    assert "stability: " in done.stderr
    assert "not the full protocol: a quick profile" in done.stderr
    assert "\r" not in done.stderr
    assert (tmp_path / "p-runs" / "run-1.json").is_file()
    assert findings_but_noise(tmp_path / "p.zip") == []


def test_the_command_ends_with_1_where_a_process_fails(tmp_path: Path) -> None:
    from onnx import helper

    made = model(
        [helper.make_node("Relu", ["x"], ["y"])], [value("x", ["batch", 7])], [value("y", None)]
    )
    command = [
        sys.executable,
        "-m",
        "benchfmt",
        "profile",
        str(saved(made, tmp_path / "m.onnx")),
        "-o",
        str(tmp_path / "p"),
    ]
    failing = ["--quick", "--harness", "own", "--preprocess", f"{STEPS}:broken"]
    done = subprocess.run([*command, *failing], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "RuntimeError: this pre-processing" in done.stderr
    elsewhere = [*command[:-1], str(tmp_path / "q"), "--dim", "width"]
    wrong = subprocess.run(elsewhere, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "--dim takes NAME=SIZE" in wrong.stderr


def test_the_package_of_the_profiler_is_light() -> None:
    script = "import sys, benchfmt.profiler; print(sorted({'numpy', 'onnx', 'onnxruntime', 'polars', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_what_runs_a_model_imports_nothing_else_that_is_heavy() -> None:
    script = "import sys, benchfmt.profiler.worker, benchfmt.profiler.engine; print(sorted({'onnx', 'polars', 'pydantic', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- the example ---


@pytest.mark.slow
def test_digits_are_classified_as_scikit_learn_does(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    subprocess.run(
        [sys.executable, str(EXAMPLE / "digits.py"), str(tmp_path)], check=True, capture_output=True
    )
    own = (tmp_path / "sklearn.txt").read_text().split()
    labels = (tmp_path / "labels.txt").read_text().split()
    with profile(
        tmp_path / "digits.onnx", inputs=tmp_path / "test.npz", preprocess=f"{EXAMPLE / 'digits_steps.py'}:preprocess",
        postprocess=f"{EXAMPLE / 'digits_steps.py'}:postprocess", labels=tmp_path / "labels.txt", quick=True, threads=1, harness="own",
        about={"dataset": "digits", "split": "test"},
    ) as found:  # fmt: skip
        answers = json.loads((found.folder / "run-quality.json").read_text())["quality"]["answers"]
        accuracy = numbers(found.summary)["accuracy", "pooled", "", "", ""]
    assert (
        answers == own
    )  # the network is float64 in scikit-learn and float32 in ONNX: no label differs
    assert accuracy.value == sum(a == b for a, b in zip(own, labels, strict=True)) / len(labels)
    assert accuracy.n == 540
    assert accuracy.value > 0.95


def test_mobilenet_of_the_example_runs(tmp_path: Path) -> None:
    made = runpy.run_path(str(EXAMPLE / "mobilenet.py"))["network"]()
    path = saved(made, tmp_path / "mobilenet.onnx")
    with profile(path, quick=True, threads=1, harness="own") as found:
        assert found.ok
        flops = numbers(found.summary)["flop-rate", "mean", "inference", "", ""].value
    assert flops is not None
    assert flops > 1e8


def test_old_runs_in_a_folder_do_not_stay(place: Path, tmp_path: Path) -> None:
    (tmp_path / "run-9.json").write_text("{}")
    (tmp_path / "mine.txt").write_text("kept")
    profile(place / "dense.onnx", protocol=FAST, threads=1, harness="own", folder=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "mine.txt",
        "run-1.json",
        "run-2.json",
        "run-summary.json",
    ]


def test_quick_takes_seconds() -> None:
    assert QUICK.budget <= 20
    assert QUICK.processes == QUICK.most_processes == 1
    assert shutil.which(sys.executable)
    assert benchfmt.profile is profile


@pytest.mark.slow
def test_the_demo_takes_less_than_two_minutes_and_is_conformant(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", str(EXAMPLE / "demo.sh"), str(tmp_path)], env={**os.environ, "PATH": path}, capture_output=True, text=True,
        check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "scikit-learn and ONNX Runtime agree on 540 of 540 images" in done.stdout
    verdict = done.stdout.rstrip().splitlines()[-1]
    assert verdict.startswith("2 of 2 packages conformant (core)")
    assert " 0 errors" in verdict


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_kill_leaves_no_process(place: Path, tmp_path: Path) -> None:
    words = ["profile", str(place / "dense.onnx"), "-o", str(tmp_path / "p"), "--harness", "own"]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchfmt", *words], stdout=subprocess.DEVNULL
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until = time.monotonic() + 60
    while len(children.read_text().split()) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    known = children.read_text().split()
    assert len(known) >= 3, "a measured process, its sampler and its guardian"
    process.kill()
    process.wait()
    assert none_left(known)


def none_left(pids: list[str]) -> bool:
    """Whether processes end within some seconds."""
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_an_interrupt_leaves_no_package_and_no_process(place: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "benchfmt",
        "profile",
        str(place / "dense.onnx"),
        "-o",
        str(tmp_path / "p"),
        "--harness",
        "own",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while children.exists() and len(children.read_text().split()) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    known = children.read_text().split() if children.exists() else []
    process.terminate()
    _, words = process.communicate(timeout=60)
    assert process.returncode == 143
    assert words == "benchfmt: stopped; nothing was written\n"
    assert not list(tmp_path.glob("p*"))
    assert none_left(known)
