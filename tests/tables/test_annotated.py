"""Annotated tables: every construct of a descriptor, on small tables, against records written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from tests.drawing import examples

from benchfmt import Finding, Severity, convert, open_package, validate
from benchfmt.accounting import Account
from benchfmt.descriptor import SCHEMA_URL

SUITE = {"benchmark.suite": "lpdnn"}
LATENCY = {"metric": "latency", "per": "sample", "unit": "ms"}


def lay(
    folder: Path,
    text: str | bytes,
    fields: dict[str, Any],
    *,
    name: str = "t.csv",
    annotation: dict[str, Any] | None = None,
    prefixes: dict[str, Any] | None = None,
    missing: Iterable[str] = ("",),
    types: dict[str, str] | None = None,
    **resource: Any,
) -> Path:
    """Write a table with its descriptor, and return their folder."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    described = [
        {
            "name": column,
            **({"type": types[column]} if types and column in types else {}),
            "benchfmt": note,
        }
        for column, note in fields.items()
    ]
    notes = {"constant": SUITE, **(annotation or {})}
    descriptor = {
        "$schema": SCHEMA_URL,
        "benchfmt": {"prefixes": prefixes or {}},
        "resources": [
            {
                "path": name,
                "schema": {"fields": described, "missingValues": list(missing)},
                "benchfmt": notes,
                **resource,
            }
        ],
    }
    (folder / "datapackage.json").write_text(json.dumps(descriptor))
    return folder


def read(folder: Path) -> tuple[list[dict[str, Any]], Account]:
    """Return the records without ids and provenance, and the account."""
    conversion = convert(folder)
    return [
        {k: v for k, v in record.to_dict().items() if k not in ("benchfmt", "id", "provenance")}
        for record in conversion
    ], conversion.account


def locators(folder: Path) -> list[str]:
    return [str(r.provenance.sources[0].locator) for r in convert(folder)]  # type: ignore[union-attr,index]


def record(*measurements: dict[str, Any], status: str = "ok", **fields: Any) -> dict[str, Any]:
    return {
        "benchmark": {"suite": "lpdnn"},
        **fields,
        "measurements": list(measurements),
        "status": status,
    }


def latency(value: float, reported: str, **more: Any) -> dict[str, Any]:
    return {
        "metric": "latency", "per": "sample", **more, "value": value, "unit": "s", "basis": "measured",
        "reported_value": reported, "reported_unit": "ms",
    }  # fmt: skip


# --- columns ---


def test_fields_and_a_measurement_make_a_record(tmp_path: Path) -> None:
    fields = {
        "net": {"field": "model.name"},
        "batch": {"field": "configuration.batch_size"},
        "shape": {"field": "configuration.input_shape", "list": "numbers", "separator": "x"},
        "t": LATENCY,
    }
    records, account = read(lay(tmp_path, "net,batch,shape,t\nresnet50,8,224x224,12.5\n", fields))
    assert records == [
        record(
            latency(0.0125, "12.5"),
            model={"name": "resnet50"},
            configuration={"batch_size": 8, "input_shape": [224, 224]},
        )
    ]
    assert account.findings == []


def test_all_parts_of_a_key_and_of_a_measurement_can_be_said(tmp_path: Path) -> None:
    note = {
        **LATENCY, "statistic": "p99", "stage": "inference", "scope": "gpu", "basis": "published", "primary": True,
        "caveats": ["short-run"], "target_max": 0.02,
    }  # fmt: skip
    records, _ = read(
        lay(tmp_path, "t,u\n15,3\n", {"t": note, "u": {"metric": "throughput", "unit": "/s"}})
    )
    assert records == [
        record(
            {
                "metric": "latency", "statistic": "p99", "stage": "inference", "per": "sample", "scope": "gpu",
                "value": 0.015, "unit": "s", "basis": "published", "primary": True, "caveats": ["short-run"],
                "target_max": 0.02, "reported_value": "15", "reported_unit": "ms",
            },
            {
                "metric": "throughput", "value": 3.0, "unit": "/s", "basis": "measured", "reported_value": "3",
                "reported_unit": "/s",
            },
        )
    ]  # fmt: skip


UNITS = [
    ("latency", "ms", "12.5", 0.0125, "s", "ms"),
    ("latency", "us", "7", 7e-06, "s", "us"),
    ("latency", "min", "1.5", 90.0, "s", "min"),
    ("memory", "MB", "116.96", 116960000.0, "By", "MBy"),
    ("memory", "MiB", "1.5", 1572864.0, "By", "MiBy"),
    ("accuracy", "%", "76.078", 0.76078, "1", "%"),
    ("temperature", "degF", "212", 100.0, "Cel", "[degF]"),
    ("energy", "kWh", "0.001", 3600.0, "J", "kW.h"),
    ("cost", "keuro", "364.16", 364160.0, "EUR", "keuro"),
    ("objective-value", "keuro", "364.16", 364160.0, "EUR", "keuro"),
    ("flop-rate", "TFLOPS", "1.1", 1.1e12, "/s", "10*12/s"),
    ("emissions-rate", "kg/s", "2.8553e-05", 2.8553e-05, "kg/s", "kg/s"),
]


@pytest.mark.parametrize(("metric", "word", "cell", "value", "unit", "reported"), UNITS)
def test_a_unit_word_converts_to_the_unit_of_the_metric(
    tmp_path: Path, metric: str, word: str, cell: str, value: float, unit: str, reported: str
) -> None:
    records, _ = read(lay(tmp_path, f"x\n{cell}\n", {"x": {"metric": metric, "unit": word}}))
    measurement = {"metric": metric, "value": value, "unit": unit, "basis": "measured"}
    assert records == [record({**measurement, "reported_value": cell, "reported_unit": reported})]


def test_a_scale_multiplies_and_leaves_no_reported_unit(tmp_path: Path) -> None:
    fields = {
        "p": {"field": "model.parameters", "scale": "1e6"},
        "g": {"field": "model.flop", "scale": 1e9},
        "t": {"metric": "latency", "per": "sample", "scale": "0.1"},
    }
    records, _ = read(lay(tmp_path, "p,g,t\n25.5,4.1,3\n", fields))
    measurement = {
        "metric": "latency",
        "per": "sample",
        "value": 0.3,
        "unit": "s",
        "basis": "measured",
    }
    assert records == [
        record(
            {**measurement, "reported_value": "3"}, model={"parameters": 25500000, "flop": 4.1e9}
        )
    ]


def test_the_unit_of_a_field_is_converted(tmp_path: Path) -> None:
    fields = {
        "ram": {"field": "system.memory_bytes", "unit": "GiB"},
        "clock": {"field": "system.processor.clock_hz", "unit": "GHz"},
        "t": LATENCY,
    }
    records, _ = read(lay(tmp_path, "ram,clock,t\n4,1.43,1\n", fields))
    system = records[0]["system"]
    assert (system["memory_bytes"], system["processor"]) == (4294967296, {"clock_hz": 1430000000.0})


def test_missing_cells_have_the_reason_that_is_said(tmp_path: Path) -> None:
    temperature = {
        "metric": "temperature",
        "unit": "Cel",
        "missing": {"-263.2": "sensor-failed", "n/a": "no-sensor"},
    }
    fields = {"c": temperature, "t": LATENCY}
    records, account = read(
        lay(tmp_path, "c,t\n-263.2,1\n-263.20,1\nn/a,1\n-,1\n,1\n", fields, missing=["", "-"])
    )
    found = [[m for m in r["measurements"] if m["metric"] == "temperature"] for r in records]
    assert found == [
        [{"metric": "temperature", "missing": "sensor-failed", "reported_value": "-263.2"}],
        [{"metric": "temperature", "missing": "sensor-failed", "reported_value": "-263.20"}],
        [{"metric": "temperature", "missing": "no-sensor", "reported_value": "n/a"}],
        [{"metric": "temperature", "missing": "not-reported", "reported_value": "-"}],
        [{"metric": "temperature", "missing": "not-reported"}],
    ]
    assert account.findings == []


def test_terms_stand_for_ids_and_lists_and_the_word_is_kept(tmp_path: Path) -> None:
    fields = {
        "p": {"field": "configuration.precision", "terms": {"F16": "fp16"}},
        "d": {
            "field": "configuration.placement",
            "terms": {"GPU/CPU": ["gpu", "cpu"], "CPU": ["cpu"]},
        },
        "t": LATENCY,
    }
    records, _ = read(lay(tmp_path, "p,d,t\nF16,GPU/CPU,1\n", fields))
    assert records == [
        record(
            latency(0.001, "1"),
            configuration={"precision": "fp16", "placement": ["gpu", "cpu"]},
            extensions={"lpdnn": {"p": "F16", "d": "GPU/CPU"}},
        )
    ]


def test_a_word_of_the_vocabulary_needs_no_terms(tmp_path: Path) -> None:
    fields = {"e": {"field": "software.engine"}, "t": LATENCY}
    records, account = read(lay(tmp_path, "e,t\nONNX Runtime,1\ntensorrt,1\n", fields))
    assert [r["software"]["engine"] for r in records] == ["onnxruntime", "tensorrt"]
    assert account.findings == []


def test_an_unknown_word_becomes_a_prefixed_term_and_a_finding(tmp_path: Path) -> None:
    fields = {"e": {"field": "software.engine"}, "t": LATENCY}
    records, account = read(lay(tmp_path, "e,t\ntensorrt,1\nMy Engine!,1\nMy Engine!,2\n", fields))
    assert [r["software"]["engine"] for r in records] == [
        "tensorrt",
        "lpdnn:my-engine",
        "lpdnn:my-engine",
    ]
    assert records[1]["extensions"] == {"lpdnn": {"e": "My Engine!"}}
    assert account.findings == [
        Finding(
            "BF201", Severity.WARNING, "t.csv", 2, "e", None,
            "'My Engine!' is no known engine; written as 'lpdnn:my-engine'", "My Engine!", "add it to `terms`",
        )
    ]  # fmt: skip


VECTOR = (
    "[" + "\n ".join(" ".join(f"{12 * line + i}." for i in range(12)) for line in range(8)) + "]"
)
SHORT = VECTOR.replace(" 95.", "")


def test_a_vector_of_96_numbers_over_many_lines_is_instance_data(tmp_path: Path) -> None:
    fields = {"PV(kW)": {"field": "inputs.pv", "list": "numbers", "unit": "kW"}, "t": LATENCY}
    text = f'PV(kW),t\n"{VECTOR}",1\n"{VECTOR}",2\n'
    records, account = read(lay(tmp_path, text, fields))
    values = [float(number) for number in range(96)]
    assert records[1] == record(
        latency(0.002, "2"), inputs=[{"name": "pv", "unit": "kW", "values": values}]
    )
    assert locators(tmp_path) == ["row=1", "row=2"]
    assert account.findings == []


BAD_VECTORS = {
    "cut off within": VECTOR.partition(" 80.")[0],
    "abbreviated": VECTOR.replace("48.", "..."),
    "with a word": VECTOR.replace("48.", "nan"),
    "empty": "[]",
}


@pytest.mark.parametrize("vector", BAD_VECTORS.values(), ids=BAD_VECTORS)
def test_a_vector_that_is_cut_off_is_told_with_its_row_and_kept_as_text(
    tmp_path: Path, vector: str
) -> None:
    fields = {"PV": {"field": "inputs.pv", "list": "numbers"}, "t": LATENCY}
    records, account = read(lay(tmp_path, f'PV,t\n"{VECTOR}",1\n"{vector}",2\n', fields))
    assert "inputs" in records[0]
    assert records[1] == record(latency(0.002, "2"), extensions={"lpdnn": {"PV": vector}})
    assert [(f.code, f.row, f.column) for f in account.findings] == [("BF103", 2, "PV")]
    assert "is no vector of numbers that fits, or is cut off" in account.findings[0].message


def test_a_vector_cut_off_between_two_numbers_is_told(tmp_path: Path) -> None:
    fields = {"PV": {"field": "inputs.pv", "list": "numbers"}, "t": LATENCY}
    text = f'PV,t\n"{VECTOR}",1\n"{SHORT}",2\n"{VECTOR}",3\n'
    _, account = read(lay(tmp_path, text, fields))
    assert [(f.code, f.row, f.column) for f in account.findings] == [("BF103", 2, "PV")]
    assert "has not as many numbers as the others" in account.findings[0].message


def test_a_vector_may_stand_inside_of_free_json_and_is_a_list_of_numbers_there(
    tmp_path: Path,
) -> None:
    paths = {
        "shape": "extensions.lab.shape",
        "grid": "configuration.hyperparameters.grid",
        "fans": "system.extensions.lab.fans",
        "cuda": "software.stack.cuda",
    }
    fields = {name: {"field": path, "list": "numbers"} for name, path in paths.items()}
    text = '"shape","grid","fans","cuda","t"\n"1,28.5",[2 3],"40,40",11,1\n"1,x","1e300",,,2\n'
    records, account = read(lay(tmp_path, text, {**fields, "t": LATENCY}))
    first, second = records
    assert first["extensions"] == {"lab": {"shape": [1, 28.5]}, "lpdnn": {"cuda": "11"}}
    assert first["configuration"]["hyperparameters"] == {"grid": [2, 3]}
    assert first["system"]["extensions"] == {"lab": {"fans": [40, 40]}}
    # Neither is a vector of numbers that every reader keeps.
    assert second["extensions"] == {"lpdnn": {"shape": "1,x", "grid": "1e300"}}
    assert {(f.code, f.row, f.column) for f in account.findings} == {
        ("BF103", 2, "shape"),
        ("BF103", 2, "grid"),
        ("BF103", 1, "cuda"),
    }
    convert(tmp_path).write(tmp_path / "package")
    assert validate(tmp_path / "package").ok
    with open_package(tmp_path / "package") as package:
        table = package.wide(inputs=True)
        [cell, _] = package.table("records")["extensions"].to_pylist()
    assert json.loads(cell)["lab"] == {"shape": [1, 28.5]}
    assert table["hyperparameters__grid"].to_pylist() == ["[2, 3]", None]


def test_headers_that_are_a_dimension_give_a_record_each(tmp_path: Path) -> None:
    fields = {
        "net": {"field": "model.name"},
        **{f"b{n}": {**LATENCY, "record": {"configuration.batch_size": n}} for n in (1, 8)},
        "m8": {"metric": "memory", "unit": "MB", "record": {"configuration.batch_size": 8}},
    }
    folder = lay(tmp_path, "net,b1,b8,m8\nx,1,2,3\ny,,4,\nz,5,,\n", fields)
    records, account = read(folder)
    memory = {
        "metric": "memory",
        "value": 3e6,
        "unit": "By",
        "basis": "measured",
        "reported_value": "3",
    }
    assert records == [
        record(latency(0.001, "1"), model={"name": "x"}, configuration={"batch_size": 1}),
        record(
            latency(0.002, "2"),
            {**memory, "reported_unit": "MBy"},
            model={"name": "x"},
            configuration={"batch_size": 8},
        ),
        record(
            latency(0.004, "4"),
            {"metric": "memory", "missing": "not-reported"},
            model={"name": "y"},
            configuration={"batch_size": 8},
        ),
        record(latency(0.005, "5"), model={"name": "z"}, configuration={"batch_size": 1}),
    ]
    assert locators(folder) == [
        "batch_size=1&row=1",
        "batch_size=8&row=1",
        "batch_size=8&row=2",
        "batch_size=1&row=3",
    ]
    assert (account.total("rows"), account.total("converted"), account.total("records")) == (
        3,
        3,
        4,
    )


def test_a_header_may_say_a_hyperparameter(tmp_path: Path) -> None:
    fields = {
        f"k{n}": {**LATENCY, "record": {"configuration.hyperparameters.k": n}, "primary": True}
        for n in (1, 2)
    }
    records, _ = read(lay(tmp_path, "k1,k2\n3,4\n", fields))
    assert [r["configuration"] for r in records] == [
        {"hyperparameters": {"k": 1}},
        {"hyperparameters": {"k": 2}},
    ]


# --- a metric named by another column, and long tables ---


def test_a_metric_may_be_named_by_another_column(tmp_path: Path) -> None:
    terms = {"top1": {"metric": "accuracy", "unit": "%"}, "err": "mean-absolute-error"}
    fields = {"v": {"metric": {"column": "name", "terms": terms}, "unit": "deg"}}
    records, account = read(lay(tmp_path, "name,v\ntop1,58.2\nerr,3\nTop-1 joy,4\n,5\n", fields))
    assert records == [
        record({
            "metric": "accuracy", "value": 0.582, "unit": "1", "basis": "measured", "reported_value": "58.2",
            "reported_unit": "%",
        }),
        record({
            "metric": "mean-absolute-error", "value": 3.0, "unit": "deg", "basis": "measured", "reported_value": "3",
            "reported_unit": "deg",
        }),
    ]  # fmt: skip
    assert [(f.code, f.row, f.column) for f in account.findings] == [("BF201", 3, "name")]
    # A number that nothing names is a result that could not be read, not the absence of one.
    assert (account.total("rows"), account.total("converted"), account.total("failed")) == (4, 2, 2)


def test_the_numbers_of_an_unknown_metric_are_kept_as_text(tmp_path: Path) -> None:
    fields = {"v": {"metric": {"column": "name"}, "unit": "1"}, "t": LATENCY}
    records, _ = read(lay(tmp_path, "name,v,t\njoy,4,1\naccuracy,0.5,2\n", fields))
    assert records[0] == record(
        latency(0.001, "1"), extensions={"lpdnn": {"name": "joy", "v": "4"}}
    )
    assert [m["metric"] for m in records[1]["measurements"]] == ["accuracy", "latency"]


LONG = "run,net,name,v\nr2,b,latency,2\nr1,a,latency,1\nr2,b,throughput,20\nr1,a,throughput,10\n"
LONG_FIELDS: dict[str, Any] = {
    "net": {"field": "model.name"},
    "v": {
        "metric": {"column": "name", "terms": {"latency": {"metric": "latency", "unit": "ms"}}},
        "per": "sample",
    },
}


def test_rows_with_equal_key_are_one_record_wherever_they_stand(tmp_path: Path) -> None:
    folder = lay(tmp_path, LONG, LONG_FIELDS, annotation={"key": ["run"]})
    records, account = read(folder)
    throughput = {
        "metric": "throughput",
        "per": "sample",
        "unit": "/s",
        "basis": "measured",
        "reported_unit": "/s",
    }
    assert records == [
        record(
            latency(0.002, "2"),
            {**throughput, "value": 20.0, "reported_value": "20"},
            model={"name": "b"},
        ),
        record(
            latency(0.001, "1"),
            {**throughput, "value": 10.0, "reported_value": "10"},
            model={"name": "a"},
        ),
    ]
    assert locators(folder) == ["run=r2", "run=r1"]
    assert (account.total("rows"), account.total("converted"), account.total("records")) == (
        4,
        4,
        2,
    )


def test_the_order_of_the_rows_of_a_long_table_changes_no_record(tmp_path: Path) -> None:
    header, *rows = LONG.splitlines()
    ids = []
    for name, order in (("a", rows), ("b", rows[::-1])):
        (tmp_path / name).mkdir()
        folder = lay(
            tmp_path / name,
            "\n".join([header, *order]) + "\n",
            LONG_FIELDS,
            annotation={"key": ["run"]},
        )
        ids.append(sorted(json.dumps(item, sort_keys=True) for item in read(folder)[0]))
    assert ids[0] == ids[1]


def test_a_key_of_several_columns_is_a_sorted_escaped_locator(tmp_path: Path) -> None:
    text = LONG.replace("r1", "r=1&x").replace("r2", "50%")
    folder = lay(tmp_path, text, LONG_FIELDS, annotation={"key": ["run", "net"]})
    assert locators(folder) == ["net=b&run=50%25", "net=a&run=r%3D1%26x"]


def test_a_measurement_that_a_record_says_twice_is_a_failed_row(tmp_path: Path) -> None:
    folder = lay(tmp_path, LONG + "r1,a,latency,3\n", LONG_FIELDS, annotation={"key": ["run"]})
    records, account = read(folder)
    assert records[1]["measurements"][0] == latency(0.001, "1")
    entry = next(e for e in account.files if e.path == "t.csv")
    assert entry.details == [
        {"row": 5, "what": "failed", "reason": "v: the record has this measurement already"}
    ]
    assert (entry.rows, entry.converted, entry.failed) == (5, 4, 1)


def test_rows_of_one_record_that_disagree_are_told_and_the_first_is_taken(tmp_path: Path) -> None:
    folder = lay(
        tmp_path,
        LONG.replace("r1,a,throughput", "r1,c,throughput"),
        LONG_FIELDS,
        annotation={"key": ["run"]},
    )
    records, account = read(folder)
    assert records[1]["model"] == {"name": "a"}
    assert account.findings == [
        Finding(
            "BF103", Severity.WARNING, "t.csv", 4, None, None,
            "model.name: rows of one record disagree; the first is taken", "c",
        )
    ]  # fmt: skip


# --- constants, extracts and rules ---


def test_a_constant_holds_for_every_row(tmp_path: Path) -> None:
    constant = {
        **SUITE, "benchmark.scenario": "single-stream", "configuration.placement": ["gpu", "cpu"], "system.id": "rpi4",
        "configuration.hyperparameters.depth": 3, "extensions.lab.room": "2.31", "provenance.license": "CC-BY-4.0",
    }  # fmt: skip
    folder = lay(tmp_path, "t\n1\n2\n", {"t": LATENCY}, annotation={"constant": constant})
    records, _ = read(folder)
    assert [r["benchmark"] for r in records] == [
        {"suite": "lpdnn", "scenario": "single-stream"}
    ] * 2
    assert records[1]["configuration"] == {
        "placement": ["gpu", "cpu"],
        "hyperparameters": {"depth": 3},
    }
    assert records[1]["extensions"] == {"lab": {"room": "2.31"}}
    assert records[1]["system"]["name"] == "Raspberry Pi 4b"
    assert {r.provenance.license for r in convert(folder)} == {"CC-BY-4.0"}  # type: ignore[union-attr]


def test_fields_are_extracted_from_the_file_name_and_from_a_column(tmp_path: Path) -> None:
    extract = [
        {
            "from": "$path",
            "pattern": "^(?P<net>[^_]+)_(?P<hw>[^_]+)[.]csv$",
            "set": {"model.name": "net", "system.name": "hw"},
        },
        {
            "from": "sw",
            "pattern": "(?P<e>[A-Za-z]+) (?P<v>[0-9.]+)",
            "set": {"software.engine": "e", "software.engine_version": "v"},
            "terms": {"software.engine": {"TRT": "tensorrt"}},
        },
    ]
    folder = lay(
        tmp_path,
        "sw,t\nTRT 8.5,1\n?,2\n",
        {"t": LATENCY},
        name="alex_box.csv",
        annotation={"extract": extract},
    )
    records, _ = read(folder)
    assert [r["model"]["name"] for r in records] == ["alex", "alex"]
    assert [r["system"]["name"] for r in records] == ["box", "box"]
    assert [r.get("software") for r in records] == [
        {"engine": "tensorrt", "engine_version": "8.5"},
        None,
    ]


def test_rules_set_fields_reasons_and_caveats_where_they_hold(tmp_path: Path) -> None:
    rules = [
        {
            "when": {"t": ["", "/"]},
            "set": {"status": "failed", "status_detail": "lost"},
            "missing": {"m": "run-failed"},
        },
        {"when": {"who": "b", "m": 0}, "missing": {"m": "not-measured"}},
        {"when": {"$model.name": "c"}, "caveats": {"t": ["short-run"]}},
    ]
    fields = {"who": {"field": "model.name"}, "t": LATENCY, "m": {"metric": "memory", "unit": "MB"}}
    text = "who,t,m\na,/,0.0\nb,1,0.00\nb,1,2\nc,3,0\n"
    records, _ = read(lay(tmp_path, text, fields, annotation={"rules": rules}, missing=["", "/"]))
    memory = {"metric": "memory", "unit": "By", "basis": "measured", "reported_unit": "MBy"}
    assert records == [
        record(
            {
                "metric": "latency",
                "per": "sample",
                "missing": "not-reported",
                "reported_value": "/",
            },
            {"metric": "memory", "missing": "run-failed", "reported_value": "0.0"},
            model={"name": "a"},
            status="failed",
            status_detail="lost",
        ),
        record(
            latency(0.001, "1"),
            {"metric": "memory", "missing": "not-measured", "reported_value": "0.00"},
            model={"name": "b"},
        ),
        record(
            latency(0.001, "1"),
            {**memory, "value": 2e6, "reported_value": "2"},
            model={"name": "b"},
        ),
        record(
            {**latency(0.003, "3"), "caveats": ["short-run"]},
            {**memory, "value": 0.0, "reported_value": "0"},
            model={"name": "c"},
        ),
    ]


def test_targets_are_in_the_unit_of_the_value(tmp_path: Path) -> None:
    note = {"metric": "accuracy", "unit": "%", "target_min": 0.756954, "primary": True}
    records, _ = read(lay(tmp_path, "a,t\n76.078,1\n,1\n", {"a": note, "t": LATENCY}))
    assert [r["measurements"][0].get("target_min") for r in records] == [0.756954, 0.756954]
    assert records[0]["measurements"][0]["value"] == 0.76078
    assert records[1]["measurements"][0]["missing"] == "not-reported"


def test_columns_nobody_annotated_are_kept_and_ignored_ones_are_not(tmp_path: Path) -> None:
    text = 't,note,who,empty\n1,"a ""b""",mk,\n2,,mk,\n'
    records, _ = read(lay(tmp_path, text, {"t": LATENCY, "who": {"ignore": True}}))
    assert records == [
        record(latency(0.001, "1"), extensions={"lpdnn": {"note": 'a "b"'}}),
        record(latency(0.002, "2")),
    ]


def test_a_field_that_a_cell_cannot_hold_is_kept_as_text_and_told(tmp_path: Path) -> None:
    fields = {"b": {"field": "configuration.batch_size"}, "t": LATENCY}
    records, account = read(lay(tmp_path, "b,t\n8,1\n2.5,1\n0,1\nmany,1\n", fields))
    assert [r.get("configuration") for r in records] == [{"batch_size": 8}, None, None, None]
    assert [r.get("extensions") for r in records] == [
        None,
        {"lpdnn": {"b": "2.5"}},
        {"lpdnn": {"b": "0"}},
        {"lpdnn": {"b": "many"}},
    ]
    assert [(f.code, f.row, f.column) for f in account.findings] == [
        ("BF103", row, "b") for row in (2, 3, 4)
    ]


def test_a_time_that_is_none_is_kept_as_text_and_told(tmp_path: Path) -> None:
    fields = {"d": {"field": "provenance.measured_at"}, "t": LATENCY}
    folder = lay(tmp_path, "d,t\n2024-05-01,1\nyesterday,1\n", fields)
    assert [r.provenance.measured_at for r in convert(folder)] == ["2024-05-01", None]  # type: ignore[union-attr]
    records, account = read(folder)
    assert records[1]["extensions"] == {"lpdnn": {"d": "yesterday"}}
    assert [(f.code, f.row, f.column) for f in account.findings] == [("BF105", 2, "d")]


def test_numbers_inside_hyperparameters_are_numbers_where_the_type_says_so(tmp_path: Path) -> None:
    fields = {
        "n": {"field": "configuration.hyperparameters.n"},
        "s": {"field": "configuration.hyperparameters.s"},
        "t": LATENCY,
    }
    records, account = read(
        lay(tmp_path, "n,s,t\n12,007,1\nten,8,1\n", fields, types={"n": "integer"})
    )
    assert [r["configuration"]["hyperparameters"] for r in records] == [
        {"n": 12, "s": "007"},
        {"n": "ten", "s": "8"},
    ]
    assert [(f.code, f.row, f.column) for f in account.findings] == [("BF103", 2, "n")]


def test_versions_are_text_and_numbers_too_large_for_json_are_kept_as_text(tmp_path: Path) -> None:
    fields = {
        "cuda": {"field": "software.stack.cuda"},
        "seed": {"field": "configuration.hyperparameters.seed"},
    }
    types = {"cuda": "number", "seed": "integer"}
    text = "cuda,seed,t\n12.10,7,1\n,99999999999999999999,1\n"
    records, account = read(lay(tmp_path, text, {**fields, "t": LATENCY}, types=types))
    assert records[0]["software"] == {"stack": {"cuda": "12.10"}}
    assert [r["configuration"]["hyperparameters"]["seed"] for r in records] == [
        7,
        "99999999999999999999",
    ]
    assert [(f.code, f.row, f.column) for f in account.findings] == [("BF103", 2, "seed")]


def test_a_metric_of_ones_own_is_declared_with_its_unit(tmp_path: Path) -> None:
    joy = {"definition": "How glad it is.", "unit": "W", "direction": "higher"}
    prefixes = {"lab": {"title": "Our laboratory", "metrics": {"joy": joy}}}
    folder = lay(tmp_path, "j\n5\n", {"j": {"metric": "lab:joy", "unit": "mW"}}, prefixes=prefixes)
    records, _ = read(folder)
    assert records[0]["measurements"] == [
        {"metric": "lab:joy", "value": 0.005, "unit": "W", "basis": "measured", "reported_value": "5",
         "reported_unit": "mW"}
    ]  # fmt: skip
    convert(folder).write(tmp_path / "out")
    written = json.loads((tmp_path / "out" / "datapackage.json").read_text())
    assert written["benchfmt"]["prefixes"] == prefixes
    assert validate(tmp_path / "out").findings == []


def test_another_delimiter_and_encoding_are_read(tmp_path: Path) -> None:
    fields = {"netz": {"field": "model.name"}, "größe": {"metric": "memory", "unit": "MB"}}
    text = "netz;größe\nZürich;3\n".encode("latin-1")
    folder = lay(tmp_path, text, fields, dialect={"delimiter": ";"}, encoding="latin-1")
    records, _ = read(folder)
    assert records[0]["model"] == {"name": "Zürich"}
    assert records[0]["measurements"][0]["value"] == 3e6


def test_a_column_that_the_table_lost_is_told_and_its_values_are_missing(tmp_path: Path) -> None:
    fields = {"t": LATENCY, "m": {"metric": "memory", "unit": "MB"}}
    records, account = read(lay(tmp_path, "t\n1\n", fields))
    assert records == [record(latency(0.001, "1"))]
    assert [(f.code, f.path, f.column) for f in account.findings] == [("BF101", "t.csv", "m")]


def test_findings_stand_at_their_rows_though_bad_rows_stand_between(tmp_path: Path) -> None:
    fields = {"t": LATENCY, "n": {"field": "model.name"}}
    folder = lay(tmp_path, "t,n\n1,a\n1,2,3\nx,b\n4\n5,c\ny,d\n", fields)
    _, account = read(folder)
    assert [f.row for f in account.findings if f.value in ("x", "y")] == [3, 6]
    failed = [d["row"] for d in account.files[1].details if d["what"] == "failed"]
    assert sorted(failed) == [2, 4]
    assert locators(folder) == ["row=1", "row=3", "row=5", "row=6"]


def test_the_annotated_table_validates_like_the_package_made_of_it(tmp_path: Path) -> None:
    fields = {
        "t": {**LATENCY, "primary": True},
        "a": {"metric": "temperature", "scope": "cpu", "unit": "Cel"},
    }
    folder = lay(tmp_path, "t,a\n1,50\n2,582\n", fields)
    own = validate(folder)
    convert(folder).write(tmp_path / "out")
    made = validate(tmp_path / "out")
    assert [(f.code, f.row, f.column) for f in own.findings] == [("BF304", 2, "a")]
    assert [f.code for f in own.findings] == [f.code for f in made.findings]


def test_what_cannot_be_is_reported_in_the_table_and_withheld_from_the_package(
    tmp_path: Path,
) -> None:
    fields = {"t": {**LATENCY, "primary": True}, "a": {"metric": "accuracy"}}
    folder = lay(tmp_path, "t,a\n1,0.5\n2,58.2\n", fields)
    account = convert(folder).write(tmp_path / "out")
    assert [(f.code, f.row, f.column) for f in validate(folder).findings] == [("BF301", 2, "a")]
    assert [(f.code, f.row) for f in account.findings] == [("BF301", 2)]
    assert not validate(tmp_path / "out").findings


# --- what cannot be read is failed, and never lost ---


ODD_CELLS = ["1_000", "0x10", "NaN", "inf", "--5", "1.2.3"]


@pytest.mark.parametrize("cell", ODD_CELLS)
def test_a_row_whose_only_number_cannot_be_read_is_an_incomplete_record(
    cell: str, tmp_path: Path
) -> None:
    folder = lay(
        tmp_path, f"t,n\n1,a\n{cell},b\n,c\n", {"t": LATENCY, "n": {"field": "model.name"}}
    )
    records, account = read(folder)
    missing = {"metric": "latency", "per": "sample", "missing": "not-numeric"}
    assert records[1:] == [
        record({**missing, "reported_value": cell}, model={"name": "b"}, status="incomplete")
    ]
    assert (account.total("converted"), account.total("skipped")) == (2, 1)
    assert [(f.code, f.severity.value, f.row) for f in validate(folder).findings] == [
        ("BF103", "error", 2)
    ]


@pytest.mark.parametrize("cell", ODD_CELLS)
def test_rows_of_a_column_in_which_nothing_is_a_number_are_failed(
    cell: str, tmp_path: Path
) -> None:
    folder = lay(tmp_path, f"t,n\n{cell},b\n", {"t": LATENCY, "n": {"field": "model.name"}})
    records, account = read(folder)
    assert records == []
    assert account.total("failed") == 1
    assert not account.ok


def test_a_run_that_failed_is_a_record_of_its_own(tmp_path: Path) -> None:
    note = {**LATENCY, "missing": {"OOM": "run-failed"}}
    fields = {
        "n": {"field": "model.name"},
        "b1": {**note, "record": {"configuration.batch_size": 1}},
        "b8": {**note, "record": {"configuration.batch_size": 8}},
    }
    records, account = read(lay(tmp_path, "n,b1,b8\na,1,OOM\nb,2,\n", fields))
    assert [(r["configuration"]["batch_size"], r["status"]) for r in records] == [
        (1, "ok"),
        (8, "failed"),
        (1, "ok"),
    ]
    assert records[1]["measurements"] == [
        {
            "metric": "latency",
            "per": "sample",
            "missing": "run-failed",
            "reported_value": "OOM",
        }
    ]
    assert account.total("converted") == 2


def test_a_run_that_failed_in_a_long_table_is_a_record(tmp_path: Path) -> None:
    fields = {
        "n": {"field": "model.name"},
        "m": {"ignore": True},
        "v": {"metric": {"column": "m"}, "missing": {"OOM": "run-failed"}},
    }
    text = "n,m,v\na,latency,1\nb,latency,OOM\na,power,OOM\n"
    folder = lay(tmp_path, text, fields, annotation={"key": ["n"]})
    records, _ = read(folder)
    assert [(r["model"]["name"], r["status"]) for r in records] == [("a", "ok"), ("b", "failed")]


def test_a_status_that_the_table_says_stands(tmp_path: Path) -> None:
    fields = {
        "t": {**LATENCY, "missing": {"OOM": "run-failed"}},
        "s": {"field": "status"},
    }
    records, account = read(lay(tmp_path, "t,s\nOOM,invalid\nOOM,ok\n1,\n", fields))
    assert [r["status"] for r in records] == ["invalid", "ok"]
    assert account.total("skipped") == 1


# --- cells that mean no value ---


def missing_of(folder: Path) -> list[tuple[str | None, str | None]]:
    """Return the reason and the reported text of the first measurement of each record."""
    records, account = read(folder)
    assert not account.findings, account.findings
    first = [record["measurements"][0] for record in records]
    return [(m.get("missing"), m.get("reported_value")) for m in first]


ADVICE = [
    ("OOM", 'say "missing": {"OOM": "run-failed"} of the annotation'),
    ("<0.1", 'say "missing_patterns": {"<.*": "below-resolution"} of the annotation'),
    (">1000", 'say "missing_patterns": {">.*": "above-limit"} of the annotation'),
    ("k. A.", """if it means no value, say 'k. A.' under "missingValues\""""),
    ("1,234.5", 'if the comma groups thousands, say "groupChar": "," of the field'),
    ("12,5", 'if the comma is the decimal mark, say "decimalChar": "," of the field'),
    (
        "12.3 ± 0.4",
        'if the second number is a spread, say "spread": "stddev" of the annotation, or "ci" with its "level"',
    ),
    ("00:03:12", 'if it is a time that passed, say "clock": "h:m:s" of the annotation'),
    ("3:12", 'if it is a time that passed, say "clock": "m:s" of the annotation'),
    ("1.2k", 'if the letter is a factor, say it under "suffixes" of the annotation: {"k": 1000}'),
    (
        "76.1%",
        'if the same stands around every number, say "bareNumber": false of the field, and the "unit"',
    ),
    ("oops", None),
]


@pytest.mark.parametrize(("cell", "hint"), ADVICE)
def test_a_cell_that_is_no_number_is_told_with_the_word_to_use(
    cell: str, hint: str | None, tmp_path: Path
) -> None:
    fields = {"t": LATENCY, "n": {"field": "model.name"}}
    _, account = read(lay(tmp_path, f't,n\n1,a\n"{cell}",b\n', fields))
    assert [(f.value, f.hint) for f in account.findings] == [(cell, hint)]


def test_patterns_of_cells_have_a_reason(tmp_path: Path) -> None:
    note = {
        **LATENCY,
        "missing_patterns": {"<.*": "below-resolution", ">.*": "above-limit"},
        "missing": {"<0.5": "not-measured"},
    }
    fields = {"t": note, "p": {"metric": "power", "unit": "W"}}
    folder = lay(tmp_path, "t,p\n<0.1,1\n > 1000,1\n<0.5,1\n0.3,1\n,1\n", fields)
    assert missing_of(folder) == [
        ("below-resolution", "<0.1"),
        ("above-limit", " > 1000"),
        ("not-measured", "<0.5"),
        (None, "0.3"),
        ("not-reported", None),
    ]


def test_patterns_of_a_field_leave_it_out_and_are_kept(tmp_path: Path) -> None:
    field = {"field": "configuration.batch_size", "missing_patterns": {"auto.*": "not-reported"}}
    records, account = read(lay(tmp_path, "b,t\nauto (8),1\n4,1\n", {"b": field, "t": LATENCY}))
    assert [r.get("configuration") for r in records] == [None, {"batch_size": 4}]
    assert records[0]["extensions"] == {"lpdnn": {"b": "auto (8)"}}
    assert not account.findings


def test_labels_of_missing_values_are_reasons_where_the_vocabulary_has_them(
    tmp_path: Path,
) -> None:
    missing: list[Any] = [
        "",
        {"value": "OOM", "label": "run-failed"},
        {"value": "k. A.", "label": "keine Angabe"},
        {"value": "x"},
    ]
    fields = {"t": LATENCY, "p": {"metric": "power", "unit": "W"}}
    folder = lay(tmp_path, "t,p\nOOM,1\nk. A.,1\nx,1\n", fields, missing=missing)
    assert missing_of(folder) == [
        ("run-failed", "OOM"),
        ("not-reported", "k. A."),
        ("not-reported", "x"),
    ]


def test_a_column_may_have_missing_values_of_its_own(tmp_path: Path) -> None:
    fields = {"t": LATENCY, "p": {"metric": "power", "unit": "W"}}
    folder = lay(tmp_path, "t,p\n1,-1\n2,-\n", fields, missing=["", "-"])
    described = json.loads((folder / "datapackage.json").read_text())
    described["resources"][0]["schema"]["fields"][1]["missingValues"] = ["", "-1"]
    (folder / "datapackage.json").write_text(json.dumps(described))
    records, account = read(folder)
    powers = [m for r in records for m in r["measurements"] if m["metric"] == "power"]
    assert [m["missing"] for m in powers] == ["not-reported", "not-numeric"]
    assert [(f.row, f.column) for f in account.findings] == [(2, "p")]


def test_rows_that_describe_one_system_in_two_ways_are_failed_wherever_they_stand(
    tmp_path: Path,
) -> None:
    fields = {
        "t": LATENCY, "s": {"field": "system.id"}, "ram": {"field": "system.memory_bytes"},
    }  # fmt: skip
    rows = "".join(f"{n},box,1000000\n" for n in range(1, 25_001))
    folder = lay(tmp_path, f"t,s,ram\n{rows}7,box,2000000\n8,box,1000000\n", fields)
    _, account = read(folder)
    assert (account.total("converted"), account.total("failed")) == (25_001, 1)
    assert [(f.code, f.row) for f in account.findings] == [("BF508", 25_001)]
    assert [(f.code, f.row) for f in validate(folder).findings] == [("BF508", 25_001)]


def test_an_empty_condition_is_any_cell_without_a_value(tmp_path: Path) -> None:
    fields = {"LATENCY": LATENCY, "CPU_MEM": {"metric": "memory-utilization", "unit": "%"}}
    rules = [
        {"when": {"LATENCY": ""}, "set": {"status": "failed"}, "missing": {"CPU_MEM": "run-failed"}}
    ]
    folder = lay(
        tmp_path, "LATENCY,CPU_MEM\n/,0.0\n", fields, annotation={"rules": rules}, missing=["", "/"]
    )
    [record_] = read(folder)[0]
    assert record_["status"] == "failed"
    assert {m.get("missing") for m in record_["measurements"]} == {"not-reported", "run-failed"}


def test_versions_are_no_numbers_in_conditions(tmp_path: Path) -> None:
    fields = {"t": LATENCY, "v": {"field": "model.version"}}
    rules = [{"when": {"v": "1.1"}, "set": {"status": "invalid"}}]
    records, _ = read(lay(tmp_path, "t,v\n1,1.10\n2,1.1\n", fields, annotation={"rules": rules}))
    assert [r["status"] for r in records] == ["ok", "invalid"]


def test_headers_with_equal_last_names_give_records_of_their_own(tmp_path: Path) -> None:
    fields = {
        "a": {**LATENCY, "record": {"model.name": "P", "dataset.name": "Q"}},
        "b": {**LATENCY, "record": {"model.name": "Q", "dataset.name": 'é"&='}},
    }
    folder = lay(tmp_path, "a,b\n1,2\n", fields)
    records, account = read(folder)
    assert account.ok
    assert len(records) == 2
    assert locators(folder)[0] == "dataset.name=Q&model.name=P&row=1"
    convert(folder).write(tmp_path / "out")
    assert [f.code for f in validate(tmp_path / "out").findings if f.code == "BF506"] == []


# --- what is wrong with an annotation is told with its place ---


TWO = {"a": {**LATENCY, "primary": True}, "b": {"metric": "memory", "unit": "MB", "primary": True}}
WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "an unknown path": ({"a": {"field": "model.nmae"}}, {}, "'model.nmae' is no field of a record"),
    "an unknown path in a constant": ({"a": LATENCY}, {"constant": {"benchmark.sweet": "x"}}, "'benchmark.sweet' is no"),
    "a path into a list": ({"a": {"field": "provenance.sources.path"}}, {}, "is no field of a record"),
    "a key and headers that are dimensions": (
        {"a": {**LATENCY, "record": {"configuration.batch_size": 1}}}, {"key": ["b"]}, "has no headers that are dimensions",
    ),
    "a group that the pattern lacks": (
        {"a": LATENCY}, {"extract": [{"from": "b", "pattern": "(?P<x>.)", "set": {"task": "y"}}]}, "has no group 'y'",
    ),
    "a condition on an unknown field": (
        {"a": LATENCY}, {"rules": [{"when": {"$modl.name": "x"}, "set": {"status": "failed"}}]}, "'modl.name' is no field",
    ),
    "a list for one value": ({"a": {"field": "task", "terms": {"x": ["y", "z"]}}}, {}, "its terms are no lists"),
    "two primaries": (TWO, {}, "'a' (latency) and 'b' (memory) are both primary"),
    "the same measurement twice": ({"a": LATENCY, "b": LATENCY}, {}, "columns 'a' and 'b' are the same measurement"),
    "the same field twice": (
        {"a": {"field": "task"}, "b": {"field": "task"}, "c": LATENCY}, {}, "columns 'a' and 'b' both say task",
    ),
    "a bad constant": ({"a": LATENCY}, {"constant": {**SUITE, "configuration.batch_size": 0}}, "batch_size: 0 is below 1"),
    "a constant of the wrong type": ({"a": LATENCY}, {"constant": {**SUITE, "task": 3}}, "task: 3 is not a text"),
    "a constant of the wrong type inside": (
        {"a": LATENCY},
        {"constant": {**SUITE, "software.stack.cuda": 12.2}},
        "software.stack.cuda: 12.2 is not a text",
    ),
    "instance data that is constant": (
        {"a": LATENCY},
        {"constant": {**SUITE, "inputs.load": [1, 2]}},
        "inputs.load: instance data stands in columns, it is no constant",
    ),
    "instance data that is extracted": (
        {"a": LATENCY},
        {"extract": [{"from": "$path", "pattern": "(?P<x>.)", "set": {"inputs.load": "x"}}]},
        "inputs.load: instance data stands in a column",
    ),
    "a rule on a column that is not there": ({"a": LATENCY}, {"rules": [{"when": {"z": 1}}]}, "names column 'z', which"),
    "a key that is not there": ({"a": LATENCY}, {"key": ["z"]}, "names column 'z', which the table does not have"),
    "an unknown metric": ({"a": {"metric": "latencey"}}, {}, "'latencey' is no metric; did you mean 'latency'"),
    "a unit of another dimension": ({"a": {"metric": "latency", "unit": "MB"}}, {}, "column 'a': MBy measures"),
    "an unknown unit": ({"a": {"metric": "latency", "unit": "parsnips"}}, {}, "'parsnips' is not a unit"),
    "a target metric without unit": ({"a": {"metric": "objective-value"}}, {}, "has no unit of its own"),
    "a broken pattern": (
        {"a": LATENCY}, {"extract": [{"from": "$path", "pattern": "(", "set": {"task": "x"}}]}, "t.csv",
    ),
    "a vector that is measured": ({"a": {**LATENCY, "list": "numbers"}}, {}, "a vector is no single measurement"),
    "headers with and without dimension": (
        {"a": {**LATENCY, "record": {"configuration.batch_size": 1}}, "b": {"metric": "memory", "unit": "MB"}},
        {}, "some measured columns say `record` and others do not",
    ),
    "a bad word in record": ({"a": {**LATENCY, "record": {"configuration.batch_size": "x"}}}, {}, 'batch_size: "x"'),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "annotation", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_annotation_fails_its_table_and_names_the_place(
    tmp_path: Path, fields: dict[str, Any], annotation: dict[str, Any], words: str
) -> None:
    folder = lay(tmp_path, "a,b,c\n1,2,3\n", fields, annotation=annotation)
    records, account = read(folder)
    entry = next(e for e in account.files if e.path == "t.csv")
    assert records == []
    assert entry.role == "failed"
    assert words in str(entry.reason)
    assert any(f.code == "BF118" and words in f.message for f in validate(folder).findings)


SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "two meanings": (
        {"field": "task", "metric": "latency"},
        "say exactly one of field, metric, of and ignore",
    ),
    "no meaning": ({"unit": "ms"}, "say exactly one of field, metric, of and ignore"),
    "a misspelt word": ({"metric": "latency", "uint": "ms"}, "uint"),
    "an unknown basis": ({"metric": "latency", "basis": "guessed"}, "basis"),
    "a scale that is no number": ({"metric": "latency", "scale": "ten"}, "scale"),
}


@pytest.mark.parametrize(("note", "words"), SHAPES.values(), ids=SHAPES)
def test_a_malformed_annotation_fails_the_descriptor(
    tmp_path: Path, note: dict[str, Any], words: str
) -> None:
    folder = lay(tmp_path, "a\n1\n", {"a": note})
    _, account = read(folder)
    entry = next(e for e in account.files if e.path == "datapackage.json")
    assert entry.role == "failed"
    assert words in str(entry.reason)
    assert "column 'a': " in str(entry.reason)


def test_a_table_that_is_not_there_fails_the_descriptor(tmp_path: Path) -> None:
    folder = lay(tmp_path, "t\n1\n", {"t": LATENCY})
    (folder / "t.csv").rename(folder / "u.csv")
    _, account = read(folder)
    assert {e.path: e.role for e in account.files} == {
        "datapackage.json": "failed",
        "u.csv": "skipped",
    }
    assert "the table 't.csv' that it describes does not exist" in str(account.files[0].reason)


@pytest.mark.parametrize("path", ["../t.csv", "/etc/passwd", "https://example.org/t.csv"])
def test_a_table_outside_the_folder_is_never_opened(tmp_path: Path, path: str) -> None:
    folder = lay(tmp_path, "t\n1\n", {"t": LATENCY})
    data = json.loads((folder / "datapackage.json").read_text())
    data["resources"][0]["path"] = path
    (folder / "datapackage.json").write_text(json.dumps(data))
    records, account = read(folder)
    assert records == []
    assert account.files[0].role == "failed"
    assert repr(path) in str(account.files[0].reason)


@pytest.mark.parametrize("name", ["t.csv", "datapackage.json", "."])
def test_table_descriptor_and_folder_give_the_same_records(tmp_path: Path, name: str) -> None:
    folder = lay(tmp_path, "t\n1\n2\n", {"t": LATENCY})
    conversion = convert(folder / name)
    assert [r.to_dict() for r in conversion] == [r.to_dict() for r in convert(folder)]
    assert {e.path: e.role for e in conversion.account.files} == {
        "t.csv": "primary",
        "datapackage.json": "supporting",
    }


def test_a_table_alone_is_not_the_other_tables_of_its_folder(tmp_path: Path) -> None:
    folder = lay(tmp_path, "t\n1\n", {"t": LATENCY})
    data = json.loads((folder / "datapackage.json").read_text())
    data["resources"].append({**data["resources"][0], "path": "u.csv"})
    (folder / "datapackage.json").write_text(json.dumps(data))
    (folder / "u.csv").write_text("t\n5\n")
    conversion = convert(folder / "u.csv")
    assert [r.measurements[0].reported_value for r in conversion] == ["5"]  # type: ignore[index]
    assert {e.path for e in conversion.account.files} == {"u.csv", "datapackage.json"}


# --- whole columns give what exact arithmetic gives, cell by cell ---


DECIMALS = st.one_of(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=3
    ).map(str),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200).map(repr),
    st.integers(-(10**25), 10**25).map(str),
    st.from_regex(r"[+-]?[0-9]{1,20}\.?[0-9]{0,20}([eE][+-]?[0-9]{1,2})?", fullmatch=True),
)
LAG = {"label": "Lag", "definition": "How late.", "unit": "s", "direction": "lower"}
FACTORS = {
    "ms": Fraction(1, 1000),
    "us": Fraction(1, 10**6),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
}


@examples(15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(DECIMALS, min_size=1, max_size=30), word=st.sampled_from(sorted(FACTORS)))
@example(
    cells=["1.0000000000000002", "9007199254740993", "0.1", "5e-324", "179769313486231570e3"],
    word="ms",
)
@example(cells=["2.675", "1e-2", "1E2", "+3.", "-0", "0.30000000000000004"], word="min")
def test_values_equal_exact_decimal_arithmetic(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], word: str
) -> None:
    folder = lay(
        tmp_path_factory.mktemp("t"),
        "t\n" + "\n".join(cells) + "\n",
        {
            "t": {"metric": "lab:lag", "unit": word}
        },  # a metric without bounds: here any number can be
        prefixes={"lab": {"title": "Our laboratory", "metrics": {"lag": LAG}}},
    )
    found = [r["measurements"][0] for r in read(folder)[0]]
    assert [m["value"] for m in found] == [
        float(Fraction(Decimal(cell)) * FACTORS[word]) for cell in cells
    ]
    assert [m["reported_value"] for m in found] == cells


@examples(10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8),
        min_size=1,
    )
)
def test_text_of_any_kind_survives_in_the_extensions(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    quoted = "\n".join(f'1,"{word.replace(chr(34), chr(34) * 2)}"' for word in words)
    folder = lay(tmp_path_factory.mktemp("t"), f"t,w\n{quoted}\n", {"t": LATENCY})
    kept = [r.get("extensions", {}).get("lpdnn", {}).get("w") for r in read(folder)[0]]
    assert kept == [word.strip() or None for word in words]
