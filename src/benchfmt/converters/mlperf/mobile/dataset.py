"""The data set that a result of the MLPerf Mobile app was judged on."""

from __future__ import annotations

from benchfmt.converters.mlperf.inference.run import count
from benchfmt.converters.mlperf.mobile.result import Result
from benchfmt.converters.mlperf.mobile.values import Block
from benchfmt.readers import loadgen
from benchfmt.suites import mlperf_mobile as rules


def add_dataset(result: Result) -> int | None:
    """Add the data set of the accuracy run, and return how many of its samples were judged."""
    stated = result.entry.accuracy.block("dataset")
    if not stated:
        return None
    logged = _logged_samples(result)
    name = stated.text("name")
    if name is not None and rules.is_performance_dataset(name):
        _add_proven(result, stated, logged)
        return logged
    result.keep("accuracy_dataset", stated.part("name", "type", "data_path"))
    judged = logged
    if judged is None and result.scenario == "single-stream":
        # An offline run fills its last batch, so that it has more samples than its data.
        judged = result.entry.accuracy.count("measured_samples")
    known = None
    if name is not None:
        known = rules.dataset(name)
    if known:
        samples = judged or known.samples
        result.draft.dataset(name=known.name, split=known.split, samples=samples)
    else:
        result.draft.dataset(name=name or None, samples=judged)
    return judged


def _add_proven(result: Result, stated: Block, logged: int | None) -> None:
    """Add the data set that the log proves in place of one that serves only performance runs."""
    contradicted = stated.part("name", "type", "data_path")
    if isinstance(contradicted, dict):
        result.keep("accuracy_dataset", {**contradicted, "contradicted": True})
    result.draft.dataset(samples=logged)
    kind = stated.text("type")
    full = None
    if kind is not None:
        full = rules.full_dataset(kind)
    if full and full.samples and full.samples == logged:
        result.draft.dataset(name=full.name, split=full.split)


def _logged_samples(result: Result) -> int | None:
    """Return how many samples the log of the accuracy run counts."""
    path = result.files.first("accuracy-detail", result.name)
    if path is None or result.name in result.files.repeated:
        return None
    log = loadgen.read_detail(path)
    result.read(path, log.sha256)
    return count(log.values.get("qsl_reported_total_count"))
