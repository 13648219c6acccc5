"""What is common to all engines: the inputs of a model, the items that queries are made of, and how one query is timed.

Imported only in processes that run a model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from benchfmt.finding import BenchfmtError
from benchfmt.profiler import callables
from benchfmt.profiler.document import EngineVersion, Placement
from benchfmt.profiler.job import MULTI_STREAM_SAMPLES, Job

Array = npt.NDArray[np.generic]
Feed = dict[str, Array]
Call = Callable[[int], tuple[int, int, int, int]]
SESSIONS = {
    "onnxruntime": ("benchfmt.profiler.onnxruntime_session", "OnnxRuntimeSession"),
    "tensorrt": ("benchfmt.profiler.tensorrt_session", "TensorRtSession"),
}
"""Where the session of each engine is; it is imported only in a process that uses it."""
TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int16)": np.int16,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(uint16)": np.uint16,
    "tensor(uint32)": np.uint32,
    "tensor(uint64)": np.uint64,
    "tensor(bool)": np.bool_,
}
BATCH_NAMES = ("batch", "batch_size", "n", "bs")
_POOL_BYTES = 64 * 2**20
"""So much memory holds feeds that are made before the measurement; what more there are of is not fed."""


class EngineError(BenchfmtError):
    """A model that its engine does not load, or inputs that do not fit it."""


@dataclass(frozen=True)
class Port:
    """An input of a model as its file declares it; a free dimension is a name, a number below 1, or None."""

    name: str
    kind: str
    shape: tuple[int | str | None, ...]


class Session(Protocol):
    """A loaded model, whatever runs it."""

    inputs: list[Port]
    building: float | None
    """Seconds in which an engine was built for this machine; None where none was."""

    def run(self, feed: Feed) -> list[Array]:
        """Return the outputs for host arrays."""

    def bound(self, feeds: Sequence[Feed]) -> Call:
        """Return a query over inputs that lie on the device already."""

    def placement(self) -> Placement:
        """Return what was asked for, what is in use, and what of it is lost."""

    def version(self) -> EngineVersion:
        """Return which version of what runs the model."""


def open_session(job: Job) -> Session:
    """Return the model of a job loaded by the engine of the job; raises EngineError."""
    module, name = SESSIONS[job.engine]
    made: Session = getattr(import_module(module), name)(job)
    return made


@dataclass(frozen=True)
class Shape:
    """An input of the model with the shape it is given."""

    name: str
    kind: str
    shape: tuple[int, ...]
    batched: bool
    free: bool = False
    """Whether the file leaves a dimension open."""
    axis: int | None = None
    """Which dimension counts the samples, where the file tells."""


def shapes(inputs: Sequence[Port], job: Job) -> list[Shape]:
    """Return the inputs with their dimensions filled in: the first free one by the batch size, others as named.

    Raises EngineError for a free dimension that nobody has named: a guess would be another model.
    """
    found = [_shape(item, job) for item in inputs]
    if job.batch_size and all(item.axis is None for item in found):
        fixed = {item.shape[0] for item in found if item.shape}
        if job.batch_size != 1 and fixed != {job.batch_size}:
            raise EngineError(
                f"the model has a fixed batch of {sorted(fixed)}, not {job.batch_size}"
            )
    return found


def _shape(item: Port, job: Job) -> Shape:
    labels = [f"{item.name}.{place}" for place in range(len(item.shape))]
    places = dict(enumerate(labels))
    for place, size in enumerate(item.shape):
        if isinstance(size, str) and size:
            labels[place] = size
    axis = _batch_axis(item, labels)
    sizes = []
    for place, size in enumerate(item.shape):
        known = job.dimensions.get(places[place], job.dimensions.get(labels[place]))
        if isinstance(size, int) and size > 0:
            known = size
        elif known is None and place == axis:
            known = wanted_batch(job)
        if known is None:
            raise EngineError(
                f"input {item.name!r} has the free dimension {labels[place]!r}; give it, as in --dim {labels[place]}=224"
            )
        sizes.append(known)
    free = not all(map(_is_size, item.shape))
    return Shape(item.name, item.kind, tuple(sizes), axis == 0, free, axis)


def _batch_axis(item: Port, labels: list[str]) -> int | None:
    """Return the dimension that is called batch, else the first one if it is free."""
    for place, label in enumerate(labels):
        if label.casefold() in BATCH_NAMES:
            return place
    if item.shape and not _is_size(item.shape[0]):
        return 0
    return None


def _is_size(size: object) -> bool:
    return isinstance(size, int) and size > 0


def check_names(inputs: Sequence[Port], job: Job) -> None:
    """Raise EngineError for a dimension that is named and that no input has."""
    known: set[str] = set()
    free: list[str] = []
    for item in inputs:
        known.update(f"{item.name}.{place}" for place in range(len(item.shape)))
        known.update(size for size in item.shape if isinstance(size, str))
        free += [str(size) for size in item.shape if not _is_size(size)]
    unknown = sorted(set(job.dimensions) - known)
    if unknown:
        names = ", ".join(dict.fromkeys(free)) or "none"
        raise EngineError(f"no input has the dimension {unknown[0]!r}; free are: {names}")


def wanted_batch(job: Job) -> int:
    """Return the samples of one call."""
    return job.batch_size or (MULTI_STREAM_SAMPLES if job.scenario == "multi-stream" else 1)


def batch_of(found: Sequence[Shape], job: Job) -> int:
    """Return how many samples a call really has.

    It is the size of the dimension that is called batch, else of the first one if it is free. Of a model whose shapes are
    all fixed it is the first dimension of a table or of images (two or four dimensions), else one; `batch_size=1` says that
    the whole is one sample.
    """
    for item in found:
        if item.axis is not None:
            return item.shape[item.axis]
    if job.batch_size or not found:
        return job.batch_size or 1
    return found[0].shape[0] if len(found[0].shape) in (2, 4) else 1


def random_feed(found: list[Shape], chance: np.random.Generator) -> Feed:
    """Return inputs of the right shapes and types, drawn from a seeded generator."""
    feed: Feed = {}
    for item in found:
        if item.kind == "tensor(string)":
            raise EngineError(
                f"input {item.name!r} takes text; give --inputs, random text would not be a valid input"
            )
        kind = TYPES.get(item.kind)
        if kind is None:
            raise EngineError(
                f"input {item.name!r} is {item.kind}, for which nothing can be drawn; give --inputs"
            )
        if np.issubdtype(kind, np.floating):
            feed[item.name] = chance.random(item.shape, np.float32).astype(kind)
        elif kind is np.bool_:
            feed[item.name] = chance.random(item.shape) < 0.5
        else:
            # 0 and 1 are indices that every table and vocabulary has.
            feed[item.name] = chance.integers(0, 2, item.shape).astype(kind)
    return feed


class Items:
    """The raw items that queries are made of: the user's, or seeded random tensors."""

    def __init__(self, job: Job, found: list[Shape]) -> None:
        """Read or draw the items; raises EngineError."""
        self.batch = batch_of(found, job)
        self.axes = {item.name: item.axis or 0 for item in found}
        self.names = [item.name for item in found]
        self.drawn = job.inputs is None
        if job.inputs is None:
            chance = np.random.default_rng(job.seed)
            self.raw: list[object] = [random_feed(found, chance) for _ in range(4)]
            return
        self.raw = list(_read_items(job.inputs, self.names))
        if not self.raw:
            raise EngineError(f"{job.inputs} has no item")

    def feed(self, item: object) -> Feed:
        """Return what the session takes for one item: names and arrays."""
        if isinstance(item, Mapping):
            return dict(item)
        if isinstance(item, tuple | list) and len(item) == len(self.names) > 1:
            return dict(zip(self.names, item, strict=True))
        if len(self.names) != 1:
            raise EngineError(
                f"the model has the inputs {', '.join(self.names)}; an item must be a dict of arrays"
            )
        return {self.names[0]: np.asarray(item)}

    def joined(self, feeds: list[Feed]) -> Feed:
        """Return several feeds of one sample as one of a batch."""
        if len(feeds) == 1:
            return feeds[0]
        return {
            name: np.concatenate([feed[name] for feed in feeds], axis=self.axes.get(name, 0))
            for name in feeds[0]
        }


def _read_items(name: str, names: list[str]) -> Iterator[object]:
    """Yield the items of an .npz or .npy file (one for each row), or of a user's function."""
    if name.endswith((".npz", ".npy")):
        loaded = np.load(name, allow_pickle=False)
        arrays = dict(loaded) if hasattr(loaded, "files") else {names[0]: loaded}
        wanted = {key: arrays[key] for key in names if key in arrays}
        if set(wanted) != set(names):
            raise EngineError(f"{Path(name).name} has {sorted(arrays)}; the model takes {names}")
        for row in range(len(next(iter(wanted.values())))):
            yield {key: array[row : row + 1] for key, array in wanted.items()}
        return
    found = callables.load(name)
    yield from found() if callable(found) else found


def preparer(job: Job, items: Items) -> Callable[[list[object]], Feed]:
    """Return what makes the arrays of a call of some raw items."""
    before = callables.load(job.preprocess) if job.preprocess else None

    def prepared(raw: list[object]) -> Feed:
        return items.joined([items.feed(before(item) if before else item) for item in raw])

    return prepared


def pipeline(job: Job, session: Session, items: Items) -> tuple[Call, Callable[[object], object]]:
    """Return how one query is handled and timed, and how one item is answered (for an evaluator)."""
    prepared = preparer(job, items)
    after = callables.load(job.postprocess) if job.postprocess else None
    order = _order(len(items.raw), items.batch if not items.drawn else 1, job.seed + job.run)
    run, clock = session.run, time.perf_counter_ns

    def answer(item: object) -> object:
        out = run(prepared([item]))
        return after(out) if after else out

    def staged(index: int) -> tuple[int, int, int, int]:
        raw = [items.raw[place] for place in order[index % len(order)]]
        begin = clock()
        feed = prepared(raw)
        ready = clock()
        out = run(feed)
        there = clock()
        if after:
            after(out)
        return begin, ready, there, clock()

    if job.preprocess or after:
        return staged, answer
    feeds = [prepared([items.raw[place] for place in order[0]])]
    fitting = max(_POOL_BYTES // max(sum(array.nbytes for array in feeds[0].values()), 1), 1)
    feeds += [prepared([items.raw[place] for place in group]) for group in order[1:fitting]]
    count = len(feeds)
    if job.io_binding:
        return session.bound(feeds), answer

    def bare(index: int) -> tuple[int, int, int, int]:
        feed = feeds[index % count]
        begin = clock()
        run(feed)
        end = clock()
        return begin, begin, end, end

    return bare, answer


def _order(count: int, batch: int, seed: int) -> list[list[int]]:
    """Return groups of items in a seeded random order; every item occurs before one occurs again."""
    places = list(np.random.default_rng(seed).permutation(count))
    groups = [places[start : start + batch] for start in range(0, count, batch)]
    if len(groups[-1]) < batch:
        groups[-1] = (groups[-1] + places * batch)[:batch]
    return [[int(place) for place in group] for group in groups]
