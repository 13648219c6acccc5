"""Where things stand in MLPerf Storage submissions: which files make up one result, and what its path says.

    [<repository>/]<division>/<submitter>/systems/<system>.json                             (YAML from v3.0)
    …/<submitter>/results/<system>/<workload>[-<accelerator>][/…]/[runs/]mlperf_storage_report.json
                                                              …/run<N>/[<host>/]summary.json, configs/config.yaml
    …/<submitter>/results/<system>/training/<model>/run/<time>/summary.json                 (v3.0: no report)
    …/<submitter>/results/<system>/checkpointing/<model>/<time>/summary.json

The round is that of the repository's folder (`storage_results_v2.0`); the files do not say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchfmt.converters.base import Source
from benchfmt.converters.mlperf.places import FOR_PEOPLE, STRAY, STRAYS, Places
from benchfmt.converters.mlperf.results_tree import head
from benchfmt.readers import heads
from benchfmt.readers.files import file_sha256
from benchfmt.suites import mlperf_storage as rules

REPORT = "mlperf_storage_report.json"
SUMMARY = "summary.json"
PRUNED = b"PRUNED BY STAFF"
"""What stands in the place of a large file in v3.0."""
_REPOSITORY = "storage_results"
_RUN = re.compile(r"run[-_]?[0-9]{1,4}|[0-9]{8}_[0-9]{6}")
_UNREAD = re.compile(
    rf"/(?:closed|open)/[^/]+/results/[^/]+/(?:{'|'.join(rules.UNREAD_PHASES)})/", re.IGNORECASE
)
_HEAD = 64 * 1024
WHY = (
    (re.compile(r"(^|/)\._"), "a copy that macOS made of a file's attributes"),
    (
        re.compile(r"(^|/)(datagen|datasize)/|(^|/)generation_logs/"),
        "from the making of the data, which is not measured",
    ),
    (re.compile(r"per_epoch_stats\.json$"), "times of each epoch; the rates stand in summary.json"),
    (
        re.compile(
            r"(^|/)([0-9]+_output|iostat|fs_separation|cluster_info|results)\.json$|_timeseries\.json$"
        ),
        "details of a run; its numbers stand in summary.json",
    ),
    (re.compile(r"_metadata\.json$"), "settings of a run; those of the first run are read"),
    (
        re.compile(r"(^|/)(hydra|overrides|config)\.yaml$"),
        "settings of a run; those of the first run are read from config.yaml",
    ),
    (re.compile(r"(^|/)summary\.json$"), "a summary of no run of a result"),
    (re.compile(r"\.log$|\.out$|\.err$"), "the log of a run"),
    (
        re.compile(r"(?i)(^|/)systems?/([^/]+/)*[^/]+\.(json|ya?ml)$"),
        "describes a system of which no result is here",
    ),
    (re.compile(r"(^|/)code(-[0-9a-f]+)?/"), "code of the submission"),
    (
        re.compile(r"(?i)\.(md|adoc|html|png|jpe?g|pdf|docx?|xlsx?|sh|py)$"),
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
    inner: tuple[str, ...] = ()
    """The folders below the system's."""
    location: str | None = None
    round: str | None = None
    home: str = ""
    """The folder that holds `results`, and `systems` beside it."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a unit needs besides its files: its place, and what each file is, the primary one first."""

    place: Place
    roles: tuple[str, ...]
    unclear: tuple[str, ...] = ()
    """The descriptions of systems that fit alike, by name, so that none of them is taken."""


def place(folder: str) -> Place:
    """Return what the path of a result's folder says."""
    above = head(folder, _REPOSITORY, rules.ROUNDS)
    if above is None:
        return Place("", inner=tuple(folder.split("/")[-2:]))
    system = next(iter(above.inner), None)
    inner = tuple(part for part in above.inner[1:] if part not in ("run", "runs"))
    location = None
    if above.division and system:
        location = "/".join((above.path, system, *inner))
    home = ""
    if above.prefix:
        home = "/".join(filter(None, (above.prefix, above.path.rpartition("/")[0])))
    return Place(
        above.prefix, above.division, above.submitter, system, inner, location, above.round, home
    )


def run_name(path: Path) -> str:
    """Return the name of the run that a summary is of: that of its folder, or of a host's."""
    parts = path.absolute().parent.parts
    named = next((part for part in reversed(parts) if _RUN.fullmatch(part)), None)
    return named or parts[-1]


def is_report(path: Path) -> bool:
    """Say whether a file is the report of a result, or a placeholder of one."""
    return path.name == REPORT and _holds(path, b'"overall"', b'"train_')


def is_summary(path: Path) -> bool:
    """Say whether a file is the summary of a measured run, or a placeholder of one."""
    if path.name != SUMMARY or re.search(r"/(datagen|datasize)/", path.absolute().as_posix()):
        return False
    # Of what nobody has described only the place in a submission tells what it is.
    if _UNREAD.search(path.absolute().as_posix()):
        return _holds(path)
    return _holds(path, b'"metric"', b'"num_accelerators"', b'"hostname"')


def _holds(path: Path, *marks: bytes) -> bool:
    """Say whether a file begins with some words, or is a placeholder of one."""
    if not heads.is_regular(path):
        return False
    try:
        begin = heads.head(path, _HEAD)
    except OSError:
        return False
    return begin.startswith(PRUNED) or all(mark in begin for mark in marks)


Files = list[tuple[str, Path]]
"""Files with what each is, the primary one first."""


def groups(source: Source, places: Places) -> dict[str, Files]:
    """Return the files of each result by its folder (absolute, as text)."""
    folders = _folders(source, places)
    found: dict[str, Files] = {}
    for folder, paths in folders.items():
        for path in paths:
            if path.name == REPORT and not path.is_symlink():
                found[folder] = [("report", path)]
    reports = set(found)
    for folder, paths in folders.items():
        summary = next((path for path in paths if path.name == SUMMARY), None)
        if summary is None or not is_summary(summary):
            continue
        files = found.setdefault(_nearest(folder, reports) or _workload_folder(folder), [])
        is_first = all(role != "summary" for role, _ in files)
        files.append(("summary", summary))
        if is_first:
            files += _settings(folder, folders)
    return found


def _folders(source: Source, places: Places) -> dict[str, list[Path]]:
    """Return the files that may be of a result by their folders (absolute, as text)."""
    folders: dict[str, list[Path]] = {}
    for path in source.files.named(".json", ".yaml"):
        folder = path.absolute().parent.as_posix()
        if not path.name.startswith("._") and not places.why(folder):
            folders.setdefault(folder, []).append(path)
    return folders


def without_copies(
    results: Mapping[str, Files],
) -> tuple[dict[str, Files], list[tuple[Path, Path]]]:
    """Return the results, and the reports that are copies with the first of each: some stand beside the runs and among them."""
    kept: dict[str, Files] = {}
    copies: list[tuple[Path, Path]] = []
    by_location: dict[str, str] = {}
    for folder, files in results.items():
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
        for path in folders.get(f"{folder}/{inner}", ()):
            if path.name == "config.yaml":
                yield "config", path
    for path in folders[folder]:
        if path.name.endswith("_metadata.json"):
            yield "metadata", path
            return


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
    for index in range(len(parts) - 1, 0, -1):
        if not _RUN.fullmatch(parts[index]):
            continue
        if parts[index - 1] in ("run", "runs"):
            index -= 1
        return "/".join(parts[:index])
    return folder
