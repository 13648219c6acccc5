"""Records as linked data: the IRIs of fields and terms, and the JSON-LD context under which a record is a graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from urllib.parse import quote, unquote

from pydantic import JsonValue

from benchfmt.schema import BASE
from benchfmt.tables import TERM_COLUMNS
from benchfmt.vocabulary import vocabulary

TERMS = f"{BASE}terms/"
"""Properties of a record: one IRI for each field."""
VOCABULARY = f"{BASE}vocabulary/"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
PROV = "http://www.w3.org/ns/prov#"
QUDT = "http://qudt.org/schema/qudt/"
QUDT_UNIT = "http://qudt.org/vocab/unit/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"

TERM_FIELDS = {
    **TERM_COLUMNS["records"],
    **TERM_COLUMNS["measurements"],
    "missing": "missing",
    "caveats": "caveat",
    "status": "status",
    "basis": "basis",
}
"""The fields whose words are terms, wherever they stand, each with the kind of its terms."""
PART_TERM_FIELDS = {
    "system": {"kind": "system-kind"},
    "processor": {"architecture": "architecture"},
    "accelerator": {"kind": "device-kind"},
}
"""The fields whose words are terms in one part of a record, each with the kind of its terms."""
DOUBLE_FIELDS = ("value", "stddev", "flop", "clock_hz", "target_min", "target_max")
DOUBLE_LISTS = ("ci", "values")
LISTS = ("input_shape", "placement", "sources")
FREE_FIELDS = ("extensions", "hyperparameters", "stack")
"""The fields that hold free-form JSON."""
PARTS = (
    "benchmark",
    "dataset",
    "model",
    "processor",
    "accelerator",
    "software",
    "configuration",
    "inputs",
    "measurements",
    "provenance",
    "sources",
)
"""The fields whose values are nodes; other objects are free-form JSON."""
CLASSES = {"measurements": "Measurement", "sources": "Source"}
"""The parts whose nodes have a class."""
LINKS: dict[str, JsonValue] = {
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "prov": PROV,
    "qudt": QUDT,
    "rdfs": RDFS,
    "skos": SKOS,
    "dcterms:conformsTo": {"@type": "@id"},
    "dcterms:isPartOf": {"@type": "@id"},
    "prov:used": {"@type": "@id"},
    "prov:wasAssociatedWith": {"@type": "@id"},
    "prov:wasAttributedTo": {"@type": "@id"},
    "qudt:unit": {"@type": "@id"},
    "qudt:ucumCode": {"@type": f"{QUDT}UCUMcs"},
}
"""What links a record to the world beside the standard's own fields."""
HEADING = "heading"
"""The property of a package that holds, as JSON, what stands in the heading of its records as JSON Lines."""
_SAFE = "@"
"""What a term may hold beside letters, digits, `-`, `.` and `_`, as it stands in an IRI."""


def field_iri(part: str, field: str) -> str:
    """Return the IRI of a field of a part of a record; a benchmark's name is a property of its own."""
    if (part, field) == ("benchmark", "name"):
        return f"{TERMS}benchmark-name"
    return f"{TERMS}{field}"


def field_of(iri: str) -> str:
    """Return the field that a property stands for; the reverse of `field_iri`."""
    name = iri.removeprefix(TERMS)
    if name == "benchmark-name":
        return "name"
    return name


def term_iri(kind: str, term: str) -> str:
    """Return the IRI of a term: a plain id under its kind, a prefixed one under its prefix, a qualified scope under scopes.

    A scope that is a qualifier too (`accelerator`, `accelerator:1`) has the IRI of the qualifier with nothing behind it,
    for that is what JSON-LD makes of the bare word.
    """
    prefix, colon, rest = term.partition(":")
    if kind == "scope" and term in vocabulary().terms("scope-qualifier"):
        colon = ":"
    if not colon:
        return f"{VOCABULARY}{kind}/{quote(term, safe=_SAFE)}"
    home = "prefix"
    if kind == "scope":
        home = "scope"
    return f"{VOCABULARY}{home}/{quote(prefix, safe=_SAFE)}%3A{quote(rest, safe=_SAFE)}"


def term_of(iri: str) -> str:
    """Return the term that an IRI stands for; the reverse of `term_iri`."""
    return unquote(iri.removeprefix(VOCABULARY).partition("/")[2]).removesuffix(":")


def qudt_unit(code: str) -> str | None:
    """Return the IRI of QUDT's unit for a UCUM or currency code, None where QUDT has none."""
    name = vocabulary().terms("unit").get(code, {}).get("qudt")
    if name is None:
        return None
    return f"{QUDT_UNIT}{name}"


def reads_as_term(field: str, kind: str, term: str, declared: Collection[str] = ()) -> bool:
    """Say whether a bare word becomes its term's IRI under the context, with the prefixes that a package declares.

    It does not where its prefix is none of the context, or where the word is a prefix itself or the field's own name.
    """
    prefixes = {*_prefixes(kind), *declared}
    if ":" in term:
        return term.partition(":")[0] in prefixes
    if term == field:
        return False
    return term not in prefixes or (kind == "scope" and term not in declared)


def context(declared: Iterable[str] = ()) -> dict[str, JsonValue]:
    """Return the JSON-LD context under which a record is a graph: `@vocab` for fields, vocabulary IRIs for terms.

    `declared` are prefixes of a package beside those of the vocabulary.
    """
    more = tuple(sorted(set(declared) - set(vocabulary().ids("prefix"))))
    double = f"{XSD}double"
    terms = {field: _term_field(field, kind, more) for field, kind in TERM_FIELDS.items()}
    terms["caveats"]["@container"] = "@list"  # their order is the source's
    fields: dict[str, dict[str, JsonValue]] = {
        "benchmark": _part("benchmark", {"name": f"{TERMS}benchmark-name"}),
        "measurements": _part("measurements", {"samples": _field("samples", "@json")}),
    }
    for part, inner in PART_TERM_FIELDS.items():
        scoped: dict[str, JsonValue] = {
            field: _term_field(field, kind, more) for field, kind in inner.items()
        }
        fields[part] = _part(part, scoped)
    # A system that stands apart from its records, as in a graph, says what it is by its class.
    fields["System"] = fields["system"] | {"@id": f"{TERMS}System"}
    fields["url"] = _field("url", f"{XSD}anyURI")
    fields |= terms
    fields |= {name: _field(name, double) for name in DOUBLE_FIELDS}
    fields |= {name: _list(name, double) for name in DOUBLE_LISTS}
    fields |= {name: _list(name) for name in LISTS}
    fields |= {name: _field(name, "@json") for name in FREE_FIELDS}
    return {"@context": {"@version": 1.1, "@vocab": TERMS, **fields}}


def _part(name: str, inner: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return how a part is read, whose own fields are read in ways of their own."""
    return {"@id": f"{TERMS}{name}", "@context": inner}


def _field(name: str, kind: str) -> dict[str, JsonValue]:
    return {"@id": f"{TERMS}{name}", "@type": kind}


def _list(name: str, kind: str | None = None) -> dict[str, JsonValue]:
    read: dict[str, JsonValue] = {"@id": f"{TERMS}{name}", "@container": "@list"}
    if kind is not None:
        read["@type"] = kind
    return read


def _term_field(field: str, kind: str, declared: Iterable[str]) -> dict[str, JsonValue]:
    """Return how a field with terms is read: a plain id under its kind, a prefixed one under its prefix."""
    home = "prefix"
    if kind == "scope":
        home = "scope"
    named: dict[str, JsonValue] = {
        prefix: {"@id": f"{VOCABULARY}{home}/{prefix}%3A", "@prefix": True}
        for prefix in (*_prefixes(kind), *declared)
    }
    # A word that is a name of the context elsewhere would be read as that name. The field's own name stays: pyoxigraph
    # would forget how the field is read.
    others = _names() - named.keys() - {field}
    words: dict[str, JsonValue] = {name: {} for name in sorted(others)}
    return {
        "@id": f"{TERMS}{field}",
        "@type": "@vocab",
        "@context": {"@vocab": f"{VOCABULARY}{kind}/", **named, **words},
    }


@cache
def _prefixes(kind: str) -> tuple[str, ...]:
    """Return the prefixes of the vocabulary that words of a kind may have, less those that are words of it."""
    if kind == "scope":
        return tuple(vocabulary().ids("scope-qualifier"))
    own = vocabulary().terms(kind)
    return tuple(prefix for prefix in vocabulary().ids("prefix") if prefix not in own)


@cache
def _names() -> frozenset[str]:
    """Return the names that the context defines and that may be words of a term."""
    parts = {*PART_TERM_FIELDS, *(name for inner in PART_TERM_FIELDS.values() for name in inner)}
    others = {"benchmark", "name", "measurements", "samples", "url"}
    lists = {*DOUBLE_LISTS, *LISTS}
    fields = {*TERM_FIELDS, *DOUBLE_FIELDS, *lists, *FREE_FIELDS, *parts, *others}
    # No term has an underscore.
    return frozenset(field for field in fields if "_" not in field)


def forget() -> None:
    """Let go of what was read from the vocabulary, which was built anew."""
    _prefixes.cache_clear()
