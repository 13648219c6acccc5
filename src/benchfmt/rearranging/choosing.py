"""Packages made of a package: of some of its records, and one for each of some words.

Tables go through in columns, some rows at a time; nothing in a record changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from benchfmt.descriptor import about, acknowledged, declared
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package, PackageWriter, open_package
from benchfmt.package.portions import whole_records
from benchfmt.package.sql import QueryError, answer
from benchfmt.rearranging.portions import as_arrow, form_of, refuse_newer
from benchfmt.tables import Batch
from benchfmt.wide import CONTEXT

MOST_PARTS = 1_000
"""A package is split into at most so many."""
_LONGEST_NAME = 100
"""Characters of a word in the name of its package; systems take some 255 with what is put around it."""
_NOT_IN_NAMES = re.compile("[^a-z0-9._-]+")


@dataclass(frozen=True)
class Selected:
    """How many records a new package has, and how many stayed behind."""

    path: Path
    records: int
    left: int


def select(
    package: str | Path,
    where: str,
    target: str | Path,
    *,
    replace: bool = False,
    part_rows: int | None = None,
    remote: bool = False,
) -> Selected:
    """Write the records of a package that meet a condition as a package, and return how many; raises BenchfmtError.

    `where` is what stands behind WHERE in SQL over the flat view (see `benchfmt.package.sql`). The new descriptor has
    what the old one said, and in `sources` what was chosen. With `remote` the package may be a URL.
    """
    with open_package(package, remote=remote) as opened:
        refuse_newer(opened)
        ids = _chosen(opened, str(package), where)
        if not ids.len():
            raise BenchfmtError(f"no record of {package} meets: {where}")
        return _write(opened, ids, Path(target), f"records where {where}", replace, part_rows)


def split(
    package: str | Path,
    by: str,
    folder: str | Path,
    *,
    replace: bool = False,
    remote: bool = False,
) -> list[Selected]:
    """Write a package for each value of a column of the flat view into a folder, named by it; raises BenchfmtError.

    Records without a value become the package `none`. With `remote` the package may be a URL.
    """
    with open_package(package, remote=remote) as opened:
        return _split(opened, str(package), by, Path(folder), replace)


def _split(package: Package, name: str, by: str, folder: Path, replace: bool) -> list[Selected]:
    refuse_newer(package)
    column = '"' + by.replace('"', '""') + '"'
    # What stands in the records themselves needs no column for each kind of their numbers.
    table = "records" if by in CONTEXT else "wide"
    chosen = _asked(package, name, f"SELECT id, CAST({column} AS VARCHAR) AS word FROM {table}")
    words = chosen["word"].unique().sort().to_list()
    if len(words) > MOST_PARTS:
        raise BenchfmtError(
            f"{by} has {len(words):,} values; at most {MOST_PARTS:,} packages are made of one"
        )
    names = _file_names(words)
    made = []
    for word in words:
        ids = chosen.filter(pl.col("word").eq_missing(pl.lit(word, pl.String)))["id"]
        what = f"records where {by} is {word!r}" if word is not None else f"records without {by}"
        made.append(_write(package, ids, folder / names[word], what, replace, None))
    return made


def _chosen(package: Package, name: str, where: str) -> pl.Series:
    """Return the ids of the records that meet a condition, asked of the records alone where that is enough."""
    try:
        return _asked(package, name, f"SELECT id FROM records WHERE ({where}\n)")["id"]
    except QueryError:
        return _asked(package, name, f"SELECT id FROM wide WHERE ({where}\n)")["id"]


def _asked(package: Package, name: str, sql: str) -> pl.DataFrame:
    with answer({name: package}, sql) as batches:
        return pl.DataFrame(pl.from_arrow(batches.read_all()))


def _write(
    package: Package,
    ids: pl.Series,
    target: Path,
    what: str,
    replace: bool,
    part_rows: int | None,
) -> Selected:
    _check_outside(package, target)
    descriptor = package.descriptor
    said = about(descriptor)
    sources = said.get("sources")
    before = sources if isinstance(sources, list) else []
    said["sources"] = [
        *before,
        {"title": f"{descriptor.title or descriptor.name or 'a package'}: {what}"},
    ]
    writer = PackageWriter(
        target,
        format=form_of(package),
        prefixes=declared(descriptor),
        extra=said,
        replace=replace,
        part_rows=part_rows,
    )
    left = 0
    with writer:
        writer.acknowledged = list(_still_known(acknowledged(descriptor), ids))
        for batch, dropped in _filtered(package, ids):
            left += dropped
            writer.write(batch)
    return Selected(target, writer.records, left)


def _check_outside(package: Package, target: Path) -> None:
    """Raise BenchfmtError for a target that would lie among the files of the package itself."""
    root = package.root.resolve()
    if root in target.resolve().parents:
        raise BenchfmtError(f"{target} lies within the package; name a place outside of it")


def _filtered(package: Package, ids: pl.Series) -> Iterator[tuple[Batch, int]]:
    """Yield the records with these ids, with their measurements and systems, and how many others were among them."""
    wanted = ids.implode()
    systems = pl.DataFrame(pl.from_arrow(package.table("systems")))
    told: set[str] = set()
    for records, measurements in whole_records(package):
        mine = records.filter(pl.col("id").is_in(wanted))
        theirs = measurements.filter(pl.col("record_id").is_in(wanted))
        used = set(mine["system_id"].drop_nulls()) - told
        told |= used
        own = systems.filter(pl.col("id").is_in(list(used)))
        yield (
            Batch(
                as_arrow("systems", own),
                as_arrow("records", mine),
                as_arrow("measurements", theirs),
            ),
            (records.height - mine.height),
        )


def _still_known(
    items: list[dict[str, JsonValue]], ids: pl.Series
) -> Iterator[Mapping[str, JsonValue]]:
    """Yield the findings that a package acknowledges and that are about records that are left."""
    left = set(ids)
    for item in items:
        named = item.get("records")
        if not isinstance(named, list):
            yield item
            continue
        still = [name for name in named if name in left]
        if still:
            yield {**item, "records": still}


def _file_names(words: list[str | None]) -> dict[str | None, str]:
    """Return a name for the package of each word, none twice."""
    names: dict[str | None, str] = {}
    for word in words:
        plain = "none" if word is None else _NOT_IN_NAMES.sub("-", word.lower()).strip("-.")
        # A package whose name ended so would be one file.
        short = plain.replace(".zip", "-zip")[:_LONGEST_NAME] or "other"
        name = short
        number = 1
        while name in names.values():
            number += 1
            name = f"{short}-{number}"
        names[word] = name
    return names
