"""A package as JSON-LD: its records as they stand, each node with its IRI, under the context of the standard."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, MutableMapping
from typing import Any

from pydantic import JsonValue

from benchfmt.descriptor import heading
from benchfmt.exports.base import Account
from benchfmt.exports.rdf.names import Names
from benchfmt.linked import (
    CLASSES,
    HEADING,
    LINKS,
    PART_TERM_FIELDS,
    PARTS,
    TERM_FIELDS,
    context,
    qudt_unit,
    reads_as_term,
    term_iri,
)
from benchfmt.package import Package
from benchfmt.record import Record
from benchfmt.schema import BASE
from benchfmt.vocabulary import vocabulary

Node = dict[str, JsonValue]
_BETWEEN = ",\n"


ENDING = b"\n]}\n"


def beginning(package: Package, names: Names) -> Iterator[bytes]:
    """Yield the begin of a JSON-LD document: the context, and the nodes of the package and its systems, a line for each."""
    contexts = [context(_declared(package))["@context"], LINKS]
    yield f'{{"@context":{_json(contexts)},\n"@graph":[\n'.encode()
    separator = ""
    for node in _first_nodes(package, _Linking(names, _declared(package), {})):
        yield f"{separator}{_json(node)}".encode()
        separator = _BETWEEN


def of_records(
    package: Package,
    names: Names,
    records: Iterable[Record],
    agents: MutableMapping[str, None],
    account: Account,
) -> Iterator[bytes]:
    """Yield the nodes of records, with the agents that are not there yet, and count them."""
    linking = _Linking(names, _declared(package), agents)
    for record in records:
        for node in (*linking.new_agents(record), linking.record(record)):
            yield f"{_BETWEEN}{_json(node)}".encode()
        account.records += 1
        account.measurements += len(record.measurements or ())


def _declared(package: Package) -> tuple[str, ...]:
    return tuple(package.descriptor.benchfmt.prefixes)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _first_nodes(package: Package, linking: _Linking) -> Iterator[Node]:
    yield from _header(package, linking.names)
    for system in package.systems.values():
        yield linking.system(system)


def _header(package: Package, names: Names) -> Iterator[Node]:
    descriptor = package.descriptor
    node: Node = {
        "@id": names.package,
        "@type": "dcat:Dataset",
        "dcterms:conformsTo": f"{BASE}{descriptor.benchfmt.version}",
    }
    if descriptor.name:
        node["dcterms:identifier"] = descriptor.name
    if descriptor.title:
        node["dcterms:title"] = descriptor.title
    said = heading(descriptor)
    if said:
        node[HEADING] = {"@type": "@json", "@value": said}
    yield node
    for name, metric in descriptor.metrics().items():
        concept: Node = {
            "@id": term_iri("metric", name),
            "@type": "skos:Concept",
            "skos:notation": name,
            "skos:prefLabel": metric.label,
            "skos:definition": metric.definition,
        }
        if metric.unit is not None:
            concept["unit"] = metric.unit
        yield concept


class _Linking:
    """Makes nodes of the records and systems of one package."""

    def __init__(
        self, names: Names, declared: Collection[str], agents: MutableMapping[str, None]
    ) -> None:
        self.names = names
        self._declared = declared
        self._agents = agents

    def system(self, system: Node) -> Node:
        """Return a system as a node."""
        node: Node = {"@id": self.names.system(str(system["id"])), "@type": "System"}
        return node | self._fields("system", str(node["@id"]), "", system)

    def record(self, record: Record) -> Node:
        """Return a record as a node; its system is another one."""
        iri = self.names.record(str(record.id))
        plain = record.to_dict()
        if record.system is not None:
            plain["system"] = {"@id": self.names.system(str(record.system.id))}
        node: Node = {"@id": iri, "@type": "Record", "dcterms:isPartOf": self.names.package}
        node |= self._fields("", iri, "", plain)
        return node | self._provenance(iri, record)

    def new_agents(self, record: Record) -> Iterator[Node]:
        """Yield who made or submitted a record, once."""
        said = record.provenance
        if said is None:
            return
        if said.converter is not None:
            label = f"{said.converter} {said.converter_version or ''}".strip()
            iri = self.names.converter(said.converter, said.converter_version)
            yield from self._agent(iri, "SoftwareAgent", label)
        if said.submitter is not None:
            yield from self._agent(self.names.agent(said.submitter), "Agent", said.submitter)

    def _agent(self, iri: str, kind: str, label: str) -> Iterator[Node]:
        if iri not in self._agents:
            self._agents[iri] = None
            yield {"@id": iri, "@type": f"prov:{kind}", "rdfs:label": label}

    def _provenance(self, iri: str, record: Record) -> Node:
        """Return what is said of how a record came to be, and who submitted it."""
        said = record.provenance
        if said is None:
            return {}
        node: Node = {}
        if said.converter is not None or said.sources:
            activity: Node = {"@id": f"{iri}#conversion", "@type": "prov:Activity"}
            count = len(said.sources or ())
            if count:
                activity["prov:used"] = [f"{iri}#provenance.sources.{n}" for n in range(count)]
            if said.converter is not None:
                agent = self.names.converter(said.converter, said.converter_version)
                activity["prov:wasAssociatedWith"] = agent
            node["prov:wasGeneratedBy"] = activity
        if said.submitter is not None:
            node["prov:wasAttributedTo"] = self.names.agent(said.submitter)
        return node

    def _fields(self, part: str, iri: str, fragment: str, plain: Node) -> Node:
        return {
            field: self._value(part, field, iri, f"{fragment}.{field}".lstrip("."), value)
            for field, value in plain.items()
        }

    def _value(self, part: str, field: str, iri: str, fragment: str, value: JsonValue) -> JsonValue:
        kind = PART_TERM_FIELDS.get(part, {}).get(field) or TERM_FIELDS.get(field)
        if kind is not None:
            return self._terms(field, kind, value)
        if isinstance(value, dict) and field in PARTS and "@id" not in value:
            return self._part(field, iri, fragment, value)
        if isinstance(value, list) and field in PARTS:
            return [
                self._part(field, iri, f"{fragment}.{place}", item)
                for place, item in enumerate(value)
                if isinstance(item, dict)
            ]
        return value

    def _part(self, field: str, iri: str, fragment: str, value: Node) -> Node:
        """Return a part of a record as a node of its own."""
        node: Node = {"@id": f"{iri}#{fragment}"}
        if field in CLASSES:
            node["@type"] = CLASSES[field]
        node |= self._fields(field, iri, fragment, value)
        if field == "measurements":
            node |= _unit(value.get("unit"))
        return node

    def _terms(self, field: str, kind: str, value: JsonValue) -> JsonValue:
        if isinstance(value, list):
            return [self._terms(field, kind, item) for item in value]
        if reads_as_term(field, kind, str(value), self._declared):
            return value
        return {"@id": term_iri(kind, str(value))}


def _unit(code: JsonValue) -> Node:
    if not isinstance(code, str):
        return {}
    known = qudt_unit(code)
    if known is not None:
        return {"qudt:unit": known}
    if vocabulary().terms("unit").get(code, {}).get("currency"):
        return {}
    return {"qudt:ucumCode": code}
