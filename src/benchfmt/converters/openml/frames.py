"""The data frame of OpenML's evaluations as users save it: CSV or ARFF, one row for a run and a function.

openml-python's `list_evaluations(output_format="dataframe")` and openml-r's `listOMLRunEvaluations` make it. It is known
by its columns, which may stand in any order, be fewer, and have parameters of the flow beside them.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchfmt.converters.openml import pages
from benchfmt.converters.openml.trees import head
from benchfmt.finding import BenchfmtError
from benchfmt.readers import arff, encodings
from benchfmt.readers.bounded_rows import short_lines
from benchfmt.readers.tables import encoding_of, first_row

SUFFIXES = (".csv", ".arff")
NEEDED = ("run_id", "function")
_VALUES = ("value", "values", "array_data")
_REFERS = ("task_id", "flow_id", "setup_id")
_OWN = {
    *_REFERS,
    "flow_name",
    "data_id",
    "data_name",
    "upload_time",
    "uploader",
    "uploader_name",
    "evaluation_engine_id",
    "array_data",
    "values",
    "run_id",
    "function",
}
_SOME = 3
"""So many of its columns, the run's among them, make a table look like one."""
_UNMISTAKABLE = 5
"""So many of its columns tell the frame of one that lacks what is needed."""
_IDS = ("run_id", "uploader", "task_id", "setup_id", "flow_id", "data_id", "evaluation_engine_id")
_PARAMETER = re.compile(r".+\([0-9]+\)_.+")
"""A column of a hyperparameter: the full name of its flow with a version, and its name."""
_FLOAT = re.compile(r"([0-9]{1,15})\.0*")
_EMPTY = ("", "nan", "NaN", "None", "NA")
_HEAD = 65_536
MAX_LITERAL = 100_000


def lacks(path: Path) -> str | None:
    """Say what a table that looks like a data frame of evaluations lacks, or None."""
    columns = set(_columns(path))
    if "run_id" not in columns or len(columns & _OWN) < _SOME or fault(path) == "":
        return None
    lacking = _lacking(columns)
    named = ", ".join(map(repr, lacking or _REFERS[:1]))
    return f"looks like a data frame of OpenML's evaluations, but it has no column {named}"


def fault(path: Path) -> str | None:
    """Say what a data frame of evaluations lacks: nothing (""), or None where a file is no such frame."""
    columns = set(_columns(path))
    if not columns.intersection(_REFERS):
        return None
    lacking = _lacking(columns)
    if not lacking:
        return ""
    if len(columns & _OWN) < _UNMISTAKABLE:
        return None
    return (
        f"it looks like a data frame of OpenML's evaluations, but it has no column {lacking[0]!r}"
    )


def _lacking(columns: set[str]) -> list[str]:
    """Return what a data frame needs and some columns do not have."""
    lacking = [name for name in NEEDED if name not in columns]
    if not columns.intersection(_VALUES):
        lacking.append(_VALUES[0])
    return lacking


def _columns(path: Path) -> list[str]:
    if not path.name.lower().endswith(".arff"):
        return first_row(path)
    return arff.names(encodings.decoded(head(path, _HEAD)).splitlines())


def read(path: Path) -> Iterator[pages.Page]:
    """Yield the rows of a data frame in pages."""
    return pages.paged(_pieces(path))


def functions(path: Path) -> set[str]:
    """Return the functions that a data frame names."""
    place = pages.FIELDS.index("function")
    rows = (row for piece in _pieces(path) if isinstance(piece, list) for row in piece)
    return {row[place] or "" for row in rows} - {""}


@dataclass(frozen=True)
class _Frame:
    """The columns of a frame: where each field stands, and which columns hold parameters."""

    width: int
    fields: Sequence[int | None]
    parameters: Sequence[tuple[str, int]]
    whole: int | None
    """The column that holds all parameters of a row as one text."""

    def piece(self, cells: Sequence[str]) -> Iterator[pages.Piece]:
        """Yield a row with its parameters, or why it is none."""
        if len(cells) != self.width:
            yield pages.Broken(
                f"the row has {len(cells)} cells where the table has {self.width} columns"
            )
            return
        yield [
            tuple(
                _said(name, cells, place)
                for name, place in zip(pages.FIELDS, self.fields, strict=True)
            )
        ]
        said = {name: cells[place] for name, place in self.parameters if cells[place] not in _EMPTY}
        if self.whole is not None:
            said |= _parameters(cells[self.whole])
        if said:
            yield said


def _frame(columns: Sequence[str]) -> _Frame:
    places = {name: index for index, name in reversed(list(enumerate(columns)))}
    return _Frame(
        width=len(columns),
        fields=[places.get(name) for name in pages.FIELDS],
        parameters=[
            (name, index) for index, name in enumerate(columns) if _PARAMETER.fullmatch(name)
        ],
        whole=places.get("parameters"),
    )


def _said(name: str, cells: Sequence[str], place: int | None) -> str | None:
    """Return a cell, or None where it says nothing; pandas writes whole numbers beside missing ones as 7.0."""
    cell = ""
    if place is not None:
        cell = cells[place].strip()
    if cell in _EMPTY and name != "value":
        return None
    if name in _IDS and (whole := _FLOAT.fullmatch(cell)):
        return whole[1]
    if name in ("values", "array_data"):  # a list of texts, as Python prints it
        return cell.replace("'", "")
    return cell or None


def _parameters(cell: str) -> dict[str, str]:
    """Return the parameters that a cell holds as a Python dict, which is read and never run."""
    if len(cell) > MAX_LITERAL:
        return {}
    try:
        literal = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {}
    if not isinstance(literal, dict):
        return {}
    return {str(name): str(value) for name, value in literal.items()}


def _pieces(path: Path) -> Iterator[pages.Piece]:
    try:
        with path.open(encoding=encoding_of(path), newline="") as file:
            lines = short_lines(file)
            if path.name.lower().endswith(".arff"):
                yield from _by_line(lines)
            else:
                yield from _by_record(lines)
    except csv.Error as error:
        raise BenchfmtError(f"cannot be read as a table: {error}") from error


def _by_record(file: Iterable[str]) -> Iterator[pages.Piece]:
    lines = csv.reader(file)
    frame = _frame([name.removeprefix("\ufeff") for name in next(lines, [])])
    for cells in lines:
        if any(cells):
            yield from frame.piece(cells)


def _by_line(file: Iterator[str]) -> Iterator[pages.Piece]:
    frame = _frame(arff.names(file))
    for cells in arff.rows(file):
        if cells is None:
            yield pages.Broken(
                "the row cannot be divided into cells: a quote does not end, or it is a sparse row"
            )
        else:
            yield from frame.piece(cells)
