"""Columns that one annotation describes together: their names fit a pattern, and its groups say what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
from pydantic import JsonValue, ValidationError

from benchfmt.annotated.patterns import whole
from benchfmt.annotation import FieldAnnotation, FieldFamily
from benchfmt.descriptor import Resource, TableField
from benchfmt.faults import faults_of
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS
from benchfmt.record import KEY_FIELDS

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_NOT_IN_TERMS = re.compile(r"[^a-z0-9.]+")
_NOT_IN_PATHS = re.compile(r"[.\s]+")


class FamilyError(BenchfmtError):
    """A family of columns that cannot be read; the message names it."""


@dataclass(frozen=True)
class _Groups:
    """What the groups of a pattern hold in the name of one column."""

    texts: Mapping[str, str | None]
    terms: Mapping[str, Mapping[str, str]]

    def text(self, name: str) -> str:
        """Return what a group says, by its words; a name of no group stands as it is."""
        if name not in self.texts:
            return f"{{{name}}}"
        text = self.texts[name] or ""
        return self.terms.get(name, {}).get(text, text)

    def filled(self, text: str) -> str:
        """Return a text with the groups in their places."""
        return _PLACE.sub(lambda place: self.text(place[1]), text)

    def term(self, text: str) -> str:
        """Return a term with the groups in their places, in small letters and hyphens."""
        return _PLACE.sub(lambda place: self._term_of(place[1]), text)

    def _term_of(self, name: str) -> str:
        """Return what a group says as a term; one that its words name stands as it is."""
        if (self.texts.get(name) or "") in self.terms.get(name, {}):
            return self.text(name)
        return _slug(self.text(name))

    def are_terms(self, note: Mapping[str, JsonValue]) -> bool:
        """Say whether each group that stands in a term of an annotation has a letter or digit for it, or is empty."""
        names = [name for part in KEY_FIELDS for name in _PLACE.findall(str(note.get(part)))]
        texts = [self.text(name) for name in names]
        return all(_slug(text) or not text for text in texts)

    def path(self, text: str) -> str:
        """Return a record path with the groups in their places, each in one segment."""
        return _PLACE.sub(lambda place: _NOT_IN_PATHS.sub("_", self.text(place[1])), text)

    def value(self, value: JsonValue) -> JsonValue:
        """Return a value with the groups in the places of its texts; what is one group may be a number."""
        match value:
            case dict():
                return {self.filled(key): self.value(item) for key, item in value.items()}
            case list():
                return [self.value(item) for item in value]
            case str() if _PLACE.fullmatch(value) and _NUMBER.fullmatch(self.filled(value)):
                number: JsonValue = json.loads(self.filled(value))
                return number
            case str():
                return self.filled(value)
        return value


def _slug(text: str) -> str:
    return _NOT_IN_TERMS.sub("-", text.lower()).strip("-.")


def with_families(resource: Resource, columns: list[str]) -> Resource:
    """Return a resource whose schema has a field for each column that one of its families describes.

    The result has no families. Raises FamilyError.
    """
    annotation = resource.benchfmt
    if annotation is None or not annotation.families or resource.table is None:
        return resource
    fields = list(resource.table.fields)
    named = {item.name for item in fields}
    others = [name for name in columns if name not in named]
    made: dict[str, TableField] = {}
    for family in annotation.families:
        for item in _members(family, [name for name in others if name not in made]):
            made[item.name] = item
    in_order = [made[name] for name in others if name in made]
    kept = _without_repeated(fields, in_order)
    table = resource.table.model_copy(update={"fields": [*fields, *kept]})
    without = annotation.model_copy(update={"families": []})
    return resource.model_copy(update={"table": table, "benchfmt": without})


def _members(family: FieldFamily, columns: list[str]) -> Iterator[TableField]:
    """Yield a field for each of the columns that belong to a family."""
    names = pl.Series(columns, dtype=pl.String)
    pattern = whole(family.pattern)
    try:
        fits = names.filter(names.str.contains(pattern))
        groups = fits.str.extract_groups(pattern)
    except pl.exceptions.ComputeError as error:
        message = f"families: {family.pattern!r} is no regular expression: {error}"
        raise FamilyError(message) from error
    _refuse_long(family, fits)
    for name, texts in zip(fits, groups, strict=True):
        named = _Groups(texts or {}, family.terms)
        if named.are_terms(family.benchfmt):
            yield _member(family, name, named)


def _refuse_long(family: FieldFamily, names: pl.Series) -> None:
    """Raise FamilyError where the annotations of all columns would take more room than a descriptor may."""
    text = json.dumps(family.benchfmt)
    places = len(_PLACE.findall(text))
    words = [word for terms in family.terms.values() for word in terms.values()]
    longest = max(map(len, words), default=0)
    size = sum(len(text) + places * max(len(name), longest) for name in names)
    if size > LIMITS.descriptor_bytes:
        message = f"families: what {family.pattern!r} says of {len(names):,} columns has {size:,} characters"
        raise FamilyError(f"{message}; at most {LIMITS.descriptor_bytes:,} are read")


def _member(family: FieldFamily, name: str, groups: _Groups) -> TableField:
    own = {"pattern", "terms", "benchfmt"}
    field = family.model_dump(by_alias=True, exclude_unset=True, exclude=own)
    note = dict(_annotation(family.benchfmt, groups))
    data: JsonValue = {**field, "name": name, "benchfmt": note}
    try:
        return TableField.model_validate(data)
    except ValidationError as error:
        faults = faults_of(error, TableField, data)
        lines = "; ".join(f"{fault.pointer}: {fault.message}" for fault in faults)
        message = f"column {name!r} of the family {family.pattern!r}: {lines}"
        raise FamilyError(message) from error


def _annotation(note: Mapping[str, JsonValue], groups: _Groups) -> Iterator[tuple[str, JsonValue]]:
    """Yield the members of a column's annotation; a part of the key that comes out empty is left out."""
    for member, value in note.items():
        if member in KEY_FIELDS and isinstance(value, str):
            term = groups.term(value)
            if term:
                yield member, term
        elif member == "field" and isinstance(value, str):
            yield member, groups.path(value)
        else:
            yield member, groups.value(value)


def _without_repeated(listed: list[TableField], made: list[TableField]) -> Iterator[TableField]:
    """Yield the fields of families that say something new.

    A column of a family that gives the same measurement or field as an earlier one is left to the rest. One that says a
    part of others says it of those that are measured, and is left to the rest where none is.
    """
    keys = {_key(item.benchfmt) for item in listed}
    measured = {item.name for item in listed if item.benchfmt and item.benchfmt.metric}
    kept: list[TableField] = []
    for item in made:
        note = item.benchfmt
        key = _key(note)
        if key is not None and key in keys:
            continue
        keys.add(key)
        if note is not None and note.metric is not None:
            measured.add(item.name)
        kept.append(item)
    for item in kept:
        if item.benchfmt is None or item.benchfmt.of is None:
            yield item
            continue
        owners = [name for name in _owners(item.benchfmt) if name in measured]
        if owners:
            note = item.benchfmt.model_copy(update={"of": owners})
            yield item.model_copy(update={"benchfmt": note})


def _key(note: FieldAnnotation | None) -> str | None:
    """Return what tells the measurements or the field of one column from those of others; None for a column of neither."""
    if note is None or (note.metric is None and note.field is None):
        return None
    return note.model_dump_json(include={*KEY_FIELDS, "record", "field"})


def _owners(note: FieldAnnotation) -> list[str]:
    """Return the columns of which a column says a part."""
    if isinstance(note.of, str):
        return [note.of]
    return note.of or []
