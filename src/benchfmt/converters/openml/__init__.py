"""OpenML: runs, lists of evaluations and the run folders of its clients, in XML and in every dialect of JSON.

Hardware is not recorded by OpenML, so records have no system. See docs/converters/openml.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.openml import evaluations, frames, runs, sniff, terms
from benchfmt.converters.openml.context import SAME, listed_runs, read_context
from benchfmt.converters.openml.trees import Node, document, head, identifier, text
from benchfmt.finding import BenchfmtError
from benchfmt.limits import Limits
from benchfmt.readers.files import file_sha256
from benchfmt.suites import openml as rules

NAME = runs.NAME
VERSION = runs.VERSION
OPTIONS = ("server", "names")

_SERVERS = {"www": rules.PRODUCTION, "test": rules.TEST}
_PICKLES = (".pkl", ".pickle", ".joblib")
_RUN_HEAD = 65_536
_REFERENCE = re.compile(rb'(task_id|flow_id|setup_id|run_id|did)(?:>|"\s*:\s*"?)\s*([0-9]{1,15})')
_IDS = {
    "task": "task_id",
    "flow": "id",
    "setup_parameters": "setup_id",
    "data_set_description": "id",
}
_PARTS = {
    "task": "task",
    "flow": "flow",
    "setup_parameters": "setup",
    "data_set_description": "dataset",
}
_OLD_FORM = "the form of runs before API v1 (oml:get_run with oml:metric), which is not read; fetch run/{id} again"
_FOLDER_RUNS = ("description.xml", "run.xml")
PATTERNS = (
    Pattern(("*.xml",), words=("openml.org/openml",)),
    Pattern(("*.json",), words=('"flow_name"',), expression=sniff.ROOT_KEY),
    Pattern(("*.xml.gz", "*.json.gz")),
    Pattern(("*.csv", "*.arff"), words=("task_id", "flow_id", "setup_id")),
)


@dataclass(frozen=True, slots=True)
class Extra:
    """What planning knows of a unit: its kind and path, its server, and the files that say more of a run."""

    kind: str
    path: str
    server: str | None
    supporting: Mapping[str, Path]


def detect(source: Source) -> Match | None:
    """Say how many OpenML results a source holds, or None."""
    kinds = Counter(
        kind for path in source.with_suffix(*sniff.SUFFIXES) if (kind := sniff.kind(path))
    )
    framed = Counter(
        fault
        for path in source.with_suffix(*frames.SUFFIXES)
        if (fault := frames.fault(path)) is not None
    )
    kinds["evaluations"] += framed.pop("", 0)
    results = sum(kinds[kind] for kind in sniff.RESULTS)
    if results:
        told = ", ".join(f"{kinds[kind]} x {kind}" for kind in sniff.RESULTS if kinds[kind])
        return Match(0.95, f"{results} OpenML answers with results ({told})")
    others = kinds.total() + framed.total()
    if not others:
        return None
    return Match(0.5, f"{others} OpenML answers, none with results")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield one unit for each run and each list of evaluations, in path order; everything else of OpenML's is named."""
    server = _server_option(options)
    kinds = {
        path: kind for path in source.with_suffix(*sniff.SUFFIXES) if (kind := sniff.kind(path))
    }
    for path in source.with_suffix(*frames.SUFFIXES):
        fault = frames.fault(path)
        if fault:
            yield Failed(path, fault)
        elif fault == "":
            kinds[path] = "evaluations"
    library = _Library(kinds, source)
    used: set[Path] = set()
    for path, kind in kinds.items():
        supporting: dict[str, Path] = {}
        if kind == "run":
            supporting = library.beside(path)
        elif kind != "evaluations":
            continue
        used |= set(supporting.values())
        beside = tuple(dict.fromkeys(supporting.values()))
        extra = Extra(kind, _shown(path), server or _server_of(path), supporting)
        yield Unit(path, beside, options, extra, source.limits)
    yield from _rest(source, kinds, used)


def lacks(path: Path) -> str | None:
    """Say what a table that looks like one of OpenML's lacks, or None."""
    if not path.name.lower().endswith(frames.SUFFIXES):
        return None
    return frames.lacks(path)


def _rest(source: Source, kinds: Mapping[Path, str], used: set[Path]) -> Iterator[Skipped | Failed]:
    """Yield what holds no result, and why."""
    for path, kind in kinds.items():
        if kind == "get_run":
            yield Failed(path, _OLD_FORM)
        elif kind not in sniff.RESULTS and path not in used:
            yield Skipped(path, _why(path, kind))
    if not kinds:
        return
    folders = {path.parent for path, kind in kinds.items() if kind == "run"}
    for path in source.with_suffix(".arff", *_PICKLES):
        if path in used or path in kinds or path.parent not in folders:
            continue
        if path.name.lower().endswith(_PICKLES):
            yield Skipped(path, "a pickle, which is never opened")
        else:
            yield Skipped(path, "predictions or a trace, used only in the folder of one run")


def _why(path: Path, kind: str) -> str:
    if kind == "error":
        try:
            content = document(path)
        except (BenchfmtError, OSError):
            content = {}
        return f"an error that the server answered: {text(content, 'code') or '?'} {text(content, 'message') or ''}".strip()
    return f"no result: {sniff.described(kind)}"


def prefixes(unit: Unit) -> Mapping[str, JsonValue]:
    """Return the declaration of the measures that a file names and the vocabulary does not have."""
    if unit.path.name.lower().endswith(frames.SUFFIXES):
        try:
            return terms.declared(frames.functions(unit.path))
        except (BenchfmtError, OSError):
            return {}  # told where the file is read
    kind = "name"
    if unit.extra.kind == "evaluations":
        kind = "function"
    return terms.declared(terms.said(unit.path, kind, unit.limits))


def read(unit: Unit) -> Iterator[Item]:
    """Yield the record of a run, or the records of a list of evaluations in parts."""
    extra: Extra = unit.extra
    digest = file_sha256(unit.path)
    if extra.kind == "evaluations":
        origin = evaluations.Origin(extra.path, digest, extra.server, NAME, VERSION)
        yield from evaluations.read(unit, origin)
        return
    names = unit.options.get("names", "").lower() in ("true", "yes", "1")
    context, findings = read_context(
        _without_list(extra.supporting), extra.server, unit.limits, names=names
    )
    try:
        run = document(unit.path, unit.limits)
        context.listed = _listed(extra.supporting, run, unit.limits)
        draft = runs.draft(run, context, extra.path, digest)
    except (BenchfmtError, OSError) as error:
        yield from evaluations.refused(unit, error)
        return
    yield from findings
    yield from draft.items(unit.path)


def _without_list(supporting: Mapping[str, Path]) -> dict[str, Path]:
    known = {*_PARTS.values(), "qualities", "predictions"}
    return {part: path for part, path in supporting.items() if part in known}


_LISTS: dict[Path, dict[int, dict[str, str]]] = {}
"""The last lists of runs read: thousands of runs share one."""


def _listed(supporting: Mapping[str, Path], run: Node, limits: Limits) -> dict[str, str]:
    """Return what a list of runs says of a run, unless its row is that of another server's run of this number."""
    path, run_id = supporting.get("runs"), identifier(run, "run_id")
    if path is None or run_id is None:
        return {}
    if path not in _LISTS:
        _LISTS.clear()
        try:
            _LISTS[path] = listed_runs(document(path, limits))
        except (BenchfmtError, OSError):
            _LISTS[path] = {}
    listed = _LISTS[path].get(run_id, {})
    if all(listed.get(key) in (None, text(run, key)) for key in SAME):
        return listed
    return {}


def _server_option(options: Mapping[str, str]) -> str | None:
    """Return the server that the user names; raises BenchfmtError for a word that names none."""
    word = options.get("server")
    if word is None:
        return None
    server = _SERVERS.get(word, word)
    if server not in rules.SERVERS:
        raise BenchfmtError(f"there is no OpenML server {word!r}; write www or test")
    return server


def _server_of(path: Path) -> str | None:
    """Return the server that a client's cache names in its folders: org/openml/www or org/openml/test."""
    parts = path.absolute().parts
    for index in range(len(parts) - 3):
        if parts[index : index + 2] == ("org", "openml"):
            return _SERVERS.get(parts[index + 2])
    return None


def _shown(path: Path) -> str:
    """Return the path of a source from the root of a client's cache; an answer alone has only its name."""
    parts = path.absolute().parts
    for index in range(len(parts) - 3):
        if parts[index : index + 2] == ("org", "openml"):
            return "/".join(parts[index:])
    return path.name


class _Library:
    """The answers of a source that describe what runs refer to, by server, kind and number."""

    def __init__(self, kinds: Mapping[Path, str], source: Source) -> None:
        self._known: dict[tuple[str | None, str, int], Path] = {}
        self._lists: dict[tuple[str | None, int], tuple[Path, dict[str, str]]] = {}
        self._runs_in = Counter(path.parent for path, kind in kinds.items() if kind == "run")
        self._files = source.files
        self._qualities = {
            path.parent: path for path, kind in kinds.items() if kind == "data_qualities"
        }
        if not self._runs_in.total():
            return
        for path, kind in kinds.items():
            if kind in _IDS:
                number = _first(path, _IDS[kind])
                if number is not None:
                    self._known.setdefault((_server_of(path), kind, number), path)
            elif kind == "runs":
                self._add_list(path, source.limits)

    def beside(self, path: Path) -> dict[str, Path]:
        """Return the files that say more of a run: those of its folder, and those that it refers to."""
        found = self._in_folder(path)
        said: dict[str, int] = {}
        if self._known or self._lists:
            said = _references(head(path, _RUN_HEAD))
        place = _server_of(path)
        for kind, name in (
            ("task", "task_id"),
            ("flow", "flow_id"),
            ("setup_parameters", "setup_id"),
            ("data_set_description", "did"),
        ):
            other = self._known.get((place, kind, said.get(name, -1)))
            if other is not None:
                found.setdefault(_PARTS[kind], other)
        if "dataset" in found and found["dataset"].parent in self._qualities:
            found["qualities"] = self._qualities[found["dataset"].parent]
        listed = self._lists.get((place, said.get("run_id", -1)))
        if listed and all(listed[1].get(key) in (None, str(said.get(key))) for key in SAME):
            found["runs"] = listed[0]
        return found

    def _in_folder(self, path: Path) -> dict[str, Path]:
        """Return what a client writes into the folder of one run."""
        if self._runs_in[path.parent] != 1 or path.name not in _FOLDER_RUNS:
            return {}
        names = {"predictions": "predictions.arff", "flow": "flow.xml", "trace": "trace.arff"}
        places = {part: path.parent / name for part, name in names.items()}
        return {
            part: place
            for part, place in places.items()
            if self._files.find(str(place)) is not None and not place.is_symlink()
        }

    def _add_list(self, path: Path, limits: Limits) -> None:
        try:
            for number, row in listed_runs(document(path, limits)).items():
                self._lists.setdefault((_server_of(path), number), (path, row))
        except (BenchfmtError, OSError):
            return


def _references(start: bytes) -> dict[str, int]:
    """Return the numbers that a run refers to; of its data sets only one that stands alone."""
    before, _, after = start.partition(b"input_data")
    data, _, _ = after.partition(b"output_data")
    said: dict[str, int] = {}
    for name, number in _REFERENCE.findall(before):
        said.setdefault(name.decode(), int(number))
    said.pop("did", None)
    dids = {int(number) for name, number in _REFERENCE.findall(data) if name == b"did"}
    if len(dids) == 1:
        said["did"] = dids.pop()
    return said


def _first(path: Path, name: str) -> int | None:
    """Return the number of what a file describes, from its beginning."""
    pattern = rf'[:<"]{name}(?:>|"\s*:\s*"?)\s*([0-9]{{1,15}})'
    number = re.search(pattern.encode(), head(path, _RUN_HEAD))
    if number is None:
        return None
    return int(number[1])
