"""The bar that shows how far a run is: on a terminal, where no verdicts show it."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest

from benchfmt.checks.catalogue import rule_set
from benchfmt.cli.progress import watched
from benchfmt.validation import Report, Reports


class Terminal(io.StringIO):
    """What is printed on a terminal."""

    def isatty(self) -> bool:
        return True


def shown(
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    *,
    out: io.StringIO,
    err: io.StringIO,
    is_quiet: bool = False,
) -> str:
    """Return what a run shows on standard error."""
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("TERM", "xterm")
    rules = rule_set("core")
    coming = (Report(rules, f"in/{place}") for place in range(number))
    reports = Reports(rules, coming, number)
    with watched(reports, is_quiet=is_quiet):
        assert reports.ok
    return err.getvalue()


def test_a_terminal_shows_how_far_the_run_is(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, 3, out=io.StringIO(), err=Terminal())
    assert "in/2" in text
    assert "100%" in text


@pytest.mark.parametrize("is_quiet", [True, False])
def test_verdicts_on_the_terminal_show_it_themselves(
    monkeypatch: pytest.MonkeyPatch, is_quiet: bool
) -> None:
    text = shown(monkeypatch, 3, out=Terminal(), err=Terminal(), is_quiet=is_quiet)
    assert bool(text) == is_quiet


def test_elsewhere_and_for_one_package_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 3, out=io.StringIO(), err=io.StringIO()) == ""
    assert shown(monkeypatch, 1, out=io.StringIO(), err=Terminal()) == ""


def test_leaving_ends_what_makes_the_reports() -> None:
    rules = rule_set("core")
    ended = []

    def coming() -> Iterator[Report]:
        try:
            yield Report(rules, "a")
            yield Report(rules, "b")
        finally:
            ended.append(True)

    reports = Reports(rules, coming(), 2)
    with pytest.raises(KeyboardInterrupt), watched(reports, is_quiet=False):
        next(iter(reports))
        raise KeyboardInterrupt
    assert ended == [True]
