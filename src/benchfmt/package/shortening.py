"""Rows for reports: a text of a stranger's is as long as somebody reads, however long it is in the file.

Names stand many times in what is printed, and in the keys by which results are grouped. What stands in place of a long
one differs wherever they differ, so that groups are the same.
"""

from __future__ import annotations

import hashlib

import polars as pl

from benchfmt.tables import COLUMNS

MOST = 1_000
"""So many characters of a text stand as they are."""
_KEPT = 900
_HASH = 32
_TEXTS = {
    table: frozenset(item.name for item in items if item.kind == "text")
    for table, items in COLUMNS.items()
}
_ENCODED = (pl.Categorical, pl.Enum)


def short_text(text: str) -> str:
    """Return a text that is not too long as it is; of another one the beginning, its length and its hash."""
    if len(text) <= MOST:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return f"{text[:_KEPT]}… ({len(text):,} characters, sha256 {digest})"


def short_texts(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows of a table with texts as `short_text` gives them; what is JSON stands as it is."""
    columns = (_short(cells) for cells in frame.iter_columns() if cells.name in _TEXTS[table])
    return frame.with_columns(cells for cells in columns if cells is not None)


def _short(cells: pl.Series) -> pl.Series | None:
    """Return a column with short texts; None where all are."""
    if _longest(cells) <= MOST:
        return None
    texts = cells.cast(pl.String)
    long = texts.filter(texts.str.len_chars() > MOST).unique()
    short = pl.Series(map(short_text, long), dtype=pl.String)
    # By way of Arrow, for polars would hold the long ones as long as anything refers to the column.
    return pl.Series(
        cells.name, texts.replace(long, short).to_arrow(compat_level=pl.CompatLevel.oldest())
    )


def _longest(cells: pl.Series) -> int:
    """Return how many bytes the longest text of a column has; 0 for a column of anything else."""
    if cells.dtype in _ENCODED:
        return int(cells.cat.len_bytes().max() or 0)  # type: ignore[arg-type]  # it is a whole number
    if cells.dtype != pl.String or cells.estimated_size() <= MOST:
        return 0
    return int(cells.str.len_bytes().max() or 0)  # type: ignore[arg-type]  # it is a whole number
