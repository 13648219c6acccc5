"""The summary log of LoadGen."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from benchfmt.readers import encodings, lines
from benchfmt.readers.loadgen.ends import HEAD_BYTES, TAIL_BYTES, ends, joined
from benchfmt.readers.loadgen.log import SUMMARY_BYTES, Log
from benchfmt.readers.loadgen.names import (
    ACCURACY,
    ADDITIONAL,
    FAILED,
    MARKS,
    OFFICIAL,
    OWN,
    PARAMETERS,
    TITLE,
    WARNED,
    values,
)

_RESULT, _NUMBERS, _SETTINGS = 1, 2, 3
_STAGES = {
    TITLE: 0,
    "sut_name": 0,
    "effective_scenario": 0,
    "effective_test_mode": 0,
    ADDITIONAL: _NUMBERS,
    PARAMETERS: _SETTINGS,
    WARNED: 4,
    FAILED: 5,
}
"""The order of a summary. Numbers stand on both sides of the word whether the result is valid."""
_VERDICT = re.compile(
    r"result_(validity|(perf_constraints|min_duration|min_queries)_met)|early_stopping_.*"
)
_TWICE = ("result_completed_tokens_per_second", "result_inferred_completed_tokens_per_second")
"""What a summary says twice since v4.1: as the result, and among the other numbers."""
_SCENARIOS = (
    "SingleStream",
    "MultiStream",
    "MultiStreamFree",
    "Server",
    "Offline",
    "ConstantStream",
)


def read_summary(path: Path) -> Log:
    """Return what a summary log says of its first run; a cut-off one says less, and never raises for what it holds."""
    return read_summaries(path)[0]


def read_summaries(path: Path) -> list[Log]:
    """Return what a summary log says of each of its runs, in the order of the file; at least one, which may say nothing."""
    start, end = ends(path, SUMMARY_BYTES, SUMMARY_BYTES)
    data = joined(start, end)
    digest = None
    if end is None:
        digest = hashlib.sha256(data).hexdigest()
    text = _text(data)
    if data and data.rstrip(b"\0")[-1:] not in (b"\n", b"\r"):
        # A last line without its end may be cut in the middle of a number.
        text = text[: text.rstrip("\n").rfind("\n") + 1]
    logs = []
    for run in _runs(text) or [_Run()]:
        log = Log(
            path,
            run.all_values(),
            digest,
            len(data),
            errors=run.counted(FAILED),
            warnings=run.counted(WARNED),
            accuracy_mode=run.is_accuracy,
            headline=run.headline,
        )
        logs.append(log)
    return logs


def _text(data: bytes) -> str:
    """Return a summary as LoadGen wrote it; one that stands as it was written needs no look at each line's start."""
    title = TITLE.encode()
    stands = title in data and data.count(title) == data.count(b"\n" + title)
    if stands and not any(sign in data for sign in (b"\0", b"\x1b", b"<", b"&", b"`")):
        return encodings.plain(encodings.decoded(data))
    return lines.text(data, OWN)


def is_summary(path: Path) -> bool:
    """Say whether a file holds a summary, whatever it is called and whatever stands around, by a look at its two ends."""
    try:
        data = joined(*ends(path, HEAD_BYTES, TAIL_BYTES))
    except OSError:
        return False
    # Most files are told by their bytes alone; those of UTF-16 have a NUL for every other.
    named = TITLE.encode() in data or (b"Scenario" in data and b"Result is" in data)
    if not named and b"\0" not in data[:64]:
        return False
    return any(run.is_known for run in _runs(lines.text(data, OWN)))


def is_part(path: Path) -> bool:
    """Say whether headings of a summary stand in a file, by a look at its two ends."""
    start, end = ends(path, HEAD_BYTES, TAIL_BYTES)
    text = encodings.decoded(start)
    if end:
        text += encodings.decoded(end)
    headings = [heading for heading in (TITLE, ADDITIONAL, PARAMETERS) if heading in text]
    return len(headings) > 1


def _is_head(values: Mapping[str, str]) -> bool:
    """Say whether a run without a title is one of LoadGen: its scenario, its mode and its verdict have LoadGen's words."""
    scenario = values.get("effective_scenario", "").replace(" ", "")
    mode = values.get("effective_test_mode", "")
    return (
        scenario in _SCENARIOS
        and mode.startswith(("Performance", "Submission", "FindPeak"))
        and values.get("result_validity") in ("VALID", "INVALID")
    )


@dataclass
class _Run:
    """One run of a summary while its lines are read; `official` is the number that it says beside its scenario."""

    values: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    official: dict[str, str] = field(default_factory=dict)
    stage: int = 0

    @property
    def is_accuracy(self) -> bool:
        """Whether the run was for accuracy: such a summary has its warnings and errors, and no results at all."""
        if ACCURACY in self.marks or self.values.get("effective_test_mode") == "AccuracyOnly":
            return True
        bare = not self.values and TITLE not in self.marks
        return bare and (WARNED in self.marks or FAILED in self.marks)

    @property
    def is_known(self) -> bool:
        """Whether it is of LoadGen for sure: it has the title, or a result and LoadGen's words."""
        if TITLE in self.marks:
            return self.has_result or self.is_accuracy
        return self.has_result and _is_head(self.values)

    @property
    def has_result(self) -> bool:
        """Whether it says a number, or that a result is valid or not."""
        return any(name.startswith("result_") for name in self.values)

    @property
    def headline(self) -> tuple[str, ...]:
        """What stands before the word whether the result is valid; nothing where the head was cut off."""
        if "effective_scenario" not in self.values:
            return ()
        before = []
        for name in self.values:
            if name == "result_validity":
                break
            before.append(name)
        return (*before, *self.official)

    def counted(self, mark: str) -> str | None:
        """Return the line that counts warnings or errors, None where there were none."""
        line = self.marks.get(mark, "No")
        if line.startswith("No"):
            return None
        return line

    def is_over(self, name: str, value: str) -> bool:
        """Say whether a line is of the next run."""
        if name == TITLE:
            return bool(self.values or self.marks)
        if name == ACCURACY:
            return self.has_result
        if name in self.marks or _stage(name) < self.stage:
            return True
        if name.startswith(OFFICIAL):
            return name.removeprefix(OFFICIAL) in self.official
        return name in self.values and not (name in _TWICE and self.values[name] == value)

    def take(self, name: str, value: str) -> None:
        """Add what a line says."""
        if name.startswith(OFFICIAL):
            self.official[name.removeprefix(OFFICIAL)] = value
        elif name in MARKS:
            self.marks[name] = value
        else:
            self.values[name] = value
        if _stage(name) != _NUMBERS or name in MARKS:
            self.stage = max(self.stage, _stage(name))

    def all_values(self) -> dict[str, str]:
        """Return all that it says; the number beside its scenario as a rule stands below too, with the others of its kind."""
        return {**self.values, **{n: t for n, t in self.official.items() if n not in self.values}}


@cache
def _stage(name: str) -> int:
    """Return where in a summary a line stands."""
    if name in _STAGES:
        return _STAGES[name]
    if name.startswith(OFFICIAL) or _VERDICT.fullmatch(name):
        return _RESULT
    if name.startswith(("effective_", "requested_")):
        return _SETTINGS
    return _NUMBERS


def _runs(text: str) -> list[_Run]:
    """Return the runs of a summary; what is said beside titled ones without any result is other output."""
    runs = [_Run()]
    for name, value in values(text):
        if runs[-1].is_over(name, value):
            runs.append(_Run())
        runs[-1].take(name, value)
    filled = [run for run in runs if run.values or run.marks]
    if not any(TITLE in run.marks for run in filled):
        return filled
    return [run for run in filled if TITLE in run.marks or run.has_result or run.is_accuracy]
