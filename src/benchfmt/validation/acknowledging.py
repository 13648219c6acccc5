"""What a package says of findings that are known: they are counted apart, with the reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from benchfmt.checks.catalogue import all_checks, may_be_acknowledged
from benchfmt.checks.rule_sets import RuleSet
from benchfmt.descriptor import Acknowledgement
from benchfmt.spelling import meant
from benchfmt.validation.places import Place

_CODE = re.compile(r"[A-Z]{2,}[0-9]+")
_SHOWN = 3


@dataclass
class Acknowledged:
    """Findings of one code that the package gives a reason for."""

    code: str
    reason: str
    records: frozenset[str] | None
    """The records that it is about; None for all findings of the code."""
    place: Place
    """Where the package says so."""
    count: int = 0
    """How many findings it met."""
    met: set[str] = field(default_factory=set)
    """Those of its records that have such a finding."""

    @property
    def unmet(self) -> str | None:
        """What it is about that has no such finding, in words; None where all has."""
        if self.records is None:
            if self.count:
                return None
            return f"there is no finding {self.code}"
        without = self.records - self.met
        if not without:
            return None
        return f"there is no finding {self.code} of {_shown_ids(without)}"

    def to_dict(self) -> dict[str, JsonValue]:
        """Return it as plain data (documented in docs/validation.md)."""
        return {"code": self.code, "reason": self.reason, "count": self.count}


class Known:
    """What is acknowledged, by code and record: a finding is asked about at once, however much there is."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._of_record: dict[tuple[str, str], Acknowledged] = {}
        self._of_code: dict[str, Acknowledged] = {}
        self.codes: set[str] = set()

    def add(self, acknowledged: Acknowledged) -> None:
        """Add what is acknowledged; where it was before, that counts."""
        self.codes.add(acknowledged.code)
        if acknowledged.records is None:
            self._of_code.setdefault(acknowledged.code, acknowledged)
        for record in acknowledged.records or ():
            self._of_record.setdefault((acknowledged.code, record), acknowledged)

    def takes(self, code: str, record: str | None, count: int = 1) -> bool:
        """Count findings of a record, or of none, that are acknowledged; returns whether they are."""
        item = self._of_code.get(code)
        if record is not None:
            item = self._of_record.get((code, record), item)
        if item is None:
            return False
        item.count += count
        if record is not None and item.records is not None:
            item.met.add(record)
        return True


@dataclass(frozen=True)
class Misfit:
    """An acknowledgement that cannot be taken: the code of the fault, the member at fault, and what is wrong."""

    code: str
    member: str
    value: str
    message: str
    hint: str | None = None


def misfit_of(item: Acknowledgement, *, hints: bool = True) -> Misfit | None:
    """Return what is wrong with an acknowledgement, None where it may be taken.

    Without `hints` no code is sought that may be meant, which takes far longer than all else.
    """
    if not _may_exist(item.code):
        near = None
        if hints:
            near = meant(item.code, all_checks())
        hint = "`benchfmt explain CODE` explains a code"
        if near is not None:
            hint = f"did you mean {near!r}?"
        return Misfit("BF127", "code", item.code, f"there is no code {item.code!r}", hint)
    if not _may_be_acknowledged(item.code):
        message = f"a package cannot acknowledge {item.code}, which tells that data is unsafe or cannot be relied on"
        return Misfit("BF128", "code", item.code, message, "correct the data, and leave this out")
    if not item.reason.strip():
        message = f"the acknowledgement of {item.code} gives no reason"
        return Misfit(
            "BF126", "reason", item.reason, message, "say why it is no fault of this package"
        )
    return None


def _may_exist(code: str) -> bool:
    """Whether a code is known, or may be one of a package of checks that is not installed here."""
    if code in all_checks():
        return True
    return _CODE.fullmatch(code) is not None and not code.startswith("BF")


def _may_be_acknowledged(code: str) -> bool:
    """Whether a package may acknowledge a code under any rule set that it belongs to."""
    check = all_checks().get(code)
    return check is None or any(may_be_acknowledged(code, rules) for rules in check.rules)


def _is_acknowledged_by_all(code: str, rule_set: RuleSet) -> bool:
    """Whether a package may acknowledge a code under each of the rule sets that have it."""
    own = all_checks()[code].rules
    asking = [name for name in rule_set.names if name in own] or rule_set.names
    return all(may_be_acknowledged(code, name) for name in asking)


def taken(item: Acknowledgement, rule_set: RuleSet, place: Place) -> Acknowledged | None:
    """Return what an acknowledgement says of findings under a rule set; None where it says nothing of any."""
    if item.code not in rule_set.codes or not _is_acknowledged_by_all(item.code, rule_set):
        return None
    records = None
    if item.records is not None:
        records = frozenset(item.records)
    return Acknowledged(item.code, item.reason.strip(), records, place)


def _shown_ids(ids: Collection[str]) -> str:
    """Return the first of some ids in words."""
    ordered: Sequence[str] = sorted(ids)
    text = ", ".join(map(repr, ordered[:_SHOWN]))
    if len(ordered) > _SHOWN:
        return f"{text} and {len(ordered) - _SHOWN} more"
    return text
