"""MLPerf Tiny v0.5 to v1.3: submission trees, or any part of one, from the EnergyRunner's files to records.

    <division>/<submitter>/systems/<system>.json
    <division>/<submitter>/results/<system>[/<board>]/<benchmark>[/<variant>]/{performance,accuracy,energy}/
        results.txt, log.txt, results.json (v1.3), postproc.txt, performance_log.txt (v0.5)

One record per system and benchmark. The rate is that of the performance run; the energy run's own has the scope
`run:energy`. The rules of the suite are data: `benchfmt.suites.mlperf_tiny`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import ValidationError

from benchfmt.converters.base import Failed, Item, Match, Skipped, Source, Unit
from benchfmt.converters.mlperf import systems
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import Limits
from benchfmt.readers import energyrunner, jsons, mlperf_json
from benchfmt.readers.energyrunner import Number, Results, Window
from benchfmt.readers.files import file_sha256
from benchfmt.readers.jsons import Digits
from benchfmt.record import Record, given
from benchfmt.suites import mlperf_tiny as rules
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

NAME = "mlperf-tiny"
VERSION = "1.0"
SUITE = "mlperf-tiny"
OPTIONS = ("round",)
PREFIXES = {"mlperf": {"title": "MLPerf (MLCommons)"}}

_MODES = {
    "performance": "performance", "accuracy": "accuracy", "energy": "energy", "enegy": "energy", "power": "energy",
}  # fmt: skip
"""The folders of the three runs, with the misspelling and the other name that v1.0 has."""
_FILE = re.compile(r"(?:(performance|accuracy|energy|enegy)_)?(results\.txt|log\.txt|results\.json|postproc\.txt)")
_DIVISIONS = ("closed", "open")
_PRIMARY = [(mode, name) for mode in ("performance", "accuracy", "energy")
            for name in ("results.txt", "log.txt", "postproc.txt", "results.json")]  # fmt: skip
_WHY = (
    (re.compile(r"(^|/)\._"), "a copy that macOS made of a file's attributes"),
    (re.compile(r"(^|/)systems/.+\.json$"), "describes a system of which no result is here"),
    (re.compile(r"timestamps\.json$|\.bin$|\.emon$"), "part of the power trace; its sums stand in results.txt"),
    (re.compile(r"script\.(async|txt)$"), "a script that the runner ran"),
    (re.compile(r"(^|/)code/"), "code of the submission"),
    (re.compile(r"(?i)\.(md|adoc|html|png|jpe?g|pdf|docx?|sh|py|ipynb)$"), "for people, or a program"),
    (re.compile(r"(^|/)\.[^/]*$|~$"), "a stray file of an editor or of the system"),
)
_ROUND = re.compile(r"(?:tiny_results_)?(v[0-9]\.[0-9])")
_RATE = {"metric": "throughput", "statistic": "median", "stage": "inference", "per": "sample"}
_DISAGREE = Fraction(2, 1000)
"""How far the log's clock may be from the printed rate besides rounding; the same as between LoadGen's two logs."""


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
    roles: tuple[tuple[str, str], ...]


# --- the three functions ---


def detect(source: Source) -> Match | None:
    """Say how many files of the EnergyRunner a source holds, or None."""
    found = [path for group in _groups(source).values() for path in group.values() if path.suffix == ".txt"]
    return Match(0.85, f"{len(found)} files of the EnergyRunner, first {source.relative(found[0])}") if found else None


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each benchmark of a system, then what the other files are."""
    check_round(options)
    groups = _groups(source)
    described = _system_files(source)
    for folder, files in groups.items():
        where = place(folder)
        roles = [role for role in _PRIMARY if role in files]
        found = [files[role] for role in roles]
        system = _system_of(where, described)
        if system:
            roles.append(("", "system"))
            found.append(system)
        yield Unit(found[0], tuple(found[1:]), options, Task(where, tuple(roles)), source.limits)
    yield from set_aside(source, {place(folder).prefix or folder for folder in groups}, _WHY)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of one result, and what is wrong with its files."""
    run = Run(unit)
    yield as_record(run.record(), unit.path)
    yield from run.items


def as_record(data: dict[str, Any] | Failed, path: Path) -> Record | Failed:
    """Return the record of plain data; a Failed in one line where the source's words make none."""
    if isinstance(data, Failed):
        return data
    try:
        return Record.from_dict(data)
    except ValidationError as error:
        first = error.errors()[0]
        return Failed(path, f"{'.'.join(map(str, first['loc'])) or 'record'}: {first['msg']}")


def set_aside(source: Source, roots: set[str], reasons: tuple[tuple[re.Pattern[str], str], ...]) -> Iterator[Skipped]:
    """Yield the files below some folders that are no results and tell nothing about one, each with its reason."""
    inside = tuple(f"{root}/" for root in sorted(roots))
    if not inside:
        return
    for path in source.files:
        text = path.absolute().as_posix()
        root = next((root for root in inside if text.startswith(root)), None)
        why = next((why for pattern, why in reasons if pattern.search(text[len(root) :])), None) if root else None
        if why:
            yield Skipped(path, why)


def check_round(options: Mapping[str, str]) -> None:
    """Refuse a round that there is not."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rules.ROUNDS:
        raise BenchfmtError(f"there is no round {wanted!r} of MLPerf Tiny; there are: {', '.join(rules.ROUNDS)}")


# --- where things stand ---


def _groups(source: Source) -> dict[str, dict[tuple[str, str], Path]]:
    """Return the results by their folder (absolute, as text): each file by its run and its name."""
    groups: dict[str, dict[tuple[str, str], Path]] = {}
    for path in source.files.named("results.txt", "log.txt", "results.json", "postproc.txt"):
        name = _FILE.fullmatch(path.name)
        if name is None or path.is_symlink() or not path.is_file():
            continue
        folder, _, last = path.absolute().parent.as_posix().rpartition("/")
        mode = _MODES.get(last.lower())
        if mode is None and name[1]:
            folder, mode = f"{folder}/{last}", _MODES[name[1]]
        if mode:
            groups.setdefault(folder, {})[mode, name[2]] = path
    return {folder: files for folder, files in groups.items() if _is_of_runner(files)}


def _is_of_runner(files: Mapping[tuple[str, str], Path]) -> bool:
    """Say whether one of the texts is the runner's; many programs write a results.txt."""
    try:
        return any(energyrunner.is_of_runner(path) for (_, name), path in files.items() if name.endswith(".txt"))
    except OSError:
        return False


def place(folder: str) -> Place:
    """Return what the path of a result's folder says."""
    parts = folder.split("/")
    results = next((index for index in range(len(parts) - 1, -1, -1) if parts[index] == "results"), None)
    if results is None or results < 2:
        benchmark = rules.benchmark(parts[-1])
        return Place("", benchmark=benchmark.name if benchmark else None)
    inner = parts[results + 1 :]
    named = next((index for index in range(len(inner) - 1, -1, -1) if rules.benchmark(inner[index])), None)
    division = parts[results - 2].lower() if parts[results - 2].lower() in _DIVISIONS else None
    start = results - 2 if division else results
    rounds = _ROUND.fullmatch(parts[results - 3]) if division and results >= 3 else None
    benchmark = rules.benchmark(inner[named]) if named is not None else None
    location = None
    if division and named and benchmark:  # with the short name of the benchmark, as published rows have it
        location = "/".join([*parts[start : results + 1], *inner[:named], benchmark.name, *inner[named + 1 :]])
    return Place(
        "/".join(parts[:start]),
        division,
        parts[results - 1] if division else None,
        "/".join(inner[:named]) or None,
        benchmark.name if benchmark else None,
        "/".join(inner[named + 1 :]) or None if named is not None else None,
        location,
        rounds[1] if rounds and rounds[1] in rules.ROUNDS else None,
    )


def _system_files(source: Source) -> dict[str, list[Path]]:
    """Return the descriptions of systems by the submitter's folder; some have a folder for each."""
    found: dict[str, list[Path]] = {}
    for path in source.files.named(".json"):
        above, _, below = path.absolute().parent.as_posix().rpartition("/systems")
        if above and below.count("/") == bool(below) and not path.name.startswith("._"):
            found.setdefault(above, []).append(path)
    return found


def _system_of(where: Place, described: Mapping[str, list[Path]]) -> Path | None:
    """Return the description of a result's system: of the same name, else the only one whose name fits."""
    if not where.system:
        return None
    head = "/".join(part for part in (where.prefix, where.division, where.submitter) if part is not None)
    files = described.get(head, [])
    wanted = _plain(where.system)
    same = [path for path in files if path.stem == where.system] or [p for p in files if _plain(p.stem) == wanted]
    near = same or [path for path in files if _fits(where.system, path.stem)]
    return near[0] if len(near) == 1 else None


def _fits(system: str, stem: str) -> bool:
    """Say whether the words of a folder are all in a file's name, or those of the file in the folder's."""
    here, there = _words(system), [word for word in _words(stem) if word not in ("system", "description")]
    return all(word in _plain(stem) for word in here) or (bool(there) and all(word in _plain(system) for word in there))


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


# --- one result ---


@dataclass
class Run:
    """Everything known of one result while its record is made."""

    unit: Unit
    items: list[Item] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    texts: dict[tuple[str, str], Results] = field(default_factory=dict)
    paths: dict[tuple[str, str], Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give each file its role."""
        self.task: Task = self.unit.extra
        self.place = self.task.place
        self.paths = dict(zip(self.task.roles, (self.unit.path, *self.unit.supporting), strict=True))

    def record(self) -> dict[str, Any] | Failed:
        """Return the record as plain data; a Failed where nothing can be read."""
        for role, path in self.paths.items():
            if path.suffix == ".txt":
                self._text(role, path)
        name = self.place.benchmark or re.sub(r"[0-9]+$", "", self._said("model") or "").lower() or None
        benchmark = rules.benchmark(name) if name else None
        closed = self.place.division == "closed"
        measurements = [*self._speed(), *self._energy(), *self._quality(benchmark, closed=closed)]
        if not any("value" in item for item in measurements):
            return Failed(self.unit.path, self._why_nothing())
        description = self._system_file()
        return self._whole(benchmark, name, measurements, description, closed=closed)

    def _said(self, key: str) -> str | None:
        """Return the first word of the files on something, the performance run's before the others'."""
        return next((results.said[key] for results in self.texts.values() if key in results.said), None)

    def _text(self, role: tuple[str, str], path: Path) -> None:
        results = energyrunner.read(path, self.unit.limits)
        self.texts[role] = results
        self._note(path, file_sha256(path))
        for line, words in results.faults:
            self.items.append(Failed(path, f"line {line}: {words!r} has no number"))

    def _note(self, path: Path, sha256: str) -> str:
        where = self.root(path)
        self.sources.append({"path": where, "sha256": sha256})
        return where

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission, or its name."""
        text = path.absolute().as_posix()
        prefix = f"{self.place.prefix}/"
        return text[len(prefix) :] if self.place.prefix and text.startswith(prefix) else path.name

    def find(self, code: str, path: str, message: str, hint: str | None = None) -> None:
        """Note a fault of the source."""
        self.items.append(Finding(code, Severity.WARNING, path, None, None, None, message, None, hint))

    def _why_nothing(self) -> str:
        names = ", ".join("/".join(role) for role in self.paths if role[0])
        return f"no rate, energy or quality can be read from {names}; the run broke off, or the files are cut"

    # --- speed ---

    def _speed(self) -> list[dict[str, Any]]:
        """Return the rate of the performance run, or what the streaming benchmark has in its place."""
        printed, log = self.texts.get(("performance", "results.txt")), self.texts.get(("performance", "log.txt"))
        for name, results in (("results.txt", printed), ("log.txt", log)):
            if results and "duty" in results.numbers:
                return self._stream(results, ("performance", name), None)
        for name, results in (("results.txt", printed), ("log.txt", log)):
            if results and "rate" in results.numbers:
                return [self._official_rate(results, ("performance", name), log)]
        timed = log.timed if log else []
        if timed:
            return [self._timed_rate(timed)]
        windows = [w for results in (printed, log) if results for w in results.performance.values() if w.rate]
        return [self._window_rate(windows)] if windows else []

    def _official_rate(self, results: Results, role: tuple[str, str], log: Results | None) -> dict[str, Any]:
        number = results.numbers["rate"]
        windows = list(results.performance.values())
        item = {
            **_RATE, "value": float(number.text), "unit": "/s", "basis": "measured", "primary": True,
            "reported_value": number.text, "reported_unit": "/s", **self._at(role, number),
        }  # fmt: skip
        rates = _texts(windows, "rate") or self._json_rates() or _texts(_windows(log), "rate")
        if rates:
            item |= _observed(rates, "1")
        self._windows_said(windows or _windows(log))
        if any(window.met is False for window in windows):
            item["caveats"] = ["short-run"]
        if log and log.timed and not _agrees(number.text, median(t.rate for t in log.timed)):
            rate = float(median(t.rate for t in log.timed))
            self.find("BF701", self.root(self.paths[role]), f"the median rate is {number.text} /s; the log's clock gives {rate:g} /s",
                      "keep the files of one run together")  # fmt: skip
            item["caveats"] = [*item.get("caveats", ()), "source-disagrees"]
        return without_zero(item)

    def _timed_rate(self, timed: list[energyrunner.Timed]) -> dict[str, Any]:
        """Return the rate by the log's clock, where nothing prints it."""
        rates = [float(t.rate) for t in timed]
        self.extensions["inferences_per_window"] = _one_or_all([t.inferences for t in timed])
        return {
            **_RATE, "value": float(median(t.rate for t in timed)), "unit": "/s", "basis": "derived", "primary": True,
            "n": len(rates), "samples": rates, **self._at(("performance", "log.txt"), Number("", timed[0].line)),
        }  # fmt: skip

    def _window_rate(self, windows: list[Window]) -> dict[str, Any]:
        """Return the median of printed windows, where the median itself is not printed."""
        self._windows_said(windows)
        rates = [float(text) for text in _texts(windows, "rate")]
        return {**_RATE, "value": float(median(rates)), "unit": "/s", "basis": "derived", "primary": True,
                "n": len(rates), "samples": rates}  # fmt: skip

    def _windows_said(self, windows: list[Window]) -> None:
        counts = [int(w.inferences.text) for w in windows if w.inferences and w.inferences.text.isdigit()]
        if counts:
            self.extensions["inferences_per_window"] = _one_or_all(counts)

    def _json_rates(self) -> list[str]:
        """Return the rates that results.json of v1.3 holds."""
        data = self._json(("performance", "results.json"))
        inferred = [item.get("infer") for item in data if isinstance(item, dict)]
        rates = [infer.get("throughput") for infer in inferred if isinstance(infer, dict)]
        return [str(rate) for rate in rates] if rates and all(isinstance(rate, Digits) for rate in rates) else []

    def _json(self, role: tuple[str, str]) -> list[Any]:
        path = self.paths.get(role)
        if path is None:
            return []
        try:
            data = jsons.read(path, self.unit.limits, digits=True)
        except (BenchfmtError, OSError) as error:
            self.items.append(Failed(path, str(error)))
            return []
        if all(source["path"] != self.root(path) for source in self.sources):
            self._note(path, file_sha256(path))
        return data if isinstance(data, list) else []

    def _at(self, role: tuple[str, str], number: Number) -> dict[str, Any]:
        path = self.paths[role]
        where = {} if path == self.unit.path else {"source_path": self.root(path)}
        return {**where, "source_locator": f"line={number.line}"}

    # --- the streaming wake word ---

    def _stream(self, results: Results, role: tuple[str, str], scope: str | None) -> list[dict[str, Any]]:
        """Return duty cycle, estimated rate and counts of a run over the whole stream."""
        items = []
        duty, rate = results.numbers["duty"], results.numbers.get("stream-rate")
        items.append(given(metric="mlperf:duty-cycle", scope=scope, value=float(duty.text), unit="1", basis="measured",
                           primary=True if scope is None else None, reported_value=duty.text, **self._at(role, duty)))  # fmt: skip
        if rate:
            items.append(given(
                metric="throughput", stage="inference", per="sample", scope=scope, value=float(rate.text), unit="/s",
                basis="derived", reported_value=rate.text, reported_unit="/s", **self._at(role, rate),
            ))  # fmt: skip
        if "period" in results.numbers:
            key = "period_seconds" if scope is None else "energy_run_period_seconds"
            self.extensions[key] = results.numbers["period"].text
        for name in ("true-positives", "false-negatives", "false-positives"):
            count = results.numbers.get(name)
            if count:
                items.append(given(metric=name, scope=scope, value=float(count.text), unit="1", basis="measured",
                                   reported_value=count.text, **self._at(role, count)))  # fmt: skip
        return items

    # --- energy ---

    def _energy(self) -> list[dict[str, Any]]:
        """Return energy and power of the energy run, and the speed that it had."""
        for name in ("results.txt", "log.txt"):
            results = self.texts.get(("energy", name))
            if results and ("energy" in results.numbers or results.energy):
                return self._energy_of(results, ("energy", name))
        return []

    def _energy_of(self, results: Results, role: tuple[str, str]) -> list[dict[str, Any]]:
        windows = list(results.energy.values())
        number = results.numbers.get("energy")
        streaming = "duty" in results.numbers
        items = [self._energy_cost(number, windows, role, streaming=streaming)] if number else []
        powers = [(w.power.text, str(w.power.unit)) for w in windows if w.power]
        if powers:
            values = [value for text, unit in powers if (value := convert(text, unit, "W")) is not None]
            single = {
                "statistic": "single",
                "basis": "measured",
                "reported_value": powers[0][0],
                "reported_unit": powers[0][1],
            }
            several = {"statistic": "median", "basis": "derived", "n": len(values), "samples": values}
            items.append({
                "metric": "power", "stage": "whole-run" if streaming else "inference", "scope": "board",
                **(single if len(values) == 1 else several), "value": float(median(values)), "unit": "W",
                "source_path": self.root(self.paths[role]),
            })  # fmt: skip
        if streaming:
            return items + self._stream(results, role, "run:energy")
        rate = results.numbers.get("rate")
        if rate:
            item = {**_RATE, "scope": "run:energy", "value": float(rate.text), "unit": "/s", "basis": "measured",
                    "reported_value": rate.text, "reported_unit": "/s", **self._at(role, rate)}  # fmt: skip
            rates = _texts(list(results.performance.values()), "rate")
            items.append(without_zero({**item, **_observed(rates, "1")} if rates else item))
        return items

    def _energy_cost(
        self, number: Number, windows: list[Window], role: tuple[str, str], *, streaming: bool
    ) -> dict[str, Any]:
        """Return the energy of an inference; the streaming benchmark's one "inference" is the whole stream."""
        unit = str(number.unit)
        item = {
            "metric": "energy", "statistic": "single" if streaming else "median", "scope": "board",
            **({"stage": "whole-run"} if streaming else {"stage": "inference", "per": "sample"}),
            "value": convert(number.text, unit, "J"), "unit": "J", "basis": "measured",
            "reported_value": number.text, "reported_unit": unit, **self._at(role, number),
        }  # fmt: skip
        costs = [w.per_inference.text for w in windows if w.per_inference and w.per_inference.unit == unit]
        if costs and not streaming and len(costs) == len(windows):
            item |= _observed(costs, unit)
        return without_zero(item)

    # --- quality ---

    def _quality(self, benchmark: rules.Benchmark | None, *, closed: bool) -> list[dict[str, Any]]:
        """Return accuracy and AUC, with the targets of the closed division; the stream's counts get theirs later."""
        for name in ("results.txt", "postproc.txt", "log.txt"):
            results = self.texts.get(("accuracy", name))
            if results and ("top1" in results.numbers or "auc" in results.numbers):
                return self._scores(results, ("accuracy", name), benchmark, closed=closed)
        if benchmark and benchmark.scenario != "streaming":
            self.find(
                "BF706",
                self.root(self.unit.path),
                "no accuracy run is there: the quality is not known",
                "add accuracy/results.txt",
            )
        return []

    def _scores(
        self, results: Results, role: tuple[str, str], benchmark: rules.Benchmark | None, *, closed: bool
    ) -> list[dict[str, Any]]:
        items = []
        n = self._answers()
        for name, metric, unit in (("top1", "accuracy", "%"), ("auc", "auroc", "1")):
            number = results.numbers.get(name)
            value = convert(number.text, unit, "1") if number else None
            if number is None or value is None:
                continue
            items.append(given(
                metric=metric, statistic="pooled", value=value, unit="1", basis="measured", n=n,
                **targets(benchmark, metric, closed=closed),
                reported_value=number.text, reported_unit=unit if unit != "1" else None, **self._at(role, number),
            ))  # fmt: skip
        return items

    def _answers(self) -> int | None:
        """Return of how many inputs the accuracy run shows an answer."""
        counted = len(self._json(("accuracy", "results.json")))
        log = self.texts.get(("accuracy", "log.txt"))
        return counted or (log.outputs if log else 0) or None

    # --- the rest of the record ---

    def _system_file(self) -> dict[str, Any]:
        path = self.paths.get(("", "system"))
        if path is None:
            self.find("BF706", self.root(self.unit.path), "no file in systems/ describes this system: hardware and software are not known",
                      "give the whole submission")  # fmt: skip
            return {}
        status = path.stat()
        data, repaired, error = _description(str(path), status.st_mtime_ns, status.st_size, self.unit.limits)
        where = self._note(path, file_sha256(path))
        if error:
            self.items.append(Failed(path, error))
            return {}
        for words in repaired:
            self.find("BF115", where, words, "correct the file")
        return data

    def _whole(
        self,
        benchmark: rules.Benchmark | None,
        name: str | None,
        measurements: list[dict[str, Any]],
        description: dict[str, Any],
        *,
        closed: bool,
    ) -> dict[str, Any]:
        place_of = self.place
        round_id = self.unit.options.get("round") or place_of.round
        for item in measurements:
            if benchmark and benchmark.scenario == "streaming" and "scope" not in item:
                item |= targets(benchmark, item["metric"], closed=closed)
        status, detail = self._status(measurements)
        for key, name_of in (("model", "model_loaded"), ("runner", "runner"), ("firmware", "firmware")):
            if word := self._said(key):
                self.extensions[name_of] = word
        self.extensions |= software_notes(description)
        if place_of.variant:
            self.extensions["variant"] = place_of.variant
        n = next((item["n"] for item in measurements if item["metric"] in ("accuracy", "auroc") and "n" in item), None)
        category = description.get("Status")
        record = {
            "benchfmt": "1.0",
            "benchmark": given(
                suite=SUITE, suite_version=round_id, name=benchmark.name if benchmark else name or None,
                division=place_of.division, category=_category(category, self.extensions),
                scenario=benchmark.scenario if benchmark else None, phase="inference",
            ),
            "task": benchmark.task if benchmark else None,
            "dataset": given(name=benchmark.dataset, samples=n) if benchmark and benchmark.dataset else {},
            # The open division may run any model.
            "model": given(name=benchmark.model) if benchmark and closed else {},
            "system": system(description) or given(name=place_of.system),
            "software": software(description),
            "configuration": given(
                precision=_precision(place_of, description), batch_size=_batch(benchmark),
            ),
            "measurements": measurements,
            "status": status,
            "status_detail": detail,
            "provenance": given(
                submitter=text_of(description, "Submitter") or place_of.submitter, measured_at=_time(self._said("session")),
                execution="/".join(part for part in (round_id, place_of.location) if part) if place_of.location else None,
                sources=self.sources, converter=NAME, converter_version=VERSION,
            ),
            "extensions": {"mlperf": dict(sorted(self.extensions.items()))} if self.extensions else None,
        }  # fmt: skip
        return {key: value for key, value in record.items() if value is not None and value != {}}

    def _status(self, measurements: list[dict[str, Any]]) -> tuple[str, str | None]:
        if not any(item.get("primary") for item in measurements):
            return "incomplete", "no performance run"
        complaint = next(
            (
                window.complaint
                for (mode, _), results in self.texts.items()
                for window in results.performance.values()
                if mode == "performance" and window.met is False
            ),
            None,
        )
        return ("invalid", complaint) if complaint else ("ok", None)


# --- small things ---


def without_zero(item: dict[str, Any]) -> dict[str, Any]:
    """Return a measurement, a zero that cannot be (nothing runs at no rate and on no energy) as below the resolution."""
    if item.get("value") != 0:
        return item
    left = {
        key: value for key, value in item.items() if key not in ("value", "unit", "basis", "n", "samples", "caveats")
    }
    return {**left, "missing": "below-resolution"}


def _windows(results: Results | None) -> list[Window]:
    return list(results.performance.values()) if results else []


def _texts(windows: list[Window], name: str) -> list[str]:
    """Return the numbers of all windows, nothing where one of them has none."""
    numbers = [getattr(window, name) for window in windows]
    return [number.text for number in numbers] if all(numbers) else []


def _observed(texts: list[str], unit: str) -> dict[str, Any]:
    """Return n and samples of the windows, of which the printed median is rounded."""
    return {"n": len(texts), "samples": [convert(text, unit, "J" if unit != "1" else "1") for text in texts]}


def _agrees(official: str, other: Fraction) -> bool:
    number = exact(official) or Fraction(0)
    half = Fraction(1, 2 * 10 ** len(official.partition(".")[2]))
    return abs(number - other) <= half + _DISAGREE * abs(other)


def _one_or_all(counts: list[int]) -> int | list[int]:
    return counts[0] if len(set(counts)) == 1 else counts


def _batch(benchmark: rules.Benchmark | None) -> int | None:
    return benchmark.batch_size if benchmark else None


def targets(benchmark: rules.Benchmark | None, metric: str, *, closed: bool) -> dict[str, float]:
    """Return the targets of a metric in its unit; they bind the closed division only."""
    if not closed or benchmark is None:
        return {}
    found: dict[str, Any] = {}
    for target in benchmark.targets:
        if target.metric == metric:
            sides = (("target_min", target.minimum), ("target_max", target.maximum))
            found |= {side: convert(bound, target.unit, "1") for side, bound in sides if bound is not None}
    return found


def _time(session: str | None) -> str | None:
    """Return the time that a session's id writes: 20210603010201 or 20250726_005104."""
    digits = (session or "").replace("_", "")
    if not re.fullmatch(
        r"20[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]", digits
    ):
        return None
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}"


def _category(word: Any, extensions: dict[str, Any]) -> str | None:
    if not isinstance(word, str) or not word.strip():
        return None
    found = vocabulary().match("category", word, SUITE)
    if not found:
        extensions["status"] = word
    return found


def _precision(where: Place, description: Mapping[str, Any]) -> str | None:
    """Return the precision that the variant's folder or the quantisation method names."""
    variant = re.search(r"(?:^|_)((?:fp|int|bf)[0-9]{1,2})$", where.variant or "")
    named = vocabulary().match("precision", variant[1]) if variant else None
    return named or systems.precision(description.get("Quantization Method"))


# --- systems ---

_STACK = ("Software Libraries", "Other Software Stack", "ML Model Compiler(s)", "General Compiler(s)", "Other Software")
_NOTES = {
    "Software Notes": "software_notes",
    "Quantization Method": "quantization_method",
    "Training framework (open division)": "training_framework",
    "Training and Quantization Notes": "training_notes",
}
"""What is said of the software and the model in sentences."""
_FIELDS = {
    "Submitter", "Division", "Status", "Board Name", "Processor(s) Name", "Operating System", "Inference Framework", *_STACK,
    *_NOTES,
}  # fmt: skip
"""What the record says elsewhere than in the extensions of the system."""


@lru_cache(maxsize=256)
def _description(
    path: str, _modified: int, _size: int, limits: Limits
) -> tuple[dict[str, Any], tuple[str, ...], str | None]:
    """Return data, repairs and error of a system's file; many results share one."""
    place_of = Path(path)
    try:
        data, repaired = mlperf_json.read(place_of, limits)
    except (BenchfmtError, OSError) as error:
        return {}, (), str(error)
    if not isinstance(data, dict):
        return {}, (), "not an object that describes a system"
    twice = [words for words in repaired if "stands twice" in words]
    if twice:
        # The form of v0.5 to v1.3 has five keys twice, the second time empty: what is said wins over nothing.
        data = _first_said(place_of) or data
        repaired = [words for words in repaired if words not in twice]
    return data, tuple(repaired), None


def _first_said(path: Path) -> dict[str, Any] | None:
    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, value in pairs:
            if not data.get(name):
                data[name] = value
        return data

    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig", "replace"), object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def text_of(description: Mapping[str, Any], name: str) -> str | None:
    """Return what a human key says, on one line; keys have trailing blanks here and there."""
    for key, value in description.items():
        found = mlperf_json.text(value) if key.strip() == name else None
        if found:
            return " ".join(found.split())
    return None


def system(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the system that a description states; empty where it states nothing."""
    processor = text_of(description, "Processor(s) Name")
    chip = text_of(description, "SoC Name")
    accelerator = text_of(description, "Accelerator")
    clock = mlperf_json.frequency_hz(text_of(description, "Processor(s) Frequencies"))
    kept = {
        " ".join(key.split()): plain
        for key, value in description.items()
        if key.strip() not in _FIELDS and (plain := systems.said(value)) is not None
    }
    if clock is not None:
        kept.pop("Processor(s) Frequencies", None)
    if accelerator:
        kept.pop("Accelerator", None)
    return given(
        name=text_of(description, "Board Name") or chip,
        kind=rules.system_kind(chip) if chip else None,
        processor=given(
            name=processor, architecture=rules.architecture(processor) if processor else None,
            clock_hz=clock if processor else None,
        ) or None,
        accelerator=given(kind=systems.accelerator_kind(accelerator), name=accelerator) if accelerator else None,
        memory_bytes=_memory(description),
        operating_system=text_of(description, "Operating System"),
        extensions={"mlperf": kept} if kept else None,
    )  # fmt: skip


def _memory(description: Mapping[str, Any]) -> int | None:
    """Return the working memory: the board's, else the chip's, where its type says that it is RAM."""
    for part, size in (("Board", "Board Memory capacity (not including SoC, processor, or accelerator)"),
                       ("SoC", "SoC Memory capacity (not including processor or accelerator)")):  # fmt: skip
        kind = text_of(description, f"{part} Memory type") or ""
        found = mlperf_json.memory_bytes(text_of(description, size))
        if found and re.search(r"RAM|DDR", kind):
            return found
    return None


def software(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return engine, version and the other software that a description names."""
    stack = {}
    for key in _STACK:
        word = (text_of(description, key) or "").strip(" ,;")
        if word:
            stack[re.sub(r"[^a-z]+", "-", key.lower()).strip("-").removesuffix("-s")] = word
    framework = text_of(description, "Inference Framework")
    found = systems.software(framework)
    found.pop("stack", None)
    if framework and "engine" not in found:
        stack["inference-framework"] = framework
    return {**found, **({"stack": stack} if stack else {})}


def software_notes(description: Mapping[str, Any]) -> dict[str, str]:
    """Return the sentences of a description on software and training."""
    return {name: said for key, name in _NOTES.items() if (said := text_of(description, key))}
