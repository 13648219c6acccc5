"""Descriptions of systems in MLPerf Tiny: boards, chips and software, by the human keys that v0.5 to v1.3 have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.draft import Draft, filled
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.result_draft import NAMESPACE, Description
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import heads, mlperf_json
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
    file = Path(path)
    try:
        data, repairs = mlperf_json.read(file, limits)
    except (BenchfmtError, OSError) as error:
        return Description({}, error=str(error))
    if not isinstance(data, dict):
        return Description({}, error="not an object that describes a system")
    twice = [repair for repair in repairs if mlperf_json.TWICE in repair]
    if twice:
        # The form of v0.5 to v1.3 has five keys twice, the second time empty: what is said wins over nothing.
        data = _first_said(file) or data
    others = (repair for repair in repairs if repair not in twice)
    return Description(data, tuple(others))


def _first_said(path: Path) -> dict[str, JsonValue] | None:
    def keep(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        data: dict[str, JsonValue] = {}
        for name, value in pairs:
            if not data.get(name):
                data[name] = value
        return data

    text = heads.whole(path).decode("utf-8-sig", "replace")
    try:
        data = json.loads(text, object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    return data


def text_of(description: Mapping[str, JsonValue], name: str) -> str | None:
    """Return what a human key says, on one line; keys have trailing blanks here and there."""
    for key, value in description.items():
        if key.strip() != name:
            continue
        text = mlperf_json.text(value)
        if text:
            return " ".join(text.split())
    return None


def system(description: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the system that a description states; empty where it states nothing."""
    chip = text_of(description, "SoC Name")
    accelerator = text_of(description, "Accelerator")
    kept = _kept(description)
    if _clock(description) is not None:
        kept.pop("Processor(s) Frequencies", None)
    stated: dict[str, JsonValue] = {
        "name": text_of(description, "Board Name") or chip,
        "processor": _processor(description),
        "memory_bytes": _memory(description),
        "operating_system": text_of(description, "Operating System"),
    }
    if chip:
        stated["kind"] = rules.system_kind(chip)
    if accelerator:
        kept.pop("Accelerator", None)
        kind = systems.accelerator_kind(accelerator)
        stated["accelerator"] = {"kind": kind, "name": accelerator}
    stated["extensions"] = {"mlperf": kept}
    return filled(stated)


def _kept(description: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what the fields do not hold, as it stands, without what says nothing."""
    kept: dict[str, JsonValue] = {}
    for key, value in description.items():
        if key.strip() in _FIELDS:
            continue
        plain = systems.said(value)
        if plain is not None:
            kept[" ".join(key.split())] = plain
    return kept


def _clock(description: Mapping[str, JsonValue]) -> int | float | None:
    return mlperf_json.frequency_hz(text_of(description, "Processor(s) Frequencies"))


def _processor(description: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    name = text_of(description, "Processor(s) Name")
    if not name:
        return {}
    return {
        "name": name,
        "architecture": rules.architecture(name),
        "clock_hz": _clock(description),
    }


def _memory(description: Mapping[str, JsonValue]) -> int | None:
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


def add_software(draft: Draft, description: Mapping[str, JsonValue]) -> None:
    """Add engine, version and the other software that a description names, and its sentences on them."""
    stack = {}
    for key in _STACK:
        named = (text_of(description, key) or "").strip(" ,;")
        if named:
            stack[_stack_name(key)] = named
    framework = text_of(description, "Inference Framework")
    engine = systems.software(framework)
    if framework and "engine" not in engine:
        stack["inference-framework"] = framework
    draft.software(
        engine=engine.get("engine"), engine_version=engine.get("engine_version"), stack=stack
    )
    for key, name in _NOTES.items():
        draft.keep(name, text_of(description, key), NAMESPACE)


def _stack_name(key: str) -> str:
    """Return `ml-model-compiler` of `ML Model Compiler(s)`."""
    return re.sub(r"[^a-z]+", "-", key.lower()).strip("-").removesuffix("-s")
