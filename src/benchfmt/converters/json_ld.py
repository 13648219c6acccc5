"""Records of JSON-LD as benchfmt writes it, a node at a time: they are read as they stand, and no graph is made.

It takes less than a tenth of the time of a graph. A document of which a node is not exactly such as benchfmt writes it is not read so: what
it says may be spread over many nodes, under any context, and only the graph tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from pydantic import JsonValue, ValidationError

from benchfmt.converters.base import Failed
from benchfmt.converters.draft import first_fault
from benchfmt.limits import LIMITS, Limits
from benchfmt.linked import (
    CLASSES,
    DOUBLE_FIELDS,
    DOUBLE_LISTS,
    FREE_FIELDS,
    HEADING,
    LINKS,
    LISTS,
    PART_TERM_FIELDS,
    PARTS,
    TERM_FIELDS,
    VOCABULARY,
    context,
    reads_as_term,
    term_of,
)
from benchfmt.readers.json_graphs import Member, members
from benchfmt.readers.jsons import refuse_heavy_document
from benchfmt.record import Record
from benchfmt.vocabulary import vocabulary

Node: TypeAlias = Mapping[str, JsonValue]
Plain: TypeAlias = dict[str, JsonValue]
_IRI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):[^\x00-\x20<>\"{}|\\^`#]+")
_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_WORD = re.compile(r"[a-z0-9][a-z0-9.@_-]*(:[a-z0-9][a-z0-9.@_-]*)?")
_REPEATED = ("measurements", "inputs", "sources", "accelerator")
_ALWAYS_REPEATED = ("measurements", "inputs", "sources")
_BEGINNING = 10
"""The package is the first node that benchfmt writes."""
_PIECE = 2**20
"""So many characters of nodes are made a document of their own."""


class _UnlikeError(Exception):
    """A node is not as benchfmt writes it."""


@dataclass
class Outline:
    """What a document is, as a first look at all of it tells.

    `systems` are those of its records by their IRIs, None where some node is not as benchfmt writes it.
    """

    context: JsonValue = None
    systems: dict[str, Plain] | None = None
    members: list[Member] = field(default_factory=list)
    """What stands beside the nodes, such as the context."""


def outline(path: Path, limits: Limits = LIMITS) -> Outline:
    """Return what a document is; raises JsonError, UnsafeError or OSError."""
    found = Outline()
    survey: _Survey | None = None
    for place, member in enumerate(members(path, limits)):
        if member.name is not None:
            found.members.append(member)
            survey = None
            if member.name == "@context" and place == 0:
                found.context = member.data
                survey = _Survey.under(member.data, limits)
        elif survey is not None and not survey.holds(member):
            survey = None
    _refuse_heavy(found.members, limits)
    if survey is not None and survey.is_complete():
        found.systems = survey.systems
    return found


def records(
    path: Path, said: JsonValue, systems: Mapping[str, Plain], limits: Limits = LIMITS
) -> Iterator[Record | Failed]:
    """Yield the records of a document that is as benchfmt writes it, in its order; raises as `outline` does."""
    reader = _Reader(_declared(said))
    for member in members(path, limits):
        node = member.data
        if member.name is None and isinstance(node, dict) and node.get("@type") == "Record":
            plain = reader.record(node)
            if "system" in plain:
                plain["system"] = systems[str(plain["system"])]
            name = plain.get("id", f"<{node['@id']}>")
            yield record_of(path, str(name), plain)


def heading(path: Path, limits: Limits = LIMITS) -> JsonValue:
    """Return the heading of a document that benchfmt wrote, None where there is none; raises as `outline` does."""
    nodes = (member.data for member in members(path, limits) if member.name is None)
    for node in islice(nodes, _BEGINNING):
        said = node.get(HEADING) if isinstance(node, dict) else None
        if isinstance(said, dict) and _JSON.items() <= said.items():
            return said.get("@value")
    return None


def record_of(path: Path, name: str, plain: Plain) -> Record | Failed:
    """Return the record of plain data, or what is wrong with it under its name."""
    try:
        return Record.from_dict(plain)
    except ValidationError as error:
        advice = f"({error.error_count()} faults; run benchfmt validate)"
        return Failed(path, f"{name}: {first_fault(error)} {advice}")


def pieces(path: Path, outlined: Outline, limits: Limits = LIMITS) -> Iterator[bytes]:
    """Yield a document as several that say the same together; raises as `outline` does.

    In which graph of the document something is said gets lost.
    """
    yield _document([f"{json.dumps(member.name)}:{member.text}" for member in outlined.members])
    head = [f'"@context":{item.text}' for item in outlined.members if item.name == "@context"]
    texts: list[str] = []
    size = 0
    for member in members(path, limits):
        if member.name is None:
            texts.append(member.text)
            size += len(member.text)
        if size >= _PIECE:
            yield _document([*head, f'"@graph":[{",".join(texts)}]'])
            texts, size = [], 0
    if texts:
        yield _document([*head, f'"@graph":[{",".join(texts)}]'])


def _document(parts: list[str]) -> bytes:
    return f"{{{','.join(parts)}}}".encode()


def _refuse_heavy(beside: list[Member], limits: Limits) -> None:
    refuse_heavy_document(b",".join(member.text.encode() for member in beside), limits)


class _Survey:
    """Looks whether all nodes of a document are as benchfmt writes them, and keeps the systems."""

    def __init__(self, reader: _Reader, limits: Limits) -> None:
        self.systems: dict[str, Plain] = {}
        self._reader = reader
        self._room = limits.systems_bytes
        # Two IRIs with one hash only make a graph where none was needed.
        self._nodes: set[int] = set()
        self._with_system: set[str] = set()

    @classmethod
    def under(cls, said: JsonValue, limits: Limits) -> _Survey | None:
        """Return the survey of nodes under a context, None where it is not as benchfmt writes it."""
        declared = _declared(said)
        own = context(declared)["@context"]
        if said not in (own, [own, LINKS]):
            return None
        return cls(_Reader(declared), limits)

    def holds(self, member: Member) -> bool:
        """Say whether a node is as benchfmt writes it, and none of those before."""
        try:
            self._see(member)
        except _UnlikeError:
            return False
        return True

    def is_complete(self) -> bool:
        """Say whether the systems of all records are there."""
        return self._with_system <= self.systems.keys()

    def _see(self, member: Member) -> None:
        node = member.data
        if not isinstance(node, dict):
            raise _UnlikeError
        iri = _own_iri(node)
        if hash(iri) in self._nodes:
            raise _UnlikeError
        self._nodes.add(hash(iri))
        if node.get("@type") == "Record":
            system = self._reader.record(node).get("system")
            if system is not None:
                self._with_system.add(str(system))
        elif node.get("@type") == "System":
            self._room -= len(member.text)
            if self._room < 0:
                raise _UnlikeError
            self.systems[iri] = self._reader.system(node)
        else:
            _refuse_nodes_within(node)


def _own_iri(node: Node) -> str:
    """Return the IRI of a node, which stands for no part of another."""
    iri = node.get("@id")
    if not isinstance(iri, str):
        raise _UnlikeError
    found = _IRI.fullmatch(iri)
    if found is None or found[1] in _NAMES:
        raise _UnlikeError
    return iri


_NAMES = frozenset(name for name in LINKS if ":" not in name)
"""The prefixes under which the links of a node stand."""


def _refuse_nodes_within(node: Node) -> None:
    """Raise where a node that is neither a record nor a system may be one, or hold a part of one."""
    for name, value in node.items():
        is_field = _FIELD.fullmatch(name) is not None and name != "benchmark"
        if not is_field and not _is_link(name):
            raise _UnlikeError
        if name in _OF_NODES and not isinstance(value, str):
            raise _UnlikeError
        is_json = isinstance(value, dict) and _JSON.items() <= value.items()
        if isinstance(value, dict | list) and not is_json:
            raise _UnlikeError


_JSON = {"@type": "@json"}


def _declared(said: JsonValue) -> Collection[str]:
    """Return the prefixes that a context of benchfmt has beside those of the vocabulary, as a suite may have them."""
    if isinstance(said, list) and said:
        said = said[0]
    for name in ("suite", "@context"):
        if not isinstance(said, dict):
            return ()
        said = said.get(name)
    if not isinstance(said, dict):
        return ()
    prefixes = {
        name for name, read in said.items() if isinstance(read, dict) and read.get("@prefix")
    }
    return prefixes - set(vocabulary().ids("prefix"))


class _Reader:
    """Reads nodes as they stand; raises _UnlikeError for one that benchfmt does not write."""

    def __init__(self, declared: Collection[str]) -> None:
        self._declared = declared

    def record(self, node: Node) -> Plain:
        """Return a record, with the IRI of its system in place of it."""
        plain = self._fields("", _own_iri(node), "", node, "Record")
        if "benchmark" not in plain:
            raise _UnlikeError
        return plain

    def system(self, node: Node) -> Plain:
        """Return a system."""
        return self._fields("system", _own_iri(node), "", node, "System")

    def _fields(
        self, part: str, iri: str, fragment: str, node: Node, kind: str | None = None
    ) -> Plain:
        own = iri
        if fragment:
            own = f"{iri}#{fragment}"
        if node.get("@id") != own or node.get("@type") != kind:
            raise _UnlikeError
        plain: Plain = {}
        for name, value in node.items():
            if _FIELD.fullmatch(name) and name not in _NAMES:
                inner = f"{fragment}.{name}".lstrip(".")
                plain[name] = self._value(part, name, iri, inner, value)
            else:
                _refuse_odd(name, value)
        return plain

    def _value(self, part: str, name: str, iri: str, fragment: str, value: JsonValue) -> JsonValue:
        kind = PART_TERM_FIELDS.get(part, {}).get(name) or TERM_FIELDS.get(name)
        if kind is not None:
            return self._terms(name, kind, value)
        if name in PARTS:
            return self._parts(name, iri, fragment, value)
        if name == "system":
            return _reference(value)
        is_free = name in FREE_FIELDS or (part, name) == ("measurements", "samples")
        if is_free and value is not None:
            return value
        return _plain(name, value)

    def _parts(self, name: str, iri: str, fragment: str, value: JsonValue) -> JsonValue:
        kind = CLASSES.get(name)
        if isinstance(value, dict) and name not in _ALWAYS_REPEATED:
            return self._fields(name, iri, fragment, value, kind)
        if not isinstance(value, list) or not value or name not in _REPEATED:
            raise _UnlikeError
        parts: list[JsonValue] = []
        for place, item in enumerate(value):
            if not isinstance(item, dict):
                raise _UnlikeError
            parts.append(self._fields(name, iri, f"{fragment}.{place}", item, kind))
        return parts

    def _terms(self, name: str, kind: str, value: JsonValue) -> JsonValue:
        if name != "caveats":
            return self._term(name, kind, value)
        if not isinstance(value, list):
            raise _UnlikeError
        return [self._term(name, kind, item) for item in value]

    def _term(self, name: str, kind: str, value: JsonValue) -> str:
        if isinstance(value, dict):
            iri = _reference(value)
            if not iri.startswith(VOCABULARY):
                raise _UnlikeError
            return term_of(iri)
        is_word = isinstance(value, str) and _WORD.fullmatch(value) is not None
        if not is_word or not reads_as_term(name, kind, str(value), self._declared):
            raise _UnlikeError
        return str(value)


def _reference(value: JsonValue) -> str:
    """Return the IRI of a node that is only named."""
    if not isinstance(value, dict) or len(value) != 1:
        raise _UnlikeError
    iri = value.get("@id")
    if not isinstance(iri, str):
        raise _UnlikeError
    return iri


def _plain(name: str, value: JsonValue) -> JsonValue:
    """Return a value that is no node, whose JSON says what its literal would."""
    if name in DOUBLE_FIELDS:
        return _of_kind(value, (int, float))
    if name in DOUBLE_LISTS:
        return [_of_kind(item, (int, float)) for item in _listed(value)]
    if name in LISTS:
        return [_of_kind(item, (str, int)) for item in _listed(value)]
    if isinstance(value, bool):
        return value
    return _of_kind(value, (str, int))


def _listed(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise _UnlikeError
    return value


def _of_kind(value: JsonValue, kinds: tuple[type, ...]) -> JsonValue:
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise _UnlikeError
    return value


def _refuse_odd(name: str, value: JsonValue) -> None:
    """Raise for what is neither a field nor a link to the world, such as `@reverse`."""
    if not _is_link(name):
        raise _UnlikeError
    if not all(isinstance(item, str) for item in _links_of(value)):
        raise _UnlikeError


def _is_link(name: str) -> bool:
    """Say whether a key is one of those beside the standard's own fields."""
    prefix, _, rest = name.partition(":")
    return name in _OF_NODES or (prefix in _NAMES and rest[:1].isalpha())


_OF_NODES = ("@id", "@type")


def _links_of(value: JsonValue) -> Iterator[JsonValue]:
    """Yield what a link leads to; the conversion of a record is a node with links of its own."""
    links = [value]
    if isinstance(value, dict):
        names = [value[name] for name in _OF_NODES if name in value]
        are_links = all(_is_link(name) for name in value)
        if not are_links or not all(isinstance(name, str) for name in names):
            raise _UnlikeError
        links = list(value.values())
    for link in links:
        if isinstance(link, list):
            yield from link
        else:
            yield link
