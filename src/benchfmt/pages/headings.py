"""What stands above a table of results: what was run in a few words, and all else that its results share with its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TITLE = ("suite", "suite_version", "division", "benchmark", "model")
_NAMED = {
    "scenario": "scenario {}",
    "model_version": "model version {}",
    "precision": "precision {}",
    "input_shape": "input {}",
    "dataset": "data set {}",
    "batch_size": "batch {}",
    "threads": "{} threads",
    "phase": "{}",
}
_IMPLIED = "inference"
"""The phase that needs no word."""


def title_of(about: Mapping[str, Any]) -> str:
    """Return what the results of a group are of: `lpdnn / imagenet / imagenet-mobilenet-v2`."""
    return " / ".join(str(about[name]) for name in _TITLE if name in about) or "several suites"


def shared_words(about: Mapping[str, Any]) -> Iterator[str]:
    """Yield what else the results of a group share, each with its name: `precision fp32`."""
    for name, words in _NAMED.items():
        cell = about.get(name)
        if cell is None or cell == _IMPLIED:
            continue
        text = str(cell)
        if name == "input_shape":
            text = text.strip("[]").replace(",", " × ")
        yield words.format(text)
