"""A converter never writes what `validate` calls impossible: for each value, for columns, and for whole conversions."""

from __future__ import annotations

import json
import re
import shutil
import zlib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchfmt import convert, open_package, validate
from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.possible import OUTSIDE, PERCENT, ZERO, fault, with_facts
from benchfmt.record import Record
from benchfmt.vocabulary import Metric, vocabulary

ROOT = Path(__file__).parents[1]
IMPOSSIBLE = {"BF301", "BF302", "BF303"}


def measurement(metric: str, value: float, **more: Any) -> dict[str, Any]:
    unit = vocabulary().metrics[metric.partition("@")[0]].unit or "1"
    return {"metric": metric, "value": value, "unit": unit, "basis": "measured", **more}


def record(*measurements: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {
        "benchfmt": "1.0",
        "benchmark": {"suite": "lpdnn"},
        "status": "ok",
        "measurements": list(measurements),
    }
    return {**said, **more}


def converted(tmp_path: Path, *records: dict[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "r.jsonl").write_text("".join(json.dumps(item) + "\n" for item in records))
    account = convert(source).write(tmp_path / "package")
    assert not {finding.code for finding in validate(tmp_path / "package").findings} & IMPOSSIBLE
    with open_package(tmp_path / "package") as package:
        return [item.to_dict() for item in package.records()], account


GOOD = measurement("duration", 3.0)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (measurement("throughput", -1), "BF302"),
        (measurement("throughput", 0), "BF303"),
        (measurement("throughput", 1e30), "BF302"),
        (measurement("latency", 13_000_000, stage="inference", per="sample"), "BF302"),
        (measurement("latency", 0, stage="inference", per="sample"), "BF303"),
        (measurement("latency", 0, per="sample"), "BF303"),
        (measurement("latency", -0.0, stage="end-to-end", per="sample"), "BF303"),
        (measurement("ttft", 0), "BF303"),
        (measurement("tpot", 0, per="token"), "BF303"),
        (measurement("accuracy", 76.078), "BF301"),
        (measurement("precision@10", 30), "BF301"),
        (measurement("power", -3, scope="board"), "BF302"),
        (measurement("memory", 1e300), "BF302"),
        (measurement("energy", 0, scope="wall"), "BF303"),
        (measurement("word-error-rate", 12500), "BF302"),
        (measurement("r2", 76), "BF302"),
    ],
)
def test_a_number_that_cannot_be_is_missing_and_told(
    tmp_path: Path, bad: dict[str, Any], code: str
) -> None:
    shown = {**bad, "reported_value": "as printed"}
    records, account = converted(tmp_path, record(GOOD, {**shown, "primary": True}))
    kept = next(item for item in records[0]["measurements"] if item["metric"] == bad["metric"])
    key = {name: bad[name] for name in ("stage", "per", "scope") if name in bad}
    assert kept == {
        "metric": bad["metric"], **key, "primary": True, "missing": "invalid-in-source",
        "reported_value": "as printed", "reported_unit": bad["unit"],
    }  # fmt: skip
    assert records[0]["status"] == "ok"  # something else of it has a value
    assert [finding.code for finding in account.findings] == [code]
    told = account.findings[0]
    assert (told.path, told.severity.value, told.value) == ("r.jsonl", "warning", "as printed")
    assert bad["metric"] in told.message
    assert "missing (invalid-in-source)" in told.message
    assert account.ok


@pytest.mark.parametrize(
    "possible",
    [
        measurement("latency", 0, stage="postprocess", per="sample"),
        measurement("latency", 0, stage="transfer-in", per="query"),
        measurement("latency", 1322.2, per="query"),
        measurement("throughput", 2_494_310, per="token"),
        measurement("accuracy", 0),
        measurement("accuracy", 1),
        measurement("memory", 0),
        measurement("duration", 0, stage="training"),
        measurement("temperature", -40, scope="cpu"),
        measurement("cost", -5) | {"unit": "EUR"},
        measurement("r2", -12.7),
    ],
)
def test_a_number_that_can_be_stays(tmp_path: Path, possible: dict[str, Any]) -> None:
    records, account = converted(tmp_path, record(possible))
    assert records[0]["measurements"] == [possible]
    assert not account.findings


def test_a_time_that_was_printed_as_0_00_was_rounded(tmp_path: Path) -> None:
    key = {"stage": "inference", "per": "sample"}
    rounded = measurement("latency", 0, **key, reported_value="0.00", reported_unit="ms")
    marker = measurement(
        "latency", 0, **key, statistic="min", reported_value="0", reported_unit="ns"
    )
    power = measurement("power", 0, reported_value="0.0")
    records, _ = converted(tmp_path, record(GOOD, rounded, marker, power))
    reasons = {
        (item["metric"], item.get("statistic")): item.get("missing")
        for item in records[0]["measurements"]
    }
    assert reasons[("latency", None)] == "below-resolution"
    assert reasons[("latency", "min")] == "invalid-in-source"
    assert reasons[("power", None)] == "invalid-in-source"  # nobody knows whether it was measured


def test_what_stands_beside_the_number_stays_with_its_unit(tmp_path: Path) -> None:
    bad = measurement("throughput", -1, target_min=5.0, samples=[-1.0, -1.0], n=2)
    derived = {**measurement("latency", 0, per="sample"), "basis": "derived"}
    records, _ = converted(tmp_path, record(GOOD, bad, derived))
    kept = {item["metric"]: item for item in records[0]["measurements"]}
    assert kept["throughput"] == {
        "metric": "throughput", "unit": "/s", "missing": "invalid-in-source", "n": 2, "samples": [-1.0, -1.0],
        "target_min": 5.0, "reported_value": "-1", "reported_unit": "/s",
    }  # fmt: skip
    # A source has no characters for what was calculated from it.
    assert kept["latency"] == {"metric": "latency", "per": "sample", "missing": "invalid-in-source"}


@pytest.mark.parametrize(
    ("status", "expected"), [("ok", "incomplete"), ("failed", "failed"), ("invalid", "invalid")]
)
def test_a_record_of_which_no_number_is_left_is_not_ok(
    tmp_path: Path, status: str, expected: str
) -> None:
    records, _ = converted(
        tmp_path, record(measurement("throughput", -1, primary=True), status=status)
    )
    assert records[0]["status"] == expected
    assert validate(tmp_path / "package").ok


def test_bounds_that_a_package_declares_are_kept_too(tmp_path: Path) -> None:
    fields = [
        {"name": "speed", "type": "number", "benchfmt": {"metric": "lab:speed"}},
        {
            "name": "ms",
            "type": "number",
            "benchfmt": {"metric": "latency", "per": "sample", "unit": "ms"},
        },
    ]
    metric = {
        "definition": "Speed.",
        "unit": "1",
        "direction": "higher",
        "max": 10,
        "zero": "impossible",
    }
    descriptor = {
        "benchfmt": {"prefixes": {"lab": {"title": "Lab", "metrics": {"speed": metric}}}},
        "resources": [
            {
                "path": "t.csv",
                "schema": {"fields": fields},
                "benchfmt": {"constant": {"benchmark.suite": "lab:x"}},
            }
        ],
    }
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor))
    (tmp_path / "t.csv").write_text("speed,ms\n5,0.000\n11,2\n0,3\n11,0\n")
    account = convert(tmp_path).write(tmp_path / "p")
    assert validate(tmp_path / "p").ok
    with open_package(tmp_path / "p") as package:
        records = [item.to_dict() for item in package.records()]
    shown = [
        [
            (m["metric"], m.get("value", m.get("missing")), m.get("reported_value"))
            for m in item["measurements"]
        ]
        for item in records
    ]
    assert shown == [
        [("lab:speed", 5.0, "5"), ("latency", "below-resolution", "0.000")],
        [("lab:speed", "invalid-in-source", "11"), ("latency", 0.002, "2")],
        [("lab:speed", "invalid-in-source", "0"), ("latency", 0.003, "3")],
        [("lab:speed", "invalid-in-source", "11"), ("latency", "invalid-in-source", "0")],
    ] or shown == [list(reversed(item)) for item in shown]
    assert [item["status"] for item in records] == ["ok", "ok", "ok", "incomplete"]
    told = [(finding.code, finding.row, finding.value) for finding in account.findings]
    assert sorted(told, key=str) == sorted(
        [
            ("BF303", 1, "0.000"),
            ("BF302", 2, "11"),
            ("BF303", 3, "0"),
            ("BF302", 4, "11"),
            ("BF303", 4, "0"),
        ],
        key=str,
    )
    # Checked through its descriptor the table itself is at fault, at the cells.
    found = validate(tmp_path / "datapackage.json").findings
    assert {
        (f.code, row, f.column) for f in found if f.code in IMPOSSIBLE for row in f.rows or [f.row]
    } == {
        ("BF303", 1, "ms"), ("BF302", 2, "speed"), ("BF303", 3, "speed"), ("BF302", 4, "speed"), ("BF303", 4, "ms"),
    }  # fmt: skip


def test_a_column_of_impossible_numbers_is_told_in_measure(tmp_path: Path) -> None:
    fields = [
        {"name": "fps", "type": "number", "benchfmt": {"metric": "throughput", "per": "sample"}},
        {"name": "s", "type": "number", "benchfmt": {"metric": "duration"}},
    ]
    table = {
        "path": "t.csv",
        "schema": {"fields": fields},
        "benchfmt": {"constant": {"benchmark.suite": "lpdnn"}},
    }
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": [table]}))
    rows = LIMITS.findings_per_code + 50
    (tmp_path / "t.csv").write_text("fps,s\n" + "-1,2\n" * rows)
    account = convert(tmp_path).write(tmp_path / "p")
    assert account.total("records") == rows
    assert len(account.findings) == LIMITS.findings_per_code + 1
    assert any(
        finding.message
        == "50 more values of throughput are not possible; each is written as missing"
        for finding in account.findings
    )
    assert validate(tmp_path / "p").ok
    more = convert(tmp_path, limits=Limits(findings_per_code=rows)).write(tmp_path / "more")
    assert len(more.findings) == rows


METRICS = st.sampled_from([*sorted(vocabulary().metrics), "precision@10", "lab:unknown"])
VALUES = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 76.0, 1e7, 1e15, 1e30, -300.0]),
    st.floats(allow_nan=False, allow_infinity=False),
)
STAGES = st.sampled_from([None, *vocabulary().terms("stage")])
UNITS = st.sampled_from(["own", "1", "s", "/s", "EUR"])


@given(st.lists(st.tuples(METRICS, VALUES, UNITS, STAGES), min_size=1, max_size=20))
def test_one_value_and_a_column_are_judged_alike(
    rows: list[tuple[str, float, str, str | None]],
) -> None:
    known = vocabulary().metrics

    def metric(name: str) -> Metric | None:
        return known.get(name) or known.get(name.partition("@")[0])

    def own(name: str) -> str:
        found = metric(name)
        return (found.unit if found else None) or "1"

    told = [
        (name, value, own(name) if unit == "own" else unit, stage)
        for name, value, unit, stage in rows
    ]
    frame = pl.DataFrame(
        told,
        schema={"metric": pl.String, "value": pl.Float64, "unit": pl.String, "stage": pl.String},
        orient="row",
    )
    judged = with_facts(frame, known).select(
        BF301=PERCENT.fill_null(value=False),
        BF302=OUTSIDE.fill_null(value=False),
        BF303=ZERO.fill_null(value=False),
    )
    for (name, value, unit, stage), columns in zip(told, judged.to_dicts(), strict=True):
        found = metric(name)
        code = fault(found, value, unit, stage) if found else None
        said = {code for code, is_wrong in columns.items() if is_wrong}
        assert (code in said) if code else not said


# --- conversions of whatever stands in a file ---

ODD = ("0", "-1", "0.00", "1e30", "13000000", "76.078", "-0.0", "1e-300", "9007199254740993")
NUMBER = re.compile(r"(?<![\w.])-?[0-9]+(?:\.[0-9]+)?(?![\w.])")


def fuzzed(text: str, seed: int) -> str:
    """Return a text, one in seven of its numbers replaced by an odd one."""

    def replaced(match: re.Match[str]) -> str:
        chance = zlib.crc32(f"{seed} {match.start()} {match[0]}".encode())
        return match[0] if chance % 7 else ODD[chance // 7 % len(ODD)]

    return NUMBER.sub(replaced, text)


@pytest.mark.parametrize("family", sorted(path.name for path in (ROOT / "fixtures").iterdir()))
@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
)
def test_odd_numbers_of_a_source_are_never_written(tmp_path: Path, family: str, seed: int) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT / "fixtures" / family, source)
    for path in sorted(source.rglob("*")):
        if path.is_file():
            try:
                text = path.read_text("utf-8")
            except UnicodeDecodeError:
                continue
            path.write_text(fuzzed(text, seed), "utf-8")
    try:
        convert(source).write(tmp_path / "package")
    except BenchfmtError:
        return  # nothing of it can be recognised any more
    if (tmp_path / "package").exists():
        found = validate(tmp_path / "package").findings
        assert not [finding for finding in found if finding.code in IMPOSSIBLE]


@pytest.mark.slow
def test_no_sample_gives_what_cannot_be(samples: Path, tmp_path: Path) -> None:
    for family in sorted(path for path in samples.iterdir() if path.is_dir()):
        try:
            convert(family).write(tmp_path / family.name)
        except BenchfmtError:
            continue
        found = validate(tmp_path / family.name).findings
        assert not [finding for finding in found if finding.code in IMPOSSIBLE], family.name


def test_a_record_that_is_sound_is_left_as_it_is(tmp_path: Path) -> None:
    said = record(GOOD)
    records, _ = converted(tmp_path, said)
    assert Record.from_dict(said).to_dict()["measurements"] == records[0]["measurements"]
