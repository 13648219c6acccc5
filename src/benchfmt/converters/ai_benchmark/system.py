"""The machine and the software of a run of AI Benchmark's desktop package, as the log describes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.ai_benchmark.run import Run
from benchfmt.converters.draft import Draft, filled
from benchfmt.converters.mlperf import systems

_NONE = "N/A"
"""What the package prints for what it cannot read."""
_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?) GB")
_CUDA = {"cuda": "CUDA Version", "cuda-build": "CUDA Build"}
_COLUMN_OF_A_PROCESSOR = " CPU"
_NOT_STACK = ("tensorflow", "ai-benchmark")


def add_system(draft: Draft, run: Run, options: Mapping[str, str]) -> None:
    """Add the machine as the log describes it; what it does not say may be given as an option."""
    cpu = run.info.get("CPU")
    memory = run.info.get("CPU RAM")
    described = {
        "cpu": cpu,
        "cpu_ram": memory,
        "gpu": "; ".join(run.gpus) or None,
        "gpu_ram": "; ".join(run.gpu_ram) or None,
        "device": run.device,
    }
    draft.system(
        name=options.get("system") or run.device,
        processor={"name": _processor(run) or options.get("processor") or _heading(run)},
        accelerator=_accelerators(run, options.get("accelerator")),
        memory_bytes=_bytes(memory or ""),
        operating_system=_line(run.info.get("Platform") or None),
        extensions={draft.suite: {name: _line(text) for name, text in described.items()}},
    )


def _processor(run: Run) -> str | None:
    """Return the processor that the log names."""
    name = run.info.get("CPU")
    if not name or name == _NONE:
        return None
    return texts.one_line(name)


def _heading(run: Run) -> str | None:
    """Return the processor that heads a retyped column, as in `i9-10900 CPU`."""
    if run.device and run.device.endswith(_COLUMN_OF_A_PROCESSOR):
        return run.device.removesuffix(_COLUMN_OF_A_PROCESSOR)
    return None


def hides_processor(run: Run) -> bool:
    """Say whether a run was on a processor that the log could name and does not."""
    info = run.info
    unnamed = "CPU RAM" in info and info.get("CPU", _NONE) == _NONE
    return unnamed and not run.gpus and not run.gpu_ram


def _line(text: str | None) -> str | None:
    if text is None:
        return None
    return texts.one_line(text)


def _bytes(text: str) -> int | None:
    match = _MEMORY.fullmatch(text)
    if match is None:
        return None
    return round(Fraction(match[1]) * 2**30)


def _accelerators(run: Run, stated: str | None) -> JsonValue:
    """Return the GPUs that the log lists; one that goes by N/A has the name that the user states, or none."""
    if not run.gpus and stated is not None:
        name = texts.one_line(stated)
        return {"kind": systems.accelerator_kind(name), "name": name}
    gpus: list[JsonValue] = []
    for name in dict.fromkeys(run.gpus):
        shown = {_NONE: stated}.get(name, name)
        gpus.append(filled({"kind": "gpu", "name": _line(shown), "count": run.gpus.count(name)}))
    if len(gpus) == 1:
        return gpus[0]
    return gpus


def placement_of(run: Run) -> list[str] | None:
    """Return what ran the tests: the package lists the GPUs that it uses after the memory; without one it was the processor.

    A log that lacks the description, or its end, says neither.
    """
    if run.gpus or run.gpu_ram:
        return ["gpu"]
    if "CPU RAM" in run.info or _heading(run):
        return ["cpu"]
    return None


def add_software(draft: Draft, run: Run) -> None:
    """Add TensorFlow with its version, and CUDA where the log names one."""
    stack = {name: text for name, text in run.pins.items() if name not in _NOT_STACK}
    for name, key in _CUDA.items():
        text = run.info.get(key, _NONE)
        if text != _NONE:
            stack[name] = texts.one_line(text)
    version = run.info.get("TF Version") or run.pins.get("tensorflow")
    draft.software(engine="tensorflow", engine_version=_line(version), stack=stack)
