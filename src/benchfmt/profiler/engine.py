"""ONNX Runtime: a session as asked for, its inputs, and what really ran where.

Imported only in processes that run a model.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from benchfmt.finding import BenchfmtError
from benchfmt.profiler import callables
from benchfmt.profiler.job import MULTI_STREAM_SAMPLES, Job

Feed = dict[str, Any]
TYPES = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16, "tensor(int64)": np.int64,
    "tensor(int32)": np.int32, "tensor(int16)": np.int16, "tensor(int8)": np.int8, "tensor(uint8)": np.uint8,
    "tensor(uint16)": np.uint16, "tensor(uint32)": np.uint32, "tensor(uint64)": np.uint64, "tensor(bool)": np.bool_,
}  # fmt: skip
LEVELS = {
    "none": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
_QUIET = 3
_POOL = 32


class EngineError(BenchfmtError):
    """A model that ONNX Runtime does not load, or inputs that do not fit it."""


def options(job: Job, profile: str | None = None) -> ort.SessionOptions:
    """Return the session options that a job asks for, every default that matters said."""
    found = ort.SessionOptions()
    found.intra_op_num_threads = job.threads
    found.inter_op_num_threads = 1
    found.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    found.graph_optimization_level = LEVELS[job.optimisation]
    # Threads that spin use processor time while they wait: then that time says nothing about the work.
    found.add_session_config_entry("session.intra_op.allow_spinning", "1" if job.spinning else "0")
    found.log_severity_level = _QUIET
    if profile:
        found.enable_profiling = True
        found.profile_file_prefix = profile
    return found


def open_session(job: Job, profile: str | None = None) -> ort.InferenceSession:
    """Return the session of a job; raises EngineError. Providers that are not there are left out, and told by `placement`."""
    there = ort.get_available_providers()
    wanted = [name for name in job.providers if name in there]
    if "CPUExecutionProvider" not in wanted:
        wanted.append("CPUExecutionProvider")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ort.InferenceSession(job.model, options(job, profile), providers=wanted)
    except Exception as error:  # ORT's exceptions have no other common base
        raise EngineError(f"{Path(job.model).name}: ONNX Runtime does not load it: {error}") from error


def version() -> dict[str, str]:
    """Return which ONNX Runtime this is."""
    return {"version": ort.__version__, "build": ort.get_build_info()}


def placement(job: Job, session: ort.InferenceSession) -> dict[str, Any]:
    """Return the providers asked for, there, and in use, and those that silently are not."""
    used = session.get_providers()
    return {
        "asked": list(job.providers),
        "available": ort.get_available_providers(),
        "used": used,
        "lost": [name for name in job.providers if name not in used],
        "options": {name: dict(said) for name, said in session.get_provider_options().items() if said},
    }


@dataclass(frozen=True)
class Shape:
    """An input of the model with the shape it is given."""

    name: str
    kind: str
    shape: tuple[int, ...]
    batched: bool


def shapes(session: ort.InferenceSession, job: Job) -> list[Shape]:
    """Return the inputs with their dimensions filled in: the first free one by the batch size, others as named.

    Raises EngineError for a free dimension that nobody has named: a guess would be another model.
    """
    found = []
    for item in session.get_inputs():
        sizes, batched = [], False
        for place, size in enumerate(item.shape):
            if isinstance(size, int) and size > 0:
                sizes.append(size)
                continue
            known = job.dimensions.get(f"{item.name}.{place}", job.dimensions.get(str(size)))
            if place == 0 and known is None:
                known, batched = wanted_batch(job), True
            elif place == 0:
                batched = True
            if known is None:
                raise EngineError(
                    f"input {item.name!r} has the free dimension {size or place!r}; give it, as in --dim {size or item.name + '.' + str(place)}=224"
                )
            sizes.append(known)
        found.append(Shape(item.name, item.type, tuple(sizes), batched))
    if job.batch_size and not any(item.batched for item in found):
        fixed = {item.shape[0] for item in found if item.shape}
        if fixed != {job.batch_size}:
            raise EngineError(f"the model has a fixed batch of {sorted(fixed)}, not {job.batch_size}")
    return found


def wanted_batch(job: Job) -> int:
    """Return the samples of one call."""
    return job.batch_size or (MULTI_STREAM_SAMPLES if job.scenario == "multi-stream" else 1)


def batch_of(found: list[Shape]) -> int:
    """Return how many samples a call really has: the first dimension of the first input."""
    return found[0].shape[0] if found and found[0].shape else 1


def random_feed(found: list[Shape], chance: np.random.Generator) -> Feed:
    """Return inputs of the right shapes and types, drawn from a seeded generator."""
    feed: Feed = {}
    for item in found:
        if item.kind == "tensor(string)":
            raise EngineError(f"input {item.name!r} takes text; give --inputs, random words would be no input")
        kind = TYPES.get(item.kind)
        if kind is None:
            raise EngineError(f"input {item.name!r} is {item.kind}, for which nothing can be drawn; give --inputs")
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

    def __init__(self, job: Job, found: list[Shape], session: ort.InferenceSession) -> None:
        """Read or draw the items; raises EngineError."""
        self.batch = batch_of(found)
        self.names = [item.name for item in session.get_inputs()]
        self.drawn = job.inputs is None
        if job.inputs is None:
            chance = np.random.default_rng(job.seed)
            self.raw: list[Any] = [random_feed(found, chance) for _ in range(4)]
            return
        self.raw = list(_read_items(job.inputs, self.names))
        if not self.raw:
            raise EngineError(f"{job.inputs} has no item")

    def feed(self, item: Any) -> Feed:
        """Return what the session takes for one item: names and arrays."""
        if isinstance(item, Mapping):
            return dict(item)
        if isinstance(item, tuple | list) and len(item) == len(self.names) > 1:
            return dict(zip(self.names, item, strict=True))
        if len(self.names) != 1:
            raise EngineError(f"the model has the inputs {', '.join(self.names)}; an item must be a dict of arrays")
        return {self.names[0]: np.asarray(item)}

    def joined(self, feeds: list[Feed]) -> Feed:
        """Return several feeds of one sample as one of a batch."""
        if len(feeds) == 1:
            return feeds[0]
        return {name: np.concatenate([feed[name] for feed in feeds]) for name in feeds[0]}


def _read_items(name: str, names: list[str]) -> Iterator[Any]:
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


def pipeline(
    job: Job, session: ort.InferenceSession, items: Items
) -> tuple[Callable[[int], tuple[int, int, int, int]], Callable[[Any], Any]]:
    """Return how one query is handled and timed, and how one item is answered (for an evaluator)."""
    before = callables.load(job.preprocess) if job.preprocess else None
    after = callables.load(job.postprocess) if job.postprocess else None
    order = _order(len(items.raw), items.batch if not items.drawn else 1, job.seed + job.run)
    run, clock = session.run, time.perf_counter_ns

    def prepared(raw: list[Any]) -> Feed:
        return items.joined([items.feed(before(item) if before else item) for item in raw])

    def answer(item: Any) -> Any:
        out = run(None, prepared([item]))
        return after(out) if after else out

    def staged(index: int) -> tuple[int, int, int, int]:
        raw = [items.raw[place] for place in order[index % len(order)]]
        begin = clock()
        feed = prepared(raw)
        ready = clock()
        out = run(None, feed)
        there = clock()
        if after:
            after(out)
        return begin, ready, there, clock()

    if before or after:
        return staged, answer
    feeds = [prepared([items.raw[place] for place in group]) for group in order[:_POOL]]
    count = len(feeds)
    if job.io_binding:
        return _bound(session, feeds), answer

    def bare(index: int) -> tuple[int, int, int, int]:
        feed = feeds[index % count]
        begin = clock()
        run(None, feed)
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


def _bound(session: ort.InferenceSession, feeds: list[Feed]) -> Callable[[int], tuple[int, int, int, int]]:
    """Return a query whose inputs and outputs are bound to the device once: the copies are not in the time."""
    device = "cuda" if any("CUDA" in name or "Tensorrt" in name for name in session.get_providers()) else "cpu"
    bindings = []
    for feed in feeds:
        binding = session.io_binding()
        for name, array in feed.items():
            binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array), device))
        for item in session.get_outputs():
            binding.bind_output(item.name, device)
        bindings.append(binding)
    run, clock, count = session.run_with_iobinding, time.perf_counter_ns, len(bindings)

    def bound(index: int) -> tuple[int, int, int, int]:
        binding = bindings[index % count]
        begin = clock()
        run(binding)
        binding.synchronize_outputs()
        end = clock()
        return begin, begin, end, end

    return bound


def nodes_by_provider(path: Path) -> dict[str, dict[str, float]]:
    """Return from a profile of ONNX Runtime how many nodes ran on which provider, and their kernel time in seconds."""
    import json

    found: dict[str, dict[str, float]] = {}
    nodes: dict[str, set[str]] = {}
    for event in json.loads(path.read_text("utf-8")):
        provider = (event.get("args") or {}).get("provider")
        if event.get("cat") == "Node" and provider and str(event.get("name")).endswith("_kernel_time"):
            nodes.setdefault(provider, set()).add(event["name"])
            entry = found.setdefault(provider, {"nodes": 0, "seconds": 0.0})
            entry["seconds"] += event.get("dur", 0) / 1e6
    for provider, names in nodes.items():
        found[provider]["nodes"] = len(names)
    return found
