"""What a person should know of a draft: what was taken for what, why, and what else it could be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue


class State(StrEnum):
    """How sure a line of a review is."""

    SURE = "sure"
    """The header or the cells say it."""
    GUESS = "guess"
    OPEN = "open"
    """A person must say it."""
    FORM = "form"
    """How the file is written."""
    KEPT = "kept"
    """As an older descriptor has it."""
    NEW = "new"
    GONE = "gone"


class Question(StrEnum):
    """What a line of a review asks a person."""

    UNIT = "unit"
    COLUMN = "column"
    PRIMARY = "primary"
    DECIMAL = "decimal"
    DATE = "date"
    SUITE = "suite"
    PART = "part"


_ANSWERS = {
    Question.DATE: "; say --date",
    Question.UNIT: "; say --unit, or --confirm it",
    Question.PRIMARY: "; --primary says another",
    Question.PART: "; say --part",
}
"""The options that answer a question, where its text does not name them."""


@dataclass(frozen=True)
class Note:
    """One line of a review; `others` are what else it could be, the likeliest first."""

    state: State
    text: str
    column: str | None = None
    others: tuple[str, ...] = ()
    question: Question | None = None
    part: int | None = None
    """The part of the file names that it is about, from 1."""
    table: str | None = None
    """The path of the first of the tables that it is about."""
    cells: tuple[str, ...] = ()
    """Some cells of the column."""
    taken: str | None = None
    """The unit that is assumed, or the first pattern of dates that it may be."""

    @property
    def is_to_look_at(self) -> bool:
        """Whether a person should look at it."""
        return self.state not in (State.SURE, State.KEPT)

    @property
    def is_open(self) -> bool:
        """Whether nothing is taken until a person says it."""
        return self.state is State.OPEN

    def __str__(self) -> str:
        """Return the line as a person reads it."""
        names = self.others
        if self.question is Question.PRIMARY:
            names = tuple(map(repr, names))
        others = ""
        if names:
            others = f" (or {', '.join(names)})"
        line = f"{self.text}{others}"
        if self.question is not None:
            line += _ANSWERS.get(self.question, "")
        if self.column is None:
            return line
        return f"column {self.column!r}: {line}"

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the line as plain data."""
        data: dict[str, JsonValue] = {"state": self.state.value}
        if self.column is not None:
            data["column"] = self.column
        if self.table is not None:
            data["table"] = self.table
        data["text"] = self.text
        data["alternatives"] = list(self.others)
        if self.question is not None:
            data["asks"] = self.question.value
        if self.part is not None:
            data["part"] = self.part
        return data


@dataclass
class Review:
    """The lines of a review, in the order of the columns."""

    notes: list[Note] = field(default_factory=list)
    tables: dict[str, list[str]] = field(default_factory=dict)
    """The paths of the tables of each group, by that of its first."""

    def add(self, note: Note) -> None:
        """Add a line."""
        self.notes.append(note)

    def about_file(self, text: str) -> None:
        """Add a line on how the file is written."""
        self.add(Note(State.FORM, text))

    def begin_with(self, texts: Sequence[str]) -> None:
        """Put lines on the files before all others."""
        self.notes[:0] = [Note(State.FORM, text) for text in texts]

    def forget(self, columns: Collection[str]) -> None:
        """Drop the lines about some columns, because something better is known."""
        self.notes = [note for note in self.notes if note.column not in columns]

    def answer(self, column: str, question: Question) -> None:
        """Drop the lines of a question about a column that a person has answered."""
        self.notes = [
            note for note in self.notes if (note.column, note.question) != (column, question)
        ]

    def lines(self) -> list[str]:
        """Return all lines, each behind a word that says whether a person should look at it."""
        return [f"{_word(note)}: {self._line(note)}" for note in self.notes]

    def texts(self) -> list[str]:
        """Return the lines that a person should look at."""
        return [self._line(note) for note in self.notes if note.is_to_look_at]

    def _line(self, note: Note) -> str:
        """Return a note behind its table, where there are several kinds."""
        if note.table is None or len(self.tables) < 2:
            return str(note)
        return f"{note.table}: {note}"


def _word(note: Note) -> str:
    match note.state:
        case State.SURE:
            return "taken"
        case State.KEPT:
            return "kept"
    return "review"
