"""One reader for every line-based family: lines as the program printed them, whatever shells and platforms put before.

    for line in lines.read(path, own=_OWN):
        line.number, line.text, line.origin

A family says how its own lines begin: `own` is a pattern that is matched at the start, or a function of a text. Name its
words (`Throughput: `, `Total inference requests`), never any `key : value`. A line that begins so is given as it stands,
at the cost of one match. Of any other line prefixes are taken off, layer by layer, until it begins so, and no further;
what never does is given without the prefixes that most of the family's lines carry, and without those that can be nothing
else (CRI, kubectl, MPI, GitHub Actions). So a line start of the family's own is never lost, and a loose word never found.

Text is decoded (UTF-8, UTF-16, Windows-1252), colours and control characters are dropped, lines that a runtime split are
joined, and what several pods, ranks or services print at once is put apart, each in its order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import encodings, prefixes
from benchfmt.readers.files import UnsafeError

Own = re.Pattern[str] | Callable[[str], object]
"""How a line of the family begins: a pattern that is matched at the start, or a function that says whether a text does."""
ENDINGS = (".log", ".txt", ".out", ".err", ".md", ".rst", ".html", ".htm", ".stdout", ".stderr", "")
"""What the names of files with a program's output end with; "" stands for a name without any ending."""
_DEPTH = 12
"""So many layers are taken off at most."""
_COUNTED = 8
"""Numbers that count up to so many, one a line, number the lines of a listing and not the ranks of a job."""
LINE_BYTES = 256
"""How much memory a line takes beside its characters: as text, with its number, and with what is noted of it."""


class Line(NamedTuple):
    """A line: its number in the file, what the program printed, and which pod, rank or service did, where that is said."""

    number: int
    text: str
    origin: str = ""


def read(source: Path | bytes | str, own: Own, limits: Limits = LIMITS) -> list[Line]:
    """Return the lines of a file or text; those of several origins one origin after the other, else in their order.

    Raises UnsafeError for more of them than are kept at once.
    """
    return apart(bounded(lines(source, own, limits), limits))


def text(source: Path | bytes | str, own: Own, limits: Limits = LIMITS) -> str:
    """Return what a file's program printed as one text; line n of the file is line n where nothing had to be put apart.

    Raises UnsafeError for more lines than are kept at once.
    """
    texts: list[str] = []
    for line in read(source, own, limits):
        texts += [""] * (line.number - 1 - len(texts))
        texts.append(line.text)
    return "".join(f"{text}\n" for text in texts)


def lines(source: Path | bytes | str, own: Own, limits: Limits = LIMITS) -> Iterator[Line]:
    """Yield the lines of a file or text in their order, reading it in blocks; what is beyond the longest line is cut off."""
    reading = _Reading(own)
    is_own = reading.is_own
    for number, raw in _numbered(source, limits.row_bytes):
        line = raw
        if not raw.isprintable():
            line = encodings.plain(raw.replace("\xa0", " "))
        marked = "<" in line or "[0m" in line or "[m" in line
        if not marked and not reading.special and is_own(line):
            reading.count(())
            yield Line(number, line.rstrip())
        else:
            yield from reading.take(number, line)
    yield from reading.rest()


def refuse_heavy(weight: int, limits: Limits) -> None:
    """Raise UnsafeError where what is kept of a log takes more memory than is allowed."""
    if weight > limits.log_bytes:
        message = f"more than {limits.log_bytes:,} bytes of one log would be kept at once"
        raise UnsafeError("BF907", f"{message} (limit log_bytes)")


def bounded(found: Iterable[Line], limits: Limits) -> Iterator[Line]:
    """Yield lines as long as all of them together may be kept; raises UnsafeError for more."""
    weight = 0
    for line in found:
        weight += LINE_BYTES + len(line.text)
        if weight > limits.log_bytes:
            refuse_heavy(weight, limits)
        yield line


def can_stand(head: bytes) -> bool:
    """Say whether a file that begins so can be searched as bytes: one byte a character, and its lines not inside of JSON.

    It is the cheap check for families of large files whose lines are known by a token, wherever in the line it stands.
    """
    if encodings.encoding_of(head) not in ("utf-8", "utf-8-sig"):
        return False
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\0 \t\r\n")
    return (
        not first.startswith(b"{")
        or prefixes.message(encodings.decoded(first.partition(b"\n")[0])) is None
    )


def apart(found: Iterable[Line]) -> list[Line]:
    """Return lines with those of each origin together, in the order in which the origins first say something."""
    kept = list(found)
    origins = list(dict.fromkeys(line.origin for line in kept))
    if len(origins) < 2 or _are_numbers(kept):
        return kept
    place = {origin: index for index, origin in enumerate(origins)}
    return sorted(kept, key=lambda line: place[line.origin])


def _are_numbers(found: list[Line]) -> bool:
    """Say whether the origins number the lines of a listing."""
    numbers = [int(line.origin) for line in found if line.origin.isdecimal()]
    steps = sum(after == before + 1 for before, after in pairwise(numbers))
    return bool(numbers) and max(numbers) >= _COUNTED and steps * 5 >= len(numbers) * 3


# --- lines of characters ---


def _numbered(source: Path | bytes | str, longest: int) -> Iterator[tuple[int, str]]:
    """Yield the physical lines with their numbers; `\\r\\n`, `\\n` and `\\r` alone (a progress bar) each end one."""
    if isinstance(source, Path):
        parts: Iterable[str] = encodings.blocks(source)
    else:
        parts = (encodings.decoded(source) if isinstance(source, bytes) else source,)
    number, rest = 0, ""
    for part in parts:
        block = rest + part
        held = ""
        if block.endswith("\r"):  # its line feed may stand in the next block
            held = "\r"
            block = block.rstrip("\r")
        if "\r" in block:
            block = encodings.ENDS.sub("\n", block)
        *whole, rest = block.split("\n")
        for line in whole:
            number += 1
            yield number, line[:longest]
        rest = rest[:longest] + held
    if rest.strip("\r"):
        yield number + 1, rest.strip("\r")


# --- layers ---


class _Reading:
    """What is known of a file while its lines are read."""

    def __init__(self, own: Own) -> None:
        self.is_own: Callable[[str], object] = own.match if isinstance(own, re.Pattern) else own
        self.special = False
        """Whether lines need more than a match: the file is a page, or a line's rest is still to come."""
        self.page = False
        self.votes: Counter[tuple[str, ...]] = Counter()
        self.usual: tuple[str, ...] = ()
        self.pending: dict[str, tuple[int, str]] = {}

    def count(self, layers: tuple[str, ...]) -> None:
        """Count the layers of a line of the family; the most frequent ones are taken off lines that nobody knows."""
        self.votes[layers] += 1
        if layers != self.usual and self.votes[layers] > self.votes[self.usual]:
            self.usual = layers

    def take(self, number: int, line: str) -> Iterator[Line]:
        """Yield what stands in a physical line."""
        if "[0m" in line or "[m" in line:
            line = prefixes.without_written_colours(line)
        if not self.page and "<" in line and prefixes.is_html(line):
            self.page = self.special = True
        parts = [line]
        if self.page and ("<" in line or "&" in line):
            parts = prefixes.of_html(line)
        for part in parts:
            if part.startswith("{"):
                yield from self._of_json(number, part)
            else:
                yield from self._known(number, part, "")

    def rest(self) -> Iterator[Line]:
        """Yield the lines whose ends never came."""
        for origin, (number, text_) in self.pending.items():
            yield Line(number, text_, origin.partition("\t")[0])
        self.pending.clear()

    def _of_json(self, number: int, line: str) -> Iterator[Line]:
        message = None
        if not self.is_own(line):
            message = prefixes.message(line)
        if message is None:
            yield from self._known(number, line, "")
            return
        text, of_docker = message
        *whole, last = encodings.plain(text).split("\n")
        for part in whole:
            yield from self._joined(number, part, "")
        # Docker splits at 16 kB, and ends only the last piece with a line feed.
        if of_docker and last:
            self._keep(number, last, "")
        elif last:
            yield from self._known(number, last, "")

    def _keep(self, number: int, piece: str, origin: str) -> None:
        first, begun = self.pending.get(origin, (number, ""))
        self.pending[origin] = (first, begun + piece)

    def _joined(self, number: int, text_: str, origin: str) -> Iterator[Line]:
        first, begun = self.pending.pop(origin, (number, ""))
        yield from self._known(first, begun + text_, origin)

    def _piece(
        self, number: int, peeled: prefixes.Peeled, origin: str
    ) -> tuple[int, prefixes.Peeled] | None:
        """Return the whole line that ends with a piece and the number of its first, or None where more is to come."""
        stream = f"{origin}\t{peeled.stream}"
        if peeled.partial:
            self._keep(number, peeled.text, stream)
            return None
        first, begun = self.pending.pop(stream, (number, ""))
        return first, replace(peeled, text=begun + peeled.text)

    def _known(self, number: int, line: str, origin: str) -> Iterator[Line]:
        """Yield a line without its layers, as far as there is reason to take them off."""
        text_ = line
        layers: list[str] = []
        texts = [(line, origin)]
        while not self.is_own(text_):
            peeled = self._peeled(text_, layers)
            if peeled is None:
                yield self._unknown(number, layers, texts)
                return
            if peeled.stream:
                piece = self._piece(number, peeled, origin)
                if piece is None:
                    return
                number, peeled = piece
            text_, origin = peeled.text, peeled.origin or origin
            layers.append(peeled.kind)
            texts.append((text_, origin))
        self.count(tuple(layers))
        yield Line(number, text_.rstrip(), origin)

    def _peeled(self, text_: str, layers: Sequence[str]) -> prefixes.Peeled | None:
        if len(layers) == _DEPTH:
            return None
        return prefixes.peel(text_, *layers[-1:])

    def _unknown(
        self, number: int, layers: Sequence[str], texts: Sequence[tuple[str, str]]
    ) -> Line:
        """Return a line that is not the family's without the usual layers, else without those that can be nothing else."""
        kept = 0
        usual = len(self.usual)
        if usual and tuple(layers[:usual]) == self.usual:
            kept = usual
        else:
            while kept < len(layers) and layers[kept] in prefixes.STRICT:
                kept += 1
        text_, origin = texts[kept]
        return Line(number, text_.rstrip(), origin)
