"""MLPerf Client: our own fixtures, the file in the app's order of keys, and lines that are no result."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from benchfmt.conversion import convert
from benchfmt.converters import mlperf_client
from benchfmt.converters.base import Failed, Source, Unit
from benchfmt.record import Measurement, Record
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "mlperf_client"
LINES = (FIXTURES / "results.json").read_text("utf-8").splitlines()
Key = tuple[str, str, str, str, str]
TTFT: Key = ("ttft", "geometric-mean", "request", "query", "")
RATE: Key = ("throughput", "geometric-mean", "decode", "token", "")


def by_key(record: Record) -> dict[Key, Measurement]:
    return {item.key: item for item in record.measurements or ()}


def read(path: Path) -> list[Any]:
    items: list[Any] = []
    for unit in mlperf_client.plan(Source(path), {}):
        items += mlperf_client.read(unit) if isinstance(unit, Unit) else [unit]
    return items


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(convert(FIXTURES))


def test_the_fixtures_become_what_is_kept(
    records: list[Record], golden: Callable[[str, Any], None]
) -> None:
    golden("mlperf-client", [record.to_dict() for record in records])


def test_the_converter_keeps_the_promises_of_the_interface(two_processes: Executor) -> None:
    [account] = check_converter("mlperf-client", [FIXTURES], executor=two_processes)
    assert account.to_dict()["rows"]["converted"] == len(LINES)


def test_a_verified_run_has_the_ranked_pair(records: list[Record]) -> None:
    numbers = by_key(records[0])
    assert (numbers[TTFT].value, numbers[RATE].value, numbers[RATE].primary) == (0.25, 40.125, True)
    assert (
        numbers["ttft", "mean", "request", "query", "subset:summarization-intermediate"].value
        == 0.5
    )
    duration = numbers["duration", "single", "whole-run", "", ""]
    assert (duration.value, duration.reported_value) == (3723.5, "01:02:03.500")
    assert records[0].provenance is not None
    assert records[0].provenance.measured_at == "2026-03-04T05:06:07.089Z"


def test_a_configuration_that_was_not_tested_has_no_overall_result(records: list[Record]) -> None:
    record = records[1]
    assert record.benchmark.verification == "self-reported"
    assert not {TTFT, RATE} & set(by_key(record))
    assert not any(item.primary for item in record.measurements or ())


def test_a_failed_run_says_why(records: list[Record]) -> None:
    record = records[2]
    assert (record.status, record.status_detail) == ("failed", "out of fish")
    assert by_key(record)[RATE].missing == "run-failed"


def test_images_per_minute_become_a_rate_per_second(records: list[Record]) -> None:
    rate = by_key(records[3])["throughput", "mean", "end-to-end", "sample", ""]
    assert (rate.value, rate.reported_value, rate.reported_unit) == (0.2, "12.0", "/min")


def test_a_rate_of_0_was_not_computed(records: list[Record]) -> None:
    assert by_key(records[4])[RATE].missing == "too-few-samples"
    assert by_key(records[4])[TTFT].value == 0.25


def test_the_expected_duration_of_an_agent_is_a_model(records: list[Record]) -> None:
    numbers = {item.metric: item for item in records[5].measurements or ()}
    assert numbers["mlperf:agentic-expected-duration"].basis == "estimated"
    assert numbers["mlperf:agentic-tools-duration"].value == 3.25
    assert numbers["ttft"].caveats == ["partial-run"]


def test_an_old_file_says_less(records: list[Record]) -> None:
    record = records[6]
    assert record.benchmark.name == "Otter"
    assert record.system is None
    assert record.configuration is not None
    assert record.configuration.placement == ["gpu"]


def test_prompts_and_answers_stay_out(records: list[Record]) -> None:
    assert "private" not in json.dumps([record.to_dict() for record in records])


def test_an_array_is_read_as_the_lines_are(records: list[Record], tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("[" + ",\n".join(LINES) + "]", "utf-8")
    again = [item for item in read(path) if isinstance(item, Record)]
    assert [item.measurements for item in again] == [item.measurements for item in records]


def test_a_line_that_is_damaged_fails_alone(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("\n".join([LINES[0], LINES[1][:900], "", "7", LINES[2]]), "utf-8")
    first, cut, no_object, last = read(path)
    assert isinstance(first, Record)
    assert isinstance(cut, Failed)
    assert (cut.row, no_object.row, no_object.error) == (2, 3, "no JSON object")
    assert last.status == "failed"


def test_a_file_of_the_same_name_of_another_program_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"BuildVer": "1", "Config": "mine"}\n', "utf-8")
    assert mlperf_client.detect(Source(path)) is None


def test_the_sample_has_its_values(samples: Path, two_processes: Executor) -> None:
    verified, unverified, failed, image = convert(samples / "new_suites/mlperf_client")
    numbers = by_key(verified)
    assert (numbers[TTFT].value, numbers[RATE].value) == (0.293, 60.461)
    rates = {
        item.scope: item.value
        for item in verified.measurements or ()
        if item.metric == "throughput" and item.scope
    }
    assert rates == {
        "subset:code-analysis": 60.8,
        "subset:content-generation": 62.113,
        "subset:creative-writing": 63.02,
        "subset:structured-text": 61.5,
        "subset:summarization-intermediate": 55.2,
        "subset:summarization-substantial": 48.1,
    }
    assert unverified.benchmark.verification == "self-reported"
    assert not {TTFT, RATE} & set(by_key(unverified))
    assert failed.status_detail == "Failed to initialise the inference"
    rate = by_key(image)["throughput", "mean", "end-to-end", "sample", ""]
    assert (rate.value, rate.reported_value) == (0.16, "9.6")
    check_converter("mlperf-client", [samples / "new_suites/mlperf_client"], executor=two_processes)
