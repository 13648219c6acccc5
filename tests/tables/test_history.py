"""Annotated tables whose rows are the steps of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.tables.test_annotated import lay, locators, read

from benchfmt import validate
from benchfmt.annotated import together
from benchfmt.limits import LIMITS

FIELDS = {
    "map": {"metric": "map", "statistic": "final", "primary": True},
    "loss": {"metric": "eval-loss", "statistic": "final"},
    "time": {"metric": "duration", "stage": "training", "per": "run"},
}
HISTORY = {"step": "epoch", "best": ["map", "loss"], "totals": ["time"]}


def values(record: dict[str, Any]) -> dict[tuple[str | None, ...], float]:
    """Return the values of a record by metric and statistic."""
    return {
        (item["metric"], item.get("statistic")): item["value"]
        for item in record["measurements"]
        if "value" in item
    }


def test_the_last_step_is_the_result_and_the_best_numbers_stand_beside_it(tmp_path: Path) -> None:
    text = "epoch,map,loss,time\n0,0.1,2.0,10\n1,0.5,0.9,20\n2,0.4,nan,30\n"
    folder = lay(tmp_path, text, FIELDS, annotation={"history": HISTORY}, missing=["", "nan"])
    (record,), account = read(folder)
    assert not account.findings
    assert values(record) == {
        ("map", "final"): 0.4,
        ("map", "best"): 0.5,
        ("eval-loss", "best"): 0.9,
        ("duration", None): 30,
    }
    assert [item["missing"] for item in record["measurements"] if "missing" in item] == [
        "not-reported"
    ]
    assert locators(folder) == ["row=3"]
    assert record["extensions"]["lpdnn"] == {"epoch": "2"}
    assert [f.code for f in validate(folder).findings if f.severity == "error"] == []
    assert (account.total("rows"), account.total("converted")) == (3, 3)


def test_a_history_that_is_too_long_for_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MOST_ROWS", 2)
    text = "epoch,map,loss,time\n0,0.1,2.0,10\n1,0.5,0.9,20\n2,0.4,0.8,30\n"
    folder = lay(tmp_path, text, FIELDS, annotation={"history": HISTORY})
    # Each row counts with its cells and 256 bytes beside them.
    assert "BF907" not in {f.code for f in validate(folder).findings}
    few = replace(LIMITS, log_bytes=900)
    told = [f.message for f in validate(folder, limits=few).findings if f.code == "BF907"]
    assert len(told) == 1
    assert "the rows take more than 900 bytes of memory (limit log_bytes)" in told[0]


def test_steps_may_stand_in_any_order_and_a_total_begins_again_where_a_run_was_resumed(
    tmp_path: Path,
) -> None:
    text = "epoch,map,loss,time\n3,0.3,1,30.25\n1,0.1,3,10\n2,0.2,2,20.5\n"
    (record,), _ = read(lay(tmp_path, text, FIELDS, annotation={"history": HISTORY}))
    assert values(record)["map", "final"] == 0.3
    resumed = "epoch,map,loss,time\n1,0.1,3,10.5\n2,0.2,2,20.5\n3,0.3,1,4.25\n4,0.4,1,9.75\n"
    (record,), _ = read(lay(tmp_path, resumed, FIELDS, annotation={"history": HISTORY}))
    assert values(record)["duration", None] == 30.25


def test_a_key_tells_the_runs_of_one_table_apart(tmp_path: Path) -> None:
    text = "run,epoch,map,loss,time\na,1,0.1,3,1\nb,1,0.9,1,1\na,2,0.3,2,2\nb,2,0.8,2,2\n"
    fields = {"run": {"field": "model.name"}, **FIELDS}
    annotation = {"history": HISTORY, "key": ["run"]}
    records, account = read(lay(tmp_path, text, fields, annotation=annotation))
    assert [(record["model"]["name"], values(record)["map", "final"]) for record in records] == [
        ("a", 0.3),
        ("b", 0.8),
    ]
    assert [values(record)["map", "best"] for record in records] == [0.3, 0.9]
    assert locators(tmp_path) == ["run=a", "run=b"]
    assert not account.findings


def test_a_history_without_its_best_column_keeps_the_rest(tmp_path: Path) -> None:
    (record,), account = read(
        lay(
            tmp_path,
            "epoch,map\n1,0.1\n",
            FIELDS,
            annotation={"history": {"step": "epoch", "best": ["map", "loss"]}},
        )
    )
    assert values(record) == {("map", "final"): 0.1, ("map", "best"): 0.1}
    assert {finding.code for finding in account.findings} == {"BF101"}


def test_an_impossible_best_is_reported_at_the_column_of_the_table(tmp_path: Path) -> None:
    text = "epoch,map,loss,time\n1,1.5,3,1\n2,0.2,2,2\n"
    folder = lay(tmp_path, text, FIELDS, annotation={"history": HISTORY})
    places = {(f.code, f.column) for f in validate(folder).findings if f.severity == "error"}
    assert places == {("BF301", "map")}


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ({"step": "round"}, "names column 'round', which"),
        ({"step": "epoch", "totals": ["hours"]}, "names column 'hours', which"),
        ({"step": "epoch", "best": ["epoch"]}, "'epoch' is no measured column"),
        ({"step": "epoch", "best": ["tokens"]}, "output-tokens has no best number"),
    ],
)
def test_a_history_that_cannot_be_read_fails_its_table(
    history: dict[str, Any], words: str, tmp_path: Path
) -> None:
    fields = {**FIELDS, "tokens": {"metric": "output-tokens"}}
    text = "epoch,map,loss,time,tokens\n1,0.1,2,3,4\n"
    folder = lay(tmp_path, text, fields, annotation={"history": history})
    _, account = read(folder)
    (reason,) = [str(entry.reason) for entry in account.files if entry.role == "failed"]
    assert words in reason
    assert any(f.code == "BF118" and words in f.message for f in validate(folder).findings)


def test_a_column_that_is_called_as_a_best_number_is_itself(tmp_path: Path) -> None:
    text = "epoch,map,loss,time,loss (best)\n0,0.1,2.0,10,x\n1,0.5,0.9,20,y\n2,0.4,1.0,30,z\n"
    (record,), account = read(lay(tmp_path, text, FIELDS, annotation={"history": HISTORY}))
    assert not account.findings
    assert values(record)["eval-loss", "best"] == 0.9
    assert record["extensions"]["lpdnn"] == {"epoch": "2", "loss (best)": "z"}
