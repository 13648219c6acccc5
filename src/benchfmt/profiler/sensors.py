"""Sensors of temperature, power, energy and load: which there are, and why there are no others.

Only the standard library is imported. A channel is one number that can be read again and again: a gauge (a temperature,
a power) or a counter (an energy, a busy time). What a machine does not have is an `Absent` with a reason from the closed
list of the standard and words that name the file that was looked for. Codes are read from below a root, so that a test
can make any machine of files.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.profiler.nvml import Nvml, NvmlError
from benchfmt.profiler.proc import number, text
from benchfmt.profiler.sampled import Absent, Failure, Kind, Readings

SHARE = 0.001
"""A channel is read so seldom that it costs no more than this share of a core: NVML's energy counter takes milliseconds."""
LONGEST = 1.0
"""So many seconds may lie between two readings of a gauge, however dear: a measurement of 3 s has to see it."""
PATIENCE = 3
"""How many readings may fail in a row before a channel is given up."""
PLAUSIBLE = {
    "temperature": (-90.0, 200.0),
    "power": (0.0, 1e6),
    "utilization": (0.0, 1.0),
    "memory": (0.0, 1e18),
}
_CPU_HWMON = (
    "coretemp",
    "k10temp",
    "zenpower",
    "cpu_thermal",
    "soc_thermal",
    "cpu-thermal",
    "scpi_sensors",
)
_CPU_ZONES = (
    "x86_pkg_temp",
    "cpu-thermal",
    "cpu_thermal",
    "cpu-therm",
    "soc_thermal",
    "tcpu",
    "bcm2835_thermal",
)
_GPU_ZONES = ("gpu-thermal", "gpu_thermal", "gpu-therm")
_BOARD_RAILS = ("vdd_in", "pom_5v_in", "vdd_sys", "vin", "in_main")


@dataclass(slots=True)
class Channel:
    """One number that can be read; `kind` is gauge or counter, `wrap` where a counter starts again from 0."""

    id: str
    metric: str
    scope: str
    kind: Kind
    source: str
    read: Callable[[], float]
    wrap: float | None = None
    reads: int = 0
    due: float = 0.0
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    cost: float = 0.0
    failed: Failure | None = None
    misses: int = 0

    def tick(self, now: float) -> None:
        """Read the channel, unless it is dear and was read a short time ago."""
        if self.failed or now < self.due:
            return
        before = time.thread_time()
        self.take(now)
        spent = time.thread_time() - before
        self.cost += spent
        self.reads += 1
        pause = spent / SHARE
        if self.kind == "gauge":
            pause = min(pause, LONGEST)
        self.due = now + pause

    def take(self, now: float) -> None:
        """Read the channel once; after some failures in a row it is given up with the reason."""
        if self.failed:
            return
        try:
            value = self.read()
            low, high = PLAUSIBLE.get(self.metric, (-float("inf"), float("inf")))
            if self.kind == "gauge" and not low <= value <= high:
                raise ValueError(f"{value:g} cannot be")
        except (OSError, ValueError, NvmlError) as error:
            self.misses += 1
            if self.misses >= PATIENCE:
                self.failed = Failure(reason_of(error), f"{self.source}: {told(error)}")
            return
        self.misses = 0
        self.times.append(now)
        self.values.append(value)

    def readings(self) -> Readings:
        """Return what was read."""
        if self.failed is None and self.misses and not self.values:
            detail = f"{self.source}: no reading succeeded"
            self.failed = Failure("sensor-failed", detail)
        return Readings(
            metric=self.metric,
            scope=self.scope,
            kind=self.kind,
            source=self.source,
            id=self.id,
            wrap=self.wrap,
            times=self.times,
            values=self.values,
            cost=self.cost,
            reads=self.reads,
            failed=self.failed,
        )


def reason_of(error: Exception) -> str:
    """Return the reason of the closed list that an error of a sensor amounts to."""
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
        return "permission-denied"
    if isinstance(error, FileNotFoundError):
        return "no-sensor"
    return "sensor-failed"


def told(error: Exception) -> str:
    """Return an error in words, without the path that is said already."""
    words = str(error)
    if isinstance(error, OSError):
        words = error.strerror or ""
    return words or type(error).__name__


def discover(
    root: Path, nvml: Nvml | NvmlError | None, pid: int
) -> tuple[list[Channel], list[Absent]]:
    """Return the channels of this machine, and what it has none for."""
    channels: list[Channel] = []
    absent: list[Absent] = []
    for found in (
        _cpu_temperature(root),
        _rapl(root),
        _rails(root),
        _gpu_files(root),
        _npu(root),
        _nvml(nvml, pid),
    ):
        for item in found:
            if isinstance(item, Channel):
                channels.append(item)
            else:
                absent.append(item)
    had = {(channel.metric, channel.scope) for channel in channels}
    told_already = {(item.metric, item.scope) for item in absent}
    for metric, scope, reason, detail in _wanted(
        root, nvml, gpu=any(c.scope == "gpu" for c in channels)
    ):
        if (metric, scope) not in had | told_already:
            absent.append(Absent(metric, scope, reason, detail))
    return channels, [item for item in absent if (item.metric, item.scope) not in had]


def _wanted(
    root: Path, nvml: Nvml | NvmlError | None, *, gpu: bool
) -> Iterator[tuple[str, str, str, str]]:
    """Yield what a profile must state, with the reason that holds where no channel gives it."""
    lookup = f"{root}/sys/class".replace("//", "/")
    yield (
        "temperature",
        "cpu",
        "no-sensor",
        f"no processor sensor in {lookup}/hwmon or {lookup}/thermal",
    )
    yield "energy", "cpu", "no-sensor", f"no RAPL package in {lookup}/powercap"
    yield (
        "power",
        "board",
        "no-sensor",
        "no power monitor of a whole board (INA3221 or hwmon power) was found",
    )
    reason, detail = _without_gpu_channel(nvml, gpu=gpu)
    for metric in ("utilization", "memory", "temperature", "energy"):
        yield metric, "gpu", reason, detail
    yield (
        "utilization",
        "npu",
        "no-sensor",
        f"no neural processor in {lookup}/accel reports its busy time",
    )
    yield (
        "memory-bandwidth",
        "memory",
        "no-sensor",
        "the counters of the memory controllers are not open to a program; memory traffic is not derived from times",
    )


def _without_gpu_channel(nvml: Nvml | NvmlError | None, *, gpu: bool) -> tuple[str, str]:
    """Return the reason why a number of the GPU has no channel, and words."""
    if gpu:
        return "no-sensor", "this GPU has no such sensor"
    why = "NVML was not used"
    if isinstance(nvml, NvmlError):
        why = nvml.detail
    return "not-applicable", f"no GPU that can be read ({why})"


class _File:
    """A file of the kernel that is opened once and read from its start each time."""

    def __init__(self, path: Path, scale: float) -> None:
        self.path = path
        self.scale = scale
        self.handle: int | None = None

    def __call__(self) -> float:
        if self.handle is None:
            self.handle = os.open(self.path, os.O_RDONLY)
        words = os.pread(self.handle, 64, 0).split()
        if not words:
            raise ValueError("the file is empty")
        return int(words[0]) * self.scale


def _folders(place: Path, pattern: str) -> list[Path]:
    with suppress(OSError):
        return sorted(place.glob(pattern))
    return []


def _gauge(name: str, metric: str, scope: str, path: Path, scale: float) -> Channel:
    return Channel(name, metric, scope, "gauge", str(path), _File(path, scale))


def _cpu_temperature(root: Path) -> Iterator[Channel | Absent]:
    """Yield the hottest-of-package sensors: hwmon where there is one, else thermal zones."""
    for folder in _folders(root / "sys/class/hwmon", "hwmon*"):
        if (text(folder / "name") or "") in _CPU_HWMON:
            for path in _folders(folder, "temp*_input")[
                :1
            ]:  # the first is the package; the others are single cores
                yield _gauge(f"{folder.name}-{path.name}", "temperature", "cpu", path, 1e-3)
                return
    for folder in _folders(root / "sys/class/thermal", "thermal_zone*"):
        kind = (text(folder / "type") or "").lower()
        if kind in _CPU_ZONES or kind in _GPU_ZONES:
            scope = "cpu"
            if kind in _GPU_ZONES:
                scope = "gpu"
            yield _gauge(f"{folder.name}-{kind}", "temperature", scope, folder / "temp", 1e-3)


def _rapl(root: Path) -> Iterator[Channel | Absent]:
    """Yield the energy counters of processor packages and their memory; microjoules that wrap around."""
    for folder in _folders(root / "sys/class/powercap", "intel-rapl:*"):
        name = text(folder / "name") or ""
        scope = "memory"
        if name.startswith("package"):
            scope = "cpu"
        elif name != "dram":
            continue  # core and uncore are within the package; psys counts more than can be named
        path = folder / "energy_uj"
        highest = number(folder / "max_energy_range_uj")
        reader = _File(path, 1e-6)
        try:
            reader()
        except (OSError, ValueError) as error:
            yield Absent("energy", scope, reason_of(error), f"{path}: {told(error)}")
            continue
        wrap = None
        if highest:
            wrap = (highest + 1) * 1e-6
        yield Channel(f"{folder.name}-{name}", "energy", scope, "counter", str(path), reader, wrap)


class _Product:
    """Volts times amperes, of two files in milli-units."""

    def __init__(self, volts: Path, amperes: Path) -> None:
        self.volts, self.amperes = _File(volts, 1e-3), _File(amperes, 1e-3)

    def __call__(self) -> float:
        return self.volts() * self.amperes()


def _rails(root: Path) -> Iterator[Channel | Absent]:
    """Yield the supply rails of boards that measure them (INA3221 on Jetson modules), the input of the board by name."""
    for folder in _folders(root / "sys/bus/i2c/drivers/ina3221", "*/hwmon/hwmon*"):
        for label in _folders(folder, "in*_label"):
            index = label.name.removeprefix("in").removesuffix("_label")
            amperes = folder / f"curr{index}_input"
            if amperes.exists():
                reader = _Product(folder / f"in{index}_input", amperes)
                yield _rail(
                    text(label) or f"rail {index}", str(folder / f"in{index}_input"), reader
                )
    for folder in _folders(root / "sys/bus/i2c/drivers/ina3221x", "*/iio:device*"):
        for label in _folders(folder, "rail_name_*"):
            index = label.name.removeprefix("rail_name_")
            path = folder / f"in_power{index}_input"
            yield _rail(text(label) or f"rail {index}", str(path), _File(path, 1e-3))
    for folder in _folders(root / "sys/class/hwmon", "hwmon*"):
        for path in _folders(folder, "power*_input"):
            named = text(path.with_name(path.name.replace("_input", "_label")))
            yield _rail(named or text(folder / "name") or folder.name, str(path), _File(path, 1e-6))


def _rail(label: str, source: str, reader: Callable[[], float]) -> Channel:
    scope = f"rail:{label}"
    if label.lower() in _BOARD_RAILS:
        scope = "board"
    return Channel(f"rail-{label}", "power", scope, "gauge", source, reader)


def _gpu_files(root: Path) -> Iterator[Channel | Absent]:
    """Yield the load of GPUs that tell it in a file: Jetson (per mille) and amdgpu (per cent)."""
    for path in [
        root / "sys/devices/gpu.0/load",
        *_folders(root / "sys/devices/platform", "*gpu*/load"),
    ]:
        if path.exists():
            yield _gauge("gpu-load", "utilization", "gpu", path, 1e-3)
            return
    for path in _folders(root / "sys/class/drm", "card*/device/gpu_busy_percent"):
        yield _gauge(f"{path.parent.parent.name}-busy", "utilization", "gpu", path, 1e-2)
        used = path.with_name("mem_info_vram_used")
        if used.exists():
            yield _gauge(f"{path.parent.parent.name}-memory", "memory", "gpu", used, 1.0)
        return


def _npu(root: Path) -> Iterator[Channel | Absent]:
    """Yield the busy time of Intel's neural processors (the driver intel_vpu counts microseconds)."""
    for path in _folders(root / "sys/class/accel", "accel*/device/npu_busy_time_us"):
        yield Channel(
            f"{path.parent.parent.name}-busy",
            "utilization",
            "npu",
            "counter",
            str(path),
            _File(path, 1e-6),
        )


def _nvml(nvml: Nvml | NvmlError | None, pid: int) -> Iterator[Channel | Absent]:
    """Yield the channels of the first NVIDIA GPU that the run may see; power and energy are the board's."""
    if nvml is None or isinstance(nvml, NvmlError):
        return
    name = f"NVML {nvml.name}"
    asked: tuple[tuple[str, Kind, Callable[[], float]], ...] = (
        ("utilization", "gauge", nvml.load),
        ("temperature", "gauge", nvml.temperature),
        ("energy", "counter", nvml.energy),
        ("power", "gauge", nvml.power),
    )
    for metric, kind, read in asked:
        try:
            read()
        except NvmlError as error:
            yield Absent(metric, "gpu", error.reason, f"{name}: {error}")
        else:
            yield Channel(f"nvml-{metric}", metric, "gpu", kind, name, read)
    memory, how = nvml.memory(pid)
    yield Channel(f"nvml-memory-{how}", "memory", "gpu", "gauge", f"{name}, {how}", memory)
