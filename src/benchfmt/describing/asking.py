"""Asks a person what a draft leaves open: each question with its possible answers first, and each may be skipped."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from benchfmt.annotated.columns import TERM_KINDS, constant, target
from benchfmt.describing import Description
from benchfmt.describing.options import read_value
from benchfmt.drafting import Draft, Head, Note, Question, Said
from benchfmt.finding import BenchfmtError
from benchfmt.headers.words import words_of
from benchfmt.numbers import since_1970
from benchfmt.units import find_unit
from benchfmt.vocabulary import metric_of, vocabulary

LEAVE_OUT = "leave it out"
_PERSON = "the person who described the table"
_NUMBERS = ("latency", "duration", "throughput", "accuracy", "memory", "power", "energy")
"""What columns of numbers are most often."""
_NAMES = ("system.name", "model.name", "dataset.name", "software.engine", "configuration.precision")
"""What columns of text are most often."""
_LICENSES = ("CC-BY-4.0", "CC0-1.0", "CC-BY-SA-4.0", "Apache-2.0")
_MOST_TERMS = 40
"""So many terms are shown as possible answers."""


@dataclass(frozen=True)
class Asked:
    """One question: what is asked, the possible answers, and what an answer changes.

    `take` returns what a person has said with the answer; it raises BenchfmtError for an answer that cannot be.
    """

    key: str
    text: str
    answers: tuple[str, ...]
    take: Callable[[Said, str], Said]
    skipped: str = "leave it open"
    """What it means to give no answer."""


class Person(Protocol):
    """Somebody who answers questions."""

    @abstractmethod
    def answer(self, question: Asked) -> str | None:
        """Return the answer, one of those that are possible or another; None where the question is skipped."""

    @abstractmethod
    def refuse(self, reason: str) -> None:
        """Say why an answer cannot be taken."""


@dataclass(frozen=True)
class Describer:
    """Describes tables by what a person says: `draft` quickly, `describe` with what a submission asks for."""

    draft: Callable[[Said], Draft]
    describe: Callable[[Said], Description]


def ask(tables: Describer, said: Said, person: Person, heads: Sequence[Head]) -> Description:
    """Return the description after all questions are answered or skipped; what an answer opens is asked too."""
    asked: set[str] = set()
    while True:
        description = tables.describe(said)
        questions = [item for item in questions_of(description, heads) if item.key not in asked]
        if not questions:
            return description
        for question in questions:
            asked.add(question.key)
            said = _answered(question, said, tables, person)


def _answered(question: Asked, said: Said, tables: Describer, person: Person) -> Said:
    """Return what a person has said after one question, which is asked again after an answer that cannot be."""
    while True:
        answer = person.answer(question)
        if answer is None:
            return said
        try:
            more = question.take(said, answer)
            tables.draft(more)
        except BenchfmtError as error:
            person.refuse(str(error))
        else:
            return more


def questions_of(description: Description, heads: Sequence[Head]) -> Iterator[Asked]:
    """Yield what a description leaves open, in the order in which a person thinks of it."""
    notes = [note for note in description.review.notes if note.question is not None]
    notes.sort(key=lambda note: _order(note))
    for note in notes:
        question = _question(note)
        if question is not None:
            yield question
    for item in description.asked:
        if item.constant is not None:
            yield _constant(item.constant, item.text, heads)


def _order(note: Note) -> int:
    """Return the place of a question: the suite first, and the headline number after all columns."""
    match note.question:
        case Question.SUITE:
            return 0
        case Question.PRIMARY:
            return 2
    return 1


def _question(note: Note) -> Asked | None:
    """Return what a note asks; None for a guess that nobody is asked about."""
    match note.question:
        case Question.SUITE:
            return _suite(note)
        case Question.DECIMAL if note.is_open:
            return _decimal(note)
        case Question.DATE:
            return _date(note)
        case Question.COLUMN:
            return _column(note)
        case Question.UNIT:
            return _unit(note)
        case Question.PART:
            return _part(note)
        case Question.PRIMARY:
            return _primary(note)
    return None


def _about(note: Note) -> str:
    """Return the name of a column with some of its cells."""
    if not note.cells:
        return f"Column {note.column!r}"
    return f"Column {note.column!r} ({', '.join(note.cells)})"


def _suite(note: Note) -> Asked:
    def take(said: Said, answer: str) -> Said:
        constant("benchmark.suite", answer)
        return replace(said, constants={**said.constants, "benchmark.suite": answer})

    text = "Which suite are the results of? Your own is prefix:name, such as camera-lab:speed"
    return Asked("suite", text, (), take, f"it stays open: {note.text.partition(';')[0]}")


def _unit(note: Note) -> Asked:
    name = str(note.column)
    is_right = f"{note.taken} is right"

    def take(said: Said, answer: str) -> Said:
        if answer == is_right:
            return replace(said, confirmed={**said.confirmed, name: _PERSON})
        if find_unit(answer) is None:
            raise BenchfmtError(f"{answer!r} is not a unit; write one such as ms, MB, W, %")
        return replace(said, units={**said.units, name: answer})

    answers = (is_right, *note.others)
    skipped = f"{note.taken} is assumed, and a submission is not accepted"
    return Asked(f"unit {name}", f"{_about(note)}: in which unit?", answers, take, skipped)


def _column(note: Note) -> Asked:
    name = str(note.column)

    def take(said: Said, answer: str) -> Said:
        if answer == LEAVE_OUT:
            return replace(said, ignored=said.ignored | {name})
        if metric_of(answer, vocabulary().metrics) is not None:
            return replace(said, metrics={**said.metrics, name: answer})
        if "." not in answer and answer != "task":
            raise BenchfmtError(_unknown(answer))
        target(answer)
        return replace(said, fields={**said.fields, name: answer})

    usual: tuple[str, ...] = _NAMES
    if any(cell[:1].isdigit() for cell in note.cells):
        usual = _NUMBERS
    setting = "_".join(words_of(name).lower) or "setting"
    answers = (*usual, f"configuration.hyperparameters.{setting}", LEAVE_OUT)
    reason = note.text.partition(";")[0]
    text = f"{_about(note)}: {reason}. What is it? A metric, or the path of a field"
    return Asked(f"column {name}", text, answers, take, "it is kept as text")


def _unknown(answer: str) -> str:
    """Return why an answer is nothing that a column can be."""
    reason = f"{answer!r} is neither a metric nor the path of a field, such as model.name"
    meant = vocabulary().suggest("metric", answer)
    if meant is None:
        return reason
    return f"{reason}; did you mean {meant!r}?"


def _decimal(note: Note) -> Asked:
    name = str(note.column)
    marks = {"the comma is the decimal mark": ",", "the point is the decimal mark": "."}

    def take(said: Said, answer: str) -> Said:
        mark = marks.get(answer, answer)
        if mark not in marks.values():
            raise BenchfmtError("write , or . for the decimal mark")
        return replace(said, decimals={**said.decimals, name: mark})

    text = f"{_about(note)}: which mark stands before the decimals?"
    return Asked(f"decimal {name}", text, tuple(marks), take, "it is kept as text")


def _date(note: Note) -> Asked:
    name = str(note.column)

    def take(said: Said, answer: str) -> Said:
        return replace(said, dates={**said.dates, name: answer})

    text = f"{_about(note)}: how are its dates written? As with strptime, such as %d.%m.%Y"
    answers = tuple(filter(None, (note.taken, *note.others)))
    return Asked(f"date {name}", text, answers, take, "it is kept as text")


def _part(note: Note) -> Asked:
    number = note.part or 1

    def take(said: Said, answer: str) -> Said:
        target(answer)
        return replace(said, parts={**said.parts, number: answer})

    words = ", ".join(note.cells)
    text = f"The names of the files differ in {words}. What is it? The path of a field"
    return Asked(f"part {number}", text, note.others, take, "it is not read")


def _primary(note: Note) -> Asked:
    first = str(note.column)
    names = (first, *note.others)

    def take(said: Said, answer: str) -> Said:
        if answer not in names:
            raise BenchfmtError(f"{answer!r} is no measured column")
        return replace(said, primary=answer)

    text = "Which column is the headline number?"
    return Asked(f"primary {note.table}", text, names, take, f"{first!r} is taken")


def _constant(path: str, reason: str, heads: Sequence[Head]) -> Asked:
    def take(said: Said, answer: str) -> Said:
        value = _term(path, answer) or read_value(answer)
        constant(path, value)
        return replace(said, constants={**said.constants, path: value})

    answers = _usual_values(path, heads)
    return Asked(f"constant {path}", f"{path}: {reason}", answers, take)


def _term(path: str, answer: str) -> str | None:
    """Return the term that an answer stands for; None for a field that holds no terms.

    Raises BenchfmtError for a word that is no term; one with a prefix is a person's own.
    """
    kind = _kind(path)
    if kind is None or ":" in answer:
        return None
    known = vocabulary().match(kind, answer)
    if known is not None:
        return known
    reason = f"{answer!r} is no {kind} of the vocabulary; your own is prefix:name"
    meant = vocabulary().suggest(kind, answer)
    if meant is not None:
        reason = f"{reason}; did you mean {meant!r}?"
    raise BenchfmtError(reason)


def _kind(path: str) -> str | None:
    """Return the kind of terms that a field holds."""
    place = target(path)
    if place.inside:
        return None
    return TERM_KINDS.get(place.column.name)


def _usual_values(path: str, heads: Sequence[Head]) -> tuple[str, ...]:
    """Return the values that a field may have: the terms of its kind, or what is usual."""
    if path == "provenance.license":
        return _LICENSES
    if path == "provenance.measured_at":
        changed = max(head.path.stat().st_mtime for head in heads)
        time = since_1970(changed)
        if time is None:
            return ()
        return (time.date().isoformat(),)
    kind = _kind(path)
    if kind is None:
        return ()
    return tuple(vocabulary().ids(kind)[:_MOST_TERMS])
