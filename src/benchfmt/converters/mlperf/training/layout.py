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
from benchfmt.converters.mlperf.places import FOR_PEOPLE, STRAY, STRAYS
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
        FOR_PEOPLE,
    ),
    (re.compile(r"(^|/)(license|copying|notice)[^/]*$", re.IGNORECASE), "a licence"),
    (STRAYS, STRAY),
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
    parts = [org, "results", system]
    if level:
        parts.append(level)
    return "/".join([*parts, benchmark])


def place(folder: str, suite: str | None = None) -> Place:
    """Return what the absolute path of a group's folder says."""
    parts = folder.split("/")
    root, repository = _repository(parts)
    results = _last_index(parts, "results", root or 0)
    level, system, benchmark = _inside(parts, results)
    start = len(parts) - 1
    org = None
    if results is not None:
        start = results - 1
        org = parts[results - 1]
    if root is not None:
        start = root + 1
        if results is not None and parts[root + 1].startswith(_FIRST):
            org = parts[root + 2]
    round_id = None
    if repository is not None:
        round_id = repository[2]
    return Place(
        prefix="/".join(parts[:start]),
        folder="/".join(parts[start:]),
        suite=suite or _suite(repository, benchmark, level),
        round=round_id,
        org=org,
        system=system,
        level=level,
        benchmark=benchmark,
    )


def _repository(parts: list[str]) -> tuple[int | None, re.Match[str] | None]:
    """Return where the last folder of a repository stands, and its name's match."""
    for index in reversed(range(len(parts))):
        match = _REPOSITORY.fullmatch(parts[index])
        if match:
            return index, match
    return None, None


def _last_index(parts: list[str], name: str, above: int) -> int | None:
    """Return where the last part with a name stands behind another, or None."""
    for index in range(len(parts) - 1, above, -1):
        if parts[index] == name:
            return index
    return None


def _inside(parts: list[str], results: int | None) -> tuple[str | None, str | None, str | None]:
    """Return level, system and benchmark, which the folders below `results` name."""
    inner: list[str] = []
    if results is not None:
        inner = parts[results + 1 :]
    level = next((part for part in inner if part in _LEVELS), None)
    names = [part for part in inner if part not in _LEVELS]
    if len(names) > 1:
        return level, names[0], names[-1]
    last = [*parts, *names][-1]
    if rules.is_name(last):
        return level, None, last
    return level, next(iter(names), None), None


def _suite(repository: re.Match[str] | None, benchmark: str | None, level: str | None) -> str:
    """Return the suite of a result: that of the repository, else of the benchmark; only HPC has levels."""
    if repository is not None and repository[1] == "hpc":
        return rules.HPC
    if repository is not None:
        return rules.TRAINING
    named = rules.suite_of(benchmark or "")
    if named is None and level:
        return rules.HPC
    return named or rules.TRAINING


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
        names: dict[str, tuple[str, Sequence[str]]] = {}
        for prefix, own in source.files.folders():
            folder = Path(prefix or ".").absolute().as_posix()
            names[folder] = (prefix, tuple(own))
        return cls(names)

    def own(self, folder: str) -> Sequence[str]:
        """Return the names of a folder's files; none where it does not exist."""
        return self.names.get(folder, ("", ()))[1]

    def path(self, folder: str, name: str) -> Path | None:
        """Return a file as the source spells it, or None where it is not there."""
        prefix, names = self.names.get(folder, ("", ()))
        return Path(prefix + name) if name in names else None

    def units(self, suite: str, options: dict[str, str], source: Source) -> Iterator[Unit]:
        """Yield a unit for each group of a suite, in path order."""
        for folder, (prefix, names) in self.names.items():
            results = sorted(filter(RESULT.fullmatch, names), key=natural)
            if not results or folder.endswith(f"/{_PRUNED}"):
                continue
            where = place(folder)
            if where.suite != suite:
                continue
            files = [("result", Path(prefix + name)) for name in results]
            files += self._beside(folder, where)
            files += self._power(folder, results)
            roles = tuple(role for role, _ in files)
            paths = [path for _, path in files]
            pruned = len(list(filter(RESULT.fullmatch, self.own(f"{folder}/{_PRUNED}"))))
            task = Task(where, roles, pruned)
            yield Unit(paths[0], tuple(paths[1:]), options, task, source.limits)

    def _beside(self, folder: str, where: Place) -> Iterator[tuple[str, Path]]:
        """Yield what tells about a group besides its logs."""
        above = folder.rpartition("/results/")[0]
        candidates = [("scaling", folder, "scaling.json")]
        if where.system:
            candidates.append(("system", f"{above}/systems", f"{where.system}.json"))
            candidates.append(("entry", f"{above}/results/{where.system}", "entry.json"))
        for role, parent, name in candidates:
            path = self.path(parent, name)
            if path:
                yield role, path
        for parent in (above, above.rpartition("/")[0]):
            path = self.path(parent, "submission.json")
            if path:
                yield "submission", path
                return

    def _power(self, folder: str, results: list[str]) -> Iterator[tuple[str, Path]]:
        """Yield the readings of power of each run."""
        for name in results:
            readings = f"{folder}/power/{name.removesuffix('.txt')}"
            for file in sorted(filter(_POWER_FILE.fullmatch, self.own(readings)), key=natural):
                path = self.path(readings, file)
                if path:
                    yield f"power:{name}", path

    def roots(self, suite: str) -> frozenset[str]:
        """Return the folders of the submissions that have groups of a suite."""
        roots = set()
        for folder, (_, names) in self.names.items():
            if not any(map(RESULT.fullmatch, names)):
                continue
            where = place(folder)
            if where.suite == suite:
                roots.add(_root(where))
        return frozenset(roots)


def _root(where: Place) -> str:
    """Return the folder of the repository, else that of the organisation."""
    if where.round or not where.org:
        return where.prefix
    return f"{where.prefix}/{where.folder.partition('/')[0]}"


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Return a key by which `result_10` comes after `result_2`."""
    return [_natural_part(part) for part in re.split(r"([0-9]+)", name)]


def _natural_part(part: str) -> tuple[bool, int, str]:
    if part.isdigit():
        return True, int(part[:300]), part
    return False, 0, part


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
            inside = f"{folder}/{name}".removeprefix(root)
            reason = _reason(inside)
            if reason:
                yield Path(prefix + name), reason


def _reason(inside: str) -> str | None:
    """Return why a file of a submission is no result, or None where its path does not say."""
    for pattern, reason in _WHY:
        if pattern.search(inside):
            return reason
    return None


def _above(folder: str, roots: frozenset[str]) -> str | None:
    """Return the root that a folder lies in, or None: by a look at each folder above it, not at each root."""
    parts = folder.split("/")
    for end in range(1, len(parts) + 1):
        above = "/".join(parts[:end])
        if above in roots:
            return above
    return None
