"""The sampler: a process of its own that watches another one and the machine's sensors, and says what that cost.

It imports only the standard library and reads files of the kernel raw, opened once. Peaks of memory are not its business:
the kernel keeps them (`proc.reset_peak`). It starts when told, reads counters at once where a line comes (the moments at
which a measurement begins and ends), stops when its input ends, and prints one JSON document.
"""

from __future__ import annotations

import json
import mmap
import os
import queue
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchfmt.profiler import proc
from benchfmt.profiler.nvml import Nvml, NvmlError, open_nvml
from benchfmt.profiler.plain import plain
from benchfmt.profiler.sampled import MachineReading, ProcessReadings, Sampled
from benchfmt.profiler.sensors import Channel, discover

MOST = 36_000
"""How many ticks are kept: an hour at 10 Hz; the oldest go first."""
PASSED, LINE, END = "passed", "line", "end"
SLOW = 10
"""Files of the whole machine are read every so many ticks."""
PAGE_SIZE = mmap.PAGESIZE
_UTIME, _STIME, _THREADS, _RSS = 11, 12, 17, 21
"""Places in /proc/<pid>/stat after the closing bracket of the name (proc(5))."""


def main(arguments: str) -> None:
    """Watch a process until the input ends, then print what was seen."""
    asked = json.loads(arguments)
    root, pid = Path(asked.get("root", "/")), asked["pid"]
    nvml: Nvml | NvmlError = NvmlError("NVML was not used")
    if asked.get("nvml", True):
        nvml = open_nvml(device=asked.get("gpu", 0))
    channels, absent = discover(root, nvml, pid)
    watched = _by_files(pid, root)
    wait = _wait
    if asked.get("packages"):  # there is no /proc: psutil has the numbers
        sys.path.append(asked["packages"])
        watched = _by_psutil(pid)
        wait = _Input().wait
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sampled = watch(watched, asked["hz"], channels, wait)
    try:
        json.dump(plain(replace(sampled, absent=absent)), sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who asked was killed: nothing is left to say, not even on a terminal.
        os._exit(1)


def _wait(seconds: float) -> str:
    """Wait for a line, the end of the input, or the time to pass, and say which it was."""
    if not select.select([sys.stdin], [], [], max(seconds, 0.0))[0]:
        return PASSED
    return _event(os.read(sys.stdin.fileno(), 4096))


def _event(text: bytes) -> str:
    if text:
        return LINE
    return END


class _Input:
    """The input where the system cannot wait for a pipe (Windows): a thread reads it."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        event = LINE
        while event != END:
            event = _event(os.read(sys.stdin.fileno(), 4096))
            self._events.put(event)

    def wait(self, seconds: float) -> str:
        """Wait for a line, the end of the input, or the time to pass, and say which it was."""
        try:
            return self._events.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            return PASSED


@dataclass(frozen=True)
class Watched:
    """How a process and the machine are read; a row of the process is None where it is gone."""

    row: Callable[[], tuple[int, int, int] | None]
    machine: Callable[[float], MachineReading]
    page_size: int


def _by_files(pid: int, root: Path) -> Watched:
    process = _opened(root / "proc" / str(pid) / "stat")
    return Watched(partial(_process_row, process), partial(_machine, root=root), PAGE_SIZE)


def _by_psutil(pid: int) -> Watched:
    from benchfmt.profiler import portable

    def machine(now: float) -> MachineReading:
        return MachineReading(time=now, cpu=portable.cpu_ticks())

    return Watched(portable.Rows(pid), machine, portable.PAGE_SIZE)


def watch(
    watched: Watched, hertz: float, channels: list[Channel], wait: Callable[[float], str]
) -> Sampled:
    """Return what was seen of a process and of the sensors, tick by tick, until `wait` says that it is the end."""
    rows: deque[tuple[float, int, int, int]] = deque(maxlen=MOST)
    machine: list[MachineReading] = []
    step = 1 / hertz
    at_start = time.process_time()
    start = due = time.monotonic()
    ticks = late = 0
    stopped = last = marked = False
    while not last:
        last = (
            stopped  # one more reading after the end, so that readings span whatever was measured
        )
        now = time.monotonic()
        late += now - due > step
        row = watched.row()
        if row is not None:
            rows.append((now, *row))
        if ticks % SLOW == 0:
            machine.append(watched.machine(now))
        for channel in channels:
            # A counter that was read when the measurement ended has told all that it can.
            if last and not (marked and channel.kind == "counter"):
                channel.due = 0.0
            channel.tick(now)
        ticks += 1
        due = max(due + step, time.monotonic())
        what = END if stopped else wait(due - time.monotonic())
        while what == LINE:
            marked = True
            _read_counters(channels)
            what = wait(due - time.monotonic())
        stopped = what == END
    wall = time.monotonic() - start
    spent = time.process_time() - at_start
    return Sampled(
        hz=hertz,
        start=start,
        wall=wall,
        ticks=ticks,
        late=late,
        observer_cpu=spent,
        observer_start_cpu=at_start,
        observer_share=spent / wall if wall else None,
        page_size=watched.page_size,
        clock_ticks=proc.ticks_per_second(),
        process=ProcessReadings(
            times=[row[0] for row in rows],
            cpu=[row[1] for row in rows],
            threads=[row[2] for row in rows],
            pages=[row[3] for row in rows],
        ),
        machine=machine,
        channels=[channel.readings() for channel in channels],
    )


def _read_counters(channels: list[Channel]) -> None:
    for channel in channels:
        if channel.kind == "counter":
            channel.due = 0.0
            channel.tick(time.monotonic())


def _opened(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY)
    except OSError:
        return None


def _process_row(handle: int | None) -> tuple[int, int, int] | None:
    """Return CPU ticks, threads and resident pages of the watched process, or None where it is gone."""
    if handle is None:
        return None
    try:
        words = os.pread(handle, 512, 0).rpartition(b")")[2].split()
    except OSError:
        return None
    if len(words) <= _RSS:
        return None
    return int(words[_UTIME]) + int(words[_STIME]), int(words[_THREADS]), int(words[_RSS])


def _machine(now: float, root: Path) -> MachineReading:
    return MachineReading(time=now, cpu=proc.cpu_times(root), pressure=proc.pressure(root))
