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

_Numbers = dict[tuple[str, tuple[str, ...]], int]


def open_named_rows(
    path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS
) -> KeyedTable:
    """Return a report as a table of one row; raises TableError and UnsafeError."""
    values: Row = {}
    numbers: _Numbers = {}
    header: Cells = []
    for cells in csv_rows(path, storage, dialect, limits):
        if not any(cells):
            header = []
        elif not header:
            header = cells
        else:
            _add(values, numbers, header, cells, path)
    return KeyedTable(path, [values])


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} ({number})"


def _add(values: Row, numbers: _Numbers, header: Cells, cells: Cells, path: Path) -> None:
    """Add the cells of a row that hold something; of a name that stands twice the second has a number.

    `numbers` says of each name below a header from which number on it may be unused: it may stand there thousands of times.
    """
    if len(cells) > len(header):
        message = f"row {cells[0]!r} has {len(cells)} cells below {len(header)} names"
        raise TableError("BF121", f"{path.name}: {message}")
    first = cells[0].strip()
    place = (first, tuple(header))
    number = numbers.get(place, 1)
    while any(f"{_numbered(first, number)}/{name.strip()}" in values for name in header[1:]):
        number += 1
    numbers[place] = number
    unused = _numbered(first, number)
    for name, cell in zip(header[1:], cells[1:], strict=False):
        if cell.strip():
            values[f"{unused}/{name.strip()}"] = cell
    if len(values) > COLUMNS:
        raise TableError("BF907", f"{path.name}: more than {COLUMNS} cells in a report of one row")
