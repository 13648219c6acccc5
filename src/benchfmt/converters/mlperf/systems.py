"""MLPerf's descriptions of systems, software and precision as the standard's fields.

What is not one clean number is left out of its field; its text stays in `extensions.mlperf` of the system.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, TypedDict

from pydantic import JsonValue

from benchfmt import numbers
from benchfmt.readers.mlperf_json import count, frequency_hz, memory_bytes, text
from benchfmt.record import given
from benchfmt.vocabulary import vocabulary

SUITE = "mlperf-inference"
_PART = re.compile(
    r"^(?P<name>.*?)[\s_=:]*\bv?(?P<version>[0-9]+(?:\.[0-9A-Za-z+*-]+)*)\b(?P<rest>.*)$"
)
_NAMED_VERSION = re.compile(
    r"^(?P<name>.+?)[\s_=:@-]+(?P<version>v?(?:master|main|nightly|head|latest|trunk|dev|devel|develop)"
    r"|v(?:[0-9]+(?:\.[0-9A-Za-z+*-]+)*)|(?:commit[\s:=]*)?(?=[a-f]*[0-9])[0-9a-f]{7,40})(?:\s*\([^()]*\))?$",
    re.IGNORECASE,
)
"""A version that is not a number: a branch, as `vmaster`, or the start of a commit's hash."""
_JOINED_VERSION = re.compile(r"^(?P<name>[A-Za-z][A-Za-z-]*)_v?(?P<version>[0-9][0-9A-Za-z.+-]*)$")
_COMMIT = re.compile(r"^commit[\s:=]+([0-9a-f]{7,40})$", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+[0-9]+(?:[A-Za-z0-9]*)")
_LONG = 500
"""A longer text is not a list of names; looking for some in it takes the square of its length."""
_NOT_SYSTEM = {
    "submitter",
    "sumitter",
    "division",
    "status",
    "framework",
    "other_software_stack",
    "sw_notes",
    "operating_system",
    "system_name",
}
_TYPE = "system_type"
_KIND_WORDS = {
    "gpu": (
        "nvidia",
        "geforce",
        "tesla",
        "quadro",
        "radeon",
        "instinct",
        "mali",
        "adreno",
        "gpu",
    ),
    "tpu": ("tpu",),
    "npu": ("npu",),
    "fpga": ("alveo", "fpga"),
}
"""Words of makers and models that say the kind of a device."""
_LONGEST_KEY = 40
"""So many letters the name of a part of the stack has at most."""
_CLEAN = {
    "number_of_nodes": "nodes",
    "host_processors_per_node": "processor_count",
    "host_processor_core_count": "processor_cores",
    "accelerators_per_node": "accelerator_count",
}


def system(description: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the system that a description file states; empty where it states nothing."""
    processor = given(
        name=_line(description.get("host_processor_model_name")),
        count=count(description.get("host_processors_per_node")),
        cores=count(description.get("host_processor_core_count")),
        clock_hz=frequency_hz(description.get("host_processor_frequency")),
    )
    accelerator = _accelerator(description)
    # A processor or an accelerator that is only counted, without a name, still is one.
    return given(
        name=_line(description.get("system_name")),
        nodes=_nodes(description),
        processor=processor or None,
        accelerator=accelerator or None,
        memory_bytes=memory_bytes(description.get("host_memory_capacity")),
        operating_system=_line(description.get("operating_system")),
        extensions=_wrapped(_kept(description)),
    )


def _nodes(description: Mapping[str, JsonValue]) -> int | None:
    return count(description.get("number_of_nodes", description.get("number of nodes")))


def installed_accelerators(description: Mapping[str, JsonValue]) -> int:
    """Return how many accelerators a description counts in all nodes; a node whose number it does not say has one."""
    accelerator = _accelerator(description)
    return (_nodes(description) or 0) * (count(accelerator.get("count")) or 1)


def system_type(words: JsonValue) -> str | None:
    """Return the use for which a system was submitted; None for words that name several (`datacenter,edge`), or none."""
    if not isinstance(words, str):
        return None
    return vocabulary().match("system-type", words)


def _accelerator(description: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    name = _line(description.get("accelerator_model_name"))
    number = count(description.get("accelerators_per_node"))
    if name is None:
        return {}
    return given(
        kind=accelerator_kind(name),
        name=name,
        count=number,
        memory_bytes=memory_bytes(description.get("accelerator_memory_capacity")),
    )


@cache
def accelerator_kind(name: str) -> str | None:
    """Return the kind of device that a name means, for the makers that say it, else None."""
    lower = name.lower()
    kinds = vocabulary().terms("device-kind")
    for kind, words in _KIND_WORDS.items():
        if kind in kinds and any(word in lower for word in words):
            return kind
    return None


def _kept(description: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what the fields do not hold as it stands, without what says nothing."""
    kept: dict[str, JsonValue] = {}
    for key, value in description.items():
        plain = said(value)
        if plain is not None and not _is_in_fields(key, value):
            kept[key] = plain
    for key in ("host_processor_model_name", "accelerator_model_name"):
        if _line(description.get(key)) is not None:
            kept.pop(key, None)
    return kept


def _is_in_fields(key: str, value: JsonValue) -> bool:
    """Say whether the record says an entry elsewhere."""
    if key in _CLEAN:
        return count(value) is not None
    if key == _TYPE:
        return system_type(value) is not None
    return key in _NOT_SYSTEM


def _wrapped(kept: dict[str, JsonValue]) -> dict[str, JsonValue] | None:
    if not kept:
        return None
    return {"mlperf": kept}


def said(value: JsonValue) -> Any:
    """Return a value of a source without nulls and empty texts, or None where nothing is left."""
    if isinstance(value, str):
        return " ".join(value.split()) or None
    if isinstance(value, Mapping):
        entries = {str(key): said(part) for key, part in value.items()}
        kept = {key: part for key, part in entries.items() if key and part is not None}
        return kept or None
    if isinstance(value, list):
        items = [said(part) for part in value]
        return [item for item in items if item is not None] or None
    return numbers.kept(value)


def _line(value: JsonValue) -> str | None:
    """Return a text on one line, or None for one that says nothing."""
    return " ".join((text(value) or "").split()) or None


class Software(TypedDict, total=False):
    """Fields of `software` (see `benchfmt.record.Software`)."""

    engine: str
    engine_version: str
    stack: dict[str, str]


Part = tuple[str, str | None]
"""A name with its version."""


def software(framework: JsonValue, stack: JsonValue = None) -> Software:
    """Return engine, version and stack that a framework's text names, such as `TensorRT 9.3.0, CUDA 12.3`.

    The engine is the first part that is one of the vocabulary; a text that names none gives no engine.
    """
    parts = [_with_named_version(*part) for part in _with_commits(_parts(framework)) if part[0]]
    described = _engine_of(parts)
    engine = described.get("engine")
    others: dict[str, str] = {}
    for name, version in [*parts, *_stack(stack)]:
        key = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
        if not key or not version or len(key) > _LONGEST_KEY:
            continue
        if engine is None or _engine(name) != engine:
            others.setdefault(key, version)
    if others:
        described["stack"] = others
    return described


def _engine_of(parts: list[Part]) -> Software:
    """Return the first engine with its version; nothing where there is none."""
    described: Software = {}
    for name, version in parts:
        engine = _engine(name)
        if engine is None:
            continue
        described["engine"] = engine
        if version is not None:
            described["engine_version"] = version
        break
    return described


def _with_named_version(name: str, version: str | None) -> Part:
    """Return the engine and the version that is not a number out of `tflite vmaster`; other names as they are."""
    if version is not None or len(name) > _LONG or _engine(name):
        return name, version
    match = _NAMED_VERSION.match(name)
    if match is None or not _engine(match["name"]):
        return name, version
    return match["name"], named_version(match["version"])


def named_version(word: str) -> str:
    """Return a branch or a commit without what is written before it: `master` out of `vmaster`."""
    return re.sub(r"^(?:commit[\s:=]*|v(?=[a-z0-9]))", "", word, flags=re.IGNORECASE)


def version_of(word: str) -> str | None:
    """Return the version that one word behind an engine's name is: a number, a branch or a commit; None for another word."""
    number = re.fullmatch(r"v?([0-9][0-9A-Za-z.+~_-]*)", word)
    if number:
        return number[1]
    named = _NAMED_VERSION.match(f"engine {word}")
    if not word or named is None:
        return None
    return named_version(named["version"])


def _with_commits(parts: list[Part]) -> list[Part]:
    """Return names with versions, the commit of a part of its own being that of the engine before it."""
    joined: list[Part] = []
    for name, version in parts:
        commit = _COMMIT.match(name)
        if version is None and commit and joined and _lacks_version(*joined[-1]):
            joined[-1] = (joined[-1][0], commit[1])
        else:
            joined.append((name, version))
    return joined


def _lacks_version(name: str, version: str | None) -> bool:
    return version is None and _engine(name) is not None


def _stack(stack: JsonValue) -> list[Part]:
    """Return the names with versions of a text or an object."""
    if isinstance(stack, str):
        return _parts(stack)
    if not isinstance(stack, dict):
        return []
    return [
        (str(key), " ".join(value.split()))
        for key, value in stack.items()
        if isinstance(value, str) and value.strip()
    ]


def _parts(words: JsonValue) -> list[Part]:
    """Return names with versions out of `TensorRT 9.3.0, CUDA 12.3`."""
    if not isinstance(words, str):
        return []
    texts = (" ".join(part.split()) for part in re.split(r"[,;]", words))
    return [_name_and_version(text) for text in texts if text]


def _name_and_version(text: str) -> Part:
    """Return the name and the version out of `TensorRT 9.3.0`."""
    if len(text) > _LONG:
        return text, None
    joined = _JOINED_VERSION.match(text)
    if joined and _engine(joined["name"]):
        return joined["name"], joined["version"]
    match = _PART.match(text)
    if match is None or not match["name"]:
        return text, None
    version = match["version"]
    if match["rest"].strip(" ()"):
        version = f"{version}{match['rest']}".strip()
    return match["name"].strip(" _=:"), version


@cache
def _engine(name: str) -> str | None:
    return vocabulary().match("engine", name, SUITE) or vocabulary().match(
        "engine", name.lower().replace(" ", "-"), SUITE
    )


def precision(words: JsonValue) -> str | None:
    """Return the precision that a source's words state: a term, `mixed` for several, None where they state none.

    A sentence is not read for its meaning: `Google bfloat16.` names one precision, a text that is nothing but several
    names is mixed, and any other is kept as it stands by whoever calls.
    """
    if isinstance(words, Mapping):
        terms = {precision(value) for value in words.values()} - {None}
        return terms.pop() if len(terms) == 1 else _mixed(terms)
    if not isinstance(words, str) or len(words) > _LONG:
        return None
    return _precision(words)


def _mixed(terms: Collection[str | None]) -> str | None:
    """Return what several precisions are together; None where there is none."""
    if not terms:
        return None
    return "mixed"


@cache
def _precision(words: str) -> str | None:
    # `clip1:fp32,unet:fp8` names parts of a model, whose precisions count.
    words = re.sub(r"[\w.]+\s*:", " ", words)
    terms = set(map(_precision_of_word, _WORD.findall(words))) - {None}
    if len(terms) == 1:
        return terms.pop()
    if re.search(r"[A-Za-z]{3,}", _WORD.sub("", words)):
        return None
    return _mixed(terms)


def _precision_of_word(word: str) -> str | None:
    known = vocabulary()
    return known.match("precision", word, SUITE) or known.match("precision", word.lower(), SUITE)
