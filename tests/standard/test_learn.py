"""Folds for learners: no twin of a test row is learnt from, whatever the rows are grouped by."""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.comparison.making import PROFILE, changed
from tests.drawing import examples

from benchfmt import registry
from benchfmt.conversion import convert
from benchfmt.finding import BenchfmtError
from benchfmt.learn import By, groups, splits
from benchfmt.package import open_package
from benchfmt.record import Record
from benchfmt.tables import to_batch
from benchfmt.wide import widen

BYS: tuple[By, ...] = get_args(By)
BOARDS = ("Raspberry Pi 3b+", "Raspberry Pi 4b", "a box")
GPUS = (None, "NVIDIA A100-SXM4-80GB", "a card")


def flat(*records: dict[str, Any]) -> pl.DataFrame:
    batch = to_batch([Record.from_dict(record) for record in records])
    tables = (batch.records, batch.measurements, batch.systems)
    return widen(*(pl.DataFrame(pl.from_arrow(table)) for table in tables))


def row(name: str, **more: Any) -> dict[str, Any]:
    if isinstance(more.get("system"), str):
        more["system"] = {"id": more["system"], "name": more["system"]}
    return changed(PROFILE, name, **more)


def together(by: By, *records: dict[str, Any]) -> bool:
    return len(set(groups(flat(*records), by).tolist())) == 1


@pytest.mark.parametrize(
    ("by", "one", "other", "same"),
    [
        ("system", {"system": "x"}, {"system": "x", "model__name": "y"}, True),
        ("system", {"system": "x"}, {"system": "y"}, False),
        # One board under the ids of two suites.
        (
            "system",
            {"system": {"id": "rpi4", "name": "Raspberry Pi 4b"}},
            {"system": {"id": "s-2", "name": "Raspberry Pi 4 Model B"}, "model__name": "y"},
            True,
        ),
        (
            "chip",
            {"system": {"id": "a", "accelerator": {"kind": "gpu", "name": "a card"}}},
            {
                "system": {"id": "b", "accelerator": {"kind": "gpu", "name": "A Card"}},
                "model__name": "y",
            },
            True,
        ),
        # A board, and the chip that is on it.
        (
            "chip",
            {"system": {"id": "a", "name": "Raspberry Pi 4b"}},
            {"system": {"id": "b", "processor": {"name": "Broadcom BCM2711"}}, "model__name": "y"},
            True,
        ),
        # Alike is not the same.
        (
            "chip",
            {"system": {"id": "a", "name": "Raspberry Pi 3b+"}},
            {"system": {"id": "b", "name": "Raspberry Pi 3 Model B"}},
            False,
        ),
        ("model", {"model__name": "net"}, {"model__name": "Net", "system": {"id": "b"}}, True),
        ("model", {"model__name": "net"}, {"model__name": "net-2"}, False),
        # One network under the names of two suites.
        (
            "model",
            {"benchmark__suite": "lpdnn", "model__name": "imagenet-mobilenet"},
            {"benchmark__suite": "timm", "model__name": "mobilenetv1_100", "system": {"id": "b"}},
            True,
        ),
        (
            "execution",
            {"provenance__execution": "e"},
            {"provenance__execution": "f", "model__name": "y"},
            False,
        ),
        ("execution", {}, {"model__name": "y"}, False),
    ],
)
def test_rows_are_grouped_by(by: By, one: Any, other: Any, same: bool) -> None:
    assert together(by, row("a", **one), row("b", **other)) == same


@pytest.mark.parametrize("by", BYS)
def test_one_execution_is_in_one_group(by: By) -> None:
    where = {"provenance__execution": "e"}
    other = {"system": {"id": "z"}, "model__name": "y"}
    assert together(by, row("a", **where), row("b", **where, **other))
    assert not together(by, row("a", **where), row("b", **other))


REPEATS: list[dict[str, Any]] = [
    {},
    {"measurements__first__value": 0.5},
    # Of no group: a number that misses its target, or a run that failed.
    {"measurements__first__target_max": 0.001},
    {"software__engine_version": "9"},
    # A question about it is another, the configuration is not.
    {"measurements__first__statistic": "p90"},
]


@pytest.mark.parametrize("by", BYS)
@pytest.mark.parametrize("more", REPEATS, ids=str)
def test_repeats_of_a_configuration_are_in_one_group(by: By, more: dict[str, Any]) -> None:
    assert together(by, row("a"), row("b", **more))


def test_what_binds_alone_tells_a_repeat() -> None:
    """In LPDNN threads and placement are the platform's; a group says so, and the fields differ."""
    known = {
        "benchmark": {"suite": "lpdnn", "name": "imagenet"},
        "task": "image-classification",
        "software__engine": "lne",
    }
    again = known | {"software__engine": "onnxruntime", "configuration__placement": ["cpu"]}
    assert together("execution", row("a", **known), row("b", **again))


def test_models_that_compete_on_a_task_are_no_twins() -> None:
    """In the AutoML Benchmark the model is what is compared, so a group of comparison holds several."""
    task = {
        "benchmark": {"suite": "amlb", "name": "adult", "scenario": "1h8c", "suite_version": "2"},
        "task": "tabular-classification",
        "dataset": {"name": "adult", "split": "cv:1x10"},
        "configuration": {"hyperparameters": {"fold": 1, "constraint": "1h8c"}},
        "extensions": {"amlb": {"id": "openml.org/t/7592", "fold": 1, "constraint": "1h8c"}},
    }
    table = flat(row("a", **task), row("b", **task, model__name="y"))
    assert table["comparability_group"].drop_nulls().unique().len() == 1
    assert groups(table, "model").tolist() == [0, 1]


def test_inputs_tell_configurations_apart_where_they_are_shown() -> None:
    table = flat(row("a"), row("b"))
    assert len(set(groups(table, "execution").tolist())) == 1
    shown = table.with_columns(
        pl.lit(None, pl.String).alias("comparability_group"), inputs__load=pl.Series([1.0, 2.0])
    )
    assert len(set(groups(shown, "execution").tolist())) == 2


def test_groups_that_share_a_row_are_one() -> None:
    chain = [
        row(f"r{number}", model__name=f"m{number}", provenance__execution=f"e{number // 2}")
        for number in range(9)
    ]
    linked = [
        row(f"s{number}", model__name=f"m{number + 1}", provenance__execution=f"e{number // 2}")
        for number in range(1, 8, 2)
    ]
    assert together("model", *chain, *linked)


def drawn_rows() -> st.SearchStrategy[list[dict[str, Any]]]:
    systems = st.builds(
        lambda number, board, gpu: {
            "id": f"s{number}-{board}-{gpu}",
            "name": board,
            **({"accelerator": {"kind": "gpu", "name": gpu}} if gpu else {}),
        },
        st.integers(1, 2),
        st.sampled_from(BOARDS),
        st.sampled_from(GPUS),
    )
    one = st.fixed_dictionaries(
        {
            "system": systems,
            "model__name": st.sampled_from(("mobilenet-v2", "resnet50", "a net")),
            "provenance__execution": st.sampled_from(("e1", "e2", None)),
            "configuration__precision": st.sampled_from(("fp32", "int8", None)),
            "status": st.sampled_from(("ok", "ok", "invalid")),
        }
    )
    return st.lists(one, min_size=2, max_size=14)


def chip(cells: dict[str, Any]) -> str:
    """Return what computes on a system, told the long way."""
    gpu = cells["accelerator_name"]
    named = gpu or cells["system_name"]
    known = registry.find_system(named)
    return known.id if known else named


TWINS = {
    "system": lambda cells: cells["system_id"],
    "chip": chip,
    "model": lambda cells: cells["model"],
    "execution": lambda cells: cells["execution"] or cells["id"],
}
CONFIGURATION = ("system_id", "model", "precision", "batch_size", "threads", "input_shape")


def are_twins(by: str, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Say whether two rows are twins, one pair at a time and without the code under test."""
    if TWINS[by](one) == TWINS[by](other):
        return True
    if one["execution"] is not None and one["execution"] == other["execution"]:
        return True
    if all(one[name] == other[name] for name in CONFIGURATION):
        return True
    group = one["comparability_group"]
    return (
        group is not None
        and group == other["comparability_group"]
        and (one["system_id"], one["model"]) == (other["system_id"], other["model"])
    )


@pytest.mark.slow
@pytest.mark.parametrize("by", BYS)
@examples(40)
@given(drawn=drawn_rows(), n_splits=st.sampled_from((None, 2, 3)), seed=st.sampled_from((None, 7)))
def test_no_fold_leaks_a_twin(
    by: By, drawn: list[dict[str, Any]], n_splits: int | None, seed: int | None
) -> None:
    table = flat(*(row(f"r{number}", **cells) for number, cells in enumerate(drawn)))
    cells = table.to_dicts()
    if len(set(groups(table, by).tolist())) < (n_splits or 2):
        with pytest.raises(BenchfmtError, match="too few"):
            splits(table, by, n_splits=n_splits, seed=seed)
        return
    tested = []
    for learnt, test in splits(table, by, n_splits=n_splits, seed=seed):
        assert len(learnt)
        assert set(learnt) | set(test) == set(range(len(cells)))
        for one in learnt:
            assert not any(are_twins(by, cells[one], cells[other]) for other in test)
        tested += test.tolist()
    assert sorted(tested) == list(range(len(cells)))


@examples(40)
@given(drawn=drawn_rows())
def test_groups_are_no_larger_than_twins_make_them(drawn: list[dict[str, Any]]) -> None:
    """By execution, where only what was told the long way leads from one row of a group to another."""
    table = flat(*(row(f"r{number}", **cells) for number, cells in enumerate(drawn)))
    cells = table.to_dicts()
    same_board = [
        (one, other)
        for one, other in combinations(range(len(cells)), 2)
        if are_twins("execution", cells[one], cells[other])
        or registered_alike(cells[one], cells[other])
    ]
    labels = list(range(len(cells)))
    for _ in labels:
        for one, other in same_board:
            labels[one] = labels[other] = min(labels[one], labels[other])
    found = groups(table, "execution").tolist()
    assert len(set(found)) == len(set(labels))


def registered_alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Say whether two systems under two ids are one board of the registry, on which a configuration is repeated."""
    first, second = (registry.find_system(cells["system_name"]) for cells in (one, other))
    if first is None or second is None or first.id != second.id:
        return False
    as_one = [cells | {"system_id": ""} for cells in (one, other)]
    return are_twins("execution", *as_one)


def test_folds_are_the_same_each_time_and_shuffled_on_request() -> None:
    table = flat(*(row(f"r{n}", system={"id": f"s{n}"}, model__name=f"m{n}") for n in range(12)))
    plain, again = (splits(table, "model", n_splits=3) for _ in range(2))
    one, two = (splits(table, "model", n_splits=3, seed=seed) for seed in (1, 2))
    tests = [[test.tolist() for _, test in folds] for folds in (plain, again, one, two)]
    assert tests[0] == tests[1]
    assert tests[2] != tests[3]
    assert len(splits(table, "model")) == 12


def test_arrow_polars_and_pandas_give_the_same_folds() -> None:
    table = flat(*(row(f"r{n}", system={"id": f"s{n % 3}"}, model__name=f"m{n}") for n in range(9)))
    expected = groups(table).tolist()
    frame = table.to_pandas()
    assert groups(table.to_arrow()).tolist() == expected == groups(frame).tolist()
    some = frame[frame["system_id"] != "s1"]
    assert groups(some).tolist() == [0, 1, 0, 1, 0, 1]
    assert all(test.max() < len(some) for _, test in splits(some))


@pytest.mark.parametrize(
    ("by", "column"), [("system", "system"), ("chip", "system"), ("model", "model")]
)
def test_a_row_that_does_not_say_is_refused(by: By, column: str) -> None:
    table = flat(row("a"), row("b", **{column: None}))
    with pytest.raises(BenchfmtError, match=f"1 rows name no {column}"):
        groups(table, by)


def test_wrong_calls_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    table = flat(row("a"), row("b", model__name="y"))
    wrong: Any = "models"
    with pytest.raises(BenchfmtError, match="did you mean 'model'"):
        groups(table, wrong)
    with pytest.raises(BenchfmtError, match="no column 'execution'"):
        groups(table.drop("execution"))
    with pytest.raises(BenchfmtError, match="1 groups by system are too few for 2 tests"):
        splits(table)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(BenchfmtError, match=r"pip install 'benchfmt\[learn\]'"):
        splits(table)


@pytest.mark.slow
def test_real_platforms_are_apart(samples: Path, tmp_path: Path) -> None:
    convert(samples / "lpdnn").write(tmp_path / "package")
    with open_package(tmp_path / "package") as opened:
        table = pl.DataFrame(pl.from_arrow(opened.wide()))
    for by in ("system", "chip"):
        labels = groups(table, by)
        platforms = table.group_by(pl.Series("group", labels)).agg(pl.col("system_id").unique())
        assert platforms["system_id"].list.len().to_list() == [1] * len(np.unique(labels))
