"""The rules of MLPerf Automotive v0.5: benchmarks, targets and the official number.

The data stand in `data/mlperf_automotive.toml`, every block with its source. Submissions are laid out and logged as those
of MLPerf Inference, so what is told of a benchmark has the same form.
"""

from __future__ import annotations

import re
from functools import cache, partial

from benchfmt.suites import tables
from benchfmt.suites.mlperf_inference import Benchmark, Official, Quality

_data = partial(tables.read, "mlperf_automotive")

SUITE = "mlperf-automotive"
_REPOSITORY = re.compile(r"automotive_results_(v[0-9]+\.[0-9]+)")

ROUNDS: tuple[str, ...] = tuple(_data()["rounds"]["names"])
"""The rounds, oldest first."""


def is_system(system_type: object) -> bool:
    """Say whether a description's `system_type` is one of this suite: `adas`."""
    return isinstance(system_type, str) and "adas" in system_type.casefold()


def round_of(path: str) -> str | None:
    """Return the round that the folder of a results repository names, or None."""
    found = _REPOSITORY.findall(path)
    return found[-1] if found else None


@cache
def benchmark(name: str | None) -> Benchmark | None:
    """Return what is known of a benchmark by the name of its folder, in any case of letters, or None."""
    entry = _data()["benchmarks"].get((name or "").casefold())
    if entry is None:
        return None
    return Benchmark(str(name), entry["task"], entry["dataset"], model=entry.get("model"))


@cache
def qualities(name: str | None = None) -> tuple[Quality, ...]:
    """Return the quality that a benchmark asks for, or without a name those of all; none for an unknown one."""
    entries = _data()["benchmarks"]
    chosen = (
        entries.values()
        if name is None
        else [entries[key] for key in (name.casefold(),) if key in entries]
    )
    return tuple(Quality(unit="1", **entry["quality"]) for entry in chosen)


@cache
def official(scenario: str) -> Official | None:
    """Return the key of the official number of a scenario, or None for one that the suite does not have."""
    rule = _data()["official"]
    if scenario not in rule["scenarios"]:
        return None
    return Official(rule["metric"], rule["statistic"], rule["stage"], rule["per"], rule["unit"])
