"""The blocks of cells on a sheet: which one is the table, and what stands around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchfmt.numbers import double
from benchfmt.readers.sheets.grid import letters
from benchfmt.readers.sheets.table import Cells

_SHOWN = 3
_LONGEST = 30


@dataclass(frozen=True)
class Block:
    """A rectangle of cells with nothing around it; rows and columns count from 1, the last ones included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def range(self) -> str:
        """The rectangle as a spreadsheet names it, such as `B3:F20`."""
        return f"{letters(self.left)}{self.top}:{letters(self.right)}{self.bottom}"

    @property
    def width(self) -> int:
        """The number of columns."""
        return self.right - self.left + 1

    @property
    def size(self) -> int:
        """The number of cells."""
        return self.width * (self.bottom - self.top + 1)

    def rows(self, rows: Sequence[Cells]) -> list[Cells]:
        """Return the cells of the block."""
        return [cells[self.left - 1 : self.right] for cells in rows[self.top - 1 : self.bottom]]

    def joined(self, other: Block) -> Block:
        """Return the rectangle around two blocks."""
        return Block(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


@dataclass(frozen=True)
class Layout:
    """The block of a sheet that is the table, and the other blocks."""

    table: Block
    others: tuple[Block, ...]

    @property
    def is_range(self) -> bool:
        """Whether the table is told from the rest by its range: more stands there than titles above it."""
        return any(block.width > 1 or block.bottom > self.table.top for block in self.others)

    def note(self, rows: Sequence[Cells]) -> str:
        """Return what a person should know of the blocks."""
        shown = [f"{_name(block)} ({_first(block, rows)!r})" for block in self.others[:_SHOWN]]
        if len(self.others) > _SHOWN:
            shown.append(f"{len(self.others) - _SHOWN} more")
        return (
            f"{self.table.range} is taken for the table (`range`), and what stands beside it is left out: "
            f"{', '.join(shown)}. Is one of these a table too? Describe it by a resource of its own, with its `range`"
        )


def layout(rows: Sequence[Cells]) -> Layout | None:
    """Return the largest block of rows of equal width as the table, None where there is no block.

    Blocks of the same columns that go on below it with numbers are part of it, and so are those beside it in the same
    rows, with other names.
    """
    blocks = list(_blocks(rows))
    if not blocks:
        return None
    table = max(blocks, key=lambda block: block.size)
    rest = [block for block in blocks if block != table]
    others: list[Block] = []
    for block in rest:
        if _goes_on(table, block, rows) or _is_beside(table, block, rows):
            table = table.joined(block)
        else:
            others.append(block)
    return Layout(table, tuple(others))


def _goes_on(table: Block, block: Block, rows: Sequence[Cells]) -> bool:
    """Say whether a block below a table goes on with its rows: within its columns, with a number in the first row."""
    is_within = table.left <= block.left and block.right <= table.right
    first = block.rows(rows)[0]
    return block.top > table.bottom and is_within and any(map(_is_number, first))


def _is_beside(table: Block, block: Block, rows: Sequence[Cells]) -> bool:
    """Say whether a block is the same table beyond an empty column: of the same rows, with names of its own."""
    if (table.top, table.bottom) != (block.top, block.bottom):
        return False
    names = set(table.rows(rows)[0])
    return names.isdisjoint(block.rows(rows)[0])


def _blocks(rows: Sequence[Cells]) -> Iterator[Block]:
    """Yield the rectangles of cells between empty rows, each cut at its empty columns."""
    for top, bottom in _runs([any(map(str.strip, cells)) for cells in rows]):
        band = rows[top : bottom + 1]
        filled = [any(cell.strip() for cell in column) for column in zip(*band, strict=True)]
        for left, right in _runs(filled):
            inside = [any(map(str.strip, cells[left : right + 1])) for cells in band]
            first = inside.index(True)
            last = len(inside) - 1 - inside[::-1].index(True)
            yield Block(top + first + 1, left + 1, top + last + 1, right + 1)


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last place of each run of true flags."""
    start: int | None = None
    for place, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = place
        elif not flag and start is not None:
            yield start, place - 1
            start = None


def _is_number(cell: str) -> bool:
    return double(cell.replace(",", ".")) is not None


def _name(block: Block) -> str:
    """Return the range of a block, the name of its cell where it is one."""
    if block.size == 1:
        return f"{letters(block.left)}{block.top}"
    return block.range


def _first(block: Block, rows: Sequence[Cells]) -> str:
    """Return the first cell of a block, shortened."""
    text = next(cell.strip() for cells in block.rows(rows) for cell in cells if cell.strip())
    if len(text) > _LONGEST:
        return f"{text[:_LONGEST]}..."
    return text
