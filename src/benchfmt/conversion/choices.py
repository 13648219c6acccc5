"""What of a packet goes into a package, in a form that any process can be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchfmt.running import Place, Tables
from benchfmt.running.keys import Flags, Numbers
from benchfmt.tables import Batch


@dataclass(frozen=True, slots=True)
class Choice:
    """Which records of a packet go into a package, and where the file of each was fetched from, if any was."""

    keep: Flags
    addresses: list[str | None] | None

    def sizes(self, tables: Tables) -> Numbers:
        """Return how many measurements each record has."""
        return tables.sizes[self.keep]

    def of(self, tables: Tables) -> Batch:
        """Return what was chosen of tables."""
        if self.addresses is not None:
            tables = replace(tables, batch=tables.batch.located(self.addresses))
        return tables.kept(self.keep)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice with the place of its packet, and what is said of the records that say nothing there."""

    place: Place
    choice: Choice
    said: Mapping[str, str | None]

    def batch(self) -> Batch:
        """Return what was chosen of the packet that lies there."""
        return self.choice.of(self.place.packet().tables).stated(self.said)
