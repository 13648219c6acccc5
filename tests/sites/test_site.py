"""Static pages on all packages of a folder, as files and in a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq
import pytest
from tests.browsers import SCHEMES, faults_of_html, violations
from tests.servers import Quiet, only_here, running

from benchfmt.comparing.groups import groups
from benchfmt.comparison.questions import question
from benchfmt.conversion import convert
from benchfmt.finding import BenchfmtError
from benchfmt.package import open_package
from benchfmt.pages import Limit
from benchfmt.site import build
from benchfmt.validation import validate_all

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "examples" / "records" / "results.jsonl"
_MOST_KIB = 1_200 * 1_024
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever connects to anything but this machine, on which the server runs."""
    only_here(monkeypatch)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    convert(RECORDS).write(folder / "first.zip", extra={"title": f"Five records {EVIL}"})
    convert(ROOT / "examples" / "lpdnn").write(folder / "deep" / "second")
    (folder / "broken.zip").write_bytes(b"PK no zip")
    return folder


@pytest.fixture(scope="module")
def site(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site") / "public"
    built = build(packages, place)
    assert [facts.name for facts in built.shown] == ["deep/second", "first.zip"]
    assert built.refused == (
        ("broken.zip", "it is no zip, or its end is missing; fetch or pack it again"),
    )
    return place


def _index(site: Path) -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = json.loads((site / "index.json").read_text("utf-8"))[
        "packages"
    ]
    return packages


def test_the_index_knows_what_is_in_each_package(site: Path) -> None:
    second, first = _index(site)
    assert (second["records"], second["measurements"], second["ok"]) == (103, 2059, True)
    assert second["suites"] == ["lpdnn"]
    assert "Raspberry Pi 4b" in second["systems"]
    assert first["suites"] == ["mlperf-inference", "mlperf-training", "openml-cc18", "trtexec"]


def test_results_are_all_there_with_their_sources(site: Path, packages: Path) -> None:
    for facts in _index(site):
        file = site / "packages" / facts["id"] / "results.parquet"
        results = pq.read_table(file)
        assert results.num_rows == facts["measurements"]
        with open_package(packages / facts["name"]) as package:
            measured = package.table("measurements")
        for name in ("record_id", "metric", "value", "unit", "reported_value"):
            assert results.column(name).to_pylist() == measured.column(name).to_pylist()
        assert None not in results.column("source_path").to_pylist()
        assert None not in results.column("system").to_pylist() or facts["name"] == "first.zip"


def test_links_are_relative_and_lead_somewhere(site: Path) -> None:
    for page in site.rglob("index.html"):
        text = page.read_text("utf-8")
        for link in re.findall(r'(?:href|src)="([^"#]+)"', text):
            assert not link.startswith(("/", "http")), link
            assert (page.parent / link).is_file(), f"{page} links to {link}"


def test_all_pages_of_a_report_are_there_and_lead_to_each_other(
    packages: Path, tmp_path: Path
) -> None:
    built = build(packages, tmp_path / "site", limit=Limit(groups=4))
    [second] = [facts for facts in built.shown if facts.name == "deep/second"]
    below = tmp_path / "site" / "packages" / second.id
    names = sorted(path.name for path in below.glob("report*.html"))
    assert len(names) == 5
    with open_package(packages / "deep" / "second") as package:
        compared = groups(package, question(), most=0).compared
    shown = 0
    for name in names:
        text = (below / name).read_text("utf-8")
        shown += text.count('<section class="group"')
        assert set(re.findall(r'href="(report[^"]*)"', text)) == set(names) - {name}
        assert "more groups" not in text
    assert shown == compared


def test_what_strangers_wrote_is_text(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_the_licence_of_what_is_shipped_is_there(site: Path) -> None:
    assert "MIT" in (site / "static" / "hyparquet" / "LICENSE").read_text("utf-8")


def test_equal_packages_give_equal_bytes(site: Path, packages: Path, tmp_path: Path) -> None:
    build(packages, tmp_path / "again")
    for file in site.rglob("*"):
        if file.is_file():
            again = tmp_path / "again" / file.relative_to(site)
            assert again.read_bytes() == file.read_bytes(), file


def test_a_site_is_replaced_and_anything_else_is_kept(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("years")
    with pytest.raises(BenchfmtError, match="is no site of benchfmt"):
        build(packages, tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").read_text() == "years"
    build(packages, tmp_path / "site")
    (tmp_path / "site" / "stale.html").write_text("old")
    build(packages, tmp_path / "site")
    assert not (tmp_path / "site" / "stale.html").exists()


def test_a_site_does_not_take_the_place_of_its_packages(packages: Path) -> None:
    for place in (packages, packages.parent):
        with pytest.raises(BenchfmtError, match="holds the packages"):
            build(packages, place)


def test_what_is_wrong_with_a_package_is_told_without_a_path_of_this_machine(
    packages: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    convert(RECORDS).write(folder / "whole")
    convert(RECORDS).write(folder / "torn")
    (folder / "torn" / "measurements.parquet").write_bytes(b"PAR1 no more")
    convert(RECORDS).write(folder / "lost")
    (folder / "lost" / "datapackage.json").unlink()
    built = build(folder, tmp_path / "site")
    [(name, reason)] = built.refused
    assert name == "lost"
    assert "holds no datapackage.json" in reason
    for file in (tmp_path / "site").rglob("*.*"):
        if file.suffix in (".html", ".json"):
            assert str(tmp_path) not in file.read_text("utf-8"), file
    first = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "1 of 2 conform." in first
    assert '<a href="#refused-title">1 package cannot be shown</a>' in first
    [torn] = [facts for facts in built.shown if facts.name == "torn"]
    # What keeps the tables and the results from being read is one thing.
    assert len(torn.notes) == 1
    assert torn.notes[0].startswith("its tables cannot be read: torn/measurements.parquet")


def test_a_folder_without_packages_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchfmtError, match="holds no package"):
        build(tmp_path / "empty", tmp_path / "site")
    with pytest.raises(BenchfmtError, match="is not a folder"):
        build(tmp_path / "absent", tmp_path / "site")


class _Ranges(Quiet, SimpleHTTPRequestHandler):
    """Serves files, and parts of them where asked, as hosts of pages do."""

    asked: ClassVar[list[tuple[str, str | None]]] = []
    knows_ranges: ClassVar[bool] = True

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append((self.path, wanted))
        if wanted is None or not self.knows_ranges:
            super().do_GET()
            return
        content = Path(self.translate_path(self.path)).read_bytes()
        begin, end = (int(number) for number in wanted.removeprefix("bytes=").split("-"))
        part = content[begin : end + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {begin}-{begin + len(part) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)


@pytest.fixture(params=[True, False], ids=["ranges", "whole files"])
def address(request: pytest.FixtureRequest, site: Path) -> Iterator[str]:
    """The site below a folder of a host, as project pages are."""
    _Ranges.asked.clear()
    _Ranges.knows_ranges = request.param
    with running(partial(_Ranges, directory=str(site.parent))) as port:
        yield f"http://127.0.0.1:{port}/public"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    complaints: list[str] = []
    opened = browser.new_page()
    opened.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: (complaints.append("a dialog"), dialog.dismiss()))
    yield opened
    opened.close()
    # A site need not bring an icon, for which browsers ask all the same.
    assert [text for text in complaints if "404" not in text] == []


def test_search_and_facets_find_packages(page: Any, address: str) -> None:
    page.goto(f"{address}/index.html")
    page.locator("#tools").wait_for()
    assert page.locator("#shown").inner_text() == "2 of 2 shown"
    page.fill("#search", "raspberry")
    assert page.locator(".package:visible").count() == 1
    assert "Raspberry Pi 4b" in page.locator(".package:visible .hit").inner_text()
    page.fill("#search", "")
    page.select_option("[data-facet=suites]", "trtexec")
    assert "first.zip" in page.locator(".package:visible").inner_text()
    page.fill("#search", "nothing of this name")
    assert page.locator("#nothing").is_visible()


def test_results_are_read_page_by_page(page: Any, address: str, site: Path) -> None:
    second = _index(site)[0]
    file = site / "packages" / second["id"] / "results.parquet"
    results = pq.read_table(file).to_pylist()
    page.goto(f"{address}/packages/{second['id']}/index.html")
    page.get_by_text("Rows 1 to 50 of 2,059").wait_for()
    _check_rows(page, results[:50])
    page.click("#after")
    page.get_by_text("Rows 51 to 100 of 2,059").wait_for()
    _check_rows(page, results[50:100])
    page.fill("#from", "2050")
    page.press("#from", "Enter")
    page.get_by_text("Rows 2050 to 2059 of 2,059").wait_for()
    _check_rows(page, results[2049:])
    if _Ranges.knows_ranges:
        asked = [wanted for path, wanted in _Ranges.asked if path.endswith(".parquet")]
        assert asked
        assert None not in asked


def _check_rows(page: Any, results: list[dict[str, Any]]) -> None:
    rows = page.locator("#table tbody tr")
    assert rows.count() == len(results)
    records = rows.evaluate_all("rows => rows.map((row) => row.dataset.record)")
    assert records == [result["record_id"] for result in results]
    values = page.locator("#table td.value").all_inner_texts()
    for shown, result in zip(values, results, strict=True):
        if result["value"] is None:
            assert result["missing"] in shown
        else:
            assert float(shown.split()[0]) == result["value"]


def test_a_package_with_a_script_in_its_title_opens(page: Any, address: str, site: Path) -> None:
    first = _index(site)[1]
    page.goto(f"{address}/packages/{first['id']}/index.html")
    page.get_by_text(f"of {first['measurements']}").wait_for()
    assert EVIL in page.locator("h1").inner_text()
    page.get_by_role("link", name="Report").click()
    assert page.locator("h1").first.is_visible()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1_440])
def test_no_page_is_wider_than_the_screen(
    browser: Any, address: str, site: Path, width: int
) -> None:
    opened = browser.new_page(viewport={"width": width, "height": 900})
    for path in ("index.html", f"packages/{_index(site)[0]['id']}/index.html"):
        opened.goto(f"{address}/{path}")
        opened.wait_for_load_state("networkidle")
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
    opened.close()


def test_from_a_disk_the_list_is_whole(page: Any, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    assert page.locator(".package").count() == 2


def _all_pages(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(browser: Any, site: Path, scheme: str) -> None:
    context = browser.new_context(
        color_scheme=scheme, bypass_csp=True, viewport={"width": 390, "height": 900}
    )
    page = context.new_page()
    with running(partial(_Ranges, directory=str(site))) as port:
        for path in _all_pages(site):
            page.goto(f"http://127.0.0.1:{port}/{path}")
            page.wait_for_load_state("networkidle")
            assert violations(page) == [], path
    context.close()


@pytest.mark.slow
def test_the_pages_are_valid(site: Path) -> None:
    assert faults_of_html(*(site / path for path in _all_pages(site))) == ""


@pytest.mark.slow
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems count memory in another unit"
)
def test_a_site_of_all_samples_is_there_and_works(
    all_samples_package: Path, page: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packages = tmp_path / "packages"
    shutil.copytree(all_samples_package, packages / "all")
    command = [sys.executable, "-m", "benchfmt", "site", packages, "-o", tmp_path / "public"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, process.returncode, used = os.wait4(process.pid, 0)
    assert process.returncode == 0
    with capsys.disabled():
        print(f"\nsite: {used.ru_utime:.0f} s, {used.ru_maxrss / 1024:.0f} MiB")  # noqa: T201 - the figures are to be seen
    assert used.ru_maxrss < _MOST_KIB
    [facts] = _index(tmp_path / "public")
    below = tmp_path / "public" / "packages" / facts["id"]
    results = pq.read_table(below / "results.parquet")
    assert results.num_rows == facts["measurements"] > 300_000
    last = max(int(path.stem.partition("-")[2] or 1) for path in below.glob("report*.html"))
    assert last > 10
    _Ranges.asked.clear()
    _Ranges.knows_ranges = True
    page.set_default_timeout(120_000)
    with running(partial(_Ranges, directory=str(tmp_path / "public"))) as port:
        address = f"http://127.0.0.1:{port}/packages/{facts['id']}"
        page.goto(f"{address}/index.html")
        page.get_by_text("Rows 1 to 50 of").wait_for()
        page.fill("#from", "200001")
        page.press("#from", "Enter")
        page.get_by_text("Rows 200001 to 200050 of").wait_for()
        _check_rows(page, results.slice(200_000, 50).to_pylist())
        assert _bytes_asked() < (below / "results.parquet").stat().st_size / 5
        page.get_by_role("link", name="Report", exact=True).click()
        page.get_by_role("link", name=f"page {last}", exact=True).click()
        page.locator("button.number").first.click()
        assert "in the source" in page.locator("#facts").inner_text()


def _bytes_asked() -> int:
    """Return how many bytes of the results a browser has asked for."""
    total = 0
    for path, wanted in _Ranges.asked:
        if path.endswith(".parquet"):
            assert wanted is not None
            begin, end = (int(number) for number in wanted.removeprefix("bytes=").split("-"))
            total += end + 1 - begin
    assert total
    return total


def test_a_package_that_stands_twice_has_the_finding_of_validate(
    packages: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "packages"
    folder.mkdir()
    for name in ("a.zip", "b.zip"):
        shutil.copy(packages / "first.zip", folder / name)
    first, second = build(folder, tmp_path / "site").shown
    assert (first.warnings, second.warnings) == (0, 1)
    assert [report.warnings for report in validate_all([folder])] == [0, 1]
    text = (tmp_path / "site" / "packages" / second.id / "report.html").read_text("utf-8")
    assert "BF124" in text
    assert "it holds the same 5 records as a.zip" in text


def test_the_number_is_in_sight_on_a_phone(page: Any, address: str, site: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    [second, _] = _index(site)
    page.goto(f"{address}/packages/{second['id']}/index.html")
    value = page.locator("#table td.value").first
    value.scroll_into_view_if_needed()
    box = value.bounding_box()
    assert box["x"] > 0
    assert box["x"] + box["width"] <= 390
    # What goes on beyond the edge says so, though it came after the page.
    page.locator(".wide.more").wait_for()
