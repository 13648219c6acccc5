"""Units: exact until the last step, in one number and in a column alike."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import examples

from benchfmt.annotated.cells import numbers
from benchfmt.units import (
    Conversion,
    UnitError,
    conversion,
    convert,
    exact,
    find_unit,
    is_unit,
    unit,
)
from benchfmt.vocabulary import vocabulary

# Written by hand from the definitions of the units.
FACTORS = {
    ("ms", "s"): Fraction(1, 1000),
    ("us", "s"): Fraction(1, 10**6),
    ("ns", "s"): Fraction(1, 10**9),
    ("min", "s"): Fraction(60),
    ("h", "s"): Fraction(3600),
    ("d", "s"): Fraction(86400),
    ("%", "1"): Fraction(1, 100),
    ("kBy", "By"): Fraction(1000),
    ("MBy", "By"): Fraction(10**6),
    ("GBy", "By"): Fraction(10**9),
    ("KiBy", "By"): Fraction(2**10),
    ("MiBy", "By"): Fraction(2**20),
    ("GiBy", "By"): Fraction(2**30),
    ("bit", "By"): Fraction(1, 8),
    ("kW.h", "J"): Fraction(3_600_000),
    ("W.h", "J"): Fraction(3600),
    ("mW", "W"): Fraction(1, 1000),
    ("GHz", "Hz"): Fraction(10**9),
    ("/min", "/s"): Fraction(1, 60),
    ("/h", "/s"): Fraction(1, 3600),
    ("g", "kg"): Fraction(1, 1000),
}


@pytest.mark.parametrize(("pair", "factor"), FACTORS.items(), ids=str)
def test_a_factor_is_exact(pair: tuple[str, str], factor: Fraction) -> None:
    assert conversion(*pair) == Conversion(factor, Fraction(0))
    assert conversion(*reversed(pair)) == Conversion(1 / factor, Fraction(0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "source", "target", "value"),
    [
        ("8.9", "ms", "s", 0.0089),
        ("76.078", "%", "1", 0.76078),
        ("0.1", "ms", "s", 0.0001),
        ("1e300", "GBy", "By", None),
        ("1e310", "ns", "s", 1e301),
        ("-1e9999", "ns", "s", None),
        ("1.005", "us", "s", 1.005e-06),
        ("123456789.123456789", "ns", "s", 0.123456789123456789),
        ("0.0004", "kW.h", "J", 1440.0),
        ("0", "Cel", "K", 273.15),
        ("-263.2", "Cel", "K", 9.95),
        ("32", "[degF]", "Cel", 0.0),
        ("212", "[degF]", "Cel", 100.0),
        ("300", "K", "Cel", 26.85),
        ("-40", "Cel", "[degF]", -40.0),
        (" +1.5e3 ", "ms", "s", 1.5),
        ("3", "/", "1", None),
        ("/", "ms", "s", None),
        ("1,5", "ms", "s", None),
        ("nan", "ms", "s", None),
        ("inf", "ms", "s", None),
        ("0x10", "ms", "s", None),
        ("1_000", "ms", "s", None),
        ("١", "ms", "s", None),
        ("", "ms", "s", None),
    ],
)
def test_a_text_converts_to_the_nearest_double(
    text: str, source: str, target: str, value: float | None
) -> None:
    if source == "/":
        with pytest.raises(UnitError):
            convert(text, source, target)
    else:
        assert convert(text, source, target) == value


def test_a_double_that_arithmetic_would_miss_is_hit() -> None:
    assert 57 * 0.01 != 0.57
    assert convert("57", "%", "1") == 0.57
    assert numbers(pl.Series(["57"]), conversion("%", "1")).values.to_list() == [0.57]


@pytest.mark.parametrize(
    ("source", "target"),
    [("s", "By"), ("W", "J"), ("EUR", "USD"), ("1", "s"), ("Cel", "W"), ("dB", "1"), ("By", "1")],
)
def test_units_of_other_quantities_do_not_convert(source: str, target: str) -> None:
    with pytest.raises(UnitError, match="no conversion"):
        conversion(source, target)


@pytest.mark.parametrize(
    "code", ["", "ticks", "KB", "sec", "[undocumented]", "m s", "µs", "s ", "/", "2,5"]
)
def test_a_word_that_is_no_code_is_an_error(code: str) -> None:
    assert not is_unit(code)
    with pytest.raises(UnitError, match="is not a UCUM unit code"):
        unit(code)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("m." * 2_000 + "m", id="long"),
        pytest.param("(" * 2_000 + "m" + ")" * 2_000, id="deep"),
        "10*999999999",
        "10^-99999",
        "cm9999",
        pytest.param(".".join(["Ym99"] * 12), id="powers of powers"),
    ],
)
def test_a_code_that_takes_for_ever_is_an_error(code: str) -> None:
    with pytest.raises(UnitError):
        unit(code)


def test_codes_beyond_the_vocabulary_are_looked_up() -> None:
    assert "km/h" not in vocabulary().terms("unit")
    assert conversion("km/h", "m/s").factor == Fraction(5, 18)
    assert is_unit("m/s2")


def test_words_of_files_are_units() -> None:
    assert find_unit("msec") == ("ms", Fraction(1))
    assert find_unit("keuro") == ("EUR", Fraction(1000))
    assert find_unit("km/h") == ("km/h", Fraction(1))
    assert find_unit("ticks") is None


SHIFTS = [("s", "s"), ("ms", "s"), ("us", "s"), ("%", "1"), ("GBy", "By"), ("kHz", "Hz")]
OTHERS = [("min", "s"), ("KiBy", "By"), ("[degF]", "Cel"), ("kW.h", "J"), ("/min", "/s")]
DECIMALS = st.builds(
    lambda sign, whole, part, exponent: f"{sign}{whole}{part}{exponent}",
    st.sampled_from(["", "-", "+"]),
    st.integers(0, 10**18).map(str),
    st.one_of(st.just(""), st.just("."), st.from_regex("[.][0-9]{1,20}", fullmatch=True)),
    st.one_of(
        st.just(""),
        st.integers(-330, 300).map("e{}".format),
        st.integers(-20, 20).map("E{:+}".format),
    ),
)


def nearest(text: str, source: str, target: str) -> float | None:
    """Convert by decimal arithmetic and the factors of the vocabulary's file, without the code under test."""
    terms = vocabulary().terms("unit")
    here, there = terms[source], terms[target]
    number = Fraction(Decimal(text)) * Fraction(here["factor"]) + Fraction(here["offset"])
    number = (number - Fraction(there["offset"])) / Fraction(there["factor"])
    try:
        return float(number)
    except OverflowError:
        return None


@examples(100)
@given(DECIMALS, st.sampled_from(SHIFTS + OTHERS))
def test_one_number_converts_as_exact_arithmetic_does(text: str, pair: tuple[str, str]) -> None:
    assert convert(text, *pair) == nearest(text, *pair)


@examples(40)
@given(st.lists(DECIMALS, min_size=1, max_size=20), st.sampled_from(SHIFTS + OTHERS))
def test_a_column_converts_as_exact_arithmetic_does(
    texts: list[str], pair: tuple[str, str]
) -> None:
    read = numbers(pl.Series(texts, dtype=pl.String), conversion(*pair))
    wanted = [nearest(text, *pair) for text in texts]
    found = read.values.to_list()
    assert found == wanted
    assert [math.copysign(1, f) for f in found if f is not None] == [
        math.copysign(1, w) if w or "-" not in t else math.copysign(1, f)
        for t, w, f in zip(texts, wanted, found, strict=True)
        if w is not None and f is not None
    ]
    assert read.bad.to_list() == [value is None for value in wanted]


@given(st.text(max_size=8))
def test_any_text_is_a_number_or_none(text: str) -> None:
    number = exact(text)
    column = numbers(pl.Series([text.strip()], dtype=pl.String), conversion("s", "s"))
    assert (column.values[0] is None) == (number is None)
    if number is not None:
        assert column.values[0] == float(number)
