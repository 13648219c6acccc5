"""The IRIs of what a package holds: its records, their parts, systems and agents, and the way back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from benchfmt.descriptor import Descriptor
from benchfmt.finding import BenchfmtError
from benchfmt.schema import BASE

DATA = f"{BASE}data/"
BASE_HELP = "where the IRIs of the package begin, such as https://example.org/results/"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`#]+")
_PART = re.compile(r"(?:^|/)(record|system)/([^/#]*)(?:#(.*))?$")
_INDEX = re.compile(r"\.([0-9]+)(?=\.|$)")


@dataclass(frozen=True)
class Names:
    """The IRIs of a package: all begin with its own."""

    package: str

    def record(self, record_id: str) -> str:
        """Return the IRI of a record."""
        return f"{self.package}record/{segment(record_id)}"

    def system(self, system_id: str) -> str:
        """Return the IRI of a system."""
        return f"{self.package}system/{segment(system_id)}"

    def agent(self, name: str) -> str:
        """Return the IRI of whoever submitted results."""
        return f"{self.package}agent/{segment(name)}"

    def converter(self, name: str, version: str | None) -> str:
        """Return the IRI of a version of a converter."""
        iri = f"{self.package}converter/{segment(name)}"
        if version is None:
            return iri
        return f"{iri}/{segment(version)}"


@dataclass(frozen=True)
class Place:
    """What a node stands for: the id of a record or a system, and the part of it, empty for the whole."""

    kind: str
    id: str
    part: str

    def __str__(self) -> str:
        """Return the place in words."""
        if not self.part:
            return f"{self.kind} {self.id!r}"
        return f"{self.kind} {self.id!r}, {self.part}"


def segment(text: str) -> str:
    """Return a text as one segment of an IRI."""
    return quote(text, safe="")


def place_of(iri: str) -> Place | None:
    """Return the record or system and the part of it that a node of an export stands for, None for another one.

    It leads from what a judge of the graph says back to the record: `…/record/bf1-x#measurements.3` is `measurements[3]`
    of the record bf1-x. An IRI may stand in angle brackets, as some judges print it.
    """
    found = _PART.search(iri.strip("<>"))
    if found is None:
        return None
    kind, name, part = found.groups()
    return Place(kind, unquote(name), _INDEX.sub(r"[\1]", part or ""))


def names_of(descriptor: Descriptor, options: Mapping[str, str]) -> Names:
    """Return the IRIs of a package: under the option `base`, else under its name, else under the hash of its tables."""
    base = options.get("base")
    if base is not None:
        if not _IRI.fullmatch(base):
            raise BenchfmtError(
                f"base={base}: not an absolute IRI without a fragment, such as https://example.org/results/"
            )
        return Names(base if base.endswith("/") else f"{base}/")
    if descriptor.name:
        return Names(f"{DATA}{segment(descriptor.name)}/")
    hashes = [file.hash for resource in descriptor.resources for file in resource.files]
    if None in hashes:
        raise BenchfmtError(
            "the package has neither a name nor hashes of its tables; give --option base=IRI"
        )
    digest = hashlib.sha256("\n".join(map(str, hashes)).encode()).hexdigest()
    return Names(f"{DATA}sha256-{digest[:32]}/")
