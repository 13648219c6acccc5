"""The platforms of a package, and the words for them in the names of files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

import polars as pl

from benchfmt.exports import boxes
from benchfmt.exports.matchmaking.columns import TARGETS, Asset, Column
from benchfmt.exports.matchmaking.names import NOT_IN_NAMES, dashed, free
from benchfmt.package import Package, PackageError


def platforms(package: Package, records: pl.DataFrame, assets: Sequence[Asset]) -> dict[int, str]:
    """Return the platform of each record, by its row: the word for its system, with a number from the second box on.

    Two systems never share a word: their times do not compare.
    """
    numbers = boxes.boxes(_observations(records, assets))
    words = {(system, 1): word for system, word in _words(package).items()}
    used = set(words.values())
    platform_of: dict[int, str] = {}
    systems, sources = (records[name].to_list() for name in ("system_id", "source_sha256"))
    for asset in assets:
        for row in asset.rows:
            system = systems[row]
            box = numbers.get((system, sources[row]), 1)
            if (system, 1) not in words:
                raise PackageError(
                    f"the system {system!r} of a record is not described; run benchfmt validate"
                )
            if (system, box) not in words:
                words[system, box] = free(f"{words[system, 1]}-{box}", used)
                used.add(words[system, box])
            platform_of[row] = words[system, box]
    return platform_of


def _observations(records: pl.DataFrame, assets: Sequence[Asset]) -> Iterator[boxes.Observation]:
    """Yield a time or a rate of each row of a source table, and what was run.

    A file of one result is a run, of which a box has many, and none is like another.
    """
    systems, sources = (records[name].to_list() for name in ("system_id", "source_sha256"))
    results = Counter(sources[row] for asset in assets for row in asset.rows)
    for asset in assets:
        speed = _speed(asset.columns)
        settings = [column for column in asset.columns if column.role != TARGETS]
        if speed is None:
            continue
        for place, row in enumerate(asset.rows):
            source = sources[row]
            if results[source] == 1:
                continue
            cells = [json.dumps(column.cells[place]) for column in settings]
            number = float(speed.cells[place] or 0)
            yield boxes.Observation(systems[row], source, (asset.name, *cells), number)


def _speed(columns: Sequence[Column]) -> Column | None:
    """Return the target that says how fast a box is: the headline number, if it is a time or a rate, else the first one."""
    fast = []
    for column in columns:
        if column.role == TARGETS and column.note.get("unit") in ("s", "/s"):
            fast.append(column)
    return min(fast, key=lambda column: not column.note.get("primary"), default=None)


def _words(package: Package) -> dict[str, str]:
    """Return the word for each system in file names: its id, or its name where the id is only a hash.

    No word has an underscore, at which the engine divides a file's name, or a dot, behind which it drops the rest of it:
    of `BM.GPU.B200.8` and `BM.GPU.GB200.4` it would keep one.
    """
    words: dict[str, str] = {}
    for system_id, system in package.systems.items():
        name = str(system.get("name", ""))
        words[system_id] = _word(system_id)
        if system_id.startswith("sys1-") and name and not NOT_IN_NAMES.search(name):
            words[system_id] = _word(name)
    counts = Counter(words.values())
    distinct: dict[str, str] = {}
    used: set[str] = set()
    for system_id, word in words.items():
        wanted = word
        if counts[word] > 1:
            wanted = f"{word}-{_word(system_id)}"
        distinct[system_id] = free(wanted, used)
        used.add(distinct[system_id])
    return distinct


def _word(text: str) -> str:
    return dashed(text).strip("-.") or "unnamed"
