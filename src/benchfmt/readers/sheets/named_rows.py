"""Reports whose rows have names and are one result together: a metric a row, a statistic a column.

`Latency,avg,p99` over `Latency,5,9` gives the columns `Latency/avg` and `Latency/p99` of one row. A blank line ends a
block; the next one has names of its own above it.
"""

from __future__ import annotations

from pathlib import Path

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.sheets.delimited import csv_rows
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.documents import COLUMNS, KeyedTable, Row
from benchfmt.readers.sheets.storage import Storage
from benchfmt.readers.sheets.table import Cells
from benchfmt.readers.tables import TableError


def open_named_rows(
    path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS
) -> KeyedTable:
    """Return a report as a table of one row; raises TableError and UnsafeError."""
    values: Row = {}
    header: Cells = []
    for cells in csv_rows(path, storage, dialect, limits):
        if not any(cells):
            header = []
        elif not header:
            header = cells
        else:
            _add(values, header, cells, path)
    return KeyedTable(path, [values])


def _add(values: Row, header: Cells, cells: Cells, path: Path) -> None:
    """Add the cells of a row that hold something; of a name that stands twice the second has a number."""
    if len(cells) > len(header):
        message = f"row {cells[0]!r} has {len(cells)} cells below {len(header)} names"
        raise TableError("BF121", f"{path.name}: {message}")
    first = unused = cells[0].strip()
    number = 1
    while any(f"{unused}/{name.strip()}" in values for name in header[1:]):
        number += 1
        unused = f"{first} ({number})"
    for name, cell in zip(header[1:], cells[1:], strict=False):
        if cell.strip():
            values[f"{unused}/{name.strip()}"] = cell
    if len(values) > COLUMNS:
        raise TableError("BF907", f"{path.name}: more than {COLUMNS} cells in a report of one row")
