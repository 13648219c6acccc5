"""InferenceX: our own fixtures, the real rows and files, and what is no result."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from benchfmt.conversion import convert
from benchfmt.converters import inferencex
from benchfmt.converters.base import Failed, Skipped, Source, Unit
from benchfmt.record import Measurement, Record
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "inferencex"
Key = tuple[str, str, str, str, str]
OUTPUT: Key = ("throughput", "mean", "whole-run", "token", "")
ENERGY: Key = ("energy", "mean", "whole-run", "token", "gpu")


def by_key(record: Record) -> dict[Key, Measurement]:
    return {item.key: item for item in record.measurements or ()}


def read(path: Path) -> list[Any]:
    items: list[Any] = []
    for unit in inferencex.plan(Source(path), {}):
        items += inferencex.read(unit) if isinstance(unit, Unit) else [unit]
    return items


def test_the_fixtures_become_what_is_kept(golden: Callable[[str, Any], None]) -> None:
    golden("inferencex", [record.to_dict() for record in convert(FIXTURES)])


def test_the_converter_keeps_the_promises_of_the_interface(two_processes: Executor) -> None:
    [account] = check_converter("inferencex", [FIXTURES], executor=two_processes)
    rows = account.to_dict()["rows"]
    assert (rows["converted"], rows["skipped"], rows["failed"]) == (8, 1, 0)


def test_an_aggregate_and_the_files_it_was_made_from_are_one_record() -> None:
    [unit, *_] = [
        unit
        for unit in inferencex.plan(Source(FIXTURES), {})
        if isinstance(unit, Unit) and unit.supporting
    ]
    assert [path.name for path in unit.supporting] == [
        "otter_tp2_conc4.json",
        "power_validation_otter_tp2_conc4.json",
    ]
    [record] = inferencex.read(unit)
    assert isinstance(record, Record)
    numbers = by_key(record)
    assert (numbers[OUTPUT].value, numbers[OUTPUT].basis) == (160.0, "measured")
    assert numbers[ENERGY].value == 5.0
    assert numbers["ttft", "mean", "request", "query", ""].n == 100


def test_rows_of_a_sweep_give_the_rate_of_the_system_by_the_gpus_that_they_used() -> None:
    items = read(FIXTURES / "agg_bmk.json")
    records = [item for item in items if isinstance(item, Record)]
    rates = [by_key(record).get(OUTPUT) for record in records]
    assert [rate and (rate.value, rate.basis, rate.caveats) for rate in rates] == [
        (160.0, "derived", None),  # 80 x 2 (tp)
        (480.0, "derived", None),  # 80 x 6 GPUs that decode
        (640.0, "derived", ["definition-inferred"]),  # no tp: 8 GPUs are named twice
        (160.0, "derived", None),
        (160.0, "derived", None),
        None,
    ]
    assert [record.status for record in records] == ["ok"] * 5 + ["failed"]
    [skipped] = [item for item in items if isinstance(item, Skipped)]
    assert skipped.row == 7


def test_power_that_the_suite_refuses_has_no_joules() -> None:
    records = [item for item in read(FIXTURES / "agg_bmk.json") if isinstance(item, Record)]
    refused, unversioned = records[3], records[4]
    [energy] = [item for item in refused.measurements or () if item.metric == "energy"]
    assert (energy.value, energy.missing) == (None, "invalid-in-source")
    assert not [item for item in unversioned.measurements or () if item.metric == "energy"]
    assert (unversioned.extensions or {})["inferencex"]["joules_per_output_token"] == 4.5


def test_the_load_generators_file_alone_is_a_record_and_lost_requests_make_it_invalid() -> None:
    [record] = read(FIXTURES / "badger.json")
    assert (record.status, record.status_detail) == (
        "invalid",
        "20 of 120 requests failed, more than 5 %",
    )
    assert by_key(record)["tpot", "mean", "decode", "token", ""].value == 0.0255


def test_the_50th_percentile_beside_the_median_is_not_taken_twice(tmp_path: Path) -> None:
    data = json.loads((FIXTURES / "badger.json").read_text("utf-8"))
    times = {"median_ttft_ms": 40.5, "p50_ttft_ms": 40.5}
    (tmp_path / "badger.json").write_text(json.dumps({**data, **times}))
    [record] = read(tmp_path / "badger.json")
    keys = [(item.metric, item.statistic) for item in record.measurements or ()]
    assert keys.count(("ttft", "median")) == 1


def test_a_file_that_other_load_generators_write_too_is_not_taken(tmp_path: Path) -> None:
    data = json.loads((FIXTURES / "badger.json").read_text("utf-8"))
    data = {name: value for name, value in data.items() if "_unix" not in name}
    path = tmp_path / "vllm.json"
    path.write_text(json.dumps(data), "utf-8")
    assert inferencex.detect(Source(path)) is None
    assert "benchmark_start_time_unix" in (inferencex.lacks(path) or "")


def test_damaged_files_fail_alone(tmp_path: Path) -> None:
    path = tmp_path / "agg_bmk.json"
    row = json.loads((FIXTURES / "agg_bmk.json").read_text("utf-8"))[0]
    path.write_text(json.dumps([row, 5, {**row, "conc": 7}]), "utf-8")
    first, second, third = read(path)
    assert isinstance(first, Record)
    assert isinstance(second, Failed)
    assert second.row == 2
    assert isinstance(third, Record)
    path.write_text(json.dumps([row])[:-5], "utf-8")
    [failed] = read(path)
    assert isinstance(failed, Failed)
    assert "not JSON" in failed.error


# --- the real rows and files ---


def test_real_rows_of_an_engines_own_loop(samples: Path) -> None:
    first, second = read(samples / "new_suites/inferencex/real_rows/agg_bmk.json")
    assert first.benchmark.scenario is None
    numbers = by_key(first)
    per_gpu = numbers["inferencex:output-throughput-per-gpu", "mean", "whole-run", "token", ""]
    assert per_gpu.reported_value == "272.04060371365455"
    assert ("inferencex:total-throughput-per-gpu", "mean", "whole-run", "token", "") not in numbers
    assert numbers["tpot", "p99", "decode", "token", ""].value == 0.007593575591147528
    assert first.extensions["inferencex"]["decode_round_tpot_ms"] == 22.069890185656302
    assert second.configuration.hyperparameters["concurrency"] == 64


def test_a_real_point_with_its_power(samples: Path) -> None:
    [record] = convert(samples / "new_suites/inferencex/point")
    numbers = by_key(record)
    assert numbers["ttft", "median", "request", "query", ""].value == 0.29139942955225706
    assert numbers["tpot", "p99", "decode", "token", ""].value == 0.0717096967959967
    assert numbers[OUTPUT].value == 403.5809313421254
    assert numbers[ENERGY].value == 10.050029
    assert numbers["energy", "sum", "whole-run", "", "gpu"].value == 205824.591
    assert numbers["power", "mean", "whole-run", "", "gpu"].value == 4056.0
    per_gpu = {
        name: numbers[f"inferencex:{name}-throughput-per-gpu", *OUTPUT[1:]]
        for name in ("total", "output", "input")
    }
    assert {name: item.value for name, item in per_gpu.items()} == {
        "total": 454.02854775989107,
        "output": 50.44761641776567,
        "input": 403.5809313421254,
    }
    assert not [item for item in record.measurements or () if "intvty" in item.metric]


def test_a_real_point_without_telemetry(samples: Path) -> None:
    [record] = convert(samples / "new_suites/inferencex/nopower")
    [energy] = [item for item in record.measurements or () if item.metric in ("energy", "power")]
    assert energy.missing == "not-measured"
    assert (record.extensions or {})["inferencex"]["power_reasons"] == ["telemetry_file_missing"]


def test_a_real_file_of_the_load_generator_whose_times_are_seconds(samples: Path) -> None:
    path = samples / "new_suites/inferencex/glm5_fp8_vllm_tp8_isl1024_osl128_conc16.json"
    [record] = convert(path)
    numbers = by_key(record)
    assert numbers["ttft", "median", "request", "query", ""].value == 0.29139942955225706
    assert numbers["tpot", "p99", "decode", "token", ""].value == 0.0717096967959967
    assert numbers[OUTPUT].value == 403.5809313421254
    assert record.provenance is not None
    assert record.provenance.measured_at == "2026-02-13T07:52:58"


@pytest.mark.parametrize("name", ["point", "nopower", "real_rows"])
def test_the_samples_keep_the_promises(samples: Path, name: str, two_processes: Executor) -> None:
    check_converter(
        "inferencex", [samples / "new_suites/inferencex" / name], executor=two_processes
    )
