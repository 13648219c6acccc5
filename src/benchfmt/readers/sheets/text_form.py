"""How a text with separators is written, found out from its first rows."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, field

from benchfmt.numbers import double
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.table import Cells
from benchfmt.readers.sheets.valueless import MARKS
from benchfmt.readers.tables import TableError
from benchfmt.units import find_unit

DELIMITERS = (",", ";", "\t", "|")
COMMENTS = ("#", "//", "%")
_ROWS = 1_000
_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars", " ": "blanks"}
_SURE = 0.9
_PROBABLE = 0.6
_EXCEL_HINT = "sep="
_DIGITS = re.compile(r"[<>~≈≤≥]?\s*[-+\u2212]?[.,]?[0-9]")


@dataclass(frozen=True)
class _Cut:
    """The first rows of a text, cut at one separator: most have `width` cells, and `share` of them do."""

    delimiter: str
    rows: list[Cells]
    width: int
    share: float

    @classmethod
    def at(cls, lines: list[str], delimiter: str, quote: str, escape: str | None) -> _Cut:
        """Return lines cut at a separator."""
        reader = csv.reader(
            lines, delimiter=delimiter, quotechar=quote, escapechar=escape, doublequote=not escape
        )
        rows: list[Cells] = []
        try:
            for cells in reader:
                rows.append(cells)
                if len(rows) == _ROWS:
                    break
        except csv.Error:
            return cls(delimiter, [], 0, 0.0)
        widths = Counter(len(cells) for cells in rows if any(cells) and not is_comment(cells))
        if not widths:
            return cls(delimiter, rows, 0, 0.0)
        most = max(widths.values())
        width = max(width for width, count in widths.items() if count == most)
        return cls(delimiter, rows, width, most / widths.total())


def is_comment(cells: Cells) -> bool:
    """Say whether a row looks like a comment."""
    return bool(cells) and cells[0].lstrip().startswith(COMMENTS)


@dataclass
class TextForm:
    """The dialect of a text, and what a person should know of it or answer."""

    dialect: Dialect
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, text: str, is_whole: bool) -> TextForm:
        """Return how a text is written, by its beginning; raises TableError for one that is no table."""
        return _Finder(name, text, is_whole).find()

    @classmethod
    def of_rows(cls, name: str, rows: list[Cells]) -> TextForm:
        """Return where the header stands in rows of equal width; raises TableError where there is none."""
        width = max(map(len, rows), default=0)
        finder = _Finder(name, "", is_whole=True)
        finder.look_at(_Cut(",", rows, width, 1.0))
        return TextForm(Dialect.model_validate(finder.words), finder.notes)


class _Finder:
    """Looks at one thing after the other, and collects the words of the dialect."""

    def __init__(self, name: str, text: str, is_whole: bool) -> None:
        self.name = name
        self.lines = text.splitlines(keepends=True)
        if not is_whole and len(self.lines) > 1:
            self.lines.pop()
        self.text = text
        self.words: dict[str, object] = {}
        self.notes: list[str] = []

    def find(self) -> TextForm:
        if not self.lines:
            raise TableError(
                "BF101", f"{self.name} is empty: a table begins with a row of column names"
            )
        quote, escape = self._quoting()
        cut = self._delimiter(quote, escape)
        self.words["delimiter"] = cut.delimiter
        self.look_at(cut)
        dialect = Dialect.model_validate(self.words)
        return TextForm(dialect, self.notes)

    def _quoting(self) -> tuple[str, str | None]:
        """Return what stands around cells, and what stands before a quote inside of them."""
        if '\\"' in self.text and '""' not in self.text.replace('\\"', ""):
            self.words |= {"escapeChar": "\\", "doubleQuote": False}
            self.notes.append('quotes inside of cells are written \\": said by `escapeChar`')
            return '"', "\\"
        if '"' not in self.text and self._is_quoted_once():
            self.words["quoteChar"] = "'"
            self.notes.append("cells are quoted by ': said by `quoteChar`")
            return "'", None
        return '"', None

    def _is_quoted_once(self) -> bool:
        """Say whether most lines hold cells between single quotes."""
        lines = [line.strip() for line in self.lines[:_ROWS] if line.strip()]
        quoted = [line for line in lines if line.startswith("'") and line.count("'") % 2 == 0]
        return len(quoted) > _PROBABLE * len(lines)

    def _delimiter(self, quote: str, escape: str | None) -> _Cut:
        hint = self.lines[0].strip().strip('"')
        named = hint.lower().removeprefix(_EXCEL_HINT)
        if hint.lower().startswith(_EXCEL_HINT) and named in DELIMITERS:
            self.words["commentRows"] = [1]
            self.notes.append(f"the first line, {hint!r}, names the separator")
            return _Cut.at(self.lines, hint[-1], quote, escape)
        cuts = [_Cut.at(self.lines, mark, quote, escape) for mark in DELIMITERS]
        likely = [cut for cut in cuts if cut.width > 1 and cut.share >= _PROBABLE]
        likely = [cut for cut in likely if _first_of_width(cut) is not None]
        if not likely:
            return self._without_delimiter(quote, escape)
        best = max(likely, key=lambda cut: (_names_are_cut(cut, cuts), cut.share, cut.width))
        rivals = [cut for cut in likely if cut is not best and self._is_rival(cut, best)]
        if best.delimiter != ",":
            self.notes.append(f"cells are set apart by {_NAMES[best.delimiter]}")
        for rival in rivals:
            word = _NAMES[rival.delimiter]
            self.notes.append(
                f"are the cells set apart by {_NAMES[best.delimiter]}, as is assumed, or by {word}? "
                f"Both give rows of equal width ({best.width} and {rival.width} cells)"
            )
        if best.share < _SURE:
            percent = round(100 * (1 - best.share))
            self.notes.append(
                f"{percent} % of the first rows do not have {best.width} cells: is the separator right?"
            )
        return best

    def _is_rival(self, cut: _Cut, best: _Cut) -> bool:
        """Say whether another separator fits as well: it cuts the names too, and every row alike."""
        return cut.share >= _SURE and _names_are_cut(cut, [cut]) and best.share - cut.share < 0.05

    def _without_delimiter(self, quote: str, escape: str | None) -> _Cut:
        lines = [line.strip() for line in self.lines[:_ROWS] if line.strip()]
        widths = {len(line.split()) for line in lines}
        if len(widths) == 1 and widths != {1} and len(lines) > 1:
            if any("  " in line for line in lines):
                message = "its columns are set apart by several blanks, which is not read"
                raise TableError("BF103", f"{self.name}: {message}; save it as CSV")
            self.notes.append("are the cells set apart by single blanks, as is assumed?")
            return _Cut.at(self.lines, " ", quote, escape)
        whole = _Cut.at(self.lines, ",", quote, escape)
        if whole.share < _PROBABLE:
            message = "no separator gives rows of equal width"
            raise TableError("BF103", f"{self.name} holds no table that is understood: {message}")
        if any(mark in line for line in lines for mark in (*DELIMITERS, "  ")):
            message = (
                "no separator fits, so the table has one column; say `delimiter` if it has more"
            )
            self.notes.append(message)
        return whole

    def look_at(self, cut: _Cut) -> None:
        """Find the comments, the lines above the header, and the rows of the header."""
        comment = self._comment(cut)
        if comment:
            self.words["commentChar"] = comment
            self.notes.append(f"lines that begin with {comment!r} are comments")
        first = self._first_row(cut, comment)
        header = [first, *self._more_header(cut, first, comment)]
        skipped = [
            place
            for place, cells in enumerate(cut.rows[: first - 1], 1)
            if any(cells) and not _begins(cells, comment) and place not in self._comment_rows()
        ]
        if skipped:
            lines = f"line {skipped[0]}, which stands"
            if len(skipped) > 1:
                lines = f"{len(skipped)} lines, which stand"
            self.notes.append(f"{lines} above the names of the columns: taken for a title")
        if header != [1]:
            self.words["headerRows"] = header
        self._names([cut.rows[place - 1] for place in header], cut.rows[header[-1] :])

    def _comment_rows(self) -> list[int]:
        rows = self.words.get("commentRows")
        return rows if isinstance(rows, list) else []

    def _comment(self, cut: _Cut) -> str | None:
        """Return what comments begin with: lines that begin so are no names and have not as many cells as rows."""
        marked = [place for place, cells in enumerate(cut.rows) if is_comment(cells)]
        plain = [cells for cells in cut.rows if any(cells) and not is_comment(cells)]
        if not marked or not plain:
            return None
        last_of_head = max((place for place in marked if _is_head(cut, place)), default=None)
        if last_of_head is not None and len(cut.rows[last_of_head]) == cut.width:
            after = next((row for row in cut.rows[last_of_head + 1 :] if any(row)), [])
            if has_number(after) and not has_number(cut.rows[last_of_head]):
                name = cut.rows[last_of_head][0]
                self.notes.append(
                    f"is {name!r} the name of the first column? The line has as many cells as the rows: it is taken for the names"
                )
                return None
        beginnings = {
            mark for place in marked for mark in COMMENTS if _begins(cut.rows[place], mark)
        }
        if len(beginnings) == 1:
            return beginnings.pop()
        self.notes.append(
            f"lines begin with {', '.join(sorted(beginnings))}: say by `commentChar` or `commentRows` which are comments"
        )
        return COMMENTS[0] if COMMENTS[0] in beginnings else None

    def _first_row(self, cut: _Cut, comment: str | None) -> int:
        """Return the place of the first row of the header: the first that is as wide as the table."""
        indent = _indent(cut)
        for place, cells in enumerate(cut.rows, 1):
            if _begins(cells, comment) or place in self._comment_rows():
                continue
            if len(cells) == cut.width and not _is_title(cells[indent:]):
                return place
        raise TableError("BF101", f"{self.name}: no row of column names was found")

    def _more_header(self, cut: _Cut, first: int, comment: str | None) -> list[int]:
        """Return the place of the second row of a header, if it has one: of units, or of names under groups."""
        rows = [
            (place, cells)
            for place, cells in enumerate(cut.rows, 1)
            if place > first and any(cells) and not _begins(cells, comment)
        ]
        if len(rows) < 2 or len(rows[0][1]) != cut.width:
            return []
        place, second = rows[0]
        body = [cells for _, cells in rows[1:] if len(cells) == cut.width]
        numeric = [column for column in range(cut.width) if body and _is_numeric(body, column)]
        under = [_word(second[column]) for column in numeric]
        if not numeric or any(map(_begins_as_number, under)) or has_number(cut.rows[first - 1]):
            return []
        if any(under) and all(find_unit(word.strip("[]()")) for word in under if word):
            self.notes.append(f"row {place} holds units: it is read as part of the names")
            return [place]
        if _has_groups(cut.rows[first - 1]) and all(under):
            self.notes.append(
                f"rows {first} and {place} are read as names of two rows; a group over several columns stands over its first only: "
                "look at the names"
            )
            return [place]
        if any(under):
            shown = next(word for word in under if word)
            self.notes.append(
                f"is row {place} part of the names? It holds {shown!r} where the rows below hold numbers; "
                f"if so, say `headerRows` {[first, place]}"
            )
        return []

    def _names(self, header: list[Cells], body: list[Cells]) -> None:
        """Look at the names: blanks that follow separators, names that are missing, numbers."""
        if any(cell.startswith(" ") for cells in header for cell in cells[1:]):
            self.words["skipInitialSpace"] = True
        if len(header) == 1 and has_number(header[0]):
            shown = next(cell for cell in header[0] if _is_number(cell))
            self.notes.append(
                f"the first row holds the number {shown!r}: is it the names of the columns, as is assumed? Else say `header` false"
            )
        if any(not any(cells) for cells in body if len(cells) <= 1):
            # Frictionless takes a blank line for a row otherwise.
            self.words["skipBlankRows"] = True


def _first_of_width(cut: _Cut) -> Cells | None:
    """Return the first row that is as wide as most."""
    return next((cells for cells in cut.rows if len(cells) == cut.width), None)


def _names_are_cut(cut: _Cut, cuts: list[_Cut]) -> bool:
    """Say whether a separator cuts the first line that another one cuts: the names, and not only the cells."""
    place = next((i for i, row in enumerate(cut.rows) if len(row) == cut.width), 0)
    earlier = [
        place
        for other in cuts
        if other.width > 1
        for place, row in enumerate(other.rows)
        if len(row) == other.width and not is_comment(row)
    ]
    return place <= min(earlier, default=place)


def _begins(cells: Cells, mark: str | None) -> bool:
    return mark is not None and bool(cells) and cells[0].lstrip().startswith(mark)


def _is_head(cut: _Cut, place: int) -> bool:
    """Say whether nothing but comments and blank lines stands above a row."""
    return all(not any(cells) or is_comment(cells) for cells in cut.rows[:place])


def _indent(cut: _Cut) -> int:
    """Return how many empty columns stand before the table."""
    rows = [cells for cells in cut.rows if len(cells) == cut.width]
    for column in range(cut.width):
        if any(cells[column].strip() for cells in rows):
            return column
    return 0


def _is_title(cells: Cells) -> bool:
    """Say whether a row of several cells is a title: only its first cell holds something."""
    return len(cells) > 1 and not any(cell.strip() for cell in cells[1:])


def _has_groups(cells: Cells) -> bool:
    """Say whether a row of names has gaps, as where one name stands over several columns."""
    return any(not cell.strip() for cell in cells[1:])


def _is_number(cell: str) -> bool:
    return double(cell) is not None or double(cell.replace(",", ".")) is not None


def _begins_as_number(cell: str) -> bool:
    """Say whether a cell begins with digits, as `1.2k`, `<0.1` and `12.3 ± 0.4` do."""
    return _DIGITS.match(cell) is not None


def _word(cell: str) -> str:
    """Return the word in a cell, empty where a mark says that there is no value."""
    word = cell.strip()
    if word.lower() in MARKS:
        return ""
    return word


def has_number(cells: Cells) -> bool:
    """Say whether a cell of a row is a number."""
    return any(_is_number(cell) for cell in cells)


def _is_numeric(rows: list[Cells], column: int) -> bool:
    """Say whether most cells of a column that hold something are numbers."""
    cells = [row[column] for row in rows if row[column].strip()]
    return bool(cells) and sum(map(_is_number, cells)) > _PROBABLE * len(cells)
