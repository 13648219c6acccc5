"""The account of a conversion as text: each reason once, however many files it is that of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchfmt.accounting import Account
from benchfmt.readers.heads import is_regular
from benchfmt.reports import text
from benchfmt.reports.text import account_lines


def account(*files: tuple[str, str, str | None]) -> Account:
    """Return an account of files: the name, role and reason of each."""
    made = Account()
    for name, role, reason in files:
        made.ledger.set_role(made.ledger.see_alone(name, name), role, reason)
    return made


def test_a_reason_of_many_files_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_SHOWN_FILES", 2)
    made = account(
        ("a", "skipped", "empty"),
        ("b", "primary", "read as x"),
        ("c", "skipped", "a link"),
        ("d", "skipped", "empty"),
        ("e", "failed", "damaged"),
        ("f", "skipped", "empty"),
        ("g", "primary", None),
        ("h", "primary", "read as x"),
        ("i", "failed", "damaged"),
        ("j", "supporting", None),
    )
    made.ledger.detail(1, 7, "failed", "no number")
    made.ledger.detail(5, None, "skipped", "no result")
    assert list(account_lines(made)) == [
        "files: 10 seen = 3 primary + 1 supporting + 4 skipped + 2 failed",
        "0 records, 0 measurements",
        "read as x: 2 files (`benchfmt describe --list-like`)",
        "skipped: 3 files, first a: empty (--account FILE lists them all)",
        "failed: b row 7: no number",
        "skipped: c: a link",
        "failed: e: damaged",
        "skipped: f: no result",
        "failed: i: damaged",
    ]


def test_a_file_is_regular_that_is_no_link_and_can_be_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    assert is_regular(file)
    for name in ("missing", "file/below", "x" * 5_000, "nul\0"):
        assert not is_regular(tmp_path / name)
    assert not is_regular(tmp_path)
    if hasattr(os, "mkfifo"):
        (tmp_path / "link").symlink_to(file)
        assert not is_regular(tmp_path / "link")
        os.mkfifo(tmp_path / "pipe")
        assert not is_regular(tmp_path / "pipe")
