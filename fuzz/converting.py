"""The converters, each over a small tree of one of whose files is damaged."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from unittest import mock

from benchfmt import conversion
from benchfmt.conversion import detection, planning
from benchfmt.converters.base import Converter, Part, Source, Unit, load, names
from benchfmt.finding import BenchfmtError
from benchfmt.identity import identified
from benchfmt.possible import Withholder
from benchfmt.readers import heads
from benchfmt.record import Record
from benchfmt.running import prefixes_of, reading, units
from benchfmt.tables import Builder
from fuzz.guard import opened
from fuzz.targets import Seed, Target, trees

_FIXTURES = "tests/fixtures"
_TREES: Mapping[str, tuple[str, ...]] = {
    "ai-benchmark": ("ai_benchmark/*",),
    "ai-benchmark-mobile": ("ai_benchmark/*",),
    "ai4europe": ("lpdnn/split", "lpdnn/split/configs/*.json", "energy/reduced"),
    "aibench": ("aibench/*.csv", "aibench/*.log", "aibench/*.json"),
    "amlb": ("openml/amlb/*",),
    "annotated": ("layouts/*", "../../examples/annotated"),
    "dataperf": ("dataperf/*.json", "dataperf/*.log", "dataperf/results", "dataperf/round1", "dataperf/submissions"),
    "energy-domain": ("energy/*",),
    "every-eval-ever": ("every_eval_ever/*",),
    "inferencex": ("inferencex/*",),
    "lpdnn": ("lpdnn/*",),
    "mlperf-client": ("mlperf_client/*",),
    "mlperf-endpoints": ("mlperf_endpoints/Otters/pond-1/results/pond8/gpt-oss-120b", "mlperf_endpoints"),
    "mlperf-hpc": ("mlperf_training/hpc_results_v2.0",),
    "mlperf-inference": ("mlperf_inference/*", "../../examples/mlperf/closed/Example-Lab/results/edge-a/resnet50/Offline"),
    "mlperf-mobile": ("mlperf_mobile_app/android-1.0.json", "mlperf_mobile_app/app-3.1", "mlperf_mobile_app/app-2.0", "mlperf_mobile_app/logs-only"),
    "mlperf-published": ("mlperf_published/*.json", "mlperf_published/*.csv", "mlperf_published/cm", "mlperf_published/others/*", "mlperf_published/tree"),
    "mlperf-storage": ("mlperf_storage/storage_results_v0.5", "mlperf_storage/storage_results_v3.0"),
    "mlperf-tiny": ("mlperf_tiny/tiny_results_v0.5", "mlperf_tiny/tiny_results_v1.0", "mlperf_tiny/tiny_results_v1.3"),
    "mlperf-tiny-published": ("mlperf_tiny/cm4mlperf-results",),
    "mlperf-training": ("mlperf_training/training_results_v0.5", "mlperf_training/training_results_v0.7", "mlperf_training/training_results_v0.6"),
    "mlperf-training-published": ("mlperf_training/experiment", "mlperf_training/hpc_results_v2.0/Fiction+Lab/result_summarizer.csv", "mlperf_training/training_results_v5.1/Acme/summary.json"),
    "onnxruntime-perf-test": ("ort/*.txt", "ort/*.csv"),
    "onnxruntime-profile": ("ort/*.json",),
    "openml": ("openml/lists/*", "openml/runs/*", "openml/folder", "openml/cache"),
    "openvino-benchmark-app": ("openvino", "openvino/*"),
    "records": ("../../examples/records/results.jsonl", "../../examples/profile/mobilenet-h100.json", "../corpus/valid/m*.json", "graphs/*"),
    "tabarena": ("tabarena/*",),
    "trtexec": ("trtexec/*.log", "trtexec/*.json", "trtexec/pair"),
}  # fmt: skip
"""Where the seeds of each converter are, from the fixtures."""
_MODULES = (reading, detection, planning, units)
"""Where an exception of a converter becomes words."""


def _seeds(name: str) -> list[Seed]:
    return trees(*(f"{_FIXTURES}/{glob}" for glob in _TREES[name]))()


def _convert(name: str, root: Path, path: Path) -> None:
    """Ask a converter for all that the program asks it for; what it may refuse is one unit, and never an exception."""
    converter = load(name)
    source = Source(root)
    with heads.remembered():
        converter.detect(source)
        planned = list(converter.plan(source, {}))
        lacks = getattr(converter, "lacks", None)
        if lacks is not None:
            lacks(path)
        rest = getattr(converter, "plan_rest", None)
        if rest is not None:
            planned += rest(source, iter(source.files))
    for unit in planned:
        if isinstance(unit, Unit):
            _read_anew(converter, unit, path)


_read_before: set[tuple[str, bytes]] = set()
"""Units that were read without the file that is damaged, by that file and their bytes."""


def _read_anew(converter: Converter, unit: Unit, damaged: Path) -> None:
    """Read a unit unless it is one that was read before and has nothing to do with the damaged file."""
    data = pickle.dumps(unit, 5)
    key = (str(damaged), hashlib.sha256(data).digest())
    if key in _read_before:
        return
    opened.clear()
    _read(converter, pickle.loads(data))  # noqa: S301 - made a moment before
    if not _names(unit, data, damaged) and not _has_opened(damaged):
        _read_before.add(key)


def _names(unit: Unit, data: bytes, damaged: Path) -> bool:
    """Say whether a unit may name a file; what a converter adds of its own is searched for the file's name."""
    if damaged in (unit.path, *unit.supporting):
        return True
    return unit.extra is not None and damaged.name.encode() in data


def _has_opened(damaged: Path) -> bool:
    """Say whether a file was opened while the last unit was read."""
    return any(os.path.normpath(name) == str(damaged) for name in opened)


def _read(converter: Converter, unit: Unit) -> None:
    prefixes_of(converter, unit)
    about = getattr(converter, "about", None)
    if about is not None:
        about(unit)
    withholder = Withholder(unit.path.name)
    builder = Builder()
    try:
        withholder.metrics = reading._metrics(converter, unit)
        for item in converter.read(unit):
            if isinstance(item, Record):
                builder.add(identified(withholder.record(item.ordered())))
            elif isinstance(item, Part):
                withholder.batch(item.batch)
    except (BenchfmtError, OSError):
        return  # told as one failed unit
    builder.batch()
    list(withholder.more())


def _whole(root: Path, _path: Path) -> None:
    """Convert a tree to a package as the command does, all converters asked."""
    target = Path("package").absolute()
    raised: list[Exception] = []

    def noted(_converter: str, error: Exception) -> str:
        raised.append(error)
        return "stopped"

    with _replaced(noted):
        try:
            account = conversion.convert(root).write(target, format="csv")
        except BenchfmtError:
            account = None
    shutil.rmtree(target, ignore_errors=True)
    if raised:
        raise raised[0]
    if account is not None:
        account.to_dict()


class _replaced:  # noqa: N801 - a context
    """Hear of the exceptions of converters in place of the words for them."""

    def __init__(self, stopped: object) -> None:
        self._patches = [mock.patch.object(module, "stopped", stopped) for module in _MODULES]

    def __enter__(self) -> None:
        for patch in self._patches:
            patch.start()

    def __exit__(self, *_: object) -> None:
        for patch in self._patches:
            patch.stop()


def _all_seeds() -> Iterator[Seed]:
    for name in _TREES:
        yield from _seeds(name)


def _some_seeds() -> list[Seed]:
    """Return seeds of all families whose trees are small."""
    return [seed for seed in _all_seeds() if len(seed.beside) < 6]


TARGETS = (
    *(Target(f"convert-{name}", partial(_convert, name), partial(_seeds, name)) for name in _TREES),
    Target("convert", _whole, _some_seeds),
)

if set(_TREES) < {name for name in names() if load(name).__name__.startswith("benchfmt.")}:
    missing = set(names()) - set(_TREES)
    raise RuntimeError(f"no seeds for the converters {sorted(missing)}")
