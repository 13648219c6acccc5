"""A check of another package that fails while it runs."""

from __future__ import annotations

import polars as pl

from benchfmt.checks import Check
from benchfmt.checks.frames import Frames
from benchfmt.finding import Severity


def _fails(frames: Frames) -> pl.DataFrame:
    raise ValueError("the meter is not known")


FAILS = Check(
    code="ACME1",
    severity=Severity.ERROR,
    title="A title",
    table="measurements",
    page="# A page",
    run=_fails,
)
