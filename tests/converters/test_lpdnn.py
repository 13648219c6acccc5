"""LPDNN: the real samples against rules written from the notes, and small fixtures against expected records.

The rules here are written anew from what is known of the files (shared/formats/lpdnn-energy.md), not from the
converter; the csv module reads the samples and decimal arithmetic says what each cell is.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchfmt import Package, Record, convert, open_package, validate
from benchfmt.accounting import Account

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lpdnn"
NO_VALUE = ("", "/")
LATENCY = {
    "preprocess": "PREPROCESSING_TIME",
    "inference": "INFERENCE_TIME",
    "postprocess": "POSTPROCESSING_TIME",
}
MILLI, PERCENT, GIGA, ONE = Decimal("0.001"), Decimal("0.01"), Decimal(10) ** 9, Decimal(1)
Key = tuple[str, str, str, str, str]

# Column: the key (metric, statistic, stage, per, scope) of its measurement, and the factor to the metric's unit.
COLUMNS: dict[str, tuple[Key, Decimal]] = {
    "PREPROCESSING_TIME": (("latency", "", "preprocess", "sample", ""), MILLI),
    "INFERENCE_TIME": (("latency", "", "inference", "sample", ""), MILLI),
    "POSTPROCESSING_TIME": (("latency", "", "postprocess", "sample", ""), MILLI),
    "LATENCY": (("latency", "", "end-to-end", "sample", ""), MILLI),
    "THROUGHPUT": (("throughput", "", "end-to-end", "sample", ""), ONE),
    "DMIPS": (("lpdnn:dmips", "", "", "", ""), ONE),
    "CPU_MEM": (("memory-utilization", "", "", "", "cpu"), PERCENT),
    "CPU_MEM_PEAK": (("memory", "max", "", "", "cpu"), GIGA),
    "GPU_MEM": (("memory-utilization", "", "", "", "gpu"), PERCENT),
    "GPU_MEM_PEAK": (("memory", "max", "", "", "gpu"), GIGA),
    "MEMORY_BANDWIDTH": (("memory-bandwidth-utilization", "", "", "", ""), PERCENT),
    "MEMORY_BANDWIDTH_PEAK": (("memory-bandwidth-utilization", "max", "", "", ""), PERCENT),
    "CPU_LOAD": (("utilization", "", "", "", "cpu"), PERCENT),
    "GPU_LOAD": (("utilization", "", "", "", "gpu"), PERCENT),
    "NPU_LOAD": (("utilization", "", "", "", "npu"), PERCENT),
    "CPU_TEMP": (("temperature", "", "", "", "cpu"), ONE),
    "GPU_TEMP": (("temperature", "", "", "", "gpu"), ONE),
    "POWER_CONSUMPTION": (("power", "", "", "", ""), ONE),
    "ENERGY_EFFICIENCY": (("lpdnn:gmac-per-second-per-watt", "", "", "", ""), GIGA),
}
HUAWEI: dict[str, tuple[Key, Decimal]] = {
    "INFERENCE_TIME": (("latency", "single", "inference", "sample", ""), MILLI),
    "utilization": (("utilization", "single", "", "", ""), PERCENT),
    "temperature": (("temperature", "single", "", "", ""), ONE),
    "voltage": (("lpdnn:voltage-reading", "single", "", "", ""), ONE),
    "POWER_CONSUMPTION": (("power", "", "", "", ""), ONE),
}
QUALITY: dict[str, tuple[Key, Decimal]] = {
    "Accuracy top-1": (("accuracy", "", "", "", ""), PERCENT),
    "AP-medium": (("average-precision", "", "", "", "subset:medium"), PERCENT),
    "Avg MAE": (("mean-absolute-error", "", "", "", ""), ONE),
    "mAP": (("map", "", "", "", ""), PERCENT),
}
NO_GPU_SENSORS = ("imx8m-nano", "rpi3", "rpi4", "stm32mp1", "x86-64-nuc")
UNMEASURED_THERE = (
    "GPU_MEM", "GPU_MEM_PEAK", "MEMORY_BANDWIDTH", "MEMORY_BANDWIDTH_PEAK", "GPU_LOAD", "NPU_LOAD", "GPU_TEMP",
    "POWER_CONSUMPTION", "ENERGY_EFFICIENCY",
)  # fmt: skip
PRINTED_BY_ROUNDING = ("THROUGHPUT", "DMIPS", "ENERGY_EFFICIENCY", "POWER_CONSUMPTION")
CONFIGURATION = ("MODEL", "VERSION", "INPUT_TILE", "ENGINE", "PROCESSOR", "PRECISION")

SKIPPED = {"SOURCES.md": "not recognised"}
FAILED: dict[str, str] = {}
"""Every source of the samples that gives no record, by hand."""


@dataclass(frozen=True)
class Row:
    """A row of a sample as the csv module reads it, with what its file name says."""

    file: str
    number: int
    cells: dict[str, str]
    task: str
    platform: str
    quality: str | None

    @property
    def failed(self) -> bool:
        return self.cells.get("LATENCY") in NO_VALUE


def rows_of(path: Path) -> Iterator[Row]:
    task, _, platform = path.stem.rpartition("_")
    companion = path.parent.parent / "configs" / f"{path.stem}.json"
    described = json.loads(companion.read_text())["hyperparams"] if companion.exists() else []
    quality = next(
        (item["description"] for item in described if item["ID"] == "QUALITY_VALUE"), None
    )
    with path.open(newline="", encoding="utf-8") as file:
        for number, cells in enumerate(csv.DictReader(file), start=1):
            said = cells.get("QUALITY_METRIC", quality)
            yield Row(
                path.name,
                number,
                cells,
                cells.get("AI_TASK", task),
                cells.get("PLATFORM", platform),
                None if said in NO_VALUE else said,
            )


def expected_measurements(row: Row) -> dict[Key, float | str]:
    """Return what a row must give: the value of each measurement, or the reason why it has none."""
    if "voltage" in row.cells:
        rated = row.platform == "atlas200"
        return {
            (
                key if column != "POWER_CONSUMPTION" or rated else ("power", "single", "", "", "")
            ): number(row.cells[column], factor)
            for column, (key, factor) in HUAWEI.items()
        }
    found = {key: expected_value(row, column, factor) for column, (key, factor) in COLUMNS.items()}
    if row.quality is not None:
        key, factor = QUALITY[row.quality]
        found[key] = number(row.cells["QUALITY_VALUE"], factor)
    return found


def expected_value(row: Row, column: str, factor: Decimal) -> float | str:
    cell = row.cells[column]
    zero = cell not in NO_VALUE and Decimal(cell) == 0
    if zero and (row.platform in NO_GPU_SENSORS and column in UNMEASURED_THERE):
        return "not-measured"
    if zero and row.platform == "jetson-nano2" and column == "NPU_LOAD":
        return "not-measured"
    if row.failed:
        return "run-failed"
    if cell in NO_VALUE:
        return "not-reported"
    if column == "CPU_TEMP" and cell == "-263.2":
        return "sensor-failed"
    if zero and column in PRINTED_BY_ROUNDING:
        return "below-resolution"
    if (
        zero
        and column == "GPU_LOAD"
        and row.platform == "jetson-xav-agx"
        and row.cells["PROCESSOR"] in ("GPU", "GPU/CPU")
    ):
        return "sensor-failed"
    return number(cell, factor)


def number(cell: str, factor: Decimal) -> float:
    return float(Decimal(cell) * factor)


@dataclass(frozen=True)
class Truth:
    """The samples converted once, and their rows as the csv module reads them."""

    folder: Path
    account: Account
    records: dict[tuple[str, int], Record]
    rows: dict[tuple[str, int], Row]

    def pairs(self) -> Iterator[tuple[Row, Record]]:
        for place, row in self.rows.items():
            yield row, self.records[place]


@pytest.fixture(scope="module")
def truth(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    folder = tmp_path_factory.mktemp("lpdnn") / "package"
    account = convert(samples / "lpdnn").write(folder)
    tables = sorted((samples / "lpdnn").rglob("*.csv"))
    rows = {(row.file, row.number): row for path in tables for row in rows_of(path)}
    with open_package(folder) as package:
        records = {place_of(record): record for record in package.records()}
    return Truth(folder, account, records, rows)


def place_of(record: Record) -> tuple[str, int]:
    assert record.provenance and record.provenance.sources
    source = record.provenance.sources[0]
    return source.path, int(str(source.locator).removeprefix("row="))


def test_each_row_of_the_samples_is_one_record(truth: Truth) -> None:
    assert len({Path(entry.path).name for entry in truth.account.files}) > 50
    assert truth.records.keys() == truth.rows.keys()


def test_counts_per_file_equal_an_independent_count(truth: Truth) -> None:
    records = Counter(row.file for row in truth.rows.values())
    measurements: Counter[str] = Counter()
    for row in truth.rows.values():
        measurements[row.file] += len(expected_measurements(row))
    primary = [entry for entry in truth.account.files if entry.role == "primary"]
    assert {Path(e.path).name: (e.records, e.measurements) for e in primary} == {
        name: (count, measurements[name]) for name, count in records.items()
    }
    assert {Path(e.path).name: (e.rows, e.converted, e.failed, e.skipped) for e in primary} == {
        name: (count, count, 0, 0) for name, count in records.items()
    }


def test_every_value_and_every_reason_equals_decimal_arithmetic_on_the_cell(truth: Truth) -> None:
    for row, record in truth.pairs():
        given = {
            m.key: m.missing if m.value is None else m.value for m in record.measurements or ()
        }
        assert given == expected_measurements(row), (row.file, row.number)


def test_every_reported_value_is_the_cell_itself(truth: Truth) -> None:
    for row, record in truth.pairs():
        columns = HUAWEI if "voltage" in row.cells else COLUMNS
        of = (
            {key[:1] + key[2:]: row.cells[column] for column, (key, _) in columns.items()}
            if columns is HUAWEI
            else {}
        )
        cells = of or {key: row.cells[column] for column, (key, _) in COLUMNS.items()}
        for m in record.measurements or ():
            key = m.key[:1] + m.key[2:] if of else m.key
            if key in cells:
                assert (m.reported_value or "") == cells[key], (row.file, row.number, m.key)


def test_the_model_has_the_numbers_of_its_cells(truth: Truth) -> None:
    for row, record in truth.pairs():
        if "voltage" in row.cells:
            continue
        assert record.model
        given = (record.model.flop, record.model.parameters, record.model.size_bytes)
        flop, parameters, size = (
            Decimal(row.cells[name]) for name in ("GFLOP", "#PARAMS", "STORAGE")
        )
        wanted = (float(flop * GIGA), int(parameters * 10**6), int(size * 10**6))
        assert given == tuple(part or None for part in wanted), (row.file, row.number)


def test_latency_is_the_sum_of_its_stages_on_every_successful_record(truth: Truth) -> None:
    seen = 0
    for record in truth.records.values():
        stages = {m.stage: m.value for m in record.measurements or () if m.metric == "latency"}
        if record.status == "ok" and "end-to-end" in stages:
            parts = sum(stages[stage] or 0.0 for stage in LATENCY)
            assert abs((stages["end-to-end"] or 0.0) - parts) <= 0.000150001, record.id
            seen += 1
    assert seen == sum(not row.failed and "LATENCY" in row.cells for row in truth.rows.values())
    assert seen > 2_000


@pytest.mark.parametrize("platform", NO_GPU_SENSORS)
def test_a_platform_without_sensors_has_no_power_bandwidth_or_gpu_value(
    truth: Truth, platform: str
) -> None:
    keys = {COLUMNS[column][0] for column in UNMEASURED_THERE}
    mine = [
        record
        for record in truth.records.values()
        if record.system and record.system.id == platform
    ]
    assert mine
    for record in mine:
        unmeasured = [m for m in record.measurements or () if m.key in keys]
        assert len(unmeasured) == len(keys)
        # The table with the columns of D6.3 writes "/" there, where the run did not fail.
        reasons = (
            {"not-measured", "not-reported"}
            if place_of(record)[0].startswith("synthetic")
            else {"not-measured"}
        )
        assert {m.value for m in unmeasured} == {None}
        assert {str(m.missing) for m in unmeasured} <= reasons


def test_power_is_never_zero(truth: Truth) -> None:
    powers = [
        m for r in truth.records.values() for m in r.measurements or () if m.metric == "power"
    ]
    assert [m.value for m in powers if m.value == 0] == []
    assert sum(m.value is not None for m in powers) > 1_000


def test_the_nano_has_no_npu_value_and_the_xavier_has(truth: Truth) -> None:
    loads: dict[str, list[float | None]] = {}
    for record in truth.records.values():
        assert record.system
        for m in record.measurements or ():
            if m.key == ("utilization", "", "", "", "npu"):
                loads.setdefault(str(record.system.id), []).append(m.value)
    assert set(loads["jetson-nano2"]) == {None}
    assert 0 < max(load for load in loads["jetson-xav-agx"] if load is not None) <= 0.05


def test_the_dead_sensor_of_the_nuc_gives_no_temperature(truth: Truth) -> None:
    temperatures = [
        (m.value, m.missing, m.reported_value)
        for r in truth.records.values()
        if r.system and r.system.id == "x86-64-nuc"
        for m in r.measurements or ()
        if m.key == ("temperature", "", "", "", "cpu")
    ]
    assert set(temperatures) == {(None, "sensor-failed", "-263.2")}


def test_gpu_load_of_the_xavier_is_never_without_doubt(truth: Truth) -> None:
    lost = 0
    for row, record in truth.pairs():
        for m in record.measurements or ():
            if m.key == ("utilization", "", "", "", "gpu"):
                assert (m.caveats == ["unreliable-sensor"]) == (row.platform == "jetson-xav-agx")
                lost += m.missing == "sensor-failed"
    assert lost > 100


def test_a_failed_run_is_a_failed_record_without_any_value(truth: Truth) -> None:
    failed = [(row, record) for row, record in truth.pairs() if row.failed]
    assert len(failed) >= 3
    assert {record.status for _, record in failed} == {"failed"}
    for _, record in failed:
        assert {m.missing for m in record.measurements or ()} <= {"run-failed", "not-measured"}
    assert {record.status for row, record in truth.pairs() if not row.failed} == {"ok"}


def test_percent_and_gigabytes_of_memory_are_two_metrics(truth: Truth) -> None:
    for record in truth.records.values():
        for m in record.measurements or ():
            if m.metric == "memory-utilization" and m.value is not None:
                assert 0 <= m.value <= 1
                assert (m.unit, m.reported_unit, m.statistic) == ("1", "%", None)
            if m.metric == "memory" and m.value is not None:
                assert 10**8 <= m.value <= 4 * 10**10
                assert (m.unit, m.reported_unit, m.statistic) == ("By", "GBy", "max")
                assert (m.caveats == ["unit-inferred"]) == (m.scope == "cpu")


def test_derived_numbers_say_so_and_are_prefixed(truth: Truth) -> None:
    bases = {
        (m.metric, m.basis)
        for r in truth.records.values()
        for m in r.measurements or ()
        if m.value is not None
    }
    derived = {"throughput", "lpdnn:dmips", "lpdnn:gmac-per-second-per-watt"}
    published = {"accuracy", "average-precision", "mean-absolute-error", "map"}
    assert {metric for metric, basis in bases if basis == "derived"} == derived
    assert {metric for metric, basis in bases if basis == "published"} == published
    assert {metric for metric, basis in bases if basis == "nominal"} == {"power"}
    assert not (derived | published) & {metric for metric, basis in bases if basis == "measured"}


def test_repeats_are_kept(truth: Truth) -> None:
    ours: Counter[Any] = Counter()
    theirs: Counter[Any] = Counter()
    for row, record in truth.pairs():
        if "voltage" in row.cells or "MODEL_VERSION" in row.cells:
            continue
        assert record.model and record.software and record.configuration and record.system
        c = record.configuration
        ours[
            (row.file, record.benchmark.name, record.system.id, record.model.name, record.model.version,
             tuple(c.input_shape or ()), record.software.engine, tuple(c.placement or ()), c.precision)
        ] += 1  # fmt: skip
        theirs[
            (row.file, row.task, row.platform, *(row.cells[name] for name in CONFIGURATION))
        ] += 1
    assert sorted(ours.values()) == sorted(theirs.values())
    assert sum(count > 1 for count in theirs.values()) > 150


def test_name_slips_are_mapped_and_the_original_is_kept(truth: Truth) -> None:
    slips = {
        (
            "face-recognition-insightsface-mobilefacenet",
            "face-recognition-insightface-mobilefacenet",
        ),
        ("imagenet-mobinenetv2", "imagenet-mobilenet-v2"),
        ("imagenet-mobilenetv3", "imagenet-mobilenet-v3"),
        ("incar-object-detection-nanodet", "coco-nanodet"),
        ("nanodet-Efficientnet", "nanodet-efficientnet"),
        ("nanodet-Resnet", "nanodet-resnet"),
    }
    found = set()
    for row, record in truth.pairs():
        assert record.model
        written = row.cells.get("MODEL", row.cells.get("MODEL_VERSION", "").partition("/")[0])
        kept = (record.extensions or {}).get("lpdnn", {}).get("MODEL")
        if record.model.name != written:
            assert kept == written, (row.file, row.number)
            found.add((written, record.model.name))
        else:
            assert kept is None
    assert found == slips


def test_only_coco_rows_of_the_in_car_model_are_coco_nanodet(truth: Truth) -> None:
    for row, record in truth.pairs():
        if row.cells.get("MODEL") == "incar-object-detection-nanodet":
            assert record.model
            wanted = "coco-nanodet" if row.task == "coco" else "incar-object-detection-nanodet"
            assert record.model.name == wanted


def test_the_task_and_the_platform_come_from_the_last_underscore(truth: Truth) -> None:
    for row, record in truth.pairs():
        assert record.system
        assert record.system.id == {"hpc": "hpc-generic"}.get(row.platform, row.platform)
        assert record.benchmark.name == {"3D-face-landmarks": "3d-face-landmarks"}.get(
            row.task, row.task
        )
        assert record.task or row.task == "huaweitask"


def test_the_processor_is_an_ordered_list_and_its_text_is_kept(truth: Truth) -> None:
    for row, record in truth.pairs():
        assert record.configuration
        assert record.configuration.placement == row.cells["PROCESSOR"].lower().split("/")
        if "/" in row.cells["PROCESSOR"]:
            assert (record.extensions or {})["lpdnn"]["PROCESSOR"] == row.cells["PROCESSOR"]


def test_the_precision_fits_the_bytes_of_each_weight(truth: Truth) -> None:
    size = {"fp32": 4, "fp16": 2, "int8": 1}
    for record in truth.records.values():
        assert record.configuration and record.model
        if (
            record.model.parameters
            and record.model.parameters > 5_000_000
            and record.model.size_bytes
        ):
            ratio = record.model.size_bytes / record.model.parameters
            assert ratio == pytest.approx(size[str(record.configuration.precision)], rel=0.05)


def test_every_source_without_records_is_in_the_list(truth: Truth) -> None:
    skipped = {entry.path: entry.reason for entry in truth.account.files if entry.role == "skipped"}
    assert skipped.keys() == SKIPPED.keys()
    assert all(str(skipped[path]).startswith(words) for path, words in SKIPPED.items())
    assert {
        entry.path: entry.reason for entry in truth.account.files if entry.role == "failed"
    } == FAILED
    assert truth.account.findings == []
    supporting = {entry.path for entry in truth.account.files if entry.role == "supporting"}
    assert supporting == {
        entry.path for entry in truth.account.files if entry.path.endswith(".json")
    }


def test_the_package_of_the_samples_is_conformant(truth: Truth) -> None:
    report = validate(truth.folder)
    assert report.ok
    assert (report.records, report.errors) == (len(truth.rows), 0)


def test_each_record_has_one_primary_and_it_stands_first(truth: Truth) -> None:
    for record in truth.records.values():
        primary = [index for index, m in enumerate(record.measurements or ()) if m.primary]
        assert primary == [0]


# --- small fixtures and expected records, kept whole ---


CASES = sorted(path.name for path in FIXTURES.iterdir())


def converted(folder: Path) -> dict[str, Any]:
    """Return all that a conversion says, as plain data."""
    conversion = convert(folder, "lpdnn")
    records = [record.to_dict() for record in conversion]
    account = conversion.account.to_dict()
    return {"files": account["entries"], "findings": account["findings"], "records": records}


@pytest.mark.parametrize("case", CASES)
def test_a_fixture_gives_its_expected_records(
    case: str, golden: Callable[[str, Any], None]
) -> None:
    golden(f"lpdnn/{case}", converted(FIXTURES / case))


@pytest.mark.parametrize("case", CASES)
def test_a_fixture_gives_a_conformant_package(case: str, tmp_path: Path) -> None:
    convert(FIXTURES / case, "lpdnn").write(tmp_path / "package")
    report = validate(tmp_path / "package")
    assert report.findings == []


def measured(case: str, row: int = 1) -> dict[Key, Any]:
    record = next(r for r in convert(FIXTURES / case, "lpdnn") if place_of(r)[1] == row)
    return {m.key: m for m in record.measurements or ()}


def test_an_unknown_platform_tells_all_zero_columns_from_true_zeros() -> None:
    found = measured("unknown-platform")
    gpu_load = found[("utilization", "", "", "", "gpu")]
    assert (gpu_load.value, gpu_load.missing) == (0.0, None)  # the other row of the board has 80.0
    assert found[("power", "", "", "", "")].missing == "not-measured"


def test_a_table_without_platform_has_no_power_of_zero() -> None:
    assert measured("strange-name")[("power", "", "", "", "")].missing == "not-measured"


def test_a_power_of_zero_beside_true_ones_is_below_resolution(tmp_path: Path) -> None:
    text = (FIXTURES / "unknown-platform" / "imagenet_acme-board.csv").read_text()
    header, first, second = text.splitlines()
    cells = first.split(",")
    cells[header.split(",").index("POWER_CONSUMPTION")] = "3.5"
    (tmp_path / "imagenet_acme-board.csv").write_text(
        "\n".join([header, ",".join(cells), second]) + "\n"
    )
    powers = [m for r in convert(tmp_path) for m in r.measurements or () if m.metric == "power"]
    assert [(m.value, m.missing) for m in powers] == [(3.5, None), (None, "below-resolution")]


def test_zeros_on_a_platform_that_is_only_named_are_not_measured(tmp_path: Path) -> None:
    text = (FIXTURES / "unknown-platform" / "imagenet_acme-board.csv").read_text()
    (tmp_path / "imagenet_hpc.csv").write_text(text)
    records = list(convert(tmp_path))
    assert {r.system.id for r in records if r.system} == {"hpc-generic"}
    assert {m.missing for r in records for m in r.measurements or () if m.metric == "power"} == {
        "not-measured"
    }


def test_a_rating_is_nominal_and_a_reading_is_measured() -> None:
    power = {
        place_of(r)[0]: (m.basis, m.statistic)
        for r in convert(FIXTURES / "huawei")
        for m in r.measurements or ()
        if m.metric == "power"
    }
    assert power == {
        "huaweitask_atlas200.csv": ("nominal", None),
        "huaweitask_atlas800.csv": ("measured", "single"),
    }


def test_ids_are_those_of_the_specification() -> None:
    record = next(iter(convert(FIXTURES / "huawei")))
    assert re.fullmatch("bf1-[a-z2-7]{26}", str(record.id))


def test_the_wide_table_tells_what_differs_between_two_engines(tmp_path: Path) -> None:
    convert(FIXTURES / "split").write(tmp_path / "package")
    with open_package(tmp_path / "package") as package:
        assert isinstance(package, Package)
        wide = package.wide().to_pylist()
    columns = "latency__end_to_end__sample", "accuracy"
    assert {(row["engine"], *(row[name] for name in columns)) for row in wide} == {
        ("ncnn", 0.025, None),
        ("lne", 0.0897, 0.582),
        ("onnxruntime", 0.048, 0.582),
    }
