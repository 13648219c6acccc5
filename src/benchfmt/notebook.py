"""What Jupyter shows of a package or a report: a sentence and small tables, of which every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from benchfmt.printable import printable

__all__ = ["heading", "paragraph", "table"]


def heading(text: str) -> str:
    """Return a line in bold."""
    return f"<p><strong>{_text(text)}</strong></p>"


def paragraph(text: str) -> str:
    """Return a line."""
    return f"<p>{_text(text)}</p>"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; a cell that is None is empty."""
    lines = [_row("th", columns)]
    lines += [_row("td", ["" if cell is None else cell for cell in row]) for row in rows]
    return f"<table>{''.join(lines)}</table>"


def _row(tag: str, cells: Iterable[object]) -> str:
    shown = [f'<{tag} style="text-align: left">{_text(cell)}</{tag}>' for cell in cells]
    return f"<tr>{''.join(shown)}</tr>"


def _text(value: object) -> str:
    return escape(printable(str(value)))
