"""Damage to records as data, which every form can hold but for what a table of differences says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.damage.bases import Data
from tests.damage.damaging import NOT_THERE, At, Damage

DROP = object()
Change = Any
"""A value to be set, DROP, or a function of the old value."""


def field_of(
    path: str, change: Change, *, show: str | None = None
) -> Callable[[list[Data]], At | None]:
    """Return what changes a field of the first record that has the object around it."""

    def do(records: list[Data]) -> At | None:
        for number, record in enumerate(records):
            if path.startswith("system."):
                _keep_one_of_its_system(records, record)
                number = records.index(record)
            *parents, last = path.split(".")
            owner = _inside(record, parents)
            if not isinstance(owner, dict) or not _is_there(owner, last, change):
                continue
            _apply(owner, last, change)
            if not owner:
                # An empty object is another damage.
                del _inside(record, parents[:-1])[parents[-1]]
            return At(number, show or path)
        return NOT_THERE

    return do


def _keep_one_of_its_system(records: list[Data], record: Data) -> None:
    """Leave one record only of those with the same system, which is to be damaged once."""
    system = record.get("system", {}).get("id")
    records[:] = [
        item for item in records if item is record or item.get("system", {}).get("id") != system
    ]


def _inside(data: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        elif isinstance(data, dict):
            data = data.get(part)
        else:
            return None
    return data


def _is_there(owner: Data, name: str, change: Change) -> bool:
    """Whether there is something to be changed: a value may also be set where there is none."""
    return name in owner or not (change is DROP or callable(change))


def _apply(owner: Data, name: str, change: Change) -> None:
    if change is DROP:
        del owner[name]
    elif callable(change):
        owner[name] = change(owner[name])
    else:
        owner[name] = change


def measured(
    at: str, change: Change, *, rest: Data | None = None, show: str | None = None, **like: Any
) -> Callable[[list[Data]], At | None]:
    """Return what changes a member of the first measurement that is like some members; `rest` is set beside it.

    A member that is to be like `...` only has to be there, one like `None` must not be; a function says of others.
    """

    def do(records: list[Data]) -> At | None:
        for number, place, measurement in _all_measurements(records):
            if not _is_like(measurement, like) or not _is_there(measurement, at, change):
                continue
            for name, value in (rest or {}).items():
                _apply(measurement, name, value)
            _apply(measurement, at, change)
            return At(number, show or at, place)
        return NOT_THERE

    return do


def _all_measurements(records: list[Data]) -> Iterator[tuple[int, int, Data]]:
    for number, record in enumerate(records):
        for place, measurement in enumerate(record.get("measurements", [])):
            yield number, place, measurement


def _is_like(measurement: Data, like: Data) -> bool:
    for name, wanted in like.items():
        value = measurement.get(name)
        if callable(wanted):
            if not wanted(value):
                return False
        elif wanted is ...:
            if value is None:
                return False
        elif value != wanted:
            return False
    return True


def _has_units(metric: str) -> bool:
    """Whether a metric is measured in units of UCUM, as all are but money."""
    return metric != "cost"


def _times(factor: float) -> Callable[[float], float]:
    return lambda value: value * factor


def _stage_in_milliseconds(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        items = record.get("measurements", [])
        stages = [item.get("stage") for item in items if item["metric"] == "latency"]
        if stages.count("inference") == 1 and items[0].get("stage") == "end-to-end":
            place = next(i for i, item in enumerate(items) if item.get("stage") == "inference")
            if "value" in items[place] and "reported_value" not in items[place]:
                items[place]["value"] *= 1000
                return At(number, "value", 0)
    return NOT_THERE


def _rate_not_of_latency(records: list[Data]) -> At | None:
    """Change a rate that stands beside the latency of the same stage, where one sample runs at a time."""
    same = ("stage", "per", "scope")
    for number, record in enumerate(records):
        is_single = record["benchmark"].get("scenario") == "single-stream"
        if not is_single or record.get("configuration", {}).get("batch_size", 1) != 1:
            continue
        items = record.get("measurements", [])
        times = []
        for item in items:
            if item["metric"] == "latency" and "value" in item and "statistic" not in item:
                times.append([item.get(name) for name in same])
        for place, item in enumerate(items):
            is_rate = item["metric"] == "throughput" and "statistic" not in item
            beside = [item.get("stage", "end-to-end"), item.get("per"), item.get("scope")]
            if is_rate and "value" in item and "reported_value" not in item and beside in times:
                item["value"] *= 10
                return At(number, "value", place)
    return NOT_THERE


def _value_outside_samples(records: list[Data]) -> At | None:
    """Change a value beside its samples, where no minimum or maximum stands beside it as well."""
    for number, place, item in _all_measurements(records):
        beside = records[number]["measurements"]
        ends = [other for other in beside if other.get("statistic") in ("min", "max")]
        if any(other["metric"] == item["metric"] for other in ends):
            continue
        is_free = "samples" in item and "value" in item and "reported_value" not in item
        if is_free and item["unit"] != "1":
            item["value"] *= 3
            return At(number, "value", place)
    return NOT_THERE


def _size_in_megabytes(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        if record.get("model", {}).get("parameters", 0) > 100_000:
            record["model"]["size_bytes"] = 102
            return At(number, "model.size_bytes")
    return NOT_THERE


def _device_not_there(records: list[Data]) -> At | None:
    """Place a run on a kind of device that its system, of which all accelerators are known, does not have."""
    for number, record in enumerate(records):
        accelerators = record.get("system", {}).get("accelerator", [])
        if isinstance(accelerators, dict):
            accelerators = [accelerators]
        kinds = {item.get("kind") for item in accelerators}
        if kinds and not kinds & {None, "accelerator", "npu", "dla", "dsp"}:
            record.setdefault("configuration", {})["placement"] = ["npu"]
            return At(number, "configuration.placement")
    return NOT_THERE


def _mean_above_maximum(records: list[Data]) -> At | None:
    """Change a mean of power that stands beside its maximum."""
    for number, place, item in _all_measurements(records):
        key = ("power", item.get("stage"), item.get("scope"))
        beside = [
            (other["metric"], other.get("stage"), other.get("scope"))
            for other in records[number]["measurements"]
            if other.get("statistic") == "max" and "value" in other
        ]
        is_mean = item["metric"] == "power" and item.get("statistic") == "mean"
        if is_mean and key in beside and "value" in item and "reported_value" not in item:
            item["value"] *= 10
            return At(number, "value", place)
    return NOT_THERE


def _peak_too_low(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        items = record.get("measurements", [])
        for place, item in enumerate(items):
            if item["metric"] == "power" and item.get("statistic") == "max" and "value" in item:
                item["value"] /= 1.4
                return At(number, "value", place)
    return NOT_THERE


def _said_twice(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        items = record.get("measurements", [])
        for place, item in enumerate(items):
            if "value" in item and not item.get("primary"):
                items.insert(place + 1, dict(item))
                return At(number, "metric", place + 1)
    return NOT_THERE


def _two_primary(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        items = record.get("measurements", [])
        if len(items) > 1 and items[0].get("primary") and "value" in items[1]:
            items[1]["primary"] = True
            return At(number, "primary", 1)
    return NOT_THERE


def _out_of_key_order(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        items = record.get("measurements", [])
        if len(items) > 3 and items[0].get("primary"):
            items[1], items[2] = items[2], items[1]
            return At(number, "metric", 2)
    return NOT_THERE


def _id_twice(records: list[Data]) -> At | None:
    if len(records) < 2:
        return NOT_THERE
    records[1]["id"] = records[0]["id"]
    return At(1, "id")


def _system_twice(records: list[Data]) -> At | None:
    if len(records) < 2 or "system" not in records[0] or "system" not in records[1]:
        return NOT_THERE
    for record in records[:2]:
        record["system"]["id"] = "one-for-two"
    if records[0]["system"] == records[1]["system"]:
        records[1]["system"]["name"] = "Another box"
    del records[2:]
    return At(1, "system.id", system=2)


def _no_value_left(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        if record["status"] != "ok":
            continue
        record["measurements"] = [{"metric": "latency", "missing": "not-reported"}]
        return At(number, "status")
    return NOT_THERE


def _failed_with_headline(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        items = record.get("measurements", [])
        if record["status"] == "ok" and items and items[0].get("primary") and "value" in items[0]:
            record["status"] = "failed"
            return At(number, "value", 0)
    return NOT_THERE


def _without_primary(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        for item in record.get("measurements", []):
            if record["status"] == "ok" and item.pop("primary", False):
                return At(number, "")
    return NOT_THERE


def _wrong_generated_id(records: list[Data]) -> At | None:
    for number, record in enumerate(records):
        if record.get("provenance", {}).get("sources"):
            record["id"] = "bf1-" + "a" * 26
            return At(number, "id")
    return NOT_THERE


def of_records(
    about: str, name: str, code: str, do: Callable[[list[Data]], At | None], **options: Any
) -> Damage:
    """Return damage to records."""
    return Damage(name, about, code, "records", do, **options)


EMPTY_CELL = dict.fromkeys(("csv", "parquet", "zip"), "")
UNTYPED = {"csv": "", "zip": ""}
EMPTY_TEXT = {"csv": "", "zip": ""}
LATENCY = {"metric": "latency", "value": ...}
VALUE = {"value": ...}


def _structure() -> Iterator[Damage]:
    def damage(name: str, code: str, do: Any, **options: Any) -> Damage:
        return of_records("structure", name, code, do, **options)

    yield damage("status-missing", "BF101", field_of("status", DROP))
    yield damage("suite-missing", "BF101", field_of("benchmark.suite", DROP))
    yield damage("metric-missing", "BF101", measured("metric", DROP, **VALUE))
    yield damage("field-unknown", "BF102", field_of("colour", "red"))
    yield damage("field-misspelt", "BF102", field_of("benchmark.scenarioo", "offline"))
    yield damage("member-misspelt", "BF102", measured("statistik", "mean", **VALUE))
    yield damage("member-in-wrong-case", "BF102", measured("Scope", "wall", **VALUE))
    yield damage("processor-field-unknown", "BF102", field_of("system.processor.speed", 3))
    yield damage("value-is-text", "BF103", measured("value", "fast", **VALUE))
    yield damage("value-with-unit", "BF103", measured("value", "12 ms", **VALUE))
    yield damage("value-with-comma", "BF103", measured("value", "0,012", **VALUE))
    yield damage("value-with-blank", "BF103", measured("value", " 0.5", **VALUE))
    yield damage("value-is-true", "BF103", measured("value", change=True, **VALUE))
    yield damage(
        "value-is-list",
        "BF103",
        measured("value", [1, 2], **VALUE),
        only=("json", "jsonl", "csv", "zip"),
    )
    yield damage(
        "value-is-digits-as-text",
        "BF103",
        measured("value", "0.012", value=0.012, reported_value=None),
        instead=UNTYPED,
        only=("json", "jsonl", "csv", "zip"),
    )
    yield damage("primary-is-word", "BF103", measured("primary", "yes", primary=True))
    yield damage(
        "primary-is-number",
        "BF103",
        measured("primary", 1, primary=True),
        only=("json", "jsonl", "csv", "zip"),
    )
    yield damage("batch-size-is-fraction", "BF103", field_of("configuration.batch_size", 1.5))
    yield damage("threads-is-word", "BF103", field_of("configuration.threads", "many"))
    yield damage("nodes-is-word", "BF103", field_of("system.nodes", "one"))
    yield damage("n-is-fraction", "BF103", measured("n", 10.5, **VALUE))
    yield damage("caveats-is-text", "BF103", measured("caveats", "unstable", **VALUE))
    yield damage("samples-is-text", "BF103", measured("samples", "0.1;0.2", **VALUE))
    yield damage(
        "sample-is-text", "BF103", measured("samples", [0.1, "0.2"], show="samples.1", **VALUE)
    )
    yield damage("ci-is-text", "BF103", measured("ci", "0.1-0.2", **VALUE))
    yield damage("hyperparameters-is-list", "BF103", field_of("configuration.hyperparameters", [1]))
    yield damage("placement-is-text", "BF103", field_of("configuration.placement", "gpu"))
    yield damage("input-shape-is-text", "BF103", field_of("configuration.input_shape", "3x224x224"))
    yield damage(
        "measurements-is-object",
        "BF103",
        field_of("measurements", {"a": 1}),
        only=("json", "jsonl"),
    )
    yield damage(
        "benchmark-is-text", "BF103", field_of("benchmark", "lpdnn"), only=("json", "jsonl")
    )
    yield damage("model-is-text", "BF103", field_of("model", "resnet"), only=("json", "jsonl"))
    yield damage("status-capital", "BF104", field_of("status", "OK"))
    yield damage("status-unknown", "BF104", field_of("status", "passed"))
    yield damage("status-with-blank", "BF104", field_of("status", "ok "))
    yield damage("basis-unknown", "BF104", measured("basis", "guessed", **VALUE))
    yield damage("basis-capital", "BF104", measured("basis", "Measured", **VALUE))
    yield damage("missing-unknown", "BF104", measured("missing", "n/a", missing=...))
    yield damage(
        "caveat-unknown", "BF104", measured("caveats", ["unstabel"], show="caveats.0", **VALUE)
    )
    yield damage("metric-capital", "BF105", measured("metric", str.capitalize, **VALUE))
    yield damage(
        "metric-with-blank-before", "BF105", measured("metric", lambda text: f" {text}", **VALUE)
    )
    yield damage(
        "metric-with-blank-after", "BF105", measured("metric", lambda text: f"{text} ", **VALUE)
    )
    yield damage(
        "metric-with-line-break", "BF105", measured("metric", lambda text: f"{text}\n", **VALUE)
    )
    yield damage("metric-with-underscore", "BF105", measured("metric", "word_accuracy", **VALUE))
    yield damage("unit-with-blank", "BF105", measured("unit", lambda text: f"{text} x", **VALUE))
    yield damage("suite-with-spaces", "BF105", field_of("benchmark.suite", "MLPerf Inference"))
    yield damage("id-with-line-break", "BF105", field_of("id", lambda text: f"{text}\nx"))
    yield damage("id-with-control-character", "BF105", field_of("id", lambda text: f"{text}\x07"))
    yield damage(
        "system-id-with-line-break", "BF105", field_of("system.id", lambda text: f"{text}\nx")
    )
    yield damage("name-with-control-character", "BF105", field_of("system.name", "Box\x1b[31m"))
    yield damage("submitter-with-line-break", "BF105", field_of("provenance.submitter", "A\nB"))
    yield damage("date-in-local-order", "BF105", field_of("provenance.measured_at", "12.05.2024"))
    yield damage("date-in-words", "BF105", field_of("provenance.measured_at", "yesterday"))
    yield damage("date-in-month-13", "BF105", field_of("provenance.measured_at", "2024-13-05"))
    yield damage("sha-short", "BF105", field_of("provenance.sources.0.sha256", "abc123"))
    yield damage("sha-capitals", "BF105", field_of("provenance.sources.0.sha256", "A" * 64))
    yield damage("dataset-sha-short", "BF105", field_of("dataset.sha256", "abc123"))
    yield damage(
        "placement-with-space",
        "BF105",
        field_of("configuration.placement", ["gpu 1"], show="configuration.placement.0"),
    )
    yield damage("n-zero", "BF106", measured("n", 0, **VALUE))
    yield damage("batch-size-zero", "BF106", field_of("configuration.batch_size", 0))
    yield damage("batch-size-negative", "BF106", field_of("configuration.batch_size", -1))
    yield damage("threads-zero", "BF106", field_of("configuration.threads", 0))
    yield damage("stddev-negative", "BF106", measured("stddev", -0.1, **VALUE))
    yield damage("memory-negative", "BF106", field_of("system.memory_bytes", -1))
    yield damage("nodes-zero", "BF106", field_of("system.nodes", 0))
    yield damage("clock-zero", "BF106", field_of("system.processor.clock_hz", 0))
    yield damage("parameters-unsafe", "BF106", field_of("model.parameters", 2**60))
    yield damage(
        "shape-zero",
        "BF106",
        field_of("configuration.input_shape", [3, 0], show="configuration.input_shape.1"),
    )
    yield damage(
        "status-null",
        "BF107",
        field_of("status", None),
        instead=dict.fromkeys(EMPTY_CELL, "BF101"),
    )
    yield damage(
        "value-null",
        "BF107",
        measured("value", None, **VALUE),
        instead=dict.fromkeys(EMPTY_CELL, "BF108"),
    )
    yield damage("version-null", "BF107", field_of("model.version", None), instead=EMPTY_CELL)
    yield damage("text-empty", "BF107", field_of("model.version", ""), instead=EMPTY_TEXT)
    yield damage("task-empty", "BF107", field_of("task", ""), instead=EMPTY_TEXT)
    yield damage(
        "status-empty", "BF107", field_of("status", ""), instead={"csv": "BF101", "zip": "BF101"}
    )
    yield damage(
        "metric-empty",
        "BF107",
        measured("metric", "", **VALUE),
        instead={"csv": "BF101", "zip": "BF101"},
    )
    yield damage(
        "unit-empty",
        "BF107",
        measured("unit", "", **VALUE),
        instead={"csv": "BF109", "zip": "BF109"},
    )
    yield damage("model-empty", "BF107", field_of("model", {}), only=("json", "jsonl"))
    yield damage("samples-empty", "BF107", measured("samples", [], **VALUE))
    yield damage("caveats-empty", "BF107", measured("caveats", [], **VALUE))
    yield damage("inputs-empty", "BF107", field_of("inputs", []))
    yield damage("placement-empty", "BF107", field_of("configuration.placement", []))
    yield damage(
        "sources-empty", "BF107", field_of("provenance.sources", []), only=("json", "jsonl")
    )
    yield damage(
        "extension-null",
        "BF107",
        field_of("extensions", {"example": {"a": None}}, show="extensions.example"),
    )
    yield damage(
        "hyperparameter-null",
        "BF107",
        field_of(
            "configuration.hyperparameters", {"a": None}, show="configuration.hyperparameters.a"
        ),
    )
    yield damage("value-and-missing", "BF108", measured("missing", "not-measured", **VALUE))
    yield damage(
        "value-and-no-reason",
        "BF108",
        measured("value", DROP, show="value", metric="energy", value=...),
    )
    yield damage(
        "missing-without-reason", "BF108", measured("missing", DROP, show="value", missing=...)
    )
    yield damage("unit-missing", "BF109", measured("unit", DROP, **VALUE))
    yield damage("basis-missing", "BF109", measured("basis", DROP, **VALUE))
    yield damage("no-value-at-all", "BF112", _no_value_left)
    yield damage("version-newer", "BF117", field_of("benchfmt", "2.0"), only=("json", "jsonl"))
    yield damage("version-number", "BF117", field_of("benchfmt", 1.0), only=("json", "jsonl"))
    yield damage("version-missing", "BF101", field_of("benchfmt", DROP), only=("json", "jsonl"))
    yield damage("ci-of-two-numbers", "BF120", measured("ci", [0.1, 0.2], **VALUE))
    yield damage("ci-of-four-numbers", "BF120", measured("ci", [0.1, 0.2, 0.95, 1], **VALUE))


def _vocabulary() -> Iterator[Damage]:
    def damage(name: str, code: str, do: Any, **options: Any) -> Damage:
        return of_records("vocabulary", name, code, do, **options)

    yield damage(
        "metric-misspelt", "BF201", measured("metric", "latancy", metric="latency", **VALUE)
    )
    yield damage("metric-unknown", "BF201", measured("metric", "speed", **VALUE))
    yield damage("metric-is-alias", "BF201", measured("metric", "top-1-acc", metric="accuracy"))
    yield damage("statistic-misspelt", "BF201", measured("statistic", "avrage", **VALUE))
    yield damage("statistic-p50", "BF201", measured("statistic", "p50", **VALUE))
    yield damage("stage-misspelt", "BF201", measured("stage", "inferense", **LATENCY))
    yield damage("per-misspelt", "BF201", measured("per", "sampel", **LATENCY, per=...))
    yield damage("scope-misspelt", "BF201", measured("scope", "wal", scope=..., **VALUE))
    yield damage(
        "suite-misspelt", "BF201", field_of("benchmark.suite", lambda text: f"{text[:-1]}x")
    )
    yield damage("scenario-misspelt", "BF201", field_of("benchmark.scenario", "ofline"))
    yield damage("division-misspelt", "BF201", field_of("benchmark.division", "clozed"))
    yield damage("category-misspelt", "BF201", field_of("benchmark.category", "availible"))
    yield damage("phase-misspelt", "BF201", field_of("benchmark.phase", "inferencing"))
    yield damage("verification-misspelt", "BF201", field_of("benchmark.verification", "verifyed"))
    yield damage("task-misspelt", "BF201", field_of("task", "image-clasification"))
    yield damage("engine-misspelt", "BF201", field_of("software.engine", "tensort"))
    yield damage("precision-misspelt", "BF201", field_of("configuration.precision", "pf16"))
    yield damage("system-kind-misspelt", "BF201", field_of("system.kind", "servr"))
    yield damage(
        "architecture-misspelt", "BF201", field_of("system.processor.architecture", "x86-65")
    )
    yield damage("scope-of-statistic", "BF201", measured("statistic", "wall", **VALUE))
    yield damage("statistic-of-scenario", "BF201", field_of("benchmark.scenario", "p90"))
    yield damage("stage-of-per", "BF201", measured("per", "inference", **LATENCY))
    yield damage("task-of-metric", "BF201", measured("metric", "image-classification", **VALUE))
    yield damage("prefix-undeclared", "BF202", measured("metric", "acme:speed", **VALUE))
    yield damage("suite-prefix-undeclared", "BF202", field_of("benchmark.suite", "acme:bench"))
    yield damage("unit-of-other-size", "BF203", measured("unit", "ms", unit="s", **VALUE))
    yield damage("unit-of-other-quantity", "BF203", measured("unit", "W", unit="s", **VALUE))
    yield damage("unit-percent", "BF203", measured("unit", "%", metric="accuracy", **VALUE))
    yield damage("unit-kilowatt", "BF203", measured("unit", "kW", metric="power", **VALUE))
    yield damage("unit-in-words", "BF204", measured("unit", "seconds", unit="s", **VALUE))
    yield damage("unit-sec", "BF204", measured("unit", "sec", unit="s", **VALUE))
    yield damage("unit-unknown", "BF204", measured("unit", "furlongs", metric=_has_units, **VALUE))
    yield damage(
        "unit-samples", "BF204", measured("unit", "samples/s", metric="throughput", **VALUE)
    )
    yield damage("per-not-allowed", "BF205", measured("per", "epoch", **LATENCY))
    yield damage("model-by-other-name", "BF206", field_of("model.name", "ResNet-50"))
    yield damage(
        "reported-unit-unknown",
        "BF207",
        measured(
            "reported_unit", "glops", rest={"reported_value": "1"}, value=..., reported_unit=...
        ),
    )
    yield damage(
        "reported-unit-of-other-quantity",
        "BF207",
        measured("reported_unit", "W", unit="s", value=..., reported_unit=...),
    )


def _values() -> Iterator[Damage]:
    def damage(name: str, code: str, do: Any, **options: Any) -> Damage:
        return of_records("values", name, code, do, **options)

    yield damage(
        "percent-for-fraction", "BF301", measured("value", 76.1, metric="accuracy", value=...)
    )
    yield damage("rate-negative", "BF302", measured("value", -50, metric="throughput", value=...))
    yield damage("latency-negative", "BF302", measured("value", -1, metric="latency", value=...))
    yield damage(
        "accuracy-negative", "BF302", measured("value", -0.5, metric="accuracy", value=...)
    )
    yield damage("rate-zero", "BF303", measured("value", 0, metric="throughput", value=...))
    yield damage("power-zero", "BF303", measured("value", 0, metric="power", value=...))
    yield damage(
        "temperature-of-broken-sensor",
        "BF304",
        measured("value", 850, metric="temperature", value=...),
    )
    yield damage(
        "temperature-below-zero", "BF302", measured("value", -300, metric="temperature", value=...)
    )
    yield damage("clock-in-gigahertz", "BF305", field_of("system.processor.clock_hz", 2.4))
    yield damage("memory-in-gigabytes", "BF305", field_of("system.memory_bytes", 32))
    yield damage("date-of-unset-clock", "BF306", field_of("provenance.measured_at", "1970-01-01"))
    yield damage(
        "milliseconds-for-seconds",
        "BF405",
        measured("value", _times(1000), metric="latency", reported_value=..., reported_unit="ms"),
    )
    yield damage("stage-in-milliseconds", "BF401", _stage_in_milliseconds)
    yield damage("rate-not-of-latency", "BF402", _rate_not_of_latency)
    yield damage("mean-above-maximum", "BF403", _mean_above_maximum)
    yield damage("maximum-below-mean-and-median", "BF403", _peak_too_low)
    yield damage(
        "minimum-above-mean",
        "BF403",
        measured("value", _times(1.6), metric="power", statistic="min", value=...),
    )
    yield damage(
        "percentiles-swapped",
        "BF404",
        measured(
            "value",
            _times(0.5),
            metric="latency",
            statistic="p99",
            value=...,
            reported_value=None,
        ),
    )
    yield damage(
        "reported-value-other",
        "BF405",
        measured(
            "reported_value",
            "123456",
            reported_value=...,
            reported_unit=...,
            value=...,
            show="value",
        ),
    )
    yield damage("n-not-of-samples", "BF406", measured("n", 7, samples=..., n=...))
    yield damage("ci-beside-value", "BF407", measured("ci", [1.5, 2.5, 0.95], ci=..., value=...))
    yield damage(
        "ci-reversed", "BF407", measured("ci", lambda ci: [ci[1], ci[0], ci[2]], ci=..., value=...)
    )
    yield damage("value-outside-samples", "BF408", _value_outside_samples)
    yield damage(
        "target-reversed",
        "BF409",
        measured("target_max", 0.1, show="target_min", target_min=..., target_max=...),
    )
    yield damage("failed-with-headline", "BF412", _failed_with_headline)
    yield damage("size-in-megabytes", "BF413", _size_in_megabytes)
    yield damage("device-not-there", "BF414", _device_not_there)


def _relations() -> Iterator[Damage]:
    def damage(name: str, code: str, do: Any, **options: Any) -> Damage:
        return of_records("relations", name, code, do, **options)

    yield damage("key-twice", "BF410", _said_twice)
    yield damage("two-primary", "BF411", _two_primary)
    yield damage("id-twice", "BF507", _id_twice)
    yield damage("system-twice", "BF508", _system_twice)
    yield damage("out-of-key-order", "BF509", _out_of_key_order)
    yield damage("generated-id-wrong", "BF506", _wrong_generated_id)
    yield damage(
        "source-path-absolute", "BF505", field_of("provenance.sources.0.path", "/home/me/a.csv")
    )
    yield damage(
        "source-path-of-windows", "BF505", field_of("provenance.sources.0.path", "C:\\runs\\a.csv")
    )
    yield damage("source-path-outside", "BF505", field_of("provenance.sources.0.path", "../a.csv"))
    yield damage("source-without-path", "BF101", field_of("provenance.sources.0.path", DROP))


def _policy() -> Iterator[Damage]:
    def damage(name: str, code: str, path: str, **options: Any) -> Damage:
        do = field_of(path, DROP)
        return of_records("policy", name, code, do, rules="submission", **options)

    yield damage("licence-missing", "BF511", "provenance.license")
    yield damage("submitter-missing", "BF512", "provenance.submitter")
    yield damage("time-missing", "BF513", "provenance.measured_at")
    yield damage("source-hash-missing", "BF514", "provenance.sources.0.sha256")
    yield damage("task-missing", "BF516", "task")
    yield damage("model-name-missing", "BF517", "model.name")
    yield damage("engine-missing", "BF518", "software.engine")
    yield of_records("policy", "primary-missing", "BF519", _without_primary, rules="submission")


KINDS = (*_structure(), *_vocabulary(), *_values(), *_relations(), *_policy())
