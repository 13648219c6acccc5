"""One fresh process of a profile: load, warm up, measure, write down. Run by `running.py`, never imported with it.

It talks over its original standard output, a line at a time; what the user's functions print goes to standard error.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchfmt.profiler import counters, loops, proc
from benchfmt.profiler.document import (
    FAILED,
    OK,
    Base,
    Build,
    Document,
    Evaluated,
    FirstRun,
    Input,
    Load,
    LoadGen,
    Measured,
    Memory,
    Observed,
    Quality,
)
from benchfmt.profiler.evidence import between
from benchfmt.profiler.job import MARK, MULTI_STREAM_SAMPLES, Job
from benchfmt.profiler.plain import plain

if TYPE_CHECKING:
    from benchfmt.profiler.engine import Items, Session, Shape

Say = Callable[..., None]
LOADGEN_SECONDS = 5e-5
"""What LoadGen itself needs for a query, about: a model of microseconds is not what bounds its rate."""


def main(path: str) -> int:
    """Do the job in a file; 1 where it failed, with the reason in the result."""
    talk = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)

    def say(event: str, **more: str | float) -> None:
        talk.write(json.dumps({"event": event, **more}) + "\n")

    job = Job.read(Path(path))
    say("started", pid=os.getpid())
    sys.stdin.readline()  # the sampler is looking now
    work: Callable[[Job, Say], Document] = measure
    if job.kind == "evaluate":
        work = evaluate
    try:
        document = work(job, say)
    except Exception as error:  # noqa: BLE001 - whatever a model or a user's function raises is this run's result
        document = Document(status=FAILED, detail=f"{type(error).__name__}: {error}")
        traceback.print_exc()
    document = replace(document, kind=job.kind, job=job.settings(), pid=os.getpid())
    Path(job.result).write_text(json.dumps(plain(document)), "utf-8")
    say("done", status=document.status)
    return int(document.status != OK)


def measure(job: Job, say: Say) -> Measured:
    """Return everything that one process sees of a model."""
    begun = time.monotonic()
    import_cpu = time.process_time()
    from benchfmt.profiler import engine

    at_first = _memory()
    base = Base(
        import_seconds=time.monotonic() - begun,
        import_cpu=time.process_time() - import_cpu,
        resident=at_first.resident,
        peak=at_first.peak,
    )
    can_reset = proc.reset_peak()
    say("load")
    start = time.monotonic()
    session = engine.open_session(job)
    load = _loaded(start, session.building)
    shapes = engine.shapes(session.inputs, job)
    items = engine.Items(job, shapes)
    call, _ = engine.pipeline(job, session, items)
    first = call(0)
    plan = job.protocol
    say("warm-up")
    reset = can_reset and proc.reset_peak()
    start = time.monotonic()
    longest = min(plan.warm_up_most, plan.budget / 2)
    warm_up = loops.warm_up(call, plan.warm_up_runs, plan.warm_up_seconds, longest)
    warm_up = replace(warm_up, window=[start, time.monotonic()], memory=_memory(reset=reset))
    query = _query(job, call, items.batch, warm_up.median or 0.0)
    # LoadGen says itself when its first query comes: what it sets up before is no part of the measurement.
    by_loadgen = job.harness == "loadgen"
    say("measure", expected=query.expected, mark=not by_loadgen)
    if not by_loadgen:
        time.sleep(MARK)
    reset = can_reset and proc.reset_peak()
    before = counters.snapshot()
    start = time.monotonic()
    run = _run(job, query, say)
    window = [start, time.monotonic()]
    if by_loadgen:
        ahead = time.monotonic() - time.perf_counter()
        window = [run.timings.begin / 1e9 + ahead, run.timings.end / 1e9 + ahead]
    say("measured", mark=True)
    return Measured(
        base=base,
        load=load,
        build=_build(session.building),
        placement=session.placement(),
        engine=session.version(),
        inputs=[_input(shape) for shape in shapes],
        items=len(items.raw),
        batch=items.batch,
        first_run=FirstRun(
            seconds=(first[3] - first[0]) / 1e9, inference=(first[2] - first[1]) / 1e9
        ),
        warm_up=warm_up,
        window=window,
        evidence=between(before, counters.snapshot()),
        memory=_memory(reset=reset),
        samples_per_query=query.samples,
        harness=job.harness,
        observed=_observed(job, run.timings),
        loadgen=run.loadgen,
        rate=run.rate,
        schedule_seed=run.schedule_seed,
        scheduled=run.scheduled,
        cgroup=proc.Cgroup.find().limits(),
        affinity=proc.usable_processors(),
    )


def _loaded(start: float, building: float | None) -> Load:
    """Return how long loading took since `start`; an engine that was built first is loaded in the rest of the time."""
    loaded = time.monotonic()
    memory = _memory()
    seconds = loaded - start - (building or 0.0)
    window = [start, loaded]
    return Load(seconds=seconds, window=window, resident=memory.resident, peak=memory.peak)


def _build(seconds: float | None) -> Build | None:
    if seconds is None:
        return None
    return Build(seconds=seconds)


def _input(shape: Shape) -> Input:
    return Input(name=shape.name, type=shape.kind, shape=list(shape.shape), batched=shape.batched)


@dataclass(frozen=True)
class Query:
    """How one query is handled, how long it takes about (seconds), and how many samples it has."""

    call: loops.Call
    expected: float
    samples: int


def _query(job: Job, call: loops.Call, batch: int, median: float) -> Query:
    """Return what a query of the scenario is.

    One of multi-stream has eight samples: in one call where the model takes a batch, else one after the other.
    """
    calls = 1
    if job.scenario == "multi-stream":
        calls = max(1, MULTI_STREAM_SAMPLES // batch)
    if calls == 1:
        return Query(call, median, batch)

    def several(index: int) -> tuple[int, int, int, int]:
        begin, ready, there, end = call(index * calls)
        prepared, run = ready - begin, there - ready
        for number in range(1, calls):
            b, r, t, end = call(index * calls + number)
            prepared, run = prepared + (r - b), run + (t - r)
        # As if all were prepared first, then run, then finished: the stages keep their lengths, the whole its ends.
        return begin, begin + prepared, begin + prepared + run, end

    return Query(several, median * calls, batch * calls)


@dataclass(frozen=True)
class LoopRun:
    """What a scenario's loop has timed, and how queries were issued where that is no matter of course."""

    timings: loops.Timings
    loadgen: LoadGen | None = None
    rate: float | None = None
    schedule_seed: int | None = None
    scheduled: int | None = None


def _run(job: Job, query: Query, say: Say) -> LoopRun:
    """Return what the scenario's loop has timed, by the load generator of MLPerf where it is to be used."""
    plan = job.protocol
    limits = loops.Limits(plan.seconds, plan.queries, max(plan.budget, 0.1))
    if job.harness == "loadgen":
        return _by_loadgen(job, query, say)
    if job.scenario == "server":
        rate = job.rate or 0.5 / query.expected
        count = max(plan.queries, int(rate * plan.seconds) + 1)
        count = max(1, min(count, int(rate * limits.most)))
        seed = job.seed + job.run
        schedule = loops.arrivals(rate, count, seed)
        longest = loops.OVERTIME * limits.most
        timings = loops.server(query.call, schedule, longest, job.workers)
        return LoopRun(timings, rate=rate, schedule_seed=seed, scheduled=count)
    if job.scenario == "offline":
        return LoopRun(loops.offline(query.call, limits, query.expected))
    return LoopRun(loops.back_to_back(query.call, limits, query.expected))


def _by_loadgen(job: Job, query: Query, say: Say) -> LoopRun:
    from benchfmt.profiler import loadgen

    rate = job.rate or 0.5 / (query.expected + LOADGEN_SECONDS)
    folder = Path(job.result).with_suffix("")
    timings, settings = loadgen.run(
        job,
        query.call,
        query.expected,
        query.samples,
        rate,
        folder,
        lambda: say("begun", mark=True),
    )
    if job.scenario != "server":
        return LoopRun(timings, settings)
    return LoopRun(timings, settings, rate)


def _observed(job: Job, timings: loops.Timings) -> Observed:
    begin, ready, there, end = (timings.times[place::4] for place in range(4))
    observed = Observed(
        queries=timings.queries,
        wall=timings.end - timings.begin,
        cpu=timings.cpu,
        unfinished=timings.unfinished,
        inference=_lengths(ready, there),
        blocks=timings.blocks,
    )
    # Only a stage that was declared has a time; what lies around the others is a microsecond of ours.
    if job.preprocess:
        observed = replace(observed, preprocess=_lengths(begin, ready))
    if job.postprocess:
        observed = replace(observed, postprocess=_lengths(there, end))
    if job.preprocess or job.postprocess:
        observed = replace(observed, end_to_end=_lengths(begin, end))
    if timings.scheduled is None:
        return observed
    request = _lengths(timings.scheduled, end)
    return replace(observed, request=request, queue=_lengths(timings.scheduled, begin))


def _lengths(begins: Iterable[int], ends: Iterable[int]) -> list[int]:
    return [end - begin for begin, end in zip(begins, ends, strict=True)]


def _memory(*, reset: bool | None = None) -> Memory:
    """Return resident bytes now and at their peak since the last reset."""
    status = counters.memory()
    return Memory(reset=reset, resident=status.get("VmRSS"), peak=status.get("VmHWM"))


def evaluate(job: Job, say: Say) -> Evaluated:
    """Return the quality by the user's evaluator, or by labels; and where nodes ran, where another device was asked for."""
    from benchfmt.profiler import engine

    say("evaluate")
    alone = job.changed(scenario="single-stream", batch_size=None)
    session = engine.open_session(alone)
    document = Evaluated(placement=session.placement())
    items = engine.Items(alone, engine.shapes(session.inputs, alone))
    if job.evaluate or job.labels:
        try:
            document = replace(document, quality=_quality(job, alone, session, items))
        except Exception as error:  # noqa: BLE001 - a user's evaluator may raise anything; where nodes ran is another question
            document = replace(document, quality_failed=f"{type(error).__name__}: {error}")
            traceback.print_exc()
    if job.inputs and Path(job.inputs).is_file():
        digest = hashlib.sha256(Path(job.inputs).read_bytes()).hexdigest()
        document = replace(document, inputs_sha256=digest)
    if job.engine != "onnxruntime" or job.providers == ["CPUExecutionProvider"]:
        return document
    from benchfmt.profiler import onnxruntime_session

    feed = engine.preparer(alone, items)([items.raw[0]] * items.batch)
    return replace(document, nodes=onnxruntime_session.nodes(alone, feed))


def _quality(job: Job, alone: Job, session: Session, items: Items) -> Quality:
    from benchfmt.profiler import engine, quality

    if items.batch != 1:
        raise quality.QualityError(
            f"the model has a fixed batch of {items.batch}, and an evaluator answers one item at a time; leave the batch open"
        )
    _, answer = engine.pipeline(alone, session, items)
    return quality.measure(job, answer, items)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
