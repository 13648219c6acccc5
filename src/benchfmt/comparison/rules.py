"""The rules of comparison as small objects: the fields that each reads, and what it says of two results.

Their numbers are those of a public list of rules; what binds for a suite is data (`policies`). A rule that gives caveats
never parts a group: groups are of what binds alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchfmt.comparison.fields import label, round_block
from benchfmt.comparison.observations import caveats_of, observed, scale_of
from benchfmt.comparison.policies import Need
from benchfmt.comparison.results import NO_TARGETS, basis_class
from benchfmt.comparison.shown import differing, shown
from benchfmt.comparison.significance import Untold, significance_of
from benchfmt.comparison.verdict import Reason, Verdict
from benchfmt.record import KEY_FIELDS
from benchfmt.suites import mlperf_compatibility

_LEVEL = 0.95
_OF_MEASUREMENT = frozenset((*KEY_FIELDS, "unit", "basis", "value", "caveats"))
"""What rules read of the measurement itself."""


@dataclass(frozen=True)
class Result:
    """One value: the rows of its record, system and measurement, and the fields that bind, as text."""

    record: Mapping[str, Any]
    system: Mapping[str, Any]
    measurement: Mapping[str, Any]
    texts: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """Two results, and what the question needs of each field that binds."""

    left: Result
    right: Result
    needs: Mapping[str, Need]
    is_quality: bool


@dataclass(frozen=True)
class Rule:
    """A rule of comparison."""

    code: str
    title: str
    """What it asks of two results."""
    fields: tuple[str, ...]
    """The fields of comparison, and else the columns, that it reads."""
    judge: Callable[[Rule, Pair], Iterator[Reason]]

    def of(self, pair: Pair) -> Iterator[Reason]:
        """Yield what the rule has against comparing two results."""
        yield from self.judge(self, pair)


def judged(pair: Pair, known: Mapping[str, Sequence[Reason]]) -> list[Reason]:
    """Return what all rules have against comparing two results, the gravest first.

    What is `known` of the records (`known_of_records`) is not asked again.
    """
    reasons: list[Reason] = []
    for rule in RULES:
        reasons.extend(known[rule.code] if rule.code in known else rule.of(pair))
    return sorted(reasons, key=lambda reason: -reason.verdict)


def known_of_records(pair: Pair) -> dict[str, Sequence[Reason]]:
    """Return by code what the rules that read no measurement say: the same of all pairs of two records with these needs."""
    return {
        rule.code: tuple(rule.of(pair)) for rule in RULES if _OF_MEASUREMENT.isdisjoint(rule.fields)
    }


# --- what binds ---


def _equal(rule: Rule, pair: Pair) -> Iterator[Reason]:
    """Each field that binds is equal, and known where it must be; so are the members of an object that bind alone."""
    for name, need in pair.needs.items():
        if name.partition(".")[0] in rule.fields:
            reason = _of_field(rule, pair, name, need)
            if reason is not None:
                yield reason


def _of_field(rule: Rule, pair: Pair, name: str, need: Need) -> Reason | None:
    left, right = (side.texts.get(name) for side in (pair.left, pair.right))
    is_unsaid = left is None and right is None
    if left == right and not (is_unsaid and need is Need.KNOWN):
        return None
    said = label(name)
    cells = shown(name, pair.left, left), shown(name, pair.right, right)
    if is_unsaid:
        return Reason(
            rule.code, Verdict.CANNOT_BE_TOLD, name, None, None, f"{said}: unknown of both"
        )
    if left is None or right is None:
        known = cells[0] or cells[1]
        sentence = f"{said}: {known} of one, unknown of the other"
        return Reason(rule.code, Verdict.CANNOT_BE_TOLD, name, cells[0], cells[1], sentence)
    members = differing(name, left, right) or f"{cells[0]} and {cells[1]}"
    verb = "differ" if said.partition(" ")[0].endswith("s") else "differs"
    sentence = f"{said} {verb}: {members}"
    return Reason(rule.code, Verdict.NOT_COMPARABLE, name, cells[0], cells[1], sentence)


def _rounds(rule: Rule, pair: Pair) -> Iterator[Reason]:
    """Rounds are of one block of MLCommons' table; of those that it does not name it says nothing."""
    need = pair.needs.get("round", Need.FREE)
    if need is Need.FREE:
        return
    reason = _of_field(rule, pair, "round", need)
    if reason is None or reason.verdict is Verdict.CANNOT_BE_TOLD:
        yield from [] if reason is None else [reason]
        return
    left, right = (str(side.record["suite_version"]) for side in (pair.left, pair.right))
    verdict, sentence = _of_rounds(pair, left, right)
    yield Reason(rule.code, verdict, "round", left, right, sentence)


def _of_rounds(pair: Pair, left: str, right: str) -> tuple[Verdict, str]:
    """Return the verdict on two rounds that are of no one block, in words."""
    record = pair.left.record
    is_one_suite = record["suite"] == pair.right.record["suite"]
    if not is_one_suite or not str(record["suite"]).startswith("mlperf-"):
        return Verdict.NOT_COMPARABLE, f"versions of the suite differ: {left} and {right}"
    table = f"MLCommons' compatibility table of {mlperf_compatibility.VERSION}"
    blocks = [
        round_block(side.record, is_quality=pair.is_quality) for side in (pair.left, pair.right)
    ]
    unnamed = [one for one, block in zip((left, right), blocks, strict=True) if block is None]
    if unnamed:
        sentence = f"whether rounds {left} and {right} compare is not stated: {table} does not name"
        return Verdict.CANNOT_BE_TOLD, f"{sentence} {' and '.join(unnamed)} for this benchmark"
    note = mlperf_compatibility.note(
        record["suite"], record["benchmark"], (left, right), scenario=record["scenario"]
    )
    by = f"{table}, {note}" if note else table
    return Verdict.NOT_COMPARABLE, f"rounds {left} and {right} do not compare ({by})"


def _metric(rule: Rule, pair: Pair) -> Iterator[Reason]:
    for name in ("metric", "unit"):
        left, right = (side.measurement[name] for side in (pair.left, pair.right))
        if left != right:
            sentence = f"{name}s differ: {left} and {right}"
            yield Reason(rule.code, Verdict.NOT_COMPARABLE, name, left, right, sentence)


def _basis(rule: Rule, pair: Pair) -> Iterator[Reason]:
    left, right = (side.measurement["basis"] for side in (pair.left, pair.right))
    if basis_class(left) != basis_class(right):
        sentence = f"one is {left or 'observed'}, the other {right or 'observed'}"
        yield Reason(rule.code, Verdict.NOT_COMPARABLE, "basis", left, right, sentence)
    elif left != right and "published" in (left, right):
        sentence = f"one is {left or 'of unknown basis'}, the other {right or 'of unknown basis'}"
        yield Reason(rule.code, Verdict.WITH_CAVEATS, "basis", left, right, sentence)


def _status(rule: Rule, pair: Pair) -> Iterator[Reason]:
    left, right = (side.record["status"] for side in (pair.left, pair.right))
    for status in sorted({left, right} - {"ok"}, key=str):
        verdict = Verdict.NOT_COMPARABLE
        sentence = f"a run whose status is {status} gave no result to compare"
        if status is None:
            verdict = Verdict.CANNOT_BE_TOLD
            sentence = "status: unknown of one or of both"
        yield Reason(rule.code, verdict, "status", left, right, sentence)


def _quality_gate(rule: Rule, pair: Pair) -> Iterator[Reason]:
    yield from _equal(rule, pair)
    if "targets" not in pair.needs:
        yield from _stated_targets(rule, pair)
    misses = [bool(side.record["misses"]) for side in (pair.left, pair.right)]
    if any(misses):
        cells = ["missed" if miss else "met" for miss in misses]
        sentence = f"a target is missed by {'both' if all(misses) else 'one'}"
        yield Reason(rule.code, Verdict.NOT_COMPARABLE, "targets", cells[0], cells[1], sentence)


def _stated_targets(rule: Rule, pair: Pair) -> Iterator[Reason]:
    """Tell which targets differ where they do not bind and both state some."""
    left, right = (str(side.record["targets"]) for side in (pair.left, pair.right))
    if left == right or NO_TARGETS in (left, right):
        return
    sentence = f"stated targets differ: {differing('targets', left, right)}"
    cells = [
        shown("targets", side, text) for side, text in ((pair.left, left), (pair.right, right))
    ]
    yield Reason(rule.code, Verdict.WITH_CAVEATS, "targets", cells[0], cells[1], sentence)


# --- what is worth knowing ---


def _caveat(name: str, table: str, words: str) -> Callable[[Rule, Pair], Iterator[Reason]]:
    """Return the judge of a column that may differ, but is to be told where it does."""

    def judge(rule: Rule, pair: Pair) -> Iterator[Reason]:
        if name in pair.needs:
            yield from _equal(rule, pair)
            return
        left, right = (getattr(side, table).get(name) for side in (pair.left, pair.right))
        if left != right:
            sentence = f"{words} differ: {_plain(left)} and {_plain(right)}"
            yield Reason(rule.code, Verdict.WITH_CAVEATS, name, _cell(left), _cell(right), sentence)

    return judge


def _engine_version(rule: Rule, pair: Pair) -> Iterator[Reason]:
    yield from _equal(rule, pair)
    if pair.left.record["engine"] != pair.right.record["engine"] or "engine_version" in pair.needs:
        return
    left, right = (side.record["engine_version"] for side in (pair.left, pair.right))
    if left != right:
        sentence = f"versions of the engine differ: {_plain(left)} and {_plain(right)}"
        yield Reason(rule.code, Verdict.WITH_CAVEATS, "engine_version", left, right, sentence)


def _devices(rule: Rule, pair: Pair) -> Iterator[Reason]:
    counts = [_number_of_accelerators(side.system) for side in (pair.left, pair.right)]
    if None not in counts and counts[0] != counts[1]:
        sentence = f"numbers of accelerators differ: {counts[0]} and {counts[1]}"
        left, right = map(_cell, counts)
        yield Reason(rule.code, Verdict.WITH_CAVEATS, "accelerator_count", left, right, sentence)


def _number_of_accelerators(system: Mapping[str, Any]) -> int | None:
    count = system.get("accelerator_count")
    return None if count is None else int(count) * int(system.get("nodes") or 1)


def _statistic(rule: Rule, pair: Pair) -> Iterator[Reason]:
    yield from _equal(rule, pair)
    stated = {side.measurement["statistic"] for side in (pair.left, pair.right)}
    if stated == {None} and not pair.is_quality:
        sentence = "which statistic the numbers are is stated of neither"
        yield Reason(rule.code, Verdict.WITH_CAVEATS, "statistic", None, None, sentence)


def _doubts(rule: Rule, pair: Pair) -> Iterator[Reason]:
    cells = [caveats_of(side.measurement) for side in (pair.left, pair.right)]
    for word in sorted({*cells[0], *cells[1]}):
        of = "both" if all(word in cell for cell in cells) else "one"
        left, right = (word if word in cell else None for cell in cells)
        yield Reason(
            rule.code, Verdict.WITH_CAVEATS, "caveats", left, right, f"{word}: a caveat of {of}"
        )


def _uncertain(rule: Rule, pair: Pair) -> Iterator[Reason]:
    """Tell where the difference of two values is within what their observations leave open."""
    rows = [
        {
            **side.measurement,
            "suite": side.record["suite"],
            "dataset_samples": side.record["dataset_samples"],
        }
        for side in (pair.left, pair.right)
    ]
    if rows[0]["metric"] != rows[1]["metric"] or rows[0]["unit"] != rows[1]["unit"]:
        return
    found = significance_of([observed(rows[0])], [observed(rows[1])], scale_of(rows[0]), _LEVEL)
    if isinstance(found, Untold) or found.lower > 0 or found.upper < 0:
        return
    cells = [_plain(row["value"]) for row in rows]
    sentence = f"the difference is not significant at {_LEVEL:.0%} ({found.method})"
    yield Reason(rule.code, Verdict.WITH_CAVEATS, "value", cells[0], cells[1], sentence)


def _one_execution(rule: Rule, pair: Pair) -> Iterator[Reason]:
    left, right = (side.record["execution"] for side in (pair.left, pair.right))
    if left is not None and left == right:
        sentence = f"both are of one execution ({left}): count them once"
        yield Reason(rule.code, Verdict.WITH_CAVEATS, "execution", left, right, sentence)


def _cell(value: object) -> str | None:
    return None if value is None else str(value)


def _plain(value: object) -> str:
    return "unknown" if value is None else str(value)


RULES = (
    Rule("CMP001", "One metric, in one unit", ("metric", "unit"), _metric),
    Rule("CMP002", "One statistic", ("statistic",), _statistic),
    Rule("CMP003", "One scenario", ("scenario",), _equal),
    Rule(
        "CMP004",
        "One task on one data set",
        ("task", "dataset", "dataset_split", "dataset_samples"),
        _equal,
    ),
    Rule("CMP005", "One shape of input and one batch", ("input_shape", "batch_size"), _equal),
    Rule(
        "CMP006",
        "One model of one benchmark",
        ("benchmark", "work", "model", "model_version"),
        _equal,
    ),
    Rule("CMP007", "The same quality is asked, and reached", ("targets",), _quality_gate),
    Rule("CMP008", "One precision", ("precision",), _equal),
    Rule(
        "CMP009",
        "Rounds that compare",
        ("round", "suite_version", "suite", "benchmark", "system_type", "scenario"),
        _rounds,
    ),
    Rule("CMP010", "One division", ("division",), _equal),
    Rule(
        "CMP011", "Categories are told", ("category",), _caveat("category", "record", "categories")
    ),
    Rule(
        "CMP029",
        "The use of the systems is told",
        ("system_type",),
        _caveat("system_type", "record", "uses of the systems"),
    ),
    Rule(
        "CMP012",
        "Verification is told",
        ("verification",),
        _caveat("verification", "record", "states of verification"),
    ),
    Rule("CMP013", "The timer covers the same", ("stage",), _equal),
    Rule("CMP014", "Power and memory are of the same part", ("scope",), _equal),
    Rule("CMP015", "Power is measured in both runs, or in neither", ("power_run",), _equal),
    Rule("CMP016", "One unit of work", ("per",), _equal),
    Rule("CMP017", "Numbers of accelerators are told", ("accelerator_count", "nodes"), _devices),
    Rule("CMP018", "Observed, estimated and declared numbers stay apart", ("basis",), _basis),
    Rule(
        "CMP019",
        "Differences within the uncertainty are told",
        ("value", "n", "stddev", "ci", "samples", "dataset_samples"),
        _uncertain,
    ),
    Rule(
        "CMP020", "Versions of the engine are told", ("engine", "engine_version"), _engine_version
    ),
    Rule("CMP021", "Both runs came to a result", ("status",), _status),
    Rule("CMP022", "One harness", ("suite",), _equal),
    Rule("CMP023", "As many threads", ("threads",), _equal),
    Rule("CMP024", "One load and one setting", ("hyperparameters", "inputs", "extensions"), _equal),
    Rule("CMP025", "Doubts are told", ("caveats",), _doubts),
    Rule("CMP026", "One result for each execution", ("execution",), _one_execution),
    Rule("CMP027", "One phase", ("phase",), _equal),
    Rule("CMP028", "What the question holds fast", ("system", "placement", "software"), _equal),
)
"""The rules, each with the fields that it reads."""
