"""How far pieces of work are is shown where a person watches, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from benchfmt.cli.progress import workers


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_many_pieces_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with workers("local:2", "comparing") as who:
        assert who is not None
        assert who.name == "local:2"
        who.watch(0, 4)
        who.watch(3, 4)
    assert "comparing" in terminal.getvalue()
    assert "75%" in terminal.getvalue()


def test_a_file_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with workers("dask:2", "writing") as who:
        assert who is not None
        who.watch(3, 4)
        who.tell("dask: 2 threads; dashboard: http://127.0.0.1:8787/status")
    assert log.getvalue() == "dask: 2 threads; dashboard: http://127.0.0.1:8787/status\n"


def test_nobody_is_named_where_one_process_does_it() -> None:
    with workers(None, "writing") as who:
        assert who is None
