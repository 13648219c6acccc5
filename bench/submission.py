"""A generated MLPerf Inference submission of any size in the layout of v4.1: the same for every run, distinct in every number.

Only the format is LoadGen's; names, numbers and texts are made up here.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

SEED = 41
SEEDS = {
    "qsl_rng_seed": 3066443479025735752,
    "sample_index_rng_seed": 10688027786191513374,
    "schedule_rng_seed": 14962580496156340209,
}
DETAIL_BYTES = 40_000
POWERED = 20
"""Every so many-th result folder has a power log."""
PERCENTILES = ("50.00", "90.00", "95.00", "97.00", "99.00", "99.90")
ALL = ("Offline", "Server", "SingleStream", "MultiStream")
# benchmark: its scenarios, samples of its data set, samples of a performance run, line of accuracy.txt, whether tokens count
BENCHMARKS: dict[str, tuple[tuple[str, ...], int, int, str, bool]] = {
    "resnet50": (ALL, 50_000, 1_024, "accuracy={0:.3f}%, good={1}, total=50000", False),
    "retinanet": (ALL, 24_781, 64, "mAP={0:.3f}%", False),
    "bert-99": (("Offline", "Server", "SingleStream"), 10_833, 10_833, '{{"exact_match": 83.1, "f1": {0:.5f}}}', False),
    "3d-unet-99": (("Offline", "SingleStream"), 43, 42, "Accuracy: mean = 0.8{1}, kidney = 0.93, tumor = 0.79", False),
    "gptj-99": (("Offline", "Server"), 13_368, 13_368,
        "{{'rouge1': 43.{1}, 'rouge2': 20.2, 'rougeL': 30.1, 'rougeLsum': 40.0, 'gen_len': 4114388, 'gen_num': 13368}}",
        True),
    "llama2-70b-99": (("Offline", "Server"), 24_576, 24_576,
        "{{'rouge1': 44.{1}, 'rouge2': 22.0, 'rougeL': 28.7, 'gen_len': 28345358, 'gen_num': 24576, 'tokens_per_sample': 292.{1}}}",
        True),
}  # fmt: skip
FOLDERS = [
    (name, scenario) for name, (scenarios, *_) in BENCHMARKS.items() for scenario in scenarios
]
SYSTEMS_PER_SUBMITTER = 4
_SOURCES = {
    f"/part_{n}.cc": hashlib.sha1(str(n).encode(), usedforsecurity=False).hexdigest()
    for n in range(36)
}


def submission(folder: Path, results: int) -> Path:
    """Return a folder with a submission of `results` result folders, made unless it is there; a smaller one is a part."""
    place = folder / f"submission-{results}"
    mark = folder / f"submission-{results}.whole"
    if not mark.exists():
        shutil.rmtree(place, ignore_errors=True)
        for number in range(results):
            for name, text in _files(number):
                path = place / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
        mark.touch()
    return place


def _files(number: int) -> Iterator[tuple[str, str]]:
    """Yield the files of one result folder, and those of its system with its first one: path and text."""
    machine, turn = divmod(number, len(FOLDERS))
    benchmark, scenario = FOLDERS[turn]
    submitter = f"Submitter{machine // SYSTEMS_PER_SUBMITTER:03d}"
    system = f"node{machine:04d}_8xDevice-{'ABC'[machine % 3]}"
    top = f"closed/{submitter}"
    if not turn:
        yield f"{top}/systems/{system}.json", _json(_system(submitter, system, machine))
    run = _Run(number, benchmark, scenario)
    described = f"{top}/measurements/{system}/{benchmark}/{scenario}"
    yield f"{described}/{system}_engine_{scenario}.json", _json(_measurement(number))
    yield (
        f"{described}/user.conf",
        f"# made for a bench\n{benchmark}.{scenario}.target_qps = {run.target}\n",
    )
    result = f"{top}/results/{system}/{benchmark}/{scenario}"
    yield f"{result}/accuracy/accuracy.txt", run.accuracy()
    yield f"{result}/accuracy/mlperf_log_accuracy.json", _truncated(number)
    yield (
        f"{result}/accuracy/mlperf_log_summary.txt",
        "\nNo warnings encountered during test.\n\nNo errors encountered during test.\n",
    )
    yield f"{result}/accuracy/mlperf_log_detail.txt", run.detail("AccuracyOnly", 0)
    yield f"{result}/performance/run_1/mlperf_log_accuracy.json", "[\n]"
    yield f"{result}/performance/run_1/mlperf_log_summary.txt", run.summary()
    yield (
        f"{result}/performance/run_1/mlperf_log_detail.txt",
        run.detail("PerformanceOnly", DETAIL_BYTES),
    )
    if number % POWERED == 0:
        yield f"{result}/performance/run_1/spl.txt", run.power_log()
        for side in ("client", "server"):
            data = {
                "version": "1.0",
                "timezone": 0,
                "sources": _SOURCES,
                "results": {"run_1/spl.txt": "0" * 40},
            }
            yield f"{result}/performance/power/{side}.json", _json(data)


class _Run:
    """The numbers of one result folder, and the logs that tell them."""

    def __init__(self, number: int, benchmark: str, scenario: str) -> None:
        self.benchmark, self.scenario = benchmark, scenario
        _, self.total, self.performance, self.line, self.tokens = BENCHMARKS[benchmark]
        self.random = random = Random(f"{SEED}-{number}")  # noqa: S311 - not for secrets
        self.number = number
        self.target = random.randint(50, 5_000)
        self.begin = datetime(2024, 7, 1) + timedelta(
            seconds=37 * number, milliseconds=random.randint(0, 999)
        )
        self.end = self.begin + timedelta(milliseconds=random.randint(600_100, 660_000))
        least = random.randint(200_000, 4_900_000)
        # Distinct, and in order: minimum, the percentiles, maximum.
        self.latency = sorted(
            least + random.randint(0, 2 * least) for _ in range(len(PERCENTILES) + 2)
        )
        self.mean = self.latency[2] + 1
        self.first = [part * 40 for part in self.latency]
        self.each = [part * 4 for part in self.latency]
        self.queries = random.randint(20_000, 900_000)
        self.rate = float(f"{random.uniform(100, 90_000):.6g}")
        if scenario == "Offline":
            # All samples arrive at once; the last one ends when the rate says.
            last = round(self.queries / self.rate * 1e9)
            self.latency = [
                last * (place + 1) // (len(PERCENTILES) + 2)
                for place in range(len(PERCENTILES) + 2)
            ]
            self.mean = self.latency[3]
        self.completed = float(f"{self.rate * 0.998:.6g}")
        self.token_rate = float(f"{self.rate * 293:.6g}")

    def accuracy(self) -> str:
        digits = 7_600 + self.number % 300
        # Above what the rules ask for, so that nothing depends on targets.
        value = {"resnet50": 76.0, "retinanet": 37.3, "bert-99": 90.1}.get(
            self.benchmark, 0
        ) + self.number % 97 / 200
        digest = hashlib.sha256(str(self.number).encode()).hexdigest()
        return self.line.format(value, digits) + f"\nhash={digest}\n"

    def _headline(self) -> list[str]:
        if self.scenario == "Offline":
            return [
                f"Samples per second: {self.rate:g}",
                *([f"Tokens per second: {self.token_rate:g}"] if self.tokens else []),
            ]
        if self.scenario == "Server":
            told = [f"Completed samples per second    : {self.completed:.2f}"]
            return [
                *told,
                *([f"Completed tokens per second: {self.token_rate:.2f}"] if self.tokens else []),
            ]
        place = {"SingleStream": 2, "MultiStream": 5}[self.scenario]
        return [f"{'90' if place == 2 else '99'}th percentile latency (ns) : {self.latency[place]}"]

    def _constraints(self) -> list[str]:
        server = ["  Performance constraints satisfied : Yes"] if self.scenario == "Server" else []
        told = [
            *server,
            *(f"  {part} satisfied : Yes" for part in ("Min duration", "Min queries")),
            "  Early stopping satisfied: Yes",
        ]
        if self.scenario == "SingleStream":
            told += [
                "Early Stopping Result:",
                f" * Processed at least 64 queries ({self.queries}).",
                *self._estimates(),
            ]
        elif self.scenario == "MultiStream":
            told += [
                "Early Stopping Result:",
                f" * Processed at least 662 queries ({self.queries}).",
                self._estimates()[-1],
            ]
        elif self.scenario == "Server" and self.tokens:
            told += [
                f"{kind} Early Stopping Result:\n * Run successful." for kind in ("TTFT", "TPOT")
            ]
        elif self.scenario == "Server":
            told += ["Early Stopping Result:", " * Run successful."]
        return told

    def _estimates(self) -> list[str]:
        return [
            f" * Would discard {self.queries // 10} highest latency queries.",
            f" * Early stopping 90th percentile estimate: {self.latency[2] + 7}",
            f" * Early stopping 99th percentile estimate: {self.latency[5] + 7}",
        ]

    def _statistics(self) -> list[str]:
        low, *middle, high = self.latency
        told = []
        if self.scenario == "SingleStream":
            told = [f"QPS w/ loadgen overhead         : {1e9 / self.mean - 1:.2f}",
                    f"QPS w/o loadgen overhead        : {1e9 / self.mean:.2f}", ""]  # fmt: skip
        elif self.scenario == "Server":
            told = [f"Scheduled samples per second : {self.rate:.2f}"]
        elif self.scenario == "MultiStream":
            told = ["Per-query latency:  "]
        told += [f"Min latency (ns)                : {low}", f"Max latency (ns)                : {high}",
                 f"Mean latency (ns)               : {self.mean}"]  # fmt: skip
        told += [
            f"{name} percentile latency (ns)   : {value}"
            for name, value in zip(PERCENTILES, middle, strict=True)
        ]
        if self.tokens and self.scenario == "Server":
            told += ["", f"Completed tokens per second                 : {self.token_rate:.2f}"]
            for words, short, values in (
                (
                    "First Token latency (ns)                ",
                    "first token latency (ns)  ",
                    self.first,
                ),
                (
                    "Time to Output Token (ns)                ",
                    "time to output token (ns)  ",
                    self.each,
                ),
            ):
                low, *middle, high = values
                told += [
                    f"Min {words}: {low}",
                    f"Max {words}: {high}",
                    f"Mean {words}: {middle[1] + 1}",
                ]
                told += [
                    f"{name} percentile {short} : {value}"
                    for name, value in zip(PERCENTILES, middle, strict=True)
                ]
                told.append("")
        return told

    def summary(self) -> str:
        """Return `mlperf_log_summary.txt`."""
        bar = "=" * 48
        latency = (
            ["ttft_latency (ns): 2000000000", "tpot_latency (ns): 200000000"]
            if self.tokens
            else ["target_latency (ns): 15000000"]
        )
        parameters = [
            f"samples_per_query : {self._samples()}", f"target_qps : {self.target}", *latency, f"max_async_queries : {int(self.scenario != 'Server')}",
            "min_duration (ms): 600000", "max_duration (ms): 0", "min_query_count : 100", "max_query_count : 0",
            *(f"{name} : {value}" for name, value in SEEDS.items()),
            *(f"{name} : 0" for name in ("accuracy_log_rng_seed", "accuracy_log_probability", "accuracy_log_sampling_target",
              "print_timestamps", "performance_issue_unique", "performance_issue_same", "performance_issue_same_index")),
            f"performance_sample_count : {self.performance}",
        ]  # fmt: skip
        lines = [
            bar, "MLPerf Results Summary", bar, "SUT name : BenchSUT", f"Scenario : {self.scenario}", "Mode     : PerformanceOnly",
            *self._headline(), "Result is : VALID", *self._constraints(), "", bar, "Additional Stats", bar, *self._statistics(),
            "", bar, "Test Parameters Used", bar, *parameters, "",
            "No warnings encountered during test.", "", "No errors encountered during test.",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def _samples(self) -> int:
        return {"Offline": self.queries, "MultiStream": 8}.get(self.scenario, 1)

    def detail(self, mode: str, least: int) -> str:
        """Return `mlperf_log_detail.txt`, filled up to a size with lines of samples between head and results."""
        head = self._lines({
            "loadgen_version": "4.1 @ 0123456789", "loadgen_build_date_local": "2024-07-01T08:00:00.000000",
            "loadgen_build_date_utc": "2024-07-01T08:00:00.000001", "loadgen_git_commit_date": "2024-06-30T12:00:00-05:00",
            "loadgen_git_log_message": "0123456789012345678901234567890123456789 Made for a bench",
            "loadgen_git_status_message": "", "loadgen_file_sha1": _SOURCES,
            "test_datetime": f"{self.begin:%Y-%m-%dT%H:%M:%SZ}", "sut_name": "BenchSUT", "get_sut_name_duration_ns": 480,
            "qsl_name": "BenchQSL", "qsl_reported_total_count": self.total, "qsl_reported_performance_count": self.performance,
            **self._settings("requested", mode), **self._settings("effective", mode),
            "effective_samples_per_query": self._samples(), "effective_target_qps": self.target,
            "effective_max_async_queries": int(self.scenario != "Server"), "effective_min_sample_count": 100,
            "effective_performance_sample_count": self.performance,
        }, 0.0)  # fmt: skip
        tail = self._lines(
            self._results() if mode == "PerformanceOnly" else self._window(), 661_000.5
        )
        filled = sum(map(len, head)) + sum(map(len, tail))
        middle = []
        while filled < least:
            samples = {
                "seq_id": len(middle),
                "qsl_idx": [self.random.randint(0, self.performance) for _ in range(40)],
            }
            middle += self._lines({"loaded_qsl_set": samples}, 10.0 + len(middle))
            filled += len(middle[-1])
        return "".join([*head, *middle, *tail])

    def _settings(self, word: str, mode: str) -> dict[str, Any]:
        return {
            f"{word}_scenario": self.scenario, f"{word}_test_mode": mode, f"{word}_min_duration_ms": 600_000,
            f"{word}_max_duration_ms": 0, f"{word}_min_query_count": 100, f"{word}_max_query_count": 0,
            **{f"{word}_{name}": value for name, value in SEEDS.items()},
            f"{word}_accuracy_log_rng_seed": 0, f"{word}_accuracy_log_probability": 0, f"{word}_print_timestamps": False,
            f"{word}_performance_issue_unique": False, f"{word}_performance_issue_same": False,
        }  # fmt: skip

    def _window(self) -> dict[str, Any]:
        begin, end = (
            f"{t:%m-%d-%Y %H:%M:%S}.{t.microsecond // 1000:03d}" for t in (self.begin, self.end)
        )
        return {"generated_query_count": self.queries, "generated_samples_per_query": self._samples(),
                "generated_query_duration": 600_000_000_123, "logger_swap_request_slots_retry_count": 0,
                "logger_tls_total_log_cas_fail_count": 0, "power_begin": begin, "power_end": end}  # fmt: skip

    def _results(self) -> dict[str, Any]:
        told = {
            **self._window(), "result_validity": "VALID", "result_perf_constraints_met": True, "result_min_duration_met": True,
            "result_min_queries_met": True, "early_stopping_met": True, "early_stopping_result": "", "result_query_count": self.queries,
        }  # fmt: skip
        if self.scenario == "Offline":
            told |= {
                "result_samples_per_second": self.rate,
                **({"result_tokens_per_second": self.token_rate} if self.tokens else {}),
            }
        elif self.scenario == "Server":
            told |= {"result_overlatency_query_count": 3, "result_scheduled_samples_per_sec": self.rate,
                     "result_completed_samples_per_sec": self.completed}  # fmt: skip
        elif self.scenario == "SingleStream":
            told |= {
                "result_qps_with_loadgen_overhead": float(f"{1e9 / self.mean - 1:.6g}"),
                "result_qps_without_loadgen_overhead": float(f"{1e9 / self.mean:.6g}"),
                "early_stopping_latency_ss": self.latency[2] + 7, "early_stopping_latency_ms": self.latency[5] + 7,
            }  # fmt: skip
        else:
            told |= _spread(
                "result_{}_query_latency_ns",
                "result_{}_percentile_per_query_latency_ns",
                self.latency,
                self.mean,
            )
            told["early_stopping_latency_ms"] = self.latency[5] + 7
        told |= _spread(
            "result_{}_latency_ns", "result_{}_percentile_latency_ns", self.latency, self.mean
        )
        if self.tokens and self.scenario == "Server":
            told |= _spread(
                "result_first_token_{}_latency_ns",
                "result_first_token_{}_percentile_latency_ns",
                self.first,
                self.first[2] + 1,
            )
            told |= _spread(
                "result_time_to_output_token_{}",
                "result_time_per_output_token_{}_percentile_ns",
                self.each,
                self.each[2] + 1,
            )
            told["result_completed_tokens_per_second"] = self.token_rate
        return told

    def _lines(self, said: dict[str, Any], at: float) -> list[str]:
        return [
            f':::MLLOG {{"key": "{key}", "value": {json.dumps(value)}, "time_ms": {at:.6f}, "namespace": "mlperf::logging", '
            '"event_type": "POINT_IN_TIME", "metadata": {"is_error": false, "is_warning": false, "file": "bench.cc", '
            f'"line_no": {line}, "pid": {self.number % 4000 + 100}, "tid": {self.number % 4000 + 100}}}}}\n'
            for line, (key, value) in enumerate(said.items(), start=50)
        ]

    def power_log(self) -> str:
        """Return `spl.txt`: a sample a second, from before the window to after it."""
        count = int((self.end - self.begin).total_seconds()) + 40
        lines = []
        for second in range(count):
            at = self.begin + timedelta(seconds=second - 20)
            watts = self.random.uniform(180, 420)
            lines.append(
                f"Time,{at:%m-%d-%Y %H:%M:%S}.{at.microsecond // 1000:03d},Watts,{watts:.6f},Volts,230.100000,"
                f"Amps,{watts / 230.1:.6f},PF,0.980000,Mark,run_1_testing\n"
            )
        return "".join(lines)


def _spread(ends: str, middle: str, values: list[int], mean: int) -> dict[str, int]:
    low, *parts, high = values
    found = {ends.format("min"): low, ends.format("max"): high, ends.format("mean"): mean}
    return found | {
        middle.format(name): value for name, value in zip(PERCENTILES, parts, strict=True)
    }


def _truncated(number: int) -> str:
    """Return a log of answers as submissions hold it: cut in the middle, so no JSON."""
    rows = [
        f'{{ "seq_id" : {row}, "qsl_idx" : {row + number}, "data" : "{row:08x}" }},\n'
        for row in range(60)
    ]
    return "[\n" + "".join(rows[:30]) + "\n\n...\n\n" + "".join(rows[30:])


def _system(submitter: str, system: str, machine: int) -> dict[str, Any]:
    return {
        "division": "closed", "submitter": submitter, "status": "available", "system_name": system.replace("_", " "),
        "system_type": "datacenter,edge", "system_type_detail": "N/A", "number_of_nodes": 1,
        "host_processor_model_name": f"Processor {9_000 + machine % 40}", "host_processors_per_node": 2,
        "host_processor_core_count": 32 + 2 * (machine % 16), "host_memory_capacity": f"{512 + machine} GB",
        "host_processor_frequency": "", "host_storage_type": "NVMe SSD", "host_storage_capacity": "2 TB",
        "host_networking": "10G Ethernet", "accelerators_per_node": 8, "accelerator_model_name": f"Device-{'ABC'[machine % 3]}",
        "accelerator_memory_capacity": "80 GB", "accelerator_memory_configuration": "HBM3", "accelerator_frequency": "",
        "accelerator_host_interconnect": "PCIe Gen5 x16", "accelerator_interconnect": "", "accelerator_on-chip_memories": "",
        "cooling": "Air-cooled", "framework": "TensorRT 10.2.0, CUDA 12.4", "operating_system": "Ubuntu 22.04.4",
        "other_software_stack": "driver 550.1, library 9.2", "hw_notes": "", "sw_notes": "", "power_management": "",
    }  # fmt: skip


def _measurement(number: int) -> dict[str, str]:
    return {
        "input_data_types": "int8", "retraining": "No", "starting_weights_filename": f"weights_{number % 50}.onnx",
        "weight_data_types": "int8", "weight_transformations": "quantization",
    }  # fmt: skip


def _json(data: Any) -> str:
    return json.dumps(data, indent=4) + "\n"
