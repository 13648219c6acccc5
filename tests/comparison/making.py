"""Records to compare: a result that states all that binds, and others that differ from it in what a test says."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from benchfmt.record import Record

PROFILE: dict[str, Any] = {
    "benchfmt": "1.0",
    "benchmark": {"suite": "benchfmt-profiler", "phase": "inference"},
    "model": {"name": "mobilenet-v2"},
    "system": {"id": "board-1", "name": "Board 1", "kind": "board"},
    "software": {"engine": "onnxruntime", "engine_version": "1.20.0"},
    "configuration": {
        "precision": "fp32",
        "input_shape": [1, 3, 224, 224],
        "batch_size": 1,
        "threads": 4,
    },
    "measurements": [
        {
            "metric": "latency",
            "statistic": "median",
            "stage": "inference",
            "per": "sample",
            "value": 0.01,
            "unit": "s",
            "basis": "measured",
            "primary": True,
        }
    ],
    "status": "ok",
}
CLOSED: dict[str, Any] = {
    "benchfmt": "1.0",
    "benchmark": {
        "suite": "mlperf-inference",
        "suite_version": "v4.0",
        "name": "resnet50",
        "division": "closed",
        "category": "available",
        "system_type": "edge",
        "scenario": "offline",
        "phase": "inference",
    },
    "system": {"id": "server-1", "name": "Server 1"},
    "configuration": {"precision": "int8"},
    "measurements": [
        {
            "metric": "throughput",
            "statistic": "mean",
            "stage": "whole-run",
            "per": "sample",
            "value": 1000.0,
            "unit": "/s",
            "basis": "published",
            "primary": True,
        }
    ],
    "status": "ok",
}


def changed(base: dict[str, Any], name: str = "r", **more: Any) -> dict[str, Any]:
    """Return a record with some fields changed; a name with two underscores leads into an object; None takes away."""
    record = deepcopy(base) | {"id": name}
    for path, value in more.items():
        *heads, last = path.split("__")
        place: Any = record
        for head in heads:
            place = place[0] if head == "first" else place.setdefault(head, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return {key: value for key, value in record.items() if value not in ({}, None)}


def made(base: dict[str, Any], name: str = "r", **more: Any) -> Record:
    """Return such a record as an object."""
    return Record.from_dict(changed(base, name, **more))
