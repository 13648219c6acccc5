"""What notebooks show of packages and reports: figures of what compares, and nothing of strangers that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchfmt import compare, compare_versions, convert, open_package, validate, validate_all
from benchfmt.finding import BenchfmtError

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("notebooks") / "package"
    convert(EXAMPLES / "lpdnn").write(target)
    return target


def test_a_package_shows_what_it_holds_and_its_first_results(package: Path) -> None:
    with open_package(package) as opened:
        text = opened._repr_html_()
        first = next(opened.records())
    assert "103 records" in text
    assert "jetson-nano2 63, rpi4 18, x86-64-nuc 18, stm32mp1 4" in text
    headline = next(m for m in first.measurements or () if m.primary)
    assert f">{headline.value}<" in text
    assert "... and 95 more" in text


def test_a_prompt_shows_what_a_package_holds_in_one_line(package: Path, tmp_path: Path) -> None:
    with open_package(package) as opened:
        counts = {name: opened.table(name).num_rows for name in ("records", "measurements")}
        assert repr(opened) == (
            f"<Package package in {package}: {counts['records']:,} records, "
            f"{counts['measurements']:,} measurements, 4 systems>"
        )
    # Of delimited text somebody would have to count the rows.
    convert(EXAMPLES / "records").write(tmp_path / "csv", format="csv", extra={"version": "2.1.0"})
    with open_package(tmp_path / "csv") as opened:
        assert repr(opened).endswith(f"2.1.0 in {tmp_path / 'csv'}>")
    assert repr(open_package(package)).count("\n") == 0


def test_a_prompt_shows_no_text_of_strangers_as_it_is(package: Path, tmp_path: Path) -> None:
    convert(EXAMPLES / "records").write(tmp_path / "a", extra={"version": "1\x1b[2J\n"})
    (tmp_path / "a" / "data").mkdir(exist_ok=True)
    with open_package(tmp_path / "a") as opened:
        (tmp_path / "a" / "records.parquet").write_bytes(b"damaged")
        shown = repr(opened)
    assert "\x1b" not in shown
    assert "\\x1b[2J\\n" in shown
    # What cannot be read is not counted, and stops nothing.
    assert " records" not in shown.partition(":")[2]
    assert " measurements" in shown


def test_a_prompt_shows_verdicts_with_their_counts(package: Path) -> None:
    report = validate(package)
    assert (
        repr(report)
        == f"<Report on {package}: conformant (core), 103 records, 0 errors, 0 warnings>"
    )
    reports = validate_all([package, package], rules="submission")
    assert repr(reports) == "<Reports on 1 packages (submission): 0 judged, 0 not conformant>"
    assert len(list(reports)) == 1
    assert repr(reports).endswith("1 judged, 1 not conformant>")
    versions = compare_versions(package, package)
    assert repr(versions).startswith(f"<Versions {package} and {package}: ")
    assert "no significant change" in repr(versions)
    with open_package(package) as opened:
        one, other, *_ = opened.records()
    [answer, *_] = compare(one, other)
    left, right = answer.left["value"], answer.right["value"]
    assert repr(answer).startswith(f"<Answer latency {left!r} s and {right!r} s: ")
    assert repr(answer).endswith(f": {answer.verdict.words}>")
    conversion = convert(EXAMPLES / "lpdnn")
    assert repr(conversion).startswith("<Conversion of 7 units: <Account of 13 files, 0 records")
    list(conversion)
    assert ", 103 records, " in repr(conversion.account)


def test_a_figure_has_no_panel_without_points(package: Path) -> None:
    pytest.importorskip("altair", reason="altair is not installed")
    with open_package(package) as opened:
        rows = values(opened.plot(x="accuracy", panels=2))
        assert len({row["_panel"] for row in rows}) == 2
        assert all(row["accuracy"] is not None for row in rows)
        with pytest.raises(BenchfmtError, match="no result with a 'primary_value' that compares"):
            opened.plot(x="submitter")


def test_a_report_shows_its_verdict_and_what_to_do(package: Path) -> None:
    report = validate(package, rules="submission")
    text = report._repr_html_()
    assert "not conformant (submission)" in text
    assert "BF511" in text
    assert "provenance.license" in text
    assert f"... and {report.errors + report.warnings - 20:,} more" in text
    good = validate(package)._repr_html_()
    assert "conformant (core)" in good
    assert "<table>" not in good


def test_names_of_strangers_are_text(tmp_path: Path) -> None:
    script = "<script>alert(1)</script>"
    record = {
        "benchfmt": "1.0",
        "benchmark": {"suite": "lpdnn", "name": "imagenet"},
        "task": "image-classification",
        "model": {"name": script},
        "status": "ok",
        "provenance": {"submitter": "A lab"},
        "measurements": [
            {"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured", "primary": True}
        ],
    }
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(record) + "\n")
    convert(path).write(tmp_path / "package")
    with open_package(tmp_path / "package") as opened:
        text = opened._repr_html_()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def values(chart: Any) -> list[dict[str, Any]]:
    drawn = chart.to_dict()
    [rows] = drawn["datasets"].values() if "datasets" in drawn else [drawn["data"]["values"]]
    return rows  # type: ignore[no-any-return]


def test_a_figure_has_a_panel_for_each_group_that_compares(package: Path) -> None:
    pytest.importorskip("altair", reason="altair is not installed")
    with open_package(package) as opened:
        table = opened.wide(groups=True).to_pylist()
        chart = opened.plot("latency__end_to_end__sample", x="power", panels=3)
    assert len({row["_panel"] for row in values(chart)}) == 3
    by_id = {row["id"]: row for row in table}
    for row in values(chart):
        assert row["latency__end_to_end__sample"] == by_id[row["id"]]["latency__end_to_end__sample"]
    groups = {by_id[row["id"]]["latency__end_to_end__sample__group"] for row in values(chart)}
    assert len(groups) == 3
    assert None not in groups
    axis = chart.to_dict()["spec"]["encoding"]["y"]
    assert axis["title"] == "latency__end_to_end__sample (s)"


def test_a_figure_of_nothing_says_why(package: Path) -> None:
    pytest.importorskip("altair", reason="altair is not installed")
    with open_package(package) as opened:
        with pytest.raises(BenchfmtError, match="latency__end_to_end__sample"):
            opened.plot("latency__end_to_end__sampel")
        with pytest.raises(BenchfmtError, match="no measurement"):
            opened.plot("batch_size")
        assert values(opened.plot())


def test_a_figure_of_models_has_several_on_one_system(package: Path) -> None:
    pytest.importorskip("altair", reason="altair is not installed")
    latency = "latency__end_to_end__sample"
    with open_package(package) as opened:
        usual = opened.plot(latency, x="accuracy", color="system_id", panels=3)
        asked = opened.plot(latency, x="accuracy", color="model", panels=3, question="model")
        with pytest.raises(BenchfmtError, match="did you mean 'model'"):
            opened.plot(latency, question="modle")
    seen = {"hardware": panels_of(usual), "model": panels_of(asked)}
    assert [len(panels) for panels in seen.values()] == [3, 3]
    for title, rows in seen["hardware"].items():
        assert {row["accuracy"] for row in rows} == {rows[0]["accuracy"]}
        assert rows[0]["model"] in title
    for title, rows in seen["model"].items():
        assert len({row["model"] for row in rows}) > 1
        assert len({row["accuracy"] for row in rows}) > 1
        assert f"{rows[0]['system_id']} / {rows[0]['precision']}" in title
        assert {row["system_id"] for row in rows} == {rows[0]["system_id"]}


def panels_of(chart: Any) -> dict[str, list[dict[str, Any]]]:
    panels: dict[str, list[dict[str, Any]]] = {}
    for row in values(chart):
        panels.setdefault(row["_panel"], []).append(row)
    return panels
