"""`describe`: a draft of a descriptor for a table, and what a person has still to say for a hand-over.

What is missing is not guessed at: the draft is validated against the rule set `submission` as it would be later, and
each thing that it asks for is named once, with the option that says it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from benchfmt.drafting import Review, Said, draft
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.layouts import fit_named, layout
from benchfmt.validation import validate

_MOST_BYTES = 50_000_000
"""A larger table is not validated here: its draft is."""


@dataclass(frozen=True)
class Description:
    """A drafted descriptor, the guesses to look at, and what is still to be said for a submission."""

    descriptor: dict[str, JsonValue]
    review: Review
    missing: list[str]

    @property
    def notes(self) -> list[str]:
        """What a person should look at."""
        return self.review.texts()


def describe(path: Path, suite: str | None = None, said: Said | None = None) -> Description:
    """Return the description of a table.

    Raises TableError for what is no table, and BenchfmtError for what is said of a column that does not exist.
    """
    made = draft(path, suite, said)
    return Description(made.descriptor, made.review, _missing(path, made.descriptor))


def describe_like(path: Path, name: str, suite: str | None, said: Said) -> Description:
    """Return the description of a file that a known tool wrote, by the name of its layout.

    Raises BenchfmtError for a name that no layout has, for a file that is not of that layout, and where a person says
    what a column is, which the layout says.
    """
    if said.columns():
        column = min(said.columns())
        raise BenchfmtError(
            f"--like says what the columns are; leave out what says it of {column!r}"
        )
    chosen = layout(name)
    constants = dict(said.constants)
    if suite is not None:
        constants["benchmark.suite"] = suite
    descriptor = fit_named(path, chosen, constants).plain()
    review = Review()
    review.about_file(f"the layout {chosen.label}: {chosen.title}; versions {chosen.versions}")
    return Description(descriptor, review, _missing(path, descriptor))


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Return the names and values of `NAME=VALUE` options; raises BenchfmtError for one without a sign."""
    said: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise BenchfmtError(f"{option} {text!r} is to be NAME=VALUE")
        said[name] = value
    return said


def constant_values(texts: Iterable[str]) -> dict[str, JsonValue]:
    """Return constants by record path: numbers and lists as JSON where they are, everything else as text."""
    values: dict[str, JsonValue] = {}
    for path, text in pairs(texts, "--constant").items():
        values[path] = _value(text)
    return values


def _value(text: str) -> JsonValue:
    if (
        text[:1] in "[{"
        or text in ("true", "false")
        or text.lstrip("-").replace(".", "", 1).isdigit()
    ):
        try:
            value: JsonValue = json.loads(text)
        except ValueError:
            return text
        return value
    return text


def _missing(path: Path, descriptor: dict[str, JsonValue]) -> list[str]:
    """Return what a submission of the table would ask for, each thing once."""
    if path.stat().st_size > _MOST_BYTES:
        return []
    with tempfile.TemporaryDirectory(prefix="benchfmt-") as name:
        folder = Path(name)
        shutil.copy(path, folder / path.name)
        (folder / "datapackage.json").write_text(json.dumps(descriptor), "utf-8")
        findings = validate(folder, "submission").findings
    return list(dict.fromkeys(_asked(finding) for finding in findings))


def _asked(finding: Finding) -> str:
    """Return a finding without the row and the record in which it was first found."""
    where = finding.column or finding.field
    asked = finding.message
    if finding.hint:
        asked = f"{asked}; {finding.hint}"
    return f"{where}: {asked} ({finding.code})" if where else f"{asked} ({finding.code})"
