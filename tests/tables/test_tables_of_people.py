"""Tables that people wrote and that were read wrongly once: each gives its right values, a question, or a refusal.

Each is told twice: by a small table of our own in the same form, and by the table itself where it is at hand.
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from benchfmt import convert, validate
from benchfmt.cli.commands import app
from benchfmt.describing import Description, describe
from benchfmt.readers.tables import TableError

SUITE = "lab:edge"
Values = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A table of our own, and what it and the one that it is like must give: values, open columns, questions."""

    name: str
    content: bytes
    values: list[Values]
    """The values of each record by metric, in the unit of the metric."""
    like: str = ""
    """The table that was read wrongly, if it is at hand."""
    values_of_it: list[Values] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    """Columns that are left to a person."""
    asks: str = ""
    """What the notes say of it."""
    more_of_it: int = 0
    """How many records the table has beyond those of `values_of_it`."""


def parquet(columns: dict[str, list[Any]]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def lines(*rows: str) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


CASES = {
    "digits of names": Case(
        "scores.csv",
        lines(
            "model,top5,r2,ndcg@10,mAP50,WER %,Params (M),memory_MB,training_time_min,time_a,price,GPU util",
            "small,0.91,0.62,0.11,0.34,8.5,3.2,96,30,1.5,2.20,0.8",
        ),
        [
            {
                "top-5-accuracy": 0.91,
                "r2": 0.62,
                "ndcg@10": 0.11,
                "map-50": 0.34,
                "word-error-rate": 0.085,
                "memory": 96e6,
                "duration": 1800,
                "utilization": 0.8,
                "parameters": 3_200_000,
            }
        ],
        "tables/describe-digit-units/scores.csv",
        [
            {
                "top-5-accuracy": 0.19,
                "r2": 0.4,
                "ndcg@10": 0.08,
                "map-50": 0.012,
                "word-error-rate": 0.125,
                "memory": 412e6,
                "duration": 5400,
                "utilization": 0.5,
                "parameters": 25_600_000,
            },
            {
                "top-5-accuracy": 0.18,
                "r2": 0.3,
                "ndcg@10": 0.07,
                "map-50": 0.011,
                "word-error-rate": 0.098,
                "memory": 380e6,
                "duration": 4500,
                "utilization": 0.4,
                "parameters": 7_000_000,
            },
        ],
        ["time_a", "price"],
    ),
    "units of headers": Case(
        "results.csv",
        lines(
            "model,Params (M),memory_MB,training_time_min,TFLOPS,WER %,time_a,price",
            "small,12,256,45,1.5,7.5,2.5,3.1",
        ),
        [
            {
                "parameters": 12_000_000,
                "memory": 256e6,
                "duration": 2700,
                "flop-rate": 1.5e12,
                "word-error-rate": 0.075,
            }
        ],
        "tables/units-header/results.csv",
        [
            {
                "parameters": 7_000_000,
                "memory": 412e6,
                "duration": 5400,
                "flop-rate": 3.1e12,
                "word-error-rate": 0.125,
            },
            {
                "parameters": 25_000_000,
                "memory": 380e6,
                "duration": 4500,
                "flop-rate": 2.9e12,
                "word-error-rate": 0.098,
            },
        ],
        ["time_a", "price"],
    ),
    "an index without a name": Case(
        "results.csv",
        lines(",model,latency (ms)", "0,small,1.25", "1,large,7.5"),
        [{"latency": 0.00125}, {"latency": 0.0075}],
        "tables/unnamed-column/results.csv",
        [{"latency": 0.0034}, {"latency": 0.0041}],
        asks="has no name and counts the rows",
    ),
    "tabs": Case(
        "results.tsv",
        lines("model\tlatency (ms)", "small\t1.25"),
        [{"latency": 0.00125}],
        "tables/conformant-empty/results.tsv",
        [{"latency": 0.0034}],
        asks="set apart by tabs",
    ),
    "semicolons and decimal commas": Case(
        "results.csv",
        lines("model;latency (ms)", "small;1,25", "large;17,5"),
        [{"latency": 0.00125}, {"latency": 0.0175}],
        "tables/describe-text-formats/semicolon_decimal_comma.csv",
        [{"latency": 0.00342}, {"latency": 0.0139}],
        asks="set apart by semicolons",
    ),
    "Latin-1": Case(
        "results.csv",
        "model,latency (µs)\nsmall,12.5\n".encode("latin-1"),
        [{"latency": 0.0000125}],
        "tables/describe-text-formats/latin1.csv",
        [{"latency": 0.0000034}],
        asks="the file is not UTF-8",
    ),
    "JSON Lines": Case(
        "rows.jsonl",
        lines('{"model": "small", "latency_ms": 1.25}'),
        [{"latency": 0.00125}],
        "tables/describe-text-formats/rows.jsonl",
        [{"latency": 0.0034}],
    ),
    "a list of JSON": Case(
        "array.json",
        lines('[{"model": "small", "latency_ms": 1.25}, {"model": "large", "latency_ms": 7.5}]'),
        [{"latency": 0.00125}, {"latency": 0.0075}],
        "tables/describe-text-formats/array.json",
        [{"latency": 0.0034}, {"latency": 0.0041}],
    ),
    "Parquet": Case(
        "results.parquet",
        parquet({"model": ["small"], "latency (ms)": [1.25]}),
        [{"latency": 0.00125}],
        "tables/describe-text-formats/results.parquet",
        [{"latency": 0.0034}],
    ),
    "gzip": Case(
        "results.csv.gz",
        gzip.compress(lines("model,latency (ms)", "small,1.25"), mtime=0),
        [{"latency": 0.00125}],
        "tables/describe-text-formats/results.csv.gz",
        [{"latency": 0.0034}],
    ),
    "numbers with more in the cell": Case(
        "results.csv",
        lines(
            "model,latency (ms),throughput (img/s),params,wall time",
            "small,2.5 ± 0.1,3.4k,1.5M,00:01:30",
            'large,9.75 (0.2),"1,600",8B,2:00:01',
        ),
        [
            {"latency": 0.0025, "throughput": 3400, "parameters": 1_500_000, "duration": 90},
            {
                "latency": 0.00975,
                "throughput": 1600,
                "parameters": 8_000_000_000,
                "duration": 7201,
            },
        ],
        "tables/value-text/results.csv",
        [
            {"latency": 0.0123, "throughput": 1200, "parameters": 25_600_000, "duration": 192},
            {
                "latency": 0.0081,
                "throughput": 2400,
                "parameters": 7_000_000_000,
                "duration": 3723,
            },
        ],
        asks="taken for the standard deviation",
    ),
    "numbers with a unit and a comma in the cell": Case(
        "results.csv",
        lines("model;latency;throughput (img/s)", "small;2,5 ms;1,6k", "large;12,25 ms;0,4k"),
        [{"latency": 0.0025, "throughput": 1600}, {"latency": 0.01225, "throughput": 400}],
    ),
    "a spread and a count": Case(
        "results.csv",
        lines("model,latency_mean_ms,latency_std_ms,n", "small,1.25,0.05,30"),
        [{"latency": 0.00125, "latency stddev": 0.00005, "latency n": 30}],
        "tables/stddev-column/results.csv",
        [{"latency": 0.00342, "latency stddev": 0.00011, "latency n": 100}],
    ),
    "a unit in each row": Case(
        "results.csv",
        lines(
            "model,metric,value,unit",
            "small,latency,1.25,ms",
            "small,throughput,800,img/s",
            "large,latency,0.0075,s",
            "large,throughput,130,img/s",
        ),
        [{"latency": 0.00125, "throughput": 800}, {"latency": 0.0075, "throughput": 130}],
        "tables/unit-column/results.csv",
        [{"latency": 0.0034, "throughput": 290}, {"latency": 0.0041, "throughput": 250}],
    ),
    "a German export": Case(
        "t.csv",
        lines("\ufeffPlattform;Model;Latency [ms];Power [W]", "Nano;small;2,50;4,1"),
        [{"system": "Nano", "latency": 0.0025, "power": 4.1}],
        "users/a_semicolon_decimal_comma/t.csv",
        [
            {"system": "RPi 5", "latency": 0.0125, "power": 6.1},
            {"system": "RPi 4", "latency": 0.03125, "power": 5.0},
        ],
    ),
    "boards and devices": Case(
        "results.csv",
        lines(
            "Board,Device,Model,Precision,Batch,Latency mean [ms],Avg power [W]",
            "Nano,GPU,small,fp16,1,2.5,4.1",
            "Orin,GPU,small,fp16,1,1.25,9.5",
            "Pi 4,CPU,small,fp16,1,60.5,n/a",
        ),
        [
            {"system": "Nano", "placement": "gpu", "latency": 0.0025, "power": 4.1},
            {"system": "Orin", "placement": "gpu", "latency": 0.00125, "power": 9.5},
            {"system": "Pi 4", "placement": "cpu", "latency": 0.0605},
        ],
        "users/a_describe_device_is_system/results.csv",
        [
            {"system": "Jetson Orin Nano", "placement": "gpu", "latency": 0.0042, "power": 9.1},
            {"system": "Jetson Xavier NX", "placement": "gpu", "latency": 0.0069, "power": 11.3},
            {"system": "Raspberry Pi 5", "placement": "cpu", "latency": 0.0881},
        ],
    ),
    "a comment above the names": Case(
        "results.csv",
        lines(
            "# measured by hand, mean of 50 runs",
            "Board,Device,Model,Input size,Precision,Batch,Latency mean [ms],Latency p99 [ms],Accuracy top-1 [%],Avg power [W],Date",
            "Nano,GPU,small,224x224,fp16,1,2.5,3.75,70.5,4.1,2026-03-11",
            "Pi 4,CPU,small,224x224,int8,1,60.5,75.25,69.5,,2026-03-12",
            "Coral,NPU,small,224x224,int8,1,1.5,n/a,69.5,2.5,2026-03-12",
        ),
        [
            {
                "system": "Nano",
                "placement": "gpu",
                "latency": 0.0025,
                "latency p99": 0.00375,
                "accuracy": 0.705,
                "power": 4.1,
            },
            {
                "system": "Pi 4",
                "placement": "cpu",
                "latency": 0.0605,
                "latency p99": 0.07525,
                "accuracy": 0.695,
            },
            {
                "system": "Coral",
                "placement": "npu",
                "latency": 0.0015,
                "accuracy": 0.695,
                "power": 2.5,
            },
        ],
        "users/a_results_with_comment.csv",
        [
            {
                "system": "Jetson Orin Nano",
                "placement": "gpu",
                "latency": 0.02358,
                "latency p99": 0.03183,
                "accuracy": 0.374,
                "power": 5.91,
            }
        ],
        asks="are comments",
        more_of_it=39,
    ),
}


def described(folder: Path, name: str, content: bytes, suite: str = SUITE) -> Description:
    """Describe a table and put the draft beside it, as it is."""
    (folder / name).write_bytes(content)
    made = describe(folder / name, suite)
    (folder / "datapackage.json").write_text(json.dumps(made.descriptor))
    return made


def values_of(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return what each record of a described table says, by metric and field."""
    return [_values(record.to_dict()) for record in convert(folder / name, "annotated")]


def _values(record: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for measurement in record["measurements"]:
        metric = measurement["metric"]
        if measurement.get("statistic") in ("p99", "max"):
            metric = f"{metric} {measurement['statistic']}"
        if "value" in measurement:
            values[metric] = measurement["value"]
        if "n" in measurement:
            values |= {f"{metric} n": measurement["n"], f"{metric} stddev": measurement["stddev"]}
    if "system" in record:
        values["system"] = record["system"]["name"]
    for device in record.get("configuration", {}).get("placement", []):
        values["placement"] = device
    if "parameters" in record.get("model", {}):
        values["parameters"] = record["model"]["parameters"]
    return values


def open_columns(made: Description) -> list[str]:
    """Return the columns that a draft leaves to a person, without those that say the metric or unit of others."""
    [resource] = json.loads(json.dumps(made.descriptor))["resources"]
    fields = resource["schema"]["fields"]
    return [
        item["name"]
        for item in fields
        if "benchfmt" not in item and item["name"] not in ("metric", "unit")
    ]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_table_is_described_and_read_rightly(case: Case, tmp_path: Path) -> None:
    made = described(tmp_path, case.name, case.content)
    assert open_columns(made) == case.open
    assert case.asks in "\n".join(made.notes)
    report = validate(tmp_path)
    assert [finding for finding in report.findings if finding.severity == "error"] == []
    assert values_of(tmp_path, case.name) == case.values


LIKE = {name: case for name, case in CASES.items() if case.like}


@pytest.mark.parametrize("case", LIKE.values(), ids=LIKE)
def test_the_table_that_was_read_wrongly_is_read_rightly(
    case: Case, faults: Path, tmp_path: Path
) -> None:
    source = faults / case.like
    made = described(tmp_path, source.name, source.read_bytes())
    assert open_columns(made) == case.open
    records = values_of(tmp_path, source.name)
    assert records[: len(case.values_of_it)] == case.values_of_it
    assert len(records) == len(case.values_of_it) + case.more_of_it


def test_a_workbook_that_only_looks_like_one_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04rubbish")
    with pytest.raises(TableError, match=r"^t\.xlsx cannot be unpacked: .*$"):
        describe(tmp_path / "t.xlsx", SUITE)


def test_the_workbook_that_only_looks_like_one_is_refused(faults: Path) -> None:
    with pytest.raises(TableError, match="cannot be unpacked"):
        describe(faults / "users/a_decimal_comma_described/t.xlsx", SUITE)


def test_a_table_without_a_number_is_no_success(faults: Path, tmp_path: Path) -> None:
    source = faults / "tables/describe-text-formats/book.xlsx"
    made = described(tmp_path, source.name, source.read_bytes())
    assert any("no row of the table gives a record" in text for text in made.missing)
    assert [finding.code for finding in validate(tmp_path).findings] == ["BF122"]


def test_the_package_without_a_record_is_a_fault(faults: Path) -> None:
    report = validate(faults / "users/a_empty_package_passes_submission", "submission")
    assert [finding.code for finding in report.findings] == ["BF122"]


def test_a_descriptor_with_decimal_commas_is_read(faults: Path) -> None:
    records = values_of(faults / "users/a_decimal_comma_described", "t.csv")
    assert [(record["latency"], record["power"]) for record in records] == [
        (0.0125, 6.1),
        (0.03125, 5.0),
    ]


def test_a_descriptor_whose_dialect_says_the_comment_is_read(faults: Path) -> None:
    folder = faults / "users/a_dialect_ignored"
    assert validate(folder).ok
    assert len(list(convert(folder))) == 40


def test_a_descriptor_that_names_the_wrong_separator_is_told(faults: Path) -> None:
    report = validate(faults / "users/a_semicolon_decimal_comma")
    assert {finding.code for finding in report.findings} == {"BF121"}


def converted(source: Path, tmp_path: Path) -> list[dict[str, Any]]:
    conversion = convert(source)
    account = conversion.write(tmp_path / "package")
    assert account.ok
    return [record.to_dict() for record in convert(source)]


def test_running_totals_of_one_run_are_one_record(faults: Path, tmp_path: Path) -> None:
    [record] = converted(faults / "tables/codecarbon-cumulative", tmp_path)
    whole = {
        measurement["metric"]: measurement["value"]
        for measurement in record["measurements"]
        if measurement.get("scope") in (None, "node")
    }
    assert (whole["duration"], whole["energy"]) == (240, 71280)


def test_a_published_table_of_amlb_is_read(faults: Path, tmp_path: Path) -> None:
    first, second = converted(faults / "tables/amlb-published", tmp_path)
    assert _values(first) | {"amlb:mase": 0.75, "amlb:wql": 0.98} == _values(first)
    assert 284.8 in [measurement.get("value") for measurement in first["measurements"]]
    assert second["status"] == "incomplete"


def test_companions_in_another_folder_are_read(faults: Path, tmp_path: Path) -> None:
    [record] = converted(faults / "tables/vemm-layout", tmp_path)
    assert _values(record)["accuracy"] == 0.705


def test_a_baseline_that_is_missing_is_no_number(faults: Path, tmp_path: Path) -> None:
    source = faults / "tables/daibench"
    numbers = [_values(record).get("throughput") for record in converted(source, tmp_path)]
    assert numbers == [310.5, None]


HANDED_OVER = {
    "provenance.license": "CC-BY-4.0",
    "provenance.submitter": "The lab",
    "provenance.measured_at": "2026-03-11",
    "task": "image-classification",
    "software.engine": "tflite",
    "benchmark.phase": "inference",
}
"""What these tables do not say and a hand-over asks for."""
OF_USERS = ("a comment above the names", "a German export", "boards and devices")


@pytest.mark.parametrize("name", OF_USERS)
def test_one_call_makes_a_package_that_a_submission_accepts(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    hand_over(tmp_path, case.name, case.content, len(case.values))


@pytest.mark.parametrize("name", OF_USERS)
def test_one_call_is_enough_for_the_tables_themselves(
    name: str, faults: Path, tmp_path: Path
) -> None:
    source = faults / CASES[name].like
    hand_over(
        tmp_path,
        source.name,
        source.read_bytes(),
        len(CASES[name].values_of_it) + CASES[name].more_of_it,
    )


def hand_over(folder: Path, name: str, content: bytes, records: int) -> None:
    """Go from a table to a package with the commands and no edit; the package is to hold all records."""
    table, descriptor, package = folder / name, folder / "datapackage.json", folder / "package"
    table.write_bytes(content)
    constants = {path: value for path, value in HANDED_OVER.items() if not says(content, path)}
    options = [f"--constant={path}={value}" for path, value in constants.items()]
    run("describe", table, f"--suite={SUITE}", *options, "-o", descriptor)
    # Whether a time is that of a sample or of a batch only its author knows (BF314).
    strict = ("validate", "--rules=submission", "--strict", "--ignore=BF314")
    run(*strict, descriptor)
    run("convert", descriptor, "-o", package)
    run(*strict, package)
    assert run("show", package, "--records").count('"id": "bf1-') == records


def says(content: bytes, path: str) -> bool:
    """Say whether a table has a column for what a constant would say."""
    return path == "provenance.measured_at" and b",Date\n" in content


def run(*words: str | Path) -> str:
    """Run a command that is to succeed; returns what it prints."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.stdout
