"""Damage to the text of JSON and JSON Lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.damage.damaging import ANYWHERE, Damage, Spot

_VALUE = re.compile(rb'"value": (-?[0-9][0-9.eE+-]*)')
Replace = Callable[[bytes], bytes]


def _line(path: Path, mark: bytes) -> int:
    """Return the line of a document in which a text stands first."""
    return path.read_bytes().split(mark)[0].count(b"\n") + 1


def replaced(old: bytes, new: bytes, *, at: bytes | None = None) -> Callable[[Path], Spot | None]:
    """Return what replaces the first such text; the damage stands in its line."""

    def do(path: Path) -> Spot | None:
        data = path.read_bytes()
        if old not in data:
            return None
        line = data.split(old)[0].count(b"\n") + 1 + (new.split(at)[0].count(b"\n") if at else 0)
        path.write_bytes(data.replace(old, new, 1))
        return Spot(path.name, ANYWHERE, None, line)

    return do


def whole(change: Replace, row: int | str | None = 1) -> Callable[[Path], Spot]:
    """Return what changes a text as a whole."""

    def do(path: Path) -> Spot:
        path.write_bytes(change(path.read_bytes()))
        return Spot(path.name, row)

    return do


def _without_comma(path: Path) -> Spot:
    """Take a comma out: it is missed where the next member begins."""
    data = path.read_bytes()
    path.write_bytes(data.replace(b'",', b'"', 1))
    line = 1
    if path.suffix == ".json":
        line = data.split(b'",')[0].count(b"\n") + 2
    return Spot(path.name, ANYWHERE, None, line)


def nested(depth: int) -> Callable[[Path], Spot]:
    """Return what nests objects in the first record."""

    def do(path: Path) -> Spot | None:
        old = b'"extensions": {'
        data = path.read_bytes()
        if old not in data:
            return None
        deep = b'{"a":' * depth + b"1" + b"}" * depth
        path.write_bytes(data.replace(old, old + b'"deep": ' + deep + b", ", 1))
        return Spot(path.name, "*", "*")

    return do


def valued(word: bytes) -> Callable[[Path], Spot | None]:
    """Return what writes a word in place of the first number that is a value."""

    def do(path: Path) -> Spot | None:
        data = path.read_bytes()
        value = _VALUE.search(data)
        if value is None:
            return None
        line = data.count(b"\n", 0, value.start()) + 1
        path.write_bytes(data[: value.start(1)] + word + data[value.end(1) :])
        return Spot(path.name, ANYWHERE, ANYWHERE, line)

    return do


def _without_last(data: bytes, mark: bytes) -> bytes:
    before, _, after = data.rpartition(mark)
    return before + after


def _half_a_character(path: Path) -> Spot | None:
    old = b'"suite_version": "'
    data = path.read_bytes()
    if old not in data:
        return None
    record = data.split(old)[0].count(b'"benchfmt": ')
    path.write_bytes(data.replace(old, old + rb"\ud83d", 1))
    return Spot(path.name, record, "benchmark.suite_version")


def _two_in_a_line(path: Path) -> Spot | None:
    data = path.read_bytes()
    if data.count(b"\n") < 2:
        return None
    path.write_bytes(data.replace(b"\n", b" ", 1))
    return Spot(path.name, 1)


def of_text(name: str, code: str, do: Any, **options: Any) -> Damage:
    """Return damage to the text of documents."""
    return Damage(name, "JSON", code, "text", do, **options)


def _json() -> Iterator[Damage]:
    for word in ("NaN", "Infinity", "-Infinity"):
        yield of_text(
            f"value-{word.strip('-').lower()}{'-negative' if word[0] == '-' else ''}",
            "BF115",
            valued(word.encode()),
        )
    yield of_text("number-beyond-doubles", "BF115", valued(b"1e400"))
    yield of_text("number-of-1000-digits", "BF115", valued(b"9" * 1000))
    yield of_text("number-with-zero-before", "BF115", valued(b"00.5"))
    yield of_text("number-with-plus", "BF115", valued(b"+0.5"))
    yield of_text("number-without-zero", "BF115", valued(b".5"))
    yield of_text("number-hexadecimal", "BF115", valued(b"0x10"))
    yield of_text("value-none", "BF115", valued(b"None"))
    yield of_text("value-left-out", "BF115", valued(b""))
    yield of_text("json-key-twice", "BF116", replaced(b'"status": ', b'"status": "ok", "status": '))
    yield of_text(
        "key-of-measurement-twice",
        "BF116",
        replaced(b'"metric": ', b'"unit": "s", "unit": "s", "metric": '),
    )
    yield of_text("comma-after-last", "BF115", replaced(b"}", b",}"))
    yield of_text("comma-missing", "BF115", _without_comma)
    yield of_text("colon-missing", "BF115", replaced(b'"status": ', b'"status" '))
    yield of_text("quote-missing", "BF115", replaced(b'"status": "', b'"status": '))
    yield of_text("single-quotes", "BF115", replaced(b'"status"', b"'status'"))
    yield of_text("key-without-quotes", "BF115", replaced(b'"status"', b"status"))
    yield of_text("comment", "BF115", replaced(b'"status"', b'/* note */ "status"'))
    yield of_text("bracket-missing", "BF115", whole(lambda data: _without_last(data, b"}"), "*"))
    yield of_text("cut", "BF115", whole(lambda data: data[: len(data) * 9 // 10], "*"))
    yield of_text("depth-200", "BF906", nested(200))
    yield of_text("depth-100000", "BF906", nested(100_000))
    yield of_text("half-a-character", "BF105", _half_a_character)
    yield of_text(
        "json-not-utf-8", "BF115", replaced(b'"suite_version": "', b'"suite_version": "\xe9')
    )
    yield of_text(
        "control-character-in-text",
        "BF115",
        replaced(b'"suite_version": "', b'"suite_version": "\x07'),
    )
    yield of_text(
        "line-break-in-text",
        "BF115",
        replaced(b'"suite_version": "', b'"suite_version": "a\nb'),
        only=("json",),
    )
    yield of_text(
        "escape-unknown", "BF115", replaced(b'"suite_version": "', b'"suite_version": "\\q')
    )
    yield of_text("nul", "BF115", replaced(b'"status"', b'\0"status"'))
    yield of_text("empty", "BF115", whole(lambda data: b"", "*"), instead={"jsonl": "BF122"})
    yield of_text(
        "blanks-only", "BF115", whole(lambda data: b" \n \n", "*"), instead={"jsonl": "BF122"}
    )
    yield of_text("list-empty", "BF122", whole(lambda data: b"[]", None), only=("json",))
    yield of_text("a-number", "BF103", whole(lambda data: b"42\n", 1))
    yield of_text("a-text", "BF103", whole(lambda data: b'"result"\n', 1))
    yield of_text("null", "BF107", whole(lambda data: b"null\n", 1))
    yield of_text(
        "list-in-a-line",
        "BF103",
        whole(
            lambda data: b"[" + data.splitlines()[0] + b"]\n" + b"\n".join(data.splitlines()[1:]), 1
        ),
        only=("jsonl",),
    )
    yield of_text(
        "list-in-list", "BF103", whole(lambda data: b"[[], " + data.lstrip()[1:], 1), only=("json",)
    )
    yield of_text(
        "text-in-list",
        "BF103",
        whole(lambda data: b'["a", ' + data.lstrip()[1:], 1),
        only=("json",),
    )
    yield of_text("two-documents", "BF115", whole(lambda data: data + data, "*"), only=("json",))
    yield of_text(
        "two-records-in-a-line",
        "BF115",
        _two_in_a_line,
        only=("jsonl",),
    )
    yield of_text("words-before", "BF115", whole(lambda data: b"results: " + data))
    yield of_text("words-after", "BF115", whole(lambda data: data + b"end\n", "*"))
    yield of_text(
        "python-instead",
        "BF115",
        whole(lambda data: repr(json.loads(data.splitlines()[0])).encode() + b"\n", 1),
        only=("jsonl",),
    )
    yield of_text("yaml-instead", "BF115", whole(lambda data: b"status: ok\n", 1))


KINDS = tuple(_json())
