"""What binds a comparison within a suite: its rules as data, with their sources (`suites/data/comparison.toml`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, partial
from typing import Any, Literal

from benchfmt.comparison.fields import COMPARED
from benchfmt.comparison.questions import Question
from benchfmt.suites import tables
from benchfmt.vocabulary import vocabulary

Kind = Literal["performance", "quality"]
KINDS: tuple[Kind, ...] = ("performance", "quality")

_data = partial(tables.read, "comparison")


class Need(IntEnum):
    """What two results must say of a field to answer one question."""

    FREE = 0
    """It may differ."""
    EQUAL = 1
    """It must be equal; where neither result states it, it is."""
    KNOWN = 2
    """It must be stated by both, and equal: unknown equals nothing."""


@dataclass(frozen=True)
class Policy:
    """The rules of a suite, or of one of its divisions, for one kind of metric."""

    name: str
    needs: Mapping[str, Need]
    source: str
    uncounted: frozenset[str] = frozenset()
    """Members of hyperparameters and inputs that bind nothing in this suite, beside those that bind nothing in any."""

    def asked(self, question: Question, kind: Kind) -> dict[str, Need]:
        """Return what a question needs of each field that binds, in the order of the rules.

        Beside the context, the compared things bind where the question holds them fast: the system must be known, but
        not for the quality of answers, which does not depend on it.
        """
        needs = {"suite": Need.KNOWN, **self.needs}
        if kind == "performance":
            needs["system"] = Need.KNOWN
            needs |= dict.fromkeys(COMPARED[1:], Need.EQUAL)
        else:
            # That its power was measured slows a run down, and changes no answer.
            needs.pop("power_run", None)
        return {field: need for field, need in needs.items() if not question.may_differ(field)}


def kind_of(metric: str) -> Kind:
    """Return the kind of a metric: quality is of the answers, all else is what they cost."""
    known = vocabulary().terms("metric").get(metric.partition("@")[0], {})
    return "quality" if known.get("quantity") == "quality" else "performance"


def policy(suite: str, division: str | None, kind: Kind) -> Policy:
    """Return the rules of a suite's division, else of the suite, else what binds where nothing is known of a suite."""
    rules = _rules()
    return (
        rules.get((f"{suite}.{division}", kind))
        or rules.get((suite, kind))
        or rules["default", kind]
    )


def strictest(policies: Iterable[Mapping[str, Need]]) -> dict[str, Need]:
    """Return what several rules need together, of each field the most."""
    needs: dict[str, Need] = {}
    for item in policies:
        for field, need in item.items():
            needs[field] = max(need, needs.get(field, Need.FREE))
    return needs


@cache
def _rules() -> dict[tuple[str, Kind], Policy]:
    default = _data()["default"]
    rules = {
        ("default", kind): Policy("default", _needs(default[kind]), default["source"])
        for kind in KINDS
    }
    for entry in _data()["rules"]:
        for suite in entry["suites"]:
            for kind in entry.get("kinds", KINDS):
                uncounted = frozenset(entry.get("never_count", ()))
                rules[suite, kind] = Policy(suite, _needs(entry), entry["source"], uncounted)
    return rules


def _needs(entry: Mapping[str, Any]) -> dict[str, Need]:
    known = dict.fromkeys(entry["known"], Need.KNOWN)
    return known | dict.fromkeys(entry["equal"], Need.EQUAL)


def named_fields() -> set[str]:
    """Return all fields that the rules name."""
    return {field for rule in _rules().values() for field in rule.needs}
