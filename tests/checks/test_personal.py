"""What tells of a person or a machine is found where it stands, and nothing else is taken for it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.checks.test_checks import RECORD

from benchfmt.finding import Finding, Severity
from benchfmt.identity import canonical
from benchfmt.personal import mentions
from benchfmt.personal.columns import suspects, told_in
from benchfmt.validation import validate

PERSONAL = [
    ("see /home/anna/x.log", "home", "/home/anna"),
    ("/nfs/pdx/home/anna/x", "home", "/nfs/pdx/home/anna"),
    ("file:///home/anna/x", "home", "/home/anna"),
    ("C:\\Users\\Anna\\x", "home", "C:\\Users\\Anna"),
    ("engine=/root" + "/yolo.engine", "home", "/root"),
    ("/mnt/c/Users/anna/y", "home", "/mnt/c/Users/anna"),
    ("a mail to anna.b@uni-muster.de, please", "email", "anna.b@uni-muster.de"),
    ("mailto:anna@lab.muster.com", "email", "anna@lab.muster.com"),
    ("LOGNAME=anna HOME=x", "user", "anna"),
    ("root@gpu-7:~# ls", "host", "gpu-7"),
    ("HOSTNAME=gpu-7", "host", "gpu-7"),
    ("key AKIAIOSFODNN7EXAMPLE", "secret", "AKIAIOSFODNN7EXAMPLE"),
    ("hf_" + "aB3" * 11, "secret", "hf_" + "aB3" * 11),
    ("ghp_" + "aB3" * 12, "secret", "ghp_" + "aB3" * 12),
    ("Authorization: Bearer abcd1234efgh5678", "secret", "abcd1234efgh5678"),
    ("password=hunter22", "secret", "hunter22"),
    ("https://anna:pw1234@lab.muster.com/x", "secret", "pw1234"),
    ("-----BEGIN RSA PRIVATE KEY-----", "secret", "-----BEGIN RSA PRIVATE KEY-----"),
    ("http://10.2.0.1:8000/v1", "address", "10.2.0.1"),
    ("10.2.0.1:8000", "address", "10.2.0.1"),
    ("inet 10.2.0.1", "address", "10.2.0.1"),
    ("192.168.1.7", "address", "192.168.1.7"),
    ("172.16.0.9/24", "address", "172.16.0.9"),
    ("fd12:3456:789a::1", "address", "fd12:3456:789a::1"),
    ("fe80::1ff:fe23:4567:890a", "address", "fe80::1ff:fe23:4567:890a"),
]
OF_NOBODY = [
    "https://muster.org/home/page",
    "closed/Muster/home/anna",
    "/Users/Shared/x",
    "the user's home/office",
    "$HOME/x ~/x /home/$USER/x /home/<user>/x",
    "/root",
    "precision@25",
    "process.py@843c6254",
    "model@4d376ef5",
    "resnet@1.0.onnx",
    "git@github.com:org/x.git",
    "noreply@muster.org, info@muster.org, anna@example.com",
    "Linux version 6.2.0 (buildd@lcy02-amd64-032) (gcc-12)",
    "Linux version 4.18 (mockbuild@x86-vm.build.muster.com) (gcc 8)",
    "TensorRT 10.2.0.1, cuDNN 8.9.2.26",
    "TensorRT 10.14.1.48/12.9",
    "from 10.2.0.1 to 10.3.0.26",
    "127.0.0.1:54321",
    "8.8.8.8",
    "192.168.1.7.2",
    "password: required",
    "password=$PASSWORD --api-key <key>",
    "tokens 128 per second, tokenizer=llama2",
    "task-of-mine-which-has-a-name-that-is-very-long-and-not-a-key",
    "<home-1>/x <user-1>@<host-1>:/x <email-1> <secret-1> <address-1>",
]  # fmt: skip
MEMBERS = [
    ("hostname", "gpu-7", "host"),
    ("UserName", "anna", "user"),
    ("password", "hunter22", "secret"),
    ("master_addr", "10.1.2.3", "address"),
]


@pytest.mark.parametrize(("text", "kind", "mentioned"), PERSONAL)
def test_what_is_personal_is_found(text: str, kind: str, mentioned: str) -> None:
    found = mentions(text)
    assert [(mention.kind.name, mention.text) for mention in found] == [(kind, mentioned)]
    assert text[found[0].start : found[0].end] == mentioned


@pytest.mark.parametrize("text", OF_NOBODY)
def test_what_is_everybodys_is_not(text: str) -> None:
    assert mentions(text) == []


@pytest.mark.parametrize(("member", "value", "kind"), MEMBERS)
def test_the_name_of_a_member_says_what_its_value_is(member: str, value: str, kind: str) -> None:
    assert [mention.kind.name for mention in mentions(value, member)] == [kind]
    assert mentions(value) == []


@pytest.mark.parametrize("text", [text for text, _, _ in PERSONAL])
def test_a_screen_never_passes_what_is_personal(text: str) -> None:
    cells = pl.Series([None, "nothing", text, text, None])
    assert suspects(cells, is_json=False) == [text]
    in_json = canonical({"run": [text]})
    assert suspects(pl.Series([in_json]), is_json=True) == [in_json]


@pytest.mark.parametrize(("member", "value", "kind"), MEMBERS)
def test_a_screen_knows_the_names_of_members(member: str, value: str, kind: str) -> None:
    cell = canonical({"run": {member: value, "latency": 0.1}})
    (told,) = told_in(pl.Series([cell]), is_json=True)
    assert (told.kind.name, told.mention, told.pointer) == (kind, value, f"/run/{member}")


@pytest.mark.parametrize("value", ["localhost", "<host-1>", "unknown", "the first node", "12"])
def test_some_values_name_no_machine(value: str) -> None:
    assert mentions(value, "hostname") == []


def _record(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RECORD), **changes}


def test_a_finding_says_where_in_a_cell_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    run = {"env": ["PATH=/bin", "a=/home/anna/x", "b=/home/berta/x"]}
    path.write_text(json.dumps(_record(extensions={"run": run})), "utf-8")
    (finding,) = validate(path, "ingestion").findings
    assert finding == Finding(
        code="BF530",
        severity=Severity.WARNING,
        path=path.name,
        row=1,
        column=None,
        field="extensions",
        message="'/home/anna' is the home folder of a user (at /run/env/1); the cell has 1 more home folder",
        value="/home/anna",
        hint="write something else in its place, or convert again with --redact",
        record="r1",
    )
    assert validate(path, "core").findings == []


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(_record(status_detail="password=hunter22")), "utf-8")
    (finding,) = validate(path, "submission").findings
    assert finding.code == "BF534"
    assert "hunter22" not in json.dumps(finding.to_dict())
    assert finding.value == "hunt…"


def test_a_heading_is_read_and_contributors_may_give_their_address(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    heading = {
        "benchfmt": {"version": "1.0"},
        "title": "Runs on gpu-7, ask anna@muster.de",
        "contributors": [{"title": "Anna", "email": "anna@muster.de"}],
    }
    path.write_text(f"{json.dumps(heading)}\n{json.dumps(_record())}\n", "utf-8")
    (finding,) = validate(path, "submission").findings
    assert (finding.code, finding.row, finding.field) == ("BF531", 1, "/title")


def test_a_long_text_of_a_stranger_takes_no_more_than_its_length() -> None:
    """Each text is one on which a careless pattern would look at every end from every beginning."""
    for piece in ("a@", "/a", "a.", "eyJ-", "-----BEGIN PRIVATE KEY-----", "https://a:", "fd00:"):
        assert isinstance(mentions(piece * (200_000 // len(piece)) + "@/home/"), list)
