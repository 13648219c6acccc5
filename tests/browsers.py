"""The browser that tests drive: a Chromium that is there; none is downloaded. And who judges its pages: axe and vnu."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = "there is no Chromium"
NO_DRIVER = "playwright is not installed"
VNU = Path(__file__).parents[1] / ".judges/node_modules/vnu-jar/build/dist/vnu.jar"
SCHEMES = ("light", "dark")


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser, and close it; the test is skipped with a reason where there is none."""
    driver = pytest.importorskip("playwright.sync_api", reason=NO_DRIVER)
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(NO_BROWSER)
    with driver.sync_playwright() as started:
        # Containers have no user namespaces, which Chromium's own sandbox asks for.
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def shown_page(browser: Any, file: Path, patience: int | None = None) -> Iterator[Any]:
    """Give a page as it is opened; it must ask nothing of the network, and have nothing to complain of.

    `patience` is how many milliseconds a step may take.
    """
    context = browser.new_context(color_scheme="light", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    if patience is not None:
        page.set_default_timeout(patience)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    yield page
    assert set(asked) == {file.as_uri()}
    assert complaints == []
    context.close()


def violations(page: Any) -> list[tuple[str, str]]:
    """Return what axe finds in a page: the rule, and the first element that breaks it.

    axe is put into the page as a script, so its context has to be made with `bypass_csp`.
    """
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    found = axe.Axe().run(page).response["violations"]
    return [(item["id"], item["nodes"][0]["html"]) for item in found]


def faults_of_html(*files: Path) -> str:
    """Return what vnu finds in pages; the test is skipped with a reason where it is not here."""
    java = shutil.which("java")
    if java is None or not VNU.is_file():
        pytest.skip("vnu is not here; `make judges` sets it up where there are npm and Java")
    command = [java, "-jar", str(VNU), "--errors-only", "--also-check-css", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or done.stderr, "vnu says nothing of why it failed"
    return done.stderr


@dataclass(frozen=True)
class Sight:
    """How long a page takes until it is there, in seconds."""

    paint: float
    """From the first byte to the first paint of its content, by the page's clock."""
    loaded: float
    """From the first byte to the end of loading, by the page's clock."""
    thread: float
    """What its main thread computes until it is painted and ready to be used, however busy the machine is."""


_IS_PAINTED = "performance.getEntriesByName('first-contentful-paint').length > 0"
_TIMES = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return [paint.startTime - navigation.responseStart, navigation.loadEventEnd - navigation.responseStart];
}"""


def sight(browser: Any, address: str) -> Sight:
    """Return how long the first view of a page takes; paint and loading are those of a machine as busy as it is."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address, timeout=0)
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    metrics = session.send("Performance.getMetrics")["metrics"]
    thread = {metric["name"]: metric["value"] for metric in metrics}["ThreadTime"]
    # On a busy machine the page is there before it is painted.
    page.wait_for_function(_IS_PAINTED, timeout=0)
    paint, loaded = (milliseconds / 1_000 for milliseconds in page.evaluate(_TIMES))
    page.close()
    return Sight(paint, loaded, thread)
