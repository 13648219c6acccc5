"""Damage that knows how files are written: lines, cells, keys, numbers, encodings, and what is inside of packed files."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

LONGEST = 2**15
"""Inputs are small, so that there are many of them."""
ODD = (
    *(
        "",
        " ",
        "0",
        "-0",
        "-1",
        "+1",
        "007",
        "1.",
        ".5",
        "1e5",
        "1e999",
        "-1e999",
        "1e-999",
        "1E+0",
        "1e",
    ),
    *(
        "NaN",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "-Infinity",
        "1,5",
        "1.234,5",
        "1,234.5",
        "1 000",
        "1_000",
        "0x10",
    ),
    *(
        "\u0663",
        "\uff11\uff12",
        "\u00b2",
        "\u00bd",
        "\u22121",
        "1\u00a0000",
        "\u4e09",
        "\u2469",
        "\u0be7",
    ),
    *(
        "9" * 25,
        "9" * 400,
        "9" * 5000,
        "0." + "3" * 500,
        "18446744073709551616",
        "9007199254740993",
        "1/0",
        "50%",
        "%",
        "12.3 ms",
    ),
    *(
        "null",
        "None",
        "true",
        "True",
        "[]",
        "{}",
        "[" * 70,
        "[" * 5000,
        '{"a":' * 70,
        '""',
        '"',
        "'",
        "\\",
        "\\u0000",
        "\\ud800",
    ),
    *(
        "2026-13-45",
        "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59+14:00",
        "1-1-1",
        "23:59:60",
        "2021-02-29 00:00:00",
        "01-01-0001 00:00:00.000",
    ),
    *(
        "../../../../etc/passwd",
        "/etc/passwd",
        "C:\\x",
        "\\\\host\\x",
        "file:///etc/passwd",
        "http://localhost:9/x",
        ".",
        "..",
        "~",
        "a/../b",
    ),
    *(
        "\x00",
        "\x1b[31m",
        "\u202e",
        "\ufeff",
        "\u2028",
        "\x85",
        "\x0c",
        "\x1c",
        "\r",
        "\n",
        "\t",
        "\U0001f600",
        "\u0130",
        "\u00df",
        "e\u0301",
        "\udc80",
    ),
    *(
        "=1+1",
        "@x",
        "#",
        "##",
        "--",
        "---",
        "- ",
        ": ",
        ":",
        ";",
        ",",
        "|",
        "&amp;",
        "&lt;",
        "&#0;",
        "&x;",
        "<",
        ">",
        "<a>",
        "<!--",
        "]]>",
    ),
    *(
        "a" * 300,
        "a" * 5000,
        "%s",
        "%(x)s",
        "{0}",
        "{x}",
        "$(x)",
        "*",
        "?",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\\1",
        "^",
        "$",
        "~~~",
        "```",
        "!!python/object",
        "&a [*a]",
        "<<",
    ),
)
"""Texts that readers stumble over, whatever they read."""
_WHOLE: tuple[Any, ...] = (
    0,
    -1,
    1,
    0.5,
    1e308,
    2**63,
    -(2**63),
    2**70,
    10**400,
    True,
    False,
    None,
    [],
    {},
    "",
    [[]],
    [None],
    {"": None},
)
_NUMBER = re.compile(rb"[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_TOKEN = re.compile(rb"[A-Za-z_][A-Za-z0-9_./%-]{1,40}")
_TAG = re.compile(rb"<[^<>]{1,200}>")
_PAIR = re.compile(rb'"[^"\\]{1,60}"\s*:\s*(?:"[^"\\]{0,200}"|[-+0-9.eE]{1,30}|true|false|null)')
_START = re.compile(rb"[{\[]")
_CODECS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-8-sig",
    "latin-1",
    "cp1252",
    "cp037",
    "utf-7",
    "shift_jis",
)
_BREAKS = (b"\n", b"\r\n", b"\r", b"\n\n", b"\x0b", b"\xe2\x80\xa8", b"\x00")
_COMPRESSED: tuple[tuple[bytes, Callable[[bytes], bytes], Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", gzip.decompress, gzip.compress),
    (b"BZh", bz2.decompress, bz2.compress),
    (b"\xfd7zXZ", lzma.decompress, lzma.compress),
)
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
)


@dataclass(frozen=True)
class Words:
    """What inputs are made of: the words of a target's seeds, other seeds, and odd texts."""

    tokens: tuple[bytes, ...]
    seeds: tuple[bytes, ...]

    @classmethod
    def of(cls, seeds: Sequence[bytes]) -> Words:
        """Return the words of seeds, the most frequent ones."""
        counted: Counter[bytes] = Counter()
        for seed in seeds:
            counted.update(set(_TOKEN.findall(seed)))
        return cls(tuple(word for word, _ in counted.most_common(600)), tuple(seeds) or (b"",))

    def text(self, random: Random) -> bytes:
        """Return a text to put somewhere."""
        if self.tokens and random.random() < 0.3:
            return random.choice(self.tokens)
        return odd(random)


Mutation = Callable[[bytes, Random, Words], bytes]


def odd(random: Random) -> bytes:
    """Return one of the odd texts as bytes, half characters and all."""
    return random.choice(ODD).encode("utf-8", "surrogatepass")


def mutated(data: bytes, random: Random, words: Words) -> bytes:
    """Return a file with some damage, most often a little."""
    inner = _packed(data, random, words)
    if inner is not None:
        return inner[:LONGEST]
    for _ in range(min(1 + int(random.expovariate(0.7)), 12)):
        data = random.choice(_KINDS)(data, random, words)[:LONGEST]
    return data


def _packed(data: bytes, random: Random, words: Words) -> bytes | None:
    """Return a packed file with damage inside of it; None for any other, and now and then for one that is."""
    if random.random() < 0.15:
        return None
    for magic, unpack, pack in _COMPRESSED:
        if data.startswith(magic):
            try:
                return pack(mutated(unpack(data), random, words))
            except _UNREADABLE:
                return None
    if data.startswith(b"PK\x03\x04"):
        return _zipped(data, random, words)
    return None


def _zipped(data: bytes, random: Random, words: Words) -> bytes | None:
    """Return a zip with one of its files changed, left out, doubled or renamed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [(name, archive.read(name)) for name in archive.namelist()]
    except _UNREADABLE:
        return None
    if not files:
        return None
    place = random.randrange(len(files))
    name, content = files[place]
    kind = random.random()
    if kind < 0.8:
        files[place] = (name, mutated(content, random, words))
    elif kind < 0.87:
        del files[place]
    elif kind < 0.93:
        files.append((name, mutated(content, random, words)))
    else:
        files[place] = (
            words.text(random).decode("utf-8", "replace").replace("\0", "") or "x",
            content,
        )
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of a name that stands twice
        for one, text in files:
            archive.writestr(zipfile.ZipInfo(one), text)
    return target.getvalue()


# --- bytes ---


def _flip(data: bytes, random: Random, _words: Words) -> bytes:
    if not data:
        return data
    changed = bytearray(data)
    for _ in range(random.randint(1, 4)):
        changed[random.randrange(len(changed))] = random.choice(
            (0, 9, 10, 13, 32, 34, 44, 0x7F, 0x80, 0xC0, 0xFF, random.randrange(256))
        )
    return bytes(changed)


def _cut(data: bytes, random: Random, _words: Words) -> bytes:
    """Take away an end, a beginning or something in the middle."""
    if len(data) < 2:
        return b""
    place = random.randrange(len(data))
    kind = random.randrange(4)
    if kind == 0:
        return data[:place]
    if kind == 1:
        return data[place:]
    return data[:place] + data[place + random.randint(1, 40) :]


def _put(data: bytes, random: Random, words: Words) -> bytes:
    place = random.randint(0, len(data))
    return data[:place] + words.text(random) + data[place:]


def _splice(data: bytes, random: Random, words: Words) -> bytes:
    """Go on as another seed does."""
    other = random.choice(words.seeds)
    return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def _repeat(data: bytes, random: Random, _words: Words) -> bytes:
    if not data:
        return data
    start = random.randrange(len(data))
    part = data[start : start + random.randint(1, 200)]
    return data[:start] + part * random.choice((2, 3, 50, 300)) + data[start:]


def _recode(data: bytes, random: Random, _words: Words) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(random.choice(_CODECS), "replace")


# --- lines ---


def _lines(data: bytes, random: Random, words: Words) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    here = random.randrange(len(lines))
    there = random.randrange(len(lines))
    match random.randrange(7):
        case 0:
            lines[here], lines[there] = lines[there], lines[here]
        case 1:
            del lines[here]
        case 2:
            lines.insert(there, lines[here])
        case 3:
            lines.insert(
                here, random.choice(random.choice(words.seeds).splitlines(keepends=True) or [b""])
            )
        case 4:
            lines[here] = words.text(random) + lines[here]
        case 5:
            lines[here] = lines[here].rstrip(b"\r\n") + words.text(random) + b"\n"
        case _:
            del lines[min(here, there) : max(here, there)]
    return b"".join(lines)


def _breaks(data: bytes, random: Random, _words: Words) -> bytes:
    return data.replace(b"\n", random.choice(_BREAKS))


# --- words, numbers, cells ---


def _in_place(data: bytes, pattern: re.Pattern[bytes], text: bytes, random: Random) -> bytes:
    places = list(pattern.finditer(data))
    if not places:
        return data
    place = random.choice(places)
    return data[: place.start()] + text + data[place.end() :]


def _number(data: bytes, random: Random, _words: Words) -> bytes:
    return _in_place(data, _NUMBER, odd(random), random)


def _word(data: bytes, random: Random, words: Words) -> bytes:
    return _in_place(data, _TOKEN, words.text(random), random)


def _everywhere(data: bytes, random: Random, words: Words) -> bytes:
    """Put one text in place of another wherever it stands."""
    tokens = _TOKEN.findall(data) or _NUMBER.findall(data)
    if not tokens:
        return data
    return data.replace(random.choice(tokens), words.text(random))


def _separators(data: bytes, random: Random, _words: Words) -> bytes:
    marks = (b",", b";", b"\t", b"|", b":", b"=", b" ", b'"', b"'")
    return data.replace(random.choice(marks), random.choice(marks), random.choice((1, -1)))


def _cells(data: bytes, random: Random, words: Words) -> bytes:
    """Change, leave out or add a cell, or change a whole column."""
    lines = data.split(b"\n")
    mark = max((b",", b";", b"\t", b"|"), key=lines[0].count)
    rows = [line.split(mark) for line in lines]
    row = random.choice(rows)
    column = random.randrange(len(row))
    match random.randrange(5):
        case 0:
            row[column] = words.text(random)
        case 1:
            del row[column]
        case 2:
            row.insert(column, words.text(random))
        case 3:
            text = words.text(random)
            for other in rows[1:]:
                if column < len(other):
                    other[column] = text
        case _:
            for other in rows:
                if column < len(other):
                    other.append(other[column])
    return b"\n".join(mark.join(row) for row in rows)


# --- JSON and XML ---


def _json(data: bytes, random: Random, words: Words) -> bytes:
    """Change a value of the JSON that a file holds, whole or in one of its lines."""
    start, end, document = _document(data, random)
    if document is None:
        return data
    changed = _changed(document, random, words)
    indent = random.choice((None, None, 1))
    try:
        text = json.dumps(changed, ensure_ascii=random.random() < 0.5, indent=indent)
    except (ValueError, RecursionError):
        return data
    return data[:start] + text.encode("utf-8", "surrogatepass") + data[end:]


def _document(data: bytes, random: Random) -> tuple[int, int, Any]:
    """Return where JSON stands in a file, and what it says; None where there is none."""
    starts = [0]
    places = [match.start() for match in _START.finditer(data[:LONGEST])]
    if places and random.random() < 0.7:
        starts.append(random.choice(places))
    decoder = json.JSONDecoder()
    for start in reversed(starts):
        text = data[start:].decode("utf-8", "replace")
        try:
            document, length = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict | list):
            return start, start + len(text[:length].encode()), document
    return 0, 0, None


def _changed(document: Any, random: Random, words: Words) -> Any:
    holders = list(_holders(document))
    if not holders:
        return document
    holder = random.choice(holders)
    key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    match random.randrange(8):
        case 0:
            del holder[key]
        case 1:
            other = random.choice(holders)
            holder[key] = random.choice(list(other.values()) if isinstance(other, dict) else other)
            return (
                json.loads(json.dumps(document, skipkeys=True)) if not _loops(document) else holder
            )
        case 2 if isinstance(holder, dict):
            holder[words.text(random).decode("utf-8", "replace")] = holder.pop(key)
        case 3:
            holder[key] = [holder[key]]
        case 4:
            holder[key] = {str(key): holder[key]}
        case 5:
            holder[key] = str(holder[key])
        case 6:
            holder[key] = random.choice(_WHOLE)
        case _:
            holder[key] = random.choice(ODD)
    return document


def _holders(node: Any) -> Iterable[Any]:
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, dict | list) and node:
            yield node
            stack += node.values() if isinstance(node, dict) else node


def _loops(document: Any) -> bool:
    try:
        json.dumps(document)
    except (ValueError, RecursionError):
        return True
    return False


def _double(data: bytes, random: Random, _words: Words) -> bytes:
    """Say a member of an object twice, perhaps with another value."""
    pairs = list(_PAIR.finditer(data))
    if not pairs:
        return data
    pair = random.choice(pairs)
    name = pair[0].partition(b":")[0]
    twice = random.choice((pair[0], name + b": 1", name + b": null", name + b': ""'))
    return data[: pair.end()] + b", " + twice + data[pair.end() :]


def _tags(data: bytes, random: Random, words: Words) -> bytes:
    """Change, leave out or double a tag, or put a text behind one."""
    tags = list(_TAG.finditer(data))
    if not tags:
        return data
    tag = random.choice(tags)
    match random.randrange(4):
        case 0:
            return data[: tag.start()] + data[tag.end() :]
        case 1:
            return data[: tag.end()] + tag[0] + data[tag.end() :]
        case 2:
            end = data.find(b"<", tag.end())
            return data[: tag.end()] + words.text(random) + data[max(end, tag.end()) :]
        case _:
            other = random.choice(tags)
            return data[: tag.start()] + other[0] + data[tag.end() :]


_KINDS: tuple[Mutation, ...] = (
    *(_flip, _cut, _put, _splice, _repeat, _recode),
    *(_lines, _lines, _lines, _breaks),
    *(_number, _number, _number, _word, _word, _everywhere, _separators, _cells, _cells),
    *(_json, _json, _json, _json, _double, _tags, _tags),
)
