"""The report of all real samples as somebody uses it: it opens at once, and whatever is pressed answers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browsers import shown_page, sight, violations
from tests.pages.opened import results_of

from benchfmt import allocator, open_package, validate
from benchfmt.pages import write_report

pytest.importorskip("jinja2", reason="jinja2 is not installed")
pytestmark = pytest.mark.slow
_LARGEST = 5_000_000
_SECONDS = 1.0
_MIB = 500
_PATIENCE = 120_000
"""Milliseconds that a step may take on a machine that does other work too."""


@pytest.fixture(scope="module")
def file(all_samples_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("report") / "report.html"
    with open_package(all_samples_package) as opened:
        write_report(opened, target, report=validate(all_samples_package))
    return target


@pytest.fixture
def page(browser: Any, file: Path) -> Iterator[Any]:
    with shown_page(browser, file, _PATIENCE) as page:
        yield page


def test_the_first_view_takes_less_than_a_second(
    browser: Any, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert file.stat().st_size < _LARGEST
    seen = sight(browser, file.as_uri())
    with capsys.disabled():
        print(f"\nfirst view of {file.stat().st_size:,} bytes: {seen}")  # noqa: T201 - the figure is to be seen
    assert 0 < seen.thread < _SECONDS


_PEAK = """
import sys
from benchfmt.cli.commands import app
app(sys.argv[1:], standalone_mode=False)
status = open("/proc/self/status").read()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""
"""`ru_maxrss` would be that of the process that started it, where that was larger."""


def test_all_pages_are_written_in_bounded_memory(
    all_samples_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not count memory so")
    words = ("report", all_samples_package, "-o", tmp_path / "report.html", "--pages")
    command = [sys.executable, "-c", _PEAK, *map(str, words)]
    # As the command sets itself up: `benchfmt.cli` does so before polars is loaded.
    surroundings = {**os.environ, allocator.VARIABLE: allocator._ONE_ARENA}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=surroundings)
    *pages, peak = done.stdout.split()
    with capsys.disabled():
        print(f"\n{len(pages)} pages in {peak} MiB")  # noqa: T201 - the figure is to be seen
    assert len(pages) > 10
    assert int(peak) < _MIB


def test_every_number_of_the_page_says_where_it_is_from(
    all_samples_package: Path, file: Path
) -> None:
    details = [result["facts"] for result in results_of(file)]
    assert len(details) > 1_000
    assert [facts for facts in details if "not found" in facts or "value" not in facts] == []
    with open_package(all_samples_package) as opened:
        frame = opened.table("measurements").select(["record_id", "value", "unit"])
    known = {tuple(row.values()) for row in frame.to_pylist()}
    for facts in details:
        value, _, unit = facts["value"].partition(" ")
        assert (facts["record"], float(value), unit or "1") in known


def test_what_is_pressed_answers(page: Any, tmp_path: Path) -> None:
    group = page.locator(".group").first
    head = group.locator("th.figures").first
    column = head.evaluate("cell => cell.cellIndex + 1")
    for order in (1, -1):
        head.get_by_role("button").click()
        values = group.locator(f"tbody tr > :nth-child({column})").evaluate_all(
            "cells => cells.map(cell => Number(cell.dataset.value))"
        )
        assert len(set(values)) > 1
        assert values == sorted(values, reverse=order < 0)
    page.locator("#search").fill("tensorrt h100")
    shown = page.locator(".group:visible tbody tr:not([hidden])")
    assert 0 < shown.count() < page.locator(".group tbody tr").count()
    page.locator("#search").fill("")
    for menu, name in (("#suite", "suite"), ("#metric", "metric")):
        chosen = page.locator(f"{menu} option").nth(1).inner_text()
        page.locator(menu).select_option(chosen)
        kept = page.locator(".group:visible").evaluate_all(
            "(groups, name) => groups.map(group => group.dataset[name].split(' '))", name
        )
        if name == "metric":
            beside = page.locator(".group:visible").evaluate_all(
                "groups => groups.map(group => group.dataset.beside.split(' '))"
            )
            kept = [[*own, *others] for own, others in zip(kept, beside, strict=True)]
        assert kept
        assert all(chosen in names for names in kept)
        page.locator(menu).select_option("")
    number = group.locator("button.number").first
    number.click()
    facts = page.locator("#facts").inner_text()
    assert "in the source" in facts
    assert "SHA-256" in facts
    page.locator("#close").click()
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.pdf(path=tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes()[:5] == b"%PDF-"


@pytest.mark.parametrize("width", [390, 1_440])
def test_the_page_is_no_wider_than_the_screen(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_finds_nothing(browser: Any, file: Path) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(_PATIENCE)
    page.goto(file.as_uri())
    assert violations(page) == []
    context.close()
