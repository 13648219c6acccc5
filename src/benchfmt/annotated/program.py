"""An annotation made ready to run: every column resolved to a place in the record or to measurements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import jsonschema
import polars as pl

from benchfmt.descriptor import (
    FieldAnnotation,
    MetricColumn,
    MetricUse,
    Resource,
    TableAnnotation,
    TableField,
)
from benchfmt.finding import BenchfmtError
from benchfmt.record import KEY_FIELDS
from benchfmt.schema import column_schema, record_schema
from benchfmt.tables import COLUMNS, TERM_COLUMNS, Column
from benchfmt.units import Conversion, UnitError, conversion, find_unit
from benchfmt.vocabulary import Metric, vocabulary

TERM_KINDS = {**TERM_COLUMNS["records"], **TERM_COLUMNS["systems"]}
_FIELD_UNITS = {"_bytes": "By", "_hz": "Hz"}
IDENTITY = Conversion(Fraction(1), Fraction(0))


class AnnotationError(BenchfmtError):
    """An annotation that contradicts itself or the standard; the message names the place."""


@dataclass(frozen=True)
class Target:
    """A place in the record: the column of the table that holds it, and the keys inside where that column is JSON."""

    table: str
    column: Column
    inside: tuple[str, ...] = ()
    input: str | None = None


@dataclass(frozen=True)
class Measure:
    """One measurement that a column gives, where its condition holds."""

    column: str
    key: tuple[str, str, str, str, str]
    unit: str
    reported_unit: str | None
    conversion: Conversion
    basis: str
    caveats: tuple[str, ...] = ()
    primary: bool = False
    targets: tuple[float | None, float | None] = (None, None)
    variant: int = 0
    named_by: tuple[str, str] | None = None

    @property
    def order(self) -> tuple[int, bool, tuple[str, ...]]:
        """Where the measurement stands: by record, the primary first, then by key."""
        return (self.variant, not self.primary, self.key)


@dataclass(frozen=True)
class Program:
    """A compiled annotation."""

    fields: dict[str, TableField]
    annotation: TableAnnotation
    missing_values: list[str]
    metrics: Mapping[str, Metric]
    namespace: str
    constants: dict[str, Any]
    measures: tuple[Measure, ...]
    dynamic: tuple[TableField, ...]
    variants: tuple[dict[str, Any], ...]
    unannotated: tuple[str, ...] = ()
    absent: tuple[str, ...] = field(default=())

    def is_numeric(self, name: str) -> bool:
        """Whether a column holds numbers, so that 0.0 and 0 are one value in it."""
        item = self.fields.get(name)
        if item is None or item.benchfmt is None:
            return False
        path = item.benchfmt.field
        numbers = path is not None and target(path).column.kind in ("integer", "number")
        return item.benchfmt.metric is not None or item.type in ("integer", "number") or numbers

    def note(self, name: str) -> FieldAnnotation:
        """Return the annotation of a column."""
        annotation = self.fields[name].benchfmt
        assert annotation is not None  # noqa: S101 - compiled columns are annotated
        return annotation


def compile_resource(
    resource: Resource, columns: list[str], declared: Mapping[str, Metric]
) -> Program:
    """Return the program of an annotated resource for a file with these columns; raises AnnotationError."""
    if resource.table is None:
        raise AnnotationError(f"{resource.path}: the resource has no schema with annotated fields")
    annotation = resource.benchfmt or TableAnnotation()
    named = {item.name: item for item in resource.table.fields if item.benchfmt}
    used = {name: item for name, item in named.items() if name in columns}
    metrics = {**vocabulary().metrics, **declared}
    variants = _variants(used.values())
    _check_paths(annotation, used.values(), resource.path)
    _check_columns(annotation, columns, resource.path)
    _check_words(used.values(), annotation)
    if annotation.key and variants != ({},):
        raise AnnotationError(
            f"{resource.path}: a table with `key` has no headers that are dimensions (`record`)"
        )
    static, dynamic = _measures(used.values(), variants, metrics)
    suite = annotation.constant.get("benchmark.suite")
    return Program(
        fields=used,
        annotation=annotation,
        missing_values=resource.table.missing_values,
        metrics=metrics,
        namespace=suite if isinstance(suite, str) and ":" not in suite else "table",
        constants=dict(annotation.constant),
        measures=tuple(static),
        dynamic=tuple(dynamic),
        variants=variants,
        unannotated=tuple(
            name
            for name in columns
            if name not in named and name not in _read_elsewhere(annotation, used)
        ),
        absent=tuple(name for name in named if name not in columns),
    )


def _check_terms_of(name: str, note: FieldAnnotation, place: Target) -> None:
    """Check that a word stands for a list only where the record has one."""
    if place.column.kind != "json" and any(isinstance(term, list) for term in note.terms.values()):
        raise AnnotationError(f"column {name!r}: {note.field} is one value; its terms are no lists")


def _read_elsewhere(annotation: TableAnnotation, used: Mapping[str, TableField]) -> set[str]:
    """Return the columns that are read without an annotation of their own."""
    naming = {
        item.benchfmt.metric.column
        for item in used.values()
        if item.benchfmt and isinstance(item.benchfmt.metric, MetricColumn)
    }
    return naming | {extract.from_ for extract in annotation.extract} | set(annotation.key)


def target(path: str) -> Target:
    """Return the place that a record path names; raises AnnotationError."""
    if path.startswith("inputs."):
        return Target("records", _column("records", "inputs"), input=path.removeprefix("inputs."))
    if path == "system.id":
        return Target("records", _column("records", "system_id"))
    table, inner = (
        ("systems", path.removeprefix("system."))
        if path.startswith("system.")
        else ("records", path)
    )
    for item in COLUMNS[table]:
        if item.path == inner and item.name not in ("sources", "accelerators", "inputs"):
            return Target(table, item)
        # Only the free-form objects have keys of the user's own; a list has none.
        if item.kind == "json" and inner.startswith(f"{item.path}.") and _is_object(table, item):
            return Target(table, item, tuple(inner.removeprefix(f"{item.path}.").split(".")))
    raise AnnotationError(f"{path!r} is no field of a record (see benchfmt schema)")


def constant(path: str, value: Any) -> tuple[Target, Any]:
    """Return the place and the value of a constant, checked against the standard; raises AnnotationError."""
    place = target(path)
    if place.input is not None:
        raise AnnotationError(f"{path}: instance data stands in columns, it is no constant")
    whole = value
    for key in reversed(place.inside):
        whole = {key: whole}
    schema = {**column_schema(place.table, place.column.name), "$defs": record_schema()["$defs"]}
    faults = list(jsonschema.Draft202012Validator(schema).iter_errors(whole))
    if faults:
        fault = min(faults, key=lambda found: found.validator != "type")
        raise AnnotationError(f"{path}: {fault.message}")
    return place, value


def measure(
    name: str,
    note: FieldAnnotation,
    use: MetricUse,
    metrics: Mapping[str, Metric],
    variant: int = 0,
) -> Measure:
    """Return the measurement that a column gives as one metric; raises AnnotationError for a unit that does not fit."""
    metric = metrics.get(use.metric)
    if metric is None:
        meant = vocabulary().suggest("metric", use.metric)
        raise AnnotationError(
            f"column {name!r}: {use.metric!r} is no metric{f'; did you mean {meant!r}' if meant else ''} "
            "(a metric of your own is prefix:name, declared under benchfmt.prefixes)"
        )
    parts = {part: getattr(use, part) or getattr(note, part) or "" for part in KEY_FIELDS[1:]}
    unit, word, how = _units(name, metric, use.unit or note.unit, note.scale)
    return Measure(
        column=name,
        key=(use.metric, *parts.values()),  # type: ignore[arg-type]
        unit=unit,
        # With a scale of its own the printed number is in no unit that has a code.
        reported_unit=word if note.scale is None else None,
        conversion=how,
        basis=use.basis or note.basis,
        caveats=tuple(sorted({*note.caveats, *(use.caveats or ())})),
        primary=note.primary,
        targets=(note.target_min, note.target_max),
        variant=variant,
    )


def field_conversion(name: str, note: FieldAnnotation, item: Column) -> Conversion:
    """Return how the numbers of a column become those of a record field."""
    scale = Fraction(str(note.scale)) if note.scale is not None else Fraction(1)
    if note.unit is None:
        return Conversion(scale, Fraction(0))
    wanted = next(
        (unit for suffix, unit in _FIELD_UNITS.items() if item.name.endswith(suffix)), "1"
    )
    try:
        code, factor = _known(note.unit)
        found = conversion(code, wanted)
    except UnitError as error:
        raise AnnotationError(f"column {name!r}: {error}") from error
    return Conversion(found.factor * factor * scale, found.offset)


def _units(name: str, metric: Metric, word: str | None, scale: Any) -> tuple[str, str, Conversion]:
    """Return the unit of the values, the unit of the reported numbers and the conversion between them."""
    factor = Fraction(str(scale)) if scale is not None else Fraction(1)
    wanted = metric.unit or "1"
    try:
        if wanted in ("target", "currency"):
            if word is None:
                raise UnitError(f"{metric.id} has no unit of its own: name the column's")
            code, own = _known(word)
            return code, word, Conversion(own * factor, Fraction(0))
        if word is None:
            return wanted, wanted, Conversion(factor, Fraction(0))
        code, own = _known(word)
        found = IDENTITY if code == wanted else conversion(code, wanted)
    except UnitError as error:
        raise AnnotationError(f"column {name!r}: {error}") from error
    return (
        wanted,
        code if own == 1 else word,
        Conversion(found.factor * own * factor, found.offset * factor),
    )


def _known(word: str) -> tuple[str, Fraction]:
    found = find_unit(word)
    if found is None:
        raise UnitError(f"{word!r} is not a unit (write a UCUM code, such as ms, MBy, W, %)")
    return found


def _column(table: str, name: str) -> Column:
    return next(item for item in COLUMNS[table] if item.name == name)


def _is_object(table: str, item: Column) -> bool:
    return bool(column_schema(table, item.name).get("type") == "object")


def _variants(fields: Iterable[TableField]) -> tuple[dict[str, Any], ...]:
    """Return the different records that one row gives: one for each header that is a dimension."""
    found: list[dict[str, Any]] = []
    for item in fields:
        note = item.benchfmt
        if note and note.metric is not None and note.record not in found:
            found.append(dict(note.record))
    if len(found) > 1 and {} in found:
        raise AnnotationError(
            "some measured columns say `record` and others do not: the latter belong to no one record"
        )
    return tuple(found) or ({},)


def _measures(
    fields: Iterable[TableField],
    variants: tuple[dict[str, Any], ...],
    metrics: Mapping[str, Metric],
) -> tuple[list[Measure], list[TableField]]:
    static: list[Measure] = []
    dynamic = []
    for item in fields:
        note = item.benchfmt
        if note is None or note.metric is None:
            continue
        if note.list_:
            raise AnnotationError(f"column {item.name!r}: a vector is no single measurement")
        variant = variants.index(dict(note.record))
        if isinstance(note.metric, str):
            static.append(measure(item.name, note, MetricUse(metric=note.metric), metrics, variant))
        else:
            dynamic.append(item)
    _check_keys(static)
    return static, dynamic


def named_measures(
    item: TableField, words: Iterable[str], program: Program
) -> tuple[list[Measure], list[str]]:
    """Return the measurements of a column whose metric is named by `words` of another, and the words not known."""
    note = item.benchfmt
    assert note is not None and isinstance(note.metric, MetricColumn)  # noqa: S101 - only such columns are dynamic
    found, unknown = [], []
    for word in words:
        use = note.metric.terms.get(word) or vocabulary().match("metric", word, program.namespace)
        if use is None:
            unknown.append(word)
            continue
        use = MetricUse(metric=use) if isinstance(use, str) else use
        made = measure(
            item.name, note, use, program.metrics, program.variants.index(dict(note.record))
        )
        found.append(Measure(**{**made.__dict__, "named_by": (note.metric.column, word)}))
    return found, unknown


def _check_keys(measures: list[Measure]) -> None:
    seen: dict[tuple[int, tuple[str, ...]], str] = {}
    for item in measures:
        other = seen.setdefault((item.variant, item.key), item.column)
        if other != item.column:
            raise AnnotationError(
                f"columns {other!r} and {item.column!r} are the same measurement {'/'.join(filter(None, item.key))}; "
                "tell them apart by statistic, stage, per or scope"
            )
    primaries = [item.column for item in measures if item.primary]
    if len(primaries) != len({item.variant for item in measures if item.primary}):
        raise AnnotationError(
            f"columns {primaries} are all primary; a record has one primary measurement"
        )


def _check_paths(annotation: TableAnnotation, fields: Iterable[TableField], where: str) -> None:
    try:
        for path, value in annotation.constant.items():
            constant(path, value)
        for rule in annotation.rules:
            for path, value in rule.set.items():
                constant(path, value)
            for name in rule.when:
                if name.startswith("$"):
                    target(name[1:])
        for extract in annotation.extract:
            for path, group in extract.set.items():
                if group not in groups(extract.pattern):
                    raise AnnotationError(
                        f"extract: the pattern {extract.pattern!r} has no group {group!r}"
                    )
                if target(path).input:
                    raise AnnotationError(
                        f"{path}: instance data stands in a column, one vector or number a row"
                    )
            pl.Series(["x"]).str.extract_groups(extract.pattern)
        owners: dict[str, str] = {}
        for item in fields:
            note = item.benchfmt
            if note and note.field is not None:
                _check_terms_of(item.name, note, target(note.field))
                if owners.setdefault(note.field, item.name) != item.name:
                    raise AnnotationError(
                        f"columns {owners[note.field]!r} and {item.name!r} both say {note.field}"
                    )
            for path, value in (note.record if note else {}).items():
                if constant(path, value)[0].table != "records" or path == "status":
                    raise AnnotationError(
                        f"column {item.name!r}: a header says nothing of {path} (under `record`)"
                    )
    except (AnnotationError, pl.exceptions.ComputeError) as error:
        raise AnnotationError(f"{where}: {error}") from error


def _check_words(fields: Iterable[TableField], annotation: TableAnnotation) -> None:
    """Check reasons, caveats and the parts of keys: a term that nobody knows would only be found in the package."""
    for item in fields:
        note = item.benchfmt
        if note is None:
            continue
        named = note.metric.terms.values() if isinstance(note.metric, MetricColumn) else ()
        uses: list[FieldAnnotation | MetricUse] = [
            note,
            *(use for use in named if isinstance(use, MetricUse)),
        ]
        for use in uses:
            for kind in KEY_FIELDS[1:]:
                _check_term(item.name, kind, getattr(use, kind))
            _check_terms(item.name, "caveat", use.caveats or [])
        _check_terms(item.name, "missing", note.missing.values())
    for rule in annotation.rules:
        for name, reason in rule.missing.items():
            _check_term(name, "missing", reason)
        for name, caveats in rule.caveats.items():
            _check_terms(name, "caveat", caveats)


def _check_terms(column: str, kind: str, words: Iterable[str]) -> None:
    for word in words:
        _check_term(column, kind, word)


def _check_term(column: str, kind: str, word: str | None) -> None:
    if word is None or ":" in word or word in vocabulary().terms(kind) or re.match("^p[0-9]", word):
        return
    meant = vocabulary().suggest(kind, word)
    raise AnnotationError(
        f"column {column!r}: {word!r} is no {kind}{f'; did you mean {meant!r}?' if meant else ''}"
    )


def _check_columns(annotation: TableAnnotation, columns: list[str], where: str) -> None:
    named = [
        name for rule in annotation.rules for name in (*rule.when, *rule.missing, *rule.caveats)
    ]
    named += [extract.from_ for extract in annotation.extract] + annotation.key
    wrong = [name for name in named if not name.startswith("$") and name not in columns]
    if wrong:
        raise AnnotationError(
            f"{where}: the annotation names column {wrong[0]!r}, which the table does not have"
        )


def groups(pattern: str) -> list[str]:
    """Return the names of a pattern's groups."""
    return re.findall(r"\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>", pattern)
