"""Packages that wear down what is made of a package: reports, comparisons, queries and packages of packages."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tests.hostile.specimens import add, edited, package, specimen

_OF_RECORDS = (
    "id,suite,status,task,model,system_id,engine,precision,input_shape,batch_size,threads\n"
)
_OF_MEASUREMENTS = "record_id,metric,stage,per,value,unit,basis,primary\n"
_LONG = 900_000
_MANY = 70_000
_TASK = "image-classification"


def _record(number: int, model: str, system: str = "s1") -> str:
    sizes = '"[3,224,224]",1,1'
    return f"r{number},lpdnn,ok,{_TASK},{model},{system},onnxruntime,fp32,{sizes}\n"


def _latency(number: int, metric: str = "latency", *, is_primary: bool = True) -> str:
    primary = "true" if is_primary else ""
    value = 0.5 + number / 1_000
    return f"r{number},{metric},end-to-end,sample,{value},s,measured,{primary}\n"


def _written(folder: Path, records: Iterable[str], measurements: Iterable[str]) -> Path:
    return package(
        folder,
        records=_OF_RECORDS + "".join(records),
        measurements=_OF_MEASUREMENTS + "".join(measurements),
    )


def _long_models(folder: Path, arguments: list[str]) -> list[str]:
    """150 models that differ at the end of 900 kB."""
    names = (f"{'x' * _LONG}{number // 2}" for number in range(150))
    records = [_record(number, name) for number, name in enumerate(names)]
    _written(folder / "p", records, map(_latency, range(150)))
    return arguments


_ON_LONG_MODELS = {
    "coverage": ["coverage", "p"],
    "coverage_as_json": ["coverage", "p", "--format", "json"],
    "report": ["report", "p"],
    "compare": ["compare", "p", "--question", "model"],
    "versions": ["compare", "p", "p"],
    "versions_as_json": ["compare", "p", "p", "--format", "json"],
    "recommend": ["recommend", "p", "--task", _TASK, "--max", "latency=1s"],
    "show": ["show", "p"],
    "diff": ["diff", "p", "p"],
}


def _add_long_models() -> None:
    for name, arguments in _ON_LONG_MODELS.items():
        add(
            f"long_models_{name}",
            f"names of models of 900 kB each: {' '.join(arguments)}",
            "",
            partial(_long_models, arguments=arguments),
            statuses=(0,),
            is_large=True,
            writes=True,
        )


_add_long_models()


def _many_metrics(folder: Path, arguments: list[str]) -> list[str]:
    """1,000 records with 100 metrics each, all of which differ."""
    numbers = (
        _latency(place // 100, f"x:m{place}", is_primary=place % 100 == 0)
        for place in range(100_000)
    )
    records = (_record(number, "resnet50") for number in range(1_000))
    _written(folder / "p", records, numbers)
    declared = {"x": {"title": "X", "definition": "Metrics of nobody."}}
    edited(folder / "p", lambda data: data["benchfmt"].update(prefixes=declared))
    return arguments


_ON_MANY_METRICS: dict[str, tuple[list[str], str, tuple[int, ...]]] = {
    "query": (["query", "p", "SELECT count(*) FROM wide"], "at most 10,000 columns", (2,)),
    "split": (["split", "p", "--by", "suite", "-o", "out"], "lpdnn", (0,)),
    "show": (["show", "p"], "100,000 in all", (0,)),
    "recommend": (["recommend", "p", "--task", _TASK, "--max", "latency=1s"], "in all", (2,)),
    "matchmaking": (
        ["export", "p", "--to", "matchmaking", "-o", "out"],
        "at most 10,000 columns",
        (2,),
    ),
}


def _add_many_metrics() -> None:
    for name, (arguments, says, statuses) in _ON_MANY_METRICS.items():
        add(
            f"many_metrics_{name}",
            f"100,000 metrics: {' '.join(arguments)}",
            says,
            partial(_many_metrics, arguments=arguments),
            statuses=statuses,
            is_large=True,
            writes=statuses == (0,),
        )


_add_many_metrics()


def _large_records(folder: Path, arguments: list[str]) -> list[str]:
    """5 records with 100,000 measurements each, all of another stage."""
    numbers = (
        f"r{number},latency,x:s{place},sample,0.5,s,measured,\n"
        for number in range(5)
        for place in range(100_000)
    )
    records = (_record(number, "resnet50") for number in range(5))
    _written(folder / "p", records, numbers)
    return arguments


_ON_LARGE_RECORDS = {
    "pair": ["compare", "p", "r0", "r1", "--metric", "latency"],
    "report": ["report", "p"],
    "coverage": ["coverage", "p"],
}


def _add_large_records() -> None:
    for name, arguments in _ON_LARGE_RECORDS.items():
        add(
            f"large_records_{name}",
            f"records of 100,000 measurements: {' '.join(arguments)}",
            "",
            partial(_large_records, arguments=arguments),
            statuses=(0,),
            is_large=True,
            writes=name == "report",
        )


_add_large_records()


@specimen("two versions of half a million results", "compared_bytes", statuses=(2,), is_large=True)
def large_records_versions(folder: Path) -> list[str]:
    return _large_records(folder, ["compare", "p", "p"])


def _many_results(folder: Path, arguments: list[str]) -> list[str]:
    """70,000 results, each of a record and a model of its own."""
    records = (_record(number, f"resnet{number}") for number in range(_MANY))
    _written(folder / "p", records, map(_latency, range(_MANY)))
    return arguments


_ON_MANY_RESULTS = {
    "versions": ["compare", "p", "p"],
    "versions_as_json": ["compare", "p", "p", "--format", "json"],
}


def _add_many_results() -> None:
    for name, arguments in _ON_MANY_RESULTS.items():
        add(
            f"many_results_{name}",
            f"70,000 results: {' '.join(arguments)}",
            "70,000 without significant change" if name == "versions" else "",
            partial(_many_results, arguments=arguments),
            statuses=(0,),
            is_large=True,
            writes=True,
        )


_add_many_results()


@specimen("a table of holes to describe", "the rest are holes", statuses=(1, 2))
def hollow_table_to_describe(folder: Path) -> list[str]:
    (folder / "t.csv").write_text("ms\n1.5\n", "utf-8")
    os.truncate(folder / "t.csv", 2**40)
    return ["describe", "t.csv"]


@specimen("a package with a table of holes, shown", "the rest are holes", statuses=(2,))
def hollow_table_to_show(folder: Path) -> list[str]:
    package(folder / "p")
    os.truncate(folder / "p" / "measurements.csv", 2**40)
    return ["show", "p"]
