"""The files of one result of MLPerf Storage: its report, the summaries of its runs and their settings, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Unit
from benchfmt.converters.mlperf.result_draft import ResultDraft
from benchfmt.converters.mlperf.storage.layout import PRUNED, Place, Task
from benchfmt.converters.mlperf.storage.values import as_object
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons, yamls
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_storage as rules
from benchfmt.units import exact

_PLACEHOLDER = "a placeholder: the file was taken out of the results (PRUNED BY STAFF)"


@dataclass
class Result:
    """One result while its record is drafted: its place, and what its files say."""

    unit: Unit
    place: Place
    paths: dict[str, list[Path]]
    """The files by their role."""
    draft: ResultDraft
    unclear: tuple[str, ...] = ()
    """The descriptions of systems that fit alike, of which none is taken."""
    report: dict[str, JsonValue] = field(default_factory=dict)
    summaries: list[tuple[Path, dict[str, JsonValue]]] = field(default_factory=list)
    """The summaries that have a `metric`."""
    config: Mapping[str, JsonValue] = field(default_factory=dict)
    """The workload's settings of the first run."""
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    warm_up: str | None = None
    """The run that only warms up, where there is one."""
    caveats: list[str] = field(default_factory=list)
    """What limits all rates that follow."""

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.draft.root(self.unit.path)

    @property
    def round(self) -> str | None:
        """The round that the options or the path say."""
        return self.unit.options.get("round") or self.place.round

    @property
    def overall(self) -> Mapping[str, JsonValue]:
        """What the report says of all runs together."""
        return as_object(self.report.get("overall"))

    @property
    def is_of_checkpoints(self) -> bool:
        """Whether checkpoints were saved and loaded, not a training fed."""
        return "checkpointing" in self.place.inner

    @property
    def workload(self) -> str | None:
        """The name of the workload: the report's, else that of a folder that is one."""
        model = self.overall.get("model")
        if isinstance(model, str) and not isinstance(model, Digits) and model:
            return model
        inner = self.place.inner
        for part in inner:
            word = re.split(r"[-_](?=[abhv][0-9]{3}\b)", part)[0]
            if rules.workload(word):
                return word
        if inner and self.place.location:
            return inner[-1]
        return None

    @property
    def rule(self) -> rules.Workload | None:
        """What the suite says of the workload."""
        return rules.workload(self.workload or "")

    @property
    def record_length(self) -> Fraction | None:
        """The mean size of a sample in bytes, as the settings say it; it need not be whole."""
        dataset = as_object(self.config.get("dataset"))
        text = dataset.get("record_length_bytes", dataset.get("record_length"))
        if not isinstance(text, str):
            return None
        size = exact(text)
        if size is None or size <= 0:
            return None
        return size

    @property
    def first_summary(self) -> Mapping[str, JsonValue]:
        """The summary of the first run, empty where there is none."""
        for _, summary in self.summaries:
            return summary
        return {}

    def first(self, role: str) -> Path | None:
        """Return the first file of a role, or None."""
        for path in self.paths.get(role, ()):
            return path
        return None


def result_of(unit: Unit, name: str, version: str) -> Result:
    """Return the result of a unit, of whose files none is read yet."""
    task: Task = unit.extra
    paths: dict[str, list[Path]] = {}
    for role, path in zip(task.roles, (unit.path, *unit.supporting), strict=True):
        paths.setdefault(role, []).append(path)
    draft = ResultDraft(name, version, suite="mlperf-storage", prefix=task.place.prefix)
    return Result(unit, task.place, paths, draft, task.unclear)


def read_files(result: Result) -> None:
    """Read the files of a result; raises NoResultError where none of them says anything."""
    if "report" in result.paths:
        result.report = _read(result, result.unit.path)
        if not isinstance(result.report.get("overall"), dict):
            raise NoResultError("a report without `overall`: it has no result")
    for path in result.paths.get("summary", ()):
        _read_summary(result, path)
    if not result.report and not result.summaries:
        raise NoResultError(_first_failure(result))
    config = result.first("config")
    if config is not None:
        _read_config(result, config)
    metadata = result.first("metadata")
    if metadata is not None:
        _read_metadata(result, metadata)


class NoResultError(BenchfmtError):
    """A file that says nothing of a result, and why."""


def _first_failure(result: Result) -> str:
    """Return why the first summary cannot be read: it stands for the result that is lost."""
    failures = result.draft.failures
    if not failures:
        return "no summary of a run can be read"
    return failures.pop(0).error


def _read(result: Result, path: Path) -> dict[str, JsonValue]:
    """Return the object of a JSON file; raises NoResultError where there is none."""
    try:
        if is_pruned(path):
            raise NoResultError(_PLACEHOLDER)
        data = jsons.read(path, result.unit.limits, digits=True)
    except (BenchfmtError, OSError) as error:
        raise NoResultError(str(error)) from error
    if not isinstance(data, dict):
        raise NoResultError("not an object of a result")
    result.draft.read(path)
    return data


def _read_summary(result: Result, path: Path) -> None:
    try:
        data = _read(result, path)
    except NoResultError as error:
        result.draft.fail_file(path, str(error))
        return
    if isinstance(data.get("metric"), dict):
        result.summaries.append((path, data))
    else:
        result.draft.fail_file(path, "a summary without `metric`: the run measured nothing")


def _read_config(result: Result, path: Path) -> None:
    """Read the workload's settings; in v3.0 the metadata has them too."""
    data, error = read_yaml(path)
    if error:
        result.draft.fail_file(path, error)
        return
    result.draft.read(path)
    result.config = as_object(as_object(data).get("workload"))


def _read_metadata(result: Result, path: Path) -> None:
    try:
        result.metadata = _read(result, path)
    except NoResultError as error:
        result.draft.fail_file(path, str(error))


def read_yaml(path: Path) -> tuple[JsonValue, str | None]:
    """Return the data of a YAML file, every scalar as text, or why there is none."""
    try:
        if is_pruned(path):
            return None, _PLACEHOLDER
        return yamls.read(path), None
    except (yamls.YamlError, OSError) as error:
        return None, str(error)


def is_pruned(path: Path) -> bool:
    """Say whether a file is the placeholder of one that was taken out."""
    with path.open("rb") as file:
        return file.read(len(PRUNED)) == PRUNED
