"""Which rounds of MLPerf compare: records against MLCommons' table, read by hand cell by cell."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from tests.comparison.making import CLOSED, made

from benchfmt.comparison import Verdict, compare

ROUNDS = {
    "mlperf-training": [
        "0.5",
        "0.6",
        "0.7",
        "1.0",
        "1.1",
        "2.0",
        "2.1",
        "3.0",
        "3.1",
        "4.0",
        "4.1",
        "5.0",
        "5.1",
        "6.0",
    ],
    "mlperf-hpc": ["0.7", "1.0", "2.0"],
    "mlperf-inference": [
        "0.5",
        "0.7",
        "1.0",
        "1.1",
        "2.0",
        "2.1",
        "3.0",
        "3.1",
        "4.0",
        "4.1",
        "5.0",
        "5.1",
        "6.0",
    ],
    "mlperf-mobile": ["0.7", "1.0", "1.1", "2.0", "2.1", "3.0"],
    "mlperf-tiny": ["0.5", "0.7", "1.0"],
}
ROWS = [
    # One letter a round, from https://github.com/mlcommons/policies, MLPerf_Compatibility_Table.adoc: rounds of one
    # letter stand under one X of the table, a dash is its N/A.
    ("mlperf-training", None, "resnet", "abbbbbbbbb----"),
    ("mlperf-training", None, "ssd", "abbbb---------"),
    ("mlperf-training", None, "maskrcnn", "abbbbbbbb-----"),
    ("mlperf-training", None, "transformer", "aaa-----------"),
    ("mlperf-training", None, "dlrm", "--aaaaa-------"),
    ("mlperf-training", None, "bert", "---aaaaaaaaa--"),
    ("mlperf-training", None, "rnnt", "---abbbbb-----"),
    ("mlperf-training", None, "llama2_70b_lora", "---------aaaaa"),
    ("mlperf-hpc", None, "cosmoflow", "abc"),
    ("mlperf-hpc", None, "deepcam", "aab"),
    ("mlperf-hpc", None, "oc20", "-ab"),
    ("mlperf-inference", "datacenter", "resnet50", "aaaaaaaaaaa--"),
    ("mlperf-inference", "datacenter", "bert-99", "-aaaaaaaaa---"),
    ("mlperf-inference", "datacenter", "gptj-99", "-------aaaa--"),
    ("mlperf-inference", "edge", "resnet50", "aaaaaaaaaaaaa"),
    ("mlperf-inference", "edge", "ssd-large", "aaaaa--------"),
    ("mlperf-inference", "edge", "dlrm-v2-99", "-------a-----"),
    ("mlperf-mobile", None, "object_detection", "abbbbb"),
    ("mlperf-mobile", None, "image_segmentation", "aaaa--"),
    ("mlperf-tiny", None, "vww", "aab"),
]


def of_round(suite: str, system_type: str | None, benchmark: str, number: str, **more: Any) -> Any:
    return made(
        CLOSED,
        f"r{number}",
        benchmark__suite=suite,
        benchmark__system_type=system_type,
        benchmark__name=benchmark,
        benchmark__suite_version=f"v{number}",
        **more,
    )


def expected(left: str, right: str) -> Verdict:
    if "-" in (left, right):
        return Verdict.CANNOT_BE_TOLD
    return Verdict.COMPARABLE if left == right else Verdict.NOT_COMPARABLE


@pytest.mark.parametrize(("suite", "system_type", "benchmark", "letters"), ROWS)
def test_rounds_compare_as_the_table_has_them(
    suite: str, system_type: str | None, benchmark: str, letters: str
) -> None:
    rounds = ROUNDS[suite]
    assert len(letters) == len(rounds)
    records = {number: of_round(suite, system_type, benchmark, number) for number in rounds}
    wrong = []
    for (left, a), (right, b) in combinations(zip(rounds, letters, strict=True), 2):
        (answer,) = compare(records[left], records[right])
        if answer.verdict is not expected(a, b):
            wrong.append((left, right, answer.verdict.words))
    assert wrong == []


def test_there_are_enough_pairs() -> None:
    numbers = (len(ROUNDS[suite]) for suite, *_ in ROWS)
    assert sum(number * (number - 1) // 2 for number in numbers) >= 80


@pytest.mark.parametrize(
    ("suite", "benchmark", "rounds", "sentence"),
    [
        # The notes below the table contradict its cells: the stricter holds, and is told.
        ("mlperf-training", "gnmt", ("0.5", "0.6"), "note of table Training: v0.6 increased the target of NMT"),
        ("mlperf-training", "minigo", ("0.6", "0.7"), "note of table Training: v0.7 moved MiniGo to a 19x19 board"),
        ("mlperf-training", "resnet", ("0.5", "0.6"), "rounds v0.5 and v0.6 do not compare (MLCommons' compatibility table of"),
    ],
)  # fmt: skip
def test_what_parts_two_rounds_is_told(
    suite: str, benchmark: str, rounds: tuple[str, str], sentence: str
) -> None:
    left, right = (of_round(suite, None, benchmark, number) for number in rounds)
    (answer,) = compare(left, right)
    assert answer.verdict is Verdict.NOT_COMPARABLE
    assert any(sentence in reason.sentence for reason in answer.reasons), answer.reasons


def test_the_multi_stream_of_old_rounds_is_another() -> None:
    found = {}
    for old, new, scenario in (("1.1", "2.0", "multi-stream"), ("1.1", "2.0", "offline")):
        sides = [
            of_round("mlperf-inference", "edge", "resnet50", number, benchmark__scenario=scenario)
            for number in (old, new)
        ]
        found[scenario] = compare(*sides)[0].verdict
    assert found == {"multi-stream": Verdict.NOT_COMPARABLE, "offline": Verdict.COMPARABLE}


def test_a_round_newer_than_the_table_is_not_stated() -> None:
    left, right, twin = (
        of_round("mlperf-inference", "datacenter", "llama2-70b-99", number)
        for number in ("6.0", "6.1", "6.1")
    )
    (answer,) = compare(left, right)
    assert answer.verdict is Verdict.CANNOT_BE_TOLD
    assert "does not name v6.1 for this benchmark" in answer.reasons[0].sentence
    assert compare(right, twin)[0].verdict is Verdict.COMPARABLE


def test_of_tiny_resnet_the_speed_compares_and_the_accuracy_does_not() -> None:
    accuracy = {
        "metric": "accuracy",
        "statistic": "pooled",
        "value": 0.86,
        "unit": "1",
        "basis": "published",
    }
    speed = CLOSED["measurements"][0]
    left, right = (
        of_round("mlperf-tiny", None, "ic", number, measurements=[speed, accuracy])
        for number in ("0.5", "0.7")
    )
    found = {answer.left["metric"]: answer.verdict for answer in compare(left, right)}
    assert found == {"throughput": Verdict.COMPARABLE, "accuracy": Verdict.NOT_COMPARABLE}
