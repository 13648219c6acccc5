"""Versions of the standard: an older or newer record as plain data of this version, without loss.

A minor version only adds fields. What this version does not know of a newer one is carried under
`extensions.benchfmt` by JSON Pointer, and put back when the record is written for that version again.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from benchfmt.finding import BenchfmtError
from benchfmt.record import SCHEMA_VERSION, Record

NAMESPACE = "benchfmt"
_VERSION = re.compile(r"1\.(0|[1-9][0-9]*)")


class VersionError(BenchfmtError):
    """A version of the standard that this program cannot read."""


def readable(version: Any) -> bool:
    """Say whether records of a version can be read: every 1.x can."""
    return isinstance(version, str) and _VERSION.fullmatch(version) is not None


def to_current(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain record data as data of this version; raises VersionError for another major version."""
    version = data.get("benchfmt", SCHEMA_VERSION)
    if not readable(version):
        raise VersionError(f"version {version!r} is not one of 1.x, which this program reads")
    record = copy.deepcopy(dict(data))
    if version == SCHEMA_VERSION:
        return record
    unknown: dict[str, Any] = {}
    _lift(record, Record, "", unknown)
    record["benchfmt"] = SCHEMA_VERSION
    record.setdefault("extensions", {})[NAMESPACE] = {
        "version": version,
        **({"fields": unknown} if unknown else {}),
    }
    return record


def to_original(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `to_current` was given: the record in the version that it was written for."""
    record = copy.deepcopy(dict(data))
    carried = record.get("extensions", {}).pop(NAMESPACE, None)
    if carried is None:
        return record
    if not record["extensions"]:
        del record["extensions"]
    record["benchfmt"] = carried["version"]
    for pointer, value in carried.get("fields", {}).items():
        *parents, name = [
            part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]
        ]
        node: Any = record
        for part in parents:
            node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
        node[name] = value
    return record


def _lift(
    node: dict[str, Any], model: type[BaseModel], pointer: str, unknown: dict[str, Any]
) -> None:
    """Move the fields that `model` does not have from `node` to `unknown`."""
    for name in list(node):
        here = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in model.model_fields:
            unknown[here] = node.pop(name)
            continue
        part = _parts(model).get(name)
        children = node[name] if isinstance(node[name], list) else [node[name]]
        for index, child in enumerate(children):
            if part and isinstance(child, dict):
                _lift(
                    child,
                    part,
                    f"{here}/{index}" if isinstance(node[name], list) else here,
                    unknown,
                )


@cache
def _parts(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    found = {name: _part(field.annotation) for name, field in model.model_fields.items()}
    return {name: part for name, part in found.items() if part}


def _part(annotation: Any) -> type[BaseModel] | None:
    """Return the model within an annotation such as `list[Measurement] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, list) or hasattr(annotation, "__metadata__"):
        return next((part for part in map(_part, get_args(annotation)) if part), None)
    return None
