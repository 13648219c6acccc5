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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchfmt.profiler import loops, proc
from benchfmt.profiler.job import MARK, Job

Say = Callable[..., None]
LOADGEN_SECONDS = 5e-5
"""What LoadGen itself needs for a query, about: a model of microseconds is not what bounds its rate."""


def main(path: str) -> int:
    """Do the job in a file; 1 where it failed, with the reason in the result."""
    talk = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)

    def say(event: str, **more: Any) -> None:
        talk.write(json.dumps({"event": event, **more}) + "\n")

    job = Job.read(Path(path))
    say("started", pid=os.getpid())
    sys.stdin.readline()  # the sampler is looking now
    result: dict[str, Any] = {
        "version": 1,
        "job": job.settings(),
        "kind": job.kind,
        "pid": os.getpid(),
    }
    try:
        result |= {"measure": measure, "evaluate": evaluate}[job.kind](job, say)
        result["status"] = "ok"
    except Exception as error:  # noqa: BLE001 - whatever a model or a user's function raises is this run's result
        result |= {"status": "failed", "detail": f"{type(error).__name__}: {error}"}
        traceback.print_exc()
    Path(job.result).write_text(json.dumps(result), "utf-8")
    say("done", status=result["status"])
    return 0 if result["status"] == "ok" else 1


def measure(job: Job, say: Say) -> dict[str, Any]:
    """Return everything that one process sees of a model."""
    begun = time.monotonic()
    import_cpu = time.process_time()
    from benchfmt.profiler import engine

    found: dict[str, Any] = {"base": {"import_seconds": time.monotonic() - begun, **_memory()}}
    found["base"]["import_cpu"] = time.process_time() - import_cpu
    can_reset = proc.reset_peak()
    say("load")
    start = time.monotonic()
    session = engine.open_session(job)
    loaded = time.monotonic()
    # An engine that was built first is loaded in the rest of the time.
    building = session.building
    found["load"] = {
        "window": [start, loaded],
        "seconds": loaded - start - (building or 0.0),
        **_memory(),
    }
    found |= {} if building is None else {"build": {"seconds": building}}
    found["placement"] = session.placement()
    found["engine"] = session.version()
    given = engine.shapes(session.inputs, job)
    items = engine.Items(job, given)
    found["inputs"] = [
        {"name": i.name, "type": i.kind, "shape": list(i.shape), "batched": i.batched}
        for i in given
    ]
    found["items"] = len(items.raw)
    call, _ = engine.pipeline(job, session, items)
    batch = found["batch"] = items.batch
    first = call(0)
    found["first_run"] = {
        "seconds": (first[3] - first[0]) / 1e9,
        "inference": (first[2] - first[1]) / 1e9,
    }
    plan = job.protocol
    say("warm-up")
    reset = can_reset and proc.reset_peak()
    start = time.monotonic()
    warm = loops.warm_up(
        call, plan.warm_up_runs, plan.warm_up_seconds, min(plan.warm_up_most, plan.budget / 2)
    )
    found["warm_up"] = {
        **warm,
        "window": [start, time.monotonic()],
        "memory": {"reset": reset, **_memory()},
    }
    query, expected, samples = _queries(job, call, batch, warm["median"])
    # LoadGen says itself when its first query comes: what it sets up before is no part of the measurement.
    by_loadgen = job.harness == "loadgen"
    say("measure", expected=expected, mark=not by_loadgen)
    time.sleep(0.0 if by_loadgen else MARK)
    reset = can_reset and proc.reset_peak()
    before = proc.snapshot()
    start = time.monotonic()
    seen, extra = _observe(job, query, expected, samples, say)
    found["window"] = [start, time.monotonic()]
    if by_loadgen:
        ahead = time.monotonic() - time.perf_counter()
        found["window"] = [seen.begin / 1e9 + ahead, seen.end / 1e9 + ahead]
    say("measured", mark=True)
    found["evidence"] = proc.between(before.to_dict(), proc.snapshot().to_dict())
    found["memory"] = {"reset": reset, **_memory()}
    found |= {
        "samples_per_query": samples,
        "harness": job.harness,
        "observed": _observed(job, seen),
        **extra,
    }
    found["cgroup"] = proc.Cgroup.find().facts()
    found["affinity"] = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return found


def _queries(
    job: Job, call: loops.Call, batch: int, median: float
) -> tuple[loops.Call, float, int]:
    """Return how one query is handled, how long it takes about, and how many samples it has.

    A multi-stream query has eight samples: in one call where the model takes a batch, else one after the other.
    """
    from benchfmt.profiler.job import MULTI_STREAM_SAMPLES

    calls = max(1, MULTI_STREAM_SAMPLES // batch) if job.scenario == "multi-stream" else 1
    if calls == 1:
        return call, median, batch

    def several(index: int) -> tuple[int, int, int, int]:
        begin, ready, there, end = call(index * calls)
        prepared, run = ready - begin, there - ready
        for number in range(1, calls):
            b, r, t, end = call(index * calls + number)
            prepared, run = prepared + (r - b), run + (t - r)
        # As if all were prepared first, then run, then finished: the stages keep their lengths, the whole its ends.
        return begin, begin + prepared, begin + prepared + run, end

    return several, median * calls, batch * calls


def _observe(
    job: Job, query: loops.Call, expected: float, samples: int, say: Say
) -> tuple[loops.Observed, dict[str, Any]]:
    """Return what the scenario's loop has seen, by the load generator of MLPerf where it is to be used."""
    plan = job.protocol
    limits = loops.Limits(plan.seconds, plan.queries, max(plan.budget, 0.1))
    rate = job.rate or 0.5 / expected
    if job.harness == "loadgen":
        from benchfmt.profiler import loadgen

        rate = job.rate or 0.5 / (expected + LOADGEN_SECONDS)
        folder = Path(job.result).with_suffix("")
        return loadgen.run(
            job, query, expected, samples, rate, folder, lambda: say("begun", mark=True)
        )
    if job.scenario == "server":
        count = max(plan.queries, int(rate * plan.seconds) + 1)
        count = max(1, min(count, int(rate * limits.most)))
        schedule = loops.arrivals(rate, count, job.seed + job.run)
        seen = loops.server(query, schedule, loops.OVERTIME * limits.most, job.workers)
        return seen, {"rate": rate, "schedule_seed": job.seed + job.run, "scheduled": count}
    return (loops.offline if job.scenario == "offline" else loops.back_to_back)(
        query, limits, expected
    ), {}


def _observed(job: Job, seen: loops.Observed) -> dict[str, Any]:
    times = seen.times
    begin, ready, there, end = (times[place::4] for place in range(4))
    found: dict[str, Any] = {
        "queries": seen.queries,
        "wall": seen.end - seen.begin,
        "cpu": seen.cpu,
        "unfinished": seen.unfinished,
        "inference": [b - a for a, b in zip(ready, there, strict=True)],
        "blocks": [[block.runs, block.wall, block.cpu] for block in seen.blocks],
    }
    # Only a stage that was declared has a time; what lies around the others is a microsecond of ours.
    if job.preprocess:
        found["preprocess"] = [b - a for a, b in zip(begin, ready, strict=True)]
    if job.postprocess:
        found["postprocess"] = [b - a for a, b in zip(there, end, strict=True)]
    if job.preprocess or job.postprocess:
        found["end-to-end"] = [b - a for a, b in zip(begin, end, strict=True)]
    if seen.scheduled is not None:
        found["request"] = [b - a for a, b in zip(seen.scheduled, end, strict=True)]
        found["queue"] = [b - a for a, b in zip(seen.scheduled, begin, strict=True)]
    return found


def _memory() -> dict[str, int]:
    """Return resident bytes now and at their peak since the last reset."""
    said = proc.status()
    return {
        name: said[key] for name, key in (("resident", "VmRSS"), ("peak", "VmHWM")) if key in said
    }


def evaluate(job: Job, say: Say) -> dict[str, Any]:
    """Return the quality by the user's evaluator, or by labels; and where nodes ran, where another device was asked for."""
    from benchfmt.profiler import engine, quality

    say("evaluate")
    alone = job.changed(scenario="single-stream", batch_size=None)
    session = engine.open_session(alone)
    found: dict[str, Any] = {"placement": session.placement()}
    items = engine.Items(alone, engine.shapes(session.inputs, alone))
    if job.evaluate or job.labels:
        try:
            if items.batch != 1:
                raise quality.QualityError(
                    f"the model has a fixed batch of {items.batch}, and an evaluator answers one item at a time; leave the batch open"
                )
            _, answer = engine.pipeline(alone, session, items)
            found["quality"] = quality.measure(job, answer, items)
        except Exception as error:  # noqa: BLE001 - a user's evaluator may raise anything; where nodes ran is another question
            found["quality_failed"] = f"{type(error).__name__}: {error}"
            traceback.print_exc()
    if job.inputs and Path(job.inputs).is_file():
        found["inputs_sha256"] = hashlib.sha256(Path(job.inputs).read_bytes()).hexdigest()
    if job.engine == "onnxruntime" and job.providers != ["CPUExecutionProvider"]:
        from benchfmt.profiler import onnxruntime_session

        found["nodes"] = onnxruntime_session.nodes(
            alone, engine.preparer(alone, items)([items.raw[0]] * items.batch)
        )
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
