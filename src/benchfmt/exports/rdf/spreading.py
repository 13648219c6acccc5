"""N-Triples of a package in parts, each part of a table written by whoever is free, and put together in order.

What a part needs to know of those before it is little: how many rows they have, of which labels of blank nodes are made,
and which agents they name. So the file is the same as that of one process.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import BinaryIO

from benchfmt.exports.base import Account
from benchfmt.exports.rdf.files import write_all
from benchfmt.exports.rdf.names import Names
from benchfmt.exports.rdf.ntriples import (
    AGENT_COLUMNS,
    Places,
    agents_of,
    beginning,
    of_measurements,
    of_records,
)
from benchfmt.package import Package, PackageError, open_package
from benchfmt.processes.spreading import Spread
from benchfmt.tables import COLUMNS

_ALL = {table: [item.name for item in items] for table, items in COLUMNS.items()}
_COPIED = 2**20


@dataclass(frozen=True, slots=True)
class _Written:
    """A part of a table as N-Triples, in a file; of measurements, the records that the first and the last belong to."""

    rows: int
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Writes a part of a table; any process that sees both folders can."""

    package: str
    names: Names
    table: str
    part: int
    before: int
    """Rows of the parts before."""
    agents: frozenset[str]
    """The agents of the parts before."""
    target: str

    def __call__(self) -> _Written:
        """Write it, and return what is in it."""
        with open_package(self.package) as package:
            frames = package.part_frames(self.table, self.part, _ALL[self.table])
            account = Account(records=self.before, measurements=self.before)
            if self.table == "records":
                texts = of_records(frames, self.names, set(self.agents), account)
                write_all(Path(self.target), texts)
                return _Written(account.records - self.before)
            places = Places()
            write_all(Path(self.target), of_measurements(frames, self.names, places, account))
            return _Written(account.measurements - self.before, places.first, places.record)


_TABLES = ("records", "measurements")


def can_spread(package: Package) -> bool:
    """Whether a package has parts, of which each says how many rows it has."""
    parts = [*package.parts("records"), *package.parts("measurements")]
    return len(parts) > len(_TABLES) and all(part.is_parquet for part in parts)


def write_spread(
    package: Package, names: Names, account: Account, place: Path, spread: Spread
) -> None:
    """Write a package to a new file; `account` says what is in it. Raises PackageError."""
    folder = place.with_name(f"{place.name}.parts")
    folder.mkdir()
    pieces = [piece for table in _TABLES for piece in _pieces(package, names, table, folder)]
    written: list[_Written] = []
    with place.open("wb") as whole:
        for text in beginning(package, names):
            whole.write(text)
        for piece, part in zip(pieces, spread(pieces), strict=True):
            written.append(part)
            with _opened(Path(piece.target)) as file:
                shutil.copyfileobj(file, whole, _COPIED)
            Path(piece.target).unlink()
    folder.rmdir()
    _check(pieces, written, package)
    for piece, part in zip(pieces, written, strict=True):
        if piece.table == "records":
            account.records += part.rows
        else:
            account.measurements += part.rows


def _pieces(package: Package, names: Names, table: str, folder: Path) -> Iterator[_Piece]:
    rows = package.rows_of_parts(table)
    before = accumulate(rows, initial=0)
    agents: set[str] = set()
    for number, (_, first) in enumerate(zip(rows, before, strict=False)):
        target = folder / f"{table}-{number}"
        yield _Piece(str(package.root), names, table, number, first, frozenset(agents), str(target))
        if table == "records":
            for frame in package.part_frames(table, number, AGENT_COLUMNS):
                for _ in agents_of(frame, names, agents):
                    pass  # they are kept in the set


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise PackageError(
            f"{path.parent}: what the workers wrote is not there: they must see the folder of the export under the same path"
        ) from error


def _check(pieces: list[_Piece], written: list[_Written], package: Package) -> None:
    """Raise PackageError where the parts are not what they say to be, so that labels or places are wrong."""
    before = dict.fromkeys(_TABLES, 0)
    for piece, part in zip(pieces, written, strict=True):
        if piece.before != before[piece.table]:
            raise PackageError(
                f"{package.root}: a part has other rows than it says; run benchfmt validate"
            )
        before[piece.table] += part.rows
    for one, other in pairwise(written):
        if other.first is not None and one.last == other.first:
            raise PackageError(
                f"{package.root}: a part ends within the record {other.first!r}; run benchfmt validate"
            )
