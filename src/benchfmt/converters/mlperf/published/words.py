"""The words of the units' column: which number each means, in which unit it is printed and stored."""

from __future__ import annotations

from dataclasses import dataclass

from benchfmt.suites.mlperf_inference import Official

_PRINTED = {"Latency (ms)": "ms", "Latency (s)": "s"}
_STORED = {"latency": "s", "samples-per-query": "1"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a number is; `printed` is the unit, or the words for it, that stand in the table."""

    metric: str
    statistic: str | None
    stage: str | None
    per: str | None
    unit: str
    printed: str

    @property
    def code(self) -> str:
        """The code of the printed unit."""
        if self.printed.endswith("/s"):
            return "/s"
        return self.printed


@dataclass(frozen=True, slots=True)
class Word:
    """What a word of the column Units says, which leaves the rest to the rules."""

    metric: str
    per: str
    unit: str
    printed: str


WORDS = {
    "Samples/s": Word("throughput", "sample", "/s", "Samples/s"),
    "Tokens/s": Word("throughput", "token", "/s", "Tokens/s"),
    "Latency (ms)": Word("latency", "query", "s", "ms"),
    "Latency (s)": Word("latency", "query", "s", "s"),
    "Streams (samples/query)": Word("samples-per-query", "query", "1", "1"),
}
_P90 = Meaning("latency", "p90", "request", "query", "s", "ns")
_RATE = Meaning("throughput", "mean", "whole-run", "sample", "/s", "Samples/s")
_SCHEDULED = Meaning("request-rate", "mean", "whole-run", "query", "/s", "Queries/s")
_STREAMS = Meaning("samples-per-query", "single", None, "query", "1", "1")
LOG_WORDS = {
    "Samples per second": _RATE,
    "result_samples_per_second": _RATE,
    "result_completed_samples_per_sec": _RATE,
    "Scheduled samples per second": _SCHEDULED,
    "result_scheduled_samples_per_sec": _SCHEDULED,
    "90th percentile latency (ns)": _P90,
    "result_90.00_percentile_latency_ns": _P90,
    "Samples per query": _STREAMS,
    "effective_samples_per_query": _STREAMS,
    "early_stopping_latency_ss": Meaning("latency", "p90-es", "request", "query", "s", "ns"),
    "early_stopping_latency_ms": Meaning("latency", "p99-es", "request", "query", "s", "ns"),
}
"""LoadGen's words, as submitters' own tables use them."""
_OF_EVERY_ROUND = {*LOG_WORDS, "Samples/s", "Tokens/s", "Streams (samples/query)"}


def is_of_every_round(word: str | None) -> bool:
    """Say whether a word says what the number is, whatever the round."""
    return word in _OF_EVERY_ROUND


def counts_streams(word: str | None) -> bool:
    """Say whether a word is one for the streams that the multi-stream scenario counted before v2.0."""
    if word is None:
        return False
    return LOG_WORDS.get(word) is _STREAMS or word.startswith("Streams")


def meaning_of(official: Official, word: str | None = None) -> Meaning:
    """Return what the official number of a round means, where a word does not say another unit."""
    unit = _STORED.get(official.metric, "/s")
    printed = official.unit
    if official.unit in _PRINTED:
        printed = _PRINTED[official.unit]
    elif unit == "1":
        printed = "1"
    if word is not None:
        unit = "/s"
        printed = word
    return Meaning(
        official.metric, official.statistic or None, official.stage, official.per, unit, printed
    )
