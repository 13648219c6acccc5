"""trtexec: logs of TensorRT 7 to 11, the JSON that a run exports, and both together as one record.

A query is one execution of the engine, whatever its batch. Device time, the time with both transfers, and the time with
waiting for the query before are stages of their own. Where a run exported its times, they are preferred to the log,
which must agree. What trtexec does by default is data: `benchfmt.suites.trtexec`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import jsons
from benchfmt.readers import trtexec as reader
from benchfmt.readers.files import file_sha256
from benchfmt.readers.trtexec import Run, Times
from benchfmt.record import given
from benchfmt.suites import trtexec as rules
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

NAME = "trtexec"
VERSION = "1.0"
SUITE = "trtexec"
OPTIONS = ("model", "system", "submitter", "url", "license", "warm_up_ms")

LOGS = (".log", ".txt", ".out", ".md", ".stdout", ".stderr", "")
AGREE = 1e-4
"""Log and export print six digits of the same numbers, and the log adds them up in single precision."""
LEAST = {"p90": 10, "p95": 20, "p99": 100}
"""How many queries a percentile needs where nobody asked for it."""
MOST_SAMPLES = 20_000
"""So many times of queries are kept in a record; more would make a cell of a table too long."""
MOST_LAYERS = 2_000
ORDER = ("min", "max", "mean", "median")
_TAIL = 2**16
_JSON_HEAD = 2**12
_NOT_OURS = ("mlperf_log_", "._")
"""Files of which thousands lie in trees that others read."""
_UNIT = {"inference", "request", "enqueue", "transfer-in", "compute", "transfer-out"}
_COPIES = ("inference", "transfer-in", "transfer-out")
"""The stages that mean nothing where the data stays on the device."""
_PRECISION_FLAGS = ("fp16", "bf16", "int8", "fp8", "int4", "best")
_SUFFIX = re.compile(
    r"[._-](?:times?|timings?|exporttimes?|profile|exportprofile|graph|layers?|layer_?info|exportlayerinfo|metadata"
    r"|build|output|exportoutput)$",
    re.IGNORECASE,
)
_ALONE = re.compile(_SUFFIX.pattern.replace("[._-]", "^", 1), re.IGNORECASE)


def detect(source: Source) -> Match | None:
    """Say how many logs and exports of trtexec a source holds, or None."""
    found = _found(source)
    if found.logs:
        return Match(0.9, f"{len(found.logs)} logs of trtexec, first {source.relative(found.logs[0])}")
    told = [path for path, kind in found.exports.items() if kind in ("times", "summary", "profile")]
    return Match(0.85, f"{len(told)} files that trtexec exported, first {source.relative(told[0])}") if told else None


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each log with what its runs exported, then for each set of exports without a log."""
    found = _found(source)
    units: dict[Path, list[tuple[str, Path]]] = {log: [] for log in found.logs}
    taken: set[Path] = set()
    for log in found.logs:
        units[log] = [item for item in _named_by(log, found) if item[1] not in taken]
        taken.update(path for _, path in units[log])
    sets: dict[tuple[str, str], list[tuple[str, Path]]] = {}
    for path, kind in found.exports.items():
        if path not in taken:
            sets.setdefault((str(path.parent), _stem(path)), []).append((kind, path))
    for (folder, stem), members in sets.items():
        logs = [log for log in found.logs if str(log.parent) == folder and _stem(log) == stem and stem]
        if len(logs) == 1:
            units[logs[0]] += members
            continue
        primary = next((p for want in ("summary", "times", "profile") for kind, p in members if kind == want), None)
        if primary:
            units[primary] = [item for item in members if item[1] != primary]
        else:
            yield from (Skipped(path, _why_skipped(kind)) for kind, path in members)
    for path in sorted(units):
        rest = sorted(units[path], key=lambda item: str(item[1]))
        yield from (Skipped(p, _why_skipped(kind)) for kind, p in rest if kind == "output")
        rest = [item for item in rest if item[0] != "output"]
        kind = found.exports.get(path, "log")
        yield Unit(path, tuple(p for _, p in rest), options, (kind, tuple(k for k, _ in rest)), source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one log, or of one set of exports."""
    kind, kinds = unit.extra
    if kind == "log":
        runs = reader.runs(texts.text_of(unit.path))
        if not runs:
            yield Failed(unit.path, "there is no run of trtexec in it")
        exports = list(zip(kinds, unit.supporting, strict=True))
        mine = _shared_out(runs, exports)
        for run in runs:
            yield from _Maker(unit, run, several=len(runs) > 1).items(mine[run.number])
        return
    files = [(kind, unit.path), *zip(kinds, unit.supporting, strict=True)]
    try:
        run = _run_of_set(files, unit.limits)
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))
        return
    yield from _Maker(unit, run, several=False, logged=kind == "summary").items(files)


# --- which files belong together ---


@dataclass
class _Found:
    logs: list[Path] = field(default_factory=list)
    exports: dict[Path, str] = field(default_factory=dict)


def _found(source: Source) -> _Found:
    found = _Found()
    for name in source.files.texts():
        last = name.replace("\\", "/").rpartition("/")[2].lower()
        ending = "." + last.rpartition(".")[2] if "." in last else ""
        if last.startswith(_NOT_OURS) or (ending not in (*LOGS, ".json") and source.root != Path(name)):
            continue
        path = Path(name)
        if path.is_symlink() or not path.is_file():
            continue
        kind = reader.kind_of(texts.head(path, _JSON_HEAD)) if ending == ".json" else None
        if kind:
            found.exports[path] = kind
        elif ending != ".json" and _is_log(path, ending):
            found.logs.append(path)
    return found


def _is_log(path: Path, ending: str) -> bool:
    """Say whether a file holds a run: prose may quote the marks, so there a summary is wanted too."""
    head = texts.head(path)
    parts = [texts.plain(head)] if head else []
    if len(head) >= texts.HEAD // 2:  # a log may begin with megabytes of anything
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - _TAIL, 0))
            parts.append(texts.plain(file.read(_TAIL).decode("utf-8", "ignore")))
    prose = ending in (".md", ".rst")
    return any(reader.has_summary(part) or (not prose and reader.has_mark(part)) for part in parts)


def _named_by(log: Path, found: _Found) -> Iterator[tuple[str, Path]]:
    """Yield the files that the command lines of a log say they wrote: beside it, else anywhere in the source."""
    seen = set()
    try:
        named = reader.exports(texts.text_of(log))
    except (BenchfmtError, OSError):  # told when it is read
        return
    for kind, name in named:
        base = name.replace("\\", "/").rpartition("/")[2]
        beside = log.with_name(base)
        elsewhere = [path for path in found.exports if path.name == base]
        path = (
            beside
            if base and beside.is_file() and not beside.is_symlink()
            else elsewhere[0]
            if len(elsewhere) == 1
            else None
        )
        if path and path not in seen and path != log:
            seen.add(path)
            yield kind, path


def _shared_out(runs: list[Run], exports: list[tuple[str, Path]]) -> dict[int, list[tuple[str, Path]]]:
    """Return the exports of each run: of several runs that name one file, the last one wrote what is in it."""
    mine: dict[int, list[tuple[str, Path]]] = {run.number: [] for run in runs}
    for kind, path in exports:
        naming = [run for run in runs if path.name in run.command and run.end != "FAILED"]
        mine[(naming or runs)[-1].number].append((kind, path))
    return mine


def _stem(path: Path) -> str:
    """Return what the files of one run have in common in their names; empty for `times.json` and the like."""
    stem = path.name.removesuffix(path.suffix)
    while _SUFFIX.search(stem):
        stem = _SUFFIX.sub("", stem)
    return "" if _ALONE.match(stem) else stem


def _why_skipped(kind: str) -> str:
    return {
        "output": "tensors that the run computed (--exportOutput), not measurements",
        "layers": "describes an engine; the run that it belongs to is not here",
        "build": "options of a build; the run that they belong to is not here",
        "device": "describes a device; the run that it belongs to is not here",
    }[kind]


def _run_of_set(files: list[tuple[str, Path]], limits: Limits) -> Run:
    run = Run()
    for kind, path in files:
        if kind == "summary":
            run = reader.of_summary(jsons.read(path, limits, digits=True))
    for kind, path in files:
        if kind == "build":
            data = jsons.read(path, limits, digits=True)
            for key, section in (("model_options", "Model Options"), ("build_options", "Build Options")):
                reader.add_options(run, section, data.get(key) if isinstance(data, Mapping) else None)
    return run


# --- one record ---


@dataclass
class _Maker:
    """Makes the record of one run."""

    unit: Unit
    run: Run
    several: bool
    logged: bool = True
    sources: list[dict[str, Any]] = field(default_factory=list)
    notes: list[Item] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    times: Times | None = None
    times_path: str | None = None
    cut: bool = False
    profile: reader.Profile | None = None
    device: dict[str, Any] = field(default_factory=dict)

    def items(self, exports: list[tuple[str, Path]]) -> Iterator[Item]:
        """Yield the record, and what is wrong with its files."""
        locator = f"run={self.run.number}" if self.several else None
        path = self.unit.path
        self.sources.append(given(path=path.name, sha256=file_sha256(path), locator=locator))
        for kind, file in exports:
            try:
                self._export(kind, file)
            except (BenchfmtError, OSError, ValueError, ArithmeticError) as error:
                self.notes.append(Failed(file, str(error)))
        failed = any(isinstance(note, Failed) and note.path == path for note in self.notes)
        if not failed:
            try:
                yield texts.record(self._data())
            except (ValueError, ArithmeticError) as error:
                yield Failed(path, f"not a result: {error}", self.run.number if self.several else None)
        yield from self.notes

    def _export(self, kind: str, path: Path) -> None:
        if path != self.unit.path:
            self.sources.append({"path": path.name, "sha256": file_sha256(path)})
        limits = self.unit.limits
        if kind == "times":
            everything = reader.times(jsons.read(path, limits, digits=True))
            found = everything.after(float(self._warm_up or 0))
            self.cut = len(found) < len(everything)
            if not len(found):
                hint = "" if self._warm_up_known else "; if the warm-up was another, say it: --option warm_up_ms=…"
                raise BenchfmtError(f"no query began after the warm-up of {self._warm_up} ms{hint}")
            if self._counts_agree(path, found):
                self.times, self.times_path = found, path.name if path != self.unit.path else None
        elif kind == "profile":
            self.profile = reader.profile(texts.decoded(path.read_bytes()))
        elif kind == "layers":
            self.extra["layer_info"] = reader.layers(jsons.read(path, limits))
        elif kind == "device":
            data = jsons.read(path, limits)
            first = data[0] if isinstance(data, list) and data else data
            self.device = dict(first) if isinstance(first, Mapping) else {}

    def _counts_agree(self, path: Path, found: Times) -> bool:
        told = self._queries_told or self._queries_proven
        if told is not None and told != len(found):
            self._find(
                f"{path.name} holds {len(found)} queries after the warm-up, the log counts {told}: the file is another run's"
            )
            return False
        return True

    def _find(self, message: str, value: str | None = None) -> None:
        where = self.unit.path.name
        self.notes.append(texts.finding("BF405", where, message, "keep the files of one run together", value))

    # --- what is known of the run ---

    @property
    def _rules(self) -> rules.Defaults:
        return rules.defaults(self.run.version)

    @property
    def _warm_up(self) -> str | None:
        """The warm-up in milliseconds: as the log says, else as its command line, else as was asked for."""
        said = re.search(r"\(\+ ([0-9.]+)ms warm up\)", self.run.option("Inference Options", "Duration"))
        if said:
            return said[1]
        told = self.run.flags.get("warmUp") or self.unit.options.get("warm_up_ms")
        if told and exact(told) is not None:
            return told
        return str(self._rules.warm_up_ms)

    @property
    def _warm_up_known(self) -> bool:
        known = (
            self.run.option("Inference Options", "Duration") or self.run.command or self.unit.options.get("warm_up_ms")
        )
        return bool(known)

    @property
    def _implicit(self) -> int | None:
        """The batch of an engine with an implicit batch, or None; then `qps` counts the samples of the batch each."""
        said = self.run.option("Inference Options", "Batch")
        if said:
            return _whole(said)
        flags = self.run.flags
        if "batch" in flags:
            return _whole(flags["batch"])
        return 1 if {"deploy", "uff"} & flags.keys() else None

    @property
    def _shapes(self) -> list[tuple[str, list[int]]]:
        return reader.dimensions(self.run)

    @property
    def _batch(self) -> int | None:
        """The samples of a query: the implicit batch, else the first dimension where all inputs agree on it."""
        if self._implicit:
            return self._implicit
        firsts = {dims[0] for _, dims in self._shapes if len(dims) > 1}
        return firsts.pop() if len(firsts) == 1 and all(len(d) > 1 for _, d in self._shapes) else None

    @property
    def _queries_told(self) -> int | None:
        """How many queries the log counts: in an implicit batch it multiplies them, and TensorRT 7 may write 0."""
        said = self.run.totals.get("queries")
        if not said or not int(said) or int(said) % (self._implicit or 1):
            return None
        return int(said) // (self._implicit or 1)

    @property
    def _queries(self) -> int | None:
        if self.times:
            return len(self.times)
        return self._queries_told or self._queries_proven

    @property
    def _queries_proven(self) -> int | None:
        """The number of queries from the total of their times and its mean, where six digits leave one whole number."""
        total, mean = (
            exact(self.run.totals.get("gpu_total", "")),
            exact(self.run.summary.get("compute", {}).get("mean", "")),
        )
        if not total or not mean:
            return None
        ratio = float(total * 1000 / mean)
        slack = ratio * 1.2e-5
        return round(ratio) if slack < 0.25 and abs(ratio - round(ratio)) <= max(slack, 1e-3) and ratio >= 1 else None

    def _switch(self, label: str, on: str, off: str, default: bool) -> bool | None:
        """Say whether something was enabled: by the log, else by the command line and the version's default."""
        said = self.run.option("Inference Options", label)
        if said:
            return said.startswith("Enabled")
        if not self.run.command:
            return None
        flags = self.run.flags
        return True if on in flags else False if off in flags else default

    @property
    def _transfers(self) -> bool | None:
        return self._switch("Data transfers", "includeDataTransfers", "noDataTransfers", self._rules.data_transfers)

    @property
    def _copied(self) -> bool:
        """Whether data was copied to the device and back within the time: an event timer gives no exact 0 for a copy."""
        if self._transfers is not None and not self._transfers:
            return False
        if self.times:
            return any(float(text) for stage in _COPIES[1:] for text in self.times.stages.get(stage, ()))
        told = [exact(text) for stage in _COPIES[1:] for text in self.run.summary.get(stage, {}).values()]
        return not told or any(told)

    @property
    def _streams(self) -> int | None:
        said = self.run.option("Inference Options", "Inference Streams", "Streams")
        said = said or self.run.flags.get("infStreams", "") or self.run.flags.get("streams", "")
        return _whole(said) if said else self._rules.streams if self.run.command else None

    @property
    def _profiled(self) -> bool:
        """Whether the profiler was on while times were taken; it waits for the device after every layer."""
        flags, run = self.run.flags, self.run
        asked = {"dumpProfile", "exportProfile"} & flags.keys() or run.option(
            "Reporting Options", "Profile"
        ) == "Enabled"
        apart = self._switch("Separate profiling", "separateProfileRun", "", self._rules.separate_profile)
        return bool(asked and apart is not None and not apart)

    @property
    def _stage_caveats(self) -> dict[str, list[str]]:
        several = (self._streams or 1) > 1
        found: dict[str, list[str]] = {}
        for stage in _UNIT:
            caveats = ["unstable"] if stage == "compute" and "unstable" in self.run.totals else []
            caveats += ["profiled"] if self._profiled else []
            caveats += ["overlapping-requests"] if several or stage == "request" else []
            caveats += ["warm-up-included"] if exact(self._warm_up or "") == 0 else []
            caveats += ["definition-inferred"] if self.cut and not self._warm_up_known else []
            found[stage] = caveats
        return found

    # --- the record ---

    def _data(self) -> dict[str, Any]:
        run, options = self.run, self.unit.options
        measurements = self._measurements()
        status, words = self._status(measurements)
        name = options.get("model") or self._model
        if status == "failed":
            measurements = [{k: v for k, v in item.items() if k != "primary"} for item in measurements]
        return {
            "benchfmt": "1.0",
            "benchmark": given(
                suite=SUITE, suite_version=run.version, name=_bare(name) if name else None, phase="inference",
            ),
            "model": given(name=name),
            "system": given(name=options.get("system"), accelerator=self._accelerators()),
            "software": given(engine="tensorrt", engine_version=run.version, stack=self._stack()),
            "configuration": self._configuration(),
            "measurements": measurements or None,
            "status": status,
            "status_detail": words,
            "provenance": given(
                submitter=options.get("submitter"), measured_at=run.stamp or None, url=options.get("url"), license=options.get("license"),
                sources=self.sources, converter=NAME, converter_version=VERSION,
            ),
            "extensions": {SUITE: self._extensions()},
        }  # fmt: skip

    @property
    def _model(self) -> str | None:
        run = self.run
        flags = run.flags
        said = run.option("Model Options", "Model", "Prototxt") or next(
            (flags[word] for word in ("onnx", "uff", "deploy", "model") if flags.get(word)), ""
        )
        said = (
            said or run.option("Build Options", "Load engine") or flags.get("loadEngine", "") or flags.get("engine", "")
        )
        return texts.one_line(said.replace("\\", "/").rpartition("/")[2]) or None

    def _status(self, measurements: list[dict[str, Any]]) -> tuple[str, str | None]:
        run = self.run
        if not self.logged or (not run.end and run.number == 1 and self.unit.extra[0] != "log"):
            return "ok", None
        if run.end == "PASSED":
            if any("value" in item for item in measurements):
                return "ok", None
            return "incomplete", f"{run.end_line}: no measurement stands in the log"
        if run.end:
            first = f"[E] {texts.one_line(run.errors[0])}\n" if run.errors else ""
            return "failed", first + run.end_line
        if run.summary and run.totals.get("throughput"):
            return "ok", None  # an excerpt: the summary is the last thing that a run prints
        return "incomplete", "the log ends before the run does"

    def _stack(self) -> dict[str, str] | None:
        stack = {"trtexec build": f"b{self.run.build}"} if self.run.build else {}
        cuda = self.device.get("CUDA_VERSION")
        if isinstance(cuda, list) and cuda:
            stack["cuda"] = ".".join(map(str, cuda))
        return stack or None

    def _accelerators(self) -> Any:
        run = self.run
        name = texts.one_line(run.option("Device Information", "Selected Device") or str(self.device.get("Name") or ""))
        memory = re.fullmatch(r"([0-9]+) MiB", run.option("Device Information", "Device Global Memory"))
        total = self.device.get("TotalMemory")
        size = int(total) if isinstance(total, int) else int(memory[1]) * 2**20 if memory else None
        count = run.devices.count(name) or None if len(set(run.devices)) == 1 else None
        found = [given(kind="gpu", name=name, count=count, memory_bytes=size)] if name else []
        found += [{"kind": "gpu", "name": other} for other in sorted({*run.devices} - {name})]
        if "dla" in self._placement():
            found.append({"kind": "dla"})
        return found[0] if len(found) == 1 else found or None

    def _placement(self) -> list[str]:
        run = self.run
        core = run.option("System Options", "DLACore") or run.flags.get("useDLACore", "")
        if not core or not core[0].isdecimal():
            return ["gpu"]
        fallback = run.option("Build Options", "Allow GPU fallback for DLA").startswith("Enabled")
        return ["dla", "gpu"] if fallback or "allowGPUFallback" in run.flags or "allback" in core else ["dla"]

    def _configuration(self) -> dict[str, Any]:
        shapes, batch = self._shapes, self._batch
        shape = shapes[0][1] if len(shapes) == 1 else None
        if shape and batch and len(shape) > 1 and shape[0] == batch and (not self._implicit or len(shape) > 3):
            shape = shape[1:]
        precision = self._precision_words
        return {
            "precision": _precision(precision) if precision else None,
            "input_shape": shape if shape and all(shape) else None,
            "batch_size": batch,
            "placement": self._placement(),
            "hyperparameters": self._settings(),
        }

    @property
    def _precision_words(self) -> str | None:
        """The formats that the builder was allowed; of an engine that was loaded nobody says them."""
        run = self.run
        loaded = run.option("Build Options", "Load engine") or run.flags.get("loadEngine")
        if loaded or (not run.command and not run.option("Build Options", "Precision")):
            return None
        said = run.option("Build Options", "Precision")
        if said:
            return re.sub(r"\s*\(.*\)$", "", said)
        words = [flag.upper() for flag in _PRECISION_FLAGS if flag in run.flags]
        return None if "stronglyTyped" in run.flags else "+".join(["FP32", *words])

    def _settings(self) -> dict[str, Any]:
        base = self._rules
        flags, command = self.run.flags, bool(self.run.command)
        duration = re.match(r"([0-9.]+)s", self.run.option("Inference Options", "Duration"))
        seconds = duration[1] if duration else flags.get("duration") or (str(base.duration_s) if command else "")
        iterations = self.run.option("Inference Options", "Iterations") or flags.get("iterations", "")
        iterations = iterations or (str(base.iterations) if command else "")
        found = given(
            data_transfers=self._transfers,
            cuda_graph=self._switch("CUDA Graph", "useCudaGraph", "noCudaGraph", base.cuda_graph),
            spin_wait=self._switch("Spin-wait", "useSpinWait", "noSpinWait", base.spin_wait),
            streams=self._streams,
            iterations=_native(iterations),
            duration_s=_native(seconds),
            warm_up_ms=_native(self._warm_up or "") if self._warm_up_known else None,
        )
        for label, name in (("Sleep time", "sleep_ms"), ("Idle time", "idle_ms")):
            said = re.fullmatch(r"([0-9.]+)ms", self.run.option("Inference Options", label))
            if said and exact(said[1]):
                found[name] = _native(said[1])
        for label, name in (("ExposeDMA", "expose_dma"), ("Multithreading", "multithreading")):
            if self.run.option("Inference Options", label).startswith("Enabled"):
                found[name] = True
        return found

    def _extensions(self) -> dict[str, Any]:
        run = self.run
        told = {label: run.option("Device Information", label) for label in run.options.get("Device Information", {})}
        device = {
            key: value for key, value in told.items()
            if value and key not in ("Selected Device", "TensorRT version", "Available Devices", "Note")
        }  # fmt: skip
        loaded = run.option("Build Options", "Load engine") or run.flags.get("loadEngine")
        saved = run.option("Build Options", "Save engine") or run.flags.get("saveEngine")
        found = given(
            command=texts.one_line(run.command) or None,
            precision=self._precision_words,
            calibration=run.option("Build Options", "Calibration") or None,
            sparsity=_unless(run.option("Build Options", "Sparsity"), "Disabled"),
            engine=texts.one_line(loaded or saved or "") or None,
            engine_size=run.totals.get("engine_size"),
            context_memory=run.totals.get("context_memory"),
            build_memory_peak=run.totals.get("build_memory"),
            inputs={name: "x".join(map(str, dims)) for name, dims in self._shapes} or None,
            device=device or None,
            warnings=[texts.one_line(text) for text in run.warnings[:20]] or None,
            errors=[texts.one_line(text) for text in run.errors[:20]] or None,
            layer_info=self.extra.get("layer_info"),
            samples_left_out=self.extra.get("samples_left_out"),
            reported_throughput=self.extra.get("reported_throughput"),
        )
        if self.profile:
            found["profile"] = {
                "iterations": self.profile.count,
                "layers": [_layer(item) for item in self.profile.layers[:MOST_LAYERS]],
            }
        return found

    # --- the numbers ---

    def _measurements(self) -> list[dict[str, Any]]:
        run = self.run
        found = [*self._rates(), *self._totals(), *self._latencies()]
        if self.profile or run.profile_total:
            found += self._profiled_sum()
        if run.skipped and not run.summary:
            found.append(texts.missing("throughput", "not-measured", statistic="mean", stage="whole-run", per="query"))
        elif run.not_reported and not run.summary:
            found.append(texts.missing("throughput", "not-reported", statistic="mean", stage="whole-run", per="query"))
        elif run.end == "FAILED" and not run.summary:
            found.append(texts.missing("throughput", "run-failed", statistic="mean", stage="whole-run", per="query"))
        if not any(item.get("primary") for item in found):
            _head(found)
        return found

    def _rates(self) -> Iterator[dict[str, Any]]:
        """Yield the throughput as it is told, in queries or samples, and the other of the two."""
        told, batch, implicit = self.run.totals.get("throughput"), self._batch, self._implicit
        key = {"statistic": "mean", "stage": "whole-run"}
        counted = "sample" if implicit and implicit > 1 else "query"
        caveats = self._rate_caveats()
        number = exact(told) if told else None
        per_query: Fraction | None = None
        if number:
            measured = texts.measurement("throughput", str(told), "/s", per=counted, primary=True, **key, **caveats)
            yield measured
            per_query = number / implicit if counted == "sample" and implicit else number
            self._compare_rate(number)
            if counted == "sample":
                yield texts.derived("throughput", per_query, per="query", **key, **caveats)
                return
        else:
            if told:
                self.extra["reported_throughput"] = f"{told} qps"
            wall, count = self._wall, self._queries
            if wall and count:
                per_query = count / wall
                yield texts.derived("throughput", per_query, per="query", primary=True, n=count, **key, **caveats)
            elif told:
                yield {
                    **texts.missing("throughput", "invalid-in-source", per="query", **key),
                    "reported_value": told, "reported_unit": "/s",
                }  # fmt: skip
                return
        if per_query and batch:
            yield texts.derived("throughput", per_query * batch, per="sample", **key, **caveats)

    def _rate_caveats(self) -> dict[str, Any]:
        caveats = ["profiled"] if self._profiled else []
        caveats += ["errors-logged"] if self.run.errors and self.run.end == "PASSED" else []
        return {"caveats": caveats} if caveats else {}

    @property
    def _wall(self) -> Fraction | None:
        told = exact(self.run.totals.get("walltime", ""))
        if told:
            return told
        return Fraction(self.times.wall_ms) / 1000 if self.times and self.times.wall_ms > 0 else None

    def _compare_rate(self, told: Fraction) -> None:
        if self.times and self.times.wall_ms > 0:
            again = len(self.times) * (self._implicit or 1) / self.times.wall_ms * 1000
            self._agrees("Throughput", float(told), again)

    def _agrees(self, what: str, told: float, again: float) -> bool:
        if abs(told - again) <= AGREE * abs(told) + 1e-12:
            return True
        self._find(f"{what} is {told:g} in the log and {again:g} by the exported times", f"{told:g}")
        return False

    def _totals(self) -> Iterator[dict[str, Any]]:
        run = self.run
        for name, key in (
            ("built", {"stage": "build"}),
            ("loaded", {"stage": "load"}),
            ("walltime", {"stage": "whole-run"}),
            ("gpu_total", {"statistic": "sum", "stage": "compute"}),
        ):
            told = run.totals.get(name)
            if told and exact(told) is not None:
                yield texts.measurement("duration", told, "s", **key)
        if run.totals.get("unstable") and exact(run.totals["unstable"]) is not None:
            yield texts.measurement(
                "coefficient-of-variation", run.totals["unstable"], "%", stage="compute", caveats=["unstable"]
            )
        if self.times and run.totals.get("gpu_total"):
            total = sum(map(float, self.times.stages["compute"])) / 1000
            self._agrees("Total GPU Compute Time", float(run.totals["gpu_total"]), total)

    def _latencies(self) -> Iterator[dict[str, Any]]:
        """Yield the statistics of every stage: from the exported times where there are some, else as the log says."""
        stages = {**dict.fromkeys(self.run.summary), **dict.fromkeys(self.times.stages if self.times else {})}
        copied = self._copied
        caveats = self._stage_caveats
        for stage in stages:
            if stage in _COPIES and not copied:
                yield texts.missing("latency", "not-measured", statistic="mean", stage=stage, per="query")
                continue
            yield from self._stage(stage, caveats[stage])
        for line, text in self.run.damaged:
            words = f"line {line} is damaged, some of its numbers are lost: {text[:120]}"
            hint = "several programs wrote into the log; give each a file of its own"
            self.notes.append(texts.finding("BF103", self.unit.path.name, words, hint))

    def _stage(self, stage: str, caveats: list[str]) -> Iterator[dict[str, Any]]:
        told = self.run.summary.get(stage, {})
        exported = self.times.stages.get(stage) if self.times else None
        names = list(told)
        if exported and not names:
            names = list(self.run.summary.get("compute", ())) or self._usual(len(exported))
        ordered = sorted(exported or (), key=float)
        for name in names:
            key: dict[str, Any] = {"statistic": name, "stage": stage, "per": "query"}
            key |= given(n=self._queries, caveats=caveats or None)
            if exported:
                yield self._from_times(exported, ordered, name, told.get(name), key)
            elif exact(told[name]) is None:
                yield {**texts.missing("latency", "invalid-in-source", **_bare_key(key)), "reported_value": told[name]}
            else:
                yield texts.measurement("latency", told[name], "ms", **key)

    def _from_times(
        self, exported: list[str], ordered: list[str], name: str, told: str | None, key: dict[str, Any]
    ) -> dict[str, Any]:
        value, chosen = reader.statistic(ordered, name)
        words = {"inference": "Latency", "compute": "GPU Compute Time"}.get(key["stage"], key["stage"])
        number = exact(told) if told else None
        if number is not None and not self._agrees(f"{words}, {name},", float(number), float(value)):
            key["caveats"] = [*key.get("caveats", ()), "source-disagrees"]
        if self.times_path:
            key["source_path"] = self.times_path
        if name == "mean":
            key["stddev"] = _deviation(exported)
            whole = "inference" if self._copied else "compute"
            if key["stage"] == whole and len(exported) <= MOST_SAMPLES:
                key["samples"] = [convert(text, "ms", "s") for text in exported]
            elif key["stage"] == whole:
                self.extra["samples_left_out"] = f"{len(exported)} times of queries are in the exported file only"
        if chosen is not None:
            return texts.measurement("latency", chosen, "ms", **key)
        return texts.derived("latency", value / 1000, **key)

    def _usual(self, count: int) -> list[str]:
        return [*ORDER, *(name for name, least in LEAST.items() if count >= least)]

    def _profiled_sum(self) -> Iterator[dict[str, Any]]:
        """Yield the time of all layers under the profiler, as a part of the result that belongs to no other."""
        key = {"statistic": "sum", "stage": "compute", "scope": "run:profile", "caveats": ["profiled"]}
        if self.profile:
            total = sum((exact(item["timeMs"]) or Fraction(0) for item in self.profile.layers), Fraction(0))
            yield texts.derived("duration", total / 1000, n=self.profile.count, **key)
        else:
            yield texts.measurement("duration", self.run.profile_total, "ms", n=int(self.run.profile_count), **key)


def _head(found: list[dict[str, Any]]) -> None:
    """Make the mean time on the device the headline where there is no throughput, else nothing."""
    for stage in ("compute", "inference"):
        for item in found:
            if (
                "value" in item
                and item["metric"] == "latency"
                and (item["statistic"], item["stage"]) == ("mean", stage)
            ):
                item["primary"] = True
                return


def _bare_key(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in ("statistic", "stage", "per")}


def _bare(name: str) -> str:
    """Return a file's name without the endings of models and engines."""
    return re.sub(r"\.(?:onnx|engine|plan|trt|uff|prototxt|caffemodel)$", "", name, flags=re.IGNORECASE) or name


def _precision(words: str) -> str | None:
    parts = [part for part in re.split(r"[+\s]+", words) if part]
    return vocabulary().match("precision", parts[0]) if len(parts) == 1 else "mixed"


def _unless(text: str, otherwise: str) -> str | None:
    return None if text in ("", otherwise) else text


def _whole(text: str) -> int | None:
    """Return a count that a text is, or None."""
    return int(text) or None if re.fullmatch("[0-9]{1,12}", text) else None


def _native(text: str) -> int | float | None:
    number = exact(text)
    if number is None:
        return None
    return int(number) if number.denominator == 1 else float(number)


def _layer(item: Mapping[str, str]) -> dict[str, Any]:
    numbers = {key: exact(item[key]) for key in ("timeMs", "averageMs", "medianMs", "percentage") if key in item}
    return {
        "name": item.get("name", ""),
        **{key: float(number) for key, number in numbers.items() if number is not None},
    }


def _deviation(texts_ms: list[str]) -> float:
    """Return the standard deviation of the population, in seconds."""
    values = [float(text) for text in texts_ms]
    centre = sum(values) / len(values)
    return float((sum((value - centre) ** 2 for value in values) / len(values)) ** 0.5 / 1000)
