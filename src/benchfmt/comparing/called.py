"""What systems are called where people read of them, and what else tells two groups apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from benchfmt.comparison.fields import label, normalised
from benchfmt.comparison.policies import Kind, kind_of
from benchfmt.comparison.questions import Question
from benchfmt.comparison.results import NO_TARGETS, basis_class, rules_for
from benchfmt.comparison.shown import targets_in_words

NAMES = ("name", "accelerator_name", "processor_name")
_HASH = "sha256:"
_HASH_SHOWN = 15
_WORDED = {"task": "{}", "dataset_split": "split {}", "dataset_samples": "{} samples"}
_WHOLE = (*_WORDED, "power_run", "targets", "hyperparameters", "inputs")
"""Fields that bind and stand in no heading otherwise; members of objects that bind alone do so too."""
_QUOTE = '"'


def system_names(systems: pl.DataFrame) -> dict[str, str]:
    """Return what each system is called: its name, else what is in it; with a part of its id where others are called so."""
    called = systems.unique("id", keep="first", maintain_order=True).select(
        "id", name=pl.coalesce(*NAMES, "id")
    )
    doubled = pl.col("name").is_duplicated()
    with_part = pl.format("{} ({})", "name", pl.col("id").str.tail(6))
    labelled = called.with_columns(name=pl.when(doubled).then(with_part).otherwise("name"))
    return dict(labelled.rows())


Row = Mapping[str, Any]


def settings(
    firsts: Sequence[tuple[Row, Row]], question: Question, systems: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Return in words what else binds each group, of one of its records (with what `with_facts` adds) and measurements."""
    places: dict[tuple[str, str | None, Kind], list[int]] = {}
    for place, (record, measure) in enumerate(firsts):
        rules = (str(record["suite"]), record["division"], kind_of(measure["metric"]))
        places.setdefault(rules, []).append(place)
    words: list[list[str]] = [[] for _ in firsts]
    for (suite, division, kind), some in places.items():
        found = rules_for(question, suite, division, kind)
        needs = found.of_records()
        names = [name for name in needs if name in _WHOLE or "." in name]
        if "system" in needs:
            for place in some:
                system_id = firsts[place][0]["system_id"]
                words[place].append(f"system {systems.get(system_id, system_id)}")
        names += [name for name in ("engine", "placement") if name in needs]
        records = pl.DataFrame([firsts[place][0] for place in some], infer_schema_length=None)
        for name, cells in normalised(records, names, kind, found.ignored).items():
            for place, cell in zip(some, cells, strict=True):
                words[place] += _told(name, cell, firsts[place][0])
    for (_, measure), told in zip(firsts, words, strict=True):
        basis = basis_class(measure["basis"])
        if basis != "observed":
            told.append(basis)
    return [tuple(told) for told in words]


def _told(name: str, cell: str | None, record: Row) -> Iterator[str]:
    # A benchmark is of one task.
    if cell is not None and not (name == "task" and record["benchmark"] is not None):
        yield from _words(name, cell)


def _words(name: str, text: str) -> Iterator[str]:
    if name == "power_run":
        if text == "yes":
            yield "power measured"
    elif name == "targets":
        if text != NO_TARGETS:
            yield targets_in_words(text)
    elif name in _WORDED:
        yield _WORDED[name].format(text)
    elif text.startswith(_HASH):
        yield f"{label(name)} {text[:_HASH_SHOWN]}"
    elif name == "hyperparameters":
        yield _of_object(text)
    else:
        yield f"{label(name)} {text.strip(_QUOTE)}"


def _of_object(text: str) -> str:
    """Return the members of an object as `concurrency 16, tp 8`."""
    try:
        members = json.loads(text)
    except ValueError:
        return text
    if not isinstance(members, dict):
        return text
    return ", ".join(f"{name} {_plain(cell)}" for name, cell in members.items())


def _plain(cell: Any) -> str:
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
