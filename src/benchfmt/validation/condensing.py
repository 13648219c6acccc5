"""One finding in place of many: the same fault in many places is told once, with how many there are and the first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from benchfmt.finding import Finding

_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*(?:[eE][-+]?[0-9]+)?")
_GENERATED_ID = re.compile(r"\b(?:bf|sys)1-[a-z0-9-]+")
_ROWS_SHOWN = 5
_WORDS = "BF2"
"""The codes of words and units: each word that is not known is told."""
Key = tuple[str, str, str | None, str | None, str]


def condensed(findings: Sequence[Finding], paths: Collection[str] | None = None) -> list[Finding]:
    """Return findings, those of rows of a file (or of one of some files) that differ in their numbers only as one."""
    alike: dict[Key, list[Finding]] = {}
    others: list[Finding] = []
    for finding in findings:
        if finding.row is None or (paths is not None and finding.path not in paths):
            others.append(finding)
        else:
            alike.setdefault(_key(finding), []).append(finding)
    return [*others, *map(_as_one, alike.values())]


def by_fault(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Return the findings of each fault together, in the order of the first of each.

    Findings are of one fault where they have one code in one column of a file, and differ in nothing but where they
    stand and in their numbers.
    """
    groups: dict[Key, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_key(finding), []).append(finding)
    return list(groups.values())


def examples(findings: Sequence[Finding], most: int) -> list[Finding]:
    """Return at most so many findings, in their order: the first of each fault before the second of any."""
    if len(findings) <= most:
        return list(findings)
    ranked: list[tuple[int, str, int]] = []
    place_of = {id(finding): place for place, finding in enumerate(findings)}
    for group in by_fault(findings):
        for rank, finding in enumerate(group):
            # "error" comes before "warning".
            ranked.append((rank, finding.severity.value, place_of[id(finding)]))
    chosen = sorted(place for _, _, place in sorted(ranked)[:most])
    return [findings[place] for place in chosen]


def _key(finding: Finding) -> Key:
    field = finding.field
    if field is not None:
        field = _NUMBER.sub("#", field)
    message = finding.message
    if not finding.code.startswith(_WORDS):
        message = _NUMBER.sub("#", _GENERATED_ID.sub("#", message))
    return (finding.code, finding.path, finding.column, field, message)


def _as_one(findings: list[Finding]) -> Finding:
    """Return one finding for those of several rows: the first, with how many there are."""
    rows = sorted({finding.row for finding in findings if finding.row is not None})
    first = min(findings)
    if len(rows) < 2:
        return first
    return replace(first, count=len(rows), rows=tuple(rows[:_ROWS_SHOWN]))
