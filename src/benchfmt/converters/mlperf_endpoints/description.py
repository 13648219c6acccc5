"""What a point of MLPerf Endpoints is of: the benchmark, the system and how it was set."""

from __future__ import annotations

import re

from pydantic import JsonValue

from benchfmt.converters.draft import Draft, filled
from benchfmt.converters.mlperf.systems import accelerator_kind
from benchfmt.converters.mlperf_endpoints.files import Files
from benchfmt.readers.objects import Fields
from benchfmt.units import convert
from benchfmt.vocabulary import vocabulary

SUITE = "mlperf-endpoints"
_PARALLELISM = ("tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel")
_AVAILABILITY = ("system_availability_status", "publication_status", "availability_status")


def describe(draft: Draft, files: Files) -> None:
    """Add the benchmark, the model, the settings and the system of a point, and what has no field."""
    point, system = files.point, files.system
    division = point.text("division") or system.text("division")
    scenario = "closed-loop"
    if files.is_dedicated:
        scenario = "offline"
    draft.benchmark(
        suite_version=point.text("target_cohort"),
        name=files.model,
        division=vocabulary().match("division", (division or "").lower(), SUITE),
        category=_availability(system),
        system_type=system.term("system_category", "system-type", SUITE),
        scenario=scenario,
    )
    draft.model(name=files.model)
    draft.configuration(precision=point.term("model_precision", "precision", SUITE))
    _add_settings(draft, point, system)
    draft.provenance(submitter=system.text("submitter_org_names"))
    _add_system(draft, system)
    steady = point.part("steady_state")
    basis = "whole-run"
    if steady.text("status") == "windowable":
        basis = "window"
    draft.keep("official_basis", basis)
    draft.keep_all(point.only("region", "offline", "seed_set", "dataset", "dataset_type"))
    draft.keep_all(point.only("steady_state", "runtime_settings", "warmup"))
    draft.keep_all(files.summary.only("version", "git_sha", "finish_reason_counts"))
    draft.keep_all(
        files.summary.only("n_samples_issued", "n_samples_completed", "n_samples_failed")
    )
    draft.keep("input_sequence_lengths", files.summary.part("input_sequence_lengths").only("avg"))
    draft.keep_all(system.only("serving_framework", "max_supported_concurrency", "tps_utilization"))
    if draft.status == "ok" and not _is_complete(files.summary):
        draft.fail("incomplete", f"state: {files.summary.word('state')}")


def _add_settings(draft: Draft, point: Fields, system: Fields) -> None:
    settings: dict[str, JsonValue] = {"concurrency": point.count("concurrency")}
    settings |= {name: system.count(name) for name in _PARALLELISM}
    settings["batch"] = system.part("config_summary").count("batch")
    settings["speculative_decoding"] = point.text("speculative_decoding")
    draft.hyperparameters(filled(settings))


def _is_complete(summary: Fields) -> bool:
    return summary.text("state") == "complete" and summary.flag("complete") is not False


def _availability(system: Fields) -> str | None:
    for name in _AVAILABILITY:
        word = system.text(name)
        if word:
            return vocabulary().match("category", word, SUITE)
    return None


def _add_system(draft: Draft, system: Fields) -> None:
    """Add the hardware: of a system of one type of nodes only, as the counts are those of a node."""
    draft.system(name=system.text("system_name"))
    _add_engine(draft, system.text("serving_framework") or "")
    nodes = system.parts("node_types")
    if len(nodes) != 1:
        draft.keep("node_types", system.data.get("node_types"))
        return
    [node] = nodes
    processor: dict[str, JsonValue] = {
        "name": node.text("host_processor_model_name"),
        "count": node.count("host_processors_per_node"),
        "cores": node.count("host_processor_core_count"),
    }
    draft.system(
        nodes=node.count("number_of_nodes"),
        processor=filled(processor),
        accelerator=[_accelerator(item) for item in node.parts("accelerator_info")],
        operating_system=node.text("operating_system"),
    )
    draft.keep_all(
        node.only("host_memory_capacity", "cooling", "driver", "host_network_card_count")
    )


def _add_engine(draft: Draft, framework: str) -> None:
    named = re.fullmatch(r"(\S+)(?: v?([0-9]\S*))?", framework)
    if named is None:
        return
    engine = vocabulary().match("engine", named[1], SUITE)
    if engine:
        draft.software(engine=engine, engine_version=named[2])


def _accelerator(item: Fields) -> dict[str, JsonValue]:
    name = item.text("accelerator_model_name")
    return filled(
        {
            "kind": accelerator_kind(name or ""),
            "name": name,
            "count": item.count("accelerators_per_node"),
            "memory_bytes": _bytes(item.text("accelerator_memory_capacity") or ""),
        }
    )


def _bytes(size: str) -> int | None:
    gigabytes = re.fullmatch(r"([0-9.]+) ?GB", size)
    if gigabytes is None:
        return None
    return int(convert(gigabytes[1], "GBy", "By") or 0) or None
