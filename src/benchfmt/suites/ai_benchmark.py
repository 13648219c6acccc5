"""What is known of AI Benchmark (ETH Zurich) beyond its logs: the sub-tests with reference times, scores, weights.

The data stand in `data/ai_benchmark.toml`, each with its source. Nothing here reads a result.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial
from typing import Any

from benchfmt.suites import tables

_data = partial(tables.read, "ai_benchmark")

KINDS = ("inference", "training", "micro")


@dataclass(frozen=True, slots=True)
class Test:
    """A sub-test: `id` is that of a full run (`8.3`), or `micro-8`; `ref` is decimal text in milliseconds a batch."""

    id: str
    number: int
    kind: str
    batch: int
    size: tuple[int, int]
    ref: str
    name: str
    model: str
    task: str


@cache
def tests() -> tuple[Test, ...]:
    """Return the 42 sub-tests of a full run and the 16 micro tests, in order."""
    return tuple(
        test
        for number, entry in _data()["desktop"]["models"].items()
        for test in _of_model(number, entry)
    )


def _of_model(number: str, entry: Mapping[str, Any]) -> Iterable[Test]:
    full = [(kind, config) for kind in ("inference", "training") for config in entry[kind]]
    named = [(f"{number}.{index}", *item) for index, item in enumerate(full, start=1)]
    for test_id, kind, config in [
        *named,
        *((f"micro-{number}", "micro", config) for config in entry["micro"]),
    ]:
        yield Test(
            test_id,
            int(number),
            kind,
            config["batch"],
            (config["size"][0], config["size"][1]),
            config["ref"],
            entry["name"],
            entry["model"],
            entry["task"],
        )


@cache
def of_model(number: int, kind: str) -> tuple[Test, ...]:
    """Return the sub-tests of a model and kind, in order; empty for an unknown model."""
    return tuple(test for test in tests() if test.number == number and test.kind == kind)


def find(number: int, kind: str, batch: int, size: tuple[int, int]) -> Test | None:
    """Return the sub-test with this configuration; one that only the micro run has is an inference test in a log."""
    kinds = ("inference", "micro") if kind == "inference" else (kind,)
    fits = (
        test
        for k in kinds
        for test in of_model(number, k)
        if (test.batch, test.size) == (batch, size)
    )
    return next(fits, None)


def of_kind(kind: str) -> tuple[Test, ...]:
    """Return all sub-tests of a kind."""
    return tuple(test for test in tests() if test.kind == kind)


def is_named(number: int, heading: str) -> bool:
    """Say whether a heading is the suite's name of the test with this number."""
    known = next((test.name for test in tests() if test.number == number), None)
    return known is not None and _letters(heading).startswith(_letters(known))


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def score(pairs: Iterable[tuple[str, str]]) -> int | None:
    """Return the score of (reference time, mean time) pairs in milliseconds, as the package rounds it.

    None where a time is so short or so long that no double holds it beside its reference.
    """
    ratios = [Fraction(Decimal(ref)) / Fraction(Decimal(mean)) for ref, mean in pairs]
    try:
        logs = math.fsum(math.log(ratio) for ratio in ratios) / len(ratios)
        points = _data()["desktop"]["score"]["scale"] * math.exp(logs)
    except (ValueError, OverflowError):
        return None
    # A hair above the exact root, so that a score that is a whole number is not printed one less.
    return int(points * (1 + 1e-12))


def is_single_pass(mean_ms: str, std_ms: str) -> bool:
    """Say whether a result rests on one pass: no spread, and so long that no second pass was made."""
    return Decimal(std_ms) == 0 and Decimal(mean_ms) >= Decimal(
        _data()["desktop"]["passes"]["single_from_ms"]
    )


def versions() -> tuple[str, ...]:
    """Return the releases of the desktop package."""
    return tuple(_data()["desktop"]["versions"])


def mobile_version(columns: Iterable[str]) -> str | None:
    """Return the version of the mobile app whose ranking has these columns, or None where none is known."""
    names = set(columns)
    fits = (
        layout["version"] for layout in _data()["mobile"]["layouts"] if names & set(layout["has"])
    )
    return next(fits, None)


def mobile_units() -> tuple[tuple[str, str], ...]:
    """Return patterns of accelerator names in the ranking, each with the kind of device it is."""
    return tuple((item["pattern"], item["kind"]) for item in _data()["mobile"]["units"])
