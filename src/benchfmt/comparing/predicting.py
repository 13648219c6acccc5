"""What results that nobody measured would be: from what its system and its network did otherwise, with an interval.

The logarithm of a number is taken for a sum of what the runner (system, engine, devices, threads), the network and the
precision add, estimated by ridge regression. Where the registry knows what networks cost, each runner may also take more
or less for a larger one than others do, if that foretells better what is left out. It knows runners and networks that were
measured, and no others.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from benchfmt.comparing.wishes import Asked
from benchfmt.comparison.policies import kind_of

Fields = Mapping[str, Any]
State = Literal["would fit", "may fit", "would not fit"]
Array = npt.NDArray[np.float64]
LEVEL = 0.9
"""So many of the results that are left out one by one lie within the intervals, on each platform."""
RUNNER = ("system_id", "engine", "engine_version", "placement", "threads", "batch_size")
NETWORK = ("model", "model_version", "input_shape")
SIZES = ("registry_flop", "registry_parameters")
"""What the registry knows of a network's size. Facts of chips are not used: what a system adds is known from its runs."""
_PENALTIES = (0.001, 0.01, 0.1, 1.0)
_FEWEST_CELLS, _FEWEST_SYSTEMS = 10, 2
_FEWEST_OF_RUNNER = 3
"""Of fewer networks nobody can tell what the runner adds and what the network does."""
NEXT = 10
"""So many runs are proposed."""


@dataclass(frozen=True)
class Interval:
    """A predicted number, and between what it lies."""

    estimate: float
    low: float
    high: float
    basis: str
    """`predicted` by the model; `measured` elsewhere: the quality of a network does not depend on the system."""


@dataclass(frozen=True)
class Prediction:
    """A configuration on a system that nobody measured."""

    system_id: str
    fields: Fields
    numbers: dict[str, Interval]
    state: State
    weight: float
    """How much a measurement would tell: the width of what is unknown where it decides; 0 where it decides nothing."""

    def to_dict(self) -> dict[str, Any]:
        """Return the prediction as plain data."""
        return {
            "system_id": self.system_id,
            **{name: cell for name, cell in self.fields.items() if cell is not None},
            "state": self.state,
            "numbers": {name: vars(number) for name, number in self.numbers.items()},
        }


@dataclass(frozen=True)
class Error:
    """How wrong the predictions of a number are where it is known."""

    cells: int
    """Pairs of system and network that were left out one by one."""
    systems: int
    factor: float
    """Within this factor lie so many of them as `LEVEL` says, on the worst system."""
    facts: tuple[str, ...] = ()
    """The facts of the registry that the predictions use, since less is wrong with them."""


@dataclass(frozen=True)
class Predictions:
    """What was predicted, and what was refused and why."""

    rows: list[Prediction] = field(default_factory=list)
    errors: dict[str, Error] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def runs(self) -> list[Prediction]:
        """The runs to measure next: those that tell most."""
        telling = [row for row in self.rows if row.weight > 0]
        return sorted(telling, key=lambda row: -row.weight)[:NEXT]

    def to_dict(self) -> dict[str, Any]:
        """Return the predictions as plain data."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "level": LEVEL,
            "errors": {name: vars(error) for name, error in self.errors.items()},
            "refused": dict(self.refused.most_common()),
            "measure_next": [row.to_dict() for row in self.runs],
        }


def predict(rows: Sequence[Fields], asked: Sequence[Asked], by: Asked) -> Predictions:
    """Return what the configurations of some results would give on the systems of others.

    `rows` compare with each other: fields of records, with the value of each question under its name, or None. They may
    have the facts of the registry about their networks (`SIZES`).
    """
    performance = [item for item in asked if kind_of(item.metric) == "performance"]
    models: dict[str, _Model] = {}
    refused: Counter[str] = Counter()
    for item in performance:
        known = [row for row in rows if row[item.name] is not None and row["system_id"] is not None]
        reason = _too_little(known, item.name)
        if reason is None:
            models[item.name] = _Model(known, item.name)
        else:
            refused[f"{item.name}: {reason}"] += 1
    if refused or not models:
        return Predictions(refused=refused)
    qualities = {
        item.name: _qualities(rows, item.name) for item in asked if item not in performance
    }
    best = _best(rows, asked, by)
    predictions = []
    for system_id, fields in _unmeasured(rows):
        numbers: dict[str, Interval] = {}
        reasons = []
        for name, model in models.items():
            found = model.at(fields)
            if isinstance(found, str):
                reasons.append(f"{name}: {found}")
            else:
                numbers[name] = found
        for name, known_qualities in qualities.items():
            quality = known_qualities.get(_part(fields, (*NETWORK, "precision")))
            if quality is None:
                reasons.append(f"{name}: nowhere measured of this network in this precision")
            else:
                numbers[name] = quality
        if reasons:
            refused[reasons[0]] += 1
        else:
            state = _state(numbers, asked)
            weight = _weight(numbers, asked, by, best) if state != "would not fit" else 0.0
            predictions.append(Prediction(system_id, fields, numbers, state, weight))
    order = -1 if by.higher_is_better else 1
    predictions.sort(key=lambda row: order * row.numbers[by.name].estimate)
    errors = {name: model.error for name, model in models.items()}
    return Predictions(predictions, errors, refused)


def _too_little(rows: Sequence[Fields], name: str) -> str | None:
    """Return why rows teach too little: intervals come from pairs whose system and network both stand in others too."""
    if any(row[name] <= 0 for row in rows):
        return "numbers that are not above 0 have no logarithm"
    cells = {
        _cell(row) for row, is_known in zip(rows, _known_otherwise(rows), strict=True) if is_known
    }
    systems = {system for system, *_ in cells}
    if len(systems) < _FEWEST_SYSTEMS or len(cells) < _FEWEST_CELLS:
        return (
            f"too little is known: {len(cells)} pairs of system and network that were both measured otherwise "
            f"too, on {len(systems)} systems; {_FEWEST_CELLS} on {_FEWEST_SYSTEMS} are needed"
        )
    return None


def _cell(row: Fields) -> tuple[str, ...]:
    return _part(row, ("system_id", *NETWORK))


def _known_otherwise(rows: Sequence[Fields]) -> list[bool]:
    """Say of each row whether, without its pair, both its network and its runner are still known."""
    systems: dict[tuple[str, ...], set[str]] = defaultdict(set)
    networks: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    for row in rows:
        systems[_part(row, NETWORK)].add(row["system_id"])
        networks[_part(row, RUNNER)].add(_part(row, NETWORK))
    return [
        len(systems[_part(row, NETWORK)]) > 1
        and len(networks[_part(row, RUNNER)]) >= _FEWEST_OF_RUNNER
        for row in rows
    ]


def _part(row: Fields, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in names)


def _terms(row: Fields) -> list[tuple[str, ...]]:
    """Return what a number is made of."""
    return [
        ("system", *_part(row, ("system_id",))),
        ("runner", *_part(row, RUNNER)),
        ("network", *_part(row, NETWORK)),
        ("precision", *_part(row, ("precision", "engine", "system_id"))),
    ]


def _outside(kind: str, row: Fields) -> str:
    """Return in words which part of a configuration is outside of what was measured."""
    if kind == "network":
        told = [row[name] for name in NETWORK]
    elif kind == "precision":
        told = [row["precision"], "with", row["engine"], "on", row["system_id"]]
    else:
        told = [row["engine"], row["engine_version"], row["placement"], "on", row["system_id"]]
    return " ".join(
        "+".join(part) if isinstance(part, list) else str(part) for part in told if part
    )


class _Design:
    """The columns of a regression: one for each term, and one for each runner and size of networks."""

    def __init__(self, rows: Sequence[Fields], sizes: Sequence[str]) -> None:
        self.sizes = sizes
        self._logs = {name: _centred_logs(rows, name) for name in sizes}
        every = dict.fromkeys(term for row in rows for term, _ in self._parts(row))
        self._places = {term: place + 1 for place, term in enumerate(every)}

    def __contains__(self, term: tuple[str, ...]) -> bool:
        return term in self._places

    def _parts(self, row: Fields) -> Iterable[tuple[tuple[str, ...], float]]:
        for term in _terms(row):
            yield term, 1.0
        for name in self.sizes:
            # A network of unknown size counts as one of the middle.
            size = self._logs[name].get(_part(row, NETWORK), 0.0)
            yield (name, *_part(row, RUNNER)), size

    def line(self, row: Fields) -> Array:
        """Return the line of a row all of whose terms are known."""
        line = np.zeros(len(self._places) + 1)
        line[0] = 1.0
        for term, value in self._parts(row):
            line[self._places[term]] = value
        return line


def _centred_logs(rows: Sequence[Fields], name: str) -> dict[tuple[str, ...], float]:
    """Return the logarithm of a size of each network that has one, less their mean over all rows."""
    known = [(_part(row, NETWORK), math.log(row[name])) for row in rows if row.get(name)]
    middle = float(np.mean([log for _, log in known]))
    return {network: log - middle for network, log in known}


def _designs(rows: Sequence[Fields]) -> list[_Design]:
    """Return the designs to choose from: without sizes, and with as many of them as are known of two networks."""
    known = [name for name in SIZES if len({row[name] for row in rows if row.get(name)}) > 1]
    return [_Design(rows, known[:count]) for count in range(len(known) + 1)]


class _Model:
    """A sum of terms for the logarithm of one number, with the errors that it makes on what it does not see."""

    def __init__(self, rows: Sequence[Fields], name: str) -> None:
        self._networks: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
        for row in rows:
            self._networks[_part(row, RUNNER)].add(_part(row, NETWORK))
        logs = np.log([row[name] for row in rows])
        cells: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            cells[_cell(row)].append(place)
        judged = [place for place, is_known in enumerate(_known_otherwise(rows)) if is_known]
        fits = [
            (design, _Fit(lines, logs, penalty, list(cells.values())))
            for design in _designs(rows)
            for lines in [np.array([design.line(row) for row in rows])]
            for penalty in _PENALTIES
        ]
        self._design, best = min(
            fits, key=lambda fit: float(np.mean(np.square(fit[1].left_out[judged])))
        )
        self._weights = best.weights
        self._judged = {rows[place]["system_id"] for place in judged}
        errors: dict[str, list[float]] = defaultdict(list)
        for place in judged:
            errors[rows[place]["system_id"]].append(abs(float(best.left_out[place])))
        half = max(_quantile(own) for own in errors.values())
        judged_cells = {_cell(rows[place]) for place in judged}
        self.error = Error(
            len(judged_cells), len(errors), math.exp(half), tuple(self._design.sizes)
        )

    def at(self, row: Fields) -> Interval | str:
        """Return the number of a configuration, or which of its fields is outside of what the model has seen."""
        for term in _terms(row):
            if term not in self._design:
                return f"{_outside(term[0], row)} was never measured"
        if len(self._networks[_part(row, RUNNER)]) < _FEWEST_OF_RUNNER:
            return f"{_outside('runner', row)} was measured with fewer than three networks"
        if row["system_id"] not in self._judged:
            return f"of {row['system_id']} no pair could be left out"
        estimate = math.exp(float(self._design.line(row) @ self._weights))
        factor = self.error.factor
        return Interval(estimate, estimate / factor, estimate * factor, "predicted")


class _Fit:
    """Ridge regression, with the residuals of groups of rows that were each left out."""

    def __init__(
        self, design: Array, logs: Array, penalty: float, groups: Sequence[Sequence[int]]
    ) -> None:
        ridge = np.eye(design.shape[1]) * penalty
        ridge[0, 0] = 0.0
        inverse = np.linalg.inv(design.T @ design + ridge)
        self.weights: Array = inverse @ design.T @ logs
        residuals = logs - design @ self.weights
        self.left_out: Array = np.zeros(len(logs))
        for group in groups:
            # What a fit without these rows gives, without fitting again (Woodbury).
            part = design[list(group)]
            hat = part @ inverse @ part.T
            self.left_out[list(group)] = np.linalg.solve(
                np.eye(len(group)) - hat, residuals[list(group)]
            )


def _quantile(errors: Sequence[float]) -> float:
    """Return the error that so many do not exceed as `LEVEL` says of one more; the largest where there are few."""
    ordered = sorted(errors)
    place = math.ceil(LEVEL * (len(ordered) + 1))
    return ordered[min(place, len(ordered)) - 1]


def _qualities(rows: Sequence[Fields], name: str) -> dict[tuple[str, ...], Interval]:
    """Return between what the quality of each network lies, wherever it was measured."""
    values: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for row in rows:
        if row[name] is not None:
            values[_part(row, (*NETWORK, "precision"))].append(row[name])
    found = {}
    for network, some in values.items():
        middle = sorted(some)[(len(some) - 1) // 2]
        found[network] = Interval(middle, min(some), max(some), "measured elsewhere")
    return found


def _unmeasured(rows: Sequence[Fields]) -> Iterable[tuple[str, Fields]]:
    """Yield each network and precision with each runner that was not measured together."""
    runners = {_part(row, RUNNER): row for row in rows if row["system_id"] is not None}
    networks = {_part(row, (*NETWORK, "precision")): row for row in rows}
    measured = {_part(row, (*RUNNER, *NETWORK, "precision")) for row in rows}
    for runner_key, runner in runners.items():
        for network_key, network in networks.items():
            if runner_key + network_key not in measured:
                fields = {name: runner[name] for name in RUNNER}
                fields |= {name: network[name] for name in (*NETWORK, "precision")}
                yield str(runner["system_id"]), fields


def _state(numbers: Mapping[str, Interval], asked: Sequence[Asked]) -> State:
    sure = True
    for item in asked:
        number = numbers[item.name]
        low = -math.inf if item.low is None else item.low
        high = math.inf if item.high is None else item.high
        if number.high < low or number.low > high:
            return "would not fit"
        sure = sure and low <= number.low and number.high <= high
    return "would fit" if sure else "may fit"


def _best(rows: Sequence[Fields], asked: Sequence[Asked], by: Asked) -> float | None:
    """Return the best number among the results that keep all limits."""
    fitting = [row[by.name] for row in rows if all(_keeps(row[item.name], item) for item in asked)]
    if not fitting:
        return None
    return float(max(fitting) if by.higher_is_better else min(fitting))


def _keeps(value: float | None, item: Asked) -> bool:
    if value is None:
        return False
    return (item.low is None or value >= item.low) and (item.high is None or value <= item.high)


def _weight(
    numbers: Mapping[str, Interval], asked: Sequence[Asked], by: Asked, best: float | None
) -> float:
    """Return how wide the intervals are that hold a limit, or the best number, and how near to their middle."""
    weight = 0.0
    for item in asked:
        number = numbers[item.name]
        marks = [mark for mark in (item.low, item.high) if mark is not None]
        if item is by and best is not None:
            marks.append(best)
        for mark in marks:
            if number.basis == "predicted" and number.low < mark < number.high:
                half = math.log(number.high / number.estimate)
                weight += half - abs(math.log(mark / number.estimate))
    return weight
