"""LoadGen logs of every time and in every state: which number is the result, whole runs only, no number that cannot be."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.mlperf_trees import (
    SEEDS,
    Submission,
    detail,
    legacy_multi_stream,
    multi_stream,
    offline,
    put,
    seeds,
    server,
    single_stream,
    summary,
    tokens,
)
from tests.variants import ENCODINGS, WRAPPERS, in_turn, wrapped

from benchfmt import convert, validate
from benchfmt.accounting import Account
from benchfmt.converters.mlperf.inference import log_numbers
from benchfmt.readers import loadgen
from benchfmt.record import Measurement, Record
from benchfmt.suites import mlperf_inference as rules

NAME = "mlperf-inference"
SUMMARY, DETAIL = "mlperf_log_summary.txt", "mlperf_log_detail.txt"
RULE = "=" * 48
ACCURACY_TEXT = "\nNo warnings encountered during test.\n\nNo errors encountered during test.\n"


@pytest.fixture
def tree(tmp_path: Path) -> Submission:
    """An empty submission."""
    return Submission(tmp_path / "submission")


def converted(source: Path, **options: str) -> tuple[list[Record], Account]:
    """Return the records of a source, and the account."""
    conversion = convert(source, NAME, **options)
    return list(conversion), conversion.account


def one(source: Path, **options: str) -> Record:
    """Return the only record of a source."""
    [record] = converted(source, **options)[0]
    return record


def primary(record: Record) -> tuple[str, str, str, float | None] | None:
    """Return metric, statistic, per and value of a record's result."""
    found = [m for m in record.measurements or () if m.primary]
    assert len(found) <= 1
    return (
        (found[0].metric, found[0].statistic or "", found[0].per or "", found[0].value)
        if found
        else None
    )


def of(record: Record, metric: str, statistic: str | None = None) -> list[Measurement]:
    """Return the measurements of a metric."""
    return [
        m
        for m in record.measurements or ()
        if m.metric == metric and statistic in (None, m.statistic)
    ]


def own(record: Record) -> dict[str, Any]:
    """Return what only this suite says."""
    return dict((record.extensions or {}).get("mlperf", {}))


def text_of(
    scenario: str,
    headline: Iterable[str],
    verdict: Iterable[str] = (),
    below: Iterable[str] = (),
    result: str = "VALID",
) -> str:
    """Return a summary without any seed, as short as it may be."""
    head = [
        RULE,
        "MLPerf Results Summary",
        RULE,
        "SUT name : box_sut",
        f"Scenario : {scenario}",
        "Mode     : PerformanceOnly",
    ]
    stats = ["", RULE, "Additional Stats", RULE, *below] if below else []
    return "\n".join(
        [
            *head,
            *headline,
            f"Result is : {result}",
            "  Min duration satisfied : Yes",
            *verdict,
            *stats,
            "",
        ]
    )


# --- the result is the number that the rules of its time rank ---

EARLY = ("  Early stopping satisfied: Yes", "Early Stopping Result:", " * Processed at least 64 queries (4000).",
         " * Would discard 300 highest latency queries.", " * Early stopping 90th percentile estimate: 83000000",
         " * Early stopping 99th percentile estimate: 86000000")  # fmt: skip
STOPPED = ("  Early stopping satisfied: Yes",)
P90, P99 = "90th percentile latency (ns) : 82000000", "99th percentile latency (ns) : 85000000"
STREAMS = (
    "Min latency (ns)                : 70000000",
    "90.00 percentile latency (ns)   : 82000000",
)
QUERIES = ("Per-query latency:  ", "99.00 percentile latency (ns)   : 85000000")
SCHEDULED, COMPLETED = (
    "Scheduled samples per second : 120.50",
    "Completed samples per second    : 119.25",
)
COMPLETED_TOKENS, OFFLINE_TOKENS = (
    "Completed tokens per second: 9000.25",
    "Tokens per second: 8000.5",
)
FIRST = (
    "Min First Token latency (ns)                : 1000000",
    "99.00 percentile first token latency (ns)   : 7000000",
)
# Time, seeds, log and result; where a log has seeds, they and not its words say the time.
ERAS: dict[str, tuple[str | None, str, tuple[str, str, str, float]]] = {
    "single-stream v0.5 to v1.1": (None, text_of("SingleStream", [P90], (), STREAMS), ("latency", "p90", "query", 0.082)),
    "single-stream v0.5, in two words": (None, text_of("Single Stream", [P90], (), STREAMS), ("latency", "p90", "query", 0.082)),
    "single-stream v0.5 to v1.1, head only": (None, text_of("SingleStream", [P90]), ("latency", "p90", "query", 0.082)),
    "single-stream v1.1, seeds": ("v1.1", text_of("SingleStream", [P90], (), STREAMS), ("latency", "p90", "query", 0.082)),
    "single-stream v2.0 on": (None, text_of("SingleStream", [P90], EARLY, STREAMS), ("latency", "p90-es", "query", 0.083)),
    "single-stream v5.0, 90.0th": (
        None,
        text_of("SingleStream", ["90.0th percentile latency (ns) : 82000000"], [line.replace("90th", "90.0th") for line in EARLY]),
        ("latency", "p90-es", "query", 0.083),
    ),
    "single-stream, another percentile": (
        None,
        text_of("SingleStream", ["99.9th percentile latency (ns) : 88000000"],
                ["  Early stopping satisfied: Yes", "Early Stopping Result:", " * Early stopping 99.9th percentile estimate: 89000000"]),
        ("latency", "p99.9-es", "query", 0.089),
    ),
    "single-stream v4.1, seeds": ("v4.1", text_of("SingleStream", [P90], EARLY, STREAMS), ("latency", "p90-es", "query", 0.083)),
    "single-stream v5.1, tokens": (
        None,
        text_of("SingleStream", ["90.0th percentile latency (ns) : 82000000", "90.0th first token percentile latency (ns) : 6000000"],
                ["  Early stopping satisfied: Yes", "TTFT Early Stopping Result:", " * Early stopping 90.0th percentile estimate: 6500000"],
                [*STREAMS, "TPS w/ loadgen overhead         : 55.5", *FIRST]),
        ("latency", "p90", "query", 0.082),
    ),
    "multi-stream v0.5 to v1.1": (
        None,
        text_of("Multi Stream", ["Samples per query : 40"], ("  Performance constraints satisfied : Yes",), QUERIES),
        ("samples-per-query", "single", "query", 40.0),
    ),
    "multi-stream v0.7, seeds": ("v0.7", text_of("Multi Stream", ["Samples per query : 40"]), ("samples-per-query", "single", "query", 40.0)),
    "multi-stream v2.0 on": (None, text_of("MultiStream", [P99], EARLY, QUERIES), ("latency", "p99-es", "query", 0.086)),
    "multi-stream v3.0, seeds": ("v2.1", text_of("MultiStream", [P99], EARLY, QUERIES), ("latency", "p99-es", "query", 0.086)),
    "server v0.5 to v1.1": (None, text_of("Server", [SCHEDULED], (), [COMPLETED]), ("request-rate", "mean", "query", 120.5)),
    "server v0.5, seeds": ("v0.5", text_of("Server", [SCHEDULED], (), [COMPLETED]), ("request-rate", "mean", "query", 120.5)),
    "server v2.0 to v4.0": (None, text_of("Server", [SCHEDULED], STOPPED, [COMPLETED]), ("request-rate", "mean", "query", 120.5)),
    "server v4.0, seeds": ("v4.0", text_of("Server", [SCHEDULED], STOPPED, [COMPLETED]), ("request-rate", "mean", "query", 120.5)),
    "server v4.1 on": (None, text_of("Server", [COMPLETED], STOPPED, [SCHEDULED]), ("throughput", "mean", "sample", 119.25)),
    "server v5.1, seeds": ("v5.1", text_of("Server", [COMPLETED], STOPPED, [SCHEDULED]), ("throughput", "mean", "sample", 119.25)),
    "server v4.0, tokens": (
        None,
        text_of("Server", [COMPLETED], STOPPED, [SCHEDULED, "Completed tokens per second                 : 9000.25", *FIRST]),
        ("throughput", "mean", "sample", 119.25),
    ),
    "server v4.0, tokens, seeds": (
        "v4.0",
        text_of("Server", [COMPLETED], STOPPED, [SCHEDULED, "Completed tokens per second                 : 9000.25", *FIRST]),
        ("throughput", "mean", "sample", 119.25),
    ),
    "server v4.1 on, tokens": (
        None,
        text_of("Server", [COMPLETED, COMPLETED_TOKENS], STOPPED, [SCHEDULED, COMPLETED_TOKENS, *FIRST]),
        ("throughput", "mean", "token", 9000.25),
    ),
    "server v5.1, tokens, seeds": (
        "v5.1",
        text_of("Server", [COMPLETED, COMPLETED_TOKENS], STOPPED, [SCHEDULED, COMPLETED_TOKENS, *FIRST]),
        ("throughput", "mean", "token", 9000.25),
    ),
    "server v4.1, inferred tokens": (
        None,
        text_of("Server", [COMPLETED, "Completed tokens per second (inferred): 9000.25"], STOPPED, [SCHEDULED]),
        ("throughput", "mean", "token", 9000.25),
    ),
    "offline v0.5": (None, text_of("Offline", ["Samples per second: 250"]), ("throughput", "mean", "sample", 250.0)),
    "offline v0.7, seeds": ("v0.7", text_of("Offline", ["Samples per second: 250"]), ("throughput", "mean", "sample", 250.0)),
    "offline v5.1": (None, text_of("Offline", ["Samples per second: 250"], STOPPED), ("throughput", "mean", "sample", 250.0)),
    "offline v4.0 on, tokens": (
        None, text_of("Offline", ["Samples per second: 250", OFFLINE_TOKENS], STOPPED), ("throughput", "mean", "token", 8000.5),
    ),
    "offline v5.1, tokens, seeds": (
        "v5.1", text_of("Offline", ["Samples per second: 250", OFFLINE_TOKENS], STOPPED), ("throughput", "mean", "token", 8000.5),
    ),
    "offline v4.1, inferred tokens": (
        None,
        text_of("Offline", ["Samples per second: 250", "Tokens per second (inferred): 8000.5"], STOPPED),
        ("throughput", "mean", "token", 8000.5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ERAS)
def test_the_result_is_what_the_rules_of_its_time_rank(name: str, tmp_path: Path) -> None:
    round_id, text, result = ERAS[name]
    lines = (
        [f"{key.removeprefix('effective_')} : {seed}" for key, seed in seeds(round_id).items()]
        if round_id
        else []
    )
    put(tmp_path / SUMMARY, text + "\n".join(["", RULE, "Test Parameters Used", RULE, *lines, ""]))
    record = one(tmp_path)
    assert primary(record) == result
    assert record.benchmark.suite_version == round_id, "words tell the time, never the round"
    assert record.status == "ok"


def test_inferred_tokens_are_an_estimate(tmp_path: Path) -> None:
    put(tmp_path / SUMMARY, ERAS["offline v4.1, inferred tokens"][1])
    assert [m.basis for m in one(tmp_path).measurements or () if m.primary] == ["estimated"]


@pytest.mark.parametrize(
    ("version", "result"),
    [
        (".5a1 @ 0123456789", ("request-rate", "mean", "query", 1234.56)),
        ("3.1 @ 0123456789", ("request-rate", "mean", "query", 1234.56)),
        ("4.0.1 @ 0123456789", ("request-rate", "mean", "query", 1234.56)),
        ("4.1 @ 0123456789", ("throughput", "mean", "sample", 1230.98)),
        ("6.0.17 @ 0123456789", ("throughput", "mean", "sample", 1230.98)),
        ("9.9 @ 0123456789", ("throughput", "mean", "sample", 1230.98)),
        ("our own", ("throughput", "mean", "sample", 1230.98)),
    ],
)
def test_the_version_of_a_detail_log_tells_its_time(
    version: str, result: tuple[Any, ...], tmp_path: Path
) -> None:
    said = {key: text for key, text in server().items() if "seed" not in key}
    put(tmp_path / DETAIL, detail(said).replace("4.1 @ 0123456789", version))
    record = one(tmp_path)
    assert primary(record) == result
    assert record.benchmark.suite_version is None


def test_a_known_benchmark_keeps_its_own_result_without_seeds(tmp_path: Path) -> None:
    text = text_of("Server", [COMPLETED], STOPPED, [SCHEDULED])
    put(tmp_path / "stable-diffusion-xl/Server/performance/run_1" / SUMMARY, text)
    assert primary(one(tmp_path)) == ("throughput", "mean", "sample", 119.25)


@pytest.mark.parametrize("part", ["Result is", "Scenario"])
def test_a_head_that_was_cut_off_tells_no_time(part: str, tmp_path: Path) -> None:
    text = ERAS["single-stream v2.0 on"][1]
    cut = (
        text[: text.index(part)] if part == "Result is" else text[text.index("Additional Stats") :]
    )
    put(tmp_path / SUMMARY, cut)
    assert primary(one(tmp_path)) is None


def test_without_a_round_no_rule_says_a_bound(tree: Submission) -> None:
    said = {
        key: text
        for key, text in server().items()
        if "seed" not in key and "target_latency" not in key
    }
    tree.add("resnet50", "Server", said, logs="summary")
    assert {m.target_max for m in of(one(tree.root), "latency")} == {None}


def test_without_its_seeds_a_summary_of_the_samples_has_the_same_result(
    samples: Path, tmp_path: Path
) -> None:
    tested = 0
    for path in sorted((samples / "mlperf_inference").rglob(f"performance/run_1/{SUMMARY}")):
        if re.search("/TEST[0-9]+/", path.as_posix()):
            continue  # a compliance test is no result
        text = path.read_text("utf-8", "replace")
        if re.search(r"/TEST[0-9]{2}/", path.as_posix()):
            continue  # of an audit, which is not a result
        bare = re.sub(r"(?m)^(qsl|sample_index|schedule)_rng_seed.*\n", "", text)
        for name, data in (("with", text), ("without", bare)):
            put(tmp_path / name / SUMMARY, data)
        with_seeds, without = (one(tmp_path / name) for name in ("with", "without"))
        assert primary(with_seeds) == primary(without), path
        assert primary(without) is not None, path
        tested += 1
    assert tested > 80


# --- a record is of one run ---


def parts(text: str, folder: Path) -> list[loadgen.Log]:
    """Return the runs of a summary."""
    return loadgen.read_summaries(put(folder / SUMMARY, text))


JOINED = {
    "two of one scenario": [summary(offline()), summary(offline(result_samples_per_second="1100", result_validity="INVALID"))],
    "two scenarios": [summary(server()), summary(single_stream())],
    "three": [summary(offline()), summary(legacy_multi_stream()), summary(tokens())],
    "a word on each": [summary(tokens()), summary(multi_stream())],
}  # fmt: skip


@pytest.mark.parametrize("name", JOINED)
def test_a_summary_of_several_runs_has_a_record_for_each(name: str, tmp_path: Path) -> None:
    texts = JOINED[name]
    alone = []
    for number, text in enumerate(texts):
        put(tmp_path / str(number) / SUMMARY, text)
        alone.append(one(tmp_path / str(number)))
    put(tmp_path / "joined" / SUMMARY, "".join(texts))
    records, account = converted(tmp_path / "joined")
    assert [primary(record) for record in records] == [primary(record) for record in alone]
    assert [record.status for record in records] == [record.status for record in alone]
    assert [record.measurements for record in records] == [record.measurements for record in alone]
    assert len({record.id for record in records}) == len(texts)
    [told] = [finding for finding in account.findings if finding.code == "BF701"]
    assert f"of {len(texts)} runs" in told.message


def test_runs_of_one_file_do_not_count_as_one_execution(tree: Submission) -> None:
    folder = tree.add("resnet50", "Offline", offline())
    put(folder / SUMMARY, summary(offline()) + summary(offline(result_samples_per_second="1100")))
    records, account = converted(tree.root)
    executions = {record.provenance and record.provenance.execution for record in records}
    assert len(executions) == 2
    # The detail log and what goes with it are of the run whose numbers it has; a score is of none that is sure.
    assert [primary(record) for record in records] == [("throughput", "mean", "sample", 1000.0), ("throughput", "mean", "sample", 1100.0)]  # fmt: skip
    assert [own(record).get("sample_count") for record in records] == [720000, None]
    assert [of(record, "accuracy") for record in records] == [[], []]
    assert {record.configuration and record.configuration.precision for record in records} == {
        "int8"
    }
    assert account.count("failed") == 0


def test_a_detail_log_of_neither_run_is_left_out(tree: Submission) -> None:
    folder = tree.add("resnet50", "Offline", offline())
    put(folder / SUMMARY, summary(offline(result_samples_per_second="900")) + summary(offline(result_samples_per_second="1100")))  # fmt: skip
    records, account = converted(tree.root)
    assert [primary(record) for record in records] == [("throughput", "mean", "sample", 900.0), ("throughput", "mean", "sample", 1100.0)]  # fmt: skip
    assert any("does not tell to which run" in finding.message for finding in account.findings)


@pytest.mark.parametrize("order", [1, -1])
def test_an_accuracy_run_in_the_same_file_is_told(order: int, tmp_path: Path) -> None:
    put(tmp_path / SUMMARY, "".join([summary(offline()), ACCURACY_TEXT][::order]))
    records, account = converted(tmp_path)
    assert [primary(record) for record in records] == [("throughput", "mean", "sample", 1000.0)]
    [entry] = account.files
    assert "accuracy run" in " ".join(map(str, entry.details))


@pytest.mark.parametrize("copies", [2, 3])
def test_a_log_that_stands_there_twice_is_one_run(copies: int, tree: Submission) -> None:
    folder = tree.add("resnet50", "Offline", offline())
    alone = one(tree.root)
    for name in (SUMMARY, DETAIL):
        put(folder / name, (folder / name).read_text() * copies)
    records, account = converted(tree.root)
    assert [record.measurements for record in records] == [alone.measurements]
    [entry] = [found for found in account.files if found.path.endswith(SUMMARY)]
    assert str(entry.details).count("repeats a run") == copies - 1


def test_a_logger_that_doubles_every_line_changes_nothing(tmp_path: Path) -> None:
    for name, values in {"a": offline(), "b": legacy_multi_stream(), "c": tokens()}.items():
        text = summary(values)
        put(tmp_path / name / SUMMARY, text)
        put(
            tmp_path / f"{name}2" / SUMMARY,
            "".join(f"{line}\n{line}\n" for line in text.splitlines()),
        )
        assert one(tmp_path / name).measurements == one(tmp_path / f"{name}2").measurements


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4, 0.6, 0.8, 0.95])
def test_a_run_behind_one_that_was_cut_off_stays_apart(share: float, tmp_path: Path) -> None:
    first, second = summary(offline(result_samples_per_second="900")), summary(server())
    whole = [parts(text, tmp_path)[0].values for text in (first, second)]
    head = first[: int(len(first) * share)]
    read = parts(head + second, tmp_path)
    assert all(any(log.values.items() <= values.items() for values in whole) for log in read)
    assert read[-1].values == whole[1]
    # A number that ends in the middle and has a line of its own looks whole; it is of the first run all the same.
    read = parts(head + "\n" + second, tmp_path)
    assert all(log.values.keys() <= whole[0].keys() for log in read[:-1])
    assert read[-1].values == whole[1]


def test_other_output_between_runs_is_no_run(tmp_path: Path) -> None:
    noise = "Scenario : Offline\nloading the model\nMode : fast\n"
    read = parts(noise + summary(offline()) + noise + summary(server()) + noise, tmp_path)
    assert [log.values.get("effective_scenario") for log in read] == ["Offline", "Server"]


@pytest.mark.parametrize("changes", [{}, {"result_samples_per_second": "1100"}])
def test_a_detail_log_of_two_runs_is_never_one_record(
    changes: Mapping[str, str], tree: Submission
) -> None:
    folder = tree.add("resnet50", "Offline", offline())
    two = detail(offline()) + detail(offline(**changes)).replace("03:02:31Z", "04:05:06Z")
    put(folder / DETAIL, two)
    [record], account = converted(tree.root)
    assert "sample_count" not in own(record), "the summary alone"
    assert any("more than one run" in finding.message for finding in account.findings)
    (folder / SUMMARY).unlink()
    records, account = converted(tree.root)
    assert records == []
    [failed] = [entry for entry in account.files if entry.path.endswith(DETAIL)]
    assert "more than one run" in " ".join([failed.reason or "", *map(str, failed.details)])


def test_the_two_ends_of_a_large_detail_log_are_of_one_process(tree: Submission) -> None:
    folder = tree.add("resnet50", "Offline", offline())
    log = detail(offline())
    put(
        folder / DETAIL,
        log + "x" * 300_000 + "\n" + log.replace('"pid": 7', '"pid": 8').split("\n", 6)[6],
    )
    [record], account = converted(tree.root)
    assert primary(record) == ("throughput", "mean", "sample", 1000.0)
    assert any(
        "process 7 wrote its start, process 8 its end" in finding.message
        for finding in account.findings
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"result_samples_per_second": "1300", "result_max_latency_ns": "553846153846"},
        {"effective_scenario": "Server"},
        {"effective_qsl_rng_seed": "42"},
    ],
)
def test_two_logs_of_different_runs_are_not_merged(
    changes: Mapping[str, str], tree: Submission
) -> None:
    folder = tree.add("resnet50", "Offline", offline())
    other = {**offline(), **changes}
    put(
        folder / DETAIL,
        detail({key: text for key, text in other.items() if key != "result_min_latency_ns"}),
    )
    [record], account = converted(tree.root)
    assert not of(record, "completion-time", "min"), "which only the summary says"
    assert not of(record, "latency", "min")
    assert "they are of two runs" in " ".join(finding.message for finding in account.findings)


@pytest.mark.parametrize("name", [SUMMARY, DETAIL])
def test_a_log_of_several_runs_of_the_mobile_app_is_left_out(
    name: str, root: Path, tmp_path: Path
) -> None:
    [app] = sorted((root / "tests" / "fixtures" / "mlperf_mobile_app").glob("app-2.0"))
    shutil.copytree(app, tmp_path / "app")
    logs = sorted(path for path in (tmp_path / "app").rglob(name) if "performance" in str(path))
    alone = list(convert(tmp_path / "app"))
    for path in logs:
        text = path.read_text()
        other = re.sub(
            r"latency_ns\", \"value\": 1", 'latency_ns", "value": 2', text.replace('Z"', '5Z"')
        )
        path.chmod(0o644)
        put(
            path,
            text + re.sub(r"(?m)^(Min|Max|Mean)( latency \(ns\) *: )1?", r"\g<1>\g<2>9", other),
        )
    conversion = convert(tmp_path / "app")
    numbers = [
        m.value for record in alone for m in record.measurements or () if m.value is not None
    ]
    for found in [
        m.value for record in conversion for m in record.measurements or () if m.value is not None
    ]:
        # A summary has fewer digits.
        assert any(found == pytest.approx(value, rel=1e-4) for value in numbers)
    told = " ".join(finding.message for finding in conversion.account.findings)
    assert "is left out" in told or "are left out" in told


def test_joined_summaries_of_the_samples_are_never_mixed(samples: Path, tmp_path: Path) -> None:
    texts = {
        path.read_bytes()
        for path in samples.rglob("*")
        if re.fullmatch(r"mlperf_log_summary.*\.txt", path.name)
    }
    kept = [text for text in sorted(texts) if b"MLPerf Results Summary" in text]
    whole = [loadgen.read_summaries(put(tmp_path / SUMMARY, text)) for text in kept]
    assert {len(runs) for runs in whole} == {1}
    assert len(kept) > 80
    for (first, second), (one_run, other_run) in zip(pairwise(kept), pairwise(whole), strict=True):
        read = loadgen.read_summaries(put(tmp_path / SUMMARY, first + second))
        assert [log.values for log in read] == [one_run[0].values, other_run[0].values]
        for share in (0.15, 0.5, 0.85):
            for log in loadgen.read_summaries(
                put(tmp_path / SUMMARY, first[: int(len(first) * share)] + second)
            ):
                # Words may be cut off, numbers may not.
                said = {
                    (name, text)
                    for name, text in log.values.items()
                    if not name.startswith("early_stopping_")
                }
                assert any(said <= run[0].values.items() for run in (one_run, other_run))


def test_joined_summaries_of_the_samples_give_whole_records(samples: Path, tmp_path: Path) -> None:
    paths = sorted((samples / "mlperf_inference").rglob(f"performance/run_1/{SUMMARY}"))[::9]
    for number, (first, second) in enumerate(pairwise(paths)):
        alone = []
        for name, path in (("a", first), ("b", second)):
            put(tmp_path / f"{number}{name}" / SUMMARY, path.read_bytes())
            alone.append(one(tmp_path / f"{number}{name}").measurements)
        put(tmp_path / f"{number}" / SUMMARY, first.read_bytes() + second.read_bytes())
        assert [record.measurements for record in converted(tmp_path / f"{number}")[0]] == alone


# --- what ran, and not what was asked for ---

PERMUTED = {"effective_sample_concatenate_permutation": "true"}
PADDED = {
    "up to v4.1 the log says less than what ran": (3000, 1024, 24576, 3072),
    "a set more": (2049, 2048, 5000, 4096),
    "less than a set": (20, 1633, 1633, 1633),
    "whole sets already": (43880, 4388, 4388, 43880),
    "a set that is not as large as was asked for": (150, 100, 67, 201),
}


def ran(samples: int, **changes: str) -> dict[str, str]:
    """Return an offline run whose numbers are those of so many samples in 720 s."""
    return offline(result_samples_per_second=f"{samples / 720:.6g}", **changes)


@pytest.mark.parametrize("name", PADDED)
def test_a_padded_run_had_whole_sets(name: str, tree: Submission, tmp_path: Path) -> None:
    generated, loaded, total, samples = PADDED[name]
    counts = {"generated_samples_per_query": str(generated), "effective_performance_sample_count": str(loaded),
              "qsl_reported_total_count": str(total)}  # fmt: skip
    tree.add("gptj-99", "Offline", ran(samples, **counts, **PERMUTED))
    record = one(tree.root)
    assert {m.n for m in of(record, "completion-time")} == {samples}
    assert own(record)["sample_count"] == samples
    assert own(record).get("generated_samples_per_query") == (
        generated if generated != samples else None
    )
    assert rates_that_do_not_follow(tree, tmp_path) == 0


def rates_that_do_not_follow(tree: Submission, folder: Path) -> int:
    """Return how often BF701 is told of what is converted."""
    convert(tree.root, NAME).write(folder / "package")
    return sum(finding.code == "BF701" for finding in validate(folder / "package").findings)


def test_a_run_that_is_not_permuted_is_not_padded(tree: Submission, tmp_path: Path) -> None:
    counts = {"generated_samples_per_query": "3000", "effective_performance_sample_count": "1024"}
    tree.add(
        "resnet50", "Offline", ran(3000, **counts, effective_sample_concatenate_permutation="false")
    )
    record = one(tree.root)
    assert {m.n for m in of(record, "completion-time")} == {3000}
    assert own(record)["sample_count"] == 3000
    assert rates_that_do_not_follow(tree, tmp_path) == 0


def test_a_rate_that_does_not_follow_is_told_all_the_same(tree: Submission, tmp_path: Path) -> None:
    counts = {"generated_samples_per_query": "3000", "effective_performance_sample_count": "1024"}
    tree.add("gptj-99", "Offline", ran(3500, **counts, **PERMUTED))
    assert rates_that_do_not_follow(tree, tmp_path) == 1


def checked(
    folder: Path, said: Mapping[str, Any], n: int | None = None, samples: float = 3072
) -> int:
    """Return how often BF701 is told of a record with a rate of so many samples in 100 s."""
    shared = {
        "unit": "/s",
        "basis": "measured",
        "metric": "throughput",
        "statistic": "mean",
        "stage": "whole-run",
    }
    end = {"metric": "completion-time", "statistic": "max", "stage": "request", "per": "query", "value": 100.0, "unit": "s",
           "basis": "measured", **({"n": n} if n else {})}  # fmt: skip
    record = {
        "benchfmt": "1.0", "benchmark": {"suite": "mlperf-inference", "scenario": "offline"}, "status": "ok",
        "measurements": [{**shared, "per": "sample", "value": samples / 100, "primary": True}, end],
        "extensions": {"mlperf": dict(said)},
    }  # fmt: skip
    path = put(folder / "records.jsonl", json.dumps(record) + "\n")
    return sum(finding.code == "BF701" for finding in validate(path).findings)


SETTINGS = {"sample_concatenate_permutation": True, "performance_sample_count": 1024}


@pytest.mark.parametrize(
    ("said", "n", "wrong"),
    [
        ({"sample_count": 3072}, None, False),
        ({"sample_count": 3000}, None, True),
        ({"sample_count": 3000, "settings": SETTINGS}, None, False),
        (
            {
                "sample_count": 3000,
                "settings": {**SETTINGS, "sample_concatenate_permutation": False},
            },
            None,
            True,
        ),
        (
            {"sample_count": 3000, "settings": {**SETTINGS, "performance_sample_count": 0}},
            None,
            True,
        ),
        ({"sample_count": 2000, "settings": SETTINGS}, None, True),
        ({}, 3072, False),
        ({}, 3000, True),
        ({"settings": SETTINGS}, 3000, False),
        ({}, 1, False),
        ({}, None, False),
    ],
)
def test_the_check_judges_padding_from_the_record(
    said: dict[str, Any], n: int | None, wrong: bool, tmp_path: Path
) -> None:
    assert checked(tmp_path, said, n) == wrong


def test_no_offline_run_of_the_samples_had_another_number_of_samples(samples: Path) -> None:
    tested = 0
    for path in sorted((samples / "mlperf_inference").rglob(f"performance/run_1/{DETAIL}")):
        values = loadgen.read_detail(path).values
        count = log_numbers.samples_of_query(values)
        if values.get("effective_scenario") == "Offline" and count:
            made = (
                float(values["result_samples_per_second"])
                * int(values["result_max_latency_ns"])
                / 1e9
            )
            assert abs(made - count) <= 2e-3 * count, path
            tested += 1
    assert tested > 20


def test_the_queries_that_were_generated_are_not_those_that_ran(tree: Submission) -> None:
    # A stream has twice the queries generated that it is expected to need.
    tree.add("resnet50", "SingleStream", single_stream("v1.1"))
    assert {m.n for m in of(one(tree.root), "latency")} == {None}


def test_a_server_is_sent_all_queries_that_were_generated(tree: Submission) -> None:
    said = {key: text for key, text in server("v1.1").items() if key != "result_query_count"}
    tree.add("resnet50", "Server", {**said, "generated_query_count": "741000"})
    assert {m.n for m in of(one(tree.root), "latency")} == {741000}


# --- no number that cannot be ---

ZEROS = {
    "no first token was told": ("server", {f"Min First Token latency (ns): {0}", "99.00 percentile first token latency (ns): 0"}, "ttft", "not-measured"),
    "no output token was told": ("server", {"Mean Time to Output Token (ns): 0", "90.00 percentile time to output token (ns): 0"}, "tpot", "not-measured"),
    "a least latency of nothing": ("server", {"Min latency (ns): 0"}, "latency", "invalid-in-source"),
    "a latency of half a year": ("server", {"Max latency (ns): 13000000000000000"}, "latency", "invalid-in-source"),
    "a sum that ran over": ("server", {"Mean latency (ns): -9223372036854775808"}, "latency", "invalid-in-source"),
    "the end of the clock": ("server", {"Max latency (ns): 18446744073709551615"}, "latency", "invalid-in-source"),
    "the query took no time": ("offline", {"Max latency (ns): 0"}, "completion-time", "invalid-in-source"),
}  # fmt: skip


@pytest.mark.parametrize("name", ZEROS)
def test_a_time_that_cannot_be_is_missing(name: str, tmp_path: Path) -> None:
    scenario, lines, metric, reason = ZEROS[name]
    headline = (
        [COMPLETED, COMPLETED_TOKENS] if scenario == "server" else ["Samples per second: 250"]
    )
    put(tmp_path / SUMMARY, text_of(scenario.title(), headline, STOPPED, sorted(lines), "INVALID"))
    record = one(tmp_path)
    found = of(record, metric)
    assert len(found) == len(lines)
    assert {(m.value, m.missing) for m in found} == {(None, reason)}
    assert all(m.reported_value for m in found)
    assert primary(record) is not None
    convert(tmp_path / SUMMARY, NAME).write(tmp_path / "package")
    assert [f for f in validate(tmp_path / "package").findings if f.code.startswith("BF3")] == []


def test_one_zero_among_times_of_tokens_is_wrong_and_not_unmeasured(tmp_path: Path) -> None:
    below = ["Min First Token latency (ns): 0", "Max First Token latency (ns): 5000000"]
    put(tmp_path / SUMMARY, text_of("Server", [COMPLETED, COMPLETED_TOKENS], STOPPED, below))
    found = {m.statistic: (m.value, m.missing) for m in of(one(tmp_path), "ttft")}
    assert found == {"min": (None, "invalid-in-source"), "max": (0.005, None)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0", "invalid-in-source"),
        ("0.00", "below-resolution"),
        ("-5", "invalid-in-source"),
        ("1e30", "invalid-in-source"),
        ("1e18", "invalid-in-source"),
    ],
)
def test_a_rate_that_cannot_be_is_missing(text: str, reason: str, tmp_path: Path) -> None:
    put(tmp_path / SUMMARY, text_of("Offline", [f"Samples per second: {text}"], STOPPED))
    record = one(tmp_path)
    assert [(m.value, m.missing, m.primary) for m in of(record, "throughput")] == [
        (None, reason, None)
    ]
    assert record.status == "incomplete"


@pytest.mark.parametrize(
    ("changes", "metric", "reason"),
    [
        ({"ttft": {"min": 0, "avg": 0}}, "ttft", "invalid-in-source"),
        ({"tpot": {"max": 13_000_000_000_000_000}}, "tpot", "invalid-in-source"),
        ({"latency": {"avg": -5}}, "latency", "invalid-in-source"),
        ({"qps": 0, "tps": 1e30}, "throughput", "invalid-in-source"),
    ],
)
def test_a_number_of_endpoints_that_cannot_be_is_missing(
    changes: dict[str, Any], metric: str, reason: str, tmp_path: Path
) -> None:
    said = {"state": "complete", "complete": True, "duration_ns": 1_000_000_000, **changes}
    put(tmp_path / "gpt-oss-120b/Offline/performance/result_summary.json", json.dumps(said))
    record = one(tmp_path)
    assert {m.missing for m in of(record, metric)} <= {reason, "not-measured"}
    assert all(m.value is None for m in of(record, metric))
    assert of(record, metric)
    assert primary(record) is None


def test_an_estimate_of_nothing_is_missing(tmp_path: Path) -> None:
    early = [line.replace("83000000", "0") for line in EARLY]
    put(tmp_path / SUMMARY, text_of("SingleStream", [P90], early, STREAMS))
    [found] = of(one(tmp_path), "latency", "p90-es")
    assert (found.value, found.missing, found.reported_value) == (None, "invalid-in-source", "0")


# --- under any name, behind any prefix, in any encoding ---

OTHER_NAMES = (
    "offline.txt",
    "console.log",
    "run.md",
    "mlperf_log_summary_2.txt",
    "20240726_summary.txt",
    "out",
    "page.html",
)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_summary_is_known_by_what_it_says(name: str, tmp_path: Path) -> None:
    lines = {"run.md": "code-fence", "page.html": "html"}
    text = summary(server())
    put(tmp_path / "plain" / SUMMARY, text)
    wanted = one(tmp_path / "plain")
    put(tmp_path / "other" / name, wrapped(text, lines[name]) if name in lines else text)
    for source in (tmp_path / "other", tmp_path / "other" / name):
        [record] = list(convert(source))
        assert (record.measurements, record.status) == (wanted.measurements, wanted.status)


@pytest.mark.parametrize(
    "noise", ["loading the model\n", "Scenario : fast\nMode: quick\n", "x" * 90_000 + "\n"]
)
def test_a_console_that_ends_with_a_summary_is_one(noise: str, tmp_path: Path) -> None:
    put(tmp_path / "console.log", noise * 3 + summary(offline()) + "bye\n")
    assert primary(one(tmp_path)) == ("throughput", "mean", "sample", 1000.0)


@pytest.mark.parametrize(
    "text",
    [
        "Scenario : Offline\nResult is : VALID\n",
        "MLPerf Results Summary\nwill be printed here\n",
        "SUT name : box\nScenario : holidays\nMode     : PerformanceOnly\nResult is : VALID\n",
        ACCURACY_TEXT,
    ],
)
def test_a_text_that_only_sounds_like_a_summary_is_none(text: str, tmp_path: Path) -> None:
    put(tmp_path / "notes.txt", text)
    assert not loadgen.is_summary(tmp_path / "notes.txt")


def test_a_console_beside_its_summary_counts_once(tmp_path: Path) -> None:
    put(tmp_path / "logs" / SUMMARY, summary(offline()))
    put(tmp_path / "console.log", "starting\n" + summary(offline()))
    put(tmp_path / "logs" / "other.txt", summary(server()))
    records, account = converted(tmp_path)
    assert sorted(str(record.benchmark.scenario) for record in records) == ["offline", "server"]
    [told] = [entry for entry in account.files if entry.path.endswith("console.log")]
    assert (told.role, told.reason) == ("skipped", f"says what logs/{SUMMARY} says: the same run")


def test_two_runs_of_one_rate_are_two(tmp_path: Path) -> None:
    text = text_of("Offline", ["Samples per second: 250"], STOPPED)
    put(tmp_path / "logs" / SUMMARY, text)
    put(tmp_path / "console.log", text)
    assert len(converted(tmp_path)[0]) == 2


def test_a_page_of_a_submission_holds_no_result(tree: Submission) -> None:
    tree.add("resnet50", "Offline", offline())
    for name in (
        "README.md",
        "code/resnet50/README.md",
        "measurements/box9/resnet50/Offline/old.log",
        "documentation/a.txt",
    ):
        put(tree.top / name, summary(server()))
    assert one(tree.root).benchmark.scenario == "offline"


def test_several_runs_under_another_name(tmp_path: Path) -> None:
    put(tmp_path / "all.log", summary(offline()) + "next\n" + summary(server()))
    records, _ = converted(tmp_path)
    assert [record.benchmark.scenario for record in records] == ["offline", "server"]


DISGUISES = {
    **{name: lambda text, name=name: wrapped(text, name).encode() for name in WRAPPERS},
    **ENCODINGS,
}  # fmt: skip


@pytest.mark.parametrize("name", DISGUISES)
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_each_summary_of_the_samples_says_the_same_in_each_disguise(
    name: str, samples: Path, tmp_path: Path, every: bool
) -> None:
    texts = {path.read_bytes() for path in samples.rglob(SUMMARY)}
    kept = sorted(text for text in texts if b"MLPerf Results Summary" in text)
    assert len(kept) > 80
    path = tmp_path / SUMMARY
    for data in in_turn(kept, name, every=every):
        plain = loadgen.read_summaries(put(path, data))
        disguised = loadgen.read_summaries(
            put(path, DISGUISES[name](data.decode("utf-8", "replace")))
        )
        assert [(log.values, log.headline, log.errors) for log in disguised] == [
            (log.values, log.headline, log.errors) for log in plain
        ]


@pytest.mark.parametrize("name", DISGUISES)
def test_a_result_in_each_disguise_gives_the_same_record(name: str, tmp_path: Path) -> None:
    said = tokens()
    for folder, change in (("plain", str.encode), ("other", DISGUISES[name])):
        put(tmp_path / folder / SUMMARY, change(summary(said)))
        put(tmp_path / folder / DETAIL, change(detail(said)))
    plain, other = (one(tmp_path / folder) for folder in ("plain", "other"))
    assert other.measurements == plain.measurements
    assert other.extensions == plain.extensions


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("more", [0, 1])
def test_a_large_detail_log_of_utf_16_is_read_at_both_ends(
    encoding: str, more: int, tree: Submission
) -> None:
    folder = tree.add("resnet50", "Offline", offline())
    lines = detail(offline()).split("\n")
    log = "\n".join([*lines[:20], "x" * (300_000 + more), *lines[20:]])
    put(folder / DETAIL, log.encode(encoding))
    [record], account = converted(tree.root)
    assert own(record)["sample_count"] == 720000
    assert account.findings == []


# --- what MLCommons' automation writes beside a run ---

META = {"accelerator_model_name": "Acme GPU 40GB", "accelerators_per_node": "1", "host_processor_model_name": "Acme Core 7",
        "host_processors_per_node": "2", "number_of_nodes": "1", "system_name": "box1", "submitter": "Acme", "division": "open",
        "framework": "pytorch v2.3.0", "operating_system": "Ubuntu 22.04"}  # fmt: skip
MEASURED = {"weight_data_types": "int8", "input_data_types": "fp32", "retraining": "no", "starting_weights_filename": "net.onnx"}  # fmt: skip


@pytest.mark.parametrize(
    ("run", "beside"),
    [
        ("", ""),
        ("r50/Offline/performance/run_1", "r50/Offline/performance/run_1"),
        ("r50/Offline/performance/run_1", "r50/Offline"),
        ("r50/Offline/performance/run_1", "r50/Offline/performance"),
    ],
)
@pytest.mark.parametrize("name", [SUMMARY, DETAIL, "summary.txt"])
def test_descriptions_beside_a_run_are_used(
    run: str, beside: str, name: str, tmp_path: Path
) -> None:
    if name == "summary.txt" and run != beside:
        pytest.skip("what is not named as LoadGen names it has no folders of its own")
    root = tmp_path / "automation"
    put(root / run / name, detail(offline()) if name == DETAIL else summary(offline()))
    put(root / beside / "measurements.json", json.dumps(MEASURED))
    put(root / beside / "system_meta.json", json.dumps(META))
    records, account = converted(root)
    [record] = records
    assert record.configuration
    assert record.configuration.precision == "int8"
    assert record.system
    assert record.system.to_dict()["accelerator"] == {
        "kind": "gpu",
        "name": "Acme GPU 40GB",
        "count": 1,
    }
    assert record.system.to_dict()["processor"] == {"name": "Acme Core 7", "count": 2}
    assert record.provenance
    assert record.provenance.submitter == "Acme"
    assert account.count("supporting") == 2
    assert record.benchmark.division is None, "nobody has submitted it"


def test_descriptions_of_a_submission_come_first(tree: Submission) -> None:
    folder = tree.add("resnet50", "Offline", offline())
    put(folder / "system_meta.json", json.dumps(META))
    put(folder / "measurements.json", json.dumps({**MEASURED, "weight_data_types": "fp32"}))
    record = one(tree.root)
    assert record.system
    assert record.system.name == "Acme Box 9"
    assert record.configuration
    assert record.configuration.precision == "int8"


@pytest.mark.parametrize("name", ["measurements.json", "system_meta.json"])
def test_a_broken_description_beside_a_run_loses_no_result(name: str, tmp_path: Path) -> None:
    put(tmp_path / SUMMARY, summary(offline()))
    put(tmp_path / name, "{")
    assert primary(one(tmp_path)) == ("throughput", "mean", "sample", 1000.0)


# --- the inputs that went wrong ---


def test_inputs_that_went_wrong_once(faults: Path, tmp_path: Path) -> None:
    tools = faults / "tools"
    first, second = converted(tools / "02d_loadgen_two_results")[0]
    assert (primary(first), first.status, of(first, "completion-time")) == (
        ("throughput", "mean", "sample", 100.0),
        "ok",
        [],
    )
    assert (primary(second), second.status) == (("throughput", "mean", "sample", 400.0), "invalid")
    assert [m.value for m in of(second, "completion-time")] == [60.592566749, 6.268465782]
    silent = one(tools / "07a_loadgen_ttft_zero")
    assert primary(silent) == ("throughput", "mean", "token", 120.5)
    assert {(m.value, m.missing) for m in of(silent, "ttft")} == {(None, "not-measured")}
    assert primary(one(tools / "07b_loadgen_old_singlestream")) == (
        "latency",
        "p90",
        "query",
        0.078,
    )
    assert primary(one(tools / "05d_loadgen_summary_other_name.txt")) == (
        "throughput",
        "mean",
        "sample",
        250.0,
    )
    automated = one(tools / "09_cm_run_folder")
    assert automated.configuration
    assert automated.configuration.precision == "int8"
    assert automated.system
    assert automated.system.to_dict()["accelerator"] == {
        "kind": "gpu",
        "name": "Example GPU 80GB",
        "count": 1,
    }
    assert automated.system.to_dict()["processor"] == {"name": "Example CPU", "count": 2}
    assert automated.provenance
    assert automated.provenance.submitter == "Example"
    padded = one(faults / "mlperf" / "bf701_padded")
    assert {m.n for m in of(padded, "completion-time")} == {73728}
    convert(faults / "mlperf" / "bf701_padded").write(tmp_path / "package")
    assert validate(tmp_path / "package").findings == []


def test_the_table_of_v6_1_is_read_as_it_was(faults: Path) -> None:
    table = faults / "consumers" / "v61" / "summary.json"
    rows = list(json.loads(table.read_text()).values())
    records = list(convert(table))
    results = [primary(record) for record in records]
    assert [result and result[3] for result in results] == [row["Result"] for row in rows]
    assert {record.benchmark.suite_version for record in records} == {"v6.1"}
    units = {
        "Samples/s": "sample",
        "Queries/s": "sample",
        "Tokens/s": "token",
        "Latency (s)": "query",
    }
    assert [m.per for record in records for m in record.measurements or () if m.primary] == [units[row["Units"]] for row in rows]  # fmt: skip


def test_rounds_are_in_order() -> None:
    assert rules.ROUNDS[0] == "v0.5"
    assert set(SEEDS) <= set(rules.ROUNDS)
