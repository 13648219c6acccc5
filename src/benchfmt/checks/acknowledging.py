"""BF126 to BF129: what a package says of findings that are known, and which of them it may say that of."""

from __future__ import annotations

from benchfmt.checks.check import Check
from benchfmt.finding import Severity

CHECKS = (
    Check(
        code="BF126",
        severity=Severity.ERROR,
        title="An acknowledgement gives its reason",
    ),
    Check(
        code="BF127",
        severity=Severity.ERROR,
        title="An acknowledgement names a code that exists",
    ),
    Check(
        code="BF128",
        severity=Severity.ERROR,
        title="An acknowledgement names a code that a package may acknowledge",
    ),
    Check(
        code="BF129",
        severity=Severity.WARNING,
        title="An acknowledgement meets a finding",
    ),
)
