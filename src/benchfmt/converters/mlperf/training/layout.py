"""Where things stand in MLPerf Training and HPC submissions: which files make up one scored group.

    <org>/results/<system>/<benchmark>/result_N.txt, scaling.json, power/<result_N>/node_K.txt, sw_K.txt
    <org>/results/<system>/{strong,weak}/<benchmark>/result_N.txt                       (HPC from v1.0)
    <org>/systems/<system>.json
    v0.5.0/<org>/.../submission.json, results/<entry>/entry.json, results/<entry>/<benchmark>/result_N.txt

The round is that of the repository's folder (`training_results_v3.0`); the logs do not say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.converters.base import Source, Unit
from benchfmt.suites import mlperf_training as rules

RESULT = re.compile(r"result_.*\.txt")
_REPOSITORY = re.compile(r"(training|hpc)_results_(v[0-9]{1,3}\.[0-9]{1,3})([-_.].*)?")
_LEVELS = ("strong", "weak")
_PRUNED = "pruned_results"
_FIRST = "v0.5"
_POWER_FILE = re.compile(r"(node|sw)_.*\.txt")
_WHY = (
    (
        re.compile(r"(^|/)pruned_results/"),
        "left out of the score by the submitter, as the rule of weak scaling allows",
    ),
    (
        re.compile(r"(^|/)(benchmarks?|implementations?|code|src|documentation)/"),
        "code or documents of the submission",
    ),
    (
        re.compile(r"(^|/)compliance[^/]*$|_checker[^/]*$"),
        "output of the compliance or package checker, not a result",
    ),
    (re.compile(r"(^|/)power/"), "power readings of a run whose log is not here"),
    (
        re.compile(r"(^|/)systems/[^/]+\.json$|(^|/)entry\.json$"),
        "describes a system of which no result is here",
    ),
    (re.compile(r"(^|/)submission\.json$"), "names the submitter of results that are not here"),
    (re.compile(r"(^|/)scaling\.json$"), "a scaling factor beside which no log stands"),
    (
        re.compile(r"(^|/)(intel_caffe_result_[^/]*|first_50_success_file)$"),
        "output of the submitter's own program; the log of the run is result_*.txt",
    ),
    (
        re.compile(r"(?i)\.(md|adoc|html|png|jpe?g|pdf|sh|py|docx?|ya?ml|ipynb)$"),
        "for people, or a program",
    ),
    (re.compile(r"(^|/)(license|copying|notice)[^/]*$", re.IGNORECASE), "a licence"),
    (re.compile(r"(^|/)\.[^/]*$|\.sw[op]$|~$"), "a stray file of an editor or of the system"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """What the path of a group's folder says, None for what it does not say.

    `folder` is the path from the root of the submission, whose own path is `prefix`.
    """

    prefix: str
    folder: str
    suite: str
    round: str | None = None
    org: str | None = None
    system: str | None = None
    level: str | None = None
    benchmark: str | None = None

    def location(self, benchmark: str | None) -> str | None:
        """Return `<org>/results/<system>/<benchmark>`, by which published rows name a result; None where a part is not known.

        The first round had no such order of folders: there it is the folder itself.
        """
        if self.round == _FIRST:
            return self.folder.removeprefix("v0.5.0/")
        return location(self.org, self.system, self.level, self.benchmark or benchmark)


def location(
    org: str | None, system: str | None, level: str | None, benchmark: str | None
) -> str | None:
    """Return the name of a result within its round, or None where a part is not known."""
    if not (org and system and benchmark):
        return None
    return "/".join((org, "results", system, *([level] if level else []), benchmark))


def place(folder: str, suite: str | None = None) -> Place:
    """Return what the absolute path of a group's folder says."""
    parts = folder.split("/")
    named = [
        (index, match) for index, part in enumerate(parts) if (match := _REPOSITORY.fullmatch(part))
    ]
    root, repository = named[-1] if named else (None, None)
    results = next((i for i in range(len(parts) - 1, root or 0, -1) if parts[i] == "results"), None)
    inner = parts[results + 1 :] if results is not None else []
    level = next((part for part in inner if part in _LEVELS), None)
    names = [part for part in inner if part not in _LEVELS]
    last = names[-1] if names else parts[-1]
    benchmark = last if len(names) > 1 or rules.is_name(last) else None
    system = names[0] if len(names) > 1 or (names and benchmark is None) else None
    start = root + 1 if root is not None else results - 1 if results else len(parts) - 1
    org = parts[results - 1] if results else None
    if root is not None and results and parts[root + 1].startswith(_FIRST):
        org = parts[root + 2]
    if repository:
        found = rules.HPC if repository[1] == "hpc" else rules.TRAINING
    else:
        found = rules.suite_of(benchmark or "") or (rules.HPC if level else rules.TRAINING)
    return Place(
        "/".join(parts[:start]),
        "/".join(parts[start:]),
        suite or found,
        repository[2] if repository else None,
        org,
        system,
        level,
        benchmark,
    )


@dataclass(frozen=True, slots=True)
class Task:
    """What a unit needs besides its files: its place, what each file is (the primary one first), and its pruned runs."""

    place: Place
    roles: tuple[str, ...]
    pruned: int = 0


@dataclass
class Folders:
    """The files of a source by folder: what a folder's paths start with as the source spells it, and the names."""

    names: dict[str, tuple[str, Sequence[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source) -> Folders:
        """Return the folders of a source by their absolute path, as text with forward slashes."""
        folders = source.files.folders()
        return cls(
            {
                Path(prefix or ".").absolute().as_posix(): (prefix, tuple(names))
                for prefix, names in folders
            }
        )

    def path(self, folder: str, name: str) -> Path | None:
        """Return a file as the source spells it, or None where it is not there."""
        prefix, names = self.names.get(folder, ("", ()))
        return Path(prefix + name) if name in names else None

    def units(self, suite: str, options: dict[str, str], source: Source) -> Iterator[Unit]:
        """Yield a unit for each group of a suite, in path order."""
        for folder, (prefix, names) in self.names.items():
            results = sorted((name for name in names if RESULT.fullmatch(name)), key=natural)
            if not results or folder.endswith(f"/{_PRUNED}"):
                continue
            where = place(folder)
            if where.suite != suite:
                continue
            files = [("result", Path(prefix + name)) for name in results]
            files += self._beside(folder, where, results)
            pruned = sum(
                1
                for name in self.names.get(f"{folder}/{_PRUNED}", ("", ()))[1]
                if RESULT.fullmatch(name)
            )
            yield Unit(
                files[0][1],
                tuple(path for _, path in files[1:]),
                options,
                Task(where, tuple(role for role, _ in files), pruned),
                source.limits,
            )

    def _beside(self, folder: str, where: Place, results: list[str]) -> Iterator[tuple[str, Path]]:
        """Yield what tells about a group besides its logs."""
        if scaling := self.path(folder, "scaling.json"):
            yield "scaling", scaling
        above = folder.rpartition("/results/")[0]
        if where.system:
            if system := self.path(f"{above}/systems", f"{where.system}.json"):
                yield "system", system
            if entry := self.path(f"{above}/results/{where.system}", "entry.json"):
                yield "entry", entry
        for parent in (above, above.rpartition("/")[0]):
            if submission := self.path(parent, "submission.json"):
                yield "submission", submission
                break
        for name in results:
            run = name.removesuffix(".txt")
            for file in sorted(self.names.get(f"{folder}/power/{run}", ("", ()))[1], key=natural):
                path = self.path(f"{folder}/power/{run}", file)
                if path and _POWER_FILE.fullmatch(file):
                    yield f"power:{name}", path

    def roots(self, suite: str) -> frozenset[str]:
        """Return the folders of the submissions that have groups of a suite."""
        groups = (
            folder for folder, (_, names) in self.names.items() if any(map(RESULT.fullmatch, names))
        )
        return frozenset(_root(where) for where in map(place, groups) if where.suite == suite)


def _root(where: Place) -> str:
    """Return the folder of the repository, else that of the organisation."""
    if where.round or not where.org:
        return where.prefix
    return f"{where.prefix}/{where.folder.partition('/')[0]}"


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Return a key by which `result_10` comes after `result_2`."""
    return [
        (part.isdigit(), int(part[:300]) if part.isdigit() else 0, part)
        for part in re.split(r"([0-9]+)", name)
    ]


def others(folders: Folders, suite: str) -> Iterator[tuple[Path, str]]:
    """Yield the files of the submissions that are no results and tell about none, with the reason."""
    roots = folders.roots(suite)
    for folder, (prefix, names) in folders.names.items():
        root = _above(folder, roots)
        if root is None:
            continue
        pruned = folder.endswith(f"/{_PRUNED}")
        for name in names:
            if RESULT.fullmatch(name) and not pruned:
                continue
            # What stands above the submission says nothing about its files.
            inside = f"{folder}/{name}"[len(root) :]
            why = next((why for pattern, why in _WHY if pattern.search(inside)), None)
            if why:
                yield Path(prefix + name), why


def _above(folder: str, roots: frozenset[str]) -> str | None:
    """Return the root that a folder lies in, or None: by a look at each folder above it, not at each root."""
    parts = folder.split("/")
    return next(
        (above for end in range(1, len(parts) + 1) if (above := "/".join(parts[:end])) in roots),
        None,
    )
