"""The layouts of GenAI-Perf and AIPerf: reports whose rows have names, and the same as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from tests.layouts.helping import FIXTURES, converted, measurement, values

from benchfmt import convert

GENAI = {
    "genai-perf.csv": "genai-perf-csv",
    "genai-perf.json": "genai-perf",
    "genai-perf-analyze.csv": "genai-perf-analyze",
    "aiperf.csv": "aiperf-csv",
    "aiperf.json": "aiperf",
}
"""Files of ours, each with its layout."""
TOKENS = ("throughput", "mean", "issue-window", "token")
ALL_TOKENS = ("throughput", "mean", "issue-window", "total-token")
QUERIES = ("throughput", "mean", "issue-window", "query")
FIRST = ("ttft", "mean", "request", "query")
NEXT = ("tpot", "mean", "decode", "token")
WHOLE = ("latency", "mean", "request", "query")


def test_genai_perf_as_csv(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "genai-perf.csv", tmp_path)
    numbers = values(record)
    assert numbers[TOKENS] == 1210.75
    assert numbers[QUERIES] == 11.0
    assert numbers[FIRST] == 1.2505
    assert numbers["ttft", "max", "request", "query"] == 2.0
    assert numbers["ttft", "median", "request", "query"] == 1.2
    assert numbers[NEXT] == 0.0255
    assert numbers[WHOLE] == 4.0
    assert numbers["output-tokens", "mean", "query"] == 110.0
    assert len(numbers) == 2 + 4 * 9
    first = measurement(record, *FIRST)
    assert (first.n, first.reported_value) == (60, "1,250.50")
    # Requests of one token have no time between tokens, so nobody knows how many are counted.
    assert measurement(record, *NEXT).n is None
    own = record.to_dict()["extensions"]["genai-perf"]
    assert own["Time To Second Token (ms)/avg"] == "20.00"
    assert own["GPU Power Usage (W)/avg"] == "250.00"
    assert own["GPU Power Usage (W) (2)/avg"] == "251.00"


def test_genai_perf_as_json(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "genai-perf.json", tmp_path)
    numbers = values(record)
    assert numbers[TOKENS] == 250.0
    assert numbers[QUERIES] == 2.5
    assert numbers[WHOLE] == 1.6005
    assert numbers[FIRST] == 0.05525
    assert numbers[NEXT] == 0.0155
    first = measurement(record, *FIRST)
    assert (first.n, first.stddev) == (40, 0.01)
    data = record.to_dict()
    assert data["model"] == {"name": "otter-7b"}
    assert data["configuration"]["hyperparameters"] == {"concurrency": 4}
    assert "secret" not in json.dumps(data)


def test_configurations_of_genai_perf(tmp_path: Path) -> None:
    records, account = converted(FIXTURES / "genai-perf-analyze.csv", tmp_path)
    assert [values(record)[TOKENS] for record in records] == [150.0, 400.0]
    assert values(records[1]) == {
        TOKENS: 400.0,
        QUERIES: 4.0,
        ("ttft", "p99", "request", "query"): 0.06,
        ("tpot", "p99", "decode", "token"): 0.009,
        ("latency", "p99", "request", "query"): 1.2,
    }
    assert account.ok


def test_aiperf_as_csv(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "aiperf.csv", tmp_path)
    numbers = values(record)
    assert numbers[TOKENS] == 600.0
    assert numbers[ALL_TOKENS] == 950.0
    assert numbers[NEXT] == 0.0025
    whole = measurement(record, *WHOLE)
    assert (whole.value, whole.n, whole.stddev) == (1.5, 50, 0.9)


def test_aiperf_that_was_cancelled(tmp_path: Path) -> None:
    (record,), _ = converted(FIXTURES / "aiperf.json", tmp_path)
    numbers = values(record)
    assert numbers[ALL_TOKENS] == 750.0
    assert numbers["duration", "single", "issue-window", "run"] == 16.0
    assert numbers[FIRST] == 0.05525
    assert measurement(record, *FIRST).caveats == ["partial-run"]
    data = record.to_dict()
    assert data["status"] == "incomplete"
    assert data["benchmark"]["suite_version"] == "0.13.0"
    assert data["configuration"]["hyperparameters"] == {"concurrency": 8}
    assert data["provenance"]["measured_at"] == "2026-01-02T03:04:05.678901"
    assert "secret" not in json.dumps(data)


def test_a_report_without_the_unit_of_a_number(tmp_path: Path) -> None:
    report = json.loads((FIXTURES / "aiperf.json").read_text("utf-8"))
    del report["output_sequence_length"]["unit"]
    path = tmp_path / "aiperf.json"
    path.write_text(json.dumps(report), "utf-8")
    conversion = convert(path)
    (record,) = conversion
    assert record.to_dict()["extensions"]["aiperf"]["output_sequence_length/avg"] == "100.0"
    assert {finding.code for finding in conversion.account.findings} == {"BF201"}


def test_genai_perf_and_aiperf_of_others(samples: Path, tmp_path: Path) -> None:
    folder = samples / "llm_tools"
    (record,), _ = converted(folder / "genai_perf" / "profile_export_genai_perf.csv", tmp_path)
    numbers = values(record)
    assert numbers[FIRST] == 1.14631
    assert numbers["ttft", "max", "request", "query"] == 3.48523
    assert numbers[WHOLE] == 6.4062
    assert numbers[NEXT] == 0.03035
    assert (numbers[TOKENS], numbers[QUERIES]) == (261.25, 1.5)
    assert measurement(record, *FIRST).n == 40
    first, *_ = converted(folder / "genai_perf" / "analyze_export_genai_perf.csv", tmp_path)[0]
    numbers = values(first)
    assert numbers["ttft", "p99", "request", "query"] == 0.03354
    assert numbers["tpot", "p99", "decode", "token"] == 0.00716
    assert (numbers[TOKENS], numbers[QUERIES]) == (149.63, 1.32)
    (record,), _ = converted(folder / "aiperf" / "profile_export_aiperf.csv", tmp_path)
    numbers = values(record)
    assert numbers[NEXT] == 0.00281
    assert numbers[FIRST] == 0.04987
    assert numbers["ttft", "p99", "request", "query"] == 0.09231
    assert numbers[WHOLE] == 1.6523
    assert (numbers[TOKENS], numbers[ALL_TOKENS]) == (598.78, 962.32)
    assert numbers[QUERIES] == 1.2
    assert measurement(record, *FIRST).n == 50
