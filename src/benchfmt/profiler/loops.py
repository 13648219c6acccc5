"""The scenario loops: how work arrives, and what is timed.

A loop is given `call(index)`, which handles one query and returns four moments in nanoseconds: begin, input ready,
output there, end. Nothing here knows of an engine, so that a test can play one.
"""

from __future__ import annotations

import gc
import random
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchfmt.profiler.document import Block, WarmUp

Call = Callable[[int], tuple[int, int, int, int]]
BLOCK_SECONDS = 0.1
BLOCK_RUNS = 20
"""A block has at least this many runs: fewer would not be a mean worth the name."""
OVERTIME = 2
"""A loop whose work was planned stops after this many times its longest time."""
SPIN = 0.0002
SETTLED = 0.05


@dataclass
class Timings:
    """What a loop has timed; `times` holds four moments a query (nanoseconds), `scheduled` when each was to begin."""

    times: array[int] = field(default_factory=lambda: array("q"))
    scheduled: array[int] | None = None
    blocks: list[Block] = field(default_factory=list)
    begin: int = 0
    end: int = 0
    cpu: int = 0
    unfinished: int = 0

    @property
    def queries(self) -> int:
        """The number of queries that were handled."""
        return len(self.times) // 4


@dataclass(frozen=True)
class Limits:
    """How long a loop goes on: at least `seconds` and `queries`, at most `most` seconds."""

    seconds: float
    queries: int
    most: float


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep Python's garbage collector from running within a timing."""
    was = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def warm_up(call: Call, runs: int, seconds: float, most: float) -> WarmUp:
    """Run until the median of five runs is within 5 % of that of the five before; say how that went.

    `steady` is False where `most` seconds were over first.
    """
    taken: list[int] = []
    start = time.perf_counter_ns()
    steady, spent = False, 0.0
    while not taken or (not steady and spent < most):
        begin, _, _, end = call(len(taken))
        taken.append(end - begin)
        spent = (time.perf_counter_ns() - start) / 1e9
        if len(taken) >= runs and spent >= seconds:
            steady = _is_steady(taken)
    last = sorted(taken[-5:])
    median = last[len(last) // 2] / 1e9
    return WarmUp(runs=len(taken), seconds=spent, steady=steady, median=median)


def _is_steady(taken: list[int]) -> bool:
    before, last = sorted(taken[-10:-5]), sorted(taken[-5:])
    return len(before) == 5 and abs(last[2] - before[2]) <= SETTLED * before[2]


def block_size(expected: float, limits: Limits) -> int:
    """Return how many runs make a block: 20, or 0.1 s of them; fewer only where not even five blocks would fit."""
    wanted = max(BLOCK_RUNS, int(BLOCK_SECONDS / expected) if expected > 0 else BLOCK_RUNS)
    fitting = int(limits.most / 5 / expected) if expected > 0 else wanted
    return max(1, min(wanted, fitting))


def back_to_back(call: Call, limits: Limits, expected: float) -> Timings:
    """Begin each query when the one before it is complete: single-stream, and multi-stream with queries of eight."""
    timings = Timings()
    size = block_size(expected, limits)
    extend = timings.times.extend
    index = 0
    with undisturbed():
        cpu = first_cpu = time.process_time_ns()
        timings.begin = now = time.perf_counter_ns()
        while True:
            for number in range(index, index + size):
                extend(call(number))
            index += size
            then, used = time.perf_counter_ns(), time.process_time_ns()
            timings.blocks.append(Block(size, then - now, used - cpu))
            now, cpu = then, used
            spent = (now - timings.begin) / 1e9
            if (spent >= limits.seconds and index >= limits.queries) or spent >= limits.most:
                break
        timings.end, timings.cpu = now, used - first_cpu
    return timings


def offline(call: Call, limits: Limits, expected: float) -> Timings:
    """Handle one query whose samples are all there at once, in as many calls as it has batches.

    The size of the query follows from the expected time, so that it takes as long as was asked for.
    """
    calls = max(limits.queries, 1, int(limits.seconds / expected * 1.05) + 1 if expected > 0 else 1)
    calls = min(calls, max(1, int(limits.most / expected))) if expected > 0 else calls
    timings = Timings()
    size = min(block_size(expected, limits), calls)
    with undisturbed():
        cpu = first_cpu = time.process_time_ns()
        timings.begin = now = time.perf_counter_ns()
        for start in range(0, calls, size):
            here = range(start, min(start + size, calls))
            for index in here:
                timings.times.extend(call(index))
            then, used = time.perf_counter_ns(), time.process_time_ns()
            timings.blocks.append(Block(len(here), then - now, used - cpu))
            now, cpu = then, used
            if (now - timings.begin) / 1e9 > OVERTIME * limits.most:
                timings.unfinished = calls - here.stop
                break
        timings.end, timings.cpu = now, cpu - first_cpu
    return timings


def arrivals(rate: float, count: int, seed: int) -> list[int]:
    """Return when queries arrive, in nanoseconds from the start: exponential gaps from a seed (a Poisson process)."""
    chance = random.Random(seed)  # noqa: S311 - a schedule that can be made again, not a secret
    at, found = 0.0, []
    for _ in range(count):
        at += chance.expovariate(rate)
        found.append(int(at * 1e9))
    return found


def server(call: Call, schedule: list[int], most: float, workers: int = 1) -> Timings:
    """Handle queries that arrive by a schedule, in order, by one or more workers.

    A latency counts from the scheduled moment, not from the moment when a worker was free: a target that stalls makes
    every query wait that arrives meanwhile, and all of them say so. Queries not begun after `most` seconds are counted
    as unfinished.
    """
    timings = Timings(scheduled=array("q"))
    lock = threading.Lock()
    waiting = iter(enumerate(schedule))
    start = time.perf_counter_ns() + 1_000_000
    last = start + int(most * 1e9)

    def work() -> None:
        while True:
            with lock:
                index, offset = next(waiting, (-1, 0))
            due = start + offset
            if index < 0:
                return
            _wait_until(due)
            if time.perf_counter_ns() > last:
                with lock:
                    timings.unfinished += 1
                continue
            moments = call(index)
            with lock:
                assert timings.scheduled is not None  # noqa: S101 - set above
                timings.scheduled.append(due)
                timings.times.extend(moments)

    with undisturbed():
        cpu = time.process_time_ns()
        timings.begin = start
        threads = [threading.Thread(target=work) for _ in range(workers - 1)]
        for thread in threads:
            thread.start()
        work()
        for thread in threads:
            thread.join()
        timings.end, timings.cpu = time.perf_counter_ns(), time.process_time_ns() - cpu
    return timings


def _wait_until(due: int) -> None:
    """Sleep until a moment; the last fifth of a millisecond is waited for awake, because sleep is late."""
    left = (due - time.perf_counter_ns()) / 1e9
    if left > SPIN:
        time.sleep(left - SPIN)
    while time.perf_counter_ns() < due:
        pass
