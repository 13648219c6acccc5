"""What the column-wise readers of this family share."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from benchfmt.tables import arrow_schema, complete
from benchfmt.vocabulary import vocabulary

HEADER_AGAIN = "the header is repeated"
"""What is said of a row that repeats the names of the columns, as in tables that were joined."""
NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$"
"""A decimal number; what else a cell holds is not a number, whatever a parser makes of it."""
CONTROL = r"[\x00-\x1f\x7f]+"


def arrow(name: str, frame: pl.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table with all columns of a table."""
    known = [column for column in arrow_schema(name).names if column in frame.columns]
    return complete(name, frame.select(known).to_arrow())


def named(kind: str, names: pl.Series, suite: str) -> pl.Series:
    """Return names, those that the vocabulary knows as its ids."""
    words = names.drop_nulls().unique().to_list()
    terms = {word: vocabulary().match(kind, word, suite) or word for word in words}
    return names.replace(terms)
