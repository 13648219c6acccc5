"""The registry: each fact has its source and the words that hold its number, and names are never guessed."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

import pytest

from benchfmt import registry
from benchfmt.registry import Entry, Fact
from benchfmt.vocabulary import vocabulary

SYSTEMS = registry.systems().by_id
MODELS = registry.models().by_id
ENTRIES: list[Entry] = [*SYSTEMS.values(), *MODELS.values()]
KINDS = {"cpu", "gpu", "npu", "soc", "microcontroller", "board", "computer", "node"}
CATALOGUES = {"torchvision", "keras", "tensorflow-slim"}
"""Libraries of models, which name them as suites do."""
WORDS = {"1": "single|one", "2": "dual|two", "4": "quad|four", "8": "octa|eight"}
SCALES = re.compile(r"[*](1e[0-9]+|2[*][*][0-9]+)|/8$|^2000[+]|[+]1$")
"""What a step may add to the numbers of a quote: powers, bits of a byte, the century, and one to the last of numbers from 0."""


ISSUE_TWO = ("amd-instinct-mi300x", "amd-instinct-mi325x", "amd-radeon-rx-7900-xtx")
"""Of CDNA 3 and RDNA 3."""


def facts() -> Iterator[tuple[str, Fact]]:
    for entry in ENTRIES:
        for fact in entry.facts:
            yield entry.id, fact


def worked_out(step: str) -> Decimal:
    return _worked_out(ast.parse(step, mode="eval").body)


def _worked_out(node: ast.expr) -> Decimal:
    if isinstance(node, ast.Constant):
        return Decimal(str(node.value))
    assert isinstance(node, ast.BinOp)
    left, right = _worked_out(node.left), _worked_out(node.right)
    if isinstance(node.op, ast.Pow):
        return left**right
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Div):
        return left / right
    assert isinstance(node.op, ast.Add)
    return left + right


def holds(quote: str, number: str) -> bool:
    if re.search(rf"(?<![0-9.]){re.escape(number)}(?![0-9])", quote):
        return True
    return number in WORDS and re.search(WORDS[number], quote, re.IGNORECASE) is not None


def test_it_is_as_large_as_it_says() -> None:
    described = [entry for entry in SYSTEMS.values() if entry.facts]
    known = [entry for entry in MODELS.values() if entry.facts or entry.rule]
    assert (len(SYSTEMS), len(described)) == (336, 314)
    assert (len(MODELS), len(known)) == (192, 178)


def test_every_fact_and_relation_has_a_source_that_others_can_look_up() -> None:
    links = [link for entry in ENTRIES for link in entry.relations]
    sources = Counter(said.source for said in chain((fact for _, fact in facts()), links))
    lacking = [
        source
        for source in sources
        if not re.match(r"https?://[\w.-]+/", source)
        and source not in ("Bonseyes deliverable D6.3", registry.COMPUTED)
    ]
    assert lacking == []
    assert [fact for _, fact in facts() if not fact.quote] == []
    assert [link for link in links if not (link.quote or link.reason)] == []


def test_the_numbers_of_a_fact_stand_in_its_quote_and_become_its_value() -> None:
    wrong = []
    for entry_id, fact in facts():
        if not isinstance(fact.value, int):
            continue
        numbers = re.findall(r"[0-9.]+(?:e[0-9]+)?", SCALES.sub("", fact.step))
        if not numbers or not all(holds(fact.quote, number) for number in numbers):
            wrong.append((entry_id, fact.fact, fact.step, fact.quote))
        elif worked_out(fact.step) != fact.value:
            wrong.append((entry_id, fact.fact, fact.step, fact.value))
    assert wrong == []


def test_the_words_of_a_fact_stand_in_its_quote() -> None:
    said = [(key, fact) for key, fact in facts() if isinstance(fact.value, str)]
    assert len(said) > 90
    for key, fact in said:
        # Of a paper, its number is enough.
        words = str(fact.value).removeprefix("https://arxiv.org/abs/")
        assert words.lower() in fact.quote.lower(), (key, fact)


def test_a_quote_is_short() -> None:
    assert max(len(fact.quote) for _, fact in facts()) <= 180


def test_it_speaks_in_terms_of_the_vocabulary() -> None:
    terms = vocabulary()
    assert {system.kind for system in SYSTEMS.values()} == KINDS
    assert {fact.precision for _, fact in facts()} - {""} <= set(terms.ids("precision"))
    suites = {suite for entry in ENTRIES for name in entry.names for suite in name.suites}
    assert suites - {registry.ANYWHERE} - CATALOGUES <= set(terms.ids("suite"))
    assert {fact.unit for _, fact in facts()} - {""} <= set(terms.ids("unit"))


def test_relations_lead_to_entries_of_the_same_kind() -> None:
    for entries in (SYSTEMS, MODELS):
        for entry in entries.values():
            assert {link.other for link in entry.relations} <= set(entries), entry.id
            assert {link.relation for link in entry.relations} <= {"same-as", "near", "part-of"}


@pytest.mark.parametrize("entries", [SYSTEMS, MODELS], ids=["systems", "models"])
def test_a_name_means_one_thing_in_a_suite(entries: dict[str, Entry]) -> None:
    meant: dict[tuple[str, str, str], set[str]] = {}
    for entry in entries.values():
        for name in entry.names:
            for suite in name.suites:
                key = (suite, registry.spelled(name.name), name.version.lower())
                meant.setdefault(key, set()).add(entry.id)
    assert {key: ids for key, ids in meant.items() if len(ids) > 1} == {}


def test_a_peak_is_units_times_clock_times_operations() -> None:
    """A vector unit does one fused multiply-add in a cycle, which is two operations; two of them where AMD issues two."""
    recomputed = {}
    for entry in SYSTEMS.values():
        units = one(entry, "units", "vector")
        clock = one(entry, "clock_boost", "") or one(entry, "clock_boost", "gpu")
        peak = one(entry, "peak_flops", "vector", "fp32")
        if units and clock and peak:
            operations = 4 if entry.id in ISSUE_TWO else 2
            recomputed[entry.id] = peak / (units * clock * operations)
    assert len(recomputed) >= 30
    wrong = {name: ratio for name, ratio in recomputed.items() if abs(ratio - 1) > 0.01}
    assert wrong == {}


def test_a_peak_of_matrix_units_is_units_times_clock_times_operations() -> None:
    recomputed = {}
    for entry in SYSTEMS.values():
        operations = one(entry, "flop_per_cycle", "matrix", "fp16")
        if operations:
            clock = one(entry, "clock_boost", "matrix")
            peak = one(entry, "units", "matrix") * clock * operations
            recomputed[entry.id] = (peak, one(entry, "peak_flops", "matrix", "fp16"))
    assert len(recomputed) >= 18
    assert {key: pair for key, pair in recomputed.items() if pair[0] != pair[1]} == {}


def test_the_peak_of_cores_is_computed_where_all_is_known() -> None:
    peaks = {key: [said.value for said in registry.core_peaks(one)] for key, one in SYSTEMS.items()}
    assert {key: values for key, values in peaks.items() if values} == {
        "bcm2711": [48_000_000_000],
        "intel-core-i5-7260u": [140_800_000_000],
        "stm32mp157c": [2_600_000_000],
    }


def one(entry: Entry, fact: str, device: str, precision: str = "") -> int:
    """Return the value of a fact; 0 for none."""
    for said in entry.facts:
        if (said.fact, said.device, said.precision) == (fact, device, precision):
            return int(said.value)
    return 0
