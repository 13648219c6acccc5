"""Runs a compiled annotation over frames of text and gives the three tables.

Records come out in row order, their measurements in standard order. A cell that cannot be read becomes a measurement
without a value (or a field left out, its text kept in `extensions`) and a finding; the rest of its row is converted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pyarrow as pa

from benchfmt.annotated import cells as c
from benchfmt.annotated.program import (
    IDENTITY,
    TERM_KINDS,
    Measure,
    Program,
    Target,
    constant,
    field_conversion,
    groups,
    named_measures,
    target,
)
from benchfmt.finding import Finding, Severity
from benchfmt.identity import canonical, platform, record_id, record_ids, system_id
from benchfmt.limits import LIMITS
from benchfmt.schema import column_schema
from benchfmt.tables import COLUMNS, Batch, arrow_schema, system_from_row, system_row, table_of
from benchfmt.units import find_unit
from benchfmt.vocabulary import vocabulary

Arrow = Any  # pyarrow's stubs want the type of every element
Integers = np.ndarray[Any, np.dtype[np.int64]]
NOT_REPORTED = "not-reported"
NOT_NUMERIC = "not-numeric"
_ABSENT, _VALUE = -1, 0


@dataclass(frozen=True)
class Origin:
    """The file that is read: its identity path and hash, where findings say it is, and who converts it."""

    path: str
    sha256: str
    shown_path: str
    converter: str
    converter_version: str


@dataclass
class Outcome:
    """What a frame gave: its records as tables, the rows that gave none, and what was wrong."""

    batch: Batch
    record_rows: Integers
    measurement_rows: Integers
    measurement_columns: pl.Series
    skipped: list[tuple[int, str]] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def run(program: Program, frame: pl.DataFrame, rows: Integers, origin: Origin) -> Outcome:
    """Return what a frame of text gives; `rows` are the numbers of its rows in the file."""
    return _Run(program, frame, rows, origin).outcome()


class _Run:
    """One frame on its way: its cleaned cells, the values of the record's fields and the findings so far."""

    def __init__(self, program: Program, frame: pl.DataFrame, rows: Integers, origin: Origin) -> None:
        self.program = program
        self.frame = frame
        self.rows = rows
        self.origin = origin
        self.height = frame.height
        self.findings: list[Finding] = []
        self.counts: dict[tuple[str, str], int] = {}
        self.clean = {name: c.clean(frame[name], program.missing_values) for name in frame.columns}
        self.values: dict[str, pl.Series] = {}
        self.kept: dict[str, pl.Series] = {}
        self.inputs: dict[str, pl.Series] = {}

    def outcome(self) -> Outcome:
        self._fill_values()
        masks = self._apply_rules()
        self._keep_unannotated()
        if self.program.annotation.key:
            return self._by_key(masks)
        return self._by_row(masks)

    # --- the fields of the record ---

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
            pl.Series([self.origin.shown_path] * self.height) if extract.from_ == "$path" else self.clean[extract.from_]
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
        meaningless = _matches(cells, list(missing))
        self._keep(name, cells, meaningless)
        return cells.set(meaningless, None)

    def _put_text(self, path: str, cells: pl.Series, words: dict[str, Any], name: str, note: Any) -> None:
        place = target(path)
        if place.input is not None:
            read = c.map_distinct(cells, lambda t: None if t is None else _numbers_json(t, None), pl.String)
            self._note_bad(name, cells, read.is_null() & cells.is_not_null(), "BF103", "is not a number")
            self.inputs[path] = read
        elif place.inside or place.column.kind == "json":
            self._put(path, self._json_cells(place, cells, words, name, note))
        elif place.column.kind in ("integer", "number"):
            self._put(path, self._number_cells(place, cells, name, note))
        else:
            kind = TERM_KINDS.get(place.column.name)
            found = self._term_cells(kind, cells, words, name) if kind else self._text_cells(place, cells, words, name)
            self._put(path, found)

    def _text_cells(self, place: Target, cells: pl.Series, words: dict[str, Any], name: str) -> pl.Series:
        found = cells.replace(words) if words else cells
        schema = column_schema(place.table, place.column.name)
        bad = found.str.contains(schema.get("not", {}).get("pattern", "[^\\s\\S]"))
        if "pattern" in schema:
            bad |= ~found.str.contains(schema["pattern"])
        bad = bad.fill_null(value=False)
        self._note_bad(name, cells, bad, "BF105", f"does not fit {place.column.path}, which is left out")
        self._keep(name, cells, bad | (found != cells))
        return found.set(bad, None)

    def _term_cells(self, kind: str, cells: pl.Series, words: dict[str, Any], name: str) -> pl.Series:
        found, unknown = c.terms(cells, kind, words, self.program.namespace)
        for word, term in unknown.items():
            meant = vocabulary().suggest(kind, word)
            at = int(self.rows[(cells == word).arg_max() or 0])
            self._note(
                "BF201", at, name, f"{word!r} is no known {kind}; written as {term!r}" if term else f"{word!r} is no {kind}",
                word, f"did you mean {meant!r}? say it under `terms` of the column" if meant else "add it to `terms`",
            )  # fmt: skip
        self._keep(name, cells, found.ne_missing(cells))
        return found

    def _number_cells(self, place: Target, cells: pl.Series, name: str, note: Any) -> pl.Series:
        conversion = field_conversion(name, note, place.column) if note else IDENTITY
        read = c.numbers(cells, conversion)
        if place.column.kind == "integer":
            read = c.integers(read)
        # A count of zero or less says nothing that the standard has a field for; its text is kept.
        bad = read.bad | (read.values <= 0).fill_null(value=False)
        wanted = "a whole number above 0" if place.column.kind == "integer" else "a number above 0"
        self._note_bad(name, cells, bad, "BF103", f"is not {wanted}; {place.column.path} is left out")
        self._keep(name, cells, bad)
        return read.values.set(bad, None)

    def _json_cells(self, place: Target, cells: pl.Series, words: dict[str, Any], name: str, note: Any) -> pl.Series:
        item_type = self.program.fields[name].type if name in self.program.fields else "string"
        if not place.inside:
            return self._list_cells(place, cells, words, name)
        if words:
            return c.map_distinct(cells, lambda t: None if t is None else canonical(words.get(t, t)), pl.String)
        if item_type in ("number", "integer"):
            read = c.numbers(cells, field_conversion(name, note, place.column) if note else IDENTITY)
            self._note_bad(name, cells, read.bad, "BF103", "is not a number; it is kept as text")
            return c.json_numbers(read.values).fill_null(c.json_strings(cells))
        return c.json_strings(cells)

    def _list_cells(self, place: Target, cells: pl.Series, words: dict[str, Any], name: str) -> pl.Series:
        found = c.map_distinct(cells, lambda t: None if t is None else _list_json(t, words), pl.String)
        found = c.map_distinct(found, lambda t: t if _fits(place, t) else None, pl.String)
        bad = found.is_null() & cells.is_not_null()
        self._note_bad(name, cells, bad, "BF105", f"does not fit {place.column.path}, which is left out")
        plain = found == '["' + cells.str.to_lowercase() + '"]'
        self._keep(name, cells, bad | ~plain)
        return found

    def _set_vector(self, name: str, path: str, cells: pl.Series) -> None:
        note = self.program.note(name)
        place = target(path)
        read = c.map_distinct(cells, lambda t: None if t is None else _numbers_json(t, note.separator), pl.String)
        if place.input is None:
            read = c.map_distinct(read, lambda t: t if _fits(place, t) else None, pl.String)
        bad = read.is_null() & cells.is_not_null()
        self._note_bad(name, cells, bad, "BF103", "is no vector of numbers that fits, or is cut off")
        self._keep(name, cells, bad)
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
        self._note_bad(
            name,
            self.clean[name],
            odd.fill_null(value=False),
            "BF103",
            "has not as many numbers as the others",
        )

    def _apply_rules(self) -> list[pl.Series]:
        masks = []
        for rule in self.program.annotation.rules:
            mask = pl.Series([True] * self.height)
            for name, wanted in rule.when.items():
                cells = self._condition_cells(name)
                options = wanted if isinstance(wanted, list) else [wanted]
                mask &= _matches(cells, options)
            for path, value in rule.set.items():
                self._set_constant(path, value, mask)
            masks.append(mask)
        return masks

    def _condition_cells(self, name: str) -> pl.Series:
        if not name.startswith("$"):
            return self.frame[name].str.strip_chars()
        values = self.values.get(name[1:])
        return pl.Series([""] * self.height) if values is None else values.cast(pl.String).fill_null("")

    def _keep(self, name: str, cells: pl.Series, mask: pl.Series) -> None:
        """Keep the text of cells that the record's fields do not hold as it stands."""
        mask = mask.fill_null(value=False)
        if mask.any():
            texts = cells.set(~mask, None)
            self.kept[name] = self.kept[name].fill_null(texts) if name in self.kept else texts

    def _keep_unannotated(self) -> None:
        for name in self.program.unannotated:
            if self.clean[name].null_count() < self.height:
                self.kept[name] = self.clean[name]

    # --- measurements ---

    def _all_measures(self) -> list[Measure]:
        measures = list(self.program.measures)
        for item in self.program.dynamic:
            assert item.benchfmt is not None  # noqa: S101 - dynamic columns are annotated
            named_by: Any = item.benchfmt.metric
            naming = self.clean[named_by.column]
            found, unknown = named_measures(item, naming.drop_nulls().unique().sort().to_list(), self.program)
            measures += found
            for word in unknown:
                at = int(self.rows[(naming == word).arg_max() or 0])
                self._note(
                    "BF201",
                    at,
                    named_by.column,
                    f"{word!r} names no known metric; the numbers are kept as text",
                    word,
                )
            lost = naming.is_null() | naming.is_in(unknown)
            self._keep(item.name, self.clean[item.name], lost & self.clean[item.name].is_not_null())
        return sorted(measures, key=lambda m: m.order)

    def _measured(self, measure: Measure, masks: list[pl.Series]) -> tuple[Any, Any, list[str]]:
        """Return a measure's values, the state of each cell and the reasons that the states count."""
        cells = self.clean[measure.column]
        note = self.program.note(measure.column)
        read = c.numbers(cells, measure.conversion)
        reasons = ["", NOT_REPORTED, NOT_NUMERIC]
        states = np.zeros(self.height, dtype=np.int8)
        states[cells.is_null().to_numpy()] = 1
        bad = read.bad.to_numpy().copy()
        raw = self.frame[measure.column].str.strip_chars()
        for token, reason in note.missing.items():
            hit = _matches(raw, [token]).to_numpy()
            states[hit] = _index(reasons, reason)
            bad &= ~hit
        for rule, mask in zip(self.program.annotation.rules, masks, strict=True):
            ruled = rule.missing.get(measure.column)
            if ruled:
                hit = mask.to_numpy()
                states[hit] = _index(reasons, ruled)
                bad &= ~hit
        states[bad] = 2
        if measure.named_by:
            column, word = measure.named_by
            states[~(self.clean[column] == word).fill_null(value=False).to_numpy()] = _ABSENT
            bad &= states != _ABSENT
        self._note_bad(measure.column, cells, pl.Series(bad), "BF103", "is not a number; the measurement has no value")
        return read.values.to_numpy(), states, reasons

    def _caveats(self, measure: Measure, masks: list[pl.Series]) -> tuple[Any, list[str | None]]:
        """Return for each row which of some caveat lists its measurement has."""
        lists: list[tuple[str, ...]] = [measure.caveats]
        codes = np.zeros(self.height, dtype=np.int8)
        for rule, mask in zip(self.program.annotation.rules, masks, strict=True):
            extra = rule.caveats.get(measure.column)
            if not extra:
                continue
            hit = mask.to_numpy()
            for code in np.unique(codes[hit]):
                merged = tuple(sorted({*lists[code], *extra}))
                codes[hit & (codes == code)] = _index(lists, merged)
        return codes, [canonical(list(item)) if item else None for item in lists]

    def _matrix(self, measures: list[Measure], masks: list[pl.Series]) -> _Matrix:
        values = np.empty((self.height, len(measures)))
        reasons = np.zeros((self.height, len(measures)), dtype=np.int16)
        caveats = np.zeros((self.height, len(measures)), dtype=np.int16)
        all_reasons: list[str | None] = [None]
        all_caveats: list[str | None] = [None]
        for index, measure in enumerate(measures):
            numbers, states, names = self._measured(measure, masks)
            values[:, index] = np.where(states == _VALUE, numbers, np.nan)
            table = np.array([0] + [_index(all_reasons, name) for name in names[1:]], dtype=np.int16)
            reasons[:, index] = np.where(states == _ABSENT, _ABSENT, table[np.maximum(states, 0)])
            codes, lists = self._caveats(measure, masks)
            caveats[:, index] = np.array([_index(all_caveats, item) for item in lists], dtype=np.int16)[codes]
        return _Matrix(measures, values, reasons, caveats, all_reasons, all_caveats)

    def _measurement_table(self, matrix: _Matrix, present: Any, record_ids: Arrow, owner: Any) -> pa.Table:
        """Return the measurements where `present`; `owner` says which of `record_ids` each flat cell belongs to."""
        flat = np.flatnonzero(present)
        kinds = (flat % len(matrix.measures)).astype(np.int32)
        has_value = (matrix.reasons.ravel()[flat] == 0) if len(flat) else np.zeros(0, dtype=bool)
        texts = self._reported(matrix.measures, flat)

        def static(get: Any, shown: Any = None) -> Arrow:
            return _dictionary(kinds, [get(m) for m in matrix.measures], shown)

        def coded(codes: Any, choices: list[str | None]) -> Arrow:
            return _dictionary(codes.ravel()[flat].astype(np.int32), choices, None)

        def number(get: Any, dtype: pa.DataType) -> Arrow:
            choices: Arrow = pa.array([get(m) for m in matrix.measures], dtype)
            return choices.take(pa.array(kinds))

        with_target = np.array([m.targets != (None, None) for m in matrix.measures], dtype=bool)
        show_unit = has_value | with_target[kinds] if len(flat) else has_value
        columns = {
            "record_id": record_ids.take(pa.array(owner[flat])),
            **{
                part: static(lambda m, i=i: m.key[i] or None)
                for i, part in enumerate(("metric", "statistic", "stage", "per", "scope"))
            },
            "value": pa.array(matrix.values.ravel()[flat], mask=~has_value),
            "unit": static(lambda m: m.unit, show_unit),
            "basis": static(lambda m: m.basis, has_value),
            "primary": number(lambda m: True if m.primary else None, pa.bool_()),
            "missing": coded(matrix.reasons, matrix.reason_names),
            "caveats": coded(matrix.caveats, matrix.caveat_lists),
            "target_min": number(lambda m: m.targets[0], pa.float64()),
            "target_max": number(lambda m: m.targets[1], pa.float64()),
            "reported_value": texts,
            # A missing measurement reports no number, so it reports no unit.
            "reported_unit": static(lambda m: m.reported_unit, has_value),
        }
        rows = len(flat)
        fields = arrow_schema("measurements")
        return pa.table({f.name: columns.get(f.name, pa.nulls(rows, f.type)) for f in fields})

    def _reported(self, measures: list[Measure], flat: Any) -> Arrow:
        """Return the source's own characters of flat cells; null where the cell is empty."""
        if not len(flat):
            return pa.array([], pa.string())
        names = list(dict.fromkeys(m.column for m in measures))
        columns = pl.concat([self.frame[name].alias("text") for name in names])
        place = np.array([names.index(m.column) * self.height for m in measures], dtype=np.int64)
        gathered = columns.gather(pl.Series(place[flat % len(measures)] + flat // len(measures)))
        return gathered.replace({"": None}).to_arrow().cast(pa.string())

    # --- records ---

    def _by_row(self, masks: list[pl.Series]) -> Outcome:
        variants = self.program.variants
        matrix = self._matrix(self._all_measures(), masks)
        of_variant = np.array([m.variant for m in matrix.measures], dtype=np.int64)
        present = matrix.reasons != _ABSENT
        has_value = matrix.reasons == 0
        status = self._status()
        keep = np.empty((self.height, len(variants)), dtype=bool)
        for variant in range(len(variants)):
            keep[:, variant] = has_value[:, of_variant == variant].any(axis=1) | (status != "ok")
        skipped = [
            (int(self.rows[index]), "no measurement of the row has a value")
            for index in np.flatnonzero(~keep.any(axis=1))
        ]
        present &= keep[:, of_variant]
        locators = self._row_locators(keep)
        ids, tables, position = self._records(keep, locators)
        owner = position[:, of_variant].ravel()
        measurements = self._measurement_table(matrix, present, ids, owner)
        flat = np.flatnonzero(present)
        row_of = flat // max(len(matrix.measures), 1)
        names = pl.Series([m.column for m in matrix.measures], dtype=pl.String)
        return Outcome(
            batch=Batch(tables[0], tables[1], measurements),
            record_rows=self.rows[np.nonzero(keep)[0]],
            measurement_rows=self.rows[row_of],
            measurement_columns=names.gather(flat % max(len(matrix.measures), 1)),
            skipped=skipped,
            findings=self.findings,
        )

    def _status(self) -> Any:
        values = self.values.get("status")
        if values is None:
            values = self.values["status"] = pl.Series("status", ["ok"] * self.height)
        self.values["status"] = values.fill_null("ok")
        return self.values["status"].to_numpy()

    def _row_locators(self, keep: Any) -> list[str]:
        """Return the locator of each record: the row, with what the header says where it is a dimension."""
        parts = [_variant_locator(variant) for variant in self.program.variants]
        rows, variants = np.nonzero(keep)
        if parts == [""]:
            return [f"row={number}" for number in self.rows[rows].tolist()]
        found = [
            (f"row={n}", *parts[v].split("&")) for n, v in zip(self.rows[rows].tolist(), variants.tolist(), strict=True)
        ]
        return ["&".join(sorted(part for part in item if part)) for item in found]

    def _records(self, keep: Any, locators: list[str]) -> tuple[Arrow, tuple[pa.Table, pa.Table], Any]:
        """Return the ids, the systems and records tables, and the place of each (row, variant) among the records."""
        rows, variants = np.nonzero(keep)
        position = np.full(keep.shape, 0, dtype=np.int64)
        position[rows, variants] = np.arange(len(rows))
        frame = self._record_frame(rows, variants, locators)
        systems, system_ids = self._systems(rows)
        if system_ids is not None:
            frame = frame.with_columns(system_ids.alias("system_id"))
        table = _complete(frame, "records")
        return table["id"].combine_chunks(), (systems, table), position

    def _record_frame(self, rows: Any, variants: Any, locators: list[str]) -> pl.DataFrame:
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
        frame = self._with_variants(frame, variants)
        suites = frame["suite"] if "suite" in frame.columns else None
        ids = self._ids(suites, locators)
        size = len(locators)
        return frame.with_columns(
            pl.Series("id", ids, dtype=pl.String),
            pl.Series("source_path", [self.origin.path] * size, dtype=pl.String),
            pl.Series("source_sha256", [self.origin.sha256] * size, dtype=pl.String),
            pl.Series("source_locator", locators, dtype=pl.String),
            pl.Series("converter", [self.origin.converter] * size, dtype=pl.String),
            pl.Series("converter_version", [self.origin.converter_version] * size, dtype=pl.String),
        )

    def _with_variants(self, frame: pl.DataFrame, variants: Any) -> pl.DataFrame:
        for index, fields in enumerate(self.program.variants):
            mask = pl.Series(variants == index)
            for path, value in fields.items():
                place, checked = constant(path, value)
                literal = canonical(checked) if place.column.kind == "json" and not place.inside else checked
                if place.inside:
                    frame = _merge_inside(frame, place, value, mask)
                    continue
                name = place.column.name
                before = frame[name] if name in frame.columns else pl.Series(name, [None] * frame.height)
                after = pl.Series(name, [literal] * frame.height)
                frame = frame.with_columns(after.zip_with(mask, before.cast(after.dtype)).alias(name))
        return frame

    def _ids(self, suites: pl.Series | None, locators: list[str]) -> list[str]:
        distinct = suites.unique().to_list() if suites is not None else [""]
        path, digest = self.origin.path, self.origin.sha256
        if (
            len(distinct) == 1
            and all(text.startswith("row=") and text.isascii() for text in locators[:1])
            and not self.program.annotation.key
            and len(self.program.variants) == 1
        ):
            return record_ids(str(distinct[0]), path, digest, locators)
        names = suites.to_list() if suites is not None else [""] * len(locators)
        return [record_id(str(s), path, digest, where) for s, where in zip(names, locators, strict=True)]

    def _input_column(self) -> pl.Series:
        parts = []
        for path, values in self.inputs.items():
            name = next(n for n, f in self.program.fields.items() if f.benchfmt and f.benchfmt.field == path)
            word = self.program.note(name).unit
            found = find_unit(word) if word else None
            unit = found[0] if found and found[1] == 1 else word
            head = canonical({"name": path.removeprefix("inputs."), **({"unit": unit} if unit else {})})
            parts.append(head[:-1] + ',"values":' + values + "}")
        return c.json_list(parts, self.height)

    def _systems(self, rows: Any) -> tuple[pa.Table, pl.Series | None]:
        """Return the systems of the frame and the system id of each record."""
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
            return table_of("systems", []), None
        frame = pl.DataFrame(columns).select(pl.all().gather(pl.Series(rows)))
        distinct = frame.unique(maintain_order=True)
        described = [_described(row, self.origin) for row in distinct.rows(named=True)]
        ids = pl.Series("__id", [row["id"] if row else None for row in described], dtype=pl.String)
        joined = frame.join(
            distinct.with_columns(ids), on=frame.columns, how="left", nulls_equal=True, maintain_order="left"
        )
        known = {row["id"]: row for row in described if row}
        return table_of("systems", list(known.values())), joined["__id"]

    # --- long tables: rows with equal keys are one record ---

    def _by_key(self, masks: list[pl.Series]) -> Outcome:
        names = self.program.annotation.key
        keys = self.frame.select(pl.concat_str([pl.col(n).fill_null("") for n in names], separator="\x1f")).to_series()
        distinct = keys.unique(maintain_order=True)
        codes = keys.replace_strict(
            distinct, pl.Series(range(len(distinct)), dtype=pl.Int64), return_dtype=pl.Int64
        ).to_numpy()
        first = np.full(len(distinct), self.height, dtype=np.int64)
        np.minimum.at(first, codes, np.arange(self.height))
        matrix = self._matrix(self._all_measures(), masks)
        has_value = np.zeros(len(distinct), dtype=bool)
        np.logical_or.at(has_value, codes, (matrix.reasons == 0).any(axis=1))
        keep = has_value | (self._status()[first] != "ok")
        skipped = [
            (int(self.rows[row]), "no measurement of the record has a value") for row in np.flatnonzero(~keep[codes])
        ]
        locators = ["&".join(sorted(f"{n}={_escaped(self.frame[n][int(i)])}" for n in names)) for i in first[keep]]
        frame = self._record_frame(first[keep], np.zeros(int(keep.sum()), dtype=np.int64), locators)
        systems, system_ids = self._systems(first[keep])
        if system_ids is not None:
            frame = frame.with_columns(system_ids.alias("system_id"))
        records = _complete(frame, "records")
        position = np.cumsum(keep) - 1
        present = (matrix.reasons != _ABSENT) & keep[codes][:, None]
        owner = np.repeat(position[codes], len(matrix.measures))
        table = self._measurement_table(matrix, present, records["id"].combine_chunks(), owner)
        flat = np.flatnonzero(present)
        order, failed = self._key_order(matrix, flat, owner)
        columns = pl.Series([m.column for m in matrix.measures], dtype=pl.String)
        return Outcome(
            batch=Batch(systems, records, table.take(pa.array(order))),
            record_rows=self.rows[first[keep]],
            measurement_rows=self.rows[flat[order] // len(matrix.measures)],
            measurement_columns=columns.gather(flat[order] % len(matrix.measures)),
            skipped=skipped,
            failed=failed,
            findings=self.findings + self._disagreements(codes, first),
        )

    def _key_order(self, matrix: _Matrix, flat: Any, owner: Any) -> tuple[Any, list[tuple[int, str]]]:
        """Return the order of the measurements by record and key, without those that a record says twice."""
        kinds = flat % len(matrix.measures)
        ranks = np.empty(len(matrix.measures), dtype=np.int64)
        places: dict[Any, int] = {}
        for index, item in enumerate(matrix.measures):
            ranks[index] = places.setdefault(item.order, len(places))
        order = np.lexsort((np.arange(len(flat)), ranks[kinds], owner[flat]))
        same = (np.diff(owner[flat][order]) == 0) & (np.diff(ranks[kinds][order]) == 0)
        doubled = np.concatenate([[False], same]) if len(order) else np.zeros(0, dtype=bool)
        failed = [
            (
                int(self.rows[flat[i] // len(matrix.measures)]),
                f"{matrix.measures[kinds[i]].column}: the record has this measurement already",
            )
            for i in order[doubled]
        ]
        return order[~doubled], failed

    def _disagreements(self, codes: Any, first: Any) -> list[Finding]:
        """Return a finding for each field on which the rows of one record disagree; the first row is taken."""
        found = []
        for path, values in self.values.items():
            different = (values.ne_missing(values.gather(pl.Series(first[codes])))).to_numpy()
            if different.any():
                at = int(np.flatnonzero(different)[0])
                found.append(
                    self._finding(
                        "BF103",
                        int(self.rows[at]),
                        None,
                        f"{path}: rows of one record disagree; the first is taken",
                        str(values[at]),
                    )
                )
        return found

    # --- findings ---

    def _note_bad(self, name: str, cells: pl.Series, bad: pl.Series, code: str, words: str) -> None:
        if not bad.any():
            return
        for index in np.flatnonzero(bad.fill_null(value=False).to_numpy()):
            self._note(code, int(self.rows[index]), name, f"{_short(cells[int(index)])} {words}", cells[int(index)])
            if self.counts[(code, name)] > LIMITS.findings_per_code:
                break

    def _note(self, code: str, row: int, name: str, message: str, value: str | None, hint: str | None = None) -> None:
        count = self.counts[(code, name)] = self.counts.get((code, name), 0) + 1
        if count <= LIMITS.findings_per_code:
            self.findings.append(self._finding(code, row, name, message, value, hint))

    def _finding(
        self,
        code: str,
        row: int,
        column: str | None,
        message: str,
        value: str | None,
        hint: str | None = None,
    ) -> Finding:
        return Finding(code, Severity.WARNING, self.origin.shown_path, row, column, None, message, value, hint)


@dataclass(frozen=True)
class _Matrix:
    """All measurements of a frame: a row for each row, a column for each measure."""

    measures: list[Measure]
    values: Any
    reasons: Any
    caveats: Any
    reason_names: list[str | None]
    caveat_lists: list[str | None]


def _matches(cells: pl.Series, options: list[Any]) -> pl.Series:
    """Say which cells are one of the options: equal text, or the same number where both are numbers."""
    texts = [option for option in options if isinstance(option, str)]
    numbers = [float(option) for option in options if not isinstance(option, str)]
    numbers += [number for number in map(_float, texts) if number is not None]
    mask = cells.is_in(texts)
    if numbers:
        mask |= cells.cast(pl.Float64, strict=False).is_in(numbers)
    return mask.fill_null(value=False)


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _index(items: list[Any], item: Any) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)


def _short(text: Any) -> str:
    shown = repr(text)
    return shown if len(shown) < 60 else f"{shown[:56]}...'"


def _numbers_json(text: str, separator: str | None) -> str | None:
    found = c.vector(text, separator)
    return None if found is None else canonical(found)


def _list_json(text: str, words: dict[str, Any]) -> str:
    value = words.get(text, text)
    return canonical(value if isinstance(value, list) else [value])


def _fits(place: Target, text: str | None) -> bool:
    if text is None:
        return False
    return jsonschema.Draft202012Validator(column_schema(place.table, place.column.name)).is_valid(json.loads(text))


def _nest(tree: dict[str, Any], path: tuple[str, ...], values: pl.Series) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = values


def _tree_json(tree: dict[str, Any], height: int) -> pl.Series:
    parts = {key: _tree_json(node, height) if isinstance(node, dict) else node for key, node in tree.items()}
    return c.json_object(parts, height)


def _merge_inside(frame: pl.DataFrame, place: Target, value: Any, mask: pl.Series) -> pl.DataFrame:
    name = place.column.name
    before = frame[name] if name in frame.columns else pl.Series(name, [None] * frame.height, dtype=pl.String)

    def merged(text: str | None) -> str:
        data = json.loads(text) if text else {}
        node = data
        for part in place.inside[:-1]:
            node = node.setdefault(part, {})
        node[place.inside[-1]] = value
        return canonical(data)

    after = c.map_distinct(before, merged, pl.String)
    return frame.with_columns(after.zip_with(mask, before).alias(name))


def _escaped(value: str) -> str:
    return value.replace("%", "%25").replace("&", "%26").replace("=", "%3D")


def _variant_locator(fields: dict[str, Any]) -> str:
    return "&".join(f"{path.rpartition('.')[2]}={value}" for path, value in fields.items())


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


def _complete(frame: pl.DataFrame, table: str) -> pa.Table:
    """Return a frame as an Arrow table with all columns of the standard."""
    fields = arrow_schema(table)
    arrow = frame.to_arrow()
    columns: dict[str, Arrow] = {name: arrow[name] for name in arrow.column_names}
    return pa.table(
        {f.name: columns[f.name].cast(f.type) if f.name in columns else pa.nulls(frame.height, f.type) for f in fields}
    )


def _dictionary(codes: Any, choices: list[str | None], shown: Any) -> Arrow:
    """Return the choices that codes name, null where the choice is None or the cell is not `shown`."""
    hidden = (
        np.array([choice is None for choice in choices], dtype=bool)[codes] if len(codes) else np.zeros(0, dtype=bool)
    )
    if shown is not None:
        hidden = hidden | ~shown
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32(), mask=hidden), pa.array([choice or "" for choice in choices], pa.string())
    )
