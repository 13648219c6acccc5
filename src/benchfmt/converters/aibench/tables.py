"""Tables of AIBench and its relatives: image compression, latencies of a scenario, training results, published numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from benchfmt.annotation import Extract, FieldAnnotation, TableAnnotation
from benchfmt.converters import texts
from benchfmt.converters.aibench import about as saying
from benchfmt.converters.aibench import logs
from benchfmt.converters.aibench.numbers import add_mean, number_of, set_target
from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.draft import Draft, DraftError, Key, own_unit
from benchfmt.converters.flat import guessed_encoding, read_table
from benchfmt.descriptor import Resource, TableField, TableSchema
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import count, exact
from benchfmt.readers.tables import SNIFFED, TextTable
from benchfmt.suites import aibench as rules
from benchfmt.units import convert, find_unit
from benchfmt.vocabulary import vocabulary

EDGE = "aibench-edge"
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
_DECLARED = {
    "accelerator": "processor",
    "accelerator_count": "processor_count",
    "url": "source_url",
    "framework": "framework",
    "framework_version": "framework_version",
    "precision": "precision",
    "model": "model",
    "dataset": "dataset",
}
"""What a user may say of any result, by the columns of published numbers that say it."""
_PROCESSOR = re.compile(r"\b(Xeon|Core i\d|EPYC|Ryzen|CPU)\b")
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


def _lines(unit: Unit) -> list[str]:
    return texts.text_of(unit.path, logs.OWN).splitlines()


def compression(unit: Unit) -> Iterator[Item]:
    """Yield MS-SSIM of each iteration over the images of `lstm_ssim.csv` (C12): an image a line, without header."""
    rows: list[list[Fraction]] = []
    for number, line in enumerate(_lines(unit), start=1):
        if not line.strip():
            continue
        cells = line.split(",")
        if not cells[-1].strip():  # a comma ends each line
            cells.pop()
        values = [value for cell in cells if (value := exact(cell)) is not None]
        width = len(cells)
        shown = "some"
        if rows:
            width = len(rows[0])
            shown = str(width)
        if len(values) != len(cells) or len(cells) != width:
            yield Failed(unit.path, f"line {number} is not {shown} numbers", number)
            continue
        rows.append(values)
    about = saying.declared(unit)
    for index, column in enumerate(zip(*rows, strict=True), start=1):
        yield from _iteration(unit, about, index, column).items(unit.path, index)


def _iteration(
    unit: Unit, about: Mapping[str, str], index: int, column: tuple[Fraction, ...]
) -> Draft:
    draft = saying.drafted(unit, "aibench", about, f"column={index}")
    draft.phase = "inference"
    saying.describe(draft, about)
    component = rules.component("C12")
    if component is not None:
        draft.benchmark(name=component.name)
        draft.task = component.task
    draft.dataset(samples=len(column))
    draft.hyperparameters({"iteration": index})
    codec = re.search("lstm|jpeg", unit.path.name.lower())
    if codec is not None:
        draft.hyperparameters({"codec": codec[0]})
    add_mean(draft, "ms-ssim", column, primary=True)
    return draft


# --- Edge AIBench: latencies of a scenario, and a training of YOLOv5 ---


def scenario(unit: Unit) -> Iterator[Item]:
    """Yield the tail latency of each module of Edge AIBench's scenario: columns of frames, each of its own length."""
    columns: dict[str, list[Fraction]] = {name: [] for name in rules.edge_modules()}
    header, *lines = _lines(unit)
    names = header.split(",")
    for row, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split(",")]
        frame = {name: exact(cell) for name, cell in zip(names, cells, strict=False) if cell}
        if len(cells) != len(names) or None in frame.values():
            yield Failed(unit.path, f"row {row} is not {len(names)} numbers or blanks", row)
            continue
        for name, number in frame.items():
            if number is not None:
                columns[name].append(number)
    about = saying.declared(unit)
    for index, (name, module) in enumerate(rules.edge_modules().items(), start=1):
        if columns[name]:
            draft = saying.drafted(unit, EDGE, about, f"column={name}")
            saying.describe(draft, about)
            draft.benchmark(name=module["name"], scenario="streaming", phase="inference")
            draft.benchmark(suite_version=rules.edge_version())
            draft.task = module["task"]
            _add_latencies(draft, columns[name])
            yield from draft.items(unit.path, index)


def _add_latencies(draft: Draft, column: list[Fraction]) -> None:
    """Add the tail and the mean; a quantile lies between two frames, on the straight line from one to the other."""
    ordered = sorted(column)
    place = Fraction(99, 100) * (len(ordered) - 1)
    index = int(place)
    following = min(index + 1, len(ordered) - 1)
    tail = ordered[index] + (place - index) * (ordered[following] - ordered[index])
    key: Key = {"statistic": "p99", "per": "frame", "n": len(column), "primary": True}
    draft.derive("latency", tail, **key)
    add_mean(draft, "latency", column, per="frame")


def yolo(unit: Unit) -> Iterator[Item]:
    """Yield each training that `results.txt` of YOLOv5 tells: a line for each epoch, fifteen values each.

    Epochs count up to a total: one that does not, or another total, begins the next training.
    """
    trainings: list[list[dict[str, str]]] = []
    last = (-1, "")
    for number, line in enumerate(_lines(unit), start=1):
        cells = line.split()
        if not cells or not re.fullmatch(r"[0-9]{1,9}/[0-9]{1,9}", cells[0]):
            continue
        if len(cells) != len(YOLO):
            reason = f"line {number} has {len(cells)} values, not {len(YOLO)}"
            yield Failed(unit.path, reason, number)
            continue
        epoch, _, total = cells[0].partition("/")
        if int(epoch) <= last[0] or total != last[1]:
            trainings.append([])
        last = (int(epoch), total)
        trainings[-1].append(dict(zip(YOLO, cells, strict=True)))
    about = saying.declared(unit)
    for run, rows in enumerate(trainings, start=1):
        locator = None
        if len(trainings) > 1:
            locator = f"run={run}"
        draft = saying.drafted(unit, EDGE, about, locator)
        try:
            _add_training(draft, about, rows)
        except DraftError as error:
            yield Failed(unit.path, f"not a result: {error}", run)
            continue
        yield from draft.items(unit.path, run)


def _add_training(draft: Draft, about: Mapping[str, str], rows: list[dict[str, str]]) -> None:
    saying.describe(draft, about)
    draft.benchmark(suite_version=rules.edge_version(), name="object-detection", phase="training")
    draft.task = "object-detection"
    final = rows[-1]
    size = count(final["img_size"])
    if size:
        draft.configuration(input_shape=[size, size])
    draft.measure("map", final["mAP@.5:.95"], statistic="final", primary=True)
    draft.measure("map-50", final["mAP@.5"], statistic="final")
    draft.measure("precision", final["P"], statistic="final")
    draft.measure("recall", final["R"], statistic="final")
    draft.derive("epochs", len(rows), statistic="final")
    peaks = [row["gpu_mem"].removesuffix("G") for row in rows if _is_gigas(row["gpu_mem"])]
    if peaks:
        # torch.cuda.memory_*() / 1e9, as YOLOv5 prints it.
        peak = max(peaks, key=number_of)
        key: Key = {"statistic": "max", "scope": "gpu", "caveats": ["unit-inferred"]}
        draft.measure("memory", peak, "GBy", **key)
    draft.keep_all({name: final[name] for name in ("val_GIoU", "val_obj", "val_cls", "total")})
    epoch, _, total = final["epoch"].partition("/")
    if int(epoch) != int(total):
        draft.fail("incomplete", f"the last epoch is {epoch} of {total}")


def _is_gigas(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+G", text)) and exact(text[:-1]) is not None


# --- DAIBench: the rates of an inference ---


def inference_summary(unit: Unit) -> Iterator[Item]:
    """Yield the rates of DAIBench's `results.csv`, column-wise: each column is a precision."""
    header = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits).header()
    batch = FieldAnnotation(field="configuration.batch_size")
    fields = [TableField(name="Batch", benchfmt=batch)]
    for name, column in rules.daibench_columns().items():
        if name in header:
            rate = FieldAnnotation(
                metric="throughput",
                statistic="mean",
                stage="whole-run",
                per="sample",
                unit="/s",
                caveats=["unit-inferred"],
                primary=True,
                record={
                    "configuration.precision": column["precision"],
                    "configuration.hyperparameters.cuda_graph": column["cuda_graph"],
                },
            )
            fields.append(TableField(name=name, benchfmt=rate))
    model = Extract(
        from_="Model",
        pattern="^(?P<model>.+)$",
        set={"benchmark.name": "model", "model.name": "model"},
        terms={"model.name": {"vgg16": "vgg-16", "vgg19": "vgg-19"}},
    )
    constants = _summary_constants(saying.declared(unit))
    yield from read_table(
        unit.path,
        Resource(
            path=unit.path.name,
            table=TableSchema(fields=fields, missing_values=["", "-", "N/A"]),
            benchfmt=TableAnnotation(constant=constants, extract=[model]),
        ),
        converter=saying.NAME,
        version=saying.VERSION,
        limits=unit.limits,
        encoding=SNIFFED,
    )


def _summary_constants(about: Mapping[str, str]) -> dict[str, str]:
    constants = {
        "benchmark.suite": "daibench",
        "benchmark.phase": "inference",
        "task": "image-classification",
        "software.engine": "tensorrt",
    }
    if about.get("accelerator"):
        constants["system.accelerator.name"] = about["accelerator"]
    if "accelerator" in about:
        constants["system.accelerator.kind"] = "gpu"
    if about.get("date"):
        constants["provenance.measured_at"] = about["date"]
    if about.get("submitter"):
        constants["provenance.submitter"] = about["submitter"]
    return constants


# --- published numbers ---


def published(unit: Unit) -> Iterator[Item]:
    """Yield the numbers of a table that somebody has typed from what BenchCouncil published: a record each."""
    table = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    yield from guessed_encoding(table)
    about = saying.declared(unit)
    unknown = sorted(set(table.header()) - set(PUBLISHED))
    if unknown:
        message = f"column {unknown[0]!r} is none of the layout's; it is left out"
        hint = f"the columns are {', '.join(PUBLISHED)}"
        yield texts.finding("BF102", unit.path.name, message, hint)
    for frame, numbers in table.batches():
        for number, row in zip(numbers.tolist(), frame.iter_rows(named=True), strict=True):
            cells = {name: (row.get(name) or "").strip() for name in PUBLISHED}
            draft = saying.drafted(unit, "aibench", about, f"row={number}")
            try:
                _add_published(draft, about, {name: text for name, text in cells.items() if text})
            except (DraftError, BenchfmtError) as error:
                yield Failed(unit.path, f"not a result: {error}", number)
                continue
            yield from draft.items(unit.path, number)
    for bad in table.bad_rows:
        reason = f"the row has {bad.actual} cells where the table has {bad.expected} columns"
        yield Failed(unit.path, reason, bad.row)


def _add_published(draft: Draft, about: Mapping[str, str], cells: Mapping[str, str]) -> None:
    lacking = sorted(NEEDED - set(cells))
    if lacking:
        raise DraftError(f"{lacking[0]} is empty")
    _add_component(draft, cells["component_code"])
    declared = dict(about)
    for name, column in _DECLARED.items():
        if column in cells:
            declared[name] = cells[column]
    name = cells.get("processor", "")
    if _PROCESSOR.search(name):
        del declared["accelerator"]
    saying.describe(draft, declared)
    if _PROCESSOR.search(name):
        draft.system(processor={"name": name, "count": count(cells.get("processor_count", ""))})
    draft.phase = cells.get("phase")
    draft.task = cells.get("task") or draft.task
    draft.keep("retrieved", cells.get("retrieved"))
    _add_typed(draft, cells)


def _add_component(draft: Draft, code: str) -> None:
    component = rules.component(code)
    micro = rules.micro(code)
    if component is not None:
        draft.benchmark(name=component.name)
        draft.task = component.task
        draft.model(name=component.model)
    elif micro is not None:
        draft.benchmark(name=micro[0])
    else:
        raise DraftError(
            f"component_code {code!r} is none of AIBench's; write C1 to C17 or M1 to M12"
        )


def _add_typed(draft: Draft, cells: Mapping[str, str]) -> None:
    """Add the number of a row, with its target and the time to it."""
    metric = vocabulary().match("metric", cells["metric"]) or cells["metric"]
    unit = find_unit(cells["unit"])
    if unit is None or unit[1] != 1:
        raise DraftError(
            f"unit {cells['unit']!r} is not known; write its UCUM code, such as s, ms, % or 1"
        )
    key = _key(metric, cells.get("phase", "training"))
    first = draft.measure(metric, cells["value"], unit[0], "published", **key)
    if "target" in cells:
        target = convert(cells["target"], unit[0], own_unit(metric, unit[0]))
        if target is None:
            raise DraftError(f"target {cells['target']!r} is not a number")
        set_target(first, target)
    if "time_to_quality_s" in cells and metric != "time-to-quality":
        time = cells["time_to_quality_s"]
        draft.measure("time-to-quality", time, "s", "published", stage="training")


def _key(metric: str, phase: str) -> Key:
    match metric:
        case "latency":
            return {"stage": "inference", "per": "sample", "primary": True}
        case "throughput":
            return {"stage": phase, "per": "sample", "primary": True}
        case "time-to-quality":
            return {"stage": "training", "primary": True}
    return {"primary": True}
