"""Annotated tables: what a number needs beside it (spread, count, samples, targets, doubts) and how cells are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.tables.test_annotated import LATENCY, lay, read

from benchfmt import Finding, Severity, convert, open_package, validate

MEAN = {**LATENCY, "statistic": "mean"}


def only(folder: Path) -> list[dict[str, Any]]:
    """Return the one measurement of each record."""
    records, account = read(folder)
    assert not account.findings, account.findings
    assert [f.code for f in validate(folder).findings if f.severity == "error"] == []
    return [record["measurements"][0] for record in records]


def test_a_spread_and_a_count_stand_in_columns_of_their_own(tmp_path: Path) -> None:
    fields = {
        "model": {"field": "model.name"},
        "latency_mean_ms": MEAN,
        "latency_std_ms": {"of": "latency_mean_ms", "part": "stddev"},
        "n": {"of": "latency_mean_ms", "part": "n"},
    }
    text = "model,latency_mean_ms,latency_std_ms,n\na,3.42,0.11,100\nb,4,,\n"
    first, second = only(lay(tmp_path, text, fields))
    assert (first["value"], first["stddev"], first["n"]) == (0.00342, 0.00011, 100)
    assert (second["value"], second.keys() & {"stddev", "n"}) == (0.004, set())


def test_a_part_may_be_in_a_unit_of_its_own_and_belong_to_several_columns(tmp_path: Path) -> None:
    fields = {
        "mean": {**MEAN, "stage": "inference"},
        "load": {**MEAN, "stage": "load"},
        "sd_us": {"of": "mean", "part": "stddev", "unit": "us"},
        "runs": {"of": ["mean", "load"], "part": "n"},
    }
    records, _ = read(lay(tmp_path, "mean,load,sd_us,runs\n3.42,8,110,7\n", fields))
    stages = {m["stage"]: m for m in records[0]["measurements"]}
    assert stages["inference"]["stddev"] == 0.00011
    assert (stages["inference"]["n"], stages["load"]["n"]) == (7, 7)


def test_intervals_samples_and_targets(tmp_path: Path) -> None:
    fields = {
        "t": MEAN,
        "low": {"of": "t", "part": "ci_low", "level": 0.95},
        "high": {"of": "t", "part": "ci_high", "level": 0.95},
        "all": {"of": "t", "part": "samples", "separator": ";"},
        "most": {"of": "t", "part": "target_max"},
    }
    (found,) = only(lay(tmp_path, "t,low,high,all,most\n3,2.5,3.5,2.5;3;3.5,10\n", fields))
    assert found["ci"] == [0.0025, 0.0035, 0.95]
    assert found["samples"] == [0.0025, 0.003, 0.0035]
    assert found["target_max"] == 0.01


def test_half_of_an_interval_is_laid_around_the_number(tmp_path: Path) -> None:
    fields = {"t": MEAN, "half": {"of": "t", "part": "ci", "level": 0.9}}
    (found,) = only(lay(tmp_path, "t,half\n3.3,0.2\n", fields))
    assert found["ci"] == [0.0031, 0.0035, 0.9]


def test_a_difference_of_temperatures_has_no_zero_point(tmp_path: Path) -> None:
    fields = {
        "temp_F": {"metric": "temperature", "scope": "cpu", "unit": "[degF]"},
        "sd": {"of": "temp_F", "part": "stddev"},
    }
    (found,) = only(lay(tmp_path, "temp_F,sd\n212,9\n", fields))
    assert (found["value"], found["stddev"], found["unit"]) == (100, 5, "Cel")


def test_doubts_stand_in_a_column(tmp_path: Path) -> None:
    fields = {
        "t": MEAN,
        "remark": {"of": "t", "part": "caveats", "terms": {"hot": ["unstable", "short-run"]}},
    }
    text = "t,remark\n1,hot\n2,unstable; single-observation\n3,\n4,odd\n"
    records, account = read(lay(tmp_path, text, fields))
    caveats = [record["measurements"][0].get("caveats") for record in records]
    assert caveats == [["short-run", "unstable"], ["single-observation", "unstable"], None, None]
    assert [(f.code, f.row, f.column) for f in account.findings] == [("BF104", 4, "remark")]
    assert records[3]["extensions"] == {"lpdnn": {"remark": "odd"}}


def test_a_part_that_cannot_be_read_is_told_and_kept(tmp_path: Path) -> None:
    fields = {"t": MEAN, "n": {"of": "t", "part": "n"}, "sd": {"of": "t", "part": "stddev"}}
    records, account = read(lay(tmp_path, "t,n,sd\n1,many,-1\n", fields))
    assert [(f.code, f.row, f.column) for f in account.findings] == [
        ("BF103", 1, "n"),
        ("BF103", 1, "sd"),
    ]
    assert records[0]["measurements"][0].keys() & {"n", "stddev"} == set()
    assert records[0]["extensions"] == {"lpdnn": {"n": "many", "sd": "-1"}}


def test_a_part_of_a_number_that_is_missing_is_kept_as_text(tmp_path: Path) -> None:
    fields = {
        "t": MEAN,
        "p": {"metric": "power", "unit": "W"},
        "n": {"of": "t", "part": "n"},
    }
    records, _ = read(lay(tmp_path, "t,p,n\n,5,100\n", fields))
    missing = next(m for m in records[0]["measurements"] if m["metric"] == "latency")
    assert missing["missing"] == "not-reported" and "n" not in missing
    assert records[0]["extensions"] == {"lpdnn": {"n": "100"}}


def test_the_unit_stands_in_another_column(tmp_path: Path) -> None:
    fields = {
        "model": {"field": "model.name"},
        "value": {
            "metric": {"column": "metric"},
            "unit": {"column": "unit", "terms": {"img/s": "/s"}},
        },
    }
    text = "model,metric,value,unit\na,latency,3.4,ms\na,throughput,290,img/s\nb,latency,0.0041,s\nb,throughput,250,img/s\n"
    folder = lay(tmp_path, text, fields, annotation={"key": ["model"]})
    records, account = read(folder)
    values = [{m["metric"]: m["value"] for m in record["measurements"]} for record in records]
    assert values == [
        {"latency": 0.0034, "throughput": 290},
        {"latency": 0.0041, "throughput": 250},
    ]
    reported = [m["reported_unit"] for record in records for m in record["measurements"]]
    assert reported == ["ms", "/s", "s", "/s"]
    assert not account.findings


LONG = "model,metric,value\na,latency,3.4\na,throughput,290\nb,throughput,250\nb,latency,4\n"


def test_a_word_that_names_a_metric_may_be_primary(tmp_path: Path) -> None:
    terms = {"throughput": {"metric": "throughput", "unit": "/s", "primary": True}}
    fields = {
        "model": {"field": "model.name"},
        "value": {"metric": {"column": "metric", "terms": terms}, "unit": "ms"},
    }
    folder = lay(tmp_path, LONG, fields, annotation={"key": ["model"]})
    records, account = read(folder)
    assert not account.findings
    headlines = [[m["metric"] for m in r["measurements"] if m.get("primary")] for r in records]
    assert headlines == [["throughput"], ["throughput"]]
    codes = {finding.code for finding in validate(folder, "submission").findings}
    assert not codes & {"BF411", "BF519"}


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ({"primary": True, "metric": {"column": "metric"}}, "say it under `terms`, as in"),
        (
            {
                "metric": {
                    "column": "metric",
                    "terms": {
                        "latency": {"metric": "latency", "primary": True},
                        "throughput": {"metric": "throughput", "primary": True},
                    },
                }
            },
            "'value' (latency) and 'value' (throughput) are both primary",
        ),
    ],
)
def test_a_long_table_has_one_primary_metric(
    note: dict[str, Any], message: str, tmp_path: Path
) -> None:
    fields = {"model": {"field": "model.name"}, "value": note}
    folder = lay(tmp_path, LONG, fields, annotation={"key": ["model"]})
    _, account = read(folder)
    assert message in str(account.files[1].reason)
    assert [f.code for f in validate(folder).findings] == ["BF118"]


def test_the_units_of_a_long_table_may_be_assumed(tmp_path: Path) -> None:
    note = {"metric": {"column": "metric"}, "caveats": ["unit-inferred"]}
    fields = {"model": {"field": "model.name"}, "value": note}
    folder = lay(tmp_path, LONG, fields, annotation={"key": ["model"]})
    records, _ = read(folder)
    assert all(m["caveats"] == ["unit-inferred"] for r in records for m in r["measurements"])
    [found] = [f for f in validate(folder).findings if f.code == "BF208"]
    assert found.message == "the units of its numbers are assumed: nothing in the table says them"


def test_an_empty_cell_may_stand_for_a_unit(tmp_path: Path) -> None:
    note = {"metric": "accuracy", "unit": {"column": "u", "terms": {"": "%"}}}
    (found,) = only(lay(tmp_path, "t,u\n76.1,\n", {"t": note}))
    assert (found["value"], found["reported_unit"]) == (0.761, "%")
    _, account = read(lay(tmp_path, "t,u\n76.1,\n", {"t": {**note, "unit": {"column": "u"}}}))
    assert account.findings[0].hint == (
        'say under `terms` of `unit` what an empty cell stands for: {"": "1"}'
    )


def test_an_empty_cell_of_a_long_table_is_no_second_measurement(tmp_path: Path) -> None:
    fields = {
        "model": {"field": "model.name"},
        "value": {"metric": {"column": "metric"}, "unit": "ms", "missing": {"OOM": "run-failed"}},
    }
    text = "model,metric,value\na,latency,3\na,duration,\nb,latency,\nb,duration,4\nc,latency,OOM\n"
    folder = lay(tmp_path, text, fields, annotation={"key": ["model"]}, missing=["", "OOM"])
    records, account = read(folder)
    assert account.total("failed") == 0
    assert [[m.get("value", m.get("missing")) for m in r["measurements"]] for r in records] == [
        ["not-reported", 0.003],
        [0.004, "not-reported"],
        ["run-failed"],
    ]


def test_what_no_measurement_of_a_long_table_holds_is_kept_of_every_row(tmp_path: Path) -> None:
    fields = {
        "model": {"field": "model.name"},
        "value": {"metric": {"column": "metric"}, "unit": {"column": "unit"}},
    }
    text = (
        "model,metric,value,unit,note,by\n"
        "a,latency,3,ms,cold,mk\na,sparkle,7,W,hot,mk\na,accuracy,0.7,,,mk\nb,latency,4,ms,,mk\n"
    )
    folder = lay(tmp_path, text, fields, annotation={"key": ["model"]})
    records, account = read(folder)
    assert records[0]["extensions"] == {
        "lpdnn": {
            "value": ["7", "0.7"],
            "metric": ["sparkle", "accuracy"],
            "unit": "W",
            "note": ["cold", "hot"],
            "by": "mk",
        }
    }
    assert records[1]["extensions"] == {"lpdnn": {"by": "mk"}}
    assert [f.row for f in account.findings] == [2, 3]


def test_a_unit_that_does_not_fit_leaves_the_number_as_text(tmp_path: Path) -> None:
    fields = {"t": {"metric": "latency", "unit": {"column": "u"}}, "p": {"metric": "power"}}
    text = "t,u,p\n3,ms,1\n4,kg,1\n5,,1\n,,1\n6,bananas,1\n"
    records, account = read(lay(tmp_path, text, fields))
    latencies = [[m for m in r["measurements"] if m["metric"] == "latency"] for r in records]
    assert [m[0].get("value") if m else None for m in latencies] == [0.003, None, None, None, None]
    assert latencies[3][0]["missing"] == "not-reported"
    assert sorted((f.code, f.row, f.column) for f in account.findings) == [
        ("BF201", 2, "u"),
        ("BF201", 3, "u"),
        ("BF201", 5, "u"),
    ]
    kept = [r.get("extensions", {}).get("lpdnn", {}).get("t") for r in records]
    assert kept == [None, "4", "5", None, "6"]


@pytest.mark.parametrize(
    ("cell", "value", "stddev"),
    [
        ("12.3 ± 0.4", 0.0123, 0.0004),
        ("12.3±0.4", 0.0123, 0.0004),
        ("12.3 +/- 0.4", 0.0123, 0.0004),
        ("8.1 (0.1)", 0.0081, 0.0001),
        ("8.1 (±0.1)", 0.0081, 0.0001),
        ("7", 0.007, None),
    ],
)
def test_a_spread_stands_in_the_cell(
    cell: str, value: float, stddev: float | None, tmp_path: Path
) -> None:
    (found,) = only(lay(tmp_path, f"t\n{cell}\n", {"t": {**MEAN, "spread": "stddev"}}))
    assert (found["value"], found.get("stddev"), found["reported_value"]) == (value, stddev, cell)


def test_an_interval_stands_in_the_cell(tmp_path: Path) -> None:
    note = {**MEAN, "spread": "ci", "level": 0.95}
    (found,) = only(lay(tmp_path, "t\n12.3 ± 0.4\n", {"t": note}))
    assert found["ci"] == [0.0119, 0.0127, 0.95]


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1.2k", 1200), ("2400", 2400), ("25.6M", 25_600_000), ("7B", 7_000_000_000), ("3 k", 3000)],
)
def test_suffixes_are_factors(cell: str, value: float, tmp_path: Path) -> None:
    note = {"metric": "throughput", "unit": "/s", "suffixes": {"k": 1000, "M": "1e6", "B": "1e9"}}
    (found,) = only(lay(tmp_path, f"t\n{cell}\n", {"t": note}))
    assert (found["value"], found["reported_value"]) == (value, cell)


def test_suffixes_hold_for_fields_too(tmp_path: Path) -> None:
    fields = {
        "params": {"field": "model.parameters", "suffixes": {"M": "1e6", "B": "1e9"}},
        "t": MEAN,
    }
    records, _ = read(lay(tmp_path, "params,t\n25.6M,1\n7B,1\n", fields))
    assert [record["model"]["parameters"] for record in records] == [25_600_000, 7_000_000_000]


@pytest.mark.parametrize(
    ("clock", "cell", "seconds"),
    [
        ("h:m:s", "00:03:12", 192),
        ("h:m:s", "1:02:03", 3723),
        ("h:m:s", "1 day, 0:00:00.5", 86_400.5),
        ("m:s", "3:12.25", 192.25),
    ],
)
def test_times_of_a_clock_are_seconds(
    clock: str, cell: str, seconds: float, tmp_path: Path
) -> None:
    note = {"metric": "duration", "unit": "s", "clock": clock}
    (found,) = only(lay(tmp_path, f't\n"{cell}"\n', {"t": note}))
    assert found["value"] == seconds


def test_a_time_of_another_clock_is_told(tmp_path: Path) -> None:
    fields = {"t": {"metric": "duration", "unit": "s", "clock": "h:m:s"}, "p": {"metric": "power"}}
    records, account = read(lay(tmp_path, "t,p\n3:12,1\n", fields))
    assert [(f.code, f.row, f.column) for f in account.findings] == [("BF103", 1, "t")]
    assert records[0]["measurements"][0]["missing"] == "not-numeric"


def test_a_scale_comes_before_the_zero_point_of_a_unit(tmp_path: Path) -> None:
    note = {"metric": "temperature", "scope": "cpu", "unit": "K", "scale": 0.1}
    (found,) = only(lay(tmp_path, "t\n2981.5\n", {"t": note}))
    assert found["value"] == 25


def test_what_somebody_confirms_is_no_longer_inferred(tmp_path: Path) -> None:
    note = {**MEAN, "caveats": ["unit-inferred", "unstable"], "confirmed": "manual, page 3"}
    records, _ = read(lay(tmp_path, "t\n3\n", {"t": note}))
    assert records[0]["measurements"][0]["caveats"] == ["unstable"]
    assert records[0]["extensions"] == {"benchfmt": {"confirmed": {"t": "manual, page 3"}}}


def test_each_caveat_may_be_confirmed_by_itself(tmp_path: Path) -> None:
    note = {**MEAN, "caveats": ["definition-inferred", "unit-inferred", "unstable"]}
    confirmed = {"unit-inferred": "manual, page 3", "unstable": "the fan was broken"}
    folder = lay(tmp_path, "t\n3\n", {"t": {**note, "confirmed": confirmed}})
    records, _ = read(folder)
    assert records[0]["measurements"][0]["caveats"] == ["definition-inferred", "unstable"]
    assert records[0]["extensions"] == {"benchfmt": {"confirmed": {"t": confirmed}}}
    findings = validate(folder, "submission").findings
    assert [f.code for f in findings if f.code in ("BF208", "BF209")] == ["BF209"]


def test_bf209_a_meaning_that_nobody_confirms_is_told(tmp_path: Path) -> None:
    note = {**MEAN, "spread": "stddev", "caveats": ["definition-inferred"]}
    folder = lay(tmp_path, "t\n3 ± 0.1\n", {"t": note})
    found = [f for f in validate(folder).findings if f.code == "BF209"]
    assert found == [
        Finding(
            "BF209",
            Severity.WARNING,
            "t.csv",
            None,
            "t",
            None,
            "what its numbers are is assumed: nothing in the table says it",
            None,
            'correct its annotation, or say who or what confirms it: "confirmed": "..."',
        )
    ]
    lay(tmp_path, "t\n3 ± 0.1\n", {"t": {**note, "confirmed": "numpy.std"}})
    assert not [f for f in validate(tmp_path).findings if f.code == "BF209"]


def test_bf208_a_unit_that_nobody_confirms_is_a_fault_of_a_submission(
    tmp_path: Path,
) -> None:
    note = {**MEAN, "caveats": ["unit-inferred"]}
    folder = lay(tmp_path, "t\n3\n", {"t": note})
    for rules, severity in (("core", "warning"), ("submission", "error")):
        found = [f for f in validate(folder, rules).findings if f.code == "BF208"]
        assert [(f.column, f.severity) for f in found] == [("t", severity)]
    lay(tmp_path, "t\n3\n", {"t": {**note, "confirmed": "manual, page 3"}})
    assert not [f for f in validate(folder, "submission").findings if f.code == "BF208"]


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_bf208_a_package_keeps_that_a_unit_was_assumed(form: str, tmp_path: Path) -> None:
    note = {**MEAN, "caveats": ["unit-inferred"]}
    folder = lay(tmp_path, "t\n3\n4\n", {"t": note})

    def found() -> list[tuple[str | None, int | None, str, str]]:
        out = tmp_path / f"out-{form}"
        convert(folder).write(out, format="csv" if form == "csv" else "parquet")
        if form == "jsonl":
            with open_package(out) as package:
                lines = [json.dumps(line) + "\n" for line in package.lines()]
            out = tmp_path / "out.jsonl"
            out.write_text("".join(lines), "utf-8")
        findings = validate(out, "submission").findings
        return [(f.field, f.row, f.severity, f.message) for f in findings if f.code == "BF208"]

    [(field, row, severity, message)] = found()
    assert (row, severity) == (1, "error")
    assert field in ("measurements.unit", "measurements.0.unit")
    assert message == "the unit s of latency is assumed: nothing in the table said it"
    lay(tmp_path, "t\n3\n4\n", {"t": {**note, "confirmed": "manual, page 3"}})
    assert found() == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"t": MEAN, "s": {"of": "x", "part": "n"}}, "which is no measured column"),
        (
            {"t": MEAN, "a": {"of": "t", "part": "n"}, "b": {"of": "t", "part": "n"}},
            "both say n of 't'",
        ),
        ({"t": MEAN, "a": {"of": "t", "part": "ci_low", "level": 0.9}}, "both ci_low and ci_high"),
        ({"t": MEAN, "a": {"of": "t", "part": "stddev", "unit": "kg"}}, "column 'a'"),
    ],
)
def test_a_part_that_cannot_be_said_fails_the_table(
    fields: dict[str, Any], words: str, tmp_path: Path
) -> None:
    _, account = read(lay(tmp_path, "t,s,a,b\n1,1,1,1\n", fields))
    reasons = [str(entry.reason) for entry in account.files if entry.role == "failed"]
    assert any(words in reason for reason in reasons), reasons
