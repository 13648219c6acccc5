"""The account of a conversion: what became of every file and every row.

A submission has hundreds of thousands of files, most of which only support others. So a `Ledger` keeps a few bytes a
file, and an object for those alone that have rows; a `FileEntry` is made where somebody looks at one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, overload

from pydantic import JsonValue

from benchfmt.finding import Finding, shortened

ROLES = ("skipped", "primary", "supporting", "failed")
DETAILS = 1_000
"""So many rows of a file are told with their reasons; the others are only counted."""


@dataclass(slots=True)
class Counts:
    """How many of a file's rows went where, and what they became."""

    rows: int = 0
    converted: int = 0
    skipped: int = 0
    failed: int = 0
    records: int = 0
    measurements: int = 0
    duplicates: int = 0


_NONE = Counts()
_COUNTED = tuple(item.name for item in fields(Counts))


@dataclass(slots=True)
class FileEntry:
    """What became of one file: its role, and how many of its rows went where."""

    path: str
    role: str = "skipped"
    converter: str | None = None
    reason: str | None = None
    rows: int = 0
    converted: int = 0
    skipped: int = 0
    failed: int = 0
    records: int = 0
    measurements: int = 0
    duplicates: int = 0
    details: list[dict[str, JsonValue]] = field(default_factory=list)

    def to_dict(self) -> dict[str, JsonValue]:
        """Return what is known, without zeros that mean nothing."""
        always = ("path", "role")
        said = ((item.name, getattr(self, item.name)) for item in fields(self))
        return {k: v for k, v in said if k in always or v not in (0, None, [])}


class Named(Protocol):
    """Files that are seen together, by number: `readers.files.Listing`."""

    def __len__(self) -> int:
        """Return how many there are."""

    def texts(self) -> Iterator[str]:
        """Yield the paths."""

    def find(self, path: str) -> int | None:
        """Return the number of a file, or None."""

    def relative(self, index: int) -> str:
        """Return how a file is shown."""


class Ledger:
    """What became of every file, by number in the order in which they were seen."""

    def __init__(self) -> None:
        """Begin with no file."""
        self._first: list[int] = []
        self._shown: list[Callable[[int], str]] = []
        self._finds: list[tuple[int, Named]] = []
        self._alone: dict[str, int] = {}
        self._roles = bytearray()
        self._words: dict[str | None, int] = {None: 0}
        self._texts: list[str | None] = [None]
        self._converters, self._reasons = array("L"), array("L")
        self._counts: dict[int, Counts] = {}
        self._details: dict[int, list[dict[str, JsonValue]]] = {}

    def __len__(self) -> int:
        """Return how many files were seen."""
        return len(self._roles)

    def see(self, files: Named, label: str) -> Sequence[int]:
        """Enter all files of a source, shown behind a label, and return their numbers; a file is entered once."""
        if len(self) and any(self.find(path) is not None for path in files.texts()):
            return [
                self.see_alone(path, label + files.relative(at))
                for at, path in enumerate(files.texts())
            ]
        first = len(self)
        self._block(lambda index: label + files.relative(index))
        self._finds.append((first, files))
        self._add(len(files))
        return range(first, len(self))

    def see_alone(self, path: str, shown: str) -> int:
        """Return the number of a file, entered unless it is there."""
        number = self.find(path)
        if number is None:
            number = self._alone[path] = len(self)
            self._block(lambda _: shown)
            self._add(1)
        return number

    def find(self, path: str) -> int | None:
        """Return the number of a file, or None where it was not seen."""
        for first, files in self._finds:
            found = files.find(path)
            if found is not None:
                return first + found
        return self._alone.get(path)

    def alone(self) -> Iterator[str]:
        """Yield the paths of the files that were not seen with others."""
        return iter(self._alone)

    def shown(self, number: int) -> str:
        """Return how a file is shown."""
        block = bisect_right(self._first, number) - 1
        return self._shown[block](number - self._first[block])

    def role(self, number: int) -> str:
        """Return the role of a file."""
        return ROLES[self._roles[number]]

    def converter(self, number: int) -> str | None:
        """Return the converter that a file went to."""
        return self._texts[self._converters[number]]

    def reason(self, number: int) -> str | None:
        """Return why a file was skipped or failed."""
        return self._texts[self._reasons[number]]

    def set_role(self, number: int, role: str, reason: str | None) -> None:
        """Give a file a role, with the reason where it gave no record."""
        self._roles[number] = ROLES.index(role)
        self._reasons[number] = self._word(reason and shortened(reason))

    def set_converter(self, number: int, name: str) -> None:
        """Say which converter a file went to."""
        self._converters[number] = self._word(name)

    def counts(self, number: int) -> Counts:
        """Return the counts of a file, to be added to."""
        found = self._counts.get(number)
        if found is None:
            found = self._counts[number] = Counts()
        return found

    def detail(self, number: int, row: int | None, what: str, reason: str) -> None:
        """Say what became of a row."""
        told = self._details.setdefault(number, [])
        if len(told) < DETAILS:
            told.append(
                {**({} if row is None else {"row": row}), "what": what, "reason": shortened(reason)}
            )

    def reasons(self, role: str) -> Counter[str | None]:
        """Return how many files with a role have each reason, in the order in which these first stand."""
        wanted = ROLES.index(role)
        words = Counter(
            word for word, known in zip(self._reasons, self._roles, strict=True) if known == wanted
        )
        return Counter({self._texts[word]: count for word, count in words.items()})

    def has_details(self, number: int) -> bool:
        """Say whether something is told of a row of a file."""
        return number in self._details

    def reset(self) -> None:
        """Forget all rows; roles stay."""
        self._counts.clear()
        self._details.clear()

    def entry(self, number: int) -> FileEntry:
        """Return what is known of a file."""
        counts = self._counts.get(number, _NONE)
        told = {name: getattr(counts, name) for name in _COUNTED}
        return FileEntry(
            self.shown(number),
            self.role(number),
            self.converter(number),
            self.reason(number),
            **told,
            details=self._details.get(number, []),
        )

    def total(self, name: str) -> int:
        """Return the sum of one count over all files."""
        return sum(getattr(counts, name) for counts in self._counts.values())

    def count(self, role: str) -> int:
        """Return how many files have a role."""
        return self._roles.count(ROLES.index(role))

    def _block(self, shown: Callable[[int], str]) -> None:
        self._first.append(len(self))
        self._shown.append(shown)

    def _add(self, count: int) -> None:
        self._roles.extend(bytes(count))
        zeros = array("L", bytes(count * self._reasons.itemsize))
        self._converters.extend(zeros)
        self._reasons.extend(zeros)

    def _word(self, text: str | None) -> int:
        """Return the number of a text that is kept once: thousands of files are skipped for one reason."""
        number = self._words.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        return number


class Entries(Sequence[FileEntry]):
    """The entries of a ledger in the order in which the files were seen, each made when it is asked for."""

    def __init__(self, ledger: Ledger) -> None:
        """Take the ledger."""
        self._ledger = ledger

    def __len__(self) -> int:
        """Return how many files were seen."""
        return len(self._ledger)

    @overload
    def __getitem__(self, index: int) -> FileEntry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FileEntry]: ...
    def __getitem__(self, index: int | slice) -> FileEntry | Sequence[FileEntry]:
        """Return the entry of a file, or of several."""
        if isinstance(index, slice):
            return [self._ledger.entry(i) for i in range(*index.indices(len(self)))]
        return self._ledger.entry(range(len(self))[index])


@dataclass(repr=False)
class Account:
    """Where everything went; complete once the conversion has run."""

    ledger: Ledger = field(default_factory=Ledger)
    findings: list[Finding] = field(default_factory=list)

    def __repr__(self) -> str:
        """Return what a prompt shows: the counts of files and of what came of them."""
        counts = {"files": len(self.ledger)}
        counts |= {name: self.total(name) for name in ("records", "measurements", "failed")}
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        return f"<Account of {told}>"

    @property
    def files(self) -> Sequence[FileEntry]:
        """An entry for every file seen."""
        return Entries(self.ledger)

    def total(self, name: str) -> int:
        """Return the sum of one count over all files."""
        return self.ledger.total(name)

    def count(self, role: str) -> int:
        """Return how many files had a role."""
        return self.ledger.count(role)

    @property
    def ok(self) -> bool:
        """Whether no source and no row failed."""
        return not self.count("failed") and not self.total("failed")

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data (documented in docs/conversion.md)."""
        roles = ("primary", "supporting", "skipped", "failed")
        rows = {"seen": "rows", "converted": "converted", "skipped": "skipped", "failed": "failed"}
        return {
            "files": {"seen": len(self.ledger), **{role: self.count(role) for role in roles}},
            "rows": {name: self.total(of) for name, of in rows.items()},
            "records": self.total("records"),
            "measurements": self.total("measurements"),
            "duplicates": self.total("duplicates"),
            "entries": [entry.to_dict() for entry in self.files],
            "findings": [finding.to_dict() for finding in self.findings],
        }
