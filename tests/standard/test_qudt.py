"""Units have the IRIs of QUDT: each exists, and means the same.

`qudt_units.csv` holds what QUDT says of these units, as QUDTLib 7.1.0 (https://www.npmjs.com/package/@qudtlib/allunits)
carries it: the vectors of dimensions and the multipliers. QUDT is licensed under CC BY 4.0.
"""

from __future__ import annotations

import csv
import math
import re
from fractions import Fraction
from pathlib import Path

import pytest

from benchfmt.linked import qudt_unit
from benchfmt.vocabulary import vocabulary

with (Path(__file__).parent / "qudt_units.csv").open(encoding="utf-8", newline="") as _file:
    QUDT = {row["unit"]: row for row in csv.DictReader(_file)}
UNITS = {code: term for code, term in vocabulary().terms("unit").items() if "qudt" in term}
LETTERS = {"length": "L", "mass": "M", "time": "T", "temperature": "H", "current": "E"}
NO_FACTOR = {"DeciB", "CCY_CHF", "CCY_CNY", "CCY_EUR", "CCY_GBP", "CCY_JPY", "CCY_USD"}
"""A logarithm and amounts of money: QUDT's factors of these say nothing."""


def vector(dimension: str) -> tuple[dict[str, int], int]:
    """Return the powers of our dimensions in QUDT's letters, and that of information, which QUDT counts as a number."""
    powers = dict.fromkeys("AELIMHT", 0)
    information = 0
    for part in dimension.split("·"):
        name, _, power = part.partition("^")
        if name == "information":
            information = int(power)
        elif name in LETTERS:
            powers[LETTERS[name]] = int(power)
    return powers, information


def test_no_unit_of_qudt_is_listed_in_vain() -> None:
    assert {term["qudt"] for term in UNITS.values()} == set(QUDT)


@pytest.mark.parametrize("code", UNITS)
def test_the_unit_of_qudt_exists_and_is_as_large(code: str) -> None:
    said = QUDT[UNITS[code]["qudt"]]
    powers, information = vector(UNITS[code]["dimension"])
    theirs = {
        name: int(power) for name, power in re.findall("([A-Z])(-?[0-9]+)", said["dimension"])
    }
    assert {name: theirs[name] for name in powers} == powers
    if said["unit"] in NO_FACTOR:
        return
    factor = Fraction(UNITS[code]["factor"])
    if code == "deg":
        factor = Fraction(math.pi) / 180  # ours is a unit of its own
    # A bit is ln 2 to QUDT. Its factors are decimals of nine digits and more.
    assert math.isclose(
        float(said["multiplier"]), factor * math.log(2) ** information, rel_tol=2e-9
    )


def test_units_have_the_iris_of_qudt() -> None:
    assert qudt_unit("ms") == "http://qudt.org/vocab/unit/MilliSEC"
    assert qudt_unit("g/(kW.h)") is None
    assert qudt_unit("furlong") is None


def test_most_units_have_one() -> None:
    without = set(vocabulary().terms("unit")) - set(UNITS)
    assert without == {
        "10*9", "10*12", "10*3/s", "10*6/s", "10*9/s", "10*12/s", "10*15/s", "TBy/s", "KiBy/s", "MiBy/s", "GiBy/s",
        "TiBy/s", "10*9/J", "/(kW.h)", "g/(kW.h)", "kg/(kW.h)", "GBy.h",
    }  # fmt: skip
