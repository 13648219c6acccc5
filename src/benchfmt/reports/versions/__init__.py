"""The comparison of two packages as text, JSON, Markdown for a pull request, or one HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from benchfmt.finding import BenchfmtError
from benchfmt.spelling import no_such

if TYPE_CHECKING:
    from benchfmt.comparing.versions import Versions

FORMATS = ("text", "json", "markdown", "html")


def rendered(name: str, versions: Versions, failures: Sequence[str]) -> Iterator[str]:
    """Yield a comparison in a format, in pieces that hold their own line ends; raises BenchfmtError for an unknown format.

    `failures` says in words why the comparison fails; none where it does not.
    """
    if name not in FORMATS:
        raise BenchfmtError(no_such("format", name, FORMATS))
    module = import_module(f"benchfmt.reports.versions.as_{name}")
    yield from module.render(versions, failures)
