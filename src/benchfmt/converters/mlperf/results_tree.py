"""What the trees of MLPerf Storage and MLPerf Tiny share: `[<repository>/]<division>/<submitter>/results/…`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchfmt.converters.base import Skipped, Source
from benchfmt.finding import BenchfmtError

_DIVISIONS = ("closed", "open")
Reasons = tuple[tuple[re.Pattern[str], str], ...]
"""Why files are no results, by what their paths look like; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a path says down to its last `results`, None for what it does not say; `inner` is the rest of it."""

    prefix: str
    """The folder above the submission."""
    path: str
    """The path of `results` from there."""
    inner: tuple[str, ...]
    division: str | None = None
    submitter: str | None = None
    round: str | None = None


def head(folder: str, repository: str, rounds: Sequence[str]) -> Head | None:
    """Return what a folder's path says down to `results`, or None where no submitter's `results` is in it.

    The round is that of the folder above the division, `v1.0` or `<repository>_v1.0`.
    """
    parts = folder.split("/")
    results = next(
        (index for index in range(len(parts) - 1, -1, -1) if parts[index] == "results"), None
    )
    if results is None or results < 2:
        return None
    division = parts[results - 2].lower() if parts[results - 2].lower() in _DIVISIONS else None
    start = results - 2 if division else results
    named = parts[results - 3].removeprefix(f"{repository}_") if division and results >= 3 else None
    return Head(
        "/".join(parts[:start]),
        "/".join(parts[start : results + 1]),
        tuple(parts[results + 1 :]),
        division,
        parts[results - 1] if division else None,
        named if named in rounds else None,
    )


def set_aside(source: Source, roots: set[str], reasons: Reasons) -> Iterator[Skipped]:
    """Yield the files below some folders that are no results and tell nothing about one, each with its reason."""
    inside = tuple(f"{root}/" for root in sorted(roots))
    if not inside:
        return
    for path in source.files:
        text = path.absolute().as_posix()
        root = next((root for root in inside if text.startswith(root)), None)
        why = (
            next((why for pattern, why in reasons if pattern.search(text[len(root) :])), None)
            if root
            else None
        )
        if why:
            yield Skipped(path, why)


def check_round(options: Mapping[str, str], suite: str, rounds: Sequence[str]) -> None:
    """Refuse a round that the suite (`MLPerf Tiny`) has not had."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rounds:
        raise BenchfmtError(
            f"there is no round {wanted!r} of {suite}; there are: {', '.join(rounds)}"
        )
