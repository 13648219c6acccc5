"""How many rows of a table are taken at once, so that what is made of them is bounded, and how much its annotation may repeat."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import JsonValue

from benchfmt.annotated.patterns import depth
from benchfmt.annotated.program import Program
from benchfmt.annotated.stretches import row_bytes, stretches
from benchfmt.annotated.together import Frames, Room, keys_of, whole_records
from benchfmt.limits import Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.sheets import Table

_NUMBERS = 250_000
"""So many measurements the rows of a frame may have: for each there is room, whether it has a value or not."""
_RECORDS = 190_000
"""So many records they may have."""
_CELLS = 2**20
"""So many cells they may have: each is copied some times on its way, in sixteen bytes and more."""
_CHARACTERS = 2**25
"""So many characters of the annotation they may repeat."""
_PART = 4
"""Such a part of what may be repeated is what an annotation repeats: records are kept until all sources are read."""
_USUAL_EXTRACTS = 4
"""So many fields may each be one and the same long text."""
_EXTRACTED = 96
"""So many characters of the annotation a part of a text counts for: it takes as much time, however short it is."""
_USUAL = 4_096
"""So much an annotation may say of each of any number of records."""


def frames_of_records(
    text: Table, program: Program, limits: Limits
) -> Iterator[tuple[pl.DataFrame, npt.NDArray[np.int64]]]:
    """Yield the rows of a table with their numbers, those of one record in one frame.

    Raises TableError, and UnsafeError also where the annotation says too much of too many records.
    """
    if len(program.unannotated) > limits.kept_columns:
        raise UnsafeError("BF907", _too_many(len(program.unannotated), limits.kept_columns))
    if len(program.measures) > limits.measured_columns:
        raise UnsafeError("BF907", _too_wide(len(program.measures), limits.measured_columns))
    repeated = repeated_by(program)
    records = max(len(program.variants), 1)
    copies = records * max(_texts_repeated(program), 1)
    most = min(
        _NUMBERS // max(len(program.measures), 1),
        _RECORDS // records,
        _rows_of(len(program.missing) + _extracted(program)),
        _CHARACTERS // max(repeated * records, 1),
    )
    most_characters = limits.repeated_bytes // _PART
    characters = 0
    values = _NUMBERS // max(len(program.measures), 1)
    of_one_key = max(min(limits.record_measurements, values), 1)
    room = Room(frame=max(most, 1), record=of_one_key, whole=limits.log_bytes)
    frames = whole_records(text, program.annotation, room)
    if copies > 1:
        frames = _in_stretches(frames, program, copies, limits)
    for frame, rows in frames:
        if repeated > _USUAL:
            characters += _results_in(frame, program) * records * repeated
        if characters > most_characters:
            raise UnsafeError("BF907", _too_much(repeated, most_characters))
        yield frame, rows


def _rows_of(columns: int) -> int:
    """Return how many rows of so many columns a frame has; of thousands, each takes about as much as fifty of its cells by itself."""
    return _CELLS // max(columns, 1) - min(columns // 200, 50)


def _in_stretches(
    frames: Frames, program: Program, copies: int, limits: Limits
) -> Iterator[tuple[pl.DataFrame, npt.NDArray[np.int64]]]:
    """Yield frames of fewer rows where what stands in a row is repeated by many records or fields; raises UnsafeError."""
    records = max(len(program.variants), 1)
    repeats = copies > records * _USUAL_EXTRACTS
    # Numbers and what says a part of them are of one record, and what is ignored of none.
    once = {name for name in program.fields if program.note(name).field is None}
    once -= {extract.from_ for extract in program.annotation.extract}
    extracted = _Extracted(limits)
    long = 0
    for frame, rows in frames:
        sizes = row_bytes(frame, without=once)
        if repeats:
            extracted.add(sizes * copies)
        long += int(sizes[sizes > _USUAL].sum()) * records
        if long > limits.repeated_bytes:
            raise UnsafeError("BF907", _too_long(records, limits.repeated_bytes))
        for start, end in stretches(sizes * copies, frame.height, _CHARACTERS):
            yield frame.slice(start, end - start), rows[start:end]


class _Extracted:
    """Counts what a table's `extract` makes of its texts, where it has one text many times."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.repeated_bytes // _PART
        self._bytes = 0

    def add(self, sizes: npt.NDArray[np.int64]) -> None:
        """Count the bytes that rows give; raises UnsafeError for too many of one row, and of all."""
        long = sizes[sizes > _USUAL]
        self._bytes += int(long.sum())
        if self._bytes > self._most or (len(long) and long.max() > _CHARACTERS // _PART):
            raise UnsafeError("BF907", _too_often(self._most))


def _results_in(frame: pl.DataFrame, program: Program) -> int:
    """Return how many rows of a frame are results by themselves."""
    key = program.annotation.key
    if not set(key).issubset(frame.columns):
        return frame.height
    return keys_of(frame, key).n_unique() if key else frame.height


def repeated_by(program: Program) -> int:
    """Return about how many characters the annotation adds to a record."""
    said: list[JsonValue] = [dict(program.constants)]
    said += [dict(rule.set) for rule in program.annotation.rules]
    fields = [path for extract in program.annotation.extract for path in extract.set]
    return len(json.dumps(said)) + sum(len(path) + _EXTRACTED for path in fields)


def _extracted(program: Program) -> int:
    """Return how many fields of a record are parts of other texts."""
    return sum(len(extract.set) for extract in program.annotation.extract)


def _texts_repeated(program: Program) -> int:
    """Return how often a record may have the same part of a cell: groups share it where one stands within another."""
    times = 0
    for extract in program.annotation.extract:
        if extract.from_ != "$path":
            uses = Counter(extract.set.values())
            times += max(uses.values(), default=0) * depth(extract.pattern)
    return times


def _too_many(columns: int, most: int) -> str:
    return (
        f"{columns:,} of its columns are described by nothing and would be kept as text with each record; at most {most:,} are: "
        "describe them, leave them out, or allow more (--limit kept_columns=N)"
    )


def _too_wide(measures: int, most: int) -> str:
    return (
        f"{measures:,} of its columns are numbers of their own; at most {most:,} are read: "
        "divide it into several tables, or allow more (--limit measured_columns=N)"
    )


def _too_much(repeated: int, most: int) -> str:
    return (
        f"its annotation says {repeated:,} characters of each record, together more than {most:,}; "
        "write a long text once, in the descriptor's description"
    )


def _too_long(records: int, most: int) -> str:
    return (
        f"a row gives up to {records:,} records, each with all that stands beside its numbers: of rows with more than "
        f"{_USUAL:,} bytes of it, together more than {most:,}; leave out long columns with `ignore`"
    )


def _too_often(most: int) -> str:
    return (
        f"its `extract` gives many fields the same text of a row, which may be more than {_CHARACTERS // _PART:,} bytes of one "
        f"row, or more than {most:,} of all; set fewer fields from one group"
    )
