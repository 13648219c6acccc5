"""What trtexec, benchmark_app and onnxruntime_perf_test print, as it reaches us: joined, wrapped, cut, annotated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.variants import ENCODINGS, WRAPPERS, in_turn, wrapped

from benchfmt.conversion import convert
from benchfmt.converters.base import Failed, Source, Unit, load
from benchfmt.converters.file_names import model_of
from benchfmt.finding import BenchfmtError
from benchfmt.readers import repeats
from benchfmt.readers.lines import Line
from benchfmt.record import Record

STAMP = "[04/05/2026-06:07:08] [I] "
SLOW = (
    "=== Performance summary ===",
    "Throughput: 20 qps",
    "GPU Compute Time: min = 40 ms, max = 60 ms, mean = 50 ms, median = 49 ms, percentile(99%) = 60 ms",
    "Total Host Walltime: 3 s",
)
FAST = (
    "=== Performance summary ===",
    "Throughput: 250 qps",
    "Latency: min = 4 ms, max = 5 ms, mean = 4.5 ms, median = 4.4 ms, percentile(99%) = 5 ms",
    "GPU Compute Time: min = 3 ms, max = 4 ms, mean = 3.5 ms, median = 3.4 ms, percentile(99%) = 4 ms",
    "Total Host Walltime: 3 s",
    "Total GPU Compute Time: 2.6 s",
)
SEVEN = (
    "Host Latency",
    "min: 7 ms (end to end 8 ms)",
    "mean: 7.5 ms (end to end 8.5 ms)",
    "throughput: 130 qps",
    "walltime: 3 s",
    "GPU Compute",
    "min: 6 ms",
    "mean: 6.5 ms",
    "total compute time: 2.5 s",
)
ORT_A = (
    "Total inference requests: 50",
    "Average inference time cost: 4 ms",
    "Min Latency: 0.003 s",
)
ORT_B = (
    "Session creation time cost: 0.25 s",
    "Total inference time cost: 0.3 s",
    "Total inference requests: 30",
    "Average inference time cost total: 10.5 ms",
    "P99 Latency: 0.02 s",
)
ORT_C = (
    "Total inference time cost: 0.6 s",
    "Total inference requests: 60",
    "Average inference time cost: 11 ms",
)
Numbers = dict[str, float]


def openvino(
    device: str, count: int, median: str, rate: str, *, model: str = "", steps: bool = True
) -> list[str]:
    """A run of benchmark_app as it prints one."""
    begin = [f"$ benchmark_app -m {model} -d {device} -api sync"] if model else []
    if steps:
        begin += [
            "[Step 1/11] Parsing and validating input arguments",
            "[Step 2/11] Loading OpenVINO Runtime",
        ]
    return [
        *begin,
        "[Step 11/11] Dumping statistics report",
        f"[ INFO ] Count:            {count} iterations",
        "[ INFO ] Duration:         3000.00 ms",
        "[ INFO ] Latency:",
        f"[ INFO ]    Median:        {median} ms",
        f"[ INFO ] Throughput:   {rate} FPS",
    ]


def items(
    folder: Path, content: str | bytes, family: str, name: str = "a.log", **options: str
) -> list[Any]:
    """What a converter makes of one file."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    converter = load(family)
    found: list[Any] = []
    for unit in converter.plan(Source(path), options):
        found += converter.read(unit) if isinstance(unit, Unit) else [unit]
    return found


def numbers(record: Record) -> Numbers:
    """The values of a record by statistic (else metric) and stage."""
    return {
        f"{m.statistic or m.metric} {m.stage or m.scope}": m.value
        for m in record.measurements or ()
        if m.value is not None
    }


def joined(*runs: tuple[str, ...] | list[str], start: str = "", between: str = "") -> str:
    return between.join("".join(f"{start}{line}\n" for line in run) for run in runs)


MARKED = "&&&& RUNNING TensorRT.trtexec # trtexec --onnx=a.onnx\n{}{}&&&& PASSED TensorRT.trtexec # trtexec --onnx=b.onnx\n"
TRTEXEC_SLOW = {"mean whole-run": 20, "mean compute": 0.05}
TRTEXEC_FAST = {
    "mean whole-run": 250,
    "mean compute": 0.0035,
    "mean inference": 0.0045,
    "sum compute": 2.6,
}


@pytest.mark.parametrize(
    "text",
    [
        joined(SLOW, FAST, start=STAMP),
        joined(SLOW, FAST, start=STAMP, between="\n"),
        joined(SLOW[1:], FAST[1:], start=STAMP, between="some words between\n"),
        joined(SLOW, FAST),
        joined(SLOW[1:], FAST[1:], start="> "),
        joined(SLOW[1:3], FAST[1:], start="- "),
        MARKED.format(joined(SLOW, start=STAMP), joined(FAST, start=STAMP)),
    ],
)
def test_two_summaries_of_trtexec_are_two_records(tmp_path: Path, text: str) -> None:
    found = [numbers(item) for item in items(tmp_path, text, "trtexec") if isinstance(item, Record)]
    assert len([one for one in found if one]) == 2
    slow, fast = (one for one in found if one)
    assert {key: slow[key] for key in TRTEXEC_SLOW} == TRTEXEC_SLOW
    assert not {"mean inference", "sum compute"} & slow.keys()
    assert {key: fast[key] for key in TRTEXEC_FAST} == TRTEXEC_FAST


def test_summaries_of_two_generations_are_two_records(tmp_path: Path) -> None:
    text = joined(SEVEN, FAST, SEVEN, start=STAMP)
    found = [numbers(item) for item in items(tmp_path, text, "trtexec")]
    assert [one["mean compute"] for one in found] == [0.0065, 0.0035, 0.0065]
    assert [one.get("mean request") for one in found] == [0.0085, None, 0.0085]


def test_a_command_of_a_shell_belongs_to_the_summary_below(tmp_path: Path) -> None:
    text = f"$ trtexec --onnx=x/first.onnx --fp16\n{joined(SLOW)}$ trtexec --onnx=second.onnx\n{joined(FAST)}$ trtexec --onnx=z.onnx\n"
    first, second = items(tmp_path, text, "trtexec")
    assert [first.model.name, second.model.name] == ["first.onnx", "second.onnx"]
    # Nobody says the version, so nothing is known of what it does by default.
    assert second.configuration is None or second.configuration.hyperparameters is None


def test_what_pods_print_at_once_is_no_mixture(tmp_path: Path) -> None:
    pairs = zip(SLOW, FAST[:4], strict=True)
    text = "".join(f"[pod/a/c] {STAMP}{a}\n[pod/b/c] {STAMP}{b}\n" for a, b in pairs)
    slow, fast = (numbers(item) for item in items(tmp_path, text, "trtexec"))
    assert (slow["mean whole-run"], slow["mean compute"]) == (20, 0.05)
    assert (fast["mean whole-run"], fast["mean inference"]) == (250, 0.0045)


@pytest.mark.parametrize(
    ("words", "placement"),
    [
        ("", None),
        ("--device=0", ["gpu"]),
        ("--useDLACore=1", ["dla"]),
        ("--useDLACore=0 --allowGPUFallback", ["dla", "gpu"]),
        ("--fp16", None),
    ],
)
def test_a_placement_of_trtexec_is_said_or_absent(
    tmp_path: Path, words: str, placement: list[str] | None
) -> None:
    command = f"TensorRT.trtexec [TensorRT v8601] # trtexec --onnx=a.onnx {words}"
    text = f"&&&& RUNNING {command}\n{joined(SLOW, start=STAMP)}&&&& PASSED {command}\n"
    [record] = items(tmp_path, text, "trtexec")
    assert record.configuration.placement == placement


def test_a_selected_device_is_a_placement(tmp_path: Path) -> None:
    [record] = items(
        tmp_path,
        joined(["=== Device Information ===", "Selected Device: A Card"], SLOW, start=STAMP),
        "trtexec",
    )
    assert record.configuration.placement == ["gpu"]


@pytest.mark.parametrize(
    ("words", "precision"),
    [
        ("Strongly Typed", None),
        ("FP32", "fp32"),
        ("FP32+FP16", "mixed"),
        ("FP16", "fp16"),
        ("The network's own", None),
    ],
)
def test_a_precision_of_trtexec_is_said_or_absent(
    tmp_path: Path, words: str, precision: str | None
) -> None:
    text = joined(["=== Build Options ===", f"Precision: {words}"], SLOW, start=STAMP)
    [record] = items(tmp_path, text, "trtexec")
    assert (record.configuration.precision if record.configuration else None) == precision
    assert record.extensions["trtexec"]["precision"] == words


@pytest.mark.parametrize(
    "text",
    [
        joined(
            openvino("CPU", 30, "100.00", "10.00", model="a.xml"),
            openvino("GPU", 60, "50.00", "20.00", model="b.xml"),
        ),
        joined(
            openvino("CPU", 30, "100.00", "10.00", model="a.xml"),
            openvino("GPU", 60, "50.00", "20.00", model="b.xml"),
            between="\n",
        ),
        joined(
            openvino("CPU", 30, "100.00", "10.00", model="a.xml", steps=False),
            openvino("GPU", 60, "50.00", "20.00", model="b.xml", steps=False),
        ),
        joined(
            openvino("CPU", 30, "100.00", "10.00", model="a.xml"),
            openvino("GPU", 60, "50.00", "20.00", model="b.xml"),
            start="> ",
        ),
    ],
)
def test_runs_of_benchmark_app_keep_their_commands(tmp_path: Path, text: str) -> None:
    first, second = items(tmp_path, text, "openvino-benchmark-app")
    assert [first.model.name, first.configuration.placement] == ["a.xml", ["cpu"]]
    assert [second.model.name, second.configuration.placement] == ["b.xml", ["gpu"]]
    assert (numbers(first)["mean whole-run"], numbers(second)["mean whole-run"]) == (10, 20)
    assert (numbers(first)["median inference"], numbers(second)["median inference"]) == (0.1, 0.05)


def test_a_run_without_an_end_gives_its_numbers_to_no_other(tmp_path: Path) -> None:
    text = joined(
        openvino("CPU", 30, "100.00", "10.00", steps=False)[:-1],
        openvino("GPU", 60, "50.00", "20.00", steps=False),
    )
    first, second = items(tmp_path, text, "openvino-benchmark-app")
    assert "mean whole-run" not in numbers(first)
    assert numbers(second)["mean whole-run"] == 20


def test_of_two_commands_in_a_row_none_is_taken(tmp_path: Path) -> None:
    commands = ["$ benchmark_app -m a.xml -d CPU", "$ benchmark_app -m b.xml -d GPU"]
    [record] = items(
        tmp_path, joined(commands, openvino("", 30, "100.00", "10.00")), "openvino-benchmark-app"
    )
    assert record.model is None
    same = [commands[0], commands[0]]
    [record] = items(
        tmp_path, joined(same, openvino("", 30, "100.00", "10.00")), "openvino-benchmark-app"
    )
    assert record.model.name == "a.xml"


@pytest.mark.parametrize(
    ("said", "placement"),
    [
        ("[ INFO ] Execution Devices:NPU.3720", ["npu"]),
        ("[ INFO ] Execution Devices:['GPU.1']", ["gpu"]),
        ("[ INFO ] Execution Devices: ['NPU', 'CPU']", ["npu", "cpu"]),
        ("[ INFO ]   EXECUTION_DEVICES: ['GPU.0', 'GPU.1']", ["gpu"]),
        ("$ benchmark_app -m a.xml -d MULTI:GPU.1,CPU", ["gpu", "cpu"]),
        ("$ benchmark_app -m a.xml -d AUTO:NPU,GPU", ["npu", "gpu"]),
        ("$ benchmark_app -m a.xml -d HETERO:GPU,CPU", ["gpu", "cpu"]),
        ("$ benchmark_app -m a.xml -d AUTO", None),
        ("$ benchmark_app -m a.xml -d AUTO:-CPU", None),
        ("$ benchmark_app -m a.xml -d $DEVICE", None),
        ("[ INFO ] Execution Devices:['XPU']", None),
        ("", None),
    ],
)
def test_a_device_of_openvino_is_its_kind(
    tmp_path: Path, said: str, placement: list[str] | None
) -> None:
    [record] = items(
        tmp_path, joined([said], openvino("", 30, "100.00", "10.00")), "openvino-benchmark-app"
    )
    assert (record.configuration.placement if record.configuration else None) == placement


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("models/a.onnx", "a.onnx"), (r"C:\m\a.xml", "a.xml"), ('"a b.onnx"', "a b.onnx"), ("$DIR/a.onnx", "a.onnx"),
        ("$MODEL", None), ("${x}.onnx", None), ("%MODEL%", None), ("dir/$(ls).onnx", None), ("{{ model }}", None), ("%1", None),
        ("<model>", None), ("!MODEL!", None), ("*.onnx", None), ("$env:MODEL", None), ("", None),
    ],
)  # fmt: skip
def test_a_variable_of_a_shell_is_no_name_of_a_model(path: str, name: str | None) -> None:
    assert model_of(path) == name


def test_no_converter_takes_a_variable_for_a_model(tmp_path: Path) -> None:
    [record] = items(tmp_path, joined(["$ trtexec --onnx=$MODEL"], FAST), "trtexec")
    assert record.model is None
    [record] = items(
        tmp_path,
        joined(openvino("CPU", 30, "1.00", "9.00", model="%MODEL%")),
        "openvino-benchmark-app",
    )
    assert record.model is None
    [record] = items(
        tmp_path, joined(["$ onnxruntime_perf_test ${m}.onnx"], ORT_A), "onnxruntime-perf-test"
    )
    assert record.model is None


@pytest.mark.parametrize(
    "between",
    ["", "\n", "2026-02-03 10:00:00.1 [W:onnxruntime:, x.cc:12 f] words\n", "```\n\n```\n"],
)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ORT_A, ORT_B),
        (ORT_B, ORT_A),
        (ORT_A, ORT_C),
        (ORT_C, ORT_A),
        (ORT_A, ORT_A[:1] + ORT_C[2:]),
    ],
)
def test_two_results_of_perf_test_are_two_records(
    tmp_path: Path, first: tuple[str, ...], second: tuple[str, ...], between: str
) -> None:
    alone = [
        numbers(items(tmp_path, joined(run), "onnxruntime-perf-test")[0]) for run in (first, second)
    ]
    found = items(tmp_path, joined(first, second, between=between), "onnxruntime-perf-test")
    assert [numbers(item) for item in found] == alone


@pytest.mark.parametrize("note", ["", " (10.5 ms)", " (fast)", ", p50", " | x", "  ", "**"])
def test_notes_behind_numbers_do_not_matter(tmp_path: Path, note: str) -> None:
    plain = numbers(items(tmp_path, joined(ORT_B), "onnxruntime-perf-test")[0])
    noted = "".join(f"{line}{note}\n" for line in ORT_B)
    assert numbers(items(tmp_path, noted, "onnxruntime-perf-test", "a.md")[0]) == plain
    run = openvino("CPU", 30, "100.00", "10.00")
    told = numbers(items(tmp_path, joined(run), "openvino-benchmark-app")[0])
    assert (
        numbers(
            items(tmp_path, "".join(f"{line}{note}\n" for line in run), "openvino-benchmark-app")[0]
        )
        == told
    )


@pytest.mark.parametrize(
    ("lines", "primary"),
    [
        (("Total inference requests: 5", "Number of inferences per second: 8"), "throughput"),
        (("Total inference requests: 5", "Min Latency: 0.1 s", "P50 Latency: 0.2 s"), "latency"),
        (
            ("Average inference time cost total: 3 ms", "Number of inferences per second: 8"),
            "latency",
        ),
    ],
)
def test_a_result_without_its_average_has_what_it_says(
    tmp_path: Path, lines: tuple[str, ...], primary: str
) -> None:
    [record] = items(tmp_path, joined(lines), "onnxruntime-perf-test")
    assert [m.metric for m in record.measurements if m.primary] == [primary]


@pytest.mark.parametrize(
    ("family", "lines", "words"),
    [
        (
            "onnxruntime-perf-test",
            ("Session creation time cost: 1 s", "First inference time cost: 5 ms"),
            "neither `Average inference",
        ),
        (
            "onnxruntime-perf-test",
            ("Total inference requests: 5", "Total inference time cost: 1 s"),
            "nor a percentile",
        ),
        ("trtexec", ("&&&& RUNNING TensorRT.trtexec # ",), "no line of a performance summary"),
    ],
)
def test_a_file_without_rows_fails_with_what_is_missing(
    tmp_path: Path, family: str, lines: tuple[str, ...], words: str
) -> None:
    [failure] = items(tmp_path, joined(lines), family)
    assert isinstance(failure, Failed)
    assert words in failure.error


def test_a_zero_that_was_rounded_is_missing(tmp_path: Path) -> None:
    text = joined(
        (
            "Total inference requests: 5",
            "Average inference time cost: 0 ms",
            "Min Latency: 0 s",
            "P50 Latency: 0.1 s",
        )
    )
    [record] = items(tmp_path, text, "onnxruntime-perf-test")
    assert {m.statistic: m.missing for m in record.measurements} == {
        "mean": "below-resolution",
        "min": "below-resolution",
        "median": None,
    }
    text = joined(openvino("CPU", 30, "0.00", "0.00"))
    [record] = items(tmp_path, text, "openvino-benchmark-app")
    assert {m.missing for m in record.measurements if m.metric != "duration"} == {
        "below-resolution"
    }
    text = joined(
        [line.replace("min = 40", "min = 0").replace(": 20 qps", ": 0 qps") for line in SLOW],
        start=STAMP,
    )
    [record] = items(tmp_path, text, "trtexec")
    assert not [m for m in record.measurements if m.value == 0]


PRINTED = {
    "trtexec": joined(SLOW, FAST, start=STAMP),
    "onnxruntime-perf-test": joined(ORT_A, ORT_B, between="\n"),
    "openvino-benchmark-app": joined(
        openvino("CPU", 30, "100.00", "10.00", model="a.xml"), openvino("GPU", 60, "50.00", "20.00")
    ),
}


@pytest.mark.parametrize("name", [*WRAPPERS, *ENCODINGS])
@pytest.mark.parametrize("family", PRINTED)
def test_what_stands_around_changes_no_number(tmp_path: Path, family: str, name: str) -> None:
    text = PRINTED[family]
    content = ENCODINGS[name](text) if name in ENCODINGS else wrapped(text, name)
    found = [numbers(item) for item in items(tmp_path, content, family)]
    assert found == [numbers(item) for item in items(tmp_path, text, family)]
    assert len(found) == 2


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_stands_around_changes_no_number_of_the_samples(
    samples: Path, tmp_path: Path, name: str, every: bool
) -> None:
    paths = [*(samples / "ort").glob("*.txt"), *(samples / "trtexec").glob("*excerpt*.log")]
    for path in in_turn(sorted(paths), name, every=every):
        text = path.read_text("utf-8")
        (tmp_path / path.name).write_text(wrapped(text, name))
        again = [numbers(record) for record in convert(tmp_path / path.name)]
        assert again == [numbers(record) for record in convert(path)], path.name


@pytest.mark.parametrize("family", PRINTED)
def test_no_cut_of_a_file_mixes_two_runs(tmp_path: Path, family: str) -> None:
    lines = PRINTED[family].splitlines()
    whole = [set(numbers(item).items()) for item in items(tmp_path, PRINTED[family], family)]
    for start in range(len(lines)):
        for end in range(start + 1, len(lines) + 1, 3):
            for item in items(tmp_path, "\n".join(lines[start:end]) + "\n", family):
                if isinstance(item, Record):
                    own = {
                        pair
                        for pair in numbers(item).items()
                        if not pair[0].startswith("mean whole-run")
                    }
                    assert any(own <= one for one in whole), (start, end)


def test_half_a_number_at_the_end_of_a_file_is_none(tmp_path: Path) -> None:
    text = joined(ORT_A[:2]) + "Number of inferences per second: 12"
    [record] = items(tmp_path, text, "onnxruntime-perf-test")
    assert "mean whole-run" not in numbers(record)
    [record] = items(tmp_path, text + "5.5\n", "onnxruntime-perf-test")
    assert numbers(record)["mean whole-run"] == 125.5
    [record] = items(tmp_path, joined(ORT_B)[:-1], "onnxruntime-perf-test")
    assert numbers(record)["p99 inference"] == 0.02


def test_lines_between_two_runs_belong_to_the_one_before() -> None:
    told = [
        Line(n, text)
        for n, text in enumerate(("x", "a", "noise", "b", "b", "noise", "a", "end"), start=1)
    ]
    found = repeats.runs(told, lambda text: text if text in "ab" else None, ("a", "b"))
    assert [[line.text for line in run] for run in found] == [
        ["x", "a", "noise", "b", "b", "noise"],
        ["a", "end"],
    ]
    assert repeats.runs([], str, ()) == []
    assert repeats.runs(told[:1], lambda _: None, ()) == [told[:1]]


# --- inputs that went wrong once ---


def told(faults: Path, name: str) -> list[Record]:
    return list(convert(faults / "tools" / name))


def test_faults_of_runs_in_one_file(faults: Path) -> None:
    found = told(faults, "01_openvino_three_runs.log")
    assert [(r.model.name, r.configuration.placement, numbers(r)["mean whole-run"]) for r in found] == [
        ("alder_fp32.xml", ["cpu"], 50), ("birch_int8.xml", ["gpu"], 200), ("cedar_fp16.xml", ["npu"], 100),
    ]  # fmt: skip
    slow, fast = (numbers(record) for record in told(faults, "02a_trtexec_two_summaries.log"))
    assert (slow["mean whole-run"], slow["mean compute"]) == (100, 0.01)
    assert "mean inference" not in slow
    assert (
        fast["mean whole-run"],
        fast["mean inference"],
        fast["mean compute"],
        fast["sum compute"],
    ) == (
        500,
        0.0021,
        0.002,
        2.99,
    )
    first, second = (numbers(record) for record in told(faults, "02c_ort_two_results.txt"))
    assert first == {"mean inference": 0.005, "min inference": 0.004}
    assert second == {"mean inference": 0.009, "min inference": 0.008, "p99 inference": 0.012}


@pytest.mark.parametrize("name", ["03_ort_cost_total.txt", "04a_ort_in_kubernetes.log"])
def test_faults_of_wordings_and_prefixes(faults: Path, name: str) -> None:
    [record] = told(faults, name)
    found = numbers(record)
    assert found == {
        "mean inference": 0.01, "min inference": 0.009, "median inference": 0.0099, "duration load": 0.5, "mean whole-run": 99.5025,
        "mean cpu": 0.4, "max process": 104857600, "duration first-run": 0.012, "sum inference": 0.2, "duration whole-run": 0.201,
    }  # fmt: skip


def test_faults_of_excerpts(faults: Path) -> None:
    [bare] = told(faults, "05a_trtexec_no_tags.md")
    assert {key: numbers(bare)[key] for key in ("mean whole-run", "mean inference", "mean compute")} == {
        "mean whole-run": 500, "mean inference": 0.0021, "mean compute": 0.002,
    }  # fmt: skip
    [first] = told(faults, "05b_trtexec_first_lines_only.txt")
    assert {key: numbers(first)[key] for key in ("mean whole-run", "mean inference", "mean enqueue")} == {
        "mean whole-run": 12.5, "mean inference": 0.08, "mean enqueue": 0.0015,
    }  # fmt: skip
    [noted] = told(faults, "08_ort_annotated.md")
    assert (numbers(noted)["min inference"], numbers(noted)["median inference"]) == (0.04, 0.13)
    assert numbers(noted)["max process"] == 431194112
    assert noted.extensions["onnxruntime-perf-test"]["total_cpu_usage"] == "382 %"


def test_faults_of_placement_and_precision(faults: Path) -> None:
    [record] = told(faults, "06_openvino_npu_device.log")
    assert record.configuration.placement == ["npu"]
    [record] = told(faults, "10_trtexec11_strongly_typed.log")
    assert record.configuration.precision is None
    assert numbers(record)["mean inference"] == 0.008


def test_prose_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(
        "It prints `&&&& RUNNING TensorRT.trtexec`, then Throughput: the rate in qps.\n"
    )
    with pytest.raises(BenchfmtError):
        convert(tmp_path)
