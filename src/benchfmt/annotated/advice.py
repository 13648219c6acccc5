"""What to say in a descriptor so that a cell is read that was not."""

from __future__ import annotations

import re

from benchfmt.readers.sheets.dates import is_date_like
from benchfmt.readers.sheets.valueless import MARKS, limit_of, reason_of

_NUMBER = r"[-+\u2212]?[0-9.,]*[0-9]"
_WAYS = (
    (
        re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"),
        'if the comma groups thousands, say "groupChar": "," of the field',
    ),
    (
        re.compile(r"[-+]?[0-9.]*,[0-9]+"),
        'if the comma is the decimal mark, say "decimalChar": "," of the field',
    ),
    (
        re.compile(rf"{_NUMBER}\s*(?:±|\+/?-|\().*"),
        'if the second number is a spread, say "spread": "stddev" of the annotation, or "ci" with its "level"',
    ),
    (
        re.compile(r"[0-9]+:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"),
        'if it is a time that passed, say "clock": "h:m:s" of the annotation',
    ),
    (
        re.compile(r"[0-9]+:[0-9]{2}(?:\.[0-9]+)?"),
        'if it is a time that passed, say "clock": "m:s" of the annotation',
    ),
    (
        re.compile(rf"{_NUMBER}\s*[kKMGBT]"),
        'if the letter is a factor, say it under "suffixes" of the annotation: {"k": 1000}',
    ),
    (
        re.compile(rf"[$€£~]?\s*{_NUMBER}\s*[A-Za-z%µ°/]+"),
        'if the same stands around every number, say "bareNumber": false of the field, and the "unit"',
    ),
)


def advice(code: str, text: str) -> str | None:
    """Return what to say of a column in which a cell could not be read; None where nothing is known to say."""
    if code == "BF105" and is_date_like(text):
        return 'if it is a date, say how it is written: "type": "date", "format": "%d.%m.%Y" of the field'
    if code != "BF103":
        return None
    for way, words in _WAYS:
        if way.fullmatch(text):
            return words
    return _of_no_value(text)


def _of_no_value(text: str) -> str | None:
    if text.lower() in MARKS:
        return f'if it means no value, say {text!r} under "missingValues"'
    limit = limit_of(text)
    if limit is not None:
        pattern, reason = limit
        return f'say "missing_patterns": {{"{pattern}": "{reason}"}} of the annotation'
    reason_said = reason_of(text)
    if reason_said is not None:
        return f'say "missing": {{"{text}": "{reason_said}"}} of the annotation'
    return None
