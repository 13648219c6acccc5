"""A package as Turtle and TriG: its N-Triples, written anew a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from benchfmt.exports.base import Account
from benchfmt.exports.rdf.names import Names
from benchfmt.exports.rdf.ntriples import DCAT, DCTERMS, PROV, QUDT, RDFS, SKOS, chunks
from benchfmt.finding import BenchfmtError
from benchfmt.linked import QUDT_UNIT, RDF, TERMS, VOCABULARY, XSD
from benchfmt.package import Package

if TYPE_CHECKING:
    from pyoxigraph import Quad, RdfFormat, Triple

_PREFIXES = {
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


def as_turtle(package: Package, names: Names, account: Account) -> Iterator[str]:
    """Yield a package as Turtle."""
    formats = _formats()
    for number, quads in enumerate(_parsed(package, names, account)):
        triples = (quad.triple for quad in quads)
        yield _written(triples, formats.TURTLE, names, is_first=number == 0)


def as_trig(package: Package, names: Names, account: Account) -> Iterator[str]:
    """Yield a package as TriG, whose named graph has the IRI of the package."""
    from pyoxigraph import NamedNode, Quad

    formats = _formats()
    graph = NamedNode(names.package)
    for number, quads in enumerate(_parsed(package, names, account)):
        named = (Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads)
        yield _written(named, formats.TRIG, names, is_first=number == 0)


def _formats() -> type[RdfFormat]:
    try:
        from pyoxigraph import RdfFormat
    except ImportError as error:
        raise BenchfmtError(
            f"Turtle and TriG need pyoxigraph: pip install 'benchfmt[rdf]' ({error})"
        ) from error
    return RdfFormat


def _parsed(package: Package, names: Names, account: Account) -> Iterator[Iterable[Quad]]:
    from pyoxigraph import parse

    formats = _formats()
    for text in chunks(package, names, account):
        if text:
            yield parse(text.encode(), format=formats.N_TRIPLES)


def _written(
    statements: Iterable[Triple] | Iterable[Quad], form: RdfFormat, names: Names, *, is_first: bool
) -> str:
    """Return statements as text; the prefixes stand once, before the first."""
    from pyoxigraph import serialize

    prefixes = {
        **_PREFIXES,
        "record": f"{names.package}record/",
        "system": f"{names.package}system/",
    }
    written = serialize(statements, format=form, prefixes=prefixes)
    text = (written or b"").decode()
    if is_first:
        return text
    while text.startswith("@prefix"):
        text = text.partition("\n")[2]
    return text
