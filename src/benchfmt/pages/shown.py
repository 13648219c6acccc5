"""What a page shows, in words and figures; the template only puts it in its places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from markupsafe import Markup

from benchfmt.comparing.coverage import Coverage
from benchfmt.comparing.groups import Line
from benchfmt.comparison.policies import kind_of
from benchfmt.pages import drawing
from benchfmt.pages.gathering import Content, Lone, Portion, ShownGroup
from benchfmt.pages.provenance import (
    Facts,
    Row,
    facts_of,
    interval_of,
    reported_words,
    samples_of,
    value_words,
)
from benchfmt.printable import one_line
from benchfmt.record import KEY_FIELDS
from benchfmt.reports.comparison import about_words, measure
from benchfmt.reports.counting import counted, number
from benchfmt.reports.coverage import by_benchmark
from benchfmt.reports.where import spot
from benchfmt.validation.condensing import by_fault
from benchfmt.validation.report import Report
from benchfmt.vocabulary import metric_of, vocabulary

Key = tuple[str | None, ...]
"""The fields that name a number within its record, and its unit."""


class Detail(TypedDict):
    """What a number opens; `others` is None where the page has no room for the other numbers of its record."""

    title: str
    facts: Facts
    others: list[tuple[str, str, str]] | None


_COLUMNS = {
    "model": "model",
    "model_version": "version",
    "engine": "engine",
    "engine_version": "engine version",
    "precision": "precision",
    "batch_size": "batch",
    "threads": "threads",
    "placement": "on",
    "suite_version": "round",
    "submitter": "submitter",
}
"""Columns of a table of results, where its results do not share them."""
_ROWS_OF_MATRIX, _COLUMNS_OF_MATRIX = 40, 24
_FAULTS = 100
_SHADES = 5
_FEWEST = 3
"""So many results with both numbers make a figure of two numbers."""
_OTHERS_BYTES = 1_500_000
"""So many characters of other numbers of the same records are kept on a page."""
_STRIPS, _SAMPLES = 12, 400
"""So many results of a page have a figure of their observations, and so many of these are drawn."""


@dataclass(frozen=True)
class Cell:
    """A cell of the matrix: its text, and how dark it is, from 0 to 5."""

    text: str
    shade: int


@dataclass(frozen=True)
class Result:
    """A result in the table of its group."""

    number: int
    """Where it stands in the data of the page."""
    system: str
    cells: list[str]
    value: float
    words: str
    dot: Markup
    caveats: str


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
    metric: str
    title: str
    measured: str
    better: str
    settings: list[str]
    columns: list[str]
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
    system: str
    benchmark: str
    model: str
    what: str
    words: str


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
    matrix_head: list[str]
    matrix: list[tuple[str, list[Cell]]]
    matrix_note: str
    metrics: list[tuple[str, str, str]]
    groups: list[GroupView]
    later: int
    """How many groups stand on no page."""
    alone: list[str]
    lone: list[LoneResult]
    more_lone: int
    details: list[Detail] = field(default_factory=list)
    suites: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


def page_of(content: Content, portion: Portion, some: range, place: int, names: list[str]) -> Page:
    """Return a page with some groups of a portion; what is about the whole package stands on the first."""
    covered = content.coverage
    writer = _Groups(portion)
    views = [writer.view(portion.groups[number]) for number in some]
    report = content.report if place == 0 else None
    lone = portion.lone if place == 0 else None
    faults, more = _faults(report)
    head, rows, note = _matrix(covered)
    is_last = place == len(names) - 1
    compared = content.found.compared if content.found else 0
    return Page(
        title=one_line(content.name),
        about={name: one_line(text) for name, text in content.about.items()},
        number=place,
        names=names,
        tiles=_tiles(content),
        verdict=_verdict(report),
        ok=None if report is None else report.ok,
        faults=faults,
        more_faults=more,
        matrix_head=head,
        matrix=rows,
        matrix_note=note,
        metrics=_metrics(covered),
        groups=views,
        later=compared - content.groups if is_last else 0,
        alone=_alone(content),
        lone=writer.lone(lone) if lone else [],
        more_lone=lone.left if lone else 0,
        details=writer.details,
        suites=sorted({view.suite for view in views}),
        kinds=sorted({view.metric for view in views}),
    )


def _tiles(content: Content) -> list[tuple[str, str]]:
    covered = content.coverage
    missing = covered.missing.total()
    tiles = [
        (number(covered.records), "results"),
        (number(covered.values), "numbers"),
        (number(missing), "missing, with the reason"),
        (number(len(covered.systems)), "systems"),
        (number(len(covered.benchmarks)), "benchmarks"),
    ]
    if content.found:
        tiles.append((number(content.found.compared), "groups that compare"))
    return tiles


def _verdict(report: Report | None) -> str:
    if report is None:
        return ""
    errors, warnings = counted(report.errors, "error"), counted(report.warnings, "warning")
    return f"by the rule set {report.rules}: {errors}, {warnings}"


def _faults(report: Report | None) -> tuple[list[Fault], int]:
    """Return the faults that are shown, and how many others there are."""
    if report is None:
        return [], 0
    alike = by_fault(report.findings)
    shown = []
    for findings in alike[:_FAULTS]:
        first = findings[0]
        shown.append(
            Fault(
                first.code,
                first.severity.value,
                sum(finding.count or 1 for finding in findings),
                one_line(first.message),
                one_line(first.hint or ""),
                one_line(f"{first.path} {spot(first)}"),
            )
        )
    return shown, len(alike) - len(shown) + report.more.total()


def _matrix(covered: Coverage) -> tuple[list[str], list[tuple[str, list[Cell]]], str]:
    """Return the records by system and benchmark: the heads of columns, the rows, and what is left out."""
    found = by_benchmark(covered)
    places = found.fullest(_ROWS_OF_MATRIX)[:_COLUMNS_OF_MATRIX]
    columns = [one_line(found.columns[place]) for place in places]
    greatest = max((whole for _, whole in found.counts.values()), default=1)
    rows = []
    for row, name in enumerate(found.rows[:_ROWS_OF_MATRIX]):
        cells = []
        for place in places:
            _, whole = found.counts.get((row, place), (0, 0))
            cells.append(Cell(found.text(row, place) if whole else "", _shade(whole, greatest)))
        rows.append((one_line(name), cells))
    left = (len(found.rows) - len(rows), len(found.columns) - len(columns))
    words = [
        counted(count, word)
        for count, word in zip(left, ("system", "benchmark"), strict=True)
        if count
    ]
    return columns, rows, f"{' and '.join(words)} more" if words else ""


def _shade(count: int, greatest: int) -> int:
    if not count:
        return 0
    return 1 + min(_SHADES - 1, (_SHADES * count) // (greatest + 1))


def _metrics(covered: Coverage) -> list[tuple[str, str, str]]:
    """Return each metric with its values, and why others are missing."""
    return [
        (
            one_line(name),
            number(metric.values),
            ", ".join(
                f"{reason} {number(count)}" for reason, count in metric.missing.most_common()
            ),
        )
        for name, metric in covered.metrics.items()
    ]


def _alone(content: Content) -> list[str]:
    """Return in words what stands in no group, with the reasons."""
    found = content.found
    if found is None:
        return ["no measurement has a value"]
    counts = {
        "with which no other compares": found.alone,
        "left out: another result of the same execution stands for it": found.echoes,
        "left out: a record of the same id and content stands for it": found.copies,
    }
    told = [f"{counted(count, 'result')} {words}" for words, count in counts.items() if count]
    for reason, count in found.obstacles.most_common():
        told.append(one_line(f"{counted(count, 'result')} in no group: {reason}"))
    return told


class _Groups:
    """The groups of one page, and the data that their results open."""

    def __init__(self, portion: Portion) -> None:
        self.details: list[Detail] = []
        self._portion = portion
        self._others = 0
        self._strips = 0

    def view(self, shown: ShownGroup) -> GroupView:
        """Return a group as it is shown."""
        group = shown.group
        columns = [
            name for name in _COLUMNS if name not in group.about and self._varies(shown, name)
        ]
        rows = [self._row(line) for line in shown.lines]
        spreads = [_spread(line, row) for line, row in zip(shown.lines, rows, strict=True)]
        results = []
        first = len(self.details)
        for line, row, dot in zip(shown.lines, rows, drawing.dots(spreads), strict=True):
            results.append(self._result(line, row, dot, columns))
        figures = [*self._two_numbers(shown, first), *self._strips_of(shown, rows)]
        return GroupView(
            id=group.id,
            suite=one_line(str(group.about.get("suite", "several suites"))),
            metric=one_line(str(group.measure["metric"])),
            title=one_line(about_words(group.about)),
            measured=one_line(_measured(group.measure)),
            better=_better(group.higher_is_better),
            settings=[one_line(text) for text in group.settings],
            columns=[_COLUMNS[name] for name in columns],
            results=results,
            left=shown.left,
            figures=figures,
            unit=_bracketed(group.measure["unit"]),
        )

    def lone(self, lone: Lone) -> list[LoneResult]:
        """Return what is shown of records that stand in no group; one without a number has nothing to show."""
        results = []
        for record_id in lone.ids:
            rows = self._portion.measurements.get(record_id, ())
            valued = [row for row in rows if row["value"] is not None]
            row = next((row for row in valued if row["primary"]), next(iter(valued), None))
            if row is None:
                continue
            record = self._portion.records[record_id]
            system = "system unknown"
            if record["system_id"] is not None:
                system = lone.names.get(record["system_id"], record["system_id"])
            place = self._add(f"{system}: {row['value']:g}", record, row)
            benchmark = f"{record['suite']} / {record['benchmark'] or 'not stated'}"
            results.append(
                LoneResult(
                    number=place,
                    system=one_line(system),
                    benchmark=one_line(benchmark),
                    model=one_line(_words(record["model"])),
                    what=one_line(measure({name: row[name] for name in KEY_FIELDS})),
                    words=one_line(_short(row)),
                )
            )
        return results

    def _add(self, title: str, record: Row, row: Row | None) -> int:
        """Add what a number opens, and return where it stands in the data of the page."""
        self.details.append(
            {
                "title": one_line(title),
                "facts": facts_of(record, row),
                "others": self._others_of(record["id"], row),
            }
        )
        return len(self.details) - 1

    def _varies(self, shown: ShownGroup, name: str) -> bool:
        return len({_words(self._cell(line, name)) for line in shown.lines}) > 1

    def _cell(self, line: Line, name: str) -> object:
        if name in line.row:
            return line.row[name]
        return self._portion.records.get(line.record_id, {}).get(name)

    def _row(self, line: Line) -> Row | None:
        """Return the measurement that a line shows, or None where its record has no such one."""
        for row in self._portion.measurements.get(line.record_id, ()):
            if all(row[name] == line.row[name] for name in (*KEY_FIELDS, "unit", "value")):
                return row
        return None

    def _result(self, line: Line, row: Row | None, dot: Markup, columns: Sequence[str]) -> Result:
        record = self._portion.records[line.record_id]
        place = self._add(f"{line.system}: {line.value:g}", record, row)
        return Result(
            number=place,
            system=one_line(line.system),
            cells=[one_line(_words(self._cell(line, name))) for name in columns],
            value=line.value,
            words=f"{line.value:.6g}",
            dot=dot,
            caveats=one_line(", ".join(line.caveats)),
        )

    def _others_of(self, record_id: str, shown: Row | None) -> list[tuple[str, str, str]] | None:
        """Return the other numbers of a record; None where the page has no room for them."""
        others = []
        for row in self._portion.measurements.get(record_id, ()):
            if row is not shown:
                words = measure({name: row[name] for name in KEY_FIELDS})
                others.append((one_line(words), value_words(row), one_line(reported_words(row))))
        size = sum(len(text) for cells in others for text in cells)
        if self._others + size > _OTHERS_BYTES:
            return None
        self._others += size
        return others

    def _two_numbers(self, shown: ShownGroup, first: int) -> Iterator[Figure]:
        """Yield the figure of the group's number against another of the same results, with the front."""
        metric = shown.group.measure["metric"]
        numbers = [self._numbers_beside(line.record_id, metric) for line in shown.lines]
        key = _second(numbers, kind_of(metric))
        if key is None:
            return
        found = [
            (place, line, beside[key][0])
            for place, (line, beside) in enumerate(zip(shown.lines, numbers, strict=True))
            if len(beside.get(key, ())) == 1
        ]
        second = dict(zip((*KEY_FIELDS, "unit"), key, strict=True))
        better = (shown.group.higher_is_better, _direction(str(second["metric"])))
        points = [(line.value, other) for _, line, other in found]
        best = drawing.front(points, better)
        spots = []
        for (place, line, other), is_best in zip(found, best, strict=True):
            engine = self._cell(line, "engine")
            label = f"{line.system} {engine or ''}: {line.value:g}, {other:g}"
            spots.append(drawing.Dot(line.value, other, label, first + place, is_best))
        axes = (_measured(shown.group.measure), _measured(second))
        title = f"{axes[1]} against {axes[0]} of {counted(len(spots), 'result')}"
        caption = title
        if any(best):
            caption += "; full dots are on the front: no other of these is better in one without being worse in the other"
        several = sum(len(beside.get(key, ())) > 1 for beside in numbers)
        if several:
            caption += (
                f"; left out: {counted(several, 'result')} with several numbers for {axes[1]}"
            )
        yield Figure(drawing.scatter(spots, axes, title), one_line(caption))

    def _numbers_beside(self, record_id: str, metric: str) -> dict[Key, list[float]]:
        """Return the numbers of a record that are of other metrics; each kind mostly has one."""
        numbers: dict[Key, list[float]] = {}
        for row in self._portion.measurements.get(record_id, ()):
            if row["value"] is None or row["metric"] == metric:
                continue
            values = numbers.setdefault(tuple(row[name] for name in (*KEY_FIELDS, "unit")), [])
            if row["value"] not in values:
                values.append(float(row["value"]))
        return numbers

    def _strips_of(self, shown: ShownGroup, rows: Sequence[Row | None]) -> Iterator[Figure]:
        """Yield the figure of the observations of a group's results, where there are any and room for it."""
        named = []
        for line, row in zip(shown.lines, rows, strict=True):
            samples = samples_of(row) if row else []
            if len(samples) > 1 and self._strips < _STRIPS:
                self._strips += 1
                named.append((one_line(line.system), _spaced(samples)))
        if named:
            title = f"each observation of {counted(len(named), 'result')}"
            unit = shown.group.measure["unit"] or ""
            drawn = drawing.strips(named, one_line(unit), title)
            yield Figure(
                drawn,
                f"{title}; of more than {_SAMPLES} some that are spread evenly over their order",
            )


def _second(numbers: Sequence[Mapping[Key, Sequence[float]]], kind: str) -> Key | None:
    """Return the number that most results have one of, of the other kind first: quality with speed, power with quality."""
    single: dict[Key, list[float]] = {}
    for beside in numbers:
        for key, values in beside.items():
            if len(values) == 1:
                single.setdefault(key, []).append(values[0])
    wanted = []
    for key, values in single.items():
        rank = _rank(str(key[0]), kind)
        if rank is not None and len(values) >= _FEWEST and len(set(values)) > 1:
            wanted.append((rank, -len(values), str(key), key))
    if not wanted:
        return None
    return min(wanted)[-1]


def _rank(metric: str, kind: str) -> int | None:
    """Say how well a metric goes with one of a kind; None for one that makes no figure."""
    if kind_of(metric) != kind:
        return 0
    order = ("power", "energy", "throughput", "latency", "memory")
    return 1 + order.index(metric) if metric in order else None


def _spaced(samples: Sequence[float]) -> list[float]:
    step = max(1, -(-len(samples) // _SAMPLES))
    return list(samples[::step])


def _spread(line: Line, row: Row | None) -> drawing.Spread:
    if row is None:
        return drawing.Spread(line.value)
    interval = interval_of(row)
    if interval:
        return drawing.Spread(line.value, interval[0], interval[1], "ci")
    if row["stddev"] is not None:
        return drawing.Spread(
            line.value, line.value - row["stddev"], line.value + row["stddev"], "sd"
        )
    return drawing.Spread(line.value)


def _short(row: Row) -> str:
    """Return a number with six digits and its unit."""
    unit = row["unit"]
    return f"{row['value']:.6g} {unit}" if unit and unit != "1" else f"{row['value']:.6g}"


def _measured(row: Row) -> str:
    return f"{measure(dict(row))}{_bracketed(row['unit'])}"


def _bracketed(unit: str | None) -> str:
    return f" ({one_line(unit)})" if unit and unit != "1" else ""


def _better(higher: bool | None) -> str:
    if higher is None:
        return ""
    return "higher is better" if higher else "lower is better"


def _direction(metric: str) -> bool | None:
    """Say whether a higher value of a metric is better; None where neither is."""
    described = metric_of(metric, vocabulary().metrics)
    if described is None or described.direction not in ("higher", "lower"):
        return None
    return described.direction == "higher"


def _words(cell: object) -> str:
    if cell is None:
        return "not stated"
    if isinstance(cell, str):
        return cell.strip('[]"').replace('","', "+")
    return str(cell)
