"""One run of a component's log: its text, and the record that is drafted from it."""

from __future__ import annotations

import ast
import json
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Unpack

from pydantic import JsonValue

from benchfmt.converters.aibench.numbers import add_mean, number_of
from benchfmt.converters.draft import Draft, Key, Number
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers.objects import Fields, fields_of

_SECONDS = {"s": 1, "min": 60}
_ERRORS_SHOWN = 3
_TRACEBACK = "Traceback (most recent call last)"
_NOT_A_LITERAL = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Run:
    """What a component's log says of one run is read from `text` into `draft`."""

    text: str
    draft: Draft
    epochs: list[tuple[Fraction, Fraction | None]] = field(default_factory=list)
    """Seconds of training and the quality after each epoch, for the time to a target."""

    def has(self, pattern: str) -> bool:
        """Say whether a pattern occurs."""
        return re.search(pattern, self.text, re.MULTILINE) is not None

    def every(self, pattern: str) -> list[re.Match[str]]:
        """Return all places where a pattern occurs."""
        return list(re.finditer(pattern, self.text, re.MULTILINE))

    def last(self, pattern: str) -> re.Match[str] | None:
        """Return the last place where a pattern occurs."""
        matches = deque(re.finditer(pattern, self.text, re.MULTILINE), maxlen=1)
        for match in matches:
            return match
        return None

    def last_group(self, pattern: str) -> str | None:
        """Return the first group of the last place where a pattern occurs."""
        match = self.last(pattern)
        if match is None:
            return None
        return str(match[1])

    def measure_last(
        self, metric: str, pattern: str, unit: str | None = None, **key: Unpack[Key]
    ) -> Number | None:
        """Add the number that a pattern's first group holds where it occurs last."""
        text = self.last_group(pattern)
        if text is None:
            return None
        return self.draft.measure(metric, text, unit, **key)

    def stop(self, reason: str) -> None:
        """Say that the run did not come to its end."""
        self.draft.fail("incomplete", reason)

    def add_epoch_times(self, times: Sequence[str], unit: str = "s") -> None:
        """Add the mean time of an epoch of training; that of a single one is as it was printed."""
        key: Key = {"stage": "training", "per": "epoch"}
        if len(times) == 1:
            key |= {"statistic": "single", "n": 1}
            self.draft.measure("duration", times[0], unit, **key)
        elif times:
            seconds = [number_of(text) * _SECONDS[unit] for text in times]
            add_mean(self.draft, "duration", seconds, **key)

    def pair_epochs(self, seconds: Sequence[Fraction], percents: Sequence[str]) -> None:
        """Note the quality after each epoch, where each was evaluated."""
        if len(seconds) == len(percents):
            qualities = [number_of(text) / 100 for text in percents]
            self.epochs.extend(zip(seconds, qualities, strict=True))

    def crash(self) -> str | None:
        """Return the last errors of a log that ends with one."""
        if _TRACEBACK not in self.text:
            return None
        errors = self.every(r"^[ \t]*[\w.]+(?:Error|Exception|Interrupt)\b.*$")
        lines = [match[0].strip() for match in errors[-_ERRORS_SHOWN:]]
        return "\n".join(dict.fromkeys(lines)) or _TRACEBACK

    def literal(self, pattern: str) -> Fields:
        """Return the fields of the last printed Python dictionary, numbers as digits; none where it is not one."""
        text = self.last_group(pattern)
        if text is None:
            return fields_of(None)
        try:
            data = json.dumps(ast.literal_eval(text))
            return fields_of(jsons.parse(data, digits=True))
        except (*_NOT_A_LITERAL, BenchfmtError):
            return fields_of(None)

    def arguments(self) -> dict[str, JsonValue]:
        """Return the arguments of every printed `Namespace(...)`, later ones over earlier ones."""
        arguments: dict[str, JsonValue] = {}
        for match in self.every(r"^[^\n]{0,200}?Namespace\((?P<inside>[^\n]*)\)[ \t\r]*$"):
            try:
                arguments |= _arguments(match["inside"])
            except _NOT_A_LITERAL:
                continue
        return arguments


def _arguments(inside: str) -> dict[str, JsonValue]:
    call = ast.parse(f"f({inside})", mode="eval").body
    arguments: dict[str, JsonValue] = {}
    if not isinstance(call, ast.Call):
        return arguments
    for item in call.keywords:
        value = ast.literal_eval(item.value)
        if item.arg and isinstance(value, str | int | float | bool | list):
            arguments[item.arg] = value
    return arguments
