"""The JSON Schema of a record and the Table Schemas of the three tables, made from the models and the columns."""

from __future__ import annotations

from functools import cache
from typing import Any

from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.record import SCHEMA_VERSION, Record
from benchfmt.tables import COLUMNS, Column
from benchfmt.vocabulary import vocabulary

BASE = "https://w3id.org/benchfmt/"
"""The base of all identifiers; nothing fetches it."""
DRAFT = "https://json-schema.org/draft/2020-12/schema"

_JSON_DEFINITION: dict[str, Any] = {
    "description": "Free-form JSON without null; a number beyond 2^53-1 is written as text.",
    "anyOf": [
        {"type": "string"},
        {"type": "boolean"},
        {"type": "number", "minimum": -MAX_SAFE_INTEGER, "maximum": MAX_SAFE_INTEGER},
        {"type": "array", "items": {"$ref": "#/$defs/Json"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/Json"}},
    ],
}
# What pydantic says in validators, said again for JSON Schema; the corpus holds the two together.
_MEASUREMENT_RULES: dict[str, Any] = {
    "oneOf": [{"required": ["value"]}, {"required": ["missing"]}],
    "dependentRequired": {
        "value": ["unit", "basis"],
        **{name: ["unit"] for name in ("stddev", "ci", "samples", "target_min", "target_max")},
    },
}
_RECORD_RULES: dict[str, Any] = {
    "if": {"properties": {"status": {"const": "ok"}}},
    "then": {
        "required": ["measurements"],
        "properties": {"measurements": {"contains": {"required": ["value"]}}},
    },
}


@cache
def record_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one record."""
    raw = _tidy(Record.model_json_schema())
    definitions = raw.pop("$defs")
    for name, definition in definitions.items():
        if definition.get("type") == "object" and not definition.get("required"):
            definition["minProperties"] = 1
        if name == "Measurement":
            definition.update(_MEASUREMENT_RULES)
    return {
        "$schema": DRAFT,
        "$id": f"{BASE}{SCHEMA_VERSION}/record.schema.json",
        "title": "benchfmt record",
        **raw,
        **_RECORD_RULES,
        "$defs": {**definitions, "Json": _JSON_DEFINITION},
    }


def _tidy(node: Any) -> Any:
    """Drop what pydantic adds for Python: titles, defaults and the null that stands for an absent key."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("x-json"):
        return {"$ref": "#/$defs/Json"}
    if "x-closed" in node:
        return {"type": "string", "enum": vocabulary().ids(node["x-closed"])}
    kept = {
        key: _names(value) if key in ("properties", "$defs") else _tidy(value)
        for key, value in node.items()
        if key not in ("title", "default")
    }
    return _without_null(kept)


def _names(named: dict[str, Any]) -> dict[str, Any]:
    return {name: _tidy(schema) for name, schema in named.items()}


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    options = node.get("anyOf")
    if not options or {"type": "null"} not in options:
        return node
    rest = [option for option in options if option != {"type": "null"}]
    others = {key: value for key, value in node.items() if key != "anyOf"}
    return {**rest[0], **others} if len(rest) == 1 else {"anyOf": rest, **others}


@cache
def column_schema(table: str, name: str) -> dict[str, Any]:
    """Return the JSON Schema of the values of a column; raises KeyError for an unknown one."""
    root = record_schema()
    definitions = root["$defs"]
    starts = {
        "systems": definitions["System"],
        "records": root,
        "measurements": definitions["Measurement"],
    }
    path = next(item.path for item in COLUMNS[table] if item.name == name)
    if path == "-":
        return dict(root["properties"]["id"])
    node = starts[table]
    for part in path.split("."):
        node = _inside(node, part, definitions)
    return _flat(node, definitions)


def table_schema(table: str) -> dict[str, Any]:
    """Return the Frictionless Table Schema of a table."""
    schema: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [_field(table, item) for item in COLUMNS[table]],
        "missingValues": [""],
    }
    if table != "measurements":
        schema["primaryKey"] = ["id"]
    target = {"records": ("system_id", "systems"), "measurements": ("record_id", "records")}.get(
        table
    )
    if target:
        schema["foreignKeys"] = [
            {"fields": [target[0]], "reference": {"resource": target[1], "fields": ["id"]}}
        ]
    return schema


def _inside(node: dict[str, Any], part: str, definitions: dict[str, Any]) -> dict[str, Any]:
    node = _flat(node, definitions)
    if part.isdigit():
        return dict(node["items"])
    for option in node.get("anyOf", [node]):
        properties = _flat(option, definitions).get("properties", {})
        if part in properties:
            return dict(properties[part])
    raise KeyError(part)


def _flat(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    target = definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else {}
    return {**target, **{key: value for key, value in node.items() if key != "$ref"}}


def _field(table: str, item: Column) -> dict[str, Any]:
    schema = column_schema(table, item.name)
    kinds = {"text": "string", "json": "object" if schema.get("type") == "object" else "array"}
    constraints: dict[str, Any] = {"required": True} if item.required else {}
    constraints |= {
        key: schema[key] for key in ("minimum", "maximum", "enum", "pattern") if key in schema
    }
    if "exclusiveMinimum" in schema:
        constraints["exclusiveMinimum"] = schema["exclusiveMinimum"]
    if item.required and item.name == "id":
        constraints["unique"] = True
    for limit in ("minItems", "maxItems"):
        if limit in schema and item.name != "sources":
            constraints[limit.replace("Items", "Length")] = schema[limit]
    return {
        "name": item.name,
        "type": kinds.get(item.kind, item.kind),
        **({"description": schema["description"]} if "description" in schema else {}),
        **({"constraints": constraints} if constraints else {}),
    }
