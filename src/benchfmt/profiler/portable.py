"""Counters of processes and of the machine through psutil: on macOS and Windows, where there is no /proc.

On Linux the measuring window is read raw (`proc.py`); docs/design.md says why, with numbers. psutil is part of the extra
`profile`; where it is not installed, nothing is known and nothing is made up.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from benchfmt.profiler import proc
from benchfmt.profiler.proc import CPU_FIELDS, Snapshot

PAGE_SIZE = 1
"""psutil tells resident memory in bytes, so a page of its readings is a byte."""


def is_needed(root: Path = proc.ROOT) -> bool:
    """Say whether counters have to come from psutil: /proc does not exist, and psutil is installed."""
    return not proc.is_there(root) and is_installed()


def is_installed() -> bool:
    """Say whether psutil can be imported."""
    return find_spec("psutil") is not None


def folder() -> str:
    """Return the folder that a process without site-packages imports psutil from."""
    spec = find_spec("psutil")
    if spec is None or spec.origin is None:
        return ""
    return str(Path(spec.origin).parents[1])


def _psutil() -> ModuleType:
    """Return psutil, imported where it is used: it takes 25 ms, and 2 MiB of the process that is measured."""
    return import_module("psutil")


def cpu_ticks() -> dict[str, int]:
    """Return the clock ticks of all processors together since boot, by kind; a kind that the system lacks is 0."""
    times = _psutil().cpu_times()
    tick = proc.ticks_per_second()
    return {name: round(getattr(times, name, 0.0) * tick) for name in CPU_FIELDS}


def snapshot(pid: int | None = None) -> Snapshot:
    """Return the counters of the machine now, and those of this process or of another one."""
    process = _psutil().Process(pid)
    with process.oneshot():
        own = process.cpu_times()
        switches = process.num_ctx_switches()
    own_cpu = own.user + own.system
    if pid is None:
        own_cpu = time.process_time()
    involuntary: int | None = switches.involuntary
    if sys.platform in ("win32", "darwin"):  # where psutil says 0, for want of a counter
        involuntary = None
    return Snapshot(time.monotonic(), own_cpu, cpu_ticks(), None, None, involuntary)


def memory(pid: int | None = None) -> dict[str, int]:
    """Return a process's resident bytes, and their peak where the system keeps one, by the names of /proc/<pid>/status."""
    info = _psutil().Process(pid).memory_info()
    known = {"VmRSS": int(info.rss)}
    peak = getattr(info, "peak_wset", None)
    if peak is not None:
        known["VmHWM"] = int(peak)
    return known


class Rows:
    """The readings of a watched process, as the sampler takes them."""

    def __init__(self, pid: int) -> None:
        """Find the process; one that is gone has no readings."""
        self._lacking = _psutil().Error
        try:
            self._process = _psutil().Process(pid)
        except self._lacking:
            self._process = None

    def __call__(self) -> tuple[int, int, int] | None:
        """Return processor time in clock ticks, threads and resident bytes; None where the process is gone."""
        if self._process is None:
            return None
        try:
            with self._process.oneshot():
                times = self._process.cpu_times()
                threads = self._process.num_threads()
                resident = self._process.memory_info().rss
        except self._lacking:
            return None
        ticks = round((times.user + times.system) * proc.ticks_per_second())
        return ticks, int(threads), int(resident)


def total_memory() -> int:
    """Return the bytes of the machine's memory."""
    return int(_psutil().virtual_memory().total)


def cores() -> int | None:
    """Return how many cores all processors have together; None where the system does not tell."""
    count: int | None = _psutil().cpu_count(logical=False)
    return count


def highest_clock() -> float | None:
    """Return the greatest clock in hertz that the system may set; None where it does not tell."""
    try:
        frequency = _psutil().cpu_freq()
    except (OSError, RuntimeError):  # an architecture that psutil does not know
        return None
    if frequency is None or not frequency.max:
        return None
    return float(frequency.max) * 1e6
