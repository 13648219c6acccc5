"""Which files of trtexec belong together: a log with what its runs exported, or a set of exports without a log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchfmt.converters import texts
from benchfmt.converters.base import Skipped, Source
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers import encodings, jsons, lines
from benchfmt.readers import trtexec as reader
from benchfmt.readers.trtexec import Run

LOGS = lines.ENDINGS
RESULTS = ("summary", "times", "profile")
"""The kinds of export that hold a result by themselves, the one that says most first."""
_TAIL = 2**16
_JSON_HEAD = 2**12
_NOT_OURS = ("mlperf_log_", "._")
"""Files of which thousands lie in trees that others read."""
_SUFFIX = re.compile(
    r"[._-](?:times?|timings?|exporttimes?|profile|exportprofile|graph|layers?|layer_?info|exportlayerinfo|metadata"
    r"|build|output|exportoutput)$",
    re.IGNORECASE,
)
_ALONE = re.compile(_SUFFIX.pattern.replace("[._-]", "^", 1), re.IGNORECASE)


@dataclass
class Found:
    """The files of trtexec in a source: logs, and exports with their kinds."""

    logs: list[Path] = field(default_factory=list)
    exports: dict[Path, str] = field(default_factory=dict)


@dataclass
class Group:
    """The files of one log or of one set of exports: the primary one, its kind, and the others with theirs."""

    path: Path
    kind: str
    others: list[tuple[str, Path]]


def find(source: Source) -> Found:
    """Return the files of trtexec in a source, known by what stands in them."""
    found = Found()
    for name in source.files.texts():
        last = name.replace("\\", "/").rpartition("/")[2].lower()
        ending = "." + last.rpartition(".")[2] if "." in last else ""
        if last.startswith(_NOT_OURS) or (
            ending not in (*LOGS, ".json") and source.root != Path(name)
        ):
            continue
        path = Path(name)
        if path.is_symlink() or not path.is_file():
            continue
        kind = reader.kind_of(texts.head(path, _JSON_HEAD)) if ending == ".json" else None
        if kind:
            found.exports[path] = kind
        elif ending != ".json" and _is_log(path, ending):
            found.logs.append(path)
    return found


def groups(source: Source) -> Iterator[Group | Skipped]:
    """Yield each log with what its runs exported, then each set of exports without a log, in the order of paths.

    Exports that describe a run which is not there are skipped, and so is what holds no measurements.
    """
    found = find(source)
    members: dict[Path, list[tuple[str, Path]]] = {}
    taken: set[Path] = set()
    for log in found.logs:
        members[log] = [item for item in _named_by(log, found) if item[1] not in taken]
        taken.update(path for _, path in members[log])
    sets: dict[tuple[str, str], list[tuple[str, Path]]] = {}
    for path, kind in found.exports.items():
        if path not in taken:
            sets.setdefault((str(path.parent), _stem(path)), []).append((kind, path))
    for (folder, stem), exports in sets.items():
        logs = [
            log for log in found.logs if str(log.parent) == folder and _stem(log) == stem and stem
        ]
        if len(logs) == 1:
            members[logs[0]] += exports
            continue
        primary = next((p for want in RESULTS for kind, p in exports if kind == want), None)
        if primary:
            members[primary] = [item for item in exports if item[1] != primary]
        else:
            yield from (Skipped(path, _why_skipped(kind)) for kind, path in exports)
    for path in sorted(members):
        others = sorted(members[path], key=lambda item: str(item[1]))
        yield from (Skipped(p, _why_skipped(kind)) for kind, p in others if kind == "output")
        others = [item for item in others if item[0] != "output"]
        yield Group(path, found.exports.get(path, "log"), others)


def _is_log(path: Path, ending: str) -> bool:
    """Say whether a file holds a run: prose may quote the marks, so there a summary is wanted too."""
    head = texts.head(path, own=reader.OWN)
    parts = [head] if head else []
    size = path.stat().st_size
    if size > texts.HEAD:  # a log may begin with megabytes of anything
        with path.open("rb") as file:
            encoding = encodings.encoding_of(file.read(_JSON_HEAD))
            file.seek((max(size - _TAIL, 0) // 4) * 4)
            end = file.read(_TAIL)
        wide = not encoding.startswith("utf-8")
        parts.append(lines.text(end.decode(encoding, "replace") if wide else end, reader.OWN))
    prose = ending in (".md", ".rst", ".html", ".htm")
    return any(reader.has_summary(part) or (not prose and reader.has_mark(part)) for part in parts)


def _named_by(log: Path, found: Found) -> Iterator[tuple[str, Path]]:
    """Yield the files that the command lines of a log say they wrote: beside it, else anywhere in the source."""
    seen = set()
    try:
        named = reader.exports(texts.text_of(log, reader.OWN))
    except (BenchfmtError, OSError):  # told when it is read
        return
    for kind, name in named:
        base = name.replace("\\", "/").rpartition("/")[2]
        beside = log.with_name(base)
        elsewhere = [path for path in found.exports if path.name == base]
        path = (
            beside
            if base and beside.is_file() and not beside.is_symlink()
            else elsewhere[0]
            if len(elsewhere) == 1
            else None
        )
        if path and path not in seen and path != log:
            seen.add(path)
            yield kind, path


def shared_out(
    runs: list[Run], exports: list[tuple[str, Path]]
) -> dict[int, list[tuple[str, Path]]]:
    """Return the exports of each run: of several runs that name one file, the last one wrote what is in it."""
    mine: dict[int, list[tuple[str, Path]]] = {run.number: [] for run in runs}
    for kind, path in exports:
        naming = [run for run in runs if path.name in run.command and run.end != "FAILED"]
        last = (naming or runs)[-1]
        # A log that stands twice in a file has the export's run twice.
        same = [
            run
            for run in naming
            if (run.summary, run.totals) == (last.summary, last.totals) and run.summary
        ]
        for run in same or [last]:
            mine[run.number].append((kind, path))
    return mine


def run_of_exports(files: list[tuple[str, Path]], limits: Limits) -> Run:
    """Return the run of which there are exports and no log; raises BenchfmtError for one that cannot be read."""
    run = Run()
    for kind, path in files:
        if kind == "summary":
            run = reader.of_summary(jsons.read(path, limits, digits=True))
    for kind, path in files:
        if kind == "build":
            data = jsons.read(path, limits, digits=True)
            for key, section in (
                ("model_options", "Model Options"),
                ("build_options", "Build Options"),
            ):
                reader.add_options(
                    run, section, data.get(key) if isinstance(data, Mapping) else None
                )
    return run


def _stem(path: Path) -> str:
    """Return what the files of one run have in common in their names; empty for `times.json` and the like."""
    stem = path.name.removesuffix(path.suffix)
    while _SUFFIX.search(stem):
        stem = _SUFFIX.sub("", stem)
    return "" if _ALONE.match(stem) else stem


def _why_skipped(kind: str) -> str:
    return {
        "output": "tensors that the run computed (--exportOutput), not measurements",
        "layers": "describes an engine; the run that it belongs to is not here",
        "build": "options of a build; the run that they belong to is not here",
        "device": "describes a device; the run that it belongs to is not here",
    }[kind]
