"""Three engines of SHACL, none of them ours, that judge one graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyshacl
import shacl
import shacl_rust
from rdflib import RDF, SH, Graph

_SH = str(SH)


class Fault(NamedTuple):
    """What an engine found: which constraint of which shape, in whose words, and at which node where it has an IRI."""

    constraint: str
    shape: str
    message: str
    node: str


def judged(graph: Graph, shapes: Path) -> dict[str, list[Fault]]:
    """Return what each engine finds in a graph, sorted."""
    return {name: sorted(judge(graph, shapes)) for name, judge in JUDGES.items()}


def by_pyshacl(graph: Graph, shapes: Path) -> list[Fault]:
    """Return what pyshacl finds."""
    conforms, report, _ = pyshacl.validate(graph, shacl_graph=Graph().parse(shapes))
    faults = []
    for result in report.subjects(RDF.type, SH.ValidationResult):
        if (None, SH.detail, result) in report:
            continue  # why a member of a sh:or does not hold
        values = [
            str(report.value(result, name))
            for name in (SH.sourceConstraintComponent, SH.sourceShape, SH.resultMessage)
        ]
        faults.append(_fault(*values, report.value(result, SH.focusNode).n3()))
    assert conforms is not bool(faults)
    return faults


def by_shacl(graph: Graph, shapes: Path) -> list[Fault]:
    """Return what the engine `shacl` finds."""
    compiled = shacl.Shapes.from_file(str(shapes))
    report = compiled.validate_text(graph.serialize(format="nt"), "nt")
    faults = [
        _fault(item.component_iri, item.source_shape, item.message, item.focus_node)
        for item in report.results
    ]
    assert report.conforms is not bool(faults)
    return faults


def by_shacl_rust(graph: Graph, shapes: Path) -> list[Fault]:
    """Return what the engine `shacl-rust` finds."""
    report: Any = shacl_rust.validate(
        graph.serialize(format="nt"), shapes.read_text("utf-8"), data_format="nt"
    )
    faults = []
    for item in report["results"]:
        # Its own words come first.
        message = item["messages"][-1]
        faults.append(
            _fault(
                item["sourceConstraintComponent"], item["sourceShape"], message, item["focusNode"]
            )
        )
    assert report["conforms"] is not bool(faults)
    return faults


def _fault(constraint: str, shape: str, message: str, node: str) -> Fault:
    constraint = constraint.strip("<>").removeprefix(_SH).removesuffix("ConstraintComponent")
    if not node.strip("<>").startswith("http"):
        node = ""  # engines call blank nodes differently
    return Fault(constraint, shape.strip("<>"), message, node.strip("<>"))


JUDGES: dict[str, Callable[[Graph, Path], list[Fault]]] = {
    "pyshacl": by_pyshacl,
    "shacl": by_shacl,
    "shacl-rust": by_shacl_rust,
}
