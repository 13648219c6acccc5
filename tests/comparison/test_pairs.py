"""Two records compared: the verdict on each metric, its reasons, and that groups say the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.comparison.making import CLOSED, PROFILE, changed, made
from tests.drawing import examples

from benchfmt.comparison import Verdict, compare, question
from benchfmt.comparison.fields import FIELDS
from benchfmt.comparison.results import results
from benchfmt.comparison.rules import RULES
from benchfmt.record import Record
from benchfmt.tables import COLUMNS, to_batch

COLUMN_NAMES = {item.name for columns in COLUMNS.values() for item in columns}


def verdict(base: dict[str, Any], *vary: str, **more: Any) -> tuple[str, list[str]]:
    """Return the verdict on a record and one that differs, with the codes of the rules that said something."""
    (answer,) = compare(made(base), made(base, "other", **more), question("hardware", vary))
    return answer.verdict.words, sorted({reason.rule for reason in answer.reasons})


def test_every_rule_reads_fields_that_exist() -> None:
    for rule in RULES:
        assert rule.fields
        assert {name for name in rule.fields if name not in FIELDS} <= COLUMN_NAMES, rule.code
    assert len({rule.code for rule in RULES}) == len(RULES)


def test_each_of_many_measurements_is_judged_as_it_is_alone() -> None:
    base = PROFILE["measurements"][0]
    of_left = [
        {**base, "stage": "x:a"},
        {**base, "stage": "x:b", "basis": "published", "caveats": ["profiled"]},
        {**base, "stage": "x:c", "basis": "estimated"},
        {"metric": "accuracy", "value": 0.5, "unit": "1", "basis": "measured"},
        {"metric": "memory", "value": 5, "unit": "By", "basis": "measured"},
    ]
    of_right = [{**row, "basis": "estimated"} for row in of_left]
    other = {"configuration__batch_size": 8, "benchmark__phase": "training"}

    def answers(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[Any]:
        records = made(PROFILE, measurements=left), made(PROFILE, "o", measurements=right, **other)
        return [answer.to_dict() for answer in compare(*records, question("hardware"))]

    together = answers(of_left, of_right)
    alone = [answers([one], [two])[0] for one, two in zip(of_left, of_right, strict=True)]
    assert together == alone
    assert len({str(answer["reasons"]) for answer in together}) > 2


def test_every_field_that_can_bind_has_a_rule() -> None:
    judged = {name for rule in RULES for name in rule.fields}
    assert set(FIELDS) <= judged | {"engine"}


@pytest.mark.parametrize(
    ("more", "words", "rules"),
    [
        ({}, "comparable", []),
        ({"system": {"id": "board-2"}}, "comparable", []),
        ({"software__engine": "tensorrt"}, "comparable", []),
        ({"configuration__placement": ["gpu"]}, "comparable", []),
        ({"software__engine_version": "1.21.0"}, "comparable with caveats", ["CMP020"]),
        ({"measurements__first__statistic": "p90"}, "not comparable", ["CMP002"]),
        ({"measurements__first__statistic": None}, "cannot be told", ["CMP002"]),
        ({"measurements__first__stage": "end-to-end"}, "not comparable", ["CMP013"]),
        ({"measurements__first__per": "batch"}, "not comparable", ["CMP016"]),
        ({"measurements__first__basis": "estimated"}, "not comparable", ["CMP018"]),
        ({"measurements__first__basis": "published"}, "comparable with caveats", ["CMP018"]),
        ({"measurements__first__caveats": ["unstable"]}, "comparable with caveats", ["CMP025"]),
        ({"measurements__first__target_max": 1.0}, "not comparable", ["CMP007"]),
        ({"configuration__threads": 1}, "not comparable", ["CMP023"]),
        ({"configuration__threads": None}, "cannot be told", ["CMP023"]),
        ({"configuration__batch_size": 8}, "not comparable", ["CMP005"]),
        ({"configuration__precision": "fp16"}, "not comparable", ["CMP008"]),
        ({"configuration__precision": "mixed"}, "cannot be told", ["CMP008"]),
        ({"configuration__precision": None}, "cannot be told", ["CMP008"]),
        ({"configuration__hyperparameters": {"seed": 4}}, "comparable", []),
        ({"configuration__hyperparameters": {"providers": ["CUDAExecutionProvider"]}}, "comparable", []),
        ({"configuration__hyperparameters": {"streams": 4}}, "cannot be told", ["CMP024"]),
        ({"model__name": "resnet50"}, "not comparable", ["CMP006"]),
        ({"dataset__name": "imagenet-2012"}, "cannot be told", ["CMP004"]),
        ({"benchmark__scenario": "offline"}, "cannot be told", ["CMP003"]),
        ({"status": "invalid"}, "not comparable", ["CMP021"]),
        ({"provenance__execution": "x"}, "comparable", []),
    ],
)  # fmt: skip
def test_profiles(more: dict[str, Any], words: str, rules: list[str]) -> None:
    assert verdict(PROFILE, **more) == (words, rules)


@pytest.mark.parametrize(
    ("more", "words", "rules"),
    [
        ({}, "comparable", []),
        ({"configuration__precision": "fp8"}, "comparable", []),
        ({"configuration__precision": None}, "comparable", []),
        ({"configuration__batch_size": 64}, "comparable", []),
        ({"benchmark__category": "preview"}, "comparable with caveats", ["CMP011"]),
        ({"benchmark__verification": "unverified"}, "comparable with caveats", ["CMP012"]),
        ({"benchmark__division": "open"}, "not comparable", ["CMP005", "CMP010", "CMP023"]),
        ({"benchmark__scenario": "server"}, "not comparable", ["CMP003"]),
        ({"benchmark__system_type": "datacenter"}, "comparable with caveats", ["CMP029"]),
        ({"benchmark__suite_version": "v3.1"}, "comparable", []),
        ({"benchmark__suite_version": None}, "cannot be told", ["CMP009"]),
    ],
)  # fmt: skip
def test_closed_results_of_mlperf(more: dict[str, Any], words: str, rules: list[str]) -> None:
    assert verdict(CLOSED, **more) == (words, rules)


def aimed(least: float) -> dict[str, Any]:
    """Return what a log of a closed result says of its quality."""
    quality = {
        "metric": "accuracy",
        "statistic": "pooled",
        "value": 0.76,
        "unit": "1",
        "basis": "derived",
    }
    return {"measurements": [*CLOSED["measurements"], quality | {"target_min": least}]}


def test_the_targets_of_a_closed_result_are_those_of_its_benchmark() -> None:
    assert verdict(CLOSED, **aimed(0.756954)) == ("comparable", [])
    assert verdict(CLOSED, **aimed(0.77)) == ("not comparable", ["CMP007"])
    log, other = made(CLOSED, **aimed(0.756954)), made(CLOSED, "b", **aimed(0.75))
    speed, _ = compare(log, other)
    assert speed.verdict is Verdict.WITH_CAVEATS
    assert [reason.sentence for reason in speed.reasons] == [
        "stated targets differ: accuracy pooled at least 0.756954 and accuracy pooled at least 0.75"
    ]


def test_one_closed_benchmark_on_two_data_sets_does_not_compare() -> None:
    on = {"benchmark__name": "3d-unet-99", "dataset__name": "brats-2019"}
    left, right = made(CLOSED, **on), made(CLOSED, "b", **{**on, "dataset__name": "kits19"})
    (answer,) = compare(left, right)
    assert answer.verdict is Verdict.NOT_COMPARABLE
    assert answer.reasons[0].sentence == "data set differs: brats-2019 and kits19"


def test_only_targets_that_differ_are_told() -> None:
    latency = PROFILE["measurements"][0]
    asked = [latency | {"target_max": 1.0}, latency | {"statistic": "p99", "target_max": 2.0}]
    left = made(PROFILE, measurements=asked)
    right = made(PROFILE, "b", measurements=asked[:1])
    (answer,) = compare(left, right)
    assert answer.verdict is Verdict.NOT_COMPARABLE
    told = "latency p99 inference sample at most 2.0 and no other"
    assert answer.reasons[0].sentence == f"targets differ: {told}"


def test_numbers_of_accelerators_are_told() -> None:
    one, eight = (
        {"id": f"s{count}", "accelerator": {"kind": "gpu", "name": "H100", "count": count}}
        for count in (1, 8)
    )
    (answer,) = compare(made(CLOSED, system=one), made(CLOSED, "b", system=eight))
    assert answer.verdict is Verdict.WITH_CAVEATS
    assert answer.reasons[0].sentence == "numbers of accelerators differ: 1 and 8"


def test_the_speed_of_a_power_submission_is_no_speed_of_another() -> None:
    power = {
        "metric": "power",
        "statistic": "mean",
        "scope": "wall",
        "value": 300.0,
        "unit": "W",
        "basis": "published",
    }
    with_power = [*CLOSED["measurements"], power]
    assert verdict(CLOSED, measurements=with_power) == ("not comparable", ["CMP015"])
    quality = {"metric": "accuracy", "statistic": "pooled", "value": 0.76, "unit": "1"}
    (answers,) = compare(
        made(CLOSED, measurements=[quality | {"basis": "published"}]),
        made(CLOSED, "b", measurements=[quality | {"basis": "published"}, power]),
    )
    assert answers.verdict is Verdict.COMPARABLE
    declared = [*CLOSED["measurements"], power | {"basis": "nominal"}]
    assert verdict(CLOSED, measurements=declared) == ("comparable", [])


def test_declared_power_is_never_compared_with_measured_power() -> None:
    power = {
        "metric": "power",
        "statistic": "mean",
        "scope": "wall",
        "value": 300.0,
        "unit": "W",
        "basis": "measured",
    }
    left = made(PROFILE, measurements=[power])
    right = made(PROFILE, "b", measurements=[power | {"basis": "nominal"}])
    (answer,) = compare(left, right)
    assert (answer.verdict, answer.reasons[0].rule) == (Verdict.NOT_COMPARABLE, "CMP018")
    assert answer.reasons[0].sentence == "one is measured, the other nominal"


def test_a_result_that_is_there_twice_is_told() -> None:
    left, right = (
        made(CLOSED, name, provenance__execution="v4.0/closed/Lab/results/a/resnet50/Offline")
        for name in ("a", "b")
    )
    (answer,) = compare(left, right)
    assert [reason.rule for reason in answer.reasons] == ["CMP026"]


def test_threads_may_differ_on_request() -> None:
    assert verdict(PROFILE, "threads", configuration__threads=1)[0] == "comparable"


def test_two_suites_compare_only_on_request_and_then_by_the_strictest_rules() -> None:
    other = {"benchmark__suite": "trtexec"}
    assert verdict(PROFILE, **other)[0] == "not comparable"
    assert verdict(PROFILE, "suite", **other)[0] == "comparable"


def test_versions_of_two_suites_differ_whichever_comes_first() -> None:
    closed = made(CLOSED, benchmark__suite_version="v6.1")
    other = made(CLOSED, "b", benchmark__suite="lpdnn", benchmark__suite_version="v4.0")
    for pair in ((closed, other), (other, closed)):
        (answer,) = compare(*pair)
        (reason,) = [item for item in answer.reasons if item.rule == "CMP009"]
        assert reason.verdict is Verdict.NOT_COMPARABLE
        assert reason.sentence.startswith("versions of the suite differ: ")


def test_a_latency_of_lpdnn_is_none_of_mlperf() -> None:
    key = {
        "metric": "latency",
        "stage": "end-to-end",
        "per": "sample",
        "unit": "s",
        "basis": "measured",
        "value": 0.1,
    }
    lpdnn = made(PROFILE, benchmark__suite="lpdnn", measurements=[key])
    single = key | {"statistic": "p90", "stage": "request", "per": "query"}
    mlperf = made(CLOSED, "m", benchmark__scenario="single-stream", measurements=[single])
    (answer,) = compare(lpdnn, mlperf)
    assert answer.verdict is Verdict.NOT_COMPARABLE
    assert {"CMP002", "CMP013", "CMP016", "CMP022"} <= {reason.rule for reason in answer.reasons}


def test_two_platforms_of_lpdnn_on_one_model_compare() -> None:
    lpdnn = {
        "benchmark__suite": "lpdnn",
        "configuration__threads": None,
        "configuration__batch_size": None,
    }
    left = made(PROFILE, **lpdnn)
    right = made(PROFILE, "b", system={"id": "rpi4"}, **lpdnn)
    assert compare(left, right)[0].verdict is Verdict.COMPARABLE


def test_metrics_that_only_one_measured_are_not_compared() -> None:
    assert compare(made(CLOSED), made(PROFILE, "b")) == []


CHOICES: dict[str, list[Any]] = {
    "benchmark__suite": ["lpdnn", "mlperf-inference", "acme:lab"],
    "benchmark__suite_version": [None, "v4.0", "v6.1"],
    "benchmark__division": [None, "closed", "open"],
    "benchmark__scenario": [None, "offline"],
    "model__name": [None, "resnet50", "mobilenet-v2"],
    "configuration__precision": [None, "fp32", "int8"],
    "configuration__batch_size": [None, 1],
    "configuration__threads": [None, 1, 2],
    "configuration__hyperparameters": [None, {"seed": 1}, {"streams": 2}],
    "dataset__name": [None, "imagenet-2012"],
    "status": ["ok", "ok", "invalid"],
    "measurements__first__metric": ["latency", "accuracy"],
    "measurements__first__statistic": [None, "mean"],
    "measurements__first__stage": [None, "inference"],
    "measurements__first__basis": ["measured", "published", "nominal"],
    "measurements__first__target_min": [None, 0.005, 5.0],
}
DRAWN = st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CHOICES.items()})


def drawn(base: dict[str, Any], name: str, more: dict[str, Any]) -> Record:
    record = changed(base, name, **more)
    if record["measurements"][0]["metric"] == "accuracy":
        record["measurements"][0] |= {"unit": "1"}
    return Record.from_dict(record)


@given(DRAWN, DRAWN, st.lists(st.sampled_from(sorted(CHOICES)), min_size=10, unique=True))
@examples(60)
def test_pairs_and_groups_agree_and_pairs_are_symmetric(
    mine: dict[str, Any], theirs: dict[str, Any], shared: list[str]
) -> None:
    theirs = theirs | {name: mine[name] for name in shared}
    left, right = drawn(PROFILE, "a", mine), drawn(PROFILE, "b", theirs)
    batch = to_batch([left, right])
    found = results(
        *(pl.DataFrame(pl.from_arrow(table)) for table in (batch.records, batch.measurements)),
        question(),
    )
    one, other = found["group"]
    for answer, swapped in zip(compare(left, right), compare(right, left), strict=True):
        assert (answer.verdict <= Verdict.WITH_CAVEATS) == (one is not None and one == other)
        mirrored = [replace(r, left=r.right, right=r.left, sentence="") for r in swapped.reasons]
        assert sorted(map(repr, mirrored)) == sorted(
            repr(replace(reason, sentence="")) for reason in answer.reasons
        )


def test_a_difference_within_the_uncertainty_is_told() -> None:
    noisy = {
        "measurements__first__n": 5,
        "measurements__first__samples": [0.009, 0.011, 0.0101, 0.0099, 0.01],
    }
    base = changed(PROFILE, "a", measurements__first__statistic="mean", **noisy)
    slower = [0.0091, 0.0111, 0.0102, 0.01, 0.0101]
    answers = {}
    for name, samples in (("alike", slower), ("slower", [item * 2 for item in slower])):
        other = {
            "measurements__first__samples": samples,
            "measurements__first__value": sum(samples) / 5,
        }
        (answers[name],) = compare(made(base, "a"), made(base, "b", **other))
    assert [reason.rule for reason in answers["alike"].reasons] == ["CMP019"]
    assert (
        answers["alike"]
        .reasons[0]
        .sentence.startswith("the difference is not significant at 95% (Welch's t")
    )
    assert answers["slower"].verdict is Verdict.COMPARABLE


def test_names_of_one_model_are_one_where_suites_may_differ() -> None:
    mine = made(
        PROFILE,
        benchmark__suite="lpdnn",
        model={"name": "imagenet-mobilenet-v2", "version": "fp32"},
    )
    theirs = made(PROFILE, "b", benchmark__suite="ai-benchmark", model__name="MobileNet-V2")
    found = compare(mine, theirs, question("hardware", ["suite"]))
    assert "CMP006" not in {reason.rule for reason in found[0].reasons}
    plain = compare(mine, theirs)
    assert "CMP006" in {reason.rule for reason in plain[0].reasons}


@pytest.mark.parametrize(
    ("mine", "theirs", "are_one"),
    [
        ("imagenet2012", "ilsvrc-2012", True),
        ("cifar_10", "CIFAR10", True),
        ("coco2014", "coco2017", False),
        # Which year it is says nobody.
        ("imagenet", "imagenet-2012", False),
        ("a set of ours", "another set", False),
    ],
)
def test_names_of_one_data_set_are_one_where_suites_may_differ(
    mine: str, theirs: str, *, are_one: bool
) -> None:
    answers = [
        compare(
            made(PROFILE, benchmark__suite="ai-benchmark", dataset={"name": mine}),
            made(PROFILE, "b", benchmark__suite="lpdnn", dataset={"name": theirs}),
            question("hardware", vary),
        )[0]
        for vary in (["suite"], [])
    ]
    differ = [any(reason.field == "dataset" for reason in found.reasons) for found in answers]
    assert differ == [not are_one, True]


def test_names_that_suites_write_are_one_data_set_by_the_registry() -> None:
    def told(mine: str, theirs: str) -> bool:
        [found, *_] = compare(
            made(PROFILE, benchmark__suite="mlperf-mobile", dataset={"name": mine}),
            made(PROFILE, "b", benchmark__suite="mlperf-inference", dataset={"name": theirs}),
            question("hardware", ["suite"]),
        )
        return any(reason.field == "dataset" for reason in found.reasons)

    assert not told("Imagenet classification validation set", "imagenet2012")
    assert not told("COCO 2017 validation set", "coco-2017")
    # What the app calls the validation set is a hundred sentences of it.
    assert told("Squad V1.1 validation set", "squad-1.1")
