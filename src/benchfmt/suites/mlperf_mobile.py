"""The benchmarks of MLPerf Mobile v0.7 to v5.0: ids of every app version, data sets, accuracy and quality targets.

The data stand in `data/mlperf_mobile.toml`, every block with its source. Nothing here reads a result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial

from benchfmt.suites import mlperf_inference, tables

_data = partial(tables.read, "mlperf_mobile")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a benchmark asks for; vocabulary ids, None where no source states them."""

    name: str
    task: str | None = None
    scenario: str | None = None
    model: str | None = None
    model_version: str | None = None
    input_shape: tuple[int, ...] | None = None
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set of accuracy runs; `type` is the app's word for its kind."""

    name: str
    type: str
    split: str | None = None
    samples: int | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """How the app writes an accuracy: `normalized` is the number divided by `scale`, both in `unit`."""

    pattern: str
    metric: str
    unit: str
    scale: str


ROUNDS: tuple[str, ...] = tuple(_data()["rounds"])
"""The rounds whose results are known, oldest first."""


def round_of(seeds: Mapping[str, str]) -> str | None:
    """The round whose seeds these are, or None; Mobile takes them over from a round of Inference."""
    inference = mlperf_inference.round_of(seeds)
    found = [
        name
        for name, entry in _data()["rounds"].items()
        if inference and entry.get("inference") == inference
    ]
    return found[0] if len(found) == 1 else None


def round_of_app(version: str) -> str | None:
    """The round for which this version of the app (`4.1.0`) was submitted, or None."""
    short = ".".join(version.split(".")[:2])
    return next(
        (name for name, entry in _data()["rounds"].items() if short in entry.get("apps", ())), None
    )


@cache
def canonical(benchmark_id: str) -> str | None:
    """The id that apps since 3.0 use for a benchmark id of any app, or None where it is not known."""
    known = _data()["benchmarks"]
    if benchmark_id in known:
        return benchmark_id
    return next(
        (name for name, entry in known.items() if benchmark_id in entry.get("ids", ())), None
    )


@cache
def precision_of_id(benchmark_id: str) -> str | None:
    """The precision of the model that an id of apps before 3.0 names, or None where the id says none."""
    entries = (entry.get("ids", {}) for entry in _data()["benchmarks"].values())
    return next((ids[benchmark_id] for ids in entries if benchmark_id in ids), None)


@cache
def of_folder(name: str, scenario: str) -> str | None:
    """The benchmark whose logs and measurements stand in a folder of this name, or None."""
    word = re.sub(r"[^a-z0-9]", "", name.casefold())
    known = _data()["benchmarks"].items()
    return next(
        (key for key, e in known if word in e.get("folders", ()) and e["scenario"] == scenario),
        None,
    )


@cache
def benchmark(name: str) -> Benchmark | None:
    """What is known of a benchmark by its canonical id, or None."""
    entry = _data()["benchmarks"].get(name)
    if entry is None:
        return None
    facts = {key: value for key, value in entry.items() if key not in ("source", "ids", "folders")}
    if "input_shape" in facts:
        facts["input_shape"] = tuple(facts["input_shape"])
    return Benchmark(name, **facts)


@cache
def forms(metric: str | None) -> tuple[Form, ...]:
    """The ways in which an accuracy may be written, the surer first; one without a word is only that of its metric."""
    found = []
    for entry in _data()["accuracy"]:
        bare = entry["pattern"].endswith("+)")
        if not bare or entry["metric"] == metric:
            scale = entry.get("normalized", "100" if entry["unit"] == "%" else "1")
            found.append(Form(entry["pattern"], entry["metric"], entry["unit"], scale))
    return tuple(found)


@cache
def dataset(name: str) -> Dataset | None:
    """The data set of an accuracy run by the app's name for it, or None."""
    return next((item for names, item in _datasets() if name in names), None)


@cache
def full_dataset(kind: str) -> Dataset | None:
    """The data set of the accuracy runs of a kind (`IMAGENET`), or None."""
    return next((item for _, item in _datasets() if item.type == kind), None)


@cache
def _datasets() -> tuple[tuple[tuple[str, ...], Dataset], ...]:
    return tuple(
        (tuple(e["names"]), Dataset(e["dataset"], e["type"], e.get("split"), e.get("samples")))
        for e in _data()["datasets"]
    )


def is_performance_dataset(name: str) -> bool:
    """Whether a data set serves only performance runs, so that no accuracy can come from it."""
    return name in _data()["performance_datasets"]["names"]


@cache
def target_min(name: str, round_id: str | None) -> tuple[str, str] | None:
    """The least quality that the closed division asks for, as decimal text and its unit, or None where none is stated."""
    for rule in _data()["targets"]:
        if (
            name in rule["benchmarks"]
            and round_id in ROUNDS
            and ROUNDS.index(round_id) >= ROUNDS.index(rule["since"])
        ):
            value = Decimal(1)
            for factor in rule["min"].split("*"):
                value *= Decimal(factor)
            return format(value.normalize(), "f"), str(rule["unit"])
    return None


def placement(word: str) -> str | None:
    """The kind of device that the app's name of an accelerator means, or None."""
    names: dict[str, str] = _data()["placement"]["names"]
    return names.get(word.strip().casefold())


def precision_of_accelerator(code: str) -> str | None:
    """The precision that the app's code of an accelerator states, or None."""
    codes: dict[str, str] = _data()["accelerator_precision"]["codes"]
    return codes.get(code)


def precision_of_sentence(words: str) -> str | None:
    """The precision of the weights that a sentence in use states, or None."""
    sentences: dict[str, str] = _data()["weights"]["sentences"]
    return sentences.get(" ".join(words.split()).rstrip("."))
