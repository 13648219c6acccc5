"""What Linux says about processes and the machine, read raw: no helper library, no more than one file a question.

Only the standard library is imported: the sampler runs this in a process that must cost next to nothing. Where a file
is not there or may not be read, the answer is None; nothing is ever 0 for want of an answer.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
CPU_FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_UNLIMITED = 2**60


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counters of the whole machine at one moment; two of them tell what happened between."""

    monotonic: float
    own_cpu: float
    cpu: dict[str, int] | None
    pressure: dict[str, int] | None
    throttled: int | None
    involuntary: int | None


def is_there(root: Path = ROOT) -> bool:
    """Say whether this system has the files that are read here."""
    return (root / "proc/stat").exists()


def ticks_per_second() -> int:
    """Return how many clock ticks of the kernel a second has; a hundred where there is no such thing."""
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_CLK_TCK")
    return 100


def usable_processors() -> int | None:
    """Return how many processors this process may use; None where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return None


def text(path: Path) -> str | None:
    """Return the stripped text of a small file of the kernel, or None where it cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("utf-8").strip()
    return None


def number(path: Path) -> int | None:
    """Return the integer that a file of the kernel holds, or None."""
    with suppress(TypeError, ValueError):
        return int(text(path))  # type: ignore[arg-type]  # None is a TypeError
    return None


def cpu_times(root: Path = ROOT) -> dict[str, int] | None:
    """Return the clock ticks of all processors together since boot, by kind (proc(5), /proc/stat)."""
    line = (text(root / "proc/stat") or "").partition("\n")[0].split()
    if len(line) < 9 or line[0] != "cpu":
        return None
    return dict(zip(CPU_FIELDS, map(int, line[1:9]), strict=True))


def pressure(root: Path = ROOT) -> dict[str, int] | None:
    """Return the microseconds in which some task waited for cpu, memory and io (pressure stall information)."""
    found = {}
    for kind in ("cpu", "memory", "io"):
        for line in (text(root / "proc/pressure" / kind) or "").splitlines():
            if line.startswith("some ") and "total=" in line:
                found[kind] = int(line.rpartition("total=")[2])
    return found or None


def status(pid: int | str = "self", root: Path = ROOT) -> dict[str, int]:
    """Return the numbers of /proc/<pid>/status: memory in bytes, context switches as counts."""
    found = {}
    for line in (text(root / "proc" / str(pid) / "status") or "").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        with suppress(ValueError, IndexError):
            found[name] = int(words[0]) * (1024 if words[1:] == ["kB"] else 1)
    return found


def reset_peak(root: Path = ROOT, pid: int | str = "self") -> bool:
    """Make a process's high-water mark of memory start again from what it holds now; say whether that worked.

    Writing 5 to clear_refs resets VmHWM and ru_maxrss (proc(5)).
    """
    with suppress(OSError):
        (root / "proc" / str(pid) / "clear_refs").write_text("5", "ascii")
        return True
    return False


def processor_time(pid: int, root: Path = ROOT) -> float | None:
    """Return the seconds that another process has used, to a tick of the kernel; None where it cannot be read."""
    words = (text(root / "proc" / str(pid) / "stat") or "").rpartition(")")[2].split()
    with suppress(ValueError, IndexError):
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return None


def snapshot(root: Path = ROOT, pid: int | None = None) -> Snapshot:
    """Return the counters of the machine now, and those of this process or of another one."""
    import time

    return Snapshot(
        time.monotonic(),
        time.process_time() if pid is None else processor_time(pid, root) or 0.0,
        cpu_times(root),
        pressure(root),
        Cgroup.find(root).throttled(),
        status("self" if pid is None else pid, root).get("nonvoluntary_ctxt_switches"),
    )


@dataclass(frozen=True, slots=True)
class CgroupLimits:
    """The limits of a control group, and its peak of memory, which counts the page cache and other processes too."""

    version: int | None = None
    memory_limit_bytes: int | None = None
    memory_peak_bytes: int | None = None
    cpu_limit: float | None = None


@dataclass(frozen=True, slots=True)
class Cgroup:
    """The control group of this process: version 2, or the memory and cpu hierarchies of version 1, or none.

    Both versions may be mounted together; a controller is in one of them only.
    """

    unified: Path | None
    memory: Path | None
    cpu: Path | None

    @classmethod
    def find(cls, root: Path = ROOT) -> Cgroup:
        """Return the control group of this process as /proc/self/cgroup names it."""
        unified = memory = cpu = None
        base = root / "sys/fs/cgroup"
        for line in (text(root / "proc/self/cgroup") or "").splitlines():
            _, controllers, place = line.split(":", 2)
            if not controllers:
                # In a container the path is that of the host, and the mount is the group itself.
                folders = [base / place.strip("/"), base / "unified" / place.strip("/"), base]
                unified = next((f for f in folders if (f / "cgroup.controllers").is_file()), None)
            for controller in controllers.split(","):
                folders = [
                    base / controllers / place.strip("/"),
                    base / controller / place.strip("/"),
                    base / controller,
                ]
                folder = next((f for f in folders if f.is_dir()), None)
                memory = folder if controller == "memory" else memory
                cpu = folder if controller == "cpu" else cpu
        return cls(unified, memory, cpu)

    def limits(self) -> CgroupLimits:
        """Return the limits of the group, and its peak of memory; what is not there is None."""
        cpu = self._cpu_limit()
        if self.memory and (limit := number(self.memory / "memory.limit_in_bytes")) is not None:
            peak = number(self.memory / "memory.max_usage_in_bytes")
            return CgroupLimits(1, _limit(limit), peak, cpu)
        if self.unified:
            limit = number(self.unified / "memory.max")
            return CgroupLimits(2, limit, number(self.unified / "memory.peak"), cpu)
        return CgroupLimits(cpu_limit=cpu)

    def _cpu_limit(self) -> float | None:
        """Return how many processors the group may use, or None without a limit."""
        quota: int | None = None
        period: int | None = None
        if self.cpu:
            quota = number(self.cpu / "cpu.cfs_quota_us")
            period = number(self.cpu / "cpu.cfs_period_us")
        elif self.unified:
            words = (text(self.unified / "cpu.max") or "max 0").split()
            if words[0] != "max":
                quota, period = int(words[0]), int(words[1])
        if not quota or quota < 0 or not period:
            return None
        return quota / period

    def throttled(self) -> int | None:
        """Return the nanoseconds for which the group was kept from running, or None where nobody counts."""
        counters = ((self.cpu, "throttled_time", 1), (self.unified, "throttled_usec", 1000))
        for folder, name, scale in counters:
            if folder is None:
                continue
            for line in (text(folder / "cpu.stat") or "").splitlines():
                if line.startswith(f"{name} "):
                    return int(line.split()[1]) * scale
        return None


def _limit(limit: int) -> int | None:
    """Return a limit of memory; without one, version 1 shows the greatest number of pages there can be."""
    if limit < _UNLIMITED:
        return limit
    return None
