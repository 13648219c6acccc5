"""Detection: which families a source may hold, by the names and the words that each of them declares.

Every family declares `PATTERNS`. One pass over the files finds whose patterns fit; only these families are asked whether
the source is theirs. One that declares none is always asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from functools import cached_property
from pathlib import Path

from benchfmt.checks.safety import CONVERTER_FAILED
from benchfmt.converters.base import (
    Converter,
    LoadError,
    Match,
    Pattern,
    Source,
    load,
    names,
)
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.readers import heads
from benchfmt.readers.files import Listing
from benchfmt.running import stopped

_SAMPLED_FROM = 2_000
_SAMPLE = 50
_DIGITS = re.compile("[0-9]+")
_DIGIT = re.compile("[0-9]")
_MOST_KINDS = 10_000
"""So many kinds of names are remembered."""


Faults = dict[str, Finding]
"""What is wrong with converters, by their names."""


def detect(source: Source, faults: Faults | None = None) -> list[tuple[str, Match]]:
    """Return the converters that fit a source, the surest first; `faults` gets those that could not be asked."""
    faults = {} if faults is None else faults
    matches = []
    with heads.remembered():
        for name in candidates(source, faults):
            try:
                match = load(name).detect(source)
            except BenchfmtError:
                raise
            except Exception as error:  # noqa: BLE001 - one converter's fault never stops the others
                faults[name] = failed(name, error)
                continue
            if match:
                matches.append((name, match))
    return sorted(matches, key=lambda item: (-item[1].sureness, item[0]))


def candidates(source: Source, faults: Faults) -> list[str]:
    """Return the names of the converters that are worth asking about a source; `faults` gets those that do not load.

    Of a file that is given by itself every converter is asked: it may be called anything, and be half of a pair whose
    other half stands elsewhere.
    """
    asked = [name for name in names() if _is_sound(name, faults)]
    if source.root.is_file():
        return asked
    search = _Search({name: patterns_of(load(name)) for name in asked})
    for path in source.files.texts():
        if not search.missing:
            break
        search.look_at(_File(path))
    return [name for name in asked if name not in search.missing]


def _is_sound(name: str, faults: Faults) -> bool:
    """Say whether a converter can be loaded: a broken one of somebody else stops no other."""
    try:
        load(name)
    except LoadError as error:
        hint = f"update or uninstall {error.distribution}; nothing was converted by it"
        faults[name] = _finding(name, str(error), hint)
        return False
    return True


def failed(name: str, error: Exception) -> Finding:
    """Return the finding for a converter that failed while it was asked about a source."""
    hint = "report it to whoever wrote the converter; the other converters have read their files"
    return _finding(name, stopped(name, error), hint)


def _finding(name: str, message: str, hint: str) -> Finding:
    return Finding(CONVERTER_FAILED, Severity.WARNING, name, None, None, None, message, None, hint)


def patterns_of(converter: Converter) -> tuple[Pattern, ...]:
    """Return the patterns that a converter declares, none where it wants to be asked about every source."""
    patterns: tuple[Pattern, ...] = getattr(converter, "PATTERNS", ())
    return patterns


def sample(files: Listing) -> Collection[int]:
    """Return the numbers of files to know a large source by: some of each name, whatever number stands in it.

    What nobody has taken is looked at afterwards, file by file. Reading the words of 100,000 logs takes longer than
    planning all the rest, and nearly all of them are settled by the first few of their name.
    """
    if len(files) <= _SAMPLED_FROM:
        return range(len(files))
    seen: Counter[str] = Counter()
    chosen = set()
    for index, name in enumerate(files.names()):
        kind = _DIGITS.sub("0", name)
        seen[kind] += 1
        if seen[kind] <= _SAMPLE:
            chosen.add(index)
    return chosen


class _File:
    """A file of the listing, opened only where a pattern of its name asks for words."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.name = self.path.name.lower()

    @cached_property
    def texts(self) -> tuple[bytes, ...]:
        """The bytes to look for words in: the beginning, and of a large file the end; none where it cannot be read."""
        if not heads.is_regular(self.path):
            return ()
        try:
            start = heads.head(self.path)
            end = heads.tail(self.path) if len(start) == heads.HEAD else b""
        except OSError:
            return ()
        return tuple(_without_nuls(text) for text in (start, end) if text)


def _without_nuls(text: bytes) -> bytes:
    return text.replace(b"\0", b"") if b"\0" in text else text


class _Search:
    """The patterns of converters, compared with one file after the other until each converter has one that fits."""

    def __init__(self, patterns: Mapping[str, Sequence[Pattern]]) -> None:
        self._patterns = [
            (name, _Compiled(pattern)) for name, items in patterns.items() for pattern in items
        ]
        self.missing = {name for name, items in patterns.items() if items}
        """The converters for which no file was found up to now."""
        self._by_kind: dict[str, list[tuple[str, _Compiled]]] = {}

    def look_at(self, file: _File) -> None:
        """Take the converters off the missing ones of which a pattern fits a file."""
        for name, pattern in self._named_like(file):
            if name in self.missing and pattern.stands_in(file):
                self.missing.discard(name)

    def _named_like(self, file: _File) -> list[tuple[str, _Compiled]]:
        """Return the patterns that fit a file's name: for most of them it is the same which digits stand in it."""
        kind = _DIGIT.sub("0", file.name)
        if kind not in self._by_kind:
            if len(self._by_kind) >= _MOST_KINDS:
                self._by_kind.clear()
            self._by_kind[kind] = [item for item in self._patterns if item[1].may_fit(kind)]
        return [
            item
            for item in self._by_kind[kind]
            if not item[1].names_digits or item[1].fits_name(file.name)
        ]


class _Compiled:
    """A pattern whose globs are one expression and whose words are bytes."""

    def __init__(self, pattern: Pattern) -> None:
        self._names = re.compile("|".join(_expressions(pattern.names)))
        self._words = [word.encode() for word in pattern.words]
        self._expression = pattern.expression
        self._by_name_alone = not pattern.words and pattern.expression is None
        self.names_digits = _DIGIT.search("".join(pattern.names)) is not None
        """Whether it matters which digits stand in a name."""

    def may_fit(self, kind: str) -> bool:
        """Say whether the pattern may fit names of a kind, in which each digit is a 0."""
        return self.names_digits or self.fits_name(kind)

    def fits_name(self, name: str) -> bool:
        """Say whether the pattern fits a name."""
        return self._names.match(name) is not None

    def stands_in(self, file: _File) -> bool:
        """Say whether a file whose name fits holds what the pattern asks for."""
        if self._by_name_alone:
            return True
        texts = file.texts
        if texts and not texts[0]:
            return True  # nothing but NULs: a log that was emptied while a program wrote into it
        # Loops, for this is asked of every file some times over, and most are short.
        for text in texts:
            for word in self._words:
                if word in text:
                    return True
            if self._expression is not None and self._expression.search(text) is not None:
                return True
        return False


def _expressions(globs: Iterable[str]) -> Iterator[str]:
    """Yield globs as regular expressions, "" as that of names without an ending."""
    for glob in globs:
        yield translate(glob) if glob else r"[^.]*\Z"
