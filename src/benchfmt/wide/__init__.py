"""The flat view: one row a record, one column a measurement key, and the group within which rows may be compared."""

from benchfmt.wide.comments import comments
from benchfmt.wide.flat import (
    CONTEXT,
    PRIMARY,
    QUALIFIED,
    SYSTEM,
    USUAL_QUESTION,
    Options,
    check_kinds,
    column_name,
    flat_table,
    groups_of_primaries,
    key_names,
    widen,
)
from benchfmt.wide.meanings import attributes, directions, listing

__all__ = [
    "CONTEXT",
    "PRIMARY",
    "QUALIFIED",
    "SYSTEM",
    "USUAL_QUESTION",
    "Options",
    "attributes",
    "check_kinds",
    "column_name",
    "comments",
    "directions",
    "flat_table",
    "groups_of_primaries",
    "key_names",
    "listing",
    "widen",
]
