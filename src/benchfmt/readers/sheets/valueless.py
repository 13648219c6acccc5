"""Cells of a column of numbers that hold none: marks for no value, reasons, and limits such as `<0.1`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchfmt.numbers import MINUS
from benchfmt.vocabulary import vocabulary

MARKS = frozenset(
    {
        *("-", "--", "---", "–", "—", MINUS, "/", "\\", "?", "*", ".", "..", "...", "…"),
        *("n/a", "na", "n.a.", "n. a.", "<na>", "nan", "nat", "null", "none", "nil", "empty"),
        *("n. v.", "n.v.", "nv", "k. a.", "k.a.", "ka", "n/v", "tbd", "t.b.d.", "tba", "todo"),
        *("missing", "unknown", "not available", "no data", "nicht verfügbar", "keine angabe"),
        *("#n/a", "#nv", "not reported", "tensor(nan)"),
    }
)
"""What tables write where they have no number and give no reason, in small letters."""
_REASONS = {
    "#div/0!": "undefined",
    "#num!": "undefined",
    "#value!": "invalid-in-source",
    "#ref!": "invalid-in-source",
    "#name?": "invalid-in-source",
    "#null!": "invalid-in-source",
    "inf": "undefined",
    "-inf": "undefined",
    "infinity": "undefined",
    "undefined": "undefined",
    "not measured": "not-measured",
    "nicht gemessen": "not-measured",
    "not applicable": "not-applicable",
    "not supported": "not-applicable",
    "unsupported": "not-applicable",
    "no sensor": "no-sensor",
    "withheld": "withheld",
    "confidential": "withheld",
    "did not converge": "target-not-reached",
}
_FAILED = re.compile(
    r"\b(oom|out[ -]of[ -]memory|fail(ed|ure|s)?|error|err|crash(ed)?|abort(ed)?|killed|segfault|"
    r"time[ds]?[ -]?out|t/o|dnf|did not finish|fehler|abgebrochen|abbruch)\b"
)
_LIMIT = re.compile(rf"(?P<sign>[<>≤≥])\s*[-+{MINUS}]?[0-9][0-9.,]*\D*")
_NUMBER_LIKE = re.compile(rf"[-+{MINUS}~≈]?\s*[$€£]?\s*[.,]?[0-9].*")
_OF_LIMITS = {
    "<": "below-resolution",
    "≤": "below-resolution",
    ">": "above-limit",
    "≥": "above-limit",
}


@dataclass(frozen=True)
class Valueless:
    """Which cells of a column hold no value: marks, words with a reason, and patterns of limits with a reason."""

    marks: tuple[str, ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)
    """The cells that the patterns meet, each with its reason."""

    @property
    def cells(self) -> tuple[str, ...]:
        """All of the cells that hold no value."""
        return (*self.marks, *self.reasons, *self.limits)


def valueless(cells: Iterable[str]) -> Valueless:
    """Return the cells without a value among those of a column of numbers; none where the column holds other texts.

    `cells` are the different cells that hold something, without blanks around them.
    """
    marks: list[str] = []
    reasons: dict[str, str] = {}
    limits: dict[str, str] = {}
    patterns: dict[str, str] = {}
    has_numbers = False
    for cell in cells:
        reason = reason_of(cell)
        limit = limit_of(cell)
        if cell.lower() in MARKS:
            marks.append(cell)
        elif limit is not None:
            pattern, limits[cell] = limit
            patterns[pattern] = limits[cell]
        elif _NUMBER_LIKE.fullmatch(cell):
            has_numbers = True
        elif reason is not None:
            reasons[cell] = reason
        else:
            return Valueless()
    if not has_numbers:
        return Valueless()
    return Valueless(tuple(marks), reasons, patterns, limits)


def limit_of(cell: str) -> tuple[str, str] | None:
    """Return the pattern of cells like a limit such as `<0.1`, and the reason; None for a cell that is no limit."""
    match = _LIMIT.fullmatch(cell)
    if match is None:
        return None
    return f"{match['sign']}.*", _OF_LIMITS[match["sign"]]


def reason_of(cell: str) -> str | None:
    """Return the reason that a cell gives for having no value, None where it gives none."""
    text = cell.lower()
    if _FAILED.search(text):
        return "run-failed"
    if text in _REASONS:
        return _REASONS[text]
    if text in vocabulary().terms("missing"):
        return text
    return None
