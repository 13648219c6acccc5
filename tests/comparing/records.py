"""Records of one model on one board, and two packages of them compared."""

from __future__ import annotations

import math
import random
from pathlib import Path
from statistics import fmean
from typing import Any

from tests.forms import flatten, write

from benchfmt.comparing.versions import Versions, compare_versions


def latencies(times: float, count: int = 40, seed: int = 1) -> list[float]:
    draw = random.Random(seed)  # noqa: S311 - the same numbers in each run, and no secrets
    return [times * math.exp(draw.gauss(math.log(0.010), 0.05)) for _ in range(count)]


def latency(samples: list[float], **more: Any) -> dict[str, Any]:
    return {
        "metric": "latency",
        "statistic": "mean",
        "stage": "inference",
        "per": "sample",
        "value": fmean(samples),
        "unit": "s",
        "basis": "measured",
        "primary": True,
        "samples": samples,
        "n": len(samples),
        **more,
    }


def record(number: int | str, *measurements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "benchfmt": "1.0",
        "id": f"r{number}",
        "benchmark": {"suite": "lpdnn"},
        "task": "image-classification",
        "dataset": {"name": "imagenet-2012", "samples": 50_000},
        "model": {"name": "mobilenet-v2"},
        "system": {"id": "rpi4", "name": "Raspberry Pi 4B", "kind": "board"},
        "software": {"engine": "onnxruntime", "engine_version": "1.0"},
        "configuration": {"precision": "fp32", "input_shape": [1, 3, 224, 224]},
        "measurements": list(measurements),
        "status": "ok",
        **more,
    }


def compared(tmp_path: Path, old: list[Any], new: list[Any], **options: Any) -> Versions:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    packages = [
        write(folder / name, flatten(records), "parquet")
        for name, records in (("old", old), ("new", new))
    ]
    return compare_versions(*packages, **options)


def accuracy(value: float, **more: Any) -> dict[str, Any]:
    return {"metric": "accuracy", "value": value, "unit": "1", "basis": "measured", **more}
