"""MLPerf Endpoints: our own fixtures, the submission that the suite's checker takes, and what is no point."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from benchfmt.conversion import convert
from benchfmt.converters import mlperf_endpoints
from benchfmt.converters.base import Failed, Source, Unit
from benchfmt.finding import Finding
from benchfmt.record import Measurement, Record
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "mlperf_endpoints"
MODEL = FIXTURES / "Otters/pond-1/results/pond8/gpt-oss-120b"
Key = tuple[str, str, str, str, str]
RATE: Key = ("throughput", "mean", "whole-run", "token", "")
FIRST: Key = ("ttft", "p90", "request", "query", "")
TOKEN: Key = ("tpot", "p90", "decode", "token", "")
USER: Key = ("mlperf:tps-per-user", "", "", "", "")
QUALITY: Key = ("exact-match", "pooled", "", "", "")
POWER: Key = ("power", "nominal-max", "", "", "cluster")
KILOWATT: Key = ("mlperf:tps-per-kilowatt", "", "", "", "cluster")


def by_key(record: Record) -> dict[Key, Measurement]:
    return {item.key: item for item in record.measurements or ()}


def read(path: Path) -> list[Any]:
    items: list[Any] = []
    for unit in mlperf_endpoints.plan(Source(path), {}):
        items += mlperf_endpoints.read(unit) if isinstance(unit, Unit) else [unit]
    return items


def point(name: str) -> Record:
    [record] = [item for item in read(MODEL / name) if isinstance(item, Record)]
    return record


def test_the_fixtures_become_what_is_kept(golden: Callable[[str, Any], None]) -> None:
    golden("mlperf-endpoints", [record.to_dict() for record in convert(FIXTURES)])


def test_the_converter_keeps_the_promises_of_the_interface(two_processes: Executor) -> None:
    [account] = check_converter("mlperf-endpoints", [FIXTURES], executor=two_processes)
    assert account.to_dict()["files"]["primary"] == 3


def test_power_is_declared() -> None:
    power = by_key(point("r4"))[POWER]
    # 2 nodes x (2 x 250 W + 4 x 500 W) x 1.3 for liquid cooling; one figure is a default of the rules
    assert (power.value, power.basis, power.caveats) == (6500.0, "nominal", ["definition-inferred"])


def test_a_time_that_drifts_is_doubtful_and_a_stored_number_that_differs_is_reported() -> None:
    items = read(MODEL / "r64")
    [record] = [item for item in items if isinstance(item, Record)]
    [finding] = [item for item in items if isinstance(item, Finding)]
    assert by_key(record)[FIRST].caveats == ["unstable", "short-run"]
    assert finding.message == "system_tps is 20000, and 10000 by the samples"
    assert (record.extensions or {})["mlperf-endpoints"]["official_basis"] == "whole-run"


def test_the_score_of_the_performance_run_is_another_quantity() -> None:
    numbers = by_key(point("r64"))
    assert numbers[QUALITY].value == 0.83
    assert numbers["exact-match", "pooled", "", "", "run:performance"].target_min is None


def test_an_offline_run_of_its_own_has_no_times_and_an_unfinished_one_is_incomplete() -> None:
    record = point("r128")
    assert (record.benchmark.scenario, record.status) == ("offline", "incomplete")
    assert record.status_detail == "state: draining"
    assert not {"ttft", "tpot", "latency"} & {item.metric for item in record.measurements or ()}


def test_a_bound_of_too_few_samples_is_missing() -> None:
    numbers = by_key(point("r4"))
    assert numbers["ttft", "p90-es", "request", "query", ""].value == 0.4125
    assert numbers["ttft", "p99-es", "request", "query", ""].missing == "too-few-samples"


def test_seeds_of_64_bits_lose_no_digit() -> None:
    kept = (point("r4").extensions or {})["mlperf-endpoints"]
    assert kept["runtime_settings"]["runtime"]["scheduler_rng_seed"] == "10487924139932647040"


def test_a_percentile_that_is_there_twice_with_two_values_fails(tmp_path: Path) -> None:
    folder = tmp_path / "r4"
    shutil.copytree(MODEL / "r4", folder)
    path = folder / "result_summary.json"
    data = json.loads(path.read_text("utf-8"))
    data["ttft"]["percentiles"]["90"] = 1
    path.write_text(json.dumps(data), "utf-8")
    [failed] = read(folder)
    assert isinstance(failed, Failed)
    assert failed.error.startswith("ttft: the percentile 90")


def test_a_summary_without_a_point_is_not_taken(tmp_path: Path) -> None:
    folder = tmp_path / "r4"
    shutil.copytree(MODEL / "r4", folder)
    (folder / "point.yaml").unlink()
    assert mlperf_endpoints.detect(Source(folder)) is None
    assert "point.yaml" in (mlperf_endpoints.lacks(folder / "result_summary.json") or "")


@pytest.mark.parametrize("text", ["a: &x [1]\nb: *x\n", "[1, 2]", "a: [", "\xff"])
def test_a_damaged_point_fails_alone(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "r4"
    shutil.copytree(MODEL / "r4", folder)
    (folder / "point.yaml").write_bytes(text.encode("latin-1"))
    [failed] = read(folder)
    assert isinstance(failed, Failed)
    assert "point.yaml" in failed.error


EXPECTED = {
    # concurrency: tokens per second, ttft p90, tpot p90, of a user, of a kilowatt, basis, exact match
    4: (1920.0, 0.108, 0.0025, 400.0, 106.7, "window", 0.835),
    16: (6400.0, 0.144, 0.003, 1000 / 3, 355.6, "window", 0.834),
    64: (19200.0, 0.198, 0.004, 250.0, 1066.7, "window", 0.832),
    128: (30720.0, 0.27, 0.005, 200.0, 1706.7, "window", None),
    512: (59076.92307692308, 0.756, 0.01, 100.0, 3282.1, "window", 0.833),
    1024: (82285.71428571429, 1.62, 0.015, 1000 / 15, 4571.4, "whole-run", None),
    2048: (96000.0, 4.68, 0.024, 1000 / 24, 5333.3, "window", 0.831),
}


def test_a_curve_that_the_suites_checker_accepts(samples: Path) -> None:
    records = list(convert(samples / "new_suites/endpoints"))
    assert len(records) == len(EXPECTED)
    for record in records:
        numbers = by_key(record)
        concurrency = record.configuration.hyperparameters["concurrency"]  # type: ignore[union-attr,index]
        basis = (record.extensions or {})["mlperf-endpoints"]["official_basis"]
        quality = numbers.get(QUALITY)
        values = tuple(numbers[key].value for key in (RATE, FIRST, TOKEN, USER, KILOWATT))
        found = (*values, basis, quality.value if quality else None)
        assert found == EXPECTED[concurrency]
        assert (numbers[POWER].value, numbers[POWER].basis) == (18000.0, "nominal")
        assert numbers[FIRST].caveats == (["unstable"] if concurrency == 1024 else None)
        if quality:
            assert quality.target_min == 0.822987
        assert not [item for item in numbers if item[0] == "energy-efficiency"]


def test_the_sample_keeps_the_promises(samples: Path, two_processes: Executor) -> None:
    check_converter("mlperf-endpoints", [samples / "new_suites/endpoints"], executor=two_processes)
