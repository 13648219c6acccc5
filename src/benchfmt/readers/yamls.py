"""YAML of strangers: no references, and bounded in size and depth.

References (`*name`) make a gigabyte out of ten lines. PyYAML looks through all open lists and objects with each token, so
that some thousand brackets take it minutes: its scanner is stopped where they are too many.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import JsonValue

from benchfmt.finding import BenchfmtError
from benchfmt.readers import encodings, heads

MOST_BYTES = 2**20
MOST_LEVELS = 50
_KEPT_BYTES = 2**15
"""So long is a text at most whose data is kept."""
_TOO_DEEP = f"it is nested deeper than {MOST_LEVELS} levels"


class YamlError(BenchfmtError):
    """A text that is not YAML, or none that is read."""


class _Bounded(yaml.BaseLoader):
    """Refuses references and deep texts; every scalar stays text, so that no digit is lost."""

    def __init__(self, stream: bytes | str) -> None:
        super().__init__(stream)
        self._level = 0

    def fetch_flow_collection_start(self, TokenClass: type[yaml.Token]) -> None:  # noqa: N803 - the name that PyYAML gives it
        """Take a bracket that opens a list or an object."""
        if self.flow_level >= MOST_LEVELS:
            raise yaml.YAMLError(_TOO_DEEP)
        super().fetch_flow_collection_start(TokenClass)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return the next value."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has references (aliases)")
        self._level += 1
        if self._level > MOST_LEVELS:
            raise yaml.YAMLError(_TOO_DEEP)
        node: yaml.Node | None = super().compose_node(parent, index)
        self._level -= 1
        return node


class _Values(_Bounded, yaml.SafeLoader):
    """Gives numbers, dates and the like as what they are."""


def parse(text: str | bytes, *, values: bool = False) -> JsonValue:
    """Return the data of a YAML text, every scalar as text unless `values` are asked for; raises YamlError."""
    if len(text) > MOST_BYTES:
        raise YamlError(f"not YAML that is read: it has more than {MOST_BYTES} bytes")
    if len(text) > _KEPT_BYTES:
        return _parsed(text, values)
    return _copied(_kept(text, values))


@lru_cache(maxsize=64)
def _kept(text: str | bytes, values: bool) -> JsonValue:
    """Return the data of a short text, kept: the runs of a submission have the same configurations, again and again."""
    return _parsed(text, values)


def _copied(data: JsonValue) -> JsonValue:
    """Return data of which nobody else has the lists and objects."""
    match data:
        case dict():
            return {name: _copied(value) for name, value in data.items()}
        case list():
            return [_copied(value) for value in data]
    return data


def _parsed(text: str | bytes, values: bool) -> JsonValue:
    loader: Any = _Values if values else _Bounded
    try:
        data: JsonValue = yaml.load(text, Loader=loader)  # noqa: S506 - both make nothing but plain data
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError(f"not YAML that is read: {_in_words(error)}") from error
    return data


def _in_words(error: Exception) -> str:
    """Return what is wrong with a text, and where."""
    if not isinstance(error, yaml.MarkedYAMLError) or not error.problem_mark:
        return " ".join(str(error).split())
    mark = error.problem_mark
    return f"{error.problem} at line {mark.line + 1} column {mark.column + 1}"


def read(path: Path, *, values: bool = False) -> JsonValue:
    """Return the data of a YAML file as `parse` does; raises YamlError or OSError."""
    if path.stat().st_size > MOST_BYTES:
        raise YamlError(f"not YAML that is read: it has more than {MOST_BYTES} bytes")
    text = encodings.decoded(encodings.from_first_text(heads.whole(path)))
    return parse(text, values=values)
