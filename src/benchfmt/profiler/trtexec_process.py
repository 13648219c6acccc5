"""One process of a profile by trtexec: what it exports becomes the document that a process of our own leaves.

So records, gate and summary are made in one way. The engine is built once for all processes; trtexec's log and times are
the sources, and `benchfmt convert` reads them too.
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict, cast

from benchfmt.finding import BenchfmtError
from benchfmt.profiler import figures, proc, running, sensed
from benchfmt.profiler.document import (
    Block,
    Build,
    Document,
    EngineVersion,
    Input,
    Load,
    Measured,
    Memory,
    Observed,
    Placement,
    Trtexec,
    TrtexecSettings,
    WarmUp,
)
from benchfmt.profiler.engine import Shape, shapes
from benchfmt.profiler.job import PLANS, Job
from benchfmt.profiler.loops import BLOCK_RUNS
from benchfmt.profiler.running import Run
from benchfmt.profiler.trtexec import (
    LOG,
    TIMES,
    Outcome,
    TrtexecError,
    Watcher,
    find,
    run,
    version,
    watcher,
)
from benchfmt.readers import jsons
from benchfmt.readers import trtexec as reader
from benchfmt.readers.files import file_sha256
from benchfmt.suites import trtexec as rules

STEADY = 0.05
_CHOICES = ("cuda_graph", "spin_wait")
"""Settings that an option may turn off; each becomes the switch that its version has for it."""
_YES, _NO = ("", "1", "true"), ("0", "false")
_OWN = frozenset(
    {
        "onnx",
        "loadEngine",
        "saveEngine",
        "shapes",
        "warmUp",
        "duration",
        "iterations",
        "avgRuns",
        "streams",
        "infStreams",
        "percentile",
        "exportTimes",
        "noDataTransfers",
        "includeDataTransfers",
        "useCudaGraph",
        "noCudaGraph",
        "useSpinWait",
        "noSpinWait",
        "dumpProfile",
        "exportProfile",
        "skipInference",
        "buildOnly",
        "help",
        "verbose",
        "sleepTime",
        "idleTime",
    }
)


def declared(job: Job) -> list[Shape]:
    """Return the inputs of a model with the shapes that they are given; none for an engine, whose log will tell them."""
    model = Path(job.model)
    if model.suffix.lower() in PLANS:
        return []
    if find_spec("onnx") is None:
        raise TrtexecError(
            "the package onnx, which reads a model's inputs, is not installed; run pip install 'benchfmt[profile]'"
        )
    from benchfmt.profiler import static

    return shapes(static.inputs(model), job)


def once(job: Job, tell: Callable[[str], None], *, watch: Watcher | None = None) -> Run:
    """Return what one run of trtexec has done, in the form of a process of our own; the engine is built once for all."""
    path, began = Path(job.result), datetime.now().astimezone().isoformat(timespec="milliseconds")
    program, plan = find(), job.protocol
    given = declared(job)
    loads = Path(job.model).suffix.lower() in PLANS
    more = [*switches(job.engine_options, loads=loads), *_shapes_switch(given)]
    settings = TrtexecSettings(
        warm_up_ms=math.ceil(plan.warm_up_seconds * 1000),
        duration_s=math.ceil(min(plan.seconds, plan.budget)),
        iterations=max(plan.queries, plan.warm_up_runs),
        **_chosen(job.engine_options),
    )
    built = _built(job, program, more, tell)
    expected = None if built.failed else _expected(built.plan, program, tuple(more))
    if expected:  # as many queries as fit, where a hundred take longer than there is time
        settings = replace(
            settings, iterations=max(min(settings.iterations, int(plan.budget / expected)), 1)
        )
    timeout = (
        plan.budget
        + plan.warm_up_most
        + settings.duration_s
        + 60
        + (expected or 0.0) * (settings.iterations + 10)
    )
    document = Document(detail=built.failed)
    if not built.failed:
        tell("measure")
        outcome = run(
            built.plan,
            path.with_suffix(""),
            program=program,
            settings=settings,
            more=more,
            watch=watch or watcher(plan.hertz),
            timeout=timeout,
        )
        document = _document(outcome, given, settings, version(program))
        document = replace(document, build=built.build)
    document = replace(document, job=job.settings(), harness="trtexec", began=began)
    files = [path.with_suffix("") / name for name in (LOG, TIMES)]
    if built.build is not None:
        files.append(path.with_name("build") / LOG)
    logs = tuple(
        (f"{file.parent.name}/{file.name}", file_sha256(file)) for file in files if file.is_file()
    )
    return replace(running.written(path, document, began), logs=logs)


def switches(options: Mapping[str, str], *, loads: bool = False) -> list[str]:
    """Return the user's options as switches: `fp16=1` is `--fp16`, `builderOptimizationLevel=5` keeps its value.

    The shapes of an engine that is loaded are named so; those of a model follow from its file.

    Raises TrtexecError for a switch that a profile sets itself, or that would keep it from measuring.
    """
    taken = next(
        (name for name in options if name in _OWN and not (loads and name == "shapes")), None
    )
    if taken:
        raise TrtexecError(
            f"--{taken} is not for --engine-option: a profile sets it, or could not measure with it"
        )
    words = []
    for name, value in options.items():
        if name in _CHOICES or value in _NO:
            continue  # trtexec takes any text behind `--fp16=` for yes
        words.append(f"--{name}" if value in _YES else f"--{name}={value}")
    return words


class _Choices(TypedDict, total=False):
    cuda_graph: bool
    spin_wait: bool


def _chosen(options: Mapping[str, str]) -> _Choices:
    """Return the settings that the user chooses by their own names."""
    said = {name: value for name, value in options.items() if name in _CHOICES}
    for name, value in said.items():
        if value not in (*_YES, *_NO):
            raise TrtexecError(f"{name} is 1 or 0, not {value!r}")
    return cast("_Choices", {name: value in _YES for name, value in said.items()})


@dataclass(frozen=True)
class _Built:
    """The engine that is measured; how long its building took, where this run built it; or why there is none."""

    plan: Path
    build: Build | None = None
    failed: str = ""


def _built(job: Job, program: Path, more: Sequence[str], tell: Callable[[str], None]) -> _Built:
    model = Path(job.model)
    if model.suffix.lower() in PLANS:
        return _Built(model)
    digest = hashlib.sha256("\0".join(more).encode()).hexdigest()[:12]
    plan = Path(job.result).with_name(f"built-{digest}.plan")
    if plan.is_file():
        return _Built(plan)
    tell("build")
    # The shortest run there is: every version builds so, and the engine is loaded afresh by each process that is measured.
    shortest = TrtexecSettings(warm_up_ms=0, duration_s=0, iterations=1)
    done = run(
        model,
        plan.with_name("build"),
        program=program,
        settings=shortest,
        watch=lambda _: None,
        more=[f"--saveEngine={plan}", *more],
    )
    if done.code or not plan.is_file():
        return _Built(plan, failed=_why(done))
    seconds = _seconds(done, "built")
    if seconds is None:
        return _Built(plan)
    return _Built(plan, Build(seconds=seconds))


@cache
def _expected(plan: Path, program: Path, more: tuple[str, ...]) -> float | None:
    """Return how long a query takes about, by the shortest run of an engine; None where it tells no times."""
    shortest = TrtexecSettings(warm_up_ms=0, duration_s=0, iterations=1)
    # Aside: a run of one query is no result, and nobody should take its log for one.
    with tempfile.TemporaryDirectory(prefix="benchfmt-trtexec-") as folder:
        done = run(
            plan, Path(folder), program=program, settings=shortest, watch=lambda _: None, more=more
        )
        try:
            seen = reader.times(jsons.parse(done.times.read_bytes(), digits=True))
        except (BenchfmtError, OSError):  # the run that is measured will say why
            return None
    return figures.median([float(text) / 1e3 for text in seen.stages["inference"]])


def _seconds(outcome: Outcome, what: str) -> float | None:
    """Return how long the log says that building or loading the engine took, or None where it does not say it."""
    said = [item.totals[what] for item in _runs(outcome) if what in item.totals]
    try:
        return float(said[0]) if said else None
    except ValueError:
        return None


def _runs(outcome: Outcome) -> list[reader.Run]:
    return reader.runs(outcome.log.read_text("utf-8", "replace"))


def _why(outcome: Outcome) -> str:
    """Return why a run failed, in the words of its log."""
    errors = [error for item in _runs(outcome) for error in item.errors]
    if outcome.limit is not None:
        return f"trtexec was ended by this profile after {outcome.limit:.0f} s; give a greater --budget"
    if not outcome.code and not errors:
        return "trtexec finished and measured nothing, or exported no times"
    how = f"trtexec was {running.ended(outcome.code)}"
    if errors:
        return f"{how}: {errors[0]}"
    return f"{how}; its log has no error"


def _document(
    outcome: Outcome, given: Sequence[Shape], settings: TrtexecSettings, release: str
) -> Document:
    """Return what a run has left as the document of a process."""
    bindings = _bindings(outcome)
    inputs = [_input(shape) for shape in given] or bindings
    batch = 1
    if inputs and inputs[0].shape:
        batch = inputs[0].shape[0]
    failed = Document(
        placement=Placement(asked=["TensorRT"], used=["TensorRT"], options=_tf32(outcome)),
        engine=EngineVersion(version=release),
        batch=batch,
        samples_per_query=batch,
        inputs=inputs,
        affinity=proc.usable_processors(),
        trtexec=Trtexec(
            switches=[_without_place(word) for word in outcome.command[1:]], settings=settings
        ),
        sampler=outcome.sampled,
    )
    other = _other_shape(given, bindings)
    if other:
        return replace(failed, detail=other)
    evidence, window = outcome.evidence, outcome.window
    if outcome.code or window is None or evidence is None or not outcome.times.is_file():
        return replace(failed, detail=_why(outcome))
    try:
        times = reader.times(jsons.parse(outcome.times.read_bytes(), digits=True))
        observed = _observed(times.after(_warm_up_ms(settings, release)), outcome, window)
    except BenchfmtError as error:
        return replace(failed, detail=f"{TIMES}: {error}")
    return Measured(
        placement=failed.placement,
        engine=failed.engine,
        batch=batch,
        samples_per_query=batch,
        inputs=inputs,
        affinity=failed.affinity,
        trtexec=failed.trtexec,
        sampler=failed.sampler,
        observed=observed,
        window=list(window),
        evidence=evidence,
        warm_up=WarmUp(seconds=settings.warm_up_ms / 1000, steady=_steady(observed.inference)),
        load=_load(outcome),
        memory=Memory(reset=outcome.peak is not None, peak=outcome.peak or None),
    )


def _input(shape: Shape) -> Input:
    return Input(name=shape.name, type=shape.kind, shape=list(shape.shape), batched=shape.batched)


def _other_shape(given: Sequence[Shape], bindings: Sequence[Input]) -> str:
    """Return in words which input was run in another shape than was asked for; nothing where none was."""
    ran = {item.name: item.shape for item in bindings}
    for shape in given:
        sizes = ran.get(shape.name)
        if sizes is not None and sizes != list(shape.shape):
            return f"the log says that {shape.name} had the shape {sizes}; it was asked for {shape.shape}"
    return ""


def _load(outcome: Outcome) -> Load | None:
    seconds = _seconds(outcome, "loaded")
    if seconds is None:
        return None
    return Load(seconds=seconds)


def _tf32(outcome: Outcome) -> dict[str, dict[str, str | bool]]:
    """Return whether TF32 was allowed when the engine was built, which it is unless a switch forbids it."""
    if not any(Path(word).name.startswith("built-") for word in outcome.command):
        return {}
    allowed = "--noTF32" not in outcome.command
    return {"builder": {"use_tf32": str(int(allowed))}}


def _bindings(outcome: Outcome) -> list[Input]:
    """Return the inputs of an engine as the log names them; whether a first dimension is a batch nobody says."""
    return [
        Input(name=name, shape=sizes, batched=True)
        for item in _runs(outcome)[:1]
        for name, sizes in reader.dimensions(item)
    ]


def _observed(times: reader.Times, outcome: Outcome, window: tuple[float, float]) -> Observed:
    if not len(times):
        raise BenchfmtError("no query after the warm-up")
    cpu = sensed.processor_seconds(outcome.sampled, window)
    share = sensed.length(window) / len(times)
    return Observed(
        queries=len(times),
        wall=round(times.wall_ms * 1e6),
        cpu=None if cpu is None else round(cpu * 1e9),
        inference=_nanoseconds(times, "inference") or [],
        compute=_nanoseconds(times, "compute"),
        transfer_in=_nanoseconds(times, "transfer-in"),
        transfer_out=_nanoseconds(times, "transfer-out"),
        blocks=[Block(size, round(size * share * 1e9), 0) for size in _blocks(len(times))],
    )


def _nanoseconds(times: reader.Times, stage: str) -> list[int] | None:
    """Return the times of a stage; None where it was not exported."""
    if stage not in times.stages:
        return None
    return [round(float(text) * 1e6) for text in times.stages[stage]]


def _blocks(count: int) -> list[int]:
    """Return the sizes of blocks of consecutive queries, the last one the larger."""
    blocks = max(count // max(BLOCK_RUNS, count // 30), 1)
    return [count // blocks] * (blocks - 1) + [count - count // blocks * (blocks - 1)]


def _steady(values: Sequence[int]) -> bool:
    """Say whether the measurement had warmed up: its first five queries are within 5 % of the next five, by their medians."""
    first, then = (figures.median(part) for part in (values[:5], values[5:10] or values[:5]))
    return abs(first - then) <= STEADY * then


def _warm_up_ms(settings: TrtexecSettings, release: str) -> int:
    """Return the milliseconds of warm-up that the exported times hold."""
    if rules.defaults(release).export_has_warm_up:
        return settings.warm_up_ms
    return 0


def _without_place(word: str) -> str:
    """Return a switch without the folders of this machine."""
    name, equals, value = word.partition("=")
    if equals and os.sep in value:
        return f"{name}={Path(value).name}"
    return word


def _shapes_switch(given: Sequence[Shape]) -> list[str]:
    """Return the switch that fills in free dimensions; a model without any refuses it."""
    free = []
    for item in given:
        if item.free:
            free.append(f"{item.name}:{'x'.join(map(str, item.shape))}")
    if not free:
        return []
    return [f"--shapes={','.join(free)}"]
