"""Small packages of the families of the real samples: a few records of each, without a finding."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.damage.bases import Base, Data

from benchfmt.conversion import convert
from benchfmt.validation import validate

APPLICABLE: Mapping[str, int] = {
    "ai_benchmark": 330,
    "aibench": 320,
    "dataperf": 300,
    "energy": 315,
    "llm_tools": 335,
    "lpdnn": 339,
    "mlperf_hpc": 327,
    "mlperf_inference": 337,
    "mlperf_mobile": 338,
    "mlperf_storage": 314,
    "mlperf_tiny": 332,
    "mlperf_training": 331,
    "new_suites": 341,
    "openml_cc18": 335,
    "ort": 315,
    "trtexec": 328,
}
"""Of how many kinds of damage the records of a family have what is damaged."""
MOST = 4
"""How many records of a family are taken: that many of its kinds."""


def family(name: str, samples: Path) -> Base:
    """Return a few records of a family, each of another kind, that validate without a finding."""
    by_kind: dict[tuple[str, ...], Data] = {}
    for record in _plain(samples / name):
        kind = _kind(record)
        known = by_kind.get(kind)
        if known is None or _facts(record) > _facts(known):
            by_kind[kind] = record
    richest = sorted(by_kind.values(), key=_facts, reverse=True)
    chosen: list[Data] = []
    for record in richest:
        if len(chosen) < MOST and is_sound([*chosen, record]):
            chosen.append(record)
    return Base(name, chosen)


def _plain(source: Path) -> Iterator[Data]:
    for record in convert(source):
        yield record.to_dict()


def _kind(record: Data) -> tuple[str, ...]:
    benchmark = record["benchmark"]
    metrics = {item["metric"] for item in record.get("measurements", ())}
    return benchmark["suite"], record["status"], *sorted(metrics)


def _facts(record: Data) -> int:
    """Return how many values a record has in objects of the standard."""
    count = 0
    for name, value in record.items():
        if isinstance(value, dict) and name != "extensions":
            count += _facts(value)
        else:
            count += 1
    return count


def is_sound(records: list[Data]) -> bool:
    """Say whether records validate without a finding."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        path.write_text(json.dumps(records), "utf-8")
        return not validate(path).findings
