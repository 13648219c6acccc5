"""How many multiply-accumulates a graph takes, operator by operator."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import onnx
from onnx import numpy_helper

Shape = tuple[int, ...] | None
# Operators without multiply-accumulates: nothing that they do is counted, by definition, not by neglect.
IGNORED = frozenset(
    [
        "Abs",
        "Acos",
        "Add",
        "And",
        "ArgMax",
        "ArgMin",
        "Asin",
        "Atan",
        "AveragePool",
        "BatchNormalization",
        "Cast",
        "CastLike",
        "Ceil",
        "Celu",
        "Clip",
        "Compress",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Cos",
        "CumSum",
        "DepthToSpace",
        "DequantizeLinear",
        "Div",
        "Dropout",
        "DynamicQuantizeLinear",
        "Elu",
        "Equal",
        "Erf",
        "Exp",
        "Expand",
        "EyeLike",
        "Flatten",
        "Floor",
        "Gather",
        "GatherElements",
        "GatherND",
        "Gelu",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "Greater",
        "GreaterOrEqual",
        "GridSample",
        "HardSigmoid",
        "HardSwish",
        "Hardmax",
        "Identity",
        "InstanceNormalization",
        "IsInf",
        "IsNaN",
        "LRN",
        "LayerNormalization",
        "LeakyRelu",
        "Less",
        "LessOrEqual",
        "Log",
        "LogSoftmax",
        "Max",
        "MaxPool",
        "Mean",
        "MeanVarianceNormalization",
        "Min",
        "Mish",
        "Mod",
        "Mul",
        "Neg",
        "NonMaxSuppression",
        "NonZero",
        "Not",
        "OneHot",
        "Or",
        "PRelu",
        "Pad",
        "Pow",
        "QLinearAdd",
        "QLinearAveragePool",
        "QLinearConcat",
        "QLinearGlobalAveragePool",
        "QLinearMul",
        "QLinearSigmoid",
        "QuantizeLinear",
        "RandomNormal",
        "RandomUniform",
        "Range",
        "Reciprocal",
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "ReduceSumSquare",
        "Relu",
        "Reshape",
        "Resize",
        "ReverseSequence",
        "RoiAlign",
        "Round",
        "ScatterElements",
        "ScatterND",
        "Scatter",
        "Selu",
        "SequenceAt",
        "SequenceConstruct",
        "Shape",
        "Shrink",
        "Sigmoid",
        "Sign",
        "SimplifiedLayerNormalization",
        "Sin",
        "Size",
        "SkipLayerNormalization",
        "Slice",
        "Softmax",
        "Softplus",
        "Softsign",
        "SpaceToDepth",
        "Split",
        "Sqrt",
        "Squeeze",
        "StringNormalizer",
        "Sub",
        "Sum",
        "Swish",
        "Tan",
        "Tanh",
        "ThresholdedRelu",
        "Tile",
        "TopK",
        "Transpose",
        "TreeEnsemble",
        "TreeEnsembleClassifier",
        "TreeEnsembleRegressor",
        "Trilu",
        "Unique",
        "Unsqueeze",
        "Upsample",
        "Where",
        "Xor",
        "ZipMap",
        "ArrayFeatureExtractor",
        "Binarizer",
        "LabelEncoder",
        "Normalizer",
        "Scaler",
        "Imputer",
        "CategoryMapper",
        "DictVectorizer",
        "FeatureVectorizer",
        "FastGelu",
        "BiasGelu",
    ]
)


class UncountableError(Exception):
    """An operator that ought to be counted and cannot be; `reason` is one of the closed list."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the reason and the words."""
        super().__init__(detail)
        self.reason = reason


@dataclass
class Count:
    """Multiply-accumulates of a graph, and which operators were counted, ignored or not known."""

    macs: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    faults: list[UncountableError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Scope:
    """The shapes and constants known by name within a graph, and in the graphs around it."""

    def __init__(self, graph: onnx.GraphProto, outer: Scope | None = None) -> None:
        """Read shapes of inputs, values, outputs and initializers."""
        self._outer = outer
        self.shapes: dict[str, Shape] = {}
        self.types: dict[str, int] = {}
        for value in (*graph.input, *graph.value_info, *graph.output):
            if value.type.HasField("tensor_type") and value.type.tensor_type.HasField("shape"):
                self.shapes[value.name] = _dimensions(value.type.tensor_type.shape)
                self.types[value.name] = value.type.tensor_type.elem_type
        for tensor in graph.initializer:
            self.shapes[tensor.name] = tuple(tensor.dims)
            self.types[tensor.name] = tensor.data_type
        self.constants = {tensor.name: tensor for tensor in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant" and (value := attribute(node, "value")) is not None:
                self.constants[node.output[0]] = value.t
                self.shapes[node.output[0]] = tuple(value.t.dims)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a shape whose dimensions are all known; raises UncountableError."""
        if name not in self.shapes and self._outer is not None:
            return self._outer.shape(name)
        sizes: Shape = self.shapes.get(name)
        if sizes is None or any(size < 0 for size in sizes):
            raise UncountableError(
                "dynamic-shape",
                f"the shape of {name!r} is not fixed; name its dimensions with --dim",
            )
        return sizes

    def constant(self, name: str) -> onnx.TensorProto | None:
        """Return a constant tensor by name, or None."""
        if name not in self.constants and self._outer is not None:
            return self._outer.constant(name)
        return self.constants.get(name)


def _dimensions(shape: onnx.TensorShapeProto) -> tuple[int, ...]:
    sizes = []
    for dimension in shape.dim:
        sizes.append(dimension.dim_value if dimension.HasField("dim_value") else -1)
    return tuple(sizes)


def attribute(node: onnx.NodeProto, name: str) -> onnx.AttributeProto | None:
    """Return an attribute of a node, or None."""
    return next((item for item in node.attribute if item.name == name), None)


def _is_set(node: onnx.NodeProto, name: str) -> bool:
    item = attribute(node, name)
    return item is not None and bool(item.i)


def graphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Yield the graphs inside a control-flow operator."""
    for item in node.attribute:
        if item.type == onnx.AttributeProto.GRAPH:
            yield item.g


def _convolution(node: onnx.NodeProto, scope: Scope, weight: int = 1) -> int:
    """Each output element takes one kernel: channels of its group times the kernel's size."""
    kernel, out = scope.shape(node.input[weight]), scope.shape(node.output[0])
    return math.prod(out) * math.prod(kernel[1:])


def _deconvolution(node: onnx.NodeProto, scope: Scope) -> int:
    """Each input element is spread over one kernel: channels of the output's group times the kernel's size."""
    kernel, given = scope.shape(node.input[1]), scope.shape(node.input[0])
    return math.prod(given) * math.prod(kernel[1:])


def _gemm(node: onnx.NodeProto, scope: Scope) -> int:
    left, out = scope.shape(node.input[0]), scope.shape(node.output[0])
    if _is_set(node, "transA"):
        return math.prod(out) * left[0]
    return math.prod(out) * left[1]


def _matmul(node: onnx.NodeProto, scope: Scope) -> int:
    """Every element of the output is a dot product along the last dimension of the left operand."""
    return math.prod(scope.shape(node.output[0])) * scope.shape(node.input[0])[-1]


def _fused_matmul(node: onnx.NodeProto, scope: Scope) -> int:
    left, out = scope.shape(node.input[0]), scope.shape(node.output[0])
    if _is_set(node, "transA"):
        return math.prod(out) * left[-2]
    return math.prod(out) * left[-1]


def _einsum(node: onnx.NodeProto, scope: Scope) -> int:
    """A product over all letters of the equation, each once; it is a multiply-accumulate where there are two operands."""
    equation = attribute(node, "equation")
    text = ""
    if equation:
        text = equation.s.decode().replace(" ", "")
    operands = text.partition("->")[0].split(",")
    if "." in text or len(operands) != 2:
        raise UncountableError(
            "unsupported-operator",
            f"Einsum {text!r}: only two operands without an ellipsis are counted",
        )
    sizes: dict[str, int] = {}
    for letters, name in zip(operands, node.input, strict=True):
        sizes |= dict(zip(letters, scope.shape(name), strict=True))
    return math.prod(sizes.values())


def _recurrent(gates: int) -> Callable[[onnx.NodeProto, Scope], int]:
    """Every step of every sequence takes the input weights and the recurrent weights of all gates, in each direction."""

    def count(node: onnx.NodeProto, scope: Scope) -> int:
        given, weights, recurrent = (scope.shape(name) for name in node.input[:3])
        steps, batch, *_ = given  # in either order
        directions, rows, size = weights
        if rows % gates:
            raise UncountableError(
                "unsupported-operator", f"{node.op_type}: {rows} rows of weights for {gates} gates"
            )
        return steps * batch * directions * rows * (size + recurrent[2])

    return count


def _attention(node: onnx.NodeProto, scope: Scope) -> int:
    """Scores and their sum: two products of queries with keys and values (ONNX Attention, opset 23)."""
    query, key, value = (scope.shape(name) for name in node.input[:3])
    if len(query) != 4:
        raise UncountableError(
            "unsupported-operator", "Attention with three dimensions is not counted"
        )
    batch, heads, length, width = query
    return batch * heads * length * key[2] * (width + value[3])


def _linear_classifier(node: onnx.NodeProto, scope: Scope) -> int:
    """Every coefficient meets every row once (ai.onnx.ml)."""
    coefficients = attribute(node, "coefficients")
    rows = scope.shape(node.input[0])
    if coefficients is None:
        return 0
    if len(rows) == 1:
        return len(coefficients.floats)
    return rows[0] * len(coefficients.floats)


COUNTED: dict[str, Callable[[onnx.NodeProto, Scope], int]] = {
    "Conv": _convolution,
    "FusedConv": _convolution,
    "ConvInteger": _convolution,
    "QLinearConv": lambda node, scope: _convolution(node, scope, 3),
    "ConvTranspose": _deconvolution,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "FusedMatMul": _fused_matmul,
    "MatMulInteger": _matmul,
    "QLinearMatMul": _matmul,
    "Einsum": _einsum,
    "LSTM": _recurrent(4),
    "GRU": _recurrent(3),
    "RNN": _recurrent(1),
    "Attention": _attention,
    "LinearClassifier": _linear_classifier,
    "LinearRegressor": _linear_classifier,
}
_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
"""Where a name means what it means here; anybody else's Conv may be anything."""
_CONTROL = ("If", "Loop", "Scan")


def count(graph: onnx.GraphProto, outer: Scope | None = None) -> Count:
    """Return the multiply-accumulates of a graph whose shapes are inferred, control flow included."""
    scope, found = Scope(graph, outer), Count()
    for node in graph.node:
        try:
            if node.domain not in _DOMAINS:
                found.unknown[_qualified(node)] += 1
            elif node.op_type in COUNTED:
                found.macs += COUNTED[node.op_type](node, scope)
                found.counted[node.op_type] += 1
            elif node.op_type in _CONTROL:
                _control(node, scope, found)
            elif node.op_type in IGNORED:
                found.ignored[node.op_type] += 1
            else:
                found.unknown[_qualified(node)] += 1
        except UncountableError as error:
            found.faults.append(
                UncountableError(error.reason, f"{node.op_type} {node.name!r}: {error}")
            )
            found.counted[node.op_type] += 1
    return found


def _qualified(node: onnx.NodeProto) -> str:
    if node.domain:
        return f"{node.domain}:{node.op_type}"
    return node.op_type


def _control(node: onnx.NodeProto, scope: Scope, found: Count) -> None:
    """Add the graphs inside a control-flow operator: the costlier branch of If, and the body as often as it is known to run."""
    parts = [count(graph, scope) for graph in graphs(node)]
    for part in parts:
        found.counted += part.counted
        found.ignored += part.ignored
        found.unknown += part.unknown
        found.faults += part.faults
    found.counted[node.op_type] += 1
    costs = [part.macs for part in parts]
    if node.op_type == "If":
        if len(set(costs)) > 1:
            found.notes.append(f"If {node.name!r}: the costlier branch is counted")
        found.macs += max(costs, default=0)
        return
    if any(costs):
        found.macs += max(costs) * _turns(node, scope)


def _turns(node: onnx.NodeProto, scope: Scope) -> int:
    """Return how often a loop runs; raises UncountableError where only a run would tell."""
    if node.op_type == "Scan":
        scanned = attribute(node, "num_scan_inputs")
        first = len(node.input) - 1
        if scanned:
            first = len(node.input) - scanned.i
        return scope.shape(node.input[first])[0]
    times = None
    if node.input and node.input[0]:
        times = scope.constant(node.input[0])
    steady = not node.input[1] or _is_true(scope.constant(node.input[1]))
    if times is None or not steady:
        raise UncountableError("dynamic-shape", "how often it runs is known only when it runs")
    return int(numpy_helper.to_array(times).reshape(-1)[0])


def _is_true(tensor: onnx.TensorProto | None) -> bool:
    return tensor is not None and bool(numpy_helper.to_array(tensor).reshape(-1)[0])
