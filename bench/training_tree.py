"""A generated MLPerf Training repository of any size: the same for every run, distinct in every number.

Only the syntax of the logs is MLPerf's; names, numbers and texts are made up here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

SEED = 43
RUNS = 5
SYSTEMS_PER_SUBMITTER = 40
NOISE = 60
"""Lines of other output in each log, of which real ones are full."""


def training_tree(folder: Path, groups: int) -> Path:
    """Return a folder with a repository of `groups` scored groups of five runs, made unless it is there."""
    place = folder / f"training-{groups}"
    mark = folder / f"training-{groups}.whole"
    if not mark.exists():
        shutil.rmtree(place, ignore_errors=True)
        for number in range(groups):
            for name, text in _files(number):
                path = place / "training_results_v3.0" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
        mark.touch()
    return place


def _files(number: int) -> Iterator[tuple[str, str]]:
    random = Random(f"{SEED}-{number}")  # noqa: S311 - not for secrets
    submitter, system = (
        f"Submitter{number // SYSTEMS_PER_SUBMITTER:04d}",
        f"node{number:05d}_8xDevice",
    )
    yield f"{submitter}/systems/{system}.json", json.dumps(_system(submitter, system), indent=2)
    for run in range(RUNS):
        yield (
            f"{submitter}/results/{system}/resnet/result_{run}.txt",
            "\n".join(_log(random, run)) + "\n",
        )


def _log(random: Random, run: int) -> Iterator[str]:
    start = 1_680_000_000_000 + random.randint(0, 10**9)
    stop = start + random.randint(700_000, 900_000)
    yield _event(start - 60_000, "POINT_IN_TIME", "submission_benchmark", "resnet")
    yield _event(start - 60_000, "POINT_IN_TIME", "submission_division", "closed")
    yield _event(start - 59_000, "INTERVAL_START", "init_start", None)
    yield _event(start - 50_000, "POINT_IN_TIME", "seed", random.randint(1, 2**31))
    for key, value in (
        ("global_batch_size", 3264),
        ("train_samples", 1_281_167),
        ("eval_samples", 50_000),
    ):
        yield _event(start - 50_000, "POINT_IN_TIME", key, value)
    yield _event(start, "INTERVAL_END", "init_stop", None)
    yield _event(start, "INTERVAL_START", "run_start", None)
    for line in range(NOISE):
        yield f"{run}: step {line} loss {random.random():.6f} images/s {random.randint(20_000, 30_000)}"
    yield _event(
        stop - 5_000,
        "POINT_IN_TIME",
        "eval_accuracy",
        0.7592 + random.random() / 1_000,
        epoch_num=35,
    )
    yield _event(stop, "INTERVAL_END", "run_stop", None, status="success")


def _event(time: int, kind: str, key: str, value: Any, **metadata: Any) -> str:
    said = {"namespace": "", "time_ms": time, "event_type": kind, "key": key, "value": value}
    return ":::MLLOG " + json.dumps(
        {**said, "metadata": {"file": "train.py", "lineno": 41, **metadata}}
    )


def _system(submitter: str, system: str) -> dict[str, Any]:
    return {
        "submitter": submitter, "division": "closed", "status": "onprem", "system_name": system, "number_of_nodes": "1",
        "host_processors_per_node": "2", "host_processor_model_name": "Processor 9000", "host_processor_core_count": "56",
        "host_memory_capacity": "2 TB", "accelerators_per_node": "8", "accelerator_model_name": "Device-A",
        "accelerator_memory_capacity": "80 GB", "framework": "MXNet NVIDIA Release 23.04", "operating_system": "Ubuntu 22.04",
    }  # fmt: skip
