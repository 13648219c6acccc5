"""What is known of the energy-domain tables beyond their files: algorithms, instances, places, and kernels of HADA.

Established on the tables of enricomors/sustainable-hw-dimensioning (@ 6a0d989f58ae7c2cd66e62575e01bd28a8542880 and its
older 9d59747b08cdb2b35f91d56ecfca72a19c17c624), enricomors/generalized-hada-v2 (@
682209868b561d45d2f364e3c7dc52ed30bc6345) and LIA-UniBo/Hada_omlt (@ e4db447a97c17fd49ae9c5500157dcd59377d098).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from benchfmt.identity import canonical

SLOTS = 96
"""Quarter-hours of a day: the length of both vectors of an instance."""

ALGORITHMS = {"nScenarios": "anticipate", "nTraces": "contingency"}
"""The algorithm by the name of its parameter; deliverable D6.3 writes nParameter for both."""
NAMED = {
    "anticipate": "anticipate",
    "ant": "anticipate",
    "contingency": "contingency",
    "cont": "contingency",
}
"""The algorithm by the first word of a file's name, such as CONT_trainDataset.csv."""

NO_PLATFORM = ("dataset", "traindataset", "testdataset", "quality")
"""Last words of a file's name that are no platform: ANTICIPATE_dataset.csv, saxpy_quality.csv."""

HOME = {"leonardo": "Italy", "g100": "Italy"}
"""Where a machine stands (CINECA, Bologna), by its id: codecarbon's look-up of the address put it elsewhere."""

SHARED_PROCESS = "gpuAvg(MB)"
"""A column of the tables of 9d59747 only, whose runs shared a process: their memory grows from row to row."""

KERNELS = ("saxpy", "convolution", "correlation", "fwt")
"""The kernels of the transprecision set, by their names in lower case."""


def instance_id(pv: Sequence[float], load: Sequence[float]) -> str:
    """Return the id of an instance: from the SHA-256 of the RFC 8785 JSON of its two vectors."""
    return hashlib.sha256(canonical([list(pv), list(load)]).encode()).hexdigest()[:32]


def statistics_id(pv_mean: float, pv_std: float, load_mean: float, load_std: float) -> str:
    """Return the id of an instance of which only mean and deviation are known.

    Six decimals are taken: tables print the same instance with differences in the last of seventeen digits.
    """
    parts = [f"{number:.6f}" for number in (pv_mean, pv_std, load_mean, load_std)]
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:32]


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the standard deviation of the population, as the reduced tables hold them."""
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
