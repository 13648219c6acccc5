"""The log of SARIF: findings and codes as objects of sarif-pydantic. Only the format `sarif` imports this."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote

from sarif_pydantic import sarif as model

from benchfmt._version import __version__
from benchfmt.checks.catalogue import all_checks, page
from benchfmt.finding import Finding
from benchfmt.printable import printable
from benchfmt.reports.where import Where, acknowledged_lines, advice, rows_text, spot, where
from benchfmt.validation.report import Report, Reports

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_OWN_FINGERPRINT = "benchfmt/v1"
_OF_GITHUB = "primaryLocationLineHash"
_IN_URLS = ":/?#[]@!$&'()*+,;=%"
"""What stands in a URL as it is."""


def log(reports: Reports) -> model.Sarif:
    """Return the report as a log."""
    codes = sorted({finding.code for report in reports for finding in report.findings})
    driver = model.ToolDriver(
        name="benchfmt",
        version=__version__,
        semantic_version=__version__,
        rules=[_rule(code) for code in codes],
    )
    run = model.Run(
        tool=model.Tool(driver=driver),
        columnKind="unicodeCodePoints",
        invocations=[model.Invocation(execution_successful=True)],
        results=list(_results(reports, codes)),
        properties={
            "notListed": _not_listed(reports),
            "acknowledged": list(_acknowledged(reports)),
            "notes": list(_notes(reports)),
        },
    )
    return model.Sarif(schema_uri=SCHEMA, runs=[run])


def _not_listed(reports: Reports) -> dict[str, int]:
    """Return for each code how many findings are left out."""
    total: Counter[str] = Counter()
    for report in reports:
        total += report.more
    return dict(sorted(total.items()))


def _acknowledged(reports: Reports) -> Iterator[str]:
    """Yield what packages acknowledge, each with its package."""
    for report in reports:
        for line in acknowledged_lines(report):
            yield printable(f"{report.source}: {line}")


def _notes(reports: Reports) -> Iterator[str]:
    """Yield what was not looked at, each with its package."""
    for report in reports:
        for note in report.notes:
            yield printable(f"{report.source}: {note}")


def _rule(code: str) -> model.ReportingDescriptor:
    """Return a code as a rule, with its page."""
    check = all_checks()[code]
    title = model.Message(text=check.title)
    text = page(code)
    return model.ReportingDescriptor(
        id=code,
        short_description=title,
        full_description=title,
        help=model.Message(text=text, markdown=text),
        default_configuration=model.ReportingConfiguration(level=check.severity.value),
    )


def _results(reports: Reports, codes: list[str]) -> Iterator[model.Result]:
    """Yield the findings of all packages; the numbers of rules are their places in `codes`."""
    seen: Counter[str] = Counter()
    for report in reports:
        for finding in report.findings:
            fingerprint = _fingerprint(report, finding)
            seen[fingerprint] += 1
            numbered = f"{fingerprint}:{seen[fingerprint]}"
            yield _result(report, finding, codes.index(finding.code), numbered)


def _result(report: Report, finding: Finding, rule: int, fingerprint: str) -> model.Result:
    place = where(report, finding)
    text = advice(finding)
    rows = rows_text(finding)
    if rows:
        text = f"{text}; {rows}"
    within = spot(finding)
    if within:
        text = f"{within}: {text}"
    return model.Result(
        rule_id=finding.code,
        rule_index=rule,
        level=model.Level(finding.severity.value),
        message=model.Message(text=printable(text)),
        locations=[_location(place, finding)],
        partial_fingerprints=_fingerprints(place, fingerprint),
    )


def _fingerprints(place: Where, fingerprint: str) -> dict[str, str]:
    """Return what tells that a result is the one of an earlier run.

    Code scanning of GitHub looks at `primaryLocationLineHash` alone. Its upload action makes that of the text of the
    line, and warns of every other; where there is no line, as in Parquet and in archives, it makes none.
    https://github.com/github/codeql-action/blob/main/src/fingerprints.ts
    """
    fingerprints = {_OWN_FINGERPRINT: fingerprint}
    if place.line is None:
        fingerprints[_OF_GITHUB] = fingerprint
    return fingerprints


def _location(place: Where, finding: Finding) -> model.Location:
    """Return where a finding stands: the file and its line, and the record, table and field as logical locations."""
    region = None
    if place.line is not None:
        region = model.Region(start_line=place.line, start_column=place.column)
    logical = list(_logical(place, finding))
    return model.Location(
        physical_location=model.PhysicalLocation(
            artifact_location=model.ArtifactLocation(uri=uri(place.file)), region=region
        ),
        logical_locations=logical or None,
    )


def _logical(place: Where, finding: Finding) -> Iterator[model.LogicalLocation]:
    if place.inside:
        yield model.LogicalLocation(name=printable(place.inside), kind="resource")
    if finding.record:
        yield model.LogicalLocation(name=printable(finding.record), kind="object")
    name = finding.column or finding.field
    if name:
        yield model.LogicalLocation(
            name=printable(name),
            fully_qualified_name=printable(_full_name(finding, name)),
            kind="value",
        )


def _full_name(finding: Finding, name: str) -> str:
    """Return the file, row and name of a value; its JSON Pointer where it has one."""
    if finding.pointer is not None:
        return f"{finding.path}#{finding.pointer}"
    parts = [finding.path]
    if finding.row is not None:
        parts.append(str(finding.row))
    parts.append(name)
    return "/".join(parts)


def _fingerprint(report: Report, finding: Finding) -> str:
    """Return a text that stays the same where rows are added above: it knows the fault, not its row."""
    parts = (
        finding.code,
        report.source,
        finding.path,
        finding.column or "",
        finding.field or "",
        finding.record or "",
        finding.value or "",
        finding.message,
    )
    text = "\0".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def uri(file: str) -> str:
    """Return a file, or a URL, as a URI reference."""
    if "://" in file:
        return quote(file, safe=_IN_URLS, errors="surrogateescape")
    path = PurePath(file)
    text = quote(path.as_posix(), errors="surrogateescape")
    if path.is_absolute():
        return f"file:///{text.lstrip('/')}"
    return text
