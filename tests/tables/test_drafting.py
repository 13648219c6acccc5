"""`describe` drafts what it is sure of and says the rest; AI4Europe companions are read as annotated tables."""

from __future__ import annotations

import csv
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchfmt import BenchfmtError, convert, validate
from benchfmt.descriptor import read_descriptor
from benchfmt.drafting import draft
from benchfmt.readers.tables import TableError


def drafted(
    tmp_path: Path, header: str, row: str = "", suite: str | None = "lpdnn"
) -> tuple[dict[str, Any], list[str]]:
    """Return what a header's columns are drafted as, and the notes."""
    (tmp_path / "table.csv").write_text(f"{header}\n{row}\n")
    made = draft(tmp_path / "table.csv", suite)
    fields = made.descriptor["resources"][0]["schema"]["fields"]
    notes = {field["name"]: dict(field.get("benchfmt", {})) for field in fields}
    for note in notes.values():
        note.pop("primary", None)
    return notes, made.notes


HEADERS: dict[str, dict[str, Any]] = {
    "time(sec)": {"metric": "duration", "unit": "s"},
    "memAvg(MB)": {"metric": "memory", "statistic": "mean", "unit": "MBy"},
    "memPeak(MB)": {"metric": "memory", "statistic": "max", "unit": "MBy"},
    "latency_ms": {"metric": "latency", "unit": "ms"},
    "Latency [us]": {"metric": "latency", "unit": "us"},
    "p99 latency (ms)": {"metric": "latency", "statistic": "p99", "unit": "ms"},
    "latency_p50 (ms)": {"metric": "latency", "statistic": "median", "unit": "ms"},
    "Accuracy (%)": {"metric": "accuracy", "unit": "%"},
    "CO2eRate(kg/s)": {"metric": "emissions-rate", "unit": "kg/s"},
    "energy (kWh)": {"metric": "energy", "unit": "kW.h"},
    "GPU power (W)": {"metric": "power", "scope": "gpu", "unit": "W"},
    "Model": {"field": "model.name"},
    "batch_size": {"field": "configuration.batch_size"},
    "Batch Size": {"field": "configuration.batch_size"},
    "Framework": {"field": "software.engine"},
}


@pytest.mark.parametrize(("header", "annotation"), HEADERS.items(), ids=HEADERS)
def test_a_header_is_drafted_with_metric_statistic_scope_and_unit(
    tmp_path: Path, header: str, annotation: dict[str, Any]
) -> None:
    notes, told = drafted(tmp_path, header)
    assert notes == {header: annotation}
    assert told == []


DOUBTS = {
    "sparkle": "column 'sparkle': 'sparkle' is not understood",
    "cpuEnergy(kW)": "column 'cpuEnergy(kW)': kW is no unit of energy, which is in J",
    "power [parsec]": "column 'power [parsec]': 'parsec' is not understood",
}


@pytest.mark.parametrize(("header", "words"), DOUBTS.items(), ids=DOUBTS)
def test_what_is_not_known_is_said_once_and_left_out(
    tmp_path: Path, header: str, words: str
) -> None:
    notes, told = drafted(tmp_path, header)
    assert notes == {header: {}}
    assert len(told) == 1
    assert words in told[0]


def test_a_unit_that_nobody_wrote_is_assumed_aloud(tmp_path: Path) -> None:
    notes, told = drafted(tmp_path, "latency")
    assert notes == {"latency": {"metric": "latency", "unit": "s", "caveats": ["unit-inferred"]}}
    assert told == [
        "column 'latency': it names no unit: s is assumed (or ms, us, min, h); say --unit, or --confirm it"
    ]


def test_times_of_stages_are_latencies_of_their_stage(tmp_path: Path) -> None:
    notes, told = drafted(tmp_path, "preprocessing_time (ms),inference time [ms],latency (ms)")
    assert [(note["metric"], note.get("stage")) for note in notes.values()] == [
        ("latency", "preprocess"),
        ("latency", "inference"),
        ("latency", None),
    ]
    assert [note for note in told if "headline" not in note] == []


def test_marks_among_numbers_are_proposed_as_missing_values(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("model,latency (ms)\na,1.5\nn/a,-\nc,2.5\n")
    made = draft(table, "lpdnn")
    assert made.descriptor["resources"][0]["schema"]["missingValues"] == ["", "-"]
    assert any("'-' among numbers" in note for note in made.notes)


def test_two_columns_of_one_measurement_are_told_apart_by_a_person(tmp_path: Path) -> None:
    notes, told = drafted(tmp_path, "latency_ms,latency (us)")
    assert notes == {"latency_ms": {"metric": "latency", "unit": "ms"}, "latency (us)": {}}
    assert "looks like the measurement of another column" in told[0]


def test_the_types_are_read_from_the_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,c,d\n1,1.5,x,\n2,,1,\n")
    fields = draft(tmp_path / "t.csv").descriptor["resources"][0]["schema"]["fields"]
    assert [field["type"] for field in fields] == ["integer", "number", "string", "string"]


def test_a_suite_that_nobody_named_is_a_prefixed_one_and_told(tmp_path: Path) -> None:
    (tmp_path / "My Table.csv").write_text("latency_ms\n1\n")
    made = draft(tmp_path / "My Table.csv")
    assert made.descriptor["resources"][0]["benchfmt"]["constant"] == {
        "benchmark.suite": "local:my-table"
    }
    assert "the suite is unknown" in made.notes[0]


def test_a_draft_is_a_sound_descriptor_and_converts_and_validates(tmp_path: Path) -> None:
    header = "Model,Batch Size,latency_ms,memPeak(MB),Accuracy (%),colour"
    drafted(tmp_path, header, "resnet50,8,12.5,116.96,76.1,red", "lpdnn")
    made = draft(tmp_path / "table.csv", "lpdnn")
    assert read_descriptor(made.descriptor)[1] == []
    (tmp_path / "datapackage.json").write_text(json.dumps(made.descriptor))
    # Of a batch of 8: whether its time is that of a sample only the author knows.
    assert [finding.code for finding in validate(tmp_path).findings] == ["BF314"]
    [record] = [r.to_dict() for r in convert(tmp_path)]
    assert {(m["metric"], m["value"]) for m in record["measurements"]} == {
        ("latency", 0.0125),
        ("memory", 116960000.0),
        ("accuracy", 0.761),
    }
    assert record["model"] == {"name": "resnet50"}
    assert record["extensions"] == {"lpdnn": {"colour": "red"}}


@pytest.mark.parametrize(
    ("text", "words"), [("", "is empty"), ("a,a\n", "column 'a' appears twice")]
)
def test_what_is_no_table_cannot_be_described(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(TableError, match=words):
        draft(tmp_path / "t.csv")


def made_of(folder: Path, text: str, name: str = "t.csv") -> list[dict[str, Any]]:
    """Return the records of a table that is described and converted without an edit."""
    (folder / name).write_text(text, "utf-8")
    made = draft(folder / name, "lab:x")
    assert read_descriptor(made.descriptor)[1] == []
    (folder / "datapackage.json").write_text(json.dumps(made.descriptor))
    assert [f for f in validate(folder).findings if f.severity == "error"] == []
    return [record.to_dict() for record in convert(folder)]


def values_of(record: dict[str, Any]) -> dict[str, float]:
    return {m["metric"]: m["value"] for m in record["measurements"] if "value" in m}


def test_digits_of_words_are_no_units(tmp_path: Path) -> None:
    header = "model,top5,r2,ndcg@10,mAP50,WER %,Params (M),memory_MB,training_time_min,time_a,price"
    [record] = made_of(tmp_path, f"{header}\nnet,0.19,0.40,0.08,0.012,12.5,25.6,412,90,3.5,4.1\n")
    assert values_of(record) == {
        "top-5-accuracy": 0.19,
        "r2": 0.4,
        "ndcg@10": 0.08,
        "map-50": 0.012,
        "word-error-rate": 0.125,
        "memory": 412e6,
        "duration": 5400,
    }
    assert record["model"] == {"name": "net", "parameters": 25_600_000}
    assert record["extensions"] == {"table": {"price": "4.1", "time_a": "3.5"}}


def test_numbers_are_described_as_they_are_written(tmp_path: Path) -> None:
    text = "model,latency (ms),throughput (img/s),params,wall time\na,12.3 ± 0.4,1.2k,25.6M,00:03:12\nb,8.1 (0.1),2400,7B,1:02:03\n"
    first, second = made_of(tmp_path, text)
    assert values_of(first) == {"latency": 0.0123, "throughput": 1200, "duration": 192}
    assert values_of(second) == {"latency": 0.0081, "throughput": 2400, "duration": 3723}
    assert [r["model"]["parameters"] for r in (first, second)] == [25_600_000, 7_000_000_000]
    assert [m.get("stddev") for m in first["measurements"] if m["metric"] == "latency"] == [0.0004]


def test_a_spread_and_a_count_are_described_as_parts(tmp_path: Path) -> None:
    [record] = made_of(tmp_path, "model,latency_mean_ms,latency_std_ms,n\na,3.42,0.11,100\n")
    [found] = record["measurements"]
    assert (found["value"], found["stddev"], found["n"]) == (0.00342, 0.00011, 100)


def test_a_long_table_with_units_is_described(tmp_path: Path) -> None:
    text = "model,metric,value,unit\na,latency,3.4,ms\na,throughput,290,img/s\nb,latency,0.0041,s\nb,throughput,250,img/s\n"
    first, second = made_of(tmp_path, text)
    assert values_of(first) == {"latency": 0.0034, "throughput": 290}
    assert values_of(second) == {"latency": 0.0041, "throughput": 250}


def test_a_board_names_the_system_and_a_device_the_placement(tmp_path: Path) -> None:
    text = "Board,Device,Model,Latency mean [ms],Avg power [W]\nOrin,GPU,resnet50,4.2,9.1\nXavier,GPU,resnet50,6.9,n/a\nPi 5,CPU,resnet50,88.1,n/a\n"
    records = made_of(tmp_path, text)
    assert [r["system"]["name"] for r in records] == ["Orin", "Xavier", "Pi 5"]
    assert len({r["system"]["id"] for r in records}) == 3
    assert [r["configuration"]["placement"] for r in records] == [["gpu"], ["gpu"], ["cpu"]]


def test_a_column_that_says_more_names_the_system(tmp_path: Path) -> None:
    text = "Platform,Device,Model,latency_ms\nedge,Orin,a,4\nedge,Xavier,a,7\nserver,A100,a,1\n"
    records = made_of(tmp_path, text)
    assert [record["system"]["name"] for record in records] == ["Orin", "Xavier", "A100"]


def test_two_columns_that_vary_independently_name_no_system_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Board,Device,latency_ms\nPi,Coral,4\nPi,Hailo,7\nOrin,Coral,2\n")
    notes = draft(path, "lab:x").notes
    assert len([note for note in notes if "vary independently" in note]) == 2


def test_the_headline_number_is_a_guess_that_is_told(tmp_path: Path) -> None:
    _, told = drafted(tmp_path, "latency (ms),power (W)")
    assert told == [
        (
            "column 'latency (ms)': it is taken for the headline number (`primary`), as the first measurement "
            "(or 'power (W)'); --primary says another"
        )
    ]


# --- companions of the AI4Europe benchmarking guide ---


COMPANION: dict[str, Any] = {
    "name": "max-flow",
    "HW_ID": "leonardo",
    "HW_price": None,
    "inputs": [{"ID": "nodes", "type": "int"}, {"ID": "load(kW)", "type": "str"}],
    "hyperparams": [{"ID": "algorithm", "type": "str"}, {"ID": "nTraces", "type": "int"}],
    "targets": [
        {"ID": "time(s)", "type": "float"},
        {"ID": "memPeak(MB)", "type": "float"},
        {"ID": "sol"},
    ],
}
TABLE = 'nodes,load(kW),algorithm,nTraces,time(s),memPeak(MB),sol\n12,"[1. 2.\n 3.]",BK,100,1.5,101.789,3.7\n'


def pair(folder: Path, companion: Any, table: str = TABLE) -> Path:
    (folder / "max-flow_leonardo.csv").write_text(table)
    (folder / "max-flow_leonardo.json").write_text(json.dumps(companion))
    return folder


def test_a_companion_says_what_is_input_configuration_and_measurement(tmp_path: Path) -> None:
    conversion = convert(pair(tmp_path, COMPANION))
    [record] = [r.to_dict() for r in conversion]
    assert record["benchmark"] == {"suite": "ai4europe", "name": "max-flow"}
    assert record["system"]["id"] == "leonardo"
    assert record["configuration"] == {"hyperparameters": {"algorithm": "BK", "nTraces": 100}}
    assert record["inputs"] == [
        {"name": "nodes", "values": [12.0]},
        {"name": "load(kW)", "values": [1.0, 2.0, 3.0]},
    ]
    assert [
        (m["metric"], m.get("statistic"), m["value"], m["unit"]) for m in record["measurements"]
    ] == [
        ("duration", None, 1.5, "s"),
        ("ai4europe:sol", None, 3.7, "[undocumented]"),
        ("memory", "max", 101789000.0, "By"),
    ]
    assert [(f.code, f.column) for f in conversion.account.findings] == [("BF102", "sol")]
    conversion.write(tmp_path / "out")
    assert validate(tmp_path / "out").findings == []


def test_a_companion_that_does_not_fit_its_table_is_told(tmp_path: Path) -> None:
    targets = [{"ID": "CO2eq(kg)"}, {"ID": "time(s)"}, {"ID": "memPeak(MB)"}]
    conversion = convert(pair(tmp_path, {**COMPANION, "targets": targets}))
    assert len(list(conversion)) == 1
    assert [(f.column, f.message.partition(" column")[0]) for f in conversion.account.findings] == [
        ("CO2eq(kg)", "the companion describes"),
        ("sol", "the companion does not describe"),
    ]


SHAPES = {"no list": {"inputs": {"a": 1}}, "a number": {"hyperparams": 3}}


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
def test_a_companion_of_another_shape_fails_its_table_with_a_word(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    conversion = convert(pair(tmp_path, {**COMPANION, **change}))
    assert list(conversion) == []
    entry = next(e for e in conversion.account.files if e.path.endswith(".csv"))
    assert entry.role == "failed"
    assert "must be a list of columns" in str(entry.reason)


def test_a_platform_that_nobody_knows_is_named(tmp_path: Path) -> None:
    [record] = list(convert(pair(tmp_path, {**COMPANION, "HW_ID": "toaster"})))
    assert record.system
    assert (record.system.name, str(record.system.id)[:5]) == ("toaster", "sys1-")


def test_a_table_that_is_not_a_companions_is_a_wrong_call(tmp_path: Path) -> None:
    pair(tmp_path, {"name": "max-flow"})
    with pytest.raises(BenchfmtError, match="none recognised"):
        convert(tmp_path)


REAL = {
    "maxflow/bk_leonardo.csv": "bk_leonardo.generalized-hada-v2.json",
    "sustainable/contingency_leonardo.csv": "contingency_leonardo.generalized-hada-v2.json",
}


@pytest.mark.parametrize(("table", "companion"), REAL.items(), ids=REAL)
def test_real_companions_give_each_row_with_its_numbers(
    samples: Path, tmp_path: Path, table: str, companion: str
) -> None:
    source = samples / "energy" / table
    folder = tmp_path / "source"
    folder.mkdir()
    shutil.copy(source, folder)
    shutil.copy(samples / "energy" / "configs" / companion, folder / f"{source.stem}.json")
    with source.open(newline="") as file:
        rows = list(csv.DictReader(file))
    records = list(convert(folder, "ai4europe"))  # the energy domain knows these tables better
    assert len(records) == len(rows)
    seconds = next(name for name in rows[0] if name.startswith("time"))
    for row, record in zip(rows, records, strict=True):
        values = {m.key: m.value for m in record.measurements or ()}
        assert values["duration", "", "", "", ""] == float(row[seconds])
        assert values["memory", "max", "", "", ""] == float(Decimal(row["memPeak(MB)"]) * 10**6)
        assert values["emissions", "", "", "", ""] == float(row["CO2e(kg)"])


def test_the_real_companion_with_a_misspelt_column_is_told(samples: Path, tmp_path: Path) -> None:
    shutil.copy(samples / "energy" / "maxflow" / "bk_leonardo.csv", tmp_path)
    shutil.copy(
        samples / "energy" / "configs" / "bk_leonardo.sustainable-hw-dimensioning.json",
        tmp_path / "bk_leonardo.json",
    )
    conversion = convert(tmp_path)
    assert len(list(conversion)) > 2_000
    misfits = {f.column for f in conversion.account.findings if "describe" in f.message}
    assert misfits == {"CO2eq(kg)", "CO2e(kg)"}
