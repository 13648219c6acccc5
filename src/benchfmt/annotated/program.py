"""An annotation made ready to run: every column resolved to a place in the record or to measurements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl
from pydantic import JsonValue

from benchfmt.annotated.columns import (
    EVERY,
    Key,
    Measure,
    Target,
    Variant,
    constant,
    key_of,
    meant_term,
    measure,
    target,
)
from benchfmt.annotated.families import FamilyError, with_families
from benchfmt.annotated.faults import AnnotationError, Faults
from benchfmt.annotated.history import HistoryError, best_columns, with_best
from benchfmt.annotated.missing import Missing, missing_of
from benchfmt.annotated.patterns import check_cost, family_patterns, groups, patterns_of, whole
from benchfmt.annotation import (
    Case,
    Conditional,
    Extract,
    FieldAnnotation,
    MetricColumn,
    MetricUse,
    Rule,
    TableAnnotation,
    UnitColumn,
)
from benchfmt.descriptor import Resource, TableField
from benchfmt.record import KEY_FIELDS
from benchfmt.vocabulary import Metric, metric_of, vocabulary


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
    best_columns: Mapping[str, str] = field(default_factory=dict)
    """The columns that a history adds, by the columns that their numbers are from."""

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
        check_cost(family_patterns(resource))
        resource = with_families(resource, columns)
        best = best_columns(resource, columns)
        resource = with_best(resource, best)
        check_cost(patterns_of(resource))
    except (FamilyError, HistoryError, AnnotationError) as error:
        raise AnnotationError(f"{resource.file}: {error}") from error
    columns = [*columns, *(own for name, own in best.items() if name in columns)]
    present = set(columns)
    if resource.table is None:
        raise AnnotationError(f"{resource.file}: the resource has no schema with annotated fields")
    annotation = resource.benchfmt or TableAnnotation()
    named = {item.name: item for item in resource.table.fields if item.benchfmt}
    used = {name: item for name, item in named.items() if name in present}
    metrics = {**vocabulary().metrics, **declared}
    faults = Faults()
    where = f"{resource.file}: "
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
        missing=missing_of(resource.table, columns),
        metrics=metrics,
        namespace=_namespace(annotation.constant.get("benchmark.suite")),
        constants=dict(annotation.constant),
        measures=tuple(static),
        dynamic=tuple(dynamic),
        parts=parts,
        variants=variants,
        unannotated=tuple(name for name in columns if name not in known),
        absent=tuple(name for name in named if name not in present),
        best_columns=best,
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
            yield Headline(item.name, variant, key_of(note, use))


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
        raise AnnotationError(f"column {column!r}: {word!r} is no {kind}{meant_term(kind, word)}")


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
