"""MLPerf's descriptions of systems, software and precision as the standard's fields.

What is not one clean number is left out of its field; its text stays in `extensions.mlperf` of the system.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

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
"""A version that is no number: a branch, as `vmaster`, or the start of a commit's hash."""
_JOINED_VERSION = re.compile(r"^(?P<name>[A-Za-z][A-Za-z-]*)_v?(?P<version>[0-9][0-9A-Za-z.+-]*)$")
_COMMIT = re.compile(r"^commit[\s:=]+([0-9a-f]{7,40})$", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+[0-9]+(?:[A-Za-z0-9]*)")
_LONG = 500
"""A longer text is no list of names; looking for some in it takes the square of its length."""
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
_CLEAN = {
    "number_of_nodes": "nodes",
    "host_processors_per_node": "processor_count",
    "host_processor_core_count": "processor_cores",
    "accelerators_per_node": "accelerator_count",
}


def system(description: Mapping[str, Any]) -> dict[str, Any]:
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
        nodes=count(description.get("number_of_nodes", description.get("number of nodes"))),
        processor=processor or None,
        accelerator=accelerator or None,
        memory_bytes=memory_bytes(description.get("host_memory_capacity")),
        operating_system=_line(description.get("operating_system")),
        extensions=_wrapped(_kept(description)),
    )


def system_type(words: Any) -> str | None:
    """Return the use for which a system was submitted; None for words that name several (`datacenter,edge`), or none."""
    return vocabulary().match("system-type", words) if isinstance(words, str) else None


def _accelerator(description: Mapping[str, Any]) -> dict[str, Any]:
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
    words = (
        (
            "gpu",
            ("nvidia", "geforce", "tesla", "quadro", "radeon", "instinct", "mali", "adreno", "gpu"),
        ),
        ("tpu", ("tpu",)),
        ("npu", ("npu",)),
        ("fpga", ("alveo", "fpga")),
    )
    kinds = vocabulary().terms("device-kind")
    return next(
        (kind for kind, known in words if kind in kinds and any(word in lower for word in known)),
        None,
    )


def _kept(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields do not hold as it stands, without what says nothing."""
    kept = {}
    for key, value in description.items():
        plain = said(value)
        told = (key in _CLEAN and count(value) is not None) or (
            key == _TYPE and system_type(value) is not None
        )
        if plain is not None and key not in _NOT_SYSTEM and not told:
            kept[key] = plain
    for key in ("host_processor_model_name", "accelerator_model_name"):
        if _line(description.get(key)) is not None:
            kept.pop(key, None)
    return kept


def _wrapped(kept: dict[str, Any]) -> dict[str, Any] | None:
    return {"mlperf": kept} if kept else None


def said(value: Any) -> Any:
    """Return a value of a source without nulls and empty texts, or None where nothing is left."""
    if isinstance(value, str):
        stripped = " ".join(value.split())
        return stripped or None
    if isinstance(value, Mapping):
        kept = {
            str(key): inner
            for key, part in value.items()
            if (inner := said(part)) is not None and str(key)
        }
        return kept or None
    if isinstance(value, list):
        items = [inner for part in value if (inner := said(part)) is not None]
        return items or None
    return numbers.kept(value)


def _line(value: Any) -> str | None:
    """Return a text on one line, or None for one that says nothing."""
    found = text(value)
    return " ".join(found.split()) if found else None


def software(framework: Any, stack: Any = None) -> dict[str, Any]:
    """Return engine, version and stack that a framework's text names, such as `TensorRT 9.3.0, CUDA 12.3`.

    The engine is the first part that is one of the vocabulary; a text that names none gives no engine.
    """
    parts = [_with_named_version(*part) for part in _with_commits(_parts(framework)) if part[0]]
    engine = next(((found, version) for name, version in parts if (found := _engine(name))), None)
    others: dict[str, str] = {}
    for name, version in [*parts, *(_parts(stack) if isinstance(stack, str) else _pairs(stack))]:
        key = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
        if key and version and len(key) <= 40 and not (engine and _engine(name) == engine[0]):
            others.setdefault(key, version)
    return given(
        engine=engine[0] if engine else None,
        engine_version=engine[1] if engine else None,
        stack=others or None,
    )


def _with_named_version(name: str, version: str | None) -> tuple[str, str | None]:
    """Return the engine and the version that is no number out of `tflite vmaster`; other names as they are."""
    match = (
        _NAMED_VERSION.match(name)
        if version is None and len(name) <= _LONG and not _engine(name)
        else None
    )
    return (
        (match["name"], named_version(match["version"]))
        if match and _engine(match["name"])
        else (name, version)
    )


def named_version(word: str) -> str:
    """Return a branch or a commit without what is written before it: `master` out of `vmaster`."""
    return re.sub(r"^(?:commit[\s:=]*|v(?=[a-z0-9]))", "", word, flags=re.IGNORECASE)


def version_of(word: str) -> str | None:
    """Return the version that one word behind an engine's name is: a number, a branch or a commit; None for another word."""
    number = re.fullmatch(r"v?([0-9][0-9A-Za-z.+~_-]*)", word)
    named = _NAMED_VERSION.match(f"engine {word}") if word else None
    if number:
        return number[1]
    return named_version(named["version"]) if named else None


def _with_commits(parts: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Return names with versions, the commit of a part of its own being that of the engine before it."""
    found: list[tuple[str, str | None]] = []
    for name, version in parts:
        commit = _COMMIT.match(name) if version is None else None
        if commit and found and found[-1][1] is None and _engine(found[-1][0]):
            found[-1] = (found[-1][0], commit[1])
        else:
            found.append((name, version))
    return found


def _pairs(stack: Any) -> list[tuple[str, str | None]]:
    if not isinstance(stack, Mapping):
        return []
    return [
        (str(key), " ".join(value.split()))
        for key, value in stack.items()
        if isinstance(value, str) and value.strip()
    ]


def _parts(words: Any) -> list[tuple[str, str | None]]:
    """Return names with versions out of `TensorRT 9.3.0, CUDA 12.3`."""
    found = []
    for part in re.split(r"[,;]", words) if isinstance(words, str) else ():
        stripped = " ".join(part.split())
        joined = _JOINED_VERSION.match(stripped) if len(stripped) <= _LONG else None
        if joined and _engine(joined["name"]):
            found.append((joined["name"], joined["version"]))
            continue
        match = _PART.match(stripped) if len(stripped) <= _LONG else None
        if match and match.group("name") and not match.group("rest").strip(" ()"):
            found.append((match.group("name").strip(" _=:"), match.group("version")))
        elif match and match.group("name"):
            found.append(
                (
                    match.group("name").strip(" _=:"),
                    f"{match.group('version')}{match.group('rest')}".strip(),
                )
            )
        elif stripped:
            found.append((stripped, None))
    return found


@cache
def _engine(name: str) -> str | None:
    return vocabulary().match("engine", name, SUITE) or vocabulary().match(
        "engine", name.lower().replace(" ", "-"), SUITE
    )


def precision(words: Any) -> str | None:
    """Return the precision that a source's words state: a term, `mixed` for several, None where they state none.

    A sentence is not read for its meaning: `Google bfloat16.` names one precision, a text that is nothing but several
    names is mixed, and any other is kept as it stands by whoever calls.
    """
    if isinstance(words, Mapping):
        found = {term for value in words.values() if (term := precision(value))}
        return next(iter(found)) if len(found) == 1 else "mixed" if found else None
    if not isinstance(words, str) or len(words) > _LONG:
        return None
    return _precision(words)


@cache
def _precision(words: str) -> str | None:
    # `clip1:fp32,unet:fp8` names parts of a model, whose precisions count.
    words = re.sub(r"[\w.]+\s*:", " ", words)
    named = [
        (
            word,
            vocabulary().match("precision", word, SUITE)
            or vocabulary().match("precision", word.lower(), SUITE),
        )
        for word in _WORD.findall(words)
    ]
    terms = list(dict.fromkeys(term for _, term in named if term))
    if len(terms) == 1:
        return terms[0]
    rest = _WORD.sub("", words)
    return "mixed" if terms and len(re.findall(r"[A-Za-z]{3,}", rest)) == 0 else None
