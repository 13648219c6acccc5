"""Every message is on a page, where it can be read aloud."""

from __future__ import annotations

import os

import pytest
from tests.forms import ROOT
from tests.messages.page import CHAPTERS, gathered, line_of, of_specimens, text_of
from tests.messages.specimens import SPECIMENS

from benchfmt.checks.catalogue import CODES, page

PAGE = ROOT / "docs" / "messages.md"


def shown() -> list[str]:
    """Return the lines of messages on the page."""
    lines = PAGE.read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith(("  error", "  warning"))]


@pytest.mark.slow
def test_the_page_says_what_is_said() -> None:
    text = text_of(gathered())
    if os.environ.get("BENCHFMT_UPDATE_DOCS"):
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text, "run with BENCHFMT_UPDATE_DOCS=1"


def test_every_check_has_a_message_on_the_page() -> None:
    assert {line.split()[1] for line in shown()} == set(CODES)
    assert {code[:3] for code in CODES} == set(CHAPTERS)


@pytest.mark.parametrize("name", SPECIMENS)
def test_messages_of_packages_and_calls_are_on_the_page(name: str) -> None:
    on_page = set(shown())
    findings = list(of_specimens(name))
    # The examples of pages in JSON are shown before these.
    own = {finding.code for finding in findings if "```json" not in page(finding.code)}
    assert own
    assert {finding.code for finding in findings if line_of(finding) in on_page} >= own
