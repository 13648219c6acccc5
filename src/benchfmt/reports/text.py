"""Findings, accounts and packages as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from benchfmt.accounting import Account, FileEntry
from benchfmt.finding import Finding
from benchfmt.reports.counting import counted, number
from benchfmt.reports.where import advice, rows_text, spot
from benchfmt.validation.condensing import condensed

_SHOWN_ROWS = 5
_SHOWN_FILES = 3
_COMPARED = 8


def finding_line(finding: Finding) -> str:
    """Return a finding in one line: where, what, how to fix it, code."""
    place = finding.path
    within = spot(finding)
    if within:
        joint = ""
        if finding.row is None and finding.cell is None and (finding.column or finding.field):
            joint = ","
        place = f"{place}{joint} {within}"
    text = advice(finding)
    rows = rows_text(finding)
    if rows:
        text = f"{text}; {rows}"
    return f"{finding.severity.value}: {place}: {text} ({finding.code})"


def account_lines(account: Account) -> Iterator[str]:
    """Yield the account of a conversion: totals, then every file or row that gave no record."""
    yield (
        f"files: {number(len(account.files))} seen = {number(account.count('primary'))} primary + "
        f"{number(account.count('supporting'))} supporting + {number(account.count('skipped'))} skipped + "
        f"{number(account.count('failed'))} failed"
    )
    if account.total("rows"):
        yield (
            f"rows: {number(account.total('rows'))} seen = {number(account.total('converted'))} converted + "
            f"{number(account.total('skipped'))} skipped + {number(account.total('failed'))} failed"
        )
    duplicates = account.total("duplicates")
    also = ""
    if duplicates:
        also = f", {counted(duplicates, 'duplicate')} left out"
    records = counted(account.total("records"), "record")
    measurements = counted(account.total("measurements"), "measurement")
    yield f"{records}, {measurements}{also}"
    yield from _layout_lines(account)
    yield from _file_lines(account)
    for finding in condensed(account.findings):
        yield finding_line(finding)


def _layout_lines(account: Account) -> Iterator[str]:
    """Yield how files were read that nobody described, each way once."""
    for note, count in account.ledger.reasons("primary").items():
        if note is not None:
            yield f"{note}: {counted(count, 'file')} (`benchfmt describe --list-like`)"


def _file_lines(account: Account) -> Iterator[str]:
    """Yield every file that gave no record, and the rows of files that gave none."""
    ledger = account.ledger
    skipped = ledger.reasons("skipped")
    summed_up: set[str | None] = set()
    for place in range(len(ledger)):
        role, reason = ledger.role(place), ledger.reason(place)
        if role == "failed" or (role == "skipped" and skipped[reason] <= _SHOWN_FILES):
            yield f"{role}: {ledger.shown(place)}: {reason}"
        elif role == "skipped" and reason not in summed_up:
            # Thousands of logs are left out for one reason: it is said once.
            summed_up.add(reason)
            yield (
                f"skipped: {number(skipped[reason])} files, first {ledger.shown(place)}: "
                f"{reason} (--account FILE lists them all)"
            )
        if ledger.has_details(place):
            yield from _row_lines(ledger.entry(place))


def _row_lines(entry: FileEntry) -> Iterator[str]:
    for detail in entry.details[:_SHOWN_ROWS]:
        place = entry.path
        if "row" in detail:
            place = f"{entry.path} row {detail['row']}"
        yield f"{detail['what']}: {place}: {detail['reason']}"
    if len(entry.details) > _SHOWN_ROWS:
        more = entry.skipped + entry.failed - _SHOWN_ROWS
        yield f"... and {number(more)} more rows of {entry.path}"
