"""Damage to packages of each family of the real samples is found as that to our own: once, with its code, at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.damage.bases import Base
from tests.damage.damaging import FORMS, Damage, baseline, outcome
from tests.damage.families import APPLICABLE, family
from tests.damage.not_yet import NOT_YET
from tests.damage.test_damage import KINDS

from benchfmt.checks.catalogue import CODES

Packages = Callable[[str], Base]
FAMILIES = tuple(APPLICABLE)


@pytest.fixture(scope="module")
def bases(samples: Path) -> Packages:
    """Return what gives a few records of a family."""
    known: dict[str, Base] = {}

    def base(name: str) -> Base:
        if name not in known:
            known[name] = family(name, samples)
        return known[name]

    return base


def tried(name: str) -> Iterator[tuple[Damage, str]]:
    """Yield each kind with one form: another one for each family, so that all forms have their turn."""
    start = FAMILIES.index(name)
    for number, damage in enumerate(KINDS):
        form = damage.forms[(number + start) % len(damage.forms)]
        if form not in NOT_YET.get(damage.name, ()):
            yield damage, form


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_few_records_of_a_family_have_no_finding(name: str, bases: Packages) -> None:
    base = bases(name)
    assert base.records
    assert [form for form in FORMS if baseline(base, form, "core")] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_damage_to_a_family_is_found_once_at_its_place(
    name: str, bases: Packages, tmp_path: Path
) -> None:
    base = bases(name)
    faults = []
    applicable = 0
    for damage, form in tried(name):
        result = outcome(damage, base, form, tmp_path / damage.name)
        if result is None:
            continue
        applicable += 1
        if result.found != result.wanted:
            faults.append(f"{damage.name} in {form}: {result.found}, not {result.wanted}")
    assert faults == []
    assert applicable == APPLICABLE[name], "of so many kinds the records have a field"


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", FAMILIES)
def test_damage_to_a_family_is_found_in_every_form(
    name: str, form: str, bases: Packages, tmp_path: Path
) -> None:
    base = bases(name)
    faults = []
    for damage in KINDS:
        if form not in damage.forms or form in NOT_YET.get(damage.name, ()):
            continue
        result = outcome(damage, base, form, tmp_path / damage.name)
        if result is not None and result.found != result.wanted:
            faults.append(f"{damage.name}: {result.found}, not {result.wanted}")
    assert faults == []


def test_at_least_a_hundred_kinds_are_tried_on_each_family() -> None:
    assert min(APPLICABLE.values()) >= 100
    assert max(APPLICABLE.values()) <= len(KINDS)
    assert {damage.code for damage in KINDS} <= CODES.keys()
