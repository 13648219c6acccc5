"""Did it get slower: two packages, result by result, and what makes a pipeline fail."""

from __future__ import annotations

import json
import math
import re
from copy import deepcopy
from pathlib import Path
from statistics import median
from typing import Any

import jsonschema
import pytest
from tests.comparing.records import accuracy, compared, latencies, latency, record
from tests.forms import flatten, write
from typer.testing import CliRunner

from benchfmt.cli.commands import app
from benchfmt.comparing import portions
from benchfmt.comparing.thresholds import failures, threshold
from benchfmt.comparing.verdicts import Verdict
from benchfmt.comparing.versions import Versions
from benchfmt.finding import BenchfmtError
from benchfmt.reports.versions import rendered
from benchfmt.reports.versions.wording import notes

EXAMPLES = Path(__file__).parents[2] / "examples"


def verdicts(versions: Versions) -> list[Verdict]:
    return [change.verdict for change in versions.changes]


def test_a_slower_run_is_a_regression_and_the_swap_an_improvement(tmp_path: Path) -> None:
    old = [record(1, latency(latencies(1.0)))]
    new = [
        record(
            1,
            latency(latencies(1.1, seed=2)),
            software={"engine": "onnxruntime", "engine_version": "1.1"},
        )
    ]
    versions = compared(tmp_path, old, new)
    (change,) = versions.changes
    assert change.verdict is Verdict.REGRESSION
    assert change.share == pytest.approx(0.1, abs=0.04)
    assert change.lower is not None and change.upper is not None
    assert 0 < change.lower < change.share < change.upper < 0.15
    assert versions.varied is not None
    assert versions.varied["engine_version"] == (("1.0",), ("1.1",))
    (back,) = compared(tmp_path, new, old).changes
    assert back.verdict is Verdict.IMPROVEMENT
    assert back.p_adjusted == pytest.approx(change.p_adjusted)
    assert (1 + back.lower) * (1 + change.upper) == pytest.approx(1)


def test_several_runs_on_a_side_are_one_observation_each(tmp_path: Path) -> None:
    old = [record(number, latency(latencies(times))) for number, times in enumerate((1, 1.1, 0.9))]
    new = [
        record(number, latency(latencies(times))) for number, times in enumerate((1.1, 1.0, 1.0))
    ]
    (change,) = compared(tmp_path, old, new).changes
    # Each pair of runs differs significantly; the runs of one version scatter as much.
    assert change.verdict is Verdict.UNCHANGED
    assert change.test is not None
    assert (change.test.between, change.test.method) == (
        "runs",
        "Welch's t on logarithms: 3 runs against 3 runs",
    )
    assert change.old is not None and change.old.records == ("r0", "r1", "r2")
    # One new run against three is tested as well.
    (change,) = compared(tmp_path, old, [record(9, latency(latencies(2)))]).changes
    assert change.verdict is Verdict.REGRESSION


def test_one_number_on_each_side_tells_nothing(tmp_path: Path) -> None:
    plain = {"samples": None, "n": None}
    bare = {k: v for k, v in latency([0.01]).items() if k not in plain}
    versions = compared(tmp_path, [record(1, bare)], [record(1, {**bare, "value": 0.02})])
    (change,) = versions.changes
    assert (change.verdict, change.reason) == (Verdict.UNTOLD, "one observation")
    assert change.share == pytest.approx(1)
    (change,) = compared(tmp_path, [record(1, bare)], [record(1, bare)]).changes
    assert (change.verdict, change.reason) == (Verdict.UNCHANGED, "the numbers are equal")


def test_a_share_of_right_answers_is_tested_by_the_samples_of_its_data_set(tmp_path: Path) -> None:
    def one(value: float, **more: Any) -> list[dict[str, Any]]:
        return [record(1, accuracy(value, **more))]

    (change,) = compared(tmp_path, one(0.76, n=50_000), one(0.75, n=50_000)).changes
    assert change.verdict is Verdict.REGRESSION
    assert change.test is not None and change.test.between == "data set"
    # Newcombe's interval of the difference, as a share of the old value.
    assert change.lower == pytest.approx(-0.0153305 / 0.76, rel=1e-4)
    assert change.upper == pytest.approx(-0.0046687 / 0.76, rel=1e-4)
    # An n that is not that of the data set is of something else.
    (change,) = compared(tmp_path, one(0.76, n=5), one(0.75, n=5)).changes
    assert (change.verdict, change.reason) == (Verdict.UNTOLD, "one observation")


def test_samples_of_a_summary_are_runs(tmp_path: Path) -> None:
    def of_processes(values: list[float]) -> list[dict[str, Any]]:
        return [record(1, latency(values, statistic="p90", basis="derived"))]

    old, new = of_processes([1, 1.02, 0.99, 1.01]), of_processes([1.2, 1.22, 1.18, 1.21])
    (change,) = compared(tmp_path, old, new).changes
    assert change.verdict is Verdict.REGRESSION
    assert change.test is not None and change.test.between == "runs"


def test_a_percentile_is_tested_by_the_order_of_its_samples(tmp_path: Path) -> None:
    def of(times: float, seed: int, count: int) -> list[dict[str, Any]]:
        samples = latencies(times, count, seed)
        return [record(1, latency(samples, statistic="median", value=median(samples)))]

    (change,) = compared(tmp_path, of(1, 1, 200), of(1.1, 2, 200)).changes
    assert change.verdict is Verdict.REGRESSION
    (change,) = compared(tmp_path, of(1, 1, 5), of(1.1, 2, 5)).changes
    assert change.reason == "5 observations are too few for this percentile; it needs 6"


def test_observations_that_do_not_count_are_left_out(tmp_path: Path) -> None:
    samples: list[Any] = [0.010, None, 0.011, 0.0105, None, 0.0102]
    counted = [item for item in samples if item is not None]
    old = [record(1, {**latency(counted), "samples": samples, "n": 6})]
    new = [record(1, latency([item * 2 for item in counted]))]
    (change,) = compared(tmp_path, old, new).changes
    assert change.test is not None
    assert change.test.method == "Welch's t on logarithms: 4 observations against 4 observations"


def test_what_only_one_package_has_and_what_has_no_key_is_counted(tmp_path: Path) -> None:
    other = {"model": {"name": "resnet50"}}
    unknown = record(3, latency(latencies(1)), configuration={"precision": "fp32"})
    failed = record(4, latency(latencies(1)), status="invalid")
    old = [record(1, latency(latencies(1))), record(2, latency(latencies(1)), **other), unknown]
    new = [record(1, latency(latencies(1))), failed]
    versions = compared(tmp_path, old, new)
    assert verdicts(versions) == [Verdict.ONLY_OLD, Verdict.UNCHANGED]
    assert versions.changes[0].result.context["model"] == "resnet50"
    assert versions.without_key == (
        ("OLD", "cannot be told: input shape unknown", 1),
        ("NEW", "not comparable: the status is invalid", 1),
    )
    assert failures(versions, [threshold("missing"), threshold("regression")]) == [
        "--fail-on missing: 1 result is only in OLD"
    ]
    assert failures(versions, [threshold("unknown")]) == [
        "--fail-on unknown: 2 results cannot be told"
    ]


def test_many_tests_are_counted_together(tmp_path: Path) -> None:
    # One of forty models seems slower at 5 %, as one of twenty does where nothing has changed.
    def records(seed: int, times: float) -> list[dict[str, Any]]:
        made = []
        for number in range(40):
            factor = 1.0
            if number == 0:
                factor = times
            samples = latencies(factor, 30, seed + number)
            made.append(record(number, latency(samples), model={"name": f"m{number}"}))
        return made

    versions = compared(tmp_path, records(1, 1), records(500, 1.05))
    first = next(c for c in versions.changes if c.result.context["model"] == "m0")
    assert first.test is not None and first.test.p < 0.05 < (first.p_adjusted or 0)
    assert first.verdict is Verdict.UNCHANGED
    assert first.reason == "not after all tests of the call are counted (Holm)"
    versions = compared(tmp_path, records(1, 1), records(500, 1.2))
    assert verdicts(versions).count(Verdict.REGRESSION) == 1


def test_a_metric_without_a_direction_has_changed(tmp_path: Path) -> None:
    def of(value: float) -> list[dict[str, Any]]:
        number = {"metric": "local:steps", "unit": "1", "basis": "measured", "statistic": "mean"}
        return [record(1, {**number, "value": value, "n": 100, "stddev": value / 50})]

    assert verdicts(compared(tmp_path, of(10), of(11))) == [Verdict.CHANGED]


def test_a_temperature_has_no_change_in_percent(tmp_path: Path) -> None:
    def of(value: float) -> list[dict[str, Any]]:
        number = {"metric": "temperature", "unit": "Cel", "basis": "measured", "statistic": "mean"}
        return [record(1, {**number, "scope": "cpu", "value": value, "n": 100, "stddev": 1.0})]

    (change,) = compared(tmp_path, of(40), of(42)).changes
    assert change.share is None and change.difference == 2
    # The deviation is of the population; 1.97202 is Student's t of 198 degrees of freedom at 95 %.
    error = math.sqrt(1 / 99 + 1 / 99)
    assert change.lower == pytest.approx(2 - 1.97202 * error, abs=1e-5)


def test_only_the_metrics_asked_for_are_compared(tmp_path: Path) -> None:
    old = [record(1, latency(latencies(1)), accuracy(0.7))]
    versions = compared(tmp_path, old, old, metrics=["accuracy"])
    assert [change.result.metric.name for change in versions.changes] == ["accuracy"]
    with pytest.raises(
        BenchfmtError, match="there is no metric 'latencyy'; did you mean 'latency'"
    ):
        compared(tmp_path, old, old, metrics=["latencyy"])


def test_more_may_vary_on_request(tmp_path: Path) -> None:
    shape = [1, 3, 224, 224]
    old = [record(1, latency(latencies(1)))]
    new = [
        record(1, latency(latencies(1)), configuration={"precision": "int8", "input_shape": shape})
    ]
    apart = compared(tmp_path, old, new)
    assert verdicts(apart) == [Verdict.ONLY_OLD, Verdict.ONLY_NEW]
    assert apart.nearly() == ("precision", 1)
    assert "1 result more would match with --vary precision" in notes(apart)
    together = compared(tmp_path, old, new, vary=["precision"])
    assert (verdicts(together), together.nearly()) == ([Verdict.UNCHANGED], None)
    with pytest.raises(BenchfmtError, match="did you mean 'precision'"):
        compared(tmp_path, old, new, vary=["precison"])


def test_two_systems_are_two_results_also_for_quality(tmp_path: Path) -> None:
    records = [
        record(number, accuracy(0.7, n=50_000), system={"id": name, "name": name, "kind": "board"})
        for number, name in enumerate(("one", "two"))
    ]
    versions = compared(tmp_path, records, records)
    assert [change.result.context["system"] for change in versions.changes] == ["one", "two"]


@pytest.mark.parametrize("level", [0.4, 1, 95])
def test_a_level_is_a_probability(level: float, tmp_path: Path) -> None:
    with pytest.raises(BenchfmtError, match="a level lies between"):
        compared(tmp_path, [], [], level=level)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("regresion", "did you mean 'regression'"),
        ("regression:5", "write the least change as regression:5%"),
        ("regression:-5%", "write the least change"),
        ("missing:5%", "takes no number"),
    ],
)
def test_a_threshold_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(BenchfmtError, match=words):
        threshold(text)


def test_a_threshold_wants_a_change_that_is_significant_and_great_enough(tmp_path: Path) -> None:
    old = [record(1, latency(latencies(1.0, 400)))]
    versions = compared(tmp_path, old, [record(1, latency(latencies(1.04, 400, seed=2)))])
    assert verdicts(versions) == [Verdict.REGRESSION]
    assert failures(versions, [threshold("regression:2%")])
    assert not failures(versions, [threshold("regression:5%")])
    assert str(threshold("regression: 2.5 %")) == "regression:2.5%"
    faster = compared(tmp_path, old, [record(1, latency(latencies(0.9, 400, seed=2)))])
    assert not failures(faster, [threshold("regression")])
    assert failures(faster, [threshold("any")])


def test_nothing_compared_is_a_failure_where_something_is_asked(tmp_path: Path) -> None:
    old = [record(1, latency(latencies(1)))]
    versions = compared(tmp_path, old, [record(1, latency(latencies(1)), model={"name": "other"})])
    assert failures(versions, [threshold("regression")]) == [
        "no result is in both packages: nothing was compared"
    ]
    assert failures(versions, []) == []


def packages(tmp_path: Path, times: float) -> list[str]:
    new = record(1, latency(latencies(times, seed=4)), accuracy(0.7))
    return [
        str(write(tmp_path / name, flatten([item]), "csv"))
        for name, item in (("old", record(1, latency(latencies(1)), accuracy(0.7))), ("new", new))
    ]


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["compare", *map(str, arguments)])
    said = done.stderr
    if isinstance(done.exception, BenchfmtError):
        said = str(done.exception)
    return done.exit_code, done.stdout, said


def test_the_command_says_it_and_fails_where_it_is_asked_to(tmp_path: Path) -> None:
    places = packages(tmp_path, 1.2)
    status, printed, _ = run(*places)
    assert status == 0
    assert printed.startswith("regression: latency mean inference per sample (Raspberry Pi 4B): ")
    assert run(*places, "--fail-on", "regression:30%,missing")[0] == 0
    status, printed, _ = run(*places, "--fail-on", "regression:30%", "--fail-on", "regression:5%")
    assert (status, printed.splitlines()[-1]) == (
        1,
        "failed: --fail-on regression:5%: 1 regression",
    )
    assert run(*places, "--metric", "accuracy", "--fail-on", "any")[0] == 0
    assert run(*reversed(places), "--fail-on", "regression")[0] == 0


def test_more_results_than_may_be_in_memory_are_refused_with_what_to_do(tmp_path: Path) -> None:
    places = packages(tmp_path, 1.2)
    # The 40 samples of a latency take some 800 bytes, and an accuracy has none.
    few = ["--safety-limit", "compared_bytes=1000"]
    status, _, said = run(*places, *few)
    assert status != 0
    assert "the results take more than 1,000 bytes of memory (limit compared_bytes)" in said
    assert "--metric" in said
    assert run(*places, *few, "--metric", "accuracy")[0] == 0
    assert "--safety-limit is for two packages" in run(places[0], *few)[2]


def test_the_command_writes_a_report_and_says_why_it_fails(tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    options = ("--format", "markdown", "-o", report, "--fail-on", "regression")
    status, printed, said = run(*packages(tmp_path, 1.2), *options)
    assert (status, printed, said) == (1, "", "failed: --fail-on regression: 1 regression\n")
    assert report.read_text("utf-8").startswith("### 1 regression")
    status, printed, _ = run(*packages(tmp_path / "again", 1.0), "--format", "json")
    assert json.loads(printed)["counts"]["no significant change"] == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--metric", "latancy"], "did you mean 'latency'"),
        (["--fail-on", "regresion"], "did you mean 'regression'"),
        (["--vary", "engin"], "did you mean 'engine'"),
        (["--question", "hardware"], "two packages are compared by the question version"),
        (["--level", "95"], "a level lies between 0.5 and 1"),
    ],
)
def test_the_command_refuses_what_does_not_exist(
    options: list[str], words: str, tmp_path: Path
) -> None:
    status, _, said = run(*packages(tmp_path, 1), *options)
    assert status != 0
    assert words in said


@pytest.mark.parametrize("options", [["--fail-on", "any"], ["--format", "html"], ["-o", "x"]])
def test_what_is_for_two_packages_is_refused_for_one(options: list[str], tmp_path: Path) -> None:
    status, _, said = run(packages(tmp_path, 1)[0], *options)
    assert status != 0
    assert "are for two packages" in said


def test_two_profiles_are_compared_by_their_processes(tmp_path: Path) -> None:
    old = json.loads((EXAMPLES / "profile" / "mobilenet-h100.json").read_text("utf-8"))
    new = deepcopy(old)
    for measurement in new["measurements"]:
        if measurement["metric"] == "latency" and "value" in measurement:
            for name in ("samples", "ci"):
                if name in measurement:
                    measurement[name] = [item * 2 for item in measurement[name]]
            measurement["value"] *= 2
    versions = compared(tmp_path, [old], [new], metrics=["latency"])
    tested = [change for change in versions.changes if change.test is not None]
    assert {change.verdict for change in tested} == {Verdict.REGRESSION}
    assert {change.test.between for change in tested if change.test} == {"runs"}
    assert {change.result.context["system"] for change in tested} == {"NVIDIA H100 80GB HBM3"}
    assert "mean" in {change.result.key["statistic"] for change in tested}


def test_systems_without_a_name_are_called_by_what_is_in_them(tmp_path: Path) -> None:
    def of(key: str, processor: str) -> dict[str, Any]:
        system = {"id": key, "kind": "board", "processor": {"name": processor}}
        return record(key, accuracy(0.7), system=system)

    records = [of("board-000001", "A72"), of("board-000002", "A72"), of("board-000003", "A53")]
    versions = compared(tmp_path, records, records)
    assert [change.result.context["system"] for change in versions.changes] == [
        "A72 (000001)",
        "A72 (000002)",
        "A53",
    ]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"samples": "abc"}, "samples of latency in record 'r1': it is not a list"),
        ({"samples": ["x", 1]}, "'x' is not a finite number"),
        ({"samples": [True, 1]}, "True is not a finite number"),
        ({"ci": [1, 2]}, "an interval has a lower end, an upper end and a level"),
        ({"ci": [1, None, 0.95]}, "None is not a finite number"),
        ({"value": math.inf}, "value of latency in record 'r1': inf is not a finite number"),
        ({"stddev": -1.0}, "a deviation is not below 0"),
        ({"caveats": [{}]}, "{} is not a caveat"),
    ],
)
def test_cells_at_fault_are_refused_with_their_place(
    cells: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    faulty = [record(1, latency(latencies(1)) | cells)]
    with pytest.raises(BenchfmtError, match=re.escape(reason)) as refused:
        compared(tmp_path, [record(1, latency(latencies(1)))], faulty)
    assert str(refused.value).endswith("; run benchfmt validate")


def test_numbers_beyond_all_measure_are_no_infinity_in_json(tmp_path: Path) -> None:
    def of(value: float) -> list[dict[str, Any]]:
        return [record(1, {**latency([value]), "n": 100, "stddev": value / 100})]

    (change,) = compared(tmp_path, of(1e-300), of(1e300)).changes
    assert change.verdict is Verdict.REGRESSION
    data = change.to_dict()
    assert (data["change"], data["interval"]) == (None, [None, None])


def test_a_mean_that_a_few_observations_move_is_not_called_unchanged(tmp_path: Path) -> None:
    old = latencies(1, 60)
    new = [item * (20 if place % 29 == 7 else 1) for place, item in enumerate(old)]
    (change,) = compared(tmp_path, [record(1, latency(old))], [record(1, latency(new))]).changes
    assert change.share is not None and change.share > 0.6
    assert change.verdict is Verdict.UNTOLD
    assert change.reason is not None and "a few are much slower or faster" in change.reason


def test_systems_that_may_differ_are_repeats_of_one_result(tmp_path: Path) -> None:
    def on(*names: str) -> list[dict[str, Any]]:
        return [
            record(key, latency(latencies(1)), system={"id": key, "name": key, "kind": "board"})
            for key in names
        ]

    (change,) = compared(tmp_path, on("a", "b"), on("c", "d"), vary=["system"]).changes
    assert change.old is not None and len(change.old.records) == 2
    assert "system" not in change.result.context


@pytest.mark.parametrize("at_once", [1, 2, 65_536])
def test_of_records_of_one_execution_the_recomputed_answers_however_far_apart_they_stand(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "_AT_ONCE", at_once)
    run = {"execution": "e1"}
    published = record(1, latency(latencies(1.0), basis="published"), provenance=run)
    other = record(2, latency(latencies(3.0)), model={"name": "resnet-50"})
    recomputed = record(3, latency(latencies(2.0), basis="derived"), provenance=run)
    repeat = record(4, latency(latencies(2.0)))
    found = compared(tmp_path, [published, other, recomputed], [other, repeat, published])
    records = {
        change.result.context["model"]: (
            change.old and change.old.records,
            change.new and change.new.records,
        )
        for change in found.changes
    }
    assert records == {
        "mobilenet-v2": (("r3",), ("r4", "r1")),
        "resnet-50": (("r2",), ("r2",)),
    }


SCHEMA = json.loads((EXAMPLES.parent / "docs" / "compare.schema.json").read_text("utf-8"))


def as_json(versions: Versions) -> dict[str, Any]:
    text = "".join(rendered("json", versions, ["--fail-on any: 1 result"]))
    written: dict[str, Any] = json.loads(text)
    return written


@pytest.fixture
def every_verdict(tmp_path: Path) -> dict[str, Any]:
    """Two packages of which each result becomes another verdict."""
    plain = {"metric": "memory", "statistic": "max", "stage": "whole-run", "scope": "process"}
    lasting = {**plain, "unit": "By", "basis": "measured", "primary": True}
    undirected = {**latency(latencies(3.0)), "metric": "local:shift", "unit": "s"}
    models = {
        "slower": (latency(latencies(1.0)), latency(latencies(1.2, seed=2))),
        "faster": (latency(latencies(1.0)), latency(latencies(0.8, seed=2))),
        "moved": (
            undirected,
            {
                **undirected,
                **{k: v for k, v in latency(latencies(4.0)).items() if k in ("samples", "value")},
            },
        ),
        "same": (latency(latencies(1.0)), latency(latencies(1.001))),
        "one": ({**lasting, "value": 1e6}, {**lasting, "value": 2e6, "caveats": ["unstable"]}),
        "gone": (latency(latencies(1.0)), None),
        "fresh": (None, latency(latencies(1.0))),
    }
    sides: list[list[dict[str, Any]]] = [[], []]
    for number, (model, pair) in enumerate(models.items()):
        for side, measurement in zip(sides, pair, strict=True):
            if measurement is not None:
                side.append(record(number, measurement, model={"name": model}))
    sides[0].append(record(9, latency(latencies(1.0)), configuration={}))
    return as_json(compared(tmp_path, *sides))


def test_json_holds_to_its_schema_whatever_the_verdict(every_verdict: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator
    validator.check_schema(SCHEMA)
    validator(SCHEMA).validate(every_verdict)
    assert {result["verdict"] for result in every_verdict["results"]} == set(map(str, Verdict))
    assert every_verdict["without_key"] and every_verdict["versions"]
    closed = deepcopy(SCHEMA)
    for place in (closed, *closed["$defs"].values()):
        if "properties" in place:
            place["additionalProperties"] = False
    # What the report writes is described, all of it.
    validator(closed).validate(every_verdict)


def test_the_schema_refuses_what_no_comparison_says(every_verdict: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for member, value in (("verdict", "slower"), ("p", 2), ("interval", [1]), ("old", {})):
        spoilt = deepcopy(every_verdict)
        spoilt["results"][0][member] = value
        assert not validator.is_valid(spoilt), member
    for member in every_verdict:
        lacking = {name: cell for name, cell in every_verdict.items() if name != member}
        assert not validator.is_valid(lacking), member


def test_what_results_have_in_common_is_in_memory_once(tmp_path: Path) -> None:
    measured = [latency(latencies(1.0)), accuracy(0.7)]
    records = [record(1, *measured), record(2, *measured, model={"name": "other"})]
    results = [change.result for change in compared(tmp_path, records, records).changes]
    contexts = {id(result.context) for result in results}
    keys = {id(result.key) for result in results}
    assert (len(results), len(contexts), len(keys)) == (4, 2, 2)
    assert {result.context["model"] for result in results} == {"mobilenet-v2", "other"}


@pytest.mark.parametrize("at_once", [1, 3, 1000])
def test_a_record_that_is_there_twice_is_one_run(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "_AT_ONCE", at_once)
    one, other = record(1, latency(latencies(1.0))), record(2, latency(latencies(1.0, seed=3)))
    new = [record(1, latency(latencies(1.0, seed=2)))]
    once = compared(tmp_path, [one, other], new)
    twice = compared(tmp_path, [one, other, one, one], new)
    assert [change.to_dict() for change in twice.changes] == [
        change.to_dict() for change in once.changes
    ]
    assert twice.without_key == ()


@pytest.mark.parametrize("at_once", [1, 3, 1000])
def test_records_of_one_id_and_other_content_are_not_compared(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "_AT_ONCE", at_once)
    one, other = record(1, latency(latencies(1.0))), record(1, latency(latencies(2.0)))
    sound = record(2, latency(latencies(1.0, seed=3)), model={"name": "other"})
    versions = compared(tmp_path, [one, sound, other], [sound, one])
    assert [change.verdict for change in versions.changes] == [
        Verdict.ONLY_NEW,
        Verdict.UNCHANGED,
    ]
    assert versions.without_key == (("OLD", portions.CLASHES, 2),)
    # A metric that only such records have is a metric of the package all the same.
    alone = compared(tmp_path, [one, other], [sound], metrics=["latency"])
    assert alone.without_key == (("OLD", portions.CLASHES, 2),)
