"""The flat view: one row a record, one column a measurement key, and the group within which rows may be compared."""

from benchfmt.wide.flat import Options, column_name, flat_table, widen

__all__ = ["Options", "column_name", "flat_table", "widen"]
