"""What a comparison answers: a verdict, and its reasons in words that a person can quote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """Whether two results may be compared; the greater one decides."""

    COMPARABLE = 0
    WITH_CAVEATS = 1
    CANNOT_BE_TOLD = 2
    NOT_COMPARABLE = 3

    @property
    def words(self) -> str:
        """The verdict as it is written."""
        return _WORDS[self]


_WORDS = {
    Verdict.COMPARABLE: "comparable",
    Verdict.WITH_CAVEATS: "comparable with caveats",
    Verdict.CANNOT_BE_TOLD: "cannot be told",
    Verdict.NOT_COMPARABLE: "not comparable",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule says what it says, with what both results state; None where one states nothing."""

    rule: str
    verdict: Verdict
    field: str
    left: str | None
    right: str | None
    sentence: str

    def to_dict(self) -> dict[str, str | None]:
        """Return the reason as plain data."""
        return {
            "rule": self.rule,
            "verdict": self.verdict.words,
            "field": self.field,
            "left": self.left,
            "right": self.right,
            "sentence": self.sentence,
        }


def worst(reasons: Iterable[Reason]) -> Verdict:
    """Return the verdict that the reasons give together."""
    return max((reason.verdict for reason in reasons), default=Verdict.COMPARABLE)
