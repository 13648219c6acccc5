"""What a page shows, in words and figures; the template only puts it in its places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from markupsafe import Markup

from benchfmt.comparing.coverage import Coverage
from benchfmt.comparing.groups import Group, Line
from benchfmt.comparison.policies import kind_of
from benchfmt.pages import drawing
from benchfmt.pages.beside import Key, Numbers, columns_beside, numbers_beside, second
from benchfmt.pages.gathering import Content, Lone, Portion, ShownGroup, number_of
from benchfmt.pages.headings import shared_words, title_of
from benchfmt.pages.leading import leads, times_better
from benchfmt.pages.matrix import matrix_of
from benchfmt.pages.provenance import (
    Row,
    facts_of,
    interval_of,
    reported_words,
    samples_of,
    value_words,
)
from benchfmt.pages.units import Shown, shown_as
from benchfmt.pages.views import (
    Beside,
    Detail,
    Fault,
    Figure,
    GroupView,
    LoneResult,
    Page,
    Result,
)
from benchfmt.pages.words import meanings
from benchfmt.printable import one_line
from benchfmt.record import KEY_FIELDS
from benchfmt.reports.comparison import measure
from benchfmt.reports.counting import counted, number
from benchfmt.reports.where import spot
from benchfmt.validation.condensing import by_fault
from benchfmt.validation.report import Report
from benchfmt.vocabulary import metric_of, vocabulary

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
_FAULTS = 100
NO_TASK = "task not stated"
_TERMS_OF_MEASURE = ("metric", "statistic", "stage", "per", "scope")
_TERMS_OF_RECORDS = ("suite", "division", "scenario", "precision", "phase")
_OTHERS_BYTES = 1_500_000
"""So many characters of other numbers of the same records are kept on a page."""
_STRIPS, _SAMPLES = 12, 400
"""So many results of a page have a figure of their observations, and so many of these are drawn."""
_UNDRAWN = "this page has no room for the observations of"


def page_of(content: Content, portion: Portion, some: range, place: int, names: list[str]) -> Page:
    """Return a page with some groups of a portion; what is about the whole package stands on the first."""
    covered = content.coverage
    writer = _Groups(portion)
    views = [writer.view(portion.groups[number]) for number in some]
    shown_leads, more_leads = leads(
        [(view.task, portion.groups[n].group) for n, view in zip(some, views, strict=True)]
    )
    report = content.report if place == 0 else None
    lone = portion.lone if place == 0 else None
    alone = writer.lone(lone) if lone else []
    faults, more = _faults(report)
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
        known=_known(report),
        origins=content.origins,
        leads=shown_leads,
        more_leads=more_leads,
        matrix=matrix_of(covered),
        metrics=_metrics(covered),
        groups=views,
        later=compared - content.groups if is_last else 0,
        alone=_alone(content),
        lone=alone,
        more_lone=lone.left if lone else 0,
        data={"names": list(writer.names), "results": writer.details},
        choices=_choices(views, alone),
        words=meanings(writer.terms),
    )


def _choices(views: Sequence[GroupView], alone: Sequence[LoneResult]) -> dict[str, list[str]]:
    """Return what there is to choose from: the tasks, suites and metrics of what is shown."""
    metrics = {name for view in views for name in (view.metric, *view.beside_metrics)}
    found = {
        "task": {view.task for view in views} | {item.task for item in alone},
        "suite": {view.suite for view in views} | {item.suite for item in alone},
        "metric": metrics | {item.metric for item in alone},
    }
    return {name: sorted(items) for name, items in found.items()}


def _known(report: Report | None) -> list[tuple[str, str, int]]:
    if report is None:
        return []
    return [
        (item.code, one_line(item.reason), item.count) for item in report.acknowledged if item.count
    ]


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
        self.names: dict[str, int] = {}
        """The names of facts and numbers, each with its place."""
        self.terms: set[tuple[str, object]] = set()
        """The terms that are shown, with their kinds."""
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
        metric = str(group.measure["metric"])
        numbers = [
            numbers_beside(self._portion.measurements.get(line.record_id, ()), metric)
            for line in shown.lines
        ]
        keys = columns_beside(numbers, metric)
        written = shown_as(group.measure["unit"], [line.value for line in shown.lines])
        written_beside = [shown_as(key[-1], _values_of(key, numbers)) for key in keys]
        results = []
        first = len(self.details)
        each = zip(shown.lines, rows, drawing.dots(spreads), numbers, strict=True)
        for line, row, dot, others in each:
            beside = [
                _beside(others.get(key, ()), form)
                for key, form in zip(keys, written_beside, strict=True)
            ]
            result = self._result(line, row, columns, written)
            times = _times(group, line)
            results.append(replace(result, dot=dot, beside=beside, times=times))
        figures = [
            *self._two_numbers(shown, numbers, first, written),
            *self._strips_of(shown, rows, written),
        ]
        measures = [dict(zip((*KEY_FIELDS, "unit"), key, strict=True)) for key in keys]
        self._use_terms(shown, measures)
        return GroupView(
            id=group.id,
            suite=one_line(str(group.about.get("suite", "several suites"))),
            task=self._tasks([line.record_id for line in shown.lines]),
            metric=one_line(metric),
            title=one_line(title_of(group.about)),
            measured=one_line(_measured(group.measure, written)),
            better=_better(group.higher_is_better),
            settings=[one_line(text) for text in (*shared_words(group.about), *group.settings)],
            columns=[_COLUMNS[name] for name in columns],
            beside=[
                one_line(_measured(row, form))
                for row, form in zip(measures, written_beside, strict=True)
            ],
            beside_metrics=[one_line(str(row["metric"])) for row in measures],
            results=results,
            left=shown.left,
            figures=figures,
            unit=_bracketed(written),
        )

    def _tasks(self, ids: Sequence[str]) -> str:
        """Return the task of some records, or all of them."""
        found = {self._portion.records[record_id]["task"] or NO_TASK for record_id in ids}
        return one_line(", ".join(sorted(found)))

    def _use_terms(self, shown: ShownGroup, others: Sequence[Row]) -> None:
        """Keep the terms of a group, whose meanings the page tells."""
        group = shown.group
        for row in (group.measure, *others):
            self.terms |= {(kind, row[kind]) for kind in _TERMS_OF_MEASURE}
        self.terms |= {(kind, group.about.get(kind)) for kind in _TERMS_OF_RECORDS}
        for line in shown.lines:
            self.terms |= {("caveat", caveat) for caveat in line.caveats}
            self.terms.add(("basis", line.row.get("basis")))

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
            words = _short(row)
            place = self._add(f"{system}: {words}", record, row)
            benchmark = " / ".join(filter(None, (record["suite"], record["benchmark"])))
            results.append(
                LoneResult(
                    number=place,
                    suite=one_line(str(record["suite"])),
                    task=self._tasks([record_id]),
                    metric=one_line(str(row["metric"])),
                    system=one_line(system),
                    benchmark=one_line(benchmark),
                    model=one_line(_words(record["model"])),
                    what=one_line(measure({name: row[name] for name in KEY_FIELDS})),
                    words=one_line(words),
                    why=_why(lone.reasons[record_id], rows),
                )
            )
        return results

    def _add(self, title: str, record: Row, row: Row | None) -> int:
        """Add what a number opens, and return where it stands in the data of the page."""
        self.details.append(
            {
                "title": one_line(title),
                "facts": [(self._name(name), words) for name, words in facts_of(record, row)],
                "others": self._others_of(record["id"], row),
            }
        )
        return len(self.details) - 1

    def _name(self, text: str) -> int:
        """Return the place of a name among those of the page."""
        return self.names.setdefault(text, len(self.names))

    def _varies(self, shown: ShownGroup, name: str) -> bool:
        return len({_words(self._cell(line, name)) for line in shown.lines}) > 1

    def _cell(self, line: Line, name: str) -> object:
        if name in line.row:
            return line.row[name]
        return self._portion.records.get(line.record_id, {}).get(name)

    def _row(self, line: Line) -> Row | None:
        """Return the measurement that a line shows, or None where its record has no such one."""
        return self._portion.numbers.get(number_of(line.record_id, line.row))

    def _result(
        self,
        line: Line,
        row: Row | None,
        columns: Sequence[str],
        written: Shown,
    ) -> Result:
        record = self._portion.records[line.record_id]
        place = self._add(f"{line.system}: {written.words(line.value)}", record, row)
        return Result(
            number=place,
            system=one_line(line.system),
            cells=[one_line(_words(self._cell(line, name))) for name in columns],
            value=line.value,
            words=written.number(line.value),
            caveats=one_line(", ".join(line.caveats)),
        )

    def _others_of(self, record_id: str, shown: Row | None) -> list[tuple[int, str, str]] | None:
        """Return the other numbers of a record; None where the page has no room for them."""
        if record_id in self._portion.crowded:
            return None
        others = []
        for row in self._portion.measurements.get(record_id, ()):
            if row is not shown:
                words = measure({name: row[name] for name in KEY_FIELDS})
                name = self._name(one_line(words))
                reported = one_line(reported_words(row))
                if row["value"] is None and reported:
                    # A 0.0 that stands for nothing is not read as zero.
                    reported = f"written as {reported}"
                others.append((name, value_words(row), reported))
        size = sum(len(value) + len(reported) for _, value, reported in others)
        if self._others + size > _OTHERS_BYTES:
            return None
        self._others += size
        return others

    def _two_numbers(
        self, shown: ShownGroup, numbers: Sequence[Numbers], first: int, written: Shown
    ) -> Iterator[Figure]:
        """Yield the figure of the group's number against another of the same results, with the front."""
        metric = shown.group.measure["metric"]
        key = second(numbers, kind_of(metric))
        if key is None:
            return
        found = [
            (place, line, beside[key][0])
            for place, (line, beside) in enumerate(zip(shown.lines, numbers, strict=True))
            if len(beside.get(key, ())) == 1
        ]
        other_measure = dict(zip((*KEY_FIELDS, "unit"), key, strict=True))
        better = (shown.group.higher_is_better, _direction(str(other_measure["metric"])))
        points = [(line.value, other) for _, line, other in found]
        best = drawing.front(points, better)
        second_written = shown_as(key[-1], [other for _, other in points])
        told = [name for name in ("system", "engine", "placement") if self._differs(found, name)]
        spots = []
        for (place, line, other), is_best in zip(found, best, strict=True):
            name = " ".join(self._named(line, part) for part in told) or line.system
            label = f"{name}: {written.words(line.value)}, {second_written.words(other)}"
            x, y = written.scaled(line.value), second_written.scaled(other)
            spots.append(drawing.Dot(x, y, name, label, first + place, is_best))
        axes = (
            _measured(shown.group.measure, written),
            _measured(other_measure, second_written),
        )
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

    def _differs(self, found: Sequence[tuple[int, Line, float]], name: str) -> bool:
        """Whether results of a figure differ in a field, so that it tells them apart."""
        return len({self._named(line, name) for _, line, _ in found}) > 1

    def _named(self, line: Line, name: str) -> str:
        """Return the system, or another field, of a result in words."""
        return line.system if name == "system" else _words(self._cell(line, name))

    def _strips_of(
        self, shown: ShownGroup, rows: Sequence[Row | None], written: Shown
    ) -> Iterator[Figure]:
        """Yield the figure of the observations of a group's results, where there are any; of those without room, how many."""
        observed = []
        for line, row in zip(shown.lines, rows, strict=True):
            samples = samples_of(row) if row else []
            if len(samples) > 1:
                observed.append((one_line(line.system), samples))
        if not observed:
            return
        drawn = observed[: _STRIPS - self._strips]
        self._strips += len(drawn)
        without_room = len(observed) - len(drawn)
        if not drawn:
            yield Figure(Markup(), f"{_UNDRAWN} {counted(without_room, 'result')}")
            return
        title = f"each observation of {counted(len(drawn), 'result')}"
        caption = title
        if any(len(samples) > _SAMPLES for _, samples in drawn):
            caption += f"; of more than {_SAMPLES} some that are spread evenly over their order"
        if without_room:
            caption += f"; {_UNDRAWN} {without_room:,} more"
        named = [
            (name, [written.scaled(value) for value in _spaced(samples)]) for name, samples in drawn
        ]
        yield Figure(drawing.strips(named, one_line(written.unit), title), caption)


def _values_of(key: Key, numbers: Sequence[Numbers]) -> Iterator[float]:
    for beside in numbers:
        yield from beside.get(key, ())


def _beside(values: Sequence[float], written: Shown) -> Beside:
    """Return the one number, in six digits; several are told, and none is nothing."""
    if len(values) > 1:
        return Beside("several")
    if not values:
        return Beside("")
    return Beside(written.number(values[0]), values[0])


def _times(group: Group, line: Line) -> str:
    """Return how many times as good the best of a group is; nothing where that cannot be said."""
    if group.higher_is_better is None:
        return ""
    best = group.lines[0].value
    factor = times_better(best, line.value, higher=group.higher_is_better)
    return "" if factor is None else f"{factor:.3g}"


def _why(reason: str, rows: Sequence[Row]) -> str:
    """Return why a record stands in no group."""
    for row in rows:
        if row["primary"] and row["value"] is None:
            return one_line(f"its primary number is missing: {row['missing']}")
    if not any(row["primary"] for row in rows):
        return "it names no primary number"
    return reason


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
    return shown_as(row["unit"], [row["value"]]).words(row["value"])


def _measured(row: Row, written: Shown) -> str:
    return f"{measure(dict(row))}{_bracketed(written)}"


def _bracketed(written: Shown) -> str:
    return f" ({one_line(written.unit)})" if written.unit else ""


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
