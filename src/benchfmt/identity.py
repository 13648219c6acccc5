"""Ids that depend on what a record was read from, and on nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import rfc8785
from pydantic import JsonValue

from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.record import Record, System
from benchfmt.surrogates import SURROGATE
from benchfmt.vocabulary import vocabulary

RECORD_PREFIX = "bf1-"
SYSTEM_PREFIX = "sys1-"
PLACED_PREFIX = "sys1-place-"
_SUBMITTED = re.compile(r"^(v[0-9]{1,3}\.[0-9]{1,3}/(?:[^/]+/){1,8}?results/[^/]+)(?:/|$)")
"""An execution that begins with a round of MLPerf and the folder of a system in it; the group is the folder's path."""
GENERATED_ID = "^bf1-[a-z2-7]{26}$"
_DIGITS = 26
ID_LENGTH = len(RECORD_PREFIX) + _DIGITS
"""How many characters a generated id has."""
Digits = npt.NDArray[np.uint8]
_LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
_VALUES = np.zeros(256, np.uint8)
_VALUES[_LETTERS] = range(32)
_DEEP = 100


def canonical(data: Any) -> str:
    """Return the RFC 8785 JSON text of plain data: the one form in which equal data is equal text."""
    if _is_simple(data):
        return _dumps(data)
    return rfc8785.dumps(data).decode()


_dumps = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False
).encode


def _is_simple(data: Any, depth: int = 0) -> bool:
    """Say whether Python's own JSON, keys sorted, is RFC 8785 already: it is twenty times as fast.

    It is for ASCII keys (sorted alike in UTF-8 and UTF-16), integers that a double holds, and fractions that both write
    without an exponent. Anything else, such as half a character, is left to who knows the rules.
    """
    kind = type(data)
    if kind is str:
        return data.isascii() or not SURROGATE.search(data)
    if kind is int:
        return bool(-MAX_SAFE_INTEGER <= data <= MAX_SAFE_INTEGER)
    if kind is float:
        return bool(1e-4 <= abs(data) < MAX_SAFE_INTEGER and not data.is_integer())
    if kind is list or kind is tuple:
        return depth <= _DEEP and all(_is_simple(item, depth + 1) for item in data)
    if kind is dict:
        is_ascii = all(type(key) is str and key.isascii() for key in data)
        return is_ascii and depth <= _DEEP and _is_simple(list(data.values()), depth)
    return kind is bool or data is None


def record_id(suite: str, path: str, sha256: str | None, locator: str | None) -> str:
    """Return the id of the record that stands at `locator` in the primary source (docs/specification.md, Identity)."""
    return _hashed(RECORD_PREFIX, [suite, path, sha256 or "", locator or ""])


def global_id(suite: str, source_id: str) -> str:
    """Return the id of a record whose source has a worldwide id of its own, such as an OpenML run."""
    return _hashed(RECORD_PREFIX, [suite, source_id])


def content_id(data: Mapping[str, JsonValue]) -> str:
    """Return the id of a record, as plain data, that names no source."""
    return _hashed(RECORD_PREFIX, [data])


def record_ids(suite: str, path: str, sha256: str, locators: Iterable[str]) -> list[str]:
    """Return `record_id` for many plain-ASCII locators of one file, hashing what they share once."""
    encoded = [locator.encode() for locator in locators]
    characters = record_id_characters(suite, path, sha256, encoded)
    texts = characters.tobytes().decode()
    width = characters.shape[1]
    return [texts[start : start + width] for start in range(0, len(texts), width)]


def record_id_characters(
    suite: str, path: str, sha256: str, locators: Iterable[bytes]
) -> npt.NDArray[np.uint8]:
    """Return what `record_ids` does as ASCII characters, a row for each id."""
    return _characters(record_digits(suite, path, sha256, locators))


def record_id_characters_of_suites(
    suites: Iterable[str], path: str, sha256: str, locators: Iterable[bytes]
) -> npt.NDArray[np.uint8]:
    """Return what `record_id_characters` does where each record has a suite of its own."""
    starts: dict[str, bytes] = {}
    digests = bytearray()
    for suite, locator in zip(suites, locators, strict=True):
        if suite not in starts:
            starts[suite] = _start(suite, path, sha256)
        digests += hashlib.sha256(starts[suite] + locator + b'"]').digest()
    return _characters(_digits_of(digests))


def _characters(digits: Digits) -> npt.NDArray[np.uint8]:
    """Return the ids of which these are the digits, as ASCII characters."""
    ids = np.empty((digits.shape[1], len(RECORD_PREFIX) + _DIGITS), np.uint8)
    ids[:, : len(RECORD_PREFIX)] = np.frombuffer(RECORD_PREFIX.encode(), np.uint8)
    ids[:, len(RECORD_PREFIX) :] = _LETTERS[digits].T
    return ids


def record_digits(suite: str, path: str, sha256: str, locators: Iterable[bytes]) -> Digits:
    """Return the digits of `record_id` for many locators of one file: a column of numbers for each id.

    A locator is given as it stands between the quotes of JSON text, as plain ASCII does anyway.
    """
    shared = hashlib.sha256(_start(suite, path, sha256))
    digests = bytearray()
    for locator in locators:
        state = shared.copy()
        state.update(locator + b'"]')
        digests += state.digest()
    return _digits_of(digests)


def _start(suite: str, path: str, sha256: str) -> bytes:
    """Return what is hashed for the ids of all records of one suite and file, up to the locator."""
    return canonical([suite, path, sha256, "|"]).rpartition("|")[0].encode()


def _digits_of(digests: bytearray) -> Digits:
    """Return the digits of the ids that begin some digests: a column of numbers for each."""
    # 26 digits of five bits each: the first 130 bits of a digest.
    octets = np.frombuffer(digests, np.uint8).reshape(-1, 32).T.astype(np.uint16)
    digits = np.empty((_DIGITS, octets.shape[1]), np.uint8)
    for place in range(_DIGITS):
        octet, bit = divmod(5 * place, 8)
        window = (octets[octet] << 8) | octets[octet + 1]
        digits[place] = (window >> (11 - bit)) & 31
    return digits


def digits_of(ids: bytes) -> Digits:
    """Return the digits of generated ids that stand one after the other: a column of numbers for each id."""
    texts = np.frombuffer(ids, np.uint8).reshape(-1, len(RECORD_PREFIX) + _DIGITS)
    return _VALUES[texts[:, len(RECORD_PREFIX) :]].T


def system_id(
    description: Mapping[str, JsonValue], source: Mapping[str, JsonValue] | None = None
) -> str:
    """Return the id of a system: a hash of its description.

    A description that names neither processor nor accelerator could be any machine's, so it is hashed with its source.
    """
    if description.get("processor") or description.get("accelerator"):
        return _hashed(SYSTEM_PREFIX, [description])
    return _hashed(SYSTEM_PREFIX, [description, source or {}])


def submitted_system_id(suite: str, execution: str | None) -> str | None:
    """Return the id of the system that a result of MLPerf was submitted for, or None where its place does not say it.

    A published row and the files of the same result name it alike, however much each says of the hardware.
    """
    if not execution or not suite.startswith("mlperf-"):
        return None
    place = _SUBMITTED.match(execution)
    if place is None:
        return None
    return _placed(suite, place[1])


@lru_cache(maxsize=1_000)
def _placed(suite: str, place: str) -> str:
    return _hashed(PLACED_PREFIX, [suite, place])


def identified(record: Record) -> Record:
    """Return the record with the ids that it lacks."""
    changed: dict[str, str | System] = {}
    if record.system and not record.system.id:
        execution = record.provenance.execution if record.provenance else None
        name = submitted_system_id(record.benchmark.suite, execution) or _known_system_id(record)
        changed["system"] = record.system.model_copy(update={"id": name})
    if not record.id:
        changed["id"] = expected_id(record) or content_id(record.to_dict())
    if not changed:
        return record
    return record.model_copy(update=changed)


_KNOWN_SYSTEMS: dict[tuple[str, ...], str] = {}
"""Ids by the JSON text of the description: thousands of results were run on one machine."""


def _known_system_id(record: Record) -> str:
    system = record.system
    assert system is not None  # noqa: S101 - whoever calls has looked
    key = [system.model_dump_json(exclude_none=True)]
    if not system.processor and not system.accelerator:
        key += _file(record).values()
    name = _KNOWN_SYSTEMS.get(tuple(key))
    if name is None:
        if len(_KNOWN_SYSTEMS) >= 1_000:
            _KNOWN_SYSTEMS.clear()
        name = _KNOWN_SYSTEMS[tuple(key)] = system_id(system.to_dict(), {**_file(record)})
    return name


def _file(record: Record) -> dict[str, str]:
    """Return path and hash of the primary source: rows of one file that name a machine alike mean one machine."""
    sources = record.provenance.sources if record.provenance else None
    if not sources:
        return {}
    return sources[0].model_dump(include={"path", "sha256"}, exclude_none=True)


def expected_id(record: Record) -> str | None:
    """Return the id that follows from the record's primary source, or None where it names none."""
    if not record.provenance or not record.provenance.sources:
        return None
    primary = record.provenance.sources[0]
    return record_id(record.benchmark.suite, primary.path, primary.sha256, primary.locator)


def platform(platform_id: str) -> dict[str, JsonValue]:
    """Return the system that the vocabulary describes under an id; raises KeyError."""
    return {"id": platform_id, **vocabulary().terms("system")[platform_id]["system"]}


def _hashed(prefix: str, data: Any) -> str:
    digest = hashlib.sha256(canonical(data).encode()).digest()
    return prefix + base64.b32encode(digest)[:_DIGITS].decode().lower()
