"""BF530 to BF535: nothing in a package that is handed over tells of a person, or of a machine inside a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import polars as pl
from pydantic import JsonValue

from benchfmt.checks.check import Check, Table
from benchfmt.checks.frames import Frames, faults, no_faults
from benchfmt.finding import Severity
from benchfmt.personal.columns import Told, free_columns, told_in
from benchfmt.personal.kinds import ADDRESS, EMAIL, HOME, HOST, SECRET, USER, Kind
from benchfmt.personal.mentions import is_public, mentions, texts_in

_RULES = ("submission", "ingestion")
_TABLES: tuple[Table, ...] = ("systems", "records", "measurements")
_REPLACE = "write something else in its place, or convert again with --redact"
_REVOKE = "revoke it, since whoever has the file can use it; then convert again with --redact"
_CODES = {
    HOME: "BF530",
    EMAIL: "BF531",
    USER: "BF532",
    HOST: "BF533",
    SECRET: "BF534",
    ADDRESS: "BF535",
}
CODES = frozenset(_CODES.values())
_LOOKS = {
    HOME: "is the home folder of a user",
    EMAIL: "is an e-mail address",
    USER: "is the name of a user",
    HOST: "is the name of a machine",
    SECRET: "looks like a token, key or password",
    ADDRESS: "is an address inside a private network",
}


@dataclass(frozen=True, slots=True)
class Personal:
    """What a member of a document mentions of one kind."""

    code: str
    pointer: str
    message: str
    value: str
    hint: str


def _mentioned(frames: Frames, code: str) -> pl.DataFrame:
    """Return the cells that mention something of the kind of a code."""
    return frames.together("personal", _by_code).get(code, no_faults())


def _by_code(frames: Frames) -> dict[str, pl.DataFrame]:
    """Return the cells that mention something, by code; each column is screened once for all of them."""
    by_code: dict[str, list[pl.DataFrame]] = {}
    for table in _TABLES:
        for column in free_columns(table):
            told: dict[Kind, list[Told]] = {}
            cells = frames.columns(table, [column.name])[column.name]
            for one in told_in(cells, is_json=column.kind == "json"):
                told.setdefault(one.kind, []).append(one)
            for kind, found in told.items():
                rows = _faults_of(frames.table(table), table, column.name, found)
                by_code.setdefault(_CODES[kind], []).append(rows)
    return {code: pl.concat(found) for code, found in by_code.items()}


def _faults_of(frame: pl.DataFrame, table: Table, column: str, told: list[Told]) -> pl.DataFrame:
    """Return the rows whose cell mentions something of one kind."""
    kind = told[0].kind
    words = pl.DataFrame(
        {
            column: [one.cell for one in told],
            "message_": [_message(kind, one.mention, one.pointer, one.more) for one in told],
            "value_": [kind.shown(one.mention) for one in told],
        }
    )
    wrong = frame.join(words, on=column, how="inner", maintain_order="left")
    return faults(wrong, table, column, pl.col("message_"), pl.col("value_"), hint_for(kind))


def _message(kind: Kind, mention: str, pointer: str, more: int) -> str:
    message = f"{kind.shown(mention)!r} {_LOOKS[kind]}"
    if pointer:
        message = f"{message} (at {pointer})"
    if more:
        message = f"{message}; the cell has {more} more {_counted(kind, more)}"
    return message


def _counted(kind: Kind, count: int) -> str:
    if count == 1:
        return kind.one
    return kind.many


def hint_for(kind: Kind) -> str:
    """Return what to do about a mention."""
    if kind is SECRET:
        return _REVOKE
    return _REPLACE


def in_document(data: JsonValue) -> Iterator[Personal]:
    """Yield what a descriptor or a heading mentions, once for each member and kind.

    The e-mail addresses of contributors are meant to be public.
    """
    for text in texts_in(data):
        if is_public(text.pointer):
            continue
        kinds: dict[Kind, str] = {}
        for mention in mentions(text.value, text.member):
            kinds.setdefault(mention.kind, mention.text)
        for kind, first in kinds.items():
            message = _message(kind, first, "", 0)
            yield Personal(_CODES[kind], text.pointer, message, kind.shown(first), hint_for(kind))


def _check(kind: Kind, title: str) -> Check:
    return Check(
        code=_CODES[kind],
        severity=Severity.WARNING,
        title=title,
        rules=_RULES,
        run=partial(_mentioned, code=_CODES[kind]),
    )


CHECKS = (
    _check(HOME, "No text names somebody's home folder"),
    _check(EMAIL, "No text holds an e-mail address"),
    _check(USER, "No text names a user of a machine"),
    _check(HOST, "No text names a machine by its host name"),
    _check(SECRET, "No text holds a token, a key or a password"),
    _check(ADDRESS, "No text holds an address inside a private network"),
)
