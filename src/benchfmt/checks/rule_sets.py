"""Rule sets: what data is held to. Each is a table of codes, with how much a fault of each weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchfmt.finding import Severity


@dataclass(frozen=True, eq=False)
class RuleSet:
    """The codes that data is held to, and how much a fault of each weighs."""

    name: str
    title: str
    """What it asks for, in a sentence without a full stop."""
    severities: Mapping[str, Severity]
    changes: tuple[str, ...] = ()
    """What the caller changed of it, each change in words."""
    silent: frozenset[str] = frozenset()
    """Codes that are judged and not reported: what follows from such a fault is not reported either."""
    parts: tuple[str, ...] = ()
    """The names of the rule sets that it holds together, where these are several."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rule sets that data is held to: its own, or those of its parts."""
        return self.parts or (self.name,)

    @property
    def label(self) -> str:
        """The name, with what the caller changed."""
        return ", ".join((self.name, *self.changes))

    @property
    def codes(self) -> frozenset[str]:
        """The codes that belong to it."""
        return frozenset(self.severities)

    @property
    def judged(self) -> frozenset[str]:
        """The codes whose checks are run."""
        return self.codes | self.silent


@dataclass(frozen=True, eq=False)
class Purpose:
    """Why a rule set exists, and how much faults weigh under it that weigh otherwise elsewhere."""

    title: str
    severities: Mapping[str, Severity]
    firm: tuple[str, ...] = ()
    """What the codes begin with that no package may acknowledge under it, beside those of `FIRM`."""


FIRM = ("BF1", "BF2", "BF301", "BF302", "BF410", "BF411", "BF5")
"""What the codes begin with whose errors under `core` no package may acknowledge: without what they ask for, data cannot
be read, means something else or is not the data that was written."""
SAFETY = "BF9"
"""What the codes begin with that no package may acknowledge, warnings included."""


_DOUBTS = {
    "BF131": Severity.ERROR,
    "BF132": Severity.ERROR,
    "BF136": Severity.ERROR,
    "BF208": Severity.ERROR,
    "BF211": Severity.ERROR,
    "BF212": Severity.ERROR,
    "BF213": Severity.ERROR,
}
"""What may stand in somebody's own results, and not in those that are handed over."""

PURPOSES: Mapping[str, Purpose] = {
    "core": Purpose("What makes data conformant", {}),
    "submission": Purpose(
        "What a project says of its results before a hand-over",
        _DOUBTS,
    ),
    "ingestion": Purpose(
        "What a platform asks before it takes a package in",
        {**_DOUBTS, "BF512": Severity.WARNING},
        # A platform asks for licence, sources and hashes: no reason stands for them.
        firm=("BF5",),
    ),
    "matchmaking": Purpose(
        "What a program needs that learns which model suits which hardware",
        {"BF208": Severity.ERROR},
        # A program reads no reasons.
        firm=("BF3", "BF4"),
    ),
}
"""The rule sets by their names. Which checks belong to one, each check says itself."""

NAMES: tuple[str, ...] = tuple(PURPOSES)
