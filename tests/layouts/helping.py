"""What the tests of layouts share: a file, converted with nothing said of it, and the numbers of its records."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from benchfmt import Record, convert, open_package, validate
from benchfmt.accounting import Account
from benchfmt.cli.commands import app
from benchfmt.record import Measurement

FIXTURES = Path(__file__).parents[1] / "fixtures" / "layouts"
Key = tuple[str, ...]


def converted(source: Path, folder: Path) -> tuple[list[Record], Account]:
    """Return the records of a source and the account, after the package that they make was found conformant."""
    package = folder / "package"
    account = convert(source).write(package, replace=True)
    report = validate(package)
    assert report.ok, report.findings
    with open_package(package) as opened:
        return list(opened.records()), account


def values(record: Record) -> dict[Key, float]:
    """Return the values of a record, by the parts of their keys that are said."""
    return {key(item): item.value for item in record.measurements or () if item.value is not None}


def missing(record: Record) -> dict[Key, str]:
    """Return the reasons of the measurements without a value, by the parts of their keys that are said."""
    reasons = {key(item): item.missing for item in record.measurements or ()}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def key(item: Measurement) -> Key:
    parts = (item.metric, item.statistic, item.stage, item.per, item.scope)
    return tuple(part for part in parts if part is not None)


def measurement(record: Record, *wanted: str) -> Measurement:
    """Return the measurement of a record whose key has these parts."""
    return next(item for item in record.measurements or () if key(item) == wanted)


def described_alike(path: Path, name: str, folder: Path) -> None:
    """Check that a file gives the same records with the descriptor that `describe --like` writes as without."""
    alone, _ = converted(path, folder)
    described = folder / "described"
    described.mkdir()
    copy = described / path.name
    copy.write_bytes(path.read_bytes())
    descriptor = described / "datapackage.json"
    result = CliRunner().invoke(app, ["describe", str(copy), "--like", name, "-o", str(descriptor)])
    assert result.exit_code == 0, result.output
    json.loads(descriptor.read_text("utf-8"))
    convert(described).write(described / "package")
    with open_package(described / "package") as again:
        assert list(again.records()) == alone
