"""Packets as bytes and back, in JSON, numbers and Arrow: to read them runs nothing that whoever wrote them has put there."""

from __future__ import annotations

import io
import json
import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchfmt.converters.base import Failed, Skipped
from benchfmt.finding import Finding, Severity
from benchfmt.running.keys import Tables
from benchfmt.running.reading import End, Entry, Note, Packet, Rows
from benchfmt.tables import TABLES, Batch

_LENGTH = 8
"""Bytes of the length that stands before each section."""
_ARRAYS = {
    "ids": "<u8",
    "contents": "<u8",
    "sizes": "<i8",
    "systems": "<i8",
    "owners": "<i8",
    "forms": "<u8",
}
"""The columns of `Tables` that are numbers, and how each stands in a file."""
Plain = dict[str, Any]


def pack(packet: Packet, first: int) -> bytes:
    """Return a packet as bytes, its units numbered from that of its chunk, which is `first` now."""
    tables = packet.tables
    heading = {
        "entries": [_plain(entry, first) for entry in packet.entries],
        "system_ids": tables.system_ids,
    }
    file = io.BytesIO()
    # Converters count rows in numbers of numpy too.
    _add(file, json.dumps(heading, default=operator.index).encode())
    for _, table in tables.batch.tables():
        _add(file, _arrow(table))
    for name, kind in _ARRAYS.items():
        _add(file, getattr(tables, name).astype(kind, copy=False).tobytes())
    return file.getvalue()


def unpack(data: bytes, first: int) -> Packet:
    """Return the packet that bytes hold, whose chunk begins with the unit `first`."""
    sections = _sections(memoryview(data))
    heading = json.loads(bytes(next(sections)))
    batch = Batch(
        **{name: pa.ipc.open_stream(pa.py_buffer(next(sections))).read_all() for name in TABLES}
    )
    numbers = {name: np.frombuffer(next(sections), kind) for name, kind in _ARRAYS.items()}
    tables = Tables(batch=batch, system_ids=heading["system_ids"], **numbers)
    entries = tuple(_entry(item, first) for item in heading["entries"])
    return Packet(entries, tables)


def _add(file: io.BytesIO, section: bytes | memoryview) -> None:
    file.write(len(section).to_bytes(_LENGTH, "little"))
    file.write(section)


def _sections(data: memoryview) -> Iterator[memoryview]:
    start = 0
    while start < len(data):
        begin = start + _LENGTH
        start = begin + int.from_bytes(data[start:begin], "little")
        yield data[begin:start]


def _arrow(table: pa.Table) -> memoryview:
    file = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4", unify_dictionaries=True)
    with pa.ipc.new_stream(file, table.schema, options=options) as writer:
        writer.write_table(table.unify_dictionaries())
    return memoryview(file.getvalue())


def _plain(entry: Entry, first: int) -> Plain:
    """Return an entry of the account as plain data."""
    unit = entry.unit - first
    match entry.what:
        case End():
            return {"unit": unit, "what": "end"}
        case Rows() as rows:
            members = {name: getattr(rows, name) for name in Rows.__slots__}
            members["findings"] = [_plain_note(finding) for finding in rows.findings]
            return {"unit": unit, "what": "rows", **members}
        case note:
            return {"unit": unit, **_plain_note(note)}


def _plain_note(note: Note) -> Plain:
    match note:
        case Finding():
            return {"what": "finding", **{name: getattr(note, name) for name in Finding.__slots__}}
        case Skipped():
            return {"what": "skipped", "path": str(note.path), "text": note.reason, "row": note.row}
        case Failed():
            return {"what": "failed", "path": str(note.path), "text": note.error, "row": note.row}


def _entry(plain: Plain, first: int) -> Entry:
    members = dict(plain)
    unit = members.pop("unit") + first
    if members["what"] == "end":
        return Entry(unit, End())
    if members["what"] == "rows":
        return Entry(unit, _rows(members))
    return Entry(unit, _note(members))


def _rows(members: Plain) -> Rows:
    del members["what"]
    for name in ("skipped", "failed"):
        members[name] = tuple((row, reason) for row, reason in members[name])
    members["findings"] = tuple(_finding(item) for item in members["findings"])
    return Rows(**members)


def _note(members: Plain) -> Note:
    if members["what"] == "finding":
        return _finding(members)
    path, text, row = Path(members["path"]), members["text"], members["row"]
    if members["what"] == "skipped":
        return Skipped(path, text, row)
    return Failed(path, text, row)


def _finding(members: Plain) -> Finding:
    del members["what"]
    members["severity"] = Severity(members["severity"])
    members["rows"] = tuple(members["rows"])
    return Finding(**members)
