"""What the column-wise readers of this family share."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa

from benchfmt.tables import arrow_schema
from benchfmt.vocabulary import vocabulary

HEADER_AGAIN = "the header stands again"
"""What is said of a row that repeats the names of the columns, as in tables that were joined."""
NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$"
"""A decimal number; what else a cell holds is no number, whatever a parser makes of it."""
CONTROL = r"[\x00-\x1f\x7f]+"


def arrow(name: str, frame: pl.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table with all columns of a table."""
    said = frame.select([f.name for f in arrow_schema(name) if f.name in frame.columns]).to_arrow()
    columns: dict[str, Any] = {column: said[column] for column in said.column_names}
    return pa.table(
        {
            f.name: columns[f.name].cast(f.type)
            if f.name in columns
            else pa.nulls(frame.height, f.type)
            for f in arrow_schema(name)
        }
    )


def named(kind: str, names: pl.Series, suite: str) -> pl.Series:
    """Return names, those that the vocabulary knows as its ids."""
    words = names.drop_nulls().unique().to_list()
    known = {
        word: found
        for word in words
        if (found := vocabulary().match(kind, word, suite)) and found != word
    }
    return names.replace(known) if known else names
