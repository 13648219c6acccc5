"""Headers as words: marks and tags gone, spellings of one thing made one, names of units kept as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAGS = re.compile(r"<[^>]{0,40}>?|\*\*|`")
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_SPELLINGS = (
    (re.compile(r"[₂²]"), "2"),
    (re.compile("μ"), "µ"),
    (re.compile(r"(?:\.5|0\.50?|50)\s?[:\-–_]\s?(?:0?\.95|95)"), "50to95"),
    (re.compile(r"@\s?\[?\s?50to95\]?"), "@50to95"),
    (re.compile(r"mAP@0?\.50?(?![0-9:])"), "map50"),
    (re.compile(r"m(AP|IoU|Iou|iou)"), lambda match: f"m{match[1].lower()}"),
    (re.compile(r"(?i)\btop[\s_\-]?([15])(?![0-9])"), r"top\1 "),
    (re.compile(r"(?i)\brouge[\s_\-]?([12]|lsum|l)(?![a-z0-9])"), lambda m: f"rouge{m[1].lower()}"),
    (re.compile(r"(?i)\bbleu[\s_\-]?4(?![0-9])"), "bleu"),
    (re.compile(r"(?i)kgCO2e?q?"), "CO2e kg"),
    (re.compile(r"(?i)CO2[\s_\-]?eq?(?![a-z])"), "co2e"),
    (re.compile(r"(?i)l?ddt[\s_\-]ca"), "lddt ca"),
    (re.compile(r"nDCG|NDCG"), "ndcg"),
    (re.compile(r"RTFx"), "rtfx"),
)
_PERCENTILE = re.compile(
    r"(?i)(?<![0-9])([0-9]{2}(?:\.[0-9])?)(?:th)?[\s_\-]?(?:%|pct|percent(?:ile)?\b)"
)
_OF_TIMES = re.compile(r"(?i)latenc|time|ttft|tpot|percentile")
"""Only of a time is 90% a percentile: an accuracy may be at 95% of something."""
_ARROWS = str.maketrans({"↑": " ", "↓": " ", "（": "(", "）": ")", "％": "%"})
_SEPARATORS = re.compile(r"[\s_/\-–—:;,|.]+")
_DECIMAL_PERCENTILE = re.compile(r"(?i)\bp([0-9]{2})[._]([0-9])\b")
_CAMEL = re.compile(
    r"(?<=[a-z]{2})(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z]{2})|(?<=[a-z]{2})(?=[A-Z]{2,})"
)


@dataclass(frozen=True)
class Words:
    """A header: its words as they are written, and what stands in brackets behind them."""

    written: tuple[str, ...]
    brackets: tuple[str, ...]

    @property
    def lower(self) -> tuple[str, ...]:
        """The words in lower case."""
        return tuple(word.lower() for word in self.written)


def plain(header: str) -> str:
    """Return a header without marks, each spelling of one thing the same."""
    text = _TAGS.sub(" ", header).translate(_ARROWS)
    if _OF_TIMES.search(text):
        text = _PERCENTILE.sub(r" p\1 ", text)
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return text.strip()


def words_of(header: str) -> Words:
    """Return the words of a header."""
    text = plain(header)
    brackets = tuple(part.strip() for part in _BRACKETS.findall(text))
    return Words(split(_BRACKETS.sub(" ", text)), brackets)


def split(text: str) -> tuple[str, ...]:
    """Return the words of a text, as they are written."""
    kept = _DECIMAL_PERCENTILE.sub(r"p\1§\2", text)
    parts = _SEPARATORS.split(_CAMEL.sub(" ", kept))
    return tuple(part.replace("§", ".") for part in parts if part)


def key_of(header: str) -> str:
    """Return a header's words in lower case, as one text by which it is looked up."""
    return " ".join(words_of(header).lower)
