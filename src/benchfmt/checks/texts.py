"""Texts: characters that cannot be seen, texts and objects that say nothing, addresses, licences, dates, units in values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import polars as pl

from benchfmt.checks.characters import MAY_HIDE, first_hidden
from benchfmt.checks.check import Check
from benchfmt.checks.frames import ROW, Frames, Verdict, faults, no_faults, without_row
from benchfmt.checks.keeping import MOST_KEPT, MOST_KNOWN
from benchfmt.checks.references import address_fault, licence_fault
from benchfmt.checks.screens import NOTHING, Look, looked_at_each
from benchfmt.checks.words import Words
from benchfmt.finding import Severity
from benchfmt.rowhash import row_hashes
from benchfmt.schema import column_schema
from benchfmt.tables import COLUMNS, TERM_COLUMNS, Column

MOST_BYTES = 2**26
"""So many bytes of texts at fault are kept, each with its place; beyond them they are only counted."""
_ROW_BEFORE = r"^[0-9]+\x1f"
_BLANK = r"^(?:[0-9]+\x1f)?\s*$"
_LONGEST_EMPTY = 8
_NOTHING = r"^\s*[\[{]\s*[\]}]\s*$"
_EMPTY = re.compile(r"\s*[\[{]\s*[\]}]\s*")
_ALONE = {"reported_value"}
"""Columns that hold the source's own characters, whatever they are."""
_BOUND = {"enum", "pattern", "const"}
"""What in the schema of a column says which texts it may hold."""
_ECHOES = {("records", "system_id"), ("measurements", "record_id")}
"""Columns that repeat the ids of another table."""
_NUMBER_WITH_UNIT = re.compile(
    r"[+-]?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?"
    r"(?: *(?P<long>[numµμ]s|secs?|seconds?|mins?|minutes?|hours?|[kMG]?Hz|[kMGT]i?B|bytes|[mk]W|kJ|[MG]i?B/s|%)"
    r"| +(?P<short>[shWJB]))"
)
_MEMBER = re.compile(r'"((?:[^"\\]++|\\.)*+)" *: *"((?:[^"\\]++|\\.)*+)"')
_DATE_LENGTH = 10
_SHORTEST_MONTH = "28"
_TIME = pl.col("measured_at")
_DAY = _TIME.str.head(_DATE_LENGTH)
_OFFSET = _TIME.str.tail(5)
_FARTHEST = "14:00"
"""No place on Earth is further from UTC."""


class OncePerText:
    """The first place of each text at fault, of all portions."""

    def __init__(self, code: str) -> None:
        """Start without any text; the code says which faults of texts these are."""
        self.take = partial(_suspects_of, code)
        self._seen: set[int] = set()
        self._kept: list[pl.DataFrame] = []
        self._count = 0
        self._bytes = 0
        self.more = 0
        self.note: str | None = None

    def add(self, frames: Frames) -> pl.DataFrame:
        """Take a portion; returns where the texts at fault stand that were not seen before."""
        return self.merge(self.take(frames))

    def merge(self, found: pl.DataFrame) -> pl.DataFrame:
        """Take the texts at fault of a portion; returns where those stand that were not seen before."""
        if not found.height:
            return found
        if len(self._seen) > MOST_KNOWN:
            self.note = (
                f"only the first {MOST_KNOWN:,} texts at fault are told apart; there may be more"
            )
            return found.clear()
        hashes = row_hashes(found, ["table", "column", "value"]).to_list()
        is_new = [number not in self._seen for number in hashes]
        self._seen.update(hashes)
        new = found.filter(pl.Series(is_new, dtype=pl.Boolean))
        kept = new.head(self._room(new))
        self.more += new.height - kept.height
        self._count += kept.height
        self._kept.append(kept)
        return kept.rename({"row": ROW, "record": "record_id"})

    def _room(self, new: pl.DataFrame) -> int:
        """Return how many faults of a portion can be kept."""
        if self._bytes > MOST_BYTES:
            return 0
        self._bytes += int(new.estimated_size())
        return MOST_KEPT - self._count

    def faults(self) -> pl.DataFrame:
        """Return a fault for each text."""
        if not self._kept:
            return no_faults()
        rows = pl.int_range(pl.len(), dtype=pl.Int64).alias("row")
        return pl.concat(self._kept).with_columns(rows)


def hidden_characters() -> OncePerText:
    """BF136: texts with characters that nobody sees, or that turn others around; each text once."""
    return OncePerText("BF136")


def blank_texts() -> OncePerText:
    """BF135: texts of nothing but white space, and objects and lists without content; each text once."""
    return OncePerText("BF135")


def _suspects(frames: Frames) -> Mapping[str, pl.DataFrame]:
    """Return the faults of free texts by code, which both checks ask for and one pass finds."""
    return frames.together("texts", _look_for_suspects)


def _suspects_of(code: str, frames: Frames) -> pl.DataFrame:
    """Return the faults of free texts that have a code."""
    return _suspects(frames)[code]


def _look_for_suspects(frames: Frames) -> Mapping[str, pl.DataFrame]:
    """Return the faults of free texts by code; each column is looked at once, and its texts only where need be."""
    hidden = [no_faults()]
    blank = [no_faults()]
    empty = [no_faults()]
    for table, items in _free_columns().items():
        if table == "systems" and not frames.has_new_systems:
            continue
        looks = _looks(frames, table, items)
        for item in items:
            look = looks[item.name]
            if look.may_hide:
                hidden.append(_of_texts(frames, table, item.name, MAY_HIDE, _hides))
            may_be_blank = look.may_begin_blank or _has_rows_before(frames.records, item)
            if item.kind == "text" and may_be_blank:
                blank.append(_of_texts(frames, table, item.name, _BLANK, _is_blank))
            if item.kind == "json" and look.shortest <= _LONGEST_EMPTY:
                empty.append(_of_texts(frames, table, item.name, _NOTHING, _is_empty))
    return {"BF136": pl.concat(hidden), "BF135": pl.concat([*blank, *empty])}


def _has_rows_before(records: pl.DataFrame, item: Column) -> bool:
    """Whether the texts of a column begin with their rows, as ids of records in JSON do, and not with what was written."""
    return item.name == "id" and bool(records["id"].head(1).str.contains(_ROW_BEFORE).any())


def _looks(frames: Frames, table: str, items: Sequence[Column]) -> dict[str, Look]:
    """Return what a look at all texts of each column says; texts of kinds are looked at once each."""
    looks = {}
    others = []
    for item in items:
        if frames.is_of_kinds(table, item.name):
            looks[item.name] = frames.answers.look(item.name)
        elif frames.has_cell(table, item.name):
            others.append(item.name)
        else:
            looks[item.name] = NOTHING
    if others:
        looks |= looked_at_each(frames.columns(table, others))
    return looks


def _of_texts(
    frames: Frames,
    table: str,
    column: str,
    pattern: str,
    verdict_on: Callable[[str, str], Verdict | None],
) -> pl.DataFrame:
    """Return a fault for each distinct text at fault, of those in which a pattern is found, in its first row."""
    suspects = frames.rows(table, pl.col(column).str.contains(pattern))
    first = suspects.unique(column, keep="first", maintain_order=True)
    verdicts = [verdict_on(column, without_row(text)) for text in first[column]]
    is_wrong = pl.Series([verdict is not None for verdict in verdicts], dtype=pl.Boolean)
    wrong = first.filter(is_wrong)
    told = [verdict for verdict in verdicts if verdict is not None]
    return faults(
        wrong,
        table,
        column,
        pl.Series([verdict.message for verdict in told], dtype=pl.String),
        pl.Series([repr(without_row(text))[1:-1] for text in wrong[column]], dtype=pl.String),
        pl.Series([verdict.hint for verdict in told], dtype=pl.String),
    )


@cache
def _free_columns() -> Mapping[str, list[Column]]:
    """Return the columns that may hold any text, by their tables."""
    return {
        table: [item for item in items if _is_free(table, item)] for table, items in COLUMNS.items()
    }


def _is_free(table: str, item: Column) -> bool:
    """Whether a column may hold any text; what is listed or has a pattern is plain ASCII where it is sound."""
    if item.kind not in ("text", "json"):
        return False
    if (table, item.name) in _ECHOES or item.name in TERM_COLUMNS[table]:
        return False
    return not _BOUND & column_schema(table, item.name).keys()


def _hides(column: str, text: str) -> Verdict | None:
    hidden = first_hidden(text)
    if hidden is None:
        return None
    return Verdict(
        f"{column} holds {hidden.name}, which nobody sees, {hidden.place}",
        "write the text anew, without the character",
    )


def _is_blank(column: str, text: str) -> Verdict | None:
    # Before the id of a record that has none stands its row, and nothing after it.
    if text.strip() or not text or column in _ALONE:
        return None
    return Verdict(f"{column} is nothing but white space", "leave out what the source does not say")


def _is_empty(column: str, text: str) -> Verdict | None:
    if len(text) > _LONGEST_EMPTY or not _EMPTY.fullmatch(text):
        return None
    return Verdict(f"{column} is {text}, which says nothing", "leave the member out")


def addresses(frames: Frames) -> pl.DataFrame:
    """BF141: addresses that no browser opens, or that run something."""
    return _of_column(frames, "url", address_fault)


def licences(frames: Frames) -> pl.DataFrame:
    """BF525: licences that are no SPDX expression."""
    return _of_column(frames, "license", licence_fault)


def _of_column(
    frames: Frames, column: str, verdict_on: Callable[[str], Verdict | None]
) -> pl.DataFrame:
    """Return the records of which a column is at fault; each text is asked about once."""
    words = Words("records", column)
    for text in frames.distinct("records", column):
        verdict = verdict_on(text)
        if verdict is not None:
            words.add([text], text, verdict)
    return words.faults(frames)


def units_in_values(frames: Frames) -> pl.DataFrame:
    """BF210: hyperparameters whose text is a number with its unit."""
    words = Words("records", "hyperparameters")
    for text in frames.distinct("records", "hyperparameters"):
        for name, value in _MEMBER.findall(text):
            if _NUMBER_WITH_UNIT.fullmatch(value):
                message = (
                    f"the hyperparameter {name!r} is the text {value!r}, a number with its unit"
                )
                hint = "write the number alone, and the unit in the name, as in `window_ms`: 50"
                words.add([text], value, Verdict(message, hint))
                break
    return words.faults(frames)


def dates(frames: Frames) -> pl.DataFrame:
    """BF142: days that no calendar has, and offsets that no place has."""
    times = frames.records.filter(_TIME.str.len_bytes() >= _DATE_LENGTH)
    late = times.filter(_DAY.str.tail(2) > _SHORTEST_MONTH)
    no_days = late.filter(_DAY.str.to_date("%Y-%m-%d", strict=False).is_null())
    with_offset = times.filter(
        (_TIME.str.len_bytes() > _DATE_LENGTH) & _TIME.str.tail(6).str.head(1).is_in(["+", "-"])
    )
    no_offsets = with_offset.filter((_OFFSET > _FARTHEST) | (_OFFSET.str.tail(2) > "59"))
    return pl.concat(
        [
            faults(
                no_days,
                "records",
                "measured_at",
                pl.format("the calendar has no {}", _DAY),
                _TIME,
                "write the day that the source gives, or the month alone",
            ),
            faults(
                no_offsets,
                "records",
                "measured_at",
                pl.format("no place is {} away from UTC", _OFFSET),
                _TIME,
                "correct the offset, or leave it out where the source gives none",
            ),
        ]
    )


SAYS_SOMETHING = Check(
    code="BF135",
    severity=Severity.WARNING,
    title="A text, an object and a list say something",
    gather=blank_texts,
    prepare=_suspects,
)
ALL_IS_SEEN = Check(
    code="BF136",
    severity=Severity.WARNING,
    title="No text holds characters that nobody sees",
    gather=hidden_characters,
    prepare=_suspects,
)
ADDRESSES = Check(
    code="BF141",
    severity=Severity.ERROR,
    title="An address is one of the web",
    table="records",
    needs=("url",),
    run=addresses,
)
DATES = Check(
    code="BF142",
    severity=Severity.ERROR,
    title="A date is in the calendar",
    table="records",
    needs=("measured_at",),
    run=dates,
)
UNITS_STAND_APART = Check(
    code="BF210",
    severity=Severity.WARNING,
    title="A value holds no unit",
    table="records",
    needs=("hyperparameters",),
    run=units_in_values,
)
LICENCES = Check(
    code="BF525",
    severity=Severity.WARNING,
    title="A licence is an SPDX id or expression",
    table="records",
    needs=("license",),
    run=licences,
)
CHECKS = (
    SAYS_SOMETHING,
    ALL_IS_SEEN,
    ADDRESSES,
    DATES,
    UNITS_STAND_APART,
    LICENCES,
)
