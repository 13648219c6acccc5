"""AI Benchmark: the real posts against the notes, with rules written anew, and small fixtures against expected records.

The table of sub-tests is typed here again from the notes (shared/formats/ai-benchmark-aibench.md, 1.5), and the logs are
taken apart by splitting, not by the converter's expressions.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from benchfmt import Record, convert, open_package, validate
from benchfmt.accounting import Account
from benchfmt.converters.ai_benchmark import desktop, log, mobile
from benchfmt.converters.ai_benchmark.scores import recomputed
from benchfmt.converters.base import Failed, Source
from benchfmt.finding import BenchfmtError
from benchfmt.suites import ai_benchmark as rules
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ai_benchmark"
NOTES = """
1|50x224x224=75|50x224x224=265|224x224=6
2|20x346x346=85|20x346x346=275|346x346=17
3|10x346x346=68|10x346x346=290|346x346=27
4|10x346x346=90|8x346x346=330|346x346=37
5|10x346x346=48|10x346x346=172|346x346=10
6|10x256x256=60|10x256x256=265|256x256=25
7|20x224x224=110|2x224x224=190|224x224=56
8|10x512x512=100; 1x1536x1536=85|10x512x512=285|512x512=10
9|10x256x256=114; 1x1024x1024=162|10x224x224=274|512x512=43
10|10x512x512=110; 1x1536x1536=100|5x512x512=170|512x512=17
11|10x256x256=135; 1x1024x1024=215|15x128x128=200|256x256=15.5
12|4x512x512=220; 1x1024x1024=215|4x256x256=240|512x512=57
13|5x128x128=110|1x128x128=200|128x128=46
14|5x1024x1536=270|10x1024x1536=815|1024x1536=33.5
15|5x720x720=472|1x512x512=214|720x720=103
16|2x512x512=125|1x384x384=191|512x512=67
17|50x64x64=665|10x64x64=1756|
18|100x1024x300=547|10x1024x300=728|
19|1x1x20=193||
"""
SCORES = {
    "cpu_full_tf2.12_tom-sapletta.md": (854, 755, 1609),
    "xavier_roscube_markdown_mangled.md": (2142, 2192, 4334),
}
"""The six printed scores that follow from the printed times, by the notes."""
POSTS = {
    "cpu_full_tf2.12_tom-sapletta.md": 42,
    "directml_windows_tf1.15_aborted.txt": 1,
    "h100_training_only_18tests.txt": 18,
    "rocm_fiji_aborted_run1.txt": 16,
    "scores_only_aws.txt": 0,
    "table_i9-10900_jiafeng5513.md": 42,
    "xavier_roscube_markdown_mangled.md": 42,
}
"""How many sub-tests each post holds, counted by hand (`grep -c ' ms'`, and one row `error`)."""
ACCOUNT = {"SOURCES.md": "not recognised"}


def records_of(
    path: Path, name: str = "ai-benchmark", **options: str
) -> tuple[list[dict[str, Any]], Account]:
    conversion = convert(path, name, **options)
    return [record.to_dict() for record in conversion], conversion.account


def latency(record: dict[str, Any]) -> dict[str, Any]:
    return next(m for m in record["measurements"] if m["metric"] == "latency")


def of_notes() -> list[tuple[str, str, int, tuple[int, int], str]]:
    found = []
    for line in NOTES.strip().split("\n"):
        number, inference, training, micro = line.split("|")
        full = [("inference", c) for c in inference.split("; ")] + [
            ("training", c) for c in training.split("; ") if c
        ]
        for index, (kind, config) in enumerate(full, start=1):
            shape, ref = config.split("=")
            batch, a, b = map(int, shape.split("x"))
            found.append((f"{number}.{index}", kind, batch, (a, b), ref))
        if micro:
            shape, ref = micro.split("=")
            a, b = map(int, shape.split("x"))
            found.append((f"micro-{number}", "micro", 1, (a, b), ref))
    return found


def test_the_table_of_sub_tests_is_that_of_the_notes() -> None:
    assert [(t.id, t.kind, t.batch, t.size, t.ref) for t in rules.tests()] == of_notes()
    assert [len(rules.of_kind(kind)) for kind in rules.KINDS] == [24, 18, 16]
    assert rules.versions() == ("0.1.0", "0.1.1", "0.1.2")


def printed_times(path: Path) -> list[tuple[str, str, str, str]]:
    """Return id, kind, mean and deviation of every result line, by splitting."""
    found = []
    for line in path.read_text("utf-8").split("\n"):
        match = re.match(r"(\d+\.\d) - (inference|training) ", line)
        if match and " ms" in line:
            mean, _, std = line.rsplit(":", 1)[1].replace("ms", "").split()
            found.append((match[1], match[2], mean, std))
    return found


@pytest.mark.parametrize("name", [n for n in POSTS if not n.startswith(("table", "scores"))])
def test_every_time_of_a_log_is_what_it_prints(samples: Path, name: str) -> None:
    path = samples / "ai_benchmark" / name
    records, account = records_of(path)
    tests = [r for r in records if not r["benchmark"]["name"].endswith("summary")]
    expected = printed_times(path)
    assert len(tests) == len(expected) == POSTS[name]
    assert account.to_dict()["rows"]["failed"] == 0
    refs = {test[0]: test for test in of_notes()}
    for record, (printed, kind, mean, std) in zip(tests, expected, strict=True):
        measurement = latency(record)
        assert measurement["reported_value"] == mean
        assert measurement["reported_unit"] == "ms"
        assert measurement["value"] == float(f"{mean}e-3")
        assert record["benchmark"]["phase"] == kind
        assert measurement["stage"] == ("inference" if kind == "inference" else "training-step")
        test = refs[record["benchmark"]["name"]]
        assert (test[1], test[2], list(test[3])) == (
            kind, record["configuration"]["batch_size"], record["configuration"]["input_shape"],
        )  # fmt: skip
        if "18tests" not in name:
            assert record["benchmark"]["name"] == printed
        single = float(std) == 0 and float(mean) >= 100_000
        assert measurement["statistic"] == ("single" if single else "mean")
        assert measurement.get("caveats") == (["single-observation", "warm-up-included"] if single else
                                              ["source-repaired"] if ("xavier" in name and printed == "1.2") else None)  # fmt: skip
        assert measurement.get("stddev") == (None if single else float(f"{std}e-3"))
        rate = next(m for m in record["measurements"] if m["metric"] == "throughput")
        assert rate["basis"] == "derived"
        assert rate["value"] == pytest.approx(test[2] * 1000 / float(mean), rel=1e-15)


@pytest.mark.parametrize("name", SCORES)
def test_the_six_scores_follow_exactly_from_the_times(samples: Path, name: str) -> None:
    path = samples / "ai_benchmark" / name
    refs = {test[0]: float(test[4]) for test in of_notes()}
    again = []
    for kind in ("inference", "training"):
        logs = [
            math.log(refs[printed] / float(mean))
            for printed, k, mean, _ in printed_times(path)
            if k == kind
        ]
        again.append(int(10000 * math.exp(sum(logs) / len(logs))))
    assert (*again, sum(again)) == SCORES[name]
    records, account = records_of(path)
    summary = records[-1]
    told = {m["metric"].partition(":")[2]: m for m in summary["measurements"]}
    inference, training, both = SCORES[name]
    assert {k: m["value"] for k, m in told.items()} == {
        "ai-score": both, "inference-score": inference, "training-score": training,
    }  # fmt: skip
    assert told["ai-score"]["primary"]
    assert all("caveats" not in m for m in told.values())
    same = {"inference-score": inference, "training-score": training, "ai-score": both}
    assert summary["extensions"]["ai-benchmark"]["recomputed"] == same
    assert not [f for f in account.findings if f.code == "BF405"]


def test_the_runs_of_the_samples_are_what_the_sources_say(samples: Path) -> None:
    records, account = records_of(samples / "ai_benchmark")
    by_file: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_file.setdefault(record["provenance"]["sources"][0]["path"], []).append(record)
    assert {name: len(found) - 1 for name, found in by_file.items()} == POSTS
    assert all(
        len({r["provenance"]["execution"] for r in found}) == 1 for found in by_file.values()
    )
    tom = by_file["cpu_full_tf2.12_tom-sapletta.md"][0]
    assert tom["benchmark"]["suite_version"] == "0.1.2"
    assert tom["software"] == {"engine": "tensorflow", "engine_version": "2.12.0"}
    assert tom["configuration"]["placement"] == ["cpu"]
    assert tom["system"]["memory_bytes"] == 13 * 2**30
    assert tom["system"]["extensions"]["ai-benchmark"]["cpu"] == "N/A"
    assert "processor" not in tom["system"]
    directml = by_file["directml_windows_tf1.15_aborted.txt"]
    assert directml[0]["system"]["accelerator"] == {
        "kind": "gpu",
        "count": 1,
    }  # a GPU without a name is a GPU
    assert directml[0]["configuration"]["placement"] == ["gpu"]
    assert directml[0]["software"]["stack"] == {"cuda": "11.0", "cuda-build": "V11.0.167"}
    assert (directml[1]["status"], directml[1]["status_detail"]) == (
        "incomplete",
        "the log ends after test 1.1",
    )
    h100 = by_file["h100_training_only_18tests.txt"]
    assert [r["benchmark"]["phase"] for r in h100[:-1]] == ["training"] * 18
    assert (
        h100[7]["benchmark"]["name"] == "8.3"
    )  # printed 8.1: in this run the first of test 8 is its training
    assert h100[7]["extensions"]["ai-benchmark"]["test"] == "8.1"
    assert [(m["metric"], m["value"]) for m in h100[-1]["measurements"]] == [
        ("ai-benchmark:training-score", 56922)
    ]
    assert h100[-1]["extensions"]["ai-benchmark"]["recomputed"] == {"training-score": 56908}
    assert h100[0]["system"]["accelerator"]["name"] == "NVIDIA H100 80GB HBM3"
    assert (
        "memory_bytes" not in h100[0]["system"]["accelerator"]
    )  # TensorFlow's limit is not the board's memory
    fiji = by_file["rocm_fiji_aborted_run1.txt"]
    assert fiji[0]["system"]["accelerator"]["name"] == "Fiji [Radeon R9 FURY / NANO Series]"
    assert sum(latency(r)["statistic"] == "single" for r in fiji[:-1]) == 6
    assert latency(fiji[8])["stddev"] == 0  # 75.0 ± 0.0: twenty equal passes, not one
    assert {m["missing"] for m in fiji[-1]["measurements"]} == {"not-reached"}
    assert fiji[-1]["status_detail"].endswith("\nAborted")
    table = by_file["table_i9-10900_jiafeng5513.md"]
    assert table[0]["system"]["processor"] == {"name": "i9-10900"}
    assert table[0]["software"]["engine_version"] == "2.9.3"
    assert table[0]["software"]["stack"]["openvino_tensorflow"] == "2.3.0"
    failed = [r for r in table if r["status"] == "failed"]
    assert [(r["benchmark"]["name"], r["status_detail"]) for r in failed] == [("12.3", "error")]
    gnmt = next(r for r in table if r["benchmark"]["name"] == "19.1")
    assert (latency(gnmt)["value"], latency(gnmt)["caveats"]) == (1.395, ["errors-logged"])
    scores = {m["metric"].partition(":")[2]: m for m in table[-1]["measurements"]}
    assert (scores["inference-score"]["value"], "caveats" in scores["inference-score"]) == (
        794,
        False,
    )
    assert scores["training-score"]["caveats"] == [
        "partial-run"
    ]  # 928 is that of the 17 tests that ran
    aws = by_file["scores_only_aws.txt"][0]
    assert "system" not in aws
    assert [m["value"] for m in aws["measurements"]] == [6645, 3096, 3549]
    codes = sorted((f.path, f.code) for f in account.findings)
    assert codes == [
        ("cpu_full_tf2.12_tom-sapletta.md", "BF515"),
        ("scores_only_aws.txt", "BF515"),
        ("table_i9-10900_jiafeng5513.md", "BF405"),
        ("xavier_roscube_markdown_mangled.md", "BF103"),
    ]


def test_the_ranking_is_what_the_csv_module_reads(samples: Path) -> None:
    path = samples / "ai_benchmark" / "mobile_ranking_processors_extract.csv"
    records, account = records_of(path, "ai-benchmark-mobile", date="2026-04-14", version="6")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(records) == len(rows) == 55
    columns = {
        "ai_score": "mobile-ai-score", "cpu_q_score": "cpu-q-score", "cpu_f_score": "cpu-f-score", "int8_cnns": "int8-cnns",
        "int8_transformer": "int8-transformer", "fp16_cnns": "fp16-cnns", "fp16_transformer": "fp16-transformer",
    }  # fmt: skip
    for record, row in zip(records, rows, strict=True):
        found = {m["metric"]: m for m in record["measurements"]}
        for column, metric in columns.items():
            measurement = found[f"ai-benchmark:{metric}"]
            expected = ("not-reported", None) if row[column] == "0" else (None, float(row[column]))
            assert (measurement.get("missing"), measurement.get("value")) == expected
        assert record["system"]["name"] == row["processor"]
        assert record["system"].get("accelerator", {}).get("name", "none") == row["npu_type"]
        assert record["benchmark"]["suite_version"] == "6"
        assert record["provenance"]["measured_at"] == "2026-04-14"
    kinds = {
        r["system"]["accelerator"]["name"]: r["system"]["accelerator"].get("kind")
        for r in records
        if "accelerator" in r["system"]
    }
    assert kinds["NPU 9th Gen"] == kinds["APU 590"] == kinds["Neural Engine (16 cores)"] == "npu"
    assert kinds["GPU (Adreno 695)"] == "gpu"
    assert kinds["DSP (Hex. 770) + GPU (Adreno 642L)"] is None  # two units
    assert not account.findings


def test_the_samples_convert_whole_and_conform(samples: Path, tmp_path: Path) -> None:
    conversion = convert(samples / "ai_benchmark")
    account = conversion.write(tmp_path / "package")
    told = {
        entry["path"]: entry.get("reason", "")
        for entry in account.to_dict()["entries"]
        if entry["role"] != "primary"
    }
    assert {name: reason.split(" (")[0] for name, reason in told.items()} == ACCOUNT
    assert account.to_dict()["rows"] == {"seen": 223, "converted": 223, "skipped": 0, "failed": 0}
    report = validate(tmp_path / "package")
    assert report.ok
    assert not report.findings


def test_no_other_family_is_claimed(samples: Path) -> None:
    for folder in sorted(path for path in samples.iterdir() if path.is_dir()):
        for converter in (desktop, mobile):
            assert (converter.detect(Source(folder)) is not None) == (
                folder.name == "ai_benchmark"
            ), folder.name


@pytest.mark.parametrize(
    "name",
    ["full.log", "verbose.log", "micro.log", "bench.json", "stitched.md", "table.md", "scores.txt"],
)
def test_the_interface_holds(name: str, two_processes: Executor) -> None:
    check_converter("ai-benchmark", [FIXTURES / name], executor=two_processes)


def test_the_interface_holds_for_the_ranking(two_processes: Executor) -> None:
    check_converter("ai-benchmark-mobile", [FIXTURES / "ranking.csv"], executor=two_processes)


@pytest.mark.parametrize(
    "name", ["verbose.log", "micro.log", "bench.json", "stitched.md", "table.md", "scores.txt"]
)
def test_fixtures_give_the_expected_records(name: str, golden: Callable[[str, Any], None]) -> None:
    records, account = records_of(FIXTURES / name)
    findings = [finding.to_dict() for finding in account.findings]
    golden(f"ai-benchmark-{name.partition('.')[0]}", {"records": records, "findings": findings})


def test_the_ranking_of_the_page_gives_the_expected_records(
    golden: Callable[[str, Any], None],
) -> None:
    records, account = records_of(
        FIXTURES / "ranking.csv", "ai-benchmark-mobile", version="6", date="2026-04-14"
    )
    findings = [finding.to_dict() for finding in account.findings]
    golden("ai-benchmark-ranking", {"records": records, "findings": findings})


def test_a_full_run_gives_42_records_and_its_scores() -> None:
    records, account = records_of(FIXTURES / "full.log")
    assert [r["benchmark"]["name"] for r in records] == [
        t[0] for t in of_notes() if t[1] != "micro"
    ] + ["summary"]
    scores = {m["metric"]: m["value"] for m in records[-1]["measurements"]}
    assert list(scores.values()) == [31346, 15820, 15526]
    assert records[-1]["extensions"]["ai-benchmark"]["recomputed"]["ai-score"] == 31346
    assert records[0]["system"]["accelerator"] == {
        "kind": "gpu",
        "name": "Example GPU 24GB",
        "count": 2,
    }
    assert records[0]["system"]["processor"] == {"name": "Example(R) CPU E-1234 @ 3.00GHz"}
    assert not account.findings


def test_what_a_user_says_fills_what_the_log_leaves_unsaid() -> None:
    options = {
        "processor": "Example 7",
        "system": "my box",
        "date": "2024-02-03",
        "submitter": "me",
    }
    records, account = records_of(FIXTURES / "scores.txt", **options)
    assert records[0]["system"] == {
        **records[0]["system"],
        "name": "my box",
        "processor": {"name": "Example 7"},
    }
    assert records[0]["provenance"]["measured_at"] == "2024-02-03"
    assert not account.findings


def test_a_log_of_any_console_is_read(tmp_path: Path) -> None:
    text = (FIXTURES / "verbose.log").read_text("utf-8")
    for name, data in {
        "powershell.log": text.encode("utf-16"),
        "windows.log": text.replace("\n", "\r\n").encode("cp1252"),
        "no-symbol.log": text.replace(" ± 2 ms", " ms, std: 2 ms").encode(),
        "coloured.log": text.replace("7.1 - training", "\x1b[32m7.1 - training\x1b[0m").encode(),
        "prompted.log": text.replace("7.1 - training", ">>> # * 7.1 - training").encode(),
    }.items():
        (tmp_path / name).write_bytes(data)
        records, _ = records_of(tmp_path / name)
        assert (latency(records[0])["value"], latency(records[0])["stddev"]) == (1.947, 0.002), name


def test_the_banner_of_0_1_0_is_in_mathematical_letters(tmp_path: Path) -> None:
    fancy = "".join(
        chr(0x1D400 + ord(c) - ord("A")) if c.isupper() else c for c in "AI-Benchmark-v.0.1.0"
    )
    text = (FIXTURES / "verbose.log").read_text("utf-8").replace("AI-Benchmark - 0.1.4.cm", fancy)
    (tmp_path / "old.log").write_text(text, encoding="utf-8")
    records, _ = records_of(tmp_path / "old.log")
    assert records[0]["benchmark"]["suite_version"] == "0.1.0"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("batch=5### 0, size=224x224", "1.2"),
        ("batch=50, size=224x22", "1.2"),
        ("", "1.2"),
        ("batch=64, size=224x224", None),
        ("batch=50, size=512x512", None),
    ],
)
def test_only_what_the_table_proves_is_mended(config: str, expected: str | None) -> None:
    test = log.configuration(1, "training", config).test
    assert (test.id if test else None) == expected


def test_two_readings_are_no_proof() -> None:
    assert log.configuration(8, "inference", "###").test is None
    assert log.configuration(8, "inference", "").test is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            '[{"public_id": "1.1", "type": "inference", "time_mean": NaN, "time_std": 1}]',
            "NaN is not JSON",
        ),
        ('[{"public_id": "1.1", "type": "inference", "time_mean": 1, "time_std": 1', "not JSON"),
    ],
)
def test_a_broken_bench_json_is_failed(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "bench.json"
    path.write_text(content)
    records, account = records_of(path)
    assert not records
    assert reason in str(account.to_dict()["entries"][0]["reason"])


def test_a_time_of_bench_json_that_is_no_time_gives_none(tmp_path: Path) -> None:
    tests = [
        {"public_id": "1.1", "type": "inference", "time_mean": 0, "time_std": 0},
        {"public_id": "1.2", "type": "training", "time_mean": "fast", "time_std": 1},
    ]
    path = tmp_path / "bench.json"
    path.write_text(json.dumps(tests))
    items = list(desktop.read(next(iter(desktop.plan(Source(path), {})))))  # type: ignore[arg-type]
    record, failed = items
    assert isinstance(record, Record)
    assert (record.status, record.measurements[0].missing) == ("incomplete", "below-resolution")
    assert failed == Failed(path, "item 1: time_mean and time_std are not numbers", 2)


def test_a_micro_test_in_a_retyped_table_is_a_result(tmp_path: Path) -> None:
    path = tmp_path / "micro.md"
    path.write_text(
        "| model | stage | Example 7 CPU |\n"
        "|---|---|---|\n"
        "| 1/19. MobileNet-V2 | inference batch=1, size=224x224 | 6 ± 1 ms |\n"
    )
    records, _ = records_of(path)
    assert [r["benchmark"]["name"] for r in records] == ["micro-1", "micro-summary"]


def test_a_result_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "odd.log"
    path.write_text(
        "1.1 - inference | batch=50, size=224x224: 40 ± 2 ms\n"
        "1.2 - training  | batch=50, size=224x224: fast\n"
        "25.1 - inference | batch=1, size=1x1: 40 ± 2 ms\n"
    )
    items = list(desktop.read(next(iter(desktop.plan(Source(path), {})))))  # type: ignore[arg-type]
    assert [type(item).__name__ for item in items] == ["Record", "Failed", "Failed", "Record"]
    assert [item.error for item in items if isinstance(item, Failed)] == [
        "line 3: the suite has no inference test 25.1",
        "line 2: no mean and deviation can be read in '1.2 - training  | batch=50, size=224x224: fast'",
    ]


def test_nothing_is_made_of_other_texts(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "We ran AI-Benchmark and it was fast: 42 ms ± 3.\n| stage | x |\n"
    )
    (tmp_path / "b.log").write_bytes(b"\x00\x01binary Device AI Score: 5")
    (tmp_path / "c.json").write_text(json.dumps([{"id": 1}]))
    (tmp_path / "d.csv").write_text("processor,score\nx,1\n")
    with pytest.raises(BenchfmtError, match="none recognised"):
        convert(tmp_path)


def test_a_record_of_a_package_reads_back(tmp_path: Path) -> None:
    convert(FIXTURES / "full.log", "ai-benchmark").write(tmp_path / "package")
    with open_package(tmp_path / "package") as package:
        assert all(isinstance(record, Record) for record in package.records())


def test_the_interface_holds_for_the_samples_of_ai_benchmark(
    samples: Path, two_processes: Executor
) -> None:
    check_converter("ai-benchmark", [samples / "ai_benchmark"], executor=two_processes)


def test_the_interface_holds_for_the_samples_of_ai_benchmark_mobile(
    samples: Path, two_processes: Executor
) -> None:
    check_converter("ai-benchmark-mobile", [samples / "ai_benchmark"], executor=two_processes)


# --- several runs in one text ---

DEVICE = """>>   AI-Benchmark-v.0.1.2
>>   Let the AI Games begin..

*  TF Version: {tf}
*  Platform: Linux-6.1
*  CPU: N/A
*  CPU RAM: {ram} GB
*  GPU/0: {gpu}
*  GPU RAM: 10.5 GB
*  CUDA Version: 12.1
*  CUDA Build: V12.1.66

The benchmark is running...
The tests might take up to 20 minutes
Please don't interrupt the script

"""
FIRST = DEVICE.format(tf="2.11.0", ram=31, gpu="Made-up GPU A")
SECOND = DEVICE.format(tf="2.12.0", ram=63, gpu="Made-up GPU B")


def some_tests(mean: int, *numbers: int) -> str:
    """Return the lines of some tests, whose times all differ and begin at `mean`."""
    lines = []
    for number in numbers:
        model = rules.of_model(number, "inference")[0]
        lines.append(f"{number}/19. {model.name}\n")
        for test in (*rules.of_model(number, "inference"), *rules.of_model(number, "training")):
            size = f"{test.size[0]}x{test.size[1]}"
            lines.append(
                f"{test.id} - {test.kind.ljust(9)} | batch={test.batch}, size={size}: {mean + len(lines)} ± 2 ms"
            )
        lines.append("")
    return "\n".join(lines) + "\n"


def scored(body: str) -> str:
    """Return a run with the scores that its tests give."""
    lines = list(enumerate(body.split("\n"), start=1))
    found = {kind: item.score for kind, item in recomputed(log.runs(lines)[-1]).items()}
    return (
        body
        + "\n".join(
            f"Device {kind} Score: {found[kind]}" for kind in ("Inference", "Training", "AI")
        )
        + "\n"
    )


WHOLE_A = scored(FIRST + some_tests(200, 1, 2, 3))
WHOLE_B = scored(SECOND + some_tests(700, 1, 2, 3))
ABORTED_A = FIRST + some_tests(200, 1, 2) + "3/19. Inception-V4\n\nKilled\n"
SEVERAL = {
    "two whole runs": (WHOLE_A + WHOLE_B, 2),
    "two whole runs without banners": (
        (WHOLE_A + WHOLE_B).replace(">>   AI-Benchmark-v.0.1.2\n", ""),
        2,
    ),
    "the second without its device": (WHOLE_A + scored(some_tests(700, 1, 2, 3)), 2),
    "an aborted run, then a whole one": (ABORTED_A + WHOLE_B, 2),
    "an aborted run, then tests alone": (ABORTED_A + scored(some_tests(700, 1, 2, 3)), 2),
    "an aborted run, then tests without headings": (
        ABORTED_A + re.sub(r"(?m)^\d+/19\..*\n", "", scored(some_tests(700, 1, 2, 3))),
        2,
    ),
    "an aborted run, then scores of another": (ABORTED_A + WHOLE_B[WHOLE_B.index("Device ") :], 2),
    "one test printed twice": (FIRST + some_tests(200, 1, 2) + some_tests(700, 2, 3), 2),
    "a heading that counts other tests": (
        FIRST + some_tests(200, 1, 2) + scored(some_tests(700, 19, 19)[: some_tests(700, 19, 19).rindex("19/19")]
                                             + some_tests(900, 18)).replace("/19. GNMT", "/1. GNMT"),
        3,
    ),
    "a description from its middle on": (ABORTED_A + SECOND[SECOND.index("*  CPU RAM") :] + some_tests(700, 3, 4), 2),
    "two runs in one session": (
        WHOLE_A + "The benchmark is running...\n" + some_tests(700, 4, 5),
        2,
    ),
    "two score blocks": ("Device AI Score: 100\nDevice AI Score: 200\n", 2),
    "a score of the training, then one of the inference": ("Device Training Score: 100\nDevice Inference Score: 200\n", 2),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERAL)
def test_several_runs_in_one_file_stay_apart(tmp_path: Path, name: str) -> None:
    text, runs = SEVERAL[name]
    (tmp_path / "x.log").write_text(text, encoding="utf-8")
    records, _ = records_of(tmp_path / "x.log")
    executions = {r["provenance"]["execution"].rpartition("#")[2] for r in records}
    assert executions == {str(number) for number in range(1, runs + 1)}
    assert len({r["id"] for r in records}) == len(records)
    for number in executions:
        mine = [r for r in records if r["provenance"]["execution"].endswith(f"#{number}")]
        times = [latency(r)["value"] for r in mine if "summary" not in r["benchmark"]["name"]]
        assert not times or max(times) < 0.3 or min(times) > 0.6
        names = {r.get("system", {}).get("accelerator", {}).get("name") for r in mine}
        versions = {r["software"].get("engine_version") for r in mine}
        assert len(names) == len(versions) == 1
        if times and max(times) < 0.3:
            assert (names, versions) == ({"Made-up GPU A"}, {"2.11.0"})
        else:
            assert (names, versions) in (({"Made-up GPU B"}, {"2.12.0"}), ({None}, {None}), ({"Made-up GPU B"}, {None}),
                                         ({"Made-up GPU A"}, {"2.11.0"}))  # fmt: skip
            assert not times or names != {"Made-up GPU A"}


def test_scores_of_another_run_stand_alone(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text(
        SEVERAL["an aborted run, then scores of another"][0], encoding="utf-8"
    )
    records, account = records_of(tmp_path / "x.log")
    first, second = (r for r in records if r["benchmark"]["name"] == "summary")
    assert (first["status"], {m["missing"] for m in first["measurements"]}) == (
        "incomplete",
        {"not-reached"},
    )
    assert "system" not in second
    assert all("caveats" not in m for m in second["measurements"])
    assert {f.code for f in account.findings} == {"BF405", "BF515"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FIRST, "no test and no score of AI Benchmark: the run was cut off before its first test"),
        (FIRST[: FIRST.index("*  GPU")], "no test and no score of AI Benchmark"),
        (
            FIRST[FIRST.index("*  TF") :] + "1/19. MobileNet-V2\n",
            "no test and no score of AI Benchmark",
        ),
        (
            "1.1 - inference | batch=50, size=224x224:",
            "no mean and deviation can be read in '1.1 - inference | batch=50, size=224x224:'",
        ),
        (
            "Device Inference Score: 10\nDevice Training Score: 20\nDevice AI Score: 50\n",
            "line 3: two runs in one file: the scores 10 and 20 do not make the AI score 50; none is taken",
        ),
        (
            "Device AI Score: 50",
            "line 1: the file ends in this line: digits of the score may be cut off",
        ),
    ],
)
def test_a_recognised_text_without_results_has_failed(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "x.log").write_text(text, encoding="utf-8")
    records, account = records_of(tmp_path / "x.log")
    assert not records
    assert not account.ok
    assert reason in json.dumps(account.to_dict(), ensure_ascii=False)


def test_a_run_without_a_test_among_others_is_accounted_for(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text(FIRST + WHOLE_B, encoding="utf-8")
    records, account = records_of(tmp_path / "x.log")
    assert {r["software"]["engine_version"] for r in records} == {"2.12.0"}
    told = account.to_dict()
    assert (told["rows"]["skipped"], told["rows"]["failed"]) == (1, 0)
    assert "line 1: a run that ended before its first test" in json.dumps(told)


@pytest.mark.parametrize("ending", ["", "\n"])
def test_scores_at_the_end_of_a_file_are_taken_where_they_are_whole(
    tmp_path: Path, ending: str
) -> None:
    (tmp_path / "x.log").write_text(WHOLE_A.rstrip("\n") + ending, encoding="utf-8")
    records, account = records_of(tmp_path / "x.log")
    assert account.ok
    assert len(records[-1]["measurements"]) == 3


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1.1 - inference | batch=50, size=224x224: 0.0 ± 0.0 ms\n", "below-resolution"),
        (
            "Device Inference Score: 0\nDevice Training Score: 5\nDevice AI Score: 5\n",
            "not-measured",
        ),
        (
            (
                "1.1 - inference | batch=50, size=224x224: 999999999 ± 2 ms\n"
                "1.2 - training | batch=50, size=224x224: 26500 ± 2 ms\n"
                "Device Inference Score: 0\nDevice Training Score: 100\nDevice AI Score: 100\n"
            ),
            "below-resolution",
        ),
    ],
)
def test_a_zero_that_cannot_be_is_missing(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "x.log").write_text(line, encoding="utf-8")
    records, _ = records_of(tmp_path / "x.log")
    missing = [
        m for r in records for m in r["measurements"] if m.get("reported_value") in ("0", "0.0")
    ]
    assert [(m["missing"], m.get("value")) for m in missing] == [(reason, None)]


@pytest.mark.parametrize(
    ("described", "placement"),
    [
        (FIRST, ["gpu"]),
        (FIRST[: FIRST.index("*  GPU")], ["cpu"]),
        (FIRST[: FIRST.index("*  CPU RAM")], None),
        ("", None),
    ],
)
def test_the_device_is_said_or_absent(
    tmp_path: Path, described: str, placement: list[str] | None
) -> None:
    (tmp_path / "x.log").write_text(described + some_tests(200, 1), encoding="utf-8")
    records, _ = records_of(tmp_path / "x.log")
    assert {str(r["configuration"].get("placement")) for r in records if "configuration" in r} <= {
        str(placement)
    }
    assert all("precision" not in r.get("configuration", {}) for r in records)


def test_a_column_in_which_a_test_stands_twice_is_two_runs(tmp_path: Path) -> None:
    head = "| model | stage | Board A | Board B |\n|---|---|---|---|\n"
    row = "| 1/19. MobileNet-V2 | inference batch=50, size=224x224 | {} ± 1 ms | {} ± 1 ms |\n"
    (tmp_path / "x.md").write_text(
        head + row.format(200, 210) + row.format(700, 710), encoding="utf-8"
    )
    records, _ = records_of(tmp_path / "x.md")
    found = [
        (r["system"]["name"], latency(r)["value"], r["provenance"]["execution"].rpartition("#")[2])
        for r in records
        if r["benchmark"]["name"] == "1.1"
    ]
    assert found == [
        ("Board A", 0.2, "1"),
        ("Board B", 0.21, "2"),
        ("Board A", 0.7, "3"),
        ("Board B", 0.71, "4"),
    ]


def test_passes_of_a_run_that_broke_off_count_for_no_other(tmp_path: Path) -> None:
    passes = "Inference Time: {} ms\n"
    text = (
        FIRST + some_tests(200, 1) + "2/19. Inception-V3\n" + passes.format(900) + passes.format(400)
        + "1/19. MobileNet-V2\n" + passes.format(999) + passes.format(450) + passes.format(454)
        + "1.1 - inference | batch=50, size=224x224: 452 ± 2 ms\n"
    )  # fmt: skip
    (tmp_path / "x.log").write_text(text, encoding="utf-8")
    found = latency(next(r for r in records_of(tmp_path / "x.log")[0] if latency_of(r) == 0.452))
    assert (found["n"], found["samples"]) == (2, [0.45, 0.454])


def latency_of(record: dict[str, Any]) -> float | None:
    return next((m.get("value") for m in record["measurements"] if m["metric"] == "latency"), None)
