"""What the profiler's observer costs: its own processor time, and what it does to the run that it watches.

The effect is measured in pairs of windows in random order, one with the sampler and one without; the interval is that of
Student over the pairs. A control of the same number of pairs, none of which has a sampler, shows how much the machine itself
scatters. Where the interval is wider than the target, nothing is claimed: the bench prints "inconclusive".
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import time
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.process import ROOT, Taken
from bench.table import Bench, Row, Verdict

if TYPE_CHECKING:
    from bench.benches import Setting

SHARE_TARGET = 0.005
EFFECT_TARGET = 0.02
HERTZ = 10.0
WINDOW = 1.0
PAIRS = 60
QUICK_PAIRS = 8


def profiler(setting: Setting) -> Bench:
    """The observer of the profiler: its own cost at 10 Hz, and the paired effect on CPU time and latency per inference."""
    pairs = QUICK_PAIRS if setting.quick else PAIRS
    row = Row(
        f"{pairs} pairs of windows of {WINDOW:g} s, and as many controls",
        "us",
        lambda: _run(setting, pairs),
    )
    bench = Bench(
        "profiler", f"MobileNetV2-shaped network, one thread, sampler at {HERTZ:g} Hz", [row]
    )
    setting.tell(row.name)
    row.runs.append(row.run())
    facts = row.runs[0].facts
    shares = facts["shares"]
    bench.verdicts += [
        Verdict(f"the observer used {median(shares):.2%} of one core (greatest of {len(shares)} windows {max(shares):.2%}; "
                f"at most {SHARE_TARGET:.1%})", median(shares) <= SHARE_TARGET),
        Verdict(f"{facts['milliseconds']:.2f} ms an inference; load average {facts['load']:.1f} on {os.cpu_count()} cores"),
        *(_effect(facts, name) for name in ("cpu", "latency")),
    ]  # fmt: skip
    return bench


def _effect(facts: dict[str, Any], name: str) -> Verdict:
    """Return what pairs say of the effect on one number: inside the target, outside, or nothing."""
    low, middle, high = interval(facts["effects"][name])
    control = interval(facts["controls"][name])
    words = (
        f"{name} per inference with the sampler {middle:+.1%} [{low:+.1%}, {high:+.1%}] at 95 %; "
        f"without it in both {control[1]:+.1%} [{control[0]:+.1%}, {control[2]:+.1%}]"
    )
    if low >= -EFFECT_TARGET and high <= EFFECT_TARGET:
        return Verdict(f"{words}: inside {EFFECT_TARGET:.0%}", True)
    if low > EFFECT_TARGET or high < -EFFECT_TARGET:
        return Verdict(f"{words}: outside {EFFECT_TARGET:.0%}", False)
    return Verdict(f"{words}: inconclusive, the machine is too noisy to tell {EFFECT_TARGET:.0%}")


def interval(ratios: list[float]) -> tuple[float, float, float]:
    """Return lower end, middle and upper end of the effect, as shares, from the ratios of pairs."""
    from benchfmt.profiler.figures import interval as student

    found = student([math.log(ratio) for ratio in ratios])
    assert found is not None
    return math.expm1(found.lower), math.expm1(found.mean), math.expm1(found.upper)


def _run(setting: Setting, pairs: int) -> Taken:
    setting.folder.mkdir(parents=True, exist_ok=True)
    model = setting.folder / "mobilenet.onnx"
    subprocess.run(
        [sys.executable, str(ROOT / "examples/profile/mobilenet.py"), str(model)], check=True
    )
    arguments = json.dumps({"model": str(model), "pairs": pairs})
    done = subprocess.run(
        [sys.executable, "-m", "bench.profiler", arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the windows failed:\n{done.stderr[-3000:]}")
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def windows(model: str, pairs: int) -> Taken:
    """Measure the pairs in this process and return the ratios."""
    from benchfmt.profiler import engine
    from benchfmt.profiler.job import Job

    job = Job(model, "")
    session = engine.open_session(job)
    items = engine.Items(job, engine.shapes(session.inputs, job))
    call, _ = engine.pipeline(job, session, items)
    chance = random.Random(0)  # noqa: S311 - an order that can be made again
    start, cpu = time.perf_counter(), time.process_time()
    for index in range(50):
        call(index)
    effects: dict[str, list[float]] = {"cpu": [], "latency": []}
    controls: dict[str, list[float]] = {"cpu": [], "latency": []}
    shares: list[float] = []
    plain: list[float] = []
    for _ in range(pairs):
        for found, second in ((effects, True), (controls, False)):
            seen = {}
            for sampled in chance.sample([False, True], 2):
                seen[sampled] = _window(call, sampled and second, shares)
            plain.append(seen[False][1])
            for place, name in enumerate(("cpu", "latency")):
                found[name].append(seen[True][place] / seen[False][place])
    return Taken(
        time.perf_counter() - start, time.process_time() - cpu,
        facts={"effects": effects, "controls": controls, "shares": shares, "milliseconds": median(plain) * 1e3,
               "load": os.getloadavg()[0]},
    )  # fmt: skip


def _window(call: Any, sampled: bool, shares: list[float]) -> tuple[float, float]:
    """Return processor time and median latency per inference of a window, in seconds."""
    from benchfmt.profiler.running import Sampler

    sampler = Sampler(os.getpid(), HERTZ) if sampled else None
    time.sleep(0.05)
    times = []
    cpu, end = time.process_time(), time.perf_counter() + WINDOW
    while time.perf_counter() < end:
        begin, _, _, done = call(len(times))
        times.append((done - begin) / 1e9)
    spent = (time.process_time() - cpu) / len(times)
    seen = sampler.stop() if sampler else None
    if seen:
        shares.append(seen["observer_share"])
    return spent, median(times)


if __name__ == "__main__":
    print(json.dumps(asdict(windows(**json.loads(sys.argv[1])))))
