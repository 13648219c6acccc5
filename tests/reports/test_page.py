"""The HTML report in a browser: it searches, groups, opens the pages of codes, goes dark, and runs nothing of strangers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browsers import SCHEMES, faults_of_html, shown_page, violations
from tests.reports.samples import finding, rendered

from benchfmt.checks.catalogue import all_rule_sets
from benchfmt.validation.report import Report, Reports

pytest.importorskip("jinja2", reason="jinja2 is not installed")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(rendered("html"), "utf-8")
    return path


@pytest.fixture
def page(browser: Any, file: Path) -> Iterator[Any]:
    with shown_page(browser, file) as page:
        yield page
        assert page.evaluate("window.hit") is None


def shown(page: Any) -> int:
    return page.locator(".finding:visible").count()


def test_a_search_leaves_what_has_all_of_its_words(page: Any) -> None:
    assert shown(page) == 6
    page.fill("#search", "PERCENT 76.064")
    assert shown(page) == 1
    assert page.locator("#shown").inner_text() == "1 of 6 shown"
    assert page.locator(".package:visible").count() == 1
    page.fill("#search", "nothing like this")
    assert shown(page) == 0
    assert page.locator("#nothing").is_visible()
    page.fill("#search", "")
    assert shown(page) == 6


def test_severities_are_chosen(page: Any) -> None:
    page.select_option("#severity", "warning")
    assert shown(page) == 1
    page.select_option("#severity", "error")
    assert shown(page) == 5


def test_findings_are_grouped_by_file_or_by_code(page: Any) -> None:
    names = page.locator(".group .name")
    files = ["in/a/measurements.csv", "in/a/records.csv", "in/b c.zip: records.csv", "in/::d.jsonl"]
    assert names.all_inner_texts() == files
    page.select_option("#grouping", "code")
    assert names.all_inner_texts() == ["BF101", "BF202", "BF301", "BF511"]
    assert page.locator(".finding .file:visible").count() == 6
    page.select_option("#grouping", "file")
    assert names.all_inner_texts() == files
    assert shown(page) == 6


def test_groups_are_closed_and_opened(page: Any) -> None:
    page.click("#collapse")
    assert page.locator(".group[open]").count() == 0
    page.locator(".group summary").first.click()
    assert page.locator(".group[open]").count() == 1
    page.click("#expand")
    assert page.locator(".group[open]").count() == 4


def test_many_findings_of_one_fault_are_folded_until_somebody_opens_or_searches_them(
    browser: Any, tmp_path: Path
) -> None:
    core = all_rule_sets()["core"]
    many = [finding("BF301", "m.csv", row=row, value=f"v{row}") for row in range(1, 41)]
    few = [finding("BF101", "m.csv", row=row) for row in range(1, 4)]
    path = tmp_path / "many.html"
    one = Report(core, "in/a", [*few, *many], 1, 1)
    path.write_text(rendered("html", Reports(core, [one], 1)), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert shown(page) == 3
    assert page.locator(".alike summary").inner_text() == "error BF301 × 40: it is wrong"
    page.fill("#search", "v7")
    assert shown(page) == 1
    assert page.locator(".alike .number").inner_text() == "1"
    page.fill("#search", "")
    assert shown(page) == 43
    page.click("#collapse")
    page.locator(".group > summary").click()
    assert shown(page) == 3
    page.select_option("#grouping", "code")
    assert page.locator(".group .number").all_inner_texts() == ["3", "40"]
    assert shown(page) == 3
    page.close()


def test_a_code_leads_to_its_page(page: Any) -> None:
    text = page.locator("#BF301 .text")
    assert not text.is_visible()
    page.locator("a.code", has_text="BF301").click()
    # The page hears of it after the click.
    text.wait_for()
    assert "How to fix it" in text.inner_text()


def colour(page: Any) -> list[int]:
    value = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return [int(number) for number in re.findall(r"\d+", value)]


def test_dark_is_as_the_system_has_it_until_somebody_chooses(page: Any) -> None:
    assert min(colour(page)) > 200
    page.emulate_media(color_scheme="dark")
    assert max(colour(page)) < 60
    # The page hears of the change after it is drawn.
    page.locator("#theme", has_text="Light").wait_for()
    page.click("#theme")
    assert min(colour(page)) > 200
    page.emulate_media(color_scheme="light")
    page.click("#theme")
    assert max(colour(page)) < 60
    assert page.locator("#theme").inner_text() == "Light"


@pytest.mark.parametrize("width", [390, 1_440])
def test_nothing_is_wider_than_the_window(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.locator("a.code", has_text="BF301").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_everything_is_there_to_read(browser: Any, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert shown(page) == 6
    assert not page.locator("#tools").is_visible()
    context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(browser: Any, file: Path, scheme: str) -> None:
    context = browser.new_context(
        color_scheme=scheme, bypass_csp=True, viewport={"width": 390, "height": 900}
    )
    page = context.new_page()
    page.goto(file.as_uri())
    assert violations(page) == []
    context.close()


def test_the_page_is_valid(file: Path) -> None:
    assert faults_of_html(file) == ""
