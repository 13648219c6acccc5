"""Names of assets, platforms and columns that no other has."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count

NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9+-]+")


def dashed(text: str) -> str:
    """Return a text with dashes for what a file's name does not have here."""
    return NOT_IN_NAMES.sub("-", text)


def free(name: str, used: Collection[str], separator: str = "-") -> str:
    """Return a name that is not used yet: itself, else with a number from 2 on."""
    numbers = count(2)
    candidate = name
    while candidate in used:
        candidate = f"{name}{separator}{next(numbers)}"
    return candidate
