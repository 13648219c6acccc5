"""`benchfmt recommend`: what meets limits, what may, and what is never ranked together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.comparison.making import PROFILE, changed
from tests.forms import flatten, write
from typer.testing import CliRunner

from benchfmt.cli.commands import app
from benchfmt.comparing import portions
from benchfmt.comparing.choices import Recommendation, Row, pareto
from benchfmt.comparing.recommending import recommend
from benchfmt.comparing.wishes import Asked, Wish, asked, limit
from benchfmt.finding import BenchfmtError
from benchfmt.package import open_package
from benchfmt.reports.recommendation import recommendation_lines

TASK = "image-classification"


def number(metric: str, value: float | None, unit: str, **more: Any) -> dict[str, Any]:
    if value is None:
        return {"metric": metric, "missing": "no-sensor"} | more
    return {"metric": metric, "value": value, "unit": unit, "basis": "measured"} | more


def board(
    name: str, place: int, latency: float, power: float | None = 5.0, **more: Any
) -> dict[str, Any]:
    """Return a result with a latency, a power (None: no sensor) and an accuracy of 0.7."""
    accuracy = more.pop("accuracy", 0.7)
    power_more = more.pop("power_more", {})
    record = changed(
        PROFILE,
        name,
        task=TASK,
        dataset=more.pop("dataset", {"name": "imagenet"}),
        system={"id": f"board-{place}", "name": f"Board {place}"},
        measurements__first__value=latency,
        **more,
    )
    record["measurements"] += [
        number("power", power, "W", **({"statistic": "mean", "scope": "wall"} | power_more)),
        number("accuracy", accuracy, "1"),
    ]
    return record


def package(tmp_path: Path, *records: dict[str, Any], form: str = "parquet") -> Path:
    return write(tmp_path / "package", flatten(list(records)), form)


def found(
    tmp_path: Path, records: list[dict[str, Any]], *limits: str, form: str = "parquet", **more: Any
) -> Recommendation:
    """Return what keeps limits, written as `max latency=50ms`."""
    wishes = [limit(text.partition(" ")[2], text.partition(" ")[0]) for text in limits]  # type: ignore[arg-type]
    with open_package(package(tmp_path, *records, form=form)) as opened:
        return recommend(opened, TASK, wishes, **more)


def names(rows: list[Row]) -> list[str]:
    return [row.record for row in rows]


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_what_meets_all_limits_is_ranked_best_first(form: str, tmp_path: Path) -> None:
    records = [
        board("slow", 1, 0.04),
        board("fast", 2, 0.01),
        board("at-the-limit", 3, 0.05, 10.0),
        board("too-slow", 4, 0.0500001),
        board("too-hungry", 5, 0.01, 10.5),
        board("too-bad", 6, 0.01, accuracy=0.69),
    ]
    limits = ("max latency=50ms", "max power=10 W", "min accuracy=70%")
    (ranking,) = (answer := found(tmp_path, records, *limits, form=form)).rankings
    assert names(ranking.rows) == ["fast", "slow", "at-the-limit"]
    assert (answer.failing, answer.fitting, answer.unknown, answer.apart) == (3, 3, [], [])
    assert ranking.rows[0].values == {
        "latency__median__inference__sample": 0.01,
        "power__mean__wall": 5.0,
        "accuracy": 0.7,
    }


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"power": None}, "power__mean__wall: no-sensor"),
        (
            {"power_more": {"basis": "nominal"}},
            "power__mean__wall: nominal, not measured",
        ),
        ({"power_more": {"statistic": "max"}}, "power__mean__wall: measured in another way"),
    ],
)
def test_what_is_unknown_never_counts_as_met(
    more: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    records = [board("known", 1, 0.02), board("second", 3, 0.03), board("unknown", 2, 0.01, **more)]
    # The primary key of power is not told by the records, so its full name is given.
    answer = found(tmp_path, records, "max latency=50ms", "max power__mean__wall=10W")
    assert [names(ranking.rows) for ranking in answer.rankings] == [["known", "second"]]
    assert [(item.reason, names(item.rows)) for item in answer.unknown] == [(reason, ["unknown"])]


def test_money_of_another_currency_is_not_held_against_the_limit(tmp_path: Path) -> None:
    records = []
    for name, place, value, unit in (
        ("a", 1, 5.0, "EUR"),
        ("b", 2, 4.0, "EUR"),
        ("c", 3, 1.0, "USD"),
    ):
        record = board(name, place, 0.01)
        record["measurements"].append(number("cost", value, unit))
        records.append(record)
    answer = found(tmp_path, records, "max cost=6 EUR")
    assert names(answer.rankings[0].rows) == ["b", "a"]
    assert [(item.reason, names(item.rows)) for item in answer.unknown] == [("cost: in USD", ["c"])]


def test_what_is_unknown_and_misses_another_limit_does_not_fit(tmp_path: Path) -> None:
    records = [board("known", 1, 0.02), board("unknown", 2, 0.09, None)]
    answer = found(tmp_path, records, "max latency=50ms", "max power=10W")
    assert (answer.failing, answer.unknown) == (1, [])


def test_only_what_compares_is_ranked_together(tmp_path: Path) -> None:
    records = [
        board("a", 1, 0.01),
        board("b", 2, 0.02, model__name="resnet-50", configuration__threads=8),
        board("batch", 3, 0.001, configuration__batch_size=32),
        board("untold", 4, 0.001, configuration__batch_size=None),
    ]
    answer = found(tmp_path, records, "max latency=50ms")
    assert [names(ranking.rows) for ranking in answer.rankings] == [["a", "b"], ["batch"]]
    assert [(item.reason, names(item.rows)) for item in answer.apart] == [
        ("cannot be told: batch size unknown", ["untold"])
    ]


def test_quality_on_another_data_set_is_no_answer_to_the_same_question(tmp_path: Path) -> None:
    records = [board("a", 1, 0.01), board("b", 2, 0.02, dataset={"name": "cifar-10"})]
    answer = found(tmp_path, records, "max latency=50ms", "min accuracy=50%")
    assert sorted(names(ranking.rows) for ranking in answer.rankings) == [["a"], ["b"]]


def test_runs_of_one_configuration_are_one_row_that_fits_if_all_of_them_do(tmp_path: Path) -> None:
    records = [
        *(board(f"steady-{place}", 1, latency) for place, latency in enumerate([0.03, 0.01, 0.02])),
        *(board(f"wavering-{place}", 2, latency) for place, latency in enumerate([0.01, 0.06])),
    ]
    answer = found(tmp_path, records, "max latency=50ms")
    (row,) = answer.rankings[0].rows
    assert (row.record, row.runs) == ("steady-2", 3)
    assert (answer.failing, answer.wavering) == (1, 1)


def test_a_run_without_a_sensor_says_nothing_against_one_with_it(tmp_path: Path) -> None:
    records = [board("with", 1, 0.02), board("without", 1, 0.01, None)]
    answer = found(tmp_path, records, "max latency=50ms", "max power=10W")
    assert names(answer.rankings[0].rows) == ["with"]
    assert answer.unknown == []


def test_two_unknown_systems_are_two_rows(tmp_path: Path) -> None:
    records = [board("a", 1, 0.01), board("b", 2, 0.02)]
    for record in records:
        del record["system"]
    answer = found(tmp_path, records, "max latency=50ms")
    assert answer.fitting == 2


def test_a_published_row_and_its_logs_are_one_result(tmp_path: Path) -> None:
    execution = {"provenance__execution": "x"}
    row = board("row", 1, 0.01, measurements__first__basis="published", **execution)
    answer = found(tmp_path, [row, board("logs", 1, 0.0101, **execution)], "max latency=50ms")
    assert names(answer.rankings[0].rows) == ["logs"]


def test_other_tasks_models_and_failed_runs_are_left_out(tmp_path: Path) -> None:
    records = [
        board("a", 1, 0.01),
        board("other-task", 2, 0.01) | {"task": "object-detection"},
        board("no-task", 3, 0.01),
        board("failed", 4, 0.01, status="invalid"),
        board("other-model", 5, 0.01, model__name="resnet-50"),
    ]
    del records[2]["task"]
    answer = found(tmp_path, records, "max latency=50ms", model="mobilenet-v2")
    assert names(answer.rankings[0].rows) == ["a"]
    assert (answer.not_ok, answer.without_task) == ({"invalid": 1}, 1)


def test_a_model_is_named_by_its_own_name_or_the_registrys(tmp_path: Path) -> None:
    lpdnn = {"benchmark__suite": "lpdnn"}
    records = [
        board("a", 1, 0.01, model__name="imagenet-mobilenet-v2", **lpdnn),
        board("b", 2, 0.01, model__name="imagenet-squeezenet", **lpdnn),
    ]
    for name in ("imagenet-mobilenet-v2", "mobilenet-v2-1.0"):
        answer = found(tmp_path, records, "max latency=50ms", model=name)
        assert names(answer.rankings[0].rows) == ["a"]


def test_another_metric_ranks_on_request(tmp_path: Path) -> None:
    records = [board("a", 1, 0.01, 9.0), board("b", 2, 0.02, 3.0)]
    answer = found(tmp_path, records, "max latency=50ms", by="power")
    assert names(answer.rankings[0].rows) == ["b", "a"]


def test_higher_is_better_where_the_vocabulary_says_so(tmp_path: Path) -> None:
    records = [board("a", 1, 0.01), board("b", 2, 0.02, accuracy=0.8)]
    answer = found(tmp_path, records, "min accuracy=50%")
    assert names(answer.rankings[0].rows) == ["b", "a"]


KEYS = pl.DataFrame(
    [
        ("latency", "p90", "inference", "sample", None, "s", 5, 0),
        ("latency", "mean", "inference", "sample", None, "s", 9, 9),
        ("power", "mean", None, None, "wall", "W", 3, 0),
        ("power", "mean", None, None, "cpu", "W", 7, 0),
        ("accuracy", None, None, None, None, "1", 9, 0),
        ("memory", "max", None, None, "cpu", "By", 0, 0),
    ],
    schema=["metric", "statistic", "stage", "per", "scope", "unit", "values", "primary"],
    orient="row",
)


@pytest.mark.parametrize(
    ("name", "key", "why"),
    [
        ("latency", "latency__mean__inference__sample", "the primary one"),
        ("latency__p90__inference__sample", "latency__p90__inference__sample", "named"),
        ("power__mean__wall", "power__mean__wall", "named"),
        ("accuracy", "accuracy", "the only one"),
        ("memory", "memory__max__cpu", "the only one"),
    ],
)
def test_which_number_of_a_metric_is_meant_is_told(name: str, key: str, why: str) -> None:
    (item,) = asked([Wish(name)], KEYS)
    assert (item.name, item.chosen) == (key, why)


@pytest.mark.parametrize(
    ("text", "high"),
    [
        ("latency=50ms", 0.05),
        ("latency = 0.05 s", 0.05),
        ("latency=5e4us", 0.05),
        ("power__mean__cpu=2 kW", 2000.0),
        ("accuracy=70%", 0.7),
        ("accuracy=0.7", 0.7),
    ],
)
def test_limits_are_converted_exactly(text: str, high: float) -> None:
    (item,) = asked([limit(text, "max")], KEYS)
    assert item.high == high


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency", "--max 'latency' is no limit; write METRIC=NUMBER UNIT: latency=50ms"),
        ("latency=fast", "--max 'latency=fast' is no limit; write METRIC=NUMBER UNIT: latency=50ms"),
        ("latency=1.2.3 s", "--max 'latency=1.2.3 s' is no limit; write METRIC=NUMBER UNIT: latency=50ms"),
        ("=5 s", "--max '=5 s' is no limit; write METRIC=NUMBER UNIT: latency=50ms"),
        ("latency=50", "latency=50 needs a unit, such as s"),
        ("latency=50mss", "'mss' is not a unit; did you mean 'ms'?"),
        ("latnecy=50ms", "there is no metric 'latnecy'; did you mean 'latency'?"),
        (
            "latency__p95__inference__sample=50ms",
            "there is no number 'latency__p95__inference__sample'; did you mean 'latency__p90__inference__sample'?",
        ),
        (
            "power=5W",
            "power is measured in several ways here; name one of them, or a --suite: power__mean__cpu (7), power__mean__wall (3)",
        ),
        ("energy=5J", "none of these results measures energy; they measure: accuracy, latency, memory, power"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(BenchfmtError) as caught:
        asked([limit(text, "max")], KEYS)
    assert str(caught.value) == message


def test_a_unit_of_another_dimension_is_refused() -> None:
    with pytest.raises(BenchfmtError, match=r"^latency is in s: W measures "):
        asked([limit("latency=5W", "max")], KEYS)


def test_limits_that_nothing_keeps_are_refused() -> None:
    with pytest.raises(
        BenchfmtError, match=r"^nothing is latency at least 2 s and latency at most"
    ):
        asked([limit("latency=2s", "min"), limit("latency=1s", "max")], KEYS)


FRONT = (
    Asked(("latency", "", "", "", ""), "s", "named", (), None, None),
    Asked(("accuracy", "", "", "", ""), "1", "named", (), None, None),
)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20))
def test_the_front_is_what_no_other_row_beats(places: list[tuple[int, int]]) -> None:
    rows = [
        Row(str(number), None, "", {}, {"latency": float(x), "accuracy": float(y)}, (), 1)
        for number, (x, y) in enumerate(places)
    ]
    expected = {
        str(number)
        for number, (x, y) in enumerate(places)
        if not any(a <= x and b >= y and (a, b) != (x, y) for a, b in places)
    }
    front = pareto(rows, FRONT)
    assert {row.record for row in front} == expected
    assert [row.values["latency"] for row in front] == sorted(
        row.values["latency"] for row in front
    )


def run(*args: str | Path) -> tuple[int, str]:
    done = CliRunner(env={"COLUMNS": "100"}).invoke(app, ["recommend", *map(str, args)])
    if isinstance(done.exception, BenchfmtError):
        return 2, str(done.exception)
    return done.exit_code, done.output


def test_text_says_what_fits_what_may_and_why(tmp_path: Path) -> None:
    made = package(
        tmp_path,
        board("a", 1, 0.02, 9.0),
        board("b", 2, 0.03, 3.0, configuration__threads=8),
        board("c", 3, 0.04, 9.5, measurements__first__caveats=["unstable"]),
        board("d", 4, 0.01, None),
        board("e", 5, 0.06),
        board("f", 6, 0.01, status="failed"),
    )
    limits = ("--max", "latency=50ms", "--max", "power=10W", "--front", "latency,power")
    status, out = run(made, "--task", TASK, *limits)
    assert status == 0
    assert out.splitlines() == [
        "image-classification: 5 results",
        "  latency at most 50 ms: latency__median__inference__sample, the only one",
        "  power at most 10 W: power__mean__wall, the only one",
        "  no quality is asked for: models of any quality are ranked together",
        "",
        "3 fit; by latency median inference per sample, lower is better; * is on the front of latency and power",
        "benchfmt-profiler / mobilenet-v2 / fp32 / 1×3×224×224 / on imagenet / batch 1",
        "       latency       power",
        "*        20 ms         9 W  Board 1, 4 threads",
        "*        30 ms         3 W  Board 2, 8 threads",
        "         40 ms       9.5 W  Board 3, 4 threads, [unstable]",
        "power__mean__wall: no-sensor: 1 result may fit",
        "         10 ms           ?  Board 4, mobilenet-v2, fp32, 1×3×224×224, onnxruntime 1.20.0, batch 1, 4",
        "                            threads",
        "1 result misses a limit",
        "1 result left out: the status is failed",
    ]


def test_json_holds_rows_and_front(tmp_path: Path) -> None:
    made = package(tmp_path, board("a", 1, 0.02, 9.0), board("b", 2, 0.03, 9.5))
    _, out = run(made, "--task", TASK, "--front", "latency,power", "--format", "json")
    answer = json.loads(out)
    (ranking,) = answer["rankings"]
    assert ranking["front"] == ["a"]
    assert [row["record"] for row in ranking["rows"]] == ["a", "b"]
    assert ranking["rows"][0]["input_shape"] == [1, 3, 224, 224]
    assert answer["asked"][0]["better"] == "lower"


def test_the_figure_has_a_dot_for_each_row(tmp_path: Path) -> None:
    records = [board(f"r{place}", place, 0.01 * place, 10.0 - place) for place in (1, 2, 3)]
    records.append(board("beaten", 4, 0.03, 9.5, model__name="<b>&"))
    path = tmp_path / "front.svg"
    status, _ = run(
        package(tmp_path, *records), "--task", TASK, "--front", "latency,power", "--figure", path
    )
    assert status == 0
    figure = ElementTree.fromstring(path.read_text("utf-8"))  # noqa: S314 - our own figure
    dots = [item.get("class") for item in figure.iter("{http://www.w3.org/2000/svg}circle")]
    assert sorted(map(str, dots)) == ["best", "best", "best", "rest"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["--task", TASK],
            "nothing is asked: give a limit (--max latency=50ms) or a --front of metrics",
        ),
        (["--task", TASK, "--front", "power"], "a front is of two metrics: --front latency,power"),
        (
            ["--task", TASK, "--max", "power=1W", "--figure", "x.svg"],
            "--figure needs --front: the two metrics that it shows",
        ),
        (
            ["--task", "image-clasification", "--max", "power=1W"],
            "there is no task 'image-clasification'; did you mean 'image-classification'?",
        ),
        (
            ["--task", TASK, "--max", "power=1W", "--model", "mobilenet-v3"],
            "there is no model of this task 'mobilenet-v3'; did you mean 'mobilenet-v2'?",
        ),
        (
            ["--task", TASK, "--max", "power=1W", "--suite", "lpdnn"],
            "there is no suite 'lpdnn'; there are: benchfmt-profiler",
        ),
    ],
)
def test_wrong_calls_say_what_to_do(args: list[str], message: str, tmp_path: Path) -> None:
    assert run(package(tmp_path, board("a", 1, 0.01)), *args) == (2, message)


def test_a_package_whose_records_state_no_task_is_refused(tmp_path: Path) -> None:
    made = package(tmp_path, changed(PROFILE))
    assert run(made, "--task", TASK, "--max", "latency=1s") == (
        2,
        f"no record of {made} states its task",
    )


@pytest.mark.parametrize("at_once", [1, 3, 1000])
def test_a_record_that_is_there_twice_is_one_run(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "_AT_ONCE", at_once)
    bad = board("d", 4, 0.01, status="invalid")
    records = [board("a", 1, 0.01), board("b", 2, 0.02), board("a", 1, 0.01), bad, bad]
    answer = found(tmp_path, records, "max latency=30ms")
    [ranking] = answer.rankings
    assert [(row.record, row.runs) for row in ranking.rows] == [("a", 1), ("b", 1)]
    assert (answer.results, answer.copies, answer.clashing) == (2, 1, 0)
    assert answer.not_ok == {"invalid": 1}
    told = "1 result left out: a record of the same id and content stands for it"
    assert told in list(recommendation_lines(answer))
    assert answer.to_dict()["copies"] == 1


@pytest.mark.parametrize("at_once", [1, 3, 1000])
@pytest.mark.parametrize(
    "other",
    [board("a", 1, 0.02), board("a", 1, 0.01, model__version="2"), board("a", 9, 0.01)],
)
def test_records_of_one_id_and_other_content_are_not_recommended(
    at_once: int, other: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "_AT_ONCE", at_once)
    records = [board("a", 1, 0.01), board("b", 2, 0.02), other, board("c", 3, 0.03)]
    answer = found(tmp_path, records, "max latency=1s")
    assert [names(ranking.rows) for ranking in answer.rankings] == [["b", "c"]]
    assert (answer.results, answer.copies, answer.clashing) == (2, 0, 2)
    told = "2 results left out: another record of other content has the same id"
    assert told in list(recommendation_lines(answer))
    with pytest.raises(BenchfmtError, match="2 share ids with records of other content"):
        found(tmp_path / "alone", [board("a", 1, 0.01), other], "max latency=1s")
