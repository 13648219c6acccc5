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
            line=1,
            character=396,
            pointer="/measurements/0/value",
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
            line=1,
            character=414,
            pointer="/measurements/0/value",
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
            line=1,
            character=271,
            pointer="/system/memory_bytes",
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
                    samples=[0.759, 76.1, 0.763],
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
            message="a sample of accuracy is 76.1, which is not possible",
            value="76.1",
            hint="are the samples in percent? write them as fractions, like the value",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=455,
            pointer="/measurements/0/samples",
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
            line=1,
            character=452,
            pointer="/measurements/0/stddev",
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
            line=1,
            character=437,
            pointer="/measurements/0/target_min",
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
            line=1,
            character=382,
            pointer="/measurements/0/value",
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
            line=1,
            character=350,
            pointer="/measurements/0/per",
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
            line=1,
            character=489,
            pointer="/measurements/0/n",
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
            line=1,
            character=367,
            pointer="/measurements/0/statistic",
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
            line=1,
            character=437,
            pointer="/measurements/0/target_max",
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
            line=1,
            character=151,
            pointer="/model/flop",
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
            line=1,
            character=492,
            pointer="/measurements/0/stddev",
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
            line=1,
            character=423,
            pointer="/measurements/0/value",
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
            line=1,
            character=494,
            pointer="/measurements/0/stddev",
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
            line=1,
            character=490,
            pointer="/measurements/0/ci",
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
            line=1,
            character=573,
            pointer="/measurements/1/value",
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
            line=1,
            character=590,
            pointer="/measurements/1/value",
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
    Case(
        {
            "system.memory_bytes": 4294967296,
            "measurements": [
                measured("memory", 7300000000, "By", statistic="max", scope="process", primary=True)
            ],
        },
        Finding(
            code="BF421",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="memory 7300000000 By of process is more than the system has, 4294967296 By",
            value="7300000000",
            hint="is one of them in another unit, or is it the memory of another system?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=430,
            pointer="/measurements/0/value",
        ),
        passing={
            "system.memory_bytes": 4294967296,
            "measurements": [
                measured("memory", 730000000, "By", statistic="max", scope="process", primary=True)
            ],
        },
    ),
    Case(
        {
            "measurements": [
                measured("latency", 0.0089, "s", stage="end-to-end", per="sample", primary=True),
                measured("latency", 6.3, "s", stage="inference", per="sample"),
            ]
        },
        Finding(
            code="BF422",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="the latency of inference, 6.3 s, is longer than the whole, 0.0089 s",
            value="6.3",
            hint="is one of them in another unit, or of another unit of work (per)?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=533,
            pointer="/measurements/1/value",
        ),
        passing={
            "measurements": [
                measured("latency", 0.0089, "s", stage="end-to-end", per="sample", primary=True),
                measured("latency", 0.0063, "s", stage="inference", per="sample"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "latency",
                    1.2,
                    "s",
                    statistic="mean",
                    stage="request",
                    per="query",
                    primary=True,
                ),
                measured("ttft", 85, "s", statistic="mean", stage="request", per="query"),
            ]
        },
        Finding(
            code="BF423",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="the first token comes after 85 s, and the whole answer after 1.2 s",
            value="85",
            hint="is one of them in another unit, or is the latency that of a token?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=562,
            pointer="/measurements/1/value",
        ),
        passing={
            "measurements": [
                measured(
                    "latency",
                    1.2,
                    "s",
                    statistic="mean",
                    stage="request",
                    per="query",
                    primary=True,
                ),
                measured("ttft", 0.085, "s", statistic="mean", stage="request", per="query"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured("duration", 120, "s", stage="whole-run", primary=True),
                measured("energy", 0.5, "J", stage="whole-run", scope="node"),
                measured("power", 15, "W", statistic="mean", stage="whole-run", scope="node"),
            ]
        },
        Finding(
            code="BF424",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="energy 0.5 J is not the power 15 W over 120 s, which makes 1800 J",
            value="0.5",
            hint="is one of them in another unit (kWh, mW, ms), or of other parts of the system (scope)?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=512,
            pointer="/measurements/1/value",
        ),
        passing={
            "measurements": [
                measured("duration", 120, "s", stage="whole-run", primary=True),
                measured("energy", 1800, "J", stage="whole-run", scope="node"),
                measured("power", 15, "W", statistic="mean", stage="whole-run", scope="node"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured("throughput", 112, "/s", stage="inference", per="sample", primary=True),
                measured("energy", 45, "J", stage="inference", per="sample", scope="board"),
                measured("power", 5.1, "W", statistic="mean", stage="inference", scope="board"),
            ]
        },
        Finding(
            code="BF425",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="energy 45 J per sample is not the power 5.1 W at 112 /s, which makes 0.0455357 J",
            value="45",
            hint="is one of them in another unit, of another unit of work (per), or of other parts of the system (scope)?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=550,
            pointer="/measurements/1/value",
        ),
        passing={
            "measurements": [
                measured("throughput", 112, "/s", stage="inference", per="sample", primary=True),
                measured("energy", 0.045, "J", stage="inference", per="sample", scope="board"),
                measured("power", 5.1, "W", statistic="mean", stage="inference", scope="board"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "energy",
                    0.045,
                    "J",
                    stage="inference",
                    per="sample",
                    scope="board",
                    primary=True,
                ),
                measured(
                    "energy-efficiency", 0.045, "/J", stage="inference", per="sample", scope="board"
                ),
            ]
        },
        Finding(
            code="BF426",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="energy-efficiency 0.045 /J is not one over the energy of 0.045 J, which makes 22.2222 /J",
            value="0.045",
            hint="write units of work for each joule: it is the inverse of the energy of one",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=576,
            pointer="/measurements/1/value",
        ),
        passing={
            "measurements": [
                measured(
                    "energy",
                    0.045,
                    "J",
                    stage="inference",
                    per="sample",
                    scope="board",
                    primary=True,
                ),
                measured(
                    "energy-efficiency", 22.2, "/J", stage="inference", per="sample", scope="board"
                ),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured("duration", 120, "s", stage="whole-run", primary=True),
                measured("energy", 150, "J", stage="whole-run", scope="wall"),
                measured("power", 12, "W", stage="idle", scope="wall"),
            ]
        },
        Finding(
            code="BF427",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="energy 150 J over 120 s is less than the idle system takes, 1440 J",
            value="150",
            hint="is it what the work takes above idling? that is `dynamic-energy`",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=512,
            pointer="/measurements/1/value",
        ),
        passing={
            "measurements": [
                measured("duration", 120, "s", stage="whole-run", primary=True),
                measured("energy", 2150, "J", stage="whole-run", scope="wall"),
                measured("power", 12, "W", stage="idle", scope="wall"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "energy",
                    0.045,
                    "J",
                    stage="inference",
                    per="sample",
                    scope="board",
                    primary=True,
                ),
                measured(
                    "dynamic-energy", 0.061, "J", stage="inference", per="sample", scope="board"
                ),
            ]
        },
        Finding(
            code="BF428",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="dynamic-energy 0.061 J is more than the whole energy, 0.045 J",
            value="0.061",
            hint="dynamic energy is the energy less that of the idle system",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=573,
            pointer="/measurements/1/value",
        ),
        passing={
            "measurements": [
                measured(
                    "energy",
                    0.061,
                    "J",
                    stage="inference",
                    per="sample",
                    scope="board",
                    primary=True,
                ),
                measured(
                    "dynamic-energy", 0.045, "J", stage="inference", per="sample", scope="board"
                ),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "flop-rate",
                    312000000000000.0,
                    "/s",
                    stage="inference",
                    scope="gpu",
                    primary=True,
                ),
                {
                    "metric": "flop-rate",
                    "statistic": "nominal-max",
                    "scope": "gpu",
                    "value": 19500000000000.0,
                    "unit": "/s",
                    "basis": "nominal",
                },
            ]
        },
        Finding(
            code="BF429",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="flop-rate 312000000000000 /s is above what the hardware is rated for, 19500000000000 /s",
            value="312000000000000",
            hint="is one of them in another unit, of another precision, or of several devices?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=403,
            pointer="/measurements/0/value",
        ),
        passing={
            "measurements": [
                measured(
                    "flop-rate",
                    15100000000000.0,
                    "/s",
                    stage="inference",
                    scope="gpu",
                    primary=True,
                ),
                {
                    "metric": "flop-rate",
                    "statistic": "nominal-max",
                    "scope": "gpu",
                    "value": 19500000000000.0,
                    "unit": "/s",
                    "basis": "nominal",
                },
            ]
        },
    ),
    Case(
        {
            "model.flop": 8200000000,
            "measurements": [
                measured(
                    "throughput", 1200000, "/s", stage="inference", per="sample", primary=True
                ),
                {
                    "metric": "flop-rate",
                    "statistic": "nominal-max",
                    "scope": "gpu",
                    "value": 472000000000.0,
                    "unit": "/s",
                    "basis": "nominal",
                },
            ],
        },
        Finding(
            code="BF430",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="1200000 samples a second of 8200000000 operations each make 9840000000000000 /s, above the peak of 472000000000 /s",
            value="1200000",
            hint="is the throughput that of several devices, or are the operations in another unit?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=425,
            pointer="/measurements/0/value",
        ),
        passing={
            "model.flop": 8200000000,
            "measurements": [
                measured("throughput", 36, "/s", stage="inference", per="sample", primary=True),
                {
                    "metric": "flop-rate",
                    "statistic": "nominal-max",
                    "scope": "gpu",
                    "value": 472000000000.0,
                    "unit": "/s",
                    "basis": "nominal",
                },
            ],
        },
    ),
    Case(
        {
            "model.flop": 8200000000,
            "measurements": [
                measured("throughput", 36, "/s", stage="inference", per="sample", primary=True),
                measured("flop-rate", 295.2, "/s", stage="inference"),
            ],
        },
        Finding(
            code="BF431",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="flop-rate 295.2 /s does not follow from 36 samples a second of 8200000000 operations each, which make 295200000000 /s",
            value="295.2",
            hint="is one of them in thousands or millions? write plain operations per second",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=537,
            pointer="/measurements/1/value",
        ),
        passing={
            "model.flop": 8200000000,
            "measurements": [
                measured("throughput", 36, "/s", stage="inference", per="sample", primary=True),
                measured("flop-rate", 295200000000.0, "/s", stage="inference"),
            ],
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "throughput", 112, "/s", stage="whole-run", per="sample", primary=True, n=6720
                ),
                measured("duration", 0.06, "s", stage="whole-run"),
            ]
        },
        Finding(
            code="BF432",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="112 /s over 0.06 s makes 6.72, and 6720 were counted",
            value="112",
            hint="is the time in another unit, or that of another part of the run (stage)?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=405,
            pointer="/measurements/0/value",
        ),
        passing={
            "measurements": [
                measured(
                    "throughput", 112, "/s", stage="whole-run", per="sample", primary=True, n=6720
                ),
                measured("duration", 60, "s", stage="whole-run"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured(
                    "throughput",
                    2450,
                    "/s",
                    statistic="mean",
                    stage="whole-run",
                    per="token",
                    primary=True,
                ),
                measured("output-tokens", 128, "1", statistic="mean", per="query"),
                measured("throughput", 2.1, "/s", statistic="mean", stage="whole-run", per="query"),
            ]
        },
        Finding(
            code="BF433",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="2450 tokens a second are not 2.1 requests a second of 128 tokens each, which make 268.8",
            value="2450",
            hint="does one of them count the tokens of the prompts? those are per `input-token` or `total-token`",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=425,
            pointer="/measurements/0/value",
        ),
        passing={
            "measurements": [
                measured(
                    "throughput",
                    269,
                    "/s",
                    statistic="mean",
                    stage="whole-run",
                    per="token",
                    primary=True,
                ),
                measured("output-tokens", 128, "1", statistic="mean", per="query"),
                measured("throughput", 2.1, "/s", statistic="mean", stage="whole-run", per="query"),
            ]
        },
    ),
    Case(
        {
            "system.processor": {"name": "NVIDIA Tegra X1", "count": 1, "cores": 4},
            "measurements": [
                measured("duration", 12.5, "s", stage="training", primary=True),
                measured("cpu-time", 41200, "s", stage="training"),
            ],
        },
        Finding(
            code="BF434",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="cpu-time 41200 s is more than 4 cores can work in 12.5 s",
            value="41200",
            hint="is one of the times in milliseconds?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=562,
            pointer="/measurements/1/value",
        ),
        passing={
            "system.processor": {"name": "NVIDIA Tegra X1", "count": 1, "cores": 4},
            "measurements": [
                measured("duration", 12.5, "s", stage="training", primary=True),
                measured("cpu-time", 41.2, "s", stage="training"),
            ],
        },
    ),
    Case(
        {
            "measurements": [
                {
                    "metric": "emissions",
                    "stage": "whole-run",
                    "value": 0.19,
                    "unit": "kg",
                    "basis": "estimated",
                    "primary": True,
                },
                measured("energy", 1800, "J", stage="whole-run", scope="node"),
            ]
        },
        Finding(
            code="BF435",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="emissions 0.19 kg for 1800 J are more than any power plant makes: 380 kg for each kWh",
            value="0.19",
            hint="are the emissions in grams, or is the energy in Wh? write kilograms and joules",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=387,
            pointer="/measurements/0/value",
        ),
        passing={
            "measurements": [
                {
                    "metric": "emissions",
                    "stage": "whole-run",
                    "value": 0.00019,
                    "unit": "kg",
                    "basis": "estimated",
                    "primary": True,
                },
                measured("energy", 1800, "J", stage="whole-run", scope="node"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured("root-mean-squared-error", 0.21, "kW", primary=True),
                measured("mean-absolute-error", 0.33, "kW"),
            ]
        },
        Finding(
            code="BF436",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="root-mean-squared-error 0.21 is below mean-absolute-error 0.33, which no errors have",
            value="0.21",
            hint="are both of the same predictions? exchanged columns, or the squared error without its root?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=379,
            pointer="/measurements/0/value",
        ),
        passing={
            "measurements": [
                measured("root-mean-squared-error", 0.33, "kW", primary=True),
                measured("mean-absolute-error", 0.21, "kW"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured("f1", 0.91, "1", statistic="pooled", primary=True),
                measured("precision", 0.62, "1", statistic="pooled"),
                measured("recall", 0.71, "1", statistic="pooled"),
            ]
        },
        Finding(
            code="BF437",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.0.value",
            message="f1 0.91 is above the mean of precision 0.62 and recall 0.71, which a harmonic mean cannot be",
            value="0.91",
            hint="are all three of the same data and averaged over classes in the same way?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=381,
            pointer="/measurements/0/value",
        ),
        passing={
            "measurements": [
                measured("f1", 0.66, "1", statistic="pooled", primary=True),
                measured("precision", 0.62, "1", statistic="pooled"),
                measured("recall", 0.71, "1", statistic="pooled"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured("accuracy@1", 0.913, "1", primary=True),
                measured("accuracy@5", 0.761, "1"),
            ]
        },
        Finding(
            code="BF438",
            severity=Severity.ERROR,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="accuracy@5 0.761 is below accuracy@1 0.913, though more answers are looked at",
            value="0.761",
            hint="are the columns exchanged?",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=459,
            pointer="/measurements/1/value",
        ),
        passing={
            "measurements": [
                measured("accuracy@1", 0.761, "1", primary=True),
                measured("accuracy@5", 0.913, "1"),
            ]
        },
    ),
    Case(
        {
            "measurements": [
                measured("energy", 1800, "J", stage="whole-run", scope="node", primary=True),
                measured("duration", 0, "s", stage="whole-run"),
            ]
        },
        Finding(
            code="BF439",
            severity=Severity.WARNING,
            path=FILE,
            row=1,
            column=None,
            field="measurements.1.value",
            message="the duration of whole-run is 0 s, although something was measured in it",
            value="0",
            hint="write `missing`: below-resolution, if it was rounded to 0, else not-measured",
            record="r1",
            cell=None,
            count=None,
            rows=(),
            line=1,
            character=513,
            pointer="/measurements/1/value",
        ),
        passing={
            "measurements": [
                measured("energy", 1800, "J", stage="whole-run", scope="node", primary=True),
                measured("duration", 120, "s", stage="whole-run"),
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


def of_package(changes: dict[str, Any], tmp_path: Path) -> set[str]:
    return {finding.code for finding in of_record(changed(changes), tmp_path)}


def latency(value: float, **more: Any) -> dict[str, Any]:
    return measured("latency", value, "s", **({"stage": "inference", "per": "sample"} | more))


WHOLE = {"stage": "whole-run"}
SOUND = {
    "medians of runs, and their mean": [
        latency(1.5, statistic="median", samples=[1, 1, 1, 3], primary=True)
    ],
    "all work by all time": [
        measured("throughput", 1.5, "/s", per="sample", statistic="mean", samples=[1, 3])
    ],
    "a mean without the run that did not count": [
        latency(2, statistic="mean", samples=[1, None, 3], n=3)
    ],
    "a mean that is printed with few digits": [latency(0.67, statistic="mean", samples=[0, 1, 1])],
    "a source that disagrees": [
        latency(2.5, statistic="mean", samples=[1, 2, 3], caveats=["source-disagrees"])
    ],
    "a deviation by the divisor n - 1": [latency(2, statistic="mean", samples=[1, 2, 3], stddev=1)],
    "percentiles of runs": [latency(2, statistic="p99", samples=[1, 2, 3], n=3)],
    "a bound by early stopping": [latency(2, statistic="p99-es", n=10)],
    "an interval of few samples": [
        latency(2, statistic="mean", samples=[1, 2, 3], ci=[1.99, 2.01, 0.9])
    ],
    "a rated power beside an energy": [
        measured("duration", 120, "s", **WHOLE),
        measured("energy", 600, "J", **WHOLE, scope="node"),
        measured("power", 65, "W", **WHOLE, scope="node") | {"basis": "nominal"},
    ],
    "numbers that were rounded": [
        measured("throughput", 100, "/s", stage="inference", per="sample"),
        latency(0.01)
        | measured("energy", 0.1, "J", scope="board", reported_value="0.1", reported_unit="J"),
        measured("power", 5.3, "W", stage="inference", scope="board"),
    ],
    "a power of several parts": [
        measured("energy", 600, "J", **WHOLE, scope="gpu"),
        measured("power", 12, "W", stage="idle", scope="wall"),
        measured("duration", 120, "s", **WHOLE),
    ],
    "a peak of power above the rating": [
        measured("power", 480, "W", scope="gpu", statistic="max"),
        measured("power", 300, "W", scope="gpu", statistic="nominal-max") | {"basis": "nominal"},
    ],
    "n that counts repeats": [
        measured("throughput", 112, "/s", **WHOLE, per="sample", n=50),
        measured("duration", 60, "s", **WHOLE),
    ],
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_has_no_finding(name: str, tmp_path: Path) -> None:
    found = of_package({"measurements": SOUND[name]}, tmp_path)
    assert not {code for code in found if code[:3] in ("BF3", "BF4")}


def test_more_than_one_node_has_more(tmp_path: Path) -> None:
    power = measured("power", 40_000, "W", scope="board", primary=True)
    kind = {"system.kind": "module"}
    assert "BF307" in of_package({**kind, "measurements": [power]}, tmp_path)
    assert of_package({**kind, "system.nodes": 100, "measurements": [power]}, tmp_path) == set()
    of_cluster = power | {"scope": "cluster"}
    assert of_package({**kind, "measurements": [of_cluster]}, tmp_path) == set()


def test_memory_of_an_unknown_system_is_held_to_its_kind(tmp_path: Path) -> None:
    memory = measured("memory", 3e11, "By", scope="process", primary=True)
    changes = {"system.kind": "phone", "measurements": [memory]}
    assert of_package(changes, tmp_path) == {"BF309"}


def test_memory_of_accelerators_is_that_of_all(tmp_path: Path) -> None:
    gpu = {"kind": "gpu", "count": 2, "memory_bytes": 8_000_000_000}
    memory = measured("memory", 15e9, "By", scope="gpu", primary=True)
    changes = {"system.accelerator": gpu, "measurements": [memory]}
    assert of_package(changes, tmp_path) == set()
    changes["system.accelerator"] = gpu | {"count": 1}
    assert of_package(changes, tmp_path) == {"BF421"}


OTHERS = {
    "BF312": [measured("accuracy", 0.7, "1", target_min=0.6, target_max=76.0, primary=True)],
    "BF317": [latency(0.01, target_min=0.015, primary=True)],
    "BF416": [
        latency(0.15, statistic="p90", samples=[0.101, 0.102, 0.103, 0.2, 0.9], primary=True)
    ],
    "BF417": [latency(0.2, statistic="mean", samples=[0.1, 0.2, 0.3], stddev=0, primary=True)],
    "BF420": [
        latency(1, statistic="mean", stddev=0.01, primary=True),
        latency(0.5, statistic="median"),
    ],
    "BF422": [
        measured("duration", 90, "s", **WHOLE, primary=True),
        measured("duration", 91_000, "s", stage="training"),
    ],
    "BF427": [
        measured("power", 5, "W", **WHOLE, scope="wall", primary=True),
        measured("power", 12, "W", stage="idle", scope="wall"),
    ],
    "BF432": [
        measured("throughput", 112, "/s", **WHOLE, per="sample", n=6720, primary=True),
        measured("duration", 60_000, "s", **WHOLE),
    ],
    "BF435": [
        measured("emissions-rate", 0.5, "kg/s", **WHOLE, primary=True),
        measured("duration", 60, "s", **WHOLE),
        measured("emissions", 0.5, "kg", **WHOLE),
    ],
}


@pytest.mark.parametrize("code", OTHERS)
def test_other_faults_of_a_code(code: str, tmp_path: Path) -> None:
    assert of_package({"measurements": OTHERS[code]}, tmp_path) == {code}


SPREADS_OF_RUNS = [
    [
        latency(0.15, statistic="mean", stddev=0.02, basis="derived", primary=True),
        latency(0.5, statistic="p90", basis="derived"),
    ],
    [
        latency(0.15, statistic="mean", stddev=0.3, basis="derived", primary=True),
        latency(0.2, statistic="max", basis="derived"),
        latency(0.1, statistic="min", basis="derived"),
    ],
]


@pytest.mark.parametrize("measurements", SPREADS_OF_RUNS)
def test_a_deviation_of_runs_is_not_that_of_observations(
    measurements: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert of_package({"measurements": measurements}, tmp_path) == set()
    of_one_run = [{**item, "basis": "measured"} for item in measurements]
    assert len(of_package({"measurements": of_one_run}, tmp_path)) == 1


SCORES = [
    (measured("mean-squared-error", 2, "kW2"), measured("root-mean-squared-error", 3, "kW")),
    (measured("log-perplexity", 2, "1"), measured("perplexity", 2, "1")),
    (measured("word-accuracy", 0.9, "1"), measured("word-error-rate", 0.2, "1")),
]


@pytest.mark.parametrize("pair", SCORES, ids=[first["metric"] for first, _ in SCORES])
def test_scores_that_do_not_follow(pair: tuple[dict[str, Any], ...], tmp_path: Path) -> None:
    first, second = pair
    assert of_package({"measurements": [first | {"primary": True}, second]}, tmp_path) == {"BF436"}


def test_what_follows_from_a_percent_is_not_told_again(tmp_path: Path) -> None:
    percent = measured(
        "accuracy", 76.1, "1", target_min=75.0, stddev=1.2, samples=[75.0, 77.2], primary=True
    )
    assert of_package({"measurements": [percent]}, tmp_path) == {"BF301"}


@pytest.mark.parametrize("statistic", ["mean", "sum", "p50"])
def test_samples_whose_sums_no_double_holds_end_no_check(tmp_path: Path, statistic: str) -> None:
    samples = [1e308, -1e308, 1.7e308, 1.7e308, 5e-324, 1.0]
    more = {"samples": samples, "stddev": 1e308, "ci": [-1e308, 1e308, 0.95]}
    told = measured("score", 0.5, "1", statistic=statistic, primary=True, **more)
    assert "BF909" not in of_package({"measurements": [told]}, tmp_path)
