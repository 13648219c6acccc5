"""A package as linked data: N-Triples, Turtle, TriG and JSON-LD, which hold one graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from benchfmt.exports.base import Account, Exported, Shape
from benchfmt.exports.rdf.files import write_all
from benchfmt.exports.rdf.json_ld import documents
from benchfmt.exports.rdf.names import BASE_HELP, Names, Place, names_of, place_of
from benchfmt.exports.rdf.ntriples import chunks
from benchfmt.exports.rdf.spreading import can_spread, write_spread
from benchfmt.exports.rdf.turtle import as_trig, as_turtle
from benchfmt.package import Package
from benchfmt.processes.spreading import Spread

__all__ = ["JSON_LD", "NTRIPLES", "TRIG", "TURTLE", "Names", "Place", "names_of", "place_of"]

Writing = Callable[[Package, Names, Account], Iterator[bytes]]


class Linked:
    """One form of linked data, as one file."""

    shape: Shape = "file"
    options: Mapping[str, str] = {"base": BASE_HELP}

    def __init__(self, about: str, write: Writing) -> None:
        """Take what the form is for, and what yields a package in it, in UTF-8."""
        self.about = about
        self._write = write

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write a package as one graph."""
        account = Account(files=["."])
        names = names_of(package.descriptor, options)
        write_all(place, self._write(package, names, account))
        return account.exported()


class LinkedLines(Linked):
    """A form of linked data whose lines stand for themselves, so that parts of a package are written apart."""

    def write_spread(
        self, package: Package, place: Path, options: Mapping[str, str], spread: Spread
    ) -> Exported:
        """Write a package as one graph, the same as `write` does, by several processes."""
        if not can_spread(package):
            done = self.write(package, place, options)
            return replace(done, notes=(*done.notes, _ONE_PART))
        account = Account(files=["."])
        write_spread(package, names_of(package.descriptor, options), account, place, spread)
        return account.exported()


_ONE_PART = (
    "one process has written it: the tables are not in parts of Parquet (convert --part-rows)"
)


NTRIPLES = LinkedLines("linked data, a line for each triple, for stores and pipes", chunks)
TURTLE = Linked("linked data to be read by people and stores", as_turtle)
TRIG = Linked("linked data with the package as a named graph", as_trig)
JSON_LD = Linked("records as they stand, under a context that makes them linked data", documents)
