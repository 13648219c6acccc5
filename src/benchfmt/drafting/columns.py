"""The columns of a table as annotations, and what a person should know of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import polars as pl
from pydantic import JsonValue

from benchfmt.drafting.others import other_fields, other_metrics, other_units, others_of_doubt
from benchfmt.drafting.review import Note, Question, Review, State
from benchfmt.drafting.said import Said
from benchfmt.drafting.tables import Annotation
from benchfmt.finding import BenchfmtError
from benchfmt.headers import Beside, Column, FieldOf, Ignored, Meaning, Measured, Open, read_headers
from benchfmt.headers.grammar import metric_named, read_as
from benchfmt.headers.units import rate
from benchfmt.headers.words import words_of
from benchfmt.readers.cells import stripped_cells
from benchfmt.readers.sheets.dates import DEFAULT, Dates, dates_of, iso_time
from benchfmt.readers.sheets.number_columns import NumberColumns, is_index
from benchfmt.readers.sheets.valueless import MARKS
from benchfmt.units import find_unit
from benchfmt.vocabulary import metric_of, vocabulary

_TARGET_UNIT = "1"
"""What stands for the unit of a target until a person says it."""
_CELLS_SHOWN = 200
"""So many different cells of a column are looked at."""
_CELLS_OF_NOTE = 4
"""So many cells are shown beside a question."""
_LONGEST_SHOWN = 40
"""So many characters of a cell are shown in a line."""
_CELLS_NAMED = 5
"""So many cells are named in a line."""
_ROWS_COMPARED = 1_000
"""So many rows are looked at for what columns say of each other."""
_SUFFIXES: dict[str, int | str] = {
    "k": 1_000,
    "K": 1_000,
    "M": "1e6",
    "G": "1e9",
    "B": "1e9",
    "T": "1e12",
}
"""What stands behind counts in cells, each with the factor it stands for."""
_SLUG = re.compile(r"[^a-z0-9.]+")
_SUFFIXED = re.compile(r"[-+]?[0-9][0-9.,]*\s?(?P<suffix>[A-Za-z%/µ°]{1,12})")
_SPREAD = re.compile(r"[0-9.]+\s*(?:±|\+/-|\()\s*±?[0-9.]+\s*\)?")
_CLOCK = re.compile(r"(?:[0-9]+ days?,? )?[0-9]{1,3}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?")
_UNIT_INFERRED = "unit-inferred"
_DEFINITION_INFERRED = "definition-inferred"
_KEPT = "it is kept as text under extensions"


def key_of(meaning: Measured) -> Annotation:
    """Return the parts of a measurement's key that a header says."""
    parts: Annotation = {"metric": meaning.metric}
    for name in ("statistic", "stage", "per", "scope"):
        value = getattr(meaning, name)
        if value is not None:
            parts[name] = value
    return parts


class DraftedColumns:
    """The columns of one table as annotations, and what a person should look at."""

    def __init__(
        self,
        names: Sequence[str],
        first: pl.DataFrame,
        suite: str | None,
        place_of: Callable[[str, str], str | None],
    ) -> None:
        """Read the headers with the first rows below them; `place_of` says where a text first stands in a column."""
        self.review = Review()
        self.suite = suite
        self._place_of = place_of
        self.dates: dict[str, Dates] = {}
        """How dates are written that are not ISO 8601."""
        self._empty: set[str] = set()
        """The columns without a name that hold nothing, of which one line tells together."""
        cells = stripped_cells(first)
        self.columns = [
            Column(name, _cells(cells.get(name)), _rows(cells.get(name))) for name in names
        ]
        meanings = [
            self._of_suite(meaning, name)
            for meaning, name in zip(read_headers(self.columns), names, strict=True)
        ]
        self.measured = {
            name
            for name, meaning in zip(names, meanings, strict=True)
            if isinstance(meaning, Measured)
        }
        self.annotations = {
            column.name: self._annotation(column, meaning)
            for column, meaning in zip(self.columns, meanings, strict=True)
        }

    def take_numbers(self, numbers: NumberColumns) -> None:
        """Note how the numbers are written, and leave open the columns of which that is not known."""
        self.review.forget(numbers.notes.keys() & numbers.left_open)
        for name, text in numbers.notes.items():
            state = State.GUESS
            if name in numbers.left_open:
                state = State.OPEN
                self.annotations[name] = None
                self.measured.discard(name)
            self.review.add(Note(state, text, name, question=Question.DECIMAL))

    def take_missing(self, numbers: NumberColumns) -> None:
        """Write down the reasons why cells of the described columns have no value."""
        for name, note in self.annotations.items():
            valueless = numbers.valueless[name]
            if note is None or not ("metric" in note or "field" in note):
                continue
            if valueless.reasons:
                note["missing"] = dict(valueless.reasons)
            if valueless.patterns:
                note["missing_patterns"] = dict(valueless.patterns)
            reasons: dict[str, list[str]] = {}
            for cell, reason in (valueless.reasons | valueless.limits).items():
                reasons.setdefault(reason, []).append(repr(cell))
            for reason, cells in reasons.items():
                shown = ", ".join(cells[:_CELLS_NAMED])
                self._guess(name, f"{shown} among its numbers: missing, as {reason}")

    def take_dates(self, said: Mapping[str, str]) -> None:
        """Find out how the times of measurement are written; where that is not known, the column is left open.

        Raises BenchfmtError for a pattern that a person says and that is not that of the cells.
        """
        for column in self.columns:
            note = self.annotations[column.name]
            is_time = note is not None and note.get("field") == "provenance.measured_at"
            if column.name in said:
                self._take_date(column, said[column.name], is_time=is_time)
                continue
            if not is_time or not column.cells:
                continue
            dates = dates_of(column.cells)
            if dates.pattern is None:
                self.annotations[column.name] = None
                self.review.forget({column.name})
                text = _question_of_dates(column.cells, dates)
                first, *others = dates.patterns or ("",)
                question = Question.DATE
                self.review.add(
                    Note(State.OPEN, text, column.name, tuple(others), question, taken=first)
                )
            elif dates.pattern != DEFAULT:
                self.dates[column.name] = dates
                self._guess(column.name, f"its dates are taken to be written {dates.pattern}")

    def _take_date(self, column: Column, pattern: str, *, is_time: bool) -> None:
        """Write down how the dates of a column are written, as a person says."""
        if not is_time:
            raise BenchfmtError(
                f"column {column.name!r} is no time of measurement (--field provenance.measured_at)"
            )
        for cell in column.cells:
            if iso_time(cell, pattern) is None:
                raise BenchfmtError(f"column {column.name!r}: {cell!r} is not written {pattern}")
        self.dates[column.name] = Dates((pattern,))
        self.review.answer(column.name, Question.DATE)

    def leave_unnamed_out(self, first: pl.DataFrame) -> None:
        """Leave out the columns without a name that hold nothing, or count the rows as an index of pandas does."""
        unnamed = {
            place: name
            for place, name in enumerate(first.columns, 1)
            if name == f"field{place}" or name.startswith("__index_level_")
        }
        self.review.forget(set(unnamed.values()))
        empty = []
        for place, name in unnamed.items():
            cells = first[name].to_list()
            if not any(cells):
                empty.append(place)
                self.annotations[name] = {"ignore": True}
                continue
            text = f"has no name: it is called {name!r}, and kept as text under extensions"
            if is_index(cells):
                self.annotations[name] = {"ignore": True}
                text = "has no name and counts the rows: it is left out"
            self.review.about_file(f"column {place} {text}")
        self._empty = {unnamed[place] for place in empty}
        for begin, end in _runs(empty):
            which = f"column {begin} has no name and holds"
            if end > begin:
                which = f"columns {begin} to {end} have no name and hold"
            text = f"{which} nothing in the {first.height:,} rows that were looked at: left out"
            self.review.about_file(text)

    def take(self, said: Said) -> None:
        """Take what a person says, in place of the guesses and the notes on these columns."""
        for column in self.columns:
            name = column.name
            if name in said.described():
                self._take(column, said)
            who = said.confirmed.get(name)
            if who is not None:
                self._confirm(name, who)

    def _take(self, column: Column, said: Said) -> None:
        name = column.name
        self.review.forget({name})
        self._empty.discard(name)
        note = self.annotations[name]
        if name in said.ignored:
            note = {"ignore": True}
        if name in said.fields:
            note = self._field(column, FieldOf(said.fields[name]))
        if name in said.metrics:
            note = self._of_metric(column, said.metrics[name], said.units.get(name))
        self.annotations[name] = self._in_unit(name, note, said.units.get(name))
        if name in said.units:
            self.review.answer(name, Question.UNIT)

    def _confirm(self, name: str, who: str) -> None:
        """Write down who confirms the unit of a column."""
        note = self.annotations[name]
        if note is None or "metric" not in note:
            raise BenchfmtError(
                f"column {name!r} is no measurement, so there is no unit to confirm"
            )
        note["confirmed"] = confirmation(note, who)
        self.review.answer(name, Question.UNIT)

    def _of_metric(self, column: Column, metric: str, unit: str | None) -> Annotation:
        """Return a column as the metric that a person says, with what else its header says.

        Raises BenchfmtError for a unit in the header that is none of the metric.
        """
        if metric_of(metric, vocabulary().metrics) is None:
            return {"metric": metric, **self._written(column)}
        meaning = read_as(column, metric)
        if isinstance(meaning, Open):
            if unit is None:
                raise BenchfmtError(
                    f"column {column.name!r} as {metric}: {meaning.reason}; say its unit (--unit)"
                )
            meaning = Measured(metric, unit)
        elif unit is not None:
            meaning = replace(meaning, unit=unit)
        return self._measured(column, meaning)

    def _in_unit(self, name: str, note: Annotation | None, unit: str | None) -> Annotation | None:
        """Return an annotation in the unit that a person says; raises BenchfmtError for a column left open."""
        if unit is None:
            return note
        if note is None:
            raise BenchfmtError(
                f"column {name!r} is left open: say its metric or field too (--metric, --field)"
            )
        scale = _SUFFIXES.get(unit)
        if "field" in note and scale is not None:
            return note | {"scale": scale}
        in_unit = note | {"unit": unit, "caveats": _without(note, _UNIT_INFERRED)}
        if not in_unit["caveats"]:
            del in_unit["caveats"]
        if _names_metrics(note):
            raise BenchfmtError(
                f"column {name!r} holds several metrics: say the unit of each word under `terms`"
            )
        work = rate(unit)
        if work is not None and work.per and "metric" in in_unit:
            in_unit.setdefault("per", work.per)
        return in_unit

    def take_long(self) -> None:
        """Make the values of a long table measurements whose metric a column names.

        Only where the vocabulary knows every word of that column; else the columns stay open.
        """
        by_word = {" ".join(words_of(column.name).lower): column for column in self.columns}
        naming = by_word.get("metric") or by_word.get("measure")
        value = by_word.get("value") or by_word.get("score") or by_word.get("result")
        if naming is None or value is None or not naming.cells:
            return
        if not all(vocabulary().match("metric", word, self.suite) for word in naming.cells):
            return
        note: Annotation = self._written(value)
        units = by_word.get("unit") or by_word.get("units")
        read = {naming.name, value.name}
        has_units = units is not None and all(find_unit(word) for word in units.cells)
        if units is not None and units.cells and has_units:
            note["unit"] = {"column": units.name}
            read.add(units.name)
        else:
            note["caveats"] = [*_caveats(note), _UNIT_INFERRED]
        self.review.forget(read)
        terms: dict[str, JsonValue] = {}
        for word in naming.cells:
            metric = vocabulary().match("metric", word, self.suite) or word
            use: Annotation = {"metric": metric}
            if "unit" not in note:
                use |= self._unit(value.name, Measured(metric, None), word)
                del use["caveats"]
            terms[word] = use
        self._choose_word(value.name, naming.cells, terms)
        note["metric"] = {"column": naming.name, "terms": terms}
        self.annotations[value.name] = note

    def long_key(self) -> list[str]:
        """Return the columns of the key of a long table, none for another table."""
        if not any(_names_metrics(note) for note in self.annotations.values()):
            return []
        key = [name for name, said in self.annotations.items() if said and "field" in said]
        text = (
            f"rows that are equal in {', '.join(map(repr, key))} are taken for one record (`key`)"
        )
        self.review.add(Note(State.GUESS, text))
        return key

    def _choose_word(self, name: str, words: Sequence[str], terms: dict[str, JsonValue]) -> None:
        """Mark the first metric of a long table as the headline number, and say so where there are others."""
        first = terms[words[0]]
        assert isinstance(first, dict)  # noqa: S101 - each word has an object
        first["primary"] = True
        if len(words) > 1:
            text = f"{words[0]!r} is taken for the headline number (`primary`), as the first metric"
            self._guess(name, text, *map(repr, words[1:]))

    def _of_suite(self, meaning: Meaning, name: str) -> Meaning:
        """Return what a header means in the suite that a person names, where it says nothing by itself."""
        if (
            not isinstance(meaning, Open)
            or self.suite is None
            or self.suite not in vocabulary().terms("suite")
        ):
            return meaning
        metric = vocabulary().match("metric", name, self.suite)
        if metric is None:
            return meaning
        return Measured(metric, None)

    def _annotation(self, column: Column, meaning: Meaning) -> Annotation | None:
        match meaning:
            case Measured():
                return self._measured(column, meaning)
            case Beside() if meaning.column in self.measured:
                return {"of": meaning.column, "part": meaning.part}
            case Beside():
                reason = f"it is the {meaning.part} of {meaning.column!r}, which is left open too"
                self._left(column.name, reason)
            case FieldOf():
                return self._field(column, meaning)
            case Ignored():
                self.review.add(Note(State.SURE, f"{meaning.reason}; {_KEPT}", column.name))
            case Open():
                self._left(column.name, self._with_cell(column.name, meaning))
        return None

    def _with_cell(self, name: str, meaning: Open) -> str:
        """Return why a column is left open, with the first cell that is why and its place."""
        if meaning.cell is None:
            return meaning.reason
        reason = f"{meaning.reason}: {_shortened(meaning.cell)}"
        place = self._place_of(name, meaning.cell)
        if place is None:
            return reason
        return f"{reason} in {place}"

    def _left(self, name: str, reason: str) -> None:
        """Note why a column is left open."""
        text = f"{reason}; {_KEPT}"
        self.review.add(Note(State.OPEN, text, name, question=Question.COLUMN))

    def _guess(self, name: str, text: str, *others: str) -> None:
        self.review.add(Note(State.GUESS, text, name, others))

    def _measured(self, column: Column, meaning: Measured) -> Annotation:
        others = others_of_doubt(column, meaning)
        for doubt in meaning.doubts:
            self._guess(column.name, doubt, *others)
        written = self._written(column)
        if "clock" in written and meaning.unit is None:
            meaning = replace(meaning, unit="s")
        unit = self._unit(column.name, meaning)
        note = {**key_of(meaning), **unit, **written}
        caveats = sorted({*_caveats(unit), *_caveats(written)})
        if caveats:
            note["caveats"] = list[JsonValue](caveats)
        if meaning.record:
            note["record"] = dict(meaning.record)
        return note

    def _unit(self, name: str, meaning: Measured, word: str | None = None) -> Annotation:
        """Return the unit of a measurement, assumed aloud where nothing says it; `word` names it in a long table."""
        if meaning.unit is not None:
            return {"unit": meaning.unit}
        wanted = metric_named(meaning.metric).unit or "1"
        shown = wanted
        whose = ""
        if wanted in ("target", "currency"):
            shown = _TARGET_UNIT
        if wanted == "target":
            whose = " (it is in the unit of its target)"
        text = f"it names no unit: {shown} is assumed{whose}"
        question: Question | None = Question.UNIT
        if word is not None:
            text = f"nothing names the unit of {word!r}: {shown} is assumed{whose} under `terms`"
            question = None
        others = other_units(meaning.metric, shown)
        self.review.add(Note(State.GUESS, text, name, others, question, taken=shown))
        return {"unit": shown, "caveats": [_UNIT_INFERRED]}

    def _field(self, column: Column, meaning: FieldOf) -> Annotation:
        note: Annotation = {"field": meaning.path, **self._written(column)}
        if meaning.unit is not None and meaning.unit.startswith("10*"):
            note["scale"] = f"1e{meaning.unit.removeprefix('10*')}"
        elif meaning.unit is not None:
            note["unit"] = meaning.unit
        if meaning.path == "configuration.input_shape":
            note["list"] = "numbers"
            marks = {mark for cell in column.cells for mark in "x×*" if mark in cell}
            if len(marks) == 1:
                note["separator"] = marks.pop()
        if meaning.path == "configuration.precision":
            note |= self._own_precisions(column)
        if meaning.path == "configuration.placement":
            terms: dict[str, JsonValue] = {}
            for cell in column.cells:
                terms[cell] = list(cell.lower().split("/"))
            note["terms"] = terms
        return note

    def _own_precisions(self, column: Column) -> Annotation:
        """Return the precisions that the vocabulary does not know as terms under the prefix of the suite."""
        prefix, colon, _ = (self.suite or "").partition(":")
        if not colon:
            return {}
        terms: dict[str, JsonValue] = {}
        for cell in column.cells:
            slug = _SLUG.sub("-", cell.lower()).strip("-.")
            if slug and vocabulary().match("precision", cell, prefix) is None:
                terms[cell] = f"{prefix}:{slug}"
        if not terms:
            return {}
        shown = ", ".join(f"{cell!r} as {term}" for cell, term in terms.items())
        self._guess(column.name, f"precisions that the vocabulary does not know: {shown}")
        return {"terms": terms}

    def _written(self, column: Column) -> Annotation:
        """Return how the numbers in the cells are written, where they are no plain decimals."""
        note: Annotation = {}
        if any(_SPREAD.fullmatch(cell) for cell in column.cells):
            note["spread"] = "stddev"
            note["caveats"] = [_DEFINITION_INFERRED]
            text = "the second number of a cell is taken for the standard deviation (`spread`)"
            self._guess(column.name, text, "a standard error", "half of a confidence interval")
        if column.cells and all(_CLOCK.fullmatch(cell) for cell in column.cells):
            note["clock"] = "h:m:s"
            text = "its cells are taken for hours, minutes and seconds that passed (`clock`)"
            self._guess(column.name, text, "times of a day")
        factors: dict[str, JsonValue] = {}
        for suffix in sorted(_suffixes(column.cells)):
            factors[suffix] = _SUFFIXES.get(suffix, 1)
        if factors:
            note["suffixes"] = factors
        return note

    def with_cells(self) -> list[Note]:
        """Return the notes, those that ask something with some cells of their column."""
        cells = {column.name: column.cells[:_CELLS_OF_NOTE] for column in self.columns}
        notes = []
        for note in self.review.notes:
            if note.question is not None and note.column is not None:
                notes.append(replace(note, cells=cells[note.column]))
            else:
                notes.append(note)
        return notes

    def note_sure(self) -> None:
        """Put a line for each described column before all others: what it is taken for."""
        lines = []
        for name, annotation in self.annotations.items():
            if annotation is not None and name not in self._empty:
                lines.append(sure(name, annotation))
        self.review.notes[:0] = lines


def _runs(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of places that follow each other."""
    for _, run in groupby(enumerate(places), lambda numbered: numbered[1] - numbered[0]):
        of_run = [place for _, place in run]
        yield of_run[0], of_run[-1]


def _names_metrics(note: Annotation | None) -> bool:
    """Say whether another column names the metrics of a column."""
    return note is not None and isinstance(note.get("metric"), dict)


def confirmation(note: Annotation, who: str) -> JsonValue:
    """Return what says who confirms the unit of a column: of the unit alone where it has other doubts."""
    if _without(note, _UNIT_INFERRED):
        return {_UNIT_INFERRED: who}
    return who


def doubts_without_unit(note: Annotation) -> list[JsonValue]:
    """Return the doubts about a column but that about its unit."""
    return _without(note, _UNIT_INFERRED)


def _caveats(note: Annotation) -> list[str]:
    """Return the doubts about a column."""
    caveats = note.get("caveats")
    if not isinstance(caveats, list):
        return []
    return [str(caveat) for caveat in caveats]


def _without(note: Annotation, caveat: str) -> list[JsonValue]:
    return [doubt for doubt in _caveats(note) if doubt != caveat]


def _question_of_dates(cells: Sequence[str], dates: Dates) -> str:
    """Return the question how a column writes its dates."""
    if dates.patterns:
        return f"{_KEPT}: is {cells[0]!r} written {dates.patterns[0]}"
    return f"its times are not understood, such as {cells[0]!r}; {_KEPT}"


def sure(name: str, annotation: Annotation) -> Note:
    """Return the line of a column that its header or its cells explain."""
    metric = annotation.get("metric")
    others = other_fields(str(annotation.get("field")))
    if isinstance(metric, str):
        others = other_metrics(metric)
    return Note(State.SURE, in_words(annotation), name, others)


def in_words(annotation: Annotation) -> str:
    """Return what a column is in a few words, such as `latency, p99, in ms`."""
    if annotation.get("ignore"):
        return "left out"
    if "of" in annotation:
        return f"{annotation.get('part')} of {annotation['of']!r}"
    named = annotation.get("field") or annotation.get("metric")
    words = [named if isinstance(named, str) else "the metric that another column names"]
    for key in ("statistic", "stage", "per", "scope"):
        value = annotation.get(key)
        if value is not None:
            words.append(f"{key} {value}")
    unit = annotation.get("unit")
    if isinstance(unit, str):
        words.append(f"in {unit}")
    return ", ".join(words)


def _shortened(cell: str) -> str:
    """Return a cell as a line shows it."""
    if len(cell) > _LONGEST_SHOWN:
        cell = f"{cell[:_LONGEST_SHOWN]}…"
    return repr(cell)


def _suffixes(cells: Sequence[str]) -> set[str]:
    """Return what stands behind the numbers in cells."""
    matches = [_SUFFIXED.fullmatch(cell) for cell in cells]
    return {match["suffix"] for match in matches if match}


def _rows(column: pl.Series | None) -> tuple[str, ...]:
    """Return the first cells of a stripped column, row by row."""
    if column is None:
        return ()
    return tuple(cell or "" for cell in column.head(_ROWS_COMPARED))


def _cells(column: pl.Series | None) -> tuple[str, ...]:
    """Return the first different cells of a stripped column, without those that mean nothing."""
    if column is None:
        return ()
    distinct = column.unique(maintain_order=True).head(_CELLS_SHOWN)
    return tuple(cell for cell in distinct if cell and cell.lower() not in MARKS)
