"""TensorRT's own Python API behind the face of a session: TensorRT 8.5 or newer, where tensors go by their names.

`tensorrt` and `cuda.bindings` (NVIDIA's cuda-python) are imported here alone, in a process that uses them. A run is host
in to host out: page-locked buffers, both copies and the computation on one stream, and a wait for its end.

Source: https://docs.nvidia.com/deeplearning/tensorrt/latest/_static/python-api/
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import tensorrt as trt
from cuda.bindings import runtime as cuda

from benchfmt.profiler.document import EngineVersion, Placement
from benchfmt.profiler.engine import TYPES, Array, Call, EngineError, Feed, Port, Shape, shapes
from benchfmt.profiler.job import PLANS, Job

FORMATS = ("fp16", "bf16", "int8", "fp8", "tf32")
"""What `engine_options` may turn on or off; from TensorRT 11 on the types of the model decide, and there is only tf32."""
_KINDS = {np.dtype(kind): name for name, kind in TYPES.items()}
_ON = {"1": True, "true": True, "0": False, "false": False}


class TensorRtSession:
    """An ONNX model or a built engine, loaded by TensorRT for inputs of one shape."""

    def __init__(self, job: Job) -> None:
        """Build the engine, unless the file is one or an earlier process has built it, and load it; raises EngineError."""
        self.building: float | None = None
        self._logger = trt.Logger(trt.Logger.ERROR)
        self._formats = _formats(job.engine_options)
        path = Path(job.model)
        self._loaded = path.suffix.lower() in PLANS
        plan = path.read_bytes() if self._loaded else self._plan(path, job)
        engine = trt.Runtime(self._logger).deserialize_cuda_engine(plan)
        if engine is None:
            raise EngineError(
                f"{path.name}: this TensorRT ({trt.__version__}) on this device does not load the engine"
            )
        self._engine, self._context = engine, engine.create_execution_context()
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        self._ins = [
            name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        ]
        self._outs = [name for name in names if name not in self._ins]
        self.inputs = [
            Port(name, _kind(engine.get_tensor_dtype(name)), tuple(engine.get_tensor_shape(name)))
            for name in self._ins
        ]
        for item in shapes(self.inputs, job):
            if not self._context.set_input_shape(item.name, item.shape):
                raise EngineError(
                    f"input {item.name!r}: the engine does not take the shape {item.shape}"
                )
        self._stream = _checked(cuda.cudaStreamCreate())
        self._buffers = {name: self._buffer(name) for name in names}

    def _plan(self, path: Path, job: Job) -> trt.IHostMemory:
        """Return the engine of a model for this device, from the file of an earlier process where there is one."""
        builder = trt.Builder(self._logger)
        flags = trt.NetworkDefinitionCreationFlag
        # Until TensorRT 9 a network had to be told that its batch is explicit; later there is no other.
        batch = flags.EXPLICIT_BATCH if hasattr(flags, "EXPLICIT_BATCH") and _major() < 10 else None
        network = builder.create_network(0 if batch is None else 1 << int(batch))
        parser = trt.OnnxParser(network, self._logger)
        if not parser.parse_from_file(str(path)):
            words = "; ".join(str(parser.get_error(index)) for index in range(parser.num_errors))
            raise EngineError(f"{path.name}: TensorRT does not read it: {words[:2000]}")
        given = shapes(
            [_declared(network.get_input(index)) for index in range(network.num_inputs)], job
        )
        config = builder.create_builder_config()
        self._allow(config)
        if any(item.free for item in given):
            profile = builder.create_optimization_profile()
            for item in given:
                profile.set_shape(item.name, item.shape, item.shape, item.shape)
            config.add_optimization_profile(profile)
        kept = (
            Path(job.result).with_name(f"built-{_digest(given, self._formats)}.plan")
            if job.result
            else None
        )
        if kept is not None and kept.is_file():
            return kept.read_bytes()
        start = time.monotonic()
        plan = builder.build_serialized_network(network, config)
        self.building = time.monotonic() - start
        if plan is None:
            raise EngineError(
                f"{path.name}: TensorRT builds no engine of it; the log of the process says why"
            )
        if kept is not None:
            kept.write_bytes(plan)
        return plan

    def _allow(self, config: trt.IBuilderConfig) -> None:
        for name, on in self._formats.items():
            flag = getattr(trt.BuilderFlag, name.upper(), None)
            if flag is None:
                raise EngineError(
                    f"TensorRT {trt.__version__} has no switch {name}: the types of the model decide"
                )
            (config.set_flag if on else config.clear_flag)(flag)

    def _buffer(self, name: str) -> _Buffer:
        shape = tuple(self._context.get_tensor_shape(name))
        if any(size < 0 for size in shape):
            raise EngineError(
                f"output {name!r} has a shape that only the data decide, which is not supported; use trtexec"
            )
        buffer = _Buffer(shape, np.dtype(trt.nptype(self._engine.get_tensor_dtype(name))))
        self._context.set_tensor_address(name, buffer.device)
        return buffer

    def run(self, feed: Feed) -> list[Array]:
        """Return the outputs for host arrays; copies to the device and back are part of it."""
        for name in self._ins:
            self._buffers[name].send(feed[name], self._stream)
        self._compute()
        for name in self._outs:
            self._buffers[name].fetch(self._stream)
        _checked(cuda.cudaStreamSynchronize(self._stream))
        return [self._buffers[name].host.copy() for name in self._outs]

    def _compute(self) -> None:
        if not self._context.execute_async_v3(self._stream):
            raise EngineError("TensorRT did not run; the log of the process says why")

    def bound(self, feeds: Sequence[Feed]) -> Call:
        """Return a query over inputs that lie on the device already, outputs staying there: the copies are not in the time."""
        sets = []
        for feed in feeds:
            buffers = {
                name: _Buffer(self._buffers[name].host.shape, self._buffers[name].host.dtype)
                for name in self._ins
            }
            for name, buffer in buffers.items():
                buffer.send(feed[name], self._stream)
            sets.append(buffers)
        _checked(cuda.cudaStreamSynchronize(self._stream))
        clock, count, address = time.perf_counter_ns, len(sets), self._context.set_tensor_address

        def query(index: int) -> tuple[int, int, int, int]:
            for name, buffer in sets[index % count].items():
                address(name, buffer.device)
            begin = clock()
            self._compute()
            _checked(cuda.cudaStreamSynchronize(self._stream))
            end = clock()
            return begin, begin, end, end

        return query

    def placement(self) -> Placement:
        """Return that the device runs all of it: TensorRT falls back nowhere."""
        options: dict[str, dict[str, str | bool]] = {}
        if self._formats:
            options["formats"] = dict(self._formats)
        if not self._loaded:
            options["builder"] = {"use_tf32": str(int(self._formats.get("tf32", True)))}
        return Placement(asked=["TensorRT"], used=["TensorRT"], options=options)

    def version(self) -> EngineVersion:
        """Return which TensorRT this is."""
        return EngineVersion(version=str(trt.__version__))


class _Buffer:
    """A tensor on the device, and page-locked memory of the host that copies go through."""

    def __init__(self, shape: tuple[int, ...], kind: np.dtype[np.generic]) -> None:
        size = max(math.prod(shape) * kind.itemsize, 1)
        self.device = int(_checked(cuda.cudaMalloc(size)))
        self._locked = int(_checked(cuda.cudaMallocHost(size)))
        raw = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(self._locked))
        self.host = raw[: math.prod(shape) * kind.itemsize].view(kind).reshape(shape)

    def send(self, array: Array, stream: cuda.cudaStream_t) -> None:
        """Begin to copy an array to the device."""
        if np.shape(array) != self.host.shape:
            raise EngineError(
                f"an input has the shape {np.shape(array)}; the engine was made for {self.host.shape}"
            )
        np.copyto(self.host, array, casting="same_kind")
        kind = cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        _checked(cuda.cudaMemcpyAsync(self.device, self._locked, self.host.nbytes, kind, stream))

    def fetch(self, stream: cuda.cudaStream_t) -> None:
        """Begin to copy the tensor to the host."""
        kind = cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        _checked(cuda.cudaMemcpyAsync(self._locked, self.device, self.host.nbytes, kind, stream))


def _checked(answer: tuple[Any, ...]) -> Any:
    """Return what a call of CUDA gives besides its error code; raises EngineError for an error."""
    code, *rest = answer
    if int(code):
        raise EngineError(f"CUDA: {getattr(code, 'name', code)}")
    return rest[0] if rest else None


def _kind(dtype: trt.DataType) -> str:
    with suppress(TypeError, KeyError):  # bfloat16 and fp8 have no type in NumPy
        return _KINDS[np.dtype(trt.nptype(dtype))]
    return str(dtype)


def _declared(item: trt.ITensor) -> Port:
    """Return an input of a network, its free dimensions by the names that the model gives them."""
    named = getattr(item, "get_dimension_name", lambda _: None)
    shape = tuple(
        size if size > 0 else named(place) or None for place, size in enumerate(item.shape)
    )
    return Port(item.name, _kind(item.dtype), shape)


def _formats(said: dict[str, str]) -> dict[str, bool]:
    unknown = sorted(set(said) - set(FORMATS))
    if unknown:
        raise EngineError(f"TensorRT takes no option {unknown[0]!r}; it takes {', '.join(FORMATS)}")
    wrong = next((name for name, word in said.items() if word.lower() not in _ON), None)
    if wrong:
        raise EngineError(f"{wrong} is 1 or 0, not {said[wrong]!r}")
    return {name: _ON[word.lower()] for name, word in said.items()}


def _digest(given: Sequence[Shape], formats: dict[str, bool]) -> str:
    said = json.dumps([[(item.name, item.shape) for item in given], formats], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _major() -> int:
    return int(str(trt.__version__).partition(".")[0])
