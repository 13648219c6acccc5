"""Which file describes the system of a result of MLPerf Storage: submitters name and place them in many ways.

    systems/<system>.json                        the rule; the suffix, capitals and separators differ
    systems/<system>_<workload>_<accelerator>.json    one for each workload, where the system was set up anew
    systems/<folder>/<system>.yaml               in a folder of its own

A file is taken where its name, without the words of the result's own workload, is that of the system. Of several files the
one that names most of the workload is meant. Files that are alike in this are told, and none of them is taken.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchfmt.converters.base import Source
from benchfmt.converters.mlperf.storage.layout import Place
from benchfmt.suites import mlperf_storage as rules

SUFFIXES = (".json", ".yaml", ".yml")
_FOLDERS = ("systems", "system")
_ACCELERATOR = re.compile(r"[abhv][1-3]00|mi[0-9]{3}x?")
"""The accelerators that the suite's workloads emulate, as names of folders and files write them."""
_PARTS = 5
"""How many folders below `results` may name a system and its workload."""
Described = dict[str, list[Path]]
"""The descriptions of each submitter, by the folder that holds its `systems` (absolute, as text)."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name as words: `core` without those of workloads, and which of those it has."""

    text: str
    core: str
    workload: frozenset[str]
    is_one: bool = True
    """Whether it is that of one folder or file, not of several together."""


def descriptions(source: Source) -> Described:
    """Return the files that may describe a system."""
    found: Described = defaultdict(list)
    for path in source.files.named(*SUFFIXES):
        parts = path.absolute().parent.as_posix().split("/")
        folder = next(
            (i for i in range(len(parts) - 1, -1, -1) if parts[i].casefold() in _FOLDERS), None
        )
        if folder and not path.name.startswith("._"):
            found["/".join(parts[:folder])].append(path)
    return found


def of(where: Place, described: Described) -> list[Path]:
    """Return the description of a result's system: none where it is not there, several where it is not clear which."""
    files = described.get(where.home, [])
    if where.system is None or not files:
        return []
    ranked: dict[tuple[int, int, bool], list[Path]] = defaultdict(list)
    own = _workload_words([where.system, *where.inner])
    wanted = list(_names([where.system, *where.inner][:_PARTS]))
    for path in files:
        ranks = [rank for name in _file_names(path) for rank in _ranks(name, wanted, own)]
        if ranks:
            ranked[max(ranks)].append(path)
    return ranked[max(ranked)] if ranked else []


def _ranks(
    name: _Name, wanted: list[tuple[int, _Name]], own: frozenset[str]
) -> Iterator[tuple[int, int, bool]]:
    """Yield how well a file's name fits: by the folders it names, the words of the workload, and each character."""
    if name.workload <= own:
        for folders, folder in wanted:
            if folder.core == name.core:
                yield folders, len(name.workload), folder.is_one and name.text == folder.text


def _names(parts: list[str]) -> Iterator[tuple[int, _Name]]:
    """Yield the names that folders may spell together, each with how many of them say more than the workload."""
    for start in range(len(parts)):
        for end in range(start + 1, len(parts) + 1):
            telling = [part for part in parts[start:end] if _name(part).core]
            if telling:
                yield (
                    len(telling),
                    replace(_name("_".join(parts[start:end])), is_one=end == start + 1),
                )


def _file_names(path: Path) -> Iterator[_Name]:
    """Yield the names that a description may have: that of the file, and that of a folder of its own."""
    yield _name(path.stem)
    folder = path.parent.name
    if folder.casefold() not in _FOLDERS:
        yield _name(folder)
        yield _name(f"{folder}_{path.stem}")


def _name(text: str) -> _Name:
    words = _words(text)
    workload = _workload_words([text])
    core = "".join(word for word in words if word not in workload)
    return _Name(text, core, workload)


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", text.casefold()) if word]


def _workload_words(parts: list[str]) -> frozenset[str]:
    """Return the words of some names that mean a workload, or the accelerator that it emulates."""
    words = (word for part in parts for word in _words(part))
    return frozenset(word for word in words if rules.workload(word) or _ACCELERATOR.fullmatch(word))
