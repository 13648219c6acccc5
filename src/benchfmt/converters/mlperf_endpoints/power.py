"""The power of a system of MLPerf Endpoints, which the submitter declares: nothing is measured."""

from __future__ import annotations

from fractions import Fraction

from pydantic import JsonValue

from benchfmt.converters.draft import Draft, derived
from benchfmt.converters.mlperf_endpoints.files import Files
from benchfmt.converters.mlperf_endpoints.speed import system_tps
from benchfmt.readers.objects import Fields

_OVERHEAD = {"air": Fraction(1, 2), "liquid": Fraction(3, 10)}
"""What cooling adds to the power of the components, by the suite's rules."""


def add_power(draft: Draft, files: Files) -> None:
    """Add the power that the submitter declares: components and cooling; of other systems it is kept as it stands."""
    if not files.power.data:
        return
    watts = _declared_watts(files.power)
    if watts is None:
        draft.keep("system_power", files.power.data)
        return
    kilowatts = round(watts / 1000, 2)
    is_inferred = files.power.flag("mlc_estimated_power") or _is_estimated(dict(files.power.data))
    caveats = None
    if is_inferred:
        caveats = ["definition-inferred"]
    power = derived("power", kilowatts * 1000, statistic="nominal-max", scope="cluster")
    power.basis = "nominal"
    power.caveats = caveats
    power.source_path = files.power_path
    draft.add(power)
    rate = system_tps(files.summary)
    if rate is not None and kilowatts:
        number = derived("mlperf:tps-per-kilowatt", round(rate / kilowatts, 1), scope="cluster")
        number.basis = "nominal"
        number.caveats = caveats
        draft.add(number)


def _declared_watts(power: Fields) -> Fraction | None:
    """Return the watts of a system whose nodes are sums of components and have no network apart, else None."""
    if power.part("scale_out").flag("present") is not False:
        return None
    overhead = _OVERHEAD.get(power.text("cooling") or "")
    sets = power.parts("node_sets")
    if overhead is None or not sets:
        return None
    total = Fraction(0)
    for node_set in sets:
        watts = _watts_of_a_node(node_set)
        nodes = node_set.count("nodes_provisioned")
        used = node_set.count("nodes_used")
        if watts is None or nodes is None or used not in (None, nodes):
            return None
        total += watts * (1 + overhead) * nodes
    return total


def _watts_of_a_node(node_set: Fields) -> Fraction | None:
    components = node_set.part("components")
    if node_set.text("power_method") != "component_sum":
        return None
    total = Fraction(0)
    for name in components.data:
        component = components.part(name)
        if name == "scale_up_network":
            if component.text("method") != "none":
                return None
            continue
        watts = component.part("tdp_per_unit").exact("value_w")
        count = component.count("count_per_node")
        if watts is None or count is None:
            return None
        total += watts * count
    return total


def _is_estimated(data: JsonValue) -> bool:
    """Say whether a figure is a default of the suite's rules, which no maker gave."""
    if isinstance(data, dict):
        return data.get("source_type") == "mlc_default" or any(map(_is_estimated, data.values()))
    return isinstance(data, list) and any(map(_is_estimated, data))
