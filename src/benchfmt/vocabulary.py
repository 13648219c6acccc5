"""The controlled terms, read from the file that is built from `schema/vocabulary/*.yaml`.

The vocabulary is data: a term is added there, never in code. It is loaded once, when first asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from benchfmt.spelling import nearest

ANY_SUITE = "*"
_AT_K = re.compile("[a-z0-9-]+@[1-9][0-9]*")
_PERCENTILE = re.compile("p[0-9]{1,2}([.][0-9]+)?(-es)?")
_MEDIANS = ("p50", "p50-es")
"""Percentiles that go by another name."""


@dataclass(frozen=True)
class Metric:
    """What the vocabulary (or a package's prefix) says of a metric; `None` where it says nothing."""

    id: str
    label: str
    definition: str
    unit: str | None
    direction: str | None
    minimum: float | None = None
    maximum: float | None = None
    zero_impossible: bool = False
    zero_stages: tuple[str, ...] = ()
    """Stages that may take no time although the whole may not."""
    per: tuple[str, ...] = ()


class Vocabulary:
    """The terms of one version of the vocabulary, by kind."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Wrap the content of `vocabulary.json`."""
        self._kinds: Mapping[str, Any] = data["kinds"]
        self.version: str = data["version"]

    def kinds(self) -> list[str]:
        """Return the kinds of terms."""
        return list(self._kinds)

    def terms(self, kind: str) -> Mapping[str, dict[str, Any]]:
        """Return the terms of a kind by id; raises KeyError for an unknown kind."""
        terms: Mapping[str, dict[str, Any]] = self._kinds[kind]["terms"]
        return terms

    def holds(self, kind: str, term: str) -> bool:
        """Say whether a term without a prefix is one of a kind.

        Beside the terms that are listed, every percentile but the median is a statistic, and a metric may have a
        cut-off (`ndcg@10`).
        """
        if term in self.terms(kind):
            return True
        if kind == "statistic":
            return term not in _MEDIANS and _PERCENTILE.fullmatch(term) is not None
        if kind == "metric" and _AT_K.fullmatch(term):
            return term.partition("@")[0] in self.terms(kind)
        return False

    def description(self, kind: str) -> str:
        """Return the sentence that says what a kind is for."""
        return str(self._kinds[kind]["description"])

    def ids(self, kind: str) -> list[str]:
        """Return the ids of a kind, in order."""
        return list(self.terms(kind))

    def match(self, kind: str, word: str, suite: str | None = None) -> str | None:
        """Return the id that a source's word stands for: exact in the suite, else anywhere, else None."""
        found = self._aliases(kind, suite).get(word) if suite else None
        if found or word in self.terms(kind):
            return found or word
        plain = word.strip().lower()
        return self._aliases(kind, ANY_SUITE).get(plain) or (
            plain if plain in self.terms(kind) else None
        )

    @cache  # noqa: B019 - one vocabulary lives as long as the process
    def _aliases(self, kind: str, suite: str | None) -> dict[str, str]:
        pairs = {}
        for term_id, term in self.terms(kind).items():
            for word in term.get("aliases", {}).get(suite, ()):
                pairs[word.lower() if suite == ANY_SUITE and kind != "unit" else word] = term_id
        return pairs

    def words(self, kind: str, suite: str) -> dict[str, str]:
        """Return the words that a suite's files use, each with its term."""
        return dict(self._aliases(kind, suite))

    def suggest(self, kind: str, word: str) -> str | None:
        """Return the term that somebody who wrote `word` most likely meant, or None."""
        meant = self.match(kind, word) or self.match(
            kind, word.lower().replace("_", "-").replace(" ", "-")
        )
        if meant:
            return meant
        return nearest(word.lower(), self.ids(kind), 0.7)

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """The metrics by id, those of the known prefixes (`lpdnn:dmips`) among them."""
        plain = {
            metric_id: read_metric(metric_id, term)
            for metric_id, term in self.terms("metric").items()
        }
        return plain | {metric.id: metric for metric in self._prefixed()}

    def _prefixed(self) -> Iterator[Metric]:
        for prefix, term in self.terms("prefix").items():
            for metric_id, metric in term.get("metrics", {}).items():
                yield read_metric(f"{prefix}:{metric_id}", metric)

    @cached_property
    def units(self) -> dict[str, str]:
        """The words that files use for units, each with its UCUM code."""
        codes = {code: code for code in self.terms("unit")}
        return self._aliases("unit", ANY_SUITE) | codes


def read_metric(metric_id: str, term: Mapping[str, Any]) -> Metric:
    """Return the metric that a vocabulary entry or a descriptor's prefix describes."""
    return Metric(
        id=metric_id,
        label=term.get("label", metric_id),
        definition=term.get("definition", ""),
        unit=term.get("unit"),
        direction=term.get("direction"),
        minimum=term.get("min"),
        maximum=term.get("max"),
        zero_impossible=term.get("zero") == "impossible",
        zero_stages=tuple(term.get("zero_stages", ())),
        per=tuple(term.get("per", ())),
    )


def schema_folder() -> Traversable:
    """Return the folder with the published files of the standard."""
    installed = files("benchfmt") / "_schema"
    # In a checkout nothing is copied: the files are read where they are built.
    return installed if installed.is_dir() else Path(__file__).parents[2] / "schema" / "1.0"


def metric_of(name: str, metrics: Mapping[str, Metric]) -> Metric | None:
    """Return a metric by its name; one with a cut-off (`ndcg@10`) is like the metric itself. None for an unknown one."""
    return metrics.get(name) or metrics.get(name.partition("@")[0])


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that this version of benchfmt carries."""
    return Vocabulary(json.loads((schema_folder() / "vocabulary.json").read_bytes()))
