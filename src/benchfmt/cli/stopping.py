"""What a command that is stopped leaves behind, in words: nothing, unless it says otherwise."""

from __future__ import annotations

_words = ["nothing was written"]


def leaves(words: str) -> None:
    """Keep what is to be said of what a stop leaves behind."""
    _words.append(words)


def left() -> str:
    """Return what a stop leaves behind."""
    return _words[-1]
