"""Cells of text as values, a column at a time: exact numbers, terms, vectors, canonical JSON.

Each function gives back a column and says which cells it could not read; the fault of one cell never costs the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchfmt.annotated.masks import Texts, is_finite, is_one_of, lost, never, settled
from benchfmt.annotated.stacks import stacked, stacks_of
from benchfmt.identity import canonical
from benchfmt.numbers import MAX_SAFE_INTEGER, MINUS, rational
from benchfmt.rowhash import text_hashes
from benchfmt.units import Conversion
from benchfmt.vocabulary import vocabulary

_NEEDS_ESCAPE = r'["\\\x00-\x1f]'
_BRACKETS = {"[": "]", "(": ")"}
_SLUG = re.compile(r"[^a-z0-9.]+")
_LONG = 1_000
"""Cells of more bytes each take much more memory than what is made of them."""
_LONG_AT_ONCE = 64

Words = Mapping[str, str | list[str]]
"""Words of a column, each with the term or the terms that it stands for."""


@dataclass(frozen=True)
class Numbers:
    """Cells read as numbers: the values (null where none), and where a text was no number."""

    values: pl.Series
    bad: pl.Series


def map_distinct(
    cells: pl.Series, change: Callable[[str], str | float | None], dtype: type[pl.DataType]
) -> pl.Series:
    """Return the cells after a Python function that is called once for each distinct text, never for null."""
    if cells.estimated_size() > _LONG * max(len(cells), 1):
        return _map_distinct_long(cells, change, dtype)
    # Arrow takes no name that holds a NUL, as one of a stranger's column may.
    encoded: Any = pc.dictionary_encode(cells.rename("").to_arrow())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    changed = pl.Series([change(text) for text in encoded.dictionary.to_pylist()], dtype=dtype)
    return changed.gather(pl.Series(pl.from_arrow(encoded.indices))).alias(cells.name)


def _map_distinct_long(
    cells: pl.Series, change: Callable[[str], str | float | None], dtype: type[pl.DataType]
) -> pl.Series:
    """Do as `map_distinct` without another copy of all texts: they are told apart by their hashes."""
    _, first, places = np.unique(
        text_hashes(cells).to_numpy(), return_index=True, return_inverse=True
    )
    changed: list[str | float | None] = []
    for start in range(0, len(first), _LONG_AT_ONCE):
        texts = cells.gather(first[start : start + _LONG_AT_ONCE]).to_list()
        changed += [None if text is None else change(text) for text in texts]
    return pl.Series(cells.name, changed, dtype=dtype).gather(places)


Options = Sequence[str | float]
"""What a cell may be: texts and numbers."""


def matches(cells: pl.Series, options: Options, *, numeric: bool) -> pl.Series:
    """Say which cells are one of the options: equal text, or the same number for an option or column of numbers."""
    texts: list[str] = []
    numbers: list[float] = []
    for option in options:
        if isinstance(option, str):
            texts.append(option)
        if numeric or not isinstance(option, str):
            numbers += numbers_of(option)
    mask = is_one_of(cells, Texts.of(texts))
    if numbers:
        mask |= _is_number_of(cells, numbers)
    return settled(mask)


def _is_number_of(cells: pl.Series, numbers: Sequence[float]) -> pl.Series:
    """Say which cells are one of some numbers, in whatever digits."""
    values = cells.cast(pl.Float64, strict=False)
    if values.null_count() == values.len():
        return never(values.len())
    if len(numbers) > 1:
        return values.is_in(numbers)
    return values == numbers[0]


def numbers_of(option: str | float) -> list[float]:
    """Return the number that an option is; nothing where it is none."""
    try:
        return [float(option)]
    except ValueError:
        return []


def nothing(height: int, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    """Return a column without a value."""
    return pl.Series([None], dtype=dtype).new_from_index(0, height)


def known(stripped: pl.Series, meaningless: Texts) -> pl.Series:
    """Return cells without surrounding blanks, null where they mean nothing (as an empty cell does)."""
    return stripped.set(is_one_of(stripped, meaningless), None)


def all_known(
    stripped: Mapping[str, pl.Series], meaningless_in: Callable[[str], Texts]
) -> dict[str, pl.Series]:
    """Return what `known` does of each of some columns of one height, which may be thousands."""
    height = max((cells.len() for cells in stripped.values()), default=0)
    clean: dict[str, pl.Series] = {}
    for names in stacks_of(stripped, meaningless_in, height):
        cells = known(stacked([stripped[name] for name in names]), meaningless_in(names[0]))
        for place, name in enumerate(names):
            clean[name] = cells.slice(place * height, height)
    return {name: clean[name] for name in stripped}


def numbers(cells: pl.Series, conversion: Conversion) -> Numbers:
    """Return cleaned cells as the doubles nearest to their exact converted values.

    For a power of ten the text is parsed once with its exponent shifted, which rounds once, as exact arithmetic does.
    """
    shift = conversion.power_of_ten
    if shift is None:
        values = map_distinct(cells, lambda text: _exactly(text, conversion), pl.Float64)
    else:
        shifted = cells
        if shift:
            shifted = cells + f"e{shift}"
        values = _mend(cells, shifted.cast(pl.Float64, strict=False), conversion)
    return Numbers(values, lost(values, cells))


def _mend(cells: pl.Series, values: pl.Series, conversion: Conversion) -> pl.Series:
    """Read again, one by one, what has an exponent of its own; drop what is not finite."""
    if values.null_count() == cells.null_count() and is_finite(values):
        return values
    doubtful = (values.is_null() & cells.is_not_null()) | ~values.is_finite()
    again = map_distinct(
        cells.set(~doubtful, None), lambda text: _exactly(text, conversion), pl.Float64
    )
    return values.zip_with(~settled(doubtful), again)


def exact_number(text: str) -> Fraction | None:
    """Return the exact number that a cell writes, its minus a hyphen or U+2212; None where it is none."""
    return rational(text.replace(MINUS, "-"))


def _exactly(text: str, conversion: Conversion) -> float | None:
    number = exact_number(text)
    if number is None:
        return None
    value = conversion.apply(number)
    if not math.isfinite(value):
        return None
    return value


def integers(read: Numbers) -> Numbers:
    """Return numbers as whole numbers; one with a fraction, or too large to be kept exactly, is bad."""
    whole = (read.values == read.values.round()) & (read.values.abs() <= MAX_SAFE_INTEGER)
    kept = read.values.set(~settled(whole), None)
    return Numbers(kept.cast(pl.Int64), read.bad | (read.values.is_not_null() & ~whole))


def terms(
    cells: pl.Series, kind: str, words: Words, namespace: str
) -> tuple[pl.Series, dict[str, str]]:
    """Return cells as vocabulary ids, and the words that became a prefixed term because none is known for them."""
    unknown: dict[str, str] = {}

    def change(word: str) -> str | None:
        if word in words:
            return str(words[word])
        known = vocabulary().match(kind, word, namespace)
        if known or ":" in word:
            return known or word
        slug = _SLUG.sub("-", word.lower()).strip("-.")
        unknown[word] = ""
        if slug:
            unknown[word] = f"{namespace}:{slug}"
        return unknown[word] or None

    return map_distinct(cells, change, pl.String), unknown


def vector(text: str, separator: str | None) -> list[float] | None:
    """Return the numbers of a vector in a cell, or None where it is cut off, or holds something else or what no double is."""
    numbers: list[float] = []
    for part in vector_parts(text, separator):
        number = exact_number(part)
        if number is None:
            return None
        try:
            numbers.append(float(number))
        except OverflowError:
            return None
    return numbers or None


def vector_parts(text: str, separator: str | None) -> list[str]:
    """Return the texts between the separators of a vector, none where it is empty or cut off."""
    inner = _without_brackets(text.strip()) or ""
    return inner.replace(separator or ",", " ").split()


def _without_brackets(text: str) -> str | None:
    """Return what stands between the brackets of a vector, all of it without brackets; None where it is cut off."""
    closing = _BRACKETS.get(text[:1])
    if closing is None:
        return text
    if len(text) < 2 or not text.endswith(closing):
        return None
    return text[1:-1]


def json_numbers(values: pl.Series) -> pl.Series:
    """Return numbers as RFC 8785 JSON text."""
    distinct = values.unique()
    texts = [value if value is None else canonical(value) for value in distinct]
    return values.replace_strict(
        distinct, pl.Series(texts, dtype=pl.String), default=None, return_dtype=pl.String
    )


def json_strings(cells: pl.Series) -> pl.Series:
    """Return texts as RFC 8785 JSON strings."""
    if cells.str.contains(_NEEDS_ESCAPE).any():
        return map_distinct(cells, canonical, pl.String)
    return cells.to_frame("").select_seq(pl.format('"{}"', "").alias(cells.name)).to_series()


def all_json_strings(columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    """Return what `json_strings` does of each of some columns, all of them asked for at once: there may be thousands."""
    if not columns:
        return {}
    places = [str(place) for place in range(len(columns))]
    frame = pl.DataFrame(dict(zip(places, columns.values(), strict=True)))
    escaped = frame.select_seq(pl.all().str.contains(_NEEDS_ESCAPE).any()).row(0)
    quoted = frame.select_seq(pl.format('"{}"', place).alias(place) for place in places)
    return {
        name: map_distinct(cells, canonical, pl.String) if is_escaped else quoted[place]
        for (name, cells), place, is_escaped in zip(columns.items(), places, escaped, strict=True)
    }


def json_characters(cells: pl.Series) -> pl.Series:
    """Return texts as they stand between the quotes of RFC 8785 JSON strings."""
    if cells.str.contains(_NEEDS_ESCAPE).any():
        return map_distinct(cells, lambda text: canonical(text)[1:-1], pl.String)
    return cells


def json_of_groups(
    cells: pl.Series, codes: npt.NDArray[np.int64], first: npt.NDArray[np.int64]
) -> pl.Series:
    """Return the texts of each group of cells as JSON, at the first place of the group: a list where they differ."""
    frame = pl.DataFrame({"code": codes, "text": cells}).drop_nulls("text")
    texts = pl.col("text")
    groups = frame.group_by("code", maintain_order=True).agg(
        texts.first().alias("one"), texts.n_unique().alias("count"), texts.alias("all")
    )
    json_texts = json_strings(groups["one"])
    for place in (groups["count"] > 1).arg_true():
        json_texts[place] = canonical(groups["all"][place].to_list())
    result = nothing(cells.len(), pl.String).alias(cells.name)
    places = pl.Series(first).gather(groups["code"])
    return result.scatter(places, json_texts)


def json_object(parts: Mapping[str, pl.Series], height: int) -> pl.Series:
    """Return JSON objects made of columns of JSON text; a null part is left out, and an empty object is null."""
    if not parts:
        return nothing(height, pl.String)
    keys = sorted(parts, key=lambda name: name.encode("utf-16-be"))
    frame = pl.DataFrame([parts[key].alias(str(place)) for place, key in enumerate(keys)])
    pairs = [
        pl.concat_str(pl.lit(f"{canonical(key)}:"), str(place)) for place, key in enumerate(keys)
    ]
    members = pl.concat_str(pairs, separator=",", ignore_nulls=True)
    objects = frame.select_seq(pl.concat_str(pl.lit("{"), members, pl.lit("}")).alias(""))[""]
    if not any(part.null_count() for part in parts.values()):
        return objects
    return objects.set(objects == "{}", None)


def json_list(parts: list[pl.Series], height: int) -> pl.Series:
    """Return JSON lists made of columns of JSON text; a null part is left out, and an empty list is null."""
    text = pl.Series([""] * height, dtype=pl.String)
    for part in parts:
        text = text + ("," + part).fill_null("")
    return ("[" + text.str.slice(1) + "]").set(text == "", None)
