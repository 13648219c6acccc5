"""Records of linked data: N-Triples, N-Quads, Turtle, TriG and JSON-LD, from benchfmt or from somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchfmt.converters import json_ld
from benchfmt.converters.base import Failed
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.jsons import JsonError
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
    try:
        from benchfmt.converters.graph_store import read_stored
    except ImportError as error:
        if error.name != "pyoxigraph":
            raise
        raise BenchfmtError("reading linked data needs: pip install 'benchfmt[rdf]'") from error
    yield from read_stored(path, outline, limits)
