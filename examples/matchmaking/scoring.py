"""How far predictions are off, platform by platform, and how often they choose the right platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from benchfmt.comparison.distributions import t_critical

Numbers = npt.NDArray[np.float64]
LEVEL = 0.05
DRAWS = 20
RESAMPLES = 1_000
SLACK = 1.25
"""A limit is so many times what the platform that is meant to fit takes."""
NETWORK = ("task", "model", "model_version", "input_shape")
MIN_PLATFORMS = 3


@dataclass(frozen=True)
class Interval:
    """A mean, and between which numbers it lies but for one case in twenty."""

    mean: float
    lower: float
    upper: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the sign of the mean is more than chance."""
        return self.lower > 0 or self.upper < 0

    def __str__(self) -> str:
        """Return it with two digits: `0.82 [0.55, 1.09]`."""
        # Adding 0 turns a -0.00 that rounding would leave into 0.00.
        mean, lower, upper = (round(x, 2) + 0.0 for x in (self.mean, self.lower, self.upper))
        return f"{mean:.2f} [{lower:.2f}, {upper:.2f}]"


def over_platforms(each: Numbers) -> Interval:
    """Return the mean over platforms, with the limits of Student's t: platforms are what is drawn, not rows."""
    half = t_critical(LEVEL, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each))
    return Interval(float(each.mean()), float(each.mean() - half), float(each.mean() + half))


def errors(rows: pl.DataFrame, predicted: Numbers) -> Numbers:
    """Return the mean absolute error of ln(seconds) on each platform of LPDNN, in the order of their names."""
    base = rows.filter(pl.col("suite") == "lpdnn")
    off = base.select("system_id", off=(pl.Series(predicted) - pl.col("seconds").log()).abs())
    return off.group_by("system_id").mean().sort("system_id")["off"].to_numpy()


def errors_after(rows: pl.DataFrame, predicted: Numbers, shots: int) -> Numbers:
    """Return the same once some runs of the platform are known, which shift the predictions by their mean error.

    The runs are drawn anew so many times (DRAWS); what repeats their configuration is not tested.
    """
    base = rows.filter(pl.col("suite") == "lpdnn")
    residual = base["seconds"].log().to_numpy() - predicted
    platforms, repeats = base["system_id"].to_numpy(), base["repeat"].to_numpy()
    draw = np.random.default_rng(0)
    found = []
    for platform in np.unique(platforms):
        own = np.flatnonzero(platforms == platform)
        scores = []
        for _ in range(DRAWS):
            known = draw.choice(np.unique(repeats[own]), shots, replace=False)
            is_known = np.isin(repeats[own], known)
            # One run of each configuration: who measures a platform does not choose by repeats.
            first = [own[repeats[own] == repeat][0] for repeat in known]
            scores.append(np.abs(residual[own[~is_known]] - residual[first].mean()).mean())
        found.append(np.mean(scores))
    return np.array(found)


def hits(rows: pl.DataFrame, predicted: Numbers) -> list[Numbers]:
    """Return for each network, and each limit on its latency, whether predictions choose the platform that measurements do.

    Chosen is the cheapest platform that meets the limit. No record and no fact has a price, so the platform that is slower
    over all networks stands for the cheaper one. There is a limit for each platform, which it meets by a fifth.
    """
    network = pl.concat_str((pl.col(name).fill_null("") for name in NETWORK), separator=" ")
    base = rows.filter(pl.col("suite") == "lpdnn").with_columns(
        predicted=pl.Series(predicted).exp(), network=network
    )
    of_platforms = base.group_by("network", "system_id").agg(pl.col("seconds", "predicted").min())
    best = of_platforms.filter(pl.len().over("network") >= MIN_PLATFORMS).sort(
        "network", "system_id"
    )
    logarithm = pl.col("seconds").log()
    slower = best.with_columns(slower=logarithm - logarithm.mean().over("network"))
    order = slower.group_by("system_id").agg(pl.col("slower").mean())
    cheapest_first = best.join(order, on="system_id").sort(
        "network", "slower", descending=[False, True]
    )
    return [
        _hits(group["seconds"].to_numpy(), group["predicted"].to_numpy())
        for group in cheapest_first.partition_by("network", maintain_order=True)
    ]


def _hits(seconds: Numbers, predicted: Numbers) -> Numbers:
    found = []
    for limit in SLACK * seconds:
        fits = np.flatnonzero(predicted <= limit)
        right = np.flatnonzero(seconds <= limit)[0]
        found.append(float(len(fits) > 0 and fits[0] == right))
    return np.array(found)


def over_networks(hits: Sequence[Numbers]) -> Interval:
    """Return the mean over all limits; networks are what is drawn anew for its interval."""
    draw = np.random.default_rng(0)
    sums = np.array([group.sum() for group in hits])
    sizes = np.array([len(group) for group in hits])
    places = draw.integers(0, len(hits), (RESAMPLES, len(hits)))
    means = sums[places].sum(axis=1) / sizes[places].sum(axis=1)
    lower, upper = np.quantile(means, [LEVEL / 2, 1 - LEVEL / 2])
    return Interval(float(sums.sum() / sizes.sum()), float(lower), float(upper))


def differences(one: Sequence[Numbers], other: Sequence[Numbers]) -> list[Numbers]:
    """Return what two predictions differ in, network by network."""
    return [second - first for first, second in zip(one, other, strict=True)]
