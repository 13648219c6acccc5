"""SHACL shapes, made from the JSON Schema of a record, for records as `context.jsonld` makes them graphs.

They are closed: a node has no property that the standard does not know, but those by which exports link it. Each message
begins with the place in the record, `measurements[].value`, and says what must stand there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rdflib import RDF, SH, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection

from benchfmt.linked import (
    DOUBLE_FIELDS,
    DOUBLE_LISTS,
    FREE_FIELDS,
    LISTS,
    PART_TERM_FIELDS,
    TERM_FIELDS,
    TERMS,
    VOCABULARY,
    field_iri,
)
from benchfmt.record import MAX_DOUBLE
from benchfmt.schema import BASE, record_schema

Schema = Mapping[str, Any]
"""A part of the JSON Schema of a record."""
LINKS = (
    f"{RDF}type",
    "http://purl.org/dc/terms/isPartOf",
    "http://qudt.org/schema/qudt/ucumCode",
    "http://qudt.org/schema/qudt/unit",
    "http://www.w3.org/ns/prov#wasAttributedTo",
    "http://www.w3.org/ns/prov#wasGeneratedBy",
)
"""The properties that exports add to the nodes of a record."""
_SHAPES = f"{BASE}shapes/"
_LITERAL = {"string": XSD.string, "integer": XSD.integer, "number": XSD.double}
_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "truth value"}
_FINITE = "^[-+.0-9eE]+$"
"""Infinity and NaN are doubles too, and no numbers of a record."""
_BOUNDS = {
    "minimum": SH.minInclusive,
    "maximum": SH.maxInclusive,
    "exclusiveMinimum": SH.minExclusive,
}


@dataclass(frozen=True)
class _Part:
    """A part of a record: the name of its definition, its place in a record, and the property that leads to it."""

    name: str
    place: str
    leading: str = ""

    @property
    def node(self) -> URIRef:
        """The IRI of its shape."""
        return URIRef(f"{_SHAPES}{self.name}")

    def said(self, field: str) -> str:
        """Return the place of a field in a record."""
        if not self.place:
            return field
        return f"{self.place}.{field}"


PARTS = (
    _Part("Record", ""),
    _Part("Benchmark", "benchmark", "benchmark"),
    _Part("Dataset", "dataset", "dataset"),
    _Part("Model", "model", "model"),
    _Part("System", "system", "system"),
    _Part("Processor", "system.processor", "processor"),
    _Part("Accelerator", "system.accelerator[]", "accelerator"),
    _Part("Software", "software", "software"),
    _Part("Configuration", "configuration", "configuration"),
    _Part("Input", "inputs[]", "inputs"),
    _Part("Measurement", "measurements[]", "measurements"),
    _Part("Provenance", "provenance", "provenance"),
    _Part("Source", "provenance.sources[]"),
)
_CLASSES = ("Record", "System", "Measurement", "Source")
"""The parts whose nodes exports give a class."""


def shapes_graph() -> Graph:
    """Return the shapes of all parts of a record."""
    graph = Graph()
    graph.bind("sh", SH)
    graph.bind("bf", TERMS)
    schema = record_schema()
    for part in PARTS:
        _add_part(graph, part, schema["$defs"].get(part.name, schema))
    _add_value_or_reason(graph)
    _add_result(graph)
    return graph


def _add_part(graph: Graph, part: _Part, definition: Schema) -> None:
    node = part.node
    _add_targets(graph, part, node)
    graph.add((node, SH.closed, Literal(True)))
    graph.add((node, SH.ignoredProperties, _list(graph, [URIRef(link) for link in LINKS])))
    where = part.place or "the record"
    graph.add((node, SH.message, Literal(f"{where}: a field that the standard does not know")))
    for field, schema in definition["properties"].items():
        _add_field(graph, part, field, schema, required=field in definition.get("required", ()))


def _add_targets(graph: Graph, part: _Part, node: URIRef) -> None:
    graph.add((node, RDF.type, SH.NodeShape))
    if part.leading:
        graph.add((node, SH.targetObjectsOf, URIRef(f"{TERMS}{part.leading}")))
    if part.name in _CLASSES:
        graph.add((node, SH.targetClass, URIRef(f"{TERMS}{part.name}")))
    if part.name == "Record":
        graph.add((node, SH.targetSubjectsOf, URIRef(f"{TERMS}benchmark")))


def _add_field(graph: Graph, part: _Part, field: str, schema: Schema, *, required: bool) -> None:
    # Named, for blank nodes are written in another order each time.
    rule = URIRef(f"{part.node}/{field}")
    path = URIRef(field_iri(part.leading, field))
    graph.add((part.node, SH.property, rule))
    graph.add((rule, SH.path, path))
    number = "at most one"
    if _is_repeated(field):
        number = "any number of"
    else:
        graph.add((rule, SH.maxCount, Literal(1)))
    if required:
        graph.add((rule, SH.minCount, Literal(1)))
        number = "exactly one"
    what = _add_value(graph, rule, part, field, schema)
    graph.add((rule, SH.message, Literal(f"{part.said(field)}: {number} {what}")))
    if field in (*LISTS, *DOUBLE_LISTS, "caveats"):
        _add_items(graph, part, field, schema)


def _is_repeated(field: str) -> bool:
    return field in ("measurements", "inputs", "accelerator")


def _add_value(graph: Graph, rule: URIRef, part: _Part, field: str, schema: Schema) -> str:
    """Add what the value of a field must be, and return it in words."""
    if field in (*FREE_FIELDS, "samples") and schema.get("type") != "integer":
        graph.add((rule, SH.datatype, RDF.JSON))
        return "JSON literal"
    if field in (*LISTS, *DOUBLE_LISTS, "caveats"):
        graph.add((rule, SH.nodeKind, SH.BlankNodeOrIRI))
        return "list"
    kind = PART_TERM_FIELDS.get(part.leading, {}).get(field) or TERM_FIELDS.get(field)
    if kind is not None:
        return _add_term(graph, rule, kind, schema)
    if field == "url":
        graph.add((rule, SH.datatype, XSD.anyURI))
        return "address"
    if field in DOUBLE_FIELDS:
        return _add_literal(graph, rule, {**schema, "type": "number"})
    if schema.get("type") in (*_LITERAL, "boolean") or "const" in schema:
        return _add_literal(graph, rule, schema)
    graph.add((rule, SH.nodeKind, SH.BlankNodeOrIRI))
    return "node"


def _add_term(graph: Graph, rule: URIRef, kind: str, schema: Schema) -> str:
    choices = schema.get("enum") or schema.get("items", {}).get("enum")
    if choices:
        members = [URIRef(f"{VOCABULARY}{kind}/{choice}") for choice in choices]
        graph.add((rule, SH["in"], _list(graph, members)))
        return f"of the {len(choices)} terms of {kind}"
    home = "prefix"
    if kind == "scope":
        home = "scope"
    graph.add((rule, SH.nodeKind, SH.IRI))
    # A prefix of no vocabulary stays as it is written, a scheme.
    start = VOCABULARY.replace(".", "[.]")
    pattern = f"^{start}({kind}|{home})/.|^[a-z0-9][a-z0-9.@-]*:[a-z0-9]"
    graph.add((rule, SH.pattern, Literal(pattern)))
    return f"term of {kind}"


def _add_literal(graph: Graph, rule: URIRef, schema: Schema) -> str:
    kind = schema.get("type", "string")
    datatype = XSD.boolean
    if kind != "boolean":
        datatype = _LITERAL[kind]
    graph.add((rule, SH.datatype, datatype))
    if kind == "number":
        graph.add((rule, SH.pattern, Literal(_FINITE)))
    for name, bound in _BOUNDS.items():
        # The bounds of all doubles are no bounds, and are not written alike by all tools.
        if name in schema and abs(schema[name]) < MAX_DOUBLE:
            graph.add((rule, bound, Literal(schema[name], datatype=datatype)))
    if kind == "string":
        graph.add((rule, SH.minLength, Literal(1)))
    if "pattern" in schema:
        graph.add((rule, SH.pattern, Literal(schema["pattern"])))
    if "const" in schema:
        graph.add((rule, SH.hasValue, Literal(schema["const"])))
    return _WORDS[kind]


def _add_items(graph: Graph, part: _Part, field: str, schema: Schema) -> None:
    """Add what the members of a list must be."""
    rule = URIRef(f"{part.node}/{field}/item")
    graph.add((part.node, SH.property, rule))
    rest = BNode()
    graph.add((rest, SH.zeroOrMorePath, RDF.rest))
    steps = [URIRef(field_iri(part.leading, field)), rest, RDF.first]
    graph.add((rule, SH.path, _list(graph, steps)))
    items = schema["items"]
    if field == "caveats":
        what = _add_term(graph, rule, "caveat", schema)
    elif field in DOUBLE_LISTS:
        what = _add_literal(graph, rule, {**items, "type": "number"})
    elif "$ref" in items:
        graph.add((rule, SH.nodeKind, SH.BlankNodeOrIRI))
        what = "node"
    else:
        what = _add_literal(graph, rule, items)
    graph.add((rule, SH.message, Literal(f"{part.said(field)}[]: each a {what}")))


def _add_value_or_reason(graph: Graph) -> None:
    """Add that a measurement has a value with unit and basis, or else a reason why not."""
    measurement = next(part for part in PARTS if part.name == "Measurement")
    node = URIRef(f"{_SHAPES}MeasurementValue")
    _add_targets(graph, measurement, node)
    words = (
        "measurements[]: either a value, with its unit and basis, or the reason why it is missing"
    )
    graph.add((node, SH.message, Literal(words)))
    with_value = _asking(graph, f"{node}/value", ("value", "unit", "basis"), without="missing")
    with_reason = _asking(graph, f"{node}/missing", ("missing",), without="value")
    graph.add((node, SH["or"], _list(graph, [with_value, with_reason])))


def _add_result(graph: Graph) -> None:
    """Add that a record that is ok has a measurement with a value."""
    record = PARTS[0]
    node = URIRef(f"{_SHAPES}RecordResult")
    _add_targets(graph, record, node)
    words = "status: it is ok, yet no measurement has a value"
    graph.add((node, SH.message, Literal(words)))
    other = URIRef(f"{node}/other")
    rule = URIRef(f"{node}/other/status")
    graph.add((other, RDF.type, SH.NodeShape))
    graph.add((other, SH.property, rule))
    graph.add((rule, SH.path, URIRef(f"{TERMS}status")))
    others = ("failed", "invalid", "incomplete")
    members = [URIRef(f"{VOCABULARY}status/{status}") for status in others]
    graph.add((rule, SH["in"], _list(graph, members)))
    with_value = URIRef(f"{node}/value")
    value = URIRef(f"{node}/value/measurements")
    graph.add((with_value, RDF.type, SH.NodeShape))
    graph.add((with_value, SH.property, value))
    steps = [URIRef(f"{TERMS}measurements"), URIRef(f"{TERMS}value")]
    graph.add((value, SH.path, _list(graph, steps)))
    graph.add((value, SH.minCount, Literal(1)))
    graph.add((node, SH["or"], _list(graph, [other, with_value])))


def _asking(graph: Graph, iri: str, fields: tuple[str, ...], *, without: str) -> URIRef:
    """Return a shape that asks for some fields, and that another one is absent."""
    node = URIRef(iri)
    graph.add((node, RDF.type, SH.NodeShape))
    for field in (*fields, without):
        rule = URIRef(f"{iri}/{field}")
        graph.add((node, SH.property, rule))
        graph.add((rule, SH.path, URIRef(f"{TERMS}{field}")))
        if field == without:
            graph.add((rule, SH.maxCount, Literal(0)))
        else:
            graph.add((rule, SH.minCount, Literal(1)))
    return node


def _list(graph: Graph, members: list[Any]) -> BNode:
    head = BNode()
    Collection(graph, head, members)
    return head
