"""What stands on a page, ready for its template: texts, figures, and the data that its numbers open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from markupsafe import Markup

from benchfmt.pages.leading import Lead
from benchfmt.pages.matrix import Matrix


class Detail(TypedDict):
    """What a number opens; `others` is None where the page has no room for the other numbers of its record.

    Names of facts and of numbers are places in `Data.names`: each is on the page once.
    """

    title: str
    facts: list[tuple[int, str]]
    others: list[tuple[int, str, str]] | None


class Data(TypedDict):
    """What the numbers of a page open."""

    names: list[str]
    results: list[Detail]


@dataclass(frozen=True)
class Beside:
    """Another number of a record, beside that of its group."""

    words: str
    value: float | None = None
    """In the unit of the standard; None where there is none, or where there are several."""


@dataclass(frozen=True)
class Result:
    """A result in the table of its group."""

    number: int
    """Where it stands in the data of the page."""
    system: str
    cells: list[str]
    value: float
    words: str
    caveats: str
    times: str = ""
    """How many times as good the best of the group is."""
    dot: Markup = field(default_factory=Markup)
    beside: list[Beside] = field(default_factory=list)


@dataclass(frozen=True)
class Figure:
    """A figure with the words under it."""

    drawn: Markup
    caption: str


@dataclass(frozen=True)
class GroupView:
    """A group of results that compare."""

    id: str
    suite: str
    task: str
    metric: str
    title: str
    measured: str
    better: str
    settings: list[str]
    columns: list[str]
    beside: list[str]
    beside_metrics: list[str]
    results: list[Result]
    left: int
    figures: list[Figure]
    unit: str

    @property
    def has_caveats(self) -> bool:
        """Whether anything is to be said of a result."""
        return any(result.caveats for result in self.results)


@dataclass(frozen=True)
class LoneResult:
    """A number of a record that stands in no group: the primary one, or the first."""

    number: int
    """Where it stands in the data of the page."""
    suite: str
    task: str
    metric: str
    system: str
    benchmark: str
    model: str
    what: str
    words: str
    why: str


@dataclass(frozen=True)
class Fault:
    """Findings of one fault."""

    code: str
    severity: str
    count: int
    message: str
    hint: str
    place: str


@dataclass
class Page:
    """One page."""

    title: str
    about: Mapping[str, str]
    number: int
    names: list[str]
    """The files of all pages, this one included."""
    tiles: list[tuple[str, str]]
    verdict: str
    ok: bool | None
    faults: list[Fault]
    more_faults: int
    known: list[tuple[str, str, int]]
    """The findings that the package gives a reason for: code, reason and how many."""
    origins: list[tuple[str, str]]
    leads: list[Lead]
    more_leads: int
    matrix: Matrix
    metrics: list[tuple[str, str, str]]
    groups: list[GroupView]
    later: int
    """How many groups stand on no page."""
    alone: list[str]
    lone: list[LoneResult]
    more_lone: int
    data: Data
    choices: dict[str, list[str]]
    """What the menus of the filter offer."""
    words: list[tuple[str, str]]
    """The terms of the page with their definitions."""
