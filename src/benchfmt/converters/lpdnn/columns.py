"""What the columns of LPDNN's tables are.

The tables write no unit. The units here were established on the data (see docs/converters/lpdnn.md); where only a
reading fits but none is proven, the measurement says so with a caveat.
"""

from __future__ import annotations

from benchfmt.annotation import FieldAnnotation, MetricColumn, MetricUse
from benchfmt.descriptor import TableField
from benchfmt.suites import lpdnn as rules

HUAWEI = {"utilization", "temperature", "voltage"}
ROUNDED = {"0.0": "below-resolution"}
"""What a zero means that printing one decimal made."""
_INFERRED = ["unit-inferred"]
_PROCESSORS: dict[str, str | list[str]] = {
    "CPU": ["cpu"],
    "GPU": ["gpu"],
    "GPU/CPU": ["gpu", "cpu"],
    "NPU": ["npu"],
    "NPU/GPU": ["npu", "gpu"],
}


def _latency(stage: str, *, primary: bool = False) -> FieldAnnotation:
    return FieldAnnotation(metric="latency", stage=stage, per="sample", unit="ms", primary=primary)


def _utilization(metric: str, scope: str) -> FieldAnnotation:
    return FieldAnnotation(metric=metric, scope=scope, unit="%")


_CONTEXT = {
    "VERSION": FieldAnnotation(field="model.version"),
    "INPUT_TILE": FieldAnnotation(
        field="configuration.input_shape", list_="numbers", separator="x"
    ),
    "ENGINE": FieldAnnotation(field="software.engine"),
    "PROCESSOR": FieldAnnotation(field="configuration.placement", terms=_PROCESSORS),
    "PRECISION": FieldAnnotation(field="configuration.precision"),
    "GFLOP": FieldAnnotation(field="model.flop", scale="1e9", missing=ROUNDED),
    "#PARAMS": FieldAnnotation(field="model.parameters", scale="1e6", missing=ROUNDED),
    "STORAGE": FieldAnnotation(field="model.size_bytes", unit="MBy", missing=ROUNDED),
}
TIMES = {
    "PREPROCESSING_TIME": _latency("preprocess"),
    "INFERENCE_TIME": _latency("inference"),
    "POSTPROCESSING_TIME": _latency("postprocess"),
    "LATENCY": _latency("end-to-end", primary=True),
    # 1000/LATENCY on every row of the data, so nobody counted it.
    "THROUGHPUT": FieldAnnotation(
        metric="throughput",
        stage="end-to-end",
        per="sample",
        unit="/s",
        basis="derived",
        missing=ROUNDED,
    ),
    "DMIPS": FieldAnnotation(metric="lpdnn:dmips", unit="1", basis="derived", missing=ROUNDED),
}
RESOURCES = {
    # The average is a share of the memory, the peak an amount: two metrics, whatever their names say.
    "CPU_MEM": _utilization("memory-utilization", "cpu"),
    "CPU_MEM_PEAK": FieldAnnotation(
        metric="memory", statistic="max", scope="cpu", unit="GBy", caveats=_INFERRED
    ),
    "GPU_MEM": _utilization("memory-utilization", "gpu"),
    "GPU_MEM_PEAK": FieldAnnotation(metric="memory", statistic="max", scope="gpu", unit="GBy"),
    "MEMORY_BANDWIDTH": FieldAnnotation(
        metric="memory-bandwidth-utilization", unit="%", caveats=_INFERRED
    ),
    "MEMORY_BANDWIDTH_PEAK": FieldAnnotation(
        metric="memory-bandwidth-utilization", statistic="max", unit="%", caveats=_INFERRED
    ),
    "CPU_LOAD": _utilization("utilization", "cpu"),
    "GPU_LOAD": _utilization("utilization", "gpu"),
    "NPU_LOAD": _utilization("utilization", "npu"),
    "CPU_TEMP": FieldAnnotation(
        metric="temperature",
        scope="cpu",
        unit="Cel",
        missing={rules.DEAD_SENSOR: "sensor-failed"},
    ),
    "GPU_TEMP": FieldAnnotation(metric="temperature", scope="gpu", unit="Cel"),
    # No board runs on 0 W; one decimal hides less than 0.05 W.
    "POWER_CONSUMPTION": FieldAnnotation(metric="power", unit="W", missing=ROUNDED),
    "ENERGY_EFFICIENCY": FieldAnnotation(
        metric="lpdnn:gmac-per-second-per-watt", unit="10*9/J", basis="derived", missing=ROUNDED
    ),
}
FIELDS = {**_CONTEXT, **TIMES, **RESOURCES}
HUAWEI_FIELDS = {
    "ENGINE": FIELDS["ENGINE"],
    "PROCESSOR": FIELDS["PROCESSOR"],
    "PRECISION": FIELDS["PRECISION"],
    "utilization": FieldAnnotation(metric="utilization", statistic="single", unit="%"),
    "temperature": FieldAnnotation(metric="temperature", statistic="single", unit="Cel"),
    "POWER_CONSUMPTION": FieldAnnotation(metric="power", statistic="single", unit="W"),
    "voltage": FieldAnnotation(metric="lpdnn:voltage-reading", statistic="single"),
    "INFERENCE_TIME": FieldAnnotation(
        metric="latency",
        statistic="single",
        stage="inference",
        per="sample",
        unit="ms",
        primary=True,
        caveats=_INFERRED,
    ),
}
QUALITY = {
    "Accuracy top-1": MetricUse(metric="accuracy", unit="%", basis="published"),
    # Average precision on the faces of WIDER FACE's "medium" subset.
    "AP-medium": MetricUse(
        metric="average-precision", scope="subset:medium", unit="%", basis="published"
    ),
    "Avg MAE": MetricUse(
        metric="mean-absolute-error", unit="deg", caveats=_INFERRED, basis="published"
    ),
    "mAP": MetricUse(metric="map", unit="%", basis="published"),
}


def fields_of(columns: list[str], platform: str | None, quality: str | None) -> list[TableField]:
    """Return what the columns of a table are, and which quality it has, where the companion or a column names it."""
    known = dict(FIELDS)
    if is_huawei(columns):
        known = dict(HUAWEI_FIELDS)
        if platform in rules.RATED_POWER:
            rating = FieldAnnotation(metric="power", unit="W", basis="nominal")
            known["POWER_CONSUMPTION"] = rating
    if "QUALITY_METRIC" in columns:
        named = MetricColumn(column="QUALITY_METRIC", terms={**QUALITY})
        known["QUALITY_VALUE"] = FieldAnnotation(metric=named, basis="published")
    elif quality in QUALITY:
        known["QUALITY_VALUE"] = FieldAnnotation(**QUALITY[quality].model_dump(exclude_none=True))
    return [TableField(name=name, benchfmt=known[name]) for name in columns if name in known]


def is_huawei(columns: list[str]) -> bool:
    """Say whether the columns are those of the Huawei extension."""
    return set(columns) >= HUAWEI
