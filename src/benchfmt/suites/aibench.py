"""What is known of AIBench (BenchCouncil), Edge AIBench and DAIBench beyond their files: components, modules, columns.

The data stand in `data/aibench.toml`, each with its source. Nothing here reads a result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from benchfmt.suites import tables

_data = partial(tables.read, "aibench")


@dataclass(frozen=True, slots=True)
class Component:
    """A component benchmark; vocabulary ids, None where no source states them without contradiction."""

    code: str
    task: str
    model: str | None = None
    dataset: str | None = None
    metric: str | None = None
    target: str | None = None
    """Decimal text in the metric's unit."""

    @property
    def name(self) -> str:
        """The suite's own name."""
        return f"DC-AI-{self.code}"


def component(code: str) -> Component | None:
    """Return a component by its code in any spelling (`C16`, `DC-AI-C16`, `dc-ai-c16`), or None."""
    match = re.fullmatch(r"(?:DC-AI-)?(C[0-9]{1,2})", code.strip().upper())
    known = _data()["components"]
    if not match or match[1] not in known:
        return None
    return Component(match[1], **known[match[1]])


def micro(code: str) -> tuple[str, str] | None:
    """Return name and operation of a micro benchmark by its code (`M3`, `DC-AI-M3`), or None."""
    match = re.fullmatch(r"(?:DC-AI-)?M([0-9]{1,2})", code.strip().upper())
    names = _data()["micro"]["names"]
    if not match or not 1 <= int(match[1]) <= len(names):
        return None
    return f"DC-AI-M{match[1]}", names[int(match[1]) - 1]


def edge_version() -> str:
    """Return the version of Edge AIBench whose files are known."""
    return str(_data()["edge"]["version"])


def edge_modules() -> Mapping[str, Mapping[str, str]]:
    """Return the modules of the scenario by the column of their latencies, each with `task` and `name`."""
    return MappingProxyType(_data()["edge"]["modules"])


def daibench_columns() -> Mapping[str, Mapping[str, Any]]:
    """Return the columns of DAIBench's inference summary, each with `precision` and `cuda_graph`."""
    return MappingProxyType(_data()["daibench"]["columns"])


def daibench_precision(name: str) -> str | None:
    """Return the precision that the words of a baseline's file name say, or None."""
    words = _data()["daibench"]["words"]
    found = [words[word] for word in re.split("[_.-]", name) if word in words and word != "source"]
    if len(found) == 1:
        return str(found[0])
    return None
