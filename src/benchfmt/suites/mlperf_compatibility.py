"""Which rounds of an MLPerf suite compare, by the table of MLCommons and the notes below it.

The data stand in `data/mlperf_compatibility.toml`, versioned and with their source. Comparability is per metric: a block of
the speed of a benchmark may be wider than that of its quality.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

from benchfmt.suites import tables

_data = partial(tables.read, "mlperf_compatibility")

Block = tuple[str, str]

VERSION: str = _data()["version"]
"""The day of the table."""
CATEGORIES = ("datacenter", "edge")
"""What the systems of MLPerf Inference are for: each has a table of its own."""


def rows() -> Iterator[dict[str, Any]]:
    """Yield the rows of the tables: suite, category (where a table has one), model, benchmarks and blocks."""
    yield from _data()["rows"]


@cache
def block(
    suite: str,
    benchmark: str,
    round_id: str,
    *,
    category: str | None = None,
    scenario: str | None = None,
    quality: bool = False,
) -> Block | None:
    """Return the first and the last round that a result compares with, or None where the table does not say it.

    `category` is that of the system (datacenter, edge): MLPerf Inference has a table of each. With `quality` it is asked
    for the quality of the answers, else for the speed.
    """
    for row in rows():
        if (
            row["suite"] != suite
            or benchmark not in row["benchmarks"]
            or row.get("category") != category
        ):
            continue
        for first, last in row.get("quality_blocks" if quality else "blocks", row["blocks"]):
            if number(first) <= number(round_id) <= number(last):
                return _split(suite, benchmark, scenario, round_id, (first, last))
    return None


def compare(
    suite: str,
    benchmark: str,
    rounds: tuple[str, str],
    *,
    category: str | None = None,
    scenario: str | None = None,
) -> bool | None:
    """Say whether the speed of two rounds compares; None where the table knows one of them not."""
    found = [
        block(suite, benchmark, round_id, category=category, scenario=scenario)
        for round_id in rounds
    ]
    return None if None in found else found[0] == found[1]


def note(
    suite: str, benchmark: str, rounds: tuple[str, str], *, scenario: str | None = None
) -> str | None:
    """Return the note below the table that parts two rounds of one block of cells; None where no note does."""
    for split in _data()["splits"]:
        if _is_of(split, suite, benchmark, scenario):
            sides = {number(round_id) <= number(split["after"]) for round_id in rounds}
            if len(sides) == 2:
                return str(split["source"])
    return None


def _is_of(split: dict[str, Any], suite: str, benchmark: str, scenario: str | None) -> bool:
    return (
        split["suite"] == suite
        and benchmark in split.get("benchmarks", [benchmark])
        and scenario in split.get("scenarios", [scenario])
    )


def _split(suite: str, benchmark: str, scenario: str | None, round_id: str, found: Block) -> Block:
    """Return the part of a block on whose side of a note's change a round is."""
    for split in _data()["splits"]:
        if not _is_of(split, suite, benchmark, scenario) or not _within(split["after"], found):
            continue
        ahead = number(round_id) <= number(split["after"])
        found = (found[0], split["after"]) if ahead else (_next(suite, split["after"]), found[1])
    return found


def _within(after: str, found: Block) -> bool:
    return number(found[0]) <= number(after) < number(found[1])


def _next(suite: str, round_id: str) -> str:
    """Return the round that follows another in the tables of a suite."""
    ends: set[str] = {
        end for row in rows() if row["suite"] == suite for pair in row["blocks"] for end in pair
    }
    return min((end for end in ends if number(end) > number(round_id)), key=number)


def number(round_id: str) -> tuple[int, int]:
    """Return a round as numbers that can be ordered; raises ValueError for what is none."""
    major, _, minor = round_id.removeprefix("v").partition(".")
    return int(major), int(minor)
