"""Names that do not exist: what somebody who wrote one most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from functools import lru_cache

_LIKE = 0.65
"""How alike two names are of which one may be meant by the other, from 0 to 1."""

_LONGEST, _MOST = 100, 500
"""Names that are longer, and answers about more names, are not remembered."""

MANY = 1_000
"""So many names are listed where each is told."""
_LISTED = 40
"""So many names are listed where none is like the one that was written; more would hide it."""


def nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the one of some names that is most like another; None where none is as like as `cutoff`, from 0 to 1.

    What is so long that none can be like it is not looked at: that would take as long as to read it many times.
    """
    known = list(names)
    longest = max(map(len, known), default=0)
    if cutoff * (len(name) + longest) > 2 * longest:
        return None
    near = difflib.get_close_matches(name, known, 1, cutoff)
    return near[0] if near else None


def meant(name: str, names: Iterable[str]) -> str | None:
    """Return the one of some names that somebody who wrote another most likely meant; None for none."""
    known = tuple(names)
    if len(name) > _LONGEST or len(known) > _MOST:
        return _nearest(name, known)
    return _remembered(name, known)


def _nearest(name: str, names: Iterable[str]) -> str | None:
    by_plain = {_plain(known): known for known in names}
    near = nearest(_plain(name), by_plain, _LIKE)
    if near is None:
        return None
    return by_plain[near]


@lru_cache(maxsize=256)
def _remembered(name: str, names: tuple[str, ...]) -> str | None:
    """Return what `_nearest` does: the same wrong name often stands in thousands of rows."""
    return _nearest(name, names)


def listed(names: Sequence[str], most: int = MANY) -> str:
    """Return names with commas; of very many the first, and how many there are."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])}, ... ({len(names):,} in all)"


def no_such(kind: str, name: str, names: Sequence[str]) -> str:
    """Return that a name does not exist, with the one that was meant, or those that there are."""
    refusal = f"there is no {kind} {name!r}"
    near = meant(name, names)
    if near is not None:
        return f"{refusal}; did you mean {near!r}?"
    if len(names) > _LISTED:
        return refusal
    return f"{refusal}; there are: {', '.join(names)}"


def _plain(name: str) -> str:
    """Return a name without what is often written otherwise: its case, and what joins its words."""
    return name.lower().replace("_", "-").replace(" ", "-")
