"""Other numbers of the results of a group: which of them stand in its table, and which makes a figure with its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchfmt.comparison.policies import kind_of
from benchfmt.pages.provenance import Row
from benchfmt.record import KEY_FIELDS

Key = tuple[str | None, ...]
"""The fields that name a number within its record, and its unit."""
Numbers = Mapping[Key, Sequence[float]]
"""The numbers of a record that are of other metrics than that of its group, by what they are."""
_FEWEST = 3
"""So many results with both numbers make a figure of two numbers."""
_IN_FIGURES = ("power", "energy", "throughput", "latency", "memory")
_IN_TABLES = ("energy-efficiency", "energy", "power", "memory")
_COLUMNS = 3


def numbers_beside(rows: Sequence[Row], metric: str) -> dict[Key, list[float]]:
    """Return the numbers of a record that are of other metrics; each kind mostly has one."""
    numbers: dict[Key, list[float]] = {}
    for row in rows:
        if row["value"] is None or row["metric"] == metric:
            continue
        values = numbers.setdefault(tuple(row[name] for name in (*KEY_FIELDS, "unit")), [])
        if row["value"] not in values:
            values.append(float(row["value"]))
    return numbers


def columns_beside(numbers: Sequence[Numbers], metric: str) -> list[Key]:
    """Return which other numbers stand in the table: quality beside speed, then what it costs; one of each metric."""
    best: dict[str, tuple[tuple[int, int, str], Key]] = {}
    for key, values in _single(numbers).items():
        rank = _rank(str(key[0]), kind_of(metric), _IN_TABLES)
        if rank is not None:
            order = (rank, -len(values), str(key))
            best[str(key[0])] = min(best.get(str(key[0]), (order, key)), (order, key))
    return [key for _, key in sorted(best.values())][:_COLUMNS]


def second(numbers: Sequence[Numbers], kind: str) -> Key | None:
    """Return the number that most results have one of, of the other kind first: quality with speed, power with quality."""
    wanted = []
    for key, values in _single(numbers).items():
        rank = _rank(str(key[0]), kind, _IN_FIGURES)
        if rank is not None and len(values) >= _FEWEST and len(set(values)) > 1:
            wanted.append((rank, -len(values), str(key), key))
    if not wanted:
        return None
    return min(wanted)[-1]


def _single(numbers: Sequence[Numbers]) -> dict[Key, list[float]]:
    """Return the numbers of which a record has one, over all records."""
    single: dict[Key, list[float]] = {}
    for key, values in _each(numbers):
        if len(values) == 1:
            single.setdefault(key, []).append(values[0])
    return single


def _each(numbers: Sequence[Numbers]) -> Iterator[tuple[Key, Sequence[float]]]:
    for beside in numbers:
        yield from beside.items()


def _rank(metric: str, kind: str, order: Sequence[str]) -> int | None:
    """Say how well a metric goes with one of a kind; None for one that does not."""
    if kind_of(metric) != kind and ":" not in metric:
        return 0
    return 1 + order.index(metric) if metric in order else None
