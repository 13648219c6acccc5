"""onnxruntime_perf_test and ONNX Runtime's profiles: the fixtures, the real samples, and bad input."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import SAMPLES as ALL_SAMPLES

from benchfmt.conversion import convert
from benchfmt.converters import ort_perf_test, ort_profile
from benchfmt.converters.base import Failed, Source, Unit
from benchfmt.record import Measurement, Record
from benchfmt.testing import check_converter
from benchfmt.validation import validate

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ort"
SAMPLES = ALL_SAMPLES / "ort"
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"the real samples are not here ({SAMPLES})"
)
Key = tuple[str, str, str, str, str]

WINDOWS = "perf_test_squeezenet_windows_stored19150943589.txt"
SPACEMIT = "perf_test_spacemit_k1_stored43559038268.txt"
OLD = "perf_test_old_ort1.3.1_acl_issue4647.txt"
TIMES = "perf_test_old_times_mode_issue17313.txt"
ROWS = "perf_test_resultfile_csv_issue6301.csv"
GEMMINI = "ucbbar_ort_profile_resnet_gemmini.json"
LOCAL = "local_ort1.32.0_mbv2_profile.json"
CUDA = "ort_profile_cuda_kernel_excerpt_pr8406.jsonl"
DML = "ort_profile_genai_dml_excerpt_issue2031.jsonl"
UNNAMED = "ort_profile_v0.4_excerpt_issue1297.jsonl"
PRINTED = (WINDOWS, SPACEMIT, OLD, TIMES)
PROFILES = (GEMMINI, LOCAL, CUDA, DML, UNNAMED)
# What a line says, as key, and how its number becomes the unit's: powers of ten.
LINES: dict[str, tuple[Key, int]] = {
    "Session creation time cost": (("duration", "", "load", "", ""), 0),
    "First inference time cost": (("duration", "", "first-run", "", ""), -3),
    "Total inference time cost": (("duration", "sum", "inference", "", ""), 0),
    "Total time cost": (("duration", "sum", "inference", "", ""), 0),
    "Average inference time cost": (("latency", "mean", "inference", "query", ""), -3),
    "Average time cost": (("latency", "mean", "inference", "query", ""), -3),
    "Total inference run time": (("duration", "", "whole-run", "", ""), 0),
    "Total run time": (("duration", "", "whole-run", "", ""), 0),
    "Number of inferences per second": (("throughput", "mean", "whole-run", "query", ""), 0),
    "Avg CPU usage": (("utilization", "mean", "", "", "cpu"), -2),
    "Peak working set size": (("memory", "max", "", "", "process"), 0),
    "Min Latency": (("latency", "min", "inference", "query", ""), 0),
    "Max Latency": (("latency", "max", "inference", "query", ""), 0),
    "P50 Latency": (("latency", "median", "inference", "query", ""), 0),
    "P90 Latency": (("latency", "p90", "inference", "query", ""), 0),
    "P95 Latency": (("latency", "p95", "inference", "query", ""), 0),
    "P99 Latency": (("latency", "p99", "inference", "query", ""), 0),
    "P999 Latency": (("latency", "p99.9", "inference", "query", ""), 0),
}


@cache
def sampled() -> dict[str, Record]:
    found = {}
    for name in (*PRINTED, ROWS, *PROFILES):
        [found[name]] = convert(SAMPLES / name)
    return found


def by_key(record: Record) -> dict[Key, Measurement]:
    return {m.key: m for m in record.measurements or ()}


def read(converter: Any, path: Path, **options: str) -> list[Any]:
    items: list[Any] = []
    for unit in converter.plan(Source(path), options):
        items += converter.read(unit) if isinstance(unit, Unit) else [unit]
    return items


def written(folder: Path, text: str | bytes, name: str = "a.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# --- onnxruntime_perf_test ---


@needs_samples
@pytest.mark.parametrize("name", PRINTED)
def test_every_line_of_an_output_is_there_with_its_characters(name: str) -> None:
    found, seen = by_key(sampled()[name]), set()
    text = (SAMPLES / name).read_text("utf-8")
    for line in text.splitlines():
        match = re.match(r"([A-Za-z0-9 ]+?)(?:: ?| is )([0-9.]+)", line)
        if match and match[1] in LINES:
            key, power = LINES[match[1]]
            assert found[key].reported_value == match[2]
            assert found[key].value == float(Decimal(match[2]).scaleb(power))
            seen.add(key)
    assert seen == set(found)
    count = int(re.search(r"Total (?:inference requests|iterations): ([0-9]+)", text)[1])  # type: ignore[index]
    assert {m.n for m in found.values() if m.metric == "latency"} == {count}
    assert [m.key for m in found.values() if m.primary] == [
        ("latency", "mean", "inference", "query", "")
    ]


@needs_samples
def test_a_unit_that_is_not_written_is_inferred_and_threads_and_provider_are_kept() -> None:
    total = by_key(sampled()[TIMES])["duration", "sum", "inference", "", ""]
    assert (total.value, total.caveats) == (58.8053, ["unit-inferred"])  # 1000 runs of 58.8053 ms
    spacemit = sampled()[SPACEMIT].to_dict()
    assert spacemit["configuration"] == {"threads": 4}
    assert spacemit["extensions"] == {
        "onnxruntime-perf-test": {"provider": "SpaceMITExecutionProvider"}
    }


@needs_samples
def test_rows_of_a_result_file() -> None:
    found = by_key(sampled()[ROWS])
    rows = [line.split(",") for line in (SAMPLES / ROWS).read_text("utf-8").split()]
    mean = found["latency", "mean", "inference", "query", ""]
    assert mean.samples == [float(row[1]) for row in rows]
    assert mean.value == float(sum(Decimal(row[1]) for row in rows) / 5)
    assert mean.caveats == ["partial-run"]  # the rows begin with run 1769
    assert found["latency", "median", "inference", "query", ""].value == 0.000107583
    assert found["memory", "max", "", "", "process"].value == 56377344
    assert found["utilization", "mean", "", "", "cpu"].value == 0.49
    assert ("latency", "p90", "inference", "query", "") not in found  # five runs tell no p90
    assert sampled()[ROWS].model.name == "mnist"  # type: ignore[union-attr]


def test_a_result_file_of_late_2025_has_a_column_more() -> None:
    first, second = read(ort_perf_test, FIXTURES / "results.csv")
    found = by_key(first)
    assert found["latency", "mean", "inference", "query", ""].samples == [
        0.002,
        0.0025,
        0.0015,
    ]  # the total, not the submission
    assert found["latency", "mean", "enqueue", "query", ""].value == 0.001
    assert found["latency", "mean", "inference", "query", ""].caveats is None
    assert second.provenance.sources[0].locator == "run=2"


def test_recent_output_with_a_command() -> None:
    [record] = read(ort_perf_test, FIXTURES / "recent.txt")
    data, found = record.to_dict(), by_key(record)
    assert (data["model"], data["configuration"]) == (
        {"name": "lantern.onnx"},
        {"threads": 2, "placement": ["gpu"]},
    )
    assert (
        found["duration", "", "first-run", "", ""].missing == "below-resolution"
    )  # whole milliseconds
    # The requests took 1.5 s together within 1.25 s, so they overlapped.
    assert found["latency", "p90", "inference", "query", ""].caveats == ["overlapping-requests"]


def test_several_results_in_one_file() -> None:
    first, second = read(ort_perf_test, FIXTURES / "two-results.txt")
    assert [
        by_key(r)["latency", "mean", "inference", "query", ""].value for r in (first, second)
    ] == [0.734606, 0.2]
    assert first.configuration is None  # 0 threads: as many as the runtime likes
    assert second.configuration.threads == 4


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Total iterations: 5\n", "no average"),
        ("a,1,2,3,4\n", "one row is no series"),
        ("a,0.1,1000,50,0\na,0.1,1000,50,2\n", "a run is missing"),
        ("a,0.1,1000,50,0\na,0.1,2000,50,1\n", "two peaks in one run"),
        ("a,b,c,d,e\n1,2,3,4,5\n", "a header"),
        ("", "empty"),
    ],
)
def test_what_is_no_output_is_not_claimed(tmp_path: Path, text: str, why: str) -> None:
    assert ort_perf_test.detect(Source(written(tmp_path, text))) is None, why


@pytest.mark.parametrize("number", ["nan", "inf", "1e999", "x", "-"])
def test_an_average_that_is_no_number_is_a_failure(tmp_path: Path, number: str) -> None:
    text = f"Total inference requests: 5\nAverage inference time cost: {number} ms\n"
    [item] = read(ort_perf_test, written(tmp_path, text))
    assert isinstance(item, Failed)
    assert "is not a number" in item.error


def test_a_broken_row_is_a_failure_of_its_own(tmp_path: Path) -> None:
    rows = "".join(f"net,0.5,1000,50,{run}\n" for run in range(60))
    first, second = read(ort_perf_test, written(tmp_path, rows + "net,cut"))
    assert (first, first.row) == (
        Failed(tmp_path / "a.txt", "line 61: no row of a result file", 61),
        61,
    )
    assert by_key(second)["latency", "p95", "inference", "query", ""].n == 60


# --- profiles ---


@needs_samples
@pytest.mark.parametrize(
    ("name", "kernels", "total", "runs"), [(GEMMINI, 77, 32640, [35225]), (LOCAL, 168, 73792, None)]
)
def test_kernels_of_a_profile(name: str, kernels: int, total: int, runs: list[int] | None) -> None:
    """An own sum over the file."""
    events = json.loads((SAMPLES / name).read_text("utf-8"))
    nodes = [e for e in events if e["cat"] == "Node" and e["name"].endswith("_kernel_time")]
    assert (len(nodes), sum(e["dur"] for e in nodes)) == (kernels, total)
    found = by_key(sampled()[name])
    whole = found["duration", "sum", "compute", "", ""]
    assert (whole.value, whole.n) == (total / 1e6, kernels)
    own = [e["dur"] for e in events if e["name"] == "model_run"]
    inference = found["duration", "sum", "inference", "", ""]
    assert (inference.value, inference.n) == (sum(own) / 1e6, len(own))
    assert runs is None or own == runs
    load = sum(
        e["dur"] for e in events if e["name"] in ("model_loading_uri", "session_initialization")
    )
    assert found["duration", "", "load", "", ""].value == load / 1e6
    assert all(m.caveats == ["profiled"] for m in found.values())
    assert not [m for m in found.values() if m.metric in ("latency", "throughput")]


@needs_samples
def test_shares_of_the_providers() -> None:
    found = by_key(sampled()[GEMMINI])
    for provider, took in (("systolic", 16484), ("cpu", 16156)):
        assert found["duration", "sum", "compute", "", f"provider:{provider}"].value == took / 1e6
        assert found["time-share", "", "compute", "", f"provider:{provider}"].value == took / 32640
    assert (
        sampled()[GEMMINI].configuration is None
    )  # what device a Systolic provider is, nobody says
    assert sampled()[LOCAL].configuration.placement == ["cpu"]  # type: ignore[union-attr]


@needs_samples
def test_excerpts_of_other_ages() -> None:
    unnamed, cuda, dml = (by_key(sampled()[name]) for name in (UNNAMED, CUDA, DML))
    assert unnamed["duration", "sum", "compute", "", ""].value == 0.012944  # no provider is written
    assert not [key for key in unnamed if key[0] == "time-share"]
    assert cuda["duration", "sum", "compute", "", "gpu"].value == 4e-06
    assert dml["time-share", "", "compute", "", "provider:dml"].value == 1.0
    assert dml["duration", "", "load", "", ""].value == 1.442602


def test_a_profile_that_was_cut_says_so() -> None:
    record, finding = read(ort_profile, FIXTURES / "cut.json")
    assert finding.code == "BF115"
    assert finding.message == "1 line cannot be read: the file was cut, or edited"
    assert {tuple(m.caveats) for m in record.measurements} == {("partial-run", "profiled")}


def test_a_profile_with_two_providers() -> None:
    [record] = read(ort_profile, FIXTURES / "session_2026-02-03_04-05-06.json")
    data = record.to_dict()
    assert data["provenance"]["measured_at"] == "2026-02-03T04:05:06"
    assert data["configuration"]["placement"] == ["gpu", "cpu"]
    assert data["extensions"]["onnxruntime-profile"]["arena_peak_bytes"] == 4096
    assert by_key(record)["time-share", "", "compute", "", "provider:cuda"].value == 0.75


def test_a_profile_without_a_run_is_incomplete(tmp_path: Path) -> None:
    event = '{"cat" : "Node","pid" :1,"tid" :1,"dur" :7,"ts" :6,"ph" : "X","name" :"c_fence_before","args" : {"op_name" : "Conv"}}'
    [record] = read(ort_profile, written(tmp_path, f"[\n{event}\n]", "a.json"))
    assert (record.status, record.measurements) == ("incomplete", None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[\n{"cat" : "Session","pid" :1,"name" :"model_run"}\n]', "no event of a profile"),
        (
            '[\n{"cat" : "Session","pid" :1,"name" :"model_run", "dur": "x"}',
            "no event of a profile",
        ),
        (
            '[{"cat" : "Session","pid" :1,"name" :"model_run", "a": ' + "[" * 100_000,
            "nested too deep",
        ),
    ],
)
def test_a_profile_that_holds_nothing_is_a_failure(tmp_path: Path, text: str, words: str) -> None:
    [item] = read(ort_profile, written(tmp_path, text, "a.json"))
    assert isinstance(item, Failed)
    assert words in item.error


@pytest.mark.parametrize(
    "text",
    [
        '{"cat": "Session"}',
        '[{"ph": "X", "cat": "cpu_op", "name": "aten::add", "pid": 1}]',
        "[]",
        "",
        '[{"cat" : "Session","pid" :1}]',
    ],
)
def test_other_traces_are_not_claimed(tmp_path: Path, text: str) -> None:
    assert ort_profile.detect(Source(written(tmp_path, text, "a.json"))) is None


# --- both ---


@pytest.mark.parametrize(
    ("name", "samples"),
    [
        ("onnxruntime-perf-test", ["recent.txt", "two-results.txt", "results.csv"]),
        ("onnxruntime-profile", ["session_2026-02-03_04-05-06.json", "cut.json"]),
    ],
)
def test_keeps_what_the_interface_promises(
    name: str, samples: list[str], two_processes: Executor
) -> None:
    check_converter(name, [FIXTURES / sample for sample in samples], executor=two_processes)


def test_the_fixtures_give_these_records(golden: Callable[[str, Any], None]) -> None:
    golden("ort", [record.to_dict() for record in convert(FIXTURES)])


@needs_samples
def test_the_samples_make_a_package_without_a_fault_and_every_file_has_its_place(
    tmp_path: Path,
) -> None:
    account = convert(SAMPLES).write(tmp_path / "package")
    report = validate(tmp_path / "package")
    # The program prints three high percentiles of ten observations.
    told = [finding.code for finding in report.findings]
    assert (report.ok, told) == (True, ["BF316"] * 3)
    facts = account.to_dict()
    # LoadGen's logs have a converter of their own; the notes are notes.
    ours = [entry for entry in facts["entries"] if "loadgen" not in entry["path"]]
    assert [entry["path"].rpartition("/")[2] for entry in ours if entry["role"] == "skipped"] == [
        "SOURCES.md"
    ]
    assert Counter(entry["role"] for entry in ours) == {
        "primary": 15,
        "supporting": 2,
        "skipped": 1,
    }
    assert facts["files"]["failed"] == 0


@needs_samples
@pytest.mark.parametrize("converter", [ort_perf_test, ort_profile])
def test_no_other_family_is_claimed(converter: Any) -> None:
    for folder in sorted(ALL_SAMPLES.iterdir()):
        if folder.is_dir() and folder.name != "ort":
            assert converter.detect(Source(folder)) is None, folder.name
