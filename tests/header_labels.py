"""Headers with labels, and how an answer is judged by them (tests/labels/headers/README.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchfmt.headers import (
    Beside,
    Column,
    FieldOf,
    Ignored,
    Meaning,
    Measured,
    Open,
    read_headers,
)

FOLDER = Path(__file__).parent / "labels" / "headers"
ANY_NAME_BELOW = ("configuration.hyperparameters", "software.stack")
PARTS = ("statistic", "stage", "per", "scope", "record")


@dataclass(frozen=True)
class Judged:
    """One column with its label, the answer and the verdict."""

    source: str
    label: dict[str, Any]
    meaning: Meaning
    verdict: str

    def __str__(self) -> str:
        wanted = [self.label["expect"], *self.label.get("also", [])]
        return f"{self.source}: {self.label['header']!r} {self.label.get('values')}: {self.meaning} for {wanted}"


@cache
def judged(name: str, *, alone: bool) -> list[Judged]:
    """Return every column of a labelled file; `alone` reads each header as a table of its own."""
    return list(_judged(name, alone=alone))


def _judged(name: str, *, alone: bool) -> Iterator[Judged]:
    for source in json.loads((FOLDER / name).read_text("utf-8"))["sources"]:
        labels = source["columns"]
        columns = [Column(label["header"], tuple(label.get("values", ()))) for label in labels]
        meanings = read_headers(columns)
        if alone:
            meanings = [read_headers([column])[0] for column in columns]
        for label, meaning in zip(labels, meanings, strict=True):
            yield Judged(source["name"], label, meaning, verdict(label, meaning))


def verdict(label: dict[str, Any], meaning: Meaning) -> str:
    """Return right, less, asked or wrong."""
    answer = as_label(meaning)
    wanted = [label["expect"], *label.get("also", [])]
    known = label.get("known", {})
    if any(_right(answer, one, known) for one in wanted):
        return "right"
    if any(_less(answer, one, known) for one in wanted):
        return "less"
    if isinstance(meaning, Open | Ignored):
        return "asked"
    return "wrong"


def as_label(meaning: Meaning) -> dict[str, Any]:
    match meaning:
        case Measured():
            parts = {name: getattr(meaning, name) for name in PARTS if getattr(meaning, name)}
            return {"metric": meaning.metric, "unit": meaning.unit, **parts}
        case Beside():
            return {"beside": meaning.column, "as": meaning.part}
        case FieldOf():
            path = meaning.path
            for whole in ANY_NAME_BELOW:
                path = whole if path.startswith(f"{whole}.") else path
            unit = {"unit": meaning.unit} if meaning.unit else {}
            return {"field": path, **unit}
        case Ignored():
            return {"ignore": ""}
        case Open():
            return {"open": ""}


def _kind(answer: dict[str, Any]) -> str:
    return next(iter(answer))


def _right(answer: dict[str, Any], wanted: dict[str, Any], known: dict[str, Any]) -> bool:
    kind = _kind(wanted)
    if kind != _kind(answer):
        return False
    if kind in ("open", "ignore"):
        return True
    if any(answer.get(key) != value for key, value in wanted.items() if key not in known):
        return False
    more = {key: value for key, value in answer.items() if wanted.get(key) != value}
    return all(known.get(key) == value for key, value in more.items())


def _less(answer: dict[str, Any], wanted: dict[str, Any], known: dict[str, Any]) -> bool:
    """Say whether an answer is right and leaves something out."""
    kind = _kind(wanted)
    if kind != _kind(answer) or kind in ("open", "ignore") or answer[kind] != wanted[kind]:
        return False
    said = {key: value for key, value in answer.items() if value is not None}
    return all(value in (wanted.get(key), known.get(key)) for key, value in said.items())
