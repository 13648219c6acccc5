"""Columns of Arrow, made of plain cells without loading pandas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import JsonValue

Arrow: TypeAlias = "pa.Array[Any]"
"""An array of Arrow; its stubs want the type of every element."""
Chunked: TypeAlias = "pa.ChunkedArray[Any]"
"""The same in chunks, such as a column of a table."""
_PLAIN: dict[pa.DataType, type] = {
    pa.string(): str,
    pa.int64(): int,
    pa.float64(): float,
    pa.bool_(): bool,
}
TEXT_CODES = pa.dictionary(pa.int32(), pa.string())
"""The type of columns that hold each of their texts once."""
_SHARED = {pa.int32(), *_PLAIN}
_FEWEST_ZEROS = 2**16
_EXACT = 2**53
"""Up to here every whole number is one of 64 bits with a point, as Arrow demands of those that it is given."""
_LONGEST = 2**31 - 1
"""So many bytes an Arrow array of text can hold."""
_NUMPY: dict[pa.DataType, npt.DTypeLike] = {
    pa.bool_(): np.bool_,
    pa.int64(): np.int64,
    pa.float64(): np.float64,
}
"""Arrow's own translation (`to_pandas_dtype`) needs pandas up to pyarrow 25."""


def array_of(cells: Sequence[JsonValue], kind: Any) -> Arrow:
    """Return cells as an Arrow array.

    `pa.array` loads pandas wherever that is installed: more than a second and 40 MB in each process. So the plain cases
    are laid out here, and whatever is not of the very type is left to it.
    """
    types = set(map(type, cells))
    has_null = type(None) in types
    types.discard(type(None))
    if not types:
        return nulls(len(cells), kind)
    if types != {_PLAIN.get(kind)} and not (kind == pa.float64() and _are_exact(types, cells)):
        mixed: Arrow = pa.array(cells, kind)
        return mixed
    mask = None
    if has_null:
        valid = np.array([cell is not None for cell in cells], bool)
        mask = _buffer(np.packbits(valid, bitorder="little"))
    if kind == pa.string():
        return _text_array(cells, mask)
    filled = [0 if cell is None else cell for cell in cells] if has_null else cells
    numbers = np.array(filled, _NUMPY[kind])
    if kind == pa.bool_():
        numbers = np.packbits(numbers, bitorder="little")
    return pa.Array.from_buffers(kind, len(cells), [mask, _buffer(numbers)])


def _are_exact(types: set[type], cells: Sequence[JsonValue]) -> bool:
    """Whether cells that are to be numbers of 64 bits are whole ones or such numbers, none of them too large to be exact."""
    if not types <= {int, float}:
        return False
    return all(abs(cell) <= _EXACT for cell in cells if isinstance(cell, int))


def _text_array(cells: Sequence[JsonValue], mask: pa.Buffer | None) -> Arrow:
    encoded = [cell.encode() if isinstance(cell, str) else b"" for cell in cells]
    ends = np.zeros(len(cells) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=ends[1:])
    if ends[-1] > _LONGEST:
        return pa.array(cells, pa.string())  # which knows what to say
    buffers = [mask, _buffer(ends.astype(np.int32)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(cells), buffers)


def nulls(count: int, kind: Any) -> Arrow:
    """Return a column of nothing.

    Those of the types of packages are all the same zeros: most columns are empty, and to lay each out costs as much as
    to fill it.
    """
    if kind == TEXT_CODES:
        return pa.DictionaryArray.from_arrays(nulls(count, pa.int32()), nulls(0, pa.string()))
    if kind not in _SHARED:
        other: Arrow = pa.nulls(count, kind)
        return other
    mask = _zeros(count // 8 + 1)
    buffers: list[pa.Buffer | None] = [mask, _zeros(8 * (count + 1))]
    if kind == pa.string():
        buffers.append(_zeros(0))
    return pa.Array.from_buffers(kind, count, buffers, null_count=count)


def _zeros(size: int) -> pa.Buffer:
    """Return so many zeros, of those that are there already where these are enough."""
    rounded = 1 << max(size, _FEWEST_ZEROS).bit_length()
    return _zeros_of(rounded).slice(0, size)


@lru_cache(maxsize=4)
def _zeros_of(size: int) -> pa.Buffer:
    # Memory that the system gives as zeros, a page of it only where somebody looks.
    return pa.py_buffer(bytes(size))


def numbers_of(
    values: npt.NDArray[np.float64], is_there: npt.NDArray[np.bool_] | None = None
) -> Arrow:
    """Return numbers as an Arrow array, null where none `is_there`."""
    mask = None
    if is_there is not None:
        mask = _buffer(np.packbits(is_there, bitorder="little"))
    numbers = _buffer(np.ascontiguousarray(values, np.float64))
    return pa.Array.from_buffers(pa.float64(), len(values), [mask, numbers])


def places_of(numbers: npt.NDArray[np.integer[Any]]) -> Arrow:
    """Return places, of which none is missing, as an Arrow array."""
    places = np.ascontiguousarray(numbers, np.int32)
    return pa.Array.from_buffers(pa.int32(), len(places), [None, _buffer(places)])


def places_in(array: Arrow) -> npt.NDArray[np.int32]:
    """Return the numbers of an Arrow array of 32 bits; whatever stands where one is null."""
    if not len(array):
        return np.zeros(0, np.int32)
    return _numbers(array.buffers()[1], np.int32)[array.offset :][: len(array)]


def are_empty(chunks: Sequence[Arrow]) -> npt.NDArray[np.bool_]:
    """Return which cells are null, of arrays that follow one another."""
    found = [np.zeros(0, bool)]
    for chunk in chunks:
        mask = chunk.buffers()[0]
        if mask is None:
            found.append(np.zeros(len(chunk), bool))
        else:
            end = chunk.offset + len(chunk)
            bits = np.unpackbits(_numbers(mask, np.uint8), count=end, bitorder="little")
            found.append(bits[chunk.offset :] == 0)
    return np.concatenate(found)


def codes_of(coded: Any) -> npt.NDArray[np.int32]:
    """Return the place of each cell of a dictionary, that after its last word for an empty cell."""
    indices = coded.indices.cast(pa.int32())
    codes = places_in(indices)
    if indices.null_count:
        codes = np.where(are_empty([indices]), np.int32(len(coded.dictionary)), codes)
    return codes


def texts_of(characters: npt.NDArray[np.uint8]) -> Arrow:
    """Return texts of one length as an Arrow array; their characters are ASCII, a row for each text."""
    count, width = characters.shape
    ends = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), count, [None, _buffer(ends), _buffer(np.ascontiguousarray(characters))]
    )


def coded_texts(
    codes: npt.NDArray[np.integer[Any]], texts: Arrow, shown: npt.NDArray[np.bool_] | None = None
) -> Arrow:
    """Return the texts that codes name as an Arrow array that holds each once, null where a cell is not `shown`."""
    if not len(texts):
        return nulls(len(codes), TEXT_CODES)
    mask = None
    if shown is not None:
        mask = _buffer(np.packbits(shown, bitorder="little"))
    numbers = _buffer(codes.astype(np.int32, copy=False))
    indices = pa.Array.from_buffers(pa.int32(), len(codes), [mask, numbers])
    return pa.DictionaryArray.from_arrays(indices, texts)


def _numbers(buffer: Any, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    # Arrow leaves room behind the last number, which need not be a whole number of them.
    size = np.dtype(kind).itemsize
    return np.frombuffer(buffer, kind, buffer.size // size)


def _buffer(numbers: Any) -> pa.Buffer:
    return pa.py_buffer(memoryview(numbers))
