"""Entry points: how other distributions add converters and checks to benchfmt."""

from __future__ import annotations

from importlib.metadata import EntryPoint


def distribution_of(point: EntryPoint) -> str:
    """Return the name and version of the distribution that an entry point belongs to, as `acme-checks 0.1`."""
    if point.dist is None:
        return "an unknown distribution"
    return f"{point.dist.name} {point.dist.version}"
