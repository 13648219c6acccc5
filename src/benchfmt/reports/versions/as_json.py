"""The comparison of two packages as one JSON object (docs/versions.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchfmt.comparing.versions import Versions
from benchfmt.printable import json_text


def render(versions: Versions, failures: Sequence[str]) -> Iterator[str]:
    """Yield the comparison."""
    yield json_text({**versions.to_dict(), "failures": [*failures]}, indent=2) + "\n"
