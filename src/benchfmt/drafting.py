"""Drafts of descriptors: from the header of a table, and from AI4Europe companions.

A draft is a proposal for a person: it says which columns it understood, and never guesses a unit silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from benchfmt.descriptor import SCHEMA_URL
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.headers import Beside, FieldOf, Ignored, Meaning, Measured, Open, read_headers
from benchfmt.headers import Column as HeaderColumn
from benchfmt.headers.grammar import metric_named, read_as
from benchfmt.headers.units import rate
from benchfmt.headers.words import words_of
from benchfmt.readers.sheets import Sniffed, open_table, sniff
from benchfmt.readers.sheets.number_columns import MISSING_MARKS, NumberColumns, is_index
from benchfmt.units import find_unit
from benchfmt.vocabulary import metric_of, vocabulary

COMPANION_PREFIX = "ai4europe"
_ROWS = 10_000
COMPANION_TYPES = {"int": "integer", "float": "number"}
"""The types of numbers in a companion; a column of any other is text."""
_TARGET_UNIT = "1"
"""What stands for the unit of a target until a person says it."""
_CELLS_SHOWN = 200
"""So many different cells of a column are looked at."""
_SUFFIXES: dict[str, int | str] = {
    "k": 1_000,
    "K": 1_000,
    "M": "1e6",
    "G": "1e9",
    "B": "1e9",
    "T": "1e12",
}
"""What stands behind counts in cells, each with the factor it stands for."""
_SUFFIXED = re.compile(r"[-+]?[0-9][0-9.,]*\s?(?P<suffix>[A-Za-z%/µ°]{1,12})")
_SPREAD = re.compile(r"[0-9.]+\s*(?:±|\+/-|\()\s*±?[0-9.]+\s*\)?")
_CLOCK = re.compile(r"(?:[0-9]+ days?,? )?[0-9]{1,3}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?")


@dataclass(frozen=True)
class Draft:
    """A drafted descriptor and what a person should look at."""

    descriptor: dict[str, JsonValue]
    notes: list[str]


@dataclass
class DraftedColumn:
    """A column of a drafted table: its type, and what it is where that was understood."""

    name: str
    type: str
    annotation: JsonValue = None
    numbers: dict[str, JsonValue] = field(default_factory=dict)
    """How its numbers are written, in the words of a Table Schema."""

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the column as a field of a table's schema."""
        data: dict[str, JsonValue] = {"name": self.name, "type": self.type, **self.numbers}
        if self.annotation is not None:
            data["benchfmt"] = self.annotation
        return data


@dataclass
class DraftedTable:
    """A drafted table: its columns, and what holds for all of its rows."""

    path: str
    columns: list[DraftedColumn]
    constant: dict[str, JsonValue]
    missing_values: list[str] = field(default_factory=lambda: [""])
    key: list[str] = field(default_factory=list)
    written: dict[str, JsonValue] = field(default_factory=dict)
    """How the file is written, in the words of a resource."""

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the table as a resource of a descriptor."""
        annotation: dict[str, JsonValue] = {"constant": self.constant}
        if self.key:
            annotation["key"] = list(self.key)
        return {
            "path": self.path,
            **self.written,
            "schema": {
                "fields": [column.to_dict() for column in self.columns],
                "missingValues": list(self.missing_values),
            },
            "benchfmt": annotation,
        }

    def mark_primary(self) -> str | None:
        """Mark the first measurement as the headline number, where there are several; returns its column."""
        notes = [(column.name, column.annotation) for column in self.columns]
        measured = [
            (name, note) for name, note in notes if isinstance(note, dict) and "metric" in note
        ]
        if not measured:
            return None
        name, first = measured[0]
        first["primary"] = True
        return name if len(measured) > 1 else None


@dataclass(frozen=True)
class CompanionColumn:
    """A column that an AI4Europe companion describes: `role` is one of inputs, hyperparams and targets."""

    role: str
    name: str
    type: str | None = None


@dataclass(frozen=True)
class Companion:
    """What an AI4Europe companion says of its table."""

    name: str
    platform: str
    columns: Sequence[CompanionColumn]


@dataclass(frozen=True)
class Said:
    """What a person says of a table: record paths with values, and columns with what they are."""

    constants: Mapping[str, JsonValue] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    """Columns, each with its record path."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def columns(self) -> set[str]:
        """Return the columns of which something is said."""
        return {*self.fields, *self.metrics, *self.units}


def draft(path: Path, suite: str | None = None, said: Said | None = None) -> Draft:
    """Return a descriptor for a table, made from its header and first rows, and from what a person says.

    Raises TableError for what is no table, and BenchfmtError for a column that the table does not have.
    """
    sniffed = sniff(path)
    text = open_table(path, sniffed.storage, sniffed.dialect)
    names = text.header()
    first = pl.DataFrame({name: [] for name in names}, dict.fromkeys(names, pl.String))
    for frame, _ in text.batches():
        first = frame.head(_ROWS)
        break
    numbers = NumberColumns(first)
    marks = numbers.marks
    said = said or Said()
    unknown = sorted(said.columns() - set(names))
    if unknown:
        raise BenchfmtError(f"{path.name} has no column {unknown[0]!r}; it has: {', '.join(names)}")
    suite = suite or _text(said.constants.get("benchmark.suite"))
    headers = _Headers(names, numbers.plain(first), suite)
    headers.notes[:0] = [*sniffed.notes, *numbers.notes]
    headers.leave_open(numbers.left_open)
    headers.leave_unnamed_out(first)
    headers.take(said)
    if marks:
        shown = ", ".join(map(repr, marks))
        headers.notes.append(
            f"{shown} among numbers: taken for missing values; add the reason under `missing`"
        )
    key = headers.long_key()
    columns = [
        DraftedColumn(name, numbers.type(name), headers.annotations[name], numbers.words(name))
        for name in names
    ]
    slug = re.sub("[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "table"
    chosen = suite or f"local:{slug}"
    if suite is None:
        headers.notes.append(
            f"the suite is unknown: {chosen!r} stands in its place; set benchmark.suite (--suite) to the suite's id"
        )
    written = _resource_words(path, sniffed)
    constant = {"benchmark.suite": chosen, **said.constants}
    table = DraftedTable(path.name, columns, constant, ["", *marks], key, written)
    primary = None if key else table.mark_primary()
    if primary is not None:
        headers.notes.append(
            f"column {primary!r} is taken for the headline number (`primary`), as the first measurement"
        )
    descriptor: dict[str, JsonValue] = {
        "$schema": SCHEMA_URL,
        "name": slug,
        "benchfmt": _declared(chosen),
        "resources": [{"name": slug, **table.to_dict()}],
    }
    return Draft(descriptor, headers.notes)


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _resource_words(path: Path, sniffed: Sniffed) -> dict[str, JsonValue]:
    """Return how a file is written, as a resource says it; nothing for a plain CSV file."""
    storage = sniffed.storage
    words: dict[str, JsonValue] = {}
    if (storage.format, path.suffix.lower()) != ("csv", ".csv"):
        words["format"] = storage.format
    if storage.format == "json":
        # Frictionless takes a JSON file for no table otherwise.
        words["type"] = "table"
    if storage.encoding != "utf-8":
        words["encoding"] = storage.encoding
    if storage.compression is not None:
        words["compression"] = storage.compression
    if storage.inner_path is not None:
        words["innerpath"] = storage.inner_path
    dialect = sniffed.dialect.words()
    if dialect:
        words["dialect"] = dialect
    return words


def _declared(suite: str) -> dict[str, JsonValue]:
    """Return the declaration of a suite's prefix, empty for a suite of the vocabulary."""
    prefix, colon, _ = suite.partition(":")
    if not colon:
        return {}
    return {"prefixes": {prefix: {"title": "Terms of this package"}}}


def companion_table(
    companion: Companion, table: str, columns: list[str]
) -> tuple[DraftedTable, list[Finding]]:
    """Return an AI4Europe companion as an annotated table, and where it does not fit its table.

    `inputs` become instance data, `hyperparams` configuration, `targets` measurements. A target whose metric or unit its
    name does not say is a metric of the companion's own (`ai4europe:time`).
    """
    findings: list[Finding] = []
    drafted: list[DraftedColumn] = []
    for column in companion.columns:
        name = column.name
        if name not in columns:
            message = f"the companion describes column {name!r}, which the table does not have"
            findings.append(_misfit(table, name, message))
            continue
        annotation = _of_role(column.role, name)
        if annotation is None:
            annotation = {"metric": own_metric(name)}
            findings.append(_unclear_target(table, name))
        kind = COMPANION_TYPES.get(column.type or "", "string")
        drafted.append(DraftedColumn(name, kind, annotation))
    described = {column.name for column in drafted}
    for name in columns:
        if name not in described:
            message = f"the companion does not describe column {name!r} of the table"
            findings.append(_misfit(table, name, message))
    place = "system.name"
    if companion.platform in vocabulary().terms("system"):
        place = "system.id"
    constant: dict[str, JsonValue] = {
        "benchmark.suite": COMPANION_PREFIX,
        "benchmark.name": companion.name,
        place: companion.platform,
    }
    resource = DraftedTable(table, drafted, constant)
    resource.mark_primary()
    return resource, findings


def _of_role(role: str, name: str) -> dict[str, JsonValue] | None:
    """Return what a companion's column is; None for a target whose name does not say its metric and unit."""
    if role == "inputs":
        return {"field": f"inputs.{name}"}
    if role == "hyperparams":
        return {"field": f"configuration.hyperparameters.{name.replace('.', '_')}"}
    meaning = read_headers([HeaderColumn(name)])[0]
    if isinstance(meaning, Measured):
        unit = meaning.unit or _own_unit(meaning.metric)
        if unit is not None and not meaning.doubts:
            return {**_key_of(meaning), "unit": unit}
    return None


def _unclear_target(table: str, name: str) -> Finding:
    own = own_metric(name)
    message = f"target {name!r} does not say its metric and unit: it is kept as {own}, comparable with nothing else"
    hint = "write both in the header, as in time(sec)"
    return Finding("BF102", Severity.WARNING, table, None, name, None, message, None, hint)


def own_metric(name: str) -> str:
    """Return the prefixed metric of a companion's target."""
    slug = re.sub("[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return f"{COMPANION_PREFIX}:{slug or 'target'}"


def _misfit(table: str, name: str, message: str) -> Finding:
    hint = "make both say the same"
    return Finding("BF102", Severity.WARNING, table, None, name, None, message, None, hint)


def _own_unit(metric: str) -> str | None:
    """Return the unit of a metric that has no other: 1."""
    return "1" if metric_named(metric).unit == "1" else None


def _key_of(meaning: Measured) -> dict[str, JsonValue]:
    """Return the parts of a measurement's key that a header says."""
    parts: dict[str, JsonValue] = {"metric": meaning.metric}
    for name in ("statistic", "stage", "per", "scope"):
        value = getattr(meaning, name)
        if value is not None:
            parts[name] = value
    return parts


class _Headers:
    """The columns of one table as annotations, and what a person should look at."""

    def __init__(self, names: Sequence[str], first: pl.DataFrame, suite: str | None) -> None:
        """Read the headers with the first rows below them."""
        self.notes: list[str] = []
        self.suite = suite
        columns = [HeaderColumn(name, _cells(first, name)) for name in names]
        self.columns = columns
        meanings = [
            self._of_suite(m, name) for m, name in zip(read_headers(columns), names, strict=True)
        ]
        self.measured = {
            name for name, m in zip(names, meanings, strict=True) if isinstance(m, Measured)
        }
        self.annotations = {
            column.name: self._annotation(column, meaning)
            for column, meaning in zip(columns, meanings, strict=True)
        }

    def leave_open(self, names: Iterable[str]) -> None:
        """Take back what columns are said to be, because it is not known how their numbers are written."""
        for name in names:
            self.annotations[name] = None
            self.measured.discard(name)

    def leave_unnamed_out(self, first: pl.DataFrame) -> None:
        """Leave out the columns without a name that hold nothing, or count the rows as an index of pandas does."""
        for place, name in enumerate(first.columns, 1):
            if not (name == f"field{place}" or name.startswith("__index_level_")):
                continue
            self.notes = [note for note in self.notes if not note.startswith(f"column {name!r}: ")]
            cells = first[name].to_list()
            if is_index(cells) or not any(cells):
                self.annotations[name] = {"ignore": True}
                self.notes.append(f"column {place} has no name and counts the rows: it is left out")
            else:
                self.notes.append(
                    f"column {place} has no name: it is called {name!r}, and kept as text under extensions"
                )

    def take(self, said: Said) -> None:
        """Take what a person says, in place of the guesses and the notes on these columns."""
        for column in self.columns:
            name = column.name
            if name not in said.columns():
                continue
            about = f"column {name!r}"
            self.notes = [n for n in self.notes if not n.startswith((f"{about}:", f"{about} "))]
            note = self.annotations[name]
            if name in said.fields:
                note = self._field(column, FieldOf(said.fields[name]))
            if name in said.metrics:
                note = self._of_metric(column, said.metrics[name], said.units.get(name))
            self.annotations[name] = self._in_unit(name, note, said.units.get(name))

    def _of_metric(
        self, column: HeaderColumn, metric: str, unit: str | None
    ) -> dict[str, JsonValue]:
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

    def _in_unit(
        self, name: str, note: dict[str, JsonValue] | None, unit: str | None
    ) -> dict[str, JsonValue] | None:
        """Return an annotation in the unit that a person says; raises BenchfmtError for a column left open."""
        if unit is None:
            return note
        if note is None:
            raise BenchfmtError(
                f"column {name!r} is left open: say its metric or field too (--metric, --field)"
            )
        said = {key: value for key, value in note.items() if key != "caveats"} | {"unit": unit}
        work = rate(unit)
        if work is not None and work.per and "metric" in said:
            said.setdefault("per", work.per)
        return said

    def long_key(self) -> list[str]:
        """Make the values of a long table measurements whose metric a column names; returns the columns of its key.

        Only where the vocabulary knows every word of that column; else the columns stay open.
        """
        by_word = {" ".join(words_of(column.name).lower): column for column in self.columns}
        naming = by_word.get("metric") or by_word.get("measure")
        value = by_word.get("value") or by_word.get("score") or by_word.get("result")
        if naming is None or value is None or not naming.cells:
            return []
        if not all(vocabulary().match("metric", word, self.suite) for word in naming.cells):
            return []
        note: dict[str, JsonValue] = {"metric": {"column": naming.name}}
        units = by_word.get("unit") or by_word.get("units")
        read = {naming.name, value.name}
        if units is not None and units.cells and all(find_unit(word) for word in units.cells):
            note["unit"] = {"column": units.name}
            read.add(units.name)
        self.annotations[value.name] = note
        self.notes = [
            text
            for text in self.notes
            if not any(text.startswith(f"column {name!r}: ") for name in read)
        ]
        if units is None:
            self.notes.append(
                f"column {value.name!r} names no units: each number is taken to be in the unit of its metric"
            )
        key = [name for name, said in self.annotations.items() if said and "field" in said]
        self.notes.append(
            f"rows that are equal in {', '.join(map(repr, key))} are taken for one record (`key`)"
        )
        return key

    def _of_suite(self, meaning: Meaning, name: str) -> Meaning:
        """Return what a header means in the suite that a person names, where it says nothing by itself."""
        if (
            not isinstance(meaning, Open)
            or self.suite is None
            or self.suite not in vocabulary().terms("suite")
        ):
            return meaning
        metric = vocabulary().match("metric", name, self.suite)
        return Measured(metric, None) if metric else meaning

    def _annotation(self, column: HeaderColumn, meaning: Meaning) -> dict[str, JsonValue] | None:
        name = column.name
        match meaning:
            case Measured():
                return self._measured(column, meaning)
            case Beside() if meaning.column in self.measured:
                return {"of": meaning.column, "part": meaning.part}
            case Beside():
                self._left(
                    name, f"it is the {meaning.part} of {meaning.column!r}, which is left open too"
                )
            case FieldOf():
                return self._field(column, meaning)
            case Ignored():
                self._left(name, meaning.reason)
            case Open():
                self._left(name, meaning.reason)
        return None

    def _left(self, name: str, reason: str) -> None:
        self.notes.append(f"column {name!r}: {reason}; it is kept as text under extensions")

    def _doubts(self, name: str, doubts: Iterable[str]) -> None:
        self.notes += [f"column {name!r}: {doubt}" for doubt in doubts]

    def _measured(self, column: HeaderColumn, meaning: Measured) -> dict[str, JsonValue]:
        self._doubts(column.name, meaning.doubts)
        written = self._written(column)
        if "clock" in written and meaning.unit is None:
            meaning = replace(meaning, unit="s")
        note = {**_key_of(meaning), **self._unit(column.name, meaning), **written}
        if meaning.record:
            note["record"] = dict(meaning.record)
        return note

    def _unit(self, name: str, meaning: Measured) -> dict[str, JsonValue]:
        """Return the unit of a measurement, assumed aloud where nothing says it."""
        if meaning.unit is not None:
            return {"unit": meaning.unit}
        wanted = metric_named(meaning.metric).unit or "1"
        shown = _TARGET_UNIT if wanted in ("target", "currency") else wanted
        whose = " (it is in the unit of its target)" if wanted == "target" else ""
        self.notes.append(
            f"column {name!r} names no unit: {shown} is assumed{whose}; correct `unit`, or say who `confirmed` it"
        )
        return {"unit": shown, "caveats": ["unit-inferred"]}

    def _field(self, column: HeaderColumn, meaning: FieldOf) -> dict[str, JsonValue]:
        note: dict[str, JsonValue] = {"field": meaning.path, **self._written(column)}
        if meaning.unit is not None and meaning.unit.startswith("10*"):
            note["scale"] = f"1e{meaning.unit.removeprefix('10*')}"
        elif meaning.unit is not None:
            note["unit"] = meaning.unit
        if meaning.path == "configuration.input_shape":
            note["list"] = "numbers"
            marks = {mark for cell in column.cells for mark in "x×*" if mark in cell}
            if len(marks) == 1:
                note["separator"] = marks.pop()
        if meaning.path == "configuration.placement":
            terms: dict[str, JsonValue] = {}
            for cell in column.cells:
                terms[cell] = list(cell.lower().split("/"))
            note["terms"] = terms
        return note

    def _written(self, column: HeaderColumn) -> dict[str, JsonValue]:
        """Return how the numbers in the cells are written, where they are no plain decimals."""
        note: dict[str, JsonValue] = {}
        if any(_SPREAD.fullmatch(cell) for cell in column.cells):
            note["spread"] = "stddev"
            self.notes.append(
                f"column {column.name!r}: the second number of a cell is taken for the standard deviation (`spread`); "
                "it may be a standard error or an interval"
            )
        if column.cells and all(_CLOCK.fullmatch(cell) for cell in column.cells):
            note["clock"] = "h:m:s"
            self.notes.append(
                f"column {column.name!r}: its cells are taken for hours, minutes and seconds that passed (`clock`)"
            )
        suffixes = {
            match["suffix"] for cell in column.cells if (match := _SUFFIXED.fullmatch(cell))
        }
        factors: dict[str, JsonValue] = {}
        for suffix in sorted(suffixes):
            factor = _SUFFIXES.get(suffix)
            factors[suffix] = 1 if factor is None else factor
        if factors:
            note["suffixes"] = factors
        return note


def _cells(frame: pl.DataFrame, name: str) -> tuple[str, ...]:
    """Return the first different cells of a column, without those that mean nothing."""
    if name not in frame.columns:
        return ()
    cells = (
        frame[name].cast(pl.String).str.strip_chars().unique(maintain_order=True).head(_CELLS_SHOWN)
    )
    return tuple(cell for cell in cells if cell not in ("", *MISSING_MARKS))
