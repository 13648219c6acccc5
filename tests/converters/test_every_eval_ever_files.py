"""Files of Every Eval Ever: what becomes a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchfmt.converters import every_eval_ever
from benchfmt.converters.base import Failed, Item, Source, Unit
from benchfmt.record import Record
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "every_eval_ever"


def items_of(folder: Path) -> Iterator[Item]:
    for item in every_eval_ever.plan(Source(folder), {}):
        assert isinstance(item, Unit)
        yield from every_eval_ever.read(item)


def test_keeps_what_the_interface_promises() -> None:
    check_converter(every_eval_ever, [FIXTURES])


def test_every_evaluation_is_a_record(golden: Callable[[str, Any], None]) -> None:
    items = list(items_of(FIXTURES))
    golden(
        "every_eval_ever",
        [
            item.to_dict() if isinstance(item, Record) else [str(item.path.name), item.error]
            for item in items
            if isinstance(item, Record | Failed)
        ],
    )


def records() -> dict[str, Record]:
    found = {}
    for item in items_of(FIXTURES / "demo"):
        if isinstance(item, Record):
            found.setdefault(str(item.benchmark.name), item)
    return found


def test_a_percent_is_a_fraction_and_a_fraction_is_left() -> None:
    found = records()
    quiz, dictation, riddles = (
        found[name].measurements for name in ("Quiz", "Dictation", "Riddles")
    )
    assert quiz and dictation and riddles
    assert (quiz[0].metric, quiz[0].value, quiz[0].unit) == ("accuracy", 0.6525, "1")
    assert (dictation[0].metric, dictation[0].value) == ("f1", 0.445)
    assert (dictation[0].reported_value, dictation[0].reported_unit) == ("44.5", "%")
    assert (dictation[0].stddev, dictation[0].ci) == (0.015, [0.43, 0.46, 0.95])
    assert (riddles[0].value, riddles[0].caveats) == (0.445, ["unit-inferred"])


def test_distances_are_no_interval() -> None:
    quiz = records()["Quiz"].measurements
    assert quiz and quiz[0].ci is None
    assert quiz[0].n == 400


def test_what_the_vocabulary_does_not_know_is_a_score_of_its_own() -> None:
    quiz = [
        item
        for item in items_of(FIXTURES / "demo")
        if isinstance(item, Record) and item.benchmark.name == "Quiz"
    ]
    metrics = [[number.metric for number in item.measurements or ()] for item in quiz]
    assert metrics == [["accuracy", "every-eval-ever:score"], ["every-eval-ever:score"]]
    # It says that less is better, which is not the accuracy that we know.
    puzzles = records()["Puzzles"].measurements
    assert puzzles and puzzles[0].metric == "every-eval-ever:error"


def test_the_answers_to_samples_belong_to_their_evaluation() -> None:
    units = list(every_eval_ever.plan(Source(FIXTURES / "demo"), {}))
    assert [
        [path.name for path in unit.supporting] for unit in units if isinstance(unit, Unit)
    ] == [["one_samples.jsonl"]]


def test_the_real_sample_is_read(samples: Path) -> None:
    items = list(items_of(samples / "every_eval_ever"))
    assert len(items) == 1
    (record,) = items
    assert isinstance(record, Record) and record.measurements
    assert (record.measurements[0].metric, record.measurements[0].value) == ("accuracy", 0.75)
    assert record.measurements[0].basis == "published"
    assert record.model and record.model.name == "demo-org/demo-model"


@pytest.mark.parametrize("stamp", ["9007199254740993", "-1e30", "soon"])
def test_a_time_that_is_none_is_told(tmp_path: Path, stamp: str) -> None:
    text = (FIXTURES / "demo" / "one.json").read_text("utf-8")
    assert "1761000045.5" in text
    (tmp_path / "one.json").write_text(text.replace("1761000045.5", stamp), "utf-8")
    items = list(items_of(tmp_path))
    assert items
    told = [item.error for item in items if isinstance(item, Failed)]
    assert len(told) == len(items)
    assert told[0].startswith(f"not a result: provenance.measured_at: '{stamp}' is not an ISO 8601")
