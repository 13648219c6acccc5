"""One result of the MLPerf Mobile app while its record is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchfmt.converters.draft import Draft
from benchfmt.converters.mlperf.mobile.files import Files
from benchfmt.converters.mlperf.mobile.result_file import App, Entry
from benchfmt.readers.files import file_sha256
from benchfmt.suites import mlperf_mobile as rules

_NAMESPACE = "mlperf"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a benchmark, by its canonical name, and the draft of its record.

    Of a log that stands alone the entry is empty, and so is the app but for the environment that it shares.
    """

    files: Files
    draft: Draft
    app: App
    entry: Entry
    name: str
    benchmark: rules.Benchmark | None
    scenario: str | None

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.files.path

    @property
    def division(self) -> str | None:
        """The division of the submission that it stands in."""
        return self.files.task.place.division

    @property
    def own_benchmark(self) -> rules.Benchmark | None:
        """The benchmark whose own model was run; the open division may run another."""
        if self.division == "open":
            return None
        return self.benchmark

    def keep(self, name: str, value: object) -> None:
        """Keep what the standard has no field for; None says nothing."""
        self.draft.keep(name, value, _NAMESPACE)

    def read(self, path: Path, sha256: str | None = None) -> None:
        """Add a file to the sources of the record; its hash is calculated where it is not known."""
        self.draft.source(self.files.root(path), sha256 or file_sha256(path))
