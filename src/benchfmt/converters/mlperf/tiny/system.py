"""Descriptions of systems in MLPerf Tiny: boards, chips and software, by the human keys that v0.5 to v1.3 have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.result_notes import Description
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import mlperf_json
from benchfmt.record import given
from benchfmt.suites import mlperf_tiny as rules

SUITE = "mlperf-tiny"
_STACK = (
    "Software Libraries",
    "Other Software Stack",
    "ML Model Compiler(s)",
    "General Compiler(s)",
    "Other Software",
)
_NOTES = {
    "Software Notes": "software_notes",
    "Quantization Method": "quantization_method",
    "Training framework (open division)": "training_framework",
    "Training and Quantization Notes": "training_notes",
}
"""What is said of the software and the model in sentences."""
_FIELDS = {
    "Submitter",
    "Division",
    "Status",
    "Board Name",
    "Processor(s) Name",
    "Operating System",
    "Inference Framework",
    *_STACK,
    *_NOTES,
}
"""What the record says elsewhere than in the extensions of the system."""


@lru_cache(maxsize=256)
def read_description(path: str, _modified: int, _size: int, limits: Limits) -> Description:
    """Return data, repairs and error of a system's file; many results share one."""
    place_of = Path(path)
    try:
        data, repaired = mlperf_json.read(place_of, limits)
    except (BenchfmtError, OSError) as error:
        return {}, (), str(error)
    if not isinstance(data, dict):
        return {}, (), "not an object that describes a system"
    twice = [words for words in repaired if "stands twice" in words]
    if twice:
        # The form of v0.5 to v1.3 has five keys twice, the second time empty: what is said wins over nothing.
        data = _first_said(place_of) or data
        repaired = [words for words in repaired if words not in twice]
    return data, tuple(repaired), None


def _first_said(path: Path) -> dict[str, Any] | None:
    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, value in pairs:
            if not data.get(name):
                data[name] = value
        return data

    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig", "replace"), object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def text_of(description: Mapping[str, Any], name: str) -> str | None:
    """Return what a human key says, on one line; keys have trailing blanks here and there."""
    for key, value in description.items():
        found = mlperf_json.text(value) if key.strip() == name else None
        if found:
            return " ".join(found.split())
    return None


def system(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the system that a description states; empty where it states nothing."""
    processor = text_of(description, "Processor(s) Name")
    chip = text_of(description, "SoC Name")
    accelerator = text_of(description, "Accelerator")
    clock = mlperf_json.frequency_hz(text_of(description, "Processor(s) Frequencies"))
    kept = {
        " ".join(key.split()): plain
        for key, value in description.items()
        if key.strip() not in _FIELDS and (plain := systems.said(value)) is not None
    }
    if clock is not None:
        kept.pop("Processor(s) Frequencies", None)
    if accelerator:
        kept.pop("Accelerator", None)
    return given(
        name=text_of(description, "Board Name") or chip,
        kind=rules.system_kind(chip) if chip else None,
        processor=given(
            name=processor,
            architecture=rules.architecture(processor) if processor else None,
            clock_hz=clock if processor else None,
        )
        or None,
        accelerator=given(kind=systems.accelerator_kind(accelerator), name=accelerator)
        if accelerator
        else None,
        memory_bytes=_memory(description),
        operating_system=text_of(description, "Operating System"),
        extensions={"mlperf": kept} if kept else None,
    )


def _memory(description: Mapping[str, Any]) -> int | None:
    """Return the working memory: the board's, else the chip's, where its type says that it is RAM."""
    for part, size in (
        ("Board", "Board Memory capacity (not including SoC, processor, or accelerator)"),
        ("SoC", "SoC Memory capacity (not including processor or accelerator)"),
    ):
        kind = text_of(description, f"{part} Memory type") or ""
        found = mlperf_json.memory_bytes(text_of(description, size))
        if found and re.search(r"RAM|DDR", kind):
            return found
    return None


def software(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return engine, version and the other software that a description names."""
    stack = {}
    for key in _STACK:
        word = (text_of(description, key) or "").strip(" ,;")
        if word:
            stack[re.sub(r"[^a-z]+", "-", key.lower()).strip("-").removesuffix("-s")] = word
    framework = text_of(description, "Inference Framework")
    found = systems.software(framework)
    found.pop("stack", None)
    if framework and "engine" not in found:
        stack["inference-framework"] = framework
    return {**found, **({"stack": stack} if stack else {})}


def software_notes(description: Mapping[str, Any]) -> dict[str, str]:
    """Return the sentences of a description on software and training."""
    return {name: said for key, name in _NOTES.items() if (said := text_of(description, key))}
