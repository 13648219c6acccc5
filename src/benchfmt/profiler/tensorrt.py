"""TensorRT by `trtexec`: runs it with every setting said outright, watches it from outside, and reads what it leaves.

The defaults of trtexec differ between versions (TensorRT 11 turned three around), so none is relied upon. The record is
that of the converter of trtexec, exported times preferred; what only an observer can know is added, or is missing with
its reason. Nothing of TensorRT is imported.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from benchfmt.converters import trtexec as converter
from benchfmt.converters.base import Failed, Source, Unit
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.profiler import judging
from benchfmt.profiler.running import Sampler
from benchfmt.readers import trtexec as reader
from benchfmt.record import Record, given
from benchfmt.suites import trtexec as rules

USUAL = Path("/usr/src/tensorrt/bin/trtexec")
"""Where NVIDIA's packages put it, which is on no path."""
VARIABLE = "TRTEXEC"
ENGINES = (".engine", ".plan", ".trt")
HERTZ = 10.0
LOG = "trtexec.log"
TIMES = "trtexec-times.json"
ENGINE = "model.engine"
GAUGES = (("memory", "gpu", "By"), ("utilization", "gpu", "1"), ("temperature", "gpu", "Cel"), ("power", "gpu", "W"))
"""What a sensor of the device tells at a moment: the mean is stated, and of memory and temperature the peak."""
PEAKS = ("memory", "temperature")
_BEGINS, _ENDS = "Starting inference", ("Warmup completed", "Timing trace has")


class TrtexecError(BenchfmtError):
    """trtexec is not there, or cannot be started."""


class Watch(Protocol):
    """Something that watches a process until it is stopped."""

    def stop(self) -> dict[str, Any] | None:
        """Return what was seen."""


Watcher = Callable[[int], Watch | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the engine is run; each becomes a switch, whatever the version would do without it."""

    warm_up_ms: int = 500
    duration_s: int = 3
    iterations: int = 100
    average_runs: int = 10
    streams: int = 1
    percentiles: tuple[str, ...] = ("90", "95", "99")
    data_transfers: bool = True
    cuda_graph: bool = True
    spin_wait: bool = True


@dataclass(frozen=True)
class Outcome:
    """What one run has left: its files, when it measured (monotonic seconds), and what the observer saw."""

    model: Path
    folder: Path
    command: tuple[str, ...]
    code: int
    window: tuple[float, float] | None
    seen: dict[str, Any] | None

    @property
    def log(self) -> Path:
        """The log, as trtexec printed it."""
        return self.folder / LOG


def find(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the program: the one that $TRTEXEC names, else that on the path, else NVIDIA's; raises TrtexecError."""
    said = environment.get(VARIABLE)
    if said:
        if Path(said).is_file():
            return Path(said)
        raise TrtexecError(f"${VARIABLE} is {said}, which is not there")
    found = shutil.which("trtexec", path=environment.get("PATH"))
    if found:
        return Path(found)
    if USUAL.is_file():
        return USUAL
    raise TrtexecError(f"trtexec was not found: not on the path, not at {USUAL}; set ${VARIABLE}")


def version(program: Path) -> str:
    """Return the version of TensorRT that a trtexec belongs to; raises TrtexecError."""
    try:
        asked = subprocess.run([str(program), "--help"], capture_output=True, text=True, errors="replace", timeout=60)  # noqa: S603 - the program that the user names
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TrtexecError(f"{program} cannot be started: {error}") from error
    mark = reader.MARK.search(asked.stdout + asked.stderr)
    found = rules.decoded(mark["tag"] or "") if mark else None
    if found is None:
        raise TrtexecError(f"{program} does not say its version (TensorRT 7 and older do not); 8.0 or newer is needed")
    return found


def arguments(release: str, model: Path, folder: Path, settings: Settings, more: Sequence[str] = ()) -> list[str]:
    """Return the switches of a timing run: every setting said, times exported, no profiler."""
    flags = rules.defaults(release).flags
    # Up to 8.4 there is one percentile; the greatest was the default.
    levels = settings.percentiles if len(rules.defaults(release).percentiles) > 1 else settings.percentiles[-1:]
    loaded = model.suffix.lower() in ENGINES
    said = [
        f"--loadEngine={model}" if loaded else f"--onnx={model}",
        *([] if loaded else [f"--saveEngine={folder / ENGINE}"]),
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
            return Sampler(pid, hertz)
        except OSError:
            return None

    return start


def run(
    model: Path,
    folder: Path,
    *,
    program: Path | None = None,
    settings: Settings | None = None,
    more: Sequence[str] = (),
    watch: Watcher | None = None,
    timeout: float | None = None,
) -> Outcome:
    """Run trtexec once on a model or engine, its files left in `folder`; raises TrtexecError where it cannot start."""
    exe = program or find()
    chosen = settings or Settings()
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LOG, TIMES):  # what an earlier run left must not be taken for this one's
        (folder / name).unlink(missing_ok=True)
    command = [str(exe), *arguments(version(exe), model, folder, chosen, more)]
    try:
        process = subprocess.Popen(  # noqa: S603 - the program that the user names
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", bufsize=1
        )
    except OSError as error:
        raise TrtexecError(f"{exe} cannot be started: {error}") from error
    observer = (watch or watcher())(process.pid)
    # A program that hangs prints nothing, so a clock of our own ends it.
    clock = threading.Timer(timeout or 0, process.kill)
    try:
        if timeout:
            clock.start()
        window = _follow(process, folder / LOG, chosen)
    finally:
        clock.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
        seen = observer.stop() if observer else None
    return Outcome(model, folder, tuple(command), process.returncode, window, seen)


def _follow(process: subprocess.Popen[str], log: Path, settings: Settings) -> tuple[float, float] | None:
    """Write the log as it comes, and return when the measurement began (its warm-up over) and ended."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    began = ended = None
    with log.open("w", encoding="utf-8") as file:
        for line in process.stdout:
            now = time.monotonic()
            file.write(line)
            if _BEGINS in line and began is None:
                began = now
            elif began is not None and ended is None and any(word in line for word in _ENDS):
                ended = now
    if began is None or ended is None:
        return None
    start = min(began + settings.warm_up_ms / 1000, ended)
    return start, ended


def profile(model: Path, folder: Path, *, system: Mapping[str, Any] | None = None, **options: Any) -> list[Record]:
    """Run trtexec on a model and return its record; `options` are those of `run`."""
    found, faults = records(run(model, folder, **options), system=system)
    if not found:
        raise TrtexecError("; ".join(map(str, faults)) or f"trtexec left nothing to read in {folder}")
    return found


def records(outcome: Outcome, *, system: Mapping[str, Any] | None = None) -> tuple[list[Record], list[str]]:
    """Return the record of a run, and what is wrong with its files in words."""
    found: list[Record] = []
    faults: list[str] = []
    for unit in converter.plan(Source(outcome.log), {}):
        for item in converter.read(unit) if isinstance(unit, Unit) else [unit]:
            if isinstance(item, Record):
                found.append(_added(item, outcome, system or {}))
            elif isinstance(item, Failed):
                faults.append(item.error)
            elif isinstance(item, Finding):
                faults.append(item.message)
    return found, faults


def _added(record: Record, outcome: Outcome, system: Mapping[str, Any]) -> Record:
    """Return a record with what only who ran it knows: the machine, the model's size, the sensors, the switches."""
    data = record.to_dict()
    own = {key: value for key, value in data.get("system", {}).items() if key != "id"}
    both = {**{key: value for key, value in system.items() if key != "id"}, **own}
    if both:
        data["system"] = both
    if outcome.model.is_file():
        data["model"] = {**data.get("model", {}), "size_bytes": outcome.model.stat().st_size}
    if data["status"] == "ok":
        data["measurements"] = [*data["measurements"], *_sensed(outcome)]
    extensions = data.setdefault("extensions", {})
    extensions["benchfmt"] = given(
        adapter="trtexec", switches=list(outcome.command[1:]), exit_status=outcome.code,
        window_s=outcome.window[1] - outcome.window[0] if outcome.window else None,
        observer=_observer(outcome.seen),
    )  # fmt: skip
    return Record.from_dict(data).ordered()


def _observer(seen: Mapping[str, Any] | None) -> dict[str, Any]:
    if seen is None:
        return {"running": False}
    return given(
        running=True, **{name: seen[name] for name in ("hz", "ticks") if isinstance(seen.get(name), int | float)}
    )


def _sensed(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield what the sensors of the device gave while trtexec measured, each missing one with its reason."""
    window = outcome.window or (0.0, 0.0)
    for metric, scope, unit in GAUGES:
        seen = judging.sense(outcome.seen, metric, scope, window)
        yield _gauge(metric, "mean", scope, unit, seen.value, seen)
        if metric in PEAKS:
            yield _gauge(metric, "max", scope, unit, seen.peak, seen)
    resident = judging.resident(outcome.seen, window)
    yield _gauge("memory", "mean", "process", "By", resident.value, resident)
    energy = judging.sense(outcome.seen, "energy", "gpu", window)
    yield {**_gauge("energy", "sum", "gpu", "J", energy.value, energy), "stage": "whole-run"}


def _gauge(
    metric: str, statistic: str, scope: str, unit: str, value: float | None, seen: judging.Sensed
) -> dict[str, Any]:
    key = {"metric": metric, "statistic": statistic, "scope": scope}
    if value is None:
        return {**key, "missing": seen.reason or "not-measured"}
    return {**key, "value": value, "unit": unit, "basis": "measured", **given(n=seen.count or None)}


def settings_of(data: Mapping[str, Any]) -> Settings:
    """Return settings from plain data, unknown names refused."""
    unknown = sorted(set(data) - set(asdict(Settings())))
    if unknown:
        raise TrtexecError(f"there is no setting {unknown[0]!r}; there are: {', '.join(asdict(Settings()))}")
    return Settings(**{**data, **({"percentiles": tuple(data["percentiles"])} if "percentiles" in data else {})})
