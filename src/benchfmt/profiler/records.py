"""Turns what the processes of a profile have left into records: one for each process, and a summary derived from them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchfmt._version import __version__
from benchfmt.identity import identified
from benchfmt.profiler import figures, judging, wording
from benchfmt.profiler.document import (
    FAILED,
    OK,
    Document,
    Evaluated,
    Input,
    Measured,
    Overview,
    ProcessOfOverview,
    Quality,
)
from benchfmt.profiler.environment import State
from benchfmt.profiler.facts import ModelFacts
from benchfmt.profiler.job import SUITE, Protocol, devices
from benchfmt.profiler.judging import NANO, Doubt, Gate
from benchfmt.profiler.measuring import (
    Facts,
    Key,
    Number,
    Numbers,
    measured,
    primary_key,
    spelled,
    unit_of_work,
)
from benchfmt.profiler.plain import plain
from benchfmt.profiler.running import ProfileError, Run
from benchfmt.profiler.sensed import Sensed
from benchfmt.record import Record, given

NAME = "profiler"
PROTOCOL_VERSION = "1.0"
_CPU = "CPUExecutionProvider"
_DATASET = ("name", "split", "samples", "sha256")
_OF_RECORD = ("flop", "parameters", "size_bytes", "precision")
"""Facts of the model that a record has fields for."""
_REDUCERS: dict[str, Callable[[Sequence[float]], float]] = {"min": min, "max": max}
_MERGED_BASES = {name: name for name in ("estimated", "predicted", "nominal", "published")}
"""What a mean of such numbers is; of measured ones it is derived."""
_TIMED = (
    "latency",
    "throughput",
    "cpu-time",
    "flop-rate",
    "energy",
    "dynamic-energy",
    "energy-efficiency",
    "completion-time",
)
"""Metrics that follow from the timing, and so have its caveats."""
_FORMATS = {
    "fp16",
    "bf16",
    "int8",
    "fp8",
    "best",
    "trt_fp16_enable",
    "trt_bf16_enable",
    "trt_int8_enable",
}
"""Options that let TensorRT, trtexec and ONNX Runtime's provider of it compute in other formats than the model's."""


@dataclass(frozen=True)
class About:
    """What only the user can say of a profile: names, licence, who measured it, on which data."""

    name: str
    model: str
    model_version: str | None = None
    task: str | None = None
    dataset: str | None = None
    split: str | None = None
    submitter: str | None = None
    license: str | None = None
    url: str | None = None
    system: Mapping[str, Any] = field(default_factory=dict)
    engine: str | None = "onnxruntime"


def about_of(known: Mapping[str, Any], declared: Mapping[str, Any]) -> About:
    """Return what is known of a profile with what the user declares; raises ProfileError for a name that it does not take."""
    given_names = {name for name, value in declared.items() if value is not None}
    names = list(About.__dataclass_fields__)
    unknown = sorted(given_names - set(names))
    if unknown:
        raise ProfileError(f"about has {', '.join(unknown)}; it takes {', '.join(names)}")
    return About(**{**known, **given(**declared)})


@dataclass(frozen=True)
class Material:
    """Everything that records are made of."""

    about: About
    runs: Sequence[Run]
    execution: str
    protocol: Protocol
    system: Mapping[str, Any]
    state: State
    stack: Mapping[str, str]
    facts: ModelFacts = field(default_factory=ModelFacts)
    summary: Run | None = None
    quality: Run | None = None
    dataset_sha256: str | None = None
    idle: Mapping[str, Sensed] = field(default_factory=dict)

    @property
    def evaluated(self) -> Evaluated:
        """What the process has left that determined the quality; an empty document where none has."""
        if self.quality is not None and isinstance(self.quality.document, Evaluated):
            return self.quality.document
        return Evaluated()


@dataclass(frozen=True)
class Part:
    """One process that has finished: its numbers, and what was judged of it."""

    run: Run
    document: Measured
    gate: Gate
    numbers: Numbers
    caveats: list[str]
    contaminated: list[Doubt]
    unstable: list[Doubt]

    def of_summary(self, doubts: Sequence[Doubt]) -> list[Doubt]:
        """Return doubts with the number of this process."""
        return [replace(doubt, process=self.document.job.run) for doubt in doubts]


def records(material: Material) -> list[Record]:
    """Return the records of a profile: the processes in order, then the summary."""
    parts = []
    made = []
    for run in material.runs:
        document = run.measured
        if document is None:
            made.append(_failed(run, material))
        else:
            part = _part(run, document, material)
            parts.append(part)
            made.append(_process(part, material))
    return [*made, _summary(parts, material)]


def process_record(run: Run, material: Material, caveats: Sequence[str] = ()) -> Record:
    """Return the record of one process alone; its caveats are added to every number of the timing."""
    if run.measured is None:
        return _failed(run, material)
    return _process(_part(run, run.measured, material, caveats), material)


def overview(runs: Sequence[Run], execution: str, idle: Mapping[str, Sensed]) -> Overview:
    """Return what a summary is derived from."""
    watts = {scope: reading.value for scope, reading in idle.items()}
    return Overview(
        execution=execution, runs=[_of_overview(run) for run in runs], idle_watts=watts or None
    )


def _of_overview(run: Run) -> ProcessOfOverview:
    if run.ok:
        seconds = run.median / NANO
        return ProcessOfOverview(path=run.path, sha256=run.sha256, median_seconds=seconds)
    return ProcessOfOverview(path=run.path, sha256=run.sha256, failed=True)


def _part(run: Run, document: Measured, material: Material, also: Sequence[str] = ()) -> Part:
    gate = judging.gate(document)
    contaminated = judging.contaminations(document, gate)
    unstable = judging.instabilities(document, material.protocol.half_width)
    holds = {
        "contaminated": contaminated,
        "unstable": unstable,
        "short-run": judging.is_short(document, material.protocol),
        "placement-fallback": _fallback(document, material),
        **dict.fromkeys(also, True),
        "partial-run": document.observed.unfinished,
    }
    caveats = [caveat for caveat, does in holds.items() if does]
    facts = Facts(material.facts, material.system.get("memory_bytes"), material.idle)
    numbers = measured(document, facts, gate, caveats)
    return Part(run, document, gate, numbers, caveats, contaminated, unstable)


def _process(part: Part, material: Material) -> Record:
    document = part.document
    extension = {
        "stability": judging.stability(part.contaminated, part.unstable),
        "stability_evidence": wording.evidence([*part.contaminated, *part.unstable]),
        "gate": _gate(part.gate, document),
        "evidence": document.evidence,
        "warm_up": document.warm_up,
        "observer": observer(document),
        "harness": document.harness,
        "mlperf_conformant": judging.mlperf_conformant(document),
        "loadgen": document.loadgen,
        "run": document.job.run,
        "memory_before_loading_bytes": document.base and document.base.resident,
        "trtexec": document.trtexec,
        "schedule": _schedule(document),
        "state": {**plain(material.state), "cgroup_after": plain(document.cgroup) or None},
    }
    primary = primary_key(document, part.numbers)
    return _record(material, document, part.numbers, primary, [part.run], extension)


def _gate(gate: Gate, document: Measured) -> dict[str, Any]:
    reference = None
    if gate.passed:
        reference = gate.reference
    return {
        "share": gate.share,
        "threshold": judging.PASSES,
        "reference": reference,
        "not_used": wording.gate_off(gate) or None,
        "blocks": len(document.observed.blocks),
    }


def _schedule(document: Measured) -> dict[str, Any] | None:
    """Return how the arrivals of a server were drawn."""
    schedule = given(
        rate=document.rate, schedule_seed=document.schedule_seed, scheduled=document.scheduled
    )
    return schedule or None


def _failed(run: Run, material: Material) -> Record:
    numbers = Numbers()
    document = run.document
    primary = primary_key(document)
    numbers.missing(primary, "run-failed", document.detail or "the process failed")
    return _record(material, document, numbers, primary, [run], {}, failed=document.detail or "")


def observer(document: Measured) -> dict[str, Any]:
    """Return what the observer cost, and whether that is within its bound."""
    sampled = document.sampler
    if sampled is None:
        return {"running": False}
    ticks = max(sampled.ticks, 1)
    costs = {channel.id: channel.cost / ticks for channel in sampled.channels}
    return {
        "running": True,
        "hertz": sampled.hz,
        "share_of_a_core": sampled.observer_share,
        "within_bound": judging.within_bound(sampled.observer_share),
        "ticks": sampled.ticks,
        "late": sampled.late,
        "cost_of_sensors": costs or None,
    }


def _fallback(document: Measured, material: Material) -> bool:
    """Say whether work ran elsewhere than asked: a provider that is not in use, or nodes that it did not take."""
    if document.placement is None:
        return False
    if document.lost:
        return True
    nodes = material.evaluated.nodes or {}
    wanted = (document.job.providers or [_CPU])[0]
    return wanted != _CPU and any(name != wanted for name in nodes)


def _summary(parts: Sequence[Part], material: Material) -> Record:
    if not parts:
        return _failed_summary(material)
    first = parts[0].document
    medians = [part.run.median / NANO for part in parts]
    between = judging.between_processes(medians, material.protocol)
    within = _within_processes(parts, material.protocol)
    caveats = _summary_caveats(parts, unstable=bool(between or within))
    numbers = Numbers(caveats)
    for key in dict.fromkeys(key for part in parts for key in part.numbers.by_key):
        _merge(numbers, key, [part.numbers for part in parts])
    _inverse(numbers, unit_of_work(first))
    _quality(numbers, material)
    contaminated = [doubt for part in parts for doubt in part.of_summary(part.contaminated)]
    unstable = between + within
    extension = {
        "stability": judging.stability(contaminated, unstable),
        "stability_evidence": wording.evidence([*contaminated, *unstable]),
        "between_processes": _between_processes(parts, material),
        "mlperf_conformant": all(judging.mlperf_conformant(part.document) for part in parts),
        "harness": first.harness,
        "observer": _observers(parts),
        "static": _without(material.facts, _OF_RECORD),
        "quality": _without(material.evaluated.quality, ("metrics", "answers")),
        "nodes_by_provider": material.evaluated.nodes,
        "state": material.state,
        "not_conformant": _not_conformant(material, parts, caveats) or None,
    }
    # Of all processes the one number that each of them has.
    primary: Key | None = primary_key(first, numbers)
    if primary not in numbers.by_key:
        primary = None
    sources = [run for run in (material.summary, *material.runs, material.quality) if run]
    return _record(material, first, numbers, primary, sources, extension)


def _observers(parts: Sequence[Part]) -> dict[str, Any]:
    """Return what the dearest observer cost."""
    share = _dearest(parts)
    return {"share_of_a_core": share or None, "within_bound": judging.within_bound(share)}


def _dearest(parts: Sequence[Part]) -> float:
    return max((judging.observer_share(part.document) or 0.0 for part in parts), default=0.0)


def _without(value: ModelFacts | Quality | None, names: Sequence[str]) -> dict[str, Any] | None:
    """Return a value as plain data without some of its fields; None where there is none."""
    if value is None:
        return None
    content: dict[str, Any] = plain(value)
    return {name: part for name, part in content.items() if name not in names}


def _between_processes(parts: Sequence[Part], material: Material) -> dict[str, Any]:
    between = figures.interval([part.run.median / NANO for part in parts])
    half_width = None
    if between:
        half_width = between.half_width
    return {
        "processes": len(material.runs),
        "failed": len(material.runs) - len(parts),
        "half_width": half_width,
        "wanted": material.protocol.half_width,
        "formula": "Student's t at 95 % over the medians of the processes; values are means over the processes, "
        "minima and maxima those of all",
    }


def _within_processes(parts: Sequence[Part], protocol: Protocol) -> list[Doubt]:
    """Return what had not settled within a process.

    One process alone has nothing but its own blocks to be judged by; of several, what lies between them counts.
    """
    half_width = math.inf
    if len(parts) == 1:
        half_width = protocol.half_width
    doubts = []
    for part in parts:
        doubts += part.of_summary(judging.instabilities(part.document, half_width))
    return doubts


def _summary_caveats(parts: Sequence[Part], *, unstable: bool) -> list[str]:
    """Return the caveats of any process, but `unstable` only where the processes differ or had not warmed up."""
    caveats = [caveat for part in parts for caveat in part.caveats if caveat != "unstable"]
    if unstable:
        caveats.append("unstable")
    if len(parts) == 1:
        caveats.append("single-observation")
    return list(dict.fromkeys(caveats))


def _not_conformant(material: Material, parts: Sequence[Part], caveats: Sequence[str]) -> list[str]:
    """Return in words where a profile does not follow the full protocol."""
    plan, full = material.protocol, Protocol()
    reasons = []
    if plan.quick:
        reasons.append(
            "a quick profile: one process of a second shows that everything works, not how fast it is"
        )
    elif len(parts) < full.processes:
        reasons.append(
            f"{len(parts)} processes that have finished, instead of at least {full.processes}"
        )
    for number, run in enumerate(material.runs, 1):
        if not run.ok:
            reasons.append(f"process {number} failed: {run.document.detail}")
    if "short-run" in caveats and not plan.quick:
        reasons.append(
            f"a process measured for less than {full.seconds:g} s or {full.queries} queries"
        )
    share = _dearest(parts)
    if share > judging.OBSERVER:
        reasons.append(
            f"the observer used {share:.1%} of a core, more than {judging.OBSERVER:.0%}: it may have disturbed the run"
        )
    invalid = sum(_is_invalid(part.document) for part in parts)
    if invalid:
        reasons.append(
            f"LoadGen calls {invalid} of {len(material.runs)} runs invalid; its summary logs say why"
        )
    if "partial-run" in caveats:
        reasons.append("some queries were not begun when the time was over")
    return reasons


def _is_invalid(document: Measured) -> bool:
    return document.loadgen is not None and document.loadgen.result == "INVALID"


def _merge(numbers: Numbers, key: Key, parts: Sequence[Numbers]) -> None:
    """Add to the summary what the processes have under one key; a number only where all of them have one."""
    items = [part.by_key.get(key) for part in parts]
    valued = [item for item in items if item is not None and item.value is not None]
    metric, statistic = key[0], key[1] or ""
    of_gate = statistic.startswith("gated-")
    of_first = key[2] == "build"  # by the first process, for all
    if not valued or (len(valued) < len(parts) and not of_gate and not of_first):
        _merge_missing(numbers, key, parts)
        return
    values = [item.value for item in valued if item.value is not None]
    reduce = _REDUCERS.get(statistic.removeprefix("gated-"), figures.mean)
    more: dict[str, Any] = {}
    between = figures.interval(values)
    if between and reduce is figures.mean:
        more["ci"] = (between.lower, between.upper, figures.LEVEL)
        more["stddev"] = figures.stddev(values)
    first = valued[0]
    caveats = list(_merged_caveats(numbers, metric, of_gate=of_gate))
    if len(values) == 1 and "single-observation" in first.caveats:
        caveats.append("single-observation")
    numbers.add(
        _merged_key(key),
        reduce(values),
        first.unit or "1",
        _MERGED_BASES.get(first.basis or "", "derived"),
        n=len(values),
        samples=values,
        caveats=list(dict.fromkeys(caveats)),
        **more,
    )


def _merged_caveats(numbers: Numbers, metric: str, *, of_gate: bool) -> Iterator[str]:
    """Yield the caveats of the timing, for a metric that follows from it; what the gate kept is not contaminated."""
    if metric not in _TIMED:
        return
    for caveat in numbers.caveats:
        if caveat != "contaminated" or not of_gate:
            yield caveat


def _merged_key(key: Key) -> Key:
    """Return the key of the summary: what is single in a process is a mean of several."""
    if key[1] == "single":
        return (key[0], "mean", *key[2:])
    return key


def _merge_missing(numbers: Numbers, key: Key, parts: Sequence[Numbers]) -> None:
    """Add the reason of the first process that has no number."""
    lacking = next(part for part in parts if part.value(key) is None)
    reason = "too-few-samples"
    item = lacking.by_key.get(key)
    if item is not None and item.missing:
        reason = item.missing
    words = lacking.details.get(spelled(key), "not every process has this number")
    numbers.missing(_merged_key(key), reason, words)


def _inverse(numbers: Numbers, per: str) -> None:
    """Make the inverse-latency throughput of the summary that of its own latency, not a mean of inverses."""
    for stage in ("inference", "end-to-end"):
        key: Key = ("throughput", "mean", stage, "sample", None)
        latency = numbers.by_key.get(("latency", "mean", stage, per, None))
        if numbers.value(key) is None or latency is None or latency.value is None:
            continue
        numbers.by_key[key] = Number(1 / latency.value, "/s", "derived", caveats=latency.caveats)


def _quality(numbers: Numbers, material: Material) -> None:
    evaluated = material.evaluated
    key: Key = ("accuracy", "pooled", None, None, None)
    if evaluated.quality_failed:
        numbers.missing(key, "run-failed", evaluated.quality_failed)
    elif evaluated.quality is not None:
        _metrics(numbers, evaluated.quality)
    elif material.quality is not None and not material.quality.ok:
        numbers.missing(key, "run-failed", str(material.quality.document.detail))
    else:
        words = "no evaluator and no labels were given (--evaluate, or --labels)"
        numbers.missing(key, "no-dataset", words)


def _metrics(numbers: Numbers, quality: Quality) -> None:
    units = quality.unit or {}
    for metric, value in quality.metrics.items():
        unit = units.get(metric) or _unit(metric)
        numbers.add((metric, "pooled", None, None, None), value, unit, n=quality.n)


def _unit(metric: str) -> str:
    from benchfmt.vocabulary import vocabulary

    unit = vocabulary().terms("metric").get(metric.partition("@")[0], {}).get("unit", "1")
    if unit in ("target", "currency"):
        return "1"
    return str(unit)


def _failed_summary(material: Material) -> Record:
    numbers = Numbers()
    first = material.runs[0].document
    primary = primary_key(first)
    words = first.detail or "no process has finished"
    numbers.missing(primary, "run-failed", words)
    sources = [run for run in (material.summary, *material.runs) if run]
    return _record(material, first, numbers, primary, sources, {}, failed=words)


def _record(
    material: Material,
    document: Document,
    numbers: Numbers,
    primary: Key | None,
    sources: Sequence[Run],
    extension: Mapping[str, Any],
    failed: str | None = None,
) -> Record:
    """Return a record of a process or of the summary; `failed` is why there are no numbers."""
    about, facts = material.about, material.facts
    content = given(
        benchfmt="1.0",
        benchmark=given(
            suite=SUITE,
            suite_version=PROTOCOL_VERSION,
            name=about.name,
            scenario=document.job.scenario,
            phase="inference",
            verification="self-reported" if about.submitter else None,
        ),
        task=about.task,
        dataset=_dataset(material) or None,
        model=given(
            name=about.model,
            version=about.model_version,
            parameters=facts.parameters,
            flop=facts.flop_per_sample,
            size_bytes=facts.size_bytes,
        ),
        system={**material.system, **about.system} or None,
        software=given(
            engine=about.engine,
            engine_version=_engine_version(document),
            stack=_stack(document, material),
        ),
        configuration=_configuration(document, material) or None,
        measurements=[item.to_dict() for item in numbers.measurements(primary)],
        status=OK if failed is None else FAILED,
        status_detail=lines(failed or "") or None,
        provenance=given(
            submitter=about.submitter,
            license=about.license,
            url=about.url,
            measured_at=sources[0].began,
            execution=material.execution,
            sources=_sources(sources),
            converter=NAME,
            converter_version=__version__,
        ),
        extensions={SUITE: clean({**extension, **_of_any(material, document, numbers)})},
    )
    return identified(Record.from_dict(content).ordered())


def _of_any(material: Material, document: Document, numbers: Numbers) -> dict[str, Any]:
    """Return what the extension of every record of a profile holds."""
    return {
        "missing": numbers.details or None,
        "percentile_estimator": "nearest-rank",
        "protocol": material.protocol,
        "placement": document.placement,
        "inputs": document.inputs,
    }


def _sources(runs: Sequence[Run]) -> list[dict[str, str]]:
    files = [(run.path, run.sha256) for run in runs]
    files += [log for run in runs for log in run.logs]
    return [{"path": path, "sha256": digest} for path, digest in files]


def _engine_version(document: Document) -> str | None:
    if document.engine is None:
        return None
    return document.engine.version


def _dataset(material: Material) -> dict[str, Any]:
    """Return the data set on which the quality was measured: what the user says of it goes before what the evaluator says."""
    about, quality = material.about, material.evaluated.quality
    if quality is None:
        return {}
    dataset: dict[str, Any] = {}
    if isinstance(quality.dataset, dict):
        dataset = {name: quality.dataset[name] for name in quality.dataset if name in _DATASET}
    elif quality.dataset:
        dataset = {"name": quality.dataset}
    declared = given(
        name=about.dataset,
        split=about.split,
        samples=quality.n,
        sha256=material.dataset_sha256,
    )
    return {**dataset, **declared}


def _configuration(document: Document, material: Material) -> dict[str, Any]:
    job, inputs = document.job, document.inputs or []
    workers = None
    if job.scenario == "server":
        workers = job.workers
    hyperparameters = given(
        providers=job.providers,
        intra_op_spinning=job.spinning,
        graph_optimisation=job.optimisation,
        io_binding=job.io_binding,
        seed=job.seed,
        workers=workers,
        rate=document.rate,
        engine_options=_options(document) or None,
        tf32=_tf32(document),
        **_device_settings(document),
    )
    return given(
        precision=_precision(document, material),
        input_shape=_input_shape(inputs) or None,
        batch_size=document.batch,
        threads=job.threads,
        placement=_placement(document, material) or None,
        hyperparameters=hyperparameters or None,
    )


def _input_shape(inputs: Sequence[Input]) -> list[int]:
    """Return the shape of one sample of the first input."""
    if not inputs:
        return []
    shape = inputs[0].shape
    if inputs[0].batched and len(shape) > 1:
        shape = shape[1:]
    return [size for size in shape if size >= 1]


def _precision(document: Document, material: Material) -> str | None:
    """Return the format of the model's weights, or `mixed` where the engine was allowed others (`engine_options` names them)."""
    for name, value in _options(document).items():
        if name in _FORMATS and value in ("", "1", "true", "True"):
            return "mixed"
    return material.facts.precision


def _options(document: Document) -> dict[str, str]:
    """Return the options that the engine took: none where the provider that they were for is not in use."""
    placement = document.placement
    if placement and placement.asked and placement.asked[0] in placement.lost:
        return {}
    return document.job.engine_options or {}


def _tf32(document: Document) -> bool | None:
    """Say whether the matrix units of a GPU may compute fp32 in TF32, where the provider tells it."""
    if document.placement is None:
        return None
    for options in (document.placement.options or {}).values():
        if "use_tf32" in options:
            return options["use_tf32"] == "1"
    return None


def _device_settings(document: Document) -> dict[str, Any]:
    """Return how trtexec was told to run an engine, where it did."""
    if document.trtexec is None:
        return {}
    settings = document.trtexec.settings
    return {
        "data_transfers": settings.data_transfers,
        "cuda_graph": settings.cuda_graph,
        "spin_wait": settings.spin_wait,
        "streams": settings.streams,
    }


def _stack(document: Document, material: Material) -> dict[str, str]:
    """Return the versions without those of another ONNX Runtime that is installed too, under its other name."""
    ran = _engine_version(document)
    if ran is None or material.about.engine != "onnxruntime":
        return dict(material.stack)
    return {
        name: version
        for name, version in material.stack.items()
        if version == ran or not name.startswith("onnxruntime")
    }


def _placement(document: Document, material: Material) -> list[str]:
    """Return the devices that the run used: by its nodes where a profile tells them, else by the providers that were loaded."""
    if document.placement is None:
        return []
    nodes = material.evaluated.nodes
    used = document.placement.used
    if nodes:
        used = [name for name in used if name in nodes]
    return devices(used)


def clean(value: Any) -> Any:
    """Return plain data without what is absent, as extensions take it."""
    value = plain(value)
    if isinstance(value, Mapping):
        return {str(key): clean(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [clean(part) for part in value if part is not None]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def lines(text: str) -> str:
    """Return text without the control characters that a record does not take."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", text).strip()
