"""Tables of regular expressions, each by the name of what it finds."""

from __future__ import annotations

import re
from collections.abc import Mapping


def compiled(table: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    """Return the patterns of a table by their names, in its order."""
    return {name: re.compile(text) for name, text in table.items()}
