"""The flat view: names, order, groups, and what it leaves out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from tests.forms import flatten, write

from benchfmt.cli.explain import explain
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package, open_package
from benchfmt.tables import arrow_schema
from benchfmt.vocabulary import vocabulary
from benchfmt.wide import column_name, widen

UNIT = {"unit": "s", "basis": "measured"}


def record(number: int, *measurements: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"benchfmt": "1.0", "id": f"r{number}", "benchmark": {"suite": "lpdnn"}, "status": "ok"}
    return base | {"measurements": list(measurements)} | more


def latency(value: float, **key: Any) -> dict[str, Any]:
    return {"metric": "latency", "value": value, **UNIT, **key}


def opened(tmp_path: Path, *records: dict[str, Any]) -> Package:
    return open_package(write(tmp_path / "package", flatten(list(records)), "parquet"))


def rows(tmp_path: Path, *records: dict[str, Any], **options: bool) -> list[dict[str, Any]]:
    return opened(tmp_path, *records).wide(**options).to_pylist()


def widened(*measurements: dict[str, Any]) -> list[dict[str, Any]]:
    """Widen one record `r`, straight from its tables."""
    given = {
        "records": [{"id": "r", "status": "ok", "precision": "int8"}],
        "measurements": list(measurements),
    }
    tables = (given.get(name, []) for name in ("records", "measurements", "systems"))
    schemas = (arrow_schema(name) for name in ("records", "measurements", "systems"))
    frames = (
        pl.DataFrame(pl.from_arrow(pa.Table.from_pylist(r, schema=s)))
        for r, s in zip(tables, schemas, strict=True)
    )
    return widen(*frames).to_dicts()


CONTEXT = set(widened()[0])


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (("latency", "p90", "inference", "sample", ""), "latency__p90__inference__sample"),
        (("power", "", "", "", "psu-dc"), "power__psu_dc"),
        (
            ("precision@10", "p99.9-es", "", "", "class:kidney"),
            "precision_10__p99_9_es__class_kidney",
        ),
    ],
)
def test_a_column_is_named_by_its_key(key: tuple[str, ...], name: str) -> None:
    assert column_name(key) == name


def test_a_row_is_a_record_and_a_column_a_key(tmp_path: Path) -> None:
    first = record(
        1,
        latency(0.1, primary=True, per="sample"),
        latency(0.2, statistic="p90"),
        task="image-classification",
    )
    second = record(2, latency(0.3, statistic="p90"), {"metric": "power", "missing": "no-sensor"})
    system = {
        "id": "rpi4",
        "name": "Raspberry Pi 4",
        "memory_bytes": 4294967296,
        "kind": "board",
        "vendor": "RPi",
    }
    table = opened(tmp_path, first | {"system": system}, second).wide()
    data = table.to_pylist()
    assert [row["id"] for row in data] == ["r1", "r2"]
    assert [(r["latency__sample"], r["latency__p90"]) for r in data] == [(0.1, 0.2), (None, 0.3)]
    assert [(r["primary_metric"], r["primary_value"], r["primary_unit"]) for r in data] == [
        ("latency", 0.1, "s"), (None, None, None),
    ]  # fmt: skip
    named = {
        name: data[0][name]
        for name in (
            "system_id",
            "system_name",
            "system_kind",
            "system_vendor",
            "system_memory_bytes",
        )
    }
    assert list(named.values()) == ["rpi4", "Raspberry Pi 4", "board", "RPi", 4294967296]
    assert data[1]["system_name"] is None
    assert "power" not in table.column_names


def test_context_comes_first_then_the_primary_then_keys_in_order(tmp_path: Path) -> None:
    measurements = [
        latency(0.1, primary=True, stage="inference"),
        {"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"},
    ]
    names = opened(tmp_path, record(1, *measurements, latency(0.2))).wide().column_names
    assert names[:2] == ["id", "suite"]
    assert names[names.index("primary_metric") :] == [
        "primary_metric", "primary_statistic", "primary_stage", "primary_per", "primary_scope", "primary_value",
        "primary_unit", "primary_better", "accuracy", "latency", "latency__inference",
    ]  # fmt: skip
    assert {"extensions", "sources", "inputs", "converter"} & set(names) == set()
    assert len(set(names)) == len(names)


def test_parts_of_a_result_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    whole = record(
        1,
        latency(0.1, scope="node"),
        latency(0.2, scope="node:1"),
        latency(0.3, scope="run:energy"),
    )
    assert [name for name in rows(tmp_path, whole)[0] if name.startswith("latency")] == [
        "latency__node"
    ]
    asked = rows(tmp_path, whole, qualified=True)[0]
    assert (asked["latency__node_1"], asked["latency__run_energy"]) == (0.2, 0.3)


def test_two_keys_that_would_share_a_name_get_columns_of_their_own(tmp_path: Path) -> None:
    score = {"metric": "acme:a.b", "value": 1.0, "unit": "1", "basis": "measured"}
    (row,) = rows(tmp_path, record(1, score, score | {"metric": "acme:a-b", "value": 2.0}))
    assert {name: value for name, value in row.items() if name.startswith("acme")} == {
        "acme_a_b": 2.0,
        "acme_a_b__2": 1.0,
    }


@pytest.mark.parametrize("metric", vocabulary().metrics)
def test_every_metric_has_a_column_of_its_own(metric: str) -> None:
    (row,) = widened({"record_id": "r", "metric": metric, "value": 7.0, "primary": True})
    added = set(row) - CONTEXT
    assert [row[name] for name in added] == [7.0]
    assert (row["precision"], row["primary_metric"], row["primary_value"]) == ("int8", metric, 7.0)


def test_a_metric_with_the_name_of_a_context_column_is_prefixed() -> None:
    metrics = (
        "precision",
        "batch_size",
        "primary_value",
        "id",
        "comparability_group",
        "system_name",
        "recall",
    )
    (row,) = widened(
        *(
            {"record_id": "r", "metric": metric, "value": float(n)}
            for n, metric in enumerate(metrics)
        )
    )
    names = [f"metric__{metric}" for metric in metrics[:-1]]
    assert [row[name] for name in (*names, "recall")] == [*range(len(metrics))]
    assert (row["id"], row["precision"], row["primary_value"]) == ("r", "int8", None)


def test_a_prefixed_name_that_is_taken_is_numbered() -> None:
    measurements = (
        {"metric": "metric", "statistic": "precision"},
        {"metric": "precision"},
        {"metric": "metric__precision__2"},
    )
    (row,) = widened(
        *({"record_id": "r", "value": 1.0 + n} | m for n, m in enumerate(measurements))
    )
    assert {row[name] for name in set(row) - CONTEXT} == {1.0, 2.0, 3.0}


def test_all_metrics_at_once_are_wide() -> None:
    metrics = list(vocabulary().metrics)
    (row,) = widened(
        *({"record_id": "r", "metric": m, "value": float(n)} for n, m in enumerate(metrics))
    )
    assert sorted(row[name] for name in set(row) - CONTEXT) == [*range(len(metrics))]


def test_a_record_has_one_row_whatever_it_calls_primary() -> None:
    twice = [
        {"record_id": "r", "metric": m, "value": 1.0, "primary": True} for m in ("latency", "power")
    ]
    assert [row["primary_metric"] for row in widened(*twice)] == ["latency"]


CONFIGURATION = {"precision": "fp16", "batch_size": 1, "input_shape": [3, 224, 224]}
GROUPED = record(
    1,
    latency(0.1, primary=True),
    benchmark={"suite": "lpdnn", "name": "imagenet"},
    task="image-classification",
    model={"name": "mobilenet-v1"},
    configuration=CONFIGURATION,
)


@pytest.mark.parametrize(
    ("more", "same"),
    [
        ({"system": {"id": "rpi4"}}, True),
        ({"software": {"engine": "onnxruntime"}}, True),
        ({"provenance": {"submitter": "somebody"}}, True),
        ({"task": "object-detection"}, False),
        ({"configuration": CONFIGURATION | {"precision": "fp32"}}, False),
        ({"configuration": CONFIGURATION | {"batch_size": 2}}, False),
        ({"benchmark": {"suite": "lpdnn", "name": "coco"}}, False),
        ({"benchmark": {"suite": "lpdnn", "name": "imagenet", "suite_version": "2"}}, False),
        ({"model": {"name": "resnet50"}}, False),
        ({"inputs": [{"name": "x", "values": [1.0]}]}, False),
    ],
)
def test_a_group_holds_what_may_be_compared(
    more: dict[str, Any], same: bool, tmp_path: Path
) -> None:
    first, second = rows(tmp_path, GROUPED, GROUPED | {"id": "r2"} | more)
    assert first["comparability_group"]
    assert (first["comparability_group"] == second["comparability_group"]) == same


PRIMARY = latency(0.1, primary=True, stage="inference", per="sample")
ACCURACY = {"metric": "accuracy", "value": 0.7, "unit": "1", "basis": "measured"}
AIMED = [PRIMARY | {"target_max": 0.1}, ACCURACY | {"target_min": 0.6}]


@pytest.mark.parametrize(
    ("mine", "other", "same"),
    [
        ([PRIMARY], [PRIMARY | {"value": 0.2}], True),
        ([PRIMARY], [PRIMARY, ACCURACY], True),
        ([PRIMARY], [PRIMARY | {"metric": "ttft"}], False),
        ([PRIMARY], [PRIMARY | {"statistic": "p90"}], False),
        ([PRIMARY], [PRIMARY | {"stage": "end-to-end"}], False),
        ([PRIMARY], [PRIMARY | {"per": "batch"}], False),
        ([PRIMARY], [PRIMARY | {"scope": "node"}], False),
        ([PRIMARY], [PRIMARY | {"unit": "ms"}], False),
        ([PRIMARY], [PRIMARY | {"primary": False}], False),
        (AIMED, [*reversed(AIMED)], True),
        (AIMED, [AIMED[0] | {"value": 0.05}, AIMED[1] | {"value": 0.8}], True),
        (AIMED, [PRIMARY, AIMED[1]], False),
        (AIMED, [AIMED[0], ACCURACY], False),
        (AIMED, [AIMED[0] | {"target_max": 0.2}, AIMED[1]], False),
        (AIMED, [AIMED[0], ACCURACY | {"target_max": 0.6}], False),
        (AIMED, [AIMED[0], AIMED[1] | {"statistic": "p90"}], False),
        (
            [PRIMARY, AIMED[1] | {"target_min": 0.0}],
            [PRIMARY, AIMED[1] | {"target_min": -0.0}],
            True,
        ),
    ],
)
def test_a_group_is_of_one_headline_number_and_its_targets(
    mine: list[dict[str, Any]], other: list[dict[str, Any]], same: bool, tmp_path: Path
) -> None:
    first, second = rows(
        tmp_path, GROUPED | {"measurements": mine}, GROUPED | {"id": "r2", "measurements": other}
    )
    assert first["comparability_group"]
    assert (first["comparability_group"] == second["comparability_group"]) == same


def test_a_group_does_not_depend_on_what_is_shown(tmp_path: Path) -> None:
    parts = GROUPED | {
        "measurements": [
            PRIMARY | {"scope": "run:energy"},
            latency(0.3, scope="node:1", target_max=0.4),
        ]
    }
    first, second = (
        rows(tmp_path / str(q), parts, qualified=q)[0]["comparability_group"] for q in (False, True)
    )
    assert first == second


def test_the_key_of_the_primary_stands_in_columns(tmp_path: Path) -> None:
    key = {"statistic": "p90", "stage": "inference", "per": "sample", "scope": "node"}
    (row,) = rows(tmp_path, record(1, latency(0.1, primary=True, **key)))
    assert {name: row[f"primary_{name}"] for name in key} == key


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("Latency", "did you mean 'latency' (metric)?"),
        ("latncy", "did you mean 'latency' (metric)?"),
        ("fps", "did you mean 'throughput' (metric)"),
        ("BF999", "the nearest codes are BF901 to "),
        ("bf77", "the nearest codes are BF701 to "),
        ("bf88", "the nearest codes are BF101 to "),
        ("qqqqqq", "see `benchfmt vocabulary`"),
        ("bf1-" + "a" * 26, "the id of a record is explained with its package: --package PACKAGE"),
    ],
)
def test_explain_says_what_an_unknown_word_may_mean(word: str, hint: str) -> None:
    said = f"{word!r} is neither a code nor a term, nor known hardware, nor a known model, data set or benchmark; {hint}"
    with pytest.raises(BenchfmtError, match=re.escape(said)):
        explain(word)


@pytest.mark.parametrize(
    "more",
    [
        {"status": "invalid"},
        {"configuration": CONFIGURATION | {"precision": "mixed"}},
        {"model": {}},
        {"measurements": [latency(0.1)]},
        {"measurements": [{"metric": "power", "missing": "no-sensor", "primary": True}]},
        {"measurements": [latency(0.1, primary=True, target_max=0.05)]},
    ],
)
def test_what_compares_with_nothing_has_no_group(more: dict[str, Any], tmp_path: Path) -> None:
    assert rows(tmp_path, GROUPED | more)[0]["comparability_group"] is None


def test_without_rules_of_its_suite_a_benchmark_or_a_model_is_enough(tmp_path: Path) -> None:
    known = CONFIGURATION | {"threads": 1}
    timed = latency(0.1, primary=True, stage="inference", per="sample")
    plain = GROUPED | {"configuration": known, "measurements": [timed]}
    for more, has_group in (
        ({"benchmark": {"suite": "acme:lab", "name": "imagenet"}, "model": {}}, True),
        ({"benchmark": {"suite": "acme:lab"}}, True),
        ({"benchmark": {"suite": "acme:lab"}, "model": {}}, False),
        ({"benchmark": {"suite": "acme:lab"}, "configuration": CONFIGURATION}, False),
    ):
        (row,) = rows(tmp_path, plain | more)
        assert bool(row["comparability_group"]) == has_group, more


def test_each_value_has_its_own_group_on_request(tmp_path: Path) -> None:
    both = [PRIMARY, ACCURACY]
    (row,) = rows(tmp_path, GROUPED | {"measurements": both}, groups=True)
    assert row["latency__inference__sample__group"] == row["comparability_group"]
    assert row["accuracy__group"] not in (None, row["comparability_group"])
    (plain,) = rows(tmp_path, GROUPED | {"measurements": both})
    assert {name for name in row if name.endswith("__group")} == set(row) - set(plain)


def test_a_group_is_the_same_in_every_package(tmp_path: Path) -> None:
    alone = rows(tmp_path / "a", GROUPED)[0]["comparability_group"]
    among = rows(tmp_path / "b", record(0, latency(1.0)), GROUPED)[1]["comparability_group"]
    assert alone == among


def test_a_package_without_numbers_is_wide_too(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, record(1, status="failed"))
    assert (row["id"], row["primary_value"]) == ("r1", None)


def test_pandas_gets_the_same_frame(tmp_path: Path) -> None:
    frame = opened(tmp_path, record(1, latency(0.1)), record(2, latency(0.2))).to_pandas()
    assert frame["latency"].tolist() == [0.1, 0.2]
