"""Profiles by TensorRT's Python API, with a stand-in for it: the same face, and the same answers as ONNX Runtime."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from tests.onnx_models import dense, saved
from tests.profiler.noise import findings_but_noise
from tests.profiler.steps import agreement, first_output, items_of_another_shape, words
from tests.profiler.test_profiler import ABOUT, FAST, ONE, numbers

from benchfmt import BenchfmtError, Profile, profile
from benchfmt.profiler.job import SUITE, Protocol

STAND_INS = Path(__file__).parents[1] / "stand_ins"


@pytest.fixture
def tensorrt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(STAND_INS))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tensorrt")
    saved(dense(), folder / "dense.onnx")
    return folder


def run(place: Path, protocol: Protocol = ONE, **more: Any) -> Profile:
    return profile(
        place / "dense.onnx",
        engine="tensorrt",
        protocol=protocol,
        about=ABOUT,
        harness="own",
        **more,
    )


def test_it_is_profiled_as_any_other_engine(place: Path, tensorrt: None, tmp_path: Path) -> None:
    with run(place, FAST, inputs=words, postprocess=first_output, evaluate=agreement) as made:
        assert [record.status for record in made] == ["ok"] * 3, made.summary.status_detail
        said, summary = numbers(made.summary), made.summary
        made.write(tmp_path / "package")
        assert not list(made.folder.glob("built-*"))
    assert summary.software is not None
    assert (summary.software.engine, summary.software.engine_version) == ("tensorrt", "10.9.0")
    assert summary.configuration is not None
    assert (summary.configuration.placement, summary.configuration.threads) == (["gpu"], None)
    assert said["latency", "median", "inference", "sample", ""].primary
    assert said["latency", "mean", "end-to-end", "sample", ""].value is not None
    assert said["latency", "gated-median", "inference", "sample", ""].missing == "not-applicable"
    assert said["accuracy", "pooled", "", "", ""].value == 1.0
    assert findings_but_noise(tmp_path / "package") == []


def test_the_engine_is_built_once(place: Path, tensorrt: None) -> None:
    with run(place, FAST, batch_size=3) as made:
        first, second = (numbers(record) for record in made.records[:2])
        key = ("duration", "single", "build", "", "")
        assert first[key].value is not None
        assert key not in second
        assert numbers(made.summary)["duration", "mean", "build", "", ""].n == 1
        assert first["latency", "mean", "inference", "batch", ""].value is not None
        assert made.summary.configuration is not None
        assert made.summary.configuration.batch_size == 3


def test_bound_inputs_leave_the_copies_out(place: Path, tensorrt: None) -> None:
    with run(place, io_binding=True) as made:
        assert made.ok, made.summary.status_detail
        assert made.summary.configuration is not None
        assert (made.summary.configuration.hyperparameters or {})["io_binding"] is True


def test_formats_that_are_allowed_make_the_precision_mixed(place: Path, tensorrt: None) -> None:
    with run(place, engine_options={"fp16": "1", "tf32": "0"}) as made:
        assert made.ok, made.summary.status_detail
        assert made.summary.configuration is not None
        assert made.summary.configuration.precision == "mixed"
        said = (made.summary.extensions or {})[SUITE]["placement"]["options"]
    assert said == {"formats": {"fp16": True, "tf32": False}, "builder": {"use_tf32": "0"}}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"speed": "1"}, "TensorRT takes no option 'speed'"),
        ({"fp16": "yes"}, "fp16 is 1 or 0, not 'yes'"),
        ({"bf16": "1"}, "has no switch bf16"),
    ],
)
def test_a_wrong_option_is_told(
    place: Path, tensorrt: None, options: dict[str, str], message: str
) -> None:
    with run(place, engine_options=options) as made:
        assert not made.ok
        assert message in (made.summary.status_detail or "")


def test_an_error_of_the_device_is_told(
    place: Path, tensorrt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_CUDA_BYTES", "10")
    with run(place) as made:
        assert not made.ok
        assert "CUDA: cudaErrorMemoryAllocation" in (made.summary.status_detail or "")


def test_an_engine_of_another_version_is_told(place: Path, tensorrt: None, tmp_path: Path) -> None:
    plan = tmp_path / "old.plan"
    plan.write_bytes(b"ftrt")
    with profile(plan, engine="tensorrt", protocol=ONE, about=ABOUT, harness="own") as made:
        assert "does not load the engine" in (made.summary.status_detail or "")


def test_an_input_that_does_not_fit_is_told(place: Path, tensorrt: None) -> None:
    with run(place, inputs=items_of_another_shape) as made:
        assert "an input has the shape (1, 15); the engine was made for (1, 16)" in (
            made.summary.status_detail or ""
        )


@pytest.mark.skipif(find_spec("tensorrt") is not None, reason="TensorRT is installed")
def test_without_tensorrt_the_call_is_told_what_to_install(place: Path) -> None:
    with pytest.raises(BenchfmtError, match="needs the packages tensorrt and cuda-python"):
        run(place)
