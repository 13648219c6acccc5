"""Significance: the tests agree with references, know their limits, and raise no more false alarms than they state."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from bench.verdicts import CASES, FALSE_ALARMS, MARKS, PAGE, Case, rate
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.drawing import examples
from tests.sparing import some

from benchfmt.comparison.evidence import Observed, independent_of, quantile_of
from benchfmt.comparison.significance import Significance, Untold, holm, significance_of


def of_samples(samples: list[float], statistic: str = "mean") -> Observed:
    made: dict[str, Callable[[list[float]], float]] = {
        "mean": lambda values: float(np.mean(values)),
        "median": lambda values: float(np.median(values)),
    }
    return Observed(made[statistic](samples), statistic, samples=tuple(samples))


def told(old: Observed, new: Observed) -> Significance:
    found = significance_of([old], [new], "ratio", 0.95)
    assert isinstance(found, Significance), found
    return found


def why_not(old: Observed, new: Observed) -> str:
    found = significance_of([old], [new], "ratio", 0.95)
    assert isinstance(found, Untold), found
    return found.reason


def test_welch_on_logarithms_is_that_of_scipy() -> None:
    old, new = [1.0, 1.3, 1.1, 0.9, 1.2], [1.4, 1.2, 1.6, 1.3, 1.5, 1.9]
    found = told(of_samples(old), of_samples(new))
    reference = stats.ttest_ind(np.log(new), np.log(old), equal_var=False)
    interval = reference.confidence_interval(0.95)
    assert found.p == pytest.approx(reference.pvalue)
    assert math.log1p(found.lower) == pytest.approx(interval.low)
    assert math.log1p(found.upper) == pytest.approx(interval.high)
    assert found.between == "observations"


def test_count_mean_and_deviation_are_welch_on_the_logarithms_of_the_means() -> None:
    found = told(Observed(2.0, "mean", n=50, stddev=0.1), Observed(2.1, "mean", n=40, stddev=0.2))
    # SciPy takes the deviation of the sample; by the delta method that of a logarithm is a share of the mean.
    old, new = 0.1 * math.sqrt(50 / 49) / 2.0, 0.2 * math.sqrt(40 / 39) / 2.1
    reference = stats.ttest_ind_from_stats(
        math.log(2.1), new, 40, math.log(2.0), old, 50, equal_var=False
    )
    assert found.p == pytest.approx(reference.pvalue)
    assert found.change == pytest.approx(0.05)


def test_one_run_against_several_is_a_prediction() -> None:
    runs = [1.0, 1.1, 0.95, 1.02]
    found = significance_of([Observed(v) for v in runs], [Observed(1.3)], "ratio", 0.95)
    assert isinstance(found, Significance)
    logs = np.log(runs)
    t = (math.log(1.3) - logs.mean()) / (logs.std(ddof=1) * math.sqrt(1 + 1 / 4))
    assert found.p == pytest.approx(2 * stats.t.sf(t, 3))
    assert found.between == "runs"


def test_two_shares_have_the_interval_of_newcombe() -> None:
    # Newcombe 1998 (Statistics in Medicine 17, 873-890), table II, example (a), method 10: 56/70 and 48/80.
    old, new = (Observed(x / n, n=n, is_share=True) for x, n in ((48, 80), (56, 70)))
    found = significance_of([old], [new], "difference", 0.95)
    assert isinstance(found, Significance)
    assert (found.lower, found.upper) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_limits_of_a_median_are_observations() -> None:
    # Of 10 observations the 2nd and the 9th are the limits at 95 % (97.9 %).
    samples = [float(number) for number in range(1, 11)]
    found = told(of_samples(samples, "median"), of_samples([v * 3 for v in samples], "median"))
    centre, lower, upper = math.log(5.5), math.log(2), math.log(9)
    half = math.hypot(centre - lower, upper - centre)
    assert math.log1p(found.lower) == pytest.approx(math.log(3) - half)
    assert math.log1p(found.upper) == pytest.approx(math.log(3) + half)


def test_an_interval_that_the_source_states_is_used() -> None:
    old, new = (Observed(v, "p99", ci=(v * 0.99, v * 1.01, 0.9)) for v in (1.0, 1.05))
    assert told(old, new).p < 0.001
    assert told(old, new).method == (
        "limits of both combined: the stated interval at 0.9 against the stated interval at 0.9"
    )


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        (Observed(1.0), "one observation"),
        (Observed(1.0, "mean", n=1, stddev=0.0), "one observation"),
        (Observed(1.0, "mean", n=30), "one observation"),
        (Observed(1.0, "p90", n=30, stddev=0.1), "n and stddev say not how sure a p90 is"),
        (
            Observed(1.0, None, n=30, stddev=0.1),
            "n and stddev say not how sure a number whose statistic is not stated is",
        ),
        (
            Observed(3.0, "max", samples=(1.0, 2.0, 3.0)),
            "the observations of one run say not how sure their max is; repeat the run",
        ),
        (
            Observed(2.5, None, samples=(1.0, 2.0, 3.0)),
            "the statistic is not stated, and the value is not the mean of its samples",
        ),
        (
            Observed(1.0, "mean", n=10, stddev=0.4),
            "n (10) and a deviation of 42% of the mean are not enough without samples",
        ),
        (Observed(1.0, "mean", samples=(1.0, 1.0)), "all observations are equal"),
        (Observed(1.0, "p99", samples=(1.0,) * 99 + (2.0,)), "it needs 368"),
        (Observed(1.0, "mean", samples=(0.0, 2.0)), "0 has no ratio to another number"),
        (Observed(1.0, "mean", ci=(0.0, 2.0, 0.95)), "0 has no ratio to another number"),
        (Observed(1.0, "p99", ci=(1.0, 1.0, 0.95)), "all observations are equal"),
        (Observed(1.0, "p99", ci=(1.1, 0.9, 0.95)), "outside of its stated interval"),
        (Observed(1.0, "p99", ci=(0.9, 1.1, 95.0)), "one observation"),
        (Observed(5.0, "mean", samples=(1.0, 2.0, 4.0)), "a value lies outside of its samples"),
        (
            Observed(5.0, "median", samples=(1.0, 2.0, 3.0, 4.0)),
            "a value lies outside of its samples",
        ),
    ],
)
def test_what_cannot_be_told_says_why(observed: Observed, reason: str) -> None:
    assert reason in why_not(observed, observed)


def test_observations_that_drift_are_too_much_alike() -> None:
    samples = [1 + number / 100 for number in range(40)]
    assert "40 observations (worth 2 independent ones) are too much alike" in why_not(
        of_samples(samples), of_samples(samples)
    )


def test_neighbours_that_are_alike_are_worth_fewer() -> None:
    draw = np.random.default_rng(3)
    drawn = draw.standard_normal(4000)
    alike = np.empty(4000)
    alike[0] = drawn[0]
    for place in range(1, 4000):
        alike[place] = 0.8 * alike[place - 1] + 0.6 * drawn[place]
    # In theory n (1 - 0.8) / (1 + 0.8), a ninth.
    assert independent_of(alike) == pytest.approx(4000 / 9, rel=0.25)
    assert independent_of(drawn) > 3600
    assert independent_of(np.ones(50)) == 50


@pytest.mark.parametrize(
    ("statistic", "share"),
    [
        ("p90-es", None),
        ("p0", None),
        ("p99.99999999999999999", None),
        ("p90", 0.9),
        ("p99.9", 0.999),
        ("p90-es", None),
        ("max", None),
        (None, None),
    ],
)
def test_percentiles_are_known_by_their_names(statistic: str | None, share: float | None) -> None:
    assert quantile_of(statistic) == (share and pytest.approx(share))


_NUMBERS = st.lists(st.floats(0.1, 10), min_size=2, max_size=30)


@given(_NUMBERS, _NUMBERS)
@examples(50)
def test_old_and_new_exchanged_say_the_same(old: list[float], new: list[float]) -> None:
    for statistic in ("mean", "median"):
        sides = [of_samples(values, statistic) for values in (old, new)]
        there = significance_of([sides[0]], [sides[1]], "ratio", 0.95)
        back = significance_of([sides[1]], [sides[0]], "ratio", 0.95)
        assert type(there) is type(back)
        if isinstance(there, Significance) and isinstance(back, Significance):
            assert there.p == pytest.approx(back.p, rel=1e-6, abs=1e-300)
            assert math.log1p(there.change) == pytest.approx(-math.log1p(back.change), abs=1e-9)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_the_order_and_the_bound_of_bonferroni(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    pairs = sorted(zip(p_values, adjusted, strict=True))
    assert [after for _, after in pairs] == sorted(adjusted)
    for before, after in pairs:
        assert before <= after <= min(1.0, len(p_values) * before)


def test_holm_is_as_written() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


_TRIALS = 400


@pytest.mark.parametrize(
    "case", some((case for case in CASES if case.keeps_level), every=3, named=str)
)
def test_false_alarms_are_at_most_what_is_stated(case: Case) -> None:
    found = rate(case, 0.0, _TRIALS, seed=11)
    # So many false alarms come with probability 0.1 % where their rate is 5 %.
    most = stats.binom.isf(0.001, _TRIALS, 0.05) / _TRIALS
    assert found is None or found <= most


_ALARMING = [case for case in CASES if not case.keeps_level and case.n != 100]
"""One run on each side where runs differ, and a bootstrap of few observations."""


@pytest.mark.parametrize("case", _ALARMING, ids=str)
def test_the_simulation_sees_false_alarms_where_there_are_more(case: Case) -> None:
    found = rate(case, 0.0, 200, seed=5)
    assert found is not None
    assert found > stats.binom.isf(0.01, 200, 0.05) / 200


def test_the_page_shows_these_cases_and_that_they_keep_what_is_stated() -> None:
    shown = PAGE.read_text("utf-8").partition(MARKS[0])[2].partition(MARKS[1])[0]
    rows = [line.strip("| ").split(" | ") for line in shown.splitlines()[2:]]
    assert [row[:3] for row in rows] == [
        [case.name, f"{case.spread:.0%}", f"{case.n:,}"] for case in CASES
    ]
    most = stats.binom.isf(0.001, FALSE_ALARMS, 0.05) / FALSE_ALARMS
    for case, row in zip(CASES, rows, strict=True):
        if case.keeps_level and row[3] != "not told":
            assert float(row[3].rstrip("%")) / 100 <= most, row


def test_a_call_with_many_results_has_no_more_false_alarms_than_one() -> None:
    calls, results = 200, 12
    draw = np.random.default_rng(4)
    case = Case("mean, from samples", 0.1, 8)
    alarms = 0
    for _ in range(calls):
        p_values = []
        for _ in range(results):
            sides = [case.side(draw, 1.0, case.n) for _ in range(2)]
            found = significance_of(*sides, "ratio", 0.95)
            assert isinstance(found, Significance)
            p_values.append(found.p)
        alarms += min(holm(p_values)) <= 0.05
    assert alarms <= stats.binom.isf(0.001, calls, 0.05)
