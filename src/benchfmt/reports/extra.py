"""Packages that only some formats of reports need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchfmt.finding import BenchfmtError


@contextmanager
def needs_extra(what: str) -> Iterator[None]:
    """Say for what a package is needed that cannot be imported, and how it is installed."""
    try:
        yield
    except ImportError as error:
        raise BenchfmtError(
            f"{what} needs {error.name}: pip install 'benchfmt[report]' ({error})"
        ) from error
