"""Running a task in a fresh process and reading what it took.

The peak is VmHWM of the child itself: `ru_maxrss` of a child can be its parent's peak at the moment of the fork.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


AS_THE_COMMAND = frozenset({"validate_any"})
"""The tasks whose process sets up the allocator as the command line does."""


@dataclass
class Taken:
    """What one run took: wall and CPU seconds, MiB before it and at its peak, and what it counted."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    base_mib: float = 0.0
    peak_mib: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def over_mib(self) -> float:
        """The peak over what imports and warm-up had taken."""
        return self.peak_mib - self.base_mib


@contextmanager
def measured(taken: Taken) -> Iterator[None]:
    """Fill in what the block takes; to be used once, in the task's own process, after imports and warm-up."""
    taken.base_mib = _status("VmRSS")
    # 5 makes the peak start again from here (proc(5)), so that a warm-up does not count.
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    start, cpu = time.perf_counter(), time.process_time()
    yield
    taken.seconds = time.perf_counter() - start
    taken.cpu_seconds = time.process_time() - cpu
    taken.peak_mib = _status("VmHWM")


@contextmanager
def children() -> Iterator[Taken]:
    """Tell what the processes that the block starts take: their CPU seconds, and the peak of the largest.

    `facts["own_cpu_seconds"]` are those without the seconds of processes that they started in turn, but for the last
    tenth of a second.
    """
    taken = Taken()
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(taken, done), daemon=True)
    before = _cpu_of_children()
    watcher.start()
    yield taken
    done.set()
    watcher.join()
    taken.cpu_seconds = _cpu_of_children() - before


def _watch(taken: Taken, done: threading.Event) -> None:
    here = Path(f"/proc/self/task/{os.getpid()}/children")
    own: dict[str, float] = {}
    while not done.wait(0.1):
        for child in here.read_text("ascii").split():
            with suppress(OSError, StopIteration):  # it may be gone meanwhile
                taken.peak_mib = max(taken.peak_mib, _status("VmHWM", child))
                own[child] = _own_cpu(child)
    taken.facts["own_cpu_seconds"] = sum(own.values())


def _own_cpu(process: str) -> float:
    """Return the CPU seconds of a process itself, of all its threads (proc(5): utime and stime)."""
    text = Path(f"/proc/{process}/stat").read_text("ascii", errors="replace")
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bytes_read() -> int:
    """Return how many bytes this process has read so far, from wherever (proc(5): rchar)."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("rchar"))


def run_task(name: str, **arguments: Any) -> Taken:
    """Return what a task of bench.tasks took in a process of its own; raises RuntimeError where it failed."""
    code = "import sys; from bench.tasks import main; main(*sys.argv[1:])"
    if name in AS_THE_COMMAND:
        code = f"from benchfmt.allocator import keep_little; keep_little(); {code}"
    done = subprocess.run(
        [sys.executable, "-c", code, name, json.dumps(arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"task {name} failed:\n{done.stderr[-3000:]}")
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def run_command(command: list[str]) -> Taken:
    """Return how long a command takes from start to end."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return Taken(seconds=time.perf_counter() - start)


def _status(name: str, process: str = "self") -> float:
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
