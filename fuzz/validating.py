"""Validation of each form, drafts of descriptors, and packages that are opened."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchfmt.checks.safety import CRASHED
from benchfmt.describing import describe
from benchfmt.identity import identified
from benchfmt.package import open_package, write_package
from benchfmt.record import Record
from benchfmt.reports.formats import report_format
from benchfmt.tables import to_batch
from benchfmt.validation import validate
from benchfmt.validation.report import Reports
from fuzz import samples
from fuzz.targets import ROOT, Seed, Target, files, trees

_RECORDS = (
    "tests/corpus/valid/mlperf-*.json",
    "tests/corpus/valid/extreme-*.json",
    "tests/corpus/valid/minimal-*.json",
)
_FORMATS = ("text", "json", "github")
"""The formats of reports that need no extra."""


def _records() -> list[Record]:
    """Return records with ids of their own: one without an id would hide all that stands behind it."""
    paths = [path for glob in _RECORDS for path in sorted(ROOT.glob(glob))]
    every = [Record.from_dict(json.loads(path.read_text("utf-8"))) for path in paths]
    by_id = {record.id: record for record in map(identified, every)}
    return list(by_id.values())


def _package(form: str) -> dict[str, bytes]:
    """Return the files of a small package."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "package"
        write_package(folder, [to_batch(_records())], format=form)
        return {f"package/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}


def packages(form: str) -> list[Seed]:
    """Return a small package, once for each of its files."""
    contents = _package(form)
    return [
        Seed(path, data, tuple((other, text) for other, text in contents.items() if other != path))
        for path, data in contents.items()
    ]


def _zips() -> list[Seed]:
    contents = {path.rpartition("/")[2]: data for path, data in _package("csv").items()}
    return [Seed("package.zip", samples.zipped(contents))]


def _validate(root: Path, path: Path) -> None:
    place = path if root == path else root
    for rules in ("core", "submission"):
        report = validate(place, rules)
        reports = Reports(report.rule_set, [report], 1)
        for name in _FORMATS:
            list(report_format(name).render(reports))
        for finding in report.findings:
            if finding.code == CRASHED:
                raise AssertionError(finding.message)


def _open(root: Path, path: Path) -> None:
    with open_package(path if root == path else root) as package:
        for record in package.records():
            record.to_dict()
        list(package.lines())
        package.wide()


def _describe(_root: Path, path: Path) -> None:
    draft = describe(path)
    json.dumps(draft.descriptor, allow_nan=False)
    json.dumps(draft.to_dict(), allow_nan=False)


def _form(form: str) -> Callable[[], list[Seed]]:
    return partial(packages, form)


TARGETS = (
    Target("validate-csv", _validate, _form("csv")),
    Target("validate-parquet", _validate, _form("parquet")),
    Target("validate-zip", _validate, _zips),
    Target("validate-json", _validate, files("record.json", *_RECORDS)),
    Target("validate-jsonl", _validate, files("records.jsonl", "examples/records/results.jsonl")),
    Target("validate-table", _validate, trees("examples/annotated")),
    Target("open-csv", _open, _form("csv")),
    Target("open-parquet", _open, _form("parquet")),
    Target("open-zip", _open, _zips),
    Target(
        "describe-csv",
        _describe,
        files(
            "t.csv",
            "tests/fixtures/layouts/*.csv",
            "examples/annotated/*.csv",
            texts=(samples.CSV,),
        ),
    ),
    Target(
        "describe-json",
        _describe,
        files("t.json", "tests/fixtures/layouts/*.json", texts=(json.dumps(samples.DOCUMENT),)),
    ),
    Target(
        "describe-jsonl",
        _describe,
        files("t.jsonl", "tests/fixtures/layouts/*.jsonl", texts=(samples.json_lines(),)),
    ),
    Target(
        "describe-markdown",
        _describe,
        files("t.md", "tests/fixtures/layouts/*.md", texts=(samples.MARKDOWN,)),
    ),
    Target("describe-html", _describe, files("t.html", texts=(samples.HTML,))),
    Target("describe-xlsx", _describe, lambda: [Seed("t.xlsx", samples.xlsx())]),
    Target("describe-ods", _describe, lambda: [Seed("t.ods", samples.ods())]),
    Target(
        "describe-parquet",
        _describe,
        lambda: [Seed("t.parquet", data) for data in samples.parquets()],
    ),
)
