"""BF9xx: limits that keep a stranger's file, a faulty check or a faulty converter from doing harm."""

from __future__ import annotations

from benchfmt.checks.check import Check
from benchfmt.finding import Severity

CRASHED = "BF909"
"""The code of a check that raised an exception."""
UNFINISHED = "BF911"
"""The code of a package whose judging did not come to its end."""
CONVERTER_FAILED = "BF910"
"""The code of a converter that cannot be loaded, or that failed while it was asked which files it reads."""

CHECKS = (
    Check(
        code="BF901",
        severity=Severity.ERROR,
        title="No path leads out of the package",
    ),
    Check(
        code="BF902",
        severity=Severity.ERROR,
        title="No link leads out of the package",
    ),
    Check(
        code="BF903",
        severity=Severity.ERROR,
        title="Nothing remote is referred to",
    ),
    Check(
        code="BF904",
        severity=Severity.ERROR,
        title="Compressed data keeps within its size",
    ),
    Check(
        code="BF905",
        severity=Severity.ERROR,
        title="The number of files is bounded",
    ),
    Check(
        code="BF906",
        severity=Severity.ERROR,
        title="JSON is not nested too deep",
    ),
    Check(
        code="BF907",
        severity=Severity.ERROR,
        title="Files, rows and cells are not too long",
    ),
    Check(
        code="BF908",
        severity=Severity.WARNING,
        title="No cell is a spreadsheet formula",
    ),
    Check(
        code=CRASHED,
        severity=Severity.ERROR,
        title="Every check finishes",
    ),
    Check(
        code=CONVERTER_FAILED,
        severity=Severity.WARNING,
        title="Every installed converter can be asked",
    ),
    Check(
        code=UNFINISHED,
        severity=Severity.ERROR,
        title="The judging of a package comes to its end",
    ),
)
