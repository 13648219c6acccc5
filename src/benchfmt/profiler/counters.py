"""The counters around a measuring window: read raw from /proc where it exists, else through psutil."""

from __future__ import annotations

from benchfmt.profiler import portable, proc
from benchfmt.profiler.proc import Snapshot


def snapshot(pid: int | None = None) -> Snapshot:
    """Return the counters of the machine now, and those of this process or of another one."""
    if portable.is_needed():
        return portable.snapshot(pid)
    return proc.snapshot(pid=pid)


def memory(pid: int | None = None) -> dict[str, int]:
    """Return a process's resident bytes now (`VmRSS`) and at their peak (`VmHWM`), as far as the system tells."""
    if portable.is_needed():
        return portable.memory(pid)
    return proc.status(pid or "self")
