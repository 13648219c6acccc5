"""The model: what it takes, what it gives back, and what it never changes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from tests.forms import VALID, load

from benchfmt.record import Measurement, Record, given

MINIMAL: dict[str, Any] = {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "failed"}


def error_types(data: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Record.from_dict(data)
    return [error["type"] for error in caught.value.errors()]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_record_gives_back_what_it_was_given(path: Any) -> None:
    assert Record.from_dict(load(path)).to_dict() == load(path)


def test_only_suite_and_status_are_required() -> None:
    assert Record.from_dict(MINIMAL).to_dict() == MINIMAL


def test_a_record_cannot_be_changed() -> None:
    record = Record.from_dict(MINIMAL)
    with pytest.raises(ValidationError):
        record.status = "ok"


def test_null_in_samples_stays_and_stands_nowhere_else() -> None:
    measurement = {
        "metric": "latency",
        "missing": "not-measured",
        "unit": "s",
        "samples": [0.1, None],
    }
    assert Record.from_dict(MINIMAL | {"measurements": [measurement]}).to_dict()[
        "measurements"
    ] == [measurement]
    assert error_types(MINIMAL | {"task": None}) == ["null_forbidden"]


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), float("-inf"), True, "1", [1], 10**400]
)
def test_a_value_is_a_finite_number(value: Any) -> None:
    measurement = {"metric": "latency", "value": value, "unit": "s", "basis": "measured"}
    assert len(error_types(MINIMAL | {"measurements": [measurement]})) == 1


@pytest.mark.parametrize(("given_as", "kept"), [(1.0, 1), (64, 64), (2**53 - 1, 2**53 - 1)])
def test_a_whole_number_may_be_written_with_a_point(given_as: Any, kept: int) -> None:
    record = Record.from_dict(MINIMAL | {"configuration": {"batch_size": given_as}})
    assert record.configuration is not None
    assert repr(record.configuration.batch_size) == repr(kept)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "1", 2**53, float("nan"), float("inf")])
def test_a_count_is_a_positive_whole_number(value: Any) -> None:
    assert len(error_types(MINIMAL | {"configuration": {"batch_size": value}})) == 1


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), 1e300, float("nan"), None, [None], {"a": {"b": None}}, "\ud800"]
)
def test_free_form_data_is_what_every_reader_keeps(value: Any) -> None:
    assert len(error_types(MINIMAL | {"extensions": {"lpdnn": value}})) == 1


@pytest.mark.parametrize("value", ["\u0000", "a\nb", "\x7f", ""])
def test_a_line_of_text_holds_no_control_characters(value: str) -> None:
    assert len(error_types(MINIMAL | {"model": {"name": value}})) == 1


def test_a_detail_may_have_several_lines() -> None:
    assert Record.from_dict(MINIMAL | {"status_detail": "one\n\ttwo"}).status_detail == "one\n\ttwo"


@pytest.mark.parametrize(
    "time",
    [
        "2023",
        "2023-05",
        "2023-05-12",
        "2023-05-12T10:00",
        "2023-05-12T23:59:60.123456789Z",
        "2023-05-12T10:00:00+02:00",
    ],
)
def test_a_time_is_as_exact_as_its_source(time: str) -> None:
    assert (
        Record.from_dict(MINIMAL | {"provenance": {"measured_at": time}}).to_dict()["provenance"][
            "measured_at"
        ]
        == time
    )


@pytest.mark.parametrize(
    "time", ["12.05.2023", "2023-13", "2023-05-32", "2023-05-12 10:00", "2023-05-12T25:00", "23"]
)
def test_nothing_else_is_a_time(time: str) -> None:
    assert error_types(MINIMAL | {"provenance": {"measured_at": time}}) == ["malformed_text"]


def test_the_key_of_a_measurement_is_what_tells_it_apart() -> None:
    measurement = Measurement(
        metric="latency", statistic="p90", per="sample", missing="not-measured"
    )
    assert measurement.key == ("latency", "p90", "", "sample", "")


def test_measurements_are_put_in_key_order_after_the_primary() -> None:
    names = [
        ("power", {}),
        ("latency", {"stage": "inference"}),
        ("throughput", {"primary": True}),
        ("latency", {}),
    ]
    measurements = [{"metric": metric, "missing": "run-failed", **more} for metric, more in names]
    ordered = Record.from_dict(MINIMAL | {"measurements": measurements}).ordered()
    assert [(m.metric, m.stage) for m in ordered.measurements or ()] == [
        ("throughput", None), ("latency", None), ("latency", "inference"), ("power", None),
    ]  # fmt: skip
    assert Record.from_dict(MINIMAL).ordered() == Record.from_dict(MINIMAL)


def test_given_leaves_out_what_a_source_does_not_say() -> None:
    assert given(name="x", version=None, count=0) == {"name": "x", "count": 0}
