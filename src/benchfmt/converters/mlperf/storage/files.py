"""The files of one result of MLPerf Storage: its report, the summaries of its runs and their settings, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from benchfmt.converters.base import Failed, Unit
from benchfmt.converters.mlperf.result_notes import Notes
from benchfmt.converters.mlperf.storage.layout import PRUNED, Place, Task
from benchfmt.converters.mlperf.storage.values import as_object
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_storage as rules
from benchfmt.units import exact

_CONFIG_BYTES = 1_000_000
_PLACEHOLDER = "a placeholder: the file was taken out of the results (PRUNED BY STAFF)"


@dataclass
class Result:
    """One result while its record is made: its place, what its files say, and what is noted of them."""

    unit: Unit
    place: Place
    paths: dict[str, list[Path]]
    """The files by their role."""
    notes: Notes
    unclear: tuple[str, ...] = ()
    """The descriptions of systems that fit alike, of which none is taken."""
    report: dict[str, Any] = field(default_factory=dict)
    summaries: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    """The summaries that have a `metric`."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """The workload's settings of the first run."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    caveats: list[str] = field(default_factory=list)
    """What limits all rates that follow."""

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.notes.root(self.unit.path)

    @property
    def round(self) -> str | None:
        """The round that the options or the path say."""
        return self.unit.options.get("round") or self.place.round

    @property
    def overall(self) -> Mapping[str, Any]:
        """What the report says of all runs together."""
        return as_object(self.report.get("overall"))

    @property
    def is_of_checkpoints(self) -> bool:
        """Whether checkpoints were saved and loaded, not a training fed."""
        return "checkpointing" in self.place.inner

    @property
    def workload(self) -> str | None:
        """The name of the workload: the report's, else that of a folder that is one."""
        named = self.overall.get("model")
        if isinstance(named, str) and not isinstance(named, Digits) and named:
            return named
        for part in self.place.inner:
            word = re.split(r"[-_](?=[abhv][0-9]{3}\b)", part)[0]
            if rules.workload(word):
                return word
        return self.place.inner[-1] if self.place.inner and self.place.location else None

    @property
    def rule(self) -> rules.Workload | None:
        """What the suite says of the workload."""
        return rules.workload(self.workload or "")

    @property
    def record_length(self) -> Fraction | None:
        """The mean size of a sample in bytes, as the settings say it; it need not be whole."""
        dataset = as_object(self.config.get("dataset"))
        text = dataset.get("record_length_bytes", dataset.get("record_length"))
        size = exact(text) if isinstance(text, str) else None
        return size if size and size > 0 else None

    def first(self, role: str) -> Path | None:
        """Return the first file of a role, or None."""
        return next(iter(self.paths.get(role, ())), None)


def result_of(unit: Unit) -> Result:
    """Return the result of a unit, of whose files none is read yet."""
    task: Task = unit.extra
    paths: dict[str, list[Path]] = {}
    for role, path in zip(task.roles, (unit.path, *unit.supporting), strict=True):
        paths.setdefault(role, []).append(path)
    return Result(unit, task.place, paths, Notes(task.place.prefix), task.unclear)


def read_files(result: Result) -> Failed | None:
    """Read the files of a result; a Failed where none of them says anything."""
    unit, notes = result.unit, result.notes
    if "report" in result.paths:
        data = _read(result, unit.path)
        if isinstance(data, str):
            return Failed(unit.path, data)
        if not isinstance(data.get("overall"), dict):
            return Failed(unit.path, "a report without `overall`: it says no result")
        result.report = data
    _read_summaries(result)
    if not result.report and not result.summaries:
        broken = [item for item in notes.items if isinstance(item, Failed)]
        notes.items = [item for item in notes.items if item not in broken[:1]]
        return broken[0] if broken else Failed(unit.path, "no summary of a run can be read")
    _read_config(result)
    _read_metadata(result)
    return None


def _read(result: Result, path: Path) -> dict[str, Any] | str:
    """Return the object of a JSON file, or why there is none."""
    try:
        if is_pruned(path):
            return _PLACEHOLDER
        data = jsons.read(path, result.unit.limits, digits=True)
    except (BenchfmtError, OSError) as error:
        return str(error)
    if not isinstance(data, dict):
        return "not an object of a result"
    result.notes.source(path)
    return data


def _read_summaries(result: Result) -> None:
    for path in result.paths.get("summary", ()):
        data = _read(result, path)
        if isinstance(data, str):
            result.notes.fail(path, data)
        elif not isinstance(data.get("metric"), dict):
            result.notes.fail(path, "a summary without `metric`: the run measured nothing")
        else:
            result.summaries.append((path, data))


def _read_config(result: Result) -> None:
    """Read the workload's settings; in v3.0 the metadata has them too."""
    path = result.first("config")
    if path is None:
        return
    data, error = read_yaml(path)
    if error:
        result.notes.fail(path, error)
        return
    result.notes.source(path)
    result.config = as_object(as_object(data).get("workload"))


def _read_metadata(result: Result) -> None:
    path = result.first("metadata")
    if path is None:
        return
    data = _read(result, path)
    if isinstance(data, str):
        result.notes.fail(path, data)
    result.metadata = as_object(data)


class _NoAliases(yaml.BaseLoader):
    """YAML without aliases: a few of them stand for gigabytes. All scalars stay text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def read_yaml(path: Path) -> tuple[Any, str | None]:
    """Return the data of a YAML file, every scalar as text, or why there is none."""
    try:
        if is_pruned(path):
            return None, _PLACEHOLDER
        if path.stat().st_size > _CONFIG_BYTES:
            return None, f"a YAML file of more than {_CONFIG_BYTES} bytes"
        text = path.read_bytes().decode("utf-8", "replace")
        return yaml.load(text, Loader=_NoAliases), None  # noqa: S506 - a BaseLoader makes nothing but texts
    except (yaml.YAMLError, RecursionError, OSError) as error:
        return None, f"not YAML: {str(error).splitlines()[0]}"


def is_pruned(path: Path) -> bool:
    """Say whether a file is the placeholder of one that was taken out."""
    with path.open("rb") as file:
        return file.read(len(PRUNED)) == PRUNED
