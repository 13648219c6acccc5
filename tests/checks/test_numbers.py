"""Each check of numbers: a failing case compared to the whole finding, and a passing twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.checks.test_checks import FILE, Case, changed, of_record
from tests.forms import flatten, taking_turns, write

from benchfmt.finding import Finding, Severity
from benchfmt.validation import validate


def measured(metric: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"metric": metric, "value": value, "unit": unit, "basis": "measured"} | more


CASES = [
    Case(
        {
            "system.kind": "phone",
            "measurements": [measured("power", 40000, "W", scope="board", primary=True)],
        },
        Finding(
            code="BF307",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="power 40000 W is beyond any phone, which has 100 W at most",
            value="40000",
            hint="is it in milliwatts, or of a whole cluster? power is in watts; a cluster is a scope",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "system.kind": "phone",
            "measurements": [measured("power", 4, "W", scope="board", primary=True)],
        },
    ),
    Case(
        {
            "system.kind": "microcontroller",
            "measurements": [
                measured("flop-rate", 3200000000000000.0, "/s", stage="inference", primary=True)
            ],
        },
        Finding(
            code="BF308",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="flop-rate 3200000000000000 /s is beyond any microcontroller, which has 100000000000000 /s at most",
            value="3200000000000000",
            hint="is it of a whole cluster, or multiplied once too often? write operations per second",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "system.kind": "microcontroller",
            "measurements": [
                measured("flop-rate", 3200000000.0, "/s", stage="inference", primary=True)
            ],
        },
    ),
    Case(
        {
            "system.kind": "phone",
            "system.memory_bytes": 256000000000,
            "measurements": [
                measured("latency", 0.0089, "s", stage="inference", per="sample", primary=True)
            ],
        },
        Finding(
            code="BF309",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="system.memory_bytes",
            message="memory_bytes 256000000000 is beyond any phone, which has 68719476736 at most",
            value="256000000000",
            hint="is it the storage? write the main memory of one node in bytes",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "system.kind": "phone",
            "system.memory_bytes": 8589934592,
            "measurements": [
                measured("latency", 0.0089, "s", stage="inference", per="sample", primary=True)
            ],
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "accuracy",
                    0.761,
                    "1",
                    statistic="final",
                    primary=True,
                    samples=[75.9, 76.1, 76.3],
                    n=3,
                )
            ]
        },
        Finding(
            code="BF310",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.samples",
            message="a sample of accuracy is 76.3, which is not possible",
            value="76.3",
            hint="are the samples in percent? write them as fractions, like the value",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured(
                    "accuracy",
                    0.761,
                    "1",
                    statistic="final",
                    primary=True,
                    samples=[0.759, 0.761, 0.763],
                    n=3,
                )
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured("accuracy", 0.76, "1", statistic="mean", primary=True, stddev=5.2)
            ]
        },
        Finding(
            code="BF311",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.stddev",
            message="a standard deviation of 5.2 is not possible for accuracy, which lies between 0 and 1",
            value="5.2",
            hint="is it in percent? write it in the unit of the value",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured("accuracy", 0.76, "1", statistic="mean", primary=True, stddev=0.052)
            ]
        },
    ),
    Case(
        {"measurements": [measured("accuracy", 0.7661, "1", primary=True, target_min=76.46)]},
        Finding(
            code="BF312",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.target_min",
            message="no accuracy can be 76.46, its target",
            value="76.46",
            hint="is it in percent? write the fraction, like the value",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [measured("accuracy", 0.7661, "1", primary=True, target_min=0.7646)]
        },
    ),
    Case(
        {"measurements": [measured("clock-rate", 1400, "Hz", scope="cpu", primary=True)]},
        Finding(
            code="BF313",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="no processor has a clock of 1400 Hz",
            value="1400.0",
            hint="write hertz: 1.4 GHz is 1400000000",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [measured("clock-rate", 1400000000, "Hz", scope="cpu", primary=True)]
        },
    ),
    Case(
        {
            "configuration.batch_size": 32,
            "measurements": [measured("throughput", 1204.5, "/s", stage="inference", primary=True)],
        },
        Finding(
            code="BF314",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.per",
            message="throughput does not say what it counts, a sample or a batch of 32",
            value=None,
            hint="write per: sample, batch or query",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "configuration.batch_size": 32,
            "measurements": [
                measured("throughput", 1204.5, "/s", stage="inference", per="sample", primary=True)
            ],
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="single",
                    stage="inference",
                    per="sample",
                    primary=True,
                    n=50,
                )
            ]
        },
        Finding(
            code="BF315",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.n",
            message="latency is called a single observation, and n is 50",
            value="50",
            hint="name the statistic by which several became one: mean, median, ...",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="mean",
                    stage="inference",
                    per="sample",
                    primary=True,
                    n=50,
                )
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "latency",
                    0.0121,
                    "s",
                    statistic="p99",
                    stage="inference",
                    per="sample",
                    primary=True,
                    n=10,
                )
            ]
        },
        Finding(
            code="BF316",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.statistic",
            message="p99 of 10 observations is their extreme: it takes 100 for one to lie beyond",
            value="p99",
            hint="give max or min instead, or write `missing`: too-few-samples",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured(
                    "latency",
                    0.0121,
                    "s",
                    statistic="p90",
                    stage="inference",
                    per="sample",
                    primary=True,
                    n=10,
                )
            ]
        },
    ),
    Case(
        {"measurements": [measured("accuracy", 0.7661, "1", primary=True, target_max=0.7646)]},
        Finding(
            code="BF317",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.target_max",
            message="accuracy is better the higher it is, and its only target is the most allowed, 0.7646",
            value="0.7646",
            hint="write target_min, if this is what a result must reach",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [measured("accuracy", 0.7661, "1", primary=True, target_min=0.7646)]
        },
    ),
    Case(
        {
            "model.flop": 4.1,
            "model.parameters": 25600000,
            "measurements": [
                measured("latency", 0.0089, "s", stage="inference", per="sample", primary=True)
            ],
        },
        Finding(
            code="BF318",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="model.flop",
            message="4.1 operations a sample for 25600000 parameters is 1.6e-7 for each",
            value="4.1",
            hint="operations in millions, or a rate per second? write the plain count of a sample",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "model.flop": 8200000000,
            "model.parameters": 25600000,
            "measurements": [
                measured("latency", 0.0089, "s", stage="inference", per="sample", primary=True)
            ],
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="mean",
                    stage="inference",
                    per="sample",
                    primary=True,
                    stddev=0.4,
                ),
                measured("latency", 0.0121, "s", statistic="max", stage="inference", per="sample"),
                measured("latency", 0.0071, "s", statistic="min", stage="inference", per="sample"),
            ]
        },
        Finding(
            code="BF415",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.stddev",
            message="latency: no numbers between 0.0071 and 0.0121 have a standard deviation of 0.4",
            value="0.4",
            hint="is it in another unit, or the variance? write the standard deviation in the unit of the value",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="mean",
                    stage="inference",
                    per="sample",
                    primary=True,
                    stddev=0.0004,
                ),
                measured("latency", 0.0121, "s", statistic="max", stage="inference", per="sample"),
                measured("latency", 0.0071, "s", statistic="min", stage="inference", per="sample"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "latency",
                    0.0099,
                    "s",
                    statistic="mean",
                    stage="inference",
                    per="sample",
                    primary=True,
                    samples=[0.0088, 0.0089, 0.0101],
                    n=3,
                )
            ]
        },
        Finding(
            code="BF416",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="the mean of the samples is 0.00926666666667, not 0.0099",
            value="0.0099",
            hint=None,
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured(
                    "latency",
                    0.00927,
                    "s",
                    statistic="mean",
                    stage="inference",
                    per="sample",
                    primary=True,
                    samples=[0.0088, 0.0089, 0.0101],
                    n=3,
                )
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="median",
                    stage="inference",
                    per="sample",
                    primary=True,
                    stddev=0.5,
                    samples=[0.0088, 0.0089, 0.0101],
                    n=3,
                )
            ]
        },
        Finding(
            code="BF417",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.stddev",
            message="the standard deviation of the samples is 0.000590668, not 0.5",
            value="0.5",
            hint="write the standard deviation of the samples, by the divisor n, in the unit of the value",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="median",
                    stage="inference",
                    per="sample",
                    primary=True,
                    stddev=0.00059,
                    samples=[0.0088, 0.0089, 0.0101],
                    n=3,
                )
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="median",
                    stage="inference",
                    per="sample",
                    primary=True,
                    ci=[0.001, 0.09, 0.95],
                    samples=[0.0088, 0.0089, 0.0089, 0.009, 0.0091],
                    n=5,
                )
            ]
        },
        Finding(
            code="BF418",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.ci",
            message="the interval is 0.089 wide; that of the mean of its samples is 0.0002",
            value="[0.001,0.09,0.95]",
            hint="write lower bound, upper bound and level, in the unit of the value",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="median",
                    stage="inference",
                    per="sample",
                    primary=True,
                    ci=[0.0088, 0.0091, 0.95],
                    samples=[0.0088, 0.0089, 0.0089, 0.009, 0.0091],
                    n=5,
                )
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="mean",
                    stage="inference",
                    per="sample",
                    primary=True,
                ),
                measured("latency", 0.121, "s", statistic="p90", stage="inference", per="sample"),
            ]
        },
        Finding(
            code="BF419",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="latency: where the p90 is 0.121, the mean is 0.0121 at least, not 0.0089",
            value="0.121",
            hint="are both in the same unit, and of the same run?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="mean",
                    stage="inference",
                    per="sample",
                    primary=True,
                ),
                measured("latency", 0.0121, "s", statistic="p90", stage="inference", per="sample"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="mean",
                    stage="inference",
                    per="sample",
                    primary=True,
                    stddev=1e-05,
                ),
                measured("latency", 0.0121, "s", statistic="p90", stage="inference", per="sample"),
            ]
        },
        Finding(
            code="BF420",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="latency: the p90 0.0121 is too far from the mean 0.0089 for a standard deviation of 0.00001",
            value="0.0121",
            hint="is the standard deviation that of the observations, in the unit of the value?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
        ),
        passing={
            "measurements": [
                measured(
                    "latency",
                    0.0089,
                    "s",
                    statistic="mean",
                    stage="inference",
                    per="sample",
                    primary=True,
                    stddev=0.0015,
                ),
                measured("latency", 0.0121, "s", statistic="p90", stage="inference", per="sample"),
            ]
        },
    ),
]
IDS = [case.finding.code for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_number_at_fault_is_found_as_this_finding_alone(case: Case, tmp_path: Path) -> None:
    assert of_record(changed(case.failing), tmp_path) == [case.finding]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_passing_twin_of_a_number_has_no_finding(case: Case, tmp_path: Path) -> None:
    assert of_record(changed(case.passing), tmp_path) == []


@pytest.mark.parametrize(("case", "form"), taking_turns(CASES, ["csv", "parquet"], IDS))
def test_a_table_gives_the_same_words_at_the_cell(case: Case, form: str, tmp_path: Path) -> None:
    tables = flatten([changed(case.failing)])
    (found,) = validate(write(tmp_path / "package", tables, form), "submission").findings
    wanted = case.finding
    value = wanted.value
    if value and value.startswith("["):
        value = value.replace(",", ", ")
    assert (found.code, found.severity, found.message) == (
        wanted.code,
        wanted.severity,
        wanted.message,
    )
    assert (found.value, found.hint) == (value, wanted.hint)
