"""MLPerf's load generator as a harness: it decides when queries come, and writes its own logs.

The settings are those of MLPerf's own configuration, which the package brings (its seeds too), with the duration of this
protocol. A run shorter than MLPerf's 600 s is told to be so, never called conformant. Imported only in worker processes.
"""

from __future__ import annotations

import queue
import threading
import time
from array import array
from collections.abc import Callable
from pathlib import Path

import mlperf_loadgen as lg

from benchfmt.finding import BenchfmtError
from benchfmt.profiler import loops
from benchfmt.profiler.document import Block, LoadGen
from benchfmt.profiler.job import MULTI_STREAM_SAMPLES, Job

SCENARIOS = {
    "single-stream": ("SingleStream", lg.TestScenario.SingleStream),
    "multi-stream": ("MultiStream", lg.TestScenario.MultiStream),
    "server": ("Server", lg.TestScenario.Server),
    "offline": ("Offline", lg.TestScenario.Offline),
}
LIBRARY_SAMPLES = 1024


def settings(job: Job, expected: float, samples: int, rate: float, folder: Path) -> lg.TestSettings:
    """Return LoadGen's settings for a job; what is asked for is written to a user.conf beside the logs."""
    word, scenario = SCENARIOS[job.scenario]
    plan = job.protocol
    seconds = min(plan.seconds, plan.budget)
    queries = max(1, min(plan.queries, int(plan.budget / max(expected, 1e-9))))
    if job.scenario == "offline":
        queries = 1
    lines: dict[str, float] = {
        "min_duration": int(seconds * 1000),
        "max_duration": int(plan.budget * 1000),
        "min_query_count": queries,
        "max_query_count": 0,
    }
    if job.scenario == "server":
        lines["target_qps"] = rate
    elif job.scenario == "offline":
        # LoadGen makes one query of 1.1 times this rate times the duration.
        lines["target_qps"] = samples / expected
    else:
        lines["target_latency"] = max(expected * 1e3, 1e-6)
    conf = folder / "user.conf"
    text = [f"*.{word}.{name} = {value}\n" for name, value in lines.items()]
    conf.write_text("".join(text), "utf-8")
    made = lg.TestSettings()
    made.FromConfig(str(conf), "benchfmt", word, 1)
    made.scenario = scenario
    made.mode = lg.TestMode.PerformanceOnly
    conf.unlink()
    return made


class OverloadError(BenchfmtError):
    """A server that cannot keep up with the queries it was asked for."""


class System:
    """The system under test as LoadGen sees it: queries in, completions out, every call timed by us too."""

    def __init__(
        self,
        job: Job,
        query: loops.Call,
        expected: float,
        samples: int,
        limits: loops.Limits,
        begun: Callable[[], None],
    ) -> None:
        """Take how a query is handled, and whom to tell that the first one comes; a server has worker threads."""
        self.job, self.query, self.samples = job, query, samples
        self.timings = loops.Timings(times=array("q"))
        self.size = loops.block_size(expected, limits)
        self.queue: queue.SimpleQueue[list[lg.QuerySample] | None] = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.count = 0
        self.started = 0
        self.block = (0, 0, 0)
        self.latest = (0, 0)
        self.begun = begun
        self.deadline = limits.most * loops.OVERTIME * 1e9
        self.waiting = 0
        self.threads: list[threading.Thread] = []
        if job.scenario == "server":
            self.threads = [
                threading.Thread(target=self._serve, daemon=True) for _ in range(job.workers)
            ]
            for thread in self.threads:
                thread.start()

    def issue(self, samples: list[lg.QuerySample]) -> None:
        """Handle what LoadGen issues; a server only takes it in, or a slow query would delay the arrivals."""
        if not self.started:
            self.started = self.timings.begin = time.perf_counter_ns()
            self.block = (0, self.started, time.process_time_ns())
            self.begun()
        if self.job.scenario == "server":
            self.queue.put(samples)
            return
        if self.job.scenario != "offline":
            self._handle(samples)
            return
        for start in range(0, len(samples), self.samples):
            self._handle(samples[start : start + self.samples])

    def _serve(self) -> None:
        while (samples := self.queue.get()) is not None:
            if time.perf_counter_ns() - self.started > self.deadline:
                # Answered without being run, so that the run ends; it fails by this.
                self.waiting += 1
                lg.QuerySamplesComplete(
                    [lg.QuerySampleResponse(sample.id, 0, 0) for sample in samples]
                )
            else:
                self._handle(samples)

    def _handle(self, samples: list[lg.QuerySample]) -> None:
        moments = self.query(self.count)
        with self.lock:
            self.count += 1
            self.timings.times.extend(moments)
            self.timings.end = moments[3]
        lg.QuerySamplesComplete([lg.QuerySampleResponse(sample.id, 0, 0) for sample in samples])
        if self.job.scenario != "server":
            # Taken now: the last block ends with its last query, not with what LoadGen writes afterwards.
            self.latest = (time.perf_counter_ns(), time.process_time_ns())
            self._end_block()

    def _end_block(self, *, last: bool = False) -> None:
        first, wall, cpu = self.block
        runs = self.count - first
        if runs >= self.size or (last and runs):
            now, used = self.latest
            self.timings.blocks.append(Block(runs, now - wall, used - cpu))
            self.block = (self.count, now, used)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Let the workers go, and close the last block."""
        for _ in self.threads:
            self.queue.put(None)
        for thread in self.threads:
            thread.join()
        if self.job.scenario != "server" and self.started:
            self._end_block(last=True)


def _nothing(_: list[int]) -> None:
    """Load or unload samples: they are in memory already."""


def run(
    job: Job,
    query: loops.Call,
    expected: float,
    samples: int,
    rate: float,
    folder: Path,
    begun: Callable[[], None],
) -> tuple[loops.Timings, LoadGen]:
    """Return what was seen of a run by LoadGen, whose logs are in the folder; raises OverloadError.

    `begun` is called when the first query comes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan = job.protocol
    limits = loops.Limits(plan.seconds, plan.queries, plan.budget)
    asked = settings(job, expected, samples, rate, folder)
    system = System(job, query, expected, samples, limits, begun)
    output = lg.LogOutputSettings()
    output.outdir, output.copy_summary_to_stdout = str(folder), False
    logs = lg.LogSettings()
    logs.log_output, logs.enable_trace = output, False
    sut = lg.ConstructSUT(system.issue, system.flush)
    qsl = lg.ConstructQSL(LIBRARY_SAMPLES, LIBRARY_SAMPLES, _nothing, _nothing)
    cpu = time.process_time_ns()
    try:
        with loops.undisturbed():
            lg.StartTestWithLogSettings(sut, qsl, asked, logs, "")
            system.timings.cpu = time.process_time_ns() - cpu
    finally:
        system.close()
        lg.DestroyQSL(qsl)
        lg.DestroySUT(sut)
    for empty in ("mlperf_log_accuracy.json", "mlperf_log_trace.json"):
        place = folder / empty
        if place.exists() and place.stat().st_size < 8:
            place.unlink()
    if system.waiting:
        raise OverloadError(
            f"{rate:g} queries a second are too many: {system.waiting} had not begun after {system.deadline / 1e9:.0f} s; give a lower --rate"
        )
    # A query of LoadGen is one of its samples, however many samples of the model a call has.
    counted = {"offline": samples, "multi-stream": MULTI_STREAM_SAMPLES}.get(job.scenario, 1)
    return system.timings, LoadGen(
        min_duration_seconds=asked.min_duration_ms / 1000,
        min_query_count=asked.min_query_count,
        samples_each=samples / counted,
    )
