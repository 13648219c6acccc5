"""MLPerf Endpoints 1.0: points of a curve, one folder `r<concurrency>` each with `point.yaml` and `result_summary.json`.

The power of a system is declared, never measured. See docs/converters/mlperf-endpoints.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import Draft, DraftError, Key, derived, measured
from benchfmt.converters.mlperf.systems import accelerator_kind
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import exact
from benchfmt.readers.files import file_sha256
from benchfmt.readers.objects import Fields, ObjectError, read_json, read_yaml
from benchfmt.units import convert
from benchfmt.vocabulary import vocabulary

NAME = "mlperf-endpoints"
VERSION = "1.0"
SUITE = "mlperf-endpoints"

SUMMARY = "result_summary.json"
POINT = "point.yaml"
SYSTEM = "system_desc.json"
ACCURACY = "accuracy_results.json"
CONFIGURATION = "config.yaml"
POWER = "system_power.json"
_FOLDER = re.compile(r"r[0-9]+")
_RESULTS = "results"
_DEPTH = 3
"""Folders between `results` and a summary: the system, the model and the point."""

AGENTIC = "agentic_inference"
_SECOND = 10**9
_SERIES: tuple[tuple[str, str, Key], ...] = (
    ("ttft", "ttft", Key(stage="request", per="query")),
    ("tpot", "tpot", Key(stage="decode", per="token")),
    ("latency", "latency", Key(stage="request", per="query")),
)
_STATISTICS = {"avg": "mean", "median": "median", "min": "min", "max": "max"}
_DRIFTING = "drifting"
_OVERHEAD = {"air": Fraction(1, 2), "liquid": Fraction(3, 10)}
"""What cooling adds to the power of the components, by the suite's rules."""
_SHORTEST = ((32, 600), (None, 1200))
"""The least seconds of a window, by concurrency."""
_SHORTEST_AGENTIC = 2400
_TOLERANCE = Fraction(1, 100)

_PERCENT = "%"
_QUALITY = {
    "exact_match": ("exact-match", _PERCENT),
    "rouge1": ("rouge-1", _PERCENT),
    "rouge2": ("rouge-2", _PERCENT),
    "rougel": ("rouge-l", _PERCENT),
    "rougelsum": ("rouge-lsum", _PERCENT),
    "gen_len": ("generated-length", "1"),
}
_ONLY_METRIC = {"gpt-oss-120b": "exact_match", "deepseek-r1": "exact_match"}
"""What a score without a name is, where the model has one metric only."""
_LEAST = Fraction(99, 100)
_TARGETS = {
    ("gpt-oss-120b", "exact-match"): _LEAST * Fraction("0.8313"),
    ("deepseek-r1", "exact-match"): _LEAST * Fraction("0.813582"),
    ("llama3_1-8b", "rouge-1"): _LEAST * Fraction("0.387792"),
    ("llama3_1-8b", "rouge-2"): _LEAST * Fraction("0.159075"),
    ("llama3_1-8b", "rouge-l"): _LEAST * Fraction("0.244957"),
}
_LENGTH_HELD = ("llama3_1-8b", "generated-length")
_LENGTH_LIMITS = (7350879.6, 8984408.4)
"""8167644 characters, 10 % more or less."""
_PARALLELISM = ("tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel")
_AVAILABILITY = ("system_availability_status", "publication_status", "availability_status")


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of one point, those that are absent without fields."""

    summary: Fields
    point: Fields
    system: Fields
    accuracy: Fields
    power: Fields
    accuracy_path: str | None = None
    power_path: str | None = None

    @property
    def model(self) -> str | None:
        """The model's name; `point.yaml` wins over the description of the system."""
        return self.point.text("model_name") or self.system.text("model_name")

    @property
    def is_agentic(self) -> bool:
        """Whether the load is one of agents."""
        return self.point.part("runtime_settings").text("load_pattern") == AGENTIC

    @property
    def is_dedicated(self) -> bool:
        """Whether it is a run of its own for the offline scenario."""
        return self.point.text("offline") == "dedicated"


# --- which files ---


PATTERNS = (Pattern((SUMMARY,)),)


def detect(source: Source) -> Match | None:
    """Say how many points of a curve a source holds, or None."""
    paths = list(_points(source))
    if not paths:
        return None
    return Match(
        0.95, f"{len(paths)} points of MLPerf Endpoints, first {source.relative(paths[0])}"
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each point."""
    for path in _points(source):
        beside = [path.with_name(name) for name in (POINT, CONFIGURATION, SYSTEM, ACCURACY)]
        beside.append(path.parent.parent.parent / POWER)
        there = tuple(item for item in beside if item.is_file() and not item.is_symlink())
        yield Unit(path, there, options, None, source.limits)


def lacks(path: Path) -> str | None:
    """Say what a result of an endpoint lacks to be a point of 1.0, or None."""
    if path.name == "results_summary.json" and path.parent.name.startswith("point_"):
        return "is a point of MLPerf Endpoints v0.7, whose tokens per second of a user are another number; 1.0 is read"
    if path.name == SUMMARY and _FOLDER.fullmatch(path.parent.name):
        return f"looks like a point of MLPerf Endpoints, but no {POINT} lies beside it"
    return None


def _points(source: Source) -> Iterator[Path]:
    """Yield the summaries with a `point.yaml` beside them: MLPerf Inference has files of the same name."""
    for path in source.with_suffix(".json"):
        if path.name != SUMMARY or not path.with_name(POINT).is_file():
            continue
        if _FOLDER.fullmatch(path.absolute().parent.name):
            yield path


# --- one point ---


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one point."""
    draft = Draft(NAME, VERSION, suite=SUITE, phase="inference", task="text-generation")
    try:
        files = _read_files(draft, unit)
        _describe(draft, files)
        _add_place(draft, unit.path)
        _add_rates(draft, files)
        _add_series(draft, files)
        _add_tokens(draft, files)
        _add_accuracy(draft, files)
        _add_power(draft, files)
        _add_doubts(draft, files)
    except (BenchfmtError, DraftError) as error:
        yield Failed(unit.path, str(error))
        return
    yield from draft.items(unit.path)


def _read_files(draft: Draft, unit: Unit) -> _Files:
    fields: dict[str, Fields] = {}
    paths: dict[str, str] = {}
    for path in (unit.path, *unit.supporting):
        is_yaml = path.suffix == ".yaml"
        fields[path.name] = read_yaml(path) if is_yaml else read_json(path, unit.limits)
        paths[path.name] = _path_in_submission(path)
        draft.source(paths[path.name], file_sha256(path))
    empty = Fields({})
    return _Files(
        fields[SUMMARY],
        fields.get(POINT, empty),
        fields.get(SYSTEM, empty),
        fields.get(ACCURACY, empty),
        fields.get(POWER, empty),
        paths.get(ACCURACY),
        paths.get(POWER),
    )


def _path_in_submission(path: Path) -> str:
    """Return the path from the folder `results` of a submission, else from the folder of the point."""
    parts = path.absolute().parts
    if path.name == POWER:
        return "/".join(parts[-_DEPTH:])
    if len(parts) > _DEPTH + 1 and parts[-_DEPTH - 2] == _RESULTS:
        return "/".join(parts[-_DEPTH - 2 :])
    return "/".join(parts[-2:])


def _add_place(draft: Draft, path: Path) -> None:
    """Say whose submission a point is of, by its folders: `<organisation>/<submission>/results/<system>/<model>/r<N>`."""
    parts = path.absolute().parts[:-1]
    if len(parts) > _DEPTH + 3 and parts[-_DEPTH - 1] == _RESULTS:
        organisation, submission = parts[-_DEPTH - 3], parts[-_DEPTH - 2]
        draft.provenance(execution="/".join((organisation, submission, *parts[-_DEPTH:])))
        draft.keep("submission", submission)


def _describe(draft: Draft, files: _Files) -> None:
    point, system = files.point, files.system
    division = point.text("division") or system.text("division")
    draft.benchmark(
        suite_version=point.text("target_cohort"),
        name=files.model,
        division=vocabulary().match("division", (division or "").lower(), SUITE),
        category=_availability(system),
        system_type=system.term("system_category", "system-type", SUITE),
        scenario="offline" if files.is_dedicated else "closed-loop",
    )
    draft.model(name=files.model)
    draft.configuration(precision=point.term("model_precision", "precision", SUITE))
    settings: dict[str, Any] = {"concurrency": point.count("concurrency")}
    settings |= {name: system.count(name) for name in _PARALLELISM}
    settings["batch"] = system.part("config_summary").count("batch")
    settings["speculative_decoding"] = point.text("speculative_decoding")
    draft.hyperparameters({name: value for name, value in settings.items() if value is not None})
    draft.provenance(submitter=system.text("submitter_org_names"))
    _add_system(draft, system)
    steady = point.part("steady_state")
    draft.keep("official_basis", "window" if _is_windowable(steady) else "whole-run")
    draft.keep_all(point.only("region", "offline", "seed_set", "dataset", "dataset_type"))
    draft.keep_all(point.only("steady_state", "runtime_settings", "warmup"))
    draft.keep_all(files.summary.only("version", "git_sha", "finish_reason_counts"))
    draft.keep_all(
        files.summary.only("n_samples_issued", "n_samples_completed", "n_samples_failed")
    )
    draft.keep("input_sequence_lengths", files.summary.part("input_sequence_lengths").only("avg"))
    draft.keep_all(system.only("serving_framework", "max_supported_concurrency", "tps_utilization"))
    if draft.status == "ok" and not _is_complete(files.summary):
        draft.fail("incomplete", f"state: {files.summary.word('state')}")


def _is_complete(summary: Fields) -> bool:
    return summary.text("state") == "complete" and summary.flag("complete") is not False


def _is_windowable(steady: Fields) -> bool:
    return steady.text("status") == "windowable"


def _availability(system: Fields) -> str | None:
    for name in _AVAILABILITY:
        word = system.text(name)
        if word:
            return vocabulary().match("category", word, SUITE)
    return None


def _add_system(draft: Draft, system: Fields) -> None:
    """Add the hardware: of a system of one type of nodes only, as the counts are those of a node."""
    draft.system(name=system.text("system_name"))
    framework = re.fullmatch(r"(\S+)(?: v?([0-9]\S*))?", system.text("serving_framework") or "")
    engine = vocabulary().match("engine", framework[1], SUITE) if framework else None
    if framework and engine:
        draft.software(engine=engine, engine_version=framework[2])
    nodes = system.parts("node_types")
    if len(nodes) != 1:
        draft.keep("node_types", system.data.get("node_types"))
        return
    [node] = nodes
    processor = {
        "name": node.text("host_processor_model_name"),
        "count": node.count("host_processors_per_node"),
        "cores": node.count("host_processor_core_count"),
    }
    draft.system(
        nodes=node.count("number_of_nodes"),
        processor={name: value for name, value in processor.items() if value is not None},
        accelerator=[_accelerator(item) for item in node.parts("accelerator_info")],
        operating_system=node.text("operating_system"),
    )
    draft.keep_all(
        node.only("host_memory_capacity", "cooling", "driver", "host_network_card_count")
    )


def _accelerator(item: Fields) -> dict[str, Any]:
    size = re.fullmatch(r"([0-9.]+) ?GB", item.text("accelerator_memory_capacity") or "")
    said = {
        "kind": accelerator_kind(item.text("accelerator_model_name") or ""),
        "name": item.text("accelerator_model_name"),
        "count": item.count("accelerators_per_node"),
        "memory_bytes": int(convert(size[1], "GBy", "By") or 0) or None if size else None,
    }
    return {name: value for name, value in said.items() if value is not None}


# --- speed ---


def _system_tps(summary: Fields) -> Fraction | None:
    """Return the output tokens of all samples over the time until the last one was complete."""
    tokens = summary.part("output_sequence_lengths").exact("total")
    nanoseconds = summary.exact("duration_ns")
    if not tokens or not nanoseconds:
        return None
    return tokens * _SECOND / nanoseconds


def _add_rates(draft: Draft, files: _Files) -> None:
    summary = files.summary
    rate = _system_tps(summary)
    key: Key = {"statistic": "mean", "stage": "whole-run", "per": "token", "primary": True}
    if rate is not None:
        draft.derive("throughput", rate, **key)
    for word in ("system_tps", "tps"):
        _compare(draft, word, summary, files.point, rate)
    stage = "whole-run"
    if summary.digits("legacy_loadgen_window_duration_ns"):
        stage = "issue-window"
    queries = summary.digits("qps")
    if queries is not None:
        draft.measure("throughput", queries, statistic="mean", stage=stage, per="query")
    duration = summary.digits("duration_ns")
    if duration is not None:
        draft.measure("duration", duration, "ns", statistic="single", stage="whole-run")
    if files.is_agentic:
        _add_interactivity(draft, files)


def _compare(
    draft: Draft, name: str, summary: Fields, point: Fields, calculated: Fraction | None
) -> None:
    """Report a stored number that is not within 1 % of what it is calculated from."""
    if name == "tps" and summary.digits("legacy_loadgen_window_duration_ns"):
        return  # that of another window
    stored = summary.exact(name) or point.exact(name)
    if stored is None or calculated is None:
        return
    if abs(stored - calculated) > _TOLERANCE * calculated:
        draft.keep(name, float(stored))
        draft.report(
            "BF405", f"{name} is {float(stored):g}, and {float(calculated):g} by the samples"
        )


def _add_interactivity(draft: Draft, files: _Files) -> None:
    summary = files.summary
    tokens = summary.exact("output_tokens_per_turn_total")
    seconds = summary.exact("e2e_turn_time_seconds_total")
    if tokens is None and summary.whole("n_samples_failed") == 0:
        tokens = summary.part("output_sequence_lengths").exact("total")
        nanoseconds = summary.part("latency").exact("total")
        seconds = nanoseconds / _SECOND if nanoseconds else None
    if tokens and seconds:
        draft.derive("mlperf:end-to-end-interactivity", tokens / seconds, statistic="mean")


def _add_series(draft: Draft, files: _Files) -> None:
    """Add the times; a run of its own for the offline scenario has none."""
    if files.is_dedicated:
        return
    for name, metric, key in _SERIES:
        series = files.summary.part(name)
        count = files.summary.count("n_samples_completed") if name == "ttft" else None
        for statistic, text in _statistics(series, name).items():
            number = draft.add(measured(metric, text, "ns", **key))
            number.statistic = statistic
            number.n = count
            if statistic == "mean" and (deviation := series.exact("std_dev")) is not None:
                number.stddev = float(deviation / _SECOND)
        _add_early_stopping(draft, series, metric, key)
    slow = _statistics(files.summary.part("tpot"), "tpot").get("p90")
    nanoseconds = exact(slow) if slow else None
    if nanoseconds:
        rate = _SECOND / nanoseconds
        draft.derive("mlperf:tps-per-user", rate)
        _compare(draft, "tps_per_user", files.summary, files.point, rate)


def _statistics(series: Fields, name: str) -> dict[str, str]:
    """Return the digits of the statistics; a percentile may stand as `90` or `90.0`, and must be one number."""
    found = {}
    for word, name_of_statistic in _STATISTICS.items():
        digits = series.digits(word)
        if digits is not None:
            found[name_of_statistic] = digits
    percentiles = series.part("percentiles")
    for word in percentiles.data:
        statistic = _percentile(word)
        text = percentiles.digits(word)
        if text is None or statistic is None:
            continue
        other = found.setdefault(statistic, text)
        if statistic != "median" and exact(other) != exact(text):
            raise ObjectError(
                f"{name}: the percentile {word} stands there twice: {other} and {text}"
            )
    return found


def _percentile(word: str) -> str | None:
    """Return the statistic of `90`, `90.0` or `99.9`."""
    plain = word.removesuffix(".0")
    if plain == "50":
        return "median"
    return vocabulary().match("statistic", f"p{plain}")


def _add_early_stopping(draft: Draft, series: Fields, metric: str, key: Key) -> None:
    bounds = series.part("early_stopping_percentiles")
    for word in bounds.data:
        statistic = vocabulary().match("statistic", f"p{word.removesuffix('.0')}-es")
        text = bounds.digits(word)
        if statistic and text is not None:
            draft.add(measured(metric, text, "ns", **key)).statistic = statistic
        elif statistic:
            number = draft.missing(metric, "too-few-samples", statistic=statistic)
            number.stage, number.per = key.get("stage"), key.get("per")


def _add_tokens(draft: Draft, files: _Files) -> None:
    lengths = files.summary.part("output_sequence_lengths")
    for statistic, text in _statistics(lengths, "output_sequence_lengths").items():
        draft.measure("output-tokens", text, statistic=statistic, per="sample")
    total = lengths.digits("total")
    if total is not None:
        draft.measure("output-tokens", total, statistic="sum")


# --- quality ---


def _add_accuracy(draft: Draft, files: _Files) -> None:
    """Add the scores of the accuracy run; those of the performance run are another quantity."""
    entries = _accuracy_entries(files.accuracy)
    own = [entry for entry in entries if not _is_of_performance(entry)]
    for entry in entries:
        scope = None
        if entry not in own:
            scope = "run:performance"
        elif len(own) > 1:
            word = re.sub("[^a-z0-9]+", "-", (entry.text("dataset_name") or "").lower())
            scope = f"subset:{word.strip('-') or 'unnamed'}"
        _add_scores(draft, files, entry, scope)
    if len(own) == 1:
        draft.dataset(
            name=own[0].text("dataset_name"),
            samples=own[0].count("num_samples") or own[0].count("unit_samples"),
        )


def _accuracy_entries(accuracy: Fields) -> list[Fields]:
    if "accuracy_scores" in accuracy:
        return accuracy.parts("accuracy_scores")
    entries = []
    for name in accuracy.data:
        entry = accuracy.part(name)
        if entry.data:
            entries.append(Fields({"dataset_name": name, **entry.data}))
    return entries


def _is_of_performance(entry: Fields) -> bool:
    return "performance" in (entry.text("dataset_type"), entry.text("dataset_name"))


def _add_scores(draft: Draft, files: _Files, entry: Fields, scope: str | None) -> None:
    scores = entry.part("score")
    if not scores.data:
        scores = entry
    caveats = []
    if entry.flag("complete") is False:
        caveats.append("partial-run")
    for name in scores.data:
        text = scores.printed(name)
        word = name.lower()
        doubts = list(caveats)
        if name == "score":
            word = _ONLY_METRIC.get(files.model or "", "")
            doubts.append("definition-inferred")
        if word not in _QUALITY or text is None:
            continue
        metric, unit = _QUALITY[word]
        value = exact(text) or Fraction(0)
        if unit == _PERCENT and value <= 1:
            unit = "1"  # the scorer's own scale is not written
            doubts.append("unit-inferred")
        statistic = "sum" if metric == "generated-length" else "pooled"
        number = measured(metric, text, unit, statistic=statistic, scope=scope)
        number.caveats = doubts or None
        number.source_path = files.accuracy_path
        target = _TARGETS.get((files.model or "", metric))
        if target is not None and scope is None:
            number.target_min = float(target)
        if (files.model, metric) == _LENGTH_HELD and scope is None:
            number.target_min, number.target_max = _LENGTH_LIMITS
        draft.add(number)


# --- power, which is declared ---


def _add_power(draft: Draft, files: _Files) -> None:
    """Add the power that the submitter declares: components and cooling; of other systems it is kept as it stands."""
    if not files.power.data:
        return
    watts = _declared_watts(files.power)
    if watts is None:
        draft.keep("system_power", files.power.data)
        return
    kilowatts = round(watts / 1000, 2)
    is_inferred = files.power.flag("mlc_estimated_power") or _is_estimated(files.power.data)
    caveats = ["definition-inferred"] if is_inferred else None
    power = derived("power", kilowatts * 1000, statistic="nominal-max", scope="cluster")
    power.basis = "nominal"
    power.caveats = caveats
    power.source_path = files.power_path
    draft.add(power)
    rate = _system_tps(files.summary)
    if rate is not None and kilowatts:
        number = derived("mlperf:tps-per-kilowatt", round(rate / kilowatts, 1), scope="cluster")
        number.basis = "nominal"
        number.caveats = caveats
        draft.add(number)


def _declared_watts(power: Fields) -> Fraction | None:
    """Return the watts of a system whose nodes are sums of components and have no network apart, else None."""
    if power.part("scale_out").flag("present") is not False:
        return None
    overhead = _OVERHEAD.get(power.text("cooling") or "")
    sets = power.parts("node_sets")
    if overhead is None or not sets:
        return None
    total = Fraction(0)
    for node_set in sets:
        watts = _watts_of_a_node(node_set)
        nodes = node_set.count("nodes_provisioned")
        used = node_set.count("nodes_used")
        if watts is None or nodes is None or used not in (None, nodes):
            return None
        total += watts * (1 + overhead) * nodes
    return total


def _watts_of_a_node(node_set: Fields) -> Fraction | None:
    components = node_set.part("components")
    if node_set.text("power_method") != "component_sum":
        return None
    total = Fraction(0)
    for name in components.data:
        component = components.part(name)
        if name == "scale_up_network":
            if component.text("method") != "none":
                return None
            continue
        watts = component.part("tdp_per_unit").exact("value_w")
        count = component.count("count_per_node")
        if watts is None or count is None:
            return None
        total += watts * count
    return total


def _is_estimated(data: Any) -> bool:
    """Say whether a figure is a default of the suite's rules, which no maker gave."""
    if isinstance(data, Mapping):
        return data.get("source_type") == "mlc_default" or any(map(_is_estimated, data.values()))
    return isinstance(data, list) and any(map(_is_estimated, data))


# --- doubts ---


def _add_doubts(draft: Draft, files: _Files) -> None:
    """Add caveats: a time that drifts, a window that is too short, a run that was not finished."""
    steady = files.point.part("steady_state")
    states = steady.part("state")
    drifting = set()
    for name in states.data:
        metric, _, statistic = name.partition("_")
        if _DRIFTING in (states.text(name) or "").lower():
            drifting.add((metric, "median" if statistic == "p50" else statistic))
    is_short = _is_short(files, steady)
    for number in draft.numbers:
        if number.value is None or number.basis == "nominal" or number.source_path:
            continue
        caveats = list(number.caveats or ())
        is_user_rate = number.metric == "mlperf:tps-per-user" and ("tpot", "p90") in drifting
        if (number.metric, number.statistic) in drifting or is_user_rate:
            caveats.append("unstable")
        if is_short:
            caveats.append("short-run")
        if draft.status == "incomplete":
            caveats.append("partial-run")
        number.caveats = caveats or None


def _is_short(files: _Files, steady: Fields) -> bool:
    """Say whether the window is shorter than the rules ask for at this concurrency."""
    seconds = steady.part("window").exact("duration_s")
    concurrency = files.point.count("concurrency")
    if seconds is None or concurrency is None:
        return False
    if files.is_agentic:
        return seconds < _SHORTEST_AGENTIC
    for limit, shortest in _SHORTEST:
        if limit is None or concurrency <= limit:
            return seconds < shortest
    return False
