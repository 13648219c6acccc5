"""The machine and the software of a profile: what is installed, and the state that it was in."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pydantic import JsonValue

from benchfmt.profiler import portable, proc
from benchfmt.profiler.nvml import Nvml, NvmlError, open_nvml

_ARCHITECTURES = {
    "x86_64": "x86-64",
    "amd64": "x86-64",
    "i686": "x86",
    "aarch64": "armv8-a",
    "arm64": "armv8-a",
    "armv7l": "armv7-a",
    "armv6l": "armv6",
    "riscv64": "riscv64",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
    "loongarch64": "loongarch64",
}
_SMT = {"1": True, "0": False}
_PACKAGES = (
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "onnx",
    "mlcommons-loadgen",
    "tensorrt",
    "cuda-python",
)


def system(root: Path = proc.ROOT, nvml: Nvml | NvmlError | None = None) -> dict[str, JsonValue]:
    """Return the machine as part of a record: what is installed, nothing that changes from run to run."""
    gpu = nvml or open_nvml()
    accelerator = None
    if isinstance(gpu, Nvml):
        accelerator = _gpu(gpu)
    processors = _cpu_info(root)
    # What kind of machine it is can be told only where a hypervisor says so.
    kind = None
    if any("hypervisor" in entry.get("flags", "").split() for entry in processors):
        kind = "virtual-machine"
    board = proc.text(root / "proc/device-tree/model") or ""
    return _known(
        name=board.rstrip("\0") or _dmi(root) or None,
        kind=kind,
        nodes=1,
        processor=_processor(root, processors),
        accelerator=accelerator,
        memory_bytes=_memory(root),
        operating_system=f"{platform.system()} {platform.release()}",
    )


def _processor(root: Path, processors: list[dict[str, str]]) -> dict[str, JsonValue]:
    packages = {entry.get("physical id", "0") for entry in processors}
    return _known(
        name=_processor_name(processors) or platform.processor() or None,
        architecture=_ARCHITECTURES.get(platform.machine().lower()),
        count=len(packages) or None,
        cores=_cores(root, processors, len(packages) or 1),
        clock_hz=_highest_clock(root),
    )


def _processor_name(processors: list[dict[str, str]]) -> str | None:
    for entry in processors:
        for key in ("model name", "Model", "Hardware"):
            if key in entry:
                return entry[key]
    return None


def _cores(root: Path, processors: list[dict[str, str]], packages: int) -> int | None:
    """Return the cores of one processor."""
    if _asks_psutil(root):
        total = portable.cores()
        if total is not None:
            return total // packages
    if not processors:
        return os.cpu_count()
    cores = set()
    for place, entry in enumerate(processors):
        cores.add((entry.get("physical id", "0"), entry.get("core id", str(place))))
    return len(cores) // packages


def _asks_psutil(root: Path) -> bool:
    """Say whether this machine itself is meant, no tree of files, and psutil knows it."""
    return root == proc.ROOT and portable.is_installed()


def _gpu(nvml: Nvml) -> dict[str, JsonValue]:
    """Return the GPU that a run may see; how many there are is told where NVML counts them."""
    count = None
    with suppress(NvmlError, AttributeError):
        count = nvml.count()
    return _known(kind="gpu", name=nvml.name, count=count, memory_bytes=nvml.total())


def _cpu_info(root: Path) -> list[dict[str, str]]:
    text = proc.text(root / "proc/cpuinfo") or ""
    found = []
    for part in text.split("\n\n"):
        pairs = (line.partition(":") for line in part.splitlines())
        entry = {key.strip(): value.strip() for key, _, value in pairs if value.strip()}
        if "processor" in entry:
            found.append(entry)
    return found


def _highest_clock(root: Path) -> float | None:
    """Return the greatest clock that the processor may have; the current one is a moment's, and constant on many clouds."""
    # psutil tells the greatest clock that is allowed at the moment, so it is asked only where there is no such file.
    kilohertz = proc.number(root / "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")
    if kilohertz:
        return kilohertz * 1e3
    if _asks_psutil(root):
        return portable.highest_clock()
    return None


def _dmi(root: Path) -> str | None:
    words = [proc.text(root / "sys/class/dmi/id" / name) for name in ("sys_vendor", "product_name")]
    return " ".join(word for word in words if word) or None


def _memory(root: Path) -> int | None:
    if _asks_psutil(root):
        return portable.total_memory()
    for line in (proc.text(root / "proc/meminfo") or "").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return None


@dataclass(frozen=True, kw_only=True)
class State:
    """What of the machine may change from run to run and changes the numbers; None where nobody tells."""

    governor: str
    logical_processors: int | None = None
    usable_processors: int | None = None
    smt: bool | None = None
    container: str | None = None
    cgroup: proc.CgroupLimits | None = None
    load_average: float | None = None


def state(root: Path = proc.ROOT) -> State:
    """Return the state that the machine is in."""
    processors = root / "sys/devices/system/cpu"
    limits: proc.CgroupLimits | None = proc.Cgroup.find(root).limits()
    if limits == proc.CgroupLimits():
        limits = None
    return State(
        governor=proc.text(processors / "cpu0/cpufreq/scaling_governor") or "not told",
        logical_processors=os.cpu_count(),
        usable_processors=proc.usable_processors(),
        smt=_SMT.get(proc.text(processors / "smt/active") or ""),
        container=_container(root),
        cgroup=limits,
        load_average=_load_average(),
    )


def _load_average() -> float | None:
    with suppress(OSError, AttributeError):
        return os.getloadavg()[0]
    return None


def _container(root: Path) -> str | None:
    for place, word in ((".dockerenv", "docker"), ("run/.containerenv", "podman")):
        if (root / place).exists():
            return word
    return os.environ.get("container")  # noqa: SIM112 - systemd and podman write it in small letters


def stack(nvml: Nvml | NvmlError | None = None) -> dict[str, str]:
    """Return the versions of what a run goes through."""
    gpu = nvml if nvml is not None else open_nvml()
    found = {"python": platform.python_version(), "python-build": sys.implementation.name}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found | (gpu.versions() if isinstance(gpu, Nvml) else {})


def _known(**facts: JsonValue) -> dict[str, JsonValue]:
    return {name: value for name, value in facts.items() if value is not None and value != {}}
