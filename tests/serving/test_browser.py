"""The pages in a browser: what is dropped is judged, and what strangers wrote runs nowhere."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.serving.conftest import RECORDS, ROOT, Server

from benchfmt.conversion import convert

pytest.importorskip("uvicorn", reason="the extra serve is not installed")
EVIL = "<img src=x onerror=alert(1)>"
RATES = ("throughput", "time-to-train")
_LOADED = 60_000
"""Milliseconds that a judgement may take on a machine that does other work too."""


@pytest.fixture
def complaints() -> list[str]:
    """What a browser complains of; none at the end of a test."""
    return []


@pytest.fixture
def page(browser: Any, complaints: list[str]) -> Iterator[Any]:
    opened = browser.new_page()
    opened.set_default_timeout(_LOADED)
    opened.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: (complaints.append("a dialog"), dialog.dismiss()))
    yield opened
    opened.close()
    assert complaints == []


def _judged(page: Any, server: Server, files: Any) -> Any:
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.set_input_files("#file", files)
    verdict = page.locator("#verdict")
    verdict.wait_for(state="visible")
    return verdict


def _file(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": text.encode()}


def test_a_good_package_is_conformant(page: Any, server: Server, packages: Path) -> None:
    verdict = _judged(page, server, packages / "first.zip")
    assert verdict.locator("[data-verdict]").inner_text() == "conformant"
    assert "5 records" in verdict.inner_text()


def test_a_damaged_package_shows_where(page: Any, server: Server) -> None:
    text = re.sub(r'"status": ?"ok"', '"status":"fine"', RECORDS.read_text("utf-8"), count=1)
    verdict = _judged(page, server, _file("damaged.jsonl", text))
    assert verdict.locator("[data-verdict]").inner_text() == "not conformant"
    assert verdict.locator("mark").first.inner_text() == '"fine"'


def test_several_files_are_one_upload(page: Any, server: Server, packages: Path) -> None:
    files = sorted((packages / "deep" / "second").iterdir())
    verdict = _judged(page, server, files)
    assert verdict.locator("[data-verdict]").inner_text() == "conformant"
    assert "103 records" in verdict.inner_text()


def test_the_account_of_a_table_is_shown(page: Any, server: Server) -> None:
    verdict = _judged(page, server, ROOT / "examples" / "mlperf" / "summary.csv")
    shown = " ".join(verdict.locator(".sums").inner_text().split())
    assert "5 seen = 5 converted + 0 skipped + 0 failed" in shown


@pytest.mark.slow
def test_the_report_is_saved_and_opens(page: Any, server: Server, tmp_path: Path) -> None:
    verdict = _judged(page, server, RECORDS)
    with page.expect_download() as download:
        verdict.get_by_role("button", name="Make the report").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert saved.name == "results.report.html"
    page.goto(saved.as_uri())
    assert page.locator("h1").first.is_visible()


def test_a_refusal_is_told(page: Any, server: Server, complaints: list[str]) -> None:
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.set_input_files("#file", _file("bomb.zip", "PK no zip"))
    page.locator("#state.wrong").wait_for()
    assert page.locator("#state").inner_text().startswith("bomb.zip: it cannot be read")
    # The browser writes a line of its own for each answer that is no success.
    assert [text for text in complaints if "422" not in text] == []
    complaints.clear()


def test_a_script_in_a_file_runs_nowhere(page: Any, server: Server) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    text = re.sub(r'"status": ?"ok"', f'"status":"{evil}"', RECORDS.read_text("utf-8"))
    verdict = _judged(page, server, _file("<img src=x onerror=alert(1)>.jsonl", text))
    assert evil in verdict.inner_text()
    assert page.evaluate("document.querySelectorAll('#verdict script, #verdict img').length") == 0


@pytest.mark.slow
def test_packages_are_compared_and_asked_about(page: Any, server: Server) -> None:
    page.goto(f"http://127.0.0.1:{server.port}/packages")
    page.get_by_role("link", name="first.zip").click()
    assert page.locator("h1").first.is_visible()
    page.goto(f"http://127.0.0.1:{server.port}/query")
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("region", name="Rows").wait_for()
    assert "lpdnn" in page.get_by_role("region", name="Rows").inner_text()
    page.goto(f"http://127.0.0.1:{server.port}/compare")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("deep/second → first.zip").wait_for()


@pytest.fixture
def versions(start: Callable[..., Server], tmp_path: Path) -> Iterator[Server]:
    """A server on two packages of the same results, of which some are doubled in the second, with names that are markup."""
    for name, factor in (("old", 1), ("new", 2)):
        records = [json.loads(line) for line in RECORDS.read_text("utf-8").splitlines()]
        for record in records:
            if "system" in record:
                record["system"]["name"] = EVIL
            for measured in record.get("measurements", ()):
                if measured["metric"] in RATES:
                    measured["value"] *= factor
                for number in ("reported_value", "samples", "ci", "stddev"):
                    measured.pop(number, None)
        source = tmp_path / f"{name}.jsonl"
        source.write_text("\n".join(map(json.dumps, records)) + "\n")
        convert(source).write(tmp_path / "packages" / f"{name} {EVIL}")
    server = start(tmp_path / "packages")
    yield server
    server.stop()


def test_two_packages_are_compared_and_the_verdict_is_read(page: Any, versions: Server) -> None:
    page.goto(f"http://127.0.0.1:{versions.port}/compare")
    page.get_by_label("Older").select_option(label=f"old {EVIL}")
    page.get_by_label("Newer").select_option(label=f"new {EVIL}")
    page.get_by_role("button", name="Compare").click()
    page.locator(".verdict").wait_for()
    assert page.locator("h1").inner_text() == f"old {EVIL} → new {EVIL}"
    assert page.locator("img, main script, header script").count() == 0
    page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true;")
    rows = page.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.children].map(cell => cell.textContent.trim()))"
    )
    doubled = [row for row in rows if row[0].startswith(RATES)]
    assert len(doubled) >= 2
    for _, where, old, new, change, *_ in doubled:
        before, after = (float(text.split(" ")[0].replace(",", "")) for text in (old, new))
        assert after == pytest.approx(2 * before, rel=1e-3)
        assert "+100" in change
        assert EVIL in where
    counted = page.locator("details > summary .number").all_inner_texts()
    assert sum(map(int, counted)) == len(rows)


@pytest.mark.parametrize("path", ["/", "/packages", "/compare", "/query", "/api", "/nowhere"])
@pytest.mark.parametrize("width", [390, 1_440])
def test_no_page_is_wider_than_the_screen(
    browser: Any, server: Server, path: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"http://127.0.0.1:{server.port}{path}")
    page.evaluate(
        "for (const name of document.querySelectorAll('option, td > a'))"
        " name.textContent = 'a long name '.repeat(30);"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_a_page_that_is_not_there_leads_back(
    page: Any, server: Server, complaints: list[str]
) -> None:
    page.goto(f"http://127.0.0.1:{server.port}/nowhere")
    assert page.locator("h1").inner_text() == "It is not here"
    page.get_by_role("link", name="Packages").click()
    assert page.locator("h1").inner_text() == "Packages"
    # The browser writes a line of its own for each answer that is no success.
    assert [text for text in complaints if "404" not in text] == []
    complaints.clear()


def test_the_api_is_described_to_people(page: Any, server: Server) -> None:
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_role("link", name="API").click()
    described = server.ask("/openapi.json").data["paths"]
    heads = page.locator(".call h2").all_inner_texts()
    assert heads == [
        f"{method.upper()} {path}" for path, calls in described.items() for method in calls
    ]
    assert f"127.0.0.1:{server.port}/validate" in page.locator("pre").inner_text()
    assert "`" not in page.locator("main").inner_text()
    assert page.locator("dd code").count() > 0


def test_words_of_tables_stay_whole_on_a_phone(page: Any, server: Server) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"http://127.0.0.1:{server.port}/packages")
    lines = "cell => { const range = document.createRange(); range.selectNodeContents(cell); return range.getClientRects().length; }"
    verdict = page.locator("td.verdict .badge, td.verdict .quiet").first
    assert verdict.evaluate(lines) <= 2
    page.goto(
        f"http://127.0.0.1:{server.port}/query?sql=SELECT+comparability_group,+status+FROM+wide"
    )
    heads = page.get_by_role("region", name="Rows").locator("th")
    assert [heads.nth(place).evaluate(lines) for place in range(2)] == [1, 1]


def test_who_asks_too_often_in_a_browser_is_shown_a_page(
    browser: Any, start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start(tmp_path, "--rate", 1)
    page = browser.new_page()
    address = f"http://127.0.0.1:{server.port}"
    for path in ("/packages", "/query"):
        page.goto(address + path)
    assert page.locator("h1").inner_text() == "Too many requests from this address"
    assert "at most 1 a minute are taken" in page.locator("main").inner_text()
    page.close()
    refused = server.ask("/packages")
    assert (refused.status, refused.data["title"]) == (429, "too many requests from this address")
    server.stop()


def test_the_keyboard_reaches_the_file(page: Any, server: Server) -> None:
    page.goto(f"http://127.0.0.1:{server.port}/")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    assert {"file", "rules", "theme"} <= set(reached)


def test_dark_stays_chosen(page: Any, server: Server) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.click("#theme")
    page.goto(f"http://127.0.0.1:{server.port}/packages")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.slow
def test_a_list_fills_with_verdicts_by_itself(
    browser: Any, start: Callable[..., Server], packages: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "packages"
    shutil.copytree(packages, folder)
    (folder / "broken.zip").write_bytes(b"PK no zip")
    server = start(folder, "--rate", 10_000)
    page = browser.new_page()
    page.set_default_timeout(_LOADED)
    page.goto(f"http://127.0.0.1:{server.port}/packages")
    assert page.locator("[data-pending]").count() == 3
    page.locator("table:not(:has([data-pending]))").wait_for()
    cells = [text.split() for text in page.locator("tbody tr").all_inner_texts()]
    assert [row[1] for row in cells] == ["not", "conformant", "conformant"]
    listed = {item["name"]: item["verdict"] for item in server.ask("/packages").data["packages"]}
    assert listed["first.zip"] == {"ok": True, "errors": 0, "warnings": 0}
    assert listed["broken.zip"]["ok"] is False
    # What is as it was is not judged again, and what changed is.
    (folder / "broken.zip").write_bytes((folder / "first.zip").read_bytes())
    listed = {item["name"]: item["verdict"] for item in server.ask("/packages").data["packages"]}
    assert (listed["broken.zip"], listed["first.zip"]["ok"]) == (None, True)
    page.close()
    server.stop()
    assert server.left() == []
