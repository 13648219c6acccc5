"""MLPerf Mobile: the app's result files of every version, alone or in a submission with LoadGen's logs.

    closed/<submitter>/systems/<system>.json
    closed/<submitter>/measurements/<system>/<model>/<scenario>/*.json
    closed/<submitter>/results/<system>/result.json or results.json     (the system's folder is left out by some)
                               /<model>/<scenario>/log_{performance,accuracy}/mlperf_log_*.txt        (up to v4.0)
                               /<benchmark id>-{performance,accuracy}/mlperf_log_*.txt                 (v3.1 on)

One record per benchmark, of its performance and its accuracy run. A log whose benchmark no result file has gives a
record of its own. What the app's words mean is data: `benchfmt.suites.mlperf_mobile`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.layout import Place
from benchfmt.converters.mlperf.mobile import record as mobile_record
from benchfmt.converters.mlperf.mobile.files import NAME, VERSION, Part, Task
from benchfmt.converters.mlperf.places import Places
from benchfmt.finding import BenchfmtError
from benchfmt.readers import heads
from benchfmt.readers.files import file_sha256
from benchfmt.suites import mlperf_inference
from benchfmt.suites import mlperf_mobile as rules

__all__ = ["NAME", "VERSION", "detect", "plan", "read"]
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}
HEAD_BYTES = 64 * 1024
"""The id of the first benchmark stands in the first kilobyte of a result file."""

_LOG_FILES = {layout.SUMMARY: "summary", layout.DETAIL: "detail"}
_NOT_RESULTS = {"mlperf_log_accuracy.json", "mlperf_log_trace.json"}
_BENCHMARK_ID = re.compile(rb'"benchmark_id"\s*:\s*"')
_APP_KEY = re.compile(rb'"(loadgen_scenario|backend_settings|performance_run|score)"\s*:')
_BY_ID = re.compile(r"(?P<id>.+)-(?P<run>performance|accuracy)")
_BY_MODEL = re.compile(r"log_(?P<run>performance|accuracy)")
_PREFERRED = ("result.json", "results.json")
_WHY = (
    (
        re.compile(r"mlperf_log_accuracy\.json$"),
        "answers of the model; their score stands in the result file",
    ),
    (re.compile(r"mlperf_log_trace\.json[0-9]*$"), "a trace of events"),
    (
        re.compile(r"(^|/)mlperf_log_(summary|detail)\.txt$"),
        "a LoadGen log of which its folder does not say the benchmark",
    ),
    (re.compile(r"_outputs/[^/]+$"), "what the model made in the accuracy run"),
    (re.compile(r"(^|/)code/"), "code of the submission"),
    (re.compile(r"(^|/)systems/[^/]+\.json$"), "describes a system of which no result is here"),
    (
        re.compile(r"(^|/)measurements/"),
        "describes a measurement of which no result is here, or something else than one",
    ),
    (re.compile(r"(?i)\.(md|adoc|html|png|jpe?g|pdf|xlsx?)$"), "for people"),
    (
        re.compile(r"(^|/)\.[^/]*$|\.sw[op]$|~$|(^|/)Thumbs\.db$"),
        "a stray file of an editor or of the system",
    ),
)
PATTERNS = (
    Pattern((layout.SUMMARY, layout.DETAIL)),
    Pattern(("*.json",), words=('"benchmark_id"',)),
)


def detect(source: Source) -> Match | None:
    """Say whether a source holds results of the MLPerf Mobile app or logs in its folders, or None."""
    results = _result_files(source)
    if results:
        return Match(
            0.9,
            f"{len(results)} result files of the MLPerf Mobile app, first {source.relative(results[0])}",
        )
    logs = [
        path for path in source.files if path.name in _LOG_FILES and _log_place(_text(path.parent))
    ]
    return (
        Match(
            0.9,
            f"{len(logs)} LoadGen logs in folders of MLPerf Mobile, first {source.relative(logs[0])}",
        )
        if logs
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each result file with all that tells about it, then one for each run of which there is only a log."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rules.ROUNDS:
        raise BenchfmtError(
            f"there is no round {wanted!r} of MLPerf Mobile; there are: {', '.join(rules.ROUNDS)}"
        )
    places = Places.of(source)
    tree = _Tree.of(source, places)
    heads: set[str] = set()
    used: set[Path] = set()
    for path, doubled in _kept(tree.results):
        if doubled:
            yield Skipped(path, doubled)
            continue
        place = _place(_text(path))
        parts = [*tree.logs_of(_text(path.parent)), *tree.described(place)]
        heads.add(_head(place))
        used |= {path, *(part.path for part in parts)}
        yield _unit(path, place, parts, options, source)
    for folder in tree.orphans():
        found = tree.logs[folder]
        place = _place(f"{folder}/{layout.SUMMARY}")
        heads.add(_head(place))
        others = [part for part in tree.logs_of(found.base) if part.benchmark == found.benchmark]
        primary = found.files.get("summary") or found.files["detail"]
        parts = [*(part for part in others if part.path != primary), *tree.described(place)]
        used |= {primary, *(part.path for part in parts)}
        yield _unit(primary, place, parts, options, source)
    for path in source.files:
        text = _text(path)
        if path not in used and any(head and text.startswith(f"{head}/") for head in heads):
            why = next((why for pattern, why in _WHY if pattern.search(text)), None)
            if why:
                yield Skipped(path, why)
    yield from (item for item in places.skipped(source) if item.path not in used)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of a result file or of one log, and what is wrong with them."""
    if unit.path.name in _LOG_FILES:
        yield from mobile_record.of_log(unit)
    else:
        yield from mobile_record.of_file(unit)


def _unit(
    path: Path, place: Place, parts: list[Part], options: Mapping[str, str], source: Source
) -> Unit:
    return Unit(
        path, tuple(part.path for part in parts), options, Task(place, tuple(parts)), source.limits
    )


# --- where things stand ---


@dataclass(frozen=True)
class _Logs:
    """The logs of one run: the folder above its benchmark's, which benchmark, which run, and the files."""

    base: str
    benchmark: str
    run: str
    files: dict[str, Path] = field(default_factory=dict)


@dataclass
class _Tree:
    """The files of a source that the app or a submitter wrote, by folder; folders are absolute text."""

    results: list[Path]
    logs: dict[str, _Logs] = field(default_factory=dict)
    systems: dict[str, list[Path]] = field(default_factory=dict)
    measurements: dict[str, list[Path]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source, places: Places) -> _Tree:
        """Return what a source holds; what stands where no results are is no result, and describes one at most."""
        tree = cls([path for path in _result_files(source) if not places.why(_text(path.parent))])
        mine = {_text(path.parent) for path in tree.results}
        for path in source.files:
            folder = _text(path.parent)
            if path.name in _LOG_FILES and not places.why(folder):
                place = _log_place(folder, mine)
                if place:
                    tree.logs.setdefault(folder, place).files[_LOG_FILES[path.name]] = path
            elif path.suffix == ".json" and folder.endswith("/systems"):
                tree.systems.setdefault(folder.removesuffix("/systems"), []).append(path)
            elif path.suffix == ".json" and "/measurements/" in folder:
                tree.measurements.setdefault(folder.rpartition("/measurements/")[0], []).append(
                    path
                )
        return tree

    def logs_of(self, folder: str) -> list[Part]:
        """Return the logs of which a result file in this folder is the nearest above."""
        owners = {_text(path.parent) for path in self.results} | {folder}
        found = []
        for logs in self.logs.values():
            above = [
                owner for owner in owners if logs.base == owner or logs.base.startswith(f"{owner}/")
            ]
            if above and max(above, key=len) == folder:
                found += [
                    Part(f"{logs.run}-{what}", path, logs.benchmark)
                    for what, path in sorted(logs.files.items())
                ]
        return found

    def orphans(self) -> Iterator[str]:
        """Yield the folders of performance runs that no result file is above."""
        owners = {_text(path.parent) for path in self.results}
        for folder, logs in self.logs.items():
            owned = any(logs.base == owner or logs.base.startswith(f"{owner}/") for owner in owners)
            if logs.run == "performance" and not owned:
                yield folder

    def described(self, place: Place) -> list[Part]:
        """Return the descriptions of the system and of the measurements."""
        head = _head(place)
        systems = self.systems.get(head, [])
        named = [path for path in systems if path.stem == place.system]
        # Some submitters have one system and no folder of it among the results.
        chosen = named or (systems if place.system is None and len(systems) == 1 else [])
        parts = [Part("system", path, "") for path in chosen]
        for path in self.measurements.get(head, []):
            inner = _text(path).rpartition("/measurements/")[2].split("/")
            scenario = mlperf_inference.scenario(inner[-2]) if len(inner) > 2 else None
            benchmark = rules.of_folder(inner[-3], scenario) if scenario else None
            system = inner[0] if len(inner) > 3 else None
            if benchmark and system in (place.system or (chosen[0].stem if chosen else None), None):
                parts.append(Part("measurement", path, benchmark))
        return parts


def _text(path: Path) -> str:
    return path.absolute().as_posix()


def _result_files(source: Source) -> list[Path]:
    return [
        path
        for path in source.with_suffix(".json")
        if path.name not in _NOT_RESULTS and _is_result(path)
    ]


def _is_result(path: Path) -> bool:
    """Say whether a JSON file has the keys of the app, looking at its beginning only."""
    try:
        head = heads.head(path, HEAD_BYTES)
    except OSError:
        return False
    return bool(_BENCHMARK_ID.search(head) and _APP_KEY.search(head))


def _log_place(folder: str, results: set[str] | frozenset[str] = frozenset()) -> _Logs | None:
    """Return which run the logs of a folder are of, by the folder's name; None where it is none of the app's.

    Beside a result file any name counts; elsewhere the benchmark must be one that is known.
    """
    parts = folder.split("/")
    match = _BY_ID.fullmatch(parts[-1])
    if match:
        base = "/".join(parts[:-1])
        benchmark = rules.canonical(match["id"]) or (match["id"] if base in results else None)
        return _Logs(base, benchmark, match["run"]) if benchmark else None
    match = _BY_MODEL.fullmatch(parts[-1])
    scenario = mlperf_inference.scenario(parts[-2]) if match and len(parts) > 3 else None
    if not match or not scenario:
        return None
    benchmark = rules.of_folder(parts[-3], scenario) or parts[-3]
    return _Logs("/".join(parts[:-3]), benchmark, match["run"])


def _place(text: str) -> Place:
    """Return what the path of a result file or of a log says."""
    parts = text.split("/")
    results = next(
        (index for index in range(len(parts) - 2, -1, -1) if parts[index] == "results"), None
    )
    if results is None:
        logs = _log_place("/".join(parts[:-1]))
        return Place(logs.base if logs else "/".join(parts[:-1]))
    held = results >= 2 and parts[results - 2].casefold() in layout.DIVISIONS
    inner = parts[results + 1 : -1]
    logs = _log_place("/".join(parts[:-1]))
    if logs:
        inner = logs.base.split("/")[results + 1 :]
    return Place(
        "/".join(parts[: results - 2] if held else parts[:results]),
        parts[results - 2].casefold() if held else None,
        parts[results - 1] if held else None,
        inner[0] if inner else None,
    )


def _head(place: Place) -> str:
    """Return the folder that holds results, systems and measurements; empty where there is no such folder."""
    if place.division and place.submitter:
        # The division's folder may be spelt in another case, which the path keeps.
        return next(
            (
                f"{place.prefix}/{name}/{place.submitter}"
                for name in _spellings(place.division)
                if Path(f"{place.prefix}/{name}/{place.submitter}").is_dir()
            ),
            "",
        )
    return place.prefix if Path(f"{place.prefix}/results").is_dir() else ""


def _spellings(name: str) -> tuple[str, str, str]:
    return name, name.capitalize(), name.upper()


def _kept(results: list[Path]) -> Iterator[tuple[Path, str | None]]:
    """Yield each result file, with the reason for one that is the same as another of its folder.

    The app keeps a run under its own name and a copy of the last one as result.json.
    """
    seen: dict[tuple[str, int], list[tuple[str, Path]]] = {}
    doubled: dict[Path, str] = {}
    for path in sorted(results, key=lambda path: (path.name not in _PREFERRED, _text(path))):
        alike = seen.setdefault((_text(path.parent), path.stat().st_size), [])
        digest = file_sha256(path)
        same = next((other for known, other in alike if known == digest), None)
        if same:
            doubled[path] = f"the same as {same.name}"
        else:
            alike.append((digest, path))
    for path in results:
        yield path, doubled.get(path)
