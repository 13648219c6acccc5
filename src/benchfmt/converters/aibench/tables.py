"""Tables of AIBench and its relatives: image compression, latencies of a scenario, training results, published numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.aibench import about as saying
from benchfmt.converters.aibench import logs
from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.flat import guessed_encoding, parse_resource, read_table
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import count
from benchfmt.readers.tables import SNIFFED, TextTable
from benchfmt.record import given
from benchfmt.suites import aibench as rules
from benchfmt.units import convert, exact, find_unit
from benchfmt.vocabulary import vocabulary

PUBLISHED = (
    "component_code",
    "task",
    "phase",
    "model",
    "dataset",
    "framework",
    "framework_version",
    "processor",
    "processor_count",
    "precision",
    "metric",
    "value",
    "unit",
    "target",
    "time_to_quality_s",
    "source_url",
    "retrieved",
)
"""The columns of a table of published numbers, which somebody has typed: one number in a row."""
NEEDED = {"component_code", "metric", "value", "unit"}
YOLO = (
    "epoch",
    "gpu_mem",
    "GIoU",
    "obj",
    "cls",
    "total",
    "targets",
    "img_size",
    "P",
    "R",
    "mAP@.5",
    "mAP@.5:.95",
    "val_GIoU",
    "val_obj",
    "val_cls",
)
"""The values of a line of YOLOv5's results.txt; its header, where it has one, names fewer and one too many."""


def compression(unit: Unit) -> Iterator[Item]:
    """Yield MS-SSIM of each iteration over the images of `lstm_ssim.csv` (C12): an image a line, without header."""
    rows: list[list[str]] = []
    for number, line in enumerate(texts.text_of(unit.path, logs.OWN).splitlines(), start=1):
        cells = [cell.strip() for cell in line.split(",")]
        values = cells[:-1] if cells[-1] == "" else cells  # a comma ends each line
        if not line.strip():
            continue
        if any(exact(cell) is None for cell in values) or (rows and len(values) != len(rows[0])):
            yield Failed(
                unit.path,
                f"line {number} is not {len(rows[0]) if rows else 'some'} numbers",
                number,
            )
            continue
        rows.append(values)
    about = saying.said(unit)
    codec = re.search("lstm|jpeg", unit.path.name.lower())
    for index in range(len(rows[0]) if rows else 0):
        column = [row[index] for row in rows]
        data = saying.frame(unit, about, f"column={index + 1}")
        component = rules.component("C12")
        assert component is not None  # noqa: S101 - it stands in the table of components
        data["benchmark"] |= {"name": component.name, "phase": "inference"}
        data["task"] = component.task
        data["dataset"] = {"samples": len(column), **data["dataset"]}
        data["configuration"] |= {
            "hyperparameters": {"iteration": index + 1, **({"codec": codec[0]} if codec else {})}
        }
        data["measurements"] = [_mean("ms-ssim", column)]
        yield _made(unit, data, index + 1)


def _mean(metric: str, column: list[str], **key: Any) -> dict[str, Any]:
    mean = sum((Fraction(cell) for cell in column), Fraction(0)) / len(column)
    said = {
        "statistic": "mean",
        "primary": True,
        "n": len(column),
        "samples": [float(cell) for cell in column],
    }
    return texts.derived(metric, mean, **{**said, **key})


def scenario(unit: Unit) -> Iterator[Item]:
    """Yield the tail latency of each module of Edge AIBench's scenario: columns of frames, each of its own length."""
    columns: dict[str, list[str]] = {name: [] for name in rules.edge_modules()}
    lines = texts.text_of(unit.path, logs.OWN).splitlines()
    names = lines[0].split(",")
    for number, line in enumerate(lines[1:], start=1):
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(names) or any(cell and exact(cell) is None for cell in cells):
            yield Failed(unit.path, f"row {number} is not {len(names)} numbers or blanks", number)
            continue
        for name, cell in zip(names, cells, strict=True):
            if cell:
                columns[name].append(cell)
    about = {"suite": "aibench-edge", **saying.said(unit)}
    for index, (name, module) in enumerate(rules.edge_modules().items(), start=1):
        if not columns[name]:
            continue
        data = saying.frame(unit, about, f"column={name}")
        data["benchmark"] |= {
            "suite_version": rules.edge_version(),
            "name": module["name"],
            "scenario": "streaming",
            "phase": "inference",
        }
        data["task"] = module["task"]
        data["measurements"] = _latencies(columns[name])
        yield _made(unit, data, index)


def _latencies(column: list[str]) -> list[dict[str, Any]]:
    """Return the tail and the mean; a quantile lies between two frames, on the straight line from one to the other."""
    key = {"per": "frame", "n": len(column)}
    ordered = sorted(Fraction(cell) for cell in column)
    place = Fraction(99, 100) * (len(ordered) - 1)
    below = ordered[int(place)]
    tail = below + (place - int(place)) * (ordered[min(int(place) + 1, len(ordered) - 1)] - below)
    first = {**texts.derived("latency", tail, statistic="p99", **key), "primary": True}
    return [first, {**_mean("latency", column, **key), "primary": None}]


def yolo(unit: Unit) -> Iterator[Item]:
    """Yield each training that `results.txt` of YOLOv5 tells: a line for each epoch, fifteen values each.

    Epochs count up to a total: one that does not, or another total, begins the next training.
    """
    trainings: list[list[dict[str, str]]] = []
    last = (-1, "")
    for number, line in enumerate(texts.text_of(unit.path, logs.OWN).splitlines(), start=1):
        cells = line.split()
        if not cells or not re.fullmatch(r"[0-9]{1,9}/[0-9]{1,9}", cells[0]):
            continue
        if len(cells) != len(YOLO):
            yield Failed(
                unit.path, f"line {number} has {len(cells)} values, not {len(YOLO)}", number
            )
            continue
        done, _, total = cells[0].partition("/")
        if int(done) <= last[0] or total != last[1]:
            trainings.append([])
        last = (int(done), total)
        trainings[-1].append(dict(zip(YOLO, cells, strict=True)))
    for run, rows in enumerate(trainings, start=1):
        locator = f"run={run}" if len(trainings) > 1 else None
        yield _made(unit, _training(unit, rows, locator), run)


def _training(unit: Unit, rows: list[dict[str, str]], locator: str | None) -> dict[str, Any]:
    about = {"suite": "aibench-edge", **saying.said(unit)}
    data = saying.frame(unit, about, locator)
    final = rows[-1]
    done, of = final["epoch"].split("/")
    data["benchmark"] |= {
        "suite_version": rules.edge_version(),
        "name": "object-detection",
        "phase": "training",
    }
    data["task"] = "object-detection"
    data["configuration"] |= (
        {"input_shape": [size] * 2} if (size := count(final["img_size"])) else {}
    )
    key = {"statistic": "final"}
    data["measurements"] = [
        texts.measurement("map", final["mAP@.5:.95"], primary=True, **key),
        texts.measurement("map-50", final["mAP@.5"], **key),
        texts.measurement("precision", final["P"], **key),
        texts.measurement("recall", final["R"], **key),
        texts.derived("epochs", Fraction(len(rows)), **key),
    ]
    peak = max(
        (row["gpu_mem"] for row in rows),
        key=lambda text: Fraction(text.rstrip("G")) if _gigas(text) else 0,
    )
    if _gigas(peak):
        # torch.cuda.memory_*() / 1e9, as YOLOv5 prints it.
        memory = texts.measurement("memory", peak.rstrip("G"), "GBy", statistic="max", scope="gpu")
        data["measurements"].append(
            {**memory, "reported_value": peak.rstrip("G"), "caveats": ["unit-inferred"]}
        )
    data["extensions"] = {
        "aibench": {name: final[name] for name in ("val_GIoU", "val_obj", "val_cls", "total")}
    }
    if int(done) != int(of):
        data["status"], data["status_detail"] = "incomplete", f"the last epoch is {done} of {of}"
    return data


def _gigas(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+G", text)) and exact(text[:-1]) is not None


def inference_summary(unit: Unit) -> Iterator[Item]:
    """Yield the rates of DAIBench's `results.csv`, column-wise: each column is a precision."""
    columns = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits).header()
    about = saying.said(unit)
    fields: list[dict[str, Any]] = [
        {"name": "Batch", "benchfmt": {"field": "configuration.batch_size"}}
    ]
    for name, what in rules.daibench_columns().items():
        if name in columns:
            rate = {
                "metric": "throughput",
                "statistic": "mean",
                "stage": "whole-run",
                "per": "sample",
                "unit": "/s",
                "caveats": ["unit-inferred"],
                "primary": True,
                "record": {
                    "configuration.precision": what["precision"],
                    "configuration.hyperparameters.cuda_graph": what["cuda_graph"],
                },
            }
            fields.append({"name": name, "benchfmt": rate})
    names = {
        "from": "Model",
        "pattern": "^(?P<model>.+)$",
        "set": {"benchmark.name": "model", "model.name": "model"},
    }
    constant = {
        "benchmark.suite": "daibench",
        "benchmark.phase": "inference",
        "task": "image-classification",
        "software.engine": "tensorrt",
        "system.accelerator.name": about.get("accelerator"),
        "system.accelerator.kind": "gpu" if "accelerator" in about else None,
        "provenance.measured_at": about.get("date"),
        "provenance.submitter": about.get("submitter"),
    }
    names["terms"] = {"model.name": {"vgg16": "vgg-16", "vgg19": "vgg-19"}}
    resource = {
        "path": unit.path.name,
        "schema": {"fields": fields, "missingValues": ["", "-", "N/A"]},
        "benchfmt": {
            "constant": {key: value for key, value in constant.items() if value},
            "extract": [names],
        },
    }
    yield from read_table(
        unit.path,
        parse_resource(resource),
        converter=saying.NAME,
        version=saying.VERSION,
        limits=unit.limits,
        encoding=SNIFFED,
    )


def published(unit: Unit) -> Iterator[Item]:
    """Yield the numbers of a table that somebody has typed from what BenchCouncil published: a record each."""
    table = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    yield from guessed_encoding(table)
    about = saying.said(unit)
    unknown = sorted(set(table.header()) - set(PUBLISHED))
    if unknown:
        yield texts.finding(
            "BF102",
            unit.path.name,
            f"column {unknown[0]!r} is none of the layout's; it is left out",
            f"the columns are {', '.join(PUBLISHED)}",
        )
    for frame, numbers in table.batches():
        for number, row in zip(numbers.tolist(), frame.iter_rows(named=True), strict=True):
            cells = {
                name: text.strip()
                for name, text in row.items()
                if text and text.strip() and name in PUBLISHED
            }
            try:
                yield texts.record(_published(unit, about, cells, number))
            except (ValueError, BenchfmtError) as error:
                yield Failed(unit.path, f"not a result: {error}", number)
    for bad in table.bad_rows:
        yield Failed(
            unit.path,
            f"the row has {bad.actual} cells where the table has {bad.expected} columns",
            bad.row,
        )


def _published(
    unit: Unit, about: Mapping[str, str], cells: Mapping[str, str], row: int
) -> dict[str, Any]:
    lacking = sorted(NEEDED - set(cells))
    if lacking:
        raise ValueError(f"{lacking[0]} is empty")
    component, micro = (
        rules.component(cells["component_code"]),
        rules.micro(cells["component_code"]),
    )
    if not component and not micro:
        raise ValueError(
            f"component_code {cells['component_code']!r} is none of AIBench's; write C1 to C17 or M1 to M12"
        )
    given_here = {
        "accelerator": cells.get("processor"),
        "accelerator_count": cells.get("processor_count"),
        "url": cells.get("source_url"),
        **{
            name: cells.get(name)
            for name in ("framework", "framework_version", "precision", "model", "dataset")
        },
    }
    data = saying.frame(unit, {**about, **{k: v for k, v in given_here.items() if v}}, f"row={row}")
    if _is_cpu(cells.get("processor", "")):
        count = cells.get("processor_count", "")
        number = int(count) if re.fullmatch("[1-9][0-9]{0,6}", count) else None
        data["system"] = {"processor": given(name=cells["processor"], count=number)}
    data["benchmark"] |= given(
        name=component.name if component else micro[0] if micro else None, phase=cells.get("phase")
    )
    data["task"] = cells.get("task") or (component.task if component else None)
    data["model"] = {**given(name=component.model if component else None), **data["model"]}
    data["measurements"] = _typed(cells)
    data["extensions"] = {"aibench": given(retrieved=cells.get("retrieved"))}
    return data


def _is_cpu(name: str) -> bool:
    return bool(re.search(r"\b(Xeon|Core i\d|EPYC|Ryzen|CPU)\b", name))


def _typed(cells: Mapping[str, str]) -> list[dict[str, Any]]:
    metric = vocabulary().match("metric", cells["metric"]) or cells["metric"]
    unit = find_unit(cells["unit"])
    if unit is None or unit[1] != 1:
        raise ValueError(
            f"unit {cells['unit']!r} is not known; write its UCUM code, such as s, ms, % or 1"
        )
    phase = cells.get("phase", "training")
    stage = {"latency": "inference", "throughput": phase, "time-to-quality": "training"}.get(metric)
    key = given(stage=stage, per="sample" if metric in ("latency", "throughput") else None)
    first = texts.measurement(
        metric, cells["value"], unit[0], **{**key, "basis": "published", "primary": True}
    )
    if "target" in cells:
        known = vocabulary().metrics.get(metric)
        bound = "target_max" if known and known.direction == "lower" else "target_min"
        target = convert(cells["target"], unit[0], first["unit"])
        if target is None:
            raise ValueError(f"target {cells['target']!r} is no number")
        first[bound] = target
    found = [first]
    if "time_to_quality_s" in cells and metric != "time-to-quality":
        key = {"stage": "training", "basis": "published"}
        found.append(texts.measurement("time-to-quality", cells["time_to_quality_s"], "s", **key))
    return found


def _made(unit: Unit, data: Mapping[str, Any], row: int) -> Item:
    try:
        return texts.record(
            {**data, "measurements": [texts.said_only(m) for m in data["measurements"]]}
        )
    except ValueError as error:
        return Failed(unit.path, f"not a result: {error}", row)
