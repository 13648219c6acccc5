"""How many bytes the rows of Arrow's batches take once each text is written out, as it is where it is shown or judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchfmt.readers.tables import Integers

CELL = 8
"""How many bytes a cell takes, its text apart."""
AnyArray: TypeAlias = "pa.Array[Any]"
"""A column of Arrow; its stubs want the type of every element."""
Lists: TypeAlias = "pa.ListArray[Any] | pa.LargeListArray[Any] | pa.MapArray[Any, Any]"


def row_sizes(batch: pa.RecordBatch) -> Integers:
    """Return how many bytes each row takes."""
    sizes = np.full(batch.num_rows, CELL * batch.num_columns, dtype=np.int64)
    for column in batch.columns:
        sizes += cell_sizes(column)
    return sizes


def cell_sizes(column: AnyArray) -> Integers:
    """Return how many bytes each cell takes beside `CELL`: those of its text, or of all that a list or structure holds."""
    if isinstance(column, pa.DictionaryArray):
        return _of_words(column)
    if isinstance(column, pa.ListArray | pa.LargeListArray | pa.MapArray):
        return _of_lists(column)
    sizes = np.zeros(len(column), dtype=np.int64)
    if isinstance(column, pa.StructArray):
        for member in column.flatten():
            sizes += cell_sizes(member) + CELL
    elif pa.types.is_nested(column.type):
        sizes += column.nbytes // max(len(column), 1)
    elif _is_text(column.type):
        lengths: AnyArray = pc.call_function("binary_length", [column])
        sizes += np.asarray(lengths.fill_null(0), dtype=np.int64)
    return sizes


def _of_lists(column: Lists) -> Integers:
    """Return the sizes of lists, those of numbers by their lengths alone: there may be millions."""
    offsets: Integers = np.asarray(column.offsets, dtype=np.int64)
    lengths: Integers = np.diff(offsets)
    kind = column.values.type
    if pa.types.is_primitive(kind):
        of_numbers: Integers = lengths * max(kind.bit_width // 8, 1)
        return of_numbers
    ends = np.zeros(len(column.values) + 1, dtype=np.int64)
    np.cumsum(cell_sizes(column.values), out=ends[1:])
    return lengths * CELL + np.diff(ends[offsets])


def _is_text(kind: pa.DataType) -> bool:
    is_binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return is_binary or pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _of_words(column: pa.DictionaryArray[Any, Any]) -> Integers:
    """Return the sizes of cells each of which is one of some words."""
    words = cell_sizes(column.dictionary)
    if not len(words):
        return np.zeros(len(column), dtype=np.int64)
    sizes: Integers = words[column.indices.fill_null(0).to_numpy(zero_copy_only=False)]
    if column.null_count:
        sizes[~column.is_valid().to_numpy(zero_copy_only=False)] = 0
    return sizes


def spans(sizes: Integers, at_once: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where rows of some sizes can be given at once."""
    if not len(sizes):
        return
    ends = np.cumsum(sizes)
    start = before = 0
    while start < len(sizes):
        stop = max(int(np.searchsorted(ends, before + at_once, side="right")), start + 1)
        yield start, stop
        start, before = stop, int(ends[stop - 1])
