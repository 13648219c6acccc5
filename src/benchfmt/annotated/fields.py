"""The fields of the records of one frame: constants, extracts, columns and rules, a column at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from pydantic import JsonValue

from benchfmt.annotated import cells as c
from benchfmt.annotated.columns import (
    IDENTITY,
    TERM_KINDS,
    Target,
    constant,
    field_conversion,
    fits,
    target,
)
from benchfmt.annotated.masks import lost, never, settled
from benchfmt.annotated.nested import Nested, nested_json, with_variants
from benchfmt.annotated.notes import Integers, Notes
from benchfmt.annotated.patterns import groups
from benchfmt.annotated.program import Program
from benchfmt.annotated.written import Written, written
from benchfmt.annotation import Case, Conditional, Extract, FieldAnnotation
from benchfmt.descriptor import TableField
from benchfmt.identity import canonical, platform, system_id
from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.readers.cells import free_name
from benchfmt.readers.sheets import dates
from benchfmt.schema import column_schema
from benchfmt.tables import COLUMNS, Row, system_from_row, system_row, table_of
from benchfmt.units import Conversion, find_unit
from benchfmt.vocabulary import vocabulary

Flags = npt.NDArray[np.bool_]
_DATES = ("date", "datetime")
_REMEMBERED = 4
"""So many columns of converted numbers are kept: measurements that differ in their cases mostly share them."""
CONFIRMED = "benchfmt"
"""The namespace under which records keep who confirmed what a descriptor assumes."""


@dataclass(frozen=True)
class Origin:
    """The file that is read: its identity path and hash, where findings say it is, and who converts it."""

    path: str
    sha256: str
    shown_path: str
    converter: str
    converter_version: str
    table: str = ""
    """What the table is called, where it is not the first that is described in its file."""


@dataclass(frozen=True)
class Systems:
    """The systems of a frame, the system id of each row, and the rows that describe one in another way."""

    table: pa.Table
    ids: pl.Series
    clash: pl.Series


@dataclass(frozen=True)
class Statuses:
    """For each row whether its status is `ok`, and whether that is so only because nothing says its status."""

    is_ok: Flags
    is_assumed: Flags


@dataclass(frozen=True)
class _Said:
    """Texts that are to be a field of the record: the column or group they are from, and what is known of them."""

    name: str
    cells: pl.Series
    words: c.Words = field(default_factory=dict)
    note: FieldAnnotation | None = None

    def conversion(self, place: Target) -> Conversion:
        """Return how the texts' numbers become those of a place in the record."""
        if self.note is None:
            return IDENTITY
        return field_conversion(self.name, self.note, place.column)


class Fields:
    """One frame on its way: its cleaned cells, and the values of the record's fields by path."""

    def __init__(
        self, program: Program, frame: pl.DataFrame, rows: Integers, origin: Origin, notes: Notes
    ) -> None:
        """Take a frame of text and the numbers of its rows; nothing is read yet."""
        self.program = program
        self.frame = frame
        self.rows = rows
        self.origin = origin
        self.notes = notes
        self.height = frame.height
        self._stripped = _stripped(frame)
        self.clean = c.all_known(self._stripped, lambda name: program.missing_in(name).texts)
        self.values: dict[str, pl.Series] = {}
        self.kept: dict[str, pl.Series] = {}
        self.inputs: dict[str, pl.Series] = {}
        self._joined: dict[str, pl.Series] = {}
        """The kept texts as JSON, where several rows are one record."""
        self._written: dict[str, Written] = {}
        self._cases: dict[int, pl.Series] = {}
        """The rows in which a case of the program holds, or one before it in its column, by its identity."""
        self._masks: dict[int, pl.Series] = {}
        """The rows in which a case holds, by its identity."""
        self._converted: dict[tuple[str, Conversion], c.Numbers] = {}
        # Rows with a number that no measurement holds, because nothing says what it measures.
        self.unread = pl.Series([False] * self.height, dtype=pl.Boolean)

    def stripped(self, name: str) -> pl.Series:
        """Return the cells of a column as they stand but for surrounding blanks."""
        return self._stripped[name]

    def written(self, name: str) -> Written:
        """Return the cells of a column as plain numbers, as its annotation says that they are written."""
        if name not in self._written:
            item = self.program.fields.get(name)
            self._written[name] = written(self.clean[name], item, self.notes.affixes)
        return self._written[name]

    def converted(self, name: str, conversion: Conversion) -> c.Numbers:
        """Return the numbers of a column in another unit; those of the last conversions are remembered."""
        known = self._converted.get((name, conversion))
        if known is None:
            if len(self._converted) == _REMEMBERED:
                self._converted.clear()
            known = c.numbers(self.written(name).numbers, conversion)
            self._converted[name, conversion] = known
        return known

    def numbers(self, name: str) -> pl.Series:
        """Return the cells of a column as the numbers that they print, null where they are none."""
        return c.numbers(self.written(name).numbers, IDENTITY).values

    def read(self) -> list[pl.Series]:
        """Fill the fields and return, for each rule, the rows in which it holds."""
        self._fill_values()
        masks = self._apply_rules()
        for name in self.program.unannotated:
            if self.clean[name].null_count() < self.height:
                self.kept[name] = self.clean[name]
        return masks

    def _fill_values(self) -> None:
        for path, value in self.program.constants.items():
            self._set_constant(path, value, None)
        for extract in self.program.annotation.extract:
            self._extract(extract)
        for name, item in self.program.fields.items():
            note = item.benchfmt
            if note and note.field is not None:
                self._set_field(name, note, note.field)

    def _set_constant(self, path: str, value: JsonValue, mask: pl.Series | None) -> None:
        place = constant(path, value)
        if place.column.kind == "json":
            value = canonical(value)
        self._put(path, pl.Series(path, [value]).new_from_index(0, self.height), mask)

    def _put(self, path: str, values: pl.Series, mask: pl.Series | None = None) -> None:
        before = self.values.get(path)
        if before is None and mask is None:
            self.values[path] = values
            return
        if before is None:
            before = c.nothing(self.height, values.dtype)
        if mask is None:
            mask = values.is_not_null()
        self.values[path] = values.cast(before.dtype).zip_with(mask, before)

    def _extract(self, extract: Extract) -> None:
        if extract.from_ == "$path":
            text = pl.Series([self.origin.path] * self.height)
        else:
            text = self.clean[extract.from_]
        matched = text.str.extract_groups(extract.pattern)
        names = groups(extract.pattern)
        for path, group in extract.set.items():
            if group in names:
                cells = matched.struct.field(group)
                self._put_text(path, _Said(group, cells, extract.terms.get(path, {})))

    def _set_field(self, name: str, note: FieldAnnotation, path: str) -> None:
        cells = self._without_missing(name)
        if note.list_:
            self._set_vector(name, path, cells, note.separator)
        else:
            self._put_text(path, _Said(name, cells, note.terms, note))

    def _without_missing(self, name: str) -> pl.Series:
        """Return a field's cells, null where they mean no value; what they say is kept in the extensions."""
        cells = self.clean[name]
        missing = self.program.missing_in(name)
        for meaningless, _ in missing.annotated(cells, numeric=self.program.is_numeric(name)):
            self.keep(name, cells, meaningless)
            cells = cells.set(meaningless, None)
        return cells

    def _put_text(self, path: str, said: _Said) -> None:
        """Read texts as a field of the record."""
        place = target(path)
        kind = TERM_KINDS.get(place.column.name)
        if place.input is not None:
            values = c.map_distinct(said.cells, lambda text: _numbers_json(text, None), pl.String)
            bad = lost(values, said.cells)
            self._report("BF103", said, bad, "is not a number")
            self.keep(said.name, said.cells, bad)
            self.inputs[path] = values
        elif place.inside:
            self._put(path, self._json_cells(place, said))
        elif place.column.kind == "json":
            self._put(path, self._list_cells(place, said))
        elif place.column.kind in ("integer", "number"):
            self._put(path, self._number_cells(place, said))
        elif kind:
            self._put(path, self._term_cells(kind, said))
        else:
            self._put(path, self._text_cells(place, said))

    def _plain(self, said: _Said) -> pl.Series:
        """Return texts as plain numbers."""
        item = None
        if said.note is not None:
            item = self.program.fields.get(said.name)
        return written(said.cells, item, self.notes.affixes).numbers

    def _report(self, code: str, said: _Said, bad: pl.Series, message: str) -> None:
        self.notes.cells(code, said.name, said.cells, bad, self.rows, message)

    def _text_cells(self, place: Target, said: _Said) -> pl.Series:
        texts = self._iso_times(said)
        if said.words:
            texts = texts.replace(said.words)
        schema = column_schema(place.table, place.column.name)
        bad = texts.str.contains(schema.get("not", {}).get("pattern", "[^\\s\\S]"))
        if "pattern" in schema:
            bad |= ~texts.str.contains(schema["pattern"])
        if "enum" in schema:
            bad |= ~texts.is_in(schema["enum"])
        bad = settled(bad)
        self._report("BF105", said, bad, _unfit(place))
        self.keep(said.name, said.cells, bad | (texts != said.cells))
        return texts.set(bad, None)

    def _iso_times(self, said: _Said) -> pl.Series:
        """Return texts, dates and times among them as ISO 8601; one that is written otherwise stays as it is."""
        item = self.program.fields.get(said.name)
        if item is None or item.type not in _DATES or item.format == dates.DEFAULT:
            return said.cells
        pattern = item.format
        times = c.map_distinct(said.cells, lambda text: dates.iso_time(text, pattern), pl.String)
        return times.fill_null(said.cells)

    def _term_cells(self, kind: str, said: _Said) -> pl.Series:
        ids, unknown = c.terms(said.cells, kind, said.words, self.program.namespace)
        for word, term in unknown.items():
            self._report_unknown(kind, said, word, term)
        self.keep(said.name, said.cells, ids.ne_missing(said.cells))
        return ids

    def _report_unknown(self, kind: str, said: _Said, word: str, term: str) -> None:
        message = f"{word!r} is no {kind}"
        if term:
            message = f"{word!r} is no known {kind}; written as {term!r}"
        hint = "add it to `terms`"
        meant = vocabulary().suggest(kind, word)
        if meant:
            hint = f"did you mean {meant!r}? say it under `terms` of the column"
        at = int(self.rows[(said.cells == word).arg_max() or 0])
        self.notes.once("BF201", at, said.name, message, word, hint)

    def _number_cells(self, place: Target, said: _Said) -> pl.Series:
        read = c.numbers(self._plain(said), said.conversion(place))
        wanted = "a number above 0"
        if place.column.kind == "integer":
            read = c.integers(read)
            wanted = "a whole number above 0"
        # A count of zero or less says nothing that the standard has a field for; its text is kept.
        bad = read.bad | settled(read.values <= 0)
        self._report("BF103", said, bad, f"is not {wanted}; {place.column.path} is left out")
        self.keep(said.name, said.cells, bad)
        return read.values.set(bad, None)

    def _json_cells(self, place: Target, said: _Said) -> pl.Series:
        """Return texts as JSON inside of an object; a column of numbers gives numbers."""
        words = said.words
        if words:
            return c.map_distinct(
                said.cells, lambda text: canonical(words.get(text, text)), pl.String
            )
        item = self.program.fields.get(said.name)
        if item is not None and item.type == "boolean":
            return self._truths(item, said)
        # Versions of software are text.
        if place.column.name == "software" or not self._has_number_type(said.name):
            return c.json_strings(said.cells)
        read = c.numbers(self._plain(said), said.conversion(place))
        unsafe = settled(read.values.abs() > MAX_SAFE_INTEGER)
        message = "is not a number that every reader keeps; it is kept as text"
        self._report("BF103", said, read.bad | unsafe, message)
        return c.json_numbers(read.values.set(unsafe, None)).fill_null(c.json_strings(said.cells))

    def _truths(self, item: TableField, said: _Said) -> pl.Series:
        """Return texts as JSON truths, by the words of the column for them."""
        truths = {
            **dict.fromkeys(item.false_values, "false"),
            **dict.fromkeys(item.true_values, "true"),
        }
        read = said.cells.replace_strict(truths, default=None, return_dtype=pl.String)
        message = "is no word for true or false; it is kept as text"
        self._report("BF103", said, lost(read, said.cells), message)
        return read.fill_null(c.json_strings(said.cells))

    def _has_number_type(self, name: str) -> bool:
        item = self.program.fields.get(name)
        return item is not None and item.type in ("number", "integer")

    def _list_cells(self, place: Target, said: _Said) -> pl.Series:
        lists = c.map_distinct(said.cells, lambda text: _list_json(text, said.words), pl.String)
        lists = _fitting(place, lists)
        bad = lost(lists, said.cells)
        self._report("BF105", said, bad, _unfit(place))
        plain = lists == '["' + said.cells.str.to_lowercase() + '"]'
        self.keep(said.name, said.cells, bad | ~plain)
        return lists

    def _set_vector(self, name: str, path: str, cells: pl.Series, separator: str | None) -> None:
        place = target(path)
        vectors = c.map_distinct(cells, lambda text: _numbers_json(text, separator), pl.String)
        if place.input is None:
            vectors = _fitting(place, vectors)
        bad = lost(vectors, cells)
        message = "is no vector of numbers that fits, or is cut off"
        self.notes.cells("BF103", name, cells, bad, self.rows, message)
        self.keep(name, cells, bad)
        if place.input is None:
            self._put(path, vectors)
        else:
            self.inputs[path] = vectors
            self._note_lengths(name, vectors)

    def _note_lengths(self, name: str, vectors: pl.Series) -> None:
        """Note the vectors that are not as long as most: one cut off between two numbers is still a vector."""
        lengths = vectors.str.count_matches(",")
        usual = lengths.drop_nulls().mode()
        if not len(usual):
            return
        message = "has not as many numbers as the others"
        odd = lengths != usual.min()
        self.notes.cells("BF103", name, self.clean[name], odd, self.rows, message)

    def _apply_rules(self) -> list[pl.Series]:
        masks = []
        for rule in self.program.annotation.rules:
            mask = self._where(rule)
            for path, value in rule.set.items():
                self._set_constant(path, value, mask)
            masks.append(mask)
        return masks

    def in_case(self, cases: Sequence[Case]) -> pl.Series:
        """Say in which rows the first of some cases holds, and none of the others."""
        return self._in(cases[0]) & ~self._taken(cases[1:])

    def _taken(self, cases: Sequence[Case]) -> pl.Series:
        """Say in which rows any of the first cases of a column holds, by what is known of fewer of them."""
        taken = never(self.height)
        start = 0
        for place in range(len(cases), 0, -1):
            known = self._cases.get(id(cases[place - 1]))
            if known is not None:
                taken, start = known, place
                break
        for case in cases[start:]:
            taken = taken | self._in(case)
            self._cases[id(case)] = taken
        return taken

    def _in(self, case: Case) -> pl.Series:
        """Say in which rows a case holds, which is asked for each measure and for the cells without one."""
        mask = self._masks.get(id(case))
        if mask is None:
            mask = self._masks[id(case)] = self._where(case)
        return mask

    def _where(self, rule: Conditional) -> pl.Series:
        """Say in which rows a rule or case holds."""
        mask = ~never(self.height)
        for name, wanted in rule.when.items():
            mask &= self._holds(name, wanted if isinstance(wanted, list) else [wanted])
        for name, wanted in rule.unless.items():
            mask &= ~self._holds(name, wanted if isinstance(wanted, list) else [wanted])
        return mask

    def _holds(self, name: str, options: c.Options) -> pl.Series:
        """Say in which rows a column, or a field of the record, is one of the options; "" is any cell without a value."""
        if name.startswith("$"):
            values = self.values.get(name[1:])
            if values is None:
                values = pl.Series([""] * self.height)
            return c.matches(values.cast(pl.String).fill_null(""), options, numeric=False)
        mask = c.matches(self.stripped(name), options, numeric=self.program.is_numeric(name))
        if "" in options:
            return mask | self.clean[name].is_null()
        return mask

    def keep(self, name: str, cells: pl.Series, mask: pl.Series) -> None:
        """Keep the text of cells that the record's fields do not hold as it stands."""
        mask = settled(mask)
        if not mask.any():
            return
        texts = cells.set(~mask, None)
        if name in self.kept:
            texts = self.kept[name].fill_null(texts)
        self.kept[name] = texts

    def join_kept(self, codes: Integers, first: Integers) -> None:
        """Keep the texts of all rows of a record at its first row: as a list where they differ, in the order of the rows."""
        for name, cells in self.kept.items():
            self._joined[name] = c.json_of_groups(cells, codes, first)

    # --- as tables ---

    def settle_status(self) -> Statuses:
        """Fill in the status `ok` where nothing says another."""
        values = self.values.get("status")
        if values is None:
            values = c.nothing(self.height, pl.String)
        self.values["status"] = values.fill_null("ok")
        is_ok = self.values["status"] == "ok"
        return Statuses(is_ok.to_numpy(), values.is_null().to_numpy())

    def record_frame(self, rows: Integers, variants: Integers) -> pl.DataFrame:
        """Return the fields of the records that stand in `rows`, each of one of the program's variants."""
        columns = self._columns("records")
        if self.inputs:
            columns["inputs"] = self._input_column()
        frame = pl.DataFrame(columns)
        if not np.array_equal(rows, np.arange(self.height)):
            frame = frame.select(pl.all().gather(pl.Series(rows)))
        return with_variants(frame, self.program.variants, variants)

    def _columns(self, table: str) -> dict[str, pl.Series]:
        """Return the columns of a table but its id; what stands inside of an object is one column of JSON."""
        columns: dict[str, pl.Series] = {}
        inside: dict[str, Nested] = {}
        for path, values in self.values.items():
            place = target(path)
            if place.table != table or path == "system.id":
                continue
            if place.inside:
                inside.setdefault(place.column.name, {})[place.inside] = values
            else:
                columns[place.column.name] = values
        if table == "records":
            self._add_kept(inside.setdefault("extensions", {}))
            for name, confirmed in self.program.confirmed.items():
                whole = pl.Series([canonical(confirmed)] * self.height)
                inside.setdefault("extensions", {})[CONFIRMED, "confirmed", name] = whole
        for name, nested in inside.items():
            if nested:
                columns[name] = nested_json(nested, self.height)
        return columns

    def _add_kept(self, extensions: Nested) -> None:
        """Add the kept texts of columns, each under the column's name, in other rows than those that say something else."""
        namespace = self.program.namespace
        said = {path[1] for path in extensions if path[0] == namespace and len(path) > 1}
        taken = {*said, *self.frame.columns}
        alone = {name: cells for name, cells in self.kept.items() if name not in self._joined}
        known = {**c.all_json_strings(alone), **self._joined}
        for name in self.kept:
            texts = known[name]
            before = extensions.get((namespace, name))
            if name not in said:
                extensions[namespace, name] = texts
                continue
            if before is not None:
                extensions[namespace, name] = before.fill_null(texts)
                texts = texts.set(settled(before.is_null() | (before == texts)), None)
            if texts.null_count() < self.height:
                own = free_name(name, taken)
                message = (
                    f"the records say something else under {name!r}; the column is kept as {own!r}"
                )
                self.notes.once("BF102", None, name, message)
                taken.add(own)
                extensions[namespace, own] = texts

    def _input_column(self) -> pl.Series:
        parts = []
        for path, values in self.inputs.items():
            head: dict[str, JsonValue] = {"name": path.removeprefix("inputs.")}
            unit = self._unit_of_input(path)
            if unit:
                head["unit"] = unit
            parts.append(canonical(head)[:-1] + ',"values":' + values + "}")
        return c.json_list(parts, self.height)

    def _unit_of_input(self, path: str) -> str | None:
        notes = [item.benchfmt for item in self.program.fields.values()]
        word = next((note.unit_word for note in notes if note and note.field == path), None)
        known = find_unit(word or "")
        if known and known[1] == 1:
            return known[0]
        return word

    def systems(self) -> Systems:
        """Return the systems of the frame; a system is what its first row in the file says."""
        columns = self._columns("systems")
        if "system.id" in self.values:
            columns["id"] = self.values["system.id"]
        if not columns:
            nothing = c.nothing(self.height, pl.String)
            return Systems(table_of("systems", []), nothing, nothing.is_not_null())
        frame = pl.DataFrame(columns)
        distinct = frame.unique(maintain_order=True)
        rows = [_system(row, self.origin) for row in distinct.rows(named=True)]
        ids = [str(row["id"]) if row else None for row in rows]
        clashes = [row is not None and self.notes.is_other_system(row) for row in rows]
        facts = distinct.with_columns(
            pl.Series("__id", ids, dtype=pl.String),
            pl.Series("__clash", clashes, dtype=pl.Boolean),
        )
        joined = frame.join(
            facts, on=frame.columns, how="left", nulls_equal=True, maintain_order="left"
        )
        known = {row["id"]: row for row in reversed(rows) if row}
        table = table_of("systems", list(reversed(known.values())))
        return Systems(table, joined["__id"], joined["__clash"])


def _stripped(frame: pl.DataFrame) -> dict[str, pl.Series]:
    """Return the cells of each column without surrounding blanks, all columns asked for at once."""
    names = frame.columns
    stripped = frame.select(pl.all().str.strip_chars())
    return {name: stripped.to_series(place).alias("") for place, name in enumerate(names)}


def _unfit(place: Target) -> str:
    return f"does not fit {place.column.path}, which is left out"


def _numbers_json(text: str, separator: str | None) -> str | None:
    numbers = c.vector(text, separator)
    if numbers is None:
        return None
    return canonical(numbers)


def _list_json(text: str, words: c.Words) -> str:
    value = words.get(text, text)
    if isinstance(value, str):
        value = [value]
    return canonical(value)


def _fitting(place: Target, cells: pl.Series) -> pl.Series:
    """Return cells of JSON, null where they do not fit their place in the record."""

    def fitting(text: str) -> str | None:
        return text if fits(place, json.loads(text)) else None

    return c.map_distinct(cells, fitting, pl.String)


def _system(row: dict[str, JsonValue], origin: Origin) -> Row | None:
    """Return a full row of `systems`: from the vocabulary for a bare platform id, with an id of its own otherwise."""
    said = {key: value for key, value in row.items() if value is not None}
    if not said:
        return None
    if list(said) == ["id"] and said["id"] in vocabulary().terms("system"):
        return system_row(platform(str(said["id"])))
    empty = {item.name: None for item in COLUMNS["systems"]}
    if "id" in said:
        return {**empty, **said}
    description = system_from_row(said)
    source = {"path": origin.path, "sha256": origin.sha256}
    return {**empty, **said, "id": system_id(description, source)}
