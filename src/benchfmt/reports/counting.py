"""Numbers for people."""

from __future__ import annotations


def number(count: int) -> str:
    """Return a count with its thousands apart: `1,234`."""
    return f"{count:,}"


def counted(count: int, word: str) -> str:
    """Return a count with its noun: `1 record`, `2 records`."""
    if count == 1:
        return f"1 {word}"
    return f"{number(count)} {word}s"
