"""The flat view for learners: which rows stay, facts of the registry, hyperparameters and inputs, units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from tests.comparison.making import CLOSED, changed
from tests.forms import flatten, write

from benchfmt.conversion import convert
from benchfmt.finding import BenchfmtError
from benchfmt.package import open_package
from benchfmt.vocabulary import vocabulary
from benchfmt.wide import listing
from benchfmt.wide.members import MOST

RUN = {"provenance__execution": "v4.0/closed/Lab/results/a/resnet50/Offline"}
PUBLISHED = changed(CLOSED, "row", **RUN, measurements__first__basis="published")
COMPUTED = changed(CLOSED, "logs", **RUN, measurements__first__basis="derived")
OTHER = changed(CLOSED, "other", system={"id": "server-2", "name": "Server 2"})


def table(tmp_path: Path, *records: dict[str, Any], **options: Any) -> pa.Table:
    with open_package(write(tmp_path / "package", flatten(list(records)), "parquet")) as opened:
        return opened.wide(**options)


def ids(tmp_path: Path, *records: dict[str, Any], **options: Any) -> list[str]:
    return table(tmp_path, *records, **options)["id"].to_pylist()


def test_the_recomputed_record_stands_for_its_execution(tmp_path: Path) -> None:
    three = (PUBLISHED, COMPUTED, OTHER)
    assert ids(tmp_path / "a", *three) == ["row", "logs", "other"]
    assert ids(tmp_path / "b", *three, one_per_execution=True) == ["logs", "other"]


@pytest.mark.parametrize(
    ("more", "stay"),
    [
        ({"configuration": {"precision": "int4"}}, ["logs"]),
        ({"measurements__first__per": "token"}, ["logs"]),
        # Another run.
        ({"benchmark__scenario": "server"}, ["logs", "row"]),
        ({"benchmark__suite": "mlperf-tiny"}, ["logs", "row"]),
    ],
)
def test_a_published_row_is_an_echo_however_it_tells_the_run(
    more: dict[str, Any], stay: list[str], tmp_path: Path
) -> None:
    told = changed(PUBLISHED, "row", **more)
    assert sorted(ids(tmp_path, told, COMPUTED, one_per_execution=True)) == stay


def test_a_published_row_stays_where_its_own_logs_are_not_ok(tmp_path: Path) -> None:
    broken = changed(COMPUTED, "logs", status="invalid")
    assert ids(tmp_path, PUBLISHED, broken, one_per_execution=True) == ["row", "logs"]


def test_records_without_an_execution_or_a_number_stay(tmp_path: Path) -> None:
    failed = changed(CLOSED, "failed", status="failed", measurements=[])
    rows = (failed, OTHER, changed(OTHER, "again"))
    assert ids(tmp_path, *rows, one_per_execution=True) == ["failed", "other", "again"]


def test_only_what_compares_with_another_execution_is_comparable(tmp_path: Path) -> None:
    alone = changed(CLOSED, "alone", benchmark__name="bert-99")
    unknown = changed(CLOSED, "unknown", status="invalid")
    assert ids(tmp_path / "a", alone, unknown, comparable=True) == []
    assert ids(tmp_path / "b", alone, PUBLISHED, COMPUTED, comparable=True) == []
    both = ids(tmp_path / "c", alone, unknown, PUBLISHED, COMPUTED, OTHER, comparable=True)
    assert both == ["row", "logs", "other"]
    one = ids(tmp_path / "d", PUBLISHED, COMPUTED, OTHER, comparable=True, one_per_execution=True)
    assert one == ["logs", "other"]


def test_a_column_that_only_left_out_rows_have_is_not_there(tmp_path: Path) -> None:
    power = {"metric": "power", "value": 5.0, "unit": "W", "basis": "measured", "scope": "wall"}
    alone = changed(CLOSED, "alone", benchmark__name="bert-99", measurements=[power])
    every = table(tmp_path / "a", alone, COMPUTED, OTHER)
    compared = table(tmp_path / "b", alone, COMPUTED, OTHER, comparable=True)
    assert set(every.column_names) - set(compared.column_names) == {"power__wall"}


BOARD = {
    "id": "rpi4",
    "name": "Raspberry Pi 4b",
    "processor": {"name": "of the record", "cores": 3},
    "memory_bytes": 7,
}
LPDNN = changed(
    CLOSED, "known", benchmark__suite="lpdnn", system=BOARD, model__name="imagenet-resnet-resnet50"
)


def test_facts_stand_beside_what_the_record_says(tmp_path: Path) -> None:
    unknown = changed(CLOSED, "unknown", system={"id": "x", "name": "a box"}, model__name="a net")
    none = changed(CLOSED, "none", system=None, model=None)
    known, strange, bare = table(tmp_path, LPDNN, unknown, none, facts=True).to_pylist()
    assert known["registry_device"] == known["registry_system"] == "raspberry-pi-4b"
    assert (known["system_name"], known["processor_cores"], known["system_memory_bytes"]) == (
        "Raspberry Pi 4b", 3, 7,
    )  # fmt: skip
    # The cores of the BCM2711; the parameters as LPDNN publishes them.
    assert (known["registry_cpu_cores"], known["registry_parameters"]) == (4, 25_500_000)
    for row in (strange, bare):
        facts = {name: value for name, value in row.items() if name.startswith("registry_")}
        assert set(facts.values()) == {None}
        assert {"registry_device", "registry_model", "registry_flop"} <= set(facts)


def test_facts_add_columns_and_change_none(tmp_path: Path) -> None:
    plain = table(tmp_path / "a", LPDNN, OTHER)
    with_facts = table(tmp_path / "b", LPDNN, OTHER, facts=True)
    added = [name for name in with_facts.column_names if name not in plain.column_names]
    assert all(name.startswith("registry_") for name in added)
    assert with_facts.select(plain.column_names).equals(plain)
    # No system here has an accelerator, so nothing says what one could do.
    assert "registry_peak_flops_fp8" not in added


def test_units_and_meanings_stand_in_the_metadata_of_fields(tmp_path: Path) -> None:
    flat = table(tmp_path, LPDNN, facts=True)
    schema = flat.schema
    metadata = {field.name: field.metadata or {} for field in schema}
    (value,) = [name for name in schema.names if name.startswith("throughput__")]
    assert metadata[value][b"unit"] == LPDNN["measurements"][0]["unit"].encode()
    throughput = vocabulary().metrics["throughput"]
    told = f"{throughput.label} (mean, whole-run, per sample): {throughput.definition}"
    assert metadata[value][b"description"] == told.encode()
    of_registry = "What the registry of known hardware and models says, and no record: "
    assert metadata["registry_cpu_clock_boost"] == {
        b"unit": b"Hz",
        b"description": f"{of_registry}cpu clock boost.".encode(),
    }
    assert metadata["registry_flop"] == {
        b"unit": b"1",
        b"description": f"{of_registry}flop.".encode(),
    }
    assert metadata["registry_device"] == {b"description": f"{of_registry}device.".encode()}
    assert metadata["model"] == {b"description": b"Name of the model or algorithm."}
    assert metadata["system_memory_bytes"] == {
        b"unit": b"By",
        b"description": b"Memory of one node, in bytes.",
    }
    assert metadata["processor_clock_hz"][b"unit"] == b"Hz"
    assert metadata["batch_size"][b"unit"] == b"1"
    listed = {row["column"]: row for row in listing(flat).to_pylist()}
    assert list(listed) == schema.names
    assert listed["model"] == {
        "column": "model",
        "type": str(schema.field("model").type),
        "unit": None,
        "description": "Name of the model or algorithm.",
        "values": 1,
    }
    assert listed["threads"]["values"] == 0
    undescribed = {name for name in schema.names if not metadata[name].get(b"description")}
    assert {name for name in undescribed if not name.startswith("registry_")} == {"status"}


def test_values_of_several_units_have_none(tmp_path: Path) -> None:
    (one,) = CLOSED["measurements"]
    wrong = changed(OTHER, "wrong", measurements=[one | {"unit": "1/min"}])
    schema = table(tmp_path, CLOSED, wrong).schema
    (metadata,) = [field.metadata for field in schema if field.name.startswith("throughput")]
    assert list(metadata) == [b"description"]


def test_sources_are_shown_when_asked_for(tmp_path: Path) -> None:
    sources = [{"path": "a.csv", "locator": "row=7"}, {"path": "b.csv"}]
    record = changed(CLOSED, "a", provenance__sources=sources)
    assert "source_path" not in table(tmp_path / "a", record).column_names
    (row,) = table(tmp_path / "b", record, sources=True).to_pylist()
    assert (row["source_path"], row["source_locator"]) == ("a.csv", "row=7")


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    (one,) = CLOSED["measurements"]
    part = {
        "metric": "accuracy",
        "value": 0.5,
        "unit": "1",
        "basis": "measured",
        "scope": "class:a",
    }
    missing = {"metric": "accuracy", "missing": "not-measured", "scope": "class:b"}
    record = changed(CLOSED, "a", measurements=[one, part, missing])
    assert table(tmp_path / "a", record).schema.metadata == {b"left_out": b"1"}
    whole = table(tmp_path / "b", record, qualified=True)
    assert whole.schema.metadata == {b"left_out": b"0"}
    assert "accuracy__class_a" in whole.column_names


@pytest.mark.parametrize(
    ("metric", "unit", "better"),
    [("latency", "s", "lower"), ("throughput", "/s", "higher"), ("acme:thing", "1", None)],
)
def test_a_headline_says_which_end_is_better(
    metric: str, unit: str, better: str | None, tmp_path: Path
) -> None:
    one = {"metric": metric, "value": 5.0, "unit": unit, "basis": "measured", "primary": True}
    none = changed(CLOSED, "none", measurements=[])
    rows = table(tmp_path, changed(CLOSED, "a", measurements=[one]), none).to_pylist()
    assert [row["primary_better"] for row in rows] == [better, None]


def hyper(number: int, hyperparameters: Any = None, inputs: Any = None) -> dict[str, Any]:
    record = changed(CLOSED, f"r{number}")
    if hyperparameters:
        record["configuration"] = {"hyperparameters": hyperparameters}
    if inputs:
        record["inputs"] = inputs
    return record


@pytest.mark.parametrize(
    ("values", "cells", "kind"),
    [
        ([1, 2], [1, 2], pa.int64()),
        ([1, 0.5], [1.0, 0.5], pa.float64()),
        ([True, False], [True, False], pa.bool_()),
        (["adam", "sgd"], ["adam", "sgd"], pa.large_string()),
        ([1, "auto"], ["1", "auto"], pa.large_string()),
        ([True, 1], ["true", "1"], pa.large_string()),
        ([[1, 2], {"a": 1}], ["[1, 2]", '{"a": 1}'], pa.large_string()),
        ([2**53 + 1, 0.5], [str(2**53 + 1), "0.5"], pa.large_string()),
        ([2**63, 1], [str(2**63), "1"], pa.large_string()),
        ([None, 1], [None, 1], pa.int64()),
    ],
)
def test_a_hyperparameter_is_a_column_of_one_type(
    values: list[Any], cells: list[Any], kind: pa.DataType, tmp_path: Path
) -> None:
    rows = [hyper(number, {"x": value, "y": 0}) for number, value in enumerate(values)]
    column = table(tmp_path, *rows, hyper(9), inputs=True)["hyperparameters__x"]
    assert column.to_pylist() == [*cells, None]
    assert column.type == kind


def test_an_input_of_one_number_is_a_column_with_its_unit(tmp_path: Path) -> None:
    one = {"name": "load", "values": [3.5], "unit": "kW"}
    several = {"name": "price", "values": [1.0, 2.0]}
    twice = [{"name": "seed", "values": [1]}, {"name": "seed", "values": [2]}]
    made = table(tmp_path, hyper(1, inputs=[one, several, *twice]), hyper(2), inputs=True)
    assert made["inputs__load"].to_pylist() == [3.5, None]
    assert made.schema.field("inputs__load").metadata == {
        b"unit": b"kW",
        b"description": b"Input 'load' of the run, as the record says it.",
    }
    assert [name for name in made.column_names if name.startswith("inputs__")] == ["inputs__load"]


def test_columns_of_hyperparameters_are_bounded(tmp_path: Path) -> None:
    full = hyper(1, {f"p{number}": number for number in range(MOST)})
    assert table(tmp_path / "a", full, inputs=True)["hyperparameters__p499"].to_pylist() == [499]
    wider = hyper(2, {"one_more": 1.5})
    with pytest.raises(BenchfmtError, match="501 hyperparameters and inputs would be columns"):
        table(tmp_path / "b", full, wider, inputs=True)
    made = table(tmp_path / "c", full, wider, inputs=["one_more"])
    assert [name for name in made.column_names if name.startswith("hyper")] == [
        "hyperparameters", "hyperparameters__one_more",
    ]  # fmt: skip
    with pytest.raises(BenchfmtError, match="did you mean 'one_more'"):
        table(tmp_path / "d", full, wider, inputs=["one-more"])


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="fact"):
        table(tmp_path, OTHER, fact=True)


def test_pandas_takes_the_same_options(tmp_path: Path) -> None:
    package = write(tmp_path / "package", flatten([hyper(1, {"x": 1.5}), OTHER]), "parquet")
    with open_package(package) as opened:
        frame = opened.to_pandas(inputs=True, facts=True, comparable=True, one_per_execution=True)
    assert frame["hyperparameters__x"].tolist()[0] == 1.5
    assert "registry_device" in frame.columns


def test_real_results_are_there_once(samples: Path, tmp_path: Path) -> None:
    convert(samples / "mlperf_inference").write(tmp_path / "package")
    with open_package(tmp_path / "package") as opened:
        every = pl.DataFrame(pl.from_arrow(opened.wide()))
        once = pl.DataFrame(pl.from_arrow(opened.wide(one_per_execution=True)))
    named = every.filter(pl.col("execution").is_not_null(), pl.col("primary_value").is_not_null())
    twice = named.filter(pl.len().over("suite", "execution", "benchmark", "scenario") > 1)
    dropped = every.join(once, on="id", how="anti")
    assert 0 < len(dropped) < len(twice)
    assert set(dropped["execution"]) <= set(twice["execution"])


def test_groups_are_those_of_the_question(tmp_path: Path) -> None:
    base = changed(CLOSED, "base")
    other_model = changed(CLOSED, "model", model__name="b")
    records = (base, OTHER, other_model)
    hardware = table(tmp_path / "a", *records)["comparability_group"].to_pylist()
    model = table(tmp_path / "b", *records, question="model")["comparability_group"].to_pylist()
    assert hardware[0] == hardware[1]
    assert model[0] != model[1]
    assert model[0] == model[2]
    compared = ids(tmp_path / "c", *records, question="model", comparable=True)
    assert compared == ["base", "model"]
