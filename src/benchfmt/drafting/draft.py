"""A draft of a descriptor: from the headers of tables, their first rows, and what a person says.

A draft is a proposal for a person: it says which columns it understood, and never guesses a unit silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from pydantic import JsonValue

from benchfmt.descriptor import SCHEMA_URL
from benchfmt.drafting.columns import DraftedColumns
from benchfmt.drafting.file_names import FileNames
from benchfmt.drafting.heads import Head, first_rows, place_in, read_head
from benchfmt.drafting.review import Note, Question, Review, State
from benchfmt.drafting.said import Said
from benchfmt.drafting.tables import DraftedColumn, DraftedTable
from benchfmt.finding import BenchfmtError
from benchfmt.readers.sheets.number_columns import NumberColumns


@dataclass(frozen=True)
class Draft:
    """A drafted descriptor and what a person should know of it."""

    descriptor: dict[str, JsonValue]
    review: Review

    @property
    def notes(self) -> list[str]:
        """What a person should look at."""
        return self.review.texts()


def draft(path: Path, suite: str | None = None, said: Said | None = None) -> Draft:
    """Return a descriptor for a table, made from its header and first rows, and from what a person says.

    Raises TableError for what is no table, and BenchfmtError for a column that the table does not have.
    """
    return draft_tables([[read_head(path)]], suite, said or Said(), path.stem)


def draft_tables(
    groups: Sequence[Sequence[Head]], suite: str | None, said: Said, called: str
) -> Draft:
    """Return a descriptor for tables; those of a group have the same columns, and are described alike.

    `called` is what the tables are called together.

    Raises BenchfmtError for a column that no table has.
    """
    file_names = _file_names(groups)
    _refuse_unknown(groups, file_names, said)
    stem = slug(called)
    suite = suite or _text(said.constants.get("benchmark.suite"))
    chosen = suite or f"local:{stem}"
    constant: dict[str, JsonValue] = {"benchmark.suite": chosen, **said.constants}
    review = Review()
    resources: list[JsonValue] = []
    names: set[str] = set()
    for group, names_of_files in zip(groups, file_names, strict=True):
        tables, notes = _described(group, names_of_files, suite, constant, said)
        first = tables[0].path
        review.tables[first] = [table.path for table in tables]
        review.notes += [replace(note, table=first) for note in notes]
        for table in tables:
            name = unused(slug(PurePosixPath(table.path).with_suffix("").as_posix()), names)
            resources.append({"name": name, **table.to_dict()})
    if suite is None:
        text = f"the suite is unknown: {chosen!r} stands in its place; set benchmark.suite (--suite) to the suite's id"
        review.add(Note(State.GUESS, text, question=Question.SUITE))
    descriptor: dict[str, JsonValue] = {
        "$schema": SCHEMA_URL,
        "name": stem,
        "benchfmt": _declared(chosen),
        "resources": resources,
    }
    return Draft(descriptor, review)


def _file_names(groups: Sequence[Sequence[Head]]) -> list[FileNames]:
    """Return what the file names of each group differ in."""
    file_names: list[FileNames] = []
    first = 1
    for group in groups:
        file_names.append(FileNames.of(group, first))
        first += len(file_names[-1].parts)
    return file_names


def _refuse_unknown(
    groups: Sequence[Sequence[Head]], file_names: Sequence[FileNames], said: Said
) -> None:
    """Raise BenchfmtError for what is said of a column or a part of a file name that does not exist."""
    names = list(dict.fromkeys(name for group in groups for name in group[0].names))
    unknown = sorted(said.columns() - set(names))
    if unknown:
        shown = groups[0][0].path.name
        raise BenchfmtError(f"{shown} has no column {unknown[0]!r}; it has: {', '.join(names)}")
    parts = {part.number for names_of_files in file_names for part in names_of_files.parts}
    for number in said.parts:
        if number not in parts:
            raise BenchfmtError(f"the file names do not differ in a part {number}")


def _described(
    group: Sequence[Head],
    file_names: FileNames,
    suite: str | None,
    constant: dict[str, JsonValue],
    said: Said,
) -> tuple[list[DraftedTable], list[Note]]:
    """Return the tables of a group, described alike, and the notes on them."""
    first = first_rows(group)
    names = group[0].names
    numbers = NumberColumns(first, said.decimals, group[0].sniffed.dialect.delimiter)
    columns = DraftedColumns(names, numbers.plain(first), suite, partial(place_in, group))
    columns.leave_unnamed_out(first)
    columns.take_long()
    columns.take(said)
    columns.take_numbers(numbers)
    columns.take_dates(said.dates)
    key = columns.long_key()
    columns.take_missing(numbers)
    review = columns.review
    for text in dict.fromkeys(text for head in group for text in head.sniffed.notes):
        review.about_file(text)
    if numbers.marks:
        shown = ", ".join(map(repr, numbers.marks))
        text = f"{shown} among numbers: taken for missing values; add the reason under `missing`"
        review.add(Note(State.GUESS, text))
    drafted = [_column(name, columns, numbers) for name in names]
    tables = []
    for head in group:
        table = DraftedTable(
            head.name,
            drafted,
            constant,
            ["", *numbers.marks],
            key,
            head.written(),
            file_names.extract(said.parts),
        )
        tables.append(table)
    review.notes += file_names.notes(said.parts)
    if not key:
        _choose_primary(tables[0], said, review)
    columns.note_sure()
    return tables, _ordered(columns.with_cells(), names)


def _column(name: str, columns: DraftedColumns, numbers: NumberColumns) -> DraftedColumn:
    """Return a column as it is drafted."""
    annotation = columns.annotations[name]
    dates = columns.dates.get(name)
    if dates is not None:
        return DraftedColumn(name, dates.type, annotation, {"format": dates.pattern})
    words = numbers.words(name)
    valueless = numbers.valueless[name]
    if annotation and "metric" in annotation and (valueless.reasons or valueless.limits):
        # For other readers of Table Schema: only here these cells have a reason.
        texts = ["", *numbers.marks, *valueless.reasons, *valueless.limits]
        words["missingValues"] = list[JsonValue](texts)
    return DraftedColumn(name, numbers.type(name), annotation, words)


def _choose_primary(table: DraftedTable, said: Said, review: Review) -> None:
    """Mark the headline number, and say so where it is a guess."""
    wanted = said.primary
    measured = table.mark_primary(wanted)
    if wanted in measured:
        return
    if wanted is not None and any(column.name == wanted for column in table.columns):
        raise BenchfmtError(f"column {wanted!r} is no measurement, so it is no headline number")
    if len(measured) < 2:
        return
    text = "it is taken for the headline number (`primary`), as the first measurement"
    others = tuple(measured[1:])
    review.add(Note(State.GUESS, text, measured[0], others, Question.PRIMARY))


def _ordered(notes: Sequence[Note], names: Sequence[str]) -> list[Note]:
    """Return the notes on the file first, then those on the columns in their order."""
    places = {name: place for place, name in enumerate(names)}
    return sorted(notes, key=lambda note: places.get(note.column or "", -1))


def slug(text: str) -> str:
    """Return a text as the name of a resource."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-") or "table"


def unused(name: str, used: set[str]) -> str:
    """Return a name that no other resource has, and remember it."""
    unused = name
    number = 2
    while unused in used:
        unused = f"{name}-{number}"
        number += 1
    used.add(unused)
    return unused


def _text(value: JsonValue) -> str | None:
    if isinstance(value, str):
        return value
    return None


def _declared(suite: str) -> dict[str, JsonValue]:
    """Return the declaration of a suite's prefix, empty for a suite of the vocabulary."""
    prefix, colon, _ = suite.partition(":")
    if not colon:
        return {}
    return {"prefixes": {prefix: {"title": "Terms of this package"}}}
