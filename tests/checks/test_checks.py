"""Each check: a failing case compared to the whole finding, and a passing twin."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.forms import codes, describe, faults, flatten, taking_turns, write

from benchfmt.checks import personal
from benchfmt.checks.catalogue import CODES
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import Limits
from benchfmt.package import PackageError, open_package
from benchfmt.validation import validate

FILE = "record.json"
DROP = object()
SHA = "e6075248cbef3cecfbab19c8b317370f36aa2176637295410c3e92671682be48"
RECORD: dict[str, Any] = {
    "benchfmt": "1.0",
    "id": "r1",
    "benchmark": {"suite": "lpdnn"},
    "task": "3d-face-landmark-detection",
    "model": {"name": "mobilenet-of-mine"},
    "system": {"id": "jetson-nano", "name": "NVIDIA Jetson Nano", "accelerator": {"kind": "gpu"}},
    "software": {"engine": "tensorrt"},
    "configuration": {"precision": "fp16"},
    "measurements": [
        {
            "metric": "latency",
            "stage": "end-to-end",
            "per": "sample",
            "value": 0.0089,
            "unit": "s",
            "basis": "measured",
            "primary": True,
        }
    ],
    "status": "ok",
    "provenance": {
        "submitter": "Example Laboratory",
        "measured_at": "2023-05-12",
        "license": "CC-BY-4.0",
        "sources": [{"path": "bca.csv", "sha256": SHA, "locator": "row=17"}],
    },
}


@dataclass(frozen=True)
class Case:
    """Changes of `RECORD` by path: those that make the fault, what is found, and those of the passing twin."""

    failing: dict[str, Any]
    finding: Finding
    passing: dict[str, Any]


# fmt: off
CASES = [
    Case(
        {'benchmark': {'name': 'imagenet'}},
        Finding('BF101', Severity.ERROR, FILE, 1, None, 'benchmark.suite', '`suite` is missing', None, None, 'r1'),
        passing={'benchmark': {'suite': 'lpdnn'}},
    ),
    Case(
        {'model.familly': 'mobilenet'},
        Finding('BF102', Severity.ERROR, FILE, 1, None, 'model.familly', "there is no member 'familly'; there are: flop, name, parameters, size_bytes, version", 'mobilenet', None, 'r1'),
        passing={'model.name': 'mobilenet-v1'},
    ),
    Case(
        {'measurements.0.value': True},
        Finding('BF103', Severity.ERROR, FILE, 1, None, 'measurements.0.value', 'true is not a number', 'true', None, 'r1'),
        passing={'measurements.0.value': 1.0},
    ),
    Case(
        {'status': 'OK'},
        Finding('BF104', Severity.ERROR, FILE, 1, None, 'status', "\"OK\" is none of 'ok', 'failed', 'invalid' or 'incomplete'; did you mean 'ok'?", 'OK', None, 'r1'),
        passing={'status': 'ok'},
    ),
    Case(
        {'provenance.measured_at': '2023-05-12\n'},
        Finding('BF105', Severity.ERROR, FILE, 1, None, 'provenance.measured_at', "'2023-05-12\\n' is not an ISO 8601 date or time, such as 2026-04-03T10:00:00Z", '2023-05-12\n', None, 'r1'),
        passing={'provenance.measured_at': '2023-05-12T10:00:00Z'},
    ),
    Case(
        {'configuration.batch_size': 0},
        Finding('BF106', Severity.ERROR, FILE, 1, None, 'configuration.batch_size', '0 is below 1', '0', None, 'r1'),
        passing={'configuration.batch_size': 1.0},
    ),
    Case(
        {'model.version': None},
        Finding('BF107', Severity.ERROR, FILE, 1, None, 'model.version', 'null is not allowed; leave the key out where the source does not say', None, None, 'r1'),
        passing={'measurements.0.samples': [0.0089, None]},
    ),
    Case(
        {'measurements.0.missing': 'not-measured'},
        Finding('BF108', Severity.ERROR, FILE, 1, None, 'measurements.0.missing', 'there is a value, and it is said to be missing; keep one of the two', None, None, 'r1'),
        passing={'measurements': [{'metric': 'latency', 'value': 0.0089, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'primary': True}, {'metric': 'power', 'missing': 'not-measured', 'scope': 'wall'}]},
    ),
    Case(
        {'measurements.0.basis': DROP},
        Finding('BF109', Severity.ERROR, FILE, 1, None, 'measurements.0.basis', 'a value needs its basis; write measured, derived, ... or published where the source does not say', None, None, 'r1'),
        passing={'measurements.0.basis': 'published'},
    ),
    Case(
        {'measurements': [{'metric': 'latency', 'missing': 'not-measured'}]},
        Finding('BF112', Severity.ERROR, FILE, 1, None, 'status', 'status is ok, yet no measurement has a value; give it, or write failed, invalid or incomplete', None, None, 'r1'),
        passing={'measurements': [{'metric': 'latency', 'missing': 'run-failed', 'primary': True}], 'status': 'failed'},
    ),
    Case(
        {'benchfmt': '2.0'},
        Finding('BF117', Severity.ERROR, FILE, 1, None, 'benchfmt', "version '2.0' is not one of 1.x, which this program reads", '2.0', "it is newer than this program: update benchfmt (pip install --upgrade benchfmt)", 'r1'),
        passing={'benchfmt': '1.7'},
    ),
    Case(
        {'measurements.0.ci': [0.008, 0.01]},
        Finding('BF120', Severity.ERROR, FILE, 1, None, 'measurements.0.ci', '[0.008, 0.01] has fewer than 3 items', '[0.008, 0.01]', None, 'r1'),
        passing={'measurements.0.ci': [0.008, 0.01, 0.95]},
    ),
    Case(
        {'benchmark.scenario': 'singlestream'},
        Finding('BF201', Severity.ERROR, FILE, 1, None, 'benchmark.scenario', "'singlestream' is not in the vocabulary (scenario)", 'singlestream', "did you mean 'single-stream'?", 'r1'),
        passing={'benchmark.scenario': 'single-stream'},
    ),
    Case(
        {'software.engine': 'acme:fast'},
        Finding('BF202', Severity.ERROR, FILE, 1, None, 'software.engine', "the prefix 'acme' of 'acme:fast' is not declared", 'acme:fast', 'declare it under benchfmt.prefixes in datapackage.json', 'r1'),
        passing={'software.engine': 'lpdnn:own'},
    ),
    Case(
        {'measurements.0.unit': 'ms', 'measurements.0.value': 8.9},
        Finding('BF203', Severity.ERROR, FILE, 1, None, 'measurements.0.unit', 'latency is in s, not ms', 'ms', 'multiply the value by 0.001 and write s', 'r1'),
        passing={'measurements.0.reported_value': '8.9', 'measurements.0.reported_unit': 'ms'},
    ),
    Case(
        {'measurements': [{'metric': 'root-mean-squared-error', 'value': 0.3, 'unit': 'degree', 'basis': 'measured', 'primary': True}]},
        Finding('BF204', Severity.ERROR, FILE, 1, None, 'measurements.0.unit', "'degree' is not a UCUM unit code", 'degree', "did you mean 'deg'?", 'r1'),
        passing={'measurements': [{'metric': 'root-mean-squared-error', 'value': 0.3, 'unit': 'deg', 'basis': 'measured', 'primary': True}, {'metric': 'lpdnn:voltage-reading', 'value': 3.0, 'unit': '[undocumented]', 'basis': 'measured'}]},
    ),
    Case(
        {'measurements.0.per': 'epoch'},
        Finding('BF205', Severity.ERROR, FILE, 1, None, 'measurements.0.per', 'latency is not stated per epoch', 'epoch', 'it is stated per sample, issued-sample, query, batch, token or frame; the time of something larger is a `duration`', 'r1'),
        passing={'measurements.0.per': 'frame'},
    ),
    Case(
        {'model.name': 'resnet-50'},
        Finding('BF206', Severity.WARNING, FILE, 1, None, 'model.name', "the model 'resnet-50' is known as 'resnet50'", 'resnet-50', "write 'resnet50', so that results of the same model are found together", 'r1'),
        passing={'model.name': 'bert'},
    ),
    Case(
        {'measurements.0.reported_value': '8.9', 'measurements.0.reported_unit': 'MBy'},
        Finding('BF207', Severity.WARNING, FILE, 1, None, 'measurements.0.reported_unit', "'MBy' and 's' measure different things", 'MBy', '`reported_unit` is that of the reported number, `unit` that of the value: correct the wrong one', 'r1'),
        passing={'measurements.0.reported_value': '8.9', 'measurements.0.reported_unit': 'msec'},
    ),
    Case(
        {'measurements.1': {'metric': 'accuracy', 'value': 76.078, 'unit': '1', 'basis': 'measured'}},
        Finding('BF301', Severity.ERROR, FILE, 1, None, 'measurements.1.value', 'accuracy 76.078 is above 1; a percent?', '76.078', '0.76078 is the fraction', 'r1'),
        passing={'measurements.1': {'metric': 'accuracy', 'value': 1, 'unit': '1', 'basis': 'measured'}},
    ),
    Case(
        {'measurements.1': {'metric': 'kappa', 'value': -1.5, 'unit': '1', 'basis': 'measured'}},
        Finding('BF302', Severity.ERROR, FILE, 1, None, 'measurements.1.value', 'kappa -1.5 is not possible', '-1.5', 'it lies between -1 and 1', 'r1'),
        passing={'measurements.1': {'metric': 'kappa', 'value': -1, 'unit': '1', 'basis': 'measured'}},
    ),
    Case(
        {'measurements.1': {'metric': 'power', 'value': 0, 'unit': 'W', 'basis': 'measured'}},
        Finding('BF303', Severity.ERROR, FILE, 1, None, 'measurements.1.value', 'power is 0, which no run can have', '0.0', 'write `missing` with the reason: not-measured, below-resolution, run-failed, ...', 'r1'),
        passing={'measurements.1': {'metric': 'power', 'missing': 'below-resolution'}},
    ),
    Case(
        {'measurements.1': {'metric': 'temperature', 'value': -263.2, 'unit': 'Cel', 'basis': 'measured'}},
        Finding('BF304', Severity.WARNING, FILE, 1, None, 'measurements.1.value', 'a temperature of -263.2 Cel is that of a broken sensor', '-263.2', 'write `missing`: sensor-failed', 'r1'),
        passing={'measurements.1': {'metric': 'temperature', 'value': 200, 'unit': 'Cel', 'basis': 'measured'}},
    ),
    Case(
        {'system.memory_bytes': 4},
        Finding('BF305', Severity.WARNING, FILE, 1, None, 'system.memory_bytes', 'memory_bytes 4 is not in the unit of its field', '4', 'write bytes: 16 GiB is 17179869184', 'r1'),
        passing={'system.memory_bytes': 4294967296},
    ),
    Case(
        {'provenance.measured_at': '1970-01-01'},
        Finding('BF306', Severity.WARNING, FILE, 1, None, 'provenance.measured_at', '1970-01-01 is not a time at which this can have been measured', '1970-01-01', 'a clock that was not set? leave the time out', 'r1'),
        passing={'provenance.measured_at': '1990'},
    ),
    Case(
        {'measurements': [{'metric': 'latency', 'value': 0.0099, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'end-to-end', 'primary': True}, {'metric': 'latency', 'value': 0.0063, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'inference'}, {'metric': 'latency', 'value': 0.0016, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'postprocess'}, {'metric': 'latency', 'value': 0.001, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'preprocess'}]},
        Finding('BF401', Severity.ERROR, FILE, 1, None, 'measurements.0.value', 'end-to-end latency 0.0099 s is not the sum of its stages, 0.0089 s', '0.0099', 'is one of them in another unit, or is the whole another stage?', 'r1'),
        passing={'measurements': [{'metric': 'latency', 'value': 0.0089, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'end-to-end', 'primary': True}, {'metric': 'latency', 'value': 0.0063, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'inference'}, {'metric': 'latency', 'value': 0.0016, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'postprocess'}, {'metric': 'latency', 'value': 0.001, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'preprocess'}]},
    ),
    Case(
        {'benchmark.scenario': 'single-stream', 'measurements.1': {'metric': 'throughput', 'value': 1123.6, 'unit': '/s', 'basis': 'derived', 'per': 'sample', 'stage': 'end-to-end'}},
        Finding('BF402', Severity.ERROR, FILE, 1, None, 'measurements.1.value', 'throughput 1123.6 /s does not follow from the latency of 0.0089 s, which makes 112.359551 /s', '1123.6', 'is one of them in another unit, or of another batch size or scenario?', 'r1'),
        passing={'benchmark.scenario': 'single-stream', 'measurements.1': {'metric': 'throughput', 'value': 112.36, 'unit': '/s', 'basis': 'derived', 'per': 'sample', 'stage': 'end-to-end'}, 'measurements.2': {'metric': 'throughput', 'value': 90.0, 'unit': '/s', 'basis': 'derived', 'per': 'sample', 'stage': 'end-to-end', 'statistic': 'inverse-p90'}},
    ),
    Case(
        {'measurements.1': {'metric': 'power', 'value': 5.0, 'unit': 'W', 'basis': 'measured', 'statistic': 'max'}, 'measurements.2': {'metric': 'power', 'value': 5.5, 'unit': 'W', 'basis': 'measured', 'statistic': 'mean'}},
        Finding('BF403', Severity.ERROR, FILE, 1, None, 'measurements.2.value', 'power: the mean 5.5 is above the maximum 5', '5.5', 'are they exchanged, in different units, or of different runs?', 'r1'),
        passing={'measurements.1': {'metric': 'power', 'value': 5.5, 'unit': 'W', 'basis': 'measured', 'statistic': 'max'}, 'measurements.2': {'metric': 'power', 'value': 5.5, 'unit': 'W', 'basis': 'measured', 'statistic': 'mean'}},
    ),
    Case(
        {'measurements': [{'metric': 'latency', 'value': 0.009, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'inference', 'statistic': 'p90', 'primary': True}, {'metric': 'latency', 'value': 0.008, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'inference', 'statistic': 'p99'}]},
        Finding('BF404', Severity.ERROR, FILE, 1, None, 'measurements.1.value', 'latency: p99 is 0.008, below p90 with 0.009', '0.008', 'are they exchanged, or in different units?', 'r1'),
        passing={'measurements': [{'metric': 'latency', 'value': 0.009, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'inference', 'statistic': 'p90', 'primary': True}, {'metric': 'latency', 'value': 0.008, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'inference', 'statistic': 'p99-es'}]},
    ),
    Case(
        {'measurements.0.reported_value': '8.9', 'measurements.0.reported_unit': 's'},
        Finding('BF405', Severity.ERROR, FILE, 1, None, 'measurements.0.value', 'the value 0.0089 is not the reported 8.9 s, which is 8.9 s', '0.0089', 'write the value that follows, or correct the reported number or its unit', 'r1'),
        passing={'measurements.0.reported_value': '8900.0', 'measurements.0.reported_unit': 'us'},
    ),
    Case(
        {'measurements.0.samples': [0.0088, None, 0.009], 'measurements.0.n': 2},
        Finding('BF406', Severity.ERROR, FILE, 1, None, 'measurements.0.n', 'n is 2, and there are 3 samples', '2', 'write how many observations the value is made of, or give all of them as samples', 'r1'),
        passing={'measurements.0.samples': [0.0088, None, 0.009], 'measurements.0.n': 3},
    ),
    Case(
        {'measurements.0.ci': [0.01, 0.02, 0.95]},
        Finding('BF407', Severity.ERROR, FILE, 1, None, 'measurements.0.ci', 'the interval 0.01 to 0.02 does not hold the value 0.0089', '[0.01,0.02,0.95]', 'write lower bound, upper bound and level, in the unit of the value, as in [0.8, 1.2, 0.95]', 'r1'),
        passing={'measurements.0.ci': [0.0089, 0.0089, 0.95]},
    ),
    Case(
        {'measurements.0.statistic': 'mean', 'measurements.0.samples': [8.8, 9.0]},
        Finding('BF408', Severity.ERROR, FILE, 1, None, 'measurements.0.value', 'the mean 0.0089 lies outside its samples, 8.8 to 9', '0.0089', 'is the value in another unit, or of other samples?', 'r1'),
        passing={'measurements.0.statistic': 'olympic-mean-scaled', 'measurements.0.samples': [8.8, 9.0]},
    ),
    Case(
        {'measurements.0.target_min': 0.02, 'measurements.0.target_max': 0.01},
        Finding('BF409', Severity.ERROR, FILE, 1, None, 'measurements.0.target_min', 'the least allowed, 0.02, is above the greatest, 0.01', '0.02', 'exchange target_min and target_max', 'r1'),
        passing={'measurements.0.target_min': 0.0089, 'measurements.0.target_max': 0.0089},
    ),
    Case(
        {'measurements.1': {'metric': 'latency', 'value': 0.0063, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'end-to-end'}},
        Finding('BF410', Severity.ERROR, FILE, 1, None, 'measurements.1.metric', 'latency/end-to-end/sample appears twice in the record', 'latency/end-to-end/sample', 'tell them apart by statistic, stage, per or scope', 'r1'),
        passing={'measurements.1': {'metric': 'latency', 'value': 0.0063, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'end-to-end', 'scope': 'run:energy'}},
    ),
    Case(
        {'measurements.1': {'metric': 'power', 'value': 5.5, 'unit': 'W', 'basis': 'measured', 'primary': True}},
        Finding('BF411', Severity.ERROR, FILE, 1, None, 'measurements.1.primary', 'power is a second primary measurement', None, 'keep the one that the suite ranks by', 'r1'),
        passing={'measurements.1': {'metric': 'power', 'value': 5.5, 'unit': 'W', 'basis': 'measured', 'primary': False}},
    ),
    Case(
        {'status': 'failed'},
        Finding('BF412', Severity.WARNING, FILE, 1, None, 'measurements.0.value', 'the run failed, yet its headline number is 0.0089 s', '0.0089', 'write status ok if the result counts, or `missing`: run-failed if it does not', 'r1'),
        passing={'status': 'failed', 'measurements.0.primary': DROP},
    ),
    Case(
        {'model.parameters': 3300000, 'model.size_bytes': 6500},
        Finding('BF413', Severity.WARNING, FILE, 1, None, 'model.size_bytes', '6500 bytes for 3300000 parameters is 0.002 bytes a parameter', '6500', 'a size in MB, or parameters in millions? write bytes and the plain count', 'r1'),
        passing={'model.parameters': 3300000, 'model.size_bytes': 6600000},
    ),
    Case(
        {'configuration.placement': ['npu', 'cpu']},
        Finding('BF414', Severity.WARNING, FILE, 1, None, 'configuration.placement', 'the run used npu; the system has gpu', '["npu","cpu"]', 'name the device that computed, or add it to the accelerators of the system', 'r1'),
        passing={'configuration.placement': ['gpu:1', 'cpu']},
    ),
    Case(
        {'configuration.placement': ['dsp']},
        Finding('BF414', Severity.WARNING, FILE, 1, None, 'configuration.placement', 'the run used dsp; the system has gpu', '["dsp"]', 'name the device that computed, or add it to the accelerators of the system', 'r1'),
        passing={'configuration.placement': ['dsp'], 'system.accelerator': {'kind': 'npu'}},
    ),
    Case(
        {'provenance.sources.0.path': '/results/bca.csv'},
        Finding('BF505', Severity.ERROR, FILE, 1, None, 'provenance.sources.0.path', "'/results/bca.csv' is a path of one machine, not of the submission", '/results/bca.csv', 'write the path from the root of the submission, with forward slashes', 'r1'),
        passing={'provenance.sources.0.path': 'home/anna/bca.csv'},
    ),
    Case(
        {'id': 'bf1-aaaaaaaaaaaaaaaaaaaaaaaaaa'},
        Finding('BF506', Severity.ERROR, FILE, 1, None, 'id', 'bf1-aaaaaaaaaaaaaaaaaaaaaaaaaa does not follow from its source, which makes bf1-7gpmema2tucdmn6e6expqd7luy', 'bf1-aaaaaaaaaaaaaaaaaaaaaaaaaa', 'write an id of your own, or the one that follows', 'bf1-aaaaaaaaaaaaaaaaaaaaaaaaaa'),
        passing={'id': 'bf1-own'},
    ),
    Case(
        {'measurements': [{'metric': 'latency', 'value': 0.0063, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'inference'}, {'metric': 'latency', 'value': 0.0089, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'end-to-end', 'primary': True}]},
        Finding('BF509', Severity.WARNING, FILE, 1, None, 'measurements.1.metric', 'latency stands behind measurements that come after it', None, 'put the primary one first, and order the others by metric, statistic, stage, per, scope', 'r1'),
        passing={'measurements': [{'metric': 'latency', 'value': 0.0063, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'inference', 'primary': True}, {'metric': 'latency', 'value': 0.0089, 'unit': 's', 'basis': 'measured', 'per': 'sample', 'stage': 'end-to-end'}]},
    ),
    Case(
        {'provenance.license': DROP},
        Finding('BF511', Severity.ERROR, FILE, 1, None, 'provenance.license', 'the licence is not given', None, 'write an SPDX id, such as CC-BY-4.0, in provenance.license', 'r1'),
        passing={},
    ),
    Case(
        {'provenance.submitter': DROP},
        Finding('BF512', Severity.ERROR, FILE, 1, None, 'provenance.submitter', 'the submitter is not given', None, 'write who measured it in provenance.submitter', 'r1'),
        passing={},
    ),
    Case(
        {'provenance.measured_at': DROP},
        Finding('BF513', Severity.WARNING, FILE, 1, None, 'provenance.measured_at', 'the time of measurement is not given', None, 'write it in provenance.measured_at', 'r1'),
        passing={},
    ),
    Case(
        {'provenance.sources.0.sha256': DROP},
        Finding('BF514', Severity.ERROR, FILE, 1, None, 'provenance.sources.0.sha256', 'the primary source is not named with its hash', None, 'write path and sha256 of the file', 'r1'),
        passing={},
    ),
    Case(
        {'system': DROP},
        Finding('BF515', Severity.ERROR, FILE, 1, None, 'system.id', 'the system is not given', None, 'describe the hardware in `system`', 'r1'),
        passing={},
    ),
    Case(
        {'task': DROP},
        Finding('BF516', Severity.WARNING, FILE, 1, None, 'task', 'the task is not given', None, 'name what the model does in `task`', 'r1'),
        passing={},
    ),
    Case(
        {'model': DROP},
        Finding('BF517', Severity.ERROR, FILE, 1, None, 'model.name', 'the model is not given', None, 'name the model or algorithm in model.name', 'r1'),
        passing={},
    ),
    Case(
        {'software': DROP},
        Finding('BF518', Severity.WARNING, FILE, 1, None, 'software.engine', 'the engine is not given', None, 'name what ran the model in software.engine', 'r1'),
        passing={},
    ),
    Case(
        {'measurements.0.primary': DROP},
        Finding('BF519', Severity.WARNING, FILE, 1, None, None, 'no measurement is primary', None, 'write `primary`: true at the number that the suite ranks by', 'r1'),
        passing={},
    ),
]
# fmt: on
ids = [case.finding.code for case in CASES]


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node: Any = record
        for part in parents:
            node = node[int(part)] if isinstance(node, list) else node[part]
        if isinstance(node, list):
            node[int(last) : int(last) + 1] = [value]
        elif value is DROP:
            del node[last]
        else:
            node[last] = value
    return record


def of_record(record: Any, tmp_path: Path) -> list[Finding]:
    path = tmp_path / FILE
    path.write_text(json.dumps(record), "utf-8")
    return validate(path, "submission").findings


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_fault_is_found_as_this_finding_alone(case: Case, tmp_path: Path) -> None:
    assert of_record(changed(case.failing), tmp_path) == [case.finding]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_its_passing_twin_has_no_finding(case: Case, tmp_path: Path) -> None:
    assert of_record(changed(case.passing), tmp_path) == []


# The value of a list cell is shown as it stands there.
AS_WRITTEN = {"[0.01,0.02,0.95]": "[0.01, 0.02, 0.95]", '["npu","cpu"]': '["npu", "cpu"]'}


@pytest.mark.parametrize(
    ("case", "form"),
    taking_turns(
        [c for c in CASES if c.finding.code > "BF2"],
        ["csv", "parquet"],
        [i for i in ids if i > "BF2"],
    ),
)
def test_a_package_gives_the_same_words_at_the_cell(case: Case, form: str, tmp_path: Path) -> None:
    (found,) = validate(
        write(tmp_path / "package", flatten([changed(case.failing)]), form), "submission"
    ).findings
    told = case.finding
    assert (found.code, found.severity, found.message, found.value, found.hint) == (
        told.code, told.severity, told.message, told.value and AS_WRITTEN.get(told.value, told.value), told.hint,
    )  # fmt: skip
    if told.field:
        assert found.path == f"{found.path.partition('.')[0]}.{form}"
        assert found.column is not None
        assert found.row is not None
        assert found.field == ".".join(
            p for p in told.field.split(".") if not p.isdigit() or "sources" in told.field
        )


# --- what takes a text, a table or a package ---

RECORDS = "id,suite,status\nr1,lpdnn,ok\n"
MEASUREMENTS = (
    "record_id,metric,stage,per,value,unit,basis\nr1,latency,end-to-end,sample,0.0089,s,measured\n"
)
SYSTEMS = "id,name\nrpi4,Raspberry Pi 4\n"


def package(folder: Path, **tables: str) -> Path:
    """Write a package of CSV texts; the tables that are not given are sound."""
    folder.mkdir(exist_ok=True)
    texts = {"systems": SYSTEMS, "records": RECORDS, "measurements": MEASUREMENTS} | tables
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, "utf-8", newline="")
    return describe(folder, [{"name": name, "path": f"{name}.csv"} for name in texts])


def edit(package: Path, change: Any) -> Path:
    """Change the descriptor of a package."""
    file = package / "datapackage.json"
    data = json.loads(file.read_text("utf-8"))
    change(data)
    file.write_text(json.dumps(data), "utf-8")
    return package


def error(
    code: str, path: str, row: int | None, column: str | None, field: str | None, *words: str | None
) -> Finding:
    message, value, hint, record = (*words, None, None, None)[:4]
    return Finding(
        code, CODES[code].severity, path, row, column, field, str(message), value, hint, record
    )


def test_the_sound_package_has_no_finding(tmp_path: Path) -> None:
    report = validate(package(tmp_path))
    assert (report.findings, report.records, report.measurements) == ([], 1, 1)


def test_bf115_a_text_that_is_no_json_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"benchfmt": "1.0",\n "status": }', "utf-8")
    wanted = error("BF115", FILE, 2, None, None, "not JSON: a value is missing at line 2 column 12")
    assert validate(tmp_path / FILE).findings == [wanted]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 500])
def test_bf115_a_number_that_no_double_holds_is_no_json(number: str, tmp_path: Path) -> None:
    text = json.dumps(RECORD).replace("0.0089", number)
    (tmp_path / FILE).write_text(text, "utf-8")
    assert codes(validate(tmp_path / FILE)) == {"BF115"}


@pytest.mark.parametrize(
    ("member", "place"),
    [('"title": "\\ud800"', 12), ('"x": [{"\\udc00 y": 1}]', 10), ('"é": "😀\\\\ud800\\uDFFF"', 8)],
)
def test_bf115_half_a_character_in_a_descriptor_is_told_with_its_place(
    member: str, place: int, tmp_path: Path
) -> None:
    root = package(tmp_path)
    file = root / "datapackage.json"
    file.write_text(file.read_text("utf-8").replace("{", "{ " + member + ",", 1), "utf-8")
    finding = validate(root).findings[0]
    assert (finding.code, finding.line, finding.character) == ("BF115", 1, place)
    assert finding.message == "a text holds half a character (a lone surrogate)"
    with pytest.raises(PackageError, match="half a character"):
        open_package(root)


def test_bf115_a_line_that_is_no_json_costs_only_itself(tmp_path: Path) -> None:
    lines = tmp_path / "all.jsonl"
    lines.write_text(
        f"{json.dumps(RECORD)}\nnot json\n\n{json.dumps(RECORD | {'id': 'r2'})}\n", "utf-8"
    )
    report = validate(lines)
    wanted = error(
        "BF115", "all.jsonl", 2, None, None, "not JSON: a value is missing at line 2 column 1"
    )
    assert (report.findings, report.records) == ([wanted], 2)


def test_bf115_a_cell_that_is_no_json(tmp_path: Path) -> None:
    place = package(tmp_path, records="id,suite,status,input_shape\nr1,lpdnn,ok,[3\n")
    (found,) = validate(place).findings
    assert (found.code, found.path, found.row, found.column, found.value) == (
        "BF115", "records.csv", 1, "input_shape", "[3",
    )  # fmt: skip


def test_bf105_half_a_character_is_found_in_every_place(tmp_path: Path) -> None:
    wrong = [
        {"model.name": "\ud800"},
        {"extensions": {"lpdnn": {"a\udc00": 1}}},
        {"extensions": {"lpdnn": ["\ud800"]}},
    ]
    for changes in [
        *wrong,
        {"software.stack": {"\ud800": "1"}},
        {"configuration.hyperparameters": {"\ud800": 1}},
    ]:
        assert [finding.code for finding in of_record(changed(changes), tmp_path)] == ["BF105"]
    place = package(
        tmp_path / "package",
        records='id,suite,status,extensions\nr1,lpdnn,ok,"{""lpdnn"":""\\ud800""}"\n',
    )
    assert faults(validate(place)) == {("BF105", "extensions")}


def test_bf116_a_doubled_key(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"benchfmt": "1.0", "status": "ok", "status": "failed"}', "utf-8")
    wanted = error("BF116", FILE, None, None, None, "the key 'status' appears twice in one object")
    assert validate(tmp_path / FILE).findings == [wanted]


def test_bf116_a_doubled_column(tmp_path: Path) -> None:
    place = package(tmp_path, records="id,suite,status,status\nr1,lpdnn,ok,ok\n")
    words = "column 'status' appears twice; rename or remove one"
    assert validate(place).findings == [error("BF116", "records.csv", None, None, None, words)]


def test_bf117_the_version_in_a_descriptor(tmp_path: Path) -> None:
    place = edit(package(tmp_path), lambda data: data["benchfmt"].update(version="2.0"))
    wanted = error(
        "BF117",
        "datapackage.json",
        None,
        None,
        "/benchfmt/version",
        "version '2.0' is not one of 1.x, which this program reads",
        None,
        "it is newer than this program: update benchfmt (pip install --upgrade benchfmt)",
    )
    assert validate(place).findings == [wanted]
    assert validate(edit(place, lambda data: data["benchfmt"].update(version="1.9"))).findings == []


def test_bf118_a_descriptor_that_does_not_follow_its_schema(tmp_path: Path) -> None:
    place = edit(package(tmp_path), lambda data: data.update(resources=[]))
    words = "`resources` is empty"
    assert validate(place).findings == [
        error("BF118", "datapackage.json", None, None, "/resources", words)
    ]


def test_bf118_a_descriptor_of_the_older_standard(tmp_path: Path) -> None:
    place = edit(package(tmp_path), lambda data: data.update(profile="tabular-data-package"))
    assert codes(validate(place)) == {"BF118"}


def test_bf119_a_table_that_is_not_there(tmp_path: Path) -> None:
    place = package(tmp_path)
    (place / "measurements.csv").unlink()
    wanted = error(
        "BF119",
        "datapackage.json",
        None,
        None,
        "/resources/2/path",
        "measurements.csv does not exist",
        "measurements.csv",
    )
    assert validate(place).findings == [wanted]


@pytest.mark.parametrize("name", ["systems", "records", "measurements"])
def test_bf119_what_a_table_that_is_not_there_would_hold_is_not_missed_elsewhere(
    name: str, tmp_path: Path
) -> None:
    place = package(tmp_path, records="id,suite,system_id,status\nr1,lpdnn,rpi4,ok\n")
    (place / f"{name}.csv").unlink()
    assert codes(validate(place)) == {"BF119"}


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("systems", "id,name\nrpi4,Raspberry, Pi 4\n"),
        ("records", "id,suite,system_id,status\nr1,lpdnn,rpi4,ok,\n"),
        ("measurements", MEASUREMENTS.replace("measured", "measured,")),
    ],
)
def test_bf121_what_stands_in_a_bad_row_is_not_missed_elsewhere(
    table: str, text: str, tmp_path: Path
) -> None:
    tables = {"records": "id,suite,system_id,status\nr1,lpdnn,rpi4,ok\n", table: text}
    assert codes(validate(package(tmp_path, **tables))) == {"BF121"}


def test_bf119_a_table_that_the_descriptor_does_not_name(tmp_path: Path) -> None:
    place = edit(package(tmp_path), lambda data: data["resources"].pop())
    words = (
        "the descriptor names no table 'measurements'",
        None,
        "a package has records and measurements",
    )
    assert validate(place).findings == [
        error("BF119", "datapackage.json", None, None, "/resources", *words)
    ]


def test_bf119_a_parquet_file_that_is_cut_off(tmp_path: Path) -> None:
    place = write(tmp_path / "package", flatten([RECORD]), "parquet")
    whole = (place / "measurements.parquet").read_bytes()
    (place / "measurements.parquet").write_bytes(whole[: len(whole) // 2])
    resources = [
        {"name": name, "path": f"{name}.parquet"} for name in ("systems", "records", "measurements")
    ]
    (found,) = validate(describe(place, resources)).findings
    assert (found.code, found.path) == ("BF119", "measurements.parquet")


def test_bf119_a_csv_file_that_calls_itself_parquet(tmp_path: Path) -> None:
    place = edit(package(tmp_path), lambda data: data["resources"][1].update(format="parquet"))
    (found,) = validate(place).findings
    assert (found.code, found.path) == ("BF119", "records.csv")


def test_bf121_a_row_with_a_cell_too_many_costs_only_itself(tmp_path: Path) -> None:
    place = package(tmp_path, systems="id,name\nrpi4,Raspberry Pi 4,8 GB\nrpi5,Raspberry Pi 5\n")
    words = "the row has 3 cells where the table has 2 columns"
    hint = "quote cells that hold a comma or a line break"
    assert validate(place).findings == [
        error("BF121", "systems.csv", 1, None, None, words, None, hint)
    ]


def test_rows_after_a_bad_one_keep_their_numbers(tmp_path: Path) -> None:
    rows = (
        "r1,latency,end-to-end,sample,0.0089,s\nr1,latency,end-to-end,sample,0.0089,ms,measured\n"
    )
    place = package(tmp_path, measurements=MEASUREMENTS.partition("\n")[0] + "\n" + rows)
    assert [(f.code, f.row) for f in validate(place).findings] == [("BF121", 1), ("BF203", 2)]


def test_bf501_a_file_that_was_changed(tmp_path: Path) -> None:
    hint = "the file was changed after the package was written; write the package again"
    place = package(tmp_path)
    (place / "systems.csv").write_text(SYSTEMS.replace("4", "5"), "utf-8")
    words = "the file's SHA-256 is not the one in the descriptor"
    assert validate(place).findings == [
        error("BF501", "systems.csv", None, None, None, words, None, hint)
    ]
    (place / "systems.csv").write_text(SYSTEMS + "rpi5,\n", "utf-8")
    words = f"the file has {len(SYSTEMS) + 6} bytes; the descriptor says {len(SYSTEMS)}"
    assert validate(place).findings == [
        error("BF501", "systems.csv", None, None, None, words, None, hint)
    ]


def test_bf502_a_measurement_of_no_record(tmp_path: Path) -> None:
    place = package(
        tmp_path, measurements=MEASUREMENTS + "r2,latency,inference,sample,0.0063,s,measured\n"
    )
    words = ("there is no record 'r2'", "r2", "add the record, or take the row out", "r2")
    assert validate(place).findings == [
        error("BF502", "measurements.csv", 2, "record_id", "id", *words)
    ]


def test_bf503_a_system_that_is_not_described(tmp_path: Path) -> None:
    place = package(tmp_path, records="id,suite,system_id,status\nr1,lpdnn,rpi5,ok\n")
    words = (
        "the system 'rpi5' is not described",
        "rpi5",
        "add it to the systems table",
        "r1",
    )
    assert validate(place).findings == [
        error("BF503", "records.csv", 1, "system_id", "system.id", *words)
    ]
    assert (
        validate(
            package(tmp_path, records="id,suite,system_id,status\nr1,lpdnn,rpi4,ok\n")
        ).findings
        == []
    )


def test_bf504_measurements_in_another_order_than_their_records(tmp_path: Path) -> None:
    records = RECORDS + "r2,lpdnn,ok\n"
    head, first, _ = MEASUREMENTS.split("\n")
    second = first.replace("r1", "r2")
    place = package(tmp_path, records=records, measurements=f"{head}\n{second}\n{first}\n")
    words = (
        "a measurement of r1 stands after those of later records",
        "r1",
        "order the measurements as the records",
    )
    assert validate(place).findings == [
        error("BF504", "measurements.csv", 2, "record_id", "id", *words, "r1")
    ]
    place = package(tmp_path, records=records, measurements=f"{head}\n{first}\n{second}\n")
    assert validate(place).findings == []


def test_bf507_a_record_id_that_stands_twice(tmp_path: Path) -> None:
    words = ("record r1 stands in row 1 too", "r1", "give each record an id of its own", "r1")
    place = package(tmp_path, records=RECORDS + "r1,mlperf-tiny,failed\n")
    assert [f for f in validate(place).findings if f.code == "BF507"] == [
        error("BF507", "records.csv", 2, "id", "id", *words)
    ]
    lines = tmp_path / "all.jsonl"
    lines.write_text(f"{json.dumps(RECORD)}\n" * 2, "utf-8")
    assert validate(lines).findings == [error("BF507", "all.jsonl", 2, None, "id", *words)]


def test_bf508_a_system_that_is_described_twice(tmp_path: Path) -> None:
    words = (
        "the system rpi4 is described twice",
        "rpi4",
        "keep one description, or give the other an id of its own",
    )
    place = package(tmp_path, systems=SYSTEMS + "rpi4,Raspberry Pi 4B\n")
    assert validate(place).findings == [error("BF508", "systems.csv", 2, "id", "system.id", *words)]
    other = changed({"id": "r2", "system.name": "Jetson"})
    lines = tmp_path / "all.jsonl"
    lines.write_text(f"{json.dumps(RECORD)}\n{json.dumps(other)}\n", "utf-8")
    assert [(f.code, f.row, f.field) for f in validate(lines).findings] == [
        ("BF508", 2, "system.id")
    ]


def test_bf101_a_column_that_every_row_needs(tmp_path: Path) -> None:
    place = package(tmp_path, records="id,suite\nr1,lpdnn\n")
    words = ("the column 'status' is missing", None, "every row needs it")
    assert validate(place).findings == [
        error("BF101", "records.csv", None, "status", "status", *words)
    ]


def test_bf101_a_source_without_its_path(tmp_path: Path) -> None:
    place = package(tmp_path, records="id,suite,status,source_locator\nr1,lpdnn,ok,row=1\n")
    words = ("a source has no path", None, "write the path of the primary source", "r1")
    field = "provenance.sources.0.path"
    assert validate(place).findings == [
        error("BF101", "records.csv", 1, "source_path", field, *words)
    ]


def test_bf102_a_column_that_the_standard_does_not_have(tmp_path: Path) -> None:
    place = package(tmp_path, systems="id,name,vendr\nrpi4,Raspberry Pi 4,me\n")
    words = ("the standard has no column 'vendr' in systems", None, "did you mean 'vendor'?")
    assert validate(place).findings == [error("BF102", "systems.csv", None, "vendr", None, *words)]


def test_bf202_a_prefix_that_the_descriptor_declares(tmp_path: Path) -> None:
    rows = MEASUREMENTS.replace("latency,end-to-end,sample,0.0089,s", "acme:speed,,,3,m/s")
    (found,) = validate(package(tmp_path, measurements=rows)).findings
    assert (found.code, found.column, found.value) == ("BF202", "metric", "acme:speed")
    speed = {"definition": "Speed.", "unit": "m/s", "direction": "higher"}
    declared = {"acme": {"metrics": {"speed": speed}}}
    place = edit(
        package(tmp_path, measurements=rows),
        lambda data: data["benchfmt"].update(prefixes=declared),
    )
    assert validate(place).findings == []
    speed["unit"] = "km/h"
    place = edit(
        package(tmp_path, measurements=rows),
        lambda data: data["benchfmt"].update(prefixes=declared),
    )
    assert codes(validate(place)) == {"BF203"}


# --- several faults ---


def test_a_faulty_measurement_does_not_hide_the_faults_of_others(tmp_path: Path) -> None:
    power = {"metric": "power", "value": 0, "unit": "W", "basis": "measured"}
    wrong = {"metric": "memory", "value": "much", "unit": "By", "basis": "measured"}
    record = changed(
        {"benchmark.scenario": "singlestream", "measurements.1": wrong, "measurements.2": power}
    )
    wanted = {
        ("BF103", "measurements.1.value"),
        ("BF201", "benchmark.scenario"),
        ("BF303", "measurements.2.value"),
    }
    assert {(f.code, f.field) for f in of_record(record, tmp_path)} == wanted
    for form in ("csv", "parquet"):
        record["measurements"][1]["value"] = True if form == "csv" else 1e400
        record["measurements"][1]["unit"] = "By"
        found = faults(validate(write(tmp_path / form, flatten([record]), form)))
        assert found == {
            ("BF103" if form == "csv" else "BF106", "measurements.value"),
            ("BF201", "benchmark.scenario"),
            ("BF303", "measurements.value"),
        }


def test_a_fault_of_the_record_does_not_hide_those_of_its_measurements(tmp_path: Path) -> None:
    record = changed({"configuration.batch_size": 0, "measurements.0.unit": "ms"})
    wanted = {("BF106", "configuration.batch_size"), ("BF203", "measurements.unit")}
    found = of_record(record, tmp_path)
    assert {(f.code, f.field) for f in found} == {(c, f.replace("ts.", "ts.0.")) for c, f in wanted}
    for form in ("csv", "parquet"):
        assert faults(validate(write(tmp_path / form, flatten([record]), form))) == wanted


def test_a_headline_number_at_fault_is_not_said_to_be_lacking(tmp_path: Path) -> None:
    power = {"metric": "power", "value": 5, "unit": "W", "basis": "measured"}
    record = changed({"measurements.0.value": True, "measurements.1": power})
    assert [f.code for f in of_record(record, tmp_path)] == ["BF103"]
    assert codes(validate(write(tmp_path / "package", flatten([record]), "csv"), "submission")) == {
        "BF103"
    }


def test_findings_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"r{i},lpdnn,failed\n" for i in range(2, 12))
    place = package(tmp_path, records=RECORDS + rows.replace("lpdnn", "nobody"))
    report = validate(place, limits=Limits(findings_per_code=4))
    assert [f.code for f in report.findings] == ["BF201"] * 4
    assert (report.more, report.errors, report.ok) == ({"BF201": 6}, 10, False)


def test_a_report_as_data_says_what_was_found(tmp_path: Path) -> None:
    place = package(tmp_path, systems="id,name,memory_bytes\nrpi4,Raspberry Pi 4,4\n")
    data = validate(place).to_dict()
    assert (data["ok"], data["errors"], data["warnings"], data["records"], data["not_listed"]) == (
        True,
        0,
        1,
        1,
        {},
    )
    assert data["findings"][0]["severity"] == "warning"
    assert "record" not in data["findings"][0]


def test_what_cannot_be_checked_at_all_is_an_error_of_the_call(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(SYSTEMS, "utf-8")
    for place, words in (
        ("nowhere", "does not exist"),
        ("", "holds no datapackage.json"),
        ("table.csv", "describe"),
    ):
        with pytest.raises(BenchfmtError, match=words):
            validate(tmp_path / place)
    with pytest.raises(BenchfmtError, match="there is no rule set 'all'"):
        validate(package(tmp_path), "all")


def test_every_code_is_tested() -> None:
    texts = "".join(
        path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("test_*.py")
    )
    told = {
        code
        for code in CODES
        if any(form in texts for form in (f"def test_{code.lower()}", f'"{code}"', f"'{code}'"))
    }
    by_kind = {check.code for check in personal.CHECKS}  # test_personal.py
    assert set(CODES) - told - by_kind == set()
