"""One result of an MLPerf submission, whatever measured it: its files, names, system, precision and quality."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.mlperf import layout, model_mapping, systems
from benchfmt.converters.mlperf.attribution import (
    HELD,
    Attribution,
    Filled,
    Said,
    attribute,
    benchmark_of,
)
from benchfmt.converters.mlperf.layout import Place
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.limits import Limits
from benchfmt.readers import loadgen, mlperf_accuracy, mlperf_json
from benchfmt.readers.files import file_sha256
from benchfmt.record import given
from benchfmt.suites import mlperf_automotive as automotive
from benchfmt.suites import mlperf_inference as rules
from benchfmt.units import convert
from benchfmt.vocabulary import vocabulary

NAME = "mlperf-inference"
VERSION = "1.1"
SUITE = "mlperf-inference"
"""The suite whose scenario is the constant stream; its logs and folders are those of Inference."""

_JUDGED = ("total", "queries", "gen_num", "num-samples")
"""What score lines call the number of samples that were judged."""
_QUALITY_KEYS = {"output-tokens": ("mean", "sample"), "generated-length": ("sum", None)}
_ALSO: dict[str, tuple[str, str, str | None]] = {
    "exact_match": ("exact-match", "%", None),
    "f1": ("f1", "%", None),
    "word_error_rate": ("word-error-rate", "%", None),
    "rouge1": ("rouge-1", "%", None),
    "rouge2": ("rouge-2", "%", None),
    "rougeL": ("rouge-l", "%", None),
    "rougeLsum": ("rouge-lsum", "%", None),
    "gen_len": ("generated-length", "1", None),
    "tokens_per_sample": ("output-tokens", "1", None),
    "kidney": ("dice", "1", "class:kidney"),
    "tumor": ("dice", "1", "class:tumor"),
    "whole_tumor": ("dice", "1", "class:whole-tumor"),
    "tumor_core": ("dice", "1", "class:tumor-core"),
    "enhancing_tumor": ("dice", "1", "class:enhancing-tumor"),
}
"""What a score line says besides the numbers that the checker asks for: metric, unit and scope."""
_GENERIC: dict[str, tuple[str, str, str | None]] = {
    "word_error_rate": ("word-error-rate", "%", None),
    "accuracy": ("accuracy", "%", None),
    "mAP": ("map", "%", None),
    "AUC": ("auroc", "%", None),
    "mean": ("dice", "1", None),
}
"""What a line that names its unit says of a benchmark that is not known."""
_NOT_RETRAINED = ("no", "n", "none", "0", "false")
_VERDICT_BYTES = 1_000_000
_OF_TOTAL = {"acc", "ACCURACY", "WER", "AUC"}
"""The scores whose line says of how many samples they are."""


@dataclass(frozen=True, slots=True)
class Task:
    """What one unit needs besides its primary file: its place, and what each supporting file is."""

    place: Place
    roles: tuple[str, ...]


@dataclass
class Run:
    """Everything known of one run while its record is made."""

    unit: Unit
    place: Place
    files: dict[str, list[Path]]
    findings: list[Item] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    automotive: bool = False
    """Whether it is one of MLPerf Automotive, whose rules are its own."""
    attribution: Attribution | None = None
    """What was run, each value with its origin, once the record is made."""

    @property
    def path(self) -> str:
        """The primary file's path from the root of the submission."""
        return self.root(self.unit.path)

    def root(self, path: Path) -> str:
        """Return a file's path from the root of the submission."""
        return layout.from_root(path, self.place)

    def one(self, role: str) -> Path | None:
        """Return the first file of a role, or None."""
        return next(iter(self.files.get(role, ())), None)

    def read(self, path: Path, sha256: str | None) -> str:
        """Note that a file was read, and return its path."""
        where = self.root(path)
        self.sources.append(given(path=where, sha256=sha256))
        return where

    def find(
        self, code: str, path: str, message: str, hint: str | None = None, value: str | None = None
    ) -> None:
        """Note a fault of the source."""
        self.findings.append(
            Finding(code, Severity.WARNING, path, None, None, None, message, value, hint)
        )


@dataclass(frozen=True, slots=True)
class Names:
    """What was run: the official benchmark, the scenario asked for, the one the log ran, and from which it is inferred."""

    benchmark: str | None
    scenario: str | None
    ran: str | None
    inferred_from: str | None
    known: Filled | None = None
    """The benchmark with the file or the rule that says it; None for a folder's name that none knows."""

    @property
    def mapped(self) -> bool:
        """Whether the submitter's own file says the benchmark."""
        return self.known is not None and self.known.origin.kind == "file"


def frame(run: Run, names: Names, round_id: str | None, status: str) -> dict[str, Any]:
    """Return what is said of a result besides its numbers."""
    place = run.place
    description = _system_file(run)
    measured, measured_at = _measurement_file(run)
    software = systems.software(
        description.get("framework"), description.get("other_software_stack")
    )
    machine = systems.system(description)
    for key in ("framework", "other_software_stack", "sw_notes"):
        plain = systems.said(description.get(key))
        if plain is not None:
            run.extensions[key] = plain
    for key in (
        "weight_data_types",
        "input_data_types",
        "retraining",
        "weight_transformations",
        "starting_weights_filename",
    ):
        plain = systems.said(measured.get(key))
        if plain is not None:
            run.extensions[key] = plain
    if settings := _user_conf(run):
        run.extensions["user_conf"] = settings
    if verdicts := _compliance(run):
        run.extensions["compliance"] = verdicts
    if names.benchmark != place.benchmark and place.benchmark:
        run.extensions["benchmark_directory"] = place.benchmark
    location = place.location
    where = (
        f"{location}/performance/{place.run}"
        if location and place.run not in (None, "run_1")
        else location
    )
    said_division = systems.said(description.get("division"))
    if said_division is not None and place.division is None:
        run.extensions["division"] = said_division  # what is in no submission is in no division
    category = systems.said(description.get("status"))
    run.attribution = _attribution(run, names, round_id, measured, measured_at)
    what = run.attribution.plain()
    return {
        "benchfmt": "1.0",
        "benchmark": given(
            suite=automotive.SUITE if run.automotive else SUITE,
            suite_version=round_id,
            name=names.benchmark,
            division=place.division,
            category=_category(category, run),
            system_type=systems.system_type(description.get("system_type")),
            scenario=names.scenario,
            phase="inference",
        ),
        "task": what["task"],
        "dataset": what["dataset"],
        "model": what["model"],
        "system": machine or (given(name=place.system) if place.system else {}),
        "software": software,
        "configuration": what["configuration"],
        "measurements": None,
        "status": status,
        "status_detail": None,
        "provenance": given(
            submitter=place.submitter or systems.said(description.get("submitter")),
            execution=(f"{round_id}/{where}" if round_id else where) if where else None,
            sources=run.sources,
            converter=NAME,
            converter_version=VERSION,
        ),
    }


def _attribution(
    run: Run, names: Names, round_id: str | None, measured: dict[str, Any], path: str
) -> Attribution:
    """Return what was run, by what the folder, the descriptions and the score lines say."""
    return attribute(
        Said(
            name=run.place.benchmark,
            division=run.place.division,  # what a system is for does not tell in which division a run outside of one was
            round_id=round_id,
            benchmark=names.known,
            weights=Filled.said(_weights(measured), path),
            samples=_judged(run),
            scored=_scored_task(run),
            precision=Filled.said(systems.precision(measured.get("weight_data_types")), path),
            automotive=automotive.benchmark(names.benchmark) if run.automotive else None,
        )
    )


def _weights(measured: dict[str, Any]) -> str | None:
    """Return the file of the weights that were run: the one file that they started from, unless they were trained on."""
    weights, retraining = measured.get("starting_weights_filename"), measured.get("retraining")
    kept = isinstance(retraining, str) and retraining.strip().lower() in _NOT_RETRAINED
    return weights if kept and isinstance(weights, str) and "," not in weights else None


def _judged(run: Run) -> Filled | None:
    """Return how many samples the score lines say were judged."""
    path = _accuracy_path(run)
    if path is None:
        return None
    scores = _scores(str(path), *_stamp(path), run.unit.limits)
    found = {
        name: number for name in _JUDGED if name in scores and (number := count(scores[name].text))
    }
    if "AUC" in scores:  # its total is that of the pairs of user and item
        found.pop("total", None)
    return Filled.said(next(iter(found.values()), None), run.root(path))


def _scored_task(run: Run) -> Filled | None:
    """Return the task that the score lines are of: a mean average precision is one of detectors."""
    path = _accuracy_path(run)
    found = path is not None and "mAP" in _scores(str(path), *_stamp(path), run.unit.limits)
    return Filled.ruled("object-detection", "mAP in the score lines") if found else None


def benchmark_named(run: Run, round_id: str | None) -> Filled | None:
    """Return the benchmark that was run with what says it: the folder's name, the submitter's file, or a rule of names."""
    named = run.place.benchmark
    if run.automotive or not named:
        return None
    found = benchmark_of(named, round_id, run.place.division, _mapped(run, named))
    return None if found is None or _contradicted(run, found) else found


def _contradicted(run: Run, found: Filled) -> bool:
    """Say whether the score lines contradict the benchmark that was guessed from a name: they score something else."""
    path = _accuracy_path(run)
    if found.origin.name != rules.GUESSED_NAME or path is None:
        return False
    scores = _scores(str(path), *_stamp(path), run.unit.limits)
    wanted = rules.qualities(found.value, None)
    official = wanted and mlperf_accuracy.of(wanted[0].name, scores)
    return not official and any(name in scores for name in _GENERIC)


def _mapped(run: Run, named: str) -> Filled | None:
    """Return the benchmark that the nearest model_mapping.json of an open submission gives to a name, or None."""
    if run.place.division in HELD:
        return None
    for path in run.files.get("model-mapping", ()):
        data, repaired, error, digest = _json(str(path), *_stamp(path), run.unit.limits)
        try:
            models = model_mapping.models_of(data, path) if not error else {}
        except BenchfmtError as wrong:
            error = str(wrong)
        if error:
            run.findings.append(Failed(path, error))
            continue
        found = model_mapping.benchmark(models, named)
        if found:
            where = run.read(path, digest)
            for words in repaired:
                run.find("BF115", where, words, "correct the file")
            return Filled.said(found, where)
    return None


def _category(status: Any, run: Run) -> str | None:
    if not isinstance(status, str):
        return None
    found = vocabulary().match("category", status, SUITE)
    if not found:
        run.extensions["status"] = status
    return found


def quality(run: Run, names: Names, round_id: str | None) -> list[dict[str, Any]]:
    """Return every number that the score lines of accuracy.txt say, with the benchmark's targets.

    The targets are those of the closed divisions, and of the benchmark that a file gives to an open submission, which
    need not reach them.
    """
    path = _accuracy_path(run)
    if path is None:
        run.find(
            "BF706",
            run.path,
            "no accuracy.txt beside the performance run: the quality is not known",
            "add accuracy/accuracy.txt",
        )
        return []
    scores = _scores(str(path), *_stamp(path), run.unit.limits)
    where = run.read(path, file_sha256(path)) if path != run.unit.path else run.path
    held = run.place.division in HELD or names.mapped
    wanted = _wanted(run, names, round_id)
    total = count(scores["total"].text) if "total" in scores else None
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    used: set[tuple[int, str]] = set()
    for rule in wanted:
        score = mlperf_accuracy.of(rule.name, scores)
        item = (
            quality_item(rule, score.text, where, f"line={score.line}", held=held)
            if score
            else None
        )
        if score and item:
            used.add((score.line, score.text))
            found[item["metric"], rule.scope] = (
                {**item, "n": total} if total and rule.name in _OF_TOTAL else item
            )
    for name, (metric, unit, scope) in (_ALSO if wanted else _GENERIC).items():
        score = scores.get(name)
        # Without the benchmark's rules a number without a unit has no meaning that is sure.
        if (
            score is None
            or (score.line, score.text) in used
            or (metric, scope) in found
            or not (wanted or score.unit)
        ):
            continue
        item = _item(metric, score.text, score.unit or unit, where, f"line={score.line}")
        if item:
            found[metric, scope] = {**item, "scope": scope} if scope else item
    if not found:
        run.find(
            "BF706",
            where,
            "no line of accuracy.txt says a score that is known for this benchmark",
            None,
        )
    if "hash" in scores:
        run.extensions["accuracy_log_sha256"] = scores["hash"].text
    return list(found.values())


def _accuracy_path(run: Run) -> Path | None:
    return run.one("accuracy") or (run.unit.path if run.unit.path.name == "accuracy.txt" else None)


@lru_cache(maxsize=16)
def _scores(
    path: str, _modified: int, _size: int, limits: Limits
) -> Mapping[str, mlperf_accuracy.Score]:
    """Return the scores of an accuracy.txt, which tell what was run before they are measurements."""
    return mlperf_accuracy.scores(Path(path), limits)


def _wanted(run: Run, names: Names, round_id: str | None) -> tuple[rules.Quality, ...]:
    if not names.benchmark:
        return ()
    if run.automotive:
        return automotive.qualities(names.benchmark)
    return rules.qualities(names.benchmark, round_id, names.scenario)


def is_automotive(run: Run, scenario: str | None) -> bool:
    """Say whether a run is one of MLPerf Automotive: by its scenario, or by what its system is for."""
    path = run.one("system")
    data = _json(str(path), *_stamp(path), run.unit.limits)[0] if path else None
    return scenario == "constant-stream" or (
        isinstance(data, dict) and automotive.is_system(data.get("system_type"))
    )


def quality_item(
    rule: rules.Quality, text: str, where: str, locator: str, *, held: bool
) -> dict[str, Any] | None:
    """Return a score as a measurement, with its targets where it is held to them, None where it is no number."""
    item = _item(rule.metric, text, rule.unit, where, locator)
    if item:
        item |= given(scope=rule.scope)
    if item and held:
        for side, target in (("target_min", rule.target_min), ("target_max", rule.target_max)):
            if target is not None:
                item[side] = convert(target, rule.unit, "1")
    return item


def _item(metric: str, text: str, unit: str, where: str, locator: str) -> dict[str, Any] | None:
    value = convert(text, unit, "1")
    if value is None:
        return None
    statistic, per = _QUALITY_KEYS.get(metric, ("pooled", None))
    return given(
        metric=metric,
        statistic=statistic,
        per=per,
        value=value,
        unit="1",
        basis="measured",
        reported_value=text,
        reported_unit=unit if unit != "1" else None,
        source_path=where,
        source_locator=locator,
    )


def _system_file(run: Run) -> dict[str, Any]:
    path = run.one("system")
    if path is None:
        name = (
            f"systems/{run.place.system}.json"
            if run.place.system
            else "its description in systems/"
        )
        run.find(
            "BF706",
            run.path,
            f"{name} is not there: hardware and software are not known",
            "give the whole submission",
        )
        return {}
    data, repaired, error, digest = _json(str(path), *_stamp(path), run.unit.limits)
    if not error and not isinstance(data, dict):
        error = f"{path.name}: an object that describes a system is expected"
    if error:
        run.findings.append(Failed(path, error))
        return {}
    where = run.read(path, digest)
    for words in repaired:
        run.find("BF115", where, words, "correct the file")
    return dict(data)


def _measurement_file(run: Run) -> tuple[dict[str, Any], str]:
    """Return the description of the measurement with its path: of several JSON files the one that says the weights' type."""
    chosen: dict[str, Any] = {}
    where = ""
    broken: list[Failed] = []
    for path in run.files.get("measurements", ()):
        data, repaired, error, digest = _json(str(path), *_stamp(path), run.unit.limits)
        if error:
            broken.append(Failed(path, error))
        elif chosen or not isinstance(data, dict) or "weight_data_types" not in data:
            run.findings.append(
                Skipped(
                    path,
                    "beside the description of a measurement, but not one: no weight_data_types",
                )
            )
        else:
            chosen = data
            where = run.read(path, digest)
            for words in repaired:
                run.find("BF115", where, words, "correct the file")
    if chosen:
        run.findings += [
            Skipped(item.path, f"beside the description of a measurement: {item.error}")
            for item in broken
        ]
        return chosen, where
    run.findings += broken
    if run.place.system:
        run.find(
            "BF706",
            run.path,
            "no description of the measurement (weight_data_types) is there: the precision is not known",
            "give the whole submission",
        )
    return {}, where


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=256)
def _json(
    path: str, _modified: int, _size: int, limits: Limits
) -> tuple[Any, tuple[str, ...], str | None, str | None]:
    """Return data, repairs, error and hash of a JSON file; many results share one system."""
    place = Path(path)
    try:
        data, repaired = mlperf_json.read(place, limits)
    except BenchfmtError as error:
        return None, (), str(error), file_sha256(place)
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except (
        UnicodeEncodeError
    ):  # an escape such as \ud800 is half a character, which no text can hold
        data = json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
        repaired = [*repaired, "half a character replaced by a question mark"]
    return data, tuple(repaired), None, file_sha256(place)


def _user_conf(run: Run) -> dict[str, str]:
    path = run.one("user.conf")
    if path is None:
        return {}
    run.read(path, file_sha256(path))
    return loadgen.read_user_conf(path)


def _compliance(run: Run) -> dict[str, Any]:
    """Return the verdicts of the compliance tests: pass, fail or unknown, by test and file."""
    found: dict[str, Any] = {}
    for role, paths in sorted(run.files.items()):
        for path in paths if role.startswith("test:") else ():
            with path.open("rb") as file:
                text = file.read(_VERDICT_BYTES).decode("utf-8", "replace")
            run.read(path, file_sha256(path))
            found.setdefault(role[5:], {})[path.stem.removeprefix("verify_")] = _verdict(text)
    return found


def _verdict(text: str) -> str:
    checks = re.findall(r"check pass: *(True|False|Skipped)", text)
    if "TEST FAIL" in text or "False" in checks:
        return "fail"
    return "pass" if "TEST PASS" in text or "True" in checks else "unknown"


def pruned(record: dict[str, Any], run: Run) -> dict[str, Any]:
    """Return the record without what is absent, with its extensions."""
    if run.extensions:
        record["extensions"] = {"mlperf": dict(sorted(run.extensions.items()))}
    return {key: value for key, value in record.items() if value is not None and value != {}}


def count(text: str | None) -> int | None:
    """Return a positive count that a text writes and JSON keeps exactly, or None."""
    return int(text) if text and re.fullmatch("[0-9]{1,15}", text) and int(text) else None
