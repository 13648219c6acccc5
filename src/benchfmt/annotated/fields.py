"""The fields of the records of one frame: constants, extracts, columns and rules, a column at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import jsonschema
import polars as pl
import pyarrow as pa

from benchfmt.annotated import cells as c
from benchfmt.annotated.notes import Integers, Notes
from benchfmt.annotated.program import (
    IDENTITY,
    TERM_KINDS,
    Program,
    Target,
    constant,
    field_conversion,
    groups,
    target,
)
from benchfmt.identity import canonical, platform, system_id
from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.schema import column_schema
from benchfmt.tables import COLUMNS, system_from_row, system_row, table_of
from benchfmt.units import find_unit
from benchfmt.vocabulary import vocabulary


@dataclass(frozen=True)
class Origin:
    """The file that is read: its identity path and hash, where findings say it is, and who converts it."""

    path: str
    sha256: str
    shown_path: str
    converter: str
    converter_version: str


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
        self.clean = {name: c.clean(frame[name], program.missing_values) for name in frame.columns}
        self.values: dict[str, pl.Series] = {}
        self.kept: dict[str, pl.Series] = {}
        self.inputs: dict[str, pl.Series] = {}
        # Rows with a number that no measurement holds, because nothing says what it measures.
        self.unread = pl.Series([False] * self.height, dtype=pl.Boolean)

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
                self._set_field(name, note.field)

    def _set_constant(self, path: str, value: Any, mask: pl.Series | None) -> None:
        place, checked = constant(path, value)
        as_json = place.column.kind == "json"
        literal = pl.Series(path, [canonical(checked) if as_json else checked] * self.height)
        self._put(path, literal, mask)

    def _put(self, path: str, values: pl.Series, mask: pl.Series | None = None) -> None:
        before = self.values.get(path)
        if before is None:
            before = pl.Series(path, [None] * self.height, dtype=values.dtype)
        chosen = values.is_not_null() if mask is None else mask
        self.values[path] = values.cast(before.dtype).zip_with(chosen, before)

    def _extract(self, extract: Any) -> None:
        text = (
            pl.Series([self.origin.shown_path] * self.height)
            if extract.from_ == "$path"
            else self.clean[extract.from_]
        )
        found = text.str.extract_groups(extract.pattern)
        names = groups(extract.pattern)
        for path, group in extract.set.items():
            if group in names:
                words = found.struct.field(group)
                self._put_text(path, words, extract.terms.get(path, {}), group, None)

    def _set_field(self, name: str, path: str) -> None:
        note = self.program.note(name)
        cells = self._without_missing(name, note.missing)
        if note.list_:
            self._set_vector(name, path, cells)
        else:
            self._put_text(path, cells, note.terms, name, note)

    def _without_missing(self, name: str, missing: dict[str, str]) -> pl.Series:
        """Return a field's cells, null where they mean no value; what they say is kept in the extensions."""
        cells = self.clean[name]
        if not missing:
            return cells
        meaningless = matches(cells, list(missing), numeric=self.program.is_numeric(name))
        self.keep(name, cells, meaningless)
        return cells.set(meaningless, None)

    def _put_text(
        self, path: str, cells: pl.Series, words: dict[str, Any], name: str, note: Any
    ) -> None:
        place = target(path)
        if place.input is not None:
            read = c.map_distinct(
                cells, lambda t: None if t is None else _numbers_json(t, None), pl.String
            )
            self.notes.cells(
                "BF103",
                name,
                cells,
                read.is_null() & cells.is_not_null(),
                self.rows,
                "is not a number",
            )
            self.inputs[path] = read
        elif place.inside or place.column.kind == "json":
            self._put(path, self._json_cells(place, cells, words, name, note))
        elif place.column.kind in ("integer", "number"):
            self._put(path, self._number_cells(place, cells, name, note))
        else:
            kind = TERM_KINDS.get(place.column.name)
            found = (
                self._term_cells(kind, cells, words, name)
                if kind
                else self._text_cells(place, cells, words, name)
            )
            self._put(path, found)

    def _text_cells(
        self, place: Target, cells: pl.Series, words: dict[str, Any], name: str
    ) -> pl.Series:
        found = cells.replace(words) if words else cells
        schema = column_schema(place.table, place.column.name)
        bad = found.str.contains(schema.get("not", {}).get("pattern", "[^\\s\\S]"))
        if "pattern" in schema:
            bad |= ~found.str.contains(schema["pattern"])
        if "enum" in schema:
            bad |= ~found.is_in(schema["enum"])
        bad = bad.fill_null(value=False)
        self.notes.cells(
            "BF105",
            name,
            cells,
            bad,
            self.rows,
            f"does not fit {place.column.path}, which is left out",
        )
        self.keep(name, cells, bad | (found != cells))
        return found.set(bad, None)

    def _term_cells(
        self, kind: str, cells: pl.Series, words: dict[str, Any], name: str
    ) -> pl.Series:
        found, unknown = c.terms(cells, kind, words, self.program.namespace)
        for word, term in unknown.items():
            meant = vocabulary().suggest(kind, word)
            at = int(self.rows[(cells == word).arg_max() or 0])
            self.notes.once(
                "BF201",
                at,
                name,
                f"{word!r} is no known {kind}; written as {term!r}"
                if term
                else f"{word!r} is no {kind}",
                word,
                f"did you mean {meant!r}? say it under `terms` of the column"
                if meant
                else "add it to `terms`",
            )
        self.keep(name, cells, found.ne_missing(cells))
        return found

    def _number_cells(self, place: Target, cells: pl.Series, name: str, note: Any) -> pl.Series:
        conversion = field_conversion(name, note, place.column) if note else IDENTITY
        read = c.numbers(cells, conversion)
        if place.column.kind == "integer":
            read = c.integers(read)
        # A count of zero or less says nothing that the standard has a field for; its text is kept.
        bad = read.bad | (read.values <= 0).fill_null(value=False)
        wanted = "a whole number above 0" if place.column.kind == "integer" else "a number above 0"
        self.notes.cells(
            "BF103",
            name,
            cells,
            bad,
            self.rows,
            f"is not {wanted}; {place.column.path} is left out",
        )
        self.keep(name, cells, bad)
        return read.values.set(bad, None)

    def _json_cells(
        self, place: Target, cells: pl.Series, words: dict[str, Any], name: str, note: Any
    ) -> pl.Series:
        item_type = self.program.fields[name].type if name in self.program.fields else "string"
        if not place.inside:
            return self._list_cells(place, cells, words, name)
        if words:
            return c.map_distinct(
                cells, lambda t: None if t is None else canonical(words.get(t, t)), pl.String
            )
        if (
            item_type in ("number", "integer") and place.column.name != "software"
        ):  # whose versions are text
            read = c.numbers(
                cells, field_conversion(name, note, place.column) if note else IDENTITY
            )
            unsafe = (read.values.abs() > MAX_SAFE_INTEGER).fill_null(value=False)
            told = "is not a number that every reader keeps; it is kept as text"
            self.notes.cells("BF103", name, cells, read.bad | unsafe, self.rows, told)
            return c.json_numbers(read.values.set(unsafe, None)).fill_null(c.json_strings(cells))
        return c.json_strings(cells)

    def _list_cells(
        self, place: Target, cells: pl.Series, words: dict[str, Any], name: str
    ) -> pl.Series:
        found = c.map_distinct(
            cells, lambda t: None if t is None else _list_json(t, words), pl.String
        )
        found = c.map_distinct(found, lambda t: t if _fits(place, t) else None, pl.String)
        bad = found.is_null() & cells.is_not_null()
        self.notes.cells(
            "BF105",
            name,
            cells,
            bad,
            self.rows,
            f"does not fit {place.column.path}, which is left out",
        )
        plain = found == '["' + cells.str.to_lowercase() + '"]'
        self.keep(name, cells, bad | ~plain)
        return found

    def _set_vector(self, name: str, path: str, cells: pl.Series) -> None:
        note = self.program.note(name)
        place = target(path)
        read = c.map_distinct(
            cells, lambda t: None if t is None else _numbers_json(t, note.separator), pl.String
        )
        if place.input is None:
            read = c.map_distinct(read, lambda t: t if _fits(place, t) else None, pl.String)
        bad = read.is_null() & cells.is_not_null()
        self.notes.cells(
            "BF103", name, cells, bad, self.rows, "is no vector of numbers that fits, or is cut off"
        )
        self.keep(name, cells, bad)
        if place.input is None:
            self._put(path, read)
        else:
            self.inputs[path] = read
            self._note_lengths(name, read)

    def _note_lengths(self, name: str, read: pl.Series) -> None:
        """Note the vectors that are not as long as most: one cut off between two numbers is still a vector."""
        lengths = read.str.count_matches(",")
        usual = lengths.drop_nulls().mode()
        odd = lengths != usual.min() if len(usual) else lengths.is_not_null()
        self.notes.cells(
            "BF103", name, self.clean[name], odd, self.rows, "has not as many numbers as the others"
        )

    def _apply_rules(self) -> list[pl.Series]:
        masks = []
        for rule in self.program.annotation.rules:
            mask = pl.Series([True] * self.height)
            for name, wanted in rule.when.items():
                options = wanted if isinstance(wanted, list) else [wanted]
                mask &= self._holds(name, options)
            for path, value in rule.set.items():
                self._set_constant(path, value, mask)
            masks.append(mask)
        return masks

    def _holds(self, name: str, options: list[Any]) -> pl.Series:
        """Say in which rows a column, or a field of the record, is one of the options; "" is any cell without a value."""
        if name.startswith("$"):
            values = self.values.get(name[1:])
            empty = pl.Series([""] * self.height)
            return matches(
                empty if values is None else values.cast(pl.String).fill_null(""),
                options,
                numeric=False,
            )
        found = matches(
            self.frame[name].str.strip_chars(), options, numeric=self.program.is_numeric(name)
        )
        return found | self.clean[name].is_null() if "" in options else found

    def keep(self, name: str, cells: pl.Series, mask: pl.Series) -> None:
        """Keep the text of cells that the record's fields do not hold as it stands."""
        mask = mask.fill_null(value=False)
        if mask.any():
            texts = cells.set(~mask, None)
            self.kept[name] = self.kept[name].fill_null(texts) if name in self.kept else texts

    # --- as tables ---

    def status(self) -> Any:
        """Return the status of each row; `ok` where nothing says otherwise."""
        values = self.values.get("status")
        if values is None:
            values = self.values["status"] = pl.Series("status", ["ok"] * self.height)
        self.values["status"] = values.fill_null("ok")
        return self.values["status"].to_numpy()

    def record_frame(self, rows: Any, variants: Any) -> pl.DataFrame:
        """Return the fields of the records that stand in `rows`, each of one of the program's variants."""
        index = pl.Series(rows)
        columns: dict[str, pl.Series] = {}
        inside: dict[str, dict[str, Any]] = {}
        for path, values in self.values.items():
            place = target(path)
            if place.table != "records":
                continue
            if place.inside:
                _nest(inside.setdefault(place.column.name, {}), place.inside, values)
            elif path != "system.id":
                columns[place.column.name] = values
        if self.kept:
            for name, values in self.kept.items():
                _nest(
                    inside.setdefault("extensions", {}),
                    (self.program.namespace, name),
                    c.json_strings(values),
                )
        for name, tree in inside.items():
            columns[name] = _tree_json(tree, self.height)
        if self.inputs:
            columns["inputs"] = self._input_column()
        frame = pl.DataFrame(columns).select(pl.all().gather(index)) if columns else pl.DataFrame()
        return self._with_variants(frame, variants)

    def _with_variants(self, frame: pl.DataFrame, variants: Any) -> pl.DataFrame:
        for index, fields in enumerate(self.program.variants):
            mask = pl.Series(variants == index)
            for path, value in fields.items():
                place, checked = constant(path, value)
                literal = (
                    canonical(checked)
                    if place.column.kind == "json" and not place.inside
                    else checked
                )
                if place.inside:
                    frame = _merge_inside(frame, place, value, mask)
                    continue
                name = place.column.name
                before = (
                    frame[name] if name in frame.columns else pl.Series(name, [None] * frame.height)
                )
                after = pl.Series(name, [literal] * frame.height)
                frame = frame.with_columns(
                    after.zip_with(mask, before.cast(after.dtype)).alias(name)
                )
        return frame

    def _input_column(self) -> pl.Series:
        parts = []
        for path, values in self.inputs.items():
            notes = [
                f.benchfmt
                for f in self.program.fields.values()
                if f.benchfmt and f.benchfmt.field == path
            ]
            word = notes[0].unit if notes else None
            found = find_unit(word) if word else None
            unit = found[0] if found and found[1] == 1 else word
            head = canonical(
                {"name": path.removeprefix("inputs."), **({"unit": unit} if unit else {})}
            )
            parts.append(head[:-1] + ',"values":' + values + "}")
        return c.json_list(parts, self.height)

    def systems(self) -> tuple[pa.Table, pl.Series, pl.Series]:
        """Return the systems of the frame, the system id of each row, and the rows that describe one in another way.

        A system is what its first row in the file says.
        """
        columns: dict[str, pl.Series] = {}
        inside: dict[str, dict[str, Any]] = {}
        for path, values in self.values.items():
            if path.startswith("system."):
                place = target(path)
                if place.inside:
                    _nest(inside.setdefault(place.column.name, {}), place.inside, values)
                else:
                    columns["id" if path == "system.id" else place.column.name] = values
        for name, tree in inside.items():
            columns[name] = _tree_json(tree, self.height)
        if not columns:
            nothing = pl.Series([None] * self.height, dtype=pl.String)
            return table_of("systems", []), nothing, nothing.is_not_null()
        frame = pl.DataFrame(columns)
        distinct = frame.unique(maintain_order=True)
        described = [_described(row, self.origin) for row in distinct.rows(named=True)]
        known = {row["id"]: row for row in reversed(described) if row}
        clashes = [row is not None and self.notes.is_other_system(row) for row in described]
        facts = distinct.with_columns(
            pl.Series("__id", [row["id"] if row else None for row in described], dtype=pl.String),
            pl.Series("__clash", clashes, dtype=pl.Boolean),
        )
        joined = frame.join(
            facts, on=frame.columns, how="left", nulls_equal=True, maintain_order="left"
        )
        return (
            table_of("systems", list(reversed(known.values()))),
            joined["__id"],
            joined["__clash"],
        )


def matches(cells: pl.Series, options: list[Any], *, numeric: bool) -> pl.Series:
    """Say which cells are one of the options: equal text, or the same number for an option or column of numbers."""
    texts = [option for option in options if isinstance(option, str)]
    numbers = [float(option) for option in options if not isinstance(option, str)]
    numbers += [number for number in map(_float, texts) if number is not None] if numeric else []
    mask = cells.is_in(texts)
    if numbers:
        mask |= cells.cast(pl.Float64, strict=False).is_in(numbers)
    return mask.fill_null(value=False)


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _numbers_json(text: str, separator: str | None) -> str | None:
    found = c.vector(text, separator)
    return None if found is None else canonical(found)


def _list_json(text: str, words: dict[str, Any]) -> str:
    value = words.get(text, text)
    return canonical(value if isinstance(value, list) else [value])


def _fits(place: Target, text: str | None) -> bool:
    if text is None:
        return False
    return jsonschema.Draft202012Validator(column_schema(place.table, place.column.name)).is_valid(
        json.loads(text)
    )


def _nest(tree: dict[str, Any], path: tuple[str, ...], values: pl.Series) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = values


def _tree_json(tree: dict[str, Any], height: int) -> pl.Series:
    parts = {
        key: _tree_json(node, height) if isinstance(node, dict) else node
        for key, node in tree.items()
    }
    return c.json_object(parts, height)


def _merge_inside(frame: pl.DataFrame, place: Target, value: Any, mask: pl.Series) -> pl.DataFrame:
    name = place.column.name
    before = (
        frame[name]
        if name in frame.columns
        else pl.Series(name, [None] * frame.height, dtype=pl.String)
    )

    def merged(text: str) -> str:
        data = json.loads(text)
        node = data
        for part in place.inside[:-1]:
            node = node.setdefault(part, {})
        node[place.inside[-1]] = value
        return canonical(data)

    after = c.map_distinct(before.fill_null("{}"), merged, pl.String)
    return frame.with_columns(after.zip_with(mask, before).alias(name))


def _described(row: dict[str, Any], origin: Origin) -> dict[str, Any] | None:
    """Return a full row of `systems`: from the vocabulary for a bare platform id, with an id of its own otherwise."""
    said = {key: value for key, value in row.items() if value is not None}
    if not said:
        return None
    if list(said) == ["id"] and said["id"] in vocabulary().terms("system"):
        return system_row(platform(said["id"]))
    empty = {item.name: None for item in COLUMNS["systems"]}
    if "id" in said:
        return {**empty, **said}
    description = system_from_row(said)
    source = {"path": origin.path, "sha256": origin.sha256}
    return {**empty, **said, "id": system_id(description, source)}
