"""Columns of Arrow from plain cells and back: as Arrow itself has them, without loading pandas."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchfmt.arrays import are_empty, array_of, codes_of, numbers_of, places_in, places_of

ROOT = Path(__file__).parents[2]
CONVERT = """
import sys
from benchfmt.conversion import convert
for name in ("annotated", "lpdnn", "mlperf"):
    convert(f"examples/{name}").write(f"{sys.argv[1]}/{name}", part_rows=500)
print("pandas" in sys.modules)
"""


@pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed")
def test_a_conversion_loads_no_pandas(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONVERT, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2.5, None, -3], pa.float64()),
        ([1, None, 2**53, -(2**53)], pa.float64()),
        ([True, None, False] * 7, pa.bool_()),
        (["a", None, "é", ""], pa.string()),
        ([], pa.float64()),
        ([None, None], pa.float64()),
    ],
)
def test_an_array_is_that_of_arrow(cells: list[Any], kind: pa.DataType) -> None:
    made = array_of(cells, kind)
    made.validate(full=True)
    assert made.equals(pa.array(cells, kind))


@pytest.mark.parametrize("cells", [[2**53 + 1], [1.5, -(2**60)], [True, 1.5], ["1", 1.5]])
def test_what_is_no_exact_number_is_left_to_arrow(cells: list[Any]) -> None:
    try:
        expected = pa.array(cells, pa.float64())
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        with pytest.raises(type(error)):
            array_of(cells, pa.float64())
    else:
        assert array_of(cells, pa.float64()).equals(expected)


def test_numbers_are_those_of_numpy() -> None:
    values = np.array([1.5, 2.5, -0.0, 4.0])
    assert numbers_of(values).equals(pa.array(values))
    there = np.array([True, False, True, False])
    made = numbers_of(values[::-1], there)
    made.validate(full=True)
    assert made.equals(pa.array([4.0, None, 2.5, None]))


@pytest.mark.parametrize("start", [0, 1, 7, 8, 9])
@pytest.mark.parametrize("size", [0, 1, 8, 20])
def test_empty_cells_are_those_of_arrow_wherever_a_slice_begins(start: int, size: int) -> None:
    cells = [None if number % 3 == 0 else f"t{number % 4}" for number in range(40)]
    whole = pa.array(cells, pa.string())
    some = whole.slice(start, size)
    assert are_empty([some, whole]).tolist() == [
        cell is None for cell in [*cells[start : start + size], *cells]
    ]
    full = pa.array(["a"] * 40, pa.string()).slice(start, size)
    assert not are_empty([full]).any()
    coded: Any = whole.dictionary_encode().slice(start, size)
    words = [*coded.dictionary.to_pylist(), None]
    assert [words[code] for code in codes_of(coded)] == cells[start : start + size]
    places = places_of(np.arange(40)).slice(start, size)
    assert places_in(places).tolist() == list(range(start, start + size))


def test_places_are_taken_as_arrow_takes_them() -> None:
    cells = pa.array(["a", "b", "c"])
    assert cells.take(places_of(np.array([2, 0, 0], np.int64))).to_pylist() == ["c", "a", "a"]
    assert cells.take(places_of(np.array([], np.int64))).to_pylist() == []
