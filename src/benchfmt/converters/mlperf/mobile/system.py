"""The device of a result of the MLPerf Mobile app: what the app read and what the submitter wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue

from benchfmt.converters.draft import filled
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.converters.mlperf.mobile.values import Block, kept
from benchfmt.readers import mlperf_json

_UNKNOWN = {"", "unknown"}
_NO_VERSION = "__system_property_read_callback"
"""What some phones give for the version of their system: the text of an error."""
_PLATFORMS = {"android": "Android", "ios": "iOS", "windows": "Windows"}
_KINDS = {"iPhone": "phone", "iPad": "tablet"}
_SYSTEM_NAMES = ("system", "systemname", "phonesummary")
_PROCESSOR_NAMES = ("processorname", "hostprocessormodelname")
_PROCESSOR_READ = ("soc_name", "cpu_full_name", "proc_cpuinfo_soc_name")
_ACCELERATOR_NAMES = (
    "acceleratortype",
    "acceleratortype1",
    "acceleratortype2",
    "acceleratormodelname",
    "graphics",
)
_USED = {*_SYSTEM_NAMES, *_PROCESSOR_NAMES, "division", "submitter", "status"}
_COUNTS = {"numberofnodes", "hostprocessorspernode"}


@dataclass(frozen=True, slots=True)
class _Device:
    """What the app read of the device; apps before 3.0 had no block per platform."""

    platform: str | None
    block: Block

    @property
    def vendor(self) -> str | None:
        return self.block.line("manufacturer")

    @property
    def model(self) -> str | None:
        if "model_name" in self.block.fields:
            return self.block.line("model_name")
        return self.block.line("model")

    @property
    def name(self) -> str | None:
        """The model with its vendor before it."""
        vendor = self.vendor
        model = self.model
        if not vendor or not model:
            return model or vendor
        if model.casefold().startswith(vendor.casefold()):
            return model
        return f"{vendor} {model}"


def short(description: Block) -> Block:
    """Return a description by its keys without blanks, lines and capitals: submitters spell them in several ways."""
    return Block({_squeezed(key): value for key, value in description.fields.items()})


def _squeezed(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.casefold())


def add_system(result: Result, description: Block) -> None:
    """Add the system: its description in the submission, by its short keys, and what the app read on it."""
    device = _device(result.app.environment)
    accelerators = _accelerators(description)
    memory = mlperf_json.memory_bytes(description.get("memory"))
    used = set(accelerators)
    if memory:
        used.add(str(description.line("memory")))
    environment = dict(result.app.environment.fields)
    system = filled(
        {
            "name": _first(map(description.line, _SYSTEM_NAMES)) or device.name,
            "kind": _kind(description, device),
            "vendor": device.vendor,
            "nodes": mlperf_json.count(description.get("numberofnodes")),
            "processor": {
                "name": _processor(description, device),
                "count": mlperf_json.count(description.get("hostprocessorspernode")),
            },
            "accelerator": _one_or_several(accelerators),
            "memory_bytes": memory,
            "operating_system": _operating_system(device, description),
            "extensions": {
                "mlperf": {**_kept(result.files.system, used), "environment": kept(environment)}
            },
        }
    )
    result.draft.system(system or {"name": result.files.task.place.system})


def _kept(description: Block, used: set[str]) -> dict[str, JsonValue]:
    """Return what the fields of the standard do not hold, as it stands; a text of a field is left out by its words."""
    others: dict[str, JsonValue] = {}
    for key, value in description.fields.items():
        name = _squeezed(key)
        if name in _USED or description.line(key) in used:
            continue
        if name not in _COUNTS or mlperf_json.count(value) is None:
            others[key] = systems.said(value)
    return filled(others)


def _processor(description: Block, device: _Device) -> str | None:
    """Return the processor's name: as the submission has it, else as the app read it in one of several places."""
    named = map(description.line, _PROCESSOR_NAMES)
    socs = [
        prop.line("value") for prop in device.block.blocks("props") if prop.get("type") == "socName"
    ]
    return _first([*named, *socs, *map(device.block.line, _PROCESSOR_READ)])


def _first(lines: Iterable[str | None]) -> str | None:
    """Return the first text that names something."""
    for text in lines:
        if text and text.casefold() not in _UNKNOWN:
            return text
    return None


def _device(environment: Block) -> _Device:
    platform = environment.get("platform", environment.get("os_name"))
    if not isinstance(platform, str):
        return _Device(None, environment)
    inner = environment.block("value")
    if not inner or not platform:
        return _Device(platform, environment)
    return _Device(platform, inner.block(platform))


def _kind(description: Block, device: _Device) -> str | None:
    """Return the kind of device where a word says it."""
    if description.line("phonesummary"):
        return "phone"
    for start, kind in _KINDS.items():
        if (device.model or "").startswith(start):
            return kind
    return None


def _accelerators(description: Block) -> list[str]:
    """Return the accelerators that a description names; a CPU among them is none."""
    names = dict.fromkeys(map(description.line, _ACCELERATOR_NAMES))
    return [name for name in names if name and not re.search(r"\bCPU\b", name)]


def _one_or_several(names: list[str]) -> JsonValue:
    accelerators: list[JsonValue] = []
    for name in names:
        kind = systems.accelerator_kind(name)
        if "Tensor Processor" in name:
            kind = "npu"
        accelerators.append(filled({"kind": kind, "name": name}))
    if len(accelerators) == 1:
        return accelerators[0]
    return accelerators


def _operating_system(device: _Device, description: Block) -> str | None:
    """Return the operating system as the app read it, else as the submission describes it."""
    name = _PLATFORMS.get(device.platform or "")
    version = device.block.line("os_version")
    if version is None or _NO_VERSION in version:
        described = map(description.line, ("operatingsystem", "osversion"))
        return _first(described) or name
    if name is None or version.startswith(name):
        return version
    return f"{name} {version}"
