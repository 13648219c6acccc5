"""Which library ran a flow, and of which version: from where each tool writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\b(Python|Sklearn|NumPy|SciPy)_([0-9][^\s]*?)\.?(?=\s|$)")
_WEKA = re.compile(r"(?i)^weka_([0-9][\w.-]*?)\.?$")
_TAG = re.compile(r"(?i)^(sklearn|weka|mlr|mlr3|moa)_v?([0-9][\w.-]*?)\.?$")
_PINNED = re.compile(r"([A-Za-z][\w.-]{0,100})\s{0,20}==\s*([0-9][\w.+!-]*)")
"""Bounded: the name may begin anywhere, and each beginning is tried."""
_SENTINEL = re.compile(r"^TEST[0-9a-f]{10}")
"""openml-python puts it before the names of flows that it makes in tests."""
_ENGINES = {
    "sklearn": "scikit-learn",
    "scikit-learn": "scikit-learn",
    "weka": "weka",
    "mlr": "mlr",
    "mlr3": "mlr",
    "moa": "moa",
}
_FIRST = {
    **_ENGINES,
    "classif": "mlr",
    "regr": "mlr",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "autosklearn": "auto-sklearn",
    "tpot": "tpot",
}
_FLOW = re.compile(r"^(.*?)\(([0-9]+)\)$", re.DOTALL)


@dataclass(slots=True)
class Software:
    """The engine, its version, and other software by name."""

    engine: str | None = None
    version: str | None = None
    stack: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the `software` of a record."""
        said = {"engine": self.engine, "engine_version": self.version, "stack": self.stack}
        return {name: value for name, value in said.items() if value}


def software(
    flow_name: str | None, setup: str | None, tags: Iterable[str], flow: Iterable[str], header: str
) -> Software:
    """Return what ran a flow; the surest source first: `setup_string`, predictions' header, tags, the flow itself."""
    found = Software(engine=engine_of(flow_name))
    for words in (setup or "", header):
        _from_tokens(found, words)
    for tag in tags:
        match = _TAG.match(tag.strip())
        if match:
            _take(found, match[1].lower(), match[2])
    for words in flow:
        for name, version in _PINNED.findall(words):
            _take(found, name.lower(), version)
        match = _WEKA.match(words.strip())
        if match:
            _take(found, "weka", match[1])
    return found


def _from_tokens(found: Software, words: str) -> None:
    for name, version in _TOKEN.findall(words):
        _take(found, name.lower(), version)


def _take(found: Software, name: str, version: str) -> None:
    """Keep a version that is not known yet: as the engine's, or beside it."""
    engine = _ENGINES.get(name)
    if engine and found.engine in (None, engine):
        found.engine = engine
        found.version = found.version or version
    else:
        found.stack.setdefault(engine or name, version)


def engine_of(flow_name: str | None) -> str | None:
    """Return the engine that the name of a flow begins with, or None."""
    first = re.match(r"[A-Za-z0-9]+", _SENTINEL.sub("", flow_name or ""))
    if first is None:
        return None
    return _FIRST.get(first[0])


def flow_and_version(flow_name: str) -> tuple[str, str | None]:
    """Return the name of a flow and the number that OpenML gave it, which is no library's version."""
    match = _FLOW.match(flow_name)
    if match is None or not match[1]:
        return flow_name, None
    return match[1], match[2]


def is_mlr(flow_name: str | None, tags: Iterable[str]) -> bool:
    """Say whether openml-r uploaded a run of mlr."""
    plain = _SENTINEL.sub("", flow_name or "")
    return plain.startswith(("mlr.", "classif.", "regr.")) or any(
        t.lower() == "mlr" or t.lower().startswith("mlr_") for t in tags
    )


def is_test_flow(flow_name: str | None) -> bool:
    """Say whether the name of a flow is one that only tests against the test server make."""
    return bool(flow_name and _SENTINEL.match(flow_name))
