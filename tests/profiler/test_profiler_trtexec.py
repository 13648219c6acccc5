"""Profiles by trtexec, with a stand-in that replays a log: records as any other engine's, and every setting said."""

from __future__ import annotations

import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx", reason="onnx is not installed")

from tests.onnx_models import model, saved, value, weights
from tests.profiler.noise import findings_but_noise
from tests.profiler.test_profiler import ABOUT

from benchfmt import BenchfmtError, Measurement, Profile, Record, convert, profile, validate
from benchfmt.profiler import sensed, trtexec, trtexec_process
from benchfmt.profiler.document import TrtexecSettings, parsed
from benchfmt.profiler.job import SUITE, Job, Protocol
from benchfmt.profiler.sampled import Sampled
from benchfmt.readers import jsons
from benchfmt.readers import trtexec as reader

FIXTURES = Path(__file__).parents[1] / "fixtures" / "trtexec" / "pair"
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in is a script that its first line starts"
)
FAST = Protocol(2, 2, 0.2, 20, 10, 0.05, 0.3, 0.05, 300.0, 20.0)
STAND_IN = """#!{python}
import sys, time
from pathlib import Path
flags = dict(word[2:].partition("=")[::2] for word in sys.argv[1:] if word.startswith("--"))
print("&&&& RUNNING TensorRT.trtexec [TensorRT v{tag}] # " + " ".join(["trtexec", *sys.argv[1:]]), flush=True)
if "help" in flags:
    sys.exit(0)
if "saveEngine" in flags:
    Path(flags["saveEngine"]).write_bytes(b"engine")
for line in open({log!r}, encoding="utf-8"):
    if "&&&&" in line or "TensorRT version" in line or line.startswith("office$"):
        continue
    if ("built in" in line and "loadEngine" in flags) or ("{end}" == "FAILED" and "Starting" in line):
        continue
    print(line, end="", flush=True)
    if "Starting inference" in line:
        Path(flags["exportTimes"]).write_text(Path({times!r}).read_text())
        time.sleep({seconds} if "loadEngine" in flags else 0)
if "{end}" == "FAILED":
    print("[03/02/2026-09:15:07] [E] Error[2]: no kernel for the node harbour")
print("&&&& {end} TensorRT.trtexec [TensorRT v{tag}] # " + " ".join(["trtexec", *sys.argv[1:]]))
sys.exit({code})
"""


def stand_in(folder: Path, tag: str = "100900", end: str = "PASSED", seconds: float = 0.7) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "trtexec"
    path.write_text(
        STAND_IN.format(
            python=sys.executable, tag=tag, log=str(FIXTURES / "harbour.log"), times=str(FIXTURES / "times.json"), end=end,
            seconds=seconds, code=0 if end == "PASSED" else 1,
        )
    )  # fmt: skip
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Seen:
    """A sampler that saw a device."""

    def __init__(self, pid: int) -> None:
        assert pid > 0
        self.began = time.monotonic()

    def mark(self) -> None:
        """A counter of this one is read all the time."""

    def stop(self) -> Sampled:
        times = [self.began + step / 50 for step in range(200)]
        gauge = {"kind": "gauge", "source": "stand-in", "times": times, "id": "x", "cost": 0.0}
        energy = {"kind": "counter", "source": "counter", "times": times, "id": "y", "cost": 0.0}
        seen = {
            "hz": 50.0, "ticks": 200, "page_size": 4096, "clock_ticks": 100, "observer_share": 0.001, "late": 0,
            "process": {"times": times, "pages": [1000] * 200, "cpu": list(range(200)), "threads": [1] * 200},
            "channels": [
                {**gauge, "metric": "memory", "scope": "gpu", "values": [2**30] * 199 + [2**31]},
                {**gauge, "metric": "temperature", "scope": "gpu", "failed": {"reason": "sensor-failed", "detail": "stuck"}, "values": []},
                {**energy, "metric": "energy", "scope": "gpu", "values": [3.0 * step for step in range(200)]},
            ],
            "absent": [{"metric": "power", "scope": "gpu", "reason": "permission-denied", "detail": "no"}],
        }  # fmt: skip
        return parsed(Sampled, seen)


def harbour(folder: Path) -> Path:
    """A model that takes what the log of the stand-in says: four images of 3 x 64 x 64, the batch left open."""
    nodes = [_node("Flatten", ["image"], ["flat"]), _node("Gemm", ["flat", "w", "b"], ["label"])]
    inputs, outputs = [value("image", ["batch", 3, 64, 64])], [value("label", ["batch", 10])]
    return saved(
        model(nodes, inputs, outputs, [weights("w", 12288, 10), weights("b", 10)]),
        folder / "harbour.onnx",
    )


def _node(kind: str, ins: list[str], outs: list[str]) -> Any:
    from onnx import helper

    return helper.make_node(kind, ins, outs)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trtexec")
    harbour(folder)
    stand_in(folder / "bin", seconds=1.3)
    return folder


@pytest.fixture(scope="module")
def found(place: Path) -> Iterator[Profile]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRTEXEC", str(place / "bin" / "trtexec"))
        patch.setattr(trtexec, "Sampler", lambda pid, hertz: Seen(pid))
        with profile(
            place / "harbour.onnx",
            engine="trtexec",
            engine_options={"fp16": "1"},
            batch_size=4,
            protocol=FAST,
            about=ABOUT,
        ) as made:
            yield made


def numbers(record: Record) -> dict[tuple[str, str, str, str, str], Measurement]:
    return {item.key: item for item in record.measurements or ()}


def observed() -> reader.Times:
    return reader.times(jsons.parse((FIXTURES / "times.json").read_bytes(), digits=True)).after(50)


def test_each_run_is_a_record_and_the_summary_is_derived(found: Profile) -> None:
    assert [record.status for record in found] == ["ok"] * 3
    assert {(r.benchmark.suite, r.benchmark.scenario) for r in found} == {(SUITE, "closed-loop")}
    assert {
        (r.software and r.software.engine, r.software and r.software.engine_version) for r in found
    } == {("tensorrt", "10.9.0")}


def test_times_are_the_exported_ones(found: Profile) -> None:
    times, said = observed(), numbers(found.records[0])
    for stage in ("inference", "compute", "transfer-in", "transfer-out"):
        mean = sum(map(float, times.stages[stage])) / len(times) / 1e3
        item = said["latency", "mean", stage, "batch", ""]
        assert item.value == pytest.approx(mean, rel=1e-4)
        assert item.n == len(times) == 25
    rate = said["throughput", "mean", "whole-run", "sample", ""]
    assert rate.primary
    assert rate.value == pytest.approx(25 * 4 / (times.wall_ms / 1e3), rel=1e-6)
    # A closed loop overlaps its queries: the inverse of a latency is no throughput of it.
    assert not [key for key in said if key[0] == "throughput" and key[2] == "inference"]


def test_the_log_and_the_times_are_sources_and_can_be_converted(found: Profile) -> None:
    sources = [
        source.path
        for source in (found.records[0].provenance and found.records[0].provenance.sources) or ()
    ]
    assert sources == [
        "run-1.json",
        "run-1/trtexec.log",
        "run-1/trtexec-times.json",
        "build/trtexec.log",
    ]
    assert not list(found.folder.glob("built-*"))
    # The run that only told how long a query takes has left nothing.
    assert sorted(path.name for path in found.folder.rglob("trtexec.log")) == ["trtexec.log"] * 3
    [record] = convert(found.folder / "run-1", "trtexec")
    ours, theirs = numbers(found.records[0]), numbers(record)
    same = theirs["latency", "mean", "compute", "query", ""].value
    assert ours["latency", "mean", "compute", "batch", ""].value == pytest.approx(same, rel=1e-4)


def test_sensors_tell_a_number_or_why_there_is_none(found: Profile) -> None:
    said = numbers(found.records[0])
    assert said["memory", "mean", "", "", "gpu"].value == 2**30
    assert said["memory", "mean", "", "", "process"].value == 4096000
    assert said["temperature", "mean", "", "", "gpu"].missing == "sensor-failed"
    assert said["utilization", "mean", "", "", "gpu"].missing == "no-sensor"
    assert said["power", "mean", "", "", "gpu"].value == pytest.approx(150.0)
    assert said["cpu-time", "mean", "whole-run", "batch", ""].value == pytest.approx(
        0.5 * 1.25 / 25, rel=0.2
    )
    assert not [item for record in found for item in record.measurements or () if item.value == 0]


def test_the_engine_is_built_once_and_that_is_told_once(found: Profile) -> None:
    key = ("duration", "single", "build", "", "")
    assert numbers(found.records[0])[key].value == 4.5
    assert key not in numbers(found.records[1])
    assert numbers(found.summary)["duration", "mean", "build", "", ""].value == 4.5
    assert numbers(found.summary)["duration", "mean", "load", "", ""].value == 0.0125
    switches = (found.records[1].extensions or {})[SUITE]["trtexec"]["switches"]
    assert switches[0].startswith("--loadEngine=built-")
    assert {"--useCudaGraph", "--useSpinWait", "--shapes=image:4x3x64x64", "--fp16"} <= set(
        switches
    )


def test_what_decides_the_numbers_is_in_the_configuration(found: Profile) -> None:
    said = found.summary.configuration
    assert said is not None
    assert (said.precision, said.batch_size, said.input_shape, said.threads) == (
        "mixed",
        4,
        [3, 64, 64],
        None,
    )
    assert said.placement == ["gpu"]
    assert said.hyperparameters == {
        "engine_options": {"fp16": "1"}, "io_binding": False, "seed": 0, "tf32": True,
        "data_transfers": True, "cuda_graph": True, "spin_wait": True, "streams": 1,
    }  # fmt: skip
    assert found.summary.model is not None
    assert found.summary.model.flop == 2 * 122880


def test_the_package_is_a_submission(found: Profile, tmp_path: Path) -> None:
    found.write(tmp_path / "package")
    assert findings_but_noise(tmp_path / "package") == []


def run(place: Path, program: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Profile:
    monkeypatch.setenv("TRTEXEC", str(program))
    return profile(
        place / "harbour.onnx",
        engine="trtexec",
        protocol=FAST,
        about=ABOUT,
        **{"batch_size": 4, **more},
    )


@pytest.mark.slow
def test_the_profiler_s_own_sampler_watches_from_outside(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run(place, place / "bin" / "trtexec", monkeypatch, folder=tmp_path) as made:
        said = numbers(made.records[0])
    assert (said["memory", "mean", "", "", "process"].value or 0) > 2**20
    assert (said["memory", "max", "", "", "process"].value or 0) > 2**20
    assert not [item for item in said.values() if item.value == 0]


def test_a_failed_run_is_a_failed_record_in_the_words_of_its_log(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run(place, stand_in(tmp_path / "bin", end="FAILED"), monkeypatch) as made:
        assert not made.ok
        assert {record.status for record in made} == {"failed"}
        assert "no kernel for the node harbour" in (made.summary.status_detail or "")
        made.write(tmp_path / "package")
    assert validate(tmp_path / "package").ok


def test_an_engine_that_is_built_already_is_loaded(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "harbour.plan"
    plan.write_bytes(b"engine")
    monkeypatch.setenv("TRTEXEC", str(stand_in(tmp_path / "bin", seconds=0.1)))
    with profile(plan, engine="trtexec", protocol=FAST, about=ABOUT) as made:
        said, summary = numbers(made.summary), made.summary
    assert said["flop-rate", "mean", "inference", "", ""].missing == "not-measured"
    assert summary.configuration is not None
    assert (summary.configuration.batch_size, summary.configuration.precision) == (4, None)


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    outcome = trtexec.run(
        tmp_path / "m.plan",
        tmp_path,
        program=stand_in(tmp_path / "bin", seconds=600),
        watch=Seen,
        timeout=1.5,
    )
    assert time.monotonic() - began < 300
    assert outcome.code < 0
    assert outcome.window is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": "a.py:f"}, "makes its own inputs"),
        ({"io_binding": True}, "makes its own inputs"),
        ({"labels": "a.txt"}, "keeps no answers"),
        ({"scenario": "server"}, "no scenario 'server' by trtexec"),
        ({"providers": ["CUDAExecutionProvider"]}, "are ONNX Runtime's"),
    ],
)
def test_what_trtexec_cannot_do_is_told_before_anything_runs(
    place: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], message: str
) -> None:
    monkeypatch.setenv("TRTEXEC", str(place / "bin" / "trtexec"))
    with pytest.raises(BenchfmtError, match=message):
        profile(place / "harbour.onnx", engine="trtexec", **arguments)


def test_an_engine_needs_tensorrt(tmp_path: Path) -> None:
    plan = tmp_path / "a.plan"
    plan.write_bytes(b"engine")
    with pytest.raises(BenchfmtError, match="add --engine tensorrt"):
        profile(plan)
    with pytest.raises(BenchfmtError, match="there is no engine 'tvm'"):
        profile(plan, engine="tvm")


@pytest.mark.parametrize(
    ("release", "wanted", "unwanted"),
    [
        (
            "8.0.1",
            ["--streams=1", "--percentile=99", "--useCudaGraph", "--useSpinWait"],
            ["--infStreams=1", "--includeDataTransfers"],
        ),
        (
            "8.6.1",
            ["--infStreams=1", "--percentile=90,95,99", "--useCudaGraph"],
            ["--streams=1", "--noDataTransfers"],
        ),
        (
            "11.1.0",
            ["--infStreams=1", "--includeDataTransfers"],
            ["--useCudaGraph", "--useSpinWait", "--noCudaGraph", ""],
        ),
    ],
)
def test_every_setting_is_said(release: str, wanted: list[str], unwanted: list[str]) -> None:
    said = trtexec.arguments(release, Path("m.onnx"), Path("out"), TrtexecSettings())
    assert set(wanted) <= set(said)
    assert not set(unwanted) & set(said)
    off = TrtexecSettings(data_transfers=False, cuda_graph=False, spin_wait=False)
    said = trtexec.arguments(release, Path("m.plan"), Path("out"), off)
    assert "--loadEngine=m.plan" in said
    assert ("--noDataTransfers" in said) == (release != "11.1.0")
    assert ("--noCudaGraph" in said) == ("--noSpinWait" in said) == (release == "11.1.0")
    assert not {"--dumpProfile", "--exportProfile"} & {word.partition("=")[0] for word in said}


def test_a_program_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(trtexec.TrtexecError, match="which does not exist"):
        trtexec.find({"TRTEXEC": str(tmp_path / "none")})
    monkeypatch.setattr(trtexec, "USUAL", tmp_path / "usual")
    with pytest.raises(trtexec.TrtexecError, match="set \\$TRTEXEC"):
        trtexec.find({"PATH": str(tmp_path)})
    program = stand_in(tmp_path / "bin")
    assert trtexec.find({"PATH": str(tmp_path / "bin")}) == program
    with pytest.raises(trtexec.TrtexecError, match="does not say its version"):
        trtexec.version(stand_in(tmp_path / "old", tag=""))


@pytest.mark.parametrize("name", ["noDataTransfers", "exportTimes", "skipInference", "infStreams"])
def test_what_a_profile_sets_itself_is_no_option(name: str) -> None:
    with pytest.raises(trtexec.TrtexecError, match=f"--{name} is not for --engine-option"):
        trtexec_process.switches({name: "1"})


def test_graphs_and_spinning_may_be_turned_off(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = {"cuda_graph": "0", "spin_wait": "0"}
    with run(
        place,
        stand_in(tmp_path / "bin", tag="110000", seconds=0.1),
        monkeypatch,
        engine_options=off,
    ) as made:
        said = (made.records[0].extensions or {})[SUITE]["trtexec"]
        assert made.summary.configuration is not None
        settings = made.summary.configuration.hyperparameters or {}
    assert {"--noCudaGraph", "--noSpinWait", "--includeDataTransfers"} <= set(said["switches"])
    assert (settings["cuda_graph"], settings["spin_wait"]) == (False, False)
    with pytest.raises(BenchfmtError, match="cuda_graph is 1 or 0, not 'maybe'"):
        run(place, place / "bin" / "trtexec", monkeypatch, engine_options={"cuda_graph": "maybe"})


def test_options_become_switches() -> None:
    said = trtexec_process.switches(
        {"fp16": "1", "int8": "", "builderOptimizationLevel": "5", "bf16": "0"}
    )
    assert said == ["--fp16", "--int8", "--builderOptimizationLevel=5"]
    assert trtexec_process.switches({"shapes": "image:2x3x64x64"}, loads=True) == [
        "--shapes=image:2x3x64x64"
    ]
    with pytest.raises(trtexec.TrtexecError, match="--shapes is not for"):
        trtexec_process.switches({"shapes": "image:2x3x64x64"})


def test_a_batch_that_was_not_run_is_told(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run(place, stand_in(tmp_path / "bin", seconds=0.1), monkeypatch, batch_size=8) as made:
        assert not made.ok
        assert "image had the shape [4, 3, 64, 64]; it was asked for (8, 3, 64, 64)" in (
            made.summary.status_detail or ""
        )


def test_processor_time_needs_readings_over_the_whole_window() -> None:
    seen = Seen(1).stop()
    times = seen.process.times
    assert sensed.processor_seconds(seen, (times[0], times[-1])) == pytest.approx(1.99)
    assert sensed.processor_seconds(seen, (times[0] - 1, times[-1])) is None
    assert sensed.processor_seconds(seen, (times[0], times[-1] + 1)) is None
    assert sensed.processor_seconds(None, (0, 1)) is None


def test_a_job_of_trtexec_names_no_threads() -> None:
    assert Job("m.onnx", "", engine="trtexec").settings().threads is None
