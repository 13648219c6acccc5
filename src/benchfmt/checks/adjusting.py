"""What a caller changes of a rule set: which codes are reported, and how much they weigh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from benchfmt.checks.catalogue import all_checks
from benchfmt.checks.rule_sets import RuleSet
from benchfmt.finding import BenchfmtError, Severity
from benchfmt.spelling import no_such

UNREAD = frozenset(
    {"BF115", "BF117", "BF118", "BF119", "BF122", "BF123"}
    | {"BF901", "BF902", "BF903", "BF904", "BF905", "BF906", "BF907", "BF909", "BF911"}
)
"""The codes of what was not read, and so was not judged. Nobody can leave them out: the verdict would be about nothing."""


@dataclass(frozen=True)
class Adjustment:
    """What a caller changes of a rule set. Codes may be given by how they begin: `BF3` is all of BF3xx."""

    select: tuple[str, ...] = ()
    """The only codes that are reported, of every rule set; all codes of the rule set where this is empty."""
    ignore: tuple[str, ...] = ()
    """The codes that are not reported."""
    severities: Mapping[str, Severity] = field(default_factory=dict)
    """How much some codes weigh."""


def adjusted(rule_set: RuleSet, adjustment: Adjustment) -> RuleSet:
    """Return a rule set as a caller changes it; raises BenchfmtError for codes that do not exist or cannot be changed."""
    severities = dict(rule_set.severities)
    changes = list(rule_set.changes)
    if adjustment.select:
        severities = _selected(rule_set, adjustment.select)
        changes.append(f"only {', '.join(adjustment.select)}")
    for beginning in adjustment.ignore:
        for code in _changeable(beginning):
            severities.pop(code, None)
    if adjustment.ignore:
        changes.append(f"without {', '.join(adjustment.ignore)}")
    # What is said of one code counts more than what is said of its hundred.
    for beginning in sorted(adjustment.severities, key=len):
        severity = adjustment.severities[beginning]
        for code in _changeable(beginning):
            if code in severities:
                severities[code] = severity
        changes.append(f"{beginning} as {severity.value}")
    silent = rule_set.judged - severities.keys()
    return replace(rule_set, severities=severities, changes=tuple(changes), silent=silent)


def _selected(rule_set: RuleSet, select: Iterable[str]) -> dict[str, Severity]:
    """Return the severities of the only codes that are asked for, and of those that nobody can leave out."""
    selected = set(UNREAD & rule_set.codes)
    for beginning in select:
        selected.update(codes_that_begin(beginning))
    severities = {}
    for code, check in all_checks().items():
        if code in selected:
            severities[code] = rule_set.severities.get(code, check.severity)
    return severities


def _changeable(beginning: str) -> list[str]:
    """Return the codes that begin so and may be changed; raises BenchfmtError where there is none."""
    changeable = [code for code in codes_that_begin(beginning) if code not in UNREAD]
    if not changeable:
        raise BenchfmtError(
            f"{beginning} can be neither left out nor weigh less: it tells what was not read, and so not judged"
        )
    return changeable


def codes_that_begin(beginning: str) -> list[str]:
    """Return the codes that begin with a text; raises BenchfmtError where there is none."""
    codes = list(all_checks())
    alike = [code for code in codes if beginning and code.startswith(beginning)]
    if not alike:
        raise BenchfmtError(no_such("code", beginning, codes))
    return alike
