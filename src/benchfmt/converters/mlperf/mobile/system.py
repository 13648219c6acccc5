"""The device and the software of a result of the MLPerf Mobile app: what the app read and what the submitter wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from benchfmt.converters.mlperf import systems
from benchfmt.numbers import of_json
from benchfmt.readers import jsons, mlperf_json
from benchfmt.record import given
from benchfmt.vocabulary import vocabulary

SUITE = "mlperf-mobile"

_UNKNOWN = {"", "unknown"}
_NO_VERSION = "__system_property_read_callback"
"""What some phones give for the version of their system: the text of an error."""
_PLATFORMS = {"android": "Android", "ios": "iOS", "windows": "Windows"}
_SYSTEM_NAMES = ("system", "systemname", "phonesummary")
_PROCESSOR_NAMES = ("processorname", "hostprocessormodelname")
_ACCELERATOR_NAMES = (
    "acceleratortype",
    "acceleratortype1",
    "acceleratortype2",
    "acceleratormodelname",
    "graphics",
)
_USED = {*_SYSTEM_NAMES, *_PROCESSOR_NAMES, "division", "submitter", "status"}
_COUNTS = {"numberofnodes", "hostprocessorspernode"}


def line(value: Any) -> str | None:
    """Return a text on one line, or None for one that says nothing."""
    return (" ".join(value.split()) or None) if isinstance(value, str) else None


def plain(value: Any) -> Any:
    """Return data for the extensions: numbers of the source as numbers where JSON keeps them exactly."""
    if isinstance(value, jsons.Digits):
        found = of_json(value)
        # Of a number that is written in another way than JSON's shortest, the characters are kept.
        return found if str(found) == str(value) else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an inner object, empty where there is none."""
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}


def software(
    settings: Mapping[str, Any],
    backend: Mapping[str, Any],
    description: Mapping[str, Any],
    build: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the engine by the app's framework, and versions that the description of the system states."""
    words = [settings.get("framework"), settings.get("configuration"), backend.get("backend_name")]
    engine = next(
        (found for word in words if isinstance(word, str) and (found := _engine(word))), None
    )
    stack: dict[str, str] = {}
    version = None
    stated = [description.get("framework"), *(_sdks(description.get("vendorsdk")))]
    for text in stated:
        said = systems.software(text)
        name, number = said.get("engine"), said.get("engine_version")
        if name and number and (engine in (None, name)) and version is None:
            engine, version = name, number
        elif name and number:
            stack.setdefault(name, number)
        stack |= {key: value for key, value in said.get("stack", {}).items() if key not in stack}
    tflite = line(description.get("tfliteversion"))
    if tflite and engine == "tflite" and version is None:
        version = tflite
    elif tflite:
        stack["tflite"] = tflite
    app = line(build.get("version"))
    if app:
        stack["mlperf-mobile-app"] = app
    return given(engine=engine, engine_version=version, stack=stack or None)


def _engine(word: str) -> str | None:
    return vocabulary().match("engine", word, SUITE)


def _sdks(words: Any) -> list[str]:
    """Return the parts of `Qualcomm AI Stack -- Qualcomm Neural Processing SDK v2.20.0`."""
    return [part.strip() for part in words.split("--")] if isinstance(words, str) else []


def short(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description by its keys without blanks, lines and capitals: submitters spell them in several ways."""
    return {_squeezed(key): value for key, value in description.items()}


def system(description: Mapping[str, Any], environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the system: its description in the submission, and what the app read on it."""
    said = short(description)
    platform, device = _device(environment)
    vendor, model = (
        line(device.get("manufacturer")),
        line(device.get("model_name", device.get("model"))),
    )
    accelerators = _accelerators(said)
    memory = mlperf_json.memory_bytes(said.get("memory"))
    processor = given(
        name=_processor(said, device), count=mlperf_json.count(said.get("hostprocessorspernode"))
    )
    held = {item["name"] for item in accelerators} | (
        {line(said.get("memory"))} if memory else set()
    )
    kept = _kept(description, held) | given(environment=systems.said(plain(environment)))
    return given(
        name=_first([said.get(key) for key in _SYSTEM_NAMES]) or _joined(vendor, model),
        kind=_kind(said, model),
        vendor=vendor,
        nodes=mlperf_json.count(said.get("numberofnodes")),
        processor=processor or None,
        accelerator=(accelerators[0] if len(accelerators) == 1 else accelerators) or None,
        memory_bytes=memory,
        operating_system=_operating_system(platform, device, said),
        extensions={"mlperf": kept} if kept else None,
    )


def _kept(description: Mapping[str, Any], held: set[str | None]) -> dict[str, Any]:
    """Return what the fields of the standard do not hold, as it stands."""
    kept = {}
    for key, value in description.items():
        word, plain_value = _squeezed(key), systems.said(value)
        counted = word in _COUNTS and mlperf_json.count(value) is not None
        if (
            plain_value is not None
            and word not in _USED
            and not counted
            and line(value) not in held - {None}
        ):
            kept[key] = plain_value
    return kept


def _processor(description: Mapping[str, Any], device: Mapping[str, Any]) -> str | None:
    """Return the processor's name: as the submission has it, else as the app read it in one of several places."""
    props = device.get("props")
    socs = [
        item.get("value")
        for item in (props if isinstance(props, list) else ())
        if isinstance(item, Mapping) and item.get("type") == "socName"
    ]
    named = [description.get(key) for key in _PROCESSOR_NAMES]
    return _first(
        [
            *named,
            *socs,
            *(device.get(key) for key in ("soc_name", "cpu_full_name", "proc_cpuinfo_soc_name")),
        ]
    )


def _squeezed(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.casefold())


def _first(values: list[Any]) -> str | None:
    texts = (line(value) for value in values)
    return next((text for text in texts if text and text.casefold() not in _UNKNOWN), None)


def _joined(vendor: str | None, model: str | None) -> str | None:
    if vendor and model and not model.casefold().startswith(vendor.casefold()):
        return f"{vendor} {model}"
    return model or vendor


def _device(environment: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """Return the platform and what the app read of the device; apps before 3.0 had no block per platform."""
    platform = environment.get("platform", environment.get("os_name"))
    platform = platform if isinstance(platform, str) else None
    inner = mapping(environment, "value")
    return platform, mapping(inner, platform) if platform and inner else environment


def _kind(description: Mapping[str, Any], model: str | None) -> str | None:
    """Return the kind of device where a word says it."""
    if line(description.get("phonesummary")):
        return "phone"
    words = (("iPhone", "phone"), ("iPad", "tablet"))
    return next((kind for word, kind in words if model and model.startswith(word)), None)


def _accelerators(description: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the accelerators that a description names; a CPU among them is none."""
    names = dict.fromkeys(
        name for key in _ACCELERATOR_NAMES if (name := line(description.get(key)))
    )
    return [
        given(
            kind="npu" if "Tensor Processor" in name else systems.accelerator_kind(name), name=name
        )
        for name in names
        if not re.search(r"\bCPU\b", name)
    ]


def _operating_system(
    platform: str | None, device: Mapping[str, Any], description: Mapping[str, Any]
) -> str | None:
    """Return the operating system as the app read it, else as the submission describes it."""
    described = _first([description.get("operatingsystem"), description.get("osversion")])
    version = line(device.get("os_version"))
    if version is None or _NO_VERSION in version:
        return described or (_PLATFORMS.get(platform) if platform else None)
    word = _PLATFORMS.get(platform or "")
    return f"{word} {version}" if word and not version.startswith(word) else version
