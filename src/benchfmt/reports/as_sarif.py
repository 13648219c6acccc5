"""The report as SARIF 2.1.0, which GitHub's code scanning, Azure DevOps and editors show.

All packages stand in one run: GitHub takes at most 20 runs of a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchfmt.printable import json_text
from benchfmt.reports.extra import needs_extra
from benchfmt.validation.report import Reports


@dataclass(frozen=True)
class SarifFormat:
    """The report as a log of static analysis."""

    about: str = "SARIF 2.1.0 for code scanning and editors; needs benchfmt[report]"

    def render(self, reports: Reports) -> Iterator[str]:
        """Yield the log."""
        with needs_extra("the report format sarif"):
            from benchfmt.reports.sarif_log import log
        data = log(reports).model_dump(by_alias=True, exclude_none=True)
        yield json_text(data, indent=2) + "\n"


SARIF = SarifFormat()
