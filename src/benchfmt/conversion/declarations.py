"""What sources say of the package that is made of them: prefixes, licences, and facts such as a title."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pydantic import JsonValue

from benchfmt.arrays import Chunked
from benchfmt.finding import Finding, Severity
from benchfmt.tables import TERM_COLUMNS, Batch
from benchfmt.vocabulary import vocabulary

Prefixes = Mapping[str, Mapping[str, Any]]
"""Prefixes by their names, as a descriptor declares them: `title`, `definition`, `metrics`."""

Acknowledged = Mapping[str, JsonValue]
"""A finding that is known, as a descriptor says it: `code`, `reason`, and perhaps `records`."""
Facts = Mapping[str, JsonValue]
"""What is declared of a metric."""

_TERM_COLUMNS = {table: tuple(TERM_COLUMNS[table]) for table in ("records", "measurements")}
_MEANING = ("unit", "direction", "min", "max", "zero", "zero_stages")
"""What of a declared metric says what its numbers mean; two wordings of a definition are no contradiction."""
_DECLARED = ("label", "definition", *_MEANING)
"""What a package's descriptor says of a metric."""

_DESCRIBING = {
    "title": ("BF520", "title"),
    "contributors": ("BF521", "list of contributors"),
    "description": ("BF523", "description"),
    "version": ("BF524", "version"),
}
"""What a package says of itself beside its licence: the code of its absence, and what it is called."""


class Declarations:
    """What the units of a conversion declare, gathered as they are planned."""

    def __init__(self) -> None:
        """Begin with nothing declared."""
        self._prefixes: dict[str, dict[str, Any]] = {}
        self._about: dict[str, JsonValue] | None = None
        self._licenses: list[JsonValue] = []
        """What each unit's source says of its licences, None where it says nothing."""
        self._described: dict[str, set[str]] = {}
        """What the sources say of the package, each differing text of a member."""
        self._acknowledged: list[Acknowledged] = []
        """What the sources acknowledge, each once."""
        self._units = 0
        self._said: Counter[str] = Counter()
        """How many units say each of it."""

    @property
    def about(self) -> dict[str, JsonValue]:
        """What the sources of all units say alike, which is true of the package."""
        return dict(self._about or {})

    def describe(self, about: Mapping[str, JsonValue]) -> None:
        """Take what a unit's package says of itself."""
        self._licenses.append(about.get("licenses"))
        for member in _DESCRIBING.keys() & about.keys():
            self._described.setdefault(member, set()).add(_as_key(about[member]))
        if self._about is None:
            self._about = dict(about)
            return
        self._about = {
            key: value for key, value in self._about.items() if key in about and about[key] == value
        }

    def acknowledge(self, items: Sequence[Acknowledged]) -> None:
        """Take the findings that a unit's package acknowledges."""
        self._units += 1
        for item in items:
            if item not in self._acknowledged:
                self._acknowledged.append(item)
        self._said.update({_as_key(item) for item in items})

    @property
    def acknowledged(self) -> list[Acknowledged]:
        """What is acknowledged of named records, and by all units of all records: that is true of the package too."""
        return [item for item in self._acknowledged if self._is_of_package(item)]

    def narrower(self, package: str) -> list[Finding]:
        """Return a finding for each acknowledgement that is about all records of some sources, and so is left out."""
        findings = []
        for item in self._acknowledged:
            if not self._is_of_package(item):
                findings.append(_left_out(item, package))
        return findings

    def _is_of_package(self, item: Acknowledged) -> bool:
        return "records" in item or self._said[_as_key(item)] == self._units

    def declare(self, prefixes: Prefixes) -> None:
        """Add prefixes; where one was declared before, what was said first stays."""
        for name, declared in prefixes.items():
            before = self._prefixes.get(name, {})
            metrics = {**declared.get("metrics", {}), **before.get("metrics", {})}
            merged = {**declared, **before}
            if metrics:
                merged["metrics"] = metrics
            self._prefixes[name] = merged

    def contradiction(self, prefixes: Prefixes) -> str | None:
        """Return how prefixes differ from those before in what a number means, or None: a package has one of each."""
        for prefix, declared in prefixes.items():
            known_metrics = self._prefixes.get(prefix, {}).get("metrics", {})
            for name, metric in declared.get("metrics", {}).items():
                known = known_metrics.get(name, {})
                part = _differing(metric, known)
                if part is None:
                    continue
                return (
                    f"the {part} of {prefix}:{name} is {metric[part]}, and {known[part]} in an earlier source; "
                    "convert them into packages of their own"
                )
        return None

    def of_terms(self, terms: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the declarations of the prefixes of some terms (`column/prefix:name`), each with the metrics used."""
        declared: dict[str, dict[str, Any]] = {}
        for item in sorted(terms):
            column, _, term = item.partition("/")
            prefix, _, name = term.partition(":")
            known = self._prefixes.get(prefix) or _known_prefix(prefix)
            if prefix not in declared:
                declared[prefix] = _without_metrics(known) or {"title": prefix}
            metric = known.get("metrics", {}).get(name)
            if column == "metric" and metric:
                metrics = declared[prefix].setdefault("metrics", {})
                metrics[name] = {key: metric[key] for key in _DECLARED if key in metric}
        return declared

    def differing(self, package: str, said: Collection[str]) -> list[Finding]:
        """Return a finding for each fact that sources say differently, and that the package so does not say."""
        findings = []
        for member, (code, name) in _DESCRIBING.items():
            if len(self._described.get(member, ())) > 1 and member not in said:
                findings.append(_left_open(code, member, name, package))
        return findings

    def mixed_licenses(self, package: str) -> Finding | None:
        """Return the finding that a package says no licence since its sources say several, or only some of them one."""
        names = sorted(set(self._license_names()))
        if not names:
            return None
        return Finding(
            "BF511",
            Severity.WARNING,
            package,
            None,
            "licenses",
            None,
            f"the package has no licence: some of its sources have {', '.join(names)}, others do not",
            None,
            "give each licence a package of its own, or set one for all with --license",
        )

    def _license_names(self) -> Iterator[str]:
        for licenses in self._licenses:
            if not isinstance(licenses, list):
                continue
            for item in licenses:
                if isinstance(item, Mapping):
                    yield str(item.get("name"))


class UsedTerms:
    """The prefixed terms that a package uses."""

    def __init__(self) -> None:
        """Begin with none."""
        self.terms: set[str] = set()

    def add(self, batch: Batch) -> None:
        """Add the prefixed terms of a batch."""
        for table, columns in _TERM_COLUMNS.items():
            for name in columns:
                for term in _terms(getattr(batch, table)[name]):
                    if term and ":" in term and not (name == "scope" and _is_qualified(term)):
                        self.terms.add(f"{name}/{term}")


def _as_key(item: object) -> str:
    return json.dumps(item, sort_keys=True)


def _left_open(code: str, member: str, name: str, package: str) -> Finding:
    return Finding(
        code,
        Severity.WARNING,
        package,
        None,
        member,
        None,
        f"the package has no {name}: its sources say different ones",
        None,
        f"convert them into packages of their own, or write `{member}` into the descriptor",
    )


def _left_out(item: Acknowledged, package: str) -> Finding:
    return Finding(
        "BF129",
        Severity.WARNING,
        package,
        None,
        None,
        "/benchfmt/acknowledged",
        f"the acknowledgement of {item['code']} is left out: it is about all records of a source, and others are here too",
        str(item["reason"]),
        "name its `records` in the source",
    )


def _terms(cells: Chunked) -> list[str | None]:
    """Return the different terms of a column, none where it has no prefixed one."""
    if pa.types.is_dictionary(cells.type):
        chunks: list[Any] = cells.chunks
        if not any(":" in term for chunk in chunks for term in chunk.dictionary.to_pylist()):
            return []
    return cells.unique().to_pylist()


def _differing(metric: Facts, known: Facts) -> str | None:
    """Return the first part of a metric's meaning that both say, and say otherwise."""
    for part in _MEANING:
        if part in metric and part in known and metric[part] != known[part]:
            return part
    return None


def _without_metrics(prefix: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in prefix.items() if key != "metrics"}


def _is_qualified(term: str) -> bool:
    return term.partition(":")[0] in vocabulary().terms("scope-qualifier")


def _known_prefix(prefix: str) -> dict[str, Any]:
    term = vocabulary().terms("prefix").get(prefix)
    if not term:
        return {}
    return {
        "title": term["label"],
        "definition": term["definition"],
        "metrics": term.get("metrics", {}),
    }
