"""Posted logs and retyped tables of AI Benchmark's desktop package: the runs in one text, and the records of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.ai_benchmark import log, retyped
from benchfmt.converters.ai_benchmark.record import Post
from benchfmt.converters.ai_benchmark.run import Result, Run
from benchfmt.converters.ai_benchmark.scores import settled
from benchfmt.converters.ai_benchmark.summary import add_scores
from benchfmt.converters.ai_benchmark.system import hides_processor
from benchfmt.converters.base import Failed, Item, Skipped
from benchfmt.converters.draft import DraftError
from benchfmt.finding import Finding
from benchfmt.limits import Limits

_LONGEST_LINE = 2_000
"""No line of a log is longer than a screen is wide."""


def runs_of(path: Path, limits: Limits) -> list[Run]:
    """Return the runs of a posted text, those of consoles first, then those of tables."""
    lines = [
        (line.number, log.plain_letters(line.text[:_LONGEST_LINE]))
        for line in texts.lines_of(path, log.OWN, limits)
    ]
    table = [line for line in lines if log.ROW.match(line[1])]
    plain = [line for line in lines if not log.ROW.match(line[1])]
    unended = None
    if lines and not texts.is_ended(path):
        unended, _ = max(lines)
    pins = retyped.pins(plain)
    columns = [replace(run, pins=pins) for run in retyped.runs(table, unended, limits)]
    runs = [*settled(log.runs(plain, limits), unended), *columns]
    measured = [run for run in runs if run.measured]
    for number, run in enumerate(measured, start=1):
        run.number = number
    return runs


def of_post(post: Post) -> Iterator[Item]:
    """Yield what each run of a posted text gives."""
    path = post.unit.path
    runs = runs_of(path, post.unit.limits)
    if not any(run.measured for run in runs):
        reason = "no test and no score of AI Benchmark: the run was cut off before its first test"
        yield Failed(path, reason)
        return
    for run in runs:
        if run.measured:
            yield from _of_run(post, run)
        else:
            reason = f"line {run.line}: a run that ended before its first test"
            yield Skipped(path, reason, run.line)


def _of_run(post: Post, run: Run) -> Iterator[Item]:
    path = post.unit.path
    for result in run.results:
        locator = f"run={run.number}&test={result.printed}"
        yield from post.record(run, result, locator, _fault(result))
    for damaged in run.damaged:
        yield Failed(path, f"line {damaged.line}: {damaged.reason}", damaged.line)
    if run.results or run.scores:
        draft = post.draft(run, f"run={run.number}&test=scores")
        try:
            add_scores(draft, run)
        except DraftError as error:
            yield Failed(path, f"not a result: {error}", run.line)
            return
        yield from draft.items(path, len(run.results) + 1)
    yield from _unnamed_device(post, run)


def _fault(result: Result) -> str | None:
    """Return why a sub-test has no record."""
    if result.known is None:
        return f"line {result.line}: the suite has no {result.kind} test {result.printed}"
    if result.configuration.batch is None:
        return f"line {result.line}: batch and size of test {result.printed} cannot be read"
    return None


def _unnamed_device(post: Post, run: Run) -> Iterator[Finding]:
    """Yield that neither the post nor the user says on which device a run was."""
    stated = post.unit.options
    if "processor" in stated:
        return
    if hides_processor(run):
        message = "the run was on a processor, which the log does not name (CPU: N/A)"
        yield texts.finding("BF515", post.name, message, "name it: --option processor=…")
    elif not run.results and not run.info and "accelerator" not in stated:
        message = "the post holds scores alone and does not say of which device"
        hint = "give it: --option processor=… or --option accelerator=…"
        yield texts.finding("BF515", post.name, message, hint)
