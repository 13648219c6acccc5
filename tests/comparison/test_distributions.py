"""The distributions agree with those of SciPy."""

from __future__ import annotations

import pytest
from scipy import stats

from benchfmt.comparison.distributions import binomial, bisected, t_critical, t_two_sided


@pytest.mark.parametrize("freedom", [1, 1.7, 4, 30.5, 998, 250_000])
@pytest.mark.parametrize("t", [0, 1e-6, 0.3, 1.96, 5, 40])
def test_student_s_t_is_that_of_scipy(freedom: float, t: float) -> None:
    assert t_two_sided(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), rel=1e-9)
    assert t_two_sided(-t, freedom) == t_two_sided(t, freedom)


@pytest.mark.parametrize("freedom", [1, 2.5, 9, 1e5])
@pytest.mark.parametrize("alpha", [0.9999, 0.5, 0.05, 1e-4, 1e-12])
def test_the_critical_value_is_that_of_scipy(freedom: float, alpha: float) -> None:
    assert t_critical(alpha, freedom) == pytest.approx(stats.t.isf(alpha / 2, freedom), rel=1e-8)
    assert t_critical(1.0, freedom) == 0


@pytest.mark.parametrize(("n", "p"), [(1, 0.5), (6, 0.5), (30, 0.9), (1000, 0.99), (100_000, 0.5)])
def test_the_binomial_is_that_of_scipy(n: int, p: float) -> None:
    tails = binomial(n, p)
    for k in {0, n // 2, int(p * n), n}:
        assert tails.at_most[k] == pytest.approx(stats.binom.cdf(k, n, p), rel=1e-7, abs=1e-300)
        assert tails.at_least[k] == pytest.approx(stats.binom.sf(k - 1, n, p), rel=1e-7, abs=1e-300)


@pytest.mark.parametrize(("n", "p"), [(6, 0.5), (30, 0.9), (1000, 0.99), (5000, 0.5)])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 1e-3])
def test_a_quantile_lies_between_its_ranks(n: int, p: float, alpha: float) -> None:
    lower, upper = binomial(n, p).ranks(alpha)
    # The observation of a rank is above the quantile if fewer than rank observations lie at or below it.
    assert stats.binom.cdf(lower - 1, n, p) < alpha / 2 <= stats.binom.cdf(lower, n, p)
    assert stats.binom.sf(upper - 1, n, p) <= alpha / 2 < stats.binom.sf(upper - 2, n, p)


def test_very_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    assert t_two_sided(1.96, 1e15) == pytest.approx(2 * stats.norm.sf(1.96))
    assert t_critical(0.05, 1e15) == pytest.approx(stats.norm.isf(0.025))
    assert t_two_sided(3, 0.99e7) == pytest.approx(t_two_sided(3, 1.01e7), rel=1e-5)


def test_too_few_observations_are_no_limits() -> None:
    assert binomial(5, 0.5).ranks(0.05) == (0, 6)
    assert binomial(6, 0.5).ranks(0.05) == (1, 6)
    assert binomial(367, 0.99).ranks(0.05)[1] == 368
    assert binomial(368, 0.99).ranks(0.05)[1] == 368


def test_a_condition_that_never_holds_ends_at_the_upper_end() -> None:
    assert bisected(lambda _: False, 0.0, 8.0) == 8.0
    assert bisected(lambda number: number >= 3, 0.0, 8.0) == pytest.approx(3)
