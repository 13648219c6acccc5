"""Quality of a model's answers: by a function of the user, or by labels.

An evaluator is called with `predict`, which answers one raw item by the whole pipeline, and the items. It returns metrics
by name (`{"accuracy": 0.97}`), or a dict with `metrics`, and with `n`, `dataset`, `samples` where it knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchfmt.finding import BenchfmtError
from benchfmt.profiler import callables
from benchfmt.profiler.document import Quality
from benchfmt.profiler.job import Job
from benchfmt.readers.files import file_sha256

if TYPE_CHECKING:
    from benchfmt.profiler.engine import Items


_EXTRA = ("n", "dataset", "unit", "answers", "detail")
"""What an evaluator may say besides its metrics."""


class QualityError(BenchfmtError):
    """Labels or predictions that do not fit each other, or an evaluator that returns something else."""


def measure(job: Job, predict: Callable[[object], object], items: Items) -> Quality:
    """Return metrics, n, and what is known of the data set; raises QualityError."""
    if job.evaluate:
        answer = callables.load(job.evaluate)(predict, items.raw)
        return checked(answer, job.evaluate.rpartition("/")[2])
    assert job.labels is not None  # noqa: S101 - one of the two is there
    labels = read_labels(Path(job.labels))
    if items.drawn:
        raise QualityError(
            "labels without inputs: give --inputs, an accuracy on random inputs says nothing"
        )
    answers = [label_of(predict(item)) for item in items.raw]
    quality = by_labels(answers, labels)
    return replace(quality, labels_sha256=file_sha256(Path(job.labels)), answers=answers)


def by_labels(answers: Sequence[str], labels: Sequence[str]) -> Quality:
    """Return the accuracy of answers against labels."""
    if not labels:
        raise QualityError("there are no labels")
    if len(answers) != len(labels):
        raise QualityError(f"there are {len(answers)} answers and {len(labels)} labels")
    right = sum(a == b for a, b in zip(answers, labels, strict=True))
    return Quality(by="labels", metrics={"accuracy": right / len(labels)}, n=len(labels))


def read_labels(path: Path) -> list[str]:
    """Return labels or predictions: a .npy file (two dimensions: the greatest of a row), or text, one a line."""
    if path.suffix == ".npy":
        import numpy as np

        found = np.load(path, allow_pickle=False)
        return [label_of([row]) for row in found]
    lines = path.read_text("utf-8").splitlines()
    return [_plain(line.strip()) for line in lines if line.strip()]


def label_of(outputs: object) -> str:
    """Return the label that outputs name: the first one if it is a single whole number or word, else its greatest score."""
    import numpy as np

    first = np.asarray(outputs[0] if isinstance(outputs, list | tuple) else outputs)
    if first.size == 1:
        label = _plain(first.reshape(-1)[0])
        if np.issubdtype(first.dtype, np.floating) and not label.lstrip("-").isdecimal():
            raise QualityError(
                f"the first output is one number, {label}, which is a score and no label; give --postprocess or --evaluate"
            )
        return label
    if not np.issubdtype(first.dtype, np.number):
        raise QualityError("the first output is neither one label nor scores; give --evaluate")
    return str(int(first.reshape(-1).argmax()))


def _plain(label: object) -> str:
    """Return a label as text, whole numbers without a point."""
    word = str(label)
    try:
        return str(int(float(word))) if float(word).is_integer() else word
    except ValueError:
        return word


def checked(answer: Any, by: str) -> Quality:
    """Return what an evaluator gives, with plain numbers; raises QualityError."""
    if not isinstance(answer, dict) or "metrics" not in answer:
        answer = {"metrics": answer}
    metrics = answer["metrics"]
    if not isinstance(metrics, dict) or not metrics:
        raise QualityError("the evaluator must return metrics by name, as in {'accuracy': 0.97}")
    try:
        numbers = {str(name): float(value) for name, value in metrics.items()}
    except (TypeError, ValueError) as error:
        raise QualityError(f"the evaluator must return numbers: {error}") from error
    extra = {name: answer[name] for name in _EXTRA if name in answer}
    return Quality(by=by, metrics=numbers, **extra)
