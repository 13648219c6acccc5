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
    if "results" not in parts:
        return None
    results = len(parts) - 1 - parts[::-1].index("results")
    if results < 2:
        return None
    path, inner = parts[: results + 1], tuple(parts[results + 1 :])
    division = parts[results - 2].lower()
    if division not in _DIVISIONS:
        return Head("/".join(parts[:results]), "results", inner)
    round_id = None
    if results >= 3:
        round_id = parts[results - 3].removeprefix(f"{repository}_")
    if round_id not in rounds:
        round_id = None
    return Head(
        "/".join(parts[: results - 2]),
        "/".join(path[results - 2 :]),
        inner,
        division,
        parts[results - 1],
        round_id,
    )


def set_aside(source: Source, roots: set[str], reasons: Reasons) -> Iterator[Skipped]:
    """Yield the files below some folders that are no results and tell nothing about one, each with its reason."""
    inside = tuple(f"{root}/" for root in sorted(roots))
    if not inside:
        return
    for path in source.files:
        text = path.absolute().as_posix()
        root = next((root for root in inside if text.startswith(root)), None)
        if root is None:
            continue
        inner = text[len(root) :]
        why = next((why for pattern, why in reasons if pattern.search(inner)), None)
        if why:
            yield Skipped(path, why)


def check_round(options: Mapping[str, str], suite: str, rounds: Sequence[str]) -> None:
    """Refuse a round that the suite (`MLPerf Tiny`) has not had."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rounds:
        raise BenchfmtError(
            f"there is no round {wanted!r} of {suite}; there are: {', '.join(rounds)}"
        )
