"""What a model is, whoever runs it: parameters, bytes on disk, and floating-point operations.

One multiply-accumulate counts as two operations. Only operators that multiply and accumulate are counted, as in the
definition of `flop` in the standard; what else there is, is listed. A count is given whole or not at all: an operator
that ought to count and has an unknown shape makes it missing, with the reason.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import inliner

from benchfmt.profiler.engine import TYPES, EngineError, Port, batch_of, shapes, wanted_batch
from benchfmt.profiler.facts import Bandwidth, FlopRule, ModelFacts
from benchfmt.profiler.job import Job
from benchfmt.profiler.operations import (
    COUNTED,
    Count,
    Scope,
    UncountableError,
    attribute,
    count,
    graphs,
)
from benchfmt.profiler.running import ProfileError
from benchfmt.profiler.sampled import Failure
from benchfmt.readers.files import file_sha256

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


_TRAINED = ("coefficients", "intercepts", "nodes_values", "class_weights", "target_weights")
"""Attributes of classical models that were trained."""
_WITH_WEIGHTS = (*COUNTED, "DequantizeLinear")
_WIDTH = 4
"""The bytes of an element whose type is not known."""
_KINDS = {np.dtype(dtype): name for name, dtype in TYPES.items()}


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
            size = dimensions.get(f"{value.name}.{place}", dimensions.get(dimension.dim_param))
            if size is None and place == 0:
                size = batch
            if size is not None:
                dimension.dim_value = size
                changed = True
    if changed:
        _forget_shapes(graph)


def _forget_shapes(graph: onnx.GraphProto) -> None:
    """Drop the shapes within a graph and of its outputs."""
    del graph.value_info[:]
    for value in graph.output:
        if value.type.HasField("tensor_type"):
            value.type.tensor_type.ClearField("shape")


def parameters(graph: onnx.GraphProto) -> int:
    """Return the number of trained values: elements of all initializers but scalars, as bounds and exponents are."""
    count: int = sum(math.prod(tensor.dims) for tensor in graph.initializer if tensor.dims)
    for node in graph.node:
        count += _trained(node)
        for inner in graphs(node):
            count += parameters(inner)
    return count


def _trained(node: onnx.NodeProto) -> int:
    """Return how many trained values stand in a node itself."""
    if node.domain == "ai.onnx.ml":
        return sum(len(item.floats) for item in node.attribute if item.name in _TRAINED)
    value = attribute(node, "value")
    if node.op_type == "Constant" and value is not None and len(value.t.dims) > 1:
        return math.prod(value.t.dims)
    return 0


def storage(path: Path, graph: onnx.GraphProto) -> int:
    """Return the bytes of the model file and of the files with external data that it names, each once."""
    names = set()
    for tensor in graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                names.add(entry.value)
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
    weights: Counter[str] = Counter()
    scope = Scope(graph)
    names = [name for node in graph.node if node.op_type in _WITH_WEIGHTS for name in node.input]
    for name in names:
        tensor = scope.constant(name)
        if tensor is not None and len(tensor.dims) > 1:
            weights[_type_name(tensor.data_type)] += math.prod(tensor.dims)
    if len(weights) > 1:
        return "mixed", dict(weights)
    return next(iter(weights), None), dict(weights)


def _type_name(kind: int) -> str:
    known = {int(number): word for number, word in PRECISIONS.items()}
    return known.get(kind) or str(onnx.TensorProto.DataType.keys()[kind]).lower()


def activations(graph: onnx.GraphProto) -> int:
    """Return the bytes of all results of nodes; raises UncountableError."""
    scope, total = Scope(graph), 0
    for name in {name for node in graph.node for name in node.output if name}:
        width = _WIDTH
        kind = scope.types.get(name)
        if kind:
            width = onnx.helper.tensor_dtype_to_np_dtype(kind).itemsize
        total += math.prod(scope.shape(name)) * width
    return total


def inputs(path: Path) -> list[Port]:
    """Return the inputs of a model as its file declares them; raises ProfileError."""
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # onnx raises what protobuf raises
        raise ProfileError(f"{path.name} is not an ONNX model that can be read: {error}") from error
    return _ports(graph)


def _ports(graph: onnx.GraphProto) -> list[Port]:
    constants = {tensor.name for tensor in graph.initializer}
    return [_port(value) for value in graph.input if value.name not in constants]


def _port(value: onnx.ValueInfoProto) -> Port:
    tensor = value.type.tensor_type
    if tensor.elem_type == onnx.TensorProto.STRING:
        kind = "tensor(string)"
    else:
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
        kind = _KINDS.get(dtype, "another type")
    shape = []
    for dimension in tensor.shape.dim:
        if dimension.HasField("dim_value"):
            shape.append(dimension.dim_value)
        else:
            shape.append(dimension.dim_param or None)
    return Port(value.name, kind, tuple(shape))


def facts(path: Path, job: Job, *, estimate_bandwidth: bool = False) -> ModelFacts:
    """Return what is known of a model without running it, ready for records."""
    batch = wanted_batch(job)
    try:
        model, notes = load(path, job.dimensions, batch)
    except Exception as error:
        raise ProfileError(f"{path.name} is not an ONNX model that can be read: {error}") from error
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
        model_sha256=file_sha256(path),
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
    source = np.ones(mebibytes * 2**20 // 8)
    target = np.empty_like(source)
    best = math.inf
    for _ in range(rounds):
        start = time.perf_counter()
        np.copyto(target, source)
        best = min(best, time.perf_counter() - start)
    return 2 * source.nbytes / best
