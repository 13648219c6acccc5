"""BF4xx: whether the values of a record agree with each other."""

from __future__ import annotations

import json

import polars as pl

from benchfmt.checks.agreement import (
    latency_is_sum,
    peak_is_highest,
    percentiles_in_order,
    throughput_follows,
    value_is_reported,
)
from benchfmt.checks.check import Cells, Check, Doubt
from benchfmt.checks.frames import Frames, faults, no_faults, number
from benchfmt.checks.kinds import KIND, RECORD, are_distinct
from benchfmt.checks.samples import (
    interval_holds_value,
    samples_are_counted,
    value_is_within_samples,
)
from benchfmt.finding import Severity
from benchfmt.record import KEY_FIELDS

_KEY = list(KEY_FIELDS)
_PRIMARY = pl.col("primary").fill_null(value=False)
_NEURAL = {"npu", "dla", "dsp"}
"""Kinds of device that are one thing under several names: makers call Hexagon a signal processor and a neural one."""
_OF_DEVICES = "name the device that computed, or add it to the accelerators of the system"
_BYTES_A_PARAMETER = pl.col("model_size_bytes") / pl.col("model_parameters")


def keys_are_unique(frames: Frames) -> pl.DataFrame:
    """BF410: two measurements of a record have one key."""
    measurements = frames.bare
    key_place = frames.answers.keys[measurements[KIND]]
    in_record = measurements[RECORD] * frames.kinds.height + key_place
    records = measurements[RECORD].max()
    if isinstance(records, int) and are_distinct(in_record, (records + 1) * frames.kinds.height):
        return no_faults()
    repeated = frames.measured(~in_record.is_first_distinct())
    key = pl.concat_str(*(pl.col(name) for name in _KEY), separator="/", ignore_nulls=True)
    message = pl.format("{} appears twice in the record", key)
    return faults(
        repeated,
        "measurements",
        "metric",
        message,
        key,
        "tell them apart by statistic, stage, per or scope",
    )


def one_primary(frames: Frames) -> pl.DataFrame:
    """BF411: more than one primary measurement in a record."""
    primary = frames.bare[RECORD].filter(frames.bare["primary"].fill_null(value=False))
    if primary.n_unique() == primary.len():
        return no_faults()
    extra = frames.measured(_PRIMARY).filter(~pl.col(RECORD).is_first_distinct())
    message = pl.format("{} is a second primary measurement", pl.col("metric"))
    return faults(
        extra,
        "measurements",
        "primary",
        message,
        hint="keep the one that the suite ranks by",
    )


def devices_are_there(frames: Frames) -> pl.DataFrame:
    """BF414: the run was placed on a kind of device that its system, which lists its accelerators, does not have."""
    described = frames.systems.select(
        pl.col("id").alias("system_id"), "accelerator_kind", "accelerators"
    )
    frame = frames.records.filter(pl.col("placement").is_not_null()).join(
        described, on="system_id", how="inner"
    )
    listed = frame.filter(
        pl.col("accelerator_kind").is_not_null() | pl.col("accelerators").is_not_null()
    )
    found = [no_faults()]
    for (placement, kind, several), part in listed.group_by(
        "placement", "accelerator_kind", "accelerators", maintain_order=True
    ):
        lacking, kinds = _lacking_device(str(placement), kind, several)
        if lacking is not None:
            message = f"the run used {lacking}; the system has {', '.join(sorted(kinds))}"
            found.append(faults(part, "records", "placement", message, str(placement), _OF_DEVICES))
    return pl.concat(found)


def _lacking_device(
    placement: str, kind: str | None, several: str | None
) -> tuple[str | None, set[str]]:
    """Return the first kind of device that a system does not have, None for none, and the kinds that it has."""
    kinds = set()
    if kind:
        kinds.add(kind)
    else:
        kinds.update(str(item.get("kind")) for item in json.loads(str(several)))
    wanted = {device.partition(":")[0] for device in json.loads(placement)}
    present = set(kinds)
    if present & _NEURAL:
        present |= _NEURAL
    lacking = sorted(wanted - present - {"cpu", "accelerator"})
    # A system with a device of an unknown kind may have any.
    if not lacking or kinds & {"None", "accelerator"}:
        return None, kinds
    return lacking[0], kinds


# What is plainly wrong with one value stands before what may follow from it.
CHECKS = (
    Check(
        code="BF405",
        severity=Severity.ERROR,
        title="The value is the reported one, converted",
        table="measurements",
        needs=("value", "unit", "reported_value", "reported_unit"),
        suppresses=Doubt.METRIC,
        run=value_is_reported,
    ),
    Check(
        code="BF401",
        severity=Severity.ERROR,
        title="A latency is the sum of its stages",
        table="measurements",
        needs=("value", "stage"),
        suppresses=Doubt.METRIC,
        run=latency_is_sum,
    ),
    Check(
        code="BF402",
        severity=Severity.ERROR,
        title="Throughput follows from latency where one sample runs at a time",
        table="measurements",
        needs=("value", "scenario"),
        suppresses=Doubt.METRIC,
        run=throughput_follows,
    ),
    Check(
        code="BF403",
        severity=Severity.ERROR,
        title="Minimum, mean and maximum are in order",
        table="measurements",
        needs=("value", "statistic"),
        suppresses=Doubt.METRIC,
        run=peak_is_highest,
    ),
    Check(
        code="BF404",
        severity=Severity.ERROR,
        title="Percentiles are in order",
        table="measurements",
        needs=("value", "statistic"),
        suppresses=Doubt.METRIC,
        run=percentiles_in_order,
    ),
    Check(
        code="BF406",
        severity=Severity.ERROR,
        title="n counts the samples",
        table="measurements",
        needs=("n", "samples"),
        run=samples_are_counted,
    ),
    Check(
        code="BF408",
        severity=Severity.ERROR,
        title="A value lies within its samples",
        table="measurements",
        needs=("value", "samples"),
        suppresses=Doubt.METRIC,
        run=value_is_within_samples,
    ),
    Check(
        code="BF407",
        severity=Severity.ERROR,
        title="A confidence interval holds its value",
        table="measurements",
        needs=("ci",),
        follows=("value",),
        run=interval_holds_value,
    ),
    Check(
        code="BF409",
        severity=Severity.ERROR,
        title="A target range is not reversed",
        table="measurements",
        needs=("target_min", "target_max"),
        cells=(
            Cells(
                "measurements",
                "target_min",
                fault=pl.col("target_min") > pl.col("target_max"),
                message=pl.format(
                    "the least allowed, {}, is above the greatest, {}",
                    number("target_min"),
                    number("target_max"),
                ),
                hint=pl.lit("exchange target_min and target_max"),
            ),
        ),
    ),
    Check(
        code="BF410",
        severity=Severity.ERROR,
        title="A measurement's key is unique in its record",
        table="measurements",
        run=keys_are_unique,
    ),
    Check(
        code="BF411",
        severity=Severity.ERROR,
        title="A record has at most one primary measurement",
        table="measurements",
        needs=("primary",),
        run=one_primary,
    ),
    Check(
        code="BF412",
        severity=Severity.WARNING,
        title="A failed run has no headline number",
        table="measurements",
        needs=("value", "primary"),
        cells=(
            Cells(
                "measurements",
                "value",
                fault=(pl.col("status") == "failed") & _PRIMARY & pl.col("value").is_not_null(),
                message=pl.format(
                    "the run failed, yet its headline number is {} {}",
                    number("value"),
                    pl.col("unit"),
                ),
                hint=pl.lit(
                    "write status ok if the result counts, or `missing`: run-failed if it does not"
                ),
            ),
        ),
    ),
    Check(
        code="BF413",
        severity=Severity.WARNING,
        title="The model's size fits its parameters",
        table="records",
        needs=("model_size_bytes", "model_parameters"),
        cells=(
            Cells(
                "records",
                "model_size_bytes",
                fault=_BYTES_A_PARAMETER.is_between(1 / 16, 64).not_(),
                message=pl.format(
                    "{} bytes for {} parameters is {} bytes a parameter",
                    number("model_size_bytes"),
                    number("model_parameters"),
                    _BYTES_A_PARAMETER.round(4).cast(pl.String),
                ),
                hint=pl.lit(
                    "a size in MB, or parameters in millions? write bytes and the plain count"
                ),
            ),
        ),
    ),
    Check(
        code="BF414",
        severity=Severity.WARNING,
        title="The run used devices that the system has",
        table="records",
        needs=("placement",),
        run=devices_are_there,
    ),
)
