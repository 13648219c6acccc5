"""Converters that a test makes known to this process, as if they had entry points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from benchfmt.converters import base

MODULES = (
    "benchfmt.conversion.detection",
    "benchfmt.conversion.planning",
    "benchfmt.conversion.merging",
    "benchfmt.running.reading",
    "benchfmt.testing",
)


def install(
    monkeypatch: pytest.MonkeyPatch, converters: Mapping[str, Any], others: Iterable[str] = ()
) -> None:
    """Make these converters, and of the installed ones these others, all that there are."""

    def load(name: str) -> Any:
        return converters[name] if name in converters else base.load(name)

    names = sorted({*others, *converters})
    for module in MODULES:
        monkeypatch.setattr(f"{module}.names", lambda: list(names), raising=False)
        monkeypatch.setattr(f"{module}.load", load, raising=False)
