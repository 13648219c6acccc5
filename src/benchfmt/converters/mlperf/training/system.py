"""Descriptions of systems in MLPerf Training and HPC: JSON of every round, what stands in its place, and software."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from benchfmt.converters.mlperf import systems
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.numbers import kept
from benchfmt.readers import jsons, mllog, mlperf_json
from benchfmt.readers.files import file_sha256
from benchfmt.record import given
from benchfmt.suites import mlperf_training as rules
from benchfmt.vocabulary import vocabulary

_PER_NODE = re.compile(r"^\s*([0-9]{1,3}) ?[xX] ?(?=\S)")
_MOST_LINES = 100_000
"""Bytes of a description that is no JSON."""


def read(path: Path, limits: Limits) -> tuple[Any, tuple[str, ...], str | None, str | None]:
    """Return data, repairs, error and hash of a description; many results share one system."""
    status = path.stat()
    return _read(str(path), status.st_mtime_ns, status.st_size, limits)


@lru_cache(maxsize=256)
def _read(
    path: str, _modified: int, _size: int, limits: Limits
) -> tuple[Any, tuple[str, ...], str | None, str | None]:
    place = Path(path)
    digest = file_sha256(place)
    try:
        data, repaired = mlperf_json.read(place, limits)
    except BenchfmtError as error:
        lines = _of_lines(place)
        if not lines:
            return None, (), str(error), digest
        return _clean(lines), ("lines of a log in place of JSON; read as such",), None, digest
    if not isinstance(data, dict):
        return None, (), "not a JSON object", digest
    return _clean(data), tuple(repaired), None, digest


def _clean(value: Any) -> Any:
    """Return data whose texts are lines of characters; a number that no double holds becomes text."""
    if isinstance(value, str):
        return mllog.clean(value) or ""
    if isinstance(value, dict):
        return {mllog.clean(key) or "": _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return kept(value)


def _of_lines(path: Path) -> dict[str, Any]:
    """Return the description that NVIDIA wrote in v0.6: `key: {"value": ..., "metadata": ...}` on each line.

    The value of `entry` is a Python dictionary with Python dictionaries as text in it.
    """
    found: dict[str, Any] = {}
    for line in path.read_bytes()[:_MOST_LINES].decode("utf-8", "replace").splitlines():
        match = re.fullmatch(r"(\w+): (\{.*\})\s*", line)
        if match is None:
            continue
        try:
            data = jsons.parse(match[2])
        except BenchfmtError:
            continue
        if isinstance(data, dict) and "value" in data:
            found[match[1]] = data["value"]
    if "entry" not in found:
        return {}
    entry = _unpacked(found.pop("entry"))
    if not isinstance(entry, dict):
        return {}
    described = of_entry(
        {**entry, "division": found.get("division"), "status": found.get("status")}
    )
    return {
        **described,
        **({"submitter": found["org"]} if isinstance(found.get("org"), str) else {}),
    }


def _unpacked(value: Any) -> Any:
    """Return the data of a Python dictionary that is written as text, and of those in it."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        value = mllog.python_data(value) or value
    if isinstance(value, dict):
        return {str(key): _unpacked(item) for key, item in value.items()}
    return mllog.plain(value)


def of_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return v0.5's description of a system in the words of later rounds; sizes of memory without a unit are in GB."""
    nodes = entry.get("nodes")
    node = nodes[0] if isinstance(nodes, list) and len(nodes) == 1 else nodes
    node = node if isinstance(node, dict) else {}
    cpu = node.get("cpu")
    several = _PER_NODE.match(cpu) if isinstance(cpu, str) else None
    memory = node.get("sys_mem_size")
    size = f"{memory} GB" if mlperf_json.count(memory) else memory
    renamed = {
        "division": entry.get("division"),
        "status": entry.get("status"),
        "system_name": entry.get("hardware"),
        "framework": entry.get("framework"),
        "operating_system": entry.get("os"),
        "hw_notes": entry.get("notes"),
        "libraries": entry.get("libraries"),
        "compilers": entry.get("compilers"),
        "host_networking": entry.get("interconnect"),
        "number_of_nodes": node.get("num_nodes"),
        "host_processor_model_name": cpu[several.end() :]
        if several and isinstance(cpu, str)
        else cpu,
        "host_processors_per_node": several[1] if several else None,
        "host_memory_capacity": size,
        "accelerator_model_name": node.get("accelerator"),
        "accelerators_per_node": node.get("num_accelerators"),
    }
    rest = {
        key: item
        for key, item in node.items()
        if key not in ("num_nodes", "cpu", "sys_mem_size", "accelerator", "num_accelerators")
    }
    several_kinds = {"nodes": nodes} if isinstance(nodes, list) and len(nodes) > 1 else {}
    return {
        key: value
        for key, value in {**renamed, **rest, **several_kinds}.items()
        if value is not None
    }


def software(framework: Any, stack: Any = None) -> dict[str, Any]:
    """Return engine and stack; a text that names several engines does not say which one ran the benchmark.

    The number of `MXNet NVIDIA Release 23.04` is that of a container, not of the engine.
    """
    found = systems.software(framework, stack)
    named = _engines(framework) if isinstance(framework, str) else frozenset()
    if len(named) > 1:
        parts = systems.software(None, framework).get("stack", {})
        return given(stack={**parts, **systems.software(None, stack).get("stack", {})} or None)
    if "engine_version" in found:  # what stands behind the number is kept with the text
        found["engine_version"] = found["engine_version"].split()[0]
    if "engine" in found or not named:
        return found
    return {"engine": next(iter(named)), **found}


@cache
def _engines(framework: str) -> frozenset[str]:
    """Return the engines that a text names: `MXNet NVIDIA Release 23.04`, `NGC MXNet 21.05 , NGC PyTorch 21.05`."""
    words = re.findall(r"[A-Za-z][A-Za-z0-9.-]*", framework)
    return frozenset(
        term for word in words if (term := vocabulary().match("engine", word, rules.TRAINING))
    )
