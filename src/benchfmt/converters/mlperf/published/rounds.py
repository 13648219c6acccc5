"""The round of a published table that does not say it: that of its file's name, or of a folder above it."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

_ROUND = re.compile(r"(?<![0-9a-z.])v[0-9]{1,2}\.[0-9]{1,2}(?![0-9])(?!\.[0-9])")
_DIVISIONS = ("closed", "open", "network")
_NEAR = 2
"""How many folders above a table may be named by nothing but a round and still be meant for it."""


def round_of(path: Path, rounds: Collection[str], suites: Collection[str]) -> str | None:
    """Return the round that the path of a table says, the nearest first, or None.

    It is in the name of the file (`v1.0.csv`), of a folder that names the suite (`inference_results_v1.0-main`), or is a
    folder's whole name (`v1.0`) right above the table or its division. A name with two rounds says none.
    """
    names = [path.stem, *reversed(path.absolute().parts[:-1])]
    for distance, name in enumerate(map(str.lower, names)):
        found: set[str] = set(_ROUND.findall(name)) & set(rounds)
        if len(found) != 1:
            continue
        (found_round,) = found
        is_whole = name == found_round and (distance <= _NEAR or names[distance - 1] in _DIVISIONS)
        if distance == 0 or is_whole or any(word in name for word in suites):
            return found_round
    return None
