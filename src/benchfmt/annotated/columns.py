"""What the annotation of a column becomes: a place in the record, or measurements with their key and units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import jsonschema
from pydantic import JsonValue

from benchfmt.annotated.faults import AnnotationError
from benchfmt.annotation import INFERRED, Case, FieldAnnotation, MetricUse, Part
from benchfmt.descriptor import TableField
from benchfmt.faults import schema_fault_in_words
from benchfmt.schema import column_schema, record_schema
from benchfmt.spelling import nearest
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
    meant = nearest(path, paths, 0.75)
    if meant is None:
        return ""
    return f"; did you mean {meant!r}?"


def constant(path: str, value: JsonValue) -> Target:
    """Return the place of a constant, whose value is checked against the standard; raises AnnotationError."""
    place = target(path)
    if place.input is not None:
        raise AnnotationError(f"{path}: instance data stands in columns, it is no constant")
    judge = _judge(place.table, place.column.name)
    faults = list(judge.iter_errors(_whole(place, value)))
    if faults:
        fault = min(faults, key=lambda found: found.validator != "type")
        raise AnnotationError(f"{path}: {schema_fault_in_words(fault)}")
    return place


def fits(place: Target, value: JsonValue) -> bool:
    """Say whether a value may stand at a place in the record, as the standard has it."""
    return _judge(place.table, place.column.name).is_valid(_whole(place, value))


def _whole(place: Target, value: JsonValue) -> JsonValue:
    """Return a value as its column holds it: in the objects inside of which it stands."""
    for key in reversed(place.inside):
        value = {key: value}
    return value


@lru_cache(maxsize=64)
def _judge(table: str, column: str) -> jsonschema.Draft202012Validator:
    schema = {**column_schema(table, column), "$defs": record_schema()["$defs"]}
    return jsonschema.Draft202012Validator(schema)


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
        meant = meant_term("metric", use.metric)
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
        key=key_of(note, use),
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


def key_of(note: FieldAnnotation, use: MetricUse) -> Key:
    """Return the key of what a column measures."""
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


def meant_term(kind: str, word: str) -> str:
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
