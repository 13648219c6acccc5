"""All targets by name."""

from __future__ import annotations

from importlib import import_module

from fuzz.targets import Target

_MODULES = {
    "convert": "fuzz.converting",
    "describe": "fuzz.validating",
    "linked": "fuzz.linked",
    "open": "fuzz.validating",
    "use": "fuzz.using",
    "validate": "fuzz.validating",
}
"""Where the targets are whose names begin so; all others are readers."""


def names() -> list[str]:
    """Return the names of all targets."""
    modules = ("fuzz.readers", *dict.fromkeys(_MODULES.values()))
    return [target.name for module in modules for target in _targets(module)]


def target(name: str) -> Target:
    """Return a target; what the others need is not loaded."""
    module = _MODULES.get(name.partition("-")[0], "fuzz.readers")
    return next(one for one in _targets(module) if one.name == name)


def _targets(module: str) -> tuple[Target, ...]:
    targets: tuple[Target, ...] = import_module(module).TARGETS
    return targets
