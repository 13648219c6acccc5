"""What the checks say of one portion, as values: it needs nothing but the portion, so portions may be judged at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from benchfmt.checks import structure
from benchfmt.checks.catalogue import chosen, gatherers
from benchfmt.checks.frames import ROW, Frames, Shared, no_coded_faults, with_records
from benchfmt.checks.groups import Group
from benchfmt.checks.kinds import RECORD
from benchfmt.identity import RECORD_PREFIX
from benchfmt.validation.groups import Judge
from benchfmt.validation.places import Places
from benchfmt.validation.portion import Portion
from benchfmt.validation.running import prepare, run_checks, topic_faults, without_echo
from benchfmt.validation.strange_units import with_few_units


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks found in a portion, and what those are given that compare portions."""

    fingerprint: int | None
    """What its ids add to the fingerprint of the report; None where one does not follow from its source."""
    groups: list[Group]
    without_value: pl.DataFrame
    """Faults of records without a value, of which a later portion may have one."""
    frames: Frames
    """The sound rows without the values that are in doubt."""
    doubtful: pl.Series
    """The ids of records of which a measurement is at fault."""
    told: frozenset[str]
    has_new_systems: bool
    places: Places


def verdict_on(portion: Portion, judge: Judge, shared: Shared) -> Verdict:
    """Return the verdict on a portion; `shared` is what the portions of a form share."""
    records = portion.records.sound_rows()
    joined, of_units = with_few_units(portion.measurements.taken(), judge.strange_units)
    metrics = portion.terms.metrics
    numbered, known = shared.with_kinds(joined.sound_rows(), joined.named, metrics)
    frames = Frames(
        records,
        numbered,
        portion.systems,
        metrics,
        portion.terms.prefixes,
        portion.has_new_systems,
        known.of_kind,
        known.kinds.answers,
        judge.most,
    )
    broken = _broken(frames, judge.codes)
    groups = judge.groups(of_units.filter(pl.col("code").is_in(list(judge.codes))))
    groups += judge.groups(broken)
    groups += judge.groups(structure.source_without_path(records))
    unbroken = numbered
    if broken.height:
        unbroken = numbered.filter(~pl.col(ROW).is_in(broken["row"].implode()))
    doubtful = pl.concat(
        [
            portion.doubtful,
            joined.frame["record_id"].filter(~joined.sound),
            broken["record"],
        ]
    )
    sound = replace(frames, bare=unbroken)
    whole = with_records(sound, portion.records.frame, known.kinds)
    left = [whole]
    for faults in run_checks(whole, judge.codes - portion.told, partial(_keep, left)):
        groups += judge.groups(kept(faults, doubtful, has_new_systems=portion.has_new_systems))
    without_doubts = left.pop()
    prepare(without_doubts, gatherers(judge.codes - portion.told))
    return Verdict(
        fingerprint=_fingerprint(portion.records.frame["id"]),
        groups=groups,
        without_value=structure.no_value(records, _with_value(whole.bare), doubtful),
        frames=without_doubts,
        doubtful=doubtful,
        told=portion.told,
        has_new_systems=portion.has_new_systems,
        places=portion.places,
    )


def _keep(kept_frames: list[Frames], frames: Frames) -> Iterator[pl.DataFrame]:
    """Keep the frames that are left in place of those that are kept; there is no fault."""
    kept_frames[:] = [frames]
    return iter(())


def kept(faults: pl.DataFrame, doubtful: pl.Series, *, has_new_systems: bool) -> pl.DataFrame:
    """Return faults but for those that were reported with an earlier portion, or that follow from others."""
    new = faults
    if faults.height and not has_new_systems:
        new = faults.filter(pl.col("table") != "systems")
    return without_echo(new, doubtful)


def _broken(frames: Frames, codes: frozenset[str]) -> pl.DataFrame:
    """Return the rows whose cells do not go together."""
    topic = chosen(structure.CHECKS, codes)
    broken = [no_coded_faults()]
    broken += [faults for _, faults in topic_faults(frames, topic)]
    return pl.concat(broken)


def _with_value(measurements: pl.DataFrame) -> pl.Series:
    """Return the ids of the records that have a value, once for each run of their measurements."""
    records = measurements[RECORD].to_numpy()
    heads = np.flatnonzero(np.concatenate([[True], records[1:] != records[:-1]])[: len(records)])
    values = measurements["value"]
    if values.null_count():
        # Few rows have none: they are counted for each run, and no other row is looked at.
        without = np.flatnonzero(values.is_null().to_numpy())
        runs = np.searchsorted(heads, without, side="right") - 1
        lacking = np.bincount(runs, minlength=len(heads))
        heads = heads[lacking < np.diff(heads, append=len(records))]
    return measurements["record_id"][heads]


def _fingerprint(ids: pl.Series) -> int | None:
    """Return a number that the same ids give, in whatever order; None where one may be another package's too.

    An id that somebody chose need not be another's: two packages may both number their records from 1.
    """
    name = pl.col(ids.name)
    of_ids = ids.to_frame().select_seq(
        is_made=name.str.starts_with(RECORD_PREFIX).all(ignore_nulls=False),
        hash=name.hash(),
    )
    if ids.len() and of_ids["is_made"][0] is not True:
        return None
    # The sum does not depend on the order, nor on how the records came in portions.
    return int(of_ids["hash"].to_numpy().sum(dtype=np.uint64))
