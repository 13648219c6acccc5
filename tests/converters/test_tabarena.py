"""TabArena: our own fixtures, real rows, and rows that are no result."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from benchfmt.conversion import convert
from benchfmt.converters import tabarena
from benchfmt.converters.base import Failed, Source, Unit
from benchfmt.record import Measurement, Record
from benchfmt.testing import check_converter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "tabarena"
SPLITS = FIXTURES / "results_per_split.csv"
Key = tuple[str, str, str, str, str]
AUROC: Key = ("auroc", "single", "", "fold", "")


def by_key(record: Record) -> dict[Key, Measurement]:
    return {item.key: item for item in record.measurements or ()}


def duration(record: Record, stage: str, statistic: str = "single") -> float | None:
    return by_key(record)["duration", statistic, stage, "fold", ""].value


@pytest.fixture(scope="module")
def splits() -> list[Record]:
    return list(convert(SPLITS))


def test_the_fixtures_become_what_is_kept(golden: Callable[[str, Any], None]) -> None:
    golden("tabarena", [record.to_dict() for record in convert(FIXTURES)])


def test_the_converter_keeps_the_promises_of_the_interface(two_processes: Executor) -> None:
    [account] = check_converter("tabarena", [FIXTURES], executor=two_processes)
    assert account.to_dict()["rows"]["converted"] == 9


def test_an_error_becomes_the_score_that_it_is_one_less(splits: list[Record]) -> None:
    score = by_key(splits[0])[AUROC]
    assert (score.value, score.basis, score.primary) == (0.9375, "derived", True)
    assert by_key(splits[0])["auroc", "single", "", "fold", "subset:validation"].value == 0.875


def test_losses_stay_as_they_are_and_an_unknown_metric_has_a_word_of_its_own(
    splits: list[Record],
) -> None:
    assert by_key(splits[2])["log-loss", "single", "", "fold", ""].value == 0.5
    loss = by_key(splits[3])["root-mean-squared-error", "single", "", "fold", ""]
    assert (loss.value, loss.caveats) == (7.75, ["unit-inferred"])
    assert by_key(splits[6])["tabarena:metric-error", "single", "", "fold", ""].value == 0.75
    assert (splits[6].extensions or {})["tabarena"]["metric"] == "quadratic_kappa"


def test_the_time_of_a_tuned_method_is_that_of_all_it_tried(splits: list[Record]) -> None:
    assert duration(splits[0], "training") == 12.5
    assert duration(splits[1], "tuning") == 1250.5
    assert splits[1].configuration is not None
    assert splits[1].configuration.placement == ["gpu"]
    assert splits[1].configuration.hyperparameters == {"split_index": 4}


def test_an_imputed_row_is_no_result(splits: list[Record]) -> None:
    for record, fallback in ((splits[4], "a fallback"), (splits[5], "Otter_c1")):
        assert record.status == "failed"
        assert record.status_detail == f"imputed: the numbers are those of {fallback}"
        [number] = record.measurements or ()
        assert (number.value, number.missing) == (None, "run-failed")
        assert "metric_error" not in (record.extensions or {})["tabarena"]


def test_a_leaderboard_has_no_quality(tmp_path: Path) -> None:
    first, _ = convert(FIXTURES / "board.csv")
    assert by_key(first)["tabarena:elo", "", "", "", ""].value == 1500.5
    assert duration(first, "tuning", "mean") == 640.5
    kept = (first.extensions or {})["tabarena"]
    assert (kept["elo+"], kept["elo-"], kept["rank=1_count"]) == (20.5, 19.5, 2.5)
    assert "median_metric_error" not in kept


def test_rows_that_are_damaged_fail_alone(tmp_path: Path) -> None:
    header, first, *_ = SPLITS.read_text("utf-8").splitlines()
    path = tmp_path / "results_per_split.csv"
    rows = [header, first, "pond,0,short", first.replace("0.0625", "bad"), first]
    path.write_text("\n".join(rows) + "\n", "utf-8")
    [unit] = tabarena.plan(Source(path), {})
    assert isinstance(unit, Unit)
    items = list(tabarena.read(unit))
    failed = {item.row: item.error for item in items if isinstance(item, Failed)}
    assert failed == {
        2: "3 cells where the header has 16",
        3: "not a result: metric_error 'bad' is not a number",
    }
    assert len(items) == 4


def test_real_rows(samples: Path) -> None:
    records = list(convert(samples / "new_suites/tabarena/results_per_split.csv"))
    by_name = {
        (record.benchmark.name, record.model.name if record.model else None): record
        for record in records
    }
    default = by_name["APSFailure", "CAT (default)"]
    assert by_key(default)[AUROC].value == 0.993897154618408
    assert duration(default, "training") == 96.9886040687561
    assert duration(default, "inference") == 0.49321603775024414
    for name in ("CAT (tuned)", "CAT (tuned + ensemble)"):
        assert duration(by_name["APSFailure", name], "tuning") == 67996.70792460442
    for name in ("TABPFNV2_GPU (default)", "MITRA_GPU (default)"):
        assert by_name["APSFailure", name].status == "failed"
    constant = by_name["APSFailure", "PB (default)"]
    assert (constant.status, by_key(constant)[AUROC].value) == ("ok", 0.5)
    loss = by_key(by_name["anneal", "TABPFN-V2.6 (default)"])
    assert loss["log-loss", "single", "", "fold", ""].value == 0.025046934925578346
    assert len(records) == 11


def test_a_real_leaderboard(samples: Path, two_processes: Executor) -> None:
    first, _, imputed, _ = convert(samples / "new_suites/tabarena/lite.csv")
    assert first.model is not None
    assert first.model.name == "AutoGluon 1.5 (extreme, 4h)"
    assert by_key(first)["tabarena:elo", "", "", "", ""].value == 1656.5
    assert by_key(imputed)["tabarena:imputed-share", "", "", "", ""].value == 0.35294117647058826
    check_converter("tabarena", [samples / "new_suites/tabarena"], executor=two_processes)
