"""What stands beside a run in a submission: the descriptions of its system and measurement, settings and verdicts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Skipped
from benchfmt.converters.mlperf import model_mapping
from benchfmt.converters.mlperf.attribution import HELD, Filled
from benchfmt.converters.mlperf.inference.run import Run
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import heads, loadgen, mlperf_json
from benchfmt.readers.files import file_sha256

_NO_MEASUREMENT = "beside the description of a measurement"
_WHOLE_SUBMISSION = "give the whole submission"
_VERDICT_BYTES = 1_000_000
_TEST_ROLE = "test:"


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON file: its data with the repairs that they needed, or the error."""

    data: JsonValue
    repairs: tuple[str, ...]
    error: str | None
    sha256: str | None


def document(path: Path, limits: Limits) -> Document:
    """Return a JSON file; many results share one, so that it is read once while it stays as it is."""
    return _document(path, *stamp(path), limits)


def stamp(path: Path) -> tuple[int, int]:
    """Return time and size of a file, by which a copy in memory is known to be that of today."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=256)
def _document(path: Path, _modified: int, _size: int, limits: Limits) -> Document:
    sha256 = file_sha256(path)
    try:
        data, repairs = mlperf_json.read(path, limits)
    except BenchfmtError as error:
        return Document(None, (), str(error), sha256)
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        # An escape such as \ud800 is half a character, which no text can hold.
        data = json.loads(text.encode("utf-8", "replace"))
        repairs = [*repairs, "half a character replaced by a question mark"]
    return Document(data, tuple(repairs), None, sha256)


def system_of(run: Run) -> dict[str, JsonValue]:
    """Return the description of the system, empty where there is none."""
    path = run.one("system")
    if path is None:
        _report_no_system(run)
        return {}
    described = document(path, run.unit.limits)
    if described.error:
        run.fail(path, described.error)
        return {}
    if not isinstance(described.data, dict):
        run.fail(path, f"{path.name}: an object that describes a system is expected")
        return {}
    _add_source(run, path, described)
    return dict(described.data)


def _report_no_system(run: Run) -> None:
    name = "its description in systems/"
    if run.place.system:
        name = f"systems/{run.place.system}.json"
    message = f"{name} does not exist: hardware and software are not known"
    run.report("BF706", run.path, message, _WHOLE_SUBMISSION)


def _add_source(run: Run, path: Path, described: Document) -> str:
    """Add a JSON file to the sources, report what was repaired in it, and return its path."""
    where = run.read(path, described.sha256)
    for repair in described.repairs:
        run.report("BF115", where, repair, "correct the file")
    return where


def measurement_of(run: Run) -> tuple[dict[str, JsonValue], str]:
    """Return the description of the measurement with its path: of several JSON files the one that says the weights' type."""
    chosen: dict[str, JsonValue] = {}
    where = ""
    broken: list[Failed] = []
    for path in run.files.get("measurements", ()):
        described = document(path, run.unit.limits)
        data = described.data
        if described.error:
            broken.append(Failed(path, described.error))
        elif chosen or not isinstance(data, dict) or "weight_data_types" not in data:
            reason = f"{_NO_MEASUREMENT}, but not one: no weight_data_types"
            run.findings.append(Skipped(path, reason))
        else:
            chosen = data
            where = _add_source(run, path, described)
    if chosen:
        for failed in broken:
            run.findings.append(Skipped(failed.path, f"{_NO_MEASUREMENT}: {failed.error}"))
        return chosen, where
    run.findings += broken
    if run.place.system:
        run.report(
            "BF706",
            run.path,
            "no description of the measurement (weight_data_types) is there: the precision is not known",
            _WHOLE_SUBMISSION,
        )
    return {}, where


def mapped_benchmark(run: Run, named: str) -> Filled | None:
    """Return the benchmark that the nearest model_mapping.json of an open submission gives to a name, or None."""
    if run.place.division in HELD:
        return None
    for path in run.files.get("model-mapping", ()):
        described = document(path, run.unit.limits)
        if described.error:
            run.fail(path, described.error)
            continue
        try:
            models = model_mapping.models_of(described.data, path)
        except BenchfmtError as error:
            run.fail(path, str(error))
            continue
        benchmark = model_mapping.benchmark(models, named)
        if benchmark:
            where = _add_source(run, path, described)
            return Filled.said(benchmark, where)
    return None


def user_settings(run: Run) -> dict[str, str]:
    """Return the settings of user.conf."""
    path = run.one("user.conf")
    if path is None:
        return {}
    run.read(path, file_sha256(path))
    return loadgen.read_user_conf(path)


def compliance(run: Run) -> dict[str, JsonValue]:
    """Return the verdicts of the compliance tests: pass, fail or unknown, by test and file."""
    verdicts: dict[str, JsonValue] = {}
    for role in sorted(run.files):
        if not role.startswith(_TEST_ROLE):
            continue
        by_file: dict[str, JsonValue] = {}
        verdicts[role.removeprefix(_TEST_ROLE)] = by_file
        for path in run.files[role]:
            with heads.opened(path) as file:
                text = file.read(_VERDICT_BYTES).decode("utf-8", "replace")
            run.read(path, file_sha256(path))
            by_file[path.stem.removeprefix("verify_")] = _verdict(text)
    return verdicts


def _verdict(text: str) -> str:
    checks = re.findall(r"check pass: *(True|False|Skipped)", text)
    if "TEST FAIL" in text or "False" in checks:
        return "fail"
    if "TEST PASS" in text or "True" in checks:
        return "pass"
    return "unknown"
