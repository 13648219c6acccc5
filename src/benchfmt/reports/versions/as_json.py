"""The comparison of two packages as one JSON object (docs/versions.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from benchfmt.comparing.versions import Versions
from benchfmt.printable import json_list_pieces


def render(versions: Versions, failures: Sequence[str]) -> Iterator[str]:
    """Yield the comparison, a result at a time."""
    results = (change.to_dict() for change in versions.changes)
    ending: dict[str, JsonValue] = {"failures": [*failures]}
    yield from json_list_pieces(versions.heading(), "results", results, ending)
