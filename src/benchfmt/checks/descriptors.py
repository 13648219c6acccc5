"""What a package says of itself, and which files it holds. Whoever reads the descriptor reports the faults."""

from __future__ import annotations

from benchfmt.checks.check import Check
from benchfmt.finding import Severity

_FOR_PLATFORMS = ("ingestion",)

CHECKS = (
    Check(
        code="BF130",
        severity=Severity.WARNING,
        title="The descriptor lists every file of the package",
    ),
    Check(
        code="BF131",
        severity=Severity.WARNING,
        title="A table of the standard is UTF-8",
    ),
    Check(
        code="BF132",
        severity=Severity.WARNING,
        title="A table of the standard is plain CSV or Parquet",
    ),
    Check(
        code="BF133",
        severity=Severity.WARNING,
        title="The media type is that of the file",
    ),
    Check(
        code="BF134",
        severity=Severity.WARNING,
        title="The descriptor says which version of the standard it follows",
    ),
    Check(
        code="BF137",
        severity=Severity.WARNING,
        title="A record uses every system that is described",
        table="systems",
    ),
    Check(
        code="BF140",
        severity=Severity.WARNING,
        title="No licence and no contributor is listed twice",
    ),
    Check(
        code="BF143",
        severity=Severity.WARNING,
        title="A package is not older than its results",
    ),
    Check(
        code="BF144",
        severity=Severity.ERROR,
        title="Each table of the standard is a file of its own",
    ),
    Check(
        code="BF145",
        severity=Severity.WARNING,
        title="The name of a package can be part of an address",
    ),
    Check(
        code="BF520",
        severity=Severity.ERROR,
        title="The package has a title",
        rules=_FOR_PLATFORMS,
    ),
    Check(
        code="BF521",
        severity=Severity.ERROR,
        title="The package names somebody who can be asked",
        rules=_FOR_PLATFORMS,
    ),
    Check(
        code="BF522",
        severity=Severity.ERROR,
        title="The package has a licence",
        rules=_FOR_PLATFORMS,
    ),
    Check(
        code="BF523",
        severity=Severity.WARNING,
        title="The package is described",
        rules=_FOR_PLATFORMS,
    ),
    Check(
        code="BF524",
        severity=Severity.WARNING,
        title="The package has a version",
        rules=_FOR_PLATFORMS,
    ),
)
