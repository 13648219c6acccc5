"""One way from a source's characters to a number: exact, the nearest double, or refused, and the same everywhere."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchfmt import convert, numbers, open_package, units, validate
from benchfmt.annotated import cells
from benchfmt.annotated.columns import IDENTITY
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.inference import log_settings
from benchfmt.converters.mlperf.mobile import values as mobile_values
from benchfmt.converters.mlperf.published.cells import plain as cell
from benchfmt.converters.mlperf.training import system as training_system
from benchfmt.converters.openml import numbers as openml
from benchfmt.numbers import MAX_SAFE_INTEGER, Digits, since_1970
from benchfmt.readers import jsons, mllog, mlperf_json
from benchfmt.record import Configuration, Record

REFUSED = ["NaN", "nan", "inf", "-Infinity", "0x10", "1_000", "1,000", "1'000", "1 000", "1e999", "--1", "1e", "e5", ".", "", "١٢", "１２", "²", "1.5.2", "12px"]  # fmt: skip
BIG = "9007199254740993"  # 2^53 + 1: no double is this number
MOST = str(MAX_SAFE_INTEGER)

DOUBLES: dict[str, Callable[[str], float | None]] = {
    "numbers": numbers.double,
    "units": lambda text: units.convert(text, "s", "s"),
    "openml": lambda text: openml.number(text, "s", "s"),
    "training log": mllog.number,
    "columns": lambda text: _column(text),
}
KEPT: dict[str, Callable[[Any], Any]] = {
    "numbers": numbers.kept,
    "training log": mllog.plain,
    "published": cell,
    "mobile": mobile_values.plain,
    "settings of LoadGen": lambda text: log_settings.plain(str(text)),
}


def _column(text: str) -> float | None:
    import polars as pl

    found: float | None = cells.numbers(pl.Series(["0", text]), IDENTITY).values[1]
    return found


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("way", DOUBLES)
def test_what_is_no_number_is_refused_the_same_way_everywhere(way: str, text: str) -> None:
    assert DOUBLES[way](text) is None
    assert numbers.exact(text) is None
    assert (numbers.whole(text), numbers.count(text)) == (None, None)


@pytest.mark.parametrize("way", DOUBLES)
@given(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.from_regex(
            r"[+-]?[0-9]{1,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{1,2})?",
            fullmatch=True,
            alphabet="0123456789+-.eE",
        ),
    )
)
def test_a_number_is_the_nearest_double(way: str, text: str) -> None:
    found = DOUBLES[way](text)
    exact = Fraction(Decimal(text))
    assert found is not None
    assert found == float(exact)
    assert numbers.exact(text) == exact


@pytest.mark.parametrize("way", KEPT)
@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("12", 12), (MOST, MAX_SAFE_INTEGER), (f"-{MOST}", -MAX_SAFE_INTEGER), ("0.5", 0.5), (BIG, BIG), ("1e300", "1e300"), ("9" * 500, "9" * 500), ("12345678901234567890", "12345678901234567890")],
)  # fmt: skip
def test_what_is_kept_is_kept_whole_and_may_stand_in_a_record(
    way: str, text: str, value: Any
) -> None:
    found = KEPT[way](Digits(text))
    assert (found, type(found)) == (value, type(value))
    Configuration.model_validate({"hyperparameters": {"x": found}})


@given(st.integers())
def test_an_integer_is_one_or_its_text(number: int) -> None:
    found = numbers.of_json(str(number))
    assert found == (number if abs(number) <= MAX_SAFE_INTEGER else str(number))
    assert numbers.whole(f"{number}.0") == (number if abs(number) <= MAX_SAFE_INTEGER else None)


@given(
    st.recursive(
        st.one_of(
            st.integers(),
            st.floats(allow_nan=False, allow_infinity=False),
            st.text(alphabet="ab1.", max_size=4),
            st.booleans(),
        ),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(alphabet="kl", min_size=1), inner, max_size=3)
        ),
    )
)
def test_data_of_a_source_may_stand_in_a_record(data: Any) -> None:
    read = jsons.parse(json.dumps(data), digits=True)
    for found in (numbers.kept(read), numbers.kept(data)):
        Configuration.model_validate({"hyperparameters": {"x": found}})
    if isinstance(data, int) and not isinstance(data, bool):
        assert str(numbers.kept(data)) == str(data)


@pytest.mark.parametrize("way", [systems.said, training_system._clean])
def test_numbers_that_were_read_without_their_digits_are_kept_too(
    way: Callable[[Any], Any],
) -> None:
    assert way({"a": [2**53, 2**53 - 1, 1e300, 0.5, True]}) == {
        "a": [str(2**53), 2**53 - 1, "1e+300", 0.5, True]
    }


@pytest.mark.parametrize(
    "way", [numbers.count, mllog.whole, mlperf_json.count, lambda text: numbers.whole(str(text))]
)
def test_counts_end_where_the_record_ends(way: Callable[[Any], int | None]) -> None:
    assert way(MOST) == MAX_SAFE_INTEGER
    assert way(str(2**53)) is None
    assert way("12.0") == 12
    assert way("12.5") is None


def test_no_count_is_zero_or_less() -> None:
    assert [numbers.count(text) for text in ("0", "-1", "-0", "3", " 3 ", "+3")] == [
        None,
        None,
        None,
        3,
        3,
        3,
    ]


def test_memory_ends_where_the_record_ends() -> None:
    assert mlperf_json.memory_bytes("8 TiB") == 8 * 2**40
    assert (
        mlperf_json.memory_bytes("8 PiB") is None
        or mlperf_json.memory_bytes("8 PiB") <= MAX_SAFE_INTEGER
    )
    assert mlperf_json.memory_bytes("999999999999999 TB") is None


def test_blanks_around_a_number_say_nothing() -> None:
    assert numbers.double(" 1.5\n") == 1.5
    assert numbers.exact("\t2 ") == 2
    assert math.copysign(1, numbers.double("-0.0") or 0.0) == -1 or numbers.double("-0.0") == 0


def test_a_long_cell_that_is_no_number_is_soon_known() -> None:
    begin = time.process_time()
    assert numbers.double("9" * 1_000_000 + "x") is None
    assert numbers.exact("." + "9" * 1_000_000 + "x") is None
    assert time.process_time() - begin < 2


def test_a_large_integer_of_a_source_never_costs_the_result(tmp_path: Path) -> None:
    """A field of a result file that no field of the standard holds is kept as its text."""
    result = {
        "perf_metrics": [],
        "commandLine": ["benchmark_app"],
    }
    assert (
        numbers.kept(jsons.parse(json.dumps({**result, "seed": int(BIG)}), digits=True))["seed"]
        == BIG
    )
    record = {
        "benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "ok",
        "measurements": [{"metric": "duration", "value": 3.0, "unit": "s", "basis": "measured"}],
        "extensions": {"lpdnn": {"seed": numbers.of_json(BIG)}},
    }  # fmt: skip
    (tmp_path / "r.jsonl").write_text(json.dumps(Record.from_dict(record).to_dict()) + "\n")
    convert(tmp_path).write(tmp_path / "p")
    assert validate(tmp_path / "p").ok
    with open_package(tmp_path / "p") as package:
        assert next(package.records()).extensions == {"lpdnn": {"seed": BIG}}


def test_a_time_that_no_calendar_has_is_none() -> None:
    assert since_1970(1_700_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert since_1970(-1) == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)
    for seconds in (9007199254740993, -(10**12), 10**40, -(10**400), 1e300, math.inf, math.nan):
        assert since_1970(seconds) is None
