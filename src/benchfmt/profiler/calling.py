"""`benchfmt.profiled`: measure any callable the way a model is measured, in the process that calls it.

There is one process, the caller's, so nothing can be said about how much processes differ, and its memory holds whatever the
caller keeps there: the record says so with the caveats `single-observation` and `shared-process`.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchfmt.profiler import environment, loops, proc
from benchfmt.profiler.job import MARK, QUICK, Protocol
from benchfmt.profiler.profiling import Temporary
from benchfmt.profiler.records import About, Material, process_record
from benchfmt.profiler.running import ProfileError, Sampler, written
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
        self._about, self._protocol, self._threads, self._samples = (
            about,
            protocol,
            threads,
            samples,
        )
        self._holder = Temporary() if folder is None else None
        self.folder = self._holder.path if self._holder else Path(str(folder))
        self._sampler: Sampler | None = None
        self._data: dict[str, Any] = {}
        self._record: Record | None = None

    def __enter__(self) -> Self:
        """Start the sampler."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._began = datetime.now().astimezone().isoformat(timespec="milliseconds")
        if self._protocol.hertz and Path("/proc/self/stat").exists():
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
            self._data = {
                "job": self._job(),
                "status": "failed",
                "detail": f"{type(error).__name__}: {error}",
            }
        if self._data:
            self._data |= {"sampler": sampled} if sampled else {}
            self._record = self._made()
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

    def measure(self, function: Callable[[int], Any]) -> None:
        """Call a function with 0, 1, 2, ...: until it is steady, then until there is enough to say."""
        clock, plan = time.perf_counter_ns, self._protocol

        def call(index: int) -> tuple[int, int, int, int]:
            begin = clock()
            function(index)
            end = clock()
            return begin, begin, end, end

        first = call(0)
        warm = loops.warm_up(call, plan.warm_up_runs, plan.warm_up_seconds, plan.warm_up_most)
        reset = proc.reset_peak()
        self._mark()
        time.sleep(MARK)
        before, start = proc.snapshot(), time.monotonic()
        seen = loops.back_to_back(
            call, loops.Limits(plan.seconds, plan.queries, plan.budget), warm["median"]
        )
        window = [start, time.monotonic()]
        self._mark()
        status = proc.status()
        self._data = {
            "version": 1,
            "kind": "callable",
            "status": "ok",
            "job": self._job(),
            "warm_up": warm,
            "window": window,
            "evidence": proc.between(before.to_dict(), proc.snapshot().to_dict()),
            "samples_per_query": self._samples,
            "batch": self._samples,
            "harness": "own",
            "first_run": {"seconds": (first[3] - first[0]) / 1e9},
            "memory": {"reset": reset, **({"peak": status["VmHWM"]} if "VmHWM" in status else {})},
            "affinity": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
            "observed": {
                "queries": seen.queries,
                "wall": seen.end - seen.begin,
                "cpu": seen.cpu,
                "unfinished": 0,
                "inference": [
                    b - a for a, b in zip(seen.times[1::4], seen.times[2::4], strict=True)
                ],
                "blocks": [[block.runs, block.wall, block.cpu] for block in seen.blocks],
            },
        }

    def _mark(self) -> None:
        if self._sampler:
            self._sampler.mark()

    def _job(self) -> dict[str, Any]:
        found = {"scenario": "single-stream", "run": 1, "threads": self._threads, "spinning": False}
        return {
            **{k: v for k, v in found.items() if v is not None},
            "protocol": asdict(self._protocol),
        }

    def _made(self) -> Record:
        run = written(self.folder / "run-1.json", self._data, self._began)
        material = Material(
            self._about,
            [run],
            f"{self._about.name}-{secrets.token_hex(8)}",
            self._protocol,
            environment.system(),
            environment.state(),
            environment.stack(),
            {"flop_missing": {"reason": "not-measured", "detail": "a callable is not counted"}},
        )
        return process_record(run, material, ["shared-process", "single-observation"])


def profiled(
    name: str,
    *,
    threads: int | None = None,
    samples: int = 1,
    quick: bool = False,
    protocol: Protocol | None = None,
    about: Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
) -> Profiled:
    """Return a context in which `measure(function)` profiles any callable of this process, and its `record` afterwards.

    `threads` is how many threads the callable works with: only then can the gate say whether it had them. `samples` is how
    many samples a call handles. `about` is as in `benchfmt.profile`, with `engine` for what runs the model.
    """
    known = {key: value for key, value in (about or {}).items() if value is not None}
    unknown = set(known) - set(About.__dataclass_fields__)
    if unknown:
        raise ProfileError(
            f"about has {', '.join(sorted(unknown))}; it takes {', '.join(About.__dataclass_fields__)}"
        )
    said = About(**{"name": name, "model": name, "engine": None, **known})
    return Profiled(
        said,
        protocol or (QUICK if quick else Protocol()),
        threads,
        samples,
        Path(folder) if folder else None,
    )
