"""Figures of a page as parts of SVG: they need no script, print well, and read in light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from benchfmt.printable import one_line
from benchfmt.reports.figures import Scale

_DOT_WIDTH, _DOT_HEIGHT, _MARGIN = 180, 16, 8
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 560, 330, 84, 54, 14
_RADIUS = 5
_CHARACTER = 6.8
"""How wide a letter is, about."""


@dataclass(frozen=True)
class Spread:
    """A number with what is said of its spread; low and high are None where nothing is."""

    value: float
    low: float | None = None
    high: float | None = None
    kind: str = ""
    """`ci` for a stated confidence interval, `sd` for one standard deviation to either side."""

    @property
    def ends(self) -> tuple[float, ...]:
        """The numbers for which there must be room."""
        return tuple(end for end in (self.low, self.value, self.high) if end is not None)


@dataclass(frozen=True)
class Dot:
    """A result in two numbers."""

    x: float
    y: float
    name: str
    """What stands beside it where there is room."""
    label: str
    """What it says where it is pointed at."""
    result: int
    """Where the result stands in the data of the page."""
    is_best: bool


def dots(spreads: Sequence[Spread]) -> list[Markup]:
    """Return a dot on one axis for each number, with its interval; all have the same axis."""
    ends = [end for spread in spreads for end in spread.ends]
    scale = Scale(ends, _MARGIN, _DOT_WIDTH - _MARGIN)
    return [_dot(spread, scale) for spread in spreads]


def _dot(spread: Spread, scale: Scale) -> Markup:
    middle = _DOT_HEIGHT / 2
    parts = [
        Markup('<line class="rail" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
            _MARGIN, _DOT_WIDTH - _MARGIN, middle, middle
        )
    ]
    if spread.low is not None and spread.high is not None:
        parts.append(
            Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(
                spread.kind, scale.place(spread.low), scale.place(spread.high), middle, middle
            )
        )
    parts.append(
        Markup('<circle class="dot" cx="{:.1f}" cy="{}" r="4"/>').format(
            scale.place(spread.value), middle
        )
    )
    # The number stands in words beside it.
    return Markup('<svg class="dots" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(
        _DOT_WIDTH, _DOT_HEIGHT, Markup("").join(parts)
    )


def front(
    points: Sequence[tuple[float, float]], better: tuple[bool | None, bool | None]
) -> list[bool]:
    """Say which points no other beats in one number without losing in the other; none where no direction is better.

    `better` says of each number whether the higher one is better.
    """
    if None in better:
        return [False] * len(points)
    x_sign, y_sign = (1 if higher else -1 for higher in better)
    signed = [(x_sign * x, y_sign * y) for x, y in points]
    best = [False] * len(points)
    highest = None
    # Of those with the same x the best y comes first, so each is held against all that are as good in x.
    for place in sorted(range(len(points)), key=lambda place: signed[place], reverse=True):
        y = signed[place][1]
        is_equal = highest is not None and signed[place] == highest
        if highest is None or y > highest[1] or is_equal:
            best[place] = True
            highest = signed[place]
    return best


def scatter(points: Sequence[Dot], axes: tuple[str, str], title: str) -> Markup:
    """Return results in two numbers; the best are full dots joined by a line."""
    across = Scale([point.x for point in points], _LEFT, _WIDTH - _MARGIN)
    up = Scale([point.y for point in points], _HEIGHT - _BOTTOM, _TOP)
    parts = [*_axes(across, up, axes)]
    best = sorted((point for point in points if point.is_best), key=lambda point: point.x)
    if len(best) > 1:
        places = " ".join(f"{across.place(p.x):.1f},{up.place(p.y):.1f}" for p in best)
        parts.append(Markup('<polyline class="front" points="{}"/>').format(places))
    for point in points:
        parts.append(
            Markup(
                '<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}" data-result="{}">'
                "<title>{}</title></circle>"
            ).format(
                "point best" if point.is_best else "point",
                across.place(point.x),
                up.place(point.y),
                _RADIUS,
                point.result,
                one_line(point.label),
            )
        )
    parts += _names(points, across, up)
    return Markup(
        '<svg class="scatter" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDTH, _HEIGHT, one_line(title), Markup("").join(parts))


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def _names(points: Sequence[Dot], across: Scale, up: Scale) -> Iterator[Markup]:
    """Yield the names of points that have room beside them, those of the best first."""
    frame = (_LEFT, _TOP, _WIDTH, _HEIGHT - _BOTTOM)
    taken: list[Box] = []
    for point in points:
        x, y = across.place(point.x), up.place(point.y)
        taken.append((x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS))
    text = Markup('<text class="{} label" x="{:.1f}" y="{:.1f}">{}</text>')
    for point in sorted(points, key=lambda point: not point.is_best):
        name = _cut(one_line(point.name))
        places = _beside(across.place(point.x), up.place(point.y), _CHARACTER * len(name))
        for anchor, x, y, box in places:
            if _is_within(box, frame) and not any(_meet(box, other) for other in taken):
                taken.append(box)
                yield text.format(anchor, x, y, name)
                break


def _beside(x: float, y: float, width: float) -> Iterator[tuple[str, float, float, Box]]:
    """Yield where a name may stand by a point: right, left, above, below."""
    for anchor, shift, down, start in (
        ("start", 9, 4, 0.0),
        ("end", -9, 4, -1.0),
        ("middle", 0, -10, -0.5),
        ("middle", 0, 18, -0.5),
    ):
        left, base = x + shift + start * width, y + down
        yield anchor, x + shift, base, (left, base - 11, left + width, base + 3)


def _is_within(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _axes(across: Scale, up: Scale, names: tuple[str, str]) -> list[Markup]:
    bottom = _HEIGHT - _BOTTOM
    line = Markup('<line class="axis" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    text = Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>')
    parts = [
        line.format(_LEFT, bottom, _WIDTH - _MARGIN, bottom),
        line.format(_LEFT, _TOP, _LEFT, bottom),
    ]
    for mark in dict.fromkeys(across.marks):
        parts.append(text.format("middle", across.place(mark), bottom + 20, f"{mark:,.10g}"))
    for mark in dict.fromkeys(up.marks):
        parts.append(text.format("end", _LEFT - 6, up.place(mark) + 4, f"{mark:,.10g}"))
    parts.append(text.format("name middle", (_LEFT + _WIDTH) / 2, _HEIGHT - 8, one_line(names[0])))
    turned = Markup(
        '<text class="name middle" transform="translate(14 {:.1f}) rotate(-90)">{}</text>'
    )
    parts.append(turned.format((_TOP + bottom) / 2, one_line(names[1])))
    return parts


def strips(rows: Sequence[tuple[str, Sequence[float]]], unit: str, title: str) -> Markup:
    """Return the observations of some results, a row of strokes for each, on one axis."""
    row_height, left = 26, 190
    height = row_height * len(rows) + 30
    scale = Scale([value for _, values in rows for value in values], left, _WIDTH - _MARGIN)
    parts = []
    for place, (name, values) in enumerate(rows):
        top = place * row_height + 4
        label = Markup('<text class="strip end" x="{}" y="{}">{}</text>')
        parts.append(label.format(left - 8, top + 14, _cut(one_line(name))))
        stroke = Markup('<line class="sample" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>')
        for value in values:
            parts.append(stroke.format(scale.place(value), top, top + row_height - 8))
    text = Markup('<text class="middle" x="{:.1f}" y="{}">{:,.10g} {}</text>')
    for mark in dict.fromkeys(scale.marks):
        parts.append(text.format(scale.place(mark), height - 8, mark, unit))
    return Markup(
        '<svg class="scatter" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDTH, height, one_line(title), Markup("").join(parts))


def _cut(text: str) -> str:
    longest = 26
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
