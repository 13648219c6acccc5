"""Descriptions of systems in MLPerf Storage: JSON of v0.5 to v2.0 and YAML of v3.0, and the storage that they state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.draft import filled
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.result_draft import Description
from benchfmt.converters.mlperf.storage.files import read_yaml
from benchfmt.converters.mlperf.storage.values import as_list, as_object
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import mlperf_json
from benchfmt.vocabulary import vocabulary

SUITE = "mlperf-storage"


@lru_cache(maxsize=256)
def read_description(path: str, _modified: int, _size: int, limits: Limits) -> Description:
    """Return data, repairs and error of a system's file; many results share one."""
    file = Path(path)
    if file.suffix.lower() == ".json":
        try:
            data, repairs = mlperf_json.read(file, limits)
        except (BenchfmtError, OSError) as error:
            return Description({}, error=str(error))
    else:
        data, fault = read_yaml(file)
        repairs = []
        if fault is not None:
            return Description({}, error=fault)
    if not isinstance(data, dict):
        return Description({}, tuple(repairs), "not an object that describes a system")
    return Description(data, tuple(repairs))


def system(description: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
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
    stated: dict[str, JsonValue] = {
        "name": _text(storage, "model_name") or _text(storage, "solution_name"),
        "vendor": _text(storage, "vendor_name"),
        "processor": _processor(as_object(client.get("CPU"))),
        "extensions": {"mlperf": systems.said(dict(description))},
    }
    if storage:
        stated["kind"] = "appliance"
    memory = as_object(client.get("DRAM"))
    size = mlperf_json.count(memory.get("capacity_MiB"))
    # A server with less than a gibibyte is one whose size was written in GiB: it stays in the extensions only.
    if size and size >= 1024:
        stated["memory_bytes"] = size * 2**20
    return filled(stated)


def _text(data: Mapping[str, JsonValue], key: str) -> str | None:
    return mlperf_json.text(data.get(key))


def _processor(cpu: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        "name": _text(cpu, "vendor_and_model_name"),
        "count": mlperf_json.count(cpu.get("socket_count")),
        "cores": mlperf_json.count(cpu.get("cores_per_socket")),
        "clock_hz": mlperf_json.frequency_hz(cpu.get("base_frequency")),
    }


def _client(description: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return the kind of node that the benchmark ran on, else the only one."""
    nodes = [node for node in as_list(description.get("nodes")) if isinstance(node, dict)]
    hosts = [as_object(host) for host in as_list(description.get("benchmark_hosts"))]
    wanted = {_type_name(host) for host in hosts if host.get("node_type_name")}
    for node in nodes:
        if _type_name(node) in wanted:
            return node
    if len(nodes) == 1:
        return nodes[0]
    return {}


def _type_name(node: Mapping[str, JsonValue]) -> str:
    return str(node.get("node_type_name")).lower()


def _system_of_yaml(under_test: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the system of v3.0; of several kinds of clients the first, if there is one."""
    solution = as_object(under_test.get("solution"))
    clients = [as_object(client) for client in as_list(under_test.get("clients"))]
    client = next(iter(clients), {})
    chassis = as_object(client.get("chassis"))
    running = as_object(client.get("operating_system"))
    names = [_text(running, key) for key in ("name", "version")]
    stated: dict[str, JsonValue] = {
        "name": _text(solution, "submission_name"),
        "processor": {
            "name": _text(chassis, "cpu_model"),
            "count": mlperf_json.count(chassis.get("cpu_qty")),
        },
        "operating_system": " ".join(filter(None, names)) or None,
        "extensions": {"mlperf": systems.said(dict(under_test))},
    }
    return filled(stated)


def category(description: Mapping[str, JsonValue]) -> str | None:
    """Return the availability of the system as a category, or None where it is not told."""
    solution = as_object(as_object(description.get("system_under_test")).get("solution"))
    availability = solution.get("availability")
    if not isinstance(availability, str):
        return None
    return vocabulary().match("category", availability, SUITE)
