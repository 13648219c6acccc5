"""JSON-LD, over damaged nodes: what is read as it stands must be what the graph of the nodes tells."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from benchfmt.converters import graph_store, graphs, json_ld
from benchfmt.converters.base import Failed
from benchfmt.finding import BenchfmtError
from benchfmt.identity import canonical
from benchfmt.limits import LIMITS
from benchfmt.linked import LINKS, context
from benchfmt.readers import json_graphs, jsons
from benchfmt.record import Record
from fuzz.targets import Target, files

_SYSTEM = (
    '{"@id":"urn:s","@type":"System","id":"s",'
    '"accelerator":[{"@id":"urn:s#accelerator.0","kind":"gpu","count":2}]},'
    '{"@id":"urn:a","@type":"prov:Agent","rdfs:label":"me"},'
)
_RECORD = (
    '{"@id":"urn:r","@type":"Record","dcterms:isPartOf":"urn:p","benchfmt":"1.0","id":"r","status":"ok",'
    '"system":{"@id":"urn:s"},"benchmark":{"@id":"urn:r#benchmark","suite":"lpdnn","name":"x"},'
    '"extensions":{"acme":[1,2.5]},"inputs":[{"@id":"urn:r#inputs.0","name":"n","values":[1,0.5]}],'
    '"measurements":[{"@id":"urn:r#measurements.0","@type":"Measurement","metric":"latency","value":1.5,'
    '"unit":"s","basis":"measured","caveats":["cached"],"qudt:unit":"http://qudt.org/vocab/unit/SEC"}],'
    '"provenance":{"@id":"urn:r#provenance",'
    '"sources":[{"@id":"urn:r#provenance.sources.0","@type":"Source","path":"a"}]}}'
)


def _json_ld(_root: Path, path: Path) -> None:
    """Read nodes that stand under the context of the standard."""
    _may_refuse(partial(_members, path))
    head = json.dumps({"@context": [context()["@context"], LINKS]}, separators=(",", ":"))
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / "whole.jsonld"
        whole.write_bytes(head[:-1].encode() + b',"@graph":[' + path.read_bytes() + b"]}")
        _may_refuse(partial(_members, whole))
        _may_refuse(partial(graphs.heading, whole))
        _may_refuse(partial(_records, whole))


def _may_refuse(step: Callable[[], object]) -> None:
    with suppress(BenchfmtError):
        step()


def _members(path: Path) -> None:
    found = list(json_graphs.members(path))
    data = jsons.read(path)
    nodes = [member.data for member in found if member.name is None]
    beside = {member.name: member.data for member in found if member.name is not None}
    if isinstance(data, list):
        assert data == nodes
    else:
        has_list = isinstance(data.get("@graph"), list)
        assert data == (beside | {"@graph": nodes} if has_list else beside)


def _records(path: Path) -> None:
    outline = json_ld.outline(path)
    told = {_said(item) for item in graph_store.read_stored(path, outline, LIMITS)}
    if outline.systems is not None:
        standing = json_ld.records(path, outline.context, outline.systems)
        assert {_said(item) for item in standing} == told


def _said(item: Record | Failed) -> str:
    if isinstance(item, Failed):
        return "failed"
    # A graph keeps JSON in the canonical form, in which 1E5 and 100000 are one number, as in the standard.
    return canonical(item.to_dict())


TARGETS = (Target("linked-nodes", _json_ld, files("a.jsonld", texts=(_SYSTEM + _RECORD, _RECORD))),)
