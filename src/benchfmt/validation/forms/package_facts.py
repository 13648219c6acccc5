"""What only all rows of a package together show: systems that no record uses, and results younger than the package."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.frames import faults
from benchfmt.descriptor import FILE_NAME, Descriptor
from benchfmt.validation.places import Place, TablePlaces
from benchfmt.validation.policies import day_of
from benchfmt.validation.portion import Rows
from benchfmt.validation.reporting import Reporter

_DAY_LENGTH = 10
_UNUSED_HINT = "remove it from the systems, or name it in the records that were measured on it"


class PackageFacts:
    """Looks at the records of a package as they are read, and reports at the end."""

    def __init__(self, descriptor: Descriptor) -> None:
        """Take the descriptor, which may say when the package was made."""
        self._created = day_of((descriptor.model_extra or {}).get("created"))
        self._latest = ""
        self._used: set[str] = set()
        self._is_incomplete = False

    def add(self, records: Rows) -> None:
        """Take some records, those with faults included."""
        frame = records.frame
        self._used |= set(frame["system_id"].drop_nulls().unique())
        lost = frame["system_id"].is_null() & ~records.sound
        self._is_incomplete |= bool(lost.any())
        if self._created is not None and frame["measured_at"].null_count() < frame.height:
            self._latest = max(self._latest, str(frame["measured_at"].max()))

    def add_all(self, others: PackageFacts) -> None:
        """Take what was found in other records."""
        self._used |= others._used
        self._is_incomplete |= others._is_incomplete
        self._latest = max(self._latest, others._latest)

    def report(
        self, systems: pl.DataFrame, reporter: Reporter, places: TablePlaces, *, is_whole: bool
    ) -> None:
        """Report what was found; without all records nobody knows which systems are used."""
        # Where no record names any system, BF515 says so; one that is misspelt is reported as BF503.
        is_known = is_whole and not self._is_incomplete and not reporter.has("BF503")
        if is_known and self._used:
            used = pl.Series(list(self._used), dtype=pl.String)
            unused = systems.filter(~pl.col("id").is_in(used.implode()))
            message = pl.format("no record uses the system {}", pl.col("id"))
            wrong = faults(unused, "systems", "id", message, pl.col("id"), _UNUSED_HINT)
            reporter.report_faults("BF137", wrong, places)
        if self._created is not None:
            self._report_age(self._created.isoformat(), self._latest[:_DAY_LENGTH], reporter)

    def _report_age(self, created: str, latest: str, reporter: Reporter) -> None:
        if latest > created:
            text = (
                f"the package was created on {created}, and a result of it was measured on {latest}"
            )
            hint = "write when this edition of the package was made, or leave `created` out"
            place = Place(FILE_NAME, field="/created")
            reporter.report("BF143", place, text, value=created, hint=hint)
