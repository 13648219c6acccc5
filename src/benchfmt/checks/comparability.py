"""BF601: the group that a record claims to compare in is the one that its fields give."""

from __future__ import annotations

import polars as pl

from benchfmt.checks.check import Check
from benchfmt.checks.frames import Frames, faults, no_faults
from benchfmt.comparison.questions import question
from benchfmt.comparison.results import contexts, grouped, with_facts
from benchfmt.finding import Severity

_MEMBER = "comparability_group"
_CLAIMED = pl.col("extensions").str.json_path_match(f"$.benchfmt.{_MEMBER}")


def claims_its_group(frames: Frames) -> pl.DataFrame:
    """BF601: `extensions.benchfmt.comparability_group` is the group of the primary measurement."""
    may_claim = frames.records["extensions"].str.contains(f'"{_MEMBER}"', literal=True)
    if not may_claim.any():
        return no_faults()
    claiming = frames.records.filter(may_claim).with_columns(claimed=_CLAIMED)
    claiming = claiming.filter(pl.col("claimed").is_not_null())
    if not claiming.height:
        return no_faults()
    own = frames.measurements.join(claiming.select(record_id="id"), on="record_id", how="semi")
    asked = question()
    known = contexts(with_facts(claiming, own), asked, ("performance", "quality"))
    primary = grouped(own.filter(pl.col("primary").fill_null(value=False)), known, asked)
    groups = primary.unique("record_id", keep="first").select("record_id", "group", "obstacle")
    judged = claiming.join(
        groups, left_on="id", right_on="record_id", how="left", maintain_order="left"
    )
    wrong = judged.filter(pl.col("claimed").ne_missing(pl.col("group")))
    given = (
        pl.when(pl.col("group").is_not_null())
        .then(pl.format("its fields give {}", pl.col("group")))
        .when(pl.col("obstacle").is_not_null())
        .then(pl.format("its fields give none ({})", pl.col("obstacle")))
        .otherwise(pl.lit("it has no primary measurement with a value"))
    )
    message = pl.format("the record claims the group {}; {}", pl.col("claimed"), given)
    hint = "leave the claim out: groups are made from the fields whenever results are compared"
    rows = wrong.with_columns(record_id=pl.col("id"))
    return faults(rows, "records", "extensions", message, pl.col("claimed"), hint)


CHECKS = (
    Check(
        code="BF601",
        severity=Severity.WARNING,
        title="The group that a record claims to compare in is the one that its fields give",
        table="records",
        needs=("extensions",),
        run=claims_its_group,
    ),
)
