"""Which rounds of MLPerf compare: the data against MLCommons' table, cell by cell, and what its notes say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchfmt.suites import mlperf_compatibility as rules
from benchfmt.suites import (
    mlperf_inference,
    mlperf_mobile,
    mlperf_storage,
    mlperf_tiny,
    mlperf_training,
)

TABLE = "mlperf_compat/MLPerf_Compatibility_Table.adoc"
CELL = re.compile(r"(?:(\d+)\+)?\|([^|]*?)(?=(?:\d+\+)?\||$)")
"""`N+|` before a cell: it spans N columns."""


def cells(line: str) -> list[tuple[int, str]]:
    return [(int(span or 1), text.strip()) for span, text in CELL.findall(line)]


def tables(text: str) -> Iterator[tuple[str, str | None, list[list[tuple[int, str]]]]]:
    suite, category = "", None
    rows: list[list[tuple[int, str]]] | None = None
    for line in text.splitlines():
        if line.startswith("== "):
            suite, category = f"mlperf-{line[3:].strip().lower()}", None
        elif line.strip() in ("Datacenter", "Edge"):
            category = line.strip().lower()
        elif line.startswith("|===") and rows is not None:
            yield suite, category, rows
            rows = None
        elif line.startswith("|==="):
            rows = []
        elif rows is not None and line.strip():
            rows.append(cells(line.strip()))


def blocks_of(row: list[tuple[int, str]], rounds: list[str]) -> list[list[str]]:
    found, at = [], 0
    for span, text in row[1:]:
        if text.startswith("X"):
            found.append([rounds[at], rounds[at + span - 1]])
        at += span
    return found


def test_every_row_of_the_table_is_in_the_data(samples: Path) -> None:
    ours = [
        (row["suite"], row.get("category"), row["model"], row["blocks"]) for row in rules.rows()
    ]
    theirs = []
    odd = []
    for suite, category, rows in tables((samples / TABLE).read_text("utf-8")):
        rounds = [f"v{text}" for _, text in rows[0][1:]]
        for row in rows[1:]:
            theirs.append((suite, category, row[0][1], blocks_of(row, rounds)))
            if sum(span for span, _ in row[1:]) != len(rounds):
                odd.append((category, row[0][1]))
    assert ours == theirs
    assert len(ours) == 22 + 3 + 24 + 17 + 7 + 8 + 4
    assert odd == [("edge", "DLRM")]  # SOURCES.md: a cell more than there are rounds


@pytest.mark.parametrize(
    ("suite", "benchmark", "category", "round_id", "block"),
    [
        ("mlperf-training", "resnet", None, "v0.5", ("v0.5", "v0.5")),
        ("mlperf-training", "resnet", None, "v3.0", ("v0.6", "v4.0")),
        ("mlperf-training", "resnet", None, "v5.1", None),
        ("mlperf-training", "rnnt", None, "v1.1", ("v1.1", "v3.1")),
        ("mlperf-hpc", "deepcam", None, "v1.0", ("v0.7", "v1.0")),
        ("mlperf-inference", "bert-99.9", "datacenter", "v4.1", ("v0.7", "v4.1")),
        ("mlperf-inference", "bert-99.9", "edge", "v6.0", ("v0.7", "v6.0")),
        ("mlperf-inference", "bert-99.9", "datacenter", "v5.0", None),
        ("mlperf-inference", "llama2-70b-99", "datacenter", "v6.1", None),  # newer than the table
        ("mlperf-mobile", "object_detection", None, "v0.7", ("v0.7", "v0.7")),
        ("mlperf-mobile", "object_detection", None, "v2.0", ("v1.0", "v3.0")),
        ("mlperf-storage", "unet3d", None, "v1.0", ("v0.5", "v2.0")),
        ("mlperf-tiny", "vww", None, "v1.0", ("v1.0", "v1.0")),
    ],
)
def test_the_block_of_a_round(
    suite: str, benchmark: str, category: str | None, round_id: str, block: tuple[str, str] | None
) -> None:
    assert rules.block(suite, benchmark, round_id, category=category) == block


@pytest.mark.parametrize(
    ("suite", "benchmark", "rounds", "more", "same"),
    [
        ("mlperf-inference", "resnet50", ("v1.1", "v2.0"), {"category": "edge", "scenario": "offline"}, True),
        ("mlperf-inference", "resnet50", ("v1.1", "v2.0"), {"category": "edge", "scenario": "multi-stream"}, False),
        ("mlperf-inference", "resnet50", ("v0.5", "v1.1"), {"category": "edge", "scenario": "multi-stream-legacy"}, True),
        ("mlperf-inference", "resnet50", ("v2.0", "v6.0"), {"category": "edge", "scenario": "multi-stream"}, True),
        ("mlperf-training", "gnmt", ("v0.5", "v0.6"), {}, False),  # a note, against the cells
        ("mlperf-training", "gnmt", ("v0.6", "v0.7"), {}, True),
        ("mlperf-training", "minigo", ("v0.6", "v0.7"), {}, False),
        ("mlperf-training", "minigo", ("v0.7", "v2.1"), {}, True),
        ("mlperf-training", "bert", ("v0.7", "v1.0"), {}, None),
    ],
)  # fmt: skip
def test_what_the_notes_split(
    suite: str, benchmark: str, rounds: tuple[str, str], more: dict[str, str], same: bool | None
) -> None:
    assert rules.compare(suite, benchmark, rounds, **more) is same


def test_of_tiny_resnet_the_speed_compares_and_the_accuracy_does_not() -> None:
    assert (
        rules.block("mlperf-tiny", "ic", "v0.5")
        == rules.block("mlperf-tiny", "ic", "v0.7")
        == ("v0.5", "v0.7")
    )
    assert rules.block("mlperf-tiny", "ic", "v0.5", quality=True) == ("v0.5", "v0.5")
    assert rules.block("mlperf-tiny", "kws", "v0.5", quality=True) == ("v0.5", "v0.7")


def test_benchmarks_are_those_that_records_name() -> None:
    known = {
        "mlperf-training": mlperf_training.benchmark, "mlperf-hpc": mlperf_training.benchmark,
        "mlperf-inference": mlperf_inference.benchmark, "mlperf-mobile": mlperf_mobile.benchmark,
        "mlperf-storage": mlperf_storage.workload, "mlperf-tiny": mlperf_tiny.benchmark,
    }  # fmt: skip
    for row in rules.rows():
        assert all(known[row["suite"]](name) for name in row["benchmarks"]), row
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", rules.VERSION)
