"""Records of a graph of which nothing is known: N-Triples, N-Quads, Turtle, TriG and any JSON-LD.

A graph has no order, and any triple may stand anywhere. So a file goes into a store on disk first, and each record is
gathered from there. What the graph says beside the standard's own properties is none of the record and is not stored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from pydantic import JsonValue
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse

from benchfmt.converters.base import Failed
from benchfmt.converters.json_ld import Outline, pieces, record_of
from benchfmt.limits import Limits
from benchfmt.linked import HEADING, RDF, TERMS, VOCABULARY, XSD, field_of, term_of
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import JsonError
from benchfmt.record import Record
from benchfmt.schema import BASE

Node: TypeAlias = NamedNode | BlankNode
Thing: TypeAlias = NamedNode | BlankNode | Literal
Statements: TypeAlias = list[tuple[str, Thing]]
"""What is said of a node: properties and their values."""
_FORMATS = {
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".ttl": RdfFormat.TURTLE,
    ".trig": RdfFormat.TRIG,
}
_STORED = 200_000
"""So many triples are sorted and stored at a time: they take some 200 MB, and fewer make the store slow."""
_BESIDE = 1_000
"""So many more things than measurements may be said of a record, more than there are fields."""
_BEGINNING = 100
"""So many triples are looked at for what a package says of itself, which benchfmt writes first."""
_SYSTEMS = 1_000
"""So many systems are kept at hand for the records that have them."""
_REPEATED = ("measurements", "inputs")
_PLACE = re.compile(r"[.]([0-9]+)$")
_FIRST, _REST, _NIL = f"{RDF}first", f"{RDF}rest", f"{RDF}nil"
_TYPED: dict[str, Callable[[str], JsonValue]] = {
    f"{RDF}JSON": json.loads,
    f"{XSD}double": float,
    f"{XSD}float": float,
    f"{XSD}decimal": float,
    f"{XSD}integer": int,
    f"{XSD}boolean": lambda text: text in ("true", "1"),
}


def read_stored(path: Path, outline: Outline | None, limits: Limits) -> Iterator[Record | Failed]:
    """Yield the records of a graph, in the order of their IRIs; `outline` is what JSON-LD holds beside its nodes."""
    with TemporaryDirectory(prefix="benchfmt-") as folder:
        store = Store(folder)
        try:
            _fill(store, _quads(path, outline, limits))
        except (SyntaxError, ValueError, JsonError, UnsafeError) as error:
            yield Failed(path, f"not a graph that can be read: {error}")
            return
        graph = _Graph(store, limits.record_measurements)
        for node in graph.records():
            yield _record(path, graph, node)
        # The store keeps files open, which some systems do not let go before.
        del graph, store


def heading_text(path: Path) -> str | None:
    """Return the heading of a graph in its file's JSON, None where there is none at the beginning; raises as pyoxigraph does."""
    quads = parse(path=str(path), format=_FORMATS[path.suffix.lower()], base_iri=f"{BASE}relative/")
    for quad in islice(quads, _BEGINNING):
        if quad.predicate.value == f"{TERMS}{HEADING}" and isinstance(quad.object, Literal):
            return quad.object.value
    return None


def _quads(path: Path, outline: Outline | None, limits: Limits) -> Iterator[Quad]:
    # A relative IRI means the file's own place, which is nobody's business.
    base = f"{BASE}relative/"
    if outline is None:
        yield from parse(path=str(path), format=_FORMATS[path.suffix.lower()], base_iri=base)
    else:
        # The parser takes sixteen times the size of a document as memory.
        for piece in pieces(path, outline, limits):
            yield from parse(piece, format=RdfFormat.JSON_LD, base_iri=base)


def _fill(store: Store, quads: Iterable[Quad]) -> None:
    """Store what a graph says in properties of the standard, and its lists."""
    told = (quad for quad in quads if _is_told(quad.predicate.value))
    while some := list(islice(told, _STORED)):
        store.bulk_extend(some)


def _is_told(predicate: str) -> bool:
    return predicate.startswith(TERMS) or predicate in (_FIRST, _REST)


def _record(path: Path, graph: _Graph, node: Node) -> Record | Failed:
    name = graph.name(node)
    try:
        record = record_of(path, name, graph.plain(node))
    except (ValueError, RecursionError) as error:
        return Failed(path, f"{name}: {error}")
    if isinstance(record, Failed) or graph.tells_order(node, "measurements"):
        return record
    return record.ordered()


class _Graph:
    """The nodes of a graph as plain data."""

    def __init__(self, store: Store, most_measurements: int) -> None:
        self._store = store
        self._most = most_measurements
        self._systems: dict[str, JsonValue] = {}

    def records(self) -> list[Node]:
        """Return the nodes that have a benchmark, in the order of their IRIs."""
        found = self._store.quads_for_pattern(None, NamedNode(f"{TERMS}benchmark"), None, None)
        nodes = {quad.subject for quad in found if not isinstance(quad.subject, Triple)}
        return sorted(nodes, key=str)

    def name(self, node: Node) -> str:
        """Return the name of a record: its id, else its node."""
        for quad in self._store.quads_for_pattern(node, NamedNode(f"{TERMS}id"), None, None):
            if not isinstance(quad.object, Triple):
                return quad.object.value
        return str(node)

    def tells_order(self, node: Node, field: str) -> bool:
        """Say whether the IRIs of the members of a field tell their order."""
        return all(_place(thing) >= 0 for thing in self._things(node, f"{TERMS}{field}"))

    def plain(self, node: Node, above: tuple[Node, ...] = ()) -> dict[str, JsonValue]:
        """Return what a node says in fields of the standard; raises ValueError where nodes contain each other."""
        return self._fields(node, self._statements(node), above)

    def _fields(
        self, node: Node, statements: Statements, above: tuple[Node, ...]
    ) -> dict[str, JsonValue]:
        if node in above:
            raise ValueError(f"{node} is a part of itself")
        values: dict[str, list[Thing]] = {}
        for predicate, thing in statements:
            if predicate.startswith(TERMS):
                values.setdefault(field_of(predicate), []).append(thing)
        within = (*above, node)
        return {field: self._value(field, things, within) for field, things in values.items()}

    def _value(self, field: str, things: list[Thing], above: tuple[Node, ...]) -> JsonValue:
        places = [_place(thing) for thing in things]
        have_places = min(places) >= 0
        if have_places:
            things = sorted(things, key=_place)
        members = [self._one(field, thing, above) for thing in things]
        in_list = field in _REPEATED or (field == "accelerator" and have_places)
        if in_list or len(members) > 1:
            return members
        return members[0]

    def _one(self, field: str, thing: Thing, above: tuple[Node, ...]) -> JsonValue:
        if isinstance(thing, Literal):
            return _TYPED.get(thing.datatype.value, str)(thing.value)
        if thing.value.startswith(VOCABULARY):
            return term_of(thing.value)
        if thing.value == _NIL:
            return []
        if field == "system":
            return self._system(thing, above)
        statements = self._statements(thing)
        if not statements and isinstance(thing, NamedNode):
            return thing.value  # a term of a prefix that the context does not know
        if any(predicate == _FIRST for predicate, _ in statements):
            return self._members(field, statements, above)
        return self._fields(thing, statements, above)

    def _system(self, node: Node, above: tuple[Node, ...]) -> JsonValue:
        """Return a system, which many records may have."""
        key = str(node)
        if key not in self._systems:
            if len(self._systems) == _SYSTEMS:
                self._systems.clear()
            self._systems[key] = self.plain(node, above)
        return self._systems[key]

    def _members(self, field: str, head: Statements, above: tuple[Node, ...]) -> JsonValue:
        members: list[JsonValue] = []
        seen: set[Node] = set()
        statements = head
        while True:
            first = [thing for predicate, thing in statements if predicate == _FIRST]
            rest = [thing for predicate, thing in statements if predicate == _REST]
            if len(first) != 1 or len(rest) != 1 or isinstance(rest[0], Literal):
                raise ValueError(f"the list of {field} is broken")
            members.append(self._one(field, first[0], above))
            following = rest[0]
            if following.value == _NIL:
                return members
            if following in seen:
                raise ValueError(f"the list of {field} has no end")
            seen.add(following)
            statements = self._statements(following)

    def _things(self, node: Node, predicate: str) -> list[Thing]:
        return [thing for name, thing in self._statements(node) if name == predicate]

    def _statements(self, node: Node) -> Statements:
        """Return what is said of a node, once each: the same triple may stand in several graphs of a file."""
        found = self._store.quads_for_pattern(node, None, None, None)
        pairs = {
            (quad.predicate.value, quad.object): None
            for quad in islice(found, self._most + _BESIDE)
            if not isinstance(quad.object, Triple)
        }
        if next(found, None) is not None:
            raise ValueError(f"more than {self._most:,} measurements; no more are read of a record")
        return list(pairs)


def _place(thing: Thing) -> int:
    """Return the place among its like that the IRI of a node tells, -1 where it tells none."""
    if not isinstance(thing, NamedNode):
        return -1
    found = _PLACE.search(thing.value)
    if found is None:
        return -1
    return int(found[1])
