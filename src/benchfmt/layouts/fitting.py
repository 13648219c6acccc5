"""Which layout a file is of, and the descriptor of that file: the layout's, for the columns that the file has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import cache, cached_property
from pathlib import Path

from pydantic import JsonValue

from benchfmt.descriptor import SCHEMA_URL, Descriptor
from benchfmt.finding import BenchfmtError
from benchfmt.layouts.annotating import Plain, annotated, prefixes_of
from benchfmt.layouts.layout import Layout, Match, layouts
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import heads
from benchfmt.readers.sheets import Dialect, Sniffed, Storage, open_table, sniff

_LOOKED_AT = 2**14
"""So many bytes of each end of a file are searched for the words of layouts: a source may hold 100,000 other files."""
_MOST_FIRST = ("json", "jsonl", "parquet", "csv", "tsv", "markdown")
"""Forms of files in the order of how much of a run a tool writes into them."""


@dataclass(frozen=True)
class Fit:
    """A file that is of a layout, with its columns in order and how it is written."""

    path: Path
    name: str
    columns: tuple[str, ...]
    storage: Storage
    dialect: Dialect
    constants: Mapping[str, JsonValue] = field(default_factory=dict)
    """What a person says of every record."""

    @property
    def layout(self) -> Layout:
        """The layout."""
        return next(item for item in layouts() if item.name == self.name)

    @property
    def rank(self) -> tuple[int, int]:
        """Where the file stands among those of one run: of two, the one with the lower rank says more."""
        return (_MOST_FIRST.index(self.storage.format), -len(self.columns))

    @property
    def run(self) -> str:
        """The name of the run that the file's name holds."""
        stem = self.path.stem
        for ending in self.layout.stem_endings:
            stem = stem.removesuffix(ending)
        return stem

    def descriptor(self) -> Descriptor:
        """Return the descriptor of the file; raises BenchfmtError for a layout whose files are left out."""
        return self._descriptor

    @cached_property
    def _descriptor(self) -> Descriptor:
        return Descriptor.model_validate(self.plain())

    def plain(self) -> Plain:
        """Return the descriptor of the file as plain data, as a person would write it down."""
        slug = re.sub("[^a-z0-9]+", "-", self.path.stem.lower()).strip("-") or "table"
        written = Sniffed(self.storage, self.dialect).words(self.path)
        annotation = annotated(self.layout, self.columns, self.constants)
        resource: Plain = {"name": slug, "path": self.path.name, **written, **annotation}
        prefixes = prefixes_of(self.layout, resource)
        info: Plain = {"prefixes": prefixes} if prefixes else {}
        return {"$schema": SCHEMA_URL, "name": slug, "benchfmt": info, "resources": [resource]}


def fit(path: Path, limits: Limits = LIMITS) -> Fit | None:
    """Return of which layout a file is, None for one of no layout; raises OSError."""
    candidates = _candidates(path)
    if not candidates:
        return None
    sniffed = _sniffed(path, limits)
    for item in candidates:
        fitting = _Opened(path, sniffed, limits).fit(item)
        if fitting is not None:
            return fitting
    return None


def may_fit(name: str) -> bool:
    """Say whether a file of that name may be of a layout."""
    return _names().fullmatch(name.lower()) is not None


def fit_named(
    path: Path, wanted: Layout, constants: Mapping[str, JsonValue], limits: Limits = LIMITS
) -> Fit:
    """Return a file as one of a layout; raises BenchfmtError where it is not, with what it lacks."""
    opened = _Opened(path, _sniffed(path, limits), limits)
    fitting = opened.fit(wanted)
    if fitting is not None:
        return replace(fitting, constants=constants)
    other = fit(path, limits)
    if other is not None:
        hint = f"it is of the layout {other.name!r}"
        raise BenchfmtError(f"{path.name} is not of the layout {wanted.name!r}; {hint}")
    lacking = opened.lacking(wanted)
    raise BenchfmtError(f"{path.name} is not of the layout {wanted.name!r}: {lacking}")


@cache
def _names() -> re.Pattern[str]:
    globs = {glob for item in layouts() for glob in item.files}
    return re.compile("|".join(translate(glob) for glob in sorted(globs)))


def _candidates(path: Path) -> list[Layout]:
    """Return the layouts whose words stand in the beginning or the end of a file; raises OSError."""
    start = heads.head(path, _LOOKED_AT)
    end = heads.tail(path, _LOOKED_AT) if len(start) == _LOOKED_AT else b""
    candidates = []
    # Loops, for this is asked of every file that no converter takes, and most lack the first word.
    for item, words in _words():
        for word in words:
            if word not in start and word not in end:
                break
        else:
            candidates.append(item)
    return candidates


@cache
def _words() -> tuple[tuple[Layout, tuple[bytes, ...]], ...]:
    return tuple((item, tuple(map(str.encode, item.match.words))) for item in layouts())


def _sniffed(path: Path, limits: Limits) -> Sniffed | None:
    """Return how a file is written, None where that cannot be found out."""
    try:
        return sniff(path, limits)
    except BenchfmtError:
        return None


@dataclass(frozen=True)
class _Opened:
    """A file that may be of some layout."""

    path: Path
    sniffed: Sniffed | None
    limits: Limits

    def fit(self, item: Layout) -> Fit | None:
        """Return the file as one of a layout, None where it is not."""
        for storage, dialect in self._forms(item):
            columns, first = self._start(storage, dialect)
            if columns and _lacking(item.match, columns, first) is None:
                return Fit(self.path, item.name, tuple(columns), storage, dialect)
        return None

    def lacking(self, item: Layout) -> str:
        """Say what a file that does not fit lacks."""
        for storage, dialect in self._forms(item):
            columns, first = self._start(storage, dialect)
            lacking = _lacking(item.match, columns, first)
            if columns and lacking is not None:
                return lacking
        return f"it is not read as {' or '.join(item.formats)}"

    def _forms(self, item: Layout) -> Iterator[tuple[Storage, Dialect]]:
        """Yield how a file of a layout may be written: as it seems to be, and as the tool writes it."""
        if self.sniffed is not None and self.sniffed.storage.format in item.formats:
            yield self.sniffed.storage, item.dialect or self.sniffed.dialect
        text_formats = [name for name in item.formats if name in ("csv", "tsv")]
        for name in text_formats:
            yield Storage(name), item.dialect or Dialect()

    def _start(self, storage: Storage, dialect: Dialect) -> tuple[list[str], Mapping[str, str]]:
        """Return the columns of the file and its first row, both empty where it is no such table."""
        try:
            table = open_table(self.path, storage, dialect, self.limits)
            columns = table.header()
            for frame, _ in table.batches():
                return columns, frame.head(1).to_dicts()[0]
        except BenchfmtError:
            return [], {}
        return columns, {}


def _lacking(match: Match, columns: Sequence[str], first: Mapping[str, str]) -> str | None:
    """Return what a table lacks to be of a layout, or has too much; None where it fits."""
    for name in match.columns:
        if name not in columns:
            return f"it has no column {name!r}"
    for pattern in match.some:
        if not any(re.fullmatch(pattern, name) for name in columns):
            return f"it has no column like {pattern!r}"
    for pattern in match.none:
        for name in columns:
            if re.fullmatch(pattern, name):
                return f"it has a column {name!r}"
    return _odd_cell(match, columns, first)


def _odd_cell(match: Match, columns: Sequence[str], first: Mapping[str, str]) -> str | None:
    """Return which cell of the first row is not as it is in files of a layout, None where all are."""
    for name, pattern in match.cells.items():
        fitting = [column for column in columns if column == name or re.fullmatch(name, column)]
        for column in fitting or [name]:
            if not re.fullmatch(pattern, first.get(column) or ""):
                return f"its column {column!r} begins with {first.get(column)!r}"
    return None
