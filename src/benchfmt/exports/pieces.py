"""Exports that are made of pieces, one behind the other: one process makes them all, or whoever is free makes one.

A piece is of a part of a table, or of the records of a part with their measurements. What it needs to know of those before
it is little: how many rows they have, and what they have written that is written once. So the result is the same.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import polars as pl

from benchfmt.exports.base import Account, Export, Exported
from benchfmt.package import Package, PackageError, open_package
from benchfmt.processes.spreading import Spread
from benchfmt.record import Record

Of = Literal["records", "measurements", "results"]
"""What a piece is of: rows of one of two tables, or results, which are records with their measurements."""
_AT_ONCE = 2**20
"""So many bytes at once: Linux takes some ten times the time of its own for a write of 25 MB."""
_NO_PARTS = (
    "one process has written it: the tables are not in parts of Parquet (convert --part-rows)"
)
_SEVERAL = 3
"""So many files have two tables of which one is in parts."""
_CUT = "one process has written it: a part of the measurements ends within a record"
_ASKEW = "one process has written it: a part of the measurements has some of records in another part of the records"


@dataclass(frozen=True, slots=True)
class Job:
    """What is written where, and what has been written so far."""

    package: Package
    place: Path
    """The file or the folder that grows."""
    options: Mapping[str, str]
    account: Account = field(default_factory=Account)
    met: dict[str, None] = field(default_factory=dict)
    """What was written once, in the order in which it came; a piece begins with that of the pieces before it."""


@dataclass(slots=True)
class Share:
    """The rows of a piece, which are counted as they are read."""

    package: Package
    of: Of
    part: int | None = None
    """The part of the tables; None for all of them."""
    before: int = 0
    """Share of the table in the parts before."""
    count: int = 0

    def frames(self, only: Collection[str]) -> Iterator[pl.DataFrame]:
        """Yield some columns of the table."""
        table = self.of
        if table == "results":
            table = "records"
        for frame in _frames(self.package, table, self.part, only):
            self.count += frame.height
            yield frame

    def records(self) -> Iterator[Record]:
        """Yield the records with their measurements."""
        for record in self.package.records(part=self.part):
            self.count += 1
            yield record


@runtime_checkable
class InPieces(Export, Protocol):
    """An export that is made of pieces."""

    @property
    def passes(self) -> tuple[Of, ...]:
        """What the package is gone through for, one after the other; each makes a piece of every part."""

    def begin(self, job: Job) -> None:
        """Write what stands before the first piece."""

    def once(self, job: Job, share: Share) -> Iterable[str]:
        """Return what the rows of a piece make necessary that is written once, as `Job.met` has it."""

    def piece(self, job: Job, share: Share) -> None:
        """Write a piece behind what is there, and count it."""

    def add(self, job: Job, piece: Job) -> None:
        """Put a piece that was written elsewhere behind what is there; its account is added to that of all."""

    def end(self, job: Job) -> None:
        """Write what stands behind the last piece."""


def in_one(form: InPieces, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
    """Write a package by this process, all parts of a table as one piece."""
    job = Job(package, place, options)
    form.begin(job)
    for of in form.passes:
        form.piece(job, Share(package, of))
    form.end(job)
    return job.account.exported()


def spread_over(
    form: InPieces, package: Package, place: Path, options: Mapping[str, str], spread: Spread
) -> Exported:
    """Write the same by whoever `spread` gives pieces to; where there are no parts by this process, and say so.

    Raises BenchfmtError. What the others write lies beside the place until it is added.
    """
    why = _why_in_one(form, package)
    if why is not None:
        done = in_one(form, package, place, options)
        return replace(done, notes=(*done.notes, why))
    job = Job(package, place, options)
    folder = place.with_name(f"{place.name}.pieces")
    folder.mkdir()
    form.begin(job)
    works = [work for of in form.passes for work in _works(form, job, of, folder)]
    for work, made in zip(works, spread(works), strict=True):
        if made.count != work.count:
            raise PackageError(
                f"{package.root}: a part has other rows than it says; run benchfmt validate"
            )
        written = _there(Path(made.place))
        form.add(job, Job(package, written, options, made.account, made.met))
        job.account.add(made.account)
        _remove(written)
    form.end(job)
    # What a worker that was lost has left is there too.
    shutil.rmtree(folder)
    return job.account.exported()


@dataclass(frozen=True, slots=True)
class _Made:
    """What is in a piece, and where it is."""

    place: str
    count: int
    account: Account
    met: dict[str, None]


@dataclass(frozen=True, slots=True)
class _Work:
    """Makes a piece; any process that sees both folders can."""

    form: InPieces
    package: str
    options: dict[str, str]
    of: Of
    part: int
    before: int
    count: int
    """How many rows the part says to have."""
    met: frozenset[str]
    place: str

    def __call__(self) -> _Made:
        """Make it at a place of its own, for somebody else may have begun it, and return what is in it."""
        place = Path(f"{self.place}-{secrets.token_hex(4)}")
        with open_package(self.package) as package:
            job = Job(package, place, self.options, met=dict.fromkeys(sorted(self.met)))
            share = Share(package, self.of, self.part, self.before)
            if self.form.shape == "folder":
                place.mkdir()
            self.form.piece(job, share)
        new = {name: None for name in job.met if name not in self.met}
        return _Made(str(place), share.count, job.account, new)


def _works(form: InPieces, job: Job, of: Of, folder: Path) -> Iterator[_Work]:
    """Yield the work on each part."""
    table = "records"
    if of == "measurements":
        table = of
    counts = job.package.rows_of_parts(table)
    met: set[str] = set()
    for part, (count, before) in enumerate(
        zip(counts, accumulate(counts, initial=0), strict=False)
    ):
        yield _Work(
            form,
            str(job.package.root),
            dict(job.options),
            of,
            part,
            before,
            count,
            frozenset(met),
            str(folder / f"{of}-{part}"),
        )
        met.update(form.once(job, Share(job.package, of, part, before)))


def _why_in_one(form: InPieces, package: Package) -> str | None:
    """Return why a package is not written in pieces, None where it can be."""
    of_records, of_measurements = (package.parts(table) for table in ("records", "measurements"))
    files = [*of_records, *of_measurements]
    if len(files) < _SEVERAL or not all(file.is_parquet for file in files):
        return _NO_PARTS
    ends = [_ends(package, part) for part in range(len(of_measurements))]
    owners = [owner for both in ends if both is not None for owner in both]
    # Each part has two: that of its first row, and that of its last.
    if any(last == first for last, first in zip(owners[1::2], owners[2::2], strict=False)):
        return _CUT
    if "results" in form.passes and not _are_pairs(package, ends):
        return _ASKEW
    return None


def _ends(package: Package, part: int) -> tuple[str, str] | None:
    """Return the records of the first and of the last row of a part of the measurements; None where it has no rows."""
    ends: list[str] = []
    for frame in package.part_frames("measurements", part, ["record_id"]):
        if frame.height:
            ends = [*ends[:1], *map(str, frame["record_id"][[0, -1]])]
            ends = [ends[0], ends[-1]]
    if not ends:
        return None
    return ends[0], ends[1]


def _are_pairs(package: Package, ends: Sequence[tuple[str, str] | None]) -> bool:
    """Whether each part of the measurements is of records in the part of the records with its number."""
    if len(package.parts("records")) != len(ends):
        return False
    for part, both in enumerate(ends):
        if both is None:
            continue
        ids: set[str] = set()
        for frame in package.part_frames("records", part, ["id"]):
            ids.update(frame["id"].filter(frame["id"].is_in(list(both))))
        if not ids.issuperset(both):
            return False
    return True


def _frames(
    package: Package, table: str, part: int | None, only: Collection[str]
) -> Iterator[pl.DataFrame]:
    if part is None:
        return package.frames(table, only)
    return package.part_frames(table, part, only)


def _there(place: Path) -> Path:
    """Return the place of what a worker wrote; raises PackageError where it is not seen from here."""
    if not place.exists():
        raise PackageError(
            f"{place.parent}: what the workers wrote is not there: they must see the folder of the export under the same path"
        )
    return place


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()


# --- how pieces are put together ---


def append(place: Path, texts: Iterable[bytes]) -> None:
    """Write texts behind what is in a file, one after the other."""
    with place.open("ab") as file:
        for text in texts:
            view = memoryview(text)
            for start in range(0, len(view), _AT_ONCE):
                file.write(view[start : start + _AT_ONCE])


def append_file(place: Path, other: Path, skip: int = 0) -> None:
    """Write what is in another file, but for its first bytes, behind what is in one."""
    with place.open("ab") as file, other.open("rb") as piece:
        piece.seek(skip)
        shutil.copyfileobj(piece, file, _AT_ONCE)


def move(file: Path, place: Path) -> None:
    """Move a file into a folder that need not be there yet."""
    place.parent.mkdir(parents=True, exist_ok=True)
    file.replace(place)
