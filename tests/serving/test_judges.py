"""The pages of a server before judges of pages: axe looks at each as somebody sees it, light and dark, and vnu at its HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browsers import SCHEMES, faults_of_html, violations
from tests.serving.conftest import RECORDS, ROOT, Server

pytest.importorskip("uvicorn", reason="the extra serve is not installed")
pytestmark = pytest.mark.slow
_LOADED = 60_000
"""Milliseconds that a judgement may take on a machine that does other work too."""
Look = Callable[[str], None]


def _judged(page: Any, address: str, name: str, content: bytes, state: str) -> None:
    page.goto(f"{address}/")
    kind = "application/octet-stream"
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": content})
    page.locator(state).wait_for(state="visible")


def _uploads(page: Any, address: str, look: Look) -> None:
    page.goto(f"{address}/")
    look("front")
    text = re.sub(r'"status": ?"ok"', '"status":"fine"', RECORDS.read_text("utf-8"), count=1)
    _judged(page, address, "damaged.jsonl", text.encode(), "#verdict")
    assert page.locator("#verdict mark").count() == 1
    look("records")
    table = (ROOT / "examples" / "mlperf" / "summary.csv").read_text("utf-8").splitlines()
    torn = "\n".join([*table, table[-1].rpartition(",")[0]])
    _judged(page, address, "summary.csv", torn.encode(), "#verdict")
    assert page.locator("#verdict .place").count() == 1
    look("table")
    _judged(page, address, "bomb.zip", b"PK no zip", "#state.wrong")
    look("refusal")


def _folder(page: Any, address: str, look: Look) -> None:
    page.goto(f"{address}/packages")
    page.locator("table:not(:has([data-pending]))").wait_for()
    look("packages")
    page.goto(f"{address}/api")
    look("api")
    page.goto(f"{address}/packages")
    page.locator("main a").first.click()
    page.locator("button.number").first.click()
    look("report")
    page.goto(f"{address}/query")
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("region", name="Rows").wait_for()
    look("query")
    page.goto(f"{address}/query?sql=SELEC")
    look("wrong query")
    page.goto(f"{address}/compare")
    look("compare")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("deep/second → first.zip").wait_for()
    look("versions")
    page.goto(f"{address}/packages/none/report")
    look("wrong")


@pytest.mark.parametrize("walk", [_uploads, _folder])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(
    browser: Any, server: Server, scheme: str, walk: Callable[[Any, str, Look], None]
) -> None:
    # Narrow, where most has to be scrolled.
    context = browser.new_context(
        color_scheme=scheme, bypass_csp=True, viewport={"width": 390, "height": 900}
    )
    page = context.new_page()
    page.set_default_timeout(_LOADED)
    found = {}

    def look(name: str) -> None:
        found[name] = violations(page)

    walk(page, f"http://127.0.0.1:{server.port}", look)
    assert len(found) >= 4
    assert {name: rules for name, rules in found.items() if rules} == {}
    context.close()


def test_the_pages_are_valid(browser: Any, server: Server, tmp_path: Path) -> None:
    page = browser.new_page()
    page.set_default_timeout(_LOADED)

    def look(name: str) -> None:
        (tmp_path / f"{name}.html").write_text(page.content(), "utf-8")

    for walk in (_uploads, _folder):
        walk(page, f"http://127.0.0.1:{server.port}", look)
    assert faults_of_html(*sorted(tmp_path.iterdir())) == ""
    page.close()
