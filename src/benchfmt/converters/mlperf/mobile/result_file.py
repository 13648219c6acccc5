"""What a result file of the MLPerf Mobile app holds: runs of the app, and the results of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.mlperf.mobile.values import NOTHING, Block, as_block
from benchfmt.limits import Limits
from benchfmt.readers import jsons, mlperf_json
from benchfmt.suites import mlperf_mobile as rules

_OF_A_RUN = re.compile(
    "the key '(benchmark_id|performance_run|accuracy_run|accuracy|loadgen|loadgen_info|results)' "
    f"{mlperf_json.TWICE};"
)
_RUNS = ("performance_run", "accuracy_run")
_OLD_NAMES = {
    "min_duration_ms": "min_duration",
    "min_samples": "min_samples",
    "mode": "mode",
    "configuration": "configuration",
}
_OLD_NAMES_OF_RUN = {
    "throughput": "score",
    "measured_duration_ms": "duration",
    "measured_samples": "num_samples",
    "start_datetime": "datetime",
}
"""Names of apps since 2.0, and those of apps before, of a result and of its performance run."""


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a result file, and what had to be mended to read it."""

    data: JsonValue
    repairs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class App:
    """One run of the app: the benchmarks it ran, and where and with what it ran them; `fault` says why it is none."""

    results: list[JsonValue] = field(default_factory=list)
    pointer: str = ""
    meta: Block = NOTHING
    environment: Block = NOTHING
    build: Block = NOTHING
    legacy: bool = False
    """Whether it is of an app before 2.0, which does not say whether a run is valid."""
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One result as the app wrote it; the block of a run that was not made is empty."""

    benchmark_id: str
    block: Block = NOTHING
    performance: Block = NOTHING
    accuracy: Block = NOTHING

    @property
    def settings(self) -> Block:
        """The settings of the backend."""
        return self.block.block("backend_settings")

    @property
    def has_performance_run(self) -> bool:
        """Whether the speed was measured."""
        return self.block.get("performance_run") is not None

    @property
    def is_empty(self) -> bool:
        """Whether neither the speed nor the accuracy was measured."""
        return not self.has_performance_run and self.block.get("accuracy_run") is None


def load(path: Path, limits: Limits) -> Document:
    """Return the data of a result file with the characters of its numbers.

    Raises JsonError where one object holds two runs: a key of a run stands in it twice, with two values.
    """
    try:
        return Document(jsons.read(path, limits, digits=True))
    except jsons.JsonError:
        # Mended by hand-made rules; the numbers are then the shortest text of their double.
        data, repairs = mlperf_json.read(path, limits)
    for repair in repairs:
        match = _OF_A_RUN.match(repair)
        if match:
            raise jsons.JsonError(
                f"two runs in one file: the key {match[1]!r} appears twice in one object, with two values"
            )
    return Document(data, repairs)


def apps(data: JsonValue) -> Iterator[App]:
    """Yield the runs of the app that a file holds: one, a list of runs, or the bare list of apps before 2.0.

    What stands among runs and is none has a fault.
    """
    if not isinstance(data, list):
        yield _app(data, "")
    elif any("benchmark_id" in as_block(item).fields for item in data):
        yield App(data, legacy=True)
    else:
        for index, item in enumerate(data):
            yield _app(item, f"/{index}")


def _app(data: JsonValue, pointer: str) -> App:
    block = as_block(data)
    results = block.get("results")
    if not isinstance(results, list):
        return App(pointer=pointer, fault="no list of results")
    return App(
        results,
        f"{pointer}/results",
        meta=block.block("meta"),
        environment=block.block("environment_info"),
        build=block.block("build_info"),
    )


def repeated(runs: list[App]) -> set[str]:
    """Return the benchmarks of which runs of the app have several results."""
    once: set[str] = set()
    several: set[str] = set()
    for app in runs:
        for result in app.results:
            benchmark_id = as_block(result).text("benchmark_id")
            if benchmark_id is None:
                continue
            name = rules.canonical(benchmark_id) or benchmark_id
            if name in once:
                several.add(name)
            once.add(name)
    return several


def entry_of(value: JsonValue, *, legacy: bool) -> Entry:
    """Return one result of a file; raises ValueError where it cannot be read."""
    if not isinstance(value, dict):
        raise ValueError("an object was expected")
    block = Block(value)
    benchmark_id = block.text("benchmark_id")
    if not benchmark_id or isinstance(benchmark_id, jsons.Digits):
        raise ValueError("no benchmark_id")
    if legacy:
        block = _of_old_android(block)
    for key in _RUNS:
        if not isinstance(block.get(key), dict | None):
            raise ValueError(f"{key}: an object was expected")
    return Entry(benchmark_id, block, *map(block.block, _RUNS))


def _of_old_android(block: Block) -> Block:
    """Return a result of an app before 2.0, whose numbers are text, in the shape of the later ones.

    https://github.com/mlcommons/mobile_app_open/issues/247
    """
    fields = block.renamed(_OLD_NAMES)
    if block.line("score"):
        fields["performance_run"] = block.renamed(_OLD_NAMES_OF_RUN)
    accuracy = block.line("accuracy")
    if accuracy and accuracy != "null":
        fields["accuracy_run"] = {"accuracy": {"formatted": block.get("accuracy")}}
    return Block(fields)
