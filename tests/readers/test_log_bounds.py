"""Of one log so much is kept, and so many results are read; the rest of a hostile one costs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchfmt import convert
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import jsons, lines, mllog, trtexec
from benchfmt.readers.files import UnsafeError

OWN = re.compile(r"Rate: ")
EVENT = (
    ':::MLLOG {"key": "eval_accuracy", "value": %s, "time_ms": 1.0, "metadata": {"epoch_num": 1}}\n'
)
RUN = "&&&& RUNNING TensorRT.trtexec # trtexec --onnx=a.onnx\n[I] Throughput: %d qps\n"


@pytest.mark.parametrize("read", [lines.read, lines.text])
def test_the_lines_that_are_kept_of_a_log_are_bounded(
    tmp_path: Path, read: Callable[..., object]
) -> None:
    path = tmp_path / "a.log"
    path.write_text("Rate: 1\n" * 100)
    assert read(path, OWN, Limits(log_bytes=100 * (lines.LINE_BYTES + 10)))
    with pytest.raises(UnsafeError, match="more than 10,000 bytes of one log") as told:
        read(path, OWN, Limits(log_bytes=10_000))
    assert told.value.code == "BF907"


@pytest.mark.parametrize("value", ["1", f"[{', '.join(['[]'] * 1_000)}]", f'"{"x" * 50_000}"'])
def test_the_events_that_are_kept_of_a_log_are_bounded(tmp_path: Path, value: str) -> None:
    path = tmp_path / "result_0.txt"
    path.write_text(EVENT % value * 300)
    assert len(mllog.read(path).events) == 300
    with pytest.raises(UnsafeError, match="more than 100,000 bytes of one log"):
        mllog.read(path, Limits(log_bytes=100_000))


def test_events_that_are_not_asked_for_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "result_0.txt"
    path.write_text(EVENT % "1" * 300)
    assert not mllog.read(path, Limits(log_bytes=100_000), lambda key: key == "run_stop").events


def test_a_log_of_broken_events_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "result_0.txt"
    path.write_text(EVENT % "1" + ':::MLLOG {"key"\n' * 50)
    assert mllog.read(path, Limits(faulty_records=50)).lost == 50
    with pytest.raises(UnsafeError, match="more than 49 events cannot be read"):
        mllog.read(path, Limits(faulty_records=49))


def test_a_log_with_colours_is_read_though_its_bytes_are_broken(tmp_path: Path) -> None:
    path = tmp_path / "result_0.txt"
    path.write_text((EVENT % "1").replace(', "value"', ',\x1b[0m "value"') * 20)
    log = mllog.read(path, Limits(faulty_records=10))
    assert len(log.events) == 20
    assert log.sha256 == mllog.read(path).sha256


def test_the_results_of_one_log_are_bounded() -> None:
    text = "".join(RUN % number for number in range(1, 11))
    assert len(trtexec.runs(text, Limits(log_results=10))) == 10
    with pytest.raises(UnsafeError, match="more than 9 results stand in one log"):
        trtexec.runs(text, Limits(log_results=9))


def test_a_run_that_ends_after_a_later_one_has_ended_is_one_of_two_at_once() -> None:
    marks = ["RUNNING a", "RUNNING b", "PASSED b", "PASSED a"]
    text = "".join(
        "&&&& {} TensorRT.trtexec # trtexec --onnx={}\n".format(*mark.split()) for mark in marks
    )
    with pytest.raises(BenchfmtError, match="at the same time"):
        trtexec.runs(text)


def test_lines_that_are_not_understood_are_counted_beyond_those_that_are_listed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "trtexec.log"
    damaged = "".join(f"Throughput: {number} qps would\n" for number in range(20))
    path.write_text(f"{RUN % 5}[I] Latency: min = 1 ms, max = 3 ms, mean = 2 ms\n{damaged}")
    conversion = convert(path, limits=Limits(findings_per_code=5))
    assert len(list(conversion)) == 1
    messages = [item.message for item in conversion.account.findings if item.code == "BF103"]
    assert len(messages) == 5
    assert "16 more lines say a number in another way than the program writes it" in messages


@pytest.mark.parametrize("data", [{"a": "x" * 10_000}, [[1] * 1_000], {"k" * 10_000: None}])
def test_the_memory_of_data_is_that_of_its_parts(data: jsons.JsonValue) -> None:
    assert 8_000 < jsons.memory_of(data) < 60_000
