"""The record of one scored group of MLPerf Training or HPC: what was run, and the score with all that stands behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.mlperf import systems, training_power, training_system
from benchfmt.converters.mlperf.training_layout import Place, Task
from benchfmt.converters.mlperf.training_power import Energy
from benchfmt.converters.mlperf.training_runs import (
    ABORTED,
    UNSCORABLE,
    Olympic,
    Reached,
    Run,
    convergence,
    olympic,
    reached,
    read_run,
)
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256, folder_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.readers.mllog import Event, plain, whole
from benchfmt.record import Record, given
from benchfmt.suites import mlperf_training as rules
from benchfmt.suites.mlperf_training import Benchmark, Quality
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

_LIST = 16
"""A list of a log with more items is no parameter."""
_MANY = 5
"""So many runs are named in a sentence."""
_LARGEST_FACTOR = 100
"""The largest one of a round so far is 1.13."""
_NO_PARAMETERS = frozenset({"opt_step"})
_EARLIEST = datetime(2018, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass
class Group:
    """All that is known of a group while its record is made."""

    unit: Unit
    place: Place
    round: str | None
    name: str | None
    benchmark: Benchmark | None
    runs: list[Run]
    findings: list[Item] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    measurements: list[dict[str, Any]] = field(default_factory=list)
    description: dict[str, Any] = field(default_factory=dict)
    scaling: Decimal = Decimal(1)
    broken: str | None = None
    """Why the scaling factor cannot be read, where it cannot."""
    problem: str | None = None
    """Why there is no score although the runs would give one."""

    @property
    def division(self) -> str | None:
        """The division, of the system's description, else of the logs."""
        said = (
            self.description.get("division") or self.description.get("divison") or self._logged("submission_division")
        )
        return vocabulary().match("division", str(said).strip(), rules.TRAINING) if said else None

    @property
    def dropped(self) -> int:
        """How many runs go at each end of the olympic mean."""
        return self.benchmark.dropped if self.benchmark else 1

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission."""
        text = path.absolute().as_posix()
        return text[len(self.place.prefix) + 1 :] if text.startswith(f"{self.place.prefix}/") else path.name

    def of(self, role: str) -> list[Path]:
        """Return the files of a role; a link is not followed."""
        task: Task = self.unit.extra
        paths = (self.unit.path, *self.unit.supporting)
        return [path for path, known in zip(paths, task.roles, strict=True) if known == role and _is_plain(path)]

    def source(self, path: Path, sha256: str | None) -> str:
        """Note that a file was read, and return its path."""
        where = self.root(path)
        self.sources.append(given(path=where, sha256=sha256))
        return where

    def find(self, code: str, path: str, message: str, row: int | None = None, hint: str | None = None) -> None:
        """Note a fault of the source."""
        self.findings.append(Finding(code, Severity.WARNING, path, row, None, None, message, None, hint))

    def logged(self, key: str) -> Any:
        """Return the first value that a log has for a key."""
        return self._logged(key)

    def _logged(self, key: str) -> Any:
        for run in self.runs:
            event = run.log.first(key)
            if event is not None and plain(event.value) is not None:
                return plain(event.value)
        return None

    def add(self, **fields: Any) -> None:
        """Add a measurement."""
        self.measurements.append(given(**fields))


def items(unit: Unit, name: str, version: str, suite: str) -> Iterator[Item]:
    """Yield the record of one group, and what is wrong with its files."""
    task: Task = unit.extra
    place = task.place
    round_id = unit.options.get("round") or place.round
    first_read: list[Item] = []
    runs = _runs(unit, task, round_id, first_read)
    if not runs:
        yield from first_read
        return
    folder = place.benchmark or _of_logs(runs)
    canonical = rules.canonical(folder, round_id) if folder else None
    benchmark = rules.benchmark(canonical)
    group = Group(unit, place, round_id, canonical or folder, benchmark, runs, first_read)
    try:
        yield Record.from_dict(_record(group, folder, name, version, suite))
    except ValidationError as error:
        first = error.errors()[0]
        yield Failed(unit.path, f"not a result: {'.'.join(map(str, first['loc'])) or 'record'}: {first['msg']}")
    yield from group.findings


def _runs(unit: Unit, task: Task, round_id: str | None, findings: list[Item]) -> list[Run]:
    """Return the runs that can be read, in the order of their numbers; others are failed."""
    paths = [p for p, role in zip((unit.path, *unit.supporting), task.roles, strict=True) if role == "result"]
    known = task.place.benchmark
    benchmark = rules.benchmark(rules.canonical(known, round_id)) if known else None
    runs = []
    for path in paths:
        if not _is_plain(path):
            findings.append(Skipped(path, "a link, which is not followed, or no regular file"))
            continue
        try:
            runs.append(read_run(path, benchmark, unit.limits))
        except OSError as error:
            findings.append(Failed(path, f"cannot be read: {error.strerror or error}"))
    return runs


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _of_logs(runs: list[Run]) -> str | None:
    """Return the benchmark that the logs name, for folders without one."""
    for run in runs:
        event = run.log.first("submission_benchmark")
        if event is not None and isinstance(event.value, str) and rules.is_name(event.value):
            return event.value.strip().casefold()
    return None


def _record(group: Group, folder: str | None, name: str, version: str, suite: str) -> dict[str, Any]:
    """Return the record as plain data."""
    place, benchmark = group.place, group.benchmark
    _note_runs(group)
    _describe(group)
    _read_scaling(group)
    scored = _weak(group) if place.level == "weak" else _solution(group)
    _qualities(group)
    _converged(group)
    _staging(group)
    status, detail = _status(group, scored=scored)
    execution = place.location(folder)
    logs = {f"{run.path.name}": run.log.sha256 for run in group.runs}
    scaling = group.of("scaling")
    primary = {"path": place.folder, "sha256": folder_sha256({**logs, **{p.name: file_sha256(p) for p in scaling}})}
    phase = benchmark.phase if benchmark else "training"
    if folder and folder != group.name:
        group.extensions["benchmark_directory"] = folder
    if not place.benchmark and folder:
        group.extensions["benchmark_from"] = "submission_benchmark of the logs"
    record = {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=suite, suite_version=group.round, name=group.name, division=group.division, category=_category(group),
            scenario=place.level or ("strong" if suite == rules.HPC else None), phase=phase,
        ),
        "task": benchmark.task if benchmark else None,
        "dataset": _dataset(group),
        "model": _model(group),
        "system": _system(group),
        "software": _software(group),
        "configuration": _configuration(group),
        "measurements": group.measurements,
        "status": status,
        "status_detail": detail,
        "provenance": given(
            submitter=_submitter(group), measured_at=_measured_at(group),
            execution=f"{group.round}/{execution}" if group.round and execution else execution,
            sources=[primary, *group.sources], converter=name, converter_version=version,
        ),
        "extensions": {"mlperf": dict(sorted(group.extensions.items()))} if group.extensions else None,
    }  # fmt: skip
    return {key: value for key, value in record.items() if value not in (None, {}, [])}


# --- what was read ---


def _note_runs(group: Group) -> None:
    """Note each log, its seed and end, and the lines that cannot be read."""
    told = []
    for run in group.runs:
        where = group.source(run.path, run.log.sha256)
        seed = run.log.first("seed") or run.log.first("run_set_random_seed")
        told.append(given(file=run.path.name, seed=plain(seed.value) if seed else None, not_counted=run.why))
        for line, words in run.log.unreadable[:_MANY]:
            group.find("BF115", where, f"an event that cannot be read: {words}", line)
        if run.log.lost > _MANY:
            group.find("BF115", where, f"{run.log.lost} events cannot be read; {_MANY} are told")
        if run.log.repaired:
            words = f"{len(run.log.repaired)} events are Python dictionaries, not JSON; read as such"
            group.find("BF115", where, words, run.log.repaired[0])
    group.extensions["runs"] = told
    if group.benchmark:
        group.extensions["runs_required"] = group.benchmark.runs
    for key in ("submission_org", "submission_platform"):
        if (said := group.logged(key)) is not None:
            group.extensions[f"log_{key}"] = said
    task: Task = group.unit.extra
    if task.pruned:
        group.extensions["pruned_runs"] = task.pruned


def _describe(group: Group) -> None:
    """Read the description of the system: a file of its own, or v0.5's entry.json."""
    submitter: dict[str, Any] = {}
    for role in ("system", "entry", "submission"):
        for path in group.of(role):
            data, repaired, error, digest = training_system.read(path, group.unit.limits)
            if error:
                group.findings.append(Failed(path, error))
                if role != "submission":
                    group.extensions["system_description"] = "invalid"
                continue
            where = group.source(path, digest)
            for words in repaired:
                group.find("BF115", where, words, None, "correct the file")
            if role == "submission":
                submitter = {"submitter": data.get("org")} if data.get("org") else {}
            elif not group.description:
                group.description = data if role == "system" else training_system.of_entry(data)
    group.description = {**submitter, **group.description}
    if not group.of("system") and not group.of("entry"):
        file = f"systems/{group.place.system}.json" if group.place.system else "its description in systems/"
        group.find("BF706", group.place.folder, f"{file} is not there: hardware and software are not known", None,
                   "give the whole submission")  # fmt: skip


def _read_scaling(group: Group) -> None:
    """Read the factor that makes up for convergence faster than the reference."""
    for path in group.of("scaling"):
        where = group.source(path, file_sha256(path))
        try:
            data = jsons.read(path, group.unit.limits, digits=True)
            factor = data.get("scaling_factor") if isinstance(data, dict) else None
            number = exact(factor) if isinstance(factor, Digits) else None
            if number is None or factor is None or not 0 < number <= _LARGEST_FACTOR:
                raise BenchfmtError(f"no scaling_factor that is a number above zero and up to {_LARGEST_FACTOR}")
        except BenchfmtError as error:
            group.broken = f"{where}: {error}"
            group.findings.append(Failed(path, str(error)))
            continue
        group.scaling = Decimal(str(factor))
        group.add(metric="scaling-factor", value=convert(factor, "1", "1"), unit="1", basis="derived",
                  reported_value=str(factor), source_path=where, source_locator="/scaling_factor")  # fmt: skip


# --- scores ---


def _solution(group: Group) -> bool:
    """Add the time to train and the energy, and say whether there is a score."""
    times = [run.seconds for run in group.runs]
    mean = olympic(times, group.dropped) if group.benchmark is None or group.benchmark.scored else None
    key = {"metric": "time-to-train", "unit": "s", "n": len(times)}
    samples = [float(time) if time is not None else None for time in times]
    caveats = ["source-repaired"] if any(run.repaired for run in group.runs) else None
    if mean is not None and group.broken is None:
        group.add(**key, statistic="olympic-mean-scaled", value=float(mean.mean * group.scaling), basis="derived",
                  primary=True, caveats=caveats)  # fmt: skip
    else:
        # Without any score the samples have no other place.
        shown = samples if mean is None and any(time is not None for time in times) else None
        group.add(
            **key, statistic="olympic-mean-scaled", missing=_why_missing(group, mean), primary=True, samples=shown
        )
    if mean is not None:
        group.add(**key, statistic="olympic-mean", value=float(mean.mean), basis="derived", samples=samples,
                  caveats=caveats)  # fmt: skip
        _energy(group, mean)
    return mean is not None and group.broken is None


def _why_missing(group: Group, mean: Olympic | None) -> str:
    if mean is not None:
        return "invalid-in-source"
    kinds = {run.kind for run in group.runs if run.kind}
    return "target-not-reached" if kinds == {ABORTED} and _scored(group) else UNSCORABLE


def _scored(group: Group) -> bool:
    return group.benchmark is None or group.benchmark.scored


def _energy(group: Group, mean: Olympic) -> None:
    """Add the energy of the runs that the time is of, where it was measured."""
    files = {run.path.name: group.of(f"power:{run.path.name}") for run in group.runs}
    if not any(files.values()):
        return
    found: list[Energy | None] = []
    for run in group.runs:
        paths = files[run.path.name]
        energy = training_power.read(paths, run.seconds, group.unit.limits) if paths and run.seconds else None
        for log in energy.logs if energy else ():
            group.source(log.path, log.sha256)
        for path, words in energy.faults if energy else ():
            group.findings.append(Failed(path, words))
        found.append(energy if energy and energy.nodes and not energy.faults else None)
    used = [found[index] for index in mean.of]
    several = any(len(energy.nodes) > 1 or energy.switches for energy in found if energy)
    scope = "cluster" if several else "node"
    key = {"metric": "energy", "stage": "whole-run", "scope": scope, "unit": "J"}
    if any(energy is None for energy in used):
        group.add(**key, statistic="olympic-mean-scaled", missing="not-measured")
        group.find("BF706", group.place.folder, "power was not measured, or cannot be read, for a run that counts")
        return
    runs = [energy for energy in used if energy]
    estimated = any(energy.switches for energy in runs)
    basis = "estimated" if estimated else "derived"
    caveats = ["window-corrected"] if any(energy.corrected for energy in runs) else None
    joules = _mean([energy.joules for energy in runs])
    samples = [energy.joules if energy else None for energy in found]
    shared = {**key, "n": len(found), "basis": basis, "caveats": caveats}
    group.add(**shared, statistic="olympic-mean-scaled", value=joules * float(group.scaling))
    group.add(**shared, statistic="olympic-mean", value=joules, samples=samples)
    group.add(metric="power", statistic="mean", stage="whole-run", scope=scope, value=joules / float(mean.mean), unit="W",
              basis=basis, caveats=caveats)  # fmt: skip
    if several:
        _parts(group, runs, caveats)


def _parts(group: Group, runs: list[Energy], caveats: list[str] | None) -> None:
    """Add the energy of each node and of the network."""
    key = {"metric": "energy", "statistic": "olympic-mean", "stage": "whole-run", "unit": "J", "n": len(group.runs)}
    for node in runs[0].nodes:
        values = [energy.nodes[node] for energy in runs if node in energy.nodes]
        if len(values) == len(runs):
            group.add(**key, scope=f"node:{node.removeprefix('node_')}", value=_mean(values), basis="derived",
                      caveats=caveats)  # fmt: skip
    if any(energy.switches for energy in runs):
        group.add(
            **key, scope="network", value=_mean([sum(energy.switches.values()) for energy in runs]), basis="estimated"
        )
        watts = {text for energy in runs for text in energy.watts.values()}
        if len(watts) == 1 and all(len(energy.watts) == 1 for energy in runs):
            text = watts.pop()
            group.add(metric="power", statistic="mean", stage="whole-run", scope="network", value=float(text), unit="W",
                      basis="nominal", reported_value=text, reported_unit="W")  # fmt: skip


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _weak(group: Group) -> bool:
    """Add the throughput of models trained side by side, and say whether there is a score."""
    counted = [run for run in group.runs if run.seconds is not None and run.start and run.stop]
    starts = [run.start.milliseconds for run in counted if run.start and run.start.milliseconds is not None]
    stops = [run.stop.milliseconds for run in counted if run.stop and run.stop.milliseconds is not None]
    key = {"metric": "throughput", "stage": "whole-run", "per": "model"}
    if not counted or not starts or not stops:
        group.add(**key, missing=_why_missing(group, None), primary=True)
        return False
    makespan = (max(stops) - min(starts)) / 1000
    times = [float(run.seconds) if run.seconds is not None else None for run in group.runs]
    group.add(**key, value=float(len(counted) / makespan), unit="/s", basis="derived", primary=True)
    group.add(metric="makespan", value=float(makespan), unit="s", basis="derived")
    group.add(metric="mlperf:number-of-models", value=len(counted), unit="1", basis="derived")
    group.add(metric="time-to-train", statistic="mean", per="model", unit="s", basis="derived", n=len(times), samples=times,
              value=_mean([time for time in times if time is not None]))  # fmt: skip
    _instance_scale(group, len(counted))
    if "pruned_runs" in group.extensions:
        group.add(metric="time-to-train", statistic="single", scope="run:pruned", missing="pruned")
    return True


def _instance_scale(group: Group, models: int) -> None:
    """Add how many accelerators a model had, as the summarizer computes it from the first log."""
    first = group.runs[0].log
    nodes, accelerators = (first.first(key) for key in ("number_of_nodes", "accelerators_per_node"))
    count = whole(nodes.value) if nodes else None
    if count is None:
        return
    scale = count * max((whole(accelerators.value) if accelerators else None) or 0, 1)
    machine = systems.system(group.description)
    installed = machine.get("nodes", 0) * machine.get("accelerator", {}).get("count", 1)
    # Some logs say the whole system in place of the instance.
    doubtful = bool(installed) and scale * models > 2 * installed
    group.add(metric="mlperf:instance-scale", value=scale, unit="1", basis="derived",
              caveats=["source-disagrees"] if doubtful else None)  # fmt: skip
    if doubtful:
        words = (
            f"{models} models of {scale} accelerators each do not fit into {installed}: the logs say the whole system"
        )
        group.extensions["instance_scale"] = words


# --- qualities ---


def _qualities(group: Group) -> None:
    """Add the quality at the end of the runs, with the target of the closed division."""
    if group.name is None or group.benchmark is None:
        return
    batch = whole(group.logged("global_batch_size"))
    for quality in rules.qualities(group.name, group.round, batch):
        found = [reached(run, quality) for run in group.runs]
        known = [(run, item) for run, item in zip(group.runs, found, strict=True) if item is not None]
        if known:
            _quality(group, quality, known, found)


def _quality(group: Group, quality: Quality, known: list[tuple[Run, Reached]], found: list[Reached | None]) -> None:
    counted = [item for run, item in known if run.seconds is not None]
    used = counted or [item for _, item in known]
    lower = quality.target_max is not None or quality.event == "eval_error"
    weak = group.place.level == "weak"
    values = [item.value for item in used]
    caveats = [
        *(["unit-inferred"] if any(item.inferred for item in used) else []),
        *([] if counted else ["partial-run"]),
    ]
    single = len(used) == 1
    samples = [item.value if item and run.seconds is not None else None
               for run, item in zip(group.runs, found, strict=True)] if counted else None  # fmt: skip
    targets = {}
    if group.division == "closed":
        targets = given(
            target_min=float(quality.target_min) if quality.target_min else None,
            target_max=float(quality.target_max) if quality.target_max else None,
        )
    group.add(
        # Of models trained side by side each must reach the target, so the worst one counts.
        metric=quality.metric, statistic=("max" if lower else "min") if weak else "final",
        value=(max(values) if lower else min(values)) if weak else _mean(values), unit="1",
        basis="measured" if single else "derived", n=len(group.runs), samples=samples, caveats=caveats or None,
        reported_value=used[0].text if single else None,
        reported_unit="%" if single and used[0].unit == "%" else None, **targets,
    )  # fmt: skip


def _converged(group: Group) -> None:
    """Add how many epochs or samples the runs needed, as the convergence check counts it."""
    found = [convergence(run, group.benchmark) if run.seconds is not None else None for run in group.runs]
    metrics = {item[0] for item in found if item}
    if len(metrics) != 1 or any(
        item is None and run.seconds is not None for item, run in zip(found, group.runs, strict=True)
    ):
        return
    numbers = [Decimal(item[1]) if item else None for item in found]
    mean = olympic(numbers, group.dropped)
    weak = group.place.level == "weak"
    values = [number for number in numbers if number is not None]
    if mean is None and not weak:
        return
    value = sum(values, Decimal(0)) / len(values) if weak or mean is None else mean.mean
    group.add(metric=metrics.pop(), statistic="mean" if weak else "olympic-mean", value=float(value), unit="1",
              basis="derived", n=len(found), samples=[float(n) if n is not None else None for n in numbers])  # fmt: skip


def _staging(group: Group) -> None:
    """Add how long the runs staged their data, which is part of the time of HPC."""
    times = [_between(run, "staging_start", "staging_stop") for run in group.runs]
    values = [time for time in times if time is not None]
    if len(values) == sum(run.seconds is not None for run in group.runs) and values:
        group.add(metric="duration", statistic="mean", stage="staging", value=_mean(values), unit="s", basis="derived",
                  n=len(times), samples=times)  # fmt: skip


def _between(run: Run, start: str, stop: str) -> float | None:
    """Return the seconds between two events of a run that counts."""
    first, last = run.log.first(start), run.log.first(stop)
    if run.seconds is None or not _timed(first) or not _timed(last):
        return None
    seconds = (last.milliseconds - first.milliseconds) / 1000  # type: ignore[union-attr, operator]
    return float(seconds) if seconds >= 0 else None


def _timed(event: Event | None) -> bool:
    return event is not None and event.milliseconds is not None


# --- the rest of the record ---


def _status(group: Group, *, scored: bool) -> tuple[str, str | None]:
    """Return the status and why it is so."""
    total, out = len(group.runs), [run for run in group.runs if run.seconds is None]
    required = group.benchmark.runs if group.benchmark else None
    words = []
    if out:
        named = "; ".join(f"{run.path.name}: {run.why}" for run in out[:_MANY])
        more = f"; and {len(out) - _MANY} more" if len(out) > _MANY else ""
        words.append(f"{len(out)} of {total} runs did not count ({named}{more})")
    if not scored and not _scored(group):
        words.append("which runs form the base of the score, the logs do not say")
    elif not scored and group.broken:
        words.append(f"the scaling factor cannot be read ({group.broken})")
    elif not scored and not out:
        words.append(f"{total} runs are too few for an olympic mean")
    short = required is not None and total < required
    if short:
        words.append(f"{total} of {required} runs are here")
    if scored:
        status = "incomplete" if short else "ok"
    else:
        status = "failed" if _why_missing(group, None) == "target-not-reached" and not group.broken else "incomplete"
    return status, "; ".join(words) or None


def _category(group: Group) -> str | None:
    said = group.description.get("status") or group.logged("submission_status")
    if not isinstance(said, str):
        return None
    found = vocabulary().match("category", " ".join(said.split()), rules.TRAINING)
    if not found:
        group.extensions["status"] = said
    return found


def _submitter(group: Group) -> str | None:
    said = group.description.get("submitter") or group.description.get("sumitter")
    return systems.said(said) if isinstance(said, str) else group.place.org


def _dataset(group: Group) -> dict[str, Any]:
    benchmark = group.benchmark
    samples = whole(group.logged("eval_samples"))
    if (train := whole(group.logged("train_samples"))) is not None:
        group.extensions["train_samples"] = train
    if benchmark is None or benchmark.dataset is None:
        return {}
    return given(name=benchmark.dataset, split=benchmark.split, samples=samples)


def _model(group: Group) -> dict[str, Any]:
    """Return the model of the benchmark: in the open division it may be another, which nothing names."""
    return given(name=group.benchmark.model if group.benchmark else None)


def _system(group: Group) -> dict[str, Any]:
    machine = systems.system(group.description)
    return machine or given(name=group.place.system)


def _software(group: Group) -> dict[str, Any]:
    description = group.description
    stack = description.get("other_software_stack")
    if isinstance(stack, list):
        stack = {key: value for part in stack if isinstance(part, dict) for key, value in part.items()}
    for key in ("framework", "other_software_stack", "sw_notes"):
        if (said := systems.said(description.get(key))) is not None:
            group.extensions[key] = said
    return training_system.software(description.get("framework"), stack)


def _configuration(group: Group) -> dict[str, Any]:
    """Return what all logs agree on: batch size, precision and parameters."""
    batch = _agreed(group, "global_batch_size")
    words = _agreed(group, "precision")
    parameters = {}
    for key in sorted({event.key for run in group.runs for event in run.log.events}):
        if _is_parameter(key) and (value := _agreed(group, key)) is not None:
            parameters[key] = value
    seeds = [entry["seed"] for entry in group.extensions["runs"] if "seed" in entry]
    if len(seeds) == len(group.runs):
        parameters["seeds"] = seeds
    return given(
        batch_size=whole(batch), precision=systems.precision(words) if isinstance(words, str) else None,
        hyperparameters=parameters or None,
    )  # fmt: skip


def _is_parameter(key: str) -> bool:
    known = key in ("gradient_accumulation_steps", "max_sequence_length", "max_steps", "precision", "precision_mode")
    return known or (key.startswith(("opt_", "lars_opt_", "sgd_opt_", "lora_")) and key not in _NO_PARAMETERS)


def _agreed(group: Group, key: str) -> Any:
    """Return the value that the first event with a key has in every log that has one, or None where they differ."""
    found: Any = None
    for run in group.runs:
        event = run.log.first(key)
        value = plain(event.value) if event is not None else None
        if value is None or isinstance(value, dict) or (isinstance(value, list) and len(value) > _LIST):
            continue
        if found is not None and found != value:
            return None
        found = value
    return found


def _measured_at(group: Group) -> str | None:
    """Return when the first run began; logs count from 1970 in coordinated universal time."""
    starts = [run.start.milliseconds for run in group.runs if run.start and run.start.milliseconds is not None]
    if not starts or min(starts) >= Decimal(10) ** 14:
        return None
    begun = datetime.fromtimestamp(int(min(starts)) // 1000, UTC)
    # A clock that counts otherwise gives a time before the suite.
    return begun.strftime("%Y-%m-%dT%H:%M:%SZ") if _EARLIEST <= begun < _LATEST else None
