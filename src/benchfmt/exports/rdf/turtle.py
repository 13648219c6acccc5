"""A package as Turtle and TriG: its N-Triples, written anew a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from benchfmt.exports.rdf.names import Names
from benchfmt.finding import BenchfmtError
from benchfmt.linked import (
    DCAT,
    DCTERMS,
    PROV,
    QUDT,
    QUDT_UNIT,
    RDF,
    RDFS,
    SKOS,
    TERMS,
    VOCABULARY,
    XSD,
)

if TYPE_CHECKING:
    from pyoxigraph import Quad, RdfFormat, Triple

PREFIXES = {
    "bf": TERMS,
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "prov": PROV,
    "qudt": QUDT,
    "rdf": RDF,
    "rdfs": RDFS,
    "skos": SKOS,
    "unit": QUDT_UNIT,
    "xsd": XSD,
    "basis": f"{VOCABULARY}basis/",
    "metric": f"{VOCABULARY}metric/",
    "stage": f"{VOCABULARY}stage/",
    "statistic": f"{VOCABULARY}statistic/",
}


def as_turtle(texts: Iterable[bytes], names: Names, *, goes_on: bool) -> Iterator[bytes]:
    """Yield chunks of N-Triples as Turtle."""
    yield from turtle_of(texts, _prefixes(names), goes_on=goes_on)


def turtle_of(
    texts: Iterable[bytes], prefixes: Mapping[str, str], *, goes_on: bool
) -> Iterator[bytes]:
    """Yield chunks of N-Triples as Turtle; where it goes on, the prefixes stand before it already."""
    formats = _formats()
    for number, quads in enumerate(_parsed(texts)):
        triples = (quad.triple for quad in quads)
        is_first = number == 0 and not goes_on
        yield _written(triples, formats.TURTLE, prefixes, is_first=is_first)


def as_trig(texts: Iterable[bytes], names: Names, *, goes_on: bool) -> Iterator[bytes]:
    """Yield chunks of N-Triples as TriG, whose named graph has the IRI of the package."""
    from pyoxigraph import NamedNode, Quad

    formats = _formats()
    graph = NamedNode(names.package)
    prefixes = _prefixes(names)
    for number, quads in enumerate(_parsed(texts)):
        named = (Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads)
        is_first = number == 0 and not goes_on
        yield _written(named, formats.TRIG, prefixes, is_first=is_first)


def _formats() -> type[RdfFormat]:
    try:
        from pyoxigraph import RdfFormat
    except ImportError as error:
        raise BenchfmtError(
            f"Turtle and TriG need pyoxigraph: pip install 'benchfmt[rdf]' ({error})"
        ) from error
    return RdfFormat


def _prefixes(names: Names) -> dict[str, str]:
    return {
        **PREFIXES,
        "record": f"{names.package}record/",
        "system": f"{names.package}system/",
    }


def _parsed(texts: Iterable[bytes]) -> Iterator[Iterable[Quad]]:
    from pyoxigraph import parse

    formats = _formats()
    for text in texts:
        if text:
            yield parse(text, format=formats.N_TRIPLES)


def _written(
    statements: Iterable[Triple] | Iterable[Quad],
    form: RdfFormat,
    prefixes: Mapping[str, str],
    *,
    is_first: bool,
) -> bytes:
    """Return statements as text; the prefixes stand once, before the first."""
    from pyoxigraph import serialize

    written = serialize(statements, format=form, prefixes=dict(prefixes))
    text = written or b""
    if is_first:
        return text
    # The chunks are large: the text is cut once.
    start = 0
    while text.startswith(b"@prefix", start):
        start = text.index(b"\n", start) + 1
    return text[start:]
