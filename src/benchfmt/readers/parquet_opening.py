"""Opens Parquet of strangers: how much memory its metadata take, and what is no table, is known before it is read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.parquet_footers import FOOTER_END, row_groups

_SMALL_FOOTER = 2**16
"""A footer up to here takes little memory, whatever it says: Arrow's own words say what is wrong with it."""


def open_parquet(path: Path, limits: Limits = LIMITS) -> pq.ParquetFile:
    """Open a file; raises UnsafeError, ValueError and what Arrow raises."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - FOOTER_END, 0))
        footer = int.from_bytes(file.read(4), "little")
    if limits.footer_bytes < footer < path.stat().st_size:
        message = f"metadata of {footer:,} bytes; at most {limits.footer_bytes:,} are read"
        raise UnsafeError("BF907", f"{path}: {message}")
    if footer > _SMALL_FOOTER:
        row_groups(path)
    opened = pq.ParquetFile(path, pre_buffer=False, memory_map=False)
    width = opened.metadata.num_columns
    if width > limits.columns:
        message = f"the table has {width:,} columns; at most {limits.columns:,} are read"
        raise UnsafeError("BF907", f"{path}: {message}")
    # polars panics over names and time zones that are no UTF-8; as text they raise ValueError
    opened.schema_arrow.to_string(show_field_metadata=False, show_schema_metadata=False)
    for column in opened.schema_arrow:
        if _is_hollow(column.type):
            raise ValueError(f"column {column.name!r} is a group without columns")
    return opened


def _is_hollow(kind: pa.DataType) -> bool:
    """Whether a type has a structure without members, of which no page says anything."""
    if not pa.types.is_nested(kind):
        return False
    members = [kind.field(place).type for place in range(kind.num_fields)]
    return not members or any(_is_hollow(member) for member in members)
