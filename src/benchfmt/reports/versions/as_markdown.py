"""The comparison of two packages as Markdown for a comment on a pull request: what changed, the rest folded.

What strangers wrote stands in code, in which nobody is mentioned and nothing is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchfmt.comparing.verdicts import Change
from benchfmt.comparing.versions import Versions
from benchfmt.printable import one_line
from benchfmt.reports.counting import number
from benchfmt.reports.versions.wording import (
    Labels,
    change_text,
    headline,
    interval_text,
    is_of_interest,
    labels,
    notes,
    remarks,
    value_text,
    versions_text,
)

_MOST = 50
"""So many rows has a table: GitHub takes a comment of at most 65,536 characters."""
_LONGEST = 200
_HEAD = "| verdict | result | where | old | new | change | interval |\n|---|---|---|---:|---:|---:|---|\n"


def render(versions: Versions, failures: Sequence[str]) -> Iterator[str]:
    """Yield the comparison."""
    called = labels(versions)
    yield f"### {headline(versions)}\n\n"
    against = versions_text(versions)
    if against:
        yield f"{_code(against)}\n\n"
    for failure in failures:
        yield f"- **failed**: {_code(failure)}\n"
    if failures:
        yield "\n"
    first = [change for change in versions.changes if is_of_interest(change)]
    rest = [change for change in versions.changes if not is_of_interest(change)]
    if first:
        yield from _table(first, called)
        yield "\n"
    yield from _folded(rest, list(notes(versions)), called)


def _folded(rest: Sequence[Change], said: Sequence[str], called: Labels) -> Iterator[str]:
    if not rest and not said:
        return
    yield f"<details><summary>{number(len(rest))} more results, and how they were judged</summary>\n\n"
    if rest:
        yield from _table(rest, called)
        yield "\n"
    for note in said:
        yield f"- {_code(note)}\n"
    yield "\n</details>\n"


def _table(changes: Sequence[Change], called: Labels) -> Iterator[str]:
    yield _HEAD
    for change in changes[:_MOST]:
        yield _row(_cells(change, called))
    if len(changes) > _MOST:
        yield _row([f"and {number(len(changes) - _MOST)} more", *[""] * 6])


def _cells(change: Change, called: Labels) -> Iterator[str]:
    result = change.result
    unit = result.metric.unit
    verdict = str(change.verdict)
    said = remarks(change)
    if said:
        verdict = f"{verdict}: {_code(said)}"
    yield verdict
    yield _code(called.metric(result))
    yield _code(called.context(result))
    yield _code(value_text(change.old_value, unit))
    yield _code(value_text(change.new_value, unit))
    yield _code(change_text(change))
    yield _code(interval_text(change))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _code(text: str) -> str:
    """Return a text as code in a cell of a table; empty where there is none."""
    if not text:
        return ""
    shown = one_line(text).replace("`", "'").replace("|", "\\|")
    if len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST].rstrip(chr(92))}…"
    return f"`{shown}`"
