"""Which files of trtexec belong together: a log with what its runs exported, or a set of exports without a log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.base import Skipped, Source
from benchfmt.converters.trtexec.evidence import Export
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import encodings, heads, jsons, lines
from benchfmt.readers import trtexec as reader
from benchfmt.readers.trtexec import Run

LOGS = lines.ENDINGS
RESULTS = ("summary", "times", "profile")
"""The kinds of export that hold a result by themselves, the one that says most first."""
_TAIL = 2**16
_JSON_HEAD = 2**12
_SUFFIX = re.compile(
    r"[._-](?:times?|timings?|exporttimes?|profile|exportprofile|graph|layers?|layer_?info|exportlayerinfo|metadata"
    r"|build|output|exportoutput)$",
    re.IGNORECASE,
)
_ALONE = re.compile(_SUFFIX.pattern.replace("[._-]", "^", 1), re.IGNORECASE)


@dataclass
class Files:
    """The files of trtexec in a source: logs, and exports with their kinds."""

    logs: list[Path] = field(default_factory=list)
    exports: dict[Path, str] = field(default_factory=dict)


@dataclass
class Group:
    """The files of one log or of one set of exports: the primary one, its kind, and the others with theirs."""

    path: Path
    kind: str
    exports: list[Export]


def find(source: Source) -> Files:
    """Return the files of trtexec in a source, known by what stands in them."""
    files = Files()
    for path, ending in texts.candidates(source, *LOGS, ".json"):
        if ending == ".json":
            kind = reader.kind_of(texts.head(path, _JSON_HEAD))
            if kind:
                files.exports[path] = kind
        elif _is_log(path, ending):
            files.logs.append(path)
    return files


def groups(source: Source) -> Iterator[Group | Skipped]:
    """Yield each log with what its runs exported, then each set of exports without a log, in the order of paths.

    Exports that describe a run which is not there are skipped, and so is what holds no measurements.
    """
    files = find(source)
    members = _named_exports(files)
    named = {export.path for exports in members.values() for export in exports}
    for (folder, stem), exports in _sets(files, named).items():
        primary = _log_of(folder, stem, files.logs) or _primary(exports)
        if primary:
            others = [export for export in exports if export.path != primary]
            members.setdefault(primary, []).extend(others)
        else:
            yield from map(_skipped, exports)
    for path in sorted(members):
        exports = sorted(members[path], key=lambda export: str(export.path))
        outputs = [export for export in exports if export.kind == "output"]
        yield from map(_skipped, outputs)
        results = [export for export in exports if export not in outputs]
        yield Group(path, files.exports.get(path, "log"), results)


def _named_exports(files: Files) -> dict[Path, list[Export]]:
    """Return the exports that each log names; one that several name is of the first."""
    members: dict[Path, list[Export]] = {}
    taken: set[Path] = set()
    for log in files.logs:
        members[log] = [export for export in _named_by(log, files) if export.path not in taken]
        taken.update(export.path for export in members[log])
    return members


def _sets(files: Files, named: set[Path]) -> dict[tuple[Path, str], list[Export]]:
    """Return the exports that no log names, those of one folder and stem together."""
    sets: dict[tuple[Path, str], list[Export]] = {}
    for path, kind in files.exports.items():
        if path not in named:
            sets.setdefault((path.parent, _stem(path)), []).append(Export(kind, path))
    return sets


def _log_of(folder: Path, stem: str, logs: list[Path]) -> Path | None:
    """Return the one log in a folder that is named as a set of exports is."""
    if not stem:
        return None
    same = [log for log in logs if log.parent == folder and _stem(log) == stem]
    if len(same) == 1:
        return same[0]
    return None


def _primary(exports: list[Export]) -> Path | None:
    """Return the export that says most of a result."""
    for kind in RESULTS:
        for export in exports:
            if export.kind == kind:
                return export.path
    return None


def _is_log(path: Path, ending: str) -> bool:
    """Say whether a file holds a run: prose may quote the marks, so there a summary is wanted too."""
    head = texts.head(path, own=reader.OWN)
    parts = []
    if head:
        parts.append(head)
    size = path.stat().st_size
    if size > texts.HEAD:  # a log may begin with megabytes of anything
        parts.append(_end_of(path, size))
    prose = ending in (".md", ".rst", ".html", ".htm")
    return any(reader.has_summary(part) or (not prose and reader.has_mark(part)) for part in parts)


def _end_of(path: Path, size: int) -> str:
    """Return the text at the end of a file."""
    with heads.opened(path) as file:
        encoding = encodings.encoding_of(file.read(_JSON_HEAD))
        file.seek((max(size - _TAIL, 0) // 4) * 4)
        end = file.read(_TAIL)
    if encoding.startswith("utf-8"):
        return lines.text(end, reader.OWN)
    return lines.text(end.decode(encoding, "replace"), reader.OWN)


def _named_by(log: Path, files: Files) -> Iterator[Export]:
    """Yield the files that the command lines of a log say they wrote: beside it, else anywhere in the source."""
    try:
        named = reader.exports(texts.lines_with(log, "&&&&", reader.OWN))
    except (BenchfmtError, OSError):  # reported when it is read
        return
    yielded = {log}
    for kind, name in named:
        path = _file_named(name.replace("\\", "/").rpartition("/")[2], log, files)
        if path and path not in yielded:
            yielded.add(path)
            yield Export(kind, path)


def _file_named(name: str, log: Path, files: Files) -> Path | None:
    """Return the file of a name beside a log, else the only one of the source."""
    if not name:
        return None
    beside = log.with_name(name)
    if beside.is_file() and not beside.is_symlink():
        return beside
    elsewhere = [path for path in files.exports if path.name == name]
    if len(elsewhere) == 1:
        return elsewhere[0]
    return None


def shared_out(runs: list[Run], exports: list[Export]) -> dict[int, list[Export]]:
    """Return the exports of each run: of several runs that name one file, the last one wrote what is in it."""
    exports_by_run: dict[int, list[Export]] = {run.number: [] for run in runs}
    for export in exports:
        for run in _writers(runs, export.path.name):
            exports_by_run[run.number].append(export)
    return exports_by_run


def _writers(runs: list[Run], name: str) -> list[Run]:
    """Return the run that wrote a file, twice where it stands twice in the log."""
    naming = [run for run in runs if name in run.command and run.end != "FAILED"]
    last = (naming or runs)[-1]
    if not last.summary:
        return [last]
    same = [run for run in naming if (run.summary, run.totals) == (last.summary, last.totals)]
    return same or [last]


def run_of_exports(files: list[Export], limits: Limits) -> Run:
    """Return the run of which there are exports and no log; raises BenchfmtError for one that cannot be read."""
    run = Run()
    for kind, path in files:
        if kind == "summary":
            run = reader.of_summary(jsons.read(path, limits, digits=True))
    for kind, path in files:
        data = jsons.read(path, limits, digits=True) if kind == "build" else None
        if isinstance(data, dict):
            reader.add_options(run, "Model Options", data.get("model_options"))
            reader.add_options(run, "Build Options", data.get("build_options"))
    return run


def _stem(path: Path) -> str:
    """Return what the files of one run have in common in their names; empty for `times.json` and the like."""
    stem = path.name.removesuffix(path.suffix)
    while _SUFFIX.search(stem):
        stem = _SUFFIX.sub("", stem)
    if _ALONE.match(stem):
        return ""
    return stem


def _skipped(export: Export) -> Skipped:
    return Skipped(export.path, _WHY_SKIPPED[export.kind])


_WHY_SKIPPED = {
    "output": "tensors that the run computed (--exportOutput), not measurements",
    "layers": "describes an engine; the run that it belongs to is not here",
    "build": "options of a build; the run that they belong to is not here",
    "device": "describes a device; the run that it belongs to is not here",
}
