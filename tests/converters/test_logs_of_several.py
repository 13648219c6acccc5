"""Logs that hold more than one thing: results of two programs, runs that wrote at once, numbers in other words."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from benchfmt import BenchfmtError, convert
from benchfmt.accounting import Account

ORT = """\
Setting intra_op_num_threads to 2
Session creation time cost: 0.25 s
First inference time cost: 31 ms
Total inference time cost: 0.5 s
Total inference requests: 20
Average inference time cost total: 25.000000 ms
Total inference run time: 0.502 s
Number of inferences per second: 39.8406
Min Latency: 0.024 s
P50 Latency: 0.025 s
"""
OPENVINO = """\
[Step 10/11] Measuring performance (Start inference synchronously, limits: 4000 ms duration)
[Step 11/11] Dumping statistics report
[ INFO ] Count:            80 iterations
[ INFO ] Duration:         4000.00 ms
[ INFO ] Latency:
[ INFO ]    Median:        50.00 ms
[ INFO ]    Average:       50.00 ms
[ INFO ] Throughput:   20.00 FPS
"""
LOADGEN = """\
================================================
MLPerf Results Summary
================================================
SUT name : bench
Scenario : Offline
Mode     : PerformanceOnly
Samples per second: 640.5
Result is : VALID
  Min duration satisfied : Yes
  Min queries satisfied : Yes

================================================
Additional Stats
================================================
Min latency (ns)                : 1000000
Mean latency (ns)               : 30000000000
"""

AI_BENCHMARK = """\
>>   AI-Benchmark-v.0.1.2
*  TF Version: 2.6.0
*  CPU: Example CPU 8
1/19. MobileNet-V2
1.1 - inference | batch=1, size=224x224: 12.0 ± 0.5 ms
"""


def trtexec(
    model: str = "elm.onnx", rate: str = "400", mean: str = "2.4", version: str = "v100300"
) -> str:
    """What trtexec prints of a run, without its options."""
    mark = f"TensorRT.trtexec [TensorRT {version}] # trtexec --onnx={model}"
    return f"""\
&&&& RUNNING {mark}
[05/06/2025-10:00:01] [I] Timing trace has 1200 queries over 3 s
[05/06/2025-10:00:01] [I] === Performance summary ===
[05/06/2025-10:00:01] [I] Throughput: {rate} qps
[05/06/2025-10:00:01] [I] Latency: min = {mean} ms, max = {mean} ms, mean = {mean} ms, median = {mean} ms, percentile(99%) = {mean} ms
[05/06/2025-10:00:01] [I] Total Host Walltime: 3 s
&&&& PASSED {mark}
"""


def alternating(one: str, two: str) -> str:
    """The lines of two texts in turn, as two programs write into one terminal."""
    return "".join(
        f"{line}\n" for line in chain(*zip(one.splitlines(), two.splitlines(), strict=True))
    )


def converted(
    folder: Path, text: str, name: str = "run.log"
) -> tuple[list[dict[str, Any]], Account]:
    """The records of a file with a text, and the account."""
    path = folder / name
    path.write_text(text, "utf-8", newline="")
    conversion = convert(path)
    return [record.to_dict() for record in conversion], conversion.account


def headline(record: dict[str, Any]) -> tuple[str, float] | None:
    """The suite of a record with the value of its primary measurement, None where there is none."""
    found = [item["value"] for item in record["measurements"] if item.get("primary")]
    return (record["benchmark"]["suite"], found[0]) if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "trtexec, then onnxruntime_perf_test": (
            trtexec() + ORT,
            {("trtexec", 400), ("onnxruntime-perf-test", 0.025)},
        ),
        "benchmark_app, then trtexec": (
            OPENVINO + trtexec(),
            {("openvino-benchmark-app", 20), ("trtexec", 400)},
        ),
        "trtexec, then LoadGen": (
            trtexec() + LOADGEN,
            {("trtexec", 400), ("mlperf-inference", 640.5)},
        ),
        "AI Benchmark, then trtexec": (
            AI_BENCHMARK + trtexec(),
            {("ai-benchmark", 0.012), ("trtexec", 400)},
        ),
        "three programs": (
            ORT + OPENVINO + trtexec(),
            {("onnxruntime-perf-test", 0.025), ("openvino-benchmark-app", 20), ("trtexec", 400)},
        ),
        "two services at once": (
            "".join(
                f"{line}\n"
                for pair in zip(ORT.splitlines()[:8], OPENVINO.splitlines(), strict=True)
                for line in (f"ort-1       | {pair[0]}", f"openvino-1  | {pair[1]}")
            ),
            {("onnxruntime-perf-test", 0.025), ("openvino-benchmark-app", 20)},
        ),
    }.values(),
)
def test_a_log_with_results_of_several_programs_gives_them_all(
    text: str, expected: set[tuple[str, float]], tmp_path: Path
) -> None:
    found, account = converted(tmp_path, text)
    told = [found for record in found if (found := headline(record))]
    assert set(told) == expected
    assert len(told) == len(expected)
    assert account.ledger.role(0) == "primary"
    assert not any(finding.code == "BF103" for finding in account.findings)


def test_what_one_program_did_not_end_is_told_beside_the_result_of_another(tmp_path: Path) -> None:
    aborted = "".join(ORT.splitlines(keepends=True)[:4])
    found, account = converted(tmp_path, trtexec() + aborted)
    assert [headline(record) for record in found] == [("trtexec", 400)]
    counts = account.ledger.counts(0)
    assert (account.ledger.role(0), counts.converted, counts.failed) == ("primary", 1, 1)


@pytest.mark.parametrize(
    "text",
    {
        "trtexec": alternating(trtexec(), trtexec("oak.onnx", "90", "11")),
        "trtexec, one model": alternating(trtexec(), trtexec(rate="410", mean="2.3")),
        "trtexec, not in turn": "".join(
            chain(
                trtexec().splitlines(keepends=True)[:4],
                trtexec("oak.onnx", "90", "11").splitlines(keepends=True)[:3],
                trtexec().splitlines(keepends=True)[4:],
                trtexec("oak.onnx", "90", "11").splitlines(keepends=True)[3:],
            )
        ),
        "onnxruntime_perf_test": alternating(
            ORT, ORT.replace("25", "35").replace("0.5 s", "0.7 s").replace("39.8", "28.5")
        ),
        "benchmark_app": alternating(
            OPENVINO,
            OPENVINO.replace("80", "160")
            .replace("4000", "4001")
            .replace("50.00", "25.00")
            .replace("20.00", "40.00"),
        ),
    }.values(),
)
def test_runs_that_wrote_at_once_give_no_number(text: str, tmp_path: Path) -> None:
    found, account = converted(tmp_path, text)
    assert found == []
    assert account.ledger.role(0) == "failed"
    assert "at the same time" in str(account.ledger.reason(0))


@pytest.mark.parametrize(
    "text",
    {
        "the first one aborted": "".join(trtexec().splitlines(keepends=True)[:3])
        + trtexec("oak.onnx"),
        "aborted and begun again": "".join(trtexec().splitlines(keepends=True)[:3]) + trtexec(),
        "the second one aborted": trtexec()
        + "".join(trtexec("oak.onnx").splitlines(keepends=True)[:3]),
    }.values(),
)
def test_an_aborted_run_beside_another_is_not_taken_for_one_at_the_same_time(
    text: str, tmp_path: Path
) -> None:
    found, account = converted(tmp_path, text)
    assert [record["status"] for record in found].count("ok") == 1
    assert account.ledger.role(0) == "primary"


@pytest.mark.parametrize(
    ("text", "metric", "said"),
    [
        (ORT.replace("39.8406", "1039,8406"), "throughput", "1039,8406"),
        (ORT.replace("25.000000", "25,000000"), "latency", "25,000000"),
        (ORT.replace("0.025 s", "0,025 s"), "latency", "0,025"),
        (OPENVINO.replace("20.00 FPS", "20,00 FPS"), "throughput", "20,00"),
        (OPENVINO.replace("20.00 FPS", "1,349.62 FPS"), "throughput", "1,349.62"),
        (OPENVINO.replace("Median:        50.00", "Median:        50,00"), "latency", "50,00"),
    ],
)
def test_a_comma_within_a_number_makes_it_none_and_never_another(
    text: str, metric: str, said: str, tmp_path: Path
) -> None:
    [record], _ = converted(tmp_path, text)
    [item] = [item for item in record["measurements"] if item.get("reported_value") == said]
    assert (item["metric"], item.get("missing"), "value" in item) == (
        metric,
        "invalid-in-source",
        False,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ORT.replace("25.000000 ms", "25000.0 us"), "line 6 says a number in another way"),
        (
            ORT + "Peak working set size: 104.857.600 bytes\n",
            "line 11 says a number in another way",
        ),
        (OPENVINO.replace("20.00 FPS", "0.02 kFPS"), "line 8 says a number in another way"),
        (
            OPENVINO.replace("80 iterations", "1,080 iterations"),
            "line 3 says a number in another way",
        ),
        (
            trtexec().replace("mean = 2.4 ms", "mean = 2400 us"),
            "line 5 says a number in another way",
        ),
        (
            trtexec() + "Throughput: 900 qps is what I hoped for.\n",
            "line 8 says a number in another way",
        ),
    ],
)
def test_a_number_in_other_words_is_left_out_and_told(
    text: str, words: str, tmp_path: Path
) -> None:
    [record], account = converted(tmp_path, text)
    assert [finding.code for finding in account.findings] == ["BF103"]
    assert words in account.findings[0].message
    assert not {"104", 104, 900, 25000} & {item.get("value") for item in record["measurements"]}


def test_a_fence_on_the_last_line_of_a_summary_is_no_damage(tmp_path: Path) -> None:
    lines = [
        line.partition("[I] ")[2]
        for line in trtexec().splitlines()
        if "Throughput" in line or "Latency" in line
    ]
    [record], account = converted(
        tmp_path, "she wrote:\n```" + "\n".join(lines) + "```\n", "chat.md"
    )
    assert headline(record) == ("trtexec", 400)
    assert account.findings == []


def test_one_converter_by_name_reads_its_own_only(tmp_path: Path) -> None:
    path = tmp_path / "both.log"
    path.write_text(trtexec() + ORT, "utf-8")
    assert [
        record.to_dict()["benchmark"]["suite"] for record in convert(path, converter="trtexec")
    ] == ["trtexec"]
    with pytest.raises(BenchfmtError, match="openvino"):
        list(convert(path, converter="openvino-benchmark-app"))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (0, 2, 1)])
def test_paragraphs_in_an_order_of_their_own_are_a_run_each(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    told = {
        ("Mine:", 81.2, 500): ["Latency: 12.3 ms", "Throughput: 81.2 FPS", "Count: 500 iterations"],
        ("Yours:", 162.0, 1000): [
            "Latency: 6.1 ms",
            "Throughput: 162.0 FPS",
            "Count: 1000 iterations",
        ],
    }
    text = "\n".join(
        f"{title[0]}\n" + "\n".join(lines[i] for i in order) + "\n" for title, lines in told.items()
    )
    found, _ = converted(tmp_path, text, "notes.txt")
    assert [
        ({m["value"] for m in record["measurements"] if m["metric"] == "throughput"},
         {m["n"] for m in record["measurements"] if m["metric"] == "latency"})
        for record in found
    ] == [({rate}, {count}) for _, rate, count in told]  # fmt: skip


def test_a_run_without_result_between_two_others_is_told(tmp_path: Path) -> None:
    aborted = "onnxruntime_perf_test -e rocm birch.onnx\nusing ROCMExecutionProvider\nerror: no such library\n"
    text = (
        ORT
        + aborted
        + "onnxruntime_perf_test -e cuda fir.onnx\n"
        + ORT.replace("25.000000", "5.000000")
    )
    found, account = converted(tmp_path, text)
    assert [headline(record) for record in found] == [
        ("onnxruntime-perf-test", 0.025),
        ("onnxruntime-perf-test", 0.005),
    ]
    assert [record.get("model", {}).get("name") for record in found] == [None, "fir.onnx"]
    counts = account.ledger.counts(0)
    assert (counts.converted, counts.failed) == (2, 1)


@pytest.mark.parametrize("said", ["640,5", "nan", "-nan(ind)", "inf", "1.234,5"])
def test_a_rate_of_loadgen_that_is_no_number_is_missing_and_not_lost(
    said: str, tmp_path: Path
) -> None:
    [record], _ = converted(tmp_path, LOADGEN.replace("640.5", said))
    [rate] = [item for item in record["measurements"] if item["metric"] == "throughput"]
    assert (rate["reported_value"], rate["missing"]) == (said, "invalid-in-source")
    assert not any(item.get("primary") for item in record["measurements"])


def test_a_summary_of_an_accuracy_run_under_another_name_is_left_out_with_the_reason(
    tmp_path: Path,
) -> None:
    head = LOADGEN.partition("Mode ")[0]
    found, account = converted(
        tmp_path,
        f"{head}Mode     : AccuracyOnly\nNo performance results during AccuracyOnly mode\n",
    )
    assert found == []
    assert account.ledger.role(0) == "skipped"
    assert "accuracy" in str(account.ledger.reason(0))


@pytest.mark.parametrize("how", ["without its head", "two at once"])
def test_a_summary_that_is_none_as_a_whole_is_refused_with_what_it_lacks(
    how: str, tmp_path: Path
) -> None:
    text = LOADGEN + "\n=====\nTest Parameters Used\n=====\nsamples_per_query : 640\n"
    other = text.replace("640.5", "20.5").replace("bench", "other").replace(": VALID", ": INVALID")
    broken = (
        alternating(text, other) if how == "two at once" else text[text.index("  Min duration") :]
    )
    with pytest.raises(BenchfmtError, match="looks like a summary of LoadGen"):
        converted(tmp_path, broken)
