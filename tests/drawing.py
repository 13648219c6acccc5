"""How many examples a property is tried with."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings

USUAL = 50
"""Of a property that says nothing else, in `make test`."""
THOROUGH = 10
"""So many times as many in `make test-all`."""


def register() -> None:
    """Make the profiles known, and take that of `make test`; how busy the machine is says nothing about the program."""
    usual = settings(
        max_examples=USUAL, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.register_profile("usual", usual)
    settings.register_profile("thorough", usual, max_examples=THOROUGH * USUAL)
    settings.load_profile("usual")


def examples(usual: int, **others: Any) -> settings:
    """Return settings for a property whose examples take more or less time than most: so many in `make test`."""
    return settings(max_examples=usual * settings.default.max_examples // USUAL, **others)
