"""The configuration of an Endpoints run: a small YAML file."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from benchfmt.converters.mlperf.inference.endpoints_json import mapping
from benchfmt.converters.mlperf.inference.run import Run
from benchfmt.readers import yamls
from benchfmt.readers.files import file_sha256


def configuration(run: Run) -> Mapping[str, JsonValue]:
    """Return the data of config.yaml, empty where there is none that can be read."""
    path = run.one("config.yaml")
    if path is None:
        return {}
    try:
        data = yamls.read(path, values=True)
    except yamls.YamlError as error:
        run.fail(path, f"{path.name}: {error}")
        return {}
    run.read(path, file_sha256(path))
    return mapping(data)
