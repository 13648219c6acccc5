"""Cases of which `make test` runs some, and `make test-all` all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def some(
    cases: Iterable[Any], every: int = 2, named: Callable[[Any], str] | None = None
) -> list[Any]:
    """Return cases for `parametrize`; of those after the first, `make test` runs one in `every`."""
    found = []
    for number, case in enumerate(cases):
        marks = [pytest.mark.slow] if number % every else []
        name = named(case) if named is not None else None
        found.append(pytest.param(case, marks=marks, id=name))
    return found
