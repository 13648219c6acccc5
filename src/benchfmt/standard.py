"""The published files of the standard (`schema/1.0/`), made from the models, the columns and the vocabulary."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from benchfmt.descriptor import SCHEMA_URL, package_schema
from benchfmt.linked import QUDT_UNIT, TERMS, VOCABULARY, context, forget, term_iri
from benchfmt.record import SCHEMA_VERSION
from benchfmt.schema import BASE, record_schema, table_schema
from benchfmt.tables import TABLES
from benchfmt.units import describe
from benchfmt.vocabulary import vocabulary

if TYPE_CHECKING:
    from rdflib import Graph

_CATALOG_SCHEMA = "https://json.schemastore.org/schema-catalog.json"


def build(vocabulary: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of the standard that are generated beside the vocabulary, by name, as text."""
    files: dict[str, Callable[[], str]] = {
        "record.schema.json": lambda: _json(record_schema()),
        "package.schema.json": lambda: _json(package_schema()),
        **{f"{table}.tableschema.json": _table_file(table) for table in TABLES},
        "catalog.json": lambda: _json(catalog()),
        "context.jsonld": lambda: _json(context()),
        "vocabulary.ttl": lambda: vocabulary_graph(vocabulary),
        "shapes.ttl": shapes_text,
    }
    return {name: make() for name, make in files.items()}


def catalog() -> dict[str, JsonValue]:
    """Return which JSON files of benchfmt follow which schema, in the form of the catalogue of SchemaStore.

    Editors read it; each schema is whole in itself, so that none of them fetches another one.
    """
    return {
        "$schema": _CATALOG_SCHEMA,
        "version": 1,
        "schemas": [
            {
                "name": "benchfmt package",
                "description": "The descriptor of a package of AI benchmark results, or of a table that holds some",
                "fileMatch": ["datapackage.json"],
                "url": SCHEMA_URL,
            },
            {
                "name": "benchfmt record",
                "description": "One result of an AI benchmark",
                "fileMatch": ["*.benchfmt.json"],
                "url": f"{BASE}{SCHEMA_VERSION}/record.schema.json",
            },
        ],
    }


def _table_file(table: str) -> Callable[[], str]:
    return lambda: _json(table_schema(table))


def build_vocabulary(folder: Path) -> dict[str, Any]:
    """Return the vocabulary as one object, read from its YAML files; raises ValueError for a faulty entry."""
    import yaml

    kinds: dict[str, Any] = {}
    version = ""
    for path in sorted(folder.glob("*.yaml")):
        content = yaml.safe_load(path.read_text("utf-8"))
        if "version" in content:
            version = content["version"]
            continue
        kinds[content["kind"]] = {
            "description": content["description"],
            "closed": content.get("closed", False),
            "terms": _terms(path.name, content),
        }
    _add_factors(kinds["unit"]["terms"])
    return {"version": version, "kinds": kinds}


def _terms(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    terms: dict[str, Any] = {}
    for term in content["terms"]:
        if term["id"] in terms:
            raise ValueError(f"{name}: {term['id']} appears twice")
        entry = _without_id(term)
        if "metrics" in entry:
            entry["metrics"] = {item["id"]: _without_id(item) for item in entry["metrics"]}
        for suite, words in entry.get("aliases", {}).items():
            lower = suite == "*" and content["kind"] != "unit"
            entry["aliases"][suite] = _sorted_words(words, lower=lower)
        terms[term["id"]] = entry
    return terms


def _without_id(entry: Mapping[str, JsonValue]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "id"}


def _sorted_words(words: Iterable[JsonValue], *, lower: bool) -> list[str]:
    texts = map(str, words)
    if lower:
        texts = map(str.lower, texts)
    return sorted(set(texts))


def _add_factors(units: dict[str, dict[str, JsonValue]]) -> None:
    for code, term in units.items():
        if term.get("currency"):
            term.update({"dimension": code, "factor": "1", "offset": "0"})
            continue
        known = describe(code)
        term["dimension"] = known.dimension
        term["factor"] = str(known.factor)
        term["offset"] = str(known.offset)


def vocabulary_graph(data: Mapping[str, Any]) -> str:
    """Return the vocabulary as SKOS in Turtle."""
    from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, Literal, URIRef

    graph = Graph()
    graph.bind("skos", SKOS)
    graph.bind("bf", TERMS)
    for kind, content in data["kinds"].items():
        scheme = URIRef(f"{VOCABULARY}{kind}/")
        graph.add((scheme, RDF.type, SKOS.ConceptScheme))
        graph.add((scheme, RDFS.label, Literal(kind, "en")))
        graph.add((scheme, SKOS.definition, Literal(content["description"], "en")))
        for concept_id, term in _all_terms(kind, content["terms"]):
            concept = URIRef(term_iri(kind, concept_id))
            graph.add((concept, RDF.type, SKOS.Concept))
            graph.add((concept, SKOS.inScheme, scheme))
            graph.add((concept, SKOS.notation, Literal(concept_id)))
            graph.add((concept, SKOS.prefLabel, Literal(term.get("label", concept_id), "en")))
            graph.add((concept, SKOS.definition, Literal(term["definition"], "en")))
            if "source" in term:
                graph.add((concept, DCTERMS.source, Literal(term["source"])))
            if "broader" in term:
                graph.add((concept, SKOS.broader, URIRef(term_iri(kind, term["broader"]))))
            for words in term.get("aliases", {}).values():
                for word in words:
                    graph.add((concept, SKOS.altLabel, Literal(word)))
            if "qudt" in term:
                graph.add((concept, SKOS.exactMatch, URIRef(f"{QUDT_UNIT}{term['qudt']}")))
            for name in ("unit", "direction", "min", "max"):
                if name in term:
                    graph.add((concept, URIRef(f"{TERMS}{name}"), Literal(term[name])))
    return _turtle(graph)


def _all_terms(kind: str, terms: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for term_id, term in terms.items():
        yield term_id, term
        if kind == "prefix":
            for metric_id, metric in term.get("metrics", {}).items():
                yield f"{term_id}:{metric_id}", metric


def shapes_text() -> str:
    """Return SHACL shapes, in Turtle, for records as `context.jsonld` makes them graphs."""
    from benchfmt.shapes import shapes_graph

    return _turtle(shapes_graph())


def _turtle(graph: Graph) -> str:
    return str(graph.serialize(format="longturtle")).strip() + "\n"


def _json(data: JsonValue) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def write(vocabulary_folder: Path, folder: Path) -> list[str]:
    """Write the standard's files into `folder`; the names of those that changed."""
    vocabulary = build_vocabulary(vocabulary_folder)
    # The vocabulary first: the other files are made from the one that is installed.
    changed = _write(folder / "vocabulary.json", _json(vocabulary))
    _forget()
    for name, text in build(vocabulary).items():
        changed += _write(folder / name, text)
    return changed


def drift(folder: Path) -> list[str]:
    """Return the names of committed files that differ from what would be built."""
    committed = folder / "1.0"
    vocabulary = build_vocabulary(folder / "vocabulary")
    files = {"vocabulary.json": _json(vocabulary), **build(vocabulary)}
    return [name for name, text in files.items() if not _same(committed / name, text)]


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def _write(path: Path, text: str) -> list[str]:
    if _same(path, text):
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return [path.name]


def _forget() -> None:
    from benchfmt.units import unit

    for cached in (vocabulary, unit, record_schema):
        cached.cache_clear()
    forget()


def version() -> str:
    """Return the version of the standard that `build` writes."""
    return SCHEMA_VERSION
