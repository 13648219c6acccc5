"""Which part of a component's log is of which run.

A run prints some things once, and its epochs, steps and images in rising order. So what stands there again or goes back
begins the next run. What a component prints is said by marks, which stand beside its form.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.repeats import refuse_many


@dataclass(frozen=True)
class Mark:
    """Something that a run prints in a known order.

    `once`: the same words do not stand in a run twice; groups of the pattern make several of one mark.
    `rises`: its numbered groups are numbers that rise; a group called `of` does not change in a run.
    `stays`: as `rises`, but the same number may stand twice.
    `opens`: a run that has printed a result begins with it no more.
    `restarts`: after it, what rises may begin again, as in the next part of a training.
    """

    kind: Literal["once", "rises", "stays", "opens", "restarts"]
    pattern: str
    renews: bool = False
    """Whether it lets others begin again: an epoch what stands once, a title of a part what rises."""
    measures: bool = True
    """Whether it is a result, which a description of the next run may follow."""


def _once(*patterns: str, measures: bool = True) -> tuple[Mark, ...]:
    return tuple(Mark("once", pattern, measures=measures) for pattern in patterns)


MARKS: dict[str, tuple[Mark, ...]] = {
    "C1": (Mark("rises", r"^Epoch: \[(\d+)\]\[\s*(\d+)/", renews=True), *_once(r"\* Acc@1 ")),
    "C3": (
        Mark("rises", r"^\[ Epoch (\d+) \]", renews=True),
        *_once(r"- \(Training\)", r"- \(Validation\)"),
    ),
    "C4": (Mark("rises", r"Epoch \[(\d+)/(?P<of>\d+)\], Step \[(\d+)/"),),
    "C5": (
        Mark("rises", r"End of epoch (\d+) / (?P<of>\d+)", renews=True),
        Mark("rises", r"\(epoch: (\d+), iters: (\d+),"),
        *_once("Mean pixel accuracy:", "Mean class IoU:"),
    ),
    "C6": (
        Mark("rises", r"Training Summary Epoch: \[(\d+)\]"),
        Mark("rises", r"Validation Summary Epoch: \[(\d+)\]"),
    ),
    "C7": (
        Mark("rises", r"^Epoch \[(\d+)/(?P<of>\d+)\]", renews=True),
        *_once(
            "^Test time :",
            "train set - Triplet Loss",
            "valid set - Triplet Loss",
            "valid set - Accuracy",
        ),
    ),
    "C8": (
        Mark(
            "stays",
            r"\[Evaluation Loss: [0-9.]+ Acc: [0-9.]+%\]:\s*\d+%\|[^|\r\n]*\|\s*(\d+)/(?P<of>\d+) ",
        ),
        Mark("restarts", r"\[Train\w* Loss:"),
        *_once("Training complete in", "Best val Acc:", "Inference Speed:", "Val Acc:"),
    ),
    "C9": (
        Mark("opens", r"Namespace\("),
        Mark("rises", r"\[session \d+\]\[epoch +(\d+)\]\[iter +(\d+)/"),
        Mark("rises", r"im_detect: (\d+)/(?P<of>\d+) "),
        *_once(r"^AP for ([\w -]+) =", "Mean AP =", "test time:"),
    ),
    "C10": (*_once("Benchmark run:"), Mark("stays", r"\bloss = [0-9.eE+-]+, step = (\d+)")),
    "C14": (
        Mark("once", r"^-*(MLE(?: \+ RL)? (?:Training|Validation))-*\s*$", renews=True),
        Mark("rises", r"\biter: (\d+) mle_loss"),
        Mark("rises", r"(\d+)\.tar rouge_l:"),
        Mark("rises", r"(\d+)\.tar scores:"),
    ),
    "C15": (
        Mark("rises", r"Train Epoch: (\d+) \[(\d+)/", renews=True),
        *_once("^test_time_start", "^Test set: Average loss:", "^test_time:", "^train_time:"),
    ),
    "C16": (
        Mark("opens", r"Namespace\("),
        *_once(
            r"Namespace\((\w+)=[^,)]*, (\w+)=",
            "total training instances:",
            "Number of params:",
            measures=False,
        ),
        Mark("rises", r"^Epoch (\d+) \["),
    ),
    "M": _once("computings times:"),
    "face": (
        Mark("rises", r"^Epoch: \[(\d+)\]\[\s*(\d+)/", renews=True),
        *_once(
            r"\bAccuracy: [0-9.]+\+-", "Validation rate:", "Area Under Curve", "Equal Error Rate"
        ),
    ),
}
"""What the logs of each component print in an order, by the component of their form."""


@dataclass
class _State:
    """What a run has printed so far."""

    measured: bool = False
    last: dict[Mark, tuple[Decimal, ...]] = field(default_factory=dict)
    total: dict[Mark, str] = field(default_factory=dict)
    seen: set[tuple[Mark, tuple[str | None, ...]]] = field(default_factory=set)

    def follows(self, mark: Mark, match: re.Match[str]) -> bool:
        """Say whether something may come next in this run."""
        if mark.kind == "opens":
            return not self.measured
        if mark.kind == "restarts":
            return True
        if mark.kind == "once":
            return (mark, match.groups()) not in self.seen
        last = self.last.get(mark)
        if last is None:
            return True
        if self.total[mark] != _total(match):
            return False
        numbers = _numbers(match)
        return numbers > last or (mark.kind == "stays" and numbers == last)

    def take(self, mark: Mark, match: re.Match[str]) -> None:
        """Note what was printed."""
        if mark.kind == "opens":
            return
        self.measured = self.measured or mark.measures
        if mark.kind == "restarts" or (mark.kind == "once" and mark.renews):
            self.last.clear()
        if mark.kind == "once":
            self.seen.add((mark, match.groups()))
        if mark.kind in ("rises", "stays"):
            if mark.renews and self.last.get(mark) != _numbers(match):
                self.seen.clear()
            self.last[mark], self.total[mark] = _numbers(match), _total(match)


def _numbers(match: re.Match[str]) -> tuple[Decimal, ...]:
    named = set(match.re.groupindex.values())
    return tuple(
        Decimal(text)
        for index, text in enumerate(match.groups(), start=1)
        if index not in named and text
    )


def _total(match: re.Match[str]) -> str:
    return match.groupdict().get("of") or ""


def _found(mark: Mark, text: str) -> Iterator[tuple[re.Match[str], Mark]]:
    return ((match, mark) for match in re.finditer(mark.pattern, text, re.MULTILINE))


def runs(text: str, marks: Sequence[Mark], limits: Limits = LIMITS) -> list[tuple[int, str]]:
    """Return the parts of a log that are of one run each, with the lines in which they begin.

    Raises UnsafeError for more of them than are read.
    """
    # A large log has millions of matches: none is kept beside the last.
    found = heapq.merge(*(_found(mark, text) for mark in marks), key=lambda pair: pair[0].start())
    starts, state, last = [0], _State(), -1
    for match, mark in found:
        start = match.start()
        if not state.follows(mark, match):
            # What was found last stands before this line, or in it: nobody looks further back.
            known = max(last, 0)
            line = max(text.rfind("\n", known, start), text.rfind("\r", known, start)) + 1
            starts.append(line if line > last else start)
            refuse_many(len(starts), limits)
            state = _State()
        state.take(mark, match)
        last = start
    parts: list[tuple[int, str]] = []
    line = 1
    for start, end in pairwise([*starts, len(text)]):
        part = text[start:end]
        parts.append((line, part))
        line += part.count("\n")
    return parts


WHOLE: dict[str, tuple[str, ...]] = {
    "C1": (r"\* Acc@1 \d+\.\d{3} Acc@5 \d+\.\d{3}",),
    "C4": (r"Perplexity: +\d+\.\d{4}",),
    "C7": (r"valid set - [\w ]+= +\d+\.\d{8}",),
    "C9": (r"AP for [\w -]+ = \d\.\d{4}", r"Mean AP = \d\.\d{4}"),
    "C14": (r"rouge_l: \d\.\d{4}",),
    "face": (r"@ FAR=\d\.\d{5}", r"\((?:AUC|EER)\): \d\.\d{3}", r"Accuracy: \d\.\d{3}\+-\d\.\d{3}"),
}
"""Ends of lines whose numbers have all their digits, by the component of the form; of others a cut may have taken some."""


def without_cut(text: str, component: str) -> str:
    """Return a text without a number at its very end, of which digits may be cut off: nothing says that it is whole."""
    if not re.search(r"[0-9.]\Z", text):
        return text
    last = re.split(r"[\n\r]", text)[-1]
    if any(re.search(rf"{pattern}\Z", last) for pattern in WHOLE.get(component, ())):
        return text
    return re.sub(r"[0-9.eE+-]+\Z", "", text)
