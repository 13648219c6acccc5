"""The catalogue: every check by its code, and the rule sets; both are made from the checks themselves.

Codes never change meaning. Each has a page with the reason, examples and the cure. Installed packages add checks by an
entry point in the group `benchfmt.checks`, which names a `Check` or a tuple of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files

from benchfmt.checks import (
    acknowledging,
    capacity,
    comparability,
    consistency,
    descriptors,
    doubts,
    gathered,
    integrity,
    learning,
    observed,
    personal,
    physics,
    plausibility,
    relations,
    safety,
    spread,
    structure,
    suites,
    terms,
    texts,
)
from benchfmt.checks.check import Check
from benchfmt.checks.rule_sets import FIRM, NAMES, PURPOSES, SAFETY, Purpose, RuleSet
from benchfmt.finding import BenchfmtError, Severity
from benchfmt.plugins import distribution_of
from benchfmt.spelling import no_such

GROUP = "benchfmt.checks"
OWN_PREFIX = "BF"
"""What the codes of benchfmt start with, and those of other packages do not."""

Topic = tuple[Check, ...]
TOPICS: tuple[Topic, ...] = (
    (*structure.CHECKS, *acknowledging.CHECKS),
    descriptors.CHECKS,
    texts.CHECKS,
    terms.CHECKS,
    plausibility.CHECKS,
    capacity.CHECKS,
    observed.CHECKS,
    consistency.CHECKS,
    spread.CHECKS,
    spread.CHECKS_OF_SPREAD,
    relations.CHECKS,
    physics.CHECKS,
    integrity.CHECKS,
    personal.CHECKS,
    comparability.CHECKS,
    suites.CHECKS,
    doubts.CHECKS,
    gathered.CHECKS,
    learning.CHECKS,
    safety.CHECKS,
)
"""The checks of benchfmt, in the order in which they run."""


def rule_sets_of(checks: Iterable[Check]) -> dict[str, RuleSet]:
    """Return each rule set with those of some checks that belong to it."""
    known = list(checks)
    return {name: _rule_set(name, purpose, known) for name, purpose in PURPOSES.items()}


def _rule_set(name: str, purpose: Purpose, checks: Iterable[Check]) -> RuleSet:
    severities = {}
    for check in checks:
        if name in check.rules:
            severities[check.code] = purpose.severities.get(check.code, check.severity)
    return RuleSet(name, purpose.title, severities)


CODES: dict[str, Check] = {
    check.code: check
    for check in sorted(
        (check for topic in TOPICS for check in topic), key=lambda check: check.code
    )
}
"""The checks of benchfmt by their codes, in the order of these."""
RULE_SETS: dict[str, RuleSet] = rule_sets_of(CODES.values())
"""The rule sets with the checks of benchfmt alone."""
BEYOND_CORE = frozenset(CODES) - RULE_SETS["core"].codes
"""The codes of benchfmt that conformant data need not keep."""


@cache
def installed() -> Topic:
    """Return the checks that other packages add; raises BenchfmtError for one that cannot be used."""
    checks: dict[str, Check] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        for check in _loaded(point):
            _refuse_misfit(check, point)
            if check.code in checks:
                raise BenchfmtError(f"two installed checks have the code {check.code}")
            checks[check.code] = check
    return tuple(checks.values())


@cache
def all_checks() -> Mapping[str, Check]:
    """Return every check by its code: those of benchfmt, then those that other packages add."""
    return CODES | {check.code: check for check in installed()}


@cache
def all_rule_sets() -> Mapping[str, RuleSet]:
    """Return what `--rules` takes: each rule set by its name, with the checks of other packages."""
    return rule_sets_of(all_checks().values())


def rule_set(names: str) -> RuleSet:
    """Return a rule set by its name, or several (`submission,ingestion`) as one; raises BenchfmtError for one that does not exist."""
    rule_sets = all_rule_sets()
    asked = [name.strip() for name in names.split(",")]
    for name in asked:
        if name not in rule_sets:
            raise BenchfmtError(no_such("rule set", name, list(rule_sets)))
    return _together([rule_sets[name] for name in rule_sets if name in asked])


def _together(rule_sets: Sequence[RuleSet]) -> RuleSet:
    """Return rule sets as one: each code of any of them, as much as where it weighs most; what conforms to it conforms to each."""
    first, *others = rule_sets
    if not others:
        return first
    severities = {}
    for code in all_checks():
        weights = [each.severities[code] for each in rule_sets if code in each.severities]
        if weights:
            severities[code] = Severity.ERROR if Severity.ERROR in weights else weights[0]
    parts = tuple(each.name for each in rule_sets)
    titles = "; ".join(each.title for each in rule_sets)
    return RuleSet("+".join(parts), titles, severities, parts=parts)


@cache
def stages(codes: frozenset[str]) -> tuple[Topic, ...]:
    """Return the checks that run over sound frames for a set of codes; structure has been judged before.

    The checks of a stage see the same frames: of a topic first all that judge cells one by one, then each of the others,
    which do not see what those before it cast doubt on.
    """
    found: list[Topic] = []
    for topic in (*TOPICS[1:], installed()):
        asked = chosen(topic, codes)
        found.append(tuple(check for check in asked if check.run is None))
        found += [(check,) for check in asked if check.run is not None]
    return tuple(found)


def chosen(topic: Topic, codes: frozenset[str]) -> Topic:
    """Return the checks of a topic that a set of codes asks for."""
    return tuple(check for check in topic if check.code in codes)


def gatherers(codes: frozenset[str]) -> Topic:
    """Return the checks of a set of codes that compare records of different batches."""
    return tuple(
        check for check in all_checks().values() if check.code in codes and check.gather is not None
    )


@cache
def whole_record_codes() -> frozenset[str]:
    """Return the codes that are not reported for a record that has a measurement at fault."""
    return frozenset(check.code for check in all_checks().values() if check.whole_record)


def page(code: str) -> str:
    """Return the page of a code as Markdown; raises KeyError for an unknown one."""
    check = all_checks()[code]
    if check.page is not None:
        return check.page
    return (files("benchfmt.checks") / "pages" / f"{code}.md").read_text("utf-8")


def may_be_acknowledged(code: str, rules: str) -> bool:
    """Say whether a package may give a reason why a finding is no fault under a rule set; safety and unreadable data are."""
    check = all_checks()[code]
    if code.startswith((SAFETY, *PURPOSES[rules].firm)):
        return False
    breaks_conformance = "core" in check.rules and check.severity is Severity.ERROR
    return not (breaks_conformance and code.startswith(FIRM))


def rule_sets_in_words(check: Check) -> str:
    """Return the rule sets that a check belongs to, as Markdown."""
    if check.rules == NAMES:
        return "all"
    return ", ".join(f"`{name}`" for name in check.rules)


def severity_in_words(check: Check) -> str:
    """Return how much a fault weighs, and under which rule sets it weighs otherwise, as Markdown."""
    words = [check.severity.value]
    for severity in Severity:
        names = []
        for name in check.rules:
            changed = PURPOSES[name].severities.get(check.code, check.severity)
            if changed == severity != check.severity:
                names.append(f"`{name}`")
        if names:
            words.append(f"{severity.value} under {', '.join(names)}")
    return ", ".join(words)


def _loaded(point: EntryPoint) -> Topic:
    """Return the checks that an entry point names."""
    try:
        named = point.load()
    except Exception as error:
        raise BenchfmtError(
            f"the checks {point.value!r} of the entry point {point.name!r} cannot be loaded: "
            f"{type(error).__name__}: {error}; update or uninstall {distribution_of(point)}"
        ) from error
    if isinstance(named, Check):
        return (named,)
    if isinstance(named, tuple) and all(isinstance(item, Check) for item in named):
        return named
    raise BenchfmtError(
        f"the entry point {point.name!r} in {GROUP!r} names neither a Check nor a tuple of them"
    )


def _refuse_misfit(check: Check, point: EntryPoint) -> None:
    """Raise BenchfmtError for a check that would pass for one of benchfmt, or that cannot be explained."""
    about = f"the check {check.code!r} of the entry point {point.name!r}"
    if check.code.upper().startswith(OWN_PREFIX):
        raise BenchfmtError(f"{about} starts with {OWN_PREFIX}: choose a prefix of your own")
    if isinstance(check.rules, str) or not check.rules:
        raise BenchfmtError(f"{about} needs a tuple of the rule sets that it belongs to")
    for name in check.rules:
        if name not in PURPOSES:
            raise BenchfmtError(f"{about}: {no_such('rule set', name, list(PURPOSES))}")
    if check.page is None:
        raise BenchfmtError(f"{about} has no page: say why it exists and how to fix the fault")
