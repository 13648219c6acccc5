"""What the registry knows of a system, model, data set or benchmark, for people and as data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from benchfmt.registry import (
    ANYWHERE,
    COMPUTED,
    NEAR,
    PART,
    SAME,
    Benchmark,
    Dataset,
    Entry,
    Fact,
    Model,
    Name,
    Relation,
    System,
    core_peaks,
    every_kind,
    model_costs,
    models,
    parts,
    size_of,
)

if TYPE_CHECKING:
    from pydantic import JsonValue


_KINDS: dict[type[Entry], str] = {
    System: "system",
    Model: "model",
    Dataset: "dataset",
    Benchmark: "benchmark",
}
_WORDS = {
    "system": "known hardware",
    "model": "known model",
    "dataset": "known data set",
    "benchmark": "known benchmark",
}


def every_named() -> Iterator[tuple[str, Iterable[str]]]:
    """Yield the ids of each kind of entry, behind the words for it."""
    for known, words in zip(every_kind(), _WORDS.values(), strict=True):
        yield words, known.by_id


def entry_lines(entry: Entry) -> Iterator[str]:
    """Yield all that is known of an entry: its names, what it is related to, and each fact with the words of its source."""
    sources: dict[str, int] = {}
    facts = [line for fact in _facts(entry) for line in _fact_lines(fact, sources)]
    names = list(_name_lines(entry, sources))
    relations = list(_relation_lines(entry, sources))
    on_it = list(_chip_lines(entry, sources))
    yield f"{entry.id} ({_WORDS[_KINDS[type(entry)]]}): {entry.name}"
    yield from _about(entry)
    yield from names
    yield from relations
    if facts:
        yield "  facts, which are no statements of a record:"
        yield from facts
    yield from on_it
    if sources:
        yield "  sources:"
        yield from (f"    [{number}] {source}" for source, number in sources.items())


def _about(entry: Entry) -> Iterator[str]:
    if isinstance(entry, System):
        of_vendor = f" of {entry.vendor}" if entry.vendor else ""
        yield f"  {entry.kind}{of_vendor}"
    if isinstance(entry, Model) and entry.family:
        family = [one.id for one in models().by_id.values() if one.family == entry.family]
        others = [one for one in family if one != entry.id]
        beside = f", as {', '.join(others)}" if others else ""
        yield f"  of the family {entry.family}{beside}"
    if isinstance(entry, Benchmark):
        yield f"  of {entry.suite}"
        if entry.dataset:
            yield f"  data set: {entry.dataset}"
        if entry.model:
            yield f"  model: {entry.model}"


def _name_lines(entry: Entry, sources: dict[str, int]) -> Iterator[str]:
    by_suite: dict[str, dict[str, None]] = defaultdict(dict)
    for name in entry.names:
        written = f"{name.name} (version {name.version})" if name.version else name.name
        if name.source:
            written += _cited(name.source, sources)
        for suite in name.suites:
            if suite != ANYWHERE:
                by_suite[suite][written] = None
            elif name.suites == (ANYWHERE,) and written != entry.name:
                by_suite["any suite"][written] = None
    if by_suite:
        yield "  names:"
    for suite, names in sorted(by_suite.items()):
        yield f"    {suite}: {', '.join(names)}"


def _relation_lines(entry: Entry, sources: dict[str, int]) -> Iterator[str]:
    """Yield what an entry is to others, and what others say to be to it."""
    for link in entry.relations:
        said = f"{link.relation} {link.other}"
        yield from _link_lines(said, link, sources)
    for one in _all_like(entry):
        for link in one.relations:
            if link.other == entry.id:
                said = f"{_THE_OTHER_WAY[link.relation]} {one.id}"
                yield from _link_lines(said, link, sources, of=one.id)


_THE_OTHER_WAY = {SAME: SAME, NEAR: NEAR, PART: "has on it"}


def _all_like(entry: Entry) -> Iterable[Entry]:
    return next(known.by_id.values() for known in every_kind() if entry.id in known.by_id)


def _link_lines(said: str, link: Relation, sources: dict[str, int], of: str = "") -> Iterator[str]:
    of_whom = f" (of {of})" if of else ""
    reason = f": {link.reason}{of_whom}" if link.reason else ""
    yield f"  {said}{reason}{_cited(link.source, sources)}"
    if link.quote:
        yield f"    “{link.quote}”"


def _chip_lines(entry: Entry, sources: dict[str, int]) -> Iterator[str]:
    """Yield the facts of the chips that are on a board."""
    for chip in parts(entry) if isinstance(entry, System) else ():
        yield f"  facts of {chip.id}, which is on it:"
        for fact in _facts(chip):
            yield from _fact_lines(fact, sources)


def _facts(entry: Entry) -> list[Fact]:
    if isinstance(entry, Model) and entry.rule:
        return [*model_costs(entry, size_of(entry.input)), *entry.facts]
    if isinstance(entry, System):
        return [*entry.facts, *core_peaks(entry)]
    return list(entry.facts)


def _fact_lines(fact: Fact, sources: dict[str, int]) -> Iterator[str]:
    about = " ".join(filter(None, (fact.device, fact.precision)))
    named = f"{fact.fact} ({about})" if about else fact.fact
    at = f" at {fact.input}" if fact.input else ""
    condition = f"; {fact.condition}" if fact.condition else ""
    cited = _cited(fact.source, sources)
    yield f"    {named}: {_amount(fact)}{at}{condition}{cited}"
    if fact.quote:
        step = f": {fact.step}" if fact.step and fact.step != str(fact.value) else ""
        yield f"      “{fact.quote}”{step}"


def _amount(fact: Fact) -> str:
    if not isinstance(fact.value, int) or not fact.unit:
        return str(fact.value)
    if fact.unit == "1":
        return f"{fact.value:,}"
    return f"{fact.value:,} {fact.unit}"


def _cited(source: str, sources: dict[str, int]) -> str:
    """Return the number of a source, which gets one where it is new; what is computed has none."""
    if source == COMPUTED:
        return ""
    return f" [{sources.setdefault(source, len(sources) + 1)}]"


def entry_data(entry: Entry) -> JsonValue:
    """Return all that is known of an entry as JSON has it; what is empty is left out."""
    data: dict[str, JsonValue] = {
        "registry": _KINDS[type(entry)],
        "id": entry.id,
        "name": entry.name,
    }
    if isinstance(entry, System):
        data |= {"kind": entry.kind, "vendor": entry.vendor}
        data["chips"] = [chip.id for chip in parts(entry)]
    if isinstance(entry, Model):
        data |= {"family": entry.family, "rule": entry.rule, "input": entry.input}
    if isinstance(entry, Benchmark):
        data |= {"suite": entry.suite, "dataset": entry.dataset, "model": entry.model}
    data["names"] = [_filled(_fields(one) | {"suites": list(one.suites)}) for one in entry.names]
    data["relations"] = [_filled(_fields(link)) for link in entry.relations]
    data["facts"] = [_filled(_fields(fact)) for fact in _facts(entry)]
    return _filled(data)


def _fields(value: Fact | Name | Relation) -> dict[str, JsonValue]:
    return asdict(value)


def _filled(data: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {key: value for key, value in data.items() if value not in ("", [])}
