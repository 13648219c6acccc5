"""BF7xx on MLPerf: a failing case compared to the whole finding, a passing twin, all forms, and records far apart."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.forms import codes, describe, flatten, taking_turns, write

from benchfmt.checks import published as published_runs
from benchfmt.checks.catalogue import RULE_SETS, page
from benchfmt.finding import Finding, Severity
from benchfmt.limits import Limits
from benchfmt.validation import Report, validate, validate_all
from benchfmt.validation.forms import documents, json_portion, package

FILE = "record.json"
FORMS = ("csv", "parquet")
E, W = Severity.ERROR, Severity.WARNING
SEEDS = {
    "qsl_rng_seed": "3066443479025735752",
    "sample_index_rng_seed": "10688027786191513374",
    "schedule_rng_seed": "14962580496156340209",
}
RATE = {
    "metric": "throughput",
    "statistic": "mean",
    "stage": "whole-run",
    "per": "sample",
    "value": 45.1334,
    "unit": "/s",
    "basis": "measured",
    "primary": True,
    "reported_value": "45.1334",
    "reported_unit": "/s",
}
END = {
    "metric": "completion-time",
    "statistic": "max",
    "stage": "request",
    "per": "query",
    "value": 888.565000351,
    "unit": "s",
    "basis": "measured",
    "reported_value": "888565000351",
    "reported_unit": "ns",
}
RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "id": "r1",
    "benchmark": {
        "suite": "mlperf-inference",
        "suite_version": "v4.1",
        "name": "resnet50",
        "division": "closed",
        "scenario": "offline",
    },
    "measurements": [RATE],
    "status": "ok",
    "extensions": {"mlperf": {"sample_count": 40104, "seeds": SEEDS}},
}
OPEN_HINT = "write division open or status invalid, if the target and the value are right"
COUNT_HINT = (
    "extensions.mlperf.sample_count is the number of samples that ran, not the one asked for"
)
BASIS_HINT = "keep the number as it was published, and compare by the record of the run's files"


def measured(metric: str, value: float, unit: str = "s", **more: Any) -> dict[str, Any]:
    return {"metric": metric, "value": value, "unit": unit, "basis": "measured", **more}


def of_query(statistic: str, value: float, **more: Any) -> dict[str, Any]:
    return measured("latency", value, statistic=statistic, stage="request", per="query", **more)


def window(seconds: float) -> dict[str, Any]:
    return measured("duration", seconds, statistic="single", stage="issue-window")


POWER = measured("power", 14.96, "W", statistic="mean", stage="issue-window", scope="wall")
ACCURACY = measured("accuracy", 0.75694, "1", statistic="pooled", target_min=0.756954)


def record(
    *measurements: dict[str, Any], own: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """Return the record with other measurements, own values, and members of `benchmark` or its top."""
    changed = copy.deepcopy(RECORD)
    changed["measurements"] = list(measurements) or [RATE]
    changed["extensions"]["mlperf"].update(own or {})
    for name, value in changes.items():
        if name in ("status", "id", "provenance"):
            changed[name] = value
        else:
            changed["benchmark"][name] = value
    return changed


@dataclass(frozen=True)
class Case:
    failing: dict[str, Any]
    finding: Finding
    passing: dict[str, Any]


# fmt: off
CASES = [
    Case(
        record(RATE, END, own={"sample_count": 28802}),
        Finding("BF701", E, FILE, 1, None, "measurements.0.value", "45.1334 /s over 888.565000351 s makes 40104 samples; the run had 28802", "45.1334", COUNT_HINT, "r1"),
        record(RATE, END),
    ),
    Case(  # within 0.2 %, and not
        record(RATE, END, own={"sample_count": 40023}),
        Finding("BF701", E, FILE, 1, None, "measurements.0.value", "45.1334 /s over 888.565000351 s makes 40104 samples; the run had 40023", "45.1334", COUNT_HINT, "r1"),
        record(RATE, END, own={"sample_count": 40024}),
    ),
    Case(
        record(of_query("p99-es", 0.0296, primary=True), of_query("p99", 0.0297), scenario="multi-stream"),
        Finding("BF701", E, FILE, 1, None, "measurements.0.value", "latency: the early-stopping estimate p99-es is 0.0296, below p99 with 0.0297", "0.0296", "are the two exchanged? take both from one log", "r1"),
        record(of_query("p99-es", 0.0297, primary=True), of_query("p99", 0.0297), scenario="multi-stream"),
    ),
    Case(  # what was printed with fewer digits may be half a digit lower
        record(of_query("p99-es", 0.02969, primary=True, reported_value="29.69", reported_unit="ms"), of_query("p99", 0.029696, reported_value="29696000", reported_unit="ns"), scenario="multi-stream"),
        Finding("BF701", E, FILE, 1, None, "measurements.0.value", "latency: the early-stopping estimate p99-es is 0.02969, below p99 with 0.029696", "0.02969", "are the two exchanged? take both from one log", "r1"),
        record(of_query("p99-es", 0.02969, primary=True, reported_value="29.69", reported_unit="ms"), of_query("p99", 0.029694, reported_value="29694000", reported_unit="ns"), scenario="multi-stream"),
    ),
    Case(
        record(RATE, ACCURACY),
        Finding("BF702", E, FILE, 1, None, "measurements.1.value", "accuracy 0.75694 is below the target 0.756954, which a result of the closed division reaches", "0.75694", OPEN_HINT, "r1"),
        record(RATE, ACCURACY, division="open"),
    ),
    Case(
        record(RATE, measured("fid", 23.96, "1", statistic="pooled", target_min=23.01, target_max=23.95), division="network"),
        Finding("BF702", E, FILE, 1, None, "measurements.1.value", "fid 23.96 is above the target 23.95, which a result of the network division reaches", "23.96", OPEN_HINT, "r1"),
        record(RATE, measured("fid", 23.95, "1", statistic="pooled", target_min=23.01, target_max=23.95), division="network"),
    ),
    Case(  # a published number is held to its target too
        record({**RATE, "basis": "published"}, {**ACCURACY, "basis": "published"}),
        Finding("BF702", E, FILE, 1, None, "measurements.1.value", "accuracy 0.75694 is below the target 0.756954, which a result of the closed division reaches", "0.75694", OPEN_HINT, "r1"),
        record({**RATE, "basis": "published"}, {**ACCURACY, "basis": "published"}, status="invalid"),
    ),
    Case(
        record(suite_version="v5.0"),
        Finding("BF703", E, FILE, 1, None, "benchmark.suite_version", "qsl_rng_seed 3066443479025735752 is not that of v5.0, 6023615788873153749; v4.1 has these seeds", "v5.0", "write suite_version v4.1, if the seeds are those of the run", "r1"),
        record(),
    ),
    Case(
        record(own={"seeds": {**SEEDS, "schedule_rng_seed": "42"}}),
        Finding("BF703", E, FILE, 1, None, "benchmark.suite_version", "schedule_rng_seed 42 is not that of v4.1, 14962580496156340209; no version that is known has these seeds", "v4.1", "look the seeds up in the log of the run; another run or round?", "r1"),
        record(own={"seeds": {"schedule_rng_seed": SEEDS["schedule_rng_seed"]}}),
    ),
    Case(  # a thousandth is let pass
        record(RATE, window(599.3), POWER),
        Finding("BF704", W, FILE, 1, None, "measurements.1.value", "power was measured over 599.3 s; a run of mlperf-inference takes 600 s at least", "599.3", "is the time in another unit, or the window that of another run? else measure again", "r1"),
        record(RATE, window(599.5), POWER),
    ),
]
# fmt: on
NAMES = [f"{case.finding.code}-{number}" for number, case in enumerate(CASES)]
cases = pytest.mark.parametrize("case", CASES, ids=NAMES)


def of_records(tmp_path: Path, *records: Any) -> list[Finding]:
    path = tmp_path / FILE
    path.write_text(json.dumps(records[0] if len(records) == 1 else records), "utf-8")
    return validate(path).findings


def written(tmp_path: Path, record: dict[str, Any]) -> Path:
    path = tmp_path / FILE
    path.write_text(json.dumps(record), "utf-8")
    return path


def of_package(tmp_path: Path, form: str, *records: Any) -> list[Finding]:
    return validate(write(tmp_path / form, flatten(list(records)), form)).findings


@cases
def test_a_fault_is_found_as_this_finding_alone(case: Case, tmp_path: Path) -> None:
    assert of_records(tmp_path, case.failing) == [case.finding]


@cases
def test_its_passing_twin_has_no_finding(case: Case, tmp_path: Path) -> None:
    assert of_records(tmp_path, case.passing) == []


@pytest.mark.parametrize("form", FORMS)
@cases
def test_a_package_gives_the_same_words_at_the_cell(case: Case, form: str, tmp_path: Path) -> None:
    told = case.finding
    place = str(told.field).split(".")
    table = "measurements" if place[0] == "measurements" else "records"
    row = int(place[1]) + 1 if table == "measurements" else 1
    wanted = Finding(
        told.code, told.severity, f"{table}.{form}", row, place[-1],
        ".".join(part for part in place if not part.isdigit()), told.message, told.value, told.hint, told.record,
    )  # fmt: skip
    assert of_package(tmp_path / "failing", form, case.failing) == [wanted]
    assert of_package(tmp_path / "passing", form, case.passing) == []


@cases
def test_records_of_another_suite_keep_other_rules(case: Case, tmp_path: Path) -> None:
    other = copy.deepcopy(case.failing)
    other["benchmark"]["suite"] = "aibench-training"
    # That a target is missed is of note in any suite.
    assert {finding.code for finding in of_records(tmp_path, other)} <= {"BF440"}


def test_all_codes_are_of_every_rule_set() -> None:
    for rules in RULE_SETS.values():
        assert {"BF701", "BF702", "BF703", "BF704", "BF705"} <= rules.codes


# --- what follows from another fault, and what nobody said, is no fault ---

ECHOES = {
    "a rate not as reported": (record({**RATE, "value": 46.0}, END), "BF405"),
    "a greatest time below the least": (
        record(
            RATE, END, {**END, "statistic": "min", "value": 900, "reported_value": "900000000000"}
        ),
        "BF403",
    ),
    "percentiles out of order": (
        record(
            of_query("p99-es", 0.029),
            of_query("p90", 0.031),
            of_query("p99", 0.03),
            scenario="multi-stream",
        ),
        "BF404",
    ),
    "a percent": (record(RATE, {**ACCURACY, "value": 75.694, "target_max": 0.8}), "BF301"),
    "a range that is reversed": (record(RATE, {**ACCURACY, "target_max": 0.7}), "BF409"),
    "seeds of a wrong type": (
        record(own={"seeds": {**SEEDS, "qsl_rng_seed": 3066443479025735752}}),
        "BF106",
    ),
}


@pytest.mark.parametrize("name", ECHOES)
@pytest.mark.parametrize("form", ["json", *FORMS])
def test_a_fault_has_no_echo(name: str, form: str, tmp_path: Path) -> None:
    faulty, code = ECHOES[name]
    found = of_records(tmp_path, faulty) if form == "json" else of_package(tmp_path, form, faulty)
    assert {finding.code for finding in found} - {"BF509", "BF519"} == {code}


UNSAID = {
    "no count": record(RATE, END, own={"sample_count": "many"}),
    "a count that is no integer": record(RATE, END, own={"sample_count": 28802.5}),
    "another scenario": record(RATE, own={"sample_count": 28802}, scenario="server"),
    "a rate per token": record({**RATE, "per": "token"}, END, own={"sample_count": 28802}),
    "a rate of an inferred result": record(
        {**RATE, "stage": "request"}, END, own={"sample_count": 28802}
    ),
    "a time of something else": record(
        RATE, {**END, "scope": "node:1"}, own={"sample_count": 28802}
    ),
    "an estimate of other queries": record(
        of_query("p99-es", 0.029, primary=True),
        {**of_query("p99", 0.03), "per": "sample"},
        scenario="multi-stream",
    ),
    "an estimate of tokens": record(
        of_query("p90-es", 1.397965104, primary=True),
        of_query("p90", 4.145546277),
        scenario="single-stream",
    ),
    "no value": record(
        RATE,
        {
            "metric": "accuracy",
            "statistic": "pooled",
            "missing": "not-reported",
            "unit": "1",
            "target_min": 0.76,
        },
    ),
    "an unknown round": record(suite_version="v99"),
    "seeds without their round": record(own={"seeds": {"accuracy_log_rng_seed": "0"}}),
    "seeds that are no object": record(own={"seeds": ["1", "2", "3"]}),
    "a window without power": record(RATE, window(60.0)),
    "power of the chip alone": record(RATE, window(60.0), {**POWER, "scope": "accelerator"}),
    "an invalid short run": record(RATE, window(60.0), POWER, status="invalid"),
}


@pytest.mark.parametrize(("name", "form"), taking_turns(UNSAID, ["json", *FORMS]))
def test_what_is_not_said_is_not_judged(name: str, form: str, tmp_path: Path) -> None:
    said = UNSAID[name]
    assert (
        of_records(tmp_path, said) if form == "json" else of_package(tmp_path, form, said)
    ) == []


def test_many_sets_of_seeds_are_judged_at_once(tmp_path: Path) -> None:
    records = [record(id=f"r{n}", own={"seeds": {"qsl_rng_seed": str(n)}}) for n in range(1_000)]
    report = validate(
        write(tmp_path / "package", flatten(records), "parquet"), limits=Limits(findings_per_code=3)
    )
    assert [finding.row for finding in report.findings] == [1, 2, 3]
    assert report.more == {"BF703": 997}


# --- BF705: two records of one run ---

RUN = {"execution": "v5.1/closed/Lab/results/node/whisper/Offline"}
TOKENS = {**RATE, "per": "token", "value": 43164.3, "reported_value": "43164.3"}
SAMPLES = {**RATE, "value": 680.194, "reported_value": "680.194", "primary": False}
LOG = record(TOKENS, SAMPLES, suite_version="v5.1", id="log", provenance=RUN, own={"seeds": {}})


def table(*measurements: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the record of a published table, of the run of `LOG`."""
    published = [{**item, "basis": "published"} for item in measurements]
    said = {
        "suite_version": "v5.1",
        "id": "table",
        "provenance": RUN,
        "own": {"seeds": {}},
    } | changes
    return record(*published, **said)


NAME = "throughput/mean/whole-run"
WHISPER = (
    f"the published {NAME}/sample of table is 43164.3 /s, the {NAME}/token of log, 43164.3 /s; "
    f"its {NAME}/sample is 680.194 /s"
)
AS_SAMPLES = {**TOKENS, "per": "sample"}
PUBLISHED_WATTS = "the published power/mean/issue-window/wall of table is 14.96 W"
WATTS = {**POWER, "primary": True}
DISAGREE = {
    "tokens as samples": (table(AS_SAMPLES), WHISPER, "43164.3"),
    "another value": (
        table({**TOKENS, "value": 43000.0, "reported_value": "43000.0"}),
        f"the published {NAME}/token of table is 43000 /s; that of log is 43164.3 /s",
        "43000",
    ),
    "another headline": (
        table({**SAMPLES, "primary": True}),
        f"the published {NAME}/sample of table is 680.194 /s; the headline number of log is {NAME}/token, 43164.3 /s",
        "680.194",
    ),
    "watts for a rate": (
        table(WATTS),
        f"{PUBLISHED_WATTS}; the headline number of log is {NAME}/token, 43164.3 /s",
        "14.96",
    ),
}
AGREE = {
    "the same": table(TOKENS),
    "within 0.2 %": table({**TOKENS, "value": 43250.0, "reported_value": "43250"}),
    "half a digit": table(
        TOKENS, {**SAMPLES, "value": 700, "reported_value": "7", "reported_unit": "/cs"}
    ),
    "another run": table(
        AS_SAMPLES, provenance={"execution": "v5.1/closed/Lab/results/other/whisper/Offline"}
    ),
    "no run": table(AS_SAMPLES, provenance={"submitter": "Lab"}),
    "another suite": table(AS_SAMPLES, suite="mlperf-mobile"),
    "computed too": record(AS_SAMPLES, id="table", provenance=RUN, own={"seeds": {}}),
    "what the log lacks": table(TOKENS, POWER),
}


def both(tmp_path: Path, form: str, *records: Any) -> list[Finding]:
    return (
        of_records(tmp_path, *records) if form == "json" else of_package(tmp_path, form, *records)
    )


@pytest.mark.parametrize("first", ["log", "table"])
@pytest.mark.parametrize(("name", "form"), taking_turns(DISAGREE, ["json", *FORMS]))
def test_bf705_stands_at_the_published_number(
    name: str, first: str, form: str, tmp_path: Path
) -> None:
    published, message, value = DISAGREE[name]
    records = [LOG, published] if first == "log" else [published, LOG]
    at = records.index(published)
    place = (
        (FILE, at + 1, None, "measurements.0.value")
        if form == "json"
        else (f"measurements.{form}", 1 + 2 * at, "value", "measurements.value")
    )
    assert both(tmp_path, form, *records) == [
        Finding("BF705", W, *place, message, value, BASIS_HINT, "table")
    ]


@pytest.mark.parametrize(("name", "form"), taking_turns(AGREE, ["json", *FORMS]))
def test_its_twins_agree(name: str, form: str, tmp_path: Path) -> None:
    assert both(tmp_path, form, LOG, AGREE[name]) == []


def test_a_published_number_at_fault_is_not_compared(tmp_path: Path) -> None:
    faulty = table({**TOKENS, "value": 43000.0})
    assert [finding.code for finding in of_records(tmp_path, LOG, faulty)] == ["BF405"]


@pytest.mark.parametrize(("size", "form"), taking_turns([1, 2, 3, 1_000], ["jsonl", *FORMS]))
def test_batches_do_not_matter(
    size: int, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "_measurements_at_once", lambda *_: size)
    monkeypatch.setattr(documents, "_AT_ONCE", size)
    monkeypatch.setattr(json_portion, "_RECORDS", size)
    records = []
    for number in range(6):
        run = {"execution": f"v5.1/closed/Lab/results/node{number}/whisper/Offline"}
        records.append({**LOG, "id": f"log{number}", "provenance": run})
        records.insert(number // 2, table(AS_SAMPLES, id=f"table{number}", provenance=run))
    wanted = {
        f"table{n}": WHISPER.replace("table", f"table{n}").replace("log", f"log{n}")
        for n in range(6)
    }
    if form == "jsonl":
        path = tmp_path / "records.jsonl"
        path.write_text("".join(json.dumps(item) + "\n" for item in records), "utf-8")
        found = validate(path).findings
        assert {f.record: f.row for f in found} == {
            r["id"]: n for n, r in enumerate(records, 1) if r["id"] in wanted
        }
    else:
        found = of_package(tmp_path, form, *records)
    assert {finding.record: finding.message for finding in found} == wanted
    assert len(found) == len(wanted)


def test_several_published_records_of_a_run_are_each_told_once(tmp_path: Path) -> None:
    twice = [table(AS_SAMPLES), table(AS_SAMPLES, id="other"), {**LOG, "id": "again"}]
    found = of_records(tmp_path, LOG, *twice)
    assert [(finding.row, finding.record) for finding in found] == [(2, "table"), (3, "other")]
    assert all("log" in finding.message for finding in found)


def test_two_files_are_judged_apart(tmp_path: Path) -> None:
    for name, item in (("log", LOG), ("table", table(AS_SAMPLES))):
        (tmp_path / f"{name}.json").write_text(json.dumps(item), "utf-8")
    reports = validate_all([tmp_path / "log.json", tmp_path / "table.json"])
    assert [report.findings for report in reports] == [[], []]


def test_findings_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    records = [LOG, *(table(AS_SAMPLES, id=f"table{n}") for n in range(5))]
    report = validate(
        write(tmp_path / "package", flatten(records), "csv"), limits=Limits(findings_per_code=2)
    )
    assert [finding.record for finding in report.findings] == ["table0", "table1"]
    assert report.more == {"BF705": 3}


EXAMPLE = re.compile(r"^## (Fails|Passes)\n+```text\n(.*?)```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("which", "wanted"), [("Fails", {"BF705"}), ("Passes", set())])
def test_the_examples_of_its_page_do_what_they_say(
    which: str, wanted: set[str], tmp_path: Path
) -> None:
    text = dict(EXAMPLE.findall(page("BF705")))[which]
    parts = re.findall(r"^(\w+\.csv):\n(.*?)(?:\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    for name, rows in parts:
        (tmp_path / name).write_text(rows.strip() + "\n", "utf-8", newline="")
    place = describe(tmp_path, [{"name": Path(name).stem, "path": name} for name, _ in parts])
    report = validate(place)
    assert (codes(report), report.records) == (wanted, 2)


# --- BF706: a result of a submission is whole ---


@pytest.mark.parametrize("form", ["json", *FORMS])
def test_bf706_a_valid_result_says_its_quality(form: str, tmp_path: Path) -> None:
    place = (
        written(tmp_path, record(RATE))
        if form == "json"
        else write(tmp_path / form, flatten([record(RATE)]), form)
    )
    told = [
        finding for finding in validate(place, "submission").findings if finding.code == "BF706"
    ]
    assert [finding.message for finding in told] == [
        "a valid result says nothing of its quality: speed without accuracy means nothing"
    ]
    assert told[0].severity is W
    assert told[0].record == "r1"
    assert "BF706" not in {finding.code for finding in validate(place).findings}


@pytest.mark.parametrize(
    "passing",
    [
        record(RATE, ACCURACY),
        record(RATE, {"metric": "accuracy", "statistic": "pooled", "missing": "not-measured"}),
        record({**RATE, "basis": "measured"}, status="invalid"),
    ],
    ids=["said", "missing with a reason", "invalid"],
)
def test_bf706_passes(passing: dict[str, Any], tmp_path: Path) -> None:
    assert "BF706" not in {
        finding.code for finding in validate(written(tmp_path, passing), "submission").findings
    }


# --- BF707: enough runs ---


def test_bf707_a_score_of_too_few_runs(tmp_path: Path) -> None:
    examples = dict(re.findall(r"## (Fails|Passes)\n+```json\n(.*?)```", page("BF707"), re.DOTALL))
    few = json.loads(examples["Fails"])
    assert [(f.code, f.message, f.value) for f in of_records(tmp_path, few)] == [
        ("BF707", "the score is of 3 runs; its rules ask for 5", "3")
    ]
    assert of_records(tmp_path, {**few, "status": "incomplete"}) == []
    assert of_records(tmp_path, json.loads(examples["Passes"])) == []


# --- BF708: valid runs ---


def of_page(title: str) -> dict[str, Any]:
    return json.loads(
        dict(re.findall(r"## (Fails|Passes)\n+```json\n(.*?)```", page("BF708"), re.DOTALL))[title]
    )


@pytest.mark.parametrize("form", ["json", *FORMS])
def test_bf708_an_invalid_run_in_a_division(form: str, tmp_path: Path) -> None:
    invalid = {**of_page("Fails"), "id": "r1"}
    where = (
        written(tmp_path, invalid)
        if form == "json"
        else write(tmp_path / form, flatten([invalid]), form)
    )
    place = (
        (FILE, 1, None, "status") if form == "json" else (f"records.{form}", 1, "status", "status")
    )
    message = "an invalid run stands in the division closed: LoadGen: the minimum duration is not satisfied"
    hint = "submit a valid run; an invalid one may be kept, but is not compared with others"
    assert validate(where, "submission").findings == [
        Finding("BF708", W, *place, message, "invalid", hint, "r1")
    ]
    assert validate(where).findings == []


@pytest.mark.parametrize("what", ["valid", "no division"])
def test_bf708_passes(what: str, tmp_path: Path) -> None:
    passing = of_page("Passes" if what == "valid" else "Fails")
    if what == "no division":
        del passing["benchmark"]["division"]
    assert validate(written(tmp_path, passing), "submission").findings == []


# --- BF706: what says the quality by itself ---


@pytest.mark.parametrize(
    ("measurement", "told"),
    [
        (
            {
                "metric": "time-to-train",
                "statistic": "olympic-mean",
                "per": "run",
                "value": 804.5,
                "unit": "s",
            },
            False,
        ),
        (
            {
                "metric": "throughput",
                "statistic": "mean",
                "per": "model",
                "value": 0.01,
                "unit": "/s",
            },
            False,
        ),
        (
            {"metric": "mlperf:vbench-score", "statistic": "pooled", "value": 0.7, "unit": "1"},
            False,
        ),
        ({"metric": "mlperf:number-of-models", "value": 32, "unit": "1"}, True),
        (
            {
                "metric": "throughput",
                "statistic": "mean",
                "per": "sample",
                "value": 9.0,
                "unit": "/s",
            },
            True,
        ),
    ],
    ids=[
        "time to train",
        "models trained",
        "a quality of the suite",
        "a count of the suite",
        "a rate",
    ],
)
def test_what_says_its_quality_by_itself(
    measurement: dict[str, Any], told: bool, tmp_path: Path
) -> None:
    made = {**RECORD, "measurements": [{**measurement, "basis": "derived", "primary": True}]}
    made["benchmark"] = {"suite": "mlperf-training", "name": "resnet", "division": "closed"}
    codes = {finding.code for finding in validate(written(tmp_path, made), "submission").findings}
    assert ("BF706" in codes) is told


@pytest.mark.parametrize(
    ("limit", "most"), [("MOST_KNOWN", 7), ("MOST_PUBLISHED", 2), ("MOST_BYTES", 400)]
)
def test_runs_that_are_not_remembered_are_told(
    limit: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_AT_ONCE", 2)
    monkeypatch.setattr(json_portion, "_RECORDS", 2)
    monkeypatch.setattr(published_runs, limit, most)
    logs, tables = [], []
    for number in range(6):
        run = {"execution": f"v5.1/closed/Lab/results/node{number}/whisper/Offline"}
        logs.append({**LOG, "id": f"log{number}", "provenance": run})
        tables.append(table(AS_SAMPLES, id=f"table{number}", provenance=run))
    pairs = [record for pair in zip(logs, tables, strict=True) for record in pair]
    report = judged_lines(tmp_path, pairs)
    assert [finding.record for finding in report.findings] == ["table0", "table1"]
    assert report.notes == [
        "BF705: only the first 6 numbers of runs are remembered; later ones were not compared"
    ]
    assert judged_lines(tmp_path, logs).notes == []  # nothing is published of them


def judged_lines(tmp_path: Path, records: list[Any]) -> Report:
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in records), "utf-8")
    return validate(path)
