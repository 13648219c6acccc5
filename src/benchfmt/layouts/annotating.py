"""A layout as the annotation of one file: its fields and rules, for the columns that the file has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel, JsonValue

from benchfmt.annotated.columns import EVERY
from benchfmt.annotated.families import with_families
from benchfmt.annotation import (
    Condition,
    Conditional,
    Extract,
    FieldAnnotation,
    History,
    Rule,
)
from benchfmt.descriptor import Resource, TableField, TableSchema
from benchfmt.finding import BenchfmtError
from benchfmt.layouts.layout import Layout

LABEL = "extensions.benchfmt.layout"
"""Where a record says by which layout it was read."""
Plain = dict[str, JsonValue]


def annotated(layout: Layout, columns: Sequence[str], constants: Mapping[str, JsonValue]) -> Plain:
    """Return what a layout says of a table with these columns: the members `schema` and `benchfmt` of its resource.

    `constants` are fields of every record beside those of the layout. Raises BenchfmtError for a layout whose files are
    left out.
    """
    if layout.table is None:
        raise BenchfmtError(f"files of the layout {layout.name!r} are left out: {layout.left_out}")
    fields: dict[str, Plain] = {}
    for item in _fields(layout.table, layout, columns):
        fields[item.name] = {"name": item.name, "type": item.type, **_plain(item)}
    for field in fields.values():
        _keep_cases_that_may_hold(field, columns)
    _keep_one_primary(fields.values())
    _name_measured(fields)
    # Every column stands in the schema, in the order of the file, as the standard wants it.
    ordered: list[JsonValue] = [
        fields.get(name, {"name": name, "type": "string"}) for name in columns
    ]
    schema: Plain = {**_plain(layout.table), "fields": ordered}
    return {"schema": schema, "benchfmt": _whole_table(layout, columns, constants)}


def _fields(table: TableSchema, layout: Layout, columns: Sequence[str]) -> list[TableField]:
    """Return the fields of the columns that a layout knows, in the order of the layout."""
    listed = [item for item in table.fields if item.name in columns]
    there = table.model_copy(update={"fields": listed})
    resource = Resource(path=layout.name, table=there, benchfmt=layout.benchfmt)
    known = with_families(resource, list(columns)).table
    return known.fields if known else []


def _plain(model: BaseModel) -> Plain:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _keep_one_primary(fields: Iterable[Plain]) -> None:
    """Leave the first primary column the only one: a layout names several, because a file may lack one."""
    has_primary = False
    for field in fields:
        note = field.get("benchfmt")
        if isinstance(note, dict) and note.get("primary"):
            if has_primary:
                del note["primary"]
            has_primary = True


def _name_measured(fields: dict[str, Plain]) -> None:
    """Leave in `of` the columns that the file has; a column that says a part of none of them is kept as text."""
    measured = [name for name, field in fields.items() if _is_measured(field)]
    for field in fields.values():
        note = field.get("benchfmt")
        if not isinstance(note, dict) or "of" not in note:
            continue
        owners: list[JsonValue] = [*_chosen(_texts(note["of"]), measured)]
        if owners:
            note["of"] = owners
        else:
            del field["benchfmt"]


def _is_measured(field: Plain) -> bool:
    note = field.get("benchfmt")
    return isinstance(note, dict) and "metric" in note


def _texts(value: JsonValue) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value)]


def _chosen(names: Iterable[str], columns: Sequence[str]) -> list[str]:
    """Return the columns that names, or regular expressions of names, stand for."""
    chosen: dict[str, None] = {}
    for name in names:
        if name in columns or name == EVERY:
            chosen[name] = None
            continue
        fitting = [column for column in columns if re.fullmatch(name, column)]
        chosen.update(dict.fromkeys(fitting))
    return list(chosen)


def _whole_table(
    layout: Layout, columns: Sequence[str], constants: Mapping[str, JsonValue]
) -> Plain:
    """Return what a layout says of all rows."""
    annotation = layout.benchfmt
    whole: Plain = {"constant": {**annotation.constant, **constants, LABEL: layout.label}}
    extracts: list[JsonValue] = [
        _plain(item) for item in annotation.extract if _is_there(item, columns)
    ]
    rules: list[JsonValue] = [*_rules(annotation.rules, columns)]
    key: list[JsonValue] = [*annotation.key]
    for name, items in (("extract", extracts), ("rules", rules), ("key", key)):
        if items:
            whole[name] = items
    if annotation.history is not None:
        whole["history"] = _history(annotation.history, columns)
    return whole


def prefixes_of(layout: Layout, resource: Plain) -> Plain:
    """Return the prefixes that a layout declares for a resource.

    The metric `*` of a prefix declares each metric with the prefix that the resource measures and the layout does not
    name.
    """
    measured = list(_metrics(resource))
    prefixes: Plain = {}
    for name, prefix in layout.prefixes.items():
        metrics = {key: _plain(metric) for key, metric in prefix.metrics.items()}
        template = metrics.pop(EVERY, None)
        if template is not None:
            metrics = {**dict.fromkeys(_names(name, measured), template), **metrics}
        prefixes[name] = {**_plain(prefix), "metrics": {**metrics}}
    return prefixes


def _metrics(resource: Plain) -> Iterator[str]:
    """Yield the metrics that the columns of a resource measure, as far as its annotation names them."""
    schema = resource["schema"]
    fields = schema.get("fields") if isinstance(schema, dict) else None
    for field in fields if isinstance(fields, list) else ():
        note = field.get("benchfmt") if isinstance(field, dict) else None
        metric = note.get("metric") if isinstance(note, dict) else None
        if isinstance(metric, str):
            yield metric


def _names(prefix: str, metrics: Iterable[str]) -> Iterator[str]:
    """Yield the names of the metrics that have a prefix, without it."""
    for metric in metrics:
        if metric.startswith(f"{prefix}:"):
            yield metric.removeprefix(f"{prefix}:")


def _history(history: History, columns: Sequence[str]) -> Plain:
    plain = _plain(history)
    plain["best"] = [*_chosen(history.best, columns)]
    plain["totals"] = [*_chosen(history.totals, columns)]
    return plain


def _is_there(extract: Extract, columns: Sequence[str]) -> bool:
    return extract.from_ in columns or extract.from_.startswith("$")


def _keep_cases_that_may_hold(field: Plain, columns: Sequence[str]) -> None:
    """Leave of the cases of a field those that may hold for a table with these columns."""
    note = field.get("benchfmt")
    if isinstance(note, dict) and "cases" in note:
        cases = FieldAnnotation.model_validate(note).cases
        kept = [case for case in cases if _may_hold(case, columns)]
        note["cases"] = [{**_with_known_conditions(case, columns)} for case in kept]


def _rules(rules: Iterable[Rule], columns: Sequence[str]) -> Iterator[Plain]:
    """Yield the rules that may hold for a table with these columns."""
    for rule in rules:
        if not _may_hold(rule, columns):
            continue
        plain = _with_known_conditions(rule, columns)
        for name in ("missing", "caveats"):
            said = plain.pop(name, {})
            by_column: Plain = {}
            for pattern, value in said.items():
                by_column.update(dict.fromkeys(_chosen([pattern], columns), value))
            if by_column:
                plain[name] = by_column
        yield {**plain}


def _with_known_conditions(one: Conditional, columns: Sequence[str]) -> dict[str, Plain]:
    """Return a rule or case without the conditions on columns that a table does not have."""
    plain: dict[str, Plain] = one.model_dump(mode="json", exclude_unset=True)
    for name in ("when", "unless"):
        conditions = plain.pop(name, {})
        known = {word: said for word, said in conditions.items() if _is_known(word, columns)}
        if known:
            plain[name] = known
    return plain


def _may_hold(rule: Conditional, columns: Sequence[str]) -> bool:
    """Say whether a rule or case may hold where the cells of the columns that a table does not have are empty."""
    for name, wanted in rule.when.items():
        if not _is_known(name, columns) and not _fits_empty(wanted):
            return False
    for name, unwanted in rule.unless.items():
        if not _is_known(name, columns) and _fits_empty(unwanted):
            return False
    return True


def _is_known(name: str, columns: Sequence[str]) -> bool:
    """Say whether a condition is on a column that is there, or on a field of the record."""
    return name.startswith("$") or name in columns


def _fits_empty(condition: Condition) -> bool:
    return condition == "" or (isinstance(condition, list) and "" in condition)
