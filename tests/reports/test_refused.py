"""Whoever judges many packages reads at the end which are refused, and by which errors."""

from __future__ import annotations

from dataclasses import replace

from benchfmt import Finding, Severity
from benchfmt.checks.catalogue import rule_set
from benchfmt.reports.as_text import TEXT, TextFormat
from benchfmt.validation.report import Report, Reports


def refused(name: str, *codes: str) -> Report:
    rules = rule_set("core")
    findings = [Finding(code, Severity.ERROR, "a.csv", 1, None, None, "wrong") for code in codes]
    return Report(rules, name, findings, records=1)


def ending(reports: list[Report]) -> list[str]:
    lines = "".join(TEXT.render(Reports(rule_set("core"), reports, len(reports)))).splitlines()
    return [line for line in lines if line.startswith("not conformant: ")]


def test_each_refused_package_is_named_with_its_errors() -> None:
    reports = [refused("a", "BF301", "BF301", "BF103"), refused("b"), refused("c", "BF501")]
    reports[2].more["BF501"] = 1_200
    assert ending(reports) == [
        "not conformant: a: BF103, BF301 × 2",
        "not conformant: c: BF501 × 1,201",
    ]


def test_of_very_many_the_first_are_named_and_the_rest_counted() -> None:
    reports = [refused(f"p{number}", "BF301") for number in range(53)]
    lines = ending(reports)
    assert len(lines) == 51
    assert lines[-1] == "not conformant: 3 more packages"


def test_one_package_alone_has_no_list() -> None:
    assert ending([refused("a", "BF301")]) == []


def test_where_warnings_count_the_verdict_says_so() -> None:
    doubtful = refused("a", "BF208")
    doubtful.findings = [replace(doubtful.findings[0], severity=Severity.WARNING)]
    strict = TextFormat(is_strict=True)
    text = "".join(strict.render(Reports(rule_set("core"), [doubtful], 1)))
    assert text.splitlines()[-1].startswith("not conformant (core, strict): 1 record,")
    both = [doubtful, refused("b")]
    lines = "".join(strict.render(Reports(rule_set("core"), both, 2))).splitlines()
    assert lines[-2] == "not conformant: a: BF208"
    assert lines[-1].startswith("1 of 2 packages conformant (core, strict): ")
    text = "".join(TEXT.render(Reports(rule_set("core"), [doubtful], 1)))
    assert text.splitlines()[-1].startswith("conformant (core): ")
