"""BF1xx: the structure, judged a column at a time by the schema of each column.

A cell at fault is told and taken out; its row is left out of the checks that follow, so that a fault has no echo.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema
import polars as pl

from benchfmt.annotated.cells import map_distinct
from benchfmt.checks.check import Cells, Check
from benchfmt.checks.frames import (
    FAULT_COLUMNS,
    ROW,
    dtype,
    faults,
    no_coded_faults,
    number,
    of_code,
    suggestion,
)
from benchfmt.finding import BenchfmtError, Severity
from benchfmt.readers import jsons
from benchfmt.record import CONTROL_BUT_LINES
from benchfmt.schema import column_schema, record_schema
from benchfmt.tables import COLUMNS, TERM_COLUMNS, Column

KEYWORD_CODES = {
    "required": "BF101",
    "additionalProperties": "BF102",
    "type": "BF103",
    "enum": "BF104",
    "pattern": "BF105",
    "not": "BF105",
    "propertyNames": "BF105",
    "minimum": "BF106",
    "maximum": "BF106",
    "exclusiveMinimum": "BF106",
    "minLength": "BF107",
    "minProperties": "BF107",
    "maxItems": "BF120",
}
"""JSON Schema keyword: the code of the fault that it finds."""

PYDANTIC_CODES = {
    "missing": "BF101",
    "extra_forbidden": "BF102",
    "not_listed": "BF104",
    "malformed_text": "BF105",
    "greater_than": "BF106",
    "greater_than_equal": "BF106",
    "less_than": "BF106",
    "less_than_equal": "BF106",
    "finite_number": "BF106",
    "unsafe_number": "BF106",
    "null_forbidden": "BF107",
    "empty_text": "BF107",
    "empty_object": "BF107",
    "too_long": "BF120",
    "value_or_missing": "BF108",
    "value_and_missing": "BF108",
    "unit_absent": "BF109",
    "basis_absent": "BF109",
    "no_result": "BF112",
}
"""pydantic error type: the code of the fault; every other type is a wrong type, BF103."""

_METRIC = pl.col("metric")
_TIME = "^[0-9]{4}"
_HINTED_WORDS = 100
"""For how many distinct words of a column the nearest term is looked up, which takes long."""
_HALF = re.compile("[\ud800-\udfff]")
_HAS_NUMBER = pl.any_horizontal(
    pl.col(name).is_not_null()
    for name in ("value", "stddev", "ci", "samples", "target_min", "target_max")
)


@dataclass(frozen=True)
class Typed:
    """A table whose cells have the standard's types: what is sound, which rows are not, and the faults."""

    frame: pl.DataFrame
    sound: pl.Series
    faults: pl.DataFrame


def type_table(table: str, raw: pl.DataFrame, *, newer: bool = False, typed: bool = False) -> Typed:
    """Return a raw frame in the standard's types, with its faults.

    `newer` is true for a later minor version, whose further columns are no fault; `typed` where the columns of `raw`
    have types of their own (Parquet), so that text is no number.
    """
    known = {item.name: item for item in COLUMNS[table]}
    found = [
        _unknown_column(table, name)
        for name in raw.columns
        if name not in known and name != ROW and not newer
    ]
    columns: dict[str, pl.Series] = {}
    sound = pl.Series([True] * raw.height, dtype=pl.Boolean)
    for name, item in known.items():
        if name not in raw.columns:
            columns[name] = pl.Series(name, [None] * raw.height, dtype=dtype(item.kind))
            if item.required:
                found.append(_missing_column(table, name))
            continue
        cells, bad, words = _type_column(table, item, raw[name], typed=typed)
        columns[name] = cells.alias(name)
        sound &= ~bad
        if bad.any():
            found.append(_cell_faults(table, item, raw, bad, words))
    frame = pl.DataFrame({**columns, ROW: raw[ROW]})
    return Typed(frame, sound, pl.concat([no_coded_faults(), *found]))


def no_value(records: pl.DataFrame, with_value: pl.Series, doubtful: pl.Series) -> pl.DataFrame:
    """Return a fault for each record with status ok that has no value; not for one with a faulty measurement."""
    bare = records.filter(
        (pl.col("status") == "ok")
        & ~pl.col("id").is_in(with_value.implode())
        & ~pl.col("id").is_in(doubtful.implode())
    )
    message = "status is ok, yet no measurement has a value"
    hint = "give the value, or say what happened: failed, invalid or incomplete"
    return of_code("BF112", faults(bare, "records", "status", message, hint=hint))


def source_without_path(records: pl.DataFrame) -> pl.DataFrame:
    """Return a fault for each record that gives hash or place of a source without its path."""
    said = (
        pl.col("source_sha256").is_not_null()
        | pl.col("source_locator").is_not_null()
        | pl.col("sources").is_not_null()
    )
    bare = records.filter(pl.col("source_path").is_null() & said)
    message = "a source has no path"
    hint = "write the path of the primary source"
    return of_code("BF101", faults(bare, "records", "source_path", message, hint=hint))


def _unknown_column(table: str, name: str) -> pl.DataFrame:
    near = difflib.get_close_matches(name, [item.name for item in COLUMNS[table]], n=1)
    hint = "put what the standard has no column for into `extensions`"
    if near:
        hint = f"did you mean {near[0]!r}?"
    message = f"{table} has no column {name!r} in the standard"
    return _table_fault("BF102", table, name, message, hint)


def _missing_column(table: str, name: str) -> pl.DataFrame:
    message = f"the column {name!r} is missing"
    return _table_fault("BF101", table, name, message, "every row needs it")


def _table_fault(code: str, table: str, column: str, message: str, hint: str) -> pl.DataFrame:
    """Return a fault of a column as a whole: it stands in no row."""
    whole = pl.DataFrame({ROW: [None]}, schema={ROW: pl.Int64})
    return of_code(code, faults(whole, table, column, message, hint=hint))


def _cell_faults(
    table: str, item: Column, raw: pl.DataFrame, bad: pl.Series, told: pl.DataFrame
) -> pl.DataFrame:
    wrong = raw.filter(bad)
    cells = wrong[item.name].cast(pl.String, strict=False)
    found = faults(wrong, table, item.name, told["message"], cells, told["hint"])
    return found.select(told["code"], *FAULT_COLUMNS[1:])


def _type_column(
    table: str, item: Column, cells: pl.Series, *, typed: bool
) -> tuple[pl.Series, pl.Series, pl.DataFrame]:
    """Return a column in its type, which cells are at fault, and code, message and hint for each."""
    rules = column_schema(table, item.name)
    if cells.dtype in (pl.Categorical, pl.Enum):  # a dictionary column of Parquet
        cells = cells.cast(pl.String)
    words = _Words(cells)
    if cells.null_count() == cells.len() and not item.required:
        return (
            pl.Series([None], dtype=dtype(item.kind)).new_from_index(0, cells.len()),
            words.bad,
            no_coded_faults(),
        )
    if typed and cells.dtype == pl.String and item.kind in ("boolean", "integer", "number"):
        words.say(cells.is_not_null(), "BF103", f"{item.name} is a {item.kind}, not text", None)
        read = pl.Series([None] * cells.len(), dtype=dtype(item.kind))
    elif item.kind == "boolean":
        read = _booleans(cells, words)
    elif item.kind in ("integer", "number"):
        read = _numbers(item, rules, cells, words)
    elif item.kind == "json":
        read = _json(table, item, cells, words)
    else:
        read = _texts(table, item, rules, cells, words)
    if item.required:
        words.say(cells.is_null(), "BF101", f"{item.name} is empty; every row needs it", None)
    return read, words.bad, words.frame() if words.parts else no_coded_faults()


class _Words:
    """The first fault of each cell, with its words; only cells at fault cost anything."""

    def __init__(self, cells: pl.Series) -> None:
        self.cells = cells
        self.bad = pl.Series([False], dtype=pl.Boolean).new_from_index(0, cells.len())
        self.parts: list[pl.DataFrame] = []

    def say(
        self,
        where: pl.Series,
        code: str,
        message: str,
        hint: str | Callable[[str], str | None] | None = None,
    ) -> None:
        """Note a fault where there is none yet; `{cell}` in the message stands for the cell.

        A hint that is a function is asked once for each distinct cell.
        """
        fresh = where.fill_null(value=False) & ~self.bad
        if not fresh.any():
            return
        self.bad |= fresh
        shown = (
            self.cells.filter(fresh).cast(pl.String, strict=False).str.head(60).fill_null("null")
        )
        before, mark, after = message.partition("{cell}")
        words = before + shown + after if mark else pl.Series([message] * shown.len())
        hints = (
            _hints(shown, hint)
            if callable(hint)
            else pl.Series([hint], dtype=pl.String).new_from_index(0, len(words))
        )
        self.parts.append(
            pl.DataFrame({"at": fresh.arg_true(), "message": words, "hint": hints}).select(
                "at", "message", pl.lit(code).alias("code"), "hint"
            )
        )

    def frame(self) -> pl.DataFrame:
        """Return the words of the cells at fault, in order."""
        return pl.concat(self.parts).sort("at") if self.parts else pl.DataFrame()


def _hints(words: pl.Series, hint: Callable[[str], str | None]) -> pl.Series:
    first = words.unique(maintain_order=True).head(_HINTED_WORDS).to_list()
    hints = {word: hint(word) for word in first}
    return words.replace_strict(hints, default=None, return_dtype=pl.String)


def _holds(cells: pl.Series, pattern: str) -> pl.Series:
    """Say which cells a pattern is found in; columns of few distinct texts are asked once for each."""
    distinct = cells.unique()
    if distinct.len() * 4 > cells.len():
        return cells.str.contains(pattern)
    return cells.is_in(distinct.filter(distinct.str.contains(pattern)).implode())


def _texts(
    table: str, item: Column, rules: dict[str, Any], cells: pl.Series, words: _Words
) -> pl.Series:
    if cells.dtype != pl.String:
        words.say(cells.is_not_null(), "BF103", f"{item.name} is text, not {cells.dtype}", None)
        return pl.Series([None] * cells.len(), dtype=pl.String)
    words.say(
        cells == "", "BF107", f"{item.name} is empty text", "leave out what the source does not say"
    )
    if "enum" in rules:
        allowed = list(rules["enum"])
        words.say(
            ~cells.is_in(allowed),
            "BF104",
            f"'{{cell}}' is none of: {', '.join(allowed)}",
            lambda word: _nearest(word, allowed),
        )
    wrong = _holds(cells, rules.get("not", {}).get("pattern", "[^\\s\\S]"))
    if "pattern" in rules:
        wrong |= ~_holds(cells, rules["pattern"])
    words.say(
        wrong & cells.is_not_null(),
        "BF105",
        f"'{{cell}}' is not well-formed: {_expected(rules)}",
        _form_hint(rules, TERM_COLUMNS[table].get(item.name)),
    )
    if "const" in rules:
        words.say(cells != rules["const"], "BF117", f"'{{cell}}' is not {rules['const']!r}")
    return cells.set(words.bad, None)


def _nearest(word: str, allowed: list[str]) -> str | None:
    near = difflib.get_close_matches(word.strip().lower(), allowed, n=1)
    return f"did you mean {near[0]!r}?" if near else None


def _form_hint(rules: dict[str, Any], kind: str | None) -> str | Callable[[str], str | None] | None:
    """Return what to write in place of a malformed text; for a term, the one that was likely meant."""
    if kind is not None:
        return lambda word: suggestion(kind, word) or f"see `benchfmt vocabulary {kind}`"
    return "write it such as 2026-04-03" if rules.get("pattern", "").startswith(_TIME) else None


def _expected(rules: dict[str, Any]) -> str:
    pattern = rules.get("pattern")
    if pattern is None:
        lines = rules.get("not", {}).get("pattern") == CONTROL_BUT_LINES
        return "text without control characters" if lines else "one line of text"
    known = {"^[0-9a-f]{64}$": "64 lower-case hex digits", "^[!-~]+$": "a unit code"}
    if pattern.startswith(_TIME):
        return "an ISO 8601 date or time"
    return known.get(pattern, "a vocabulary id or prefix:term, lower-case kebab")


def _numbers(item: Column, rules: dict[str, Any], cells: pl.Series, words: _Words) -> pl.Series:
    whole = item.kind == "integer"
    if cells.dtype == pl.Boolean or not (
        cells.dtype.is_numeric() or cells.dtype in (pl.String, pl.Null)
    ):
        words.say(cells.is_not_null(), "BF103", f"{item.name} is a number, not {cells.dtype}", None)
        return pl.Series([None] * cells.len(), dtype=dtype(item.kind))
    values = cells.cast(pl.Float64, strict=False)
    if cells.dtype == pl.String:
        # What pandas, Arrow and polars read differently is no number here: blanks, signs of infinity, underscores.
        plain = cells.str.contains(r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$")
        words.say(
            (~plain | values.is_null()) & cells.is_not_null(),
            "BF103",
            f"'{{cell}}' is no {'whole ' if whole else ''}number",
            "write digits with a decimal point",
        )
    words.say(
        ~values.is_finite(),
        "BF106" if cells.dtype != pl.String else "BF103",
        "{cell} is not finite",
        "leave the number out and say why in `missing`",
    )
    if whole:
        words.say(values != values.round(), "BF103", "{cell} is no whole number")
    low = rules.get("minimum", rules.get("exclusiveMinimum"))
    if low is not None:
        below = (values <= low) if "exclusiveMinimum" in rules else (values < low)
        hint = "0 is never `not said`: leave the cell empty" if low >= 0 else None
        words.say(
            below,
            "BF106",
            f"{{cell}} is below what {item.name} may be ({'above' if 'exclusiveMinimum' in rules else 'at least'} {low:g})",
            hint,
        )
    if "maximum" in rules:
        words.say(values > rules["maximum"], "BF106", f"{{cell}} is above what {item.name} may be")
    sound = values.set(words.bad, None)
    return sound.cast(pl.Int64) if whole else sound


def _booleans(cells: pl.Series, words: _Words) -> pl.Series:
    if cells.dtype in (pl.Boolean, pl.Null):
        return cells.cast(pl.Boolean)
    texts = cells.cast(pl.String, strict=False)
    typed = texts.replace_strict(
        {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
    )
    wrong = typed.is_null() & cells.is_not_null()
    words.say(wrong, "BF103", "'{cell}' is neither true nor false", "write true or false")
    return typed


def _json(table: str, item: Column, cells: pl.Series, words: _Words) -> pl.Series:
    if cells.dtype not in (pl.String, pl.Null):
        words.say(
            cells.is_not_null(),
            "BF103",
            f"{item.name} is JSON text, not {cells.dtype}",
            "write the list or object as JSON text",
        )
        return pl.Series([None] * cells.len(), dtype=pl.String)
    judged = map_distinct(
        cells.cast(pl.String),
        lambda text: None if text is None else json.dumps(_judge(table, item.name, text)),
        pl.String,
    )
    for code in set(judged.drop_nulls()):
        fault = json.loads(code)
        if fault:
            words.say(judged == code, fault[0], fault[1], fault[2])
    return cells.cast(pl.String).set(words.bad, None)


def _judge(table: str, name: str, text: str) -> list[str] | None:
    """Return code, message and hint of the first fault of a JSON cell, or None."""
    try:
        data = jsons.parse(text)
    except BenchfmtError as error:
        return [getattr(error, "code", "BF115"), f"{name}: {error}", "write RFC 8785 JSON text"]
    if "\\u" in text and _HALF.search(json.dumps(data, ensure_ascii=False)):
        return ["BF105", f"{name}: text holds half a character (a lone surrogate)", ""]
    # A wrong type is the cause of whatever else is wrong there.
    fault = min(
        _validator(table, name).iter_errors(data),
        key=lambda error: error.validator != "type",
        default=None,
    )
    if fault is None:
        return None
    code, message = schema_fault(fault)
    return [code, f"{name}: {message}", ""]


@cache
def _validator(table: str, name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        {**column_schema(table, name), "$defs": record_schema()["$defs"]}
    )


def schema_fault(error: jsonschema.ValidationError) -> tuple[str, str]:
    """Return the code and words of a JSON Schema error."""
    where = "/".join(str(part) for part in error.absolute_path)
    at = f"at /{where}: " if where else ""
    deepest = _deepest(error)
    value = deepest.instance
    if value is None or (
        deepest.validator != "type" and isinstance(value, str | list | dict) and not value
    ):
        return "BF107", f"{at}null or empty: leave out what the source does not say"
    if deepest.validator == "minItems":
        return "BF120", f"{at}{deepest.message}"
    code = KEYWORD_CODES.get(str(deepest.validator), "BF103")
    return code, at + deepest.message


def _deepest(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    """Return the error that says most: within a choice, that of the option that was meant."""
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        return error
    return _deepest(
        max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type"))
    )


def document_faults(errors: list[Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Yield code, field, message and value for pydantic errors of one record."""
    for error in _meant_option(errors):
        kind = error["type"]
        path = [
            part
            for part in error["loc"]
            if part not in ("Accelerator", "list[Accelerator]") and "[" not in str(part)
        ]
        code = PYDANTIC_CODES.get(kind, "BF103")
        if kind == "too_short":
            code = "BF107" if not error["input"] else "BF120"
        empty = error["input"] == "" and kind in ("literal_error", "not_listed", "malformed_text")
        if empty or (error["input"] is None and kind != "missing"):
            code = "BF107"
        elif kind == "literal_error":
            code = (
                "BF117"
                if path == ["benchfmt"]
                else "BF104"
                if isinstance(error["input"], str)
                else "BF103"
            )
        if path[-1:] == ["[key]"]:
            path.pop()
        path += [error["ctx"]["field"]] if "field" in error.get("ctx", {}) else []
        # A rule between fields, and a field that is absent, come with all that stands around them.
        value = None if kind == "missing" or "field" in error.get("ctx", {}) else error["input"]
        yield code, ".".join(str(part) for part in path), str(error["msg"]), value


def _meant_option(errors: list[Any]) -> list[Any]:
    """Return the errors without those of the other form of `system.accelerator`, which is one object or a list."""
    one = any(_form(error) == "list" and error["type"] == "list_type" for error in errors)
    return [error for error in errors if _form(error) in ("", "object" if one else "list")]


def _form(error: Any) -> str:
    """Return which form of `system.accelerator` an error is about; '' where it is about something else."""
    loc = error["loc"]
    if loc[:2] != ("system", "accelerator") or len(loc) < 3:
        return ""
    return "object" if loc[2] == "Accelerator" else "list"


CHECKS = (
    Check(
        code="BF101",
        severity=Severity.ERROR,
        title="Every required field, column and table is there",
    ),
    Check(
        code="BF102",
        severity=Severity.ERROR,
        title="Only fields and columns of the standard occur",
    ),
    Check(
        code="BF103",
        severity=Severity.ERROR,
        title="A value has the type of its field",
    ),
    Check(
        code="BF104",
        severity=Severity.ERROR,
        title="A closed list is kept: status, basis, missing, caveats",
    ),
    Check(
        code="BF105",
        severity=Severity.ERROR,
        title="Ids, times, hashes and names are well-formed",
    ),
    Check(
        code="BF106",
        severity=Severity.ERROR,
        title="A number is within the bounds of its field",
    ),
    Check(
        code="BF107",
        severity=Severity.ERROR,
        title="What the source does not say is left out: no null, no empty text, object or list",
    ),
    Check(
        code="BF108",
        severity=Severity.ERROR,
        title="A measurement has a value or the reason why not, and not both",
        table="measurements",
        cells=(
            Cells(
                "measurements",
                "value",
                fault=pl.col("value").is_null() & pl.col("missing").is_null(),
                message=pl.format("{} has neither a value nor the reason why not", _METRIC),
                hint=pl.lit("give the value, or say why there is none in `missing`"),
            ),
            Cells(
                "measurements",
                "missing",
                fault=pl.col("value").is_not_null() & pl.col("missing").is_not_null(),
                message=pl.format(
                    "{} has the value {} and is said to be missing ({})",
                    _METRIC,
                    number("value"),
                    pl.col("missing"),
                ),
                hint=pl.lit("keep one of the two"),
            ),
        ),
    ),
    Check(
        code="BF109",
        severity=Severity.ERROR,
        title="A number has its unit, and a value its basis",
        table="measurements",
        cells=(
            Cells(
                "measurements",
                "unit",
                fault=pl.col("unit").is_null() & _HAS_NUMBER,
                message=pl.format("{} has a number without a unit", _METRIC),
                hint=pl.lit("write the metric's unit"),
            ),
            Cells(
                "measurements",
                "basis",
                fault=pl.col("value").is_not_null() & pl.col("basis").is_null(),
                message=pl.format("{} has a value and does not say how it arose", _METRIC),
                hint=pl.lit(
                    "write `measured`, `derived`, ... or `published` where the source does not say"
                ),
            ),
        ),
    ),
    Check(
        code="BF112",
        severity=Severity.ERROR,
        title="A record with status ok has a value",
        table="records",
        whole_record=True,
    ),
    Check(
        code="BF115",
        severity=Severity.ERROR,
        title="JSON can be read",
    ),
    Check(
        code="BF116",
        severity=Severity.ERROR,
        title="No key and no column stands twice",
    ),
    Check(
        code="BF117",
        severity=Severity.ERROR,
        title="The version of the standard is one that can be read",
    ),
    Check(
        code="BF118",
        severity=Severity.ERROR,
        title="The descriptor follows the package schema",
    ),
    Check(
        code="BF119",
        severity=Severity.ERROR,
        title="Every table that the descriptor names can be opened",
    ),
    Check(
        code="BF120",
        severity=Severity.ERROR,
        title="A list has the length that its field asks for",
    ),
    Check(
        code="BF121",
        severity=Severity.ERROR,
        title="Every row has as many cells as the table has columns",
    ),
    Check(
        code="BF122",
        severity=Severity.ERROR,
        title="A package, a table and a file of records hold a record",
    ),
)
