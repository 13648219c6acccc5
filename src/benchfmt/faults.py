"""What pydantic and JSON Schema find wrong with plain data, in words of people who write it by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast, get_args

import jsonschema
from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from benchfmt.spelling import meant, no_such
from benchfmt.surrogates import IN_KEY, IN_TEXT, SURROGATE

_NOUNS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
"""pydantic's types of errors, each with what the value is to be."""
_SCHEMA_NOUNS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_PATTERNS = {
    "^[a-z][a-z0-9_]*": "the path of a field, such as model.name",
    "^[0-9]{1,400}([.]": "a number",
    "^sha256:": "sha256: with 64 hexadecimal digits",
    "^[A-Za-z]{1,3}[1-9]": "a range of cells, such as B3:F20",
    "^[0-9]{4}(-": "a date, such as 2026-01-12",
    "^[a-z0-9][a-z0-9.@-]*(:": "a term: lower case, digits and hyphens, with a prefix or without",
    "^[a-z0-9][a-z0-9-]*$": "a name in lower case, with digits and hyphens",
    "^[a-z][a-z0-9-]*(:": "a kind of device, such as gpu, or how many of one, such as gpu:2",
    "^[0-9a-f]{64}": "a SHA-256 in 64 lower-case hex digits",
    "^[!-~]+": "a unit code: ASCII characters without blanks",
}
"""Beginnings of regular expressions, each with what they describe."""
_MISSING = "is missing"
_SHOWN = 40
"""So many characters of a value are shown."""


@dataclass(frozen=True)
class Fault:
    """One fault: the members and places that lead to it, and what is wrong."""

    path: tuple[str | int, ...]
    message: str

    @property
    def owner(self) -> tuple[str | int, ...]:
        """The place of the value at fault: where a member is missing, of the object that lacks it."""
        if self.message.endswith(_MISSING):
            return self.path[:-1]
        return self.path

    @property
    def pointer(self) -> str:
        """The place as a JSON Pointer."""
        return "".join(f"/{part}" for part in self.path)


def faults_of(error: ValidationError, model: type[BaseModel], data: JsonValue) -> list[Fault]:
    """Return what is wrong with data that is no object of a model, each place once."""
    by_path: dict[tuple[str | int, ...], list[ErrorDetails]] = {}
    for item in error.errors():
        by_path.setdefault(_path(item, data), []).append(item)
    above = {path[:length] for path in by_path for length in range(len(path))}
    faults = []
    for path, items in by_path.items():
        is_of_other_form = all(item["type"] in _NOUNS for item in items)
        if is_of_other_form and path in above:
            # The value is of another form that is allowed, and what is wrong stands inside.
            continue
        faults.append(Fault(path, _message(items, path, model)))
    return faults


def half_characters(data: JsonValue) -> list[Fault]:
    """Return a fault for each text of plain data that holds half a character, and for each object with such a key."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return list(_halves(data, ()))
    return []


def _halves(value: JsonValue, path: tuple[str | int, ...]) -> Iterator[Fault]:
    if isinstance(value, str) and SURROGATE.search(value):
        yield Fault(path, IN_TEXT)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _halves(item, (*path, place))
    elif isinstance(value, dict):
        if any(map(SURROGATE.search, value)):
            yield Fault(path, IN_KEY)
        for name, item in value.items():
            yield from _halves(item, (*path, name))


def error_in_words(error: ErrorDetails, path: tuple[str | int, ...], model: type[BaseModel]) -> str:
    """Return what is wrong at one place of the data of a model."""
    # The key at fault may look like a name that pydantic gives, and not stand in the path.
    return _message([error], path or error["loc"], model)


def _path(item: ErrorDetails, data: JsonValue) -> tuple[str | int, ...]:
    """Return the members that lead to an error, without the names that pydantic gives to the forms of a value."""
    path: list[str | int] = []
    value = data
    for part in item["loc"]:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
            path.append(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
            path.append(part)
    if item["type"] == "missing":
        path.append(item["loc"][-1])
    member = item.get("ctx", {}).get("member")
    if member is not None:
        path.append(str(member))
    return tuple(path)


def _message(items: list[ErrorDetails], path: tuple[str | int, ...], model: type[BaseModel]) -> str:
    """Return what is wrong at one place, where a value may have several forms and has none."""
    shown = _shown(items[0]["input"])
    nouns = list(dict.fromkeys(filter(None, map(_noun, items))))
    if len(nouns) == len(items) or len(nouns) > 1:
        if "a number" in nouns:
            nouns = [noun for noun in nouns if noun != "a whole number"]
        return f"{shown} is {_none_of(nouns)}"
    item = next(item for item in items if _noun(item) is None)
    return _in_words(item, shown, path, model)


def _noun(item: ErrorDetails) -> str | None:
    if item["type"] == "string_pattern_mismatch":
        return _of_pattern(str(item.get("ctx", {}).get("pattern")))
    return _NOUNS.get(item["type"])


def _of_pattern(pattern: str) -> str | None:
    """Return what a regular expression describes; None for one that nobody has put in words."""
    for beginning, noun in _PATTERNS.items():
        if pattern.startswith(beginning):
            return noun
    return None


def _none_of(nouns: list[str]) -> str:
    """Return that something is none of some things."""
    if len(nouns) == 1:
        return f"not {nouns[0]}"
    return f"neither {', '.join(nouns[:-1])} nor {nouns[-1]}"


def _in_words(
    item: ErrorDetails, shown: str, path: tuple[str | int, ...], model: type[BaseModel]
) -> str:
    """Return an error in words; one that a model of ours raised is in words already."""
    context = item.get("ctx", {})
    if item["type"] in _LIMITS:
        refusal, name = _LIMITS[item["type"]]
        return f"{shown} {refusal} {context.get(name, 0):.16g}"
    match item["type"]:
        case "extra_forbidden":
            return _unknown(str(path[-1]), members_of(model, path[:-1]))
        case "missing":
            return f"`{path[-1]}` {_MISSING}"
        case "literal_error":
            return _no_choice(item, str(context.get("expected")))
        case "too_short" if context.get("min_length", 1) > 1:
            return f"{shown} has fewer than {context['min_length']} items"
        case "too_long":
            return f"{shown} has more than {context['max_length']} items"
        case "string_too_short" | "too_short":
            return f"`{path[-1]}` is empty"
        case "string_too_long":
            return f"{shown} is longer than {context.get('max_length')} characters"
        case "string_pattern_mismatch":
            return f"{shown} is not in the form that is asked for"
    return item["msg"]


_LIMITS = {
    "greater_than": ("is not above", "gt"),
    "greater_than_equal": ("is below", "ge"),
    "less_than": ("is not below", "lt"),
    "less_than_equal": ("is above", "le"),
}
"""pydantic's types of errors for numbers beyond a limit, each with what is wrong and its name of the limit."""
_CHOICE = re.compile("'([^']*)'")


def _no_choice(item: ErrorDetails, expected: str) -> str:
    """Return that a value is none of those that may stand there, which pydantic lists in words."""
    value = item["input"]
    near = meant(value, _CHOICE.findall(expected)) if isinstance(value, str) else None
    refusal = f"{_shown(value)} is none of {expected}"
    if near is not None:
        return f"{refusal}; did you mean {near!r}?"
    return refusal


def _unknown(name: str, members: Iterable[str]) -> str:
    """Return that a member does not exist, with the one that was meant, or those that there are."""
    listed = sorted(members)
    return no_such("member", name, listed)


def members_of(model: type[BaseModel], path: Iterable[str | int]) -> set[str]:
    """Return the members that an object may have at a place of a model's data."""
    models = [model]
    for part in path:
        field = _field(models, part)
        if field is not None:
            models = list(_models(field))
    return {name for item in models for name in _names(item)}


def _field(models: Iterable[type[BaseModel]], part: str | int) -> object:
    """Return the type of a member of one of several models; None for a place in a list and for a key."""
    for model in models:
        for name, field in model.model_fields.items():
            if part == (field.alias or name):
                return field.annotation
    return None


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models that stand in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name


def _shown(value: JsonValue) -> str:
    """Return a value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        # What steers a terminal, or turns the direction of writing, is shown as its escape.
        text = json.dumps(value)
    if len(text) > _SHOWN:
        return f"{text[:_SHOWN]}..."
    return text


def schema_fault_in_words(fault: jsonschema.ValidationError) -> str:
    """Return what JSON Schema finds wrong with a value."""
    # The library declares both as things that may be unset; of a fault that was found they are not.
    value = cast("JsonValue", fault.instance)
    wanted = cast("JsonValue", fault.validator_value)
    shown = _shown(value)
    keyword = str(fault.validator)
    if keyword in _BOUNDS:
        return f"{shown} {_BOUNDS[keyword].format(wanted)}"
    match keyword:
        case "type":
            return f"{shown} is {_none_of(_nouns(wanted))}"
        case "enum" if isinstance(wanted, list):
            return _not_listed(value, wanted)
        case "pattern" | "not":
            return f"{shown} is not {_form_of(fault)}"
        case "minLength" | "minProperties":
            return "is empty"
        case "required" if isinstance(wanted, list) and isinstance(value, dict):
            absent = next(str(name) for name in wanted if name not in value)
            return f"`{absent}` {_MISSING}"
        case "additionalProperties" if isinstance(value, dict):
            return _unlisted_members(value, fault)
    return f"{shown} is not what may stand here"


_BOUNDS = {
    "minimum": "is below {}",
    "maximum": "is above {}",
    "exclusiveMinimum": "is not above {}",
    "minItems": "has fewer than {} items",
    "maxItems": "has more than {} items",
}
"""Keywords of JSON Schema that set a bound, each with what is wrong beyond it."""


def _nouns(types: JsonValue) -> list[str]:
    """Return what a value may be, by the types of JSON Schema."""
    names = types
    if not isinstance(names, list):
        names = [names]
    return [_SCHEMA_NOUNS.get(str(name), str(name)) for name in names]


def _form_of(fault: jsonschema.ValidationError) -> str:
    """Return the form that a text is to have, by the pattern that its schema asks for or else by the one it forbids."""
    schema = cast("dict[str, JsonValue]", fault.schema)
    asked = schema.get("pattern")
    if asked is not None:
        return _of_pattern(str(asked)) or "in the form that is asked for"
    if "\\u0008" in json.dumps(fault.validator_value):
        return "text without control characters"
    return "one line of text without control characters"


def _not_listed(value: JsonValue, allowed: Sequence[JsonValue]) -> str:
    """Return that a value is not in a closed list, with the one that was meant."""
    listed = [str(item) for item in allowed]
    near = meant(value, listed) if isinstance(value, str) else None
    if near is not None:
        return f"{_shown(value)} is none that the standard has; did you mean {near!r}?"
    return f"{_shown(value)} is none of {', '.join(listed)}"


def _unlisted_members(value: dict[str, JsonValue], fault: jsonschema.ValidationError) -> str:
    """Return which member of an object does not exist, the first where there are several."""
    schema = cast("dict[str, dict[str, JsonValue]]", fault.schema)
    known = schema.get("properties", {})
    unknown = [name for name in value if name not in known]
    return _unknown(unknown[0], known)
