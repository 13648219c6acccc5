"""The report of a package: in a browser, before judges of pages, and against the package it was made of."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.browsers import SCHEMES, faults_of_html, shown_page, violations
from tests.pages.opened import opened_by, results_of
from typer.testing import CliRunner

from benchfmt import Record, convert, open_package, validate
from benchfmt.cli.commands import app
from benchfmt.comparing.groups import groups
from benchfmt.comparison.questions import question
from benchfmt.package import write_package
from benchfmt.pages import Limit, gathering, nearest, write_report
from benchfmt.pages.drawing import front
from benchfmt.pages.gathering import Portion, _lines, gather, one_record
from benchfmt.pages.nearest import differences
from benchfmt.pages.provenance import facts_of
from benchfmt.pages.shown import Figure, page_of
from benchfmt.tables import to_batch

pytest.importorskip("jinja2", reason="jinja2 is not installed")
ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "examples" / name for name in ("lpdnn", "mlperf", "annotated", "records")]
SCRIPT = "<script>window.broken = true</script>"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("pages") / "package"
    convert(SOURCES).write(target)
    return target


@pytest.fixture(scope="module")
def file(package: Path) -> Path:
    target = package.parent / "report.html"
    with open_package(package) as opened:
        assert write_report(opened, target, report=validate(package, "submission")) == [target]
    return target


@pytest.fixture
def page(browser: Any, file: Path) -> Iterator[Any]:
    with shown_page(browser, file) as page:
        yield page


def test_every_number_of_the_page_is_that_of_its_record(package: Path, file: Path) -> None:
    details = results_of(file)
    with open_package(package) as opened:
        measured = {record.id: record for record in opened.records()}
        found = groups(opened, question(), most=10**6, every_result=True)
    results = sum(group.results for group in found.groups)
    assert len(details) > results > 100
    for detail in details[:results]:
        facts = detail["facts"]
        record = measured[facts["record"]]
        [shown] = [m for m in record.measurements or () if m.primary]
        assert facts["value"] == f"{shown.value!r} {shown.unit}".removesuffix(" 1")
        assert record.provenance
        if shown.reported_value is not None:
            reported = f"{shown.reported_value} {shown.reported_unit or ''}".strip()
            assert facts["in the source"] == reported
        assert facts["source"]
        assert len(detail["others"]) == len(record.measurements or ()) - 1
        for _, value, words in detail["others"]:
            assert not (value.startswith("missing") and words) or words.startswith("written as ")


def test_it_counts_what_the_package_holds(package: Path, page: Any) -> None:
    with open_package(package) as opened:
        records = opened.table("records").num_rows
        values = opened.table("measurements")["value"]
    tiles = page.locator(".tiles li").all_inner_texts()
    assert tiles[0].split() == [f"{records:,}", "results"]
    assert tiles[1].split() == [f"{len(values) - values.null_count:,}", "numbers"]
    assert tiles[2].split()[0] == f"{values.null_count:,}"


def test_tables_sort_and_filter(page: Any) -> None:
    group = page.locator(".group").first
    head = group.locator("th", has_text="latency").first
    for order in (1, -1):
        head.get_by_role("button").click()
        cells = group.locator("tbody tr > :nth-child(2)").evaluate_all(
            "cells => cells.map(c => Number(c.dataset.value))"
        )
        assert len(set(cells)) > 5
        assert cells == sorted(cells, reverse=order < 0)
        assert head.get_attribute("aria-sort") == ("ascending" if order > 0 else "descending")
    page.locator("#search").fill("raspberry lne")
    shown = page.locator(".group:visible tbody tr:not([hidden])").all_text_contents()
    assert shown
    assert all("Raspberry" in text for text in shown)
    page.locator("#search").fill("higher is better")
    settings = page.locator(".group:visible .counts").all_text_contents()
    assert 0 < len(settings) < page.locator(".group").count()
    assert all("higher is better" in text for text in settings)
    page.locator("#search").fill("no such board")
    assert page.locator("#nothing").is_visible()
    page.locator("#search").fill("")
    # What compares with nothing is filtered alike.
    page.locator("#search").fill("camera-lab")
    assert page.locator(".group:visible").count() == 0
    alone = page.locator("#lone tbody tr")
    assert 0 < page.locator("#lone tbody tr:visible").count() < alone.count()
    page.locator("#search").fill("image classification")
    assert page.locator(".group:visible").count() > 5
    page.locator("#search").fill("")
    page.locator("#metric").select_option("power")
    heads = page.locator(".group:visible thead").all_text_contents()
    assert heads
    assert all("power" in text for text in heads)
    page.locator("#metric").select_option("")
    page.locator("#task").select_option("head-pose-estimation")
    titles = page.locator(".group:visible h3").all_text_contents()
    assert titles
    assert all("headpose" in text for text in titles)
    page.locator("#task").select_option("")
    page.locator("#suite").select_option("mlperf-inference")
    assert set(
        page.locator(".group:visible").evaluate_all("groups => groups.map(g => g.dataset.suite)")
    ) == {"mlperf-inference"}


def test_a_number_opens_its_provenance_by_mouse_and_keyboard(page: Any) -> None:
    number = page.locator(".group").first.locator("button.number").first
    number.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    assert dialog.is_visible()
    text = dialog.inner_text()
    for words in ("in the source", "13.6 ms", "imagenet_x86-64-nuc.csv", "row=6", "lpdnn 1.0"):
        assert words in text
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert number.evaluate("button => button === document.activeElement")
    page.locator("circle.point").first.click()
    assert dialog.is_visible()
    page.locator("#close").click()


def test_results_in_no_group_are_shown_with_where_they_are_from(package: Path, page: Any) -> None:
    with open_package(package) as opened:
        found = groups(opened, question(), most=10**6, every_result=True)
        grouped = {line.record_id for group in found.groups for line in group.lines}
        others = {
            record.id: record
            for record in opened.records()
            if record.id not in grouped
            and any(measured.value is not None for measured in record.measurements or ())
        }
    region = page.get_by_role("region", name="Results in no table above")
    numbers = region.locator("button.number")
    assert numbers.count() == len(others) > 10
    shown = set()
    for place in range(numbers.count()):
        numbers.nth(place).click()
        page.locator("#facts tr", has_text="record").first.wait_for()
        rows = page.locator("#facts tr").evaluate_all(
            "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
        )
        facts = dict(rows)
        record = others[facts["record"]]
        shown.add(record.id)
        first = next((m for m in record.measurements or () if m.primary), None)
        if first is not None and first.value is not None:
            assert facts["value"].split()[0] == repr(first.value)
        page.locator("#close").click()
    assert shown == set(others)


def test_a_result_alone_says_in_what_it_differs_from_the_nearest_of_its_task(
    tmp_path: Path, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = {"metric": "latency", "value": 1.0, "unit": "s", "basis": "measured", "primary": True}
    number |= {"stage": "end-to-end", "per": "sample"}
    whole = {
        "benchfmt": "1.0",
        "benchmark": {"suite": "lpdnn", "name": "imagenet"},
        "task": "image-classification",
        "model": {"name": "mobilenet-v2"},
        "dataset": {"name": "imagenet"},
        "system": {"id": "a", "name": "Board A"},
        "status": "ok",
        "provenance": {"sources": [{"path": "a.csv"}]},
        "measurements": [number],
    }
    records = [
        {**whole, "id": "far", "configuration": {"precision": "fp16", "batch_size": 4}},
        {**whole, "id": "near", "configuration": {"precision": "int8", "batch_size": 1}},
        {**whole, "id": "asked", "configuration": {"precision": "fp32", "batch_size": 1}},
        {**whole, "id": "other", "task": "object-detection"},
    ]
    write_package(tmp_path / "package", [to_batch(map(Record.from_dict, records))])
    with open_package(tmp_path / "package") as opened:
        found = differences(opened, ["asked", "other"])
        assert differences(opened, []) == {}
        monkeypatch.setattr(nearest, "_MOST_MEASUREMENTS", 1)
        beyond = differences(opened, ["asked", "other"])
        monkeypatch.setattr(nearest, "_MOST_RECORDS", 3)
        of_many = differences(opened, ["asked", "other"])
    assert list(found) == list(beyond) == ["asked"]
    assert beyond["asked"].endswith("at most 65,536 measurements against each other")
    assert of_many["asked"].endswith("the package has more than 20,000 records")
    assert found["asked"].startswith("nearest is Board A: precision differs: fp32 and int8")
    reasons = page.get_by_role("region", name="Results in no table above").inner_text()
    assert "no other result compares; nearest is Edge box B: power measured in the run" in reasons


def test_words_of_tables_do_not_break_on_a_small_screen(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    widths = page.locator(".wide th[scope=row]:visible").evaluate_all(
        "cells => cells.map(cell => cell.clientWidth)"
    )
    assert len(widths) > 100
    assert min(widths) > 80
    # A count of one line: "26" over "7" would be read as two numbers.
    heights = page.locator(".matrix td").evaluate_all(
        "cells => cells.map(cell => { const range = document.createRange();"
        " range.selectNodeContents(cell); return range.getClientRects().length; })"
    )
    assert max(heights) == 1
    page.locator("button.number").first.click()
    region = page.get_by_role("region", name="Where it is from")
    assert region.evaluate("region => region.scrollWidth <= region.clientWidth")
    page.locator("#close").click()


def test_who_is_first_is_counted_over_the_tables(package: Path, page: Any) -> None:
    with open_package(package) as opened:
        found = groups(opened, question(), most=10**6, every_result=True)
        tasks = {record.id: record.task for record in opened.records()}
    first: Counter[str] = Counter()
    factors = []
    for group in found.groups:
        best: dict[str, float] = {}
        for line in group.lines:
            best.setdefault(line.system, line.value)
        of_task = tasks[group.lines[0].record_id] == "image-classification"
        if of_task and group.measure["metric"] == "latency" and len(best) > 1:
            ordered = sorted(best.items(), key=lambda item: item[1])
            first.update(name for name, value in ordered if value == ordered[0][1])
            factors.append(ordered[1][1] / ordered[0][1])
    row = page.locator(".leads tbody tr").first.locator("th, td").all_inner_texts()
    assert row[:2] == ["image-classification", "latency, lower is better"]
    for system, count in first.items():
        assert f"{system}: {count} of {len(factors)}" in row[2]
    assert row[3] == f"{min(factors):.3g} to {max(factors):.3g} times"
    page.locator(".leads a").first.click()
    assert page.locator("#g1").is_visible()


def test_numbers_of_a_table_say_how_far_from_the_best_they_are(page: Any) -> None:
    rows = page.locator(".group").first.locator("tbody tr")
    best = float(rows.first.locator("td").first.get_attribute("data-value"))
    for place in range(rows.count()):
        cells = rows.nth(place).locator("td")
        value = float(cells.first.get_attribute("data-value"))
        assert float(cells.nth(1).inner_text()) == pytest.approx(value / best, rel=5e-3)
    heads = page.locator(".group").first.locator("thead th").all_inner_texts()
    place = [head.split(" ")[0] for head in heads].index("accuracy")
    page.locator(".group").first.locator("thead th").nth(place).get_by_role("button").click()
    cells = page.locator(".group").first.locator(f"tbody tr :nth-child({place + 1})")
    known = [float(text) for text in cells.all_inner_texts() if text]
    assert known == sorted(known)
    assert len(known) > 3


def test_a_table_names_what_its_results_share(page: Any) -> None:
    group = page.locator(".group").first
    assert group.locator("h3").inner_text() == "lpdnn / imagenet / imagenet-mobilenet-v2"
    settings = group.locator(".settings").inner_text()
    assert settings.startswith("scenario single-stream · model version fp32 · precision fp32 · ")
    assert "input 224 × 224 · data set imagenet" in settings


def test_numbers_stand_in_the_unit_that_suits_them(page: Any) -> None:
    group = page.locator(".group").first
    heads = " ".join(group.locator("thead").inner_text().split())
    assert "system latency (ms) × best" in heads
    assert "memory max of cpu (MB)" in heads
    number = group.locator("button.number").first
    assert number.inner_text() == "13.6"
    number.click()
    assert page.locator("#detail-title").inner_text() == "Intel NUC: 13.6 ms"
    assert page.locator("#facts tr", has_text="value").first.inner_text().split() == [
        "value",
        "0.0136",
        "s",
    ]
    page.locator("#close").click()


def test_points_of_a_figure_are_named_by_what_tells_them_apart(page: Any) -> None:
    figure = page.locator(".group").first.locator("svg.scatter")
    names = figure.locator(".label").all_text_contents()
    # One board ran all that have a power.
    assert "tensorrt gpu" in names
    assert not any("Jetson" in name for name in names)
    boxes = figure.locator(".label").evaluate_all(
        "labels => labels.map(label => { const box = label.getBoundingClientRect();"
        " return [box.left, box.top, box.right, box.bottom]; })"
    )
    for place, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[place + 1 :]:
            assert left >= other[2] or other[0] >= right or top >= other[3] or other[1] >= bottom


def test_what_a_number_opens_begins_with_its_title_and_closes_by_thumb(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    page.locator("button.number").first.click()
    title = page.locator("#detail-title")
    assert title.evaluate("title => title === document.activeElement")
    page.locator("dialog").evaluate("dialog => dialog.scrollTo(0, 200)")
    dialog = page.locator("dialog").bounding_box()
    for part in (title, page.locator("#close")):
        box = part.bounding_box()
        assert dialog["y"] <= box["y"]
        assert box["y"] + box["height"] <= dialog["y"] + dialog["height"]
    page.locator("#close").click()


def test_what_goes_on_sideways_says_so_until_its_end_is_reached(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    wide = page.locator(".group .wide").first
    wide.scroll_into_view_if_needed()
    page.locator(".group .wide.more").first.wait_for()
    name = wide.get_attribute("aria-label")
    wide.evaluate("wide => wide.scrollTo(wide.scrollWidth, 0)")
    page.locator(f'.group .wide[aria-label="{name}"]:not(.more)').wait_for()


def test_it_says_who_measured_and_what_its_words_mean(page: Any) -> None:
    text = page.locator(".facts").inner_text()
    assert "Camera laboratory 22" in text
    assert "nobody is named" in text
    assert "2024-05-02 to 2025-03" in text
    page.locator("#words + details summary").click()
    words = page.locator(".words").inner_text()
    assert (
        "single-stream\nThe next query of one sample is issued when the previous one is complete."
        in words
    )


def test_nothing_is_cut_off_on_paper(page: Any) -> None:
    # A4 upright between margins of 12 mm, in pixels.
    page.set_viewport_size({"width": 703, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    outside = page.evaluate(
        "[...document.querySelectorAll('main :is(th, td, p, h3, dd)')]"
        ".filter(e => e.getClientRects().length && e.getBoundingClientRect().right > 704)"
        ".map(e => e.outerHTML.slice(0, 200))"
    )
    assert outside == []
    # A button is not painted again where a table goes on: the heading is text there.
    heads = page.locator(".group thead th[data-sort]").first
    assert not heads.locator("button").is_visible()
    assert "system" in heads.evaluate("head => getComputedStyle(head, '::before').content")
    page.locator("#search").evaluate(
        "search => { search.value = 'mobilenet'; search.dispatchEvent(new Event('input')); }"
    )
    assert not page.locator("#holds").is_visible()
    assert page.locator(".group:visible").count() > 0
    page.emulate_media(media="screen")


def test_a_summary_is_printed_alone(page: Any, tmp_path: Path) -> None:
    page.evaluate("window.print = () => { window.shown = document.body.className; }")
    page.locator("#brief").click()
    assert page.evaluate("window.shown") == "brief"
    assert page.evaluate("document.body.className") == ""
    page.evaluate("document.body.classList.add('brief')")
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    # A page of a PDF is an object of its own.
    pages = len(re.findall(rb"/Type */Page[^s]", (tmp_path / "page.pdf").read_bytes()))
    assert 1 <= pages <= 2


def test_it_goes_dark_and_prints(page: Any, tmp_path: Path) -> None:
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    target = tmp_path / "page.pdf"
    page.pdf(path=target)
    assert target.read_bytes()[:5] == b"%PDF-"
    page.emulate_media(media="print")
    assert not page.locator("#tools").is_visible()


def test_findings_say_what_to_do(page: Any) -> None:
    text = page.locator("section", has=page.locator("#findings")).text_content()
    assert "not conformant" in text
    assert "BF511" in text
    assert "To do:" in text


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_its_window(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    "scheme",
    [
        "dark",
        *(pytest.param(scheme, marks=pytest.mark.slow) for scheme in SCHEMES if scheme != "dark"),
    ],
)
def test_axe_finds_nothing(browser: Any, file: Path, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(file.as_uri())
    assert violations(page) == []
    page.locator("button.number").first.click()
    assert violations(page) == []
    context.close()


def test_the_page_is_valid(file: Path) -> None:
    assert faults_of_html(file) == ""


def test_what_strangers_wrote_is_text(browser: Any, tmp_path: Path) -> None:
    lines = (ROOT / "examples" / "versions" / "1.0.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    for record in records:
        if "benchmark" in record:
            record["system"]["name"] = SCRIPT
            record["model"]["name"] = "</script><img src=x onerror=alert(1)>"
    source = tmp_path / "records.jsonl"
    source.write_text("\n".join(map(json.dumps, records)) + "\n")
    convert(source).write(tmp_path / "package")
    target = tmp_path / "report.html"
    with open_package(tmp_path / "package") as opened:
        write_report(opened, target, report=validate(tmp_path / "package"))
    page = browser.new_page()
    page.goto(target.as_uri())
    assert page.evaluate("window.broken === undefined")
    assert page.locator("img").count() == 0
    assert SCRIPT in page.locator(".matrix").inner_text()
    page.locator("button.number").first.click()
    assert SCRIPT in page.locator("#detail-title").inner_text()
    page.close()


def test_all_results_of_a_group_are_shown_where_there_is_room(package: Path) -> None:
    with open_package(package) as opened:
        roomy = gather(opened, None, None)
        narrow = gather(opened, None, None, results=50)
    assert (roomy.lines, narrow.lines) == (1_000, 60)
    assert _lines([700, 700], 1_400) == 1_000
    assert _lines([700, 700], 1_399) == 500
    assert _lines([900] * 30, 3_000) == 60


def test_groups_beyond_a_page_follow_on_others(package: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    with open_package(package) as opened:
        whole = write_report(opened, target, pages=True, limit=Limit(groups=5))
        compared = groups(opened, question(), most=0).compared
    assert [path.name for path in whole[:3]] == ["report.html", "report-2.html", "report-3.html"]
    shown = [
        number
        for path in whole
        for number in re.findall(r'<section class="group"', path.read_text("utf-8"))
    ]
    assert len(shown) == compared
    with open_package(package) as opened:
        [only] = write_report(opened, target, limit=Limit(groups=5))
    assert f"{compared - 5} more groups" in only.read_text("utf-8")


def test_further_pages_of_an_older_report_go_and_other_files_stay(
    package: Path, tmp_path: Path
) -> None:
    target = tmp_path / "report.html"
    with open_package(package) as opened:
        older = write_report(opened, target, pages=True, limit=Limit(groups=5))
        assert len(older) == 4
        # A report of its own, and a note: neither is a further page of the one that is replaced.
        write_report(opened, tmp_path / "report-2025.html")
        (tmp_path / "report-30.html").write_text("<p>a note</p>")
        newer = write_report(opened, target, pages=True, limit=Limit(groups=10))
    assert len(newer) == 2
    kept = [tmp_path / "report-2025.html", tmp_path / "report-30.html"]
    assert sorted(tmp_path.iterdir()) == sorted([*newer, *kept])


def test_the_command_removes_further_pages_of_an_older_report(
    package: Path, tmp_path: Path
) -> None:
    target = tmp_path / "report.html"
    with open_package(package) as opened:
        older = write_report(opened, target, pages=True, limit=Limit(groups=5))
    assert len(older) > 1
    done = CliRunner().invoke(app, ["report", str(package), "-o", str(target)])
    assert done.exit_code == 0, done.output
    assert list(tmp_path.iterdir()) == [target]
    refused = CliRunner().invoke(app, ["report", str(package), "-o", "/dev/null", "--pages"])
    assert "--pages needs the name of a file" in str(refused.exception)


WITHOUT = """
import sys
sys.modules |= dict.fromkeys(("jinja2", "markupsafe"))
from benchfmt.cli import main
main()
"""


def test_without_the_extra_a_report_says_what_it_needs_and_numbers_are_explained_all_the_same(
    package: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WITHOUT]
    words = ("report", package, "-o", tmp_path / "report.html")
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'benchfmt[report]'" in done.stderr
    assert "Traceback" not in done.stderr
    with open_package(package) as opened:
        record = next(opened.records()).id
    assert record
    asked = ("explain", record, "--package", str(package))
    done = subprocess.run([*command, *asked], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"record: {record}\n" in done.stdout


def test_a_package_without_numbers_says_so(tmp_path: Path) -> None:
    record = json.loads(
        (ROOT / "examples" / "records" / "results.jsonl").read_text("utf-8").splitlines()[0]
    )
    record["measurements"] = [{"metric": "power", "missing": "not-measured"}]
    record["status"] = "failed"
    source = tmp_path / "records.jsonl"
    source.write_text(json.dumps(record) + "\n")
    convert(source).write(tmp_path / "package")
    with open_package(tmp_path / "package") as opened:
        [path] = write_report(opened, tmp_path / "report.html")
    text = path.read_text("utf-8")
    assert "No two results may be compared" in text
    assert "not-measured 1" in text


@pytest.mark.parametrize(
    ("points", "better", "best"),
    [
        ([(1, 1), (2, 2), (3, 1)], (False, True), [True, True, False]),
        ([(1, 1), (1, 1), (2, 0)], (False, False), [True, True, True]),
        ([(1, 5), (1, 4), (2, 4), (2, 3)], (False, False), [False, True, False, True]),
        ([(1, 1), (2, 2)], (None, True), [False, False]),
    ],
)
def test_the_front_is_what_no_other_beats(
    points: list[tuple[float, float]],
    better: tuple[bool | None, bool | None],
    best: list[bool],
) -> None:
    assert front(points, better) == best


def test_a_number_whose_measurement_is_not_found_says_so(package: Path) -> None:
    with open_package(package) as opened:
        content = gather(opened, None, 1)
        portion = content.portion(range(1))
    names = ["report.html"]
    found = opened_by(page_of(content, portion, range(1), 0, names).data)
    lost = opened_by(page_of(content, replace(portion, numbers={}), range(1), 0, names).data)
    for whole, without in zip(found, lost, strict=True):
        facts = without["facts"]
        assert "no measurement of this kind with this value" in facts["not found"]
        assert "not found" not in whole["facts"]
        # What the record says of its source is still known.
        assert facts["record"] == whole["facts"]["record"]
        assert facts["SHA-256 of it"] == whole["facts"]["SHA-256 of it"]


def test_numbers_of_a_record_of_too_many_measurements_are_shown_without_the_others(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_package(package) as opened:
        content = gather(opened, None, 1)
        whole = content.portion(range(1))
        monkeypatch.setattr(gathering, "_OF_RECORD", 1)
        portion = content.portion(range(1))
    assert max(map(len, portion.measurements.values())) <= 3
    assert portion.numbers == whole.numbers
    assert not whole.crowded
    shown = opened_by(page_of(content, portion, range(1), 0, ["report.html"]).data)
    every = opened_by(page_of(content, whole, range(1), 0, ["report.html"]).data)
    for few, all_of_it in zip(shown, every, strict=True):
        assert few["facts"] == all_of_it["facts"]
        has_others = few["facts"]["record"] not in portion.crowded
        assert (few["others"] is not None) == has_others
    assert portion.crowded


def test_a_figure_of_two_numbers_leaves_out_results_with_several_of_a_kind(package: Path) -> None:
    with open_package(package) as opened:
        content = gather(opened, None, 1)
        portion = content.portion(range(1))

    def figures(portion: Portion) -> list[Figure]:
        return page_of(content, portion, range(1), 0, ["report.html"]).groups[0].figures

    [shown] = portion.groups
    [drawn] = figures(portion)
    assert "left out" not in drawn.caption
    number = drawn.drawn.count("<circle")
    assert f"of {number} results" in drawn.caption
    assert drawn.caption.startswith("power (W) against latency")
    powers = {
        record: row
        for record in (line.record_id for line in shown.lines)
        for row in portion.measurements[record]
        if row["metric"] == "power" and row["value"] is not None
    }
    assert len(powers) == number
    record, row = powers.popitem()
    doubled = dict(portion.measurements)
    doubled[record] = [*doubled[record], {**row, "value": row["value"] / 2}]
    [other] = figures(replace(portion, measurements=doubled))
    assert other.drawn.count("<circle") == number - 1
    assert f"of {number - 1} results" in other.caption
    assert "left out: 1 result with several numbers for" in other.caption
    # The same number twice is one number.
    doubled[record] = [*portion.measurements[record], row]
    [same] = figures(replace(portion, measurements=doubled))
    assert same == drawn


def observed(number: int, benchmark: int, samples: list[float | None]) -> Record:
    """Return a result whose mean is that of its observations."""
    counted = [value for value in samples if value is not None]
    return Record.from_dict(
        {
            "benchfmt": "1.0",
            "id": f"r{number}",
            "benchmark": {"suite": "lpdnn", "name": f"b{benchmark}", "scenario": "single-stream"},
            "model": {"name": "resnet50"},
            "dataset": {"name": "imagenet"},
            "system": {"id": f"box-{number}", "name": f"Box {number}"},
            "configuration": {"precision": "fp32", "batch_size": 1, "input_shape": [224, 224]},
            "status": "ok",
            "measurements": [
                {
                    "metric": "latency",
                    "statistic": "mean",
                    "stage": "end-to-end",
                    "per": "sample",
                    "value": sum(counted) / len(counted),
                    "unit": "s",
                    "basis": "measured",
                    "primary": True,
                    "n": len(samples),
                    "samples": samples,
                }
            ],
        }
    )


def figures_of(place: Path, records: list[Record]) -> list[Figure]:
    write_package(place, [to_batch(records)])
    with open_package(place) as opened:
        content = gather(opened, None, None)
        every = range(len(content.shown))
        page = page_of(content, content.portion(every), every, 0, ["report.html"])
    return [figure for group in page.groups for figure in group.figures]


def test_each_observation_is_drawn_but_those_that_did_not_count(tmp_path: Path) -> None:
    few = observed(0, 0, [1.0, 2.0, None, 1.5])
    many = observed(1, 0, [1.0 + number / 1_000 for number in range(900)])
    [figure] = figures_of(tmp_path / "few", [few, observed(2, 0, [1.0, 1.25])])
    assert figure.drawn.count('class="sample"') == 3 + 2
    assert figure.caption == "each observation of 2 results"
    [figure] = figures_of(tmp_path / "many", [few, many])
    assert figure.drawn.count('class="sample"') == 3 + 300
    assert figure.caption.endswith(
        "; of more than 400 some that are spread evenly over their order"
    )


def test_observations_without_room_are_counted(tmp_path: Path) -> None:
    records = [observed(number, number // 8, [1.0, 1.5 + number]) for number in range(24)]
    captions = [figure.caption for figure in figures_of(tmp_path / "package", records)]
    without = "this page has no room for the observations of"
    assert captions == [
        "each observation of 8 results",
        f"each observation of 4 results; {without} 4 more",
        f"{without} 8 results",
    ]


def test_a_number_of_another_source_has_the_hash_and_the_place_of_that(tmp_path: Path) -> None:
    sources = [
        {"path": "run/summary.txt", "sha256": "1" * 64, "locator": "line=3"},
        {"path": "run/detail.txt", "sha256": "2" * 64, "locator": "line=7"},
    ]
    number = {"unit": "s", "basis": "measured"}
    record = {
        "benchfmt": "1.0",
        "id": "a",
        "benchmark": {"suite": "mlperf-inference"},
        "status": "ok",
        "provenance": {"sources": sources},
        "measurements": [
            {**number, "metric": "latency", "value": 1.0},
            {**number, "metric": "duration", "value": 2.0, "source_path": "run/detail.txt"},
            {**number, "metric": "completion-time", "value": 3.0, "source_path": "run/other.txt"},
        ],
    }
    write_package(tmp_path / "package", [to_batch([Record.from_dict(record)])])
    with open_package(tmp_path / "package") as opened:
        found, rows = one_record(opened, "a")
    told = {row["metric"]: dict(facts_of(found, row)) for row in rows}
    assert {
        metric: (facts["source"], facts.get("place in it"), facts.get("SHA-256 of it"))
        for metric, facts in told.items()
    } == {
        "latency": ("run/summary.txt", "line=3", "1" * 64),
        "duration": ("run/detail.txt", "line=7", "2" * 64),
        "completion-time": ("run/other.txt", None, None),
    }
