"""Train a classifier of handwritten digits, write it as ONNX with its test data, and say what scikit-learn answers itself.

    python digits.py OUT
    python digits.py OUT RUNS/run-quality.json

The first writes digits.onnx, test.npz (540 images), labels.txt (the truth) and sklearn.txt (scikit-learn's own answers).
The second compares the answers that a profile has got with scikit-learn's own, and lists every one that differs.
Nothing is downloaded: the images come with scikit-learn, and the network is written as ONNX here, four operators long.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def trained() -> tuple[MLPClassifier, Any, Any]:
    """Return a trained network, and the images and labels that it has not seen."""
    images, labels = load_digits(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(
        images.astype(np.float32), labels, test_size=0.3, random_state=0, stratify=labels
    )
    network = MLPClassifier((64,), random_state=0, max_iter=500)
    network.fit(train / 16, train_labels)
    return network, test, test_labels


def as_onnx(network: MLPClassifier) -> onnx.ModelProto:
    """Return the network as ONNX: two matrix products with what lies between, in float32."""
    (first, second), (bias, last) = network.coefs_, network.intercepts_
    constants = {"w1": first, "b1": bias, "w2": second, "b2": last}
    nodes = [
        helper.make_node("Gemm", ["pixels", "w1", "b1"], ["sums"], "hidden"),
        helper.make_node("Relu", ["sums"], ["active"], "relu"),
        helper.make_node("Gemm", ["active", "w2", "b2"], ["logits"], "output"),
        helper.make_node("Softmax", ["logits"], ["probabilities"], "softmax", axis=1),
    ]
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", first.shape[0]])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", second.shape[1]])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def main(folder: Path) -> None:
    """Train, and write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    network, images, labels = trained()
    onnx.save(as_onnx(network), folder / "digits.onnx")
    np.savez(folder / "test.npz", pixels=images)
    (folder / "labels.txt").write_text("\n".join(map(str, labels)) + "\n", "utf-8")
    own = network.predict(images / 16)
    (folder / "sklearn.txt").write_text("\n".join(map(str, own)) + "\n", "utf-8")
    print(
        f"{folder}/digits.onnx: scikit-learn is right on {(own == labels).sum()} of {len(labels)} images"
    )


def compare(folder: Path, profiled: Path) -> None:
    """Compare the answers of ONNX Runtime (float32) with scikit-learn's (float64)."""
    own = (folder / "sklearn.txt").read_text("utf-8").split()
    answers = json.loads(profiled.read_text("utf-8"))["quality"]["answers"]
    differing = [(row, a, b) for row, (a, b) in enumerate(zip(own, answers, strict=True)) if a != b]
    print(
        f"scikit-learn and ONNX Runtime agree on {len(own) - len(differing)} of {len(own)} images"
    )
    for row, a, b in differing:
        print(f"  image {row}: scikit-learn says {a} in float64, ONNX Runtime {b} in float32")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        compare(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]))
