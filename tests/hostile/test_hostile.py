"""Every input of the hostile corpus ends within limits, with its finding, and harms nothing.

`python -m tests.hostile` runs the whole corpus and prints what each took.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.hostile.corpus import SPECIMENS
from tests.hostile.running import Runner, runner
from tests.hostile.specimens import Specimen

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the program is forked")
_EVERY = 4
"""So many of the small specimens share one that `make test` runs; the others take as long as all other tests together."""


def _marked() -> Iterator[object]:
    small = 0
    for specimen in SPECIMENS:
        small += not specimen.is_large
        is_quick = not specimen.is_large and small % _EVERY == 0
        marks = () if is_quick else (pytest.mark.slow,)
        yield pytest.param(specimen, id=specimen.name, marks=marks)


@pytest.fixture(scope="module")
def program() -> Iterator[Runner]:
    with runner() as started:
        yield started


@pytest.mark.parametrize("specimen", list(_marked()))
def test_a_hostile_input_ends_with_its_finding(specimen: Specimen, program: Runner) -> None:
    assert program.run(specimen).faults(specimen) == []
