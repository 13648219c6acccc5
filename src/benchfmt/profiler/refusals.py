"""What cannot be asked of a profile, told before anything runs.

An option that would change nothing is refused like one that cannot be: silently ignored, it would stand in a record as if
it had been in force.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from benchfmt.profiler import callables, quality
from benchfmt.profiler.job import (
    CLOSED_LOOP,
    ENGINES,
    HARNESSES,
    MULTI_STREAM_SAMPLES,
    PLANS,
    SCENARIOS,
    Job,
)
from benchfmt.profiler.running import ProfileError
from benchfmt.spelling import no_such

CPU = "CPUExecutionProvider"
MOST_ARRIVALS = 10_000_000


def check(job: Job, *, threads_asked: bool, predictions: Path | None) -> None:
    """Raise ProfileError, or another BenchfmtError, for a call that cannot be done as it is meant."""
    path = Path(job.model)
    if not path.is_file():
        raise ProfileError(f"{path} does not exist")
    if not path.stat().st_size:
        raise ProfileError(f"{path} is empty")
    _check_engine(path, job.engine)
    for words in (*_words(job), *_of_engine(job, threads_asked=threads_asked), *_of_numbers(job)):
        raise ProfileError(words)
    for name in (job.preprocess, job.postprocess, job.evaluate, job.inputs):
        if name and ":" in name and not name.endswith((".npz", ".npy")):
            callables.check(name)
    _check_answers(job, predictions)
    _check_shapes(job)


def _check_engine(path: Path, engine: str) -> None:
    if engine not in ENGINES:
        raise ProfileError(no_such("engine", engine, list(ENGINES)))
    match engine:
        case "onnxruntime":
            _check_onnxruntime(path)
        case "tensorrt":
            _check_tensorrt()
        case "trtexec":
            from benchfmt.profiler import trtexec

            trtexec.find()


def _check_onnxruntime(path: Path) -> None:
    if path.suffix.lower() in PLANS:
        raise ProfileError(
            f"{path.name} is an engine that TensorRT has built; add --engine tensorrt, or --engine trtexec"
        )
    if find_spec("onnxruntime") is None:
        raise ProfileError("ONNX Runtime is not installed; run pip install 'benchfmt[profile]'")


def _check_tensorrt() -> None:
    lacking = [name for name in ("tensorrt", "cuda") if find_spec(name) is None]
    if lacking:
        verb = "is" if len(lacking) == 1 else "are"
        raise ProfileError(
            f"TensorRT's Python API needs the packages tensorrt and cuda-python, {' and '.join(lacking)} "
            f"{verb} not there; install them, or use --engine trtexec"
        )


def _words(job: Job) -> Iterator[str]:
    known = (CLOSED_LOOP,) if job.engine == "trtexec" else SCENARIOS
    if job.scenario not in known:
        yield f"there is no scenario {job.scenario!r} by {job.engine}; there are: {', '.join(known)}"
    if job.harness not in HARNESSES:
        yield no_such("harness", job.harness, list(HARNESSES))
    odd = next((name for name in job.providers if not name.endswith("ExecutionProvider")), None)
    if odd or not job.providers:
        yield f"{odd!r} is not a provider; write it in full, as in CUDAExecutionProvider"


def _of_engine(job: Job, *, threads_asked: bool) -> Iterator[str]:
    """Yield what an engine does not have."""
    if job.engine == "onnxruntime":
        if job.engine_options and job.providers[0] == CPU:
            yield "the CPU provider takes no options; --engine-option is for the first --provider"
    else:
        yield from _of_onnxruntime_only(job, threads_asked=threads_asked)
    if job.engine == "trtexec":
        yield from _of_trtexec(job)
    elif job.io_binding and (job.preprocess or job.postprocess):
        yield "inputs that are bound once are neither pre- nor post-processed; leave out --io-binding, or the functions"


def _of_onnxruntime_only(job: Job, *, threads_asked: bool) -> Iterator[str]:
    if job.providers != [CPU]:
        yield f"execution providers are ONNX Runtime's; leave them out with {job.engine}"
    asked = {
        "--threads": threads_asked,
        "--spinning": job.spinning,
        "--optimisation": job.optimisation != "all",
    }
    for option, is_asked in asked.items():
        if is_asked:
            yield f"{option} is ONNX Runtime's; leave it out with {job.engine}"


def _of_trtexec(job: Job) -> Iterator[str]:
    if any((job.inputs, job.preprocess, job.postprocess, job.evaluate, job.io_binding)):
        yield "trtexec makes its own inputs and runs no function; use --engine tensorrt, or leave these out"
    if job.harness != "auto" or job.seed:
        yield "trtexec issues its own queries, of inputs of its own; leave out --harness and --seed"
    if Path(job.model).suffix.lower() in PLANS and (job.batch_size or job.dimensions):
        yield "an engine that is built has its shapes; name others by --engine-option shapes=input:4x3x224x224"


def _of_numbers(job: Job) -> Iterator[str]:
    counts = {"threads": job.threads, "workers": job.workers, "batch_size": job.batch_size}
    for name, number in counts.items():
        if number is not None and number < 1:
            yield f"{name} is {number}; it must be at least 1"
    for name, size in job.dimensions.items():
        if size < 1:
            yield f"the dimension {name!r} is {size}; it must be at least 1"
    batch = job.batch_size or 1
    if job.scenario == "multi-stream" and MULTI_STREAM_SAMPLES % batch:
        yield f"a query of multi-stream has {MULTI_STREAM_SAMPLES} samples, which {batch} does not divide"
    if job.scenario != "server" and (job.rate is not None or job.workers != 1):
        yield "--rate and --workers are for --scenario server"
    if job.rate is not None:
        yield from _of_rate(job.rate, job.protocol.seconds)


def _of_rate(rate: float, seconds: float) -> Iterator[str]:
    if not (math.isfinite(rate) and rate > 0):
        yield f"--rate is {rate:g}; it is a number of queries a second, above 0"
    if rate * seconds > MOST_ARRIVALS:
        yield f"--rate {rate:g} makes more than {MOST_ARRIVALS:,} queries"


def _check_answers(job: Job, predictions: Path | None) -> None:
    if predictions and not job.labels:
        raise ProfileError("predictions need labels: give both")
    if job.engine == "trtexec" and job.labels and not predictions:
        raise ProfileError(
            "trtexec keeps no answers to compare with labels; give predictions too, or --engine tensorrt"
        )
    labels = Path(job.labels) if job.labels else None
    for path in filter(None, (labels, predictions)):
        if not path.is_file():
            raise ProfileError(f"{path} does not exist")
    if predictions and labels:
        quality.by_labels(quality.read_labels(predictions), quality.read_labels(labels))
    elif labels and not job.inputs:
        raise ProfileError(
            "labels without inputs: give --inputs, an accuracy on random inputs says nothing"
        )


def _check_shapes(job: Job) -> None:
    """Refuse free dimensions that nobody names and names that no dimension has, where the model can be read."""
    path = Path(job.model)
    if path.suffix.lower() in PLANS or find_spec("onnx") is None:
        return
    from benchfmt.profiler import engine, static

    ports = static.inputs(path)
    engine.check_names(ports, job)
    found = engine.shapes(ports, job)
    if not job.inputs and job.engine != "trtexec":
        for item in found:
            if item.kind == "tensor(string)":
                raise ProfileError(
                    f"input {item.name!r} takes text; give --inputs, random text would not be a valid input"
                )
