"""Turns what the processes of a profile have left into records: one for each process, and a summary derived from them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchfmt._version import __version__
from benchfmt.identity import identified
from benchfmt.profiler import figures, judging
from benchfmt.profiler.job import Protocol, devices
from benchfmt.profiler.judging import Sensed
from benchfmt.profiler.measuring import (
    NANO,
    Facts,
    Key,
    Numbers,
    measured,
    primary_key,
    unit_of_work,
)
from benchfmt.profiler.running import Run
from benchfmt.record import Record, given

NAME = "profiler"
SUITE = "benchfmt-profiler"
PROTOCOL_VERSION = "1.0"
MLPERF_SECONDS = 600
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


@dataclass(frozen=True)
class Material:
    """Everything that records are made of."""

    about: About
    runs: Sequence[Run]
    execution: str
    protocol: Protocol
    system: Mapping[str, Any]
    state: Mapping[str, Any]
    stack: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=dict)
    summary: Run | None = None
    quality: Run | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    dataset_sha256: str | None = None
    idle: Mapping[str, Sensed] = field(default_factory=dict)


def records(material: Material) -> list[Record]:
    """Return the records of a profile: the processes in order, then the summary."""
    parts = [_process(run, material) for run in material.runs]
    return [record for record, _, _ in parts] + [_summary(parts, material)]


def process_record(run: Run, material: Material, caveats: Sequence[str] = ()) -> Record:
    """Return the record of one process alone; its caveats are added to every number of the timing."""
    record, _, _ = _process(run, material, caveats)
    return record


def overview(runs: Sequence[Run], execution: str, idle: Mapping[str, Sensed]) -> dict[str, Any]:
    """Return what a summary is derived from: the files of its processes and their medians; it becomes a file itself."""
    return {
        "version": 1,
        "execution": execution,
        "runs": [
            {
                "path": run.path,
                "sha256": run.sha256,
                **({"median_seconds": run.median / NANO} if run.ok else {"failed": True}),
            }
            for run in runs
        ],
        **({"idle_watts": {scope: seen.value for scope, seen in idle.items()}} if idle else {}),
    }


def _process(
    run: Run, material: Material, also: Sequence[str] = ()
) -> tuple[Record, Numbers, list[str]]:
    data = run.data
    if not run.ok:
        return _failed(run, material)
    gate = judging.gate(data)
    dirty = judging.contaminations(data, gate)
    shaky = judging.instabilities(data, material.protocol.half_width)
    caveats = [
        word for word, evidence in (("contaminated", dirty), ("unstable", shaky)) if evidence
    ]
    caveats += ["short-run"] if _is_short(data, material.protocol) else []
    caveats += ["placement-fallback"] if _fallback(data, material) else []
    caveats += also
    caveats += ["partial-run"] if data["observed"]["unfinished"] else []
    facts = Facts(material.facts, material.system.get("memory_bytes"), material.idle)
    numbers = measured(data, facts, gate, caveats)
    primary = primary_key(data, numbers)
    more = {
        "stability": stability(dirty, shaky),
        "stability_evidence": dirty + shaky,
        "gate": {
            "share": gate.share,
            "threshold": judging.PASSES,
            "reference": gate.reference if gate.passed else None,
            "not_used": gate.reason or None,
            "blocks": len(data["observed"]["blocks"]),
        },
        "evidence": data["evidence"],
        "warm_up": data["warm_up"],
        "observer": observer(data),
        "harness": data["harness"],
        "mlperf_conformant": _mlperf_conformant(data),
        "loadgen": data.get("loadgen"),
        "run": data["job"]["run"],
        "memory_before_loading_bytes": data.get("base", {}).get("resident"),
        "trtexec": data.get("trtexec"),
        "schedule": {
            name: data[name] for name in ("rate", "schedule_seed", "scheduled") if name in data
        }
        or None,
        "state": {**material.state, "cgroup_after": data.get("cgroup") or None},
    }
    record = _record(material, data, numbers, primary, [run], more)
    return record, numbers, caveats


def _failed(run: Run, material: Material) -> tuple[Record, Numbers, list[str]]:
    numbers = Numbers()
    data = {
        "job": {"scenario": run.data.get("job", {}).get("scenario", "single-stream")},
        **run.data,
    }
    primary = primary_key(data)
    numbers.missing(primary, "run-failed", str(run.data.get("detail", "the process failed")))
    record = _record(
        material,
        data,
        numbers,
        primary,
        [run],
        {},
        status="failed",
        detail=str(run.data.get("detail", "")),
    )
    return record, numbers, []


def stability(dirty: Sequence[str], shaky: Sequence[str]) -> str:
    """Return the verdict of the gate: contaminated, unstable or ok."""
    return "contaminated" if dirty else "unstable" if shaky else "ok"


def observer(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the observer cost, and whether that is within its bound."""
    seen = data.get("sampler")
    if not seen:
        return {"running": False}
    share = seen["observer_share"]
    return {
        "running": True,
        "hertz": seen["hz"],
        "share_of_a_core": share,
        "within_bound": share <= judging.OBSERVER,
        "ticks": seen["ticks"],
        "late": seen["late"],
        "cost_of_sensors": {c["id"]: c["cost"] / max(seen["ticks"], 1) for c in seen["channels"]}
        or None,
    }


def _is_short(data: Mapping[str, Any], protocol: Protocol) -> bool:
    """Say whether a run is shorter than the protocol of a full profile asks for (`--quick` always is)."""
    full = Protocol()
    seen = data["observed"]
    return (
        protocol.quick
        or seen["wall"] / NANO < full.seconds * 0.99
        or seen["queries"] < full.queries
    )


def _mlperf_conformant(data: Mapping[str, Any]) -> bool:
    loadgen = data.get("loadgen") or {}
    return bool(
        loadgen.get("result") == "VALID"
        and loadgen.get("min_duration_seconds", 0) >= MLPERF_SECONDS
    )


def _fallback(data: Mapping[str, Any], material: Material) -> bool:
    """Say whether work ran elsewhere than asked: a provider that is not in use, or nodes that it did not take."""
    if "placement" not in data:
        return False
    if data["placement"]["lost"]:
        return True
    nodes = (material.answers or {}).get("nodes") or {}
    wanted = data["job"].get("providers", ["CPUExecutionProvider"])[0]
    return wanted != "CPUExecutionProvider" and any(name != wanted for name in nodes)


def _summary(parts: Sequence[tuple[Record, Numbers, list[str]]], material: Material) -> Record:
    good = [
        (numbers, run) for (_, numbers, _), run in zip(parts, material.runs, strict=True) if run.ok
    ]
    if not good:
        return _failed_summary(material)
    first = good[0][1].data
    caveats = _summary_caveats(parts, [run for _, run in good], material)
    numbers = Numbers(caveats)
    for key in dict.fromkeys(key for part, _ in good for key in part.found):
        _merge(numbers, key, [part for part, _ in good])
    _inverse(numbers, unit_of_work(first))
    _quality(numbers, material)
    # Of all processes the one number that each of them has.
    primary = next((k for k in (primary_key(first, numbers),) if k in numbers.found), None)
    between = figures.interval([run.median / NANO for _, run in good])
    dirty = [
        f"process {_number(run)}: {words}"
        for _, run in good
        for words in judging.contaminations(run.data, judging.gate(run.data))
    ]
    shaky = _between_words(between, len(good), material.protocol)
    width = _block_width(len(good), material.protocol)
    shaky += [
        f"process {_number(run)}: {words}"
        for _, run in good
        for words in judging.instabilities(run.data, width)
    ]
    more = {
        "stability": stability(dirty, shaky),
        "stability_evidence": dirty + shaky,
        "between_processes": {
            "processes": len(material.runs),
            "failed": len(material.runs) - len(good),
            "half_width": between.half_width if between else None,
            "wanted": material.protocol.half_width,
            "formula": "Student's t at 95 % over the medians of the processes; values are means over the processes, "
            "minima and maxima those of all",
        },
        "mlperf_conformant": all(_mlperf_conformant(run.data) for _, run in good),
        "harness": first["harness"],
        "observer": {
            "share_of_a_core": max(
                (observer(run.data).get("share_of_a_core") or 0.0) for _, run in good
            )
            or None,
            "within_bound": all(observer(run.data).get("within_bound", True) for _, run in good),
        },
        "static": {
            k: v
            for k, v in material.facts.items()
            if k not in ("flop", "parameters", "size_bytes", "precision")
        },
        "quality": {
            k: v
            for k, v in (material.answers.get("quality") or {}).items()
            if k not in ("metrics", "answers")
        }
        or None,
        "nodes_by_provider": material.answers.get("nodes"),
        "state": dict(material.state),
        "not_conformant": _not_conformant(material, caveats),
    }
    sources = [run for run in (material.summary, *material.runs, material.quality) if run]
    return _record(material, first, numbers, primary, sources, more)


def _summary_caveats(
    parts: Sequence[tuple[Record, Numbers, list[str]]], good: Sequence[Run], material: Material
) -> list[str]:
    """Return the caveats of any process, but `unstable` only where the processes differ or had not warmed up."""
    found = [word for _, _, words in parts for word in words if word != "unstable"]
    between = figures.interval([run.median for run in good])
    width = _block_width(len(good), material.protocol)
    settled = not any(judging.instabilities(run.data, width) for run in good)
    if not settled or _between_words(between, len(good), material.protocol):
        found.append("unstable")
    if len(good) == 1:
        found.append("single-observation")
    return list(dict.fromkeys(found))


def _block_width(processes: int, protocol: Protocol) -> float:
    """Return how much the blocks of a process may differ.

    One process alone has nothing but its own blocks to be judged by; of several, what lies between them counts.
    """
    return protocol.half_width if processes == 1 else math.inf


def _number(run: Run) -> int:
    return int(run.data["job"]["run"])


def _between_words(between: figures.Interval | None, count: int, protocol: Protocol) -> list[str]:
    if between is None:
        return (
            []
            if protocol.quick
            else [f"{count} process has come to its end: nothing says how much processes differ"]
        )
    if between.half_width > protocol.half_width:
        wide = f"{between.half_width:.1%} wide on each side, more than {protocol.half_width:.0%}"
        return [f"the 95 % interval of the processes' medians is {wide}"]
    return []


def _not_conformant(material: Material, caveats: Sequence[str]) -> list[str] | None:
    """Return in words where a profile does not follow the full protocol."""
    plan, full = material.protocol, Protocol()
    words = []
    if plan.quick:
        words.append(
            "a quick profile: one process of a second shows that everything works, not how fast it is"
        )
    elif (good := sum(run.ok for run in material.runs)) < full.processes:
        words.append(
            f"{good} processes that came to their end, instead of at least {full.processes}"
        )
    words += [
        f"process {number} failed: {run.data.get('detail')}"
        for number, run in enumerate(material.runs, 1)
        if not run.ok
    ]
    if "short-run" in caveats and not plan.quick:
        words.append(
            f"a process measured for less than {full.seconds:g} s or {full.queries} queries"
        )
    shares = [observer(run.data).get("share_of_a_core") or 0.0 for run in material.runs if run.ok]
    if max(shares, default=0.0) > judging.OBSERVER:
        words.append(
            f"the observer used {max(shares):.1%} of a core, more than {judging.OBSERVER:.0%}: it may have disturbed the run"
        )
    invalid = sum(
        (run.data.get("loadgen") or {}).get("result") == "INVALID" for run in material.runs
    )
    if invalid:
        words.append(
            f"LoadGen calls {invalid} of {len(material.runs)} runs invalid; its summary logs say why"
        )
    if "partial-run" in caveats:
        words.append("some queries were not begun when the time was over")
    return words or None


def _merge(numbers: Numbers, key: Key, parts: Sequence[Numbers]) -> None:
    """Add to the summary what the processes have under one key; a number only where all of them have one."""
    items = [part.found.get(key) for part in parts]
    numbered = [item for item in items if item and "value" in item]
    statistic = "mean" if key[1] == "single" else key[1]
    merged: Key = (key[0], statistic, *key[2:])
    gate_said = (key[1] or "").startswith("gated-")
    built = key[2] == "build"  # by the first process, for all
    if not numbered or (len(numbered) < len(parts) and not gate_said and not built):
        lacking = next(part for part in parts if "missing" in part.found.get(key, {"missing": ""}))
        item = lacking.found.get(key, {"missing": "too-few-samples"})
        words = lacking.details.get(
            "/".join(part or "" for part in key), "not every process has this number"
        )
        numbers.missing(merged, item["missing"], words)
        return
    values = [item["value"] for item in numbered]
    how = {"min": min, "max": max}.get((key[1] or "").removeprefix("gated-"), figures.mean)
    basis = "derived" if numbered[0]["basis"] in ("measured", "derived") else numbered[0]["basis"]
    more: dict[str, Any] = {"n": len(values), "samples": values}
    between = figures.interval(values) if how is figures.mean else None
    if between and len(values) > 1:
        more |= {
            "ci": [between.lower, between.upper, figures.LEVEL],
            "stddev": figures.stddev(values),
        }
    said = [word for item in numbered for word in item.get("caveats", ())]
    timed = key[0] in (
        "latency",
        "throughput",
        "cpu-time",
        "flop-rate",
        "energy",
        "dynamic-energy",
        "energy-efficiency",
        "completion-time",
    )
    caveats = [
        word for word in numbers.caveats if timed and (word != "contaminated" or not gate_said)
    ]
    caveats += [word for word in said if word == "single-observation" and len(values) == 1]
    numbers.value(
        merged,
        how(values),
        numbered[0]["unit"],
        basis,
        **given(**more, caveats=list(dict.fromkeys(caveats)) or None),
    )


def _inverse(numbers: Numbers, per: str) -> None:
    """Make the inverse-latency throughput of the summary that of its own latency, not a mean of inverses."""
    for stage in ("inference", "end-to-end"):
        key: Key = ("throughput", "mean", stage, "sample", None)
        latency = numbers.found.get(("latency", "mean", stage, per, None), {})
        if "value" in numbers.found.get(key, {}) and "value" in latency:
            kept = {name: latency[name] for name in ("caveats",) if name in latency}
            numbers.found[key] = {
                "value": 1 / latency["value"],
                "unit": "/s",
                "basis": "derived",
                **kept,
            }


def _quality(numbers: Numbers, material: Material) -> None:
    found = material.answers.get("quality")
    failed = material.answers.get("quality_failed")
    if failed:
        numbers.missing(("accuracy", "pooled", None, None, None), "run-failed", str(failed))
        return
    if not found:
        reason, words = (
            "no-dataset",
            "no evaluator and no labels were given (--evaluate, or --labels)",
        )
        if material.quality is not None and not material.quality.ok:
            reason, words = "run-failed", str(material.quality.data.get("detail"))
        numbers.missing(("accuracy", "pooled", None, None, None), reason, words)
        return
    for metric, value in found["metrics"].items():
        unit = (found.get("unit") or {}).get(metric) or _unit(metric)
        numbers.value((metric, "pooled", None, None, None), value, unit, **given(n=found.get("n")))


def _unit(metric: str) -> str:
    from benchfmt.vocabulary import vocabulary

    known = vocabulary().terms("metric").get(metric.partition("@")[0], {}).get("unit", "1")
    return known if known not in ("target", "currency") else "1"


def _failed_summary(material: Material) -> Record:
    numbers = Numbers()
    first = material.runs[0].data
    data = {"job": {"scenario": first.get("job", {}).get("scenario", "single-stream")}, **first}
    primary = primary_key(data)
    words = str(first.get("detail", "no process came to its end"))
    numbers.missing(primary, "run-failed", words)
    return _record(
        material,
        data,
        numbers,
        primary,
        [run for run in (material.summary, *material.runs) if run],
        {},
        status="failed",
        detail=words,
    )


def _record(
    material: Material,
    data: Mapping[str, Any],
    numbers: Numbers,
    primary: Key | None,
    sources: Sequence[Run],
    more: Mapping[str, Any],
    status: str = "ok",
    detail: str = "",
) -> Record:
    about, job = material.about, data["job"]
    extension = clean(
        {
            **more,
            "missing": numbers.details or None,
            "percentile_estimator": "nearest-rank",
            "protocol": asdict(material.protocol),
            "placement": data.get("placement"),
            "inputs": data.get("inputs"),
        }
    )
    files = [{"path": run.path, "sha256": run.sha256} for run in sources]
    files += [{"path": path, "sha256": digest} for run in sources for path, digest in run.logs]
    content = given(
        benchfmt="1.0",
        benchmark=given(
            suite=SUITE,
            suite_version=PROTOCOL_VERSION,
            name=about.name,
            scenario=job["scenario"],
            phase="inference",
            verification="self-reported" if about.submitter else None,
        ),
        task=about.task,
        dataset=_dataset(material) or None,
        model=given(
            name=about.model,
            version=about.model_version,
            parameters=material.facts.get("parameters"),
            flop=material.facts.get("flop_per_sample"),
            size_bytes=material.facts.get("size_bytes"),
        ),
        system={**material.system, **about.system} or None,
        software=given(
            engine=about.engine,
            engine_version=(data.get("engine") or {}).get("version"),
            stack=_stack(data, material),
        ),
        configuration=_configuration(data, material) or None,
        measurements=[item.to_dict() for item in numbers.measurements(primary)],
        status=status,
        status_detail=lines(detail) or None,
        provenance=given(
            submitter=about.submitter,
            license=about.license,
            url=about.url,
            measured_at=sources[0].began,
            execution=material.execution,
            sources=files,
            converter=NAME,
            converter_version=__version__,
        ),
        extensions={SUITE: extension} if extension else None,
    )
    return identified(Record.from_dict(content).ordered())


def _dataset(material: Material) -> dict[str, Any]:
    """Return the data set on which the quality was measured."""
    about, quality = material.about, material.answers.get("quality") or {}
    said = quality.get("dataset")
    said = dict(said) if isinstance(said, Mapping) else {"name": said} if said else {}
    found = given(
        name=about.dataset,
        split=about.split,
        samples=quality.get("n"),
        sha256=material.dataset_sha256,
    )
    return (
        {**{k: v for k, v in said.items() if k in ("name", "split", "samples", "sha256")}, **found}
        if quality
        else {}
    )


def _configuration(data: Mapping[str, Any], material: Material) -> dict[str, Any]:
    job, inputs = data["job"], data.get("inputs") or []
    shape = inputs[0]["shape"] if inputs else []
    shape = shape[1:] if inputs and inputs[0]["batched"] and len(shape) > 1 else shape
    hyperparameters = given(
        providers=job.get("providers"),
        intra_op_spinning=job.get("spinning"),
        graph_optimisation=job.get("optimisation"),
        io_binding=job.get("io_binding"),
        seed=job.get("seed"),
        workers=job.get("workers") if job["scenario"] == "server" else None,
        rate=data.get("rate"),
        engine_options=_options(data) or None,
        tf32=_tf32(data),
        **_device_settings(data),
    )
    return given(
        precision=_precision(data, material),
        input_shape=[s for s in shape if s >= 1] or None,
        batch_size=data.get("batch"),
        threads=job.get("threads"),
        placement=_placement(data, material) or None,
        hyperparameters=hyperparameters or None,
    )


def _precision(data: Mapping[str, Any], material: Material) -> str | None:
    """Return the format of the model's weights, or `mixed` where the engine was allowed others (`engine_options` names them)."""
    said = _options(data)
    allowed = [
        name
        for name, value in said.items()
        if name in _FORMATS and value in ("", "1", "true", "True")
    ]
    return "mixed" if allowed else material.facts.get("precision")


def _options(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the options that the engine took: none where the provider that they were for is not in use."""
    placement = data.get("placement") or {}
    lost = placement.get("lost") or []
    return (
        {}
        if lost and placement.get("asked", [None])[0] in lost
        else data["job"].get("engine_options") or {}
    )


def _tf32(data: Mapping[str, Any]) -> bool | None:
    """Say whether the matrix units of a GPU may compute fp32 in TF32, where the provider tells it."""
    options = (data.get("placement") or {}).get("options") or {}
    said = next(
        (
            own["use_tf32"]
            for own in options.values()
            if isinstance(own, Mapping) and "use_tf32" in own
        ),
        None,
    )
    return None if said is None else said == "1"


def _device_settings(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return how trtexec was told to run an engine, where it did."""
    said = (data.get("trtexec") or {}).get("settings") or {}
    return {
        name: said[name]
        for name in ("data_transfers", "cuda_graph", "spin_wait", "streams")
        if name in said
    }


def _stack(data: Mapping[str, Any], material: Material) -> dict[str, str]:
    """Return the versions without those of another ONNX Runtime that is installed too, under its other name."""
    ran = (data.get("engine") or {}).get("version")
    return {
        name: version
        for name, version in material.stack.items()
        if ran is None
        or version == ran
        or not name.startswith("onnxruntime")
        or material.about.engine != "onnxruntime"
    }


def _placement(data: Mapping[str, Any], material: Material) -> list[str]:
    """Return the devices that the run used: by its nodes where a profile tells them, else by the providers that were loaded."""
    used = (data.get("placement") or {}).get("used") or []
    nodes = (material.answers or {}).get("nodes")
    used = [name for name in used if not nodes or name in nodes]
    return devices(used)


def clean(data: Any) -> Any:
    """Return plain data without what is absent, as extensions take it."""
    if isinstance(data, Mapping):
        return {str(key): clean(value) for key, value in data.items() if value is not None}
    if isinstance(data, list | tuple):
        return [clean(value) for value in data if value is not None]
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    return data


def lines(words: str) -> str:
    """Return text without the control characters that a record does not take."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", words).strip()
