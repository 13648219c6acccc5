"""What flat-table converters share: a descriptor, run over a file batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
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
from benchfmt.converters.base import Failed, Item, Part
from benchfmt.descriptor import Resource
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import file_sha256
from benchfmt.readers.tables import BadRow, TableError, TextTable
from benchfmt.vocabulary import Metric


def read_table(
    path: Path,
    resource: Resource,
    *,
    converter: str,
    version: str,
    declared: Mapping[str, Metric] | None = None,
    identity_path: str | None = None,
    limits: Limits = LIMITS,
    encoding: str | None = None,
) -> Iterator[Item]:
    """Yield what an annotated file holds, in parts; a file that is no table is one Failed.

    `identity_path` is the path that ids are made from: from the root of the submission, else the file's name. An `encoding`
    stands for that of the descriptor, which is UTF-8 where it names none; `SNIFFED` is for descriptors of our own.
    """
    text = resource.text_table(path, limits)
    text.encoding = encoding or text.encoding
    try:
        columns = text.header()
        yield from guessed_encoding(text)
        program = compile_resource(resource, columns, declared or {})
        yield from absent_columns(program, path.name)
        origin = Origin(
            identity_path or path.name, file_sha256(path), path.name, converter, version
        )
        notes = Notes(path.name)
        frames = _whole(text) if program.annotation.key else text.batches()
        done = 0
        for frame, rows in frames:
            outcome = run(program, frame, rows, origin, notes)
            bad = text.bad_rows[done:]
            done = len(text.bad_rows)
            yield _part(path, outcome, frame.height, tuple((b.row, _cells(b)) for b in bad))
        yield from more_findings(notes)
        for late in text.bad_rows[done:]:
            yield Failed(path, _cells(late), late.row)
    except (TableError, AnnotationError) as error:
        yield Failed(path, str(error))


def guessed_encoding(text: TextTable) -> Iterator[Finding]:
    """Yield a finding for a table whose encoding nothing says."""
    if text.is_guessed:
        words = "the file is not UTF-8; it is read as Windows-1252, of which Latin-1 is a part"
        hint = "save it as UTF-8"
        yield Finding(
            "BF105", Severity.WARNING, text.path.name, None, None, None, words, None, hint
        )


def more_findings(notes: Notes) -> Iterator[Finding]:
    """Yield a finding for each code of which more cells were at fault than are listed."""
    for code, count in notes.beyond().items():
        words = f"{count} more cells are at fault in this way"
        yield Finding(code, Severity.WARNING, notes.path, None, None, None, words)


def absent_columns(program: Program, shown: str) -> Iterator[Finding]:
    """Yield a finding for each column that the descriptor annotates and the table does not have."""
    for name in program.absent:
        yield Finding(
            "BF101",
            Severity.WARNING,
            shown,
            None,
            name,
            None,
            f"the table has no column {name!r}, which its descriptor describes; its values are missing",
            None,
            "restore the column, or take it out of the descriptor",
        )


def parse_resource(data: Mapping[str, Any]) -> Resource:
    """Return the resource that a converter's own descriptor describes."""
    return Resource.model_validate(data)


def _whole(text: TextTable) -> Iterator[tuple[pl.DataFrame, Any]]:
    """Yield all batches as one: the rows of a record may stand anywhere in a long table."""
    parts = list(text.batches())
    if parts:
        yield pl.concat([frame for frame, _ in parts]), np.concatenate([rows for _, rows in parts])


def _part(path: Path, outcome: Outcome, height: int, bad: tuple[tuple[int, str], ...]) -> Part:
    lost = len({row for row, _ in outcome.skipped} | {row for row, _ in outcome.failed})
    return Part(
        path=path,
        batch=outcome.batch,
        rows=height + len(bad),
        converted=height - lost,
        skipped=tuple(outcome.skipped),
        failed=(*bad, *outcome.failed),
        findings=tuple(outcome.findings),
    )


def _cells(bad: BadRow) -> str:
    words = f"the row has {bad.actual} cells where the table has {bad.expected} columns"
    return (
        f"{words}; a quote is never closed, so the rows after it are lost in it"
        if bad.open_quote
        else words
    )


__all__ = ["BenchfmtError", "absent_columns", "guessed_encoding", "parse_resource", "read_table"]
