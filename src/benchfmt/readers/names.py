"""Names of columns, keys and resources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def doubled(names: Iterable[str]) -> list[str]:
    """Return the names that appear more than once, in the order in which they first appear."""
    return [name for name, count in Counter(names).items() if count > 1]
