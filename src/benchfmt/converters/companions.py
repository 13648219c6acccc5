"""Which JSON companion belongs to which table: of the same name, in the folder where repositories keep them.

A companion lies beside its table, or in a folder that mirrors the table's: `data/input-independent/x_pc.csv` with
`configs/input-independent/x_pc.json`. Only what a source holds is looked at. What could be meant twice is paired with
nothing, and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchfmt.converters.base import Source

TABLES, COMPANIONS = "data", "configs"
"""The folders of the vertical matchmaking service: they decide where several could be meant."""
_TWO = 2
_OTHER = {"table": "companion", "companion": "table"}

Folders = tuple[str, ...]
Fits = Callable[[Path, Path], bool]


@dataclass(frozen=True)
class Pairing:
    """Tables with their companions, and why a table or a companion has none though others bear its name."""

    companions: Mapping[Path, Path]
    doubts: Mapping[Path, str]

    def table_of(self, companion: Path) -> Path | None:
        """Return the table of a companion, or None."""
        return self._tables.get(companion)

    @cached_property
    def _tables(self) -> dict[Path, Path]:
        return {companion: table for table, companion in self.companions.items()}

    def why_alone(self, companion: Path) -> str:
        """Say why a companion has no table."""
        doubt = self.doubts.get(companion)
        if doubt is None:
            return "a descriptor of the vertical matchmaking whose table is not here"
        return f"a descriptor of the vertical matchmaking of which {doubt}"


def pair(
    source: Source, tables: Iterable[Path], is_companion: Callable[[Path], bool], fits: Fits
) -> Pairing:
    """Return which of the tables of a source has which companion.

    `is_companion` looks into a file; `fits` says whether a companion describes the columns of a table, which is asked
    where only the name speaks for a pair.
    """
    if source.root.is_file():
        return _beside_one_file(source.root, list(tables), is_companion)
    groups: dict[str, _Group] = {}
    for path in tables:
        groups.setdefault(path.stem, _Group(fits)).tables[path] = _folders(source, path)
    for path in source.with_suffix(".json"):
        group = groups.get(path.stem)
        if group is not None and is_companion(path):
            group.companions[path] = _folders(source, path)
    companions: dict[Path, Path] = {}
    doubts: dict[Path, str] = {}
    for group in groups.values():
        group.pair()
        companions |= group.paired
        doubts.update(group.doubts(source))
    return Pairing(companions, doubts)


def places(path: Path, folder: str, suffix: str) -> Iterator[Path]:
    """Yield the files of the same name with another ending, beside a file and in the folder that mirrors its own.

    These are the places where the service keeps the other half of a file that was given alone.
    """
    name = f"{path.stem}{suffix}"
    parents = path.absolute().parents
    found = [path.with_name(name), path.parent.parent / folder / name]
    if len(parents) > _TWO:  # configs/input-dependent beside data/input-dependent
        found.append(path.parent.parent.parent / folder / path.parent.name / name)
    yield from (item for item in found if item.is_file() and not item.is_symlink())


def _beside_one_file(
    root: Path, tables: Sequence[Path], is_companion: Callable[[Path], bool]
) -> Pairing:
    """Return the pair of a file that was given alone, whether it is the table or the companion."""
    pairs: dict[Path, Path] = {}
    if root in tables:
        for path in places(root, COMPANIONS, ".json"):
            if is_companion(path):
                pairs[root] = path
                break
    else:
        table = next(iter(places(root, TABLES, ".csv")), None)
        if table and is_companion(root):
            pairs[table] = root
    return Pairing(pairs, {})


def _folders(source: Source, path: Path) -> Folders:
    return tuple(source.relative(path).split("/")[:-1])


@dataclass
class _Bucket:
    """The files of one name whose folders are equal but for one: each with the word that stands there."""

    tables: dict[Path, str] = field(default_factory=dict)
    companions: dict[Path, str] = field(default_factory=dict)


@dataclass
class _Group:
    """The tables and the companions of one name, with the folders that each lies in."""

    fits: Fits
    tables: dict[Path, Folders] = field(default_factory=dict)
    companions: dict[Path, Folders] = field(default_factory=dict)
    paired: dict[Path, Path] = field(default_factory=dict)
    rivals: dict[Path, list[Path]] = field(default_factory=dict)
    """For a file without the other half: the files that it could be."""

    def pair(self) -> None:
        """Find the pairs: the files of one folder first, then those of folders that mirror one another."""
        if not self.companions:
            return
        self._pair_in_folders()
        self._pair_mirrored()
        if not self.paired and len(self.tables) == len(self.companions) == 1:
            (table,), (companion,) = self.tables, self.companions
            if self.fits(table, companion):
                self.paired[table] = companion
        self._note_rivals()

    def doubts(self, source: Source) -> Iterator[tuple[Path, str]]:
        """Yield the files without the other half though several could be it, with words that name these."""
        for path, others in self.rivals.items():
            kind = "descriptors"
            if path in self.companions:
                kind = "tables"
            named = " and ".join(source.relative(other) for other in others[:_TWO])
            count = "two"
            if len(others) != _TWO:
                count = str(len(others))
            if len(others) > _TWO:
                named = f"{named} and others"
            yield path, f"{count} {kind} could be meant: {named}"

    def _pair_in_folders(self) -> None:
        by_folder = {folders: path for path, folders in self.companions.items()}
        self.paired = {
            path: by_folder[folders]
            for path, folders in self.tables.items()
            if folders in by_folder
        }

    def _pair_mirrored(self) -> None:
        """Pair what lies in folders of which one differs; each file is looked up once for each of its folders."""
        edges = self._edges()
        for table in [path for path in edges if path in self.tables]:
            companion = _chosen(edges[table])
            if companion and _chosen(edges[companion]) == table:
                self.paired[table] = companion
        for path, others in edges.items():
            if len(others) > 1:
                self.rivals[path] = list(others)

    def _edges(self) -> dict[Path, dict[Path, bool]]:
        """Return what each file could belong to, and whether one of both lies as the service keeps it.

        A file of which that is not clear has rivals.
        """
        edges: dict[Path, dict[Path, bool]] = {}
        for bucket in self._buckets():
            table, companion = _sole(bucket.tables, TABLES), _sole(bucket.companions, COMPANIONS)
            if table and companion:
                known = bucket.tables[table] == TABLES or bucket.companions[companion] == COMPANIONS
                edges.setdefault(table, {})[companion] = known
                edges.setdefault(companion, {})[table] = known
            elif companion:
                self.rivals[companion] = list(bucket.tables)
            elif table:
                self.rivals[table] = list(bucket.companions)
        return edges

    def _buckets(self) -> Iterator[_Bucket]:
        """Yield the files that could belong together, those in one folder left out."""
        found: dict[tuple[str, Folders, Folders], _Bucket] = {}
        taken = set(self.paired.values())
        for path, folders in self.tables.items():
            if path not in self.paired:
                for key, word in _keys(folders, longer="table"):
                    found.setdefault(key, _Bucket()).tables[path] = word
        for path, folders in self.companions.items():
            if path not in taken:
                for key, word in _keys(folders, longer="companion"):
                    found.setdefault(key, _Bucket()).companions[path] = word
        return (bucket for bucket in found.values() if bucket.tables and bucket.companions)

    def _note_rivals(self) -> None:
        """Keep as rivals of a file without the other half what could be it, the whole name where no folder speaks."""
        settled = {*self.paired, *self.paired.values()}
        tables = [path for path in self.tables if path not in settled]
        companions = [path for path in self.companions if path not in settled]
        rivals: dict[Path, list[Path]] = {}
        for files, others in ((tables, companions), (companions, tables)):
            for path in files:
                own = self.rivals.get(path, others)
                if len(own) > 1:
                    rivals[path] = own
        self.rivals = rivals


def _keys(folders: Folders, longer: str) -> Iterator[tuple[tuple[str, Folders, Folders], str]]:
    """Yield what the folders of two files have in common where one folder differs, or one of the files lies deeper."""
    for index, word in enumerate(folders):
        before, after = folders[:index], folders[index + 1 :]
        yield ("differs", before, after), word
        yield (f"{longer} deeper", before + after, ()), word
    yield (f"{_OTHER[longer]} deeper", folders, ()), ""


def _sole(files: Mapping[Path, str], known: str) -> Path | None:
    """Return the one file, or the one whose folder bears the service's name."""
    return _chosen({path: word == known for path, word in files.items()})


def _chosen(others: Mapping[Path, bool]) -> Path | None:
    """Return the one file that could be meant, or the one that lies as the service keeps it."""
    known = [path for path, is_known in others.items() if is_known]
    for paths in (list(others), known):
        if len(paths) == 1:
            return paths[0]
    return None
