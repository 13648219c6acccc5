"""`describe` with what a person says: the draft, and what a hand-over still asks for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchfmt import BenchfmtError, convert, validate
from benchfmt.describing import constant_values, describe, pairs
from benchfmt.drafting import Said

TABLE = (
    "Box,Model,Latency,b1_ms,Size\nOrin,resnet50,4.2,3.9,640x480\nNano,resnet50,8.8,8.1,320x240\n"
)
HANDED_OVER = {
    "provenance.license": "CC-BY-4.0",
    "provenance.submitter": "A lab",
    "provenance.measured_at": "2026-01-12",
    "task": "image-classification",
    "software.engine": "onnxruntime",
    "benchmark.phase": "inference",
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    return path


def columns(descriptor: dict[str, Any]) -> dict[str, Any]:
    fields = descriptor["resources"][0]["schema"]["fields"]
    return {field["name"]: field.get("benchfmt") for field in fields}


def test_what_a_hand_over_asks_for_is_said_once(table: Path) -> None:
    missing = describe(table, "lab:x").missing
    assert len(missing) == len(set(missing))
    assert {text.partition(":")[0] for text in missing} > {
        "Latency",
        "provenance.license",
        "provenance.submitter",
    }


def test_the_options_that_say_it_are_named(table: Path) -> None:
    options = describe(table, "lab:x").options()
    assert options[0] == "--unit Latency=..."
    assert {"--constant provenance.license=...", "--constant system.name=..."} < set(options)
    said = Said(units={"Latency": "ms"}, fields={"Box": "system.name"}, constants=HANDED_OVER)
    assert describe(table, "lab:x", said).options() == []


def test_what_a_person_says_takes_the_place_of_a_guess_and_its_note(table: Path) -> None:
    said = Said(
        HANDED_OVER, {"Box": "system.name"}, {"b1_ms": "latency"}, {"Latency": "ms", "b1_ms": "ms"}
    )
    made = describe(table, "lab:x", said)
    drafted = columns(made.descriptor)
    assert drafted["Box"] == {"field": "system.name"}
    assert drafted["Latency"] == {"metric": "latency", "unit": "ms", "primary": True}
    assert drafted["b1_ms"] == {"metric": "latency", "unit": "ms"}
    assert [note for note in made.notes if "headline" not in note and "Size" not in note] == []


@pytest.mark.parametrize(
    ("header", "metric", "drafted"),
    [
        ("Speicher (MB)", "memory", {"metric": "memory", "unit": "MBy"}),
        ("energie_mJ", "energy", {"metric": "energy", "unit": "mJ"}),
        ("Latency p99 [ms]", "latency", {"metric": "latency", "statistic": "p99", "unit": "ms"}),
        ("latency (ms)", "ttft", {"metric": "ttft", "unit": "ms"}),
        ("b1_ms", "latency", {"metric": "latency", "unit": "ms"}),
        ("Treffer (%)", "accuracy", {"metric": "accuracy", "unit": "%"}),
        (
            "Durchsatz",
            "throughput",
            {"metric": "throughput", "unit": "/s", "caveats": ["unit-inferred"]},
        ),
    ],
)
def test_the_header_keeps_its_unit_and_statistic_where_a_person_says_the_metric(
    header: str, metric: str, drafted: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"Model,{header}\na,3.5\nb,12.5\n")
    made = describe(path, "lab:x", Said(metrics={header: metric}))
    note = columns(made.descriptor)[header]
    note.pop("primary")
    assert note == drafted


def test_a_unit_of_work_says_per(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Model,Durchsatz\na,3.5\n")
    said = Said(metrics={"Durchsatz": "throughput"}, units={"Durchsatz": "img/s"})
    note = columns(describe(path, "lab:x", said).descriptor)["Durchsatz"]
    assert (note["unit"], note["per"]) == ("img/s", "sample")


def test_a_metric_whose_unit_the_header_contradicts_is_a_wrong_call(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Model,Leistung (kWh)\na,3.5\n")
    with pytest.raises(BenchfmtError, match="is no unit of power"):
        describe(path, "lab:x", Said(metrics={"Leistung (kWh)": "power"}))


def test_one_call_makes_a_descriptor_that_a_submission_accepts(table: Path) -> None:
    said = Said(
        HANDED_OVER,
        {"Box": "system.name", "Size": "configuration.input_shape"},
        units={"Latency": "ms"},
    )
    made = describe(table, "lab:x", said)
    (table.parent / "datapackage.json").write_text(json.dumps(made.descriptor))
    report = validate(table.parent, "submission")
    assert report.ok, report.findings


def test_the_size_of_an_input_is_a_vector(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Model,Input size,Latency (ms)\na,640x480,3\n")
    drafted = columns(describe(path, "lab:x").descriptor)
    assert drafted["Input size"] == {
        "field": "configuration.input_shape",
        "list": "numbers",
        "separator": "x",
    }


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said(fields={"Bax": "system.name"}), "no column 'Bax'"),
        (Said(units={"b1_ms": "ms"}), "say its metric or field too"),
    ],
)
def test_what_cannot_be_said_is_a_wrong_call(table: Path, said: Said, words: str) -> None:
    with pytest.raises(BenchfmtError, match=words):
        describe(table, "lab:x", said)


def test_every_column_is_listed_with_what_else_it_could_be(table: Path) -> None:
    lines = describe(table, "lab:x").review.lines()
    assert "taken: column 'Model': model.name" in lines
    assert (
        "review: column 'Box': 'box' is not understood; it is kept as text under extensions"
        in lines
    )
    named = {
        name
        for name in TABLE.partition("\n")[0].split(",")
        if any(repr(name) in line for line in lines)
    }
    assert len(named) == 5


def test_a_guess_as_plain_data_has_its_alternatives_and_what_it_asks(table: Path) -> None:
    notes = [note.to_dict() for note in describe(table, "lab:x").review.notes]
    assert {
        "state": "guess",
        "column": "Latency",
        "table": "t.csv",
        "text": "it names no unit: s is assumed",
        "alternatives": ["ms", "us", "min", "h"],
        "asks": "unit",
    } in notes


def test_who_confirms_an_assumed_unit_is_written_down(table: Path) -> None:
    made = describe(table, "lab:x", Said(confirmed={"Latency": "the script, line 3"}))
    assert columns(made.descriptor)["Latency"]["confirmed"] == "the script, line 3"
    assert not any("Latency" in text for text in (*made.notes, *made.missing))


def test_a_person_says_which_number_is_the_headline(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Model,Latency (ms),Accuracy (%)\na,3.5,71\nb,4.5,72\n")
    made = describe(path, "lab:x", Said(primary="Accuracy (%)"))
    drafted = columns(made.descriptor)
    assert "primary" not in drafted["Latency (ms)"]
    assert drafted["Accuracy (%)"]["primary"] is True
    assert made.notes == []


def test_a_doubt_about_digits_stays_whatever_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Model;Zeit;Leistung (W)\na;1.024;3,5\nb;2.048;4,5\n")
    said = Said(metrics={"Zeit": "latency"}, units={"Zeit": "ms"})
    made = describe(path, "lab:x", said)
    assert columns(made.descriptor)["Zeit"] is None
    assert any("is the point in '1.024' a decimal mark" in note for note in made.notes)
    answered = describe(path, "lab:x", replace(said, decimals={"Zeit": ","}))
    written = json.dumps(answered.descriptor)
    assert '"name": "Zeit", "type": "integer", "groupChar": "."' in written
    assert columns(answered.descriptor)["Zeit"]["unit"] == "ms"


def test_options_are_names_and_values() -> None:
    assert pairs(["a=b=c"], "--field") == {"a": "b=c"}
    with pytest.raises(BenchfmtError, match="NAME=VALUE"):
        pairs(["a"], "--field")
    assert constant_values(["a.b=3", "c=[1,2]", "d=1.0.2", "e=[x", "f=true"]) == {
        "a.b": 3,
        "c": [1, 2],
        "d": "1.0.2",
        "e": "[x",
        "f": True,
    }


def test_a_count_in_millions_is_said_by_its_letter(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Model,param_count,latency_ms\na,25.6,3\n")
    said = Said(fields={"param_count": "model.parameters"}, units={"param_count": "M"})
    note = columns(describe(path, "lab:x", said).descriptor)["param_count"]
    assert note == {"field": "model.parameters", "scale": "1e6"}


def test_a_precision_of_ones_own_is_a_term_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Model,quant,latency_ms\na,q4_0,3\nb,fp16,5\n")
    made = describe(path, "lab:x")
    assert columns(made.descriptor)["quant"] == {
        "field": "configuration.precision",
        "terms": {"q4_0": "lab:q4-0"},
    }
    (tmp_path / "datapackage.json").write_text(json.dumps(made.descriptor))
    assert validate(tmp_path).findings == []


def test_a_conversion_tells_the_units_that_are_assumed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Model,Latency\na,12.5\n")
    (tmp_path / "datapackage.json").write_text(json.dumps(describe(path, "lab:x").descriptor))
    account = convert(tmp_path).write(tmp_path / "package")
    [finding] = account.findings
    assert (finding.code, finding.column) == ("BF208", "Latency")
    assert finding.message == "the unit s is assumed: nothing in the table says it"


def test_a_suite_that_is_said_wins_over_that_of_an_older_descriptor(table: Path) -> None:
    older = table.parent / "datapackage.json"
    older.write_text(json.dumps(describe(table, "first-lab:edge").descriptor), "utf-8")

    def suite(made: dict[str, Any]) -> str:
        named = made["resources"][0]["benchfmt"]["constant"]["benchmark.suite"]
        assert isinstance(named, str)
        return named

    assert suite(describe(table, None, older=older).descriptor) == "first-lab:edge"
    made = describe(table, "second-lab:edge", older=older).descriptor
    assert suite(made) == "second-lab:edge"
    assert "second-lab" in made["benchfmt"]["prefixes"]  # type: ignore[index,call-overload,operator]
