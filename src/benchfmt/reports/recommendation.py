"""What meets limits, as text for people and as a figure of the front."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from benchfmt.comparing.predicting import LEVEL
from benchfmt.comparison.policies import kind_of
from benchfmt.printable import one_line
from benchfmt.reports.comparison import about_words, measure
from benchfmt.reports.counting import counted, number
from benchfmt.units import conversion, find_unit

if TYPE_CHECKING:
    from benchfmt.comparing.choices import Apart, Ranking, Recommendation, Row
    from benchfmt.comparing.predicting import Interval, Prediction, Predictions
    from benchfmt.comparing.wishes import Asked


_COLUMN = 12
_NARROWEST = 30
"""So many columns are left for what a row says, however many numbers stand before it."""
_EXAMPLES = 3
"""So many rows of those that may fit, or compare with nothing, are shown."""
_GROUPS = 5
_PANELS = 3
"""A figure has so many groups."""


_SIZES = {"registry_flop": "the FLOP", "registry_parameters": "the parameters"}


def recommendation_lines(
    found: Recommendation, *, width: int = 100, most: int = 10
) -> Iterator[str]:
    """Yield what meets the limits, best first and at most `most` rows a group, then what may, with the reasons.

    Rows are folded so that lines have `width` columns.
    """
    about = found.task if found.model is None else f"{found.task} with {found.model}"
    yield f"{about}: {counted(found.results, 'result')}"
    for item in found.asked:
        yield f"  {_question(item)}"
    if not any(kind_of(item.metric) == "quality" for item in found.asked):
        yield "  no quality is asked for: models of any quality are ranked together"
    yield ""
    yield _title(found)
    for ranking in found.rankings[:_GROUPS]:
        yield from _ranking_lines(found, ranking, width, most)
    rest = found.rankings[_GROUPS:]
    if rest:
        rows = sum(len(ranking.rows) for ranking in rest)
        yield f"... and {counted(len(rest), 'more group')} of {counted(rows, 'row')} (--format json)"
    for apart in found.apart:
        yield from _apart_lines(found, apart, width, "kept apart, with the limits met")
    for apart in found.unknown:
        yield from _apart_lines(found, apart, width, "may fit")
    yield from _left_out(found)
    if found.predictions is not None:
        yield ""
        yield from _prediction_lines(found, found.predictions, width, most)


def _question(item: Asked) -> str:
    """Return a question in words, with the number that it is about."""
    words = " and ".join(wish.words for wish in item.wishes if wish.bound) or item.wishes[0].name
    return f"{words}: {item.name}, {item.chosen}"


def _title(found: Recommendation) -> str:
    if not found.fitting:
        return "no result is known to fit"
    direction = "higher" if found.by.higher_is_better else "lower"
    front = ""
    if found.front:
        front = f"; * is on the front of {' and '.join(item.metric for item in found.front)}"
    return (
        f"{number(found.fitting)} fit; by {measure(_parts(found.by))}, {direction} is better{front}"
    )


def _parts(item: Asked) -> dict[str, Any]:
    from benchfmt.record import KEY_FIELDS

    return dict(zip(KEY_FIELDS, item.key, strict=True))


def _ranking_lines(found: Recommendation, ranking: Ranking, width: int, most: int) -> Iterator[str]:
    yield _about(ranking)
    yield _headings(found.asked)
    front = {row.record for row in ranking.front}
    for row in ranking.rows[:most]:
        mark = "*" if row.record in front else " "
        yield from _lines_of(found.asked, row, ranking.about, width, mark)
    if len(ranking.rows) > most:
        rest = len(ranking.rows) - most
        also = sum(row.record in front for row in ranking.rows[most:])
        on_front = f", {number(also)} of them on the front" if also else ""
        yield f"  ... and {counted(rest, 'more row')}{on_front} (--limit)"


def _about(ranking: Ranking) -> str:
    """Return what the rows of a ranking share."""
    about = dict(ranking.about)
    if "input_shape" in about:
        about["input_shape"] = _shape(about["input_shape"])
    return one_line(about_words(about))


def _shape(sides: Sequence[int]) -> str:
    return "×".join(str(side) for side in sides)


def _headings(asked: Sequence[Asked]) -> str:
    return f"  {''.join(f'{item.metric[: _COLUMN - 2]:>{_COLUMN}}' for item in asked)}"


def _lines_of(
    asked: Sequence[Asked], row: Row, about: Mapping[str, Any], width: int, mark: str = " "
) -> list[str]:
    values = "".join(f"{_value(item, row):>{_COLUMN}}" for item in asked)
    numbers = f"{mark} {values}  "
    return textwrap.wrap(
        ", ".join(_told(row, about)),
        max(width, len(numbers) + _NARROWEST),
        initial_indent=numbers,
        subsequent_indent=" " * len(numbers),
        break_on_hyphens=False,
    )


def _value(item: Asked, row: Row) -> str:
    """Return a value in the unit in which its limit was written."""
    value = row.values.get(item.name)
    return "?" if value is None else _shown(item, value)


def _shown(item: Asked, value: float, digits: int = 6) -> str:
    unit = next((wish.unit for wish in item.wishes if wish.unit), item.unit)
    code, factor = find_unit(unit) or (item.unit, Fraction(1))
    shown = conversion(item.unit, code).apply(Fraction(value)) / float(factor)
    return f"{shown:.{digits}g} {unit}".removesuffix(" 1").replace(" %", "%")


def _told(row: Row, about: Mapping[str, Any]) -> Iterator[str]:
    yield row.system
    fields = {name: cell for name, cell in row.fields.items() if name not in about}
    yield from _fields_told(fields)
    if row.runs > 1:
        yield f"({row.runs} runs)"
    if row.caveats:
        yield f"[{', '.join(row.caveats)}]"


def _fields_told(fields: Mapping[str, Any]) -> Iterator[str]:
    yield from _named(fields, "model", "model_version")
    yield from _named(fields, "precision")
    if fields.get("input_shape") is not None:
        yield _shape(fields["input_shape"])
    yield from _named(fields, "engine", "engine_version")
    if fields.get("placement") is not None:
        yield f"on {'+'.join(fields['placement'])}"
    for name, words in (("batch_size", "batch {}"), ("threads", "{} threads")):
        if fields.get(name) is not None:
            yield words.format(fields[name])


def _named(fields: Mapping[str, Any], name: str, version: str = "") -> Iterator[str]:
    told = [str(fields[part]) for part in (name, version) if fields.get(part) is not None]
    if told:
        yield " ".join(told)


def _apart_lines(found: Recommendation, apart: Apart, width: int, words: str) -> Iterator[str]:
    yield f"{apart.reason}: {counted(len(apart.rows), 'result')} {words}"
    for row in apart.rows[:_EXAMPLES]:
        yield from _lines_of(found.asked, row, {}, width)
    if len(apart.rows) > _EXAMPLES:
        yield f"  ... and {number(len(apart.rows) - _EXAMPLES)} more (--format json)"


def _left_out(found: Recommendation) -> Iterator[str]:
    wavering = ""
    if found.wavering:
        wavering = f", {number(found.wavering)} of them only in some of their runs"
    verb = "misses" if found.failing == 1 else "miss"
    yield f"{counted(found.failing, 'result')} {verb} a limit{wavering}"
    for status, count in found.not_ok.most_common():
        yield f"{counted(count, 'result')} left out: the status is {status}"
    if found.clashing:
        yield f"{counted(found.clashing, 'result')} left out: another record of other content has the same id"
    if found.copies:
        yield f"{counted(found.copies, 'result')} left out: a record of the same id and content stands for it"
    if found.without_task:
        yield f"{counted(found.without_task, 'record')} of the package state no task"


def _prediction_lines(
    found: Recommendation, predictions: Predictions, width: int, most: int
) -> Iterator[str]:
    """Yield what was not measured and would or may fit, what was refused, and what to measure next."""
    states = Counter(row.state for row in predictions.rows)
    told = ", ".join(f"{number(count)} {state}" for state, count in states.most_common())
    yield f"predicted, not measured: {told or 'nothing'}"
    for name, error in predictions.errors.items():
        facts = " and ".join(_SIZES[fact] for fact in error.facts)
        with_facts = f"; with {facts} of the networks, by the registry" if facts else ""
        yield from _folded(
            f"{name}: {LEVEL:.0%} of {counted(error.cells, 'pair')} of system and network that were left out "
            f"are within a factor of {error.factor:.3g}, on each of {counted(error.systems, 'system')}{with_facts}",
            width,
        )
    fitting = [row for row in predictions.rows if row.state != "would not fit"]
    for prediction in fitting[:most]:
        yield from _predicted(found, prediction, width)
    if len(fitting) > most:
        yield f"  ... and {number(len(fitting) - most)} more (--limit)"
    for reason, count in predictions.refused.most_common(_GROUPS):
        yield f"refused, {number(count)}: {reason}"
    rest = predictions.refused.most_common()[_GROUPS:]
    if rest:
        total = sum(count for _, count in rest)
        yield f"refused, {number(total)} for {counted(len(rest), 'other reason')} (--format json)"
    if predictions.runs:
        yield "measure next, since it would tell most:"
        for prediction in predictions.runs:
            yield from _predicted(found, prediction, width)


def _predicted(found: Recommendation, prediction: Prediction, width: int) -> list[str]:
    numbers = [
        f"{item.metric} {_interval(item, prediction.numbers[item.name])}" for item in found.asked
    ]
    name = found.systems.get(prediction.system_id, prediction.system_id)
    told = ", ".join([f"{prediction.state}: {name}", *_fields_told(prediction.fields), *numbers])
    return _folded(told, width)


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
    )


def _interval(item: Asked, found: Interval) -> str:
    low, middle, high = (_shown(item, part, 3) for part in (found.low, found.estimate, found.high))
    if found.basis != "predicted":
        return f"{middle} ({found.basis})" if low == high else f"{low} to {high} ({found.basis})"
    return f"{middle} (predicted, {low} to {high})"


def front_figure(found: Recommendation) -> str:
    """Return the front of each group as SVG: what is on it, and what it beats."""
    from benchfmt.reports.figures import Panel, Point, scatter

    panels = []
    for ranking in found.rankings[:_PANELS]:
        on_front = {row.record for row in ranking.front}
        points = [
            Point(
                *_place(found.front, row),
                f"{row.system}, {row.fields['model'] or row.record}",
                row.record in on_front,
            )
            for row in ranking.rows
        ]
        panels.append(Panel(_about(ranking), points))
    axes = [f"{item.metric} ({_unit(item)})" for item in found.front]
    return scatter(f"{found.task}: what meets the limits", axes, panels)


def _unit(item: Asked) -> str:
    return "fraction" if item.unit == "1" else item.unit


def _place(front: Sequence[Asked], row: Row) -> tuple[float, float]:
    first, second = front
    return row.values[first.name], row.values[second.name]
