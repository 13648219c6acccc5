"""MLPerf Storage v0.5 to v3.0: submission trees, or any part of one, from reports and run summaries to records.

    <division>/<submitter>/systems/<system>.json                                            (YAML from v3.0)
    <division>/<submitter>/results/<system>/<workload>[-<accelerator>][/…]/[runs/]mlperf_storage_report.json
                                                              …/run<N>/[<host>/]summary.json, configs/config.yaml
    <division>/<submitter>/results/<system>/training/<model>/run/<time>/summary.json        (v3.0: no report)
    <division>/<submitter>/results/<system>/checkpointing/<model>/<time>/summary.json

One record per report, or per workload where there is none. The report says the rates of each run and their means; the
summaries of the runs add the accelerator utilisation, and are not counted again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.tiny import as_record, set_aside
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import Limits
from benchfmt.readers import jsons, mlperf_json
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.record import TIME_PATTERN, given
from benchfmt.suites import mlperf_storage as rules
from benchfmt.units import conversion, convert, exact
from benchfmt.vocabulary import vocabulary

NAME = "mlperf-storage"
VERSION = "1.0"
SUITE = "mlperf-storage"
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}

REPORT = "mlperf_storage_report.json"
SUMMARY = "summary.json"
PRUNED = b"PRUNED BY STAFF"
"""What stands in the place of a large file in v3.0."""
_DIVISIONS = ("closed", "open")
_RUN = re.compile(r"run[-_]?[0-9]{1,4}|[0-9]{8}_[0-9]{6}")
_ACCELERATOR = re.compile(r"(?:^|[-_/])([abhv][0-9]{3})(?=$|[-_/])", re.IGNORECASE)
_ROUND = re.compile(r"(?:storage_results_)?(v[0-9]\.[0-9])")
_UNREAD = re.compile(rf"/(?:closed|open)/[^/]+/results/[^/]+/(?:{'|'.join(rules.UNREAD_PHASES)})/", re.IGNORECASE)
_CONFIG_BYTES = 1_000_000
_EXACT = Fraction(1, 10**9)
_HEAD = 64 * 1024
_EMULATED = "emulated-accelerator"
_WHY = (
    (re.compile(r"(^|/)\._"), "a copy that macOS made of a file's attributes"),
    (re.compile(r"(^|/)(datagen|datasize)/|(^|/)generation_logs/"), "from the making of the data, which is not measured"),
    (re.compile(r"per_epoch_stats\.json$"), "times of each epoch; the rates stand in summary.json"),
    (re.compile(r"(^|/)([0-9]+_output|iostat|fs_separation|cluster_info|results)\.json$|_timeseries\.json$"),
     "details of a run; its numbers stand in summary.json"),
    (re.compile(r"_metadata\.json$"), "settings of a run; those of the first run are read"),
    (re.compile(r"(^|/)(hydra|overrides|config)\.yaml$"), "settings of a run; those of the first run are read from config.yaml"),
    (re.compile(r"(^|/)summary\.json$"), "a summary of no run of a result"),
    (re.compile(r"\.log$|\.out$|\.err$"), "the log of a run"),
    (re.compile(r"(^|/)systems/[^/]+\.(json|ya?ml)$"), "describes a system of which no result is here"),
    (re.compile(r"(^|/)code(-[0-9a-f]+)?/"), "code of the submission"),
    (re.compile(r"(?i)\.(md|adoc|html|png|jpe?g|pdf|docx?|xlsx?|sh|py)$"), "for people, or a program"),
    (re.compile(r"(^|/)\.[^/]*$|~$"), "a stray file of an editor or of the system"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """What the path of a result says, None for what it does not say; `prefix` is the folder above the submission."""

    prefix: str
    division: str | None = None
    submitter: str | None = None
    system: str | None = None
    inner: tuple[str, ...] = ()
    """The folders below the system's."""
    location: str | None = None
    round: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a unit needs besides its files: its place, and what each file is, the primary one first."""

    place: Place
    roles: tuple[str, ...]


# --- the three functions ---


def detect(source: Source) -> Match | None:
    """Say how many reports and run summaries of MLPerf Storage a source holds, or None."""
    reports = [
        path for path in source.files.named(REPORT) if path.name == REPORT and _holds(path, b'"overall"', b'"train_')
    ]
    summaries = [path for path in source.files.named(SUMMARY) if _is_summary(path)]
    found = reports or summaries
    if not found:
        return None
    return Match(
        0.9,
        f"{len(reports)} reports and {len(summaries)} run summaries of MLPerf Storage, first {source.relative(found[0])}",
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each result, then what the other files are."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rules.ROUNDS:
        raise BenchfmtError(f"there is no round {wanted!r} of MLPerf Storage; there are: {', '.join(rules.ROUNDS)}")
    groups, copies = _without_copies(_groups(source))
    for copy, first in copies:
        yield Skipped(copy, f"the same report as {source.relative(first)}")
    described = _system_files(source)
    roots = set()
    for folder, files in groups.items():
        where = place(folder)
        roots.add(where.prefix or folder)
        phase = next((part for part in where.inner if part in rules.UNREAD_PHASES), None)
        if phase:
            for _, path in files:
                yield Failed(path, f"what the results of {phase} mean is not known: no description of them was found")
            continue
        system = _system_of(where, described)
        both = [*files, *([("system", system)] if system else [])]
        roles, paths = [role for role, _ in both], [path for _, path in both]
        yield Unit(paths[0], tuple(paths[1:]), options, Task(where, tuple(roles)), source.limits)
    yield from set_aside(source, roots, _WHY)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one result, and what is wrong with its files."""
    result = Result(unit)
    yield as_record(result.record(), unit.path)
    yield from result.items


# --- where things stand ---


def _holds(path: Path, *marks: bytes) -> bool:
    """Say whether a file begins with some words, or is a placeholder of one."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return head.startswith(PRUNED) or all(mark in head for mark in marks)


def _is_summary(path: Path) -> bool:
    if path.name != SUMMARY or re.search(r"/(datagen|datasize)/", path.absolute().as_posix()):
        return False
    # Of what nobody has described only the place in a submission tells what it is.
    unread = _UNREAD.search(path.absolute().as_posix())
    return _holds(path) if unread else _holds(path, b'"metric"', b'"num_accelerators"', b'"hostname"')


def _groups(source: Source) -> dict[str, list[tuple[str, Path]]]:
    """Return the files of each result by its folder (absolute, as text), the primary one first."""
    folders: dict[str, list[Path]] = {}
    for path in source.files.named(".json", ".yaml"):
        if not path.name.startswith("._"):
            folders.setdefault(path.absolute().parent.as_posix(), []).append(path)
    groups: dict[str, list[tuple[str, Path]]] = {
        folder: [("report", path)]
        for folder, paths in folders.items()
        for path in paths
        if path.name == REPORT and not path.is_symlink()
    }
    reports = set(groups)
    for folder, paths in folders.items():
        summary = next((path for path in paths if path.name == SUMMARY), None)
        if summary is None or not _is_summary(summary):
            continue
        files = groups.setdefault(_nearest(folder, reports) or _workload_folder(folder), [])
        first = not any(role == "summary" for role, _ in files)
        files.append(("summary", summary))
        if first:
            files += _settings(folder, folders)
    return groups


def _without_copies(
    groups: Mapping[str, list[tuple[str, Path]]],
) -> tuple[dict[str, list[tuple[str, Path]]], list[tuple[Path, Path]]]:
    """Return the results, and the reports that are copies with the first of each: some stand beside the runs and among them."""
    kept: dict[str, list[tuple[str, Path]]] = {}
    copies: list[tuple[Path, Path]] = []
    by_location: dict[str, str] = {}
    for folder, files in groups.items():
        first = kept.get(by_location.setdefault(place(folder).location or folder, folder))
        both_reports = first is not None and files[0][0] == first[0][0] == "report"
        if first and both_reports and file_sha256(first[0][1]) == file_sha256(files[0][1]):
            copies.append((files[0][1], first[0][1]))
            first += files[1:]
        else:
            kept[folder] = files
    return kept, copies


def _settings(folder: str, folders: Mapping[str, list[Path]]) -> Iterator[tuple[str, Path]]:
    """Yield the files with the settings of a run."""
    for inner in ("configs", "dlio_config"):
        yield from (("config", path) for path in folders.get(f"{folder}/{inner}", ()) if path.name == "config.yaml")
    metadata = next((path for path in folders[folder] if path.name.endswith("_metadata.json")), None)
    if metadata:
        yield "metadata", metadata


def _nearest(folder: str, reports: set[str]) -> str | None:
    """Return the folder of the report that a run belongs to."""
    while folder:
        if folder in reports:
            return folder
        folder = folder.rpartition("/")[0]
    return None


def _workload_folder(folder: str) -> str:
    """Return the folder of a result without report: that above its runs."""
    parts = folder.split("/")
    last = next((index for index in range(len(parts) - 1, 0, -1) if _RUN.fullmatch(parts[index])), None)
    if last is None:
        return folder
    return "/".join(parts[: last - 1] if parts[last - 1] in ("run", "runs") else parts[:last])


def place(folder: str) -> Place:
    """Return what the path of a result's folder says."""
    parts = folder.split("/")
    results = next((index for index in range(len(parts) - 1, -1, -1) if parts[index] == "results"), None)
    if results is None or results < 2:
        return Place("", inner=tuple(parts[-2:]))
    division = parts[results - 2].lower() if parts[results - 2].lower() in _DIVISIONS else None
    start = results - 2 if division else results
    inner = [part for part in parts[results + 2 :] if part not in ("run", "runs")]
    rounds = _ROUND.fullmatch(parts[results - 3]) if division and results >= 3 else None
    whole = [*parts[start : results + 2], *inner]
    return Place(
        "/".join(parts[:start]), division, parts[results - 1] if division else None,
        parts[results + 1] if len(parts) > results + 1 else None, tuple(inner),
        "/".join(whole) if division and inner else None,
        rounds[1] if rounds and rounds[1] in rules.ROUNDS else None,
    )  # fmt: skip


def _system_files(source: Source) -> dict[str, Path]:
    """Return the descriptions of systems by the submitter's folder and the file's stem, `<folder>/<stem>`."""
    found: dict[str, Path] = {}
    for path in source.files.named(".json", ".yaml", ".yml"):
        folder, _, last = path.absolute().parent.as_posix().rpartition("/")
        if last == "systems" and not path.name.startswith("._"):
            found.setdefault(f"{folder}/{path.stem}", path)
    return found


def _system_of(where: Place, described: Mapping[str, Path]) -> Path | None:
    if where.system is None or where.location is None:
        return None
    depth = len(where.location.split("/results/")[0])
    return described.get(f"{where.prefix}/{where.location[:depth]}/{where.system}")


# --- one result ---


@dataclass(slots=True)
class OneRun:
    """What one run says: its name or folder, and its numbers as they stand in the file."""

    name: str
    samples: Digits | None = None
    megabytes: Digits | None = None
    utilization: Digits | None = None
    met: str | None = None
    cached: bool = False


@dataclass
class Result:
    """Everything known of one result while its record is made."""

    unit: Unit
    items: list[Item] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    caveats: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Give each file its role."""
        task: Task = self.unit.extra
        self.place = task.place
        self.files: dict[str, list[Path]] = {}
        for role, path in zip(task.roles, (self.unit.path, *self.unit.supporting), strict=True):
            self.files.setdefault(role, []).append(path)

    def record(self) -> dict[str, Any] | Failed:
        """Return the record as plain data; a Failed where nothing can be read."""
        report: dict[str, Any] = {}
        if "report" in self.files:
            data = self._read(self.unit.path)
            if isinstance(data, str):
                return Failed(self.unit.path, data)
            report = data
            if not isinstance(report.get("overall"), dict):
                return Failed(self.unit.path, "a report without `overall`: it says no result")
        summaries = self._summaries()
        if not report and not summaries:
            broken = [item for item in self.items if isinstance(item, Failed)]
            self.items = [item for item in self.items if item not in broken[:1]]
            return broken[0] if broken else Failed(self.unit.path, "no summary of a run can be read")
        config, metadata = self._config(), self._metadata()
        if "checkpointing" in self.place.inner:
            measurements = _checkpoints(summaries, self)
        else:
            measurements = self._training(report, summaries, config)
        if not any("value" in item for item in measurements):
            return Failed(self.unit.path, "no rate can be read: the report or the summaries have no number of it")
        return self._whole(report, summaries, config, metadata, measurements)

    # --- files ---

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission, or its name."""
        text = path.absolute().as_posix()
        prefix = f"{self.place.prefix}/"
        return text[len(prefix) :] if self.place.prefix and text.startswith(prefix) else path.name

    def find(self, code: str, path: str, message: str, hint: str | None = None) -> None:
        """Note a fault of the source."""
        self.items.append(Finding(code, Severity.WARNING, path, None, None, None, message, None, hint))

    def _note(self, path: Path) -> str:
        where = self.root(path)
        self.sources.append({"path": where, "sha256": file_sha256(path)})
        return where

    def _read(self, path: Path) -> dict[str, Any] | str:
        """Return the object of a JSON file, or why there is none."""
        try:
            if is_pruned(path):
                return "a placeholder: the file was taken out of the results (PRUNED BY STAFF)"
            data = jsons.read(path, self.unit.limits, digits=True)
        except (BenchfmtError, OSError) as error:
            return str(error)
        if not isinstance(data, dict):
            return "not an object of a result"
        self._note(path)
        return data

    def _summaries(self) -> list[tuple[Path, dict[str, Any]]]:
        found = []
        for path in self.files.get("summary", ()):
            data = self._read(path)
            if isinstance(data, str):
                self.items.append(Failed(path, data))
            elif not isinstance(data.get("metric"), dict):
                self.items.append(Failed(path, "a summary without `metric`: the run measured nothing"))
            else:
                found.append((path, data))
        return found

    def _config(self) -> Mapping[str, Any]:
        """Return the workload's settings; in v3.0 the metadata has them too."""
        path = next(iter(self.files.get("config", ())), None)
        if path is None:
            return {}
        data, error = read_yaml(path)
        if error:
            self.items.append(Failed(path, error))
            return {}
        self._note(path)
        return _object(_object(data).get("workload"))

    def _metadata(self) -> Mapping[str, Any]:
        path = next(iter(self.files.get("metadata", ())), None)
        data = self._read(path) if path else {}
        if isinstance(data, str) and path:
            self.items.append(Failed(path, data))
        return _object(data)

    # --- training: rates and utilisation ---

    def _training(
        self, report: Mapping[str, Any], summaries: list[tuple[Path, dict[str, Any]]], config: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        measured = [_of_summary(self._run_name(path), data) for path, data in summaries]
        runs = self._reported_runs(report, measured) if report else measured
        overall = _object(report.get("overall"))
        length = _record_length(config) or self._known_length(overall)
        unit = self._unit_of_bytes(runs, length)
        if any(run.cached for run in measured):
            self.caveats.append("cached")
        warm_up = not report and len(runs) == rules.WITH_WARM_UP
        if warm_up:
            self.extensions["warm_up_run"] = runs[0].name
        if runs and len(runs) > 1:
            self.extensions["runs"] = [run.name for run in runs]
        items = [
            self._rate("io-throughput", None, "MB", runs, overall, (unit, "By/s"), skip_first=warm_up),
            self._rate("throughput", "sample", "samples", runs, overall, ("/s", "/s"), skip_first=warm_up),
        ]
        headline = rules.headline(self.round)
        found = [item for item in items if item]
        if not found:
            return []
        next((item for item in found if item["metric"] == headline), found[0])["primary"] = True
        supported = overall.get("train_num_accelerators")
        if supported is None and summaries:
            supported = summaries[0][1].get("num_accelerators")
        count = _positive(supported)
        if count is not None:
            found.append({
                "metric": "mlperf:accelerators-supported", "value": float(count), "unit": "1", "basis": "measured",
                "reported_value": str(supported).strip(),
            })  # fmt: skip
        return [*found, self._utilization(runs, config, overall, skip_first=warm_up)]

    @property
    def round(self) -> str | None:
        """The round that the options or the path say."""
        return self.unit.options.get("round") or self.place.round

    def _run_name(self, path: Path) -> str:
        parts = path.absolute().parent.parts
        named = next((part for part in reversed(parts) if _RUN.fullmatch(part)), None)
        return named or parts[-1]

    def _reported_runs(self, report: Mapping[str, Any], measured: list[OneRun]) -> list[OneRun]:
        """Return the report's runs in its order, each with the utilisation of the summary that has the same rate."""
        rest = list(measured)
        runs = []
        for name, data in _object(report.get("runs")).items():
            said = _object(data)
            run = OneRun(str(name), _digits(said.get("train_throughput_samples_per_second")),
                         _digits(said.get("train_throughput_MB_per_second")))  # fmt: skip
            same = next((other for other in rest if other.samples == run.samples and run.samples), None)
            if same:
                rest.remove(same)
                run.utilization, run.met, run.cached = same.utilization, same.met, same.cached
            runs.append(run)
        if rest and runs:
            where = self.root(self.unit.path)
            self.find("BF701", where, f"the report has no run with the rate that the summary of {rest[0].name} says ({rest[0].samples} /s)",
                      "make the report anew from the runs")  # fmt: skip
            self.caveats.append("source-disagrees")
        return runs or measured

    def _known_length(self, overall: Mapping[str, Any]) -> Fraction | None:
        workload = rules.workload(self._workload(overall) or "")
        return exact(workload.record_length) if workload and workload.record_length else None

    def _unit_of_bytes(self, runs: list[OneRun], length: Fraction | None) -> str:
        """Return the unit of the numbers called MB: what the size of a sample proves, else what is written."""
        pairs = [(exact(run.megabytes), exact(run.samples)) for run in runs if run.megabytes and run.samples]
        if length and pairs:
            for unit, factor in (("MiBy/s", 2**20), ("MBy/s", 10**6)):
                if all(m and s and abs(m * factor - s * length) <= _EXACT * s * length for m, s in pairs):
                    if unit == "MiBy/s":
                        self.extensions["unit_written"] = "MB_per_second"
                    return unit
        return "MBy/s"

    def _rate(
        self,
        metric: str,
        per: str | None,
        what: str,
        runs: list[OneRun],
        overall: Mapping[str, Any],
        units: tuple[str, str],
        *,
        skip_first: bool,
    ) -> dict[str, Any] | None:
        """Return the mean of a rate over the runs: the report's own, else made from the summaries."""
        written, target = units
        texts = [run.megabytes if what == "MB" else run.samples for run in runs]
        mean = _digits(overall.get(f"train_throughput_mean_{what}_per_second"))
        counted = [text for text in texts[1 if skip_first else 0 :] if text]
        item = given(metric=metric, statistic="mean", stage="data-loading", per=per)
        value = convert(mean, written, target) if mean else None
        if value is not None and mean:
            spread = _digits(overall.get(f"train_throughput_stdev_{what}_per_second"))
            item |= given(
                value=value, unit=target, basis="measured", stddev=convert(spread, written, target) if spread else None
            )
            item |= {"reported_value": str(mean), "reported_unit": written}
            self._check_mean(metric, mean, counted)
        elif counted:
            numbers = [number for text in counted if (number := exact(text)) is not None]
            average, deviation = _mean(numbers)
            factor = convert("1", written, target) or 1.0
            item |= {"value": convert_exactly(average, written, target), "unit": target,
                     "basis": "measured" if len(counted) == 1 else "derived"}  # fmt: skip
            if len(counted) == 1:
                item |= {"reported_value": str(counted[0]), "reported_unit": written}
            else:
                item["stddev"] = deviation * factor
        else:
            return None
        samples = [convert(text, written, target) if text else None for text in texts]
        if skip_first and samples:
            samples[0] = None
        if samples and all(text is not None for text in texts):
            item |= {"n": len(samples), "samples": samples}
        caveats = {_EMULATED, *self.caveats}
        if written == "MiBy/s":
            caveats.add("unit-corrected")
        if item["value"] == 0:  # DLIO writes 0.0 of a run in which nothing was read
            key: dict[str, Any] = given(metric=metric, statistic="mean", stage="data-loading", per=per)
            return {**key, "missing": "invalid-in-source", **given(reported_value=str(mean) if mean else None)}
        item["caveats"] = sorted(caveats)
        return item

    def _check_mean(self, metric: str, mean: Digits, texts: list[Digits]) -> None:
        """Tell where the report's mean is not that of its runs."""
        numbers = [number for text in texts if (number := exact(text)) is not None]
        said = exact(mean)
        if not numbers or said is None:
            return
        average, _ = _mean(numbers)
        if abs(average - said) > _EXACT * abs(said):
            self.find("BF701", self.root(self.unit.path), f"the mean {metric} is {mean}; its runs give {float(average)!r}",
                      "make the report anew from the runs")  # fmt: skip
            self.caveats.append("source-disagrees")

    def _utilization(
        self, runs: list[OneRun], config: Mapping[str, Any], overall: Mapping[str, Any], *, skip_first: bool
    ) -> dict[str, Any]:
        """Return the mean utilisation of the emulated accelerators with the least that the workload asks for."""
        key = {"metric": "utilization", "statistic": "mean", "stage": "data-loading", "scope": "accelerator"}
        texts = [run.utilization for run in runs]
        known = [text for text in texts[1 if skip_first else 0 :] if text]
        if not known:
            return {**key, "missing": "not-reported"}
        workload = rules.workload(self._workload(overall) or "")
        least = workload.au if workload else None
        configured = _object(config.get("metric")).get("au")
        if least is None and isinstance(configured, str):
            least = configured
        numbers = [number for text in known if (number := exact(text)) is not None]
        average, deviation = _mean(numbers)
        item: dict[str, Any] = {**key, "value": convert_exactly(average, "%", "1"), "unit": "1",
                "basis": "measured" if len(known) == 1 else "derived"}  # fmt: skip
        caveats = {_EMULATED, *(c for c in self.caveats if c == "cached")}
        if len(known) == 1:
            item |= {"reported_value": str(known[0]), "reported_unit": "%"}
            if len(runs) > 1:
                caveats.add("single-observation")
        else:
            item["stddev"] = deviation / 100
        if len(known) == len(texts) - (1 if skip_first else 0):
            samples = [convert(text, "%", "1") if text else None for text in texts]
            if skip_first:
                samples[0] = None
            item |= {"n": len(samples), "samples": samples}
        else:
            item["n"] = len(known)
        target = convert(least, "1", "1") if least else None
        return {**item, **given(target_min=target), "caveats": sorted(caveats)}

    # --- the rest of the record ---

    def _workload(self, overall: Mapping[str, Any]) -> str | None:
        """Return the name of the workload: the report's, else that of a folder that is one."""
        named = overall.get("model")
        if isinstance(named, str) and not isinstance(named, Digits) and named:
            return named
        for part in self.place.inner:
            word = re.split(r"[-_](?=[abhv][0-9]{3}\b)", part)[0]
            if rules.workload(word):
                return word
        return self.place.inner[-1] if self.place.inner and self.place.location else None

    def _status(self, summaries: list[tuple[Path, dict[str, Any]]]) -> tuple[str, str | None]:
        """Return whether every run that counts kept its utilisation."""
        runs = [(self._run_name(path), data["metric"].get("train_au_meet_expectation")) for path, data in summaries]
        failed = [name for name, met in runs if met == "fail" and name != self.extensions.get("warm_up_run")]
        if failed:
            return "invalid", f"train_au_meet_expectation: fail ({', '.join(failed)})"
        return "ok", None

    def _whole(
        self,
        report: Mapping[str, Any],
        summaries: list[tuple[Path, dict[str, Any]]],
        config: Mapping[str, Any],
        metadata: Mapping[str, Any],
        measurements: list[dict[str, Any]],
    ) -> dict[str, Any]:
        overall = _object(report.get("overall"))
        first = summaries[0][1] if summaries else {}
        checkpointing = "checkpointing" in self.place.inner
        name = self._workload(overall)
        workload = rules.workload(name or "")
        description = self._system_file()
        status, detail = self._status(summaries)
        where = self.place.location
        starts = sorted(str(data["start"]) for _, data in summaries if isinstance(data.get("start"), str))
        record = {
            "benchfmt": "1.0",
            "benchmark": given(
                suite=SUITE, suite_version=self.round, name=name, division=self.place.division,
                category=_category(description), phase="checkpointing" if checkpointing else "storage",
            ),
            "task": "checkpointing" if checkpointing else workload.task if workload else "training-data-loading",
            "system": given(name=self.place.system) | system(description),
            "configuration": self._configuration(overall, first, config, metadata),
            "measurements": measurements,
            "status": status,
            "status_detail": detail,
            "provenance": given(
                submitter=self.place.submitter, measured_at=_time(starts[0]) if starts else None,
                execution="/".join(part for part in (self.round, where) if part) if where else None,
                sources=self.sources, converter=NAME, converter_version=VERSION,
            ),
            "extensions": {"mlperf": dict(sorted(self.extensions.items()))} if self.extensions else None,
        }  # fmt: skip
        return {key: value for key, value in record.items() if value is not None and value != {}}

    def _configuration(
        self,
        overall: Mapping[str, Any],
        first: Mapping[str, Any],
        config: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Return how the emulated training was set: what can be chosen, by the names of the files."""
        reader, train = _object(config.get("reader")), _object(config.get("train"))
        dataset = _object(config.get("dataset"))
        accelerator = overall.get("accelerator") or metadata.get("accelerator")
        if not isinstance(accelerator, str):
            found = [match[1] for part in self.place.inner if (match := _ACCELERATOR.search(part))]
            accelerator = found[-1].lower() if found else None
        chosen = given(
            accelerator=accelerator or None,
            epochs=_positive(first.get("epochs")),
            hosts=_positive(first.get("num_hosts") or overall.get("num_client_hosts")),
            files=_positive(overall.get("num_files_train") or first.get("num_files_train")),
            samples_per_file=_positive(overall.get("num_samples_per_file") or first.get("num_samples_per_file")),
            record_length_bytes=_number(_record_length(config)),
            computation_time_seconds=_plain_number(train.get("computation_time")),
            data_format=systems.said(dataset.get("format")),
            data_loader=systems.said(reader.get("data_loader")),
            prefetch_size=_positive(reader.get("prefetch_size")),
            framework=systems.said(config.get("framework")),
        )
        return given(
            batch_size=_positive(reader.get("batch_size")), threads=_positive(reader.get("read_threads")),
            hyperparameters=chosen or None,
        )  # fmt: skip

    def _system_file(self) -> dict[str, Any]:
        path = next(iter(self.files.get("system", ())), None)
        if path is None:
            self.find("BF706", self.root(self.unit.path), f"systems/{self.place.system or '<system>'} is not there: the hardware is not known",
                      "give the whole submission")  # fmt: skip
            return {}
        stamp = path.stat()
        data, repaired, error = _description(str(path), stamp.st_mtime_ns, stamp.st_size, self.unit.limits)
        where = self._note(path)
        if error:
            self.items.append(Failed(path, error))
            return {}
        for words in repaired:
            self.find("BF115", where, words, "correct the file")
        return data


def _of_summary(name: str, data: Mapping[str, Any]) -> OneRun:
    metric = data["metric"]
    caching = data.get("potential_caching")
    return OneRun(
        name,
        _digits(metric.get("train_throughput_mean_samples_per_second")),
        _digits(metric.get("train_io_mean_MB_per_second")),
        _digits(metric.get("train_au_mean_percentage")),
        metric.get("train_au_meet_expectation"),
        isinstance(caching, list) and any(flag not in ("0", False) for flag in caching),
    )


def _checkpoints(summaries: list[tuple[Path, dict[str, Any]]], result: Result) -> list[dict[str, Any]]:
    """Return rates and times of saving and loading checkpoints; one call may do both, or each one."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path, data in summaries:
        metric = data["metric"]
        unit = _checkpoint_unit(_digits(metric.get("checkpoint_size_GB")))
        caveats = given(caveats=["unit-corrected"] if unit == "GiBy" else None)
        for word, stage in (("save", "checkpoint-save"), ("load", "checkpoint-load")):
            rate = _digits(metric.get(f"{word}_checkpoint_io_mean_GB_per_second"))
            spread = _digits(metric.get(f"{word}_checkpoint_io_stdev_GB_per_second"))
            if rate and (value := convert(rate, f"{unit}/s", "By/s")) is not None:
                found.setdefault((stage, "rate"), {
                    "metric": "io-throughput", "statistic": "mean", "stage": stage, "value": value, "unit": "By/s",
                    "basis": "measured", **given(stddev=convert(spread, f"{unit}/s", "By/s") if spread else None),
                    "reported_value": str(rate), "reported_unit": f"{unit}/s", **caveats, "source_path": result.root(path),
                })  # fmt: skip
            time = _digits(metric.get(f"{word}_checkpoint_duration_mean_seconds"))
            spread = _digits(metric.get(f"{word}_checkpoint_duration_stdev_seconds"))
            if time and (seconds := convert(time, "s", "s")) is not None:
                found.setdefault((stage, "time"), {
                    "metric": "duration", "statistic": "mean", "stage": stage, "value": seconds, "unit": "s",
                    "basis": "measured", **given(stddev=convert(spread, "s", "s") if spread else None),
                    "reported_value": str(time), "reported_unit": "s", "source_path": result.root(path),
                })  # fmt: skip
    for item in found.values():
        if item["source_path"] == result.root(result.unit.path):
            del item["source_path"]
    return list(found.values())


def _checkpoint_unit(size: Digits | None) -> str:
    """Return what GB is in a summary: of the two, that in which the checkpoint is a whole number of bytes."""
    number = exact(size) if size else None
    if number is None:
        return "GBy"
    binary, decimal = number * 2**30, number * 10**9
    # The double has 16 digits, which leaves a thousandth of a byte for sizes up to a terabyte.
    near = abs(binary - round(binary)) < Fraction(1, 1000) <= abs(decimal - round(decimal))
    return "GiBy" if near else "GBy"


# --- systems ---


class _NoAliases(yaml.BaseLoader):
    """YAML without aliases: a few of them stand for gigabytes. All scalars stay text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def read_yaml(path: Path) -> tuple[Any, str | None]:
    """Return the data of a YAML file, every scalar as text, or why there is none."""
    try:
        if is_pruned(path):
            return None, "a placeholder: the file was taken out of the results (PRUNED BY STAFF)"
        if path.stat().st_size > _CONFIG_BYTES:
            return None, f"a YAML file of more than {_CONFIG_BYTES} bytes"
        text = path.read_bytes().decode("utf-8", "replace")
        return yaml.load(text, Loader=_NoAliases), None  # noqa: S506 - a BaseLoader makes nothing but texts
    except (yaml.YAMLError, RecursionError, OSError) as error:
        return None, f"not YAML: {str(error).splitlines()[0]}"


def is_pruned(path: Path) -> bool:
    """Say whether a file is the placeholder of one that was taken out."""
    with path.open("rb") as file:
        return file.read(len(PRUNED)) == PRUNED


@lru_cache(maxsize=256)
def _description(
    path: str, _modified: int, _size: int, limits: Limits
) -> tuple[dict[str, Any], tuple[str, ...], str | None]:
    """Return data, repairs and error of a system's file; many results share one."""
    place_of = Path(path)
    repaired: list[str] = []
    data: Any
    error: str | None = None
    if place_of.suffix == ".json":
        try:
            data, repaired = mlperf_json.read(place_of, limits)
        except (BenchfmtError, OSError) as fault:
            data, error = None, str(fault)
    else:
        data, error = read_yaml(place_of)
    if error is None and not isinstance(data, dict):
        error = "not an object that describes a system"
    return (data if isinstance(data, dict) and not error else {}), tuple(repaired), error


def system(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the storage system that a description states; its client's processor; the rest as it stands.

    Accelerators are emulated, so there is none, whatever the file counts.
    """
    if not description:
        return {}
    under_test = _object(description.get("system_under_test"))
    if under_test:
        return _system_of_yaml(under_test)
    storage = _object(description.get("storage_system"))
    client = _client(description)
    cpu, memory = _object(client.get("CPU")), _object(client.get("DRAM"))
    processor = given(
        name=mlperf_json.text(cpu.get("vendor_and_model_name")),
        count=mlperf_json.count(cpu.get("socket_count")),
        cores=mlperf_json.count(cpu.get("cores_per_socket")),
        clock_hz=mlperf_json.frequency_hz(cpu.get("base_frequency")),
    )
    size = mlperf_json.count(memory.get("capacity_MiB"))
    kept = systems.said(dict(description))
    return given(
        name=mlperf_json.text(storage.get("model_name")) or mlperf_json.text(storage.get("solution_name")),
        kind="appliance" if storage else None,
        vendor=mlperf_json.text(storage.get("vendor_name")),
        processor=processor or None,
        # A server with less than a gibibyte is one whose size was written in GiB: it stays in the extensions only.
        memory_bytes=size * 2**20 if size and size >= 1024 else None,
        extensions={"mlperf": kept} if kept else None,
    )


def _client(description: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the kind of node that the benchmark ran on, else the only one."""
    nodes = [node for node in _list(description.get("nodes")) if isinstance(node, dict)]
    hosts = [_object(host).get("node_type_name") for host in _list(description.get("benchmark_hosts"))]
    wanted = {str(host).lower() for host in hosts if host}
    named = [node for node in nodes if str(node.get("node_type_name")).lower() in wanted]
    chosen = named or (nodes if len(nodes) == 1 else [])
    return chosen[0] if chosen else {}


def _system_of_yaml(under_test: Mapping[str, Any]) -> dict[str, Any]:
    """Return the system of v3.0; of several kinds of clients the first, if there is one."""
    solution = _object(under_test.get("solution"))
    clients = [_object(client) for client in _list(under_test.get("clients"))]
    client = clients[0] if clients else {}
    chassis, system_of = _object(client.get("chassis")), _object(client.get("operating_system"))
    processor = given(name=mlperf_json.text(chassis.get("cpu_model")), count=mlperf_json.count(chassis.get("cpu_qty")))
    name = mlperf_json.text(solution.get("submission_name"))
    words = [mlperf_json.text(system_of.get(key)) for key in ("name", "version")]
    kept = systems.said(dict(under_test))
    return given(
        name=name,
        processor=processor or None,
        operating_system=" ".join(word for word in words if word) or None,
        extensions={"mlperf": kept} if kept else None,
    )


def _category(description: Mapping[str, Any]) -> str | None:
    solution = _object(_object(description.get("system_under_test")).get("solution"))
    word = solution.get("availability")
    return vocabulary().match("category", word, SUITE) if isinstance(word, str) else None


# --- small things ---


def _object(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


def _list(data: Any) -> list[Any]:
    return data if isinstance(data, list) else []


def _digits(value: Any) -> Digits | None:
    """Return a finite number as it stands in the file, or None."""
    return value if isinstance(value, Digits) and exact(value) is not None else None


def _positive(value: Any) -> int | None:
    """Return a positive count, written as a number or as text."""
    return mlperf_json.count(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _number(value: Fraction | None) -> float | int | None:
    """Return a size as a number of JSON that every reader keeps."""
    if value is None or value > 2**53:
        return None
    return int(value) if value.denominator == 1 else float(value)


def _plain_number(value: Any) -> float | None:
    return convert(value, "1", "1") if isinstance(value, str) else None


def _record_length(config: Mapping[str, Any]) -> Fraction | None:
    """Return the mean size of a sample, which need not be whole."""
    dataset = _object(config.get("dataset"))
    text = dataset.get("record_length_bytes", dataset.get("record_length"))
    size = exact(text) if isinstance(text, str) else None
    return size if size and size > 0 else None


def _mean(numbers: list[Fraction]) -> tuple[Fraction, float]:
    """Return mean and population standard deviation."""
    mean = sum(numbers, Fraction(0)) / len(numbers)
    return mean, math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))


def convert_exactly(number: Fraction, source: str, target: str) -> float:
    """Return a fraction in another unit as the nearest double."""
    return conversion(source, target).apply(number)


def _time(text: str) -> str | None:
    """Return a time of a summary, which has no zone."""
    return text if re.search(TIME_PATTERN, text) and "\n" not in text else None
