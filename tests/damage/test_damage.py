"""Every kind of damage is found: with its code, at its place, once; and nothing is found in undamaged packages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.damage import packages, records, tables, texts
from tests.damage.bases import OWN, bases
from tests.damage.damaging import FORMS, Damage, baseline, outcome
from tests.damage.not_yet import NOT_YET
from tests.damage.page import page
from tests.forms import ROOT
from tests.sparing import some

KINDS: tuple[Damage, ...] = (*records.KINDS, *texts.KINDS, *tables.KINDS, *packages.KINDS)
ONE_FORM_EACH = [
    pytest.param(
        damage,
        damage.forms[number % len(damage.forms)],
        id=damage.name,
        marks=[pytest.mark.slow] if number % 3 == 2 else [],
    )
    for number, damage in enumerate(KINDS)
]
"""Each kind with one form: these take turns; `make test` tries two of three kinds."""


def fault(damage: Damage, form: str, base: str, folder: Path) -> str:
    """Return how what is found of a damage differs from what must be found, "" where it does not."""
    result = outcome(damage, bases()[base], form, folder)
    is_known = form in NOT_YET.get(damage.name, ())
    if result is None or (result.found == result.wanted) != is_known:
        return ""
    if is_known:
        return f"{damage.name}: it is found after all: take it out of NOT_YET"
    return f"{damage.name}: {result.found}, not {result.wanted}"


@pytest.mark.parametrize(("damage", "form"), ONE_FORM_EACH)
def test_damage_is_found_once_at_its_place(damage: Damage, form: str, tmp_path: Path) -> None:
    assert fault(damage, form, OWN, tmp_path) == ""


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_damage_is_found_in_every_form(form: str, tmp_path: Path) -> None:
    faults = []
    for damage in KINDS:
        if form in damage.forms:
            faults.append(fault(damage, form, OWN, tmp_path / damage.name))
    assert [text for text in faults if text] == []


@pytest.mark.parametrize("base", some(bases()))
def test_an_undamaged_package_has_no_finding(base: str) -> None:
    assert [form for form in FORMS if baseline(bases()[base], form, "core")] == []


def test_every_kind_has_a_name_of_its_own() -> None:
    names = [damage.name for damage in KINDS]
    assert sorted(names) == sorted(set(names))
    assert len(names) >= 100
    assert set(NOT_YET) <= set(names)


def test_the_page_says_what_is_tried() -> None:
    file = ROOT / "docs" / "damage.md"
    text = page(KINDS)
    if os.environ.get("BENCHFMT_UPDATE_DOCS"):
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text, "run with BENCHFMT_UPDATE_DOCS=1"
