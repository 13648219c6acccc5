"""Small undamaged packages: one that is written for the damage, and one of each family."""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.forms import VALID, load

Data = dict[str, Any]
OWN = "own"


@dataclass(frozen=True, eq=False)
class Base:
    """Records without a fault, and the prefixes that they declare."""

    name: str
    records: list[Data]

    def copy(self) -> list[Data]:
        """Return the records, to be damaged."""
        return copy.deepcopy(self.records)


def _measurement(metric: str, value: float, unit: str, **members: Any) -> Data:
    return {"metric": metric, **members, "value": value, "unit": unit, "basis": "measured"}


def _measurements() -> list[Data]:
    """Return measurements that agree with each other, in the order that the standard asks for."""
    seconds = {"unit": "s", "per": "sample"}
    power = {"unit": "W", "scope": "wall"}
    return [
        _measurement("latency", 0.02, stage="end-to-end", primary=True, **seconds)
        | {"reported_value": "20", "reported_unit": "ms"},
        _measurement("accuracy", 0.761, "1", statistic="pooled", n=50000, target_min=0.75)
        | {"target_max": 0.9, "reported_value": "76.1", "reported_unit": "%"},
        _measurement("energy", 1.2, "J", per="sample", scope="wall"),
        _measurement("latency", 0.012, stage="inference", **seconds),
        _measurement("latency", 0.004, stage="postprocess", **seconds),
        _measurement("latency", 0.004, stage="preprocess", **seconds),
        _measurement("latency", 0.0205, statistic="mean", stage="request", **seconds)
        | {"n": 3, "samples": [0.02, 0.0205, 0.021], "stddev": 0.0004, "ci": [0.02, 0.021, 0.95]},
        _measurement("latency", 0.021, statistic="p90", stage="request", **seconds),
        _measurement("latency", 0.023, statistic="p99", stage="request", **seconds),
        _measurement("memory", 500000000, "By", statistic="max", scope="process"),
        _measurement("memory", 400000000, "By", statistic="mean", scope="process"),
        {"metric": "power", "scope": "gpu", "missing": "no-sensor"},
        _measurement("power", 70, statistic="max", **power),
        _measurement("power", 60, statistic="mean", **power),
        _measurement("power", 61, statistic="median", **power),
        _measurement("power", 40, statistic="min", **power),
        _measurement("temperature", 55, "Cel", scope="gpu"),
        _measurement("throughput", 50, "/s", per="sample"),
    ]


def _record(number: int) -> Data:
    return {
        "benchfmt": "1.0",
        "id": f"result-{number}",
        "benchmark": {
            "suite": "lpdnn",
            "suite_version": "2.0",
            "name": "imagenet",
            "division": "open",
            "category": "available",
            "scenario": "single-stream",
            "phase": "inference",
            "verification": "unverified",
        },
        "task": "image-classification",
        "dataset": {"name": "imagenet-2012", "split": "validation", "samples": 50000},
        "model": {
            "name": "resnet50-v1.5",
            "version": "1.5",
            "parameters": 25600000,
            "flop": 8200000000,
            "size_bytes": 102000000,
        },
        "system": {
            "id": f"box-{number}",
            "name": f"Example box {number}",
            "kind": "board",
            "vendor": "Example",
            "nodes": 1,
            "processor": {
                "name": "Example A78",
                "architecture": "armv8.2-a",
                "count": 1,
                "cores": 8,
                "clock_hz": 2200000000,
            },
            "accelerator": {
                "kind": "gpu",
                "name": "Example GPU",
                "count": 1,
                "memory_bytes": 8000000000,
            },
            "memory_bytes": 32000000000,
            "operating_system": "Ubuntu 22.04",
        },
        "software": {"engine": "tensorrt", "engine_version": "10.2.0", "stack": {"cuda": "12.4"}},
        "configuration": {
            "precision": "fp16",
            "input_shape": [3, 224, 224],
            "batch_size": 1,
            "threads": 4,
            "placement": ["gpu:1"],
            "hyperparameters": {"warm-up": 10},
        },
        "inputs": [{"name": "load", "unit": "kW", "values": [1.5, 2.5]}],
        "measurements": _measurements(),
        "status": "ok",
        "provenance": {
            "submitter": "Example Laboratory",
            "measured_at": "2024-05-12T10:00:00Z",
            "license": "CC-BY-4.0",
            "url": "https://example.org/results",
            "sources": [
                {
                    "path": f"results/run-{number}.csv",
                    "sha256": f"{number}" * 64,
                    "locator": "row=1",
                }
            ],
        },
        "extensions": {"example": {"note": "quiet room", "fan": {"rpm": 1200}}},
    }


@cache
def bases() -> dict[str, Base]:
    """Return every base by its name."""
    found = {OWN: Base(OWN, [_record(number) for number in (1, 2, 3)])}
    for family, records in _corpus().items():
        found[family] = Base(family, records)
    return found


def _corpus() -> dict[str, list[Data]]:
    """Return the valid records of the corpus by the suite that they are of."""
    by_suite: dict[str, list[Data]] = defaultdict(list)
    for number, path in enumerate(VALID, start=1):
        record = load(path)
        suite = record["benchmark"]["suite"]
        if path.stem.startswith(("extreme", "minimal")) or ":" in suite:
            continue
        record.setdefault("id", f"record-{number}")
        by_suite[suite].append(record)
    return by_suite
