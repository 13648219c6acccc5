"""What came of publishing."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchfmt.publishing.lost import Loss


@dataclass
class Outcome:
    """What was done: how many things were made, changed, left as they were; what the server lost; what else to know."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    losses: list[Loss] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    identifiers: dict[str, str] = field(default_factory=dict)
    """What the server calls each thing."""
