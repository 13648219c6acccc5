"""Where things stand in an MLPerf Inference submission: which files make up one result, and what the others are for.

    <division>/<submitter>/systems/<system>.json
    <division>/<submitter>/measurements/<system>/<benchmark>/<scenario>/*.json, user.conf      (up to v5.1)
    <division>/<submitter>/results/<system>/<benchmark>/<scenario>/performance/run_1/…
                                                                  /accuracy/accuracy.txt
                                                                  /measurements.json, TEST01/…  (from v6.0)
    <division>/<submitter>/compliance/<system>/<benchmark>/<scenario>/TEST01/…                  (audit/ in v0.5)

Paths of folders are compared as text, so that a part of a tree means the same as the whole.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from benchfmt.converters.base import Source
from benchfmt.converters.mlperf import model_mapping
from benchfmt.suites import mlperf_inference as rules

SUMMARY = "mlperf_log_summary.txt"
DETAIL = "mlperf_log_detail.txt"
ENDPOINTS = "result_summary.json"
ENDPOINTS_ACCURACY = "accuracy_results.json"
POWER_LOG = "spl.txt"
LOGS = (SUMMARY, DETAIL, ENDPOINTS)
"""Each may tell the result of a run."""
DIVISIONS = ("closed", "open", "network")
_TEST = re.compile(r"TEST[0-9]{2}(-[AB])?")
_TESTS = (
    "TEST01",
    "TEST03",
    "TEST04",
    "TEST04-A",
    "TEST04-B",
    "TEST05",
    "TEST06",
    "TEST07",
    "TEST08",
    "TEST09",
)
_VERDICT = re.compile(r"verify_.*\.txt$")
_MEASURED = 2
"""Steps between the folder of all measurements and that of one: system, benchmark, scenario."""
_OTHER_RUNS = {"accuracy", "ranging", "compliance", "audit"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands: the parts of its path that mean something, None for what the path does not say.

    `path` is that of a file in the run's folder from the root of the submission.
    """

    prefix: str
    division: str | None = None
    submitter: str | None = None
    system: str | None = None
    benchmark: str | None = None
    scenario: str | None = None
    run: str | None = None

    @property
    def location(self) -> str | None:
        """The result's folder from the root of the submission, as published tables name it; None without a full path."""
        named = (self.division, self.submitter, self.system, self.benchmark, self.scenario)
        parts = list(filter(None, named))
        if len(parts) < len(named):
            return None
        return "/".join([*parts[:2], "results", *parts[2:]])


class Beside(NamedTuple):
    """A file that tells about a run: what it is, its folder and its name."""

    role: str
    folder: str
    name: str


@dataclass
class Folders:
    """The files of a source by folder, both as text with forward slashes; folders are absolute."""

    top: str
    """The folder of the source."""
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    links: list[Path] = field(default_factory=list)
    """What is not followed and so belongs to no result."""

    @classmethod
    def of(cls, source: Source) -> Folders:
        """Return the folders of a source; a tree of 20,000 results has ten times as many, so each text is kept once."""
        files = source.files
        folders = cls(_top(source.root))
        folders.links += map(Path, files.links)
        links = frozenset(files.links)
        for prefix, names in files.folders():
            followed = tuple(name for name in names if prefix + name not in links)
            if followed:
                folders.names[folders.absolute(files.within(prefix))] = followed
        return folders

    def absolute(self, folder: str) -> str:
        """Return the absolute path of a folder, which is given within the source."""
        if not folder:
            return self.top
        return f"{self.top}/{folder}"

    @cached_property
    def deeper(self) -> Mapping[str, list[str]]:
        """The folders right below the folder of a measurement: some submissions have one level more."""
        found: dict[str, list[str]] = defaultdict(list)
        for folder in self.names:
            if folder.partition("/measurements/")[2].count("/") > _MEASURED:
                found[folder.rpartition("/")[0]].append(folder)
        return found

    def runs(self) -> Iterator[tuple[str, str]]:
        """Yield the folder and the primary file of each performance run, in the order of the source."""
        for folder, names in self.names.items():
            parts = folder.split("/")
            if ENDPOINTS in names and parts[-1] == "performance":
                yield folder, ENDPOINTS
                continue
            log = next((name for name in (SUMMARY, DETAIL) if name in names), None)
            if log and not _is_other(parts):
                yield folder, log
        yield from self._without_speed()

    def _without_speed(self) -> Iterator[tuple[str, str]]:
        """Yield accuracy runs whose performance run is not there: half a result is a result."""
        timed: set[str] = set()
        for folder in self.names:
            scenario, performance, _ = f"{folder}/".rpartition("/performance/")
            if performance:
                timed.update(_scenarios(scenario))
        for folder, names in self.names.items():
            above, _, last = folder.rpartition("/")
            if last != "accuracy" or "accuracy.txt" not in names or _is_test(above.split("/")):
                continue
            if not timed.intersection(_scenarios(above)):
                yield folder, "accuracy.txt"

    def has(self, folder: str, name: str) -> bool:
        """Say whether a folder has a file."""
        return folder in self.names and name in self.names[folder]


def absolute(path: Path) -> str:
    """Return the whole path of a file as text with forward slashes, without steps upwards; links above it are kept."""
    text = path.absolute().as_posix()
    if "/../" not in text:
        return text
    return f"{path.parent.resolve().as_posix()}/{path.name}"


def _top(root: Path) -> str:
    """Return the folder of a source, which may be a file, as `absolute` does."""
    if root.is_dir():
        root /= "file"
    return absolute(root).rpartition("/")[0]


def _scenarios(folder: str) -> list[str]:
    """Return a result's folder, and the one above it where that repeats its name (`Server/Server`)."""
    above, _, last = folder.rpartition("/")
    if above.rpartition("/")[2].casefold() != last.casefold():
        return [folder]
    return [folder, above]


def _is_other(parts: list[str]) -> bool:
    """Say whether a folder is of a run that gives no result: accuracy, ranging, a compliance test."""
    return any(part in _OTHER_RUNS or _TEST.fullmatch(part) for part in _inside(parts))


def _is_test(parts: list[str]) -> bool:
    return any(_TEST.fullmatch(part) or part in ("compliance", "audit") for part in _inside(parts))


def _inside(parts: list[str]) -> list[str]:
    """Return the parts of a folder's path that tell of what kind its run is; what is above a submission tells nothing."""
    results = _last(parts, "results")
    if results is not None:
        return parts[results + 1 :]
    end = len(parts)
    while end > 1 and (parts[end - 1] == "performance" or parts[end - 1].startswith("run_")):
        end -= 1
    return [parts[end - 1], parts[-1]]


def _last(parts: list[str], word: str) -> int | None:
    return next((index for index in range(len(parts) - 1, -1, -1) if parts[index] == word), None)


def place(folder: str) -> Place:
    """Return what the path of a run's folder says."""
    parts = folder.split("/")
    performance = _last(parts, "performance")
    if parts[-1] == "accuracy":
        performance = len(parts) - 1
    if performance is None:
        return Place("")
    run = None
    if parts[-1].startswith("run_"):
        run = parts[-1]
    results = _last(parts[:performance], "results")
    if results is None:
        start = max(0, performance - 3)
        inner = parts[start:performance]
        if not inner or not rules.scenario(inner[-1]):
            return Place("", run=run)
        return _named(Place("/".join(parts[:start]), run=run), inner)
    inner = parts[results + 1 : performance]
    if results < 2 or parts[results - 2] not in DIVISIONS:
        return _named(Place("/".join(parts[:results]), run=run), inner)
    division, submitter = parts[results - 2 : results]
    above = Place("/".join(parts[: results - 2]), division, submitter, run=run)
    return _named(above, inner)


def _named(above: Place, inner: list[str]) -> Place:
    """Return a place with system, benchmark and scenario, of which the folders above a run name the last ones."""
    names: dict[str, str] = {}
    if inner:
        names["scenario"] = inner[-1]
    if len(inner) > 2:
        names |= {"system": inner[0], "benchmark": inner[1]}
    elif len(inner) == 2:
        names["benchmark"] = inner[0]
    return replace(above, **names)


def from_root(path: Path, where: Place) -> str:
    """Return a file's path from the root of its submission; the file's name where no marker of a submission is above it."""
    text = absolute(path)
    prefix = f"{where.prefix}/"
    if where.prefix and text.startswith(prefix):
        return text.removeprefix(prefix)
    return path.name


def supporting(folder: str, where: Place, folders: Folders) -> list[Beside]:
    """Return the files that tell about a run, each with what it is."""
    above, _, last = folder.rpartition("/")
    is_numbered = last.startswith("run_")
    performance = above if is_numbered else folder
    scenario = performance.rpartition("/")[0]
    wanted = [Beside("detail", folder, DETAIL), Beside("power-log", folder, POWER_LOG)]
    for accuracy in (f"{scenario}/{where.scenario}", *_scenarios(scenario)):
        wanted += [
            Beside("accuracy", f"{accuracy}/accuracy", "accuracy.txt"),
            Beside("endpoints-accuracy", f"{accuracy}/accuracy", ENDPOINTS_ACCURACY),
        ]
    wanted += [
        Beside("power-server", f"{performance}/power", "server.json"),
        Beside("power-client", f"{performance}/power", "client.json"),
        Beside("measurements", scenario, "measurements.json"),
        Beside("user.conf", scenario, "user.conf"),
        Beside("config.yaml", scenario, "config.yaml"),
    ]
    present = [file for file in wanted if folders.has(file.folder, file.name)]
    present += _tests(scenario, folders)
    if where.system:
        present += _described(scenario, where, folders)
    if where.division not in ("closed", "network"):
        present += _mappings(scenario, where, folders)
    return present


def _mappings(scenario: str, where: Place, folders: Folders) -> Iterator[Beside]:
    """Yield the files that give the models of an open submission their benchmarks, the nearest first.

    They may stand in any folder from the result's own up to the top of the submission, and beside the results in those
    of the measurements and systems.
    """
    folder = scenario
    while len(folder) >= len(where.prefix) and folder.rpartition("/")[0] != folder:
        for beside in (folder, *_beside(folder)):
            if folders.has(beside, model_mapping.NAME):
                yield Beside("model-mapping", beside, model_mapping.NAME)
        folder = folder.rpartition("/")[0]


def _beside(folder: str) -> Iterator[str]:
    """Yield the folders that hold the measurements and systems of a folder of results."""
    head, results, tail = f"{folder}/".rpartition("/results/")
    if results:
        for name in ("measurements", "systems"):
            yield f"{head}/{name}/{tail}".rstrip("/")


def _described(scenario: str, where: Place, folders: Folders) -> Iterator[Beside]:
    """Yield what stands beside the results: the system, the description of the measurement, compliance tests."""
    head = scenario.rpartition("/results/")[0]
    tails = [folder[len(head) + len("/results/") :] for folder in _scenarios(scenario)]
    for tail in tails:
        named = f"{head}/measurements/{tail}"
        for folder in (named, *folders.deeper.get(named, ())):
            for name in folders.names.get(folder, ()):
                if name == "user.conf":
                    yield Beside("user.conf", folder, name)
                elif name.endswith(".json"):
                    yield Beside("measurements", folder, name)
    system = f"{where.system}.json"
    if folders.has(f"{head}/systems", system):
        yield Beside("system", f"{head}/systems", system)
    for kind in ("compliance", "audit"):
        for tail in tails:
            yield from _tests(f"{head}/{kind}/{tail}", folders)


def _tests(scenario: str, folders: Folders) -> Iterator[Beside]:
    """Yield the verdicts of the compliance tests in a folder."""
    for test in _TESTS:
        folder = f"{scenario}/{test}"
        for name in folders.names.get(folder, ()):
            if _VERDICT.match(name):
                yield Beside(f"test:{test}", folder, name)


@dataclass
class Homes:
    """The folders whose files belong with the runs of a source: those of their submitters, and the submissions' tops."""

    folders: set[str] = field(default_factory=set)
    tops: set[str] = field(default_factory=set)
    depths: set[int] = field(default_factory=set)

    def add(self, folder: str, where: Place) -> None:
        """Add the home of a run."""
        home = where.prefix or folder
        if where.division:
            home = f"{where.prefix}/{where.division}/{where.submitter}"
        self.folders.add(home)
        self.depths.add(home.count("/") + 1)
        self.tops.add(where.prefix)

    def hold(self, folder: str) -> bool:
        """Say whether the files of a folder, by its absolute path, belong with a run."""
        if folder in self.tops:
            return True
        parts = folder.split("/")
        return any("/".join(parts[:depth]) in self.folders for depth in self.depths)
