"""The record of the scores of a run of AI Benchmark's desktop package."""

from __future__ import annotations

from benchfmt.converters.ai_benchmark.run import Run
from benchfmt.converters.ai_benchmark.scores import PARTS, recomputed
from benchfmt.converters.draft import Draft, Number

SCORES = {"AI": "ai-score", "Inference": "inference-score", "Training": "training-score"}
"""The metric of each score, the first that has a value being the headline."""
_NAMES = {"AI": "AI", "Inference": "inference", "Training": "training"}
_ONE_RUN = "keep the whole log of one run"


def add_scores(draft: Draft, run: Run) -> None:
    """Add the scores as printed, or those that the run did not reach, and report those that are not its own."""
    draft.task = "mixed"
    draft.benchmark(name="summary")
    metrics = {kind: f"{draft.suite}:{name}" for kind, name in SCORES.items()}
    if _is_micro(run):
        draft.benchmark(name="micro-summary")
        metrics["Inference"] = f"{draft.suite}:micro-score"
    if run.scores:
        again = recomputed(run)
        draft.keep("recomputed", {SCORES[kind]: each.score for kind, each in again.items()})
    headline = next((kind for kind in SCORES if run.points.get(kind)), None)
    if headline is None:
        draft.fail("incomplete", _ended(run))
        for kind in _expected(run):
            draft.missing(f"{draft.suite}:{SCORES[kind]}", "not-reached")
        return
    _report_strangers(draft, run)
    for kind in run.scores:
        number = _add_score(draft, run, kind, metrics[kind])
        number.primary = kind == headline or None


def _report_strangers(draft: Draft, run: Run) -> None:
    if run.strangers:
        line = min(score.line for score in run.scores.values())
        message = (
            f"line {line}: the scores do not follow from the tests before them; they stand for a run of their own, "
            "of which neither tests nor device are known"
        )
        draft.report("BF405", message, hint=_ONE_RUN)


def _is_micro(run: Run) -> bool:
    return any(result.test and result.test.kind == "micro" for result in run.results)


def _add_score(draft: Draft, run: Run, kind: str, metric: str) -> Number:
    text = run.scores[kind].text
    if run.points[kind]:
        return draft.measure(metric, text, basis="derived", caveats=_caveats(draft, run, kind))
    # A fork prints 0 for what was not run; of tests that ran it is a score below 1.
    reason = "not-measured"
    if kind.lower() in run.kinds:
        reason = "below-resolution"
    return draft.missing(metric, reason, text)


def _caveats(draft: Draft, run: Run, kind: str) -> list[str] | None:
    """Say whether a score is of another run or of a part of the tests, and report it."""
    points = run.points
    score = run.scores[kind]
    own = recomputed(run).get(kind)
    if own is None:
        if kind == "AI" and 0 in points.values():
            # It is the sum of one part.
            return ["partial-run"]
        return None
    message = f"line {score.line}: the {_NAMES[kind]} score {score.text}"
    if not own.agrees(points[kind]):
        message += f" does not follow from the tests beside it, which give {own.score}: it is another run's"
        draft.report("BF405", message, value=score.text, hint=_ONE_RUN)
        return ["foreign-score"]
    if own.tests == own.of:
        return None
    if kind != "AI":
        message += f" rests on {own.tests} of {own.of} tests: it compares with no other"
        draft.report("BF405", message, value=score.text)
    return ["partial-run"]


def _expected(run: Run) -> list[str]:
    """Return the scores that a run would have come to, by the kinds of its tests."""
    parts = [score for score in PARTS if score.lower() in run.kinds]
    if not parts or "inference" in run.kinds:
        return ["AI", *parts]
    return parts


def _ended(run: Run) -> str:
    """Return where the log ends, and the errors there."""
    last = "the log holds no test"
    if run.results:
        last = f"the log ends after test {run.results[-1].printed}"
    return "\n".join([last, *run.errors])
