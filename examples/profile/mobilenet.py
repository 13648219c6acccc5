"""Write a network with the shape of MobileNetV2 and seeded random weights: as slow as the trained one, and never right.

    python mobilenet.py OUT.onnx

The layers follow table 2 of "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (https://arxiv.org/abs/1801.04381),
batch normalisation folded into the convolutions: 3,487,816 weights, 300,774,272 multiply-accumulates.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, repeats and first stride of each stage."""


class Builder:
    """Collects nodes and weights; every method returns the name of its result."""

    def __init__(self, seed: int) -> None:
        """Start an empty graph."""
        self.chance = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], **attributes: object) -> str:
        """Add a node."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def weight(self, *shape: int, scale: float = 0.0) -> str:
        """Add a tensor of random weights."""
        name = f"weight_{len(self.weights)}"
        values = self.chance.standard_normal(shape, np.float32) * scale
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def scalar(self, value: float) -> str:
        """Add a number that is no weight."""
        name = f"bound_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.float32(value), name))
        return name

    def convolution(
        self, source: str, given: int, made: int, size: int, stride: int = 1, group: int = 1
    ) -> str:
        """Add a convolution with bias."""
        fan = given // group * size * size
        kernel = self.weight(made, given // group, size, size, scale=(2 / fan) ** 0.5)
        attributes = {
            "kernel_shape": [size] * 2,
            "strides": [stride] * 2,
            "pads": [size // 2] * 4,
            "group": group,
        }
        return self.add("Conv", [source, kernel, self.weight(made)], **attributes)

    def relu6(self, source: str) -> str:
        """Add the activation."""
        return self.add("Clip", [source, self.scalar(0), self.scalar(6)])

    def block(self, source: str, given: int, made: int, expansion: int, stride: int) -> str:
        """Add an inverted residual."""
        wide = given * expansion
        inner = self.relu6(self.convolution(source, given, wide, 1)) if expansion > 1 else source
        inner = self.relu6(self.convolution(inner, wide, wide, 3, stride, wide))
        inner = self.convolution(inner, wide, made, 1)
        return self.add("Add", [source, inner]) if stride == 1 and given == made else inner


def network(seed: int = 0) -> onnx.ModelProto:
    """Return the network for images of 224 x 224 pixels."""
    build = Builder(seed)
    now, channels = build.relu6(build.convolution("image", 3, 32, 3, 2)), 32
    for expansion, made, repeats, stride in BLOCKS:
        for turn in range(repeats):
            now = build.block(now, channels, made, expansion, stride if turn == 0 else 1)
            channels = made
    now = build.relu6(build.convolution(now, channels, 1280, 1))
    now = build.add("Flatten", [build.add("GlobalAveragePool", [now])])
    scores = build.add("Gemm", [now, build.weight(1280, 1000, scale=0.03), build.weight(1000)])
    graph = helper.make_graph(
        build.nodes, "mobilenet-v2-shaped",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 224, 224])],
        [helper.make_tensor_value_info(scores, TensorProto.FLOAT, ["batch", 1000])],
        build.weights,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    onnx.save(network(), Path(sys.argv[1]))
