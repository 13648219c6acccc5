"""`benchfmt coverage`: what a package covers, with every count worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.comparison.making import CLOSED, PROFILE, changed
from tests.forms import flatten, write
from typer.testing import CliRunner

from benchfmt.cli.commands import app
from benchfmt.comparing import portions
from benchfmt.comparing.coverage import Coverage, coverage
from benchfmt.finding import BenchfmtError
from benchfmt.package import open_package
from benchfmt.reports.coverage import coverage_figure, coverage_lines

SVG = "{http://www.w3.org/2000/svg}"


def package(tmp_path: Path, *records: dict[str, Any], form: str = "parquet") -> Path:
    return write(tmp_path / "package", flatten(list(records)), form)


def covered(tmp_path: Path, *records: dict[str, Any], form: str = "parquet") -> Coverage:
    with open_package(package(tmp_path, *records, form=form)) as opened:
        return coverage(opened)


def board(name: str, number: int = 1, **more: Any) -> dict[str, Any]:
    system = {"id": f"board-{number}", "name": f"Board {number}"} | more.pop("system", {})
    return changed(PROFILE, name, system=system, **more)


def lacking(record: dict[str, Any], metric: str, reason: str) -> dict[str, Any]:
    record["measurements"].append({"metric": metric, "missing": reason})
    return record


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_cells_hold_what_was_measured_and_why_more_was_not(form: str, tmp_path: Path) -> None:
    found = covered(
        tmp_path,
        lacking(board("a"), "power", "no-sensor"),
        lacking(board("b", status="invalid"), "power", "not-measured"),
        board("c", 2, model__name="resnet-50"),
        board("d", 2),
        form=form,
    )
    cells = {(cell.system, cell.benchmark): cell for cell in found.cells}
    assert set(cells) == {
        ("board-1", "mobilenet-v2"),
        ("board-2", "mobilenet-v2"),
        ("board-2", "resnet-50"),
    }
    first = cells["board-1", "mobilenet-v2"]
    assert (first.records, first.ok) == (2, 1)
    assert first.metrics["latency"].to_dict() == {"values": 2, "missing": {}}
    assert first.metrics["power"].to_dict() == {
        "values": 0,
        "missing": {"no-sensor": 1, "not-measured": 1},
    }
    assert (found.records, found.values, found.missing.total()) == (4, 4, 2)
    assert found.pairs == [
        {"suite": "benchfmt-profiler", "systems": 2, "benchmarks": 2, "pairs": 4, "measured": 3}
    ]
    assert found.one_system == [(("benchfmt-profiler", "resnet-50"), "board-2")]


def test_a_pair_whose_runs_all_failed_has_no_result(tmp_path: Path) -> None:
    found = covered(tmp_path, board("a"), board("b", 2, status="failed"))
    assert found.pairs[0]["measured"] == 1
    assert found.one_system == [(("benchfmt-profiler", "mobilenet-v2"), "board-1")]


def test_a_benchmark_with_results_of_an_unknown_system_is_not_of_one_system(
    tmp_path: Path,
) -> None:
    found = covered(tmp_path, board("a"), changed(PROFILE, "b", system=None))
    assert found.one_system == []


@pytest.mark.parametrize(
    ("submitter", "system", "relation"),
    [
        ("ACME", {"vendor": "Acme Corp"}, "vendor of the system"),
        ("ACME", {"vendor": "Acmex"}, "somebody else"),
        (
            "NVIDIA",
            {"vendor": "Dell", "accelerator": {"kind": "gpu", "name": "NVIDIA H100"}},
            "maker of a chip of the system",
        ),
        ("A Lab", {"vendor": "Dell"}, "somebody else"),
        ("A Lab", {}, "unknown: vendor not stated"),
        (None, {"vendor": "Dell"}, "unknown: submitter not stated"),
    ],
)
def test_who_measured_is_told_as_far_as_fields_say_it(
    submitter: str | None, system: dict[str, Any], relation: str, tmp_path: Path
) -> None:
    found = covered(tmp_path, board("a", system=system, provenance__submitter=submitter))
    assert found.measured_by == {relation: 1}


def test_repeats_are_runs_of_one_configuration(tmp_path: Path) -> None:
    seed = {"configuration__hyperparameters": {"seed": 2}}
    found = covered(
        tmp_path,
        board("a", provenance__execution="x"),
        # Another record of the same run is no repeat, and a seed makes no other configuration.
        board("b", provenance__execution="x"),
        board("c", **seed),
        board("d", 2),
        board("e", 2, configuration__threads=1),
        # Two unknown systems may be two.
        changed(PROFILE, "f", system=None),
        changed(PROFILE, "g", system=None),
    )
    assert found.repeats == {1: 2, 2: 1}
    assert found.shared_executions == 1


def test_spread_and_unstated_fields_are_counted(tmp_path: Path) -> None:
    found = covered(
        tmp_path,
        board("a", measurements__first__n=50, measurements__first__stddev=0.1),
        board("b", 2, configuration__threads=None),
    )
    assert found.spread == {"n": 1, "stddev": 1, "ci": 0, "samples": 0}
    assert (found.unstated["threads"], found.unstated["batch_size"]) == (1, 0)
    assert found.compared == {
        "groups": 0,
        "alone": 1,
        "of_one_execution": 0,
        "copies": 0,
        "in_groups": 0,
    }
    assert found.obstacles == {"cannot be told: threads unknown": 1}


def test_one_chip_under_several_suites_and_names_is_told(tmp_path: Path) -> None:
    pi = {"id": "rpi4", "name": "Raspberry Pi 4b"}
    found = covered(
        tmp_path,
        changed(PROFILE, "a", benchmark__suite="lpdnn", system=pi),
        changed(CLOSED, "b", system={"id": "pi", "name": "Raspberry Pi 4 Model B"}),
        board("c", 3),
    )
    assert found.same_systems == [
        {
            "known_as": "raspberry-pi-4b",
            "suites": {"lpdnn": 1, "mlperf-inference": 1},
            "names": ["pi", "rpi4"],
        }
    ]


def test_one_data_set_under_several_suites_and_names_is_told(tmp_path: Path) -> None:
    words = {"name": "Imagenet classification validation set"}
    found = covered(
        tmp_path,
        changed(PROFILE, "a", benchmark__suite="mlperf-mobile", dataset=words),
        changed(CLOSED, "b", dataset={"name": "imagenet-2012"}),
        changed(PROFILE, "c", benchmark__suite="lpdnn", dataset={"name": "imagenet"}),
    )
    assert found.same_datasets == [
        {
            "known_as": "imagenet-2012",
            "suites": {"mlperf-inference": 1, "mlperf-mobile": 1},
            "names": ["Imagenet classification validation set", "imagenet-2012"],
        }
    ]
    assert found.to_dict()["same_datasets"] == found.same_datasets
    told = "one data set, imagenet-2012: mlperf-inference 1, mlperf-mobile 1; as Imagenet"
    assert told in "\n".join(coverage_lines(found, width=200))


def test_a_package_without_measurements_is_covered_too(tmp_path: Path) -> None:
    found = covered(tmp_path, board("a", status="failed", measurements=None))
    assert (found.records, found.values, found.metrics) == (1, 0, {})
    assert "failed 1" in "\n".join(coverage_lines(found))


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_package_without_records_is_refused(form: str, tmp_path: Path) -> None:
    tables: dict[str, list[Any]] = {"systems": [], "records": [], "measurements": []}
    empty = write(tmp_path / "package", tables, form)
    with open_package(empty) as opened, pytest.raises(BenchfmtError, match=r" has no records$"):
        coverage(opened)


def test_text_has_the_matrix_and_says_what_is_left_out(tmp_path: Path) -> None:
    records = [lacking(board(f"r{number}", number), "power", "no-sensor") for number in range(3)]
    records.append(board("other", 0, status="invalid"))
    made = package(tmp_path, *records)
    done = CliRunner(env={"COLUMNS": "100"}).invoke(
        app, ["coverage", str(made), "--limit", "2"], env={"COLUMNS": "90"}
    )
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert (
        lines[0] == "4 records: 1 suite, 1 benchmark, 3 systems; 4 values of 2 metrics, 3 missing"
    )
    assert [" ".join(line.split()) for line in lines[2:8]] == [
        "records by system and benchmark; 3/5: two have another status than ok",
        "mobilenet-",
        "v2",
        "Board 0 1/2",
        "Board 1 1",
        "... and 1 more system (--format json)",
    ]
    assert "missing, no-sensor: 3: power 3" in lines
    assert "measured by: unknown: submitter not stated 4" in lines
    assert "in no group: 1: not comparable: the status is invalid" in lines
    assert max(map(len, lines)) <= 90


def test_what_stands_in_a_name_begins_no_line(tmp_path: Path) -> None:
    found = covered(tmp_path, board("a", system={"name": "x\nstatus: ok 1,000"}))
    lines = [line for text in coverage_lines(found) for line in text.split("\n")]
    assert [line for line in lines if line.startswith("status")] == ["status: ok 1"]


@pytest.mark.parametrize("width", [80, 120, 160])
def test_no_line_is_wider_than_asked_for(width: int, tmp_path: Path) -> None:
    records = [
        board(
            f"r{a}-{b}",
            a,
            model__name=f"a-rather-long-name-of-a-model-{b}",
            system={"name": "x" * 50},
        )
        for a in range(20)
        for b in range(20)
    ]
    found = covered(tmp_path, *records)
    lines = list(coverage_lines(found, width=width))
    assert [line for line in lines if len(line) > width] == []
    assert "... and 8 more systems and" in "\n".join(lines)


def test_a_metric_is_counted_on_request_and_an_unknown_one_refused(tmp_path: Path) -> None:
    made = package(tmp_path, lacking(board("a"), "power", "no-sensor"), board("b", 2))
    done = CliRunner(env={"COLUMNS": "100"}).invoke(
        app, ["coverage", str(made), "--metric", "power"]
    )
    lines = [" ".join(line.split()) for line in done.output.splitlines()[2:7]]
    assert lines[0] == "values of power by system and benchmark; 3/5: two are missing"
    assert lines[-2:] == ["Board 1 0/1", "Board 2 ."]
    done = CliRunner(env={"COLUMNS": "100"}).invoke(
        app, ["coverage", str(made), "--metric", "powr"]
    )
    assert isinstance(done.exception, BenchfmtError)
    assert str(done.exception) == "there is no metric 'powr'; did you mean 'power'?"


def test_json_holds_all_cells(tmp_path: Path) -> None:
    made = package(tmp_path, lacking(board("a"), "power", "no-sensor"))
    done = CliRunner(env={"COLUMNS": "100"}).invoke(
        app, ["coverage", str(made), "--format", "json"]
    )
    found = json.loads(done.output)
    assert found["cells"] == [
        {
            "suite": "benchfmt-profiler",
            "benchmark": "mobilenet-v2",
            "system": "board-1",
            "records": 1,
            "ok": 1,
            "metrics": {
                "latency": {"values": 1, "missing": {}},
                "power": {"values": 0, "missing": {"no-sensor": 1}},
            },
        }
    ]
    assert found["configurations_by_runs"] == {"1": 1}


def test_the_figure_is_well_formed_whatever_names_hold(tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", "a & b", "é\u202e", "\ud7ff\uffff"]
    records = [
        board(f"r{number}", number, system={"name": name}) for number, name in enumerate(names)
    ]
    made = package(tmp_path, *records)
    path = tmp_path / "figure.svg"
    done = CliRunner(env={"COLUMNS": "100"}).invoke(
        app, ["coverage", str(made), "--figure", str(path)]
    )
    assert done.exit_code == 0
    figure = ElementTree.fromstring(path.read_text("utf-8"))  # noqa: S314 - our own figure
    assert figure.tag == f"{SVG}svg"
    assert {element.tag.removeprefix(SVG) for element in figure.iter()} == {
        *("svg", "title", "style", "rect", "text"),
    }
    texts = [element.text for element in figure.iter(f"{SVG}text")]
    assert {"<script>alert(1)</script>", "a & b", "é\\u202e"} <= set(texts)
    assert texts.count("1") == 4


def test_a_large_figure_says_what_it_leaves_out(tmp_path: Path) -> None:
    records = [board(f"r{number}", number, model__name=f"m{number}") for number in range(70)]
    assert "... and 10 more rows and 30 more columns" in coverage_figure(
        covered(tmp_path, *records)
    )


def test_records_without_measurements_between_others_lose_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "_AT_ONCE", 2)
    records = [board("first")]
    records += [board(f"r{n}", 2, status="failed", measurements=None) for n in range(9)]
    found = covered(tmp_path, *records, board("last", 3))
    assert {cell.system for cell in found.cells if cell.metrics} == {"board-1", "board-3"}
