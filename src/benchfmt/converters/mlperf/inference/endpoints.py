"""The MLPerf Endpoints form of a result (from v6.1): `result_summary.json` with its accuracy and configuration.

Times are nanoseconds. The rates are those of the legacy window, which LoadGen would have counted, where there is one.
Source: https://github.com/mlcommons/endpoints
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from benchfmt.converters.base import Failed
from benchfmt.converters.mlperf.attribution import HELD
from benchfmt.converters.mlperf.inference.loadgen_record import possible
from benchfmt.converters.mlperf.inference.submission import (
    Names,
    Run,
    benchmark_named,
    count,
    frame,
    pruned,
    quality_item,
)
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import of_json, whole
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_inference as rules
from benchfmt.units import convert
from benchfmt.vocabulary import vocabulary

_SERIES = (
    ("latency", "latency", "query", "ns"),
    ("ttft", "ttft", "query", "ns"),
    ("tpot", "tpot", "token", "ns"),
    ("output_sequence_lengths", "output-tokens", "sample", "1"),
)
_STATISTICS = {"min": "min", "max": "max", "median": "median", "avg": "mean", "total": "sum"}
_SEEDS = {
    "scheduler_random_seed": "schedule_rng_seed",
    "dataloader_random_seed": "sample_index_rng_seed",
}
_CONFIG_BYTES = 200_000
_CONFIG_DEPTH = 50


def record(run: Run) -> dict[str, Any] | Failed:
    """Return the record of an Endpoints run as plain data."""
    path = run.unit.path
    try:
        summary = jsons.read(path, run.unit.limits, digits=True)
    except BenchfmtError as error:
        return Failed(path, str(error))
    if not isinstance(summary, dict):
        return Failed(path, f"{path.name}: an object with the results of a run is expected")
    run.read(path, file_sha256(path))
    config = _config(run)
    settings = _object(summary.get("run_config"))
    seeds = {name: str(settings[key]) for key, name in _SEEDS.items() if key in settings}
    round_id = rules.round_of(seeds) or run.unit.options.get("round")
    names = _names(run, round_id)
    data = frame(run, names, round_id, _status(summary))
    measured = _measurements(summary, names, round_id)
    data["measurements"] = [*measured, *_accuracy(run, names, round_id)] or None
    if data["status"] == "ok" and not any("value" in item for item in measured):
        data["status"] = "incomplete"
    if data["status"] == "incomplete":
        data["status_detail"] = f"state: {_text(summary.get('state', 'not said'))}"
    run.extensions |= {
        **({"seeds": seeds} if seeds else {}),
        **_settings(summary, settings, config),
        "endpoints_version": _text(summary.get("version", "")) or None,
    }
    run.extensions = {key: value for key, value in run.extensions.items() if value is not None}
    return pruned(data, run)


def _status(summary: Mapping[str, Any]) -> str:
    """Return ok for a run that its own program calls complete."""
    return (
        "ok"
        if summary.get("complete") is True and summary.get("state") in ("complete", None)
        else "incomplete"
    )


def _names(run: Run, round_id: str | None) -> Names:
    """Return benchmark and scenario by the folders; the form itself names neither."""
    known = benchmark_named(run, round_id or "v6.1")
    benchmark = known.value if known else run.place.benchmark
    scenario = rules.scenario(run.place.scenario) if run.place.scenario else None
    return Names(benchmark, scenario, scenario, None, known)


def _measurements(
    summary: Mapping[str, Any], names: Names, round_id: str | None
) -> list[dict[str, Any]]:
    completed = count(str(summary.get("n_samples_completed", "")))
    found = [item for series in _SERIES for item in _series(summary, *series, completed)]
    for key, per in (("qps", "sample"), ("tps", "token")):
        item = _number(summary.get(key), "/s", "/s")
        if item:
            found.append(
                {
                    "metric": "throughput",
                    "statistic": "mean",
                    "stage": "whole-run",
                    "per": per,
                    "basis": "measured",
                    **item,
                }
            )
    for key, stage in (
        ("legacy_loadgen_window_duration_ns", "issue-window"),
        ("duration_ns", "whole-run"),
    ):
        item = _number(summary.get(key), "ns", "s")
        if item:
            found.append(
                {
                    "metric": "duration",
                    "statistic": "single",
                    "stage": stage,
                    "basis": "measured",
                    **item,
                }
            )
    found = [item if item["unit"] == "1" else possible(item) for item in found]
    _bounds(found, names, round_id)
    official = rules.official(names.benchmark, round_id, names.scenario or "")
    # An Endpoints run has no estimate of its single stream but the mean latency, which is its result.
    statistic = "mean" if names.scenario == "single-stream" else official.statistic
    for item in found:
        here = (item["metric"], item["statistic"], item.get("stage"), item.get("per"))
        if here == (official.metric, statistic, official.stage, official.per) and "value" in item:
            item["primary"] = True
    return found


def _series(
    summary: Mapping[str, Any], name: str, metric: str, per: str, unit: str, completed: int | None
) -> Iterator[dict[str, Any]]:
    """Yield the statistics of one series of observations; the number of tokens is that of the performance run."""
    series = _object(summary.get(name))
    percentiles = _object(series.get("percentiles"))
    early = _object(series.get("early_stopping_percentiles"))
    said = [
        (statistic, series.get(key))
        for key, statistic in _STATISTICS.items()
        if key != "total" or unit == "1"
    ]
    said += [
        (f"p{_plain(level)}", value)
        for level, value in percentiles.items()
        if _plain(level) != "50"
    ]
    said += [(f"p{_plain(level)}-es", value) for level, value in early.items()]
    known = vocabulary().terms("statistic")
    for statistic, value in said:
        item = _number(value, unit, "s" if unit == "ns" else "1")
        if not item or statistic not in known:
            continue
        place = {"scope": "run:performance"} if unit == "1" else {"stage": "request"}
        if statistic == "mean" and (
            spread := _number(series.get("std_dev"), unit, "s" if unit == "ns" else "1")
        ):
            item["stddev"] = spread["value"]
        yield {
            "metric": metric,
            "statistic": statistic,
            **place,
            **({} if statistic == "sum" else {"per": per}),
            "basis": "measured",
            **item,
            **({"n": completed} if completed else {}),
        }


def _bounds(found: list[dict[str, Any]], names: Names, round_id: str | None) -> None:
    """Give the estimates that the rules bound their bounds."""
    if round_id is None or names.scenario not in ("server", "interactive"):
        return
    limits = rules.latency_limits(names.benchmark or "", round_id, names.scenario)
    for item in found:
        rule = {"ttft": limits.ttft, "tpot": limits.tpot, "latency": limits.latency}.get(
            item["metric"]
        )
        if rule is not None and item["statistic"] == "p99-es" and "value" in item:
            item["target_max"] = float(rule)


def _accuracy(run: Run, names: Names, round_id: str | None) -> Iterator[dict[str, Any]]:
    """Yield the score, those of the subsets, and the tokens of the accuracy run."""
    path = run.one("endpoints-accuracy")
    if path is None:
        run.find(
            "BF706",
            run.path,
            "no accuracy_results.json beside the performance run: the quality is not known",
            "add accuracy/accuracy_results.json",
        )
        return
    try:
        data = jsons.read(path, run.unit.limits, digits=True)
    except BenchfmtError as error:
        run.findings.append(Failed(path, str(error)))
        return
    where = run.read(path, file_sha256(path))
    scores = [
        entry for entry in _list(_object(data).get("accuracy_scores")) if isinstance(entry, dict)
    ]
    wanted = rules.qualities(names.benchmark, round_id, names.scenario) if names.benchmark else ()
    held = run.place.division in HELD or names.mapped
    if not wanted:
        run.find(
            "BF706",
            where,
            "the metric of this benchmark's score is not known: the score is left out",
            None,
        )
        return
    tokens = next((quality for quality in wanted if quality.metric == "output-tokens"), None)
    if not any(isinstance(entry.get("score"), Digits) for entry in scores):
        run.find(
            "BF706",
            where,
            "accuracy_scores has no score that is a number: the quality is not known",
            None,
        )
    for index, entry in enumerate(scores):
        at = f"/accuracy_scores/{index}"
        scope = (
            None if len(scores) == 1 else f"subset:{_slug(str(entry.get('dataset_name', index)))}"
        )
        item = quality_item(
            wanted[0],
            str(entry.get("score", "")),
            where,
            f"{at}/score",
            held=held and scope is None,
        )
        if item:
            yield {
                **item,
                **({"scope": scope} if scope else {}),
                **({"n": n} if (n := count(str(entry.get("total_samples", "")))) else {}),
            }
        for subset, value in _object(_object(entry.get("breakdown")).get("subset_scores")).items():
            part = quality_item(
                wanted[0], str(value), where, f"{at}/breakdown/subset_scores/{subset}", held=False
            )
            if part:
                yield {**part, "scope": f"subset:{_slug(subset)}"}
        average = _object(entry.get("output_sequence_lengths")).get("avg")
        if tokens and average is not None and scope is None:
            length = quality_item(
                tokens, str(average), where, f"{at}/output_sequence_lengths/avg", held=held
            )
            if length:
                yield length


def _settings(
    summary: Mapping[str, Any], settings: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return how the run was set up and how its samples fared, as far as the standard has no field for it."""
    load = _object(settings.get("load_pattern"))
    runtime = _object(_object(config.get("settings")).get("runtime"))
    samples = {
        key: number
        for key in ("n_samples_issued", "n_samples_completed", "n_samples_failed")
        if (number := whole(str(summary.get(key, "")))) is not None
    }
    found: dict[str, Any] = {
        "load_pattern": {
            _text(key): _unquoted(value) for key, value in load.items() if value is not None
        }
        or None,
        "samples": samples or None,
        "settings": {
            _text(key): _text(value)
            for key, value in runtime.items()
            if isinstance(value, str | int | float)
        }
        or None,
        "endpoints_type": _text(config["type"]) if isinstance(config.get("type"), str) else None,
        "model_params": {
            _text(key): _text(value)
            for key, value in _object(config.get("model_params")).items()
            if isinstance(value, str | int | float) and key != "tokenizer_name"
        }
        or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _unquoted(value: Any) -> Any:
    if isinstance(value, Digits):
        return of_json(value)
    return value if isinstance(value, bool) else _text(value)


def _text(value: Any) -> str:
    """Return a text that can be written: an escape such as \\ud800 is half a character."""
    return str(value).encode("utf-8", "replace").decode()


def _config(run: Run) -> Mapping[str, Any]:
    path = run.one("config.yaml")
    if path is None:
        return {}
    try:
        with path.open("rb") as file:
            read = file.read(_CONFIG_BYTES + 1)
        data = _yaml(read)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        run.findings.append(
            Failed(path, f"{path.name}: not YAML that is read: {str(error).splitlines()[0]}")
        )
        return {}
    run.read(path, file_sha256(path))
    return _object(data)


def _yaml(read: bytes) -> Any:
    """Return the data of a small YAML text; raises YAMLError or ValueError for any other.

    References (`*name`) make a gigabyte out of ten lines, and a deep text takes hours; no configuration has either.
    """
    if len(read) > _CONFIG_BYTES:
        raise ValueError(f"it has more than {_CONFIG_BYTES} bytes")
    text = read.decode("utf-8", "replace")
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(
            event, yaml.CollectionEndEvent
        )
        if isinstance(event, yaml.AliasEvent) or depth > _CONFIG_DEPTH:
            raise ValueError(f"it has references, or is nested deeper than {_CONFIG_DEPTH} levels")
    return yaml.safe_load(text)


def _number(value: Any, unit: str, target: str) -> dict[str, Any] | None:
    """Return value, unit and the source's characters of a number, or None for something else."""
    converted = convert(value, unit, target) if isinstance(value, Digits) else None
    if converted is None:
        return None
    said = {"value": converted, "unit": target, "reported_value": str(value)}
    return said if unit == "1" else {**said, "reported_unit": unit}


def _object(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


def _list(data: Any) -> list[Any]:
    return data if isinstance(data, list) else []


def _plain(level: str) -> str:
    return level.rstrip("0").rstrip(".") if "." in level else level


def _slug(text: str) -> str:
    return (
        "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in text.lower()).split())
        or "unnamed"
    )
