"""What is known of the LPDNN (Bonseyes) benchmark beyond its files: which platform measures what.

Established on the 2,580 successful records of the data set as split by platform (enricomors/generalized-hada-v2 @
682209868b561d45d2f364e3c7dc52ed30bc6345, vemm/algorithms/data/input-independent): on these platforms these columns are
0.0 in every row, GPU runs included, so the zero stands for "not measured".
"""

from __future__ import annotations

_NO_SENSORS = (
    "GPU_MEM",
    "GPU_MEM_PEAK",
    "MEMORY_BANDWIDTH",
    "MEMORY_BANDWIDTH_PEAK",
    "GPU_LOAD",
    "NPU_LOAD",
    "GPU_TEMP",
    "POWER_CONSUMPTION",
    "ENERGY_EFFICIENCY",
)
NOT_MEASURED: dict[str, tuple[str, ...]] = {
    "imx8m-nano": _NO_SENSORS,
    "rpi3": _NO_SENSORS,
    "rpi4": _NO_SENSORS,
    "stm32mp1": _NO_SENSORS,
    "x86-64-nuc": _NO_SENSORS,
    "jetson-nano2": ("NPU_LOAD",),
    "jetson-xav-agx": (),
}
"""Columns that a platform does not measure, by its id."""

UNRELIABLE_GPU_LOAD = ("jetson-xav-agx",)
"""Platforms whose GPU_LOAD reads 0.0 on most runs that used the GPU."""
GPU_PROCESSORS = ("GPU", "GPU/CPU")

RATED_POWER = ("atlas200",)
"""Platforms whose POWER_CONSUMPTION is one constant in every row: a rating, not a measurement."""

NANODET = "incar-object-detection-nanodet"
NANODET_OF_COCO = ("m", "5x")
"""The files write D6.3's coco-nanodet with the name of the in-car model; task and version tell the two apart."""

DEAD_SENSOR = "-263.2"
"""CPU_TEMP on every x86-64-nuc row, in degrees Celsius: ten degrees above absolute zero."""
