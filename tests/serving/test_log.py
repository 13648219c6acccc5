"""The log of requests: each has a line, and nobody is named in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.serving.conftest import RECORDS, Server

pytest.importorskip("uvicorn", reason="the extra serve is not installed")
NAME_OF_SOMEBODY = "jane-doe-of-acme"


@pytest.mark.slow
def test_each_request_has_a_line_and_nobody_is_named(
    start: Callable[..., Server], packages: Path, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("w") as output:
        server = start(packages, "--log", output=output)
        front = server.ask("/")
        [first, *_] = server.ask("/packages").data["packages"]
        server.ask(f"/packages/{first['id']}/report")
        judged = server.ask("/validate", RECORDS.read_bytes(), name=f"{NAME_OF_SOMEBODY}.jsonl")
        server.ask("/validate", b"PK no zip", name=f"{NAME_OF_SOMEBODY}.zip")
        server.ask(f"/{NAME_OF_SOMEBODY}", rules=NAME_OF_SOMEBODY)
        server.ask(
            "/validate", b"x", {"origin": f"http://{NAME_OF_SOMEBODY}.example"}, name="x.csv"
        )
        server.ask("/", method=NAME_OF_SOMEBODY.upper())
        server.stop()
    text = (tmp_path / "log").read_text("utf-8")
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/", 200),
        ("GET", "/packages", 200),
        ("GET", "/packages/{id}/report", 200),
        ("POST", "/validate", 200),
        ("POST", "/validate", 422),
        ("GET", None, 404),
        ("POST", "/validate", 403),
        ("other", "/", 405),
    ]
    assert lines[0]["sent_bytes"] == len(front.body)
    assert lines[3]["received_bytes"] == RECORDS.stat().st_size
    assert lines[3]["sent_bytes"] == len(judged.body)
    upload = {"sha256": judged.data["sha256"], "kind": "records", "ok": True}
    assert {name: lines[3].get(name) for name in upload} == upload
    assert lines[4]["code"] == "BF119"
    assert all(line["seconds"] >= 0 for line in lines)
    assert lines[3]["seconds"] > 0.1, "a process that judges takes longer to start"
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}\+00:00", lines[0]["at"])
    assert NAME_OF_SOMEBODY not in text.lower()
    assert "127.0.0.1" not in text


def test_without_the_option_nothing_is_logged(start: Callable[..., Server], tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as output:
        server = start(output=output)
        server.ask("/")
        server.stop()
    assert (tmp_path / "log").read_text("utf-8") == ""
