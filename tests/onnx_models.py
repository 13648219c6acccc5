"""Small ONNX models for the tests of the profiler, each with what a hand count gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def value(name: str, shape: Sequence[Any] | None, kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def weights(name: str, *shape: int, kind: Any = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.random.default_rng(0).random(shape).astype(kind), name)


def model(
    nodes: list[onnx.NodeProto], inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto],
    tensors: list[onnx.TensorProto] | None = None, domains: Sequence[tuple[str, int]] = (("", 17),),
) -> onnx.ModelProto:  # fmt: skip
    graph = helper.make_graph(nodes, "test", inputs, outputs, tensors or [])
    opsets = [helper.make_opsetid(name, version) for name, version in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def dense(batch: Any = "batch") -> onnx.ModelProto:
    """A matrix product of 16 by 4 and an activation: 64 multiply-accumulates a sample."""
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["sums"], "gemm"),
        helper.make_node("Relu", ["sums"], ["y"], "relu"),
    ]
    return model(
        nodes,
        [value("x", [batch, 16])],
        [value("y", [batch, 4])],
        [weights("w", 16, 4), weights("b", 4)],
    )


def saved(made: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(made.SerializeToString())
    return path
