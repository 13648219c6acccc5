"""BF5xx on one record: its sources, its id, its order, and what a submission must say."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from benchfmt.checks.frames import ColumnCheck, Frames, faults, no_faults
from benchfmt.identity import GENERATED_ID, global_id, record_id, record_ids
from benchfmt.record import KEY_FIELDS

_OUTSIDE = r"^(/|~|[A-Za-z]:|\\)|(^|/)\.\.(/|$)|\\"


def _said(
    code: str, column: str, message: str, hint: str, only: pl.Expr | None = None
) -> ColumnCheck:
    absent = pl.col(column).is_null()
    return ColumnCheck(
        code,
        "records",
        column,
        absent if only is None else absent & only,
        pl.lit(message),
        pl.lit(hint),
    )


_OK = pl.col("status") == "ok"
COLUMN_CHECKS = (
    *(
        ColumnCheck(
            "BF505",
            table,
            "source_path",
            pl.col("source_path").str.contains(_OUTSIDE),
            pl.format("{} is a path of one machine, not of the submission", pl.col("source_path")),
            pl.lit("write the path from the root of the submission, with forward slashes"),
        )
        for table in ("records", "measurements")
    ),
    _said(
        "BF511",
        "license",
        "the licence is not said",
        "write an SPDX id, such as CC-BY-4.0, in provenance.license",
    ),
    _said(
        "BF512",
        "submitter",
        "the submitter is not said",
        "say who measured it in provenance.submitter",
    ),
    _said(
        "BF513",
        "measured_at",
        "the time of measurement is not said",
        "write it in provenance.measured_at",
    ),
    _said(
        "BF514",
        "source_sha256",
        "the primary source is not named with its hash",
        "write path and sha256 of the file",
    ),
    _said("BF515", "system_id", "the system is not said", "describe the hardware in `system`"),
    _said("BF516", "task", "the task is not said", "name what the model does in `task`"),
    _said("BF517", "model", "the model is not said", "name the model or algorithm in model.name"),
    _said(
        "BF518", "engine", "the engine is not said", "name what ran the model in software.engine"
    ),
)


def ids_follow(frames: Frames) -> pl.DataFrame:
    """BF506: a generated id is that of its primary source, or of the source's own worldwide id (`execution`)."""
    frame = frames.records.filter(
        pl.col("id").str.contains(GENERATED_ID) & pl.col("source_path").is_not_null()
    )
    found = []
    for (suite, path, digest), part in frame.group_by(
        "suite", "source_path", "source_sha256", maintain_order=True
    ):
        places = part["source_locator"].fill_null("").to_list()
        if all(place.isascii() and '"' not in place and "\\" not in place for place in places):
            expected = record_ids(str(suite), str(path), str(digest or ""), places)
        else:
            expected = [record_id(str(suite), str(path), digest, place) for place in places]
        compared = part.with_columns(pl.Series("expected", expected, dtype=pl.String)).filter(
            pl.col("id") != pl.col("expected")
        )
        if compared.height:
            own = [global_id(str(suite), e) if e else "" for e in compared["execution"].to_list()]
            wrong = compared.filter(pl.col("id") != pl.Series(own, dtype=pl.String))
            message = pl.format(
                "{} does not follow from its source, which makes {}",
                pl.col("id"),
                pl.col("expected"),
            )
            found.append(
                faults(
                    wrong,
                    "BF506",
                    "records",
                    "id",
                    message,
                    pl.col("id"),
                    "write an id of your own, or the one that follows",
                )
            )
    return pl.concat([no_faults(), *found])


def in_key_order(frames: Frames) -> pl.DataFrame:
    """BF509: within a record the primary measurement stands first, the others by key."""
    parts = [pl.col(name).fill_null("") for name in KEY_FIELDS]
    first = (
        pl.when(pl.col("primary").fill_null(value=False)).then(pl.lit("0")).otherwise(pl.lit("1"))
    )
    rank = pl.concat_str(first, *parts, separator="\x00")
    frame = frames.measurements.with_columns(rank.alias("rank"))
    before = pl.col("rank").shift(1).over("record_id")
    wrong = frame.filter(pl.col("rank") < before)
    message = pl.format("{} stands after a measurement that it comes before", pl.col("metric"))
    return faults(
        wrong,
        "BF509",
        "measurements",
        "metric",
        message,
        hint="order by metric, statistic, stage, per, scope",
    ).unique("record", keep="first", maintain_order=True)


def has_primary(frames: Frames) -> pl.DataFrame:
    """BF519: a result without a headline number."""
    primary = frames.measurements.filter(pl.col("primary").fill_null(value=False))["record_id"]
    bare = frames.records.filter(_OK & ~pl.col("id").is_in(primary.implode()))
    return faults(
        bare,
        "BF519",
        "records",
        None,
        "no measurement is primary",
        hint="mark the number that the suite ranks by",
    )


CHECKS: tuple[Callable[[Frames], pl.DataFrame], ...] = (ids_follow, in_key_order, has_primary)
