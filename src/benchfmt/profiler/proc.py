"""What Linux says about processes and the machine, read raw: no helper library, no more than one file a question.

Only the standard library is imported: the sampler runs this in a process that must cost next to nothing. Where a file
is not there or may not be read, the answer is None; nothing is ever 0 for want of an answer.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path("/")
CPU_FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counters of the whole machine at one moment; two of them tell what happened between."""

    monotonic: float
    own_cpu: float
    cpu: dict[str, int] | None
    pressure: dict[str, int] | None
    throttled: int | None
    involuntary: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return the snapshot as plain data."""
        return asdict(self)


def text(path: Path) -> str | None:
    """Return the stripped text of a small file of the kernel, or None where it cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("utf-8").strip()
    return None


def number(path: Path) -> int | None:
    """Return the integer that a file of the kernel holds, or None."""
    with suppress(TypeError, ValueError):
        return int(text(path))  # type: ignore[arg-type]
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

    def facts(self) -> dict[str, Any]:
        """Return the limits of the group, and its peak of memory, which counts the page cache and other processes too."""
        found: dict[str, Any] = {}
        if self.memory and (limit := number(self.memory / "memory.limit_in_bytes")) is not None:
            # Without a limit, version 1 shows the greatest number of pages there can be.
            found |= {"version": 1, **({"memory_limit_bytes": limit} if limit < 2**60 else {})}
            found |= _named("memory_peak_bytes", number(self.memory / "memory.max_usage_in_bytes"))
        elif self.unified:
            found |= {"version": 2}
            found |= _named("memory_limit_bytes", number(self.unified / "memory.max"))
            found |= _named("memory_peak_bytes", number(self.unified / "memory.peak"))
        return found | _named("cpu_limit", self._cpu_limit())

    def _cpu_limit(self) -> float | None:
        if self.cpu:
            quota, period = (
                number(self.cpu / "cpu.cfs_quota_us"),
                number(self.cpu / "cpu.cfs_period_us"),
            )
        elif self.unified:
            words = (text(self.unified / "cpu.max") or "max 0").split()
            quota, period = (int(words[0]), int(words[1])) if words[0] != "max" else (-1, 0)
        else:
            return None
        return quota / period if quota and quota > 0 and period else None

    def throttled(self) -> int | None:
        """Return the nanoseconds for which the group was kept from running, or None where nobody counts."""
        for folder, name, scale in (
            (self.cpu, "throttled_time", 1),
            (self.unified, "throttled_usec", 1000),
        ):
            for line in (text(folder / "cpu.stat") or "").splitlines() if folder else ():
                if line.startswith(f"{name} "):
                    return int(line.split()[1]) * scale
        return None


def _named(name: str, value: Any) -> dict[str, Any]:
    return {} if value is None else {name: value}


def between(before: dict[str, Any], after: dict[str, Any]) -> dict[str, float]:
    """Return what happened between two snapshots, as shares of the time: who else used the machine, and who waited."""
    wall = after["monotonic"] - before["monotonic"]
    found: dict[str, float] = {"seconds": wall, "own": (after["own_cpu"] - before["own_cpu"])}
    if before["cpu"] and after["cpu"]:
        spent = {name: after["cpu"][name] - before["cpu"][name] for name in CPU_FIELDS}
        total = sum(spent.values())
        if total > 0:
            tick = os.sysconf("SC_CLK_TCK")
            busy = total - spent["idle"] - spent["iowait"] - spent["steal"]
            found["load"] = busy / total
            found["steal"] = spent["steal"] / total
            found["others"] = max(busy / tick - found["own"], 0.0) / (total / tick)
    for kind in before["pressure"] or {}:
        if wall > 0 and kind in (after["pressure"] or {}):
            found[f"pressure-{kind}"] = (
                (after["pressure"][kind] - before["pressure"][kind]) / 1e6 / wall
            )
    if before["throttled"] is not None and after["throttled"] is not None and wall > 0:
        found["throttled"] = (after["throttled"] - before["throttled"]) / 1e9 / wall
    if before["involuntary"] is not None and after["involuntary"] is not None:
        found["involuntary-switches"] = after["involuntary"] - before["involuntary"]
    return found
