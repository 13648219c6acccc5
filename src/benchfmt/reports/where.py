"""Where a finding stands, as the formats of reports need it: the file as its user may open it, and a line in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchfmt.finding import Finding, shortened
from benchfmt.reports.counting import number
from benchfmt.validation.report import Report

_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class Where:
    """A place: the file that can be opened, the file inside it where it is an archive, and the line where it is known."""

    file: str
    inside: str | None = None
    line: int | None = None
    column: int | None = None
    """The character of the line, from 1."""


def where(report: Report, finding: Finding) -> Where:
    """Return the place of a finding; nothing is looked up on the disk."""
    file = report.place_of(finding)
    if file == f"{report.source}: {finding.path}":
        # A line of the file inside is no line of the archive.
        return Where(report.source, finding.path)
    return Where(file, None, _line(finding), finding.character)


def _line(finding: Finding) -> int | None:
    """Return the line of a finding: in JSON Lines a row is a line."""
    if finding.line is None and finding.path.endswith(_LINES):
        return finding.row
    return finding.line


def spot(finding: Finding) -> str:
    """Return the place within its file for people: `row 3 (Runs!C7), column (record)`; empty where only the file is known."""
    parts = []
    name = finding.column or finding.field
    # Where a JSON file cannot be read there are no rows yet: the line stands in their place.
    is_of_file = not name and finding.record is None and finding.path.endswith(".json")
    is_line = is_of_file and finding.row == finding.line
    if finding.row is not None and not is_line:
        parts.append(f"row {finding.row}")
    if finding.cell is not None:
        parts.append(f"({finding.cell})")
    place = " ".join(parts)
    if name:
        place = f"{place}, {name}" if place else name
    if not place and finding.line is not None:
        place = f"line {finding.line}"
    if finding.record:
        place = f"{place} ({finding.record})".lstrip()
    return place


def rows_text(finding: Finding) -> str:
    """Return in which rows a finding stands, where it stands for several: `in 40 rows: 1, 2, 3, ...`; else nothing."""
    if finding.count is None:
        return ""
    rows = ", ".join(map(str, finding.rows))
    more = ", ..." if finding.count > len(finding.rows) else ""
    return f"in {finding.count:,} rows: {rows}{more}"


def advice(finding: Finding) -> str:
    """Return what is wrong and what to do about it, in one line."""
    message = shortened(finding.message)
    if not finding.hint:
        return message
    # A question has its own full stop.
    joint = "; "
    if message.endswith("?"):
        joint = " "
    return f"{message}{joint}{finding.hint}"


def acknowledged_lines(report: Report) -> Iterator[str]:
    """Yield what a package acknowledges, with how many findings that met: `BF407 × 3: the clock is coarse`."""
    for known in report.acknowledged:
        if known.count:
            yield f"{known.code} × {number(known.count)}: {shortened(known.reason)}"
