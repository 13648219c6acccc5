"""What damage is: what is done to a sound package, in which forms it can exist, and what must be found where."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tests.damage.bases import Base, Data
from tests.forms import flatten, write

from benchfmt.finding import Finding
from benchfmt.tables import COLUMNS
from benchfmt.validation import validate

FORMS = ("json", "jsonl", "csv", "parquet", "zip")
DOCUMENTS = ("json", "jsonl")
PACKAGES = ("csv", "parquet", "zip")
DESCRIPTOR = "datapackage.json"
Stage = Literal["records", "text", "tables", "package", "archive"]
FORMS_OF_STAGE: Mapping[Stage, tuple[str, ...]] = {
    "records": FORMS,
    "text": DOCUMENTS,
    "tables": ("csv", "zip"),
    "package": PACKAGES,
    "archive": ("zip",),
}
"""In which forms there is what a stage damages."""
ANYWHERE = "*"
"""Stands for a row or a column that damage leaves open."""


class At(NamedTuple):
    """Where in records something stands: the number of the record and of its measurement, and the field."""

    record: int
    field: str
    measurement: int | None = None
    system: int | None = None
    """The row of its system in a table; None for the first one of its id."""


class Spot(NamedTuple):
    """Where in files something stands, as a finding says it."""

    path: str
    row: int | str | None = None
    column: str | None = None
    """The name of a column, or the field of a record or the pointer in a descriptor."""
    line: int | None = None
    """The line of a text; None where it is not asked for."""


NOT_THERE = None
Do = Callable[..., Any]


@dataclass(frozen=True)
class Damage:
    """One kind of damage."""

    name: str
    about: str
    """Which chapter of the table it belongs to."""
    code: str
    stage: Stage
    do: Do
    """Damages what its stage gives it and returns where; `NOT_THERE` where there is nothing to be damaged so."""
    rules: str = "core"
    instead: Mapping[str, str] = field(default_factory=dict)
    """Forms in which it is found under another code; "" where a form cannot hold the damage."""
    places: Mapping[str, Spot] = field(default_factory=dict)
    """Forms in which it stands elsewhere."""
    only: tuple[str, ...] = ()
    """The forms in which it is tried, where these are not all of its stage."""

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms in which it is tried."""
        return self.only or FORMS_OF_STAGE[self.stage]

    def code_in(self, form: str) -> str:
        """Return the code that is found in a form, "" for none."""
        return self.instead.get(form, self.code)


@dataclass(frozen=True)
class Outcome:
    """What was found of a damage, and what must be found."""

    wanted: list[tuple[str, Spot]]
    found: list[tuple[str, Spot]]
    findings: list[Finding]


class Package:
    """The files of a package that is to be damaged."""

    def __init__(self, folder: Path, form: str) -> None:
        """Take the folder and the form of the package."""
        self.folder = folder
        self.kind = "csv" if form == "zip" else form

    def name(self, table: str) -> str:
        """Return the name of the file of a table."""
        return f"{table}.{self.kind}"

    def file(self, table: str) -> Path:
        """Return the file of a table."""
        return self.folder / self.name(table)

    @property
    def descriptor(self) -> Data:
        """The content of the descriptor."""
        data: Data = json.loads((self.folder / DESCRIPTOR).read_text("utf-8"))
        return data

    def write_descriptor(self, data: Any) -> None:
        """Write a descriptor."""
        (self.folder / DESCRIPTOR).write_text(json.dumps(data, indent=1), "utf-8")

    def renew(self) -> None:
        """Give each resource the size and the hash of its file."""
        data = self.descriptor
        for resource in data["resources"]:
            content = (self.folder / resource["path"]).read_bytes()
            resource["bytes"] = len(content)
            resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.write_descriptor(data)


def damaged(damage: Damage, base: Base, form: str, folder: Path) -> tuple[Path, Spot | None] | None:
    """Write a damaged package; returns its path and the place of the damage, None where it cannot be done."""
    records = base.copy()
    if damage.stage == "records":
        at = damage.do(records)
        if at is NOT_THERE:
            return None
        spot = _spot(at, records, form)
        if damage.code == "BF102" and form not in DOCUMENTS:
            # A table has a column for all rows.
            spot = spot._replace(row=None)
        return _written(records, form, folder), spot
    if damage.stage == "text":
        path = _written(records, form, folder)
        spot = damage.do(path)
        return None if spot is NOT_THERE else (path, spot)
    kind = "csv" if form == "zip" else form
    package = Package(write(folder / "package", flatten(records), kind), form)
    if damage.stage == "archive":
        path, spot = damage.do(zipped(package.folder))
        return path, spot
    spot = damage.do(package)
    if spot is NOT_THERE:
        return None
    if damage.stage == "tables":
        package.renew()
    return (zipped(package.folder) if form == "zip" else package.folder), spot


def zipped(folder: Path) -> Path:
    """Return a zip of a folder."""
    import zipfile

    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return target


def _written(records: list[Any], form: str, folder: Path) -> Path:
    """Write records in a form; returns the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"results.{form}"
    match form:
        case "json":
            path.write_text(json.dumps(records, indent=1), "utf-8")
        case "jsonl":
            path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
        case _:
            return write(folder / "package", flatten(records), form)
    return path


def _spot(at: At, records: list[Any], form: str) -> Spot:
    """Return where a place in records stands in a form."""
    if form in DOCUMENTS:
        name = at.field
        if at.measurement is not None:
            name = f"measurements.{at.measurement}.{name}"
        return Spot(f"results.{form}", at.record + 1, name or None)
    kind = "csv" if form == "zip" else form
    if at.measurement is not None:
        before = sum(_measurements_of(record) for record in records[: at.record])
        return Spot(f"measurements.{kind}", before + at.measurement + 1, at.field.split(".")[0])
    if at.field.startswith("system."):
        column = _column_of("systems", at.field.removeprefix("system."))
        ids = [row["id"] for row in flatten(records)["systems"]]
        row = at.system or ids.index(records[at.record]["system"]["id"]) + 1
        return Spot(f"systems.{kind}", row, column)
    return Spot(f"records.{kind}", at.record + 1, _column_of("records", at.field) or None)


def _measurements_of(record: Data) -> int:
    return sum(isinstance(item, dict) for item in record.get("measurements", []))


def _column_of(table: str, path: str) -> str:
    """Return the column that holds a field."""
    if path == "id":
        return "id"
    for column in COLUMNS[table]:
        if path == column.path or path.startswith(f"{column.path}."):
            return column.name
    return path


def outcome(damage: Damage, base: Base, form: str, folder: Path) -> Outcome | None:
    """Return what is found of a damage; None where the base has nothing to be damaged so."""
    made = damaged(damage, base, form, folder)
    if made is None:
        return None
    path, spot = made
    report = validate(path, damage.rules)
    new = Counter(map(_key, report.findings)) - baseline(base, form, damage.rules)
    findings = [finding for finding in report.findings if _key(finding) in new]
    spot = damage.places.get(form, spot) or Spot(path.name)
    code = damage.code_in(form)
    wanted = [(code, spot)] if code else []
    found = [(finding.code, _place(finding, spot, form)) for finding in findings]
    return Outcome(wanted, found, findings)


@cache
def baseline(base: Base, form: str, rules: str) -> Counter[tuple[Any, ...]]:
    """Return what is found of an undamaged package."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = _written(base.copy(), form, Path(folder))
        return Counter(map(_key, validate(path, rules).findings))


def _key(finding: Finding) -> tuple[Any, ...]:
    return (finding.code, finding.path, finding.column, finding.field, finding.row, finding.message)


def _place(finding: Finding, wanted: Spot, form: str) -> Spot:
    """Return where a finding stands, without what the wanted place leaves open."""
    column = finding.column
    if form in DOCUMENTS or column is None:
        column = finding.field
    row: int | str | None = finding.row
    if wanted.row == ANYWHERE:
        row = ANYWHERE
    if wanted.column == ANYWHERE:
        column = ANYWHERE
    line = None
    if wanted.line is not None:
        line = finding.line
    return Spot(finding.path, row, column, line)
