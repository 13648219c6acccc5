"""The files of one point of MLPerf Endpoints, and where it stands in a submission."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from benchfmt.converters.base import Unit
from benchfmt.converters.draft import Draft
from benchfmt.readers.files import file_sha256
from benchfmt.readers.objects import Fields, read_json, read_yaml

SUMMARY = "result_summary.json"
POINT = "point.yaml"
SYSTEM = "system_desc.json"
ACCURACY = "accuracy_results.json"
CONFIGURATION = "config.yaml"
POWER = "system_power.json"
FOLDER = re.compile(r"r[0-9]+")
_RESULTS = "results"
_DEPTH = 3
"""Folders between `results` and a summary: the system, the model and the point."""
_AGENTIC = "agentic_inference"


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one point, those that are absent without fields."""

    summary: Fields
    point: Fields
    system: Fields
    accuracy: Fields
    power: Fields
    accuracy_path: str | None = None
    power_path: str | None = None

    @property
    def model(self) -> str | None:
        """The model's name; `point.yaml` wins over the description of the system."""
        return self.point.text("model_name") or self.system.text("model_name")

    @property
    def is_agentic(self) -> bool:
        """Whether the load is one of agents."""
        return self.point.part("runtime_settings").text("load_pattern") == _AGENTIC

    @property
    def is_dedicated(self) -> bool:
        """Whether it is a run of its own for the offline scenario."""
        return self.point.text("offline") == "dedicated"


def read_files(draft: Draft, unit: Unit) -> Files:
    """Return the files of a point, each a source of the draft; raises BenchfmtError where one cannot be read."""
    fields: dict[str, Fields] = {}
    paths: dict[str, str] = {}
    for path in (unit.path, *unit.supporting):
        if path.suffix == ".yaml":
            fields[path.name] = read_yaml(path)
        else:
            fields[path.name] = read_json(path, unit.limits)
        paths[path.name] = _path_in_submission(path)
        draft.source(paths[path.name], file_sha256(path))
    empty = Fields({})
    return Files(
        fields[SUMMARY],
        fields.get(POINT, empty),
        fields.get(SYSTEM, empty),
        fields.get(ACCURACY, empty),
        fields.get(POWER, empty),
        paths.get(ACCURACY),
        paths.get(POWER),
    )


def _path_in_submission(path: Path) -> str:
    """Return the path from the folder `results` of a submission, else from the folder of the point."""
    parts = path.absolute().parts
    if path.name == POWER:
        return "/".join(parts[-_DEPTH:])
    if len(parts) > _DEPTH + 1 and parts[-_DEPTH - 2] == _RESULTS:
        return "/".join(parts[-_DEPTH - 2 :])
    return "/".join(parts[-2:])


def add_place(draft: Draft, path: Path) -> None:
    """Say whose submission a point is of, by its folders: `<organisation>/<submission>/results/<system>/<model>/r<N>`."""
    parts = path.absolute().parts[:-1]
    if len(parts) > _DEPTH + 3 and parts[-_DEPTH - 1] == _RESULTS:
        organisation, submission = parts[-_DEPTH - 3], parts[-_DEPTH - 2]
        draft.provenance(execution="/".join((organisation, submission, *parts[-_DEPTH:])))
        draft.keep("submission", submission)
