"""What judges of other makes say of plain data, as faults with our codes: JSON Schema, and pydantic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import jsonschema
from pydantic import JsonValue
from pydantic_core import ErrorDetails

from benchfmt.checks.frames import suggestion
from benchfmt.faults import error_in_words, schema_fault_in_words
from benchfmt.record import Record
from benchfmt.vocabulary import vocabulary

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
    "too_short": "BF120",
    "value_or_missing": "BF108",
    "value_and_missing": "BF108",
    "unit_absent": "BF109",
    "basis_absent": "BF109",
    "no_result": "BF112",
}
"""pydantic error type: the code of the fault; every other type is a wrong type, BF103."""


@dataclass(frozen=True, slots=True)
class RecordFault:
    """A fault of a record as plain data; what is told of it is worked out when it is told, since a record may have a million."""

    code: str
    error: ErrorDetails

    @property
    def path(self) -> tuple[str, ...]:
        """The path of the field at fault."""
        field = self._of_rule
        return (*_path_of(self.error), *([] if field is None else [field]))

    @property
    def value(self) -> JsonValue:
        """The value there; none where a field is absent, or for a rule between fields, which come with all that stands around them."""
        if self._of_rule is not None or self.error["type"] == "missing":
            return None
        value: JsonValue = self.error["input"]
        return value

    @property
    def _of_rule(self) -> str | None:
        """The field that a rule between fields names."""
        field = self.error.get("ctx", {}).get("field")
        return None if field is None else str(field)

    @property
    def field(self) -> str:
        """The field at fault; '' for the record itself."""
        return ".".join(self.path)

    @property
    def message(self) -> str:
        """What is wrong; to put it in words takes longer than to find it."""
        return error_in_words(self.error, self.path, Record)

    @property
    def hint(self) -> str | None:
        """What to do about an empty list or object, or which term was likely meant by a malformed one."""
        if self.error["type"] == "too_short" and not self.value:
            return "leave it out where the source says nothing"
        if self.code != "BF105" or not self.path or not isinstance(self.value, str):
            return None
        kind = self.path[-1]
        if kind not in vocabulary().kinds():
            return None
        return suggestion(kind, self.value)


def schema_fault(error: jsonschema.ValidationError) -> tuple[str, str]:
    """Return the code and the message of a JSON Schema error."""
    where = "".join(f"/{part}" for part in error.absolute_path)
    at = ""
    if where:
        at = f"at {where}: "
    deepest = _deepest(error)
    if _is_nothing(deepest):
        return "BF107", f"{at}null or empty: leave out what the source does not say"
    if deepest.validator == "minItems":
        return "BF120", f"{at}{schema_fault_in_words(deepest)}"
    code = KEYWORD_CODES.get(str(deepest.validator), "BF103")
    return code, at + schema_fault_in_words(deepest)


def _is_nothing(error: jsonschema.ValidationError) -> bool:
    """Whether the value at fault says nothing: null, or empty where something of its type is asked for."""
    if error.instance is None:
        return True
    is_empty = isinstance(error.instance, str | list | dict) and not error.instance
    return is_empty and error.validator != "type"


def _deepest(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    """Return the error that says most: within a choice, that of the option that was meant."""
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        return error
    return _deepest(
        max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type"))
    )


def record_faults(errors: Iterable[ErrorDetails]) -> Iterator[RecordFault]:
    """Yield the faults of one record for what pydantic says of it."""
    for error in _meant_option(list(errors)):
        yield RecordFault(_record_code(error), error)


def _path_of(error: ErrorDetails) -> list[str]:
    return [str(part) for part in error["loc"] if not _is_of_pydantic(part)]


def _is_of_pydantic(part: int | str) -> bool:
    """Whether a part of a path names an option or the key of an object, and no field."""
    return part in ("Accelerator", "list[Accelerator]") or "[" in str(part)


def _record_code(error: ErrorDetails) -> str:
    kind, value = error["type"], error["input"]
    if value is None and kind != "missing":
        return "BF107"
    if value == "" and kind in ("literal_error", "not_listed", "malformed_text"):
        return "BF107"
    if kind == "too_short" and not value:
        return "BF107"
    if kind == "literal_error":
        return _code_of_other_text(value, _path_of(error))
    return PYDANTIC_CODES.get(kind, "BF103")


def _code_of_other_text(value: JsonValue, path: list[str]) -> str:
    """Return the code of a value that is none of the texts that its field allows."""
    if path == ["benchfmt"]:
        return "BF117"
    if isinstance(value, str):
        return "BF104"
    return "BF103"


def _meant_option(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return the errors without those of the other form of `system.accelerator`, which is one object or a list."""
    forms = list(map(_form, errors))
    if not any(forms):
        return errors
    meant = "list"
    if any(
        form == "list" and error["type"] == "list_type"
        for form, error in zip(forms, errors, strict=True)
    ):
        meant = "object"
    return [error for form, error in zip(forms, errors, strict=True) if form in ("", meant)]


def _form(error: ErrorDetails) -> str:
    """Return which form of `system.accelerator` an error is about; '' where it is about something else."""
    path = error["loc"]
    if len(path) < 3 or path[0] != "system" or path[1] != "accelerator":
        return ""
    if path[2] == "Accelerator":
        return "object"
    return "list"
