"""Figures as SVG: no script, nothing fetched, and readable on a light page and a dark one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from benchfmt.printable import one_line

_STYLE = """
svg { --paper: #ffffff; --ink: #1f2328; --faint: #6e7781; --line: #d0d7de; --full: #0b5394; }
@media (prefers-color-scheme: dark) {
svg { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --line: #3d444d; --full: #79b8ff; } }
text { font: 12px sans-serif; fill: var(--ink); }
.paper { fill: var(--paper); } .title { font-weight: bold; } .faint { fill: var(--faint); }
.cell { fill: var(--full); } .none { fill: none; stroke: var(--line); } .count { text-anchor: middle; }
.on { fill: var(--paper); } .axis { stroke: var(--line); } .end { text-anchor: end; } .middle { text-anchor: middle; }
.front { fill: none; stroke: var(--full); stroke-width: 1.5; } .best { fill: var(--full); }
.rest { fill: none; stroke: var(--faint); }
"""
_NAMESPACE = "http://www.w3.org/2000/svg"
_CHARACTER = 6.6
"""How wide a letter of the font is, about."""
_LONGEST = 34
FIGURE_ROWS, _COLUMNS = 60, 40
"""A figure has no more; a greater one is read by nobody."""
_CELL, _HEIGHT = 46, 22
_MARGIN = 16
_PANEL, _AXIS = (640, 320), 70
_AIR = 0.06
"""How much of an axis stays free at either end."""
_MOST_MARKS = 6
_DECADE = 10
_DARKEST, _LIGHTEST = 0.85, 0.12
"""How dense the colours of the greatest and the least count are."""
_TURNS = 0.5
"""Where the colour is denser, the number on it has the colour of the paper."""


def heat_map(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    counts: Mapping[tuple[int, int], tuple[int, str]],
) -> str:
    """Return a matrix as SVG: each count with its text, darker where it is greater, by its logarithm."""
    shown_rows, shown_columns = rows[:FIGURE_ROWS], columns[:_COLUMNS]
    left = _MARGIN + _width(shown_rows)
    # Names of columns are turned by 45 degrees.
    top = 2 * _MARGIN + 20 + 0.75 * _width(shown_columns)
    width = left + _CELL * len(shown_columns) + 0.75 * _width(shown_columns) + _MARGIN
    bottom = top + _HEIGHT * len(shown_rows)
    figure = _figure(max(width, _MARGIN + _CHARACTER * len(title)), bottom + 2 * _MARGIN + 8, title)
    greatest = max((count for count, _ in counts.values()), default=1)
    for place, name in enumerate(shown_columns):
        x, y = left + _CELL * (place + 0.5), top - 8
        turned = _text(figure, x, y, _cut(name))
        turned.set("transform", f"rotate(-45 {x:g} {y:g})")
    for row, name in enumerate(shown_rows):
        middle = top + _HEIGHT * (row + 0.5) + 4
        _text(figure, left - 8, middle, _cut(name), "end")
        for column in range(len(shown_columns)):
            _cell(figure, (left, top), (row, column), counts.get((row, column)), greatest)
    _text(figure, left, bottom + _MARGIN + 4, _left_out(rows, columns), "faint")
    return _written(figure)


def _cell(
    figure: Element,
    corner: tuple[float, float],
    place: tuple[int, int],
    found: tuple[int, str] | None,
    greatest: int,
) -> None:
    row, column = place
    x, y = corner[0] + _CELL * column, corner[1] + _HEIGHT * row
    box = SubElement(
        figure, "rect", _numbers(x=x + 1, y=y + 1, width=_CELL - 2, height=_HEIGHT - 2)
    )
    if found is None:
        box.set("class", "none")
        return
    count, told = found
    density = _density(count, greatest)
    box.set("class", "cell")
    box.set("fill-opacity", f"{density:.2f}")
    kind = "count on" if density > _TURNS else "count"
    _text(figure, x + _CELL / 2, y + _HEIGHT / 2 + 4, told, kind)


def _density(count: int, greatest: int) -> float:
    if count <= 0:
        return 0.0
    share = math.log1p(count) / math.log1p(max(greatest, count))
    return _LIGHTEST + (_DARKEST - _LIGHTEST) * share


def _left_out(rows: Sequence[str], columns: Sequence[str]) -> str:
    more = []
    if len(rows) > FIGURE_ROWS:
        more.append(f"{len(rows) - FIGURE_ROWS:,} more rows")
    if len(columns) > _COLUMNS:
        more.append(f"{len(columns) - _COLUMNS:,} more columns")
    return f"... and {' and '.join(more)}" if more else "empty: nothing was tried"


@dataclass(frozen=True)
class Point:
    """A result in two numbers."""

    x: float
    y: float
    label: str
    is_best: bool


@dataclass(frozen=True)
class Panel:
    """Results that compare."""

    title: str
    points: Sequence[Point]


def scatter(title: str, axes: Sequence[str], panels: Sequence[Panel]) -> str:
    """Return points in two numbers as SVG, a panel below the other; the best are joined by a line and named."""
    height = 2 * _MARGIN + 20 + (_PANEL[1] + 5 * _MARGIN) * max(1, len(panels))
    figure = _figure(_PANEL[0] + _AXIS + 2 * _MARGIN, height, title)
    if not panels:
        _text(figure, _MARGIN, 4 * _MARGIN, "nothing is known to fit", "faint")
    for place, panel in enumerate(panels):
        top = 3 * _MARGIN + 20 + (_PANEL[1] + 5 * _MARGIN) * place
        _draw(figure, panel, axes, top)
    return _written(figure)


def _draw(figure: Element, panel: Panel, axes: Sequence[str], top: float) -> None:
    left, bottom = _MARGIN + _AXIS, top + _PANEL[1]
    _text(figure, left, top - 10, panel.title, "faint")
    across = Scale([point.x for point in panel.points], left, left + _PANEL[0])
    up = Scale([point.y for point in panel.points], bottom, top)
    for start, end in (((left, bottom), (left + _PANEL[0], bottom)), ((left, top), (left, bottom))):
        line = SubElement(figure, "line", _numbers(x1=start[0], y1=start[1], x2=end[0], y2=end[1]))
        line.set("class", "axis")
    for value in across.marks:
        _text(figure, across.place(value), bottom + 16, f"{value:,.10g}", "faint middle")
    for value in up.marks:
        _text(figure, left - 6, up.place(value) + 4, f"{value:,.10g}", "faint end")
    _text(figure, left + _PANEL[0] / 2, bottom + 34, axes[0], "middle")
    turned = _text(figure, _MARGIN, top + _PANEL[1] / 2, axes[1], "middle")
    turned.set("transform", f"rotate(-90 {_MARGIN:g} {top + _PANEL[1] / 2:g})")
    best = sorted((point for point in panel.points if point.is_best), key=lambda point: point.x)
    if len(best) > 1:
        corners = [f"{across.place(point.x):.1f},{up.place(point.y):.1f}" for point in best]
        SubElement(figure, "polyline", {"class": "front", "points": " ".join(corners)})
    for point in panel.points:
        circle = _numbers(cx=across.place(point.x), cy=up.place(point.y), r=4)
        dot = SubElement(figure, "circle", circle)
        dot.set("class", "best" if point.is_best else "rest")
        SubElement(dot, "title").text = one_line(f"{point.label}: {point.x:g}, {point.y:g}")
    for point in best:
        x, y = across.place(point.x), up.place(point.y)
        # A name that would leave the figure on the right stands on the left.
        is_right = x > left + _PANEL[0] / 2
        shift = -8 if is_right else 8
        _text(figure, x + shift, y - 6, _cut(point.label), "end" if is_right else "")


class Scale:
    """Where numbers stand on an axis: by their logarithm where they span more than a decade."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        """Take the numbers, and the places between which they stand."""
        least, greatest = min(values, default=0.0), max(values, default=1.0)
        self._is_log = least > 0 and greatest > _DECADE * least
        low, high = self._on(least), self._on(greatest)
        span = (high - low) or abs(high) or 1.0
        self._low, self._span = low - _AIR * span, span * (1 + 2 * _AIR)
        self._start, self._length = start, end - start
        self.marks = _marks(self._off(self._low), self._off(self._low + self._span), self._is_log)
        if high == low:
            self.marks = [least]

    def place(self, value: float) -> float:
        """Return where a number stands."""
        return self._start + self._length * (self._on(value) - self._low) / self._span

    def _on(self, value: float) -> float:
        return math.log10(value) if self._is_log else value

    def _off(self, value: float) -> float:
        return 10**value if self._is_log else value


def _marks(low: float, high: float, is_log: bool) -> list[float]:
    """Return the round numbers that stand at an axis between two ends, some four of them."""
    if is_log:
        for digits in ((1, 2, 5), (1, 3), (1,)):
            first, last = math.floor(math.log10(low)), math.floor(math.log10(high))
            found = [digit * 10.0**power for power in range(first, last + 1) for digit in digits]
            marks = [_rounded(mark) for mark in found if low <= mark <= high]
            if len(marks) <= _MOST_MARKS:
                return marks
        return marks[:: -(-len(marks) // _MOST_MARKS)]
    least = (high - low) / _MOST_MARKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= least)
    places = range(math.ceil(low / step), math.floor(high / step) + 1)
    return [_rounded(place * step) for place in places]


def _rounded(mark: float) -> float:
    return float(f"{mark:.12g}")


def _figure(width: float, height: float, title: str) -> Element:
    """Return an empty figure with its title."""
    size = {"width": f"{width:.0f}", "height": f"{height:.0f}"}
    figure = Element(
        "svg",
        {"xmlns": _NAMESPACE, "role": "img", "viewBox": f"0 0 {width:.0f} {height:.0f}", **size},
    )
    SubElement(figure, "title").text = one_line(title)
    SubElement(figure, "style").text = _STYLE
    SubElement(figure, "rect", {"class": "paper", "width": "100%", "height": "100%"})
    _text(figure, _MARGIN, _MARGIN + 6, title, "title")
    return figure


def _text(figure: Element, x: float, y: float, text: str, kind: str = "") -> Element:
    element = SubElement(figure, "text", _numbers(x=x, y=y))
    if kind:
        element.set("class", kind)
    # What XML cannot hold is an escape.
    element.text = one_line(text)
    return element


def _numbers(**places: float) -> dict[str, str]:
    return {name: f"{place:.1f}".removesuffix(".0") for name, place in places.items()}


def _width(names: Sequence[str]) -> float:
    longest = max((len(_cut(name)) for name in names), default=0)
    return _CHARACTER * longest + 8


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _written(figure: Element) -> str:
    ElementTree.indent(figure)
    return ElementTree.tostring(figure, encoding="unicode") + "\n"
