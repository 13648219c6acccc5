"""The report as one JSON object (docs/reports.md; `benchfmt schema show report.schema.json`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchfmt.printable import json_text
from benchfmt.validation.report import Reports


@dataclass(frozen=True)
class JsonFormat:
    """The report for programs."""

    about: str = "for programs: one object, with a JSON Schema"

    def render(self, reports: Reports) -> Iterator[str]:
        """Yield the report."""
        yield json_text(reports.to_dict(), indent=2) + "\n"


JSON = JsonFormat()
