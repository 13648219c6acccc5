"""Figures of a package in a notebook, by altair: a panel for each group of results that compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import polars as pl
import pyarrow as pa

from benchfmt.comparison.questions import Question
from benchfmt.finding import BenchfmtError
from benchfmt.spelling import no_such

if TYPE_CHECKING:
    import altair as alt

__all__ = ["chart"]

_PRIMARY, _GROUP = "primary_value", "comparability_group"
_TITLE, _OF_PANEL = "_panel", "_group"
_SHOWN = ("id", "suite", "benchmark", "model", "system_id", "engine", "precision", "batch_size")
"""What a dot says of itself."""
_HEADING = {
    "suite": "suite",
    "benchmark": "benchmark",
    "model": "model",
    "system_id": "system",
    "precision": "precision",
}
"""The columns that name a panel as far as its results share them, each with its field, which a question may let differ."""
_COLUMNS = 2


def chart(
    table: pa.Table, y: str, x: str, color: str, panels: int, asked: Question
) -> alt.FacetChart:
    """Return a chart of a flat view that was made with `groups=True` for a question; raises BenchfmtError."""
    try:
        import altair as alt
    except ImportError as error:
        raise BenchfmtError("plots need altair; install benchfmt[plot]") from error

    frame = pl.DataFrame(pl.from_arrow(table))
    found = _compared(frame, y, x, color, panels)
    found = found.with_columns(_titles(found, asked))
    shown = [name for name in dict.fromkeys((y, x, color, *_SHOWN)) if name in found.columns]
    data = found.select(_TITLE, *shown)
    units = _units(table)
    if y == _PRIMARY:
        units[y] = ", ".join(sorted(set(found["primary_unit"].drop_nulls())))
    dots = (
        alt.Chart(alt.InlineData(values=data.to_dicts()))
        .mark_point(size=60, filled=True, opacity=0.8)
        .encode(
            y=alt.Y(y, type=_kind(data[y]), title=_named(y, units), scale=alt.Scale(zero=False)),
            x=alt.X(x, type=_kind(data[x]), title=_named(x, units), scale=alt.Scale(zero=False)),
            color=alt.Color(color, type=_kind(data[color]), scale=alt.Scale(scheme="tableau10")),
            tooltip=[alt.Tooltip(name, type=_kind(data[name])) for name in shown],
        )
        .properties(width=280, height=200)
    )
    of_panel = alt.Facet(_TITLE, type="nominal", title=None)
    faceted: alt.FacetChart = dots.facet(facet=of_panel, columns=_COLUMNS)
    separate: alt.FacetChart = faceted.resolve_scale(x="independent", y="independent")
    return separate


def _compared(frame: pl.DataFrame, y: str, x: str, color: str, panels: int) -> pl.DataFrame:
    """Return the rows of the largest groups of a measurement among those that have an `x` too, and the group of each."""
    columns = [name for name in frame.columns if not name.endswith("__group")]
    for name in (y, x, color):
        if name not in columns:
            raise BenchfmtError(no_such("column of the flat view", name, columns))
    group = _GROUP if y == _PRIMARY else f"{y}__group"
    if group not in frame.columns:
        raise BenchfmtError(f"{y!r} is no measurement, so nothing says which of its values compare")
    compared = frame.filter(pl.col(y).is_not_null() & pl.col(group).is_not_null())
    if compared.is_empty():
        reason = f"no value of {y!r} is in a group of results that compare"
        raise BenchfmtError(f"{reason}; `benchfmt compare` says why")
    # A panel without anything on its other axis would be empty.
    found = compared.filter(pl.col(x).is_not_null())
    if found.is_empty():
        raise BenchfmtError(f"no result with a {y!r} that compares has a {x!r} too")
    largest = found.group_by(group).len().sort("len", group, descending=[True, False]).head(panels)
    found = found.filter(pl.col(group).is_in(largest[group].implode()))
    return found.with_columns(pl.col(group).alias(_OF_PANEL))


def _titles(found: pl.DataFrame, asked: Question) -> pl.Expr:
    """Return what each panel is called: what its results share, and a number where two are called alike."""
    heading = [name for name, field in _HEADING.items() if not asked.may_differ(field)]
    titles: dict[str, str] = {}
    taken: dict[str, int] = {}
    for key, rows in found.group_by(_OF_PANEL, maintain_order=True):
        alike = [rows[name][0] for name in heading if rows[name].n_unique() == 1]
        title = " / ".join(filter(None, alike)) or "several"
        taken[title] = taken.get(title, 0) + 1
        titles[str(key[0])] = title if taken[title] == 1 else f"{title} ({taken[title]})"
    return pl.col(_OF_PANEL).replace_strict(titles).alias(_TITLE)


def _units(table: pa.Table) -> dict[str, str]:
    units = {}
    for field in table.schema:
        if field.metadata and b"unit" in field.metadata:
            units[field.name] = field.metadata[b"unit"].decode()
    return units


def _named(name: str, units: Mapping[str, str]) -> str:
    unit = units.get(name)
    return f"{name} ({unit})" if unit and unit != "1" else name


def _kind(column: pl.Series) -> Literal["quantitative", "nominal"]:
    return "quantitative" if column.dtype.is_numeric() else "nominal"
