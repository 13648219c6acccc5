"""Validation of each form, drafts of descriptors, and packages that are opened."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zlib import crc32

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
_RULES = ("core", "submission")
_PACKAGES = 8
"""The records are in so many packages: a small one takes a fraction of the time."""


def _records() -> list[Record]:
    """Return records with ids of their own: one without an id would hide all that stands behind it."""
    paths = [path for glob in _RECORDS for path in sorted(ROOT.glob(glob))]
    every = [Record.from_dict(json.loads(path.read_text("utf-8"))) for path in paths]
    by_id = {record.id: record for record in map(identified, every)}
    return list(by_id.values())


def _packages(form: str) -> list[dict[str, bytes]]:
    """Return the files of small packages, each of records of several kinds."""
    records = _records()
    found = []
    for start in range(_PACKAGES):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "package"
            write_package(folder, [to_batch(records[start::_PACKAGES])], format=form)
            found.append(
                {f"package/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}
            )
    return found


def packages(form: str) -> list[Seed]:
    """Return small packages, each once for each of its files."""
    seeds = []
    for contents in _packages(form):
        for path, data in contents.items():
            others = {other: text for other, text in contents.items() if other != path}
            seeds.append(Seed(path, data, tuple(others.items())))
    return seeds


def _zips() -> list[Seed]:
    seeds = []
    for contents in _packages("csv"):
        names = {path.rpartition("/")[2]: data for path, data in contents.items()}
        seeds.append(Seed("package.zip", samples.zipped(names)))
    return seeds


def _validate(root: Path, path: Path) -> None:
    """Validate by one of the rule sets, in one of the formats: which follows from the file, so that it is the same again."""
    place = path if root == path else root
    chance = crc32(path.read_bytes())
    report = validate(place, _RULES[chance % len(_RULES)])
    shown = report_format(_FORMATS[chance // len(_RULES) % len(_FORMATS)])
    list(shown.render(Reports(report.rule_set, [report], 1)))
    for finding in report.findings:
        if finding.code == CRASHED:
            raise AssertionError(finding.message)


def _open(root: Path, path: Path) -> None:
    """Read all of a package; what is made of it is the business of `fuzz.using`."""
    with open_package(path if root == path else root) as package:
        for record in package.records():
            record.to_dict()
        list(package.lines())


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
