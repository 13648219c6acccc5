"""An annotation made ready to run: every column resolved to a place in the record or to measurements."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import jsonschema
import polars as pl
from pydantic import JsonValue

from benchfmt.annotated.families import FamilyError, with_families
from benchfmt.annotated.faults import AnnotationError, Faults
from benchfmt.annotated.history import HistoryError, best_columns, with_best
from benchfmt.annotated.missing import Missing, whole
from benchfmt.descriptor import (
    INFERRED,
    Case,
    Conditional,
    Extract,
    FieldAnnotation,
    MetricColumn,
    MetricUse,
    Part,
    Resource,
    Rule,
    TableAnnotation,
    TableField,
    TableSchema,
    UnitColumn,
)
from benchfmt.faults import schema_fault_in_words
from benchfmt.record import KEY_FIELDS
from benchfmt.schema import column_schema, record_schema
from benchfmt.tables import COLUMNS, TERM_COLUMNS, Column
from benchfmt.units import Conversion, UnitError, conversion, find_unit
from benchfmt.vocabulary import Metric, metric_of, vocabulary

TERM_KINDS = {**TERM_COLUMNS["records"], **TERM_COLUMNS["systems"]}
_FIELD_UNITS = {"_bytes": "By", "_hz": "Hz"}
EVERY = "*"
"""What stands for all measured columns in the conditions of a rule."""
IDENTITY = Conversion(Fraction(1), Fraction(0))
Order = tuple[int, bool, tuple[str, ...]]
Key = tuple[str, str, str, str, str]
"""Metric, statistic, stage, per and scope; an empty text where one is not said."""
Variant = dict[str, JsonValue]
"""Fields of the record that headers say, by path."""


@dataclass(frozen=True)
class Target:
    """A place in the record: the column of the table that holds it, and the keys inside where that column is JSON."""

    table: str
    column: Column
    inside: tuple[str, ...] = ()
    input: str | None = None


@dataclass(frozen=True)
class PartColumn:
    """A column that says a part of the measurements of another, such as their standard deviation."""

    column: str
    part: Part
    conversion: Conversion
    level: float | None = None


@dataclass(frozen=True)
class Measure:
    """One measurement that a column gives, where its condition holds."""

    column: str
    key: Key
    unit: str
    reported_unit: str | None
    conversion: Conversion
    basis: str
    caveats: tuple[str, ...] = ()
    primary: bool = False
    targets: tuple[float | None, float | None] = (None, None)
    variant: int = 0
    where: tuple[tuple[str, str | None], ...] = ()
    """Columns with the words (None: an empty cell) that they have in the rows of this measurement."""
    parts: tuple[PartColumn, ...] = ()
    cases: tuple[Case, ...] = ()
    """The case that holds in the rows of this measurement, and those before it, which do not."""

    @property
    def order(self) -> Order:
        """Where the measurement stands: by record, the primary first, then by key."""
        return (self.variant, not self.primary, self.key)


@dataclass(frozen=True)
class Headline:
    """A measurement that an annotation calls primary."""

    column: str
    variant: int
    key: Key

    def __str__(self) -> str:
        """Return the column and the metric as a message shows them."""
        return f"{self.column!r} ({self.key[0]})"


@dataclass(frozen=True)
class Program:
    """A compiled annotation."""

    fields: dict[str, TableField]
    annotation: TableAnnotation
    missing: Mapping[str, Missing]
    """What means no value in each column of the file."""
    metrics: Mapping[str, Metric]
    namespace: str
    constants: dict[str, JsonValue]
    measures: tuple[Measure, ...]
    dynamic: tuple[TableField, ...]
    parts: Mapping[str, tuple[TableField, ...]]
    """The columns that say a part of the measurements of another, by that column."""
    variants: tuple[Variant, ...]
    unannotated: tuple[str, ...] = ()
    absent: tuple[str, ...] = field(default=())

    def is_higher_better(self, name: str) -> bool:
        """Whether the best number of a measured column is the greatest."""
        metric = metric_of(str(self.note(name).metric), self.metrics)
        return metric is not None and metric.direction == "higher"

    @property
    def confirmed(self) -> dict[str, JsonValue]:
        """Who or what confirms the doubts about a column, by its name."""
        confirmed: dict[str, JsonValue] = {}
        for name in self.fields:
            words = self.note(name).confirmed
            if isinstance(words, dict):
                confirmed[name] = dict(words.items())
            elif words:
                confirmed[name] = words
        return confirmed

    def unconfirmed(self, caveat: str) -> list[str]:
        """Return the columns that have a caveat which nobody confirms."""
        columns = []
        for name in self.fields:
            note = self.note(name)
            caveats = [doubt for use in _uses(note) for doubt in use.caveats or ()]
            if caveat in caveats and caveat not in note.confirmations:
                columns.append(name)
        return columns

    def missing_in(self, name: str) -> Missing:
        """Return what means no value in a column."""
        return self.missing[name]

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
    try:
        resource = with_best(with_families(resource, columns))
    except (FamilyError, HistoryError) as error:
        raise AnnotationError(f"{resource.path}: {error}") from error
    columns = [*columns, *best_columns(resource.benchfmt, columns)]
    if resource.table is None:
        raise AnnotationError(f"{resource.path}: the resource has no schema with annotated fields")
    annotation = resource.benchfmt or TableAnnotation()
    named = {item.name: item for item in resource.table.fields if item.benchfmt}
    used = {name: item for name, item in named.items() if name in columns}
    metrics = {**vocabulary().metrics, **declared}
    faults = Faults()
    where = f"{resource.path}: "
    variants = _variants(used.values())
    with faults.collected(where):
        _check_variants(annotation, variants)
    _check_paths(annotation, used.values(), where, faults)
    with faults.collected(where):
        _check_columns(annotation, used.values(), columns)
    _check_words(used.values(), annotation, faults)
    with faults.collected():
        _check_best(annotation, used, metrics)
    parts = _parts(used, faults)
    static, dynamic = _measures(used.values(), variants, metrics, parts, faults)
    faults.raise_all()
    known = named.keys() | _read_elsewhere(annotation, used)
    return Program(
        fields=used,
        annotation=annotation,
        missing=_missing(resource.table, columns),
        metrics=metrics,
        namespace=_namespace(annotation.constant.get("benchmark.suite")),
        constants=dict(annotation.constant),
        measures=tuple(static),
        dynamic=tuple(dynamic),
        parts=parts,
        variants=variants,
        unannotated=tuple(name for name in columns if name not in known),
        absent=tuple(name for name in named if name not in columns),
    )


def _missing(schema: TableSchema, columns: Iterable[str]) -> dict[str, Missing]:
    described = {item.name: item for item in schema.fields}
    return {name: Missing.of(schema, described.get(name)) for name in columns}


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
    naming: set[str] = set()
    for item in used.values():
        if item.benchfmt:
            naming.update(filter(None, (metric_from(item.benchfmt), unit_from(item.benchfmt))))
    return naming | {extract.from_ for extract in annotation.extract} | set(annotation.key)


def metric_from(note: FieldAnnotation) -> str | None:
    """Return the column that names the metric of another."""
    return note.metric.column if isinstance(note.metric, MetricColumn) else None


def unit_from(note: FieldAnnotation) -> str | None:
    """Return the column that names the unit of another."""
    return note.unit.column if isinstance(note.unit, UnitColumn) else None


def _parts(used: Mapping[str, TableField], faults: Faults) -> dict[str, tuple[TableField, ...]]:
    """Return the columns that say parts of the measurements of others."""
    parts: dict[str, tuple[TableField, ...]] = {}
    for item in used.values():
        note = item.benchfmt
        if note is None or note.of is None:
            continue
        for owner in [note.of] if isinstance(note.of, str) else note.of:
            with faults.collected():
                _check_part(item, owner, used, parts)
                parts[owner] = (*parts.get(owner, ()), item)
    for owner, items in parts.items():
        said = {item.benchfmt.part for item in items if item.benchfmt}
        with faults.collected():
            if len(said & {"ci_low", "ci_high"}) == 1:
                raise AnnotationError(f"column {owner!r}: an interval has both ci_low and ci_high")
    return parts


def _check_part(
    item: TableField,
    owner: str,
    used: Mapping[str, TableField],
    parts: Mapping[str, tuple[TableField, ...]],
) -> None:
    """Check that a column may say a part of the measurements in another; raises AnnotationError."""
    measured = used.get(owner)
    if measured is None or measured.benchfmt is None or measured.benchfmt.metric is None:
        raise AnnotationError(
            f"column {item.name!r}: `of` names {owner!r}, which is no measured column of the table"
        )
    part = item.benchfmt.part if item.benchfmt else None
    for other in parts.get(owner, ()):
        if other.benchfmt and other.benchfmt.part == part:
            raise AnnotationError(
                f"columns {other.name!r} and {item.name!r} both say {part} of {owner!r}"
            )


def _part_column(
    item: TableField, owner: FieldAnnotation, unit: str | None, wanted: str
) -> PartColumn:
    """Return how a column says a part of a measurement whose numbers are in `unit` and stored in `wanted`."""
    note = item.benchfmt
    assert note is not None and note.part is not None  # noqa: S101 - parts are annotated
    scale = owner.scale if note.scale is None and note.unit is None else note.scale
    if note.part in ("n", "caveats"):
        return PartColumn(item.name, note.part, Conversion(_scale(note.scale), Fraction(0)))
    try:
        how = _converted(note.unit_word or unit, wanted, _scale(scale))
    except UnitError as error:
        raise AnnotationError(f"column {item.name!r}: {error}") from error
    if note.part in ("stddev", "sample_stddev", "ci"):
        # A difference of temperatures has no zero point.
        how = Conversion(how.factor, Fraction(0))
    return PartColumn(item.name, note.part, how, note.level)


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
    raise AnnotationError(f"{path!r} is no field of a record{_meant_path(path)}")


def _meant_path(path: str) -> str:
    """Return the question whether another field was meant, empty where none is like it."""
    paths = [item.path for item in COLUMNS["records"]]
    paths += [f"system.{item.path}" for item in COLUMNS["systems"]]
    meant = difflib.get_close_matches(path, paths, 1, cutoff=0.75)
    if not meant:
        return ""
    return f"; did you mean {meant[0]!r}?"


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
        raise AnnotationError(f"{path}: {schema_fault_in_words(fault)}")
    return place


def measure(
    name: str,
    note: FieldAnnotation,
    use: MetricUse,
    metrics: Mapping[str, Metric],
    variant: int = 0,
    parts: Iterable[TableField] = (),
) -> Measure:
    """Return the measurement that a column gives as one metric; raises AnnotationError for a unit that does not fit.

    `parts` are the columns that say more of its numbers.
    """
    metric = metric_of(use.metric, metrics)
    if metric is None:
        meant = _meant("metric", use.metric)
        raise AnnotationError(
            f"column {name!r}: {use.metric!r} is no metric{meant} "
            "(a metric of your own is prefix:name, declared under benchfmt.prefixes)"
        )
    word = use.unit or note.unit_word
    units = _units(name, metric, word, note.scale)
    reported_unit: str | None = units.reported
    if note.scale is not None:
        # With a scale of its own the printed number is in no unit that has a code.
        reported_unit = None
    return Measure(
        column=name,
        key=_key(note, use),
        unit=units.stored,
        reported_unit=reported_unit,
        conversion=units.conversion,
        basis=use.basis or note.basis,
        caveats=_caveats(note, use),
        primary=note.primary or use.primary,
        targets=(note.target_min, note.target_max),
        variant=variant,
        parts=tuple(_part_column(item, note, word, units.stored) for item in parts),
    )


def _key(note: FieldAnnotation, use: MetricUse) -> Key:
    return (
        use.metric,
        use.statistic or note.statistic or "",
        use.stage or note.stage or "",
        use.per or note.per or "",
        use.scope or note.scope or "",
    )


def _caveats(note: FieldAnnotation, use: MetricUse) -> tuple[str, ...]:
    """Return the doubts about a column; what was inferred and is confirmed is no doubt any more."""
    lifted = set(INFERRED).intersection(note.confirmations)
    caveats = {*note.caveats, *(use.caveats or ())} - lifted
    return tuple(sorted(caveats))


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
    if note.unit_word is None:
        return Conversion(scale, Fraction(0))
    units = (unit for suffix, unit in _FIELD_UNITS.items() if item.name.endswith(suffix))
    wanted = next(units, "1")
    try:
        code, factor = _known(note.unit_word)
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
    reported = word
    if own == 1:
        reported = code
    return _Units(wanted, reported, _converted(word, wanted, factor))


def _converted(word: str | None, wanted: str, factor: Fraction) -> Conversion:
    """Return how numbers in a unit, times a factor, become those in another; raises UnitError."""
    if word is None:
        return Conversion(factor, Fraction(0))
    code, own = _known(word)
    how = IDENTITY
    if code != wanted:
        how = conversion(code, wanted)
    return Conversion(how.factor * own * factor, how.offset)


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
    return tuple(variants) or ({},)


def _check_variants(annotation: TableAnnotation, variants: tuple[Variant, ...]) -> None:
    """Check that each measured column belongs to one record of a row."""
    if len(variants) > 1 and {} in variants:
        raise AnnotationError(
            "some measured columns say `record` and others do not: the latter belong to no one record"
        )
    if annotation.key and variants != ({},):
        raise AnnotationError("a table with `key` has no headers that are dimensions (`record`)")


def _measures(
    fields: Iterable[TableField],
    variants: tuple[Variant, ...],
    metrics: Mapping[str, Metric],
    parts: Mapping[str, tuple[TableField, ...]],
    faults: Faults,
) -> tuple[list[Measure], list[TableField]]:
    static: list[Measure] = []
    dynamic = []
    for item in fields:
        note = item.benchfmt
        if note is None or note.metric is None:
            continue
        variant = variants.index(dict(note.record))
        with faults.collected():
            if note.list_:
                raise AnnotationError(f"column {item.name!r}: a vector is no single measurement")
            if isinstance(note.metric, str) and not isinstance(note.unit, UnitColumn):
                of_it = parts.get(item.name, ())
                for cases, use in _static_uses(note, note.metric):
                    made = measure(item.name, note, use, metrics, variant, of_it)
                    static.append(replace(made, cases=cases))
            else:
                dynamic.append(item)
    with faults.collected():
        _check_keys(static)
    # A row meets one case of a column.
    by_column = {(item.column, item.variant): item for item in static if item.primary}
    headlines = [Headline(item.column, item.variant, item.key) for item in by_column.values()]
    with faults.collected():
        for item in dynamic:
            headlines += _named_headlines(item, variants)
        _check_headlines(headlines)
    return static, dynamic


def _static_uses(
    note: FieldAnnotation, metric: str
) -> Iterator[tuple[tuple[Case, ...], MetricUse]]:
    """Yield what a column measures; where that differs by row, each case behind which the ones before it stand."""
    if not note.cases:
        yield (), MetricUse(metric=metric)
    for place, case in enumerate(note.cases):
        own = case.model_dump(exclude={"when", "unless"}, exclude_none=True)
        use = MetricUse.model_validate({"metric": metric, **own})
        yield (case, *note.cases[:place]), use


def _check_keys(measures: list[Measure]) -> None:
    seen: dict[tuple[int, tuple[str, ...]], str] = {}
    for item in measures:
        other = seen.setdefault((item.variant, item.key), item.column)
        if other != item.column:
            raise AnnotationError(
                f"columns {other!r} and {item.column!r} are the same measurement {'/'.join(filter(None, item.key))}; "
                "tell them apart by statistic, stage, per or scope"
            )


def _named_headlines(item: TableField, variants: tuple[Variant, ...]) -> Iterator[Headline]:
    """Yield the primary measurements of a column whose metric or unit another column names."""
    note = item.benchfmt
    assert note is not None and note.metric is not None  # noqa: S101 - measured columns are annotated
    if note.primary and isinstance(note.metric, MetricColumn):
        raise AnnotationError(
            f"column {item.name!r}: {note.metric.column!r} names its metrics, so one of them is primary and not the "
            'column: say it under `terms`, as in {"latency": {"metric": "latency", "primary": true}}'
        )
    variant = variants.index(dict(note.record))
    for use in _metric_uses(note):
        if use.primary or note.primary:
            yield Headline(item.name, variant, _key(note, use))


def _check_headlines(headlines: Iterable[Headline]) -> None:
    """Check that no record has two primary measurements."""
    first: dict[int, Headline] = {}
    for item in headlines:
        other = first.setdefault(item.variant, item)
        if other.key != item.key:
            raise AnnotationError(
                f"{other} and {item} are both primary; a record has one primary measurement"
            )


def _check_paths(
    annotation: TableAnnotation, fields: Iterable[TableField], where: str, faults: Faults
) -> None:
    for path, value in annotation.constant.items():
        with faults.collected(where):
            constant(path, value)
    for rule in annotation.rules:
        with faults.collected(where):
            _check_rule(rule)
    for extract in annotation.extract:
        with faults.collected(where):
            _check_extract(extract)
    owners: dict[str, str] = {}
    for item in fields:
        if item.benchfmt:
            with faults.collected(where):
                _check_field(item.name, item.benchfmt, owners)


def _check_rule(rule: Rule) -> None:
    for path, value in rule.set.items():
        constant(path, value)
    for name in (*rule.when, *rule.unless):
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


def _target_of(name: str, path: str) -> Target:
    """Return the place that a column's annotation names; raises AnnotationError."""
    try:
        return target(path)
    except AnnotationError as error:
        raise AnnotationError(f"column {name!r}: {error}") from error


def _check_field(name: str, note: FieldAnnotation, owners: dict[str, str]) -> None:
    """Check one annotation; `owners` are the columns so far, by the field that each says."""
    if note.field is not None:
        _check_terms_of(name, note, _target_of(name, note.field))
        owner = owners.setdefault(note.field, name)
        if owner != name:
            raise AnnotationError(f"columns {owner!r} and {name!r} both say {note.field}")
    for path, value in note.record.items():
        if constant(path, value).table != "records" or path == "status":
            raise AnnotationError(
                f"column {name!r}: a header says nothing of {path} (under `record`)"
            )


def _check_words(fields: Iterable[TableField], annotation: TableAnnotation, faults: Faults) -> None:
    """Check reasons, caveats and the parts of keys: a term that nobody knows would only be found in the package."""
    for item in fields:
        if item.benchfmt is not None:
            _check_words_of(item.name, item.benchfmt, faults)
    for rule in annotation.rules:
        with faults.collected():
            for name, reason in rule.missing.items():
                _check_terms(name, "missing", [reason])
        with faults.collected():
            for name, caveats in rule.caveats.items():
                _check_terms(name, "caveat", caveats)


def _check_words_of(name: str, note: FieldAnnotation, faults: Faults) -> None:
    with faults.collected():
        _check_patterns(name, note.missing_patterns)
    for use in _uses(note):
        for kind in KEY_FIELDS[1:]:
            with faults.collected():
                _check_terms(name, kind, [getattr(use, kind)])
        with faults.collected():
            _check_terms(name, "caveat", use.caveats or [])
    for reasons in (note.missing.values(), note.missing_patterns.values()):
        with faults.collected():
            _check_terms(name, "missing", reasons)
    with faults.collected():
        _check_terms(name, "caveat", note.confirmations)


def _check_patterns(column: str, patterns: Iterable[str]) -> None:
    """Check that patterns of cells are regular expressions."""
    for pattern in patterns:
        try:
            pl.Series(["x"]).str.contains(whole(pattern))
        except pl.exceptions.ComputeError as error:
            raise AnnotationError(
                f"column {column!r}: {pattern!r} under `missing_patterns` is no regular expression"
            ) from error


def _uses(note: FieldAnnotation) -> Iterator[FieldAnnotation | MetricUse | Case]:
    """Yield what an annotation says of measurements: itself, its cases, and the words that name a metric."""
    yield note
    yield from note.cases
    if isinstance(note.metric, MetricColumn):
        yield from _metric_uses(note)


def _metric_uses(note: FieldAnnotation) -> Iterator[MetricUse]:
    """Yield the metrics that a column measures, as far as its annotation names them."""
    match note.metric:
        case str():
            yield MetricUse(metric=note.metric)
        case MetricColumn():
            for use in note.metric.terms.values():
                yield use if isinstance(use, MetricUse) else MetricUse(metric=use)


def _check_terms(column: str, kind: str, words: Iterable[str | None]) -> None:
    known = vocabulary().terms(kind)
    for word in words:
        if word is None or ":" in word or word in known or re.match("^p[0-9]", word):
            continue
        raise AnnotationError(f"column {column!r}: {word!r} is no {kind}{_meant(kind, word)}")


def _check_columns(
    annotation: TableAnnotation, fields: Iterable[TableField], columns: list[str]
) -> None:
    conditions: list[Conditional] = [*annotation.rules]
    for item in fields:
        conditions += item.benchfmt.cases if item.benchfmt else ()
    named = [name for one in conditions for name in (*one.when, *one.unless)]
    for rule in annotation.rules:
        named += [name for name in (*rule.missing, *rule.caveats) if name != EVERY]
    named += [extract.from_ for extract in annotation.extract] + annotation.key
    if annotation.history:
        named += [annotation.history.step, *annotation.history.totals]
    wrong = [name for name in named if not name.startswith("$") and name not in columns]
    if wrong:
        raise AnnotationError(
            *(
                f"the annotation names column {name!r}, which the table does not have"
                for name in wrong
            )
        )


def _check_best(
    annotation: TableAnnotation, used: Mapping[str, TableField], metrics: Mapping[str, Metric]
) -> None:
    """Check that it is known which numbers of a history are the best."""
    for name in annotation.history.best if annotation.history else ():
        note = used[name].benchfmt if name in used else None
        metric = metric_of(str(note.metric), metrics) if note else None
        if metric is not None and metric.direction not in ("lower", "higher"):
            raise AnnotationError(
                f"history: {metric.id} has no best number: it is better neither lower nor higher"
            )


def groups(pattern: str) -> list[str]:
    """Return the names of a pattern's groups."""
    return re.findall(r"\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>", pattern)
