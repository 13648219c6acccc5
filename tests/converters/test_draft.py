"""The builder of records: what goes in comes out under the names of the standard, and nothing is invented."""

from __future__ import annotations

import re
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import pytest

from benchfmt import Record
from benchfmt.converters import Draft, DraftError
from benchfmt.converters.base import Failed
from benchfmt.converters.draft import Key, Number, derived, measured, possible
from benchfmt.finding import Finding
from benchfmt.record import Measurement


def drafted() -> Draft:
    draft = Draft("otter", "1.0", suite="otter:speed", phase="inference")
    draft.source("a/run.log", "0" * 64, "row=7")
    return draft


def test_a_number_has_the_fields_of_the_standard() -> None:
    assert [field.name for field in fields(Number)] == list(Measurement.model_fields)


def test_what_is_said_is_in_the_record() -> None:
    draft = drafted()
    draft.benchmark(name="swim", scenario="offline")
    draft.model(name="otter-net", parameters=12, version=None)
    draft.system({"name": "pond"}, memory_bytes=1024)
    draft.software(engine="onnxruntime")
    draft.configuration(precision="fp32", batch_size=1)
    draft.hyperparameters({"alpha": 0.5})
    draft.input("load", [1.0, 2.0], "kW")
    draft.provenance(submitter="Otters")
    draft.measure("latency", "5.83", "ms", statistic="mean", per="sample", primary=True)
    draft.derive("throughput", Fraction(1, 4), per="sample")
    draft.missing("energy", "not-measured", per="sample")
    draft.target("latency", maximum=0.01)
    draft.keep("note", None)
    draft.keep("fur", "wet")
    assert draft.build().to_dict() == {
        "benchfmt": "1.0",
        "benchmark": {
            "suite": "otter:speed",
            "name": "swim",
            "scenario": "offline",
            "phase": "inference",
        },
        "model": {"name": "otter-net", "parameters": 12},
        "system": {"name": "pond", "memory_bytes": 1024},
        "software": {"engine": "onnxruntime"},
        "configuration": {
            "precision": "fp32",
            "batch_size": 1,
            "hyperparameters": {"alpha": 0.5},
        },
        "inputs": [{"name": "load", "unit": "kW", "values": [1.0, 2.0]}],
        "measurements": [
            {
                "metric": "latency",
                "statistic": "mean",
                "per": "sample",
                "value": 0.00583,
                "unit": "s",
                "basis": "measured",
                "primary": True,
                "target_max": 0.01,
                "reported_value": "5.83",
                "reported_unit": "ms",
            },
            {"metric": "energy", "per": "sample", "missing": "not-measured"},
            {
                "metric": "throughput",
                "per": "sample",
                "value": 0.25,
                "unit": "/s",
                "basis": "derived",
            },
        ],
        "status": "ok",
        "provenance": {
            "submitter": "Otters",
            "sources": [{"path": "a/run.log", "sha256": "0" * 64, "locator": "row=7"}],
            "converter": "otter",
            "converter_version": "1.0",
        },
        "extensions": {"otter": {"fur": "wet"}},
    }


@pytest.mark.parametrize("text", ["fast", "", "nan", "1e999", "0x10", "1_000"])
def test_what_is_not_a_number_is_told_or_missing(text: str) -> None:
    draft = drafted()
    with pytest.raises(DraftError, match=r"latency .* is not a number"):
        draft.measure("latency", text, "ms")
    number = draft.measure_printed("latency", text, "ms", n=3, primary=True)
    assert (number.value, number.missing, number.n) == (None, "invalid-in-source", None)
    assert draft.numbers == [number]


@pytest.mark.parametrize("text", ["0", "0.000", "-0.0"])
def test_a_printed_zero_was_rounded_away(text: str) -> None:
    assert drafted().measure_printed("latency", text, "ms").missing == "below-resolution"


@pytest.mark.parametrize("number", [12.5, 12, True, None])
def test_a_number_is_given_as_text(number: object) -> None:
    words = r"latency .* is a Python \w+: give the characters of the source as text"
    with pytest.raises(DraftError, match=words):
        drafted().measure("latency", number, "ms")  # type: ignore[arg-type]  # what an author may write
    with pytest.raises(DraftError, match=words):
        drafted().measure_printed("latency", number, "ms")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            {"statistic": "p50"},
            "latency: 'p50' is not in the vocabulary (statistic); did you mean 'median'?",
        ),
        ({"per": "smaple"}, "'smaple' is not in the vocabulary (per); did you mean 'sample'?"),
        (
            {"stage": "xyz"},
            "'xyz' is not in the vocabulary (stage); see `benchfmt vocabulary stage`",
        ),
    ],
)
def test_a_key_is_made_of_terms(key: Key, words: str) -> None:
    draft = drafted()
    draft.measure("latency", "5.83", "ms", **key)
    with pytest.raises(DraftError, match=re.escape(words)):
        draft.build()


def test_a_key_may_have_a_percentile_a_qualified_scope_and_a_prefix() -> None:
    draft = drafted()
    draft.measure("latency", "5.83", "ms", statistic="p99.9", stage="otter:swim", scope="node:1")
    draft.measure("ndcg@10", "0.5")
    assert len(draft.build().measurements) == 2


def test_every_digit_counts() -> None:
    number = drafted().measure("latency", "9007199254740993", "ns")
    assert number.value == 9007199254740993 / 10**9
    assert number.reported_value == "9007199254740993"


def test_what_is_no_record_is_one_failed_with_the_field() -> None:
    draft = drafted()
    draft.configuration(batch_size=0)
    draft.report("BF103", "line 3 is damaged", hint="give the whole file")
    finding, failed = draft.items(Path("a/run.log"), 7)
    assert isinstance(finding, Finding)
    assert (finding.path, finding.code) == ("a/run.log", "BF103")
    assert isinstance(failed, Failed)
    assert failed.row == 7
    assert failed.error.startswith("not a result: configuration.batch_size: ")


def test_a_run_that_failed_says_so() -> None:
    draft = drafted()
    draft.fail("failed", "out of fish")
    (record,) = draft.items(Path("a/run.log"))
    assert isinstance(record, Record)
    assert (record.status, record.status_detail) == ("failed", "out of fish")


def test_a_number_made_elsewhere_is_added() -> None:
    draft = drafted()
    assert draft.add(derived("latency", 0.5)) is draft.numbers[0]


def test_a_source_without_hash_and_place_and_a_vector_without_unit_are_a_record() -> None:
    draft = Draft("otter", "1.0", suite="otter:speed", phase="inference")
    draft.source("a/run.log")
    draft.input("load", [1.0])
    draft.measure("latency", "5.83", "ms")
    record = draft.build().to_dict()
    assert record["provenance"]["sources"] == [{"path": "a/run.log"}]
    assert record["inputs"] == [{"name": "load", "values": [1.0]}]


def test_a_fault_may_be_that_of_another_file() -> None:
    draft = drafted()
    draft.report("BF115", "an event cannot be read", path="a/system.json", row=3)
    (finding,) = draft.findings
    assert (finding.path, finding.row) == ("a/system.json", 3)


def test_a_number_that_nothing_can_have_is_missing() -> None:
    zero = measured("latency", "0.00", "ms", statistic="mean", n=3, primary=True)
    assert possible(zero).to_dict() == {
        "metric": "latency",
        "statistic": "mean",
        "missing": "below-resolution",
        "reported_value": "0.00",
        "reported_unit": "ms",
    }
    assert possible(measured("accuracy", "180", "%")).missing == "invalid-in-source"
    sound = measured("accuracy", "18", "%")
    assert possible(sound) is sound


def test_what_is_calculated_beyond_all_doubles_is_no_number() -> None:
    with pytest.raises(DraftError, match="beyond the range of a double"):
        derived("latency", Fraction(10) ** 400)
