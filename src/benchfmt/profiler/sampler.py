"""The sampler: a process of its own that watches another one and the machine's sensors, and says what that cost.

It imports only the standard library and reads files of the kernel raw, opened once. Peaks of memory are not its business:
the kernel keeps them (`proc.reset_peak`). It starts when told, reads counters at once where a line comes (the moments at
which a measurement begins and ends), stops when its input ends, and prints one JSON document.
"""

from __future__ import annotations

import json
import os
import resource
import select
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchfmt.profiler import proc
from benchfmt.profiler.nvml import NvmlError, open_nvml
from benchfmt.profiler.plain import plain
from benchfmt.profiler.sampled import MachineReading, ProcessReadings, Sampled
from benchfmt.profiler.sensors import Channel, discover

MOST = 36_000
"""How many ticks are kept: an hour at 10 Hz; the oldest go first."""
PASSED, LINE, END = "passed", "line", "end"
SLOW = 10
"""Files of the whole machine are read every so many ticks."""
_UTIME, _STIME, _THREADS, _RSS = 11, 12, 17, 21
"""Places in /proc/<pid>/stat after the closing bracket of the name (proc(5))."""


def main(arguments: str) -> None:
    """Watch a process until the input ends, then print what was seen."""
    asked = json.loads(arguments)
    root = Path(asked.get("root", "/"))
    nvml = (
        open_nvml(device=asked.get("gpu", 0))
        if asked.get("nvml", True)
        else NvmlError("NVML was not asked")
    )
    channels, absent = discover(root, nvml, asked["pid"])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    watched = watch(asked["pid"], asked["hz"], channels, root, _wait)
    json.dump(plain(replace(watched, absent=absent)), sys.stdout)
    sys.stdout.flush()


def _wait(seconds: float) -> str:
    """Wait for a line, the end of the input, or the time to pass, and say which it was."""
    if not select.select([sys.stdin], [], [], max(seconds, 0.0))[0]:
        return PASSED
    return LINE if os.read(sys.stdin.fileno(), 4096) else END


def watch(
    pid: int, hertz: float, channels: list[Channel], root: Path, wait: Callable[[float], str]
) -> Sampled:
    """Return what was seen of a process and of the sensors, tick by tick, until `wait` says that it is the end."""
    rows: deque[tuple[float, int, int, int]] = deque(maxlen=MOST)
    machine: list[MachineReading] = []
    process = _opened(root / "proc" / str(pid) / "stat")
    step = 1 / hertz
    at_start = _own_cpu()
    start = due = time.monotonic()
    ticks = late = 0
    stopped = last = marked = False
    while not last:
        last = (
            stopped  # one more reading after the end, so that readings span whatever was measured
        )
        now = time.monotonic()
        late += now - due > step
        row = _process_row(process)
        if row is not None:
            rows.append((now, *row))
        if ticks % SLOW == 0:
            machine.append(_machine(now, root))
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
    spent = _own_cpu() - at_start
    return Sampled(
        hz=hertz,
        start=start,
        wall=wall,
        ticks=ticks,
        late=late,
        observer_cpu=spent,
        observer_start_cpu=at_start,
        observer_share=spent / wall if wall else None,
        page_size=os.sysconf("SC_PAGE_SIZE"),
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


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


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
