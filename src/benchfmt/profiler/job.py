"""What one process of a profile is asked to do, as plain data that fits into a JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

SUITE = "benchfmt-profiler"
SCENARIOS = ("single-stream", "multi-stream", "server", "offline")
HARNESSES = ("auto", "loadgen", "own")
ENGINES = ("onnxruntime", "tensorrt", "trtexec")
PLANS = (".engine", ".plan", ".trt")
"""Names of files that hold an engine which TensorRT has built."""
CLOSED_LOOP = "closed-loop"
"""How trtexec works: the next query is enqueued before the one before it is complete."""
MULTI_STREAM_SAMPLES = 8
MARK = 0.02
"""Seconds in which the sampler reads its counters before a measurement begins: a slow one would fall into it."""
_DEVICES = {
    "CPU": "cpu",
    "CUDA": "gpu",
    "Tensorrt": "gpu",
    "NvTensorRTRTX": "gpu",
    "ROCM": "gpu",
    "MIGraphX": "gpu",
    "Dml": "gpu",
    "WebGpu": "gpu",
    "JS": "gpu",
    "QNN": "npu",
    "VitisAI": "npu",
    "RKNPU": "npu",
    "CANN": "npu",
    "XNNPACK": "cpu",
    "TensorRT": "gpu",
    "Dnnl": "cpu",
    "ACL": "cpu",
    "ArmNN": "cpu",
}


def devices(used: Iterable[str]) -> list[str]:
    """Return the kinds of device that execution providers, or TensorRT, stand for."""
    kinds = (_DEVICES.get(name.removesuffix("ExecutionProvider"), "accelerator") for name in used)
    return list(dict.fromkeys(kinds))


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a measurement is made; the reasons are in docs/profiler.md."""

    processes: int = 5
    most_processes: int = 20
    seconds: float = 3.0
    queries: int = 100
    warm_up_runs: int = 10
    warm_up_seconds: float = 1.0
    warm_up_most: float = 10.0
    half_width: float = 0.05
    budget: float = 300.0
    hertz: float = 10.0
    quick: bool = False


QUICK = Protocol(
    processes=1,
    most_processes=1,
    seconds=1.0,
    queries=20,
    warm_up_runs=10,
    warm_up_seconds=0.2,
    warm_up_most=1.0,
    budget=20.0,
    quick=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What of a job decides the numbers; None where it is not known, or nothing that the engine takes."""

    engine: str | None = None
    scenario: str = "single-stream"
    harness: str | None = None
    batch_size: int | None = None
    dimensions: dict[str, int] | None = None
    engine_options: dict[str, str] | None = None
    providers: list[str] | None = None
    threads: int | None = None
    spinning: bool | None = None
    optimisation: str | None = None
    io_binding: bool | None = None
    seed: int | None = None
    run: int = 1
    rate: float | None = None
    workers: int | None = None
    protocol: Protocol | None = None


_ONNXRUNTIME_ONLY = {"providers", "threads", "spinning", "optimisation"}


@dataclass(frozen=True, slots=True)
class Job:
    """One process: load a model, warm up, measure (or evaluate), and write down what was seen."""

    model: str
    result: str
    kind: str = "measure"
    engine: str = "onnxruntime"
    inputs: str | None = None
    preprocess: str | None = None
    postprocess: str | None = None
    evaluate: str | None = None
    labels: str | None = None
    predictions: str | None = None
    scenario: str = "single-stream"
    harness: str = "auto"
    batch_size: int | None = None
    dimensions: dict[str, int] = field(default_factory=dict)
    engine_options: dict[str, str] = field(default_factory=dict)
    providers: list[str] = field(default_factory=lambda: ["CPUExecutionProvider"])
    threads: int = 1
    spinning: bool = False
    optimisation: str = "all"
    io_binding: bool = False
    seed: int = 0
    run: int = 1
    rate: float | None = None
    workers: int = 1
    protocol: Protocol = field(default_factory=Protocol)

    @property
    def gpu(self) -> int:
        """The number of the GPU that the engine is told to use: `device_id` of ONNX Runtime, `device` of trtexec."""
        said = self.engine_options.get("device_id", self.engine_options.get("device", "0"))
        return int(said) if said.isdecimal() else 0

    def write(self, path: Path) -> None:
        """Write the job where the process that does it finds it."""
        path.write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the job that a file holds."""
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return cls(**{**data, "protocol": Protocol(**data["protocol"])})

    def changed(self, **values: Any) -> Self:
        """Return the job with other values."""
        return replace(self, **values)

    def settings(self) -> Settings:
        """Return what decides the numbers, without paths of this machine."""
        shared = {item.name for item in fields(Settings)}
        if self.engine != "onnxruntime":
            shared -= _ONNXRUNTIME_ONLY
        return Settings(**{name: getattr(self, name) for name in shared})
