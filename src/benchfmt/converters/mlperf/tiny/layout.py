"""Where things stand in MLPerf Tiny submissions: which files make up one result, and what its path says.

    [<repository>/]<division>/<submitter>/systems/[<system>/]<system>.json
    …/<submitter>/results/<system>[/<board>]/<benchmark>[/<variant>]/{performance,accuracy,energy}/
        results.txt, log.txt, results.json (v1.3), postproc.txt, performance_log.txt (v0.5)

The round is that of the repository's folder (`tiny_results_v1.1`); the files do not say it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchfmt.converters.base import Source
from benchfmt.converters.mlperf.places import FOR_PEOPLE, STRAY, STRAYS
from benchfmt.converters.mlperf.results_tree import head
from benchfmt.readers import energyrunner
from benchfmt.suites import mlperf_tiny as rules

Role = tuple[str, str]
"""Of which run a file is, and its name; of no run the description of the system, `("", "system")`."""
SYSTEM: Role = ("", "system")
_REPOSITORY = "tiny_results"
_MODES = {
    "performance": "performance",
    "accuracy": "accuracy",
    "energy": "energy",
    "enegy": "energy",
    "power": "energy",
}
"""The folders of the three runs, with the misspelling and the other name that v1.0 has."""
_FILE = re.compile(
    r"(?:(performance|accuracy|energy|enegy)_)?(results\.txt|log\.txt|results\.json|postproc\.txt)"
)
PRIMARY: list[Role] = [
    (mode, name)
    for mode in ("performance", "accuracy", "energy")
    for name in ("results.txt", "log.txt", "postproc.txt", "results.json")
]
"""The files of a result, that first which is the primary one where it is there."""
WHY = (
    (re.compile(r"(^|/)\._"), "a copy that macOS made of a file's attributes"),
    (re.compile(r"(^|/)systems/.+\.json$"), "describes a system of which no result is here"),
    (
        re.compile(r"timestamps\.json$|\.bin$|\.emon$"),
        "part of the power trace; its sums stand in results.txt",
    ),
    (re.compile(r"script\.(async|txt)$"), "a script that the runner ran"),
    (re.compile(r"(^|/)code/"), "code of the submission"),
    (
        re.compile(r"(?i)\.(md|adoc|html|png|jpe?g|pdf|docx?|sh|py|ipynb)$"),
        FOR_PEOPLE,
    ),
    (STRAYS, STRAY),
)


@dataclass(frozen=True, slots=True)
class Place:
    """What the path of a result says, None for what it does not say; `prefix` is the folder above the submission."""

    prefix: str
    division: str | None = None
    submitter: str | None = None
    system: str | None = None
    benchmark: str | None = None
    variant: str | None = None
    location: str | None = None
    round: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a unit needs besides its files: its place, and what each file is, the primary one first."""

    place: Place
    roles: tuple[Role, ...]


def place(folder: str) -> Place:
    """Return what the path of a result's folder says."""
    above = head(folder, _REPOSITORY, rules.ROUNDS)
    if above is None:
        return Place("", benchmark=_benchmark(folder.rpartition("/")[2]))
    where = Place(
        above.prefix,
        division=above.division,
        submitter=above.submitter,
        round=above.round,
    )
    inner = above.inner
    for index in reversed(range(len(inner))):
        benchmark = _benchmark(inner[index])
        if benchmark is None:
            continue
        system = inner[:index]
        variant = inner[index + 1 :]
        location = None
        if above.division and system:
            # With the short name of the benchmark, as published rows have it.
            location = "/".join((above.path, *system, benchmark, *variant))
        return replace(
            where,
            system="/".join(system) or None,
            benchmark=benchmark,
            variant="/".join(variant) or None,
            location=location,
        )
    return replace(where, system="/".join(inner) or None)


def _benchmark(name: str) -> str | None:
    """Return the short name of the benchmark that a folder names, or None."""
    benchmark = rules.benchmark(name)
    if benchmark is None:
        return None
    return benchmark.name


def groups(source: Source) -> dict[str, dict[Role, Path]]:
    """Return the results by their folder (absolute, as text): each file by its run and its name."""
    found: dict[str, dict[Role, Path]] = {}
    for path in source.files.named("results.txt", "log.txt", "results.json", "postproc.txt"):
        name = _FILE.fullmatch(path.name)
        if name is None or path.is_symlink() or not path.is_file():
            continue
        folder, _, last = path.absolute().parent.as_posix().rpartition("/")
        mode = _MODES.get(last.lower())
        if mode is None and name[1]:
            folder, mode = f"{folder}/{last}", _MODES[name[1]]
        if mode:
            found.setdefault(folder, {})[mode, name[2]] = path
    return {folder: files for folder, files in found.items() if _is_of_runner(files)}


def _is_of_runner(files: Mapping[Role, Path]) -> bool:
    """Say whether one of the texts is the runner's; many programs write a results.txt."""
    texts = [path for (_, name), path in files.items() if name.endswith(".txt")]
    try:
        return any(map(energyrunner.is_of_runner, texts))
    except OSError:
        return False


def system_files(source: Source) -> dict[str, list[Path]]:
    """Return the descriptions of systems by the submitter's folder; some have a folder for each."""
    found: dict[str, list[Path]] = {}
    for path in source.files.named(".json"):
        above, _, below = path.absolute().parent.as_posix().rpartition("/systems")
        if above and below.count("/") == bool(below) and not path.name.startswith("._"):
            found.setdefault(above, []).append(path)
    return found


def system_of(where: Place, described: Mapping[str, list[Path]]) -> Path | None:
    """Return the description of a result's system: of the same name, else the only one whose name fits."""
    if not where.system:
        return None
    parts = (where.prefix, where.division, where.submitter)
    above = "/".join(part for part in parts if part is not None)
    files = described.get(above, [])
    tests = (_is_named, _is_alike, _fits)
    for test in tests:
        fitting = [path for path in files if test(where.system, path.stem)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            return None
    return None


def _is_named(system: str, stem: str) -> bool:
    return stem == system


def _is_alike(system: str, stem: str) -> bool:
    return _plain(stem) == _plain(system)


def _fits(system: str, stem: str) -> bool:
    """Say whether the words of a folder are all in a file's name, or those of the file in the folder's."""
    if all(word in _plain(stem) for word in _words(system)):
        return True
    words = [word for word in _words(stem) if word not in ("system", "description")]
    return bool(words) and all(word in _plain(system) for word in words)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
