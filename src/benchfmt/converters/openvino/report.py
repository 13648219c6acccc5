"""The report of benchmark_app, as CSV or JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.openvino.run import STATISTICS, Run, Time, percentile
from benchfmt.readers import jsons

_SECTIONS = {
    "command line parameters": "command",
    "configuration setup": "configuration",
    "execution results": "results",
    "cmd_options": "command",
    "configuration_setup": "configuration",
    "execution_results": "results",
}
_RESULTS = {
    "read model time": "read",
    "read network time": "read",
    "compile model time": "compile",
    "load model time": "compile",
    "load network time": "compile",
    "first inference time": "first",
    "first inf time": "first",
    "total execution time": "duration",
    "execution time": "duration",
    "total number of iterations": "count",
    "iterations num": "count",
    "total num of iterations": "count",
    "percentile boundary": "boundary",
    "throughput": "throughput",
}
"""The names of numbers in a report, without `(ms)`: spaced in CSV and the Python tool's JSON, joined in that of C++."""
_LEVEL = re.compile(r"latency \(([0-9]+) percentile\)")


def read(path: Path) -> Run:
    """Return the run that a report describes; raises BenchfmtError or OSError."""
    if path.suffix.lower() == ".json":
        entries = _json_entries(path)
    else:
        entries = _csv_entries(path)
    blocks: dict[str, dict[str, str]] = {"command": {}, "configuration": {}, "results": {}}
    for section, name, value in entries:
        blocks[section][name] = value
    run = Run()
    run.command = {f"-{name.removeprefix('-')}": text for name, text in blocks["command"].items()}
    for name, value in blocks["configuration"].items():
        run.configuration[name.replace("_", " ").removesuffix(" (ms)")] = value
    _take_results(run, blocks["results"])
    _take_configuration(run)
    run.counters = _has_counters(run.command)
    return run


def _json_entries(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield section, name and value of each plain value."""
    data = jsons.read(path, digits=True)
    if not isinstance(data, Mapping):
        return
    for key, block in data.items():
        if key not in _SECTIONS or not isinstance(block, Mapping):
            continue
        for name, value in block.items():
            if not isinstance(value, list | Mapping):
                yield _SECTIONS[key], str(name), str(value)


def _csv_entries(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield section, name and value of each line with a semicolon; a line without one begins a section."""
    section = ""
    for line in texts.text_of(path).splitlines():
        name, semicolon, value = line.strip().partition(";")
        if not semicolon and name:
            section = _SECTIONS.get(name.lower(), "")
        elif section and name:
            yield section, name, value.strip()


def _take_results(run: Run, results: Mapping[str, str]) -> None:
    for label, value in results.items():
        plain = re.sub(r" ?\(ms\)$", "", label).strip().lower().replace("_", " ")
        name = _RESULTS.get(plain)
        statistic = _latency_statistic(plain)
        if name:
            run.printed[name] = value
        elif statistic:
            run.latency[statistic] = Time(value, "ms")
    boundary = run.printed.get("boundary", "50")
    if boundary != "50" and "median" in run.latency:
        run.latency[percentile(boundary)] = run.latency.pop("median")


def _latency_statistic(label: str) -> str | None:
    """Return the statistic that a label of a report means, or None: `latency` alone is the median."""
    level = _LEVEL.fullmatch(label)
    if level:
        return percentile(level[1])
    if "latency" not in label.split():
        return None
    rest = label.replace("latency", "").strip()
    return STATISTICS.get(rest or "median")


def _take_configuration(run: Run) -> None:
    configuration = run.configuration
    run.batch = configuration.get("batch size", "")
    run.api = configuration.get("API", configuration.get("api", "")).lower()
    requests = configuration.get("nireq", "")
    run.requests = configuration.get("number of parallel infer requests", requests)
    run.device = configuration.get("target device", "")
    run.fills_inputs = configuration.get("inference only", "").lower() == "false"


def _has_counters(command: Mapping[str, str]) -> bool:
    """Say whether times of layers were taken, which slows the run."""
    report_type = command.get("-report_type", "")
    if report_type.endswith("counters") and report_type != "no_counters":
        return True
    counted = command.get("-pc", "false").lower() not in ("false", "0")
    return counted or "-exec_graph_path" in command
