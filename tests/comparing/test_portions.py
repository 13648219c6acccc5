"""Records with their measurements, some at a time: the answer does not depend on how many, nor on their order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.comparison.making import PROFILE, changed
from tests.forms import flatten, write

from benchfmt.comparing import portions
from benchfmt.comparing.coverage import coverage
from benchfmt.comparing.groups import Groups, groups
from benchfmt.comparison import question
from benchfmt.package import open_package
from benchfmt.reports.comparison import group_lines

SIZES = [1, 2, 3, 65_536]
CLASH = "not comparable: another record of other content has the same id"


def board(name: str, number: int, **more: Any) -> dict[str, Any]:
    return changed(PROFILE, name, system={"id": f"board-{number}"}, **more)


def grouped(root: Path) -> Groups:
    with open_package(root) as package:
        return groups(package, question(), most=10)


def counted(root: Path) -> dict[str, Any]:
    with open_package(root) as package:
        return coverage(package).to_dict()


def package(tmp_path: Path, *records: dict[str, Any], form: str = "parquet") -> Path:
    return write(tmp_path / "package", flatten(list(records)), form)


@pytest.fixture(params=SIZES)
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    size: int = request.param
    monkeypatch.setattr(portions, "_AT_ONCE", size)
    monkeypatch.setattr(portions, "_MEASUREMENTS_AT_ONCE", size)
    return size


@pytest.fixture(params=SIZES)
def measurements_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    size: int = request.param
    monkeypatch.setattr(portions, "_MEASUREMENTS_AT_ONCE", size)
    return size


def several() -> list[dict[str, Any]]:
    unmeasured = board("none", 9)
    unmeasured["measurements"] = []
    records = [
        board("a", 1),
        board("b", 2),
        unmeasured,
        board("c", 1, configuration__batch_size=2),
        board("d", 3, configuration__batch_size=2),
        board("e", 3, configuration__batch_size=None),
        board("f", 3),
    ]
    for number, record in enumerate(records):
        for measurement in record["measurements"]:
            measurement["value"] = 0.01 + number / 1000
    return records


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_groups_are_the_same_however_many_records_are_read_at_once(
    at_once: int, form: str, tmp_path: Path
) -> None:
    found = grouped(package(tmp_path, *several(), form=form))
    assert [[line.record_id for line in group.lines] for group in found.groups] == [
        ["a", "b", "f"],
        ["c", "d"],
    ]
    assert found.obstacles == {"cannot be told: batch size unknown": 1}
    assert (found.compared, found.alone, found.compared_results, found.copies) == (2, 0, 5, 0)


def test_measurements_in_another_order_than_their_records_are_found(
    at_once: int, tmp_path: Path
) -> None:
    root = package(tmp_path, *several())
    expected = grouped(root).to_dict()
    covered = counted(root)
    path = root / "measurements.parquet"
    pl.read_parquet(path).reverse().write_parquet(path)
    assert grouped(root).to_dict() == expected
    assert counted(root) == covered


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [1, 0, 2, 3, 4], [0, 1, 3, 4, 2]])
def test_few_measurements_are_in_memory_at_a_time_and_none_is_lost(
    measurements_at_once: int, order: list[int], tmp_path: Path
) -> None:
    ids = ["a", "b", "c"]
    root = package(tmp_path, *(board(name, number) for number, name in enumerate(ids)))
    path = root / "measurements.parquet"
    rows = pl.read_parquet(path)
    row = rows.head(1).drop("record_id")
    # The second record has three, and they are read one at a time.
    records = pl.DataFrame({"record_id": ["a", "b", "b", "b", "c"]})[order]
    given = pl.concat([records, pl.concat([row] * 5)], how="horizontal").select(rows.columns)
    given.write_parquet(path, row_group_size=1)
    with open_package(root) as opened:
        columns = (("id",), ("record_id", "value"))
        found = portions.by_portions(
            opened,
            columns,
            lambda some: some,
            lambda records, measurements: (records["id"], measurements["record_id"]),
        )
    assert [name for names, _ in found for name in names] == ids
    if order == sorted(order):
        assert (len(found) > 1) == (measurements_at_once < max(SIZES))
    for names, of_records in found:
        assert set(of_records) <= set(names)
    assert sorted(name for _, names in found for name in names) == sorted(records["record_id"])


def test_a_record_that_is_there_twice_is_one_result(at_once: int, tmp_path: Path) -> None:
    found = grouped(
        package(tmp_path, board("a", 1), board("b", 2), board("a", 1), board("a", 1), board("c", 3))
    )
    assert [line.record_id for line in found.groups[0].lines] == ["a", "b", "c"]
    assert (found.groups[0].results, found.copies, found.obstacles) == (3, 2, {})
    told = "2 results left out: a record of the same id and content stands for it"
    assert told in list(group_lines(found))


@pytest.mark.parametrize(
    "other",
    [
        board("a", 1, measurements__first__value=0.02),
        board("a", 1, model__version="2"),
        board("a", 1, measured_at="2025-01-01"),
    ],
)
def test_records_of_one_id_and_other_content_are_in_no_group(
    at_once: int, other: dict[str, Any], tmp_path: Path
) -> None:
    found = grouped(package(tmp_path, board("a", 1), board("b", 2), other, board("c", 3)))
    assert [line.record_id for line in found.groups[0].lines] == ["b", "c"]
    assert found.groups[0].results == 2
    assert found.obstacles == {CLASH: 2}
    assert found.copies == 0
