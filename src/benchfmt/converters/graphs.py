"""Records of linked data: N-Triples, N-Quads, Turtle, TriG and JSON-LD, from benchfmt or from somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters import json_ld
from benchfmt.converters.base import Failed
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import JsonError, parse
from benchfmt.record import Record


def read_graph(path: Path, limits: Limits = LIMITS) -> Iterator[Record | Failed]:
    """Yield the records of a graph: in the order of their IRIs, or as JSON-LD has them that benchfmt wrote."""
    outline = None
    if path.suffix.lower() == ".jsonld":
        try:
            outline = json_ld.outline(path, limits)
        except (JsonError, UnsafeError) as error:
            yield Failed(path, f"not a graph that can be read: {error}")
            return
        if outline.systems is not None:
            yield from json_ld.records(path, outline.context, outline.systems, limits)
            return
    _refuse_without_store()
    from benchfmt.converters.graph_store import read_stored

    yield from read_stored(path, outline, limits)


def heading(path: Path, limits: Limits = LIMITS) -> JsonValue:
    """Return what the package of a graph says of itself, as in the heading of JSON Lines, None where it says nothing.

    It is looked for at the beginning, where benchfmt writes it. Raises BenchfmtError or OSError.
    """
    if path.suffix.lower() == ".jsonld":
        return json_ld.heading(path, limits)
    _refuse_without_store()
    from benchfmt.converters.graph_store import heading_text

    try:
        text = heading_text(path)
    except (SyntaxError, ValueError) as error:
        raise BenchfmtError(f"not a graph that can be read: {error}") from error
    if text is None:
        return None
    said: JsonValue = parse(text, limits)
    return said


def _refuse_without_store() -> None:
    """Raise BenchfmtError where the library is missing that reads and stores graphs."""
    if find_spec("pyoxigraph") is None:
        raise BenchfmtError("reading linked data needs: pip install 'benchfmt[rdf]'")
