"""Descriptions of systems in MLPerf Training and HPC: JSON of every round, what stands in its place, and software."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.mlperf import systems
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.numbers import kept
from benchfmt.readers import heads, jsons, mllog, mlperf_json
from benchfmt.readers.files import file_sha256
from benchfmt.suites import mlperf_training as rules
from benchfmt.vocabulary import vocabulary

_PER_NODE = re.compile(r"^\s*([0-9]{1,3}) ?[xX] ?(?=\S)")
_MOST_BYTES = 100_000
"""Bytes of a description that is no JSON."""


@dataclass(frozen=True, slots=True)
class Described:
    """What the file of a description says, as it stands there, and what had to be mended or is wrong."""

    data: dict[str, JsonValue]
    sha256: str
    repairs: tuple[str, ...] = ()
    error: str | None = None


def read(path: Path, limits: Limits) -> Described:
    """Return what a description says; many results share one system."""
    status = path.stat()
    return _read(str(path), status.st_mtime_ns, status.st_size, limits)


@lru_cache(maxsize=256)
def _read(path: str, _modified: int, _size: int, limits: Limits) -> Described:
    place = Path(path)
    digest = file_sha256(place)
    try:
        data, repairs = mlperf_json.read(place, limits)
    except BenchfmtError as error:
        logged = _of_lines(place)
        if not logged:
            return Described({}, digest, error=str(error))
        repair = "lines of a log in place of JSON; read as such"
        return Described(_clean_object(logged), digest, (repair,))
    if not isinstance(data, dict):
        return Described({}, digest, error="not a JSON object")
    return Described(_clean_object(data), digest, tuple(repairs))


def _clean_object(data: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return data whose texts are lines of characters; a number that no double holds becomes text."""
    return {mllog.clean(key) or "": _clean(item) for key, item in data.items()}


def _clean(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return mllog.clean(value) or ""
    if isinstance(value, dict):
        return _clean_object(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    number: JsonValue = kept(value)
    return number


def _of_lines(path: Path) -> dict[str, JsonValue]:
    """Return the description that NVIDIA wrote in v0.6: `key: {"value": ..., "metadata": ...}` on each line.

    The value of `entry` is a Python dictionary with Python dictionaries as text in it.
    """
    logged: dict[str, JsonValue] = {}
    text = heads.whole(path)[:_MOST_BYTES].decode("utf-8", "replace")
    for line in text.splitlines():
        match = re.fullmatch(r"(\w+): (\{.*\})\s*", line)
        if match is None:
            continue
        try:
            data = jsons.parse(match[2])
        except BenchfmtError:
            continue
        if isinstance(data, dict) and "value" in data:
            logged[match[1]] = data["value"]
    entry = _unpacked(logged.get("entry"))
    if not isinstance(entry, dict):
        return {}
    entry["division"] = logged.get("division")
    entry["status"] = logged.get("status")
    described = of_entry(entry)
    if isinstance(logged.get("org"), str):
        described["submitter"] = logged["org"]
    return described


def _unpacked(value: JsonValue) -> JsonValue:
    """Return the data of a Python dictionary that is written as text, and of those in it."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        value = mllog.python_data(value) or value
    if isinstance(value, dict):
        return {str(key): _unpacked(item) for key, item in value.items()}
    plain: JsonValue = mllog.plain(value)
    return plain


_OF_ENTRY = {
    "division": "division",
    "status": "status",
    "system_name": "hardware",
    "framework": "framework",
    "operating_system": "os",
    "hw_notes": "notes",
    "libraries": "libraries",
    "compilers": "compilers",
    "host_networking": "interconnect",
}
_OF_NODE = {
    "number_of_nodes": "num_nodes",
    "accelerator_model_name": "accelerator",
    "accelerators_per_node": "num_accelerators",
}
"""The words of later rounds, and those of v0.5."""


def of_entry(entry: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return v0.5's description of a system in the words of later rounds; sizes of memory without a unit are in GB."""
    nodes = entry.get("nodes")
    node = nodes
    described = {name: entry.get(key) for name, key in _OF_ENTRY.items()}
    if isinstance(nodes, list) and len(nodes) == 1:
        node = nodes[0]
    elif isinstance(nodes, list) and nodes:
        described["nodes"] = nodes
    if isinstance(node, dict):
        described |= _of_node(node)
    return {key: value for key, value in described.items() if value is not None}


def _of_node(node: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what v0.5 says of a node in the words of later rounds; what has no such word stays as it is."""
    rest = dict(node)
    described = {name: rest.pop(key, None) for name, key in _OF_NODE.items()}
    cpu = rest.pop("cpu", None)
    if isinstance(cpu, str):
        several = _PER_NODE.match(cpu)
        if several:
            described["host_processors_per_node"] = several[1]
            cpu = cpu[several.end() :]
    memory = rest.pop("sys_mem_size", None)
    if mlperf_json.count(memory):
        memory = f"{memory} GB"
    described["host_processor_model_name"] = cpu
    described["host_memory_capacity"] = memory
    return {**described, **rest}


def software(framework: JsonValue, stack: JsonValue = None) -> systems.Software:
    """Return engine and stack; a text that names several engines does not say which one ran the benchmark.

    The number of `MXNet NVIDIA Release 23.04` is that of a container, not of the engine.
    """
    named: frozenset[str] = frozenset()
    if isinstance(framework, str):
        named = _engines(framework)
    if len(named) > 1:
        parts = _stack(framework) | _stack(stack)
        if not parts:
            return {}
        return {"stack": parts}
    described = systems.software(framework, stack)
    if "engine_version" in described:  # what stands behind the number is kept with the text
        described["engine_version"] = described["engine_version"].split()[0]
    if named and "engine" not in described:
        described["engine"] = next(iter(named))
    return described


def _stack(parts: JsonValue) -> dict[str, str]:
    """Return names and versions out of a text or an object."""
    return systems.software(None, parts).get("stack", {})


@cache
def _engines(framework: str) -> frozenset[str]:
    """Return the engines that a text names: `MXNet NVIDIA Release 23.04`, `NGC MXNet 21.05 , NGC PyTorch 21.05`."""
    words = re.findall(r"[A-Za-z][A-Za-z0-9.-]*", framework)
    terms = (vocabulary().match("engine", word, rules.TRAINING) for word in words)
    return frozenset(filter(None, terms))
