"""A stand-in for TensorRT's Python API: the names and calls that a session uses, the work done by ONNX Runtime.

Written after https://docs.nvidia.com/deeplearning/tensorrt/latest/_static/python-api/. Addresses are those of the host.
"""

from __future__ import annotations

import ctypes
import enum
import json
import os
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError

__version__ = os.environ.get("STAND_IN_TENSORRT", "10.9.0")
_TYPES = {onnx.TensorProto.FLOAT: "FLOAT", onnx.TensorProto.INT64: "INT64"}
_NUMPY = {"FLOAT": np.float32, "INT64": np.int64}


class Logger:
    ERROR = 1

    def __init__(self, severity: int) -> None:
        self.severity = severity


class TensorIOMode(enum.Enum):
    INPUT = 1
    OUTPUT = 2


class NetworkDefinitionCreationFlag(enum.IntEnum):
    EXPLICIT_BATCH = 0


class BuilderFlag(enum.Enum):
    FP16 = 1
    TF32 = 2


def nptype(dtype: str) -> Any:
    return _NUMPY[dtype]


class _Input:
    def __init__(self, value: Any) -> None:
        tensor = value.type.tensor_type
        self.name, self.dtype = value.name, _TYPES[tensor.elem_type]
        self._dims = list(tensor.shape.dim)
        self.shape = tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in self._dims)

    def get_dimension_name(self, place: int) -> str:
        return self._dims[place].dim_param


class _Network:
    def __init__(self, flags: int) -> None:
        self.flags, self.path = flags, ""
        self._inputs: list[_Input] = []

    @property
    def num_inputs(self) -> int:
        return len(self._inputs)

    def get_input(self, index: int) -> _Input:
        return self._inputs[index]


class OnnxParser:
    def __init__(self, network: _Network, logger: Logger) -> None:
        self.network, self.errors = network, []

    @property
    def num_errors(self) -> int:
        return len(self.errors)

    def get_error(self, index: int) -> str:
        return self.errors[index]

    def parse_from_file(self, path: str) -> bool:
        try:
            graph = onnx.load(path).graph
        except (OSError, DecodeError) as error:
            self.errors.append(f"not read: {error}")
            return False
        constants = {tensor.name for tensor in graph.initializer}
        self.network.path = path
        self.network._inputs = [_Input(item) for item in graph.input if item.name not in constants]
        return True


class _Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, tuple[int, ...]] = {}

    def set_shape(self, name: str, least: Any, best: Any, most: Any) -> None:
        assert least == best == most
        self.shapes[name] = tuple(most)


class _Config:
    def __init__(self) -> None:
        self.profile: _Profile | None = None
        self.flags = {BuilderFlag.TF32}

    def add_optimization_profile(self, profile: _Profile) -> int:
        self.profile = profile
        return 0

    def set_flag(self, flag: BuilderFlag) -> None:
        self.flags.add(flag)

    def clear_flag(self, flag: BuilderFlag) -> None:
        self.flags.discard(flag)


class Builder:
    def __init__(self, logger: Logger) -> None:
        self.logger = logger

    def create_network(self, flags: int = 0) -> _Network:
        return _Network(flags)

    def create_builder_config(self) -> _Config:
        return _Config()

    def create_optimization_profile(self) -> _Profile:
        return _Profile()

    def build_serialized_network(self, network: _Network, config: _Config) -> bytes | None:
        free = [item for item in network._inputs if -1 in item.shape]
        if free and config.profile is None:
            return None
        return json.dumps(
            {"path": network.path, "flags": sorted(flag.name for flag in config.flags)}
        ).encode()


class _Engine:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.path = plan["path"]
        graph = onnx.load(self.path).graph
        constants = {tensor.name for tensor in graph.initializer}
        self.ins = [_Input(item) for item in graph.input if item.name not in constants]
        self.outs = [_Input(item) for item in graph.output]
        self.all = {item.name: item for item in (*self.ins, *self.outs)}

    @property
    def num_io_tensors(self) -> int:
        return len(self.all)

    def get_tensor_name(self, index: int) -> str:
        return list(self.all)[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return (
            TensorIOMode.INPUT
            if any(item.name == name for item in self.ins)
            else TensorIOMode.OUTPUT
        )

    def get_tensor_dtype(self, name: str) -> str:
        return self.all[name].dtype

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.all[name].shape

    def create_execution_context(self) -> _Context:
        return _Context(self)


class _Context:
    def __init__(self, engine: _Engine) -> None:
        import onnxruntime

        self.engine = engine
        self.session = onnxruntime.InferenceSession(engine.path, providers=["CPUExecutionProvider"])
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.addresses: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: Any) -> bool:
        declared = self.engine.all[name].shape
        if len(declared) != len(shape) or any(
            size not in (-1, asked) for size, asked in zip(declared, shape, strict=True)
        ):
            return False
        self.shapes[name] = tuple(shape)
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        batch = next(iter(self.shapes.values()))[0]
        shape = self.shapes.get(name, self.engine.all[name].shape)
        return tuple(batch if size == -1 else size for size in shape)

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        assert stream
        feed = {item.name: self._array(item.name) for item in self.engine.ins}
        for item, made in zip(self.engine.outs, self.session.run(None, feed), strict=True):
            np.copyto(self._array(item.name), made)
        return True

    def _array(self, name: str) -> Any:
        shape, kind = (
            self.get_tensor_shape(name),
            np.dtype(nptype(self.engine.get_tensor_dtype(name))),
        )
        size = int(np.prod(shape)) * kind.itemsize
        raw = (ctypes.c_uint8 * size).from_address(self.addresses[name])
        return np.ctypeslib.as_array(raw).view(kind).reshape(shape)


class Runtime:
    def __init__(self, logger: Logger) -> None:
        self.logger = logger

    def deserialize_cuda_engine(self, plan: bytes) -> _Engine | None:
        try:
            return _Engine(json.loads(plan))
        except ValueError:
            return None
