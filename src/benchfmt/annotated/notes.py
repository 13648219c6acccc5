"""What is wrong with the cells of one file, counted over all of its frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import JsonValue

from benchfmt.annotated.advice import advice
from benchfmt.annotated.masks import settled
from benchfmt.finding import Finding, Severity
from benchfmt.identity import canonical
from benchfmt.limits import LIMITS, Limits

Integers = npt.NDArray[np.int64]
_SHOWN = 60


class Notes:
    """The findings on one file; beyond the limit a column's faults are counted only."""

    def __init__(self, path: str, limits: Limits = LIMITS) -> None:
        """Take the path that findings show, and the limits in force."""
        self.path = path
        self.limits = limits
        self._most = limits.findings_per_code
        self.findings: list[Finding] = []
        self.counts: Counter[tuple[str, str | None]] = Counter()
        self.told: set[tuple[str, str, str | None]] = set()
        self.systems: dict[str, str] = {}
        self.with_numbers: set[str] = set()
        """The columns in which some cell was a number."""
        self.affixes: dict[str, tuple[str, str]] = {}
        """What stands around the numbers of each column that says `bareNumber` false."""

    def is_other_system(self, row: Mapping[str, JsonValue]) -> bool:
        """Say whether the file described the system of this id in another way before; remember the first."""
        form = canonical({name: value for name, value in row.items() if value is not None})
        return self.systems.setdefault(str(row["id"]), form) != form

    def take(self) -> list[Finding]:
        """Return the findings since the last call."""
        findings, self.findings = self.findings, []
        return findings

    def cells(
        self, code: str, name: str, cells: pl.Series, bad: pl.Series, rows: Integers, words: str
    ) -> None:
        """Note the bad cells of a column; `words` follow the cell."""
        if not bad.any():
            return
        places = np.flatnonzero(settled(bad).to_numpy())
        room = max(self._most - self.counts[(code, name)], 0)
        for index in places[:room].tolist():
            message = f"{_short(cells[index])} {words}"
            hint = advice(code, cells[index])
            self.add(code, int(rows[index]), name, message, cells[index], hint)
        self.counts[(code, name)] += len(places) - len(places[:room])

    def add(
        self,
        code: str,
        row: int | None,
        name: str | None,
        message: str,
        value: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note one fault."""
        self.counts[(code, name)] += 1
        if self.counts[(code, name)] <= self._most:
            self.findings.append(
                Finding(code, Severity.WARNING, self.path, row, name, None, message, value, hint)
            )

    def once(
        self,
        code: str,
        row: int | None,
        name: str,
        message: str,
        value: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note a fault of a word where it first stands, or of a column."""
        if (code, name, value) not in self.told:
            self.told.add((code, name, value))
            self.add(code, row, name, message, value, hint)

    def beyond(self) -> dict[str, int]:
        """Return how many faults of each code were counted and not listed."""
        more: Counter[str] = Counter()
        for (code, _), count in self.counts.items():
            more[code] += max(count - self._most, 0)
        return {code: count for code, count in sorted(more.items()) if count}


def _short(text: str) -> str:
    shown = repr(text)
    if len(shown) < _SHOWN:
        return shown
    return f"{shown[: _SHOWN - 4]}...'"
