"""The flat view: one row a record, one column a measurement key, and the group within which rows may be compared."""

from benchfmt.wide.flat import (
    CONTEXT,
    PRIMARY,
    QUALIFIED,
    SYSTEM,
    USUAL_QUESTION,
    Options,
    column_name,
    flat_table,
    groups_of_primaries,
    key_names,
    widen,
)
from benchfmt.wide.meanings import directions, listing

__all__ = [
    "CONTEXT",
    "PRIMARY",
    "QUALIFIED",
    "SYSTEM",
    "USUAL_QUESTION",
    "Options",
    "column_name",
    "directions",
    "flat_table",
    "groups_of_primaries",
    "key_names",
    "listing",
    "widen",
]
