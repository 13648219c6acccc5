"""ONNX Runtime behind the face of a session: as asked for, and what really ran where.

Imported only in processes that run a model.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime as ort

from benchfmt.profiler.document import EngineVersion, Nodes, Placement
from benchfmt.profiler.engine import Array, Call, EngineError, Feed, Port
from benchfmt.profiler.job import Job

LEVELS = {
    "none": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
_QUIET = 3


def options(job: Job, profile: str | None = None) -> ort.SessionOptions:
    """Return the session options that a job asks for, every default that matters said."""
    found = ort.SessionOptions()
    found.intra_op_num_threads = job.threads
    found.inter_op_num_threads = 1
    found.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    found.graph_optimization_level = LEVELS[job.optimisation]
    # Threads that spin use processor time while they wait: then that time says nothing about the work.
    found.add_session_config_entry("session.intra_op.allow_spinning", "1" if job.spinning else "0")
    found.log_severity_level = _QUIET
    if profile:
        found.enable_profiling = True
        found.profile_file_prefix = profile
    return found


def opened(job: Job, profile: str | None = None) -> ort.InferenceSession:
    """Return ONNX Runtime's session; raises EngineError. Providers that are not there are left out, and told by `placement`."""
    there = ort.get_available_providers()
    unknown = [name for name in job.providers if name not in {*ort.get_all_providers(), *there}]
    if unknown:
        raise EngineError(
            f"ONNX Runtime knows no provider {unknown[0]!r}; there are here: {', '.join(there)}"
        )
    wanted = [name for name in job.providers if name in there]
    if "CPUExecutionProvider" not in wanted:
        wanted.append("CPUExecutionProvider")
    # Options are those of the first choice.
    said = [dict(job.engine_options) if name == job.providers[0] else {} for name in wanted]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ort.InferenceSession(
                job.model, options(job, profile), providers=wanted, provider_options=said
            )
    except Exception as error:  # ORT's exceptions have no other common base
        raise EngineError(
            f"{Path(job.model).name}: ONNX Runtime does not load it: {error}"
        ) from error


class OnnxRuntimeSession:
    """A model loaded by ONNX Runtime."""

    building = None

    def __init__(self, job: Job) -> None:
        """Load the model; raises EngineError."""
        self._job = job
        self._session = opened(job)
        # A call that fails on a device would be done again on the CPU, silently, and timed.
        self._session.disable_fallback()
        self.inputs = [
            Port(item.name, item.type, tuple(item.shape)) for item in self._session.get_inputs()
        ]
        # No frame of ours around what is timed.
        self.run: Callable[[Feed], list[Array]] = partial(self._session.run, None)

    def bound(self, feeds: Sequence[Feed]) -> Call:
        """Return a query whose inputs and outputs are bound to the device once: the copies are not in the time."""
        used = self._session.get_providers()
        device = "cuda" if any("CUDA" in name or "Tensorrt" in name for name in used) else "cpu"
        number = self._job.gpu if device == "cuda" else 0
        bindings = []
        for feed in feeds:
            binding = self._session.io_binding()
            for name, array in feed.items():
                value = ort.OrtValue.ortvalue_from_numpy(
                    np.ascontiguousarray(array), device, number
                )
                binding.bind_ortvalue_input(name, value)
            for item in self._session.get_outputs():
                binding.bind_output(item.name, device, number)
            bindings.append(binding)
        run, clock, count = self._session.run_with_iobinding, time.perf_counter_ns, len(bindings)

        def query(index: int) -> tuple[int, int, int, int]:
            binding = bindings[index % count]
            begin = clock()
            run(binding)
            binding.synchronize_outputs()
            end = clock()
            return begin, begin, end, end

        return query

    def placement(self) -> Placement:
        """Return the providers asked for, there, and in use, and those that silently are not."""
        used = self._session.get_providers()
        options = self._session.get_provider_options().items()
        return Placement(
            asked=list(self._job.providers),
            available=ort.get_available_providers(),
            used=used,
            lost=[name for name in self._job.providers if name not in used],
            options={name: dict(values) for name, values in options if values},
        )

    def version(self) -> EngineVersion:
        """Return which ONNX Runtime this is."""
        return EngineVersion(version=ort.__version__, build=ort.get_build_info())


def nodes(job: Job, feed: Feed) -> dict[str, Nodes]:
    """Return which provider ran how many nodes, and for how long, by ONNX Runtime's own profile of two runs."""
    session = opened(job, profile=str(Path(job.result).with_suffix("")))
    for _ in range(2):
        session.run(None, feed)
    path = Path(session.end_profiling())
    by_provider = nodes_by_provider(path)
    path.unlink()
    return by_provider


def nodes_by_provider(path: Path) -> dict[str, Nodes]:
    """Return from a profile of ONNX Runtime how many nodes ran on which provider, and their kernel time in seconds."""
    seconds: dict[str, float] = {}
    names: dict[str, set[str]] = {}
    for event in json.loads(path.read_text("utf-8")):
        provider = (event.get("args") or {}).get("provider")
        name = str(event.get("name"))
        if event.get("cat") != "Node" or not provider or not name.endswith("_kernel_time"):
            continue
        names.setdefault(provider, set()).add(name)
        seconds[provider] = seconds.get(provider, 0.0) + event.get("dur", 0) / 1e6
    return {
        provider: Nodes(nodes=len(names[provider]), seconds=spent)
        for provider, spent in seconds.items()
    }
