"""The catalogue: every check by its code, and the rule sets; both are made from the checks themselves.

Codes never change meaning. Each has a page with the reason, examples and the cure. Installed packages add checks by an
entry point in the group `benchfmt.checks`, which names a `Check` or a tuple of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files

from benchfmt.checks import consistency, integrity, plausibility, safety, structure, suites, terms
from benchfmt.checks.check import Check
from benchfmt.finding import BenchfmtError
from benchfmt.plugins import distribution_of

GROUP = "benchfmt.checks"
OWN_PREFIX = "BF"
"""What the codes of benchfmt start with, and those of other packages do not."""
LEVELS = ("core", "submission")
"""The rule sets, the mildest first; each holds all checks of those before it."""

Topic = tuple[Check, ...]
TOPICS: tuple[Topic, ...] = (
    structure.CHECKS,
    terms.CHECKS,
    plausibility.CHECKS,
    consistency.CHECKS,
    integrity.CHECKS,
    suites.CHECKS,
    safety.CHECKS,
)
"""The checks of benchfmt, in the order in which they run."""


def rule_sets_of(checks: Iterable[Check]) -> dict[str, frozenset[str]]:
    """Return the codes of each rule set."""
    codes: dict[str, set[str]] = {name: set() for name in LEVELS}
    for check in checks:
        for name in LEVELS[LEVELS.index(check.rules) :]:
            codes[name].add(check.code)
    return {name: frozenset(members) for name, members in codes.items()}


CODES: dict[str, Check] = {check.code: check for topic in TOPICS for check in topic}
"""The checks of benchfmt by their codes."""
RULE_SETS: dict[str, frozenset[str]] = rule_sets_of(CODES.values())
"""The codes of benchfmt that a data set is held to under each rule set."""
SUBMISSION_ONLY = RULE_SETS["submission"] - RULE_SETS["core"]


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
def all_rule_sets() -> Mapping[str, frozenset[str]]:
    """Return what `--rules` takes: the codes of each rule set, those of other packages included."""
    return rule_sets_of(all_checks().values())


@cache
def stages(codes: frozenset[str]) -> tuple[Topic, ...]:
    """Return the checks that run over sound frames for a set of codes, by topic; structure has been judged before."""
    topics = (*TOPICS[1:], installed())
    return tuple(chosen(topic, codes) for topic in topics)


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
    if check.rules not in LEVELS:
        raise BenchfmtError(
            f"{about} names the rule set {check.rules!r}; there are: {', '.join(LEVELS)}"
        )
    if check.page is None:
        raise BenchfmtError(f"{about} has no page: say why it exists and how to fix the fault")
