"""The two ends of a file: a log may have hundreds of megabytes, and says what matters at its start and its end."""

from __future__ import annotations

from pathlib import Path

from benchfmt.readers import heads

HEAD_BYTES = TAIL_BYTES = 64 * 1024


def ends(path: Path, head: int, tail: int) -> tuple[bytes, bytes | None]:
    """Return a whole file and None, or its first and its last bytes."""
    size = path.stat().st_size
    if size <= head + tail:
        return heads.head(path, head + tail), None
    with heads.opened(path) as file:
        start = file.read(head)
        file.seek(-tail - size % 2, 2)  # on a character's border in UTF-16 too
        return start, file.read(tail + size % 2)


def joined(start: bytes, end: bytes | None) -> bytes:
    """Return the two ends of a file as one; half a line at the cut says nothing."""
    if end is None:
        return start
    return start[: start.rfind(b"\n") + 1] + end[end.find(b"\n") + 1 :]
