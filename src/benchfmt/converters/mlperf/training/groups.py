"""What the converters of MLPerf Training and MLPerf HPC share: the same logs in the same order of folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.mlperf.places import Places
from benchfmt.converters.mlperf.training import record as training_record
from benchfmt.converters.mlperf.training.layout import Folders, others
from benchfmt.finding import BenchfmtError
from benchfmt.readers import mllog
from benchfmt.suites import mlperf_training as rules

_LOOKED_AT = 100
"""So many logs are opened until one has an event: some are not of a training run."""
PATTERNS = (Pattern(("result_*.txt",)),)


def detect(source: Source, suite: str) -> Match | None:
    """Say whether a source holds logs of a suite, or None."""
    units = islice(Folders.of(source).units(suite, {}, source), _LOOKED_AT)
    for unit in units:
        if _has_events(unit.path):
            inside = "/results/" in f"/{unit.extra.place.folder}/"
            return Match(
                0.9 if inside else 0.6, f"logs of training runs, first {source.relative(unit.path)}"
            )
    return None


def _has_events(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink() and mllog.has_events(path)
    except OSError:  # told when it is read
        return False


def plan(
    source: Source, options: Mapping[str, str], suite: str
) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each group of a suite with the files that tell about it, then what the others are."""
    wanted = options.get("round")
    if wanted is not None and wanted not in rules.ROUNDS[suite]:
        raise BenchfmtError(
            f"there is no round {wanted!r} of {suite}; there are: {', '.join(rules.ROUNDS[suite])}"
        )
    folders = Folders.of(source)
    places = Places.of(source)
    for unit in folders.units(suite, dict(options), source):
        if not places.why(unit.path.absolute().parent.as_posix()):
            yield unit
    for path, why in others(folders, suite):
        yield Skipped(path, why)
    yield from places.skipped(source)


def read(unit: Unit, name: str, version: str, suite: str) -> Iterator[Item]:
    """Yield the record of one group, and what is wrong with its files."""
    return training_record.items(unit, name, version, suite)
