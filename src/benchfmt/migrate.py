"""Versions of the standard: an older or newer record as plain data of this version, without loss.

What is older goes through steps, each from one version to the next and back; tables go through the same steps by columns.
A minor version only adds fields. What this version does not know of a newer one is carried under
`extensions.benchfmt` by JSON Pointer, and put back when the record is written for that version again.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel

from benchfmt.finding import BenchfmtError
from benchfmt.record import SCHEMA_VERSION, Record

if TYPE_CHECKING:
    import polars as pl

NAMESPACE = "benchfmt"
_VERSION = re.compile(r"1\.(0|[1-9][0-9]*)")
_ANY_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
Plain = dict[str, Any]
"""A record as plain data."""
Rows = Callable[[str, "pl.DataFrame"], "pl.DataFrame"]


def _as_they_are(_table: str, rows: pl.DataFrame) -> pl.DataFrame:
    return rows


@dataclass(frozen=True)
class Step:
    """How what is of one version becomes what the next version says, and back; the functions may change what they are given.

    `backward` raises VersionError where something would be lost.
    """

    newer: str
    """The version that the step leads to."""
    forward: Callable[[Plain], Plain]
    backward: Callable[[Plain], Plain]
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """For a table: how columns were called, each with its newer name."""
    cells: Rows = _as_they_are
    """Changes the rows of a table whose columns have their newer names; a column keeps its type, in CSV text."""


STEPS: dict[str, Step] = {}
"""The steps by the version that each starts from. There is none yet: 1.0 is the first version."""


class VersionError(BenchfmtError):
    """A version of the standard that this program cannot read or write."""


def readable(version: object) -> bool:
    """Say whether records of a version can be read: every 1.x can, and older ones from which steps lead here."""
    return isinstance(version, str) and (
        _VERSION.fullmatch(version) is not None or version in STEPS
    )


def is_newer(version: str) -> bool:
    """Say whether a version that can be read is a later 1.x than this one."""
    return version != SCHEMA_VERSION and not is_older(version)


def is_older(version: str) -> bool:
    """Say whether steps lead from a version to this one."""
    return version in STEPS


def refusal(version: object) -> str:
    """Return that a version cannot be read, and which ones can."""
    known = " and ".join([*STEPS, "1.x"])
    return f"version {version!r} is not one of {known}, which this program reads"


def advice(version: object) -> str:
    """Return what to do about a version that cannot be read."""
    match = _ANY_VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        return f"a version has two numbers, as in {SCHEMA_VERSION}"
    if int(match[1]) > int(SCHEMA_VERSION.partition(".")[0]):
        return "it is newer than this program: update benchfmt (pip install --upgrade benchfmt)"
    return "it is older than all that this program reads: ask whoever wrote it for a newer one"


def to_current(data: Mapping[str, Any]) -> Plain:
    """Return plain record data as data of this version; raises VersionError for a version that cannot be read."""
    version = data.get("benchfmt", SCHEMA_VERSION)
    if not readable(version):
        raise VersionError(f"{refusal(version)}; {advice(version)}")
    record = copy.deepcopy(dict(data))
    if not is_newer(version):
        for step in _steps(version):
            record = step.forward(record)
            record["benchfmt"] = step.newer
        return record
    unknown: Plain = {}
    _lift(record, Record, "", unknown)
    record["benchfmt"] = SCHEMA_VERSION
    record.setdefault("extensions", {})[NAMESPACE] = {
        "version": version,
        **({"fields": unknown} if unknown else {}),
    }
    return record


def to_original(data: Mapping[str, Any]) -> Plain:
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


def to_version(data: Mapping[str, Any], version: str) -> Plain:
    """Return record data of this version as data of an older one; raises VersionError where something would be lost."""
    if version != SCHEMA_VERSION and version not in STEPS:
        raise VersionError(f"no steps lead back to version {version!r}")
    record = copy.deepcopy(dict(data))
    for older in reversed(_versions(version)):
        record = STEPS[older].backward(record)
        record["benchfmt"] = older
    return record


def rows_to_current(version: str, table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of a table, of a version that can be read, with the columns and cells of this one."""
    for step in _steps(version):
        names = step.columns.get(table, {})
        # Where a file has both, the older one is a column that nobody knows.
        renamed = {older: newer for older, newer in names.items() if newer not in rows.columns}
        rows = step.cells(table, rows.rename(renamed, strict=False))
    return rows


def older_names(version: str) -> dict[str, dict[str, str]]:
    """Return, for each table, how columns of this version were called in another one."""
    names: dict[str, dict[str, str]] = {}
    for step in _steps(version):
        for table, renamed in step.columns.items():
            known = names.setdefault(table, {})
            for older, newer in renamed.items():
                known[newer] = known.pop(older, older)
    return names


def _steps(version: str) -> list[Step]:
    """Return the steps from a version to this one, none from this one and from a newer one."""
    return [STEPS[older] for older in _versions(version)]


def _versions(version: str) -> list[str]:
    """Return the versions on the way from an older one to this one, the older one first."""
    versions = []
    while version in STEPS:
        versions.append(version)
        version = STEPS[version].newer
    return versions


def _lift(node: Plain, model: type[BaseModel], pointer: str, unknown: Plain) -> None:
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


def _part(annotation: object) -> type[BaseModel] | None:
    """Return the model within an annotation such as `list[Measurement] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, list) or hasattr(annotation, "__metadata__"):
        return next((part for part in map(_part, get_args(annotation)) if part), None)
    return None
