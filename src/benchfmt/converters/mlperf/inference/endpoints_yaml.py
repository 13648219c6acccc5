"""The configuration of an Endpoints run: a small YAML file."""

from __future__ import annotations

from collections.abc import Mapping

import yaml
from pydantic import JsonValue

from benchfmt.converters.mlperf.inference.endpoints_json import mapping
from benchfmt.converters.mlperf.inference.run import Run
from benchfmt.readers import heads
from benchfmt.readers.files import file_sha256

_MOST_BYTES = 200_000
_MOST_LEVELS = 50


def configuration(run: Run) -> Mapping[str, JsonValue]:
    """Return the data of config.yaml, empty where there is none that can be read."""
    path = run.one("config.yaml")
    if path is None:
        return {}
    try:
        with heads.opened(path) as file:
            content = file.read(_MOST_BYTES + 1)
        data = _parsed(content)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = str(error).splitlines()[0]
        run.fail(path, f"{path.name}: not YAML that is read: {reason}")
        return {}
    run.read(path, file_sha256(path))
    return mapping(data)


def _parsed(content: bytes) -> JsonValue:
    """Return the data of a small YAML text; raises YAMLError or ValueError for any other.

    References (`*name`) make a gigabyte out of ten lines, and a deep text takes hours; no configuration has either.
    """
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it has more than {_MOST_BYTES} bytes")
    text = content.decode("utf-8", "replace")
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.AliasEvent) or depth > _MOST_LEVELS:
            raise ValueError(f"it has references, or is nested deeper than {_MOST_LEVELS} levels")
    data: JsonValue = yaml.safe_load(text)
    return data
