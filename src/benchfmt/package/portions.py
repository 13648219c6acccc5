"""Records with all of their measurements, some at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

import polars as pl
import pyarrow as pa

from benchfmt.package.errors import PackageError
from benchfmt.tables import COLUMNS, table_of

_BF504 = "(BF504): run benchfmt validate"


class Batches(Protocol):
    """A package whose tables come in batches."""

    root: Path

    def batches(self, table: str, only: Collection[str] = ()) -> Iterator[pa.Table]:
        """Yield a table in parts, with all columns of the standard or only some."""


class OrderError(PackageError):
    """Measurements do not stand in the order of their records."""


def whole_records(
    package: Batches, only: Collection[str] = ()
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield the records of a package, some at a time, each time with all of their measurements; raises PackageError.

    Measurements stand in the order of their records, as the standard asks; OrderError where they do not. With `only`, they
    have only those columns, `record_id` among them.
    """
    stream = map(_frame, package.batches("measurements", only))
    names = [item.name for item in COLUMNS["measurements"] if not only or item.name in only]
    waiting = _frame(table_of("measurements", []).select(names))
    for rows in package.batches("records"):
        records = _frame(rows)
        ids = records["id"].implode()
        own = []
        while True:
            belongs = waiting["record_id"].is_in(ids)
            count = int(belongs.sum())
            if not belongs.head(count).all():
                raise OrderError(
                    f"{package.root}: measurements stand in another order than their records {_BF504}"
                )
            own.append(waiting.head(count))
            rest = waiting.slice(count)
            if rest.height:
                waiting = rest
                break
            following = next(stream, None)
            waiting = rest if following is None else following
            if following is None:
                break
        yield records, pl.concat(own)
    if waiting.height or next(stream, None) is not None:
        raise OrderError(
            f"{package.root}: measurements are of no record, or stand in another order {_BF504}"
        )


def _frame(table: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table))
