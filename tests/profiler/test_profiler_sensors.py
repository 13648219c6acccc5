"""Sensors and counters of the machine, on roots made of files: every failure gives its reason, nothing is ever 0 for want of an answer."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import benchfmt
from benchfmt.profiler import (
    counters,
    environment,
    judging,
    measuring,
    portable,
    proc,
    running,
    sampler,
    sensed,
    sensors,
)
from benchfmt.profiler.document import Measured, parsed
from benchfmt.profiler.evidence import between
from benchfmt.profiler.job import QUICK
from benchfmt.profiler.nvml import Nvml, NvmlError, open_nvml
from benchfmt.profiler.plain import plain
from benchfmt.profiler.running import Sampler
from benchfmt.profiler.sampled import Readings, Sampled
from benchfmt.profiler.sensed import Sensed
from benchfmt.profiler.sensors import Absent, Channel

NO_NVML = NvmlError("libnvidia-ml.so.1 is not installed", "not-applicable")


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", "ascii")
    return root


def found(
    root: Path, nvml: Any = NO_NVML
) -> tuple[dict[tuple[str, str], Channel], dict[tuple[str, str], Absent]]:
    channels, absent = sensors.discover(root, nvml, os.getpid())
    return {(c.metric, c.scope): c for c in channels}, {(a.metric, a.scope): a for a in absent}


def sampled(*channels: dict[str, Any] | Readings) -> Sampled:
    return parsed(Sampled, {"channels": [plain(channel) for channel in channels]})


def sense(seen: Sampled, metric: str, scope: str, window: tuple[float, float]) -> Sensed:
    return sensed.sense(seen, metric, scope, window)


RAPL = {
    "sys/class/powercap/intel-rapl:0/name": "package-0",
    "sys/class/powercap/intel-rapl:0/energy_uj": "1000000",
    "sys/class/powercap/intel-rapl:0/max_energy_range_uj": "9999999",
}


def test_a_machine_without_sensors_says_why_for_each(tmp_path: Path) -> None:
    channels, absent = found(tmp_path)
    assert channels == {}
    assert {key: item.reason for key, item in absent.items()} == {
        ("temperature", "cpu"): "no-sensor", ("energy", "cpu"): "no-sensor", ("power", "board"): "no-sensor",
        ("utilization", "gpu"): "not-applicable", ("memory", "gpu"): "not-applicable",
        ("temperature", "gpu"): "not-applicable", ("energy", "gpu"): "not-applicable", ("utilization", "npu"): "no-sensor",
        ("memory-bandwidth", "memory"): "no-sensor",
    }  # fmt: skip
    assert all(item.detail for item in absent.values())


def test_the_package_temperature_of_hwmon_is_preferred(tmp_path: Path) -> None:
    channels, _ = found(tree(tmp_path, {
        "sys/class/hwmon/hwmon0/name": "nvme", "sys/class/hwmon/hwmon0/temp1_input": "30000",
        "sys/class/hwmon/hwmon1/name": "coretemp", "sys/class/hwmon/hwmon1/temp1_input": "61500",
        "sys/class/hwmon/hwmon1/temp2_input": "59000",
        "sys/class/thermal/thermal_zone0/type": "x86_pkg_temp", "sys/class/thermal/thermal_zone0/temp": "20000",
    }))  # fmt: skip
    assert channels["temperature", "cpu"].read() == 61.5


def test_thermal_zones_of_a_board(tmp_path: Path) -> None:
    channels, absent = found(tree(tmp_path, {
        "sys/class/thermal/thermal_zone0/type": "CPU-therm", "sys/class/thermal/thermal_zone0/temp": "45250",
        "sys/class/thermal/thermal_zone1/type": "GPU-therm", "sys/class/thermal/thermal_zone1/temp": "44000",
        "sys/class/thermal/thermal_zone2/type": "PMIC-Die", "sys/class/thermal/thermal_zone2/temp": "100000",
        "sys/devices/gpu.0/load": "731",
    }))  # fmt: skip
    assert channels["temperature", "cpu"].read() == 45.25
    assert channels["temperature", "gpu"].read() == 44.0
    assert channels["utilization", "gpu"].read() == pytest.approx(0.731)
    assert ("temperature", "gpu") not in absent


def test_rapl_is_a_counter_that_wraps(tmp_path: Path) -> None:
    root = tree(tmp_path, RAPL)
    channels, _ = found(root)
    energy = channels["energy", "cpu"]
    assert (energy.kind, energy.wrap) == ("counter", 10.0)
    for second, microjoules in enumerate((9_000_000, 9_800_000, 300_000, 1_000_000)):
        tree(root, {"sys/class/powercap/intel-rapl:0/energy_uj": str(microjoules)})
        energy.take(float(second))
    seen = sense(sampled(energy.readings()), "energy", "cpu", (0.0, 3.0))
    assert seen.value == pytest.approx(2.0)


def test_energy_is_interpolated_at_both_ends_and_needs_a_second(tmp_path: Path) -> None:
    channel = {
        "metric": "energy",
        "scope": "cpu",
        "kind": "counter",
        "source": "s",
        "times": [0, 1, 2, 3],
        "values": [0, 10, 20, 30],
    }
    seen = sampled(channel)
    assert sense(seen, "energy", "cpu", (0.5, 2.5)).value == pytest.approx(20)
    assert sense(seen, "energy", "cpu", (0.5, 1.0)).reason == "too-few-samples"
    assert sense(seen, "energy", "cpu", (0.5, 3.5)).reason == "too-few-samples"


def test_several_packages_add_up_and_a_lost_one_makes_the_sum_missing() -> None:
    one = {
        "metric": "energy",
        "scope": "cpu",
        "kind": "counter",
        "source": "a",
        "times": [0, 2],
        "values": [0, 10],
    }
    other = {**one, "source": "b", "values": [5, 25]}
    lost = {**one, "failed": {"reason": "sensor-failed", "detail": "b: gone"}}
    assert sense(sampled(one, other), "energy", "cpu", (0.0, 2.0)).value == 30
    assert sense(sampled(one, lost), "energy", "cpu", (0.0, 2.0)).reason == "sensor-failed"


def test_a_dead_counter_is_not_an_energy_of_zero(tmp_path: Path) -> None:
    channel = {
        "metric": "energy",
        "scope": "cpu",
        "kind": "counter",
        "source": "rapl",
        "times": [0, 1, 2],
        "values": [7, 7, 7],
    }
    seen = sense(sampled(channel), "energy", "cpu", (0.0, 2.0))
    assert (seen.value, seen.reason, seen.detail) == (
        None,
        "sensor-failed",
        "rapl: the counter did not move",
    )


def test_a_counter_that_goes_back_without_a_range_is_not_believed() -> None:
    channel = {
        "metric": "energy",
        "scope": "gpu",
        "kind": "counter",
        "source": "nvml",
        "times": [0, 1, 2],
        "values": [7, 9, 1],
    }
    assert sense(sampled(channel), "energy", "gpu", (0.0, 2.0)).reason == "sensor-failed"


def test_a_counter_that_may_not_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # root may read everything, so the refusal of the kernel is played
    def refuse(path: Any, *_: Any, **__: Any) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    root = tree(tmp_path, RAPL)
    monkeypatch.setattr(sensors.os, "open", refuse)
    channels, absent = found(root)
    assert ("energy", "cpu") not in channels
    item = absent["energy", "cpu"]
    assert item.reason == "permission-denied"
    assert "intel-rapl:0/energy_uj: Permission denied" in item.detail


@pytest.mark.parametrize(
    ("text", "reason"), [("-263200", "sensor-failed"), ("", "sensor-failed"), ("words", "sensor-failed")], ids=["cold", "empty", "text"]
)  # fmt: skip
def test_a_dead_thermometer_is_given_up_with_the_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    root = tree(
        tmp_path,
        {"sys/class/hwmon/hwmon0/name": "k10temp", "sys/class/hwmon/hwmon0/temp1_input": text},
    )
    channel = found(root)[0]["temperature", "cpu"]
    for second in range(5):
        channel.take(float(second))
    assert channel.values == []
    assert channel.misses == sensors.PATIENCE
    seen = sense(sampled(channel.readings()), "temperature", "cpu", (0.0, 5.0))
    assert (seen.value, seen.reason) == (None, reason)
    assert "temp1_input" in seen.detail


def test_a_sensor_that_dies_within_a_run_is_missing_not_its_last_value(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {"sys/class/hwmon/hwmon0/name": "k10temp", "sys/class/hwmon/hwmon0/temp1_input": "50000"},
    )
    channel = found(root)[0]["temperature", "cpu"]
    channel.take(0.0)
    tree(root, {"sys/class/hwmon/hwmon0/temp1_input": "-273150000"})
    for second in (1.0, 2.0, 3.0):
        channel.take(second)
    seen = sense(sampled(channel.readings()), "temperature", "cpu", (0.0, 5.0))
    assert seen.reason == "sensor-failed"


@pytest.mark.parametrize("metric", ["power", "temperature"])
def test_a_sensor_that_always_reads_nought_is_dead(metric: str) -> None:
    channel = {
        "metric": metric,
        "scope": "board",
        "kind": "gauge",
        "source": "s",
        "times": [0, 1],
        "values": [0.0, 0.0],
    }
    seen = sense(sampled(channel), metric, "board", (0.0, 2.0))
    assert (seen.value, seen.reason) == (None, "sensor-failed")


def test_one_failed_reading_is_forgiven(tmp_path: Path) -> None:
    values = iter([40.0, OSError(errno.EAGAIN, "try again"), 42.0])

    def read() -> float:
        value = next(values)
        if isinstance(value, OSError):
            raise value
        return value

    channel = Channel("t", "temperature", "cpu", "gauge", "fake", read)
    for second in range(3):
        channel.take(float(second))
    seen = sense(sampled(channel.readings()), "temperature", "cpu", (0.0, 2.0))
    assert (seen.value, seen.peak, seen.count) == (41.0, 42.0, 2)


def test_rails_of_a_jetson_board(tmp_path: Path) -> None:
    hwmon = "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3"
    channels, _ = found(tree(tmp_path, {
        f"{hwmon}/in1_label": "VDD_IN", f"{hwmon}/in1_input": "5000", f"{hwmon}/curr1_input": "1200",
        f"{hwmon}/in2_label": "VDD_CPU_GPU_CV", f"{hwmon}/in2_input": "5000", f"{hwmon}/curr2_input": "400",
    }))  # fmt: skip
    assert channels["power", "board"].read() == pytest.approx(6.0)
    assert channels["power", "rail:VDD_CPU_GPU_CV"].read() == pytest.approx(2.0)


def test_rails_of_an_older_jetson_board(tmp_path: Path) -> None:
    folder = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0"
    channels, _ = found(
        tree(tmp_path, {f"{folder}/rail_name_0": "POM_5V_IN", f"{folder}/in_power0_input": "3187"})
    )
    assert channels["power", "board"].read() == pytest.approx(3.187)


def test_busy_time_of_a_neural_processor(tmp_path: Path) -> None:
    root = tree(tmp_path, {"sys/class/accel/accel0/device/npu_busy_time_us": "0"})
    channel = found(root)[0]["utilization", "npu"]
    for second in range(4):
        tree(root, {"sys/class/accel/accel0/device/npu_busy_time_us": str(second * 250_000)})
        channel.take(float(second))
    seen = sense(sampled(channel.readings()), "utilization", "npu", (0.0, 3.0))
    assert seen.value == pytest.approx(0.25)


class Library:
    """A driver's library, played: what it gives is set by name."""

    def __init__(self, codes: dict[str, int] | None = None) -> None:
        self.codes, self.joules = codes or {}, 0
        self.handles: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("nvml"):
            raise AttributeError(name)

        def call(*arguments: Any) -> int:
            if code := self.codes.get(name, 0):
                return code
            if name.startswith("nvmlDeviceGetHandleBy"):
                self.handles.append((name, arguments[0].value))
            elif name == "nvmlDeviceGetName":
                arguments[1].value = b"NVIDIA H200"
            elif name == "nvmlDeviceGetCount_v2":
                arguments[0]._obj.value = 8
            elif name == "nvmlSystemGetDriverVersion":
                arguments[0].value = b"580.159.04"
            elif name == "nvmlSystemGetCudaDriverVersion_v2":
                arguments[0]._obj.value = 13010
            elif name == "nvmlDeviceGetUtilizationRates":
                arguments[-1]._obj.gpu = 83
            elif name == "nvmlDeviceGetTemperature":
                arguments[-1]._obj.value = 41
            elif name == "nvmlDeviceGetTotalEnergyConsumption":
                self.joules += 100
                arguments[-1]._obj.value = self.joules * 1000
            elif name == "nvmlDeviceGetPowerUsage":
                arguments[-1]._obj.value = 76_500
            elif name == "nvmlDeviceGetMemoryInfo":
                arguments[-1]._obj.used, arguments[-1]._obj.total = 5_000, 10_000
            elif name == "nvmlDeviceGetComputeRunningProcesses_v3":
                arguments[1]._obj.value = 1
                arguments[2][0].pid, arguments[2][0].used = os.getpid(), 1234
            return 0

        return call


def test_nvml_gives_load_heat_energy_power_and_memory(tmp_path: Path) -> None:
    gpu = open_nvml(lambda name: Library())
    assert isinstance(gpu, Nvml)
    channels, absent = found(tmp_path, gpu)
    assert gpu.name == "NVIDIA H200"
    assert channels["utilization", "gpu"].read() == 0.83
    assert channels["temperature", "gpu"].read() == 41
    assert channels["power", "gpu"].read() == 76.5
    assert channels["memory", "gpu"].read() == 1234
    assert channels["energy", "gpu"].read() + 100 == channels["energy", "gpu"].read()
    assert not {key for key in absent if key[1] == "gpu"}


def test_nvml_tells_how_many_there_are_and_the_driver(tmp_path: Path) -> None:
    gpu = open_nvml(lambda name: Library())
    assert environment.system(tmp_path, gpu)["accelerator"] == {
        "kind": "gpu", "name": "NVIDIA H200", "count": 8, "memory_bytes": 10_000,
    }  # fmt: skip
    said = environment.stack(gpu)
    assert (said["nvidia-driver"], said["cuda-driver"]) == ("580.159.04", "13.1")
    silent = open_nvml(
        lambda name: Library({"nvmlSystemGetDriverVersion": 3, "nvmlDeviceGetCount_v2": 3})
    )
    assert "nvidia-driver" not in environment.stack(silent)
    assert "count" not in environment.system(tmp_path, silent)["accelerator"]


def test_the_gpu_is_counted_among_those_that_may_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    assert isinstance(open_nvml(lambda name: library, device=1), Nvml)
    assert library.handles == [("nvmlDeviceGetHandleByIndex_v2", 1)]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert isinstance(open_nvml(lambda name: library, device=2), Nvml)
    assert library.handles[-1] == ("nvmlDeviceGetHandleByIndex_v2", 2)
    for hidden in ("", "-1", "3"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert isinstance(open_nvml(lambda name: library, device=1), NvmlError)


def test_a_driver_without_a_function_says_so(tmp_path: Path) -> None:
    class Old(Library):
        def __getattr__(self, name: str) -> Any:
            if name == "nvmlDeviceGetTotalEnergyConsumption":
                raise AttributeError(name)
            return super().__getattr__(name)

    channels, absent = found(tmp_path, open_nvml(lambda name: Old()))
    assert ("energy", "gpu") not in channels
    assert (
        absent["energy", "gpu"].detail
        == "NVML NVIDIA H200: this driver has no nvmlDeviceGetTotalEnergyConsumption"
    )


@pytest.mark.parametrize(
    ("code", "reason"), [(3, "no-sensor"), (4, "permission-denied"), (999, "sensor-failed")]
)
def test_what_nvml_refuses_has_a_reason(tmp_path: Path, code: int, reason: str) -> None:
    gpu = open_nvml(lambda name: Library({"nvmlDeviceGetTotalEnergyConsumption": code}))
    channels, absent = found(tmp_path, gpu)
    assert ("energy", "gpu") not in channels
    assert absent["energy", "gpu"].reason == reason


@pytest.mark.parametrize(
    ("visible", "asked"), [("3,1", ("nvmlDeviceGetHandleByIndex_v2", 3)), ("GPU-0a1b", ("nvmlDeviceGetHandleByUUID", b"GPU-0a1b"))]
)  # fmt: skip
def test_the_gpu_is_the_one_that_a_run_may_see(
    visible: str, asked: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert isinstance(open_nvml(lambda name: library), Nvml)
    assert asked in library.handles
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert isinstance(open_nvml(lambda name: library), NvmlError)


def test_without_a_driver_there_is_no_gpu() -> None:
    def missing(name: str) -> Any:
        raise OSError(name)

    gpu = open_nvml(missing)
    assert isinstance(gpu, NvmlError)
    assert gpu.reason == "not-applicable"


def test_a_driver_without_a_gpu_is_no_gpu() -> None:
    gpu = open_nvml(lambda name: Library({"nvmlInit_v2": 9}))
    assert isinstance(gpu, NvmlError)


CGROUP_1 = {
    "proc/self/cgroup": "4:memory:/work\n2:cpu,cpuacct:/work\n0::/",
    "sys/fs/cgroup/memory/work/memory.limit_in_bytes": "4294967296",
    "sys/fs/cgroup/memory/work/memory.max_usage_in_bytes": "1048576",
    "sys/fs/cgroup/cpu,cpuacct/work/cpu.cfs_quota_us": "150000",
    "sys/fs/cgroup/cpu,cpuacct/work/cpu.cfs_period_us": "100000",
    "sys/fs/cgroup/cpu,cpuacct/work/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_time 5000",
}
CGROUP_2 = {
    "proc/self/cgroup": "0::/work",
    "sys/fs/cgroup/work/cgroup.controllers": "cpu memory",
    "sys/fs/cgroup/work/memory.max": "max",
    "sys/fs/cgroup/work/memory.peak": "2097152",
    "sys/fs/cgroup/work/cpu.max": "50000 100000",
    "sys/fs/cgroup/work/cpu.stat": "usage_usec 1\nthrottled_usec 7",
}


def test_control_groups_of_both_versions(tmp_path: Path) -> None:
    one = proc.Cgroup.find(tree(tmp_path / "1", CGROUP_1))
    assert plain(one.limits()) == {
        "version": 1,
        "memory_limit_bytes": 2**32,
        "memory_peak_bytes": 2**20,
        "cpu_limit": 1.5,
    }
    assert one.throttled() == 5000
    two = proc.Cgroup.find(tree(tmp_path / "2", CGROUP_2))
    assert plain(two.limits()) == {"version": 2, "memory_peak_bytes": 2**21, "cpu_limit": 0.5}
    assert two.throttled() == 7000


def test_no_control_group_says_nothing(tmp_path: Path) -> None:
    assert proc.Cgroup.find(tmp_path).limits() == proc.CgroupLimits()
    assert proc.Cgroup.find(tmp_path).throttled() is None


def test_counters_that_are_not_there_are_none(tmp_path: Path) -> None:
    assert proc.cpu_times(tmp_path) is None
    assert proc.pressure(tmp_path) is None
    assert proc.status(root=tmp_path) == {}
    assert not proc.reset_peak(tmp_path)


def test_what_happened_between_two_moments(tmp_path: Path) -> None:
    tick = os.sysconf("SC_CLK_TCK")
    cpu = {
        "user": 0,
        "nice": 0,
        "system": 0,
        "idle": 0,
        "iowait": 0,
        "irq": 0,
        "softirq": 0,
        "steal": 0,
    }
    before = {
        "monotonic": 0.0,
        "own_cpu": 0.0,
        "cpu": cpu,
        "pressure": {"cpu": 0},
        "throttled": None,
        "involuntary": 3,
    }
    later = {**cpu, "user": 12 * tick, "idle": 6 * tick, "steal": 2 * tick}
    after = {
        "monotonic": 10.0,
        "own_cpu": 8.0,
        "cpu": later,
        "pressure": {"cpu": 2_500_000},
        "throttled": 1,
        "involuntary": 8,
    }
    assert plain(between(proc.Snapshot(**before), proc.Snapshot(**after))) == {
        "seconds": 10.0, "own": 8.0, "load": 0.6, "steal": 0.1, "others": pytest.approx(0.2), "pressure-cpu": 0.25,
        "involuntary-switches": 5,
    }  # fmt: skip


def test_the_peak_of_memory_can_be_started_again() -> None:
    script = (
        "from benchfmt.profiler import proc\nheap = bytearray(64 * 2**20)\nfirst = proc.status()['VmHWM']\ndel heap\n"
        "done = proc.reset_peak()\nprint(done, first - proc.status()['VmHWM'] > 50 * 2**20)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]


@pytest.fixture
def watched() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)
    yield process
    process.communicate("\n")


def test_the_sampler_imports_only_the_standard_library(watched: subprocess.Popen[str]) -> None:
    source = str(Path(benchfmt.__file__).parents[1])
    script = (
        "import sys; sys.path[:0] = [sys.argv[2]]; from benchfmt.profiler.sampler import main; main(sys.argv[1])\n"
        "print('\\n' + ' '.join(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))))"
    )
    asked = json.dumps({"pid": watched.pid, "hz": 50})
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", script, asked, source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    out, _ = process.communicate("")
    document, _, modules = out.partition("\n")
    assert set(modules.split()) <= {"benchfmt", "__main__"}
    seen = json.loads(document)
    assert seen["ticks"] >= 3
    assert len(seen["process"]["pages"]) == seen["ticks"]
    assert min(seen["process"]["pages"]) * seen["page_size"] > 2**20
    assert 0 < seen["observer_share"] < 0.5


def test_a_process_that_ends_does_not_end_the_sampler(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    turns = iter([sampler.PASSED, sampler.PASSED, sampler.END])

    def wait(seconds: float) -> str:
        process.wait()
        return next(turns)

    seen = sampler.watch(sampler._by_files(process.pid, Path("/")), 1000, [], wait)
    assert seen.ticks == 4
    assert len(seen.process.pages) <= 1


def test_the_cost_of_each_sensor_is_told(tmp_path: Path) -> None:
    def slow() -> float:
        until = time.thread_time() + 0.003
        while time.thread_time() < until:
            pass
        return 40.0

    turns = iter([sampler.PASSED, sampler.END])
    channel = Channel("slow", "temperature", "cpu", "gauge", "fake", slow)
    seen = sampler.watch(
        sampler._by_files(os.getpid(), Path("/")), 1000, [channel], lambda seconds: next(turns)
    )
    # Read at the start and, since it is dear, only once more: at the end.
    assert (seen.ticks, seen.channels[0].reads) == (3, 2)
    assert seen.channels[0].cost >= 0.006
    assert seen.observer_cpu > 0


def test_a_dear_counter_is_read_when_a_measurement_begins_and_ends() -> None:
    def dear() -> float:
        until = time.thread_time() + 0.003
        while time.thread_time() < until:
            pass
        return 40.0

    lines = (
        [sampler.PASSED] * 3
        + [sampler.LINE]
        + [sampler.PASSED] * 3
        + [sampler.LINE, sampler.PASSED, sampler.END]
    )
    turns = iter(lines)
    counter = Channel("c", "energy", "gpu", "counter", "fake", dear)
    gauge = Channel("g", "power", "gpu", "gauge", "fake", dear)
    seen = sampler.watch(
        sampler._by_files(os.getpid(), Path("/")),
        1000,
        [counter, gauge],
        lambda seconds: next(turns),
    )
    # The counter at its start and at both lines, the gauge at its start and at the end.
    assert [channel.reads for channel in seen.channels] == [3, 2]
    assert seen.ticks == 9


def test_a_gauge_is_read_once_a_second_however_dear_it_is() -> None:
    def dear() -> float:
        until = time.thread_time() + 0.003
        while time.thread_time() < until:
            pass
        return 40.0

    gauge, counter = (
        Channel("x", "energy", "gpu", kind, "fake", dear) for kind in ("gauge", "counter")
    )
    for channel in (gauge, counter):
        for now in range(100):
            channel.tick(now / 10)
    assert 9 <= gauge.reads <= 11
    assert counter.reads <= 4


def test_a_line_has_the_sampler_read_its_counters_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert sampler._wait(0.01) == sampler.PASSED
        os.write(write, b"\n")
        assert sampler._wait(1.0) == sampler.LINE
        os.close(write)
        assert sampler._wait(1.0) == sampler.END


def test_marks_reach_the_sampler() -> None:
    watching = Sampler(os.getpid(), 5.0)
    watching.mark()
    time.sleep(0.3)
    watching.mark()
    seen = watching.stop()
    assert seen is not None
    assert seen.ticks >= 2


# --- what a sensor of the GPU says about a run ---


def of_a_run(used: list[str], memory: float) -> dict[str, tuple[float | None, str | None]]:
    """Return the numbers of a run's GPU by metric and statistic, from a sampler that saw 100 W and some memory."""
    times = [step / 10 for step in range(41)]
    common: dict[str, Any] = {
        "id": "x",
        "source": "fake",
        "times": times,
        "cost": 0.0,
        "reads": 41,
        "scope": "gpu",
    }
    channels = [
        {**common, "metric": "memory", "kind": "gauge", "values": [memory] * 41},
        {
            **common,
            "metric": "energy",
            "kind": "counter",
            "values": [100.0 * time for time in times],
        },
    ]
    nanos = 10_000_000
    data = {
        "job": {"scenario": "single-stream", "threads": 1}, "window": [1.0, 3.0], "batch": 1, "samples_per_query": 1,
        "placement": {"used": used}, "warm_up": {"steady": True}, "memory": {"reset": False}, "affinity": 1,
        "evidence": {"seconds": 2.0, "own": 1.0}, "harness": "own",
        "observed": {"queries": 200, "wall": 200 * nanos, "cpu": nanos, "unfinished": 0, "inference": [nanos] * 200, "blocks": [[200, 200 * nanos, nanos]]},
        "sampler": {"channels": channels, "absent": [], "page_size": 4096, "process": {"times": times, "pages": [10] * 41}},
    }  # fmt: skip
    idle = {"gpu": Sensed(40.0, count=10)}
    document = parsed(Measured, data)
    found = measuring.measured(document, measuring.Facts(idle=idle), judging.gate(document), [])
    return {
        "/".join(part for part in key[:3] if part): (item.value, item.missing)
        for key, item in found.by_key.items() if key[4] == "gpu"
    }  # fmt: skip


def test_energy_above_idle_is_the_whole_less_the_idle_power() -> None:
    said = of_a_run(["CUDAExecutionProvider", "CPUExecutionProvider"], 2.0**30)
    assert said["power/mean"] == (pytest.approx(100.0), None)
    assert said["power/mean/idle"] == (40.0, None)
    assert said["energy/mean"] == (pytest.approx(1.0), None)
    assert said["dynamic-energy/mean"] == (pytest.approx(0.6), None)
    assert said["memory/max"] == (2.0**30, None)


def test_a_run_that_used_no_gpu_has_no_numbers_of_one() -> None:
    said = of_a_run(["CPUExecutionProvider"], 0.0)
    assert set(said.values()) == {(None, "not-applicable")}


def test_a_process_that_holds_no_memory_of_the_gpu_has_no_0_bytes() -> None:
    said = of_a_run(["TensorRT"], 0.0)
    assert (said["memory/mean"], said["memory/max"]) == (
        (None, "not-applicable"),
        (None, "not-applicable"),
    )
    assert said["energy/mean"] == (pytest.approx(1.0), None)


def test_the_idle_machine_is_watched_by_counters_read_at_both_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Two:
        """A sampler whose dear counter is read when it is told to, and never else."""

        def __init__(self, pid: int, hertz: float, gpu: int = 0) -> None:
            self.times: list[float] = []

        def mark(self) -> None:
            self.times.append(time.monotonic())

        def stop(self) -> Sampled:
            values = [40.0 * moment for moment in self.times]
            counter = {
                "metric": "energy",
                "scope": "gpu",
                "kind": "counter",
                "source": "fake",
                "times": self.times,
                "values": values,
            }
            return sampled(counter)

    channel = Channel("x", "energy", "gpu", "counter", "fake", lambda: 0.0)
    monkeypatch.setattr(running.sensors, "discover", lambda *_: ([channel], []))
    monkeypatch.setattr(running, "Sampler", Two)
    found = running.idle(QUICK, lambda *_: None)
    assert list(found) == ["gpu"]
    assert found["gpu"].value == pytest.approx(40.0)
    monkeypatch.setattr(running.sensors, "discover", lambda *_: ([], []))
    assert running.idle(QUICK, lambda *_: None) == {}


# --- psutil, where there is no /proc ---


needs_psutil = pytest.mark.skipif(find_spec("psutil") is None, reason="psutil is not installed")


@pytest.fixture
def without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proc, "is_there", lambda root=proc.ROOT: False)


@needs_psutil
def test_psutil_agrees_with_proc_about_a_process(without_proc: None) -> None:
    heap = bytearray(64 * 2**20)
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    theirs, ours = counters.memory(), proc.status()
    assert theirs["VmRSS"] == pytest.approx(ours["VmRSS"], rel=0.05)
    row, raw = portable.Rows(os.getpid())(), sampler._by_files(os.getpid(), Path("/")).row()
    assert row is not None
    assert raw is not None
    assert row[0] == pytest.approx(raw[0], abs=3)
    assert row[1] == raw[1]
    assert row[2] == pytest.approx(raw[2] * sampler.PAGE_SIZE, rel=0.05)
    assert len(heap)


@needs_psutil
def test_psutil_agrees_with_proc_about_the_machine(without_proc: None) -> None:
    before, raw_before = counters.snapshot(), proc.snapshot()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        pass
    by_psutil = between(before, counters.snapshot())
    by_files = between(raw_before, proc.snapshot())
    assert by_psutil.own == pytest.approx(by_files.own, abs=0.1)
    assert by_psutil.load == pytest.approx(by_files.load, abs=0.2)
    assert by_psutil.steal == pytest.approx(by_files.steal, abs=0.1)
    assert by_psutil.involuntary_switches is not None
    assert (by_psutil.pressure_cpu, by_psutil.throttled) == (None, None)


@needs_psutil
def test_psutil_agrees_with_proc_about_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = environment.system()
    monkeypatch.setattr(portable, "is_installed", lambda: False)
    ours = environment.system()
    assert theirs["memory_bytes"] == ours["memory_bytes"]
    assert theirs["processor"]["cores"] == ours["processor"]["cores"]


@needs_psutil
def test_the_sampler_watches_by_psutil(without_proc: None, watched: subprocess.Popen[str]) -> None:
    watching = Sampler(watched.pid, 20.0)
    watching.mark()
    time.sleep(0.5)
    watching.mark()
    seen = watching.stop()
    assert seen is not None
    assert seen.page_size == 1
    assert seen.ticks >= 2
    assert min(seen.process.pages) > 2**20
    assert seen.machine[0].cpu is not None
    resident = sensed.resident(seen, (seen.process.times[0], seen.process.times[-1]))
    assert resident.value == pytest.approx(proc.status(watched.pid)["VmRSS"], rel=0.2)


@needs_psutil
def test_a_process_that_is_gone_has_no_row() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    assert portable.Rows(process.pid)() is None


def test_without_proc_and_psutil_nothing_is_made_up(
    without_proc: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portable, "is_installed", lambda: False)
    assert not portable.is_needed()


def test_where_a_pipe_cannot_be_waited_for_a_thread_reads_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        lines = sampler._Input()
        assert lines.wait(0.01) == sampler.PASSED
        os.write(write, b"\n")
        assert lines.wait(1.0) == sampler.LINE
        os.close(write)
        assert lines.wait(1.0) == sampler.END
