"""Descriptions of systems in MLPerf Storage: JSON of v0.5 to v2.0 and YAML of v3.0, and the storage that they state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.result_notes import Description
from benchfmt.converters.mlperf.storage.files import read_yaml
from benchfmt.converters.mlperf.storage.values import as_list, as_object
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import mlperf_json
from benchfmt.record import given
from benchfmt.vocabulary import vocabulary

SUITE = "mlperf-storage"


@lru_cache(maxsize=256)
def read_description(path: str, _modified: int, _size: int, limits: Limits) -> Description:
    """Return data, repairs and error of a system's file; many results share one."""
    place_of = Path(path)
    repaired: list[str] = []
    data: Any
    error: str | None = None
    if place_of.suffix.lower() == ".json":
        try:
            data, repaired = mlperf_json.read(place_of, limits)
        except (BenchfmtError, OSError) as fault:
            data, error = None, str(fault)
    else:
        data, error = read_yaml(place_of)
    if error is None and not isinstance(data, dict):
        error = "not an object that describes a system"
    return (data if isinstance(data, dict) and not error else {}), tuple(repaired), error


def system(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the storage system that a description states; its client's processor; the rest as it stands.

    Accelerators are emulated, so there is none, whatever the file counts.
    """
    if not description:
        return {}
    under_test = as_object(description.get("system_under_test"))
    if under_test:
        return _system_of_yaml(under_test)
    storage = as_object(description.get("storage_system"))
    client = _client(description)
    cpu, memory = as_object(client.get("CPU")), as_object(client.get("DRAM"))
    processor = given(
        name=mlperf_json.text(cpu.get("vendor_and_model_name")),
        count=mlperf_json.count(cpu.get("socket_count")),
        cores=mlperf_json.count(cpu.get("cores_per_socket")),
        clock_hz=mlperf_json.frequency_hz(cpu.get("base_frequency")),
    )
    size = mlperf_json.count(memory.get("capacity_MiB"))
    kept = systems.said(dict(description))
    return given(
        name=mlperf_json.text(storage.get("model_name"))
        or mlperf_json.text(storage.get("solution_name")),
        kind="appliance" if storage else None,
        vendor=mlperf_json.text(storage.get("vendor_name")),
        processor=processor or None,
        # A server with less than a gibibyte is one whose size was written in GiB: it stays in the extensions only.
        memory_bytes=size * 2**20 if size and size >= 1024 else None,
        extensions={"mlperf": kept} if kept else None,
    )


def _client(description: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the kind of node that the benchmark ran on, else the only one."""
    nodes = [node for node in as_list(description.get("nodes")) if isinstance(node, dict)]
    hosts = [
        as_object(host).get("node_type_name")
        for host in as_list(description.get("benchmark_hosts"))
    ]
    wanted = {str(host).lower() for host in hosts if host}
    named = [node for node in nodes if str(node.get("node_type_name")).lower() in wanted]
    chosen = named or (nodes if len(nodes) == 1 else [])
    return chosen[0] if chosen else {}


def _system_of_yaml(under_test: Mapping[str, Any]) -> dict[str, Any]:
    """Return the system of v3.0; of several kinds of clients the first, if there is one."""
    solution = as_object(under_test.get("solution"))
    clients = [as_object(client) for client in as_list(under_test.get("clients"))]
    client = clients[0] if clients else {}
    chassis, system_of = as_object(client.get("chassis")), as_object(client.get("operating_system"))
    processor = given(
        name=mlperf_json.text(chassis.get("cpu_model")),
        count=mlperf_json.count(chassis.get("cpu_qty")),
    )
    name = mlperf_json.text(solution.get("submission_name"))
    words = [mlperf_json.text(system_of.get(key)) for key in ("name", "version")]
    kept = systems.said(dict(under_test))
    return given(
        name=name,
        processor=processor or None,
        operating_system=" ".join(word for word in words if word) or None,
        extensions={"mlperf": kept} if kept else None,
    )


def category(description: Mapping[str, Any]) -> str | None:
    """Return the availability of the system as a category, or None where it is not told."""
    solution = as_object(as_object(description.get("system_under_test")).get("solution"))
    word = solution.get("availability")
    return vocabulary().match("category", word, SUITE) if isinstance(word, str) else None
