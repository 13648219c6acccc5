"""`benchfmt compare`: groups of a package, and the verdict on two of its records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.comparison.making import CLOSED, PROFILE, changed
from tests.forms import flatten, write
from typer.testing import CliRunner

from benchfmt.cli.commands import app
from benchfmt.comparing.groups import groups
from benchfmt.comparison import question
from benchfmt.finding import BenchfmtError
from benchfmt.package import open_package

HEADING = "benchfmt-profiler / mobilenet-v2 / fp32 / [1,3,224,224] / batch 1 / 4 threads"


def package(tmp_path: Path, *records: dict[str, Any], form: str = "parquet") -> Path:
    return write(tmp_path / "package", flatten(list(records)), form)


def run(*args: str | Path) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["compare", *map(str, args)])
    if isinstance(done.exception, BenchfmtError):
        return 2, [str(done.exception)]
    return done.exit_code, done.output.splitlines()


def board(number: int, value: float, **more: Any) -> dict[str, Any]:
    system = {"id": f"board-{number}", "name": f"Board {number}"}
    return changed(PROFILE, f"r{number}", system=system, measurements__first__value=value, **more)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_groups_are_listed_best_first_with_what_stands_in_none(form: str, tmp_path: Path) -> None:
    made = package(
        tmp_path,
        board(1, 0.02),
        board(2, 0.01, software__engine="tensorrt", measurements__first__caveats=["unstable"]),
        board(3, 0.04, configuration__threads=None),
        board(4, 0.04, configuration__threads=1),
        board(5, 0.04, status="invalid"),
        form=form,
    )
    status, lines = run(made)
    assert status == 0
    assert lines == [
        f"{HEADING}: latency median inference per sample, lower is better",
        "          0.01 s    ▇▇▇▇▇▇▇▇▇▇           Board 2  tensorrt 1.20.0  [unstable]",
        "          0.02 s    ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇ Board 1  onnxruntime 1.20.0",
        "1 result with which no other compares",
        "1 result in no group: cannot be told: threads unknown",
        "1 result in no group: not comparable: the status is invalid",
    ]


def test_what_varies_on_request_is_told_line_by_line(tmp_path: Path) -> None:
    made = package(tmp_path, board(1, 0.02), board(2, 0.04, configuration__threads=1))
    assert run(made)[1][0] == "no two results may be compared"
    _, lines = run(made, "--vary", "threads")
    assert [line.split()[-2:] for line in lines[1:3]] == [["4", "threads"], ["1", "threads"]]


def test_a_system_has_one_line_unless_all_are_asked_for(tmp_path: Path) -> None:
    slow = changed(board(1, 0.05, software__engine="ncnn"), "again")
    made = package(tmp_path, board(1, 0.02), slow, board(2, 0.04))
    _, lines = run(made)
    assert [line.split()[0] for line in lines[1:]] == ["0.02", "0.04"]
    assert lines[1].endswith("(+1 more)")
    assert [line.split()[0] for line in run(made, "--all")[1][1:]] == ["0.02", "0.04", "0.05"]


def test_one_result_stands_for_an_execution(tmp_path: Path) -> None:
    where = {"provenance__execution": "v4.0/closed/Lab/results/a/resnet50/Offline"}
    published = changed(CLOSED, "row", **where)
    computed = changed(
        CLOSED,
        "logs",
        measurements__first__basis="derived",
        measurements__first__value=1000.5,
        **where,
    )
    # Only the logs say what was asked for, and reached.
    quality = {
        "metric": "accuracy",
        "statistic": "pooled",
        "value": 0.76,
        "unit": "1",
        "basis": "derived",
    }
    computed["measurements"].append(quality | {"target_min": 0.756954})
    other = changed(CLOSED, "other", system={"id": "server-2", "name": "Server 2"})
    with open_package(package(tmp_path, published, computed, other)) as opened:
        found = groups(opened, question())
    (group,) = found.groups
    assert [line.record_id for line in group.lines] == ["logs", "other"]
    assert (found.echoes, group.results) == (1, 2)


def heads(lines: list[str]) -> list[str]:
    return [line for line in lines if " / " in line]


def test_a_heading_says_in_what_its_group_differs_from_others(tmp_path: Path) -> None:
    power = {"metric": "power", "statistic": "mean", "scope": "wall", "value": 300.0, "unit": "W"}
    with_power = [*CLOSED["measurements"], power | {"basis": "published"}]
    servers = [{"id": f"server-{number}", "name": "Server"} for number in (1, 2)]
    plain = [changed(CLOSED, server["id"], system=server) for server in servers]
    powered = [
        changed(record, f"{record['id']}-power", measurements=with_power) for record in plain
    ]
    _, lines = run(package(tmp_path, *plain, *powered))
    base = "mlperf-inference / v4.0 / closed / resnet50 / offline"
    what = "throughput mean whole-run per sample, higher is better"
    assert sorted(heads(lines)) == [
        f"{base} / int8 / power measured: {what}",
        f"{base} / int8: {what}",
    ]
    # Two systems of one name are told by a part of their ids.
    assert [line.split("▇ ")[1] for line in lines[1:3]] == ["Server (rver-1)", "Server (rver-2)"]


def test_a_heading_names_the_settings_that_bind(tmp_path: Path) -> None:
    def folds(number: int) -> list[dict[str, Any]]:
        settings = {"streams": number, "seed": 4}
        return [
            board(system, 0.02, configuration__hyperparameters=settings)
            | {"id": f"{number}-{system}"}
            for system in (1, 2)
        ]

    _, lines = run(package(tmp_path, *folds(1), *folds(2)))
    what = "latency median inference per sample, lower is better"
    assert heads(lines) == [f"{HEADING} / streams 1: {what}", f"{HEADING} / streams 2: {what}"]


def test_a_question_has_a_line_for_each_of_what_it_compares(tmp_path: Path) -> None:
    precise = [
        board(system, value, configuration__precision=precision) | {"id": f"{system}-{precision}"}
        for system in (1, 2)
        for precision, value in (("fp32", 0.04), ("int8", 0.01))
    ]
    _, lines = run(package(tmp_path, *precise), "--question", "precision")
    assert [line.rsplit("  ", 1)[1] for line in lines[1:3]] == ["int8", "fp32"]
    # The system is held fast, so the heading names it.
    shared = "benchfmt-profiler / mobilenet-v2 / [1,3,224,224] / batch 1 / 4 threads"
    what = "latency median inference per sample, lower is better"
    assert heads(lines) == [
        f"{shared} / system Board {system} / engine onnxruntime: {what}" for system in (1, 2)
    ]


def test_what_may_differ_of_a_measure_stands_on_its_lines(tmp_path: Path) -> None:
    made = package(tmp_path, board(1, 0.02), board(2, 0.04, measurements__first__statistic="p90"))
    _, lines = run(made, "--vary", "statistic")
    assert heads(lines) == [f"{HEADING}: latency inference per sample, lower is better"]
    assert [line.split()[-1] for line in lines[1:3]] == ["median", "p90"]


def test_a_system_without_a_name_is_called_by_what_is_in_it(tmp_path: Path) -> None:
    unnamed = {"id": "sys1-abc", "accelerator": {"kind": "gpu", "name": "H100", "count": 1}}
    made = package(tmp_path, board(1, 0.02), changed(PROFILE, "other", system=unnamed))
    assert "H100  onnxruntime" in run(made)[1][1]


def test_higher_is_better_where_the_vocabulary_says_so(tmp_path: Path) -> None:
    fast = changed(
        CLOSED, "b", system={"id": "server-2", "name": "Fast"}, measurements__first__value=2000.0
    )
    _, lines = run(package(tmp_path, changed(CLOSED, "a"), fast))
    assert lines[0].endswith("higher is better")
    assert "Fast" in lines[1]


def test_another_metric_is_compared_on_request(tmp_path: Path) -> None:
    power = {
        "metric": "power",
        "statistic": "mean",
        "scope": "wall",
        "unit": "W",
        "basis": "measured",
    }
    records = []
    for number in (1, 2):
        record = board(number, 0.01)
        record["measurements"].append(power | {"value": 10.0 * number})
        records.append(record)
    made = package(tmp_path, *records)
    _, lines = run(made, "--metric", "power")
    assert lines[0].endswith("power mean of wall, lower is better")
    assert run(made, "--metric", "powr") == (
        2,
        ["there is no metric 'powr'; did you mean 'power'?"],
    )


def test_two_records_are_explained_rule_by_rule(tmp_path: Path) -> None:
    made = package(tmp_path, board(1, 0.02), board(2, 0.01, configuration__precision="fp16"))
    _, lines = run(made, "r1", "r2")
    assert lines == [
        "Which hardware runs this fastest? May differ: engine, engine_version, placement, software, system.",
        "A: r1: benchfmt-profiler / mobilenet-v2 on Board 1",
        "B: r2: benchfmt-profiler / mobilenet-v2 on Board 2",
        "latency median inference per sample: not comparable",
        "  A 0.02 s   B 0.01 s",
        "  CMP008 not comparable: precision differs: fp32 and fp16",
        "rules: The profiler's page (docs/profiler.md): it states model, precision, shape, batch and threads of each run",
    ]
    _, lines = run(made, "r1", "r2", "--vary", "precision")
    assert lines[3:5] == [
        "latency median inference per sample: comparable",
        "  A 0.02 s   B 0.01 s   B is 0.5 x A",
    ]


def test_json_says_the_same(tmp_path: Path) -> None:
    made = package(
        tmp_path, board(1, 0.02), board(2, 0.01), board(3, 0.03, configuration__threads=None)
    )
    done = CliRunner().invoke(app, ["compare", str(made), "--format", "json"])
    found = json.loads(done.output)
    assert [line["system"] for line in found["groups"][0]["lines"]] == ["Board 2", "Board 1"]
    assert found["results_without_group"] == {"cannot be told: threads unknown": 1}
    done = CliRunner().invoke(app, ["compare", str(made), "r1", "r3", "--format", "json"])
    (answer,) = json.loads(done.output)["answers"]
    assert answer["verdict"] == "cannot be told"
    assert answer["reasons"] == [
        {
            "rule": "CMP023",
            "verdict": "cannot be told",
            "field": "threads",
            "left": "4",
            "right": None,
            "sentence": "threads: 4 of one, unknown of the other",
        }
    ]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["r1"], "there is no package 'r1'; to compare two records name both, by id"),
        (["r1", "r22"], "there is no record 'r22'; did you mean 'r2'?"),
        (["r1", "r2", "--metric", "power"], "the two records do not both measure 'power'"),
        (["--question", "modell"], "there is no question 'modell'; did you mean 'model'?"),
    ],
)
def test_wrong_calls_say_what_to_do(args: list[str], message: str, tmp_path: Path) -> None:
    made = package(tmp_path, board(1, 0.02), board(2, 0.01))
    status, lines = run(made, *args)
    assert status == 2
    assert lines == [message]


def test_framework_and_model_are_told_where_one_system_ran_everything(tmp_path: Path) -> None:
    system = {"id": "aws", "name": "aws"}
    records = [
        changed(
            PROFILE,
            model,
            benchmark={"suite": "amlb", "name": "adult", "phase": "evaluation"},
            model__name=model,
            system=system,
            configuration={"hyperparameters": {"fold": 0, "constraint": "1h8c", "seed": seed}},
            measurements=[
                {
                    "metric": "accuracy",
                    "statistic": "single",
                    "per": "fold",
                    "value": value,
                    "unit": "1",
                }
                | {"basis": "measured", "primary": True}
            ],
        )
        for seed, (model, value) in enumerate([("flaml", 0.81), ("tpot", 0.8)])
    ]
    _, lines = run(package(tmp_path, *records))
    assert [line.split()[-1] for line in lines[1:]] == ["flaml", "tpot"]


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_group_has_the_id_that_the_flat_view_gives(form: str, tmp_path: Path) -> None:
    with open_package(package(tmp_path, board(1, 0.02), board(2, 0.01), form=form)) as opened:
        (group,) = groups(opened, question()).groups
        assert set(opened.wide()["comparability_group"].to_pylist()) == {group.id}


def test_a_member_of_an_object_varies_alone(tmp_path: Path) -> None:
    records = [
        board(number, 0.01, configuration__hyperparameters={"streams": number, "cuda_graph": True})
        for number in (1, 2)
    ]
    other = board(3, 0.01, configuration__hyperparameters={"streams": 1, "cuda_graph": False})
    made = package(tmp_path, *records, other)
    assert run(made)[1][0] == "no two results may be compared"
    with open_package(made) as opened:
        (group,) = groups(opened, question("hardware", ["hyperparameters.streams"])).groups
    assert sorted(line.record_id for line in group.lines) == ["r1", "r2"]
    _, lines = run(made, "r1", "r2", "--vary", "hyperparameters.streams")
    assert lines[3].endswith(": comparable")


def test_versions_of_a_model_are_models_of_their_own(tmp_path: Path) -> None:
    large = changed(board(1, 0.01, model__version="large"), "r9")
    made = package(tmp_path, board(1, 0.02, model__version="small"), large)
    for name in ("hardware", "version", "precision"):
        assert run(made, "--question", name)[1][0] == "no two results may be compared"
