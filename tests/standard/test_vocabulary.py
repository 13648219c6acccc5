"""The vocabulary: what the contract names is there, and each term says what others rely on."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from tests.forms import ROOT, load

from benchfmt.record import BASES, STATUSES, TERM_PATTERN
from benchfmt.units import describe, unit
from benchfmt.vocabulary import ANY_SUITE, vocabulary

# By hand from the contract's starter terms (docs/vocabulary and VOCABULARY.md), with the unit of each metric.
METRICS = {
    "s": "latency ttft tpot completion-time duration cpu-time time-to-train time-to-quality makespan",
    "/s": "throughput request-rate flop-rate",
    "By/s": "io-throughput memory-bandwidth",
    "By": "memory",
    "1": "memory-utilization memory-bandwidth-utilization utilization epochs training-samples generated-length "
    "output-tokens samples-per-query scaling-factor coefficient-of-variation score accuracy balanced-accuracy auroc f1 "
    "precision recall kappa mcc map box-map mask-map iou miou dice rouge-1 rouge-2 rouge-l rouge-lsum bleu exact-match "
    "word-accuracy clip-score hit-rate ndcg win-rate lddt-ca ms-ssim r2 gap-closed word-error-rate "
    "character-error-rate fid perplexity log-perplexity log-loss eval-loss normalized-entropy fraction-of-fixes "
    "equal-error-rate",
    "Cel": "temperature",
    "W": "power",
    "J": "energy",
    "/J": "energy-efficiency",
    "kg": "emissions",
    "kg/s": "emissions-rate",
    "currency": "cost",
    "dB": "psnr",
    "target": "mean-absolute-error mean-squared-error root-mean-squared-error objective-value",
}
LOWER = (
    "latency duration word-error-rate character-error-rate fid perplexity log-perplexity log-loss eval-loss "
    "normalized-entropy fraction-of-fixes equal-error-rate mean-absolute-error power energy cost emissions"
)
HIGHER = "throughput accuracy f1 kappa map dice bleu psnr win-rate r2 gap-closed energy-efficiency exact-match"
TERMS = {
    "statistic": "single mean median min max sum p90 p95 p97 p99 p99.9 p90-es p99-es p99.9-es pooled final best "
    "olympic-mean olympic-mean-scaled geometric-mean inverse-p90 nominal-max gated-median gated-mean",
    "stage": "preprocess inference postprocess end-to-end request compute transfer-in transfer-out enqueue whole-run "
    "issue-window load build first-run data-loading training training-step evaluation tuning strategy solve",
    "per": "sample issued-sample query batch token frame step epoch fold instance run model flop",
    "scope": "process cpu gpu npu dsp memory accelerator board node psu-dc wall cluster network rail",
    "scope-qualifier": "class subset node accelerator run",
    "scenario": "single-stream multi-stream multi-stream-legacy server offline interactive constant-stream closed-loop "
    "strong weak streaming cross-validation holdout",
    "missing": "not-measured not-reported not-applicable no-sensor sensor-failed permission-denied run-failed "
    "not-reached target-not-reached below-resolution above-limit too-few-samples undefined invalid-in-source unsupported-operator "
    "dynamic-shape no-dataset withheld not-numeric pruned unscorable",
    "task": "mixed tabular-classification tabular-regression stochastic-optimisation max-flow data-selection "
    "data-debugging data-acquisition training-data-loading",
    "caveat": "unstable contaminated unit-inferred unit-corrected definition-inferred warm-up-included "
    "single-observation partial-run foreign-score unreliable-sensor profiled placement-fallback short-run",
    "precision": "fp32 fp16 int8 mixed",
    "unit": "s By W J 1 Cel Hz /s By/s kg dB EUR USD",
}


@pytest.mark.parametrize(
    ("kind", "term"), [(kind, term) for kind, words in TERMS.items() for term in words.split()]
)
def test_a_starter_term_is_there(kind: str, term: str) -> None:
    assert term in vocabulary().terms(kind)


@pytest.mark.parametrize(
    ("code", "metric"), [(code, m) for code, words in METRICS.items() for m in words.split()]
)
def test_a_starter_metric_has_its_unit(code: str, metric: str) -> None:
    assert vocabulary().metrics[metric].unit == code


def test_the_direction_of_a_metric_says_which_is_better() -> None:
    metrics = vocabulary().metrics
    assert {metrics[m].direction for m in LOWER.split()} == {"lower"}
    assert {metrics[m].direction for m in HIGHER.split()} == {"higher"}


def test_the_median_has_one_name() -> None:
    assert "p50" not in vocabulary().terms("statistic")
    assert vocabulary().match("statistic", "p50") == "median"


def test_closed_lists_are_those_of_the_model() -> None:
    assert tuple(vocabulary().ids("status")) == STATUSES
    assert tuple(vocabulary().ids("basis")) == BASES
    kinds = load(ROOT / "schema" / "1.0" / "vocabulary.json")["kinds"]
    assert {kind for kind, content in kinds.items() if content["closed"]} == {
        "status",
        "basis",
        "missing",
        "caveat",
    }


@pytest.mark.parametrize("kind", vocabulary().kinds())
def test_every_term_of_a_kind_is_defined_once_and_well_formed(kind: str) -> None:
    for term_id, term in vocabulary().terms(kind).items():
        assert term["definition"].strip(), term_id
        assert kind in ("unit", "scope-qualifier") or re.search(TERM_PATTERN, term_id)
        assert term.get("broader", term_id) in vocabulary().terms(kind)


@pytest.mark.parametrize("kind", vocabulary().kinds())
def test_broader_terms_lead_to_no_circle(kind: str) -> None:
    terms = vocabulary().terms(kind)
    for term_id in terms:
        seen = [term_id]
        while broader := terms[seen[-1]].get("broader"):
            assert broader not in seen
            seen.append(broader)


@pytest.mark.parametrize("kind", vocabulary().kinds())
def test_an_alias_means_one_term(kind: str) -> None:
    meant: dict[tuple[str, str], str] = {}
    for term_id, term in vocabulary().terms(kind).items():
        for suite, words in term.get("aliases", {}).items():
            assert (
                suite == ANY_SUITE
                or suite in vocabulary().terms("suite")
                or suite in vocabulary().terms("prefix")
            )
            for word in words:
                assert meant.setdefault((suite, word), term_id) == term_id, word
                if suite == ANY_SUITE and word in vocabulary().terms(kind):
                    assert word == term_id


@pytest.mark.parametrize("metric", vocabulary().metrics.values(), ids=lambda metric: metric.id)
def test_a_metric_has_a_unit_a_direction_and_a_range(metric: object) -> None:
    from benchfmt.vocabulary import Metric

    assert isinstance(metric, Metric)
    assert metric.direction in ("higher", "lower", "target", None)
    assert metric.unit in (*vocabulary().terms("unit"), "currency", "target", "[undocumented]"), (
        metric.unit
    )
    assert metric.minimum is None or metric.maximum is None or metric.minimum < metric.maximum
    assert set(metric.per) <= set(vocabulary().terms("per"))


@pytest.mark.parametrize("code", vocabulary().ids("unit"))
def test_the_factor_of_a_unit_is_that_of_the_units_library(code: str) -> None:
    term = vocabulary().terms("unit")[code]
    if term.get("currency"):
        assert (unit(code).dimension, unit(code).factor, unit(code).offset) == (code, 1, 0)
    else:
        assert unit(code) == describe(code)
        assert Fraction(term["factor"]) > 0


def test_a_word_is_matched_in_its_suite_first() -> None:
    words = vocabulary()
    assert words.match("model", "resnet50", "mlperf-inference") == "resnet50-v1.5"
    assert words.match("model", "resnet50") == "resnet50"
    assert words.match("model", "ResNet-50") == "resnet50"
    assert words.match("model", "no such model") is None
    assert words.suggest("scenario", "SingleStream") == "single-stream"
    assert words.suggest("metric", "latencyy") == "latency"
    assert words.suggest("metric", "qqqq") is None
    with pytest.raises(KeyError):
        words.terms("colour")
