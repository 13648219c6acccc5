"""MLPerf Mobile: nothing is lost, neither of the real samples nor of files that people broke.

The numbers of the samples are held against their sources, one by one, in test_mlperf_mobile_truth.py.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchfmt import Record, convert, validate
from benchfmt.converters.base import Failed, Item, Skipped, Source, Unit
from benchfmt.converters.mlperf import mobile
from benchfmt.finding import Finding

FIXTURES = Path(__file__).parents[2] / "fixtures" / "mlperf_mobile_app"
SUBMISSION = FIXTURES / "app-4.1"
PHONE = "closed/Toy_Works/results/Phone9"
SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "mlperf_mobile"
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the real samples are not here")
ANSWERS = "answers of the model; their score stands in the result file"


# --- the real samples: what is in them, and where it went ---


def results_of(path: Path) -> list[dict[str, Any]]:
    """Return the results of an app's file by `json` alone, which wants no comma before a closing bracket."""
    data = json.loads(re.sub(r",(\s*[}\]])", r"\1", path.read_text("utf-8")))
    runs = data if isinstance(data, list) else [data]
    return [result for run in runs if isinstance(run, dict) for result in run.get("results", ())]


@needs_samples
def test_the_records_are_the_results_that_json_alone_counts() -> None:
    named = [
        p
        for p in SAMPLES.rglob("*.json")
        if p.name in ("result.json", "results.json") or p.parent.name == "app"
    ]
    counted = Counter[str]()
    for path in named:
        counted[path.relative_to(SAMPLES).parts[0]] += len(results_of(path))
    assert counted == {"app": 6, "v2.1": 5, "v3.1": 6, "v4.0": 8, "v5.0": 7}
    converted = Counter[str | None]()
    for record in convert(SAMPLES):
        assert record.benchmark.suite == "mlperf-mobile"
        version = record.benchmark.suite_version
        converted["app" if version == "3.0.0" else version] += 1
    assert converted == counted


@needs_samples
def test_every_file_of_the_samples_is_accounted_for(tmp_path: Path) -> None:
    account = convert(SAMPLES).write(tmp_path / "package")
    files = account.to_dict()["files"]
    assert files == {
        "seen": sum(1 for path in SAMPLES.rglob("*") if path.is_file()),
        "primary": 5,
        "supporting": 62,
        "skipped": 12,
        "failed": 0,
    }
    aside = {
        entry.path: str(entry.reason).partition(" (")[0]
        for entry in account.files
        if entry.role == "skipped"
    }
    # The JSON Schema of the app's file, the description of the folder, and the answers of the runs.
    assert aside.pop("app/extended_result_schema.json") == "not recognised"
    assert aside.pop("SOURCES.md") in ("not recognised", "a document for people, or a program")
    assert set(aside.values()) == {ANSWERS}
    assert sorted(aside) == sorted(
        path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("mlperf_log_accuracy.json")
    )


@needs_samples
def test_what_is_found_in_the_package_is_what_the_source_says(tmp_path: Path) -> None:
    convert(SAMPLES).write(tmp_path / "package")
    found = validate(tmp_path / "package").findings
    # Two files of Qualcomm call the accelerator DSP for some benchmarks and HTP for others; the description of either
    # phone has one "Qualcomm Hexagon(TM) NPU". It may be one device, so nothing contradicts.
    assert found == []
    dsp = [
        (path.relative_to(SAMPLES).parts[0], result["benchmark_id"])
        for path in sorted(SAMPLES.rglob("result*.json"))
        for result in results_of(path)
        if result["backend_settings"]["accelerator_desc"] == "DSP"
    ]
    assert dsp == [
        ("v4.0", "natural_language_processing"),
        ("v4.0", "super_resolution"),
        ("v5.0", "natural_language_processing"),
        ("v5.0", "super_resolution"),
        ("v5.0", "stable_diffusion"),
    ]
    placed = [
        (record.benchmark.suite_version, record.benchmark.name)
        for record in convert(SAMPLES)
        if record.configuration and record.configuration.placement == ["dsp"]
    ]
    assert sorted(placed) == sorted(dsp)


@needs_samples
def test_both_rates_of_an_offline_run_stand_with_their_own_source() -> None:
    # 2 x 12360 samples were issued for 24576 that were asked for: both rates are right.
    for version, app, log in (
        ("v4.0", 1637.9186341742964, 1628.38),
        ("v5.0", 2004.622639533477, 1992.95),
    ):
        [record] = [
            r
            for r in convert(SAMPLES / version)
            if r.benchmark.name == "image_classification_offline_v2"
            and r.benchmark.scenario == "offline"
        ]
        rates = {m.per: m for m in record.measurements or () if m.metric == "throughput"}
        assert (rates["issued-sample"].value, rates["sample"].value) == (app, log)
        assert rates["issued-sample"].primary and rates["issued-sample"].source_path is None
        assert str(rates["sample"].source_path).endswith("mlperf_log_detail.txt")
        assert app * 24576 / 24720 == pytest.approx(log, rel=1e-5)


# --- files that people broke ---


def items(path: Path) -> list[Item]:
    units = [unit for unit in mobile.plan(Source(path), {}) if isinstance(unit, Unit)]
    return [item for unit in units for item in mobile.read(unit)]


def of(found: list[Item], kind: type) -> list[Any]:
    return [item for item in found if isinstance(item, kind)]


def entry(**changes: Any) -> dict[str, Any]:
    """Return a good result, with changes."""
    return {
        "benchmark_id": "image_classification_v2",
        "loadgen_scenario": "SingleStream",
        "backend_settings": {"accelerator_code": "npu", "accelerator_desc": "NPU", "batch_size": 0},
        "performance_run": performance(),
        "accuracy_run": {"accuracy": {"normalized": 0.8214, "formatted": "82.14%"}},
        **changes,
    }


def performance(**changes: Any) -> dict[str, Any]:
    good = {"query_count": 4, "latency_mean": 0.0025, "latency90": 0.004, "is_result_valid": True}
    return {
        "throughput": {"value": 250.0},
        "measured_duration": 60.5,
        "start_datetime": "2025-02-03T10:00:00",
        "loadgen": {**good, **changes.pop("loadgen", {})},
        **changes,
    }


def app_file(folder: Path, *results: Any) -> Path:
    path = folder / "result.json"
    path.write_text(json.dumps({"meta": {"uuid": "u"}, "results": list(results)}), "utf-8")
    return path


def extensions(record: Record) -> dict[str, Any]:
    assert record.extensions
    return dict(record.extensions["mlperf"])


def test_a_good_result_is_whole_and_has_no_batch_size(tmp_path: Path) -> None:
    found = items(app_file(tmp_path, entry()))
    [record] = of(found, Record)
    assert (record.status, found) == ("ok", [record])
    assert record.configuration and record.configuration.batch_size is None  # 0: not set
    assert [(m.metric, m.statistic, m.value) for m in record.measurements or ()] == [
        ("throughput", "inverse-p90", 250.0),
        ("accuracy", "pooled", 0.8214),
        ("duration", "single", 60.5),
        ("latency", "mean", 0.0025),
        ("latency", "p90", 0.004),
    ]


@pytest.mark.parametrize(
    ("run", "place", "kept"),
    [
        (performance(loadgen={"latency90": "fast"}), "performance_run.loadgen.latency90", "fast"),
        (
            performance(loadgen={"latency_mean": [1, 2]}),
            "performance_run.loadgen.latency_mean",
            [1, 2],
        ),
        (performance(loadgen={"query_count": True}), "performance_run.loadgen.query_count", True),
        (
            performance(measured_duration="a minute"),
            "performance_run.measured_duration",
            "a minute",
        ),
        (performance(start_datetime="03.02.2025"), "performance_run.start_datetime", "03.02.2025"),
        (performance(accuracy="none"), "performance_run.accuracy", "none"),
        (performance(loadgen_info=7), "performance_run.loadgen_info", 7),
    ],
)
def test_what_is_not_as_the_app_writes_it_is_told_and_kept(
    run: dict[str, Any], place: str, kept: Any, tmp_path: Path
) -> None:
    found = items(app_file(tmp_path, entry(performance_run=run)))
    [record], [finding] = of(found, Record), of(found, Finding)
    assert extensions(record)["unread"] == {place: kept}
    assert (finding.code, finding.path) == ("BF706", "result.json")
    assert finding.message.startswith(
        f"{place} is not what the app writes there: it stays in the extensions"
    )
    assert record.status == "ok"


def test_a_rate_that_is_no_number_is_missing_and_its_text_is_kept(tmp_path: Path) -> None:
    found = items(
        app_file(tmp_path, entry(performance_run=performance(throughput={"value": "fast"})))
    )
    [record] = of(found, Record)
    [rate] = [m for m in record.measurements or () if m.metric == "throughput"]
    assert (rate.missing, rate.reported_value, record.status) == (
        "not-numeric",
        "fast",
        "incomplete",
    )
    assert {m.metric for m in record.measurements or () if m.value is not None} == {
        "accuracy",
        "duration",
        "latency",
    }


@pytest.mark.parametrize(
    "accuracy",
    [
        {"normalized": 0.8214},
        {"normalized": 0.8214, "formatted": None},
        {"normalized": 1, "formatted": 82},
    ],
)
def test_an_accuracy_without_its_text_has_no_unit(accuracy: dict[str, Any], tmp_path: Path) -> None:
    found = items(app_file(tmp_path, entry(accuracy_run={"accuracy": accuracy})))
    [record], [finding] = of(found, Record), of(found, Finding)
    assert not [m for m in record.measurements or () if m.metric == "accuracy"]
    assert extensions(record)["accuracy"] == {
        key: value for key, value in accuracy.items() if value is not None
    }
    assert (
        finding.message
        == "an accuracy without the text that alone says its unit: it stays in the extensions"
    )


def test_an_accuracy_that_is_no_object_is_kept(tmp_path: Path) -> None:
    [record] = of(items(app_file(tmp_path, entry(accuracy_run={"accuracy": 0.82}))), Record)
    assert extensions(record)["unread"] == {"accuracy_run.accuracy": 0.82}


@pytest.mark.parametrize(
    ("changes", "status", "metrics"),
    [
        ({"accuracy_run": None}, "ok", {"throughput", "latency", "duration"}),
        ({"performance_run": None}, "incomplete", {"accuracy"}),
        (
            {"performance_run": performance(throughput=None)},
            "incomplete",
            {"accuracy", "latency", "duration"},
        ),
        (
            {"performance_run": performance(loadgen={"is_result_valid": False})},
            "invalid",
            {"throughput", "accuracy", "latency", "duration"},
        ),
    ],
)
def test_a_result_of_which_a_part_is_missing(
    changes: dict[str, Any], status: str, metrics: set[str], tmp_path: Path
) -> None:
    [record] = of(items(app_file(tmp_path, entry(**changes))), Record)
    assert (record.status, {m.metric for m in record.measurements or ()}) == (status, metrics)


def test_a_file_without_results_is_told_as_that(tmp_path: Path) -> None:
    app_file(tmp_path, entry())
    (tmp_path / "empty").mkdir()
    path = tmp_path / "empty" / "result.json"
    path.write_text('{"results": [], "was": [{"benchmark_id": "x", "score": "1"}]}', "utf-8")
    account = convert(tmp_path).write(tmp_path / "package")
    [told] = [e for e in account.files if e.path == "empty/result.json"]
    assert (told.role, told.reason) == ("failed", "the list of results is empty")


def test_each_run_of_a_list_that_is_none_fails_alone(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps([7, {"results": [entry()]}, {"results": "none"}, None]), "utf-8")
    found = items(path)
    assert len(of(found, Record)) == 1
    words = "not a run of the app: no list of results"
    assert [(f.row, f.error) for f in of(found, Failed)] == [(1, f"/0: {words}"), (3, f"/2: {words}"), (4, f"/3: {words}")]  # fmt: skip


def test_not_a_number_is_read_as_nothing_and_told(tmp_path: Path) -> None:
    path = app_file(
        tmp_path, entry(), entry(performance_run=performance(throughput={"value": float("nan")}))
    )
    found = items(path)
    good, bad = of(found, Record)
    assert (good.status, bad.status) == ("ok", "incomplete")
    [finding] = of(found, Finding)
    assert (finding.code, finding.message) == (
        "BF115",
        "NaN is neither JSON nor a number; read as null",
    )


@pytest.mark.parametrize("text", ["1e999", "-0", "0.0", "-3"])
def test_a_rate_that_cannot_be_is_missing_in_its_characters(text: str, tmp_path: Path) -> None:
    path = app_file(tmp_path, entry())
    path.write_text(path.read_text("utf-8").replace("250.0", text), "utf-8")
    [record] = of(items(path), Record)
    [rate] = [m for m in record.measurements or () if m.metric == "throughput"]
    assert (rate.missing, rate.reported_value) == ("invalid-in-source", text)


def test_a_key_that_stands_twice_is_told_and_the_last_one_kept(tmp_path: Path) -> None:
    path = app_file(tmp_path, entry())
    path.write_text(
        path.read_text("utf-8").replace(
            '"latency90": 0.004', '"latency90": 0.005, "latency90": 0.004'
        )
    )
    found = items(path)
    [record], [finding] = of(found, Record), of(found, Finding)
    assert [m.value for m in record.measurements or () if m.statistic == "p90"] == [0.004]
    assert (
        finding.message == "the key 'latency90' appears twice; 0.005 is lost, the last one is kept"
    )


@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
def test_two_documents_in_one_file_have_failed(between: str, tmp_path: Path) -> None:
    path = app_file(tmp_path, entry())
    text = path.read_text("utf-8")
    path.write_text(f"{text}{between}{text.replace('250.0', '350.0')}", "utf-8")
    [failed] = items(path)
    assert isinstance(failed, Failed)
    assert failed.error.startswith("two JSON documents in one file: the second begins at line ")


@pytest.mark.parametrize("key", ["performance_run", "accuracy_run", "benchmark_id"])
def test_a_result_that_holds_two_runs_has_failed(key: str, tmp_path: Path) -> None:
    path = app_file(tmp_path, entry())
    value = '"other"' if key == "benchmark_id" else '{"throughput": {"value": 350.0}}'
    path.write_text(
        path.read_text("utf-8").replace(f'"{key}":', f'"{key}": {value}, "{key}":', 1), "utf-8"
    )
    [failed] = items(path)
    assert isinstance(failed, Failed)
    assert (
        failed.error
        == f"two runs in one file: the key {key!r} appears twice in one object, with two values"
    )


def test_several_results_of_a_benchmark_give_a_record_each(tmp_path: Path) -> None:
    tree = shutil.copytree(SUBMISSION, tmp_path / "tree")
    [path] = (tree / PHONE).glob("result.json")
    data = json.loads(path.read_text("utf-8"))
    run = data[0] if isinstance(data, list) else data
    other = json.loads(
        json.dumps(
            next(e for e in run["results"] if e["benchmark_id"] == "image_classification_v2")
        )
    )
    other["performance_run"]["throughput"]["value"] = 7.5
    run["results"].append(other)
    for older in (tree / PHONE).glob("2025*.json"):
        older.unlink()
    path.write_text(json.dumps(data), "utf-8")
    found = [r for r in of(items(tree), Record) if r.benchmark.name == "image_classification_v2"]
    rates = [
        m.value
        for r in found
        for m in r.measurements or ()
        if m.metric == "throughput" and m.primary
    ]
    assert len(rates) == len(found) == 2
    assert rates[1] == 7.5
    latencies = [[m.value for m in r.measurements or () if m.statistic == "p99"] for r in found]
    assert latencies[0]
    assert not latencies[1]  # the log is of the first
    assert (
        len(
            {
                r.provenance.sources[0].locator
                for r in found
                if r.provenance and r.provenance.sources
            }
        )
        == 2
    )
    sources = [
        s.path or "" for r in found for s in (r.provenance.sources if r.provenance else None) or ()
    ]
    assert not any("-accuracy/" in path for path in sources)


@pytest.mark.parametrize(
    ("words", "metric"),
    [
        ({"loadgen": {"latency90": 0, "query_count": 5}}, "latency"),
        ({"loadgen_info": {"duration": 0}}, "duration"),
    ],
)
def test_a_zero_that_cannot_be_is_missing(
    words: dict[str, Any], metric: str, tmp_path: Path
) -> None:
    [record] = of(items(app_file(tmp_path, entry(performance_run=performance(**words)))), Record)
    zeros = [m for m in record.measurements or () if m.metric == metric and m.reported_value == "0"]
    assert [(m.value, m.missing) for m in zeros] == [(None, "below-resolution")]


@pytest.mark.parametrize("division", ["closed", "open"])
def test_the_model_of_the_suite_is_that_of_the_closed_division(
    division: str, tmp_path: Path
) -> None:
    tree = shutil.copytree(SUBMISSION, tmp_path / "tree")
    (tree / "closed").rename(tree / division)
    found = of(items(tree), Record)
    assert found
    known = [bool(r.model and r.model.name) for r in found]
    shaped = [bool(r.configuration and r.configuration.input_shape) for r in found]
    assert any(known) == any(shaped) == (division == "closed")
    assert any(r.task for r in found)


def test_a_result_file_that_is_cut_leaves_its_logs(tmp_path: Path) -> None:
    tree = shutil.copytree(SUBMISSION, tmp_path / "tree")
    for path in (tree / PHONE).glob("*.json"):
        path.write_bytes(path.read_bytes()[:5000])
    found = items(tree)
    [failed] = of(found, Failed)
    assert failed.error.startswith("not JSON: ")
    logs = {
        path.parent.name.removesuffix("-performance")
        for path in (tree / PHONE).rglob("*performance/*detail.txt")
    }
    assert {record.benchmark.name for record in of(found, Record)} == logs
    assert len(logs) == 5
    account = convert(tree).write(tmp_path / "package")
    told = account.to_dict()["files"]
    assert told["seen"] == told["primary"] + told["supporting"] + told["skipped"] + told["failed"]
    assert (told["failed"], account.to_dict()["records"]) == (1, 5)


def test_accuracy_logs_alone_hold_no_result(tmp_path: Path) -> None:
    shutil.copytree(
        FIXTURES / "logs-only", tmp_path / "tree", ignore=shutil.ignore_patterns("log_performance")
    )
    account = convert(tmp_path / "tree").write(tmp_path / "package")
    told = account.to_dict()
    assert (told["records"], told["files"]["seen"], told["files"]["failed"]) == (0, 3, 0)
    assert "log of an accuracy run, which has no speed" in {entry.reason for entry in account.files}


def test_a_log_that_no_record_can_hold_fails_alone(tmp_path: Path) -> None:
    tree = shutil.copytree(SUBMISSION, tmp_path / "tree")
    for path in (tree / PHONE).glob("*.json"):
        path.unlink()  # the logs are left, and one description with half a character
    [described] = (tree / "closed/Toy_Works/measurements").rglob("stableDiffusion/*/*.json")
    described.write_text('{"retraining": "\\ud800"}', "utf-8")
    found = items(tree)
    [failed] = of(found, Failed)
    assert (failed.path.parent.name, failed.row) == ("stable_diffusion-performance", 1)
    assert failed.error.startswith("not a result: extensions.mlperf: text holds half a character")
    assert len(of(found, Record)) == 4


def test_an_old_app_that_says_too_little_is_not_called_valid(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    whole = {
        "benchmark_id": "OD_uint8",
        "score": "24.25",
        "min_samples": "1024",
        "num_samples": "1024",
    }
    short = {**whole, "num_samples": "730", "min_duration": "60000", "duration": "30000"}
    path.write_text(
        json.dumps([whole, short, {"benchmark_id": "OD_uint8", "score": "24.25"}]), "utf-8"
    )
    assert [(r.status, r.status_detail) for r in of(items(path), Record)] == [
        ("ok", None),
        ("invalid", "730 of at least 1024 samples; 30000 of at least 60000 ms"),
        ("incomplete", "nothing says whether the run is valid"),
    ]


def test_damaged_files_end_as_items_and_never_as_exceptions(tmp_path: Path) -> None:
    chance = random.Random(4)  # noqa: S311 - the same damage each time
    bits = [
        b"",
        b"\0",
        b"9e9",
        b"-",
        b'"',
        b"\\ud800",
        b"]",
        b"\xff",
        b"{}",
        b"null",
        b"NaN",
        b"1e400",
    ]
    seen = Counter[str]()
    for round_of in range(25):
        root = shutil.copytree(FIXTURES, tmp_path / str(round_of))
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            data = bytearray(path.read_bytes())
            for _ in range(chance.randrange(4)):
                start = chance.randrange(len(data) or 1)
                data[start : start + chance.randrange(9)] = chance.choice(bits)
            path.write_bytes(
                bytes(
                    data[: chance.choice([len(data), len(data), chance.randrange(len(data) + 1)])]
                )
            )
        for unit in mobile.plan(Source(root), {}):
            if isinstance(unit, Unit):
                found = list(mobile.read(unit))
                assert found, unit.path
                seen.update(type(item).__name__ for item in found)
    assert set(seen) == {t.__name__ for t in (Record, Failed, Finding, Skipped)}


@pytest.mark.parametrize(("division", "own"), [("open", False), ("closed", True)])
def test_an_open_result_may_be_of_another_model(division: str, own: bool, tmp_path: Path) -> None:
    folder = tmp_path / division / "Acme" / "results" / "phone"
    folder.mkdir(parents=True)
    app_file(folder, entry())
    [record] = of(items(tmp_path), Record)
    assert (record.benchmark.division, record.task) == (division, "image-classification")
    assert (record.model is not None) == own
    assert (record.configuration.input_shape if record.configuration else None) == (
        [384, 384] if own else None
    )
