"""Static facts of a model: operations against hand counts and onnx-tool, parameters, bytes; missing rather than wrong."""

from __future__ import annotations

import contextlib
import io
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from tests.onnx_models import dense, model, saved, value, weights  # noqa: E402

from benchfmt.profiler import static  # noqa: E402
from benchfmt.profiler.job import Job  # noqa: E402
from benchfmt.profiler.plain import plain  # noqa: E402

EXAMPLES = Path(__file__).parents[2] / "examples" / "profile"


def facts(made: Any, folder: Path, **job: Any) -> dict[str, Any]:
    path = saved(made, folder / "model.onnx")
    known: dict[str, Any] = plain(static.facts(path, Job(str(path), "", **job)))
    return known


def one(
    kind: str,
    inputs: dict[str, tuple[int, ...]],
    constants: list[Any],
    out: tuple[int, ...] | None,
    **attributes: Any,
) -> Any:
    domain = attributes.pop("domain", "")
    names = [*attributes.pop("names", [*inputs, *(tensor.name for tensor in constants)])]
    node = helper.make_node(kind, names, ["y"], kind, domain=domain, **attributes)
    given = [value(name, shape) for name, shape in inputs.items()]
    domains = (("", 17), (domain, 1)) if domain else (("", 17),)
    return model([node], given, [value("y", out)], constants, domains)


# Each with the multiply-accumulates counted by hand.
HAND = {
    "convolution": (one("Conv", {"x": (1, 3, 8, 8)}, [weights("w", 6, 3, 3, 3)], (1, 6, 6, 6)), 6 * 6 * 6 * 3 * 3 * 3),
    "strided-padded": (
        one("Conv", {"x": (1, 3, 8, 8)}, [weights("w", 6, 3, 3, 3)], (1, 6, 4, 4), strides=[2, 2], pads=[1, 1, 1, 1]),
        6 * 4 * 4 * 27,
    ),
    "depthwise": (one("Conv", {"x": (2, 4, 5, 5)}, [weights("w", 4, 1, 3, 3)], (2, 4, 3, 3), group=4), 2 * 4 * 9 * 9),
    "one-dimension": (one("Conv", {"x": (1, 2, 10)}, [weights("w", 4, 2, 3)], (1, 4, 8)), 4 * 8 * 2 * 3),
    "transposed": (
        one("ConvTranspose", {"x": (1, 3, 4, 4)}, [weights("w", 3, 5, 2, 2)], (1, 5, 8, 8), strides=[2, 2]),
        3 * 4 * 4 * 5 * 2 * 2,
    ),
    "gemm": (one("Gemm", {"x": (2, 16)}, [weights("w", 16, 4)], (2, 4)), 2 * 16 * 4),
    "gemm-transposed": (one("Gemm", {"x": (16, 2)}, [weights("w", 4, 16)], (2, 4), transA=1, transB=1), 2 * 16 * 4),
    "matmul-batched": (one("MatMul", {"a": (3, 2, 5, 7), "b": (3, 2, 7, 4)}, [], (3, 2, 5, 4)), 3 * 2 * 5 * 7 * 4),
    "matmul-broadcast": (one("MatMul", {"a": (3, 5, 7), "b": (7, 4)}, [], (3, 5, 4)), 3 * 5 * 7 * 4),
    "matmul-vector": (one("MatMul", {"a": (5, 7), "b": (7,)}, [], (5,)), 5 * 7),
    "einsum": (one("Einsum", {"a": (2, 3, 4), "b": (2, 4, 5)}, [], (2, 3, 5), equation="bij,bjk->bik"), 2 * 3 * 4 * 5),
    "lstm": (
        one("LSTM", {"x": (10, 2, 8)}, [weights("w", 1, 24, 8), weights("r", 1, 24, 6)], None, hidden_size=6),
        10 * 2 * 24 * (8 + 6),
    ),
    "gru-both-directions": (
        one("GRU", {"x": (10, 2, 8)}, [weights("w", 2, 18, 8), weights("r", 2, 18, 6)], None, hidden_size=6, direction="bidirectional"),
        10 * 2 * 2 * 18 * (8 + 6),
    ),
    "rnn": (
        one("RNN", {"x": (5, 1, 4)}, [weights("w", 1, 3, 4), weights("r", 1, 3, 3)], None, hidden_size=3),
        5 * 3 * (4 + 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HAND)
def test_operations_are_those_counted_by_hand(name: str, tmp_path: Path) -> None:
    made, macs = HAND[name]
    found = facts(made, tmp_path)
    assert found["flop_rule"]["macs"] == macs
    assert found["flop"] == 2 * macs
    assert "flop_missing" not in found


def quantised() -> Any:
    scale, zero = (
        numpy_helper.from_array(np.float32(0.1), "s"),
        numpy_helper.from_array(np.uint8(0), "z"),
    )
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("QLinearConv", ["q", "s", "z", "w", "s", "z", "s", "z"], ["c"]),
        helper.make_node("ConvInteger", ["q", "w"], ["i"]),
        helper.make_node("DequantizeLinear", ["c", "s", "z"], ["y"]),
        helper.make_node("Flatten", ["c"], ["f"]),
        helper.make_node("QLinearMatMul", ["f", "s", "z", "m", "s", "z", "s", "z"], ["d"]),
        helper.make_node("MatMulInteger", ["f", "m"], ["e"]),
    ]
    tensors = [
        scale,
        zero,
        weights("w", 2, 1, 3, 3, kind=np.uint8),
        weights("m", 18, 5, kind=np.uint8),
    ]
    return model(nodes, [value("x", (1, 1, 5, 5))], [value("y", (1, 2, 3, 3))], tensors)


def test_quantised_twins_count_like_their_originals(tmp_path: Path) -> None:
    found = facts(quantised(), tmp_path)
    assert found["flop_rule"]["macs"] == 2 * (2 * 3 * 3 * 9) + 2 * (18 * 5)
    assert found["precision"] == "uint8"
    assert found["flop_rule"]["unknown"] == {}


def test_a_free_batch_is_one_and_the_count_is_per_sample(tmp_path: Path) -> None:
    assert facts(dense(), tmp_path)["flop"] == 128
    eight = facts(dense(), tmp_path, batch_size=8)
    assert (eight["flop"], eight["flop_per_sample"]) == (1024, 128)
    assert facts(dense(4), tmp_path)["flop_per_sample"] == 128


def dynamic(rows: Any = "height") -> Any:
    return one("Conv", {"x": ("batch", 3, rows, rows)}, [weights("w", 6, 3, 3, 3)], None)  # type: ignore[dict-item]


def test_a_free_dimension_is_missing_and_not_zero(tmp_path: Path) -> None:
    found = facts(dynamic(), tmp_path)
    assert found["flop_missing"]["reason"] == "dynamic-shape"
    assert "--dim" in found["flop_missing"]["detail"]
    assert "flop" not in found


@pytest.mark.parametrize("name", ["height", "x.2"])
def test_a_free_dimension_is_named_on_the_command_line(name: str, tmp_path: Path) -> None:
    sizes = {"height": 8} if name == "height" else {"x.2": 8, "x.3": 8}
    assert facts(dynamic(), tmp_path, dimensions=sizes)["flop_rule"]["macs"] == 6 * 6 * 6 * 27


def test_an_unknown_operator_makes_the_count_missing(tmp_path: Path) -> None:
    made = one("Wonder", {"x": (1, 3)}, [], (1, 3), domain="com.example")
    found = facts(made, tmp_path)
    assert found["flop_missing"] == {
        "reason": "unsupported-operator", "detail": "operators that are not known: com.example:Wonder",
    }  # fmt: skip


def test_somebody_elses_operator_of_a_known_name_is_not_that_operator(tmp_path: Path) -> None:
    made = one("Relu", {"x": (1, 3)}, [], (1, 3), domain="com.example")
    assert facts(made, tmp_path)["flop_rule"]["unknown"] == {"com.example:Relu": 1}


def test_a_model_that_multiplies_nothing_has_no_count(tmp_path: Path) -> None:
    found = facts(one("Relu", {"x": (1, 3)}, [], (1, 3)), tmp_path)
    assert found["flop_missing"]["reason"] == "not-applicable"


def branches() -> Any:
    def branch(width: int) -> Any:
        node = helper.make_node("Gemm", ["x", f"w{width}"], [f"h{width}"])
        total = helper.make_node("ReduceSum", [f"h{width}"], [f"y{width}"], keepdims=0)
        return helper.make_graph(
            [node, total], "branch", [], [value(f"y{width}", ())], [weights(f"w{width}", 16, width)]
        )

    node = helper.make_node(
        "If", ["c"], ["y"], "choose", then_branch=branch(4), else_branch=branch(8)
    )
    return model([node], [value("x", (1, 16)), value("c", (), TensorProto.BOOL)], [value("y", ())])


def test_of_two_branches_the_costlier_counts_and_it_is_said(tmp_path: Path) -> None:
    found = facts(branches(), tmp_path)
    assert found["flop_rule"]["macs"] == 16 * 8
    assert "costlier branch" in found["notes"][0]
    assert found["parameters"] == 16 * 4 + 16 * 8


def looped(times: int | None) -> Any:
    body = helper.make_graph(
        [helper.make_node("MatMul", ["v", "w"], ["out"]), helper.make_node("Identity", ["cond"], ["go"])], "body",
        [value("i", (), TensorProto.INT64), value("cond", (), TensorProto.BOOL), value("v", (4, 4))],
        [value("go", (), TensorProto.BOOL), value("out", (4, 4))],
    )  # fmt: skip
    node = helper.make_node("Loop", ["n", "", "x"], ["y"], "repeat", body=body)
    tensors = [weights("w", 4, 4)]
    inputs = [value("x", (4, 4))]
    if times is None:
        inputs.append(value("n", (), TensorProto.INT64))
    else:
        tensors.append(numpy_helper.from_array(np.int64(times), "n"))
    return model([node], inputs, [value("y", (4, 4))], tensors)


def test_a_loop_counts_as_often_as_it_runs_or_not_at_all(tmp_path: Path) -> None:
    assert facts(looped(5), tmp_path)["flop_rule"]["macs"] == 5 * 64
    found = facts(looped(None), tmp_path)
    assert found["flop_missing"]["reason"] == "dynamic-shape"


def test_scalars_are_no_parameters(tmp_path: Path) -> None:
    bound = numpy_helper.from_array(np.float32(6), "six")
    made = model(
        [helper.make_node("Gemm", ["x", "w"], ["h"]), helper.make_node("Clip", ["h", "", "six"], ["y"])],
        [value("x", (1, 16))], [value("y", (1, 4))], [weights("w", 16, 4), bound],
    )  # fmt: skip
    assert facts(made, tmp_path)["parameters"] == 64


def test_bytes_count_external_data(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(dense(), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    found = plain(static.facts(path, Job(str(path), "")))
    assert found["size_bytes"] == path.stat().st_size + (tmp_path / "weights.bin").stat().st_size
    assert found["parameters"] == 68


def test_external_data_outside_the_folder_is_not_looked_at(tmp_path: Path) -> None:
    made = dense()
    tensor = made.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../elsewhere.bin")
    (tmp_path / "elsewhere.bin").write_bytes(b"x" * 100)
    (tmp_path / "in").mkdir()
    found = facts(made, tmp_path / "in")
    assert "size_bytes" not in found
    assert "outside" in found["notes"][0]


def test_precision_is_mixed_where_weights_differ(tmp_path: Path) -> None:
    made = model(
        [helper.make_node("Gemm", ["x", "w"], ["h"]), helper.make_node("Cast", ["h"], ["g"], to=TensorProto.FLOAT16),
         helper.make_node("Gemm", ["g", "v"], ["y"])],
        [value("x", (1, 16))], [value("y", (1, 4), TensorProto.FLOAT16)],
        [weights("w", 16, 4), weights("v", 4, 4, kind=np.float16)],
    )  # fmt: skip
    found = facts(made, tmp_path)
    assert (found["precision"], found["weights_by_type"]) == ("mixed", {"fp32": 64, "fp16": 16})


@pytest.fixture(scope="module")
def mobilenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    module = runpy.run_path(str(EXAMPLES / "mobilenet.py"))
    return saved(module["network"](), tmp_path_factory.mktemp("models") / "mobilenet.onnx")


def test_mobilenet_has_the_published_size(mobilenet: Path) -> None:
    found = plain(static.facts(mobilenet, Job(str(mobilenet), "")))
    assert found["parameters"] == 3_487_816
    assert found["flop_rule"]["macs"] == 300_774_272
    assert found["flop_rule"]["counted"] == {"Conv": 52, "Gemm": 1}
    assert found["flop_rule"]["unknown"] == {}


def test_onnx_tool_counts_the_same_products(mobilenet: Path) -> None:
    tool = pytest.importorskip("onnx_tool", reason="onnx-tool is not installed")
    with contextlib.redirect_stdout(io.StringIO()):
        graph = tool.Model(str(mobilenet)).graph
        graph.shape_infer({"image": np.zeros((1, 3, 224, 224), np.float32)})
        graph.profile()
    # onnx-tool counts biases, activations and pooling too; its nodes of the kinds that we count carry a bias each.
    products = bias = 0
    for node in graph.nodemap.values():
        if node.op_type in ("Conv", "Gemm"):
            out = graph.tensormap[node.output[0]].get_shape()
            products += int(node.macs[0])
            bias += int(np.prod(out))
    assert products - bias == 300_774_272
    assert graph.params - 2 * 35 in (3_487_816, 3_487_816 - 2 * 35)


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    from benchfmt import BenchfmtError

    (tmp_path / "m.onnx").write_bytes(b"no model at all")
    with pytest.raises(BenchfmtError, match="not an ONNX model that can be read"):
        static.facts(tmp_path / "m.onnx", Job("", ""))


def test_a_bandwidth_estimate_says_what_it_is(tmp_path: Path) -> None:
    path = saved(dense(), tmp_path / "m.onnx")
    found = plain(static.facts(path, Job(str(path), ""), estimate_bandwidth=True))["bandwidth"]
    assert found["bytes_per_run"] == path.stat().st_size + 2 * (4 + 4) * 4
    assert found["copy_bytes_per_second"] > 1e6
