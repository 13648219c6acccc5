"""LoadGen logs outside of submissions: summaries under any name, and the descriptions that stand beside a run.

A summary is known by what it says, since people rename it, paste it into a page or keep a console's output that ends with
it. MLCommons' automation (mlcflow, before it CM) puts `measurements.json` and `system_meta.json` into the run's own folder;
they are what a submission keeps in `measurements/` and `systems/`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from pathlib import Path, PurePath

from benchfmt.converters import texts
from benchfmt.converters.base import Skipped, Source
from benchfmt.converters.mlperf import layout
from benchfmt.converters.mlperf.inference import skipping
from benchfmt.converters.mlperf.layout import Beside, Folders, Homes
from benchfmt.readers import lines, loadgen

_DESCRIPTIONS = {"measurements": "measurements.json", "system": "system_meta.json"}
_DETAIL = re.compile(r'"key": ?"(?:loadgen_version|effective_scenario|requested_scenario)"')
_CANONICAL = (layout.SUMMARY, layout.DETAIL, layout.ENDPOINTS, "accuracy.txt", layout.POWER_LOG)
_FOR_PEOPLE = (".md", ".html", ".htm", ".rst")
"""Pages may hold a summary; in a submission they never do."""
_REMEMBERED = 2**14


def described(folder: str, roles: Collection[str], folders: Folders) -> Iterator[Beside]:
    """Yield the descriptions beside a run that nothing nearer describes, each with its role."""
    above = [folder]
    while above[-1].rpartition("/")[2].startswith("run_") or above[-1].endswith("/performance"):
        above.append(above[-1].rpartition("/")[0])
    for role, name in _DESCRIPTIONS.items():
        if role in roles:
            continue
        here = next((place for place in above if folders.has(place, name)), None)
        if here is not None:
            yield Beside(role, here, name)


def summaries(source: Source) -> Iterator[Path]:
    """Yield the files of a source that hold a summary and are not named as LoadGen names one, by a look at their ends."""
    for path in map(Path, _may_be_summaries(source)):
        if path.is_file() and not path.is_symlink() and loadgen.is_summary(path):
            yield path


def _may_be_summaries(source: Source) -> Iterable[str]:
    if not source.root.is_file():
        return _named_as_logs(source)
    # What is given by itself may be called anything.
    return [] if source.root.name in _CANONICAL else source.files.texts()


def _named_as_logs(source: Source) -> Iterator[str]:
    """Yield the files that may hold a summary for all that their names and folders say."""
    for prefix, names in source.files.folders():
        folder = skipping.Folder.of(source.files.within(prefix))
        for name in names:
            ending = _ending(name)
            if ending is None or name in _CANONICAL:
                continue
            if ending in _FOR_PEOPLE or folder.why_skipped(name) is None:
                yield prefix + name


@lru_cache(_REMEMBERED)
def _ending(name: str) -> str | None:
    """Return how the name of a file with a program's output ends, or None where it ends otherwise."""
    ending = PurePath(name).suffix.lower()
    return ending if ending in lines.ENDINGS else None


def lacks(path: Path) -> str | None:
    """Say what a text that looks like a log of LoadGen lacks to be one that is read, or None."""
    if path.suffix.lower() not in lines.ENDINGS:
        return None
    start = texts.head(path)
    if loadgen.TITLE in start:
        return "looks like a summary of LoadGen, but no line of it says whether the result is valid (`Result is : VALID`)"
    if ":::MLLOG" in start and _DETAIL.search(start):
        return f"looks like a detail log of LoadGen under another name; name it {layout.DETAIL}, or give the summary"
    return None


def outside(
    source: Source, submissions: Homes, named: Collection[Path]
) -> Iterator[Path | Skipped]:
    """Yield the summaries that no submission holds; one that repeats the run of another file is skipped with the reason.

    `named` are the summaries that are named as LoadGen names them.
    """
    loose = [path for path in summaries(source) if not submissions.hold(_folder(path))]
    if not loose:
        return
    first: dict[Values, Path] = {}
    for path in named:
        _note(loadgen.read_summaries(path), path, first)
    for path in loose:
        logs = [log for log in loadgen.read_summaries(path) if not log.accuracy_mode]
        runs = [_values(log) for log in logs]
        if runs and all(run in first for run in runs):
            before = source.relative(first[runs[0]])
            yield Skipped(path, f"says what {before} says: the same run")
            continue
        _note(logs, path, first)
        yield path


def _folder(path: Path) -> str:
    return layout.absolute(path).rpartition("/")[0]


Values = frozenset[tuple[str, str]]
"""All that a log says."""


def _values(log: loadgen.Log) -> Values:
    return frozenset(log.values.items())


def _note(logs: list[loadgen.Log], path: Path, first: dict[Values, Path]) -> None:
    """Note the file that says first what a log says."""
    for log in logs:
        if _is_unique(log):
            first.setdefault(_values(log), path)


def _is_unique(log: loadgen.Log) -> bool:
    """Say whether no other run would say the same: a time in nanoseconds is that of one run, a rate may be of two."""
    return any(name.startswith("result_") and name.endswith("_ns") for name in log.values)
