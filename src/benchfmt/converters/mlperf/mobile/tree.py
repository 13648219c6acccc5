"""Where the files of the MLPerf Mobile app stand: results, logs, and what describes them; folders are absolute text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.converters.base import Source, Unit
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.layout import Place
from benchfmt.converters.mlperf.mobile.files import Part, Task
from benchfmt.converters.mlperf.places import Places
from benchfmt.readers import heads
from benchfmt.readers.files import file_sha256
from benchfmt.suites import mlperf_inference
from benchfmt.suites import mlperf_mobile as rules

LOG_FILES = {layout.SUMMARY: "summary", layout.DETAIL: "detail"}
HEAD_BYTES = 64 * 1024
"""The id of the first benchmark stands in the first kilobyte of a result file."""

_NOT_RESULTS = {"mlperf_log_accuracy.json", "mlperf_log_trace.json"}
_BENCHMARK_ID = re.compile(rb'"benchmark_id"\s*:\s*"')
_APP_KEY = re.compile(rb'"(loadgen_scenario|backend_settings|performance_run|score)"\s*:')
_BY_ID = re.compile(r"(?P<id>.+)-(?P<run>performance|accuracy)")
_BY_MODEL = re.compile(r"log_(?P<run>performance|accuracy)")
_PREFERRED = ("result.json", "results.json")


@dataclass(frozen=True, slots=True)
class Logs:
    """The logs of one run: the folder above its benchmark's, which benchmark, which run, and the files."""

    base: str
    benchmark: str
    run: str
    files: dict[str, Path] = field(default_factory=dict)

    @property
    def primary(self) -> Path:
        """The file that a record of the log alone is of."""
        return self.files.get("summary") or self.files["detail"]

    @property
    def parts(self) -> list[Part]:
        """The files with what they are."""
        return [
            Part(f"{self.run}-{what}", path, self.benchmark)
            for what, path in sorted(self.files.items())
        ]


@dataclass
class Tree:
    """The files of a source that the app or a submitter wrote, by folder."""

    results: list[Path]
    logs: dict[str, Logs] = field(default_factory=dict)
    _systems: Mapping[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    _measurements: Mapping[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    _owners: set[str] = field(default_factory=set)
    """The folders that hold results."""

    @classmethod
    def of(cls, source: Source, places: Places) -> Tree:
        """Return what a source holds; what stands where no results are is no result, and describes one at most."""
        tree = cls([path for path in result_files(source) if not places.why(_folder(path))])
        tree._owners.update(map(_folder, tree.results))
        for path in source.files:
            folder = _folder(path)
            if path.name in LOG_FILES:
                if not places.why(folder):
                    tree._add_log(folder, path)
            elif path.suffix == ".json":
                tree._add_description(folder, path)
        return tree

    def _add_log(self, folder: str, path: Path) -> None:
        logs = logs_of(folder, self._owners)
        if logs:
            self.logs.setdefault(folder, logs).files[LOG_FILES[path.name]] = path

    def _add_description(self, folder: str, path: Path) -> None:
        head, of_systems, inner = folder.rpartition("/systems")
        if of_systems and not inner:
            self._systems[head].append(path)
            return
        head, of_measurements, _ = folder.rpartition("/measurements/")
        if of_measurements:
            self._measurements[head].append(path)

    def unit_of_result(self, path: Path) -> Unit:
        """Return the unit of a result file, without options."""
        return self._unit(path, self._logs_below(_folder(path)))

    def units_of_logs(self) -> Iterator[Unit]:
        """Yield the units of performance runs that no result file is above, without options."""
        for logs in self.logs.values():
            if logs.run != "performance" or _nearest(logs.base, self._owners):
                continue
            beside = [
                part
                for part in self._logs_below(logs.base)
                if part.benchmark == logs.benchmark and part.path != logs.primary
            ]
            yield self._unit(logs.primary, beside)

    def _unit(self, path: Path, logs: Iterable[Part]) -> Unit:
        place = place_of(path)
        parts = (*logs, *self._described(place))
        return Unit(path, tuple(part.path for part in parts), extra=Task(place, parts))

    def _logs_below(self, folder: str) -> Iterator[Part]:
        """Yield the logs of which a folder of results is the nearest above."""
        owners = self._owners | {folder}
        for logs in self.logs.values():
            if _nearest(logs.base, owners) == folder:
                yield from logs.parts

    def _described(self, place: Place) -> Iterator[Part]:
        """Yield the descriptions of the system and of the measurements."""
        head = head_of(place)
        system = place.system
        systems = self._systems.get(head, [])
        if system is None and len(systems) == 1:
            # Some submitters have one system and no folder of it among the results.
            system = systems[0].stem
        for path in systems:
            if path.stem == system:
                yield Part("system", path, "")
        for path in self._measurements.get(head, []):
            benchmark = _measured(path, system)
            if benchmark:
                yield Part("measurement", path, benchmark)


def _measured(path: Path, system: str | None) -> str | None:
    """Return the benchmark whose measurement on a system a file describes, or None for another file."""
    inner = _folder(path).rpartition("/measurements/")[2].split("/")
    if len(inner) < 2 or (len(inner) > 2 and inner[0] != system):
        return None
    scenario = mlperf_inference.scenario(inner[-1])
    return scenario and rules.of_folder(inner[-2], scenario)


def _folder(path: Path) -> str:
    return path.absolute().parent.as_posix()


def _nearest(folder: str, owners: Collection[str]) -> str | None:
    """Return the folder itself or the nearest above it that is one of some."""
    while folder and folder not in owners:
        folder = folder.rpartition("/")[0]
    return folder or None


def result_files(source: Source) -> list[Path]:
    """Return the JSON files that have the keys of the app in their beginning."""
    files = source.with_suffix(".json")
    return [path for path in files if path.name not in _NOT_RESULTS and _is_result(path)]


def _is_result(path: Path) -> bool:
    try:
        head = heads.head(path, HEAD_BYTES)
    except OSError:
        return False
    return bool(_BENCHMARK_ID.search(head) and _APP_KEY.search(head))


def log_files(source: Source) -> list[Path]:
    """Return the logs in folders that are named after a benchmark of the suite."""
    return [path for path in source.files if path.name in LOG_FILES and logs_of(_folder(path))]


def logs_of(folder: str, owners: Collection[str] = ()) -> Logs | None:
    """Return which run the logs of a folder are of, by the folder's name; None where it is none of the app's.

    Beside a result file, in one of the owners, any name counts; elsewhere the benchmark must be one that is known.
    """
    base, _, name = folder.rpartition("/")
    match = _BY_ID.fullmatch(name)
    if match:
        benchmark = rules.canonical(match["id"])
        if benchmark is None and base in owners:
            benchmark = match["id"]
        if benchmark is None:
            return None
        return Logs(base, benchmark, match["run"])
    match = _BY_MODEL.fullmatch(name)
    base, *inner = folder.rsplit("/", 3)
    if match is None or len(inner) < 3:
        return None
    scenario = mlperf_inference.scenario(inner[1])
    if scenario is None:
        return None
    return Logs(base, rules.of_folder(inner[0], scenario) or inner[0], match["run"])


def place_of(path: Path) -> Place:
    """Return what the path of a result file or of a log says."""
    folder = _folder(path)
    logs = logs_of(folder)
    base = folder
    if logs:
        base = logs.base
    parts = folder.split("/")
    if "results" not in parts:
        return Place(base)
    results = len(parts) - 1 - parts[::-1].index("results")
    system = next(iter(base.split("/")[results + 1 :]), None)
    division = parts[max(0, results - 2)].casefold()
    if results < 2 or division not in layout.DIVISIONS:
        return Place("/".join(parts[:results]), system=system)
    return Place("/".join(parts[: results - 2]), division, parts[results - 1], system)


def head_of(place: Place) -> str:
    """Return the folder that holds results, systems and measurements; empty where there is no such folder."""
    division = place.division
    if not division or not place.submitter:
        if Path(f"{place.prefix}/results").is_dir():
            return place.prefix
        return ""
    # The division's folder may be spelt in another case, which the path keeps.
    for name in (division, division.capitalize(), division.upper()):
        head = f"{place.prefix}/{name}/{place.submitter}"
        if Path(head).is_dir():
            return head
    return ""


def copies(results: list[Path]) -> dict[Path, Path]:
    """Return the result files that are the same as another of their folder, each with that one.

    The app keeps a run under its own name and a copy of the last one as result.json.
    """
    first_of: dict[tuple[str, str], Path] = {}
    same = {}
    for path in sorted(results, key=lambda path: (path.name not in _PREFERRED, path.absolute())):
        first = first_of.setdefault((_folder(path), file_sha256(path)), path)
        if first != path:
            same[path] = first
    return same
