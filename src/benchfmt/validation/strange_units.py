"""Units that no list of the standard has: each of the first ones is looked up, rows with any further one are not judged.

To read a code of UCUM takes about a millisecond, several checks ask for it, and a file of strangers may have as many
different codes as rows. No package of results is known with more than some tens.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from benchfmt.checks.frames import faults, no_coded_faults, of_code
from benchfmt.checks.kinds import TEXTS
from benchfmt.validation.portion import Rows
from benchfmt.vocabulary import vocabulary

_COLUMNS = ("unit", "reported_unit")
_HINT = "write units as UCUM codes, each in one way; a package of results has some tens of them"


def with_few_units(measurements: Rows, most: int) -> tuple[Rows, pl.DataFrame]:
    """Return measurements of which those with more strange units are not sound, and the fault that says so, if any."""
    names = measurements.frame if measurements.named is None else measurements.named
    left_out = _beyond(names, most)
    if not left_out:
        return measurements, no_coded_faults()
    is_beyond = pl.any_horizontal(pl.col(name).is_in(left_out) for name in _COLUMNS)
    is_beyond = is_beyond.fill_null(value=False)
    kinds = names.filter(is_beyond)[TEXTS].unique()
    is_left_out = measurements.sound & measurements.frame[TEXTS].is_in(kinds.implode())
    named = measurements.with_names().frame.filter(is_left_out)
    if not named.height:
        return measurements, no_coded_faults()
    message = (
        f"more than {most:,} different units that no list of the standard has stand near each other: "
        f"{named.height:,} measurements from here on that have another one are not judged"
    )
    fault = faults(named.head(1), "measurements", "unit", message, pl.col("unit"), _HINT)
    rows = replace(measurements, sound=measurements.sound & ~is_left_out)
    return rows, of_code("BF907", fault)


def _beyond(names: pl.DataFrame, most: int) -> list[str]:
    """Return the strange units after the first ones, in the order in which they stand."""
    texts = pl.concat([names[name].rename("unit").drop_nulls() for name in _COLUMNS])
    distinct = texts.unique(maintain_order=True)
    if distinct.len() <= most:
        return []
    listed = vocabulary().units.keys() | vocabulary().terms("unit").keys()
    strange = distinct.filter(~distinct.is_in(list(listed)))
    return strange.slice(most).to_list()
