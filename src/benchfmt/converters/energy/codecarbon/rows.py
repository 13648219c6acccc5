"""The rows of CodeCarbon's files, each under the header that stands above it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchfmt.numbers import double
from benchfmt.readers.bounded_rows import short_lines
from benchfmt.readers.tables import encoding_of, unique_names

NEAR = 0.01
"""How far numbers of one run may lie apart that are the same but for rounding and the moment at which they were taken."""
LAST_SURE = "country_iso_code"
"""Release 3.3.0 appends rows without their empty columns: what stands after this one may be shifted."""
_COUNTRY = re.compile(r"[A-Z]{3}")
_PARTS = ("cpu_energy", "gpu_energy", "ram_energy")
_TOTALS = {"emissions", "energy_consumed"}
_OWN = {
    "project_name",
    "task_name",
    "run_id",
    "emissions_rate",
    "codecarbon_version",
    "country_iso_code",
    "on_cloud",
    "tracking_mode",
    "cloud_provider",
    "ram_total_size",
}
_ENOUGH = 3


def is_tracker(columns: Sequence[str]) -> bool:
    """Say whether columns are those of CodeCarbon, of any version, or of a table that keeps some of them."""
    return not _TOTALS.isdisjoint(columns) and len(_OWN.intersection(columns)) >= _ENOUGH


def is_like_tracker(columns: Sequence[str]) -> bool:
    """Say whether columns are CodeCarbon's but for the totals that it counts."""
    is_unmistakable = len(_OWN.intersection(columns)) > _ENOUGH and "duration" in columns
    return _TOTALS.isdisjoint(columns) and is_unmistakable


def lacking_of_tracker(columns: Sequence[str]) -> str | None:
    """Return what columns lack that look like some of CodeCarbon's, or None."""
    present = sorted(_OWN.intersection(columns))
    is_alike = not _TOTALS.isdisjoint(columns) and "duration" in columns
    if not is_alike or not 0 < len(present) < _ENOUGH:
        return None
    known = ", ".join(sorted(_OWN))
    has = ", ".join(present)
    return f"looks like rows of CodeCarbon, but of the columns {known} it has {has}; {_ENOUGH} tell one"


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands: its number, the header above it, and its cells; `fault` where it cannot be read."""

    number: int
    header: tuple[str, ...]
    cells: tuple[str, ...] = ()
    fault: str | None = None
    repeats_header: bool = False
    shifted: bool = False

    def cell(self, name: str) -> str:
        """Return a cell by its column, empty where there is none."""
        if name not in self.header:
            return ""
        return self.cells[self.header.index(name)].strip()

    def number_of(self, name: str) -> float | None:
        """Return a cell as a number, or None where it is none."""
        return double(self.cell(name))


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file under the header that stands above them: files are joined, each with its own."""
    with path.open(encoding=encoding_of(path), newline="") as file:
        lines = csv.reader(short_lines(file))
        header = _header([name.removeprefix("\ufeff") for name in next(lines, ())], path)
        for number, cells in enumerate(filter(any, lines), start=1):
            if is_tracker(cells):
                header = _header(cells, path)
                yield Row(number, header, repeats_header=True)
            elif len(cells) == len(header):
                yield Row(number, header, tuple(cells))
            else:
                yield _of_another_length(number, header, cells)


def _header(cells: list[str], path: Path) -> tuple[str, ...]:
    """Return the names of columns; raises TableError where two are called the same."""
    if len(set(cells)) == len(cells):
        return tuple(cells)
    return tuple(unique_names(cells, path))


def _of_another_length(number: int, header: tuple[str, ...], cells: list[str]) -> Row:
    """Return a row with too few cells as far as its columns are proven, one of another kind with its fault."""
    sure = 0
    if LAST_SURE in header:
        sure = header.index(LAST_SURE) + 1
    if 0 < sure <= len(cells) < len(header):
        known = (*cells[:sure], *[""] * (len(header) - sure))
        row = Row(number, header, known, shifted=True)
        if _adds_up(row) and _COUNTRY.fullmatch(row.cell(LAST_SURE)):
            return row
    reason = f"the row has {len(cells)} cells where the table has {len(header)} columns"
    return Row(number, header, fault=reason)


def _adds_up(row: Row) -> bool:
    """Say whether the energies of a row are where their columns say: the parts make up the whole."""
    whole = row.number_of("energy_consumed")
    total = 0.0
    for name in _PARTS:
        part = row.number_of(name)
        if part is None:
            return False
        total += part
    return whole is not None and abs(total - whole) <= NEAR * abs(whole)
