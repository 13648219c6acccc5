"""Faults that take several records, a package or a call of their own: what gives the findings of each code.

All others are those of the pages of the checks, of the corpus and of the damage.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.checks.test_adding_checks import CACHED, SOUND, added
from tests.checks.test_policies import OF_DESCRIPTORS, SYSTEMS, edit, package, resource, two, zipped
from tests.conversion.test_detection import Unwell, described_table, install
from tests.damage.bases import OWN, bases
from tests.forms import describe
from tests.messages.acme_checks import FAILS
from tests.tables.test_annotated import lay
from tests.tables.test_annotated_parts import MEAN
from tests.validation.test_acknowledging import MISFITS, REASON, judged, record

from benchfmt.checks.catalogue import page
from benchfmt.conversion import convert
from benchfmt.finding import Finding
from benchfmt.limits import Limits
from benchfmt.processes import Crew, Lost
from benchfmt.validation import validate, validate_all

Specimen = Callable[[Path], list[Finding]]
"""Gives the findings of a fault that it makes in an empty folder, which is the current one."""
_TABLE = re.compile(r"^(\w+\.csv):\n(.*?)(?:\n\n|\Z)", re.DOTALL | re.MULTILINE)
_FAILS = re.compile(r"^## Fails\n+```text\n(.*?)```", re.DOTALL | re.MULTILINE)


def _not_listed(folder: Path) -> list[Finding]:
    place = package(folder / "package")
    (place / "log.txt").write_text("x", "utf-8")
    return validate(place).findings


def _unused_system(folder: Path) -> list[Finding]:
    place = package(folder / "package", systems=f"{SYSTEMS}s2,other\n")
    return validate(place).findings


def _one_file_twice(folder: Path) -> list[Finding]:
    place = package(folder / "package")
    shutil.copy(place / "records.csv", place / "systems.csv")
    return validate(edit(place, resource(0, path="records.csv"))).findings


def _one_system_twice(folder: Path) -> list[Finding]:
    return validate(two(folder / "package")).findings


def _one_execution_twice(folder: Path) -> list[Finding]:
    place = two(folder / "package", SYSTEMS, system="s1", run="run-17")
    return validate(place).findings


def _published_otherwise(folder: Path) -> list[Finding]:
    """Return the findings of the example of the page of BF705, which is a package of two records."""
    (text,) = _FAILS.findall(page("BF705"))
    tables = _TABLE.findall(text)
    for name, rows in tables:
        (folder / name).write_text(rows.strip() + "\n", "utf-8", newline="")
    return validate(
        describe(folder, [{"name": Path(name).stem, "path": name} for name, _ in tables])
    ).findings


def _acknowledged(folder: Path) -> list[Finding]:
    findings = []
    for item, _ in MISFITS.values():
        findings += judged(folder, [item]).findings
    sound = record("r1", ci=[4.0, 7.0, 0.95])
    some = {"code": "BF407", "reason": REASON, "records": ["r3"]}
    for item in (some, {"code": "BF407", "reason": REASON}):
        findings += judged(folder, [item], sound).findings
    return findings


def _not_confirmed(folder: Path) -> list[Finding]:
    findings = []
    for caveat in ("unit-inferred", "definition-inferred"):
        lay(folder, "t\n3\n", {"t": {**MEAN, "caveats": [caveat]}})
        findings += validate(folder).findings
    return findings


def _in_a_call(folder: Path) -> list[Finding]:
    """Return the findings of paths that lead to no package, and of one package twice."""
    Path("notes.txt").write_text("hello", "utf-8")
    Path("empty").mkdir()
    package(Path("tables")).joinpath("datapackage.json").unlink()
    lines = Path("all.jsonl")
    lines.write_text("\n".join(map(_numbered, range(1, 3))), "utf-8")
    convert(lines).write("first")
    shutil.copytree("first", "second")
    paths = ["nowhere", "*.zap", "notes.txt", "empty", "tables", "first", "second"]
    return [finding for report in validate_all(paths) for finding in report.findings]


def _numbered(number: int) -> str:
    """Return a record without an id, which then follows from its source."""
    data = bases()[OWN].copy()[number]
    del data["id"]
    return json.dumps(data)


def _beyond_limits(folder: Path) -> list[Finding]:
    """Return what is said of files beyond limits that are set low for them."""
    place = package(folder / "package")
    packed = zipped(place)
    lines = folder / "all.jsonl"
    lines.write_text("\n".join(map(json.dumps, bases()[OWN].copy())), "utf-8")
    document = folder / "all.json"
    document.write_text(json.dumps(bases()[OWN].copy()), "utf-8")
    limited: tuple[tuple[Path, dict[str, int]], ...] = (
        (packed, {"archive_members": 2}),
        (packed, {"archive_bytes": 100}),
        (place, {"resources": 2}),
        (place, {"descriptor_bytes": 100}),
        (place, {"columns": 3}),
        (place, {"row_bytes": 10}),
        (lines, {"row_bytes": 100}),
        (lines, {"record_measurements": 3}),
        (document, {"json_bytes": 100}),
        (document, {"json_members": 10}),
        (document, {"json_depth": 3}),
        (document, {"json_data_bytes": 1_000}),
    )
    findings = []
    for path, limits in limited:
        findings += validate(path, limits=Limits(**limits)).findings
    findings += [
        f for report in validate_all([folder], limits=Limits(files=3)) for f in report.findings
    ]
    return findings


@contextlib.contextmanager
def _without_cache() -> Iterator[None]:
    """Have the checks looked up anew, here and afterwards."""
    for function in CACHED:
        function.cache_clear()
    yield
    for function in CACHED:
        function.cache_clear()


def _broken_check(folder: Path) -> list[Finding]:
    place = folder / "record.jsonl"
    place.write_text(SOUND, "utf-8")
    with pytest.MonkeyPatch.context() as patch, _without_cache():
        added(patch, FAILS)
        return validate(place).findings


def _broken_converter(folder: Path) -> list[Finding]:
    described_table(folder)
    with pytest.MonkeyPatch.context() as patch:
        install(patch, {"unwell": Unwell()}, ["annotated"])
        return list(convert(folder).account.findings)


def _without_end(folder: Path) -> list[Finding]:
    """Return what is said where the process that judges a package takes too long, or dies."""
    place = folder / "record.jsonl"
    place.write_text(SOUND, "utf-8")
    findings = []
    for words in (
        "it took longer than 60 seconds",
        "the process that worked on it was killed (out of memory?)",
    ):

        def results(_: Any, works: Iterable[Any], words: str = words) -> Iterator[Lost]:
            yield from (Lost(words) for _work in works)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Crew, "results", results)
            (report,) = validate_all([place.name], seconds=60)
            findings += report.findings
    return findings


def _of_descriptors() -> Iterator[Specimen]:
    """Yield a specimen for each fault of a descriptor."""
    for change, *_ in OF_DESCRIPTORS:

        def specimen(folder: Path, change: Any = change) -> list[Finding]:
            place = edit(package(folder / "package"), change)
            return validate(place, "ingestion").findings

        yield specimen


SPECIMENS: Mapping[str, tuple[Specimen, ...]] = {
    "descriptors": tuple(_of_descriptors()),
    "packages": (
        _not_listed,
        _unused_system,
        _one_file_twice,
        _one_system_twice,
        _one_execution_twice,
        _published_otherwise,
        _acknowledged,
        _not_confirmed,
    ),
    "calls": (_in_a_call, _beyond_limits, _broken_check, _broken_converter, _without_end),
}
"""What gives findings, by what is at fault."""
