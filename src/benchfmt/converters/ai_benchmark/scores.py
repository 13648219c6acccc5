"""The scores of a run of AI Benchmark's desktop package: whether they are its own, and what its tests give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from benchfmt.converters.ai_benchmark.log import Damaged, Run
from benchfmt.suites import ai_benchmark as rules

_AGREE = Fraction(1, 100)
"""Printed means are rounded: scores that differ by more belong to another run."""


@dataclass(frozen=True, slots=True)
class Again:
    """A score that was calculated anew: from how many of its tests, and how many there are."""

    score: int
    tests: int
    of: int

    def agrees(self, text: str) -> bool:
        """Say whether a printed score is this one, as far as the printed means are exact."""
        return abs(int(text) - self.score) <= _AGREE * max(self.score, int(text))


def recomputed(run: Run) -> dict[str, Again]:
    """Return the scores that follow from the tests of a run; the package takes those that finished."""
    found: dict[str, Again] = {}
    for score, kind in (
        ("Inference", "inference"),
        ("Training", "training"),
        ("Inference", "micro"),
    ):
        pairs = {
            r.test.id: (r.test.ref, r.mean)
            for r in run.results
            if r.test and r.test.kind == kind and r.mean and float(r.mean)
        }
        if pairs:
            found[score] = Again(rules.score(pairs.values()), len(pairs), len(rules.of_kind(kind)))
    parts = [found[name] for name in ("Inference", "Training") if name in found]
    if len(parts) == 2:
        found["AI"] = Again(
            *(sum(getattr(part, name) for part in parts) for name in ("score", "tests", "of"))
        )
    return found


def settled(runs: list[Run], unended: int | None) -> Iterator[Run]:
    """Yield runs of a console with the scores that are theirs; scores of another run make a run of their own.

    `unended` is the line in which the text ends without a line end, where digits may be cut off.
    """
    for run in runs:
        kept = _trusted(run, unended)
        again = recomputed(kept)
        if not any(_is_foreign(kept, again, kind) for kind in kept.scores):
            yield kept
            continue
        yield replace(kept, scores={})
        first = min(line for _, line in kept.scores.values())
        yield Run(run.number, first, scores=kept.scores, strangers=True)


def _is_foreign(run: Run, again: Mapping[str, Again], kind: str) -> bool:
    """Say whether a score cannot be that of the tests of a run."""
    text = run.scores[kind][0]
    if text == "0" or not run.results:
        return False
    if kind in again:
        return not again[kind].agrees(text)
    return kind != "AI" and all(result.kind != kind.lower() for result in run.results)


def _trusted(run: Run, unended: int | None) -> Run:
    """Return a run without scores that do not add up, and without one that may lack its last digits."""
    told = {kind: int(text) for kind, (text, _) in run.scores.items()}
    adds_up = len(told) == 3 and told["Inference"] + told["Training"] == told["AI"]
    cut = [kind for kind, (_, line) in run.scores.items() if line == unended and not adds_up]
    again = recomputed(run)
    cut = [kind for kind in cut if kind not in again or not again[kind].agrees(run.scores[kind][0])]
    if cut:
        lost = [
            Damaged(line, "the file ends in this line: digits of the score may be cut off")
            for _, line in (run.scores[kind] for kind in cut)
        ]
        run = replace(
            run,
            scores={k: s for k, s in run.scores.items() if k not in cut},
            damaged=[*run.damaged, *lost],
        )
        told = {kind: number for kind, number in told.items() if kind not in cut}
    parts = sum(number for kind, number in told.items() if kind != "AI")
    short = "AI" in told and (parts != told["AI"] if len(told) == 3 else parts > told["AI"])
    if not short:
        return run
    line = run.scores["AI"][1]
    shown = " and ".join(str(number) for kind, number in told.items() if kind != "AI")
    why = f"two runs in one file: the scores {shown} do not make the AI score {told['AI']}; none is taken"
    return replace(run, scores={}, damaged=[*run.damaged, Damaged(line, why)])
