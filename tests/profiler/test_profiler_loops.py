"""Scenario loops, statistics and the gate, against targets that are played."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from benchfmt.profiler import figures, judging, loops, wording
from benchfmt.profiler.document import (
    Block,
    Document,
    LoadGen,
    Measured,
    Observed,
    Placement,
    WarmUp,
    read,
)
from benchfmt.profiler.evidence import Evidence
from benchfmt.profiler.job import Job, Protocol, Settings
from benchfmt.profiler.judging import Cause, Doubt
from benchfmt.profiler.loops import Limits
from benchfmt.profiler.plain import plain
from benchfmt.profiler.running import Run, enough
from benchfmt.profiler.sampled import Readings, Sampled


def target(seconds: float, stalls: dict[int, float] | None = None) -> loops.Call:
    """A target that takes a time, and longer at some queries."""

    def call(index: int) -> tuple[int, int, int, int]:
        begin = time.perf_counter_ns()
        until = begin + int((seconds + (stalls or {}).get(index, 0.0)) * 1e9)
        while time.perf_counter_ns() < until:
            time.sleep(0)
        end = time.perf_counter_ns()
        return begin, begin, end, end

    return call


def latencies(seen: loops.Timings) -> list[float]:
    assert seen.scheduled is not None
    return [(end - due) / 1e9 for due, end in zip(seen.scheduled, seen.times[3::4], strict=True)]


# --- statistics ---


@pytest.mark.parametrize(
    ("count", "name", "expected"),
    [(100, "p99", 99), (100, "p90", 90), (99, "p99", None), (10, "p90", 9), (9, "p90", None), (20, "p95", 19), (19, "p95", None),
     (1000, "p99.9", 999), (999, "p99.9", None), (101, "p90", 91), (5, "median", 3), (4, "median", 2.5)],
)  # fmt: skip
def test_percentiles_are_nearest_rank_or_missing(
    count: int, name: str, expected: float | None
) -> None:
    assert figures.percentile(list(range(count, 0, -1)), name) == expected


def test_the_interval_is_that_of_student() -> None:
    found = figures.interval([9.0, 10.0, 11.0, 10.0, 10.0])
    assert found is not None
    # scipy.stats.t.interval(0.95, 4, 10, scipy.stats.sem(...))
    assert (found.lower, found.upper) == (
        pytest.approx(9.122, abs=1e-3),
        pytest.approx(10.878, abs=1e-3),
    )
    assert found.half_width == pytest.approx(0.0878, abs=1e-4)
    assert figures.interval([1.0]) is None


def test_beyond_the_table_student_is_near_the_normal() -> None:
    assert figures.t95(30) == 2.042
    assert figures.t95(31) == pytest.approx(2.0395, abs=2e-4)
    assert figures.t95(10_000) == pytest.approx(1.960, abs=1e-3)


def test_the_summary_is_that_of_the_statistics_module() -> None:
    values = np.random.default_rng(1).lognormal(size=2000).tolist()
    found = figures.summary(values)
    assert found["mean"] == pytest.approx(statistics.fmean(values))
    assert found["median"] == pytest.approx(statistics.median(values))
    assert figures.stddev(values) == pytest.approx(statistics.pstdev(values))
    assert found["p99"] == sorted(values)[1979]


# --- loops ---


def test_back_to_back_goes_on_until_time_and_count_are_reached() -> None:
    seen = loops.back_to_back(target(0.001), Limits(0.05, 60, 10), 0.001)
    assert seen.queries >= 60
    assert sum(block.runs for block in seen.blocks) == seen.queries
    assert min(block.runs for block in seen.blocks) >= loops.BLOCK_RUNS
    assert seen.end - seen.begin == sum(block.wall for block in seen.blocks)


def test_a_budget_ends_a_slow_target(clock: Clock) -> None:
    seen = loops.back_to_back(clock.target(0.05), Limits(3, 100, 0.3), 0.05)
    assert seen.end - seen.begin < 2e9
    assert 1 <= seen.queries < 100


def test_offline_handles_what_it_planned() -> None:
    seen = loops.offline(target(0.0005), Limits(0.1, 50, 10), 0.0005)
    assert seen.queries == sum(block.runs for block in seen.blocks) >= 200


def test_offline_stops_where_the_plan_was_far_too_long(clock: Clock) -> None:
    seen = loops.offline(clock.target(1.0), Limits(3, 100, 5), 0.001)
    assert seen.unfinished > 0
    assert seen.unfinished + seen.queries >= 1000


def test_warm_up_says_whether_it_became_steady() -> None:
    steady = loops.warm_up(target(0.002), 10, 0.0, 5)
    assert (steady.runs or 0) >= 10
    growing = loops.warm_up(lambda index: (0, 0, 0, (index + 1) ** 9), 10, 0.0, 0.0001)
    assert not growing.steady


def test_arrivals_are_a_poisson_process_that_can_be_made_again() -> None:
    found = loops.arrivals(100.0, 20_000, 7)
    assert found == loops.arrivals(100.0, 20_000, 7) != loops.arrivals(100.0, 20_000, 8)
    gaps = np.diff([0, *found]) / 1e9
    assert gaps.mean() == pytest.approx(0.01, rel=0.03)
    assert gaps.std() == pytest.approx(0.01, rel=0.03)


class Clock:
    """A time of the test's own, so that a busy machine changes nothing: it goes on by sleeping and by being asked."""

    def __init__(self) -> None:
        self.now = 0

    def perf_counter_ns(self) -> int:
        self.now += 100
        return self.now

    def process_time_ns(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1e9)

    def target(self, seconds: float, stalls: dict[int, float] | None = None) -> loops.Call:
        def call(index: int) -> tuple[int, int, int, int]:
            begin = self.now
            self.sleep(seconds + (stalls or {}).get(index, 0.0))
            return begin, begin, self.now, self.now

        return call


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(loops, "time", found)
    return found


def test_a_stalled_server_raises_the_tail(clock: Clock) -> None:
    """Coordinated omission: one stall of 0.4 s makes all wait that arrive within it, though each is handled fast."""
    schedule = [index * 5_000_000 for index in range(200)]  # one in 5 ms
    quick = latencies(loops.server(clock.target(0.001), schedule, 60))
    seen = loops.server(clock.target(0.001, {50: 0.4}), schedule, 60)
    stalled = latencies(seen)
    handled = sorted((b - a) / 1e9 for a, b in zip(seen.times[0::4], seen.times[3::4], strict=True))
    # Only one query was handled slowly ...
    assert handled[-2:] == [pytest.approx(0.001), pytest.approx(0.401)]
    # ... but 0.4 s / 5 ms = 80 arrived meanwhile, and each of them tells how long it waited.
    assert sum(latency > 0.05 for latency in stalled) >= 80
    assert figures.percentile(stalled, "p90") > 0.25  # type: ignore[operator]
    assert max(quick) < 0.002


def test_latency_counts_from_the_schedule_though_the_worker_is_busy(clock: Clock) -> None:
    found = latencies(loops.server(clock.target(0.02), [0] * 10, 60))
    assert found == [pytest.approx(0.02 * turn, abs=1e-4) for turn in range(1, 11)]


def test_an_early_worker_waits_for_the_schedule(clock: Clock) -> None:
    seen = loops.server(clock.target(0.001), [0, 10**9, 2 * 10**9], 60)
    assert seen.end - seen.begin == pytest.approx(2.001e9, rel=1e-3)
    assert max(latencies(seen)) < 0.0011


def test_workers_share_the_queries() -> None:
    gathering = threading.Barrier(4)

    def waiting(index: int) -> tuple[int, int, int, int]:
        begin = time.perf_counter_ns()
        gathering.wait(60)  # for three other queries, which are then handled at the same time
        end = time.perf_counter_ns()
        return begin, begin, end, end

    assert len(latencies(loops.server(waiting, [0] * 8, 120, workers=4))) == 8


def test_an_overloaded_server_says_what_it_did_not_begin(clock: Clock) -> None:
    seen = loops.server(clock.target(0.02), [0] * 50, 0.1)
    assert seen.unfinished + seen.queries == 50
    assert 5 <= seen.queries <= 7


# --- the gate ---


def run_data(
    blocks: list[list[int]],
    *,
    times: list[int] | None = None,
    job: dict[str, Any] | None = None,
    **evidence: float,
) -> Measured:
    count = sum(block[0] for block in blocks)
    return Measured(
        job=Settings(**{"threads": 1, "spinning": False, **(job or {})}),
        placement=Placement(used=["CPUExecutionProvider"]),
        warm_up=WarmUp(steady=True),
        evidence=Evidence(**evidence),
        observed=Observed(
            inference=times or [10] * count, blocks=[Block(*block) for block in blocks]
        ),
    )


CLEAN = [[2, 100, 99]] * 5
DIRTY = [[2, 100, 99]] * 3 + [[2, 200, 99]] * 2


def test_blocks_without_their_processor_are_told() -> None:
    data = run_data(DIRTY, times=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    gate = judging.gate(data)
    assert gate.passed == [True, True, True, False, False]
    doubts = judging.contaminations(data, gate)
    assert doubts == [Doubt(Cause.BLOCKS, pytest.approx(0.4), 0.9)]
    assert wording.evidence(doubts) == [
        "40% of the blocks had less than 90% of their processor time"
    ]
    assert judging.gated(data.observed.inference, data, gate) == [1, 2, 3, 4, 5, 6]


def test_a_clean_run_is_ok() -> None:
    data = run_data(CLEAN, steal=0.0, others=0.01)
    assert judging.contaminations(data, judging.gate(data)) == []
    assert judging.instabilities(data, 0.05) == []
    assert judging.stability([], []) == "ok"


@pytest.mark.parametrize("name", ["others", "steal", "pressure_cpu", "throttled"])
def test_each_evidence_alone_contaminates(name: str) -> None:
    data = run_data(CLEAN, **{name: 0.5})
    assert len(judging.contaminations(data, judging.gate(data))) == 1


def test_several_threads_are_compared_with_their_best_block() -> None:
    data = run_data([[2, 100, 150], [2, 100, 148], [2, 100, 100]], job={"threads": 2})
    assert judging.gate(data).passed == [True, True, False]


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"scenario": "server"}, "waits for arrivals"), ({"spinning": True, "threads": 2}, "spin"), ({"threads": None}, "is not known")],
)  # fmt: skip
def test_where_the_gate_says_nothing_it_says_why(changed: dict[str, Any], words: str) -> None:
    gate = judging.gate(run_data(CLEAN, job=changed))
    assert gate.passed is None
    assert words in wording.gate_off(gate)


def test_blocks_that_differ_are_unstable() -> None:
    data = run_data(CLEAN, times=[10, 10, 30, 30, 10, 10, 20, 20, 10, 10])
    assert "block means" in wording.evidence(judging.instabilities(data, 0.05))[0]


@pytest.mark.parametrize("cause", list(Cause))
def test_every_verdict_has_words(cause: Cause) -> None:
    (words,) = wording.evidence([Doubt(cause, 0.5, 0.1, process=3)])
    assert words.startswith("process 3: ")
    assert "{" not in words


def runs(*medians: int, failed: int = 0) -> list[Run]:
    good = [
        Run(
            "r",
            "0" * 64,
            "",
            Measured(observed=Observed(inference=[median]), warm_up=WarmUp(steady=True)),
        )
        for median in medians
    ]
    return good + [Run("r", "0" * 64, "", Document())] * failed


# --- the document ---


def test_a_document_is_read_as_it_was_written() -> None:
    written = Measured(
        job=Settings(threads=2, protocol=Protocol()),
        observed=Observed(inference=[1, 2], end_to_end=[3, 4], blocks=[Block(2, 7, 6)]),
        warm_up=WarmUp(steady=True, runs=10),
        evidence=Evidence(seconds=1.0, pressure_cpu=0.25, involuntary_switches=3),
        sampler=Sampled(
            hz=10.0, channels=[Readings(metric="power", scope="cpu", kind="gauge", source="s")]
        ),
        loadgen=LoadGen(latencies={"p99": 7}),
    )
    text = json.dumps(plain(written))
    assert read(json.loads(text)) == written
    assert json.loads(text)["evidence"] == {
        "seconds": 1.0,
        "own": 0.0,
        "pressure-cpu": 0.25,
        "involuntary-switches": 3,
    }
    assert json.loads(text)["observed"]["end-to-end"] == [3, 4]


def test_a_document_of_another_shape_is_an_error_with_its_place() -> None:
    with pytest.raises(ValueError, match="observed"):
        read({"status": "ok", "kind": "measure", "warm_up": {"steady": True}})


def test_the_types_of_the_document_load_no_pydantic() -> None:
    script = "import sys, benchfmt.profiler.worker; print('pydantic' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_processes_go_on_until_they_agree() -> None:
    job = Job("", "", protocol=Protocol(processes=3, most_processes=6))
    assert not enough(runs(100, 100), job)
    assert enough(runs(100, 101, 100), job)
    assert not enough(runs(100, 130, 100), job)
    assert enough(runs(100, 130, 100, 130, 100, 130), job)
    assert enough(runs(failed=2), job)
    assert not math.isnan(figures.interval([1.0, 2.0]).half_width)  # type: ignore[union-attr]
