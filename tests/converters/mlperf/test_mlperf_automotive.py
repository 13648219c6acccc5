"""MLPerf Automotive: known by its scenario or its system, and the same result in logs and in the published table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchfmt import Record, convert, validate
from benchfmt.suites import mlperf_automotive as rules
from benchfmt.vocabulary import vocabulary

SAMPLE = "mlperf_inference/automotive-v0.5"
DETAIL = "closed/NVIDIA/results/Thor-X_TRT/bevformer/ConstantStream/performance/run_1"


@pytest.fixture
def place(samples: Path, tmp_path: Path) -> Path:
    """A copy of the sample in a folder of its repository's name, that may be changed."""
    copy = tmp_path / "automotive_results_v0.5"
    shutil.copytree(samples / SAMPLE, copy)
    for path in copy.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy


def logged(place: Path, **options: str) -> Record:
    [found] = [
        r
        for r in convert(place, **options)
        if r.provenance and r.provenance.converter == "mlperf-inference"
    ]
    return found


def test_the_logs_and_the_table_are_of_one_run(place: Path) -> None:
    records = list(convert(place))
    log = logged(place)
    assert log.provenance
    assert (log.benchmark.suite, log.benchmark.suite_version) == ("mlperf-automotive", "v0.5")
    [row] = [
        r
        for r in records
        if r.provenance
        and r.provenance.execution == log.provenance.execution
        and r is not log
        and r.id != log.id
    ]
    assert row.provenance
    assert row.provenance.converter == "mlperf-published"
    for both in (log, row):
        assert (both.task, both.dataset and both.dataset.name, both.model and both.model.name) == (
            "3d-object-detection", "nuscenes", "bevformer-tiny",
        )  # fmt: skip
        primary = next(m for m in both.measurements or () if m.primary)
        assert (primary.metric, primary.statistic, primary.value) == (
            "latency",
            "p99.9",
            0.005319681,
        )
        [score] = [
            m for m in both.measurements or () if m.metric == "mlperf:mean-average-precision-3d"
        ]
        assert score.target_min == 0.265672044


def test_the_package_of_both_has_no_finding(place: Path, tmp_path: Path) -> None:
    convert(place).write(tmp_path / "package")
    assert validate(tmp_path / "package").findings == []


def test_the_round_may_be_named_and_has_no_seeds(samples: Path) -> None:
    named = convert(samples / SAMPLE, round="v0.5")
    [log] = [r for r in named if r.provenance and r.provenance.converter == "mlperf-inference"]
    assert log.benchmark.suite_version == "v0.5"
    assert "BF703" not in {finding.code for finding in named.account.findings}
    assert logged(samples / SAMPLE).benchmark.suite_version is None


def test_a_single_stream_run_is_known_by_what_its_system_is_for(place: Path) -> None:
    run = place / DETAIL
    for path in run.glob("mlperf_log_*.txt"):
        path.write_text(path.read_text("utf-8").replace("ConstantStream", "SingleStream"), "utf-8")
    (place / DETAIL).parents[1].rename((place / DETAIL).parents[1].with_name("SingleStream"))
    record = logged(place)
    assert (record.benchmark.suite, record.benchmark.scenario) == (
        "mlperf-automotive",
        "single-stream",
    )


def test_every_word_is_a_term_and_every_block_has_a_source() -> None:
    known = vocabulary()
    for name in ("bevformer", "deeplabv3plus", "ssd"):
        found = rules.benchmark(name)
        assert found is not None
        assert found.task in known.terms("task")
        assert found.dataset in known.terms("dataset")
        assert len(rules.qualities(name)) == 1
    assert all(entry["source"] for entry in rules._data()["benchmarks"].values())
    assert rules.official("server") is None
    assert (rules.is_system("ADAS"), rules.is_system("datacenter"), rules.is_system(None)) == (
        True,
        False,
        False,
    )
