"""NVIDIA's management library through ctypes: the driver brings it, so nothing has to be installed.

Only the standard library is imported. Energy is the counter since the driver was loaded (Volta and newer); power is a mean
over a second on Ampere and newer, so the counter is what energies are computed from.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress

_LIBRARIES = ("libnvidia-ml.so.1", "nvml.dll")
_REASONS = {3: "no-sensor", 4: "permission-denied", 9: "no-sensor"}
_ROOM = 128


class NvmlError(Exception):
    """The library is not there, or does not give a number; `reason` is one of the closed list."""

    def __init__(self, detail: str, reason: str = "no-sensor") -> None:
        """Keep the words and the reason."""
        super().__init__(detail)
        self.detail = detail
        self.reason = reason


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _Memory(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class _Process(ctypes.Structure):
    _fields_ = (
        ("pid", ctypes.c_uint),
        ("used", ctypes.c_ulonglong),
        ("instance", ctypes.c_uint),
        ("compute", ctypes.c_uint),
    )


class Nvml:
    """One GPU: by its index, as NVML counts them, or by its UUID."""

    def __init__(self, library: ctypes.CDLL, which: str = "0") -> None:
        """Open the GPU; raises NvmlError where there is none."""
        self._library = library
        self._handle = ctypes.c_void_p()
        self._ask("nvmlInit_v2")
        if which.isdecimal():
            self._ask(
                "nvmlDeviceGetHandleByIndex_v2",
                ctypes.c_uint(int(which)),
                ctypes.byref(self._handle),
            )
        else:
            self._ask(
                "nvmlDeviceGetHandleByUUID",
                ctypes.c_char_p(which.encode()),
                ctypes.byref(self._handle),
            )
        self.name = self._text("nvmlDeviceGetName")
        self._idle_memory = self.used()

    def _ask(self, function: str, *arguments: object) -> None:
        try:
            code = getattr(self._library, function)(*arguments)
        except AttributeError:
            raise NvmlError(f"this driver has no {function}") from None
        if code:
            raise NvmlError(f"{function} gives error {code}", _REASONS.get(code, "sensor-failed"))

    def _text(self, function: str) -> str:
        room = ctypes.create_string_buffer(96)
        self._ask(function, self._handle, room, ctypes.c_uint(len(room)))
        return room.value.decode("utf-8", "replace")

    def _number(
        self, function: str, kind: type[ctypes.c_uint | ctypes.c_ulonglong], *before: object
    ) -> int:
        found = kind()
        self._ask(function, self._handle, *before, ctypes.byref(found))
        return int(found.value)

    def count(self) -> int:
        """Return how many GPUs the driver knows."""
        found = ctypes.c_uint()
        self._ask("nvmlDeviceGetCount_v2", ctypes.byref(found))
        return int(found.value)

    def versions(self) -> dict[str, str]:
        """Return the versions of the driver and of the CUDA that it brings; what it does not tell is left out."""
        found: dict[str, str] = {}
        room, number = ctypes.create_string_buffer(96), ctypes.c_int()
        with suppress(NvmlError, AttributeError):
            self._ask("nvmlSystemGetDriverVersion", room, ctypes.c_uint(len(room)))
            found["nvidia-driver"] = room.value.decode("utf-8", "replace")
        with suppress(NvmlError, AttributeError):
            self._ask("nvmlSystemGetCudaDriverVersion_v2", ctypes.byref(number))
            found["cuda-driver"] = f"{number.value // 1000}.{number.value % 1000 // 10}"
        return found

    def load(self) -> float:
        """Return the share of the last sample period in which a kernel ran."""
        found = _Utilization()
        self._ask("nvmlDeviceGetUtilizationRates", self._handle, ctypes.byref(found))
        return float(found.gpu) / 100

    def temperature(self) -> float:
        """Return the temperature of the chip in degrees Celsius."""
        return float(self._number("nvmlDeviceGetTemperature", ctypes.c_uint, ctypes.c_uint(0)))

    def energy(self) -> float:
        """Return the joules since the driver was loaded."""
        return self._number("nvmlDeviceGetTotalEnergyConsumption", ctypes.c_ulonglong) / 1000

    def power(self) -> float:
        """Return the power of the board in watts."""
        return self._number("nvmlDeviceGetPowerUsage", ctypes.c_uint) / 1000

    def used(self) -> float:
        """Return the bytes in use on the whole device."""
        return float(self._memory().used)

    def total(self) -> int:
        """Return the bytes of the device."""
        return int(self._memory().total)

    def _memory(self) -> _Memory:
        found = _Memory()
        self._ask("nvmlDeviceGetMemoryInfo", self._handle, ctypes.byref(found))
        return found

    def memory(self, pid: int) -> tuple[Callable[[], float], str]:
        """Return how to read the memory of a process, and which way it is.

        In a container the driver names processes by their ids outside. Then it is the whole device, less what was used
        before, which says so by its name.
        """

        def of_process() -> float:
            used = self._of_process(pid)
            return used if used is not None else max(self.used() - self._idle_memory, 0.0)

        return of_process, "process, else device less what was used before"

    def _of_process(self, pid: int) -> float | None:
        count = ctypes.c_uint(_ROOM)
        room = (_Process * _ROOM)()
        try:
            self._ask(
                "nvmlDeviceGetComputeRunningProcesses_v3", self._handle, ctypes.byref(count), room
            )
        except (NvmlError, AttributeError):
            return None
        unknown = ctypes.c_ulonglong(-1).value
        return next(
            (float(p.used) for p in room[: count.value] if p.pid == pid and p.used != unknown), None
        )


def open_nvml(
    load: Callable[[str], ctypes.CDLL] = ctypes.CDLL, device: int = 0
) -> Nvml | NvmlError:
    """Return a GPU by its number among those that a run may see (CUDA_VISIBLE_DEVICES), or the error that says why not."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    visible = [str(device)] if said is None else [word.strip() for word in said.split(",")][device:]
    which = visible[0] if visible else ""
    if not which or which.startswith("-"):
        return NvmlError("CUDA_VISIBLE_DEVICES hides this GPU", "not-applicable")
    for name in _LIBRARIES:
        try:
            return Nvml(load(name), which)
        except OSError:
            continue
        except (NvmlError, AttributeError) as error:
            return NvmlError(f"{name}: {error}")
    return NvmlError(f"{_LIBRARIES[0]} is not installed", "not-applicable")
