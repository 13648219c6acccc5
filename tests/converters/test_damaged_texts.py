"""Digits without end and half characters, as damaged files have them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchfmt import Record, convert
from benchfmt.accounting import Account
from benchfmt.annotated import cells
from benchfmt.converters import ai4europe
from benchfmt.converters.aibench import apart
from benchfmt.readers.jsons import JsonError
from benchfmt.suites import ai_benchmark

FIXTURES = Path(__file__).parents[1] / "fixtures"
DIGITS = "9" * 5_000


def converted(path: Path, family: str) -> tuple[list[Record], Account]:
    conversion = convert(path, family)
    return list(conversion), conversion.account


def reasons(account: Account) -> list[str]:
    return [entry.reason for entry in account.files if entry.reason]


def copied(source: Path, target: Path, old: str, new: str) -> Path:
    """Write a fixture with another text in the first place where one stands."""
    text = source.read_text("utf-8")
    assert old in text
    target.write_text(text.replace(old, new, 1), "utf-8")
    return target


@pytest.mark.parametrize("time", ["1e400", "1e-400"])
def test_a_time_that_no_double_holds_makes_no_score(time: str) -> None:
    assert ai_benchmark.score([("50", "50"), ("50", "50")]) == 10_000
    assert ai_benchmark.score([("50", time), ("50", "50")]) is None


@pytest.mark.parametrize("number", ["1e400", DIGITS])
def test_a_vector_holds_what_a_double_holds(number: str) -> None:
    assert cells.vector("1 2.5", None) == [1.0, 2.5]
    assert cells.vector(f"1 {number}", None) is None


def test_steps_are_told_apart_however_many_digits_they_have() -> None:
    match = re.fullmatch("step ([0-9]+)", f"step {DIGITS}")
    other = re.fullmatch("step ([0-9]+)", f"step {DIGITS[1:]}8")
    assert match is not None
    assert other is not None
    assert apart._numbers(match) > apart._numbers(other)


def test_a_clock_of_5000_digits_is_no_duration(tmp_path: Path) -> None:
    source = FIXTURES / "mlperf_client" / "results.json"
    sound, _ = converted(source, "mlperf-client")
    path = copied(source, tmp_path / "results.json", '"01:02:03.500"', f'"{DIGITS}:02:03.500"')
    damaged, _ = converted(path, "mlperf-client")
    assert len(damaged) == len(sound)
    assert _durations(sound) == _durations(damaged) + 1


def _durations(records: list[Record]) -> int:
    measurements = [item for record in records for item in record.measurements or ()]
    return sum((item.metric, item.stage) == ("duration", "whole-run") for item in measurements)


def test_half_a_character_in_parameters_is_kept_as_its_escape(tmp_path: Path) -> None:
    source = FIXTURES / "openml" / "amlb" / "results_2019.csv"
    changed = "{'\\ud800': '\\udc00'}"
    path = copied(source, tmp_path / "results.csv", "{'_n_jobs': 4}", changed)
    records, account = converted(path, "amlb")
    assert account.total("failed") == 0
    assert any("\\\\ud800" in str(record.to_dict()) for record in records)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("\0,", "results_per_split.csv: a column name holds a NUL"),
        (",,", "results_per_split.csv: column '' appears twice"),
    ],
)
def test_a_header_of_names_that_no_library_takes_is_told(
    tmp_path: Path, header: str, reason: str
) -> None:
    source = FIXTURES / "tabarena" / "results_per_split.csv"
    path = copied(source, tmp_path / "results_per_split.csv", "dataset,", f"dataset,{header}")
    records, account = converted(path, "tabarena")
    assert records == []
    assert reason in reasons(account)[0]


def test_half_a_character_in_a_companion_is_told(tmp_path: Path) -> None:
    path = tmp_path / "imagenet_rpi4.json"
    path.write_text('{"name": "imagenet\\ud800", "HW_ID": "rpi4", "targets": []}')
    with pytest.raises(JsonError, match="half a character"):
        ai4europe.read_companion(path)
