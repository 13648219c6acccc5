"""Running converters over units, in this process or by an executor: from sources to tables, packet by packet.

All that can be done for a chunk of units alone is done where it is read: reading, ordering, ids, hashes, tables. What is
left to the process that asked is to find duplicates, to count and to write. Chunks and their packets do not depend on who
reads them, so neither does a package.
"""

from benchfmt.running.executors import (
    Executor,
    InProcess,
    Workers,
    here,
    on,
    packets,
    processes,
    writers,
)
from benchfmt.running.journal import Journal
from benchfmt.running.keys import Tables, of_batch, of_builder
from benchfmt.running.readers import Readers
from benchfmt.running.reading import (
    End,
    Entry,
    Note,
    Packet,
    Place,
    Rows,
    batch_records,
    prefixes_of,
    read,
)
from benchfmt.running.units import Chunk, Units, stopped

__all__ = [
    "Chunk",
    "End",
    "Entry",
    "Executor",
    "InProcess",
    "Journal",
    "Note",
    "Packet",
    "Place",
    "Readers",
    "Rows",
    "Tables",
    "Units",
    "Workers",
    "batch_records",
    "here",
    "of_batch",
    "of_builder",
    "on",
    "packets",
    "prefixes_of",
    "processes",
    "read",
    "stopped",
    "writers",
]
