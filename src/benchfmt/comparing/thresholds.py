"""What makes a pipeline fail: `regression:5%`, `missing` and the like, and which results do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchfmt.comparing.verdicts import SIGNIFICANT, Change, Verdict
from benchfmt.comparing.versions import Versions
from benchfmt.finding import BenchfmtError
from benchfmt.spelling import no_such

_PERCENT = re.compile(r"([0-9]+(?:[.][0-9]+)?) ?%")
_Fails = Callable[[Change], bool]


def _has(*verdicts: Verdict) -> _Fails:
    return lambda change: change.verdict in verdicts


_FAILS: dict[str, _Fails] = {
    "regression": _has(Verdict.REGRESSION),
    "missing": _has(Verdict.ONLY_OLD),
    "unknown": _has(Verdict.UNTOLD),
    "any": _has(*SIGNIFICANT, Verdict.ONLY_OLD, Verdict.ONLY_NEW),
}
_FAILING = {
    "regression": ("regression", "regressions"),
    "missing": ("result is only in OLD", "results are only in OLD"),
    "unknown": ("result cannot be told", "results cannot be told"),
    "any": (
        "result changed, or one package lacks it",
        "results changed, or one package lacks them",
    ),
}
"""What is said of one result that makes a comparison fail, and of several."""


@dataclass(frozen=True)
class Threshold:
    """What makes a comparison fail: a word, and for regressions from which change on."""

    word: str
    share: float = 0.0

    def failing(self, versions: Versions) -> list[Change]:
        """Return the results that make a comparison fail.

        A change counts where it is significant and the number itself moved at least so far. What has no change in percent
        (a number that was 0, a temperature in degrees Celsius) counts wherever it is significant.
        """
        fails = _FAILS[self.word]
        return [change for change in versions.changes if fails(change) and self._is_beyond(change)]

    def _is_beyond(self, change: Change) -> bool:
        return change.share is None or abs(change.share) >= self.share

    def __str__(self) -> str:
        """Return the threshold as it is written."""
        if self.share:
            return f"{self.word}:{self.share * 100:g}%"
        return self.word


def threshold(text: str) -> Threshold:
    """Return what `--fail-on` says, as `regression:5%`; raises BenchfmtError."""
    word, colon, limit = text.strip().partition(":")
    if word not in _FAILS:
        raise BenchfmtError(no_such("word of --fail-on", word, list(_FAILS)))
    if not colon:
        return Threshold(word)
    if word != "regression":
        raise BenchfmtError(f"--fail-on {word} takes no number: only regression does")
    percent = _PERCENT.fullmatch(limit.strip())
    if percent is None:
        raise BenchfmtError(f"--fail-on {text}: write the least change as regression:5%")
    return Threshold(word, float(percent[1]) / 100)


def failures(versions: Versions, thresholds: Iterable[Threshold]) -> list[str]:
    """Return in words why a comparison fails; none where it does not.

    Where something is asked and no result is in both packages, that is a failure too: nothing was compared.
    """
    asked: Sequence[Threshold] = list(thresholds)
    reasons = []
    if asked and not versions.compared:
        reasons.append("no result is in both packages: nothing was compared")
    for item in asked:
        count = len(item.failing(versions))
        if item.word == "unknown":
            count += sum(number for _, _, number in versions.without_key)
        if count:
            one, several = _FAILING[item.word]
            words = several
            if count == 1:
                words = one
            reasons.append(f"--fail-on {item}: {count:,} {words}")
    return reasons
