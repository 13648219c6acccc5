"""Where a number is from, in words: what the source wrote, in which file and place, and who and what made it a record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchfmt.printable import one_line
from benchfmt.record import KEY_FIELDS
from benchfmt.reports.comparison import measure

Row = Mapping[str, Any]
"""A row of a table: its cells are of the types of the standard's columns."""
Facts = list[tuple[str, str]]
_OF_RECORD = {"status": "status", "url": "address", "execution": "execution"}
_ASKED_FOR = {"submitter": "submitter", "measured_at": "measured at", "license": "licence"}
"""What people ask of every number: that nobody says it is told too."""
NOT_STATED = "not stated"

NOT_FOUND = (
    "its record has no measurement of this kind with this value, so the characters of the source are not known; "
    "benchfmt validate says what is wrong with the package"
)
NO_ROW: Row = {"source_path": None, "source_locator": None}


def value_words(row: Row) -> str:
    """Return the number of a measurement with its unit, all digits of it; or why there is none."""
    if row["value"] is None:
        return f"missing: {row['missing']}"
    unit = row["unit"]
    return f"{row['value']!r} {unit}" if unit and unit != "1" else repr(row["value"])


def reported_words(row: Row) -> str:
    """Return the characters of the source with their unit, nothing where they are not kept."""
    if row["reported_value"] is None:
        return ""
    unit = row["reported_unit"] or ""
    return f"{row['reported_value']} {unit}".strip()


def heading(row: Row) -> str:
    """Return what a number is, and its value or why there is none."""
    words = measure({name: row[name] for name in KEY_FIELDS})
    return one_line(f"{words}: {value_words(row)}")


def facts_of(record: Row, row: Row | None) -> Facts:
    """Return what is known of a number, as names and words, in one order; what is not known is left out.

    Without its row, the words say that its measurement was not found.
    """
    facts = _of_record(record, row or NO_ROW)
    if row is None:
        first = [("not found", NOT_FOUND)]
    else:
        first = list(_of_measurement(row))
    return [(name, one_line(words)) for name, words in (*first, *facts) if words]


def _of_measurement(row: Row) -> Iterator[tuple[str, str]]:
    yield "what", measure({name: row[name] for name in KEY_FIELDS})
    yield "value", value_words(row)
    yield "in the source", reported_words(row) or "its characters are not kept"
    yield "basis", row["basis"] or ""
    yield "caveats", ", ".join(map(str, _list(row["caveats"])))
    yield "spread", _spread(row)


def _of_record(record: Row, row: Row) -> Iterator[tuple[str, str]]:
    path = row["source_path"] or record["source_path"]
    yield "source", path or NOT_STATED
    yield "place in it", _place(record, row)
    yield "SHA-256 of it", _hash_of(record, path)
    yield "converter", _joined(record, "converter", "converter_version")
    yield "model", _joined(record, "model", "model_version")
    yield "engine", _joined(record, "engine", "engine_version") or NOT_STATED
    yield "precision", record["precision"] or ""
    for name, words in _OF_RECORD.items():
        yield words, record[name] or ""
    for name, words in _ASKED_FOR.items():
        yield words, record[name] or NOT_STATED
    yield "record", record["id"]


def _place(record: Row, row: Row) -> str:
    own = row["source_locator"]
    if own:
        return str(own)
    if row["source_path"] in (None, record["source_path"]):
        return record["source_locator"] or ""
    return _of_source(record, row["source_path"], "locator")


def _hash_of(record: Row, path: str | None) -> str:
    """Return the hash of a file, where the record says it of this one."""
    found = ""
    if path == record["source_path"]:
        found = record["source_sha256"] or ""
    return (_of_source(record, path, "sha256") or found).removeprefix("sha256:")


def _of_source(record: Row, path: str | None, member: str) -> str:
    """Return what a record says of one of its other sources, nothing where it does not."""
    for source in _list(record["sources"]):
        if isinstance(source, dict) and path is not None and source.get("path") == path:
            return str(source.get(member) or "")
    return ""


def _joined(row: Row, *names: str) -> str:
    return " ".join(str(row[name]) for name in names if row[name])


def _spread(row: Row) -> str:
    words = []
    if row["n"] is not None:
        words.append(f"{row['n']:,} observations")
    if row["stddev"] is not None:
        words.append(f"standard deviation {row['stddev']!r}")
    interval = interval_of(row)
    if interval:
        low, high, level = interval
        words.append(f"{level:g} confidence interval [{low!r}, {high!r}]")
    return ", ".join(words)


def interval_of(row: Row) -> tuple[float, float, float] | None:
    """Return the confidence interval of a measurement: lower, upper, level."""
    found = _numbers(row["ci"])
    if len(found) != 3:
        return None
    low, high, level = found
    return low, high, level


def samples_of(row: Row) -> list[float]:
    """Return the observations of a measurement that counted."""
    return _numbers(row["samples"])


def _numbers(cell: object) -> list[float]:
    """Return the numbers of a list that a cell holds as JSON."""
    return [float(item) for item in _list(cell) if isinstance(item, int | float)]


def _list(cell: object) -> Sequence[object]:
    """Return a list that a cell holds as JSON."""
    if cell is None:
        return []
    found = json.loads(cell) if isinstance(cell, str) else cell
    return found if isinstance(found, list) else []
