"""What a server is told: where it listens, what it shows, and how much a stranger may take of the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a server; every size is in bytes, every time in seconds."""

    folder: Path | None = None
    """The packages that are shown; None for none."""
    store: Path | None = None
    """Where uploads and answers are kept; None to keep nothing."""
    host: str = "127.0.0.1"
    port: int = 8000
    names: tuple[str, ...] = ()
    """The names by which browsers may reach it, besides localhost and addresses in numbers."""
    upload_bytes: int = 256 * MIB
    disk_bytes: int = 2_048 * MIB
    """What one upload may take on the disk while it is judged, all that is unpacked and written included."""
    memory_bytes: int = 2_048 * MIB
    """What the processes that judge one upload may hold in memory together."""
    seconds: float = 120.0
    """How long one upload is judged."""
    upload_seconds: float = 120.0
    """How long the bytes of one upload may take to come."""
    at_once: int = 2
    """How many uploads are judged at once."""
    waiting: int = 64
    """How many more may wait for that; whoever comes then is asked to come again."""
    per_minute: int = 120
    """How many requests that take work one address may make in a minute."""


def default_at_once() -> int:
    """Return how many uploads are judged at once unless told: one a processor."""
    return os.cpu_count() or 1
