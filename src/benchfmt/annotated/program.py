"""An annotation made ready to run: every column resolved to a place in the record or to measurements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import jsonschema
import polars as pl
from pydantic import JsonValue

from benchfmt.descriptor import (
    Extract,
    FieldAnnotation,
    MetricColumn,
    MetricUse,
    Resource,
    Rule,
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
Order = tuple[int, bool, tuple[str, ...]]
Variant = dict[str, JsonValue]
"""Fields of the record that headers say, by path."""


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
    def order(self) -> Order:
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
    constants: dict[str, JsonValue]
    measures: tuple[Measure, ...]
    dynamic: tuple[TableField, ...]
    variants: tuple[Variant, ...]
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
    known = named.keys() | _read_elsewhere(annotation, used)
    return Program(
        fields=used,
        annotation=annotation,
        missing_values=resource.table.missing_values,
        metrics=metrics,
        namespace=_namespace(annotation.constant.get("benchmark.suite")),
        constants=dict(annotation.constant),
        measures=tuple(static),
        dynamic=tuple(dynamic),
        variants=variants,
        unannotated=tuple(name for name in columns if name not in known),
        absent=tuple(name for name in named if name not in columns),
    )


def _namespace(suite: JsonValue) -> str:
    """Return the namespace of what the standard has no field for."""
    if isinstance(suite, str) and ":" not in suite:
        return suite
    return "table"


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
    table, inner = "records", path
    if path.startswith("system."):
        table, inner = "systems", path.removeprefix("system.")
    for item in COLUMNS[table]:
        if item.path == inner and item.name not in ("sources", "accelerators", "inputs"):
            return Target(table, item)
        # Only the free-form objects have keys of the user's own; a list has none.
        if item.kind == "json" and inner.startswith(f"{item.path}.") and _is_object(table, item):
            return Target(table, item, tuple(inner.removeprefix(f"{item.path}.").split(".")))
    raise AnnotationError(f"{path!r} is no field of a record (see benchfmt schema)")


def constant(path: str, value: JsonValue) -> Target:
    """Return the place of a constant, whose value is checked against the standard; raises AnnotationError."""
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
    return place


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
        meant = _meant("metric", use.metric)
        raise AnnotationError(
            f"column {name!r}: {use.metric!r} is no metric{meant} "
            "(a metric of your own is prefix:name, declared under benchfmt.prefixes)"
        )
    units = _units(name, metric, use.unit or note.unit, note.scale)
    reported_unit: str | None = units.reported
    if note.scale is not None:
        # With a scale of its own the printed number is in no unit that has a code.
        reported_unit = None
    key = (
        use.metric,
        use.statistic or note.statistic or "",
        use.stage or note.stage or "",
        use.per or note.per or "",
        use.scope or note.scope or "",
    )
    return Measure(
        column=name,
        key=key,
        unit=units.stored,
        reported_unit=reported_unit,
        conversion=units.conversion,
        basis=use.basis or note.basis,
        caveats=tuple(sorted({*note.caveats, *(use.caveats or ())})),
        primary=note.primary,
        targets=(note.target_min, note.target_max),
        variant=variant,
    )


def _meant(kind: str, word: str) -> str:
    """Return the question whether another term was meant, empty where none is like the word."""
    meant = vocabulary().suggest(kind, word)
    if meant is None:
        return ""
    return f"; did you mean {meant!r}?"


def _scale(scale: str | float | None) -> Fraction:
    """Return the factor by which the numbers of a column are multiplied first."""
    if scale is None:
        return Fraction(1)
    return Fraction(str(scale))


def field_conversion(name: str, note: FieldAnnotation, item: Column) -> Conversion:
    """Return how the numbers of a column become those of a record field."""
    scale = _scale(note.scale)
    if note.unit is None:
        return Conversion(scale, Fraction(0))
    units = (unit for suffix, unit in _FIELD_UNITS.items() if item.name.endswith(suffix))
    wanted = next(units, "1")
    try:
        code, factor = _known(note.unit)
        how = conversion(code, wanted)
    except UnitError as error:
        raise AnnotationError(f"column {name!r}: {error}") from error
    return Conversion(how.factor * factor * scale, how.offset)


@dataclass(frozen=True)
class _Units:
    """The unit of the values, the unit of the reported numbers, and the conversion between them."""

    stored: str
    reported: str
    conversion: Conversion


def _units(name: str, metric: Metric, word: str | None, scale: str | float | None) -> _Units:
    """Return the units of a column that is a metric; raises AnnotationError for one that does not fit."""
    try:
        return _fitting_units(metric, word, _scale(scale))
    except UnitError as error:
        raise AnnotationError(f"column {name!r}: {error}") from error


def _fitting_units(metric: Metric, word: str | None, factor: Fraction) -> _Units:
    wanted = metric.unit or "1"
    is_free = wanted in ("target", "currency")
    if word is None:
        if is_free:
            raise UnitError(f"{metric.id} has no unit of its own: name the column's")
        return _Units(wanted, wanted, Conversion(factor, Fraction(0)))
    code, own = _known(word)
    if is_free:
        return _Units(code, word, Conversion(own * factor, Fraction(0)))
    how = IDENTITY
    if code != wanted:
        how = conversion(code, wanted)
    reported = word
    if own == 1:
        reported = code
    total = Conversion(how.factor * own * factor, how.offset * factor)
    return _Units(wanted, reported, total)


def _known(word: str) -> tuple[str, Fraction]:
    known = find_unit(word)
    if known is None:
        raise UnitError(f"{word!r} is not a unit (write a UCUM code, such as ms, MBy, W, %)")
    return known


def _column(table: str, name: str) -> Column:
    return next(item for item in COLUMNS[table] if item.name == name)


def _is_object(table: str, item: Column) -> bool:
    return bool(column_schema(table, item.name).get("type") == "object")


def _variants(fields: Iterable[TableField]) -> tuple[Variant, ...]:
    """Return the different records that one row gives: one for each header that is a dimension."""
    variants: list[Variant] = []
    for item in fields:
        note = item.benchfmt
        if note and note.metric is not None and note.record not in variants:
            variants.append(dict(note.record))
    if len(variants) > 1 and {} in variants:
        raise AnnotationError(
            "some measured columns say `record` and others do not: the latter belong to no one record"
        )
    return tuple(variants) or ({},)


def _measures(
    fields: Iterable[TableField],
    variants: tuple[Variant, ...],
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


def metric_column(item: TableField) -> MetricColumn:
    """Return the column that names the metric of another, dynamic one."""
    assert item.benchfmt is not None  # noqa: S101 - dynamic columns are annotated
    assert isinstance(item.benchfmt.metric, MetricColumn)  # noqa: S101 - only such columns are dynamic
    return item.benchfmt.metric


def named_measures(
    item: TableField, words: Iterable[str], program: Program
) -> tuple[list[Measure], list[str]]:
    """Return the measurements of a column whose metric is named by `words` of another, and the words not known."""
    naming = metric_column(item)
    note = program.note(item.name)
    variant = program.variants.index(dict(note.record))
    measures, unknown = [], []
    for word in words:
        use = naming.terms.get(word) or vocabulary().match("metric", word, program.namespace)
        if use is None:
            unknown.append(word)
            continue
        if isinstance(use, str):
            use = MetricUse(metric=use)
        made = measure(item.name, note, use, program.metrics, variant)
        measures.append(replace(made, named_by=(naming.column, word)))
    return measures, unknown


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
            _check_rule(rule)
        for extract in annotation.extract:
            _check_extract(extract)
        owners: dict[str, str] = {}
        for item in fields:
            if item.benchfmt:
                _check_field(item.name, item.benchfmt, owners)
    except (AnnotationError, pl.exceptions.ComputeError) as error:
        raise AnnotationError(f"{where}: {error}") from error


def _check_rule(rule: Rule) -> None:
    for path, value in rule.set.items():
        constant(path, value)
    for name in rule.when:
        if name.startswith("$"):
            target(name[1:])


def _check_extract(extract: Extract) -> None:
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


def _check_field(name: str, note: FieldAnnotation, owners: dict[str, str]) -> None:
    """Check one annotation; `owners` are the columns so far, by the field that each says."""
    if note.field is not None:
        _check_terms_of(name, note, target(note.field))
        owner = owners.setdefault(note.field, name)
        if owner != name:
            raise AnnotationError(f"columns {owner!r} and {name!r} both say {note.field}")
    for path, value in note.record.items():
        if constant(path, value).table != "records" or path == "status":
            raise AnnotationError(
                f"column {name!r}: a header says nothing of {path} (under `record`)"
            )


def _check_words(fields: Iterable[TableField], annotation: TableAnnotation) -> None:
    """Check reasons, caveats and the parts of keys: a term that nobody knows would only be found in the package."""
    for item in fields:
        if item.benchfmt is None:
            continue
        for use in _uses(item.benchfmt):
            for kind in KEY_FIELDS[1:]:
                _check_terms(item.name, kind, [getattr(use, kind)])
            _check_terms(item.name, "caveat", use.caveats or [])
        _check_terms(item.name, "missing", item.benchfmt.missing.values())
    for rule in annotation.rules:
        for name, reason in rule.missing.items():
            _check_terms(name, "missing", [reason])
        for name, caveats in rule.caveats.items():
            _check_terms(name, "caveat", caveats)


def _uses(note: FieldAnnotation) -> Iterator[FieldAnnotation | MetricUse]:
    """Yield what an annotation says of measurements: itself, and the words that name a metric."""
    yield note
    if isinstance(note.metric, MetricColumn):
        for use in note.metric.terms.values():
            if isinstance(use, MetricUse):
                yield use


def _check_terms(column: str, kind: str, words: Iterable[str | None]) -> None:
    known = vocabulary().terms(kind)
    for word in words:
        if word is None or ":" in word or word in known or re.match("^p[0-9]", word):
            continue
        raise AnnotationError(f"column {column!r}: {word!r} is no {kind}{_meant(kind, word)}")


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
