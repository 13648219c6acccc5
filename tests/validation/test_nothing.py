"""Nothing to convert, in all its kinds: what is said, what is written, and the exit status; and nothing to validate."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.installed import install

from benchfmt import PackageWriter, convert, open_package, validate
from benchfmt.converters import base
from benchfmt.converters.base import Failed, Match, Skipped, Source, Unit
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.package import PackageError
from benchfmt.record import Record

RECORD = {
    "benchfmt": "1.0",
    "benchmark": {"suite": "lpdnn"},
    "status": "ok",
    "measurements": [{"metric": "duration", "value": 3.0, "unit": "s", "basis": "measured"}],
}
COLUMN = {
    "name": "ms",
    "type": "number",
    "benchfmt": {"metric": "latency", "per": "sample", "unit": "ms"},
}
WHY = "the log of a rehearsal, which is not a result"


@dataclass
class Rehearsal:
    """A converter of `*.show` files: `aside` and `reading` are left out, `empty` holds nothing, `good` a record."""

    NAME: str = "rehearsal"
    VERSION: str = "1.0"
    __doc__ = "Rehearsals: files that end in .show, of a line for each act."

    def detect(self, source: Source) -> Match | None:
        return Match(0.9, "shows") if source.with_suffix(".show") else None

    def plan(self, source: Source, options: Any) -> Iterator[Unit | Skipped | Failed]:
        for path in source.with_suffix(".show"):
            yield Skipped(path, WHY) if path.read_text() == "aside" else Unit(path)

    def read(self, unit: Unit) -> Iterator[Any]:
        text = unit.path.read_text()
        if text == "reading":
            yield Skipped(unit.path, WHY)
        elif text == "rows":
            yield Skipped(unit.path, "an act without music", 1)
            yield Skipped(unit.path, "an act without music", 2)
        elif text == "broken":
            yield Failed(unit.path, "the file is cut off")
        elif text == "good":
            yield Record.from_dict(RECORD)

    def lacks(self, path: Path) -> str | None:
        return "looks like a show, but has no curtain" if path.suffix == ".sho" else None


@pytest.fixture(autouse=True)
def rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, {"rehearsal": Rehearsal()}, base.names())


def folder(tmp_path: Path, **texts: str) -> Path:
    place = tmp_path / "source"
    place.mkdir()
    for name, text in texts.items():
        (place / name.replace("_", ".")).write_text(text)
    return place


def status(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> tuple[int, str, str]:
    from benchfmt.cli import main

    monkeypatch.setattr(sys, "argv", ["benchfmt", "convert", str(source), "-o", str(target)])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.mark.parametrize(
    "texts",
    [
        {"a_show": "aside"},
        {"a_show": "reading"},
        {"a_show": "aside", "b_show": "reading", "README_md": "x"},
    ],
)
def test_what_is_left_out_for_a_reason_is_no_fault_and_no_package(
    tmp_path: Path,
    texts: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = folder(tmp_path, **texts)
    code, out, err = status(source, tmp_path / "p", monkeypatch, capsys)
    assert (code, out) == (0, "")
    assert WHY in err
    assert f"{tmp_path / 'p'} is not written: every file was left out for a reason" in err
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("form", ["p", "p.zip"])
def test_a_package_that_is_there_is_left_alone(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    convert(folder(tmp_path, a_show="good")).write(tmp_path / form)
    (tmp_path / "source" / "a.show").write_text("aside")
    assert status(tmp_path / "source", tmp_path / form, monkeypatch, capsys)[0] == 0
    with open_package(tmp_path / form) as package:
        assert len(list(package.records())) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "empty",
            "it holds no result; it was read as rehearsal, which expects: Rehearsals: files that end in .show",
        ),
        ("rows", "none of its rows holds a result; it was read as rehearsal"),
        ("broken", "the file is cut off"),
    ],
)
def test_a_recognised_file_without_a_result_is_a_failure(
    tmp_path: Path,
    text: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = status(folder(tmp_path, a_show=text), tmp_path / "p", monkeypatch, capsys)
    assert (code, out) == (1, "")
    assert words in err
    assert "is not written: no result could be read" in err
    assert not (tmp_path / "p").exists()


def test_beside_others_a_file_without_rows_is_a_failure_and_one_without_results_is_not(
    tmp_path: Path,
) -> None:
    account = convert(folder(tmp_path, a_show="good", b_show="empty", c_show="rows")).write(
        tmp_path / "p"
    )
    assert [(entry.path, entry.role) for entry in account.files] == [
        ("a.show", "primary"), ("b.show", "failed"), ("c.show", "skipped"),
    ]  # fmt: skip
    assert account.total("records") == 1
    assert not account.ok


@pytest.mark.parametrize("name", ["t.csv", "p", "empty.jsonl"])
def test_a_table_a_package_and_a_file_of_no_records_are_faults(tmp_path: Path, name: str) -> None:
    source = folder(tmp_path)
    if name == "t.csv":
        (source / name).write_text("ms\n")
        table = {
            "path": name,
            "schema": {"fields": [COLUMN]},
            "benchfmt": {"constant": {"benchmark.suite": "lpdnn"}},
        }
        (source / "datapackage.json").write_text(json.dumps({"resources": [table]}))
        checked, shown = source, name
    elif name == "p":
        convert(folder(source, a_show="good")).write(source / name, format="csv")
        for table in ("records", "measurements", "systems"):
            path = source / name / f"{table}.csv"
            path.write_text(path.read_text().partition("\n")[0] + "\n")
        descriptor = json.loads((source / name / "datapackage.json").read_text())
        for resource in descriptor["resources"]:
            content = (source / name / resource["path"]).read_bytes()
            resource |= {
                "bytes": len(content),
                "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
            }
        (source / name / "datapackage.json").write_text(json.dumps(descriptor))
        checked, shown = source / name, "records.csv"
    else:
        (source / name).write_text("\n")
        checked, shown = source / name, name
    for rules in ("core", "submission"):
        found = validate(checked, rules).findings
        assert [(finding.code, finding.path) for finding in found] == [("BF122", shown)]
    if name != "empty.jsonl":
        account = convert(checked).write(tmp_path / "q")
        assert not account.ok
        assert not (tmp_path / "q").exists()


def test_bf122_says_what_holds_no_record_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text("[]\n")
    hint = "look at what the conversion, or the table's annotation, left out; remove the file if it has no results"
    assert validate(tmp_path / "empty.json").findings == [
        Finding(
            "BF122",
            Severity.ERROR,
            "empty.json",
            None,
            None,
            None,
            "the file holds no record",
            None,
            hint,
        )
    ]
    (tmp_path / "one.json").write_text(json.dumps([RECORD]))
    assert not [
        finding for finding in validate(tmp_path / "one.json").findings if finding.code == "BF122"
    ]


def test_another_fault_says_why_there_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("no json\n")
    assert {finding.code for finding in validate(tmp_path / "r.jsonl").findings} == {"BF115"}
    fields = [{"name": "absent", "benchfmt": {"metric": "latency", "unit": "ms"}}]
    (tmp_path / "datapackage.json").write_text(
        json.dumps({"resources": [{"path": "t.csv", "schema": {"fields": fields}}]})
    )
    (tmp_path / "t.csv").write_text("a\n1\n")
    assert "BF122" not in {finding.code for finding in validate(tmp_path).findings}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.sho", "x", "a.sho looks like a show, but has no curtain"),
        (
            "r.json",
            '{"measurements": [{"metric": "latency"}]}',
            'r.json looks like records, but none says `"benchfmt": "1.0"`',
        ),
        (
            "datapackage.json",
            '{"resources": [{"path": "t.csv"}]}',
            "is a descriptor, but annotates no column",
        ),
        (
            "a.show.txt",
            "x",
            "1 file seen, none recognised; `benchfmt converters` lists the formats that are",
        ),
        ("e.csv", "", "e.csv: the file is empty"),
    ],
)
def test_what_is_not_recognised_is_told_what_it_lacks(
    tmp_path: Path,
    name: str,
    text: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / name).write_text(text)
    code, out, err = status(tmp_path / name, tmp_path / "p", monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert words in err
    assert "openvino" not in err  # no list of all families
    with pytest.raises(BenchfmtError, match="nothing to convert"):
        convert(tmp_path / name)


def test_beside_results_a_file_that_looks_like_one_says_what_it_lacks(tmp_path: Path) -> None:
    account = convert(folder(tmp_path, a_show="good", b_sho="x", c_txt="x")).write(tmp_path / "p")
    reasons = {entry.path: entry.reason for entry in account.files if entry.role == "skipped"}
    assert reasons == {
        "b.sho": "not recognised: looks like a show, but has no curtain",
        "c.txt": "not recognised (`benchfmt converters` lists the formats that are)",
    }


def test_a_converter_that_stops_when_asked_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Rehearsal, path: Path) -> str | None:
        raise ZeroDivisionError("no acts")

    monkeypatch.setattr(Rehearsal, "lacks", broken)
    account = convert(folder(tmp_path, a_show="good", c_txt="x")).write(tmp_path / "p")
    assert {entry.path: entry.reason for entry in account.files if entry.role == "skipped"} == {
        "c.txt": "not recognised: the converter rehearsal stopped: ZeroDivisionError: no acts, when it was asked what the file lacks"
    }


def test_a_family_that_was_named_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(BenchfmtError, match="none recognised as lpdnn"):
        convert(tmp_path, "lpdnn")


def test_a_writer_without_records_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="without records"), PackageWriter(tmp_path / "p"):
        pass
    with PackageWriter(tmp_path / "p") as writer:
        writer.drop()
    assert not list(tmp_path.iterdir())
