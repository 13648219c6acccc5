"""What a package says of itself, its texts and its caveats: each fault as a whole finding, with a passing twin."""

from __future__ import annotations

import copy
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.forms import describe, flatten, write
from tests.sparing import some

from benchfmt.checks.characters import first_hidden
from benchfmt.checks.references import address_fault, licence_fault, place_fault
from benchfmt.finding import Finding, Severity
from benchfmt.validation import validate

FILE = "record.json"
RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "id": "r1",
    "benchmark": {"suite": "lpdnn"},
    "model": {"name": "mobilenet-v1"},
    "system": {"id": "s1", "name": "board"},
    "software": {"engine": "onnxruntime"},
    "configuration": {"hyperparameters": {"window_ms": 50}},
    "measurements": [
        {
            "metric": "latency",
            "stage": "end-to-end",
            "per": "sample",
            "value": 0.0089,
            "unit": "s",
            "basis": "measured",
        }
    ],
    "status": "ok",
    "provenance": {"sources": [{"path": "a.csv"}]},
    "extensions": {"lpdnn": {"a": 1}},
}
WARNING, ERROR = Severity.WARNING, Severity.ERROR
WEB = "write where it can be found, as in https://example.org/results, or leave it out"
ANEW = "write the text anew, without the character"
ACKNOWLEDGE = "measure again, or acknowledge it with a reason in the descriptor"


@dataclass(frozen=True)
class Case:
    """Changes of `RECORD` by path that make a fault, what is found, and those of the passing twin."""

    failing: dict[str, Any]
    code: str
    severity: Severity
    field: str
    message: str
    value: str | None
    hint: str | None
    passing: dict[str, Any]


ACCURACY = {"metric": "accuracy", "value": 0.7, "unit": "1", "basis": "measured"}
MISSING = {"metric": "power", "scope": "wall", "unit": "W", "missing": "not-measured"}
# fmt: off
CASES = [
    Case({"model.version": " \t"[:1]}, "BF135", WARNING, "model.version", "model_version is nothing but white space", " ", "leave out what the source does not say", {"model.version": "a b"}),
    Case({"extensions": {}}, "BF135", WARNING, "extensions", "extensions is {}, which says nothing", "{}", "leave the member out", {"extensions": {"lpdnn": {}}}),
    Case({"model.name": "mobile\u200bnet"}, "BF136", WARNING, "model.name", "model holds U+200B ZERO WIDTH SPACE, which nobody sees, after 'mobile'", "mobile\\u200bnet", ANEW, {"model.name": "모바일넷 – é"}),
    Case({"extensions": {"lpdnn": {"a": "x\u202efdp.exe"}}}, "BF136", WARNING, "extensions", "extensions holds U+202E RIGHT-TO-LEFT OVERRIDE, which nobody sees, after '{\"lpdnn\":{\"a\":\"x'", '{"lpdnn":{"a":"x\\u202efdp.exe"}}', ANEW, {"extensions": {"lpdnn": {"a": "\\u202e is an escape"}}}),
    Case({"measurements.0.caveats": ["profiled", "profiled"]}, "BF139", WARNING, "measurements.0.caveats", "the caveat 'profiled' stands twice in the list", '["profiled","profiled"]', "write each caveat once", {"measurements.0.caveats": ["profiled", "partial-run"]}),
    Case({"provenance.url": "javascript:alert(1)"}, "BF141", ERROR, "provenance.url", "'javascript:alert(1)' begins with 'javascript:', and not with https://", "javascript:alert(1)", WEB, {"provenance.url": "https://example.org/a b?c=d#e"}),
    Case({"provenance.url": "file:///home/x/y"}, "BF141", ERROR, "provenance.url", "'file:///home/x/y' begins with 'file:', and not with https://", "file:///home/x/y", WEB, {"provenance.url": "http://[::1]:80/"}),
    Case({"provenance.measured_at": "2024-02-30"}, "BF142", ERROR, "provenance.measured_at", "the calendar has no 2024-02-30", "2024-02-30", "write the day that the source gives, or the month alone", {"provenance.measured_at": "2024-02-29T23:59:60-12:00"}),
    Case({"provenance.measured_at": "2024-02-28T10:00+15:00"}, "BF142", ERROR, "provenance.measured_at", "no place is 15:00 away from UTC", "2024-02-28T10:00+15:00", "correct the offset, or leave it out where the source gives none", {"provenance.measured_at": "2024-02-28T10:00+14:00"}),
    Case({"configuration.hyperparameters": {"window": "50 ms"}}, "BF210", WARNING, "configuration.hyperparameters", "the hyperparameter 'window' is the text '50 ms', a number with its unit", "50 ms", "write the number alone, and the unit in the name, as in `window_ms`: 50", {"configuration.hyperparameters": {"a": "50", "b": "3D", "c": "2B", "d": "5 epochs", "e": "1h8c"}}),
    Case({"measurements.0.caveats": ["contaminated"]}, "BF211", WARNING, "measurements.0.caveats", "latency (contaminated): other work used the machine meanwhile", "contaminated", ACKNOWLEDGE, {"measurements.0.caveats": ["profiled"]}),
    Case({"measurements.0.caveats": ["unstable"]}, "BF212", WARNING, "measurements.0.caveats", "latency (unstable): the repeats scatter more than the tool allows", "unstable", ACKNOWLEDGE, {"measurements.0.caveats": ["profiled"]}),
    Case({"measurements.0.caveats": ["unit-inferred"]}, "BF213", WARNING, "measurements.0.caveats", "the unit s of latency is inferred: the source does not write it", "unit-inferred", "look the unit up and remove the caveat, or acknowledge it with a reason in the descriptor", {"measurements.0.caveats": ["unit-inferred"], "provenance.converter": "lpdnn"}),
    Case({"measurements.0.target_max": 0.005}, "BF440", WARNING, "measurements.0.value", "latency 0.0089 is above its target 0.005, yet status is ok", "0.0089", "write status invalid or failed, or correct the target", {"measurements.0.target_max": 0.005, "status": "invalid"}),
    Case({"measurements.0": {**ACCURACY, "target_min": 0.76}}, "BF440", WARNING, "measurements.0.value", "accuracy 0.7 is below its target 0.76, yet status is ok", "0.7", "write status invalid or failed, or correct the target", {"measurements.0": {**ACCURACY, "target_min": 0.7}}),
    Case({"measurements.1": {**MISSING, "samples": [8.1, 8.2]}}, "BF441", WARNING, "measurements.1.samples", "power is said to be missing (not-measured), yet it has samples", "[8.1,8.2]", "give the value, or remove what belongs to another measurement", {"measurements.1": {**MISSING, "samples": [8.1, 8.2], "missing": "sensor-failed"}}),
    Case({"provenance.sources": [{"path": "a.csv"}, {"path": "C:\\logs\\b.csv"}]}, "BF505", ERROR, "provenance.sources", "'C:\\\\logs\\\\b.csv' is a path of one machine, not of the submission", '[{"path":"C:\\\\logs\\\\b.csv"}]', "write the path from the root of the submission, with forward slashes", {"provenance.sources": [{"path": "a.csv"}, {"path": "logs/b..csv"}]}),
    Case({"provenance.sources": [{"path": "file:///data/a.csv"}]}, "BF505", ERROR, "provenance.sources.0.path", "'file:///data/a.csv' is a path of one machine, not of the submission", "file:///data/a.csv", "write the path from the root of the submission, with forward slashes", {"provenance.sources": [{"path": "profile:a.csv"}]}),
    Case({"provenance.license": "CC BY 4.0"}, "BF525", WARNING, "provenance.license", "'CC BY 4.0' is no licence of SPDX", "CC BY 4.0", "did you mean 'CC-BY-4.0'?", {"provenance.license": "MIT OR (Apache-2.0 AND LicenseRef-lab)"}),
    Case({"provenance.measured_at": "2999"}, "BF306", WARNING, "provenance.measured_at", "2999 is not a time at which this can have been measured", "2999", "a clock that was not set? leave the time out", {"provenance.measured_at": "2024"}),
]
# fmt: on
ids = [f"{case.code}-{number}" for number, case in enumerate(CASES)]


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node: Any = record
        for part in parents:
            node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
        if isinstance(node, list):
            node[int(last) : int(last) + 1] = [value]
        else:
            node[last] = value
    return record


def of_record(record: dict[str, Any], folder: Path) -> list[Finding]:
    (folder / FILE).write_text(json.dumps(record), "utf-8")
    return validate(folder / FILE).findings


def without_blanks(value: str | None) -> str | None:
    """Return a list or object as it is written without blanks: forms write it each in its own way."""
    return value if value is None else value.replace('": ', '":').replace(", ", ",")


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_fault_is_found_as_this_finding_alone(case: Case, tmp_path: Path) -> None:
    (found,) = of_record(changed(case.failing), tmp_path)
    assert (found.code, found.severity, found.path, found.row, found.field, found.hint) == (
        case.code, case.severity, FILE, 1, case.field, case.hint,
    )  # fmt: skip
    assert without_blanks(found.message) == without_blanks(case.message)
    assert without_blanks(found.value) == without_blanks(case.value)
    assert found.record == "r1"


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_its_passing_twin_has_no_finding(case: Case, tmp_path: Path) -> None:
    assert of_record(changed(case.passing), tmp_path) == []


@pytest.mark.parametrize("form", some(["csv", "parquet", "zip"], every=3))
def test_packages_find_the_same(form: str, tmp_path: Path) -> None:
    for number, case in enumerate(CASES):
        place = write(tmp_path / str(number), flatten([changed(case.failing)]), form)
        (found,) = validate(place).findings
        assert (found.code, found.severity, found.hint) == (case.code, case.severity, case.hint)
        assert without_blanks(found.message) == without_blanks(case.message)
        assert (found.row, found.column is not None) == (1 + case.field.count(".1."), True)


def test_caveats_weigh_more_in_what_is_handed_over(tmp_path: Path) -> None:
    record = changed({"measurements.0.caveats": ["contaminated", "unit-inferred", "unstable"]})
    (tmp_path / FILE).write_text(json.dumps(record), "utf-8")
    for rules, severity in (("core", WARNING), ("submission", ERROR), ("ingestion", ERROR)):
        found = [f for f in validate(tmp_path / FILE, rules).findings if f.code.startswith("BF21")]
        assert [f.code for f in found] == ["BF211", "BF212", "BF213"]
        assert {f.severity for f in found} == {severity}


def test_several_measurements_with_a_caveat_are_one_finding(tmp_path: Path) -> None:
    record = changed({"measurements.0.caveats": ["contaminated"]})
    record["measurements"].append({**MISSING, "caveats": ["contaminated"]})
    (found,) = of_record(record, tmp_path)
    assert found.message == (
        "2 measurements of the record (contaminated): other work used the machine meanwhile"
    )
    assert found.field == "measurements.0.caveats"


def test_a_text_that_many_records_share_is_told_once(tmp_path: Path) -> None:
    records = [{**changed({"model.name": "a\u2060b"}), "id": f"r{number}"} for number in range(5)]
    (tmp_path / "all.jsonl").write_text("".join(f"{json.dumps(r)}\n" for r in records), "utf-8")
    (found,) = validate(tmp_path / "all.jsonl").findings
    assert (found.code, found.row) == ("BF136", 1)


@pytest.mark.parametrize("suite", ["mlperf-inference", "mlperf-tiny"])
def test_targets_of_mlperf_have_rules_of_their_own(suite: str, tmp_path: Path) -> None:
    record = changed({"measurements.0.target_max": 0.005, "benchmark.suite": suite})
    assert of_record(record, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("plain", None),
        ("नमस्ते\u200d", "U+200D ZERO WIDTH JOINER"),
        ("می\u200cخواهم", None),
        ("👩\u200d💻", None),
        ("a\u200cb", "U+200C ZERO WIDTH NON-JOINER"),
        ("\ufeffid", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("a\u0085", "U+0085 CONTROL"),
        ("\\u200B", "U+200B ZERO WIDTH SPACE"),
        ("\\\\u200B", None),
    ],
)
def test_characters_that_nobody_sees(text: str, name: str | None) -> None:
    hidden = first_hidden(text)
    assert (hidden and hidden.name) == name


@pytest.mark.parametrize(
    "text", ["https://a.org", "HTTP://a.org/ü", "https://a.org:8080/?q={}"[:-2]]
)
def test_addresses_of_the_web(text: str) -> None:
    assert address_fault(text) is None


@pytest.mark.parametrize(
    "text",
    ["www.example.org", "data:text/html,x", "ftp://a.org", "https://", "https:///x", "see paper",
     "http://[::1", "https://a.org/<script>", "doi:10.5281/x", "JavaScript:x", ""],
)  # fmt: skip
def test_addresses_that_are_none(text: str) -> None:
    assert address_fault(text) is not None


def test_a_doi_is_told_how_it_is_written() -> None:
    verdict = address_fault("doi:10.5281/zenodo.5838437")
    assert verdict is not None
    assert verdict.hint == "write https://doi.org/10.5281/zenodo.5838437"


def test_places_within_the_package() -> None:
    assert [place_fault(text) for text in ("LICENSE.txt", "a/b.csv", "https://a.org")] == [None] * 3
    for text in ("/etc/x", "../x", "C:\\x", "\\\\server\\x", "~/x", "file:///x", "javascript:x"):
        assert place_fault(text) is not None


def test_licences() -> None:
    for text in ("MIT", "cc0-1.0", "Apache-2.0 WITH LLVM-exception", "LicenseRef-Lab", "GPL-2.0+"):
        assert licence_fault(text) is None
    for text in ("free", "CC BY", "MIT OR", "(" * 400, "x" * 5000, "MIT, Apache-2.0"):
        assert licence_fault(text) is not None
    hints = {text: licence_fault(text) for text in ("Apache 2.0", "MIT License", "CC-BY4.0")}
    assert {text: verdict and verdict.hint for text, verdict in hints.items()} == {
        "Apache 2.0": "did you mean 'Apache-2.0'?",
        "MIT License": "did you mean 'MIT'?",
        "CC-BY4.0": "did you mean 'CC-BY-4.0'?",
    }


# --- what a descriptor says ---

SYSTEMS = "id,name\ns1,board\n"
RECORDS = "id,suite,status,system_id,measured_at\nr1,lpdnn,ok,s1,2024-05-17\n"
MEASUREMENTS = (
    "record_id,metric,stage,per,value,unit,basis\nr1,latency,end-to-end,sample,0.0089,s,measured\n"
)
ABOUT: dict[str, Any] = {
    "name": "edge-results",
    "title": "Edge boards",
    "description": "Latency of four boards.",
    "version": "1.0.0",
    "created": "2024-06-01T10:00:00Z",
    "homepage": "https://example.org",
    "licenses": [{"name": "CC-BY-4.0"}, {"name": "ours", "path": "LICENSE.txt"}],
    "contributors": [{"title": "Lab", "email": "lab@example.org"}],
    "sources": [{"title": "logs", "path": "https://example.org/logs"}],
}


def package(folder: Path, form: str = "csv", **tables: str) -> Path:
    folder.mkdir(exist_ok=True)
    texts = {"systems": SYSTEMS, "records": RECORDS, "measurements": MEASUREMENTS} | tables
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    resources = [{"name": name, "path": f"{name}.csv"} for name in texts]
    describe(folder, resources)
    edit(folder, lambda data: data.update(ABOUT))
    if form == "zip":
        return zipped(folder)
    return folder


def edit(folder: Path, change: Any) -> Path:
    file = folder / "datapackage.json"
    data = json.loads(file.read_text("utf-8"))
    change(data)
    file.write_text(json.dumps(data), "utf-8")
    return folder


def zipped(folder: Path) -> Path:
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder).as_posix())
    return target


def resource(place: int, **facts: Any) -> Any:
    return lambda data: data["resources"][place].update(facts)


def about(**facts: Any) -> Any:
    return lambda data: data.update(facts)


def lacking(*names: str) -> Any:
    def change(data: dict[str, Any]) -> None:
        for name in names:
            del data[name]

    return change


TWICE = {"title": "Lab", "email": "lab@example.org"}
# fmt: off
OF_DESCRIPTORS = [
    (resource(1, encoding="latin-1"), "BF131", ERROR, "/resources/1/encoding", "the table 'records' is said to be latin-1, and not UTF-8", "latin-1", "write the file as UTF-8, and `encoding` utf-8"),
    (resource(1, dialect={"doubleQuote": False}), "BF132", ERROR, "/resources/1/dialect/doubleQuote", "the table 'records' has a dialect of its own: doubleQuote", "false", "write it with commas and double quotes, its header in the first row, and no `dialect`"),
    (resource(1, mediatype="text/plain"), "BF133", WARNING, "/resources/1/mediatype", "the file is said to be 'text/plain'; it is read as 'text/csv'", "text/plain", "write 'text/csv', or leave `mediatype` out"),
    (lambda data: data["benchfmt"].pop("version"), "BF134", WARNING, "/benchfmt/version", "the descriptor does not say which version of the standard it follows", None, "write `version` in `benchfmt`; without it 1.0 is assumed"),
    (about(title="Edge\u200bboards"), "BF136", ERROR, "/title", "the text holds U+200B ZERO WIDTH SPACE, which nobody sees, after 'Edge'", "Edge\\u200bboards", ANEW),
    (about(contributors=[TWICE, TWICE]), "BF140", WARNING, "/contributors/1", "it says the same as /contributors/0", None, "list each of the contributors once"),
    (about(licenses=[{"name": "MIT"}, {"name": "MIT"}]), "BF140", WARNING, "/licenses/1", "it says the same as /licenses/0", None, "list each of the licenses once"),
    (about(homepage="javascript:x"), "BF141", ERROR, "/homepage", "'javascript:x' begins with 'javascript:', and not with https://", "javascript:x", WEB),
    (about(sources=[{"path": "/home/x/logs"}]), "BF141", ERROR, "/sources/0/path", "'/home/x/logs' is a path of one machine, not of the package", "/home/x/logs", "write an address of the web, or a path relative to the descriptor"),
    (about(created="2025-02-29"), "BF142", ERROR, "/created", "created '2025-02-29' is not a date of the calendar", "2025-02-29", "write a date and time, as in 2026-04-03T10:00:00Z"),
    (about(created="2024-05-16"), "BF143", WARNING, "/created", "the package was created on 2024-05-16, and a result of it was measured on 2024-05-17", "2024-05-16", "write when this edition of the package was made, or leave `created` out"),
    (about(created="2999-05-16"), "BF306", WARNING, "/created", "the package was created on 2999-05-16, which is yet to come", "2999-05-16", "write a date and time, as in 2026-04-03T10:00:00Z"),
    (about(name="Edge results"), "BF145", WARNING, "/name", "the name 'Edge results' cannot be part of an address", "Edge results", "use lower-case letters, digits, `.`, `_` and `-`"),
    (lacking("title"), "BF520", ERROR, "/title", "the package has no title", None, "say in `title` what was measured, in a few words"),
    (about(contributors=[{"title": "Lab"}]), "BF521", ERROR, "/contributors", "no contributor has an e-mail address or a page: nobody can be asked", None, "add `email` or `path` to one of the `contributors`"),
    (lacking("licenses"), "BF522", ERROR, "/licenses", "the package has no licence: nobody may use it", None, 'add `licenses`, as in [{"name": "CC-BY-4.0"}]'),
    (about(description=" "), "BF523", WARNING, "/description", "the package has no description", None, "say in `description` what was measured, how and why"),
    (lacking("version"), "BF524", WARNING, "/version", "the package has no version", None, "number its editions in `version`, as in 1.0.0"),
    (about(licenses=[{"name": "free"}]), "BF525", WARNING, "/licenses/0/name", "'free' is no licence of SPDX", "free", "write an id of https://spdx.org/licenses, an expression such as `MIT OR Apache-2.0`, or LicenseRef-NAME"),
    (about(licenses=[{"title": "free"}]), "BF525", WARNING, "/licenses/0", "a licence has neither name nor path", None, "write its SPDX id in `name`"),
]
# fmt: on
OF_PLATFORMS = {"BF511", "BF512", "BF514"}
"""What is asked of each record, which is not the matter here."""


@pytest.mark.parametrize("form", ["csv", "zip"])
def test_a_descriptor_that_says_all_has_no_finding(form: str, tmp_path: Path) -> None:
    place = package(tmp_path / "package", form)
    assert validate(place).findings == []
    assert {finding.code for finding in validate(place, "ingestion").findings} == OF_PLATFORMS


@pytest.mark.parametrize(
    ("change", "code", "severity", "field", "message", "value", "hint"), OF_DESCRIPTORS
)
def test_what_a_descriptor_says_wrong(
    change: Any,
    code: str,
    severity: Severity,
    field: str,
    message: str,
    value: str | None,
    hint: str,
    tmp_path: Path,
) -> None:
    place = edit(package(tmp_path / "package"), change)
    (found,) = [f for f in validate(place, "ingestion").findings if f.code not in OF_PLATFORMS]
    assert (found.code, found.severity, found.path, found.row, found.field) == (
        code, severity, "datapackage.json", None, field,
    )  # fmt: skip
    assert (found.message, found.value, found.hint) == (message, value, hint)


@pytest.mark.parametrize("form", ["csv", "zip"])
def test_bf130_a_file_that_the_descriptor_does_not_list(form: str, tmp_path: Path) -> None:
    folder = package(tmp_path / "package")
    (folder / "raw").mkdir()
    told = ("README.md", "LICENSE", "account.json", "report.html")
    made = (
        "croissant.json",
        "ro-crate-metadata.json",
        "coverage.svg",
        "load.sql",
        "load_polars.py",
    )
    for name in ("raw/log.txt", ".hidden", *told, *made):
        (folder / name).write_text("x", "utf-8")
    place = zipped(folder) if form == "zip" else folder
    assert validate(place).findings == [
        Finding(
            "BF130",
            WARNING,
            "raw/log.txt",
            None,
            None,
            None,
            "raw/log.txt is not listed in the descriptor, which guards its files by their hashes",
            None,
            "list it as a resource with `bytes` and `hash`, or take it out of the package",
        )
    ]


def test_bf130_another_package_below_is_one_of_its_own(tmp_path: Path) -> None:
    folder = package(tmp_path)
    package(tmp_path / "older")
    assert validate(folder).findings == []


def test_bf137_a_system_that_no_record_uses(tmp_path: Path) -> None:
    place = package(tmp_path, systems=f"{SYSTEMS}s2,other\n")
    assert validate(place).findings == [
        Finding(
            "BF137",
            WARNING,
            "systems.csv",
            2,
            "id",
            "system.id",
            "no record uses the system s2",
            "s2",
            "remove it from the systems, or name it in the records that were measured on it",
        )
    ]


def test_bf137_waits_for_records_that_can_be_read(tmp_path: Path) -> None:
    broken = RECORDS + "r2,lpdnn,ok\n"
    place = package(tmp_path, systems=f"{SYSTEMS}s2,other\n", records=broken)
    assert [finding.code for finding in validate(place).findings] == ["BF121"]


def test_bf144_two_tables_in_one_file(tmp_path: Path) -> None:
    place = package(tmp_path)
    data = (place / "records.csv").read_bytes()
    facts = {
        "path": "records.csv",
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
    }
    found = validate(edit(place, resource(0, **facts))).findings
    first = [finding for finding in found if finding.code == "BF144"]
    assert first == [
        Finding(
            "BF144",
            ERROR,
            "datapackage.json",
            None,
            None,
            "/resources/1/path",
            "the tables 'systems' and 'records' are one file, records.csv",
            "records.csv",
            "write each table to a file of its own",
        )
    ]


# --- what only several records show ---

TWO_SYSTEMS = "id,name,processor_name\ns1,Raspberry Pi 4,Cortex-A72\ns2,raspberry pi-4,Cortex-A72\n"
TWO_RECORDS = (
    "id,suite,status,system_id,execution\nr1,lpdnn,ok,{first},run-17\nr2,lpdnn,ok,{system},{run}\n"
)
TWO_VALUES = (
    "record_id,metric,stage,per,value,unit,basis\n"
    "r1,latency,end-to-end,sample,0.0089,s,measured\n"
    "r2,latency,end-to-end,sample,{value},s,{basis}\n"
)
TOLD_OF_ID = Finding(
    "BF138",
    WARNING,
    "systems.csv",
    2,
    "id",
    "system.id",
    "the system s2 has all facts of s1",
    "s2",
    "keep one of the two and use its id everywhere, or say what tells them apart",
)


def two(folder: Path, systems: str = TWO_SYSTEMS, **words: str) -> Path:
    facts = {
        "first": "s1",
        "system": "s2",
        "run": "run-18",
        "value": "0.0123",
        "basis": "measured",
    } | words
    return package(
        folder,
        systems=systems,
        records=TWO_RECORDS.format(**facts),
        measurements=TWO_VALUES.format(**facts),
    )


def test_bf138_one_system_under_two_ids(tmp_path: Path) -> None:
    assert validate(two(tmp_path)).findings == [TOLD_OF_ID]


@pytest.mark.parametrize(
    "systems",
    [
        TWO_SYSTEMS.replace("raspberry pi-4", "Raspberry Pi 400"),
        TWO_SYSTEMS.replace("pi-4,Cortex-A72", "pi-4,Cortex-A76"),
        "id,kind\ns1,phone\ns2,phone\n",
        "id,name\nsys1-a,Pi 4\nsys1-b,Pi 4\n",
    ],
)
def test_bf138_systems_that_a_fact_tells_apart(systems: str, tmp_path: Path) -> None:
    _, first, second = (line.partition(",")[0] for line in systems.splitlines())
    assert validate(two(tmp_path, systems, first=first, system=second)).findings == []


def test_bf138_systems_with_made_ids_that_name_their_chip(tmp_path: Path) -> None:
    systems = TWO_SYSTEMS.replace("s1", "sys1-a").replace("s2", "sys1-b")
    place = two(tmp_path, systems, first="sys1-a", system="sys1-b")
    assert [finding.code for finding in validate(place).findings] == ["BF138"]


def test_bf138_in_records_of_different_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchfmt.validation.forms.json_portion._RECORDS", 2)
    lines = []
    for number in range(6):
        record = changed({"system.id": f"s{number // 4}", "id": f"r{number}"})
        lines.append(json.dumps({**record, "id": f"r{number}"}))
    (tmp_path / "all.jsonl").write_text("\n".join(lines), "utf-8")
    (found,) = validate(tmp_path / "all.jsonl").findings
    assert (found.code, found.row, found.field) == ("BF138", 5, "system.id")
    assert found.message == "the system s1 has all facts of s0"


def test_bf526_two_outcomes_of_one_execution(tmp_path: Path) -> None:
    place = two(tmp_path, SYSTEMS, system="s1", run="run-17")
    assert validate(place).findings == [
        Finding(
            "BF526",
            WARNING,
            "measurements.csv",
            2,
            "value",
            "measurements.value",
            "latency is 0.0123; another record of the execution run-17 says 0.0089",
            "0.0123",
            "give each execution an id of its own, or say what tells the two records apart",
            "r2",
        )
    ]


@pytest.mark.parametrize("words", [{"run": "run-18"}, {"value": "0.0089"}, {"basis": "published"}])
def test_bf526_executions_that_agree(words: dict[str, str], tmp_path: Path) -> None:
    place = two(tmp_path, SYSTEMS, **{"system": "s1", "run": "run-17"} | words)
    assert validate(place).findings == []


def test_bf526_another_batch_size_is_another_result(tmp_path: Path) -> None:
    records = TWO_RECORDS.format(first="s1", system="s1", run="run-17").replace(
        "execution\n", "execution,batch_size\n"
    )
    records = records.replace("17\nr2", "17,1\nr2").removesuffix("\n") + ",8\n"
    place = two(tmp_path, SYSTEMS, system="s1", run="run-17")
    (place / "records.csv").write_text(records, "utf-8")
    package(
        tmp_path,
        systems=SYSTEMS,
        records=records,
        measurements=(place / "measurements.csv").read_text(),
    )
    assert validate(place).findings == []


def test_bf526_repeats_with_a_summary_may_differ(tmp_path: Path) -> None:
    records = "id,suite,status,system_id,execution\n" + "".join(
        f"r{number},lpdnn,ok,s1,run-17\n" for number in (1, 2, 3)
    )
    measurements = TWO_VALUES.format(value="0.0123", basis="measured")
    summary = "r3,latency,end-to-end,sample,0.0106,s,derived\n"
    place = package(tmp_path, systems=SYSTEMS, records=records, measurements=measurements + summary)
    assert validate(place).findings == []
    summary = summary.replace("derived", "measured")
    package(tmp_path, systems=SYSTEMS, records=records, measurements=measurements + summary)
    assert {(found.code, found.row) for found in validate(place).findings} == {
        ("BF526", 2),
        ("BF526", 3),
    }
