"""What is found in a package of the profiler, beside what its machine is to blame for."""

from __future__ import annotations

from pathlib import Path

from benchfmt import open_package
from benchfmt.finding import Finding
from benchfmt.validation import validate

NOISE = {"BF211": "contaminated", "BF212": "unstable"}


def findings_but_noise(package: Path) -> list[Finding]:
    """Return what keeps a package from being a submission, without what other work on the machine did.

    Tests run beside each other. What is left out must stand on a record whose measurements have the caveat.
    """
    with open_package(package) as opened:
        caveats = {
            record.id: {caveat for item in record.measurements for caveat in item.caveats or ()}
            for record in opened.records()
        }
    findings = validate(package, "submission").findings
    noise = [finding for finding in findings if finding.code in NOISE]
    for finding in noise:
        assert NOISE[finding.code] in caveats[finding.record or ""]
    return [finding for finding in findings if finding.code not in NOISE]
