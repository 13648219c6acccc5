"""What flat-table converters share: a descriptor, run over a file batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from benchfmt.annotated import (
    AnnotationError,
    Notes,
    Origin,
    Outcome,
    Program,
    compile_resource,
    run,
)
from benchfmt.annotated.amounts import frames_of_records
from benchfmt.annotated.assumptions import assumptions
from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Part
from benchfmt.descriptor import Resource
from benchfmt.finding import Finding
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.bad_rows import BadRow
from benchfmt.readers.files import UnsafeError, file_sha256
from benchfmt.readers.sheets import Table
from benchfmt.readers.tables import TableError
from benchfmt.vocabulary import Metric

Integers = npt.NDArray[np.int64]
T = TypeVar("T")
_FEWEST_BYTES_AHEAD = 2**18
"""A smaller file is seldom more than one part: to start a thread takes longer than to read it."""


@dataclass(frozen=True)
class Added:
    """Columns that a converter works out beside those of the file: their names, and how a frame gets them.

    `make` takes a frame, the numbers of its rows in the file, and the notes on the file's cells.
    """

    names: tuple[str, ...] = ()
    make: Callable[[pl.DataFrame, Integers, Notes], pl.DataFrame] = lambda frame, _rows, _notes: (
        frame
    )


def read_table(
    path: Path,
    resource: Resource,
    *,
    converter: str,
    version: str,
    declared: Mapping[str, Metric] | None = None,
    identity_path: str | None = None,
    table: str = "",
    limits: Limits = LIMITS,
    encoding: str | None = None,
    added: Added | None = None,
    tells_assumptions: bool = False,
) -> Iterator[Item]:
    """Yield what an annotated file holds, in parts; a file that is no table is one Failed.

    `identity_path` is the path that ids are made from: from the root of the submission, else the file's name; `table`
    tells a table from others of the file. An `encoding`
    stands for that of the descriptor, which is UTF-8 where it names none; `SNIFFED` is for descriptors of our own.
    `tells_assumptions` is for descriptors of others: what they assume and nobody confirms is a finding.
    """
    added = added or Added()
    try:
        text = resource.text_table(path, limits, encoding)
        columns = [*text.header(), *added.names]
        yield from guessed_encoding(text)
        program = compile_resource(resource, columns, declared or {})
        yield from absent_columns(program, path.name)
        if tells_assumptions:
            for item in assumptions(program):
                yield texts.finding(
                    item.code, path.name, item.message, item.hint, column=item.column
                )
        identity, digest = identity_path or path.name, file_sha256(path)
        origin = Origin(identity, digest, path.name, converter, version, table)
        notes = Notes(path.name, limits)
        parts = _parts(path, text, added, program, origin, notes)
        yield from parts if path.stat().st_size < _FEWEST_BYTES_AHEAD else ahead(parts)
        yield from more_findings(notes)
    except (TableError, UnsafeError, AnnotationError) as error:
        yield Failed(path, str(error))


def _parts(
    path: Path, text: Table, added: Added, program: Program, origin: Origin, notes: Notes
) -> Iterator[Item]:
    """Yield the records of a table, with the rows that cannot be read."""
    done = 0
    for frame, rows in frames_of_records(text, program, notes.limits):
        outcome = run(program, added.make(frame, rows, notes), rows, origin, notes)
        bad = [(row.row, _cells(row)) for row in text.bad_rows[done:]]
        done = len(text.bad_rows)
        height = frame.height
        yield part_of(path, outcome, rows=height + len(bad), taken=height, failed=bad)
    for late in text.bad_rows[done:]:
        yield Failed(path, _cells(late), late.row)


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield items, each after the next is begun in a thread: most of the work on columns lets other threads run."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def guessed_encoding(text: Table) -> Iterator[Finding]:
    """Yield a finding for a table whose encoding nothing says."""
    if text.is_guessed:
        message = "the file is not UTF-8; it is read as Windows-1252, of which Latin-1 is a part"
        yield texts.finding("BF105", text.path.name, message, "save it as UTF-8")


def more_findings(notes: Notes) -> Iterator[Finding]:
    """Yield a finding for each code of which more cells were at fault than are listed."""
    for code, count in notes.beyond().items():
        message = f"{count} more cells are at fault in this way"
        yield texts.finding(code, notes.path, message)


def absent_columns(program: Program, shown: str) -> Iterator[Finding]:
    """Yield a finding for each column that the descriptor annotates and the table does not have."""
    for name in program.absent:
        message = f"the table has no column {name!r}, which its descriptor describes; its values are missing"
        hint = "restore the column, or take it out of the descriptor"
        yield texts.finding("BF101", shown, message, hint, column=name)


def parse_resource(data: Mapping[str, Any]) -> Resource:
    """Return the resource that a converter's own descriptor describes."""
    return Resource.model_validate(data)


def part_of(
    path: Path,
    outcome: Outcome,
    *,
    rows: int,
    taken: int,
    skipped: Iterable[tuple[int, str]] = (),
    failed: Iterable[tuple[int, str]] = (),
) -> Part:
    """Return the records of some rows with their account: `taken` were run, the others skipped or failed before."""
    lost = {row for row, _ in (*outcome.skipped, *outcome.failed)}
    return Part(
        path=path,
        batch=outcome.batch,
        rows=rows,
        converted=taken - len(lost),
        skipped=(*skipped, *outcome.skipped),
        failed=(*failed, *outcome.failed),
        findings=tuple(outcome.findings),
    )


def _cells(bad: BadRow) -> str:
    return bad.message
