"""Redaction takes out what is personal and nothing else; a redacted package is whole, and says nothing personal."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from tests.checks.test_checks import RECORD

from benchfmt import convert, open_package, validate
from benchfmt.cli.commands import app
from benchfmt.personal.redaction import Redactor

HOME = "/home/anna"
PERSONAL = (HOME, "anna@muster.de", "gpu-7", "hunter22", "192.168.1.7", "/home/berta")


def _record(number: int, **changes: Any) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    record.pop("id")
    record["provenance"]["sources"][0]["locator"] = f"row={number}"
    return {**record, **changes}


def _run(text: str) -> dict[str, Any]:
    return {"run": {"command": text, "latencies": [0.1, 12345678901, 1e-7], "hostname": "gpu-7"}}


def _sources(folder: Path) -> Path:
    """Write records that mention people and machines everywhere; returns the file."""
    by_path = _record(4)
    by_path["provenance"]["sources"][0]["path"] = "anna@muster.de/x.csv"
    machine = {
        "name": "gpu-7",
        "accelerator": {"kind": "gpu"},
        "extensions": {"os": {"hostname": "gpu-7"}},
    }
    other = copy.deepcopy(machine)
    other["extensions"]["os"]["hostname"] = "gpu-8"
    records = [
        _record(1, extensions=_run(f"run {HOME}/a /home/berta/b --password hunter22")),
        _record(2, extensions=_run(f"run {HOME}/a"), system=machine),
        _record(3, status_detail=f"ask anna@muster.de at 192.168.1.7 for\n{HOME}/x", system=other),
        by_path,
    ]  # fmt: skip
    path = folder / "records.jsonl"
    heading = {
        "benchfmt": {"version": "1.0"},
        "title": f"Runs of {HOME}",
        "contributors": [{"title": "Clara", "email": "clara@muster.de"}],
    }
    lines = [json.dumps(line) for line in (heading, *records)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _sources(tmp_path_factory.mktemp("redaction"))


def _plain(path: Path) -> list[dict[str, Any]]:
    with open_package(path) as package:
        return [record.to_dict() for record in package.records()]


def test_a_redacted_package_says_nothing_personal_and_is_whole(
    source: Path, tmp_path: Path
) -> None:
    redactor = Redactor()
    convert(source).write(tmp_path / "redacted", redactor=redactor, format="csv")
    texts = [path.read_text("utf-8") for path in (tmp_path / "redacted").iterdir()]
    for text in texts:
        assert not any(word in text for word in PERSONAL if word != "gpu-7")
    assert "clara@muster.de" in "".join(texts)
    codes = {finding.code for finding in validate(tmp_path / "redacted", "submission").findings}
    assert not any(code.startswith(("BF53", "BF50")) for code in codes)
    assert redactor.summary() == [
        "1 token or key in 1 place",
        "1 e-mail address in 2 places",
        "2 home folders in 5 places",
        "2 host names in 4 places",
        "1 private network address in 1 place",
        "3 ids follow from what was replaced and are new",
    ]


def test_numbers_joins_and_other_ids_stay(source: Path, tmp_path: Path) -> None:
    convert(source).write(tmp_path / "plain")
    convert(source).write(tmp_path / "redacted", redactor=Redactor())
    plain, redacted = _plain(tmp_path / "plain"), _plain(tmp_path / "redacted")
    assert [record["measurements"] for record in plain] == [
        record["measurements"] for record in redacted
    ]
    assert [one["id"] == other["id"] for one, other in zip(plain, redacted, strict=True)] == [
        True,
        True,
        True,
        False,
    ]
    run = redacted[0]["extensions"]["run"]
    assert run["latencies"] == plain[0]["extensions"]["run"]["latencies"]
    assert run["command"] == "run <home-1>/a <home-2>/b --password <secret-1>"
    assert run["hostname"] == redacted[1]["extensions"]["run"]["hostname"] == "<host-1>"
    assert redacted[2]["status_detail"] == "ask <email-1> at <address-1> for\n<home-1>/x"
    assert redacted[0]["system"]["id"] == "jetson-nano"
    systems = [record["system"]["id"] for record in redacted]
    assert len(set(systems)) == 3
    assert systems[1] != plain[1]["system"]["id"]


def test_what_is_redacted_is_the_same_in_several_processes(source: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    for number in range(3):
        lines = [json.dumps(_record(10 + number, extensions=_run(f"{HOME}-{number}/x")))]
        (more / f"{number}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    for jobs in (1, 2):
        redactor = Redactor()
        target = tmp_path / f"jobs{jobs}"
        convert([more, source], jobs=jobs).write(target, redactor=redactor, extra={"name": "x"})
    one, two = (sorted((tmp_path / f"jobs{jobs}").iterdir()) for jobs in (1, 2))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_without_anything_personal_the_package_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(_record(1)), "utf-8")
    convert(path).write(tmp_path / "a", extra={"name": "x"})
    redactor = Redactor()
    convert(path).write(tmp_path / "b", redactor=redactor, extra={"name": "x"})
    files = [sorted((tmp_path / name).iterdir()) for name in "ab"]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]
    assert redactor.summary() == []


def test_the_command_says_what_it_has_replaced_and_redacts_the_account(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "home" / "of" / "anna@muster.de"
    folder.mkdir(parents=True)
    (folder / "records.jsonl").write_text(source.read_text("utf-8"), "utf-8")
    account = tmp_path / "account.json"
    words = ["convert", str(folder.parent), "-o", str(tmp_path / "out"), "--redact"]
    with pytest.raises(SystemExit):
        app([*words, "--account", str(account)])
    assert "redacted: 2 host names in 4 places" in capsys.readouterr().err
    assert "anna@muster.de" not in account.read_text("utf-8")
    assert json.loads(account.read_text("utf-8"))["records"] == 4
