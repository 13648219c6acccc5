"""What a package covers, as text for people and as a heat map."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchfmt.printable import one_line
from benchfmt.reports.counting import counted, number

if TYPE_CHECKING:
    from benchfmt.comparing.coverage import Benchmark, Coverage, Overlap

NARROWEST, WIDEST = 80, 160
"""Between so many columns the text is wide."""
_LABEL, _COLUMN = 30, 12
"""The width of the names of rows, and of the columns of a matrix."""
_HEADING = 3
"""So many lines a name above a column has."""
_FEW = 3
"""So many examples stand in a line."""
_REASONS = 5
_SUITES = 8
_SYSTEM = 32
"""So many characters of a system's name stand in a line of others."""
_BESIDE = {"n": "a count", "stddev": "a deviation", "ci": "an interval", "samples": "samples"}
_WORDED = {"system_id": "system", "dataset": "data set", "measured_at": "date"}
_NOT_STATED = "not stated"


@dataclass(frozen=True)
class Matrix:
    """Counts by row and column; a second number is the whole of which the first is a part."""

    rows: Sequence[str]
    columns: Sequence[str]
    counts: Mapping[tuple[int, int], tuple[int, int]]

    def fullest(self, rows: int) -> list[int]:
        """Return the columns, those first that most of the first rows have something in."""
        filled = Counter(column for row, column in self.counts if row < rows)
        return sorted(range(len(self.columns)), key=lambda column: -filled[column])

    def text(self, row: int, column: int) -> str:
        """Return a cell as `3`, or `3/5` where something is missing; a dot where nothing was tried."""
        found = self.counts.get((row, column))
        if found is None:
            return "."
        part, whole = found
        return _brief(part) if part == whole else f"{_brief(part)}/{_brief(whole)}"


def _brief(count: int) -> str:
    """Return a count in five characters at most."""
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= 100 * unit:
            return f"{count // unit}{letter}"
    return str(count)


def coverage_lines(
    found: Coverage, *, width: int = 100, most: int = 12, metric: str | None = None
) -> Iterator[str]:
    """Yield what a package covers, `most` rows of each matrix, in lines of `width` columns."""
    yield from _wrapped(_totals(found), width)
    yield ""
    yield heading(metric)
    yield from _drawn(by_benchmark(found, metric), width, most, ("system", "benchmark"))
    if metric is None:
        yield ""
        yield "values by system and metric; 3/5: two are missing"
        yield from _drawn(by_metric(found), width, most, ("system", "metric"))
    yield ""
    for line in _told(found):
        yield from _wrapped(line, width)


def _totals(found: Coverage) -> str:
    return (
        f"{counted(found.records, 'record')}: {counted(len({suite for suite, _ in found.benchmarks}), 'suite')}, "
        f"{counted(len(found.benchmarks), 'benchmark')}, {counted(len(found.systems), 'system')}; "
        f"{counted(found.values, 'value')} of {counted(len(found.metrics), 'metric')}, "
        f"{number(found.missing.total())} missing"
    )


def _wrapped(line: str, width: int) -> list[str]:
    shown = one_line(line)
    return textwrap.wrap(shown, width, subsequent_indent="  ", break_on_hyphens=False)


def heading(metric: str | None) -> str:
    """Return what the matrix of systems and benchmarks counts."""
    if metric is None:
        return "records by system and benchmark; 3/5: two have another status than ok"
    return f"values of {metric} by system and benchmark; 3/5: two are missing"


def by_benchmark(found: Coverage, metric: str | None = None) -> Matrix:
    """Return the records, or the values of a metric, by system and benchmark."""
    rows = _rows(found)
    columns = {key: place for place, key in enumerate(found.benchmarks)}
    counts = {}
    for cell in found.cells:
        count = (cell.ok, cell.records)
        if metric is not None:
            measured = cell.metrics.get(metric)
            if measured is None:
                continue
            count = (measured.values, measured.values + measured.missing.total())
        counts[rows[cell.system], columns[cell.suite, cell.benchmark]] = count
    several = len({suite for suite, _ in found.benchmarks}) > 1
    columns_named = [one_line(_named(key, several)) for key in found.benchmarks]
    return Matrix(_names(found), columns_named, counts)


def by_metric(found: Coverage) -> Matrix:
    """Return the values by system and metric."""
    rows = _rows(found)
    columns = {name: place for place, name in enumerate(found.metrics)}
    values: Counter[tuple[int, int]] = Counter()
    wholes: Counter[tuple[int, int]] = Counter()
    for cell in found.cells:
        for name, metric in cell.metrics.items():
            place = (rows[cell.system], columns[name])
            values[place] += metric.values
            wholes[place] += metric.values + metric.missing.total()
    counts = {place: (values[place], whole) for place, whole in wholes.items()}
    return Matrix(_names(found), [one_line(name) for name in found.metrics], counts)


def _rows(found: Coverage) -> dict[str | None, int]:
    """Return the place of each system; results of no known one stand last."""
    rows: dict[str | None, int] = {key: place for place, key in enumerate(found.systems)}
    rows[None] = len(rows)
    return rows


def _names(found: Coverage) -> list[str]:
    # What stands in a name begins no line of its own.
    names = [one_line(name) for name in found.systems.values()]
    if any(cell.system is None for cell in found.cells):
        names.append("system unknown")
    return names


def _named(benchmark: Benchmark, with_suite: bool) -> str:
    suite, name = benchmark
    if name is None:
        return suite
    return f"{suite}: {name}" if with_suite else name


def _drawn(matrix: Matrix, width: int, most: int, words: tuple[str, str]) -> Iterator[str]:
    columns = matrix.fullest(most)[: max(1, (width - _LABEL) // _COLUMN)]
    headings = [_heading(matrix.columns[column]) for column in columns]
    tallest = max((len(lines) for lines in headings), default=0)
    for line in range(tallest):
        parts = [_line_of(lines, line - tallest + len(lines)) for lines in headings]
        yield f"{'':{_LABEL}}{''.join(f'{part:>{_COLUMN}}' for part in parts)}".rstrip()
    for row, name in enumerate(matrix.rows[:most]):
        cells = [matrix.text(row, column) for column in columns]
        label = _shortened(name, _LABEL - 1)
        yield f"{label:{_LABEL}}{''.join(f'{cell:>{_COLUMN}}' for cell in cells)}"
    rest = [
        counted(count, f"more {word}")
        for word, count in zip(
            words,
            (len(matrix.rows) - most, len(matrix.columns) - len(columns)),
            strict=True,
        )
        if count > 0
    ]
    if rest:
        yield f"... and {' and '.join(rest)} (--format json)"


def _heading(name: str) -> list[str]:
    """Return a name in lines that fit above a column, broken where words end."""
    spaced = name.replace("-", "-\u200b").replace("_", "_\u200b").replace(":", ":\u200b")
    pieces = [piece for word in spaced.split() for piece in _with_space(word)]
    lines = [""]
    for piece in pieces:
        if len(lines[-1]) + len(piece.rstrip()) < _COLUMN:
            lines[-1] += piece
        else:
            lines.append(piece)
    kept = [_shortened(line.strip(), _COLUMN - 1) for line in lines if line.strip()]
    if len(kept) > _HEADING:
        return [*kept[: _HEADING - 1], _shortened(f"{kept[_HEADING - 1]}…", _COLUMN - 1)]
    return kept


def _with_space(word: str) -> list[str]:
    *pieces, last = word.split("\u200b")
    return [*pieces, f"{last} "]


def _line_of(lines: list[str], place: int) -> str:
    return lines[place] if place >= 0 else ""


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _told(found: Coverage) -> Iterator[str]:
    """Yield what is missing and what is doubtful, a line each."""
    yield from _missing(found)
    pairs = [
        f"{pair['suite']} {number(pair['measured'])} of {number(pair['pairs'])}"
        for pair in sorted(found.pairs, key=lambda pair: -pair["measured"])
    ]
    if pairs:
        shown = _joined(pairs[:_SUITES], len(pairs) - _SUITES)
        yield f"pairs of system and benchmark with a result: {shown}"
    yield f"status: {_listed(found.status)}"
    yield f"measured by: {_listed(found.measured_by)}"
    if set(found.verification) != {_NOT_STATED}:
        yield f"verified: {_listed(found.verification)}"
    yield from _of_one_system(found)
    yield from _repeats(found)
    unstated = [
        f"{_WORDED.get(name, name.replace('_', ' '))} {_share(count, found.records)}"
        for name, count in sorted(found.unstated.items(), key=lambda item: -item[1])
        if count
    ]
    yield f"not stated, in records: {', '.join(unstated) or 'nothing'}"
    yield from _comparable(found)
    yield from _overlapping("hardware", found.same_systems, found.systems)
    yield from _overlapping("model", found.same_models, {})
    yield from _overlapping("data set", found.same_datasets, {})


def _missing(found: Coverage) -> Iterator[str]:
    """Yield each reason why values are missing, with the metrics that lack most."""
    for reason, count in found.missing.most_common():
        lacking = Counter(
            {
                name: metric.missing[reason]
                for name, metric in found.metrics.items()
                if metric.missing[reason]
            }
        )
        yield f"missing, {reason}: {number(count)}: {_listed(lacking)}"


def _of_one_system(found: Coverage) -> Iterator[str]:
    """Yield the benchmarks that were measured on one system alone, which compare no hardware."""
    by_suite: dict[str, list[str]] = {}
    for (suite, name), system in found.one_system:
        words = f"{name or suite} ({_shortened(found.systems.get(system, system), _SYSTEM)})"
        by_suite.setdefault(suite, []).append(words)
    totals = Counter(suite for suite, _ in found.benchmarks)
    for suite, names in sorted(by_suite.items(), key=lambda item: -len(item[1]))[:_SUITES]:
        yield (
            f"{suite}: {number(len(names))} of {counted(totals[suite], 'benchmark')} on one system "
            f"only: {_first(names)}"
        )
    if len(by_suite) > _SUITES:
        yield f"... and {number(len(by_suite) - _SUITES)} more suites with such benchmarks (--format json)"


def _repeats(found: Coverage) -> Iterator[str]:
    several = sum(count for runs, count in found.repeats.items() if runs > 1)
    total = sum(found.repeats.values())
    most = max(found.repeats, default=0)
    line = (
        f"repeats: {number(several)} of {counted(total, 'configuration')} were run more than once"
    )
    if several:
        line += f", at most {number(most)} times"
    if found.shared_executions:
        line += f"; {counted(found.shared_executions, 'execution')} with several records"
    yield line
    beside = [
        f"{words} with {_share(found.spread[name], found.values)}"
        for name, words in _BESIDE.items()
        if found.spread[name]
    ]
    yield f"spread of the values: {', '.join(beside) or 'stated of none'}"


def _comparable(found: Coverage) -> Iterator[str]:
    compared = found.compared
    line = (
        f"comparable: {counted(compared['in_groups'], 'primary result')} in "
        f"{counted(compared['groups'], 'group')} (`benchfmt compare`), {number(compared['alone'])} alone"
    )
    if compared["of_one_execution"]:
        line += f", {number(compared['of_one_execution'])} left out for another of one execution"
    if compared["copies"]:
        line += f", {number(compared['copies'])} of records that stand there twice"
    yield line
    for reason, count in found.obstacles.most_common(_REASONS):
        yield f"in no group: {number(count)}: {reason}"
    rest = found.obstacles.most_common()[_REASONS:]
    if rest:
        total = sum(count for _, count in rest)
        yield f"in no group: {number(total)} for {counted(len(rest), 'other reason')} (--format json)"


def _overlapping(what: str, found: Sequence[Overlap], names: Mapping[str, str]) -> Iterator[str]:
    """Yield what is one thing for the registry and several for the package."""
    for item in found[:_REASONS]:
        suites = Counter(item["suites"])
        known = dict.fromkeys(_shortened(names.get(name, name), _SYSTEM) for name in item["names"])
        yield f"one {what}, {item['known_as']}: {_listed(suites)}; as {_first(known)}"
    if len(found) > _REASONS:
        yield f"... and {number(len(found) - _REASONS)} more of one {what} (--format json)"


def _listed(counts: Counter[str]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = [f"{name} {number(count)}" for name, count in ordered[:_REASONS]]
    return _joined(told, len(ordered) - len(told))


def _first(names: Iterable[str]) -> str:
    every = list(names)
    return _joined(every[:_FEW], len(every) - _FEW)


def _joined(told: list[str], more: int) -> str:
    rest = [f"and {number(more)} more"] if more > 0 else []
    return ", ".join([*told, *rest])


def _share(count: int, whole: int) -> str:
    return "all" if count == whole else number(count)


def coverage_figure(found: Coverage, metric: str | None = None) -> str:
    """Return the matrix of systems and benchmarks as an SVG heat map."""
    from benchfmt.reports.figures import FIGURE_ROWS, heat_map

    matrix = by_benchmark(found, metric)
    order = matrix.fullest(FIGURE_ROWS)
    places = {column: place for place, column in enumerate(order)}
    counts = {
        (row, places[column]): (part, matrix.text(row, column))
        for (row, column), (part, _) in matrix.counts.items()
    }
    columns = [matrix.columns[column] for column in order]
    return heat_map(heading(metric), matrix.rows, columns, counts)
