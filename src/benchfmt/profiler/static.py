"""What a model is, whoever runs it: parameters, bytes on disk, and floating-point operations.

One multiply-accumulate counts as two operations. Only operators that multiply and accumulate are counted, as in the
definition of `flop` in the standard; what else there is, is listed. A count is given whole or not at all: an operator
that ought to count and has an unknown shape makes it missing, with the reason.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnx
from onnx import inliner, numpy_helper

from benchfmt.profiler.engine import TYPES, EngineError, Port, batch_of, shapes
from benchfmt.profiler.facts import Bandwidth, FlopRule, ModelFacts
from benchfmt.profiler.job import Job
from benchfmt.profiler.running import ProfileError
from benchfmt.profiler.sampled import Failure

Shape = tuple[int, ...] | None
PRECISIONS = {
    onnx.TensorProto.FLOAT: "fp32",
    onnx.TensorProto.DOUBLE: "fp64",
    onnx.TensorProto.FLOAT16: "fp16",
    onnx.TensorProto.BFLOAT16: "bf16",
    onnx.TensorProto.INT8: "int8",
    onnx.TensorProto.UINT8: "uint8",
    onnx.TensorProto.INT4: "int4",
    onnx.TensorProto.FLOAT8E4M3FN: "fp8",
    onnx.TensorProto.FLOAT8E5M2: "fp8",
}
# Operators without multiply-accumulates: nothing that they do is counted, by definition, not by neglect.
IGNORED = frozenset(
    {
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
    }
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
            if node.op_type == "Constant" and (value := _attribute(node, "value")) is not None:
                self.constants[node.output[0]] = value.t
                self.shapes[node.output[0]] = tuple(value.t.dims)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a shape whose dimensions are all known; raises UncountableError."""
        found: Shape = self.shapes.get(name)
        if name not in self.shapes and self._outer is not None:
            return self._outer.shape(name)
        if found is None or any(size < 0 for size in found):
            raise UncountableError(
                "dynamic-shape",
                f"the shape of {name!r} is not fixed; name its dimensions with --dim",
            )
        return found

    def constant(self, name: str) -> onnx.TensorProto | None:
        """Return a constant tensor by name, or None."""
        found = self.constants.get(name)
        return found if found is not None or self._outer is None else self._outer.constant(name)


def _dimensions(shape: onnx.TensorShapeProto) -> tuple[int, ...]:
    return tuple(d.dim_value if d.HasField("dim_value") else -1 for d in shape.dim)


def _attribute(node: onnx.NodeProto, name: str) -> onnx.AttributeProto | None:
    return next((item for item in node.attribute if item.name == name), None)


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
    transposed = _attribute(node, "transA")
    return math.prod(out) * left[0 if transposed and transposed.i else 1]


def _matmul(node: onnx.NodeProto, scope: Scope) -> int:
    """Every element of the output is a dot product along the last dimension of the left operand."""
    return math.prod(scope.shape(node.output[0])) * scope.shape(node.input[0])[-1]


def _fused_matmul(node: onnx.NodeProto, scope: Scope) -> int:
    transposed = _attribute(node, "transA")
    left = scope.shape(node.input[0])
    return math.prod(scope.shape(node.output[0])) * left[-2 if transposed and transposed.i else -1]


def _einsum(node: onnx.NodeProto, scope: Scope) -> int:
    """A product over all letters of the equation, each once; it is a multiply-accumulate where there are two operands."""
    equation = _attribute(node, "equation")
    text = (equation.s.decode() if equation else "").replace(" ", "")
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
        layout = _attribute(node, "layout")
        steps, batch = (given[1], given[0]) if layout and layout.i else (given[0], given[1])
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
    coefficients = _attribute(node, "coefficients")
    rows = scope.shape(node.input[0])
    return (rows[0] if len(rows) > 1 else 1) * len(coefficients.floats if coefficients else ())


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
    return f"{node.domain}:{node.op_type}" if node.domain else node.op_type


def _control(node: onnx.NodeProto, scope: Scope, found: Count) -> None:
    """Add the graphs inside a control-flow operator: the costlier branch of If, and the body as often as it is known to run."""
    parts = [
        count(item.g, scope) for item in node.attribute if item.type == onnx.AttributeProto.GRAPH
    ]
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
    if node.op_type == "Loop":
        times = scope.constant(node.input[0]) if node.input and node.input[0] else None
        steady = not node.input[1] or _is_true(scope.constant(node.input[1]))
        if times is None or not steady:
            raise UncountableError("dynamic-shape", "how often it runs is known only when it runs")
        return int(numpy_helper.to_array(times).reshape(-1)[0])
    scanned = _attribute(node, "num_scan_inputs")
    first = node.input[len(node.input) - (scanned.i if scanned else 1)]
    return int(scope.shape(first)[0])


def _is_true(tensor: onnx.TensorProto | None) -> bool:
    return tensor is not None and bool(numpy_helper.to_array(tensor).reshape(-1)[0])


def load(
    path: Path, dimensions: Mapping[str, int], batch: int
) -> tuple[onnx.ModelProto, list[str]]:
    """Return a model with the sizes of free dimensions filled in and all shapes inferred; and what could not be inferred."""
    model = onnx.load(str(path), load_external_data=False)
    fill(model.graph, dimensions, batch)
    notes: list[str] = []
    try:
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except (onnx.shape_inference.InferenceError, ValueError) as error:
        notes.append(f"shapes were not inferred: {str(error).splitlines()[0]}")
    return model, notes


def fill(graph: onnx.GraphProto, dimensions: Mapping[str, int], batch: int) -> None:
    """Write sizes into the free dimensions of a graph's inputs: as named, and the first one by the batch size.

    What the file says of shapes within the graph is dropped where an input was free: it was said for any size.
    """
    constants = {tensor.name for tensor in graph.initializer}
    changed = False
    for value in graph.input:
        if value.name in constants or not value.type.HasField("tensor_type"):
            continue
        for place, dimension in enumerate(value.type.tensor_type.shape.dim):
            if dimension.HasField("dim_value") and dimension.dim_value > 0:
                continue
            known = dimensions.get(f"{value.name}.{place}", dimensions.get(dimension.dim_param))
            known = batch if known is None and place == 0 else known
            if known is not None:
                dimension.dim_value = known
                changed = True
    if changed:
        del graph.value_info[:]
        for value in graph.output:
            if value.type.HasField("tensor_type"):
                value.type.tensor_type.ClearField("shape")


def parameters(graph: onnx.GraphProto) -> int:
    """Return the number of trained values: elements of all initializers but scalars, as bounds and exponents are."""
    count: int = sum(math.prod(tensor.dims) for tensor in graph.initializer if tensor.dims)
    for node in graph.node:
        if (
            node.op_type == "Constant"
            and (value := _attribute(node, "value")) is not None
            and len(value.t.dims) > 1
        ):
            count += math.prod(value.t.dims)
        if node.domain == "ai.onnx.ml":
            names = (
                "coefficients",
                "intercepts",
                "nodes_values",
                "class_weights",
                "target_weights",
            )
            count += sum(len(item.floats) for item in node.attribute if item.name in names)
        for item in node.attribute:
            if item.type == onnx.AttributeProto.GRAPH:
                count += parameters(item.g)
    return count


def storage(path: Path, graph: onnx.GraphProto) -> int:
    """Return the bytes of the model file and of the files with external data that it names, each once."""
    names = {
        entry.value
        for tensor in graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    here = path.parent.resolve()
    total = path.stat().st_size
    for name in sorted(names):
        place = (here / name).resolve()
        if not place.is_relative_to(here):
            raise UncountableError(
                "invalid-in-source", f"external data lies outside the model's folder: {name}"
            )
        total += place.stat().st_size
    return total


def precision(graph: onnx.GraphProto) -> tuple[str | None, dict[str, int]]:
    """Return the precision of the weights as one term, and how many weights are of which type."""
    kinds: Counter[str] = Counter()
    scope = Scope(graph)
    for node in graph.node:
        if node.op_type in (*COUNTED, "DequantizeLinear"):
            for name in node.input:
                tensor = scope.constant(name)
                if tensor is not None and len(tensor.dims) > 1:
                    kinds[_type_name(tensor.data_type)] += math.prod(tensor.dims)
    if not kinds:
        return None, {}
    return (next(iter(kinds)) if len(kinds) == 1 else "mixed"), dict(kinds)


def _type_name(kind: int) -> str:
    known = {int(number): word for number, word in PRECISIONS.items()}
    return known.get(kind) or str(onnx.TensorProto.DataType.keys()[kind]).lower()


def activations(graph: onnx.GraphProto) -> int:
    """Return the bytes of all results of nodes; raises UncountableError."""
    scope, total = Scope(graph), 0
    for name in {name for node in graph.node for name in node.output if name}:
        width = (
            onnx.helper.tensor_dtype_to_np_dtype(scope.types[name]).itemsize
            if scope.types.get(name)
            else 4
        )
        total += math.prod(scope.shape(name)) * width
    return total


def inputs(path: Path) -> list[Port]:
    """Return the inputs of a model as its file declares them; raises ProfileError."""
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # onnx raises what protobuf raises
        raise ProfileError(f"{path.name} is no ONNX model that can be read: {error}") from error
    return _ports(graph)


def _ports(graph: onnx.GraphProto) -> list[Port]:
    constants = {tensor.name for tensor in graph.initializer}
    return [_port(value) for value in graph.input if value.name not in constants]


def _port(value: onnx.ValueInfoProto) -> Port:
    tensor = value.type.tensor_type
    if tensor.elem_type == onnx.TensorProto.STRING:
        return Port(
            value.name,
            "tensor(string)",
            tuple(d.dim_value or d.dim_param or None for d in tensor.shape.dim),
        )
    kinds = {np.dtype(kind): name for name, kind in TYPES.items()}
    kind = kinds.get(
        np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)), "another type"
    )
    shape = tuple(
        d.dim_value if d.HasField("dim_value") else d.dim_param or None for d in tensor.shape.dim
    )
    return Port(value.name, kind, shape)


def facts(path: Path, job: Job, *, estimate_bandwidth: bool = False) -> ModelFacts:
    """Return what is known of a model without running it, ready for records."""
    batch = job.batch_size or (8 if job.scenario == "multi-stream" else 1)
    try:
        model, notes = load(path, job.dimensions, batch)
    except Exception as error:
        raise ProfileError(f"{path.name} is no ONNX model that can be read: {error}") from error
    graph = model.graph
    size_bytes = None
    try:
        size_bytes = storage(path, graph)
    except (UncountableError, OSError) as error:
        notes.append(f"bytes on disk: {error}")
    weights_format, weights_by_type = precision(graph)
    counted = count(_with_functions(graph, notes, model))
    known = ModelFacts(
        parameters=parameters(graph) or None,
        opsets={item.domain or "ai.onnx": item.version for item in model.opset_import},
        size_bytes=size_bytes,
        precision=weights_format,
        weights_by_type=weights_by_type,
        flop_rule=_flop_rule(counted),
        flop_missing=_flop_missing(counted),
        model_sha256=_sha256(path),
        notes=notes + counted.notes or None,
    )
    if known.flop_missing is None:
        flop = 2 * counted.macs
        per_sample = flop / _batch(graph, job, batch)
        known = replace(known, flop=flop, flop_per_sample=per_sample)
    if not estimate_bandwidth:
        return known
    try:
        return replace(known, bandwidth=_bandwidth(graph, path))
    except (UncountableError, OSError, KeyError) as error:
        return replace(known, bandwidth_missing=str(error))


def _with_functions(
    graph: onnx.GraphProto, notes: list[str], model: onnx.ModelProto
) -> onnx.GraphProto:
    if not model.functions:
        return graph
    try:
        inlined = inliner.inline_local_functions(model)
        return onnx.shape_inference.infer_shapes(inlined, data_prop=True).graph
    except (AttributeError, ValueError, onnx.shape_inference.InferenceError) as error:
        notes.append(f"functions of the model were not opened: {error}")
        return graph


def _batch(graph: onnx.GraphProto, job: Job, batch: int) -> int:
    try:
        return batch_of(shapes(_ports(graph), job), job)
    except EngineError:  # told where the model is run
        return batch


def _flop_rule(counted: Count) -> FlopRule:
    rule = FlopRule(
        counted=dict(sorted(counted.counted.items())),
        ignored=dict(sorted(counted.ignored.items())),
        unknown=dict(sorted(counted.unknown.items())),
    )
    if _flop_missing(counted) is None:
        return replace(rule, macs=counted.macs)
    return rule


def _flop_missing(counted: Count) -> Failure | None:
    """Return why there is no number of operations; None where there is one."""
    if counted.faults:
        first = counted.faults[0]
        return Failure(first.reason, str(first))
    if counted.unknown:
        names = ", ".join(sorted(counted.unknown))
        return Failure("unsupported-operator", f"operators that are not known: {names}")
    if not counted.macs:
        words = "no operator of the model multiplies and accumulates"
        return Failure("not-applicable", words)
    return None


def _bandwidth(graph: onnx.GraphProto, path: Path) -> Bandwidth:
    """Return the least traffic of a run; raises UncountableError, OSError or KeyError where it cannot be told."""
    weights = storage(path, graph)
    results = activations(graph)
    return Bandwidth(
        bytes_per_run=weights + 2 * results,
        formula="(bytes of the model + 2 x bytes of all results) / inference time",
        copy_bytes_per_second=copy_bandwidth(),
        calibration="copying 64 MiB on one processor, best of five: reads and writes together",
    )


def copy_bandwidth(mebibytes: int = 64, rounds: int = 5) -> float:
    """Return how many bytes a second this machine moves when it copies, reads and writes together."""
    import time

    import numpy as np

    source = np.ones(mebibytes * 2**20 // 8)
    target = np.empty_like(source)
    best = math.inf
    for _ in range(rounds):
        start = time.perf_counter()
        np.copyto(target, source)
        best = min(best, time.perf_counter() - start)
    return 2 * source.nbytes / best


def _sha256(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
