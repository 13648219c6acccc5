"""Tables whose rows are the steps of a run, such as the epochs of a training: what their results are.

The result of a run is its last step. Of some columns it also holds the best number of all steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import polars as pl

from benchfmt.annotation import History, TableAnnotation
from benchfmt.descriptor import Resource, TableField
from benchfmt.finding import BenchfmtError
from benchfmt.readers.cells import cells_of, free_name


class HistoryError(BenchfmtError):
    """A history that cannot be read; the message names the column."""


def best_columns(resource: Resource, columns: Collection[str]) -> dict[str, str]:
    """Return the columns that a history adds, by the columns of the table that their numbers are from."""
    history = resource.benchfmt.history if resource.benchfmt else None
    if history is None:
        return {}
    described = resource.table.fields if resource.table else []
    taken = {*columns, *(item.name for item in described)}
    return {name: free_name(f"{name} (best)", taken) for name in history.best}


def with_best(resource: Resource, best_columns: Mapping[str, str]) -> Resource:
    """Return a resource with a field for the best number of each column that its history names; raises HistoryError."""
    history = resource.benchfmt.history if resource.benchfmt else None
    if resource.table is None or history is None:
        return resource
    fields = {item.name: item for item in resource.table.fields}
    best = [_best_field(name, own, fields.get(name)) for name, own in best_columns.items()]
    table = resource.table.model_copy(update={"fields": [*resource.table.fields, *best]})
    return resource.model_copy(update={"table": table})


def _best_field(name: str, own_name: str, item: TableField | None) -> TableField:
    note = item.benchfmt if item else None
    if item is None or note is None or not isinstance(note.metric, str):
        raise HistoryError(f"history: {name!r} is no measured column, so it has no best number")
    own = note.model_copy(update={"statistic": "best", "primary": False})
    return item.model_copy(update={"name": own_name, "benchfmt": own})


@dataclass(frozen=True)
class Results:
    """The last step of each run as a row of text, and where these stand among all rows."""

    frame: pl.DataFrame
    places: list[int]


@dataclass(frozen=True)
class Steps:
    """The steps of the runs in a frame of text; `numbers` reads a column, `is_higher_better` says what its best is."""

    frame: pl.DataFrame
    numbers: Callable[[str], pl.Series]
    is_higher_better: Callable[[str], bool]

    def results(
        self, annotation: TableAnnotation, history: History, best_columns: Mapping[str, str]
    ) -> Results:
        """Return the results of the runs, in the order in which their last steps stand."""
        steps = self.numbers(history.step).fill_null(float("-inf")).to_list()
        runs = [(_last(places, steps), places) for places in self._runs(annotation.key)]
        runs.sort()
        last = [place for place, _ in runs]
        results = self.frame[last]
        for name in self._known(history.totals):
            cells, numbers = cells_of(self.frame, name), self.numbers(name)
            totals = [_total(cells, numbers, places) for _, places in runs]
            results = results.with_columns(pl.Series(name, totals, dtype=pl.String))
        for name in self._known(history.best):
            numbers = self.numbers(name)
            if not self.is_higher_better(name):
                numbers = -numbers
            best = [_best(self.frame[name], numbers, places) for _, places in runs]
            results = results.with_columns(pl.Series(best_columns[name], best, dtype=pl.String))
        return Results(results, last)

    def _known(self, names: list[str]) -> list[str]:
        return [name for name in names if name in self.frame.columns]

    def _runs(self, key: list[str]) -> list[list[int]]:
        """Return the places of the rows of each run."""
        if not key:
            return [list(range(self.frame.height))]
        runs: dict[tuple[str, ...], list[int]] = {}
        for place, cells in enumerate(self.frame[key].rows()):
            runs.setdefault(cells, []).append(place)
        return list(runs.values())


def _last(places: list[int], steps: list[float]) -> int:
    """Return the place of the greatest step, the later of equal ones."""
    return max(places, key=lambda place: (steps[place], place))


def _best(cells: pl.Series, numbers: pl.Series, places: list[int]) -> str:
    """Return the cell with the greatest number of a run, the first of equal ones."""
    chosen = numbers[places].arg_max()
    if chosen is None:
        return ""
    return str(cells[places[chosen]])


def _total(cells: pl.Series, numbers: pl.Series, places: list[int]) -> str:
    """Return the last cell of a run; where the column began again, with the last ones before that added."""
    read = [place for place in places if numbers[place] is not None]
    ends = [place for place, after in pairwise(read) if numbers[after] < numbers[place]]
    if not ends:
        return str(cells[places[-1]])
    return str(sum(Decimal(cells[place].strip()) for place in (*ends, read[-1])))
