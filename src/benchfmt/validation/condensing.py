"""One finding in place of many: the same fault in many rows of a column is told once, with how many rows and the first."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from benchfmt.finding import Finding

_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*(?:[eE][-+]?[0-9]+)?")
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


def _key(finding: Finding) -> Key:
    message = finding.message
    if not finding.code.startswith(_WORDS):
        message = _NUMBER.sub("#", message)
    return (finding.code, finding.path, finding.column, finding.field, message)


def _as_one(findings: list[Finding]) -> Finding:
    """Return one finding for those of several rows: the first, with how many there are."""
    rows = sorted({finding.row for finding in findings if finding.row is not None})
    first = min(findings)
    if len(rows) < 2:
        return first
    return replace(first, count=len(rows), rows=tuple(rows[:_ROWS_SHOWN]))
