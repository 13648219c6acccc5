"""`benchfmt.profiled`: measure any callable the way a model is measured, in the process that calls it.

There is one process, the caller's, so nothing can be said about how much processes differ, and its memory holds whatever the
caller keeps there: the record says so with the caveats `single-observation` and `shared-process`.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from benchfmt.profiler import counters, environment, loops, portable, proc
from benchfmt.profiler.document import Document, FirstRun, Measured, Memory, Observed
from benchfmt.profiler.evidence import between
from benchfmt.profiler.facts import ModelFacts
from benchfmt.profiler.job import MARK, QUICK, Protocol, Settings
from benchfmt.profiler.material import About, Declared, Material, about_of
from benchfmt.profiler.profiling import Temporary
from benchfmt.profiler.records import process_record
from benchfmt.profiler.running import ProfileError, Sampler, written
from benchfmt.profiler.sampled import Failure
from benchfmt.record import Record


class Profiled:
    """A measurement of a callable; use it as a context, call `measure` once, then read `record`."""

    def __init__(
        self,
        about: About,
        protocol: Protocol,
        threads: int | None,
        samples: int,
        folder: Path | None,
    ) -> None:
        """Take what is known before anything runs; `benchfmt.profiled` calls this."""
        self._about = about
        self._protocol = protocol
        self._threads = threads
        self._samples = samples
        self._holder = Temporary() if folder is None else None
        self.folder = self._holder.path if self._holder else Path(str(folder))
        self._sampler: Sampler | None = None
        self._document: Document | None = None
        self._record: Record | None = None

    def __enter__(self) -> Self:
        """Start the sampler."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._began = datetime.now().astimezone().isoformat(timespec="milliseconds")
        if self._protocol.hertz and (proc.is_there() or portable.is_needed()):
            self._sampler = Sampler(os.getpid(), self._protocol.hertz)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the sampler, and make the record; an error of the block makes a failed one, and goes on."""
        sampled = self._sampler.stop() if self._sampler else None
        if error is not None:
            detail = f"{type(error).__name__}: {error}"
            self._document = Document(kind="callable", job=self._settings(), detail=detail)
        if self._document is not None:
            self._record = self._made(replace(self._document, sampler=sampled))
        if self._holder:
            self._holder.remove()

    @property
    def record(self) -> Record:
        """The record of the measurement; raises ProfileError before the block has ended, and where nothing was measured."""
        if self._record is None:
            raise ProfileError(
                "nothing was measured; call measure(...) within the block, and read the record after it"
            )
        return self._record

    def measure(self, function: Callable[[int], object]) -> None:
        """Call a function with 0, 1, 2, ...: until it is steady, then until there is enough to say."""
        clock, plan = time.perf_counter_ns, self._protocol

        def call(index: int) -> tuple[int, int, int, int]:
            begin = clock()
            function(index)
            end = clock()
            return begin, begin, end, end

        first = call(0)
        warm_up = loops.warm_up(call, plan.warm_up_runs, plan.warm_up_seconds, plan.warm_up_most)
        reset = proc.reset_peak()
        self._mark()
        time.sleep(MARK)
        before, start = counters.snapshot(), time.monotonic()
        limits = loops.Limits(plan.seconds, plan.queries, plan.budget)
        timings = loops.back_to_back(call, limits, warm_up.median or 0.0)
        window = [start, time.monotonic()]
        self._mark()
        peak = counters.memory().get("VmHWM")
        lengths = zip(timings.times[1::4], timings.times[2::4], strict=True)
        self._document = Measured(
            kind="callable",
            job=self._settings(),
            warm_up=warm_up,
            window=window,
            evidence=between(before, counters.snapshot()),
            samples_per_query=self._samples,
            batch=self._samples,
            harness="own",
            first_run=FirstRun(seconds=(first[3] - first[0]) / 1e9),
            memory=Memory(reset=reset, peak=peak),
            affinity=proc.usable_processors(),
            observed=Observed(
                queries=timings.queries,
                wall=timings.end - timings.begin,
                cpu=timings.cpu,
                inference=[end - begin for begin, end in lengths],
                blocks=timings.blocks,
            ),
        )

    def _mark(self) -> None:
        if self._sampler:
            self._sampler.mark()

    def _settings(self) -> Settings:
        return Settings(threads=self._threads, spinning=False, protocol=self._protocol)

    def _made(self, document: Document) -> Record:
        run = written(self.folder / "run-1.json", document, self._began)
        material = Material(
            self._about,
            [run],
            f"{self._about.name}-{secrets.token_hex(8)}",
            self._protocol,
            environment.system(),
            environment.state(),
            environment.stack(),
            ModelFacts(flop_missing=Failure("not-measured", "a callable is not counted")),
        )
        return process_record(run, material, ["shared-process", "single-observation"])


def profiled(
    name: str,
    *,
    threads: int | None = None,
    samples: int = 1,
    quick: bool = False,
    protocol: Protocol | None = None,
    about: Declared | None = None,
    folder: str | Path | None = None,
) -> Profiled:
    """Return a context in which `measure(function)` profiles any callable of this process, and its `record` afterwards.

    `threads` is how many threads the callable works with: only then can the gate say whether it had them. `samples` is how
    many samples a call handles. `about` is as in `benchfmt.profile`, with `engine` for what runs the model.
    """
    return Profiled(
        about_of(About(name, name, engine=None), about or {}),
        protocol or (QUICK if quick else Protocol()),
        threads,
        samples,
        Path(folder) if folder else None,
    )
