"""MLPerf's model_mapping.json: the official benchmark of each model of an open submission, by the model's own name.

    {"my-llama-70b-fp8": "llama2-70b-99.9", "my-net": "resnet"}

The submission checker reads it beside the submitter's results; it says nothing of a model's input, batch or precision.
https://github.com/mlcommons/inference/blob/master/tools/submission/submission_checker/loader.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import mlperf_json

NAME = "model_mapping.json"


@dataclass(frozen=True, slots=True)
class ModelMapping:
    """One file: its folder, from the root of the file system, and what it maps."""

    path: Path
    models: Mapping[str, JsonValue]

    @property
    def folder(self) -> str:
        """The file's folder as text."""
        return self.path.absolute().parent.as_posix()

    def is_about(self, table: Path, results: Iterable[str]) -> bool:
        """Say whether it stands above a table, or in one of the folders of a result, as `open/Acme`."""
        above = f"{table.absolute().parent.as_posix()}/".startswith(f"{self.folder}/")
        return above or any(f"{self.folder}/".endswith(f"/{folder}/") for folder in results)


def benchmark(models: Mapping[str, JsonValue], named: str) -> str | None:
    """Return the benchmark that a file gives to a name, which it may write in other cases of letters, or None."""
    found = models.get(named)
    if found is None:
        found = _in_other_case(models, named.strip().casefold())
    if not isinstance(found, str):
        return None
    return found.strip() or None


def _in_other_case(models: Mapping[str, JsonValue], folded: str) -> JsonValue:
    for name, benchmark in models.items():
        if str(name).strip().casefold() == folded:
            return benchmark
    return None


def models_of(data: JsonValue, path: Path) -> Mapping[str, JsonValue]:
    """Return the names and benchmarks of a file's data; raises BenchfmtError where they are written in another form."""
    models = data
    if isinstance(data, Mapping):
        inner = data.get("model_mapping")
        if isinstance(inner, Mapping):  # as in the checker's own configuration
            models = inner
    if not isinstance(models, Mapping) or not _is_mapping(models):
        raise BenchfmtError(
            f"{path.name}: an object of models' names and the benchmarks that they belong to is expected"
        )
    return models


def _is_mapping(models: Mapping[str, JsonValue]) -> bool:
    return not models or any(isinstance(value, str) for value in models.values())


def read(path: Path, limits: Limits) -> ModelMapping | Failed:
    """Return what a file maps, or that it cannot be read."""
    try:
        data, _ = mlperf_json.read(path, limits)
        return ModelMapping(path, models_of(data, path))
    except BenchfmtError as error:
        return Failed(path, str(error))


def beside(table: Path, files: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files that may map the models of a table: those above it and below it, the nearest first."""
    home = table.parent
    near = [
        path
        for path in files
        if path.name == NAME
        and (home.is_relative_to(path.parent) or path.parent.is_relative_to(home))
    ]
    return tuple(sorted(near, key=lambda path: (-len(path.parts), path.as_posix())))
