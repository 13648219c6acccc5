"""Parquet whose footers no writer would write: a few bytes of each say what takes a thousand in memory."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from tests.hostile.specimens import add, annotated
from tests.thrift import signed, unsigned

_TEXT, _LIST, _STRUCT = 8, 9, 12
_INT = 6
"""The types of Thrift's compact protocol."""
_DOUBLE = 5
"""The type of a column in Parquet."""
_PAGE = bytes.fromhex("1500 1510 1510 2c 1502 1500 1506 1506 00 00") + struct.pack("<d", 1.5)
"""A page of the number 1.5."""
_MANY = 990_000
"""Of a list of more than a million items Arrow reads nothing."""


def _texts(*texts: bytes) -> bytes:
    return _list(_TEXT, [unsigned(len(text)) + text for text in texts])


def _list(kind: int, items: list[bytes]) -> bytes:
    return bytes([0xF0 | kind]) + unsigned(len(items)) + b"".join(items)


def _structure(fields: dict[int, tuple[int, bytes]]) -> bytes:
    out = b""
    before = 0
    for number, (kind, content) in fields.items():
        out += bytes([number - before << 4 | kind]) + content
        before = number
    return out + b"\0"


def _int(number: int) -> tuple[int, bytes]:
    return _INT, signed(number)


def _int32(number: int) -> tuple[int, bytes]:
    return 5, signed(number)


def _element(name: bytes, children: int | None = None, kind: int | None = _DOUBLE) -> bytes:
    """Return a column of a schema, or a group of columns."""
    fields = {} if kind is None else {1: _int32(kind), 3: _int32(0)}
    fields[4] = (_TEXT, unsigned(len(name)) + name)
    if children is not None:
        fields[5] = _int32(children)
    return _structure(fields)


def _chunk(path: bytes) -> bytes:
    """Return what a row group says of a column, whose page is the first of the file."""
    size = len(_PAGE)
    meta = {
        1: _int32(_DOUBLE),
        2: (_LIST, _list(5, [signed(0), signed(3)])),
        3: (_LIST, path),
        4: _int32(0),
        5: _int(1),
        6: _int(size),
        7: _int(size),
        9: _int(4),
    }
    return _structure({2: _int(0), 3: (_STRUCT, _structure(meta))})


def _file(
    schema: list[bytes], chunks: list[bytes], *, rows: int = 1, notes: bytes | None = None
) -> bytes:
    root = _element(b"schema", len(schema), kind=None)
    group = _structure({1: (_LIST, _list(_STRUCT, chunks)), 2: _int(len(_PAGE)), 3: _int(rows)})
    fields = {
        1: _int32(1),
        2: (_LIST, _list(_STRUCT, [root, *schema])),
        3: _int(rows),
        4: (_LIST, _list(_STRUCT, [group])),
    }
    if notes is not None:
        fields[5] = (_LIST, notes)
    footer = _structure(fields)
    return b"PAR1" + _PAGE + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _sound() -> tuple[list[bytes], list[bytes]]:
    return [_element(b"ms")], [_chunk(_texts(b"ms"))]


def _extra_columns(count: int, children: int | None = None) -> bytes:
    schema, chunks = _sound()
    kind = _DOUBLE if children is None else None
    return _file([*schema, *[_element(b"", children, kind)] * count], chunks)


def _extra_chunks() -> bytes:
    schema, chunks = _sound()
    return _file(schema, [*chunks, *[_structure({2: _int(0)})] * _MANY])


def _long_paths() -> bytes:
    column = _chunk(_texts(*[b""] * _MANY))
    return _file([_element(b"ms")] * 8, [column] * 8)


def _notes() -> bytes:
    note = _structure({1: (_TEXT, b"\0")})
    return _file(*_sound(), notes=_list(_STRUCT, [note] * _MANY))


_FOOTERS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "of_a_group_without_columns": (
        "a column that is a group without columns",
        lambda: _extra_columns(1, children=0),
        "BF119",
    ),
    "of_more_rows": (
        "2 rows where a column has one value",
        lambda: _file(*_sound(), rows=2),
        "BF119",
    ),
    "of_fewer_rows": (
        "no rows where a column has a value",
        lambda: _file(*_sound(), rows=0),
        "BF119",
    ),
    "of_a_million_columns": (
        "a schema of 990,000 columns without names",
        lambda: _extra_columns(_MANY),
        "BF907",
    ),
    "of_a_million_groups": (
        "a schema of 990,000 groups without columns",
        lambda: _extra_columns(_MANY, children=0),
        "BF907",
    ),
    "of_a_million_chunks": (
        "a row group of 990,000 columns of which nothing is said",
        _extra_chunks,
        "BF907",
    ),
    "of_long_paths": ("8 columns whose paths have 990,000 parts", _long_paths, "BF907"),
    "of_a_million_notes": ("990,000 notes without text", _notes, "BF907"),
}


def _make(footer: Callable[[], bytes], folder: Path) -> list[str]:
    annotated(folder, "t.parquet", format="parquet")
    (folder / "t.parquet").write_bytes(footer())
    return ["validate", "."]


def _add_footers() -> None:
    for name, (what, footer, says) in _FOOTERS.items():
        add(
            f"parquet_footer_{name}",
            f"Parquet with {what}",
            says,
            lambda folder, footer=footer: _make(footer, folder),
            is_large=says == "BF907",
        )


_add_footers()
