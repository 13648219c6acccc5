"""The page docs/damage.md: which damage is found under which code in which form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.damage.damaging import FORMS, Damage

_HEAD = """# Damage

Each kind of damage below is done to a small package in the tests, in every form that can hold it, and is found once: under this code, at
its place, and with nothing else. "-" stands where a form cannot hold the damage; another code than that of the kind is what the form
makes of it. `tests/damage` says what is done. The zip holds CSV. The same is done to a few records of each family of real results; a
kind that a family has no field for is not tried there, and the tests count how many these are.
"""


def page(kinds: Sequence[Damage]) -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *_tables(kinds)]) + "\n"


def _tables(kinds: Sequence[Damage]) -> Iterator[str]:
    for about in dict.fromkeys(damage.about for damage in kinds):
        yield f"## {about[:1].upper()}{about[1:]}\n"
        yield f"| damage | code | {' | '.join(FORMS)} |"
        yield f"|---|---|{'---|' * len(FORMS)}"
        for damage in kinds:
            if damage.about == about:
                cells = " | ".join(_cell(damage, form) for form in FORMS)
                yield f"| {damage.name.replace('-', ' ')} | [{damage.code}](checks/{damage.code}.md) | {cells} |"
        yield ""


def _cell(damage: Damage, form: str) -> str:
    """Return what a form makes of a kind of damage."""
    if form not in damage.forms:
        return "-"
    code = damage.code_in(form)
    if code == damage.code:
        return "yes"
    return code or "-"
