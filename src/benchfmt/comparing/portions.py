"""Records with all of their measurements, some at a time: the tables of a package are read side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import polars as pl

from benchfmt.package import Package
from benchfmt.rowhash import text_hashes
from benchfmt.tables import COLUMNS, table_of

T = TypeVar("T")
_ENCODED = (pl.Categorical, pl.Enum)
_AT_ONCE = 32_768
"""About so many records are in memory at a time."""
_MEASUREMENTS_AT_ONCE = 2**17
"""So many measurements are enough for a portion, however few the records are."""
_BYTES_AT_ONCE = 2**25
"""So many bytes of records are enough for a portion, however few they are."""

CLASHES = "not comparable: another record of other content has the same id"


class OutOfOrderError(Exception):
    """Measurements do not stand in the order of their records, as the standard wants them to."""


def by_portions(
    package: Package,
    columns: tuple[Sequence[str], Sequence[str]],
    wanted: Callable[[pl.DataFrame], pl.DataFrame],
    work: Callable[[pl.DataFrame, pl.DataFrame], T],
    repeated: Mapping[int, bool] | None = None,
    part: int | None = None,
    taken: Callable[[Iterator[T]], Iterator[T]] = iter,
) -> list[T]:
    """Return what `work` makes of some records and what is `wanted` of their measurements, for all records in order.

    Of a package in parts, `part` is the number of those which are read alone; raises OutOfOrderError where the measurements of
    one are not those of the records of the other, one after the other.

    `columns` are those of the records, `id` among them, and those of the measurements, `record_id` among them. Where
    measurements stand in another order than their records, or without one, all are one portion: then the work begins
    anew, so it must not add up anything itself. Where `repeated` says which ids several records have, one record of
    each that say the same is there, and none of those that do not. `taken` hands on what is made, from the beginning
    where the work begins anew.
    """
    try:
        once = Once(repeated or {})
        portions = _side_by_side(package, columns, wanted, part)
        return list(taken(_beside_reading((once.of_both(*portion) for portion in portions), work)))
    except OutOfOrderError:
        if part is not None:
            raise
        once = Once(repeated or {})
        whole = once.of_both(*_whole(package, columns, wanted))
        return list(taken(iter([work(*whole)])))


def _beside_reading(
    portions: Iterator[tuple[pl.DataFrame, pl.DataFrame]],
    work: Callable[[pl.DataFrame, pl.DataFrame], T],
) -> Iterator[T]:
    """Yield what `work` makes of portions, in order; a thread works on one while the next is read."""
    with ThreadPoolExecutor(1, thread_name_prefix="benchfmt-portion") as thread:
        pending: Future[T] | None = None
        for portion in portions:
            if pending is not None:
                yield pending.result()
            pending = thread.submit(work, *portion)
        if pending is not None:
            yield pending.result()


def _side_by_side(
    package: Package,
    columns: tuple[Sequence[str], Sequence[str]],
    wanted: Callable[[pl.DataFrame], pl.DataFrame],
    part: int | None,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    of_records, of_measurements = _in_order(columns)
    empty = wanted(_empty("measurements", of_measurements))
    stream = map(wanted, _frames(package, "measurements", of_measurements, part))
    waiting = empty
    for portion in _in_portions(_frames(package, "records", of_records, part)):
        records = portion
        own = [empty]
        most = _MEASUREMENTS_AT_ONCE
        is_open = True
        while is_open:
            if sum(some.height for some in own) > most:
                whole, records, own = _parted(records, pl.concat(own))
                # What cannot be parted is looked at again when there is twice as much.
                most = max(_MEASUREMENTS_AT_ONCE, 2 * own[0].height)
                if whole[0].height:
                    yield whole
            if not waiting.height:
                waiting = pl.concat([empty, *_some(stream, records.height // 2)])
            count = _leading(waiting, records)
            # More may follow where all belong, but not at the end.
            is_open = 0 < count == waiting.height
            own.append(waiting.head(count))
            waiting = waiting.slice(count)
        yield records, pl.concat(own)
    if waiting.height or any(rest.height for rest in stream):
        raise OutOfOrderError


_Both = tuple[pl.DataFrame, pl.DataFrame]


def _parted(
    records: pl.DataFrame, measurements: pl.DataFrame
) -> tuple[_Both, pl.DataFrame, list[pl.DataFrame]]:
    """Return the records before that of the last measurement with all of theirs, and what is left of both.

    Where they stand in another order within these records, nothing is parted.
    """
    last = measurements["record_id"][-1]
    before = records.head((records["id"] == last).arg_max() or 0)
    is_theirs = measurements["record_id"].is_in(before["id"].implode())
    count = int(is_theirs.sum())
    if not is_theirs.head(count).all():
        before, count = records.head(0), 0
    whole = (before, measurements.head(count))
    return whole, records.slice(before.height), [measurements.slice(count)]


def _some(stream: Iterator[pl.DataFrame], least: int) -> Iterator[pl.DataFrame]:
    """Yield frames of a stream until they hold so many rows: to look up few rows takes as long as many."""
    height = 0
    for frame in stream:
        yield frame
        height += frame.height
        if height >= least:
            return


def _leading(measurements: pl.DataFrame, records: pl.DataFrame) -> int:
    """Return how many measurements are of some records; raises where one of them stands behind another's."""
    belongs = measurements["record_id"].is_in(records["id"].implode())
    count = int(belongs.sum())
    if not belongs.head(count).all():
        raise OutOfOrderError
    return count


def _in_portions(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield frames of about the same size, whatever the row groups of a file are."""
    held: list[pl.DataFrame] = []
    height = size = 0
    for frame in frames:
        for part in frame.iter_slices(_AT_ONCE):
            held.append(part)
            height += part.height
            size += int(part.estimated_size())
            if height >= _AT_ONCE // 2 or size >= _BYTES_AT_ONCE:
                yield pl.concat(held)
                held, height, size = [], 0, 0
    if held:
        yield pl.concat(held)


def _whole(
    package: Package,
    columns: tuple[Sequence[str], Sequence[str]],
    wanted: Callable[[pl.DataFrame], pl.DataFrame],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    of_records, of_measurements = _in_order(columns)
    frames = [
        _frames(package, "records", of_records),
        _frames(package, "measurements", of_measurements),
    ]
    records = pl.concat([_empty("records", of_records), *frames[0]])
    measurements = pl.concat(map(wanted, [_empty("measurements", of_measurements), *frames[1]]))
    return records, measurements


def one_of_each_id(records: pl.DataFrame) -> pl.DataFrame:
    """Return the first record of each id."""
    if records["id"].n_unique() == records.height:
        return records
    return records.unique("id", keep="first", maintain_order=True)


def _in_order(columns: tuple[Sequence[str], Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield the columns of each table in the order in which they are read."""
    for table, names in zip(("records", "measurements"), columns, strict=True):
        yield tuple(item.name for item in COLUMNS[table] if item.name in names)


def _frames(
    package: Package, table: str, columns: Sequence[str], part: int | None = None
) -> Iterator[pl.DataFrame]:
    frames = package.frames(table, columns)
    if part is not None:
        frames = package.part_frames(table, part, columns)
    for frame in frames:
        yield _plain(frame, columns)


def _empty(table: str, columns: Sequence[str]) -> pl.DataFrame:
    return _plain(pl.DataFrame(pl.from_arrow(table_of(table, []))), columns)


def _plain(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return some columns of a frame in their order, texts as texts."""
    if tuple(frame.columns) != tuple(columns):
        frame = frame.select(columns)
    if any(kind in _ENCODED for kind in frame.dtypes):
        frame = frame.with_columns(pl.col(*_ENCODED).cast(pl.String))
    return frame


class Numbered:
    """Numbers for distinct rows of some columns, in the order in which they are met."""

    def __init__(self, schema: dict[str, pl.DataType]) -> None:
        """Take the columns, by name."""
        self._names = list(schema)
        self._known = pl.DataFrame(schema=schema | {"number": pl.UInt32()})

    def taken_over(self, other: Numbered) -> pl.Series:
        """Return the numbers here of the rows of another one, in the order of their numbers there."""
        return self.of(other._known.sort("number"))

    def of(self, rows: pl.DataFrame) -> pl.Series:
        """Return the number of each row."""
        own = rows.select(
            pl.col(name).cast(kind)
            for name, kind in self._known.schema.items()
            if name in self._names
        )
        distinct = own.unique(maintain_order=True)
        new = distinct.join(
            self._known, on=self._names, how="anti", nulls_equal=True, maintain_order="left"
        )
        numbered = new.with_columns(
            number=pl.int_range(new.height, dtype=pl.UInt32) + self._known.height
        )
        self._known = pl.concat([self._known, numbered.select(self._known.columns)])
        return own.join(
            self._known, on=self._names, how="left", nulls_equal=True, maintain_order="left"
        )["number"]

    def named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows with the columns in place of their `number`."""
        return rows.join(self._known, on="number", how="left", maintain_order="left").drop("number")


class Once:
    """What takes each record once: of those of one id the first where all say the same, else none."""

    def __init__(self, repeated: Mapping[int, bool]) -> None:
        """Take the ids that several records have, as `repeated_ids` gives them."""
        self._repeated = _numbers(repeated)
        self._clashing = _numbers(clashing(repeated))
        self._met: set[int] = set()

    def of(self, records: pl.DataFrame) -> pl.DataFrame:
        """Return the records of a frame that were in none before."""
        if not len(self._repeated):
            return records
        numbers = text_hashes(records["id"])
        left_out = numbers.is_in(self._clashing.implode())
        left_out |= numbers.is_in(_numbers(self._met).implode())
        self._met.update(numbers.filter(numbers.is_in(self._repeated.implode())))
        return one_of_each_id(records.filter(~left_out))

    def of_both(
        self, records: pl.DataFrame, measurements: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the records of a portion that were in none before, and each of their measurements once."""
        own = self.of(records)
        if not len(self._repeated):
            return own, measurements
        sound = measurements.join(
            own.select(record_id="id"), on="record_id", how="semi", maintain_order="left"
        )
        is_copied = text_hashes(sound["record_id"]).is_in(self._repeated.implode())
        if not is_copied.any():
            return own, sound
        placed = sound.with_row_index("place_in_portion")
        first = placed.filter(is_copied).unique(sound.columns, keep="first")
        every = pl.concat([placed.filter(~is_copied), first]).sort("place_in_portion")
        return own, every.drop("place_in_portion")


def _numbers(numbers: Iterable[int]) -> pl.Series:
    return pl.Series(list(numbers), dtype=pl.UInt64)


def clashing(repeated: Mapping[int, bool]) -> list[int]:
    """Return the ids of records that say other things under one id."""
    return [number for number, is_same in repeated.items() if not is_same]


def parts_alone(package: Package) -> list[int | None]:
    """Return the numbers of the parts of a package that can be read one by one.

    None stands for all of it, where there are no parts, or where records of one id may stand in several.
    """
    count = len(package.parts("records"))
    if count < 2 or len(package.parts("measurements")) != count or repeats(package):
        return [None]
    return [*range(count)]


def repeats(package: Package) -> dict[int, bool]:
    """Return the ids (as `text_hashes`) that several records of a package have, and whether all of these say the same."""
    ids = [text_hashes(frame["id"]) for frame in package.frames("records", ["id"])]
    if not ids:
        return {}
    return repeated_ids(package, pl.concat(ids))


def values_of(package: Package, numbers: Sequence[int]) -> pl.DataFrame:
    """Return the measurements with a value of the records with some ids (as `text_hashes`)."""
    rows = _rows_of(package, "measurements", "record_id", _numbers(numbers))
    return rows.filter(pl.col("value").is_not_null())


def repeated_ids(package: Package, ids: pl.Series) -> dict[int, bool]:
    """Return the ids (as `text_hashes`) that several records have, and whether all of these say the same."""
    counted = ids.value_counts().filter(pl.col("count") > 1)
    if not counted.height:
        return {}
    several = counted.get_column(ids.name)
    records = _rows_of(package, "records", "id", several)
    measurements = _rows_of(package, "measurements", "record_id", several)
    copies = records.group_by("id").agg(pl.len())
    alike = records.unique().group_by("id").len().filter(pl.col("len") == 1)
    # As often as the record stands there, so does each of its measurements, where all say the same.
    rows = measurements.group_by(measurements.columns).agg(pl.len().alias("rows"))
    uneven = rows.join(copies, left_on="record_id", right_on="id").filter(
        pl.col("rows") % pl.col("len") != 0
    )
    same = alike.join(uneven, left_on="id", right_on="record_id", how="anti")
    same_ids = set(text_hashes(same["id"]))
    return {number: number in same_ids for number in several}


def _rows_of(package: Package, table: str, column: str, numbers: pl.Series) -> pl.DataFrame:
    found = [pl.DataFrame(pl.from_arrow(table_of(table, [])))]
    for batch in package.batches(table):
        rows = pl.DataFrame(pl.from_arrow(batch))
        found.append(rows.filter(text_hashes(rows[column]).is_in(numbers.implode())))
    return pl.concat(found)
