"""The program `trtexec`: found, run with every setting said outright, and watched from outside.

The defaults of trtexec differ between versions (TensorRT 11 turned three around), so none is relied upon. Nothing of
TensorRT is imported.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from benchfmt.processes.guardian import Guardian
from benchfmt.profiler import counters, proc, running
from benchfmt.profiler.document import TrtexecSettings
from benchfmt.profiler.evidence import Evidence, between
from benchfmt.profiler.job import PLANS
from benchfmt.profiler.running import Sampler
from benchfmt.profiler.sampled import Sampled
from benchfmt.readers import trtexec as reader
from benchfmt.suites import trtexec as rules

USUAL = Path("/usr/src/tensorrt/bin/trtexec")
"""Where NVIDIA's packages put it, which is on no path."""
VARIABLE = "TRTEXEC"
HERTZ = 10.0
LOG = "trtexec.log"
TIMES = "trtexec-times.json"
_BEGINS, _ENDS = "Starting inference", ("Warmup completed", "Timing trace has")


class TrtexecError(running.ProfileError):
    """trtexec is not there, or cannot be started."""


class Watch(Protocol):
    """Something that watches a process until it is stopped."""

    def mark(self) -> None:
        """Take it that a measurement begins or ends."""

    def stop(self) -> Sampled | None:
        """Return what was seen."""


Watcher = Callable[[int], Watch | None]


@dataclass(frozen=True)
class Outcome:
    """What one run has left: its files, when it measured (monotonic seconds), and what was seen of it from outside."""

    folder: Path
    command: tuple[str, ...]
    code: int
    window: tuple[float, float] | None
    sampled: Sampled | None
    evidence: Evidence | None
    peak: int | None
    """The process's high-water mark of memory, in bytes, since its measurement began."""
    limit: float | None = None
    """The seconds after which it was ended, where it was."""

    @property
    def log(self) -> Path:
        """The log, as trtexec printed it."""
        return self.folder / LOG

    @property
    def times(self) -> Path:
        """The times of each query, as trtexec exported them."""
        return self.folder / TIMES


def find(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the program: the one that $TRTEXEC names, else that on the path, else NVIDIA's; raises TrtexecError."""
    said = environment.get(VARIABLE)
    if said:
        if Path(said).is_file():
            return Path(said)
        raise TrtexecError(f"${VARIABLE} is {said}, which does not exist")
    found = shutil.which("trtexec", path=environment.get("PATH"))
    if found:
        return Path(found)
    if USUAL.is_file():
        return USUAL
    raise TrtexecError(f"trtexec was not found: not on the path, not at {USUAL}; set ${VARIABLE}")


@cache
def version(program: Path) -> str:
    """Return the version of TensorRT that a trtexec belongs to; raises TrtexecError."""
    try:
        asked = subprocess.run(  # noqa: S603 - the program that the user names
            [str(program), "--help"], capture_output=True, text=True, errors="replace", timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TrtexecError(f"{program} cannot be started: {error}") from error
    mark = reader.MARK.search(asked.stdout + asked.stderr)
    found = rules.decoded(mark["tag"] or "") if mark else None
    if found is None:
        raise TrtexecError(
            f"{program} does not say its version (TensorRT 7 and older do not); 8.0 or newer is needed"
        )
    return found


def arguments(
    release: str, model: Path, folder: Path, settings: TrtexecSettings, more: Sequence[str] = ()
) -> list[str]:
    """Return the switches of a timing run: every setting said, times exported, no profiler."""
    flags = rules.defaults(release).flags
    # Up to 8.4 there is one percentile; the greatest was the default.
    levels = (
        settings.percentiles
        if len(rules.defaults(release).percentiles) > 1
        else settings.percentiles[-1:]
    )
    said = [
        f"--loadEngine={model}" if model.suffix.lower() in PLANS else f"--onnx={model}",
        f"--warmUp={settings.warm_up_ms}",
        f"--duration={settings.duration_s}",
        f"--iterations={settings.iterations}",
        f"--avgRuns={settings.average_runs}",
        f"{flags['streams']}={settings.streams}",
        f"{flags['percentiles']}={','.join(levels)}",
        flags.get("transfers_on" if settings.data_transfers else "transfers_off", ""),
        flags.get("graph_on" if settings.cuda_graph else "graph_off", ""),
        flags.get("spin_on" if settings.spin_wait else "spin_off", ""),
        f"--exportTimes={folder / TIMES}",
    ]
    return [word for word in [*said, *more] if word]


def watcher(hertz: float = HERTZ) -> Watcher:
    """Return what starts the profiler's sampler on a process; a sampler that cannot be started watches nothing."""

    def start(pid: int) -> Watch | None:
        try:
            return Sampler(pid, hertz) if hertz else None
        except OSError:
            return None

    return start


def run(
    model: Path,
    folder: Path,
    *,
    program: Path | None = None,
    settings: TrtexecSettings | None = None,
    more: Sequence[str] = (),
    watch: Watcher | None = None,
    timeout: float | None = None,
) -> Outcome:
    """Run trtexec once on a model or engine, its files left in `folder`; raises TrtexecError where it cannot start."""
    exe = program or find()
    chosen = settings or TrtexecSettings()
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LOG, TIMES):  # what an earlier run left must not be taken for this one's
        (folder / name).unlink(missing_ok=True)
    command = [str(exe), *arguments(version(exe), model, folder, chosen, more)]
    with Guardian() as guardian:
        process = _started(command)
        guardian.watch(process.pid)
        following = _Following(process.pid)
        observer: Watch | None = None
        # A program that hangs prints nothing, so a clock of our own ends it.
        ended = threading.Event()

        def end() -> None:
            ended.set()
            process.kill()

        clock = threading.Timer(timeout or 0, end)
        try:
            observer = (watch or watcher())(process.pid)
            if timeout:
                clock.start()
            following.follow(
                process,
                folder / LOG,
                chosen.warm_up_ms / 1000,
                observer.mark if observer else lambda: None,
            )
        finally:
            clock.cancel()
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
            seen = observer.stop() if observer else None
    return Outcome(
        folder,
        tuple(command),
        process.returncode,
        following.window(chosen.warm_up_ms / 1000),
        seen,
        following.evidence(),
        following.peak,
        timeout if ended.is_set() else None,
    )


def _started(command: list[str]) -> subprocess.Popen[str]:
    """Start a program whose output is read line by line; raises TrtexecError."""
    try:
        return subprocess.Popen(  # noqa: S603 - the program that the user names
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
        )
    except OSError as error:
        raise TrtexecError(f"{command[0]} cannot be started: {error}") from error


class _Following:
    """What is seen of a running trtexec by its log: when it began and ended to measure, and the machine's counters then."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before: proc.Snapshot | None = None
        self._after: proc.Snapshot | None = None
        self._reset = False
        self.peak: int | None = None

    def follow(
        self, process: subprocess.Popen[str], log: Path, warm_up: float, mark: Callable[[], None]
    ) -> None:
        """Write the log as it comes, and look at the process where its measurement begins and ends."""
        warm = threading.Timer(warm_up, mark)
        warm.daemon = True
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        with log.open("w", encoding="utf-8") as file:
            for line in process.stdout:
                file.write(line)
                if _BEGINS in line and self._before is None:
                    self._reset = proc.reset_peak(pid=self._pid)
                    self._before = counters.snapshot(self._pid)
                    warm.start()
                elif (
                    self._before is not None
                    and self._after is None
                    and any(word in line for word in _ENDS)
                ):
                    self._after = counters.snapshot(self._pid)
                    warm.cancel()
                    mark()
                    self.peak = counters.memory(self._pid).get("VmHWM") if self._reset else None
        warm.cancel()

    def window(self, warm_up: float) -> tuple[float, float] | None:
        """Return when the measurement began, its warm-up over, and when it ended."""
        if self._before is None or self._after is None:
            return None
        return min(self._before.monotonic + warm_up, self._after.monotonic), self._after.monotonic

    def evidence(self) -> Evidence | None:
        """Return what the machine did meanwhile, warm-up included."""
        if self._before is None or self._after is None:
            return None
        return between(self._before, self._after)
