"""Functions that a profile calls in its own processes: apart from the tests, whose imports take longer than the runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np


def slow_input(item: Any) -> Any:
    """A pre-processing of the tests: 2 ms of work, so that it can be seen."""
    until = time.perf_counter() + 0.002
    while time.perf_counter() < until:
        pass
    return item


def first_output(outputs: Any) -> int:
    return int(np.argmax(outputs[0]))


def scores(predict: Any, items: Any) -> dict[str, Any]:
    """An evaluator of the tests: it says how often the first class wins."""
    answers = [predict(item) for item in items]
    return {
        "metrics": {"accuracy": answers.count(0) / len(answers)},
        "n": len(answers),
        "dataset": {"name": "mine", "split": "test"},
    }


def nothing_useful(predict: Any, items: Any) -> Any:
    return {"accuracy": "good"}


def broken(item: Any) -> Any:
    raise RuntimeError("this pre-processing\nfails")


def words() -> Iterator[Any]:
    for index in range(12):
        yield np.full((1, 16), index, np.float32)


def items_of_another_shape() -> Iterator[Any]:
    for _ in range(4):
        yield np.zeros((1, 15), np.float32)


def agreement(predict: Any, items: Any) -> dict[str, Any]:
    """An evaluator of the tests: how often the answer is that of ONNX Runtime."""
    import onnxruntime
    from tests.onnx_models import dense

    session = onnxruntime.InferenceSession(
        dense().SerializeToString(), providers=["CPUExecutionProvider"]
    )
    same = [predict(item) == first_output(session.run(None, {"x": item})) for item in items]
    return {"metrics": {"accuracy": sum(same) / len(same)}, "n": len(same)}
