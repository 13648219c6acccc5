"""`benchfmt.profile`: measure a model, and have the records."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchfmt.package import PackageWriter, Target
from benchfmt.personal.redaction import Redactor
from benchfmt.profiler import callables, environment, quality, refusals, running
from benchfmt.profiler.document import Evaluated
from benchfmt.profiler.facts import ModelFacts
from benchfmt.profiler.job import CLOSED_LOOP, PLANS, QUICK, Job, Protocol
from benchfmt.profiler.material import About, Declared, Material, about_of
from benchfmt.profiler.nvml import open_nvml
from benchfmt.profiler.records import overview, records
from benchfmt.profiler.running import ProfileError, Run, Tell, written
from benchfmt.profiler.sampled import Failure
from benchfmt.readers.files import file_sha256
from benchfmt.record import Record
from benchfmt.tables import to_batch

Function = Callable[..., object] | str | None
BUILT = "built-*.plan"
"""Engines that TensorRT has built for a profile; they go when it is over."""
LOGS = ("mlperf_log_*", "trtexec*.log", "trtexec*.json")
"""What a harness leaves beside the document of a process."""


class Temporary:
    """A folder that goes when nobody holds this any more, or when it is told to."""

    def __init__(self) -> None:
        """Make the folder."""
        self.path = Path(tempfile.mkdtemp(prefix="benchfmt-profile-"))
        self.remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass
class Profile:
    """The result: one record for each process, then the summary; and the files that they were made from."""

    records: list[Record]
    folder: Path
    runs: Sequence[Run] = ()
    evaluated: Run | None = None
    _holder: Temporary | None = field(default=None, repr=False)

    def __iter__(self) -> Iterator[Record]:
        """Yield the records, the summary last."""
        return iter(self.records)

    def __enter__(self) -> Self:
        """Return the profile."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the raw files, if they are in a temporary folder."""
        self.close()

    def close(self) -> None:
        """Remove the raw files, if they are in a temporary folder."""
        if self._holder is not None:
            self._holder.remove()

    @property
    def summary(self) -> Record:
        """The record derived from all processes."""
        return self.records[-1]

    @property
    def ok(self) -> bool:
        """Whether every process came to its end, and the quality was determined where it was asked for."""
        answered = self.evaluated is None or (
            isinstance(self.evaluated.document, Evaluated)
            and self.evaluated.document.quality_failed is None
        )
        return answered and all(record.status == "ok" for record in self.records)

    def write(
        self,
        package: str | Path | Target,
        *,
        format: Any = "parquet",  # noqa: A002 - its name in `write_package`
        extra: Mapping[str, Any] | None = None,
        replace: bool = False,
        redactor: Redactor | None = None,
    ) -> None:
        """Write the records as a package, and beside it the raw files that they name as their sources.

        A package of another profile that is there already is replaced only if `replace` says so. A `redactor` puts
        placeholders for what is personal into the package; the raw files stay as they are.
        """
        batch = to_batch(self.records)
        if redactor:
            batch = redactor.batch(batch)
        with PackageWriter(package, format=format, extra=extra, replace=replace) as writer:
            writer.write(batch)
        runs = raw_folder(writer.path)
        if runs.resolve() != self.folder.resolve():
            _moved(self.folder, runs)


def raw_folder(package: Path) -> Path:
    """Return where the raw files of a package go: beside it, for a package holds nothing but its tables."""
    return package.with_name(f"{package.name.removesuffix('.zip')}-runs")


def profile(
    model: str | Path,
    *,
    inputs: Function | Path = None,
    preprocess: Function = None,
    postprocess: Function = None,
    evaluate: Function = None,
    labels: str | Path | None = None,
    predictions: str | Path | None = None,
    engine: str = "onnxruntime",
    engine_options: Mapping[str, str] | None = None,
    scenario: str | None = None,
    batch_size: int | None = None,
    dimensions: Mapping[str, int] | None = None,
    providers: Sequence[str] = ("CPUExecutionProvider",),
    threads: int | None = None,
    spinning: bool = False,
    optimisation: str = "all",
    io_binding: bool = False,
    harness: str = "auto",
    rate: float | None = None,
    workers: int = 1,
    seed: int = 0,
    quick: bool = False,
    protocol: Protocol | None = None,
    budget: float | None = None,
    estimate_bandwidth: bool = False,
    about: Declared | None = None,
    folder: str | Path | None = None,
    tell: Tell | None = None,
) -> Profile:
    """Measure an ONNX model in fresh processes and return the records; raises BenchfmtError for a wrong call.

    `engine` runs it: `onnxruntime`, `tensorrt` (its Python API) or `trtexec`, the last two also an engine that is built.
    `engine_options` are those of ONNX Runtime's first provider, of TensorRT's builder (`fp16`, `tf32`, ...), or switches of
    trtexec. `scenario` is single-stream unless another is named; trtexec has one of its own, closed-loop.
    `inputs` is an .npz or .npy file (an item a row) or a function that yields raw items; without it, seeded random tensors
    are drawn. `preprocess(item)` gives the arrays of one item, `postprocess(outputs)` the answer, and
    `evaluate(predict, items)` metrics by name. Functions are found again in fresh processes, so they have to be defined
    at the top of a module or file; a name (`package.module:function`, `file.py:function`) does as well. `about` holds what
    only you know: name, task, model, dataset, split, submitter, license, url, system.
    """
    path = Path(model).resolve()
    plan = protocol or (QUICK if quick else Protocol())
    plan = replace(plan, budget=budget) if budget is not None else plan
    chosen = [providers] if isinstance(providers, str) else list(providers)
    answers = Path(predictions) if predictions else None
    job = Job(
        model=str(path),
        result="",
        engine=engine,
        engine_options=dict(engine_options or {}),
        inputs=_inputs(inputs),
        preprocess=callables.name_of(preprocess),
        postprocess=callables.name_of(postprocess),
        evaluate=callables.name_of(evaluate),
        labels=str(Path(labels).resolve()) if labels else None,
        scenario=scenario or (CLOSED_LOOP if engine == "trtexec" else "single-stream"),
        harness=harness,
        batch_size=batch_size,
        dimensions=dict(dimensions or {}),
        providers=chosen,
        threads=usable_processors() if threads is None else threads,
        spinning=spinning,
        optimisation=optimisation,
        io_binding=io_binding,
        seed=seed,
        rate=rate,
        workers=workers,
        protocol=plan,
    )
    refusals.check(job, threads_asked=threads is not None, predictions=answers)
    named = _about(path, engine, about or {})
    # Measured aside, so that a profile that fails or is stopped leaves an older one's files as they are.
    holder = Temporary()
    try:
        made = _measured(
            job,
            named,
            holder.path,
            answers,
            tell or _say_nothing,
            estimate_bandwidth=estimate_bandwidth,
        )
        if folder is None:
            return replace(made, _holder=holder)
        _moved(holder.path, Path(folder))
        holder.remove()
        return replace(made, folder=Path(folder))
    except BaseException:
        holder.remove()
        raise


def _measured(
    job: Job,
    named: About,
    place: Path,
    predictions: Path | None,
    say: Tell,
    *,
    estimate_bandwidth: bool,
) -> Profile:
    path = Path(job.model)
    say("reading the model", 0.0)
    facts = _facts(path, job, estimate_bandwidth=estimate_bandwidth)
    state, gpu = environment.state(), open_nvml(device=job.gpu)
    idle = running.idle(job.protocol, say, job.gpu)
    runs = running.measure(*_runner(job, place, say))
    evaluated = _evaluate(job, place, predictions, say, runs)
    for built in place.glob(BUILT):  # for this machine alone
        built.unlink()
    execution = f"{path.stem}-{secrets.token_hex(8)}"
    material = Material(
        named,
        runs,
        execution,
        job.protocol,
        environment.system(nvml=gpu),
        state,
        environment.stack(gpu),
        facts,
        written(place / "run-summary.json", overview(runs, execution, idle)),
        evaluated,
        _data_hash(evaluated),
        idle,
    )
    return Profile(records(material), place, runs, evaluated=evaluated)


def _moved(source: Path, folder: Path) -> None:
    """Put the raw files of a profile into a folder, in place of those of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    _remove_old(folder)
    shutil.copytree(source, folder, dirs_exist_ok=True)


def _say_nothing(_words: str, _done: float) -> None:
    """Show no progress."""


def usable_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _runner(job: Job, place: Path, say: Tell) -> tuple[Job, Path, Tell, running.Once | None]:
    """Return what `running.measure` is given: how one process is run depends on the engine."""
    if job.engine != "trtexec":
        return job.changed(harness=running.harness_of(job)), place, say, None
    from benchfmt.profiler import trtexec_process

    return job.changed(harness="trtexec"), place, say, trtexec_process.once


def _inputs(inputs: Function | Path) -> str | None:
    if isinstance(inputs, Path) or (isinstance(inputs, str) and inputs.endswith((".npz", ".npy"))):
        if not Path(inputs).is_file():
            raise ProfileError(f"{inputs} does not exist")
        return str(Path(inputs).resolve())
    return callables.name_of(inputs)


def _remove_old(folder: Path) -> None:
    """Remove what an earlier profile has left, and nothing else."""
    for old in [*folder.glob("run-*"), *folder.glob(BUILT), *folder.glob("build")]:
        if old.is_file() and old.suffix in (".json", ".job", ".log", ".plan"):
            old.unlink()
        elif old.is_dir():
            for log in (log for pattern in LOGS for log in old.glob(pattern)):
                log.unlink()
            with suppress(OSError):  # it holds something else too
                old.rmdir()


def _facts(path: Path, job: Job, *, estimate_bandwidth: bool) -> ModelFacts:
    if path.suffix.lower() in PLANS:
        return _uncounted(
            path,
            "a built engine does not say which operations it has; profile the ONNX model it was built from",
        )
    if find_spec("onnx") is None:
        return _uncounted(path, "the package onnx is not installed")
    from benchfmt.profiler import static

    return static.facts(path, job, estimate_bandwidth=estimate_bandwidth)


def _uncounted(path: Path, detail: str) -> ModelFacts:
    missing = Failure("not-measured", detail)
    return ModelFacts(size_bytes=path.stat().st_size, flop_missing=missing)


def _evaluate(
    job: Job, folder: Path, predictions: Path | None, say: Tell, runs: Sequence[Run]
) -> Run | None:
    """Return the run that determines the quality and where nodes ran, or None where nothing is to be done."""
    elsewhere = job.engine == "onnxruntime" and job.providers != ["CPUExecutionProvider"]
    if not (job.evaluate or job.labels or elsewhere) or not any(run.ok for run in runs):
        return None
    path = folder / "run-quality.json"
    if predictions:
        assert job.labels is not None  # noqa: S101 - checked before
        return _from_files(path, predictions, Path(job.labels))
    return running.once(
        job.changed(kind="evaluate", result=str(path)), lambda event: say(f"quality: {event}", 0.99)
    )


def _from_files(path: Path, predictions: Path, labels: Path) -> Run:
    answers = quality.read_labels(predictions)
    compared = replace(
        quality.by_labels(answers, quality.read_labels(labels)),
        by="predictions and labels",
        labels_sha256=file_sha256(labels),
        predictions_sha256=file_sha256(predictions),
    )
    return written(path, Evaluated(quality=compared))


def _about(path: Path, engine: str, declared: Declared) -> About:
    runs_it = "tensorrt"
    if engine == "onnxruntime":
        runs_it = engine
    return about_of(About(path.stem, path.stem, engine=runs_it), declared)


def _data_hash(evaluated: Run | None) -> str | None:
    if evaluated is None or not isinstance(evaluated.document, Evaluated):
        return None
    document = evaluated.document
    if document.inputs_sha256 or document.quality is None:
        return document.inputs_sha256
    # Of predictions made elsewhere the labels are all of the data that is at hand.
    return document.quality.labels_sha256
