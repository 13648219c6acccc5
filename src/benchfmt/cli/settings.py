"""What a command is to do: the options of the command line, and the configuration where these say nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from benchfmt.checks.adjusting import adjusted
from benchfmt.checks.catalogue import rule_set
from benchfmt.checks.rule_sets import RuleSet
from benchfmt.cli.printing import say
from benchfmt.configuration import Configuration, find_configuration, read_configuration
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.reports.formats import ReportFormat, report_format
from benchfmt.spelling import no_such

_DEFAULT_RULES = "core"
_DEFAULT_FORMAT = "text"

_MOST_DIGITS = 18
"""What has more digits is no size."""


@dataclass(frozen=True)
class Given:
    """What the command line says; None and empty where it says nothing."""

    rules: list[str] | None
    select: list[str] | None
    ignore: list[str] | None
    limits: list[str] | None
    format: str | None
    strict: bool | None
    max_findings: int | None


@dataclass(frozen=True)
class Settings:
    """What is done."""

    rules: RuleSet
    limits: Limits
    format: ReportFormat
    strict: bool
    max_findings: int | None
    """How many findings are listed; None for all."""


def settings_of(given: Given, config: Path | None, is_without: bool) -> Settings:
    """Return what the command line says, and the configuration where it says nothing; raises BenchfmtError."""
    configuration = _configuration(config, is_without)
    strict = given.strict
    if strict is None:
        strict = bool(configuration.strict)
    most = given.max_findings
    if most is None:
        most = configuration.max_findings
    return Settings(
        rules=_rules(given, configuration),
        limits=limits_of(given.limits or [], configuration.limits),
        format=report_format(given.format or configuration.format or _DEFAULT_FORMAT),
        strict=strict,
        max_findings=most,
    )


def _configuration(file: Path | None, is_without: bool) -> Configuration:
    """Return the configuration of a file that is named, none, or the one that is found."""
    if file is not None:
        if is_without:
            raise BenchfmtError("--config and --no-config exclude each other")
        return read_configuration(file)
    if is_without:
        return Configuration()
    result = find_configuration(Path.cwd())
    for file_of_package in result.in_packages:
        name = file_of_package.name
        say(
            f"benchfmt: {file_of_package} lies in a package and is not read (--config {name})",
            err=True,
        )
    return result.configuration


def publication_options(known: Collection[str]) -> dict[str, str]:
    """Return what the configuration says of a publication, as those options of an export that it knows."""
    said = _configuration(None, is_without=False).publication
    return {name: text for name, text in said.items() if name in known}


def _rules(given: Given, configuration: Configuration) -> RuleSet:
    named = ",".join(given.rules or ()) or configuration.rules
    known = rule_set(named or _DEFAULT_RULES)
    adjustment = configuration.adjustment
    if given.select:
        adjustment = replace(adjustment, select=_codes(given.select))
    if given.ignore:
        adjustment = replace(adjustment, ignore=_codes(given.ignore))
    return adjusted(known, adjustment)


def _codes(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of an option, which are separated by commas, or given one by one."""
    codes = []
    for text in texts:
        codes += [code.strip() for code in text.split(",")]
    return tuple(codes)


def limits_of(pairs: Iterable[str], configured: Mapping[str, int] | None = None) -> Limits:
    """Return the safety limits, those that are given (`NAME=NUMBER`) in place of those configured or of their defaults."""
    numbers = dict(configured or {})
    names = [item.name for item in fields(LIMITS)]
    for pair in pairs:
        name, _, number = pair.partition("=")
        if name not in names:
            raise BenchfmtError(no_such("limit", name, names))
        if not number.isdecimal() or len(number) > _MOST_DIGITS:
            shown = number[: _MOST_DIGITS + 1]
            raise BenchfmtError(
                f"a limit is {name}=NUMBER, and {shown!r} is not a whole number of at most {_MOST_DIGITS} digits"
            )
        numbers[name] = int(number)
    return replace(LIMITS, **numbers)
