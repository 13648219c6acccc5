"""How often verdicts on two versions are wrong, and how often a change is found: simulated results, judged as real ones.

`python -m bench.verdicts` prints the table; `--write` puts it into docs/versions.md.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.process import ROOT
from benchfmt.comparison.evidence import Observed, quantile_of
from benchfmt.comparison.significance import Significance, significance_of

LEVEL = 0.95
CHANGES = (0.0, 0.02, 0.05, 0.10, 0.20)
PAGE = ROOT / "docs/versions.md"
MARKS = ("<!-- verdicts: made by `make bench-verdicts` -->\n", "<!-- end of verdicts -->\n")
FALSE_ALARMS, _FOUND = 4000, 400
_RESAMPLES = 500
Numbers = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator], list[Observed]]


@dataclass(frozen=True)
class Case:
    """A way in which results come about, from log-normal times of 1 s."""

    name: str
    spread: float
    """The standard deviation of the logarithms: about that of the times as a share of their mean."""
    n: int
    statistic: str = "mean"
    runs: int = 1
    n_of_new: int | None = None
    between_runs: float = 0.0
    """How much runs of one version differ, in the same way."""
    alike: float = 0.0
    """The correlation of neighbours."""
    has_samples: bool = True
    by_bootstrap: bool = False
    """Whether it is judged by a bootstrap, as is usual and as benchfmt does not."""
    keeps_level: bool = True
    """Whether the false alarms are at most what is stated."""

    def __str__(self) -> str:
        return f"{self.name} {self.spread:g} {self.n}"

    def side(self, draw: np.random.Generator, times: float, n: int) -> list[Observed]:
        """Return the results of a version that takes so many times as long."""
        return [self._run(draw, times, n) for _ in range(self.runs)]

    def _run(self, draw: np.random.Generator, times: float, n: int) -> Observed:
        centre = math.log(times) + self.between_runs * draw.standard_normal()
        samples = np.exp(centre + self.spread * _normal(draw, n, self.alike))
        value = _STATISTICS[self.statistic](samples)
        if not self.has_samples:
            return Observed(value, self.statistic, n=n, stddev=float(samples.std()))
        return Observed(value, self.statistic, samples=tuple(samples.tolist()))


def _normal(draw: np.random.Generator, n: int, alike: float) -> Numbers:
    drawn = draw.standard_normal(n)
    if not alike:
        return drawn
    for place in range(1, n):
        drawn[place] = alike * drawn[place - 1] + math.sqrt(1 - alike**2) * drawn[place]
    return drawn


def _nearest_rank(share: float) -> Callable[[Numbers], float]:
    return lambda samples: float(np.sort(samples)[math.ceil(share * len(samples)) - 1])


_STATISTICS: dict[str, Callable[[Numbers], float]] = {
    "mean": lambda samples: float(samples.mean()),
    "median": lambda samples: float(np.median(samples)),
    "p90": _nearest_rank(0.90),
    "p99": _nearest_rank(0.99),
}
_MANY = (5, 10, 30, 100, 1000)
CASES = (
    *(Case("mean, from samples", spread, n) for spread in (0.02, 0.1, 0.5) for n in _MANY),
    *(Case("mean, from n and stddev", 0.1, n, has_samples=False) for n in _MANY),
    Case("mean, old 10 samples, new 100", 0.1, 10, n_of_new=100),
    *(Case("median, from samples", 0.1, n, "median") for n in (10, 30, 100, 1000)),
    *(Case("p90, from samples", 0.1, n, "p90") for n in (100, 1000)),
    Case("p99, from samples", 0.1, 1000, "p99"),
    *(
        Case(
            "p99, by a bootstrap in our place", 0.1, n, "p99", by_bootstrap=True, keeps_level=False
        )
        for n in (30, 100)
    ),
    *(Case("mean, neighbours alike (0.5)", 0.1, n, alike=0.5) for n in (100, 1000)),
    *(Case("mean, neighbours alike (0.9)", 0.1, n, alike=0.9) for n in (100, 1000)),
    *(
        Case(f"{runs} runs a side, which differ by 3 %", 0.1, 100, runs=runs, between_runs=0.03)
        for runs in (3, 5, 10)
    ),
    Case("1 run a side, runs differ by 3 %", 0.1, 1000, between_runs=0.03, keeps_level=False),
)


def rate(case: Case, change: float, trials: int, seed: int) -> float | None:
    """Return the share of trials in which a change is found; None where nothing can be told in most of them."""
    draw = np.random.default_rng([seed, zlib.crc32(str(case).encode())])
    told = found = 0
    for _ in range(trials):
        old = case.side(draw, 1.0, case.n)
        new = case.side(draw, 1 + change, case.n_of_new or case.n)
        if case.by_bootstrap:
            told += 1
            found += _found_by_bootstrap(case, old[0], new[0], draw)
            continue
        result = significance_of(old, new, "ratio", LEVEL)
        if isinstance(result, Significance):
            told += 1
            found += result.p <= 1 - LEVEL
    if told < trials / 2:
        return None
    return found / trials


def _found_by_bootstrap(
    case: Case, old: Observed, new: Observed, draw: np.random.Generator
) -> bool:
    """Return whether the percentile interval of the ratio, of samples drawn again, leaves 1 out."""
    drawn = []
    for side in (old, new):
        again = draw.choice(np.array(side.samples), (_RESAMPLES, len(side.samples)))
        share = quantile_of(case.statistic) or 0.5
        rank = math.ceil(share * len(side.samples)) - 1
        drawn.append(np.sort(again, axis=1)[:, rank])
    lower, upper = np.quantile(drawn[1] / drawn[0], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return bool(lower > 1 or upper < 1)


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    changes = " | ".join(f"{change:.0%}" for change in CHANGES[1:])
    yield f"| what is compared | spread | samples | false alarms | {changes} |"
    yield "|---|---|---|---|" + "---|" * (len(CHANGES) - 1)
    for case in CASES:
        cells = [case.name, f"{case.spread:.0%}", f"{case.n:,}"]
        cells.append(_shown(rate(case, 0.0, FALSE_ALARMS, seed=1), digits=1))
        cells += [_shown(rate(case, change, _FOUND, seed=2)) for change in CHANGES[1:]]
        yield f"| {' | '.join(cells)} |"


def _shown(share: float | None, digits: int = 0) -> str:
    if share is None:
        return "not told"
    return f"{share:.{digits}%}"


def main() -> None:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.verdicts", description=__doc__)
    parser.add_argument(
        "--write", action="store_true", help="write the table into docs/versions.md"
    )
    options = parser.parse_args()
    lines = []
    for line in table():
        print(line, flush=True)
        lines.append(line)
    if options.write:
        before, start, rest = PAGE.read_text("utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        PAGE.write_text("".join([before, start, "\n".join(lines), "\n", MARKS[1], after]), "utf-8")


if __name__ == "__main__":
    main()
