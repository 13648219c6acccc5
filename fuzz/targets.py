"""What is fuzzed: a target takes one file in a small folder, of which there are seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LARGEST_SEED = 20_000


@dataclass(frozen=True)
class Seed:
    """A sound file, and what lies beside it in the same folder; paths have forward slashes."""

    path: str
    data: bytes
    beside: tuple[tuple[str, bytes], ...] = ()

    def lay_out(self, folder: Path) -> Path:
        """Write the files into a folder, and return the path of the one that is to be damaged."""
        for path, data in ((self.path, self.data), *self.beside):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return folder / self.path


@dataclass(frozen=True)
class Target:
    """Something that takes a file: the folder (or the file alone) and the file are given to `run`."""

    name: str
    run: Callable[[Path, Path], None]
    seeds: Callable[[], list[Seed]]


def files(name: str, *globs: str, texts: Iterable[str | bytes] = ()) -> Callable[[], list[Seed]]:
    """Return seeds that are files of the project, each alone under one name, and texts."""

    def seeds() -> list[Seed]:
        contents = [
            path.read_bytes()
            for glob in globs
            for path in sorted(ROOT.glob(glob))
            if path.is_file()
        ]
        contents += [text.encode() if isinstance(text, str) else text for text in texts]
        known = dict.fromkeys(data for data in contents if len(data) <= LARGEST_SEED)
        return [Seed(name, data) for data in known]

    return seeds


def trees(*globs: str) -> Callable[[], list[Seed]]:
    """Return seeds that are trees of the project: a folder once for each of its files, or one file alone."""

    def seeds() -> list[Seed]:
        return [
            seed for glob in globs for place in sorted(ROOT.glob(glob)) for seed in _of_tree(place)
        ]

    return seeds


def _of_tree(place: Path) -> list[Seed]:
    if place.is_file():
        return [Seed(place.name, place.read_bytes())]
    contents = {
        f"{place.name}/{path.relative_to(place).as_posix()}": path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }
    found = []
    known = set()
    for path, data in contents.items():
        if len(data) <= LARGEST_SEED and data not in known:
            known.add(data)
            beside = tuple((other, text) for other, text in contents.items() if other != path)
            found.append(Seed(path, data, beside))
    return found
