"""A LoadGen run as a record: the official number, every other number of its logs, power and energy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from benchfmt.converters.base import Failed, Skipped
from benchfmt.converters.mlperf import layout, systems
from benchfmt.converters.mlperf.inference import loadgen_rules
from benchfmt.converters.mlperf.inference.submission import (
    Names,
    Run,
    benchmark_named,
    count,
    frame,
    is_automotive,
    pruned,
    quality,
)
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import MAX_SAFE_INTEGER, of_json
from benchfmt.readers import loadgen, mlperf_power
from benchfmt.readers.files import file_sha256
from benchfmt.readers.loadgen import Log
from benchfmt.record import given
from benchfmt.suites import mlperf_automotive as automotive
from benchfmt.suites import mlperf_inference as rules
from benchfmt.units import convert
from benchfmt.vocabulary import vocabulary

_DISAGREE = 2e-3
"""How far summary and detail log of one run may differ: the summary prints two decimals."""
_LONGEST, _FASTEST = 1e7, 1e12
"""No run takes a third of a year, and LoadGen, whose clock counts nanoseconds, issues no thousand samples in each."""
_NO_NUMBER = re.compile(r"[+-]?(?:[0-9][0-9.,' ]*|nan(?:\(.*\))?|inf(?:inity)?)", re.IGNORECASE)
"""What stands where a number should, and is none that can be read for certain: 1234,56 or nan."""
_SAYS_NOTHING = "no line of LoadGen is in it, and none in a log beside it"
_ACCURACY_RUN = "log of an accuracy run, which has no speed"
_OF_ALL_RUNS = {"system", "measurements", "user.conf"}
_OF_ONE_RUN = {"power-log", "power-server", "power-client"}
"""What stands beside a summary that was joined of several: what tells of all of them, what of the detail log's run."""
_MULTI_STREAM_SAMPLES = 8
"""Samples in a query of the multi-stream scenario since v2.0."""
_STATISTICS = {"min": "min", "max": "max", "mean": "mean", "50.00": "median"}
_LATENCY = re.compile(
    r"result_(?:([0-9.]+)_percentile|(min|max|mean))(_per_query|_query)?_latency_ns"
)
_FIRST_TOKEN = re.compile(r"result_first_token_(?:([0-9.]+)_percentile|(min|max|mean))_latency_ns")
_OUTPUT_TOKEN = re.compile(
    r"result_time_(?:per_output_token_([0-9.]+)_percentile_ns|to_output_token_(min|max|mean))"
)
_RATES: dict[str, tuple[str, str, str, str]] = {
    "result_samples_per_second": ("throughput", "whole-run", "sample", "measured"),
    "result_completed_samples_per_sec": ("throughput", "whole-run", "sample", "measured"),
    "result_scheduled_samples_per_sec": ("request-rate", "whole-run", "query", "measured"),
    "result_tokens_per_second": ("throughput", "whole-run", "token", "measured"),
    "result_completed_tokens_per_second": ("throughput", "whole-run", "token", "measured"),
    # LoadGen multiplies samples by a number of tokens that the benchmark fixes.
    "result_inferred_tokens_per_second": ("throughput", "whole-run", "token", "estimated"),
    "result_inferred_completed_tokens_per_second": (
        "throughput",
        "whole-run",
        "token",
        "estimated",
    ),
    "result_qps_with_loadgen_overhead": ("throughput", "whole-run", "query", "measured"),
    "result_qps_without_loadgen_overhead": ("throughput", "request", "query", "derived"),
}
_RATES_SINGLE = {
    "result_tps_with_loadgen_overhead": ("throughput", "whole-run", "token", "measured"),
    "result_token_throughput_with_loadgen_overhead": (
        "throughput",
        "whole-run",
        "token",
        "measured",
    ),
    "result_tps_without_loadgen_overhead": ("throughput", "request", "token", "derived"),
}
_STOPPING = {
    "early_stopping_result": ("latency", "query"),
    "early_stopping_ttft_result": ("ttft", "query"),
    "early_stopping_tpot_result": ("tpot", "token"),
}
_KNOWN = {
    "result_validity",
    "result_perf_constraints_met",
    "result_min_duration_met",
    "result_min_queries_met",
    "result_samples_per_query",
    "early_stopping_met",
    "result_query_count",
    # Wrong by a factor of 10^9 in every log; the tokens per second stand beside it.
    "result_token_throughput",
}
_SETTINGS = (
    "effective_target_qps",
    "effective_target_latency_ns",
    "effective_target_latency_percentile",
    "requested_server_ttft_latency",
    "requested_server_tpot_latency",
    "effective_samples_per_query",
    "effective_min_duration_ms",
    "effective_max_duration_ms",
    "effective_min_query_count",
    "effective_max_query_count",
    "effective_performance_sample_count",
    "effective_sample_concatenate_permutation",
)
_CONSTRAINTS = (
    "result_perf_constraints_met",
    "result_min_duration_met",
    "result_min_queries_met",
    "early_stopping_met",
)
_SEEDS = ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed")
_STATUS = {"VALID": "ok", "INVALID": "invalid"}


def records(run: Run) -> Iterator[dict[str, Any] | Skipped | Failed]:
    """Yield the record of a LoadGen run as plain data; those of several runs where its summary was joined of several.

    What stands beside a summary of several runs is of one of them at most, and never says of which: only a detail log
    does, by its numbers.
    """
    if run.unit.path.name == layout.DETAIL:
        yield _of_detail(run)
        return
    summaries = loadgen.read_summaries(run.unit.path)
    detail_path = run.one("detail")
    detail = loadgen.read_detail(detail_path) if detail_path else None
    if detail and detail.several:
        run.find(
            "BF701",
            run.root(detail.path),
            f"the detail log is of more than one run: {detail.several}; it is left out",
            "give each run a folder of its own",
        )
        detail = None
    says_something = any(summary.values or summary.accuracy_mode for summary in summaries)
    if not says_something and not (detail and detail.values) and not _has_quality(run):
        yield Failed(run.unit.path, _SAYS_NOTHING)
        return
    told: list[Log] = []
    for number, summary in enumerate(summaries, start=1):
        if summary in told:
            yield Skipped(
                run.unit.path, "repeats a run that stands above it, to the last digit", number
            )
        elif summary.accuracy_mode:
            yield Skipped(run.unit.path, _ACCURACY_RUN, number if len(summaries) > 1 else None)
        elif test := _compliance_test(summary, detail if len(summaries) == 1 else None):
            yield from _left_out(run, test, number if len(summaries) > 1 else None)
        else:
            told.append(summary)
    if len(told) == 1:
        yield _record(run, told[0], detail)
    elif told:
        yield from _of_several(run, told, summaries, detail)


def _compliance_test(summary: Log | None, detail: Log | None) -> str | None:
    """Return why a run counts for nothing by what its logs say, whatever its folder is called; None for any other."""
    return rules.compliance_test(merged(summary, detail), audited=bool(detail and detail.audited))


def _left_out(run: Run, test: str, number: int | None = None) -> Iterator[Skipped]:
    """Yield the logs of a run that counts for nothing; `number` is that of a run among several of one summary."""
    reason = f"{test}: it shows that results can be trusted, and is none"
    yield Skipped(run.unit.path, reason, number)
    detail = run.one("detail")
    if detail and number is None:
        yield Skipped(detail, reason)


def _has_quality(run: Run) -> bool:
    """Say whether an accuracy run stands beside: its score is kept, whatever became of the speed."""
    return any(path.name == "accuracy.txt" for path in run.unit.supporting)


def _of_detail(run: Run) -> dict[str, Any] | Skipped | Failed:
    """Return the record of a detail log that has no summary."""
    detail = loadgen.read_detail(run.unit.path)
    if detail.several:
        return Failed(run.unit.path, f"the detail log is of more than one run: {detail.several}")
    if not detail.values:
        return Failed(run.unit.path, _SAYS_NOTHING)
    if test := _compliance_test(None, detail):
        return next(_left_out(run, test))
    return _record(run, None, detail)


def _of_several(
    run: Run, told: list[Log], summaries: list[Log], detail: Log | None
) -> Iterator[dict[str, Any]]:
    """Yield the records of the runs of which a summary was joined, in its order."""
    run.find(
        "BF701",
        run.path,
        f"the summary is of {len(told)} runs: each is a record of its own",
        "give each run a folder of its own",
    )
    fitting = [summary for summary in told if detail and same_run(summary, detail)]
    if detail and len(fitting) != 1:
        run.find(
            "BF701",
            run.root(detail.path),
            "the detail log does not tell to which run of the summary it belongs; it is left out",
            "give each run a folder of its own",
        )
        fitting = []
    for summary in told:
        own = detail if summary in fitting else None
        roles = _OF_ALL_RUNS | _OF_ONE_RUN if own else _OF_ALL_RUNS
        files = {role: paths for role, paths in run.files.items() if role in roles}
        part = Run(run.unit, run.place, files, run.findings)
        yield _record(part, summary, own, f"run={summaries.index(summary) + 1}")


def _record(
    run: Run, summary: Log | None, detail: Log | None, locator: str | None = None
) -> dict[str, Any]:
    """Return the record of one run; the locator says where in the summary it stands, if that has several."""
    if summary:
        run.read(summary.path, summary.sha256 or file_sha256(summary.path))
        run.sources[-1] |= given(locator=locator)
    detail_at = None
    if detail:
        detail_at = run.read(
            detail.path, detail.sha256 or (None if summary else file_sha256(detail.path))
        )
    beside = detail if summary else None
    if summary and detail and not compare(run, summary, detail):
        # Of two runs one is told; published are the numbers of the detail log.
        invalid = "INVALID" in (
            summary.values.get("result_validity"),
            detail.values.get("result_validity"),
        )
        detail = replace(
            detail, values=detail.values | ({"result_validity": "INVALID"} if invalid else {})
        )
        summary = None
    log = merged(summary, detail)
    headline = summary.headline if summary else ()
    seeds = {name: log[f"effective_{name}"] for name in _SEEDS if f"effective_{name}" in log}
    word = log.get("effective_scenario") or log.get("requested_scenario")
    run.automotive = is_automotive(run, rules.scenario(word) if word else None)
    round_id = _round(run, seeds)
    time = loadgen_rules.time_of(round_id, log, headline)
    names = names_of(run, log, loadgen_rules.names_as_of(round_id, log), time)
    official = (
        automotive.official(names.scenario or "") if run.automotive else None
    ) or loadgen_rules.official(names.benchmark, names.scenario or "", time, log, headline)
    measurements = _measurements(run, log, names, official, beside, detail_at)
    _bounds(measurements, log, names, round_id)
    status = _STATUS.get(log.get("result_validity", ""), "incomplete")
    silent = not any("value" in item and item["basis"] != "nominal" for item in measurements)
    if status == "ok" and silent:
        status = "incomplete"
    measurements += _power(run, log, names, measurements, time)
    data = frame(run, names, round_id, status)
    measurements += quality(run, names, round_id)
    data["measurements"] = measurements or None
    errors = (summary.errors if summary else None) or (detail.errors if detail else None)
    data["status_detail"] = errors or (None if status != "incomplete" else _unfinished(log))
    data["provenance"] |= given(measured_at=time_of(log.get("test_datetime")))
    if locator and "execution" in data["provenance"]:
        data["provenance"]["execution"] += f"#{locator}"
    run.extensions |= said_by_log(log, names, seeds, summary)
    if errors and measurements and measurements[0].get("primary") and status == "ok":
        measurements[0].setdefault("caveats", []).append("errors-logged")
    return pruned(data, run)


def _unfinished(log: Mapping[str, str]) -> str:
    """Say what an incomplete run lacks."""
    ended = log.get("result_validity") in _STATUS
    return (
        "the log says no speed"
        if ended
        else "the log ends before it says whether the result is valid"
    )


def merged(summary: Log | None, detail: Log | None) -> dict[str, str]:
    """Return the values of both logs; the detail log's have more digits and win."""
    merged = dict(summary.values) if summary else {}
    if detail:
        merged |= {key: value for key, value in detail.values.items() if value != ""}
        if summary and summary.values.get("result_validity") == "INVALID":
            merged["result_validity"] = (
                "INVALID"  # a run that one of its logs calls so does not count
            )
    return merged


def compare(run: Run, summary: Log, detail: Log) -> bool:
    """Tell where the two logs of a run differ by more than their digits allow, and say whether they are of one run."""
    here, there = summary.values.get("result_validity"), detail.values.get("result_validity")
    if here and there and here != there:
        run.find(
            "BF701",
            run.path,
            f"the summary says {here}, the detail log {there}",
            "keep the logs of one run together",
        )
    differ = list(_differences(summary, detail))
    for name, text, other in differ:
        run.find(
            "BF701",
            run.path,
            f"{name} is {text} in the summary and {other} in the detail log: they are of two runs, "
            "and the record is of the detail log's",
            "keep the logs of one run together",
            text,
        )
    return not differ


def _differences(summary: Log, detail: Log) -> Iterator[tuple[str, str, str]]:
    """Yield each name that the two logs of one run would not differ in, with what both say."""
    for name, text in summary.values.items():
        other = detail.values.get(name)
        if other is None or other == text:
            continue
        if name == "effective_scenario":
            other_run = rules.scenario(text) != rules.scenario(other)
        else:
            number = name.startswith("result_") and _differ(
                summary.number(name), detail.number(name), text
            )
            other_run = number or name.endswith("_rng_seed")
        if other_run:
            yield name, text, other


def _differ(here: float | None, there: float | None, text: str) -> bool:
    """Say whether a number of a summary is not that of its detail log, as far as the summary was rounded."""
    if here is None or there is None:
        return False
    decimals = len(text.partition(".")[2])
    return abs(here - there) > _DISAGREE * abs(there) + 0.5 * 10.0**-decimals


def same_run(summary: Log, detail: Log) -> bool:
    """Say whether two logs are of one run for all that they say: they share a number, and differ in none."""
    shared = [
        name
        for name in summary.values
        if name.startswith("result_") and detail.number(name) is not None
    ]
    numbers = [name for name in shared if summary.number(name) is not None]
    return bool(numbers) and not any(_differences(summary, detail))


def _round(run: Run, seeds: Mapping[str, str]) -> str | None:
    """Return the round that the seeds belong to; one that the user claims is only used where they say nothing."""
    claimed = run.unit.options.get("round")
    if run.automotive:  # no seeds of its rounds are known
        return claimed or automotive.round_of(run.place.prefix)
    found = rules.round_of(seeds)
    known = rules.seeds_of(claimed or "")
    if claimed and any(seed.strip() != known.get(name) for name, seed in seeds.items()):
        run.find(
            "BF703",
            run.path,
            f"the seeds are those of {found or 'no round'}, not of {claimed}",
            "measure with the seeds of the round, or name the round that was measured",
            seeds.get("qsl_rng_seed"),
        )
    return found or claimed


def names_of(run: Run, log: Mapping[str, str], round_id: str | None, time: str | None) -> Names:
    """Return what was run, by the folder's names and the log's: benchmarks as the round calls them, scenarios as its time."""
    known = benchmark_named(run, round_id)
    benchmark = known.value if known else run.place.benchmark
    word = log.get("effective_scenario") or log.get("requested_scenario")
    ran = rules.scenario(word) if word else None
    asked = rules.scenario(run.place.scenario) if run.place.scenario else None
    if ran == "multi-stream" and not rules.at_least(time, "v2.0"):
        ran = "multi-stream-legacy"
    if asked == "multi-stream" and not rules.at_least(time, "v2.0"):
        asked = "multi-stream-legacy"
    if asked is None or ran is None or asked == ran or (asked, ran) == ("interactive", "server"):
        return Names(benchmark, asked or ran, ran or asked, None, known)
    if (asked, ran) in _INFERENCES:
        return Names(benchmark, asked, ran, ran, known)
    run.find(
        "BF701",
        run.path,
        f"the log ran {ran}, its folder says {asked}; the record says what was run",
        "put the log into the folder of its scenario",
    )
    return Names(benchmark, ran, ran, None, known)


# --- measurements of the logs ---


def _measurements(
    run: Run,
    log: Mapping[str, str],
    names: Names,
    official: rules.Official,
    detail: Log | None,
    detail_at: str | None,
) -> list[dict[str, Any]]:
    """Return the numbers of the logs; of an inferred result only the one that was inferred."""
    if names.inferred_from:
        run.extensions["inferred_from"] = names.inferred_from
        inferred = _INFERENCES[names.scenario or "", names.inferred_from](log)
        return [{**inferred, "primary": True}] if inferred else []
    ran = names.ran or ""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    observed = _observed(log, ran)
    for name, text in log.items():
        said = spec(name, ran)
        if said is None:
            if name.startswith("result_") and name not in _KNOWN:
                run.extensions.setdefault("log", {})[name] = text
            continue
        metric, statistic, stage, per, unit, basis = said
        value = value_of(text, unit)
        if (value is None and not _NO_NUMBER.fullmatch(text)) or (
            metric,
            statistic,
            stage,
            per,
        ) in found:
            continue
        item = {
            "metric": metric,
            "statistic": statistic,
            "stage": stage,
            "per": per,
            "value": value,
            "unit": "/s" if unit == "/s" else "s",
            "basis": basis,
            "reported_value": text,
            "reported_unit": unit,
        }
        if unit == "ns" and per == "query" and observed:
            item["n"] = observed
        if detail is not None and name in detail.values:
            item["source_path"] = detail_at
        found[metric, statistic, stage, per] = possible(item)
    for item in (
        *estimates_of(log, detail.values if detail else {}, detail_at),
        *_per_query(log, ran),
    ):
        found.setdefault(
            (item["metric"], item.get("statistic"), item.get("stage"), item.get("per")), item
        )
    _take_back_unmeasured(found)
    take_back_means(found, run)
    primary = found.get((official.metric, official.statistic, official.stage, official.per))
    if primary and "value" in primary:
        primary["primary"] = True
    return sorted(found.values(), key=lambda item: not item.get("primary"))


def _observed(log: Mapping[str, str], ran: str) -> int | None:
    """Return how many queries, of an offline run samples, the latencies of a log are of; None where it does not say.

    A server is sent all queries that were generated, the streams as many as they have time for.
    """
    if ran == "offline":
        return samples_of_query(log)
    said = log.get("result_query_count") or (
        log.get("generated_query_count") if ran == "server" else None
    )
    return count(said)


def samples_of_query(log: Mapping[str, str]) -> int | None:
    """Return how many samples an offline run's query had, or None where the log does not say.

    With `sample_concatenate_permutation` LoadGen fills the query up to whole sets of the samples that it has loaded, and
    up to v4.1 its log said the number before that (mlcommons/inference loadgen/loadgen.cc, GenerateQueries).
    """
    generated = count(log.get("generated_samples_per_query"))
    if generated is None or log.get("effective_sample_concatenate_permutation") != "true":
        return generated
    sizes = (
        count(log.get("effective_performance_sample_count")),
        count(log.get("qsl_reported_total_count")),
    )
    loaded = min((size for size in sizes if size), default=1)
    return -(-generated // loaded) * loaded


def possible(item: dict[str, Any]) -> dict[str, Any]:
    """Return a measurement as it is, or without its number and with the reason where nothing can have that number."""
    value, text = item["value"], str(item.get("reported_value", ""))
    if value is None:
        return _without_value(item, "invalid-in-source")
    most = _FASTEST if item["unit"] == "/s" else _LONGEST
    if value < 0 or value > most:
        return _without_value(item, "invalid-in-source")
    if value > 0:
        return item
    if item["unit"] == "/s" and "." in text:
        return _without_value(item, "below-resolution")
    return _without_value(
        item, "not-measured" if item.get("per") == "token" else "invalid-in-source"
    )


def _take_back_unmeasured(found: dict[tuple[Any, ...], dict[str, Any]]) -> None:
    """Say of times of tokens that are all 0 that nobody measured them: the system told LoadGen of no first token."""
    for metric in ("ttft", "tpot"):
        series = [item for item in found.values() if item["metric"] == metric]
        if not any("value" in item for item in series):
            for item in series:
                if item["missing"] == "invalid-in-source" and re.fullmatch(
                    "0+", str(item.get("reported_value"))
                ):
                    item["missing"] = "not-measured"


def _without_value(item: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """Return a measurement whose number cannot be true, with the reason instead of it."""
    return {key: value for key, value in item.items() if key not in ("value", "basis", "n")} | {
        "missing": reason
    }


def take_back_means(found: dict[tuple[Any, ...], dict[str, Any]], run: Run) -> None:
    """Take back means that lie outside of minimum and maximum: LoadGen sums nanoseconds in 64 bits, which run over."""
    for (metric, statistic, *rest), item in list(found.items()):
        if statistic != "mean" or "value" not in item or item["unit"] != "s":
            continue
        least, most = (found.get((metric, end, *rest), {}).get("value") for end in ("min", "max"))
        if least is not None and most is not None and not least <= item["value"] <= most:
            run.find(
                "BF403",
                run.path,
                f"the mean {metric} of {item['value']} s lies outside of {least} to {most} s: it is left out",
                "LoadGen's sum of 64 bits ran over; there is no mean in the log",
                item["reported_value"],
            )
            found[metric, statistic, *rest] = _without_value(item, "invalid-in-source")


@cache
def spec(name: str, ran: str) -> tuple[str, str, str, str, str, str] | None:
    """Return metric, statistic, stage, per, unit and basis of a number of the log, or None where it is none of ours."""
    rate = _RATES.get(name) or (_RATES_SINGLE.get(name) if ran == "single-stream" else None)
    if rate:
        if ran == "single-stream" and name == "result_completed_tokens_per_second":
            return None  # the same as the harness rate to four digits; kept in extensions
        metric, stage, per, basis = rate
        return metric, "mean", stage, per, "/s", basis
    for pattern, metric, per in (
        (_LATENCY, "latency", "query"),
        (_FIRST_TOKEN, "ttft", "query"),
        (_OUTPUT_TOKEN, "tpot", "token"),
    ):
        match = pattern.fullmatch(name)
        if not match:
            continue
        level = match.group(1) or match.group(2)
        statistic = _STATISTICS.get(level) or f"p{level.rstrip('0').rstrip('.')}"
        if statistic not in vocabulary().terms("statistic"):
            return None
        if metric == "latency" and not match.group(3):
            if ran == "offline":
                # The time from the one query's issue; no latency of a sample.
                return "completion-time", statistic, "request", "query", "ns", "measured"
            if ran in ("multi-stream", "multi-stream-legacy"):
                per = "sample"
        return metric, statistic, "request", per, "ns", "measured"
    return None


def value_of(text: str, unit: str) -> float | None:
    """Return a number of the log in seconds or per second, or None for text."""
    if unit == "ns" and re.fullmatch("[0-9]{1,18}", text):
        return float(f"{text}e-9")
    return convert(text, unit, "s" if unit == "ns" else "/s")


def estimates_of(
    log: Mapping[str, str], in_detail: Mapping[str, str], detail_at: str | None
) -> Iterator[dict[str, Any]]:
    """Yield LoadGen's early-stopping estimates, which stand for a percentile with a confidence of 99 %."""
    for name, (metric, per) in _STOPPING.items():
        for estimate in loadgen.estimates(log.get(name, "")):
            item = {
                "metric": metric,
                "statistic": f"p{estimate.percentile}-es",
                "stage": "request",
                "per": per,
            }
            item |= given(source_path=detail_at) if name in in_detail else {}
            if item["statistic"] not in vocabulary().terms("statistic"):
                continue
            if estimate.nanoseconds is None:
                yield {**item, "missing": "too-few-samples", "reported_value": estimate.words}
            else:
                yield possible(
                    {
                        **item,
                        "value": value_of(estimate.nanoseconds, "ns"),
                        "unit": "s",
                        "basis": "measured",
                        "reported_value": estimate.nanoseconds,
                        "reported_unit": "ns",
                    }
                )


def _per_query(log: Mapping[str, str], ran: str) -> Iterator[dict[str, Any]]:
    """Yield the samples of a query where that is a result or a choice of the scenario."""
    if ran == "multi-stream-legacy":
        text = log.get("result_samples_per_query") or log.get("effective_samples_per_query")
        basis = "measured"
    elif ran == "multi-stream":
        text, basis = log.get("effective_samples_per_query"), "nominal"
    else:
        return
    if count(text):
        yield {
            "metric": "samples-per-query",
            "statistic": "single",
            "per": "query",
            "value": float(text or 0),
            "unit": "1",
            "basis": basis,
            "reported_value": text,
        }


def _bounds(
    measurements: list[dict[str, Any]], log: Mapping[str, str], names: Names, round_id: str | None
) -> None:
    """Give the latencies that a run was bound to their bounds: the log's own, else those of its round."""
    if names.ran not in ("server", "multi-stream-legacy"):
        return
    # Without a round there are no rules that say a bound.
    limits = (
        rules.latency_limits(names.benchmark or "", round_id, names.scenario or "")
        if round_id
        else rules.Limits()
    )
    # Logs before v1.0 do not say the percentile; then it is that of the rules.
    share = log.get("effective_target_latency_percentile", "")
    level = (
        f"p{float(share) * 100:g}"
        if re.fullmatch(r"0[.][0-9]+", share)
        else f"p{limits.percentile}"
    )
    bounds = (
        ("latency", level, "query", log.get("effective_target_latency_ns"), limits.latency),
        ("ttft", "p99", "query", log.get("requested_server_ttft_latency"), limits.ttft),
        ("tpot", "p99", "token", log.get("requested_server_tpot_latency"), limits.tpot),
    )
    tokens = count(log.get("requested_server_ttft_latency")) is not None
    found = {
        (item["metric"], item["statistic"], item.get("stage"), item.get("per")): item
        for item in measurements
    }
    for metric, statistic, per, logged, rule in bounds:
        item = found.get((metric, statistic, "request", per))
        if not item or "value" not in item or (metric == "latency" and tokens):
            continue
        if count(logged):
            item["target_max"] = value_of(logged or "", "ns")
        elif rule is not None:
            item["target_max"] = float(rule)


def _offline_from_single(log: Mapping[str, str]) -> dict[str, Any] | None:
    """Offline from single-stream: the harness's rate without overhead."""
    text = log.get("result_qps_without_loadgen_overhead")
    value = convert(text, "/s", "/s") if text else None
    if value is None or not 0 < value <= _FASTEST:
        return None
    return {
        "metric": "throughput",
        "statistic": "mean",
        "stage": "request",
        "per": "sample",
        "value": value,
        "unit": "/s",
        "basis": "derived",
        "reported_value": text,
        "reported_unit": "/s",
    }


def _offline_from_multi(log: Mapping[str, str]) -> dict[str, Any] | None:
    """Offline from multi-stream (v2.0 on): samples per query over the mean latency of a query."""
    latency, samples = (
        log.get("result_mean_query_latency_ns", ""),
        log.get("effective_samples_per_query", ""),
    )
    if not (count(latency) and count(samples)):
        return None
    value = int(samples) * 1e9 / int(latency)
    return {
        "metric": "throughput",
        "statistic": "mean",
        "stage": "request",
        "per": "sample",
        "value": value,
        "unit": "/s",
        "basis": "derived",
    }


def _multi_from_single(log: Mapping[str, str]) -> dict[str, Any] | None:
    """Multi-stream from single-stream (v2.0 on): eight times the 99th percentile's estimate."""
    said = loadgen.estimates(log.get("early_stopping_result", ""))
    text = next(
        (item.nanoseconds for item in said if item.percentile == "99" and item.nanoseconds), None
    )
    statistic = "p99-es"
    if text is None:
        text, statistic = log.get("result_99.00_percentile_latency_ns"), "p99"
    if not count(text):
        return None
    return {
        "metric": "latency",
        "statistic": statistic,
        "stage": "request",
        "per": "query",
        "value": float(f"{_MULTI_STREAM_SAMPLES * int(text or 0)}e-9"),
        "unit": "s",
        "basis": "derived",
    }


_INFERENCES = {
    ("offline", "single-stream"): _offline_from_single,
    ("offline", "multi-stream"): _offline_from_multi,
    ("multi-stream", "single-stream"): _multi_from_single,
}
"""Results that a round allows to be inferred from another scenario's run (format notes: submission checker, `get_inferred_result`)."""


# --- power ---


def _power(
    run: Run,
    log: Mapping[str, str],
    names: Names,
    measured: list[dict[str, Any]],
    round_id: str | None,
) -> list[dict[str, Any]]:
    """Return power and energy of the measured window, where a power meter's log is there."""
    path = run.one("power-log")
    begin, end = log.get("power_begin"), log.get("power_end")
    if path is None:
        return []
    if not begin or not end:
        run.find(
            "BF706",
            run.root(path),
            "the detail log says no power_begin and power_end: power is not computed",
            None,
        )
        return []
    # Before v1.1 meter and system wrote local time, each with the offset in its own file.
    local = not rules.at_least(round_id, "v1.1")
    shifts = [_timezone(run, role) if local else 0.0 for role in ("power-server", "power-client")]
    try:
        power = mlperf_power.read(
            path, begin, end, spl_shift=shifts[0], log_shift=shifts[1], limits=run.unit.limits
        )
    except BenchfmtError as error:
        run.findings.append(Failed(path, str(error)))
        return []
    where = run.read(path, file_sha256(path))
    if not power.samples:
        run.find(
            "BF704",
            where,
            "no reading of the power meter above 0 W lies between power_begin and power_end",
            None,
        )
        return []
    window = {"stage": "issue-window"}
    found = [
        {
            "metric": "power",
            "statistic": "mean",
            **window,
            "scope": "wall",
            "value": power.watts_mean,
            "unit": "W",
            "basis": "measured",
            "n": power.samples,
            "source_path": where,
        },
        {
            "metric": "duration",
            "statistic": "single",
            **window,
            "value": power.seconds,
            "unit": "s",
            "basis": "measured",
            **({"source_path": run.root(clock)} if (clock := run.one("detail")) else {}),
        },
    ]
    energy = _energy_per_query(log, names, power.watts_mean * power.seconds, power.seconds)
    if energy is not None:
        found.append(
            {
                "metric": "energy",
                "statistic": "mean",
                **window,
                "per": "query",
                "scope": "wall",
                "value": energy,
                "unit": "J",
                "basis": "derived",
            }
        )
    primary = next((item for item in measured if item.get("primary")), None)
    if primary and primary["unit"] == "/s" and power.watts_mean > 0:
        found.append(
            {
                "metric": "energy-efficiency",
                "statistic": "mean",
                **window,
                "per": primary["per"],
                "scope": "wall",
                "value": primary["value"] / power.watts_mean,
                "unit": "/J",
                "basis": "derived",
            }
        )
    return found


def _timezone(run: Run, role: str) -> float:
    path = run.one(role)
    if path is None:
        return 0.0
    try:
        shift = mlperf_power.timezone(path)
    except (BenchfmtError, OSError) as error:
        run.findings.append(Failed(path, str(error)))
        return 0.0
    run.read(path, file_sha256(path))
    return shift


def _energy_per_query(
    log: Mapping[str, str], names: Names, joules: float, seconds: float
) -> float | None:
    """Return joules per query of the streams, as the submission checker computes them; None for the other scenarios."""
    if names.scenario not in ("single-stream", "multi-stream", "multi-stream-legacy"):
        return None
    queries: float | None = count(log.get("result_query_count"))
    if queries is None and names.scenario == "single-stream":
        rate = log.get("result_qps_with_loadgen_overhead")
        per_second = convert(rate, "/s", "/s") if rate else None
        queries = per_second * seconds if per_second and per_second > 0 else None
    elif queries is None:
        issued, samples = (
            count(log.get("generated_query_count")),
            count(log.get("generated_samples_per_query")),
        )
        queries = issued * samples if issued and samples else None
    if not queries:
        return None
    factor = _MULTI_STREAM_SAMPLES if names.inferred_from == "single-stream" else 1
    return joules / queries * factor


# --- what stands beside the logs ---


def said_by_log(
    log: Mapping[str, str], names: Names, seeds: Mapping[str, str], summary: Log | None
) -> dict[str, Any]:
    """Return what the log says and the standard has no field for."""
    said: dict[str, Any] = {}
    if seeds:
        said["seeds"] = dict(seeds)
    settings = {}
    for name in _SETTINGS:
        if log.get(name):
            short = re.sub(
                r"^effective_|^requested_server_(.*)", lambda m: f"{m[1]}_ns" if m[1] else "", name
            )
            settings[short] = _plain(log[name])
    if settings:
        said["settings"] = settings
    met = {
        re.sub(r"^result_|_met$", "", name): log[name] == "true"
        for name in _CONSTRAINTS
        if name in log
    }
    if met:
        said["constraints_met"] = met
    version = log.get("loadgen_version") or log.get("version")
    for key, value in (
        ("log_scenario", log.get("effective_scenario")),
        ("loadgen_version", version),
        ("sut_name", log.get("sut_name")),
        ("qsl_name", log.get("qsl_name")),
    ):
        plain = systems.said(value)
        if plain is not None:
            said[key] = plain
    queries = count(log.get("result_query_count"))
    if queries:
        said["query_count"] = queries
    generated = count(log.get("generated_samples_per_query"))
    # An offline run is one query, whatever its log calls the number of queries that were generated.
    offline = names.ran == "offline"
    samples, issued = (samples_of_query(log), 1) if offline else (generated, queries)
    if samples and issued and samples * issued <= MAX_SAFE_INTEGER and not names.inferred_from:
        said["sample_count"] = samples * issued
        if generated and samples != generated:
            said["generated_samples_per_query"] = generated
    if summary and summary.warnings:
        said["warnings"] = summary.warnings
    return said


def _plain(text: str) -> Any:
    """Return a setting as a number or truth value where it is one that JSON keeps exactly."""
    return text == "true" if text in ("true", "false") else of_json(text)


def time_of(text: str | None) -> str | None:
    """Return a time of a log as the standard writes it, or None for something else."""
    return (
        text
        if text
        and re.fullmatch(
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?", text
        )
        else None
    )
