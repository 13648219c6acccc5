"""Runs the processes of a profile one after the other, each watched by a sampler, until the result is as sure as asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path

from pydantic import ValidationError

import benchfmt
from benchfmt.finding import BenchfmtError
from benchfmt.processes.guardian import Guardian
from benchfmt.profiler import figures, portable, proc, sensors
from benchfmt.profiler.document import (
    OK,
    Document,
    LoadGen,
    Measured,
    Overview,
    parsed,
    read,
)
from benchfmt.profiler.job import MARK, Job, Protocol
from benchfmt.profiler.nvml import open_nvml
from benchfmt.profiler.plain import plain
from benchfmt.profiler.sampled import Sampled
from benchfmt.profiler.sensed import Sensed, watts
from benchfmt.readers import loadgen
from benchfmt.readers.files import file_sha256

Tell = Callable[[str, float], None]
Once = Callable[[Job, Callable[[str], None]], "Run"]
IDLE_SECONDS, IDLE_QUICK = 3.0, 1.2
"""How long the idle machine is watched; a counter of energy needs more than a second."""
_WORKER = "import sys; from benchfmt.profiler.worker import main; sys.exit(main(sys.argv[1]))"
_SAMPLER = "import sys; sys.path[:0] = [sys.argv[2]]; from benchfmt.profiler.sampler import main; main(sys.argv[1])"
_LATENCY = re.compile(
    r"result_(?:(min|max|mean)|([0-9.]+)_percentile)(?:_per_query|_query)?_latency_ns"
)
_SOURCE = str(Path(benchfmt.__file__).resolve().parents[1])


class ProfileError(BenchfmtError):
    """A profile that cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Run:
    """What one process of a profile has left: its document, the hash of the file, and when it began."""

    path: str
    sha256: str
    began: str
    document: Document
    logs: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the process has finished."""
        return self.document.status == OK

    @property
    def measured(self) -> Measured | None:
        """The document of a process that has measured; None of any other."""
        if isinstance(self.document, Measured):
            return self.document
        return None

    @cached_property
    def median(self) -> float:
        """The median (nanoseconds) by which processes are compared: of requests where they arrive by a schedule, else of inference."""
        assert isinstance(self.document, Measured)  # noqa: S101 - only processes that have measured are compared
        observed, loadgen = self.document.observed, self.document.loadgen
        scheduled = self.document.job.scenario in ("server", "multi-stream")
        if scheduled and loadgen and "median" in loadgen.latencies:
            return float(loadgen.latencies["median"])
        return figures.median(observed.request or observed.inference)


def harness_of(job: Job) -> str:
    """Return which harness a job is run by: MLPerf's load generator where it is installed, unless another is asked for."""
    if job.harness == "loadgen" and find_spec("mlperf_loadgen") is None:
        raise ProfileError(
            "MLPerf's load generator is not installed; run pip install mlcommons-loadgen, or --harness own"
        )
    if job.harness != "auto":
        return job.harness
    return "loadgen" if find_spec("mlperf_loadgen") is not None else "own"


def measure(job: Job, folder: Path, tell: Tell, one_process: Once | None = None) -> list[Run]:
    """Return the runs of a job: processes until the interval of their medians is narrow enough, or the budget is spent.

    `one_process` runs one and returns what it left; without it that is `once`.
    """
    plan = job.protocol
    start = time.monotonic()
    runs: list[Run] = []
    run_once = one_process or once
    while True:
        left = plan.budget - (time.monotonic() - start)
        share = max(left / max(plan.processes - len(runs), 1), 0.2)
        number = len(runs) + 1
        one = job.changed(
            run=number,
            result=str(folder / f"run-{number}.json"),
            protocol=replace(plan, budget=share * 0.6),
            rate=job.rate or _rate(runs),
        )
        done = (number - 1) / max(plan.processes, number)
        runs.append(run_once(one, partial(_tell_of, tell, _number_of(number, plan), done)))
        spent = time.monotonic() - start
        # An engine is built once: that says nothing about how long the next process takes.
        built = sum(run.document.build.seconds for run in runs if run.document.build)
        per_run = (spent - built) / len(runs)
        if enough(runs, job) or spent + per_run > plan.budget:
            return runs


def _rate(runs: Sequence[Run]) -> float | None:
    """Return the rate of the first process, which all others have too."""
    if not runs:
        return None
    return runs[0].document.rate


def _number_of(number: int, plan: Protocol) -> str:
    if number <= plan.processes:
        return f"process {number} of {plan.processes}"
    return f"process {number}, as they still differ"


def _tell_of(tell: Tell, words: str, done: float, event: str) -> None:
    tell(f"{words}: {event}", done)


def idle(plan: Protocol, tell: Tell, gpu: int = 0) -> dict[str, Sensed]:
    """Return the power of each scope while nothing is asked of the machine; nothing where no sensor tells power or energy."""
    channels, _ = sensors.discover(proc.ROOT, open_nvml(device=gpu), os.getpid())
    scopes = dict.fromkeys(item.scope for item in channels if item.metric in ("power", "energy"))
    found = [scope for scope in ("cpu", "gpu", "board") if scope in scopes]
    if not found or not plan.hertz:
        return {}
    tell("power of the idle machine", 0.0)
    sampler = Sampler(os.getpid(), plan.hertz, gpu=gpu)
    sampler.mark()
    time.sleep(MARK)
    start = time.monotonic()
    time.sleep(IDLE_QUICK if plan.quick else IDLE_SECONDS)
    window = (start, time.monotonic())
    sampler.mark()
    seen = sampler.stop()
    return {scope: watts(seen, scope, window) for scope in found}


def enough(runs: list[Run], job: Job) -> bool:
    """Say whether the processes agree: the 95 % interval of the mean of their medians is narrow enough, or there are too many."""
    plan = job.protocol
    good = [run for run in runs if run.ok]
    if len(runs) >= plan.most_processes or (len(runs) >= 2 and not good):
        return True
    if len(runs) < plan.processes:
        return False
    between = figures.interval([run.median for run in good])
    return between is None or between.half_width <= plan.half_width


def once(job: Job, tell: Callable[[str], None]) -> Run:
    """Return what one fresh process has done, watched by a sampler of its own."""
    path = Path(job.result)
    began = datetime.now().astimezone().isoformat(timespec="milliseconds")
    job.write(path.with_suffix(".job"))
    # Functions of the user are looked for where this process would look.
    paths = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(place or str(Path.cwd()) for place in sys.path),
    }
    with path.with_suffix(".log").open("w+", encoding="utf-8", errors="replace") as log:
        command = [sys.executable, "-c", _WORKER, str(path.with_suffix(".job"))]
        sampler: Sampler | None = None
        with (
            Guardian() as guardian,
            subprocess.Popen(  # noqa: S603 - our own program, with a file of our own
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=paths,
            ) as worker,
        ):
            try:
                guardian.watch(worker.pid)
                sampler = _follow(worker, job, tell)
            except BaseException:
                worker.kill()
                raise
        seen = sampler.stop() if sampler else None
        log.seek(0)
        words = log.read().strip()
    document = replace(_result(path, worker.returncode, words), began=began, sampler=seen)
    if isinstance(document, Measured) and document.loadgen:
        summary = path.with_suffix("") / "mlperf_log_summary.txt"
        document = replace(document, loadgen=_with_summary(document.loadgen, summary))
    for leftover in (path.with_suffix(".job"), path.with_suffix(".log")):
        with suppress(OSError):
            leftover.unlink()
    return replace(written(path, document, began), logs=_logs(path.with_suffix("")))


def _follow(worker: subprocess.Popen[str], job: Job, tell: Callable[[str], None]) -> Sampler | None:
    """Start the sampler when the process says that it is there, let it go on, and tell what it says until it ends."""
    assert worker.stdout is not None  # noqa: S101 - it is a pipe
    assert worker.stdin is not None  # noqa: S101 - it is a pipe
    sampler: Sampler | None = None
    try:
        for line in worker.stdout:
            said = json.loads(line)
            if said["event"] == "started":
                watched = job.kind == "measure" and job.protocol.hertz
                sampler = Sampler(said["pid"], job.protocol.hertz, gpu=job.gpu) if watched else None
                worker.stdin.write("\n")
                worker.stdin.flush()
            elif said.get("mark") and sampler:
                sampler.mark()
            tell(said["event"])
    except BaseException:
        if sampler:
            sampler.stop()
        raise
    return sampler


class Sampler:
    """The sampler of one process; it stops when its input is closed."""

    def __init__(self, pid: int, hertz: float, root: str = "/", gpu: int = 0) -> None:
        """Start watching a process, and a GPU by its number among those it may see; returns when the sampler is ready."""
        packages = ""
        if portable.is_needed(Path(root)):
            packages = portable.folder()
        asked = json.dumps(
            {"pid": pid, "hz": hertz, "root": root, "gpu": gpu, "packages": packages}
        )
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", "-c", _SAMPLER, asked, _SOURCE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # an interrupt is for us; the sampler ends with its input
        )
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            self._process.stdout.readline()
        except BaseException:
            # Nobody has it yet who could stop it.
            self._process.kill()
            self._process.communicate()
            raise

    def mark(self) -> None:
        """Have the counters read now: a measurement begins or ends."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(OSError, ValueError):  # a sampler that has failed is told by `stop`
            self._process.stdin.write("\n")
            self._process.stdin.flush()

    def stop(self) -> Sampled | None:
        """Return what was seen, or None where the sampler has failed."""
        try:
            out, _ = self._process.communicate(timeout=30)
            return parsed(Sampled, json.loads(out))
        except (ValueError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
            return None


def _result(path: Path, code: int, log: str) -> Document:
    """Return what the process has written; one that was killed has written nothing."""
    try:
        return read(json.loads(path.read_text("utf-8")))
    except ValidationError as error:
        return Document(detail=f"the process wrote a document that cannot be read: {error}")
    except (OSError, ValueError):
        detail = f"the process was {ended(code)}: {log[-500:]}".rstrip(": ")
        return Document(detail=detail)


def ended(code: int) -> str:
    """Return in words how a process ended that failed."""
    if code < 0:
        return f"killed by signal {-code}"
    return f"ended with status {code}"


def _logs(folder: Path) -> tuple[tuple[str, str], ...]:
    """Return the logs that a harness has left beside a result, with their hashes, the summary first."""
    if not folder.is_dir():
        return ()
    files = sorted(
        folder.glob("mlperf_log_*"),
        key=lambda path: (path.name != "mlperf_log_summary.txt", path.name),
    )
    return tuple((f"{folder.name}/{path.name}", file_sha256(path)) for path in files)


def _with_summary(asked: LoadGen, path: Path) -> LoadGen:
    """Return LoadGen's settings with what its summary says of latencies (nanoseconds), rates and validity."""
    log = loadgen.read_summary(path)
    latencies = {}
    for name, text in log.values.items():
        statistic = _statistic(name)
        if statistic:
            latencies[statistic] = int(text)
    stopping = log.values.get("early_stopping_result", "")
    estimates = {}
    for item in loadgen.estimates(stopping):
        if item.nanoseconds is not None:
            estimates[f"p{item.percentile}-es"] = int(item.nanoseconds)
    rate = log.number("result_samples_per_second") or log.number("result_completed_samples_per_sec")
    return replace(
        asked,
        result=log.values.get("result_validity"),
        latencies=latencies,
        estimates=estimates,
        samples_per_second=rate,
        scheduled_per_second=log.number("result_scheduled_samples_per_sec"),
        early_stopping=stopping.strip() or None,
    )


def _statistic(name: str) -> str | None:
    """Return the statistic of the standard that a latency of LoadGen's summary is; None for anything else."""
    match = _LATENCY.fullmatch(name)
    if match is None:
        return None
    if match[1]:
        return match[1]
    level = match[2].rstrip("0").rstrip(".")
    if level == "50":
        return "median"
    return f"p{level}"


def written(path: Path, data: Document | Overview, began: str | None = None) -> Run:
    """Write a document beside those of the processes, to be a source like them."""
    path.write_text(json.dumps(plain(data), separators=(",", ":")), "utf-8")
    moment = began or datetime.now().astimezone().isoformat(timespec="milliseconds")
    document = data
    if isinstance(document, Overview):
        document = Document(status=OK)
    return Run(path.name, file_sha256(path), moment, document)
