"""What a submission of tables would ask for, which a draft does not say yet."""

from __future__ import annotations

import json
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from benchfmt.checks.catalogue import BEYOND_CORE
from benchfmt.checks.integrity import CHECKS
from benchfmt.descriptor import FILE_NAME
from benchfmt.finding import Finding
from benchfmt.limits import LIMITS, Limits
from benchfmt.validation import validate

MOST_BYTES = 50_000_000
"""Larger tables are not validated here: that would take longer than a person waits for a draft."""
TOO_LARGE = (
    "the tables are too large to be looked through here: "
    "`benchfmt validate --rules submission` says what a submission asks for"
)
_ASSUMED_UNIT = "BF208"
_NOT_GIVEN = frozenset(check.code for check in CHECKS if check.code in BEYOND_CORE and check.cells)
"""The codes of fields that a submission asks for and nothing gives."""


@dataclass(frozen=True)
class Missing:
    """One thing that a submission asks for: the field of the record or the column, and what is said of it."""

    text: str
    code: str
    field: str | None = None
    column: str | None = None

    def __str__(self) -> str:
        """Return the line as a person reads it."""
        where = self.column or self.field
        line = f"{self.text} ({self.code})"
        if where is None:
            return line
        return f"{where}: {line}"

    @property
    def constant(self) -> str | None:
        """The field that a person may give for all rows; None where that is not what is missing."""
        if self.code not in _NOT_GIVEN:
            return None
        if self.field == "system.id":
            # Only a known system is named by its id.
            return "system.name"
        return self.field

    def option(self) -> str | None:
        """Return the option that says it, with a value to be filled in; None where no option does."""
        if self.code == _ASSUMED_UNIT and self.column is not None:
            return f"--unit {shlex.quote(f'{self.column}=...')}"
        if self.constant is not None:
            return f"--constant {self.constant}=..."
        return None

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the line as plain data."""
        data: dict[str, JsonValue] = {"code": self.code, "text": self.text}
        if self.field is not None:
            data["field"] = self.field
        if self.column is not None:
            data["column"] = self.column
        return data


def are_too_large(files: Mapping[str, Path]) -> bool:
    """Say whether tables are too large for `missing_of`, which takes the time of a validation."""
    return sum(path.stat().st_size for path in files.values()) > MOST_BYTES


def missing_of(
    files: Mapping[str, Path], descriptor: dict[str, JsonValue], limits: Limits = LIMITS
) -> list[Missing]:
    """Return what a submission of tables would ask for, each thing once; `files` are theirs, by resource path."""
    with tempfile.TemporaryDirectory(prefix="benchfmt-") as name:
        folder = Path(name)
        for inside, path in files.items():
            copy = folder / inside
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        here = {**descriptor, "resources": _of(files, descriptor)}
        (folder / FILE_NAME).write_text(json.dumps(here), "utf-8")
        findings = validate(folder, "submission", limits=limits).findings
    has_several = len(files) > 1
    return list(dict.fromkeys(_missing(finding, has_several) for finding in findings))


def _of(files: Mapping[str, Path], descriptor: dict[str, JsonValue]) -> list[JsonValue]:
    """Return the resources of a descriptor whose files are described now."""
    resources = descriptor["resources"]
    if not isinstance(resources, list):
        return []
    return [item for item in resources if isinstance(item, dict) and item.get("path") in files]


def _missing(finding: Finding, has_several: bool) -> Missing:
    """Return a finding without the row and the record in which it was first found."""
    text = finding.message
    if finding.hint:
        text = f"{text}; {finding.hint}"
    if has_several and finding.column is None and finding.field is None:
        text = f"{finding.path}: {text}"
    return Missing(text, finding.code, finding.field, finding.column)
