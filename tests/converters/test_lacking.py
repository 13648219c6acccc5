"""Files that look like a family's and are refused: the message says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchfmt import convert
from benchfmt.finding import BenchfmtError

DETAIL = """:::MLLOG {"key": "loadgen_version", "value": "4.0", "time_ms": 0.1, "namespace": "mlperf::logging"}
"""
LOOKS = {
    "options.log": (
        "[01/02/2026-03:04:05] [I] === Model Options ===\n[01/02/2026-03:04:05] [I] Format: ONNX\n",
        "log of trtexec",
    ),
    "device.txt": (
        "[I] === Device Information ===\n[I] Selected Device: Otter 9\n",
        "`Throughput:`",
    ),
    "bare.out": ("=== Build Options ===\nPrecision: FP16\n", "RUNNING TensorRT.trtexec"),
    "ov.log": (
        "[Step 1/11] Parsing and validating input arguments\n[ INFO ] Parsing\n",
        "output of benchmark_app",
    ),
    "step.txt": (
        "noise\n[Step 3/11] Setting device configuration\n",
        "`Count`, `Latency` or `Throughput`",
    ),
    "ort.log": (
        "Session creation time cost: 0.5 s\n",
        "output of onnxruntime_perf_test and has no result",
    ),
    "first.txt": ("First inference time cost: 12 ms\n", "Average inference time cost"),
    "run7.txt": (
        "=====\nMLPerf Results Summary\n=====\nSUT name : otter\nScenario : Offline\n",
        "`Result is : VALID`",
    ),
    "console.log": ("starting\nMLPerf Results Summary\n", "summary of LoadGen"),
    "run_detail.log": (DETAIL, "name it mlperf_log_detail.txt"),
    "scores.csv": (
        "id,task,framework,constraint,fold,metric\n1,otters,RF,1h,0,auc\n",
        "no column 'result'",
    ),
    "few.csv": ("task,framework,fold,result\notters,RF,0,0.9\n", "it has none; 4 tell one"),
    "folds.csv": ("framework,fold,result,constraint\nRF,0,0.9,1h\n", "no column 'task'"),
    "evaluations.csv": (
        "run_id,task_id,setup_id,flow_id\n1,2,3,4\n",
        "no column 'function', 'value'",
    ),
    "function.csv": ("run_id,function,task_id\n1,area,3\n", "no column 'value'"),
    "frame.arff": (
        "@RELATION r\n@ATTRIBUTE run_id INTEGER\n@ATTRIBUTE task_id INTEGER\n@ATTRIBUTE flow_id INTEGER\n@DATA\n1,2,3\n",
        "no column 'function'",
    ),
    "logs.tar": ("packed", "unpack it"),
    "logs.tgz": ("packed", "unpack it"),
    "logs.zip": ("packed", "(`benchfmt validate` says why); unpack it"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_what_is_missing_is_said(tmp_path: Path, name: str) -> None:
    text, words = LOOKS[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(BenchfmtError) as refused:
        convert(tmp_path / name)
    assert words in str(refused.value)
    assert "benchfmt converters" not in str(refused.value)


@pytest.mark.parametrize("name", ["notes.txt", "table.csv", "page.md"])
def test_what_looks_like_nothing_is_not_guessed_at(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("task,step\nbuild,[1/2]\n")
    with pytest.raises(BenchfmtError, match="`benchfmt converters` lists the formats that are"):
        convert(tmp_path / name)


@pytest.mark.parametrize(
    "files",
    [
        {"mlperf_log_summary.txt": ""},
        {"mlperf_log_summary.txt": "a page of the proxy\n", "mlperf_log_detail.txt": ""},
        {"mlperf_log_detail.txt": "segmentation fault\n"},
    ],
)
def test_logs_of_loadgen_that_say_nothing_are_failures(
    tmp_path: Path, files: dict[str, str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    account = convert(tmp_path).write(tmp_path / "package")
    assert not account.ok
    assert not (tmp_path / "package").exists()
    assert "no line of LoadGen is in it" in str([entry.reason for entry in account.files])
