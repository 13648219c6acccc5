"""A package as linked data: N-Triples, Turtle, TriG and JSON-LD, which hold one graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from benchfmt.exports.base import Exported, Shape
from benchfmt.exports.pieces import Job, Of, Share, append, append_file, in_one
from benchfmt.exports.rdf import json_ld
from benchfmt.exports.rdf.names import BASE_HELP, Names, Place, names_of, place_of
from benchfmt.exports.rdf.ntriples import (
    AGENT_COLUMNS,
    EVERYTHING,
    agents_of,
    beginning,
    of_measurements,
    of_records,
)
from benchfmt.exports.rdf.turtle import as_trig, as_turtle
from benchfmt.package import Package

__all__ = ["JSON_LD", "NTRIPLES", "TRIG", "TURTLE", "Names", "Place", "names_of", "place_of"]


class _OneGraph:
    """What all forms have in common: each is one file, and names an agent where it is met first."""

    shape: Shape = "file"
    options: Mapping[str, str] = {"base": BASE_HELP}

    def once(self, job: Job, share: Share) -> Iterable[str]:
        """Return the agents that rows of records name."""
        agents: dict[str, None] = {}
        if share.of != "measurements":
            names = _names(job)
            for frame in share.frames(AGENT_COLUMNS):
                deque(agents_of(frame, names, agents), 0)  # they are kept in the dictionary
        return agents

    def add(self, job: Job, piece: Job) -> None:
        """Put a piece behind what is there."""
        append_file(job.place, piece.place)


class Form(Protocol):
    """Writes chunks of N-Triples anew; `goes_on` says whether something stands before them."""

    def __call__(
        self, texts: Iterable[bytes], names: Names, *, goes_on: bool
    ) -> Iterable[bytes]: ...


class Linked(_OneGraph):
    """A form of linked data that is made of N-Triples."""

    passes: tuple[Of, ...] = ("records", "measurements")

    def __init__(self, about: str, form: Form) -> None:
        """Take what the form is for, and what writes N-Triples in it."""
        self.about = about
        self._form = form

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write a package as one graph."""
        return in_one(self, package, place, options)

    def begin(self, job: Job) -> None:
        """Write what is said of the package, and its systems."""
        job.account.files.append(".")
        names = _names(job)
        append(job.place, self._form(beginning(job.package, names), names, goes_on=False))

    def piece(self, job: Job, share: Share) -> None:
        """Write rows of records or of measurements."""
        names = _names(job)
        append(job.place, self._form(_lines(job, share, names), names, goes_on=True))

    def end(self, job: Job) -> None:
        """Write nothing more."""


def _lines(job: Job, share: Share, names: Names) -> Iterator[bytes]:
    if share.of == "measurements":
        frames = share.frames(EVERYTHING["measurements"])
        return of_measurements(frames, names, job.account, share.before)
    frames = share.frames(EVERYTHING["records"])
    return of_records(frames, names, job.met, job.account, share.before)


class JsonLd(_OneGraph):
    """One document of JSON-LD, a line for each node."""

    about = "records as they stand, under a context that makes them linked data"
    passes: tuple[Of, ...] = ("results",)

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write a package as one document."""
        return in_one(self, package, place, options)

    def begin(self, job: Job) -> None:
        """Write the context, what is said of the package, and its systems."""
        job.account.files.append(".")
        append(job.place, json_ld.beginning(job.package, _names(job)))

    def piece(self, job: Job, share: Share) -> None:
        """Write records with their measurements."""
        nodes = json_ld.of_records(job.package, _names(job), share.records(), job.met, job.account)
        append(job.place, nodes)

    def end(self, job: Job) -> None:
        """Write the end of the document."""
        append(job.place, [json_ld.ENDING])


def _names(job: Job) -> Names:
    return names_of(job.package.descriptor, job.options)


def _as_it_is(texts: Iterable[bytes], names: Names, *, goes_on: bool) -> Iterable[bytes]:
    """Return N-Triples, whose lines stand for themselves."""
    del names, goes_on
    return texts


NTRIPLES = Linked("linked data, a line for each triple, for stores and pipes", _as_it_is)
TURTLE = Linked("linked data to be read by people and stores", as_turtle)
TRIG = Linked("linked data with the package as a named graph", as_trig)
JSON_LD = JsonLd()
